/*
 * engine/ledger/state/grants.c - granted names of a verdict, and rows of them
 * (docs/protocol.md 2.17).
 */
#include "engine/ledger/state/grants.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "scoring/tally.h"

static bool is_pass(enum assay_outcome outcome)
{
    return outcome == ASSAY_OUTCOME_PASS_UP_TO_DATE ||
           outcome == ASSAY_OUTCOME_PASS_NEEDS_HARDENING ||
           outcome == ASSAY_OUTCOME_PASS_OUT_OF_DATE;
}

/* 2.17.1: a value that the evidence measures and that the policy accepts by a reference value of
 * its own. What a policy does not constrain may be a claim that nothing in the evidence proves. */
static bool is_measured(const struct assay_grant_reference *reference,
                        const struct assay_verdict *verdict)
{
    for (uint32_t i = 0; i < verdict->measured_count; i++) {
        const struct assay_verdict_measured *m = &verdict->measured[i];
        if (m->field == reference->field && m->len == reference->value_len &&
            assay_bytes_equal(m->value, reference->value, m->len))
            return m->state == ASSAY_MEASURED_ALLOWED || m->state == ASSAY_MEASURED_RETIRING;
    }
    return false;
}

uint8_t assay_grants_of_verdict(const struct assay_grants *grants,
                                const struct assay_verdict *verdict)
{
    uint8_t bits = 0;
    if (grants == NULL || !is_pass(assay_verdict_outcome(verdict))) return 0;
    ASSAY_ASSERT(grants->count <= ASSAY_GRANTS_MAX);
    ASSAY_ASSERT(verdict->measured_count <= ASSAY_VERDICT_MEASURED_MAX);
    for (uint32_t k = 0; k < grants->count; k++) {
        ASSAY_ASSERT(grants->name[k].reference_count <= ASSAY_GRANT_REFERENCES_MAX);
        for (uint32_t i = 0; i < grants->name[k].reference_count; i++)
            if (is_measured(&grants->name[k].reference[i], verdict)) bits |= (uint8_t)(1u << k);
    }
    return bits;
}

size_t assay_grants_row_len(uint32_t members, uint32_t names)
{
    ASSAY_ASSERT(names <= ASSAY_GRANTS_MAX && members <= ASSAY_SCORING_MEMBERS_MAX);
    return ((size_t)members * names + 7) / 8;
}

uint8_t assay_grants_row_get(const uint8_t *row, uint32_t names, uint32_t slot)
{
    uint8_t bits = 0;
    ASSAY_ASSERT(names <= ASSAY_GRANTS_MAX);
    for (uint32_t k = 0; k < names; k++) {
        const size_t at = (size_t)slot * names + k;
        if ((row[at / 8] >> at % 8 & 1) != 0) bits |= (uint8_t)(1u << k);
    }
    return bits;
}

void assay_grants_row_add(uint8_t *row, uint32_t names, uint32_t slot, uint8_t bits)
{
    ASSAY_ASSERT(names <= ASSAY_GRANTS_MAX && bits >> names == 0);
    for (uint32_t k = 0; k < names; k++) {
        const size_t at = (size_t)slot * names + k;
        if ((bits >> k & 1) != 0) row[at / 8] |= (uint8_t)(1u << at % 8);
    }
}

bool assay_grants_row_valid(struct assay_slice row, uint32_t names, uint32_t members,
                            const uint8_t *votes)
{
    ASSAY_ASSERT(names > 0 && names <= ASSAY_GRANTS_MAX);
    if (row.len != assay_grants_row_len(members, names)) return false;
    const size_t spare = 8 * row.len - (size_t)members * names;
    if (spare > 0 && row.bytes[row.len - 1] >> (8 - spare) != 0) return false;
    for (uint32_t i = 0; i < members; i++) {
        const uint8_t code = assay_votes_row_get(votes, i);
        if (assay_grants_row_get(row.bytes, names, i) != 0 &&
            (!is_pass(assay_votes_outcome(code)) || assay_votes_without_keys(code)))
            return false;
    }
    return true;
}
