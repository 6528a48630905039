/*
 * tests/differential/random.h - chance that a seed decides: of the mutations, and of every key and
 * signature made on the way.
 */
#ifndef ASSAY_TESTS_DIFFERENTIAL_RANDOM_H
#define ASSAY_TESTS_DIFFERENTIAL_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct diff_random {
    uint64_t state[4];
};

/* The stream of one case: another for each seed and each index. */
void diff_random_seed(struct diff_random *random, uint64_t seed, uint64_t index);
uint64_t diff_random_next(struct diff_random *random);
/* A number in 0..bound-1; bound above 0. */
size_t diff_random_below(struct diff_random *random, size_t bound);
/* True once in so many times. */
bool diff_random_one_in(struct diff_random *random, size_t times);
void diff_random_bytes(struct diff_random *random, void *out, size_t len);

/*
 * From here on the cryptographic library draws its keys and nonces from this stream, so that a case
 * is the same bytes in every process. NULL gives it nothing to draw from. Returns: true when it
 * took the source.
 */
bool diff_random_feed(struct diff_random *random);

#endif
