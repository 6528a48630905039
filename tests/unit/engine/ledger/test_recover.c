/*
 * tests/unit/engine/ledger/test_recover.c - FENCE, ANSWER and RECOVER: what is one, who may say it,
 * and what it makes of a state (docs/protocol.md 9.11 to 9.15).
 */
#include "engine/ledger/proofs/checkpoint.h"
#include "engine/ledger/records/recover.h"
#include "engine/ledger/state/roster_digest.h"
#include "tests/unit/engine/change_bench.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { LATER_MS = 5000, NEW_KEYS = 50 };

/* --- signatures of operators over any digest */

struct approvers {
    uint8_t ids[CHANGE_OPERATORS][32];
    uint8_t signatures[CHANGE_OPERATORS][64];
    uint32_t count;
};

static void approve(struct change_bench *b, const uint8_t digest[static 32], unsigned signers,
                    struct approvers *a)
{
    a->count = 0;
    for (uint32_t i = 0; i < CHANGE_OPERATORS; i++) {
        if ((signers >> i & 1) == 0) continue;
        uint32_t at = a->count++;
        const uint8_t *id = b->genesis.operators[i].operator_id;
        for (; at > 0 && assay_bytes_compare(id, a->ids[at - 1], 32) < 0; at--) {
            assay_bytes_copy(a->ids[at], 32, a->ids[at - 1], 32);
            assay_bytes_copy(a->signatures[at], 64, a->signatures[at - 1], 64);
        }
        assay_bytes_copy(a->ids[at], 32, id, 32);
        cr_assert_eq(assay_p256_sign(b->signers[i], digest, a->signatures[at]), ASSAY_OK);
    }
}

/* --- what is drafted on the bench */

struct drafted {
    uint8_t change[2048], body[8192], header[ASSAY_BLOCK_HEADER_LEN_MAX], bytes[32768];
    uint8_t grounds[8192];
    size_t change_len, body_len, header_len, grounds_len, len;
    struct assay_recover recover;
};

static void draft_change(struct change_bench *b, const struct assay_action *actions, uint32_t count,
                         struct drafted *d)
{
    struct assay_change head = change_head_of(b, b->state.change_sequence + 1,
                                              b->state.epoch + 2);
    uint8_t bytes[1024];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    d->change_len = 0;
    if (count == 0) return;
    head.era = b->state.era + 1;
    cr_assert_eq(assay_change_encode(&head, actions, count, &w), ASSAY_OK);
    struct assay_writer r = assay_writer_over(d->change, sizeof d->change);
    cr_assert_eq(assay_record_put_change(&r, assay_slice_over(bytes, w.len), NULL, NULL, 0),
                 ASSAY_OK);
    d->change_len = r.len;
}

/* Key sets as a node makes them whose store is lost. */
static void new_keys(const struct change_bench *b, uint32_t slot, uint8_t number,
                     struct assay_recover_keys *k)
{
    struct assay_secret32 voting, identity;
    struct assay_p256_signer *signer = NULL;
    uint8_t digest[32];
    uint8_t owner = 0;
    for (uint8_t i = 0; i < CHANGE_MEMBERS; i++) { /* whose identity stands in this slot */
        uint8_t public[64];
        change_secret(i, 1, &identity);
        cr_assert_eq(assay_p256_public(&identity, public), ASSAY_OK);
        if (assay_bytes_equal(public, b->state.members[slot].identity_public, 64)) owner = i;
    }
    *k = (struct assay_recover_keys){ 0 };
    assay_bytes_copy(k->node_id, 32, b->state.members[slot].node_id, 32);
    change_secret(number, 2, &voting);
    change_secret(owner, 1, &identity);
    cr_assert_eq(assay_p256_public(&voting, k->voting_public), ASSAY_OK);
    memset(k->transport_public, number, 32);
    assay_recover_keys_digest(b->state.chain_id, b->state.era, k, digest);
    cr_assert_eq(assay_p256_signer_load(&identity, &signer), ASSAY_OK);
    cr_assert_eq(assay_p256_sign(signer, digest, k->identified), ASSAY_OK);
    assay_p256_signer_free(&signer);
    cr_assert_eq(assay_p256_signer_load(&voting, &signer), ASSAY_OK);
    cr_assert_eq(assay_p256_sign(signer, digest, k->possessed), ASSAY_OK);
    assay_p256_signer_free(&signer);
}

static void put_header(struct drafted *d, const struct assay_block_header *header)
{
    struct assay_writer w = assay_writer_over(d->header, sizeof d->header);
    assay_block_header_encode(header, &w);
    d->header_len = w.len;
}

static enum assay_status finish(struct change_bench *b, struct drafted *d, unsigned signers)
{
    struct approvers a;
    uint8_t id[32];
    const struct assay_slice header = assay_slice_over(d->header, d->header_len);
    assay_block_id(header, id);
    approve(b, id, signers, &a);
    struct assay_writer w = assay_writer_over(d->bytes, sizeof d->bytes);
    cr_assert_eq(assay_recover_encode(header, assay_slice_over(d->body, d->body_len),
                                      assay_slice_over(d->grounds, d->grounds_len),
                                      b->context.operators, (const uint8_t(*)[32])a.ids,
                                      (const uint8_t(*)[64])a.signatures, a.count, &w),
                 ASSAY_OK);
    d->len = w.len;
    return assay_recover_decode(assay_slice_over(d->bytes, d->len), &d->recover);
}

static struct drafted *draft(struct change_bench *b, const struct assay_action *actions,
                             uint32_t action_count, const struct assay_recover_keys *keys,
                             uint32_t key_count)
{
    struct drafted *d = calloc(1, sizeof *d);
    struct assay_block_header header;
    cr_assert_not_null(d);
    draft_change(b, actions, action_count, d);
    struct assay_writer w = assay_writer_over(d->body, sizeof d->body);
    cr_assert_eq(assay_recover_body_encode(assay_slice_over(d->change, d->change_len), keys,
                                           key_count, &w),
                 ASSAY_OK);
    d->body_len = w.len;
    struct assay_writer g = assay_writer_over(d->grounds, sizeof d->grounds);
    cr_assert_eq(assay_recover_grounds_encode((struct assay_slice){ 0 }, NULL, 0, &g), ASSAY_OK);
    d->grounds_len = g.len;
    assay_recover_header(&b->state, &b->ledger, assay_slice_over(d->body, d->body_len),
                         assay_slice_over(d->grounds, d->grounds_len),
                         b->ledger.time_ms + LATER_MS, &header);
    put_header(d, &header);
    cr_assert_eq(finish(b, d, 7), ASSAY_OK);
    return d;
}

static enum assay_status onto(struct change_bench *b, const struct drafted *d,
                              struct assay_fault *fault)
{
    return assay_recover_apply(&b->context, &b->ledger, &d->recover, fault);
}

/* The new era begins. */
static void take(struct change_bench *b, const struct drafted *d)
{
    struct assay_fault fault;
    cr_assert_eq(onto(b, d, &fault), ASSAY_OK, "%s", fault.what);
    assay_close(&b->context, &b->ledger, &b->rules, d->recover.header.view, &b->close, &b->next,
                &b->tolerance);
    b->ledger.recover = NULL;
    assay_state_check(&b->next);
}

/* --- what is one */

static void every_cut(struct assay_slice whole, enum assay_status (*read)(struct assay_slice))
{
    for (size_t len = 0; len < whole.len; len++) {
        uint8_t *cut = malloc(len + (len == 0));
        if (len > 0) assay_bytes_copy(cut, len, whole.bytes, len);
        cr_expect_neq(read(assay_slice_over(cut, len)), ASSAY_OK, "cut to %zu", len);
        free(cut);
    }
    uint8_t *longer = calloc(1, whole.len + 1);
    assay_bytes_copy(longer, whole.len, whole.bytes, whole.len);
    cr_expect_neq(read(assay_slice_over(longer, whole.len + 1)), ASSAY_OK);
    for (size_t i = 0; i < whole.len * 8; i++) { /* never a crash */
        longer[i / 8] ^= (uint8_t)(1 << i % 8);
        (void)read(assay_slice_over(longer, whole.len));
        longer[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    free(longer);
}

static enum assay_status read_fence(struct assay_slice bytes)
{
    struct assay_fence f;
    return assay_fence_decode(bytes, &f);
}

static enum assay_status read_recover(struct assay_slice bytes)
{
    struct assay_recover r;
    return assay_recover_decode(bytes, &r);
}

static size_t make_fence(struct change_bench *b, const char *reason, unsigned signers,
                         uint8_t *bytes, size_t capacity)
{
    struct approvers a;
    struct assay_fence terms = { .era = b->state.era,
                                 .reason = assay_slice_over(reason, strlen(reason)) };
    uint8_t body[1024], digest[32];
    struct assay_writer w = assay_writer_over(body, sizeof body);
    assay_bytes_copy(terms.chain_id, 32, b->state.chain_id, 32);
    assay_bytes_copy(terms.operators_digest, 32, b->state.operators_digest, 32);
    memset(terms.head_id, 0x3a, 32);
    memset(terms.nonce, 0x3b, 32);
    terms.last_epoch = 4711;
    cr_assert_eq(assay_fence_body_encode(&terms, &w), ASSAY_OK);
    assay_sha256(body, w.len, digest);
    approve(b, digest, signers, &a);
    struct assay_writer out = assay_writer_over(bytes, capacity);
    cr_assert_eq(assay_fence_encode(assay_slice_over(body, w.len), (const uint8_t(*)[32])a.ids,
                                    (const uint8_t(*)[64])a.signatures, a.count, &out),
                 ASSAY_OK);
    return out.len;
}

Test(recover, a_fence_says_which_era_ends_and_why)
{
    struct change_bench *b = change_make();
    uint8_t bytes[2048], longest[ASSAY_FENCE_REASON_MAX + 1];
    struct assay_fence f;
    const size_t len = make_fence(b, "three disks are gone", 3, bytes, sizeof bytes);
    cr_assert_eq(assay_fence_decode(assay_slice_over(bytes, len), &f), ASSAY_OK);
    cr_expect_eq(f.era, b->state.era);
    cr_expect_arr_eq(f.chain_id, b->state.chain_id, 32);
    cr_expect_arr_eq(f.operators_digest, b->state.operators_digest, 32);
    cr_expect(f.head_id[0] == 0x3a && f.nonce[31] == 0x3b);
    cr_expect_eq(f.last_epoch, 4711);
    cr_expect_eq(f.reason.len, strlen("three disks are gone"));
    cr_expect_eq(f.approval.count, 2);
    cr_expect_eq(assay_approval_check(&f.approval, b->context.operators, f.digest), ASSAY_OK);
    every_cut(assay_slice_over(bytes, len), read_fence);
    memset(longest, 'a', sizeof longest);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    f.reason = assay_slice_over(longest, sizeof longest);
    cr_expect_eq(assay_fence_body_encode(&f, &w), ASSAY_E_RANGE);
    f.reason = assay_slice_over(longest, 0);
    cr_expect_eq(assay_fence_body_encode(&f, &w), ASSAY_E_RANGE);
    change_drop(b);
}

Test(recover, only_the_threshold_of_the_operators_ends_an_era)
{
    struct change_bench *b = change_make();
    uint8_t bytes[2048], zero[32] = { 0 };
    struct assay_fence f;
    for (unsigned signers = 0; signers < 8; signers++) {
        const size_t len = make_fence(b, "x", signers, bytes, sizeof bytes);
        const unsigned count = (signers & 1) + (signers >> 1 & 1) + (signers >> 2 & 1);
        cr_assert_eq(assay_fence_decode(assay_slice_over(bytes, len), &f), ASSAY_OK);
        cr_expect_eq(assay_approval_check(&f.approval, b->context.operators, f.digest),
                     count >= 2 ? ASSAY_OK : ASSAY_E_SIGNATURE, "signers %u", signers);
        if (count >= 2)
            cr_expect_eq(assay_approval_check(&f.approval, b->context.operators, zero),
                         ASSAY_E_SIGNATURE, "over something else");
    }
    /* One who is no operator: the same signature under another id. */
    const size_t len = make_fence(b, "x", 7, bytes, sizeof bytes);
    cr_assert_eq(assay_fence_decode(assay_slice_over(bytes, len), &f), ASSAY_OK);
    bytes[(size_t)(f.approval.items.bytes - bytes) + 3 + 31] ^= 1; /* the id's last byte */
    cr_assert_eq(assay_fence_decode(assay_slice_over(bytes, len), &f), ASSAY_OK);
    cr_expect_eq(assay_approval_check(&f.approval, b->context.operators, f.digest),
                 ASSAY_E_STRANGER);
    change_drop(b);
}

/* --- ANSWER */

/* Whose identity key stands in this slot. */
static uint8_t owner_of(const struct change_bench *b, uint32_t slot)
{
    for (uint8_t i = 0; i < CHANGE_MEMBERS; i++) {
        struct assay_secret32 key;
        uint8_t public[64];
        change_secret(i, 1, &key);
        cr_assert_eq(assay_p256_public(&key, public), ASSAY_OK);
        if (assay_bytes_equal(public, b->state.members[slot].identity_public, 64)) return i;
    }
    cr_assert_fail("slot %u", slot);
    return 0;
}

static void sign_with(uint8_t number, uint8_t kind, const uint8_t digest[static 32],
                      uint8_t signature[static 64])
{
    struct assay_secret32 key;
    struct assay_p256_signer *signer = NULL;
    change_secret(number, kind, &key);
    cr_assert_eq(assay_p256_signer_load(&key, &signer), ASSAY_OK);
    cr_assert_eq(assay_p256_sign(signer, digest, signature), ASSAY_OK);
    assay_p256_signer_free(&signer);
}

/* Signed by the identity and the voting key with these numbers. */
static size_t make_answer(const struct change_bench *b, const struct assay_answer_body *body,
                          uint8_t identity, uint8_t voting, uint8_t *out, size_t capacity)
{
    uint8_t core[ASSAY_ANSWER_CORE_LEN_MAX], rest[8192], digest[32], identified[64], voted[64];
    uint8_t public[64];
    struct assay_secret32 key;
    struct assay_writer c = assay_writer_over(core, sizeof core);
    struct assay_writer r = assay_writer_over(rest, sizeof rest);
    struct assay_writer w = assay_writer_over(out, capacity);
    (void)b;
    cr_assert_eq(assay_answer_body_encode(body, &r, &c), ASSAY_OK);
    assay_sha256(core, c.len, digest);
    sign_with(identity, 1, digest, identified);
    sign_with(voting, 2, digest, voted);
    change_secret(identity, 1, &key);
    cr_assert_eq(assay_p256_public(&key, public), ASSAY_OK);
    cr_assert_eq(assay_answer_encode(assay_slice_over(core, c.len), assay_slice_over(rest, r.len),
                                     public, identified, voted, &w),
                 ASSAY_OK);
    return w.len;
}

Test(recover, an_answer_is_of_the_key_that_it_names)
{
    struct change_bench *b = change_make();
    struct assay_answer_body *body = calloc(1, sizeof *body);
    struct assay_answer_file *file = calloc(1, sizeof *file);
    uint8_t whole[8192];
    size_t len = 0;
    new_keys(b, 2, NEW_KEYS, &body->keys);
    *body = (struct assay_answer_body){ .era = 0,
                                        .epoch = 7,
                                        .height = 40,
                                        .view = 3,
                                        .time_ms = 99,
                                        .whole = true,
                                        .vote_count = 2,
                                        .has_keys = true,
                                        .keys = body->keys };
    assay_bytes_copy(body->node_id, 32, b->state.members[2].node_id, 32);
    body->votes[0] = (struct assay_answer_vote){ .view = 4, .height = 41 };
    body->votes[1] = (struct assay_answer_vote){ .view = 9, .height = 0 };
    for (uint8_t i = 0; i < CHANGE_MEMBERS; i++) { /* of slot 2, and of another */
        len = make_answer(b, body, i, NEW_KEYS, whole, sizeof whole);
        const struct assay_slice all = assay_slice_over(whole, len);
        const bool own = i == owner_of(b, 2);
        cr_expect_eq(assay_answer_decode(all, file), own ? ASSAY_OK : ASSAY_E_SIGNATURE,
                     "by the identity of another, %u", i);
        if (!own) continue;
        cr_expect_eq(file->about.vote_count, 2);
        cr_expect_eq(file->about.votes[1].view, 9);
        cr_expect(file->about.whole && file->about.has_keys);
        cr_expect_arr_eq(file->about.node_id, b->state.members[2].node_id, 32);
        cr_expect_eq(assay_recover_signed(body->keys.voting_public, file->digest, file->voted),
                     ASSAY_OK);
        for (size_t cut = 0; cut < all.len; cut++)
            cr_expect_neq(assay_answer_decode(assay_slice_over(whole, cut), file), ASSAY_OK);
        whole[len - 70] ^= 1; /* in the signature by the identity key */
        cr_expect_eq(assay_answer_decode(all, file), ASSAY_E_SIGNATURE);
    }
    /* The rest belongs to the core: another member's key set does not. */
    new_keys(b, 1, NEW_KEYS, &body->keys);
    len = make_answer(b, body, owner_of(b, 2), NEW_KEYS, whole, sizeof whole);
    cr_expect_eq(assay_answer_decode(assay_slice_over(whole, len), file), ASSAY_E_SIGNATURE,
                 "keys of another");
    /* F at or below the head, or twice in a view, is no answer. */
    new_keys(b, 2, NEW_KEYS, &body->keys);
    body->votes[1].view = 4;
    len = make_answer(b, body, owner_of(b, 2), NEW_KEYS, whole, sizeof whole);
    cr_expect_eq(assay_answer_decode(assay_slice_over(whole, len), file), ASSAY_E_ENCODING);
    free(body);
    free(file);
    change_drop(b);
}

/* --- grounds */

struct grounding {
    uint8_t fence[2048], files[CHANGE_MEMBERS][8192];
    size_t fence_len;
    uint8_t fence_digest[32];
    struct assay_answer_file decoded[CHANGE_MEMBERS];
    struct assay_answer_body body;
};

/* The answer of a slot, that says to be on this head. */
static void answers(struct change_bench *b, struct grounding *g, uint32_t slot,
                    const uint8_t fence[static 32], uint32_t voting_slot)
{
    struct assay_answer_body *body = &g->body;
    *body = (struct assay_answer_body){ .era = b->state.era,
                                        .epoch = b->state.epoch + 1,
                                        .height = b->ledger.height,
                                        .view = b->ledger.view,
                                        .time_ms = b->ledger.time_ms,
                                        .whole = true };
    assay_bytes_copy(body->chain_id, 32, b->state.chain_id, 32);
    assay_bytes_copy(body->fence_digest, 32, fence, 32);
    assay_bytes_copy(body->node_id, 32, b->state.members[slot].node_id, 32);
    assay_bytes_copy(body->id, 32, b->ledger.tip_id, 32);
    const size_t len = make_answer(b, body, owner_of(b, slot), owner_of(b, voting_slot),
                                   g->files[slot], sizeof g->files[slot]);
    cr_assert_eq(assay_answer_decode(assay_slice_over(g->files[slot], len), &g->decoded[slot]),
                 ASSAY_OK);
}

static struct grounding *grounded(struct change_bench *b)
{
    struct grounding *g = calloc(1, sizeof *g);
    struct assay_fence f;
    g->fence_len = make_fence(b, "x", 3, g->fence, sizeof g->fence);
    cr_assert_eq(assay_fence_decode(assay_slice_over(g->fence, g->fence_len), &f), ASSAY_OK);
    assay_bytes_copy(g->fence_digest, 32, f.digest, 32);
    for (uint32_t i = 0; i < CHANGE_MEMBERS; i++)
        answers(b, g, i, g->fence_digest, i);
    return g;
}

/* A RECOVER on the first `count` answers, in the order of node ids. */
static struct drafted *rests_on(struct change_bench *b, struct grounding *g, uint32_t count)
{
    struct drafted *d = calloc(1, sizeof *d);
    const struct assay_answer_file *files[CHANGE_MEMBERS];
    struct assay_block_header header;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = i;
        for (; at > 0 && assay_bytes_compare(files[at - 1]->about.node_id,
                                             g->decoded[i].about.node_id, 32) > 0;
             at--)
            files[at] = files[at - 1];
        files[at] = &g->decoded[i];
    }
    struct assay_writer w = assay_writer_over(d->body, sizeof d->body);
    cr_assert_eq(assay_recover_body_encode((struct assay_slice){ 0 }, NULL, 0, &w), ASSAY_OK);
    d->body_len = w.len;
    w = assay_writer_over(d->grounds, sizeof d->grounds);
    cr_assert_eq(assay_recover_grounds_encode(assay_slice_over(g->fence, g->fence_len), files,
                                              count, &w),
                 ASSAY_OK);
    d->grounds_len = w.len;
    assay_recover_header(&b->state, &b->ledger, assay_slice_over(d->body, d->body_len),
                         assay_slice_over(d->grounds, d->grounds_len),
                         b->ledger.time_ms + LATER_MS, &header);
    put_header(d, &header);
    cr_assert_eq(finish(b, d, 7), ASSAY_OK);
    return d;
}

static enum assay_status weighs(struct change_bench *b, struct grounding *g, uint32_t count,
                                struct assay_recover_weight *weight)
{
    struct assay_recover_table table;
    struct drafted *d = rests_on(b, g, count);
    assay_recover_table_of(&b->state, &table);
    const enum assay_status status = assay_recover_compute_weight(&d->recover, &table, weight);
    free(d);
    return status;
}

/* The goal: what less than a third of the members signed, or signed about something else, begins no
 * era, whatever operators sign (docs/protocol.md 9.15). */
Test(recover, rests_on_what_more_than_a_third_of_the_members_signed_for_this_fence)
{
    struct change_bench *b = change_make();
    struct grounding *g = grounded(b);
    struct assay_recover_weight weight;
    uint8_t other[32] = { 1 };
    for (uint32_t count = 0; count <= CHANGE_MEMBERS; count++) {
        cr_assert_eq(weighs(b, g, count, &weight), ASSAY_OK, "%u", count);
        cr_expect_eq(assay_recover_is_grounded(&weight), 3 * count > CHANGE_MEMBERS, "%u", count);
        cr_expect_eq(assay_recover_is_complete(&weight), 3 * count > 2 * CHANGE_MEMBERS, "%u",
                     count);
    }
    /* Members' weights, whoever represents them. */
    for (uint32_t i = 0; i < CHANGE_MEMBERS; i++)
        b->state.members[i].seat_weight = i == CHANGE_MEMBERS - 1;
    cr_assert_eq(weighs(b, g, CHANGE_MEMBERS - 1, &weight), ASSAY_OK);
    cr_expect(assay_recover_is_complete(&weight), "the only seat has not answered");
    answers(b, g, 0, other, 0);
    cr_expect_eq(weighs(b, g, CHANGE_MEMBERS, &weight), ASSAY_E_INVALID, "to another fence");
    answers(b, g, 0, g->fence_digest, 1);
    cr_expect_eq(weighs(b, g, CHANGE_MEMBERS, &weight), ASSAY_E_SIGNATURE,
                 "a stolen identity key has no voting key");
    answers(b, g, 0, g->fence_digest, 0);
    g->decoded[0].identified[5] ^= 1;
    cr_expect_eq(weighs(b, g, CHANGE_MEMBERS, &weight), ASSAY_E_SIGNATURE, "by the identity");
    free(g);
    change_drop(b);
}

Test(recover, stands_on_the_head_of_one_of_its_answers)
{
    struct change_bench *b = change_make();
    struct grounding *g = grounded(b);
    struct assay_recover_weight weight;
    uint8_t tip[32];
    assay_bytes_copy(tip, 32, b->ledger.tip_id, 32);
    b->ledger.tip_id[0] ^= 1;
    cr_assert_eq(weighs(b, g, CHANGE_MEMBERS, &weight), ASSAY_OK);
    cr_expect_not(assay_recover_is_grounded(&weight), "no member has that block");
    assay_bytes_copy(b->ledger.tip_id, 32, tip, 32);
    cr_assert_eq(weighs(b, g, CHANGE_MEMBERS, &weight), ASSAY_OK);
    cr_expect(assay_recover_is_grounded(&weight));
    free(g);
    change_drop(b);
}

/* docs/protocol.md 9.1.1, 9.15.1: by arithmetic of its own. Two sets of signers share more than a
 * third of the operators, so that more than one operator must sign two. */
Test(recover, two_of_one_era_need_more_than_a_third_of_the_operators_twice)
{
    for (uint32_t count = 1; count <= ASSAY_OPERATORS_MAX; count++) {
        for (uint32_t threshold = count / 2 + 1; threshold <= count; threshold++) {
            const uint32_t signers = assay_recover_signers(threshold, count);
            cr_assert(signers >= threshold && signers <= count, "%u of %u", threshold, count);
            cr_assert_gt(3 * (2 * signers - count), count, "%u of %u", threshold, count);
        }
        if (count <= 3) cr_expect_eq(assay_recover_signers(count, count), count);
    }
    cr_expect_eq(assay_recover_signers(2, 3), 3, "of three all");
    cr_expect_eq(assay_recover_signers(4, 7), 5);
}

Test(recover, is_a_block_whose_header_and_body_belong_together)
{
    struct change_bench *b = change_make();
    const struct assay_action rest = change_about(ASSAY_ACTION_REST, b, 2);
    struct assay_recover_keys k;
    new_keys(b, 1, NEW_KEYS, &k);
    struct drafted *d = draft(b, &rest, 1, &k, 1);
    struct assay_block_header header = d->recover.header;
    cr_expect(assay_recover_is(assay_slice_over(d->bytes, d->len)));
    every_cut(assay_slice_over(d->bytes, d->len), read_recover);
    static const struct {
        size_t at;
        const char *what;
    } fields[] = { { offsetof(struct assay_block_header, body_root), "body" },
                   { offsetof(struct assay_block_header, null_root), "nullifications" },
                   { offsetof(struct assay_block_header, parent_proof), "certificate" },
                   { offsetof(struct assay_block_header, leader), "leader" },
                   { offsetof(struct assay_block_header, record_count), "records" } };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        struct assay_block_header other = header;
        ((uint8_t *)&other)[fields[i].at] ^= 1;
        put_header(d, &other);
        cr_expect_eq(finish(b, d, 7), ASSAY_E_INVALID, "%s", fields[i].what);
    }
    struct assay_block_header other = header;
    other.era = 0;
    put_header(d, &other);
    cr_expect_eq(finish(b, d, 7), ASSAY_E_INVALID, "era 0 begins with genesis");
    other = header;
    other.kind = ASSAY_BLOCK_NORMAL;
    put_header(d, &other);
    cr_expect_eq(finish(b, d, 7), ASSAY_E_INVALID);
    put_header(d, &header);
    cr_expect_eq(finish(b, d, 7), ASSAY_OK);
    cr_expect_eq(assay_recover_approved(&d->recover, b->state.operators_digest), ASSAY_OK);
    cr_expect_eq(assay_recover_approved(&d->recover, b->state.roster_digest), ASSAY_E_STRANGER,
                 "the operators are not those of the state");
    /* Two of three are their threshold; of three operators every one signs a RECOVER (9.15.1). */
    cr_assert_eq(finish(b, d, 3), ASSAY_OK);
    cr_expect_eq(assay_recover_approved(&d->recover, b->state.operators_digest),
                 ASSAY_E_SIGNATURE);
    free(d);
    change_drop(b);
}

/* --- where it stands */

Test(recover, stands_on_the_head_and_nowhere_else)
{
    struct change_bench *b = change_make();
    struct drafted *d = draft(b, NULL, 0, NULL, 0);
    struct assay_fault fault;
    const struct assay_block_header good = d->recover.header;
    struct assay_block_header *h = &d->recover.header;
    cr_expect_eq(assay_recover_follows(&b->context, &b->ledger, &d->recover, &fault), ASSAY_OK);
    h->era++;
    cr_expect_eq(assay_recover_follows(&b->context, &b->ledger, &d->recover, &fault),
                 ASSAY_E_INVALID);
    *h = good;
    h->epoch++;
    cr_expect_eq(assay_recover_follows(&b->context, &b->ledger, &d->recover, &fault),
                 ASSAY_E_INVALID);
    *h = good;
    h->height--;
    cr_expect_eq(assay_recover_follows(&b->context, &b->ledger, &d->recover, &fault),
                 ASSAY_E_INVALID, "below a final block");
    *h = good;
    h->parent_id[0] ^= 1;
    cr_expect_eq(assay_recover_follows(&b->context, &b->ledger, &d->recover, &fault),
                 ASSAY_E_INVALID, "beside a final block");
    *h = good;
    h->parent_view++;
    cr_expect_eq(assay_recover_follows(&b->context, &b->ledger, &d->recover, &fault),
                 ASSAY_E_INVALID);
    *h = good;
    h->time_ms = b->ledger.time_ms;
    cr_expect_eq(assay_recover_follows(&b->context, &b->ledger, &d->recover, &fault),
                 ASSAY_E_INVALID);
    *h = good;
    h->chain_id[5] ^= 1;
    cr_expect_eq(assay_recover_follows(&b->context, &b->ledger, &d->recover, &fault),
                 ASSAY_E_CHAIN);
    free(d);
    change_drop(b);
}

Test(recover, names_keys_that_are_nobody_elses_and_signed_by_their_owner)
{
    struct change_bench *b = change_make();
    struct assay_recover_keys k[2];
    struct assay_fault fault;
    new_keys(b, 1, NEW_KEYS, &k[0]);
    k[0].identified[0] ^= 1;
    struct drafted *d = draft(b, NULL, 0, k, 1);
    cr_expect_eq(onto(b, d, &fault), ASSAY_E_SIGNATURE, "the identity");
    free(d);
    new_keys(b, 1, NEW_KEYS, &k[0]);
    k[0].possessed[0] ^= 1;
    d = draft(b, NULL, 0, k, 1);
    cr_expect_eq(onto(b, d, &fault), ASSAY_E_SIGNATURE, "the voting key");
    free(d);
    for (uint8_t owner = 0; owner < CHANGE_MEMBERS; owner++) { /* one's own is refused as well */
        new_keys(b, 1, owner, &k[0]);
        d = draft(b, NULL, 0, k, 1);
        cr_expect_eq(onto(b, d, &fault), ASSAY_E_DUPLICATE, "of %u", owner);
        free(d);
    }
    new_keys(b, 1, NEW_KEYS, &k[0]);
    new_keys(b, 2, NEW_KEYS, &k[1]);
    d = draft(b, NULL, 0, k, 2);
    cr_expect_eq(onto(b, d, &fault), ASSAY_E_DUPLICATE, "two of one key");
    free(d);
    new_keys(b, 1, NEW_KEYS, &k[0]);
    k[0].node_id[31] ^= 1;
    d = draft(b, NULL, 0, k, 1);
    cr_expect_eq(onto(b, d, &fault), ASSAY_E_STRANGER);
    free(d);
    change_drop(b);
}

Test(recover, its_change_is_the_next_one_of_the_new_era)
{
    struct change_bench *b = change_make();
    const struct assay_action rest = change_about(ASSAY_ACTION_REST, b, 2);
    const struct assay_action wake = change_about(ASSAY_ACTION_WAKE, b, 2);
    struct assay_fault fault;
    struct drafted *d = draft(b, &wake, 1, NULL, 0);
    cr_expect_eq(onto(b, d, &fault), ASSAY_E_INVALID);
    cr_expect_str_eq(fault.what, "it is not drained");
    free(d);
    b->state.change_sequence = 4;
    d = draft(b, &rest, 1, NULL, 0);
    b->state.change_sequence = 5;
    cr_expect_eq(onto(b, d, &fault), ASSAY_E_INVALID, "its number is taken");
    b->state.change_sequence = 4;
    cr_expect_eq(onto(b, d, &fault), ASSAY_OK);
    b->ledger.recover = NULL;
    b->state.era = 1; /* a change of era 1 is none of era 2 */
    d->recover.header.era = 2;
    cr_expect_eq(onto(b, d, &fault), ASSAY_E_CHAIN);
    free(d);
    change_drop(b);
}

/* --- what it makes of a state */

Test(recover, begins_an_era_without_those_who_are_gone)
{
    struct change_bench *b = change_make();
    const struct assay_action rest[2] = { change_about(ASSAY_ACTION_REST, b, 2),
                                          change_about(ASSAY_ACTION_REST, b, 4) };
    const struct assay_action leave = change_about(ASSAY_ACTION_LEAVE, b, 5);
    struct assay_recover_keys k;
    change_pass_epoch(b);
    cr_assert_eq(change_offer_one(b, 1, b->state.epoch + 3, &leave), ASSAY_OK, "it will wait");
    change_pass_epoch(b);
    cr_assert_eq(b->state.pending_count, 1);
    change_all_pass(b);
    new_keys(b, 1, NEW_KEYS, &k);
    struct drafted *d = draft(b, rest, 2, &k, 1);
    const struct assay_state before = b->state;
    const uint32_t weight = b->state.members[1].weight;
    take(b, d);
    cr_expect_eq(b->next.era, before.era + 1);
    cr_expect_eq(b->next.epoch, before.epoch + 1, "epochs go on");
    cr_expect_not(b->next.certified, "the epoch is HELD, whatever ballots say");
    cr_expect_eq(b->next.pending_count, 0, "what waits was signed for the era before");
    cr_expect_eq(b->next.change_sequence, 2);
    cr_expect_eq(b->next.members[2].stage, ASSAY_STAGE_RESTING);
    cr_expect_eq(b->next.members[2].weight, 0);
    cr_expect_eq(b->next.members[4].weight, 0);
    cr_expect_eq(b->next.members[5].stage, ASSAY_STAGE_MEMBER, "that change is void");
    cr_expect_eq(b->next.members[1].lives[0].incarnation, 2);
    cr_expect_arr_eq(b->next.members[1].lives[0].voting_public, k.voting_public, 64);
    cr_expect_eq(b->next.members[1].weight, weight, "new keys keep the weight");
    cr_expect_eq(b->next.members[0].trust.integrity_bp, before.members[0].trust.integrity_bp);
    cr_expect(!assay_bytes_equal(b->next.roster_digest, before.roster_digest, 32));
    free(d);
    change_drop(b);
}

/* The roster's digest names the era: voters of one prove nothing in another. */
Test(recover, names_its_voters_anew_even_where_nobody_changes)
{
    struct change_bench *b = change_make();
    change_pass_epoch(b);
    struct drafted *d = draft(b, NULL, 0, NULL, 0);
    uint8_t digest[32];
    take(b, d);
    assay_roster_digest(&b->next, digest);
    cr_expect_arr_eq(b->next.roster_digest, digest, 32);
    cr_expect(!assay_bytes_equal(b->next.roster_digest, b->state.roster_digest, 32));
    cr_expect_eq(b->next.change_sequence, b->state.change_sequence);
    free(d);
    change_drop(b);
}

/* What is proven in final blocks strikes, although the epoch is HELD (docs/protocol.md 4.11). */
Test(recover, lets_proven_faults_strike_and_ends_a_trial)
{
    struct change_bench *b = change_make();
    const struct assay_action policy = change_policy_of("another policy");
    change_pass_epoch(b);
    cr_assert_eq(change_offer_one(b, 1, b->state.epoch + 3, &policy), ASSAY_OK);
    change_pass_epoch(b);
    change_pass_epoch(b);
    cr_assert_neq(b->state.trial.sequence, 0, "it is on trial");
    change_all_pass(b);
    b->ledger.fail[3] = ASSAY_OUTCOME_FAIL_HARD;
    struct drafted *d = draft(b, NULL, 0, NULL, 0);
    take(b, d);
    cr_expect_eq(b->next.members[3].trust.integrity_bp, 0);
    cr_expect_eq(b->next.trial.sequence, 0);
    cr_expect_eq(b->next.members[0].watched_weight, 0);
    free(d);
    change_drop(b);
}
