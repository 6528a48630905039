/*
 * quote/accept/corim_triple.c - reference triples: an environment and its accepted values (draft-
 * ietf-rats-corim-11 sections 5.1.4 and 5.1.5).
 *
 * Every condition that is read here and not kept would let more pass than its author meant: what
 * has no place in a policy goes through corim_leave_out.
 */
#include "quote/accept/corim_internal.h"

#include "base/assert.h"
#include "quote/text.h"

#define TRY_AT(call, field, at)                                                                    \
    do {                                                                                           \
        const enum assay_status try_at_ = (call);                                                  \
        if (try_at_ != ASSAY_OK) return corim_fail(reader, try_at_, (field), (at));                \
    } while (0)

enum { PAIRS_MAX = 24, TEXT_MAX = 256 };

/* One measurement-map; slices are whole items, empty where there is none. */
struct measurement {
    const uint8_t *at;
    struct corim_key key;
    struct assay_slice digests;
    struct assay_slice raw;
    struct assay_slice registers;
    bool has_svn_min;
    uint64_t svn_min;
    enum assay_reference_state state; /* our own profile */
    bool has_not_before;
    int64_t not_before_s;
    bool has_not_after;
    int64_t not_after_s;
};

/* The triple that is being read. */
struct triple {
    struct corim_environment environment;
    uint32_t kinds; /* that the environment is about */
    uint32_t fields;
    enum assay_reference_field last_field;
};

/* --- environment-map, section 5.1.4.1 */
/* class-map; class-id: a tagged OID, UUID, integer or bytes. */
static enum assay_status read_class(struct corim_reader *reader, struct assay_cursor *in,
                                    struct corim_environment *environment)
{
    static const char field[] = "class";
    enum { ID = 0, VENDOR = 1, MODEL = 2, LAYER = 3, INDEX = 4 };
    struct assay_cose_map map;
    const uint8_t *const at = in->bytes + in->pos;
    TRY_AT(assay_cose_map_open(in, PAIRS_MAX, &map), field, at);
    while (assay_cose_map_more(&map, in)) {
        int64_t key = 0;
        struct assay_slice ignored;
        TRY_AT(corim_next_key(&map, in, &key), field, at);
        if (key == ID) {
            TRY_AT(assay_cbor_tag(in, &environment->class_tag), "class-id", at);
            TRY_AT(assay_cbor_bytes(in, TEXT_MAX, &environment->class_id), "class-id", at);
        } else if (key == VENDOR) {
            TRY_AT(assay_cbor_text(in, TEXT_MAX, &environment->vendor), "vendor", at);
        } else if (key == MODEL) {
            TRY_AT(assay_cbor_text(in, TEXT_MAX, &environment->model), "model", at);
        } else if (key == LAYER || key == INDEX) {
            TRY_AT(corim_skip(in, &ignored), field, at);
            ASSAY_TRY(corim_leave_out(reader, ASSAY_CORIM_PART_CLASS, at));
        } else {
            return corim_fail(reader, ASSAY_E_UNSUPPORTED, "an extension of a class", at);
        }
    }
    return ASSAY_OK;
}

static enum assay_status read_environment(struct corim_reader *reader, struct assay_cursor *in,
                                          struct triple *triple)
{
    static const char field[] = "environment";
    enum { CLASS = 0, INSTANCE = 1, GROUP = 2 };
    struct assay_cose_map map;
    const uint8_t *const at = in->bytes + in->pos;
    TRY_AT(assay_cose_map_open(in, PAIRS_MAX, &map), field, at);
    while (assay_cose_map_more(&map, in)) {
        int64_t key = 0;
        struct assay_slice ignored;
        TRY_AT(corim_next_key(&map, in, &key), field, at);
        if (key == CLASS) {
            ASSAY_TRY(read_class(reader, in, &triple->environment));
        } else if (key == INSTANCE || key == GROUP) {
            TRY_AT(corim_skip(in, &ignored), field, at);
            ASSAY_TRY(corim_leave_out(reader, ASSAY_CORIM_PART_INSTANCE, at));
        } else {
            return corim_fail(reader, ASSAY_E_UNSUPPORTED, "an extension of an environment", at);
        }
    }
    bool narrow = false;
    triple->kinds = corim_class_kinds(reader->corim->profile, &triple->environment, &narrow);
    if (triple->kinds == 0)
        return corim_fail(reader, ASSAY_E_UNSUPPORTED, "a class of devices that is not known", at);
    return narrow ? corim_leave_out(reader, ASSAY_CORIM_PART_CLASS, at) : ASSAY_OK;
}

/* --- measurement-map, section 5.1.4.1.4 */
static enum assay_status read_key(struct assay_cursor *in, struct corim_key *key)
{
    enum assay_cbor_type type = ASSAY_CBOR_NULL;
    struct assay_slice other;
    ASSAY_TRY(assay_cbor_peek(in, &type));
    if (type == ASSAY_CBOR_UINT) {
        key->type = CORIM_KEY_NUMBER;
        return assay_cbor_uint(in, &key->number);
    }
    if (type == ASSAY_CBOR_TEXT) {
        key->type = CORIM_KEY_TEXT;
        return assay_cbor_text(in, TEXT_MAX, &key->text);
    }
    if (type != ASSAY_CBOR_TAG) return ASSAY_E_TYPE;
    key->type = CORIM_KEY_OTHER; /* an OID or a UUID */
    return corim_skip(in, &other);
}

/* svn-type-choice: a least SVN is kept; an exact one (tag 552, or bare) has no place. */
static enum assay_status read_svn(struct corim_reader *reader, struct assay_cursor *in,
                                  struct measurement *m)
{
    enum assay_cbor_type type = ASSAY_CBOR_NULL;
    const uint8_t *const at = in->bytes + in->pos;
    uint64_t tag = CORIM_TAG_SVN;
    uint64_t svn = 0;
    TRY_AT(assay_cbor_peek(in, &type), "svn", at);
    if (type == ASSAY_CBOR_TAG) TRY_AT(assay_cbor_tag(in, &tag), "svn", at);
    TRY_AT(assay_cbor_uint(in, &svn), "svn", at);
    if (tag == CORIM_TAG_SVN) return corim_leave_out(reader, ASSAY_CORIM_PART_CONDITION, at);
    if (tag != CORIM_TAG_MIN_SVN) return corim_fail(reader, ASSAY_E_TYPE, "svn", at);
    m->has_svn_min = true;
    m->svn_min = svn;
    return ASSAY_OK;
}

/* flags-map: that debug is off is demanded of all evidence anyhow; no other flag is known here. */
static enum assay_status read_flags(struct corim_reader *reader, struct assay_cursor *in)
{
    enum { IS_DEBUG = 3 };
    struct assay_cose_map map;
    const uint8_t *const at = in->bytes + in->pos;
    TRY_AT(assay_cose_map_open(in, PAIRS_MAX, &map), "flags", at);
    while (assay_cose_map_more(&map, in)) {
        int64_t key = 0;
        bool value = false;
        TRY_AT(corim_next_key(&map, in, &key), "flags", at);
        TRY_AT(assay_cbor_bool(in, &value), "flags", at);
        if (key != IS_DEBUG) ASSAY_TRY(corim_leave_out(reader, ASSAY_CORIM_PART_CONDITION, at));
        else if (value)
            return corim_fail(reader, ASSAY_E_INVALID,
                              "a reference value of debug mode, which is never accepted", at);
    }
    return ASSAY_OK;
}

static enum assay_status read_state(struct corim_reader *reader, struct assay_cursor *in,
                                    struct measurement *m)
{
    uint64_t state = 0;
    TRY_AT(assay_cbor_uint_max(in, ASSAY_REFERENCE_DENIED, &state), "state", m->at);
    m->state = (enum assay_reference_state)state;
    ASSAY_ASSERT(m->state <= ASSAY_REFERENCE_DENIED);
    return ASSAY_OK;
}

/* The three values that our own profile adds. */
static enum assay_status read_own_value(struct corim_reader *reader, struct assay_cursor *in,
                                        int64_t key, struct measurement *m)
{
    if (key == CORIM_MVAL_STATE) return read_state(reader, in, m);
    ASSAY_ASSERT(key == CORIM_MVAL_NOT_BEFORE || key == CORIM_MVAL_NOT_AFTER);
    const bool begins = key == CORIM_MVAL_NOT_BEFORE;
    int64_t *const unix_s = begins ? &m->not_before_s : &m->not_after_s;
    *(begins ? &m->has_not_before : &m->has_not_after) = true;
    TRY_AT(corim_time(in, false, unix_s), "time of an entry", m->at);
    return ASSAY_OK;
}

/* One pair of measurement-values-map. Version and name are labels: evidence has neither. */
static enum assay_status read_value(struct corim_reader *reader, struct assay_cursor *in,
                                    int64_t key, struct measurement *m)
{
    static const char field[] = "measurement values";
    const bool own = reader->corim->profile == ASSAY_CORIM_PROFILE_ASSAY;
    struct assay_slice ignored;
    if (key == CORIM_MVAL_SVN) return read_svn(reader, in, m);
    if (key == CORIM_MVAL_FLAGS) return read_flags(reader, in);
    if (own && key <= CORIM_MVAL_STATE && key >= CORIM_MVAL_NOT_AFTER)
        return read_own_value(reader, in, key, m);
    struct assay_slice *const kept = key == CORIM_MVAL_DIGESTS     ? &m->digests
                                     : key == CORIM_MVAL_RAW       ? &m->raw
                                     : key == CORIM_MVAL_REGISTERS ? &m->registers
                                                                   : &ignored;
    TRY_AT(corim_skip(in, kept), field, m->at);
    if (kept != &ignored || key == CORIM_MVAL_VERSION || key == CORIM_MVAL_NAME) return ASSAY_OK;
    if (key < 0) return corim_fail(reader, ASSAY_E_UNSUPPORTED, "an extension of values", m->at);
    return corim_leave_out(reader, ASSAY_CORIM_PART_CONDITION, m->at);
}

static enum assay_status read_values(struct corim_reader *reader, struct assay_cursor *in,
                                     struct measurement *m)
{
    static const char field[] = "measurement values";
    struct assay_cose_map map;
    TRY_AT(assay_cose_map_open(in, PAIRS_MAX, &map), field, m->at);
    while (assay_cose_map_more(&map, in)) {
        int64_t key = 0;
        TRY_AT(corim_next_key(&map, in, &key), field, m->at);
        ASSAY_TRY(read_value(reader, in, key, m));
    }
    return ASSAY_OK;
}

static enum assay_status read_measurement(struct corim_reader *reader, struct assay_cursor *in,
                                          struct measurement *m)
{
    static const char field[] = "measurement";
    enum { MKEY = 0, MVAL = 1, AUTHORIZED_BY = 2 };
    struct assay_cose_map map;
    *m = (struct measurement){ .at = in->bytes + in->pos };
    TRY_AT(assay_cose_map_open(in, PAIRS_MAX, &map), field, m->at);
    while (assay_cose_map_more(&map, in)) {
        int64_t key = 0;
        struct assay_slice ignored;
        TRY_AT(corim_next_key(&map, in, &key), field, m->at);
        if (key == MKEY) {
            TRY_AT(read_key(in, &m->key), "mkey", m->at);
        } else if (key == MVAL) {
            ASSAY_TRY(read_values(reader, in, m));
        } else if (key == AUTHORIZED_BY) {
            TRY_AT(corim_skip(in, &ignored), field, m->at);
            ASSAY_TRY(corim_leave_out(reader, ASSAY_CORIM_PART_CONDITION, m->at));
        } else {
            return corim_fail(reader, ASSAY_E_UNSUPPORTED, "an extension of a measurement", m->at);
        }
    }
    return ASSAY_OK;
}

/* --- from measurements to entries */
static bool same_entry(const struct assay_reference *a, const struct assay_reference *b)
{
    ASSAY_ASSERT(a->value_len <= sizeof a->value && b->value_len <= sizeof b->value);
    return a->field == b->field && a->state == b->state && a->value_len == b->value_len &&
           assay_bytes_equal(a->value, b->value, a->value_len) &&
           a->has_not_before == b->has_not_before && a->not_before_s == b->not_before_s &&
           a->has_not_after == b->has_not_after && a->not_after_s == b->not_after_s &&
           a->isvsvn_min == b->isvsvn_min;
}

static enum assay_status append_reference(struct corim_reader *reader,
                                          const struct assay_reference *entry)
{
    ASSAY_ASSERT(assay_reference_field_fits(entry->field, entry->value_len));
    struct assay_corim *const c = reader->corim;
    for (uint32_t i = 0; i < c->reference_count; i++)
        if (same_entry(&c->references[i], entry)) return ASSAY_OK;
    if (c->reference_count == ASSAY_REFERENCES_MAX) return ASSAY_E_FULL;
    c->references[c->reference_count++] = *entry;
    ASSAY_ASSERT(c->reference_count <= ASSAY_REFERENCES_MAX);
    return ASSAY_OK;
}

static bool has_security_version(enum assay_reference_field field)
{
    return field == ASSAY_REFERENCE_MRENCLAVE || field == ASSAY_REFERENCE_MRSIGNER;
}

/* No entry is valid longer than its manifest, whose validity was read before. */
static enum assay_status cut_window(struct corim_reader *reader, struct assay_reference *r,
                                    const uint8_t *at)
{
    const struct assay_corim *const c = reader->corim;
    if (c->has_not_before && (!r->has_not_before || r->not_before_s < c->not_before_s)) {
        r->has_not_before = true;
        r->not_before_s = c->not_before_s;
    }
    if (c->has_not_after && (!r->has_not_after || r->not_after_s > c->not_after_s)) {
        r->has_not_after = true;
        r->not_after_s = c->not_after_s;
    }
    if (!r->has_not_before || !r->has_not_after || r->not_before_s <= r->not_after_s)
        return ASSAY_OK;
    return corim_fail(reader, ASSAY_E_INVALID, "a validity that ends before it begins", at);
}

/* In: a value that fits the field and the class of the triple. */
static enum assay_status add_entry(struct corim_reader *reader, struct triple *triple,
                                   const struct measurement *m, enum assay_reference_field field,
                                   struct assay_slice value)
{
    ASSAY_ASSERT((assay_reference_field_kinds(field, value.len) & triple->kinds) != 0);
    struct assay_reference entry = {
        .field = field,
        .state = m->state,
        .value_len = (uint32_t)value.len,
        .has_not_before = m->has_not_before,
        .not_before_s = m->not_before_s,
        .has_not_after = m->has_not_after,
        .not_after_s = m->not_after_s,
    };
    assay_bytes_copy(entry.value, sizeof entry.value, value.bytes, value.len);
    if (m->has_svn_min && has_security_version(field)) {
        if (m->svn_min > UINT16_MAX) return corim_fail(reader, ASSAY_E_RANGE, "svn", m->at);
        entry.isvsvn_min = (uint16_t)m->svn_min;
    } else if (m->has_svn_min) {
        ASSAY_TRY(corim_leave_out(reader, ASSAY_CORIM_PART_CONDITION, m->at));
    }
    ASSAY_TRY(cut_window(reader, &entry, m->at));
    if (triple->fields == 0 || triple->last_field != field) triple->fields++;
    triple->last_field = field;
    TRY_AT(append_reference(reader, &entry), "references", m->at);
    return ASSAY_OK;
}

/* A value of SHA-1 is left out: whether a policy takes such values is for its own author to say. */
static bool can_fit(const struct triple *triple, enum assay_reference_field field, size_t len)
{
    ASSAY_ASSERT(triple->kinds != 0);
    return len != ASSAY_SHA1_LEN && (assay_reference_field_kinds(field, len) & triple->kinds) != 0;
}

/* Named Information numbers and names (draft section 7.7), COSE numbers (RFC 9054).
 * Returns: bytes of the hash; 0 for an unknown one. */
static size_t length_of_number(int64_t algorithm)
{
    switch (algorithm) {
    case 1:
    case -16: return ASSAY_SHA256_LEN;
    case 7:
    case -43: return ASSAY_SHA384_LEN;
    case 8:
    case -44: return ASSAY_SHA512_LEN;
    }
    return 0;
}

static size_t length_of_name(struct assay_slice name)
{
    static const char prefix[] = "sha-";
    if (name.len != sizeof prefix - 1 + 3) return 0;
    if (!assay_bytes_equal(name.bytes, prefix, sizeof prefix - 1)) return 0;
    const uint8_t *const bits = name.bytes + sizeof prefix - 1;
    if (assay_bytes_equal(bits, "256", 3)) return ASSAY_SHA256_LEN;
    if (assay_bytes_equal(bits, "384", 3)) return ASSAY_SHA384_LEN;
    return assay_bytes_equal(bits, "512", 3) ? ASSAY_SHA512_LEN : 0;
}

/* [alg, val]. Out: *len 0 for an unknown algorithm. */
static enum assay_status read_digest(struct assay_cursor *in, struct assay_slice *value,
                                     size_t *len)
{
    enum assay_cbor_type type = ASSAY_CBOR_NULL;
    ASSAY_TRY(assay_cbor_array_exact(in, 2));
    ASSAY_TRY(assay_cbor_peek(in, &type));
    if (type == ASSAY_CBOR_TEXT) {
        struct assay_slice name;
        ASSAY_TRY(assay_cbor_text(in, TEXT_MAX, &name));
        *len = length_of_name(name);
    } else {
        int64_t number = 0;
        ASSAY_TRY(assay_cbor_int(in, &number));
        *len = length_of_number(number);
    }
    ASSAY_TRY(assay_cbor_bytes(in, TEXT_MAX, value));
    return *len == 0 || *len == value->len ? ASSAY_OK : ASSAY_E_INVALID;
}

/*
 * digests-type: one value, hashed in several ways. Those of another algorithm than the field's are
 * for others; one at least must be for us.
 */
static enum assay_status add_digests(struct corim_reader *reader, struct triple *triple,
                                     const struct measurement *m, enum assay_reference_field field,
                                     struct assay_cursor *in)
{
    uint64_t count = 0;
    bool added = false;
    TRY_AT(assay_cbor_array(in, ASSAY_CORIM_ITEMS_MAX, &count), "digests", m->at);
    for (uint64_t i = 0; i < count; i++) {
        struct assay_slice value;
        size_t len = 0;
        TRY_AT(read_digest(in, &value, &len), "digest", m->at);
        if (len == 0 || !can_fit(triple, field, len)) continue;
        ASSAY_TRY(add_entry(reader, triple, m, field, value));
        ASSAY_ASSERT(value.len == len);
        added = true;
    }
    return added ? ASSAY_OK : corim_leave_out(reader, ASSAY_CORIM_PART_DIGEST, m->at);
}

/* raw-value: tagged bytes; a value under a mask matches more than one. */
static enum assay_status add_raw(struct corim_reader *reader, struct triple *triple,
                                 const struct measurement *m, enum assay_reference_field field)
{
    struct assay_cursor in = assay_cursor_over(m->raw.bytes, m->raw.len);
    struct assay_slice value;
    uint64_t tag = 0;
    TRY_AT(assay_cbor_tag(&in, &tag), "raw value", m->at);
    if (tag != CORIM_TAG_BYTES) return corim_leave_out(reader, ASSAY_CORIM_PART_MEASUREMENT, m->at);
    TRY_AT(assay_cbor_bytes(&in, ASSAY_CORIM_LEN_MAX, &value), "raw value", m->at);
    if (!can_fit(triple, field, value.len))
        return corim_leave_out(reader, ASSAY_CORIM_PART_DIGEST, m->at);
    return add_entry(reader, triple, m, field, value);
}

/* integrity-registers, section 5.1.4.1.4.7: { index or name: digests } */
static enum assay_status add_registers(struct corim_reader *reader, struct triple *triple,
                                       const struct measurement *m)
{
    static const char name[] = "integrity registers";
    struct assay_cursor in = assay_cursor_over(m->registers.bytes, m->registers.len);
    struct assay_cose_map map;
    TRY_AT(assay_cose_map_open(&in, ASSAY_COSE_PAIRS_MAX, &map), name, m->at);
    while (assay_cose_map_more(&map, &in)) {
        struct assay_cose_label label;
        struct assay_slice ignored;
        enum assay_reference_field field;
        TRY_AT(assay_cose_map_next(&map, &in, &label), name, m->at);
        if (!label.is_text && label.number < 0)
            return corim_fail(reader, ASSAY_E_TYPE, name, m->at);
        const struct corim_key key = {
            .type = label.is_text ? CORIM_KEY_TEXT : CORIM_KEY_NUMBER,
            .number = label.is_text ? 0 : (uint64_t)label.number,
            .text = label.text,
        };
        if (corim_register_of(triple->kinds, &key, &field) == ASSAY_OK) {
            ASSAY_TRY(add_digests(reader, triple, m, field, &in));
            continue;
        }
        TRY_AT(corim_skip(&in, &ignored), name, m->at);
        ASSAY_TRY(corim_leave_out(reader, ASSAY_CORIM_PART_MEASUREMENT, m->at));
    }
    return ASSAY_OK;
}

static enum assay_status add_measurement(struct corim_reader *reader, struct triple *triple,
                                         const struct measurement *m)
{
    enum assay_reference_field field;
    if (m->registers.len > 0) ASSAY_TRY(add_registers(reader, triple, m));
    if (m->digests.len == 0 && m->raw.len == 0) {
        if (m->registers.len > 0) return ASSAY_OK;
        return corim_leave_out(reader, ASSAY_CORIM_PART_MEASUREMENT, m->at);
    }
    if (corim_field_of(reader->corim->profile, triple->kinds, &m->key, &field) != ASSAY_OK)
        return corim_leave_out(reader, ASSAY_CORIM_PART_MEASUREMENT, m->at);
    if (m->digests.len > 0) {
        struct assay_cursor in = assay_cursor_over(m->digests.bytes, m->digests.len);
        ASSAY_TRY(add_digests(reader, triple, m, field, &in));
    }
    return m->raw.len > 0 ? add_raw(reader, triple, m, field) : ASSAY_OK;
}

/*
 * A realm is named by its initial measurement, a platform of Arm by its implementation id: the
 * first must agree with the measurement (draft-ydb-rats-cca-endorsements 3.2.2), the second is a
 * reference value itself (3.1.2).
 */
static enum assay_status add_class(struct corim_reader *reader, struct triple *triple,
                                   const struct measurement *m)
{
    const struct assay_slice id = triple->environment.class_id;
    if (reader->corim->profile != ASSAY_CORIM_PROFILE_CCA_PLATFORM) return ASSAY_OK;
    if (!can_fit(triple, ASSAY_REFERENCE_CCA_IMPLEMENTATION, id.len))
        return corim_fail(reader, ASSAY_E_INVALID, "implementation id", id.bytes);
    return add_entry(reader, triple, m, ASSAY_REFERENCE_CCA_IMPLEMENTATION, id);
}

static enum assay_status check_realm(struct corim_reader *reader, const struct triple *triple,
                                     uint32_t first)
{
    const struct assay_corim *const c = reader->corim;
    ASSAY_ASSERT(first <= c->reference_count);
    const struct assay_slice id = triple->environment.class_id;
    if (c->profile != ASSAY_CORIM_PROFILE_CCA_REALM) return ASSAY_OK;
    for (uint32_t i = first; i < c->reference_count; i++) {
        const struct assay_reference *const r = &c->references[i];
        if (r->field != ASSAY_REFERENCE_RIM) continue;
        if (!assay_slice_equal(id, assay_slice_over(r->value, r->value_len)))
            return corim_fail(reader, ASSAY_E_INVALID,
                              "a realm that is named by another initial measurement", id.bytes);
    }
    return ASSAY_OK;
}

enum assay_status corim_reference_triple(struct corim_reader *reader, struct assay_cursor *in)
{
    struct triple triple = { .fields = 0 };
    const uint32_t first = reader->corim->reference_count;
    const uint8_t *const at = in->bytes + in->pos;
    uint64_t count = 0;
    TRY_AT(assay_cbor_array_exact(in, 2), "reference triple", at);
    ASSAY_TRY(read_environment(reader, in, &triple));
    ASSAY_ASSERT(triple.kinds != 0);
    TRY_AT(assay_cbor_array(in, ASSAY_CORIM_ITEMS_MAX, &count), "measurements", at);
    const struct measurement plain = { .at = at };
    ASSAY_TRY(add_class(reader, &triple, &plain));
    for (uint64_t i = 0; i < count; i++) {
        struct measurement m;
        ASSAY_TRY(read_measurement(reader, in, &m));
        ASSAY_TRY(add_measurement(reader, &triple, &m));
    }
    if (triple.fields > 1) reader->triples_with_several_fields++;
    return check_realm(reader, &triple, first);
}
