/*
 * tests/unit/store/sqlite_faults.h - a file system for SQLite that fails, or dies, when told to.
 *
 * It stands before the real one and counts every call that changes the disk (create, write, sync,
 * truncate, delete). It also knows which files were written and not yet synced.
 */
#ifndef ASSAY_TESTS_UNIT_STORE_SQLITE_FAULTS_H
#define ASSAY_TESTS_UNIT_STORE_SQLITE_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

enum sqlite_fault {
    SQLITE_FAULT_IO,   /* the call does nothing and says input/output error */
    SQLITE_FAULT_FULL, /* a write does nothing and says disk full; other calls work */
    SQLITE_FAULT_TORN, /* a write does its first half, then says input/output error */
    SQLITE_FAULT_KILL, /* the process ends by SIGKILL in the call, a write half done */
};

/* Make it SQLite's default file system; once per process. */
void sqlite_faults_install(void);
/* The k-th change from now fails (from 1; 0: none), once or from then on. */
void sqlite_faults_plan(enum sqlite_fault fault, uint64_t k, bool for_ever);
/* Returns: true when a planned failure has happened since the last plan. */
bool sqlite_faults_struck(void);
/* Returns: true when the log of any database was written and not yet synced. */
bool sqlite_faults_log_unsynced(void);

#endif
