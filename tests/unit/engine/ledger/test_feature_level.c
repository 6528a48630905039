/*
 * tests/unit/engine/ledger/test_feature_level.c - feature levels: builds of two levels in one
 * network, and the activation once all of them support the newer one (docs/protocol.md 9.10).
 */
#include "base/cbor.h"
#include "engine/parts/engine_internal.h"
#include "tests/unit/engine/change_bench.h"
#include "tests/unit/engine/decide.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 5 };

static struct assay_action level_of(const struct assay_genesis_parameters *now, uint32_t level)
{
    struct assay_action a = { .kind = ASSAY_ACTION_PARAMETERS, .parameters = *now };
    a.parameters.level = level;
    return a;
}

/* --- the rule */

Test(feature_level, rises_by_one_when_every_member_of_weight_has_announced_it)
{
    struct change_bench *b = change_make();
    struct assay_action raise = level_of(&b->genesis.parameters, 1);
    cr_assert_eq(change_offer_one(b, 1, 3, &raise), ASSAY_E_INVALID, "nobody speaks it");
    for (uint32_t i = 1; i < CHANGE_MEMBERS; i++)
        b->state.members[i].level = 2;
    cr_assert_eq(change_offer_one(b, 1, 3, &raise), ASSAY_E_INVALID, "one does not");
    struct assay_action jump = level_of(&b->genesis.parameters, 2);
    b->state.members[0].level = 2;
    cr_assert_eq(change_offer_one(b, 1, 3, &jump), ASSAY_E_INVALID, "one after the other");
    b->state.members[0].level = 0;
    const uint32_t weight = b->state.members[0].weight;
    b->state.members[0].weight = 0;
    cr_assert_eq(change_offer_one(b, 1, 3, &raise), ASSAY_OK, "who does not vote is not asked");
    b->state.members[0].weight = weight;
    change_drop(b);
}

Test(feature_level, never_falls)
{
    struct change_bench *b = change_make();
    struct assay_action lower = level_of(&b->genesis.parameters, 1);
    b->state.rules.parameters.level = 2;
    for (uint32_t i = 0; i < CHANGE_MEMBERS; i++)
        b->state.members[i].level = 3;
    cr_assert_eq(change_offer_one(b, 1, 3, &lower), ASSAY_E_INVALID);
    struct assay_action raise = level_of(&b->genesis.parameters, 3);
    cr_assert_eq(change_offer_one(b, 1, 3, &raise), ASSAY_OK);
    change_drop(b);
}

/* What a document may contain depends on the level in force, not on the one of this build. */
static enum assay_status check_of_level_2(bool is_policy, uint32_t level,
                                          struct assay_slice document)
{
    (void)document;
    return is_policy && level < 2 ? ASSAY_E_EARLY : ASSAY_OK;
}

Test(feature_level, a_document_waits_for_its_level)
{
    struct change_bench *b = change_make();
    const struct assay_action policy = change_policy_of("of level 2");
    b->context.document_check = check_of_level_2;
    for (uint32_t level = 0; level < 2; level++) {
        b->state.rules.parameters.level = level;
        cr_expect_eq(change_offer_one(b, 1, 3, &policy), ASSAY_E_EARLY, "level %u", level);
    }
    b->state.rules.parameters.level = 2;
    cr_expect_eq(change_offer_one(b, 1, 3, &policy), ASSAY_OK);
    change_drop(b);
}

/* Not in the change that raises it: builds of the level before are to read that one. */
Test(feature_level, a_document_is_not_in_the_change_that_raises_its_level)
{
    struct change_bench *b = change_make();
    const struct assay_action actions[] = { level_of(&b->genesis.parameters, 2),
                                            change_policy_of("of level 2") };
    const struct assay_change head = change_head_of(b, 1, 3);
    b->context.document_check = check_of_level_2;
    b->state.rules.parameters.level = 1;
    for (uint32_t i = 0; i < CHANGE_MEMBERS; i++)
        b->state.members[i].level = 2;
    struct change_made *m = change_make_change(b, &head, actions, 2, 7);
    cr_expect_eq(change_offer(b, m), ASSAY_E_EARLY);
    free(m);
    change_drop(b);
}

/* --- encodings: 0 is not written, so one meaning has one encoding */

Test(feature_level, nought_is_not_written)
{
    struct assay_genesis_parameters p = { .epoch_ms = 1000,
                                          .operator_cap_num = 1,
                                          .operator_cap_den = 1,
                                          .vendor_cap_num = 1,
                                          .vendor_cap_den = 1,
                                          .block_len_max = ASSAY_BLOCK_LEN_MIN };
    struct assay_genesis_parameters read;
    size_t lens[2];
    uint8_t bytes[128];
    for (uint32_t level = 0; level < 2; level++) {
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        p.level = level;
        assay_parameters_put(&w, &p);
        lens[level] = w.len;
        struct assay_cursor c = assay_cursor_over(bytes, w.len);
        cr_assert_eq(assay_parameters_read(&c, &read), ASSAY_OK);
        cr_assert_eq(read.level, level);
        for (size_t len = 0; len < w.len; len++) {
            c = assay_cursor_over(bytes, len);
            cr_assert_neq(assay_parameters_read(&c, &read), ASSAY_OK);
        }
    }
    cr_assert_eq(lens[1], lens[0] + 1);
    bytes[lens[1] - 1] = 0; /* level 0, written */
    struct assay_cursor c = assay_cursor_over(bytes, lens[1]);
    cr_assert_eq(assay_parameters_read(&c, &read), ASSAY_E_ENCODING);
}

Test(feature_level, a_ballot_announces_it)
{
    static const uint8_t row[3] = { 0 };
    struct assay_ballot b = { .row = { row, sizeof row }, .level = 1 }, read;
    uint8_t bytes[1024];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_ballot_encode(&b, &w);
    cr_assert_eq(assay_ballot_decode(assay_slice_over(bytes, w.len), &read), ASSAY_OK);
    cr_assert_eq(read.level, 1);
    for (size_t len = 0; len < w.len; len++)
        cr_assert_neq(assay_ballot_decode(assay_slice_over(bytes, len), &read), ASSAY_OK);
    bytes[w.len - 1] = 0;
    cr_assert_eq(assay_ballot_decode(assay_slice_over(bytes, w.len), &read), ASSAY_E_ENCODING);
}

/* --- a network of two builds */

/* Nodes from `newer` on speak level 1, the others level 0. */
static struct assay_sim_world *mixed(uint32_t newer)
{
    const struct assay_sim_world_options o = { .seed = 17, .nodes = NODES, .epoch_ms = 400 };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    for (uint32_t i = newer; i < NODES; i++) {
        assay_sim_world_kill(w, i);
        w->nodes[i].level = 1;
        assay_sim_world_restart(w, i);
    }
    cr_assert(assay_sim_world_run_to_epoch(w, 4, 20000), "%s", assay_sim_world_violation(w));
    return w;
}

static void install(struct assay_sim_world *w, uint32_t node, uint32_t level)
{
    assay_sim_world_kill(w, node);
    w->nodes[node].level = level;
    assay_sim_world_restart(w, node);
    const uint64_t now = assay_sim_world_epoch(w, 1);
    cr_assert(assay_sim_world_run_to_epoch(w, now + 2, 20000), "%s", assay_sim_world_violation(w));
}

static const struct assay_state *state_of(struct assay_sim_world *w, uint32_t node)
{
    return &assay_sim_world_engine(w, node)->head->state;
}

static void raise_level(struct assay_sim_world *w, uint64_t activation)
{
    const struct assay_action raise = level_of(&w->genesis->parameters, 1);
    decide(w, 1, activation, &raise);
}

Test(feature_level, builds_of_two_levels_run_mixed_until_the_last_one_is_newer, .timeout = 600)
{
    struct assay_sim_world *w = mixed(1);
    for (uint32_t i = 0; i < NODES; i++) {
        cr_assert_eq(state_of(w, 0)->members[i].level, i > 0);
        cr_assert(state_of(w, i)->certified);
    }
    cr_assert_eq(state_of(w, 0)->rules.parameters.level, 0);
    install(w, 0, 1);
    cr_assert_eq(state_of(w, 3)->members[0].level, 1);
    const uint64_t now = assay_sim_world_epoch(w, 1);
    raise_level(w, now + 4);
    cr_assert(assay_sim_world_run_to_epoch(w, now + 7, 40000), "%s", assay_sim_world_violation(w));
    for (uint32_t i = 0; i < NODES; i++) {
        cr_assert_eq(state_of(w, i)->rules.parameters.level, 1);
        cr_assert(state_of(w, i)->certified);
    }
    assay_sim_world_destroy(&w);
}

/* It was announced, the change stands in a block, and then one goes back to its old build. */
Test(feature_level, a_voter_that_goes_back_voids_the_change, .timeout = 600)
{
    struct assay_sim_world *w = mixed(0);
    const uint64_t now = assay_sim_world_epoch(w, 1);
    raise_level(w, now + 8);
    cr_assert(assay_sim_world_run_to_epoch(w, now + 2, 20000), "%s", assay_sim_world_violation(w));
    cr_assert_eq(state_of(w, 1)->pending_count, 1);
    install(w, 4, 0);
    cr_assert_eq(state_of(w, 1)->members[4].level, 0);
    cr_assert(assay_sim_world_run_to_epoch(w, now + 10, 40000), "%s",
              assay_sim_world_violation(w));
    cr_assert_eq(state_of(w, 1)->rules.parameters.level, 0);
    cr_assert_eq(state_of(w, 1)->ended.end, ASSAY_CHANGE_UNFIT);
    cr_assert(state_of(w, 4)->certified, "and it goes on with the others");
    assay_sim_world_destroy(&w);
}

Test(feature_level, a_build_that_does_not_know_it_makes_no_engine, .timeout = 600)
{
    struct assay_sim_world *w = mixed(0);
    struct assay_engine *engine = NULL;
    struct assay_genesis *later = malloc(sizeof *later);
    *later = *w->genesis;
    later->parameters.level = 2;
    for (uint32_t level = 0; level < 4; level++) {
        const struct assay_engine_config config = { .genesis = later, .level = level };
        const size_t len = assay_engine_size(&config);
        void *memory = aligned_alloc(64, (len + 63) / 64 * 64);
        const enum assay_status status = assay_engine_init(memory, len, &config, &engine);
        cr_assert_eq(status, level < 2 ? ASSAY_E_VERSION : ASSAY_OK, "level %u", level);
        assay_engine_deinit(&engine);
        free(memory);
    }
    free(later);
    assay_sim_world_destroy(&w);
}
