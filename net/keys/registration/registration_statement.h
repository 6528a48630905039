/*
 * net/keys/registration/registration_statement.h - entry of a workload key and its two proofs, with
 * which the key is registered with an enclave program (docs/identity.md 6.2, 6.6).
 */
#ifndef ASSAY_NET_KEYS_REGISTRATION_REGISTRATION_STATEMENT_H
#define ASSAY_NET_KEYS_REGISTRATION_REGISTRATION_STATEMENT_H

#include "engine/ledger/state/workload_keys.h"

struct assay_registration_statement {
    size_t entry_len;
    uint8_t entry[ASSAY_DECLARED_KEY_LEN_MAX];
    size_t proof_len;
    uint8_t proof[ASSAY_DECLARED_KEY_PROOF_MAX]; /* the second one: of this boot */
};

/* Signs a message with the key: P-256 over its SHA-256, P-384 over its SHA-384, Ed25519 over
 * itself. Out: signature, *len: r | s, or R | S. Returns: ASSAY_OK, or what the maker of the
 * statement is to return */
typedef enum assay_status assay_registration_sign(
    void *context, struct assay_slice message,
    uint8_t signature[static ASSAY_DECLARED_KEY_PROOF_MAX], size_t *len);

/*
 * assay_registration_statement_make - what registers a key, for one boot of an enclave program.
 * In:      key: without a proof; chain_id: the network that the owner of the key means, and never
 *          one that it was sent: the first proof is one for the ledger of that network
 * Returns: ASSAY_OK | what sign returned | ASSAY_E_FULL, and the statuses of
 *          assay_declared_keys_encode (name, audiences, key or signature have no valid form)
 */
ASSAY_CHECKED enum assay_status assay_registration_statement_make(
    const struct assay_declared_key *key, const uint8_t chain_id[static 32],
    const uint8_t node_id[static 32], const uint8_t boot[static 32], assay_registration_sign *sign,
    void *context, struct assay_registration_statement *statement);

#endif
