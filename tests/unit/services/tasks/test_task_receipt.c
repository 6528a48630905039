/*
 * tests/unit/services/tasks/test_task_receipt.c - tests of receipts.
 *
 * Receipts and their chains, offline (docs/services.md 6.5).
 */
#include "services/tasks/voucher.h"
#include "tests/support/services/task_kit.h"

#include <criterion/criterion.h>

enum { STEPS = 5 };

static const uint8_t task[32] = { 1 };
static const uint8_t input[32] = { 2 };

struct bench {
    struct kit_key key;
    struct assay_task_receipt receipt[STEPS];
    uint8_t signature[STEPS][ASSAY_P256_SIGNATURE_LEN];
    struct assay_task_chain chain;
};

static void sign(struct bench *b, uint32_t i)
{
    uint8_t digest[32];
    assay_task_receipt_digest(&b->receipt[i], digest);
    kit_sign(&b->key, digest, b->signature[i]);
}

static struct bench made(void)
{
    struct bench b = { 0 };
    kit_key_make(&b.key, 5);
    for (uint32_t i = 0; i < STEPS; i++) {
        struct assay_task_receipt *r = &b.receipt[i];
        *r = (struct assay_task_receipt){ .step = i + 1, .epoch = 10 + i / 2 };
        assay_bytes_copy(r->task, 32, task, 32);
        assay_bytes_copy(r->input, 32, input, 32);
        kit_bytes('L', i, r->lock);
        kit_bytes('S', i, r->state);
        kit_bytes('C', i, r->ciphertext);
        if (i > 0) assay_task_receipt_digest(&b.receipt[i - 1], r->previous);
        sign(&b, i);
    }
    assay_task_chain_init(&b.chain, task, b.key.key, input);
    return b;
}

static enum assay_status add(struct bench *b, uint32_t i)
{
    return assay_task_chain_add(&b->chain, &b->receipt[i], b->signature[i]);
}

static struct assay_slice file_of(const struct bench *b, uint8_t *bytes, size_t capacity)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    struct assay_slice out;
    for (uint32_t i = 0; i < STEPS; i++) {
        assay_task_receipt_encode(&w, &b->receipt[i]);
        assay_writer_put(&w, b->signature[i], ASSAY_P256_SIGNATURE_LEN);
    }
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    return out;
}

Test(task_receipt, has_204_bytes_and_comes_back_as_it_was)
{
    struct bench b = made();
    uint8_t bytes[256];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_task_receipt_encode(&w, &b.receipt[1]);
    cr_assert_eq(w.len, ASSAY_TASK_RECEIPT_LEN);
    struct assay_cursor in = assay_cursor_over(bytes, w.len);
    struct assay_task_receipt read;
    cr_assert_eq(assay_task_receipt_decode(&in, &read), ASSAY_OK);
    cr_assert_eq(assay_cursor_left(&in), 0);
    uint8_t digest[32], again[32];
    assay_sha256(bytes, w.len, digest);
    assay_task_receipt_digest(&read, again);
    cr_assert(assay_bytes_equal(digest, again, 32), "SHA-256 of the bytes is what is signed");
    for (size_t len = 0; len < ASSAY_TASK_RECEIPT_LEN; len++) {
        in = assay_cursor_over(bytes, len);
        cr_assert_eq(assay_task_receipt_decode(&in, &read), ASSAY_E_TRUNCATED);
    }
}

Test(task_receipt, steps_are_counted_from_one_and_only_the_first_follows_nothing)
{
    struct bench b = made();
    static const struct {
        uint32_t step;
        bool follows;
        enum assay_status status;
    } cases[] = {
        { 0, false, ASSAY_E_RANGE },
        { 1, false, ASSAY_OK },
        { 1, true, ASSAY_E_INVALID },
        { 2, false, ASSAY_E_INVALID },
        { ASSAY_TASK_STEPS_MAX, true, ASSAY_OK },
        { ASSAY_TASK_STEPS_MAX + 1, true, ASSAY_E_RANGE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_task_receipt r = b.receipt[0], read;
        uint8_t bytes[ASSAY_TASK_RECEIPT_LEN];
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        r.step = cases[i].step;
        r.previous[0] = cases[i].follows;
        assay_task_receipt_encode(&w, &r);
        struct assay_cursor in = assay_cursor_over(bytes, sizeof bytes);
        cr_assert_eq(assay_task_receipt_decode(&in, &read), cases[i].status, "case %zu", i);
    }
}

Test(task_receipt, a_chain_grows_by_the_next_receipt_alone)
{
    struct bench b = made();
    cr_assert_eq(add(&b, 1), ASSAY_E_EARLY);
    cr_assert_eq(add(&b, 0), ASSAY_OK);
    cr_assert_eq(add(&b, 0), ASSAY_E_STALE);
    cr_assert_eq(add(&b, 2), ASSAY_E_EARLY);
    cr_assert_eq(add(&b, 1), ASSAY_OK);
    cr_assert_eq(b.chain.step, 2);
    cr_assert(assay_bytes_equal(b.chain.state, b.receipt[1].state, 32));
}

/* Each is signed by the right key: what is refused is what it says. */
Test(task_receipt, a_receipt_of_something_else_does_not_continue_a_chain)
{
    struct bench b = made();
    cr_assert_eq(add(&b, 0), ASSAY_OK);
    const struct bench good = b;
    b.receipt[1].task[5] ^= 1;
    sign(&b, 1);
    cr_assert_eq(add(&b, 1), ASSAY_E_INVALID, "another task");
    b = good;
    b.receipt[1].input[5] ^= 1;
    sign(&b, 1);
    cr_assert_eq(add(&b, 1), ASSAY_E_INVALID, "another input");
    b = good;
    b.receipt[1].previous[5] ^= 1;
    sign(&b, 1);
    cr_assert_eq(add(&b, 1), ASSAY_E_INVALID, "another receipt before");
    b = good;
    b.receipt[1].epoch = 9;
    sign(&b, 1);
    cr_assert_eq(add(&b, 1), ASSAY_E_INVALID, "an epoch before that of the last");
    b = good;
    b.receipt[1].state[0] ^= 1;
    cr_assert_eq(add(&b, 1), ASSAY_E_SIGNATURE, "changed behind its signature");
    b = good;
    cr_assert_eq(add(&b, 1), ASSAY_OK);
}

Test(task_receipt, a_file_of_receipts_is_verified_to_its_end)
{
    struct bench b = made();
    uint8_t bytes[STEPS * ASSAY_TASK_RECEIPT_SIGNED_LEN];
    const struct assay_slice file = file_of(&b, bytes, sizeof bytes);
    const struct assay_task_chain fresh = b.chain;
    cr_assert_eq(assay_task_chain_verify(file, &b.chain), ASSAY_OK);
    cr_assert_eq(b.chain.step, STEPS);
    b.chain = fresh;
    cr_assert_eq(assay_task_chain_verify(assay_slice_over(bytes, file.len - 1), &b.chain),
                 ASSAY_E_TRUNCATED);
    cr_assert_eq(b.chain.step, STEPS - 1, "it says how far it holds");
    b.chain = fresh;
    bytes[3 * ASSAY_TASK_RECEIPT_SIGNED_LEN + 240] ^= 1;
    cr_assert_eq(assay_task_chain_verify(file, &b.chain), ASSAY_E_SIGNATURE);
    cr_assert_eq(b.chain.step, 3);
    b.chain = fresh;
    cr_assert_eq(assay_task_chain_verify(assay_slice_over(NULL, 0), &b.chain), ASSAY_OK);
    cr_assert_eq(b.chain.step, 0);
}

Test(task_receipt, the_end_of_a_chain_is_kept_and_read_again)
{
    struct bench b = made();
    uint8_t bytes[ASSAY_TASK_CHAIN_MAX];
    struct assay_slice out;
    struct assay_task_chain read;
    cr_assert_eq(assay_task_chain_encode(&b.chain, bytes, sizeof bytes, &out), ASSAY_OK);
    cr_assert_eq(assay_task_chain_decode(out, &read), ASSAY_OK, "one without a step");
    cr_assert_eq(add(&b, 0), ASSAY_OK);
    cr_assert_eq(assay_task_chain_encode(&b.chain, bytes, sizeof bytes, &out), ASSAY_OK);
    cr_assert_eq(assay_task_chain_decode(out, &read), ASSAY_OK);
    cr_assert_eq(assay_task_chain_add(&read, &b.receipt[1], b.signature[1]), ASSAY_OK);
    for (size_t len = 0; len < out.len; len++)
        cr_assert_neq(assay_task_chain_decode(assay_slice_over(bytes, len), &read), ASSAY_OK);
    bytes[out.len] = 0;
    cr_assert_eq(assay_task_chain_decode(assay_slice_over(bytes, out.len + 1), &read),
                 ASSAY_E_TRAILING);
    cr_assert_eq(assay_task_chain_encode(&b.chain, bytes, 40, &out), ASSAY_E_FULL);
    struct assay_task_chain odd = b.chain;
    assay_bytes_zero(odd.head, 32);
    cr_assert_eq(assay_task_chain_encode(&odd, bytes, sizeof bytes, &out), ASSAY_OK);
    cr_assert_eq(assay_task_chain_decode(out, &read), ASSAY_E_INVALID, "a step without a head");
    assay_task_chain_init(&odd, task, b.key.key, input);
    odd.epoch = 1;
    cr_assert_eq(assay_task_chain_encode(&odd, bytes, sizeof bytes, &out), ASSAY_OK);
    cr_assert_eq(assay_task_chain_decode(out, &read), ASSAY_E_INVALID, "an epoch of no step");
}

Test(task_receipt, a_voucher_is_of_one_chain_task_step_and_lock)
{
    static const uint8_t home[32] = { 1 }, other[32] = { 2 };
    struct kit_key key, stranger;
    struct assay_task_voucher v = { .step = 3, .lock = { 9 } }, changed;
    uint8_t digest[32];
    kit_key_make(&key, 5);
    kit_key_make(&stranger, 6);
    assay_task_voucher_statement(home, &v, digest);
    kit_sign(&key, digest, v.signature);
    cr_assert(assay_task_voucher_check(home, &v, key.key));
    cr_assert_not(assay_task_voucher_check(other, &v, key.key));
    cr_assert_not(assay_task_voucher_check(home, &v, stranger.key));
    changed = v;
    changed.step++;
    cr_assert_not(assay_task_voucher_check(home, &changed, key.key));
    changed = v;
    changed.lock[0]++;
    cr_assert_not(assay_task_voucher_check(home, &changed, key.key));
    changed = v;
    changed.task[0]++;
    cr_assert_not(assay_task_voucher_check(home, &changed, key.key));
}

/* Long before anybody finds the output that short states would have. */
Test(task_receipt, the_digest_of_a_blob_depends_on_its_salt)
{
    uint8_t a[32] = { 1 }, b[32] = { 2 }, first[32], second[32];
    assay_task_blob_digest(a, assay_slice_over("yes", 3), first);
    assay_task_blob_digest(b, assay_slice_over("yes", 3), second);
    cr_assert_not(assay_bytes_equal(first, second, 32));
    assay_task_blob_digest(a, assay_slice_over("yes", 3), second);
    cr_assert(assay_bytes_equal(first, second, 32));
    assay_task_blob_digest(a, assay_slice_over(NULL, 0), second);
    cr_assert_not(assay_bytes_equal(first, second, 32));
}
