/* sim/epochs/chance.c - integers only: the same draws on every machine (chance.h). */
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

uint64_t chance_draw64(struct assay_sim_random *random, uint32_t chance)
{
    uint64_t below = 0;
    uint64_t open = UINT64_MAX; /* equal to the chance in every bit so far */
    if (chance == CHANCE_ALWAYS) return UINT64_MAX;
    for (uint32_t rest = chance; rest != 0 && open != 0; rest <<= 1) {
        const uint64_t bits = assay_sim_random_next(random);
        if (rest >> 31 != 0) {
            below |= open & ~bits;
            open &= bits;
        } else {
            open &= ~bits;
        }
    }
    return below; /* what is still open equals the chance and is not below it */
}
