/*
 * tests/fuzz/quote/fuzz_cca.c - any bytes as a CCA token.
 *
 * Properties: nothing is genuine under keys that signed nothing; the verdict is the same with and
 * without a memory; a failure names a claim; slices lie inside the input.
 */
#include "base/assert.h"
#include "quote/accept/policy.h"
#include "quote/cca/cca.h"
#include "quote/verify.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct assay_slice s, const uint8_t *data, size_t size)
{
    if (s.len == 0) return; /* not there */
    ASSAY_ASSERT(s.bytes >= data);
    ASSAY_ASSERT(s.bytes + s.len <= data + size);
}

static void check_token(const struct assay_cca_token *t, const uint8_t *data, size_t size)
{
    const struct assay_slice slices[] = {
        t->platform.profile,
        t->platform.binding,
        t->platform.implementation,
        t->platform.config,
        t->platform.instance,
        t->platform.hash,
        t->platform.service,
        t->realm.profile,
        t->realm.challenge,
        t->realm.rim,
        t->realm.personalization,
        t->realm.rems[0],
        t->realm.rems[3],
        t->realm.hash,
        t->realm.key,
        t->realm.key_hash,
    };
    for (size_t i = 0; i < sizeof slices / sizeof slices[0]; i++)
        check_inside(slices[i], data, size);
    ASSAY_ASSERT(t->platform.component_count >= 1);
    for (size_t i = 0; i < t->platform.component_count; i++)
        check_inside(t->platform.components[i].measurement, data, size);
    ASSAY_ASSERT(t->realm.challenge.len == ASSAY_CCA_CHALLENGE_LEN);
    ASSAY_ASSERT(t->realm.binding_hash != ASSAY_CCA_HASH_NONE);
    ASSAY_ASSERT(t->realm.public_key.type != ASSAY_KEY_NONE);
}

static void pin(struct assay_endorsements *endorsements)
{
    uint32_t kinds = 0;
    endorsements->count = 2; /* a key of each curve that ES256 and ES384 may be of */
    for (size_t i = 0; i < 2; i++) {
        endorsements->entries[i].kinds = ASSAY_KINDS_ALL;
        ASSAY_ASSERT(assay_pinned_root(i == 0 ? ASSAY_PINNED_AWS_NITRO : ASSAY_PINNED_INTEL_SGX,
                                       &endorsements->entries[i].root, &kinds) == ASSAY_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct assay_endorsements endorsements;
    static struct assay_policy policy;
    static struct assay_cca_token token;
    static struct assay_verdict cold, warm;
    struct assay_where where = { 0 };
    const enum assay_status parsed = assay_cca_parse(data, size, &token, &where);
    if (parsed == ASSAY_OK) check_token(&token, data, size);
    else
        ASSAY_ASSERT((where.field != NULL && where.offset <= size) ||
                     size > ASSAY_EVIDENCE_LEN_MAX);
    pin(&endorsements);
    assay_policy_default(&policy);
    const struct assay_evidence_request request = { .kind = ASSAY_KIND_CCA,
                                                    .bytes = data,
                                                    .len = size,
                                                    .at_unix_s = 1750000000,
                                                    .endorsements = &endorsements,
                                                    .policy = &policy };
    struct assay_verifier *verifier = NULL;
    const size_t memory_len = assay_verifier_size(1);
    void *const memory = malloc(memory_len);
    ASSAY_ASSERT(memory != NULL);
    ASSAY_ASSERT(assay_verifier_init(memory, memory_len, 1, &verifier) == ASSAY_OK);
    const enum assay_status status = assay_evidence_verify(NULL, &request, &cold);
    ASSAY_ASSERT(cold.genuine != ASSAY_GENUINE_TRUE);
    for (int again = 0; again < 2; again++) {
        ASSAY_ASSERT(assay_evidence_verify(verifier, &request, &warm) == status);
        ASSAY_ASSERT(assay_bytes_equal(&cold, &warm, sizeof cold));
    }
    assay_verifier_deinit(&verifier);
    free(memory);
    return 0;
}
