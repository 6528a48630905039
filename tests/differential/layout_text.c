/*
 * tests/differential/layout_text.c - values of DER and members of JSON; see layout.h.
 */
#include "base/assert.h"
#include "tests/differential/layout.h"

/* --- DER (ITU-T X.690): tag, length, value */
static bool read_head(const struct diff_blob *der, size_t at, size_t end, struct diff_tlv *out)
{
    if (end - at < 2) return false;
    size_t len = der->bytes[at + 1];
    size_t head = 2;
    if (len >= 0x80) {
        const size_t more = len & 0x7f;
        if (more == 0 || more > 3 || end - at < 2 + more) return false;
        len = 0;
        for (size_t i = 0; i < more; i++)
            len = len << 8 | der->bytes[at + 2 + i];
        head += more;
    }
    if (len > end - at - head) return false;
    out->at = at;
    out->head_len = head;
    out->len = len;
    return true;
}

enum { TAG_BIT_STRING = 3, TAG_OCTET_STRING = 4, TAG_SEQUENCE = 0x30, CONSTRUCTED = 0x20 };

/* Where values may stand within a value; its own end where there are none. */
static size_t inside(const struct diff_blob *der, const struct diff_tlv *tlv)
{
    const uint8_t tag = der->bytes[tlv->at];
    const size_t from = tlv->at + tlv->head_len;
    if ((tag & CONSTRUCTED) != 0) return from;
    const size_t skip = tag == TAG_BIT_STRING ? 1 : 0;
    if (tag != TAG_BIT_STRING && tag != TAG_OCTET_STRING) return from + tlv->len;
    if (tlv->len < skip + 2 || der->bytes[from + skip] != TAG_SEQUENCE) return from + tlv->len;
    return from + skip;
}

/* Breadth first: a value's children are read when its turn comes, so no recursion. */
size_t diff_der_walk(const struct diff_blob *der, struct diff_tlv tlvs[DIFF_TLVS_MAX])
{
    size_t count = 0;
    if (der->len == 0 || !read_head(der, 0, der->len, &tlvs[0])) return 0;
    tlvs[count++].parent = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t end = tlvs[i].at + tlvs[i].head_len + tlvs[i].len;
        size_t at = inside(der, &tlvs[i]);
        while (at < end && count < DIFF_TLVS_MAX) {
            if (!read_head(der, at, end, &tlvs[count])) break;
            tlvs[count].parent = i;
            at += tlvs[count].head_len + tlvs[count].len;
            count += 1;
        }
    }
    return count;
}

static size_t put_length(uint8_t out[5], size_t len)
{
    if (len < 0x80) {
        out[0] = (uint8_t)len;
        return 1;
    }
    size_t count = 0;
    for (size_t rest = len; rest > 0; rest >>= 8)
        count += 1;
    ASSAY_ASSERT(count < 5);
    out[0] = (uint8_t)(0x80 | count);
    for (size_t i = 0; i < count; i++)
        out[1 + i] = (uint8_t)(len >> (8 * (count - 1 - i)));
    return 1 + count;
}

void diff_der_replace(struct diff_blob *der, const struct diff_tlv *tlvs, size_t index,
                      const void *bytes, size_t len)
{
    const size_t old_len = tlvs[index].head_len + tlvs[index].len;
    size_t more = len, less = old_len; /* what the value above has gained and lost so far */
    diff_blob_replace(der, tlvs[index].at, old_len, bytes, len);
    while (index != tlvs[index].parent) {
        uint8_t length[5];
        index = tlvs[index].parent;
        const size_t head = tlvs[index].head_len;
        const size_t head_new = 1 + put_length(length, tlvs[index].len + more - less);
        diff_blob_replace(der, tlvs[index].at + 1, head - 1, length, head_new - 1);
        more += head_new;
        less += head;
    }
}

/* --- JSON, by brackets and strings alone */
static size_t skip_blank(const struct diff_blob *t, size_t at)
{
    while (at < t->len && (t->bytes[at] == ' ' || t->bytes[at] == '\n' || t->bytes[at] == '\r' ||
                           t->bytes[at] == '\t'))
        at += 1;
    return at;
}

static size_t skip_string(const struct diff_blob *t, size_t at)
{
    for (at += 1; at < t->len && t->bytes[at] != '"'; at++)
        if (t->bytes[at] == '\\') at += 1;
    return at < t->len ? at + 1 : t->len;
}

static size_t skip_value(const struct diff_blob *t, size_t at)
{
    size_t depth = 0;
    while (at < t->len) {
        const uint8_t byte = t->bytes[at];
        if (byte == '"') {
            at = skip_string(t, at);
            if (depth == 0) return at;
            continue;
        }
        if (byte == '{' || byte == '[') depth += 1;
        if ((byte == '}' || byte == ']' || byte == ',') && depth == 0) return at;
        if (byte == '}' || byte == ']') {
            depth -= 1;
            if (depth == 0) return at + 1;
        }
        at += 1;
    }
    return t->len;
}

size_t diff_json_members(const struct diff_blob *text, size_t from,
                         struct diff_member members[DIFF_MEMBERS_MAX])
{
    size_t count = 0;
    for (size_t at = from; at < text->len && count < DIFF_MEMBERS_MAX;) {
        if (text->bytes[at] != '"') {
            at += 1;
            continue;
        }
        const size_t after = skip_blank(text, skip_string(text, at));
        if (after < text->len && text->bytes[after] == ':') {
            struct diff_member *const m = &members[count++];
            m->key_at = at;
            m->value_at = skip_blank(text, after + 1);
            m->end = skip_value(text, m->value_at);
            at = m->value_at;
            if (at < text->len && text->bytes[at] == '"') at = m->end;
        } else {
            at = after;
        }
    }
    return count;
}
