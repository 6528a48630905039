/*
 * tests/mutants/suite_dates.c - whole networks whose dates are wrong for a while: epochs go on, at
 * half pace where the chain is ahead, nobody falls for it, and header times stay with time.
 */
#include "sim/run.h"
#include "tests/mutants/trial.h"

#include "base/assert.h"

#include <stdio.h>

enum { EPOCH_MS = 60000, EPOCHS = 12, HOUR = 3600, EXPECTED_MAX = 3 };

struct expectation {
    enum assay_sim_checker checker;
    const char *text;
};

struct dates_row {
    struct assay_sim_clock clock;
    struct expectation expected[EXPECTED_MAX];
};

#define NEEDS(name, text)                                                                          \
    {                                                                                              \
        ASSAY_SIM_CHECKER_##name, text                                                             \
    }

static const struct dates_row cases[] = {
    /* All ahead for three epochs, then right: the chain is ahead for an hour and a half. */
    { { .share_bp = 10000, .at_ms = 130000, .for_ms = 180000, .ahead_s = 2700 },
      { NEEDS(LIVENESS, "epochs >= 7"), NEEDS(LIVENESS, "views_nullified <= 8") } },
    /* The same by two days. */
    { { .share_bp = 10000, .at_ms = 130000, .for_ms = 180000, .ahead_s = 48 * HOUR },
      { NEEDS(LIVENESS, "epochs >= 7"), NEEDS(LIVENESS, "views_nullified <= 8") } },
    /* Half of them back by an hour: whose leaders have the right date find no quorum for it. */
    { { .share_bp = 5000, .at_ms = 130000, .for_ms = 400000, .behind_s = HOUR },
      { NEEDS(LIVENESS, "epochs >= 10"), NEEDS(LIVENESS, "views_nullified <= 24") } },
    /* Everybody back by an hour, for good. */
    { { .share_bp = 10000, .at_ms = 130000, .behind_s = HOUR },
      { NEEDS(LIVENESS, "epochs >= 6"), NEEDS(LIVENESS, "views_nullified <= 8") } },
    /* One ahead by half a day: what it proposes nobody takes, and time does not follow it. */
    { { .share_bp = 2500, .at_ms = 130000, .ahead_s = 12 * HOUR },
      { NEEDS(LIVENESS, "epochs >= 11"), NEEDS(LIVENESS, "views_nullified <= 24") } },
};
enum { CASES = sizeof cases / sizeof cases[0] };

static void expect(struct assay_scenario *s, const struct assay_sim_outcome *o,
                   const struct expectation *expected, struct trial_finding *finding)
{
    char assignment[ASSAY_SIM_NAME_MAX * 2 + 32];
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    int64_t actual = 0;
    (void)snprintf(assignment, sizeof assignment, "assertions[%u]=%s", s->assertion_count,
                   expected->text);
    const enum assay_status status = assay_scenario_set(s, assignment, message);
    ASSAY_ASSERT(status == ASSAY_OK);
    if (!assay_sim_assertion_holds(&s->assertions[s->assertion_count - 1], o, &actual))
        trial_found(finding, expected->checker, "%s: it is %lld", expected->text,
                    (long long)actual);
}

void trial_dates(uint64_t seed, struct trial_finding *finding)
{
    static const struct expectation always[] = {
        NEEDS(P1, "unjust_falls == 0"),
        NEEDS(JUSTICE, "unjust_offences == 0"),
    };
    const struct dates_row *row = &cases[seed % CASES];
    struct assay_scenario s = assay_scenario_default();
    const struct assay_sim_options options = { .seed = seed, .threads = 1 };
    struct assay_sim_outcome o;
    s.fidelity = ASSAY_SIM_FIDELITY_MESSAGE;
    s.nodes = s.operators = 4;
    s.epochs = EPOCHS;
    s.epoch_ms = EPOCH_MS;
    s.clock_count = 1;
    s.clocks[0] = row->clock;
    const enum assay_status status = assay_sim_run(&s, &options, &o);
    ASSAY_ASSERT(status == ASSAY_OK);
    trial_violations(&o, finding);
    for (size_t i = 0; i < EXPECTED_MAX && row->expected[i].text != NULL; i++)
        expect(&s, &o, &row->expected[i], finding);
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        expect(&s, &o, &always[i], finding);
    assay_sim_outcome_free(&o);
}
