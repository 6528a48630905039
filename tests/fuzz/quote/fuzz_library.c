/*
 * tests/fuzz/quote/fuzz_library.c - libassay as an external program uses it, with modified files.
 *
 * A SOFT vendor made at the start supplies a good set of files and a quote; the input is a list of
 * modifications in steps of six bytes: file, action, offset, value.
 *
 * Properties: every call returns; every set of added files gets a verdict; modified evidence is
 * never affirming; the claims of whatever could be read can be listed.
 */
#include "base/assert.h"
#include "quote/source/soft/soft.h"

#include <assay/assay.h>
#include <assay/policy.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { AT = 1800000000, STEP = 6, FILES = 16, SPACE = 16384 };

static struct {
    struct assay_soft_ca ca;
    struct assay_soft_terms terms;
    struct assay_soft_bundle bundle;
    struct assay_soft_node node;
    uint8_t quote[ASSAY_SOFT_QUOTE_MAX];
    size_t quote_len;
    uint8_t root[128];
    size_t root_len;
    struct assay_policy *policy;
    struct assay_verdict *verdict;
} world;

static void make_world(void)
{
    static const char policy[] = "policy_version: 1\nprofile: development\n";
    const struct assay_soft_request request = { .isvsvn = 1 };
    if (world.verdict != NULL) return;
    ASSAY_ASSERT(assay_soft_ca_create("fuzz", 1700000000, 2000000000, &world.ca) == ASSAY_OK);
    assay_soft_terms_default(&world.ca, &world.terms);
    ASSAY_ASSERT(assay_soft_collateral(&world.ca, &world.terms, &world.bundle) == ASSAY_OK);
    ASSAY_ASSERT(assay_soft_node_create(&world.ca, "node", NULL, &world.node) == ASSAY_OK);
    ASSAY_ASSERT(assay_soft_quote(&world.node, &request, world.quote, sizeof world.quote,
                                  &world.quote_len) == ASSAY_OK);
    const struct assay_key key = assay_key_p256(world.ca.root_public);
    ASSAY_ASSERT(assay_key_spki(&key, world.root, sizeof world.root, &world.root_len) == ASSAY_OK);
    ASSAY_ASSERT(assay_policy_create_yaml(policy, sizeof policy - 1, &world.policy, NULL, 0) ==
                 ASSAY_OK);
    ASSAY_ASSERT(assay_verdict_create(&world.verdict) == ASSAY_OK);
}

struct file {
    uint8_t bytes[SPACE];
    size_t len;
};

static void fill(struct file *file, struct assay_slice from)
{
    file->len = from.len < SPACE ? from.len : SPACE;
    assay_bytes_copy(file->bytes, SPACE, from.bytes, file->len);
}

/* Returns: true when the file may be another one now. */
static bool turn(struct file *files, size_t count, const uint8_t *step)
{
    struct file *const file = &files[step[0] % count];
    const struct file *const other = &files[step[2] % count];
    const size_t at = file->len == 0 ? 0 : (size_t)(step[2] | step[3] << 8) % file->len;
    switch (step[1] % 5) {
    case 0: /* a bit */
        if (file->len > 0) file->bytes[at] ^= (uint8_t)(1 << step[4] % 8);
        break;
    case 1: /* a byte */
        if (file->len > 0) file->bytes[at] = step[4];
        break;
    case 2: file->len = at; break;
    case 3: /* another file in its place */
        if (file != other) *file = *other;
        break;
    case 4: /* another file behind it */
        if (file->len + other->len > SPACE || file == other) break;
        assay_bytes_copy(file->bytes + file->len, SPACE - file->len, other->bytes, other->len);
        file->len += other->len;
        break;
    }
    return file == &files[0];
}

/* Returns: true when it is affirming. */
static bool verify(const struct assay_trust *trust, const uint8_t *bytes, size_t len)
{
    enum assay_tier tier = ASSAY_TIER_NONE;
    const struct assay_verify_request request = {
        .size = sizeof request,
        .trust = trust,
        .policy = world.policy,
        .evidence = { bytes, len },
        .at_unix_s = AT,
    };
    ASSAY_ASSERT(assay_verify(&request, world.verdict, &tier) == ASSAY_OK);
    ASSAY_ASSERT(tier == assay_verdict_get_tier(world.verdict));
    return tier == ASSAY_TIER_AFFIRMING;
}

/* Every claim is found again by its name, and all its bytes can be read. */
static void read_claims(void)
{
    struct assay_claim_value claim = { .size = sizeof claim }, same = { .size = sizeof same };
    volatile uint8_t sum = 0;
    for (size_t i = 0; assay_verdict_get_claim_at(world.verdict, i, &claim) == ASSAY_OK; i++) {
        ASSAY_ASSERT(claim.type <= ASSAY_CLAIM_MAP);
        ASSAY_ASSERT(assay_verdict_get_claim(world.verdict, claim.name, &same) == ASSAY_OK);
        ASSAY_ASSERT(same.name == claim.name && same.type == claim.type);
        for (size_t k = 0; k < claim.bytes.len; k++)
            sum = (uint8_t)(sum + claim.bytes.bytes[k]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct file files[FILES];
    struct assay_bytes given[FILES];
    struct assay_trust *trust = NULL;
    size_t count = 1;
    bool is_turned = false;
    make_world();
    fill(&files[0], assay_slice_over(world.quote, world.quote_len));
    for (size_t i = 0; i < ASSAY_PARTS; i++)
        if (world.bundle.files.part[i].len > 0) fill(&files[count++], world.bundle.files.part[i]);
    for (size_t at = 0; at + STEP <= size && at < 64 * STEP; at += STEP)
        is_turned = turn(files, count, data + at) || is_turned;
    for (size_t i = 0; i < count; i++)
        given[i] = (struct assay_bytes){ files[i].bytes, files[i].len };

    ASSAY_ASSERT(assay_trust_create(&trust) == ASSAY_OK);
    ASSAY_ASSERT(assay_trust_add_root(trust, world.root, world.root_len, ASSAY_KINDS_ALL) ==
                 ASSAY_OK);
    const enum assay_status added = assay_trust_add_collateral(trust, given, count);
    ASSAY_ASSERT(assay_status_class(added) != ASSAY_CLASS_HOST);
    const bool affirming = verify(trust, files[0].bytes, files[0].len);
    read_claims();
    const bool same = files[0].len >= world.quote_len &&
                      assay_bytes_equal(files[0].bytes, world.quote, world.quote_len);
    if (size < STEP) ASSAY_ASSERT(affirming);
    if (is_turned && affirming) ASSAY_ASSERT(same);
    assay_trust_destroy(&trust);
    return 0;
}
