/*
 * tests/unit/host/test_roster.c - tests of the key table of members.
 *
 * Whose key is this, and what may its owner send (docs/protocol.md 10.5).
 */
#include "host/peers/roster.h"

#include <criterion/criterion.h>

enum { MEMBERS = 3 };

static struct assay_roster_entry entries[MEMBERS];
static struct assay_roster roster = { .count = MEMBERS, .self = 0, .entries = entries };

static void fill(void)
{
    for (unsigned i = 0; i < MEMBERS; i++) {
        for (unsigned k = 0; k < 32; k++) {
            entries[i].bootstrap[k] = (uint8_t)(0x10 + i);
            entries[i].transport[k] = (uint8_t)(0x20 + i);
        }
        entries[i].weight = 10000;
        entries[i].standing = ASSAY_STANDING_FULL;
    }
}

Test(host_roster, finds_both_keys_of_a_member)
{
    uint16_t slot = 9;
    enum assay_roster_key which = ASSAY_ROSTER_BOOTSTRAP;
    fill();
    cr_assert_eq(assay_host_roster_find(&roster, entries[2].transport, &slot, &which), ASSAY_OK);
    cr_assert_eq(slot, 2);
    cr_assert_eq(which, ASSAY_ROSTER_TRANSPORT);
    cr_assert_eq(assay_host_roster_find(&roster, entries[1].bootstrap, &slot, &which), ASSAY_OK);
    cr_assert_eq(slot, 1);
    cr_assert_eq(which, ASSAY_ROSTER_BOOTSTRAP);
    const uint8_t unknown[32] = { 7 };
    cr_assert_eq(assay_host_roster_find(&roster, unknown, &slot, &which), ASSAY_E_STRANGER);
}

Test(host_roster, a_user_id_is_looked_up_in_the_roster_of_now)
{
    char text[ASSAY_ROSTER_USER_LEN + 1];
    uint16_t slot = 9;
    enum assay_roster_key which = ASSAY_ROSTER_BOOTSTRAP;
    fill();
    assay_host_roster_user_encode(2, ASSAY_ROSTER_TRANSPORT, entries[2].transport, text);
    cr_assert_eq(assay_host_roster_find_user(&roster, text, &slot, &which), ASSAY_OK);
    cr_assert_eq(slot, 2);
    cr_assert_eq(which, ASSAY_ROSTER_TRANSPORT);
    entries[2].transport[5] ^= 1;
    cr_assert_eq(assay_host_roster_find_user(&roster, text, &slot, &which), ASSAY_E_STALE);
    assay_host_roster_user_encode(2, ASSAY_ROSTER_BOOTSTRAP, entries[2].bootstrap, text);
    cr_assert_eq(assay_host_roster_find_user(&roster, text, &slot, &which), ASSAY_OK);
    assay_host_roster_user_encode(MEMBERS, ASSAY_ROSTER_BOOTSTRAP, entries[2].bootstrap, text);
    cr_assert_eq(assay_host_roster_find_user(&roster, text, &slot, &which), ASSAY_E_STRANGER);
}

Test(host_roster, who_left_is_a_stranger)
{
    char text[ASSAY_ROSTER_USER_LEN + 1];
    uint16_t slot = 9;
    enum assay_roster_key which = ASSAY_ROSTER_BOOTSTRAP;
    fill();
    assay_host_roster_user_encode(1, ASSAY_ROSTER_BOOTSTRAP, entries[1].bootstrap, text);
    entries[1].gone = true;
    cr_assert_eq(assay_host_roster_find(&roster, entries[1].bootstrap, &slot, &which),
                 ASSAY_E_STRANGER);
    cr_assert_eq(assay_host_roster_find(&roster, entries[1].transport, &slot, &which),
                 ASSAY_E_STRANGER);
    cr_assert_eq(assay_host_roster_find_user(&roster, text, &slot, &which), ASSAY_E_STRANGER);
    /* The same keys in the slot of a member that joined: that one is meant. */
    assay_bytes_copy(entries[2].bootstrap, 32, entries[1].bootstrap, 32);
    cr_assert_eq(assay_host_roster_find(&roster, entries[1].bootstrap, &slot, &which), ASSAY_OK);
    cr_assert_eq(slot, 2);
}

Test(host_roster, rejects_texts_that_are_no_user_id)
{
    char text[ASSAY_ROSTER_USER_LEN + 2];
    uint16_t slot = 9;
    enum assay_roster_key which = ASSAY_ROSTER_BOOTSTRAP;
    fill();
    for (size_t len = 0; len < ASSAY_ROSTER_USER_LEN; len++) {
        assay_host_roster_user_encode(1, ASSAY_ROSTER_BOOTSTRAP, entries[1].bootstrap, text);
        text[len] = '\0';
        cr_assert_eq(assay_host_roster_find_user(&roster, text, &slot, &which), ASSAY_E_SYNTAX);
    }
    assay_host_roster_user_encode(1, ASSAY_ROSTER_BOOTSTRAP, entries[1].bootstrap, text);
    text[ASSAY_ROSTER_USER_LEN] = '0';
    text[ASSAY_ROSTER_USER_LEN + 1] = '\0';
    cr_assert_eq(assay_host_roster_find_user(&roster, text, &slot, &which), ASSAY_E_SYNTAX);
    assay_host_roster_user_encode(1, ASSAY_ROSTER_BOOTSTRAP, entries[1].bootstrap, text);
    text[0] = 'X';
    cr_assert_eq(assay_host_roster_find_user(&roster, text, &slot, &which), ASSAY_E_SYNTAX);
    text[0] = 'D';
    text[9] = 'g';
    cr_assert_eq(assay_host_roster_find_user(&roster, text, &slot, &which), ASSAY_E_SYNTAX);
}

Test(host_roster, standing_gates_service_and_weight_gates_consensus)
{
    const enum assay_roster_key bootstrap = ASSAY_ROSTER_BOOTSTRAP,
                                transport = ASSAY_ROSTER_TRANSPORT;
    fill();
    /* every combination: weight, standing, key, lane */
    for (unsigned weight = 0; weight < 2; weight++) {
        for (unsigned standing = 0; standing < 4; standing++) {
            entries[1].weight = weight * 5000;
            entries[1].standing = (enum assay_standing)standing;
            const bool suspended = standing == ASSAY_STANDING_SUSPENDED;
            cr_assert_eq(assay_host_roster_admit(&roster, 1, bootstrap, ASSAY_LANE_QUARANTINE),
                         ASSAY_ADMITTED);
            cr_assert_eq(assay_host_roster_admit(&roster, 1, transport, ASSAY_LANE_QUARANTINE),
                         ASSAY_ADMITTED);
            const enum assay_roster_answer vote = weight ? ASSAY_ADMITTED : ASSAY_REFUSED_NO_WEIGHT;
            cr_assert_eq(assay_host_roster_admit(&roster, 1, bootstrap, ASSAY_LANE_VOTER), vote);
            cr_assert_eq(assay_host_roster_admit(&roster, 1, transport, ASSAY_LANE_VOTER), vote);
            cr_assert_eq(assay_host_roster_admit(&roster, 1, transport, ASSAY_LANE_SERVICE),
                         suspended ? ASSAY_REFUSED_SUSPENDED : ASSAY_ADMITTED);
            cr_assert_eq(assay_host_roster_admit(&roster, 1, bootstrap, ASSAY_LANE_SERVICE),
                         suspended ? ASSAY_REFUSED_SUSPENDED : ASSAY_REFUSED_UNLISTED);
        }
    }
}
