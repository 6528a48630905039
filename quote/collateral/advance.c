/*
 * quote/collateral/advance.c - rollback protection of collateral (advance.h).
 */
#include "quote/collateral/advance.h"

#include "base/assert.h"
#include "quote/certificates/chain.h"

static enum assay_status set_setback(struct assay_setback *setback, enum assay_status status,
                                     const char *field, int64_t before, int64_t after)
{
    ASSAY_ASSERT(status != ASSAY_OK && field != NULL);
    setback->field = field;
    setback->before = before;
    setback->after = after;
    return status;
}

static enum assay_status compare_values(struct assay_setback *setback, const char *field,
                                        int64_t before, int64_t after)
{
    if (after >= before) return ASSAY_OK;
    return set_setback(setback, ASSAY_E_STALE, field, before, after);
}

static enum assay_status compare_tcb_info(const struct assay_tcb_info *before,
                                          const struct assay_tcb_info *after,
                                          struct assay_setback *setback)
{
    if (before->tee != after->tee)
        return set_setback(setback, ASSAY_E_INVALID, "id", before->tee, after->tee);
    if (!assay_bytes_equal(before->fmspc, after->fmspc, sizeof before->fmspc))
        return set_setback(setback, ASSAY_E_INVALID, "fmspc", 0, 0);
    ASSAY_TRY(compare_values(setback, "tcbEvaluationDataNumber", before->evaluation_number,
                             after->evaluation_number));
    return compare_values(setback, "issueDate", before->issue_unix_s, after->issue_unix_s);
}

static enum assay_status compare_identity(const struct assay_qe_identity *before,
                                          const struct assay_qe_identity *after,
                                          struct assay_setback *setback)
{
    if (before->tee != after->tee)
        return set_setback(setback, ASSAY_E_INVALID, "id", before->tee, after->tee);
    ASSAY_TRY(compare_values(setback, "tcbEvaluationDataNumber", before->evaluation_number,
                             after->evaluation_number));
    return compare_values(setback, "issueDate", before->issue_unix_s, after->issue_unix_s);
}

/* RFC 5280 5.2.3: the number of an issuer's lists never decreases. */
enum assay_status assay_crl_advance(const struct assay_crl *before, const struct assay_crl *after,
                                    struct assay_setback *setback)
{
    if (!assay_dn_equal(&before->issuer, &after->issuer))
        return set_setback(setback, ASSAY_E_INVALID, "issuer", 0, 0);
    if (before->has_number &&
        (!after->has_number ||
         assay_bytes_compare(after->number, before->number, sizeof after->number) < 0))
        return set_setback(setback, ASSAY_E_STALE, "CRL number", 0, 0);
    return compare_values(setback, "thisUpdate", before->this_update_s, after->this_update_s);
}

/* No authority that had a list may be left without, or with an older one. */
static enum assay_status compare_lists(const struct assay_collateral *before,
                                       const struct assay_collateral *after,
                                       struct assay_setback *setback)
{
    ASSAY_ASSERT(before->list_count <= ASSAY_LISTS_MAX && after->list_count <= ASSAY_LISTS_MAX);
    for (size_t i = 0; i < before->list_count; i++) {
        const struct assay_crl *const old = &before->lists[i].crl;
        const struct assay_crl *newest = NULL;
        for (size_t k = 0; k < after->list_count; k++) {
            const struct assay_crl *const crl = &after->lists[k].crl;
            if (!assay_dn_equal(&old->issuer, &crl->issuer)) continue;
            if (newest == NULL || crl->this_update_s > newest->this_update_s) newest = crl;
        }
        if (newest == NULL) return set_setback(setback, ASSAY_E_INVALID, "issuer", 0, 0);
        ASSAY_TRY(assay_crl_advance(old, newest, setback));
    }
    return ASSAY_OK;
}

enum assay_status assay_collateral_part_advance(enum assay_collateral_part part,
                                                const struct assay_collateral *before,
                                                const struct assay_collateral *after,
                                                struct assay_setback *setback)
{
    ASSAY_ASSERT((unsigned)part < ASSAY_PARTS && before->has[part] && after->has[part]);
    setback->part = part;
    switch (part) {
    case ASSAY_PART_TCB_INFO: return compare_tcb_info(&before->tcb_info, &after->tcb_info, setback);
    case ASSAY_PART_QE_IDENTITY:
        return compare_identity(&before->qe_identity, &after->qe_identity, setback);
    case ASSAY_PART_ROOT_CRL:
        return assay_crl_advance(&before->root_crl, &after->root_crl, setback);
    case ASSAY_PART_CRL: return compare_lists(before, after, setback);
    case ASSAY_PART_PCK_CRL: return assay_crl_advance(&before->pck_crl, &after->pck_crl, setback);
    case ASSAY_PART_PCK_CHAIN:
    case ASSAY_PART_TCB_CHAIN:
    case ASSAY_PART_QE_CHAIN:
    case ASSAY_PART_OCSP:
    case ASSAY_PART_RIM:
    case ASSAY_PART_CERTIFICATES: return ASSAY_OK; /* renewed without an order among them */
    }
    ASSAY_UNREACHABLE("a part of the collateral");
}

enum assay_status assay_collateral_advance(const struct assay_collateral *before,
                                           const struct assay_collateral *after,
                                           struct assay_setback *setback)
{
    struct assay_setback ignored;
    struct assay_setback *const out = setback != NULL ? setback : &ignored;
    for (size_t i = 0; i < ASSAY_PARTS; i++) {
        if (!before->has[i] || !after->has[i]) continue;
        ASSAY_TRY(assay_collateral_part_advance((enum assay_collateral_part)i, before, after, out));
    }
    return ASSAY_OK;
}
