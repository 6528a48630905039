/*
 * sim/swarm/promise.c - weights of nodes that may fail, and the checkers that then apply.
 */
#include "sim/swarm/promise.h"

#include "base/assert.h"
#include "scoring/weight.h"

#include <stdio.h>
#include <stdlib.h>

static void put_number(uint8_t id[ASSAY_SCORING_ID_LEN], uint32_t number)
{
    assay_bytes_zero(id, ASSAY_SCORING_ID_LEN);
    for (int i = 0; i < 4; i++)
        id[i] = (uint8_t)(number >> (24 - 8 * i));
}

static void *allocate_zeroed(size_t len)
{
    void *const memory = calloc(1, len);
    ASSAY_ASSERT(memory != NULL);
    return memory;
}

static struct assay_place *make_places(const struct assay_scenario *scenario)
{
    struct assay_place *const places = allocate_zeroed(scenario->nodes * sizeof *places);
    for (uint32_t i = 0; i < scenario->nodes; i++) {
        const uint32_t platform = assay_scenario_platform(scenario, i);
        put_number(places[i].node_id, i);
        put_number(places[i].operator_id, assay_scenario_operator(scenario, i));
        put_number(places[i].vendor_root, assay_scenario_vendor(scenario, i));
        places[i].platform_shared = platform == UINT32_MAX;
        if (!places[i].platform_shared) put_number(places[i].platform_id, platform);
    }
    return places;
}

/* Whether operators may take members of a cohort out of service, or choose a policy that they do
 * not satisfy. */
static bool is_moved(const struct assay_scenario *scenario, uint32_t cohort)
{
    for (uint32_t i = 0; i < scenario->change_count; i++) {
        const struct assay_sim_change *c = &scenario->changes[i];
        const bool takes = c->action == ASSAY_SIM_ACTION_REST ||
                           c->action == ASSAY_SIM_ACTION_LEAVE ||
                           (c->action == ASSAY_SIM_ACTION_POLICY && c->by_cohort);
        if (takes && (!c->by_cohort || c->cohort == cohort)) return true;
    }
    for (uint32_t i = 0; i < scenario->day_count; i++)
        if (scenario->days[i].by_cohort && scenario->days[i].cohort == cohort) return true;
    return false;
}

/* All listed with full integrity (docs/protocol.md 6.0), except members that have not joined, and,
 * without_moved, those that operators may have taken out of service. */
static void compute_weights(const struct assay_scenario *scenario, const uint8_t *cohort_of,
                            bool without_moved, uint32_t *weights)
{
    const uint32_t n = scenario->nodes;
    const struct assay_weight_rules rules = {
        .operator_cap = { scenario->operator_cap_num, scenario->operator_cap_den },
        .vendor_cap = { scenario->vendor_cap_num, scenario->vendor_cap_den },
        .amplification_percent = scenario->amplification_percent,
    };
    struct assay_place *places = make_places(scenario);
    struct assay_trust_state *trust = allocate_zeroed(n * sizeof *trust);
    bool *unlisted = allocate_zeroed(n * sizeof *unlisted);
    const size_t groups_len = assay_groups_memory_len(n), scratch_len = assay_weights_memory_len(n);
    void *memory = allocate_zeroed(groups_len), *scratch = allocate_zeroed(scratch_len);
    struct assay_groups groups;
    struct assay_tolerance tolerance;

    assay_groups_build(places, n, memory, groups_len, &groups);
    for (uint32_t i = 0; i < n; i++) {
        trust[i] = assay_trust_genesis();
        unlisted[i] =
            i + scenario->spares >= n || (without_moved && is_moved(scenario, cohort_of[i]));
    }
    const struct assay_weight_input input = {
        .rules = &rules, .groups = &groups, .trust = trust, .unlisted = unlisted
    };
    assay_weights(&input, scratch, scratch_len, weights, &tolerance);
    free(scratch);
    free(memory);
    free(unlisted);
    free(trust);
    free(places);
}

static bool is_byzantine(const struct assay_scenario *scenario, uint32_t cohort)
{
    for (uint32_t i = 0; i < scenario->adversary_count; i++)
        if (scenario->adversaries[i].cohort == cohort) return true;
    return false;
}

static bool crash_applies_to(const struct assay_sim_crash *c, uint32_t cohort)
{
    return c->all_members || c->cohort == cohort;
}

/* Whether a node of this cohort may restart with an older disk. */
static bool is_forgetful(const struct assay_scenario *scenario, uint32_t cohort)
{
    const struct assay_sim_store_faults *const f = &scenario->store;
    for (uint32_t i = 0; i < scenario->crash_count; i++) {
        const struct assay_sim_crash *const c = &scenario->crashes[i];
        if (!crash_applies_to(c, cohort)) continue;
        if (c->rolls_back_epochs > 0) return true;
        if (f->lost_permille + f->torn_permille + f->rolled_back_permille > 0) return true;
    }
    return false;
}

/* Whether a cohort may be silenced by an external cause. */
static bool is_silent(const struct assay_scenario *scenario, uint32_t cohort)
{
    for (uint32_t i = 0; i < scenario->crash_count; i++)
        if ((scenario->crashes[i].loses_store || scenario->crashes[i].loses_log) &&
            crash_applies_to(&scenario->crashes[i], cohort))
            return true;
    for (uint32_t i = 0; i < scenario->adversary_count; i++) {
        const struct assay_sim_adversary *const a = &scenario->adversaries[i];
        if (a->attack == ASSAY_SIM_ATTACK_ECLIPSE && a->victims == cohort) return true;
    }
    /* A member that a policy suspends restarts with new keys, which have to be listed first. */
    for (uint32_t i = 0; i < scenario->change_count; i++) {
        const struct assay_sim_change *c = &scenario->changes[i];
        if (c->action == ASSAY_SIM_ACTION_POLICY && c->by_cohort && c->cohort == cohort)
            return true;
    }
    for (uint32_t i = 0; i < scenario->day_count; i++)
        if (scenario->days[i].by_cohort && scenario->days[i].cohort == cohort) return true;
    return false;
}

static bool may_lie(const struct assay_scenario *scenario, uint32_t cohort)
{
    return is_byzantine(scenario, cohort) || is_forgetful(scenario, cohort);
}

/* docs/protocol.md 5.22: the seats of an operator carry the weight of all its members, and the
 * seated ones are chosen during the run: one that may fail may carry all of it. */
static void compute_seats(const struct assay_scenario *scenario, const uint8_t *cohort_of,
                          const uint32_t *weights, struct assay_sim_promise *promise)
{
    uint64_t liars = 0, silent = 0;
    for (uint32_t o = 0; o < scenario->nodes; o++) {
        uint64_t weight = 0;
        bool has_liar = false, has_silent = false;
        for (uint32_t i = 0; i < scenario->nodes; i++) {
            if (assay_scenario_operator(scenario, i) != o) continue;
            weight += weights[i];
            if (may_lie(scenario, cohort_of[i])) has_liar = true;
            else if (is_silent(scenario, cohort_of[i])) has_silent = true;
        }
        if (has_liar) liars += weight;
        else if (has_silent) silent += weight;
    }
    promise->safety = promise->safety && 3 * liars <= promise->total;
    promise->progress =
        promise->progress && promise->safety && 3 * (liars + silent) < promise->total;
}

/* By one table of weights. */
static struct assay_sim_promise compute_promise(const struct assay_scenario *scenario,
                                                const uint8_t *cohort_of, bool without_moved)
{
    const uint32_t n = scenario->nodes;
    struct assay_sim_promise promise = { 0 };
    uint32_t *weights = allocate_zeroed(n * sizeof *weights);
    compute_weights(scenario, cohort_of, without_moved, weights);
    for (uint32_t i = 0; i < n; i++) {
        promise.total += weights[i];
        if (is_byzantine(scenario, cohort_of[i])) promise.byzantine += weights[i];
        else if (is_forgetful(scenario, cohort_of[i])) promise.forgetful += weights[i];
        else if (is_silent(scenario, cohort_of[i])) promise.silent += weights[i];
    }
    const uint64_t liars = promise.byzantine + promise.forgetful;
    promise.safety = 3 * liars <= promise.total;
    promise.progress = promise.safety && 3 * (liars + promise.silent) < promise.total;
    if (scenario->seats_max < n) compute_seats(scenario, cohort_of, weights, &promise);
    free(weights);
    return promise;
}

struct assay_sim_promise assay_sim_promise_of(const struct assay_scenario *scenario, uint64_t seed)
{
    uint8_t *cohort_of = allocate_zeroed(scenario->nodes);
    assay_scenario_cohorts(scenario, seed, cohort_of);
    struct assay_sim_promise promise = compute_promise(scenario, cohort_of, false);
    if (scenario->change_count > 0) {
        const struct assay_sim_promise then = compute_promise(scenario, cohort_of, true);
        promise.safety = promise.safety && then.safety;
        promise.progress = promise.progress && then.progress && then.total > 0;
    }
    free(cohort_of);
    return promise;
}

bool assay_sim_promise_always(enum assay_sim_checker checker)
{
    switch (checker) {
    case ASSAY_SIM_CHECKER_AGREEMENT:
    case ASSAY_SIM_CHECKER_VALIDITY:
    case ASSAY_SIM_CHECKER_FINALITY:
    case ASSAY_SIM_CHECKER_VOTERS:
    case ASSAY_SIM_CHECKER_P1:
    case ASSAY_SIM_CHECKER_P2:
    case ASSAY_SIM_CHECKER_P3:
    case ASSAY_SIM_CHECKER_P4:
    case ASSAY_SIM_CHECKER_P5:
    case ASSAY_SIM_CHECKER_P8:
    case ASSAY_SIM_CHECKER_P9:
    case ASSAY_SIM_CHECKER_UNJUDGED:
    case ASSAY_SIM_CHECKER_LANES:
    case ASSAY_SIM_CHECKER_CHANGES:
    case ASSAY_SIM_CHECKER_ERAS:
    case ASSAY_SIM_CHECKER_HISTORIES:
    case ASSAY_SIM_CHECKER_SEATS:
    case ASSAY_SIM_CHECKER_SERVICES:
    case ASSAY_SIM_CHECKER_CONTINUITY:
    case ASSAY_SIM_CHECKER_TASKS:
    case ASSAY_SIM_CHECKER_SHARES:
    case ASSAY_SIM_CHECKER_WORKLOAD_KEYS:
    case ASSAY_SIM_CHECKER_GROUP_KEY:
    case ASSAY_SIM_CHECKER_CEREMONIES:
    case ASSAY_SIM_CHECKER_GRANTED_NAMES:
    case ASSAY_SIM_CHECKER_SIGNING:
    case ASSAY_SIM_CHECKER_QUIET:
    case ASSAY_SIM_CHECKER_BOUNDS:
    case ASSAY_SIM_CHECKER_CONSENT:
    case ASSAY_SIM_CHECKER_STATEMENTS:
    case ASSAY_SIM_CHECKER_INBOX:
    case ASSAY_SIM_CHECKER_INCLUDED:
    case ASSAY_SIM_CHECKER_STRIKES: /* more than a third can make their own rules */
    case ASSAY_SIM_CHECKER_LIVENESS: return false;
    case ASSAY_SIM_CHECKER_SIGNED_ONCE:
    case ASSAY_SIM_CHECKER_PERSIST:
    case ASSAY_SIM_CHECKER_BALLOTS:
    case ASSAY_SIM_CHECKER_P6:
    case ASSAY_SIM_CHECKER_P7:
    case ASSAY_SIM_CHECKER_P10:
    case ASSAY_SIM_CHECKER_P11:
    case ASSAY_SIM_CHECKER_MEMORY:
    case ASSAY_SIM_CHECKER_ORDERS:
    case ASSAY_SIM_CHECKER_JUSTICE:
    case ASSAY_SIM_CHECKER_MUTE:
    case ASSAY_SIM_CHECKER_LAST_FALL:
    case ASSAY_SIM_CHECKER_GUARD:
    case ASSAY_SIM_CHECKER_SELF_HARM:
    case ASSAY_SIM_CHECKER_AMPLIFICATION:
    case ASSAY_SIM_CHECKER_INVARIANTS: return true;
    case ASSAY_SIM_CHECKER_COUNT: break;
    }
    ASSAY_UNREACHABLE("every checker returns");
}

static bool find_checker_breach(const struct assay_sim_promise *promise,
                                const struct assay_sim_outcome *outcome,
                                struct assay_sim_breach *breach)
{
    for (uint32_t i = 0; i < ASSAY_SIM_CHECKER_COUNT; i++) {
        const enum assay_sim_checker checker = (enum assay_sim_checker)i;
        const struct assay_sim_check *const check = &outcome->checks[i];
        if (check->violated == 0) continue;
        if (!promise->safety && !assay_sim_promise_always(checker)) continue;
        const bool needs_progress = checker == ASSAY_SIM_CHECKER_LIVENESS ||
                                    checker == ASSAY_SIM_CHECKER_INCLUDED ||
                                    checker == ASSAY_SIM_CHECKER_CEREMONIES;
        if (!promise->progress && needs_progress) continue;
        breach->broken = true;
        breach->epoch = check->first_epoch;
        (void)snprintf(breach->what, sizeof breach->what, "%s", assay_sim_checker_name(checker));
        (void)snprintf(breach->message, sizeof breach->message, "%s", check->message);
        return true;
    }
    return false;
}

struct assay_sim_breach assay_sim_promise_breach(const struct assay_scenario *scenario,
                                                 const struct assay_sim_promise *promise,
                                                 const struct assay_sim_outcome *outcome)
{
    struct assay_sim_breach breach = { 0 };
    if (find_checker_breach(promise, outcome, &breach)) return breach;
    for (uint32_t i = 0; i < scenario->assertion_count; i++) {
        int64_t actual = 0;
        if (assay_sim_assertion_holds(&scenario->assertions[i], outcome, &actual)) continue;
        breach.broken = true;
        (void)snprintf(breach.what, sizeof breach.what, "assertion: %.100s",
                       scenario->assertions[i].text);
        (void)snprintf(breach.message, sizeof breach.message, "found %lld", (long long)actual);
        return breach;
    }
    if (outcome->stopped[0] != '\0') {
        breach.broken = true;
        (void)snprintf(breach.what, sizeof breach.what, "stopped");
        (void)snprintf(breach.message, sizeof breach.message, "%s", outcome->stopped);
    }
    return breach;
}
