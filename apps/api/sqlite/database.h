/*
 * apps/api/sqlite/database.h - a handle of libassay-sqlite: files, digests, session and VFS
 * (docs/services.md 4.4.9).
 *
 * `lock` is held for what connections of several threads share, never while a commit waits;
 * `session_lock` for calls into the session. The first may be taken under the second.
 */
#ifndef ASSAY_APPS_API_SQLITE_DATABASE_H
#define ASSAY_APPS_API_SQLITE_DATABASE_H

#include "apps/api/sqlite/pages.h"

#include <assay/sqlite.h>

#include <pthread.h>
#include <sqlite3.h>

enum {
    ASSAY_SQLITE_WRITE_LOCK = 0, /* of the shared memory: a connection writes to the WAL */
    ASSAY_SQLITE_PATH_MAX = 3900,
    ASSAY_SQLITE_REASON_LEN = 1024,
    ASSAY_SQLITE_NAME_LEN = 48,
};

enum assay_sqlite_phase {
    ASSAY_SQLITE_UNUSABLE,
    ASSAY_SQLITE_STARTING,
    ASSAY_SQLITE_FIRST, /* the first state waits for its certification */
    ASSAY_SQLITE_RUNNING
};

/* Memory in place of FILE-shm, and its locks among the connections of this process. */
struct assay_sqlite_shm {
    void **regions;
    size_t region_capacity, region_count;
    uint32_t users;
    uint32_t readers[SQLITE_SHM_NLOCK];
    bool is_exclusive[SQLITE_SHM_NLOCK];
};

/* Locks of the main file among the connections of this process. */
struct assay_sqlite_locks {
    uint32_t shared;
    const void *reserved, *pending, *exclusive; /* a file */
};

struct assay_sqlite {
    enum assay_sqlite_phase phase;
    pthread_mutex_t lock, session_lock;
    struct assay_continuity *continuity;
    bool is_new;
    int main_fd, wal_fd; /* -1: none */
    uint32_t page_size;  /* of a new database */
    char given[ASSAY_SQLITE_PATH_MAX + 1];
    char path[ASSAY_SQLITE_PATH_MAX + 256]; /* absolute */
    char wal_path[ASSAY_SQLITE_PATH_MAX + 272];
    char journal_path[ASSAY_SQLITE_PATH_MAX + 272];
    int (*progress)(void *context, uint64_t waited_ms);
    void *context;
    struct assay_sqlite_pages pages;
    uint8_t *buffer;    /* a page and its frame header */
    const void *writer; /* the file of the WAL that wrote last; it certifies its commit alone */
    uint64_t commit;    /* number of the last one that is part of the state */
    uint64_t index;     /* of the last certified state */
    uint64_t sent;      /* of the newest state */
    enum assay_continuity_result result;
    char reason[ASSAY_SQLITE_REASON_LEN];
    struct assay_sqlite_shm shm;
    struct assay_sqlite_locks locks;
    uint32_t open_files;
    sqlite3_vfs vfs;
    sqlite3_vfs *parent; /* for time, sleep and extensions */
    bool is_registered;
    char name[ASSAY_SQLITE_NAME_LEN];
};

/* Each Returns: result. Both need the lock; the second makes the handle unusable for good. */
__attribute__((format(printf, 3, 4))) enum assay_continuity_result assay_sqlite_set_reason(
    struct assay_sqlite *db, enum assay_continuity_result result, const char *format, ...);
__attribute__((format(printf, 3, 4))) enum assay_continuity_result assay_sqlite_poison(
    struct assay_sqlite *db, enum assay_continuity_result result, const char *format, ...);

/* --- files of the host (host_file.c). Each Returns: false with errno */
ASSAY_CHECKED bool assay_sqlite_host_read(int fd, void *bytes, size_t len, uint64_t at,
                                          size_t *found);
ASSAY_CHECKED bool assay_sqlite_host_write(int fd, const void *bytes, size_t len, uint64_t at);
ASSAY_CHECKED bool assay_sqlite_host_sync_folder(const char *path);
/* Opens the main file if it is there, for this process alone. Returns: OK | STORAGE */
ASSAY_CHECKED enum assay_continuity_result assay_sqlite_host_open(struct assay_sqlite *db);
/* Opens the WAL, or creates it. */
ASSAY_CHECKED bool assay_sqlite_host_open_wal(struct assay_sqlite *db, bool creates);

/* --- start (recover.c). Verifies both files against the state. Returns: OK | ROLLBACK | SEALED |
 * STORAGE | SYSTEM */
ASSAY_CHECKED enum assay_continuity_result assay_sqlite_recover(
    struct assay_sqlite *db, const struct assay_sqlite_state *wanted);
/* Writes an empty database, whose state is the first one. Returns: OK | EXISTS | STORAGE | SYSTEM
 */
ASSAY_CHECKED enum assay_continuity_result assay_sqlite_make_database(struct assay_sqlite *db);
/* Computes salts and checksums of frames behind the last commit up to `frame`. Some versions of
 * SQLite (3.40) omit them after a spill and ROLLBACK TO, and no start would find the commit.
 * Returns: false where a frame was changed, or cannot be read or written */
ASSAY_CHECKED bool assay_sqlite_complete_checksums(struct assay_sqlite *db, uint32_t frame);
/* Byte offset of a frame in the WAL. */
uint64_t assay_sqlite_frame_offset(const struct assay_sqlite_pages *pages, uint32_t frame);

/* --- certification (certify.c) */
/* Out: bytes[ASSAY_SQLITE_STATE_LEN] of the present state */
void assay_sqlite_get_state(struct assay_sqlite *db, uint8_t *bytes);
/* Synchronises the WAL and certifies the transaction that ends it, if `file` wrote it: a checkpoint
 * of another connection synchronises as well. It takes the lock and the session's. Returns:
 * SQLITE_OK | SQLITE_IOERR_FSYNC */
int assay_sqlite_certify(struct assay_sqlite *db, const void *file);

/* --- SQLite (vfs.c, main_file.c, wal_file.c, memory_file.c, shared_memory.c) */
struct assay_sqlite_file {
    sqlite3_file base;
    struct assay_sqlite *db;
    int level; /* SQLITE_LOCK_... of the main file */
    bool uses_shm;
    bool left_commit; /* its transaction has ended with a commit that was not synchronised */
    uint16_t shared, exclusive; /* locks of the shared memory, a bit each */
    uint8_t *bytes;             /* of a temporary file */
    size_t capacity, len;
};

/* Registers the VFS. Returns: OK | SYSTEM */
ASSAY_CHECKED enum assay_continuity_result assay_sqlite_register(struct assay_sqlite *db);
extern const sqlite3_io_methods assay_sqlite_main_methods, assay_sqlite_wal_methods,
    assay_sqlite_memory_methods;
/* Removes all frames, for a new WAL; the file is not touched. The lock is held. Returns: SQLITE_OK
 * | SQLITE_IOERR (the main file does not have all of them) */
int assay_sqlite_reset_wal(struct assay_sqlite *db);
int assay_sqlite_shm_map(sqlite3_file *file, int region, int size, int extends,
                         void volatile **out);
int assay_sqlite_shm_lock(sqlite3_file *file, int offset, int count, int flags);
void assay_sqlite_shm_barrier(sqlite3_file *file);
int assay_sqlite_shm_unmap(sqlite3_file *file, int deletes);
int assay_sqlite_lock_main(sqlite3_file *file, int level);
int assay_sqlite_unlock_main(sqlite3_file *file, int level);
int assay_sqlite_check_reserved(sqlite3_file *file, int *is_reserved);
/* Of PRAGMAs that would end the protection. In: arguments of SQLITE_FCNTL_PRAGMA */
int assay_sqlite_check_pragma(char **arguments);
/* Of files that have no locks and no controls (memory_file.c). */
int assay_sqlite_lock_none(sqlite3_file *file, int level);
int assay_sqlite_check_none(sqlite3_file *file, int *is_reserved);
int assay_sqlite_control_none(sqlite3_file *file, int operation, void *argument);
/* Of all files. */
int assay_sqlite_sector_size(sqlite3_file *file);
int assay_sqlite_device(sqlite3_file *file);

#endif
