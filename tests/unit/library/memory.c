/*
 * tests/unit/library/memory.c - tests of allocations of the library.
 *
 * What the library allocates: nothing of its own for a warm appraisal, and a status for each
 * allocation of its own that fails.
 *
 * The C library's allocator is replaced by one that asks who calls: only calls out of libassay.so
 * itself are counted and refused, those of OpenSSL and jansson are counted beside them. A plain
 * program without sanitizers, which replace the allocator themselves.
 */
#include "tests/unit/library/soft_world.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

extern void *__libc_malloc(size_t len);
extern void *__libc_calloc(size_t count, size_t len);
extern void *__libc_realloc(void *old, size_t len);
/* Seen by the libraries, too. */
#define REPLACED __attribute__((visibility("default")))
REPLACED void *malloc(size_t len);
REPLACED void *calloc(size_t count, size_t len);
REPLACED void *realloc(void *old, size_t len);

static const void *library; /* its base address; NULL: nobody is watched */
static size_t own, others;
static size_t refuse_at; /* the own allocation with this number fails; 0: none */
static bool refused;

/* Returns: true when this call is to fail. */
static bool watch(const void *caller)
{
    Dl_info info;
    if (library == NULL) return false;
    if (dladdr(caller, &info) == 0 || info.dli_fbase != library) {
        others += 1;
        return false;
    }
    own += 1;
    refused = refused || own == refuse_at;
    return own == refuse_at;
}

void *malloc(size_t len)
{
    return watch(__builtin_return_address(0)) ? NULL : __libc_malloc(len);
}

void *calloc(size_t count, size_t len)
{
    return watch(__builtin_return_address(0)) ? NULL : __libc_calloc(count, len);
}

void *realloc(void *old, size_t len)
{
    return watch(__builtin_return_address(0)) ? NULL : __libc_realloc(old, len);
}

static void start_watching(size_t fail)
{
    Dl_info info;
    const union {
        const char *(*function)(void);
        const void *address;
    } inside = { .function = assay_version };
    must(dladdr(inside.address, &info) != 0, "the library is loaded");
    must(strstr(info.dli_fname, "libassay.so") != NULL, "and is the shared one");
    own = others = 0;
    refuse_at = fail;
    refused = false;
    library = info.dli_fbase;
}

static struct soft_world world;

struct objects {
    struct assay_trust *trust;
    struct assay_policy *policy;
    struct assay_verifier *verifier;
    struct assay_verdict *verdict;
    struct assay_eventlog_report *report;
};

static enum assay_status open_objects(struct objects *o)
{
    enum assay_status status =
        assay_policy_create_yaml(soft_world_policy, strlen(soft_world_policy), &o->policy, NULL, 0);
    if (status == ASSAY_OK) status = assay_trust_create(&o->trust);
    if (status == ASSAY_OK)
        status = assay_trust_add_root(o->trust, world.root, world.root_len, ASSAY_KINDS_ALL);
    if (status == ASSAY_OK)
        status = assay_trust_add_collateral(o->trust, world.files, world.file_count);
    if (status == ASSAY_OK) status = assay_verifier_create(WORLD_NODES, &o->verifier);
    if (status == ASSAY_OK) status = assay_verdict_create(&o->verdict);
    if (status == ASSAY_OK) status = assay_eventlog_report_create(&o->report);
    return status;
}

static void close_objects(struct objects *o)
{
    assay_eventlog_report_destroy(&o->report);
    assay_verdict_destroy(&o->verdict);
    assay_verifier_destroy(&o->verifier);
    assay_policy_destroy(&o->policy);
    assay_trust_destroy(&o->trust);
}

static void verify_all(const struct objects *o)
{
    for (size_t i = 0; i < WORLD_NODES; i++) {
        must(verify_bytes(o->verifier, o->trust, o->policy, ASSAY_KIND_NONE, world.quotes[i],
                          world.quote_lens[i], WORLD_TIME, o->verdict) == ASSAY_OK,
             "verify");
        must(assay_verdict_get_tier(o->verdict) == ASSAY_TIER_AFFIRMING, "affirming");
    }
}

static void count_warm(void)
{
    struct objects o = { 0 };
    must(open_objects(&o) == ASSAY_OK, "set up");
    start_watching(0);
    verify_all(&o);
    const size_t cold = own;
    start_watching(0);
    for (int i = 0; i < 10; i++)
        verify_all(&o);
    const size_t warm = own, by_others = others;
    library = NULL;
    (void)printf(
        "allocations: cold %zu of the library, warm %zu of the library and %zu of others\n", cold,
        warm, by_others);
    must(cold > 0, "the counter sees allocations");
    must(warm == 0, "a warm appraisal allocates nothing of its own");
    close_objects(&o);
}

static void refuse_each(void)
{
    size_t tried = 0;
    for (size_t fail = 1; fail < 10000; fail++) {
        struct objects o = { 0 };
        start_watching(fail);
        const enum assay_status status = open_objects(&o);
        const bool did = refused;
        library = NULL;
        /* The adapters of cryptography say that the library behind them failed. */
        const bool told = status == ASSAY_E_MEMORY || status == ASSAY_E_CRYPTO;
        must(did == told, "a refused allocation is told by a status");
        must(did || status == ASSAY_OK, "and nothing else goes wrong");
        close_objects(&o);
        if (!did) break;
        tried = fail;
    }
    (void)printf("allocations: each of %zu refused once\n", tried);
    must(tried >= 5, "there were allocations to refuse");
}

int main(void)
{
    soft_world_make(&world);
    count_warm();
    refuse_each();
    soft_world_end(&world);
    return 0;
}
