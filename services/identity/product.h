/*
 * services/identity/product.h - certificates, tokens, attestation results and published keys of a
 * network (docs/identity.md 5).
 *
 * The bytes that are signed are a function of a certified state, an entry of the ledger and the
 * kind of product: nothing in them is of a request, a clock or a version of this software, so every
 * holder derives the same ones by itself (docs/identity.md 5). Inputs are plain data, which the
 * caller has verified against the ledger.
 *
 * Pure. Texts are checked here, so that no name reaches a certificate which a client could read as
 * another.
 */
#ifndef ASSAY_SERVICES_IDENTITY_PRODUCT_H
#define ASSAY_SERVICES_IDENTITY_PRODUCT_H

#include "base/writer.h"
#include "services/shares/sodium.h"

enum {
    ASSAY_CREDENTIAL_DOMAIN_MAX = 64, /* RFC 5280 A.1: ub-organization-name */
    ASSAY_CREDENTIAL_LABEL_MAX = 63,
    ASSAY_CREDENTIAL_ISSUER_MAX = 200,
    ASSAY_CREDENTIAL_AUDIENCE_MAX = 128,
    ASSAY_CREDENTIAL_AUDIENCES_MAX = 4,
    ASSAY_CREDENTIAL_SPKI_MAX = 120,
    ASSAY_CREDENTIAL_SERIAL_LEN = 16,
    ASSAY_CREDENTIAL_ID_LEN = 52,    /* base32 of a node id, without padding */
    ASSAY_CREDENTIAL_TBS_MAX = 2048, /* of every product */
    ASSAY_CREDENTIAL_CERTIFICATE_MAX = ASSAY_CREDENTIAL_TBS_MAX + 96,
    ASSAY_CREDENTIAL_JWS_MAX = ASSAY_CREDENTIAL_TBS_MAX + 88,
    ASSAY_CREDENTIAL_VALIDITY_S_MIN = 300,
    ASSAY_CREDENTIAL_VALIDITY_S_MAX = 86400,
    ASSAY_CREDENTIAL_CA_VALIDITY_S = 2 * 365 * 86400,
    ASSAY_CREDENTIAL_EARLY_S = 300,       /* notBefore is so long before the epoch's time */
    ASSAY_CREDENTIAL_KEYS_MAX = 4,        /* CA numbers published at once: two old, active, next */
    ASSAY_CREDENTIAL_THUMBPRINT_LEN = 43, /* base64url of SHA-256 (RFC 7638) */
};

/* A number goes into the serial of each. */
enum assay_credential_product {
    ASSAY_CREDENTIAL_CA_CERTIFICATE = 1,
    ASSAY_CREDENTIAL_LEAF = 2,
    ASSAY_CREDENTIAL_TOKEN = 3,
    ASSAY_CREDENTIAL_EAR = 4,
    ASSAY_CREDENTIAL_CROSS_CERTIFICATE = 5, /* CA_CERTIFICATE of the next number, by the active one:
                                             * its serial is of CA_CERTIFICATE */
};

/* Wire values of entries. */
enum assay_credential_purpose {
    ASSAY_CREDENTIAL_PURPOSE_TLS = 1,
    ASSAY_CREDENTIAL_PURPOSE_HOLDER = 2,
    ASSAY_CREDENTIAL_PURPOSE_TOKEN = 3,
    ASSAY_CREDENTIAL_PURPOSE_SSH = 4,
};

/* Of the ledger; its own values. */
enum assay_credential_standing {
    ASSAY_CREDENTIAL_FULL = 0,
    ASSAY_CREDENTIAL_WARNING = 1,
    ASSAY_CREDENTIAL_RESTRICTED = 2,
    ASSAY_CREDENTIAL_SUSPENDED = 3,
};

/* One CA number of a network, as its identity document has it. */
struct assay_credential_ca {
    uint8_t chain_id[32];
    struct assay_slice trust_domain; /* DNS name, lower case */
    struct assay_slice issuer;       /* of tokens: https URL without query or fragment */
    uint32_t number;
    uint8_t public_key[32];
    uint32_t validity_s; /* of leaf certificates and tokens */
    bool insecure;       /* profile development, or holders without a TEE (docs/identity.md 5.8) */
};

/* A certified state, about one member. */
struct assay_credential_state {
    uint64_t era, epoch;
    uint64_t time_ms; /* of that epoch's end, Unix ms */
    uint8_t block_id[32];
    uint8_t proof_digest[32]; /* SHA-256 of the bare proof of standing */
    uint8_t node_id[32];
    uint32_t incarnation;
    enum assay_credential_standing standing;
    uint32_t score_bp;
    uint32_t evidence_kind;
};

/* One entry of a member's list of keys. */
struct assay_credential_entry {
    enum assay_credential_purpose purpose;
    struct assay_slice name; /* DNS label, lower case */
    struct assay_slice spki; /* SubjectPublicKeyInfo: P-256, P-384 or Ed25519 */
    uint8_t digest[32];      /* of the entry */
    bool granted;            /* the operators granted this name of a service to this member */
    uint32_t audience_count;
    struct assay_slice audience[ASSAY_CREDENTIAL_AUDIENCES_MAX];
};

/*
 * Common Returns of everything below: ASSAY_OK and *out, borrowed from the buffer | ASSAY_E_FULL |
 * ASSAY_E_RANGE (a number, a length, a time after 9997) | ASSAY_E_SYNTAX (a name, a domain, an
 * issuer) | ASSAY_E_ENCODING (an audience that is not printable ASCII) | ASSAY_E_KEY (a public key
 * of another form) | ASSAY_E_INVALID (an entry of another purpose)
 */

/* Returns: whether it is an https URL that may issue tokens: without query, fragment and / at its
 * end. */
bool assay_credential_issuer_is_fit(struct assay_slice text);
/* Returns: whether an entry may have this name: a DNS label in lower case, neither node nor svc. */
bool assay_credential_name_is_fit(struct assay_slice text);

/* --- certificates */
/*
 * assay_credential_ca_tbs - TBSCertificate of a CA number, signed by itself or by the number before
 * it (then with an authority key identifier).
 * In:      made: era, epoch and time of the close that put the key in force; the rest is not used
 * Returns: as above
 */
ASSAY_CHECKED enum assay_status assay_credential_ca_tbs(const struct assay_credential_ca *subject,
                                                        const struct assay_credential_ca *signer,
                                                        const struct assay_credential_state *made,
                                                        uint8_t *bytes, size_t capacity,
                                                        struct assay_slice *out);
/* TBSCertificate of a key of purpose TLS. Returns: as above */
ASSAY_CHECKED enum assay_status assay_credential_leaf_tbs(
    const struct assay_credential_ca *ca, const struct assay_credential_state *state,
    const struct assay_credential_entry *entry, uint8_t *bytes, size_t capacity,
    struct assay_slice *out);
/* The certificate of a TBSCertificate and its Ed25519 signature. Returns: as above */
ASSAY_CHECKED enum assay_status assay_credential_certificate(struct assay_slice tbs,
                                                             const uint8_t signature[static 64],
                                                             uint8_t *bytes, size_t capacity,
                                                             struct assay_slice *out);

/* --- tokens: signed under a second key of the same sharing */
/* The number that holders add to their shares, and the key that it makes (docs/identity.md 3.18).
 * Returns: ASSAY_OK | ASSAY_E_KEY (public_key is no point of the group) */
ASSAY_CHECKED enum assay_status assay_credential_token_key(const struct assay_credential_ca *ca,
                                                           struct assay_secret32 *offset,
                                                           uint8_t key[static 32]);
/* JWS signing input of a JWT for one audience of an entry of purpose token. Returns: as above, also
 * ASSAY_E_NOT_FOUND (the entry has no such audience) */
ASSAY_CHECKED enum assay_status assay_credential_token(const struct assay_credential_ca *ca,
                                                       const struct assay_credential_state *state,
                                                       const struct assay_credential_entry *entry,
                                                       uint32_t audience, uint8_t *bytes,
                                                       size_t capacity, struct assay_slice *out);
/* JWS signing input of an attestation result about the member, no OpenID token: without audience,
 * of an issuer of its own (docs/identity.md 5.6). Returns: as above */
ASSAY_CHECKED enum assay_status assay_credential_ear(const struct assay_credential_ca *ca,
                                                     const struct assay_credential_state *state,
                                                     uint8_t *bytes, size_t capacity,
                                                     struct assay_slice *out);
/* Compact JWS of a signing input and its signature (RFC 7515 7.1). Returns: as above */
ASSAY_CHECKED enum assay_status assay_credential_jws(struct assay_slice input,
                                                     const uint8_t signature[static 64],
                                                     uint8_t *bytes, size_t capacity,
                                                     struct assay_slice *out);

/* --- published keys. In: count: 1 to ASSAY_CREDENTIAL_KEYS_MAX */
/* JSON Web Key Set of the token keys; the keys of certificates are not in it. Returns: as above */
ASSAY_CHECKED enum assay_status assay_credential_jwks(const struct assay_credential_ca *ca,
                                                      uint32_t count, uint8_t *bytes,
                                                      size_t capacity, struct assay_slice *out);
/* SPIFFE bundle. In: certificate: of each CA number; sequence: epoch of the last change. Returns:
 * as above */
ASSAY_CHECKED enum assay_status assay_credential_bundle(const struct assay_credential_ca *ca,
                                                        const struct assay_slice *certificate,
                                                        uint32_t count, uint64_t sequence,
                                                        uint8_t *bytes, size_t capacity,
                                                        struct assay_slice *out);

#endif
