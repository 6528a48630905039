/*
 * base/cursor.c - bounds-checked reading of input bytes; every read goes through assay_cursor_take
 * (base/cursor.h).
 */
#include "base/cursor.h"

#include "base/assert.h"

struct assay_cursor assay_cursor_over(const uint8_t *bytes, size_t len)
{
    static const uint8_t nothing[1] = { 0 };
    ASSAY_ASSERT(bytes != NULL || len == 0);
    /* An address even over no bytes: NULL + 0 is undefined in C. */
    return (struct assay_cursor){ .bytes = bytes == NULL ? nothing : bytes, .len = len, .pos = 0 };
}

size_t assay_cursor_left(const struct assay_cursor *c)
{
    ASSAY_ASSERT(c != NULL);
    ASSAY_ASSERT(c->pos <= c->len);
    return c->len - c->pos;
}

enum assay_status assay_cursor_slice(struct assay_cursor *c, size_t n, struct assay_slice *out)
{
    ASSAY_ASSERT(out != NULL);
    const uint8_t *bytes = NULL;
    ASSAY_TRY(assay_cursor_take(c, n, &bytes));
    *out = assay_slice_over(bytes, n);
    return ASSAY_OK;
}

enum assay_status assay_cursor_child(struct assay_cursor *c, size_t n, struct assay_cursor *out)
{
    ASSAY_ASSERT(out != NULL);
    const uint8_t *bytes = NULL;
    ASSAY_TRY(assay_cursor_take(c, n, &bytes));
    *out = assay_cursor_over(bytes, n);
    return ASSAY_OK;
}

enum assay_status assay_cursor_copy(struct assay_cursor *c, void *out, size_t n)
{
    const uint8_t *bytes = NULL;
    ASSAY_TRY(assay_cursor_take(c, n, &bytes));
    assay_bytes_copy(out, n, bytes, n);
    return ASSAY_OK;
}

enum assay_status assay_cursor_skip(struct assay_cursor *c, size_t n)
{
    const uint8_t *bytes = NULL;
    return assay_cursor_take(c, n, &bytes);
}

/* width <= 8 bytes, least significant first. */
static enum assay_status take_le(struct assay_cursor *c, size_t width, uint64_t *out)
{
    const uint8_t *bytes = NULL;
    ASSAY_TRY(assay_cursor_take(c, width, &bytes));
    uint64_t value = 0;
    for (size_t i = width; i > 0; i--) {
        value = value << 8 | bytes[i - 1];
    }
    *out = value;
    return ASSAY_OK;
}

/* width <= 8 bytes, most significant first. */
static enum assay_status take_be(struct assay_cursor *c, size_t width, uint64_t *out)
{
    const uint8_t *bytes = NULL;
    ASSAY_TRY(assay_cursor_take(c, width, &bytes));
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++) {
        value = value << 8 | bytes[i];
    }
    *out = value;
    return ASSAY_OK;
}

/* The casts below lose nothing: as many bytes were read as the type holds. */

enum assay_status assay_cursor_u8(struct assay_cursor *c, uint8_t *out)
{
    uint64_t value = 0;
    ASSAY_TRY(take_le(c, sizeof *out, &value));
    *out = (uint8_t)value;
    return ASSAY_OK;
}

enum assay_status assay_cursor_u16le(struct assay_cursor *c, uint16_t *out)
{
    uint64_t value = 0;
    ASSAY_TRY(take_le(c, sizeof *out, &value));
    *out = (uint16_t)value;
    return ASSAY_OK;
}

enum assay_status assay_cursor_u32le(struct assay_cursor *c, uint32_t *out)
{
    uint64_t value = 0;
    ASSAY_TRY(take_le(c, sizeof *out, &value));
    *out = (uint32_t)value;
    return ASSAY_OK;
}

enum assay_status assay_cursor_u64le(struct assay_cursor *c, uint64_t *out)
{
    return take_le(c, sizeof *out, out);
}

enum assay_status assay_cursor_u16be(struct assay_cursor *c, uint16_t *out)
{
    uint64_t value = 0;
    ASSAY_TRY(take_be(c, sizeof *out, &value));
    *out = (uint16_t)value;
    return ASSAY_OK;
}

enum assay_status assay_cursor_u32be(struct assay_cursor *c, uint32_t *out)
{
    uint64_t value = 0;
    ASSAY_TRY(take_be(c, sizeof *out, &value));
    *out = (uint32_t)value;
    return ASSAY_OK;
}

enum assay_status assay_cursor_u64be(struct assay_cursor *c, uint64_t *out)
{
    return take_be(c, sizeof *out, out);
}

enum assay_status assay_cursor_end(const struct assay_cursor *c)
{
    return assay_cursor_left(c) == 0 ? ASSAY_OK : ASSAY_E_TRAILING;
}
