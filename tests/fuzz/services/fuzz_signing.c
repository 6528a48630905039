/*
 * tests/fuzz/services/fuzz_signing.c - fuzz target: messages of signing sessions and proofs that a
 * holder signed wrongly. What is decoded encodes to the same bytes, and no proof of a fuzzer
 * convicts a holder, whose key it does not have.
 */
#include "base/assert.h"
#include "services/identity/signing_lie.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void set_group(struct assay_signing_group *group)
{
    struct assay_secret32 seed = { { 1 } };
    const enum assay_status started = assay_sodium_start();
    ASSAY_ASSERT(started == ASSAY_OK);
    *group = (struct assay_signing_group){ .threshold = 2, .indices = 3, .holders = 3 };
    for (uint32_t i = 0; i < 3; i++) {
        const enum assay_status made = assay_sodium_edwards_base(&seed, group->key);
        ASSAY_ASSERT(made == ASSAY_OK);
        assay_sodium_link_pair(&seed, group->holder[i].key);
        assay_bytes_copy(group->public_share[i + 1], 32, group->key, 32);
        group->owner[i + 1] = (uint8_t)i;
        seed.bytes[0] += 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint8_t again[ASSAY_SIGNING_MESSAGE_MAX];
    static struct assay_signing_group group;
    static struct assay_signing_message m;
    static struct assay_signing_lie lie;
    struct assay_signing_session session;
    struct assay_slice out;
    const struct assay_slice in = assay_slice_over(bytes, len);
    if (group.holders == 0) set_group(&group);
    if (assay_signing_decode(in, &m) == ASSAY_OK) {
        const enum assay_status status = assay_signing_encode(&m, again, sizeof again, &out);
        ASSAY_ASSERT(status == ASSAY_OK && assay_slice_equal(in, out));
        if (m.kind == ASSAY_SIGNING_REQUEST &&
            assay_signing_session_read(&group, &m, &session) == ASSAY_OK)
            ASSAY_ASSERT(session.count == group.threshold && session.items == m.count - 2);
    }
    if (assay_signing_lie_decode(in, &lie) == ASSAY_OK) {
        const enum assay_status status = assay_signing_lie_encode(&lie, again, sizeof again, &out);
        ASSAY_ASSERT(status == ASSAY_OK && assay_slice_equal(in, out));
        ASSAY_ASSERT(assay_signing_lie_verify(&group, &lie) != ASSAY_OK);
    }
    return 0;
}
