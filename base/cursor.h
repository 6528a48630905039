/*
 * base/cursor.h - bounds-checked reading of input bytes, the only place that advances through them.
 *
 * A length field becomes a child cursor that cannot see past its end. Every level ends with
 * assay_cursor_end, so one meaning has one encoding. A failed call leaves cursor and outputs as
 * they were.
 */
#ifndef ASSAY_BASE_CURSOR_H
#define ASSAY_BASE_CURSOR_H

#include "base/bytes.h"

struct assay_cursor {
    const uint8_t *bytes;
    size_t len;
    size_t pos; /* pos <= len always */
};

/* Returns: a cursor at the start of bytes[len]; bytes may be NULL when len is 0. */
struct assay_cursor assay_cursor_over(const uint8_t *bytes, size_t len);
/* Returns: the number of bytes left. */
size_t assay_cursor_left(const struct assay_cursor *c);
/*
 * The one place where a pointer into input bytes moves; its single comparison keeps every parser of
 * Assay inside its bytes. Here, so that cbor.c reads the head of an item without a call.
 * Returns: ASSAY_OK and *out at n borrowed bytes | ASSAY_E_TRUNCATED
 */
ASSAY_CHECKED static inline enum assay_status assay_cursor_take(struct assay_cursor *c, size_t n,
                                                                const uint8_t **out)
{
    ASSAY_ASSERT(c != NULL);
    ASSAY_ASSERT(out != NULL);
    ASSAY_ASSERT(c->pos <= c->len);
    if (n > c->len - c->pos) return ASSAY_E_TRUNCATED; /* subtract, so nothing can wrap */
    *out = c->bytes + c->pos;
    c->pos += n;
    return ASSAY_OK;
}
/* Returns: ASSAY_OK and a borrowed slice of n bytes | ASSAY_E_TRUNCATED */
ASSAY_CHECKED enum assay_status assay_cursor_slice(struct assay_cursor *c, size_t n,
                                                   struct assay_slice *out);
/* Returns: ASSAY_OK and a child over the next n bytes | ASSAY_E_TRUNCATED */
ASSAY_CHECKED enum assay_status assay_cursor_child(struct assay_cursor *c, size_t n,
                                                   struct assay_cursor *out);
/* Copies n bytes to out. Returns: ASSAY_OK | ASSAY_E_TRUNCATED */
ASSAY_CHECKED enum assay_status assay_cursor_copy(struct assay_cursor *c, void *out, size_t n);
/* Returns: ASSAY_OK | ASSAY_E_TRUNCATED */
ASSAY_CHECKED enum assay_status assay_cursor_skip(struct assay_cursor *c, size_t n);
/* Fixed-width integers, little- and big-endian. Returns: ASSAY_OK | ASSAY_E_TRUNCATED */
ASSAY_CHECKED enum assay_status assay_cursor_u8(struct assay_cursor *c, uint8_t *out);
ASSAY_CHECKED enum assay_status assay_cursor_u16le(struct assay_cursor *c, uint16_t *out);
ASSAY_CHECKED enum assay_status assay_cursor_u32le(struct assay_cursor *c, uint32_t *out);
ASSAY_CHECKED enum assay_status assay_cursor_u64le(struct assay_cursor *c, uint64_t *out);
ASSAY_CHECKED enum assay_status assay_cursor_u16be(struct assay_cursor *c, uint16_t *out);
ASSAY_CHECKED enum assay_status assay_cursor_u32be(struct assay_cursor *c, uint32_t *out);
ASSAY_CHECKED enum assay_status assay_cursor_u64be(struct assay_cursor *c, uint64_t *out);
/* Returns: ASSAY_OK when nothing is left | ASSAY_E_TRAILING */
ASSAY_CHECKED enum assay_status assay_cursor_end(const struct assay_cursor *c);

#endif
