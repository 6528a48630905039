/*
 * include/assay/identity.h - libassay for certificates and tokens that a network signs for the
 * attested keys of its members (docs/identity.md).
 *
 * Both are statements of a network about a member at one epoch, with the standing that it had then.
 * Nothing of them is a verdict of this library: the evidence was verified by the network.
 *
 * Part of assay/assay.h, which includes it.
 */
#ifndef ASSAY_IDENTITY_H
#define ASSAY_IDENTITY_H

#include <assay/assay.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef ASSAY_QUOTE_RESULT_SVID_SVID_H /* INTERNAL */
/* In the order of the checks; the first one that fails is the answer. */
enum assay_identity_answer {
    ASSAY_IDENTITY_NOT_READ = 0,
    ASSAY_IDENTITY_VALID = 1,
    ASSAY_IDENTITY_MALFORMED = 2,     /* no certificate or token; an extension or member twice */
    ASSAY_IDENTITY_UNSUPPORTED = 3,   /* another algorithm or version; a critical extension */
    ASSAY_IDENTITY_OTHER_PROFILE = 4, /* usage, constraints or names that no network makes */
    ASSAY_IDENTITY_LONG_PATH = 5,     /* a certificate stands between leaf and CA */
    ASSAY_IDENTITY_NO_KEY = 6,        /* by none of the keys given: rolled over, or retired */
    ASSAY_IDENTITY_FORGED = 7,        /* the signature is not by the key that it names */
    ASSAY_IDENTITY_OTHER_NETWORK = 8, /* another chain or trust domain */
    ASSAY_IDENTITY_OTHER_ERA = 9,
    ASSAY_IDENTITY_OLD_EPOCH = 10,
    ASSAY_IDENTITY_NOT_YET = 11,
    ASSAY_IDENTITY_EXPIRED = 12,
    ASSAY_IDENTITY_TOO_OLD = 13,
    ASSAY_IDENTITY_OTHER_NAME = 14, /* SPIFFE ID, service or member */
    ASSAY_IDENTITY_OTHER_ISSUER = 15,
    ASSAY_IDENTITY_OTHER_AUDIENCE = 16,
    ASSAY_IDENTITY_LOW_STANDING = 17,
    ASSAY_IDENTITY_OTHER_KIND = 18, /* of evidence */
    ASSAY_IDENTITY_INSECURE = 19    /* of a network for development, or without TEEs */
};
#endif /* INTERNAL */

/* The most certificates of one peer, and CA certificates of one network. */
#define ASSAY_IDENTITY_CHAIN_MAX 8
#define ASSAY_IDENTITY_CAS_MAX   8
/* The longest file of CA certificates or keys, and the greatest skew. */
#define ASSAY_IDENTITY_TRUSTED_MAX 131072
#define ASSAY_IDENTITY_SKEW_S_MAX  300

/* What you accept. What is NULL, false or 0 is not checked, unless it says otherwise; what was not
 * checked, assay_identity_get_unchecked lists. */
struct assay_identity_request {
    size_t size;
    /* Of one network. For certificates its CA certificates: DER one after the other, PEM, or its
     * SPIFFE bundle. For tokens its key set (JWKS). */
    struct assay_bytes trusted;
    const uint8_t *chain_id; /* 32 bytes */
    const char *trust_domain;
    const char *service;    /* "api": a name that the operators granted */
    const char *spiffe_id;  /* "spiffe://mesh.example/svc/api", character by character */
    const uint8_t *node_id; /* 32 bytes */
    bool has_era;
    uint64_t era;       /* this one alone */
    uint64_t epoch_min; /* this one, or a later one */
    bool has_age_max;
    uint64_t age_max_s; /* since the end of the epoch that it names */
    /* The worst that you accept. 0 is FULL: name WARNING to accept that as well. */
    enum assay_standing standing_worst;
    uint32_t kinds;       /* of evidence: ASSAY_KIND_BIT(...) | ...; 0: any */
    bool accept_insecure; /* false: a network of profile development, or whose holders have no TEE,
                             is refused */
    uint32_t skew_s;      /* that your clock may differ, up to ASSAY_IDENTITY_SKEW_S_MAX */
    int64_t at_unix_s;    /* the time of the verification */
    /* --- of tokens, both needed */
    const char *issuer;   /* `iss`, character by character */
    const char *audience; /* `aud`, the same */
};

struct assay_identity;
/* Memory of one answer: about 200 KB, used again and again. Returns: ASSAY_OK | ASSAY_E_MEMORY |
 * ASSAY_E_INVALID */
ASSAY_API ASSAY_CHECKED enum assay_status assay_identity_create(struct assay_identity **identity);
ASSAY_API void assay_identity_destroy(struct assay_identity **identity);
/*
 * assay_identity_verify_peer - verify the certificate of a TLS peer. The handshake proves that the
 * peer has its key; this function, that the network certified the key. No host name is compared:
 * set chain_id, and service, spiffe_id or node_id.
 * In:      request: bytes beyond the members that this version has must be zero; certificates
 *          [count]: DER, as the peer sent them, its own first; of the others the certificate of a
 *          CA number by a given one before it extends the path, and none else
 * Out:     *answer, always: ASSAY_IDENTITY_VALID, or why the certificate must not be relied on;
 *          ASSAY_IDENTITY_NOT_READ unless ASSAY_OK is returned
 *          *identity has details
 * Returns: ASSAY_OK (there is an answer) | ASSAY_E_KEY (a CA certificate cannot be read, or is not
 *          signed by itself) | ASSAY_E_FULL (too many of them) | ASSAY_E_RANGE (certificates, skew,
 *          time, `trusted` too long) | ASSAY_E_INVALID (misuse; CA certificates of several
 *          networks) | ASSAY_E_UNSUPPORTED (members of a later version are used) | ASSAY_E_MEMORY
 *          | ASSAY_E_CRYPTO (OpenSSL has no Ed25519)
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_identity_verify_peer(
    const struct assay_identity_request *request, const struct assay_bytes *certificates,
    size_t count, struct assay_identity *identity, enum assay_identity_answer *answer);
/*
 * assay_identity_verify_token - verify a token (JWT, EdDSA). It is a bearer secret: whoever has it
 * can show it, unless you have the bearer prove the key of `key_thumbprint`. Bytes after it (the
 * end of a line) make it malformed.
 * Out:     as assay_identity_verify_peer
 * Returns: as assay_identity_verify_peer; ASSAY_E_KEY: the key set cannot be read
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_identity_verify_token(
    const struct assay_identity_request *request, const void *token, size_t len,
    struct assay_identity *identity, enum assay_identity_answer *answer);

/* Everything after `why` is zero unless the answer is ASSAY_IDENTITY_VALID. */
struct assay_identity_claims {
    size_t size;
    enum assay_identity_answer answer;
    const char *why; /* a sentence in printable ASCII; "" of a valid one; also of ASSAY_E_KEY */
    const char *spiffe_id;
    const char *trust_domain;
    const char *name; /* of the key */
    bool is_service;  /* the operators granted the name */
    bool insecure;    /* of a network for development, or whose holders have no TEE */
    uint8_t chain_id[32];
    uint64_t era, epoch;
    uint8_t block_id[32];
    uint8_t node_id[32];
    uint32_t incarnation;
    enum assay_standing standing; /* at the end of that epoch */
    uint32_t score_bp;
    uint32_t evidence_kind; /* enum assay_evidence_kind */
    uint8_t entry_digest[32];
    uint8_t proof_digest[32]; /* SHA-256 of the bare proof of standing */
    uint8_t serial[16];
    int64_t issued_unix_s; /* the end of that epoch */
    int64_t starts_unix_s;
    int64_t expires_unix_s;
    /* --- of a certificate */
    uint32_t ca_number;
    struct assay_bytes key; /* SubjectPublicKeyInfo */
    /* --- of a token */
    const char *key_thumbprint; /* RFC 7638 */
};
/* Pointers hold until the object is used again. Returns: false of NULL, and before the first
 * verification; *claims untouched. */
ASSAY_API bool assay_identity_get_claims(const struct assay_identity *identity,
                                         struct assay_identity_claims *claims);
/*
 * assay_identity_get_unchecked - the index-th thing that a valid certificate or token leaves open:
 * "possession" and "revocation" always; "network", "era", "age", "name" where the request left them
 * out. Returns: false past the last one, and unless the answer is ASSAY_IDENTITY_VALID
 */
ASSAY_API bool assay_identity_get_unchecked(const struct assay_identity *identity, size_t index,
                                            struct assay_unchecked *unchecked);
/* "other-network". Returns: a static text; "unknown" outside the list. */
ASSAY_API const char *assay_name_of_identity(enum assay_identity_answer answer);

#ifdef __cplusplus
}
#endif
#endif
