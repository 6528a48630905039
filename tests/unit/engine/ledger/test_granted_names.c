/*
 * tests/unit/engine/ledger/test_granted_names.c - granted names in whole networks: who has one, how
 * long, and what hostile voters can do (docs/protocol.md 2.17).
 *
 * The plan grants `api` to builds 7 and 8, `db` to build 8. Five members of equal weight: a name
 * needs the votes of three of the four others.
 */
#include "base/crypto/model.h"
#include "tests/support/services/toy_services.h"
#include "tests/unit/engine/ledger/declared_bench.h"

#include <criterion/criterion.h>

enum { API = 1, DB = 2, LIAR = 4 };

static const uint8_t plan[] = "toy services";
static struct assay_grants grants;
static struct assay_services services;

static void set_reference(uint32_t name, uint32_t place, uint8_t build)
{
    struct assay_grant_reference *r = &grants.name[name].reference[place];
    *r = (struct assay_grant_reference){ .field = WORLD_BUILD_FIELD, .value_len = 32 };
    world_build_value(build, r->value);
    grants.name[name].reference_count = place + 1;
}

/* In epoch 2; OWNER, of this build, has declared a list that its enclave has. */
static struct assay_sim_world *open_of(uint8_t build, struct list *l, uint32_t level)
{
    struct assay_sim_world_options options = declared_five;
    grants = (struct assay_grants){ .count = 2, .digest = { 0xd1, 2, 3 } };
    set_reference(0, 0, 7);
    set_reference(0, 1, 8);
    set_reference(1, 0, 8);
    grants.name[0].digest[0] = 'a';
    grants.name[1].digest[0] = 'd';
    services = toy_services;
    services.grants = &grants;
    options.level = level;
    options.services = &services;
    options.plan = assay_slice_over(plan, sizeof plan);
    struct assay_sim_world *w = assay_sim_world_create(&options);
    assay_sim_world_acts(w, OWNER)->build = build;
    cr_assert(assay_sim_world_run_to_epoch(w, 1, 8000));
    make_list(w, l, "api", OWNER);
    assay_sim_world_acts(w, OWNER)->keys = l->slice;
    cr_assert_eq(assay_sim_world_declare(w, OWNER, l->slice), ASSAY_OK);
    return w;
}

/* The same where keys and names are certified. */
static struct assay_sim_world *open_bound(uint8_t build, struct list *l)
{
    struct assay_sim_world *w = open_of(build, l, ASSAY_LEVEL_GROUP_KEY);
    pass(w);
    pass(w);
    return w;
}

static uint8_t names_of(struct assay_sim_world *w, uint32_t slot)
{
    const struct assay_declaration *d = &state_of(w, 0)->members[slot].declaration;
    const uint8_t api = assay_declaration_has_grant(d, grants.name[0].digest) ? API : 0;
    const uint8_t db = assay_declaration_has_grant(d, grants.name[1].digest) ? DB : 0;
    cr_expect_eq(d->grant_count, (uint32_t)(api > 0) + (uint32_t)(db > 0));
    return api | db;
}

static void expect_names(struct assay_sim_world *w, uint8_t expected, const char *when)
{
    const struct assay_state *state = state_of(w, 0);
    cr_expect(state->certified, "%s", when);
    cr_expect_eq(names_of(w, OWNER), expected, "%s: %u in epoch %d", when, names_of(w, OWNER),
                 (int)state->epoch);
    for (uint32_t i = 0; i < NODES; i++)
        if (i != OWNER) cr_expect_eq(names_of(w, i), 0, "%s: member %u", when, i);
    if (expected == 0) return;
    cr_expect_eq(state->members[OWNER].declaration.keys_epoch, state->epoch);
}

static bool is_convicted(struct assay_sim_world *w, uint32_t slot)
{
    return state_of(w, 0)->members[slot].ballots_struck != 0;
}

Test(granted_names, are_those_of_the_reference_values_that_a_member_passed_with, .timeout = 600)
{
    static const uint8_t expected[][2] = { { 7, API }, { 8, API | DB }, { 9, 0 }, { 0, 0 } };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        struct list l;
        struct assay_sim_world *w = open_of(expected[i][0], &l, ASSAY_LEVEL_GROUP_KEY);
        pass(w);
        expect_names(w, 0, "declared");
        pass(w);
        expect_names(w, expected[i][1], "bound");
        cr_expect_eq(keys_of(w, OWNER), ASSAY_KEYS_ACTIVE);
        pass(w);
        expect_names(w, expected[i][1], "bound again");
        for (uint32_t slot = 0; slot < NODES; slot++)
            cr_expect_not(is_convicted(w, slot));
        assay_sim_world_destroy(&w);
    }
}

Test(granted_names, of_another_build_end_with_its_first_pass, .timeout = 600)
{
    struct list l;
    struct assay_sim_world *w = open_bound(8, &l);
    expect_names(w, API | DB, "bound");
    assay_sim_world_acts(w, OWNER)->build = 7;
    pass(w); /* its evidence of this epoch was made before */
    pass(w);
    expect_names(w, API, "the older build");
    assay_sim_world_acts(w, OWNER)->build = 9;
    pass(w);
    pass(w);
    expect_names(w, 0, "a build without a name");
    cr_expect_eq(keys_of(w, OWNER), ASSAY_KEYS_ACTIVE, "its keys are as good as before");
    assay_sim_world_destroy(&w);
}

Test(granted_names, end_with_the_keys, .timeout = 600)
{
    struct list l;
    struct assay_sim_world *w = open_bound(7, &l);
    expect_names(w, API, "bound");
    assay_sim_world_acts(w, OWNER)->keys = (struct assay_slice){ 0 };
    pass(w);
    pass(w);
    expect_names(w, 0, "a PASS that binds none");
    cr_expect(state_of(w, 0)->members[OWNER].found.certified_pass);
    assay_sim_world_acts(w, OWNER)->keys = l.slice;
    pass(w);
    pass(w);
    expect_names(w, API, "registered again");
    world_node_replace_keys(w, OWNER);
    const uint32_t before = state_of(w, 0)->members[OWNER].lives[0].incarnation;
    for (uint32_t i = 0; i < 4 && state_of(w, 0)->members[OWNER].lives[0].incarnation == before;
         i++)
        pass(w);
    cr_assert_eq(state_of(w, 0)->members[OWNER].lives[0].incarnation, before + 1);
    expect_names(w, 0, "another incarnation");
    assay_sim_world_destroy(&w);
}

/* Evidence that fails binds nothing; the names are as old as the keys, and not active with them. */
Test(granted_names, grow_old_with_the_keys, .timeout = 600)
{
    struct list l;
    struct assay_sim_world *w = open_bound(7, &l);
    assay_sim_world_acts(w, OWNER)->quiet = true;
    pass(w);
    for (uint32_t age = 1; age <= 4; age++) {
        pass(w);
        cr_expect_eq(names_of(w, OWNER), API, "nothing was certified since");
        cr_expect(keys_of(w, OWNER) != ASSAY_KEYS_ACTIVE || age <= ASSAY_KEYS_AGE_MAX);
    }
    assay_sim_world_destroy(&w);
}

/* One of the four voters: its bits count for nothing, and convict it. */
Test(granted_names, a_voter_that_claims_names_grants_none_and_is_convicted, .timeout = 600)
{
    struct list l;
    struct assay_sim_world *w = open_bound(9, &l); /* with all its weight in the first ballot */
    assay_sim_world_acts(w, LIAR)->claims_names = true;
    for (uint32_t i = 0; i < 4; i++) {
        pass(w);
        expect_names(w, 0, "claimed by one");
    }
    cr_expect(is_convicted(w, LIAR));
    cr_expect_eq(state_of(w, 0)->members[LIAR].found.integrity_reason,
                 ASSAY_INTEGRITY_HELD_UNLISTED, "a false PASS takes all integrity");
    assay_sim_world_destroy(&w);
}

Test(granted_names, a_voter_that_denies_them_ends_none_and_is_convicted, .timeout = 600)
{
    struct list l;
    struct assay_sim_world *w = open_bound(8, &l);
    assay_sim_world_acts(w, LIAR)->denies_names = true;
    for (uint32_t i = 0; i < 4; i++) {
        pass(w);
        expect_names(w, API | DB, "denied by one");
    }
    cr_expect(is_convicted(w, LIAR));
    assay_sim_world_destroy(&w);
}

/* Whatever it says by another list, it grants and denies nothing, and is compared with nothing. */
Test(granted_names, a_ballot_by_another_list_counts_as_none, .timeout = 600)
{
    struct list l;
    struct assay_sim_world *w = open_of(9, &l, ASSAY_LEVEL_GROUP_KEY);
    for (uint32_t i = 0; i < NODES; i++) {
        assay_sim_world_acts(w, i)->other_names = true;
        assay_sim_world_acts(w, i)->claims_names = true;
    }
    for (uint32_t i = 0; i < 4; i++) {
        pass(w);
        expect_names(w, 0, "of another list");
    }
    cr_expect_eq(keys_of(w, OWNER), ASSAY_KEYS_ACTIVE, "the ballots count otherwise");
    for (uint32_t i = 0; i < NODES; i++)
        cr_expect_not(is_convicted(w, i));
    assay_sim_world_destroy(&w);
}

/* Two of the five members are more than a third, one is not. */
Test(granted_names, need_more_than_a_third_of_the_table, .timeout = 600)
{
    struct list l;
    struct assay_sim_world *w = open_of(7, &l, ASSAY_LEVEL_GROUP_KEY);
    assay_sim_world_acts(w, 0)->other_names = true;
    assay_sim_world_acts(w, 1)->other_names = true;
    pass(w);
    pass(w);
    expect_names(w, API, "two of five");
    assay_sim_world_acts(w, LIAR)->other_names = true;
    pass(w);
    pass(w);
    expect_names(w, 0, "one of five");
    cr_expect_eq(keys_of(w, OWNER), ASSAY_KEYS_ACTIVE);
    assay_sim_world_destroy(&w);
}

/* As member 1 would sign it in the running epoch: a modelled public key carries its private one. */
static enum assay_status check_ballot(struct assay_sim_world *w, uint32_t names, uint8_t first_byte)
{
    uint8_t body[ASSAY_BALLOT_FIXED_LEN_MAX + 64], bytes[sizeof body + 128], digest[32];
    const struct assay_state *state = state_of(w, 0);
    const struct assay_member *voter = &state->members[1];
    const struct assay_context *context = &assay_sim_world_engine(w, 0)->head->context;
    const uint8_t names_row[5] = { first_byte };
    uint8_t row[3] = { 0 };
    struct assay_ballot b = { .era = state->era,
                              .epoch = context->epoch,
                              .incarnation = voter->lives[0].incarnation,
                              .level = 9 };
    struct assay_writer w_body = assay_writer_over(body, sizeof body);
    struct assay_writer w_record = assay_writer_over(bytes, sizeof bytes);
    struct assay_record r;
    size_t at = 0;
    assay_votes_row_set(row, 0, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    assay_bytes_copy(b.chain_id, 32, state->chain_id, 32);
    assay_bytes_copy(b.node_id, 32, voter->node_id, 32);
    b.row = assay_slice_over(row, sizeof row);
    b.grants.names = names;
    if (names > 0) b.grants.row = assay_slice_over(names_row, assay_grants_row_len(NODES, names));
    assay_ballot_encode(&b, &w_body);
    cr_assert_not(w_body.full);
    cr_assert_eq(assay_record_put_ballot(&w_record, assay_slice_over(body, w_body.len), &at),
                 ASSAY_OK);
    assay_sha256(body, w_body.len, digest);
    assay_model_sign(voter->lives[0].voting_public, digest, bytes + at);
    ASSAY_TRY(assay_record_decode(assay_slice_over(bytes, w_record.len), &r));
    return assay_record_check(context, &r);
}

/* By any list: builds of that level can read it. Slot 0 passes, slot 1 is the voter. */
Test(granted_names, a_ballot_states_them_in_its_form_alone, .timeout = 600)
{
    struct list l;
    struct assay_sim_world *w = open_of(7, &l, ASSAY_LEVEL_GROUP_KEY);
    cr_expect_eq(check_ballot(w, 0, 0), ASSAY_OK);
    for (uint32_t names = 1; names <= ASSAY_GRANTS_MAX; names++) {
        cr_expect_eq(check_ballot(w, names, 0), ASSAY_OK, "%u", names);
        cr_expect_eq(check_ballot(w, names, 1), ASSAY_OK, "%u", names);
        if (names < 8)
            cr_expect_eq(check_ballot(w, names, (uint8_t)(1u << names)), ASSAY_E_INVALID,
                         "%u: its own", names);
    }
    assay_sim_world_destroy(&w);
}

Test(granted_names, a_ballot_below_the_level_may_not_state_them, .timeout = 600)
{
    struct list l;
    struct assay_sim_world *w = open_of(7, &l, ASSAY_LEVEL_GROUP_KEY - 1);
    cr_expect_eq(check_ballot(w, 0, 0), ASSAY_OK);
    cr_expect_eq(check_ballot(w, 2, 0), ASSAY_E_INVALID);
    assay_sim_world_destroy(&w);
}

Test(granted_names, below_the_level_there_are_none, .timeout = 600)
{
    struct list l;
    struct assay_sim_world *w = open_of(7, &l, ASSAY_LEVEL_GROUP_KEY - 1);
    for (uint32_t i = 0; i < 3; i++) {
        pass(w);
        expect_names(w, 0, "below the level");
    }
    cr_expect_eq(keys_of(w, OWNER), ASSAY_KEYS_ACTIVE);
    assay_sim_world_destroy(&w);
}

/* Lists that the state names, bits included: read back from a store and from a snapshot. */
Test(granted_names, a_node_that_restarts_has_the_same_state, .timeout = 600)
{
    struct list l;
    struct assay_sim_world *w = open_bound(8, &l);
    assay_sim_world_kill(w, 0);
    assay_sim_world_restart(w, 0);
    pass(w);
    pass(w);
    expect_names(w, API | DB, "after a restart");
    assay_sim_world_destroy(&w);
}
