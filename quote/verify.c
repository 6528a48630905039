/*
 * quote/verify.c - the one entry: find the row of the kind, let it appraise, conclude.
 */
#include "quote/verify.h"

#include "base/assert.h"
#include "quote/dcap.h"
#include "quote/kinds.h"

/* What bytes that cannot be read say about themselves. */
static void note_status(struct assay_verdict *verdict, enum assay_status status)
{
    if (status == ASSAY_OK || assay_status_class(status) == ASSAY_CLASS_HOST) return;
    if (status == ASSAY_E_UNSUPPORTED)
        assay_verdict_add(verdict, ASSAY_RULE_UNSUPPORTED, 0, "a supported version and type",
                          "another one");
    else
        assay_verdict_add(verdict, ASSAY_RULE_FORMAT, 0, "a well-formed quote",
                          assay_status_text(status));
}

enum assay_status assay_evidence_verify(struct assay_verifier *verifier,
                                        const struct assay_evidence_request *request,
                                        struct assay_verdict *verdict)
{
    ASSAY_ASSERT(request != NULL);
    ASSAY_ASSERT(request->endorsements != NULL);
    ASSAY_ASSERT(request->policy != NULL);
    ASSAY_ASSERT(request->endorsements->count <= ASSAY_ENDORSEMENTS_MAX);

    struct assay_kind row;
    assay_verdict_init(verdict, request->kind, request->at_unix_s);
    verdict->insecure = request->policy->profile == ASSAY_PROFILE_DEVELOPMENT;
    enum assay_status status = assay_kind_find(request->kind, &row);
    if (status != ASSAY_OK) status = ASSAY_E_UNSUPPORTED;
    if (status == ASSAY_OK) status = row.verify(&row, verifier, request, verdict);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) {
        /* A verifier that fails knows nothing: unjudged, never FAIL (docs/protocol.md 3). */
        assay_verdict_init(verdict, request->kind, request->at_unix_s);
        verdict->insecure = request->policy->profile == ASSAY_PROFILE_DEVELOPMENT;
    }
    note_status(verdict, status);
    assay_verdict_conclude(verdict);
    return status;
}

void assay_vendor_root(const uint8_t root_key[static ASSAY_P256_PUBLIC_LEN],
                       uint8_t vendor_root[static 32])
{
    /* SubjectPublicKeyInfo of P-256 (RFC 5480) up to the uncompressed point. */
    static const uint8_t prefix[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                      0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                      0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04 };
    const struct assay_slice pieces[] = { assay_slice_over(prefix, sizeof prefix),
                                          assay_slice_over(root_key, ASSAY_P256_PUBLIC_LEN) };
    assay_sha256_pieces(pieces, 2, vendor_root);
}

const uint8_t *assay_intel_root_key(void)
{
    /*
     * SPKI SHA-256 a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e (quotes.md 2).
     */
    static const uint8_t key[ASSAY_P256_PUBLIC_LEN] = {
        0x0b, 0xa9, 0xc4, 0xc0, 0xc0, 0xc8, 0x61, 0x93, 0xa3, 0xfe, 0x23, 0xd6, 0xb0,
        0x2c, 0xda, 0x10, 0xa8, 0xbb, 0xd4, 0xe8, 0x8e, 0x48, 0xb4, 0x45, 0x85, 0x61,
        0xa3, 0x6e, 0x70, 0x55, 0x25, 0xf5, 0x67, 0x91, 0x8e, 0x2e, 0xdc, 0x88, 0xe4,
        0x0d, 0x86, 0x0b, 0xd0, 0xcc, 0x4e, 0xe2, 0x6a, 0xac, 0xc9, 0x88, 0xe5, 0x05,
        0xa9, 0x53, 0x55, 0x8c, 0x45, 0x3f, 0x6b, 0x09, 0x04, 0xae, 0x73, 0x94,
    };
    return key;
}
