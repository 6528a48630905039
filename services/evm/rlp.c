/*
 * services/evm/rlp.c - RLP encoder (docs/services.md 8).
 */
#include "services/evm/rlp.h"

enum { SHORT_MAX = 55, HEAD_MAX = 9, STRING = 0x80, LIST = 0xc0 };

/* Returns: bytes of the head. */
static size_t head_of(uint8_t head[static HEAD_MAX], uint8_t kind, size_t len)
{
    ASSAY_ASSERT(kind == STRING || kind == LIST);
    if (len <= SHORT_MAX) {
        head[0] = (uint8_t)(kind + len);
        return 1;
    }
    size_t bytes = 0;
    for (size_t left = len; left > 0; left >>= 8)
        bytes++;
    ASSAY_ASSERT(bytes > 0 && bytes < HEAD_MAX);
    head[0] = (uint8_t)(kind + SHORT_MAX + bytes);
    for (size_t i = 0; i < bytes; i++)
        head[1 + i] = (uint8_t)(len >> (8 * (bytes - 1 - i)));
    return 1 + bytes;
}

void assay_rlp_put_bytes(struct assay_writer *w, const void *bytes, size_t len)
{
    ASSAY_ASSERT(bytes != NULL || len == 0);
    uint8_t head[HEAD_MAX];
    const bool itself = len == 1 && *(const uint8_t *)bytes < STRING;
    if (!itself) assay_writer_put(w, head, head_of(head, STRING, len));
    if (len > 0) assay_writer_put(w, bytes, len);
}

void assay_rlp_put_number(struct assay_writer *w, const uint8_t *bytes, size_t len)
{
    ASSAY_ASSERT(bytes != NULL || len == 0);
    while (len > 0 && *bytes == 0) {
        bytes++;
        len--;
    }
    assay_rlp_put_bytes(w, bytes, len);
}

void assay_rlp_put_uint(struct assay_writer *w, uint64_t value)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(value >> (8 * (sizeof bytes - 1 - i)));
    assay_rlp_put_number(w, bytes, sizeof bytes);
}

size_t assay_rlp_begin(const struct assay_writer *w)
{
    ASSAY_ASSERT(w->len <= w->capacity);
    return w->len;
}

void assay_rlp_end(struct assay_writer *w, size_t start)
{
    ASSAY_ASSERT(start <= w->len);
    if (w->full) return;
    uint8_t head[HEAD_MAX];
    const size_t len = w->len - start;
    const size_t extra = head_of(head, LIST, len);
    assay_writer_zero(w, extra);
    if (w->full) return;
    for (size_t i = len; i > 0; i--) /* the areas overlap */
        w->bytes[start + extra + i - 1] = w->bytes[start + i - 1];
    assay_bytes_copy(w->bytes + start, extra, head, extra);
}
