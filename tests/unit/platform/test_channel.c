/* tests/unit/platform/test_channel.c - frames between platform and enclave. */
#include "quote/source/platform/platform_channel.h"

#include <criterion/criterion.h>
#include <stdlib.h>

struct sample {
    enum assay_channel_kind kind;
    size_t body_len;
};

static const struct sample samples[] = {
#define SAMPLE(symbol, number, name, len) { symbol, len },
    ASSAY_CHANNEL_LIST(SAMPLE)
#undef SAMPLE
};

enum { SAMPLES = sizeof samples / sizeof samples[0] };

static size_t make(size_t which, uint8_t bytes[static ASSAY_CHANNEL_FRAME_MAX],
                   struct assay_channel_frame *frame)
{
    *frame = (struct assay_channel_frame){ .kind = samples[which].kind,
                                           .id = 0x01020304,
                                           .body_len = (uint16_t)samples[which].body_len };
    for (size_t i = 0; i < samples[which].body_len; i++)
        frame->body[i] = (uint8_t)(i + 2);
    return assay_channel_encode(frame, bytes);
}

static bool same(const struct assay_channel_frame *a, const struct assay_channel_frame *b)
{
    return a->kind == b->kind && a->id == b->id &&
           assay_bytes_equal(a->body, b->body, sizeof a->body);
}

Test(channel, decodes_what_it_encodes)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        uint8_t bytes[ASSAY_CHANNEL_FRAME_MAX];
        struct assay_channel_frame in, out;
        const size_t len = make(i, bytes, &in);
        cr_assert_eq(len, ASSAY_CHANNEL_HEAD_LEN + samples[i].body_len);
        cr_assert_eq(assay_channel_body_len(in.kind), samples[i].body_len);
        cr_assert_eq(assay_channel_decode(bytes, len, &out), ASSAY_OK);
        cr_assert(same(&in, &out));
    }
}

Test(channel, rejects_every_truncation_and_one_byte_too_many)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        uint8_t bytes[ASSAY_CHANNEL_FRAME_MAX + 1] = { 0 };
        struct assay_channel_frame frame, untouched = { .id = 77 };
        const size_t len = make(i, bytes, &frame);
        for (size_t cut = 0; cut < len; cut++) {
            uint8_t *exact = malloc(cut > 0 ? cut : 1); /* so that reading on is caught */
            cr_assert_not_null(exact);
            if (cut > 0) assay_bytes_copy(exact, cut, bytes, cut);
            cr_assert_eq(assay_channel_decode(exact, cut, &untouched), ASSAY_E_TRUNCATED);
            free(exact);
        }
        cr_assert_eq(assay_channel_decode(bytes, len + 1, &untouched), ASSAY_E_TRAILING);
        cr_assert_eq(untouched.id, 77);
    }
}

Test(channel, rejects_other_versions_kinds_lengths_and_modes)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        uint8_t bytes[ASSAY_CHANNEL_FRAME_MAX];
        struct assay_channel_frame frame;
        const size_t len = make(i, bytes, &frame);
        for (unsigned version = 0; version < 256; version++) {
            bytes[0] = (uint8_t)version;
            cr_assert_eq(assay_channel_decode(bytes, len, &frame),
                         version == 1 ? ASSAY_OK : ASSAY_E_UNSUPPORTED);
        }
        bytes[0] = 1;
        const uint8_t kind = bytes[1];
        bytes[1] = 0;
        cr_assert_eq(assay_channel_decode(bytes, len, &frame), ASSAY_E_UNSUPPORTED);
        bytes[1] = SAMPLES + 1;
        cr_assert_eq(assay_channel_decode(bytes, len, &frame), ASSAY_E_UNSUPPORTED);
        bytes[1] = kind;
        bytes[3]++;
        cr_assert_eq(assay_channel_decode(bytes, len, &frame), ASSAY_E_RANGE);
        bytes[3]--;
        bytes[2] = 1;
        cr_assert_eq(assay_channel_decode(bytes, len, &frame),
                     samples[i].kind == ASSAY_CHANNEL_KEYS ? ASSAY_E_TRAILING : ASSAY_E_RANGE);
    }
    uint8_t bytes[ASSAY_CHANNEL_FRAME_MAX];
    struct assay_channel_frame frame = { .kind = ASSAY_CHANNEL_MODE, .body = { 1 } };
    const size_t len = assay_channel_encode(&frame, bytes);
    for (unsigned mode = 0; mode < 256; mode++) {
        bytes[ASSAY_CHANNEL_HEAD_LEN] = (uint8_t)mode;
        cr_assert_eq(assay_channel_decode(bytes, len, &frame),
                     mode >= 1 && mode <= 3 ? ASSAY_OK : ASSAY_E_RANGE);
    }
}

Test(channel, survives_each_flipped_bit_and_reads_it_as_one_meaning)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        uint8_t bytes[ASSAY_CHANNEL_FRAME_MAX], back[ASSAY_CHANNEL_FRAME_MAX];
        struct assay_channel_frame frame;
        const size_t len = make(i, bytes, &frame);
        for (size_t bit = 0; bit < len * 8; bit++) {
            bytes[bit / 8] = (uint8_t)(bytes[bit / 8] ^ 1u << bit % 8);
            if (assay_channel_decode(bytes, len, &frame) == ASSAY_OK) {
                cr_assert_eq(assay_channel_encode(&frame, back), len);
                cr_assert(assay_bytes_equal(bytes, back, len));
            }
            bytes[bit / 8] = (uint8_t)(bytes[bit / 8] ^ 1u << bit % 8);
        }
    }
}

Test(channel, keys_have_the_length_that_they_state_and_at_least_a_byte)
{
    uint8_t bytes[ASSAY_CHANNEL_FRAME_MAX];
    struct assay_channel_frame frame = { .kind = ASSAY_CHANNEL_KEYS, .body_len = 1 };
    frame.body[0] = 0x80;
    const size_t len = assay_channel_encode(&frame, bytes);
    cr_assert_eq(len, ASSAY_CHANNEL_HEAD_LEN + 1);
    frame.body_len = 0;
    cr_assert_eq(assay_channel_decode(bytes, len, &frame), ASSAY_OK);
    cr_assert_eq(frame.body_len, 1);
    bytes[3] = 0;
    cr_assert_eq(assay_channel_decode(bytes, len - 1, &frame), ASSAY_E_RANGE);
}

Test(channel, a_statement_has_one_place_for_each_field)
{
    uint8_t body[ASSAY_CHANNEL_STATEMENT_LEN], back[ASSAY_CHANNEL_STATEMENT_LEN];
    struct assay_channel_statement statement;
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (uint8_t)(i + 1);
    assay_channel_statement_decode(body, &statement);
    assay_channel_statement_encode(&statement, back);
    cr_assert(assay_bytes_equal(body, back, sizeof body));
    cr_assert_eq(statement.era, 0x01020304);
    cr_assert_eq(statement.keys_root[31], body[sizeof body - 1]);
}
