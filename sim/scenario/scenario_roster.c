/*
 * sim/scenario/scenario_roster.c - vendor, operator, platform and cohort of every slot, and
 * reachability under partitions.
 *
 * Vendor, operator and platform are functions of the slot alone; cohorts depend on the seed, so
 * that no result depends on which slots are an attacker's.
 */
#include "sim/scenario/scenario.h"

#include "base/assert.h"
#include "sim/scenario/random.h"

#include <stdlib.h>

enum { BP = 10000 };

/* With shares the vendors follow each other in the roster: the first slot of each. */
static uint32_t first_of_vendor(const struct assay_scenario *s, uint32_t vendor)
{
    uint64_t before = 0;
    for (uint32_t v = 0; v < vendor; v++)
        before += s->vendor_share_bp[v];
    return (uint32_t)(s->nodes * before / BP);
}

uint32_t assay_scenario_vendor(const struct assay_scenario *scenario, uint32_t slot)
{
    ASSAY_ASSERT(slot < scenario->nodes);
    if (!scenario->has_vendor_shares) return slot % scenario->vendors;
    uint32_t vendor = scenario->vendors - 1;
    while (vendor > 0 && slot < first_of_vendor(scenario, vendor))
        vendor--;
    return vendor;
}

uint32_t assay_scenario_operator(const struct assay_scenario *scenario, uint32_t slot)
{
    ASSAY_ASSERT(slot < scenario->nodes);
    return slot % scenario->operators;
}

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
    while (b != 0) {
        const uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Masked slots are spread over vendors and operators: a step without a common divisor with the
 * number of nodes visits every slot once. */
static bool is_masked(const struct assay_scenario *s, uint32_t slot)
{
    if (s->masked_bp == 0) return false;
    uint32_t step = (uint32_t)((uint64_t)s->nodes * 618 / 1000);
    while (common_divisor(step, s->nodes) != 1)
        step++;
    const uint64_t place = (uint64_t)slot * step % s->nodes;
    return place < (uint64_t)s->nodes * s->masked_bp / BP;
}

/* A platform has one vendor: adjacent slots of that vendor share it. Its name is its first slot. */
uint32_t assay_scenario_platform(const struct assay_scenario *scenario, uint32_t slot)
{
    if (is_masked(scenario, slot)) return UINT32_MAX;
    const uint32_t vendor = assay_scenario_vendor(scenario, slot);
    const uint32_t each = scenario->nodes_per_platform;
    if (scenario->has_vendor_shares) {
        const uint32_t first = first_of_vendor(scenario, vendor);
        return first + (slot - first) / each * each;
    }
    return slot / scenario->vendors / each * each * scenario->vendors + vendor;
}

static bool matches_cohort(const struct assay_scenario *s, const struct assay_sim_cohort *c,
                           uint32_t slot)
{
    if (c->has_vendor && assay_scenario_vendor(s, slot) != c->vendor) return false;
    return !c->has_operator || assay_scenario_operator(s, slot) == c->operator_;
}

uint32_t assay_scenario_cohort_matching(const struct assay_scenario *scenario, uint32_t cohort)
{
    ASSAY_ASSERT(cohort < scenario->cohort_count);
    uint32_t matching = 0;
    for (uint32_t slot = 0; slot < scenario->nodes; slot++)
        matching += matches_cohort(scenario, &scenario->cohorts[cohort], slot) ? 1 : 0;
    return matching;
}

uint32_t assay_scenario_cohort_size(const struct assay_scenario *scenario, uint32_t cohort)
{
    ASSAY_ASSERT(cohort > 0);
    const uint32_t matching = assay_scenario_cohort_matching(scenario, cohort);
    const struct assay_sim_cohort *c = &scenario->cohorts[cohort];
    return c->count > 0 ? c->count : (uint32_t)((uint64_t)matching * c->share_bp / BP);
}

/* A permutation of all slots, shuffled by the seed; each cohort takes its first matching ones. */
void assay_scenario_cohorts(const struct assay_scenario *scenario, uint64_t seed,
                            uint8_t *cohort_of)
{
    const uint32_t n = scenario->nodes;
    uint32_t *deck = calloc(n, sizeof *deck);
    ASSAY_ASSERT(deck != NULL);
    struct assay_sim_random random = assay_sim_random_of(seed, ASSAY_SIM_STREAM_COHORT, 0, 0);
    for (uint32_t i = 0; i < n; i++) {
        cohort_of[i] = 0;
        const uint32_t k = (uint32_t)assay_sim_random_below(&random, i + 1);
        deck[i] = deck[k];
        deck[k] = i;
    }
    for (uint32_t c = 1; c < scenario->cohort_count; c++) {
        uint32_t wanted = assay_scenario_cohort_size(scenario, c);
        for (uint32_t i = 0; i < n && wanted > 0; i++) {
            if (cohort_of[deck[i]] != 0 ||
                !matches_cohort(scenario, &scenario->cohorts[c], deck[i]))
                continue;
            cohort_of[deck[i]] = (uint8_t)c;
            wanted--;
        }
    }
    free(deck);
}

static bool is_on_side_a(const struct assay_scenario *s, const struct assay_sim_partition *p,
                         const uint8_t *cohort_of, uint32_t slot)
{
    if (p->by_cohort) return cohort_of[slot] == p->cohort;
    return slot < (uint64_t)s->nodes * p->share_bp / BP;
}

bool assay_scenario_receives(const struct assay_scenario *scenario, const uint8_t *cohort_of,
                             uint64_t epoch, uint32_t from, uint32_t to)
{
    if (from == to) return true;
    if (scenario->heal_epoch != 0 && epoch >= scenario->heal_epoch) return true;
    for (uint32_t i = 0; i < scenario->partition_count; i++) {
        const struct assay_sim_partition *p = &scenario->partitions[i];
        if (epoch < p->start_epoch || (p->stop_epoch != 0 && epoch >= p->stop_epoch)) continue;
        const bool from_a = is_on_side_a(scenario, p, cohort_of, from);
        if (from_a == is_on_side_a(scenario, p, cohort_of, to)) continue;
        if (from_a ? !p->b_receives_a : !p->a_receives_b) return false;
    }
    return true;
}
