/*
 * sim/scenario/random.h - random numbers keyed by purpose, independent of the order of draws.
 *
 * A stream is keyed by (seed, purpose, two numbers such as node and epoch); its k-th number is a
 * function of the key and k. So a run has the same numbers for any thread count and any order of
 * work, and adding a draw for one purpose changes no other.
 */
#ifndef ASSAY_SIM_SCENARIO_RANDOM_H
#define ASSAY_SIM_SCENARIO_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

/* Purpose of a stream; the numbers are part of every trace and never reused. */
enum assay_sim_stream {
    ASSAY_SIM_STREAM_KEYS = 1,
    ASSAY_SIM_STREAM_LINK = 2,
    ASSAY_SIM_STREAM_CLOCK = 3,
    ASSAY_SIM_STREAM_CRASH = 4,
    ASSAY_SIM_STREAM_STORE = 5,
    ASSAY_SIM_STREAM_EVIDENCE = 6,
    ASSAY_SIM_STREAM_ATTACK = 7,
    ASSAY_SIM_STREAM_DELIVERY = 8, /* epoch fidelity: what arrives in time */
    ASSAY_SIM_STREAM_SCENARIO = 9, /* swarm: contents of a random scenario */
    ASSAY_SIM_STREAM_TWINS = 10,
    ASSAY_SIM_STREAM_THEORY = 11,
    ASSAY_SIM_STREAM_COHORT = 12,
    ASSAY_SIM_STREAM_CHANGE = 13,        /* members to which operators submit changes */
    ASSAY_SIM_STREAM_VIEW = 14,          /* neighbours of a node */
    ASSAY_SIM_STREAM_SERVICES = 15,      /* programs of services, and their load */
    ASSAY_SIM_STREAM_SERVICE_LINKS = 16, /* between them */
    ASSAY_SIM_STREAM_RESEND = 17,        /* old messages that an adversary sends again */
    ASSAY_SIM_STREAM_EARLY_JUNK = 18,    /* votes with invalid signatures, and their recipients */
    ASSAY_SIM_STREAM_WORKLOAD_KEYS = 19, /* keys of enclaves, and what becomes of them */
    ASSAY_SIM_STREAM_MISDEAL = 20,       /* what hostile holders of the group key do */
    ASSAY_SIM_STREAM_SIGNING = 21,       /* signing sessions: nonces, and what hosts do */
};

struct assay_sim_random {
    uint64_t key;
    uint64_t counter;
};

/* Returns: the stream at its first number. */
struct assay_sim_random assay_sim_random_of(uint64_t seed, enum assay_sim_stream stream, uint64_t a,
                                            uint64_t b);
/* Returns: the next 64 bits. */
uint64_t assay_sim_random_next(struct assay_sim_random *random);
/* Returns: a uniform number below n; n > 0 (asserted). */
uint64_t assay_sim_random_below(struct assay_sim_random *random, uint64_t n);
/* Returns: a number of min .. max; min <= max (asserted). */
uint64_t assay_sim_random_between(struct assay_sim_random *random, uint64_t min, uint64_t max);
/* Returns: true in that many cases of 1000 (1000: always; no number is used for 0 and 1000). */
bool assay_sim_random_permille(struct assay_sim_random *random, uint32_t permille);

#endif
