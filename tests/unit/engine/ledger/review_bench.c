/*
 * tests/unit/engine/ledger/review_bench.c - REVIEW records of the operators of a change bench.
 */
#include "tests/unit/engine/ledger/review_bench.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct change_bench *review_make_bench(void)
{
    struct change_bench *b = change_make();
    b->state.rules.parameters.level = ASSAY_LEVEL_REVIEWS;
    return b;
}

void review_make_change(const struct change_bench *b, uint64_t sequence, const char *policy,
                        struct review_change *change)
{
    const struct assay_change head = change_head_of(b, sequence, REVIEW_ACTIVATION);
    const struct assay_action action = change_policy_of(policy);
    struct assay_writer w = assay_writer_over(change->bytes, sizeof change->bytes);
    cr_assert_eq(assay_change_encode(&head, &action, 1, &w), ASSAY_OK);
    change->body = assay_slice_over(change->bytes, w.len);
    change->sequence = sequence;
    assay_sha256(change->bytes, w.len, change->digest);
}

struct assay_review review_of(const struct change_bench *b, uint32_t operator_,
                              enum assay_review_act act, const struct review_change *change)
{
    struct assay_review r = { .era = b->state.era,
                              .act = act,
                              .issued = b->context.epoch,
                              .sequence = change->sequence,
                              .expires = REVIEW_EXPIRES,
                              .comment = assay_slice_over("why", 3) };
    r.place = act == ASSAY_REVIEW_APPROVE ? ASSAY_REVIEW_PLACE_APPROVAL : 0;
    assay_bytes_copy(r.chain_id, 32, b->state.chain_id, 32);
    assay_bytes_copy(r.operator_id, 32, b->genesis.operators[operator_].operator_id, 32);
    assay_bytes_copy(r.digest, 32, change->digest, 32);
    if (act == ASSAY_REVIEW_PROPOSE) r.change = change->body;
    return r;
}

struct review_made *review_sign(const struct change_bench *b, struct assay_review *review,
                                uint32_t signer)
{
    struct review_made *m = calloc(1, sizeof *m);
    uint8_t body[ASSAY_REVIEW_BODY_LEN_MAX], digest[32], signature[64];
    cr_assert_not_null(m);
    review->has_signature = review->act != ASSAY_REVIEW_WITHDRAW;
    if (review->has_signature)
        cr_assert_eq(assay_p256_sign(b->signers[signer], review->digest, review->change_signature),
                     ASSAY_OK);
    struct assay_writer w = assay_writer_over(body, sizeof body);
    cr_assert_eq(assay_review_encode(review, &w), ASSAY_OK);
    assay_sha256(body, w.len, digest);
    cr_assert_eq(assay_p256_sign(b->signers[signer], digest, signature), ASSAY_OK);
    struct assay_writer all = assay_writer_over(m->bytes, sizeof m->bytes);
    cr_assert_eq(
        assay_record_put_review(&all, assay_slice_over(body, w.len), signature, review->change),
        ASSAY_OK);
    cr_assert_eq(assay_record_decode(assay_slice_over(m->bytes, all.len), &m->record), ASSAY_OK);
    return m;
}

enum assay_status review_offer(struct change_bench *b, struct review_made *m)
{
    ASSAY_TRY(assay_record_check(&b->context, &m->record));
    ASSAY_TRY(assay_ledger_fits(&b->context, &b->ledger, &m->record));
    assay_ledger_apply(&b->context, &b->ledger, &m->record);
    return ASSAY_OK;
}
