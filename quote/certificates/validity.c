/*
 * quote/certificates/validity.c - validity windows and their age, into the verdict
 * (docs/protocol.md 3.3: windows).
 */
#include "quote/certificates/validity.h"

#include "base/assert.h"
#include "base/checked.h"
#include "quote/certificates/reported.h"
#include "quote/text.h"

/* Vendors let their documents live for a month and longer: an operator may want them newer. */
static void judge_age(const struct assay_window *window, const struct assay_policy *policy,
                      struct assay_verdict *verdict)
{
    const int64_t at = verdict->at_unix_s;
    if (window->is_certificate) return;
    ASSAY_ASSERT(policy != NULL);
    if (!policy->has_collateral_age) return;
    assay_verdict_policy_spans(verdict, window->from_unix_s, policy->collateral_age_max_s);
    if (at <= window->from_unix_s) return;
    const uint64_t age = (uint64_t)(at - window->from_unix_s); /* dates lie in 1970..9999 */
    if (age <= policy->collateral_age_max_s) return;
    struct assay_text expected = assay_text_empty();
    struct assay_text observed = assay_text_empty();
    assay_text_add(&expected, window->what);
    assay_text_add(&expected, " at most ");
    assay_text_add_u64(&expected, policy->collateral_age_max_s);
    assay_text_add(&expected, " s old");
    assay_text_add(&observed, "issued ");
    assay_text_add_time(&observed, window->from_unix_s);
    assay_verdict_add(verdict, ASSAY_RULE_COLLATERAL_AGE, 0, expected.text, observed.text);
}

bool assay_verdict_reports(const struct assay_verdict *verdict, enum assay_rule rule,
                           const char *expected)
{
    ASSAY_ASSERT(verdict->reason_count <= ASSAY_REASONS_MAX);
    for (uint32_t i = 0; i < verdict->reason_count; i++)
        if (verdict->reasons[i].rule == rule &&
            assay_text_compare(verdict->reasons[i].expected, expected, ASSAY_REASON_TEXT) == 0)
            return true;
    return false;
}

void assay_appraise_window(const struct assay_window *window, const struct assay_policy *policy,
                           struct assay_verdict *verdict)
{
    assay_verdict_rest_on(verdict, window->what, window->to_unix_s);
    ASSAY_ASSERT(verdict->expires_unix_s <= window->to_unix_s);
    assay_verdict_add_window(verdict, window->what, window->is_certificate, window->from_unix_s,
                             window->to_unix_s);

    const int64_t at = verdict->at_unix_s;
    judge_age(window, policy, verdict);
    if (at >= window->from_unix_s && at <= window->to_unix_s) return;
    enum assay_rule rule = ASSAY_RULE_CERT_TIME;
    if (!window->is_certificate)
        rule =
            at < window->from_unix_s ? ASSAY_RULE_COLLATERAL_EARLY : ASSAY_RULE_COLLATERAL_EXPIRED;
    struct assay_text expected = assay_text_empty();
    struct assay_text observed = assay_text_empty();
    assay_text_add(&expected, window->what);
    assay_text_add(&expected, " valid ");
    assay_text_add_time(&expected, window->from_unix_s);
    assay_text_add(&expected, " to ");
    assay_text_add_time(&expected, window->to_unix_s);
    assay_text_add(&observed, "evaluated at ");
    assay_text_add_time(&observed, at);
    if (!assay_verdict_reports(verdict, rule, expected.text))
        assay_verdict_add(verdict, rule, 0, expected.text, observed.text);
}

bool assay_appraise_expired(int64_t to_unix_s, int64_t at_unix_s)
{
    enum { LEAD_S_MAX = 600 }; /* docs/protocol.md 3.8: room for header times that lead or lag */
    /* Not "at - to > LEAD_S_MAX", which could overflow. */
    return at_unix_s > LEAD_S_MAX && at_unix_s - LEAD_S_MAX > to_unix_s;
}

bool assay_appraise_has_root(const struct assay_evidence_request *request)
{
    const struct assay_endorsements *const all = request->endorsements;
    for (size_t i = 0; i < all->count; i++)
        if ((all->entries[i].kinds & ASSAY_KIND_BIT(request->kind)) != 0) return true;
    return false;
}

void assay_appraise_unknown_root(const struct assay_evidence_request *request,
                                 enum assay_proof proof, const struct assay_quote_fault *fault,
                                 struct assay_verdict *verdict)
{
    const bool no_root = request->endorsements->exact && !assay_appraise_has_root(request);
    assay_verdict_add(verdict, no_root ? ASSAY_RULE_ROOT_MISSING : ASSAY_RULE_CHAIN_ROOT,
                      fault->offset, fault->expected, fault->observed);
    assay_verdict_proof(verdict, proof, no_root ? ASSAY_PROOF_UNKNOWN : ASSAY_PROOF_FALSE);
}

void assay_appraise_links(const struct assay_proven *proven, struct assay_verdict *verdict)
{
    ASSAY_ASSERT(proven->link_count <= ASSAY_PROVEN_LINKS_MAX);
    for (uint32_t i = 0; i < proven->link_count; i++) {
        const struct assay_chain_link *const link = &proven->links[i];
        const struct assay_window window = { .what = link->what,
                                             .is_certificate = true,
                                             .from_unix_s = link->from_unix_s,
                                             .to_unix_s = link->to_unix_s };
        assay_appraise_window(&window, NULL, verdict);
    }
}
