/*
 * tests/unit/apps/test_link_timing.c - tests of the T that links support: eight round trips, and a
 * quorum's.
 */
#include "apps/assay/operate/link_timing.h"

#include <criterion/criterion.h>

enum { N = 5, T_MS = 4000 };

static struct assay_link_advice look(struct assay_link_peer peers[static N],
                                     const uint64_t worst_ms[static N])
{
    struct assay_link_advice advice;
    for (uint32_t i = 0; i < N; i++)
        peers[i] = (struct assay_link_peer){ .name = "n",
                                             .weight = 10,
                                             .is_self = i == 0,
                                             .is_present = true,
                                             .is_measured = i != 0,
                                             .last_ms = worst_ms[i],
                                             .worst_ms = worst_ms[i] };
    cli_links_advise(peers, N, T_MS, &advice);
    return advice;
}

Test(apps_link_timing, a_link_needs_eight_times_there_and_back)
{
    struct assay_link_peer p[N];
    const struct assay_link_advice a = look(p, (uint64_t[N]){ 0, 500, 502, 81, 50 });
    cr_assert_eq(a.way_ms, 250);
    cr_assert(p[1].needs_ms == 4000 && p[1].fit == ASSAY_LINK_FITS);
    cr_assert(p[2].needs_ms == 4016 && p[2].fit == ASSAY_LINK_SLOW, "one too much");
    cr_assert_eq(p[3].needs_ms, 41 * 16, "half of an odd number is rounded up");
    cr_assert_eq(p[4].needs_ms, 100, "delta is 25 ms at least: any T carries it");
    cr_assert(a.all_ms == 4016 && a.slow == 1 && a.silent == 0);
}

Test(apps_link_timing, a_quorum_is_more_than_two_thirds_with_oneself)
{
    struct assay_link_peer p[N];
    struct assay_link_advice a = look(p, (uint64_t[N]){ 0, 100, 200, 300, 3000 });
    cr_assert_eq(a.quorum_ms, 2400, "four of five");
    cr_assert_eq(a.all_ms, 24000);
    a = look(p, (uint64_t[N]){ 0, 100, 200, 4001, 4001 });
    cr_assert(p[3].fit == ASSAY_LINK_NEVER && p[3].needs_ms == 0, "more than 2 s one way");
    cr_assert_eq(a.quorum_ms, 0, "three of five are no quorum");
    cr_assert_eq(a.slow, 2);
}

Test(apps_link_timing, of_a_few_neighbours_two_thirds_are_enough)
{
    struct assay_link_peer p[N];
    struct assay_link_advice a = look(p, (uint64_t[N]){ 0, 100, 200, 300, 3000 });
    p[4].is_measured = false;
    cli_links_advise(p, N, T_MS, &a);
    cr_assert(p[4].fit == ASSAY_LINK_UNKNOWN && a.quorum_ms == 2400);
    p[3].weight = 1000;
    for (uint32_t i = 0; i < N; i++)
        p[i].is_far = true;
    cli_links_advise(p, N, T_MS, &a);
    cr_assert(p[4].fit == ASSAY_LINK_FAR && p[4].needs_ms == 0);
    cr_assert_eq(a.quorum_ms, 2400, "the one with the weight is measured");
    p[3].weight = 10;
    cli_links_advise(p, N, T_MS, &a);
    cr_assert_eq(a.quorum_ms, 1600, "three of four: oneself and two neighbours");
    p[3].is_measured = false;
    cli_links_advise(p, N, T_MS, &a);
    cr_assert_eq(a.quorum_ms, 0, "two neighbours say nothing about a network");
}

Test(apps_link_timing, who_is_not_there_or_not_measured_counts_for_nothing)
{
    struct assay_link_peer p[N];
    struct assay_link_advice a = look(p, (uint64_t[N]){ 0, 100, 100, 100, 100 });
    cr_assert_eq(a.quorum_ms, 800);
    p[1].is_present = false;
    p[2].has_ended = true;
    p[2].is_present = false;
    p[3].is_measured = false;
    cli_links_advise(p, N, T_MS, &a);
    cr_assert(p[1].fit == ASSAY_LINK_SILENT && p[2].fit == ASSAY_LINK_ENDED);
    cr_assert(p[3].fit == ASSAY_LINK_UNKNOWN && p[3].needs_ms == 0);
    cr_assert(a.quorum_ms == 0 && a.silent == 2 && a.slow == 0);
    p[1].weight = p[2].weight = p[3].weight = 0;
    cli_links_advise(p, N, T_MS, &a);
    cr_assert_eq(a.quorum_ms, 800, "what has no weight is not needed");
    cli_links_advise(p, N, 100, &a);
    cr_assert_eq(a.way_ms, 25);
    cli_links_advise(p, N, 100000, &a);
    cr_assert_eq(a.way_ms, 2000);
}
