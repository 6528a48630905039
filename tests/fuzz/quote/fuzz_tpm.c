/*
 * tests/fuzz/quote/fuzz_tpm.c - any bytes as evidence of a TPM, and as each of its structures.
 *
 * Input: one byte of shape, then the evidence, bare or a package. Shape: bit 0 pins the key of the
 * package's last certificate, so that what follows a root is reached; bit 1 demands a list; bit 2
 * is the exact mode; bit 3 names reference values.
 *
 * Properties: nothing is genuine without a root; what is genuine has every proof; slices lie inside
 * the input; each value is found where the selection puts it; a second look gives the same verdict.
 */
#include "base/assert.h"
#include "quote/accept/policy.h"
#include "quote/tpm/tpm.h"
#include "quote/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PINS = 1, DEMANDS_LIST = 2, EXACT = 4, REFERENCES = 8 };

static void check_inside(struct assay_slice slice, const uint8_t *data, size_t size)
{
    if (slice.len == 0) return;
    ASSAY_ASSERT(slice.bytes >= data && slice.bytes + slice.len <= data + size);
}

static void check_quote(const uint8_t *data, size_t size)
{
    struct assay_tpm_quote q;
    size_t declared = 0;
    if (assay_tpm_quote_parse(data, size, &q) != ASSAY_OK) return;
    check_inside(q.qualified_signer, data, size);
    check_inside(q.extra_data, data, size);
    check_inside(q.pcr_digest, data, size);
    ASSAY_ASSERT(q.bank_count <= ASSAY_TPM_BANKS_MAX);
    ASSAY_ASSERT(assay_evidence_length(ASSAY_KIND_TPM, data, size, &declared) == ASSAY_OK);
    ASSAY_ASSERT(declared == size);
    /* The values one after the other, as the selection counts them. */
    static uint8_t values[ASSAY_TPM_BANKS_MAX * 32 * 64];
    const struct assay_slice all = { values, assay_tpm_values_len(&q) };
    size_t at = 0;
    ASSAY_ASSERT(all.len <= sizeof values);
    for (size_t i = 0; i < q.bank_count; i++)
        for (uint32_t pcr = 0; pcr < 32; pcr++) {
            struct assay_slice value;
            if (assay_tpm_value(&q, all, q.banks[i].alg, pcr, &value) != ASSAY_OK) continue;
            ASSAY_ASSERT(value.bytes == values + at);
            at += value.len;
        }
    ASSAY_ASSERT(at == all.len);
}

static void check_structures(const uint8_t *data, size_t size)
{
    struct assay_tpm_public area;
    struct assay_signature signature;
    const struct assay_key keys[] = { { .type = ASSAY_KEY_P256, .len = 64 },
                                      { .type = ASSAY_KEY_RSA, .len = 260 } };
    if (assay_tpm_public_parse(data, size, &area) == ASSAY_OK) {
        ASSAY_ASSERT(assay_key_type_of_len(area.key.len) == area.key.type);
        ASSAY_ASSERT(area.name_len == 2 + assay_tpm_hash_len(area.name_alg));
    }
    for (size_t i = 0; i < 2; i++)
        if (assay_tpm_signature_parse(data, size, &keys[i], &signature) == ASSAY_OK)
            ASSAY_ASSERT(signature.len == (i == 0 ? 96u : 256u));
}

/* The last certificate of a package as its root. Returns: true when there is one. */
static bool pin(const uint8_t *data, size_t size, struct assay_endorsements *endorsements)
{
    struct assay_package package;
    struct assay_certificate certificate;
    if (assay_package_read(ASSAY_KIND_TPM, data, size, &package) != ASSAY_OK) return false;
    if (package.certificate_count == 0) return false;
    const struct assay_slice last = package.certificates[package.certificate_count - 1];
    if (assay_x509_certificate(last.bytes, last.len, &certificate) != ASSAY_OK) return false;
    endorsements->count = 1;
    endorsements->entries[0].root = certificate.key;
    endorsements->entries[0].kinds = ASSAY_KIND_BIT(ASSAY_KIND_TPM);
    return true;
}

static void check_verdict(const struct assay_evidence_request *request, bool pinned)
{
    struct assay_verdict once, again;
    const enum assay_status status = assay_evidence_verify(NULL, request, &once);
    ASSAY_ASSERT(assay_evidence_verify(NULL, request, &again) == status);
    ASSAY_ASSERT(assay_bytes_equal(&once, &again, sizeof once));
    ASSAY_ASSERT(status != ASSAY_OK || once.has_claims);
    if (once.genuine != ASSAY_GENUINE_TRUE) return;
    ASSAY_ASSERT(pinned && once.has_platform);
    ASSAY_ASSERT(once.proofs[ASSAY_PROOF_TPM_SIGNATURE] == ASSAY_PROOF_TRUE);
    ASSAY_ASSERT(once.proofs[ASSAY_PROOF_PCR_DIGEST] == ASSAY_PROOF_TRUE);
    ASSAY_ASSERT(once.proofs[ASSAY_PROOF_AK_TRUSTED] == ASSAY_PROOF_TRUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct assay_endorsements endorsements;
    static struct assay_policy policy;
    if (size == 0) return 0;
    const uint8_t shape = data[0];
    data += 1;
    size -= 1;
    check_quote(data, size);
    check_structures(data, size);
    assay_policy_default(&policy);
    policy.platform.require_crl = (shape & DEMANDS_LIST) != 0;
    if ((shape & REFERENCES) != 0) {
        policy.reference_count = 2;
        policy.references[0] =
            (struct assay_reference){ .field = ASSAY_REFERENCE_PCR0, .value_len = 32 };
        policy.references[1] = (struct assay_reference){ .field = (enum assay_reference_field)(
                                                             ASSAY_REFERENCE_PCR0 + 23),
                                                         .state = ASSAY_REFERENCE_DENIED,
                                                         .value_len = 32 };
    }
    endorsements.count = 0;
    endorsements.exact = (shape & EXACT) != 0;
    const bool pinned = (shape & PINS) != 0 && pin(data, size, &endorsements);
    const struct assay_evidence_request request = { .kind = ASSAY_KIND_TPM,
                                                    .bytes = data,
                                                    .len = size,
                                                    .at_unix_s = 1800000000,
                                                    .endorsements = &endorsements,
                                                    .policy = &policy };
    check_verdict(&request, pinned);
    return 0;
}
