/*
 * tests/unit/library/threads.c - several threads, one verifier and one verdict each, over one trust
 * and one policy. A plain program for ThreadSanitizer.
 */
#include "tests/unit/library/soft_world.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 4, ROUNDS = 40 };

static struct soft_world world;
static struct assay_trust *trust;
static struct assay_policy *policy;

static void *work(void *argument)
{
    struct assay_verifier *verifier = NULL;
    struct assay_verdict *verdict = NULL;
    struct assay_counters counters = { .size = sizeof counters };
    size_t good = 0;
    (void)argument;
    must(assay_verifier_create(WORLD_NODES, &verifier) == ASSAY_OK, "verifier");
    must(assay_verdict_create(&verdict) == ASSAY_OK, "verdict");
    for (size_t i = 0; i < ROUNDS; i++) {
        const size_t node = i % WORLD_NODES;
        must(verify_bytes(verifier, trust, policy, ASSAY_KIND_NONE, world.quotes[node],
                          world.quote_lens[node], WORLD_TIME, verdict) == ASSAY_OK,
             "verify");
        good += assay_verdict_get_tier(verdict) == ASSAY_TIER_AFFIRMING;
    }
    must(good == ROUNDS, "every verdict is affirming");
    must(assay_verifier_get_counters(verifier, &counters) == ASSAY_OK, "counters");
    must(counters.misses == WORLD_NODES && counters.hits == ROUNDS - WORLD_NODES,
         "each has a memory of its own");
    assay_verdict_destroy(&verdict);
    assay_verifier_destroy(&verifier);
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    soft_world_make(&world);
    must(assay_policy_create_yaml(soft_world_policy, strlen(soft_world_policy), &policy, NULL, 0) ==
             ASSAY_OK,
         "policy");
    must(assay_trust_create(&trust) == ASSAY_OK, "trust");
    must(assay_trust_add_root(trust, world.root, world.root_len, ASSAY_KINDS_ALL) == ASSAY_OK,
         "root");
    must(assay_trust_add_collateral(trust, world.files, world.file_count) == ASSAY_OK,
         "collateral");
    for (size_t i = 0; i < THREADS; i++)
        must(pthread_create(&threads[i], NULL, work, NULL) == 0, "thread");
    for (size_t i = 0; i < THREADS; i++)
        must(pthread_join(threads[i], NULL) == 0, "join");
    assay_policy_destroy(&policy);
    assay_trust_destroy(&trust);
    soft_world_end(&world);
    (void)puts("threads: ok");
    return 0;
}
