/*
 * tests/unit/host/test_recovery.c - answers to a fence, held together: which head, and what may be
 * undone (docs/protocol.md 9.14).
 */
#include "host/recovery.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t fence_id[32] = { 0xfe };

enum { MEMBERS = 6, EPOCH = 9, WEIGHT = 100, HEIGHT = 40 };

struct bench {
    struct assay_state state;
    uint8_t memory[MEMBERS * (sizeof(struct assay_member) + sizeof(int64_t)) + 64];
    struct assay_p256_signer *signers[MEMBERS];
    struct assay_recovery r;
    struct assay_answer_file answers[MEMBERS];
    uint8_t certificates[MEMBERS][ASSAY_CERTIFICATE_LEN_MAX];
};

static struct bench *make(void)
{
    struct bench *b = aligned_alloc(64, (sizeof *b + 63) / 64 * 64);
    memset(b, 0, sizeof *b);
    assay_state_init(&b->state, b->memory, MEMBERS);
    b->state.epoch = EPOCH - 1;
    b->state.head_height = HEIGHT;
    memset(b->state.chain_id, 7, 32);
    memset(b->state.head_id, 0x40, 32);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        struct assay_member *m = &b->state.members[i];
        struct assay_secret32 key = { { 0 } };
        memset(m, 0, sizeof *m);
        key.bytes[31] = (uint8_t)(i + 1);
        cr_assert_eq(assay_p256_public(&key, m->lives[0].voting_public), ASSAY_OK);
        cr_assert_eq(assay_p256_signer_load(&key, &b->signers[i]), ASSAY_OK);
        memset(m->node_id, (int)(0xf0 - i), 32); /* slots are not in the order of ids here */
        m->life_count = 1;
        m->weight = m->seat_weight = WEIGHT;
    }
    cr_assert_eq(assay_recovery_init(&b->r, &b->state, fence_id), ASSAY_OK);
    return b;
}

static void drop(struct bench *b)
{
    assay_recovery_free(&b->r);
    for (uint32_t i = 0; i < MEMBERS; i++)
        assay_p256_signer_free(&b->signers[i]);
    free(b);
}

/* On the EPOCH block of the epoch before. */
static struct assay_answer_body *says(struct bench *b, uint32_t slot)
{
    struct assay_answer_file *f = &b->answers[slot];
    memset(f, 0, sizeof *f);
    assay_bytes_copy(f->about.node_id, 32, b->state.members[slot].node_id, 32);
    assay_bytes_copy(f->about.fence_digest, 32, fence_id, 32);
    memset(f->digest, (int)slot, 32);
    cr_assert_eq(assay_p256_sign(b->signers[slot], f->digest, f->voted), ASSAY_OK);
    assay_bytes_copy(f->about.chain_id, 32, b->state.chain_id, 32);
    assay_bytes_copy(f->about.id, 32, b->state.head_id, 32);
    f->about.epoch = EPOCH;
    f->about.height = HEIGHT;
    f->about.whole = true;
    return &f->about;
}

static enum assay_status add(struct bench *b, uint32_t slot)
{
    const char *why = NULL;
    const enum assay_status status = assay_recovery_add(&b->r, &b->answers[slot], &why);
    cr_expect_eq(status == ASSAY_OK, why[0] == '\0', "%s", why);
    return status;
}

/* F for block `mark` in a view, by the first so many. */
static void certify(struct bench *b, uint32_t slot, uint64_t view, uint8_t mark, uint32_t voters,
                    const struct assay_vote_statement *change)
{
    struct assay_vote_statement st = { .epoch = EPOCH,
                                       .view = view,
                                       .type = ASSAY_VOTE_FINALISE };
    uint8_t digest[32], bitmap[1] = { 0 }, signatures[MEMBERS][64];
    assay_bytes_copy(st.chain_id, 32, b->state.chain_id, 32);
    memset(st.block_id, mark, 32);
    if (change != NULL) {
        st.era = change->era;
        st.epoch = change->epoch;
        st.type = change->type;
    }
    assay_vote_statement_digest(&st, digest);
    for (uint32_t i = 0; i < voters; i++) {
        bitmap[0] |= (uint8_t)(0x80 >> i);
        cr_assert_eq(assay_p256_sign(b->signers[i], digest, signatures[i]), ASSAY_OK);
    }
    struct assay_writer w =
        assay_writer_over(b->certificates[slot], sizeof b->certificates[slot]);
    struct assay_vote_certificate read;
    assay_certificate_encode(&st, assay_slice_over(bitmap, 1),
                             assay_slice_over(signatures, (size_t)voters * 64), &w);
    b->answers[slot].about.certificate = assay_slice_over(w.bytes, w.len);
    if (assay_certificate_decode(b->answers[slot].about.certificate, MEMBERS, &read) == ASSAY_OK)
        return;
    bitmap[0] = (uint8_t)((1u << voters) - 1); /* bits from the other end */
    w = assay_writer_over(b->certificates[slot], sizeof b->certificates[slot]);
    assay_certificate_encode(&st, assay_slice_over(bitmap, 1),
                             assay_slice_over(signatures, (size_t)voters * 64), &w);
    b->answers[slot].about.certificate = assay_slice_over(w.bytes, w.len);
    cr_assert_eq(assay_certificate_decode(b->answers[slot].about.certificate, MEMBERS, &read),
                 ASSAY_OK);
}

static void on_block(struct bench *b, uint32_t slot, uint64_t view, uint8_t mark)
{
    struct assay_answer_body *a = says(b, slot);
    a->view = view;
    a->height = HEIGHT + view;
    memset(a->id, mark, 32);
    certify(b, slot, view, mark, 5, NULL);
}

static void shows(struct bench *b, uint32_t slot, uint64_t view, uint8_t mark)
{
    struct assay_answer_body *a = &b->answers[slot].about;
    struct assay_answer_vote *v = &a->votes[a->vote_count++];
    *v = (struct assay_answer_vote){ .view = view, .height = HEIGHT + view };
    memset(v->id, mark, 32);
}

Test(recovery, takes_the_highest_head_that_is_proven)
{
    struct bench *b = make();
    (void)says(b, 0);
    on_block(b, 1, 2, 0x42);
    on_block(b, 2, 1, 0x41);
    for (uint32_t i = 0; i < 3; i++)
        cr_assert_eq(add(b, i), ASSAY_OK);
    cr_assert_eq(assay_recovery_evaluate(&b->r), ASSAY_OK);
    cr_expect_eq(b->r.head, 1);
    cr_expect_eq(b->r.answered_weight, 3 * WEIGHT);
    cr_expect_eq(b->r.unknown_weight, 3 * WEIGHT);
    drop(b);
}

/* docs/protocol.md 9.6.8: the key in force is that of the state, not the one of the node id. */
Test(recovery, an_answer_is_signed_by_the_identity_key_in_force)
{
    struct bench *b = make();
    const char *why = NULL;
    (void)says(b, 2);
    memset(b->state.members[2].identity_public, 0x77, ASSAY_P256_PUBLIC_LEN);
    cr_expect_eq(assay_recovery_add(&b->r, &b->answers[2], &why), ASSAY_E_SIGNATURE);
    cr_expect_not(b->r.answers[2].given);
    memset(b->answers[2].identity_public, 0x77, ASSAY_P256_PUBLIC_LEN);
    cr_expect_eq(add(b, 2), ASSAY_OK);
    drop(b);
}

Test(recovery, does_without_answers_of_more_than_a_third_nothing)
{
    struct bench *b = make();
    (void)says(b, 0);
    cr_expect_eq(assay_recovery_evaluate(&b->r), ASSAY_E_SIGNATURE, "nobody has answered");
    cr_assert_eq(add(b, 0), ASSAY_OK);
    (void)says(b, 5);
    cr_assert_eq(add(b, 5), ASSAY_OK);
    cr_expect_eq(assay_recovery_evaluate(&b->r), ASSAY_E_SIGNATURE, "a third exactly");
    (void)says(b, 3);
    cr_assert_eq(add(b, 3), ASSAY_OK);
    cr_expect_eq(assay_recovery_evaluate(&b->r), ASSAY_OK);
    drop(b);
}

/* It keeps its weight, and is chosen never: one member that lies cannot stop the others. */
static void expect_unproven(struct bench *b, const char *what)
{
    cr_assert_eq(add(b, 0), ASSAY_OK);
    cr_expect_not(b->r.answers[0].proven, "%s", what);
    b->r.answers[0].given = false;
}

Test(recovery, trusts_no_head_without_its_certificate)
{
    struct bench *b = make();
    on_block(b, 0, 2, 0x42);
    b->answers[0].about.certificate = (struct assay_slice){ 0 };
    expect_unproven(b, "no certificate");
    certify(b, 0, 2, 0x42, 4, NULL);
    expect_unproven(b, "two thirds exactly are no quorum");
    certify(b, 0, 2, 0x43, 5, NULL);
    expect_unproven(b, "of another block");
    certify(b, 0, 1, 0x42, 5, NULL);
    expect_unproven(b, "of a view below");
    const struct assay_vote_statement other[] = {
        { .epoch = EPOCH - 1, .type = ASSAY_VOTE_FINALISE },
        { .epoch = EPOCH, .era = 1, .type = ASSAY_VOTE_FINALISE },
        { .epoch = EPOCH, .type = ASSAY_VOTE_NOTARISE },
    };
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        certify(b, 0, 2, 0x42, 5, &other[i]);
        expect_unproven(b, "of another epoch, era or kind");
    }
    certify(b, 0, 2, 0x42, 5, NULL);
    b->certificates[0][b->answers[0].about.certificate.len - 1] ^= 1;
    expect_unproven(b, "a signature is wrong");
    certify(b, 0, 2, 0x42, 5, NULL);
    cr_expect_eq(add(b, 0), ASSAY_OK);
    cr_expect(b->r.answers[0].proven);
    struct assay_answer_body *a = says(b, 1);
    a->height++;
    cr_expect_eq(add(b, 1), ASSAY_OK);
    cr_expect_not(b->r.answers[1].proven, "not the end of the epoch before");
    drop(b);
}

/* S9: one member answers with a height that nobody can check, of this epoch or of another. */
Test(recovery, goes_on_where_one_member_lies_about_its_head)
{
    for (uint64_t epoch = EPOCH - 1; epoch <= EPOCH + 1; epoch++) {
        struct bench *b = make();
        for (uint32_t i = 0; i < 5; i++) {
            on_block(b, i, 1, 0x41);
            cr_assert_eq(add(b, i), ASSAY_OK);
        }
        struct assay_answer_body *a = says(b, 5);
        a->epoch = epoch;
        a->height = 1000000000000;
        a->view = epoch == EPOCH ? 7 : 0;
        cr_assert_eq(add(b, 5), ASSAY_OK);
        cr_assert_eq(assay_recovery_evaluate(&b->r), ASSAY_OK);
        cr_expect_neq(b->r.head, 5);
        cr_expect_eq(b->r.answers[b->r.head].height, HEIGHT + 1);
        cr_expect_eq(b->r.answered_weight, 6 * WEIGHT, "it keeps its weight");
        cr_expect_eq(b->r.unknown_weight, WEIGHT, "and what it signed is not known");
        drop(b);
    }
}

/* The final certificate of the newest view is public: it proves the block that it names, and no
 * head that an answer puts below it. The answer that lies is the first, and so chosen first. */
Test(recovery, a_later_certificate_proves_no_head_below_it)
{
    for (uint32_t kind = 0; kind < 2; kind++) {
        struct bench *b = make();
        for (uint32_t i = 0; i < MEMBERS; i++)
            on_block(b, i, 9, 0x49);
        struct assay_answer_body *a = &b->answers[0].about;
        a->view = 8;
        a->height = kind == 0 ? 1000000000000 : HEIGHT + 9;
        memset(a->id, 0x66, 32);
        for (uint32_t i = 0; i < MEMBERS; i++)
            cr_assert_eq(add(b, i), ASSAY_OK);
        cr_assert_eq(assay_recovery_evaluate(&b->r), ASSAY_OK, "kind %u", kind);
        cr_expect_not(b->r.answers[0].proven);
        cr_expect_eq(b->r.head, 1);
        cr_expect_eq(b->r.answers[b->r.head].height, HEIGHT + 9);
        cr_expect_eq(b->r.unknown_weight, kind == 0 ? WEIGHT : 0);
        cr_expect_not(assay_recovery_in_doubt(&b->r));
        drop(b);
    }
}

/* A certificate signs a view and an id, no height: an older final block is not the head, whatever
 * height its answer claims, and no second history. */
Test(recovery, an_older_certificate_proves_no_height)
{
    uint8_t id[32];
    memset(id, 0x49, 32);
    for (uint32_t kind = 0; kind < 2; kind++) {
        struct bench *b = make();
        assay_recovery_set_own_head(&b->r, HEIGHT + 9, 9, id);
        for (uint32_t i = 0; i < MEMBERS; i++)
            on_block(b, i, i == 0 ? 3 : 9, i == 0 ? 0x43 : 0x49);
        b->answers[0].about.height = kind == 0 ? 1000000000000 : HEIGHT + 9;
        for (uint32_t i = 0; i < MEMBERS; i++)
            cr_assert_eq(add(b, i), ASSAY_OK);
        cr_assert_eq(assay_recovery_evaluate(&b->r), ASSAY_OK, "kind %u", kind);
        cr_expect_eq(b->r.head, 1);
        cr_expect_eq(b->r.answers[b->r.head].height, HEIGHT + 9);
        drop(b);
    }
}

/* The id alone is no proof either: height and view are those of the drafting node's chain. */
Test(recovery, a_head_has_the_height_and_view_of_the_own_chain)
{
    uint8_t id[32];
    memset(id, 0x49, 32);
    for (uint32_t kind = 0; kind < 2; kind++) {
        struct bench *b = make();
        assay_recovery_set_own_head(&b->r, HEIGHT + 9, 9, id);
        for (uint32_t i = 0; i < MEMBERS; i++)
            on_block(b, i, 9, 0x49);
        if (kind == 0) b->answers[0].about.height = 1000000000000;
        else b->answers[0].about.view = 8;
        for (uint32_t i = 0; i < MEMBERS; i++)
            cr_assert_eq(add(b, i), ASSAY_OK);
        cr_assert_eq(assay_recovery_evaluate(&b->r), ASSAY_OK);
        cr_expect_not(b->r.answers[0].proven, "kind %u", kind);
        cr_expect_eq(b->r.head, 1);
        cr_expect_not(assay_recovery_in_doubt(&b->r), "kind %u", kind);
        drop(b);
    }
}

/* An honest member may have a certificate of a block that it lacks, and none of its own head: the
 * drafting node's chain, or the answer of another member, proves the head. */
Test(recovery, an_honest_head_below_a_later_certificate_is_chosen)
{
    uint8_t id[32];
    memset(id, 0x41, 32);
    for (uint32_t kind = 0; kind < 3; kind++) {
        struct bench *b = make();
        if (kind == 1) assay_recovery_set_own_head(&b->r, HEIGHT + 1, 1, id);
        for (uint32_t i = 0; i < MEMBERS; i++) {
            on_block(b, i, 1, 0x41);
            if (kind != 2 || i < 5) certify(b, i, 6, 0x46, 5, NULL);
            cr_assert_eq(add(b, i), ASSAY_OK);
        }
        cr_expect_eq(assay_recovery_evaluate(&b->r), kind == 0 ? ASSAY_E_NOT_FOUND : ASSAY_OK,
                     "kind %u", kind);
        for (uint32_t i = 0; i < MEMBERS; i++)
            cr_expect_eq(b->r.answers[i].proven, kind != 0, "kind %u, %u", kind, i);
        cr_expect_eq(b->r.head, 0);
        if (kind != 0) cr_expect(assay_recovery_in_doubt(&b->r), "the later block is final");
        drop(b);
    }
}

Test(recovery, takes_answers_of_this_era_by_members_and_one_of_each)
{
    struct bench *b = make();
    says(b, 0)->era = 1;
    cr_expect_eq(add(b, 0), ASSAY_E_CHAIN);
    says(b, 0)->chain_id[0] ^= 1;
    cr_expect_eq(add(b, 0), ASSAY_E_CHAIN);
    says(b, 0)->fence_digest[7] ^= 1;
    cr_expect_eq(add(b, 0), ASSAY_E_INVALID, "to another fence");
    says(b, 0)->node_id[0] ^= 1;
    cr_expect_eq(add(b, 0), ASSAY_E_STRANGER);
    (void)says(b, 0);
    b->answers[0].voted[9] ^= 1;
    cr_expect_eq(add(b, 0), ASSAY_E_SIGNATURE, "not by the listed voting key");
    (void)says(b, 0);
    cr_expect_eq(add(b, 0), ASSAY_OK);
    cr_expect_eq(add(b, 0), ASSAY_E_DUPLICATE);
    drop(b);
}

/* A lost store has only the keys that wait: they can be listed, and weigh nothing. */
Test(recovery, an_answer_by_waiting_keys_alone_weighs_nothing)
{
    struct bench *b = make();
    for (uint32_t i = 0; i < 4; i++) {
        struct assay_answer_body *a = says(b, i);
        a->has_keys = i < 2;
        assay_bytes_copy(a->keys.node_id, 32, b->state.members[i].node_id, 32);
        if (i < 2) { /* signed by another key than the listed one */
            assay_bytes_copy(a->keys.voting_public, 64,
                             b->state.members[5].lives[0].voting_public, 64);
            cr_assert_eq(assay_p256_sign(b->signers[5], b->answers[i].digest,
                                         b->answers[i].voted),
                         ASSAY_OK);
        }
        cr_assert_eq(add(b, i), ASSAY_OK);
    }
    cr_expect_eq(assay_recovery_evaluate(&b->r), ASSAY_E_SIGNATURE, "two of six");
    cr_expect_eq(b->r.answered_weight, 2 * WEIGHT);
    cr_expect_eq(b->r.key_count, 2);
    drop(b);
}

Test(recovery, stops_where_two_final_blocks_have_one_height)
{
    struct bench *b = make();
    on_block(b, 0, 2, 0x42);
    on_block(b, 1, 2, 0x43);
    (void)says(b, 2);
    for (uint32_t i = 0; i < 3; i++)
        cr_assert_eq(add(b, i), ASSAY_OK);
    cr_expect_eq(assay_recovery_evaluate(&b->r), ASSAY_E_INVALID);
    drop(b);
}

/* Four of six are no quorum: shown F and what is unknown together must be five. */
Test(recovery, tells_what_may_be_final_above_the_head)
{
    for (uint32_t shown = 0; shown <= 4; shown++) {
        struct bench *b = make();
        for (uint32_t i = 0; i < 4; i++) {
            on_block(b, i, 1, 0x41);
            if (i < shown) shows(b, i, 3, 0x43);
            cr_assert_eq(add(b, i), ASSAY_OK);
        }
        cr_assert_eq(assay_recovery_evaluate(&b->r), ASSAY_OK);
        cr_expect_eq(b->r.unknown_weight, 2 * WEIGHT);
        cr_expect_eq(b->r.shown_count, shown > 0);
        if (shown > 0) cr_expect_eq(b->r.shown[0].weight, shown * WEIGHT);
        cr_expect_eq(assay_recovery_in_doubt(&b->r), shown >= 3, "F of %u", shown);
        if (shown > 0)
            cr_expect_eq(assay_recovery_may_be_final(&b->r, &b->r.shown[0]), shown >= 3);
        /* A quorum of 600 are 401. */
        cr_expect_eq(assay_recovery_margin(&b->r), shown >= 3 ? 0 : 201 - shown * WEIGHT);
        drop(b);
    }
}

/* Less than a third may hide what it signed, in an answer that says to be whole: with F that others
 * show, and those of silent members, a block may be final. Nothing certain undoes it. */
Test(recovery, is_certain_only_where_no_third_can_have_lied)
{
    for (uint32_t shown = 0; shown <= 1; shown++) {
        for (uint32_t answered = 4; answered <= MEMBERS; answered++) {
            struct bench *b = make();
            for (uint32_t i = 0; i < answered; i++) {
                on_block(b, i, 1, 0x41);
                if (i < shown) shows(b, i, 3, 0x43);
                cr_assert_eq(add(b, i), ASSAY_OK);
            }
            cr_assert_eq(assay_recovery_evaluate(&b->r), ASSAY_OK);
            /* By hand: most that lie are one of six, a quorum are five. */
            const bool may = shown + (MEMBERS - answered) + 1 >= 5;
            const bool certain = assay_recovery_is_certain(&b->r);
            cr_expect_eq(certain, answered >= 5 && !may, "%u answer, %u show", answered, shown);
            drop(b);
        }
    }
    struct bench *b = make();
    for (uint32_t i = 0; i < 5; i++) {
        on_block(b, i, 1, 0x41);
        if (i < 3) shows(b, i, 3, 0x43);
        cr_assert_eq(add(b, i), ASSAY_OK);
    }
    cr_assert_eq(assay_recovery_evaluate(&b->r), ASSAY_OK);
    cr_expect_not(assay_recovery_is_certain(&b->r), "three show, one is silent, one may lie");
    cr_expect_not(assay_recovery_in_doubt(&b->r), "unless one lies");
    drop(b);
}

/* Whose log is not whole may have signed anything; and what lies below the head is no doubt. */
Test(recovery, counts_a_log_that_is_not_whole_as_unknown)
{
    struct bench *b = make();
    for (uint32_t i = 0; i < 6; i++) {
        on_block(b, i, 5, 0x45);
        b->answers[i].about.whole = i >= 4;
    }
    certify(b, 0, 1, 0x41, 5, NULL);
    b->answers[0].about.view = 1; /* it is behind, and shows F that the head has passed */
    b->answers[0].about.height = HEIGHT + 1;
    memset(b->answers[0].about.id, 0x41, 32);
    shows(b, 0, 4, 0x44);
    for (uint32_t i = 0; i < 6; i++)
        cr_assert_eq(add(b, i), ASSAY_OK);
    cr_assert_eq(assay_recovery_evaluate(&b->r), ASSAY_OK);
    cr_expect_eq(b->r.unknown_weight, 4 * WEIGHT);
    cr_expect_not(assay_recovery_in_doubt(&b->r), "four of six are no quorum");
    cr_expect_eq(b->r.shown_count, 0, "the head is above it");
    b->r.answers[4].whole = false;
    cr_assert_eq(assay_recovery_evaluate(&b->r), ASSAY_OK);
    cr_expect(assay_recovery_in_doubt(&b->r), "five are");
    drop(b);
}

/* One of six shows F for so many blocks that nobody else knows, in whatever order its answer comes:
 * it adds its own weight to each of them, and hides nothing that others show. */
static void expect_invented(uint32_t votes, uint32_t shift)
{
    struct bench *b = make();
    for (uint32_t i = 0; i < MEMBERS; i++)
        on_block(b, i, 2, 0x42);
    for (uint32_t i = 0; i < votes; i++)
        shows(b, 5, 3 + i, (uint8_t)(0x80 + i % 100));
    for (uint32_t i = 0; i < 2; i++)
        shows(b, i, 400, 0x99);
    for (uint32_t i = 0; i < MEMBERS; i++)
        cr_assert_eq(add(b, (i + shift) % MEMBERS), ASSAY_OK);
    cr_assert_eq(assay_recovery_evaluate(&b->r), ASSAY_OK);
    cr_expect_eq(assay_recovery_margin(&b->r), 401 - 2 * WEIGHT, "%u F, %u", votes, shift);
    cr_expect(assay_recovery_is_certain(&b->r), "%u F, %u", votes, shift);
    cr_expect_not(assay_recovery_in_doubt(&b->r));
    cr_expect_eq(b->r.shown_count, votes + 1 < ASSAY_RECOVERY_DOUBTS_MAX
                                       ? votes + 1
                                       : (uint32_t)ASSAY_RECOVERY_DOUBTS_MAX);
    cr_expect_eq(b->r.shown[0].view, 400, "that of more weight comes first");
    cr_expect_eq(b->r.shown[0].weight, 2 * WEIGHT);
    for (uint32_t i = 1; i < b->r.shown_count; i++) {
        cr_expect_eq(b->r.shown[i].view, 2 + i);
        cr_expect_eq(b->r.shown[i].weight, WEIGHT);
    }
    drop(b);
}

Test(recovery, one_member_adds_its_own_weight_to_the_doubt)
{
    static const uint32_t votes[] = { 0, 1, 62, 63, 64, 65, 200, ASSAY_ANSWER_VOTES_MAX };
    for (size_t i = 0; i < sizeof votes / sizeof votes[0]; i++)
        for (uint32_t shift = 0; shift < MEMBERS; shift++)
            expect_invented(votes[i], shift);
}

/* Four of six show F for one block and none of them has a whole log: their seats weigh once. */
Test(recovery, a_log_that_is_not_whole_weighs_once_with_the_f_that_it_shows)
{
    for (uint32_t liars = 0; liars < 2; liars++) {
        struct bench *b = make();
        for (uint32_t i = 0; i < MEMBERS; i++) {
            on_block(b, i, 1, 0x41);
            b->answers[i].about.whole = i >= 4;
            if (i < 4) shows(b, i, 3, 0x43);
        }
        if (liars > 0) { /* its head is not proven, and above */
            b->answers[0].about.height += 9;
            b->answers[0].about.whole = true;
        }
        for (uint32_t i = 0; i < MEMBERS; i++)
            cr_assert_eq(add(b, i), ASSAY_OK);
        b->r.answers[0].proven = b->r.answers[0].proven && liars == 0;
        cr_assert_eq(assay_recovery_evaluate(&b->r), ASSAY_OK);
        cr_expect_eq(b->r.unknown_weight, 4 * WEIGHT);
        cr_expect_eq(b->r.shown[0].weight, 4 * WEIGHT);
        cr_expect_eq(b->r.shown[0].most, 4 * WEIGHT);
        cr_expect_not(assay_recovery_may_be_final(&b->r, &b->r.shown[0]), "four are no quorum");
        cr_expect_eq(assay_recovery_margin(&b->r), 1);
        drop(b);
    }
}

/* Two blocks of one view, of which one has a certificate in two answers and F in a third. */
Test(recovery, a_certificate_weighs_once_beside_other_blocks_of_its_view)
{
    struct bench *b = make();
    for (uint32_t i = 0; i < MEMBERS; i++)
        on_block(b, i, 1, 0x41);
    certify(b, 1, 6, 0x46, 5, NULL);
    certify(b, 4, 6, 0x46, 5, NULL);
    shows(b, 2, 6, 0x46);
    shows(b, 0, 6, 0x47);
    shows(b, 3, 6, 0x47);
    for (uint32_t i = 0; i < MEMBERS; i++)
        cr_assert_eq(add(b, i), ASSAY_OK);
    cr_assert_eq(assay_recovery_evaluate(&b->r), ASSAY_OK);
    cr_assert_eq(b->r.shown_count, 2);
    cr_expect_eq(b->r.shown[0].id[0], 0x46);
    cr_expect_eq(b->r.shown[0].height, HEIGHT + 6);
    cr_expect_eq(b->r.shown[0].weight, MEMBERS * WEIGHT);
    cr_expect(assay_recovery_may_be_final(&b->r, &b->r.shown[0]));
    cr_expect_eq(b->r.shown[1].weight, 2 * WEIGHT);
    cr_expect_not(assay_recovery_may_be_final(&b->r, &b->r.shown[1]));
    drop(b);
}

/* A certificate above the own head: the block is final, though nobody who answers holds it. */
Test(recovery, knows_that_a_certified_block_is_final)
{
    struct bench *b = make();
    for (uint32_t i = 0; i < 6; i++)
        on_block(b, i, 1, 0x41);
    certify(b, 2, 6, 0x46, 5, NULL);
    for (uint32_t i = 0; i < 6; i++)
        cr_assert_eq(add(b, i), ASSAY_OK);
    cr_assert_eq(assay_recovery_evaluate(&b->r), ASSAY_OK);
    cr_expect_eq(b->r.unknown_weight, 0);
    cr_expect(assay_recovery_in_doubt(&b->r));
    drop(b);
}

/* One answer alone must not put a head in doubt: what nobody signed shows nothing. */
Test(recovery, a_certificate_that_does_not_verify_shows_nothing)
{
    const struct assay_vote_statement old = { .epoch = EPOCH - 1, .type = ASSAY_VOTE_FINALISE };
    for (uint32_t kind = 0; kind < 3; kind++) {
        struct bench *b = make();
        for (uint32_t i = 0; i < 6; i++)
            (void)says(b, i);
        certify(b, 2, 6, 0x46, kind == 0 ? 1 : 5, kind == 1 ? &old : NULL);
        if (kind == 2) b->certificates[2][b->answers[2].about.certificate.len - 1] ^= 1;
        for (uint32_t i = 0; i < 6; i++)
            cr_assert_eq(add(b, i), ASSAY_OK);
        cr_assert_eq(assay_recovery_evaluate(&b->r), ASSAY_OK);
        cr_expect_not(assay_recovery_in_doubt(&b->r), "kind %u", kind);
        cr_expect(assay_recovery_is_certain(&b->r), "kind %u", kind);
        drop(b);
    }
}

Test(recovery, lists_new_key_sets_by_node_id)
{
    struct bench *b = make();
    for (uint32_t i = 0; i < 4; i++) {
        struct assay_answer_body *a = says(b, i);
        a->has_keys = i != 2;
        assay_bytes_copy(a->keys.node_id, 32, b->state.members[i].node_id, 32);
        cr_assert_eq(add(b, i), ASSAY_OK);
    }
    cr_assert_eq(assay_recovery_evaluate(&b->r), ASSAY_OK);
    cr_assert_eq(b->r.key_count, 3);
    for (uint32_t i = 1; i < 3; i++)
        cr_expect_lt(assay_bytes_compare(b->r.listed[i - 1].node_id, b->r.listed[i].node_id, 32),
                     0);
    drop(b);
}

/* docs/protocol.md 9.16.6: the node that drafts may be the only one whose date is so. */
Test(recovery, no_operator_signs_a_time_to_come)
{
    const uint64_t date_ms = 1700000000000, most = 10 * 60 * 1000;
    cr_expect_not(assay_recovery_is_too_early(date_ms, date_ms));
    cr_expect_not(assay_recovery_is_too_early(date_ms - 30 * most, date_ms), "old is none of this");
    cr_expect_not(assay_recovery_is_too_early(date_ms + most, date_ms));
    cr_expect(assay_recovery_is_too_early(date_ms + most + 1, date_ms));
    cr_expect(assay_recovery_is_too_early(UINT64_MAX, date_ms));
}
