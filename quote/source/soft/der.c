/*
 * quote/source/soft/der.c - DER writer, back to front.
 */
#include "quote/source/soft/der.h"

#include "base/assert.h"

void assay_der_init(struct assay_der *d)
{
    d->start = ASSAY_DER_MAX;
    d->full = false;
}

size_t assay_der_mark(const struct assay_der *d)
{
    ASSAY_ASSERT(d->start <= ASSAY_DER_MAX);
    return d->start;
}

void assay_der_raw(struct assay_der *d, const void *bytes, size_t len)
{
    ASSAY_ASSERT(bytes != NULL || len == 0);
    ASSAY_ASSERT(d->start <= ASSAY_DER_MAX);
    if (len > d->start) d->full = true;
    if (d->full || len == 0) return;
    d->start -= len;
    assay_bytes_copy(d->bytes + d->start, len, bytes, len);
}

void assay_der_wrap(struct assay_der *d, enum assay_der_tag tag, size_t mark)
{
    ASSAY_ASSERT(mark <= ASSAY_DER_MAX);
    ASSAY_ASSERT(mark >= d->start);
    const size_t len = mark - d->start; /* <= ASSAY_DER_MAX, so two bytes suffice */
    if (len < 0x80) {
        const uint8_t head[] = { (uint8_t)tag, (uint8_t)len };
        assay_der_raw(d, head, sizeof head);
    } else if (len < 0x100) {
        const uint8_t head[] = { (uint8_t)tag, 0x81, (uint8_t)len };
        assay_der_raw(d, head, sizeof head);
    } else {
        const uint8_t head[] = { (uint8_t)tag, 0x82, (uint8_t)(len >> 8), (uint8_t)(len & 0xff) };
        assay_der_raw(d, head, sizeof head);
    }
}

void assay_der_value(struct assay_der *d, enum assay_der_tag tag, const void *bytes, size_t len)
{
    const size_t mark = assay_der_mark(d);
    assay_der_raw(d, bytes, len);
    assay_der_wrap(d, tag, mark);
}

static void put_magnitude(struct assay_der *d, enum assay_der_tag tag, const uint8_t *bytes,
                          size_t len)
{
    ASSAY_ASSERT(len > 0);
    static const uint8_t zero = 0;
    const size_t mark = assay_der_mark(d);
    while (len > 1 && bytes[0] == 0) {
        bytes += 1;
        len -= 1;
    }
    assay_der_raw(d, bytes, len);
    if (bytes[0] >= 0x80) assay_der_raw(d, &zero, 1);
    assay_der_wrap(d, tag, mark);
}

void assay_der_unsigned(struct assay_der *d, const uint8_t *bytes, size_t len)
{
    ASSAY_ASSERT(len > 0);
    put_magnitude(d, ASSAY_DER_INTEGER, bytes, len);
}

void assay_der_uint(struct assay_der *d, enum assay_der_tag tag, uint64_t value)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(value >> (8 * (sizeof bytes - 1 - i)) & 0xff);
    put_magnitude(d, tag, bytes, sizeof bytes);
}

void assay_der_boolean(struct assay_der *d, bool value)
{
    const uint8_t byte = value ? 0xff : 0x00;
    assay_der_value(d, ASSAY_DER_BOOLEAN, &byte, 1);
}

void assay_der_bits(struct assay_der *d, const void *bytes, size_t len)
{
    static const uint8_t unused_bits = 0;
    const size_t mark = assay_der_mark(d);
    assay_der_raw(d, bytes, len);
    assay_der_raw(d, &unused_bits, 1);
    assay_der_wrap(d, ASSAY_DER_BIT_STRING, mark);
}

struct assay_slice assay_der_finish(const struct assay_der *d)
{
    ASSAY_ASSERT(d->start <= ASSAY_DER_MAX);
    if (d->full) return assay_slice_over(NULL, 0);
    return assay_slice_over(d->bytes + d->start, ASSAY_DER_MAX - d->start);
}
