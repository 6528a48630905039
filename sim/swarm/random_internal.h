/*
 * sim/swarm/random_internal.h - internal interface of the files that draw a scenario.
 *
 * random_scenario.c (order, size, links, clocks, disks, adversaries, changes, eras, collateral),
 * random_more.c (coinciding events, services).
 */
#ifndef ASSAY_SIM_SWARM_RANDOM_INTERNAL_H
#define ASSAY_SIM_SWARM_RANDOM_INTERNAL_H

#include "base/assert.h"
#include "sim/scenario/random.h"
#include "sim/scenario/scenario.h"

#include <stdio.h>

/* Numbers are keys of streams: never reused. */
enum aspect {
    ASPECT_SIZE = 1,
    ASPECT_GROUPS = 2,
    ASPECT_LINK = 3,
    ASPECT_CLOCK = 4,
    ASPECT_STORE = 5,
    ASPECT_COHORTS = 6,
    ASPECT_ADVERSARIES = 7,
    ASPECT_PARTITIONS = 8,
    ASPECT_CRASHES = 9,
    ASPECT_BEYOND = 10,
    ASPECT_DATES = 11,
    ASPECT_PAUSES = 12,
    ASPECT_CHANGES = 13,
    ASPECT_BURN = 14,
    ASPECT_CARELESS = 15,
    ASPECT_RECOVER = 16,
    ASPECT_DAYS = 17,
    ASPECT_OVERLAY = 18,
    ASPECT_SEATS = 19,
    ASPECT_SERVICES = 20,
    ASPECT_TINY = 21,
    ASPECT_CAPS = 22,
    ASPECT_REGIONS = 23,
    ASPECT_SLOW = 24,
    ASPECT_LONG = 25,
    ASPECT_PARAMETERS = 26,
    ASPECT_RECOVER_AGAIN = 27,
    ASPECT_QUOTA_ABUSE = 28,
    ASPECT_AWAY = 29,
    ASPECT_FENCES = 30,
    ASPECT_TRIALS = 31,
    ASPECT_OLD_OPERATORS = 32,
    ASPECT_ABSENT = 33,
    ASPECT_RETURNS = 34,
    ASPECT_HANDOVERS = 35,
    ASPECT_PROPOSALS = 36,
    ASPECT_KEYS = 37,
    ASPECT_WORKLOAD_KEYS = 38,
    ASPECT_LOST_LOGS = 39,
    ASPECT_GROUP_KEY = 40,
    ASPECT_KEY_SESSIONS = 41,
};

enum { NODES_MIN = 4 };

/* The scenario being drawn and how long its faults last. */
struct draw {
    uint64_t seed;
    struct assay_scenario *s;
    bool beyond;
    bool burns;        /* views are nullified by the hundred: X over ranges of them */
    uint32_t pace_ms;  /* unit of delays of links and machines: epoch_ms, except where views burn */
    uint32_t victims;  /* cohort of attacked honest nodes; 0: all honest nodes */
    uint32_t leavers;  /* cohort of honest nodes that leave; 0: none */
    uint32_t careless; /* cohort of honest nodes that lose their store; 0: none */
};

static inline struct assay_sim_random stream(const struct draw *d, enum aspect aspect)
{
    return assay_sim_random_of(d->seed, ASSAY_SIM_STREAM_SCENARIO, (uint64_t)aspect, 0);
}

static inline uint32_t between(struct assay_sim_random *r, uint32_t min, uint32_t max)
{
    return (uint32_t)assay_sim_random_between(r, min, max);
}

static inline bool chance(struct assay_sim_random *r, uint32_t permille)
{
    return assay_sim_random_below(r, 1000) < permille;
}

/* Small numbers are more likely: the smaller of two draws. */
static inline uint32_t low(struct assay_sim_random *r, uint32_t min, uint32_t max)
{
    const uint32_t a = between(r, min, max);
    const uint32_t b = between(r, min, max);
    return a < b ? a : b;
}

static inline uint32_t add_cohort(const struct draw *d, const char *name, uint32_t count)
{
    struct assay_sim_cohort *const c = &d->s->cohorts[d->s->cohort_count];
    ASSAY_ASSERT(d->s->cohort_count < ASSAY_SIM_COHORTS_MAX);
    *c = (struct assay_sim_cohort){ .count = count };
    (void)snprintf(c->name, sizeof c->name, "%s", name);
    return d->s->cohort_count++;
}

/* Members without a cohort. */
static inline uint32_t cohort_room(const struct assay_scenario *s)
{
    uint32_t room = s->nodes;
    for (uint32_t c = 1; c < s->cohort_count; c++)
        room -= s->cohorts[c].count;
    return room;
}

/* random_more.c */
void random_away(const struct draw *d);
void random_fences(const struct draw *d);
void random_old_operators(const struct draw *d);
void random_absent(const struct draw *d);
void random_returns(struct draw *d);
void random_trials(const struct draw *d);
void random_services(const struct draw *d);
void random_proposals(const struct draw *d);
void random_keys(const struct draw *d);
void random_workload_keys(const struct draw *d);
void random_lost_logs(const struct draw *d);
void random_group_key(const struct draw *d);
void random_key_sessions(const struct draw *d);

#endif
