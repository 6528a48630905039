/*
 * tests/fuzz/engine/fuzz_workload_keys.c - lists of workload keys as members may declare them.
 *
 * What decodes is its own canonical encoding, and has proofs that verify or do not.
 */
#include "base/assert.h"
#include "engine/ledger/state/workload_keys.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint8_t again[ASSAY_DECLARED_KEYS_LEN_MAX];
    static const uint8_t chain_id[32] = { 1 }, node_id[32] = { 2 };
    struct assay_declared_keys keys;
    uint8_t root[32];
    uint32_t at = 0;
    if (assay_declared_keys_decode(assay_slice_over(bytes, len), &keys) != ASSAY_OK) return 0;
    struct assay_writer w = assay_writer_over(again, sizeof again);
    ASSAY_ASSERT(assay_declared_keys_encode(keys.keys, keys.count, &w) == ASSAY_OK);
    ASSAY_ASSERT(w.len == len && assay_bytes_equal(again, bytes, len));
    assay_declared_keys_root(&keys, root);
    const enum assay_status proven = assay_declared_keys_verify(chain_id, node_id, &keys, &at);
    ASSAY_ASSERT((proven == ASSAY_OK) == (at == keys.count));
    return 0;
}
