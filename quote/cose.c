/*
 * quote/cose.c - reader of COSE_Sign1 (cose.h). Signatures are RFC 9053 2.1: r | s, each as long as
 * the curve.
 */
#include "quote/cose.h"

#include "base/assert.h"
#include "quote/text.h"

enum {
    LABEL_ALG = 1, /* RFC 9052 3.1 */
    LABEL_CRIT = 2,
    SIGNATURE_MAX = 512,
    LABEL_TEXT_MAX = 256,
};

/* --- indefinite lengths (RFC 8949 3.2) */
static bool takes_byte(struct assay_cursor *in, uint8_t wanted)
{
    struct assay_cursor at = *in;
    uint8_t byte = 0;
    if (assay_cursor_u8(&at, &byte) != ASSAY_OK || byte != wanted) return false;
    *in = at;
    return true;
}

static bool takes_array_head(struct assay_cursor *in)
{
    return takes_byte(in, 0x9f);
}

static bool takes_map_head(struct assay_cursor *in)
{
    return takes_byte(in, 0xbf);
}

static bool takes_break(struct assay_cursor *in)
{
    return takes_byte(in, 0xff);
}

/* --- maps of any order */
enum assay_status assay_cose_map_open(struct assay_cursor *in, uint64_t pairs_max,
                                      struct assay_cose_map *map)
{
    ASSAY_ASSERT(pairs_max <= ASSAY_COSE_PAIRS_MAX);
    map->count = 0;
    map->left = pairs_max;
    map->until_break = takes_map_head(in);
    return map->until_break ? ASSAY_OK : assay_cbor_map(in, pairs_max, &map->left);
}

bool assay_cose_map_more(const struct assay_cose_map *map, struct assay_cursor *in)
{
    ASSAY_ASSERT(map->count + map->left <= ASSAY_COSE_PAIRS_MAX);
    return map->until_break ? !takes_break(in) : map->left > 0;
}

static bool holds_key(const struct assay_cose_map *map, struct assay_slice key)
{
    ASSAY_ASSERT(map->count <= ASSAY_COSE_PAIRS_MAX);
    for (size_t i = 0; i < map->count; i++)
        if (assay_slice_equal(map->keys[i], key)) return true;
    return false;
}

enum assay_status assay_cose_map_next(struct assay_cose_map *map, struct assay_cursor *in,
                                      struct assay_cose_label *label)
{
    if (map->until_break && map->left == 0) return ASSAY_E_RANGE;
    ASSAY_ASSERT(map->left > 0);
    ASSAY_ASSERT(map->count < ASSAY_COSE_PAIRS_MAX);
    struct assay_cursor at = *in;
    struct assay_cursor key = *in;
    struct assay_cose_label read = { 0 };
    struct assay_slice encoded;
    enum assay_cbor_type type = ASSAY_CBOR_NULL;
    ASSAY_TRY(assay_cbor_peek(&at, &type));
    read.is_text = type == ASSAY_CBOR_TEXT;
    if (read.is_text) ASSAY_TRY(assay_cbor_text(&at, LABEL_TEXT_MAX, &read.text));
    else ASSAY_TRY(assay_cbor_int(&at, &read.number));
    ASSAY_TRY(assay_cursor_slice(&key, at.pos - in->pos, &encoded));
    if (holds_key(map, encoded)) return ASSAY_E_DUPLICATE;
    map->keys[map->count] = encoded;
    map->count += 1;
    map->left -= 1;
    ASSAY_ASSERT(at.pos > in->pos);
    *label = read;
    *in = at;
    return ASSAY_OK;
}

bool assay_cose_label_is(const struct assay_cose_label *label, const char *text)
{
    const size_t len = assay_text_len(text, LABEL_TEXT_MAX);
    return label->is_text && assay_slice_equal(label->text, assay_slice_over(text, len));
}

/* --- arrays */
enum assay_status assay_cose_array_open(struct assay_cursor *in, struct assay_cose_array *array)
{
    array->left = 0;
    array->until_break = takes_array_head(in);
    return array->until_break ? ASSAY_OK : assay_cbor_array(in, UINT64_MAX, &array->left);
}

bool assay_cose_array_more(struct assay_cose_array *array, struct assay_cursor *in)
{
    if (array->until_break) return !takes_break(in);
    if (array->left == 0) return false;
    array->left -= 1;
    return true;
}

/* --- what means nothing to us */
/* A container that is open: what it waits for. */
struct container {
    uint64_t left;
    bool until_break, of_pairs, odd;
};

/* Floats, simple values and undefined: the heads that base/cbor.h has no type for. */
static enum assay_status skip_simple(struct assay_cursor *in)
{
    enum { FALSE = 20, ONE_BYTE = 24, HALF = 25, SINGLE = 26, DOUBLE = 27, LEAST = 32 };
    uint8_t initial = 0;
    uint8_t value = 0;
    ASSAY_TRY(assay_cursor_u8(in, &initial));
    const unsigned info = initial & 31u;
    if (info < ONE_BYTE) return ASSAY_OK;
    if (info == HALF) return assay_cursor_skip(in, 2);
    if (info == SINGLE) return assay_cursor_skip(in, 4);
    if (info == DOUBLE) return assay_cursor_skip(in, 8);
    if (info != ONE_BYTE) return ASSAY_E_ENCODING; /* reserved, or the end of an indefinite item */
    ASSAY_TRY(assay_cursor_u8(in, &value));
    return value >= LEAST ? ASSAY_OK : ASSAY_E_ENCODING;
}

static bool is_simple(const struct assay_cursor *in)
{
    struct assay_cursor at = *in;
    uint8_t initial = 0;
    return assay_cursor_u8(&at, &initial) == ASSAY_OK && initial >> 5 == 7;
}

/* One head and the string behind it. Out: what an array, a map, a tag waits for; else nothing. */
static enum assay_status skip_head(struct assay_cursor *in, struct container *out)
{
    enum assay_cbor_type type = ASSAY_CBOR_NULL;
    struct assay_slice string;
    uint64_t number = 0;
    *out = (struct container){ 0 };
    if (is_simple(in)) return skip_simple(in);
    out->of_pairs = takes_map_head(in);
    out->until_break = out->of_pairs || takes_array_head(in);
    if (out->until_break) return ASSAY_OK;
    ASSAY_TRY(assay_cbor_peek(in, &type));
    switch (type) {
    case ASSAY_CBOR_UINT: return assay_cbor_uint(in, &number);
    case ASSAY_CBOR_NINT: return assay_cbor_skip(in, &string); /* down to -2^64 */
    case ASSAY_CBOR_BYTES: return assay_cbor_bytes(in, SIZE_MAX, &string);
    case ASSAY_CBOR_TEXT: return assay_cbor_text(in, SIZE_MAX, &string);
    case ASSAY_CBOR_ARRAY: return assay_cbor_array(in, UINT64_MAX, &out->left);
    case ASSAY_CBOR_MAP:
        ASSAY_TRY(assay_cbor_map(in, UINT64_MAX, &number));
        if (number > UINT64_MAX / 2) return ASSAY_E_TRUNCATED; /* no input holds so many */
        out->left = 2 * number;
        return ASSAY_OK;
    case ASSAY_CBOR_TAG: out->left = 1; return assay_cbor_tag(in, &number);
    case ASSAY_CBOR_FALSE:
    case ASSAY_CBOR_TRUE:
    case ASSAY_CBOR_NULL: break;
    }
    ASSAY_UNREACHABLE("simple values were skipped before");
}

static void count_item(struct container *c)
{
    ASSAY_ASSERT(c->until_break || c->left > 0);
    c->odd = !c->odd;
    if (!c->until_break) c->left -= 1;
}

static bool is_full(const struct container *c)
{
    return !c->until_break && c->left == 0;
}

enum assay_status assay_cose_skip(struct assay_cursor *in)
{
    struct container open[ASSAY_COSE_DEPTH_MAX];
    size_t depth = 0;
    struct assay_cursor at = *in;
    do { /* every turn reads a byte at least, so a hostile count cannot keep it going */
        ASSAY_ASSERT(depth <= ASSAY_COSE_DEPTH_MAX);
        struct container head;
        if (depth > 0 && open[depth - 1].until_break && takes_break(&at)) {
            if (open[depth - 1].of_pairs && open[depth - 1].odd) return ASSAY_E_ENCODING;
            depth -= 1;
        } else {
            ASSAY_TRY(skip_head(&at, &head));
            if (depth > 0) count_item(&open[depth - 1]);
            if (!is_full(&head)) {
                if (depth == ASSAY_COSE_DEPTH_MAX) return ASSAY_E_RANGE;
                open[depth] = head;
                depth += 1;
            }
        }
        while (depth > 0 && is_full(&open[depth - 1]))
            depth -= 1;
    } while (depth > 0);
    ASSAY_ASSERT(at.pos > in->pos);
    *in = at;
    return ASSAY_OK;
}

enum assay_status assay_cose_length(const uint8_t *bytes, size_t len, size_t *declared)
{
    struct assay_cursor in = assay_cursor_over(bytes, len);
    struct assay_slice tail;
    ASSAY_TRY(assay_cose_skip(&in));
    const size_t end = in.pos;
    ASSAY_TRY(assay_cursor_slice(&in, assay_cursor_left(&in), &tail));
    if (!assay_bytes_all_zero(tail.bytes, tail.len)) return ASSAY_E_TRAILING;
    ASSAY_ASSERT(end > 0 && end <= len);
    *declared = end;
    return ASSAY_OK;
}

/* --- headers */
/*
 * RFC 9052 3: labels are unique in each header, and the same label does not stand in both; 3.1: a
 * critical header must be understood, and we understand the algorithm alone.
 */
static enum assay_status read_protected(struct assay_slice header, struct assay_cose_sign1 *sign1,
                                        struct assay_cose_map *map)
{
    struct assay_cursor in = assay_cursor_over(header.bytes, header.len);
    struct assay_cose_label label;
    bool has_alg = false;
    ASSAY_TRY(assay_cose_map_open(&in, ASSAY_COSE_PAIRS_MAX, map));
    while (assay_cose_map_more(map, &in)) {
        ASSAY_TRY(assay_cose_map_next(map, &in, &label));
        if (!label.is_text && label.number == LABEL_CRIT) return ASSAY_E_INVALID;
        if (!label.is_text && label.number == LABEL_ALG) {
            ASSAY_TRY(assay_cbor_int(&in, &sign1->algorithm));
            has_alg = true;
        } else {
            ASSAY_TRY(assay_cose_skip(&in));
        }
    }
    ASSAY_TRY(assay_cursor_end(&in));
    return has_alg ? ASSAY_OK : ASSAY_E_INVALID;
}

/* An algorithm that no signature covers is an attacker's choice (evidence-rules.md 4.2). */
static enum assay_status read_unprotected(struct assay_cursor *in,
                                          const struct assay_cose_map *protected_map)
{
    struct assay_cose_map map;
    struct assay_cose_label label;
    ASSAY_TRY(assay_cose_map_open(in, ASSAY_COSE_PAIRS_MAX, &map));
    while (assay_cose_map_more(&map, in)) {
        ASSAY_TRY(assay_cose_map_next(&map, in, &label));
        if (!label.is_text && (label.number == LABEL_ALG || label.number == LABEL_CRIT))
            return ASSAY_E_INVALID;
        ASSAY_ASSERT(map.count > 0);
        if (holds_key(protected_map, map.keys[map.count - 1])) return ASSAY_E_DUPLICATE;
        ASSAY_TRY(assay_cose_skip(in));
    }
    return ASSAY_OK;
}

static enum assay_status read_tag(struct assay_cursor *in, bool *tagged)
{
    enum assay_cbor_type type = ASSAY_CBOR_NULL;
    uint64_t tag = 0;
    ASSAY_TRY(assay_cbor_peek(in, &type));
    *tagged = type == ASSAY_CBOR_TAG;
    if (!*tagged) return ASSAY_OK;
    ASSAY_TRY(assay_cbor_tag(in, &tag));
    return tag == ASSAY_COSE_TAG_SIGN1 ? ASSAY_OK : ASSAY_E_TYPE;
}

/* Tag, array and protected header: what both readers below begin with. */
static enum assay_status read_opening(struct assay_cursor *in, struct assay_cose_sign1 *s,
                                      struct assay_cose_map *map)
{
    enum { PARTS = 4 };
    ASSAY_TRY(read_tag(in, &s->tagged));
    ASSAY_TRY(assay_cbor_array_exact(in, PARTS));
    ASSAY_TRY(assay_cbor_bytes(in, SIZE_MAX, &s->protected_header));
    if (s->protected_header.len == 0) return ASSAY_E_INVALID; /* an empty map: no algorithm */
    return read_protected(s->protected_header, s, map);
}

bool assay_cose_sign1_looks(const uint8_t *bytes, size_t len)
{
    struct assay_cursor in = assay_cursor_over(bytes, len);
    struct assay_cose_sign1 s = { 0 };
    struct assay_cose_map map;
    return read_opening(&in, &s, &map) == ASSAY_OK;
}

enum assay_status assay_cose_sign1_parse(const uint8_t *bytes, size_t len,
                                         struct assay_cose_sign1 *sign1)
{
    struct assay_cursor in = assay_cursor_over(bytes, len);
    struct assay_cose_sign1 s = { 0 };
    struct assay_cose_map map;
    if (len > UINT32_MAX) return ASSAY_E_RANGE; /* offsets are 32 bits wide */
    ASSAY_TRY(read_opening(&in, &s, &map));
    ASSAY_TRY(read_unprotected(&in, &map));
    ASSAY_TRY(assay_cbor_bytes(&in, SIZE_MAX, &s.payload));
    s.offset_payload = (uint32_t)(in.pos - s.payload.len); /* <= len, which fits */
    ASSAY_TRY(assay_cbor_bytes(&in, SIGNATURE_MAX, &s.signature));
    s.offset_signature = (uint32_t)(in.pos - s.signature.len);
    ASSAY_TRY(assay_cursor_end(&in));
    ASSAY_ASSERT(s.offset_payload + s.payload.len <= s.offset_signature);
    ASSAY_ASSERT(s.offset_signature + s.signature.len == len);
    *sign1 = s;
    return ASSAY_OK;
}

/* --- signatures */
enum assay_key_type assay_cose_key_type(int64_t algorithm)
{
    if (algorithm == ASSAY_COSE_ES256) return ASSAY_KEY_P256;
    if (algorithm == ASSAY_COSE_ES384) return ASSAY_KEY_P384;
    return ASSAY_KEY_NONE;
}

const char *assay_cose_algorithm_text(int64_t algorithm)
{
    if (algorithm == ASSAY_COSE_ES256) return "ES256";
    if (algorithm == ASSAY_COSE_ES384) return "ES384";
    if (algorithm == ASSAY_COSE_ES512) return "ES512";
    return "another algorithm";
}

/* r | s of the curve's length, each right-aligned in 48 bytes. */
static enum assay_status pad_signature(const struct assay_cose_sign1 *sign1, size_t half,
                                       struct assay_signature *signature)
{
    enum { HALF = ASSAY_P384_SIGNATURE_LEN / 2 };
    ASSAY_ASSERT(half <= HALF);
    if (sign1->signature.len != 2 * half) return ASSAY_E_SIGNATURE;
    const uint8_t *const r = sign1->signature.bytes;
    assay_bytes_zero(signature, sizeof *signature);
    signature->len = ASSAY_P384_SIGNATURE_LEN;
    assay_bytes_copy(signature->bytes + HALF - half, half, r, half);
    assay_bytes_copy(signature->bytes + 2 * HALF - half, half, r + half, half);
    return ASSAY_OK;
}

/* RFC 9052 4.4: ["Signature1", protected, external_aad = h'', payload]. */
static void hash_sig_structure(const struct assay_cose_sign1 *sign1, bool sha384,
                               uint8_t digest[static ASSAY_DIGEST_MAX])
{
    enum { HEADS_MAX = 32, HEAD_MAX = 16 };
    uint8_t opening[HEADS_MAX];
    uint8_t middle[HEAD_MAX];
    struct assay_writer before = assay_writer_over(opening, sizeof opening);
    struct assay_writer between = assay_writer_over(middle, sizeof middle);
    assay_cbor_put_array(&before, 4);
    assay_cbor_put_text(&before, "Signature1");
    assay_cbor_put_bytes_head(&before, sign1->protected_header.len);
    assay_cbor_put_bytes_head(&between, 0);
    assay_cbor_put_bytes_head(&between, sign1->payload.len);
    struct assay_slice pieces[] = { { 0 }, sign1->protected_header, { 0 }, sign1->payload };
    const enum assay_status first = assay_writer_finish(&before, &pieces[0]);
    const enum assay_status second = assay_writer_finish(&between, &pieces[2]);
    ASSAY_ASSERT(first == ASSAY_OK && second == ASSAY_OK);
    if (sha384) assay_sha384_pieces(pieces, 4, digest);
    else assay_sha256_pieces(pieces, 4, digest);
}

enum assay_status assay_cose_sign1_signature(const struct assay_cose_sign1 *sign1,
                                             struct assay_signature *signature,
                                             uint8_t digest[static ASSAY_DIGEST_MAX])
{
    enum { P256_HALF = ASSAY_P256_SIGNATURE_LEN / 2, P384_HALF = ASSAY_P384_SIGNATURE_LEN / 2 };
    const enum assay_key_type type = assay_cose_key_type(sign1->algorithm);
    if (type == ASSAY_KEY_NONE) return ASSAY_E_UNSUPPORTED;
    const bool sha384 = type == ASSAY_KEY_P384;
    ASSAY_TRY(pad_signature(sign1, sha384 ? P384_HALF : P256_HALF, signature));
    signature->alg = sha384 ? ASSAY_SIGNATURE_ECDSA_SHA384 : ASSAY_SIGNATURE_ECDSA_SHA256;
    hash_sig_structure(sign1, sha384, digest);
    return ASSAY_OK;
}

/* --- COSE_Key */
enum {
    KEY_KTY = 1,
    KEY_ALG = 3,
    KEY_OPS = 4,
    KEY_CRV = -1,
    KEY_X = -2,
    KEY_Y = -3,
    KEY_D = -4,
    KTY_EC2 = 2,
    OPERATION_VERIFY = 2,
    CRV_P256 = 1,
    CRV_P384 = 2,
};

struct cose_key {
    bool has_kty, has_crv, has_alg;
    bool has_ops, may_verify;
    int64_t kty, crv, alg;
    struct assay_slice x, y;
};

static enum assay_status read_int(struct assay_cursor *in, bool *has, int64_t *out)
{
    *has = true;
    return assay_cbor_int(in, out);
}

/* RFC 9052 7.1: one operation at least; numbers of the registry, or unknown texts. */
static enum assay_status read_operations(struct assay_cursor *in, struct cose_key *k)
{
    struct assay_cose_array array;
    size_t count = 0;
    k->has_ops = true;
    ASSAY_TRY(assay_cose_array_open(in, &array));
    while (assay_cose_array_more(&array, in)) {
        struct assay_cursor look = *in;
        int64_t operation = 0;
        if (assay_cbor_int(&look, &operation) == ASSAY_OK && operation == OPERATION_VERIFY)
            k->may_verify = true;
        ASSAY_TRY(assay_cose_skip(in));
        count += 1;
    }
    return count > 0 ? ASSAY_OK : ASSAY_E_INVALID;
}

static enum assay_status read_key_parameter(struct assay_cursor *in,
                                            const struct assay_cose_label *label,
                                            struct cose_key *k)
{
    enum { COORDINATE_MAX = 66 }; /* P-521's: then the curve is what is refused */
    if (label->is_text) return assay_cose_skip(in);
    switch (label->number) {
    case KEY_KTY: return read_int(in, &k->has_kty, &k->kty);
    case KEY_ALG: return read_int(in, &k->has_alg, &k->alg);
    case KEY_OPS: return read_operations(in, k);
    case KEY_CRV: return read_int(in, &k->has_crv, &k->crv);
    case KEY_X: return assay_cbor_bytes(in, COORDINATE_MAX, &k->x);
    case KEY_Y: return assay_cbor_bytes(in, COORDINATE_MAX, &k->y); /* no compressed points */
    case KEY_D: return ASSAY_E_INVALID; /* a private key has no place in evidence */
    }
    return assay_cose_skip(in);
}

static enum assay_status make_key(const struct cose_key *k, struct assay_key *key)
{
    uint8_t point[ASSAY_P384_PUBLIC_LEN];
    if (!k->has_kty || !k->has_crv || k->x.len == 0 || k->y.len == 0) return ASSAY_E_INVALID;
    if (k->kty != KTY_EC2) return ASSAY_E_UNSUPPORTED;
    if (k->crv != CRV_P256 && k->crv != CRV_P384) return ASSAY_E_UNSUPPORTED;
    const enum assay_key_type type = k->crv == CRV_P256 ? ASSAY_KEY_P256 : ASSAY_KEY_P384;
    const size_t len = type == ASSAY_KEY_P256 ? ASSAY_P256_PUBLIC_LEN : ASSAY_P384_PUBLIC_LEN;
    /* RFC 9053 7.1.1: coordinates keep their leading zeros. */
    if (k->x.len != len / 2 || k->y.len != len / 2) return ASSAY_E_INVALID;
    /* RFC 9052 7.1: a key that names an algorithm is for that one alone. */
    if (k->has_alg && assay_cose_key_type(k->alg) != type) return ASSAY_E_INVALID;
    /* And one that names operations is for those alone. */
    if (k->has_ops && !k->may_verify) return ASSAY_E_INVALID;
    ASSAY_ASSERT(len <= sizeof point);
    assay_bytes_copy(point, sizeof point, k->x.bytes, len / 2);
    assay_bytes_copy(point + len / 2, sizeof point - len / 2, k->y.bytes, len / 2);
    assay_key_from(key, type, point, len);
    return ASSAY_OK;
}

enum assay_status assay_cose_key_parse(const uint8_t *bytes, size_t len, struct assay_key *key)
{
    struct assay_cursor in = assay_cursor_over(bytes, len);
    struct assay_cose_map map;
    struct assay_cose_label label;
    struct cose_key k = { 0 };
    ASSAY_TRY(assay_cose_map_open(&in, ASSAY_COSE_PAIRS_MAX, &map));
    while (assay_cose_map_more(&map, &in)) {
        ASSAY_TRY(assay_cose_map_next(&map, &in, &label));
        ASSAY_TRY(read_key_parameter(&in, &label, &k));
    }
    ASSAY_TRY(assay_cursor_end(&in));
    return make_key(&k, key);
}

void assay_cose_note(enum assay_status status, const struct assay_where *where,
                     struct assay_verdict *verdict)
{
    ASSAY_ASSERT(where != NULL && where->field != NULL);
    if (status == ASSAY_OK || assay_status_class(status) == ASSAY_CLASS_HOST) return;
    const bool unsupported = status == ASSAY_E_UNSUPPORTED;
    const char *const observed =
        status == ASSAY_E_NOT_FOUND ? "missing" : assay_status_text(status);
    assay_verdict_add(verdict, unsupported ? ASSAY_RULE_UNSUPPORTED : ASSAY_RULE_FORMAT,
                      (uint32_t)where->offset, where->field, observed);
}
