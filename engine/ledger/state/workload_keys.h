/*
 * engine/ledger/state/workload_keys.h - keys of workloads that a member declares, and the list of
 * them: encoding, proof of possession, root.
 *
 * docs/identity.md 6. An entry is canonical CBOR ["assay/key/v1", purpose, name, audiences, SPKI,
 * proof]; a list is an array of entries that ascend by (purpose, name). Its root is that of RFC
 * 6962 over the entries.
 */
#ifndef ASSAY_ENGINE_LEDGER_STATE_WORKLOAD_KEYS_H
#define ASSAY_ENGINE_LEDGER_STATE_WORKLOAD_KEYS_H

#include "base/crypto.h"
#include "base/cursor.h"
#include "base/writer.h"

enum {
    ASSAY_DECLARED_KEYS_MAX = 16,
    ASSAY_DECLARED_KEY_LEN_MAX = 480, /* an encoded entry */
    ASSAY_DECLARED_KEYS_LEN_MAX = ASSAY_DECLARED_KEYS_MAX * ASSAY_DECLARED_KEY_LEN_MAX + 1,
    ASSAY_DECLARED_KEY_NAME_MAX = 63, /* a DNS label */
    ASSAY_DECLARED_KEY_AUDIENCES_MAX = 4,
    ASSAY_DECLARED_KEY_AUDIENCE_MAX = 128,
    ASSAY_DECLARED_KEY_SPKI_MAX = 120, /* P-384 */
    ASSAY_DECLARED_KEY_PROOF_MAX = ASSAY_P384_SIGNATURE_LEN,
    ASSAY_DECLARED_KEY_STATEMENT_MAX = 1024, /* what a proof is made over */
};

/* Encoded, hence never reused. */
enum assay_declared_purpose {
    ASSAY_PURPOSE_TLS = 1,
    ASSAY_PURPOSE_HOLDER = 2, /* of shares of the group key */
    ASSAY_PURPOSE_TOKEN = 3,
    ASSAY_PURPOSE_SSH = 4,
};

/* Slices borrow. */
struct assay_declared_key {
    enum assay_declared_purpose purpose;
    struct assay_slice name;
    uint32_t audience_count; /* of a token; ascending */
    struct assay_slice audiences[ASSAY_DECLARED_KEY_AUDIENCES_MAX];
    struct assay_slice spki;  /* DER: P-256, P-384 or Ed25519 */
    struct assay_slice proof; /* as long as signatures of the key are: r | s, or R | S */
};

struct assay_declared_keys {
    uint32_t count;
    struct assay_declared_key keys[ASSAY_DECLARED_KEYS_MAX];
    struct assay_slice entries[ASSAY_DECLARED_KEYS_MAX]; /* as they are encoded */
};

/* Shape alone: neither points nor proofs. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_declared_keys_decode(struct assay_slice list,
                                                           struct assay_declared_keys *keys);
/* The list of keys[count], which need not be in order; entries in the order given is refused.
 * Returns: ASSAY_OK | ASSAY_E_FULL | what assay_declared_keys_decode says of it */
ASSAY_CHECKED enum assay_status assay_declared_keys_encode(const struct assay_declared_key *keys,
                                                           uint32_t count, struct assay_writer *w);
/* RFC 6962 root over the entries; of none, that of the empty tree. */
void assay_declared_keys_root(const struct assay_declared_keys *keys, uint8_t root[static 32]);
/* The root of no entries (E0). */
void assay_declared_keys_no_root(uint8_t root[static 32]);

/*
 * What the key signs to prove that its holder lists it: ["assay/key-proof/v1", chain_id, node_id,
 * purpose, name, audiences, SPKI]. P-256 over its SHA-256, P-384 over its SHA-384, Ed25519 over
 * itself.
 * Returns: ASSAY_OK | ASSAY_E_FULL
 */
ASSAY_CHECKED enum assay_status assay_declared_key_statement(const uint8_t chain_id[static 32],
                                                             const uint8_t node_id[static 32],
                                                             const struct assay_declared_key *key,
                                                             struct assay_writer *w);
/* Did the holder of the key list it for this member of this network? Returns: ASSAY_OK |
 * ASSAY_E_KEY (no point of its curve) | ASSAY_E_SIGNATURE | ASSAY_E_MEMORY | ASSAY_E_CRYPTO (the
 * library failed, or has no Ed25519) */
ASSAY_CHECKED enum assay_status assay_declared_key_verify(const uint8_t chain_id[static 32],
                                                          const uint8_t node_id[static 32],
                                                          const struct assay_declared_key *key);
/* The same of all; the first that fails decides. Out: *at: which one. Returns: the same. */
ASSAY_CHECKED enum assay_status assay_declared_keys_verify(const uint8_t chain_id[static 32],
                                                           const uint8_t node_id[static 32],
                                                           const struct assay_declared_keys *keys,
                                                           uint32_t *at);

/* A name that a key may have: a DNS label in lower case, and not "node" or "svc", which are parts
 * of the names that the network gives. Returns: whether so. */
bool assay_declared_key_name_is_fit(struct assay_slice name);
/* "tls", "holder", "token", "ssh". Returns: never NULL. */
const char *assay_declared_purpose_text(enum assay_declared_purpose purpose);

#endif
