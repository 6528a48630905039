/*
 * tests/unit/engine/ledger/test_change.c - CHANGE: who may decide, and what it makes of a state
 * (docs/protocol.md 9.5 to 9.8).
 */
#include "engine/ledger/fold/effective_rules.h"
#include "tests/unit/engine/change_bench.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* --- who may decide */

Test(change, the_threshold_of_the_operators_decides_and_nobody_else)
{
    struct change_bench *b = change_make();
    const struct assay_action rest = change_about(ASSAY_ACTION_REST, b, 2);
    const struct assay_change head = change_head_of(b, 1, 3);
    struct change_made *one = change_make_change(b, &head, &rest, 1, 1);
    struct change_made *two = change_make_change(b, &head, &rest, 1, 5);
    /* Nobody is banned for it, as for a forged one: the threshold may have risen on the way. */
    cr_assert_eq(change_offer(b, one), ASSAY_E_INVALID);
    /* A signature that is not over this body. */
    struct change_made *forged = change_make_change(b, &head, &rest, 1, 3);
    struct assay_slice last = forged->record.bytes;
    forged->bytes[last.len - 1] ^= 1;
    cr_assert_eq(change_offer(b, forged), ASSAY_E_SIGNATURE);
    /* A stranger's key is not an operator's. */
    struct assay_secret32 key;
    struct assay_p256_signer *own = b->signers[1];
    change_secret(99, 9, &key);
    b->signers[1] = NULL;
    cr_assert_eq(assay_p256_signer_load(&key, &b->signers[1]), ASSAY_OK);
    struct change_made *stranger = change_make_change(b, &head, &rest, 1, 3);
    cr_assert_eq(change_offer(b, stranger), ASSAY_E_SIGNATURE);
    assay_p256_signer_free(&b->signers[1]);
    b->signers[1] = own;
    cr_assert_eq(change_offer(b, two), ASSAY_OK);
    free(one);
    free(two);
    free(forged);
    free(stranger);
    change_drop(b);
}

Test(change, sequence_era_chain_and_activation_are_exact)
{
    struct change_bench *b = change_make();
    const struct assay_action rest = change_about(ASSAY_ACTION_REST, b, 2);
    cr_assert_eq(change_offer_one(b, 2, 3, &rest), ASSAY_E_EARLY, "a number left out");
    cr_assert_eq(change_offer_one(b, 1, 2, &rest), ASSAY_E_STALE, "two epochs ahead at least");
    cr_assert_eq(change_offer_one(b, 1, 1 + ASSAY_ACTIVATION_AHEAD_MAX + 1, &rest), ASSAY_E_STALE);
    struct assay_change other = change_head_of(b, 1, 3);
    other.era = 1;
    struct change_made *m = change_make_change(b, &other, &rest, 1, 3);
    cr_assert_eq(change_offer(b, m), ASSAY_E_CHAIN);
    free(m);
    other = change_head_of(b, 1, 3);
    other.chain_id[0] ^= 1;
    m = change_make_change(b, &other, &rest, 1, 3);
    cr_assert_eq(change_offer(b, m), ASSAY_E_CHAIN);
    free(m);
    cr_assert_eq(change_offer_one(b, 1, 3, &rest), ASSAY_OK);
    cr_assert_eq(change_offer_one(b, 1, 3, &rest), ASSAY_E_DUPLICATE, "one in an epoch");
    change_pass_epoch(b);
    cr_assert_eq(change_offer_one(b, 1, 9, &rest), ASSAY_E_DUPLICATE, "it cannot come again");
    const struct assay_action wake = change_about(ASSAY_ACTION_WAKE, b, 2);
    cr_assert_eq(change_offer_one(b, 2, 4, &wake), ASSAY_E_INVALID, "activations are two apart");
    cr_assert_eq(change_offer_one(b, 2, 5, &wake), ASSAY_OK, "judged on what waits before it");
    change_drop(b);
}

/* --- what it makes of a state */

Test(change, a_member_rests_and_wakes_and_is_not_judged_meanwhile)
{
    struct change_bench *b = change_make();
    const struct assay_action rest = change_about(ASSAY_ACTION_REST, b, 2);
    const struct assay_action wake = change_about(ASSAY_ACTION_WAKE, b, 2);
    cr_assert_eq(change_offer_one(b, 1, 3, &rest), ASSAY_OK);
    change_pass_epoch(b);
    cr_assert_eq(b->state.change_sequence, 1);
    cr_assert_eq(b->state.pending_count, 1);
    cr_assert_eq(b->state.members[2].stage, ASSAY_STAGE_MEMBER, "not yet");
    change_pass_epoch(b);
    const struct assay_member *m = &b->state.members[2];
    cr_assert_eq(m->stage, ASSAY_STAGE_RESTING);
    cr_assert_eq(m->weight, 0);
    cr_assert_eq(m->trust.availability_bp, 0);
    cr_assert_eq(m->trust.integrity_bp, 10000, "resting is no offence");
    cr_assert_eq(b->state.pending_count, 0);
    /* What is said of it counts for nothing. */
    change_pass_epoch(b);
    cr_assert_eq(m->trust.availability_bp, 0);
    cr_assert_eq(m->found.pass_weight, 0);
    cr_assert_eq(change_offer_one(b, 2, b->context.epoch + 2, &wake), ASSAY_OK);
    change_pass_epoch(b);
    change_pass_epoch(b);
    cr_assert_eq(m->stage, ASSAY_STAGE_MEMBER);
    cr_assert_gt(m->weight, 0);
    change_pass_epoch(b);
    cr_assert_eq(m->trust.availability_bp, 500, "it earns A again");
    change_drop(b);
}

Test(change, a_newcomer_starts_at_nothing_with_what_its_platform_did)
{
    struct change_bench *b = change_make();
    struct assay_action join = { .kind = ASSAY_ACTION_JOIN };
    change_card(b, 20, 1, &join.card);
    /* The platform of member 3 did something. */
    b->state.members[3].trust.offences = (struct assay_offences){ .count = 2, .last_epoch = 1 };
    assay_bytes_copy(join.card.platform_id, 32, b->state.members[3].platform_id, 32);
    assay_bytes_copy(join.card.vendor_root, 32, b->state.members[3].vendor_root, 32);
    cr_assert_eq(change_offer_one(b, 1, 3, &join), ASSAY_OK);
    change_pass_epoch(b);
    change_pass_epoch(b);
    cr_assert_eq(b->state.member_count, CHANGE_MEMBERS + 1);
    const struct assay_member *m = &b->state.members[CHANGE_MEMBERS];
    cr_assert_arr_eq(m->node_id, join.card.node_id, 32);
    cr_assert_eq(assay_state_slot_of(&b->state, join.card.node_id), CHANGE_MEMBERS);
    cr_assert_eq(m->trust.integrity_bp, 0);
    cr_assert_eq(m->trust.availability_bp, 0);
    cr_assert(assay_trust_on_probation(&m->trust));
    cr_assert_eq(m->trust.offences.count, 2);
    cr_assert_eq(m->weight, 0);
    cr_assert_eq(m->lives[0].since_epoch, 3);
    cr_assert_null(assay_member_life_at(m, 2), "it said nothing before");
    cr_assert_str_eq(m->name, "m20");
    change_drop(b);
}

/* docs/protocol.md 7.16.2: what operators decide leaves the last fall, and a newcomer has none. */
Test(change, the_last_fall_is_that_of_the_member_and_not_of_its_slot)
{
    struct change_bench *b = change_make();
    struct assay_action join = { .kind = ASSAY_ACTION_JOIN };
    const struct assay_action leave = change_about(ASSAY_ACTION_LEAVE, b, 1);
    const struct assay_action rest = change_about(ASSAY_ACTION_REST, b, 2);
    const struct assay_action wake = change_about(ASSAY_ACTION_WAKE, b, 2);
    const struct assay_fall_step step = { 1, 5, ASSAY_FALL_AVAILABILITY, ASSAY_AVAILABILITY_FALL };
    const struct assay_fall fall = { .first = step, .last = step, .to = ASSAY_STANDING_WARNING };
    change_pass_epoch(b);
    b->state.members[2].fall = b->state.members[1].fall = fall;
    cr_assert_eq(change_offer_one(b, 1, b->context.epoch + 2, &rest), ASSAY_OK);
    change_pass_epoch(b);
    change_pass_epoch(b);
    cr_assert_eq(b->state.members[2].stage, ASSAY_STAGE_RESTING);
    cr_expect_arr_eq(&b->state.members[2].fall, &fall, sizeof fall);
    cr_assert_eq(change_offer_one(b, 2, b->context.epoch + 2, &wake), ASSAY_OK);
    change_pass_epoch(b);
    change_pass_epoch(b);
    cr_assert_eq(b->state.members[2].stage, ASSAY_STAGE_MEMBER);
    cr_expect_arr_eq(&b->state.members[2].fall, &fall, sizeof fall);
    const uint64_t left = b->context.epoch + 2;
    cr_assert_eq(change_offer_one(b, 3, left, &leave), ASSAY_OK);
    while (b->context.epoch < left + ASSAY_RETAINED_EPOCHS)
        change_pass_epoch(b);
    cr_expect_arr_eq(&b->state.members[1].fall, &fall, sizeof fall, "of the one that left");
    change_card(b, 21, 1, &join.card);
    cr_assert_eq(change_offer_one(b, 4, b->context.epoch + 2, &join), ASSAY_OK);
    change_pass_epoch(b);
    change_pass_epoch(b);
    cr_assert_arr_eq(b->state.members[1].node_id, join.card.node_id, 32);
    cr_expect_not(assay_fall_is_set(&b->state.members[1].fall));
    change_drop(b);
}

/* Groups are made of platform ids alone: so is what is remembered (docs/protocol.md 6.2). */
Test(change, a_newcomer_has_the_record_of_its_platform_whatever_else_its_card_says)
{
    static const struct assay_offences records[] = {
        { .count = 2, .last_epoch = 1 },
        { .count = 1, .last_epoch = 1, .clean_epochs = 17 },
        { .count = 0, .last_epoch = 1 }, /* forgotten, but for when it was */
    };
    for (size_t k = 0; k < sizeof records / sizeof *records; k++) {
        for (int same_root = 0; same_root < 2; same_root++) {
            struct change_bench *b = change_make();
            struct assay_action join = { .kind = ASSAY_ACTION_JOIN };
            const struct assay_member *mate = &b->state.members[3];
            change_card(b, 20, 1, &join.card);
            b->state.members[3].trust.offences = records[k];
            assay_bytes_copy(join.card.platform_id, 32, mate->platform_id, 32);
            assay_bytes_copy(join.card.vendor_root, 32, mate->vendor_root, 32);
            if (!same_root) join.card.vendor_root[5] ^= 1;
            cr_assert_eq(change_offer_one(b, 1, 3, &join), ASSAY_OK);
            for (int i = 0; i < 4; i++) {
                change_pass_epoch(b);
                if (b->state.member_count == CHANGE_MEMBERS) continue;
                const struct assay_offences *own =
                    &b->state.members[CHANGE_MEMBERS].trust.offences;
                const struct assay_offences *all = &b->state.members[3].trust.offences;
                cr_assert_eq(own->count, records[k].count);
                cr_assert_eq(own->last_epoch, all->last_epoch);
                cr_assert_eq(own->clean_epochs, all->clean_epochs);
            }
            cr_assert_eq(b->state.member_count, CHANGE_MEMBERS + 1);
            change_drop(b);
        }
    }
}

Test(change, what_does_not_fit_is_refused_as_a_whole)
{
    struct change_bench *b = change_make();
    struct assay_action join = { .kind = ASSAY_ACTION_JOIN };
    change_card(b, 20, 1, &join.card);
    struct assay_action actions[2] = { change_about(ASSAY_ACTION_REST, b, 0), join };
    const struct assay_change head = change_head_of(b, 1, 3);
    const struct assay_action good = join;
#define REFUSED(expected, why)                                                                     \
    do {                                                                                           \
        struct change_made *m = change_make_change(b, &head, actions, 2, 3);                       \
        cr_assert_eq(change_offer(b, m), expected, why);                                           \
        free(m);                                                                                   \
        actions[1] = good;                                                                         \
    } while (0)
    memset(actions[1].card.operator_id, 9, 32);
    REFUSED(ASSAY_E_INVALID, "an operator that there is not");
    assay_bytes_copy(actions[1].card.transport_public, 32, b->state.members[4].bootstrap_public,
                     32);
    REFUSED(ASSAY_E_DUPLICATE, "the bootstrap key of another");
    assay_bytes_copy(actions[1].card.voting_public, 64, b->state.members[4].lives[0].voting_public,
                     64);
    REFUSED(ASSAY_E_DUPLICATE, "the voting key of another");
    assay_bytes_copy(actions[1].card.identity_public, 64, b->state.members[4].identity_public, 64);
    REFUSED(ASSAY_E_DUPLICATE, "a member already");
    const char *name = b->state.members[4].name;
    actions[1].card.name = assay_slice_over(name, strlen(name));
    REFUSED(ASSAY_E_DUPLICATE, "the name of another");
    actions[1] = change_about(ASSAY_ACTION_WAKE, b, 1);
    REFUSED(ASSAY_E_INVALID, "it is not drained");
    actions[1] = change_about(ASSAY_ACTION_LEAVE, b, 0);
    REFUSED(ASSAY_E_DUPLICATE, "two actions about one member");
    memset(actions[1].node_id, 3, 32);
    actions[1].kind = ASSAY_ACTION_REST;
    REFUSED(ASSAY_E_INVALID, "no member has this id");
#undef REFUSED
    struct change_made *m = change_make_change(b, &head, actions, 2, 3);
    cr_assert_eq(change_offer(b, m), ASSAY_OK);
    free(m);
    change_drop(b);
}

Test(change, somebody_of_weight_is_left)
{
    struct change_bench *b = change_make();
    struct assay_action actions[CHANGE_MEMBERS];
    const struct assay_change head = change_head_of(b, 1, 3);
    for (uint32_t i = 0; i < CHANGE_MEMBERS; i++)
        actions[i] = change_about(i % 2 == 0 ? ASSAY_ACTION_LEAVE : ASSAY_ACTION_REST, b, i);
    struct change_made *all = change_make_change(b, &head, actions, CHANGE_MEMBERS, 3);
    struct change_made *but_one = change_make_change(b, &head, actions, CHANGE_MEMBERS - 1, 3);
    cr_assert_eq(change_offer(b, all), ASSAY_E_INVALID);
    cr_assert_eq(change_offer(b, but_one), ASSAY_OK);
    change_pass_epoch(b);
    change_pass_epoch(b);
    cr_assert_gt(b->state.members[CHANGE_MEMBERS - 1].weight, 0);
    for (uint32_t i = 0; i + 1 < CHANGE_MEMBERS; i++)
        cr_assert_eq(b->state.members[i].weight, 0);
    free(all);
    free(but_one);
    change_drop(b);
}

Test(change, a_slot_is_used_again_only_when_nothing_can_be_proven_of_its_member)
{
    struct change_bench *b = change_make();
    struct assay_action join = { .kind = ASSAY_ACTION_JOIN };
    const struct assay_action leave = change_about(ASSAY_ACTION_LEAVE, b, 1);
    uint8_t gone[32];
    assay_bytes_copy(gone, 32, b->state.members[1].node_id, 32);
    cr_assert_eq(change_offer_one(b, 1, 3, &leave), ASSAY_OK);
    change_pass_epoch(b);
    change_pass_epoch(b);
    cr_assert_eq(assay_state_slot_of(&b->state, gone), b->state.member_count, "it is gone");
    change_card(b, 20, 1, &join.card);
    const char *name = b->state.members[1].name;
    join.card.name = assay_slice_over(name, strlen(name)); /* of who left */
    cr_assert_eq(change_offer_one(b, 2, b->context.epoch + 2, &join), ASSAY_OK);
    change_pass_epoch(b);
    change_pass_epoch(b);
    cr_assert_eq(b->state.member_count, CHANGE_MEMBERS + 1, "a slot of its own");
    while (b->context.epoch < 3 + ASSAY_RETAINED_EPOCHS)
        change_pass_epoch(b);
    change_card(b, 21, 1, &join.card);
    cr_assert_eq(change_offer_one(b, 3, b->context.epoch + 2, &join), ASSAY_OK);
    change_pass_epoch(b);
    change_pass_epoch(b);
    cr_assert_eq(b->state.member_count, CHANGE_MEMBERS + 1, "the free slot");
    cr_assert_arr_eq(b->state.members[1].node_id, join.card.node_id, 32);
    change_drop(b);
}

/* An id in two slots would be two members of one name to every tally. */
Test(change, who_left_comes_back_to_its_own_slot_and_to_no_other)
{
    struct change_bench *b = change_make();
    const struct assay_action low = change_about(ASSAY_ACTION_LEAVE, b, 1);
    const struct assay_action high = change_about(ASSAY_ACTION_LEAVE, b, 4);
    struct assay_action join = { .kind = ASSAY_ACTION_JOIN };
    join.card = b->genesis.members[4];
    cr_assert_arr_eq(join.card.node_id, b->state.members[4].node_id, 32);
    cr_assert_eq(change_offer_one(b, 1, 3, &low), ASSAY_OK);
    change_pass_epoch(b);
    cr_assert_eq(change_offer_one(b, 2, b->context.epoch + 3, &high), ASSAY_OK);
    const uint64_t left = b->context.epoch + 3;
    while (b->context.epoch < left + ASSAY_RETAINED_EPOCHS - 2)
        change_pass_epoch(b);
    cr_assert_eq(b->state.members[1].stage, ASSAY_STAGE_LEFT);
    cr_assert_eq(b->state.members[4].stage, ASSAY_STAGE_LEFT);
    /* The lower slot is free, its own not yet. */
    cr_assert_eq(change_offer_one(b, 3, left + ASSAY_RETAINED_EPOCHS, &join), ASSAY_E_DUPLICATE);
    cr_assert_eq(change_offer_one(b, 3, left + ASSAY_RETAINED_EPOCHS + 1, &join), ASSAY_OK);
    for (int i = 0; i < 3; i++)
        change_pass_epoch(b);
    cr_assert_eq(b->context.epoch, left + ASSAY_RETAINED_EPOCHS + 1);
    cr_assert_eq(b->state.members[4].stage, ASSAY_STAGE_MEMBER);
    cr_assert_eq(b->state.members[1].stage, ASSAY_STAGE_LEFT, "nobody's still");
    cr_assert_eq(b->state.member_count, CHANGE_MEMBERS);
    cr_assert_eq(assay_state_slot_of(&b->state, join.card.node_id), 4);
    for (uint32_t i = 0; i < b->state.member_count; i++)
        for (uint32_t k = 0; k < i; k++)
            cr_assert_not(assay_bytes_equal(b->state.members[i].node_id,
                                            b->state.members[k].node_id, 32));
    change_card(b, 20, 1, &join.card);
    cr_assert_eq(change_offer_one(b, 4, b->context.epoch + 2, &join), ASSAY_OK);
    change_pass_epoch(b);
    change_pass_epoch(b);
    cr_assert_eq(assay_state_slot_of(&b->state, join.card.node_id), 1, "who is new has the lower");
    change_pass_epoch(b);
    change_drop(b);
}

Test(change, a_slot_stays_while_offences_of_its_platform_are_remembered)
{
    struct change_bench *b = change_make();
    struct assay_unfit unfit;
    struct assay_change change;
    struct assay_action join = { .kind = ASSAY_ACTION_JOIN };
    uint8_t body[2048];
    b->state.members[1].stage = ASSAY_STAGE_LEFT;
    b->state.members[1].stage_epoch = 3;
    b->state.members[1].weight = 0;
    b->state.members[1].trust.offences.count = 1;
    change_card(b, 20, 1, &join.card);
    for (uint64_t activation = 3 + 512; activation < 3 + 512 + 20; activation++) {
        const struct assay_change head = change_head_of(b, 1, activation);
        struct assay_writer w = assay_writer_over(body, sizeof body);
        cr_assert_eq(assay_change_encode(&head, &join, 1, &w), ASSAY_OK);
        cr_assert_eq(assay_change_decode(assay_slice_over(body, w.len), &change), ASSAY_OK);
        struct assay_staging staging = { .state = &b->stage,
                                         .operators = b->context.operators };
        assay_state_copy(&b->stage, &b->state);
        cr_assert_eq(assay_change_apply(&staging, &change, &unfit), ASSAY_OK);
        const bool reused = b->stage.member_count == CHANGE_MEMBERS;
        cr_assert_eq(reused, activation > 3 + 512 + ASSAY_RETAINED_EPOCHS, "%llu",
                     (unsigned long long)activation);
    }
    change_drop(b);
}

Test(change, operators_replace_one_another_but_leave_no_member_without)
{
    struct change_bench *b = change_make();
    static uint8_t bytes[ASSAY_OPERATORS_LEN_MAX];
    struct assay_genesis *two = calloc(1, sizeof *two);
    struct assay_action replace = { .kind = ASSAY_ACTION_OPERATORS };
    two->operator_count = 2;
    two->threshold = 2;
    two->operators_number = 1;
    two->operators[0] = b->genesis.operators[0];
    two->operators[1] = b->genesis.operators[1];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_operators_encode(two, &w), ASSAY_OK);
    replace.document = assay_slice_over(bytes, w.len);
    cr_assert_eq(change_offer_one(b, 1, 3, &replace), ASSAY_E_INVALID,
                 "members of the third are there");
    struct assay_action actions[CHANGE_MEMBERS + 1];
    uint32_t count = 0;
    for (uint32_t i = 0; i < CHANGE_MEMBERS; i++)
        if (assay_bytes_equal(b->state.members[i].operator_id, b->genesis.operators[2].operator_id,
                              32))
            actions[count++] = change_about(ASSAY_ACTION_LEAVE, b, i);
    actions[count++] = replace;
    const struct assay_change head = change_head_of(b, 1, 3);
    struct change_made *m = change_make_change(b, &head, actions, count, 3);
    cr_assert_eq(change_offer(b, m), ASSAY_OK);
    free(m);
    change_pass_epoch(b);
    change_pass_epoch(b);
    uint8_t digest[32];
    assay_sha256(bytes, w.len, digest);
    cr_assert_arr_eq(b->state.operators_digest, digest, 32);
    free(two);
    change_drop(b);
}

/* docs/protocol.md 9.6.4: the number of the change is in the document, so none comes twice. */
Test(change, a_list_of_operators_has_the_number_of_its_change)
{
    struct change_bench *b = change_make();
    static uint8_t bytes[ASSAY_OPERATORS_LEN_MAX];
    struct assay_genesis *again = calloc(1, sizeof *again);
    struct assay_action replace = { .kind = ASSAY_ACTION_OPERATORS };
    uint8_t digest[3][32];
    *again = b->genesis;
    for (uint64_t sequence = 1; sequence <= 2; sequence++) {
        for (uint64_t number = 0; number < 4; number++) {
            again->operators_number = number;
            struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
            cr_assert_eq(assay_operators_encode(again, &w), ASSAY_OK);
            replace.document = assay_slice_over(bytes, w.len);
            if (number == sequence) assay_sha256(bytes, w.len, digest[number]);
            if (number == sequence) continue;
            cr_expect_eq(change_offer_one(b, sequence, b->context.epoch + 2, &replace),
                         ASSAY_E_INVALID, "change %d, number %d", (int)sequence, (int)number);
        }
        again->operators_number = sequence;
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        cr_assert_eq(assay_operators_encode(again, &w), ASSAY_OK);
        replace.document = assay_slice_over(bytes, w.len);
        cr_assert_eq(change_offer_one(b, sequence, b->context.epoch + 2, &replace), ASSAY_OK);
        change_pass_epoch(b);
        change_pass_epoch(b);
        cr_expect_arr_eq(b->state.operators_digest, digest[sequence], 32);
    }
    cr_expect_not(assay_bytes_equal(digest[1], digest[2], 32), "another document of the same");
    cr_expect_not(assay_bytes_equal(digest[1], b->genesis.operators_digest, 32));
    free(again);
    change_drop(b);
}

Test(change, broken_operators_documents_are_refused)
{
    struct change_bench *b = change_make();
    static uint8_t bytes[ASSAY_OPERATORS_LEN_MAX];
    struct assay_genesis *other = calloc(1, sizeof *other);
    *other = b->genesis;
    other->threshold = 3;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_operators_encode(other, &w), ASSAY_OK);
    cr_assert_eq(assay_operators_check(assay_slice_over(bytes, w.len)), ASSAY_OK);
    for (size_t len = 0; len < w.len; len++)
        cr_assert_neq(assay_operators_check(assay_slice_over(bytes, len)), ASSAY_OK);
    bytes[w.len] = 0;
    cr_assert_eq(assay_operators_check(assay_slice_over(bytes, w.len + 1)), ASSAY_E_TRAILING);
    struct assay_genesis *decoded = calloc(1, sizeof *decoded);
    cr_assert_eq(assay_operators_decode(assay_slice_over(bytes, w.len), decoded), ASSAY_OK);
    cr_assert_eq(decoded->operator_count, CHANGE_OPERATORS);
    cr_assert_eq(decoded->threshold, 3);
    const struct assay_genesis_operator swap = other->operators[0];
    other->operators[0] = other->operators[1];
    other->operators[1] = swap;
    w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_operators_encode(other, &w), ASSAY_OK);
    cr_assert_eq(assay_operators_check(assay_slice_over(bytes, w.len)), ASSAY_E_ENCODING);
    free(decoded);
    free(other);
    change_drop(b);
}

/* --- maintenance */

static enum assay_status maintain(struct change_bench *b, uint32_t slot, uint64_t from,
                                  uint32_t epochs, unsigned signers)
{
    struct assay_action a = change_about(ASSAY_ACTION_MAINTENANCE, b, slot);
    const struct assay_change head = change_head_of(b, 0, from);
    a.epochs = epochs;
    struct change_made *m = change_make_change(b, &head, &a, 1, signers);
    const enum assay_status status = change_offer(b, m);
    free(m);
    return status;
}

static unsigned operator_of(const struct change_bench *b, uint32_t slot)
{
    for (uint32_t i = 0; i < CHANGE_OPERATORS; i++)
        if (assay_bytes_equal(b->genesis.operators[i].operator_id,
                              b->state.members[slot].operator_id, 32))
            return 1u << i;
    return 0;
}

Test(change, maintenance_is_announced_by_the_members_own_operator_alone)
{
    struct change_bench *b = change_make();
    const unsigned own = operator_of(b, 4);
    const unsigned other = own == 1 ? 2 : 1;
    cr_assert_eq(maintain(b, 4, 3, 5, other), ASSAY_E_INVALID);
    cr_assert_eq(maintain(b, 4, 3, 5, own | other), ASSAY_E_INVALID, "alone");
    cr_assert_eq(maintain(b, 4, 2, 5, own), ASSAY_E_STALE);
    cr_assert_eq(maintain(b, 4, 3, 5, own), ASSAY_OK);
    cr_assert_eq(maintain(b, 4, 30, 5, own), ASSAY_E_DUPLICATE, "one in an epoch");
    change_pass_epoch(b);
    cr_assert_eq(maintain(b, 4, 4, 5, own), ASSAY_E_INVALID, "it is announced already");
    cr_assert_eq(b->state.change_sequence, 0, "it takes no number of the operators'");
    /* Absent while it lasts: A holds; then it falls. */
    while (b->context.epoch < 10) {
        const bool announced = assay_member_in_maintenance(&b->state.members[4], b->context.epoch);
        cr_assert_eq(announced, b->context.epoch >= 3 && b->context.epoch <= 7);
        const uint16_t before = b->state.members[4].trust.availability_bp;
        change_all_pass(b);
        for (uint32_t v = 0; v < CHANGE_MEMBERS; v++)
            if (v != 4)
                assay_votes_row_set(b->ledger.rows + v * b->ledger.row_len, 4,
                                    ASSAY_OUTCOME_ABSENT);
        change_close_epoch(b);
        const uint16_t after = b->state.members[4].trust.availability_bp;
        if (announced) cr_assert_eq(after, before);
        else cr_assert_lt(after, before);
        cr_assert_neq(b->state.members[4].found.certified_pass, true);
    }
    change_drop(b);
}

/* At most 64 of any 1024 epochs, whatever is asked for: counted epoch by epoch. */
Test(change, no_span_holds_more_maintenance_than_one_in_sixteen)
{
    enum { EPOCHS = 9000 };
    static bool announced[EPOCHS + 256];
    struct assay_member m = { 0 };
    uint32_t seed = 1;
    for (uint64_t epoch = 1; epoch < EPOCHS; epoch++) {
        seed = seed * 1664525u + 1013904223u;
        const uint64_t from = epoch + 2 + (seed >> 28);
        const uint32_t epochs = 1 + (seed >> 8) % 64;
        if (!assay_maintenance_fits(&m, from, epochs)) continue;
        assay_maintenance_add(&m, epoch, from, from + epochs - 1);
        for (uint32_t i = 0; i < epochs; i++)
            announced[from + i] = true;
        cr_assert_leq(m.maintenance_count, ASSAY_MAINTENANCES_MAX);
    }
    uint32_t within = 0;
    uint32_t most = 0;
    for (uint32_t e = 0; e < EPOCHS; e++) {
        within += announced[e];
        if (e >= ASSAY_MAINTENANCE_SPAN) within -= announced[e - ASSAY_MAINTENANCE_SPAN];
        if (within > most) most = within;
    }
    cr_assert_leq(most, ASSAY_MAINTENANCE_EPOCHS);
    cr_assert_gt(most, ASSAY_MAINTENANCE_EPOCHS / 2, "the bound is used");
}

/* --- the effective rules of what follows */

static bool find_in(void *context, const uint8_t digest[static 32], struct assay_slice *document)
{
    const struct change_made *m = context;
    return assay_effective_rules_in_kept(m->record.bytes, digest, document);
}

Test(change, the_effective_rules_are_made_of_state_and_documents)
{
    struct change_bench *b = change_make();
    struct assay_genesis *effective = calloc(1, sizeof *effective);
    struct assay_action actions[2] = { change_policy_of("another policy"),
                                       { .kind = ASSAY_ACTION_JOIN } };
    change_card(b, 20, 1, &actions[1].card);
    const struct assay_change head = change_head_of(b, 1, 3);
    struct change_made *m = change_make_change(b, &head, actions, 2, 3);
    cr_assert_eq(change_offer(b, m), ASSAY_OK);
    change_pass_epoch(b);
    change_pass_epoch(b);
    cr_assert_eq(assay_effective_rules_of(&b->genesis, &b->state, NULL, NULL, effective),
                 ASSAY_E_NOT_FOUND);
    cr_assert_eq(assay_effective_rules_of(&b->genesis, &b->state, find_in, m, effective), ASSAY_OK);
    cr_assert_eq(effective->policy.len, 14);
    cr_assert_arr_eq(effective->policy.bytes, "another policy", 14);
    cr_assert_eq(effective->member_count, CHANGE_MEMBERS + 1);
    cr_assert_arr_eq(effective->members[CHANGE_MEMBERS].identity_public,
                     actions[1].card.identity_public, 64);
    cr_assert_eq(effective->members[CHANGE_MEMBERS].name.len, 3);
    cr_assert_eq(effective->operator_count, CHANGE_OPERATORS);
    b->state.chain_id[0] ^= 1;
    cr_assert_eq(assay_effective_rules_of(&b->genesis, &b->state, find_in, m, effective),
                 ASSAY_E_CHAIN);
    free(effective);
    free(m);
    change_drop(b);
}

/* --- shape */

Test(change, one_operator_and_the_threshold_speak_of_different_things)
{
    struct change_bench *b = change_make();
    uint8_t body[4096];
    struct assay_change change;
    struct assay_action rest = change_about(ASSAY_ACTION_REST, b, 1);
    struct assay_action away = change_about(ASSAY_ACTION_MAINTENANCE, b, 1);
    away.epochs = 3;
    const struct {
        uint64_t sequence;
        const struct assay_action *action;
        enum assay_status expected;
    } cases[] = { { 0, &away, ASSAY_OK },
                  { 1, &rest, ASSAY_OK },
                  { 0, &rest, ASSAY_E_SYNTAX },
                  { 1, &away, ASSAY_E_SYNTAX } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct assay_change head = change_head_of(b, cases[i].sequence, 3);
        struct assay_writer w = assay_writer_over(body, sizeof body);
        cr_assert_eq(assay_change_encode(&head, cases[i].action, 1, &w), ASSAY_OK);
        cr_assert_eq(assay_change_decode(assay_slice_over(body, w.len), &change), cases[i].expected,
                     "case %zu", i);
    }
    const struct assay_change head = change_head_of(b, 1, 3);
    struct assay_writer w = assay_writer_over(body, sizeof body);
    cr_assert_eq(assay_change_encode(&head, &rest, 0, &w), ASSAY_E_RANGE);
    cr_assert_str_eq(assay_action_name(ASSAY_ACTION_WAKE), "wake");
    cr_assert_str_eq(assay_action_name((enum assay_action_kind)99), "unknown");
    change_drop(b);
}
