/*
 * tests/unit/sim/test_twins.c - Twins: schedules as text, every schedule of a bound, drawn ones,
 * and the proofs after a chain that split.
 */
#include "sim/twins/twins_internal.h"

#include "base/bytes.h"
#include "tests/support/depth.h"

#include <criterion/criterion.h>
#include <stdio.h>

static enum assay_status parse(const char *text, struct assay_twins_schedule *s)
{
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    const enum assay_status status = assay_twins_parse(text, s, message);
    if (status != ASSAY_OK) cr_assert_neq(message[0], '\0', "refused without a word: %s", text);
    return status;
}

static struct assay_twins_schedule schedule_of(const char *text)
{
    struct assay_twins_schedule s;
    cr_assert_eq(parse(text, &s), ASSAY_OK, "%s", text);
    return s;
}

/* --- text */

Test(twins, a_schedule_is_read_as_it_was_printed)
{
    static const char *const texts[] = {
        "n4:t2:w1,1,1,1:b64:p1:s0:01201-00112-00000",
        "n4:t0,3:w3,3,2,2:b1:p2:s18446744073709551615:001234-012345",
        "n4:t2:w1,1,1,1:b64:p1:s0:r00110:01201-00112",
        "n4:t2:w1,1,1,1:b64:p2:s3:rx1f.3.1f.1f.10:00000-00000",
        "n7:t1,5:w1,2,3,4,4,4,4:b2:p1:s7:x1ff.3.7f.1ff.10.20.40.80.1c0-000000000",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char text[ASSAY_TWINS_TEXT_MAX];
        const struct assay_twins_schedule s = schedule_of(texts[i]);
        assay_twins_print(&s, text);
        cr_expect_str_eq(text, texts[i]);
    }
}

Test(twins, groups_may_be_called_anything_and_come_back_in_order)
{
    char text[ASSAY_TWINS_TEXT_MAX];
    const struct assay_twins_schedule s = schedule_of("n4:t0:w1,1,1,1:b64:p1:s0:41143");
    assay_twins_print(&s, text);
    cr_expect_str_eq(text, "n4:t0:w1,1,1,1:b64:p1:s0:01102");
}

Test(twins, a_schedule_that_is_none_is_refused_with_the_place)
{
    static const char *const texts[] = {
        "",
        "n",
        "n0:t0:w1:b1:p1:s0:00",
        "n11:t0",
        "n4",
        "n4:t",
        "n4:t4:w1,1,1,1:b1:p1:s0:00000",
        "n4:t1,1:w1,1,1,1:b1:p1:s0:000000",
        "n4:t1,0:w1,1,1,1:b1:p1:s0:000000",
        "n4:t0:w1,1,1:b1:p1:s0:00000",
        "n4:t0:w0,0,0,0:b1:p1:s0:00000",
        "n4:t0:w1,1,1,10001:b1:p1:s0:00000",
        "n4:t0:w1,1,1,1:b0:p1:s0:00000",
        "n4:t0:w1,1,1,1:b1:p3:s0:00000",
        "n4:t0:w1,1,1,1:b1:p1:s18446744073709551616:00000",
        "n4:t0:w1,1,1,1:b1:p1:s0:",
        "n4:t0:w1,1,1,1:b1:p1:s0:0000",
        "n4:t0:w1,1,1,1:b1:p1:s0:000000",
        "n4:t0:w1,1,1,1:b1:p1:s0:00005",
        "n4:t0:w1,1,1,1:b1:p1:s0:x1f.1f.1f.1f",
        "n4:t0:w1,1,1,1:b1:p1:s0:x1f.1f.1f.1f.20",
        "n4:t0:w1,1,1,1:b1:p2:s0:00000",
        "n4:t0:w1,1,1,1:b1:p1:s0:00000-",
        "n4:t0:w1,1,1,1:b1:p1:s0:00000 ",
        "n4:t0:w1,1,1,1:b1:p1:s0:00000-00000-00000-00000-00000-00000-00000-00000-00000",
    };
    struct assay_twins_schedule s;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        cr_expect_neq(parse(texts[i], &s), ASSAY_OK, "taken: \"%s\"", texts[i]);
}

Test(twins, every_truncation_of_a_schedule_is_refused_or_read_without_harm)
{
    const char whole[] = "n4:t2:w1,1,1,1:b64:p2:s0:01201-x1f.3.1f.1f.1f";
    for (size_t len = 0; len < sizeof whole; len++) {
        char cut[sizeof whole] = { 0 };
        struct assay_twins_schedule s;
        assay_bytes_copy(cut, sizeof cut, whole, len);
        const enum assay_status status = parse(cut, &s);
        if (status == ASSAY_OK) cr_expect_geq(len, sizeof whole - 2, "taken: %s", cut);
    }
}

/* --- every schedule */

struct seen {
    uint64_t runs, violations;
    char first[ASSAY_TWINS_TEXT_MAX + 300];
};

static bool look(void *context, const struct assay_twins_schedule *schedule,
                 const struct assay_twins_result *result)
{
    struct seen *seen = context;
    char text[ASSAY_TWINS_TEXT_MAX];
    seen->runs++;
    if (result->checker == ASSAY_SIM_CHECKER_COUNT) return true;
    assay_twins_print(schedule, text);
    if (seen->violations++ == 0)
        (void)snprintf(seen->first, sizeof seen->first, "%s: %s", result->violation, text);
    return true;
}

static struct assay_twins_totals run(const struct assay_twins_campaign *campaign)
{
    struct assay_twins_totals totals;
    struct seen seen = { 0 };
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    cr_assert_eq(assay_twins_campaign(campaign, look, &seen, &totals, message), ASSAY_OK, "%s",
                 message);
    cr_assert_eq(seen.violations, 0, "%s", seen.first);
    cr_assert_eq(seen.runs, totals.runs);
    return totals;
}

Test(twins, one_view_of_every_partition_of_four_and_a_twin_is_safe_and_heals)
{
    /* 16 scenarios: four twins, two tables, two lengths of epochs. 52 partitions of five machines,
     * of which those that change under the exchange of the copies count half: 36. */
    const struct assay_twins_campaign campaign = { .nodes = 4, .views = 1 };
    const struct assay_twins_totals totals = run(&campaign);
    cr_expect_eq(totals.scenarios, 16);
    cr_expect_eq(totals.schedules, 16 * 36);
    cr_expect_eq(totals.runs, 16 * 36);
    cr_expect_eq(totals.forks, 0);
}

Test(twins, rows_that_nobody_asks_for_are_counted_and_not_run)
{
    /* 16 partitions into at most two groups: 256 sequences, of which 16 * 16 - 8 * 8 = 192 change
     * under the exchange and 64 do not: 96 + 64, in one scenario of the 16. */
    const struct assay_twins_campaign campaign = {
        .nodes = 4, .views = 2, .groups = 2, .shard = 5, .shards = 16
    };
    const struct assay_twins_totals totals = run(&campaign);
    cr_expect_eq(totals.scenarios, 1);
    cr_expect_eq(totals.schedules, 64 + 96);
    cr_expect_leq(totals.runs, totals.schedules);
}

Test(twins, without_dividing_by_symmetry_every_sequence_counts_and_nothing_else_is_found)
{
    const struct assay_twins_campaign campaign = {
        .nodes = 4, .views = 1, .unreduced = true, .shard = 2, .shards = 4
    };
    cr_expect_eq(run(&campaign).schedules, 4 * 52);
}

/* The reduction: a schedule and its mirror image, in which the copies change places, come to the
 * same. */
static bool mirror_agrees(void *context, const struct assay_twins_schedule *schedule,
                          const struct assay_twins_result *result)
{
    struct assay_twins_schedule mirror = *schedule;
    struct assay_twins_result other;
    const uint32_t a = schedule->twin_of[0];
    const uint32_t b = schedule->nodes;
    uint64_t *differ = context;
    for (uint32_t row = 0; row < schedule->views; row++) {
        for (uint32_t from = 0; from <= b; from++) {
            const uint32_t source = from == a ? b : from == b ? a : from;
            uint32_t mask = schedule->receives[row][source];
            const uint32_t swapped = (mask >> a & 1) << b | (mask >> b & 1) << a;
            mask = (mask & ~(1u << a | 1u << b)) | swapped;
            mirror.receives[row][from] = (uint16_t)mask;
        }
    }
    assay_twins_run(&mirror, NULL, &other);
    *differ += other.checker != result->checker || other.finals != result->finals;
    return true;
}

Test(twins, a_schedule_and_its_mirror_image_come_to_the_same)
{
    const struct assay_twins_campaign campaign = {
        .nodes = 4, .views = 1, .shard = 1, .shards = 4 * (uint32_t)test_every(3)
    };
    struct assay_twins_totals totals;
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    uint64_t differ = 0;
    cr_assert_eq(assay_twins_campaign(&campaign, mirror_agrees, &differ, &totals, message),
                 ASSAY_OK);
    cr_expect_eq(differ, 0, "%llu of %llu differ", (unsigned long long)differ,
                 (unsigned long long)totals.runs);
}

Test(twins, shards_are_parts_of_the_whole)
{
    struct assay_twins_campaign campaign = { .nodes = 4, .views = 1, .groups = 2 };
    const struct assay_twins_totals whole = run(&campaign);
    struct assay_twins_totals sum = { 0 };
    campaign.shards = 3;
    for (campaign.shard = 0; campaign.shard < 3; campaign.shard++) {
        const struct assay_twins_totals part = run(&campaign);
        sum.scenarios += part.scenarios;
        sum.runs += part.runs;
        sum.trace += part.trace;
    }
    cr_expect_eq(sum.scenarios, whole.scenarios);
    cr_expect_eq(sum.runs, whole.runs);
    cr_expect_eq(sum.trace, whole.trace);
}

/* --- drawn ones */

Test(twins, drawn_schedules_of_seven_and_ten_are_safe_and_heal)
{
    struct assay_twins_campaign campaign = {
        .nodes = 7, .views = 4, .samples = 20 / test_every(3), .seed = 3
    };
    const struct assay_twins_totals first = run(&campaign);
    cr_expect_eq(run(&campaign).trace, first.trace, "the same seed came to something else");
    campaign.seed = 4;
    cr_expect_neq(run(&campaign).trace, first.trace);
    campaign.nodes = 10;
    run(&campaign);
}

/* docs/protocol.md 5.27 */
Test(twins, schedules_that_burn_a_range_are_safe_and_heal, .timeout = 600)
{
    static const char *const texts[] = {
        "n4:t2:w1,1,1,1:b64:p2:s0:r00000:00000-01234", /* F of view 1 is heard by nobody */
        "n4:t2:w1,1,1,1:b64:p2:s0:r00110:00000-00011",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const struct assay_twins_schedule s = schedule_of(texts[i]);
        struct assay_twins_result result;
        assay_twins_run(&s, NULL, &result);
        cr_expect_eq(result.checker, ASSAY_SIM_CHECKER_COUNT, "%s", result.violation);
        cr_expect_geq(result.finals, ASSAY_TWINS_FINALISATIONS);
    }
}

static void note_vote(struct assay_twins_proofs *proofs, const struct assay_sim_simplex *world,
                      uint64_t view, enum assay_vote_type type)
{
    struct assay_vote_statement st = { .epoch = 1, .view = view, .type = type };
    uint8_t digest[32], signature[ASSAY_P256_SIGNATURE_LEN], bytes[ASSAY_VOTE_LEN_MAX];
    if (type == ASSAY_VOTE_FINALISE) st.block_id[0] = 1;
    assay_vote_statement_digest(&st, digest);
    assay_sim_simplex_sign(world, 2, digest, signature);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_vote_encode(&st, 2, signature, &w);
    assay_twins_proofs_note(proofs, 0, ASSAY_MESSAGE_VOTE, assay_slice_over(bytes, w.len));
}

Test(twins, x_over_a_range_and_f_in_it_are_a_proof_and_f_elsewhere_is_none)
{
    const struct assay_sim_simplex_options options = {
        .seed = 1, .slot_count = 4, .weights = { 1, 1, 1, 1 }, .cadence_ms = 1000000
    };
    for (uint64_t view = 64; view <= 65; view++) {
        struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
        struct assay_twins_proofs *proofs = assay_twins_proofs_create(world, 4);
        unsigned numbers = 0;
        note_vote(proofs, world, 1, ASSAY_VOTE_NULLIFY_64);
        note_vote(proofs, world, 1, ASSAY_VOTE_NULLIFY_4096);
        cr_expect_eq(assay_twins_proofs_convict(proofs, 0, &numbers), 0);
        note_vote(proofs, world, view + 4096 * (view - 64), ASSAY_VOTE_FINALISE);
        cr_expect_eq(assay_twins_proofs_convict(proofs, 0, &numbers), view == 64 ? 4u : 0u);
        cr_expect_eq(numbers, view == 64 ? 8u : 0u);
        cr_expect_eq(assay_twins_proofs_convict(proofs, 8, &numbers), 0); /* when they are lost */
        assay_twins_proofs_destroy(&proofs);
        assay_sim_simplex_destroy(&world);
    }
}

Test(twins, a_drawn_schedule_is_the_same_whatever_was_drawn_before)
{
    const struct assay_twins_campaign campaign = { .nodes = 7, .samples = 9, .seed = 11 };
    struct assay_twins_schedule a;
    struct assay_twins_schedule b;
    char text[2][ASSAY_TWINS_TEXT_MAX];
    assay_twins_sample(&campaign, 5, &a);
    assay_twins_sample(&campaign, 6, &b);
    assay_twins_sample(&campaign, 5, &b);
    assay_twins_print(&a, text[0]);
    assay_twins_print(&b, text[1]);
    cr_expect_str_eq(text[0], text[1]);
}

Test(twins, a_campaign_that_makes_no_sense_is_refused)
{
    static const struct assay_twins_campaign campaigns[] = {
        { .nodes = 5 },
        { .nodes = 7 },
        { .nodes = 4, .twins = 4, .samples = 1 },
        { .nodes = 4, .twins = 3 },
        { .nodes = 4, .views = 9 },
        { .nodes = 4, .phases = 3 },
        { .nodes = 4, .groups = 1 },
        { .nodes = 4, .ranges = true },
        { .nodes = 4, .shard = 2, .shards = 2 },
    };
    struct assay_twins_totals totals;
    for (size_t i = 0; i < sizeof campaigns / sizeof campaigns[0]; i++) {
        char message[ASSAY_SIM_MESSAGE_MAX] = "";
        cr_expect_eq(assay_twins_campaign(&campaigns[i], NULL, NULL, &totals, message),
                     ASSAY_E_RANGE);
        cr_expect_neq(message[0], '\0');
    }
}

/* --- accountability: two of four */

/* Slots 0 and 1 live twice, on both sides of a cut between 2 and 3. */
static const char split[] = "n4:t0,1:w1,1,1,1:b64:p1:s0:000111-000111";

static struct assay_twins_schedule split_schedule(void)
{
    struct assay_twins_schedule s = schedule_of(split);
    static const uint32_t side[] = { 0, 0, 0, 1, 1, 1 };
    for (uint32_t row = 0; row < 2; row++)
        for (uint32_t from = 0; from < 6; from++) {
            s.receives[row][from] = 0;
            for (uint32_t to = 0; to < 6; to++)
                if (side[from] == side[to])
                    s.receives[row][from] = (uint16_t)(s.receives[row][from] | 1u << to);
        }
    return s;
}

Test(twins, a_chain_that_two_of_four_split_convicts_both_and_nobody_else)
{
    const struct assay_twins_schedule s = split_schedule();
    struct assay_twins_result result;
    assay_twins_run(&s, NULL, &result);
    cr_assert(result.forked);
    cr_expect_eq(result.checker, ASSAY_SIM_CHECKER_COUNT, "%s", result.violation);
    cr_expect_eq(result.convicted, 3);
}

Test(twins, every_split_by_two_of_four_in_one_view_is_accounted_for)
{
    const struct assay_twins_campaign campaign = {
        .nodes = 4, .twins = 2, .views = 1, .groups = 2, .shards = (uint32_t)test_every(6)
    };
    cr_expect_gt(run(&campaign).forks, 0);
}

Test(twins, splits_by_three_of_seven_are_accounted_for)
{
    const struct assay_twins_campaign campaign = {
        .nodes = 7, .twins = 3, .views = 3, .samples = 60 / test_every(3), .seed = 2
    };
    cr_expect_gt(run(&campaign).forks, 0);
}

Test(twins, the_checker_notices_that_proofs_are_missing)
{
    const struct assay_twins_schedule s = split_schedule();
    const struct assay_twins_plant plant = { .lost_proofs = 0x1e };
    struct assay_twins_result result;
    assay_twins_run(&s, &plant, &result);
    cr_expect(result.forked);
    cr_expect_eq(result.checker, ASSAY_SIM_CHECKER_P6);
}

Test(twins, one_kind_of_proof_may_be_the_only_one)
{
    /* Without E1, E2 and E4 a view that is final on one side and nullified on the other is left. */
    const struct assay_twins_schedule s = split_schedule();
    const struct assay_twins_plant plant = { .lost_proofs = 0x1e & ~(1u << 3) };
    struct assay_twins_result result;
    assay_twins_run(&s, &plant, &result);
    cr_expect(result.forked);
    cr_expect_eq(result.proofs & ~(1u << 3), 0);
}

Test(twins, the_checker_notices_an_honest_slot_among_the_convicted)
{
    const struct assay_twins_schedule s = split_schedule();
    const struct assay_twins_plant plant = { .frames = true };
    struct assay_twins_result result;
    assay_twins_run(&s, &plant, &result);
    cr_expect_eq(result.checker, ASSAY_SIM_CHECKER_JUSTICE);
}

Test(twins, a_third_is_tolerable_and_more_is_not)
{
    const struct assay_twins_schedule third = schedule_of("n4:t0:w2,2,1,1:b64:p1:s0:00000");
    const struct assay_twins_schedule more = schedule_of("n4:t0:w3,2,1,1:b64:p1:s0:00000");
    cr_expect(assay_twins_tolerable(&third));
    cr_expect_not(assay_twins_tolerable(&more));
}
