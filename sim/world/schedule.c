/*
 * sim/world/schedule.c - events of a scenario by epoch: crashes, partitions, clocks, disks; and the
 * properties of its roster.
 */
#include "sim/world/run_internal.h"

enum { US = 1000, STALL_EPOCHS = 2, FORCED = 1 << 16, ROLLED_BACK = 1 << 17, AGAIN = 1 << 18 };
enum { LOST_AGAIN_PERMILLE = 250 };

/* --- the roster: of the scenario, or of a test */

uint32_t world_vendor(const struct assay_sim_world *w, uint32_t node)
{
    return w->run != NULL ? assay_scenario_vendor(w->run->scenario, w->machines[node])
                          : node % w->options.vendors;
}

uint32_t world_platform(const struct assay_sim_world *w, uint32_t node)
{
    return w->run != NULL ? assay_scenario_platform(w->run->scenario, w->machines[node]) : node;
}

uint32_t world_operator(const struct assay_sim_world *w, uint32_t node)
{
    if (w->run != NULL) return assay_scenario_operator(w->run->scenario, w->machines[node]);
    return w->options.operators != 0 ? node % w->options.operators : node;
}

uint32_t world_operators(const struct assay_sim_world *w)
{
    if (w->run == NULL)
        return w->options.operators != 0 ? w->options.operators : w->options.nodes;
    uint32_t count = 0;
    for (uint32_t i = 0; i < w->options.nodes; i++) {
        const uint32_t operator_ = assay_scenario_operator(w->run->scenario, i);
        if (operator_ >= count) count = operator_ + 1;
    }
    return count;
}

void world_run_genesis(const struct assay_sim_world *w, struct assay_genesis_parameters *parameters)
{
    if (w->run == NULL) return;
    const struct assay_scenario *s = w->run->scenario;
    parameters->operator_cap_num = s->operator_cap_num;
    parameters->operator_cap_den = s->operator_cap_den;
    parameters->vendor_cap_num = s->vendor_cap_num;
    parameters->vendor_cap_den = s->vendor_cap_den;
    parameters->seats_max = s->seats_max < ASSAY_VOTERS_MAX ? s->seats_max : 0;
    parameters->amplification_percent =
        s->amplification_percent != ASSAY_AMPLIFICATION_PERCENT ? s->amplification_percent : 0;
    parameters->quiet_floor_percent =
        s->quiet_floor_percent != ASSAY_QUIET_FLOOR_PERCENT ? s->quiet_floor_percent : 0;
    if (s->day_count > 0) parameters->collateral_delay_s = s->collateral_delay_s;
    if (assay_scenario_proposes(s)) parameters->level = s->proposals.level;
}

/* --- findings */

void world_count_check(struct assay_sim_world *w, enum assay_sim_checker checker)
{
    if (w->run != NULL) w->run->outcome->checks[checker].checked++;
}

void world_report_finding(struct assay_sim_world *w, enum assay_sim_checker checker,
                          const char *message)
{
    struct world_run *r = w->run;
    if (r == NULL) return;
    assay_sim_report_check(r->outcome, checker, r->closed + 1, "%s", message);
    if (r->options->stop_at_violation) r->stopped = true;
}

/*
 * Honest, with an intact disk (protocol.md 2.10: a node that votes again after its log was rolled
 * back is Byzantine). What it sent meanwhile may convict it while proofs live.
 */
bool world_is_trusted(const struct assay_sim_world *w, uint32_t node)
{
    const struct world_node *n = &w->nodes[node];
    if (n->faulty_store) return false;
    if (n->faulty_until > 0 && w->run != NULL && w->run->closed < n->faulty_until) return false;
    return w->run == NULL || !w->run->byzantine[node];
}

/* --- crashes */

static bool crash_applies_to(const struct world_run *r, const struct assay_sim_crash *c,
                             uint32_t node)
{
    return c->all_members || r->cohort_of[node] == c->cohort;
}

static void plan_death(struct world_run *r, uint32_t node, uint32_t row, uint64_t at_us)
{
    struct item *item = world_item(r->w, node, ITEM_DIE);
    item->number = row;
    world_push(r->w, item, at_us);
}

/* Crashes of one instant happen together; others each at its own instant. */
static void plan_crashes(struct world_run *r)
{
    struct assay_sim_world *w = r->w;
    const struct assay_scenario *s = r->scenario;
    const uint64_t epoch_us = (uint64_t)s->epoch_ms * US;
    for (uint32_t i = 0; i < s->crash_count; i++) {
        const struct assay_sim_crash *c = &s->crashes[i];
        struct assay_sim_random random =
            assay_sim_random_of(w->options.seed, ASSAY_SIM_STREAM_CRASH, i + 1, r->epoch);
        const uint64_t together_us = assay_sim_random_below(&random, epoch_us);
        for (uint32_t node = 0; node < s->nodes; node++) {
            if (!crash_applies_to(r, c, node)) continue;
            const uint64_t alone_us = assay_sim_random_below(&random, epoch_us);
            if (c->at_epoch == r->epoch) {
                plan_death(r, node, i, w->now_us + together_us);
            } else if (c->at_epoch == 0 && assay_sim_random_permille(&random, c->rate_permille)) {
                plan_death(r, node, i, w->now_us + alone_us);
            }
        }
    }
}

/* At once, or at one of the points around the next commit; forced when no commit follows. */
static void crash_node(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    n->crash_at = (enum crash_point)assay_sim_random_below(&w->crashes, CRASH_SENT + 1);
    if (n->crash_at == CRASH_NEVER) {
        world_node_die(w, node, n->down_ms);
        return;
    }
    struct item *force = world_item(w, node, ITEM_DIE);
    force->number = FORCED;
    world_push(w, force, w->now_us + (uint64_t)w->options.epoch_ms * US / 8);
}

/* The loss of a log is unnoticed by the host. Only the first keys of a founder have a first day
 * on which their host vouches for them: a folder of later keys is never without a log. */
static void plan_loss(struct assay_sim_world *w, uint32_t node, const struct assay_sim_crash *c)
{
    struct world_node *n = &w->nodes[node];
    const bool founder =
        node < w->genesis->member_count && !n->bundled && n->joining == NULL && n->key_turn == 0 &&
        assay_bytes_equal(n->node_id, w->genesis->members[node].node_id, sizeof n->node_id);
    n->loses_log = c->loses_log;
    n->first_day = c->loses_log && c->first_day && founder;
}

/* Killed before it is back; unless another row has crashed it since, and kills it no more. */
static void crash_again(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    const struct assay_sim_crash *c = &w->run->scenario->crashes[n->kill_row];
    if (n->kills == 0) return;
    ASSAY_ASSERT(c->kills >= n->kills);
    n->kills--;
    n->down_ms = assay_sim_random_between(&w->crashes, 1, c->kill_ms);
    n->loses_log = c->loses_again && assay_sim_random_permille(&w->crashes, LOST_AGAIN_PERMILLE);
    crash_node(w, node);
}

void world_run_up(struct assay_sim_world *w, uint32_t node)
{
    const struct world_run *r = w->run;
    const struct world_node *n = &w->nodes[node];
    if (r == NULL || r->healed || n->kills == 0) return;
    const struct assay_sim_crash *c = &r->scenario->crashes[n->kill_row];
    struct item *item = world_item(w, node, ITEM_DIE);
    item->number = AGAIN;
    world_push(w, item, w->now_us + assay_sim_random_between(&w->crashes, 1, c->kill_ms) * US);
}

void world_run_die(struct assay_sim_world *w, const struct item *item)
{
    struct world_run *r = w->run;
    struct world_node *n = &w->nodes[item->node];
    if ((item->number & ROLLED_BACK) != 0) { /* an adversary's own act: nothing heals it */
        n->rolls_back = true;
        n->rolls_back_epochs = item->number & ~(uint64_t)ROLLED_BACK;
        world_node_die(w, item->node, r->scenario->epoch_ms / 8 + 1);
        return;
    }
    if (r->healed) return;
    if ((item->number & FORCED) != 0) {
        if (n->crash_at != CRASH_NEVER) world_node_die(w, item->node, n->down_ms);
        return;
    }
    if (item->number == AGAIN) {
        crash_again(w, item->node);
        return;
    }
    const struct assay_sim_crash *c = &r->scenario->crashes[item->number];
    if (c->pauses) {
        if (n->alive) n->still_until_us = w->now_us + (uint64_t)c->down_ms * US;
        return;
    }
    n->down_ms = c->down_ms;
    n->wipes = c->loses_store;
    n->rolls_back = c->rolls_back_epochs > 0;
    n->rolls_back_epochs = c->rolls_back_epochs;
    plan_loss(w, item->node, c);
    n->kills = c->kills;
    n->kill_row = (uint32_t)item->number;
    crash_node(w, item->node);
}

/* A node went down: the state of its disk. */
void world_run_down(struct assay_sim_world *w, uint32_t node)
{
    struct world_run *r = w->run;
    struct world_node *n = &w->nodes[node];
    if (r == NULL) return;
    world_truth_at(r, r->closed + 1)->died[node] = true;
    w->count.recovery_kills += n->recovering;
    if (r->healed) return;
    const struct assay_sim_store_faults *faults = &r->scenario->store;
    const bool lost = assay_sim_random_permille(&w->disks, faults->lost_permille);
    const bool torn = !lost && assay_sim_random_permille(&w->disks, faults->torn_permille);
    if (lost || torn) {
        const size_t size = assay_store_memory_last(n->store);
        const size_t kept = torn && size > 1 ? 1 + assay_sim_random_below(&w->disks, size - 1) : 0;
        assay_store_memory_lose(n->store, size - kept);
        n->faulty_store = n->faulty_store || size > 0;
        n->lost_era = n->seen_era;
        world_history_forget(w, node);
    }
    if (assay_sim_random_permille(&w->disks, faults->rolled_back_permille)) {
        n->rolls_back = true;
        n->rolls_back_epochs = assay_sim_random_between(&w->disks, 1, 3);
    }
}

/* An adversary restarts from an older disk before its first vote in this epoch (deferred: the step
 * that closed the last one may be its own). */
static void plan_roll_backs(struct world_run *r)
{
    for (uint32_t node = 0; node < r->scenario->nodes; node++) {
        const uint32_t back = assay_attack_acts_rolls_back(&r->acts[node]);
        if (back == 0 || !r->w->nodes[node].alive) continue;
        struct item *item = world_item(r->w, node, ITEM_DIE);
        item->number = ROLLED_BACK | back;
        world_push(r->w, item, r->w->now_us + 1);
    }
}

static bool wants_images(const struct assay_scenario *s)
{
    bool wanted = s->store.rolled_back_permille > 0;
    for (uint32_t i = 0; i < s->crash_count; i++)
        wanted = wanted || s->crashes[i].rolls_back_epochs > 0;
    for (uint32_t i = 0; i < s->adversary_count; i++)
        wanted = wanted || s->adversaries[i].attack == ASSAY_SIM_ATTACK_ROLL_BACK;
    return wanted;
}

/* --- epochs */

static void cut_links(struct world_run *r)
{
    struct assay_sim_world *w = r->w;
    const uint32_t n = r->scenario->nodes;
    for (uint32_t from = 0; from < n; from++)
        for (uint32_t to = 0; to < n; to++)
            w->cut[(size_t)from * n + to] =
                !assay_scenario_receives(r->scenario, r->cohort_of, r->epoch, from, to) ||
                !assay_attack_carries(r->scenario, r->cohort_of, w->options.seed, r->epoch, from,
                                      to);
}

/* An adversary that continues controls every link of it. */
static bool is_eclipsed(const struct world_run *r, uint32_t node)
{
    const struct assay_scenario *s = r->scenario;
    for (uint32_t i = 0; i < s->adversary_count; i++) {
        const struct assay_sim_adversary *a = &s->adversaries[i];
        if (a->attack == ASSAY_SIM_ATTACK_ECLIPSE && a->victims == r->cohort_of[node] &&
            (a->stop_epoch == 0 || a->stop_epoch > r->epoch))
            return true;
    }
    return false;
}

/* No node receives its votes in this epoch: an adversary or its victim, or finished keys, since
 * their log was lost or is older than what peers have (protocol.md 2.8). */
static bool is_silent(const struct world_run *r, uint32_t node)
{
    const struct world_node *n = &r->w->nodes[node];
    return !world_is_trusted(r->w, node) || is_eclipsed(r, node) || n->wipes || n->rolls_back ||
           n->loses_log || n->recovering ||
           n->keys.incarnation != r->before.members[node].lives[0].incarnation;
}

/* protocol.md 1.1: progress is guaranteed while less than a third of the weight is silent, from now
 * on. Beyond that the network may stall forever. */
static void demand_progress(struct world_run *r)
{
    uint64_t total = 0;
    uint64_t lost = 0;
    for (uint32_t i = 0; i < r->scenario->nodes; i++) {
        const uint64_t weight = assay_member_row_weight(&r->before.members[i]);
        total += weight;
        r->lost[i] = is_silent(r, i) || r->before.members[i].keyless;
        if (r->lost[i]) lost += weight;
    }
    assay_sim_watch_on_healed(r->watch, r->w->now_us / US, 3 * lost < total);
}

/* Operators may drain a voting member while others' keys are finished: the silent share, less than
 * a third before, is larger from then on. */
static void excuse_silence(struct world_run *r)
{
    uint64_t total = 0;
    uint64_t lost = 0;
    for (uint32_t i = 0; i < r->scenario->nodes; i++) {
        const uint64_t weight = assay_member_row_weight(&r->before.members[i]);
        const bool keyless = r->before.members[i].keyless;
        total += weight;
        if (keyless || (r->lost[i] && is_silent(r, i))) lost += weight;
    }
    if (total > 0 && 3 * lost >= total) assay_sim_watch_on_excused(r->watch);
}

static void heal_faults(struct world_run *r)
{
    r->healed = true;
    world_run_dates(r->w);
    demand_progress(r);
    r->w->link.loss_permille = 0;
    for (uint32_t i = 0; i < r->scenario->nodes; i++) {
        struct world_node *n = &r->w->nodes[i];
        n->crash_at = CRASH_NEVER;
        n->wipes = n->rolls_back = n->loses_log = n->first_day = false;
        n->kills = 0;
        if (!n->alive && n->born)
            world_push(r->w, world_item(r->w, i, ITEM_REBOOT), r->w->now_us);
    }
}

static void set_stall_timer(struct world_run *r)
{
    struct item *item = world_item(r->w, 0, ITEM_SCHEDULE);
    item->number = ++r->stall_turn;
    world_push(r->w, item, r->w->now_us + (uint64_t)r->scenario->epoch_ms * US * STALL_EPOCHS);
}

static void start_epoch(struct world_run *r)
{
    if (r->scenario->heal_epoch != 0 && r->epoch >= r->scenario->heal_epoch && !r->healed)
        heal_faults(r);
    if (r->healed) excuse_silence(r);
    world_attack_turn(r);
    cut_links(r);
    if (!r->healed) plan_crashes(r);
    world_changes_turn(r);
    world_recovers_turn(r);
    world_old_keys_turn(r);
    world_days_turn(r);
    world_services_turn(r);
    world_workload_keys_turn(r);
    world_history_turn(r->w);
    plan_roll_backs(r);
    set_stall_timer(r);
}

void world_run_next(struct world_run *r)
{
    r->epoch++;
    if (r->epoch <= r->scenario->epochs) start_epoch(r);
}

void world_run_schedule(struct assay_sim_world *w, const struct item *item)
{
    if (item->number == w->run->stall_turn) world_run_next(w->run);
}

static void set_clocks(struct world_run *r)
{
    const uint32_t ppm = r->scenario->drift_ppm;
    for (uint32_t i = 0; i < r->scenario->nodes; i++)
        r->w->nodes[i].drift_ppm =
            (int64_t)assay_sim_random_below(&r->w->clocks, 2 * (uint64_t)ppm + 1) - (int64_t)ppm;
}

static bool has_disk_faults(const struct assay_sim_store_faults *faults)
{
    return faults->lost_permille > 0 || faults->torn_permille > 0;
}

void world_run_begin(struct world_run *r)
{
    struct assay_sim_world *w = r->w;
    const struct assay_scenario *s = r->scenario;
    r->epoch = 1;
    r->images = wants_images(s);
    w->link = s->link;
    w->quote_us = (uint64_t)s->quote_ms * US;
    w->verify_us = s->verify_us;
    set_clocks(r);
    world_plan_dates(r);
    for (uint32_t i = 0; i < s->nodes && has_disk_faults(&s->store); i++)
        assay_store_memory_remember(w->nodes[i].store);
    start_epoch(r);
}
