/*
 * base/cbor.c - strict deterministic CBOR (RFC 8949 section 4.2.1).
 *
 * Every signed or hashed byte of Assay passes here (docs/protocol.md 2.13), so there is exactly one
 * encoding of each value and every other one is refused: two nodes that decode the same thing have
 * seen the same bytes.
 */
#include "base/cbor.h"

#include "base/assert.h"

#include <string.h>

enum major {
    MAJOR_UINT = 0,
    MAJOR_NINT = 1,
    MAJOR_BYTES = 2,
    MAJOR_TEXT = 3,
    MAJOR_ARRAY = 4,
    MAJOR_MAP = 5,
    MAJOR_TAG = 6,
    MAJOR_SIMPLE = 7,
};

enum { SIMPLE_FALSE = 20, SIMPLE_TRUE = 21, SIMPLE_NULL = 22 };

/* --- writing */

static void put_head(struct assay_writer *w, enum major major, uint64_t argument)
{
    const unsigned top = (unsigned)major << 5; /* major <= 7, so top | 27 fits one byte */
    if (argument < 24) {
        assay_writer_u8(w, (uint8_t)(top | (unsigned)argument));
    } else if (argument <= UINT8_MAX) {
        assay_writer_u8(w, (uint8_t)(top | 24u));
        assay_writer_u8(w, (uint8_t)argument);
    } else if (argument <= UINT16_MAX) {
        assay_writer_u8(w, (uint8_t)(top | 25u));
        assay_writer_u16be(w, (uint16_t)argument);
    } else if (argument <= UINT32_MAX) {
        assay_writer_u8(w, (uint8_t)(top | 26u));
        assay_writer_u32be(w, (uint32_t)argument);
    } else {
        assay_writer_u8(w, (uint8_t)(top | 27u));
        assay_writer_u64be(w, argument);
    }
}

/* Returns: how many bytes the UTF-8 sequence has that begins with lead, which is no ASCII; 0 when
 * none begins so. */
static size_t utf8_sequence_len(uint8_t lead)
{
    if (lead < 0xc2) return 0; /* a continuation byte, or two bytes for what fits in one */
    if (lead < 0xe0) return 2;
    if (lead < 0xf0) return 3;
    return lead < 0xf5 ? 4 : 0; /* nothing stands above U+10FFFF */
}

/* The second byte carries the remaining limits (RFC 3629 section 4). */
static bool utf8_second_allowed(uint8_t lead, uint8_t second)
{
    if (lead == 0xe0 && second < 0xa0) return false; /* fits in two bytes */
    if (lead == 0xed && second > 0x9f) return false; /* half of a UTF-16 pair */
    if (lead == 0xf0 && second < 0x90) return false; /* fits in three bytes */
    if (lead == 0xf4 && second > 0x8f) return false; /* above U+10FFFF */
    return true;
}

static bool is_utf8(struct assay_slice text)
{
    size_t at = 0;
    while (at < text.len) {
        const uint8_t lead = text.bytes[at];
        if (lead < 0x80) {
            at++;
            continue;
        }
        const size_t len = utf8_sequence_len(lead);
        if (len == 0 || len > text.len - at) return false;
        if (!utf8_second_allowed(lead, text.bytes[at + 1])) return false;
        for (size_t i = 1; i < len; i++) {
            if ((text.bytes[at + i] & 0xc0) != 0x80) return false;
        }
        at += len;
    }
    return true;
}

void assay_cbor_put_uint(struct assay_writer *w, uint64_t value)
{
    put_head(w, MAJOR_UINT, value);
}

void assay_cbor_put_int(struct assay_writer *w, int64_t value)
{
    if (value >= 0) put_head(w, MAJOR_UINT, (uint64_t)value);
    else put_head(w, MAJOR_NINT, (uint64_t)(-(value + 1))); /* + 1 first: -INT64_MIN overflows */
}

void assay_cbor_put_bytes_head(struct assay_writer *w, uint64_t len)
{
    put_head(w, MAJOR_BYTES, len);
}

void assay_cbor_put_bytes(struct assay_writer *w, const void *bytes, size_t len)
{
    assay_cbor_put_bytes_head(w, len);
    assay_writer_put(w, bytes, len);
}

void assay_cbor_put_text(struct assay_writer *w, const char *text)
{
    ASSAY_ASSERT(text != NULL);
    assay_cbor_put_text_n(w, text, strlen(text));
}

void assay_cbor_put_text_n(struct assay_writer *w, const char *text, size_t len)
{
    /* What our own decoder would refuse must not be signed. */
    ASSAY_ASSERT(is_utf8(assay_slice_over(text, len)));
    put_head(w, MAJOR_TEXT, len);
    assay_writer_put(w, text, len);
}

void assay_cbor_put_array(struct assay_writer *w, uint64_t count)
{
    put_head(w, MAJOR_ARRAY, count);
}

void assay_cbor_put_map(struct assay_writer *w, uint64_t pairs)
{
    put_head(w, MAJOR_MAP, pairs);
}

void assay_cbor_put_tag(struct assay_writer *w, uint64_t tag)
{
    put_head(w, MAJOR_TAG, tag);
}

void assay_cbor_put_bool(struct assay_writer *w, bool value)
{
    put_head(w, MAJOR_SIMPLE, value ? SIMPLE_TRUE : SIMPLE_FALSE);
}

void assay_cbor_put_null(struct assay_writer *w)
{
    put_head(w, MAJOR_SIMPLE, SIMPLE_NULL);
}

/* --- reading */

struct head {
    enum assay_cbor_type type;
    uint64_t argument; /* value, length, count or tag number by type */
};

static enum assay_status simple_type(unsigned info, enum assay_cbor_type *type)
{
    /* Floats, undefined, unassigned values and "break" have no place in a signed body. */
    if (info < SIMPLE_FALSE || info > SIMPLE_NULL) return ASSAY_E_ENCODING;
    if (info == SIMPLE_FALSE) *type = ASSAY_CBOR_FALSE;
    if (info == SIMPLE_TRUE) *type = ASSAY_CBOR_TRUE;
    if (info == SIMPLE_NULL) *type = ASSAY_CBOR_NULL;
    return ASSAY_OK;
}

static enum assay_cbor_type major_type(unsigned major)
{
    static const enum assay_cbor_type types[] = {
        [MAJOR_UINT] = ASSAY_CBOR_UINT,   [MAJOR_NINT] = ASSAY_CBOR_NINT,
        [MAJOR_BYTES] = ASSAY_CBOR_BYTES, [MAJOR_TEXT] = ASSAY_CBOR_TEXT,
        [MAJOR_ARRAY] = ASSAY_CBOR_ARRAY, [MAJOR_MAP] = ASSAY_CBOR_MAP,
        [MAJOR_TAG] = ASSAY_CBOR_TAG,
    };
    ASSAY_ASSERT(major < MAJOR_SIMPLE);
    return types[major];
}

/* RFC 8949 4.2.1: the argument stands in the shortest form; 28..31 are reserved or indefinite. */
static enum assay_status read_argument(struct assay_cursor *c, unsigned info, uint64_t *out)
{
    uint8_t u8 = 0;
    uint16_t u16 = 0;
    uint32_t u32 = 0;
    uint64_t value = info;
    uint64_t shortest = 0; /* what is below this has a shorter form */
    if (info > 27) return ASSAY_E_ENCODING;
    if (info == 24) {
        ASSAY_TRY(assay_cursor_u8(c, &u8));
        value = u8;
        shortest = 24;
    } else if (info == 25) {
        ASSAY_TRY(assay_cursor_u16be(c, &u16));
        value = u16;
        shortest = (uint64_t)UINT8_MAX + 1;
    } else if (info == 26) {
        ASSAY_TRY(assay_cursor_u32be(c, &u32));
        value = u32;
        shortest = (uint64_t)UINT16_MAX + 1;
    } else if (info == 27) {
        ASSAY_TRY(assay_cursor_u64be(c, &value));
        shortest = (uint64_t)UINT32_MAX + 1;
    }
    if (value < shortest) return ASSAY_E_ENCODING;
    *out = value;
    return ASSAY_OK;
}

/* May move c on failure: callers pass a copy of the cursor that they were given. */
static enum assay_status read_head(struct assay_cursor *c, struct head *out)
{
    const uint8_t *initial = NULL;
    ASSAY_TRY(assay_cursor_take(c, 1, &initial));
    const unsigned major = (unsigned)*initial >> 5;
    const unsigned info = *initial & 31u;
    *out = (struct head){ .type = ASSAY_CBOR_NULL, .argument = 0 };
    if (major == MAJOR_SIMPLE) return simple_type(info, &out->type);
    out->type = major_type(major);
    return read_argument(c, info, &out->argument);
}

static enum assay_status expect_head(struct assay_cursor *c, enum assay_cbor_type type,
                                     uint64_t argument_max, uint64_t *argument)
{
    struct head head;
    ASSAY_TRY(read_head(c, &head));
    if (head.type != type) return ASSAY_E_TYPE;
    if (head.argument > argument_max) return ASSAY_E_RANGE;
    *argument = head.argument;
    return ASSAY_OK;
}

/* Payload of a string after its head. */
static enum assay_status read_string(struct assay_cursor *c, uint64_t len, bool text,
                                     struct assay_slice *out)
{
    struct assay_slice string;
    if (len > assay_cursor_left(c)) return ASSAY_E_TRUNCATED; /* before size_t could cut it */
    ASSAY_TRY(assay_cursor_slice(c, (size_t)len, &string));
    if (text && !is_utf8(string)) return ASSAY_E_ENCODING;
    *out = string;
    return ASSAY_OK;
}

enum assay_status assay_cbor_peek(const struct assay_cursor *c, enum assay_cbor_type *type)
{
    ASSAY_ASSERT(c != NULL);
    ASSAY_ASSERT(type != NULL);
    struct assay_cursor at = *c;
    struct head head;
    ASSAY_TRY(read_head(&at, &head));
    *type = head.type;
    return ASSAY_OK;
}

enum assay_status assay_cbor_uint_max(struct assay_cursor *c, uint64_t max, uint64_t *out)
{
    ASSAY_ASSERT(c != NULL);
    ASSAY_ASSERT(out != NULL);
    struct assay_cursor at = *c;
    ASSAY_TRY(expect_head(&at, ASSAY_CBOR_UINT, max, out));
    *c = at;
    return ASSAY_OK;
}

enum assay_status assay_cbor_uint(struct assay_cursor *c, uint64_t *out)
{
    return assay_cbor_uint_max(c, UINT64_MAX, out);
}

enum assay_status assay_cbor_int(struct assay_cursor *c, int64_t *out)
{
    ASSAY_ASSERT(c != NULL);
    ASSAY_ASSERT(out != NULL);
    struct assay_cursor at = *c;
    struct head head;
    ASSAY_TRY(read_head(&at, &head));
    if (head.type != ASSAY_CBOR_UINT && head.type != ASSAY_CBOR_NINT) return ASSAY_E_TYPE;
    if (head.argument > INT64_MAX) return ASSAY_E_RANGE;
    const int64_t argument = (int64_t)head.argument;
    *out = head.type == ASSAY_CBOR_UINT ? argument : -argument - 1;
    *c = at;
    return ASSAY_OK;
}

enum assay_status assay_cbor_bytes(struct assay_cursor *c, size_t len_max, struct assay_slice *out)
{
    ASSAY_ASSERT(c != NULL);
    ASSAY_ASSERT(out != NULL);
    struct assay_cursor at = *c;
    uint64_t len = 0;
    ASSAY_TRY(expect_head(&at, ASSAY_CBOR_BYTES, len_max, &len));
    ASSAY_TRY(read_string(&at, len, false, out));
    *c = at;
    return ASSAY_OK;
}

enum assay_status assay_cbor_bytes_exact(struct assay_cursor *c, uint8_t *out, size_t len)
{
    ASSAY_ASSERT(c != NULL);
    struct assay_cursor at = *c;
    const uint8_t *bytes = NULL;
    uint64_t found = 0;
    ASSAY_TRY(expect_head(&at, ASSAY_CBOR_BYTES, len, &found));
    if (found != len) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cursor_take(&at, len, &bytes));
    assay_bytes_copy(out, len, bytes, len);
    *c = at;
    return ASSAY_OK;
}

enum assay_status assay_cbor_text(struct assay_cursor *c, size_t len_max, struct assay_slice *out)
{
    ASSAY_ASSERT(c != NULL);
    ASSAY_ASSERT(out != NULL);
    struct assay_cursor at = *c;
    uint64_t len = 0;
    ASSAY_TRY(expect_head(&at, ASSAY_CBOR_TEXT, len_max, &len));
    ASSAY_TRY(read_string(&at, len, true, out));
    *c = at;
    return ASSAY_OK;
}

enum assay_status assay_cbor_text_expect(struct assay_cursor *c, const char *text)
{
    ASSAY_ASSERT(c != NULL);
    ASSAY_ASSERT(text != NULL);
    struct assay_cursor at = *c;
    struct assay_slice found;
    uint64_t len = 0;
    ASSAY_TRY(expect_head(&at, ASSAY_CBOR_TEXT, SIZE_MAX, &len));
    ASSAY_TRY(read_string(&at, len, false, &found));
    if (!assay_slice_equal(found, assay_slice_over(text, strlen(text)))) {
        return is_utf8(found) ? ASSAY_E_UNSUPPORTED : ASSAY_E_ENCODING;
    }
    *c = at;
    return ASSAY_OK;
}

enum assay_status assay_cbor_array(struct assay_cursor *c, uint64_t count_max, uint64_t *count)
{
    ASSAY_ASSERT(c != NULL);
    ASSAY_ASSERT(count != NULL);
    struct assay_cursor at = *c;
    ASSAY_TRY(expect_head(&at, ASSAY_CBOR_ARRAY, count_max, count));
    *c = at;
    return ASSAY_OK;
}

enum assay_status assay_cbor_array_exact(struct assay_cursor *c, uint64_t count)
{
    ASSAY_ASSERT(c != NULL);
    struct assay_cursor at = *c;
    uint64_t found = 0;
    ASSAY_TRY(expect_head(&at, ASSAY_CBOR_ARRAY, count, &found));
    if (found != count) return ASSAY_E_RANGE;
    *c = at;
    return ASSAY_OK;
}

enum assay_status assay_cbor_map(struct assay_cursor *c, uint64_t pairs_max, uint64_t *pairs)
{
    ASSAY_ASSERT(c != NULL);
    ASSAY_ASSERT(pairs != NULL);
    struct assay_cursor at = *c;
    ASSAY_TRY(expect_head(&at, ASSAY_CBOR_MAP, pairs_max, pairs));
    *c = at;
    return ASSAY_OK;
}

enum assay_status assay_cbor_key_order(struct assay_slice *previous, struct assay_slice key)
{
    ASSAY_ASSERT(previous != NULL);
    ASSAY_ASSERT(key.len > 0);
    const size_t shared = previous->len < key.len ? previous->len : key.len;
    const int order = assay_bytes_compare(previous->bytes, key.bytes, shared);
    if (order > 0) return ASSAY_E_ENCODING;
    if (order == 0 && previous->len == key.len) return ASSAY_E_DUPLICATE;
    if (order == 0 && previous->len > key.len) return ASSAY_E_ENCODING;
    *previous = key;
    return ASSAY_OK;
}

enum assay_status assay_cbor_tag(struct assay_cursor *c, uint64_t *tag)
{
    ASSAY_ASSERT(c != NULL);
    ASSAY_ASSERT(tag != NULL);
    struct assay_cursor at = *c;
    ASSAY_TRY(expect_head(&at, ASSAY_CBOR_TAG, UINT64_MAX, tag));
    *c = at;
    return ASSAY_OK;
}

enum assay_status assay_cbor_bool(struct assay_cursor *c, bool *out)
{
    ASSAY_ASSERT(c != NULL);
    ASSAY_ASSERT(out != NULL);
    struct assay_cursor at = *c;
    struct head head;
    ASSAY_TRY(read_head(&at, &head));
    if (head.type != ASSAY_CBOR_FALSE && head.type != ASSAY_CBOR_TRUE) return ASSAY_E_TYPE;
    *out = head.type == ASSAY_CBOR_TRUE;
    *c = at;
    return ASSAY_OK;
}

enum assay_status assay_cbor_null(struct assay_cursor *c)
{
    ASSAY_ASSERT(c != NULL);
    struct assay_cursor at = *c;
    uint64_t nothing = 0;
    ASSAY_TRY(expect_head(&at, ASSAY_CBOR_NULL, 0, &nothing));
    *c = at;
    return ASSAY_OK;
}

/* --- skipping a whole item */

/* One array, map or tag that is open; a tag is a container of one item. */
struct level {
    uint64_t left; /* items, or pairs of a map, that are not complete; > 0 */
    bool map;
    bool value_next; /* in a map: its key was read */
    struct assay_slice key;
};

struct walk {
    struct level open[ASSAY_CBOR_DEPTH_MAX];
    size_t depth;
};

/* A head, and the string behind it. */
static enum assay_status skip_shallow(struct assay_cursor *c, struct head *head)
{
    struct assay_slice string;
    ASSAY_TRY(read_head(c, head));
    const bool text = head->type == ASSAY_CBOR_TEXT;
    if (text || head->type == ASSAY_CBOR_BYTES) {
        ASSAY_TRY(read_string(c, head->argument, text, &string));
    }
    return ASSAY_OK;
}

static bool is_container(enum assay_cbor_type type)
{
    return type == ASSAY_CBOR_ARRAY || type == ASSAY_CBOR_MAP || type == ASSAY_CBOR_TAG;
}

/* The next item of a map is a key: [before, after) must be one, above the previous key. */
static enum assay_status check_key(struct walk *walk, enum assay_cbor_type type,
                                   struct assay_cursor before, const struct assay_cursor *after)
{
    if (walk->depth == 0) return ASSAY_OK;
    struct level *top = &walk->open[walk->depth - 1];
    if (!top->map || top->value_next) return ASSAY_OK;
    if (type != ASSAY_CBOR_UINT && type != ASSAY_CBOR_TEXT) return ASSAY_E_TYPE;
    struct assay_slice key;
    ASSAY_TRY(assay_cursor_slice(&before, after->pos - before.pos, &key));
    return assay_cbor_key_order(&top->key, key);
}

static enum assay_status open_level(struct walk *walk, const struct head *head)
{
    if (walk->depth == ASSAY_CBOR_DEPTH_MAX) return ASSAY_E_RANGE;
    walk->open[walk->depth] = (struct level){
        .left = head->type == ASSAY_CBOR_TAG ? 1 : head->argument,
        .map = head->type == ASSAY_CBOR_MAP,
    };
    walk->depth++;
    return ASSAY_OK;
}

/* One item is complete, and with it perhaps the containers around it. */
static void close_levels(struct walk *walk)
{
    while (walk->depth > 0) {
        struct level *top = &walk->open[walk->depth - 1];
        if (top->map && !top->value_next) {
            top->value_next = true;
            return;
        }
        top->value_next = false;
        top->left--;
        if (top->left > 0) return;
        walk->depth--;
    }
}

enum assay_status assay_cbor_skip(struct assay_cursor *c, struct assay_slice *out)
{
    ASSAY_ASSERT(c != NULL);
    ASSAY_ASSERT(out != NULL);
    struct walk walk;
    walk.depth = 0;
    struct assay_cursor at = *c;
    do { /* every turn reads a byte at least, so a hostile count cannot keep it going */
        const struct assay_cursor before = at;
        struct head head;
        ASSAY_TRY(skip_shallow(&at, &head));
        ASSAY_TRY(check_key(&walk, head.type, before, &at));
        const bool container = is_container(head.type);
        if (container) ASSAY_TRY(open_level(&walk, &head));
        const bool empty = container && walk.open[walk.depth - 1].left == 0;
        if (empty) walk.depth--;
        if (!container || empty) close_levels(&walk);
    } while (walk.depth > 0);
    return assay_cursor_slice(c, at.pos - c->pos, out);
}
