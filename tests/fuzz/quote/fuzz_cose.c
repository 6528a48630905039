/*
 * tests/fuzz/quote/fuzz_cose.c - any bytes as COSE_Sign1, as COSE_Key, and as an item to skip.
 *
 * Properties: slices lie inside the input and tell their place; what is accepted is accepted in one
 * form only (one byte more or less is refused); the strict reader of base/cbor.h skips no more than
 * this one does; a signature is as long as its curve.
 */
#include "base/assert.h"
#include "quote/cose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct assay_slice s, const uint8_t *data, size_t size)
{
    ASSAY_ASSERT(s.bytes >= data);
    ASSAY_ASSERT(s.bytes + s.len <= data + size);
}

static void check_sign1(const uint8_t *data, size_t size)
{
    struct assay_cose_sign1 s, shorter;
    struct assay_signature signature;
    uint8_t digest[ASSAY_DIGEST_MAX];
    if (assay_cose_sign1_parse(data, size, &s) != ASSAY_OK) return;
    check_inside(s.protected_header, data, size);
    check_inside(s.payload, data, size);
    check_inside(s.signature, data, size);
    ASSAY_ASSERT(s.payload.bytes == data + s.offset_payload);
    ASSAY_ASSERT(s.signature.bytes == data + s.offset_signature);
    ASSAY_ASSERT(s.signature.bytes + s.signature.len == data + size);
    ASSAY_ASSERT(assay_cose_sign1_looks(data, size));
    ASSAY_ASSERT(assay_cose_sign1_parse(data, size - 1, &shorter) != ASSAY_OK);
    if (assay_cose_sign1_signature(&s, &signature, digest) != ASSAY_OK) return;
    const size_t half = assay_cose_key_type(s.algorithm) == ASSAY_KEY_P256 ? 32 : 48;
    ASSAY_ASSERT(s.signature.len == 2 * half);
    ASSAY_ASSERT(signature.len == ASSAY_P384_SIGNATURE_LEN);
    ASSAY_ASSERT(assay_bytes_equal(signature.bytes + 48 - half, s.signature.bytes, half));
}

static void check_skip(const uint8_t *data, size_t size)
{
    struct assay_cursor ours = assay_cursor_over(data, size);
    struct assay_cursor strict = ours;
    struct assay_slice item;
    size_t declared = 0;
    const enum assay_status status = assay_cose_skip(&ours);
    ASSAY_ASSERT(ours.pos <= size);
    ASSAY_ASSERT((ours.pos > 0) == (status == ASSAY_OK));
    if (assay_cbor_skip(&strict, &item) == ASSAY_OK && status != ASSAY_E_RANGE)
        ASSAY_ASSERT(status == ASSAY_OK && ours.pos == strict.pos);
    if (assay_cose_length(data, size, &declared) == ASSAY_OK) ASSAY_ASSERT(declared == ours.pos);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_key key = { 0 };
    check_sign1(data, size);
    check_skip(data, size);
    if (assay_cose_key_parse(data, size, &key) == ASSAY_OK)
        ASSAY_ASSERT(assay_key_type_of_len(key.len) == key.type);
    else ASSAY_ASSERT(key.type == ASSAY_KEY_NONE);
    return 0;
}
