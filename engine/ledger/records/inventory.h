/*
 * engine/ledger/records/inventory.h - INVENTORY and REQUEST_MISSING: envelopes and ballots that a
 * node has or requests, by slot.
 *
 * docs/protocol.md 4.1.4, 4.12.10. INVENTORY and REQUEST_MISSING payload: canonical CBOR [epoch,
 * envelopes, ballots], two bitmaps of (members + 7) / 8 bytes, low bit first: 125 bytes each of
 * a thousand members.
 */
#ifndef ASSAY_ENGINE_LEDGER_RECORDS_INVENTORY_H
#define ASSAY_ENGINE_LEDGER_RECORDS_INVENTORY_H

#include "base/bytes.h"
#include "base/status.h"
#include "base/writer.h"

enum { ASSAY_INVENTORY_FIXED_LEN_MAX = 16 }; /* besides the two bitmaps */

struct assay_inventory {
    uint64_t epoch;
    struct assay_slice envelopes, ballots;
};

/* Returns: bytes of one bitmap. */
static inline size_t assay_inventory_bitmap_len(uint32_t members)
{
    return ((size_t)members + 7) / 8;
}
/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_inventory_encode(const struct assay_inventory *have,
                                                       struct assay_writer *w);
/* Out:     *have, slices of payload
 * Returns: ASSAY_OK | ASSAY_E_EARLY, ASSAY_E_STALE (of a larger, a smaller roster) | other INPUT
 * statuses */
ASSAY_CHECKED enum assay_status assay_inventory_decode(struct assay_slice payload, uint32_t members,
                                                       struct assay_inventory *have);

#endif
