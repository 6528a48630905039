/*
 * tests/mutants/suite_clocks.c - whole networks whose dates are wrong, or that stand still: epochs
 * go on, at half pace where the chain is ahead, nobody falls for it, and header times stay with
 * time.
 */
#include "tests/mutants/trial.h"

enum { EPOCH_MS = 60000, SHORT_MS = 2000, EPOCHS = 12, HOUR = 3600, EXPECTED_MAX = 3 };

struct clocks_row {
    struct assay_sim_clock clock; /* share_bp 0: none */
    uint32_t still_ms;            /* pauses of all machines in epochs of 2 s; 0: none */
    struct trial_expectation expected[EXPECTED_MAX];
};

static const struct clocks_row cases[] = {
    /* All ahead for three epochs, then right: the chain is ahead for an hour and a half. */
    { { .share_bp = 10000, .at_ms = 130000, .for_ms = 180000, .ahead_s = 2700 },
      0,
      { NEEDS(LIVENESS, "epochs >= 7"), NEEDS(LIVENESS, "views_nullified <= 8") } },
    /* The same by two days. */
    { { .share_bp = 10000, .at_ms = 130000, .for_ms = 180000, .ahead_s = 48 * HOUR },
      0,
      { NEEDS(LIVENESS, "epochs >= 7"), NEEDS(LIVENESS, "views_nullified <= 8") } },
    /* Half of them back by an hour: whose leaders have the right date find no quorum for it. */
    { { .share_bp = 5000, .at_ms = 130000, .for_ms = 400000, .behind_s = HOUR },
      0,
      { NEEDS(LIVENESS, "epochs >= 10"), NEEDS(LIVENESS, "views_nullified <= 24") } },
    /* Everybody back by an hour, for good. */
    { { .share_bp = 10000, .at_ms = 130000, .behind_s = HOUR },
      0,
      { NEEDS(LIVENESS, "epochs >= 6"), NEEDS(LIVENESS, "views_nullified <= 8") } },
    /* One ahead by half a day: what it proposes nobody takes, and time does not follow it. */
    { { .share_bp = 2500, .at_ms = 130000, .ahead_s = 12 * HOUR },
      0,
      { NEEDS(LIVENESS, "epochs >= 11"), NEEDS(LIVENESS, "views_nullified <= 24") } },
    /* All machines stand still for a third of an epoch, and for two. */
    { { 0 }, 700, { NEEDS(P1, "score_min_bp honest == 10000") } },
    { { 0 }, 4300, { NEEDS(P1, "score_min_bp honest == 10000") } },
};
enum { CASES = sizeof cases / sizeof cases[0] };

/* Messages take up to delta (docs/protocol.md 5.9): at every instant some are on their way. Slower
 * ones may cost a node its first epoch: keys without a log ask peers before they sign (2.7.3). */
static void stand_still(struct assay_scenario *s, uint32_t ms)
{
    s->epoch_ms = SHORT_MS;
    s->nodes = s->operators = 7;
    s->link.delay_min_ms = 1;
    s->link.delay_mean_ms = 60;
    s->link.delay_max_ms = SHORT_MS / 16;
    for (uint64_t epoch = 2; epoch < EPOCHS; epoch += 3)
        s->crashes[s->crash_count++] = (struct assay_sim_crash){
            .all_members = true, .at_epoch = epoch, .down_ms = ms, .pauses = true
        };
}

void trial_clocks(uint64_t seed, struct trial_finding *finding)
{
    static const struct trial_expectation always[] = {
        NEEDS(P1, "unjust_drops == 0"),
        NEEDS(JUSTICE, "unjust_offences == 0"),
    };
    const struct clocks_row *row = &cases[seed % CASES];
    struct assay_scenario s = assay_scenario_default();
    struct assay_sim_outcome o;
    s.fidelity = ASSAY_SIM_FIDELITY_MESSAGE;
    s.nodes = s.operators = 4;
    s.epochs = EPOCHS;
    s.epoch_ms = EPOCH_MS;
    if (row->clock.share_bp > 0) s.clocks[s.clock_count++] = row->clock;
    if (row->still_ms > 0) stand_still(&s, row->still_ms);
    trial_scenario(&s, seed, &o, finding);
    trial_expect(&s, &o, row->expected, EXPECTED_MAX, finding);
    trial_expect(&s, &o, always, sizeof always / sizeof always[0], finding);
    assay_sim_outcome_free(&o);
}
