/*
 * tests/unit/engine/consensus/test_simplex.c - Simplex when nothing goes wrong, and its time-outs.
 */
#include "sim/simplex/world.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct assay_sim_simplex_options four(uint64_t seed)
{
    return (struct assay_sim_simplex_options){ .seed = seed,
                                               .slot_count = 4,
                                               .weights = { 1, 1, 1, 1 },
                                               .delay_min_ms = 1,
                                               .delay_max_ms = 10,
                                               .cadence_ms = 100 };
}

static void require_sound(const struct assay_sim_simplex *world)
{
    const char *violation = assay_sim_simplex_violation(world);
    cr_assert(violation == NULL, "%s", violation);
}

Test(simplex, finalises_block_after_block_over_epochs)
{
    const struct assay_sim_simplex_options options = four(1);
    struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
    cr_assert(assay_sim_simplex_run_to_height(world, 40, 60000) ||
              assay_sim_simplex_violation(world));
    require_sound(world);
    struct assay_simplex_snapshot snapshot;
    assay_sim_simplex_look(world, 0, &snapshot);
    cr_expect(snapshot.epoch >= 8);
    cr_expect(assay_sim_simplex_now(world) < 10000, "took %llu ms",
              (unsigned long long)assay_sim_simplex_now(world));
    struct assay_sim_simplex_counts counts;
    assay_sim_simplex_counts(world, &counts);
    cr_expect_eq(counts.empty_views, 0);
    assay_sim_simplex_destroy(&world);
}

Test(simplex, one_and_two_voters_finalise_too)
{
    for (uint32_t count = 1; count <= 2; count++) {
        struct assay_sim_simplex_options options = four(6);
        options.slot_count = count;
        struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
        cr_assert(assay_sim_simplex_run_to_height(world, 12, 60000));
        assay_sim_simplex_crash(world, 0);
        assay_sim_simplex_restart(world, 0);
        cr_assert(assay_sim_simplex_run_to_height(world, 24, 60000));
        require_sound(world);
        assay_sim_simplex_destroy(&world);
    }
}

Test(simplex, an_idle_view_never_times_out)
{
    struct assay_sim_simplex_options options = four(2);
    options.cadence_ms = 1000000000;
    struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
    cr_assert(assay_sim_simplex_run(world, 1000000));
    struct assay_sim_simplex_counts counts;
    assay_sim_simplex_counts(world, &counts);
    cr_expect_eq(counts.empty_views, 0);
    cr_expect(counts.steps < 100, "%llu steps of doing nothing", (unsigned long long)counts.steps);
    struct assay_simplex_snapshot snapshot;
    assay_sim_simplex_look(world, 0, &snapshot);
    cr_expect_eq(snapshot.view, 1);
    assay_sim_simplex_destroy(&world);
}

/* A leader that is gone costs two time-outs at most, then nothing. */
Test(simplex, a_silent_leader_gets_no_time)
{
    struct assay_sim_simplex_options options = four(3);
    options.epoch_ms =
        32000; /* delta 2 s: 4 s for each view of the dead leader, were it waited for */
    options.cadence_ms = 20;
    options.epoch_blocks = 4;
    struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
    cr_assert(assay_sim_simplex_run(world, 200));
    assay_sim_simplex_crash(world, 1);
    cr_assert(assay_sim_simplex_run(world, 30000)); /* it is noticed */
    const uint64_t before = assay_sim_simplex_best_height(world);
    cr_assert(assay_sim_simplex_run(world, 20000));
    const uint64_t blocks = assay_sim_simplex_best_height(world) - before;
    cr_expect(blocks > 200, "%llu blocks in 20 s", (unsigned long long)blocks);
    require_sound(world);
    assay_sim_simplex_destroy(&world);
}

Test(simplex, stands_still_without_a_quorum_and_goes_on_when_it_is_back)
{
    struct assay_sim_simplex_options options = four(4);
    struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
    cr_assert(assay_sim_simplex_run(world, 1000));
    assay_sim_simplex_crash(world, 0);
    assay_sim_simplex_crash(world, 1);
    cr_assert(assay_sim_simplex_run(world, 1000));
    const uint64_t before = assay_sim_simplex_best_height(world);
    cr_assert(assay_sim_simplex_run(world, 300000));
    cr_expect(assay_sim_simplex_best_height(world) <= before + 1);
    struct assay_sim_simplex_counts counts;
    assay_sim_simplex_counts(world, &counts);
    cr_expect(counts.sent < 40000, "resends are capped: %llu", (unsigned long long)counts.sent);
    assay_sim_simplex_restart(world, 0);
    cr_assert(assay_sim_simplex_run_to_height(world, before + 10, 120000));
    require_sound(world);
    assay_sim_simplex_destroy(&world);
}

/* --- what the ledger calls invalid */

static bool nothing_of_leader_2(void *context, uint32_t machine,
                                const struct assay_block_header *header)
{
    (void)context;
    (void)machine;
    return header->leader != 2;
}

Test(simplex, an_invalid_proposal_is_nullified_at_once)
{
    struct assay_sim_simplex_options options = four(5);
    options.epoch_ms = 32000;
    options.cadence_ms = 20;
    struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
    assay_sim_simplex_set_judge(world, nothing_of_leader_2, NULL);
    cr_assert(assay_sim_simplex_run(world, 20000));
    cr_expect(assay_sim_simplex_best_height(world) > 200, "%llu blocks",
              (unsigned long long)assay_sim_simplex_best_height(world));
    struct assay_sim_simplex_counts counts;
    assay_sim_simplex_counts(world, &counts);
    cr_expect(counts.empty_views > 100);
    require_sound(world);
    assay_sim_simplex_destroy(&world);
}

/* --- a leader that lacks the votes that led to its view (docs/protocol.md 5.14.1) */

enum { REFUSED_VIEWS = 5, LATE_MACHINES = 4 };

struct late {
    bool lost[REFUSED_VIEWS + 1][LATE_MACHINES];
};

static bool late_views_only(void *context, uint32_t machine,
                            const struct assay_block_header *header)
{
    (void)context;
    (void)machine;
    return header->view > REFUSED_VIEWS;
}

/* The first copy of every X is lost on its way to the leader of the next view. */
static bool loses_to_next_leader(void *context, uint32_t from, uint32_t to,
                                 enum assay_message_kind kind, struct assay_slice payload)
{
    struct late *late = context;
    struct assay_vote vote;
    if (kind != ASSAY_MESSAGE_VOTE || assay_vote_decode(payload, &vote) != ASSAY_OK) return true;
    const uint64_t view = vote.statement.view;
    if (vote.statement.type != ASSAY_VOTE_NULLIFY || view > REFUSED_VIEWS) return true;
    /* Equal weights: members lead in turn. */
    if (to != view % LATE_MACHINES || late->lost[view][from]) return true;
    late->lost[view][from] = true;
    return false;
}

Test(simplex, a_leader_that_missed_the_votes_before_its_view_leads_it_all_the_same)
{
    struct assay_sim_simplex_options options = four(8);
    struct late late = { 0 };
    struct assay_simplex_snapshot snapshot;
    struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
    assay_sim_simplex_set_judge(world, late_views_only, NULL);
    assay_sim_simplex_set_filter(world, loses_to_next_leader, &late);
    cr_assert(assay_sim_simplex_run_to_height(world, 1, 120000));
    assay_sim_simplex_look(world, 0, &snapshot);
    cr_expect(late.lost[REFUSED_VIEWS][0] && late.lost[1][0]);
    cr_expect_eq(snapshot.final_view, REFUSED_VIEWS + 1, "view %llu",
                 (unsigned long long)snapshot.final_view);
    require_sound(world);
    assay_sim_simplex_destroy(&world);
}

/* The leader after the refused views hears all and sends nothing in its view. Time-outs have grown
 * by then: in a view that ends after two delta nobody is waited for. */
enum { SILENT_VIEW = REFUSED_VIEWS + 1, SILENT = REFUSED_VIEWS % LATE_MACHINES };

struct help {
    uint32_t sent[LATE_MACHINES]; /* certificates of the view before that each sends to it */
    bool left[LATE_MACHINES];     /* until they vote to leave its view */
};

static bool counts_help(void *context, uint32_t from, uint32_t to, enum assay_message_kind kind,
                        struct assay_slice payload)
{
    struct help *help = context;
    struct assay_vote vote;
    struct assay_vote_certificate c;
    struct assay_proposal p;
    if (kind == ASSAY_MESSAGE_VOTE && assay_vote_decode(payload, &vote) == ASSAY_OK &&
        vote.statement.view >= SILENT_VIEW) {
        help->left[from] = true;
        return from != SILENT;
    }
    if (kind == ASSAY_MESSAGE_PROPOSAL && assay_proposal_decode(payload, &p) == ASSAY_OK)
        return from != SILENT || p.header.view < SILENT_VIEW;
    if (kind == ASSAY_MESSAGE_CERTIFICATE &&
        assay_certificate_decode(payload, LATE_MACHINES, &c) == ASSAY_OK &&
        c.statement.view == SILENT_VIEW - 1) {
        help->sent[from] += to == SILENT && !help->left[from];
        return from != SILENT; /* it sends this one with its proposal */
    }
    return true;
}

/* Once in a view: a leader that answers nothing is no reason to send more. */
Test(simplex, a_late_leader_is_sent_the_certificate_once_by_each, .timeout = 600)
{
    struct assay_sim_simplex_options options = four(8);
    struct help help = { 0 };
    struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
    assay_sim_simplex_set_judge(world, late_views_only, NULL);
    assay_sim_simplex_set_filter(world, counts_help, &help);
    cr_assert(assay_sim_simplex_run_to_height(world, 1, 120000));
    for (uint32_t i = 0; i < LATE_MACHINES; i++) {
        if (i == SILENT) continue;
        cr_expect_eq(help.sent[i], 1, "machine %u: %u", i, help.sent[i]);
        cr_expect(help.left[i]);
    }
    require_sound(world);
    assay_sim_simplex_destroy(&world);
}

Test(simplex, memory_too_small_or_limits_out_of_range_are_refused)
{
    enum { COUNT = 4, BODY = 64 };
    const size_t blocks_len = assay_blocks_size(COUNT, BODY);
    void *blocks_memory = aligned_alloc(64, blocks_len);
    cr_assert_not_null(blocks_memory);
    struct assay_simplex_config config = { .voters_max = 4,
                                           .views_max = 128,
                                           .blocks = assay_blocks_init(blocks_memory, blocks_len,
                                                                       COUNT, BODY) };
    const size_t len = assay_simplex_size(&config);
    void *memory = aligned_alloc(64, len);
    cr_assert_not_null(memory);
    struct assay_simplex *s = NULL;
    cr_expect_eq(assay_simplex_init(memory, len - 1, &config, &s), ASSAY_E_FULL);
    cr_expect_eq(assay_simplex_init(memory, len, &config, &s), ASSAY_OK);
    struct assay_simplex_config bad = config;
    bad.self = 4;
    cr_expect_eq(assay_simplex_init(memory, len, &bad, &s), ASSAY_E_RANGE);
    bad = config;
    bad.voters_max = ASSAY_MEMBERS_MAX + 1;
    cr_expect_eq(assay_simplex_init(memory, len, &bad, &s), ASSAY_E_RANGE);
    bad = config;
    bad.views_max = ASSAY_BLOCK_NULLS_MAX + 1;
    cr_expect_eq(assay_simplex_init(memory, len, &bad, &s), ASSAY_E_RANGE);
    bad = config;
    bad.certificate_max = 3 * 128 - 1;
    cr_expect_eq(assay_simplex_init(memory, len, &bad, &s), ASSAY_E_RANGE);
    free(memory);
    free(blocks_memory);
}
