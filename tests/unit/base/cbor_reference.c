/*
 * tests/unit/base/cbor_reference.c - reference CBOR reader (cbor_reference.h).
 */
#include "tests/unit/base/cbor_reference.h"

#include "base/assert.h"
#include "base/cbor.h"

/* --- the reference */

struct input {
    const uint8_t *bytes;
    size_t len;
    size_t at;
};

static enum assay_status item(struct input *in, int depth);

/* Decodes code points and asks for the shortest form of each, as RFC 3629 defines UTF-8. */
static bool utf8_reference(const uint8_t *bytes, size_t len)
{
    size_t at = 0;
    while (at < len) {
        const uint8_t lead = bytes[at++];
        int more = 0;
        uint32_t code = lead;
        uint32_t smallest = 0;
        if (lead >= 0x80 && lead <= 0xbf) return false;
        if (lead >= 0xc0 && lead <= 0xdf) { more = 1; code = lead & 0x1fu; smallest = 0x80; }
        if (lead >= 0xe0 && lead <= 0xef) { more = 2; code = lead & 0x0fu; smallest = 0x800; }
        if (lead >= 0xf0 && lead <= 0xf7) { more = 3; code = lead & 0x07u; smallest = 0x10000; }
        if (lead >= 0xf8) return false;
        for (; more > 0; more--) {
            if (at == len) return false;
            if ((bytes[at] & 0xc0) != 0x80) return false;
            code = code * 64 + (bytes[at++] & 0x3fu);
        }
        if (code < smallest) return false;
        if (code > 0x10ffff) return false;
        if (code >= 0xd800 && code <= 0xdfff) return false;
    }
    return true;
}

static enum assay_status argument(struct input *in, unsigned info, uint64_t *value)
{
    if (info < 24) {
        *value = info;
        return ASSAY_OK;
    }
    if (info > 27) return ASSAY_E_ENCODING;
    const size_t width = (size_t)1 << (info - 24);
    *value = 0;
    for (size_t i = 0; i < width; i++) {
        if (in->at == in->len) return ASSAY_E_TRUNCATED;
        *value = *value * 256 + in->bytes[in->at++];
    }
    if (width == 1 && *value < 24) return ASSAY_E_ENCODING;
    if (width == 2 && *value < 256) return ASSAY_E_ENCODING;
    if (width == 4 && *value < 65536) return ASSAY_E_ENCODING;
    if (width == 8 && *value < UINT64_C(4294967296)) return ASSAY_E_ENCODING;
    return ASSAY_OK;
}

static enum assay_status string(struct input *in, uint64_t len, bool text)
{
    if (len > in->len - in->at) return ASSAY_E_TRUNCATED;
    if (text && !utf8_reference(in->bytes + in->at, (size_t)len)) return ASSAY_E_ENCODING;
    in->at += (size_t)len;
    return ASSAY_OK;
}

/* Returns: <0, 0, >0 as the encoded key at a stands before, at or after the one at b. */
static int key_order(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    for (size_t i = 0; i < a_len && i < b_len; i++) {
        if (a[i] != b[i]) return (int)a[i] - (int)b[i];
    }
    return (a_len > b_len) - (a_len < b_len);
}

static enum assay_status map(struct input *in, uint64_t pairs, int depth)
{
    size_t before_at = 0;
    size_t before_len = 0;
    for (uint64_t i = 0; i < pairs; i++) {
        const size_t key_at = in->at;
        if (key_at == in->len) return ASSAY_E_TRUNCATED;
        const unsigned major = in->bytes[key_at] >> 5;
        const uint8_t initial = in->bytes[key_at];
        if (major == 0 || major == 3) {
            ASSAY_TRY(item(in, depth));
        } else { /* its head (and string) is judged as such before its place is */
            uint64_t ignored = 0;
            in->at++;
            if (major == 7 && (initial < 0xf4 || initial > 0xf6)) return ASSAY_E_ENCODING;
            if (major != 7) ASSAY_TRY(argument(in, initial & 31u, &ignored));
            if (major == 2) ASSAY_TRY(string(in, ignored, false));
            return ASSAY_E_TYPE;
        }
        const size_t key_len = in->at - key_at;
        const int order =
            key_order(in->bytes + before_at, before_len, in->bytes + key_at, key_len);
        if (order == 0) return ASSAY_E_DUPLICATE;
        if (order > 0) return ASSAY_E_ENCODING;
        before_at = key_at;
        before_len = key_len;
        ASSAY_TRY(item(in, depth));
    }
    return ASSAY_OK;
}

/* depth: how many containers stand around this item. */
static enum assay_status item(struct input *in, int depth)
{
    if (in->at == in->len) return ASSAY_E_TRUNCATED;
    const uint8_t initial = in->bytes[in->at++];
    const unsigned major = initial >> 5;
    uint64_t value = 0;
    if (major == 7) {
        const bool known = initial == 0xf4 || initial == 0xf5 || initial == 0xf6;
        return known ? ASSAY_OK : ASSAY_E_ENCODING;
    }
    ASSAY_TRY(argument(in, initial & 31u, &value));
    if (major <= 1) return ASSAY_OK;
    if (major <= 3) return string(in, value, major == 3);
    if (depth == 16) return ASSAY_E_RANGE;
    if (major == 5) return map(in, value, depth + 1);
    if (major == 6) value = 1;
    for (uint64_t i = 0; i < value; i++) {
        ASSAY_TRY(item(in, depth + 1));
    }
    return ASSAY_OK;
}

enum assay_status cbor_reference(const uint8_t *bytes, size_t len, size_t *used)
{
    struct input in = { bytes, len, 0 };
    ASSAY_TRY(item(&in, 0));
    *used = in.at;
    return ASSAY_OK;
}

/* --- the transcoder */

static enum assay_status transcode_number(struct assay_cursor *in, enum assay_cbor_type type,
                                          struct assay_writer *out)
{
    int64_t number = 0;
    uint64_t uint = 0;
    if (type == ASSAY_CBOR_UINT) {
        ASSAY_TRY(assay_cbor_uint(in, &uint));
        assay_cbor_put_uint(out, uint);
        return ASSAY_OK;
    }
    const enum assay_status status = assay_cbor_int(in, &number);
    if (status != ASSAY_E_RANGE) {
        if (status == ASSAY_OK) assay_cbor_put_int(out, number);
        return status;
    }
    /* Below INT64_MIN there is no number type; such an item is copied whole. */
    struct assay_slice whole = { 0 };
    ASSAY_TRY(assay_cbor_skip(in, &whole));
    assay_writer_put(out, whole.bytes, whole.len);
    return ASSAY_OK;
}

static enum assay_status transcode_string(struct assay_cursor *in, enum assay_cbor_type type,
                                          struct assay_writer *out)
{
    struct assay_slice found = { 0 };
    if (type == ASSAY_CBOR_BYTES) {
        ASSAY_TRY(assay_cbor_bytes(in, SIZE_MAX, &found));
        assay_cbor_put_bytes(out, found.bytes, found.len);
    } else {
        ASSAY_TRY(assay_cbor_text(in, SIZE_MAX, &found));
        assay_cbor_put_text_n(out, (const char *)found.bytes, found.len);
    }
    return ASSAY_OK;
}

/* The head of a container; *items grows by what stands in it. */
static enum assay_status transcode_container(struct assay_cursor *in, enum assay_cbor_type type,
                                             struct assay_writer *out, uint64_t *items)
{
    uint64_t count = 0;
    if (type == ASSAY_CBOR_ARRAY) {
        ASSAY_TRY(assay_cbor_array(in, UINT64_MAX, &count));
        assay_cbor_put_array(out, count);
    } else if (type == ASSAY_CBOR_MAP) {
        ASSAY_TRY(assay_cbor_map(in, UINT64_MAX, &count));
        assay_cbor_put_map(out, count);
        count *= 2; /* the item was skipped before: its count is below its length */
    } else {
        uint64_t tag = 0;
        ASSAY_TRY(assay_cbor_tag(in, &tag));
        assay_cbor_put_tag(out, tag);
        count = 1;
    }
    *items += count;
    return ASSAY_OK;
}

static enum assay_status transcode_simple(struct assay_cursor *in, enum assay_cbor_type type,
                                          struct assay_writer *out)
{
    if (type == ASSAY_CBOR_NULL) {
        ASSAY_TRY(assay_cbor_null(in));
        assay_cbor_put_null(out);
        return ASSAY_OK;
    }
    bool value = false;
    ASSAY_TRY(assay_cbor_bool(in, &value));
    assay_cbor_put_bool(out, value);
    return ASSAY_OK;
}

static enum assay_status transcode_one(struct assay_cursor *in, struct assay_writer *out,
                                       uint64_t *items)
{
    enum assay_cbor_type type = ASSAY_CBOR_NULL;
    ASSAY_TRY(assay_cbor_peek(in, &type));
    switch (type) {
    case ASSAY_CBOR_UINT:
    case ASSAY_CBOR_NINT: return transcode_number(in, type, out);
    case ASSAY_CBOR_BYTES:
    case ASSAY_CBOR_TEXT: return transcode_string(in, type, out);
    case ASSAY_CBOR_ARRAY:
    case ASSAY_CBOR_MAP:
    case ASSAY_CBOR_TAG: return transcode_container(in, type, out, items);
    case ASSAY_CBOR_FALSE:
    case ASSAY_CBOR_TRUE:
    case ASSAY_CBOR_NULL: return transcode_simple(in, type, out);
    }
    ASSAY_UNREACHABLE("a type of item that the header does not name");
}

enum assay_status cbor_transcode(struct assay_slice whole, struct assay_writer *out)
{
    struct assay_cursor in = assay_cursor_over(whole.bytes, whole.len);
    uint64_t items = 1; /* heads still to come, whatever their depth */
    while (items > 0) {
        items--;
        ASSAY_TRY(transcode_one(&in, out, &items));
    }
    return assay_cursor_end(&in);
}
