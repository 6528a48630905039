/*
 * tests/unit/library/threads.c - several threads, one verifier and one verdict each, over one trust
 * and one policy. A plain program, so that ThreadSanitizer can watch it.
 */
#include "quote/policy.h"
#include "quote/source/soft.h"

#include <assay/assay.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 4, ROUNDS = 40, NODES = 3 };
enum { FROM = 1700000000, AT = 1800000000, TO = 2000000000 };

static struct assay_soft_ca ca;
static struct assay_soft_terms terms;
static struct assay_soft_bundle bundle;
static struct assay_soft_node nodes[NODES];
static uint8_t quotes[NODES][ASSAY_SOFT_QUOTE_MAX];
static size_t quote_lens[NODES];
static struct assay_trust *trust;
static struct assay_policy *policy;

static void must(bool ok, const char *what)
{
    if (ok) return;
    (void)fprintf(stderr, "threads: %s\n", what);
    exit(1);
}

static void make_world(void)
{
    struct assay_bytes files[ASSAY_PARTS];
    struct assay_soft_request request = { .isvsvn = 1 };
    uint8_t root[128];
    size_t root_len = 0, count = 0;
    must(assay_soft_ca_create("alpha", FROM, TO, &ca) == ASSAY_OK, "authority");
    assay_soft_terms_default(&ca, &terms);
    must(assay_soft_collateral(&ca, &terms, &bundle) == ASSAY_OK, "collateral");
    for (size_t i = 0; i < NODES; i++) {
        must(assay_soft_node_create(&ca, "node", NULL, &nodes[i]) == ASSAY_OK, "node");
        must(assay_soft_quote(&nodes[i], &request, quotes[i], sizeof quotes[i], &quote_lens[i]) ==
                 ASSAY_OK,
             "quote");
    }
    const struct assay_key key = assay_key_p256(ca.root_public);
    must(assay_key_spki(&key, root, sizeof root, &root_len) == ASSAY_OK, "root");
    for (size_t i = 0; i < ASSAY_PARTS; i++) {
        const struct assay_slice part = bundle.files.part[i];
        if (part.len > 0) files[count++] = (struct assay_bytes){ part.bytes, part.len };
    }
    static const char text[] = "policy_version: 1\nprofile: development\n";
    must(assay_policy_create_yaml(text, sizeof text - 1, &policy, NULL, 0) == ASSAY_OK, "policy");
    must(assay_trust_create(&trust) == ASSAY_OK, "trust");
    must(assay_trust_add_root(trust, root, root_len, ASSAY_KINDS_ALL) == ASSAY_OK, "add root");
    must(assay_trust_add_collateral(trust, files, count) == ASSAY_OK, "add collateral");
}

static void *work(void *argument)
{
    struct assay_verifier *verifier = NULL;
    struct assay_verdict *verdict = NULL;
    struct assay_counters counters;
    size_t good = 0;
    (void)argument;
    must(assay_verifier_create(NODES, &verifier) == ASSAY_OK, "verifier");
    must(assay_verdict_create(&verdict) == ASSAY_OK, "verdict");
    for (size_t i = 0; i < ROUNDS; i++) {
        must(assay_verify(verifier, trust, policy, ASSAY_KIND_NONE, quotes[i % NODES],
                          quote_lens[i % NODES], AT, verdict) == ASSAY_OK,
             "verify");
        good += assay_verdict_get_tier(verdict) == ASSAY_TIER_AFFIRMING;
    }
    must(good == ROUNDS, "a verdict is not affirming");
    must(assay_verifier_get_counters(verifier, &counters) == ASSAY_OK, "counters");
    must(counters.misses == NODES && counters.hits == ROUNDS - NODES, "each its own memory");
    assay_verdict_destroy(&verdict);
    assay_verifier_destroy(&verifier);
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    make_world();
    for (size_t i = 0; i < THREADS; i++)
        must(pthread_create(&threads[i], NULL, work, NULL) == 0, "thread");
    for (size_t i = 0; i < THREADS; i++)
        must(pthread_join(threads[i], NULL) == 0, "join");
    for (size_t i = 0; i < NODES; i++)
        assay_soft_node_deinit(&nodes[i]);
    assay_soft_ca_wipe(&ca);
    assay_policy_destroy(&policy);
    assay_trust_destroy(&trust);
    (void)puts("threads: ok");
    return 0;
}
