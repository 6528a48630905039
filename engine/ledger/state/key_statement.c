/*
 * engine/ledger/state/key_statement.c - text of a proof of possession of a workload key
 * (docs/identity.md 6.2): apart, so that programs that sign it link no verification of keys.
 */
#include "base/cbor.h"
#include "engine/ledger/state/workload_keys_parts.h"

static const char proof_label[] = "assay/key-proof/v1";

enum assay_status assay_declared_key_statement(const uint8_t chain_id[static 32],
                                               const uint8_t node_id[static 32],
                                               const struct assay_declared_key *key,
                                               struct assay_writer *w)
{
    struct assay_slice all;
    assay_cbor_put_array(w, 7);
    assay_cbor_put_text(w, proof_label);
    assay_cbor_put_bytes(w, chain_id, 32);
    assay_cbor_put_bytes(w, node_id, 32);
    assay_declared_key_put(w, key);
    return assay_writer_finish(w, &all);
}
