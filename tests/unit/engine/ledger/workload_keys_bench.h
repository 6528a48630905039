/*
 * tests/unit/engine/ledger/workload_keys_bench.h - entries of workload keys with proofs, of each
 * kind of key.
 */
#ifndef ASSAY_TESTS_WORKLOAD_KEYS_BENCH_H
#define ASSAY_TESTS_WORKLOAD_KEYS_BENCH_H

#include "engine/ledger/state/workload_keys.h"

enum workload_key_kind { WORKLOAD_P256, WORKLOAD_P384, WORKLOAD_ED25519, WORKLOAD_KINDS };

/* An entry with the bytes that its slices borrow. */
struct workload_entry {
    struct assay_declared_key key;
    uint8_t spki[ASSAY_DECLARED_KEY_SPKI_MAX], proof[ASSAY_DECLARED_KEY_PROOF_MAX];
};

struct assay_slice workload_text(const char *text);
/* A fresh key pair under a name, with its proof for this member of this network. */
void workload_entry_make(struct workload_entry *entry, enum workload_key_kind kind,
                         enum assay_declared_purpose purpose, const char *name,
                         const char *audience, const uint8_t chain_id[static 32],
                         const uint8_t node_id[static 32]);

#endif
