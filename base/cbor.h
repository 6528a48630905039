/*
 * base/cbor.h - strict deterministic CBOR (RFC 8949 4.2.1), the encoding of every signed byte.
 *
 * Only these items exist: unsigned and negative integers, byte strings, text strings (UTF-8
 * checked), arrays, maps with unsigned or text keys in bytewise order of their encodings without
 * duplicates, false, true, null, and tags (read on request). Shortest integers, definite lengths;
 * anything else is refused with ASSAY_E_ENCODING. Nesting is the caller's control flow: no
 * recursion here, except that assay_cbor_skip walks iteratively down to ASSAY_CBOR_DEPTH_MAX.
 *
 * Decoders work on a struct assay_cursor; a failed call leaves the cursor where it was.
 */
#ifndef ASSAY_BASE_CBOR_H
#define ASSAY_BASE_CBOR_H

#include "base/cursor.h"
#include "base/writer.h"

enum { ASSAY_CBOR_DEPTH_MAX = 16 };

enum assay_cbor_type {
    ASSAY_CBOR_UINT,
    ASSAY_CBOR_NINT,
    ASSAY_CBOR_BYTES,
    ASSAY_CBOR_TEXT,
    ASSAY_CBOR_ARRAY,
    ASSAY_CBOR_MAP,
    ASSAY_CBOR_TAG,
    ASSAY_CBOR_FALSE,
    ASSAY_CBOR_TRUE,
    ASSAY_CBOR_NULL,
};

/* --- writing (errors collect in the writer). Each */
void assay_cbor_put_uint(struct assay_writer *w, uint64_t value);
void assay_cbor_put_int(struct assay_writer *w, int64_t value);
void assay_cbor_put_bytes(struct assay_writer *w, const void *bytes, size_t len);
/* The head alone: exactly len bytes follow by other calls. */
void assay_cbor_put_bytes_head(struct assay_writer *w, uint64_t len);
void assay_cbor_put_text(struct assay_writer *w, const char *text); /* NUL-terminated UTF-8 */
void assay_cbor_put_text_n(struct assay_writer *w, const char *text, size_t len);
void assay_cbor_put_array(struct assay_writer *w, uint64_t count); /* then count items */
void assay_cbor_put_map(struct assay_writer *w, uint64_t pairs);   /* then pairs, keys in order */
void assay_cbor_put_tag(struct assay_writer *w, uint64_t tag);
void assay_cbor_put_bool(struct assay_writer *w, bool value);
void assay_cbor_put_null(struct assay_writer *w);

/* --- reading. Common Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_ENCODING | ASSAY_E_TYPE |
 *     ASSAY_E_RANGE */
/* The type of the next item, which stays unread. */
ASSAY_CHECKED enum assay_status assay_cbor_peek(const struct assay_cursor *c,
                                                enum assay_cbor_type *type);
ASSAY_CHECKED enum assay_status assay_cbor_uint(struct assay_cursor *c, uint64_t *out);
/* An unsigned number of at most max; more is ASSAY_E_RANGE. */
ASSAY_CHECKED enum assay_status assay_cbor_uint_max(struct assay_cursor *c, uint64_t max,
                                                    uint64_t *out);
ASSAY_CHECKED enum assay_status assay_cbor_int(struct assay_cursor *c, int64_t *out);
/* A borrowed slice of at most len_max bytes; more is ASSAY_E_RANGE. */
ASSAY_CHECKED enum assay_status assay_cbor_bytes(struct assay_cursor *c, size_t len_max,
                                                 struct assay_slice *out);
/* Exactly len bytes, copied; another length is ASSAY_E_RANGE. */
ASSAY_CHECKED enum assay_status assay_cbor_bytes_exact(struct assay_cursor *c, uint8_t *out,
                                                       size_t len);
ASSAY_CHECKED enum assay_status assay_cbor_text(struct assay_cursor *c, size_t len_max,
                                                struct assay_slice *out);
/* Exactly this text; another is ASSAY_E_UNSUPPORTED. */
ASSAY_CHECKED enum assay_status assay_cbor_text_expect(struct assay_cursor *c, const char *text);
/* The head of an array of at most count_max items, which the caller then reads. */
ASSAY_CHECKED enum assay_status assay_cbor_array(struct assay_cursor *c, uint64_t count_max,
                                                 uint64_t *count);
/* The head of an array of exactly count items; another count is ASSAY_E_RANGE. */
ASSAY_CHECKED enum assay_status assay_cbor_array_exact(struct assay_cursor *c, uint64_t count);
ASSAY_CHECKED enum assay_status assay_cbor_map(struct assay_cursor *c, uint64_t pairs_max,
                                               uint64_t *pairs);
/*
 * Order of map keys: after reading each key, its encoded bytes are compared with the key before.
 * key is the slice of the encoded key; *previous starts as an empty slice.
 * Returns: ASSAY_OK | ASSAY_E_ENCODING (not above the previous key) | ASSAY_E_DUPLICATE
 */
ASSAY_CHECKED enum assay_status assay_cbor_key_order(struct assay_slice *previous,
                                                     struct assay_slice key);
ASSAY_CHECKED enum assay_status assay_cbor_tag(struct assay_cursor *c, uint64_t *tag);
ASSAY_CHECKED enum assay_status assay_cbor_bool(struct assay_cursor *c, bool *out);
ASSAY_CHECKED enum assay_status assay_cbor_null(struct assay_cursor *c);
/* Any well-formed item with everything in it, strictly checked (key order too), as a borrowed
 * slice. Also ASSAY_E_DUPLICATE (a key came twice); ASSAY_E_TYPE is a key that is neither unsigned
 * nor text, ASSAY_E_RANGE nesting beyond ASSAY_CBOR_DEPTH_MAX (arrays, maps and tags count). */
ASSAY_CHECKED enum assay_status assay_cbor_skip(struct assay_cursor *c, struct assay_slice *out);

#endif
