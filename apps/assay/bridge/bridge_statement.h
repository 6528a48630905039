/*
 * apps/assay/bridge/bridge_statement.h - certificates, tokens and keys that a bridge signs
 * (docs/identity.md 13): what a network certified, once more under ECDSA or RSA.
 *
 * A bridge is its owner's word that it verified. What it signs is a part of what was verified: the
 * same subject, names and key, and a lifetime within that of the source. Its inputs are results of
 * quote/result/svid/svid.h whose answer is VALID. Without I/O; randomness comes with serials.
 */
#ifndef ASSAY_APPS_ASSAY_BRIDGE_BRIDGE_STATEMENT_H
#define ASSAY_APPS_ASSAY_BRIDGE_BRIDGE_STATEMENT_H

#include "base/crypto/keypair.h"
#include "base/writer.h"
#include "net/documents/standing_ear.h"
#include "quote/result/svid/svid.h"

enum {
    CLI_BRIDGE_NAME_MAX = 64, /* RFC 5280 A.1: ub-common-name */
    CLI_BRIDGE_SERIAL_LEN = 16,
    CLI_BRIDGE_CERTIFICATE_MAX = 4096,
    CLI_BRIDGE_TOKEN_MAX = 8192,
    CLI_BRIDGE_KEYS_MAX = 8, /* of one key set */
    CLI_BRIDGE_EARLY_S = 300,
    CLI_BRIDGE_EAR_VALIDITY_S = 3600, /* of attestation results, unless the owner wants another */
};

/* A key of a bridge, and whose it is. */
struct cli_bridge_signer {
    const struct assay_keypair *key;
    const char *name;   /* of the CA: common name; printable ASCII */
    const char *issuer; /* of tokens: https URL */
};

/* From when to when a statement is valid. */
struct cli_bridge_times {
    int64_t not_before_s, not_after_s;
};
/* What bounds it. A bound of 0 is none. */
struct cli_bridge_bounds {
    int64_t now_s;
    struct cli_bridge_times source; /* of the network's certificate or token */
    struct cli_bridge_times ca;     /* of the bridge's own CA certificate; 0, 0: of tokens */
    int64_t trusted_until_s;        /* of what proved the network's keys */
    uint64_t validity_s;            /* that the owner wants at most, from now on */
};

/* Why a bridge signs nothing although the source is valid, in the order of the checks. */
enum cli_bridge_answer {
    CLI_BRIDGE_SIGNS = 0,
    CLI_BRIDGE_OTHER_KEY,    /* of Ed25519, which those that a bridge is for do not verify */
    CLI_BRIDGE_OTHER_MEMBER, /* the proof of standing is of another one */
    CLI_BRIDGE_OTHER_LIFE,   /* the member re-registered since */
    CLI_BRIDGE_OLDER_PROOF,  /* the proof is of an epoch before the source */
    CLI_BRIDGE_LOW_STANDING, /* the member stands too low now */
    CLI_BRIDGE_OVER,         /* nothing is left of the lifetime */
    CLI_BRIDGE_INSECURE,     /* of a network of profile development */
    CLI_BRIDGE_NO_PROFILE,   /* no policy shows whether it is one */
};
/* Returns: a sentence, never NULL. */
const char *cli_bridge_answer_text(enum cli_bridge_answer answer);

/* The key of a certificate. Returns: SIGNS | OTHER_KEY */
enum cli_bridge_answer cli_bridge_check_key(const struct assay_svid *source);
/* What the member is now, by a proof that was verified and is fresh. Returns: SIGNS | OTHER_MEMBER
 * | OTHER_LIFE | OLDER_PROOF | LOW_STANDING */
enum cli_bridge_answer cli_bridge_check_standing(const struct assay_svid *source,
                                                 const struct assay_proven_state *proven,
                                                 uint32_t standing_worst);
/* An attestation result of a network of this profile. Returns: SIGNS | INSECURE | NO_PROFILE */
enum cli_bridge_answer cli_bridge_check_profile(enum assay_proof_profile profile,
                                                bool accepts_insecure);
/* The most that all bounds have in common. Returns: SIGNS | OVER */
enum cli_bridge_answer cli_bridge_find_times(const struct cli_bridge_bounds *bounds,
                                             struct cli_bridge_times *times);

/* Until when an attestation result is valid: a proof may be relied upon for a day, so validity_s
 * bounds it, 0: CLI_BRIDGE_EAR_VALIDITY_S. proof_end_ms: of the trust in the proof. Returns: ms */
uint64_t cli_bridge_find_ear_end_ms(uint64_t proof_end_ms, int64_t now_s, uint64_t validity_s);

/*
 * Common Returns of everything below: ASSAY_OK and *out, borrowed from the buffer | ASSAY_E_FULL |
 * ASSAY_E_MEMORY | ASSAY_E_CRYPTO
 */
/* CA certificate of a bridge, signed by itself: path length 0. In: domain: DNS names that it may
 * certify; NULL: any */
ASSAY_CHECKED enum assay_status cli_bridge_ca_certificate(
    const struct cli_bridge_signer *signer, const char *domain,
    const struct cli_bridge_times *times, const uint8_t serial[static CLI_BRIDGE_SERIAL_LEN],
    uint8_t *bytes, size_t capacity, struct assay_slice *out);
/* Subject, key, alternative names and standing are the source's bytes. In: source: DER of a leaf
 * that was verified. Returns: also ASSAY_E_INVALID (no leaf) */
ASSAY_CHECKED enum assay_status cli_bridge_certificate(
    const struct cli_bridge_signer *signer, struct assay_slice source,
    const struct cli_bridge_times *times, const uint8_t serial[static CLI_BRIDGE_SERIAL_LEN],
    uint8_t *bytes, size_t capacity, struct assay_slice *out);
/* The same subject, audience, key (cnf) and number (jti); iss is the bridge's. */
ASSAY_CHECKED enum assay_status cli_bridge_token(const struct cli_bridge_signer *signer,
                                                 const struct assay_svid *source,
                                                 const char *audience,
                                                 const struct cli_bridge_times *times,
                                                 int64_t now_s, uint8_t *bytes, size_t capacity,
                                                 struct assay_slice *out);
/* An attestation result of what a proof of standing proves: `eat+jwt`, iss `<issuer>/ear`, no
 * audience, exp as the claims have it. In: claims: JSON (net/documents/standing_ear.h) */
ASSAY_CHECKED enum assay_status cli_bridge_ear(const struct cli_bridge_signer *signer,
                                               const char *claims, uint8_t *bytes, size_t capacity,
                                               struct assay_slice *out);
/* JSON Web Key Set (RFC 7517). */
ASSAY_CHECKED enum assay_status cli_bridge_jwks(const struct assay_key *const *keys, size_t count,
                                                uint8_t *bytes, size_t capacity,
                                                struct assay_slice *out);
/* Metadata of OpenID Connect Discovery. In: keys: algorithms are those of these */
ASSAY_CHECKED enum assay_status cli_bridge_discovery(const char *issuer,
                                                     const struct assay_key *const *keys,
                                                     size_t count, uint8_t *bytes, size_t capacity,
                                                     struct assay_slice *out);

#endif
