/*
 * quote/result/svid/chain.c - verification of the certificates of a TLS peer against the CA
 * certificates of its network (docs/identity.md 5.1, 5.2).
 */
#include "quote/result/svid/svid.h"

#include "base/assert.h"

static const struct assay_slice nothing = { NULL, 0 };

static enum assay_identity_answer refuse_form(enum assay_status status, const char *why,
                                              struct assay_svid *svid)
{
    const enum assay_identity_answer answer =
        status == ASSAY_E_UNSUPPORTED ? ASSAY_IDENTITY_UNSUPPORTED
        : status == ASSAY_E_INVALID   ? ASSAY_IDENTITY_OTHER_PROFILE
                                      : ASSAY_IDENTITY_MALFORMED;
    return assay_svid_refuse(svid, answer, why, nothing);
}

static const struct assay_x509_svid *find_ca(const struct assay_x509_svid *leaf,
                                             const struct assay_svid *svid)
{
    for (size_t i = 0; i < svid->ca_count; i++) {
        const struct assay_x509_svid *const ca = &svid->ca[i].certificate;
        if (assay_slice_equal(ca->subject, leaf->issuer) &&
            assay_bytes_equal(ca->key_id, leaf->authority_key_id, ASSAY_KEY_ID_LEN))
            return ca;
    }
    return NULL;
}

/* docs/identity.md 8.2: a CA number that the peer sent, signed by a given one before it, of the
 * same network. Out: *cross */
static bool find_cross(const struct assay_svid_terms *terms, const struct assay_x509_svid *leaf,
                       const struct assay_slice *chain, size_t count, struct assay_svid *svid,
                       struct assay_x509_svid *cross)
{
    const char *why = NULL;
    for (size_t i = 1; i < count; i++) {
        if (assay_x509_svid(chain[i], ASSAY_SVID_CA, cross, &why) != ASSAY_OK ||
            !cross->has_authority_key_id || !assay_slice_equal(cross->subject, leaf->issuer) ||
            !assay_bytes_equal(cross->key_id, leaf->authority_key_id, ASSAY_KEY_ID_LEN))
            continue;
        const struct assay_x509_svid *const ca = find_ca(cross, svid);
        if (ca == NULL || ca->number >= cross->number ||
            !assay_ed25519_verify(ca->public_key, cross->tbs.bytes, cross->tbs.len,
                                  cross->signature))
            continue;
        if (assay_slice_equal(ca->domain, cross->domain) && ca->is_insecure == cross->is_insecure &&
            assay_bytes_equal(ca->chain, cross->chain, sizeof ca->chain))
            return assay_svid_check_time(terms, "the certificate of the CA before",
                                         ca->not_before_s, ca->not_after_s,
                                         svid) == ASSAY_IDENTITY_VALID;
    }
    return false;
}

/* Did the peer send a CA of a network that signed itself? Any other one behind the leaf would be
 * between it and a CA, whose path length is 0 (RFC 5280 4.2.1.9). */
static bool is_anchor(struct assay_slice der)
{
    struct assay_x509_svid ca;
    const char *why = NULL;
    return assay_x509_svid(der, ASSAY_SVID_CA, &ca, &why) == ASSAY_OK &&
           assay_slice_equal(ca.issuer, ca.subject);
}

static enum assay_identity_answer refuse_issuer(const struct assay_x509_svid *leaf,
                                                const struct assay_slice *chain, size_t count,
                                                struct assay_svid *svid)
{
    struct assay_text text = assay_text_empty();
    const struct assay_x509_svid *const first = &svid->ca[0].certificate;
    if (!assay_bytes_equal(first->chain, leaf->issuer_chain, sizeof leaf->issuer_chain)) {
        assay_text_add(&text, "of another network: expected chain ");
        assay_text_add_hex(&text, first->chain, sizeof first->chain);
        assay_text_add(&text, ", found ");
        assay_text_add_hex(&text, leaf->issuer_chain, sizeof leaf->issuer_chain);
        return assay_svid_refuse(svid, ASSAY_IDENTITY_OTHER_NETWORK, text.text, nothing);
    }
    for (size_t i = 1; i < count; i++)
        if (!is_anchor(chain[i]))
            return assay_svid_refuse(svid, ASSAY_IDENTITY_LONG_PATH,
                                     "a certificate stands between this one and a CA, whose path "
                                     "length is 0",
                                     nothing);
    assay_text_add(&text, "signed by CA number ");
    assay_text_add_u64(&text, leaf->issuer_number);
    assay_text_add(&text, "; given are other keys, of ");
    for (size_t i = 0; i < svid->ca_count; i++) {
        if (i > 0) assay_text_add(&text, ", ");
        assay_text_add_u64(&text, svid->ca[i].certificate.number);
    }
    assay_text_add(&text, ": fetch the bundle again");
    return assay_svid_refuse(svid, ASSAY_IDENTITY_NO_KEY, text.text, nothing);
}

/* What the CA certifies of its own network alone. */
static enum assay_identity_answer check_ca(const struct assay_svid_terms *terms,
                                           const struct assay_x509_svid *ca,
                                           const struct assay_x509_svid *leaf,
                                           struct assay_svid *svid)
{
    if (!assay_ed25519_verify(ca->public_key, leaf->tbs.bytes, leaf->tbs.len, leaf->signature))
        return assay_svid_refuse(svid, ASSAY_IDENTITY_FORGED,
                                 "the signature is not by the key of the CA that it names",
                                 nothing);
    if (!assay_slice_equal(ca->domain, leaf->domain))
        return assay_svid_refuse(svid, ASSAY_IDENTITY_OTHER_PROFILE,
                                 "names outside the name constraints of the CA: ", leaf->domain);
    if (!assay_bytes_equal(ca->chain, leaf->state.chain_id, sizeof ca->chain) ||
        ca->is_insecure != leaf->is_insecure)
        return assay_svid_refuse(svid, ASSAY_IDENTITY_OTHER_PROFILE,
                                 "chain or OU=INSECURE are not those of the CA", nothing);
    return assay_svid_check_time(terms, "the certificate of the CA", ca->not_before_s,
                                 ca->not_after_s, svid);
}

static void fill_claims(const struct assay_x509_svid *ca, const struct assay_x509_svid *leaf,
                        struct assay_svid *svid)
{
    ASSAY_ASSERT(leaf->spki.len <= sizeof svid->spki);
    svid->state = leaf->state;
    assay_svid_copy_id(leaf->uri, &leaf->id, svid);
    svid->is_insecure = leaf->is_insecure;
    svid->ca_number = ca->number;
    assay_bytes_copy(svid->serial, sizeof svid->serial, leaf->serial, sizeof leaf->serial);
    svid->issued_s = leaf->not_before_s + ASSAY_SVID_EARLY_S;
    svid->not_before_s = leaf->not_before_s;
    svid->not_after_s = leaf->not_after_s;
    svid->spki_len = leaf->spki.len;
    assay_bytes_copy(svid->spki, sizeof svid->spki, leaf->spki.bytes, leaf->spki.len);
    svid->thumbprint[0] = '\0';
}

enum assay_status assay_svid_verify_chain(const struct assay_svid_terms *terms,
                                          struct assay_slice trusted,
                                          const struct assay_slice *chain, size_t count,
                                          struct assay_svid *svid)
{
    struct assay_x509_svid leaf, cross;
    const char *why = NULL;
    ASSAY_ASSERT(count >= 1 && terms->skew_s <= ASSAY_SVID_SKEW_S_MAX);
    svid->answer = ASSAY_IDENTITY_NOT_READ;
    svid->why[0] = '\0';
    ASSAY_TRY(assay_svid_load_cas(trusted, svid));
    const enum assay_status status = assay_x509_svid(chain[0], ASSAY_SVID_LEAF, &leaf, &why);
    if (status != ASSAY_OK) {
        svid->answer = refuse_form(status, why, svid);
        return ASSAY_OK;
    }
    const struct assay_x509_svid *ca = find_ca(&leaf, svid);
    if (ca == NULL && find_cross(terms, &leaf, chain, count, svid, &cross)) ca = &cross;
    if (ca == NULL) {
        if (svid->answer == ASSAY_IDENTITY_NOT_READ)
            svid->answer = refuse_issuer(&leaf, chain, count, svid);
        return ASSAY_OK;
    }
    if (check_ca(terms, ca, &leaf, svid) != ASSAY_IDENTITY_VALID) return ASSAY_OK;
    fill_claims(ca, &leaf, svid);
    svid->answer = assay_svid_check_terms(terms, svid);
    return ASSAY_OK;
}

bool assay_svid_is_cross(const struct assay_svid_terms *terms, const struct assay_slice *chain,
                         size_t count, struct assay_svid *svid)
{
    struct assay_x509_svid leaf, cross;
    const char *why = NULL;
    ASSAY_ASSERT(count >= 1 && svid->answer == ASSAY_IDENTITY_VALID);
    const bool is_cross =
        count > 1 && assay_x509_svid(chain[0], ASSAY_SVID_LEAF, &leaf, &why) == ASSAY_OK &&
        find_cross(terms, &leaf, chain, 2, svid, &cross) &&
        check_ca(terms, &cross, &leaf, svid) == ASSAY_IDENTITY_VALID;
    svid->answer = ASSAY_IDENTITY_VALID; /* of the leaf, whatever is behind it */
    svid->why[0] = '\0';
    return is_cross;
}
