/*
 * tests/fuzz/quote/fuzz_spdm.c - any bytes as a report of an NVIDIA device.
 *
 * Properties: what is read lies within the report and adds up to it; the declared length is that of
 * what is read, whatever follows; the appraisal, which has no root here, never ends in genuine.
 */
#include "base/assert.h"
#include "quote/accept/policy.h"
#include "quote/nvidia/spdm.h"
#include "quote/verify.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_within(struct assay_slice part, const uint8_t *data, size_t size)
{
    if (part.len == 0) return;
    ASSAY_ASSERT(part.bytes >= data && part.len <= size);
    ASSAY_ASSERT((size_t)(part.bytes - data) <= size - part.len);
}

static void check_report(const struct assay_spdm_report *r, const uint8_t *data, size_t size)
{
    size_t blocks = 0, declared = 0;
    for (size_t i = 0; i < ASSAY_SPDM_INDEXES; i++) {
        check_within(r->blocks[i], data, size);
        blocks += r->blocks[i].len > 0;
    }
    ASSAY_ASSERT(blocks == r->block_count && r->blocks[0].len == 0);
    for (size_t i = 0; i < ASSAY_SPDM_FIELDS; i++)
        check_within(r->fields[i], data, size);
    ASSAY_ASSERT(r->signed_part.bytes == data);
    ASSAY_ASSERT(r->signed_part.len + ASSAY_P384_SIGNATURE_LEN == size);
    ASSAY_ASSERT(r->offset_opaque <= size);
    ASSAY_ASSERT(assay_spdm_length(data, size, &declared) == ASSAY_OK && declared == size);
    ASSAY_ASSERT((unsigned)assay_spdm_mode(r) < ASSAY_GPU_MODES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct assay_policy policy;
    static const struct assay_endorsements none = { .count = 0 };
    struct assay_spdm_report report;
    struct assay_verdict verdict;
    size_t declared = 0;
    if (assay_spdm_parse(data, size, &report) == ASSAY_OK) check_report(&report, data, size);
    if (assay_spdm_length(data, size, &declared) == ASSAY_OK)
        ASSAY_ASSERT(assay_spdm_looks(data, size) && declared <= size);
    assay_policy_default(&policy);
    for (int kind = ASSAY_KIND_NVIDIA_GPU; kind <= ASSAY_KIND_NVIDIA_SWITCH; kind++) {
        const struct assay_evidence_request request = { .kind = (enum assay_evidence_kind)kind,
                                                        .bytes = data,
                                                        .len = size,
                                                        .at_unix_s = 1800000000,
                                                        .endorsements = &none,
                                                        .policy = &policy };
        const enum assay_status status = assay_evidence_verify(NULL, &request, &verdict);
        ASSAY_ASSERT(assay_status_class(status) != ASSAY_CLASS_HOST);
        ASSAY_ASSERT(verdict.genuine != ASSAY_GENUINE_TRUE);
    }
    return 0;
}
