/*
 * tests/mutants/suite_changes.c - whole networks whose operators change roster, rules and
 * themselves (docs/protocol.md 9.5 to 9.9). Of each seed one case.
 */
#include "tests/mutants/trial.h"

#include <stdio.h>

enum { NODES = 7, MOVED = 1, EXPECTED_MAX = 4, CHANGES_MAX = 14 };

#define ALL(symbol, epoch)                                                                         \
    .action = ASSAY_SIM_ACTION_##symbol, .at_epoch = (epoch), .given_to = NODES
#define ACT(symbol, epoch) ALL(symbol, epoch), .by_cohort = true, .cohort = MOVED
#define FLAW(symbol)       .flaw = ASSAY_SIM_FLAW_##symbol

struct changes_row {
    uint32_t moved, spares, epochs;
    struct assay_sim_change changes[CHANGES_MAX];
    struct assay_sim_crash crash;         /* down_ms 0: none */
    struct assay_sim_partition partition; /* stop_epoch 0: none */
    uint32_t nodes_per_platform;
    bool slow; /* links take half of the time that an answer is waited for */
    struct trial_expectation expected[EXPECTED_MAX];
};

static const struct changes_row cases[] = {
    /* What is signed badly. */
    { 1,
      0,
      10,
      { { ACT(REST, 2), FLAW(FEW_SIGNATURES) },
        { ACT(REST, 2), FLAW(STRANGER) },
        { ACT(REST, 3), FLAW(FORGED) },
        { ACT(MAINTENANCE, 3), .epochs = 1, FLAW(STRANGER) } },
      .expected = { NEEDS(CHANGES, "changes_taken == 0"), NEEDS(CHANGES, "members_final == 7") } },
    /* What is numbered, dated or drafted badly. */
    { 1,
      0,
      12,
      { { ACT(REST, 2), FLAW(SEQUENCE) },
        { ACT(REST, 3), FLAW(NEAR) },
        { ACT(REST, 4), FLAW(UNFIT) },
        { ACT(REST, 5), FLAW(ERA) },
        { ACT(REST, 6), FLAW(FORCE) },
        { ACT(REST, 7), FLAW(DOCUMENT) } },
      .expected = { NEEDS(CHANGES, "changes_taken == 0"), NEEDS(CHANGES, "members_final == 7") } },
    /* The same once more while it waits, and after. */
    { 1,
      0,
      16,
      { { .action = ASSAY_SIM_ACTION_REST,
          .at_epoch = 2,
          .ahead_epochs = 8,
          .by_cohort = true,
          .cohort = MOVED,
          .given_to = NODES },
        { ACT(REST, 4), FLAW(REPLAY) },
        { ALL(POLICY, 5), FLAW(SEQUENCE) },
        { ACT(WAKE, 12) } },
      .expected = { NEEDS(CHANGES, "changes_taken == 2"), NEEDS(CHANGES, "changes_active == 2") } },
    /* A member rests while its machine is off, and serves again. */
    { 1,
      0,
      16,
      { { ACT(REST, 2) }, { ACT(WAKE, 9) } },
      .crash = { .cohort = MOVED, .at_epoch = 5, .down_ms = 2500 },
      .expected = { NEEDS(CHANGES, "changes_active == 2"),
                    NEEDS(LIVENESS, "views_nullified <= 8") } },
    /* One leaves; a spare comes too soon for its slot, another later into it. */
    { 1,
      1,
      28,
      { { ACT(LEAVE, 2) }, { ACT(JOIN, 7) }, { ACT(JOIN, 16) } },
      .expected = { NEEDS(CHANGES, "changes_active == 3"), NEEDS(CHANGES, "members_final == 8") } },
    /* Half and half: two actions in one change. */
    { 2,
      1,
      12,
      { { ACT(REST, 2), .count = 1 },
        { ACT(JOIN, 2), .with_before = true },
        { ACT(PARAMETERS, 2), .with_before = true } },
      .expected = { NEEDS(CHANGES, "changes_active == 1") } },
    /* Two of seven fail by a policy: it goes back, and stays when it is forced. */
    { 2,
      0,
      20,
      { { ACT(POLICY, 3) }, { ACT(POLICY, 9), .forces = true } },
      .expected = { NEEDS(CHANGES, "changes_reverted == 1"), NEEDS(CHANGES, "changes_active == 2"),
                    NEEDS(CHANGES, "offences moved == 2") } },
    /* One of seven: it stays. */
    { 1,
      0,
      12,
      { { ACT(POLICY, 3) } },
      .expected = { NEEDS(CHANGES, "changes_reverted == 0"),
                    NEEDS(CHANGES, "offences moved == 1") } },
    /* One fails at once, the other an epoch later: together they are two. */
    { 0,
      0,
      14,
      { { .action = ASSAY_SIM_ACTION_POLICY,
          .at_epoch = 3,
          .by_cohort = true,
          .cohort = 0,
          .count = 2,
          .given_to = NODES } },
      .partition = { .start_epoch = 5, .stop_epoch = 6, .share_bp = 1500 },
      .expected = { NEEDS(CHANGES, "changes_reverted == 1"),
                    NEEDS(CHANGES, "integrity_final_min_bp honest == 10000") } },
    /* Two of seven are away while it comes, and fail when they come back; others wait for it. */
    { 2,
      0,
      32,
      { { ACT(POLICY, 3) }, { ALL(PARAMETERS, 6) } },
      .partition = { .start_epoch = 5, .stop_epoch = 14, .by_cohort = true, .cohort = MOVED },
      .expected = { NEEDS(CHANGES, "changes_reverted == 1"), NEEDS(CHANGES, "changes_active == 1"),
                    NEEDS(CHANGES, "offences moved == 0") } },
    /* They are away for good, and operators do not wait for them. */
    { 2,
      0,
      24,
      { { ACT(POLICY, 3) }, { ACT(REST, 6) }, { ALL(POLICY, 10) } },
      .crash = { .cohort = MOVED, .at_epoch = 4, .down_ms = 60000 },
      .expected = { NEEDS(CHANGES, "changes_active == 3"),
                    NEEDS(CHANGES, "changes_reverted == 0") } },
    /* And in the epoch before nobody could judge them. */
    { 2,
      0,
      24,
      { { ACT(POLICY, 5) } },
      .partition = { .start_epoch = 6, .stop_epoch = 8, .by_cohort = true, .cohort = MOVED },
      .expected = { NEEDS(CHANGES, "changes_reverted == 1"),
                    NEEDS(CHANGES, "offences moved == 0") } },
    /* Absence that was announced, and beyond what may be. */
    { 1,
      0,
      16,
      { { ACT(MAINTENANCE, 2), .epochs = 8 },
        { .action = ASSAY_SIM_ACTION_MAINTENANCE,
          .at_epoch = 3,
          .ahead_epochs = 60,
          .by_cohort = true,
          .cohort = MOVED,
          .epochs = 56,
          .given_to = NODES },
        { .action = ASSAY_SIM_ACTION_MAINTENANCE,
          .at_epoch = 5,
          .ahead_epochs = 300,
          .by_cohort = true,
          .cohort = MOVED,
          .epochs = 1,
          .given_to = NODES } },
      .crash = { .cohort = MOVED, .at_epoch = 5, .down_ms = 3500 },
      .expected = { NEEDS(CHANGES, "changes_taken == 2"),
                    NEEDS(CHANGES, "score_min_bp moved == 10000") } },
    /* More operators, of whom more must sign. */
    { 1,
      0,
      14,
      { { ACT(OPERATORS, 2) }, { ACT(REST, 7), FLAW(FEW_SIGNATURES) }, { ACT(REST, 8) } },
      .expected = { NEEDS(CHANGES, "changes_taken == 2"), NEEDS(CHANGES, "changes_active == 2") } },
    /* A newcomer on a platform that has an offence. */
    { 2,
      1,
      20,
      { { ACT(POLICY, 3), .count = 1 }, { ALL(POLICY, 6) }, { ACT(JOIN, 9) } },
      .nodes_per_platform = 2,
      .expected = { NEEDS(CHANGES, "changes_active == 3") } },
    /* The power goes at a boundary. */
    { 1,
      1,
      14,
      { { ACT(REST, 2) }, { ACT(JOIN, 2), .with_before = true }, { ACT(WAKE, 7) } },
      .crash = { .all_members = true, .at_epoch = 4, .down_ms = 400 },
      .expected = { NEEDS(LIVENESS, "epochs >= 12") } },
    /* A disk goes back, and the next boundary comes before its keys were replaced. */
    { 1,
      0,
      12,
      { { ALL(PARAMETERS, 3) }, { ALL(POLICY, 5) } },
      .crash = { .cohort = MOVED, .at_epoch = 6, .down_ms = 300, .rolls_back_epochs = 3 },
      .expected = { NEEDS(SIGNED_ONCE, "offences moved == 0") } },
    /* Boundary after boundary, while two come back from crashes and ask what they signed. */
    { 2,
      0,
      40,
      { { ALL(POLICY, 2) },
        { ALL(POLICY, 3) },
        { ALL(POLICY, 4) },
        { ALL(POLICY, 5) },
        { ALL(POLICY, 6) },
        { ALL(POLICY, 7) },
        { ALL(POLICY, 8) },
        { ALL(POLICY, 9) },
        { ALL(POLICY, 10) },
        { ALL(POLICY, 11) },
        { ALL(POLICY, 12) },
        { ALL(POLICY, 13) } },
      .crash = { .cohort = MOVED, .rate_permille = 1000, .down_ms = 50 },
      .slow = true,
      .expected = { NEEDS(CHANGES, "changes_reverted == 0") } },
};
enum { CASES = sizeof cases / sizeof cases[0] };

/* What a row leaves out. */
static void add(struct assay_scenario *s, const struct assay_sim_change *change)
{
    struct assay_sim_change *c = &s->changes[s->change_count++];
    *c = *change;
    if (c->ahead_epochs == 0) c->ahead_epochs = 2;
    if (c->epochs == 0) c->epochs = 1;
    c->vendor_cap_num = 40;
    c->vendor_cap_den = 100;
}

/* Members from the beginning; with platforms, those that share the spare's. */
static void choose(struct assay_scenario *s, const struct changes_row *row, uint64_t seed)
{
    struct assay_sim_cohort *c = &s->cohorts[s->cohort_count++];
    *c = (struct assay_sim_cohort){ .count = row->moved };
    (void)snprintf(c->name, sizeof c->name, "moved");
    c->has_operator = row->moved == 1;
    c->operator_ = (uint32_t)(seed % NODES);
    c->has_vendor = row->moved == 2;
    c->vendor =
        row->nodes_per_platform > 0 ? assay_scenario_vendor(s, s->nodes - 1) : (uint32_t)(seed % 3);
}

static struct assay_scenario scenario_of(const struct changes_row *row, uint64_t seed)
{
    struct assay_scenario s = assay_scenario_default();
    s.fidelity = ASSAY_SIM_FIDELITY_MESSAGE;
    s.nodes = s.operators = NODES + row->spares;
    s.spares = row->spares;
    s.epochs = row->epochs;
    s.epoch_ms = 1000;
    if (row->slow) s.link = (struct assay_sim_link){ .delay_min_ms = 60, .delay_max_ms = 90 };
    if (row->nodes_per_platform > 0) s.nodes_per_platform = row->nodes_per_platform;
    choose(&s, row, seed);
    for (uint32_t i = 0; i < CHANGES_MAX && row->changes[i].at_epoch > 0; i++)
        add(&s, &row->changes[i]);
    if (row->crash.down_ms > 0) s.crashes[s.crash_count++] = row->crash;
    if (row->partition.stop_epoch > 0) s.partitions[s.partition_count++] = row->partition;
    return s;
}

void trial_changes(uint64_t seed, struct trial_finding *finding)
{
    static const struct trial_expectation always[] = {
        NEEDS(JUSTICE, "unjust_offences == 0"),
        NEEDS(P1, "unjust_drops == 0"),
    };
    const struct changes_row *row = &cases[seed % CASES];
    struct assay_scenario s = scenario_of(row, seed);
    struct assay_sim_outcome o;
    trial_scenario(&s, seed, &o, finding);
    trial_expect(&s, &o, row->expected, EXPECTED_MAX, finding);
    trial_expect(&s, &o, always, sizeof always / sizeof always[0], finding);
    assay_sim_outcome_free(&o);
}
