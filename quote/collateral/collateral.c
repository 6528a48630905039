/*
 * quote/collateral/collateral.c - verified bundle from files: signatures, chains, issuers, checked
 * once per bundle.
 *
 * Errors become faults in the bundle, so that the command line can report why genuine evidence is
 * rejected under forged collateral. Time is left to
 * quote/intel/dcap.c.
 */
#include "quote/collateral/collateral.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "base/sparse.h"
#include "quote/certificates/chain.h"
#include "quote/certificates/crl.h"
#include "quote/collateral/collateral_other.h"
#include "quote/json.h"

const char *assay_collateral_part_name(enum assay_collateral_part part)
{
    switch (part) {
    case ASSAY_PART_TCB_INFO: return "tcb_info.json";
    case ASSAY_PART_QE_IDENTITY: return "qe_identity.json";
    case ASSAY_PART_ROOT_CRL: return "root_crl.der";
    case ASSAY_PART_PCK_CRL: return "pck_crl.der";
    case ASSAY_PART_PCK_CHAIN: return "pck_chain.pem";
    case ASSAY_PART_TCB_CHAIN: return "tcb_signing_chain.pem";
    case ASSAY_PART_QE_CHAIN: return "qe_signing_chain.pem";
    case ASSAY_PART_CERTIFICATES: return "certificates.pem";
    case ASSAY_PART_CRL: return "crl.der";
    case ASSAY_PART_OCSP: return "ocsp.der";
    case ASSAY_PART_RIM: return "rim.cbor";
    }
    return NULL;
}

/* --- notes taken while building */
void assay_collateral_add_fault(struct assay_collateral *c, enum assay_rule rule, const char *what,
                                enum assay_status status)
{
    ASSAY_ASSERT(what != NULL && status != ASSAY_OK);
    ASSAY_ASSERT(c->fault_count <= ASSAY_FAULTS_MAX);
    if (c->fault_count == ASSAY_FAULTS_MAX) {
        /* The first eight are enough, except that what cannot be read must not get lost. */
        if (rule != ASSAY_RULE_COLLATERAL_FORMAT) return;
        size_t last = ASSAY_FAULTS_MAX;
        while (last > 0 && c->faults[last - 1].rule == ASSAY_RULE_COLLATERAL_FORMAT)
            last -= 1;
        if (last > 0) c->faults[last - 1] = (struct assay_collateral_fault){ rule, what, status };
        return;
    }
    c->faults[c->fault_count] = (struct assay_collateral_fault){ rule, what, status };
    c->fault_count += 1;
}

void assay_collateral_add_window(struct assay_collateral *c, const char *what, bool is_list,
                                 int64_t from_unix_s, int64_t to_unix_s)
{
    ASSAY_ASSERT(c->window_count < ASSAY_WINDOWS_MAX);
    c->windows[c->window_count] = (struct assay_window){
        .what = what, .is_list = is_list, .from_unix_s = from_unix_s, .to_unix_s = to_unix_s
    };
    c->window_count += 1;
}

void assay_collateral_add_certificate(struct assay_collateral *c, const char *what,
                                      const struct assay_certificate *certificate)
{
    assay_collateral_add_window(c, what, false, certificate->not_before_s,
                                certificate->not_after_s);
    struct assay_window *const window = &c->windows[c->window_count - 1];
    window->is_certificate = true;
    assay_bytes_copy(window->subject, sizeof window->subject, certificate->subject_name,
                     sizeof certificate->subject_name);
}

static bool is_host_failure(enum assay_status status)
{
    return assay_status_class(status) == ASSAY_CLASS_HOST;
}

/* Which vendor's parts are there: one bundle serves one. */
static bool is_intel(const struct assay_collateral *c)
{
    for (size_t i = 0; i < ASSAY_PARTS_INTEL; i++)
        if (c->given[i]) return true;
    return false;
}

/* Signed by this key? A wrong signature becomes a fault, a failing host a status. */
static enum assay_status demand_signature(struct assay_collateral *c, enum assay_rule rule,
                                          const char *what, const struct assay_key *key,
                                          const uint8_t *digest,
                                          const struct assay_signature *signature)
{
    const enum assay_status status = assay_chain_signed(key, digest, signature);
    if (is_host_failure(status)) return status;
    if (status != ASSAY_OK) assay_collateral_add_fault(c, rule, what, status);
    return ASSAY_OK;
}

/* Of all lists by the root that came along: documents are signed for all times, so the newest. */
static const struct assay_crl *newest_root_crl(const struct assay_collateral *c)
{
    ASSAY_ASSERT(c->has[ASSAY_PART_ROOT_CRL]);
    ASSAY_ASSERT(c->list_count <= ASSAY_LISTS_MAX);
    const struct assay_crl *newest = &c->root_crl;
    uint8_t root[ASSAY_SHA256_LEN];
    assay_key_name(&c->root, root);
    for (size_t i = 0; i < c->list_count; i++) {
        const struct assay_list *const list = &c->lists[i];
        if (!list->has_issuer || !assay_bytes_equal(list->issuer_name, root, sizeof root)) continue;
        if (list->crl.this_update_s > newest->this_update_s) newest = &list->crl;
    }
    return newest;
}

/* --- chains of the collateral signers */
/*
 * A signing chain is the signer and, usually, the root. The pinned key represents the root: a root
 * certificate must contain exactly that key (evidence-rules.md 1.2: never trust a downloaded
 * root).
 */
static enum assay_status read_signer(struct assay_collateral *c, const char *what,
                                     struct assay_slice pem, struct assay_certificate *signer)
{
    struct assay_certificate chain[2];
    size_t count = 0;
    const enum assay_status status = assay_x509_pem_chain(pem.bytes, pem.len, chain, 2, &count);
    if (status != ASSAY_OK) return status;
    ASSAY_ASSERT(count <= 2);
    size_t signers = 0;
    for (size_t i = 0; i < count; i++) {
        const bool self_issued = assay_dn_equal(&chain[i].subject, &chain[i].issuer);
        assay_collateral_add_certificate(c, what, &chain[i]);
        if (!self_issued) {
            *signer = chain[i];
            signers += 1;
        } else if (!assay_key_equal(&chain[i].key, &c->root)) {
            assay_collateral_add_fault(c, ASSAY_RULE_COLLATERAL_CHAIN, what, ASSAY_E_KEY);
        } else if (count == 2 && !assay_chain_names(&chain[i], &chain[1 - i])) {
            assay_collateral_add_fault(c, ASSAY_RULE_COLLATERAL_CHAIN, what, ASSAY_E_INVALID);
        }
    }
    return signers == 1 ? ASSAY_OK : ASSAY_E_INVALID;
}

static enum assay_status build_signer(struct assay_collateral *c, const char *what,
                                      struct assay_slice pem, struct assay_certificate *signer,
                                      bool *has_signer)
{
    const enum assay_status status = read_signer(c, what, pem, signer);
    if (is_host_failure(status)) return status;
    if (status != ASSAY_OK) {
        assay_collateral_add_fault(c, ASSAY_RULE_COLLATERAL_FORMAT, what, status);
        return ASSAY_OK;
    }
    *has_signer = true;
    if (!assay_chain_is_signer(signer) || !assay_chain_allows(signer, 0) ||
        !assay_chain_is_called(signer, "TCB Signing"))
        assay_collateral_add_fault(c, ASSAY_RULE_COLLATERAL_CHAIN, what, ASSAY_E_INVALID);
    if (c->has[ASSAY_PART_ROOT_CRL] && assay_crl_contains(newest_root_crl(c), signer->serial))
        assay_collateral_add_fault(c, ASSAY_RULE_CERT_REVOKED, what, ASSAY_E_INVALID);
    return demand_signature(c, ASSAY_RULE_COLLATERAL_CHAIN, what, &c->root, signer->tbs_digest,
                            &signer->signature);
}

static void note_signer(struct assay_collateral_signer *out, bool has,
                        const struct assay_certificate *signer)
{
    if (!has) return;
    out->is_there = true;
    out->from_unix_s = signer->not_before_s;
    out->to_unix_s = signer->not_after_s;
    assay_bytes_copy(out->key_name, sizeof out->key_name, signer->key_name,
                     sizeof signer->key_name);
    assay_bytes_copy(out->serial, sizeof out->serial, signer->serial, sizeof signer->serial);
}

/* --- the two signed documents */
static enum assay_status check_document(struct assay_collateral *c, enum assay_rule rule,
                                        const char *what, const struct assay_signed_json *document,
                                        const struct assay_certificate *signer)
{
    uint8_t digest[ASSAY_SHA256_LEN];
    assay_sha256(document->body.bytes, document->body.len, digest);
    struct assay_signature signature;
    assay_signature_from_p256(&signature, document->signature);
    return demand_signature(c, rule, what, &signer->key, digest, &signature);
}

static enum assay_status build_tcb_info(struct assay_collateral *c,
                                        const struct assay_collateral_files *files)
{
    const struct assay_slice text = files->part[ASSAY_PART_TCB_INFO];
    const struct assay_slice pem = files->part[ASSAY_PART_TCB_CHAIN];
    struct assay_signed_json document;
    struct assay_certificate signer;
    bool has_signer = false;
    if (pem.len > 0) ASSAY_TRY(build_signer(c, "TCB signing chain", pem, &signer, &has_signer));
    c->has[ASSAY_PART_TCB_CHAIN] = has_signer;
    note_signer(&c->tcb_signer, has_signer, &signer);
    if (text.len == 0) return ASSAY_OK;
    const enum assay_status status =
        assay_doc_tcb_info(text.bytes, text.len, &c->tcb_info, &document, NULL);
    if (is_host_failure(status)) return status;
    if (status != ASSAY_OK) {
        assay_collateral_add_fault(c, ASSAY_RULE_COLLATERAL_FORMAT, "TCB info", status);
        return ASSAY_OK;
    }
    c->has[ASSAY_PART_TCB_INFO] = true;
    assay_collateral_add_window(c, "TCB info", false, c->tcb_info.issue_unix_s,
                                c->tcb_info.next_unix_s);
    if (!has_signer) return ASSAY_OK;
    return check_document(c, ASSAY_RULE_TCB_INFO_SIGNATURE, "TCB info", &document, &signer);
}

static enum assay_status build_qe_identity(struct assay_collateral *c,
                                           const struct assay_collateral_files *files)
{
    const struct assay_slice text = files->part[ASSAY_PART_QE_IDENTITY];
    struct assay_slice pem = files->part[ASSAY_PART_QE_CHAIN];
    struct assay_signed_json document;
    struct assay_certificate signer;
    bool has_signer = false;
    if (pem.len == 0) pem = files->part[ASSAY_PART_TCB_CHAIN];
    if (pem.len > 0)
        ASSAY_TRY(build_signer(c, "QE identity signing chain", pem, &signer, &has_signer));
    c->has[ASSAY_PART_QE_CHAIN] = has_signer;
    note_signer(&c->qe_signer, has_signer, &signer);
    if (text.len == 0) return ASSAY_OK;
    const enum assay_status status =
        assay_doc_qe_identity(text.bytes, text.len, &c->qe_identity, &document, NULL);
    if (is_host_failure(status)) return status;
    if (status != ASSAY_OK) {
        assay_collateral_add_fault(c, ASSAY_RULE_COLLATERAL_FORMAT, "QE identity", status);
        return ASSAY_OK;
    }
    c->has[ASSAY_PART_QE_IDENTITY] = true;
    assay_collateral_add_window(c, "QE identity", false, c->qe_identity.issue_unix_s,
                                c->qe_identity.next_unix_s);
    if (!has_signer) return ASSAY_OK;
    return check_document(c, ASSAY_RULE_QE_IDENTITY_SIGNATURE, "QE identity", &document, &signer);
}

/* --- the two revocation lists */
enum assay_status assay_collateral_read_crl(struct assay_collateral *c,
                                            enum assay_collateral_part part, const char *what,
                                            struct assay_slice der, struct assay_crl *crl)
{
    ASSAY_ASSERT(part == ASSAY_PART_ROOT_CRL || part == ASSAY_PART_PCK_CRL);
    if (der.len == 0) return ASSAY_OK;
    const enum assay_status status = assay_x509_crl(der.bytes, der.len, crl);
    if (is_host_failure(status)) return status;
    if (status != ASSAY_OK) {
        assay_collateral_add_fault(c, ASSAY_RULE_COLLATERAL_FORMAT, what, status);
        return ASSAY_OK;
    }
    c->has[part] = true;
    assay_collateral_add_window(c, what, true, crl->this_update_s, crl->next_update_s);
    return ASSAY_OK;
}

/*
 * The PCK chain serves to check the PCK CRL here and now; without it the CA certificate of each
 * quote does, at the price of one verification more (quote/intel/dcap.c). Quotes that carry no
 * chain of their own find theirs in it (quote/intel/platform.c).
 */
static enum assay_status build_pck_crl(struct assay_collateral *c, struct assay_slice pem)
{
    if (pem.len == 0) return ASSAY_OK;
    const enum assay_status status = assay_x509_pem_chain(pem.bytes, pem.len, c->certificates,
                                                          ASSAY_CHAIN_MAX, &c->certificate_count);
    if (is_host_failure(status)) return status;
    if (status != ASSAY_OK) {
        c->certificate_count = 0;
        if (!c->has[ASSAY_PART_PCK_CRL]) return ASSAY_OK;
        assay_collateral_add_fault(c, ASSAY_RULE_COLLATERAL_FORMAT, "PCK chain", status);
        return ASSAY_OK;
    }
    if (!c->has[ASSAY_PART_PCK_CRL]) return ASSAY_OK;
    ASSAY_ASSERT(c->certificate_count <= ASSAY_CHAIN_MAX);
    c->has[ASSAY_PART_PCK_CHAIN] = true;
    enum assay_status unsigned_ca = ASSAY_OK;
    for (size_t i = 0; i < c->certificate_count; i++) {
        const struct assay_certificate *const ca = &c->certificates[i];
        if (assay_dn_equal(&ca->subject, &ca->issuer)) continue;
        if (!assay_chain_is_ca(ca, 0) || !assay_chain_allows(ca, 0)) continue;
        if (!assay_crl_issued_by(&c->pck_crl, ca)) continue;
        const enum assay_status by_root =
            assay_chain_signed(&c->root, ca->tbs_digest, &ca->signature);
        if (is_host_failure(by_root)) return by_root;
        if (by_root != ASSAY_OK) {
            unsigned_ca = by_root; /* a copy of the CA proves nothing against the CA */
            continue;
        }
        const uint32_t faults_before = c->fault_count;
        ASSAY_TRY(demand_signature(c, ASSAY_RULE_CRL_SIGNATURE, "PCK CRL", &ca->key,
                                   c->pck_crl.tbs_digest, &c->pck_crl.signature));
        if (c->fault_count != faults_before) return ASSAY_OK;
        c->has_pck_issuer = true;
        assay_bytes_copy(c->pck_issuer_name, sizeof c->pck_issuer_name, ca->key_name, 32);
        return ASSAY_OK;
    }
    if (unsigned_ca != ASSAY_OK)
        assay_collateral_add_fault(c, ASSAY_RULE_COLLATERAL_CHAIN, "PCK chain", unsigned_ca);
    return ASSAY_OK; /* another CA's list: each quote reports it (CRL_ISSUER) */
}

static enum assay_status check_root_crl(struct assay_collateral *c)
{
    if (!c->has[ASSAY_PART_ROOT_CRL]) return ASSAY_OK;
    const uint32_t faults_before = c->fault_count;
    ASSAY_TRY(demand_signature(c, ASSAY_RULE_CRL_SIGNATURE, "root CRL", &c->root,
                               c->root_crl.tbs_digest, &c->root_crl.signature));
    c->has_root_issuer = c->fault_count == faults_before;
    if (c->has_root_issuer) assay_key_name(&c->root, c->root_issuer_name);
    return ASSAY_OK;
}

enum assay_status assay_collateral_build(const struct assay_collateral_files *files,
                                         const struct assay_key *root, struct assay_collateral *out)
{
    ASSAY_ASSERT(root != NULL);
    ASSAY_ASSERT(files != NULL);
    ASSAY_ASSERT(out != NULL);
    for (size_t i = 0; i < ASSAY_PARTS; i++)
        if (files->part[i].len > ASSAY_PART_LEN_MAX) return ASSAY_E_RANGE;

    assay_bytes_zero_sparse(out, sizeof *out); /* most of it stays empty */
    out->root = *root;
    assay_collateral_digest(files, out->digest);
    for (size_t i = 0; i < ASSAY_PARTS; i++) {
        out->given[i] = files->part[i].len > 0;
        out->is_of_others[i] = files->is_of_others[i];
        if (files->is_cut[i])
            assay_collateral_add_fault(out, ASSAY_RULE_COLLATERAL_FORMAT,
                                       assay_collateral_part_name((enum assay_collateral_part)i),
                                       ASSAY_E_FULL);
    }
    if (files->left_out != NULL) out->left_out = *files->left_out;
    if (!is_intel(out)) return assay_collateral_build_others(out, files);
    if (out->given[ASSAY_PART_CERTIFICATES] || out->given[ASSAY_PART_OCSP] ||
        out->given[ASSAY_PART_RIM])
        assay_collateral_add_fault(out, ASSAY_RULE_COLLATERAL_FORMAT, "parts of two vendors",
                                   ASSAY_E_INVALID);
    ASSAY_TRY(assay_collateral_read_crl(out, ASSAY_PART_ROOT_CRL, "root CRL",
                                        files->part[ASSAY_PART_ROOT_CRL], &out->root_crl));
    ASSAY_TRY(check_root_crl(out));
    ASSAY_TRY(assay_collateral_read_crl(out, ASSAY_PART_PCK_CRL, "PCK CRL",
                                        files->part[ASSAY_PART_PCK_CRL], &out->pck_crl));
    ASSAY_TRY(build_pck_crl(out, files->part[ASSAY_PART_PCK_CHAIN]));
    ASSAY_TRY(assay_collateral_build_lists(out, files->part[ASSAY_PART_CRL]));
    ASSAY_TRY(build_tcb_info(out, files));
    return build_qe_identity(out, files);
}

bool assay_collateral_sound(const struct assay_collateral *collateral)
{
    ASSAY_ASSERT(collateral->fault_count <= ASSAY_FAULTS_MAX);
    if (collateral->fault_count != 0 || collateral->left_out.count != 0) return false;
    if (!is_intel(collateral)) return assay_collateral_others_sound(collateral);
    for (size_t i = 0; i < ASSAY_PARTS_INTEL; i++)
        if (i != ASSAY_PART_PCK_CHAIN && !collateral->has[i]) return false;
    return true;
}

/* --- canonical bytes: a map from part number to contents */
static size_t count_parts(const struct assay_collateral_files *files)
{
    size_t count = 0;
    for (size_t i = 0; i < ASSAY_PARTS; i++)
        if (files->part[i].len > 0) count += 1;
    return count;
}

void assay_collateral_encode(const struct assay_collateral_files *files, struct assay_writer *w)
{
    assay_cbor_put_map(w, count_parts(files));
    for (size_t i = 0; i < ASSAY_PARTS; i++) {
        if (files->part[i].len == 0) continue;
        assay_cbor_put_uint(w, i);
        assay_cbor_put_bytes(w, files->part[i].bytes, files->part[i].len);
    }
}

enum assay_status assay_collateral_decode(const uint8_t *bytes, size_t len,
                                          struct assay_collateral_files *files)
{
    if (len > ASSAY_BUNDLE_LEN_MAX) return ASSAY_E_RANGE;
    struct assay_cursor c = assay_cursor_over(bytes, len);
    struct assay_collateral_files result = { 0 };
    uint64_t pairs = 0;
    uint64_t least = 0; /* keys ascend */
    ASSAY_TRY(assay_cbor_map(&c, ASSAY_PARTS, &pairs));
    for (uint64_t i = 0; i < pairs; i++) {
        uint64_t part = 0;
        ASSAY_TRY(assay_cbor_uint_max(&c, ASSAY_PARTS - 1, &part));
        if (part + 1 == least) return ASSAY_E_DUPLICATE;
        if (part < least) return ASSAY_E_ENCODING;
        least = part + 1;
        ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_PART_LEN_MAX, &result.part[part]));
        if (result.part[part].len == 0) return ASSAY_E_ENCODING; /* an empty part is left out */
    }
    ASSAY_TRY(assay_cursor_end(&c));
    ASSAY_ASSERT(pairs <= ASSAY_PARTS);
    *files = result;
    return ASSAY_OK;
}

void assay_collateral_digest(const struct assay_collateral_files *files, uint8_t digest[static 32])
{
    /*
     * The head of the map, then for each part its key, the head of the byte string and the bytes.
     */
    enum { HEAD_MAX = 16 };
    uint8_t heads[ASSAY_PARTS + 1][HEAD_MAX];
    struct assay_slice pieces[2 * ASSAY_PARTS + 1];
    size_t count = 0;
    struct assay_writer w = assay_writer_over(heads[ASSAY_PARTS], HEAD_MAX);
    assay_cbor_put_map(&w, count_parts(files));
    pieces[count++] = assay_slice_over(w.bytes, w.len);
    for (size_t i = 0; i < ASSAY_PARTS; i++) {
        if (files->part[i].len == 0) continue;
        w = assay_writer_over(heads[i], HEAD_MAX);
        assay_cbor_put_uint(&w, i);
        assay_cbor_put_bytes_head(&w, files->part[i].len);
        pieces[count++] = assay_slice_over(w.bytes, w.len);
        pieces[count++] = files->part[i];
    }
    ASSAY_ASSERT(count <= sizeof pieces / sizeof pieces[0]);
    assay_sha256_pieces(pieces, count, digest);
}
