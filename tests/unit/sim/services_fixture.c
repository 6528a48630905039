/*
 * tests/unit/sim/services_fixture.c - see the header.
 */
#include "tests/unit/sim/services_fixture.h"

#include "sim/run.h"

#include <criterion/criterion.h>

struct assay_scenario served_scenario(uint32_t nodes, uint64_t epochs)
{
    struct assay_scenario s = assay_scenario_default();
    s.fidelity = ASSAY_SIM_FIDELITY_MESSAGE;
    s.nodes = s.operators = nodes;
    s.epochs = epochs;
    s.epoch_ms = 1000;
    return s;
}

void served_disturb(struct assay_scenario *s, uint64_t seed)
{
    s->link.loss_permille = (uint32_t)(seed * 37 % 120);
    s->link.duplicate_permille = (uint32_t)(seed * 53 % 300);
    s->link.reorder_permille = (uint32_t)(seed * 29 % 200);
    s->link.reorder_ms = 200;
    s->heal_epoch = s->epochs * 3 / 4;
    s->progress_epochs = 8;
    if (seed % 3 != 0)
        s->crashes[s->crash_count++] = (struct assay_sim_crash){
            .all_members = true, .rate_permille = 20 * (uint32_t)(seed % 3), .down_ms = 700
        };
}

void served_run(const struct assay_scenario *s, uint64_t seed, struct served_total *total)
{
    const struct assay_sim_options options = { .seed = seed, .threads = 1 };
    struct assay_sim_outcome o;
    char message[ASSAY_SIM_MESSAGE_MAX];
    cr_assert_eq(assay_scenario_check(s, message), ASSAY_OK, "%s", message);
    cr_assert_eq(assay_sim_run(s, &options, &o), ASSAY_OK);
    for (int c = 0; c < ASSAY_SIM_CHECKER_COUNT; c++) {
        cr_assert_eq(o.checks[c].violated, 0, "seed %llu, %s: %s", (unsigned long long)seed,
                     assay_sim_checker_name((enum assay_sim_checker)c), o.checks[c].message);
        total->looked[c] += o.checks[c].checked;
    }
    for (int f = 0; f < ASSAY_SIM_FIGURE_COUNT; f++)
        total->figures[f] += o.figures[f][0];
    assay_sim_outcome_free(&o);
}
