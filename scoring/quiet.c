/*
 * scoring/quiet.c - rows without a key, in order of inactivity (docs/protocol.md 6.7: members
 * without a vote).
 */
#include "scoring/quiet.h"

#include "base/assert.h"

/* Is slot a behind slot b in the order in which rows go? b is count: before all. */
static bool goes_after(const struct assay_quiet_input *input, uint32_t a, uint32_t b)
{
    if (b == input->count) return true;
    const uint64_t of_a = input->trust[a].quiet_since_epoch;
    const uint64_t of_b = input->trust[b].quiet_since_epoch;
    return of_a != of_b ? of_a > of_b : a > b;
}

/* The quiet member with weight that follows. Returns: input->count when there is none. */
static uint32_t next_after(const struct assay_quiet_input *input, uint32_t last)
{
    uint32_t next = input->count;
    for (uint32_t i = 0; i < input->count; i++) {
        if (input->weights[i] == 0 || !assay_trust_is_quiet(&input->trust[i])) continue;
        if (goes_after(input, i, last) && (next == input->count || goes_after(input, next, i)))
            next = i;
    }
    return next;
}

uint32_t assay_quiet_rows(const struct assay_quiet_input *input, bool *keyless)
{
    uint64_t total = 0;
    uint32_t kept = 0;
    ASSAY_ASSERT(input->floor_percent >= ASSAY_QUIET_FLOOR_PERCENT_MIN &&
                 input->floor_percent <= ASSAY_QUIET_FLOOR_PERCENT_MAX);
    for (uint32_t i = 0; i < input->count; i++) {
        keyless[i] = false;
        total += input->weights[i];
    }
    uint64_t with_key = total;
    for (uint32_t i = next_after(input, input->count); i < input->count; i = next_after(input, i)) {
        const uint64_t left = with_key - input->weights[i];
        keyless[i] = 100 * left >= input->floor_percent * total;
        if (keyless[i]) with_key = left;
        else kept++;
    }
    ASSAY_ASSERT(100 * with_key >= input->floor_percent * total);
    return kept;
}
