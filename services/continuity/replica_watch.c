/*
 * services/continuity/replica_watch.c - liveness of seats as one replica observes it
 * (docs/services.md 1.11.1).
 *
 * Its reports cost others their seats, so it checks its own connectivity first: a replica that was
 * paused or is cut off receives from no peer, and silence counts only from when it received from
 * enough others again.
 */
#include "services/continuity/replica_internal.h"

static uint32_t own_seat(const struct assay_cont_replica *r)
{
    return assay_cont_find_seat(&r->started, r->key);
}

void assay_cont_replica_watch_fact(struct assay_cont_replica *r, uint64_t now_ms)
{
    const bool called = r->calls;
    r->calls = r->born && !r->lost;
    if (r->calls && !called) r->ping_at_ms = now_ms;
    if (!r->calls || own_seat(r) == r->started.count) {
        r->watches = false;
        return;
    }
    if (r->watches && r->watched_view == r->started.view) return;
    r->watches = true;
    r->watched_view = r->started.view;
    ASSAY_ASSERT(r->calls);
    for (uint32_t i = 0; i < ASSAY_CONT_SEATS_MAX; i++)
        r->received_ms[i] = now_ms;
    r->within_ms = r->ping_at_ms = r->ticked_ms = now_ms;
}

/* Without room the one received longest ago is dropped. */
static void mark_spare_reachable(struct assay_cont_replica *r, const uint8_t *key, uint64_t now_ms)
{
    ASSAY_ASSERT(r->watches && r->spare_count <= ASSAY_CONT_SPARES_MAX);
    uint32_t at = 0;
    for (uint32_t i = 0; i < r->spare_count; i++) {
        if (assay_bytes_equal(r->spare[i].key, key, ASSAY_P256_PUBLIC_LEN)) {
            r->spare[i].received_ms = now_ms;
            return;
        }
        if (r->spare[i].received_ms < r->spare[at].received_ms) at = i;
    }
    if (r->spare_count < ASSAY_CONT_SPARES_MAX) at = r->spare_count++;
    ASSAY_ASSERT(at < r->spare_count);
    assay_bytes_copy(r->spare[at].key, sizeof r->spare[at].key, key, ASSAY_P256_PUBLIC_LEN);
    r->spare[at].received_ms = now_ms;
}

void assay_cont_replica_mark_reachable(struct assay_cont_replica *r,
                                       const struct assay_cont_from *from, uint64_t now_ms)
{
    if (!r->watches) return;
    const uint32_t seat = assay_cont_find_seat(&r->started, from->key);
    if (seat < r->started.count) r->received_ms[seat] = now_ms;
    else mark_spare_reachable(r, from->key, now_ms);
}

bool assay_cont_replica_is_reachable(const struct assay_cont_replica *r,
                                     const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                                     uint64_t now_ms)
{
    ASSAY_ASSERT(r->spare_count <= ASSAY_CONT_SPARES_MAX);
    for (uint32_t i = 0; i < r->spare_count && r->watches; i++)
        if (assay_bytes_equal(r->spare[i].key, key, ASSAY_P256_PUBLIC_LEN))
            return now_ms - r->spare[i].received_ms <= ASSAY_CONT_REACHABLE_MS;
    return false;
}

/* Counts other members that were reachable recently. */
static uint32_t count_reachable(const struct assay_cont_replica *r, uint64_t now_ms)
{
    const uint32_t own = own_seat(r);
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->started.count; i++)
        count += i != own && now_ms - r->received_ms[i] <= ASSAY_CONT_REACHABLE_MS;
    ASSAY_ASSERT(count <= r->started.count);
    return count;
}

void assay_cont_replica_watch_tick(struct assay_cont_replica *r, uint64_t now_ms,
                                   struct assay_cont_effects *effects)
{
    if (!r->calls || now_ms < r->ping_at_ms) return;
    const bool paused = now_ms - r->ticked_ms > ASSAY_CONT_REACHABLE_MS;
    if (r->watches &&
        (paused || count_reachable(r, now_ms) + 1 < assay_cont_quorum(r->started.count)))
        r->within_ms = now_ms;
    r->ticked_ms = now_ms;
    r->ping_at_ms = now_ms + ASSAY_CONT_PING_MS;
    struct assay_cont_frame ping = { .kind = ASSAY_CONT_PING, .view = r->started.view };
    assay_cont_replica_add_send(r, &ping, effects)->to = ASSAY_CONT_TO_GROUP;
}

bool assay_cont_replica_is_silent(const struct assay_cont_replica *r, uint64_t view, uint32_t seat,
                                  uint64_t now_ms, uint64_t silent_ms)
{
    ASSAY_ASSERT(silent_ms > ASSAY_CONT_REACHABLE_MS);
    /* After a RECOVER the ledger may show an older view than the last started one. */
    if (!r->watches || view != r->started.view) return false;
    if (seat >= r->started.count || seat == own_seat(r)) return false;
    if (now_ms - r->ticked_ms > ASSAY_CONT_REACHABLE_MS) return false; /* paused until now */
    return now_ms - r->received_ms[seat] >= silent_ms && now_ms - r->within_ms >= silent_ms;
}
