/*
 * sim/swarm/minimize.c - minimisation of failing scenarios: fewer items, then smaller numbers, to a
 * fixed point.
 */
#include "sim/swarm/minimize.h"

#include "base/assert.h"

#include <string.h>

struct search {
    struct assay_scenario *best;
    const struct assay_sim_minimize *options;
    uint64_t tried, tries_max;
};

static bool is_exhausted(const struct search *s)
{
    return s->tried >= s->tries_max;
}

/* Accepts the candidate when it fails in the same way. */
static bool accept_if_failing(struct search *s, struct assay_scenario *candidate, const char *what)
{
    char message[ASSAY_SIM_MESSAGE_MAX];
    if (is_exhausted(s)) return false;
    if (assay_scenario_check(candidate, message) != ASSAY_OK) return false;
    s->tried++;
    if (!s->options->fails(s->options->context, candidate)) return false;
    *s->best = *candidate;
    if (s->options->smaller != NULL)
        s->options->smaller(s->options->context, s->best, what, s->tried);
    return true;
}

/* --- lists */
struct list {
    const char *what;
    size_t count_at, items_at, item_size;
};
#define LIST(what, count, items)                                                                   \
    {                                                                                              \
        (what), offsetof(struct assay_scenario, count), offsetof(struct assay_scenario, items),    \
            sizeof(((struct assay_scenario *)NULL)->items[0])                                      \
    }
enum { ADVERSARIES, PARTITIONS, CRASHES, CLOCKS, CHANGES, RECOVERS, DAYS, ASSERTIONS, LISTS };
static const struct list lists[LISTS] = {
    [ADVERSARIES] = LIST("adversaries", adversary_count, adversaries),
    [PARTITIONS] = LIST("partitions", partition_count, partitions),
    [CRASHES] = LIST("crashes", crash_count, crashes),
    [CLOCKS] = LIST("clocks", clock_count, clocks),
    [CHANGES] = LIST("changes", change_count, changes),
    [RECOVERS] = LIST("recovers", recover_count, recovers),
    [DAYS] = LIST("collateral", day_count, days),
    [ASSERTIONS] = LIST("assertions", assertion_count, assertions),
};

static uint32_t *count_of(struct assay_scenario *scenario, const struct list *list)
{
    return (uint32_t *)(void *)((uint8_t *)scenario + list->count_at);
}

static uint32_t count_in(const struct assay_scenario *scenario, const struct list *list)
{
    uint32_t count = 0;
    assay_bytes_copy(&count, sizeof count, (const uint8_t *)scenario + list->count_at,
                     sizeof count);
    return count;
}

/* Removes the items at .. at + chunk from the list. */
static void remove_items(struct assay_scenario *scenario, const struct list *list, uint32_t at,
                         uint32_t chunk)
{
    uint32_t *const count = count_of(scenario, list);
    uint8_t *const items = (uint8_t *)scenario + list->items_at;
    ASSAY_ASSERT(at + chunk <= *count);
    for (uint32_t i = at + chunk; i < *count; i++)
        assay_bytes_copy(items + (i - chunk) * list->item_size, list->item_size,
                         items + i * list->item_size, list->item_size);
    memset(items + (*count - chunk) * list->item_size, 0, chunk * list->item_size);
    *count -= chunk;
}

static bool shrink_list(struct search *s, const struct list *list)
{
    bool any = false;
    for (uint32_t chunk = count_in(s->best, list); chunk > 0; chunk /= 2) {
        uint32_t at = 0;
        while (at + chunk <= count_in(s->best, list)) {
            struct assay_scenario candidate = *s->best;
            remove_items(&candidate, list, at, chunk);
            if (accept_if_failing(s, &candidate, list->what)) any = true;
            else at += chunk; /* these are needed */
        }
    }
    return any;
}

/* --- cohorts, with everything that names them */
static void remove_cohort(struct assay_scenario *scenario, uint32_t gone)
{
    for (uint32_t i = scenario->adversary_count; i-- > 0;) {
        struct assay_sim_adversary *const a = &scenario->adversaries[i];
        if (a->cohort == gone) {
            remove_items(scenario, &lists[ADVERSARIES], i, 1);
            continue;
        }
        if (a->victims == gone) a->victims = 0;
        if (a->cohort > gone) a->cohort--;
        if (a->victims > gone) a->victims--;
    }
    for (uint32_t i = scenario->partition_count; i-- > 0;) {
        struct assay_sim_partition *const p = &scenario->partitions[i];
        if (p->by_cohort && p->cohort == gone) remove_items(scenario, &lists[PARTITIONS], i, 1);
        else if (p->cohort > gone) p->cohort--;
        else if (p->cohort == gone) p->cohort = 0;
    }
    for (uint32_t i = scenario->crash_count; i-- > 0;) {
        struct assay_sim_crash *const c = &scenario->crashes[i];
        if (c->cohort == gone) remove_items(scenario, &lists[CRASHES], i, 1);
        else if (c->cohort > gone) c->cohort--;
    }
    for (uint32_t i = scenario->clock_count; i-- > 0;) {
        struct assay_sim_clock *const c = &scenario->clocks[i];
        if (c->by_cohort && c->cohort == gone) remove_items(scenario, &lists[CLOCKS], i, 1);
        else if (c->cohort > gone) c->cohort--;
        else if (c->cohort == gone) c->cohort = 0;
    }
    for (uint32_t i = scenario->change_count; i-- > 0;) {
        struct assay_sim_change *const c = &scenario->changes[i];
        if (c->by_cohort && c->cohort == gone) remove_items(scenario, &lists[CHANGES], i, 1);
        else if (c->cohort > gone) c->cohort--;
        else if (c->cohort == gone) c->cohort = 0;
    }
    for (uint32_t i = scenario->day_count; i-- > 0;) {
        struct assay_sim_day *const c = &scenario->days[i];
        if (c->by_cohort && c->cohort == gone) remove_items(scenario, &lists[DAYS], i, 1);
        else if (c->cohort > gone) c->cohort--;
        else if (c->cohort == gone) c->cohort = 0;
    }
    for (uint32_t i = 0; i < scenario->recover_count; i++) {
        struct assay_sim_recover *const c = &scenario->recovers[i];
        if (c->cohort == gone) c->by_cohort = false;
        if (c->cohort >= gone && c->cohort > 0) c->cohort--;
        if (!c->by_cohort) c->cohort = 0;
    }
    for (uint32_t i = 0; i < scenario->assertion_count; i++) {
        struct assay_sim_assertion *const a = &scenario->assertions[i];
        if (a->cohort == gone) a->cohort = 0;
        else if (a->cohort > gone) a->cohort--;
    }
    const struct list cohorts = LIST("cohorts", cohort_count, cohorts);
    remove_items(scenario, &cohorts, gone, 1);
}

/* Whether a figure of this cohort is asserted. The text would name a removed cohort. */
static bool is_asserted(const struct assay_scenario *scenario, uint32_t cohort)
{
    for (uint32_t i = 0; i < scenario->assertion_count; i++)
        if (scenario->assertions[i].cohort == cohort) return true;
    return false;
}

static bool shrink_cohorts(struct search *s)
{
    bool any = false;
    for (uint32_t i = s->best->cohort_count; i-- > 1;) {
        if (is_asserted(s->best, i)) continue;
        struct assay_scenario candidate = *s->best;
        remove_cohort(&candidate, i);
        if (accept_if_failing(s, &candidate, "cohorts")) any = true;
    }
    return any;
}

/* --- numbers */
struct number {
    const char *what;
    size_t at;
    bool wide;
    uint64_t neutral;
};
#define NUMBER(field, neutral_)                                                                    \
    {                                                                                              \
#field, offsetof(struct assay_scenario, field),                                            \
            sizeof(((struct assay_scenario *)NULL)->field) == sizeof(uint64_t), (neutral_)         \
    }
/* In the order of the attempts: the largest reductions first. */
static const struct number numbers[] = { NUMBER(spares, 0),
                                         NUMBER(services.groups, 0),
                                         NUMBER(services.requestors, 0),
                                         NUMBER(services.enclaves, 1),
                                         NUMBER(services.clones, 1),
                                         NUMBER(services.updates, 0),
                                         NUMBER(services.reads, 0),
                                         NUMBER(services.old_states_permille, 0),
                                         NUMBER(services.replicas_die_permille, 0),
                                         NUMBER(services.enclaves_die_permille, 0),
                                         NUMBER(services.cutting_hosts_permille, 0),
                                         NUMBER(services.forged_permille, 0),
                                         NUMBER(services.forged_handovers_permille, 0),
                                         NUMBER(services.quota_abusers, 0),
                                         NUMBER(services.leavers_permille, 0),
                                         NUMBER(services.tasks_die_permille, 0),
                                         NUMBER(services.share_clusters, 0),
                                         NUMBER(services.secrets, 1),
                                         NUMBER(services.secret_reads, 0),
                                         NUMBER(services.share_liars, 0),
                                         NUMBER(services.share_starved, 0),
                                         NUMBER(services.holders_die_permille, 0),
                                         NUMBER(services.holders_lose_permille, 0),
                                         NUMBER(proposals.floods, 0),
                                         NUMBER(proposals.forged_permille, 0),
                                         NUMBER(proposals.replayed, 0),
                                         NUMBER(proposals.held_permille, 0),
                                         NUMBER(proposals.withdrawn_permille, 0),
                                         NUMBER(proposals.lapsed_permille, 0),
                                         NUMBER(proposals.replaced_permille, 0),
                                         NUMBER(proposals.liars, 0),
                                         NUMBER(services.key_crashes_permille, 0),
                                         NUMBER(services.key_disks_permille, 0),
                                         NUMBER(services.key_replaced, 0),
                                         NUMBER(services.later_key_retired, 0),
                                         NUMBER(services.granted_names, 0),
                                         NUMBER(workload_keys.declared_permille, 0),
                                         NUMBER(workload_keys.restarts_permille, 0),
                                         NUMBER(workload_keys.lacking_permille, 0),
                                         NUMBER(workload_keys.changed_permille, 0),
                                         NUMBER(workload_keys.upgrades_permille, 0),
                                         NUMBER(store.lost_permille, 0),
                                         NUMBER(store.torn_permille, 0),
                                         NUMBER(store.rolled_back_permille, 0),
                                         NUMBER(link.loss_permille, 0),
                                         NUMBER(link.duplicate_permille, 0),
                                         NUMBER(link.reorder_permille, 0),
                                         NUMBER(link.reorder_ms, 0),
                                         NUMBER(link.bandwidth_kbit_s, 0),
                                         NUMBER(overlay_above, 64),
                                         NUMBER(overlay_degree, 8),
                                         NUMBER(skew_ms, 0),
                                         NUMBER(drift_ppm, 0),
                                         NUMBER(masked_bp, 0),
                                         NUMBER(nodes_per_platform, 1),
                                         NUMBER(quote_ms, 0),
                                         NUMBER(verify_us, 0),
                                         NUMBER(link.delay_max_ms, 1),
                                         NUMBER(link.delay_mean_ms, 1),
                                         NUMBER(link.delay_min_ms, 1),
                                         NUMBER(heal_epoch, 0) };
enum { NUMBERS = sizeof numbers / sizeof numbers[0] };

static uint64_t number_in(const struct assay_scenario *scenario, size_t at, bool wide)
{
    uint64_t value64 = 0;
    uint32_t value32 = 0;
    const uint8_t *const from = (const uint8_t *)scenario + at;
    if (wide) assay_bytes_copy(&value64, sizeof value64, from, sizeof value64);
    else assay_bytes_copy(&value32, sizeof value32, from, sizeof value32);
    return wide ? value64 : value32;
}

static void set_number(struct assay_scenario *scenario, size_t at, bool wide, uint64_t value)
{
    uint8_t *const to = (uint8_t *)scenario + at;
    const uint32_t narrow = (uint32_t)value;
    if (wide) assay_bytes_copy(to, sizeof value, &value, sizeof value);
    else assay_bytes_copy(to, sizeof narrow, &narrow, sizeof narrow);
}

/* Makes a candidate with another value, and adjusts what depends on it. */
typedef void set_value_fn(struct assay_scenario *candidate, size_t at, bool wide, uint64_t value);

/* The value nearest to neutral that still fails, assuming one boundary. */
static bool shrink_number(struct search *s, const struct number *n, set_value_fn *put)
{
    uint64_t failing = number_in(s->best, n->at, n->wide);
    uint64_t other = n->neutral; /* presumably does not fail */
    if (failing == other) return false;
    struct assay_scenario candidate = *s->best;
    put(&candidate, n->at, n->wide, other);
    if (accept_if_failing(s, &candidate, n->what)) return true;

    bool any = false;
    while (!is_exhausted(s)) {
        const uint64_t high = failing > other ? failing : other;
        const uint64_t low = failing > other ? other : failing;
        if (high - low <= 1) break;
        const uint64_t middle = low + (high - low) / 2;
        candidate = *s->best;
        put(&candidate, n->at, n->wide, middle);
        if (accept_if_failing(s, &candidate, n->what)) {
            failing = middle;
            any = true;
        } else {
            other = middle;
        }
    }
    return any;
}

enum { NODES_MIN = 4 }; /* members at genesis */

static void set_nodes(struct assay_scenario *candidate, size_t at, bool wide, uint64_t value)
{
    set_number(candidate, at, wide, value);
    if (candidate->operators > value) candidate->operators = (uint32_t)value;
    if (candidate->vendors > value) candidate->vendors = (uint32_t)value;
    const uint64_t most = value > NODES_MIN ? value - NODES_MIN : 0;
    if (candidate->spares > most) candidate->spares = (uint32_t)most;
}

/* A run that ends before its bound of progress shows no stall. */
static void set_epochs(struct assay_scenario *candidate, size_t at, bool wide, uint64_t value)
{
    set_number(candidate, at, wide, value);
    if (candidate->heal_epoch == 0 ||
        candidate->heal_epoch + candidate->progress_epochs <= candidate->epochs)
        return;
    candidate->heal_epoch =
        value > candidate->progress_epochs ? value - candidate->progress_epochs : 0;
}

static bool shrink_size(struct search *s)
{
    static const struct number nodes = NUMBER(nodes, 1);
    static const struct number epochs = NUMBER(epochs, 1);
    bool any = shrink_number(s, &nodes, set_nodes);
    any = shrink_number(s, &epochs, set_epochs) || any;
    return any;
}

static bool shrink_numbers(struct search *s)
{
    bool any = false;
    for (size_t i = 0; i < NUMBERS; i++)
        any = shrink_number(s, &numbers[i], set_number) || any;
    return any;
}

/* --- what exists or not. A group key needs members: it goes before their number does. */
static const struct {
    const char *what;
    size_t at;
} switches[] = {
    { "sessions of a group key", offsetof(struct assay_scenario, services.key_sessions) },
    { "group keys", offsetof(struct assay_scenario, services.group_key) },
    { "added tasks", offsetof(struct assay_scenario, services.later_tasks) },
    { "barred statements", offsetof(struct assay_scenario, proposals.bars) },
    { "omitted statements", offsetof(struct assay_scenario, proposals.omits) },
};
enum { SWITCHES = sizeof switches / sizeof switches[0] };

static bool is_on(const struct assay_scenario *scenario, size_t at)
{
    return *((const uint8_t *)scenario + at) != 0;
}

static bool shrink_switches(struct search *s)
{
    bool any = false;
    for (size_t i = 0; i < SWITCHES; i++) {
        if (!is_on(s->best, switches[i].at)) continue;
        struct assay_scenario candidate = *s->best;
        *((uint8_t *)&candidate + switches[i].at) = false;
        if (accept_if_failing(s, &candidate, switches[i].what)) any = true;
    }
    return any;
}

/* --- numbers of the remaining items */
static bool shrink_field(struct search *s, const char *what, const void *field, bool wide,
                         uint64_t neutral)
{
    const size_t at = (size_t)((const uint8_t *)field - (const uint8_t *)s->best);
    ASSAY_ASSERT(at < sizeof *s->best);
    const struct number n = { .what = what, .at = at, .wide = wide, .neutral = neutral };
    return shrink_number(s, &n, set_number);
}

static bool shrink_adversary(struct search *s, uint32_t i)
{
    const struct assay_sim_adversary *const a = &s->best->adversaries[i];
    bool any = shrink_field(s, "start of an attack", &a->start_epoch, true, 1);
    any = shrink_field(s, "end of an attack", &a->stop_epoch, true, 0) || any;
    any = shrink_field(s, "rate of an attack", &a->rate_permille, false, 1000) || any;
    any = shrink_field(s, "amount of an attack", &a->amount, false, 1) || any;
    return any;
}

static bool shrink_partition(struct search *s, uint32_t i)
{
    const struct assay_sim_partition *const p = &s->best->partitions[i];
    bool any = shrink_field(s, "start of a partition", &p->start_epoch, true, 1);
    any = shrink_field(s, "end of a partition", &p->stop_epoch, true, p->start_epoch + 1) || any;
    any = shrink_field(s, "side of a partition", &p->share_bp, false, 5000) || any;
    return any;
}

static bool shrink_crash(struct search *s, uint32_t i)
{
    const struct assay_sim_crash *const c = &s->best->crashes[i];
    bool any = shrink_field(s, "epoch of a crash", &c->at_epoch, true, c->at_epoch == 0 ? 0 : 1);
    any = shrink_field(s, "rate of crashes", &c->rate_permille, false, 0) || any;
    any = shrink_field(s, "time down", &c->down_ms, false, 100) || any;
    any = shrink_field(s, "epochs rolled back", &c->rolls_back_epochs, false, 0) || any;
    if (s->best->crashes[i].loses_store) {
        struct assay_scenario candidate = *s->best;
        candidate.crashes[i].loses_store = false;
        any = accept_if_failing(s, &candidate, "lost store") || any;
    }
    any = shrink_field(s, "kills after a crash", &c->kills, false, 0) || any;
    if (s->best->crashes[i].loses_log) {
        struct assay_scenario candidate = *s->best;
        candidate.crashes[i].loses_log = candidate.crashes[i].first_day =
            candidate.crashes[i].loses_again = false;
        any = accept_if_failing(s, &candidate, "lost log") || any;
    }
    return any;
}

static bool shrink_change(struct search *s, uint32_t i)
{
    const struct assay_sim_change *const c = &s->best->changes[i];
    bool any = shrink_field(s, "epoch of a change", &c->at_epoch, true, 1);
    any = shrink_field(s, "epochs ahead", &c->ahead_epochs, false, 2) || any;
    any = shrink_field(s, "members of a change", &c->count, false, 1) || any;
    any = shrink_field(s, "epochs of maintenance", &c->epochs, false, 1) || any;
    return shrink_field(s, "recipients of a change", &c->given_to, false, 1) || any;
}

static bool shrink_day(struct search *s, uint32_t i)
{
    const struct assay_sim_day *const c = &s->best->days[i];
    bool any = shrink_field(s, "epoch of collateral", &c->at_epoch, true, 1);
    any = shrink_field(s, "members that it hits", &c->count, false, 1) || any;
    return shrink_field(s, "recipients of collateral", &c->given_to, false, 1) || any;
}

static bool shrink_cohort(struct search *s, uint32_t i)
{
    const struct assay_sim_cohort *const c = &s->best->cohorts[i];
    if (c->count > 1) return shrink_field(s, "nodes of a cohort", &c->count, false, 1);
    if (c->count == 0 && c->share_bp > 0) {
        /* A share, which depends on the roster, becomes a number. */
        struct assay_scenario candidate = *s->best;
        candidate.cohorts[i].count = 1;
        candidate.cohorts[i].share_bp = 0;
        return accept_if_failing(s, &candidate, "nodes of a cohort");
    }
    return false;
}

static bool shrink_items(struct search *s)
{
    bool any = false;
    for (uint32_t i = 0; i < s->best->adversary_count; i++)
        any = shrink_adversary(s, i) || any;
    for (uint32_t i = 0; i < s->best->partition_count; i++)
        any = shrink_partition(s, i) || any;
    for (uint32_t i = 0; i < s->best->crash_count; i++)
        any = shrink_crash(s, i) || any;
    for (uint32_t i = 0; i < s->best->change_count; i++)
        any = shrink_change(s, i) || any;
    for (uint32_t i = 0; i < s->best->day_count; i++)
        any = shrink_day(s, i) || any;
    for (uint32_t i = 1; i < s->best->cohort_count; i++)
        any = shrink_cohort(s, i) || any;
    return any;
}

uint64_t assay_sim_minimize(struct assay_scenario *scenario,
                            const struct assay_sim_minimize *options)
{
    struct search s = { .best = scenario, .options = options };
    s.tries_max = options->tries_max == 0 ? ASSAY_SIM_MINIMIZE_TRIES : options->tries_max;
    ASSAY_ASSERT(options->fails != NULL);
    bool any = true;
    while (any && !is_exhausted(&s)) {
        any = false;
        for (size_t i = 0; i < LISTS; i++)
            any = shrink_list(&s, &lists[i]) || any;
        any = shrink_cohorts(&s) || any;
        any = shrink_switches(&s) || any;
        any = shrink_size(&s) || any;
        any = shrink_numbers(&s) || any;
        any = shrink_items(&s) || any;
    }
    return s.tried;
}

uint32_t assay_sim_minimize_size(const struct assay_scenario *scenario)
{
    uint32_t size = scenario->cohort_count - 1;
    for (size_t i = 0; i < LISTS; i++)
        size += count_in(scenario, &lists[i]);
    for (size_t i = 0; i < NUMBERS; i++)
        size += number_in(scenario, numbers[i].at, numbers[i].wide) != numbers[i].neutral;
    for (size_t i = 0; i < SWITCHES; i++)
        size += is_on(scenario, switches[i].at);
    return size;
}
