/*
 * engine/store/store_sqlite.h - the store of the daemon: one SQLite file per node.
 *
 * WAL with synchronous=FULL: commit returns after fsync. The file is locked for as long as it is
 * open, so two daemons cannot share one store (two logs of votes are two voters: docs/protocol.md
 * 2.10).
 */
#ifndef ASSAY_ENGINE_STORE_STORE_SQLITE_H
#define ASSAY_ENGINE_STORE_STORE_SQLITE_H

#include "engine/store/store.h"

enum {
    ASSAY_STORE_SCHEMA_VERSION = 4,
    ASSAY_STORE_SCHEMA_BEFORE = 3, /* without services: brought up to date when it is opened */
    ASSAY_STORE_APPLICATION_ID =
        0x41535359,                /* "ASSY" in the header of the file: file(1) can name it */
    ASSAY_STORE_MESSAGE_LEN = 256, /* what every message fits in */
};

/*
 * assay_store_sqlite_open - open a store, or make one where the path names nothing.
 *
 * A new file belongs to its owner alone (0600). An existing one is checked completely before
 * anything in it is used. Out: *out on ASSAY_OK; message[message_len], a sentence for operators,
 * otherwise
 * Returns: ASSAY_OK | ASSAY_E_STORE (no such folder, locked by another process, damaged, not ours,
 * disk full) | ASSAY_E_VERSION (written by another version) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_store_sqlite_open(const char *path, struct assay_store **out,
                                                        char *message, size_t message_len);

/*
 * assay_store_sqlite_inspect - open an existing store to read it: nothing is created, every write
 * is refused, and closing it moves no page. Locked like the other: no daemon runs on it meanwhile.
 * Returns: as assay_store_sqlite_open | ASSAY_E_NOT_FOUND (no such file) | ASSAY_E_INVALID
 * (damaged)
 */
ASSAY_CHECKED enum assay_status assay_store_sqlite_inspect(const char *path,
                                                           struct assay_store **out, char *message,
                                                           size_t message_len);

/*
 * assay_store_sqlite_holder - which process has a store open.
 *
 * For messages alone. Not in a process that has it open itself: its own locks would go.
 * Returns: its id | 0: nobody, it cannot be told (another namespace of processes, no such file)
 */
int assay_store_sqlite_holder(const char *path);
/* Whether the store is locked by another process, named or not; the same condition. */
bool assay_store_sqlite_is_held(const char *path);

#endif
