/*
 * quote/result/ear_writer.c - members of an attestation result, as JSON or as CBOR.
 */
#include "quote/result/ear_writer.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/cbor.h"
#include "quote/text.h"

enum { MEMBERS_MAX = 23, BYTES_MAX = 64, CBOR_MAP = 0xa0 };

struct assay_ear_writer assay_ear_writer_over(struct assay_writer *w, bool cbor)
{
    return (struct assay_ear_writer){ .w = w, .cbor = cbor, .first = true, .open = { { 0 } } };
}

static void put_raw(struct assay_ear_writer *o, const char *text)
{
    assay_writer_put(o->w, text, assay_text_len(text, SIZE_MAX));
}

/* RFC 8259 7. */
static void put_json_text(struct assay_ear_writer *o, struct assay_slice text)
{
    static const char digits[] = "0123456789abcdef";
    put_raw(o, "\"");
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t c = text.bytes[i];
        if (c == '"' || c == '\\') {
            assay_writer_u8(o->w, '\\');
            assay_writer_u8(o->w, c);
        } else if (c >= 0x20 && c < 0x7f) {
            assay_writer_u8(o->w, c);
        } else {
            put_raw(o, "\\u00");
            assay_writer_u8(o->w, (uint8_t)digits[c >> 4]);
            assay_writer_u8(o->w, (uint8_t)digits[c & 15]);
        }
    }
    put_raw(o, "\"");
}

/* UTF-8 of Latin-1: two bytes for each beyond ASCII. */
static void put_cbor_text(struct assay_ear_writer *o, struct assay_slice text)
{
    enum { TEXT_MAX = 512 };
    char utf8[TEXT_MAX];
    size_t len = 0;
    for (size_t i = 0; i < text.len && len + 2 <= sizeof utf8; i++) {
        const uint8_t c = text.bytes[i];
        if (c >= 0x80) utf8[len++] = (char)(0xc0 | c >> 6);
        utf8[len++] = (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c);
    }
    assay_cbor_put_text_n(o->w, utf8, len);
}

static void put_any_text(struct assay_ear_writer *o, struct assay_slice text)
{
    if (o->cbor) put_cbor_text(o, text);
    else put_json_text(o, text);
}

static struct assay_slice slice_of_text(const char *text)
{
    return assay_slice_over(text, assay_text_len(text, SIZE_MAX));
}

/* A comma, and the name or number where the member has one. */
static void put_key(struct assay_ear_writer *o, struct assay_ear_key key)
{
    ASSAY_ASSERT(o->depth <= ASSAY_EAR_DEPTH);
    ASSAY_ASSERT(o->depth == 0 || o->open[o->depth].list == (key.name == NULL));
    o->open[o->depth].count += 1;
    if (!o->cbor && !o->first) put_raw(o, ",");
    o->first = false;
    if (key.name == NULL) return;
    if (o->cbor && (key.labelled || key.label != 0)) {
        assay_cbor_put_int(o->w, key.label);
        return;
    }
    put_any_text(o, slice_of_text(key.name));
    if (!o->cbor) put_raw(o, ":");
}

static void open_bracket(struct assay_ear_writer *o, bool list)
{
    ASSAY_ASSERT(o->depth < ASSAY_EAR_DEPTH);
    o->depth += 1;
    o->open[o->depth].count = 0;
    o->open[o->depth].list = list;
    o->first = true;
}

void assay_ear_open_map(struct assay_ear_writer *o, struct assay_ear_key key)
{
    put_key(o, key);
    open_bracket(o, false);
    o->open[o->depth].at = o->w->len;
    if (o->cbor) assay_writer_u8(o->w, CBOR_MAP);
    else put_raw(o, "{");
}

void assay_ear_open_list(struct assay_ear_writer *o, struct assay_ear_key key, size_t count)
{
    put_key(o, key);
    open_bracket(o, true);
    o->open[o->depth].at = count;
    if (o->cbor) assay_cbor_put_array(o->w, count);
    else put_raw(o, "[");
}

void assay_ear_close(struct assay_ear_writer *o)
{
    ASSAY_ASSERT(o->depth > 0);
    const bool list = o->open[o->depth].list;
    const size_t at = o->open[o->depth].at;
    if (list) ASSAY_ASSERT(o->open[o->depth].count == at);
    else ASSAY_ASSERT(o->open[o->depth].count <= MEMBERS_MAX);
    if (!o->cbor) put_raw(o, list ? "]" : "}");
    else if (!list && !o->w->full) o->w->bytes[at] = (uint8_t)(CBOR_MAP + o->open[o->depth].count);
    o->depth -= 1;
    o->first = false;
}

void assay_ear_put_text(struct assay_ear_writer *o, struct assay_ear_key key, const char *text)
{
    assay_ear_put_text_n(o, key, slice_of_text(text));
}

void assay_ear_put_text_n(struct assay_ear_writer *o, struct assay_ear_key key,
                          struct assay_slice text)
{
    put_key(o, key);
    put_any_text(o, text);
}

void assay_ear_put_uint(struct assay_ear_writer *o, struct assay_ear_key key, uint64_t value)
{
    struct assay_text digits = assay_text_empty();
    put_key(o, key);
    assay_text_add_u64(&digits, value);
    if (o->cbor) assay_cbor_put_uint(o->w, value);
    else put_raw(o, digits.text);
}

void assay_ear_put_int(struct assay_ear_writer *o, struct assay_ear_key key, int64_t value)
{
    if (value >= 0) {
        assay_ear_put_uint(o, key, (uint64_t)value);
        return;
    }
    struct assay_text digits = assay_text_empty();
    put_key(o, key);
    assay_text_add(&digits, "-");
    assay_text_add_u64(&digits, (uint64_t)0 - (uint64_t)value);
    if (o->cbor) assay_cbor_put_int(o->w, value);
    else put_raw(o, digits.text);
}

void assay_ear_put_bool(struct assay_ear_writer *o, struct assay_ear_key key, bool value)
{
    put_key(o, key);
    if (o->cbor) assay_cbor_put_bool(o->w, value);
    else put_raw(o, value ? "true" : "false");
}

void assay_ear_put_null(struct assay_ear_writer *o, struct assay_ear_key key)
{
    put_key(o, key);
    if (o->cbor) assay_cbor_put_null(o->w);
    else put_raw(o, "null");
}

void assay_ear_put_hex(struct assay_ear_writer *o, struct assay_ear_key key,
                       struct assay_slice bytes)
{
    char text[2 * BYTES_MAX + 1];
    ASSAY_ASSERT(bytes.len <= BYTES_MAX);
    put_key(o, key);
    assay_hex_encode(bytes.bytes, bytes.len, text, sizeof text);
    if (o->cbor) assay_cbor_put_bytes(o->w, bytes.bytes, bytes.len);
    else put_json_text(o, slice_of_text(text));
}

static size_t encode_base64(struct assay_slice bytes, char text[static 96])
{
    size_t len = 0;
    ASSAY_ASSERT(bytes.len <= BYTES_MAX);
    const enum assay_status status =
        assay_base64_encode(ASSAY_BASE64_URL, bytes.bytes, bytes.len, text, 96, &len);
    ASSAY_ASSERT(status == ASSAY_OK);
    return len;
}

void assay_ear_put_base64(struct assay_ear_writer *o, struct assay_ear_key key,
                          struct assay_slice bytes)
{
    char text[96];
    put_key(o, key);
    const size_t len = encode_base64(bytes, text);
    if (o->cbor) assay_cbor_put_bytes(o->w, bytes.bytes, bytes.len);
    else put_json_text(o, assay_slice_over(text, len));
}

void assay_ear_put_ni(struct assay_ear_writer *o, struct assay_ear_key key,
                      const uint8_t digest[static 32])
{
    struct assay_text name = assay_text_empty(); /* 57 characters */
    char text[96];
    (void)encode_base64(assay_slice_over(digest, 32), text);
    assay_text_add(&name, "ni:///sha-256;");
    assay_text_add(&name, text);
    assay_ear_put_text(o, key, name.text);
}
