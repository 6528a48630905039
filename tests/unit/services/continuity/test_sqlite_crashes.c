/*
 * tests/unit/services/continuity/test_sqlite_crashes.c - programs of libassay-sqlite that end at
 * any call of the VFS (docs/services.md 4.4.9). Goal: the next start has each commit that was
 * reported, and of the one in flight all or nothing.
 *
 * A VFS between SQLite and the library counts the calls that change something; from one of them on
 * it passes on none.
 */
#include "tests/unit/services/continuity/sqlite_bench.h"

#include <signal.h>
#include <sys/resource.h>

TestSuite(services_sqlite_crashes, .init = set_up, .fini = tear_down, .timeout = 900);

static struct {
    sqlite3_vfs vfs, *below;
    long calls, ends_at; /* ends_at 0: never */
    bool is_torn;        /* half of the last write reaches the file */
    bool ignores_pragmas;
    sqlite3_io_methods methods;
} shim;

struct shim_file {
    sqlite3_file base;
    const char *name; /* NULL of a temporary file */
};

static sqlite3_file *below(sqlite3_file *file)
{
    return (sqlite3_file *)((struct shim_file *)file + 1);
}

static bool is_over(void)
{
    return shim.ends_at != 0 && shim.calls >= shim.ends_at;
}

/* Returns: whether this call ends the program */
static bool ends_here(void)
{
    if (is_over()) return true;
    shim.calls++;
    return is_over();
}

static int shim_close(sqlite3_file *file)
{
    return below(file)->pMethods->xClose(below(file));
}

static int shim_read(sqlite3_file *file, void *out, int len, sqlite3_int64 at)
{
    return is_over() ? SQLITE_IOERR : below(file)->pMethods->xRead(below(file), out, len, at);
}

static int shim_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    const char *const name = ((struct shim_file *)file)->name;
    const bool was_over = is_over();
    if (!ends_here()) return below(file)->pMethods->xWrite(below(file), bytes, len, at);
    if (!was_over && shim.is_torn && name != NULL) {
        const int fd = open(name, O_RDWR | O_CLOEXEC);
        cr_assert(fd >= 0);
        cr_assert_eq(pwrite(fd, bytes, (size_t)len / 2, at), (ssize_t)len / 2);
        (void)close(fd);
    }
    return SQLITE_IOERR;
}

static int shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return ends_here() ? SQLITE_IOERR : below(file)->pMethods->xTruncate(below(file), size);
}

static int shim_sync(sqlite3_file *file, int flags)
{
    return ends_here() ? SQLITE_IOERR : below(file)->pMethods->xSync(below(file), flags);
}

static int shim_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return is_over() ? SQLITE_IOERR : below(file)->pMethods->xFileSize(below(file), size);
}

static int shim_lock(sqlite3_file *file, int level)
{
    return below(file)->pMethods->xLock(below(file), level);
}

static int shim_unlock(sqlite3_file *file, int level)
{
    return below(file)->pMethods->xUnlock(below(file), level);
}

static int shim_reserved(sqlite3_file *file, int *out)
{
    return below(file)->pMethods->xCheckReservedLock(below(file), out);
}

static int shim_control(sqlite3_file *file, int operation, void *argument)
{
    if (shim.ignores_pragmas && operation == SQLITE_FCNTL_PRAGMA) return SQLITE_NOTFOUND;
    return below(file)->pMethods->xFileControl(below(file), operation, argument);
}

static int shim_sector(sqlite3_file *file)
{
    return below(file)->pMethods->xSectorSize(below(file));
}

static int shim_device(sqlite3_file *file)
{
    return below(file)->pMethods->xDeviceCharacteristics(below(file));
}

static int shim_map(sqlite3_file *file, int region, int size, int extends, void volatile **out)
{
    return below(file)->pMethods->xShmMap(below(file), region, size, extends, out);
}

static int shim_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return below(file)->pMethods->xShmLock(below(file), offset, count, flags);
}

static void shim_barrier(sqlite3_file *file)
{
    below(file)->pMethods->xShmBarrier(below(file));
}

static int shim_unmap(sqlite3_file *file, int deletes)
{
    return below(file)->pMethods->xShmUnmap(below(file), deletes);
}

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    (void)vfs;
    if (is_over()) return SQLITE_CANTOPEN;
    const int rc = shim.below->xOpen(shim.below, name, below(file), flags, out);
    file->pMethods = rc == SQLITE_OK ? &shim.methods : NULL;
    ((struct shim_file *)file)->name = name;
    return rc;
}

static int shim_delete(sqlite3_vfs *vfs, const char *name, int syncs)
{
    (void)vfs;
    return ends_here() ? SQLITE_IOERR : shim.below->xDelete(shim.below, name, syncs);
}

static sqlite3 *connect_over(struct assay_sqlite *handle, long ends_at)
{
    sqlite3 *db = NULL;
    shim.below = sqlite3_vfs_find(assay_sqlite_vfs(handle));
    cr_assert_not_null(shim.below);
    shim.vfs = *shim.below;
    shim.vfs.pNext = NULL;
    shim.vfs.zName = "shim";
    shim.vfs.szOsFile = (int)sizeof(struct shim_file) + shim.below->szOsFile;
    shim.vfs.xOpen = shim_open;
    shim.vfs.xDelete = shim_delete;
    shim.methods = (sqlite3_io_methods){
        2,           shim_close, shim_read,     shim_write,    shim_truncate, shim_sync,
        shim_size,   shim_lock,  shim_unlock,   shim_reserved, shim_control,  shim_sector,
        shim_device, shim_map,   shim_shm_lock, shim_barrier,  shim_unmap,    NULL,
        NULL
    };
    shim.calls = 0;
    shim.ends_at = 0;
    cr_assert_eq(sqlite3_vfs_register(&shim.vfs, 0), SQLITE_OK);
    cr_assert_eq(sqlite3_open_v2(in_root("a.db"), &db, SQLITE_OPEN_READWRITE, "shim"), SQLITE_OK);
    cr_assert_eq(sqlite3_wal_autocheckpoint(db, 0), SQLITE_OK);
    shim.ends_at = ends_at;
    return db;
}

/* Commits, with checkpoints between. Returns: how many were reported */
static int run_program(sqlite3 *db)
{
    static const char *const statements[] = {
        "UPDATE c SET n = n + 1",
        "BEGIN; UPDATE c SET n = n + 1; UPDATE b SET a = randomblob(6000); COMMIT",
        "PRAGMA wal_checkpoint",
        "UPDATE c SET n = n + 1",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "BEGIN; DELETE FROM b; INSERT INTO b VALUES (zeroblob(3000)); UPDATE c SET n = n + 1; "
        "COMMIT",
    };
    int reported = 0;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        if (execute(db, statements[i]) == SQLITE_OK && statements[i][0] != 'P') reported++;
        if (is_over()) break;
    }
    return reported;
}

static int read_count(sqlite3 *db)
{
    char text[20];
    expect_query(db, "PRAGMA integrity_check", "ok");
    cr_assert_eq(query_text(db, "SELECT n FROM c", text, sizeof text), SQLITE_ROW);
    return (int)strtol(text, NULL, 10);
}

/* Returns: whether the program has ended before the last of these calls */
static bool end_at_calls(long first, long last)
{
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *db = connect_to(handle);
    bool is_complete = false;
    expect_executed(db, "CREATE TABLE c(n); INSERT INTO c VALUES (0); CREATE TABLE b(a);"
                        "INSERT INTO b VALUES (zeroblob(3000))");
    for (long call = first; call <= last && !is_complete; call++) {
        /* The program finds a WAL most of the times. */
        if (call % 3 != 0) sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        expect_executed(db, "UPDATE c SET n = n + 1");
        const int before = read_count(db);
        cr_assert_eq(sqlite3_close(db), SQLITE_OK);
        shim.is_torn = call % 2 == 0;
        db = connect_over(handle, call);
        const int reported = run_program(db);
        cr_assert_eq(sqlite3_close(db), SQLITE_OK);
        is_complete = !is_over();
        sqlite3_vfs_unregister(&shim.vfs);
        close_all(NULL, &handle);
        handle = start_handle("a", false);
        db = connect_to(handle);
        const int found = read_count(db);
        cr_assert(found == before + reported || (!is_complete && found == before + reported + 1),
                  "call %ld: expected %d + %d, found %d", call, before, reported, found);
    }
    close_all(&db, &handle);
    return is_complete;
}

Test(services_sqlite_crashes, a_start_after_any_call_has_what_was_reported)
{
    cr_expect(!end_at_calls(1, 14));
}

Test(services_sqlite_crashes, a_start_after_a_later_call_has_what_was_reported)
{
    cr_expect(!end_at_calls(15, 28));
}

Test(services_sqlite_crashes, a_start_after_a_late_call_has_what_was_reported)
{
    cr_expect(!end_at_calls(29, 40));
}

Test(services_sqlite_crashes, a_start_after_one_of_the_last_calls_has_what_was_reported)
{
    cr_expect(end_at_calls(41, 60), "there are more calls");
}

/* Whatever lets it through. */
Test(services_sqlite_crashes, a_commit_that_is_not_synchronised_makes_the_handle_unusable)
{
    struct assay_sqlite *handle = start_handle("a", true);
    shim.ignores_pragmas = true;
    sqlite3 *db = connect_over(handle, 0);
    char text[20];
    expect_executed(db, "CREATE TABLE t(a); PRAGMA synchronous = NORMAL");
    expect_query(db, "PRAGMA synchronous", "1");
    cr_expect_neq(execute(db, "INSERT INTO t VALUES (1)"), SQLITE_OK);
    cr_expect_eq(assay_sqlite_result(handle), ASSAY_CONTINUITY_MISUSE);
    cr_expect_neq(query_text(db, "SELECT * FROM t", text, sizeof text), SQLITE_ROW);
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
    sqlite3_vfs_unregister(&shim.vfs);
    close_all(NULL, &handle);
    handle = start_handle("a", false);
    db = connect_to(handle);
    expect_query(db, "SELECT count(*) FROM t", "0");
    close_all(&db, &handle);
}

/* Its pages are in memory, and the main file is as it was. */
Test(services_sqlite_crashes, a_failed_write_fails_the_statement_alone)
{
    struct assay_sqlite *handle = start_handle("a", true);
    sqlite3 *db = connect_to(handle);
    struct stat file;
    expect_executed(db, "CREATE TABLE t(a); INSERT INTO t VALUES (1)");
    cr_assert_eq(stat(in_root("a.db-wal"), &file), 0);
    struct rlimit limit, small;
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = (rlim_t)file.st_size + 9000;
    (void)signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    cr_expect_neq(execute(db, "INSERT INTO t VALUES (randomblob(20000))"), SQLITE_OK);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    cr_expect_eq(assay_sqlite_result(handle), ASSAY_CONTINUITY_OK);
    cr_expect_not_null(strstr(assay_sqlite_reason(handle), "a.db-wal: File too large"));
    expect_query(db, "SELECT count(*) FROM t", "1");
    expect_executed(db, "INSERT INTO t VALUES (2)");
    close_all(&db, &handle);
    handle = start_handle("a", false);
    db = connect_to(handle);
    expect_query(db, "SELECT count(*) FROM t", "2");
    close_all(&db, &handle);
}
