/*
 * quote/pieces/cmw.c - reader of conceptual message wrappers in CBOR.
 */
#include "quote/pieces/cmw.h"

#include "base/assert.h"
#include "quote/cose.h"
#include "quote/verify.h"

enum { CBOR_ARRAY = 4, CBOR_MAP = 5, CBOR_TAG = 6, CBOR_TEXT_MIN = 3, FORMAT_MAX = 65535 };

/* RFC 9277, appendix B: the tag of content format 0; a last byte of 255 stands for none. */
#define TAG_FIRST UINT64_C(1668546817)
#define TAG_LAST  UINT64_C(1668612095)
enum { TAG_STEP = 256, FORMATS_OF_STEP = 255 };

struct messages {
    size_t count;
    struct assay_cmw all[ASSAY_CMW_ENTRIES_MAX];
};

static unsigned major_of(const struct assay_cursor *in)
{
    return assay_cursor_left(in) == 0 ? 0 : in->bytes[in->pos] >> 5;
}

bool assay_cmw_looks(struct assay_slice bytes)
{
    const struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    const unsigned major = major_of(&in);
    return major == CBOR_ARRAY || major == CBOR_MAP || major == CBOR_TAG;
}

/* --- one message */
/* RFC 6838 4.2 and its parameters: printable, and in two parts. */
static bool is_media_type(struct assay_slice type)
{
    bool has_slash = false;
    for (size_t i = 0; i < type.len; i++) {
        if (type.bytes[i] < 0x20 || type.bytes[i] > 0x7e) return false;
        has_slash = has_slash || (type.bytes[i] == '/' && i > 0 && i + 1 < type.len);
    }
    return type.len >= CBOR_TEXT_MIN && has_slash;
}

static enum assay_status read_type(struct assay_cursor *in, struct assay_cmw *out)
{
    enum assay_cbor_type type;
    uint64_t format = 0;
    ASSAY_TRY(assay_cbor_peek(in, &type));
    if (type == ASSAY_CBOR_UINT) {
        ASSAY_TRY(assay_cbor_uint_max(in, FORMAT_MAX, &format));
        out->content_format = (uint32_t)format;
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_cbor_text(in, ASSAY_CMW_TYPE_MAX, &out->type));
    return is_media_type(out->type) ? ASSAY_OK : ASSAY_E_INVALID;
}

static enum assay_status read_indicator(struct assay_cursor *in, struct assay_cmw *out)
{
    uint64_t indicator = 0;
    ASSAY_TRY(assay_cbor_uint_max(in, UINT32_MAX, &indicator));
    if (indicator == 0) return ASSAY_E_INVALID;
    out->indicator = (uint32_t)indicator;
    return ASSAY_OK;
}

static enum assay_status read_record(struct assay_cursor *in, struct assay_cmw *out)
{
    struct assay_cose_array record;
    ASSAY_TRY(assay_cose_array_open(in, &record));
    if (!assay_cose_array_more(&record, in)) return ASSAY_E_RANGE;
    ASSAY_TRY(read_type(in, out));
    if (!assay_cose_array_more(&record, in)) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_bytes(in, SIZE_MAX, &out->value));
    if (!assay_cose_array_more(&record, in)) return ASSAY_OK;
    ASSAY_TRY(read_indicator(in, out));
    return assay_cose_array_more(&record, in) ? ASSAY_E_RANGE : ASSAY_OK;
}

static enum assay_status read_tag(struct assay_cursor *in, struct assay_cmw *out)
{
    uint64_t tag = 0;
    ASSAY_TRY(assay_cbor_tag(in, &tag));
    if (tag < TAG_FIRST || tag > TAG_LAST) return ASSAY_E_INVALID;
    const uint64_t above = tag - TAG_FIRST;
    if (above % TAG_STEP == FORMATS_OF_STEP) return ASSAY_E_INVALID;
    out->content_format = (uint32_t)(above / TAG_STEP * FORMATS_OF_STEP + above % TAG_STEP);
    return assay_cbor_bytes(in, SIZE_MAX, &out->value);
}

static enum assay_status read_message(struct assay_cursor *in, struct messages *m)
{
    struct assay_cmw one = { .indicator = 0 };
    ASSAY_TRY(major_of(in) == CBOR_TAG ? read_tag(in, &one) : read_record(in, &one));
    if (m->count == ASSAY_CMW_ENTRIES_MAX) return ASSAY_E_RANGE;
    m->all[m->count++] = one;
    return ASSAY_OK;
}

/* --- collections */
/* The optional type of a collection: a URI, or an OID that is tagged. It interprets labels, which
 * nothing here does. */
static bool is_type(const struct assay_cose_label *label)
{
    return label->is_text && assay_cose_label_is(label, "__cmwc_t");
}

/* All messages of a collection and of those in it, on one cursor. */
static enum assay_status read_collection(struct assay_cursor *in, struct messages *m)
{
    struct assay_cose_map open[ASSAY_CMW_DEPTH_MAX];
    size_t depth = 1;
    ASSAY_TRY(assay_cose_map_open(in, ASSAY_CMW_ENTRIES_MAX, &open[0]));
    while (depth > 0) {
        struct assay_cose_label label;
        ASSAY_ASSERT(depth <= ASSAY_CMW_DEPTH_MAX);
        if (!assay_cose_map_more(&open[depth - 1], in)) {
            depth -= 1;
            continue;
        }
        ASSAY_TRY(assay_cose_map_next(&open[depth - 1], in, &label));
        if (is_type(&label)) {
            ASSAY_TRY(assay_cose_skip(in));
        } else if (major_of(in) != CBOR_MAP) {
            ASSAY_TRY(read_message(in, m));
        } else {
            if (depth == ASSAY_CMW_DEPTH_MAX) return ASSAY_E_RANGE;
            ASSAY_TRY(assay_cose_map_open(in, ASSAY_CMW_ENTRIES_MAX, &open[depth]));
            depth += 1;
        }
    }
    return ASSAY_OK;
}

enum assay_status assay_cmw_evidence(struct assay_slice cbor, struct assay_cmw *out,
                                     enum assay_evidence_kind *kind)
{
    ASSAY_ASSERT(out != NULL && kind != NULL);
    struct assay_cursor in = assay_cursor_over(cbor.bytes, cbor.len);
    struct messages m = { .count = 0 };
    const struct assay_cmw *found = NULL;
    ASSAY_TRY(major_of(&in) == CBOR_MAP ? read_collection(&in, &m) : read_message(&in, &m));
    ASSAY_TRY(assay_cursor_end(&in));
    for (size_t i = 0; i < m.count; i++) {
        const struct assay_cmw *const one = &m.all[i];
        enum assay_evidence_kind its = ASSAY_KIND_NONE;
        if (one->indicator != 0 && (one->indicator & ASSAY_CMW_EVIDENCE) == 0) continue;
        if (assay_evidence_detect(one->value.bytes, one->value.len, &its) != ASSAY_OK) continue;
        if (found != NULL) return ASSAY_E_DUPLICATE;
        found = one;
        *kind = its;
    }
    if (found == NULL) return ASSAY_E_UNSUPPORTED;
    *out = *found;
    return ASSAY_OK;
}
