/*
 * quote/json/cmw.c - conceptual message wrappers in JSON, through jansson, rewritten in CBOR: one
 * reader then serves both (quote/pieces/cmw.h).
 */
#include "quote/json.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/cbor.h"
#include "quote/json/tree.h"
#include "quote/pieces/cmw.h"

#include <string.h>

enum { RECORD_MIN = 2, RECORD_MAX = 3 };

static enum assay_status put_text(struct assay_writer *w, const json_t *value)
{
    if (!json_is_string(value)) return ASSAY_E_TYPE;
    assay_cbor_put_text_n(w, json_string_value(value), json_string_length(value));
    return ASSAY_OK;
}

/* base64url without padding; decoded where it will stand, behind its head. */
static enum assay_status put_value(struct assay_writer *w, const json_t *value, uint8_t *room,
                                   size_t room_len)
{
    size_t len = 0;
    if (!json_is_string(value)) return ASSAY_E_TYPE;
    ASSAY_TRY(assay_base64_decode(ASSAY_BASE64_URL, json_string_value(value),
                                  json_string_length(value), room, room_len, &len));
    assay_cbor_put_bytes(w, room, len);
    return ASSAY_OK;
}

static enum assay_status put_record(struct assay_writer *w, const json_t *record, uint8_t *room,
                                    size_t room_len)
{
    const size_t count = json_array_size(record);
    if (count < RECORD_MIN || count > RECORD_MAX) return ASSAY_E_RANGE;
    assay_cbor_put_array(w, count);
    ASSAY_TRY(put_text(w, json_array_get(record, 0)));
    ASSAY_TRY(put_value(w, json_array_get(record, 1), room, room_len));
    if (count < RECORD_MAX) return ASSAY_OK;
    const json_t *const indicator = json_array_get(record, 2);
    if (!json_is_integer(indicator)) return ASSAY_E_TYPE;
    if (json_integer_value(indicator) < 0) return ASSAY_E_RANGE;
    assay_cbor_put_uint(w, (uint64_t)json_integer_value(indicator));
    return ASSAY_OK;
}

/* Entries of a collection, down to the depth that was bounded. */
static enum assay_status put_collection(struct assay_writer *w, json_t *collection, uint8_t *room,
                                        size_t room_len, unsigned depth)
{
    const char *label = NULL;
    json_t *entry = NULL;
    ASSAY_ASSERT(depth <= ASSAY_CMW_DEPTH_MAX);
    if (json_object_size(collection) > ASSAY_CMW_ENTRIES_MAX) return ASSAY_E_RANGE;
    assay_cbor_put_map(w, json_object_size(collection));
    json_object_foreach(collection, label, entry)
    {
        assay_cbor_put_text_n(w, label, strlen(label));
        if (json_is_string(entry)) ASSAY_TRY(put_text(w, entry)); /* the type of the collection */
        else if (json_is_array(entry)) ASSAY_TRY(put_record(w, entry, room, room_len));
        else if (json_is_object(entry) && depth < ASSAY_CMW_DEPTH_MAX)
            ASSAY_TRY(put_collection(w, entry, room, room_len, depth + 1));
        else return ASSAY_E_TYPE;
    }
    return ASSAY_OK;
}

/* Half of the room for the result, half for one value on its way there. */
static enum assay_status put_cmw(json_t *root, uint8_t *out, size_t capacity, size_t *cbor_len)
{
    struct assay_slice made;
    struct assay_writer w = assay_writer_over(out, capacity / 2);
    uint8_t *const room = out + capacity / 2;
    const size_t room_len = capacity - capacity / 2;
    if (json_is_array(root)) ASSAY_TRY(put_record(&w, root, room, room_len));
    else if (json_is_object(root)) ASSAY_TRY(put_collection(&w, root, room, room_len, 1));
    else return ASSAY_E_TYPE;
    ASSAY_TRY(assay_writer_finish(&w, &made));
    *cbor_len = made.len;
    return ASSAY_OK;
}

enum assay_status assay_doc_cmw(const uint8_t *text, size_t len, uint8_t *out, size_t capacity,
                                size_t *cbor_len)
{
    ASSAY_ASSERT(text != NULL && out != NULL && cbor_len != NULL);
    json_t *root = NULL;
    ASSAY_TRY(assay_doc_load(text, len, ASSAY_DOCUMENT_LEN_MAX, &root));
    const enum assay_status status = put_cmw(root, out, capacity, cbor_len);
    json_decref(root);
    return status;
}
