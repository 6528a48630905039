/*
 * quote/certificates/crl.c - revocation lists: issuer, and lookup of a certificate.
 */
#include "quote/certificates/crl.h"

#include "base/assert.h"
#include "quote/certificates/chain.h"

bool assay_crl_contains(const struct assay_crl *crl, const uint8_t serial[static ASSAY_SERIAL_LEN])
{
    ASSAY_ASSERT(crl->revoked_count <= ASSAY_CRL_ENTRIES_MAX);
    uint32_t low = 0;
    uint32_t high = crl->revoked_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const int order = assay_bytes_compare(crl->revoked[middle], serial, ASSAY_SERIAL_LEN);
        if (order == 0) return true;
        if (order < 0) low = middle + 1;
        else high = middle;
    }
    return false;
}

bool assay_crl_issued_by(const struct assay_crl *crl, const struct assay_certificate *ca)
{
    if (!assay_dn_equal(&crl->issuer, &ca->subject)) return false;
    if (!ca->has_key_usage || (ca->key_usage & ASSAY_KEY_USAGE_CRL_SIGN) == 0) return false;
    if (!crl->has_authority_key_id || !ca->has_subject_key_id) return true;
    return assay_bytes_equal(crl->authority_key_id, ca->subject_key_id, ASSAY_KEY_ID_LEN);
}

bool assay_crl_issued_by_link(const struct assay_crl *crl, const struct assay_chain_link *ca)
{
    uint8_t issuer[ASSAY_SHA256_LEN];
    assay_sha256(crl->issuer.der, crl->issuer.len, issuer);
    if (!assay_bytes_equal(issuer, ca->subject, sizeof issuer) || !ca->may_sign_crl) return false;
    if (!crl->has_authority_key_id || !ca->has_key_id) return true;
    return assay_bytes_equal(crl->authority_key_id, ca->key_id, ASSAY_KEY_ID_LEN);
}
