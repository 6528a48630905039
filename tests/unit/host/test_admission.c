/*
 * tests/unit/host/test_admission.c - tests of admission.
 *
 * What is taken in from a peer, check by check, each with its counter.
 */
#include "host/overlay/admission.h"
#include "tests/support/host_memory.h"

#include <criterion/criterion.h>

enum { MEMBERS = 4, EPOCH_MS = 1000, NOW = 5000 };

static const uint8_t chain[32] = { 1, 2, 3, 4, 5, 6, 7, 8 };
static struct assay_roster_entry entries[MEMBERS];
static struct assay_roster roster = { .count = MEMBERS, .self = 0, .entries = entries };
static struct assay_limit limits[MEMBERS];
static struct assay_limit_rates rates;
static struct assay_traffic_counters counters;
static struct assay_admission a;
static struct assay_admission_message message;
static uint8_t bytes[ASSAY_FRAME_LEN_MAX + 1];

static void set_up(void)
{
    assay_limit_rates(EPOCH_MS, MEMBERS, &rates);
    for (unsigned i = 0; i < MEMBERS; i++) {
        entries[i] =
            (struct assay_roster_entry){ .weight = 10000, .standing = ASSAY_STANDING_FULL };
        assay_limit_init(&limits[i], &rates, NOW);
    }
    a = (struct assay_admission){
        .chain_id = chain, .roster = &roster, .limits = limits, .counters = &counters
    };
    a.seen = test_seen(EPOCH_MS);
    a.pages = test_pages(MEMBERS);
}

static void tear_down(void)
{
    free(a.seen);
    free(a.pages);
}

TestSuite(host_admission, .init = set_up, .fini = tear_down);

static enum assay_admitted give(uint16_t slot, enum assay_roster_key which,
                                enum assay_message_kind kind, size_t len)
{
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    static const uint8_t payload[64];
    struct assay_slice frame;
    cr_assert_eq(assay_frame_encode(chain, kind, assay_slice_over(payload, len), &w), ASSAY_OK);
    cr_assert_eq(assay_writer_finish(&w, &frame), ASSAY_OK);
    return assay_admission_check_frame(&a, NOW, slot, which, frame, &message);
}

static uint64_t counted(enum assay_counter which)
{
    return counters.value[which];
}

Test(host_admission, takes_what_a_member_may_send)
{
    cr_assert_eq(give(1, ASSAY_ROSTER_TRANSPORT, ASSAY_MESSAGE_VOTE, 10), ASSAY_ADMIT_TAKEN);
    cr_assert_eq(message.kind, ASSAY_MESSAGE_VOTE);
    cr_assert_eq(message.payload.len, 10);
}

Test(host_admission, refuses_frames_that_are_none)
{
    const struct assay_slice none = { 0 };
    cr_assert_eq(assay_admission_check_frame(&a, NOW, 1, ASSAY_ROSTER_BOOTSTRAP, none, &message),
                 ASSAY_ADMIT_REFUSED);
    cr_assert_eq(counted(ASSAY_COUNT_FRAME_TRUNCATED), 1);
    bytes[0] = ASSAY_WIRE_VERSION + 1;
    cr_assert_eq(assay_admission_check_frame(&a, NOW, 1, ASSAY_ROSTER_BOOTSTRAP,
                                             assay_slice_over(bytes, 20), &message),
                 ASSAY_ADMIT_REFUSED);
    cr_assert_eq(counted(ASSAY_COUNT_FRAME_VERSION), 1);
    cr_assert_eq(assay_admission_check_frame(&a, NOW, 1, ASSAY_ROSTER_BOOTSTRAP,
                                             assay_slice_over(bytes, sizeof bytes), &message),
                 ASSAY_ADMIT_REFUSED);
    cr_assert_eq(counted(ASSAY_COUNT_FRAME_OVERSIZE), 1);
    cr_assert_eq(give(1, ASSAY_ROSTER_TRANSPORT, ASSAY_MESSAGE_PAGE, 10), ASSAY_ADMIT_REFUSED);
    cr_assert_eq(counted(ASSAY_COUNT_PAGE_MALFORMED), 1);
}

Test(host_admission, weight_gates_consensus_and_standing_gates_service)
{
    entries[1].weight = 0;
    cr_assert_eq(give(1, ASSAY_ROSTER_TRANSPORT, ASSAY_MESSAGE_VOTE, 1), ASSAY_ADMIT_REFUSED);
    cr_assert_eq(counted(ASSAY_COUNT_LANE_VOTER), 1);
    cr_assert_eq(give(1, ASSAY_ROSTER_TRANSPORT, ASSAY_MESSAGE_RECORD, 1), ASSAY_ADMIT_TAKEN);
    cr_assert_eq(give(2, ASSAY_ROSTER_BOOTSTRAP, ASSAY_MESSAGE_SERVICE_ASK, 1),
                 ASSAY_ADMIT_REFUSED);
    cr_assert_eq(counted(ASSAY_COUNT_LANE_UNLISTED), 1);
    entries[2].standing = ASSAY_STANDING_SUSPENDED;
    cr_assert_eq(give(2, ASSAY_ROSTER_TRANSPORT, ASSAY_MESSAGE_SERVICE_ASK, 1),
                 ASSAY_ADMIT_SUSPENDED);
    cr_assert_eq(give(2, ASSAY_ROSTER_TRANSPORT, ASSAY_MESSAGE_SERVICE_ANSWER, 1),
                 ASSAY_ADMIT_REFUSED);
    cr_assert_eq(counted(ASSAY_COUNT_LANE_SUSPENDED), 2);
}

/* The budget of one peer is used up; that of another is not, and time brings it back. */
Test(host_admission, a_peer_has_its_budget_and_gets_it_back)
{
    uint64_t taken = 0;
    while (give(1, ASSAY_ROSTER_TRANSPORT, ASSAY_MESSAGE_RECORD, 1) == ASSAY_ADMIT_TAKEN)
        taken++;
    cr_assert_eq(taken, rates.messages_burst);
    cr_assert_eq(counted(ASSAY_COUNT_RATE_MESSAGES), 1);
    cr_assert_eq(give(2, ASSAY_ROSTER_TRANSPORT, ASSAY_MESSAGE_RECORD, 1), ASSAY_ADMIT_TAKEN);
    const struct assay_admission_message again = { .kind = ASSAY_MESSAGE_RECORD };
    cr_assert_eq(assay_admission_check_message(&a, NOW + 1000, 1, ASSAY_ROSTER_TRANSPORT, &again),
                 ASSAY_ADMIT_TAKEN);
}

/* Without frames a message costs what its frames would. */
Test(host_admission, a_large_message_costs_its_pages)
{
    static uint8_t large[3 * ASSAY_PAGE_LEN];
    const struct assay_admission_message whole = { .kind = ASSAY_MESSAGE_SYNC_ANSWER,
                                                   .payload = { large, sizeof large } };
    const uint64_t before = limits[1].messages.level_milli;
    cr_assert_eq(assay_admission_check_message(&a, NOW, 1, ASSAY_ROSTER_TRANSPORT, &whole),
                 ASSAY_ADMIT_TAKEN);
    cr_assert_eq(before - limits[1].messages.level_milli, 3000);
    a.limits = NULL;
    cr_assert_eq(assay_admission_check_message(&a, NOW, 1, ASSAY_ROSTER_TRANSPORT, &whole),
                 ASSAY_ADMIT_TAKEN);
}

Test(host_admission, the_same_twice_is_no_news_once_it_was_accepted)
{
    const uint8_t digest[32] = { 9 };
    cr_assert(assay_admission_is_flooded(ASSAY_MESSAGE_ENVELOPE));
    cr_assert_not(assay_admission_is_flooded(ASSAY_MESSAGE_VOTE));
    cr_assert(assay_admission_is_new(&a, NOW, digest));
    cr_assert_not(assay_admission_on_result(&a, NOW, 1, ASSAY_E_INVALID, digest));
    cr_assert(assay_admission_is_new(&a, NOW, digest));
    cr_assert_not(assay_admission_on_result(&a, NOW, 1, ASSAY_OK, digest));
    cr_assert_not(assay_admission_is_new(&a, NOW, digest));
    cr_assert_eq(counted(ASSAY_COUNT_DUPLICATE), 1);
    cr_assert(assay_admission_is_new(&a, NOW + EPOCH_MS, digest));
}

Test(host_admission, invalid_signatures_ban)
{
    cr_assert_not(assay_admission_on_result(&a, NOW, 1, ASSAY_E_SIGNATURE, NULL));
    cr_assert_not(assay_admission_on_result(&a, NOW, 1, ASSAY_E_SIGNATURE, NULL));
    cr_assert(assay_admission_on_result(&a, NOW, 1, ASSAY_E_SIGNATURE, NULL));
    cr_assert_eq(counted(ASSAY_COUNT_BANS), 1);
    cr_assert_eq(give(1, ASSAY_ROSTER_TRANSPORT, ASSAY_MESSAGE_VOTE, 1), ASSAY_ADMIT_REFUSED);
    cr_assert_eq(counted(ASSAY_COUNT_FRAME_BANNED), 1);
}

/* ------------------------------------------------------------ one check after the other */

/* What a frame may have cost: of each the same before and after, unless it came that far. */
struct cost {
    uint64_t level_milli, bytes_milli, counted;
    size_t held;
};

static struct cost cost_of(uint16_t slot)
{
    struct cost cost = { .level_milli = limits[slot].messages.level_milli,
                         .bytes_milli = limits[slot].bytes.level_milli,
                         .held = assay_pages_get_bytes(a.pages, NULL) };
    for (unsigned i = 0; i < ASSAY_COUNTER_COUNT; i++)
        cost.counted += counters.value[i];
    return cost;
}

/* A first page of three, of a kind, from a slot. */
static enum assay_admitted give_page(uint16_t slot, unsigned kind, bool good_header)
{
    static uint8_t object[3 * ASSAY_PAGE_LEN], page[ASSAY_FRAME_LEN_MAX];
    uint8_t digest[32];
    struct assay_slice payload, frame;
    struct assay_writer w = assay_writer_over(page, sizeof page);
    const struct assay_slice whole = assay_slice_over(object, sizeof object);
    assay_page_digest((uint16_t)kind, whole, digest);
    cr_assert_eq(assay_page_encode((uint16_t)kind, whole, digest, 0, &w), ASSAY_OK);
    cr_assert_eq(assay_writer_finish(&w, &payload), ASSAY_OK);
    w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_frame_encode(chain, ASSAY_MESSAGE_PAGE, payload, &w), ASSAY_OK);
    cr_assert_eq(assay_writer_finish(&w, &frame), ASSAY_OK);
    if (!good_header) bytes[1] ^= 1;
    return assay_admission_check_frame(&a, NOW, slot, ASSAY_ROSTER_TRANSPORT, frame, &message);
}

static void empty_budget(uint16_t slot)
{
    limits[slot].messages.level_milli = 0;
}

static void refused_for(uint16_t slot, enum assay_counter which, const struct cost *before)
{
    const struct cost after = cost_of(slot);
    cr_assert_eq(after.counted, before->counted + 1, "one reason alone");
    cr_assert_eq(counted(which), 1, "%s", assay_counter_name(which));
    cr_assert_eq(after.level_milli, before->level_milli, "%s", assay_counter_name(which));
    cr_assert_eq(after.bytes_milli, before->bytes_milli, "%s", assay_counter_name(which));
    cr_assert_eq(after.held, 0);
}

/*
 * One frame fails every check; each time the first one that it fails is mended, and the next is
 * its reason. Nothing of what comes later has cost anything by then.
 */
Test(host_admission, size_header_peer_lane_rate_one_after_the_other)
{
    entries[1].weight = 0;
    empty_budget(1);
    for (int i = 0; i < ASSAY_BAN_STRIKES; i++)
        (void)assay_limit_add_strike(&limits[1], NOW);
    struct cost before = cost_of(1);
    static const uint8_t oversize[ASSAY_FRAME_LEN_MAX + 1];
    limits[1].banned_until_ms = 0;
    (void)assay_admission_check_frame(&a, NOW, 1, ASSAY_ROSTER_TRANSPORT,
                                      assay_slice_over(oversize, sizeof oversize), &message);
    refused_for(1, ASSAY_COUNT_FRAME_OVERSIZE, &before);
    before = cost_of(1);
    cr_assert_eq(give_page(1, ASSAY_MESSAGE_PROPOSAL, false), ASSAY_ADMIT_REFUSED);
    refused_for(1, ASSAY_COUNT_FRAME_CHAIN, &before);
    limits[1].banned_until_ms = NOW + 1;
    before = cost_of(1);
    cr_assert_eq(give_page(1, ASSAY_MESSAGE_PROPOSAL, true), ASSAY_ADMIT_REFUSED);
    refused_for(1, ASSAY_COUNT_FRAME_BANNED, &before);
    limits[1].banned_until_ms = 0;
    before = cost_of(1);
    cr_assert_eq(give_page(1, ASSAY_MESSAGE_PROPOSAL, true), ASSAY_ADMIT_REFUSED);
    refused_for(1, ASSAY_COUNT_LANE_VOTER, &before);
    entries[1].weight = 1;
    before = cost_of(1);
    cr_assert_eq(give_page(1, ASSAY_MESSAGE_PROPOSAL, true), ASSAY_ADMIT_REFUSED);
    refused_for(1, ASSAY_COUNT_RATE_MESSAGES, &before);
    assay_limit_init(&limits[1], &rates, NOW);
    cr_assert_eq(give_page(1, ASSAY_MESSAGE_PROPOSAL, true), ASSAY_ADMIT_REFUSED);
    cr_assert_eq(assay_pages_get_bytes(a.pages, NULL), ASSAY_PAGE_LEN, "now it is kept");
}

/* Whoever has no weight filled our pages with proposals that were refused when they were whole. */
Test(host_admission, no_page_is_kept_of_what_its_sender_may_not_send)
{
    entries[1].weight = 0;
    cr_assert_eq(give_page(1, ASSAY_MESSAGE_PROPOSAL, true), ASSAY_ADMIT_REFUSED);
    cr_assert_eq(counted(ASSAY_COUNT_LANE_VOTER), 1);
    cr_assert_eq(assay_pages_get_bytes(a.pages, NULL), 0);
    cr_assert_eq(give_page(2, 999, true), ASSAY_ADMIT_REFUSED);
    cr_assert_eq(counted(ASSAY_COUNT_FRAME_KIND), 1);
    cr_assert_eq(assay_pages_get_bytes(a.pages, NULL), 0);
}

/* A refusal of service is an answer, and answers are for those who keep to their budget. */
Test(host_admission, the_suspended_are_told_so_within_their_budget)
{
    entries[2].standing = ASSAY_STANDING_SUSPENDED;
    uint64_t told = 0;
    while (told <= rates.messages_burst &&
           give(2, ASSAY_ROSTER_TRANSPORT, ASSAY_MESSAGE_SERVICE_ASK, 1) == ASSAY_ADMIT_SUSPENDED)
        told++;
    cr_assert_eq(told, rates.messages_burst);
    cr_assert_eq(counted(ASSAY_COUNT_RATE_MESSAGES), 1);
}

Test(host_admission, a_large_service_ask_of_the_suspended_is_not_kept)
{
    entries[2].standing = ASSAY_STANDING_SUSPENDED;
    cr_assert_eq(give_page(2, ASSAY_MESSAGE_SERVICE_ASK, true), ASSAY_ADMIT_REFUSED);
    cr_assert_eq(assay_pages_get_bytes(a.pages, NULL), 0);
}

/* ------------------------------------------------------------ conduct */

Test(host_admission, malformed_frames_shut_out_one_peer_and_no_other)
{
    const struct assay_slice none = { 0 };
    for (int i = 0; i < ASSAY_PEER_SCORE_FULL / ASSAY_PEER_SCORE_INVALID; i++) {
        cr_assert_eq(counted(ASSAY_COUNT_SHUT), 0);
        (void)assay_admission_check_frame(&a, NOW, 1, ASSAY_ROSTER_BOOTSTRAP, none, &message);
    }
    cr_assert_eq(counted(ASSAY_COUNT_SHUT), 1);
    cr_assert_eq(give(1, ASSAY_ROSTER_TRANSPORT, ASSAY_MESSAGE_VOTE, 1), ASSAY_ADMIT_REFUSED);
    cr_assert_eq(counted(ASSAY_COUNT_FRAME_SHUT), 1);
    cr_assert_eq(give(2, ASSAY_ROSTER_TRANSPORT, ASSAY_MESSAGE_VOTE, 1), ASSAY_ADMIT_TAKEN);
}

/* A kind that we do not know may be a newer build's; what the engine calls early, of another chain
 * or unfit may be said in good faith, and a block asked for that is not here; and a failure of this
 * node is nobody else's. */
Test(host_admission, a_newer_build_and_another_view_of_things_shut_nobody_out)
{
    static const enum assay_status in_good_faith[] = {
        ASSAY_E_EARLY, ASSAY_E_CHAIN,       ASSAY_E_STRANGER, ASSAY_E_INVALID,   ASSAY_E_DUPLICATE,
        ASSAY_E_STALE, ASSAY_E_UNSUPPORTED, ASSAY_E_FULL,     ASSAY_E_NOT_FOUND, ASSAY_E_MEMORY
    };
    for (int i = 0; i < 5000; i++) {
        (void)give(1, ASSAY_ROSTER_TRANSPORT, (enum assay_message_kind)999, 1);
        for (size_t k = 0; k < sizeof in_good_faith / sizeof in_good_faith[0]; k++)
            cr_assert_not(
                assay_admission_on_result(&a, NOW + (uint64_t)i * 100, 1, in_good_faith[k], NULL));
    }
    cr_assert_eq(counted(ASSAY_COUNT_SHUT), 0);
    cr_assert(assay_peer_score_is_deprioritised(&limits[1].peer_score, NOW + 500000),
              "but served last");
}

Test(host_admission, what_cannot_be_read_and_bad_signatures_are_held_against_the_sender)
{
    (void)assay_admission_on_result(&a, NOW, 1, ASSAY_E_TRUNCATED, NULL);
    (void)assay_admission_on_result(&a, NOW, 1, ASSAY_E_SIGNATURE, NULL);
    cr_assert_eq(limits[1].peer_score.faults[ASSAY_PEER_SCORE_OF_INVALID], 2);
    (void)assay_admission_on_result(&a, NOW, 1, ASSAY_E_DUPLICATE, NULL);
    (void)assay_admission_on_result(&a, NOW, 1, ASSAY_E_STALE, NULL);
    cr_assert_eq(limits[1].peer_score.faults[ASSAY_PEER_SCORE_OF_DUPLICATE], 2);
    (void)assay_admission_on_result(&a, NOW, 1, ASSAY_OK, NULL);
    cr_assert_eq(assay_peer_score_points(&limits[1].peer_score, NOW), ASSAY_PEER_SCORE_FULL - 102);
}

/* --- docs/protocol.md 4.12.7 */

static void with_neighbours(uint32_t members)
{
    static _Alignas(64) uint8_t memory[1 << 16];
    const struct assay_overlay_config config = {
        .capacity = 8, .above = 3, .degree = 2, .epoch_ms = EPOCH_MS
    };
    cr_assert_leq(assay_overlay_size(config.capacity), sizeof memory);
    struct assay_overlay *view = assay_overlay_init(memory, &config);
    assay_overlay_set_members(view, members);
    a.view = view;
    a.again_ms = assay_admission_repeat_ms(EPOCH_MS);
}

Test(host_admission, only_with_neighbours_votes_are_passed_on)
{
    cr_expect_not(assay_admission_is_relayed(&a, ASSAY_MESSAGE_VOTE));
    with_neighbours(3);
    cr_expect_not(assay_admission_is_relayed(&a, ASSAY_MESSAGE_VOTE));
    with_neighbours(4);
    cr_expect(assay_admission_is_relayed(&a, ASSAY_MESSAGE_VOTE));
    cr_expect(assay_admission_is_relayed(&a, ASSAY_MESSAGE_CERTIFICATE));
    cr_expect(assay_admission_is_relayed(&a, ASSAY_MESSAGE_PROPOSAL));
    cr_expect_not(assay_admission_is_relayed(&a, ASSAY_MESSAGE_ENVELOPE), "the engine relays it");
    cr_expect_not(assay_admission_is_relayed(&a, ASSAY_MESSAGE_SYNC_ANSWER));
}

Test(host_admission, what_is_sent_again_goes_round_again_ever_later)
{
    const uint8_t digest[32] = { 7 };
    const uint64_t again_ms = assay_admission_repeat_ms(EPOCH_MS);
    with_neighbours(4);
    cr_assert_eq(assay_admission_find_repeat(&a, NOW, digest), ASSAY_REPEAT_NONE);
    cr_assert(assay_admission_on_relayed(&a, NOW, ASSAY_REPEAT_NONE, ASSAY_OK, digest));
    cr_assert_eq(assay_admission_find_repeat(&a, NOW + again_ms - 1, digest),
                 ASSAY_REPEAT_DUPLICATE);
    cr_assert_eq(counted(ASSAY_COUNT_DUPLICATE), 1);
    uint64_t at = NOW + again_ms;
    cr_assert_eq(assay_admission_find_repeat(&a, at, digest), ASSAY_REPEAT_RESENT);
    cr_assert(assay_admission_on_relayed(&a, at, ASSAY_REPEAT_RESENT, ASSAY_E_DUPLICATE, digest));
    cr_assert_eq(assay_admission_find_repeat(&a, at + again_ms, digest), ASSAY_REPEAT_DUPLICATE);
    cr_assert_eq(assay_admission_find_repeat(&a, at + 2 * again_ms, digest), ASSAY_REPEAT_RESENT);
}

Test(host_admission, nothing_is_passed_on_that_nobody_verified)
{
    const uint8_t digest[32] = { 8 };
    with_neighbours(4);
    cr_expect_not(
        assay_admission_on_relayed(&a, NOW, ASSAY_REPEAT_NONE, ASSAY_E_DUPLICATE, digest));
    cr_expect_not(
        assay_admission_on_relayed(&a, NOW, ASSAY_REPEAT_NONE, ASSAY_E_SIGNATURE, digest));
    cr_expect_not(assay_admission_on_relayed(&a, NOW, ASSAY_REPEAT_RESENT, ASSAY_E_STALE, digest));
    cr_expect_eq(assay_admission_find_repeat(&a, NOW, digest), ASSAY_REPEAT_NONE);
}

Test(host_admission, with_neighbours_a_member_without_weight_brings_votes_of_others)
{
    entries[1].weight = 0;
    cr_assert_eq(give(1, ASSAY_ROSTER_TRANSPORT, ASSAY_MESSAGE_VOTE, 1), ASSAY_ADMIT_REFUSED);
    with_neighbours(4);
    cr_assert_eq(give(1, ASSAY_ROSTER_TRANSPORT, ASSAY_MESSAGE_VOTE, 1), ASSAY_ADMIT_TAKEN);
}
