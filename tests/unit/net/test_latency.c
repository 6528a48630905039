/*
 * tests/unit/net/test_latency.c - tests of finality latency.
 *
 * Samples of finality.
 */
#include "net/runtime/latency.h"

#include <criterion/criterion.h>

Test(net_latency, measures_own_blocks_once)
{
    static struct assay_latency latency;
    cr_assert_eq(assay_latency_us(&latency, 500), 0);
    assay_latency_open(&latency, 4, 40, 1000);
    assay_latency_final(&latency, 4, 41, 2000); /* another block */
    assay_latency_final(&latency, 5, 40, 2000);
    cr_assert_eq(latency.count, 0);
    assay_latency_final(&latency, 4, 40, 6000);
    assay_latency_final(&latency, 4, 40, 9000);
    cr_assert_eq(latency.count, 1);
    cr_assert_eq(assay_latency_us(&latency, 500), 5000);
}

Test(net_latency, percentiles_over_the_newest)
{
    static struct assay_latency latency;
    for (uint64_t i = 1; i <= 3 * ASSAY_LATENCY_SAMPLES; i++) {
        assay_latency_open(&latency, 1, i, 1);
        assay_latency_final(&latency, 1, i, 1 + i);
    }
    cr_assert_eq(latency.count, 3 * ASSAY_LATENCY_SAMPLES);
    cr_assert_eq(assay_latency_us(&latency, 0), 2 * ASSAY_LATENCY_SAMPLES + 1);
    cr_assert_eq(assay_latency_us(&latency, 500),
                 2 * ASSAY_LATENCY_SAMPLES + 1 + ASSAY_LATENCY_SAMPLES / 2);
    cr_assert_eq(assay_latency_us(&latency, 1000), 3 * ASSAY_LATENCY_SAMPLES);
}
