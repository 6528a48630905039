/*
 * tests/fuzz/quote/fuzz_quote.c - any bytes as a quote of every kind: SGX, TDX and SOFT, bare and
 * in a package with its PCK chain.
 *
 * Intel's root is pinned, and those that the input brings.
 *
 * Properties: the verdict is the same with and without a memory; nothing is ever genuine without
 * collateral; a parser that accepts has slices inside the input; the declared length agrees.
 */
#include "base/assert.h"
#include "quote/accept/policy.h"
#include "quote/intel/quote.h"
#include "quote/kinds.h"
#include "quote/package.h"
#include "quote/verify.h"
#include "tests/fuzz/quote/own_root.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_slices(const struct assay_quote *quote, const uint8_t *data, size_t size)
{
    const struct assay_slice slices[] = { quote->signed_part, quote->evidence_of_key,
                                          quote->qe_report_bytes, quote->qe_auth_data,
                                          quote->cert_data };
    for (size_t i = 0; i < sizeof slices / sizeof slices[0]; i++) {
        ASSAY_ASSERT(slices[i].bytes >= data);
        ASSAY_ASSERT(slices[i].bytes + slices[i].len <= data + size);
    }
}

static void check_kind(const struct assay_kind *row, const uint8_t *data, size_t size)
{
    static struct assay_endorsements endorsements;
    static struct assay_policy policy;
    struct assay_quote quote;
    size_t declared = 0;
    struct assay_package package = { .kind = ASSAY_KIND_NONE };
    enum assay_status parsed = assay_package_read(row->kind, data, size, &package);
    if (parsed == ASSAY_OK)
        parsed = assay_quote_parse(row, package.main.bytes, package.main.len, &quote);
    if (parsed == ASSAY_OK) {
        check_slices(&quote, data, size);
        ASSAY_ASSERT(quote.signed_part.len ==
                     quote.offset_body + assay_intel_body_len(quote.body_type));
        ASSAY_ASSERT(assay_evidence_length(row->kind, data, size, &declared) == ASSAY_OK);
        ASSAY_ASSERT(declared == size);
    }
    assay_policy_default(&policy);
    endorsements.count = 1;
    endorsements.entries[0].kinds = ASSAY_KINDS_ALL;
    uint32_t kinds = 0;
    ASSAY_ASSERT(assay_pinned_root(ASSAY_PINNED_INTEL_SGX, &endorsements.entries[0].root, &kinds) ==
                 ASSAY_OK);
    (void)own_root_pin(row->kind, data, size, &endorsements);

    const struct assay_evidence_request request = { .kind = row->kind,
                                                    .bytes = data,
                                                    .len = size,
                                                    .at_unix_s = 1750000000,
                                                    .endorsements = &endorsements,
                                                    .policy = &policy };
    struct assay_verdict cold, warm;
    struct assay_verifier *verifier = NULL;
    const size_t memory_len = assay_verifier_size(1);
    void *const memory = malloc(memory_len);
    ASSAY_ASSERT(memory != NULL);
    ASSAY_ASSERT(assay_verifier_init(memory, memory_len, 1, &verifier) == ASSAY_OK);
    const enum assay_status status = assay_evidence_verify(NULL, &request, &cold);
    ASSAY_ASSERT(status == parsed);
    ASSAY_ASSERT(cold.genuine != ASSAY_GENUINE_TRUE);
    for (int again = 0; again < 2; again++) {
        ASSAY_ASSERT(assay_evidence_verify(verifier, &request, &warm) == status);
        ASSAY_ASSERT(assay_bytes_equal(&cold, &warm, sizeof cold));
    }
    assay_verifier_deinit(&verifier);
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_kind row;
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    if (!assay_package_detect(data, size, &kind) &&
        assay_evidence_detect(data, size, &kind) == ASSAY_OK)
        ASSAY_ASSERT(assay_kind_find(kind, &row) == ASSAY_OK);
    for (size_t i = 0; assay_kind_at(i, &row) == ASSAY_OK; i++)
        if (row.detect == NULL) check_kind(&row, data, size);
    return 0;
}
