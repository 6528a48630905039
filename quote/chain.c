/*
 * quote/chain.c - the rules by which one key vouches for another (quotes.md 5 and 7.16): identity
 * of keys and raw names, never common names; what a certificate may be used for; exactly three in a
 * PCK chain.
 */
#include "quote/chain.h"

#include "base/assert.h"

bool assay_dn_equal(const struct assay_dn *a, const struct assay_dn *b)
{
    ASSAY_ASSERT(a->len <= ASSAY_DN_MAX && b->len <= ASSAY_DN_MAX);
    return a->len == b->len && assay_bytes_equal(a->der, b->der, a->len);
}

bool assay_chain_names(const struct assay_certificate *issuer,
                       const struct assay_certificate *subject)
{
    if (!assay_dn_equal(&issuer->subject, &subject->issuer)) return false;
    /* RFC 5280 4.2.1.1: the key id tells authorities of one name apart. */
    if (!issuer->has_subject_key_id || !subject->has_authority_key_id) return true;
    return assay_bytes_equal(issuer->subject_key_id, subject->authority_key_id, ASSAY_KEY_ID_LEN);
}

enum assay_status assay_chain_signed(const struct assay_key *key, const uint8_t *digest,
                                     const struct assay_signature *signature)
{
    struct assay_verify_key *loaded = NULL;
    ASSAY_TRY(assay_verify_key_load(key, &loaded));
    /* Vendors' signatures may have a high s (docs/protocol.md 2). */
    const bool ok = assay_verify_key_check(loaded, signature, digest,
                                           assay_signature_digest_len(signature->alg));
    assay_verify_key_free(&loaded);
    return ok ? ASSAY_OK : ASSAY_E_SIGNATURE;
}

bool assay_chain_is_ca(const struct assay_certificate *c, uint32_t cas_below)
{
    if (c->has_unknown_critical) return false;
    if (!c->has_basic_constraints || !c->is_ca) return false;
    if (c->has_path_len && c->path_len < cas_below) return false;
    return c->has_key_usage && (c->key_usage & ASSAY_KEY_USAGE_CERT_SIGN) != 0;
}

bool assay_chain_is_signer(const struct assay_certificate *c)
{
    if (c->has_unknown_critical) return false;
    if (c->has_basic_constraints && c->is_ca) return false;
    return c->has_key_usage && (c->key_usage & ASSAY_KEY_USAGE_DIGITAL_SIGNATURE) != 0;
}

static bool self_issued(const struct assay_certificate *c)
{
    return assay_dn_equal(&c->subject, &c->issuer);
}

enum assay_status assay_chain_order(const struct assay_certificate *certificates, size_t count,
                                    struct assay_chain *chain)
{
    enum { LINKS = 3 };
    if (count != LINKS) return ASSAY_E_INVALID;
    size_t root = LINKS;
    size_t ca = LINKS;
    for (size_t i = 0; i < LINKS; i++) {
        if (!self_issued(&certificates[i])) continue;
        if (root != LINKS) return ASSAY_E_INVALID;
        root = i;
    }
    if (root == LINKS) return ASSAY_E_INVALID;
    for (size_t i = 0; i < LINKS; i++) {
        if (i == root || !assay_chain_names(&certificates[root], &certificates[i])) continue;
        if (ca != LINKS) return ASSAY_E_INVALID;
        ca = i;
    }
    if (ca == LINKS) return ASSAY_E_INVALID;
    const size_t pck = LINKS - root - ca; /* indices 0 + 1 + 2 */
    if (!assay_chain_names(&certificates[ca], &certificates[pck])) return ASSAY_E_INVALID;
    chain->root = certificates[root];
    chain->ca = certificates[ca];
    chain->pck = certificates[pck];
    return ASSAY_OK;
}

/* --- what a quote's bytes prove */
static void add_fault(struct assay_platform *p, enum assay_rule rule, uint32_t offset,
                      const char *expected, const char *observed)
{
    ASSAY_ASSERT(p->fault_count < ASSAY_PLATFORM_FAULTS_MAX);
    p->faults[p->fault_count] = (struct assay_fault){ rule, offset, expected, observed };
    p->fault_count += 1;
}

/* Host failures leave; a wrong signature or key becomes a fault. */
static enum assay_status fault_unless_ok(enum assay_status status, struct assay_platform *p,
                                         enum assay_rule rule, uint32_t offset,
                                         const char *expected)
{
    if (status == ASSAY_OK) return ASSAY_OK;
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    add_fault(p, rule, offset, expected,
              status == ASSAY_E_KEY ? "a key that is no point of P-256" : "a wrong signature");
    return ASSAY_OK;
}

static enum assay_status prove_chain(const struct assay_quote *quote, struct assay_platform *p)
{
    const struct assay_chain *const chain = &p->chain;
    const uint32_t at = quote->offset_cert_data;
    if (!assay_chain_is_ca(&chain->root, 1) || !assay_chain_is_ca(&chain->ca, 0) ||
        !assay_chain_is_signer(&chain->pck))
        add_fault(p, ASSAY_RULE_CHAIN_CONSTRAINTS, at, "CA, CA, end entity that signs",
                  "other uses");
    if (!chain->pck.has_pck)
        add_fault(p, ASSAY_RULE_CHAIN_FORMAT, at, "an SGX extension in the PCK certificate",
                  "none");

    enum assay_status status =
        assay_chain_signed(&chain->root.key, chain->root.tbs_digest, &chain->root.signature);
    if (status == ASSAY_OK)
        status = assay_chain_signed(&chain->root.key, chain->ca.tbs_digest, &chain->ca.signature);
    if (status == ASSAY_OK)
        status = assay_chain_signed(&chain->ca.key, chain->pck.tbs_digest, &chain->pck.signature);
    return fault_unless_ok(status, p, ASSAY_RULE_CHAIN_SIGNATURE, at,
                           "certificates signed by their issuers");
}

static enum assay_status read_chain(const struct assay_quote *quote, struct assay_platform *p)
{
    struct assay_certificate certificates[ASSAY_CHAIN_MAX];
    size_t count = 0;
    enum assay_status status = assay_x509_pem_chain(quote->cert_data.bytes, quote->cert_data.len,
                                                    certificates, ASSAY_CHAIN_MAX, &count);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status == ASSAY_OK) status = assay_chain_order(certificates, count, &p->chain);
    if (status != ASSAY_OK) {
        add_fault(p, ASSAY_RULE_CHAIN_FORMAT, quote->offset_cert_data,
                  "PCK, CA and root certificate", assay_status_text(status));
        return ASSAY_OK;
    }
    p->has_chain = true;
    return prove_chain(quote, p);
}

/* The QE vouches for the attestation key with its report data (quotes.md 4, AK binding). */
static void prove_binding(const struct assay_quote *quote, struct assay_platform *p)
{
    enum { QE_REPORT_DATA = 320 };
    const struct assay_slice pieces[] = {
        assay_slice_over(quote->attestation_key, sizeof quote->attestation_key),
        quote->qe_auth_data,
    };
    uint8_t digest[ASSAY_SHA256_LEN];
    assay_sha256_pieces(pieces, 2, digest);
    if (!assay_bytes_equal(digest, quote->qe_report.report_data, 32))
        add_fault(p, ASSAY_RULE_AK_BINDING, quote->offset_qe_report + QE_REPORT_DATA,
                  "SHA-256 of attestation key and authentication data", "another value");
    else if (!assay_bytes_all_zero(quote->qe_report.report_data + 32, 32))
        add_fault(p, ASSAY_RULE_AK_BINDING, quote->offset_qe_report + QE_REPORT_DATA + 32,
                  "32 zero bytes after the digest", "other bytes");
}

static enum assay_status prove_qe_report(const struct assay_quote *quote, struct assay_platform *p)
{
    uint8_t digest[ASSAY_SHA256_LEN];
    assay_sha256(quote->qe_report_bytes.bytes, quote->qe_report_bytes.len, digest);
    struct assay_signature signature;
    assay_signature_from_p256(&signature, quote->qe_signature);
    const enum assay_status status = assay_chain_signed(&p->chain.pck.key, digest, &signature);
    return fault_unless_ok(status, p, ASSAY_RULE_QE_SIGNATURE, quote->offset_qe_report,
                           "the QE report signed by the PCK key");
}

enum assay_status assay_platform_prove(const struct assay_quote *quote,
                                       struct assay_platform *platform)
{
    ASSAY_ASSERT(quote != NULL);
    ASSAY_ASSERT(platform != NULL);
    assay_bytes_zero(platform, sizeof *platform);

    prove_binding(quote, platform);
    if (quote->cert_data_type == ASSAY_CERT_TYPE_PCK_CHAIN) {
        ASSAY_TRY(read_chain(quote, platform));
        if (platform->has_chain) ASSAY_TRY(prove_qe_report(quote, platform));
    } else {
        /* quotes.md 4: other types name the platform without proving anything; never accepted. */
        add_fault(platform, ASSAY_RULE_CERT_TYPE, quote->offset_cert_data, "type 5, a PCK chain",
                  "another type");
    }
    /* Last, because it is the one thing to free. */
    const enum assay_status status =
        assay_p256_load(quote->attestation_key, &platform->attestation_key);
    return fault_unless_ok(status, platform, ASSAY_RULE_QUOTE_SIGNATURE, quote->offset_signature,
                           "an attestation key on P-256");
}

void assay_platform_release(struct assay_platform *platform)
{
    assay_p256_free(&platform->attestation_key);
}
