/*
 * quote/verify.h - appraisal entry point: evidence in, verdict out.
 *
 * An interface: implemented by quote/verify/verify.c.
 *
 * A pure function of its arguments: bytes, endorsements (pinned root keys with their collateral),
 * policy, time. The verifier argument is only a cache: it stores what depends only on bytes already
 * seen (certificate chain, QE report, decoded keys), so that a warm quote costs
 * one ECDSA verification; with and without it the verdict is the same, bit by bit.
 *
 * Endorsements and policy are built before (quote/collateral/collateral.h, quote/accept/policy.h)
 * and shared read-only. A new kind of evidence is one file and one row in quote/kinds.c.
 */
#ifndef ASSAY_QUOTE_VERIFY_H
#define ASSAY_QUOTE_VERIFY_H

#include "quote/request.h"

/*
 * assay_evidence_verify - appraise one piece of evidence.
 *
 * In:      verifier (may be NULL: nothing is remembered), *request
 * Out:     *verdict, always written; on any status but ASSAY_OK it is contraindicated (format), or
 *          none (unsupported, host failure)
 * Returns: ASSAY_OK (the answer is the verdict) | ASSAY_E_RANGE | ASSAY_E_TRUNCATED |
 *          ASSAY_E_TRAILING | ASSAY_E_UNSUPPORTED | ASSAY_E_INVALID (malformed evidence) |
 *          ASSAY_E_CRYPTO (host failure)
 * Cost:    cold about five ECDSA verifications, warm one; bounded by the length of the evidence
 * Threads: one verifier per thread; endorsements and policy are shared and constant
 */
ASSAY_CHECKED enum assay_status assay_evidence_verify(struct assay_verifier *verifier,
                                                      const struct assay_evidence_request *request,
                                                      struct assay_verdict *verdict);

/*
 * assay_evidence_detect - kind that the bytes declare (nothing is verified).
 * Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_UNSUPPORTED (version, TEE or vendor not known
 * here)
 */
ASSAY_CHECKED enum assay_status assay_evidence_detect(const uint8_t *bytes, size_t len,
                                                      enum assay_evidence_kind *kind);
/*
 * assay_evidence_length - the declared length of a quote within bytes that may carry a zero tail.
 * Out:     *declared <= len
 * Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING (a tail that is not zero) |
 * ASSAY_E_UNSUPPORTED
 */
ASSAY_CHECKED enum assay_status assay_evidence_length(enum assay_evidence_kind kind,
                                                      const uint8_t *bytes, size_t len,
                                                      size_t *declared);
/* The name of a root (verdict.vendor_root) is assay_key_name of its key. */

/* Whether the bytes are exactly one quote of that kind: a tail of zeros is the source's to cut
 * (docs/protocol.md 3.7). Returns: true if so. */
bool assay_evidence_shape_ok(enum assay_evidence_kind kind, struct assay_slice bytes);

#endif
