/*
 * engine/ledger/records/update.c - shape of COLLATERAL, and pending updates of a state
 * (docs/protocol.md 8.8 to 8.14).
 */
#include "engine/ledger/records/update.h"

#include "base/assert.h"
#include "base/cbor.h"

enum { RECORD_COLLATERAL = 8 };

const char *assay_update_phase_name(enum assay_update_phase phase)
{
    switch (phase) {
    case ASSAY_UPDATE_WAITING: return "waiting";
    case ASSAY_UPDATE_TRIED: return "trial";
    case ASSAY_UPDATE_REVERTED: return "reverted";
    }
    return "unknown";
}

/* --- records by digest */

struct assay_slice assay_update_cache_find(const struct assay_update_cache *update_cache,
                                           const uint8_t digest[static 32])
{
    for (size_t i = 0; i < ASSAY_UPDATES_MAX; i++)
        if (update_cache->used[i] && assay_bytes_equal(update_cache->digest[i], digest, 32))
            return assay_slice_over(update_cache->bytes[i], update_cache->len[i]);
    return (struct assay_slice){ 0 };
}

void assay_update_cache_put(struct assay_update_cache *update_cache, struct assay_slice record)
{
    uint8_t digest[32];
    if (record.len == 0 || record.len > ASSAY_UPDATE_RECORD_LEN_MAX) return;
    assay_sha256(record.bytes, record.len, digest);
    if (assay_update_cache_find(update_cache, digest).len > 0) return;
    for (size_t i = 0; i < ASSAY_UPDATES_MAX; i++) {
        if (update_cache->used[i]) continue;
        ASSAY_ASSERT(update_cache->bytes[i] != NULL);
        update_cache->used[i] = true;
        update_cache->len[i] = record.len;
        assay_bytes_copy(update_cache->digest[i], 32, digest, 32);
        assay_bytes_copy(update_cache->bytes[i], ASSAY_UPDATE_RECORD_LEN_MAX, record.bytes,
                         record.len);
        return;
    }
}

static bool is_named(const struct assay_state *state, const uint8_t digest[static 32])
{
    for (uint32_t i = 0; i < state->update_count; i++)
        if (assay_bytes_equal(state->updates[i].digest, digest, 32)) return true;
    return false;
}

void assay_update_cache_prune(struct assay_update_cache *update_cache,
                              const struct assay_state *state)
{
    ASSAY_ASSERT(state->update_count <= ASSAY_UPDATES_MAX);
    for (size_t i = 0; i < ASSAY_UPDATES_MAX; i++)
        update_cache->used[i] = update_cache->used[i] && is_named(state, update_cache->digest[i]);
}

bool assay_update_cache_is_complete(const struct assay_update_cache *update_cache,
                                    const struct assay_state *state)
{
    for (uint32_t i = 0; i < state->update_count; i++)
        if (assay_update_cache_find(update_cache, state->updates[i].digest).len == 0) return false;
    return true;
}

/* --- shape */

enum assay_status assay_record_put_update(struct assay_writer *w, struct assay_slice offer)
{
    struct assay_slice all;
    if (offer.len == 0 || offer.len > ASSAY_UPDATE_LEN_MAX) return ASSAY_E_RANGE;
    assay_cbor_put_array(w, 2);
    assay_cbor_put_uint(w, RECORD_COLLATERAL);
    assay_cbor_put_bytes(w, offer.bytes, offer.len);
    return assay_writer_finish(w, &all);
}

enum assay_status assay_update_offer(struct assay_slice record, struct assay_slice *offer)
{
    struct assay_cursor c = assay_cursor_over(record.bytes, record.len);
    uint64_t kind = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, 2));
    ASSAY_TRY(assay_cbor_uint(&c, &kind));
    if (kind != RECORD_COLLATERAL) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_UPDATE_LEN_MAX, offer));
    return assay_cursor_end(&c);
}

/* --- what the state keeps of it */

void assay_update_remove(struct assay_state *next, uint32_t at)
{
    ASSAY_ASSERT(at < next->update_count);
    for (uint32_t i = at + 1; i < next->update_count; i++)
        next->updates[i - 1] = next->updates[i];
    next->updates[--next->update_count] = (struct assay_update){ 0 };
}

/* There is room: of what waits fits keeps it, and of what was reverted the oldest gives way. */
static void evict_reverted(struct assay_state *next)
{
    for (uint32_t i = 0; next->update_count == ASSAY_UPDATES_MAX && i < ASSAY_UPDATES_MAX; i++)
        if (next->updates[i].phase == ASSAY_UPDATE_REVERTED) assay_update_remove(next, i);
    ASSAY_ASSERT(next->update_count < ASSAY_UPDATES_MAX);
}

void assay_update_add(struct assay_state *next, const struct assay_update_facts *facts,
                      struct assay_slice record, uint64_t t0_ms)
{
    evict_reverted(next);
    struct assay_update *u = &next->updates[next->update_count++];
    *u = (struct assay_update){ .phase = ASSAY_UPDATE_WAITING,
                                .facts = *facts,
                                .epoch = next->epoch,
                                .due_ms = t0_ms };
    /* docs/protocol.md 8.9: a recovery waits, so that notified operators can update. */
    if (facts->recovery) u->due_ms += assay_parameters_delay_ms(&next->rules.parameters);
    assay_sha256(record.bytes, record.len, u->digest);
}

enum assay_status assay_update_force(struct assay_state *state, const uint8_t digest[static 32])
{
    for (uint32_t i = 0; i < state->update_count; i++) {
        struct assay_update *u = &state->updates[i];
        if (!assay_bytes_equal(u->digest, digest, 32) || u->phase == ASSAY_UPDATE_TRIED) continue;
        u->phase = ASSAY_UPDATE_WAITING;
        u->forced = true;
        u->due_ms = 0;
        return ASSAY_OK;
    }
    return ASSAY_E_NOT_FOUND;
}

/* Does this one make one that was reverted earlier pointless? */
static bool replaces_reverted(const struct assay_update *u, const struct assay_update *reverted)
{
    return u != reverted && reverted->phase == ASSAY_UPDATE_REVERTED &&
           assay_bytes_equal(u->facts.part, reverted->facts.part, 32) &&
           u->facts.recovery == reverted->facts.recovery &&
           reverted->facts.number <= u->facts.number;
}

static void remove_reverted(struct assay_state *next)
{
    for (uint32_t k = 0; k < next->update_count; k++)
        for (uint32_t i = next->update_count; i-- > 0;)
            if (next->updates[k].phase == ASSAY_UPDATE_TRIED &&
                replaces_reverted(&next->updates[k], &next->updates[i])) {
                assay_update_remove(next, i);
                k -= i < k;
            }
}

void assay_update_stays(struct assay_state *next)
{
    remove_reverted(next);
    for (uint32_t i = next->update_count; i-- > 0;)
        if (next->updates[i].phase == ASSAY_UPDATE_TRIED) assay_update_remove(next, i);
}

void assay_update_reverts(struct assay_state *next, uint64_t t0_ms)
{
    remove_reverted(next);
    for (uint32_t i = 0; i < next->update_count; i++) {
        struct assay_update *u = &next->updates[i];
        if (u->phase != ASSAY_UPDATE_TRIED) continue;
        u->phase = ASSAY_UPDATE_REVERTED;
        u->due_ms = u->facts.recovery ? 0 : t0_ms + ASSAY_UPDATE_AGAIN_MS;
    }
}

void assay_update_forget(struct assay_state *next, uint64_t t0_ms)
{
    for (uint32_t i = next->update_count; i-- > 0;) {
        const struct assay_update *u = &next->updates[i];
        if (u->phase == ASSAY_UPDATE_REVERTED && !u->facts.recovery && u->due_ms <= t0_ms)
            assay_update_remove(next, i);
    }
}
