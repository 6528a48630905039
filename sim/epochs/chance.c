/*
 * sim/epochs/chance.c - probabilities in integers: the same draws on every machine.
 */
#include "sim/epochs/chance.h"

uint32_t chance_of_permille(uint32_t permille)
{
    if (permille >= 1000) return CHANCE_ALWAYS;
    return (uint32_t)(((uint64_t)permille << 32) / 1000);
}

uint32_t chance_both(uint32_t a, uint32_t b)
{
    if (a == CHANCE_ALWAYS) return b;
    if (b == CHANCE_ALWAYS) return a;
    return (uint32_t)((uint64_t)a * b >> 32);
}

uint32_t chance_either(uint32_t a, uint32_t b)
{
    return ~chance_both(~a, ~b);
}

uint32_t chance_all_of(uint32_t each, uint32_t count)
{
    uint32_t all = CHANCE_ALWAYS;
    for (uint32_t i = 0; i < count && all != CHANCE_NEVER; i++)
        all = chance_both(all, each);
    return all;
}

bool chance_draw(struct assay_sim_random *random, uint32_t chance)
{
    if (chance == CHANCE_ALWAYS) return true;
    return chance != CHANCE_NEVER && assay_sim_random_next(random) >> 32 < chance;
}

/* The upper half of a product. */
static uint64_t high_product(uint64_t a, uint32_t b)
{
    return (a >> 32) * b + ((a & UINT32_MAX) * b >> 32);
}

void chance_gaps(uint32_t chance, uint32_t count, uint64_t *survives)
{
    survives[0] = UINT64_MAX;
    for (uint32_t k = 0; k < count; k++)
        survives[k + 1] =
            chance == CHANCE_ALWAYS ? 0 : survives[k] - high_product(survives[k], chance);
}

uint32_t chance_gap(struct assay_sim_random *random, const uint64_t *survives, uint32_t count)
{
    const uint64_t u = assay_sim_random_next(random);
    if (u < survives[count]) return count;
    uint32_t low = 0; /* u < survives[low], except for the number that 2^64 - 1 rounds away */
    uint32_t end = count;
    while (end - low > 1) {
        const uint32_t middle = low + (end - low) / 2;
        if (u < survives[middle]) low = middle;
        else end = middle;
    }
    return low;
}
