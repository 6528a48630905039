/*
 * quote/pieces/gather.c - collection of the collateral of one root (gather.h).
 */
#include "quote/pieces/gather.h"

#include "base/assert.h"
#include "quote/certificates/chain.h"
#include "quote/certificates/crl.h"
#include "quote/certificates/path.h"

static bool is_certificate(const struct assay_recognised *piece)
{
    return piece->shape == ASSAY_SHAPE_CERTIFICATE && piece->status == ASSAY_OK;
}

/* ASSAY_OK: to the root, by way of what was taken so far | ASSAY_E_INVALID: it does not. */
static enum assay_status verify_to_root(const struct assay_gathered *g,
                                        const struct assay_key *root,
                                        const struct assay_certificate *c)
{
    ASSAY_ASSERT(g->count <= ASSAY_CHAIN_MAX);
    struct assay_path path;
    struct assay_quote_fault fault;
    size_t at = 0;
    enum assay_status status = assay_path_build(c, g->certificates, g->count, root, &path);
    if (status == ASSAY_OK) status = assay_path_verify(&path, root, &fault, &at);
    if (status == ASSAY_OK || assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    return ASSAY_E_INVALID;
}

static bool is_among(const struct assay_gathered *g, size_t index)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->index[i] == index) return true;
    return false;
}

static void add_certificate(struct assay_gathered *g, size_t index,
                            const struct assay_certificate *c)
{
    ASSAY_ASSERT(index < ASSAY_RECOGNISED_MAX && !g->is_taken[index]);
    /* The second form of an ECDSA signature makes no other certificate (evidence-rules.md 1.9). */
    for (size_t i = 0; i < g->count; i++)
        if (assay_bytes_equal(g->certificates[i].tbs_digest, c->tbs_digest, sizeof c->tbs_digest))
            return;
    const bool is_new = !g->leads[index];
    g->leads[index] = true;
    if (g->count == ASSAY_CHAIN_MAX) {
        g->left_out += is_new ? 1 : 0;
        return;
    }
    g->is_taken[index] = true;
    g->certificates[g->count] = *c;
    g->index[g->count] = index;
    g->count += 1;
}

/* Of a certificate that did not lead to the root by way of the first `before` ones: could it now?
 * Only by an issuer of its own that is new, or by another issuer of one that was there. */
static bool may_lead(const struct assay_gathered *g, size_t before,
                     const struct assay_certificate *c)
{
    ASSAY_ASSERT(before <= g->count && g->count <= ASSAY_CHAIN_MAX);
    for (size_t i = before; i < g->count; i++) {
        if (assay_chain_names(&g->certificates[i], c)) return true;
        for (size_t k = 0; k < i; k++)
            if (assay_chain_names(&g->certificates[i], &g->certificates[k])) return true;
    }
    return false;
}

/* Issuers are added before the certificates that they issued: rounds, until one adds nothing. Each
 * certificate is verified once, and again only if a new one could have issued it. */
static enum assay_status take_authorities(const struct assay_recognition *r,
                                          const struct assay_key *root, struct assay_gathered *g)
{
    struct assay_certificate c;
    size_t tried[ASSAY_RECOGNISED_MAX]; /* with so many at hand; SIZE_MAX: not yet */
    for (size_t i = 0; i < r->count; i++)
        tried[i] = SIZE_MAX;
    for (size_t before = SIZE_MAX; before != g->count;) {
        before = g->count;
        for (size_t i = 0; i < r->count; i++) {
            const struct assay_recognised *const piece = &r->pieces[i];
            if (!is_certificate(piece) || is_among(g, i)) continue;
            ASSAY_TRY(assay_x509_certificate(piece->bytes.bytes, piece->bytes.len, &c));
            if (!c.is_ca && !assay_chain_self_issued(&c)) continue;
            if (tried[i] != SIZE_MAX && !may_lead(g, tried[i], &c)) continue;
            tried[i] = g->count;
            const enum assay_status status = verify_to_root(g, root, &c);
            if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
            if (status == ASSAY_OK) add_certificate(g, i, &c);
        }
    }
    return ASSAY_OK;
}

/* Endorsement keys of chips first: other evidence mostly carries its own. */
static enum assay_status take_others(const struct assay_recognition *r,
                                     const struct assay_key *root, struct assay_gathered *g)
{
    struct assay_certificate c;
    for (int veks = 1; veks >= 0; veks--)
        for (size_t i = 0; i < r->count; i++) {
            const struct assay_recognised *const piece = &r->pieces[i];
            if (!is_certificate(piece) || piece->has_vek != (veks == 1)) continue;
            ASSAY_TRY(assay_x509_certificate(piece->bytes.bytes, piece->bytes.len, &c));
            if (c.is_ca || assay_chain_self_issued(&c)) continue;
            const enum assay_status status = verify_to_root(g, root, &c);
            if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
            if (status == ASSAY_OK) add_certificate(g, i, &c);
        }
    return ASSAY_OK;
}

static bool has_room(struct assay_slice bytes, size_t len)
{
    ASSAY_ASSERT(len <= ASSAY_PART_LEN_MAX);
    return bytes.len <= ASSAY_PART_LEN_MAX - len;
}

static enum assay_status append_pem(struct assay_slice bytes, uint8_t *text, size_t *len)
{
    if (!has_room(bytes, *len)) return ASSAY_E_RANGE;
    assay_bytes_copy(text + *len, ASSAY_PART_LEN_MAX - *len, bytes.bytes, bytes.len);
    *len += bytes.len;
    return ASSAY_OK;
}

/* --- lists */
/* Do all lists fit into a bundle? */
static bool do_lists_fit(const struct assay_recognition *r)
{
    size_t count = 0, len = 0;
    for (size_t i = 0; i < r->count; i++) {
        if (r->pieces[i].shape != ASSAY_SHAPE_CRL) continue;
        if (count == ASSAY_LISTS_MAX || !has_room(r->pieces[i].bytes, len)) return false;
        count += 1;
        len += r->pieces[i].bytes.len;
    }
    return true;
}

/* In falling order of what it costs to lose one. */
enum list_class { LIST_SOUND, LIST_UNKNOWN, LIST_DAMAGED, LIST_NEEDLESS, LIST_CLASSES };

/* Looked at for lists that do not fit, as in path.c, besides each list once by the root's key. */
enum { LIST_SIGNATURES_MAX = 48 };
_Static_assert((size_t)ASSAY_LISTS_LEFT_OUT_MAX >= ASSAY_RECOGNISED_MAX, "a name for each list");

struct list_search {
    size_t signatures;
    bool gave_up;
    size_t own_count; /* that an authority on the way to the root signed: what was signed */
    uint8_t own[ASSAY_LISTS_MAX][ASSAY_DIGEST_MAX];
    enum list_class classes[ASSAY_RECOGNISED_MAX]; /* of the pieces */
};

static enum assay_status signed_list(struct list_search *s, const struct assay_key *key,
                                     const struct assay_crl *crl, bool *yes)
{
    ASSAY_ASSERT(s->signatures <= LIST_SIGNATURES_MAX);
    *yes = false;
    s->gave_up = s->signatures == LIST_SIGNATURES_MAX;
    if (s->gave_up) return ASSAY_OK;
    s->signatures += 1;
    const enum assay_status status = assay_chain_signed(key, crl->tbs_digest, &crl->signature);
    *yes = status == ASSAY_OK;
    return assay_status_class(status) == ASSAY_CLASS_HOST ? status : ASSAY_OK;
}

/* Each list is asked once: those by the root are never unknown, and never left out as such. */
static enum assay_status is_signed_by_root(const struct assay_key *root,
                                           const struct assay_crl *crl, bool *yes)
{
    const enum assay_status status = assay_chain_signed(root, crl->tbs_digest, &crl->signature);
    *yes = status == ASSAY_OK;
    return assay_status_class(status) == ASSAY_CLASS_HOST ? status : ASSAY_OK;
}

static bool is_known(const struct list_search *s, const struct assay_crl *crl)
{
    ASSAY_ASSERT(s->own_count <= ASSAY_LISTS_MAX);
    for (size_t i = 0; i < s->own_count; i++)
        if (assay_bytes_equal(s->own[i], crl->tbs_digest, sizeof s->own[i])) return true;
    return false;
}

/* Does the list bear name and key id of the certificate's issuer, which may be the root as a key
 * alone? Names alone are shared by authorities. */
static bool names_issuer(const struct assay_crl *crl, const struct assay_certificate *c)
{
    if (!crl->has_authority_key_id || !c->has_authority_key_id) return false;
    return assay_dn_equal(&crl->issuer, &c->issuer) &&
           assay_bytes_equal(crl->authority_key_id, c->authority_key_id, ASSAY_KEY_ID_LEN);
}

/*
 * A list is needless only as a copy: it says what one says that counts, or it bears name and key id
 * of an authority that leads to the root, which did not sign it. The authorities in the evidence
 * itself are not known here, and a certificate that does not lead to the root proves nothing of a
 * list that its key signed.
 */
static enum assay_status class_of(const struct assay_recognised *piece,
                                  const struct assay_key *root, struct assay_gathered *g,
                                  struct list_search *s, enum list_class *out)
{
    bool is_own = false, is_its = false, is_copy = false;
    ASSAY_ASSERT(piece->status == ASSAY_OK);
    ASSAY_TRY(assay_x509_crl(piece->bytes.bytes, piece->bytes.len, &g->crl));
    *out = LIST_NEEDLESS;
    if (is_known(s, &g->crl)) return ASSAY_OK;
    for (size_t i = 0; i < g->count && !is_own; i++) {
        const struct assay_certificate *const c = &g->certificates[i];
        if (names_issuer(&g->crl, c)) is_copy = true;
        if (!assay_crl_issued_by(&g->crl, c)) continue;
        if (g->crl.has_authority_key_id && c->has_subject_key_id) is_its = true;
        if (assay_key_equal(&c->key, root)) continue;
        ASSAY_TRY(signed_list(s, &c->key, &g->crl, &is_own));
    }
    if (!is_own) ASSAY_TRY(is_signed_by_root(root, &g->crl, &is_own));
    if (is_own) *out = LIST_SOUND;
    else if ((!is_its && !is_copy) || s->gave_up) *out = LIST_UNKNOWN;
    if (is_own && s->own_count < ASSAY_LISTS_MAX)
        assay_bytes_copy(s->own[s->own_count++], sizeof s->own[0], g->crl.tbs_digest,
                         sizeof g->crl.tbs_digest);
    return ASSAY_OK;
}

static enum assay_status find_classes(const struct assay_recognition *r,
                                      const struct assay_key *root, struct assay_gathered *g,
                                      struct list_search *s)
{
    const bool is_full = !do_lists_fit(r);
    for (size_t i = 0; i < r->count; i++) {
        const struct assay_recognised *const piece = &r->pieces[i];
        if (piece->shape != ASSAY_SHAPE_CRL) continue;
        s->classes[i] = piece->status == ASSAY_OK ? LIST_SOUND : LIST_DAMAGED;
        if (is_full && piece->status == ASSAY_OK)
            ASSAY_TRY(class_of(piece, root, g, s, &s->classes[i]));
    }
    /* Copies may stand before what they are copies of. */
    for (size_t i = 0; i < r->count && s->own_count > 0; i++) {
        const struct assay_slice der = r->pieces[i].bytes;
        if (r->pieces[i].shape != ASSAY_SHAPE_CRL || s->classes[i] != LIST_UNKNOWN) continue;
        ASSAY_TRY(assay_x509_crl(der.bytes, der.len, &g->crl));
        if (is_known(s, &g->crl)) s->classes[i] = LIST_NEEDLESS;
    }
    return ASSAY_OK;
}

/* The name of its issuer alone is kept: evidence with an authority of that name is unjudged. */
static enum assay_status leave_out(struct assay_slice der, struct assay_gathered *g)
{
    struct assay_lists_left_out *const l = &g->lists_left_out;
    uint8_t issuer[ASSAY_SHA256_LEN];
    ASSAY_TRY(assay_x509_crl(der.bytes, der.len, &g->crl));
    assay_sha256(g->crl.issuer.der, g->crl.issuer.len, issuer);
    for (size_t i = 0; i < l->count; i++)
        if (assay_bytes_equal(l->issuers[i], issuer, sizeof issuer)) return ASSAY_OK;
    ASSAY_ASSERT(l->count < ASSAY_LISTS_LEFT_OUT_MAX);
    assay_bytes_copy(l->issuers[l->count++], sizeof l->issuers[0], issuer, sizeof issuer);
    return ASSAY_OK;
}

/* Every list, because the evidence may contain authorities; unreadable lists last. If they do not
 * fit, copies are left out, and then lists of unknown signers; if that is not enough, the bundle
 * reports overflow. */
static enum assay_status take_lists(const struct assay_recognition *r, const struct assay_key *root,
                                    struct assay_gathered *g)
{
    struct list_search s = { 0 };
    size_t count = 0;
    ASSAY_TRY(find_classes(r, root, g, &s));
    for (enum list_class class_ = LIST_SOUND; class_ < LIST_CLASSES; class_++)
        for (size_t i = 0; i < r->count; i++) {
            const struct assay_slice bytes = r->pieces[i].bytes;
            if (r->pieces[i].shape != ASSAY_SHAPE_CRL || s.classes[i] != class_) continue;
            const bool fits = has_room(bytes, g->lists_len);
            if (class_ == LIST_NEEDLESS && (count >= ASSAY_LISTS_MAX || !fits)) continue;
            if (class_ == LIST_UNKNOWN && (count >= ASSAY_LISTS_MAX || !fits)) {
                ASSAY_TRY(leave_out(bytes, g));
                continue;
            }
            if (!fits) {
                g->files.is_cut[ASSAY_PART_CRL] = true;
                continue;
            }
            ASSAY_TRY(append_pem(bytes, g->list_bytes, &g->lists_len));
            g->is_taken[i] = true;
            count += 1;
        }
    return ASSAY_OK;
}

/* --- OCSP responses and manifests */
/* Every response, as every list: the evidence may contain authorities. Those that cannot be read
 * stand last: one of them may revoke, and the verdict reports them. */
static enum assay_status take_responses(const struct assay_recognition *r, struct assay_gathered *g)
{
    size_t count = 0;
    for (int unread = 0; unread < 2; unread++)
        for (size_t i = 0; i < r->count; i++) {
            const struct assay_recognised *const piece = &r->pieces[i];
            if (piece->shape != ASSAY_SHAPE_OCSP || (piece->status != ASSAY_OK) != (unread == 1))
                continue;
            if (count == ASSAY_OCSP_MAX || !has_room(piece->bytes, g->ocsp_len)) {
                g->files.is_cut[ASSAY_PART_OCSP] = true;
                continue;
            }
            count += 1;
            ASSAY_TRY(append_pem(piece->bytes, g->ocsp_bytes, &g->ocsp_len));
            g->is_taken[i] = true;
        }
    return ASSAY_OK;
}

/* Those whose signer leads to the root, signed or not: a verdict reports one that is not, if there
 * is room for it. */
static enum assay_status take_manifests(const struct assay_recognition *r,
                                        const struct assay_key *root, struct assay_gathered *g)
{
    struct assay_rim_pieces pieces;
    size_t count = 0;
    for (int wrong = 0; wrong < 2; wrong++)
        for (size_t i = 0; i < r->count; i++) {
            struct assay_slice bytes = r->pieces[i].bytes;
            if (r->pieces[i].shape != ASSAY_SHAPE_RIM || r->pieces[i].status != ASSAY_OK) continue;
            if (g->is_taken[i] || assay_rim_next(&bytes, &pieces) != ASSAY_OK) continue;
            ASSAY_TRY(assay_rim_build(&pieces, root, &g->rim));
            if (g->rim.certificate_count == 0) continue;
            g->leads[i] = true;
            if ((g->rim.status != ASSAY_OK) != (wrong == 1)) continue;
            if (count == ASSAY_RIMS_MAX || !has_room(r->pieces[i].bytes, g->rims_len)) {
                if (wrong == 0) g->files.is_cut[ASSAY_PART_RIM] = true;
                continue;
            }
            count += 1;
            ASSAY_TRY(append_pem(r->pieces[i].bytes, g->rim_bytes, &g->rims_len));
            g->is_taken[i] = true;
        }
    return ASSAY_OK;
}

enum assay_status assay_collateral_gather(const struct assay_recognition *r,
                                          const struct assay_key *root, bool with_lists,
                                          struct assay_gathered *out)
{
    ASSAY_ASSERT(r->count <= ASSAY_RECOGNISED_MAX);
    ASSAY_ASSERT(r != NULL && root != NULL && out != NULL);
    out->files = (struct assay_collateral_files){ 0 };
    out->count = out->left_out = out->certificates_len = out->lists_len = 0;
    out->ocsp_len = out->rims_len = out->lists_left_out.count = 0;
    assay_bytes_zero(out->is_taken, sizeof out->is_taken);
    assay_bytes_zero(out->leads, sizeof out->leads);
    ASSAY_TRY(take_authorities(r, root, out));
    ASSAY_TRY(take_others(r, root, out));
    ASSAY_ASSERT(out->count <= ASSAY_CHAIN_MAX);
    for (size_t i = 0; i < out->count; i++)
        ASSAY_TRY(append_pem(r->pieces[out->index[i]].bytes, out->certificate_bytes,
                             &out->certificates_len));
    if (with_lists) {
        ASSAY_TRY(take_lists(r, root, out));
        ASSAY_TRY(take_responses(r, out));
        ASSAY_TRY(take_manifests(r, root, out));
    }
    out->files.part[ASSAY_PART_CERTIFICATES] =
        assay_slice_over(out->certificate_bytes, out->certificates_len);
    out->files.part[ASSAY_PART_CRL] = assay_slice_over(out->list_bytes, out->lists_len);
    out->files.left_out = &out->lists_left_out;
    out->files.part[ASSAY_PART_OCSP] = assay_slice_over(out->ocsp_bytes, out->ocsp_len);
    out->files.part[ASSAY_PART_RIM] = assay_slice_over(out->rim_bytes, out->rims_len);
    return ASSAY_OK;
}
