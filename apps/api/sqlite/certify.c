/*
 * apps/api/sqlite/certify.c - certification of a commit, when SQLite synchronises the WAL
 * (docs/services.md 4.4.9).
 */
#include "apps/api/sqlite/database.h"
#include "base/assert.h"
#include "base/system_clock.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { WAIT_MS = 250 };

void assay_sqlite_get_state(struct assay_sqlite *db, uint8_t *bytes)
{
    struct assay_sqlite_state state = { .page_size = db->pages.page_size,
                                        .page_count = db->pages.state.count,
                                        .commit = db->commit };
    assay_sqlite_tree_root(&db->pages.state, state.root);
    assay_sqlite_state_encode(&state, bytes);
}

/* Frames that SQLite has left without a checksum have no salt: no start would find the commit. */
static bool has_salts(const struct assay_sqlite_pages *pages, uint32_t frame)
{
    enum { OF_WAL = 16, OF_FRAME = 8, SALTS_LEN = 8 };
    for (uint32_t i = pages->committed + 1; i <= frame; i++)
        if (!assay_bytes_equal(pages->frames[i - 1].header + OF_FRAME, pages->header + OF_WAL,
                               SALTS_LEN))
            return false;
    return true;
}

/* Under the lock. Returns: whether the WAL is durable and has a commit to certify; else *rc */
static bool prepare_commit(struct assay_sqlite *db, const void *file, uint8_t *state,
                           uint32_t *frame, int *rc)
{
    struct assay_sqlite_pages *const pages = &db->pages;
    *frame = db->writer == file ? pages->commit_at : 0;
    *rc = SQLITE_IOERR_FSYNC;
    if (db->result != ASSAY_CONTINUITY_OK) return false;
    /* What a failed fsync has lost is not known, and no later one reports it again. */
    if (db->wal_fd < 0 || fsync(db->wal_fd) != 0) {
        assay_sqlite_poison(db, ASSAY_CONTINUITY_STORAGE, "%s: %s", db->wal_path, strerror(errno));
        return false;
    }
    *rc = SQLITE_OK;
    if (*frame == 0) return false;
    *rc = SQLITE_IOERR_FSYNC;
    for (uint32_t i = pages->committed + 1; i <= *frame; i++)
        if (!pages->frames[i - 1].has_page) {
            assay_sqlite_poison(db, ASSAY_CONTINUITY_SYSTEM,
                                "%s: frame %u of a commit was not written", db->wal_path, i);
            return false;
        }
    if (!has_salts(pages, *frame)) {
        assay_sqlite_set_reason(db, ASSAY_CONTINUITY_SYSTEM,
                                "%s: SQLite has left a frame of the commit without a checksum: "
                                "the transaction was undone",
                                db->wal_path);
        return false;
    }
    pages->frame_count = *frame;
    if (!assay_sqlite_pages_commit(pages, *frame)) {
        assay_sqlite_poison(db, ASSAY_CONTINUITY_SYSTEM, "no memory");
        return false;
    }
    db->commit++;
    assay_sqlite_get_state(db, state);
    return true;
}

/* A state in doubt may be certified: an error would let SQLite write another commit in its place,
 * which no replica accepts. So the wait ends with an answer, or with the handle. */
static enum assay_continuity_result send_and_wait(struct assay_sqlite *db, const uint8_t *state,
                                                  uint64_t *index)
{
    const uint64_t began_ms = assay_monotonic_ms();
    bool is_sent = false;
    for (;;) {
        enum assay_continuity_result result =
            is_sent ? ASSAY_CONTINUITY_OK
                    : assay_continuity_update(db->continuity, state, ASSAY_SQLITE_STATE_LEN, index);
        if (result == ASSAY_CONTINUITY_OK) {
            is_sent = true;
            result = assay_continuity_wait(db->continuity, *index, WAIT_MS);
        } else if (result == ASSAY_CONTINUITY_STORAGE || result == ASSAY_CONTINUITY_FULL) {
            /* Nothing was sent: the folder may have room later. */
            (void)usleep(WAIT_MS * 1000);
            result = ASSAY_CONTINUITY_IN_DOUBT;
        }
        if (result != ASSAY_CONTINUITY_IN_DOUBT) return result;
        if (db->progress != NULL && db->progress(db->context, assay_monotonic_ms() - began_ms) != 0)
            return result;
    }
}

int assay_sqlite_certify(struct assay_sqlite *db, const void *file)
{
    uint8_t state[ASSAY_SQLITE_STATE_LEN];
    uint64_t index = 0;
    uint32_t frame = 0;
    int rc = SQLITE_OK;
    pthread_mutex_lock(&db->lock);
    const bool is_commit = prepare_commit(db, file, state, &frame, &rc);
    pthread_mutex_unlock(&db->lock);
    if (!is_commit) return rc;
    pthread_mutex_lock(&db->session_lock);
    const enum assay_continuity_result result = send_and_wait(db, state, &index);
    pthread_mutex_lock(&db->lock);
    if (result == ASSAY_CONTINUITY_OK) {
        db->index = index;
        db->pages.certified = frame;
    } else {
        assay_sqlite_poison(db, result, "commit %llu: %s", (unsigned long long)db->commit,
                            assay_continuity_reason(db->continuity));
    }
    pthread_mutex_unlock(&db->lock);
    pthread_mutex_unlock(&db->session_lock);
    return result == ASSAY_CONTINUITY_OK ? SQLITE_OK : SQLITE_IOERR_FSYNC;
}
