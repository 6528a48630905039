/*
 * quote/pieces/encoded.c - bytes stored as hexadecimal or base64 text.
 */
#include "quote/pieces/encoded.h"

#include "base/assert.h"
#include "base/base64.h"
#include "quote/x509.h"

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n' || byte == 0;
}

static bool is_hex(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') ||
           (byte >= 'A' && byte <= 'F');
}

/* Of base64 and base64url. */
static bool is_digit(uint8_t byte)
{
    return is_hex(byte) || (byte >= 'g' && byte <= 'z') || (byte >= 'G' && byte <= 'Z') ||
           byte == '+' || byte == '/' || byte == '-' || byte == '_' || byte == '=';
}

/* Without what stands around the digits: white space, one pair of quotation marks. */
static struct assay_slice trim_text(struct assay_slice text)
{
    for (int quoted = 0; quoted < 2; quoted++) {
        while (text.len > 0 && is_space(text.bytes[0]))
            text = assay_slice_over(text.bytes + 1, text.len - 1);
        while (text.len > 0 && is_space(text.bytes[text.len - 1]))
            text.len -= 1;
        if (text.len < 2 || text.bytes[0] != '"' || text.bytes[text.len - 1] != '"') return text;
        text = assay_slice_over(text.bytes + 1, text.len - 2);
    }
    return text;
}

/* The digits alone, hexadecimal without its 0x. */
static size_t strip_digits(struct assay_slice text, char *out)
{
    size_t len = 0;
    if (text.len >= 2 && text.bytes[0] == '0' && (text.bytes[1] | 0x20) == 'x')
        text = assay_slice_over(text.bytes + 2, text.len - 2);
    for (size_t i = 0; i < text.len; i++)
        if (!is_space(text.bytes[i])) out[len++] = (char)text.bytes[i];
    return len;
}

enum assay_status assay_encoded_decode(struct assay_slice text, uint8_t *out, size_t capacity,
                                       size_t *len)
{
    ASSAY_ASSERT(out != NULL && len != NULL && capacity >= text.len);
    const struct assay_slice body = trim_text(text);
    /* Decoded in place: both decoders write behind what they read. */
    char *const digits = (char *)out;
    const size_t count = strip_digits(body, digits);
    ASSAY_ASSERT(count <= text.len);
    if (count < 2) return ASSAY_E_SYNTAX;
    if (assay_hex_decode(digits, count, out, count / 2) == ASSAY_OK) {
        *len = count / 2;
        return ASSAY_OK;
    }
    if (assay_base64_decode(ASSAY_BASE64_STANDARD, digits, count, out, capacity, len) == ASSAY_OK)
        return ASSAY_OK;
    return ASSAY_E_SYNTAX;
}

/* A DER SEQUENCE with a long length: 30 81 or 30 82 in hexadecimal, MI in base64. */
static bool has_der_prefix(struct assay_slice word)
{
    static const char *const marks[] = { "3081", "3082", "MIG", "MIH", "MII" };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        const size_t len = i < 2 ? 4 : 3;
        if (word.len >= len && assay_bytes_equal(word.bytes, marks[i], len)) return true;
    }
    return false;
}

/* By its first bytes. base64url counts as base64: what differs comes later, or makes it no list. */
static enum assay_encoded_word look_at(struct assay_slice word)
{
    enum { WORD_MIN = 16, LOOK = 32 }; /* shorter ones are natural-language words */
    char digits[LOOK];
    uint8_t bytes[LOOK];
    size_t len = 0;
    if (word.len < WORD_MIN || !has_der_prefix(word)) return ASSAY_ENCODED_NONE;
    const size_t count = (word.len < LOOK ? word.len : LOOK) / 4 * 4;
    assay_bytes_copy(digits, sizeof digits, word.bytes, count);
    if (assay_hex_decode(digits, count, bytes, count / 2) == ASSAY_OK) len = count / 2;
    else if (assay_base64_decode(ASSAY_BASE64_STANDARD, digits, count, bytes, sizeof bytes, &len) !=
             ASSAY_OK)
        return ASSAY_ENCODED_SOME;
    ASSAY_ASSERT(len <= sizeof bytes);
    return assay_x509_list_header(assay_slice_over(bytes, len)) == ASSAY_X509_LIST_NO
               ? ASSAY_ENCODED_SOME
               : ASSAY_ENCODED_LIST;
}

enum assay_encoded_word assay_encoded_within(struct assay_slice text)
{
    enum assay_encoded_word gravest = ASSAY_ENCODED_NONE;
    size_t from = 0;
    for (size_t at = 0; at <= text.len; at++) {
        if (at < text.len && is_digit(text.bytes[at])) continue;
        ASSAY_ASSERT(from <= at);
        struct assay_slice word = assay_slice_over(text.bytes + from, at - from);
        if (word.len > 2 && word.bytes[0] == '0' && (word.bytes[1] | 0x20) == 'x')
            word = assay_slice_over(word.bytes + 2, word.len - 2);
        const enum assay_encoded_word found = look_at(word);
        if (found > gravest) gravest = found;
        from = at + 1;
    }
    return gravest;
}
