/*
 * tests/fuzz/quote/fuzz_policy.c - any bytes as a policy file, as an encoded policy, as an encoded
 * bundle.
 *
 * Properties: a policy read from YAML keeps its bounds and survives encoding; what decodes encodes
 * to the very same bytes.
 */
#include "base/assert.h"
#include "quote/accept/policy.h"
#include "quote/collateral/collateral.h"
#include "quote/yaml.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct assay_slice encode(const struct assay_policy *policy, uint8_t *memory)
{
    struct assay_slice bytes;
    struct assay_writer w = assay_writer_over(memory, ASSAY_POLICY_LEN_MAX);
    assay_policy_encode(policy, &w);
    ASSAY_ASSERT(assay_writer_finish(&w, &bytes) == ASSAY_OK);
    return bytes;
}

static void check_yaml(const uint8_t *data, size_t size)
{
    static uint8_t first[ASSAY_POLICY_LEN_MAX], second[ASSAY_POLICY_LEN_MAX];
    static struct assay_policy policy, again;
    char message[ASSAY_YAML_MESSAGE_MAX];
    if (assay_policy_parse_yaml(data, size, &policy, message) != ASSAY_OK) {
        ASSAY_ASSERT(message[0] != '\0');
        return;
    }
    ASSAY_ASSERT(assay_policy_check(&policy) == ASSAY_OK);
    const struct assay_slice bytes = encode(&policy, first);
    ASSAY_ASSERT(assay_policy_decode(bytes.bytes, bytes.len, &again) == ASSAY_OK);
    ASSAY_ASSERT(assay_slice_equal(bytes, encode(&again, second)));
}

static void check_bundle(const uint8_t *data, size_t size)
{
    struct assay_collateral_files files;
    struct assay_slice again;
    uint8_t a[32], b[32];
    if (assay_collateral_decode(data, size, &files) != ASSAY_OK) return;
    uint8_t *const memory = malloc(size);
    ASSAY_ASSERT(memory != NULL);
    struct assay_writer w = assay_writer_over(memory, size);
    assay_collateral_encode(&files, &w);
    ASSAY_ASSERT(assay_writer_finish(&w, &again) == ASSAY_OK);
    ASSAY_ASSERT(assay_slice_equal(again, assay_slice_over(data, size)));
    assay_collateral_digest(&files, a);
    assay_sha256(data, size, b);
    ASSAY_ASSERT(assay_bytes_equal(a, b, 32));
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[ASSAY_POLICY_LEN_MAX];
    static struct assay_policy policy;
    check_yaml(data, size);
    check_bundle(data, size);
    if (assay_policy_decode(data, size, &policy) == ASSAY_OK)
        ASSAY_ASSERT(assay_slice_equal(encode(&policy, memory), assay_slice_over(data, size)));
    return 0;
}
