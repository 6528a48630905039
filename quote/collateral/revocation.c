/*
 * quote/collateral/revocation.c - revocation check of a chain (revocation.h).
 */
#include "quote/collateral/revocation.h"

#include "base/assert.h"
#include "quote/certificates/reported.h"
#include "quote/certificates/validity.h"
#include "quote/collateral/collateral.h"
#include "quote/collateral/ocsp.h"
#include "quote/text.h"

struct lists {
    size_t count;
    const struct assay_list *list[(size_t)ASSAY_ENDORSEMENTS_MAX * ASSAY_LISTS_MAX];
};

static void collect_lists(const struct assay_evidence_request *request,
                          const struct assay_key *root, struct lists *out)
{
    const struct assay_endorsements *const all = request->endorsements;
    out->count = 0;
    ASSAY_ASSERT(all->count <= ASSAY_ENDORSEMENTS_MAX);
    for (size_t i = 0; i < all->count; i++) {
        const struct assay_endorsement *const e = &all->entries[i];
        if ((e->kinds & ASSAY_KIND_BIT(request->kind)) == 0 || e->collateral == NULL) continue;
        if (!assay_key_equal(&e->root, root)) continue;
        ASSAY_ASSERT(e->collateral->list_count <= ASSAY_LISTS_MAX);
        for (size_t k = 0; k < e->collateral->list_count; k++)
            out->list[out->count++] = &e->collateral->lists[k];
    }
}

int assay_revocation_compare(const struct assay_crl *a, const struct assay_crl *b,
                             int64_t at_unix_s)
{
    const bool a_is_out = a->this_update_s <= at_unix_s;
    const bool b_is_out = b->this_update_s <= at_unix_s;
    if (a_is_out != b_is_out) return a_is_out ? 1 : -1;
    if (a->this_update_s != b->this_update_s)
        return (a->this_update_s > b->this_update_s) == a_is_out ? 1 : -1;
    if (!a->has_number || !b->has_number) return 0;
    return assay_bytes_compare(a->number, b->number, sizeof a->number);
}

struct finding {
    enum assay_revocation answer;
    bool has_wrong; /* there is a list in the issuer's name with another signature */
    const struct assay_crl *crl;
};

static enum assay_status look_up(const struct assay_path *path, const struct assay_key *root,
                                 size_t at, const struct lists *lists, int64_t at_unix_s,
                                 struct finding *out)
{
    *out = (struct finding){ .answer = ASSAY_REVOCATION_UNCOVERED };
    for (size_t i = 0; i < lists->count; i++) {
        const struct assay_list *const list = lists->list[i];
        enum assay_revocation answer = ASSAY_REVOCATION_UNCOVERED;
        ASSAY_TRY(assay_path_revocation(path, root, at, &list->crl,
                                        list->has_issuer ? list->issuer_name : NULL, &answer));
        if (answer == ASSAY_REVOCATION_FORGED) out->has_wrong = true;
        if (answer != ASSAY_REVOCATION_NONE && answer != ASSAY_REVOCATION_REVOKED) continue;
        const int order =
            out->crl == NULL ? 1 : assay_revocation_compare(&list->crl, out->crl, at_unix_s);
        if (order < 0 || (order == 0 && answer == ASSAY_REVOCATION_NONE)) continue;
        out->crl = &list->crl;
        out->answer = answer;
    }
    ASSAY_ASSERT((out->crl == NULL) == (out->answer == ASSAY_REVOCATION_UNCOVERED));
    return ASSAY_OK;
}

/* A list with a wrong signature is as if absent (evidence-rules.md 1.15.7: a copy is no proof),
 * and named as the cause. */
static void report_uncovered(const struct assay_evidence_request *request,
                             const struct assay_certificate *c, bool has_wrong,
                             struct assay_verdict *verdict)
{
    static const uint32_t nvidia =
        ASSAY_KIND_BIT(ASSAY_KIND_NVIDIA_GPU) | ASSAY_KIND_BIT(ASSAY_KIND_NVIDIA_SWITCH);
    const bool has_ocsp = (nvidia & ASSAY_KIND_BIT(request->kind)) != 0;
    struct assay_text expected = assay_text_empty();
    assay_text_add(&expected, has_ocsp ? "an OCSP response (or CRL) for "
                                       : "a revocation list of the issuer of ");
    assay_text_add(&expected, c->subject_name[0] != '\0' ? c->subject_name : "a certificate");
    const enum assay_rule rule = request->policy->platform.require_crl
                                     ? ASSAY_RULE_COLLATERAL_MISSING
                                     : ASSAY_RULE_REVOCATION_UNKNOWN;
    if (!assay_verdict_reports(verdict, rule, expected.text))
        assay_verdict_add(verdict, rule, 0, expected.text,
                          has_wrong ? "one with a wrong signature"
                          : assay_ocsp_is_named_weakly(request, c)
                              ? "one that names it by SHA-1, which can only revoke"
                              : "none");
}

static void report_revoked(const struct assay_certificate *c, struct assay_verdict *verdict)
{
    struct assay_text observed = assay_text_empty();
    assay_text_add(&observed, "revoked, serial ");
    assay_text_add_hex(&observed, c->serial, ASSAY_SERIAL_LEN);
    assay_verdict_add(verdict, ASSAY_RULE_CERT_REVOKED, 0, "a certificate that stands",
                      observed.text);
}

/* A list that cannot be read may be the one that revokes. Of several paths the first reports it. */
static void report_faults(const struct assay_evidence_request *request,
                          const struct assay_key *root, struct assay_verdict *verdict)
{
    const struct assay_endorsements *const all = request->endorsements;
    for (size_t i = 0; i < all->count; i++) {
        const struct assay_endorsement *const e = &all->entries[i];
        if ((e->kinds & ASSAY_KIND_BIT(request->kind)) == 0 || e->collateral == NULL) continue;
        if (!assay_key_equal(&e->root, root)) continue;
        ASSAY_ASSERT(e->collateral->fault_count <= ASSAY_FAULTS_MAX);
        for (uint32_t k = 0; k < e->collateral->fault_count; k++) {
            const struct assay_collateral_fault *const fault = &e->collateral->faults[k];
            if (fault->rule == ASSAY_RULE_CRL_SIGNATURE) continue; /* of a list: look_up has it */
            if (assay_verdict_reports(verdict, fault->rule, fault->what)) continue;
            assay_verdict_add(verdict, fault->rule, 0, fault->what,
                              assay_status_text(fault->status));
        }
    }
}

/* A list that was left out may be by an authority of the path, and revoke. Lists by the root are
 * never left out so (quote/pieces/gather.c). */
static void report_left_out(const struct assay_evidence_request *request,
                            const struct assay_path *path, const struct assay_key *root,
                            struct assay_verdict *verdict)
{
    const struct assay_endorsements *const all = request->endorsements;
    const char *const what = assay_collateral_part_name(ASSAY_PART_CRL);
    uint8_t issuer[ASSAY_SHA256_LEN];
    for (size_t at = 0; at + 1 < path->count; at++) {
        const struct assay_certificate *const c = path->certificates[at];
        if (assay_key_equal(&path->certificates[at + 1]->key, root)) continue;
        assay_sha256(c->issuer.der, c->issuer.len, issuer);
        for (size_t i = 0; i < all->count; i++) {
            const struct assay_endorsement *const e = &all->entries[i];
            if ((e->kinds & ASSAY_KIND_BIT(request->kind)) == 0 || e->collateral == NULL) continue;
            if (!assay_key_equal(&e->root, root)) continue;
            const struct assay_lists_left_out *const l = &e->collateral->left_out;
            ASSAY_ASSERT(l->count <= ASSAY_LISTS_LEFT_OUT_MAX);
            for (size_t k = 0; k < l->count; k++) {
                if (!assay_bytes_equal(l->issuers[k], issuer, sizeof issuer)) continue;
                if (assay_verdict_reports(verdict, ASSAY_RULE_COLLATERAL_FORMAT, what)) continue;
                assay_verdict_add(verdict, ASSAY_RULE_COLLATERAL_FORMAT, 0, what,
                                  assay_status_text(ASSAY_E_FULL));
            }
        }
    }
}

enum assay_status assay_revocation_check(const struct assay_evidence_request *request,
                                         const struct assay_path *path,
                                         const struct assay_key *root, uint32_t needed,
                                         struct assay_verdict *verdict)
{
    ASSAY_ASSERT(request != NULL && path != NULL && root != NULL && verdict != NULL);
    struct lists lists;
    collect_lists(request, root, &lists);
    report_faults(request, root, verdict);
    report_left_out(request, path, root, verdict);
    const size_t issued = assay_path_issued(path, root);
    for (size_t i = 0; i < issued; i++) {
        const struct assay_certificate *const c = path->certificates[i];
        struct finding found;
        ASSAY_TRY(look_up(path, root, i, &lists, verdict->at_unix_s, &found));
        if (found.crl != NULL) {
            const struct assay_window window = { .what = "revocation list",
                                                 .is_list = true,
                                                 .from_unix_s = found.crl->this_update_s,
                                                 .to_unix_s = found.crl->next_update_s };
            assay_appraise_window(&window, request->policy, verdict);
        }
        if (found.answer == ASSAY_REVOCATION_REVOKED) report_revoked(c, verdict);
        if (found.crl == NULL && (needed >> i & 1u) != 0)
            report_uncovered(request, c, found.has_wrong, verdict);
    }
    return ASSAY_OK;
}
