/*
 * sim/scenario/random.c - keyed counters, mixed.
 */
#include "sim/scenario/random.h"

#include "base/assert.h"

/* The finaliser of splitmix64 (Steele, Lea, Flood 2014): a bijection of 64 bits that mixes well. */
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

static uint64_t absorb(uint64_t state, uint64_t word)
{
    return mix(state + 0x9e3779b97f4a7c15ULL + mix(word + 0x632be59bd9b4e019ULL));
}

struct assay_sim_random assay_sim_random_of(uint64_t seed, enum assay_sim_stream stream, uint64_t a,
                                            uint64_t b)
{
    const uint64_t key = absorb(absorb(absorb(mix(seed), (uint64_t)stream), a), b);
    return (struct assay_sim_random){ .key = key };
}

uint64_t assay_sim_random_next(struct assay_sim_random *random)
{
    return mix(random->key + 0x9e3779b97f4a7c15ULL * ++random->counter);
}

uint64_t assay_sim_random_below(struct assay_sim_random *random, uint64_t n)
{
    ASSAY_ASSERT(n > 0);
    const uint64_t uneven = (UINT64_MAX % n + 1) % n; /* numbers above the last full round */
    uint64_t value = assay_sim_random_next(random);
    while (value > UINT64_MAX - uneven)
        value = assay_sim_random_next(random);
    return value % n;
}

uint64_t assay_sim_random_between(struct assay_sim_random *random, uint64_t min, uint64_t max)
{
    ASSAY_ASSERT(min <= max);
    if (max - min == UINT64_MAX) return assay_sim_random_next(random);
    return min + assay_sim_random_below(random, max - min + 1);
}

bool assay_sim_random_permille(struct assay_sim_random *random, uint32_t permille)
{
    if (permille == 0) return false;
    if (permille >= 1000) return true;
    return assay_sim_random_below(random, 1000) < permille;
}
