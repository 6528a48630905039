/*
 * quote/collateral/newer.c - comparison of offered collateral with the set in force (newer.h).
 *
 * Checks return true when the offer passes; the first failure is reported.
 */
#include "quote/collateral/newer.h"

#include "base/assert.h"
#include "quote/certificates/chain.h"
#include "quote/collateral/advance.h"
#include "quote/collateral/endorsements.h"
#include "quote/collateral/renewal_other.h"
#include "quote/certificates/crl.h"

#define NAME_CASE(symbol, number, name, text)                                                      \
    case symbol: return name;
#define TEXT_CASE(symbol, number, name, text)                                                      \
    case symbol: return text;

const char *assay_renewal_fault_name(enum assay_renewal_fault fault)
{
    switch (fault) {
        ASSAY_RENEWAL_LIST(NAME_CASE)
    }
    return NULL;
}

const char *assay_renewal_fault_text(enum assay_renewal_fault fault)
{
    switch (fault) {
        ASSAY_RENEWAL_LIST(TEXT_CASE)
    }
    return NULL;
}

/* ------------------------------------------------------------ answers */

struct assay_renewal_value assay_renewal_number(int64_t number)
{
    return (struct assay_renewal_value){ .form = ASSAY_RENEWAL_NUMBER, .number = number };
}

struct assay_renewal_value assay_renewal_time(int64_t unix_s)
{
    return (struct assay_renewal_value){ .form = ASSAY_RENEWAL_TIME, .number = unix_s };
}

struct assay_renewal_value assay_renewal_bytes(const uint8_t *bytes, size_t len)
{
    struct assay_renewal_value value = { .form = ASSAY_RENEWAL_BYTES, .len = (uint32_t)len };
    ASSAY_ASSERT(len <= sizeof value.bytes);
    assay_bytes_copy(value.bytes, sizeof value.bytes, bytes, len);
    return value;
}

bool assay_renewal_refuse(struct assay_renewal_work *w, enum assay_renewal_fault fault,
                          const char *piece, const char *field,
                          struct assay_renewal_value expected, struct assay_renewal_value found)
{
    ASSAY_ASSERT(fault != ASSAY_RENEWAL_FINE && w->out->fault == ASSAY_RENEWAL_FINE);
    ASSAY_ASSERT(w->entry < w->offered->count);
    ASSAY_ASSERT(piece != NULL && field != NULL);
    w->out->fault = fault;
    w->out->entry = w->entry;
    w->out->piece = piece;
    w->out->field = field;
    w->out->expected = expected;
    w->out->found = found;
    return false;
}

bool assay_renewal_forward(struct assay_renewal_work *w, const char *piece, const char *field,
                           int64_t before, int64_t after)
{
    if (after >= before) return true;
    return assay_renewal_refuse(w, ASSAY_RENEWAL_BACKWARDS, piece, field,
                                assay_renewal_time(before), assay_renewal_time(after));
}

void assay_renewal_moved(struct assay_renewal_work *w, const char *piece, const char *field,
                         const struct assay_renewal_span *before, int64_t after)
{
    const int64_t life_s =
        before->to_unix_s > before->from_unix_s ? before->to_unix_s - before->from_unix_s : 0;
    const int64_t step_s = life_s / ASSAY_RENEWAL_STEPS;
    if (after <= before->from_unix_s) return;
    if (after - before->from_unix_s >= step_s) w->is_newer = true;
    w->has_later_dates = true;
    w->dated_piece = piece;
    w->dated_field = field;
    w->dated_expected = before->from_unix_s + step_s;
    w->dated_found = after;
}

/* ------------------------------------------------------------ revocation lists */

static bool same_revocations(const struct assay_crl *a, const struct assay_crl *b)
{
    return a->revoked_count == b->revoked_count &&
           assay_bytes_equal(a->revoked, b->revoked, a->revoked_count * sizeof a->revoked[0]);
}

bool assay_renewal_list(struct assay_renewal_work *w, const char *piece,
                        const struct assay_crl *before, const struct assay_crl *after)
{
    struct assay_setback setback = { 0 };
    const struct assay_renewal_span span = { before->this_update_s, before->next_update_s };
    const enum assay_status status = assay_crl_advance(before, after, &setback);
    if (status == ASSAY_E_INVALID)
        return assay_renewal_refuse(w, ASSAY_RENEWAL_STRANGER, piece, setback.field, NO_VALUE,
                                    NO_VALUE);
    /* A list that had a number is followed by one with a number, and never by a lower one. */
    if (status != ASSAY_OK && before->has_number &&
        (!after->has_number ||
         assay_bytes_compare(after->number, before->number, sizeof after->number) < 0))
        return assay_renewal_refuse(
            w, ASSAY_RENEWAL_BACKWARDS, piece, "CRL number",
            assay_renewal_bytes(before->number, sizeof before->number),
            after->has_number ? assay_renewal_bytes(after->number, sizeof after->number)
                              : NO_VALUE);
    if (status != ASSAY_OK)
        return assay_renewal_refuse(w, ASSAY_RENEWAL_BACKWARDS, piece, setback.field,
                                    assay_renewal_time(setback.before),
                                    assay_renewal_time(setback.after));
    if (!assay_renewal_forward(w, piece, "nextUpdate", before->next_update_s,
                               after->next_update_s))
        return false;
    const bool is_later = after->this_update_s > before->this_update_s;
    const bool has_more =
        after->has_number &&
        (!before->has_number || !assay_bytes_equal(after->number, before->number,
                                                   sizeof after->number));
    /* Of two lists of one second neither is newer: one of them could take a name off the other. */
    if (!is_later && !has_more &&
        !assay_bytes_equal(after->tbs_digest, before->tbs_digest, sizeof after->tbs_digest))
        return assay_renewal_refuse(w, ASSAY_RENEWAL_CONTRADICTION, piece, "thisUpdate",
                                    assay_renewal_time(before->this_update_s),
                                    assay_renewal_time(after->this_update_s));
    /* Who has been withdrawn counts at once, however often the list comes. */
    if (has_more || (is_later && !same_revocations(before, after))) w->is_newer = true;
    assay_renewal_moved(w, piece, "thisUpdate", &span, after->this_update_s);
    return true;
}

/* ------------------------------------------------------------ Intel's */

bool assay_endorsement_has_documents(const struct assay_endorsement *entry)
{
    ASSAY_ASSERT(entry->collateral != NULL);
    return entry->collateral->given[ASSAY_PART_TCB_INFO];
}

static bool same_family(const struct assay_collateral *a, const struct assay_collateral *b)
{
    return a->tcb_info.tee == b->tcb_info.tee &&
           assay_bytes_equal(a->tcb_info.fmspc, b->tcb_info.fmspc, sizeof a->tcb_info.fmspc) &&
           assay_dn_equal(&a->pck_crl.issuer, &b->pck_crl.issuer);
}

size_t assay_collateral_followed(const struct assay_endorsements *in_force,
                                 const struct assay_endorsement *offered)
{
    for (size_t i = 0; i < in_force->count; i++) {
        const struct assay_endorsement *const entry = &in_force->entries[i];
        if (assay_key_equal(&entry->root, &offered->root) &&
            assay_endorsement_has_documents(entry) && assay_endorsement_has_documents(offered) &&
            entry->kinds == offered->kinds &&
            same_family(entry->collateral, offered->collateral))
            return i;
    }
    return in_force->count;
}

/* One of Intel's signed documents as far as it has an order. */
struct document {
    const char *name;
    uint32_t number;
    struct assay_renewal_span span;
};

static struct document tcb_info_of(const struct assay_collateral *c)
{
    return (struct document){ "TCB info", c->tcb_info.evaluation_number,
                              { c->tcb_info.issue_unix_s, c->tcb_info.next_unix_s } };
}

static struct document identity_of(const struct assay_collateral *c)
{
    return (struct document){ "QE identity", c->qe_identity.evaluation_number,
                              { c->qe_identity.issue_unix_s, c->qe_identity.next_unix_s } };
}

static bool check_document(struct assay_renewal_work *w, struct document before,
                           struct document after)
{
    ASSAY_ASSERT(before.name == after.name);
    if (before.number > w->out->number_in_force) w->out->number_in_force = before.number;
    if (after.number > w->out->number_offered) w->out->number_offered = after.number;
    /* protocol.md 8.4: the evaluation number decides first, and never falls. */
    if (after.number < before.number)
        return assay_renewal_refuse(w, ASSAY_RENEWAL_BACKWARDS, before.name,
                                    "tcbEvaluationDataNumber", assay_renewal_number(before.number),
                                    assay_renewal_number(after.number));
    if (!assay_renewal_forward(w, before.name, "issueDate", before.span.from_unix_s,
                               after.span.from_unix_s) ||
        !assay_renewal_forward(w, before.name, "nextUpdate", before.span.to_unix_s,
                               after.span.to_unix_s))
        return false;
    if (after.number > before.number) w->is_newer = w->is_recovery = true;
    assay_renewal_moved(w, before.name, "issueDate", &before.span, after.span.from_unix_s);
    return true;
}

/*
 * A vendor that changes its signer has a reason: what an older certificate signs later is refused.
 * So is a signer that any list of the root in force withdraws: the offer's own may be older.
 */
static bool check_signer(struct assay_renewal_work *w, const char *name,
                         const struct assay_collateral_signer *before,
                         const struct assay_collateral_signer *after)
{
    if (!before->is_there || !after->is_there) return true; /* sound: the other chain serves */
    if (!assay_renewal_forward(w, name, "notBefore", before->from_unix_s, after->from_unix_s) ||
        !assay_renewal_forward(w, name, "notAfter", before->to_unix_s, after->to_unix_s))
        return false;
    for (size_t i = 0; i < w->in_force->count; i++) {
        const struct assay_endorsement *const entry = &w->in_force->entries[i];
        if (!assay_key_equal(&entry->root, w->root) || !entry->collateral->has_root_issuer ||
            !assay_crl_contains(&entry->collateral->root_crl, after->serial))
            continue;
        w->out->rule = ASSAY_RULE_CERT_REVOKED;
        return assay_renewal_refuse(w, ASSAY_RENEWAL_UNSOUND, name, "serialNumber", NO_VALUE,
                                    assay_renewal_bytes(after->serial, sizeof after->serial));
    }
    const struct assay_renewal_span span = { before->from_unix_s, before->to_unix_s };
    assay_renewal_moved(w, name, "notBefore", &span, after->from_unix_s);
    return true;
}

/*
 * Without a chain the list of PCK certificates is checked against each quote's own authority only
 * (collateral.h): its signer cannot be determined here. Unverifiable parts are not accepted.
 */
static bool check_pck_chain(struct assay_renewal_work *w, const struct assay_collateral *before,
                            const struct assay_collateral *after)
{
    static const char name[] = "PCK chain";
    if (!after->has_pck_issuer) {
        w->out->rule = ASSAY_RULE_CRL_SIGNATURE;
        return assay_renewal_refuse(w, ASSAY_RENEWAL_UNSOUND, "PCK CRL", "signature", NO_VALUE,
                                    NO_VALUE);
    }
    for (size_t i = 0; i < after->certificate_count; i++) {
        const struct assay_certificate *const c = &after->certificates[i];
        bool is_known = assay_key_equal(&c->key, w->root) ||
                        assay_bytes_equal(c->key_name, after->pck_issuer_name, 32);
        for (size_t k = 0; k < before->certificate_count && !is_known; k++)
            is_known = assay_bytes_equal(c->digest, before->certificates[k].digest, 32);
        if (!is_known)
            return assay_renewal_refuse(w, ASSAY_RENEWAL_STRANGER, name, "certificate", NO_VALUE,
                                        assay_renewal_bytes(c->digest, sizeof c->digest));
    }
    return true;
}

/* The further lists of a bundle: of each authority the one that is offered follows the newest. */
static const struct assay_list *list_of(const struct assay_collateral *c,
                                        const struct assay_list *like)
{
    ASSAY_ASSERT(c->list_count <= ASSAY_LISTS_MAX);
    const struct assay_list *newest = NULL;
    for (size_t i = 0; i < c->list_count; i++) {
        const struct assay_list *const list = &c->lists[i];
        if (!list->has_issuer || !assay_dn_equal(&list->crl.issuer, &like->crl.issuer) ||
            !assay_bytes_equal(list->issuer_name, like->issuer_name, sizeof like->issuer_name))
            continue;
        if (newest == NULL || list->crl.this_update_s > newest->crl.this_update_s) newest = list;
    }
    return newest;
}

static bool check_further_lists(struct assay_renewal_work *w, const struct assay_collateral *before,
                                const struct assay_collateral *after)
{
    for (size_t i = 0; i < after->list_count; i++)
        if (!after->lists[i].has_issuer || list_of(before, &after->lists[i]) == NULL)
            return assay_renewal_refuse(
                w, ASSAY_RENEWAL_STRANGER, "CRL", "issuer", NO_VALUE,
                assay_renewal_bytes(after->lists[i].issuer_name,
                                    sizeof after->lists[i].issuer_name));
    for (size_t i = 0; i < before->list_count; i++) {
        const struct assay_list *const old = &before->lists[i];
        const struct assay_list *const next = old->has_issuer ? list_of(after, old) : NULL;
        if (!old->has_issuer) continue;
        if (next == NULL)
            return assay_renewal_refuse(w, ASSAY_RENEWAL_MISSING, "CRL", "issuer",
                                        assay_renewal_bytes(old->issuer_name,
                                                            sizeof old->issuer_name),
                                        NO_VALUE);
        if (!assay_renewal_list(w, "CRL", &old->crl, &next->crl)) return false;
    }
    return true;
}

static bool check_documents(struct assay_renewal_work *w, const struct assay_endorsement *offered)
{
    const struct assay_collateral *const after = offered->collateral;
    const size_t at = assay_collateral_followed(w->in_force, offered);
    if (at == w->in_force->count) {
        for (size_t i = 0; i < w->in_force->count; i++) {
            const struct assay_endorsement *const entry = &w->in_force->entries[i];
            if (assay_key_equal(&entry->root, w->root) && entry->kinds != offered->kinds &&
                assay_endorsement_has_documents(entry) && same_family(entry->collateral, after))
                return assay_renewal_refuse(w, ASSAY_RENEWAL_KINDS, "", "kinds",
                                            assay_renewal_number(entry->kinds),
                                            assay_renewal_number(offered->kinds));
        }
        return assay_renewal_refuse(w, ASSAY_RENEWAL_FAMILY, "TCB info", "fmspc", NO_VALUE,
                                    assay_renewal_bytes(after->tcb_info.fmspc, 6));
    }
    const struct assay_collateral *const before = w->in_force->entries[at].collateral;
    return check_document(w, tcb_info_of(before), tcb_info_of(after)) &&
           check_document(w, identity_of(before), identity_of(after)) &&
           check_signer(w, "TCB signing chain", &before->tcb_signer, &after->tcb_signer) &&
           check_signer(w, "QE identity signing chain", &before->qe_signer, &after->qe_signer) &&
           assay_renewal_list(w, "root CRL", &before->root_crl, &after->root_crl) &&
           assay_renewal_list(w, "PCK CRL", &before->pck_crl, &after->pck_crl) &&
           check_pck_chain(w, before, after) && check_further_lists(w, before, after);
}

/* ------------------------------------------------------------ the offer by itself */

static bool check_root(struct assay_renewal_work *w)
{
    bool is_known = false;
    for (size_t i = 0; i < w->in_force->count; i++)
        is_known = is_known || assay_key_equal(&w->in_force->entries[i].root, w->root);
    uint8_t name[ASSAY_SHA256_LEN];
    for (size_t i = 0; i < w->offered->count; i++) {
        w->entry = (uint32_t)i;
        if (is_known && assay_key_equal(&w->offered->entries[i].root, w->root)) continue;
        assay_key_name(&w->offered->entries[i].root, name);
        return assay_renewal_refuse(w, ASSAY_RENEWAL_ROOT, "", "root", NO_VALUE,
                                    assay_renewal_bytes(name, sizeof name));
    }
    return true;
}

/* Nothing compares them with those in force (endorsements.h). */
static bool check_renewable(struct assay_renewal_work *w)
{
    for (size_t i = 0; i < w->offered->count; i++) {
        if (!assay_endorsement_is_of_devices(&w->offered->entries[i])) continue;
        w->entry = (uint32_t)i;
        w->out->rule = ASSAY_RULE_UNSUPPORTED;
        return assay_renewal_refuse(w, ASSAY_RENEWAL_UNSOUND, ASSAY_ENDORSEMENT_DEVICES_TEXT, "",
                                    NO_VALUE, NO_VALUE);
    }
    return true;
}

static bool check_sound(struct assay_renewal_work *w)
{
    size_t which = 0;
    const enum assay_status status = assay_endorsements_sound(w->offered, &which);
    if (status == ASSAY_OK) return true;
    ASSAY_ASSERT(which < w->offered->count);
    const struct assay_collateral *const c = w->offered->entries[which].collateral;
    w->entry = (uint32_t)which;
    if (status == ASSAY_E_DUPLICATE)
        return assay_renewal_refuse(w, ASSAY_RENEWAL_CONTRADICTION, "", "entry", NO_VALUE,
                                    NO_VALUE);
    w->out->rule = c->fault_count > 0 ? c->faults[0].rule : ASSAY_RULE_COLLATERAL_MISSING;
    return assay_renewal_refuse(w, ASSAY_RENEWAL_UNSOUND,
                                c->fault_count > 0 ? c->faults[0].what : "",
                                assay_rule_name(w->out->rule), NO_VALUE, NO_VALUE);
}

/* protocol.md 8.4: all of it is valid at the time of the block that has it. */
static bool check_windows(struct assay_renewal_work *w, int64_t at_unix_s)
{
    for (size_t i = 0; i < w->offered->count; i++) {
        const struct assay_collateral *const c = w->offered->entries[i].collateral;
        w->entry = (uint32_t)i;
        for (uint32_t k = 0; k < c->window_count; k++) {
            const struct assay_window *const window = &c->windows[k];
            if (at_unix_s < window->from_unix_s)
                return assay_renewal_refuse(w, ASSAY_RENEWAL_EARLY, window->what, "valid from",
                                            assay_renewal_time(at_unix_s),
                                            assay_renewal_time(window->from_unix_s));
            if (at_unix_s > window->to_unix_s)
                return assay_renewal_refuse(w, ASSAY_RENEWAL_ENDED, window->what, "valid until",
                                            assay_renewal_time(at_unix_s),
                                            assay_renewal_time(window->to_unix_s));
        }
    }
    return true;
}

static bool check_entries(struct assay_renewal_work *w)
{
    bool has_others = false;
    for (size_t i = 0; i < w->offered->count; i++) {
        const struct assay_endorsement *const entry = &w->offered->entries[i];
        w->entry = (uint32_t)i;
        if (!assay_endorsement_has_documents(entry)) has_others = true;
        else if (!check_documents(w, entry)) return false;
    }
    return !has_others || assay_renewal_others(w);
}

static bool check_progress(struct assay_renewal_work *w)
{
    ASSAY_ASSERT(w->out->fault == ASSAY_RENEWAL_FINE);
    w->entry = 0;
    if (w->is_newer) return true;
    if (w->has_later_dates)
        return assay_renewal_refuse(w, ASSAY_RENEWAL_SOON, w->dated_piece, w->dated_field,
                                    assay_renewal_time(w->dated_expected),
                                    assay_renewal_time(w->dated_found));
    return assay_renewal_refuse(w, ASSAY_RENEWAL_NOTHING, "", "", NO_VALUE, NO_VALUE);
}

void assay_collateral_newer(const struct assay_endorsements *in_force,
                            const struct assay_endorsements *offered, int64_t at_unix_s,
                            struct assay_renewal *out)
{
    ASSAY_ASSERT(offered->count > 0);
    ASSAY_ASSERT(in_force->count <= ASSAY_ENDORSEMENTS_MAX);
    *out = (struct assay_renewal){ .piece = "", .field = "" };
    struct assay_renewal_work w = { .in_force = in_force,
                                    .offered = offered,
                                    .root = &offered->entries[0].root,
                                    .at_unix_s = at_unix_s,
                                    .dated_piece = "",
                                    .dated_field = "",
                                    .out = out };
    if (!check_root(&w) || !check_renewable(&w) || !check_sound(&w) ||
        !check_windows(&w, at_unix_s) || !check_entries(&w) || !check_progress(&w))
        return;
    ASSAY_ASSERT(w.is_newer);
    out->kind = w.is_recovery ? ASSAY_RENEWAL_HIGHER_NUMBER : ASSAY_RENEWAL_SAME_NUMBER;
    ASSAY_ASSERT(out->fault == ASSAY_RENEWAL_FINE);
}
