/*
 * tests/fuzz/engine/fuzz_sync.c - pages of sync, questions, finality proofs in them, snapshots.
 */
#include "base/assert.h"
#include "base/cbor.h"
#include "engine/consensus/block.h"
#include "engine/ledger/state/state.h"
#include "engine/sync/sync.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void walk(const struct assay_sync_page *page)
{
    struct assay_cursor c = assay_cursor_over(page->blocks.bytes, page->blocks.len);
    for (uint32_t i = 0; i < page->block_count; i++) {
        struct assay_slice payload;
        struct assay_proposal proposal;
        const enum assay_status status = assay_cbor_bytes(&c, SIZE_MAX, &payload);
        ASSAY_ASSERT(status == ASSAY_OK); /* counted by the decoder */
        assay_status_ignore(assay_proposal_decode(payload, &proposal), "only crashes count");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static _Alignas(16) uint8_t memory[64 * 1024];
    static struct assay_genesis genesis;
    const struct assay_slice payload = assay_slice_over(bytes, len);
    struct assay_sync_request ask;
    struct assay_sync_page page;
    struct assay_state state;
    if (assay_sync_request_decode(payload, &ask) == ASSAY_OK) {
        uint8_t again[ASSAY_SYNC_REQUEST_LEN_MAX];
        struct assay_writer w = assay_writer_over(again, sizeof again);
        const enum assay_status status = assay_sync_request_encode(&ask, &w);
        ASSAY_ASSERT(status == ASSAY_OK && w.len == len);
        ASSAY_ASSERT(assay_bytes_equal(again, bytes, len));
    }
    if (assay_sync_page_decode(payload, &page) == ASSAY_OK) walk(&page);
    ASSAY_ASSERT(assay_state_memory_len(4) <= sizeof memory);
    genesis.member_count = 4;
    assay_state_init(&state, memory, 4);
    assay_state_genesis(&state, &genesis);
    assay_status_ignore(assay_state_decode(payload, &state), "only crashes count");
    return 0;
}
