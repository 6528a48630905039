/*
 * quote/text.c - bounded text for reasons. The printf family is not used: it brings locale, stdio
 * and floats into a core that must stay pure (docs/architecture.md, "Core on the surface").
 */
#include "quote/text.h"

#include "base/assert.h"
#include "base/rfc3339.h"

struct assay_text assay_text_empty(void)
{
    return (struct assay_text){ 0 };
}

static void add_char(struct assay_text *t, char c)
{
    ASSAY_ASSERT(t->len < sizeof t->text);
    if (t->len == sizeof t->text - 1) return;
    t->text[t->len] = c;
    t->len += 1;
    t->text[t->len] = '\0';
}

void assay_text_add(struct assay_text *t, const char *text)
{
    ASSAY_ASSERT(text != NULL);
    for (size_t i = 0; i < sizeof t->text && text[i] != '\0'; i++)
        add_char(t, text[i]);
}

void assay_text_add_u64(struct assay_text *t, uint64_t value)
{
    char digits[20];
    size_t count = 0;
    do {
        digits[count] = (char)('0' + (char)(value % 10));
        count += 1;
        value /= 10;
    } while (value != 0);
    ASSAY_ASSERT(count <= sizeof digits);
    while (count > 0) {
        count -= 1;
        add_char(t, digits[count]);
    }
}

void assay_text_add_hex(struct assay_text *t, const uint8_t *bytes, size_t len)
{
    ASSAY_ASSERT(bytes != NULL || len == 0);
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len && t->len < sizeof t->text - 1; i++) {
        add_char(t, digits[bytes[i] >> 4]);
        add_char(t, digits[bytes[i] & 15]);
    }
}

void assay_text_add_time(struct assay_text *t, int64_t unix_s)
{
    char text[ASSAY_RFC3339_LEN + 1];
    assay_rfc3339_format(unix_s, text);
    assay_text_add(t, text);
}

size_t assay_text_len(const char *text, size_t max)
{
    size_t len = 0;
    while (len < max && text[len] != '\0')
        len += 1;
    return len;
}

void assay_text_copy(char *dst, size_t capacity, const char *src)
{
    ASSAY_ASSERT(capacity > 0);
    const size_t len = src == NULL ? 0 : assay_text_len(src, capacity - 1);
    if (len > 0) assay_bytes_copy(dst, capacity, src, len);
    ASSAY_ASSERT(len < capacity);
    dst[len] = '\0';
}

int assay_text_compare(const char *a, const char *b, size_t max)
{
    for (size_t i = 0; i < max; i++) {
        const unsigned char x = (unsigned char)a[i];
        const unsigned char y = (unsigned char)b[i];
        if (x != y) return x < y ? -1 : 1;
        if (x == 0) return 0;
    }
    return 0;
}
