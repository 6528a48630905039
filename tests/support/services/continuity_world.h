/*
 * tests/support/services/continuity_world.h - one group of replicas, two clones of one enclave and
 * a hostile host, under a schedule drawn from a seed.
 *
 * Each possible action of a hostile host and network is a step: messages are lost, delayed,
 * repeated and reordered, replicas are killed (their memory and key are lost), ledgers are shown
 * late, clones run at once and receive any blob that was ever sealed. The code under test is the
 * product's: replica, client, group. After each step:
 *   LOST   an enclave runs on less than was released before it was started
 *   FORK   two released states are not on one chain
 *   STALE  a confirmed read is older than what was released before it began
 *   VIEW   an enclave is in a view that the ledger never started
 */
#ifndef ASSAY_TESTS_SUPPORT_CONTINUITY_WORLD_H
#define ASSAY_TESTS_SUPPORT_CONTINUITY_WORLD_H

#include "services/continuity/client.h"
#include "services/continuity/group.h"

enum cont_rule {
    CONT_RULE_OURS,
    CONT_RULE_NAIVE,  /* a restarted replica keeps its key and uses the maximum of q peers */
    CONT_RULE_SEALED, /* it restarts from a sealed copy of its memory, which the host rolls back */
};

struct cont_plan {
    uint64_t seed;
    enum cont_rule rule;
    uint32_t size;     /* of the group */
    uint32_t spare;    /* members with a replica and no seat */
    uint32_t restarts; /* at most */
    uint32_t sessions; /* at most */
    uint32_t updates;  /* at most, in all sessions */
    uint32_t suspensions;
    uint32_t undone; /* RECOVERs, at most, that undo later records of the group */
    uint32_t steps;
};

struct cont_result {
    const char *violation; /* NULL: none */
    char story[160];       /* where it was found */
    bool recovered;        /* after healing an enclave came up on what was certified */
    bool gone;             /* too few memories were left, and the group reported it */
    uint32_t released, adopted, refused, fenced, confirmed, views, restarts, undone, steps;
    uint32_t followed, forged; /* views that enclaves took; hand-overs that they refused */
};

/* Returns: what one schedule came to. */
struct cont_result cont_world_run(const struct cont_plan *plan);

#endif
