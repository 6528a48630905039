/*
 * quote/collateral/ocsp.c - revocation by OCSP responses (ocsp.h).
 */
#include "quote/collateral/ocsp.h"

#include "base/assert.h"
#include "quote/accept/policy.h"
#include "quote/certificates/chain.h"
#include "quote/certificates/reported.h"
#include "quote/certificates/validity.h"
#include "quote/collateral/collateral.h"
#include "quote/text.h"

enum assay_status assay_ocsp_build(struct assay_slice der, struct assay_ocsp_entry *out)
{
    out->is_signed = false;
    ASSAY_TRY(assay_x509_ocsp(der.bytes, der.len, &out->response));
    const struct assay_ocsp *const r = &out->response;
    if (!r->has_responder) return ASSAY_OK; /* by the issuer, who is known later */
    const enum assay_status status =
        assay_chain_signed(&r->responder.key, r->tbs_digest, &r->signature);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    out->is_signed = status == ASSAY_OK;
    return ASSAY_OK;
}

/* Who issued a certificate of the path: a certificate above it, or the root as a key alone. */
struct issuer {
    const struct assay_dn *name;
    const struct assay_key *key;
};

static struct issuer issuer_of(const struct assay_path *path, size_t at,
                               const struct assay_key *root)
{
    ASSAY_ASSERT(at < path->count);
    if (at + 1 < path->count)
        return (struct issuer){ &path->certificates[at + 1]->subject,
                                &path->certificates[at + 1]->key };
    return (struct issuer){ &path->certificates[at]->issuer, root };
}

static void hash_as(const struct assay_ocsp *r, const struct assay_slice *pieces, size_t count,
                    uint8_t out[ASSAY_SHA384_LEN])
{
    ASSAY_ASSERT(r->hash_len == ASSAY_SHA256_LEN || r->hash_len == ASSAY_SHA384_LEN);
    if (r->hash_len == ASSAY_SHA256_LEN) assay_sha256_pieces(pieces, count, out);
    else assay_sha384_pieces(pieces, count, out);
}

/* By SHA-1 another issuer could be named: such a response may revoke, and covers nothing. */
static bool is_weak(const struct assay_ocsp *r)
{
    return r->hash_len == ASSAY_OCSP_SHA1_LEN;
}

/* RFC 6960 4.1.1: of the key the bits of the BIT STRING: 04 | X | Y for a curve. Of a weak one the
 * issuer is who signed it. */
static bool is_about(const struct assay_ocsp *r, const struct assay_certificate *c,
                     const struct issuer *issuer)
{
    static const uint8_t uncompressed = 0x04;
    uint8_t name[ASSAY_SHA384_LEN], key[ASSAY_SHA384_LEN];
    if (!assay_bytes_equal(r->serial, c->serial, sizeof r->serial)) return false;
    if (is_weak(r)) return true;
    if (issuer->key->type != ASSAY_KEY_P256 && issuer->key->type != ASSAY_KEY_P384) return false;
    const struct assay_slice names[] = { assay_slice_over(issuer->name->der, issuer->name->len) };
    const struct assay_slice keys[] = { assay_slice_over(&uncompressed, 1),
                                        assay_slice_over(issuer->key->bytes, issuer->key->len) };
    hash_as(r, names, 1, name);
    hash_as(r, keys, 2, key);
    return assay_bytes_equal(name, r->issuer_name_hash, r->hash_len) &&
           assay_bytes_equal(key, r->issuer_key_hash, r->hash_len);
}

/* RFC 6960 4.2.2.2: the issuer itself, or an end entity that it made for this purpose by name. */
static enum assay_status is_vouched(const struct assay_ocsp_entry *e, const struct issuer *issuer,
                                    bool *ok)
{
    const struct assay_ocsp *const r = &e->response;
    const struct assay_certificate *const by = &r->responder;
    enum assay_status status = ASSAY_E_SIGNATURE;
    *ok = false;
    if (!r->has_responder) status = assay_chain_signed(issuer->key, r->tbs_digest, &r->signature);
    else if (e->is_signed && assay_key_equal(&by->key, issuer->key)) status = ASSAY_OK;
    else if (e->is_signed && assay_dn_equal(&by->issuer, issuer->name) &&
             assay_chain_is_signer(by) && (by->extended_key_usage & ASSAY_EKU_OCSP_SIGNING) != 0)
        status = assay_chain_signed(issuer->key, by->tbs_digest, &by->signature);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    *ok = status == ASSAY_OK;
    return ASSAY_OK;
}

/* Of two answers of one second the graver counts: a policy may accept what is on hold. */
static int rank_of(const struct assay_ocsp *r)
{
    if (r->answer == ASSAY_OCSP_GOOD) return 0;
    if (r->answer == ASSAY_OCSP_UNKNOWN) return 1;
    return r->reason == ASSAY_OCSP_REASON_HOLD ? 2 : 3;
}

static bool has_nonce(const struct assay_ocsp *r, struct assay_slice wanted)
{
    return r->nonce_len == wanted.len && assay_bytes_equal(r->nonce, wanted.bytes, wanted.len);
}

/* Which of two about one certificate counts: never by their order. */
static bool is_better(const struct assay_ocsp *a, const struct assay_ocsp *b,
                      const struct assay_evidence_request *request)
{
    const int64_t at_unix_s = request->at_unix_s;
    const bool a_is_out = a->this_update_s <= at_unix_s, b_is_out = b->this_update_s <= at_unix_s;
    if (a_is_out != b_is_out) return a_is_out;
    if (a->this_update_s != b->this_update_s)
        return (a->this_update_s > b->this_update_s) == a_is_out;
    if (rank_of(a) != rank_of(b)) return rank_of(a) > rank_of(b);
    const struct assay_slice wanted = request->ocsp_nonce;
    if (wanted.len > 0 && has_nonce(a, wanted) != has_nonce(b, wanted)) return has_nonce(a, wanted);
    return a->next_update_s > b->next_update_s;
}

bool assay_ocsp_is_named_weakly(const struct assay_evidence_request *request,
                                const struct assay_certificate *certificate)
{
    const struct assay_endorsements *const all = request->endorsements;
    for (size_t i = 0; i < all->count; i++) {
        const struct assay_endorsement *const e = &all->entries[i];
        if ((e->kinds & ASSAY_KIND_BIT(request->kind)) == 0 || e->collateral == NULL) continue;
        for (size_t k = 0; k < e->collateral->ocsp_count; k++) {
            const struct assay_ocsp *const r = &e->collateral->ocsp[k].response;
            if (is_weak(r) && assay_bytes_equal(r->serial, certificate->serial, sizeof r->serial))
                return true;
        }
    }
    return false;
}

struct found {
    const struct assay_ocsp *best;
    bool is_forged; /* one is about the certificate, and nobody who may has signed it */
};

static enum assay_status look_up(const struct assay_evidence_request *request,
                                 const struct assay_certificate *c, const struct issuer *issuer,
                                 struct found *out)
{
    const struct assay_endorsements *const all = request->endorsements;
    *out = (struct found){ .best = NULL };
    for (size_t i = 0; i < all->count; i++) {
        const struct assay_endorsement *const e = &all->entries[i];
        if ((e->kinds & ASSAY_KIND_BIT(request->kind)) == 0 || e->collateral == NULL) continue;
        ASSAY_ASSERT(e->collateral->ocsp_count <= ASSAY_OCSP_MAX);
        for (size_t k = 0; k < e->collateral->ocsp_count; k++) {
            const struct assay_ocsp_entry *const entry = &e->collateral->ocsp[k];
            bool ok = false;
            if (!is_about(&entry->response, c, issuer)) continue;
            ASSAY_TRY(is_vouched(entry, issuer, &ok));
            if (is_weak(&entry->response) && (!ok || entry->response.answer != ASSAY_OCSP_REVOKED))
                continue;
            if (!ok) out->is_forged = true;
            else if (out->best == NULL || is_better(&entry->response, out->best, request))
                out->best = &entry->response;
        }
    }
    return ASSAY_OK;
}

static void report_answer(const struct assay_policy *policy, const struct assay_certificate *c,
                          const struct assay_ocsp *r, struct assay_verdict *verdict)
{
    struct assay_text observed = assay_text_empty();
    if (r->answer == ASSAY_OCSP_GOOD) return;
    const bool is_held = r->answer == ASSAY_OCSP_REVOKED && r->reason == ASSAY_OCSP_REASON_HOLD;
    const bool is_accepted = is_held && policy->gpu.allow_certificate_hold;
    assay_text_add(&observed, is_held                           ? "on hold: "
                              : r->answer == ASSAY_OCSP_REVOKED ? "revoked: "
                                                                : "unknown to its responder: ");
    assay_text_add(&observed, c->subject_name);
    assay_verdict_add(verdict,
                      r->answer == ASSAY_OCSP_UNKNOWN ? ASSAY_RULE_COLLATERAL_MISSING
                      : is_accepted                   ? ASSAY_RULE_CERT_HELD
                                                      : ASSAY_RULE_CERT_REVOKED,
                      0, "a certificate that stands", observed.text);
}

/* Short names: a reason has room for 99 characters, dates included. */
static void judge_dates(const struct assay_policy *policy, const char *name,
                        const struct assay_ocsp *r, struct assay_verdict *verdict)
{
    struct assay_text what = assay_text_empty(), by = assay_text_empty();
    assay_text_add(&what, "OCSP for ");
    assay_text_add(&what, name);
    assay_text_add(&by, "OCSP key for ");
    assay_text_add(&by, name);
    const struct assay_window response = { .what = what.text,
                                           .is_list = true,
                                           .from_unix_s = r->this_update_s,
                                           .to_unix_s = r->next_update_s };
    const struct assay_window responder = { .what = by.text,
                                            .is_certificate = true,
                                            .from_unix_s = r->responder.not_before_s,
                                            .to_unix_s = r->responder.not_after_s };
    assay_appraise_window(&response, policy, verdict);
    if (r->has_responder) assay_appraise_window(&responder, NULL, verdict);
}

static void judge_nonce(struct assay_slice wanted, const char *name, const struct assay_ocsp *r,
                        struct assay_verdict *verdict)
{
    struct assay_text expected = assay_text_empty(), observed = assay_text_empty();
    if (wanted.len == 0) return;
    if (has_nonce(r, wanted)) return;
    if (r->nonce_len == 0) assay_text_add(&observed, "none");
    else assay_text_add_hex(&observed, r->nonce, r->nonce_len);
    assay_text_add(&expected, "the nonce of the request in the OCSP response for ");
    assay_text_add(&expected, name);
    if (!assay_verdict_reports(verdict, ASSAY_RULE_OCSP_NONCE, expected.text))
        assay_verdict_add(verdict, ASSAY_RULE_OCSP_NONCE, 0, expected.text, observed.text);
}

enum assay_status assay_ocsp_check(const struct assay_evidence_request *request,
                                   const struct assay_path *path, const struct assay_key *root,
                                   struct assay_verdict *verdict, uint32_t *covered)
{
    ASSAY_ASSERT(path->count >= 1 && path->count <= ASSAY_CHAIN_MAX);
    const size_t issued = assay_path_issued(path, root);
    *covered = 0;
    for (size_t i = 0; i < issued; i++) {
        const struct issuer issuer = issuer_of(path, i, root);
        struct found found;
        ASSAY_TRY(look_up(request, path->certificates[i], &issuer, &found));
        if (found.is_forged && found.best == NULL) /* beside one that counts it says nothing */
            assay_verdict_add(verdict, ASSAY_RULE_OCSP_SIGNATURE, 0,
                              "an OCSP response by the issuer or its delegate",
                              path->certificates[i]->subject_name);
        if (found.best == NULL) continue;
        if (!is_weak(found.best)) *covered |= UINT32_C(1) << i;
        const char *const name = path->certificates[i]->subject_name;
        judge_dates(request->policy, name, found.best, verdict);
        judge_nonce(request->ocsp_nonce, name, found.best, verdict);
        report_answer(request->policy, path->certificates[i], found.best, verdict);
    }
    return ASSAY_OK;
}
