/*
 * tests/bench/quote/bench_peer.c - full verifications per second compared with @phala/dcap-qvl, on
 * the same quotes and collateral, on one core, in one run.
 *
 * A full verification is what that library does at each call: collateral parsed and verified, then
 * the quote; nothing is cached. Ours is measured like this ("bundle and quote") and with the bundle
 * built before ("cold"), as in a node of a network. Both measure processor time, so that other load
 * of the machine has no effect; they alternate, and each line is the best of its turns. The library
 * is fetched once by tests/differential/run.sh --install; without node, npm or vectors its lines
 * are omitted.
 */
#include "base/assert.h"
#include "base/rfc3339.h"
#include "quote/accept/policy.h"
#include "quote/collateral/collateral.h"
#include "quote/verify.h"
#include "tests/support/stopwatch.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUND_COUNT = 5, COUNT = 100, FILE_MAX = 262144, PATH_LEN = 1024, COMMAND_LEN = 4096 };

struct vector {
    const char *dir, *at;
    enum assay_evidence_kind kind;
};

struct subject {
    struct assay_collateral_files files;
    uint8_t *parts[ASSAY_PARTS_INTEL];
    uint8_t *quote;
    struct assay_key root;
    struct assay_evidence_request request;
    struct assay_endorsements endorsements;
    struct assay_policy policy;
    struct assay_collateral collateral;
    struct assay_verdict verdict;
};

/* This process and its children stay on the first core that they may use. */
static void stay_on_one_core(void)
{
    cpu_set_t allowed, one;
    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
    for (size_t i = 0; i < CPU_SETSIZE; i++) {
        if (!CPU_ISSET(i, &allowed)) continue;
        CPU_SET(i, &one);
        break;
    }
    if (sched_setaffinity(0, sizeof one, &one) != 0) printf("quote peer: not pinned to a core\n");
}

static const char *vectors(void)
{
    const char *const named = getenv("ASSAY_VECTORS");
    return named != NULL ? named : ASSAY_SOURCE_DIR "/../shared/vectors";
}

static uint8_t *read_file(const char *dir, const char *name, size_t *len)
{
    char path[PATH_LEN];
    snprintf(path, sizeof path, "%s/%s/%s", vectors(), dir, name);
    *len = 0;
    FILE *const file = fopen(path, "rb");
    if (file == NULL) return NULL;
    uint8_t *const bytes = malloc(FILE_MAX);
    ASSAY_ASSERT(bytes != NULL);
    *len = fread(bytes, 1, FILE_MAX, file);
    fclose(file);
    return bytes;
}

static void close_subject(struct subject *s)
{
    for (size_t i = 0; i < ASSAY_PARTS_INTEL; i++)
        free(s->parts[i]);
    free(s->quote);
    free(s);
}

static struct subject *open_subject(const struct vector *v)
{
    size_t len = 0;
    uint32_t kinds = 0;
    struct subject *const s = calloc(1, sizeof *s);
    ASSAY_ASSERT(s != NULL);
    s->quote = read_file(v->dir, "quote.bin", &len);
    if (s->quote == NULL) {
        close_subject(s);
        return NULL;
    }
    for (int i = 0; i < ASSAY_PARTS_INTEL; i++) {
        size_t part_len = 0;
        s->parts[i] =
            read_file(v->dir, assay_collateral_part_name((enum assay_collateral_part)i), &part_len);
        s->files.part[i] = assay_slice_over(s->parts[i], part_len);
    }
    ASSAY_ASSERT(assay_pinned_root(ASSAY_PINNED_INTEL_SGX, &s->root, &kinds) == ASSAY_OK);
    assay_policy_default(&s->policy);
    s->endorsements.count = 1;
    s->endorsements.entries[0].root = s->root;
    s->endorsements.entries[0].kinds = ASSAY_KINDS_ALL;
    s->endorsements.entries[0].collateral = &s->collateral;
    s->request.kind = v->kind;
    s->request.bytes = s->quote;
    s->request.endorsements = &s->endorsements;
    s->request.policy = &s->policy;
    ASSAY_ASSERT(assay_rfc3339_parse(v->at, strlen(v->at), &s->request.at_unix_s) == ASSAY_OK);
    ASSAY_ASSERT(assay_evidence_length(v->kind, s->quote, len, &s->request.len) == ASSAY_OK);
    return s;
}

static void verify(struct subject *s)
{
    ASSAY_ASSERT(assay_evidence_verify(NULL, &s->request, &s->verdict) == ASSAY_OK);
    ASSAY_ASSERT(s->verdict.genuine == ASSAY_GENUINE_TRUE);
}

/* One round of ours. Returns: microseconds a verification, with or without building the bundle. */
static double time_ours(struct subject *s, bool building)
{
    ASSAY_ASSERT(assay_collateral_build(&s->files, &s->root, &s->collateral) == ASSAY_OK);
    const double start_us = stopwatch_us(CLOCK_PROCESS_CPUTIME_ID);
    for (unsigned i = 0; i < COUNT; i++) {
        if (building)
            ASSAY_ASSERT(assay_collateral_build(&s->files, &s->root, &s->collateral) == ASSAY_OK);
        verify(s);
    }
    return (stopwatch_us(CLOCK_PROCESS_CPUTIME_ID) - start_us) / COUNT;
}

/* One round of the other library. Returns: microseconds per verification; 0 when it is not
 * available. */
static double time_peer(const struct vector *v)
{
    char command[COMMAND_LEN];
    double each_us = 0;
    snprintf(command, sizeof command, "node '%s/tests/bench/quote/bench_peer.js' '%s/%s' %s %u",
             ASSAY_SOURCE_DIR, vectors(), v->dir, v->at, (unsigned)COUNT);
    FILE *const answer = popen(command, "r");
    if (answer == NULL) return 0;
    const int got = fscanf(answer, "%lf", &each_us);
    return pclose(answer) == 0 && got == 1 ? each_us : 0;
}

static double least(double a, double b)
{
    return a <= 0 || (b > 0 && b < a) ? b : a;
}

static void put_line(const char *name, const char *what, double each_us)
{
    char line[64];
    snprintf(line, sizeof line, "%s, %s", name, what);
    printf("quote peer   %-33s %9.2f us %10.0f /s\n", line, each_us, 1e6 / each_us);
}

static void run(const struct vector *v, bool has_peer)
{
    struct subject *const s = open_subject(v);
    double full_us = 0, cold_us = 0, peer_us = 0;
    if (s == NULL) {
        printf("quote peer   %s: not there, left out\n", v->dir);
        return;
    }
    for (unsigned i = 0; i < ROUND_COUNT; i++) {
        full_us = least(full_us, time_ours(s, true));
        cold_us = least(cold_us, time_ours(s, false));
        if (has_peer) peer_us = least(peer_us, time_peer(v));
    }
    const char *const name = assay_kind_text(v->kind);
    put_line(name, "bundle and quote", full_us);
    put_line(name, "cold", cold_us);
    if (peer_us > 0) {
        put_line(name, "@phala/dcap-qvl", peer_us);
        printf("quote peer   %-33s bundle and quote %.1f times the peer, cold %.1f times\n", name,
               peer_us / full_us, peer_us / cold_us);
    } else {
        printf("quote peer   %-33s the peer is not to be had, left out\n", name);
    }
    close_subject(s);
}

int main(void)
{
    static const struct vector all[] = {
        { "sgx/sgx-platform-ca-swhardening", "2025-08-30T05:09:06Z", ASSAY_KIND_SGX3 },
        { "tdx/tdx-v4-uptodate", "2025-07-04T10:16:31Z", ASSAY_KIND_TDX4 },
    };
    const int installed =
        system("sh '" ASSAY_SOURCE_DIR "/tests/differential/run.sh' --install 1>&2");
    stay_on_one_core();
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        run(&all[i], installed == 0);
    return 0;
}
