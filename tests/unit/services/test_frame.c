/*
 * tests/unit/services/test_frame.c - tests of frames of services.
 *
 * Frames: each kind goes and comes, one meaning has one encoding, and nothing else is read
 * (docs/services.md 1).
 */
#include "services/continuity/frame.h"
#include "tests/support/seed.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static uint8_t digests[ASSAY_CONT_BATCH_MAX * 32];
static uint8_t entries[3 * ASSAY_CONT_ENTRY_LEN];

/* One of each kind, with every field that it has. */
static struct assay_cont_frame sample(enum assay_cont_kind kind)
{
    struct assay_cont_frame f = { .kind = kind, .group = 0x01020304, .view = 9 };
    struct assay_writer w = assay_writer_over(entries, sizeof entries);
    for (uint8_t i = 1; i <= 3; i++)
        assay_cont_entry_encode(&w,
                                &(struct assay_cont_entry){
                                    .instance = { i }, .promised = 3, .writer = 2, .index = 1 });
    for (size_t i = 0; i < 32; i++)
        f.instance[i] = f.nonce[i] = f.digest[i] = f.prev[i] = f.root[i] = (uint8_t)(i + 1);
    f.session = 5;
    f.reason = ASSAY_CONT_GAP;
    f.value = f.index = 4;
    f.promised = 6;
    f.writer = 5;
    f.base = 8;
    f.entries = 3;
    f.mask = 7;
    f.page = 1;
    f.count = 3;
    f.signature[63] = 1;
    f.place = (struct assay_cont_place){ .root = { 7 }, .leaf = 2, .leaves = 5, .levels = 3 };
    f.place.path[2][31] = 9;
    f.list = kind == ASSAY_CONT_PAGE ? assay_slice_over(entries, sizeof entries)
                                     : assay_slice_over(digests, 3 * 32);
    return f;
}

static struct assay_slice encoded(const struct assay_cont_frame *f)
{
    static uint8_t bytes[ASSAY_CONT_FRAME_MAX];
    struct assay_slice out;
    cr_assert_eq(assay_cont_frame_encode(f, bytes, sizeof bytes, &out), ASSAY_OK);
    return out;
}

Test(frame, every_kind_comes_back_as_it_went)
{
    for (int kind = ASSAY_CONT_OPEN; kind <= ASSAY_CONT_HANDOVER; kind++) {
        if (kind == 9) continue; /* a number that is used no more */
        const struct assay_cont_frame f = sample((enum assay_cont_kind)kind);
        const struct assay_slice out = encoded(&f);
        uint8_t *copy = malloc(out.len);
        struct assay_cont_frame read;
        uint8_t again[ASSAY_CONT_FRAME_MAX];
        struct assay_slice second;
        assay_bytes_copy(copy, out.len, out.bytes, out.len);
        cr_assert_eq(assay_cont_frame_decode(assay_slice_over(copy, out.len), &read), ASSAY_OK,
                     "kind %d", kind);
        cr_assert_eq(read.kind, f.kind);
        cr_assert_eq(read.group, f.group);
        cr_assert_eq(read.view, f.view);
        cr_assert_eq(assay_cont_frame_encode(&read, again, sizeof again, &second), ASSAY_OK);
        cr_assert(assay_slice_equal(assay_slice_over(copy, out.len), second), "kind %d", kind);
        free(copy);
    }
}

Test(frame, rejects_every_truncation_and_every_byte_more)
{
    for (int kind = ASSAY_CONT_OPEN; kind <= ASSAY_CONT_HANDOVER; kind++) {
        if (kind == 9) continue; /* a number that is used no more */
        const struct assay_cont_frame f = sample((enum assay_cont_kind)kind);
        const struct assay_slice out = encoded(&f);
        struct assay_cont_frame read;
        for (size_t len = 0; len < out.len; len++) {
            uint8_t *copy = malloc(len + 1); /* exact, for the sanitizer, but never of no bytes */
            assay_bytes_copy(copy, len + 1, out.bytes, len);
            cr_assert_eq(assay_cont_frame_decode(assay_slice_over(copy, len), &read),
                         ASSAY_E_TRUNCATED, "kind %d, %zu bytes", kind, len);
            free(copy);
        }
        uint8_t *longer = calloc(out.len + 1, 1);
        assay_bytes_copy(longer, out.len, out.bytes, out.len);
        cr_assert_eq(assay_cont_frame_decode(assay_slice_over(longer, out.len + 1), &read),
                     ASSAY_E_TRAILING, "kind %d", kind);
        free(longer);
    }
}

Test(frame, a_flipped_bit_is_refused_or_reads_as_what_it_says)
{
    for (int kind = ASSAY_CONT_OPEN; kind <= ASSAY_CONT_HANDOVER; kind++) {
        if (kind == 9) continue; /* a number that is used no more */
        const struct assay_cont_frame f = sample((enum assay_cont_kind)kind);
        const struct assay_slice out = encoded(&f);
        uint8_t bytes[1024], again[1024];
        struct assay_slice second;
        cr_assert_leq(out.len, sizeof bytes);
        assay_bytes_copy(bytes, sizeof bytes, out.bytes, out.len);
        for (size_t bit = 0; bit < out.len * 8; bit++) {
            struct assay_cont_frame read;
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (assay_cont_frame_decode(assay_slice_over(bytes, out.len), &read) == ASSAY_OK) {
                cr_assert_eq(assay_cont_frame_encode(&read, again, sizeof again, &second),
                             ASSAY_OK);
                cr_assert(assay_slice_equal(assay_slice_over(bytes, out.len), second));
            }
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

static enum assay_status decode_at(struct assay_slice out, size_t at, const uint8_t *bytes,
                                   size_t len)
{
    uint8_t copy[4096];
    struct assay_cont_frame read;
    assay_bytes_copy(copy, sizeof copy, out.bytes, out.len);
    assay_bytes_copy(copy + at, sizeof copy - at, bytes, len);
    return assay_cont_frame_decode(assay_slice_over(copy, out.len), &read);
}

Test(frame, numbers_outside_their_ranges_are_refused)
{
    const uint8_t zero[8] = { 0 }, full[8] = { 255, 255, 255, 255, 255, 255, 255, 255 };
    struct assay_cont_frame f = sample(ASSAY_CONT_UPDATE);
    const struct assay_slice update = encoded(&f);
    cr_assert_eq(decode_at(update, 0, (const uint8_t[]){ 2 }, 1), ASSAY_E_UNSUPPORTED);
    cr_assert_eq(decode_at(update, 1, (const uint8_t[]){ 20 }, 1), ASSAY_E_UNSUPPORTED);
    cr_assert_eq(decode_at(update, 1, (const uint8_t[]){ 9 }, 1), ASSAY_E_UNSUPPORTED);
    cr_assert_eq(decode_at(update, 1, (const uint8_t[]){ 0 }, 1), ASSAY_E_UNSUPPORTED);
    cr_assert_eq(decode_at(update, 46, zero, 8), ASSAY_E_RANGE, "session 0");
    cr_assert_eq(decode_at(update, 54, zero, 8), ASSAY_E_RANGE, "state 0 is nobody's update");
    cr_assert_eq(decode_at(update, 54, full, 8), ASSAY_E_RANGE, "indices that wrap");
    f = sample(ASSAY_CONT_REFUSED);
    const struct assay_slice refused = encoded(&f);
    cr_assert_eq(decode_at(refused, 54, (const uint8_t[]){ 0 }, 1), ASSAY_E_RANGE);
    cr_assert_eq(decode_at(refused, 54, (const uint8_t[]){ 8 }, 1), ASSAY_E_RANGE);
    f = sample(ASSAY_CONT_VOUCH);
    const struct assay_slice vouch = encoded(&f);
    cr_assert_eq(decode_at(vouch, 14, (const uint8_t[]){ 0, 0, 0, 0, 0, 0, 0, 9 }, 8),
                 ASSAY_E_RANGE, "a base that does not precede its view");
    cr_assert_eq(decode_at(vouch, 54, (const uint8_t[]){ 0, 0, 80, 1 }, 4), ASSAY_E_RANGE);
    cr_assert_eq(decode_at(vouch, 58, (const uint8_t[]){ 0 }, 1), ASSAY_E_RANGE);
    cr_assert_eq(decode_at(vouch, 58, (const uint8_t[]){ 128 }, 1), ASSAY_E_RANGE);
    f = sample(ASSAY_CONT_SIGNED);
    const struct assay_slice is_signed = encoded(&f);
    cr_assert_eq(decode_at(is_signed, 174, (const uint8_t[]){ 0, 5 }, 2), ASSAY_E_RANGE,
                 "a leaf behind the last");
    cr_assert_eq(decode_at(is_signed, 176, (const uint8_t[]){ 0, 129 }, 2), ASSAY_E_RANGE);
    cr_assert_eq(decode_at(is_signed, 178, (const uint8_t[]){ 8 }, 1), ASSAY_E_RANGE);
    f = sample(ASSAY_CONT_HANDOVER);
    const struct assay_slice handover = encoded(&f);
    cr_assert_eq(decode_at(handover, 54, (const uint8_t[]){ 0xff, 0xff }, 2), ASSAY_E_TRUNCATED);
    f.list = assay_slice_over(digests, ASSAY_CONT_HANDOVER_LEN_MAX);
    cr_assert_eq(decode_at(encoded(&f), 0, (const uint8_t[]){ 1 }, 1), ASSAY_OK, "the longest");
    f = sample(ASSAY_CONT_PAGE);
    const struct assay_slice page = encoded(&f);
    cr_assert_eq(decode_at(page, 46, (const uint8_t[]){ 0, 0, 0, 40 }, 4), ASSAY_E_RANGE);
    cr_assert_eq(decode_at(page, 52, (const uint8_t[]){ 9 }, 1), ASSAY_E_ENCODING, "out of order");
    cr_assert_eq(decode_at(page, 52 + 32 + 7, zero, 1), ASSAY_E_INVALID,
                 "written above what was promised");
}

Test(frame, a_batch_at_its_limit_fits_and_one_past_it_does_not)
{
    struct assay_cont_frame f = sample(ASSAY_CONT_UPDATE), read;
    f.count = ASSAY_CONT_BATCH_MAX;
    f.list = assay_slice_over(digests, sizeof digests);
    const struct assay_slice out = encoded(&f);
    cr_assert_eq(assay_cont_frame_decode(out, &read), ASSAY_OK);
    cr_assert_eq(read.count, ASSAY_CONT_BATCH_MAX);
    uint8_t *more = calloc(out.len + 32, 1);
    assay_bytes_copy(more, out.len, out.bytes, out.len);
    more[94] = (ASSAY_CONT_BATCH_MAX + 1) >> 8;
    more[95] = (ASSAY_CONT_BATCH_MAX + 1) & 255;
    cr_assert_eq(assay_cont_frame_decode(assay_slice_over(more, out.len + 32), &read),
                 ASSAY_E_RANGE);
    free(more);
    uint8_t small[64];
    struct assay_slice none;
    cr_assert_eq(assay_cont_frame_encode(&f, small, sizeof small, &none), ASSAY_E_FULL);
}

Test(frame, seeds_are_of_the_format_of_today)
{
    static const char *const names[] = {
        [ASSAY_CONT_OPEN] = "open",       [ASSAY_CONT_OPENED] = "opened",
        [ASSAY_CONT_ADOPT] = "adopt",     [ASSAY_CONT_UPDATE] = "update",
        [ASSAY_CONT_ACK] = "ack",         [ASSAY_CONT_CONFIRM] = "confirm",
        [ASSAY_CONT_CONFIRMED] = "confirmed", [ASSAY_CONT_RECEIPT] = "receipt",
        [ASSAY_CONT_REFUSED] = "refused", [ASSAY_CONT_FIN] = "fin",
        [ASSAY_CONT_PAGE_GET] = "page_get", [ASSAY_CONT_PAGE] = "page",
        [ASSAY_CONT_VOUCH] = "vouch",     [ASSAY_CONT_ROOT] = "root",
        [ASSAY_CONT_SIGNED] = "signed",   [ASSAY_CONT_PING] = "ping",
        [ASSAY_CONT_HANDOVER_GET] = "handover_get",
        [ASSAY_CONT_HANDOVER] = "handover",
    };
    for (int kind = ASSAY_CONT_OPEN; kind <= ASSAY_CONT_HANDOVER; kind++) {
        if (names[kind] == NULL) continue;
        const struct assay_cont_frame f = sample((enum assay_cont_kind)kind);
        struct assay_cont_frame read;
        const struct assay_slice seed = seed_of("services_frame", names[kind], encoded(&f));
        cr_expect_eq(assay_cont_frame_decode(seed, &read), ASSAY_OK, "%s", names[kind]);
        cr_expect_eq(read.kind, f.kind, "%s", names[kind]);
    }
}
