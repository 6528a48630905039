/*
 * sim/checkers/watch_updates.c - checker of collateral: offers come into force on time, and nothing
 * else does (docs/protocol.md 8.8 to 8.12).
 *
 * Recomputed from the COLLATERAL records of final blocks and the world's own model of sets. Nothing
 * of the ledger's bookkeeping (updates, trial) is read; watch_changes.c compares the digest in the
 * rules.
 */
#include "sim/checkers/watch_rules.h"

#include "base/writer.h"
#include "engine/ledger/records/update.h"

static int64_t t0_s(const struct assay_watch_epoch *e)
{
    return (int64_t)(e->before->head_time_ms / 1000);
}

static struct assay_slice set_of(const struct assay_watch_rules *c)
{
    return assay_slice_over(c->set, c->set_len);
}

void assay_watch_updates_open(struct assay_watch_rules *c, const struct assay_genesis *g)
{
    if (g->endorsements.len > sizeof c->set) return; /* real evidence: no vendor renews it */
    c->set_len = g->endorsements.len;
    assay_bytes_copy(c->set, sizeof c->set, g->endorsements.bytes, g->endorsements.len);
}

/* Whether this one may be in a block together with the known one. */
static bool is_compatible(const struct watched_update *u, const struct assay_update_facts *f,
                          uint64_t t0_ms)
{
    if (!assay_bytes_equal(u->facts.part, f->part, 32)) return true;
    if (u->phase == ASSAY_UPDATE_TRIED) return false;
    if (u->phase == ASSAY_UPDATE_WAITING)
        return u->facts.recovery != f->recovery || f->number > u->facts.number;
    if (u->facts.recovery) return !f->recovery || f->number > u->facts.number;
    return f->recovery || t0_ms >= u->due_ms;
}

void assay_watch_on_update(const struct assay_watch_epoch *e, struct assay_slice record)
{
    struct assay_watch_rules *c = e->watch->rules;
    const struct assay_updates *model = e->closed->model;
    struct assay_slice offer;
    struct assay_update_facts facts;
    const enum assay_status shape = assay_update_offer(record, &offer);
    ASSAY_ASSERT(shape == ASSAY_OK); /* it is in a final block */
    if (model->judge(model->context, set_of(c), offer, t0_s(e), &facts) != ASSAY_OK) {
        BROKEN(e, "a block takes collateral that is not newer than what is in force");
        return;
    }
    for (uint32_t i = 0; i < c->update_count; i++) {
        const struct watched_update *u = &c->updates[i];
        if (!is_compatible(u, &facts, e->before->head_time_ms))
            BROKEN(e, "a block takes collateral of number %u, and one of %u %s", facts.number,
                   u->facts.number, assay_update_phase_name(u->phase));
        if (u->epoch == e->closed->epoch && assay_bytes_equal(u->facts.root, facts.root, 32))
            BROKEN(e, "an epoch takes collateral of one root twice");
    }
    if (c->update_count == UPDATES_WATCHED || offer.len > sizeof c->updates[0].offer) {
        c->blind = true;
        return;
    }
    struct watched_update *u = &c->updates[c->update_count++];
    *u = (struct watched_update){ .phase = ASSAY_UPDATE_WAITING,
                                  .facts = facts,
                                  .epoch = e->closed->epoch,
                                  .due_ms = e->before->head_time_ms,
                                  .len = (uint32_t)offer.len };
    if (facts.recovery) u->due_ms += assay_parameters_delay_ms(&c->rules.parameters);
    assay_bytes_copy(u->offer, sizeof u->offer, offer.bytes, offer.len);
    assay_watch_add(e, ASSAY_SIM_FIGURE_COLLATERAL_TAKEN);
    FINE(e);
}

static void remove_update(struct assay_watch_rules *c, uint32_t at)
{
    for (uint32_t i = at + 1; i < c->update_count; i++)
        c->updates[i - 1] = c->updates[i];
    c->update_count--;
}

void assay_watch_updates_end_trial(const struct assay_watch_epoch *e, bool reverted)
{
    struct assay_watch_rules *c = e->watch->rules;
    for (uint32_t i = c->update_count; i-- > 0;) {
        struct watched_update *u = &c->updates[i];
        if (u->phase != ASSAY_UPDATE_TRIED) continue;
        if (!reverted) {
            remove_update(c, i);
            continue;
        }
        u->phase = ASSAY_UPDATE_REVERTED;
        u->due_ms = e->before->head_time_ms + ASSAY_UPDATE_AGAIN_MS;
    }
    if (!reverted) return;
    c->set_len = c->set_before_len;
    assay_bytes_copy(c->set, sizeof c->set, c->set_before, c->set_before_len);
    assay_watch_add(e, ASSAY_SIM_FIGURE_COLLATERAL_REVERTED);
}

static bool is_change_due(const struct assay_watch_rules *c, uint64_t closed)
{
    for (uint32_t i = 0; i < c->waiting_count; i++)
        if (c->waiting[i].activation <= closed + 2) return true;
    return false;
}

/* The offers due at this boundary. Returns: their count. */
static size_t find_due(const struct assay_watch_epoch *e, uint32_t *at, struct assay_slice *offers)
{
    struct assay_watch_rules *c = e->watch->rules;
    const struct assay_updates *model = e->closed->model;
    size_t count = 0;
    for (uint32_t i = 0; i < c->update_count && count < ASSAY_UPDATES_EPOCH_MAX;) {
        const struct watched_update *u = &c->updates[i];
        const struct assay_slice offer = assay_slice_over(u->offer, u->len);
        struct assay_update_facts facts;
        if (u->phase != ASSAY_UPDATE_WAITING || u->due_ms > e->before->head_time_ms) {
            i++;
            continue;
        }
        if (model->judge(model->context, set_of(c), offer, t0_s(e), &facts) != ASSAY_OK) {
            remove_update(c, i);
            continue;
        }
        at[count] = i++;
        offers[count++] = offer;
    }
    return count;
}

bool assay_watch_activate_updates(const struct assay_watch_epoch *e,
                                  struct assay_rules_in_force *rules, bool *tried)
{
    struct assay_watch_rules *c = e->watch->rules;
    const struct assay_updates *model = e->closed->model;
    uint32_t at[ASSAY_UPDATES_EPOCH_MAX];
    struct assay_slice offers[ASSAY_UPDATES_EPOCH_MAX];
    bool taken[ASSAY_UPDATES_EPOCH_MAX], same = false;
    int64_t until_s = 0;
    if (model == NULL || c->trial.epoch != 0 || is_change_due(c, e->closed->epoch)) return false;
    /* A set that was just reverted, or was replaced: at the next boundary. */
    if (!assay_bytes_equal(rules->endorsements_digest, e->before->rules.endorsements_digest, 32))
        return false;
    const size_t count = find_due(e, at, offers);
    struct assay_writer w = assay_writer_over(c->set_next, sizeof c->set_next);
    if (count == 0 || model->follow(model->context, set_of(c), offers, count, t0_s(e), &w, taken,
                                    &until_s, &same) != ASSAY_OK)
        return false;
    for (size_t k = count; k-- > 0;) {
        if (taken[k] && !same) c->updates[at[k]].phase = ASSAY_UPDATE_TRIED;
        else remove_update(c, at[k]);
    }
    const bool ends = until_s >= 0 && until_s < INT64_MAX / 1000;
    c->set_before_until_ms = ends ? (uint64_t)until_s * 1000 : INT64_MAX;
    c->set_before_len = c->set_len;
    assay_bytes_copy(c->set_before, sizeof c->set_before, c->set, c->set_len);
    c->set_len = w.len;
    assay_bytes_copy(c->set, sizeof c->set, c->set_next, w.len);
    assay_sha256(c->set, c->set_len, rules->endorsements_digest);
    assay_watch_add(e, ASSAY_SIM_FIGURE_COLLATERAL_ACTIVE);
    /* protocol.md 8.12: an update that equals the previous set cannot suspend a member. */
    *tried = !same;
    return true;
}
