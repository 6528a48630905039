/*
 * base/lz4.c - encoder and decoder of the LZ4 block format (lz4.h).
 *
 * A sequence is a byte with two lengths, literals, and a copy: two bytes of distance, the lower one
 * first. A length of 15 goes on in further bytes, of which all but the last are 255.
 */
#include "base/lz4.h"

#include "base/assert.h"
#include "base/cursor.h"

enum {
    COPY_MIN = 4,
    DISTANCE_MAX = 65535,
    NIBBLE = 15,
    /* The format's rules for encoders: the last bytes are literals, and no copy begins near them.
     */
    LITERALS_AT_END = 5,
    NO_COPY_AT_END = 12,
};

/* --- decoding */
/* A length beyond the limit is not counted further. */
static enum assay_status read_length(struct assay_cursor *c, size_t limit, size_t *length)
{
    uint8_t more = 255;
    if (*length < NIBBLE) return ASSAY_OK;
    while (more == 255) {
        ASSAY_TRY(assay_cursor_u8(c, &more));
        *length += more;
        if (*length > limit) return ASSAY_E_RANGE;
    }
    return ASSAY_OK;
}

/* Byte by byte: a copy may reach into what it writes. */
static enum assay_status copy_back(struct assay_writer *w, size_t distance, size_t length)
{
    if (distance == 0 || distance > w->len) return ASSAY_E_RANGE;
    if (length > w->capacity - w->len) return ASSAY_E_RANGE;
    for (size_t i = 0; i < length; i++)
        w->bytes[w->len + i] = w->bytes[w->len + i - distance];
    w->len += length;
    return ASSAY_OK;
}

enum assay_status assay_lz4_decode(const uint8_t *bytes, size_t len, struct assay_writer *w)
{
    struct assay_cursor c = assay_cursor_over(bytes, len);
    ASSAY_ASSERT(w->len == 0 && !w->full);
    for (;;) {
        uint8_t token = 0;
        uint16_t distance = 0;
        struct assay_slice literals;
        ASSAY_TRY(assay_cursor_u8(&c, &token));
        size_t literal_len = token >> 4, copy_len = token & NIBBLE;
        ASSAY_TRY(read_length(&c, w->capacity, &literal_len));
        if (literal_len > w->capacity - w->len) return ASSAY_E_RANGE;
        ASSAY_TRY(assay_cursor_slice(&c, literal_len, &literals));
        if (literals.len > 0) assay_writer_put(w, literals.bytes, literals.len);
        if (assay_cursor_left(&c) == 0) return copy_len == 0 ? ASSAY_OK : ASSAY_E_ENCODING;
        ASSAY_TRY(assay_cursor_u16le(&c, &distance));
        ASSAY_TRY(read_length(&c, w->capacity, &copy_len));
        ASSAY_TRY(copy_back(w, distance, copy_len + COPY_MIN));
        if (assay_cursor_left(&c) == 0) return ASSAY_E_ENCODING;
    }
}

/* --- encoding */
static size_t place_of(const uint8_t *four)
{
    const uint32_t word = (uint32_t)four[0] | (uint32_t)four[1] << 8 | (uint32_t)four[2] << 16 |
                          (uint32_t)four[3] << 24;
    return (size_t)(word * UINT32_C(2654435761) >> 18) % ASSAY_LZ4_TABLE;
}

static uint8_t nibble_of(size_t length)
{
    return (uint8_t)(length < NIBBLE ? length : NIBBLE);
}

static void put_length(struct assay_writer *w, size_t length)
{
    if (length < NIBBLE) return;
    for (length -= NIBBLE; length >= 255; length -= 255)
        assay_writer_u8(w, 255);
    assay_writer_u8(w, (uint8_t)length);
}

/* distance 0: the last sequence, which has no copy. */
static void put_sequence(struct assay_writer *w, const uint8_t *literals, size_t literal_len,
                         size_t distance, size_t copy_len)
{
    const size_t rest = distance > 0 ? copy_len - COPY_MIN : 0;
    assay_writer_u8(w, (uint8_t)(nibble_of(literal_len) << 4 | nibble_of(rest)));
    put_length(w, literal_len);
    if (literal_len > 0) assay_writer_put(w, literals, literal_len);
    if (distance == 0) return;
    assay_writer_u16le(w, (uint16_t)distance);
    put_length(w, rest);
}

/* Returns: how many bytes at `at` repeat those at `from`, the end excepted */
static size_t repeated_at(struct assay_slice in, size_t from, size_t at)
{
    size_t length = 0;
    while (at + length < in.len - LITERALS_AT_END &&
           in.bytes[from + length] == in.bytes[at + length])
        length += 1;
    return length;
}

void assay_lz4_encode(struct assay_slice in, struct assay_lz4_table *table, struct assay_writer *w)
{
    size_t at = 0, done = 0; /* [done, at): literals that are not written yet */
    ASSAY_ASSERT(in.len < UINT32_MAX);
    *table = (struct assay_lz4_table){ { 0 } };
    while (in.len > NO_COPY_AT_END && at < in.len - NO_COPY_AT_END) {
        uint32_t *const seen = &table->at[place_of(in.bytes + at)];
        const size_t from = *seen;
        *seen = (uint32_t)at + 1;
        const bool is_near = from > 0 && at - (from - 1) <= DISTANCE_MAX;
        const size_t length = is_near ? repeated_at(in, from - 1, at) : 0;
        if (length < COPY_MIN) {
            at += 1;
            continue;
        }
        put_sequence(w, in.bytes + done, at - done, at - (from - 1), length);
        done = at + length;
        for (at += 1; at < done && at < in.len - NO_COPY_AT_END; at++)
            table->at[place_of(in.bytes + at)] = (uint32_t)at + 1;
        at = done;
    }
    put_sequence(w, in.bytes + done, in.len - done, 0, 0);
}
