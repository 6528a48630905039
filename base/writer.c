/*
 * base/writer.c - bounds-checked output into memory of the caller.
 */
#include "base/writer.h"

#include "base/assert.h"

struct assay_writer assay_writer_over(void *bytes, size_t capacity)
{
    ASSAY_ASSERT(bytes != NULL || capacity == 0);
    return (struct assay_writer){ .bytes = bytes, .capacity = capacity, .len = 0, .full = false };
}

/* Returns: where len bytes may be written, NULL when there is nothing to write or no room. */
static uint8_t *reserve_bytes(struct assay_writer *w, size_t len)
{
    ASSAY_ASSERT(w != NULL);
    ASSAY_ASSERT(w->len <= w->capacity);
    if (len > w->capacity - w->len) w->full = true; /* subtract, so nothing can wrap */
    if (w->full || len == 0) return NULL;
    uint8_t *at = w->bytes + w->len;
    w->len += len;
    return at;
}

void assay_writer_put(struct assay_writer *w, const void *bytes, size_t len)
{
    ASSAY_ASSERT(bytes != NULL || len == 0);
    uint8_t *at = reserve_bytes(w, len);
    if (at != NULL) assay_bytes_copy(at, len, bytes, len);
}

void assay_writer_zero(struct assay_writer *w, size_t len)
{
    uint8_t *at = reserve_bytes(w, len);
    if (at != NULL) assay_bytes_zero(at, len);
}

static void put_le(struct assay_writer *w, uint64_t value, size_t width)
{
    uint8_t *at = reserve_bytes(w, width);
    if (at == NULL) return;
    for (size_t i = 0; i < width; i++) {
        at[i] = (uint8_t)(value >> (8 * i) & 0xff);
    }
}

static void put_be(struct assay_writer *w, uint64_t value, size_t width)
{
    uint8_t *at = reserve_bytes(w, width);
    if (at == NULL) return;
    for (size_t i = 0; i < width; i++) {
        at[width - 1 - i] = (uint8_t)(value >> (8 * i) & 0xff);
    }
}

void assay_writer_u8(struct assay_writer *w, uint8_t value)
{
    put_le(w, value, sizeof value);
}

void assay_writer_u16le(struct assay_writer *w, uint16_t value)
{
    put_le(w, value, sizeof value);
}

void assay_writer_u32le(struct assay_writer *w, uint32_t value)
{
    put_le(w, value, sizeof value);
}

void assay_writer_u64le(struct assay_writer *w, uint64_t value)
{
    put_le(w, value, sizeof value);
}

void assay_writer_u16be(struct assay_writer *w, uint16_t value)
{
    put_be(w, value, sizeof value);
}

void assay_writer_u32be(struct assay_writer *w, uint32_t value)
{
    put_be(w, value, sizeof value);
}

void assay_writer_u64be(struct assay_writer *w, uint64_t value)
{
    put_be(w, value, sizeof value);
}

enum assay_status assay_writer_finish(const struct assay_writer *w, struct assay_slice *out)
{
    ASSAY_ASSERT(w != NULL);
    ASSAY_ASSERT(out != NULL);
    ASSAY_ASSERT(w->len <= w->capacity);
    if (w->full) return ASSAY_E_FULL;
    *out = assay_slice_over(w->bytes, w->len);
    return ASSAY_OK;
}
