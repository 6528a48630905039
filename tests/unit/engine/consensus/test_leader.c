/*
 * tests/unit/engine/consensus/test_leader.c - smooth weighted round robin.
 */
#include "engine/consensus/simplex.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

enum { SLOTS = 5 };

static struct assay_voter_table table_of(const uint32_t *weights, const uint8_t (*ids)[32])
{
    struct assay_voter_table t = { .count = SLOTS, .weight = weights, .node_id = ids };
    for (uint32_t i = 0; i < SLOTS; i++)
        t.total_weight += weights[i];
    return t;
}

Test(leader, leads_as_often_as_it_weighs)
{
    const uint32_t weights[SLOTS] = { 5, 1, 0, 3, 1 };
    uint8_t ids[SLOTS][32];
    for (uint32_t i = 0; i < SLOTS; i++)
        memset(ids[i], (int)i, 32);
    const struct assay_voter_table t = table_of(weights, (const uint8_t(*)[32])ids);
    int64_t counters[SLOTS] = { 0 };
    for (int turn = 0; turn < 7; turn++) {
        uint32_t led[SLOTS] = { 0 };
        for (uint32_t i = 0; i < t.total_weight; i++)
            led[assay_leader_next(&t, counters)]++;
        cr_expect_arr_eq(led, weights, sizeof led);
        for (uint32_t i = 0; i < SLOTS; i++)
            cr_expect_eq(counters[i], 0); /* a whole turn ends where it began */
    }
}

Test(leader, spreads_the_turns_of_the_heavy)
{
    const uint32_t weights[SLOTS] = { 4, 1, 1, 1, 1 };
    uint8_t ids[SLOTS][32];
    for (uint32_t i = 0; i < SLOTS; i++)
        memset(ids[i], (int)i, 32);
    const struct assay_voter_table t = table_of(weights, (const uint8_t(*)[32])ids);
    int64_t counters[SLOTS] = { 0 };
    uint32_t in_a_row = 0;
    for (int i = 0; i < 64; i++) {
        in_a_row = assay_leader_next(&t, counters) == 0 ? in_a_row + 1 : 0;
        cr_expect(in_a_row <= 2);
    }
}

Test(leader, breaks_ties_by_the_smaller_node_id_not_by_slot)
{
    const uint32_t weights[SLOTS] = { 1, 1, 1, 1, 1 };
    uint8_t ids[SLOTS][32];
    const uint16_t order[SLOTS] = { 3, 0, 4, 2, 1 };
    for (uint32_t i = 0; i < SLOTS; i++)
        memset(ids[order[i]], (int)i, 32);
    const struct assay_voter_table t = table_of(weights, (const uint8_t(*)[32])ids);
    int64_t counters[SLOTS] = { 0 };
    for (uint32_t i = 0; i < 3 * SLOTS; i++)
        cr_expect_eq(assay_leader_next(&t, counters), order[i % SLOTS]);
}

Test(leader, forgets_the_counter_of_who_weighs_nothing)
{
    const uint32_t weights[SLOTS] = { 1, 1, 0, 1, 1 };
    uint8_t ids[SLOTS][32];
    memset(ids, 1, sizeof ids);
    const struct assay_voter_table t = table_of(weights, (const uint8_t(*)[32])ids);
    int64_t counters[SLOTS] = { 0, 0, 12345, 0, 0 };
    for (int i = 0; i < 40; i++)
        cr_expect_neq(assay_leader_next(&t, counters), 2);
    cr_expect_eq(counters[2], 0);
}

Test(leader, aborts_when_nobody_weighs_anything, .signal = SIGABRT)
{
    const uint32_t weights[SLOTS] = { 0 };
    uint8_t ids[SLOTS][32] = { { 0 } };
    const struct assay_voter_table t = table_of(weights, (const uint8_t(*)[32])ids);
    int64_t counters[SLOTS] = { 0 };
    (void)assay_leader_next(&t, counters);
}

Test(message, each_kind_has_a_name_and_a_lane_and_strangers_have_none)
{
    enum assay_lane lane = ASSAY_LANE_SERVICE;
    cr_expect_str_eq(assay_message_name(ASSAY_MESSAGE_VOTE), "vote");
    cr_expect(assay_message_lane(ASSAY_MESSAGE_VOTE, &lane));
    cr_expect_eq(lane, ASSAY_LANE_VOTER);
    cr_expect(assay_message_lane(ASSAY_MESSAGE_RESUME_ASK, &lane));
    cr_expect_eq(lane, ASSAY_LANE_QUARANTINE);
    cr_expect_str_eq(assay_message_name(0), "unknown");
    cr_expect_not(assay_message_lane(0, &lane));
    cr_expect_not(assay_message_lane(65535, &lane));
}
