/*
 * tests/fuzz/quote/fuzz_corim.c - any bytes as a manifest, signed and unsigned.
 *
 * Properties: what is read, a policy may hold; read strictly it is the same as read partially, with
 * nothing left out but what restricts nothing; written again it is the same.
 */
#include "base/assert.h"
#include "quote/accept/corim.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_bounds(const struct assay_corim *corim)
{
    static struct assay_policy policy;
    ASSAY_ASSERT(corim->reference_count > 0);
    assay_policy_default(&policy);
    policy.reference_count = corim->reference_count;
    for (uint32_t i = 0; i < corim->reference_count; i++)
        policy.references[i] = corim->references[i];
    ASSAY_ASSERT(assay_policy_check(&policy) == ASSAY_OK);
}

static void check_same(const struct assay_corim *a, const struct assay_corim *b)
{
    ASSAY_ASSERT(a->reference_count == b->reference_count);
    for (uint32_t i = 0; i < a->reference_count; i++) {
        const struct assay_reference *const one = &a->references[i];
        const struct assay_reference *const other = &b->references[i];
        ASSAY_ASSERT(one->field == other->field && one->state == other->state);
        ASSAY_ASSERT(one->value_len == other->value_len);
        ASSAY_ASSERT(assay_bytes_equal(one->value, other->value, one->value_len));
        ASSAY_ASSERT(one->not_before_s == other->not_before_s);
        ASSAY_ASSERT(one->not_after_s == other->not_after_s);
        ASSAY_ASSERT(one->isvsvn_min == other->isvsvn_min);
    }
}

static void check_written(const struct assay_corim *corim)
{
    static uint8_t memory[ASSAY_CORIM_LEN_MAX];
    static struct assay_corim again;
    struct assay_slice bytes;
    struct assay_writer w = assay_writer_over(memory, sizeof memory);
    assay_corim_write("again", corim->references, corim->reference_count, &w);
    ASSAY_ASSERT(assay_writer_finish(&w, &bytes) == ASSAY_OK);
    ASSAY_ASSERT(assay_corim_read(bytes.bytes, bytes.len, NULL, &again, NULL) == ASSAY_OK);
    check_same(corim, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct assay_corim strict, loose;
    static const uint8_t point[ASSAY_P256_PUBLIC_LEN] = {
        0x0b, 0xa9, 0xc4, 0xc0, 0xc0, 0xc8, 0x61, 0x93, 0xa3, 0xfe, 0x23, 0xd6, 0xb0,
        0x2c, 0xda, 0x10, 0xa8, 0xbb, 0xd4, 0xe8, 0x8e, 0x48, 0xb4, 0x45, 0x85, 0x61,
        0xa3, 0x6e, 0x70, 0x55, 0x25, 0xf5, 0x67, 0x91, 0x8e, 0x2e, 0xdc, 0x88, 0xe4,
        0x0d, 0x86, 0x0b, 0xd0, 0xcc, 0x4e, 0xe2, 0x6a, 0xac, 0xc9, 0x88, 0xe5, 0x05,
        0xa9, 0x53, 0x55, 0x8c, 0x45, 0x3f, 0x6b, 0x09, 0x04, 0xae, 0x73, 0x94,
    };
    const struct assay_key signer = assay_key_p256(point); /* Intel's: it signs no manifests */
    const struct assay_corim_options partial = { .partial = true };
    struct assay_where where;
    ASSAY_ASSERT(assay_corim_open(data, size, &signer, &partial, &loose, &where) != ASSAY_OK);
    ASSAY_ASSERT(where.field != NULL && where.offset <= size);
    const enum assay_status read = assay_corim_read(data, size, NULL, &strict, &where);
    if (read != ASSAY_OK) ASSAY_ASSERT(where.field != NULL && where.offset <= size);
    const enum assay_status partly = assay_corim_read(data, size, &partial, &loose, &where);
    if (read == ASSAY_OK) {
        ASSAY_ASSERT(partly == ASSAY_OK);
        check_same(&strict, &loose);
        check_bounds(&strict);
        check_written(&strict);
    }
    if (partly == ASSAY_OK) check_bounds(&loose);
    return 0;
}
