/*
 * sim/checkers/watch_shares.c - checkers of gains of weight (docs/protocol.md 6.3.2): self-harm,
 * amplification.
 *
 * Both cover every union of members at once, and neither repeats how weights are made.
 *
 * Self-harm. A union raises its share by harming itself exactly when a member outside it loses
 * share. So in an epoch in which integrity fell and rose nowhere, and roster and rules stayed, no
 * platform on which nothing fell may have less of the table than before.
 *
 * Amplification. A union of u of the live units (integrity, one unit a platform) holds at most B u
 * / (B u + 1 - u) of the table exactly when no platform has more than B times the weight a live
 * unit of another.
 */
#include "sim/checkers/watch_internal.h"

#include "base/assert.h"
#include "scoring/weight.h"

#include <stdlib.h>

struct unit {
    uint64_t live, weight, weight_before, ids;
    bool dropped;
};

/* Weight before all cuts (docs/protocol.md 6.0). */
static uint64_t raw_weight(const struct assay_member *m)
{
    if (m->stage != ASSAY_STAGE_MEMBER) return 0;
    return m->trust.integrity.standing == ASSAY_STANDING_SUSPENDED ? 0 : m->trust.integrity_bp;
}

/* Whether integrity only fell in the epoch. */
static bool has_only_drops(const struct assay_watch_epoch *epoch)
{
    if (epoch->before->member_count != epoch->after->member_count) return false;
    if (assay_watch_roster_changed(epoch)) return false;
    if (!assay_state_rules_equal(&epoch->before->rules, &epoch->after->rules)) return false;
    for (uint32_t i = 0; i < epoch->after->member_count; i++) {
        const struct assay_member *was = &epoch->before->members[i];
        const struct assay_member *is = &epoch->after->members[i];
        if (!assay_watch_same_member(epoch, i) || was->stage != is->stage) return false;
        if (raw_weight(is) > raw_weight(was)) return false;
    }
    return true;
}

static void check_self_harm(const struct assay_watch_epoch *epoch, const struct unit *units,
                            uint64_t before, uint64_t after)
{
    const struct assay_sim_watch *w = epoch->watch;
    bool any = false;
    for (uint32_t g = 0; g < w->platform_count; g++)
        any = any || units[g].dropped;
    if (!any || !has_only_drops(epoch)) return;
    for (uint32_t g = 0; g < w->platform_count; g++) {
        const struct unit *u = &units[g];
        /* One unit of rounding for each id. */
        if (u->dropped || (u->weight + u->ids) * before >= u->weight_before * after) continue;
        assay_sim_report_check(w->outcome, ASSAY_SIM_CHECKER_SELF_HARM, epoch->closed->epoch,
                               "others harmed themselves and took share: platform %u had %llu of "
                               "%llu, has %llu of %llu",
                               g, (unsigned long long)u->weight_before, (unsigned long long)before,
                               (unsigned long long)u->weight, (unsigned long long)after);
        return;
    }
    assay_sim_report_check(w->outcome, ASSAY_SIM_CHECKER_SELF_HARM, epoch->closed->epoch, NULL);
}

/* >0: a has more weight a live unit. */
static bool is_heavier(const struct unit *a, const struct unit *b)
{
    return a->weight * b->live > b->weight * a->live;
}

static void check_amplification(const struct assay_watch_epoch *epoch, const struct unit *units)
{
    const struct assay_sim_watch *w = epoch->watch;
    const uint64_t percent = assay_parameters_amplification(&epoch->after->rules.parameters);
    const struct unit *most = NULL, *least = NULL;
    for (uint32_t g = 0; g < w->platform_count; g++) {
        if (units[g].live == 0) continue;
        if (most == NULL || is_heavier(&units[g], most)) most = &units[g];
        if (least == NULL || is_heavier(least, &units[g])) least = &units[g];
    }
    if (most == NULL) return; /* an empty table is refused: the previous one stays (6.4) */
    if (100 * most->weight * least->live <= percent * (least->weight + 2 * least->ids) * most->live)
        assay_sim_report_check(w->outcome, ASSAY_SIM_CHECKER_AMPLIFICATION, epoch->closed->epoch,
                               NULL);
    else
        assay_sim_report_check(w->outcome, ASSAY_SIM_CHECKER_AMPLIFICATION, epoch->closed->epoch,
                               "%llu live units weigh %llu and %llu weigh %llu: more than %llu %%",
                               (unsigned long long)most->live, (unsigned long long)most->weight,
                               (unsigned long long)least->live, (unsigned long long)least->weight,
                               (unsigned long long)percent);
}

void assay_watch_shares(const struct assay_watch_epoch *epoch)
{
    const struct assay_sim_watch *w = epoch->watch;
    const struct assay_scenario *s = w->scenario;
    uint64_t before = 0, after = 0;
    /* Rules that fail, kept for comparison, derive weights from other values. */
    if (s->weight_source != ASSAY_SIM_WEIGHT_INTEGRITY || s->rule != ASSAY_SIM_RULE_INTERVAL)
        return;
    struct unit *units = calloc(w->platform_count, sizeof *units);
    ASSAY_ASSERT(units != NULL);
    for (uint32_t i = 0; i < epoch->after->member_count; i++) {
        const struct assay_member *is = &epoch->after->members[i];
        const bool is_new = i >= epoch->before->member_count;
        const struct assay_member *was = is_new ? is : &epoch->before->members[i];
        struct unit *u = &units[w->platform[i]];
        u->live += raw_weight(is);
        u->weight += is->weight;
        u->weight_before += was->weight;
        u->ids++;
        u->dropped = u->dropped || raw_weight(is) < raw_weight(was);
        before += was->weight;
        after += is->weight;
    }
    for (uint32_t g = 0; g < w->platform_count; g++)
        if (units[g].live > ASSAY_WEIGHT_UNIT) units[g].live = ASSAY_WEIGHT_UNIT;
    check_self_harm(epoch, units, before, after);
    check_amplification(epoch, units);
    free(units);
}
