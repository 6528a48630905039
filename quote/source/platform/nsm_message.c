/*
 * quote/source/platform/nsm_message.c - messages of the Nitro Secure Module (nsm_message.h). Pure.
 *
 * The strict reader of base/cbor.h is for our own canonical bytes; a peripheral's answer is read
 * here with every legal length form, and refused for everything else.
 */
#include "quote/source/platform/nsm_message.h"

#include "base/assert.h"
#include "base/cbor.h"

#include <string.h>

enum { MAJOR_BYTES = 2, MAJOR_TEXT = 3, MAJOR_MAP = 5 };

static void put_field(struct assay_writer *w, const char *name, struct assay_slice value)
{
    ASSAY_ASSERT(name != NULL);
    assay_cbor_put_text(w, name);
    if (value.len == 0) assay_cbor_put_null(w);
    else assay_cbor_put_bytes(w, value.bytes, value.len);
}

enum assay_status assay_nsm_request_encode(const struct assay_nsm_request *request,
                                           struct assay_writer *w)
{
    struct assay_slice written;
    if (request->user_data.len > ASSAY_NSM_USER_DATA_LEN_MAX ||
        request->nonce.len > ASSAY_NSM_NONCE_LEN_MAX ||
        request->public_key.len > ASSAY_NSM_PUBLIC_KEY_LEN_MAX)
        return ASSAY_E_RANGE;
    assay_cbor_put_map(w, 1);
    assay_cbor_put_text(w, "Attestation");
    assay_cbor_put_map(w, 3);
    put_field(w, "nonce", request->nonce);
    put_field(w, "user_data", request->user_data);
    put_field(w, "public_key", request->public_key);
    return assay_writer_finish(w, &written);
}

/* RFC 8949 3: the head of an item of one major type, its argument in any definite form. */
static enum assay_status read_head(struct assay_cursor *in, uint8_t major, uint64_t *argument)
{
    ASSAY_ASSERT(major <= 7);
    uint8_t first = 0, u8 = 0;
    uint16_t u16 = 0;
    uint32_t u32 = 0;
    ASSAY_TRY(assay_cursor_u8(in, &first));
    if (first >> 5 != major) return ASSAY_E_TYPE;
    const uint8_t form = first & 0x1f;
    *argument = form;
    if (form < 24) return ASSAY_OK;
    switch (form) {
    case 24:
        ASSAY_TRY(assay_cursor_u8(in, &u8));
        *argument = u8;
        return ASSAY_OK;
    case 25:
        ASSAY_TRY(assay_cursor_u16be(in, &u16));
        *argument = u16;
        return ASSAY_OK;
    case 26:
        ASSAY_TRY(assay_cursor_u32be(in, &u32));
        *argument = u32;
        return ASSAY_OK;
    case 27: return assay_cursor_u64be(in, argument);
    default: return ASSAY_E_ENCODING; /* indefinite, or reserved */
    }
}

static enum assay_status read_string(struct assay_cursor *in, uint8_t major,
                                     struct assay_slice *out)
{
    uint64_t len = 0;
    ASSAY_TRY(read_head(in, major, &len));
    if (len > assay_cursor_left(in)) return ASSAY_E_TRUNCATED;
    return assay_cursor_slice(in, (size_t)len, out);
}

/* Out: *until_break: its length is indefinite, as that of the documents that it carries since 2026
 * is; then close_map comes after the value. */
static enum assay_status open_map_of_one(struct assay_cursor *in, struct assay_slice *name,
                                         bool *until_break)
{
    enum { INDEFINITE_MAP = 0xbf };
    struct assay_cursor at = *in;
    uint8_t first = 0;
    uint64_t pairs = 1;
    ASSAY_TRY(assay_cursor_u8(&at, &first));
    *until_break = first == INDEFINITE_MAP;
    if (*until_break) *in = at;
    else ASSAY_TRY(read_head(in, MAJOR_MAP, &pairs));
    if (pairs != 1) return ASSAY_E_RANGE;
    return read_string(in, MAJOR_TEXT, name);
}

static enum assay_status close_map(struct assay_cursor *in, bool until_break)
{
    enum { BREAK = 0xff };
    uint8_t last = BREAK;
    if (until_break) ASSAY_TRY(assay_cursor_u8(in, &last));
    return last == BREAK ? ASSAY_OK : ASSAY_E_RANGE; /* another pair */
}

static bool is_name(struct assay_slice name, const char *text)
{
    return assay_slice_equal(name, assay_slice_over(text, strlen(text)));
}

static enum assay_status read_error(struct assay_cursor *in, struct assay_nsm_answer *answer)
{
    struct assay_slice code;
    ASSAY_TRY(read_string(in, MAJOR_TEXT, &code));
    if (code.len == 0 || code.len >= sizeof answer->error) return ASSAY_E_RANGE;
    for (size_t i = 0; i < code.len; i++)
        if (code.bytes[i] < ' ' || code.bytes[i] > '~') return ASSAY_E_SYNTAX;
    assay_bytes_copy(answer->error, sizeof answer->error, code.bytes, code.len);
    return ASSAY_OK;
}

static enum assay_status read_document(struct assay_cursor *in, struct assay_nsm_answer *answer)
{
    struct assay_slice name;
    bool until_break = false;
    ASSAY_TRY(open_map_of_one(in, &name, &until_break));
    if (!is_name(name, "document")) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(read_string(in, MAJOR_BYTES, &answer->document));
    if (answer->document.len == 0) return ASSAY_E_RANGE;
    return close_map(in, until_break);
}

enum assay_status assay_nsm_answer_parse(const uint8_t *bytes, size_t len,
                                         struct assay_nsm_answer *answer)
{
    struct assay_nsm_answer result = { 0 };
    struct assay_slice name;
    bool until_break = false;
    if (len > ASSAY_NSM_ANSWER_LEN_MAX) return ASSAY_E_RANGE;
    struct assay_cursor in = assay_cursor_over(bytes, len);
    ASSAY_TRY(open_map_of_one(&in, &name, &until_break));
    if (is_name(name, "Error")) ASSAY_TRY(read_error(&in, &result));
    else if (is_name(name, "Attestation")) ASSAY_TRY(read_document(&in, &result));
    else return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(close_map(&in, until_break));
    ASSAY_TRY(assay_cursor_end(&in));
    ASSAY_ASSERT((result.document.len > 0) != (result.error[0] != '\0'));
    *answer = result;
    return ASSAY_OK;
}
