/*
 * tests/unit/host/test_relay.c - tests of relaying.
 *
 * Who gets a message (docs/protocol.md 4.1.1).
 */
#include "host/overlay/relay.h"

#include <criterion/criterion.h>

enum { MEMBERS = 20 };

static bool everybody(void *context, uint16_t slot)
{
    (void)context;
    (void)slot;
    return true;
}

static bool but_one(void *context, uint16_t slot)
{
    const uint16_t *away = context;
    return slot != *away;
}

static unsigned walk(struct assay_relay relay, bool (*reaches)(void *, uint16_t), void *context,
                     unsigned got[static MEMBERS])
{
    unsigned count = 0;
    uint16_t slot = 0;
    while (assay_relay_next(&relay, reaches, context, &slot)) {
        cr_assert_lt(slot, MEMBERS);
        got[slot]++;
        count++;
    }
    return count;
}

Test(host_relay, an_author_sends_to_everybody_but_itself)
{
    unsigned got[MEMBERS] = { 0 };
    uint16_t away = 7; /* what is sent to it waits until there is a way */
    cr_assert_eq(walk(assay_relay_init(3, MEMBERS, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, NULL), but_one,
                      &away, got),
                 MEMBERS - 1);
    for (unsigned i = 0; i < MEMBERS; i++)
        cr_assert_eq(got[i], i != 3);
}

Test(host_relay, one_slot_gets_it_alone_and_never_the_sender)
{
    unsigned got[MEMBERS] = { 0 };
    cr_assert_eq(walk(assay_relay_init(3, MEMBERS, 5, ASSAY_SLOT_ALL, NULL), everybody, NULL, got),
                 1);
    cr_assert_eq(got[5], 1);
    cr_assert_eq(walk(assay_relay_init(3, MEMBERS, 3, ASSAY_SLOT_ALL, NULL), everybody, NULL, got),
                 0);
    cr_assert_eq(
        walk(assay_relay_init(3, MEMBERS, MEMBERS, ASSAY_SLOT_ALL, NULL), everybody, NULL, got), 0);
}

Test(host_relay, a_relay_goes_to_a_few_that_can_be_reached)
{
    for (unsigned self = 0; self < MEMBERS; self++) {
        unsigned got[MEMBERS] = { 0 };
        uint8_t digest[32] = { 0, 0, (uint8_t)(self * 7) };
        uint16_t away = (uint16_t)((self + 5) % MEMBERS);
        const uint16_t except = (uint16_t)((self + 1) % MEMBERS);
        cr_assert_eq(walk(assay_relay_init((uint16_t)self, MEMBERS, ASSAY_SLOT_ALL, except, digest),
                          but_one, &away, got),
                     ASSAY_RELAY_PEERS);
        cr_assert(got[self] == 0 && got[except] == 0 && got[away] == 0);
    }
}

/* The holders' walks cover every slot about equally often. */
Test(host_relay, the_holders_together_leave_nobody_out)
{
    unsigned got[MEMBERS] = { 0 };
    const uint8_t digest[32] = { 0x12, 0x34, 0x56 };
    for (unsigned self = 1; self < MEMBERS; self++)
        (void)walk(assay_relay_init((uint16_t)self, MEMBERS, ASSAY_SLOT_ALL, 0, digest), everybody,
                   NULL, got);
    for (unsigned i = 1; i < MEMBERS; i++)
        cr_assert(got[i] >= ASSAY_RELAY_PEERS - 1 && got[i] <= ASSAY_RELAY_PEERS + 2);
}

Test(host_relay, ends_where_there_are_fewer_members_than_a_relay_wants)
{
    unsigned got[MEMBERS] = { 0 };
    const uint8_t digest[32] = { 1 };
    cr_assert_eq(walk(assay_relay_init(0, 3, ASSAY_SLOT_ALL, 1, digest), everybody, NULL, got), 1);
    cr_assert_eq(walk(assay_relay_init(0, 1, ASSAY_SLOT_ALL, 0, digest), everybody, NULL, got), 0);
}

/* --- over a view (docs/protocol.md 4.12.6) */

enum { MANY = 200, WEIGHTY = 10 };

static struct assay_overlay *neighbours(void)
{
    static _Alignas(64) uint8_t memory[1 << 16];
    const struct assay_overlay_config config = {
        .self = 0, .capacity = MANY, .above = 64, .degree = 8, .epoch_ms = 10000
    };
    struct assay_overlay_action action;
    cr_assert_leq(assay_overlay_size(MANY), sizeof memory);
    struct assay_overlay *view = assay_overlay_init(memory, &config);
    assay_overlay_set_members(view, MANY);
    for (uint16_t s = 0; s < MANY; s++) {
        const struct assay_overlay_peer peer = {
            .usable = true, .first = true, .voter = s < WEIGHTY, .operator_ = s, .group = s
        };
        assay_overlay_peer(view, 1000, s, &peer);
    }
    while (assay_overlay_next(view, 1000, &action))
        continue;
    cr_assert_geq(assay_overlay_count(view), 7);
    return view;
}

static uint32_t walk_near(struct assay_overlay *view, uint16_t to, uint16_t except,
                          enum assay_message_kind kind, unsigned got[static MANY])
{
    const uint8_t digest[32] = { 1, 2, 3 };
    const struct assay_relay wide = assay_relay_init(0, MANY, to, except, digest);
    struct assay_relay relay =
        assay_relay_init_overlay(view, NULL, 1000, &wide, kind, ASSAY_SLOT_ALL);
    uint32_t count = 0;
    uint16_t slot = 0;
    for (uint32_t i = 0; i < MANY; i++)
        got[i] = 0;
    for (; assay_relay_next(&relay, everybody, NULL, &slot); count++)
        got[slot]++;
    return count;
}

Test(host_relay, what_is_for_everybody_goes_to_the_neighbours)
{
    struct assay_overlay *view = neighbours();
    unsigned got[MANY];
    const uint32_t count = assay_overlay_count(view);
    const uint16_t first = assay_overlay_get(view, 0);
    cr_expect_eq(walk_near(view, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, ASSAY_MESSAGE_VOTE, got), count);
    for (uint16_t s = 0; s < MANY; s++)
        cr_expect_eq(got[s], assay_overlay_has(view, s));
    cr_expect_eq(walk_near(view, ASSAY_SLOT_ALL, first, ASSAY_MESSAGE_ENVELOPE, got),
                 ASSAY_RELAY_PEERS);
    cr_expect_eq(got[first], 0);
}

Test(host_relay, what_anybody_may_answer_is_asked_of_neighbours_in_turn)
{
    struct assay_overlay *view = neighbours();
    unsigned got[MANY], sum[MANY] = { 0 };
    for (uint32_t k = 0; k < assay_overlay_count(view); k++) {
        cr_expect_eq(walk_near(view, 99, ASSAY_SLOT_ALL, ASSAY_MESSAGE_BLOCK_PULL, got), 1);
        for (uint32_t s = 0; s < MANY; s++)
            sum[s] += got[s];
    }
    for (uint16_t s = 0; s < MANY; s++)
        cr_expect_eq(sum[s], assay_overlay_has(view, s));
}

Test(host_relay, what_is_for_one_goes_to_it_and_a_resume_to_every_voter)
{
    struct assay_overlay *view = neighbours();
    unsigned got[MANY];
    struct assay_overlay_figures f;
    uint16_t far = 1;
    while (assay_overlay_has(view, far))
        far++;
    cr_expect_eq(walk_near(view, far, ASSAY_SLOT_ALL, ASSAY_MESSAGE_SYNC_ANSWER, got), 1);
    cr_expect_eq(got[far], 1);
    assay_overlay_get_figures(view, &f);
    cr_expect_eq(f.transient_links, 1);
    cr_expect_eq(walk_near(view, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, ASSAY_MESSAGE_RESUME_ASK, got),
                 WEIGHTY - 1);
    for (uint16_t s = 1; s < MANY; s++)
        cr_expect_eq(got[s], s < WEIGHTY);
}

/* --- envelopes and ballots of others (docs/protocol.md 4.1.1, 4.12.10) */

Test(host_relay, what_authors_send_to_all_is_passed_on_to_nobody_in_a_mesh)
{
    unsigned got[MEMBERS] = { 0 };
    const uint8_t digest[32] = { 1 };
    cr_assert_eq(
        walk(assay_relay_init(3, MEMBERS, ASSAY_SLOT_NEAR, 5, digest), everybody, NULL, got), 0);
    cr_assert_eq(walk(assay_relay_init(3, MEMBERS, ASSAY_SLOT_NEAR, ASSAY_SLOT_ALL, NULL),
                      everybody, NULL, got),
                 0, "nor is an INVENTORY said");
    cr_assert(assay_relay_is_relay(ASSAY_SLOT_NEAR, 5));
    cr_assert_not(assay_relay_is_relay(ASSAY_SLOT_NEAR, ASSAY_SLOT_ALL));
}

Test(host_relay, a_have_goes_to_every_neighbour)
{
    struct assay_overlay *view = neighbours();
    unsigned got[MANY];
    cr_expect_eq(walk_near(view, ASSAY_SLOT_NEAR, ASSAY_SLOT_ALL, ASSAY_MESSAGE_INVENTORY, got),
                 assay_overlay_count(view));
    for (uint16_t s = 0; s < MANY; s++)
        cr_expect_eq(got[s], assay_overlay_has(view, s));
}

Test(host_relay, who_says_no_have_for_an_epoch_is_passed_what_others_said)
{
    struct assay_overlay *view = neighbours();
    const uint8_t digest[32] = { 1, 2, 3 };
    const uint16_t tells = assay_overlay_get(view, 0), first = assay_overlay_get(view, 1);
    const uint64_t later = 1000 + 10000; /* an epoch after they became neighbours */
    unsigned got[MANY] = { 0 };
    uint16_t slot = 0;
    cr_expect_eq(walk_near(view, ASSAY_SLOT_NEAR, first, ASSAY_MESSAGE_ENVELOPE, got), 0,
                 "they had no time yet to say one");
    assay_overlay_on_inventory(view, later - 1, tells);
    for (uint32_t drawn = 0; drawn < 256; drawn++) {
        const uint8_t other[32] = { 0, 0, (uint8_t)drawn };
        const struct assay_relay wide = assay_relay_init(0, MANY, ASSAY_SLOT_NEAR, first, other);
        struct assay_relay relay = assay_relay_init_overlay(view, NULL, later, &wide,
                                                            ASSAY_MESSAGE_RECORD, ASSAY_SLOT_ALL);
        uint32_t count = 0;
        for (; assay_relay_next(&relay, everybody, NULL, &slot); count++)
            got[slot]++;
        cr_expect_eq(count, ASSAY_RELAY_PEERS);
    }
    cr_expect_eq(got[tells], 0, "it asks for what it lacks");
    cr_expect_eq(got[first], 0, "it had it");
    for (uint32_t k = 2; k < assay_overlay_count(view); k++)
        cr_expect_gt(got[assay_overlay_get(view, k)], 0);
    for (uint32_t k = 0; k < assay_overlay_count(view); k++)
        assay_overlay_on_inventory(view, later, assay_overlay_get(view, k));
    const struct assay_relay wide = assay_relay_init(0, MANY, ASSAY_SLOT_NEAR, first, digest);
    struct assay_relay relay = assay_relay_init_overlay(view, NULL, later + 20000 - 1, &wide,
                                                        ASSAY_MESSAGE_RECORD, ASSAY_SLOT_ALL);
    cr_expect_not(assay_relay_next(&relay, everybody, NULL, &slot));
    relay = assay_relay_init_overlay(view, NULL, later + 20000, &wide, ASSAY_MESSAGE_RECORD,
                                     ASSAY_SLOT_ALL);
    cr_expect(assay_relay_next(&relay, everybody, NULL, &slot), "two epochs are a long silence");
}

Test(host_relay, the_neighbour_that_has_it_is_asked_itself_and_else_one_in_turn)
{
    struct assay_overlay *view = neighbours();
    unsigned got[MANY], sum[MANY] = { 0 };
    const uint16_t has = assay_overlay_get(view, 2);
    uint16_t far = 1;
    while (assay_overlay_has(view, far))
        far++;
    for (uint32_t k = 0; k < 3; k++) {
        cr_expect_eq(walk_near(view, has, ASSAY_SLOT_ALL, ASSAY_MESSAGE_REQUEST_MISSING, got), 1);
        cr_expect_eq(got[has], 1);
    }
    for (uint32_t k = 0; k < assay_overlay_count(view); k++) {
        cr_expect_eq(walk_near(view, far, ASSAY_SLOT_ALL, ASSAY_MESSAGE_REQUEST_MISSING, got), 1);
        for (uint32_t s = 0; s < MANY; s++)
            sum[s] += got[s];
    }
    for (uint16_t s = 0; s < MANY; s++)
        cr_expect_eq(sum[s], assay_overlay_has(view, s));
}

/* docs/protocol.md 2.4, 4.12.6: answers about a vote log are sent to a voter although links for
 * other answers are all in use, not to a member without a seat. */
Test(host_relay, an_answer_about_a_vote_log_gets_a_link)
{
    struct assay_overlay *view = neighbours();
    unsigned got[MANY];
    uint32_t dates = 0;
    uint16_t far = 1, seatless = MANY - 1;
    while (assay_overlay_has(view, far))
        far++;
    while (assay_overlay_has(view, seatless))
        seatless--;
    cr_assert(far < WEIGHTY && seatless >= WEIGHTY);
    for (uint16_t s = far + 1; s < seatless; s++)
        dates += walk_near(view, s, ASSAY_SLOT_ALL, ASSAY_MESSAGE_DATE, got);
    cr_assert_geq(dates, ASSAY_OVERLAY_REQUESTED_MAX);
    cr_expect_eq(walk_near(view, far, ASSAY_SLOT_ALL, ASSAY_MESSAGE_DATE, got), 0);
    cr_expect_eq(walk_near(view, far, ASSAY_SLOT_ALL, ASSAY_MESSAGE_RESUME_ANSWER, got), 1);
    cr_expect_eq(walk_near(view, seatless, ASSAY_SLOT_ALL, ASSAY_MESSAGE_RESUME_ANSWER, got), 0);
}
