/*
 * tests/bench/quote/raw_p384.h - one P-384 verification of the library behind assay_p384_verify,
 * for the benchmarks of kinds that sign with it.
 */
#ifndef ASSAY_TESTS_BENCH_QUOTE_RAW_P384_H
#define ASSAY_TESTS_BENCH_QUOTE_RAW_P384_H

#include "tests/support/authority.h"

struct raw_p384 {
    struct assay_p384 *key;
    uint8_t digest[ASSAY_SHA384_LEN];
    struct assay_signature signature;
};

/* A fresh key and its signature. */
void raw_p384_open(struct raw_p384 *raw);
/* A turn of a stopwatch: the context is a struct raw_p384. */
void raw_p384_verify(void *context);
void raw_p384_close(struct raw_p384 *raw);

#endif
