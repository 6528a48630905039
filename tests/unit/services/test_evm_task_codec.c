/*
 * tests/unit/services/test_evm_task_codec.c - drafts and claims of tasks on EVM chains as bytes
 * (docs/services.md 8.9).
 */
#include "services/evm/task_codec.h"

#include <criterion/criterion.h>

static void fill(uint8_t *bytes, size_t len, uint8_t with)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(with + i);
}

static struct assay_evm_terms terms_of(void)
{
    struct assay_evm_terms t = { .steps = 300,
                                 .deadline_s = UINT64_C(1800000000),
                                 .standing = 2,
                                 .score_bp = 9000,
                                 .nonce = UINT64_C(0x1122334455667788) };
    fill(t.requestor, sizeof t.requestor, 1);
    fill(t.node_id, 32, 2);
    fill(t.job, 32, 3);
    fill(t.input, 32, 4);
    fill(t.price, sizeof t.price, 5);
    return t;
}

static size_t draft_bytes(struct assay_evm_draft *draft, uint8_t *bytes)
{
    struct assay_writer w = assay_writer_over(bytes, ASSAY_EVM_DRAFT_LEN);
    *draft = (struct assay_evm_draft){ .place = { .chain_id = 31337 }, .terms = terms_of() };
    fill(draft->place.contract, sizeof draft->place.contract, 6);
    fill(draft->code, 32, 7);
    fill(draft->box, 32, 8);
    assay_evm_job_digest(draft->code, draft->box, draft->terms.job);
    assay_evm_draft_encode(&w, draft);
    cr_assert_not(w.full);
    cr_assert_eq(w.len, ASSAY_EVM_DRAFT_LEN);
    return w.len;
}

static size_t owed_bytes(struct assay_evm_owed *owed, uint8_t *bytes)
{
    struct assay_writer w = assay_writer_over(bytes, ASSAY_EVM_OWED_LEN);
    *owed = (struct assay_evm_owed){ .place = { .chain_id = 1 },
                                     .terms = terms_of(),
                                     .claim = { .step = 300, .epoch = 77 } };
    fill(owed->terms.executor, sizeof owed->terms.executor, 9);
    fill(owed->terms.key, sizeof owed->terms.key, 10);
    fill(owed->claim.opening, 32, 11);
    fill(owed->claim.state, 32, 12);
    fill(owed->claim.ciphertext, 32, 13);
    fill(owed->claim.previous, 32, 14);
    fill(owed->claim.receipt_signature, sizeof owed->claim.receipt_signature, 15);
    fill(owed->claim.voucher.r, 32, 16);
    fill(owed->claim.voucher.s, 32, 17);
    owed->claim.voucher.odd = true;
    assay_evm_owed_encode(&w, owed);
    cr_assert_not(w.full);
    cr_assert_eq(w.len, ASSAY_EVM_OWED_LEN);
    return w.len;
}

Test(evm_task_codec, a_draft_comes_back_as_it_was)
{
    uint8_t bytes[ASSAY_EVM_DRAFT_LEN], name[32], again[32];
    struct assay_evm_draft draft, read;
    const size_t len = draft_bytes(&draft, bytes);
    cr_assert_eq(assay_evm_draft_decode(assay_slice_over(bytes, len), &read), ASSAY_OK);
    assay_evm_task_name(&draft.place, &draft.terms, name);
    assay_evm_task_name(&read.place, &read.terms, again);
    cr_assert_arr_eq(name, again, 32);
    cr_assert_arr_eq(read.code, draft.code, 32);
    cr_assert_arr_eq(read.box, draft.box, 32);
    for (size_t cut = 0; cut < len; cut++)
        cr_assert_eq(assay_evm_draft_decode(assay_slice_over(bytes, cut), &read),
                     ASSAY_E_TRUNCATED);
}

Test(evm_task_codec, a_draft_that_is_none_is_refused)
{
    uint8_t bytes[ASSAY_EVM_DRAFT_LEN + 1];
    struct assay_evm_draft draft, read;
    struct assay_writer w;
    const size_t len = draft_bytes(&draft, bytes);
    bytes[len] = 0;
    cr_expect_eq(assay_evm_draft_decode(assay_slice_over(bytes, len + 1), &read), ASSAY_E_TRAILING);
    bytes[0] = 2;
    cr_expect_eq(assay_evm_draft_decode(assay_slice_over(bytes, len), &read), ASSAY_E_UNSUPPORTED);
#define CHANGED(change, expected)                                                                  \
    do {                                                                                           \
        (void)draft_bytes(&draft, bytes);                                                          \
        change;                                                                                    \
        w = assay_writer_over(bytes, sizeof bytes);                                                \
        assay_evm_draft_encode(&w, &draft);                                                        \
        cr_expect_eq(assay_evm_draft_decode(assay_slice_over(bytes, w.len), &read), expected,      \
                     #change);                                                                     \
    } while (0)
    CHANGED(draft.place.chain_id = 0, ASSAY_E_INVALID);
    CHANGED(draft.code[0] ^= 1, ASSAY_E_INVALID); /* the job is of another program */
    CHANGED(draft.box[31] ^= 1, ASSAY_E_INVALID);
    CHANGED(draft.terms.executor[3] = 1, ASSAY_E_INVALID); /* whom it pays is the executor's */
    CHANGED(draft.terms.key[63] = 1, ASSAY_E_INVALID);
    CHANGED(draft.terms.nonce++, ASSAY_OK);
    (void)draft_bytes(&draft, bytes);
    bytes[1 + ASSAY_EVM_PLACE_LEN + 64 + 20 + 20 + 96 + 64 + 14] = 1; /* steps of 2^24 and more */
    cr_expect_eq(assay_evm_draft_decode(assay_slice_over(bytes, len), &read), ASSAY_E_RANGE);
}

Test(evm_task_codec, a_claim_comes_back_as_it_was)
{
    uint8_t bytes[ASSAY_EVM_OWED_LEN + 1], again[ASSAY_EVM_OWED_LEN];
    struct assay_evm_owed owed, read;
    const size_t len = owed_bytes(&owed, bytes);
    cr_assert_eq(assay_evm_owed_decode(assay_slice_over(bytes, len), &read), ASSAY_OK);
    cr_assert(read.claim.voucher.odd);
    cr_assert_arr_eq(read.claim.voucher.s, owed.claim.voucher.s, 32);
    struct assay_writer w = assay_writer_over(again, sizeof again);
    assay_evm_owed_encode(&w, &read);
    cr_assert_arr_eq(again, bytes, len);
    for (size_t cut = 0; cut < len; cut++)
        cr_assert_eq(assay_evm_owed_decode(assay_slice_over(bytes, cut), &read), ASSAY_E_TRUNCATED);
    bytes[len] = 0;
    cr_expect_eq(assay_evm_owed_decode(assay_slice_over(bytes, len + 1), &read), ASSAY_E_TRAILING);
    bytes[0] = 9;
    cr_expect_eq(assay_evm_owed_decode(assay_slice_over(bytes, len), &read), ASSAY_E_UNSUPPORTED);
}

Test(evm_task_codec, a_claim_of_a_step_that_the_terms_do_not_have_is_refused)
{
    uint8_t bytes[ASSAY_EVM_OWED_LEN];
    struct assay_evm_owed owed, read;
    const uint32_t bad[] = { 0, 301 };
    (void)owed_bytes(&owed, bytes);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        owed.claim.step = bad[i];
        assay_evm_owed_encode(&w, &owed);
        cr_expect_eq(assay_evm_owed_decode(assay_slice_over(bytes, w.len), &read), ASSAY_E_RANGE);
    }
}

/* What a voucher is in a frame is what the contract takes. */
Test(evm_task_codec, a_signature_is_packed_as_eip_2098_has_it)
{
    const struct assay_secret32 key = { .bytes = { [31] = 5 } };
    uint8_t bytes[ASSAY_EVM_PACKED_LEN], digest[32] = { 0 }, account[20], signer[20];
    bool odd[2] = { false, false };
    cr_assert_eq(assay_evm_address(&key, account), ASSAY_OK);
    for (uint8_t i = 0; i < 16; i++) {
        struct assay_evm_signature made, read;
        digest[0] = i;
        cr_assert_eq(assay_evm_sign(&key, digest, &made), ASSAY_OK);
        assay_evm_signature_pack(&made, bytes);
        assay_evm_signature_unpack(bytes, &read);
        cr_assert_eq(assay_evm_recover(digest, &read, signer), ASSAY_OK);
        cr_assert_arr_eq(signer, account, 20);
        odd[made.odd] = true;
    }
    cr_assert(odd[0] && odd[1], "both parities came");
}
