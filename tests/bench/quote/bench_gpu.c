/*
 * tests/bench/quote/bench_gpu.c - reports of NVIDIA's GPUs per second, cold and warm, compared with
 * the raw P-384 verification of the same run; what a remembered GPU takes in memory, and the
 * allocations of a report.
 *
 * cold: nothing is cached. warm: the device is cached; what is left is the report's signature, and
 * the certificate of the responder by the issuer, once for each of the two sets of collateral that
 * have the response. The collateral (two manifests, a response, the chain) is read before, as in a
 * node of a network; what that takes is a line of its own. The vendor is the tests' own. Each line
 * is the best of several rounds, in processor time, because the machine is shared.
 */
#include "tests/bench/quote/counting.h"
#include "tests/bench/quote/raw_p384.h"
#include "tests/unit/quote/nvidia/gpu_world.h"

#include "base/assert.h"
#include "quote/verify.h"
#include "tests/support/stopwatch.h"

#include <stdio.h>
#include <stdlib.h>

struct subject {
    struct gpu_world *world;
    struct assay_endorsements all;
    struct assay_evidence_request request;
    struct assay_verifier *verifier;
    struct assay_verdict verdict;
};

static void judge(void *context)
{
    struct subject *const s = context;
    ASSAY_ASSERT(assay_evidence_verify(s->verifier, &s->request, &s->verdict) == ASSAY_OK);
    ASSAY_ASSERT(s->verdict.genuine == ASSAY_GENUINE_TRUE);
}

static void build(void *context)
{
    const struct subject *const s = context;
    gpu_case_judge(&s->world->c);
    ASSAY_ASSERT(s->world->c.verdict.genuine == ASSAY_GENUINE_TRUE);
}

/* The collateral and the evidence as the last appraisal of the world left them. */
static void take_evidence(struct subject *s)
{
    const struct gpu_case *const c = &s->world->c;
    for (size_t i = 0; i < GPU_ROOTS; i++)
        s->all.entries[i] =
            (struct assay_endorsement){ c->roots[i], ASSAY_KINDS_NVIDIA, &c->built[i] };
    s->all.count = GPU_ROOTS;
    s->all.exact = true;
    s->request = (struct assay_evidence_request){ .kind = c->kind,
                                                  .bytes = c->whole->evidence.bytes,
                                                  .len = c->whole->evidence.len,
                                                  .at_unix_s = c->at_unix_s,
                                                  .endorsements = &s->all,
                                                  .policy = &c->policy };
}

/* Allocations of one turn, after one to warm up. */
static void count_allocations(const char *how, struct subject *s)
{
    enum { TURNS = 20 };
    judge(s);
    const struct counting before = counting_now();
    for (int i = 0; i < TURNS; i++)
        judge(s);
    const struct counting after = counting_now();
    const double openssl = (double)(after.openssl_calls - before.openssl_calls) / TURNS;
    const double all = (double)(after.calls - before.calls) / TURNS;
    (void)printf("quote gpu    %s: %.2f allocations of our own and of nettle a report, %.2f of "
                 "OpenSSL's\n",
                 how, all - openssl, openssl);
}

int main(void)
{
    enum { COLD_TURNS = 40, TURNS = 150 };
    struct raw_p384 raw = { .key = NULL };
    struct subject *const s = calloc(1, sizeof *s);
    struct assay_verifier *verifier = NULL;
    struct assay_verifier_counts counts;
    const size_t size = assay_verifier_size(1);
    counting_start();
    void *const memory = malloc(size);
    ASSAY_ASSERT(s != NULL && memory != NULL);
    ASSAY_ASSERT(assay_verifier_init(memory, size, 1, &verifier) == ASSAY_OK);
    raw_p384_open(&raw);
    s->world = gpu_world_open();
    gpu_world_judge(s->world);
    take_evidence(s);
    const double raw_us = stopwatch_best_us("quote gpu", "raw P-384", TURNS, raw_p384_verify, &raw);
    const double cold_us = stopwatch_best_us("quote gpu", "cold", COLD_TURNS, judge, s);
    count_allocations("cold", s);
    s->verifier = verifier;
    const double warm_us = stopwatch_best_us("quote gpu", "warm", TURNS, judge, s);
    count_allocations("warm", s);
    assay_verifier_count(verifier, &counts);
    (void)printf("quote gpu    %-33s warm %.2f times the raw rate (%s), cold %.2f raw "
                 "verifications; a GPU takes %zu bytes\n",
                 "", raw_us / warm_us, assay_p384_library(), cold_us / raw_us,
                 assay_verifier_size(2) - size + counts.key_bytes);
    (void)stopwatch_best_us("quote gpu", "files read, collateral, cold", COLD_TURNS, build, s);
    raw_p384_close(&raw);
    assay_verifier_deinit(&verifier);
    free(memory);
    gpu_world_close(s->world);
    free(s);
    return 0;
}
