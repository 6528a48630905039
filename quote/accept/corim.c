/*
 * quote/accept/corim.c - reader of a signed CoRIM, from the outside in: signature and header,
 * manifest, tags.
 *
 * Section numbers are those of draft-ietf-rats-corim-11. Maps come in any order, so what the rest
 * depends on (profile, validity) is gathered before the tags are read.
 */
#include "quote/accept/corim.h"

#include "base/assert.h"
#include "quote/accept/corim_internal.h"
#include "quote/text.h"

#define TRY_AT(call, field, at)                                                                    \
    do {                                                                                           \
        const enum assay_status try_at_ = (call);                                                  \
        if (try_at_ != ASSAY_OK) return corim_fail(reader, try_at_, (field), (at));                \
    } while (0)

enum {
    MAP_PAIRS_MAX = 16, /* of a manifest, a tag, a header: the draft has up to 8 keys */
    REL_SUPPLEMENTS = 0,
};

/* --- helpers */
enum assay_status corim_fail(struct corim_reader *reader, enum assay_status status,
                             const char *field, const uint8_t *at)
{
    if (status == ASSAY_OK || reader->where == NULL || reader->where->field != NULL) return status;
    ASSAY_ASSERT(field != NULL && at >= reader->base);
    reader->where->field = field;
    reader->where->offset = (unsigned long)(at - reader->base);
    return status;
}

enum assay_status corim_leave_out(struct corim_reader *reader, enum assay_corim_part part,
                                  const uint8_t *at)
{
#define REFUSED_CASE(symbol, text, refused)                                                        \
    case ASSAY_CORIM_PART_##symbol: must = (refused); break;
    bool must = true;
    switch (part) {
        ASSAY_CORIM_PART_LIST(REFUSED_CASE)
    }
#undef REFUSED_CASE
    if (must && !reader->partial)
        return corim_fail(reader, ASSAY_E_UNSUPPORTED, assay_corim_part_text(part), at);
    ASSAY_ASSERT((unsigned)part < ASSAY_CORIM_PARTS);
    reader->corim->left_out[part]++;
    return ASSAY_OK;
}

enum assay_status corim_skip(struct assay_cursor *in, struct assay_slice *out)
{
    struct assay_cursor at = *in;
    enum assay_status status = assay_cose_skip(&at);
    if (status == ASSAY_E_RANGE) { /* deeper than claims nest: canonical CBOR may */
        struct assay_slice deep;
        at = *in;
        status = assay_cbor_skip(&at, &deep);
    }
    ASSAY_TRY(status);
    ASSAY_ASSERT(at.pos > in->pos);
    return assay_cursor_slice(in, at.pos - in->pos, out);
}

enum assay_status corim_next_key(struct assay_cose_map *map, struct assay_cursor *in, int64_t *key)
{
    struct assay_cose_label label;
    ASSAY_TRY(assay_cose_map_next(map, in, &label));
    if (label.is_text) return ASSAY_E_UNSUPPORTED; /* no map of the draft has text keys */
    *key = label.number;
    return ASSAY_OK;
}

enum assay_status corim_time(struct assay_cursor *in, bool bare, int64_t *unix_s)
{
    struct assay_cursor at = *in;
    enum assay_cbor_type type = ASSAY_CBOR_NULL;
    uint64_t tag = CORIM_TAG_TIME;
    uint64_t value = 0;
    ASSAY_TRY(assay_cbor_peek(&at, &type));
    if (type == ASSAY_CBOR_TAG) ASSAY_TRY(assay_cbor_tag(&at, &tag));
    else if (!bare) return ASSAY_E_TYPE;
    if (tag != CORIM_TAG_TIME) return ASSAY_E_TYPE;
    ASSAY_TRY(assay_cbor_uint_max(&at, INT64_MAX, &value)); /* floats and times before 1970: no */
    *unix_s = (int64_t)value;
    *in = at;
    return ASSAY_OK;
}

/* Display text: a character that is not printable ASCII becomes a question mark. */
static void keep_text(char out[static ASSAY_CORIM_TEXT_MAX], struct assay_slice text)
{
    size_t len = text.len < ASSAY_CORIM_TEXT_MAX ? text.len : ASSAY_CORIM_TEXT_MAX - 1;
    for (size_t i = 0; i < len; i++) {
        const uint8_t c = text.bytes[i];
        out[i] = (char)(c >= 0x20 && c <= 0x7e ? c : '?');
    }
    ASSAY_ASSERT(len < ASSAY_CORIM_TEXT_MAX);
    out[len] = '\0';
}

/* --- validity: what several windows have in common */
static void not_before(struct assay_corim *corim, int64_t unix_s)
{
    if (corim->has_not_before && corim->not_before_s >= unix_s) return;
    corim->has_not_before = true;
    corim->not_before_s = unix_s;
}

static void not_after(struct assay_corim *corim, int64_t unix_s)
{
    if (corim->has_not_after && corim->not_after_s <= unix_s) return;
    corim->has_not_after = true;
    corim->not_after_s = unix_s;
}

/* validity-map, section 7.3: { ? 0: time, 1: time } */
static enum assay_status read_validity(struct corim_reader *reader, struct assay_cursor *in)
{
    static const char field[] = "validity";
    struct assay_cose_map map;
    const uint8_t *const at = in->bytes + in->pos;
    bool has_end = false;
    TRY_AT(assay_cose_map_open(in, MAP_PAIRS_MAX, &map), field, at);
    while (assay_cose_map_more(&map, in)) {
        int64_t key = 0;
        int64_t unix_s = 0;
        TRY_AT(corim_next_key(&map, in, &key), field, at);
        if (key != 0 && key != 1) return corim_fail(reader, ASSAY_E_UNSUPPORTED, field, at);
        TRY_AT(corim_time(in, false, &unix_s), field, at);
        if (key == 0) not_before(reader->corim, unix_s);
        else not_after(reader->corim, unix_s);
        has_end = has_end || key == 1;
    }
    return corim_fail(reader, has_end ? ASSAY_OK : ASSAY_E_INVALID, field, at);
}

/* --- tags */
/* linked-tag-map, section 5.1.3: a tag that replaces another one needs that other one here. */
static enum assay_status read_links(struct corim_reader *reader, struct assay_cursor *in)
{
    static const char field[] = "linked tags";
    uint64_t count = 0;
    const uint8_t *const at = in->bytes + in->pos;
    TRY_AT(assay_cbor_array(in, ASSAY_CORIM_ITEMS_MAX, &count), field, at);
    for (uint64_t i = 0; i < count; i++) {
        struct assay_cose_map map;
        struct assay_slice ignored;
        TRY_AT(assay_cose_map_open(in, MAP_PAIRS_MAX, &map), field, at);
        while (assay_cose_map_more(&map, in)) {
            int64_t key = 0;
            uint64_t relation = REL_SUPPLEMENTS;
            TRY_AT(corim_next_key(&map, in, &key), field, at);
            if (key == 1) TRY_AT(assay_cbor_uint(in, &relation), field, at);
            else TRY_AT(corim_skip(in, &ignored), field, at);
            if (relation != REL_SUPPLEMENTS)
                return corim_fail(reader, ASSAY_E_UNSUPPORTED, "a tag that replaces another one",
                                  at);
        }
    }
    return ASSAY_OK;
}

/* These only add to what is known of an attester: leaving them out lets nothing more pass. */
static bool may_be_ignored(int64_t triple)
{
    enum {
        ENDORSED = 1,
        IDENTITY = 2,
        ATTEST_KEY = 3,
        DEPENDENCY = 4,
        MEMBERSHIP = 5,
        ENDORSEMENT_SERIES = 8,
        CONDITIONAL_ENDORSEMENT = 10,
    };
    return (triple >= ENDORSED && triple <= MEMBERSHIP) || triple == ENDORSEMENT_SERIES ||
           triple == CONDITIONAL_ENDORSEMENT;
}

/* triples-map, section 5.1.4 */
static enum assay_status read_triples(struct corim_reader *reader, struct assay_cursor *in)
{
    static const char field[] = "triples";
    enum { REFERENCE_TRIPLES = 0 };
    struct assay_cose_map map;
    const uint8_t *const start = in->bytes + in->pos;
    TRY_AT(assay_cose_map_open(in, MAP_PAIRS_MAX, &map), field, start);
    while (assay_cose_map_more(&map, in)) {
        int64_t key = 0;
        uint64_t count = 0;
        struct assay_slice ignored;
        const uint8_t *const at = in->bytes + in->pos;
        TRY_AT(corim_next_key(&map, in, &key), field, at);
        if (may_be_ignored(key)) {
            TRY_AT(corim_skip(in, &ignored), field, at);
            ASSAY_TRY(corim_leave_out(reader, ASSAY_CORIM_PART_TRIPLES, at));
            continue;
        }
        if (key != REFERENCE_TRIPLES)
            return corim_fail(reader, ASSAY_E_UNSUPPORTED, "a kind of triple that is not known",
                              at);
        TRY_AT(assay_cbor_array(in, ASSAY_CORIM_ITEMS_MAX, &count), "reference triples", at);
        for (uint64_t i = 0; i < count; i++)
            ASSAY_TRY(corim_reference_triple(reader, in));
    }
    return ASSAY_OK;
}

/* concise-mid-tag, section 5.1 */
static enum assay_status read_comid(struct corim_reader *reader, struct assay_slice bytes)
{
    static const char field[] = "CoMID tag";
    enum { LANGUAGE = 0, IDENTITY = 1, ENTITIES = 2, LINKED = 3, TRIPLES = 4 };
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_cose_map map;
    bool has_identity = false;
    bool has_triples = false;
    TRY_AT(assay_cose_map_open(&in, MAP_PAIRS_MAX, &map), field, bytes.bytes);
    while (assay_cose_map_more(&map, &in)) {
        int64_t key = 0;
        struct assay_slice ignored;
        const uint8_t *const at = in.bytes + in.pos;
        TRY_AT(corim_next_key(&map, &in, &key), field, at);
        if (key == TRIPLES) {
            ASSAY_TRY(read_triples(reader, &in));
            has_triples = true;
        } else if (key == LINKED) {
            ASSAY_TRY(read_links(reader, &in));
        } else if (key == LANGUAGE || key == IDENTITY || key == ENTITIES) {
            TRY_AT(corim_skip(&in, &ignored), field, at);
            has_identity = has_identity || key == IDENTITY;
        } else {
            return corim_fail(reader, ASSAY_E_UNSUPPORTED, "an extension of a CoMID tag", at);
        }
    }
    TRY_AT(assay_cursor_end(&in), field, in.bytes + in.pos);
    return corim_fail(reader, has_identity && has_triples ? ASSAY_OK : ASSAY_E_INVALID, field,
                      bytes.bytes);
}

static enum assay_status read_tags(struct corim_reader *reader, struct assay_slice tags)
{
    static const char field[] = "tags";
    struct assay_cursor in = assay_cursor_over(tags.bytes, tags.len);
    uint64_t count = 0;
    TRY_AT(assay_cbor_array(&in, ASSAY_CORIM_TAGS_MAX, &count), field, tags.bytes);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t tag = 0;
        struct assay_slice bytes;
        const uint8_t *const at = in.bytes + in.pos;
        TRY_AT(assay_cbor_tag(&in, &tag), field, at);
        if (tag != CORIM_TAG_COMID) /* CoSWID, lists of tags: they restrict, and are not read */
            return corim_fail(reader, ASSAY_E_UNSUPPORTED, "a tag that is no CoMID", at);
        TRY_AT(assay_cbor_bytes(&in, ASSAY_CORIM_LEN_MAX, &bytes), field, at);
        ASSAY_TRY(read_comid(reader, bytes));
    }
    return ASSAY_OK;
}

/* --- the manifest */
struct manifest {
    struct assay_slice tags;
    bool has_id;
    bool has_profile;
};

/* corim-id, section 4.1.1: text, or a UUID as bytes or tagged. */
static enum assay_status read_id(struct corim_reader *reader, struct assay_cursor *in)
{
    enum { SHOWN = 32 };
    struct assay_slice id;
    enum assay_cbor_type type = ASSAY_CBOR_NULL;
    uint64_t tag = 0;
    ASSAY_TRY(assay_cbor_peek(in, &type));
    if (type == ASSAY_CBOR_TEXT) {
        ASSAY_TRY(assay_cbor_text(in, ASSAY_CORIM_LEN_MAX, &id));
        keep_text(reader->corim->id, id);
        return ASSAY_OK;
    }
    if (type == ASSAY_CBOR_TAG) ASSAY_TRY(assay_cbor_tag(in, &tag));
    if (type == ASSAY_CBOR_TAG && tag != CORIM_TAG_UUID) return ASSAY_E_TYPE;
    ASSAY_TRY(assay_cbor_bytes(in, SHOWN, &id));
    ASSAY_ASSERT(2 * id.len < sizeof reader->corim->id);
    assay_hex_encode(id.bytes, id.len, reader->corim->id, sizeof reader->corim->id);
    return ASSAY_OK;
}

/* profile, section 4.1.4: a URI or an OID; earlier drafts had a list, which may hold one here. */
static enum assay_status read_profile(struct corim_reader *reader, struct assay_cursor *in)
{
    struct assay_slice identifier;
    enum assay_cbor_type type = ASSAY_CBOR_NULL;
    uint64_t tag = CORIM_TAG_URI;
    ASSAY_TRY(assay_cbor_peek(in, &type));
    if (type == ASSAY_CBOR_ARRAY) {
        ASSAY_TRY(assay_cbor_array_exact(in, 1));
        ASSAY_TRY(assay_cbor_peek(in, &type));
    }
    if (type == ASSAY_CBOR_TAG) ASSAY_TRY(assay_cbor_tag(in, &tag));
    if (tag == CORIM_TAG_URI) ASSAY_TRY(assay_cbor_text(in, ASSAY_CORIM_LEN_MAX, &identifier));
    else if (tag == CORIM_TAG_OID)
        ASSAY_TRY(assay_cbor_bytes(in, ASSAY_CORIM_LEN_MAX, &identifier));
    else return ASSAY_E_TYPE;
    /* Section 4.1.4: manifests of an unknown profile must be rejected. */
    const enum assay_status status = corim_profile_of(tag, identifier, &reader->corim->profile);
    return status == ASSAY_OK ? ASSAY_OK : ASSAY_E_UNSUPPORTED;
}

/* corim-map, section 4.1: one key. */
static enum assay_status read_member(struct corim_reader *reader, struct assay_cursor *in,
                                     int64_t key, struct manifest *manifest)
{
    enum { ID = 0, TAGS = 1, DEPENDENT = 2, PROFILE = 3, VALIDITY = 4, ENTITIES = 5 };
    const uint8_t *const at = in->bytes + in->pos;
    struct assay_slice ignored;
    if (key == ID) {
        manifest->has_id = true;
        TRY_AT(read_id(reader, in), "manifest id", at);
    } else if (key == TAGS) {
        TRY_AT(corim_skip(in, &manifest->tags), "tags", at);
    } else if (key == DEPENDENT) {
        TRY_AT(corim_skip(in, &ignored), "dependent manifests", at);
        ASSAY_TRY(corim_leave_out(reader, ASSAY_CORIM_PART_MANIFESTS, at));
    } else if (key == PROFILE) {
        manifest->has_profile = true;
        TRY_AT(read_profile(reader, in), "profile", at);
    } else if (key == VALIDITY) {
        ASSAY_TRY(read_validity(reader, in));
    } else if (key == ENTITIES) {
        TRY_AT(corim_skip(in, &ignored), "entities", at);
    } else {
        return corim_fail(reader, ASSAY_E_UNSUPPORTED, "an extension of the manifest", at);
    }
    return ASSAY_OK;
}

/*
 * The measurements of one triple are accepted together (section 5.1.5); a policy accepts any
 * combination of the values of different fields. If two fields of one triple have several values
 * each, the policy would accept unintended pairs. Our own profile means just that.
 */
static enum assay_status check_combinations(struct corim_reader *reader)
{
    const struct assay_corim *const c = reader->corim;
    ASSAY_ASSERT(c->reference_count <= ASSAY_REFERENCES_MAX);
    uint32_t with_alternatives = 0;
    uint8_t values[ASSAY_REFERENCE_FIELDS] = { 0 };
    if (c->profile == ASSAY_CORIM_PROFILE_ASSAY || reader->triples_with_several_fields == 0)
        return ASSAY_OK;
    for (uint32_t i = 0; i < c->reference_count; i++) {
        ASSAY_ASSERT((unsigned)c->references[i].field < ASSAY_REFERENCE_FIELDS);
        uint8_t *const seen = &values[c->references[i].field];
        if (*seen == 1) with_alternatives++;
        if (*seen < 2) (*seen)++;
    }
    if (with_alternatives < 2) return ASSAY_OK;
    return corim_leave_out(reader, ASSAY_CORIM_PART_COMBINATION, reader->base);
}

static enum assay_status read_manifest(struct corim_reader *reader, struct assay_slice bytes)
{
    static const char field[] = "manifest";
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_cose_map map;
    struct manifest manifest = { 0 };
    uint64_t tag = 0;
    TRY_AT(assay_cbor_tag(&in, &tag), field, bytes.bytes);
    if (tag != CORIM_TAG_CORIM)
        return corim_fail(reader, ASSAY_E_TYPE, "a manifest (tag 501)", bytes.bytes);
    reader->corim->profile = ASSAY_CORIM_PROFILE_NONE;
    TRY_AT(assay_cose_map_open(&in, MAP_PAIRS_MAX, &map), field, in.bytes + in.pos);
    while (assay_cose_map_more(&map, &in)) {
        int64_t key = 0;
        TRY_AT(corim_next_key(&map, &in, &key), field, in.bytes + in.pos);
        ASSAY_TRY(read_member(reader, &in, key, &manifest));
    }
    TRY_AT(assay_cursor_end(&in), field, in.bytes + in.pos);
    if (!manifest.has_id || manifest.tags.len == 0)
        return corim_fail(reader, ASSAY_E_INVALID, "a manifest with an id and tags", bytes.bytes);
    ASSAY_TRY(read_tags(reader, manifest.tags));
    if (reader->corim->reference_count == 0)
        return corim_fail(reader, ASSAY_E_NOT_FOUND, "reference values", bytes.bytes);
    ASSAY_ASSERT(reader->corim->reference_count <= ASSAY_REFERENCES_MAX);
    return check_combinations(reader);
}

static struct corim_reader reader_over(const uint8_t *bytes,
                                       const struct assay_corim_options *options,
                                       struct assay_corim *corim, struct assay_where *where)
{
    ASSAY_ASSERT(corim != NULL);
    assay_bytes_zero(corim, sizeof *corim);
    if (where != NULL) *where = (struct assay_where){ 0 };
    return (struct corim_reader){ .base = bytes,
                                  .partial = options != NULL && options->partial,
                                  .corim = corim,
                                  .where = where };
}

enum assay_status assay_corim_read(const uint8_t *bytes, size_t len,
                                   const struct assay_corim_options *options,
                                   struct assay_corim *corim, struct assay_where *where)
{
    struct corim_reader reader = reader_over(bytes, options, corim, where);
    if (len == 0) return corim_fail(&reader, ASSAY_E_TRUNCATED, "manifest", bytes);
    if (len > ASSAY_CORIM_LEN_MAX)
        return corim_fail(&reader, ASSAY_E_RANGE, "a manifest of at most 262144 bytes", bytes);
    return read_manifest(&reader, assay_slice_over(bytes, len));
}

/* --- the signature's header, section 4.2 */
/* corim-meta-map: { 0: { 0: name, ? 1: uri }, ? 1: validity } as bytes */
static enum assay_status read_meta(struct corim_reader *reader, struct assay_cursor *in)
{
    static const char field[] = "corim-meta";
    enum { SIGNER = 0, VALIDITY = 1, NAME = 0 };
    struct assay_slice bytes;
    struct assay_cose_map map;
    const uint8_t *const at = in->bytes + in->pos;
    TRY_AT(assay_cbor_bytes(in, ASSAY_CORIM_LEN_MAX, &bytes), field, at);
    struct assay_cursor meta = assay_cursor_over(bytes.bytes, bytes.len);
    TRY_AT(assay_cose_map_open(&meta, MAP_PAIRS_MAX, &map), field, at);
    while (assay_cose_map_more(&map, &meta)) {
        int64_t key = 0;
        struct assay_slice ignored;
        struct assay_cose_map signer;
        TRY_AT(corim_next_key(&map, &meta, &key), field, at);
        if (key == VALIDITY) {
            ASSAY_TRY(read_validity(reader, &meta));
            continue;
        }
        if (key != SIGNER) return corim_fail(reader, ASSAY_E_UNSUPPORTED, field, at);
        TRY_AT(assay_cose_map_open(&meta, MAP_PAIRS_MAX, &signer), field, at);
        while (assay_cose_map_more(&signer, &meta)) {
            struct assay_slice name;
            TRY_AT(corim_next_key(&signer, &meta, &key), field, at);
            if (key != NAME) {
                TRY_AT(corim_skip(&meta, &ignored), field, at);
                continue;
            }
            TRY_AT(assay_cbor_text(&meta, ASSAY_CORIM_LEN_MAX, &name), field, at);
            keep_text(reader->corim->signer, name);
        }
    }
    TRY_AT(assay_cursor_end(&meta), field, at);
    return ASSAY_OK;
}

/* CWT claims (RFC 9597): issuer, and the time for which they hold. */
static enum assay_status read_cwt(struct corim_reader *reader, struct assay_cursor *in)
{
    static const char field[] = "CWT claims";
    enum { ISS = 1, EXP = 4, NBF = 5 };
    struct assay_cose_map map;
    const uint8_t *const at = in->bytes + in->pos;
    TRY_AT(assay_cose_map_open(in, MAP_PAIRS_MAX, &map), field, at);
    while (assay_cose_map_more(&map, in)) {
        struct assay_cose_label label;
        struct assay_slice item;
        int64_t unix_s = 0;
        TRY_AT(assay_cose_map_next(&map, in, &label), field, at);
        const int64_t key = label.is_text ? 0 : label.number;
        if (key == ISS) {
            TRY_AT(assay_cbor_text(in, ASSAY_CORIM_LEN_MAX, &item), field, at);
            keep_text(reader->corim->signer, item);
        } else if (key == EXP || key == NBF) {
            TRY_AT(corim_time(in, true, &unix_s), field, at);
            if (key == EXP) not_after(reader->corim, unix_s - 1); /* RFC 8392: on or after: no */
            else not_before(reader->corim, unix_s);
        } else {
            TRY_AT(corim_skip(in, &item), field, at);
        }
    }
    return ASSAY_OK;
}

static bool is_manifest_type(struct assay_slice type)
{
    static const char now[] = "application/rim+cbor";
    static const char before[] = "application/corim-unsigned+cbor"; /* drafts to 03 */
    return assay_slice_equal(type, assay_slice_over(now, sizeof now - 1)) ||
           assay_slice_equal(type, assay_slice_over(before, sizeof before - 1));
}

static enum assay_status read_header(struct corim_reader *reader, struct assay_slice header)
{
    static const char field[] = "protected header";
    enum { CONTENT_TYPE = 3, META = 8, CWT = 15, PAYLOAD_HASH = 258 };
    struct assay_cursor in = assay_cursor_over(header.bytes, header.len);
    struct assay_cose_map map;
    bool has_type = false;
    bool has_author = false;
    TRY_AT(assay_cose_map_open(&in, MAP_PAIRS_MAX, &map), field, header.bytes);
    while (assay_cose_map_more(&map, &in)) {
        struct assay_cose_label label;
        struct assay_slice item;
        const uint8_t *const at = in.bytes + in.pos;
        TRY_AT(assay_cose_map_next(&map, &in, &label), field, at);
        const int64_t key = label.is_text ? 0 : label.number;
        if (key == PAYLOAD_HASH)
            return corim_fail(reader, ASSAY_E_UNSUPPORTED, "a digest in place of the manifest", at);
        if (key == META) {
            ASSAY_TRY(read_meta(reader, &in));
        } else if (key == CWT) {
            ASSAY_TRY(read_cwt(reader, &in));
        } else if (key == CONTENT_TYPE) {
            TRY_AT(assay_cbor_text(&in, ASSAY_CORIM_LEN_MAX, &item), "content type", at);
            if (!is_manifest_type(item))
                return corim_fail(reader, ASSAY_E_UNSUPPORTED, "content type", at);
            has_type = true;
        } else {
            TRY_AT(corim_skip(&in, &item), field, at);
        }
        has_author = has_author || key == META || key == CWT;
    }
    return corim_fail(reader, has_type && has_author ? ASSAY_OK : ASSAY_E_INVALID,
                      "protected header with content type and author", header.bytes);
}

static enum assay_status check_signature(const struct assay_cose_sign1 *sign1,
                                         const struct assay_key *signer)
{
    struct assay_verify_key *key = NULL;
    struct assay_signature signature;
    uint8_t digest[ASSAY_DIGEST_MAX];
    ASSAY_TRY(assay_cose_sign1_signature(sign1, &signature, digest));
    if (assay_cose_key_type(sign1->algorithm) != signer->type) return ASSAY_E_SIGNATURE;
    ASSAY_TRY(assay_public_key_load(signer, &key));
    ASSAY_ASSERT(key != NULL);
    const bool good =
        assay_public_key_check(key, &signature, digest, assay_signature_digest_len(signature.alg));
    assay_public_key_free(&key);
    return good ? ASSAY_OK : ASSAY_E_SIGNATURE;
}

enum assay_status assay_corim_open(const uint8_t *bytes, size_t len, const struct assay_key *signer,
                                   const struct assay_corim_options *options,
                                   struct assay_corim *corim, struct assay_where *where)
{
    struct corim_reader reader_memory = reader_over(bytes, options, corim, where);
    struct corim_reader *const reader = &reader_memory;
    struct assay_cose_sign1 sign1;
    if (len == 0) return corim_fail(reader, ASSAY_E_TRUNCATED, "COSE_Sign1", bytes);
    if (len > ASSAY_CORIM_LEN_MAX)
        return corim_fail(reader, ASSAY_E_RANGE, "a manifest of at most 262144 bytes", bytes);
    TRY_AT(assay_cose_sign1_parse(bytes, len, &sign1), "COSE_Sign1", bytes);
    if (!sign1.tagged) return corim_fail(reader, ASSAY_E_TYPE, "COSE_Sign1 (tag 18)", bytes);
    ASSAY_ASSERT(sign1.offset_signature <= len);
    TRY_AT(check_signature(&sign1, signer), "signature", bytes + sign1.offset_signature);
    ASSAY_TRY(read_header(reader, sign1.protected_header));
    return read_manifest(reader, sign1.payload);
}
