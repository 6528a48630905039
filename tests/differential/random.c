/*
 * tests/differential/random.c - xoshiro256** (Blackman and Vigna), seeded by splitmix64, and the
 * library's own source of randomness replaced by it: signatures must be the same in every run.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* RAND_METHOD: the one way to feed OpenSSL 3.0 for certain */
#include "tests/differential/random.h"

#include "base/assert.h"

#include <openssl/rand.h>

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static uint64_t split(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

void diff_random_seed(struct diff_random *random, uint64_t seed, uint64_t index)
{
    uint64_t state = seed;
    uint64_t mixed = split(&state) ^ index;
    for (size_t i = 0; i < 4; i++)
        random->state[i] = split(&mixed);
}

uint64_t diff_random_next(struct diff_random *random)
{
    uint64_t *const s = random->state;
    const uint64_t result = rotate(s[1] * 5, 7) * 9;
    const uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 45);
    return result;
}

size_t diff_random_below(struct diff_random *random, size_t bound)
{
    ASSAY_ASSERT(bound > 0);
    return (size_t)(diff_random_next(random) % bound);
}

bool diff_random_one_in(struct diff_random *random, size_t times)
{
    return diff_random_below(random, times) == 0;
}

void diff_random_bytes(struct diff_random *random, void *out, size_t len)
{
    uint8_t *const bytes = out;
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(diff_random_next(random) >> 24);
}

/* --- the library's source */
static struct diff_random *source;

static int draw(unsigned char *out, int len)
{
    if (source == NULL || len < 0) return 0;
    diff_random_bytes(source, out, (size_t)len);
    return 1;
}

static int ready(void)
{
    return source != NULL;
}

bool diff_random_feed(struct diff_random *random)
{
    static const RAND_METHOD method = { .bytes = draw, .pseudorand = draw, .status = ready };
    source = random;
    return RAND_set_rand_method(&method) == 1;
}
