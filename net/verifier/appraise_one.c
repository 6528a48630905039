/*
 * net/verifier/appraise_one.c - appraisal of one request, in any process.
 */
#include "net/verifier/appraise_one.h"

void assay_verifier_process_one(assay_verifier_process_function *verify,
                                struct assay_verifier *verifier,
                                const struct assay_evidence_request *request,
                                struct assay_verdict *verdict)
{
    ASSAY_ASSERT(request->bytes != NULL || request->len == 0);
    const enum assay_status status = verify(verifier, request, verdict);
    /*
     * A local failure is no statement about the evidence: it is not appraised, and never FAIL
     * (docs/protocol.md 3.1).
     */
    if (assay_status_class(status) != ASSAY_CLASS_HOST) return;
    assay_verdict_init(verdict, request->kind, request->at_unix_s);
    assay_verdict_conclude(verdict);
}
