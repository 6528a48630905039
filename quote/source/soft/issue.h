/*
 * quote/source/soft/issue.h - issuance of X.509 certificates and revocation lists (RFC 5280) for
 * our own issuers: the SOFT vendor and the registrar of TPM keys.
 *
 * What the two have in common stands here; names, roles and extensions of their own they bring.
 * Private to the makers (and to tests, which bend what they make).
 */
#ifndef ASSAY_QUOTE_SOURCE_SOFT_ISSUE_H
#define ASSAY_QUOTE_SOURCE_SOFT_ISSUE_H

#include "quote/source/soft/der.h"
#include "quote/x509.h"

enum { ASSAY_ISSUE_SERIAL_LEN = 16 };

struct assay_issuer {
    struct assay_dn name;
    uint8_t key_id[ASSAY_KEY_ID_LEN];
    const struct assay_secret32 *secret;
};

struct assay_issue {
    uint8_t serial[ASSAY_ISSUE_SERIAL_LEN];
    int64_t not_before_s;
    int64_t not_after_s;
    struct assay_dn subject;
    const struct assay_key *key;
    uint8_t key_id[ASSAY_KEY_ID_LEN];
    bool is_ca;        /* may sign certificates and lists; else for digital signatures */
    uint64_t path_len; /* of a CA: how many CAs may stand below it */
    struct assay_slice extensions; /* further ones in DER (assay_issue_extension), or none */
};

struct assay_issue_crl {
    int64_t this_update_s; /* its number, too */
    int64_t next_update_s;
    const uint8_t (*revoked)[ASSAY_SERIAL_LEN];
    size_t revoked_count;
};

/*
 * assay_issue_certificate - signed with ECDSA over P-256 and SHA-256.
 * Out:     der[*len]
 * Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_RANGE (a time outside 1970..2049, a key) | ASSAY_E_KEY
 *          | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_issue_certificate(const struct assay_issuer *issuer,
                                                        const struct assay_issue *certificate,
                                                        uint8_t *der, size_t capacity, size_t *len);
/* Returns: as assay_issue_certificate */
ASSAY_CHECKED enum assay_status assay_issue_crl(const struct assay_issuer *issuer,
                                                const struct assay_issue_crl *crl, uint8_t *der,
                                                size_t capacity, size_t *len);

/* --- pieces */

/*
 * assay_issue_name_fits - is a name of an issuer letters, digits, spaces, dots, dashes, below
 * capacity? So it needs no escaping anywhere.
 * Returns: ASSAY_OK | ASSAY_E_RANGE
 */
ASSAY_CHECKED enum assay_status assay_issue_name_fits(const char *name, size_t capacity);
/*
 * O=organization, CN=common_name; organization NULL: CN alone (asserted: both fit, 100 bytes each).
 */
void assay_issue_name(const char *organization, const char *common_name, struct assay_dn *dn);
/* A drawn one: positive, and always 16 bytes. Returns: ASSAY_OK | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_issue_serial(uint8_t serial[static ASSAY_ISSUE_SERIAL_LEN]);
/* The extension around contents put since mark. */
void assay_issue_extension(struct assay_der *d, const uint8_t *oid, size_t oid_len, bool critical,
                           size_t mark);

#endif
