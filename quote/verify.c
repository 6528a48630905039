/*
 * quote/verify.c - appraisal entry point: find the row of the kind, let it appraise, conclude.
 */
#include "quote/verify.h"

#include "base/assert.h"
#include "quote/eventlog/appraise.h"
#include "quote/intel/dcap.h"
#include "quote/kinds.h"

/* Declared properties of unreadable bytes. */
static void note_status(struct assay_verdict *verdict, enum assay_status status)
{
    if (status == ASSAY_OK || assay_status_class(status) == ASSAY_CLASS_HOST) return;
    /* A reason of the kind that names the field is more precise. */
    if (assay_verdict_has(verdict, ASSAY_RULE_FORMAT)) return;
    if (assay_verdict_has(verdict, ASSAY_RULE_UNSUPPORTED)) return;
    if (status == ASSAY_E_UNSUPPORTED)
        assay_verdict_add(verdict, ASSAY_RULE_UNSUPPORTED, 0, "a supported version and type",
                          "another one");
    else
        assay_verdict_add(verdict, ASSAY_RULE_FORMAT, 0, "a well-formed quote",
                          assay_status_text(status));
}

static enum assay_status verify_once(struct assay_verifier *verifier,
                                     const struct assay_evidence_request *request,
                                     struct assay_verdict *verdict)
{
    ASSAY_ASSERT(request->endorsements != NULL);
    ASSAY_ASSERT(request->policy != NULL);
    ASSAY_ASSERT(request->endorsements->count <= ASSAY_ENDORSEMENTS_MAX);

    struct assay_kind row;
    if (request->log_report != NULL) assay_eventlog_report_init(request->log_report);
    assay_verdict_init(verdict, request->kind, request->at_unix_s);
    verdict->insecure = request->policy->profile == ASSAY_PROFILE_DEVELOPMENT;
    enum assay_status status = assay_kind_find(request->kind, &row);
    if (status != ASSAY_OK) status = ASSAY_E_UNSUPPORTED;
    if (status == ASSAY_OK) status = row.verify(&row, verifier, request, verdict);
    if (status == ASSAY_OK) assay_eventlog_appraise(&row, request, verdict);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) {
        /* A verifier that fails knows nothing: unjudged, never FAIL (docs/protocol.md 3.1). */
        assay_verdict_init(verdict, request->kind, request->at_unix_s);
        verdict->insecure = request->policy->profile == ASSAY_PROFILE_DEVELOPMENT;
    }
    note_status(verdict, status);
    assay_verdict_conclude(verdict);
    return status;
}

enum assay_status assay_evidence_verify(struct assay_verifier *verifier,
                                        const struct assay_evidence_request *request,
                                        struct assay_verdict *verdict)
{
    ASSAY_ASSERT(request != NULL);
    enum assay_status status = verify_once(verifier, request, verdict);
    if (!request->at_end || status != ASSAY_OK || !verdict->has_expiry ||
        verdict->expires_unix_s >= request->at_unix_s)
        return status;
    struct assay_evidence_request ended = *request;
    ended.at_unix_s = verdict->expires_unix_s;
    status = verify_once(verifier, &ended, verdict);
    verdict->at_unix_s = request->at_unix_s; /* the question that it answers */
    return status;
}

bool assay_evidence_shape_ok(enum assay_evidence_kind kind, struct assay_slice bytes)
{
    size_t declared = 0;
    return assay_evidence_length(kind, bytes.bytes, bytes.len, &declared) == ASSAY_OK &&
           declared == bytes.len;
}
