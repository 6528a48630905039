/*
 * apps/sim/report/report_schedule.c - planned faults of a scenario, with their epochs.
 *
 * An entry has kind, what, who (not of the complete network), from and, unless it lasts to the end,
 * to: its last epoch.
 */
#include "apps/sim/report/report.h"

#include <stdarg.h>

struct plan {
    const struct assay_scenario *scenario;
    struct assay_json *list;
};

__attribute__((format(printf, 4, 5))) static struct assay_json *add(const struct plan *p,
                                                                    const char *kind, uint64_t from,
                                                                    const char *format, ...)
{
    char what[200];
    va_list words;
    struct assay_json *const entry = assay_json_object();
    va_start(words, format);
    (void)vsnprintf(what, sizeof what, format, words);
    va_end(words);
    assay_json_set_text(entry, "kind", kind);
    assay_json_set_text(entry, "what", what);
    assay_json_set_uint(entry, "from", from > 0 ? from : 1);
    assay_json_append(p->list, entry);
    return entry;
}

static const char *cohort_name(const struct plan *p, uint32_t c)
{
    return p->scenario->cohorts[c].name;
}

static void put_members(struct assay_json *entry, const struct plan *p, uint32_t c)
{
    assay_json_set_text(entry, "who", cohort_name(p, c));
}

/* stop: the first epoch without it; 0: it lasts to the end. */
static void put_stop(struct assay_json *entry, uint64_t stop)
{
    if (stop > 0) assay_json_set_uint(entry, "to", stop - 1);
}

static void put_once(struct assay_json *entry, uint64_t epoch)
{
    assay_json_set_uint(entry, "to", epoch > 0 ? epoch : 1);
}

static void add_attack(const struct plan *p, const struct assay_sim_adversary *a)
{
    const char *const name = assay_sim_attack_name(a->attack);
    struct assay_json *const entry =
        a->rate_permille == 1000
            ? add(p, "attack", a->start_epoch, "%s", name)
            : add(p, "attack", a->start_epoch, "%s, in %u of 1000", name, a->rate_permille);
    put_members(entry, p, a->cohort);
    put_stop(entry, a->stop_epoch);
}

static void add_partition(const struct plan *p, const struct assay_sim_partition *cut)
{
    const char *const way = cut->a_receives_b   ? "a one-way cut: reaches no other node"
                            : cut->b_receives_a ? "a one-way cut: is reached by no other node"
                                                : "a cut";
    struct assay_json *const entry =
        cut->by_cohort ? add(p, "partition", cut->start_epoch, "%s", way)
                       : add(p, "partition", cut->start_epoch, "%s; the first %u.%02u %%", way,
                             cut->share_bp / 100, cut->share_bp % 100);
    if (cut->by_cohort) put_members(entry, p, cut->cohort);
    put_stop(entry, cut->stop_epoch);
}

static void add_crash(const struct plan *p, const struct assay_sim_crash *c)
{
    const char *const outage = c->pauses                  ? "stands still"
                               : c->loses_store           ? "dies, and its store is lost"
                               : c->loses_log             ? "dies, and its log is lost unnoticed"
                               : c->rolls_back_epochs > 0 ? "dies, and starts from an older disk"
                                                          : "dies";
    struct assay_json *const entry =
        c->at_epoch > 0 ? add(p, "crash", c->at_epoch, "%s for %u ms", outage, c->down_ms)
                        : add(p, "crash", 1, "%s for %u ms, in %u of 1000 epochs", outage,
                              c->down_ms, c->rate_permille);
    if (!c->all_members) put_members(entry, p, c->cohort);
    if (c->at_epoch > 0) put_once(entry, c->at_epoch);
    else put_stop(entry, p->scenario->heal_epoch);
}

static void add_clock(const struct plan *p, const struct assay_sim_clock *c)
{
    const uint64_t T = p->scenario->epoch_ms > 0 ? p->scenario->epoch_ms : 1;
    struct assay_json *const entry =
        c->ahead_s > 0 ? add(p, "clock", c->at_ms / T + 1, "date %u s ahead", c->ahead_s)
                       : add(p, "clock", c->at_ms / T + 1, "date %u s behind", c->behind_s);
    if (c->by_cohort) put_members(entry, p, c->cohort);
    if (c->for_ms > 0) assay_json_set_uint(entry, "to", (c->at_ms + c->for_ms) / T + 1);
    else put_stop(entry, p->scenario->heal_epoch);
}

static void add_change(const struct plan *p, const struct assay_sim_change *c)
{
    const char *const name = assay_sim_action_name(c->action);
    struct assay_json *const entry = c->flaw == ASSAY_SIM_FLAW_NONE
                                         ? add(p, "change", c->at_epoch, "change: %s", name)
                                         : add(p, "change", c->at_epoch, "change: %s, flawed: %s",
                                               name, assay_sim_flaw_name(c->flaw));
    if (c->by_cohort || c->action == ASSAY_SIM_ACTION_REST || c->action == ASSAY_SIM_ACTION_WAKE ||
        c->action == ASSAY_SIM_ACTION_LEAVE || c->action == ASSAY_SIM_ACTION_MAINTENANCE)
        put_members(entry, p, c->cohort);
    put_once(entry, c->at_epoch);
}

static void add_day(const struct plan *p, const struct assay_sim_day *d)
{
    struct assay_json *const entry =
        d->flaw == ASSAY_SIM_DAY_NONE
            ? add(p, "collateral", d->at_epoch, "%s of vendor %u",
                  d->recovery ? "a TCB recovery" : "newer collateral", d->vendor)
            : add(p, "collateral", d->at_epoch, "collateral of vendor %u, flawed: %s", d->vendor,
                  assay_sim_day_flaw_name(d->flaw));
    if (d->by_cohort) put_members(entry, p, d->cohort);
    put_once(entry, d->at_epoch);
}

struct assay_json *sim_report_schedule(const struct assay_scenario *scenario)
{
    const struct assay_scenario *const s = scenario;
    const struct plan p = { s, assay_json_array() };
    for (uint32_t i = 0; i < s->adversary_count; i++)
        add_attack(&p, &s->adversaries[i]);
    for (uint32_t i = 0; i < s->partition_count; i++)
        add_partition(&p, &s->partitions[i]);
    for (uint32_t i = 0; i < s->crash_count; i++)
        add_crash(&p, &s->crashes[i]);
    for (uint32_t i = 0; i < s->clock_count; i++)
        add_clock(&p, &s->clocks[i]);
    for (uint32_t i = 0; i < s->change_count; i++)
        add_change(&p, &s->changes[i]);
    for (uint32_t i = 0; i < s->day_count; i++)
        add_day(&p, &s->days[i]);
    for (uint32_t i = 0; i < s->recover_count; i++)
        put_once(add(&p, "era", s->recovers[i].at_epoch, "operators end the era"),
                 s->recovers[i].at_epoch);
    if (s->heal_epoch > 0) (void)add(&p, "heal", s->heal_epoch, "all faults but attacks end");
    return p.list;
}
