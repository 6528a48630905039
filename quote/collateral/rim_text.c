/*
 * quote/collateral/rim_text.c - reader of a manifest's document, which is canonical XML (rim.h).
 *
 * C14N 1.1 leaves no choice: attributes in double quotes, a start and an end for each element, no
 * declarations, no entities but those of five characters. Only what is used is looked at: the
 * root's name, Meta with version and product, Payload with its measurements.
 */
#include "quote/collateral/rim.h"

#include "base/assert.h"

enum {
    DEPTH_MAX = 8,
    NAMESPACES_MAX = 16,
    ATTRIBUTES_MAX = 48,
    NAME_MAX = 64,
    URI_MAX = 256,
    ROOT_DEPTH = 1,
    PART_DEPTH = 2,
    RESOURCE_DEPTH = 3,
};

static const char swid_uri[] = "http://standards.iso.org/iso/19770/-2/2015/schema.xsd";
static const char hash_uri[] = "http://www.w3.org/2001/04/xmlenc#sha384";

struct name {
    struct assay_slice prefix; /* empty: none */
    struct assay_slice local;
};

struct attribute {
    struct name name;
    struct assay_slice value; /* as it stands there */
};

struct namespace
{
    struct assay_slice prefix;
    struct assay_slice uri;
    unsigned depth; /* of the element that declares it */
};

struct element {
    struct name name;
    size_t count;
    struct attribute attributes[ATTRIBUTES_MAX];
};

struct reader {
    struct assay_slice text;
    size_t at;
    unsigned depth;
    struct assay_slice open[DEPTH_MAX + 1]; /* names as they stand there, by depth */
    size_t namespace_count;
    struct namespace namespaces[NAMESPACES_MAX];
    unsigned metas, payloads;
    bool in_payload;
    struct element element;
    struct assay_rim_values *out;
};

/* --- characters */
static bool is_text(struct assay_slice s, const char *text, size_t len)
{
    return s.len == len && assay_bytes_equal(s.bytes, text, len);
}
#define IS(slice, text) is_text((slice), "" text, sizeof(text) - 1)

static bool is_name_character(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           c == '-' || c == '.';
}

static bool take_character(struct reader *r, char c)
{
    if (r->at == r->text.len || r->text.bytes[r->at] != (uint8_t)c) return false;
    r->at += 1;
    return true;
}

static struct assay_slice take_word(struct reader *r)
{
    const size_t from = r->at;
    while (r->at < r->text.len && is_name_character(r->text.bytes[r->at]))
        r->at += 1;
    return assay_slice_over(r->text.bytes + from, r->at - from);
}

/* [prefix ":"] local; *whole: both, as they stand there */
static enum assay_status take_name(struct reader *r, struct name *name, struct assay_slice *whole)
{
    const size_t from = r->at;
    *name = (struct name){ .local = take_word(r) };
    if (take_character(r, ':')) {
        name->prefix = name->local;
        name->local = take_word(r);
        if (name->prefix.len == 0) return ASSAY_E_SYNTAX;
    }
    *whole = assay_slice_over(r->text.bytes + from, r->at - from);
    if (name->local.len == 0) return ASSAY_E_SYNTAX;
    return whole->len <= NAME_MAX ? ASSAY_OK : ASSAY_E_RANGE;
}

/* "..." without the characters that canonical XML writes as entities */
static enum assay_status take_value(struct reader *r, struct assay_slice *value)
{
    if (!take_character(r, '=') || !take_character(r, '"')) return ASSAY_E_SYNTAX;
    const size_t from = r->at;
    while (r->at < r->text.len && r->text.bytes[r->at] != '"') {
        const uint8_t c = r->text.bytes[r->at];
        if (c == '<' || c < ' ') return ASSAY_E_SYNTAX;
        r->at += 1;
    }
    *value = assay_slice_over(r->text.bytes + from, r->at - from);
    return take_character(r, '"') ? ASSAY_OK : ASSAY_E_SYNTAX;
}

/* --- namespaces */
static enum assay_status declare(struct reader *r, struct assay_slice prefix,
                                 struct assay_slice uri)
{
    if (uri.len > URI_MAX || r->namespace_count == NAMESPACES_MAX) return ASSAY_E_RANGE;
    r->namespaces[r->namespace_count++] = (struct namespace){ prefix, uri, r->depth };
    ASSAY_ASSERT(r->namespace_count <= NAMESPACES_MAX);
    return ASSAY_OK;
}

/* The innermost declaration counts. Attributes without a prefix have no namespace. */
static bool is_in(const struct reader *r, const struct name *name, const char *uri, size_t len)
{
    for (size_t i = r->namespace_count; i-- > 0;)
        if (assay_slice_equal(r->namespaces[i].prefix, name->prefix))
            return is_text(r->namespaces[i].uri, uri, len);
    return false;
}

static bool is_swid(const struct reader *r, const char *local, size_t len)
{
    return is_text(r->element.name.local, local, len) &&
           is_in(r, &r->element.name, swid_uri, sizeof swid_uri - 1);
}
#define IS_SWID(reader, local) is_swid((reader), "" local, sizeof(local) - 1)

/* --- attributes */
static const struct attribute *find_plain(const struct element *e, const char *name, size_t len)
{
    for (size_t i = 0; i < e->count; i++)
        if (e->attributes[i].name.prefix.len == 0 &&
            is_text(e->attributes[i].name.local, name, len))
            return &e->attributes[i];
    return NULL;
}
#define PLAIN(element, name) find_plain((element), "" name, sizeof(name) - 1)

static enum assay_status take_attribute(struct reader *r)
{
    struct element *const e = &r->element;
    struct attribute a;
    struct assay_slice whole;
    ASSAY_TRY(take_name(r, &a.name, &whole));
    ASSAY_TRY(take_value(r, &a.value));
    if (a.name.prefix.len == 0 && IS(a.name.local, "xmlns"))
        return declare(r, a.name.prefix, a.value);
    if (IS(a.name.prefix, "xmlns")) return declare(r, a.name.local, a.value);
    for (size_t i = 0; i < e->count; i++)
        if (assay_slice_equal(e->attributes[i].name.prefix, a.name.prefix) &&
            assay_slice_equal(e->attributes[i].name.local, a.name.local))
            return ASSAY_E_SYNTAX;
    if (e->count == ATTRIBUTES_MAX) return ASSAY_E_RANGE;
    e->attributes[e->count++] = a;
    return ASSAY_OK;
}

static enum assay_status copy_text(const struct attribute *a, char out[ASSAY_RIM_TEXT_MAX])
{
    if (a == NULL) return ASSAY_E_INVALID;
    if (a->value.len == 0 || a->value.len >= ASSAY_RIM_TEXT_MAX) return ASSAY_E_RANGE;
    for (size_t i = 0; i < a->value.len; i++) {
        if (!is_name_character(a->value.bytes[i])) return ASSAY_E_RANGE;
        out[i] = (char)a->value.bytes[i];
    }
    out[a->value.len] = '\0';
    return ASSAY_OK;
}

/* A number of one or two digits, without a zero in front. */
static enum assay_status read_number(const struct attribute *a, unsigned max, unsigned *out)
{
    if (a == NULL) return ASSAY_E_INVALID;
    const struct assay_slice v = a->value;
    unsigned number = 0;
    if (v.len == 0 || v.len > 2 || (v.len == 2 && v.bytes[0] == '0')) return ASSAY_E_RANGE;
    for (size_t i = 0; i < v.len; i++) {
        if (v.bytes[i] < '0' || v.bytes[i] > '9') return ASSAY_E_RANGE;
        number = 10 * number + (unsigned)(v.bytes[i] - '0');
    }
    *out = number;
    return number <= max ? ASSAY_OK : ASSAY_E_RANGE;
}

/* --- measurements */
/* HashN of the namespace of SHA-384. */
static const struct attribute *find_hash(const struct reader *r, unsigned number)
{
    char name[] = "Hash00";
    const size_t len = number < 10 ? 5 : 6;
    ASSAY_ASSERT(number < 100);
    name[4] = (char)('0' + (number < 10 ? number : number / 10));
    if (number >= 10) name[5] = (char)('0' + number % 10);
    for (size_t i = 0; i < r->element.count; i++) {
        const struct attribute *const a = &r->element.attributes[i];
        if (is_text(a->name.local, name, len) && a->name.prefix.len > 0 &&
            is_in(r, &a->name, hash_uri, sizeof hash_uri - 1))
            return a;
    }
    return NULL;
}

/* Of inactive indexes, too, so that a document is read or refused as a whole. */
static enum assay_status read_values(struct reader *r, unsigned index, unsigned count,
                                     bool is_active)
{
    struct assay_rim_values *const out = r->out;
    uint8_t value[ASSAY_RIM_VALUE_LEN];
    ASSAY_ASSERT(index < ASSAY_RIM_INDEXES && count <= ASSAY_RIM_ALTERNATIVES_MAX);
    for (unsigned i = 0; i < count; i++) {
        const struct attribute *const a = find_hash(r, i);
        if (a == NULL) return ASSAY_E_INVALID;
        if (assay_hex_decode((const char *)a->value.bytes, a->value.len, value, sizeof value) !=
            ASSAY_OK)
            return ASSAY_E_RANGE;
        if (!is_active) continue;
        if (out->value_count == ASSAY_RIM_VALUES_MAX) return ASSAY_E_RANGE;
        assay_bytes_copy(out->values[out->value_count++], sizeof value, value, sizeof value);
    }
    return find_hash(r, count) == NULL ? ASSAY_OK : ASSAY_E_INVALID;
}

static enum assay_status read_resource(struct reader *r)
{
    const struct element *const e = &r->element;
    const struct attribute *const type = PLAIN(e, "type"), *const active = PLAIN(e, "active");
    unsigned index = 0, count = 0, size = 0;
    if (type == NULL || active == NULL) return ASSAY_E_INVALID;
    if (!IS(type->value, "Measurement")) return ASSAY_E_INVALID;
    ASSAY_TRY(read_number(PLAIN(e, "index"), ASSAY_RIM_INDEXES - 1, &index));
    ASSAY_TRY(read_number(PLAIN(e, "alternatives"), ASSAY_RIM_ALTERNATIVES_MAX, &count));
    ASSAY_TRY(read_number(PLAIN(e, "size"), ASSAY_RIM_VALUE_LEN, &size));
    if (size != ASSAY_RIM_VALUE_LEN || count == 0) return ASSAY_E_RANGE;
    const bool is_active = IS(active->value, "True");
    if (!is_active && !IS(active->value, "False")) return ASSAY_E_RANGE;
    const uint64_t bit = UINT64_C(1) << index;
    if ((r->out->given & bit) != 0) return ASSAY_E_DUPLICATE;
    r->out->given |= bit;
    r->out->first[index] = (uint16_t)r->out->value_count; /* <= 256 */
    ASSAY_TRY(read_values(r, index, count, is_active));
    if (!is_active) return ASSAY_OK;
    r->out->active |= bit;
    r->out->count[index] = (uint8_t)count; /* <= 16 */
    return ASSAY_OK;
}

/* --- elements */
static enum assay_status read_part(struct reader *r)
{
    if (r->depth == ROOT_DEPTH) return IS_SWID(r, "SoftwareIdentity") ? ASSAY_OK : ASSAY_E_INVALID;
    if (r->depth == PART_DEPTH && IS_SWID(r, "Meta")) {
        if (r->metas++ > 0) return ASSAY_E_DUPLICATE;
        ASSAY_TRY(copy_text(PLAIN(&r->element, "colloquialVersion"), r->out->version));
        return copy_text(PLAIN(&r->element, "product"), r->out->product);
    }
    if (r->depth == PART_DEPTH && IS_SWID(r, "Payload")) {
        r->in_payload = true;
        return r->payloads++ == 0 ? ASSAY_OK : ASSAY_E_DUPLICATE;
    }
    if (r->depth == RESOURCE_DEPTH && r->in_payload && IS_SWID(r, "Resource"))
        return read_resource(r);
    return ASSAY_OK;
}

static enum assay_status open_element(struct reader *r)
{
    struct element *const e = &r->element;
    struct assay_slice whole;
    if (r->depth == DEPTH_MAX) return ASSAY_E_RANGE;
    r->depth += 1;
    e->count = 0;
    ASSAY_TRY(take_name(r, &e->name, &whole));
    r->open[r->depth] = whole;
    while (take_character(r, ' '))
        ASSAY_TRY(take_attribute(r));
    if (!take_character(r, '>')) return ASSAY_E_SYNTAX;
    return read_part(r);
}

static enum assay_status close_element(struct reader *r)
{
    struct name name;
    struct assay_slice whole;
    ASSAY_TRY(take_name(r, &name, &whole));
    if (r->depth == 0 || !take_character(r, '>')) return ASSAY_E_SYNTAX;
    if (!assay_slice_equal(whole, r->open[r->depth])) return ASSAY_E_SYNTAX;
    while (r->namespace_count > 0 && r->namespaces[r->namespace_count - 1].depth == r->depth)
        r->namespace_count -= 1;
    if (r->depth == PART_DEPTH) r->in_payload = false;
    r->depth -= 1;
    return ASSAY_OK;
}

enum assay_status assay_rim_read(struct assay_slice document, struct assay_rim_values *out)
{
    ASSAY_ASSERT(out != NULL);
    struct reader r = { .text = document, .out = out };
    *out = (struct assay_rim_values){ .active = 0 };
    if (document.len > ASSAY_RIM_DOCUMENT_MAX) return ASSAY_E_RANGE;
    do { /* text between elements means nothing here */
        if (!take_character(&r, '<')) return ASSAY_E_SYNTAX;
        ASSAY_TRY(take_character(&r, '/') ? close_element(&r) : open_element(&r));
        while (r.depth > 0 && r.at < r.text.len && r.text.bytes[r.at] != '<')
            r.at += 1;
    } while (r.depth > 0);
    ASSAY_ASSERT(r.at <= r.text.len);
    if (r.at != r.text.len) return ASSAY_E_TRAILING;
    return r.metas == 1 && r.payloads == 1 && out->active != 0 ? ASSAY_OK : ASSAY_E_INVALID;
}
