/*
 * tests/links/test_model.c - tests of the link model.
 *
 * What a link does to packets is what its rule says, and one seed says it all.
 */
#include "tests/links/model.h"

#include <criterion/criterion.h>

enum { PACKETS = 100000, LEN = 1000 };

Test(links_model, the_same_seed_has_the_same_luck_and_another_one_has_not)
{
    const struct link_rule rule = { .loss_ppm = 100000, .jitter_us = 5000, .delay_us = 100 };
    struct link_state one, same, other;
    uint64_t apart = 0;
    link_state_init(&one, 7, 1, 2);
    link_state_init(&same, 7, 1, 2);
    link_state_init(&other, 8, 1, 2);
    for (uint32_t i = 0; i < 1000; i++) {
        uint32_t c[3] = { 0 };
        uint64_t due[3] = { 0 };
        const enum link_fate a = link_decide(&one, &rule, i * 20000, LEN, &c[0], &due[0]);
        const enum link_fate b = link_decide(&same, &rule, i * 20000, LEN, &c[1], &due[1]);
        const enum link_fate d = link_decide(&other, &rule, i * 20000, LEN, &c[2], &due[2]);
        cr_assert(a == b && c[0] == c[1] && due[0] == due[1]);
        apart += a != d || due[0] != due[2];
    }
    cr_assert(apart > 500);
}

Test(links_model, loses_and_doubles_as_often_as_it_is_told)
{
    const struct link_rule rule = { .loss_ppm = 20000, .duplicate_ppm = 50000 };
    struct link_state state;
    uint32_t lost = 0, twice = 0;
    link_state_init(&state, 1, 0, 1);
    for (uint32_t i = 0; i < PACKETS; i++) {
        uint32_t copies = 0;
        uint64_t due = 0;
        if (link_decide(&state, &rule, i, LEN, &copies, &due) == LINK_LOST) lost++;
        else twice += copies == 2;
    }
    cr_assert(lost > 1800 && lost < 2200, "%u of %d lost, 2 %% were told", lost, PACKETS);
    cr_assert(twice > 4600 && twice < 5200, "%u of %d doubled, 5 %% were told", twice, PACKETS);
    cr_assert(state.lost == lost && state.passed == PACKETS - lost);
}

Test(links_model, delays_within_its_jitter_and_keeps_the_order)
{
    const struct link_rule rule = { .delay_us = 40000, .jitter_us = 8000 };
    struct link_state state;
    uint64_t last = 0, least = UINT64_MAX, most = 0;
    link_state_init(&state, 1, 0, 1);
    for (uint64_t now = 0; now < 10000000; now += 10000) {
        uint32_t copies = 0;
        uint64_t due = 0;
        cr_assert(link_decide(&state, &rule, now, LEN, &copies, &due) == LINK_PASSES);
        cr_assert(due >= last && due - now >= 40000 && due - now <= 48000);
        if (due - now < least) least = due - now;
        if (due - now > most) most = due - now;
        last = due;
    }
    cr_assert(most - least > 7000, "the jitter is drawn over its whole range");
}

Test(links_model, a_narrow_link_makes_packets_wait_and_drops_what_would_wait_too_long)
{
    const struct link_rule rule = { .rate_kbit = 800 }; /* 1000 bytes in 10 ms */
    struct link_state state;
    uint32_t copies = 0, passed = 0;
    uint64_t due = 0;
    link_state_init(&state, 1, 0, 1);
    for (uint32_t i = 0; i < 100; i++) {
        if (link_decide(&state, &rule, 0, LEN, &copies, &due) != LINK_PASSES) continue;
        passed++;
        cr_assert_eq(due, passed * UINT64_C(10000));
    }
    cr_assert_eq(passed, LINK_QUEUE_US / 10000);
    cr_assert_eq(state.refused, 100 - passed);
    cr_assert(link_decide(&state, &rule, 1000000, LEN, &copies, &due) == LINK_PASSES);
    cr_assert_eq(due, 1010000);
}

Test(links_model, refuses_what_is_cut_or_too_large)
{
    struct link_rule rule = { .mtu = LEN };
    struct link_state state;
    uint32_t copies = 0;
    uint64_t due = 0;
    link_state_init(&state, 1, 0, 1);
    cr_assert(link_decide(&state, &rule, 0, LEN, &copies, &due) == LINK_PASSES);
    cr_assert(link_decide(&state, &rule, 0, LEN + 1, &copies, &due) == LINK_TOO_LARGE);
    rule.silent = true;
    cr_assert(link_decide(&state, &rule, 0, LEN + 1, &copies, &due) == LINK_LOST);
    rule.cut = true;
    cr_assert(link_decide(&state, &rule, 0, 1, &copies, &due) == LINK_LOST);
}
