/*
 * tests/unit/engine/test_declared_keys.c - workload keys of a network at the feature level that has
 * them: declared, bound by evidence, certified, lost (docs/protocol.md 2.16).
 */
#include "base/crypto/model.h"
#include "engine/evidence/pool.h"
#include "tests/unit/engine/ledger/declared_bench.h"

#include <criterion/criterion.h>

/* Every node's state says the same; nobody but the owner has keys. */
static void expect_keys(struct assay_sim_world *w, enum assay_keys_state expected, const char *when)
{
    cr_expect_eq(keys_of(w, OWNER), expected, "%s: %s in epoch %d", when,
                 assay_keys_state_text(keys_of(w, OWNER)), (int)state_of(w, 0)->epoch);
    for (uint32_t i = 0; i < NODES; i++) {
        if (i != OWNER) cr_expect_eq(keys_of(w, i), ASSAY_KEYS_UNBOUND, "%s: member %u", when, i);
        cr_expect(state_of(w, 0)->certified);
    }
}

/* From the epoch after the running one on: evidence of that is made already. */
static void set_enclave(struct assay_sim_world *w, struct assay_slice keys, bool binds_undeclared)
{
    assay_sim_world_acts(w, OWNER)->keys = keys;
    assay_sim_world_acts(w, OWNER)->binds_undeclared = binds_undeclared;
    pass(w);
}

static void expect_pass(struct assay_sim_world *w, bool pass_)
{
    cr_expect_eq(state_of(w, 0)->members[OWNER].found.certified_pass, pass_, "epoch %d",
                 (int)state_of(w, 0)->epoch);
}

Test(declared_keys, are_active_at_the_close_after_the_one_that_declared_them, .timeout = 600)
{
    struct list l;
    struct assay_sim_world *w = open_with(&l);
    cr_expect_eq(assay_sim_world_declare(w, OWNER, l.slice), ASSAY_E_DUPLICATE);
    expect_keys(w, ASSAY_KEYS_UNBOUND, "before");
    pass(w);
    const struct assay_declaration *d = &state_of(w, 0)->members[OWNER].declaration;
    cr_expect(assay_bytes_equal(d->roots[0].root, l.root, 32));
    expect_keys(w, ASSAY_KEYS_UNBOUND, "declared");
    cr_expect_eq(assay_sim_world_declare(w, OWNER, l.slice), ASSAY_E_DUPLICATE);
    pass(w);
    expect_keys(w, ASSAY_KEYS_ACTIVE, "bound");
    d = &state_of(w, 0)->members[OWNER].declaration;
    cr_expect(assay_bytes_equal(d->keys_root, l.root, 32));
    cr_expect_eq(d->keys_epoch, state_of(w, 0)->epoch);
    pass(w);
    expect_keys(w, ASSAY_KEYS_ACTIVE, "bound again");
    assay_sim_world_destroy(&w);
}

/* Who restarted and lost its keys stays attested. */
Test(declared_keys, an_enclave_that_lost_them_stays_attested_without_them, .timeout = 600)
{
    struct list l;
    struct assay_sim_world *w = open_with(&l);
    pass(w);
    pass(w);
    expect_keys(w, ASSAY_KEYS_ACTIVE, "bound");
    set_enclave(w, (struct assay_slice){ 0 }, false);
    pass(w);
    expect_pass(w, true);
    expect_keys(w, ASSAY_KEYS_UNBOUND, "lost");
    cr_expect_eq(state_of(w, 0)->members[OWNER].trust.score.standing, ASSAY_STANDING_FULL);
    set_enclave(w, l.slice, false);
    pass(w);
    expect_pass(w, true);
    expect_keys(w, ASSAY_KEYS_ACTIVE, "registered again");
    assay_sim_world_destroy(&w);
}

/* A swapped SPKI is another root, and evidence for nothing; what was certified before grows old. */
Test(declared_keys, a_swapped_key_is_evidence_for_nothing, .timeout = 600)
{
    struct list l, other;
    struct assay_sim_world *w = open_with(&l);
    pass(w);
    pass(w);
    expect_keys(w, ASSAY_KEYS_ACTIVE, "bound");
    make_list(w, &other, "api", OWNER);
    set_enclave(w, other.slice, true);
    for (uint32_t age = 1; age <= 4; age++) {
        pass(w);
        expect_pass(w, false);
        const struct assay_declaration *d = &state_of(w, 0)->members[OWNER].declaration;
        cr_expect_not(assay_bytes_equal(d->keys_root, other.root, 32));
        const bool active = keys_of(w, OWNER) == ASSAY_KEYS_ACTIVE;
        cr_expect(!active || age <= ASSAY_KEYS_AGE_MAX, "age %u", age);
    }
    cr_expect_neq(keys_of(w, OWNER), ASSAY_KEYS_ACTIVE);
    assay_sim_world_destroy(&w);
}

/* An old list that is declared again has to be bound again, too. */
Test(declared_keys, another_list_replaces_the_first_and_ends_it, .timeout = 600)
{
    struct list l, second;
    struct assay_sim_world *w = open_with(&l);
    pass(w);
    pass(w);
    make_list(w, &second, "web", OWNER);
    cr_assert_eq(assay_sim_world_declare(w, OWNER, second.slice), ASSAY_OK);
    pass(w);
    const struct assay_declaration *d = &state_of(w, 0)->members[OWNER].declaration;
    cr_expect(assay_bytes_equal(d->roots[0].root, second.root, 32));
    cr_expect(assay_bytes_equal(d->keys_root, l.root, 32),
              "evidence of that epoch bound the first");
    pass(w);
    expect_keys(w, ASSAY_KEYS_UNBOUND, "the enclave has the first only");
    set_enclave(w, second.slice, false);
    pass(w);
    expect_keys(w, ASSAY_KEYS_ACTIVE, "and now the second");
    assay_sim_world_destroy(&w);
}

Test(declared_keys, a_new_incarnation_declares_none, .timeout = 600)
{
    struct list l;
    struct assay_sim_world *w = open_with(&l);
    pass(w);
    pass(w);
    expect_keys(w, ASSAY_KEYS_ACTIVE, "bound");
    world_node_replace_keys(w, OWNER);
    const uint32_t before = state_of(w, 0)->members[OWNER].lives[0].incarnation;
    for (uint32_t i = 0; i < 4 && state_of(w, 0)->members[OWNER].lives[0].incarnation == before;
         i++)
        pass(w);
    cr_assert_eq(state_of(w, 0)->members[OWNER].lives[0].incarnation, before + 1);
    uint8_t none[32];
    assay_declared_keys_no_root(none);
    const struct assay_declaration *d = &state_of(w, 0)->members[OWNER].declaration;
    cr_expect(assay_bytes_equal(d->roots[0].root, none, 32));
    cr_expect_neq(keys_of(w, OWNER), ASSAY_KEYS_ACTIVE);
    pass(w);
    cr_expect_neq(keys_of(w, OWNER), ASSAY_KEYS_ACTIVE);
    assay_sim_world_destroy(&w);
}

/* The key of the state and the branch: a node that restarts reads it back. */
Test(declared_keys, a_node_that_restarts_has_the_same_state, .timeout = 600)
{
    struct list l;
    struct assay_sim_world *w = open_with(&l);
    pass(w);
    pass(w);
    assay_sim_world_kill(w, 0);
    assay_sim_world_restart(w, 0);
    pass(w);
    pass(w);
    expect_keys(w, ASSAY_KEYS_ACTIVE, "after a restart");
    assay_sim_world_destroy(&w);
}

/* Which of two a block has first would decide what counts: a node signs one in an epoch. */
Test(declared_keys, a_node_that_restarts_declares_once_in_an_epoch, .timeout = 600)
{
    struct list l, second;
    struct assay_sim_world *w = open_with(&l);
    const uint64_t epoch = state_of(w, OWNER)->epoch;
    make_list(w, &second, "web", OWNER);
    cr_expect_eq(assay_sim_world_declare(w, OWNER, second.slice), ASSAY_E_DUPLICATE);
    assay_sim_world_kill(w, OWNER);
    assay_sim_world_restart(w, OWNER);
    assay_sim_world_run(w, 100);
    cr_assert_eq(state_of(w, OWNER)->epoch, epoch, "still the same");
    cr_expect_eq(assay_sim_world_declare(w, OWNER, second.slice), ASSAY_E_DUPLICATE);
    pass(w);
    cr_expect_eq(assay_sim_world_declare(w, OWNER, second.slice), ASSAY_OK, "in the next");
    assay_sim_world_destroy(&w);
}

/* --- records by hand: nobody lists a stranger's key */

struct made {
    uint8_t bytes[ASSAY_KEYS_RECORD_LEN_MAX];
    struct assay_slice slice;
};

/* As the member would sign it: a modelled public key carries its private one. */
static void make_record(struct assay_sim_world *w, uint64_t epoch, struct assay_slice list,
                        struct made *m)
{
    const struct assay_member *owner = &state_of(w, 0)->members[OWNER];
    struct assay_keys_body body = { .era = state_of(w, 0)->era,
                                    .epoch = epoch,
                                    .incarnation = owner->lives[0].incarnation,
                                    .list = list };
    struct assay_writer out = assay_writer_over(m->bytes, sizeof m->bytes);
    uint8_t digest[32];
    size_t at = 0;
    assay_bytes_copy(body.chain_id, 32, state_of(w, 0)->chain_id, 32);
    assay_bytes_copy(body.node_id, 32, owner->node_id, 32);
    cr_assert_eq(assay_record_put_keys(&out, &body, digest, &at), ASSAY_OK);
    assay_model_sign(owner->lives[0].voting_public, digest, m->bytes + at);
    m->slice = assay_slice_over(m->bytes, out.len);
}

static enum assay_status check(struct assay_sim_world *w, const struct made *m)
{
    struct assay_record r;
    ASSAY_TRY(assay_record_decode(m->slice, &r));
    return assay_record_check(&assay_sim_world_engine(w, 0)->head->context, &r);
}

Test(declared_keys, a_record_stands_with_good_proofs_of_its_own_member_alone, .timeout = 600)
{
    struct list own, stolen;
    struct made m;
    struct assay_sim_world *w = assay_sim_world_create(&declared_five);
    cr_assert(assay_sim_world_run_to_epoch(w, 1, 8000));
    const uint64_t running = assay_sim_world_engine(w, 0)->head->context.epoch;
    make_list(w, &own, "api", OWNER);
    make_list(w, &stolen, "api", OWNER + 1); /* proven, by another member */
    make_record(w, running, own.slice, &m);
    cr_expect_eq(check(w, &m), ASSAY_OK);
    m.bytes[m.slice.len - 1] ^= 1;
    cr_expect_eq(check(w, &m), ASSAY_E_SIGNATURE);
    make_record(w, running, stolen.slice, &m);
    cr_expect_eq(check(w, &m), ASSAY_E_SIGNATURE);
    own.bytes[own.slice.len - 1] ^= 1; /* of the proof */
    make_record(w, running, own.slice, &m);
    cr_expect_eq(check(w, &m), ASSAY_E_SIGNATURE);
    own.bytes[own.slice.len - 1] ^= 1;
    make_record(w, running - 1, own.slice, &m);
    cr_expect_eq(check(w, &m), ASSAY_E_STALE);
    make_record(w, running + 1, own.slice, &m);
    cr_expect_eq(check(w, &m), ASSAY_E_EARLY);
    assay_sim_world_destroy(&w);
}

/* docs/protocol.md 5.12.1: a bad proof is charged to its sender, a late record to nobody. */
Test(declared_keys, a_bad_proof_costs_its_sender_and_a_late_record_nobody, .timeout = 600)
{
    struct list own;
    struct made m;
    struct assay_sim_world *w = assay_sim_world_create(&declared_five);
    cr_assert(assay_sim_world_run_to_epoch(w, 1, 8000));
    struct assay_engine *e = assay_sim_world_engine(w, 0);
    const uint64_t running = e->head->context.epoch;
    make_list(w, &own, "api", OWNER);
    make_record(w, running - 1, own.slice, &m);
    cr_expect_eq(assay_message_intake_on_record(e, 3, m.slice), ASSAY_E_STALE);
    cr_expect_eq(e->seats[3].refused, 0);
    for (uint32_t i = 0; i < ASSAY_REFUSED_MAX; i++) {
        own.bytes[own.slice.len - 1] ^= (uint8_t)(i + 1);
        make_record(w, running, own.slice, &m);
        cr_expect_eq(assay_message_intake_on_record(e, 3, m.slice), ASSAY_E_SIGNATURE);
        cr_expect_eq(e->seats[3].refused, i + 1);
        own.bytes[own.slice.len - 1] ^= (uint8_t)(i + 1);
    }
    cr_expect_eq(e->seats[OWNER].refused, 0, "who is named is not who sent it");
    make_record(w, running, own.slice, &m);
    cr_expect_eq(assay_message_intake_on_record(e, 3, m.slice), ASSAY_E_RATE);
    assay_sim_world_destroy(&w);
}

/* Attack: members that declare often send KEYS at the start of each epoch, more than their part of
 * it has room for: what no block of the epoch takes any more has no place in the pool. */
Test(declared_keys, a_record_that_no_block_takes_any_more_has_no_place_in_the_pool, .timeout = 600)
{
    static struct assay_effects effects;
    struct list own;
    struct made m;
    struct assay_record r;
    struct assay_sim_world *w = assay_sim_world_create(&declared_five);
    cr_assert(assay_sim_world_run_to_epoch(w, 1, 8000));
    struct assay_engine *e = assay_sim_world_engine(w, 0);
    struct assay_ledger *ledger = &e->parts->chain.ledger; /* the final chain */
    make_list(w, &own, "api", OWNER);
    make_record(w, e->head->context.epoch, own.slice, &m);
    cr_assert_eq(assay_record_decode(m.slice, &r), ASSAY_OK);
    assay_output_begin(e, &effects);
    ledger->declared_len = ASSAY_KEYS_EPOCH_LEN_MAX - m.slice.len + 1;
    cr_expect_eq(assay_message_intake_on_record(e, OWNER, m.slice), ASSAY_E_FULL);
    cr_expect_null(assay_pool_find(e->pool, r.key));
    /* One for which the next block may have room waits. */
    ledger->declared_len = ASSAY_KEYS_EPOCH_LEN_MAX - m.slice.len;
    ledger->declared_in_block = ASSAY_KEYS_BLOCK_MAX;
    cr_expect_eq(assay_message_intake_on_record(e, OWNER, m.slice), ASSAY_OK);
    assay_message_intake_on_final_block(e);
    cr_expect_not_null(assay_pool_find(e->pool, r.key));
    ledger->declared_len++;
    assay_message_intake_on_final_block(e);
    cr_expect_null(assay_pool_find(e->pool, r.key));
    assay_sim_world_destroy(&w);
}

/* Below the level nothing of this exists: no record, no declaration, no byte of a leaf. */
Test(declared_keys, below_the_level_there_are_none, .timeout = 600)
{
    struct assay_sim_world_options options = declared_five;
    struct list l;
    struct made m;
    options.level = ASSAY_LEVEL_DECLARED_KEYS - 1;
    struct assay_sim_world *w = assay_sim_world_create(&options);
    cr_assert(assay_sim_world_run_to_epoch(w, 1, 8000));
    make_list(w, &l, "api", OWNER);
    assay_sim_world_acts(w, OWNER)->keys = l.slice;
    cr_expect_eq(assay_sim_world_declare(w, OWNER, l.slice), ASSAY_E_EARLY);
    make_record(w, assay_sim_world_engine(w, 0)->head->context.epoch, l.slice, &m);
    cr_expect_eq(check(w, &m), ASSAY_E_EARLY);
    pass(w);
    expect_pass(w, true);
    cr_expect_eq(state_of(w, 0)->members[OWNER].declaration.count, 0);
    assay_sim_world_destroy(&w);
}
