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

bool assay_votes_without_keys(uint8_t code)
{
    const unsigned outcome = code ^ (unsigned)ASSAY_VOTE_NO_KEYS;
    return outcome >= ASSAY_OUTCOME_PASS_UP_TO_DATE && outcome <= ASSAY_OUTCOME_PASS_OUT_OF_DATE;
}

enum assay_outcome assay_votes_outcome(uint8_t code)
{
    if (code < ASSAY_OUTCOME_COUNT) return (enum assay_outcome)code;
    if (!assay_votes_without_keys(code)) return ASSAY_OUTCOME_NONE;
    return (enum assay_outcome)(code - ASSAY_VOTE_NO_KEYS);
}

void assay_votes_row_set_without_keys(uint8_t *row, uint32_t slot)
{
    row[slot / 2] |= (uint8_t)(slot % 2 == 0 ? ASSAY_VOTE_NO_KEYS : ASSAY_VOTE_NO_KEYS << 4);
    ASSAY_ASSERT(assay_votes_without_keys(assay_votes_row_get(row, slot)));
}

static bool row_is_valid(const uint8_t *row, size_t row_len, uint32_t count, uint32_t voter,
                         bool keyed)
{
    if (voter >= count || row_len != assay_votes_row_len(count)) return false;
    if (count % 2 != 0 && row[row_len - 1] >> 4 != 0) return false;
    for (uint32_t slot = 0; slot < count; slot++) {
        const uint8_t code = assay_votes_row_get(row, slot);
        if (code >= ASSAY_OUTCOME_COUNT && !(keyed && assay_votes_without_keys(code))) return false;
    }
    ASSAY_ASSERT(row_len > 0);
    return assay_votes_row_get(row, voter) == ASSAY_OUTCOME_NONE;
}

bool assay_votes_row_valid(const uint8_t *row, size_t row_len, uint32_t count, uint32_t voter)
{
    return row_is_valid(row, row_len, count, voter, false);
}

bool assay_votes_row_valid_keyed(const uint8_t *row, size_t row_len, uint32_t count, uint32_t voter)
{
    return row_is_valid(row, row_len, count, voter, true);
}
