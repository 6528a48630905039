/*
 * engine/node/snapshot.c - snapshots of the engine for operators, and the check of its invariants.
 */
#include "engine/parts/engine_internal.h"

#include "engine/ledger/state/workload_keys.h"

static uint32_t share_bp(const struct assay_share *share, uint64_t total)
{
    ASSAY_ASSERT(share->largest_weight <= total);
    return total == 0 ? 0 : (uint32_t)(share->largest_weight * 10000 / total);
}

bool assay_engine_expected_sender(const struct assay_engine *engine, struct assay_slice payload,
                                  uint16_t *slot)
{
    return engine->start_state->started &&
           assay_simplex_expected_sender(engine->simplex, payload, slot);
}

static void get_names(const struct assay_engine *engine, struct assay_engine_snapshot *snapshot)
{
    const struct assay_grants *grants = assay_context_grants(&engine->head->context);
    snapshot->name_count = grants != NULL ? grants->count : 0;
    for (uint32_t k = 0; k < snapshot->name_count; k++) {
        struct assay_granted_name *name = &snapshot->names[k];
        assay_bytes_copy(name->text, sizeof name->text, grants->name[k].text,
                         sizeof grants->name[k].text);
        name->min_standing = grants->name[k].min_standing;
    }
}

void assay_engine_snapshot(const struct assay_engine *engine,
                           struct assay_engine_snapshot *snapshot)
{
    ASSAY_ASSERT(engine->chain->ledger.members == engine->members);

    struct assay_simplex_snapshot look = { 0 };
    const struct assay_state *s = &engine->head->state;
    const struct assay_tolerance *t = &engine->head->tolerance;
    *snapshot = (struct assay_engine_snapshot){ .era = s->era,
                                                .epoch = engine->head->context.epoch,
                                                .opened_ms = engine->epoch_state->opened_ms,
                                                .has_roll = engine->chain->ledger.has_roll,
                                                .epoch_t0_ms = s->head_time_ms,
                                                .view = engine->chain->ledger.view,
                                                .height = engine->chain->ledger.height,
                                                .head_time_ms = engine->chain->ledger.time_ms,
                                                .final_at_ms = engine->chain->final_ms,
                                                .certified = s->certified,
                                                .certified_epoch = s->certified_epoch,
                                                .behind = engine->sync->active,
                                                .seats_weight = engine->head->voters.total_weight,
                                                .member_count = engine->members };
    for (uint32_t i = 0; i < engine->members; i++) {
        snapshot->total_weight += s->members[i].weight;
        snapshot->seats += s->members[i].seat_weight > 0;
    }
    if (engine->chain->begun) assay_simplex_snapshot(engine->simplex, &look);
    snapshot->voting = look.voting && assay_eng_may_sign(engine);
    snapshot->views_nullified = look.nullified_in_a_row;
    snapshot->clock_lead_ms = assay_clock_lead(engine);
    assay_bytes_copy(snapshot->chain_id, 32, s->chain_id, 32);
    assay_bytes_copy(snapshot->head_id, 32, engine->chain->ledger.tip_id, 32);
    assay_bytes_copy(snapshot->state_root, 32, s->root, 32);
    assay_bytes_copy(snapshot->closed_id, 32, s->head_id, 32);
    snapshot->operator_cap_met = t->operator_cap_met;
    snapshot->vendor_cap_met = t->vendor_cap_met;
    snapshot->cuts = (uint32_t)t->cuts;
    snapshot->largest_operator_bp = share_bp(&t->operator_, t->total_weight);
    snapshot->largest_vendor_bp = share_bp(&t->vendor, t->total_weight);
    snapshot->largest_platform_bp = share_bp(&t->platform, t->total_weight);
    get_names(engine, snapshot);
    for (size_t i = 0; i < sizeof snapshot->refused / sizeof snapshot->refused[0]; i++)
        snapshot->refused[i] = engine->refused[i];
}

void assay_engine_services(const struct assay_engine *engine,
                           struct assay_services_snapshot *snapshot)
{
    const struct assay_engine *e = engine;
    const bool whole = e->services != NULL && !assay_services_has_missing(e);
    *snapshot = (struct assay_services_snapshot){ .epoch = e->head->context.epoch,
                                                  .log = &e->chain->ledger.services,
                                                  .closed = &e->service_state->closed };
    if (whole) snapshot->registry = e->service_state->registry;
    snapshot->era = e->head->state.era;
    assay_state_beacon(&e->head->state, snapshot->epoch, e->head->state.head_id, snapshot->beacon);
    for (uint64_t left = e->service_state->missing; left != 0; left &= left - 1)
        snapshot->lacks++;
}

void assay_engine_service_members(const struct assay_engine *engine,
                                  struct assay_service_member *members)
{
    assay_services_members(NULL, &engine->head->state, members);
}

bool assay_engine_is_bound(const struct assay_engine *engine, uint16_t slot, uint64_t epoch,
                           const uint8_t report_data[static 64])
{
    uint8_t expected[64], none[32];
    ASSAY_ASSERT(slot < engine->members);
    const struct assay_context *const context = &engine->head->context;
    const struct assay_member *const member = &engine->head->state.members[slot];
    if (epoch != context->epoch) return false;
    const uint8_t *root = assay_declaration_root_at(&member->declaration, epoch);
    assay_context_expected(context, slot, &member->lives[0], epoch, &engine->epoch_state->moment,
                           root, expected);
    if (assay_bytes_equal(expected, report_data, sizeof expected)) return true;
    if (root == NULL) return false;
    assay_declared_keys_no_root(none); /* docs/protocol.md 2.16.3: keys that it lost */
    assay_context_expected(context, slot, &member->lives[0], epoch, &engine->epoch_state->moment,
                           none, expected);
    return assay_bytes_equal(expected, report_data, sizeof expected);
}

static void get_keys(const struct assay_engine *engine, const struct assay_member *m,
                     struct assay_member_keys_snapshot *keys)
{
    uint8_t none[32];
    const struct assay_declaration *d = &m->declaration;
    assay_declared_keys_no_root(none);
    *keys = (struct assay_member_keys_snapshot){
        .keys_epoch = d->keys_epoch,
        .state = assay_member_keys_state(m, engine->head->state.epoch, ASSAY_STANDING_WARNING)
    };
    assay_bytes_copy(keys->keys_root, 32, d->keys_root, 32);
    const struct assay_grants *grants = assay_context_grants(&engine->head->context);
    for (uint32_t k = 0; grants != NULL && k < grants->count; k++)
        if (assay_declaration_has_grant(d, grants->name[k].digest))
            keys->granted |= (uint8_t)(1u << k);
    if (d->count == 0 || !d->roots[0].binds) return;
    keys->is_keyed = true;
    keys->since_epoch = d->roots[0].since_epoch;
    keys->is_declared = !assay_bytes_equal(d->roots[0].root, none, 32);
    assay_bytes_copy(keys->declared_root, 32, d->roots[0].root, 32);
}

void assay_engine_member_snapshot(const struct assay_engine *engine, uint16_t slot,
                                  struct assay_member_snapshot *snapshot)
{
    ASSAY_ASSERT(slot < engine->members);
    const struct assay_member *m = &engine->head->state.members[slot];
    const struct assay_seat *seat = &engine->seats[slot];
    /* A member does not appraise itself: the proofs of others count until it passes again. */
    const bool over = slot == engine->self && assay_outcome_is_fail(seat->last_outcome) &&
                      m->pass_epoch > seat->last_attempt_epoch;
    *snapshot = (struct assay_member_snapshot){
        .name = engine->genesis->members[slot].name,
        .incarnation = m->lives[0].incarnation,
        .trust = m->trust,
        .weight = m->weight,
        .seat_weight = m->seat_weight,
        .votes_lost = m->keyless,
        .votes_retained = assay_member_is_spared(m),
        .positive_bp = m->found.pass_weight,
        .negative_bp = m->found.negative_weight,
        .unjudged_bp = m->found.unjudged_weight,
        .electorate_bp = m->found.electorate_weight,
        .lo_bp = m->found.lo_bp,
        .hi_bp = m->found.hi_bp,
        .change_reason = (uint32_t)m->found.integrity_reason,
        .availability_rule = (uint32_t)m->found.availability_rule,
        .change_epoch = m->change_epoch,
        .fall = m->fall,
        .own_outcome = over ? ASSAY_OUTCOME_NONE : seat->last_outcome,
        .last_attempt_epoch = seat->last_attempt_epoch,
        .last_success_epoch = m->pass_epoch,
        .announced = seat->payload_len > 0,
        .balloted = engine->chain->ledger.balloted[slot],
        .stage = m->stage,
        .stage_epoch = m->stage_epoch,
        .level = m->level,
        .in_maintenance = assay_member_in_maintenance(m, engine->head->context.epoch),
        .is_away = assay_member_in_maintenance(m, engine->head->state.epoch) ||
                   assay_member_in_maintenance(m, engine->head->state.epoch + 1),
        .watched_weight = m->watched_weight,
        .felled = m->felled
    };
    if (m->maintenance_count > 0)
        snapshot->maintenance = m->maintenances[m->maintenance_count - 1];
    assay_bytes_copy(snapshot->node_id, 32, m->node_id, 32);
    assay_bytes_copy(snapshot->operator_id, 32, m->operator_id, 32);
    get_keys(engine, m, &snapshot->keys);
    const struct assay_genesis_operator *owner =
        assay_operator_find(engine->genesis, m->operator_id);
    if (owner != NULL) snapshot->operator_name = owner->name;
    assay_bytes_copy(snapshot->vendor_root, 32, m->vendor_root, 32);
    assay_bytes_copy(snapshot->platform_id, 32, m->platform_id, 32);
    assay_bytes_copy(snapshot->bootstrap_public, 32, m->bootstrap_public, 32);
    assay_bytes_copy(snapshot->voting_public, 64, m->lives[0].voting_public, 64);
    assay_bytes_copy(snapshot->transport_public, 32, m->lives[0].transport_public, 32);
    if (!over)
        assay_bytes_copy(snapshot->last_reason, sizeof snapshot->last_reason, seat->last_reason,
                         sizeof seat->last_reason);
}

void assay_engine_changes(const struct assay_engine *engine, struct assay_changes_snapshot *changes)
{
    const struct assay_state *s = &engine->head->state;
    ASSAY_ASSERT(s->pending_count <= ASSAY_PENDING_MAX);
    *changes = (struct assay_changes_snapshot){ .sequence = s->change_sequence,
                                                .pending_count = s->pending_count,
                                                .trial = s->trial,
                                                .ended = s->ended,
                                                .reverted_sequence = s->reverted_sequence,
                                                .update_count = s->update_count,
                                                .rules = s->rules };
    for (uint32_t i = 0; i < s->pending_count; i++)
        changes->pending[i] = s->pending[i];
    for (uint32_t i = 0; i < s->update_count; i++)
        changes->updates[i] = s->updates[i];
}

void assay_engine_check(const struct assay_engine *engine)
{
    ASSAY_ASSERT(engine->head->context.epoch == engine->head->state.epoch + 1);
    ASSAY_ASSERT(engine->head->context.state == &engine->head->state);
    /* An EPOCH block becomes the next state at once: of this engine, or of the next. */
    ASSAY_ASSERT(!engine->chain->ledger.closed || engine->chain->turned);
    ASSAY_ASSERT(engine->chain->ledger.height >= engine->head->state.head_height);
    assay_state_check(&engine->head->state);
    assay_ledger_check(&engine->chain->ledger);
    uint64_t total = 0;
    for (uint32_t i = 0; i < engine->members; i++) {
        total += assay_member_row_weight(&engine->head->state.members[i]);
        assay_seat_check(engine, i);
        ASSAY_ASSERT(engine->head->weights[i] ==
                     engine->head->state.members[i].seat_weight);
        ASSAY_ASSERT(assay_bytes_equal(engine->head->loaded[i],
                                       engine->head->state.members[i].lives[0].voting_public, 64));
    }
    ASSAY_ASSERT(total == engine->head->voters.total_weight);
    assay_pending_proofs_check(engine);
    assay_inventory_check(engine);
    if (engine->key_state->listed)
        ASSAY_ASSERT(engine->key_state->keys.incarnation ==
                     engine->head->state.members[engine->self].lives[0].incarnation);
    if (engine->epoch_state->ballot_made && engine->start_state->started)
        ASSAY_ASSERT(engine->epoch_state->opened_ms > 0);
    if (engine->chain->begun) assay_simplex_check(engine->simplex);
}
