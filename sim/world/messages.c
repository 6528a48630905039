/*
 * sim/world/messages.c - a complete scenario at message fidelity (sim/run.h).
 */
#include "sim/world/run_internal.h"

#include <stdio.h>
#include <stdlib.h>

static struct assay_sim_world_options options_of(const struct assay_scenario *s,
                                                 const struct assay_sim_options *options)
{
    return (struct assay_sim_world_options){
        .seed = options->seed,
        .nodes = s->nodes,
        .spares = s->spares,
        .epoch_ms = s->epoch_ms,
        .history_epochs = s->history_epochs,
        .vendors = s->vendors,
        .skew_ms = s->skew_ms,
        .check_each_step = options->check_each_step,
        .real_signatures = s->evidence == ASSAY_SIM_EVIDENCE_SOFT,
        .limits = true,
        .overlay_above = s->overlay_above,
        .overlay_degree = s->overlay_degree,
    };
}

static void read_roster(struct world_run *r)
{
    const struct assay_scenario *s = r->scenario;
    assay_scenario_cohorts(s, r->options->seed, r->cohort_of);
    for (uint32_t i = 0; i < s->nodes; i++)
        r->byzantine[i] = assay_attack_byzantine(s, r->cohort_of, i);
    r->outcome->fidelity = ASSAY_SIM_FIDELITY_MESSAGE;
    r->outcome->seed = r->options->seed;
}

/* Until it is stopped, has run its epochs, or has no event left. */
static void run_events(struct world_run *r)
{
    while (!r->stopped && r->epoch <= r->scenario->epochs && world_run_event(r->w))
        continue;
    if (r->stopped)
        (void)snprintf(r->outcome->stopped, sizeof r->outcome->stopped, "stopped in epoch %llu",
                       (unsigned long long)r->epoch);
}

static void run_world(struct world_run *r)
{
    struct assay_sim_world_options options = options_of(r->scenario, r->options);
    world_services_open(r, &options);
    if (assay_scenario_proposes(r->scenario)) options.level = ASSAY_LEVEL_REVIEWS;
    if (assay_scenario_changes_keys(r->scenario)) options.level = ASSAY_LEVEL_KEYS;
    if (assay_scenario_has_workload_keys(r->scenario)) options.level = ASSAY_LEVEL_DECLARED_KEYS;
    if (assay_scenario_has_group_key(r->scenario)) options.level = ASSAY_LEVEL_GROUP_KEY;
    r->w = world_make(&options, r);
    r->outcome->signatures_are_real = options.real_signatures;
    r->outcome->evidence_is_real = r->scenario->evidence == ASSAY_SIM_EVIDENCE_SOFT;
    if (r->outcome->evidence_is_real) world_soft_open(r->w);
    const size_t links = (size_t)options.nodes * options.nodes;
    r->w->cut = calloc(links, 1);
    ASSAY_ASSERT(r->w->cut != NULL);
    world_start(r->w);
    world_truth_open(r);
    world_changes_open(r);
    world_proposals_open(r);
    world_workload_keys_open(r);
    r->watch = assay_sim_watch_create(r->scenario, r->options->seed, r->cohort_of, r->outcome);
    if (r->scenario->heal_epoch > 0) assay_sim_watch_await_healed(r->watch);
    world_services_begin(r);
    world_run_begin(r);
    run_events(r);
    world_services_end(r);
    world_proposals_end(r);
    world_truth_end(r);
    assay_sim_watch_end(r->watch, r->w->now_us / 1000);
    assay_sim_world_trace(r->w, r->outcome->trace_hash);
    assay_sim_watch_destroy(&r->watch);
    world_proposals_free(r);
    world_workload_keys_free(r);
    world_changes_free(r);
    world_old_keys_free(r);
    world_days_turned(r);
    world_truth_free(r);
    world_received_free(r);
    for (uint32_t era = 0; era <= WORLD_ERAS_MAX; era++)
        free(r->recovers[era].bytes);
    assay_sim_world_destroy(&r->w);
    world_services_free(r);
}

/* Rejects what the message world cannot run; the reason is in outcome->stopped. */
static bool check_fit(const struct assay_scenario *s, struct assay_sim_outcome *outcome)
{
    const bool soft = s->evidence == ASSAY_SIM_EVIDENCE_SOFT;
    const uint32_t most = soft ? ASSAY_SIM_SOFT_NODES_MAX : ASSAY_SIM_MESSAGE_NODES_MAX;
    if (s->nodes > most) {
        (void)snprintf(outcome->stopped, sizeof outcome->stopped,
                       "nodes: %u at most at fidelity message with %s evidence, found %u", most,
                       soft ? "soft" : "modelled", s->nodes);
        return false;
    }
    if (soft && s->masked_bp > 0) {
        (void)snprintf(outcome->stopped, sizeof outcome->stopped,
                       "masked_bp: soft evidence names its platform, 0 expected, found %u",
                       s->masked_bp);
        return false;
    }
    return true;
}

enum assay_status assay_sim_run_messages(const struct assay_scenario *scenario,
                                         const struct assay_sim_options *options,
                                         struct assay_sim_outcome *outcome)
{
    char message[ASSAY_SIM_MESSAGE_MAX];
    assay_sim_outcome_init(outcome);
    ASSAY_TRY(assay_scenario_check(scenario, message));
    if (!check_fit(scenario, outcome)) return ASSAY_E_INVALID;
    struct world_run *r = calloc(1, sizeof *r);
    if (r == NULL) return ASSAY_E_MEMORY;
    r->scenario = scenario;
    r->options = options;
    r->outcome = outcome;
    read_roster(r);
    run_world(r);
    free(r);
    return ASSAY_OK;
}
