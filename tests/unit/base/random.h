/*
 * tests/unit/base/random.h - deterministic random numbers for tests: splitmix64 from a seed.
 */
#ifndef ASSAY_TESTS_UNIT_BASE_RANDOM_H
#define ASSAY_TESTS_UNIT_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_u64(struct random *random)
{
    random->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = random->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Returns: a number below limit (> 0); the slight bias does not matter here. */
static inline uint64_t random_below(struct random *random, uint64_t limit)
{
    return random_u64(random) % limit;
}

static inline void random_bytes(struct random *random, uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(random_u64(random) & 0xff);
    }
}

#endif
