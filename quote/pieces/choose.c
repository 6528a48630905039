/*
 * quote/pieces/choose.c - selection of Intel's collateral (choose.h).
 *
 * Selected pieces are not trusted: they are verified when the bundle is built. The signatures that
 * are checked here only show whose a piece is: one of another authority proves nothing against the
 * evidence (evidence-rules.md 1.15), so the part counts as missing.
 */
#include "quote/pieces/choose.h"

#include "base/assert.h"
#include "base/base64.h"
#include "quote/certificates/chain.h"
#include "quote/certificates/crl.h"
#include "quote/json.h"

/* --- what could be a part */
static bool is_current(const struct assay_choice *s, int64_t from_s, int64_t to_s)
{
    return s->wanted->at_unix_s >= from_s && s->wanted->at_unix_s <= to_s;
}

/* Does this key of the evidence's chain, which its authority has by name, bear the signature? */
static enum assay_status is_of_key(const struct assay_choice *s, bool is_named,
                                   const struct assay_key *key, const uint8_t *digest,
                                   const struct assay_signature *signature, bool *yes)
{
    *yes = false;
    if (!s->wanted->has_chain || !is_named) return ASSAY_OK;
    const enum assay_status status = assay_chain_signed(key, digest, signature);
    *yes = status == ASSAY_OK;
    return assay_status_class(status) == ASSAY_CLASS_HOST ? status : ASSAY_OK;
}

/* Did the root of the evidence issue the certificate? */
static enum assay_status is_under_root(const struct assay_choice *s,
                                       const struct assay_certificate *c, bool *yes)
{
    return is_of_key(s, s->wanted->has_chain && assay_chain_names(&s->wanted->root, c),
                     &s->wanted->root.key, c->tbs_digest, &c->signature, yes);
}

static void add_candidate(struct assay_choice *s, const struct assay_choice_candidate *c)
{
    ASSAY_ASSERT(s->count < ASSAY_CHOICE_CANDIDATES_MAX);
    for (size_t i = 0; i < s->count; i++)
        if (s->candidates[i].part == c->part && assay_slice_equal(s->candidates[i].bytes, c->bytes))
            return; /* a chain under two names */
    s->candidates[s->count++] = *c;
}

/* An unreadable one that declares its type: last choice, and a fault to report. */
static enum assay_status add_tcb_info(struct assay_choice *s, const struct assay_recognised *piece)
{
    struct assay_choice_candidate c = { .part = ASSAY_PART_TCB_INFO, .bytes = piece->bytes };
    const struct assay_tcb_info *const info = &s->scratch.tcb_info;
    struct assay_signed_json document;
    const enum assay_status status =
        assay_doc_tcb_info(c.bytes.bytes, c.bytes.len, &s->scratch.tcb_info, &document, NULL);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    c.is_unread = status != ASSAY_OK;
    if (status == ASSAY_OK) {
        c.fits = info->tee == s->wanted->tee && s->wanted->has_chain &&
                 assay_bytes_equal(info->fmspc, s->wanted->fmspc, sizeof info->fmspc);
        c.begun = info->issue_unix_s <= s->wanted->at_unix_s;
        c.current = is_current(s, info->issue_unix_s, info->next_unix_s);
        c.number = info->evaluation_number;
        c.issued_s = info->issue_unix_s;
    }
    add_candidate(s, &c);
    return ASSAY_OK;
}

static enum assay_status add_identity(struct assay_choice *s, const struct assay_recognised *piece)
{
    struct assay_choice_candidate c = { .part = ASSAY_PART_QE_IDENTITY, .bytes = piece->bytes };
    const struct assay_qe_identity *const id = &s->scratch.qe_identity;
    struct assay_signed_json document;
    const enum assay_status status = assay_doc_qe_identity(
        c.bytes.bytes, c.bytes.len, &s->scratch.qe_identity, &document, NULL);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    c.is_unread = status != ASSAY_OK;
    if (status == ASSAY_OK) {
        c.fits = id->tee == s->wanted->tee;
        c.begun = id->issue_unix_s <= s->wanted->at_unix_s;
        c.current = is_current(s, id->issue_unix_s, id->next_unix_s);
        c.number = id->evaluation_number;
        c.issued_s = id->issue_unix_s;
    }
    add_candidate(s, &c);
    return ASSAY_OK;
}

static enum assay_status add_list(struct assay_choice *s, const struct assay_recognised *piece)
{
    struct assay_choice_candidate c = { .part = ASSAY_PART_ROOT_CRL, .bytes = piece->bytes };
    struct assay_crl *const crl = &s->scratch.crl;
    const enum assay_status status = assay_x509_crl(c.bytes.bytes, c.bytes.len, crl);
    if (status != ASSAY_OK)
        return assay_status_class(status) == ASSAY_CLASS_HOST ? status : ASSAY_OK;
    c.issuer = crl->issuer;
    ASSAY_TRY(is_of_key(s, s->wanted->has_chain && assay_crl_issued_by(crl, &s->wanted->ca),
                        &s->wanted->ca.key, crl->tbs_digest, &crl->signature, &c.of_ca));
    ASSAY_TRY(is_of_key(s, s->wanted->has_chain && assay_crl_issued_by(crl, &s->wanted->root),
                        &s->wanted->root.key, crl->tbs_digest, &crl->signature, &c.of_root));
    c.current = is_current(s, crl->this_update_s, crl->next_update_s);
    c.issued_s = crl->this_update_s;
    add_candidate(s, &c);
    return ASSAY_OK;
}

static bool is_root(const struct assay_choice *s, const struct assay_dn *name)
{
    ASSAY_ASSERT(s->root_count <= ASSAY_CHAIN_MAX);
    for (size_t i = 0; i < s->root_count; i++)
        if (assay_dn_equal(&s->roots[i], name)) return true;
    return false;
}

static void note_root(struct assay_choice *s, const struct assay_certificate *c)
{
    if (s->root_count == ASSAY_CHAIN_MAX || is_root(s, &c->subject)) return;
    s->roots[s->root_count++] = c->subject;
}

static enum assay_status note_signer(struct assay_choice *s, const struct assay_certificate *c)
{
    bool is_rooted = false;
    ASSAY_ASSERT(s->signer_count <= ASSAY_CHAIN_MAX);
    if (s->signer_count == ASSAY_CHAIN_MAX || c->has_pck) return ASSAY_OK;
    ASSAY_TRY(is_under_root(s, c, &is_rooted));
    if (!s->wanted->has_chain && s->wanted->root_key != NULL) {
        const enum assay_status status =
            assay_chain_signed(s->wanted->root_key, c->tbs_digest, &c->signature);
        if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
        is_rooted = status == ASSAY_OK;
    }
    if (is_rooted) s->signers[s->signer_count++] = c->key;
    return ASSAY_OK;
}

/* A chain with a CA below the root belongs to PCK certificates, one with a signer to documents. */
static enum assay_status describe_chain(const struct assay_choice *s,
                                        const struct assay_certificate *c,
                                        struct assay_choice_candidate *out)
{
    out->part = c->is_ca ? ASSAY_PART_PCK_CHAIN : ASSAY_PART_TCB_CHAIN;
    out->fits = c->is_ca && s->wanted->has_chain && assay_key_equal(&c->key, &s->wanted->ca.key);
    out->vouched = assay_chain_is_called(c, c->is_ca ? "PCK" : "TCB Signing");
    out->current = is_current(s, c->not_before_s, c->not_after_s);
    out->issued_s = c->not_before_s;
    out->signer = c->key;
    out->subject = c->subject;
    return is_under_root(s, c, &out->is_rooted);
}

/* Does the certificate belong into a chain of the evidence's root, as far as this is known? A root
 * certificate bears its own signature; with another root, or another key's signature, the
 * certificates of the file are candidates one by one. */
static enum assay_status belongs(const struct assay_choice *s, const struct assay_certificate *c,
                                 bool *yes)
{
    const bool has_chain = s->wanted->has_chain;
    *yes = true;
    if (!assay_chain_self_issued(c)) {
        if (!has_chain || (!c->is_ca && c->has_pck)) return ASSAY_OK;
        return is_under_root(s, c, yes);
    }
    *yes = !has_chain || (assay_key_equal(&c->key, &s->wanted->root.key) &&
                          assay_dn_equal(&c->subject, &s->wanted->root.subject));
    if (!*yes) return ASSAY_OK;
    const enum assay_status status = assay_chain_signed(&c->key, c->tbs_digest, &c->signature);
    *yes = status == ASSAY_OK;
    return assay_status_class(status) == ASSAY_CLASS_HOST ? status : ASSAY_OK;
}

/* A file that is one chain, and nothing else, is taken as it is. */
static enum assay_status add_chain(struct assay_choice *s, struct assay_slice text)
{
    struct assay_choice_candidate c = { .bytes = text };
    size_t count = 0, cas = 0, signers = 0, roots = 0;
    if (text.len == 0 || text.len > ASSAY_PEM_MAX) return ASSAY_OK;
    const enum assay_status status =
        assay_x509_pem_chain(text.bytes, text.len, s->chain, ASSAY_CHAIN_MAX, &count);
    if (status != ASSAY_OK)
        return assay_status_class(status) == ASSAY_CLASS_HOST ? status : ASSAY_OK;
    ASSAY_ASSERT(count <= ASSAY_CHAIN_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct assay_certificate *const it = &s->chain[i];
        bool is_part = false;
        ASSAY_TRY(belongs(s, it, &is_part));
        if (!is_part) return ASSAY_OK;
        roots += assay_chain_self_issued(it);
        if (assay_chain_self_issued(it) || (!it->is_ca && it->has_pck)) continue;
        if (it->is_ca) cas += 1;
        else signers += 1;
        ASSAY_TRY(describe_chain(s, it, &c));
    }
    /* The chain of a signer of documents is the signer and its root at most. */
    const bool is_signers = cas == 0 && signers == 1 && roots <= 1 && count == signers + roots;
    if (is_signers || (cas > 0 && signers == 0)) add_candidate(s, &c);
    return ASSAY_OK;
}

/* Certificates that stand elsewhere: alone, or in a file with others. */
static enum assay_status add_certificate(struct assay_choice *s,
                                         const struct assay_recognised *piece)
{
    struct assay_choice_candidate c = { .bytes = piece->bytes, .is_alone = true };
    struct assay_certificate *const it = &s->chain[0];
    const enum assay_status status =
        assay_x509_certificate(piece->bytes.bytes, piece->bytes.len, it);
    if (status != ASSAY_OK) return status;
    if (assay_chain_self_issued(it)) {
        note_root(s, it);
        return ASSAY_OK;
    }
    if (!it->is_ca) ASSAY_TRY(note_signer(s, it));
    ASSAY_TRY(describe_chain(s, it, &c));
    for (size_t i = 0; i < s->count; i++)
        if (s->candidates[i].part == c.part &&
            assay_key_equal(&s->candidates[i].signer, &c.signer) &&
            (s->candidates[i].is_rooted || !c.is_rooted))
            return ASSAY_OK; /* it has its chain */
    add_candidate(s, &c);
    return ASSAY_OK;
}

static enum assay_status find_candidates(struct assay_choice *s, const struct assay_recognition *r)
{
    ASSAY_ASSERT(r->file_count <= ASSAY_RECOGNISED_FILES_MAX);
    ASSAY_ASSERT(r->count <= ASSAY_RECOGNISED_MAX);
    for (size_t i = 0; i < r->file_count; i++)
        ASSAY_TRY(add_chain(s, r->files[i]));
    for (size_t i = 0; i < r->count; i++) {
        const struct assay_recognised *const piece = &r->pieces[i];
        if (piece->shape == ASSAY_SHAPE_TCB_INFO) ASSAY_TRY(add_tcb_info(s, piece));
        if (piece->shape == ASSAY_SHAPE_QE_IDENTITY) ASSAY_TRY(add_identity(s, piece));
        if (piece->status != ASSAY_OK) continue;
        if (piece->shape == ASSAY_SHAPE_CRL) ASSAY_TRY(add_list(s, piece));
        if (piece->shape == ASSAY_SHAPE_CERTIFICATE) ASSAY_TRY(add_certificate(s, piece));
    }
    return ASSAY_OK;
}

/* --- which one is taken */
static bool candidate_outranks(const struct assay_choice_candidate *a,
                               const struct assay_choice_candidate *b)
{
    if (a->fits != b->fits) return a->fits;
    if (a->vouched != b->vouched) return a->vouched;
    /* docs/evidence-rules.md 1.6: an expired document still keeps older ones out. */
    if (a->begun != b->begun) return a->begun;
    if (a->number != b->number) return a->number > b->number;
    if (a->current != b->current) return a->current;
    if (a->issued_s != b->issued_s) return a->issued_s > b->issued_s;
    if (a->is_alone != b->is_alone) return b->is_alone;
    if (a->bytes.len != b->bytes.len) return a->bytes.len < b->bytes.len;
    return assay_bytes_compare(a->bytes.bytes, b->bytes.bytes, a->bytes.len) < 0;
}

/* Does the document of a part carry a signature by this key? */
static enum assay_status is_signed(struct assay_choice *s, enum assay_collateral_part part,
                                   struct assay_slice text, const struct assay_key *key, bool *yes)
{
    ASSAY_ASSERT(part == ASSAY_PART_TCB_INFO || part == ASSAY_PART_QE_IDENTITY);
    struct assay_signed_json document;
    uint8_t digest[ASSAY_SHA256_LEN];
    enum assay_status status = ASSAY_E_NOT_FOUND;
    *yes = false;
    if (text.len == 0) return ASSAY_OK;
    if (part == ASSAY_PART_TCB_INFO)
        status = assay_doc_tcb_info(text.bytes, text.len, &s->scratch.tcb_info, &document, NULL);
    else
        status =
            assay_doc_qe_identity(text.bytes, text.len, &s->scratch.qe_identity, &document, NULL);
    if (status == ASSAY_OK) {
        struct assay_signature signature;
        assay_sha256(document.body.bytes, document.body.len, digest);
        assay_signature_from_p256(&signature, document.signature);
        status = assay_chain_signed(key, digest, &signature);
    }
    *yes = status == ASSAY_OK;
    return assay_status_class(status) == ASSAY_CLASS_HOST ? status : ASSAY_OK;
}

static enum assay_status verify_candidate(struct assay_choice *s, enum assay_collateral_part part,
                                          struct assay_choice_candidate *c)
{
    ASSAY_ASSERT(s->signer_count <= ASSAY_CHAIN_MAX);
    c->vouched = false;
    for (size_t i = 0; i < s->signer_count && !c->vouched; i++)
        ASSAY_TRY(is_signed(s, part, c->bytes, &s->signers[i], &c->vouched));
    return ASSAY_OK;
}

/* Which documents did none of the signers sign? */
static enum assay_status note_strangers(struct assay_choice *s, const struct assay_recognition *r)
{
    ASSAY_ASSERT(r->count <= ASSAY_RECOGNISED_MAX);
    for (size_t i = 0; i < r->count; i++) {
        const struct assay_recognised *const piece = &r->pieces[i];
        struct assay_choice_candidate c = { .bytes = piece->bytes };
        if (piece->shape == ASSAY_SHAPE_TCB_INFO) c.part = ASSAY_PART_TCB_INFO;
        else if (piece->shape == ASSAY_SHAPE_QE_IDENTITY) c.part = ASSAY_PART_QE_IDENTITY;
        else continue;
        if (piece->status != ASSAY_OK) continue;
        ASSAY_TRY(verify_candidate(s, c.part, &c));
        s->is_of_stranger[i] = !c.vouched;
    }
    return ASSAY_OK;
}

/* A signer serves a document that it signed, or by its name: then it is seen what is wrong. */
static enum assay_status compare_document(struct assay_choice *s, enum assay_collateral_part part,
                                          struct assay_choice_candidate *c)
{
    ASSAY_ASSERT(part == ASSAY_PART_TCB_CHAIN || part == ASSAY_PART_QE_CHAIN);
    const enum assay_collateral_part document =
        part == ASSAY_PART_TCB_CHAIN ? ASSAY_PART_TCB_INFO : ASSAY_PART_QE_IDENTITY;
    return is_signed(s, document, s->files.part[document], &c->signer, &c->fits);
}

/* Did the CA of a chain sign the list? */
static enum assay_status is_list_of(struct assay_choice *s, struct assay_slice list,
                                    const struct assay_choice_candidate *chain, bool *yes)
{
    struct assay_crl *const crl = &s->scratch.crl;
    *yes = false;
    if (list.len == 0) return ASSAY_OK;
    enum assay_status status = assay_x509_crl(list.bytes, list.len, crl);
    if (status == ASSAY_OK)
        status = assay_dn_equal(&crl->issuer, &chain->subject)
                     ? assay_chain_signed(&chain->signer, crl->tbs_digest, &crl->signature)
                     : ASSAY_E_INVALID;
    *yes = status == ASSAY_OK;
    return assay_status_class(status) == ASSAY_CLASS_HOST ? status : ASSAY_OK;
}

/* Without evidence: the list of a CA whose chain is at hand, so that list and chain are one
 * authority's. */
static enum assay_status compare_list(struct assay_choice *s, struct assay_choice_candidate *list)
{
    for (size_t i = 0; !s->wanted->has_chain && !list->vouched && i < s->count; i++) {
        const struct assay_choice_candidate *const chain = &s->candidates[i];
        bool yes = false;
        if (chain->part != ASSAY_PART_PCK_CHAIN) continue;
        ASSAY_TRY(is_list_of(s, list->bytes, chain, &yes));
        list->fits = list->fits || yes;
        list->vouched = yes && chain->vouched;
    }
    return ASSAY_OK;
}

/* Which part could the candidate be? Without evidence of a known chain this is all that counts.
 * Where a chain is known: does its own authority stand behind the candidate? */
static enum assay_status compare_candidate(struct assay_choice *s, enum assay_collateral_part part,
                                           struct assay_choice_candidate *c, bool *is_one,
                                           bool *is_own)
{
    *is_one = *is_own = false;
    switch (part) {
    case ASSAY_PART_TCB_INFO:
    case ASSAY_PART_QE_IDENTITY:
        *is_one = c->part == part;
        if (!*is_one) return ASSAY_OK;
        ASSAY_TRY(verify_candidate(s, part, c));
        *is_own = c->vouched || c->is_unread; /* the verdict reports why it cannot be read */
        return ASSAY_OK;
    case ASSAY_PART_PCK_CHAIN:
        *is_one = c->part == part;
        *is_own = c->fits && c->is_rooted;
        if (*is_one && !s->wanted->has_chain)
            return is_list_of(s, s->files.part[ASSAY_PART_PCK_CRL], c, &c->fits);
        return ASSAY_OK;
    case ASSAY_PART_ROOT_CRL:
        c->fits = *is_own = c->of_root;
        *is_one =
            c->part == ASSAY_PART_ROOT_CRL && !c->of_ca && (c->of_root || is_root(s, &c->issuer));
        return ASSAY_OK;
    case ASSAY_PART_PCK_CRL:
        c->fits = *is_own = c->of_ca;
        *is_one =
            c->part == ASSAY_PART_ROOT_CRL && !c->of_root && (c->of_ca || !is_root(s, &c->issuer));
        return *is_one ? compare_list(s, c) : ASSAY_OK;
    case ASSAY_PART_TCB_CHAIN:
    case ASSAY_PART_QE_CHAIN:
        if (c->part != ASSAY_PART_TCB_CHAIN) return ASSAY_OK;
        ASSAY_TRY(compare_document(s, part, c));
        /* Without a QE chain the TCB chain serves: only the right one is better. */
        *is_one = c->fits || (part == ASSAY_PART_TCB_CHAIN && c->vouched);
        *is_own = c->is_rooted;
        return ASSAY_OK;
    case ASSAY_PART_CERTIFICATES: /* parts of other vendors */
    case ASSAY_PART_OCSP:
    case ASSAY_PART_RIM:
    case ASSAY_PART_CRL: return ASSAY_OK;
    }
    ASSAY_UNREACHABLE("a part of the collateral");
}

/* Out: *chosen: its index, s->count when there is none. */
static enum assay_status choose_part(struct assay_choice *s, enum assay_collateral_part part,
                                     size_t *chosen)
{
    struct assay_choice_candidate best = { 0 };
    bool has_others = false;
    *chosen = s->count;
    for (size_t i = 0; i < s->count; i++) {
        struct assay_choice_candidate c = s->candidates[i];
        bool is_one = false, is_own = false;
        ASSAY_TRY(compare_candidate(s, part, &c, &is_one, &is_own));
        if (!is_one) continue;
        /* evidence-rules.md 1.15: what another authority signed is as if it were not there. */
        has_others = has_others || (s->wanted->has_chain && !is_own);
        if (s->wanted->has_chain && !is_own) continue;
        if (*chosen < s->count && !candidate_outranks(&c, &best)) continue;
        best = c;
        *chosen = i;
    }
    ASSAY_ASSERT(*chosen <= s->count);
    s->files.is_of_others[part] = has_others && *chosen == s->count;
    return ASSAY_OK;
}

/* --- what is taken */
static void mark_used(struct assay_choice *s, const struct assay_recognition *r,
                      struct assay_slice bytes)
{
    ASSAY_ASSERT(r->count <= sizeof s->is_taken / sizeof s->is_taken[0]);
    for (size_t i = 0; i < r->count; i++)
        if (assay_slice_equal(r->pieces[i].bytes, bytes)) s->is_taken[i] = true;
}

static void mark_chain(struct assay_choice *s, const struct assay_recognition *r,
                       struct assay_slice text)
{
    uint8_t der[ASSAY_CERT_DER_MAX];
    struct assay_slice label;
    size_t len = 0;
    while (assay_pem_next(&text, &label, der, sizeof der, &len) == ASSAY_OK)
        mark_used(s, r, assay_slice_over(der, len));
}

/* The root of a chain made here is represented by its key: it is not unrelated. */
static void mark_root(struct assay_choice *s, const struct assay_recognition *r,
                      const struct assay_dn *name)
{
    struct assay_certificate *const it = &s->chain[1];
    for (size_t i = 0; i < r->count; i++) {
        const struct assay_slice der = r->pieces[i].bytes;
        if (r->pieces[i].shape != ASSAY_SHAPE_CERTIFICATE) continue;
        if (assay_x509_certificate(der.bytes, der.len, it) != ASSAY_OK) continue;
        if (assay_chain_self_issued(it) && assay_dn_equal(&it->subject, name))
            s->is_taken[i] = true;
    }
}

/* A PCK CA includes the certificates that it issued: quotes that name their PCK by its SVNs search
 * it there (quote/intel/platform.c). The rest is left out if it does not fit: the CA itself is
 * first. */
static size_t write_chain(struct assay_choice *s, const struct assay_recognition *r,
                          const struct assay_choice_candidate *c, uint8_t *text)
{
    struct assay_certificate *const ca = &s->chain[0], *const leaf = &s->chain[1];
    size_t count = 1, len = 0;
    if (assay_pem_put("CERTIFICATE", c->bytes.bytes, c->bytes.len, text, ASSAY_PEM_MAX, &len) !=
            ASSAY_OK ||
        assay_x509_certificate(c->bytes.bytes, c->bytes.len, ca) != ASSAY_OK)
        return 0;
    mark_root(s, r, &ca->issuer);
    for (size_t i = 0; ca->is_ca && i < r->count && count < ASSAY_CHAIN_MAX; i++) {
        const struct assay_slice der = r->pieces[i].bytes;
        if (r->pieces[i].shape != ASSAY_SHAPE_CERTIFICATE) continue;
        if (assay_x509_certificate(der.bytes, der.len, leaf) != ASSAY_OK) continue;
        if (!leaf->has_pck || !assay_chain_names(ca, leaf)) continue;
        if (assay_pem_put("CERTIFICATE", der.bytes, der.len, text, ASSAY_PEM_MAX, &len) != ASSAY_OK)
            return len;
        count += 1;
        ASSAY_ASSERT(count <= ASSAY_CHAIN_MAX && len <= ASSAY_PEM_MAX);
    }
    return len;
}

static void take_candidate(struct assay_choice *s, const struct assay_recognition *r,
                           enum assay_collateral_part part, const struct assay_choice_candidate *c)
{
    const bool is_chain = c->part == ASSAY_PART_PCK_CHAIN || c->part == ASSAY_PART_TCB_CHAIN;
    s->files.part[part] = c->bytes;
    if (!is_chain) {
        mark_used(s, r, c->bytes);
        return;
    }
    if (c->is_alone) {
        ASSAY_ASSERT(part >= ASSAY_PART_PCK_CHAIN && part <= ASSAY_PART_QE_CHAIN);
        uint8_t *const text = s->chains[part - ASSAY_PART_PCK_CHAIN];
        s->files.part[part] = assay_slice_over(text, write_chain(s, r, c, text));
    }
    mark_chain(s, r, s->files.part[part]);
}

/* Of other authorities than the evidence's own, as far as these are known. */
static bool is_others(const struct assay_choice *s, struct assay_slice list)
{
    for (size_t i = 0; s->wanted->has_chain && i < s->count; i++) {
        const struct assay_choice_candidate *const c = &s->candidates[i];
        if (c->part == ASSAY_PART_ROOT_CRL && assay_slice_equal(c->bytes, list))
            return !c->of_ca && !c->of_root;
    }
    return false;
}

/* The other lists: the verifier decides which one counts, at each time. */
static enum assay_status take_other_lists(struct assay_choice *s, const struct assay_recognition *r)
{
    s->lists_len = 0;
    for (int sound = 1; sound >= 0; sound--)
        for (size_t i = 0; i < r->count; i++) {
            const struct assay_recognised *const piece = &r->pieces[i];
            const struct assay_slice der = piece->bytes;
            if (piece->shape != ASSAY_SHAPE_CRL || s->is_taken[i]) continue;
            if ((piece->status == ASSAY_OK) != (sound == 1) || is_others(s, der)) continue;
            if (der.len > sizeof s->lists - s->lists_len) return ASSAY_E_RANGE;
            assay_bytes_copy(s->lists + s->lists_len, sizeof s->lists - s->lists_len, der.bytes,
                             der.len);
            s->lists_len += der.len;
            ASSAY_ASSERT(s->lists_len <= sizeof s->lists);
            s->is_taken[i] = true;
        }
    s->files.part[ASSAY_PART_CRL] = assay_slice_over(s->lists, s->lists_len);
    return ASSAY_OK;
}

/* One candidate for each part at most, and one list of a root and one of another authority. */
static bool is_certain(const struct assay_choice *s, const struct assay_recognition *r)
{
    size_t count[ASSAY_PARTS] = { 0 }, of_roots = 0, of_known = 0;
    struct assay_certificate c;
    for (size_t i = 0; i < s->count; i++) {
        const struct assay_choice_candidate *const it = &s->candidates[i];
        ASSAY_ASSERT((unsigned)it->part < ASSAY_PARTS);
        count[it->part] += 1;
        if (it->part != ASSAY_PART_ROOT_CRL) continue;
        if (is_root(s, &it->issuer)) of_roots += 1;
        for (size_t k = 0; k < r->count; k++) {
            const struct assay_slice der = r->pieces[k].bytes;
            if (r->pieces[k].shape != ASSAY_SHAPE_CERTIFICATE || r->pieces[k].has_vek) continue;
            if (assay_x509_certificate(der.bytes, der.len, &c) != ASSAY_OK) continue;
            if (assay_chain_self_issued(&c) || !c.is_ca) continue;
            if (!assay_dn_equal(&c.subject, &it->issuer)) continue;
            of_known += 1;
            break;
        }
    }
    return count[ASSAY_PART_TCB_INFO] <= 1 && count[ASSAY_PART_QE_IDENTITY] <= 1 &&
           count[ASSAY_PART_PCK_CHAIN] <= 1 && count[ASSAY_PART_TCB_CHAIN] <= 1 && of_roots <= 1 &&
           of_known <= 1 && of_roots + of_known == count[ASSAY_PART_ROOT_CRL];
}

enum assay_status assay_choose(const struct assay_recognition *r,
                               const struct assay_collateral_wanted *wanted,
                               struct assay_choice *out)
{
    ASSAY_ASSERT(r != NULL && wanted != NULL && out != NULL);
    out->files = (struct assay_collateral_files){ 0 };
    out->count = out->root_count = out->signer_count = 0;
    assay_bytes_zero(out->is_taken, sizeof out->is_taken);
    assay_bytes_zero(out->is_of_stranger, sizeof out->is_of_stranger);
    out->wanted = wanted;
    ASSAY_TRY(find_candidates(out, r));
    if (wanted->root_key != NULL) ASSAY_TRY(note_strangers(out, r));
    /* In the order of the parts: documents and lists stand before the chains that are compared with
     * them. */
    for (int part = 0; part < ASSAY_PARTS; part++) {
        size_t chosen = 0;
        ASSAY_TRY(choose_part(out, (enum assay_collateral_part)part, &chosen));
        if (chosen < out->count)
            take_candidate(out, r, (enum assay_collateral_part)part, &out->candidates[chosen]);
    }
    ASSAY_TRY(take_other_lists(out, r));
    out->is_certain = is_certain(out, r);
    out->wanted = NULL;
    return ASSAY_OK;
}
