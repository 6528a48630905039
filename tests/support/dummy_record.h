/*
 * tests/support/dummy_record.h - a kind of record that there is not, put in front of every file of
 * one test program (tests/unit/engine/CMakeLists.txt): what a new kind costs is a row.
 */
#ifndef ASSAY_TESTS_SUPPORT_DUMMY_RECORD_H
#define ASSAY_TESTS_SUPPORT_DUMMY_RECORD_H

#define ASSAY_RECORD_LIST_MORE(X) X(DUMMY_RECORD, 60, dummy_row)

#endif
