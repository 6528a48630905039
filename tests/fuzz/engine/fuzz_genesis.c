/*
 * tests/fuzz/engine/fuzz_genesis.c - a genesis file from anywhere; what decodes must encode back.
 */
#include "base/assert.h"
#include "engine/ledger/state/genesis.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct assay_genesis genesis;
    static uint8_t again[ASSAY_GENESIS_LEN_MAX];
    struct assay_where where;
    if (assay_genesis_decode(bytes, len, true, &genesis, &where) != ASSAY_OK) return 0;
    struct assay_writer w = assay_writer_over(again, sizeof again);
    const enum assay_status status = assay_genesis_encode_body(&genesis, &w);
    ASSAY_ASSERT(status == ASSAY_OK && w.len == genesis.body.len);
    ASSAY_ASSERT(assay_bytes_equal(again, genesis.body.bytes, w.len));
    return 0;
}
