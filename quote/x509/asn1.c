/*
 * quote/x509/asn1.c - DER reader on the cursor (ITU-T X.690, chapters 8, 10 and 11).
 */
#include "quote/x509/asn1.h"

#include "base/assert.h"
#include "base/rfc3339.h"

struct assay_cursor assay_asn1_over(struct assay_slice slice)
{
    return assay_cursor_over(slice.bytes, slice.len);
}

/* X.690 10.1: definite, in the shortest form. Three bytes hold every length that we allow. */
static enum assay_status take_len(struct assay_cursor *in, size_t *len)
{
    enum { LONG_FORM = 0x80, LEN_BYTES_MAX = 3 };
    uint8_t first = 0;
    if (assay_cursor_u8(in, &first) != ASSAY_OK) return ASSAY_E_SYNTAX;
    if (first < LONG_FORM) {
        *len = first;
        return ASSAY_OK;
    }
    const size_t count = first & 0x7fu;
    if (count == 0 || count > LEN_BYTES_MAX) return ASSAY_E_SYNTAX;
    ASSAY_ASSERT(count >= 1 && count <= LEN_BYTES_MAX);
    size_t value = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t digit = 0;
        if (assay_cursor_u8(in, &digit) != ASSAY_OK) return ASSAY_E_SYNTAX;
        if (i == 0 && digit == 0) return ASSAY_E_SYNTAX;
        value = value << 8 | digit;
    }
    if (value < LONG_FORM) return ASSAY_E_SYNTAX;
    *len = value;
    return ASSAY_OK;
}

/* X.690 8.19.2: numbers in base 128, each in its shortest form, the last one complete. */
static bool is_oid(struct assay_slice content)
{
    enum { MORE = 0x80 };
    bool starts = true;
    for (size_t i = 0; i < content.len; i++) {
        if (starts && content.bytes[i] == MORE) return false;
        starts = (content.bytes[i] & MORE) == 0;
    }
    return content.len > 0 && starts;
}

enum assay_status assay_asn1_next(struct assay_cursor *in, struct assay_asn1 *out)
{
    enum { NUMBER_MASK = 0x1f }; /* all ones: the tag goes on in further bytes */
    ASSAY_ASSERT(in != NULL && out != NULL);
    struct assay_cursor at = *in;
    struct assay_asn1 element;
    size_t len = 0;
    if (assay_cursor_u8(&at, &element.tag) != ASSAY_OK) return ASSAY_E_SYNTAX;
    if ((element.tag & NUMBER_MASK) == NUMBER_MASK) return ASSAY_E_SYNTAX;
    ASSAY_TRY(take_len(&at, &len));
    if (assay_cursor_slice(&at, len, &element.content) != ASSAY_OK) return ASSAY_E_SYNTAX;
    if (assay_cursor_slice(in, at.pos - in->pos, &element.whole) != ASSAY_OK)
        return ASSAY_E_SYNTAX;
    if (element.tag == ASSAY_ASN1_OID && !is_oid(element.content)) return ASSAY_E_SYNTAX;
    ASSAY_ASSERT(element.content.len < element.whole.len);
    ASSAY_ASSERT(in->pos == at.pos);
    *out = element;
    return ASSAY_OK;
}

enum assay_status assay_asn1_enter(struct assay_cursor *in, enum assay_asn1_tag tag)
{
    struct assay_cursor at = *in;
    uint8_t found = 0;
    size_t len = 0;
    if (assay_cursor_u8(&at, &found) != ASSAY_OK || found != tag) return ASSAY_E_SYNTAX;
    ASSAY_TRY(take_len(&at, &len));
    *in = at;
    return ASSAY_OK;
}

bool assay_asn1_peek(const struct assay_cursor *in, enum assay_asn1_tag tag)
{
    struct assay_cursor at = *in;
    uint8_t found = 0;
    return assay_cursor_u8(&at, &found) == ASSAY_OK && found == tag;
}

enum assay_status assay_asn1_take(struct assay_cursor *in, enum assay_asn1_tag tag,
                                  struct assay_asn1 *out)
{
    return assay_asn1_peek(in, tag) ? assay_asn1_next(in, out) : ASSAY_E_SYNTAX;
}

enum assay_status assay_asn1_open(struct assay_cursor *in, enum assay_asn1_tag tag,
                                  struct assay_cursor *inside)
{
    struct assay_asn1 element;
    ASSAY_TRY(assay_asn1_take(in, tag, &element));
    ASSAY_ASSERT(element.tag == (uint8_t)tag);
    *inside = assay_asn1_over(element.content);
    return ASSAY_OK;
}

enum assay_status assay_asn1_end(const struct assay_cursor *in)
{
    return assay_cursor_end(in) == ASSAY_OK ? ASSAY_OK : ASSAY_E_SYNTAX;
}

/* X.690 8.3.2: the first nine bits are neither all zero nor all one. */
static enum assay_status magnitude_of(struct assay_slice content, struct assay_slice *out)
{
    if (content.len == 0) return ASSAY_E_SYNTAX;
    const uint8_t first = content.bytes[0];
    if (content.len > 1) {
        const bool top = (content.bytes[1] & 0x80) != 0;
        if ((first == 0x00 && !top) || (first == 0xff && top)) return ASSAY_E_SYNTAX;
    }
    if ((first & 0x80) != 0) return ASSAY_E_RANGE;
    const size_t skip = first == 0 && content.len > 1 ? 1 : 0;
    ASSAY_ASSERT(skip < content.len);
    *out = assay_slice_over(content.bytes + skip, content.len - skip);
    return ASSAY_OK;
}

enum assay_status assay_asn1_unsigned(struct assay_cursor *in, struct assay_slice *magnitude)
{
    struct assay_asn1 element;
    ASSAY_TRY(assay_asn1_take(in, ASSAY_ASN1_INTEGER, &element));
    return magnitude_of(element.content, magnitude);
}

enum assay_status assay_asn1_padded(struct assay_cursor *in, uint8_t *out, size_t len)
{
    ASSAY_ASSERT(out != NULL && len > 0);
    struct assay_slice magnitude;
    ASSAY_TRY(assay_asn1_unsigned(in, &magnitude));
    if (magnitude.len > len) return ASSAY_E_RANGE;
    assay_bytes_zero(out, len);
    assay_bytes_copy(out + len - magnitude.len, magnitude.len, magnitude.bytes, magnitude.len);
    return ASSAY_OK;
}

enum assay_status assay_asn1_number(struct assay_cursor *in, enum assay_asn1_tag tag, uint32_t max,
                                    uint32_t *out)
{
    struct assay_asn1 element;
    struct assay_slice magnitude;
    uint32_t value = 0;
    ASSAY_TRY(assay_asn1_take(in, tag, &element));
    ASSAY_TRY(magnitude_of(element.content, &magnitude));
    if (magnitude.len > sizeof value) return ASSAY_E_RANGE;
    ASSAY_ASSERT(magnitude.len >= 1);
    for (size_t i = 0; i < magnitude.len; i++) value = value << 8 | magnitude.bytes[i];
    if (value > max) return ASSAY_E_RANGE;
    *out = value;
    return ASSAY_OK;
}

enum assay_status assay_asn1_boolean(struct assay_cursor *in, bool *out)
{
    enum { DER_TRUE = 0xff }; /* X.690 11.1 */
    struct assay_asn1 element;
    ASSAY_TRY(assay_asn1_take(in, ASSAY_ASN1_BOOLEAN, &element));
    if (element.content.len != 1) return ASSAY_E_SYNTAX;
    const uint8_t value = element.content.bytes[0];
    if (value != 0 && value != DER_TRUE) return ASSAY_E_SYNTAX;
    *out = value == DER_TRUE;
    return ASSAY_OK;
}

enum assay_status assay_asn1_bits(struct assay_cursor *in, struct assay_slice *out)
{
    struct assay_asn1 element;
    ASSAY_TRY(assay_asn1_take(in, ASSAY_ASN1_BIT_STRING, &element));
    /* The first byte counts the bits that the last one leaves unused. */
    if (element.content.len < 1 || element.content.bytes[0] != 0) return ASSAY_E_SYNTAX;
    *out = assay_slice_over(element.content.bytes + 1, element.content.len - 1);
    return ASSAY_OK;
}

/* Two decimal digits. */
static bool two_digits(const uint8_t *text, int *value)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9') return false;
    *value = (text[0] - '0') * 10 + (text[1] - '0');
    return true;
}

/* MMDDhhmmssZ after a year. */
static enum assay_status rest_of_time(const uint8_t *text, int year, int64_t *unix_s)
{
    ASSAY_ASSERT(year >= 0 && year <= 9999);
    enum { MONTH, DAY, HOUR, MINUTE, SECOND, PARTS };
    int part[PARTS];
    for (size_t i = 0; i < PARTS; i++)
        if (!two_digits(text + 2 * i, &part[i])) return ASSAY_E_SYNTAX;
    if (text[2 * PARTS] != 'Z') return ASSAY_E_SYNTAX;
    return assay_calendar_to_unix(year, part[MONTH], part[DAY], part[HOUR], part[MINUTE],
                                  part[SECOND], unix_s);
}

enum assay_status assay_asn1_time(struct assay_cursor *in, int64_t *unix_s)
{
    enum { UTC_LEN = 13, GENERALIZED_LEN = 15, PIVOT = 50 };
    struct assay_asn1 element;
    int high = 0;
    int low = 0;
    ASSAY_TRY(assay_asn1_next(in, &element));
    const uint8_t *const text = element.content.bytes;
    if (element.tag == ASSAY_ASN1_UTC_TIME && element.content.len == UTC_LEN) {
        if (!two_digits(text, &low)) return ASSAY_E_SYNTAX;
        return rest_of_time(text + 2, low + (low < PIVOT ? 2000 : 1900), unix_s);
    }
    if (element.tag == ASSAY_ASN1_GENERALIZED_TIME && element.content.len == GENERALIZED_LEN) {
        if (!two_digits(text, &high) || !two_digits(text + 2, &low)) return ASSAY_E_SYNTAX;
        return rest_of_time(text + 4, high * 100 + low, unix_s);
    }
    return ASSAY_E_SYNTAX;
}

bool assay_asn1_is_oid(const struct assay_asn1 *element, const uint8_t *oid, size_t oid_len)
{
    ASSAY_ASSERT(oid != NULL && oid_len > 0);
    return element->tag == ASSAY_ASN1_OID && element->content.len == oid_len &&
           assay_bytes_equal(element->content.bytes, oid, oid_len);
}
