/*
 * sim/rules/eigentrust.c - EigenTrust over the ballots of all epochs so far.
 *
 * s_ij counts the epochs in which i voted PASS for j less those in which it voted ABSENT or FAIL.
 * The published algorithm gives shares of one; a score here is the share over an equal share, at
 * most 10000. Trust is transitive in it, which is why it does not fit evidence that everyone can
 * verify.
 */
#include "sim/rules/eigentrust.h"

#include "base/assert.h"
#include "sim/rules/internal.h"

enum { ROOM_BITS = 23 }; /* 2^40 of trust and 23 bits of room below it: 63 bits, no overflow */

_Static_assert(UINT64_C(1) * ASSAY_SCORING_MEMBERS_MAX * INT16_MAX < UINT64_C(1) << 29,
               "a row of local trust sums up in 29 bits");

void assay_sim_eigentrust_start(const struct assay_sim_eigentrust *graph, uint64_t *trust)
{
    for (uint32_t j = 0; j < graph->count; j++)
        trust[j] = ASSAY_SIM_EIGENTRUST_ONE * graph->pretrust[j] / graph->pretrust_sum;
}

static uint64_t positive_part(int16_t local)
{
    return local > 0 ? (uint64_t)local : 0;
}

/* Distributes the trust of one rater. Returns: undirected trust. */
static uint64_t distribute_trust(const struct assay_sim_eigentrust *graph, uint32_t rater,
                                 uint64_t trust, uint64_t *restrict flow)
{
    const int16_t *row = &graph->local[(size_t)rater * graph->count];
    uint64_t sum = 0;
    for (uint32_t j = 0; j < graph->count; j++)
        sum += positive_part(row[j]);
    sum -= positive_part(row[rater]); /* no member rates itself */
    if (sum == 0) return trust;
    /* sum * unit <= trust << 23, so all flows together stay below 2^63 + count. */
    const uint64_t unit = (trust << ROOM_BITS) / sum;
    const uint64_t own = flow[rater];
    for (uint32_t j = 0; j < graph->count; j++)
        flow[j] += positive_part(row[j]) * unit;
    flow[rater] = own;
    return 0;
}

/* Returns: false when the round changed nothing: then no later one would. */
static bool run_round(const struct assay_sim_eigentrust *graph, uint64_t *trust, uint64_t *flow)
{
    uint64_t undirected = 0;
    for (uint32_t j = 0; j < graph->count; j++)
        flow[j] = 0;
    for (uint32_t i = 0; i < graph->count; i++)
        undirected += distribute_trust(graph, i, trust[i], flow);
    ASSAY_ASSERT(undirected <= ASSAY_SIM_EIGENTRUST_ONE);
    bool changed = false;
    for (uint32_t j = 0; j < graph->count; j++) {
        const uint64_t pre = ASSAY_SIM_EIGENTRUST_ONE * graph->pretrust[j] / graph->pretrust_sum;
        const uint64_t given = undirected * graph->pretrust[j] / graph->pretrust_sum;
        const uint64_t inflow = (flow[j] >> ROOM_BITS) + given;
        const uint64_t next =
            (inflow * (ASSAY_SCORE_BP_MAX - graph->pre_bp) + pre * graph->pre_bp) /
            ASSAY_SCORE_BP_MAX;
        changed = changed || next != trust[j];
        trust[j] = next;
    }
    return changed;
}

void assay_sim_eigentrust_rounds(const struct assay_sim_eigentrust *graph, uint32_t rounds,
                                 uint64_t *trust, uint64_t *flow)
{
    ASSAY_ASSERT(graph->count >= 1 && graph->count <= ASSAY_SCORING_MEMBERS_MAX);
    ASSAY_ASSERT(graph->pretrust_sum > 0);
    ASSAY_ASSERT(graph->pre_bp >= 1 && graph->pre_bp <= ASSAY_SCORE_BP_MAX);
    for (uint32_t round = 0; round < rounds && run_round(graph, trust, flow); round++) {
    }
}

static struct assay_sim_eigentrust graph_of(const struct assay_sim_rules *rules)
{
    return (struct assay_sim_eigentrust){
        .count = rules->count,
        .local = rules->local,
        .pretrust = rules->pretrust,
        .pretrust_sum = rules->pretrust_sum,
        .pre_bp = rules->options.eigentrust_pre_bp,
    };
}

/* An equal share of all trust is a full score. */
static uint16_t share_bp(uint64_t trust, uint32_t count)
{
    const uint64_t shares = trust * count >> 20; /* 2^40 * 2^14 fits; 2^20 is one share */
    const uint64_t score = ASSAY_SCORE_BP_MAX * shares >> 20;
    return score < ASSAY_SCORE_BP_MAX ? (uint16_t)score : (uint16_t)ASSAY_SCORE_BP_MAX;
}

static void note_outcome(int16_t *local, int delta)
{
    const int sum = *local + delta;
    if (sum >= INT16_MIN && sum <= INT16_MAX) *local = (int16_t)sum;
}

static void note_row(struct assay_sim_rules *rules, uint32_t rater, const uint8_t *row)
{
    int16_t *local = &rules->local[(size_t)rater * rules->count];
    const uint32_t *platform = rules->options.groups->platform;
    for (uint32_t j = 0; j < rules->count; j++) {
        if (platform[j] == platform[rater]) continue; /* no member rates its own platform */
        const struct assay_faults *faults = &rules->asked[j].faults;
        switch (assay_votes_row_get(row, j)) {
        case ASSAY_OUTCOME_PASS_UP_TO_DATE:
        case ASSAY_OUTCOME_PASS_NEEDS_HARDENING:
        case ASSAY_OUTCOME_PASS_OUT_OF_DATE: note_outcome(&local[j], 1); break;
        case ASSAY_OUTCOME_ABSENT: note_outcome(&local[j], -1); break;
        case ASSAY_OUTCOME_FAIL_SOFT:
        case ASSAY_OUTCOME_FAIL_HARD:
            if (faults->own_fail_soft || faults->own_fail_hard) note_outcome(&local[j], -1);
            break;
        }
    }
}

void rules_eigentrust_start(struct assay_sim_rules *rules)
{
    const struct assay_sim_eigentrust graph = graph_of(rules);
    assay_sim_eigentrust_start(&graph, rules->global);
    for (uint32_t slot = 0; slot < rules->count; slot++)
        rules_set_score(rules, slot, share_bp(rules->global[slot], rules->count));
}

/* A new member has no history: the trust that its slot had is dropped. */
void rules_eigentrust_join(struct assay_sim_rules *rules, uint32_t slot)
{
    for (uint32_t other = 0; other < rules->count; other++) {
        rules->local[(size_t)slot * rules->count + other] = 0;
        rules->local[(size_t)other * rules->count + slot] = 0;
    }
    rules->global[slot] = 0;
    rules_set_score(rules, slot, 0);
}

void rules_eigentrust_step(struct assay_sim_rules *rules, const struct assay_sim_rules_input *input)
{
    for (uint32_t rater = 0; rater < rules->count; rater++)
        if (input->rows[rater] != NULL) note_row(rules, rater, input->rows[rater]);
    const struct assay_sim_eigentrust graph = graph_of(rules);
    assay_sim_eigentrust_rounds(&graph, rules->options.eigentrust_rounds, rules->global,
                                rules->flow);
    for (uint32_t slot = 0; slot < rules->count; slot++) {
        const bool convicted = rules_convicted(rules, &input->members[slot]);
        const uint16_t score = share_bp(rules->global[slot], rules->count);
        rules_set_score(rules, slot, convicted ? 0 : score);
    }
}
