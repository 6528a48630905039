/*
 * services/identity/der_writer.c - DER output (X.690 10).
 */
#include "services/identity/der_writer.h"

#include "base/rfc3339.h"

static size_t text_len(const char *text)
{
    size_t len = 0;
    while (text[len] != '\0')
        len++;
    return len;
}

size_t assay_credential_der_open(struct assay_writer *w, unsigned tag)
{
    ASSAY_ASSERT(tag <= 0xff);
    assay_writer_u8(w, (uint8_t)tag);
    assay_writer_u8(w, 0);
    return w->len;
}

/* Makes room for the bytes of a long length, by moving the content. */
static void move_content(struct assay_writer *w, size_t content, size_t count)
{
    const size_t end = w->len;
    assay_writer_zero(w, count);
    if (w->full) return;
    for (size_t at = end; at > content; at--)
        w->bytes[at - 1 + count] = w->bytes[at - 1];
}

void assay_credential_der_close(struct assay_writer *w, size_t content)
{
    if (w->full) return;
    ASSAY_ASSERT(content >= 2 && content <= w->len);
    const size_t len = w->len - content;
    ASSAY_ASSERT(len <= ASSAY_CREDENTIAL_DER_CONTENT_MAX);
    if (len < 0x80) {
        w->bytes[content - 1] = (uint8_t)len;
        return;
    }
    const size_t count = len > 0xff ? 2 : 1;
    move_content(w, content, count);
    if (w->full) return;
    w->bytes[content - 1] = (uint8_t)(0x80 | count);
    for (size_t i = 0; i < count; i++)
        w->bytes[content + i] = (uint8_t)(len >> (8 * (count - 1 - i)));
}

void assay_credential_der_put(struct assay_writer *w, unsigned tag, struct assay_slice content)
{
    const size_t at = assay_credential_der_open(w, tag);
    assay_writer_put(w, content.bytes, content.len);
    assay_credential_der_close(w, at);
}

void assay_credential_der_put_text(struct assay_writer *w, unsigned tag, const char *text)
{
    assay_credential_der_put(w, tag, assay_slice_over(text, text_len(text)));
}

/* X.690 8.3.2: no leading zeros but the one that makes the number positive. */
void assay_credential_der_put_uint(struct assay_writer *w, uint64_t value)
{
    uint8_t bytes[9] = { 0 };
    size_t first = 0;
    for (size_t i = 0; i < 8; i++)
        bytes[8 - i] = (uint8_t)(value >> (8 * i));
    while (first < 8 && bytes[first] == 0 && (bytes[first + 1] & 0x80) == 0)
        first += 1;
    assay_credential_der_put(w, ASSAY_CREDENTIAL_DER_INTEGER,
                             assay_slice_over(bytes + first, sizeof bytes - first));
}

void assay_credential_der_put_integer(struct assay_writer *w, const uint8_t *bytes, size_t len)
{
    ASSAY_ASSERT(len > 0 && (bytes[0] & 0x80) == 0 && (len == 1 || bytes[0] != 0));
    assay_credential_der_put(w, ASSAY_CREDENTIAL_DER_INTEGER, assay_slice_over(bytes, len));
}

void assay_credential_der_put_true(struct assay_writer *w)
{
    static const uint8_t yes = 0xff; /* X.690 11.1 */
    assay_credential_der_put(w, ASSAY_CREDENTIAL_DER_BOOLEAN, assay_slice_over(&yes, 1));
}

void assay_credential_der_put_time(struct assay_writer *w, int64_t unix_s)
{
    /* "YYYY-MM-DDThh:mm:ssZ" without its marks */
    static const uint8_t place[] = { 0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18, 19 };
    static const int64_t first_of_2050_s = INT64_C(2524608000);
    char text[ASSAY_RFC3339_LEN + 1];
    uint8_t digits[sizeof place];
    const bool is_long = unix_s >= first_of_2050_s;
    assay_rfc3339_format(unix_s, text);
    for (size_t i = 0; i < sizeof place; i++)
        digits[i] = (uint8_t)text[place[i]];
    if (is_long)
        assay_credential_der_put(w, ASSAY_CREDENTIAL_DER_GENERALIZED_TIME,
                                 assay_slice_over(digits, sizeof digits));
    else
        assay_credential_der_put(w, ASSAY_CREDENTIAL_DER_UTC_TIME,
                                 assay_slice_over(digits + 2, sizeof digits - 2));
}
