/*
 * tests/unit/engine/consensus/test_simplex_schedules.c - schedules that each stopped or split an
 * earlier draft of the rules (docs/protocol.md 5). Where a rule saves the day, the same schedule
 * without it is shown to be dead, so that the test is known to bite.
 *
 * With equal weights the leaders of views 1, 2, 3, 4 are slots 0, 1, 2, 3.
 */
#include "sim/simplex/world.h"

#include <criterion/criterion.h>

static struct assay_sim_simplex_options four(void)
{
    return (struct assay_sim_simplex_options){
        .seed = 4, .slot_count = 4, .weights = { 1, 1, 1, 1 }, .delay_min_ms = 1, .delay_max_ms = 5
    };
}

static void require_sound(const struct assay_sim_simplex *world)
{
    const char *violation = assay_sim_simplex_violation(world);
    cr_assert(violation == NULL, "%s", violation);
}

static bool is_vote(enum assay_message_kind kind, struct assay_slice payload, uint64_t epoch,
                    uint64_t view, enum assay_vote_type type)
{
    struct assay_vote vote;
    return kind == ASSAY_MESSAGE_VOTE && assay_vote_decode(payload, &vote) == ASSAY_OK &&
           vote.statement.epoch == epoch && vote.statement.view == view &&
           vote.statement.type == type;
}

static bool is_certificate(enum assay_message_kind kind, struct assay_slice payload, uint64_t epoch,
                           uint64_t view, enum assay_vote_type type)
{
    struct assay_vote_certificate c;
    return kind == ASSAY_MESSAGE_CERTIFICATE &&
           assay_certificate_decode(payload, 4, &c) == ASSAY_OK && c.statement.epoch == epoch &&
           c.statement.view == view && c.statement.type == type;
}

/* --- two N and two X in a view whose N-senders crash and resume */

static bool split_view(void *context, uint32_t from, uint32_t to, enum assay_message_kind kind,
                       struct assay_slice payload)
{
    (void)context;
    (void)payload;
    if (kind == ASSAY_MESSAGE_PROPOSAL) return to == 1; /* only 0 and 1 see a proposal */
    return (from < 2) == (to < 2);                      /* and the pairs hear only one another */
}

static bool no_x_of_the_resumed(void *context, uint32_t from, uint32_t to,
                                enum assay_message_kind kind, struct assay_slice payload)
{
    (void)context;
    (void)to;
    return !(from < 2 && (is_vote(kind, payload, 1, 1, ASSAY_VOTE_NULLIFY) ||
                          is_certificate(kind, payload, 1, 1, ASSAY_VOTE_NULLIFY)));
}

static struct assay_sim_simplex *two_n_and_two_x(void)
{
    struct assay_sim_simplex_options options = four();
    options.cadence_ms = 50; /* the filter stands before the first proposal */
    struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
    assay_sim_simplex_set_filter(world, split_view, NULL);
    cr_assert(assay_sim_simplex_run(world, 350)); /* 2 delta passed for 2 and 3, 3 delta not yet */
    assay_sim_simplex_crash(world, 0);
    assay_sim_simplex_crash(world, 1);
    cr_assert(assay_sim_simplex_run(world, 1000));
    for (uint32_t i = 2; i < 4; i++) {
        struct assay_simplex_snapshot snapshot;
        assay_sim_simplex_look(world, i, &snapshot);
        cr_assert_eq(snapshot.view, 1);
    }
    return world;
}

Test(simplex_schedules, two_n_and_two_x_go_on_after_the_n_senders_resume)
{
    struct assay_sim_simplex *world = two_n_and_two_x();
    assay_sim_simplex_set_filter(world, NULL, NULL);
    assay_sim_simplex_restart(world, 0);
    assay_sim_simplex_restart(world, 1);
    cr_assert(assay_sim_simplex_run_to_height(world, 8, 20000));
    require_sound(world);
    assay_sim_simplex_destroy(&world);
}

Test(simplex_schedules, two_n_and_two_x_would_be_dead_if_the_resumed_could_not_nullify)
{
    struct assay_sim_simplex *world = two_n_and_two_x();
    assay_sim_simplex_set_filter(world, no_x_of_the_resumed, NULL);
    assay_sim_simplex_restart(world, 0);
    assay_sim_simplex_restart(world, 1);
    cr_assert_not(assay_sim_simplex_run_to_height(world, 1, 20000));
    require_sound(world);
    assay_sim_simplex_destroy(&world);
}

/* --- E notarised and nullified, a tail on E beside a sibling of E */

static bool only_1_learns_of_e(void *context, uint32_t from, uint32_t to,
                               enum assay_message_kind kind, struct assay_slice payload)
{
    (void)context;
    if (is_vote(kind, payload, 1, 1, ASSAY_VOTE_NOTARISE)) return to == 1;
    if (is_vote(kind, payload, 1, 1, ASSAY_VOTE_FINALISE)) return false;
    if (is_certificate(kind, payload, 1, 1, ASSAY_VOTE_NOTARISE)) return from != 1;
    return true;
}

Test(simplex_schedules, a_sibling_of_a_notarised_and_nullified_e_is_voted_for)
{
    struct assay_sim_simplex_options options = four();
    options.epoch_blocks = 1; /* the first block of an epoch is its E */
    struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
    assay_sim_simplex_set_filter(world, only_1_learns_of_e, NULL);
    struct assay_simplex_snapshot snapshot = { 0 };
    for (int i = 0; i < 4000 && snapshot.view < 3 && snapshot.epoch <= 1; i++) {
        cr_assert(assay_sim_simplex_run(world, 1));
        assay_sim_simplex_look(world, 2, &snapshot);
    }
    cr_assert_eq(snapshot.view, 3); /* slot 1 led view 2 and proposed a tail on E: nullified too */
    assay_sim_simplex_crash(world, 3); /* without 1, who knows E notarised, there is no quorum */
    cr_assert(assay_sim_simplex_run_to_height(world, 1, 5000));
    cr_assert(assay_sim_simplex_run_to_height(world, 4, 20000));
    require_sound(world);
    struct assay_sim_simplex_counts counts;
    assay_sim_simplex_counts(world, &counts);
    cr_expect(counts.empty_views >= 6);
    assay_sim_simplex_destroy(&world);
}

/* --- E whose own view is nullified becomes final through a tail */

static bool nobody_finalises_view_1(void *context, uint32_t from, uint32_t to,
                                    enum assay_message_kind kind, struct assay_slice payload)
{
    (void)context;
    (void)from;
    (void)to;
    return !is_vote(kind, payload, 1, 1, ASSAY_VOTE_FINALISE) &&
           !is_certificate(kind, payload, 1, 1, ASSAY_VOTE_FINALISE);
}

Test(simplex_schedules, e_becomes_final_through_a_tail)
{
    struct assay_sim_simplex_options options = four();
    options.epoch_blocks = 1;
    struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
    assay_sim_simplex_set_filter(world, nobody_finalises_view_1, NULL);
    cr_assert(assay_sim_simplex_run_to_height(world, 1, 5000));
    struct assay_simplex_snapshot snapshot;
    assay_sim_simplex_look(world, 0, &snapshot);
    cr_expect_eq(snapshot.epoch, 2); /* finality of the tail was finality of E */
    cr_expect_eq(snapshot.final_height, 1);
    cr_assert(assay_sim_simplex_run_to_height(world, 6, 20000));
    require_sound(world);
    assay_sim_simplex_destroy(&world);
}

/* --- a node that sent F and crashed before anyone else had the certificate */

static bool only_1_gets_n(void *context, uint32_t from, uint32_t to, enum assay_message_kind kind,
                          struct assay_slice payload)
{
    (void)context;
    (void)from;
    if (is_vote(kind, payload, 1, 1, ASSAY_VOTE_NOTARISE)) return to == 1;
    return from != 1; /* what 1 knows dies with it */
}

static struct assay_sim_simplex *f_and_crash(enum assay_sim_simplex_plant plant)
{
    struct assay_sim_simplex_options options = four();
    options.plant = plant;
    struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
    assay_sim_simplex_crash(world, 3);
    assay_sim_simplex_set_filter(world, only_1_gets_n, NULL);
    assay_sim_simplex_run(world, 150);
    struct assay_simplex_snapshot snapshot;
    assay_sim_simplex_look(world, 1, &snapshot);
    cr_assert_eq(snapshot.view, 2, "1 is in view %llu", (unsigned long long)snapshot.view);
    assay_sim_simplex_crash(world, 1);
    assay_sim_simplex_run(world, 2000);
    return world;
}

Test(simplex_schedules, a_node_that_sent_f_and_crashed_brings_its_certificate_back)
{
    struct assay_sim_simplex *world = f_and_crash(ASSAY_SIM_SIMPLEX_SOUND);
    struct assay_simplex_snapshot snapshot;
    assay_sim_simplex_look(world, 0, &snapshot);
    cr_assert_eq(snapshot.view, 1, "two X, one F: stuck without 1");
    assay_sim_simplex_set_filter(world, NULL, NULL);
    assay_sim_simplex_restart(world, 1);
    cr_assert(assay_sim_simplex_run_to_height(world, 8, 30000));
    require_sound(world);
    assay_sim_simplex_destroy(&world);
}

Test(simplex_schedules, the_checker_notices_f_without_a_stored_certificate)
{
    struct assay_sim_simplex *world = f_and_crash(ASSAY_SIM_SIMPLEX_FORGETS_CERTIFICATES);
    const char *violation = assay_sim_simplex_violation(world);
    cr_assert(violation != NULL, "the planted fault went unseen");
    assay_sim_simplex_destroy(&world);
}

/* --- two absent members come back while a third dies */

Test(simplex_schedules, two_absent_of_seven_come_back_while_a_third_dies)
{
    struct assay_sim_simplex_options options = four();
    options.slot_count = 7;
    for (uint32_t i = 0; i < 7; i++)
        options.weights[i] = 1;
    options.epoch_blocks = 2;
    struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
    cr_assert(assay_sim_simplex_run(world, 500));
    assay_sim_simplex_crash(world, 5);
    assay_sim_simplex_crash(world, 6);
    const uint64_t before = assay_sim_simplex_best_height(world);
    cr_assert(assay_sim_simplex_run_to_height(world, before + 20, 60000)); /* many epochs pass */
    assay_sim_simplex_crash(world, 4);
    assay_sim_simplex_restart(world, 5);
    assay_sim_simplex_restart(world, 6);
    const uint64_t then = assay_sim_simplex_best_height(world);
    cr_assert(assay_sim_simplex_run_to_height(world, then + 10, 60000));
    require_sound(world);
    assay_sim_simplex_destroy(&world);
}

/* --- all leaders late */

Test(simplex_schedules, time_outs_grow_until_late_leaders_are_heard)
{
    struct assay_sim_simplex_options options = four();
    options.proposal_extra_ms = 2500; /* ten times what a view allows at first */
    struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
    cr_assert(assay_sim_simplex_run_to_height(world, 3, 300000));
    require_sound(world);
    struct assay_sim_simplex_counts counts;
    assay_sim_simplex_counts(world, &counts);
    cr_expect(counts.empty_views > 8);
    assay_sim_simplex_destroy(&world);
}

/* --- a power cut: everybody at once, at any time */

Test(simplex_schedules, everybody_loses_power_again_and_again)
{
    struct assay_sim_simplex_options options = four();
    options.epoch_blocks = 2;
    struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
    uint64_t goal = 0;
    for (uint64_t round = 0; round < 40; round++) {
        cr_assert(assay_sim_simplex_run(world, 11 + 7 * round)); /* also in views just begun */
        for (uint32_t i = 0; i < 4; i++)
            assay_sim_simplex_crash(world, i);
        for (uint32_t i = 0; i < 4; i++)
            assay_sim_simplex_restart(world, i);
        require_sound(world);
        goal = assay_sim_simplex_best_height(world);
    }
    cr_assert(assay_sim_simplex_run_to_height(world, goal + 5, 30000));
    require_sound(world);
    assay_sim_simplex_destroy(&world);
}

/* --- time-outs a little too short */

Test(simplex_schedules, views_that_are_notarised_and_given_up_do_not_go_on_for_ever)
{
    /* N certificates form after 2 * 200 ms, X is due after 3 delta = 375 ms: every view is
     * notarised, and nobody may send F in it. */
    struct assay_sim_simplex_options options = four();
    options.delay_min_ms = 200;
    options.delay_max_ms = 200;
    struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
    cr_assert(assay_sim_simplex_run_to_height(world, 6, 60000));
    require_sound(world);
    assay_sim_simplex_destroy(&world);
}

/* --- a long night: every proposal is invalid for a hundred views */

static bool nothing_before(void *context, uint32_t machine, const struct assay_block_header *header)
{
    const uint64_t *view = context;
    (void)machine;
    return header->view >= *view || header->epoch > 1;
}

Test(simplex_schedules, a_hundred_nullified_views_fit_into_the_tables)
{
    /* Each leader commits to its own certificates of all views before: other bitmaps than ours, so
     * that many hundred bodies pass through tables of 384. */
    uint64_t view = 110;
    struct assay_sim_simplex_options options = four();
    options.delay_max_ms = 30;
    options.slot_count = 7;
    for (uint32_t i = 0; i < 7; i++)
        options.weights[i] = 1;
    struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
    assay_sim_simplex_set_judge(world, nothing_before, &view);
    cr_assert(assay_sim_simplex_run_to_height(world, 8, 40000000));
    require_sound(world);
    struct assay_sim_simplex_counts counts;
    assay_sim_simplex_counts(world, &counts);
    cr_expect(counts.empty_views >= 7 * 108);
    assay_sim_simplex_destroy(&world);
}

static bool no_ranges(void *context, uint32_t from, uint32_t to, enum assay_message_kind kind,
                      struct assay_slice payload)
{
    struct assay_vote vote;
    (void)context;
    (void)from;
    (void)to;
    if (kind != ASSAY_MESSAGE_VOTE || assay_vote_decode(payload, &vote) != ASSAY_OK) return true;
    return assay_vote_span(vote.statement.type) == 1;
}

/* Beyond its window a machine waits; it neither grows nor forgets what it signed. */
Test(simplex_schedules, a_machine_stops_at_the_end_of_its_window)
{
    uint64_t view = UINT64_MAX;
    const struct assay_sim_simplex_options options = four();
    struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
    assay_sim_simplex_set_judge(world, nothing_before, &view);
    assay_sim_simplex_set_filter(world, no_ranges, NULL);
    cr_assert(assay_sim_simplex_run(world, 40000000));
    require_sound(world);
    for (uint32_t i = 0; i < 4; i++) {
        struct assay_simplex_snapshot look;
        assay_sim_simplex_look(world, i, &look);
        cr_expect_eq(look.view, 128); /* two pages */
    }
    assay_sim_simplex_set_filter(world, NULL, NULL); /* what was lost is sent again */
    cr_assert(assay_sim_simplex_run(world, 10000000));
    require_sound(world);
    for (uint32_t i = 0; i < 4; i++) {
        struct assay_simplex_snapshot look;
        assay_sim_simplex_look(world, i, &look);
        cr_expect_gt(look.view, 180);
    }
    assay_sim_simplex_destroy(&world);
}
