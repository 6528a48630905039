/*
 * quote/result/svid/svid.h - certificates and tokens that a network signs for its members' keys, as
 * a relying party verifies them (docs/identity.md 5, 8).
 *
 * Both are statements of the network about a member at an epoch that it names. They are no
 * evidence: nothing of them becomes a verdict. The relying party brings the keys, what it expects
 * and the time; nothing of a certificate or token selects how it is verified.
 */
#ifndef ASSAY_QUOTE_RESULT_SVID_SVID_H
#define ASSAY_QUOTE_RESULT_SVID_SVID_H

#include "quote/json.h"
#include "quote/result/unchecked.h"
#include "quote/text.h"
#include "quote/x509.h"

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
    ASSAY_IDENTITY_INSECURE = 19,   /* of a network for development, or without TEEs */
};

enum {
    ASSAY_SVID_CAS_MAX = 8,   /* four at most are published at once */
    ASSAY_SVID_CHAIN_MAX = 8, /* certificates of a peer */
    ASSAY_SVID_SKEW_S_MAX = 300,
    ASSAY_SVID_URI_MAX = 256, /* the longest has 189 characters */
    ASSAY_SVID_ISSUER_MAX = 200,
    ASSAY_SVID_AUDIENCE_MAX = 128,
    ASSAY_SVID_THUMBPRINT_LEN = 43,
    ASSAY_SVID_UNCHECKED_MAX = 6,
    ASSAY_SVID_TOKEN_MAX = 2136, /* as the network writes them */
};

/* What the relying party expects; a NULL or false is not checked. */
struct assay_svid_terms {
    const uint8_t *chain_id; /* 32 bytes */
    const uint8_t *node_id;  /* 32 bytes */
    const char *trust_domain;
    const char *spiffe_id;
    const char *service;  /* granted by operators */
    const char *issuer;   /* of tokens; always checked */
    const char *audience; /* the same */
    bool has_era;
    uint64_t era;
    uint64_t epoch_min;
    bool has_age;
    uint64_t age_max_s;
    uint32_t standing_worst; /* 0 FULL to 3 SUSPENDED */
    uint32_t kinds;          /* of evidence, as bits; 0: any */
    bool accepts_insecure;
    uint32_t skew_s; /* of the two clocks, up to ASSAY_SVID_SKEW_S_MAX */
    int64_t at_unix_s;
};

struct assay_svid_ca {
    struct assay_x509_svid certificate; /* borrows from der */
    size_t der_len;
    uint8_t der[ASSAY_SVID_DER_MAX];
};

struct assay_svid {
    enum assay_identity_answer answer;
    char why[2 * ASSAY_REASON_TEXT]; /* printable ASCII; empty of a valid one */
    /* --- of a valid one alone */
    struct assay_svid_state state;
    char spiffe_id[ASSAY_SVID_URI_MAX];
    char trust_domain[ASSAY_SVID_DOMAIN_MAX + 1];
    char name[ASSAY_COMMON_NAME_MAX]; /* of the key */
    bool is_service;                  /* operators granted the name */
    bool is_insecure;
    uint32_t ca_number; /* of a certificate */
    uint8_t serial[ASSAY_SVID_SERIAL_LEN];
    int64_t issued_s, not_before_s, not_after_s;
    size_t spki_len; /* of a certificate */
    uint8_t spki[ASSAY_SVID_SPKI_MAX];
    char thumbprint[ASSAY_SVID_THUMBPRINT_LEN + 1]; /* of a token: of the key (RFC 7638) */
    size_t unchecked_count;
    struct assay_open_check unchecked[ASSAY_SVID_UNCHECKED_MAX];
    /* --- while it is read */
    size_t ca_count;
    struct assay_svid_ca ca[ASSAY_SVID_CAS_MAX + 1]; /* and one place to read into */
    struct assay_doc_tree tree;
    uint8_t bytes[ASSAY_SVID_TOKEN_MAX];
};

/*
 * assay_svid_verify_chain - verify the certificates of a TLS peer.
 * In:      trusted: CA certificates of one network: DER one after the other, PEM, or a SPIFFE
 *          bundle; chain[count], the leaf first, hostile; of further ones a cross certificate
 *          counts (docs/identity.md 8.2)
 * Out:     *svid, overwritten: its answer, also of a status that is not ASSAY_OK its reason
 * Returns: ASSAY_OK (an answer was found) | ASSAY_E_KEY (a CA certificate cannot be read, or is not
 *          signed by itself) | ASSAY_E_INVALID (of several networks) | ASSAY_E_FULL |
 *          ASSAY_E_MEMORY | ASSAY_E_CRYPTO (the library has no Ed25519)
 */
ASSAY_CHECKED enum assay_status assay_svid_verify_chain(const struct assay_svid_terms *terms,
                                                        struct assay_slice trusted,
                                                        const struct assay_slice *chain,
                                                        size_t count, struct assay_svid *svid);
/*
 * assay_svid_verify_token - the same of a token. In: trusted: the key set (JWKS); text: compact JWS
 * Returns: ASSAY_OK | ASSAY_E_KEY (the key set cannot be read) | ASSAY_E_MEMORY |
 * ASSAY_E_CRYPTO (the library has no Ed25519)
 */
ASSAY_CHECKED enum assay_status assay_svid_verify_token(const struct assay_svid_terms *terms,
                                                        struct assay_slice trusted,
                                                        struct assay_slice text,
                                                        struct assay_svid *svid);
/* After assay_svid_verify_chain with these terms and chain[0] alone, whose answer was VALID. In:
 * chain[count]: the leaf first; the others hostile. Returns: whether chain[1] is the certificate of
 * the leaf's CA number by a number before it that is trusted (docs/identity.md 5.1.1) */
ASSAY_CHECKED bool assay_svid_is_cross(const struct assay_svid_terms *terms,
                                       const struct assay_slice *chain, size_t count,
                                       struct assay_svid *svid);

/* "other-network", ... Returns: a static text, "unknown" outside the list. */
const char *assay_svid_answer_text(enum assay_identity_answer answer);

/* --- for the files of this folder */
/* Sets answer and reason; what is quoted is cut, others than printable ASCII replaced; it may be
 * empty. Returns: answer */
enum assay_identity_answer assay_svid_refuse(struct assay_svid *svid,
                                             enum assay_identity_answer answer, const char *why,
                                             struct assay_slice quoted);
/* Compares all but issuer and audience, whose statement it is, with the terms. Returns: the answer
 */
enum assay_identity_answer assay_svid_check_terms(const struct assay_svid_terms *terms,
                                                  struct assay_svid *svid);
/* Is the time within the bounds, clocks apart by skew_s at most? Returns: VALID, or NOT_YET or
 * EXPIRED of `what`. */
enum assay_identity_answer assay_svid_check_time(const struct assay_svid_terms *terms,
                                                 const char *what, int64_t not_before_s,
                                                 int64_t not_after_s, struct assay_svid *svid);
/* Lengths of texts are those of the formats (asserted). */
void assay_svid_copy_id(struct assay_slice uri, const struct assay_spiffe_id *id,
                        struct assay_svid *svid);
/* CA certificates, each signed by itself, all of one network. In: svid->tree is free to use.
 * Returns: as assay_svid_verify_chain */
ASSAY_CHECKED enum assay_status assay_svid_load_cas(struct assay_slice trusted,
                                                    struct assay_svid *svid);

#endif
