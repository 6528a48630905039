/*
 * sim/scenario/scenario.c - defaults of scenarios, names, and checks between keys.
 */
#include "engine/ledger/state/genesis.h"
#include "sim/scenario/scenario_internal.h"

#include <stdio.h>
#include <string.h>

enum { SOFT_NODES_MAX = 20, BP = 10000 };

struct assay_scenario assay_scenario_default(void)
{
    struct assay_scenario s = {
        .name = "unnamed",
        .seed = 1,
        .nodes = 7,
        .epochs = 20,
        .epoch_ms = 2000,
        .operators = 7,
        .vendors = 4,
        .nodes_per_platform = 1,
        .operator_cap_num = 20,
        .operator_cap_den = 100,
        .vendor_cap_num = 33,
        .vendor_cap_den = 100,
        .quote_ms = 20,
        .verify_us = 500,
        .link = { .delay_min_ms = 5, .delay_mean_ms = 10, .delay_max_ms = 20 },
        .cohort_count = 1,
        .progress_epochs = 3,
        .overlay_above =
            64, /* ASSAY_OVERLAY_ABOVE, ASSAY_OVERLAY_DEGREE (host/overlay/overlay.h) */
        .overlay_degree = 8,
        .seats_max = ASSAY_VOTERS_MAX,
        .amplification_percent = ASSAY_AMPLIFICATION_PERCENT,
        .quiet_floor_percent = ASSAY_QUIET_FLOOR_PERCENT,
        .collateral_delay_s = 4,
        .services = { .group_size = 3,
                      .enclaves = 1,
                      .clones = 1,
                      .steps = 3,
                      .share_slots = 3,
                      .share_k = 2,
                      .secrets = 1,
                      .key_refresh = 1440 },
        .workload_keys = { .changed_permille = 1000 },
        .proposals = { .level = ASSAY_SIM_LEVEL_REVIEWS },
    };
    (void)snprintf(s.cohorts[0].name, sizeof s.cohorts[0].name, "honest");
    return s;
}

/* ------------------------------------------------------------ names */

const char *assay_sim_attack_name(enum assay_sim_attack attack)
{
    switch (attack) {
#define ATTACK(symbol, number, text, line)                                                         \
    case ASSAY_SIM_ATTACK_##symbol: return text;
        ASSAY_SIM_ATTACK_LIST(ATTACK)
#undef ATTACK
    }
    return NULL;
}

const char *assay_sim_action_name(enum assay_sim_action action)
{
    switch (action) {
#define ACTION(symbol, number, text, line)                                                         \
    case ASSAY_SIM_ACTION_##symbol: return text;
        ASSAY_SIM_ACTION_LIST(ACTION)
#undef ACTION
    }
    return NULL;
}

const char *assay_sim_flaw_name(enum assay_sim_flaw flaw)
{
    switch (flaw) {
#define FLAW(symbol, number, text, line)                                                           \
    case ASSAY_SIM_FLAW_##symbol: return text;
        ASSAY_SIM_FLAW_LIST(FLAW)
#undef FLAW
    }
    return NULL;
}

const char *assay_sim_day_flaw_name(enum assay_sim_day_flaw flaw)
{
    switch (flaw) {
#define FLAW(symbol, number, text, line)                                                           \
    case ASSAY_SIM_DAY_##symbol: return text;
        ASSAY_SIM_DAY_LIST(FLAW)
#undef FLAW
    }
    return NULL;
}

const char *assay_sim_rule_name(enum assay_sim_rule rule)
{
    switch (rule) {
    case ASSAY_SIM_RULE_INTERVAL: return "interval";
    case ASSAY_SIM_RULE_MEAN: return "mean";
    case ASSAY_SIM_RULE_TRIMMED: return "trimmed";
    case ASSAY_SIM_RULE_BETA: return "beta";
    case ASSAY_SIM_RULE_EIGENTRUST: return "eigentrust";
    case ASSAY_SIM_RULE_LEAK: return "leak";
    }
    return NULL;
}

const char *assay_sim_weight_source_name(enum assay_sim_weight_source source)
{
    switch (source) {
    case ASSAY_SIM_WEIGHT_INTEGRITY: return "integrity";
    case ASSAY_SIM_WEIGHT_SCORE: return "score";
    case ASSAY_SIM_WEIGHT_ONE: return "one";
    }
    return NULL;
}

const char *assay_sim_fidelity_name(enum assay_sim_fidelity fidelity)
{
    switch (fidelity) {
    case ASSAY_SIM_FIDELITY_AUTO: return "auto";
    case ASSAY_SIM_FIDELITY_MESSAGE: return "message";
    case ASSAY_SIM_FIDELITY_EPOCH: return "epoch";
    }
    return NULL;
}

const char *assay_sim_delay_name(enum assay_sim_delay delay)
{
    switch (delay) {
    case ASSAY_SIM_DELAY_UNIFORM: return "uniform";
    case ASSAY_SIM_DELAY_EXPONENTIAL: return "exponential";
    case ASSAY_SIM_DELAY_PARETO: return "pareto";
    }
    return NULL;
}

const char *assay_sim_losing_name(enum assay_sim_losing losing)
{
    switch (losing) {
    case ASSAY_SIM_LOSING_ALL: return "all";
    case ASSAY_SIM_LOSING_PROPOSAL: return "proposal";
    case ASSAY_SIM_LOSING_VOTE: return "vote";
    case ASSAY_SIM_LOSING_CERTIFICATE: return "certificate";
    case ASSAY_SIM_LOSING_ENVELOPE: return "envelope";
    case ASSAY_SIM_LOSING_RECORD: return "record";
    case ASSAY_SIM_LOSING_EVIDENCE: return "evidence";
    }
    return NULL;
}

const char *assay_sim_evidence_mode_name(enum assay_sim_evidence_mode mode)
{
    switch (mode) {
    case ASSAY_SIM_EVIDENCE_AUTO: return "auto";
    case ASSAY_SIM_EVIDENCE_MODELLED: return "modelled";
    case ASSAY_SIM_EVIDENCE_SOFT: return "soft";
    }
    return NULL;
}

/* ------------------------------------------------------------ consistency */

/* Rules and ablations that the engine does not have. */
static bool is_ablation(const struct assay_scenario *s)
{
    return s->rule != ASSAY_SIM_RULE_INTERVAL || s->weight_source != ASSAY_SIM_WEIGHT_INTEGRITY;
}

enum assay_sim_fidelity assay_scenario_fidelity(const struct assay_scenario *scenario)
{
    if (scenario->fidelity != ASSAY_SIM_FIDELITY_AUTO) return scenario->fidelity;
    if (scenario->evidence == ASSAY_SIM_EVIDENCE_SOFT) return ASSAY_SIM_FIDELITY_MESSAGE;
    if (is_ablation(scenario)) return ASSAY_SIM_FIDELITY_EPOCH;
    return scenario->nodes <= ASSAY_SIM_AUTO_NODES ? ASSAY_SIM_FIDELITY_MESSAGE
                                                   : ASSAY_SIM_FIDELITY_EPOCH;
}

static enum assay_status check_range(char *message, const char *key, uint64_t value, uint64_t min,
                                     uint64_t max)
{
    if (value >= min && value <= max) return ASSAY_OK;
    return assay_scenario_refuse(message, ASSAY_E_RANGE, "%s: expected %llu .. %llu, found %llu",
                                 key, (unsigned long long)min, (unsigned long long)max,
                                 (unsigned long long)value);
}

static enum assay_status check_vendor_shares(const struct assay_scenario *s, char *message)
{
    uint64_t sum = 0;
    if (!s->has_vendor_shares) return ASSAY_OK;
    for (uint32_t v = 0; v < ASSAY_SIM_VENDORS_MAX; v++) {
        if (v >= s->vendors && s->vendor_share_bp[v] != 0)
            return assay_scenario_refuse(
                message, ASSAY_E_INVALID,
                "vendor_share_bp: expected %u shares, one of each vendor, found more",
                (unsigned)s->vendors);
        sum += s->vendor_share_bp[v];
    }
    if (sum == BP) return ASSAY_OK;
    return assay_scenario_refuse(
        message, ASSAY_E_INVALID,
        "vendor_share_bp: expected shares that add up to 10000, found %llu",
        (unsigned long long)sum);
}

static enum assay_status check_fidelity(const struct assay_scenario *s, char *message)
{
    const bool by_message = assay_scenario_fidelity(s) == ASSAY_SIM_FIDELITY_MESSAGE;
    if (by_message && s->rule != ASSAY_SIM_RULE_INTERVAL)
        return assay_scenario_refuse(
            message, ASSAY_E_INVALID,
            "rule: %s runs at fidelity epoch alone; the engine has interval",
            assay_sim_rule_name(s->rule));
    if (by_message && s->weight_source != ASSAY_SIM_WEIGHT_INTEGRITY)
        return assay_scenario_refuse(
            message, ASSAY_E_INVALID,
            "weight_source: %s runs at fidelity epoch alone; the engine has integrity",
            assay_sim_weight_source_name(s->weight_source));
    if (by_message && s->nodes > ASSAY_SIM_MESSAGE_NODES_MAX)
        return assay_scenario_refuse(
            message, ASSAY_E_RANGE,
            "nodes: expected %d at most at fidelity message, found %u; fidelity: epoch",
            ASSAY_SIM_MESSAGE_NODES_MAX, (unsigned)s->nodes);
    if (by_message && s->nodes > ASSAY_SIM_LISTED_NODES_MAX &&
        (s->change_count > 0 || s->day_count > 0 || s->recover_count > 0))
        return assay_scenario_refuse(
            message, ASSAY_E_RANGE,
            "nodes: expected %d at most at fidelity message with changes, days or a recover, "
            "found %u",
            ASSAY_SIM_LISTED_NODES_MAX, (unsigned)s->nodes);
    if (s->evidence != ASSAY_SIM_EVIDENCE_SOFT) return ASSAY_OK;
    if (!by_message)
        return assay_scenario_refuse(
            message, ASSAY_E_INVALID,
            "evidence: soft needs fidelity message; at fidelity epoch it is modelled");
    if (s->nodes > SOFT_NODES_MAX)
        return assay_scenario_refuse(
            message, ASSAY_E_RANGE,
            "nodes: expected %d at most with real quotes (evidence: soft), found %u",
            SOFT_NODES_MAX, (unsigned)s->nodes);
    return ASSAY_OK;
}

static enum assay_status check_link(const struct assay_scenario *s, char *message)
{
    const struct assay_sim_link *l = &s->link;
    ASSAY_TRY(check_range(message, "link.delay_min_ms", l->delay_min_ms, 0, l->delay_max_ms));
    if (l->loss_of != ASSAY_SIM_LOSING_ALL &&
        assay_scenario_fidelity(s) != ASSAY_SIM_FIDELITY_MESSAGE)
        return assay_scenario_refuse(
            message, ASSAY_E_INVALID,
            "link.loss_of: %s needs fidelity message; at fidelity epoch there are no messages",
            assay_sim_losing_name(l->loss_of));
    if (l->delay == ASSAY_SIM_DELAY_EXPONENTIAL)
        ASSAY_TRY(check_range(message, "link.delay_mean_ms", l->delay_mean_ms, l->delay_min_ms,
                              l->delay_max_ms));
    if (l->delay != ASSAY_SIM_DELAY_PARETO || l->delay_min_ms > 0) return ASSAY_OK;
    return assay_scenario_refuse(
        message, ASSAY_E_RANGE,
        "link.delay_min_ms: expected 1 or more with delay pareto, which is a multiple "
        "of it, found 0");
}

/* Enough nodes match, even when every previous cohort took its own from among them. */
static enum assay_status check_fit(const struct assay_scenario *s, uint32_t cohort, uint64_t before,
                                   char *message)
{
    const struct assay_sim_cohort *c = &s->cohorts[cohort];
    const uint64_t matching = assay_scenario_cohort_matching(s, cohort);
    const uint64_t wanted = assay_scenario_cohort_size(s, cohort);
    if (wanted + before <= matching) return ASSAY_OK;
    if (before > 0 && wanted <= matching)
        return assay_scenario_refuse(
            message, ASSAY_E_INVALID,
            "cohorts[%s]: expected room for %llu nodes, but %llu match and those before it "
            "may take %llu; name cohorts of one vendor or operator first",
            c->name, (unsigned long long)wanted, (unsigned long long)matching,
            (unsigned long long)before);
    return assay_scenario_refuse(message, ASSAY_E_INVALID,
                                 "cohorts[%s]: expected at most %llu nodes, found %llu", c->name,
                                 (unsigned long long)matching, (unsigned long long)wanted);
}

static enum assay_status check_cohort(const struct assay_scenario *s, uint32_t cohort,
                                      char *message)
{
    const struct assay_sim_cohort *c = &s->cohorts[cohort];
    for (uint32_t k = 0; k < cohort; k++)
        if (strcmp(s->cohorts[k].name, c->name) == 0)
            return assay_scenario_refuse(message, ASSAY_E_INVALID, "cohorts[%s]: is named twice",
                                         c->name);
    if (cohort == 0) return ASSAY_OK; /* the rest of the roster */
    if (c->count > 0 && c->share_bp > 0)
        return assay_scenario_refuse(message, ASSAY_E_INVALID,
                                     "cohorts[%s]: count or share_bp, not both", c->name);
    if (c->has_vendor && c->vendor >= s->vendors)
        return assay_scenario_refuse(message, ASSAY_E_RANGE,
                                     "cohorts[%s].vendor: expected 0 .. %u, found %u", c->name,
                                     (unsigned)s->vendors - 1, (unsigned)c->vendor);
    if (c->has_operator && c->operator_ >= s->operators)
        return assay_scenario_refuse(message, ASSAY_E_RANGE,
                                     "cohorts[%s].operator: expected 0 .. %u, found %u", c->name,
                                     (unsigned)s->operators - 1, (unsigned)c->operator_);
    uint64_t before = 0;
    for (uint32_t k = 1; k < cohort; k++)
        before += assay_scenario_cohort_size(s, k);
    return check_fit(s, cohort, before, message);
}

static enum assay_status check_adversary(const struct assay_scenario *s, uint32_t index,
                                         char *message)
{
    const struct assay_sim_adversary *a = &s->adversaries[index];
    if (a->cohort == 0)
        return assay_scenario_refuse(
            message, ASSAY_E_INVALID,
            "adversaries[%u].cohort: expected a cohort of its own, found honest, who "
            "attack nobody",
            (unsigned)index);
    if (a->attack == ASSAY_SIM_ATTACK_ON_OFF && (a->on_epochs == 0 || a->off_epochs == 0))
        return assay_scenario_refuse(
            message, ASSAY_E_RANGE,
            "adversaries[%u]: on-off needs on_epochs and off_epochs above 0", (unsigned)index);
    if (a->stop_epoch == 0 || a->stop_epoch > a->start_epoch) return ASSAY_OK;
    return assay_scenario_refuse(
        message, ASSAY_E_RANGE,
        "adversaries[%u].stop_epoch: expected more than start_epoch, %llu, found %llu",
        (unsigned)index, (unsigned long long)a->start_epoch, (unsigned long long)a->stop_epoch);
}

static enum assay_status check_partition(const struct assay_scenario *s, uint32_t index,
                                         char *message)
{
    const struct assay_sim_partition *p = &s->partitions[index];
    if (!p->by_cohort && p->share_bp == 0)
        return assay_scenario_refuse(
            message, ASSAY_E_INVALID,
            "partitions[%u]: expected cohort or share_bp, which say who is on side A",
            (unsigned)index);
    if (p->a_receives_b && p->b_receives_a)
        return assay_scenario_refuse(
            message, ASSAY_E_INVALID,
            "partitions[%u]: both sides receive from each other: nothing is cut", (unsigned)index);
    if (p->stop_epoch == 0 || p->stop_epoch > p->start_epoch) return ASSAY_OK;
    return assay_scenario_refuse(
        message, ASSAY_E_RANGE,
        "partitions[%u].stop_epoch: expected more than start_epoch, %llu, found %llu",
        (unsigned)index, (unsigned long long)p->start_epoch, (unsigned long long)p->stop_epoch);
}

static enum assay_status check_crash(const struct assay_scenario *s, uint32_t index, char *message)
{
    const struct assay_sim_crash *c = &s->crashes[index];
    if ((c->at_epoch == 0) == (c->rate_permille == 0))
        return assay_scenario_refuse(message, ASSAY_E_INVALID,
                                     "crashes[%u]: expected at_epoch or rate_permille, found %s",
                                     (unsigned)index, c->at_epoch == 0 ? "neither" : "both");
    if (c->loses_store && c->rolls_back_epochs > 0)
        return assay_scenario_refuse(message, ASSAY_E_INVALID,
                                     "crashes[%u]: a store that is lost cannot be rolled back",
                                     (unsigned)index);
    const bool other_disk = c->loses_store || c->rolls_back_epochs > 0;
    if (c->loses_log && other_disk)
        return assay_scenario_refuse(
            message, ASSAY_E_INVALID,
            "crashes[%u]: expected one of loses_log, loses_store and rolls_back_epochs, found two",
            (unsigned)index);
    if (!c->loses_log && (c->first_day || c->loses_again))
        return assay_scenario_refuse(message, ASSAY_E_INVALID,
                                     "crashes[%u]: expected loses_log with %s, found none",
                                     (unsigned)index, c->first_day ? "first_day" : "loses_again");
    if (c->kills > 0 && c->kill_ms == 0)
        return assay_scenario_refuse(message, ASSAY_E_INVALID,
                                     "crashes[%u].kill_ms: expected at least 1 with kills, found 0",
                                     (unsigned)index);
    if (c->pauses && (other_disk || c->loses_log || c->kills > 0))
        return assay_scenario_refuse(message, ASSAY_E_INVALID,
                                     "crashes[%u]: a paused node keeps its store", (unsigned)index);
    return ASSAY_OK;
}

/* One after the other, each with time to work before progress is required. */
static enum assay_status check_recover(const struct assay_scenario *s, uint32_t index,
                                       char *message)
{
    const struct assay_sim_recover *r = &s->recovers[index];
    const uint64_t ends = r->at_epoch + r->after_epochs;
    if (index > 0 &&
        r->at_epoch <= s->recovers[index - 1].at_epoch + s->recovers[index - 1].after_epochs)
        return assay_scenario_refuse(message, ASSAY_E_INVALID,
                                     "recovers[%u].at_epoch: expected after the one before",
                                     (unsigned)index);
    if (s->heal_epoch == 0 || ends < s->heal_epoch) return ASSAY_OK;
    return assay_scenario_refuse(
        message, ASSAY_E_RANGE,
        "recovers[%u]: expected at_epoch + after_epochs below heal_epoch, %llu, found %llu",
        (unsigned)index, (unsigned long long)s->heal_epoch, (unsigned long long)ends);
}

static enum assay_status check_clock(const struct assay_scenario *s, uint32_t index, char *message)
{
    const struct assay_sim_clock *c = &s->clocks[index];
    if (!c->by_cohort && c->share_bp == 0)
        return assay_scenario_refuse(
            message, ASSAY_E_INVALID,
            "clocks[%u]: expected cohort or share_bp, which say whose dates are wrong",
            (unsigned)index);
    if ((c->ahead_s == 0) == (c->behind_s == 0))
        return assay_scenario_refuse(message, ASSAY_E_INVALID,
                                     "clocks[%u]: expected ahead_s or behind_s, found %s",
                                     (unsigned)index, c->ahead_s == 0 ? "neither" : "both");
    if (assay_scenario_fidelity(s) == ASSAY_SIM_FIDELITY_MESSAGE) return ASSAY_OK;
    return assay_scenario_refuse(message, ASSAY_E_INVALID,
                                 "clocks[%u]: clocks run at fidelity message alone",
                                 (unsigned)index);
}

static bool is_of_key(const struct assay_sim_change *c)
{
    return c->action == ASSAY_SIM_ACTION_IDENTITY || c->action == ASSAY_SIM_ACTION_OPERATOR_KEY;
}

bool assay_scenario_changes_keys(const struct assay_scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->change_count; i++)
        if (is_of_key(&scenario->changes[i])) return true;
    return false;
}

/* New keys need feature level 3, which the genesis has unless it says another one. */
static enum assay_status check_new_keys(const struct assay_scenario *s, uint32_t index,
                                        char *message)
{
    const struct assay_sim_change *c = &s->changes[index];
    const bool of_key = c->flaw == ASSAY_SIM_FLAW_CONSENT || c->flaw == ASSAY_SIM_FLAW_KEY_TAKEN;
    bool is_reached = !assay_scenario_proposes(s) || s->proposals.level >= ASSAY_SIM_LEVEL_MAX;
    for (uint32_t i = 0; i < s->change_count; i++)
        is_reached |= s->changes[i].level >= ASSAY_SIM_LEVEL_MAX;
    if (of_key && !is_of_key(c))
        return assay_scenario_refuse(message, ASSAY_E_INVALID,
                                     "changes[%u].flaw: expected action identity or operator-key, "
                                     "whose new keys have this flaw",
                                     (unsigned)index);
    if (is_reached || !is_of_key(c)) return ASSAY_OK;
    return assay_scenario_refuse(
        message, ASSAY_E_INVALID,
        "changes[%u].action: expected proposals.level %d, or a change that "
        "raises the level to it, found level %u",
        (unsigned)index, ASSAY_SIM_LEVEL_MAX, (unsigned)s->proposals.level);
}

static enum assay_status check_change(const struct assay_scenario *s, uint32_t index, char *message)
{
    const struct assay_sim_change *c = &s->changes[index];
    const struct assay_sim_change *before = index > 0 ? &s->changes[index - 1] : NULL;
    const bool alone = c->action == ASSAY_SIM_ACTION_MAINTENANCE;
    if (assay_scenario_fidelity(s) != ASSAY_SIM_FIDELITY_MESSAGE ||
        s->evidence == ASSAY_SIM_EVIDENCE_SOFT)
        return assay_scenario_refuse(
            message, ASSAY_E_INVALID,
            "changes[%u]: changes run at fidelity message and with modelled evidence alone",
            (unsigned)index);
    if (alone && (c->flaw == ASSAY_SIM_FLAW_FEW_SIGNATURES || c->flaw == ASSAY_SIM_FLAW_FORCE))
        return assay_scenario_refuse(
            message, ASSAY_E_INVALID,
            "changes[%u].flaw: one operator announces maintenance, and it forces nothing",
            (unsigned)index);
    if ((c->epoch_ms != 0 && c->epoch_ms < ASSAY_EPOCH_MS_MIN) ||
        (c->block_len_max != 0 && c->block_len_max < ASSAY_BLOCK_LEN_MIN))
        return assay_scenario_refuse(
            message, ASSAY_E_RANGE,
            "changes[%u]: expected epoch_ms 0 or at least %d and block_len_max 0 or at least %d, "
            "found %u and %u",
            (unsigned)index, ASSAY_EPOCH_MS_MIN, ASSAY_BLOCK_LEN_MIN, (unsigned)c->epoch_ms,
            (unsigned)c->block_len_max);
    if (c->action == ASSAY_SIM_ACTION_SERVICES && !assay_scenario_adds_services(s))
        return assay_scenario_refuse(message, ASSAY_E_INVALID,
                                     "changes[%u]: services.later_groups, later_tasks or "
                                     "later_key_retired says what is added",
                                     (unsigned)index);
    if (c->proposed && (alone || c->flaw != ASSAY_SIM_FLAW_NONE || c->with_before))
        return assay_scenario_refuse(message, ASSAY_E_INVALID,
                                     "changes[%u].proposed: expected a change of its own without a "
                                     "flaw, that several operators sign",
                                     (unsigned)index);
    ASSAY_TRY(check_new_keys(s, index, message));
    if (!c->with_before) return ASSAY_OK;
    if (before == NULL)
        return assay_scenario_refuse(message, ASSAY_E_INVALID,
                                     "changes[0].with_before: there is none before");
    if (alone || before->action == ASSAY_SIM_ACTION_MAINTENANCE)
        return assay_scenario_refuse(message, ASSAY_E_INVALID,
                                     "changes[%u].with_before: maintenance stands alone",
                                     (unsigned)index);
    return ASSAY_OK;
}

static enum assay_status check_day(const struct assay_scenario *s, uint32_t index, char *message)
{
    const struct assay_sim_day *d = &s->days[index];
    if (assay_scenario_fidelity(s) != ASSAY_SIM_FIDELITY_MESSAGE ||
        s->evidence == ASSAY_SIM_EVIDENCE_SOFT)
        return assay_scenario_refuse(
            message, ASSAY_E_INVALID,
            "collateral[%u]: it is renewed at fidelity message and with modelled evidence alone",
            (unsigned)index);
    if (d->vendor < s->vendors) return ASSAY_OK;
    return assay_scenario_refuse(message, ASSAY_E_INVALID,
                                 "collateral[%u].vendor: expected one of %u vendors, found %u",
                                 (unsigned)index, (unsigned)s->vendors, (unsigned)d->vendor);
}

static enum assay_status check_spares(const struct assay_scenario *s, char *message)
{
    if (s->spares == 0) return ASSAY_OK;
    ASSAY_TRY(check_range(message, "spares", s->spares, 0, s->nodes - 1));
    if (assay_scenario_fidelity(s) == ASSAY_SIM_FIDELITY_MESSAGE &&
        s->evidence != ASSAY_SIM_EVIDENCE_SOFT)
        return ASSAY_OK;
    return assay_scenario_refuse(
        message, ASSAY_E_INVALID,
        "spares: they join at fidelity message and with modelled evidence alone");
}

bool assay_scenario_serves(const struct assay_scenario *scenario)
{
    const struct assay_sim_services_plan *p = &scenario->services;
    return p->groups > 0 || p->requestors > 0 || p->share_clusters > 0 || p->group_key;
}

bool assay_scenario_has_group_key(const struct assay_scenario *scenario)
{
    return scenario->services.group_key;
}

bool assay_scenario_adds_services(const struct assay_scenario *scenario)
{
    return scenario->services.later_groups > 0 || scenario->services.later_tasks ||
           scenario->services.later_key_retired > 0;
}

bool assay_scenario_proposes(const struct assay_scenario *scenario)
{
    const struct assay_sim_proposals *p = &scenario->proposals;
    for (uint32_t i = 0; i < scenario->change_count; i++)
        if (scenario->changes[i].proposed) return true;
    return p->liars > 0;
}

bool assay_scenario_has_workload_keys(const struct assay_scenario *scenario)
{
    return scenario->workload_keys.declared_permille > 0;
}

static enum assay_status check_workload_keys(const struct assay_scenario *s, char *message)
{
    if (!assay_scenario_has_workload_keys(s)) return ASSAY_OK;
    if (assay_scenario_fidelity(s) != ASSAY_SIM_FIDELITY_MESSAGE ||
        s->evidence == ASSAY_SIM_EVIDENCE_SOFT)
        return assay_scenario_refuse(
            message, ASSAY_E_INVALID,
            "workload_keys: they run at fidelity message and with modelled evidence alone");
    if (assay_scenario_proposes(s))
        return assay_scenario_refuse(message, ASSAY_E_INVALID,
                                     "workload_keys: not with proposals, which have a feature "
                                     "level of their own");
    if (s->nodes <= ASSAY_SIM_KEYED_NODES_MAX) return ASSAY_OK;
    return assay_scenario_refuse(message, ASSAY_E_RANGE,
                                 "nodes: expected %d at most with workload_keys, found %u",
                                 ASSAY_SIM_KEYED_NODES_MAX, (unsigned)s->nodes);
}

/* Liars alone must not be enough to decide: more than half of the operators sign. */
static enum assay_status check_proposals(const struct assay_scenario *s, char *message)
{
    const bool is_messages = assay_scenario_fidelity(s) == ASSAY_SIM_FIDELITY_MESSAGE &&
                             s->evidence != ASSAY_SIM_EVIDENCE_SOFT;
    if (!assay_scenario_proposes(s)) return ASSAY_OK;
    if (!is_messages)
        return assay_scenario_refuse(
            message, ASSAY_E_INVALID,
            "proposals: they run at fidelity message and with modelled evidence alone");
    if (s->nodes > ASSAY_SIM_PROPOSING_NODES_MAX)
        return assay_scenario_refuse(message, ASSAY_E_RANGE,
                                     "nodes: expected %d at most with proposals, found %u",
                                     ASSAY_SIM_PROPOSING_NODES_MAX, (unsigned)s->nodes);
    if (2 * s->proposals.liars < s->operators || s->proposals.liars == 0) return ASSAY_OK;
    return assay_scenario_refuse(
        message, ASSAY_E_RANGE,
        "proposals.liars: expected fewer than half of %u operators, found %u",
        (unsigned)s->operators, (unsigned)s->proposals.liars);
}

enum { SESSION_EPOCH_MS_MAX = 10000 };

static enum assay_status check_services(const struct assay_scenario *s, char *message)
{
    const struct assay_sim_services_plan *p = &s->services;
    if ((p->key_replaced > 0 || p->later_key_retired > 0) && !p->group_key)
        return assay_scenario_refuse(message, ASSAY_E_INVALID,
                                     "services: key_replaced and later_key_retired are of a "
                                     "group_key");
    if (p->group_key && !assay_scenario_has_workload_keys(s))
        return assay_scenario_refuse(message, ASSAY_E_INVALID,
                                     "services.group_key: members declare keys of their holders, "
                                     "so workload_keys.declared_permille is 1 or more");
    if (p->granted_names > 0 && !p->group_key)
        return assay_scenario_refuse(message, ASSAY_E_INVALID,
                                     "services.granted_names: the plan of a group key grants them, "
                                     "so services.group_key is true");
    if (p->key_sessions && (!p->group_key || s->epoch_ms > SESSION_EPOCH_MS_MAX))
        return assay_scenario_refuse(message, ASSAY_E_INVALID,
                                     "services.key_sessions: signers have a group key, and a turn "
                                     "in every 100 ms: expected group_key and epoch_ms of at most "
                                     "%d",
                                     SESSION_EPOCH_MS_MAX);
    if (p->group_size % 2 == 0)
        return assay_scenario_refuse(message, ASSAY_E_INVALID,
                                     "services.group_size: expected 3, 5 or 7, found %u",
                                     (unsigned)p->group_size);
    if (p->share_k > p->share_slots)
        return assay_scenario_refuse(message, ASSAY_E_INVALID,
                                     "services.share_k: expected at most share_slots, %u, found %u",
                                     (unsigned)p->share_slots, (unsigned)p->share_k);
    if (p->share_clusters * p->share_slots > s->nodes)
        return assay_scenario_refuse(
            message, ASSAY_E_INVALID,
            "services.share_clusters: %u with %u slots each need %u nodes, found %u",
            (unsigned)p->share_clusters, (unsigned)p->share_slots,
            (unsigned)(p->share_clusters * p->share_slots), (unsigned)s->nodes);
    if (p->quota_abusers >= s->nodes)
        return assay_scenario_refuse(message, ASSAY_E_INVALID,
                                     "services.quota_abusers: expected fewer than %u, found %u",
                                     (unsigned)s->nodes, (unsigned)p->quota_abusers);
    if (p->later_groups > p->groups || (p->later_tasks && p->requestors == 0))
        return assay_scenario_refuse(
            message, ASSAY_E_INVALID,
            "services: later_groups and later_tasks are of those that there will be");
    if (!assay_scenario_serves(s)) return ASSAY_OK;
    if (assay_scenario_fidelity(s) != ASSAY_SIM_FIDELITY_MESSAGE ||
        s->evidence == ASSAY_SIM_EVIDENCE_SOFT)
        return assay_scenario_refuse(
            message, ASSAY_E_INVALID,
            "services: they run at fidelity message and with modelled evidence alone");
    return check_range(message, "nodes (with services)", s->nodes, 4, ASSAY_SIM_SERVED_NODES_MAX);
}

static enum assay_status check_lists(const struct assay_scenario *s, char *message)
{
    for (uint32_t i = 0; i < s->cohort_count; i++)
        ASSAY_TRY(check_cohort(s, i, message));
    for (uint32_t i = 0; i < s->adversary_count; i++)
        ASSAY_TRY(check_adversary(s, i, message));
    for (uint32_t i = 0; i < s->partition_count; i++)
        ASSAY_TRY(check_partition(s, i, message));
    for (uint32_t i = 0; i < s->crash_count; i++)
        ASSAY_TRY(check_crash(s, i, message));
    for (uint32_t i = 0; i < s->clock_count; i++)
        ASSAY_TRY(check_clock(s, i, message));
    for (uint32_t i = 0; i < s->change_count; i++)
        ASSAY_TRY(check_change(s, i, message));
    for (uint32_t i = 0; i < s->recover_count; i++)
        ASSAY_TRY(check_recover(s, i, message));
    for (uint32_t i = 0; i < s->day_count; i++)
        ASSAY_TRY(check_day(s, i, message));
    return ASSAY_OK;
}

enum assay_status assay_scenario_check(const struct assay_scenario *scenario,
                                       char message[static ASSAY_SIM_MESSAGE_MAX])
{
    message[0] = '\0';
    ASSAY_TRY(assay_scenario_bounds(scenario, message));
    ASSAY_TRY(check_vendor_shares(scenario, message));
    ASSAY_TRY(check_fidelity(scenario, message));
    ASSAY_TRY(check_link(scenario, message));
    ASSAY_TRY(check_spares(scenario, message));
    ASSAY_TRY(check_services(scenario, message));
    ASSAY_TRY(check_proposals(scenario, message));
    ASSAY_TRY(check_workload_keys(scenario, message));
    ASSAY_TRY(check_lists(scenario, message));
    if (scenario->heal_epoch == 0 || scenario->heal_epoch <= scenario->epochs) return ASSAY_OK;
    return assay_scenario_refuse(
        message, ASSAY_E_RANGE,
        "heal_epoch: expected 0 (never) .. %llu, the last epoch, found %llu",
        (unsigned long long)scenario->epochs, (unsigned long long)scenario->heal_epoch);
}
