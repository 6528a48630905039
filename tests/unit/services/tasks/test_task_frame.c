/*
 * tests/unit/services/tasks/test_task_frame.c - tests of frames of tasks.
 *
 * Frames between requestor and enclave: strict, bounded, one encoding (docs/services.md 6.5).
 */
#include "services/tasks/seal.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static uint8_t list[ASSAY_TASK_FRAME_MAX];

static const struct {
    enum assay_task_kind kind;
    uint32_t list_max; /* 0: it has none */
    bool step;
} kinds[] = {
    { ASSAY_TASK_ASK, 0, false },
    { ASSAY_TASK_KEYS, ASSAY_TASK_EVIDENCE_MAX, false },
    { ASSAY_TASK_INPUT, 32 + ASSAY_TASK_BLOB_MAX + ASSAY_TASK_OVERHEAD_MAX, false },
    { ASSAY_TASK_STEP_IS, ASSAY_TASK_CIPHERTEXT_MAX, false },
    { ASSAY_TASK_VOUCH, 0, true },
    { ASSAY_TASK_KEY_IS, 0, true },
    { ASSAY_TASK_NEXT, 0, true },
    { ASSAY_TASK_DRAFT, ASSAY_TASK_DRAFT_MAX, false },
    { ASSAY_TASK_DRAFT_IS, ASSAY_TASK_PAYEE_MAX, false },
    { ASSAY_TASK_NO, ASSAY_TASK_NO_MAX, false },
};

enum { KINDS = sizeof kinds / sizeof *kinds };

static struct assay_task_frame frame_of(size_t i, size_t list_len)
{
    struct assay_task_frame f = {
        .kind = kinds[i].kind,
        .task = { 1 },
        .step = 7,
        .nonce = { 2 },
        .key = { 3 },
        .box = { 4 },
        .receipt = { .task = { 1 }, .step = 2, .previous = { 5 } },
        .signature = { 6 },
    };
    f.list = assay_slice_over(list, list_len);
    return f;
}

Test(task_frame, every_kind_comes_back_byte_for_byte)
{
    static uint8_t bytes[ASSAY_TASK_FRAME_MAX], again[ASSAY_TASK_FRAME_MAX];
    for (size_t i = 0; i < KINDS; i++) {
        const size_t lens[] = { 1, 20, kinds[i].list_max == 0 ? 1 : kinds[i].list_max };
        for (size_t k = 0; k < 3; k++) {
            struct assay_task_frame f = frame_of(i, lens[k]), read;
            struct assay_slice first, second;
            cr_assert_eq(assay_task_frame_encode(&f, bytes, sizeof bytes, &first), ASSAY_OK);
            cr_assert_eq(assay_task_frame_decode(first, &read), ASSAY_OK, "kind %d", (int)f.kind);
            cr_assert_eq(assay_task_frame_encode(&read, again, sizeof again, &second), ASSAY_OK);
            cr_assert(assay_slice_equal(first, second), "kind %d", (int)f.kind);
            cr_assert_eq(assay_task_frame_encode(&f, again, first.len - 1, &second), ASSAY_E_FULL);
        }
    }
    cr_assert_leq(ASSAY_TASK_FRAME_MAX, 64 * 1024, "it is one frame of the network");
}

Test(task_frame, every_truncation_and_one_byte_more_is_refused)
{
    uint8_t bytes[1024];
    for (size_t i = 0; i < KINDS; i++) {
        struct assay_task_frame f = frame_of(i, 30), read;
        struct assay_slice whole;
        cr_assert_eq(assay_task_frame_encode(&f, bytes, sizeof bytes - 1, &whole), ASSAY_OK);
        for (size_t len = 0; len < whole.len; len++)
            cr_assert_eq(assay_task_frame_decode(assay_slice_over(bytes, len), &read),
                         ASSAY_E_TRUNCATED, "kind %d of %zu bytes", (int)f.kind, len);
        cr_assert_eq(assay_task_frame_decode(assay_slice_over(bytes, whole.len + 1), &read),
                     ASSAY_E_TRAILING);
    }
}

Test(task_frame, versions_and_kinds_that_nobody_knows_are_refused)
{
    uint8_t bytes[256];
    struct assay_task_frame f = frame_of(0, 1), read;
    struct assay_slice whole;
    cr_assert_eq(assay_task_frame_encode(&f, bytes, sizeof bytes, &whole), ASSAY_OK);
    bytes[0] = 2;
    cr_assert_eq(assay_task_frame_decode(whole, &read), ASSAY_E_UNSUPPORTED);
    bytes[0] = 1;
    bytes[1] = 0;
    cr_assert_eq(assay_task_frame_decode(whole, &read), ASSAY_E_UNSUPPORTED);
    bytes[1] = ASSAY_TASK_NO + 1;
    cr_assert_eq(assay_task_frame_decode(whole, &read), ASSAY_E_UNSUPPORTED);
    bytes[1] = 255;
    cr_assert_eq(assay_task_frame_decode(whole, &read), ASSAY_E_UNSUPPORTED);
}

Test(task_frame, steps_and_lists_stay_within_their_ranges)
{
    static uint8_t bytes[ASSAY_TASK_FRAME_MAX + 16];
    static const uint32_t steps[] = { 0, ASSAY_TASK_STEPS_MAX + 1, UINT32_MAX };
    for (size_t i = 0; i < KINDS; i++) {
        struct assay_task_frame f = frame_of(i, 1), read;
        struct assay_slice whole;
        cr_assert_eq(assay_task_frame_encode(&f, bytes, sizeof bytes, &whole), ASSAY_OK);
        for (size_t k = 0; kinds[i].step && k < 3; k++) {
            struct assay_writer w = assay_writer_over(bytes + 34, 4);
            assay_writer_u32be(&w, steps[k]);
            cr_assert_eq(assay_task_frame_decode(whole, &read), ASSAY_E_RANGE);
        }
        if (kinds[i].list_max == 0) continue;
        /* The length stands before the list's only byte. */
        struct assay_writer w = assay_writer_over(bytes + whole.len - 5, 4);
        assay_writer_u32be(&w, 0);
        cr_assert_eq(assay_task_frame_decode(assay_slice_over(bytes, whole.len - 1), &read),
                     ASSAY_E_RANGE, "empty");
        const uint32_t more = kinds[i].list_max + 1;
        w = assay_writer_over(bytes + whole.len - 5, 4);
        assay_writer_u32be(&w, more);
        cr_assert_eq(assay_task_frame_decode(assay_slice_over(bytes, whole.len - 1 + more), &read),
                     ASSAY_E_RANGE, "kind %d", (int)f.kind);
        w = assay_writer_over(bytes + whole.len - 5, 4);
        assay_writer_u32be(&w, UINT32_MAX);
        cr_assert_eq(assay_task_frame_decode(whole, &read), ASSAY_E_TRUNCATED);
    }
}

Test(task_frame, a_receipt_is_of_the_task_of_its_frame)
{
    uint8_t bytes[512];
    struct assay_task_frame f = frame_of(3, 1), read;
    struct assay_slice whole;
    cr_assert_eq(assay_task_frame_encode(&f, bytes, sizeof bytes, &whole), ASSAY_OK);
    bytes[34] ^= 1; /* the receipt's task */
    cr_assert_eq(assay_task_frame_decode(whole, &read), ASSAY_E_INVALID);
}

Test(task_frame, what_a_step_gives_comes_back_and_has_its_bounds)
{
    static uint8_t bytes[ASSAY_TASK_PLAIN_MAX + 1];
    struct assay_task_product in = { .salt = { 9 } }, out;
    struct assay_slice whole;
    in.state = assay_slice_over(list, ASSAY_TASK_BLOB_MAX);
    in.output = assay_slice_over(list, ASSAY_TASK_BLOB_MAX);
    cr_assert_eq(assay_task_product_encode(&in, bytes, ASSAY_TASK_PLAIN_MAX, &whole), ASSAY_OK);
    cr_assert_eq(whole.len, ASSAY_TASK_PLAIN_MAX);
    cr_assert_eq(assay_task_product_decode(whole, &out), ASSAY_OK);
    cr_assert(assay_slice_equal(out.state, in.state));
    cr_assert(assay_slice_equal(out.output, in.output));
    cr_assert_eq(assay_task_product_encode(&in, bytes, 100, &whole), ASSAY_E_FULL);
    cr_assert_eq(assay_task_product_decode(assay_slice_over(bytes, ASSAY_TASK_PLAIN_MAX + 1), &out),
                 ASSAY_E_RANGE, "a longer output");
    struct assay_writer w = assay_writer_over(bytes + 32, 4);
    assay_writer_u32be(&w, ASSAY_TASK_BLOB_MAX + 1);
    cr_assert_eq(assay_task_product_decode(assay_slice_over(bytes, ASSAY_TASK_PLAIN_MAX), &out),
                 ASSAY_E_RANGE, "a longer state");
    in.state.len++;
    cr_assert_eq(assay_task_product_encode(&in, bytes, sizeof bytes, &whole), ASSAY_E_RANGE);
    in.state.len = 0;
    in.output.len = ASSAY_TASK_BLOB_MAX + 1;
    cr_assert_eq(assay_task_product_encode(&in, bytes, sizeof bytes, &whole), ASSAY_E_RANGE);
    in.output.len = 0;
    cr_assert_eq(assay_task_product_encode(&in, bytes, sizeof bytes, &whole), ASSAY_OK);
    for (size_t len = 0; len < whole.len; len++)
        cr_assert_eq(assay_task_product_decode(assay_slice_over(bytes, len), &out),
                     ASSAY_E_TRUNCATED);
    cr_assert_eq(assay_task_product_decode(whole, &out), ASSAY_OK);
    cr_assert_eq(out.state.len + out.output.len, 0);
}
