/*
 * base/bytes.c - copy and comparison of public bytes, and hexadecimal (base/bytes.h).
 */
#include "base/bytes.h"

void assay_bytes_copy_any(void *dst, size_t capacity, const void *src, size_t len)
{
    ASSAY_ASSERT(len <= capacity);
    if (len == 0) return; /* both pointers may be NULL then */
    ASSAY_ASSERT(dst != NULL);
    ASSAY_ASSERT(src != NULL);
    memcpy(dst, src, len);
}

void assay_bytes_zero(void *dst, size_t len)
{
    if (len == 0) return;
    ASSAY_ASSERT(dst != NULL);
    memset(dst, 0, len);
}

int assay_bytes_compare(const void *a, const void *b, size_t len)
{
    if (len == 0) return 0;
    ASSAY_ASSERT(a != NULL);
    ASSAY_ASSERT(b != NULL);
    const int order = memcmp(a, b, len);
    return (order > 0) - (order < 0); /* the sign alone is promised: libcs differ in the rest */
}

bool assay_bytes_all_zero(const void *bytes, size_t len)
{
    if (len == 0) return true;
    ASSAY_ASSERT(bytes != NULL);
    const uint8_t *at = bytes;
    uint8_t any = 0;
    for (size_t i = 0; i < len; i++) {
        any |= at[i];
    }
    return any == 0;
}

bool assay_slice_equal(struct assay_slice a, struct assay_slice b)
{
    return a.len == b.len && assay_bytes_equal(a.bytes, b.bytes, a.len);
}

void assay_hex_encode(const uint8_t *bytes, size_t len, char *text, size_t text_len)
{
    static const char digits[] = "0123456789abcdef";
    ASSAY_ASSERT(text != NULL);
    ASSAY_ASSERT(text_len > 0);
    ASSAY_ASSERT(len <= (text_len - 1) / 2);
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * len] = '\0';
}

/*
 * A digit's value and DIGIT; 0 for what is none. Never isxdigit: the answer must not depend on a
 * locale. A table, since each frame between members has its sender in hex.
 */
enum { DIGIT = 16 };
static const uint8_t hex_digits[256] = {
    ['0'] = DIGIT,      ['1'] = DIGIT + 1,  ['2'] = DIGIT + 2,  ['3'] = DIGIT + 3,
    ['4'] = DIGIT + 4,  ['5'] = DIGIT + 5,  ['6'] = DIGIT + 6,  ['7'] = DIGIT + 7,
    ['8'] = DIGIT + 8,  ['9'] = DIGIT + 9,  ['a'] = DIGIT + 10, ['b'] = DIGIT + 11,
    ['c'] = DIGIT + 12, ['d'] = DIGIT + 13, ['e'] = DIGIT + 14, ['f'] = DIGIT + 15,
    ['A'] = DIGIT + 10, ['B'] = DIGIT + 11, ['C'] = DIGIT + 12, ['D'] = DIGIT + 13,
    ['E'] = DIGIT + 14, ['F'] = DIGIT + 15,
};

static unsigned hex_digit(char character)
{
    return hex_digits[(unsigned char)character];
}

enum assay_status assay_hex_decode(const char *text, size_t text_len, uint8_t *out, size_t len)
{
    ASSAY_ASSERT(text != NULL || text_len == 0);
    ASSAY_ASSERT(out != NULL || len == 0);
    if (text_len / 2 != len || text_len % 2 != 0) return ASSAY_E_SYNTAX;
    for (size_t i = 0; i < text_len; i++) { /* all of it before the first write: out stays whole */
        if (hex_digit(text[i]) == 0) return ASSAY_E_SYNTAX;
    }
    for (size_t i = 0; i < len; i++) {
        const unsigned high = hex_digit(text[2 * i]) - DIGIT;
        out[i] = (uint8_t)(high << 4 | (hex_digit(text[2 * i + 1]) - DIGIT));
    }
    return ASSAY_OK;
}
