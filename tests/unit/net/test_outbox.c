/*
 * The queue for one peer: bounded in frames and bytes, the oldest go first.
 */
#include "net/outbox.h"

#include <criterion/criterion.h>

static struct assay_outbox box;

static uint64_t push(const void *bytes, size_t len)
{
    uint64_t dropped = 99;
    cr_assert_eq(assay_outbox_push(&box, assay_slice_over(bytes, len), &dropped), ASSAY_OK);
    return dropped;
}

Test(net_outbox, keeps_the_order)
{
    struct assay_slice frame;
    cr_assert_not(assay_outbox_peek(&box, &frame));
    cr_assert_eq(push("a", 1), 0);
    cr_assert_eq(push("bc", 2), 0);
    cr_assert(assay_outbox_peek(&box, &frame));
    cr_assert(assay_slice_equal(frame, assay_slice_over("a", 1)));
    assay_outbox_pop(&box);
    cr_assert(assay_outbox_peek(&box, &frame));
    cr_assert(assay_slice_equal(frame, assay_slice_over("bc", 2)));
    assay_outbox_clear(&box);
    cr_assert_eq(box.bytes, 0);
}

Test(net_outbox, drops_the_oldest_beyond_its_frames)
{
    uint64_t dropped = 0;
    struct assay_slice frame;
    for (unsigned i = 0; i < ASSAY_OUTBOX_FRAMES_MAX + 10; i++) {
        const uint8_t number[2] = { (uint8_t)(i >> 8), (uint8_t)i };
        dropped += push(number, sizeof number);
    }
    cr_assert_eq(dropped, 10);
    cr_assert_eq(box.count, ASSAY_OUTBOX_FRAMES_MAX);
    cr_assert(assay_outbox_peek(&box, &frame));
    cr_assert_eq(frame.bytes[1], 10);
    assay_outbox_clear(&box);
}

Test(net_outbox, drops_the_oldest_beyond_its_bytes)
{
    static uint8_t big[1 << 20];
    uint64_t dropped = 0;
    for (int i = 0; i < 8; i++)
        dropped += push(big, sizeof big);
    cr_assert_eq(dropped, 3);
    cr_assert_leq(box.bytes, (size_t)ASSAY_OUTBOX_BYTES_MAX);
    assay_outbox_clear(&box);
}

Test(net_outbox, refuses_what_could_never_fit)
{
    static uint8_t big[ASSAY_OUTBOX_BYTES_MAX + 1];
    uint64_t dropped = 0;
    cr_assert_eq(assay_outbox_push(&box, assay_slice_over(big, sizeof big), &dropped),
                 ASSAY_E_RANGE);
    cr_assert_eq(assay_outbox_push(&box, assay_slice_over(big, 0), &dropped), ASSAY_E_RANGE);
    cr_assert_eq(box.count, 0);
}
