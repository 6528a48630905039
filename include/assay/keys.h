/*
 * include/assay/keys.h - libassay-keys: registration of a workload key with the enclave program of
 * this machine (docs/identity.md 6.6, 6.7).
 *
 * The enclave binds registered keys into its evidence, the network appraises that, and relying
 * parties then accept the key as one of an attested member. Call it inside the TEE, where the
 * private key is: who can reach the socket decides which keys are attested.
 *
 * A library of its own: it opens a socket and waits. It reads no file, and stores nothing.
 */
#ifndef ASSAY_KEYS_H
#define ASSAY_KEYS_H

#include <assay/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a key is for; the network certifies it for that alone. */
enum assay_workload_purpose {
    ASSAY_WORKLOAD_TLS = 1,
    ASSAY_WORKLOAD_TOKEN = 3, /* tokens (JWT), for the audiences of the request */
    ASSAY_WORKLOAD_SSH = 4
};

/* The longest signature in DER, of P-384. */
#define ASSAY_WORKLOAD_SIGNATURE_MAX 104
/* The most audiences of a token key. */
#define ASSAY_WORKLOAD_AUDIENCES_MAX 4

struct assay_workload_key {
    size_t size;
    const char *socket_path; /* enclave.service of the daemon's configuration */
    /* 32 bytes: the network that you mean, and never one that you were sent: what is signed counts
     * for the ledger of that network. */
    const uint8_t *chain_id;
    const uint8_t *node_id; /* 32 bytes: this member alone; NULL: the one of the enclave */
    enum assay_workload_purpose purpose;
    const char *name; /* "api": a DNS label in lower case; one key of a purpose has it */
    const char *const *audiences; /* of ASSAY_WORKLOAD_TOKEN, ascending */
    size_t audience_count;
    const uint8_t *key; /* SubjectPublicKeyInfo (DER): P-256, P-384 or Ed25519 */
    size_t key_len;
    /* Signs a message with the private key, as EVP_DigestSign of OpenSSL and most libraries do:
     * ECDSA over the SHA-256 (P-256) or SHA-384 (P-384) of the message, in DER; Ed25519 over the
     * message, 64 bytes. Called twice, in the thread of the call. Out: signature[*len], up to
     * ASSAY_WORKLOAD_SIGNATURE_MAX. Returns: false: it cannot sign */
    bool (*sign)(void *context, const uint8_t *message, size_t message_len, uint8_t *signature,
                 size_t *len);
    void *context;
    /* NULL, or the `boot` of an earlier answer, 32 bytes: an enclave program that has not restarted
     * since still has the key, so nothing is signed. */
    const uint8_t *boot;
    uint32_t timeout_ms; /* of the call, at most 60000; 0: 5000 */
};

struct assay_workload_key_answer {
    size_t size;
    bool is_new; /* this call registered it, or withdrew it */
    /* Of a failure: it passes by itself, so call again in some seconds. */
    bool may_pass;
    uint32_t count; /* keys that the enclave has; 0 unless is_new */
    /* 32 bytes each, as the enclave states them; zero unless it did. */
    uint8_t boot[32]; /* of its program: another one after each restart */
    uint8_t chain_id[32];
    uint8_t node_id[32];
    char message[400]; /* why not, and what to do, in printable ASCII; "" of a success */
};

/*
 * assay_workload_key_register - register a key, so that the enclave binds it into evidence. A key
 * that is registered already is registered once; another key of its purpose and name is refused.
 * Call it every few seconds with `boot`: an enclave program that restarts has no keys.
 * In:      request: bytes beyond the members that this version has must be zero
 * Out:     *answer, overwritten whatever is returned
 * Returns: ASSAY_OK (the running enclave has the key) | ASSAY_E_NOT_FOUND (no such socket, no
 *          enclave answers, or not in time; or its daemon has not named the member yet) |
 *          ASSAY_E_KEY (the enclave is of another network or member: nothing was signed) |
 *          ASSAY_E_CRYPTO (sign returned false, or no signature of the key's kind) |
 *          ASSAY_E_DUPLICATE (the name has another key, or another user's) | ASSAY_E_FULL (no more
 *          keys) | ASSAY_E_INVALID (misuse; no such name, audience or key; the enclave refuses it
 *          for another reason) | ASSAY_E_RANGE (path, timeout) | ASSAY_E_UNSUPPORTED (members of a
 *          later version are used) | ASSAY_E_MEMORY
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_workload_key_register(
    const struct assay_workload_key *request, struct assay_workload_key_answer *answer);
/*
 * assay_workload_key_withdraw - end the registration of a key, as the user who registered it. The
 * key ends in the network when the list without it is declared, two epochs later; the only key of
 * the enclave with the member's next certified PASS.
 * Out:     *answer, overwritten whatever is returned; is_new: it was registered
 * Returns: ASSAY_OK (the enclave does not have it) | as assay_workload_key_register
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_workload_key_withdraw(
    const char *socket_path, enum assay_workload_purpose purpose, const char *name,
    uint32_t timeout_ms, struct assay_workload_key_answer *answer);

#ifdef __cplusplus
}
#endif
#endif
