/*
 * tests/differential/appraise.c - verdicts of this verifier, under the default
 * policy of `assay evidence verify`.
 *
 * DIFF_PLANTED_FAULT makes a second program whose answers lie about one refusal: the proof that the
 * comparison finds such a thing (tests/differential/selftest.sh).
 */
#include "tests/differential/appraise.h"

#include "base/assert.h"
#include "quote/verify.h"

#include <stdlib.h>

struct diff_appraiser *diff_appraiser_open(void)
{
    struct diff_appraiser *const appraiser = calloc(1, sizeof *appraiser);
    if (appraiser == NULL) return NULL;
    assay_policy_default(&appraiser->policy);
    return appraiser;
}

void diff_appraiser_close(struct diff_appraiser *appraiser)
{
    free(appraiser);
}

static enum assay_status build(struct diff_appraiser *appraiser, const struct diff_case *c)
{
    struct assay_collateral_files files = { 0 };
    struct assay_endorsement *const e = &appraiser->endorsements.entries[0];
    for (size_t i = 0; i < ASSAY_PARTS_INTEL; i++)
        files.part[i] = assay_slice_over(c->part[DIFF_PART(i)].bytes, c->part[DIFF_PART(i)].len);
    appraiser->endorsements.count = 1;
    appraiser->endorsements.exact = true;
    e->root = c->root_key;
    e->kinds = ASSAY_KINDS_ALL;
    e->collateral = &appraiser->collateral;
    return assay_collateral_build(&files, &c->root_key, &appraiser->collateral);
}

static enum assay_status appraise(struct diff_appraiser *appraiser, const struct diff_case *c,
                                  struct assay_verdict *verdict)
{
    struct assay_evidence_request request = {
        .bytes = c->part[DIFF_QUOTE].bytes,
        .at_unix_s = c->at_unix_s,
        .endorsements = &appraiser->endorsements,
        .policy = &appraiser->policy,
    };
    const size_t len = c->part[DIFF_QUOTE].len;
    static const uint8_t nothing[1] = { 0 };
    if (request.bytes == NULL) request.bytes = nothing;
    ASSAY_TRY(assay_evidence_detect(request.bytes, len, &request.kind));
    ASSAY_TRY(assay_evidence_length(request.kind, request.bytes, len, &request.len));
    ASSAY_TRY(build(appraiser, c));
    return assay_evidence_verify(NULL, &request, verdict);
}

void diff_appraise_case(struct diff_appraiser *appraiser, const struct diff_case *c,
                        struct diff_answer *answer)
{
    assay_verdict_init(&answer->verdict, ASSAY_KIND_NONE, c->at_unix_s);
    answer->status = appraise(appraiser, c, &answer->verdict);
    ASSAY_ASSERT(assay_status_class(answer->status) != ASSAY_CLASS_HOST);
#ifdef DIFF_PLANTED_FAULT
    struct assay_verdict *const v = &answer->verdict;
    if (v->reason_count == 1 && assay_verdict_has(v, ASSAY_RULE_QUOTE_SIGNATURE)) {
        v->reason_count = 0;
        v->tier = ASSAY_TIER_AFFIRMING;
        v->genuine = ASSAY_GENUINE_TRUE;
        v->tcb_status = ASSAY_TCB_UP_TO_DATE;
    }
#endif
}
