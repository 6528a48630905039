/*
 * engine/ledger/close.c - from a branch and its EPOCH block to the next state (protocol.md 4.4, 6,
 * 7).
 *
 * Everyone computes it, nobody sends it: E carries ballots but no result.
 */
#include "engine/ledger/ledger.h"

#include "base/assert.h"

static void *take(uint8_t **at, size_t len)
{
    ASSAY_ASSERT(((uintptr_t)*at & 15) == 0);
    void *here = *at;
    *at += (len + 15) & ~(size_t)15;
    return here;
}

static size_t rounded(size_t len)
{
    return (len + 15) & ~(size_t)15;
}

size_t assay_close_memory_len(uint32_t members)
{
    const size_t n = members;
    return rounded(n * sizeof(struct assay_tally_member)) + rounded(n * sizeof(uint8_t *)) +
           rounded(n * sizeof(struct assay_trust)) +
           rounded(n * sizeof(struct assay_tally_result)) + 2 * rounded(n * sizeof(uint32_t)) +
           rounded(n * 32) + rounded(assay_tally_memory_len(members)) +
           rounded(assay_weights_memory_len(members));
}

void assay_close_place(struct assay_close *close, void *memory, uint32_t members)
{
    ASSAY_ASSERT(close != NULL && memory != NULL && members > 0);
    const size_t n = members;
    uint8_t *at = memory;
    close->members = take(&at, n * sizeof(struct assay_tally_member));
    close->rows = take(&at, n * sizeof(uint8_t *));
    close->trust = take(&at, n * sizeof(struct assay_trust));
    close->results = take(&at, n * sizeof(struct assay_tally_result));
    close->weights_before = take(&at, n * sizeof(uint32_t));
    close->weights_after = take(&at, n * sizeof(uint32_t));
    close->node_id = take(&at, n * 32);
    close->tally_memory_len = assay_tally_memory_len(members);
    close->tally_memory = take(&at, close->tally_memory_len);
    close->weights_memory_len = assay_weights_memory_len(members);
    close->weights_memory = take(&at, close->weights_memory_len);
    ASSAY_ASSERT((size_t)(at - (uint8_t *)memory) == assay_close_memory_len(members));
}

static void gather(const struct assay_context *context, const struct assay_ledger *ledger,
                   struct assay_close *s)
{
    ASSAY_ASSERT(ledger->members == context->state->member_count);
    ASSAY_ASSERT(ledger->row_len == assay_row_len(ledger->members));
    const struct assay_state *state = context->state;
    for (uint32_t i = 0; i < state->member_count; i++) {
        const enum assay_outcome fail = (enum assay_outcome)ledger->fail[i];
        ASSAY_ASSERT(fail == ASSAY_OUTCOME_NONE || assay_outcome_is_fail(fail));
        s->members[i] = (struct assay_tally_member){
            .faults = { .own_fail_hard = fail == ASSAY_OUTCOME_FAIL_HARD,
                        .own_fail_soft = fail == ASSAY_OUTCOME_FAIL_SOFT,
                        .equivocation = ledger->struck[i] != 0,
                        .false_pass = ledger->false_pass[i],
                        .false_fails = ledger->false_fails[i] },
            .duty = true, /* every member has a listed incarnation; probation ballots too */
            .balloted = ledger->counted[i],
        };
        s->rows[i] = ledger->counted[i] ? ledger->rows + i * ledger->row_len : NULL;
        s->trust[i] = state->members[i].trust;
        s->weights_before[i] = state->members[i].weight;
    }
}

static void found_of(struct assay_found *found, const struct assay_tally_result *r, bool balloted)
{
    ASSAY_ASSERT(r->lo_bp <= r->hi_bp && r->hi_bp <= ASSAY_SCORE_BP_MAX);
    ASSAY_ASSERT(r->pass_weight + r->negative_weight <= r->electorate_weight);

    *found = (struct assay_found){
        .pass_weight = r->pass_weight,
        .negative_weight = r->negative_weight,
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
static void settle_member(const struct assay_state *before, const struct assay_ledger *ledger,
                          const struct assay_close *s, uint32_t slot, struct assay_state *next)
{
    ASSAY_ASSERT(slot < next->member_count && next->epoch == before->epoch + 1);

    struct assay_member *m = &next->members[slot];
    const struct assay_tally_result *r = &s->results[slot];
    const struct assay_trust *old = &before->members[slot].trust;
    m->trust = s->trust[slot];
    found_of(&m->found, r, ledger->counted[slot]);
    if (m->trust.integrity_bp != old->integrity_bp ||
        m->trust.availability_bp != old->availability_bp)
        m->change_epoch = next->epoch;
    if (r->integrity_failed) m->failure_epoch = next->epoch;
    if (r->certified_pass) m->pass_epoch = next->epoch;
    if (ledger->struck[slot] > m->equivocation_struck)
        m->equivocation_struck = ledger->struck[slot];
    m->ballots_struck = (m->ballots_struck << 1) & ((1u << ASSAY_PAST_EPOCHS) - 1);
    for (uint32_t i = 0; i < ledger->contradiction_count; i++) {
        const struct assay_contradiction *c = &ledger->contradictions[i];
        ASSAY_ASSERT(c->epoch <= next->epoch);
        const uint64_t age = next->epoch - c->epoch;
        if (c->slot == slot && age < ASSAY_PAST_EPOCHS) m->ballots_struck |= 1u << age;
    }
    /* Listing follows the tally: a last failure of the old incarnation does not bind the new. */
    if (ledger->incarnated[slot]) {
        assay_member_list(m, next->epoch + 1, ledger->voting[slot], ledger->transport[slot]);
        assay_trust_list(&m->trust);
    }
    if (m->trust.score.standing != old->score.standing) m->standing_epoch = next->epoch;
    ASSAY_ASSERT(m->change_epoch <= next->epoch && m->failure_epoch <= next->epoch);
    ASSAY_ASSERT(m->equivocation_struck >= before->members[slot].equivocation_struck);
}

static void remember_epoch(const struct assay_state *before, const struct assay_ledger *ledger,
                           struct assay_state *next)
{
    ASSAY_ASSERT(before->past_count <= ASSAY_PAST_EPOCHS);

    const uint32_t keep =
        before->past_count < ASSAY_PAST_EPOCHS ? before->past_count : ASSAY_PAST_EPOCHS - 1;
    for (uint32_t i = 0; i < keep; i++)
        next->past[i + 1] = before->past[i];
    next->past[0] = (struct assay_past){ .epoch = next->epoch,
                                         .t0_ms = before->head_time_ms,
                                         .has_roll = ledger->has_roll };
    assay_bytes_copy(next->past[0].base_id, 32, before->head_id, 32);
    if (ledger->has_roll) assay_bytes_copy(next->past[0].roll_root, 32, ledger->roll_root, 32);
    next->past_count = keep + 1;
    ASSAY_ASSERT(next->past_count <= ASSAY_PAST_EPOCHS);
    ASSAY_ASSERT(next->past_count > before->past_count || keep == ASSAY_PAST_EPOCHS - 1);
}

/* The counters as they stand after E's own view (docs/protocol.md 5.8). */
static void advance_counters(const struct assay_context *context, struct assay_close *s,
                             uint64_t view, struct assay_state *next)
{
    ASSAY_ASSERT(view > 0);
    uint64_t total = 0;
    for (uint32_t i = 0; i < next->member_count; i++) {
        assay_bytes_copy(s->node_id[i], 32, next->members[i].node_id, 32);
        total += s->weights_before[i];
    }
    ASSAY_ASSERT(total > 0);
    const struct assay_voter_table table = {
        .count = next->member_count,
        .weight = s->weights_before,
        .node_id = (const uint8_t(*)[32])s->node_id,
        .voting_key = context->voting,
        .total_weight = total,
    };
    uint16_t last = 0;
    for (uint64_t i = 0; i < view; i++)
        last = assay_leader_next(&table, next->counters);
    ASSAY_ASSERT(last < next->member_count && s->weights_before[last] > 0);
}

static void make_weights(const struct assay_close_rules *rules, const uint32_t *previous,
                         struct assay_close *s, struct assay_state *next,
                         struct assay_tolerance *tolerance)
{
    ASSAY_ASSERT(rules->groups->count == next->member_count);
    for (uint32_t i = 0; i < next->member_count; i++)
        s->trust[i] = next->members[i].trust;
    const struct assay_weight_input input = {
        .rules = &rules->weight, .groups = rules->groups, .trust = s->trust, .previous = previous
    };
    assay_weights(&input, s->weights_memory, s->weights_memory_len, s->weights_after, tolerance);
    for (uint32_t i = 0; i < next->member_count; i++) {
        ASSAY_ASSERT(s->weights_after[i] <= ASSAY_WEIGHT_UNIT);
        next->members[i].weight = s->weights_after[i];
    }
}

void assay_close(const struct assay_context *context, const struct assay_ledger *ledger,
                 const struct assay_close_rules *rules, uint64_t view, struct assay_close *scratch,
                 struct assay_state *next, struct assay_tolerance *tolerance)
{
    const struct assay_state *before = context->state;
    struct assay_tally_summary summary;
    ASSAY_ASSERT(next != before && next->members != before->members);
    ASSAY_ASSERT(assay_context_holds(context) && next->member_count == before->member_count);
    ASSAY_ASSERT(ledger->height >= before->head_height);
    gather(context, ledger, scratch);
    const struct assay_tally_input input = {
        .epoch = context->epoch,
        .roll_present = ledger->has_roll,
        .rules = &rules->score,
        .groups = rules->groups,
        .weights = scratch->weights_before,
        .members = scratch->members,
        .rows = scratch->rows,
        .trust = scratch->trust,
    };
    assay_tally_epoch(&input, scratch->tally_memory, scratch->tally_memory_len, scratch->trust,
                      scratch->results, &summary);
    assay_state_copy(next, before);
    next->epoch = context->epoch;
    next->certified = summary.certified;
    if (summary.certified) next->certified_epoch = next->epoch;
    for (uint32_t i = 0; i < next->member_count; i++)
        settle_member(before, ledger, scratch, i, next);
    remember_epoch(before, ledger, next);
    advance_counters(context, scratch, view, next);
    make_weights(rules, scratch->weights_before, scratch, next, tolerance);
    ASSAY_ASSERT(next->epoch == before->epoch + 1 && next->certified_epoch <= next->epoch);
    ASSAY_ASSERT(assay_state_holds(next));
}

void assay_close_genesis_weights(const struct assay_close_rules *rules, struct assay_close *scratch,
                                 struct assay_state *state, struct assay_tolerance *tolerance)
{
    ASSAY_ASSERT(assay_state_holds(state));
    ASSAY_ASSERT(state->epoch == 0);
    make_weights(rules, NULL, scratch, state, tolerance);
}
