/*
 * tests/unit/net/test_outbox.c - tests of the send queue of a peer.
 *
 * The queue for one peer: bounded in frames and bytes, the oldest go first; what is due leaves in
 * batches, what is passed on for others waits for company and is spared when it is not needed.
 */
#include "net/zmq/outbox.h"

#include "host/peers/wire.h"

#include <criterion/criterion.h>

enum { FRAME_LEN = ASSAY_FRAME_HEADER_LEN + 4, NOW_MS = 1000 };

static struct assay_outbox box;
static uint8_t buffer[ASSAY_FRAME_LEN_MAX];

static uint64_t push(const void *bytes, size_t len)
{
    uint64_t dropped = 99;
    cr_assert_eq(assay_outbox_push(&box, NOW_MS, assay_slice_over(bytes, len), 0, &dropped),
                 ASSAY_OK);
    return dropped;
}

/* A frame of four bytes' payload that says its number. */
static void push_number(uint32_t number, uint64_t relay, uint64_t now_ms)
{
    uint64_t dropped = 99;
    uint8_t bytes[FRAME_LEN] = { ASSAY_WIRE_VERSION };
    for (int i = 0; i < 4; i++)
        bytes[FRAME_LEN - 1 - i] = (uint8_t)(number >> 8 * i);
    cr_assert_eq(
        assay_outbox_push(&box, now_ms, assay_slice_over(bytes, sizeof bytes), relay, &dropped),
        ASSAY_OK);
    cr_assert_eq(dropped, 0);
}

static uint32_t number_of(struct assay_slice frame)
{
    uint32_t number = 0;
    cr_assert_eq(frame.len, (size_t)FRAME_LEN);
    for (size_t i = FRAME_LEN - 4; i < FRAME_LEN; i++)
        number = number << 8 | frame.bytes[i];
    return number;
}

/* Everything that one gather gives, in order; popped. Returns: how many. */
static size_t gather(uint32_t *numbers, size_t room)
{
    struct assay_slice all, frame;
    const size_t count = assay_outbox_build_batch(&box, buffer, sizeof buffer, &all);
    struct assay_batch batch = assay_batch_init(all);
    size_t got = 0;
    while (!assay_batch_is_empty(&batch)) {
        cr_assert_eq(assay_batch_next(&batch, &frame), ASSAY_OK);
        cr_assert_lt(got, room);
        numbers[got++] = number_of(frame);
    }
    cr_assert_eq(got, count);
    assay_outbox_pop(&box, count);
    return got;
}

Test(net_outbox, keeps_the_order_and_sends_one_batch)
{
    uint32_t numbers[8];
    cr_assert_not(assay_outbox_has_due(&box, NOW_MS));
    for (uint32_t i = 0; i < 5; i++)
        push_number(i, 0, NOW_MS);
    cr_assert(assay_outbox_has_due(&box, NOW_MS));
    cr_assert_eq(gather(numbers, 8), 5);
    for (uint32_t i = 0; i < 5; i++)
        cr_assert_eq(numbers[i], i);
    cr_assert_eq(box.count, 0);
    cr_assert_eq(box.bytes, 0);
}

Test(net_outbox, a_single_frame_travels_as_itself)
{
    struct assay_slice frame;
    push_number(7, 0, NOW_MS);
    cr_assert_eq(assay_outbox_build_batch(&box, buffer, sizeof buffer, &frame), 1);
    cr_assert_eq(number_of(frame), 7);
    assay_outbox_pop(&box, 1);
    push("short", 5); /* no frame: whoever gets it says so */
    push_number(8, 0, NOW_MS);
    cr_assert_eq(assay_outbox_build_batch(&box, buffer, sizeof buffer, &frame), 1);
    cr_assert(assay_slice_equal(frame, assay_slice_over("short", 5)));
    assay_outbox_clear(&box);
}

Test(net_outbox, a_batch_is_no_longer_than_a_frame)
{
    static uint8_t page[ASSAY_PAGE_LEN];
    struct assay_slice frame;
    size_t left = 5;
    for (size_t i = 0; i < left; i++)
        push(page, sizeof page);
    while (left > 0) {
        const size_t count = assay_outbox_build_batch(&box, buffer, sizeof buffer, &frame);
        cr_assert_eq(count, 1, "two pages are longer than a frame");
        cr_assert_leq(frame.len, (size_t)ASSAY_FRAME_LEN_MAX);
        assay_outbox_pop(&box, count);
        left -= count;
    }
    for (int i = 0; i < 40; i++)
        push(page, 2000);
    const size_t count = assay_outbox_build_batch(&box, buffer, sizeof buffer, &frame);
    cr_assert_eq(count, (ASSAY_FRAME_LEN_MAX - 1) / 2002);
    cr_assert_leq(frame.len, (size_t)ASSAY_FRAME_LEN_MAX);
    assay_outbox_clear(&box);
}

Test(net_outbox, a_relay_waits_for_company)
{
    uint32_t numbers[8];
    push_number(1, 11, NOW_MS);
    push_number(2, 12, NOW_MS + 30);
    cr_assert_not(assay_outbox_has_due(&box, NOW_MS + ASSAY_OUTBOX_RELAY_MS - 1));
    cr_assert(assay_outbox_has_due(&box, NOW_MS + ASSAY_OUTBOX_RELAY_MS),
              "the first sets the time");
    push_number(3, 0, NOW_MS + 31);
    cr_assert(assay_outbox_has_due(&box, NOW_MS + 31), "with whatever leaves next");
    cr_assert_eq(gather(numbers, 8), 3);
    cr_assert_eq(numbers[0], 1);
    cr_assert_eq(numbers[2], 3);
    push_number(4, 14, NOW_MS + 100);
    cr_assert_not(assay_outbox_has_due(&box, NOW_MS + 100 + ASSAY_OUTBOX_RELAY_MS - 1));
    assay_outbox_clear(&box);
}

Test(net_outbox, spares_what_the_peer_has)
{
    uint32_t numbers[8];
    for (uint32_t i = 0; i < 4; i++)
        push_number(i, i == 3 ? 0 : 100 + i, NOW_MS);
    cr_assert_not(assay_outbox_remove_relay(&box, 99));
    cr_assert(assay_outbox_remove_relay(&box, 101));
    cr_assert_not(assay_outbox_remove_relay(&box, 101), "it is gone");
    cr_assert_eq(gather(numbers, 8), 3);
    cr_assert_eq(numbers[0], 0);
    cr_assert_eq(numbers[1], 2);
    cr_assert_eq(numbers[2], 3);
    push_number(5, 105, NOW_MS);
    cr_assert(assay_outbox_remove_relay(&box, 105));
    cr_assert_eq(box.count, 0);
    cr_assert_not(assay_outbox_has_due(&box, NOW_MS + 10 * ASSAY_OUTBOX_RELAY_MS));
}

Test(net_outbox, spares_across_the_end_of_the_ring)
{
    uint32_t numbers[ASSAY_OUTBOX_FRAMES_MAX];
    for (uint32_t i = 0; i < ASSAY_OUTBOX_FRAMES_MAX; i++)
        push_number(i, 1000 + i, NOW_MS);
    assay_outbox_pop(&box, ASSAY_OUTBOX_FRAMES_MAX - 2);
    for (uint32_t i = ASSAY_OUTBOX_FRAMES_MAX; i < ASSAY_OUTBOX_FRAMES_MAX + 3; i++)
        push_number(i, 1000 + i, NOW_MS);
    cr_assert(assay_outbox_remove_relay(&box, 1000 + ASSAY_OUTBOX_FRAMES_MAX - 1));
    cr_assert_eq(gather(numbers, ASSAY_OUTBOX_FRAMES_MAX), 4);
    cr_assert_eq(numbers[0], ASSAY_OUTBOX_FRAMES_MAX - 2);
    for (uint32_t i = 1; i < 4; i++)
        cr_assert_eq(numbers[i], ASSAY_OUTBOX_FRAMES_MAX - 1 + i);
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
    cr_assert_eq(assay_outbox_build_batch(&box, buffer, sizeof buffer, &frame), 1);
    cr_assert_eq(frame.bytes[1], 10);
    assay_outbox_clear(&box);
    cr_assert_eq(box.bytes, 0);
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
    cr_assert_eq(assay_outbox_push(&box, NOW_MS, assay_slice_over(big, sizeof big), 0, &dropped),
                 ASSAY_E_RANGE);
    cr_assert_eq(assay_outbox_push(&box, NOW_MS, assay_slice_over(big, 0), 0, &dropped),
                 ASSAY_E_RANGE);
    cr_assert_eq(box.count, 0);
}
