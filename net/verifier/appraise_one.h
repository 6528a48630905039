/*
 * net/verifier/appraise_one.h - appraisal of one request, in a thread of the pool or in the
 * verifier process.
 */
#ifndef ASSAY_NET_VERIFIER_APPRAISE_ONE_H
#define ASSAY_NET_VERIFIER_APPRAISE_ONE_H

#include "quote/verify.h"

/* Appraisal of a job: assay_evidence_verify; tests inject one that fails. */
typedef enum assay_status assay_verifier_process_function(
    struct assay_verifier *verifier, const struct assay_evidence_request *request,
    struct assay_verdict *verdict);

/* One verdict, of a request without a kind too: it is found, in a wrapper as well, and the verifier
 * remembers nothing of it, for it is of a client and no member. As of a pool, a failure
 * of the runtime appraises nothing (docs/protocol.md 3.1). */
void assay_verifier_process_one(assay_verifier_process_function *verify,
                                struct assay_verifier *verifier,
                                const struct assay_evidence_request *request,
                                struct assay_verdict *verdict);

#endif
