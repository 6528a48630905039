/*
 * tests/unit/host/test_peer_clocks.c - our date against the others', and who was heard of.
 */
#include "host/peers/peer_clocks.h"

#include <criterion/criterion.h>
#include <string.h>

enum { N = 5, SELF = 0, T_MS = 8000, BOUND_MS = 1000, WAY_MS = 100 };

static struct assay_peer_clocks_peer peers[N];
static const uint32_t even[N] = { 10, 10, 10, 10, 10 };

static struct assay_peer_clocks dates_of(void)
{
    struct assay_peer_clocks d;
    assay_peer_clocks_init(&d, peers, N, SELF, T_MS);
    return d;
}

static struct assay_slice payload(uint8_t bytes[ASSAY_DATE_LEN], uint8_t what, uint64_t ticket,
                                  uint64_t at_unix_ms)
{
    struct assay_writer w = assay_writer_over(bytes, ASSAY_DATE_LEN);
    assay_writer_u8(&w, what);
    assay_writer_u64be(&w, ticket);
    assay_writer_u64be(&w, at_unix_ms);
    return assay_slice_over(bytes, w.len);
}

static enum assay_status give(struct assay_peer_clocks *d, uint16_t slot, uint64_t now_ms,
                              struct assay_slice bytes)
{
    uint8_t answer[ASSAY_DATE_LEN];
    struct assay_writer w = assay_writer_over(answer, sizeof answer);
    return assay_peer_clocks_on_date(d, slot, now_ms, 1000000 + now_ms, bytes, &w);
}

static void ask(struct assay_peer_clocks *d, uint64_t now_ms)
{
    uint8_t bytes[ASSAY_DATE_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert(assay_peer_clocks_poll_request(d, now_ms, 1000000 + now_ms, false, &w));
    cr_assert_eq(w.len, ASSAY_DATE_LEN);
}

/* A peer whose date is ahead of ours by so much answers after 200 ms. */
static void told(struct assay_peer_clocks *d, uint16_t slot, uint64_t asked_ms, int64_t ahead_ms)
{
    uint8_t bytes[ASSAY_DATE_LEN];
    const uint64_t at = (uint64_t)((int64_t)(1000000 + asked_ms + 100) + ahead_ms);
    cr_assert_eq(give(d, slot, asked_ms + 200, payload(bytes, 1, d->ticket, at)), ASSAY_OK);
}

Test(peer_clocks, what_peers_ask_is_answered_with_our_date)
{
    struct assay_peer_clocks d = dates_of();
    uint8_t bytes[ASSAY_DATE_LEN], answer[ASSAY_DATE_LEN];
    struct assay_writer w = assay_writer_over(answer, sizeof answer);
    const struct assay_slice question = payload(bytes, 0, 77, 5);
    cr_assert_eq(assay_peer_clocks_on_date(&d, 3, 50, 123456, question, &w), ASSAY_OK);
    uint8_t wanted[ASSAY_DATE_LEN];
    (void)payload(wanted, 1, 77, 123456);
    cr_assert_eq(w.len, sizeof wanted);
    cr_assert_arr_eq(answer, wanted, sizeof wanted);
    cr_assert_not(peers[3].known, "a question says nothing that is believed");
}

Test(peer_clocks, every_truncation_and_every_answer_to_nothing_is_refused)
{
    struct assay_peer_clocks d = dates_of();
    uint8_t bytes[ASSAY_DATE_LEN + 1];
    struct assay_slice whole = payload(bytes, 1, 1, 1000000);
    cr_assert_eq(give(&d, 1, 100, whole), ASSAY_E_STALE, "nothing was asked");
    ask(&d, 100);
    for (size_t len = 0; len < ASSAY_DATE_LEN; len++)
        cr_assert_neq(give(&d, 1, 200, assay_slice_over(bytes, len)), ASSAY_OK);
    bytes[ASSAY_DATE_LEN] = 0;
    whole = payload(bytes, 1, d.ticket, 1000000);
    cr_assert_eq(give(&d, 1, 200, assay_slice_over(bytes, ASSAY_DATE_LEN + 1)), ASSAY_E_TRAILING);
    cr_assert_eq(give(&d, 1, 200, payload(bytes, 2, d.ticket, 1000000)), ASSAY_E_RANGE);
    cr_assert_eq(give(&d, 1, 200, payload(bytes, 1, d.ticket, UINT64_MAX)), ASSAY_E_RANGE);
    cr_assert_eq(give(&d, 1, 200, payload(bytes, 1, d.ticket + 1, 1000000)), ASSAY_E_STALE);
    cr_assert_eq(give(&d, SELF, 200, payload(bytes, 1, d.ticket, 1000000)), ASSAY_E_STALE);
    for (uint32_t i = 0; i < N; i++)
        cr_assert_not(peers[i].known);
    cr_assert_eq(give(&d, 1, 200, payload(bytes, 1, d.ticket, 1000000)), ASSAY_OK);
    cr_assert(peers[1].known);
}

Test(peer_clocks, an_answer_is_taken_to_be_of_the_middle_of_its_way)
{
    struct assay_peer_clocks d = dates_of();
    ask(&d, 5000);
    told(&d, 2, 5000, -1500);
    cr_assert_eq(peers[2].ahead_ms, -1500);
    cr_assert_eq(peers[2].round_ms, 200);
}

Test(peer_clocks, asks_in_company_when_there_is_some)
{
    struct assay_peer_clocks d = dates_of();
    uint8_t bytes[ASSAY_DATE_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    ask(&d, 100);
    cr_assert_not(assay_peer_clocks_poll_request(&d, 100 + 3 * T_MS / 4 - 1, 1, true, &w),
                  "too soon");
    cr_assert(assay_peer_clocks_poll_request(&d, 100 + 3 * T_MS / 4, 1, true, &w));
    cr_assert_eq(w.len, ASSAY_DATE_LEN);
    cr_assert_not(assay_peer_clocks_poll_request(&d, 100 + 5 * T_MS / 4, 1, false, &w),
                  "asked already");
    cr_assert_eq(assay_peer_clocks_wake_at(&d), 100 + 2 * T_MS);
}

Test(peer_clocks, asks_once_in_an_epoch_and_at_least_every_twelve_and_a_half_seconds)
{
    struct assay_peer_clocks d = dates_of();
    uint8_t bytes[ASSAY_DATE_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    ask(&d, 100);
    const uint64_t alone_ms = 100 + T_MS + T_MS / 4;
    cr_assert_not(assay_peer_clocks_poll_request(&d, alone_ms - 1, 1, false, &w));
    cr_assert_eq(assay_peer_clocks_wake_at(&d), alone_ms);
    ask(&d, alone_ms);
    assay_peer_clocks_init(&d, peers, N, SELF, 3600 * 1000);
    cr_assert_eq(d.every_ms, ASSAY_PEER_CLOCKS_REQUEST_MS_MAX);
    cr_assert_eq(d.bound_ms, 5000);
    assay_peer_clocks_init(&d, peers, N, SELF, 100);
    cr_assert_eq(d.every_ms, ASSAY_PEER_CLOCKS_REQUEST_MS_MIN);
    cr_assert_eq(d.bound_ms, 12);
}

Test(peer_clocks, too_few_say_nothing)
{
    struct assay_peer_clocks d = dates_of();
    ask(&d, 100);
    told(&d, 1, 100, 90000);
    told(&d, 2, 100, 90000);
    cr_assert_not(assay_peer_clocks_update(&d, even, 300), "three of five with our own");
    cr_assert_not(d.found.known || d.off);
    told(&d, 3, 100, 90000);
    cr_assert(assay_peer_clocks_update(&d, even, 300));
    cr_assert(d.found.known && d.off);
    cr_assert_eq(d.found.ahead_ms, -90000);
}

Test(peer_clocks, a_lying_third_moves_nothing)
{
    struct assay_peer_clocks d = dates_of();
    static const uint32_t weights[N] = { 10, 10, 10, 7, 7 }; /* the last two: 14 of 44 */
    ask(&d, 100);
    told(&d, 1, 100, 20);
    told(&d, 2, 100, -30);
    told(&d, 3, 100, 3600000);
    told(&d, 4, 100, 3600000);
    cr_assert_not(assay_peer_clocks_update(&d, weights, 300));
    cr_assert(d.found.known);
    cr_assert_leq(d.found.ahead_ms, 30);
    cr_assert_geq(d.found.ahead_ms, -30);
    told(&d, 1, 100, 3600000); /* and when more than half say so, it is ours that is off */
    cr_assert(assay_peer_clocks_update(&d, weights, 300));
    cr_assert(d.off);
}

Test(peer_clocks, where_half_disagrees_nobody_is_said_to_be_right)
{
    static const uint32_t weights[N] = { 10, 10, 10, 10, 0 };
    struct assay_peer_clocks d = dates_of();
    ask(&d, 100);
    told(&d, 1, 100, 0);
    told(&d, 2, 100, 60000);
    told(&d, 3, 100, 60000);
    cr_assert_not(assay_peer_clocks_update(&d, weights, 300));
    cr_assert(d.found.known);
    cr_assert_eq(d.found.ahead_ms, 0);
}

Test(peer_clocks, off_is_said_once_and_right_again_once)
{
    struct assay_peer_clocks d = dates_of();
    ask(&d, 100);
    for (uint16_t i = 1; i < N; i++)
        told(&d, i, 100, BOUND_MS + WAY_MS);
    cr_assert_not(assay_peer_clocks_update(&d, even, 300), "at the bound is within it");
    for (uint16_t i = 1; i < N; i++)
        told(&d, i, 100, -(BOUND_MS + WAY_MS + 1));
    cr_assert(assay_peer_clocks_update(&d, even, 300));
    cr_assert(d.off);
    cr_assert_eq(d.found.ahead_ms, BOUND_MS + WAY_MS + 1);
    cr_assert_eq(d.found.sure_ms, BOUND_MS + 1);
    cr_assert_not(assay_peer_clocks_update(&d, even, 300));
    /* silence is no sign that it is right again */
    cr_assert_not(assay_peer_clocks_update(&d, even, 300 + 10 * T_MS));
    cr_assert(d.off && !d.found.known);
    ask(&d, 20 * T_MS);
    for (uint16_t i = 1; i < N; i++)
        told(&d, i, 20 * T_MS, 0);
    cr_assert(assay_peer_clocks_update(&d, even, 20 * T_MS + 300));
    cr_assert_not(d.off);
}

/* A question that arrives at once and answers that take three bounds, as of a busy machine: what
 * they say is off by half of that, and nobody's date is. */
Test(peer_clocks, a_lopsided_way_is_no_wrong_date)
{
    struct assay_peer_clocks d = dates_of();
    ask(&d, 100);
    for (uint16_t i = 1; i < N; i++) {
        uint8_t bytes[ASSAY_DATE_LEN];
        const struct assay_slice answer = payload(bytes, 1, d.ticket, 1000000 + 100);
        cr_assert_eq(give(&d, i, 100 + 3 * BOUND_MS, answer), ASSAY_OK);
    }
    cr_assert_not(assay_peer_clocks_update(&d, even, 100 + 3 * BOUND_MS));
    cr_assert_not(d.off);
    cr_assert_eq(d.found.ahead_ms, 3 * BOUND_MS / 2, "shown as the best guess");
    cr_assert_eq(d.found.sure_ms, 0);
}

Test(peer_clocks, who_is_silent_for_three_questions_is_gone)
{
    struct assay_peer_clocks d = dates_of();
    cr_assert_not(assay_peer_clocks_is_reachable(&d, 1, 0), "never heard of");
    cr_assert(assay_peer_clocks_is_reachable(&d, SELF, 0));
    assay_peer_clocks_on_message(&d, 1, 500);
    cr_assert(assay_peer_clocks_is_reachable(&d, 1, 500 + 3 * T_MS));
    cr_assert_not(assay_peer_clocks_is_reachable(&d, 1, 501 + 3 * T_MS));
}

Test(peer_clocks, who_says_farewell_is_gone_at_once_until_it_is_heard_of_again)
{
    struct assay_peer_clocks d = dates_of();
    uint8_t bytes[ASSAY_DATE_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_peer_clocks_encode_farewell(5, &w);
    const struct assay_slice farewell = assay_slice_over(bytes, w.len);
    assay_peer_clocks_on_message(&d, 1, 500);
    assay_peer_clocks_on_message(&d, 2, 500);
    cr_assert_not(assay_peer_clocks_poll_ending(&d, 1, 500));
    cr_assert_eq(give(&d, 1, 500, farewell), ASSAY_OK);
    cr_assert_not(assay_peer_clocks_is_reachable(&d, 1, 500));
    cr_assert(assay_peer_clocks_is_reachable(&d, 2, 500), "of itself alone");
    cr_assert(assay_peer_clocks_poll_ending(&d, 1, 500));
    cr_assert_not(assay_peer_clocks_poll_ending(&d, 2, 500));
    assay_peer_clocks_on_message(&d, 1, 600);
    cr_assert(assay_peer_clocks_is_reachable(&d, 1, 600));
    cr_assert_not(assay_peer_clocks_poll_ending(&d, 1, 600));
    cr_assert_eq(give(&d, SELF, 600, farewell), ASSAY_OK);
    cr_assert(assay_peer_clocks_is_reachable(&d, SELF, 600), "nobody says it of this node");
}

Test(peer_clocks, people_are_told_of_farewells_once_an_interval)
{
    struct assay_peer_clocks d = dates_of();
    uint8_t bytes[ASSAY_DATE_LEN];
    uint32_t said = 0;
    for (uint64_t now = 0; now < 2 * T_MS; now += 10) {
        assay_peer_clocks_on_message(&d, 1, now);
        cr_assert_eq(give(&d, 1, now, payload(bytes, 2, 0, 5)), ASSAY_OK);
        said += assay_peer_clocks_poll_ending(&d, 1, now);
    }
    cr_assert_eq(said, 2);
    cr_assert_eq(give(&d, 1, 0, payload(bytes, 2, 1, 5)), ASSAY_E_RANGE, "one encoding");
    cr_assert_eq(give(&d, 1, 0, payload(bytes, 3, 0, 5)), ASSAY_E_RANGE);
}

Test(peer_clocks, the_longest_way_is_remembered_for_a_while)
{
    struct assay_peer_clocks d = dates_of();
    uint8_t bytes[ASSAY_DATE_LEN];
    uint64_t at = 100;
    for (int i = 0; i < 40; i++, at += T_MS + T_MS / 4) {
        ask(&d, at);
        const uint64_t took = i == 0 ? 800 : 80;
        cr_assert_eq(give(&d, 1, at + took, payload(bytes, 1, d.ticket, 1000000)), ASSAY_OK);
        if (i == 4) cr_assert(peers[1].worst_ms > 400 && peers[1].round_ms == 80);
    }
    cr_assert_eq(peers[1].worst_ms, 80);
}

Test(peer_clocks, a_weight_table_of_zeros_says_nothing)
{
    static const uint32_t none[N] = { 0 };
    struct assay_peer_clocks d = dates_of();
    cr_assert_not(assay_peer_clocks_update(&d, none, 5));
    cr_assert_not(d.found.known);
}

/* docs/protocol.md 4.12.9: who is no neighbour is heard through others, once an epoch. */
Test(peer_clocks, who_is_far_may_be_silent_for_longer)
{
    struct assay_peer_clocks d = dates_of();
    assay_peer_clocks_on_message(&d, 1, 1000);
    cr_expect(assay_peer_clocks_is_reachable(&d, 1, 1000 + 3 * T_MS));
    cr_expect_not(assay_peer_clocks_is_reachable(&d, 1, 1001 + 3 * T_MS));
    d.far_ms = 5 * T_MS;
    cr_expect(assay_peer_clocks_is_reachable(&d, 1, 1000 + 5 * T_MS));
    cr_expect_not(assay_peer_clocks_is_reachable(&d, 1, 1001 + 5 * T_MS));
    cr_expect_not(assay_peer_clocks_is_reachable(&d, 2, 1000), "never heard");
}
