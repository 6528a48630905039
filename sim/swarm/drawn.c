/* sim/swarm/drawn.c - the faults of a scenario by kind (sim/swarm/drawn.h). */
#include "sim/swarm/drawn.h"

#include "base/assert.h"

static void see_crashes(const struct assay_scenario *s, bool has[static ASSAY_SIM_DRAWN_COUNT])
{
    for (uint32_t i = 0; i < s->crash_count; i++) {
        const struct assay_sim_crash *const c = &s->crashes[i];
        if (c->stands_still) has[ASSAY_SIM_DRAWN_PAUSES] = true;
        else has[ASSAY_SIM_DRAWN_CRASHES] = true;
        if (c->loses_store) has[ASSAY_SIM_DRAWN_LOST_STORES] = true;
        if (c->rolls_back_epochs > 0) has[ASSAY_SIM_DRAWN_OLD_DISKS] = true;
    }
    const struct assay_sim_store_faults *const f = &s->store;
    if (f->lost_permille + f->torn_permille + f->rolled_back_permille > 0)
        has[ASSAY_SIM_DRAWN_OLD_DISKS] = true;
}

static void see_dates(const struct assay_scenario *s, bool has[static ASSAY_SIM_DRAWN_COUNT])
{
    for (uint32_t i = 0; i < s->clock_count; i++) {
        const struct assay_sim_clock *const c = &s->clocks[i];
        if (c->ahead_s > 0) has[ASSAY_SIM_DRAWN_DATES_AHEAD] = true;
        if (c->behind_s > 0) has[ASSAY_SIM_DRAWN_DATES_BEHIND] = true;
        if (!c->by_cohort && c->share_bp == 10000) has[ASSAY_SIM_DRAWN_DATES_OF_ALL] = true;
    }
}

void assay_sim_swarm_count_drawn(const struct assay_scenario *scenario,
                                 uint64_t counts[static ASSAY_SIM_DRAWN_COUNT])
{
    const struct assay_scenario *const s = scenario;
    bool has[ASSAY_SIM_DRAWN_COUNT] = { 0 };
    ASSAY_ASSERT(s != NULL);
    has[ASSAY_SIM_DRAWN_TRAITORS] = s->adversary_count > 0;
    has[ASSAY_SIM_DRAWN_LOSS] = s->link.loss_permille > 0;
    has[ASSAY_SIM_DRAWN_BURNED] =
        s->link.loss_permille == 1000 && s->link.loss_of == ASSAY_SIM_LOSING_PROPOSAL;
    has[ASSAY_SIM_DRAWN_PARTITIONS] = s->partition_count > 0;
    has[ASSAY_SIM_DRAWN_CHANGES] = s->change_count > 0;
    has[ASSAY_SIM_DRAWN_ERAS] = s->recover_count > 0;
    has[ASSAY_SIM_DRAWN_SEATS] = s->seats_max < s->nodes;
    has[ASSAY_SIM_DRAWN_SERVICES] = assay_scenario_serves(s);
    for (uint32_t i = 0; i < s->change_count; i++)
        if (s->changes[i].action == ASSAY_SIM_ACTION_JOIN) has[ASSAY_SIM_DRAWN_JOINS] = true;
    see_crashes(s, has);
    see_dates(s, has);
    for (uint32_t i = 0; i < ASSAY_SIM_DRAWN_COUNT; i++)
        counts[i] += has[i];
}

const char *assay_sim_drawn_name(enum assay_sim_drawn drawn)
{
#define ASSAY_SIM_DRAWN_NAME(symbol, name, line)                                                   \
    case ASSAY_SIM_DRAWN_##symbol: return name;
    switch (drawn) {
        ASSAY_SIM_DRAWN_LIST(ASSAY_SIM_DRAWN_NAME)
    case ASSAY_SIM_DRAWN_COUNT: break;
    }
#undef ASSAY_SIM_DRAWN_NAME
    ASSAY_UNREACHABLE("every kind returns");
}
