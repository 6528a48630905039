/*
 * tests/unit/engine/ledger/test_state.c - the state, its root and its snapshot; lives and lookups.
 */
#include "base/merkle.h"
#include "engine/ledger/proofs/checkpoint.h"
#include "engine/ledger/state/roster_digest.h"
#include "engine/ledger/state/state.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { N = 5, SNAPSHOT_MAX = 64 * 1024 };

struct bench {
    struct assay_state state, other;
    void *memory[2];
    uint8_t scratch[16 * 1024];
    uint8_t bytes[SNAPSHOT_MAX];
    size_t len;
    struct assay_block_header header;
    uint8_t head[ASSAY_BLOCK_HEADER_LEN_MAX];
    size_t head_len;
};

static void root_of(struct bench *b, uint8_t *root)
{
    assay_state_root(&b->state, b->scratch, sizeof b->scratch, root);
}

static void encode(struct bench *b)
{
    b->header = (struct assay_block_header){ .epoch = b->state.epoch,
                                             .view = 7,
                                             .height = 70,
                                             .kind = ASSAY_BLOCK_EPOCH,
                                             .parent_view = 6,
                                             .time_ms = 1700000000999 };
    assay_bytes_copy(b->header.chain_id, 32, b->state.chain_id, 32);
    root_of(b, b->header.state_root);
    struct assay_writer h = assay_writer_over(b->head, sizeof b->head);
    assay_block_header_encode(&b->header, &h);
    b->head_len = h.len;
    struct assay_writer w = assay_writer_over(b->bytes, sizeof b->bytes);
    cr_assert_eq(assay_state_encode(&b->state, assay_slice_over(b->head, b->head_len), b->scratch,
                                    sizeof b->scratch, &w),
                 ASSAY_OK);
    b->len = w.len;
    cr_assert_leq(b->len, assay_state_len_max(N));
}

static struct bench *make(void)
{
    struct bench *b = calloc(1, sizeof *b);
    struct assay_genesis *g = calloc(1, sizeof *g);
    cr_assert(b != NULL && g != NULL);
    g->member_count = N;
    g->time_ms = 1700000000000;
    g->parameters =
        (struct assay_genesis_parameters){ 500, 20, 100, 33, 100, 1 << 20, { 0 }, 0, 0, 0, 0, 0 };
    for (uint32_t i = 0; i < N; i++) {
        memset(g->members[i].node_id, (int)(10 * (i + 1)), 32);
        memset(g->members[i].voting_public, (int)(i + 1), 64);
        g->members[i].evidence_kind = 3;
    }
    for (int k = 0; k < 2; k++) {
        b->memory[k] = calloc(1, assay_state_memory_len(N));
        cr_assert_not_null(b->memory[k]);
    }
    assay_state_init(&b->state, b->memory[0], N);
    assay_state_init(&b->other, b->memory[1], N);
    assay_state_genesis(&b->state, g);
    assay_state_genesis(&b->other, g);
    b->state.epoch = 41;
    b->state.past_count = 2;
    b->state.past[0] = (struct assay_past_epoch){ .epoch = 41, .t0_ms = 5, .has_roll = true };
    b->state.past[1] = (struct assay_past_epoch){ .epoch = 40, .t0_ms = 4 };
    b->state.past[0].members = b->state.past[1].members = N;
    b->state.counters[2] = -12345;
    b->state.rules.parameters =
        (struct assay_genesis_parameters){ 800, 20, 100, 33, 100, 1 << 20, { 0 }, 2, 0, 0, 0, 0 };
    b->state.members[1].level = 3;
    b->state.pending_count = 1;
    b->state.pending[0] = (struct assay_pending){ .sequence = 4, .activation = 50 };
    b->state.trial = (struct assay_trial){ .sequence = 3, .epoch = 41, .until_ms = INT64_MAX };
    b->state.trial.before = b->state.rules;
    b->state.ended.end = ASSAY_CHANGE_UNFIT;
    b->state.update_count = 1;
    b->state.updates[0] = (struct assay_update){ .phase = ASSAY_UPDATE_WAITING, .epoch = 3 };
    b->state.members[2].maintenance_count = 1;
    b->state.members[2].felled = true;
    b->state.members[2].spared = b->state.members[2].trust;
    assay_bytes_copy(b->state.members[2].name, ASSAY_NAME_MAX, "cyril", 5);
    b->state.members[3].found.level = ASSAY_OUTCOME_PASS_UP_TO_DATE;
    b->state.members[3].trust.offences = (struct assay_offences){ 2, 30, 5 };
    assay_member_list(&b->state.members[1], 20, b->state.members[4].lives[0].voting_public,
                      b->state.members[4].node_id);
    assay_roster_digest(&b->state, b->state.roster_digest);
    encode(b);
    free(g);
    return b;
}

static void drop(struct bench *b)
{
    free(b->memory[0]);
    free(b->memory[1]);
    free(b);
}

static enum assay_status decode(struct bench *b, size_t len)
{
    uint8_t *exact = malloc(len + (len == 0));
    cr_assert_not_null(exact);
    assay_bytes_copy(exact, len, b->bytes, len);
    const enum assay_status status = assay_state_decode(assay_slice_over(exact, len), &b->other);
    free(exact);
    return status;
}

Test(state, a_snapshot_gives_the_same_state_back)
{
    struct bench *b = make();
    uint8_t root[32];
    cr_assert_eq(decode(b, b->len), ASSAY_OK);
    assay_state_check(&b->other);
    cr_assert_arr_eq(b->other.root, b->header.state_root, 32);
    cr_assert_eq(b->other.head_height, 70);
    cr_assert_eq(b->other.counters[2], -12345);
    cr_assert_eq(b->other.members[1].life_count, b->state.members[1].life_count);
    cr_assert_eq(b->other.members[1].lives[0].incarnation, 2);
    assay_state_root(&b->other, b->scratch, sizeof b->scratch, root);
    cr_assert_arr_eq(root, b->header.state_root, 32);
    drop(b);
}

/* docs/protocol.md 8.12: a trial of collateral has no number and an end. */
Test(state, a_trial_of_collateral_comes_back)
{
    struct bench *b = make();
    uint8_t before[32], after[32];
    b->state.trial.sequence = 0;
    b->state.trial.until_ms = 777;
    b->state.updates[0].facts = (struct assay_update_facts){ .number = 9, .recovery = true };
    encode(b);
    cr_assert_eq(decode(b, b->len), ASSAY_OK);
    cr_assert(assay_trial_runs(&b->other.trial));
    cr_assert_eq(b->other.trial.until_ms, 777);
    cr_assert_eq(b->other.trial.epoch, 41);
    cr_assert(b->other.updates[0].facts.recovery);
    cr_assert_eq(b->other.updates[0].facts.number, 9);
    assay_state_root(&b->state, b->scratch, sizeof b->scratch, before);
    b->state.trial.until_ms++;
    assay_state_root(&b->state, b->scratch, sizeof b->scratch, after);
    cr_assert_arr_neq(before, after, 32);
    drop(b);
}

/* docs/protocol.md 11.3: whoever verifies boundaries alone believes the digest. */
Test(state, a_snapshot_that_names_other_voters_than_it_has_is_refused)
{
    struct bench *b = make();
    b->state.members[2].weight++;
    b->state.members[2].seat_weight++;
    encode(b);
    cr_assert_eq(decode(b, b->len), ASSAY_E_INVALID);
    assay_roster_digest(&b->state, b->state.roster_digest);
    encode(b);
    cr_assert_eq(decode(b, b->len), ASSAY_OK);
    drop(b);
}

/* A close asserts what every state of a network has; a file may say anything. */
Test(state, a_snapshot_of_members_that_no_close_leaves_is_refused)
{
    struct bench *b = make();
    struct assay_member *m = &b->state.members[2];
    const struct assay_member good = *m;
    const uint64_t later = b->state.epoch + 1;
#define REFUSED(field, value)                                                                      \
    do {                                                                                           \
        m->field = value;                                                                          \
        encode(b);                                                                                 \
        cr_assert_eq(decode(b, b->len), ASSAY_E_INVALID, #field);                                  \
        *m = good;                                                                                 \
    } while (0)
    REFUSED(trust.offences.clean_epochs, 3); /* of no offence */
    REFUSED(trust.offences, ((struct assay_offences){ .count = 1 }));
    REFUSED(trust.offences.last_epoch, later);
    REFUSED(trust.last_false_fail_epoch, later);
    REFUSED(trust.out_of_date_since_epoch, later);
    REFUSED(trust.integrity_bp, 0); /* and its standing is that of before */
    REFUSED(trust.listed_after_failure, false);
    REFUSED(change_epoch, later);
    REFUSED(failure_epoch, later);
#undef REFUSED
    encode(b);
    cr_assert_eq(decode(b, b->len), ASSAY_OK);
    drop(b);
}

/* docs/protocol.md 7.16. */
static struct assay_fall fall_of(uint64_t first, uint64_t last)
{
    return (struct assay_fall){
        .first = { first, 1700000000000 + first, ASSAY_FALL_INTEGRITY, ASSAY_INTEGRITY_FAIL_SOFT },
        .last = { last, 1700000000000 + last, ASSAY_FALL_AVAILABILITY, ASSAY_AVAILABILITY_MUTE },
        .from = ASSAY_STANDING_FULL,
        .to = ASSAY_STANDING_SUSPENDED,
        .integrity = { first + 1, 1700000000001 + first, ASSAY_FALL_INTEGRITY,
                       ASSAY_INTEGRITY_FAIL_SOFT },
    };
}

Test(state, the_last_fall_of_a_member_stands_in_its_leaf)
{
    struct bench *b = make();
    const size_t plain = b->len;
    const struct assay_fall fall = fall_of(33, 41);
    struct assay_fall one = fall;
    one.last = one.integrity = one.first;
    b->state.members[0].fall = fall; /* of weight 0, and no level */
    b->state.members[1].fall = one;
    b->state.members[3].weight = b->state.members[3].seat_weight = 100;
    b->state.members[3].fall = fall;
    b->state.members[4].weight = 100; /* and no seat */
    b->state.members[4].fall = fall;
    assay_roster_digest(&b->state, b->state.roster_digest);
    encode(b);
    cr_assert_gt(b->len, plain + 4 * (uint64_t)30);
    cr_assert_eq(decode(b, b->len), ASSAY_OK);
    assay_state_check(&b->other);
    for (uint32_t i = 0; i < N; i++) {
        const struct assay_member *m = &b->other.members[i];
        cr_expect_arr_eq(&m->fall, &b->state.members[i].fall, sizeof m->fall, "member %u", i);
        cr_expect_eq(m->level, b->state.members[i].level);
        cr_expect_eq(m->seat_weight, b->state.members[i].seat_weight);
    }
    cr_expect_not(assay_fall_is_set(&b->other.members[2].fall));
    drop(b);
}

Test(state, a_fall_after_the_closed_epoch_is_refused)
{
    struct bench *b = make();
    b->state.members[2].fall = fall_of(40, b->state.epoch + 1);
    encode(b);
    cr_expect_eq(decode(b, b->len), ASSAY_E_INVALID);
    drop(b);
}

Test(state, every_field_of_a_fall_moves_the_root)
{
    struct bench *b = make();
    struct assay_fall *fall = &b->state.members[2].fall;
    uint8_t before[32], after[32];
    *fall = fall_of(33, 41);
    root_of(b, before);
#define MOVES(field, value)                                                                        \
    do {                                                                                           \
        *fall = fall_of(33, 41);                                                                   \
        fall->field = value;                                                                       \
        root_of(b, after);                                                                         \
        cr_expect_arr_neq(before, after, 32, #field);                                              \
    } while (0)
    MOVES(first.epoch, 32);
    MOVES(first.begin_ms, 7);
    MOVES(first.rule, ASSAY_INTEGRITY_CEILING);
    MOVES(last.epoch, 40);
    MOVES(last.begin_ms, 1700000000042);
    MOVES(last.rule, ASSAY_AVAILABILITY_FALL);
    MOVES(integrity.epoch, 35);
    MOVES(integrity.begin_ms, 1700000000035);
    MOVES(integrity.rule, ASSAY_INTEGRITY_CEILING);
    MOVES(from, ASSAY_STANDING_WARNING);
    MOVES(to, ASSAY_STANDING_RESTRICTED);
#undef MOVES
    *fall = (struct assay_fall){ 0 };
    root_of(b, after);
    cr_expect_arr_neq(before, after, 32);
    drop(b);
}

/* docs/protocol.md 5.22: who may sign is in the state, and said only where it is not the weight. */
Test(state, seats_stand_in_leaves_and_in_the_digest_of_who_votes)
{
    struct bench *b = make();
    const uint32_t seats[N] = { 0, 20000, 7, 100 };
    uint8_t digest[32];
    const size_t plain = b->len;
    for (uint32_t i = 0; i < N; i++)
        b->state.members[i].weight = b->state.members[i].seat_weight = 100;
    assay_roster_digest(&b->state, b->state.roster_digest);
    encode(b);
    cr_assert_eq(b->len, plain + N, "where everybody votes nothing more is said");
    assay_bytes_copy(digest, 32, b->state.roster_digest, 32);
    for (uint32_t i = 0; i < N; i++)
        b->state.members[i].seat_weight = i < 4 ? seats[i] : 0;
    encode(b);
    cr_expect_eq(decode(b, b->len), ASSAY_E_INVALID, "the digest is over seats");
    assay_roster_digest(&b->state, b->state.roster_digest);
    cr_expect_arr_neq(digest, b->state.roster_digest, 32);
    encode(b);
    cr_assert_eq(decode(b, b->len), ASSAY_OK);
    for (uint32_t i = 0; i < N; i++) {
        cr_expect_eq(b->other.members[i].weight, 100u);
        cr_expect_eq(b->other.members[i].seat_weight, i < 4 ? seats[i] : 0u);
        cr_expect_eq(b->other.members[i].level, b->state.members[i].level);
    }
    assay_state_check(&b->other);
    drop(b);
}

Test(state, a_snapshot_with_more_seats_than_its_rules_allow_is_refused)
{
    struct bench *b = make();
    for (uint32_t i = 0; i < N; i++)
        b->state.members[i].weight = b->state.members[i].seat_weight = 100;
    b->state.rules.parameters.seats_max = N;
    assay_roster_digest(&b->state, b->state.roster_digest);
    encode(b);
    cr_expect_eq(decode(b, b->len), ASSAY_OK);
    b->state.rules.parameters.seats_max = N - 1;
    encode(b);
    cr_expect_eq(decode(b, b->len), ASSAY_E_INVALID);
    drop(b);
}

Test(state, a_seat_without_weight_is_refused)
{
    struct bench *b = make();
    b->state.members[1].seat_weight = 5;
    assay_roster_digest(&b->state, b->state.roster_digest);
    encode(b);
    cr_expect_eq(decode(b, b->len), ASSAY_E_INVALID);
    drop(b);
}

Test(state, a_snapshot_is_refused_at_every_truncation)
{
    struct bench *b = make();
    for (size_t len = 0; len < b->len; len++)
        cr_assert_neq(decode(b, len), ASSAY_OK, "at %zu", len);
    drop(b);
}

Test(state, a_snapshot_with_any_flipped_byte_is_refused)
{
    struct bench *b = make();
    for (size_t i = 0; i < b->len; i++) {
        b->bytes[i] ^= 0x04;
        const enum assay_status status = decode(b, b->len);
        /* A flip in the head that leaves root, chain and epoch alone makes another block id. */
        if (status == ASSAY_OK) {
            uint8_t id[32];
            assay_block_id(assay_slice_over(b->head, b->head_len), id);
            cr_assert_arr_neq(b->other.head_id, id, 32, "at %zu", i);
        }
        b->bytes[i] ^= 0x04;
    }
    drop(b);
}

Test(state, the_root_is_that_of_the_leaves)
{
    struct bench *b = make();
    struct assay_merkle tree;
    uint8_t hash[32];
    uint8_t root[32];
    uint8_t whole[32];
    assay_merkle_init(&tree);
    assay_state_header_hash(&b->state, b->scratch, sizeof b->scratch, hash);
    assay_merkle_add_hash(&tree, hash);
    for (uint32_t slot = 0; slot < N; slot++) {
        assay_state_leaf_hash(&b->state, slot, b->scratch, sizeof b->scratch, hash);
        assay_merkle_add_hash(&tree, hash);
    }
    assay_merkle_root(&tree, root);
    root_of(b, whole);
    cr_expect_arr_eq(root, whole, 32);
    drop(b);
}

/* Every byte of the arrays and of the header's fields is in the root. */
Test(state, every_field_of_the_network_moves_the_root)
{
    struct bench *b = make();
    uint8_t before[32];
    uint8_t after[32];
    root_of(b, before);
    struct assay_state *s = &b->state;
#define MOVES(field)                                                                               \
    do {                                                                                           \
        (field)++;                                                                                 \
        root_of(b, after);                                                                         \
        cr_assert_arr_neq(before, after, 32, #field);                                              \
        (field)--;                                                                                 \
    } while (0)
    MOVES(s->era);
    MOVES(s->epoch);
    MOVES(s->certified_epoch);
    MOVES(s->rules.policy_digest[31]);
    MOVES(s->rules.endorsements_digest[0]);
    MOVES(s->rules.parameters.epoch_ms);
    MOVES(s->rules.parameters.operator_cap_num);
    MOVES(s->rules.parameters.operator_cap_den);
    MOVES(s->rules.parameters.vendor_cap_num);
    MOVES(s->rules.parameters.vendor_cap_den);
    MOVES(s->rules.parameters.block_len_max);
    MOVES(s->rules.parameters.collateral_delay_s);
    MOVES(s->rules.parameters.seats_max);
    MOVES(s->rules.parameters.verifier_digest[0]);
    MOVES(s->operators_digest[7]);
    MOVES(s->change_sequence);
    MOVES(s->pending[0].sequence);
    MOVES(s->pending[0].activation);
    MOVES(s->pending[0].digest[0]);
    MOVES(s->trial.sequence);
    MOVES(s->trial.epoch);
    MOVES(s->trial.total_weight);
    MOVES(s->reverted_sequence);
    MOVES(s->updates[0].facts.root[3]);
    MOVES(s->updates[0].facts.part[3]);
    MOVES(s->updates[0].facts.number);
    MOVES(s->updates[0].digest[3]);
    MOVES(s->updates[0].epoch);
    MOVES(s->updates[0].due_ms);
    MOVES(s->trial.before.policy_digest[1]);
    MOVES(s->trial.before.endorsements_digest[1]);
    MOVES(s->trial.before.parameters.epoch_ms);
    MOVES(s->ended.sequence);
    MOVES(s->ended.epoch);
    MOVES(s->ended.suspended_weight);
    MOVES(s->ended.total_weight);
    MOVES(s->past[0].members);
    MOVES(s->past[0].policy_digest[0]);
    MOVES(s->past[0].endorsements_digest[0]);
    MOVES(s->past[0].verifier_digest[0]);
    MOVES(s->counters[0]);
    MOVES(s->past[1].t0_ms);
    MOVES(s->past[0].roll_root[3]);
    MOVES(s->past[1].base_id[3]);
    drop(b);
}

Test(state, every_field_of_a_member_moves_the_root)
{
    struct bench *b = make();
    uint8_t before[32];
    uint8_t after[32];
    root_of(b, before);
    struct assay_member *m = &b->state.members[2];
    MOVES(m->node_id[0]);
    MOVES(m->identity_public[63]);
    MOVES(m->bootstrap_public[0]);
    MOVES(m->operator_id[0]);
    MOVES(m->vendor_root[0]);
    MOVES(m->platform_id[0]);
    MOVES(m->evidence_kind);
    MOVES(m->seat_weight);
    MOVES(m->lives[0].incarnation);
    MOVES(m->lives[0].since_epoch);
    MOVES(m->lives[0].voting_public[0]);
    MOVES(m->lives[0].transport_public[31]);
    MOVES(m->trust.integrity_bp);
    MOVES(m->trust.availability_bp);
    MOVES(m->trust.score.held_epochs);
    MOVES(m->trust.integrity.held_epochs);
    MOVES(m->trust.offences.count);
    MOVES(m->trust.offences.last_epoch);
    MOVES(m->trust.offences.clean_epochs);
    MOVES(m->trust.last_false_fail_epoch);
    MOVES(m->trust.out_of_date_since_epoch);
    MOVES(m->weight);
    MOVES(m->found.pass_weight);
    MOVES(m->found.negative_weight);
    MOVES(m->found.electorate_weight);
    MOVES(m->found.lo_bp);
    MOVES(m->found.hi_bp);
    MOVES(m->found.ceiling_bp);
    MOVES(m->change_epoch);
    MOVES(m->order_epoch);
    MOVES(m->failure_epoch);
    MOVES(m->equivocation_struck);
    MOVES(m->ballots_struck);
    MOVES(m->pass_epoch);
    MOVES(m->name[0]);
    MOVES(m->stage);
    MOVES(m->stage_epoch);
    MOVES(m->maintenances[0].from);
    MOVES(m->maintenances[0].until);
    MOVES(m->watched_weight);
    MOVES(m->spared.integrity_bp);
#undef MOVES
    m->trust.score.standing = ASSAY_STANDING_WARNING;
    root_of(b, after);
    cr_assert_arr_neq(before, after, 32);
    m->trust.score.standing = ASSAY_STANDING_FULL;
    m->trust.listed_after_failure = !m->trust.listed_after_failure;
    root_of(b, after);
    cr_assert_arr_neq(before, after, 32);
    drop(b);
}

/* Those of docs/protocol.md 7.14 and 7.15. */
Test(state, the_counts_of_patience_move_the_root)
{
    struct bench *b = make();
    struct assay_member *m = &b->state.members[2];
    uint8_t before[32];
    uint8_t after[3][32];
    root_of(b, before);
    m->trust.mute_epochs = 1;
    root_of(b, after[0]);
    m->trust.unjudged_epochs = 1;
    root_of(b, after[1]);
    m->found.unjudged_weight = 1;
    root_of(b, after[2]);
    cr_expect_arr_neq(before, after[0], 32);
    cr_expect_arr_neq(after[0], after[1], 32);
    cr_expect_arr_neq(after[1], after[2], 32);
    drop(b);
}

Test(state, a_copy_shares_nothing)
{
    struct bench *b = make();
    assay_state_copy(&b->other, &b->state);
    b->other.members[0].weight = 1;
    b->other.counters[0] = 9;
    cr_assert_eq(b->state.members[0].weight, 0);
    cr_assert_eq(b->state.counters[0], 0);
    drop(b);
}

Test(state, slots_are_found_by_node_id)
{
    struct bench *b = make();
    uint8_t id[32];
    for (uint32_t i = 0; i < N; i++)
        cr_assert_eq(assay_state_slot_of(&b->state, b->state.members[i].node_id), i);
    memset(id, 0, 32);
    cr_assert_eq(assay_state_slot_of(&b->state, id), N);
    memset(id, 25, 32);
    cr_assert_eq(assay_state_slot_of(&b->state, id), N);
    memset(id, 255, 32);
    cr_assert_eq(assay_state_slot_of(&b->state, id), N);
    drop(b);
}

Test(state, a_life_is_known_in_its_epochs_and_eight_more)
{
    struct assay_member m = { .life_count = 1 };
    uint8_t key[64] = { 1 };
    m.lives[0].incarnation = 1;
    cr_assert_eq(assay_member_life_at(&m, 1)->incarnation, 1);
    assay_member_list(&m, 10, key, key);
    cr_assert_eq(m.lives[0].incarnation, 2);
    cr_assert_eq(assay_member_life_at(&m, 9)->incarnation, 1);
    cr_assert_eq(assay_member_life_at(&m, 10)->incarnation, 2);
    assay_member_list(&m, 17, key, key); /* the first ended in 9: 8 epochs ago */
    cr_assert_eq(m.life_count, 3);
    assay_member_list(&m, 18, key, key);
    cr_assert_eq(m.life_count, 3, "the first is forgotten");
    cr_assert_null(assay_member_life_at(&m, 9));
    cr_assert_eq(assay_member_life_at(&m, 10)->incarnation, 2);
    cr_assert_eq(assay_member_life_at(&m, 17)->incarnation, 3);
    for (uint64_t epoch = 19; epoch < 60; epoch++) {
        assay_member_list(&m, epoch, key, key);
        cr_assert_leq(m.life_count, ASSAY_LIVES_MAX);
        cr_assert_not_null(assay_member_life_at(&m, epoch - 8));
    }
}
