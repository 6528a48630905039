/*
 * tests/unit/host/test_wire.c - tests of frames.
 *
 * Frames: encode, decode, and everything that is no frame.
 */
#include "host/peers/wire.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t chain[32] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };

static size_t make(uint8_t *out, size_t capacity, enum assay_message_kind kind, const char *text,
                   size_t len)
{
    struct assay_writer w = assay_writer_over(out, capacity);
    cr_assert_eq(assay_frame_encode(chain, kind, assay_slice_over(text, len), &w), ASSAY_OK);
    return w.len;
}

static enum assay_status decode(const uint8_t *bytes, size_t len, struct assay_frame *frame)
{
    /* an exact-size heap copy, so that one byte too far is seen */
    uint8_t *copy = malloc(len > 0 ? len : 1);
    assay_bytes_copy(copy, len, bytes, len);
    const enum assay_status status = assay_frame_decode(chain, assay_slice_over(copy, len), frame);
    free(copy);
    return status;
}

Test(host_wire, decodes_what_it_encoded)
{
    uint8_t bytes[64];
    struct assay_frame frame;
    const size_t len = make(bytes, sizeof bytes, ASSAY_MESSAGE_VOTE, "payload", 7);
    cr_assert_eq(len, ASSAY_FRAME_HEADER_LEN + 7);
    cr_assert_eq(assay_frame_decode(chain, assay_slice_over(bytes, len), &frame), ASSAY_OK);
    cr_assert_eq(frame.kind, ASSAY_MESSAGE_VOTE);
    cr_assert_eq(frame.lane, ASSAY_LANE_VOTER);
    cr_assert(assay_slice_equal(frame.payload, assay_slice_over("payload", 7)));
}

Test(host_wire, rejects_every_truncation_of_the_header)
{
    uint8_t bytes[64];
    struct assay_frame frame;
    make(bytes, sizeof bytes, ASSAY_MESSAGE_VOTE, "", 0);
    for (size_t len = 0; len < ASSAY_FRAME_HEADER_LEN; len++)
        cr_assert_eq(decode(bytes, len, &frame), ASSAY_E_TRUNCATED, "%zu bytes", len);
    cr_assert_eq(decode(bytes, ASSAY_FRAME_HEADER_LEN, &frame), ASSAY_OK);
}

Test(host_wire, rejects_another_version_chain_or_kind)
{
    uint8_t bytes[64];
    struct assay_frame frame;
    const size_t len = make(bytes, sizeof bytes, ASSAY_MESSAGE_VOTE, "x", 1);
    bytes[0] = ASSAY_WIRE_VERSION + 1;
    cr_assert_eq(decode(bytes, len, &frame), ASSAY_E_VERSION);
    bytes[0] = ASSAY_WIRE_VERSION;
    for (size_t i = 1; i <= ASSAY_CHAIN_TAG_LEN; i++) {
        bytes[i] ^= 1;
        cr_assert_eq(decode(bytes, len, &frame), ASSAY_E_CHAIN);
        bytes[i] ^= 1;
    }
    const unsigned unknown[] = { 0, 19, 31, 41, 255, 65535 };
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        bytes[9] = (uint8_t)(unknown[i] >> 8);
        bytes[10] = (uint8_t)unknown[i];
        cr_assert_eq(decode(bytes, len, &frame), ASSAY_E_UNSUPPORTED, "kind %u", unknown[i]);
    }
}

Test(host_wire, takes_the_largest_frame_and_not_one_byte_more)
{
    static char payload[ASSAY_FRAME_LEN_MAX];
    static uint8_t bytes[ASSAY_FRAME_LEN_MAX + 1];
    struct assay_frame frame;
    const size_t most = ASSAY_FRAME_LEN_MAX - ASSAY_FRAME_HEADER_LEN;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(
        assay_frame_encode(chain, ASSAY_MESSAGE_RECORD, assay_slice_over(payload, most + 1), &w),
        ASSAY_E_RANGE);
    cr_assert_eq(make(bytes, sizeof bytes, ASSAY_MESSAGE_RECORD, payload, most),
                 ASSAY_FRAME_LEN_MAX);
    cr_assert_eq(decode(bytes, ASSAY_FRAME_LEN_MAX, &frame), ASSAY_OK);
    cr_assert_eq(decode(bytes, ASSAY_FRAME_LEN_MAX + 1, &frame), ASSAY_E_RANGE);
}

Test(host_wire, says_when_the_buffer_is_too_small)
{
    uint8_t bytes[ASSAY_FRAME_HEADER_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_frame_encode(chain, ASSAY_MESSAGE_VOTE, assay_slice_over("x", 1), &w),
                 ASSAY_E_FULL);
}

/* ------------------------------------------------------------ batches */

static uint8_t all[ASSAY_FRAME_LEN_MAX];

static void add(struct assay_writer *w, const char *text, size_t len)
{
    uint8_t bytes[64];
    const size_t frame_len = make(bytes, sizeof bytes, ASSAY_MESSAGE_VOTE, text, len);
    cr_assert_eq(assay_batch_add(w, assay_slice_over(bytes, frame_len)), ASSAY_OK);
}

/* Walks an exact-size heap copy. Returns: how many frames came before the end or *last said no. */
static size_t walk(const uint8_t *bytes, size_t len, enum assay_status *last)
{
    size_t count = 0;
    uint8_t *copy = malloc(len > 0 ? len : 1);
    assay_bytes_copy(copy, len, bytes, len);
    struct assay_batch batch = assay_batch_init(assay_slice_over(copy, len));
    *last = ASSAY_OK;
    while (!assay_batch_is_empty(&batch)) {
        struct assay_slice frame = { 0 };
        *last = assay_batch_next(&batch, &frame);
        if (*last != ASSAY_OK) break;
        cr_assert(frame.bytes >= copy && frame.bytes + frame.len <= copy + len);
        count++;
    }
    cr_assert(assay_batch_is_empty(&batch), "what is malformed is over");
    free(copy);
    return count;
}

Test(host_wire, a_batch_gives_back_its_frames_in_order)
{
    struct assay_writer w = assay_writer_over(all, sizeof all);
    static const char *const texts[] = { "", "one", "and another" };
    for (size_t i = 0; i < 3; i++)
        add(&w, texts[i], strlen(texts[i]));
    struct assay_batch batch = assay_batch_init(assay_slice_over(all, w.len));
    for (size_t i = 0; i < 3; i++) {
        struct assay_slice bytes;
        struct assay_frame frame;
        cr_assert_not(assay_batch_is_empty(&batch));
        cr_assert_eq(assay_batch_next(&batch, &bytes), ASSAY_OK);
        cr_assert_eq(assay_frame_decode(chain, bytes, &frame), ASSAY_OK);
        cr_assert(assay_slice_equal(frame.payload, assay_slice_over(texts[i], strlen(texts[i]))));
    }
    cr_assert(assay_batch_is_empty(&batch));
}

Test(host_wire, what_is_no_batch_is_one_frame)
{
    uint8_t bytes[64];
    enum assay_status last;
    const size_t len = make(bytes, sizeof bytes, ASSAY_MESSAGE_VOTE, "x", 1);
    cr_assert_eq(walk(bytes, len, &last), 1);
    cr_assert_eq(walk(bytes, 0, &last), 1, "an empty one is refused as a frame");
    cr_assert_eq(last, ASSAY_OK);
}

Test(host_wire, a_batch_cut_anywhere_gives_the_frames_before_the_cut)
{
    struct assay_writer w = assay_writer_over(all, sizeof all);
    size_t ends[4] = { ASSAY_BATCH_HEADER_LEN };
    for (size_t i = 1; i <= 3; i++) {
        add(&w, "payload", i);
        ends[i] = w.len;
    }
    for (size_t len = 1; len <= w.len; len++) {
        enum assay_status last;
        const size_t count = walk(all, len, &last);
        size_t whole = 0;
        while (whole < 3 && ends[whole + 1] <= len) whole++;
        cr_assert_eq(count, whole, "%zu bytes", len);
        cr_assert_eq(last, ends[whole] == len && whole > 0 ? ASSAY_OK : ASSAY_E_TRUNCATED);
    }
}

Test(host_wire, refuses_a_batch_in_a_batch_and_lengths_of_no_frame)
{
    enum assay_status last;
    struct assay_writer w = assay_writer_over(all, sizeof all);
    add(&w, "first", 5);
    const size_t first_len = w.len;
    add(&w, "second", 6);
    all[first_len + 2] = ASSAY_BATCH_VERSION;
    cr_assert_eq(walk(all, w.len, &last), 1);
    cr_assert_eq(last, ASSAY_E_RANGE);
    all[first_len + 2] = ASSAY_WIRE_VERSION;
    all[first_len + 1] = ASSAY_FRAME_HEADER_LEN - 1;
    cr_assert_eq(walk(all, w.len, &last), 1);
    cr_assert_eq(last, ASSAY_E_TRUNCATED);
    w = assay_writer_over(all, sizeof all);
    cr_assert_eq(assay_batch_add(&w, assay_slice_over("short", 5)), ASSAY_E_RANGE);
    cr_assert_eq(w.len, 0);
}

Test(host_wire, a_batch_has_an_end_in_frames_and_in_bytes)
{
    enum assay_status last;
    struct assay_writer w = assay_writer_over(all, sizeof all);
    for (size_t i = 0; i < ASSAY_BATCH_FRAMES_MAX; i++)
        add(&w, "", 0);
    cr_assert_eq(walk(all, w.len, &last), ASSAY_BATCH_FRAMES_MAX);
    cr_assert_eq(last, ASSAY_OK);
    add(&w, "", 0);
    cr_assert_eq(walk(all, w.len, &last), ASSAY_BATCH_FRAMES_MAX);
    cr_assert_eq(last, ASSAY_E_RANGE);

    static uint8_t large[ASSAY_PAGE_LEN];
    w = assay_writer_over(all, sizeof all);
    cr_assert_eq(assay_batch_add(&w, assay_slice_over(large, sizeof large)), ASSAY_OK);
    const size_t len = w.len;
    cr_assert_eq(assay_batch_add(&w, assay_slice_over(large, sizeof large)), ASSAY_E_FULL);
    cr_assert_eq(w.len, len, "what was in it stays");
    const size_t left = sizeof all - len - 2;
    cr_assert_eq(assay_batch_add(&w, assay_slice_over(large, left + 1)), ASSAY_E_FULL);
    cr_assert_eq(assay_batch_add(&w, assay_slice_over(large, left)), ASSAY_OK);
    cr_assert_eq(w.len, sizeof all);
}
