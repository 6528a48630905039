/*
 * Who gets a message (docs/protocol.md 4.1.1).
 */
#include "host/relay.h"

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
    cr_assert_eq(walk(assay_relay_over(3, MEMBERS, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, NULL), but_one,
                      &away, got),
                 MEMBERS - 1);
    for (unsigned i = 0; i < MEMBERS; i++)
        cr_assert_eq(got[i], i != 3);
}

Test(host_relay, one_slot_gets_it_alone_and_never_the_sender)
{
    unsigned got[MEMBERS] = { 0 };
    cr_assert_eq(walk(assay_relay_over(3, MEMBERS, 5, ASSAY_SLOT_ALL, NULL), everybody, NULL, got),
                 1);
    cr_assert_eq(got[5], 1);
    cr_assert_eq(walk(assay_relay_over(3, MEMBERS, 3, ASSAY_SLOT_ALL, NULL), everybody, NULL, got),
                 0);
    cr_assert_eq(
        walk(assay_relay_over(3, MEMBERS, MEMBERS, ASSAY_SLOT_ALL, NULL), everybody, NULL, got), 0);
}

Test(host_relay, a_relay_goes_to_a_few_that_can_be_reached)
{
    for (unsigned self = 0; self < MEMBERS; self++) {
        unsigned got[MEMBERS] = { 0 };
        uint8_t digest[32] = { 0, 0, (uint8_t)(self * 7) };
        uint16_t away = (uint16_t)((self + 5) % MEMBERS);
        const uint16_t except = (uint16_t)((self + 1) % MEMBERS);
        cr_assert_eq(walk(assay_relay_over((uint16_t)self, MEMBERS, ASSAY_SLOT_ALL, except, digest),
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
        (void)walk(assay_relay_over((uint16_t)self, MEMBERS, ASSAY_SLOT_ALL, 0, digest), everybody,
                   NULL, got);
    for (unsigned i = 1; i < MEMBERS; i++)
        cr_assert(got[i] >= ASSAY_RELAY_PEERS - 1 && got[i] <= ASSAY_RELAY_PEERS + 2);
}

Test(host_relay, ends_where_there_are_fewer_members_than_a_relay_wants)
{
    unsigned got[MEMBERS] = { 0 };
    const uint8_t digest[32] = { 1 };
    cr_assert_eq(walk(assay_relay_over(0, 3, ASSAY_SLOT_ALL, 1, digest), everybody, NULL, got), 1);
    cr_assert_eq(walk(assay_relay_over(0, 1, ASSAY_SLOT_ALL, 0, digest), everybody, NULL, got), 0);
}
