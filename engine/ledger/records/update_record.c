/*
 * engine/ledger/records/update_record.c - COLLATERAL in blocks, and at the boundary that puts it
 * into force (docs/protocol.md 8.8 to 8.14).
 */
#include "engine/ledger/records/row.h"

#include "base/assert.h"
#include "base/cbor.h"

static enum assay_status decode_update(struct assay_cursor *c, struct assay_record *r)
{
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_UPDATE_LEN_MAX, &r->offer));
    if (r->offer.len == 0) return ASSAY_E_RANGE;
    assay_record_key(ASSAY_RECORD_COLLATERAL, r->offer, r->key);
    return ASSAY_OK;
}

/* --- in a block */

/* docs/protocol.md 8.8: at the appraisal time of the epoch, by the set in force, so that it is one
 * question for the whole epoch whichever block has it. */
static enum assay_status check_update(const struct assay_context *context,
                                      struct assay_record *record)
{
    const struct assay_updates *updates = context->updates;
    if (updates == NULL) return ASSAY_E_UNSUPPORTED;
    const int64_t at_unix_s = (int64_t)(context->state->head_time_ms / 1000);
    ASSAY_TRY(updates->judge(updates->context, context->endorsements, record->offer, at_unix_s,
                             &record->update));
    /* Nobody's word: who sent it is for the budgets of 5.12.1. */
    record->slot = 0;
    record->subject = 0;
    record->epoch = context->epoch;
    record->incarnation = context->state->members[0].lives[0].incarnation;
    return ASSAY_OK;
}

/* Of one part: what is on its way keeps others out unless they bring a higher number. */
static bool blocks_update(const struct assay_update *u, const struct assay_update_facts *facts,
                          uint64_t t0_ms)
{
    switch (u->phase) {
    /* On what is on trial nothing is built: it may go back. */
    case ASSAY_UPDATE_TRIED: return true;
    case ASSAY_UPDATE_WAITING:
        return u->facts.recovery == facts->recovery && facts->number <= u->facts.number;
    case ASSAY_UPDATE_REVERTED: break;
    }
    /* docs/protocol.md 8.12: a reverted set is not offered again. */
    if (u->facts.recovery) return facts->recovery && facts->number <= u->facts.number;
    return !facts->recovery && t0_ms < u->due_ms;
}

/* Recoveries wait for days, so that five of them would keep every renewal out (docs/protocol.md
 * 8.9). What operators forced has no bound of its own, so all together have one. */
struct waiting {
    uint32_t alike, all;
};

_Static_assert(2 * ASSAY_UPDATES_ALIKE_MAX + ASSAY_UPDATES_EPOCH_MAX <= ASSAY_UPDATES_MAX,
               "what waits and what is tried have places");

static void count_waiting(const struct assay_update *updates, uint32_t count, bool recovery,
                          struct waiting *w)
{
    for (uint32_t i = 0; i < count; i++) {
        if (updates[i].phase != ASSAY_UPDATE_WAITING) continue;
        w->alike += updates[i].facts.recovery == recovery;
        w->all++;
    }
}

static enum assay_status check_place(const struct waiting *w)
{
    return w->alike < ASSAY_UPDATES_ALIKE_MAX && w->all < 2 * ASSAY_UPDATES_ALIKE_MAX
               ? ASSAY_OK
               : ASSAY_E_FULL;
}

enum assay_status assay_update_fits(const struct assay_update *updates, uint32_t count,
                                    uint64_t t0_ms, const struct assay_update_facts *facts)
{
    struct waiting w = { 0 };
    for (uint32_t i = 0; i < count; i++) {
        const struct assay_update *u = &updates[i];
        if (assay_bytes_equal(u->facts.part, facts->part, 32) && blocks_update(u, facts, t0_ms))
            return ASSAY_E_DUPLICATE;
    }
    count_waiting(updates, count, facts->recovery, &w);
    return check_place(&w);
}

static enum assay_status check_update_fits(const struct assay_context *context,
                                           const struct assay_ledger *l,
                                           const struct assay_record *r)
{
    const struct assay_state *state = context->state;
    struct waiting w = { .all = l->update_count };
    for (uint32_t i = 0; i < l->update_count; i++) {
        if (assay_bytes_equal(l->update_facts[i].root, r->update.root, 32))
            return ASSAY_E_DUPLICATE; /* one of a root and epoch */
        w.alike += l->update_facts[i].recovery == r->update.recovery;
    }
    if (l->update_count == ASSAY_UPDATES_EPOCH_MAX) return ASSAY_E_FULL;
    ASSAY_TRY(
        assay_update_fits(state->updates, state->update_count, state->head_time_ms, &r->update));
    count_waiting(state->updates, state->update_count, r->update.recovery, &w);
    return check_place(&w);
}

static void apply_update(const struct assay_context *context, struct assay_ledger *l,
                         const struct assay_record *r)
{
    (void)context;
    ASSAY_ASSERT(l->update_count < ASSAY_UPDATES_EPOCH_MAX);
    ASSAY_ASSERT(r->bytes.len <= ASSAY_UPDATE_RECORD_LEN_MAX);
    const uint32_t i = l->update_count++;
    l->update_facts[i] = r->update;
    l->update_len[i] = r->bytes.len;
    assay_bytes_copy(l->updates[i], ASSAY_UPDATE_RECORD_LEN_MAX, r->bytes.bytes, r->bytes.len);
}

const struct assay_record_row assay_row_update = {
    .name = "collateral",
    .items = 2,
    .limits = { .of_author = 2 * ASSAY_UPDATES_EPOCH_MAX },
    .check_costs = true,
    .decode = decode_update,
    .check = check_update,
    .fits = check_update_fits,
    .apply = apply_update,
};

/* --- at a boundary */

/* The record of an update: of the state before, or of the epoch that closes. */
static struct assay_slice find_record(const struct assay_context *context,
                                      const struct assay_ledger *l, const struct assay_update *u)
{
    for (uint32_t i = 0; i < l->update_count; i++) {
        uint8_t digest[32];
        const struct assay_slice record = assay_slice_over(l->updates[i], l->update_len[i]);
        assay_sha256(record.bytes, record.len, digest);
        if (assay_bytes_equal(digest, u->digest, 32)) return record;
    }
    return context->update_cache != NULL ? assay_update_cache_find(context->update_cache, u->digest)
                                         : (struct assay_slice){ 0 };
}

/* A change of the operators has the next two epochs for itself: what it does is seen alone. */
static bool change_is_near(const struct assay_state *next)
{
    for (uint32_t i = 0; i < next->pending_count; i++)
        if (next->pending[i].activation <= next->epoch + ASSAY_ACTIVATION_APART) return true;
    return false;
}

struct due {
    uint32_t count;
    uint32_t at[ASSAY_UPDATES_EPOCH_MAX]; /* in next->updates, ascending */
    struct assay_slice offers[ASSAY_UPDATES_EPOCH_MAX];
    bool taken[ASSAY_UPDATES_EPOCH_MAX];
};

/* Still what it was, beside the set in force? A set that operators put in its place may be older:
 * then nothing comes into force at once that should have waited. */
static bool still_follows(const struct assay_context *context, const struct assay_update *u,
                          struct assay_slice offer)
{
    struct assay_update_facts facts;
    const struct assay_updates *updates = context->updates;
    const int64_t at_unix_s = (int64_t)(context->state->head_time_ms / 1000);
    if (updates->judge(updates->context, context->endorsements, offer, at_unix_s, &facts) !=
        ASSAY_OK)
        return false;
    return u->forced || u->facts.recovery || !facts.recovery;
}

static bool is_due(const struct assay_update *u, bool forced, uint64_t t0_ms)
{
    return u->phase == ASSAY_UPDATE_WAITING && u->forced == forced && u->due_ms <= t0_ms;
}

/* Those whose time has come; what does not follow any more is dropped. */
static void find_due(const struct assay_context *context, const struct assay_ledger *l, bool forced,
                     struct assay_state *next, struct due *due)
{
    *due = (struct due){ 0 };
    uint32_t i = 0;
    while (i < next->update_count && due->count < ASSAY_UPDATES_EPOCH_MAX) {
        const struct assay_update *u = &next->updates[i];
        struct assay_slice offer;
        if (!is_due(u, forced, context->state->head_time_ms)) {
            i++;
            continue;
        }
        const struct assay_slice record = find_record(context, l, u);
        ASSAY_ASSERT(record.len > 0); /* else no epoch is closed: engine/node/restore.c */
        const enum assay_status shape = assay_update_offer(record, &offer);
        ASSAY_ASSERT(shape == ASSAY_OK); /* it stands in a final block */
        if (!still_follows(context, u, offer)) {
            assay_update_remove(next, i);
            continue;
        }
        due->at[due->count] = i++;
        due->offers[due->count++] = offer;
    }
}

static void finish_due(const struct due *due, bool tried, struct assay_state *next)
{
    for (uint32_t k = due->count; k-- > 0;) {
        if (due->taken[k] && tried) next->updates[due->at[k]].phase = ASSAY_UPDATE_TRIED;
        else assay_update_remove(next, due->at[k]);
    }
}

/* The set that follows comes into force, on trial unless operators forced it or it suspends no
 * member: docs/protocol.md 8.12, where nothing but dates and signatures moved, no appraisal
 * changes. */
static void activate_due(const struct assay_context *context, struct due *due, bool forced,
                         struct assay_state *next)
{
    const struct assay_updates *updates = context->updates;
    const struct assay_rules_in_force before = next->rules;
    int64_t until_unix_s = INT64_MAX;
    bool same = false;
    context->set->len = 0;
    context->set->full = false;
    const enum assay_status status =
        updates->follow(updates->context, context->endorsements, due->offers, due->count,
                        (int64_t)(context->state->head_time_ms / 1000), context->set, due->taken,
                        &until_unix_s, &same);
    const bool tried = !forced && !same;
    if (status != ASSAY_OK) { /* too long a set, or nothing in it that is newer */
        for (uint32_t k = 0; k < due->count; k++)
            due->taken[k] = false;
    }
    finish_due(due, tried, next);
    if (status != ASSAY_OK) return;
    assay_sha256(context->set->bytes, context->set->len, next->rules.endorsements_digest);
    if (!tried || assay_state_rules_equal(&before, &next->rules)) return;
    const bool ends = until_unix_s >= 0 && until_unix_s < INT64_MAX / 1000;
    next->trial = (struct assay_trial){ .epoch = next->epoch + 1,
                                        .before = before,
                                        .until_ms = ends ? (uint64_t)until_unix_s * 1000
                                                         : (uint64_t)INT64_MAX };
}

void assay_updates_serve(const struct assay_context *context, const struct assay_ledger *ledger,
                         bool decided, struct assay_state *next)
{
    struct due due;
    if (context->updates == NULL || next->update_count == 0) return;
    ASSAY_ASSERT(context->set != NULL && next->epoch == context->epoch);
    if (assay_trial_runs(&next->trial) || change_is_near(next)) return;
    /* The set has just been replaced, or went back: the next boundary knows its bytes. */
    if (!assay_bytes_equal(next->rules.endorsements_digest,
                           context->state->rules.endorsements_digest, 32))
        return;
    find_due(context, ledger, true, next, &due);
    const bool forced = due.count > 0;
    /* docs/protocol.md 8.10: who falls would fall by either. */
    if (!forced && !decided) find_due(context, ledger, false, next, &due);
    if (due.count > 0) activate_due(context, &due, forced, next);
}
