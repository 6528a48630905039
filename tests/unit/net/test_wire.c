/*
 * Frames: encode, decode, and everything that is no frame.
 */
#include "host/wire.h"

#include <criterion/criterion.h>
#include <stdlib.h>

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

Test(net_wire, decodes_what_it_encoded)
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

Test(net_wire, rejects_every_truncation_of_the_header)
{
    uint8_t bytes[64];
    struct assay_frame frame;
    make(bytes, sizeof bytes, ASSAY_MESSAGE_VOTE, "", 0);
    for (size_t len = 0; len < ASSAY_FRAME_HEADER_LEN; len++)
        cr_assert_eq(decode(bytes, len, &frame), ASSAY_E_TRUNCATED, "%zu bytes", len);
    cr_assert_eq(decode(bytes, ASSAY_FRAME_HEADER_LEN, &frame), ASSAY_OK);
}

Test(net_wire, rejects_another_version_chain_or_kind)
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
    const unsigned unknown[] = { 0, 31, 37, 255, 65535 };
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        bytes[9] = (uint8_t)(unknown[i] >> 8);
        bytes[10] = (uint8_t)unknown[i];
        cr_assert_eq(decode(bytes, len, &frame), ASSAY_E_UNSUPPORTED, "kind %u", unknown[i]);
    }
}

Test(net_wire, takes_the_largest_frame_and_not_one_byte_more)
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

Test(net_wire, says_when_the_buffer_is_too_small)
{
    uint8_t bytes[ASSAY_FRAME_HEADER_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_frame_encode(chain, ASSAY_MESSAGE_VOTE, assay_slice_over("x", 1), &w),
                 ASSAY_E_FULL);
}
