/*
 * quote/source/fetch/issuer_chain.c - decoder of issuer chains in HTTP headers (issuer_chain.h).
 * Pure.
 */
#include "quote/source/fetch/issuer_chain.h"

#include "base/assert.h"
#include "base/cursor.h"
#include "base/writer.h"

/* RFC 7468: base64, its armour, and the white space between lines. A '+' is base64's here and not a
 * space: Intel escapes spaces as %20. */
static bool is_pem(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=' || c == '-' || c == ' ' || c == '\r' || c == '\n';
}

static enum assay_status read_character(struct assay_cursor *in, uint8_t *c)
{
    char digits[2];
    ASSAY_TRY(assay_cursor_u8(in, c));
    if (*c != '%') return ASSAY_OK;
    ASSAY_TRY(assay_cursor_copy(in, digits, sizeof digits));
    return assay_hex_decode(digits, sizeof digits, c, 1);
}

enum assay_status assay_issuer_chain_decode(struct assay_slice value, uint8_t *pem, size_t capacity,
                                            size_t *len)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    struct assay_cursor in = assay_cursor_over(value.bytes, value.len);
    struct assay_writer out = assay_writer_over(pem, capacity);
    struct assay_slice text;
    while (assay_cursor_left(&in) > 0) {
        uint8_t c = 0;
        ASSAY_TRY(read_character(&in, &c));
        if (!is_pem(c)) return ASSAY_E_SYNTAX;
        assay_writer_u8(&out, c);
    }
    ASSAY_TRY(assay_writer_finish(&out, &text));
    if (text.len < sizeof begin - 1 || !assay_bytes_equal(text.bytes, begin, sizeof begin - 1))
        return ASSAY_E_SYNTAX;
    ASSAY_ASSERT(text.len <= capacity);
    *len = text.len;
    return ASSAY_OK;
}
