/*
 * engine/ledger/fold/close.c - close of an epoch: the next state from a branch and its EPOCH block
 * (protocol.md 4.4, 6, 7).
 *
 * Every member computes it and none sends it: E contains ballots but no result.
 */
#include "engine/ledger/fold/close.h"
#include "engine/ledger/records/recover.h"
#include "engine/ledger/records/update.h"
#include "engine/ledger/state/roster_digest.h"

#include "base/assert.h"

_Static_assert((int)ASSAY_SEATS_MAX == (int)ASSAY_VOTERS_MAX, "a seat is a place in a certificate");

static void *layout_alloc(uint8_t **at, size_t len)
{
    ASSAY_ASSERT(((uintptr_t)*at & 15) == 0);
    void *here = *at;
    *at += (len + 15) & ~(size_t)15;
    return here;
}

static size_t round_up(size_t len)
{
    return (len + 15) & ~(size_t)15;
}

size_t assay_close_memory_len(uint32_t members)
{
    const size_t n = members;
    return round_up(n * sizeof(struct assay_tally_member)) + round_up(n * sizeof(uint8_t *)) +
           round_up(n * sizeof(struct assay_trust_state)) +
           round_up(n * sizeof(struct assay_tally_result)) + 3 * round_up(n * sizeof(uint32_t)) +
           round_up(n * 32) + round_up(assay_tally_memory_len(members)) +
           round_up(assay_seats_memory_len(members)) + 4 * round_up(n * sizeof(bool)) +
           round_up(n * sizeof(struct assay_place)) + round_up(assay_groups_memory_len(members));
}

void assay_close_init(struct assay_close *close, void *memory, uint32_t members)
{
    ASSAY_ASSERT(close != NULL && memory != NULL && members > 0);
    const size_t n = members;
    uint8_t *at = memory;
    close->members = layout_alloc(&at, n * sizeof(struct assay_tally_member));
    close->rows = layout_alloc(&at, n * sizeof(uint8_t *));
    close->trust = layout_alloc(&at, n * sizeof(struct assay_trust_state));
    close->results = layout_alloc(&at, n * sizeof(struct assay_tally_result));
    close->weights_before = layout_alloc(&at, n * sizeof(uint32_t));
    close->weights_after = layout_alloc(&at, n * sizeof(uint32_t));
    close->seats = layout_alloc(&at, n * sizeof(uint32_t));
    close->node_id = layout_alloc(&at, n * 32);
    close->tally_memory_len = assay_tally_memory_len(members);
    close->tally_memory = layout_alloc(&at, close->tally_memory_len);
    close->weights_memory_len = assay_seats_memory_len(members); /* no less than weights need */
    ASSAY_ASSERT(close->weights_memory_len >= assay_weights_memory_len(members));
    close->weights_memory = layout_alloc(&at, close->weights_memory_len);
    close->unlisted = layout_alloc(&at, n * sizeof(bool));
    close->present = layout_alloc(&at, n * sizeof(bool));
    close->sat = layout_alloc(&at, n * sizeof(bool));
    close->keyless = layout_alloc(&at, n * sizeof(bool));
    close->places = layout_alloc(&at, n * sizeof(struct assay_place));
    close->groups_memory = layout_alloc(&at, assay_groups_memory_len(members));
    ASSAY_ASSERT((size_t)(at - (uint8_t *)memory) == assay_close_memory_len(members));
}

void assay_close_groups(const struct assay_state *state, struct assay_place *places, void *memory,
                        struct assay_groups *groups)
{
    const uint32_t n = state->member_count;
    for (uint32_t i = 0; i < n; i++) {
        const struct assay_member *m = &state->members[i];
        struct assay_place *p = &places[i];
        *p = (struct assay_place){ 0 };
        assay_bytes_copy(p->node_id, 32, m->node_id, 32);
        assay_bytes_copy(p->platform_id, 32, m->platform_id, 32);
        assay_bytes_copy(p->operator_id, 32, m->operator_id, 32);
        assay_bytes_copy(p->vendor_root, 32, m->vendor_root, 32);
        p->platform_shared = assay_bytes_all_zero(m->platform_id, 32); /* masked: names nothing */
    }
    assay_groups_build(places, n, memory, assay_groups_memory_len(n), groups);
    ASSAY_ASSERT(groups->count == n);
}

struct assay_weight_rules assay_close_caps(const struct assay_rules_in_force *rules)
{
    const struct assay_genesis_parameters *p = &rules->parameters;
    ASSAY_ASSERT(p->operator_cap_den > 0 && p->vendor_cap_den > 0);
    return (struct assay_weight_rules){
        .operator_cap = { p->operator_cap_num, p->operator_cap_den },
        .vendor_cap = { p->vendor_cap_num, p->vendor_cap_den },
        .amplification_percent = assay_parameters_amplification(p),
    };
}

/* docs/protocol.md 9.9: the change on trial felled it in this epoch: it was PASS when the change
 * came, and its evidence fails by the new rules and passes by those before. Any other FAIL strikes.
 */
static bool is_felled_now(const struct assay_state *state, const struct assay_ledger *ledger,
                          uint32_t slot)
{
    return state->members[slot].watched_weight > 0 && ledger->fail[slot] != ASSAY_OUTCOME_NONE &&
           ledger->felled[slot];
}

/* docs/protocol.md 9.9: what new rules have felled of those that were certified PASS under the old
 * ones, with what this epoch proves. Returns: its weight. */
static uint64_t suspended_weight(const struct assay_state *state, const struct assay_ledger *ledger)
{
    uint64_t felled = 0;
    if (!assay_trial_runs(&state->trial)) return 0;
    for (uint32_t i = 0; i < state->member_count; i++)
        if (state->members[i].felled || is_felled_now(state, ledger, i))
            felled += state->members[i].watched_weight;
    return felled;
}

/* More than a fifth, and the rules before are still good for something (docs/protocol.md 8.12). */
static bool is_reverted(const struct assay_state *state, const struct assay_ledger *ledger)
{
    return 5 * suspended_weight(state, ledger) > state->trial.total_weight &&
           state->head_time_ms < state->trial.until_ms;
}

/* What a member had if there were no trial, with everything that has nothing to do with it. A
 * platform's offences are those of all ids on it (docs/protocol.md 7.5). */
static void forgive_silent_groups(const struct assay_state *state,
                                  const struct assay_groups *groups, struct assay_close *s)
{
    for (uint32_t i = 0; i < state->member_count; i++) {
        const struct assay_member *m = &state->members[i];
        if (!m->felled) continue;
        s->trust[i] = m->spared;
        for (uint32_t mate = groups->platform_next[i]; mate != i;
             mate = groups->platform_next[mate])
            s->trust[mate].offences = m->spared.offences;
    }
}

/* docs/protocol.md 6.7: the ballot of a member whose row has no key counts as missing. */
static bool is_counted(const struct assay_ledger *ledger, const struct assay_member *before,
                       uint32_t slot)
{
    return ledger->counted[slot] && !before->keyless;
}

/* forgiven: as if the rules on trial struck nobody, now and before. */
static void collect_ballots(const struct assay_context *context, const struct assay_ledger *ledger,
                            const struct assay_groups *groups, bool forgiven, struct assay_close *s)
{
    ASSAY_ASSERT(ledger->members == context->state->member_count);
    ASSAY_ASSERT(ledger->row_len == assay_votes_row_len(ledger->members));
    const struct assay_state *state = context->state;
    for (uint32_t i = 0; i < state->member_count; i++) {
        const struct assay_member *m = &state->members[i];
        enum assay_outcome fail = (enum assay_outcome)ledger->fail[i];
        if (forgiven && is_felled_now(state, ledger, i)) fail = ASSAY_OUTCOME_NONE;
        ASSAY_ASSERT(fail == ASSAY_OUTCOME_NONE || assay_outcome_is_fail(fail));
        s->members[i] = (struct assay_tally_member){
            .faults = { .own_fail_hard = fail == ASSAY_OUTCOME_FAIL_HARD,
                        .own_fail_soft = fail == ASSAY_OUTCOME_FAIL_SOFT,
                        .equivocation = ledger->struck[i] != 0,
                        .false_pass = ledger->false_pass[i],
                        .false_fails = ledger->false_fails[i] },
            .duty = true, /* every member has a listed incarnation; probation ballots too */
            .balloted = is_counted(ledger, m, i),
            .held = !assay_member_serves(m) || assay_member_in_maintenance(m, context->epoch),
        };
        s->rows[i] = s->members[i].balloted ? ledger->rows + i * ledger->row_len : NULL;
        s->trust[i] = state->members[i].trust;
        s->weights_before[i] = state->members[i].weight;
    }
    if (forgiven) forgive_silent_groups(state, groups, s);
}

/* Members that the epoch's records convict: room's registry has them applied, and is not closed. */
static void strike_convicted(const struct assay_context *context, struct assay_close *s)
{
    const struct assay_services *services = context->services;
    if (services == NULL || services->convicts == NULL) return;
    for (uint32_t i = 0; i < context->state->member_count; i++)
        if (services->convicts(services->context, context->registry, context->room->registry,
                               context->state->members[i].node_id))
            s->members[i].faults.equivocation = true;
}

static void tally_ballots(const struct assay_context *context, const struct assay_ledger *ledger,
                          const struct assay_close_rules *rules, struct assay_close *s,
                          struct assay_tally_summary *summary)
{
    const struct assay_tally_input input = {
        .epoch = context->epoch,
        /* docs/protocol.md 9.15: cut off where it happened to stand, so nobody is judged. */
        .roll_present = ledger->has_roll && ledger->recover == NULL,
        .trial = assay_trial_runs(&context->state->trial),
        .rules = &rules->score,
        .groups = rules->groups,
        .weights = s->weights_before,
        .members = s->members,
        .rows = s->rows,
        .trust = s->trust,
    };
    assay_tally_epoch(&input, s->tally_memory, s->tally_memory_len, s->trust, s->results, summary);
}

static void fill_found(struct assay_found *found, const struct assay_tally_result *r, bool balloted)
{
    ASSAY_ASSERT(r->lo_bp <= r->hi_bp && r->hi_bp <= ASSAY_SCORE_BP_MAX);
    ASSAY_ASSERT(r->pass_weight + r->negative_weight + r->unjudged_weight <= r->electorate_weight);

    *found = (struct assay_found){
        .pass_weight = r->pass_weight,
        .negative_weight = r->negative_weight,
        .unjudged_weight = r->unjudged_weight,
        .electorate_weight = r->electorate_weight,
        .lo_bp = r->lo_bp,
        .hi_bp = r->hi_bp,
        .ceiling_bp = r->ceiling_bp,
        .level = r->level,
        .certified_pass = r->certified_pass,
        .balloted = balloted,
        .availability_rule = r->availability_rule,
        .integrity_reason = r->integrity_reason,
    };
}

/* What the tally left, and the marks that keep a proof from striking twice. */
static void close_member(const struct assay_state *before, const struct assay_ledger *ledger,
                         const struct assay_close *s, uint32_t slot, struct assay_state *next)
{
    ASSAY_ASSERT(slot < next->member_count && next->epoch == before->epoch + 1);

    struct assay_member *m = &next->members[slot];
    const struct assay_tally_result *r = &s->results[slot];
    const struct assay_trust_state *old = &before->members[slot].trust;
    m->trust = s->trust[slot];
    fill_found(&m->found, r, is_counted(ledger, &before->members[slot], slot));
    if (m->trust.integrity_bp != old->integrity_bp ||
        m->trust.availability_bp != old->availability_bp)
        m->change_epoch = next->epoch;
    if (r->integrity_failed) m->failure_epoch = next->epoch;
    assay_fall_on_close(&m->fall,
                        &(struct assay_fall_close){ .epoch = next->epoch,
                                                    .begin_ms = before->head_time_ms,
                                                    .stage_epoch = m->stage_epoch,
                                                    .before = old,
                                                    .after = &m->trust,
                                                    .integrity_failed = r->integrity_failed,
                                                    .integrity_reason = r->integrity_reason,
                                                    .availability_rule = r->availability_rule });
    if (r->certified_pass) m->pass_epoch = next->epoch;
    if (ledger->balloted[slot]) m->level = ledger->levels[slot];
    if (ledger->struck[slot] > m->equivocation_struck)
        m->equivocation_struck = ledger->struck[slot];
    m->ballots_struck = (m->ballots_struck << 1) & ((1u << ASSAY_RETAINED_EPOCHS) - 1);
    for (uint32_t i = 0; i < ledger->contradiction_count; i++) {
        const struct assay_contradiction *c = &ledger->contradictions[i];
        ASSAY_ASSERT(c->epoch <= next->epoch);
        const uint64_t age = next->epoch - c->epoch;
        if (c->slot == slot && age < ASSAY_RETAINED_EPOCHS) m->ballots_struck |= 1u << age;
    }
    /* Listing follows the tally: a last failure of the old incarnation does not bind the new. */
    if (ledger->incarnated[slot]) {
        assay_member_list(m, next->epoch + 1, ledger->voting[slot], ledger->transport[slot]);
        assay_trust_list(&m->trust);
    }
    /* Orders for the previous incarnation are over: a new number (docs/protocol.md 10.2). */
    if (ledger->incarnated[slot] || m->trust.score.standing != old->score.standing)
        m->order_epoch = next->epoch;
    ASSAY_ASSERT(m->change_epoch <= next->epoch && m->failure_epoch <= next->epoch);
    ASSAY_ASSERT(m->equivocation_struck >= before->members[slot].equivocation_struck);
}

static void append_past_epoch(const struct assay_state *before, const struct assay_ledger *ledger,
                              struct assay_state *next)
{
    ASSAY_ASSERT(before->past_count <= ASSAY_RETAINED_EPOCHS);

    const uint32_t keep =
        before->past_count < ASSAY_RETAINED_EPOCHS ? before->past_count : ASSAY_RETAINED_EPOCHS - 1;
    for (uint32_t i = 0; i < keep; i++)
        next->past[i + 1] = before->past[i];
    next->past[0] = (struct assay_past_epoch){ .epoch = next->epoch,
                                               .t0_ms = before->head_time_ms,
                                               .has_roll = ledger->has_roll,
                                               .members = before->member_count };
    assay_bytes_copy(next->past[0].policy_digest, 32, before->rules.policy_digest, 32);
    assay_bytes_copy(next->past[0].endorsements_digest, 32, before->rules.endorsements_digest, 32);
    assay_bytes_copy(next->past[0].verifier_digest, 32, before->rules.parameters.verifier_digest,
                     32);
    assay_bytes_copy(next->past[0].base_id, 32, before->head_id, 32);
    if (ledger->has_roll) assay_bytes_copy(next->past[0].roll_root, 32, ledger->roll_root, 32);
    next->past_count = keep + 1;
    ASSAY_ASSERT(next->past_count <= ASSAY_RETAINED_EPOCHS);
    ASSAY_ASSERT(next->past_count > before->past_count || keep == ASSAY_RETAINED_EPOCHS - 1);
}

/* The counters as they stand after E's own view (docs/protocol.md 5.8). */
static void advance_counters(const struct assay_context *context, struct assay_close *s,
                             uint64_t view, struct assay_state *next)
{
    ASSAY_ASSERT(view > 0 && next->member_count == context->state->member_count);
    uint64_t total = 0;
    for (uint32_t i = 0; i < next->member_count; i++) {
        assay_bytes_copy(s->node_id[i], 32, next->members[i].node_id, 32);
        s->seats[i] = context->state->members[i].seat_weight;
        total += assay_member_row_weight(&context->state->members[i]);
    }
    ASSAY_ASSERT(total > 0);
    const struct assay_voter_table table = {
        .count = next->member_count,
        .weight = s->seats,
        .node_id = (const uint8_t(*)[32])s->node_id,
        .voting_key = context->voting,
        .total_weight = total,
    };
    uint16_t last = 0;
    for (uint64_t i = 0; i < view; i++)
        last = assay_leader_next(&table, next->counters);
    ASSAY_ASSERT(last < next->member_count && s->seats[last] > 0);
}

/* The table of the epoch that follows into s->weights_after. previous: [of next], NULL at genesis.
 */
static void compute_capped_weights(const struct assay_groups *groups, const uint32_t *previous,
                                   struct assay_close *s, const struct assay_state *next,
                                   struct assay_tolerance *tolerance)
{
    ASSAY_ASSERT(groups->count == next->member_count);
    const struct assay_weight_rules rules = assay_close_caps(&next->rules);
    for (uint32_t i = 0; i < next->member_count; i++) {
        s->trust[i] = next->members[i].trust;
        s->unlisted[i] = !assay_member_serves(&next->members[i]);
    }
    const struct assay_weight_input input = { .rules = &rules,
                                              .groups = groups,
                                              .trust = s->trust,
                                              .unlisted = s->unlisted,
                                              .previous = previous };
    assay_weights(&input, s->weights_memory, s->weights_memory_len, s->weights_after, tolerance);
}

/* docs/protocol.md 6.7: whose row is without a key. What is left of the others is seated. */
static void apply_key_changes(struct assay_close *scratch, struct assay_state *state)
{
    for (uint32_t i = 0; i < state->member_count; i++) {
        scratch->trust[i] = state->members[i].trust;
        scratch->weights_after[i] = state->members[i].weight;
    }
    const struct assay_quiet_input input = {
        .count = state->member_count,
        .trust = scratch->trust,
        .weights = scratch->weights_after,
        .floor_percent = assay_parameters_quiet_floor(&state->rules.parameters),
    };
    const uint32_t spared = assay_quiet_rows(&input, scratch->keyless);
    uint32_t kept = 0; /* an alarm each, made of the state: assay_member_is_spared */
    for (uint32_t i = 0; i < state->member_count; i++) {
        state->members[i].keyless = scratch->keyless[i];
        kept += assay_member_is_spared(&state->members[i]);
        if (scratch->keyless[i]) scratch->weights_after[i] = 0;
    }
    ASSAY_ASSERT(kept == spared);
}

void assay_close_seats(const struct assay_groups *groups, struct assay_close *scratch,
                       struct assay_state *state)
{
    ASSAY_ASSERT(groups->count == state->member_count);
    apply_key_changes(scratch, state);
    for (uint32_t i = 0; i < state->member_count; i++) {
        const struct assay_member *m = &state->members[i];
        scratch->present[i] = m->trust.mute_epochs < ASSAY_PATIENCE_EPOCHS;
        scratch->sat[i] = m->seat_weight > 0;
    }
    const struct assay_seats_input input = {
        .groups = groups,
        .weights = scratch->weights_after,
        .present = scratch->present,
        .sat = scratch->sat,
        .seats_max = assay_parameters_seats(&state->rules.parameters),
    };
    const uint32_t seats =
        assay_seats(&input, scratch->weights_memory, scratch->weights_memory_len, scratch->seats);
    ASSAY_ASSERT(seats <= ASSAY_SEATS_MAX);
    for (uint32_t i = 0; i < state->member_count; i++)
        state->members[i].seat_weight = scratch->seats[i];
}

static void compute_weights(const struct assay_groups *groups, const uint32_t *previous,
                            struct assay_close *s, struct assay_state *next,
                            struct assay_tolerance *tolerance)
{
    compute_capped_weights(groups, previous, s, next, tolerance);
    for (uint32_t i = 0; i < next->member_count; i++) {
        ASSAY_ASSERT(s->weights_after[i] <= ASSAY_WEIGHT_UNIT);
        next->members[i].weight = s->weights_after[i];
    }
    assay_close_seats(groups, s, next);
}

/* --- changes (docs/protocol.md 9.5 to 9.9) */

/* What this epoch's blocks took. What was drafted on rules that go back at this very close is
 * dropped like everything that waits behind them (docs/protocol.md 9.9). */
static void append_pending_changes(const struct assay_state *before,
                                   const struct assay_ledger *ledger, bool reverted,
                                   struct assay_state *next)
{
    struct assay_change change;
    for (uint32_t i = 0; i < ledger->members; i++) {
        const struct assay_maintenance *m = &ledger->maintenance[i];
        if (m->until != 0) assay_maintenance_add(&next->members[i], next->epoch, m->from, m->until);
    }
    for (uint32_t i = 0; i < ledger->update_count; i++)
        assay_update_add(next, &ledger->update_facts[i],
                         assay_slice_over(ledger->updates[i], ledger->update_len[i]),
                         before->head_time_ms);
    if (ledger->change_len == 0) return;
    ASSAY_ASSERT(next->pending_count < ASSAY_PENDING_MAX);
    assay_change_of_record(assay_slice_over(ledger->change, ledger->change_len), &change);
    next->change_sequence = change.sequence;
    if (reverted) return;
    struct assay_pending *p = &next->pending[next->pending_count++];
    *p = (struct assay_pending){ .sequence = change.sequence, .activation = change.activation };
    assay_sha256(ledger->change, ledger->change_len, p->digest);
}

static void end_trial(struct assay_state *next)
{
    next->trial = (struct assay_trial){ 0 };
    for (uint32_t i = 0; i < next->member_count; i++) {
        next->members[i].watched_weight = 0;
        next->members[i].felled = false;
        next->members[i].spared = (struct assay_trust_state){ 0 };
    }
}

static void revert_trial(const struct assay_state *before, const struct assay_ledger *ledger,
                         struct assay_state *next)
{
    const struct assay_trial *trial = &before->trial;
    next->rules = trial->before;
    next->ended = (struct assay_ended){ .end = ASSAY_CHANGE_REVERTED,
                                        .sequence = trial->sequence,
                                        .epoch = next->epoch,
                                        .suspended_weight = suspended_weight(before, ledger),
                                        .total_weight = trial->total_weight };
    if (trial->sequence != 0) {
        next->reverted_sequence = trial->sequence;
        next->pending_count = 0; /* they were drafted on what is gone: to be signed again */
    }
    assay_update_reverts(next, before->head_time_ms);
    end_trial(next);
}

/* Who has fallen, and what each gets back if the rules go back in a later epoch: what the closes
 * since would have made of it without their verdict. */
static void mark_felled(const struct assay_context *context, const struct assay_ledger *ledger,
                        const struct assay_close_rules *rules, struct assay_close *s,
                        struct assay_state *next)
{
    const struct assay_state *before = context->state;
    struct assay_tally_summary summary;
    bool any = false;
    for (uint32_t i = 0; i < before->member_count; i++) {
        struct assay_member *m = &next->members[i];
        m->felled |= is_felled_now(before, ledger, i);
        /* It fails by both sets: punished, and nothing that the change does. */
        if (!m->felled && ledger->fail[i] != ASSAY_OUTCOME_NONE) m->watched_weight = 0;
        any = any || m->felled;
    }
    if (!any) return;
    collect_ballots(context, ledger, rules->groups, true, s);
    strike_convicted(context, s);
    tally_ballots(context, ledger, rules, s, &summary);
    for (uint32_t i = 0; i < before->member_count; i++) {
        struct assay_member *m = &next->members[i];
        if (!m->felled) continue;
        m->spared = s->trust[i];
        if (ledger->incarnated[i]) assay_trust_list(&m->spared);
    }
}

/* docs/protocol.md 9.9.1: a member that operators took out of service, or that more than a third
 * reported in a certified epoch as not judged: its collateral expired, or lacks its platform.
 * Newer collateral waits for the trial, so the trial must not wait for it. Verdicts that are only
 * missing exempt no member: they are late on a busy machine, and withheld by an attacker. More than
 * a third of the table, of which an attacker has a third at most: one of them is honest. */
static bool is_exempt(const struct assay_state *next, const struct assay_member *m,
                      uint64_t table_weight)
{
    if (!assay_member_serves(m) || assay_member_in_maintenance(m, next->epoch)) return true;
    return next->certified && 3 * m->found.unjudged_weight > table_weight;
}

/* docs/protocol.md 9.9.1: two epochs and, behind them, until a fifth at most could still fall: who
 * was certified PASS under the new rules is out of it. Returns: whether the rules stay. */
static bool is_trial_decided(const struct assay_state *before, struct assay_state *next)
{
    const struct assay_trial *trial = &before->trial;
    uint64_t could_fall = 0, table_weight = 0;
    if (next->epoch < trial->epoch + ASSAY_TRIAL_EPOCHS_MIN - 1) return false;
    for (uint32_t i = 0; i < before->member_count; i++)
        table_weight += before->members[i].weight; /* that the closed epoch was judged by */
    for (uint32_t i = 0; i < next->member_count; i++) {
        struct assay_member *m = &next->members[i];
        if (!m->felled && m->pass_epoch >= trial->epoch) m->watched_weight = 0;
        if (m->felled || !is_exempt(next, m, table_weight)) could_fall += m->watched_weight;
    }
    return 5 * could_fall <= trial->total_weight ||
           next->epoch >= trial->epoch + ASSAY_TRIAL_EPOCHS_MAX - 1 ||
           before->head_time_ms >= trial->until_ms;
}

static void evaluate_trial(const struct assay_context *context, const struct assay_ledger *ledger,
                           const struct assay_close_rules *rules, bool reverted,
                           struct assay_close *s, struct assay_state *next)
{
    const struct assay_trial *trial = &context->state->trial;
    if (!assay_trial_runs(trial)) return;
    if (reverted) {
        revert_trial(context->state, ledger, next);
        return;
    }
    mark_felled(context, ledger, rules, s, next);
    if (!is_trial_decided(context->state, next)) return;
    if (trial->sequence == 0) assay_update_stays(next);
    end_trial(next);
}

static void remove_first_pending(struct assay_state *next)
{
    for (uint32_t i = 1; i < next->pending_count; i++)
        next->pending[i - 1] = next->pending[i];
    next->pending[--next->pending_count] = (struct assay_pending){ 0 };
}

/* docs/protocol.md 9.9: what operators force while rules are on trial holds whichever of both sets
 * stays, and a trial of rules that no longer differ from those before is over. */
static void apply_forced_updates(const struct assay_change *change, struct assay_state *next)
{
    struct assay_cursor c = assay_cursor_over(change->actions.bytes, change->actions.len);
    struct assay_rules_in_force *before = &next->trial.before;
    const struct assay_rules_in_force *now = &next->rules;
    if (!assay_trial_runs(&next->trial)) return;
    for (uint32_t i = 0; i < change->action_count; i++) {
        struct assay_action action;
        const enum assay_status shape = assay_action_next(&c, &action);
        ASSAY_ASSERT(shape == ASSAY_OK); /* it stands in a final block */
        if (action.kind == ASSAY_ACTION_PARAMETERS) before->parameters = now->parameters;
        if (action.kind == ASSAY_ACTION_POLICY)
            assay_bytes_copy(before->policy_digest, 32, now->policy_digest, 32);
        if (action.kind != ASSAY_ACTION_ENDORSEMENTS) continue;
        assay_bytes_copy(before->endorsements_digest, 32, now->endorsements_digest, 32);
        next->trial.until_ms = INT64_MAX;
    }
    if (!assay_state_rules_equal(before, now)) return;
    assay_update_stays(next);
    end_trial(next);
}

/* The change whose epoch comes next, as a whole or not at all: on a copy. While rules are on trial
 * others wait, and what waits behind them, but for one that is forced. Returns: whether one waits
 * no more. */
static bool activate_change(const struct assay_context *context, struct assay_state *next,
                            struct assay_service_places *places)
{
    struct assay_change change;
    struct assay_unfit unfit;
    if (next->pending_count == 0 || next->pending[0].activation > next->epoch + 1) return false;
    ASSAY_ASSERT(context->pending != NULL && context->stage != NULL);
    /* Taken at the earliest one epoch before: it stands in the state before as well. */
    ASSAY_ASSERT(context->state->pending_count > 0 &&
                 context->state->pending[0].sequence == next->pending[0].sequence);
    assay_change_of_record(context->pending[0], &change);
    change.activation = next->epoch + 1; /* it may have waited */
    struct assay_staging staging = assay_staging_of(context);
    assay_state_copy(staging.state, next);
    remove_first_pending(staging.state);
    if (assay_change_apply(&staging, &change, &unfit) != ASSAY_OK) {
        remove_first_pending(next);
        next->ended = (struct assay_ended){ .end = ASSAY_CHANGE_UNFIT,
                                            .sequence = change.sequence,
                                            .epoch = next->epoch };
        return true;
    }
    const struct assay_rules_in_force before = next->rules;
    const bool same = assay_state_rules_equal(&before, &staging.state->rules);
    if (!same && change.forces == 0 && assay_trial_runs(&next->trial)) return false;
    assay_state_copy(next, staging.state);
    *places = staging.places;
    if (change.forces != 0) apply_forced_updates(&change, next);
    if (change.forces != 0 || same) return true;
    next->trial = (struct assay_trial){ .sequence = change.sequence,
                                        .epoch = next->epoch + 1,
                                        .before = before,
                                        .until_ms = INT64_MAX };
    return true;
}

/* docs/protocol.md 9.15: the next epoch is of another era. What waits was signed for this one, and
 * a trial would blame on rules what the halt did; the actions of a RECOVER are on trial never. */
static void begin_era(const struct assay_context *context, const struct assay_recover *recover,
                      struct assay_state *next, struct assay_service_places *places)
{
    struct assay_change change;
    struct assay_unfit unfit;
    next->era = recover->header.era;
    next->pending_count = 0;
    assay_update_stays(next); /* what was on trial is in force, and tried no more (8.12) */
    end_trial(next);
    if (recover->change.len == 0) return;
    assay_change_of_record(recover->change, &change);
    next->change_sequence = change.sequence;
    struct assay_staging staging = assay_staging_of(context);
    assay_state_copy(staging.state, next);
    if (assay_change_apply(&staging, &change, &unfit) == ASSAY_OK) {
        assay_state_copy(next, staging.state);
        *places = staging.places;
        return;
    }
    /* It fitted before the strikes of this very close: void as a whole, as in activate. */
    next->ended = (struct assay_ended){ .end = ASSAY_CHANGE_UNFIT,
                                        .sequence = change.sequence,
                                        .epoch = next->epoch };
}

/* Was its newest verdict PASS? It may be some epochs old, when nobody could judge it since. */
static bool passed_last(const struct assay_member *m)
{
    if (m->found.certified_pass) return true;
    return m->pass_epoch > m->failure_epoch &&
           m->found.integrity_reason != ASSAY_INTEGRITY_FAIL_SOFT;
}

/* Who was good under the rules that end here, by the table of the epoch that tries the new ones. */
static void set_watched_weights(struct assay_state *next)
{
    if (next->trial.epoch != next->epoch + 1) return;
    for (uint32_t i = 0; i < next->member_count; i++) {
        struct assay_member *m = &next->members[i];
        next->trial.total_weight += m->weight;
        m->watched_weight = passed_last(m) ? m->weight : 0;
    }
}

/* The groups of the roster that follows; those in force where it stays. */
static const struct assay_groups *groups_after(const struct assay_state *before,
                                               const struct assay_close_rules *rules,
                                               struct assay_close *s,
                                               const struct assay_state *next)
{
    if (assay_state_same_roster(before, next)) return rules->groups;
    assay_close_groups(next, s->places, s->groups_memory, &s->groups);
    return &s->groups;
}

/* Most epochs end with the voters that they began with. */
static void set_roster_digest(const struct assay_state *before, struct assay_state *next)
{
    bool same = before->member_count == next->member_count && before->era == next->era &&
                !assay_bytes_all_zero(before->roster_digest, 32);
    for (uint32_t i = 0; same && i < next->member_count; i++) {
        const struct assay_member *a = &before->members[i];
        const struct assay_member *b = &next->members[i];
        same = a->seat_weight == b->seat_weight && a->keyless == b->keyless &&
               assay_member_row_weight(a) == assay_member_row_weight(b) &&
               assay_bytes_equal(a->node_id, b->node_id, 32) &&
               assay_bytes_equal(a->lives[0].voting_public, b->lives[0].voting_public,
                                 ASSAY_P256_PUBLIC_LEN);
    }
    if (!same) assay_roster_digest(next, next->roster_digest);
}

/* What the epoch's records make of the registry. Members that they convict are struck as for an
 * equivocation (docs/identity.md 3.17), once: the registry remembers who is convicted. */
static void apply_services(const struct assay_context *context, const struct assay_ledger *ledger,
                           struct assay_close *s)
{
    const struct assay_services *services = context->services;
    const struct assay_service_room *room = context->room;
    const struct assay_state *state = context->state;
    struct assay_service_entry entry;
    size_t at = 0;
    if (services == NULL) return;
    ASSAY_ASSERT(context->registry != NULL && room->registry != context->registry);
    services->copy(services->context, room->registry, context->registry);
    while (assay_services_log_next(&ledger->services, &at, &entry)) {
        ASSAY_ASSERT(entry.slot < state->member_count);
        services->apply(services->context, room->registry, entry.slot,
                        state->members[entry.slot].node_id, entry.kind, entry.payload);
    }
    strike_convicted(context, s);
}

/* The registry's epoch closes, by the members that the close leaves. */
static void close_services(const struct assay_context *context, struct assay_state *next)
{
    const struct assay_services *services = context->services;
    const struct assay_service_room *room = context->room;
    if (services == NULL) return;
    assay_services_members(context->state, next, room->members);
    services->close(services->context, room->registry, next->era, next->epoch, room->members,
                    next->member_count);
    assay_services_commit(services, room->registry, room, next);
}

void assay_close(const struct assay_context *context, const struct assay_ledger *ledger,
                 const struct assay_close_rules *rules, uint64_t view, struct assay_close *scratch,
                 struct assay_state *next, struct assay_tolerance *tolerance)
{
    const struct assay_state *before = context->state;
    struct assay_tally_summary summary;
    struct assay_service_places places = { 0 }; /* of a plan that comes into force */
    ASSAY_ASSERT(next != before && next->members != before->members);
    ASSAY_ASSERT(assay_context_holds(context) && next->capacity >= before->member_count);
    ASSAY_ASSERT(ledger->height >= before->head_height);
    const bool reverted = is_reverted(before, ledger);
    collect_ballots(context, ledger, rules->groups, reverted, scratch);
    apply_services(context, ledger, scratch);
    tally_ballots(context, ledger, rules, scratch, &summary);
    assay_state_copy(next, before);
    next->epoch = context->epoch;
    next->certified = summary.certified;
    if (summary.certified) next->certified_epoch = next->epoch;
    for (uint32_t i = 0; i < next->member_count; i++)
        close_member(before, ledger, scratch, i, next);
    assay_close_keys(context, ledger, rules->groups, summary.total_weight, scratch, next);
    append_past_epoch(before, ledger, next);
    advance_counters(context, scratch, view, next);
    evaluate_trial(context, ledger, rules, reverted, scratch, next);
    append_pending_changes(before, ledger, reverted && before->trial.sequence != 0, next);
    if (ledger->recover != NULL) {
        begin_era(context, ledger->recover, next, &places);
    } else {
        const bool decided = activate_change(context, next, &places);
        assay_updates_serve(context, ledger, decided, next);
    }
    assay_update_forget(next, before->head_time_ms);
    assay_close_declare(ledger, next);
    for (uint32_t i = before->member_count; i < next->member_count; i++)
        scratch->weights_before[i] = 0;
    for (uint32_t i = 0; i < next->member_count; i++)
        if (!assay_member_serves(&next->members[i])) scratch->weights_before[i] = 0;
    compute_weights(groups_after(before, rules, scratch, next), scratch->weights_before, scratch,
                    next, tolerance);
    set_watched_weights(next);
    set_roster_digest(before, next);
    close_services(context, next);
    assay_services_extend(&places, next);
    ASSAY_ASSERT(next->epoch == before->epoch + 1 && next->certified_epoch <= next->epoch);
    ASSAY_ASSERT(assay_state_holds(next));
}

void assay_close_genesis_weights(const struct assay_close_rules *rules, struct assay_close *scratch,
                                 struct assay_state *state, struct assay_tolerance *tolerance)
{
    ASSAY_ASSERT(assay_state_holds(state));
    ASSAY_ASSERT(state->epoch == 0);
    compute_weights(rules->groups, NULL, scratch, state, tolerance);
    assay_roster_digest(state, state->roster_digest);
}

void assay_close_tolerance(const struct assay_close_rules *rules, struct assay_close *scratch,
                           const struct assay_state *state, struct assay_tolerance *tolerance)
{
    ASSAY_ASSERT(assay_state_holds(state));
    for (uint32_t i = 0; i < state->member_count; i++)
        scratch->weights_before[i] = state->members[i].weight;
    compute_capped_weights(rules->groups, scratch->weights_before, scratch, state, tolerance);
}
