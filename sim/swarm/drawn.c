/*
 * sim/swarm/drawn.c - kinds of faults of a scenario.
 */
#include "sim/swarm/drawn.h"

#include "base/assert.h"

static void find_crashes(const struct assay_scenario *s, bool has[static ASSAY_SIM_DRAWN_COUNT])
{
    for (uint32_t i = 0; i < s->crash_count; i++) {
        const struct assay_sim_crash *const c = &s->crashes[i];
        if (c->pauses) has[ASSAY_SIM_DRAWN_PAUSES] = true;
        else has[ASSAY_SIM_DRAWN_CRASHES] = true;
        if (c->loses_store) has[ASSAY_SIM_DRAWN_LOST_STORES] = true;
        if (c->rolls_back_epochs > 0) has[ASSAY_SIM_DRAWN_OLD_DISKS] = true;
        if (c->loses_log) has[ASSAY_SIM_DRAWN_LOST_LOGS] = true;
    }
    const struct assay_sim_store_faults *const f = &s->store;
    if (f->lost_permille + f->torn_permille + f->rolled_back_permille > 0)
        has[ASSAY_SIM_DRAWN_OLD_DISKS] = true;
}

static void find_dates(const struct assay_scenario *s, bool has[static ASSAY_SIM_DRAWN_COUNT])
{
    for (uint32_t i = 0; i < s->clock_count; i++) {
        const struct assay_sim_clock *const c = &s->clocks[i];
        if (c->ahead_s > 0) has[ASSAY_SIM_DRAWN_DATES_AHEAD] = true;
        if (c->behind_s > 0) has[ASSAY_SIM_DRAWN_DATES_BEHIND] = true;
        if (!c->by_cohort && c->share_bp == 10000) has[ASSAY_SIM_DRAWN_DATES_OF_ALL] = true;
    }
}

static void find_proposals(const struct assay_scenario *s, bool has[static ASSAY_SIM_DRAWN_COUNT])
{
    const struct assay_sim_proposals *const p = &s->proposals;
    if (!assay_scenario_proposes(s)) return;
    has[ASSAY_SIM_DRAWN_PROPOSALS] = true;
    has[ASSAY_SIM_DRAWN_LIARS] = p->liars > 0 && p->floods + p->forged_permille > 0;
    has[ASSAY_SIM_DRAWN_MISUSED] =
        s->adversary_count > 0 && (p->replayed + p->held_permille > 0 || p->bars || p->omits);
    has[ASSAY_SIM_DRAWN_RAISED] = p->level < ASSAY_SIM_LEVEL_REVIEWS;
}

/* Faults that coincide with other events. */
static void find_coincidences(const struct assay_scenario *s,
                              bool has[static ASSAY_SIM_DRAWN_COUNT])
{
    for (uint32_t i = 0; i < s->change_count; i++)
        for (uint32_t k = 0; k < s->crash_count; k++)
            if (s->changes[i].action == ASSAY_SIM_ACTION_OPERATORS &&
                s->crashes[k].at_epoch == s->changes[i].at_epoch + 1 && !s->crashes[k].pauses)
                has[ASSAY_SIM_DRAWN_AWAY] = true;
    for (uint32_t i = 0; i < s->adversary_count; i++)
        for (uint32_t k = 0; k < s->day_count; k++)
            if (s->adversaries[i].attack == ASSAY_SIM_ATTACK_TAMPER &&
                s->adversaries[i].start_epoch == s->days[k].at_epoch + 2)
                has[ASSAY_SIM_DRAWN_TRIALS] = true;
}

/* Topology, roster, links, and the services that there are. */
static void find_parts(const struct assay_scenario *s, bool has[static ASSAY_SIM_DRAWN_COUNT])
{
    has[ASSAY_SIM_DRAWN_OVERLAY] = s->nodes - s->spares > s->overlay_above;
    has[ASSAY_SIM_DRAWN_DUPLICATES] = s->link.duplicate_permille > 0;
    has[ASSAY_SIM_DRAWN_REORDERED] = s->link.reorder_permille > 0;
    has[ASSAY_SIM_DRAWN_SHARED_PLATFORMS] = s->nodes_per_platform > 1;
    has[ASSAY_SIM_DRAWN_MASKED] = s->masked_bp > 0;
    has[ASSAY_SIM_DRAWN_COLLATERAL] = s->day_count > 0;
    has[ASSAY_SIM_DRAWN_CONTINUITY] = s->services.groups > 0;
    has[ASSAY_SIM_DRAWN_TASKS] = s->services.requestors > 0;
    has[ASSAY_SIM_DRAWN_SHARES] = s->services.share_clusters > 0;
}

bool assay_sim_effect_of(enum assay_sim_effect effect, const struct assay_sim_outcome *outcome)
{
#define ASSAY_SIM_EFFECT_SEEN(symbol, figure, name, line)                                          \
    case ASSAY_SIM_EFFECT_##symbol: return outcome->figures[ASSAY_SIM_FIGURE_##figure][0] > 0;
    switch (effect) {
        ASSAY_SIM_EFFECT_LIST(ASSAY_SIM_EFFECT_SEEN)
    case ASSAY_SIM_EFFECT_COUNT: break;
    }
#undef ASSAY_SIM_EFFECT_SEEN
    ASSAY_UNREACHABLE("every effect returns");
}

const char *assay_sim_effect_name(enum assay_sim_effect effect)
{
#define ASSAY_SIM_EFFECT_NAME(symbol, figure, name, line)                                          \
    case ASSAY_SIM_EFFECT_##symbol: return name;
    switch (effect) {
        ASSAY_SIM_EFFECT_LIST(ASSAY_SIM_EFFECT_NAME)
    case ASSAY_SIM_EFFECT_COUNT: break;
    }
#undef ASSAY_SIM_EFFECT_NAME
    ASSAY_UNREACHABLE("every effect returns");
}

void assay_sim_swarm_count_drawn(const struct assay_scenario *scenario,
                                 uint64_t counts[static ASSAY_SIM_DRAWN_COUNT])
{
    const struct assay_scenario *const s = scenario;
    const struct assay_scenario usual = assay_scenario_default();
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
    has[ASSAY_SIM_DRAWN_TINY] = s->nodes - s->spares < 4;
    has[ASSAY_SIM_DRAWN_CAPS] =
        s->operator_cap_num != usual.operator_cap_num || s->vendor_cap_num != usual.vendor_cap_num;
    has[ASSAY_SIM_DRAWN_REGIONS] = s->link.regions_01_ms > 0;
    has[ASSAY_SIM_DRAWN_SLOW] = s->link.delay_min_ms >= s->epoch_ms / 8;
    has[ASSAY_SIM_DRAWN_LONG] = s->epochs >= 130;
    has[ASSAY_SIM_DRAWN_SEVERAL_ERAS] = s->recover_count > 1;
    has[ASSAY_SIM_DRAWN_QUOTA_ABUSERS] = assay_scenario_serves(s) && s->services.quota_abusers > 0;
    has[ASSAY_SIM_DRAWN_HANDOVERS] =
        s->services.groups > 0 && s->services.forged_handovers_permille > 0;
    has[ASSAY_SIM_DRAWN_STARVED] =
        assay_scenario_serves(s) && s->services.share_clusters > 0 && s->services.share_starved > 0;
    has[ASSAY_SIM_DRAWN_FENCED] = s->recover_count > 0 && s->recovers[0].by_cohort;
    has[ASSAY_SIM_DRAWN_OLD_OPERATORS] = s->old_operators_epoch > 0;
    for (uint32_t i = 0; i < s->crash_count; i++)
        if (s->crashes[i].down_ms > 130 * (uint64_t)s->epoch_ms) has[ASSAY_SIM_DRAWN_ABSENT] = true;
    find_parts(s, has);
    find_coincidences(s, has);
    find_proposals(s, has);
    has[ASSAY_SIM_DRAWN_WORKLOAD_KEYS] = assay_scenario_has_workload_keys(s);
    has[ASSAY_SIM_DRAWN_GROUP_KEY] = assay_scenario_has_group_key(s);
    for (uint32_t i = 0; i < s->adversary_count; i++)
        if (s->adversaries[i].attack == ASSAY_SIM_ATTACK_MISDEAL && s->services.group_key)
            has[ASSAY_SIM_DRAWN_MISDEALS] = true;
    has[ASSAY_SIM_DRAWN_NAMES] = s->services.granted_names > 0;
    for (uint32_t i = 0; i < s->adversary_count; i++)
        if (s->adversaries[i].attack == ASSAY_SIM_ATTACK_MISNAME && s->services.granted_names > 0)
            has[ASSAY_SIM_DRAWN_MISNAMES] = true;
    has[ASSAY_SIM_DRAWN_KEY_SESSIONS] = s->services.key_sessions;
    for (uint32_t i = 0; i < s->adversary_count; i++)
        if (s->adversaries[i].attack == ASSAY_SIM_ATTACK_MISSIGN && s->services.key_sessions)
            has[ASSAY_SIM_DRAWN_MISSIGNS] = true;
    has[ASSAY_SIM_DRAWN_NEW_KEYS] = assay_scenario_changes_keys(s);
    has[ASSAY_SIM_DRAWN_STOLEN_KEYS] = assay_scenario_changes_keys(s) && s->old_operators_epoch > 0;
    for (uint32_t i = 0; i < s->change_count; i++) {
        const struct assay_sim_change *const c = &s->changes[i];
        if (c->epoch_ms + c->block_len_max + c->operator_cap_bp > 0)
            has[ASSAY_SIM_DRAWN_PARAMETERS] = true;
    }
    for (uint32_t i = 0; i < s->change_count; i++)
        if (s->changes[i].action == ASSAY_SIM_ACTION_JOIN) has[ASSAY_SIM_DRAWN_JOINS] = true;
    for (uint32_t i = 1; i < s->change_count; i++)
        if (s->changes[i].action == ASSAY_SIM_ACTION_JOIN &&
            s->changes[i - 1].action == ASSAY_SIM_ACTION_LEAVE &&
            s->changes[i - 1].cohort == s->changes[i].cohort &&
            s->changes[i].at_epoch >= s->changes[i - 1].at_epoch + 12)
            has[ASSAY_SIM_DRAWN_RETURNS] = true;
    find_crashes(s, has);
    find_dates(s, has);
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

const char *assay_sim_swarm_never(uint64_t seeds,
                                  const uint64_t drawn[static ASSAY_SIM_DRAWN_COUNT],
                                  const uint64_t effects[static ASSAY_SIM_EFFECT_COUNT])
{
    enum { ENOUGH = 1000 };
    if (seeds < ENOUGH) return NULL;
    for (uint32_t i = 0; i < ASSAY_SIM_DRAWN_COUNT; i++)
        if (drawn[i] == 0) return assay_sim_drawn_name((enum assay_sim_drawn)i);
    for (uint32_t i = 0; i < ASSAY_SIM_EFFECT_COUNT; i++)
        if (effects[i] == 0) return assay_sim_effect_name((enum assay_sim_effect)i);
    return NULL;
}
