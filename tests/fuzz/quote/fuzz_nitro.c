/*
 * tests/fuzz/quote/fuzz_nitro.c - any bytes as a Nitro document of either sort, and as the payload
 * of one.
 *
 * Properties: nothing is genuine under AWS's root; the verdict is the same with and without a
 * memory, also under the root that the document brings; a failure names a field; slices lie inside
 * the input and tell their place.
 */
#include "base/assert.h"
#include "base/cbor.h"
#include "quote/accept/policy.h"
#include "quote/nitro/nitro.h"
#include "quote/verify.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_field(const struct assay_nitro_field *f, const uint8_t *data, size_t size)
{
    if (!f->is_there) return;
    ASSAY_ASSERT(f->bytes.bytes == data + f->offset);
    ASSAY_ASSERT(f->offset + f->bytes.len <= size);
}

static void check_document(const struct assay_nitro_document *d, const uint8_t *data, size_t size)
{
    check_field(&d->module_id, data, size);
    check_field(&d->certificate, data, size);
    check_field(&d->public_key, data, size);
    check_field(&d->user_data, data, size);
    check_field(&d->nonce, data, size);
    for (size_t i = 0; i < ASSAY_NITRO_PCRS; i++)
        check_field(&d->pcrs[i], data, size);
    ASSAY_ASSERT(d->bundle_count >= 1 && d->bundle_count <= ASSAY_NITRO_BUNDLE_MAX);
    for (size_t i = 0; i < d->bundle_count; i++)
        check_field(&d->bundle[i], data, size);
}

/* Cold, then twice with a memory. */
static void judge(const uint8_t *data, size_t size, const struct assay_endorsements *endorsements,
                  struct assay_verdict *cold)
{
    static struct assay_policy policy;
    static struct assay_verdict warm;
    assay_policy_default(&policy);
    struct assay_nitro_document d;
    const bool is_tpm = assay_nitro_parse(data, size, &d, NULL) == ASSAY_OK && d.is_tpm;
    const struct assay_evidence_request request = { .kind = is_tpm ? ASSAY_KIND_NITRO_TPM
                                                                   : ASSAY_KIND_NITRO,
                                                    .bytes = data,
                                                    .len = size,
                                                    .at_unix_s = 1665651482,
                                                    .endorsements = endorsements,
                                                    .policy = &policy };
    struct assay_verifier *verifier = NULL;
    const size_t memory_len = assay_verifier_size(1);
    void *const memory = malloc(memory_len);
    ASSAY_ASSERT(memory != NULL);
    ASSAY_ASSERT(assay_verifier_init(memory, memory_len, 1, &verifier) == ASSAY_OK);
    const enum assay_status status = assay_evidence_verify(NULL, &request, cold);
    for (int again = 0; again < 2; again++) {
        ASSAY_ASSERT(assay_evidence_verify(verifier, &request, &warm) == status);
        ASSAY_ASSERT(assay_bytes_equal(cold, &warm, sizeof warm));
    }
    assay_verifier_deinit(&verifier);
    free(memory);
}

static void check(const uint8_t *data, size_t size)
{
    static struct assay_endorsements endorsements;
    static struct assay_verdict verdict;
    struct assay_nitro_document d;
    struct assay_certificate root;
    struct assay_where where = { 0 };
    uint32_t kinds = 0;
    const enum assay_status status = assay_nitro_parse(data, size, &d, &where);
    if (status == ASSAY_OK) check_document(&d, data, size);
    else ASSAY_ASSERT(where.field != NULL && where.offset <= size);
    endorsements.count = 1;
    endorsements.entries[0].kinds = ASSAY_KINDS_ALL;
    ASSAY_ASSERT(assay_pinned_root(ASSAY_PINNED_AWS_NITRO, &endorsements.entries[0].root, &kinds) ==
                 ASSAY_OK);
    judge(data, size, &endorsements, &verdict);
    ASSAY_ASSERT(verdict.genuine != ASSAY_GENUINE_TRUE);
    if (status != ASSAY_OK) return;
    const struct assay_slice first = d.bundle[0].bytes;
    if (assay_x509_certificate(first.bytes, first.len, &root) != ASSAY_OK) return;
    endorsements.entries[0].root = root.key;
    judge(data, size, &endorsements, &verdict);
}

/* The same bytes behind a right envelope, so that the fields are reached at once. */
static void check_as_payload(const uint8_t *data, size_t size)
{
    static const uint8_t header[] = { 0xa1, 0x01, 0x38, 0x22 };
    static const uint8_t signature[ASSAY_P384_SIGNATURE_LEN] = { 1 };
    const size_t capacity = size + 256;
    uint8_t *const bytes = malloc(capacity);
    ASSAY_ASSERT(bytes != NULL);
    struct assay_writer w = assay_writer_over(bytes, capacity);
    struct assay_slice all;
    assay_cbor_put_array(&w, 4);
    assay_cbor_put_bytes(&w, header, sizeof header);
    assay_cbor_put_map(&w, 0);
    assay_cbor_put_bytes(&w, data, size);
    assay_cbor_put_bytes(&w, signature, sizeof signature);
    ASSAY_ASSERT(assay_writer_finish(&w, &all) == ASSAY_OK);
    check(all.bytes, all.len);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check(data, size);
    check_as_payload(data, size);
    return 0;
}
