/*
 * apps/assay/proofs/proof.h - helpers shared by `assay proof`, its attestation result and `assay
 * checkpoint`.
 */
#ifndef ASSAY_APPS_ASSAY_PROOFS_PROOF_H
#define ASSAY_APPS_ASSAY_PROOFS_PROOF_H

#include "engine/ledger/proofs/key_proof.h"
#include "net/documents/standing_ear.h"
#include "quote/x509.h"

/* A checkpoint from a file, or that of a genesis; reports errors on stderr, prefixed with `who`.
 * Returns: an enum assay_exit. */
int cli_proof_checkpoint(const char *command, const char *path,
                         struct assay_checkpoint *checkpoint);
/* Options about the time by which a proof is verified and the age that it may have. */
struct assay_proof_time {
    const char *max_age; /* "90s", "30m", "24h", "14d"; NULL: ASSAY_PROOF_AGE_S */
    int64_t at_unix_s;   /* 0: of the clock */
    bool no_clock;
};
#define ASSAY_PROOF_TIME_TARGETS(t)                                                                \
    { "max-age", .text = &(t)->max_age }, { "at", .time = &(t)->at_unix_s },                       \
    {                                                                                              \
        "no-clock", .flag = &(t)->no_clock                                                         \
    }
/* Out: *max_age_s; *now_ms, Unix ms, 0 with no_clock. Reports a wrong option on stderr.
 * Returns: an enum assay_exit */
int cli_proof_times(const struct assay_proof_time *time, uint32_t *max_age_s, uint64_t *now_ms);
/* Text of an answer; of an unknown age with its cause: no clock, --at, or the clock. now_ms: as of
 * cli_proof_times. Returns: never NULL */
const char *cli_proof_age_text(enum assay_proof_answer answer, const struct assay_proof_time *time,
                               uint64_t now_ms);
/* First byte of a genesis file, an array of three (docs/protocol.md 9.1); checkpoints differ. */
enum { ASSAY_PROOF_GENESIS_FIRST = 0x83 };

/*
 * cli_proof_profile_find - look up the profile of a proven policy; errors are printed.
 * In:      path: a policy file or a genesis, NULL for none; checkpoint: the file that the proof was
 *          verified from, which may be a genesis
 * Out:     *profile
 * Returns: ASSAY_EXIT_OK | ASSAY_EXIT_DENIED (path has another policy) | ASSAY_EXIT_USAGE |
 *          ASSAY_EXIT_INTERNAL
 */
int cli_proof_profile_find(const char *path, const char *checkpoint,
                           const struct assay_proven_state *proven,
                           enum assay_proof_profile *profile);
/* The key that a TLS peer proved in its handshake, and the key proof about it. */
struct cli_proof_peer {
    uint8_t der[ASSAY_CERT_DER_MAX];
    struct assay_slice spki; /* SubjectPublicKeyInfo, in der */
    uint8_t spki_sha256[32];
    struct assay_key_proof proof; /* set by the caller */
};
/* Bytes of its file: a chain in PEM, or the output of openssl s_client. */
enum { ASSAY_PROOF_PEER_FILE_MAX = 64 * 1024 };
/*
 * cli_proof_peer_read - the key of a peer: the first certificate or public key of a PEM file, or
 * one of either in DER. Nothing else of a certificate is used (docs/identity.md 10.2).
 * Returns: ASSAY_OK | ASSAY_E_TYPE (PEM of something else) | ASSAY_E_SYNTAX (neither PEM nor DER) |
 *          ASSAY_E_RANGE (the file, or its DER is too long) | as assay_file_read, assay_pem_next,
 *          assay_x509_certificate_spki
 */
ASSAY_CHECKED enum assay_status cli_proof_peer_read(const char *path, struct cli_proof_peer *peer);
/* Is it an active TLS key of the member that was proven, which stands at WARNING or better?
 * Returns: the answer */
enum assay_key_answer cli_proof_peer_check(const struct cli_proof_peer *peer,
                                           const struct assay_proven_state *proven);
/*
 * cli_proof_ear_write - what is proven as an attestation result of all verifiers together
 * (proof_ear.c), signed with a key of `assay keys operator`.
 * In:      path: "-" for stdout; is_cbor: a CBOR web token, else JSON. Hardware is claimed under a
 *          production policy alone; under another, or one that is unknown, the vector has no claim
 *          about it
 * Returns: an enum assay_exit
 */
int cli_proof_ear_write(const struct assay_proof_verified *verified, const char *path,
                        const char *key, bool is_cbor);

#endif
