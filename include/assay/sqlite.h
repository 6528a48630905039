/*
 * include/assay/sqlite.h - libassay-sqlite: SQLite databases that their host can neither roll back
 * nor clone (docs/services.md 4.4.9; docs/library.md).
 *
 * A handle has one database file, and a session of an instance of assay/continuity.h that certifies
 * each commit: a COMMIT returns when a quorum of replicas has the digest of all pages. A program
 * opens connections with the VFS of the handle, and uses SQLite as usual. A database that is older
 * than the last certified commit, changed or of another instance is refused, and each page that is
 * read is verified: a query has an error or the right rows. Of two copies only the newer session
 * goes on. The database is not encrypted: the host can read it.
 *
 * Rules for the program: release nothing that a query returned before assay_sqlite_confirm. Every
 * handle of a host file is of one process. The journal mode is WAL and `synchronous` at least FULL;
 * statements that change these are refused, and ATTACH of another file by this VFS as well. URIs
 * with `immutable` or `nolock` are refused.
 * VFS and connections may be used by several threads as SQLite permits; the functions below by one
 * thread at a time, which is also true while a connection commits in another one.
 */
#ifndef ASSAY_SQLITE_H
#define ASSAY_SQLITE_H

#include <assay/continuity.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sqlite3;
struct assay_sqlite;

/* Zero is a default for each member after `file`. Everything is copied but the context. */
struct assay_sqlite_options {
    size_t size; /* sizeof(struct assay_sqlite_options) */
    /* Of the instance, whose folder has the sealed states: 52 bytes each. */
    const struct assay_continuity_options *continuity;
    /* Path of the database, at most 3900 bytes; its folder exists. FILE-wal is in the same one. */
    const char *file;
    uint32_t page_size; /* of a new database: 512 to 65536, a power of two; 0: 4096 */
    /* Called about four times a second while a commit waits for its certification, by the thread
     * that commits; waited_ms since it was sent. Another value than 0 ends the wait and makes the
     * handle unusable (IN_DOUBT), as the commit may still be certified. It calls no function of
     * this handle and of its connections. NULL: a commit waits without a limit. */
    int (*progress)(void *context, uint64_t waited_ms);
    void *context;
};

/*
 * assay_sqlite_create - prepares a new instance with an empty database. Start writes it.
 * In:      options: bytes beyond the members that this version has must be zero
 * Out:     *out: a handle, also of a failure, for assay_sqlite_reason; NULL without memory. The
 *          caller closes it
 * Returns: as assay_continuity_create; EXISTS also where the file is there already
 */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_sqlite_create(
    const struct assay_sqlite_options *options, struct assay_sqlite **out);
/* Prepares a session of the instance in the folder. Out: as create. Returns: as
 * assay_continuity_open */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_sqlite_open(
    const struct assay_sqlite_options *options, struct assay_sqlite **out);
/* Ends the session. Accepts a pointer to NULL; sets it to NULL on OK. Returns: OK | MISUSE (a
 * connection is open: nothing is closed) */
ASSAY_API enum assay_continuity_result assay_sqlite_close(struct assay_sqlite **handle);

/*
 * assay_sqlite_start - starts the session, verifies the database and its WAL against the state that
 * was certified last, and cuts off what was never certified. A new database is written and
 * certified.
 * In:      timeout_ms: as assay_continuity_start; reading the database is not limited by it
 * Returns: as assay_continuity_start; ROLLBACK also where the files do not have the last certified
 *          commit; SEALED: a rollback journal is in the same directory, or the instance has states
 *          of another program; STORAGE: the file is open elsewhere, or cannot be read or written;
 *          EXISTS: the file has other content, and nothing was ever certified
 */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_sqlite_start(struct assay_sqlite *handle,
                                                                        uint32_t timeout_ms);
/*
 * assay_sqlite_database - opens a connection for reading and writing.
 * Out:     *database: owned by the caller, which closes it (sqlite3_close) before the handle; NULL
 *          on failure
 * Returns: OK | TOO_EARLY | SEALED (a page was changed) | SYSTEM (SQLite: reason) | what made the
 *          handle unusable
 */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_sqlite_database(
    struct assay_sqlite *handle, struct sqlite3 **database);
/* Returns: name of the VFS for sqlite3_open_v2, with the file of the options, borrowed until the
 * handle is closed; "" before start has returned OK. */
ASSAY_API const char *assay_sqlite_vfs(const struct assay_sqlite *handle);
/* A quorum confirms that this session is the newest one: what was read before the call may be
 * released. It waits for a commit that is being certified. Returns: as assay_continuity_confirm;
 * what made the handle unusable */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_sqlite_confirm(
    struct assay_sqlite *handle, uint32_t timeout_ms);
/* Returns: index of the last certified commit; 0 before start. */
ASSAY_API uint64_t assay_sqlite_index(const struct assay_sqlite *handle);
/* Why each further call of SQLite fails with SQLITE_IOERR. Returns: OK (the handle is usable) |
 * FENCED | HALTED | NOT_KEPT | RETIRED | IN_DOUBT (`progress` has ended a wait) | STORAGE |
 * MISUSE (a commit that was not synchronised) | another one of assay_continuity_wait */
ASSAY_API enum assay_continuity_result assay_sqlite_result(const struct assay_sqlite *handle);
/* Returns: why the last call, or the last call of SQLite, did not succeed, with what was expected
 * and found; "" without a reason; valid until the next call. Accepts NULL. */
ASSAY_API const char *assay_sqlite_reason(const struct assay_sqlite *handle);

#ifdef __cplusplus
}
#endif
#endif
