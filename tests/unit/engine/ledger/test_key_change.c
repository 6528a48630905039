/*
 * tests/unit/engine/ledger/test_key_change.c - new keys of operators and nodes: members and their
 * trust stay, and nothing but the new key's own consent and the operators' threshold replaces a key
 * (docs/protocol.md 9.6.7 to 9.6.9).
 */
#include "engine/ledger/fold/effective_rules.h"
#include "engine/ledger/records/key_change.h"
#include "tests/unit/engine/change_bench.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NEW_KEY = 90, OTHER_KEY = 91, PURPOSE = 9, BOTH = 3 };

struct new_key {
    struct assay_secret32 secret;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN], id[32];
};

static struct new_key key_of(uint8_t mark)
{
    struct new_key k;
    change_secret(mark, PURPOSE, &k.secret);
    cr_assert_eq(assay_p256_public(&k.secret, k.public_key), ASSAY_OK);
    assay_sha256(k.public_key, sizeof k.public_key, k.id);
    return k;
}

static void sign(const struct new_key *k, struct assay_slice statement,
                 uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    uint8_t digest[32];
    struct assay_p256_signer *signer = NULL;
    assay_sha256(statement.bytes, statement.len, digest);
    cr_assert_eq(assay_p256_signer_load(&k->secret, &signer), ASSAY_OK);
    cr_assert_eq(assay_p256_sign(signer, digest, signature), ASSAY_OK);
    assay_p256_signer_free(&signer);
}

static struct change_bench *make(uint32_t level)
{
    struct change_bench *b = change_make();
    b->state.rules.parameters.level = level;
    return b;
}

/* --- operators */

/* The list in force with a key in another's place. */
static struct assay_slice list_with(const struct change_bench *b, uint32_t operator_,
                                    const struct new_key *k, uint64_t number)
{
    static uint8_t bytes[16][ASSAY_OPERATORS_LEN_MAX]; /* in turns: others are in use */
    static unsigned turn;
    struct assay_genesis *next = calloc(1, sizeof *next);
    *next = b->genesis;
    next->member_count = 0;
    next->operators_number = number;
    assay_bytes_copy(next->operators[operator_].public_key, 64, k->public_key, 64);
    assay_genesis_sort(next);
    turn = (turn + 1) % 16;
    struct assay_writer w = assay_writer_over(bytes[turn], sizeof bytes[turn]);
    cr_assert_eq(assay_operators_encode(next, &w), ASSAY_OK);
    free(next);
    return assay_slice_over(w.bytes, w.len);
}

static struct assay_action replace_operator(const struct change_bench *b, uint32_t operator_,
                                            const struct new_key *k, uint64_t sequence)
{
    uint8_t bytes[ASSAY_KEY_STATEMENT_LEN_MAX];
    const struct assay_change head = change_head_of(b, sequence, 0);
    struct assay_action a = { .kind = ASSAY_ACTION_OPERATOR_KEY,
                              .document = list_with(b, operator_, k, sequence) };
    assay_bytes_copy(a.node_id, 32, b->genesis.operators[operator_].operator_id, 32);
    assay_bytes_copy(a.public_key, 64, k->public_key, 64);
    sign(k,
         assay_operator_key_statement(head.chain_id, head.era, head.sequence, a.node_id,
                                      a.public_key, bytes),
         a.signature);
    return a;
}

/* What hosts do at the boundary: the new engine has the operators that the state names. */
static void follow_operators(struct change_bench *b, const struct assay_action *a, uint32_t from)
{
    uint8_t digest[32];
    struct assay_p256_signer *old[CHANGE_OPERATORS];
    uint8_t ids[CHANGE_OPERATORS][32];
    struct new_key k = key_of(NEW_KEY);
    assay_sha256(a->document.bytes, a->document.len, digest);
    cr_assert_arr_eq(b->state.operators_digest, digest, 32, "the change is in force");
    for (uint32_t i = 0; i < CHANGE_OPERATORS; i++) {
        old[i] = b->signers[i];
        assay_bytes_copy(ids[i], 32, b->genesis.operators[i].operator_id, 32);
    }
    assay_p256_signer_free(&old[from]);
    cr_assert_eq(assay_p256_signer_load(&k.secret, &old[from]), ASSAY_OK);
    assay_bytes_copy(ids[from], 32, k.id, 32);
    cr_assert_eq(assay_operators_decode(a->document, &b->genesis), ASSAY_OK);
    for (uint32_t i = 0; i < CHANGE_OPERATORS; i++)
        for (uint32_t n = 0; n < CHANGE_OPERATORS; n++)
            if (assay_bytes_equal(b->genesis.operators[i].operator_id, ids[n], 32))
                b->signers[i] = old[n];
    b->context.operators = a->document;
}

static uint64_t votes_of(const struct assay_state *s, const uint8_t id[static 32], uint64_t *weight)
{
    uint64_t seats = 0;
    *weight = 0;
    for (uint32_t i = 0; i < s->member_count; i++) {
        if (!assay_bytes_equal(s->members[i].operator_id, id, 32)) continue;
        seats += s->members[i].seat_weight;
        *weight += s->members[i].weight;
    }
    return seats;
}

Test(key_change, an_operator_has_a_new_key_and_all_that_it_had)
{
    struct change_bench *b = make(ASSAY_LEVEL_KEYS);
    const struct new_key k = key_of(NEW_KEY);
    uint64_t weight[2];
    uint8_t old[32];
    assay_bytes_copy(old, 32, b->genesis.operators[1].operator_id, 32);
    struct assay_member *before = calloc(CHANGE_MEMBERS, sizeof *before);
    const struct assay_action a = replace_operator(b, 1, &k, 1);
    cr_assert_eq(change_offer_one(b, 1, 3, &a), ASSAY_OK);
    change_pass_epoch(b);
    for (uint32_t i = 0; i < CHANGE_MEMBERS; i++)
        before[i] = b->state.members[i];
    const uint64_t seats = votes_of(&b->state, old, &weight[0]);
    cr_assert_gt(seats, 0);
    change_pass_epoch(b);
    cr_expect_eq(votes_of(&b->state, k.id, &weight[1]), seats, "votes of the operator");
    cr_expect_eq(weight[1], weight[0]);
    cr_expect_eq(votes_of(&b->state, old, &weight[1]), 0, "the old key has no member");
    for (uint32_t i = 0; i < CHANGE_MEMBERS; i++) {
        const struct assay_member *m = &b->state.members[i];
        const bool moved = assay_bytes_equal(before[i].operator_id, old, 32);
        cr_expect_arr_eq(m->operator_id, moved ? k.id : before[i].operator_id, 32);
        cr_expect_arr_eq(m->node_id, before[i].node_id, 32);
        cr_expect_geq(m->trust.integrity_bp, before[i].trust.integrity_bp, "integrity stays");
        cr_expect_eq(m->stage_epoch, before[i].stage_epoch);
        cr_expect_eq(m->order_epoch, before[i].order_epoch, "no order follows");
        cr_expect_eq(m->lives[0].incarnation, before[i].lives[0].incarnation);
    }
    follow_operators(b, &a, 1);
    /* Each of the operators counts as before, the new key among them. */
    const struct assay_action rest = change_about(ASSAY_ACTION_REST, b, 0);
    for (unsigned signers = 1; signers < 8; signers++) {
        const struct assay_change head = change_head_of(b, 2, b->context.epoch + 2);
        struct change_made *m = change_make_change(b, &head, &rest, 1, signers);
        const bool enough = (signers & (signers - 1)) != 0;
        cr_expect_eq(assay_record_check(&b->context, &m->record),
                     enough ? ASSAY_OK : ASSAY_E_INVALID, "%u", signers);
        free(m);
    }
    free(before);
    change_drop(b);
}

Test(key_change, the_old_key_of_an_operator_signs_nothing_afterwards)
{
    struct change_bench *b = make(ASSAY_LEVEL_KEYS);
    const struct new_key k = key_of(NEW_KEY);
    const struct assay_action rest = change_about(ASSAY_ACTION_REST, b, 0);
    const struct assay_change later = change_head_of(b, 2, 9);
    struct change_made *signed_before = change_make_change(b, &later, &rest, 1, BOTH);
    cr_expect_eq(assay_record_check(&b->context, &signed_before->record), ASSAY_OK);
    const struct assay_action a = replace_operator(b, 1, &k, 1);
    const struct assay_change head = change_head_of(b, 1, 3);
    struct change_made *rotation = change_make_change(b, &head, &a, 1, 7);
    cr_assert_eq(change_offer(b, rotation), ASSAY_OK);
    change_pass_epoch(b);
    change_pass_epoch(b);
    follow_operators(b, &a, 1);
    cr_expect_eq(assay_record_check(&b->context, &signed_before->record), ASSAY_E_STRANGER,
                 "signed by the old key, before its end");
    /* Nor does the same change replace a key twice, whoever repeats it. */
    cr_expect_eq(change_offer(b, rotation), ASSAY_E_STRANGER);
    cr_expect_eq(change_offer_one(b, 2, b->context.epoch + 2, &a), ASSAY_E_INVALID,
                 "a replayed action, signed again");
    free(signed_before);
    free(rotation);
    change_drop(b);
}

/* A statement of the new key is of one change: after A, B, A the old one makes no B again. */
Test(key_change, an_operator_accepts_one_change_and_no_later_one)
{
    struct change_bench *b = make(ASSAY_LEVEL_KEYS);
    const struct new_key k = key_of(NEW_KEY);
    struct assay_action a = replace_operator(b, 1, &k, 1);
    a.document = list_with(b, 1, &k, 2);
    const struct assay_change head = change_head_of(b, 2, 3);
    struct assay_staging staging = assay_staging_of(&b->context);
    for (unsigned late = 0; late < 2; late++) {
        struct assay_unfit unfit;
        struct assay_change change;
        uint8_t bytes[8192];
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        if (late == 0) a = replace_operator(b, 1, &k, 2);
        else assay_bytes_copy(a.signature, 64, replace_operator(b, 1, &k, 1).signature, 64);
        a.document = list_with(b, 1, &k, 2);
        cr_assert_eq(assay_change_encode(&head, &a, 1, &w), ASSAY_OK);
        cr_assert_eq(assay_change_decode(assay_slice_over(bytes, w.len), &change), ASSAY_OK);
        assay_state_copy(&b->stage, &b->state);
        cr_expect_eq(assay_change_apply(&staging, &change, &unfit),
                     late == 0 ? ASSAY_OK : ASSAY_E_INVALID);
        staging = assay_staging_of(&b->context);
    }
    change_drop(b);
}

Test(key_change, nothing_but_the_one_key_of_an_operator_changes)
{
    struct change_bench *b = make(ASSAY_LEVEL_KEYS);
    const struct new_key k = key_of(NEW_KEY), other = key_of(OTHER_KEY);
    struct assay_genesis *next = calloc(1, sizeof *next);
    const struct assay_action good = replace_operator(b, 1, &k, 1);
    struct assay_action a = good;
    a.signature[5] ^= 1;
    cr_expect_eq(change_offer_one(b, 1, 3, &a), ASSAY_E_INVALID, "not signed by the new key");
    a = good;
    assay_bytes_copy(a.signature, 64, replace_operator(b, 2, &k, 1).signature, 64);
    cr_expect_eq(change_offer_one(b, 1, 3, &a), ASSAY_E_INVALID, "for another operator's place");
    a = good;
    assay_bytes_copy(a.signature, 64, replace_operator(b, 1, &other, 1).signature, 64);
    cr_expect_eq(change_offer_one(b, 1, 3, &a), ASSAY_E_INVALID, "signed by a third key");
    a = good;
    assay_bytes_copy(a.node_id, 32, other.id, 32);
    cr_expect_eq(change_offer_one(b, 1, 3, &a), ASSAY_E_INVALID, "of no operator");
    a = good;
    assay_bytes_copy(a.node_id, 32, b->genesis.operators[2].operator_id, 32);
    cr_expect_eq(change_offer_one(b, 1, 3, &a), ASSAY_E_INVALID, "the list replaces another one");
    a = replace_operator(b, 1, &k, 1);
    a.document = list_with(b, 1, &k, 0);
    cr_expect_eq(change_offer_one(b, 1, 3, &a), ASSAY_E_INVALID, "number of the document");
    /* A list in which the threshold, a name, or a second key differs. */
    for (unsigned what = 0; what < 4; what++) {
        uint8_t bytes[ASSAY_OPERATORS_LEN_MAX];
        *next = b->genesis;
        next->member_count = 0;
        next->operators_number = 1;
        assay_bytes_copy(next->operators[1].public_key, 64, k.public_key, 64);
        if (what == 0) next->threshold = 3;
        if (what == 1) next->operators[1].name = assay_slice_over("other", 5);
        if (what == 2) next->operators[0].name = assay_slice_over("other", 5);
        if (what == 3) assay_bytes_copy(next->operators[0].public_key, 64, other.public_key, 64);
        assay_genesis_sort(next);
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        cr_assert_eq(assay_operators_encode(next, &w), ASSAY_OK);
        a = good;
        a.document = assay_slice_over(bytes, w.len);
        cr_expect_eq(change_offer_one(b, 1, 3, &a), ASSAY_E_INVALID, "list %u", what);
    }
    /* The key of another operator would give that one two votes. */
    a = good;
    assay_bytes_copy(a.public_key, 64, b->genesis.operators[0].public_key, 64);
    cr_expect_eq(change_offer_one(b, 1, 3, &a), ASSAY_E_DUPLICATE);
    const struct assay_change head = change_head_of(b, 1, 3);
    for (unsigned signer = 0; signer < CHANGE_OPERATORS; signer++) {
        struct change_made *m = change_make_change(b, &head, &good, 1, 1u << signer);
        cr_expect_eq(change_offer(b, m), ASSAY_E_INVALID, "one operator alone, %u", signer);
        free(m);
    }
    cr_expect_eq(change_offer_one(b, 1, 3, &good), ASSAY_OK);
    free(next);
    change_drop(b);
}

/* --- identity keys of nodes */

static struct assay_action replace_identity(const struct change_bench *b, uint32_t slot,
                                            const struct new_key *k, uint64_t sequence)
{
    uint8_t bytes[ASSAY_KEY_STATEMENT_LEN_MAX];
    struct assay_action a = change_about(ASSAY_ACTION_IDENTITY, b, slot);
    assay_bytes_copy(a.public_key, 64, k->public_key, 64);
    sign(k,
         assay_identity_statement(b->state.chain_id, b->state.era, sequence, a.node_id,
                                  b->state.members[slot].identity_public, a.public_key, bytes),
         a.signature);
    return a;
}

Test(key_change, a_node_has_a_new_identity_key_and_is_the_same_member)
{
    struct change_bench *b = make(ASSAY_LEVEL_KEYS);
    const struct new_key k = key_of(NEW_KEY);
    struct assay_member before;
    const struct assay_action a = replace_identity(b, 2, &k, 1);
    cr_assert_eq(change_offer_one(b, 1, 3, &a), ASSAY_OK);
    change_pass_epoch(b);
    before = b->state.members[2];
    change_pass_epoch(b);
    const struct assay_member *m = &b->state.members[2];
    cr_expect_arr_eq(m->identity_public, k.public_key, 64);
    cr_expect_arr_eq(m->node_id, before.node_id, 32);
    cr_expect_eq(assay_state_slot_of(&b->state, before.node_id), 2);
    cr_expect_eq(m->weight, before.weight);
    cr_expect_eq(m->seat_weight, before.seat_weight);
    cr_expect_geq(m->trust.integrity_bp, before.trust.integrity_bp);
    cr_expect_eq(m->stage_epoch, before.stage_epoch);
    cr_expect_eq(m->order_epoch, before.order_epoch, "no order follows");
    cr_expect_eq(m->lives[0].incarnation, before.lives[0].incarnation, "its key set stays");
    change_drop(b);
}

/* Engines have the keys of their state: one that is told no new engine would refuse the new key. */
Test(key_change, a_new_identity_makes_a_new_engine)
{
    struct change_bench *b = make(ASSAY_LEVEL_KEYS);
    assay_state_copy(&b->next, &b->state);
    cr_expect(assay_state_same_roster(&b->state, &b->next));
    b->next.members[4].identity_public[9] ^= 1;
    cr_expect_not(assay_state_same_roster(&b->state, &b->next));
    change_drop(b);
}

Test(key_change, nobody_else_takes_a_members_identity)
{
    struct change_bench *b = make(ASSAY_LEVEL_KEYS);
    const struct new_key k = key_of(NEW_KEY), other = key_of(OTHER_KEY);
    const struct assay_action good = replace_identity(b, 2, &k, 1);
    struct assay_action a = good;
    a.signature[5] ^= 1;
    cr_expect_eq(change_offer_one(b, 1, 3, &a), ASSAY_E_INVALID, "not signed by the new key");
    a = good;
    assay_bytes_copy(a.signature, 64, replace_identity(b, 3, &k, 1).signature, 64);
    cr_expect_eq(change_offer_one(b, 1, 3, &a), ASSAY_E_INVALID, "of another member");
    a = good;
    assay_bytes_copy(a.signature, 64, replace_identity(b, 2, &other, 1).signature, 64);
    cr_expect_eq(change_offer_one(b, 1, 3, &a), ASSAY_E_INVALID, "signed by a third key");
    a = good;
    assay_bytes_copy(a.node_id, 32, k.id, 32);
    cr_expect_eq(change_offer_one(b, 1, 3, &a), ASSAY_E_INVALID, "no member");
    for (uint32_t i = 0; i < CHANGE_MEMBERS; i++) {
        a = good;
        assay_bytes_copy(a.public_key, 64, b->state.members[i].identity_public, 64);
        cr_expect_eq(change_offer_one(b, 1, 3, &a), ASSAY_E_DUPLICATE, "identity of %u", i);
        assay_bytes_copy(a.public_key, 64, b->state.members[i].lives[0].voting_public, 64);
        cr_expect_eq(change_offer_one(b, 1, 3, &a), ASSAY_E_DUPLICATE, "voting key of %u", i);
    }
    const struct assay_change head = change_head_of(b, 1, 3);
    struct change_made *m = change_make_change(b, &head, &good, 1, 1);
    cr_expect_eq(change_offer(b, m), ASSAY_E_INVALID, "one operator alone");
    free(m);
    change_drop(b);
}

/* docs/protocol.md 9.6.8: the key that named a node never comes back, whichever member asks. */
Test(key_change, a_stolen_identity_key_stays_out_of_force)
{
    struct change_bench *b = make(ASSAY_LEVEL_KEYS);
    const struct new_key k = key_of(NEW_KEY), other = key_of(OTHER_KEY);
    uint8_t stolen[64], zero[32] = { 0 };
    assay_bytes_copy(stolen, 64, b->state.members[2].identity_public, 64);
    const struct assay_action first = replace_identity(b, 2, &k, 1);
    cr_assert_eq(change_offer_one(b, 1, 3, &first), ASSAY_OK);
    /* While it waits no member lists the key as its own. */
    struct assay_change waiting;
    assay_change_of_record(assay_slice_over(b->ledger.change, b->ledger.change_len), &waiting);
    cr_expect(assay_change_names_key(&waiting, k.public_key, zero));
    cr_expect_not(assay_change_names_key(&waiting, other.public_key, zero));
    change_pass_epoch(b);
    change_pass_epoch(b);
    cr_expect_eq(change_offer_one(b, 2, b->context.epoch + 2, &first), ASSAY_E_DUPLICATE, "again");
    for (uint32_t slot = 0; slot < CHANGE_MEMBERS; slot++) {
        struct assay_action a = replace_identity(b, slot, &other, 2);
        assay_bytes_copy(a.public_key, 64, stolen, 64);
        cr_expect_eq(change_offer_one(b, 2, b->context.epoch + 2, &a), ASSAY_E_DUPLICATE,
                     "the stolen key for slot %u", slot);
    }
    /* Its statement for the key that followed the stolen one follows no other. */
    struct assay_action a = replace_identity(b, 2, &other, 2);
    uint8_t bytes[ASSAY_KEY_STATEMENT_LEN_MAX];
    sign(&other,
         assay_identity_statement(b->state.chain_id, b->state.era, 2, a.node_id, stolen,
                                  a.public_key, bytes),
         a.signature);
    cr_expect_eq(change_offer_one(b, 2, b->context.epoch + 2, &a), ASSAY_E_INVALID);
    a = replace_identity(b, 2, &other, 2);
    cr_expect_eq(change_offer_one(b, 2, b->context.epoch + 2, &a), ASSAY_OK, "a third key follows");
    change_drop(b);
}

/* The operators list a key again that was in force before: what a later key signed to follow it
 * then lists that later key in no other change, era or chain (docs/protocol.md 9.6.8). */
Test(key_change, a_consent_takes_effect_once_and_in_its_own_change)
{
    enum { A = NEW_KEY, B = OTHER_KEY };
    struct change_bench *b = make(ASSAY_LEVEL_KEYS);
    const struct new_key keys[] = { key_of(A), key_of(B), key_of(A) };
    struct assay_action given;
    for (uint64_t i = 0; i < 3; i++) {
        const struct assay_action a = replace_identity(b, 2, &keys[i], i + 1);
        if (i == 1) given = a; /* B follows A, by change 2 */
        cr_assert_eq(change_offer_one(b, i + 1, b->context.epoch + 2, &a), ASSAY_OK);
        change_pass_epoch(b);
        change_pass_epoch(b);
        cr_assert_arr_eq(b->state.members[2].identity_public, keys[i].public_key, 64);
    }
    const uint64_t activation = b->context.epoch + 2;
    cr_expect_eq(change_offer_one(b, 4, activation, &given), ASSAY_E_INVALID, "of change 2");
    struct assay_action a = replace_identity(b, 2, &keys[1], 5);
    cr_expect_eq(change_offer_one(b, 4, activation, &a), ASSAY_E_INVALID, "of a later change");
    b->state.era++;
    a = replace_identity(b, 2, &keys[1], 4);
    b->state.era--;
    cr_expect_eq(change_offer_one(b, 4, activation, &a), ASSAY_E_INVALID, "of another era");
    b->state.chain_id[7] ^= 1;
    a = replace_identity(b, 2, &keys[1], 4);
    b->state.chain_id[7] ^= 1;
    cr_expect_eq(change_offer_one(b, 4, activation, &a), ASSAY_E_INVALID, "of another chain");
    a = replace_identity(b, 2, &keys[1], 4);
    cr_expect_eq(change_offer_one(b, 4, activation, &a), ASSAY_OK, "a consent to this one");
    change_drop(b);
}

/* --- levels */

Test(key_change, no_build_that_cannot_read_them_is_asked_to)
{
    const struct new_key k = key_of(NEW_KEY);
    for (uint32_t level = 0; level <= ASSAY_LEVEL_KEYS; level++) {
        struct change_bench *b = make(level);
        const struct assay_action actions[] = { replace_operator(b, 0, &k, 1),
                                                replace_identity(b, 1, &k, 1) };
        for (size_t i = 0; i < 2; i++) {
            struct assay_unfit unfit;
            const struct assay_change head = change_head_of(b, 1, 3);
            struct change_made *m = change_make_change(b, &head, &actions[i], 1, BOTH);
            struct assay_staging staging = assay_staging_of(&b->context);
            cr_expect_eq(assay_change_level(&m->record.change), ASSAY_LEVEL_KEYS);
            assay_state_copy(&b->stage, &b->state);
            cr_expect_eq(assay_change_apply(&staging, &m->record.change, &unfit),
                         level == ASSAY_LEVEL_KEYS ? ASSAY_OK : ASSAY_E_INVALID);
            if (level < ASSAY_LEVEL_KEYS)
                cr_expect_str_eq(unfit.why, assay_change_level_needed(ASSAY_LEVEL_KEYS, level));
            if (level < ASSAY_LEVEL_KEYS) cr_expect_eq(change_offer(b, m), ASSAY_E_EARLY);
            free(m);
        }
        change_drop(b);
    }
}

/* The command of a refusal is one that is not refused: a level rises by one. */
Test(key_change, a_level_that_is_needed_is_reached_by_the_command_that_is_named)
{
    for (uint32_t needed = 1; needed <= ASSAY_LEVEL_GROUP_KEY; needed++)
        for (uint32_t level = 0; level < needed; level++) {
            char command[96], found[64];
            const char *const text = assay_change_level_needed(needed, level);
            (void)snprintf(command, sizeof command,
                           "assay change draft --parameter level=%u --out level.change", level + 1);
            (void)snprintf(found, sizeof found,
                           "needs feature level %u, level %u is in force: ", needed, level);
            cr_expect_eq(strncmp(text, found, strlen(found)), 0, "%s", text);
            cr_expect_not_null(strstr(text, command), "%s", text);
            cr_expect_eq(strstr(text, "one change each") != NULL, needed > level + 1, "%s", text);
        }
}

Test(key_change, cut_actions_are_refused)
{
    struct change_bench *b = make(ASSAY_LEVEL_KEYS);
    const struct new_key k = key_of(NEW_KEY);
    const struct assay_action actions[] = { replace_operator(b, 0, &k, 1),
                                            replace_identity(b, 1, &k, 1) };
    uint8_t bytes[4096];
    struct assay_change change;
    for (size_t i = 0; i < 2; i++) {
        const struct assay_change head = change_head_of(b, 1, 3);
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        cr_assert_eq(assay_change_encode(&head, &actions[i], 1, &w), ASSAY_OK);
        cr_assert_eq(assay_change_decode(assay_slice_over(bytes, w.len), &change), ASSAY_OK);
        struct assay_cursor c = assay_cursor_over(change.actions.bytes, change.actions.len);
        struct assay_action read;
        cr_assert_eq(assay_action_next(&c, &read), ASSAY_OK);
        cr_expect_eq(read.kind, actions[i].kind);
        cr_expect_arr_eq(read.node_id, actions[i].node_id, 32);
        cr_expect_arr_eq(read.public_key, k.public_key, 64);
        cr_expect_arr_eq(read.signature, actions[i].signature, 64);
        for (size_t len = 0; len < w.len; len++)
            cr_expect_neq(assay_change_decode(assay_slice_over(bytes, len), &change), ASSAY_OK);
    }
    change_drop(b);
}

/* A build pools and relays nothing that one before it cannot decode. */
Test(key_change, no_change_of_a_key_enters_a_pool_before_its_level)
{
    struct change_bench *b = make(ASSAY_LEVEL_KEYS - 1);
    const struct new_key k = key_of(NEW_KEY);
    const struct assay_action a = replace_identity(b, 1, &k, 1);
    for (uint64_t sequence = 1; sequence <= 2; sequence++) {
        const struct assay_change head = change_head_of(b, sequence, 3);
        struct change_made *m = change_make_change(b, &head, &a, 1, BOTH);
        /* engine/evidence/message_intake.c: without ASSAY_OK it is neither pooled nor relayed */
        cr_expect_eq(assay_record_check(&b->context, &m->record), ASSAY_E_EARLY, "sequence %u",
                     (unsigned)sequence);
        free(m);
    }
    change_drop(b);
}
