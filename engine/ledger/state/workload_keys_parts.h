/*
 * engine/ledger/state/workload_keys_parts.h - parts of entries of workload keys that encoding and
 * proofs of possession share, internal to engine/ledger/state/.
 */
#ifndef ASSAY_ENGINE_LEDGER_STATE_WORKLOAD_KEYS_PARTS_H
#define ASSAY_ENGINE_LEDGER_STATE_WORKLOAD_KEYS_PARTS_H

#include "engine/ledger/state/workload_keys.h"

enum { ASSAY_ED25519_HEAD_LEN = 12 }; /* of a SubjectPublicKeyInfo, before the key */

enum assay_declared_kind {
    ASSAY_DECLARED_NONE,
    ASSAY_DECLARED_P256,
    ASSAY_DECLARED_P384,
    ASSAY_DECLARED_ED25519,
};

/* Out: *key: of P-256 and P-384. Returns: NONE of another encoding than the one of its key */
enum assay_declared_kind assay_declared_key_read_spki(struct assay_slice spki,
                                                      struct assay_key *key);
size_t assay_declared_key_proof_len(enum assay_declared_kind kind);
/* What entry and statement have in common: purpose, name, audiences, SPKI. */
void assay_declared_key_put(struct assay_writer *w, const struct assay_declared_key *key);

#endif
