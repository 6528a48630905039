/*
 * What is taken in from a peer, check by check, each with its counter.
 */
#include "host/admission.h"
#include "tests/support/host_memory.h"

#include <criterion/criterion.h>

enum { MEMBERS = 4, EPOCH_MS = 1000, NOW = 5000 };

static const uint8_t chain[32] = { 1, 2, 3, 4, 5, 6, 7, 8 };
static struct assay_roster_entry entries[MEMBERS];
static struct assay_roster roster = { .count = MEMBERS, .self = 0, .entries = entries };
static struct assay_limit limits[MEMBERS];
static struct assay_limit_rates rates;
static struct assay_counters counters;
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
    a = (struct assay_admission){ .chain_id = chain,
                                  .roster = &roster,
                                  .limits = limits,
                                  .counters = &counters };
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
    return assay_admission_frame(&a, NOW, slot, which, frame, &message);
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
    cr_assert_eq(assay_admission_frame(&a, NOW, 1, ASSAY_ROSTER_DOOR, none, &message),
                 ASSAY_ADMIT_REFUSED);
    cr_assert_eq(counted(ASSAY_COUNT_FRAME_TRUNCATED), 1);
    bytes[0] = ASSAY_WIRE_VERSION + 1;
    cr_assert_eq(assay_admission_frame(&a, NOW, 1, ASSAY_ROSTER_DOOR, assay_slice_over(bytes, 20),
                                       &message),
                 ASSAY_ADMIT_REFUSED);
    cr_assert_eq(counted(ASSAY_COUNT_FRAME_VERSION), 1);
    cr_assert_eq(assay_admission_frame(&a, NOW, 1, ASSAY_ROSTER_DOOR,
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
    cr_assert_eq(give(2, ASSAY_ROSTER_DOOR, ASSAY_MESSAGE_SERVICE_ASK, 1), ASSAY_ADMIT_REFUSED);
    cr_assert_eq(counted(ASSAY_COUNT_LANE_DOOR), 1);
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
    cr_assert_eq(assay_admission_whole(&a, NOW + 1000, 1, ASSAY_ROSTER_TRANSPORT, &again),
                 ASSAY_ADMIT_TAKEN);
}

/* Without frames a message costs what its frames would. */
Test(host_admission, a_large_message_costs_its_pages)
{
    static uint8_t large[3 * ASSAY_PAGE_LEN];
    const struct assay_admission_message whole = { .kind = ASSAY_MESSAGE_SYNC_ANSWER,
                                                   .payload = { large, sizeof large } };
    const uint64_t before = limits[1].messages.level_milli;
    cr_assert_eq(assay_admission_whole(&a, NOW, 1, ASSAY_ROSTER_TRANSPORT, &whole),
                 ASSAY_ADMIT_TAKEN);
    cr_assert_eq(before - limits[1].messages.level_milli, 3000);
    a.limits = NULL;
    cr_assert_eq(assay_admission_whole(&a, NOW, 1, ASSAY_ROSTER_TRANSPORT, &whole),
                 ASSAY_ADMIT_TAKEN);
}

Test(host_admission, the_same_twice_is_no_news_once_it_was_accepted)
{
    const uint8_t digest[32] = { 9 };
    cr_assert(assay_admission_floods(ASSAY_MESSAGE_ENVELOPE));
    cr_assert_not(assay_admission_floods(ASSAY_MESSAGE_VOTE));
    cr_assert(assay_admission_is_new(&a, NOW, digest));
    cr_assert_not(assay_admission_judged(&a, NOW, 1, ASSAY_E_INVALID, digest));
    cr_assert(assay_admission_is_new(&a, NOW, digest));
    cr_assert_not(assay_admission_judged(&a, NOW, 1, ASSAY_OK, digest));
    cr_assert_not(assay_admission_is_new(&a, NOW, digest));
    cr_assert_eq(counted(ASSAY_COUNT_DUPLICATE), 1);
    cr_assert(assay_admission_is_new(&a, NOW + EPOCH_MS, digest));
}

Test(host_admission, invalid_signatures_ban)
{
    cr_assert_not(assay_admission_judged(&a, NOW, 1, ASSAY_E_SIGNATURE, NULL));
    cr_assert_not(assay_admission_judged(&a, NOW, 1, ASSAY_E_SIGNATURE, NULL));
    cr_assert(assay_admission_judged(&a, NOW, 1, ASSAY_E_SIGNATURE, NULL));
    cr_assert_eq(counted(ASSAY_COUNT_BANS), 1);
    cr_assert_eq(give(1, ASSAY_ROSTER_TRANSPORT, ASSAY_MESSAGE_VOTE, 1), ASSAY_ADMIT_REFUSED);
    cr_assert_eq(counted(ASSAY_COUNT_FRAME_BANNED), 1);
}
