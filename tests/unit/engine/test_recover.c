/*
 * tests/unit/engine/test_recover.c - FENCE, ANSWER and RECOVER: what is one, who may say it, and
 * what it makes of a state (docs/protocol.md 9.11 to 9.15).
 */
#include "engine/ledger/checkpoint.h"
#include "engine/ledger/recover.h"
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
    uint8_t change[2048], body[8192], header[ASSAY_BLOCK_HEADER_LEN_MAX], bytes[16384];
    size_t change_len, body_len, header_len, len;
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
    assay_recover_header(&b->state, &b->ledger, assay_slice_over(d->body, d->body_len),
                         b->ledger.time_ms + LATER_MS, &header);
    put_header(d, &header);
    cr_assert_eq(finish(b, d, 3), ASSAY_OK);
    return d;
}

static enum assay_status onto(struct change_bench *b, const struct drafted *d,
                              struct assay_fault *fault)
{
    return assay_recover_onto(&b->context, &b->ledger, &d->recover, fault);
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
    uint8_t body[512], digest[32];
    struct assay_writer w = assay_writer_over(body, sizeof body);
    cr_assert_eq(assay_fence_body_encode(b->state.chain_id, b->state.era,
                                         assay_slice_over(reason, strlen(reason)), &w),
                 ASSAY_OK);
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
    cr_expect_eq(f.reason.len, strlen("three disks are gone"));
    cr_expect_eq(f.approval.count, 2);
    cr_expect_eq(assay_approval_check(&f.approval, b->context.operators, f.digest), ASSAY_OK);
    every_cut(assay_slice_over(bytes, len), read_fence);
    memset(longest, 'a', sizeof longest);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_expect_eq(assay_fence_body_encode(b->state.chain_id, 0,
                                         assay_slice_over(longest, sizeof longest), &w),
                 ASSAY_E_RANGE);
    cr_expect_eq(
        assay_fence_body_encode(b->state.chain_id, 0, assay_slice_over(longest, 0), &w),
        ASSAY_E_RANGE);
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

Test(recover, an_answer_is_of_the_key_that_it_names)
{
    struct change_bench *b = change_make();
    struct assay_answer_body *body = calloc(1, sizeof *body);
    struct assay_answer_file *file = calloc(1, sizeof *file);
    uint8_t bytes[4096], whole[8192], identity[64], signature[64], digest[32];
    struct assay_secret32 key;
    struct assay_p256_signer *signer = NULL;
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
    body->votes[0] = (struct assay_answer_vote){ .view = 4, .height = 41 };
    body->votes[1] = (struct assay_answer_vote){ .view = 9, .height = 0 };
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_answer_body_encode(body, &w), ASSAY_OK);
    for (uint8_t i = 0; i < CHANGE_MEMBERS; i++) { /* of slot 2, and of another */
        change_secret(i, 1, &key);
        cr_assert_eq(assay_p256_public(&key, identity), ASSAY_OK);
        const bool own = assay_bytes_equal(identity, b->state.members[2].identity_public, 64);
        cr_assert_eq(assay_p256_signer_load(&key, &signer), ASSAY_OK);
        assay_sha256(bytes, w.len, digest);
        cr_assert_eq(assay_p256_sign(signer, digest, signature), ASSAY_OK);
        assay_p256_signer_free(&signer);
        struct assay_writer out = assay_writer_over(whole, sizeof whole);
        cr_assert_eq(
            assay_answer_encode(assay_slice_over(bytes, w.len), identity, signature, &out),
            ASSAY_OK);
        const struct assay_slice all = assay_slice_over(whole, out.len);
        cr_expect_eq(assay_answer_decode(all, file), own ? ASSAY_OK : ASSAY_E_SIGNATURE,
                     "keys of another in slot %u", i);
        if (!own) continue;
        cr_expect_eq(file->about.vote_count, 2);
        cr_expect_eq(file->about.votes[1].view, 9);
        cr_expect(file->about.whole && file->about.has_keys);
        cr_expect_arr_eq(file->node_id, b->state.members[2].node_id, 32);
        for (size_t len = 0; len < all.len; len++)
            cr_expect_neq(assay_answer_decode(assay_slice_over(whole, len), file), ASSAY_OK);
        whole[out.len - 1] ^= 1;
        cr_expect_eq(assay_answer_decode(all, file), ASSAY_E_SIGNATURE);
    }
    /* F at or below the head, or twice in a view, is no answer. */
    body->votes[1].view = 4;
    w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_answer_body_encode(body, &w), ASSAY_OK);
    struct assay_writer out = assay_writer_over(whole, sizeof whole);
    cr_assert_eq(assay_answer_encode(assay_slice_over(bytes, w.len), identity, signature, &out),
                 ASSAY_OK);
    cr_expect_eq(assay_answer_decode(assay_slice_over(whole, out.len), file), ASSAY_E_ENCODING);
    free(body);
    free(file);
    change_drop(b);
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
        cr_expect_eq(finish(b, d, 3), ASSAY_E_INVALID, "%s", fields[i].what);
    }
    struct assay_block_header other = header;
    other.era = 0;
    put_header(d, &other);
    cr_expect_eq(finish(b, d, 3), ASSAY_E_INVALID, "era 0 begins with genesis");
    other = header;
    other.kind = ASSAY_BLOCK_NORMAL;
    put_header(d, &other);
    cr_expect_eq(finish(b, d, 3), ASSAY_E_INVALID);
    put_header(d, &header);
    cr_expect_eq(finish(b, d, 3), ASSAY_OK);
    cr_expect_eq(assay_recover_approved(&d->recover, b->state.operators_digest), ASSAY_OK);
    cr_expect_eq(assay_recover_approved(&d->recover, b->state.roster_digest), ASSAY_E_STRANGER,
                 "the operators are not those of the state");
    cr_assert_eq(finish(b, d, 4), ASSAY_OK);
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
    cr_expect_str_eq(fault.what, "it does not rest");
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
