/* tests/unit/store/sqlite_faults.c - see sqlite_faults.h. */
#include "tests/unit/store/sqlite_faults.h"

#include "base/assert.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct faulty_file {
    sqlite3_file base;
    bool is_log;
    sqlite3_file *real; /* follows this struct in SQLite's memory */
};

static sqlite3_vfs *real_vfs;
static struct {
    enum sqlite_fault fault;
    uint64_t in;
    bool for_ever, struck, log_unsynced;
} plan;

void sqlite_faults_plan(enum sqlite_fault fault, uint64_t k, bool for_ever)
{
    plan.fault = fault;
    plan.in = k;
    plan.for_ever = for_ever;
    plan.struck = false;
}

bool sqlite_faults_struck(void)
{
    return plan.struck;
}

bool sqlite_faults_log_unsynced(void)
{
    return plan.log_unsynced;
}

/* Returns: true when this change of the disk is to fail. */
static bool strikes(bool is_write)
{
    if (plan.fault == SQLITE_FAULT_FULL && !is_write) return false;
    if (plan.in == 0 || (plan.in > 1 && plan.in-- > 1)) return false;
    if (!plan.for_ever) plan.in = 0;
    plan.struck = true;
    if (plan.fault == SQLITE_FAULT_KILL && !is_write) raise(SIGKILL);
    return true;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct faulty_file *)file)->real;
}

static int faulty_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int faulty_read(sqlite3_file *file, void *out, int len, sqlite3_int64 at)
{
    return real_of(file)->pMethods->xRead(real_of(file), out, len, at);
}

static int faulty_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    sqlite3_file *real = real_of(file);
    if (!strikes(true)) {
        if (((struct faulty_file *)file)->is_log) plan.log_unsynced = true;
        return real->pMethods->xWrite(real, bytes, len, at);
    }
    if (plan.fault == SQLITE_FAULT_FULL) return SQLITE_FULL;
    if (plan.fault != SQLITE_FAULT_IO) real->pMethods->xWrite(real, bytes, len / 2, at);
    if (plan.fault == SQLITE_FAULT_KILL) raise(SIGKILL);
    return SQLITE_IOERR_WRITE;
}

static int faulty_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    if (strikes(false)) return SQLITE_IOERR_TRUNCATE;
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int faulty_sync(sqlite3_file *file, int flags)
{
    if (strikes(false)) return SQLITE_IOERR_FSYNC;
    if (((struct faulty_file *)file)->is_log) plan.log_unsynced = false;
    return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int faulty_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int faulty_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int faulty_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int faulty_reserved(sqlite3_file *file, int *out)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int faulty_control(sqlite3_file *file, int op, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), op, argument);
}

static int faulty_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int faulty_traits(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

/* Version 1: no shared memory. The store must do without it, for it opens its file exclusively. */
static const sqlite3_io_methods faulty_methods = {
    .iVersion = 1,
    .xClose = faulty_close,
    .xRead = faulty_read,
    .xWrite = faulty_write,
    .xTruncate = faulty_truncate,
    .xSync = faulty_sync,
    .xFileSize = faulty_size,
    .xLock = faulty_lock,
    .xUnlock = faulty_unlock,
    .xCheckReservedLock = faulty_reserved,
    .xFileControl = faulty_control,
    .xSectorSize = faulty_sector,
    .xDeviceCharacteristics = faulty_traits,
};

static int faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    (void)vfs;
    struct faulty_file *self = (struct faulty_file *)file;
    self->base.pMethods = NULL;
    self->real = (sqlite3_file *)(self + 1);
    self->is_log = (flags & SQLITE_OPEN_WAL) != 0;
    if ((flags & SQLITE_OPEN_CREATE) != 0 && strikes(false)) return SQLITE_CANTOPEN;
    const int code = real_vfs->xOpen(real_vfs, name, self->real, flags, out);
    if (code == SQLITE_OK) self->base.pMethods = &faulty_methods;
    return code;
}

static int faulty_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    (void)vfs;
    if (strikes(false)) return SQLITE_IOERR_DELETE;
    return real_vfs->xDelete(real_vfs, name, sync_folder);
}

void sqlite_faults_install(void)
{
    static sqlite3_vfs faulty;
    if (real_vfs != NULL) return;
    real_vfs = sqlite3_vfs_find(NULL);
    ASSAY_ASSERT(real_vfs != NULL);
    faulty = *real_vfs; /* what it does not change, the real one does */
    faulty.zName = "faulty";
    faulty.szOsFile = (int)sizeof(struct faulty_file) + real_vfs->szOsFile;
    faulty.xOpen = faulty_open;
    faulty.xDelete = faulty_delete;
    const int code = sqlite3_vfs_register(&faulty, 1);
    ASSAY_ASSERT(code == SQLITE_OK);
}
