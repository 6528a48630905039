/*
 * quote/pieces/unread.c - detection of revocation lists in text that no reader parsed.
 */
#include "quote/pieces/unread.h"

#include "base/assert.h"
#include "quote/x509.h"

enum { BASE64 = 6, HEX = 4 }; /* bits of a digit */

/* Digits of a text, one after the other, and the bits that they have given so far. */
struct digits {
    struct assay_slice text;
    size_t at;
    int bits_each;
    uint32_t bits, count;
    size_t *searched; /* places that were read */
};

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Base64 and base64url. */
static int base64_value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+' || c == '-') return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

static int byte_at(struct assay_slice text, size_t at)
{
    return at < text.len ? text.bytes[at] : -1;
}

/* An escape sequence for another character: \n, %0A, 0x. Returns: its length, 0 for none; *value of
 * it. */
static size_t get_escape_len(const struct digits *d, int *value)
{
    const struct assay_slice t = d->text;
    const int first = byte_at(t, d->at), second = byte_at(t, d->at + 1);
    *value = -1;
    if (first == '\\') {
        size_t len = 1;
        while (byte_at(t, d->at + len) == '\\')
            len += 1;
        const int what = byte_at(t, d->at + len);
        return what == 'n' || what == 'r' || what == 't' || what == 'x' ? len + 1 : len;
    }
    if (first == '%' && second >= 0) {
        const int third = byte_at(t, d->at + 2);
        const int high = hex_value((uint8_t)second);
        const int low = third < 0 ? -1 : hex_value((uint8_t)third);
        if (high < 0 || low < 0) return 1;
        if (d->bits_each == BASE64) *value = base64_value((uint8_t)(high << 4 | low));
        return 3;
    }
    return d->bits_each == HEX && first == '0' && (second | 0x20) == 'x' ? 2 : 0;
}

/* Returns: the value of the next digit; -1 at the end. */
static int next_digit(struct digits *d)
{
    while (d->at < d->text.len) {
        int value = -1;
        const size_t len = get_escape_len(d, &value);
        if (len == 0) {
            const uint8_t c = d->text.bytes[d->at];
            value = d->bits_each == HEX ? hex_value(c) : base64_value(c);
        }
        d->at += len == 0 ? 1 : len;
        *d->searched += len == 0 ? 1 : len;
        if (value >= 0) return value;
    }
    return -1;
}

static int next_byte(struct digits *d)
{
    while (d->count < 8) {
        const int value = next_digit(d);
        if (value < 0) return -1;
        d->bits = d->bits << d->bits_each | (uint32_t)value;
        d->count += (uint32_t)d->bits_each;
    }
    d->count -= 8;
    return (int)(d->bits >> d->count & 0xff);
}

/* No further than to the first byte that is not of a header. */
static bool opens_list(struct digits d)
{
    ASSAY_ASSERT(d.bits_each == BASE64 || d.bits_each == HEX);
    enum { HEADER_MAX = 32 };
    uint8_t bytes[HEADER_MAX];
    enum assay_x509_list header = ASSAY_X509_LIST_CUT;
    for (size_t i = 0; i < HEADER_MAX && header == ASSAY_X509_LIST_CUT; i++) {
        const int byte = next_byte(&d);
        if (byte < 0) return false;
        bytes[i] = (uint8_t)byte;
        header = assay_x509_list_header(assay_slice_over(bytes, i + 1));
    }
    return header == ASSAY_X509_LIST_HEADER;
}

/* Are the next bytes those of a list that was read? Out: *d behind it. */
static bool is_read(const struct assay_recognition *r, struct digits *d)
{
    ASSAY_ASSERT(r->list_count <= ASSAY_RECOGNISED_MAX);
    for (size_t i = 0; i < r->list_count; i++) {
        const struct assay_slice list = r->lists[i];
        struct digits here = *d;
        size_t same = 0;
        while (same < list.len && next_byte(&here) == list.bytes[same])
            same += 1;
        if (same < list.len) continue;
        *d = here;
        return true;
    }
    return false;
}

/* "BEGIN X509 CRL" and "BEGIN CRL" in base64, by place modulo 3, and in hexadecimal; with the
 * space escaped, as in a URL. */
static bool is_encoded_label(struct assay_slice text, size_t at)
{
    static const char *const labels[] = {
        "QkVHSU4gWDUwOSBDUk", "JFR0lOIFg1MDkgQ1JM",
        "CRUdJTiBYNTA5IENST", "QkVHSU4gQ1JM",
        "JFR0lOIENST",        "CRUdJTiBDUk",
        "BEGIN%20X509%20CRL", "BEGIN+X509+CRL",
        "BEGIN%20CRL",        "BEGIN+CRL",
        "424547494e20583530392043524c", "424547494e2043524c",
        "424547494E20583530392043524C", "424547494E2043524C",
    };
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        size_t len = 0;
        while (labels[i][len] != '\0' && byte_at(text, at + len) == labels[i][len])
            len += 1;
        if (labels[i][len] == '\0') return true;
    }
    return false;
}

bool assay_unread_list(const struct assay_recognition *r, struct assay_slice text, size_t *searched,
                       size_t *at)
{
    ASSAY_ASSERT(r != NULL && searched != NULL && at != NULL);
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t c = text.bytes[i];
        *at = i;
        if ((c == 'Q' || c == 'J' || c == 'C' || c == 'B' || c == '4') && is_encoded_label(text, i))
            return true;
        if (c != 'M' && c != '3') continue; /* 30 82 and 30 81 begin so */
        struct digits d = { .text = text, .at = i, .searched = searched };
        d.bits_each = c == 'M' ? BASE64 : HEX;
        if (!opens_list(d)) continue;
        if (!is_read(r, &d)) return true;
        i = d.at - 1;
    }
    return false;
}

static bool is_usable_other(const struct assay_recognised *piece)
{
    return piece->shape == ASSAY_SHAPE_OTHER && piece->status == ASSAY_OK;
}

bool assay_pieces_are_apart(const struct assay_recognised *a, const struct assay_recognised *b)
{
    return (is_usable_other(a) && b->status != ASSAY_OK) ||
           (is_usable_other(b) && a->status != ASSAY_OK);
}

bool assay_piece_is_before(const struct assay_recognised *a, const struct assay_recognised *b)
{
    if (a->bytes.len != b->bytes.len) return a->bytes.len < b->bytes.len;
    const int order = assay_bytes_compare(a->bytes.bytes, b->bytes.bytes, a->bytes.len);
    return order < 0 || (order == 0 && assay_pieces_are_apart(a, b) && is_usable_other(a));
}
