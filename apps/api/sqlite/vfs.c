/*
 * apps/api/sqlite/vfs.c - the VFS of a handle: which files SQLite may open (docs/services.md
 * 4.4.9).
 */
#include "apps/api/sqlite/database.h"
#include "base/assert.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

static struct assay_sqlite *database_of(sqlite3_vfs *vfs)
{
    return vfs->pAppData;
}

static int refuse_open(struct assay_sqlite *db, const char *name, const char *expected)
{
    pthread_mutex_lock(&db->lock);
    assay_sqlite_set_reason(db, ASSAY_CONTINUITY_MISUSE, "%s: %s", name, expected);
    pthread_mutex_unlock(&db->lock);
    return SQLITE_CANTOPEN;
}

static int open_wal(struct assay_sqlite *db)
{
    pthread_mutex_lock(&db->lock);
    const bool is_open = assay_sqlite_host_open_wal(db, true);
    if (!is_open)
        assay_sqlite_set_reason(db, ASSAY_CONTINUITY_STORAGE, "%s: %s", db->wal_path,
                                strerror(errno));
    pthread_mutex_unlock(&db->lock);
    return is_open ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                     int *out_flags)
{
    const int temporary = SQLITE_OPEN_TEMP_DB | SQLITE_OPEN_TRANSIENT_DB |
                          SQLITE_OPEN_TEMP_JOURNAL | SQLITE_OPEN_SUBJOURNAL;
    struct assay_sqlite *const db = database_of(vfs);
    struct assay_sqlite_file *const f = (struct assay_sqlite_file *)file;
    const sqlite3_io_methods *methods = &assay_sqlite_memory_methods;
    *f = (struct assay_sqlite_file){ .db = db };
    if (out_flags != NULL) *out_flags = flags;
    if (name == NULL || (flags & temporary) != 0) {
        methods = &assay_sqlite_memory_methods;
    } else if ((flags & SQLITE_OPEN_MAIN_DB) != 0) {
        if (strcmp(name, db->path) != 0)
            return refuse_open(db, name, "expected the database of this VFS, and no other file");
        if (sqlite3_uri_boolean(name, "immutable", 0) || sqlite3_uri_boolean(name, "nolock", 0))
            return refuse_open(db, name, "immutable and nolock: SQLite would not read the WAL");
        methods = &assay_sqlite_main_methods;
    } else if ((flags & SQLITE_OPEN_WAL) != 0 && strcmp(name, db->wal_path) == 0) {
        const int rc = open_wal(db);
        if (rc != SQLITE_OK) return rc;
        methods = &assay_sqlite_wal_methods;
    } else {
        return refuse_open(db, name, "a certified database has no rollback journal");
    }
    pthread_mutex_lock(&db->lock);
    const bool is_usable = db->result == ASSAY_CONTINUITY_OK;
    if (is_usable) db->open_files++;
    pthread_mutex_unlock(&db->lock);
    if (!is_usable) return SQLITE_IOERR;
    f->base.pMethods = methods;
    return SQLITE_OK;
}

/* Only a WAL without frames that are needed. */
static int delete_file(sqlite3_vfs *vfs, const char *name, int syncs)
{
    struct assay_sqlite *const db = database_of(vfs);
    if (strcmp(name, db->wal_path) != 0) return SQLITE_IOERR_DELETE_NOENT;
    pthread_mutex_lock(&db->lock);
    int rc = assay_sqlite_reset_wal(db);
    if (rc == SQLITE_OK && db->wal_fd >= 0) {
        (void)close(db->wal_fd);
        db->wal_fd = -1;
        if (unlink(name) != 0)
            rc = errno == ENOENT ? SQLITE_IOERR_DELETE_NOENT : SQLITE_IOERR_DELETE;
        else if (syncs && !assay_sqlite_host_sync_folder(name)) rc = SQLITE_IOERR_DIR_FSYNC;
    }
    pthread_mutex_unlock(&db->lock);
    return rc;
}

/* From memory: a journal that the host supplies does not exist for SQLite. */
static int find_file(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    struct assay_sqlite *const db = database_of(vfs);
    (void)flags;
    pthread_mutex_lock(&db->lock);
    *out = strcmp(name, db->path) == 0 || (strcmp(name, db->wal_path) == 0 && db->pages.has_header);
    pthread_mutex_unlock(&db->lock);
    return SQLITE_OK;
}

static int complete_name(sqlite3_vfs *vfs, const char *name, int len, char *out)
{
    const struct assay_sqlite *const db = database_of(vfs);
    const char *const path = strcmp(name, db->given) == 0 ? db->path : name;
    return snprintf(out, (size_t)len, "%s", path) < len ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int fill_random(sqlite3_vfs *vfs, int len, char *out)
{
    (void)vfs;
    for (int done = 0; done < len;) {
        const int part = len - done < 256 ? len - done : 256;
        if (getentropy(out + done, (size_t)part) != 0) return done;
        done += part;
    }
    return len;
}

/* --- not of files: as SQLite has them on this system */

static void *open_library(sqlite3_vfs *vfs, const char *name)
{
    sqlite3_vfs *const parent = database_of(vfs)->parent;
    return parent->xDlOpen(parent, name);
}

static void describe_library_error(sqlite3_vfs *vfs, int len, char *text)
{
    sqlite3_vfs *const parent = database_of(vfs)->parent;
    parent->xDlError(parent, len, text);
}

static void (*find_symbol(sqlite3_vfs *vfs, void *library, const char *symbol))(void)
{
    sqlite3_vfs *const parent = database_of(vfs)->parent;
    return parent->xDlSym(parent, library, symbol);
}

static void close_library(sqlite3_vfs *vfs, void *library)
{
    sqlite3_vfs *const parent = database_of(vfs)->parent;
    parent->xDlClose(parent, library);
}

static int sleep_for(sqlite3_vfs *vfs, int us)
{
    sqlite3_vfs *const parent = database_of(vfs)->parent;
    return parent->xSleep(parent, us);
}

static int get_time(sqlite3_vfs *vfs, double *days)
{
    sqlite3_vfs *const parent = database_of(vfs)->parent;
    return parent->xCurrentTime(parent, days);
}

static int get_time_ms(sqlite3_vfs *vfs, sqlite3_int64 *ms)
{
    sqlite3_vfs *const parent = database_of(vfs)->parent;
    return parent->xCurrentTimeInt64(parent, ms);
}

static int get_last_error(sqlite3_vfs *vfs, int len, char *text)
{
    (void)vfs;
    (void)len;
    (void)text;
    return errno;
}

enum assay_continuity_result assay_sqlite_register(struct assay_sqlite *db)
{
    uint64_t number = 0;
    db->parent = sqlite3_vfs_find("unix");
    if (db->parent == NULL || db->parent->iVersion < 2 || getentropy(&number, sizeof number) != 0)
        return assay_sqlite_set_reason(
            db, ASSAY_CONTINUITY_SYSTEM,
            "SQLite has no VFS \"unix\", or there are no random numbers");
    (void)snprintf(db->name, sizeof db->name, "assay-%016llx", (unsigned long long)number);
    db->vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = sizeof(struct assay_sqlite_file),
        .mxPathname = sizeof db->path,
        .zName = db->name,
        .pAppData = db,
        .xOpen = open_file,
        .xDelete = delete_file,
        .xAccess = find_file,
        .xFullPathname = complete_name,
        .xDlOpen = open_library,
        .xDlError = describe_library_error,
        .xDlSym = find_symbol,
        .xDlClose = close_library,
        .xRandomness = fill_random,
        .xSleep = sleep_for,
        .xCurrentTime = get_time,
        .xGetLastError = get_last_error,
        .xCurrentTimeInt64 = get_time_ms,
    };
    if (sqlite3_vfs_register(&db->vfs, 0) != SQLITE_OK)
        return assay_sqlite_set_reason(db, ASSAY_CONTINUITY_SYSTEM, "the VFS was not registered");
    db->is_registered = true;
    return ASSAY_CONTINUITY_OK;
}
