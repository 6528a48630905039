/*
 * quote/result/cmw.c - records of the conceptual message wrapper.
 */
#include "quote/result/cmw.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/cbor.h"
#include "quote/text.h"

enum { MEMBERS = 3, IND_MAX = 9 };

void assay_cmw_put_cbor(struct assay_writer *w, const char *type, struct assay_slice value,
                        unsigned ind)
{
    assay_cbor_put_array(w, MEMBERS);
    assay_cbor_put_text(w, type);
    assay_cbor_put_bytes(w, value.bytes, value.len);
    assay_cbor_put_uint(w, ind);
}

/* Quotes of a parameter of the media type are the one character that JSON escapes here. */
static void put_json_text(struct assay_writer *w, const char *text)
{
    assay_writer_u8(w, '"');
    for (; *text != '\0'; text++) {
        ASSAY_ASSERT(*text >= ' ' && *text <= '~');
        if (*text == '"' || *text == '\\') assay_writer_u8(w, '\\');
        assay_writer_u8(w, (uint8_t)*text);
    }
    assay_writer_u8(w, '"');
}

void assay_cmw_put_json(struct assay_writer *w, const char *type, struct assay_slice value,
                        unsigned ind)
{
    size_t len = 0;
    ASSAY_ASSERT(ind <= IND_MAX);
    assay_writer_u8(w, '[');
    put_json_text(w, type);
    assay_writer_put(w, ",\"", 2);
    if (w->full) return;
    /* The NUL behind the text is overwritten by what follows. */
    if (assay_base64_encode(ASSAY_BASE64_URL, value.bytes, value.len, (char *)w->bytes + w->len,
                            w->capacity - w->len, &len) != ASSAY_OK) {
        w->full = true;
        return;
    }
    w->len += len;
    assay_writer_put(w, "\",", 2);
    assay_writer_u8(w, (uint8_t)('0' + ind));
    assay_writer_u8(w, ']');
}
