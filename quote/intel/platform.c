/*
 * quote/intel/platform.c - proofs from the bytes of an Intel quote, from the attestation key to the
 * root: the QE report binds the key, the PCK signs the report, CA and root certify the PCK
 * (docs/evidence-rules.md 2.5 to 2.7).
 *
 * A function of these bytes alone: whether the root is pinned and what holds at a time is
 * quote/intel/dcap.c.
 */
#include "quote/intel/platform.h"

#include "base/assert.h"
#include "quote/certificates/chain.h"

enum { LINKS = 3 };

/* One certificate of a chain, with what a memory knows about it. */
struct candidate {
    struct assay_certificate certificate;
    uint8_t digest[ASSAY_SHA256_LEN]; /* of the text or bytes that it came as */
    const struct assay_authority *known;
};

/* One proof under way. */
struct proving {
    struct assay_verifier *verifier;
    const struct assay_quote *quote;
    struct assay_proven *proven;
    struct candidate pck;
    struct candidate ca;
    struct candidate root;
};

static void add_fault(struct proving *p, enum assay_rule rule, const char *expected,
                      const char *observed)
{
    assay_proven_fault(p->proven, rule, p->quote->offset_cert_data, expected, observed);
}

static void set_proof(struct assay_proven *proven, enum assay_proof proof, bool is_true)
{
    ASSAY_ASSERT((unsigned)proof < ASSAY_PROOF_COUNT);
    proven->proofs[proof] = is_true ? ASSAY_PROOF_TRUE : ASSAY_PROOF_FALSE;
}

/* --- certificates as they come */
static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The end of the next PEM block. Returns: 0 when there is none */
static size_t block_end(const struct assay_slice *text, size_t from)
{
    static const char end[] = "-----END CERTIFICATE-----";
    enum { END_LEN = sizeof end - 1 };
    for (size_t i = from; i + END_LEN <= text->len; i++)
        if (text->bytes[i] == '-' && assay_bytes_equal(text->bytes + i, end, END_LEN))
            return i + END_LEN;
    return 0;
}

/*
 * evidence-rules.md 2.6: the three blocks in any order, white space and CR around them, NUL bytes
 * behind.
 */
static enum assay_status split_text(struct assay_slice text, struct assay_slice blocks[LINKS])
{
    size_t count = 0;
    size_t at = 0;
    while (text.len > 0 && text.bytes[text.len - 1] == 0)
        text.len -= 1;
    for (;;) {
        while (at < text.len && is_space(text.bytes[at]))
            at += 1;
        if (at == text.len) return count == LINKS ? ASSAY_OK : ASSAY_E_INVALID;
        const size_t end = block_end(&text, at);
        if (end == 0) return ASSAY_E_SYNTAX;
        if (count == LINKS) return ASSAY_E_INVALID;
        ASSAY_ASSERT(end > at && end <= text.len);
        blocks[count++] = assay_slice_over(text.bytes + at, end - at);
        at = end;
    }
}

/* An authority that is known needs no reading. */
static enum assay_status read_candidate(struct assay_verifier *verifier, struct assay_slice bytes,
                                        bool is_text, struct candidate *out)
{
    size_t count = 0;
    assay_sha256(bytes.bytes, bytes.len, out->digest);
    out->known = assay_authority_find(verifier, out->digest);
    if (out->known != NULL) {
        out->certificate = out->known->certificate;
        return ASSAY_OK;
    }
    if (!is_text) return assay_x509_certificate(bytes.bytes, bytes.len, &out->certificate);
    return assay_x509_pem_chain(bytes.bytes, bytes.len, &out->certificate, 1, &count);
}

static enum assay_status read_text(struct proving *p)
{
    struct assay_slice blocks[LINKS];
    struct candidate read[LINKS];
    const struct assay_certificate *each[LINKS];
    size_t order[LINKS];
    ASSAY_TRY(split_text(p->quote->cert_data, blocks));
    for (size_t i = 0; i < LINKS; i++) {
        ASSAY_TRY(read_candidate(p->verifier, blocks[i], true, &read[i]));
        each[i] = &read[i].certificate;
    }
    ASSAY_TRY(assay_chain_find_order(each, order));
    ASSAY_ASSERT(order[0] < LINKS && order[1] < LINKS && order[2] < LINKS);
    p->pck = read[order[0]];
    p->ca = read[order[1]];
    p->root = read[order[2]];
    return ASSAY_OK;
}

/*
 * Certification data of type 3: encrypted PPID, then CPUSVN, PCESVN and PCE id of the PCK
 * certificate that the quoting enclave was certified with (Intel SGX DCAP Quote Library API, A.4,
 * "QE Certification Data"; the DCAP quoting enclave fills in the certificate's SVNs, not the raw
 * ones of the platform). The PPID is encrypted to Intel; that the certificate is this platform's
 * is proven by its key under the QE report.
 */
static bool is_named_by_quote(const struct assay_quote *quote, const struct assay_certificate *c)
{
    enum { ENCRYPTED_PPID_LEN = 384 };
    struct assay_cursor data = assay_cursor_over(quote->cert_data.bytes, quote->cert_data.len);
    uint8_t cpusvn[16];
    uint8_t pceid[2];
    uint16_t pcesvn = 0;
    if (!c->has_pck) return false;
    if (assay_cursor_skip(&data, ENCRYPTED_PPID_LEN) != ASSAY_OK) return false;
    if (assay_cursor_copy(&data, cpusvn, sizeof cpusvn) != ASSAY_OK) return false;
    if (assay_cursor_u16le(&data, &pcesvn) != ASSAY_OK) return false;
    if (assay_cursor_copy(&data, pceid, sizeof pceid) != ASSAY_OK) return false;
    return pcesvn == c->pck.pcesvn && assay_bytes_equal(cpusvn, c->pck.cpusvn, sizeof cpusvn) &&
           assay_bytes_equal(pceid, c->pck.pceid, sizeof pceid);
}

bool assay_platform_is_named(const struct assay_quote *quote, const struct assay_pck_source *source)
{
    if (source->decoded == NULL) return false;
    for (size_t i = 0; i < source->count; i++)
        if (is_named_by_quote(quote, &source->decoded[i])) return true;
    return false;
}

static enum assay_status read_source_at(struct proving *p, const struct assay_pck_source *source,
                                        size_t index, struct candidate *out)
{
    ASSAY_ASSERT(index < source->count);
    if (source->der != NULL) return read_candidate(p->verifier, source->der[index], false, out);
    out->certificate = source->decoded[index];
    assay_bytes_copy(out->digest, sizeof out->digest, out->certificate.digest, ASSAY_SHA256_LEN);
    out->known = assay_authority_find(p->verifier, out->digest);
    return ASSAY_OK;
}

/* The PCK that the quote names, its CA and the root, wherever they stand among the others. */
static enum assay_status read_source(struct proving *p, const struct assay_pck_source *source)
{
    bool has_pck = false;
    bool has_ca = false;
    bool has_root = false;
    struct candidate one = { .known = NULL };
    for (size_t i = 0; i < source->count && !has_pck; i++) {
        ASSAY_TRY(read_source_at(p, source, i, &p->pck));
        has_pck = is_named_by_quote(p->quote, &p->pck.certificate);
    }
    if (!has_pck) return ASSAY_E_NOT_FOUND;
    for (size_t i = 0; i < source->count && !has_ca; i++) {
        ASSAY_TRY(read_source_at(p, source, i, &one));
        has_ca = !assay_chain_self_issued(&one.certificate) &&
                 assay_chain_names(&one.certificate, &p->pck.certificate);
    }
    p->ca = one;
    for (size_t i = 0; i < source->count && has_ca && !has_root; i++) {
        ASSAY_TRY(read_source_at(p, source, i, &one));
        has_root = assay_chain_self_issued(&one.certificate) &&
                   assay_chain_names(&one.certificate, &p->ca.certificate);
    }
    p->root = one;
    return has_root ? ASSAY_OK : ASSAY_E_INVALID;
}

/* --- certificates vouching for certificates */
/*
 * Intel's root certificate valid to 2049, as published with every PCK chain; its self-signature was
 * checked when it was written down here, and it is identified by its SHA-256. Any other root
 * certificate is checked each time, regardless of its key.
 */
static bool is_published_root(const struct assay_certificate *root)
{
    static const uint8_t digest[ASSAY_SHA256_LEN] = {
        0x44, 0xa0, 0x19, 0x6b, 0x2b, 0x99, 0xf8, 0x89, 0xb8, 0xe1, 0x49,
        0xe9, 0x5b, 0x80, 0x7a, 0x35, 0x0e, 0x74, 0x24, 0x96, 0x43, 0x99,
        0xe8, 0x85, 0xa7, 0xcb, 0xb8, 0xcc, 0xfa, 0xb6, 0x74, 0xd3,
    };
    return assay_bytes_equal(root->digest, digest, sizeof digest);
}

static bool is_known_signed(const struct candidate *c, const struct candidate *issuer)
{
    return c->known != NULL &&
           assay_bytes_equal(c->known->signer, issuer->certificate.key_name, ASSAY_SHA256_LEN);
}

static bool is_signed(const struct candidate *c, const struct assay_verify_key *issuer)
{
    const struct assay_signature *const signature = &c->certificate.signature;
    return assay_public_key_check(issuer, signature, c->certificate.tbs_digest,
                                  assay_signature_digest_len(signature->alg));
}

/* The key of a candidate: lent by the memory, or loaded into *own. */
static enum assay_status take_key(const struct candidate *c, struct assay_verify_key **own,
                                  const struct assay_verify_key **key)
{
    *key = NULL;
    if (c->known != NULL) {
        *key = c->known->key;
        return ASSAY_OK;
    }
    const enum assay_status status = assay_public_key_load(&c->certificate.key, own);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status == ASSAY_OK) *key = *own;
    ASSAY_ASSERT((*key == NULL) == (status != ASSAY_OK));
    return ASSAY_OK;
}

static void keep_verify_key(struct proving *p, const struct candidate *c,
                            const struct candidate *issuer, struct assay_verify_key **own)
{
    if (c->known != NULL || *own == NULL) return;
    assay_authority_add(p->verifier, c->digest, &c->certificate, issuer->certificate.key_name, own);
    ASSAY_ASSERT(p->verifier == NULL || *own == NULL);
}

/* Root by itself, CA by the root, PCK by the CA. */
static bool check_signatures(const struct proving *p, const struct assay_verify_key *root_key,
                             const struct assay_verify_key *ca_key)
{
    if (root_key == NULL || ca_key == NULL) return false;
    if (!is_published_root(&p->root.certificate) && !is_known_signed(&p->root, &p->root) &&
        !is_signed(&p->root, root_key))
        return false;
    if (!is_known_signed(&p->ca, &p->root) && !is_signed(&p->ca, root_key)) return false;
    return is_signed(&p->pck, ca_key);
}

static enum assay_status prove_signatures(struct proving *p)
{
    struct assay_verify_key *root_own = NULL;
    struct assay_verify_key *ca_own = NULL;
    const struct assay_verify_key *root_key = NULL;
    const struct assay_verify_key *ca_key = NULL;
    enum assay_status status = take_key(&p->root, &root_own, &root_key);
    if (status == ASSAY_OK) status = take_key(&p->ca, &ca_own, &ca_key);
    if (status == ASSAY_OK) {
        const bool ok = check_signatures(p, root_key, ca_key);
        set_proof(p->proven, ASSAY_PROOF_CHAIN_TO_ROOT, ok);
        if (!ok)
            add_fault(p, ASSAY_RULE_CHAIN_SIGNATURE, "certificates signed by their issuers",
                      root_key == NULL || ca_key == NULL ? "a key that is no point of P-256"
                                                         : "a wrong signature");
        if (ok) {
            keep_verify_key(p, &p->root, &p->root, &root_own);
            keep_verify_key(p, &p->ca, &p->root, &ca_own);
        }
    }
    assay_public_key_free(&root_own);
    assay_public_key_free(&ca_own);
    ASSAY_ASSERT(root_own == NULL && ca_own == NULL);
    return status;
}

static bool is_pck_ca(const struct assay_certificate *c)
{
    return assay_chain_is_called(c, "PCK Platform CA") ||
           assay_chain_is_called(c, "PCK Processor CA");
}

/* Returns: false when what follows cannot be remembered as Intel's facts */
static bool prove_uses(struct proving *p)
{
    const struct assay_certificate *const pck = &p->pck.certificate;
    const struct assay_certificate *const ca = &p->ca.certificate;
    const struct assay_certificate *const root = &p->root.certificate;
    if (!assay_chain_is_ca(root, 1) || !assay_chain_is_ca(ca, 0) || !assay_chain_is_signer(pck))
        add_fault(p, ASSAY_RULE_CHAIN_CONSTRAINTS, "CA, CA, end entity that signs", "other uses");
    else if (!assay_chain_allows(root, 0) || !assay_chain_allows(ca, 0) ||
             !assay_chain_allows(pck, 0))
        add_fault(p, ASSAY_RULE_CHAIN_CONSTRAINTS, "certificates for any use",
                  "for other uses alone");
    else if (!assay_chain_is_called(pck, "PCK Certificate") || !is_pck_ca(ca))
        add_fault(p, ASSAY_RULE_CHAIN_CONSTRAINTS, "a PCK certificate by a PCK CA",
                  "of other names");
    if (!pck->has_pck) {
        add_fault(p, ASSAY_RULE_CHAIN_FORMAT, "an SGX extension in the PCK certificate", "none");
        return false;
    }
    if (pck->key.type != ASSAY_KEY_P256 || ca->key.type != ASSAY_KEY_P256 ||
        root->key.type != ASSAY_KEY_P256) {
        add_fault(p, ASSAY_RULE_CHAIN_FORMAT, "keys of P-256", "another type of key");
        return false;
    }
    return true;
}

static void note_facts(struct proving *p)
{
    ASSAY_ASSERT(p->ca.certificate.key.type == ASSAY_KEY_P256 && p->pck.certificate.has_pck);
    struct assay_proven *const proven = p->proven;
    struct assay_intel_facts *const facts = &proven->facts.intel;
    proven->root = p->root.certificate.key;
    facts->pck = p->pck.certificate.pck;
    assay_bytes_copy(facts->ca_public, sizeof facts->ca_public, p->ca.certificate.key.bytes,
                     ASSAY_P256_PUBLIC_LEN);
    assay_proven_link(proven, "PCK certificate", &p->pck.certificate);
    assay_proven_link(proven, "PCK CA certificate", &p->ca.certificate);
    assay_proven_link(proven, "root certificate", &p->root.certificate);
    ASSAY_ASSERT(proven->link_count == LINKS);
}

/* --- the quoting enclave */
/* The QE vouches for the attestation key with its report data (evidence-rules.md 2.5). */
static void prove_binding(const struct assay_quote *quote, struct assay_proven *proven)
{
    enum { QE_REPORT_DATA = 320 };
    const struct assay_slice pieces[] = {
        assay_slice_over(quote->attestation_key, sizeof quote->attestation_key),
        quote->qe_auth_data,
    };
    uint8_t digest[ASSAY_SHA256_LEN];
    assay_sha256_pieces(pieces, 2, digest);
    const bool names_key = assay_bytes_equal(digest, quote->qe_report.report_data, 32);
    const bool is_padded = assay_bytes_all_zero(quote->qe_report.report_data + 32, 32);
    if (!names_key)
        assay_proven_fault(proven, ASSAY_RULE_AK_BINDING, quote->offset_qe_report + QE_REPORT_DATA,
                           "SHA-256 of attestation key and authentication data", "another value");
    else if (!is_padded)
        assay_proven_fault(proven, ASSAY_RULE_AK_BINDING,
                           quote->offset_qe_report + QE_REPORT_DATA + 32,
                           "32 zero bytes after the digest", "other bytes");
    set_proof(proven, ASSAY_PROOF_AK_BINDING, names_key && is_padded);
}

static enum assay_status check_qe_report(const struct proving *p, bool *ok)
{
    uint8_t digest[ASSAY_SHA256_LEN];
    struct assay_signature signature;
    const struct assay_quote *const quote = p->quote;
    ASSAY_ASSERT(quote->qe_report_bytes.len == ASSAY_SGX_REPORT_LEN);
    assay_sha256(quote->qe_report_bytes.bytes, quote->qe_report_bytes.len, digest);
    assay_signature_from_p256(&signature, quote->qe_signature);
    const enum assay_status status =
        assay_chain_signed(&p->pck.certificate.key, digest, &signature);
    *ok = status == ASSAY_OK;
    return assay_status_class(status) == ASSAY_CLASS_HOST ? status : ASSAY_OK;
}

static void no_chain(struct proving *p, const char *expected, const char *observed)
{
    add_fault(p, ASSAY_RULE_CERT_TYPE, expected, observed);
    p->proven->proofs[ASSAY_PROOF_CHAIN_TO_ROOT] = ASSAY_PROOF_NOT_USED;
    p->proven->proofs[ASSAY_PROOF_QE_REPORT_SIGNATURE] = ASSAY_PROOF_NOT_USED;
}

/* Three certificates stand in place: what do they vouch for? */
static enum assay_status prove_chain(struct proving *p, bool is_guess)
{
    bool ok = false;
    if (!prove_uses(p)) {
        set_proof(p->proven, ASSAY_PROOF_CHAIN_TO_ROOT, false);
        return ASSAY_OK;
    }
    ASSAY_TRY(check_qe_report(p, &ok));
    if (!ok && is_guess) {
        /* A certificate of another platform is irrelevant for this quote. */
        no_chain(p, "the PCK chain of this platform", "one of another platform");
        return ASSAY_OK;
    }
    note_facts(p);
    ASSAY_TRY(prove_signatures(p));
    set_proof(p->proven, ASSAY_PROOF_QE_REPORT_SIGNATURE, ok);
    if (!ok)
        assay_proven_fault(p->proven, ASSAY_RULE_QE_SIGNATURE, p->quote->offset_qe_report,
                           "the QE report signed by the PCK key", "a wrong signature");
    return ASSAY_OK;
}

static enum assay_status prove_text(struct proving *p)
{
    const enum assay_status status = read_text(p);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status == ASSAY_OK) return prove_chain(p, false);
    add_fault(p, ASSAY_RULE_CHAIN_FORMAT, "PCK, CA and root certificate",
              assay_status_text(status));
    set_proof(p->proven, ASSAY_PROOF_CHAIN_TO_ROOT, false);
    return ASSAY_OK;
}

static enum assay_status prove_source(struct proving *p, const struct assay_pck_source *source)
{
    if (source->count == 0) {
        no_chain(p, "a PCK chain next to a quote of type 3", "none");
        return ASSAY_OK;
    }
    const enum assay_status status = read_source(p, source);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status == ASSAY_OK) return prove_chain(p, source->der == NULL);
    no_chain(p, "PCK of the SVNs that the quote names, CA and root", assay_status_text(status));
    return ASSAY_OK;
}

enum assay_status assay_platform_prove(struct assay_verifier *verifier,
                                       const struct assay_quote *quote,
                                       const struct assay_pck_source *source,
                                       struct assay_proven *proven)
{
    ASSAY_ASSERT(quote != NULL && source != NULL);
    ASSAY_ASSERT(proven != NULL && proven->key == NULL);
    struct proving p = { .verifier = verifier, .quote = quote, .proven = proven };
    prove_binding(quote, proven);
    if (quote->cert_data_type == ASSAY_CERT_TYPE_PCK_CHAIN) {
        ASSAY_TRY(prove_text(&p));
    } else if (quote->cert_data_type == ASSAY_CERT_TYPE_ENCRYPTED_PPID) {
        ASSAY_TRY(prove_source(&p, source));
    } else {
        /* Types 1, 2 and 4 exist in the format; no quoting enclave of DCAP's makes them. */
        no_chain(&p, "certification data of type 5 or 3", "another type: not supported");
    }
    /* Last, because it is the one thing to free. */
    const struct assay_key key = assay_key_p256(quote->attestation_key);
    const enum assay_status status = assay_public_key_load(&key, &proven->key);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    ASSAY_ASSERT((proven->key == NULL) == (status != ASSAY_OK));
    if (status != ASSAY_OK) {
        assay_proven_fault(proven, ASSAY_RULE_QUOTE_SIGNATURE, quote->offset_signature,
                           "an attestation key on P-256", "a key that is no point of P-256");
        set_proof(proven, ASSAY_PROOF_QUOTE_SIGNATURE, false);
    }
    return ASSAY_OK;
}
