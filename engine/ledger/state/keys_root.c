/*
 * engine/ledger/state/keys_root.c - root of a list of keys (workload_keys.h): apart, so that who
 * reads a ledger links no cryptography of keys.
 */
#include "base/assert.h"
#include "base/merkle.h"
#include "engine/ledger/state/workload_keys.h"

void assay_declared_keys_root(const struct assay_declared_keys *keys, uint8_t root[static 32])
{
    ASSAY_ASSERT(keys->count <= ASSAY_DECLARED_KEYS_MAX);
    struct assay_merkle tree;
    assay_merkle_init(&tree);
    for (uint32_t i = 0; i < keys->count; i++)
        assay_merkle_add(&tree, keys->entries[i].bytes, keys->entries[i].len);
    assay_merkle_root(&tree, root);
}

void assay_declared_keys_no_root(uint8_t root[static 32])
{
    const struct assay_declared_keys none = { 0 };
    assay_declared_keys_root(&none, root);
}
