/*
 * tests/mutants/suite_links.c - whole networks in which one thing is scarce: envelopes, blocks,
 * records, time to judge.
 *
 * Ten nodes, every message an event, one case a seed. What the sound build does under each of them
 * is asserted, so that a case that shows nothing any more is noticed.
 */
#include "tests/mutants/trial.h"

#include "base/assert.h"

#include <stdio.h>

enum { SETTINGS_MAX = 14 };

struct link_case {
    const char *settings[SETTINGS_MAX];
    enum assay_sim_checker checker; /* whose promise the assertions are */
};

#define BAD(count, attack)                                                                         \
    "cohorts[1].name=bad", "cohorts[bad].count=" count, "adversaries[0].attack=" attack,           \
        "adversaries[0].cohort=bad", "adversaries[0].start_epoch=2"
#define LOSES(kind, permille) "link.loss_of=" kind, "link.loss_permille=" permille

static const struct link_case cases[] = {
    /* Four of ten make no evidence: nobody holds envelopes of more than two thirds, so nobody is
     * called absent and nobody falls (docs/protocol.md 4.3.1). */
    { { BAD("4", "quiet"), "assertions[0]=suspensions bad == 0",
        "assertions[1]=score_min_bp bad == 10000" },
      ASSAY_SIM_CHECKER_BALLOTS },
    /* One makes none: it is called absent, by who asked for it. */
    { { BAD("1", "quiet"), "assertions[0]=suspensions bad == 1",
        "assertions[1]=offences bad == 0" },
      ASSAY_SIM_CHECKER_BALLOTS },
    /* Three verdicts before a ballot is due: what is still being judged is not absent. */
    { { "verify_us=400000", "assertions[0]=score_min_bp honest == 10000",
        "assertions[1]=suspensions honest == 0" },
      ASSAY_SIM_CHECKER_BALLOTS },
    /* Most proposals are lost and view after view is nullified, with FAIL records waiting. */
    { { BAD("2", "tamper"), LOSES("proposal", "700"), "assertions[0]=views_nullified >= 8",
        "assertions[1]=unjust_offences == 0" },
      ASSAY_SIM_CHECKER_VALIDITY },
    /* Three of ten ballot over another roll, and a fourth has no evidence. */
    { { BAD("3", "other-roll"), "cohorts[2].name=quiet", "cohorts[quiet].count=1",
        "adversaries[1].attack=quiet", "adversaries[1].cohort=quiet",
        "assertions[0]=epochs_certified == 8", "assertions[1]=offences bad == 0",
        "assertions[2]=score_min_bp honest == 10000" },
      ASSAY_SIM_CHECKER_P10 },
    /* Four of ten do: too few ballots count, every score is HELD. */
    { { BAD("4", "other-roll"), "assertions[0]=epochs_certified == 1",
        "assertions[1]=epochs_held == 7", "assertions[2]=score_min_bp bad == 10000" },
      ASSAY_SIM_CHECKER_P11 },
    /* Evidence comes late or never, whatever is asked for. */
    { { LOSES("evidence", "800"), "assertions[0]=offences honest == 0" },
      ASSAY_SIM_CHECKER_BALLOTS },
    { { LOSES("envelope", "800"), "assertions[0]=offences honest == 0" },
      ASSAY_SIM_CHECKER_BALLOTS },
    /* Long enough for any budget that does not come back to be used up. */
    { { "nodes=4", "operators=4", "epochs=120", "assertions[0]=epochs_certified == 120" },
      ASSAY_SIM_CHECKER_LANES },
};
enum { CASES = sizeof cases / sizeof cases[0] };

static struct assay_scenario scenario_of(const struct link_case *c)
{
    struct assay_scenario s = assay_scenario_default();
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    s.fidelity = ASSAY_SIM_FIDELITY_MESSAGE;
    s.nodes = s.operators = 10;
    s.epochs = 8;
    for (size_t i = 0; i < SETTINGS_MAX && c->settings[i] != NULL; i++) {
        const enum assay_status status = assay_scenario_set(&s, c->settings[i], message);
        ASSAY_ASSERT(status == ASSAY_OK);
    }
    return s;
}

void trial_links(uint64_t seed, struct trial_finding *finding)
{
    const struct link_case *row = &cases[seed % CASES];
    const struct assay_scenario s = scenario_of(row);
    struct assay_sim_outcome o;
    trial_scenario(&s, seed, &o, finding);
    for (uint32_t i = 0; i < s.assertion_count; i++) {
        int64_t actual = 0;
        if (!assay_sim_assertion_holds(&s.assertions[i], &o, &actual))
            trial_found(finding, row->checker, "%s: it is %lld", s.assertions[i].text,
                        (long long)actual);
    }
    assay_sim_outcome_free(&o);
}
