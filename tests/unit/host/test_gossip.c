/*
 * tests/unit/host/test_gossip.c - tests of evidence gossip.
 *
 * Evidence by digest: one flight, origin first, a bounded number of sources, and honest counts.
 */
#include "base/crypto.h"
#include "host/overlay/gossip.h"
#include "tests/support/host_memory.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { SELF = 2, MEMBERS = 6, RETRY_MS = 50, ORIGIN = 4 };

static struct assay_traffic_counters counters;
static struct assay_gossip *gossip;
static const uint8_t quote[] = "evidence that ends in a one: 1";
static struct assay_fetch_request request;

static uint64_t count(enum assay_counter which)
{
    return counters.value[which];
}

static void start(void)
{
    const struct assay_gossip_config config = {
        .self = SELF, .members = MEMBERS, .retry_ms = RETRY_MS, .counters = &counters
    };
    gossip = test_gossip(&config);
    request = (struct assay_fetch_request){ .len = sizeof quote - 1,
                                            .origin = ORIGIN,
                                            .epoch = 7,
                                            .at_unix_s = 70,
                                            .kind = ASSAY_KIND_SOFT };
    assay_sha256(quote, sizeof quote - 1, request.digest);
}

static void stop(void)
{
    free(gossip);
}

static struct assay_slice answer_of(const uint8_t digest[static 32], const void *bytes, size_t len)
{
    static uint8_t buffer[64 * 1024];
    struct assay_writer w = assay_writer_over(buffer, sizeof buffer);
    struct assay_slice out = { 0 };
    assay_pull_answer_encode(digest, assay_slice_over(bytes, len), &w);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    return out;
}

static enum assay_status answer(uint16_t from, const void *bytes, size_t len)
{
    struct assay_fetch_request done;
    struct assay_slice got;
    return assay_gossip_on_evidence(gossip, 0, from, answer_of(request.digest, bytes, len), &done,
                                    &got);
}

static void expect_pull(uint64_t now_ms, struct assay_gossip_action *action)
{
    cr_assert(assay_gossip_next(gossip, now_ms, action));
    cr_assert_eq(action->kind, ASSAY_GOSSIP_PULL);
    cr_assert(assay_bytes_equal(action->request.digest, request.digest, 32));
}

Test(host_gossip, asks_the_origin_first_and_takes_its_answer, .init = start, .fini = stop)
{
    struct assay_gossip_action action;
    struct assay_fetch_request done;
    struct assay_slice got;
    cr_assert_eq(assay_gossip_fetch(gossip, 1000, &request), ASSAY_OK);
    expect_pull(1000, &action);
    cr_assert_eq(action.to, ORIGIN);
    cr_assert_not(assay_gossip_next(gossip, 1000 + RETRY_MS - 1, &action));
    cr_assert_eq(assay_gossip_wake_at(gossip), 1000 + RETRY_MS);
    cr_assert_eq(assay_gossip_on_evidence(gossip, 1000, ORIGIN,
                                          answer_of(request.digest, quote, sizeof quote - 1), &done,
                                          &got),
                 ASSAY_OK);
    cr_assert(assay_slice_equal(got, assay_slice_over(quote, sizeof quote - 1)));
    cr_assert_eq(done.at_unix_s, 70);
    cr_assert_eq(assay_gossip_count(gossip), 0);
    cr_assert_eq(assay_gossip_wake_at(gossip), UINT64_MAX);
}

Test(host_gossip, one_flight_however_often_it_is_asked_for, .init = start, .fini = stop)
{
    struct assay_gossip_action action;
    cr_assert_eq(assay_gossip_fetch(gossip, 0, &request), ASSAY_OK);
    cr_assert_eq(assay_gossip_fetch(gossip, 0, &request), ASSAY_E_DUPLICATE);
    expect_pull(0, &action);
    cr_assert_not(assay_gossip_next(gossip, 0, &action));
    cr_assert_eq(count(ASSAY_COUNT_FETCH_STARTED), 1);
}

Test(host_gossip, asks_three_different_members_then_fails_and_says_so, .init = start, .fini = stop)
{
    struct assay_gossip_action action;
    bool asked[MEMBERS] = { false };
    cr_assert_eq(assay_gossip_fetch(gossip, 0, &request), ASSAY_OK);
    for (uint64_t i = 0; i < ASSAY_FETCH_ASKED; i++) {
        expect_pull(i * RETRY_MS, &action);
        cr_assert_neq(action.to, SELF);
        cr_assert_not(asked[action.to]);
        asked[action.to] = true;
    }
    const uint64_t end = ASSAY_FETCH_ASKED * RETRY_MS;
    cr_assert_not(assay_gossip_next(gossip, end - 1, &action), "the last has its time too");
    cr_assert(assay_gossip_next(gossip, end, &action));
    cr_assert_eq(action.kind, ASSAY_GOSSIP_FAIL);
    cr_assert_eq(action.asked, ASSAY_FETCH_ASKED);
    cr_assert_eq(assay_gossip_count(gossip), 0);
}

Test(host_gossip, asks_all_there_are_in_a_small_network, .fini = stop)
{
    const struct assay_gossip_config config = {
        .self = 0, .members = 3, .retry_ms = RETRY_MS, .counters = &counters
    };
    struct assay_gossip_action action;
    start();
    stop();
    request.origin = 1;
    gossip = test_gossip(&config);
    cr_assert_eq(assay_gossip_fetch(gossip, 0, &request), ASSAY_OK);
    expect_pull(0, &action);
    cr_assert_eq(action.to, 1);
    expect_pull(RETRY_MS, &action);
    cr_assert_eq(action.to, 2);
    cr_assert(assay_gossip_next(gossip, 2 * RETRY_MS, &action));
    cr_assert_eq(action.kind, ASSAY_GOSSIP_FAIL);
    cr_assert_eq(action.asked, 2);
}

Test(host_gossip, slow_evidence_is_waited_for_and_asked_of_more_members, .fini = stop)
{
    enum { MANY = 20, PATIENCE_MS = 400 };
    const struct assay_gossip_config config = { .self = SELF,
                                                .members = MANY,
                                                .retry_ms = RETRY_MS,
                                                .patience_ms = PATIENCE_MS,
                                                .counters = &counters };
    struct assay_gossip_action action;
    unsigned pulls = 0, of_origin = 0;
    start();
    stop();
    gossip = test_gossip(&config);
    cr_assert_eq(assay_gossip_fetch(gossip, 0, &request), ASSAY_OK);
    for (uint64_t now = 0; now < PATIENCE_MS; now++) {
        while (assay_gossip_next(gossip, now, &action)) {
            cr_assert_eq(action.kind, ASSAY_GOSSIP_PULL, "at %u ms", (unsigned)now);
            pulls++;
            of_origin += action.to == ORIGIN;
        }
        cr_assert_gt(assay_gossip_wake_at(gossip), now, "or the loop would spin");
    }
    cr_assert_eq(pulls, ASSAY_FETCH_ASKED_MAX, "one each retry");
    cr_assert_eq(of_origin, 1);
    cr_assert_eq(answer(ORIGIN, quote, sizeof quote - 1), ASSAY_OK, "late, and in time");
}

Test(host_gossip, in_a_small_network_the_origin_is_asked_once_more, .fini = stop)
{
    enum { PATIENCE_MS = 400 };
    const struct assay_gossip_config config = { .self = 0,
                                                .members = 3,
                                                .retry_ms = RETRY_MS,
                                                .patience_ms = PATIENCE_MS,
                                                .counters = &counters };
    struct assay_gossip_action action;
    start();
    stop();
    request.origin = 1;
    gossip = test_gossip(&config);
    cr_assert_eq(assay_gossip_fetch(gossip, 0, &request), ASSAY_OK);
    const uint16_t expected[] = { 1, 2, 1 };
    for (uint64_t i = 0; i < 3; i++) {
        expect_pull(i * RETRY_MS, &action);
        cr_assert_eq(action.to, expected[i]);
    }
    cr_assert_eq(answer(2, quote, 0), ASSAY_E_AGAIN);
    cr_assert_not(assay_gossip_next(gossip, 3 * RETRY_MS, &action), "nobody is left to hurry to");
    cr_assert_eq(assay_gossip_wake_at(gossip), PATIENCE_MS);
    cr_assert(assay_gossip_next(gossip, PATIENCE_MS, &action));
    cr_assert_eq(action.kind, ASSAY_GOSSIP_FAIL);
    cr_assert_eq(action.asked, 2);
}

Test(host_gossip, not_here_hurries_to_the_next_source, .init = start, .fini = stop)
{
    struct assay_gossip_action action;
    cr_assert_eq(assay_gossip_fetch(gossip, 0, &request), ASSAY_OK);
    expect_pull(0, &action);
    cr_assert_eq(answer(ORIGIN, quote, 0), ASSAY_E_AGAIN);
    expect_pull(1, &action);
    const uint16_t second = action.to;
    /* The origin saying it again does not hurry anybody. */
    cr_assert_eq(answer(ORIGIN, quote, 0), ASSAY_E_AGAIN);
    cr_assert_not(assay_gossip_next(gossip, 2, &action));
    cr_assert_eq(answer(second, quote, sizeof quote - 1), ASSAY_OK);
    cr_assert_eq(count(ASSAY_COUNT_EVIDENCE_NEGATIVE), 2);
}

Test(host_gossip, a_late_answer_of_the_first_source_still_counts, .init = start, .fini = stop)
{
    struct assay_gossip_action action;
    cr_assert_eq(assay_gossip_fetch(gossip, 0, &request), ASSAY_OK);
    expect_pull(0, &action);
    expect_pull(RETRY_MS, &action);
    cr_assert_eq(answer(ORIGIN, quote, sizeof quote - 1), ASSAY_OK);
}

Test(host_gossip, a_false_length_hides_nothing, .init = start, .fini = stop)
{
    struct assay_gossip_action action;
    struct assay_fetch_request lying = request;
    lying.len = request.len - 1;
    cr_assert_eq(assay_gossip_fetch(gossip, 0, &lying), ASSAY_OK);
    expect_pull(0, &action);
    cr_assert_eq(answer(ORIGIN, quote, sizeof quote - 1), ASSAY_OK);
}

Test(host_gossip, refuses_what_is_not_the_evidence_each_for_its_reason, .init = start, .fini = stop)
{
    struct assay_gossip_action action;
    struct assay_fetch_request done;
    struct assay_slice got;
    static uint8_t big[ASSAY_EVIDENCE_LEN_MAX + 1];
    uint8_t other[sizeof quote - 1] = { 0 };
    cr_assert_eq(answer(ORIGIN, quote, sizeof quote - 1), ASSAY_E_NOT_FOUND, "nobody asked");
    cr_assert_eq(assay_gossip_fetch(gossip, 0, &request), ASSAY_OK);
    expect_pull(0, &action);
    cr_assert_eq(answer(1, quote, sizeof quote - 1), ASSAY_E_NOT_FOUND, "not asked");
    cr_assert_eq(count(ASSAY_COUNT_EVIDENCE_UNSOLICITED), 2);
    cr_assert_eq(answer(ORIGIN, big, sizeof big), ASSAY_E_RANGE);
    cr_assert_eq(count(ASSAY_COUNT_EVIDENCE_OVERSIZE), 1);
    cr_assert_eq(answer(ORIGIN, quote, sizeof quote - 2), ASSAY_E_RANGE);
    cr_assert_eq(count(ASSAY_COUNT_EVIDENCE_LENGTH), 1);
    cr_assert_eq(answer(ORIGIN, other, sizeof other), ASSAY_E_SIGNATURE);
    cr_assert_eq(count(ASSAY_COUNT_EVIDENCE_DIGEST), 1);
    for (size_t len = 0; len < 32; len++)
        cr_assert_eq(
            assay_gossip_on_evidence(gossip, 0, ORIGIN, assay_slice_over(big, len), &done, &got),
            ASSAY_E_TRUNCATED);
    cr_assert_eq(count(ASSAY_COUNT_EVIDENCE_MALFORMED), 32);
    cr_assert_eq(assay_gossip_count(gossip), 1, "the flight goes on");
    cr_assert_eq(answer(ORIGIN, quote, sizeof quote - 1), ASSAY_OK);
}

Test(host_gossip, refuses_a_tail_of_zeros, .init = start, .fini = stop)
{
    struct assay_gossip_action action;
    const uint8_t tailed[] = { 1, 2, 3, 0, 0 };
    assay_sha256(tailed, sizeof tailed, request.digest);
    request.len = sizeof tailed;
    cr_assert_eq(assay_gossip_fetch(gossip, 0, &request), ASSAY_OK);
    expect_pull(0, &action);
    cr_assert_eq(answer(ORIGIN, tailed, sizeof tailed), ASSAY_E_TRAILING);
    cr_assert_eq(count(ASSAY_COUNT_EVIDENCE_TAIL), 1);
}

Test(host_gossip, bounds_flights_and_lengths, .init = start, .fini = stop)
{
    request.len = 0;
    cr_assert_eq(assay_gossip_fetch(gossip, 0, &request), ASSAY_E_RANGE);
    request.len = ASSAY_EVIDENCE_LEN_MAX + 1;
    cr_assert_eq(assay_gossip_fetch(gossip, 0, &request), ASSAY_E_RANGE);
    request.len = ASSAY_EVIDENCE_LEN_MAX;
    for (unsigned i = 0; i < ASSAY_FETCHES_MAX; i++) {
        request.digest[0] = (uint8_t)i;
        request.digest[1] = (uint8_t)(i >> 8);
        request.epoch = i % 2;
        cr_assert_eq(assay_gossip_fetch(gossip, 0, &request), ASSAY_OK);
    }
    request.digest[2] ^= 1;
    cr_assert_eq(assay_gossip_fetch(gossip, 0, &request), ASSAY_E_FULL);
    cr_assert_eq(count(ASSAY_COUNT_FETCH_FULL), 1);
    assay_gossip_remove_before(gossip, 1);
    cr_assert_eq(assay_gossip_count(gossip), ASSAY_FETCHES_MAX / 2);
}

Test(host_gossip, evidence_that_came_another_way_ends_the_flight, .init = start, .fini = stop)
{
    struct assay_fetch_request done;
    cr_assert_not(assay_gossip_complete(gossip, request.digest, &done));
    cr_assert_eq(assay_gossip_fetch(gossip, 0, &request), ASSAY_OK);
    cr_assert(assay_gossip_complete(gossip, request.digest, &done));
    cr_assert_eq(done.epoch, 7);
    cr_assert_eq(assay_gossip_count(gossip), 0);
}

/* docs/protocol.md 4.1.7: a member of another kind announced it; the member that has it is not to
 * blame for that. */
Test(host_gossip, evidence_of_another_kind_is_no_fault_of_who_has_it, .init = start, .fini = stop)
{
    enum { FIXED = 436, SIGNED = 64 };
    static uint8_t soft[FIXED + SIGNED] = { 3, 0, 2 };
    struct assay_gossip_action action;
    soft[FIXED - 4] = SIGNED;
    assay_sha256(soft, sizeof soft, request.digest);
    request.len = sizeof soft;
    request.kind = ASSAY_KIND_TDX5;
    cr_assert_eq(assay_gossip_fetch(gossip, 0, &request), ASSAY_OK);
    expect_pull(0, &action);
    cr_assert_eq(answer(ORIGIN, soft, sizeof soft), ASSAY_E_TYPE);
    cr_expect_eq(count(ASSAY_COUNT_EVIDENCE_TAIL), 1);
    cr_assert_eq(assay_gossip_count(gossip), 1);
    request.kind = ASSAY_KIND_SOFT;
    cr_assert_eq(assay_gossip_fetch(gossip, 0, &request), ASSAY_OK);
    expect_pull(0, &action);
    cr_assert_eq(answer(ORIGIN, soft, sizeof soft), ASSAY_OK);
}

/* docs/protocol.md 4.1.7: the second member announced the first one's evidence as its own, perhaps
 * before that one did. */
Test(host_gossip, one_digest_of_two_members_is_asked_of_both, .init = start, .fini = stop)
{
    struct assay_fetch_request false_one = request, done;
    struct assay_gossip_action action;
    struct assay_slice got;
    false_one.origin = ORIGIN - 1;
    false_one.kind = ASSAY_KIND_TDX5;
    cr_assert_eq(assay_gossip_fetch(gossip, 1000, &false_one), ASSAY_OK);
    expect_pull(1000, &action);
    cr_assert_eq(action.to, ORIGIN - 1);
    cr_assert_eq(assay_gossip_fetch(gossip, 1010, &request), ASSAY_OK);
    cr_assert_eq(assay_gossip_fetch(gossip, 1010, &request), ASSAY_E_DUPLICATE);
    expect_pull(1010, &action);
    cr_assert_eq(action.to, ORIGIN, "its own member is asked at once");
    cr_expect(assay_gossip_add_waiter(gossip, request.digest, 5));
    cr_assert_eq(assay_gossip_on_evidence(gossip, 1020, ORIGIN,
                                          answer_of(request.digest, quote, sizeof quote - 1), &done,
                                          &got),
                 ASSAY_OK);
    cr_expect_eq(done.kind, ASSAY_KIND_SOFT);
    cr_expect_eq(assay_gossip_get_waiters(gossip)->count, 1);
    cr_assert(assay_gossip_has(gossip, request.digest));
    cr_assert(assay_gossip_complete(gossip, request.digest, &done));
    cr_expect_eq(done.kind, ASSAY_KIND_TDX5);
    cr_expect_eq(done.origin, ORIGIN - 1);
    cr_assert_not(assay_gossip_has(gossip, request.digest));
}

Test(host_gossip, a_pull_is_exactly_one_digest)
{
    uint8_t bytes[ASSAY_PULL_LEN + 1] = { 9 }, digest[32];
    for (size_t len = 0; len < ASSAY_PULL_LEN; len++)
        cr_assert_eq(assay_pull_decode(assay_slice_over(bytes, len), digest), ASSAY_E_TRUNCATED);
    cr_assert_eq(assay_pull_decode(assay_slice_over(bytes, ASSAY_PULL_LEN), digest), ASSAY_OK);
    cr_assert_eq(digest[0], 9);
    cr_assert_eq(assay_pull_decode(assay_slice_over(bytes, sizeof bytes), digest),
                 ASSAY_E_TRAILING);
}

Test(host_gossip, sources_have_less_time_in_short_epochs)
{
    cr_assert_eq(assay_gossip_retry_ms(60000), ASSAY_FETCH_RETRY_MS);
    /* Three sources and their last wait fit between T/4 and 5T/8, where ballots are made. */
    const uint32_t epochs[] = { 500, 1000, 2000, 60000 };
    for (size_t i = 0; i < sizeof epochs / sizeof epochs[0]; i++) {
        const uint64_t asking = ASSAY_FETCH_ASKED * assay_gossip_retry_ms(epochs[i]);
        cr_assert_leq(asking, epochs[i] * 3 / 8);
        cr_assert_leq(assay_gossip_patience_ms(epochs[i]), epochs[i] * 3 / 8);
        cr_assert_geq(assay_gossip_patience_ms(epochs[i]), asking);
        cr_assert_leq(ASSAY_FETCH_ASKED * assay_gossip_retry_max_ms(epochs[i]),
                      assay_gossip_patience_ms(epochs[i]));
    }
}

/* --- how long a source has (docs/protocol.md 4.1.6) */

enum { SLOW_MS = 170, MOST_MS = 400, PATIENCE_MS = 1600 };

static void start_patient(void)
{
    const struct assay_gossip_config config = { .self = SELF,
                                                .members = MEMBERS,
                                                .retry_ms = RETRY_MS,
                                                .retry_max_ms = MOST_MS,
                                                .patience_ms = PATIENCE_MS,
                                                .counters = &counters };
    start();
    free(gossip);
    gossip = test_gossip(&config);
}

/* One piece, whose origin answers after so long. Returns: how many members were asked meanwhile. */
static uint32_t fetch_one(uint64_t *now_ms, uint8_t number, uint64_t took_ms)
{
    struct assay_gossip_action action;
    struct assay_fetch_request done;
    struct assay_slice got;
    uint8_t bytes[8] = { number, 1 };
    uint32_t asked = 0;
    bytes[7] = 1;
    assay_sha256(bytes, sizeof bytes, request.digest);
    request.len = sizeof bytes;
    cr_assert_eq(assay_gossip_fetch(gossip, *now_ms, &request), ASSAY_OK);
    for (uint64_t end = *now_ms + took_ms; *now_ms < end; (*now_ms)++)
        while (assay_gossip_next(gossip, *now_ms, &action))
            asked += action.kind == ASSAY_GOSSIP_PULL;
    cr_assert_eq(assay_gossip_on_evidence(gossip, *now_ms, ORIGIN,
                                          answer_of(request.digest, bytes, sizeof bytes), &done,
                                          &got),
                 ASSAY_OK);
    return asked;
}

Test(host_gossip, where_answers_take_long_a_second_source_is_asked_later, .init = start_patient,
     .fini = stop)
{
    uint64_t now_ms = 5000;
    cr_assert_eq(assay_gossip_retry(gossip), RETRY_MS);
    cr_assert_gt(fetch_one(&now_ms, 1, SLOW_MS), 1, "nobody knows yet how long answers take");
    for (uint8_t i = 2; i < 12; i++)
        cr_assert_eq(fetch_one(&now_ms, i, SLOW_MS + i), 1, "piece %u", i);
    const uint64_t slow = assay_gossip_retry(gossip);
    cr_assert(slow > SLOW_MS && slow <= MOST_MS);
    for (uint8_t i = 0; i < 60; i++)
        (void)fetch_one(&now_ms, (uint8_t)(20 + i), 5);
    cr_assert_eq(assay_gossip_retry(gossip), RETRY_MS, "and sooner where they are fast again");
}

/* However slow a third makes its answers, a fetch asks as many as it must. */
Test(host_gossip, slow_answers_never_keep_a_fetch_from_asking_three, .init = start_patient,
     .fini = stop)
{
    struct assay_gossip_action action = { 0 };
    uint64_t now_ms = 5000;
    uint32_t asked = 0;
    for (uint8_t i = 0; i < 20; i++)
        (void)fetch_one(&now_ms, i, i % 3 == 0 ? PATIENCE_MS - 1 : 5);
    cr_assert_eq(assay_gossip_retry(gossip), MOST_MS);
    request.digest[0] ^= 0x55;
    cr_assert_eq(assay_gossip_fetch(gossip, now_ms, &request), ASSAY_OK);
    const uint64_t end_ms = now_ms + PATIENCE_MS;
    for (; action.kind != ASSAY_GOSSIP_FAIL && now_ms < end_ms + MOST_MS; now_ms++)
        while (action.kind != ASSAY_GOSSIP_FAIL && assay_gossip_next(gossip, now_ms, &action))
            asked += action.kind == ASSAY_GOSSIP_PULL;
    cr_assert_geq(asked, ASSAY_FETCH_ASKED);
    cr_assert_eq(action.kind, ASSAY_GOSSIP_FAIL);
    cr_assert_leq(now_ms, end_ms + RETRY_MS + 1);
}

Test(host_gossip, what_was_heard_is_forgotten_after_its_life)
{
    struct assay_seen *seen = NULL;
    uint8_t digest[32] = { 1, 2, 3 };
    seen = test_seen(500);
    cr_assert_not(assay_seen_has(seen, 1000, digest));
    assay_seen_add(seen, 1000, digest);
    cr_assert(assay_seen_has(seen, 1499, digest));
    cr_assert_not(assay_seen_has(seen, 1500, digest));
    digest[5] = 1;
    cr_assert_not(assay_seen_has(seen, 1000, digest));
    /* Many others of the same place push it out, and nothing grows. */
    for (unsigned i = 0; i < 100; i++) {
        digest[6] = (uint8_t)i;
        assay_seen_add(seen, 1001 + i, digest);
        cr_assert(assay_seen_has(seen, 1001 + i, digest));
    }
    free(seen);
}

/* --- with neighbours (docs/protocol.md 4.12.8) */

enum { ALL = 100 };

static struct assay_overlay *near_gossip(void)
{
    static _Alignas(64) uint8_t memory[1 << 16];
    const struct assay_overlay_config config = {
        .self = SELF, .capacity = ALL, .above = 64, .degree = 8, .epoch_ms = 10000
    };
    const uint8_t join = ASSAY_OVERLAY_JOIN;
    struct assay_overlay *view = assay_overlay_init(memory, &config);
    assay_overlay_set_members(view, ALL);
    for (uint16_t s = 0; s < ALL; s++) {
        const struct assay_overlay_peer peer = {
            .usable = true, .first = true, .operator_ = s, .group = s
        };
        assay_overlay_peer(view, 1000, s, &peer);
    }
    for (uint16_t s = 0; s < ALL; s++) { /* those who may are neighbours now */
        if (s == SELF) continue;
        const enum assay_status status = assay_overlay_on_neighbour(view, 1000, s, &join, 1);
        assay_status_ignore(status, "not everybody may");
    }
    cr_assert_geq(assay_overlay_count(view), 4);
    const struct assay_gossip_config gossiping = { .self = SELF,
                                                   .members = ALL,
                                                   .retry_ms = RETRY_MS,
                                                   .patience_ms = 2000,
                                                   .counters = &counters,
                                                   .view = view };
    free(gossip);
    gossip = test_gossip(&gossiping);
    return view;
}

Test(host_gossip, who_announced_it_is_asked_first_then_other_neighbours, .init = start,
     .fini = stop)
{
    struct assay_overlay *view = near_gossip();
    struct assay_gossip_action action;
    bool asked[ALL] = { false };
    const uint16_t announcer = assay_overlay_get(view, assay_overlay_count(view) - 1);
    uint8_t other[32] = { 1 };
    assay_gossip_on_announcement(gossip, other, assay_overlay_get(view, 0));
    assay_gossip_on_announcement(gossip, request.digest, announcer);
    cr_assert_eq(assay_gossip_fetch(gossip, 1000, &request), ASSAY_OK);
    expect_pull(1000, &action);
    cr_expect_eq(action.to, announcer);
    asked[action.to] = true;
    for (uint64_t at = 1000 + RETRY_MS, k = 1; k < 4; at += RETRY_MS, k++) {
        expect_pull(at, &action);
        cr_expect(assay_overlay_has(view, action.to), "%u is far", action.to);
        cr_expect_not(asked[action.to]);
        asked[action.to] = true;
    }
}

Test(host_gossip, who_asks_for_what_is_in_flight_waits_for_it, .init = start, .fini = stop)
{
    struct assay_fetch_request done;
    struct assay_slice got;
    struct assay_gossip_action action;
    cr_expect_not(assay_gossip_add_waiter(gossip, request.digest, 5), "nothing is in flight");
    cr_assert_eq(assay_gossip_fetch(gossip, 1000, &request), ASSAY_OK);
    expect_pull(1000, &action);
    cr_expect(assay_gossip_add_waiter(gossip, request.digest, 5));
    cr_expect(assay_gossip_add_waiter(gossip, request.digest, 5), "the same again");
    for (uint16_t s = 20; s < 20 + ASSAY_FETCH_WAITERS - 1; s++)
        cr_expect(assay_gossip_add_waiter(gossip, request.digest, s));
    cr_expect_not(assay_gossip_add_waiter(gossip, request.digest, 90), "so many and no more");
    cr_assert_eq(assay_gossip_on_evidence(gossip, 1000, action.to,
                                          answer_of(request.digest, quote, sizeof quote - 1), &done,
                                          &got),
                 ASSAY_OK);
    cr_expect_eq(assay_gossip_get_waiters(gossip)->count, ASSAY_FETCH_WAITERS);
    cr_expect_eq(assay_gossip_get_waiters(gossip)->slots[0], 5);
    cr_expect_not(assay_gossip_add_waiter(gossip, request.digest, 5), "it landed");
}

/* docs/protocol.md 4.12.8: members that are no neighbours take no place from those that are, which
 * would be told at once that the evidence is not here, by each of their neighbours. */
Test(host_gossip, neighbours_alone_wait, .init = start, .fini = stop)
{
    const struct assay_overlay *view = near_gossip();
    const uint16_t neighbour = assay_overlay_get(view, 0);
    struct assay_gossip_action action;
    uint32_t waiting = 0;
    cr_assert_eq(assay_gossip_fetch(gossip, 1000, &request), ASSAY_OK);
    expect_pull(1000, &action);
    for (uint16_t s = 0; s < ALL; s++)
        if (s != SELF && !assay_overlay_has(view, s))
            waiting += assay_gossip_add_waiter(gossip, request.digest, s);
    cr_expect_eq(waiting, 0);
    cr_expect(assay_gossip_add_waiter(gossip, request.digest, neighbour));
}
