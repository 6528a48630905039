/*
 * sim/world/dates.c - wrong dates of a scenario, and the checker of header times.
 */
#include "sim/world/run_internal.h"

enum { US = 1000, SLACK_MS_MAX = 5000 };

static bool clock_applies_to(const struct world_run *r, const struct assay_sim_clock *c,
                             uint32_t node)
{
    if (c->by_cohort) return r->cohort_of[node] == c->cohort;
    return node < (uint64_t)r->scenario->nodes * c->share_bp / 10000;
}

static bool clock_is_active(const struct world_run *r, const struct assay_sim_clock *c)
{
    const uint64_t now_ms = r->w->now_us / US;
    if (now_ms < c->at_ms) return false;
    return c->for_ms == 0 || now_ms - c->at_ms < c->for_ms;
}

/* Sets the dates of this instant; several errors add up. */
void world_run_dates(struct assay_sim_world *w)
{
    const struct world_run *r = w->run;
    for (uint32_t node = 0; node < r->scenario->nodes; node++) {
        int64_t seconds = 0;
        for (uint32_t i = 0; i < r->scenario->clock_count && !r->healed; i++) {
            const struct assay_sim_clock *c = &r->scenario->clocks[i];
            if (clock_applies_to(r, c, node) && clock_is_active(r, c))
                seconds += (int64_t)c->ahead_s - (int64_t)c->behind_s;
        }
        const int64_t date_us = seconds * 1000 * US;
        if (w->nodes[node].date_us != date_us) w->dated_us = w->now_us;
        w->nodes[node].date_us = date_us;
    }
}

void world_plan_dates(struct world_run *r)
{
    struct assay_sim_world *w = r->w;
    for (uint32_t i = 0; i < r->scenario->clock_count; i++) {
        const struct assay_sim_clock *c = &r->scenario->clocks[i];
        world_push(w, world_item(w, 0, ITEM_CLOCKS), c->at_ms * US);
        if (c->for_ms > 0)
            world_push(w, world_item(w, 0, ITEM_CLOCKS), (c->at_ms + c->for_ms) * US);
    }
    world_run_dates(w);
}

/* --- the checker */

/* The latest date at which honest nodes hold more than a third of the weight of seats (protocol.md
 * 5.22.2): each quorum contains that much honest weight less one third. Where traitors hold more
 * than a third, the result is what a quorum needs in addition to them. */
static uint64_t latest_date(const struct assay_sim_world *w)
{
    uint64_t dates[WORLD_NODES], weights[WORLD_NODES], total = 0, traitors = 0;
    uint32_t count = 0;
    for (uint32_t node = 0; node < w->options.nodes; node++) {
        const uint64_t weight = w->run != NULL ? w->run->before.members[node].seat_weight : 1;
        const uint64_t date_ms = world_unix_ms(w, node);
        total += w->run != NULL ? assay_member_row_weight(&w->run->before.members[node]) : 1;
        if (!world_is_trusted(w, node)) {
            traitors += weight;
            continue;
        }
        uint32_t at = count++;
        for (; at > 0 && dates[at - 1] < date_ms; at--) {
            dates[at] = dates[at - 1];
            weights[at] = weights[at - 1];
        }
        dates[at] = date_ms;
        weights[at] = weight;
    }
    uint64_t sum = 0;
    if (3 * traitors > 2 * total) return UINT64_MAX / 2; /* they form a quorum alone */
    for (uint32_t i = 0; i < count; i++) {
        sum += weights[i];
        if (3 * sum > total || 3 * (sum + traitors) > 2 * total) return dates[i];
    }
    return UINT64_MAX / 2; /* no third is honest: no guarantee */
}

/* protocol.md 4.5: a header time is not beyond what the latest date allows, nor ahead of the parent
 * by more than the time since a node first had it. Clock rates differ by one in a thousand. */
void world_check_time(struct assay_sim_world *w, const struct world_times *t)
{
    const uint64_t epoch_ms = t->epoch_ms;
    const uint64_t slack_ms = epoch_ms / 8 < SLACK_MS_MAX ? epoch_ms / 8 : SLACK_MS_MAX;
    world_count_check(w, ASSAY_SIM_CHECKER_VALIDITY);
    if (t->time_ms > t->parent_ms) {
        if (w->dated_us >= t->proposed_us) return; /* the date at the vote is unknown */
        if (t->time_ms <= latest_date(w) + slack_ms) return;
        const uint64_t passed_ms = (w->now_us - t->parent_us) / US;
        if (t->time_ms - t->parent_ms <= passed_ms + passed_ms / 1000 + 1) return;
    }
    world_report_violation(w, ASSAY_SIM_CHECKER_VALIDITY,
                           "the final block %llu has a time that nobody had: %llu, its parent %llu",
                           (unsigned long long)t->height, (unsigned long long)t->time_ms,
                           (unsigned long long)t->parent_ms);
}
