/*
 * tests/fuzz/quote/fuzz_vtpm.c - any bytes as evidence of a paravisor, its blob, its runtime data;
 * of an SVSM, its manifest.
 *
 * Input: one byte of shape, then the evidence, bare or a package. Shape: bit 0 reads it as TDX;
 * bits 1 and 2 pin the vendors' roots; bit 3 is the exact mode; bit 4 pins the roots
 * that come along.
 *
 * Properties: nothing is genuine but under a root that came along, with every proof; slices lie
 * inside the blob; the declared length ends with the runtime data; a key that is read has a length
 * that keys have; a second look gives the same verdict.
 */
#include "base/assert.h"
#include "quote/accept/policy.h"
#include "quote/json.h"
#include "quote/tpm/svsm.h"
#include "quote/tpm/vtpm.h"
#include "quote/verify.h"
#include "tests/fuzz/quote/own_root.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { AS_TDX = 1, PINS_AMD = 2, PINS_INTEL = 4, EXACT = 8, OWN = 16 };

static void check_blob(const uint8_t *data, size_t size)
{
    struct assay_hcl hcl;
    size_t declared = 0;
    if (assay_hcl_parse(data, size, &hcl) != ASSAY_OK) return;
    const enum assay_evidence_kind kind =
        hcl.report_type == ASSAY_HCL_TDX ? ASSAY_KIND_VTPM_TDX : ASSAY_KIND_VTPM_SNP;
    ASSAY_ASSERT(hcl.hardware.bytes == data + ASSAY_HCL_HARDWARE_AT);
    ASSAY_ASSERT(hcl.runtime_data.bytes == data + ASSAY_HCL_RUNTIME_AT);
    ASSAY_ASSERT(ASSAY_HCL_RUNTIME_AT + hcl.runtime_data.len <= size);
    ASSAY_ASSERT(assay_evidence_length(kind, data, size, &declared) == ASSAY_OK);
    ASSAY_ASSERT(declared == ASSAY_HCL_RUNTIME_AT + hcl.runtime_data.len);
}

static void check_svsm(const uint8_t *data, size_t size)
{
    struct assay_svsm svsm;
    if (assay_svsm_parse(data, size, &svsm) != ASSAY_OK) return;
    ASSAY_ASSERT(svsm.report.bytes == data && svsm.report.len == ASSAY_SVSM_REPORT_LEN);
    ASSAY_ASSERT(svsm.manifest.bytes == data + ASSAY_SVSM_MANIFEST_AT);
    ASSAY_ASSERT(svsm.manifest.bytes + svsm.manifest.len == data + size);
    ASSAY_ASSERT(svsm.key_count >= 1 && svsm.key_count <= ASSAY_SVSM_KEYS_MAX);
    for (size_t i = 0; i < svsm.key_count; i++)
        ASSAY_ASSERT(svsm.keys[i].name_len > 2 && svsm.keys[i].key.type != ASSAY_KEY_NONE);
}

static void check_runtime_data(const uint8_t *data, size_t size)
{
    struct assay_key key = { .type = ASSAY_KEY_NONE };
    const enum assay_status status = assay_doc_runtime_key(data, size, "HCLAkPub", &key);
    ASSAY_ASSERT((status == ASSAY_OK) == (key.type == ASSAY_KEY_RSA));
    if (status == ASSAY_OK) ASSAY_ASSERT(assay_key_type_of_len(key.len) == ASSAY_KEY_RSA);
}

static void pin(struct assay_endorsements *endorsements, enum assay_pinned_root which)
{
    struct assay_endorsement *const e = &endorsements->entries[endorsements->count];
    if (assay_pinned_root(which, &e->root, &e->kinds) == ASSAY_OK) endorsements->count += 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct assay_endorsements endorsements;
    static struct assay_policy policy;
    struct assay_verdict once, again;
    if (size == 0) return 0;
    const uint8_t shape = data[0];
    data += 1;
    size -= 1;
    check_blob(data, size);
    check_svsm(data, size);
    check_runtime_data(data, size);
    assay_policy_default(&policy);
    endorsements.count = 0;
    endorsements.exact = (shape & EXACT) != 0;
    if ((shape & PINS_AMD) != 0) pin(&endorsements, ASSAY_PINNED_AMD_MILAN);
    if ((shape & PINS_INTEL) != 0) pin(&endorsements, ASSAY_PINNED_INTEL_SGX);
    const struct assay_evidence_request request = {
        .kind = (shape & AS_TDX) != 0 ? ASSAY_KIND_VTPM_TDX : ASSAY_KIND_VTPM_SNP,
        .bytes = data,
        .len = size,
        .at_unix_s = 1750000000,
        .endorsements = &endorsements,
        .policy = &policy,
    };
    const bool own = (shape & OWN) != 0 && own_root_pin(request.kind, data, size, &endorsements);
    const enum assay_status status = assay_evidence_verify(NULL, &request, &once);
    if (once.genuine == ASSAY_GENUINE_TRUE) {
        ASSAY_ASSERT(own);
        ASSAY_ASSERT(once.proofs[ASSAY_PROOF_RUNTIME_DATA] == ASSAY_PROOF_TRUE);
        ASSAY_ASSERT(once.proofs[ASSAY_PROOF_RUNTIME_AK] == ASSAY_PROOF_TRUE);
        ASSAY_ASSERT(once.proofs[ASSAY_PROOF_TPM_SIGNATURE] == ASSAY_PROOF_TRUE);
    }
    ASSAY_ASSERT(status != ASSAY_OK || once.has_claims);
    ASSAY_ASSERT(assay_evidence_verify(NULL, &request, &again) == status);
    ASSAY_ASSERT(assay_bytes_equal(&once, &again, sizeof once));
    return 0;
}
