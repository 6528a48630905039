/* tests/unit/sim/epochs_fixture.c - fixture of the epoch simulator */
#include "tests/unit/sim/epochs_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

struct assay_scenario fixture_scenario(uint32_t nodes)
{
    struct assay_scenario s = assay_scenario_default();
    s.fidelity = ASSAY_SIM_FIDELITY_EPOCH;
    s.nodes = nodes;
    s.operators = nodes < 100 ? nodes : 100;
    s.epochs = 10;
    s.link.loss_permille = 0;
    return s;
}

uint32_t fixture_cohort(struct assay_scenario *s, const char *name, uint32_t count)
{
    const uint32_t number = s->cohort_count++;
    struct assay_sim_cohort *c = &s->cohorts[number];
    *c = (struct assay_sim_cohort){ .count = count };
    (void)snprintf(c->name, sizeof c->name, "%s", name);
    return number;
}

struct assay_sim_adversary *fixture_attack(struct assay_scenario *s, enum assay_sim_attack attack,
                                           uint32_t cohort, uint32_t victims, uint64_t start,
                                           uint64_t stop)
{
    struct assay_sim_adversary *a = &s->adversaries[s->adversary_count++];
    *a = (struct assay_sim_adversary){ .attack = attack,
                                       .cohort = cohort,
                                       .victims = victims,
                                       .start_epoch = start,
                                       .stop_epoch = stop,
                                       .rate_permille = 1000 };
    return a;
}

void fixture_open(struct fixture *f, const struct assay_scenario *s, uint64_t seed,
                  uint32_t threads)
{
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    *f = (struct fixture){ .scenario = *s, .options = { .seed = seed, .threads = threads } };
    cr_assert_eq(assay_scenario_check(&f->scenario, message), ASSAY_OK, "%s", message);
    assay_sim_outcome_init(&f->outcome);
    cr_assert_eq(assay_sim_epochs_create(&f->scenario, &f->options, &f->outcome, &f->world),
                 ASSAY_OK);
}

uint64_t fixture_ticks(struct fixture *f, uint64_t ticks)
{
    uint64_t closed = 0;
    for (uint64_t i = 0; i < ticks; i++)
        closed += assay_sim_epochs_tick(f->world);
    return closed;
}

void fixture_close(struct fixture *f)
{
    assay_sim_epochs_end(f->world);
    for (size_t i = 0; i < ASSAY_SIM_CHECKER_COUNT; i++)
        cr_expect_eq(f->outcome.checks[i].violated, 0, "%s: %s (epoch %llu)",
                     assay_sim_checker_name((enum assay_sim_checker)i),
                     f->outcome.checks[i].message,
                     (unsigned long long)f->outcome.checks[i].first_epoch);
    assay_sim_epochs_destroy(&f->world);
    assay_sim_outcome_free(&f->outcome);
}

uint32_t fixture_slot(const struct fixture *f, uint32_t cohort)
{
    const uint8_t *of = assay_sim_epochs_cohorts(f->world);
    for (uint32_t i = 0; i < f->scenario.nodes; i++)
        if (of[i] == cohort) return i;
    cr_assert(false, "nobody is of cohort %u", cohort);
    return 0;
}

const struct assay_trust_state *fixture_trust(const struct fixture *f, uint32_t slot)
{
    return &assay_sim_epochs_state(f->world)->members[slot].trust;
}
