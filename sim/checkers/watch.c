/*
 * sim/checkers/watch.c - entry of the watch: feeds checkers and counters of a run, and checks
 * liveness.
 */
#include "sim/checkers/watch_internal.h"

#include "base/assert.h"

#include <stdlib.h>

static void *allocate_zeroed(size_t count, size_t size)
{
    void *memory = calloc(count == 0 ? 1 : count, size);
    ASSAY_ASSERT(memory != NULL);
    return memory;
}

/* protocol.md 6.2: a masked platform is one with all platforms of its operator and vendor; these
 * are numbered after the others. */
uint32_t assay_watch_platform(const struct assay_sim_watch *w, const uint32_t *machines,
                              uint32_t slot)
{
    const struct assay_scenario *s = w->scenario;
    const uint32_t machine = machines != NULL ? machines[slot] : slot;
    const uint32_t platform = assay_scenario_platform(s, machine);
    if (platform != UINT32_MAX) return platform;
    return w->nodes + assay_scenario_operator(s, machine) * s->vendors +
           assay_scenario_vendor(s, machine);
}

static void assign_groups(struct assay_sim_watch *w, const uint32_t *machines)
{
    const struct assay_scenario *s = w->scenario;
    w->operator_count = s->operators;
    w->vendor_count = s->vendors;
    w->platform_count = w->nodes + s->operators * s->vendors;
    for (uint32_t slot = 0; slot < w->nodes; slot++) {
        const uint32_t machine = machines != NULL ? machines[slot] : slot;
        w->operator_[slot] = assay_scenario_operator(s, machine);
        w->vendor[slot] = assay_scenario_vendor(s, machine);
        w->platform[slot] = assay_watch_platform(w, machines, slot);
        ASSAY_ASSERT(w->operator_[slot] < w->operator_count);
        ASSAY_ASSERT(w->vendor[slot] < w->vendor_count);
        ASSAY_ASSERT(w->platform[slot] < w->platform_count);
    }
}

struct assay_sim_watch *assay_sim_watch_create(const struct assay_scenario *scenario, uint64_t seed,
                                               const uint8_t *cohort_of,
                                               struct assay_sim_outcome *outcome)
{
    struct assay_sim_watch *w = allocate_zeroed(1, sizeof *w);
    const size_t n = scenario->nodes;
    *w = (struct assay_sim_watch){ .scenario = scenario,
                                   .seed = seed,
                                   .cohort_of = cohort_of,
                                   .outcome = outcome,
                                   .nodes = scenario->nodes };
    w->platform = allocate_zeroed(n, sizeof *w->platform);
    w->operator_ = allocate_zeroed(n, sizeof *w->operator_);
    w->vendor = allocate_zeroed(n, sizeof *w->vendor);
    w->tracks = allocate_zeroed(n, sizeof *w->tracks);
    w->fall_tracks = allocate_zeroed(n, sizeof *w->fall_tracks);
    w->first_weight = allocate_zeroed(n, sizeof *w->first_weight);
    w->raw = allocate_zeroed(n, sizeof *w->raw);
    assign_groups(w, NULL);
    const uint32_t families[] = { w->platform_count, w->operator_count, w->vendor_count };
    uint32_t largest = 0;
    for (size_t i = 0; i < 3; i++)
        largest = families[i] > largest ? families[i] : largest;
    w->sums = allocate_zeroed(largest, sizeof *w->sums);
    w->platform_weight = allocate_zeroed(w->platform_count, sizeof *w->platform_weight);
    w->platform_byzantine = allocate_zeroed(w->platform_count, sizeof *w->platform_byzantine);
    w->platform_silent = allocate_zeroed(w->platform_count, sizeof *w->platform_silent);
    w->healed_ms = scenario->heal_epoch > 0 ? (scenario->heal_epoch - 1) * scenario->epoch_ms : 0;
    w->promised_ms = w->healed_ms;
    for (uint32_t slot = 0; slot < w->nodes; slot++) {
        w->tracks[slot].availability_min_bp = ASSAY_SCORE_BP_MAX;
        w->tracks[slot].integrity_min_bp = ASSAY_SCORE_BP_MAX;
        outcome->cohort_members[cohort_of[slot]]++;
    }
    for (uint32_t c = 0; c < ASSAY_SIM_COHORTS_MAX; c++) {
        outcome->figures[ASSAY_SIM_FIGURE_SCORE_MIN_BP][c] = ASSAY_SCORE_BP_MAX;
        outcome->figures[ASSAY_SIM_FIGURE_INTEGRITY_MIN_BP][c] = ASSAY_SCORE_BP_MAX;
    }
    return w;
}

void assay_sim_watch_destroy(struct assay_sim_watch **watch)
{
    struct assay_sim_watch *w = *watch;
    if (w == NULL) return;
    free(w->platform);
    free(w->operator_);
    free(w->vendor);
    free(w->tracks);
    free(w->fall_tracks);
    free(w->first_weight);
    free(w->sums);
    free(w->raw);
    free(w->platform_weight);
    free(w->platform_byzantine);
    free(w->platform_silent);
    free(w->scratch);
    assay_watch_changes_free(w);
    free(w);
    *watch = NULL;
}

bool assay_watch_acts(const struct assay_sim_watch *watch, uint64_t epoch, uint32_t slot)
{
    if (!assay_attack_byzantine(watch->scenario, watch->cohort_of, slot)) return false;
    const struct assay_attack_scene about = { .scenario = watch->scenario,
                                              .cohort_of = watch->cohort_of,
                                              .seed = watch->seed,
                                              .epoch = epoch,
                                              .node = slot };
    struct assay_attack_acts acts;
    assay_attack_acts_find(&about, &acts);
    return acts.count > 0;
}

uint64_t assay_watch_sums(struct assay_sim_watch *watch, const uint32_t *group_of, uint32_t count,
                          const uint32_t *weights, const struct assay_state *state)
{
    uint64_t largest = 0;
    for (uint32_t g = 0; g < count; g++)
        watch->sums[g] = 0;
    for (uint32_t slot = 0; slot < watch->nodes; slot++) {
        uint64_t *sum = &watch->sums[group_of[slot]];
        *sum += state != NULL ? state->members[slot].weight : weights[slot];
        if (*sum > largest) largest = *sum;
    }
    return largest;
}

struct assay_watch_electorate assay_watch_electorate_of(const struct assay_watch_epoch *epoch,
                                                        uint32_t subject)
{
    const struct assay_sim_watch *w = epoch->watch;
    const uint32_t own = w->platform[subject];
    return (struct assay_watch_electorate){
        .weight = epoch->total - w->platform_weight[own],
        .byzantine = epoch->byzantine - w->platform_byzantine[own],
        .silent = epoch->silent - w->platform_silent[own],
        .table = epoch->total,
    };
}

/* --- one epoch */

static void sum_weights(struct assay_watch_epoch *epoch)
{
    struct assay_sim_watch *w = epoch->watch;
    uint64_t present = 0;
    bool honest_calm = true;
    for (uint32_t g = 0; g < w->platform_count; g++)
        w->platform_weight[g] = w->platform_byzantine[g] = w->platform_silent[g] = 0;
    for (uint32_t slot = 0; slot < w->nodes; slot++) {
        const struct assay_sim_truth *t = &epoch->closed->truth[slot];
        const uint64_t weight = epoch->before->members[slot].weight; /* in force */
        const bool balloted = epoch->after->members[slot].found.balloted;
        const uint32_t g = w->platform[slot];
        w->platform_weight[g] += weight;
        if (!t->honest) w->platform_byzantine[g] += weight;
        if (t->honest && !balloted) w->platform_silent[g] += weight;
        epoch->total += weight;
        epoch->byzantine += t->honest ? 0 : weight;
        epoch->silent += t->honest && !balloted ? weight : 0;
        epoch->balloted += balloted ? weight : 0;
        if (t->alive && t->evidence != ASSAY_SIM_EVIDENCE_NONE) present += weight;
        const bool due = !assay_watch_set_aside(epoch, slot);
        if (due && t->honest && !(t->alive && t->reachable && t->unreachable_weight == 0))
            honest_calm = false;
    }
    epoch->calm = honest_calm && 3 * present > 2 * epoch->total;
}

/*
 * Liveness (protocol.md 1.1: less than a third of the weight may be Byzantine): after healing no
 * progress_epochs epochs pass without a close.
 */
static void check_progress(struct assay_sim_watch *w, uint64_t epoch, uint64_t now_ms)
{
    const struct assay_scenario *s = w->scenario;
    if (s->heal_epoch == 0 || now_ms < w->promised_ms) return;
    const uint64_t since_ms =
        w->last_close_ms > w->promised_ms ? w->last_close_ms : w->promised_ms;
    const uint64_t gap_ms = now_ms - since_ms;
    if (gap_ms > (uint64_t)s->progress_epochs * s->epoch_ms)
        assay_sim_report_check(w->outcome, ASSAY_SIM_CHECKER_LIVENESS, epoch,
                               "%llu ms without a closed epoch after healing, %u epochs of %u ms "
                               "allowed",
                               (unsigned long long)gap_ms, s->progress_epochs, s->epoch_ms);
    else assay_sim_report_check(w->outcome, ASSAY_SIM_CHECKER_LIVENESS, epoch, NULL);
}

static bool follows_previous(const struct assay_sim_closed *closed)
{
    return closed->before != NULL && !closed->forked &&
           assay_sim_follows(closed->before, closed->state);
}

void assay_sim_watch_epoch(struct assay_sim_watch *watch, const struct assay_sim_closed *closed)
{
    ASSAY_ASSERT(closed->truth != NULL);
    ASSAY_ASSERT(closed->state != NULL || (closed->score_bp != NULL && closed->weight != NULL));
    check_progress(watch, closed->epoch, closed->at_ms);
    if (watch->scenario->heal_epoch > 0 && closed->at_ms >= watch->healed_ms &&
        !watch->closed_since) {
        const uint64_t late_ms = closed->at_ms - watch->healed_ms;
        watch->closed_since = true;
        watch->outcome->figures[ASSAY_SIM_FIGURE_PROGRESS_EPOCHS][0] =
            (int64_t)((late_ms + watch->scenario->epoch_ms - 1) / watch->scenario->epoch_ms);
    }
    watch->last_close_ms = closed->at_ms;
    if (closed->state != NULL) {
        assay_watch_root(watch, closed);
        struct assay_watch_epoch epoch = {
            .watch = watch, .closed = closed, .before = closed->before, .after = closed->state
        };
        const bool follows = follows_previous(closed);
        const bool era_ends = follows && epoch.before->era != epoch.after->era;
        /* Operators decide the end of an era: only rows and figures, as over a gap. Either may have
         * changed the roster, so shares of weight are measured again (P5). */
        if (!follows || era_ends) watch->has_first = false;
        if (era_ends) assay_watch_changes_era(&epoch);
        else if (follows) {
            assay_watch_changes(&epoch);
            sum_weights(&epoch);
            assay_watch_members(&epoch);
            assay_watch_recount(&epoch);
            assay_watch_network(&epoch);
            assay_watch_seats(&epoch);
            assay_watch_quiet(&epoch);
            assay_watch_strikes(&epoch);
            assay_watch_shares(&epoch);
        }
        if (follows) assay_watch_fall_check(&epoch);
        else assay_watch_fall_skip(watch);
    }
    assay_watch_count(watch, closed);
    if (closed->machines != NULL) assign_groups(watch, closed->machines);
}

void assay_sim_watch_on_restart(struct assay_sim_watch *watch, uint32_t slot)
{
    watch->outcome->figures[ASSAY_SIM_FIGURE_RESTARTS][watch->cohort_of[slot]]++;
}

void assay_sim_watch_on_healed(struct assay_sim_watch *watch, uint64_t now_ms, bool promised)
{
    if (watch->healed) return;
    watch->healed = true;
    watch->healed_ms = now_ms;
    watch->promised_ms = promised ? now_ms : UINT64_MAX;
}

void assay_sim_watch_await_healed(struct assay_sim_watch *watch)
{
    ASSAY_ASSERT(!watch->healed);
    watch->healed_ms = watch->promised_ms = UINT64_MAX;
}

void assay_sim_watch_on_excused(struct assay_sim_watch *watch)
{
    ASSAY_ASSERT(watch->healed);
    watch->promised_ms = UINT64_MAX;
}

void assay_sim_watch_end(struct assay_sim_watch *watch, uint64_t now_ms)
{
    check_progress(watch, watch->epochs_closed, now_ms);
    assay_watch_changes_end(watch, now_ms);
    assay_watch_members_end(watch);
    assay_watch_count_end(watch, now_ms);
}
