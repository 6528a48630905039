/*
 * quote/intel/appraise.c - appraisal of identities and TCB level, and the policy on them
 * (docs/protocol.md 3.3, docs/evidence-rules.md 2.8 to 2.14).
 */
#include "quote/intel/appraise.h"

#include "base/assert.h"
#include "base/checked.h"
#include "quote/kinds.h"
#include "quote/text.h"

/* (observed & mask) == expected, as Intel's QVL compares. */
static bool masked_equal(const uint8_t *observed, const uint8_t *mask, const uint8_t *expected,
                         size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((observed[i] & mask[i]) != expected[i]) return false;
    return true;
}

static void add_hex(struct assay_verdict *verdict, enum assay_rule rule, const char *what,
                    const uint8_t *expected, const uint8_t *observed, size_t len)
{
    struct assay_text a = assay_text_empty();
    struct assay_text b = assay_text_empty();
    assay_text_add(&a, what);
    assay_text_add(&a, " ");
    assay_text_add_hex(&a, expected, len);
    assay_text_add_hex(&b, observed, len);
    assay_verdict_add(verdict, rule, 0, a.text, b.text);
}

static void judge_qe(const struct assay_quote *quote, const struct assay_qe_identity *id,
                     struct assay_verdict *verdict)
{
    const struct assay_sgx_report *const qe = &quote->qe_report;
    if (!masked_equal(qe->miscselect, id->miscselect_mask, id->miscselect, 4))
        add_hex(verdict, ASSAY_RULE_QE_IDENTITY, "MISCSELECT", id->miscselect, qe->miscselect, 4);
    if (!masked_equal(qe->attributes, id->attributes_mask, id->attributes, 16))
        add_hex(verdict, ASSAY_RULE_QE_IDENTITY, "ATTRIBUTES", id->attributes, qe->attributes, 16);
    if (!assay_bytes_equal(qe->mrsigner, id->mrsigner, 32))
        add_hex(verdict, ASSAY_RULE_QE_IDENTITY, "MRSIGNER", id->mrsigner, qe->mrsigner, 32);
    if (qe->isvprodid != id->isvprodid) {
        struct assay_text expected = assay_text_empty();
        struct assay_text observed = assay_text_empty();
        assay_text_add(&expected, "ISVPRODID ");
        assay_text_add_u64(&expected, id->isvprodid);
        assay_text_add_u64(&observed, qe->isvprodid);
        assay_verdict_add(verdict, ASSAY_RULE_QE_IDENTITY, 0, expected.text, observed.text);
    }
}

/* A module version that the document does not know has no level: assay_tcb_evaluate reports it. */
static void judge_module(const struct assay_quote *quote, const struct assay_tcb_info *info,
                         struct assay_verdict *verdict)
{
    const struct assay_td_report *const td = &quote->body.td;
    const struct assay_module_identity *const module = assay_tcb_module(info, td->tee_tcb_svn[1]);
    if (module == NULL) return;
    if (!assay_bytes_equal(td->mrsignerseam, module->mrsigner, 48))
        add_hex(verdict, ASSAY_RULE_MODULE_IDENTITY, "MRSIGNERSEAM", module->mrsigner,
                td->mrsignerseam, 48);
    /* evidence-rules.md 2.10: equal, and zero, regardless of the mask. */
    if (!assay_bytes_equal(td->seam_attributes, module->attributes, 8) ||
        !assay_bytes_all_zero(td->seam_attributes, 8))
        add_hex(verdict, ASSAY_RULE_MODULE_IDENTITY, "SEAMATTRIBUTES", module->attributes,
                td->seam_attributes, 8);
}

void assay_appraise_identities(const struct assay_kind *kind, const struct assay_quote *quote,
                               const struct assay_collateral *collateral,
                               struct assay_verdict *verdict)
{
    if (collateral->has[ASSAY_PART_QE_IDENTITY]) judge_qe(quote, &collateral->qe_identity, verdict);
    if (kind->is_tdx && collateral->has[ASSAY_PART_TCB_INFO] &&
        collateral->tcb_info.tee == ASSAY_TEE_TDX)
        judge_module(quote, &collateral->tcb_info, verdict);
}

/* --- the policy on the level */
static void add_status(struct assay_verdict *verdict, enum assay_rule rule, const char *expected,
                       enum assay_tcb_status status)
{
    assay_verdict_add(verdict, rule, 0, expected, assay_tcb_status_text(status));
}

/*
 * Grace counts from the day on which something better existed (evidence-rules.md 2.14: 15 days
 * after a recovery is what operators ask for), else from the date of the level itself.
 */
static int64_t grace_begins(const struct assay_tcb_result *result)
{
    return result->has_superseded ? result->superseded_unix_s : result->date_unix_s;
}

static bool within_grace(const struct assay_status_rule *rule,
                         const struct assay_tcb_result *result, int64_t at_unix_s)
{
    if (!rule->has_grace) return true;
    const int64_t from = grace_begins(result);
    if (at_unix_s <= from) return true;
    return (uint64_t)(at_unix_s - from) <= rule->grace_s; /* dates lie in 1970..9999: no wrap */
}

static void judge_status(const struct assay_tcb_result *result, const struct assay_policy *policy,
                         struct assay_verdict *verdict)
{
    ASSAY_ASSERT((unsigned)result->status < ASSAY_TCB_STATUS_COUNT);
    const struct assay_status_rule *const rule = &policy->statuses[result->status];
    if (result->status == ASSAY_TCB_REVOKED) {
        add_status(verdict, ASSAY_RULE_TCB_REVOKED, "a level that is not revoked", result->status);
    } else if (result->status == ASSAY_TCB_NOT_SUPPORTED) {
        struct assay_text expected = assay_text_empty();
        assay_text_add(&expected, "a TCB level for the ");
        assay_text_add(&expected, result->missing == NULL ? "platform" : result->missing);
        add_status(verdict, ASSAY_RULE_TCB_NOT_SUPPORTED, expected.text, result->status);
    } else if (rule->acceptance == ASSAY_ACCEPT_REFUSED) {
        add_status(verdict, ASSAY_RULE_TCB_STATUS, "a status that the policy accepts",
                   result->status);
    } else if (!within_grace(rule, result, verdict->at_unix_s)) {
        struct assay_text expected = assay_text_empty();
        assay_text_add(&expected, "at most ");
        assay_text_add_u64(&expected, rule->grace_s);
        assay_text_add(&expected, " s after ");
        assay_text_add_time(&expected, grace_begins(result));
        add_status(verdict, ASSAY_RULE_TCB_GRACE, expected.text, result->status);
    } else {
        if (rule->has_grace)
            assay_verdict_policy_spans(verdict, grace_begins(result), rule->grace_s);
        if (rule->acceptance == ASSAY_ACCEPT_WARNING)
            add_status(verdict, ASSAY_RULE_TCB_WARNING, "UpToDate", result->status);
    }
}

static bool is_out_of_date(enum assay_tcb_status status)
{
    return status == ASSAY_TCB_OUT_OF_DATE || status == ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED;
}

/* What runs under the TD now, after updates that preserved it, is worse than what launched it
 * (evidence-rules.md 2.13): that the launch's level was good does not help against it. */
static void judge_now(const struct assay_tcb_result *result, const struct assay_policy *policy,
                      struct assay_verdict *verdict)
{
    ASSAY_ASSERT(result->current_status != ASSAY_TCB_NONE &&
                 result->launch_status != ASSAY_TCB_NONE);
    const enum assay_tcb_status now = result->current_status;
    const bool is_revoked = now == ASSAY_TCB_REVOKED;
    if (!result->has_now || now == result->launch_status) return; /* reported for the launch */
    if (!is_revoked && !is_out_of_date(now)) return;
    const enum assay_acceptance acceptance =
        is_revoked ? policy->platform.td_now_revoked : policy->platform.td_now_out_of_date;
    const char *const expected =
        is_revoked ? "a level of now that is not revoked" : "a level of now that is up to date";
    if (acceptance == ASSAY_ACCEPT_REFUSED)
        add_status(verdict, is_revoked ? ASSAY_RULE_TCB_NOW_REVOKED : ASSAY_RULE_TCB_NOW_OLD,
                   expected, now);
    else if (acceptance == ASSAY_ACCEPT_WARNING)
        add_status(verdict, ASSAY_RULE_TCB_NOW_WARNING, expected, now);
}

static void add_minimum(struct assay_verdict *verdict, enum assay_rule rule, const char *what,
                        uint64_t least, uint64_t observed)
{
    struct assay_text a = assay_text_empty();
    struct assay_text b = assay_text_empty();
    assay_text_add(&a, what);
    assay_text_add(&a, " at least ");
    assay_text_add_u64(&a, least);
    assay_text_add_u64(&b, observed);
    assay_verdict_add(verdict, rule, 0, a.text, b.text);
}

static void judge_minimums(const struct assay_tcb_platform *platform,
                           const struct assay_collateral *c, const struct assay_policy *policy,
                           struct assay_verdict *verdict)
{
    ASSAY_ASSERT(platform->pck != NULL);
    if (platform->pck->pcesvn < policy->pcesvn_min)
        add_minimum(verdict, ASSAY_RULE_SVN_MINIMUM, "PCESVN", policy->pcesvn_min,
                    platform->pck->pcesvn);
    /* evidence-rules.md 1.6: old genuine collateral keeps an unpatched platform up to date. */
    const uint64_t number =
        assay_min_u64(c->tcb_info.evaluation_number, c->qe_identity.evaluation_number);
    if (number < policy->evaluation_number_min)
        add_minimum(verdict, ASSAY_RULE_EVALUATION_NUMBER, "tcbEvaluationDataNumber",
                    policy->evaluation_number_min, number);
    if (!platform->is_tdx) return;
    for (size_t i = 0; i < sizeof policy->tee_tcb_svn_min; i++) {
        if (platform->tee_tcb_svn[i] >= policy->tee_tcb_svn_min[i]) continue;
        add_minimum(verdict, ASSAY_RULE_SVN_MINIMUM, "TEE_TCB_SVN component",
                    policy->tee_tcb_svn_min[i], platform->tee_tcb_svn[i]);
        return; /* one reason is enough */
    }
}

static bool is_among(const char *id, const char (*ids)[ASSAY_ADVISORY_TEXT], uint32_t count)
{
    ASSAY_ASSERT(count <= ASSAY_ADVISORIES_MAX);
    for (uint32_t i = 0; i < count; i++)
        if (assay_text_compare(id, ids[i], ASSAY_ADVISORY_TEXT) == 0) return true;
    return false;
}

/* Open at the launch of a TD or now: what was open then may have acted on it. */
static void judge_advisories(const struct assay_policy *policy, struct assay_verdict *verdict)
{
    ASSAY_ASSERT(policy->advisory_count <= ASSAY_POLICY_ADVISORIES_MAX);
    for (uint32_t i = 0; i < policy->advisory_count; i++) {
        const char *const id = policy->advisories_denied[i];
        if (is_among(id, (const char(*)[ASSAY_ADVISORY_TEXT])verdict->advisories,
                     verdict->advisory_count) ||
            is_among(id, (const char(*)[ASSAY_ADVISORY_TEXT])verdict->advisories_now,
                     verdict->advisory_now_count))
            assay_verdict_add(verdict, ASSAY_RULE_ADVISORY_DENIED, 0, "not open", id);
    }
}

void assay_appraise_tcb(const struct assay_kind *kind, const struct assay_quote *quote,
                        const struct assay_pck *pck, const struct assay_collateral *collateral,
                        const struct assay_policy *policy, struct assay_verdict *verdict)
{
    ASSAY_ASSERT((quote->body_type != ASSAY_BODY_SGX) == kind->is_tdx);
    struct assay_tcb_platform platform = {
        .pck = pck,
        .qe_isvsvn = quote->qe_report.isvsvn,
        .is_tdx = kind->is_tdx,
    };
    if (kind->is_tdx) {
        const struct assay_td_report *const td = &quote->body.td;
        platform.has_tee_tcb_svn2 = quote->body_type >= ASSAY_BODY_TD_15;
        assay_bytes_copy(platform.tee_tcb_svn, 16, td->tee_tcb_svn, 16);
        assay_bytes_copy(platform.tee_tcb_svn2, 16, td->tee_tcb_svn2, 16);
    }

    struct assay_tcb_result result;
    assay_tcb_evaluate(&collateral->tcb_info, &collateral->qe_identity, &platform, &result,
                       verdict);
    ASSAY_ASSERT(result.status != ASSAY_TCB_NONE);
    verdict->tcb_status = result.status;
    verdict->tcb_status_launch = result.launch_status;
    verdict->tcb_status_current = result.current_status;
    verdict->appraised = true;
    verdict->has_tcb_date = result.has_date;
    verdict->tcb_date_unix_s = result.date_unix_s;
    verdict->has_now = result.has_now;
    verdict->has_tcb_date_now = result.has_date_now;
    verdict->tcb_date_now_unix_s = result.date_now_unix_s;
    judge_status(&result, policy, verdict);
    judge_now(&result, policy, verdict);
    judge_minimums(&platform, collateral, policy, verdict);
    judge_advisories(policy, verdict);
}
