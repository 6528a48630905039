/*
 * base/base64.c - base64, base64url, PEM blocks and node ids as text (base/base64.h).
 */
#include "base/base64.h"

#include "base/assert.h"
#include "base/writer.h"

#include <limits.h>
#include <string.h>

enum { NO_DIGIT = 64 };

static char digit_of(enum assay_base64_alphabet alphabet, unsigned value)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    ASSAY_ASSERT(value < NO_DIGIT);
    if (value < 62) return digits[value];
    if (alphabet == ASSAY_BASE64_URL) return value == 62 ? '-' : '_';
    return value == 62 ? '+' : '/';
}

/* By table: branches on the digits of a certificate are mispredicted.
 * Returns: NO_DIGIT for any other character. */
static unsigned value_of(enum assay_base64_alphabet alphabet, char digit)
{
    /* Value and 1 of letters and decimal digits. */
    static const uint8_t values[UCHAR_MAX + 1] = {
        ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,
        ['H'] = 8,  ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14,
        ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21,
        ['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28,
        ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35,
        ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
        ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49,
        ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
        ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62,
    };
    const unsigned value = values[(unsigned char)digit];
    if (value != 0) return value - 1;
    if (digit == (alphabet == ASSAY_BASE64_URL ? '-' : '+')) return 62;
    if (digit == (alphabet == ASSAY_BASE64_URL ? '_' : '/')) return 63;
    return NO_DIGIT;
}

size_t assay_base64_len(enum assay_base64_alphabet alphabet, size_t len)
{
    ASSAY_ASSERT(len <= SIZE_MAX / 2);
    if (alphabet == ASSAY_BASE64_STANDARD) return (len + 2) / 3 * 4;
    return len / 3 * 4 + (len % 3 == 0 ? 0 : len % 3 + 1);
}

enum assay_status assay_base64_encode(enum assay_base64_alphabet alphabet, const uint8_t *bytes,
                                      size_t len, char *text, size_t capacity, size_t *text_len)
{
    const size_t needed = assay_base64_len(alphabet, len);
    if (capacity <= needed) return ASSAY_E_FULL;
    size_t used = 0;
    for (size_t at = 0; at < len; at += 3) {
        const size_t count = len - at < 3 ? len - at : 3;
        uint32_t group = 0;
        for (size_t i = 0; i < 3; i++)
            group = group << 8 | (i < count ? bytes[at + i] : 0u);
        for (size_t i = 0; i <= count; i++)
            text[used++] = digit_of(alphabet, group >> (18 - 6 * i) & 63);
    }
    while (used < needed)
        text[used++] = '=';
    text[used] = '\0';
    *text_len = used;
    return ASSAY_OK;
}

/* How many characters carry data. */
static enum assay_status count_unpadded(enum assay_base64_alphabet alphabet, const char *text,
                                        size_t text_len, size_t *digits)
{
    size_t padding = 0;
    if (alphabet == ASSAY_BASE64_STANDARD) {
        if (text_len % 4 != 0) return ASSAY_E_ENCODING;
        while (padding < 2 && padding < text_len && text[text_len - 1 - padding] == '=')
            padding += 1;
    }
    *digits = text_len - padding;
    return *digits % 4 == 1 ? ASSAY_E_ENCODING : ASSAY_OK;
}

/* Two to four characters to one to three bytes. */
static enum assay_status decode_group(enum assay_base64_alphabet alphabet, const char *text,
                                      size_t count, uint8_t *bytes)
{
    uint32_t group = 0;
    for (size_t i = 0; i < 4; i++) {
        const unsigned value = i < count ? value_of(alphabet, text[i]) : 0;
        if (value == NO_DIGIT) return ASSAY_E_ENCODING;
        group = group << 6 | value;
    }
    const size_t made = count - 1;
    if ((group & (0xffffffu >> (8 * made))) != 0) return ASSAY_E_ENCODING;
    for (size_t i = 0; i < made; i++)
        bytes[i] = (uint8_t)(group >> (16 - 8 * i));
    return ASSAY_OK;
}

enum assay_status assay_base64_decode(enum assay_base64_alphabet alphabet, const char *text,
                                      size_t text_len, uint8_t *bytes, size_t capacity, size_t *len)
{
    size_t digits = 0;
    ASSAY_TRY(count_unpadded(alphabet, text, text_len, &digits));
    const size_t needed = digits / 4 * 3 + (digits % 4 == 0 ? 0 : digits % 4 - 1);
    if (needed > capacity) return ASSAY_E_FULL;
    size_t used = 0;
    for (size_t at = 0; at < digits; at += 4) {
        const size_t count = digits - at < 4 ? digits - at : 4;
        ASSAY_TRY(decode_group(alphabet, text + at, count, bytes + used));
        used += count - 1;
    }
    ASSAY_ASSERT(used == needed);
    *len = used;
    return ASSAY_OK;
}

/* --- PEM */
static struct assay_slice skip_chars(struct assay_slice text, size_t count)
{
    ASSAY_ASSERT(count <= text.len);
    return assay_slice_over(text.bytes + count, text.len - count);
}

/* Where the words begin. Returns: text.len when they are nowhere. */
static size_t find_words(struct assay_slice text, const char *words, size_t words_len)
{
    for (size_t at = 0; at + words_len <= text.len; at++)
        if (assay_bytes_equal(text.bytes + at, words, words_len)) return at;
    return text.len;
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Characters are gathered by four, so that lines may end anywhere. */
static enum assay_status decode_lines(struct assay_slice body, uint8_t *out, size_t capacity,
                                      size_t *len)
{
    char group[4];
    size_t count = 0;
    size_t used = 0;
    bool padded = false;
    for (size_t i = 0; i < body.len; i++) {
        if (is_space(body.bytes[i])) continue;
        if (padded) return ASSAY_E_ENCODING; /* after the padding nothing follows */
        group[count++] = (char)body.bytes[i];
        if (count < sizeof group) continue;
        size_t made = 0;
        ASSAY_TRY(assay_base64_decode(ASSAY_BASE64_STANDARD, group, sizeof group, out + used,
                                      capacity - used, &made));
        padded = made < 3;
        used += made;
        count = 0;
    }
    *len = used;
    return count == 0 ? ASSAY_OK : ASSAY_E_ENCODING;
}

enum assay_status assay_pem_next(struct assay_slice *rest, struct assay_slice *label, uint8_t *out,
                                 size_t capacity, size_t *len)
{
    static const char begin[] = "-----BEGIN ";
    static const char end[] = "-----END ";
    static const char dashes[] = "-----";
    enum { BEGIN = sizeof begin - 1, END = sizeof end - 1, DASHES = sizeof dashes - 1 };
    struct assay_slice text = *rest;
    const size_t at = find_words(text, begin, BEGIN);
    if (at == text.len) return ASSAY_E_NOT_FOUND;
    text = skip_chars(text, at + BEGIN);
    const size_t label_len = find_words(text, dashes, DASHES);
    if (label_len == text.len) return ASSAY_E_TRUNCATED;
    const struct assay_slice name = assay_slice_over(text.bytes, label_len);
    text = skip_chars(text, label_len + DASHES);
    /* No digit of base64 is a dash: the search ends at the next mark, and is linear in the text
     * also where many blocks begin and none ends. */
    const size_t body_len = find_words(text, end, 1);
    if (body_len == text.len) return ASSAY_E_TRUNCATED;
    const struct assay_slice body = assay_slice_over(text.bytes, body_len);
    text = skip_chars(text, body_len);
    if (text.len < END) return ASSAY_E_TRUNCATED;
    if (!assay_bytes_equal(text.bytes, end, END)) return ASSAY_E_ENCODING;
    text = skip_chars(text, END);
    if (text.len < name.len + DASHES) return ASSAY_E_TRUNCATED;
    if (!assay_bytes_equal(text.bytes, name.bytes, name.len) ||
        !assay_bytes_equal(text.bytes + name.len, dashes, DASHES))
        return ASSAY_E_ENCODING;
    ASSAY_TRY(decode_lines(body, out, capacity, len));
    *label = name;
    *rest = skip_chars(text, name.len + DASHES);
    return ASSAY_OK;
}

static void put_line(struct assay_writer *w, const char *begin, const char *label)
{
    static const char end[] = "-----\n";
    assay_writer_put(w, begin, strlen(begin));
    assay_writer_put(w, label, strlen(label));
    assay_writer_put(w, end, sizeof end - 1);
}

enum assay_status assay_pem_put(const char *label, const uint8_t *bytes, size_t bytes_len,
                                uint8_t *text, size_t capacity, size_t *len)
{
    enum { LINE_BYTES = 48, LINE_LEN = 64 };
    ASSAY_ASSERT(*len <= capacity);
    struct assay_writer w = assay_writer_over(text + *len, capacity - *len);
    struct assay_slice written;
    put_line(&w, "-----BEGIN ", label);
    for (size_t at = 0; at < bytes_len; at += LINE_BYTES) {
        char line[LINE_LEN + 1];
        size_t line_len = 0;
        const size_t count = bytes_len - at < LINE_BYTES ? bytes_len - at : LINE_BYTES;
        ASSAY_TRY(assay_base64_encode(ASSAY_BASE64_STANDARD, bytes + at, count, line, sizeof line,
                                      &line_len));
        assay_writer_put(&w, line, line_len);
        assay_writer_put(&w, "\n", 1);
    }
    put_line(&w, "-----END ", label);
    ASSAY_TRY(assay_writer_finish(&w, &written));
    *len += written.len;
    return ASSAY_OK;
}

/* ------------------------------------------------------------ node ids */

static const char base32_digits[] = "abcdefghijklmnopqrstuvwxyz234567";
enum { NODE_ID_LEN = 32, NO_BASE32_DIGIT = 32 };

void assay_id_format_base32(const uint8_t id[static 32],
                            char text[static ASSAY_NODE_ID_BASE32_LEN + 1])
{
    for (size_t i = 0; i < ASSAY_NODE_ID_BASE32_LEN; i++) {
        const size_t at = i * 5 / 8, shift = i * 5 % 8;
        const unsigned next = at + 1 < NODE_ID_LEN ? id[at + 1] : 0;
        text[i] = base32_digits[((unsigned)id[at] << 8 | next) >> (11 - shift) & 31];
    }
    text[ASSAY_NODE_ID_BASE32_LEN] = '\0';
}

static unsigned base32_value(char digit)
{
    if (digit >= 'a' && digit <= 'z') return (unsigned)(digit - 'a');
    if (digit >= 'A' && digit <= 'Z') return (unsigned)(digit - 'A');
    if (digit >= '2' && digit <= '7') return (unsigned)(digit - '2') + 26;
    return NO_BASE32_DIGIT;
}

enum assay_status assay_id_parse(const char *text, size_t len, uint8_t id[static 32])
{
    uint8_t bytes[NODE_ID_LEN];
    unsigned window = 0, bits = 0;
    size_t count = 0;
    if (len != ASSAY_NODE_ID_BASE32_LEN) return assay_hex_decode(text, len, id, NODE_ID_LEN);
    for (size_t i = 0; i < len; i++) {
        const unsigned value = base32_value(text[i]);
        if (value == NO_BASE32_DIGIT) return ASSAY_E_SYNTAX;
        window = window << 5 | value;
        bits += 5;
        if (bits < 8) continue;
        bits -= 8;
        bytes[count] = (uint8_t)(window >> bits);
        count += 1;
        window &= (1u << bits) - 1;
    }
    ASSAY_ASSERT(count == NODE_ID_LEN);
    if (window != 0) return ASSAY_E_SYNTAX; /* one id has one text */
    assay_bytes_copy(id, NODE_ID_LEN, bytes, sizeof bytes);
    return ASSAY_OK;
}
