/*
 * scoring/row.c - the packing of a ballot's outcomes, four bits a slot.
 *
 * protocol.md 4.3. The engine and the tally share it, so a row is never repacked.
 */
#include "base/assert.h"
#include "scoring/tally.h"

_Static_assert(ASSAY_OUTCOME_COUNT <= 16, "an outcome must fit in four bits");

size_t assay_votes_row_len(uint32_t count)
{
    return ((size_t)count + 1) / 2;
}

uint8_t assay_votes_row_get(const uint8_t *row, uint32_t slot)
{
    const uint8_t pair = row[slot / 2];
    return (uint8_t)(slot % 2 == 0 ? pair & 0x0f : pair >> 4);
}

void assay_votes_row_set(uint8_t *row, uint32_t slot, enum assay_outcome outcome)
{
    ASSAY_ASSERT((unsigned)outcome < ASSAY_OUTCOME_COUNT);
    uint8_t *pair = &row[slot / 2];
    *pair = (uint8_t)(slot % 2 == 0 ? (*pair & 0xf0u) | (unsigned)outcome
                                    : (*pair & 0x0fu) | (unsigned)outcome << 4);
    ASSAY_ASSERT(assay_votes_row_get(row, slot) == outcome);
}

bool assay_votes_row_valid(const uint8_t *row, size_t row_len, uint32_t count, uint32_t voter)
{
    if (voter >= count || row_len != assay_votes_row_len(count)) return false;
    if (count % 2 != 0 && row[row_len - 1] >> 4 != 0) return false;
    for (uint32_t slot = 0; slot < count; slot++)
        if (assay_votes_row_get(row, slot) >= ASSAY_OUTCOME_COUNT) return false;
    ASSAY_ASSERT(row_len > 0);
    return assay_votes_row_get(row, voter) == ASSAY_OUTCOME_NONE;
}
