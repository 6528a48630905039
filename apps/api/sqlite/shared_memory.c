/*
 * apps/api/sqlite/shared_memory.c - the index of the WAL and all locks, in memory of this process
 * (docs/services.md 4.4.9): the host has neither.
 */
#include "apps/api/sqlite/database.h"
#include "base/assert.h"

#include <stdlib.h>

int assay_sqlite_shm_map(sqlite3_file *file, int region, int size, int extends, void volatile **out)
{
    struct assay_sqlite_file *const f = (struct assay_sqlite_file *)file;
    struct assay_sqlite_shm *const shm = &f->db->shm;
    const size_t wanted = (size_t)region;
    int rc = SQLITE_OK;
    *out = NULL;
    pthread_mutex_lock(&f->db->lock);
    if (!f->uses_shm) shm->users++;
    f->uses_shm = true;
    if (f->db->result != ASSAY_CONTINUITY_OK) rc = SQLITE_IOERR_SHMMAP;
    if (rc == SQLITE_OK && extends &&
        !assay_sqlite_grow((void **)&shm->regions, &shm->region_capacity, wanted + 1,
                           sizeof *shm->regions))
        rc = SQLITE_IOERR_NOMEM;
    while (rc == SQLITE_OK && extends && shm->region_count <= wanted) {
        shm->regions[shm->region_count] = calloc(1, (size_t)size);
        if (shm->regions[shm->region_count] == NULL) rc = SQLITE_IOERR_NOMEM;
        else shm->region_count++;
    }
    if (rc == SQLITE_OK && wanted < shm->region_count) *out = shm->regions[wanted];
    pthread_mutex_unlock(&f->db->lock);
    return rc;
}

/* The transaction has ended: what it has left in the WAL is certified by no later call. */
static void end_writing(struct assay_sqlite_file *f)
{
    f->left_commit = f->db->pages.commit_at != 0;
    f->db->pages.commit_at = 0;
}

static void release_shm(struct assay_sqlite_file *f, uint16_t mask)
{
    struct assay_sqlite_shm *const shm = &f->db->shm;
    if ((f->exclusive & mask & 1U << ASSAY_SQLITE_WRITE_LOCK) != 0) end_writing(f);
    for (int i = 0; i < SQLITE_SHM_NLOCK; i++) {
        if ((mask & 1U << i) == 0) continue;
        if ((f->shared & 1U << i) != 0) shm->readers[i]--;
        if ((f->exclusive & 1U << i) != 0) shm->is_exclusive[i] = false;
    }
    f->shared &= (uint16_t)~mask;
    f->exclusive &= (uint16_t)~mask;
}

static int acquire_shm(struct assay_sqlite_file *f, uint16_t mask, bool is_shared)
{
    struct assay_sqlite_shm *const shm = &f->db->shm;
    if (f->db->result != ASSAY_CONTINUITY_OK) return SQLITE_IOERR_SHMLOCK;
    const uint16_t missing = (uint16_t)(mask & ~(is_shared ? f->shared : f->exclusive));
    for (int i = 0; i < SQLITE_SHM_NLOCK; i++) {
        if ((missing & 1U << i) == 0) continue;
        const uint32_t own = (uint32_t)f->shared >> i & 1U;
        if (shm->is_exclusive[i] || (!is_shared && shm->readers[i] > own)) return SQLITE_BUSY;
    }
    for (int i = 0; i < SQLITE_SHM_NLOCK; i++) {
        if ((missing & 1U << i) == 0) continue;
        if (is_shared) shm->readers[i]++;
        else shm->is_exclusive[i] = true;
    }
    if (is_shared) f->shared |= missing;
    else f->exclusive |= missing;
    return SQLITE_OK;
}

int assay_sqlite_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    struct assay_sqlite_file *const f = (struct assay_sqlite_file *)file;
    const uint16_t mask = (uint16_t)(((1U << count) - 1) << offset);
    int rc = SQLITE_OK;
    pthread_mutex_lock(&f->db->lock);
    if ((flags & SQLITE_SHM_UNLOCK) != 0) release_shm(f, mask);
    else rc = acquire_shm(f, mask, (flags & SQLITE_SHM_SHARED) != 0);
    pthread_mutex_unlock(&f->db->lock);
    return rc;
}

void assay_sqlite_shm_barrier(sqlite3_file *file)
{
    struct assay_sqlite_file *const f = (struct assay_sqlite_file *)file;
    __sync_synchronize();
    pthread_mutex_lock(&f->db->lock);
    pthread_mutex_unlock(&f->db->lock);
}

/* The last connection removes it: the next one makes it again from frames that are verified. */
int assay_sqlite_shm_unmap(sqlite3_file *file, int deletes)
{
    struct assay_sqlite_file *const f = (struct assay_sqlite_file *)file;
    struct assay_sqlite_shm *const shm = &f->db->shm;
    (void)deletes;
    pthread_mutex_lock(&f->db->lock);
    release_shm(f, UINT16_MAX);
    if (f->uses_shm && --shm->users == 0) {
        for (size_t i = 0; i < shm->region_count; i++)
            free(shm->regions[i]);
        free(shm->regions);
        *shm = (struct assay_sqlite_shm){ .users = 0 };
    }
    f->uses_shm = false;
    pthread_mutex_unlock(&f->db->lock);
    return SQLITE_OK;
}

/* --- locks of the main file */

static int acquire_main(struct assay_sqlite_file *f, int level)
{
    struct assay_sqlite_locks *const locks = &f->db->locks;
    if (level == SQLITE_LOCK_SHARED) {
        if (locks->exclusive != NULL || locks->pending != NULL) return SQLITE_BUSY;
        locks->shared++;
        return SQLITE_OK;
    }
    if (locks->reserved != NULL && locks->reserved != f) return SQLITE_BUSY;
    if (level == SQLITE_LOCK_RESERVED) {
        locks->reserved = f;
        return SQLITE_OK;
    }
    if (locks->pending != NULL && locks->pending != f) return SQLITE_BUSY;
    locks->pending = f;
    if (locks->shared > 1) return SQLITE_BUSY;
    locks->exclusive = f;
    return SQLITE_OK;
}

int assay_sqlite_lock_main(sqlite3_file *file, int level)
{
    struct assay_sqlite_file *const f = (struct assay_sqlite_file *)file;
    int rc = SQLITE_OK;
    if (level <= f->level) return SQLITE_OK;
    pthread_mutex_lock(&f->db->lock);
    rc = f->db->result == ASSAY_CONTINUITY_OK ? acquire_main(f, level) : SQLITE_IOERR_LOCK;
    if (rc == SQLITE_OK) f->level = level;
    pthread_mutex_unlock(&f->db->lock);
    return rc;
}

int assay_sqlite_unlock_main(sqlite3_file *file, int level)
{
    struct assay_sqlite_file *const f = (struct assay_sqlite_file *)file;
    struct assay_sqlite_locks *const locks = &f->db->locks;
    pthread_mutex_lock(&f->db->lock);
    if (locks->exclusive == f) locks->exclusive = NULL;
    if (locks->pending == f) locks->pending = NULL;
    if (locks->reserved == f) locks->reserved = NULL;
    if (level == SQLITE_LOCK_NONE && f->level >= SQLITE_LOCK_SHARED) locks->shared--;
    if (level < f->level) f->level = level;
    pthread_mutex_unlock(&f->db->lock);
    return SQLITE_OK;
}

int assay_sqlite_check_reserved(sqlite3_file *file, int *is_reserved)
{
    const struct assay_sqlite_file *const f = (const struct assay_sqlite_file *)file;
    pthread_mutex_lock(&f->db->lock);
    *is_reserved = f->db->locks.reserved != NULL;
    pthread_mutex_unlock(&f->db->lock);
    return SQLITE_OK;
}
