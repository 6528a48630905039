/*
 * tests/support/dummy_kind.h - a kind of evidence that there is not, put in front of every file of
 * one test program (tests/unit/quote/CMakeLists.txt): what a new kind costs is a row.
 */
#ifndef ASSAY_TESTS_SUPPORT_DUMMY_KIND_H
#define ASSAY_TESTS_SUPPORT_DUMMY_KIND_H

#define ASSAY_KIND_LIST_MORE(X) X(DUMMY_KIND, 16, "dummy", dummy_kind_row, 0)

#endif
