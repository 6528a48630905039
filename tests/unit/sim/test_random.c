/*
 * tests/unit/sim/test_random.c - streams are functions of their key; draws are even.
 */
#include "sim/scenario/random.h"

#include <criterion/criterion.h>

Test(sim_random, the_first_numbers_never_change)
{
    struct assay_sim_random r = assay_sim_random_of(1, ASSAY_SIM_STREAM_LINK, 2, 3);
    const uint64_t first = assay_sim_random_next(&r);
    const uint64_t second = assay_sim_random_next(&r);
    cr_expect_eq(first, 0xe252ae0eacf2bf4bULL, "0x%llx", (unsigned long long)first);
    cr_expect_eq(second, 0xbf37380b4b71b6d2ULL, "0x%llx", (unsigned long long)second);
}

Test(sim_random, every_part_of_the_key_matters)
{
    struct assay_sim_random r[5] = { assay_sim_random_of(1, ASSAY_SIM_STREAM_LINK, 2, 3),
                                     assay_sim_random_of(2, ASSAY_SIM_STREAM_LINK, 2, 3),
                                     assay_sim_random_of(1, ASSAY_SIM_STREAM_KEYS, 2, 3),
                                     assay_sim_random_of(1, ASSAY_SIM_STREAM_LINK, 3, 2),
                                     assay_sim_random_of(1, ASSAY_SIM_STREAM_LINK, 2, 4) };
    uint64_t first[5];
    for (int i = 0; i < 5; i++)
        first[i] = assay_sim_random_next(&r[i]);
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < i; k++)
            cr_expect_neq(first[i], first[k], "%d and %d", i, k);
}

Test(sim_random, below_is_even_within_five_deviations)
{
    struct assay_sim_random r = assay_sim_random_of(7, ASSAY_SIM_STREAM_THEORY, 0, 0);
    enum { BINS = 7, DRAWS = 70000 };
    uint32_t seen[BINS] = { 0 };
    for (int i = 0; i < DRAWS; i++)
        seen[assay_sim_random_below(&r, BINS)]++;
    for (int i = 0; i < BINS; i++) /* 10000 expected, deviation 93 */
        cr_expect(seen[i] > 9535 && seen[i] < 10465, "bin %d: %u", i, seen[i]);
}

Test(sim_random, permille_and_between_keep_their_bounds)
{
    struct assay_sim_random r = assay_sim_random_of(7, ASSAY_SIM_STREAM_THEORY, 1, 0);
    cr_expect_not(assay_sim_random_permille(&r, 0));
    cr_expect(assay_sim_random_permille(&r, 1000));
    cr_expect_eq(r.counter, 0, "a certain answer uses no number");
    bool low = false, high = false;
    for (int i = 0; i < 1000; i++) {
        const uint64_t value = assay_sim_random_between(&r, 5, 7);
        cr_assert(value >= 5 && value <= 7);
        low = low || value == 5;
        high = high || value == 7;
    }
    cr_expect(low && high);
    cr_expect_eq(assay_sim_random_between(&r, 9, 9), 9);
}
