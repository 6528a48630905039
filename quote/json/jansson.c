/*
 * quote/json/jansson.c - parsers of the vendor's signed documents, through jansson, into plain
 * bounded structs.
 *
 * Before the first call of the library one pass over the text bounds its nesting and finds the raw
 * bytes of the members of the outer object: the signature covers those bytes and nothing
 * re-serialised. Afterwards every field is looked up by name with its type and range; unknown
 * members are allowed (the vendor adds some), duplicate ones are not.
 */
#include "quote/json.h"

#include "base/assert.h"
#include "base/cursor.h"
#include "base/rfc3339.h"
#include "quote/collateral/tcb.h"
#include "quote/text.h"

#include <jansson.h>

/* --- the raw text: nesting, and where a member of the outer object stands */
enum { MEMBERS_MAX = 4 }; /* a document has two */

struct raw_member {
    struct assay_slice name; /* without quotes; names with escapes match nothing */
    struct assay_slice value;
};

struct raw_document {
    size_t count;
    struct raw_member members[MEMBERS_MAX];
};

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static void skip_space(struct assay_cursor *c)
{
    while (c->pos < c->len && is_space(c->bytes[c->pos]))
        c->pos += 1;
}

/* At an opening quote: past the closing one; *out is what stands between. */
static enum assay_status skip_string(struct assay_cursor *c, struct assay_slice *out)
{
    ASSAY_ASSERT(c->pos < c->len && c->bytes[c->pos] == '"');
    const size_t start = c->pos + 1;
    for (size_t i = start; i < c->len; i++) {
        if (c->bytes[i] == '\\') {
            i += 1;
        } else if (c->bytes[i] == '"') {
            *out = assay_slice_over(c->bytes + start, i - start);
            c->pos = i + 1;
            return ASSAY_OK;
        }
    }
    return ASSAY_E_TRUNCATED;
}

/* Any value, by brackets and strings alone; the library checks the grammar afterwards. */
static enum assay_status skip_value(struct assay_cursor *c)
{
    size_t depth = 1; /* inside the outer object */
    struct assay_slice ignored;
    while (c->pos < c->len) {
        const uint8_t byte = c->bytes[c->pos];
        if (byte == '"') {
            ASSAY_TRY(skip_string(c, &ignored));
        } else if (byte == '{' || byte == '[') {
            depth += 1;
            if (depth > ASSAY_DOCUMENT_DEPTH_MAX) return ASSAY_E_RANGE;
            c->pos += 1;
        } else if (byte == '}' || byte == ']') {
            if (depth == 1) return ASSAY_OK; /* the outer object's own */
            depth -= 1;
            c->pos += 1;
        } else if (byte == ',' && depth == 1) {
            return ASSAY_OK;
        } else {
            c->pos += 1;
        }
    }
    return ASSAY_E_TRUNCATED;
}

static enum assay_status expect_char(struct assay_cursor *c, char wanted)
{
    skip_space(c);
    if (c->pos == c->len) return ASSAY_E_TRUNCATED;
    if (c->bytes[c->pos] != (uint8_t)wanted) return ASSAY_E_SYNTAX;
    c->pos += 1;
    return ASSAY_OK;
}

static enum assay_status scan_member(struct assay_cursor *c, struct raw_member *member)
{
    skip_space(c);
    if (c->pos == c->len) return ASSAY_E_TRUNCATED;
    if (c->bytes[c->pos] != '"') return ASSAY_E_SYNTAX;
    ASSAY_TRY(skip_string(c, &member->name));
    ASSAY_TRY(expect_char(c, ':'));
    skip_space(c);
    const size_t start = c->pos;
    ASSAY_TRY(skip_value(c));
    size_t end = c->pos;
    while (end > start && is_space(c->bytes[end - 1]))
        end -= 1;
    ASSAY_ASSERT(start <= end && end <= c->len);
    member->value = assay_slice_over(c->bytes + start, end - start);
    return ASSAY_OK;
}

static enum assay_status scan_document(const uint8_t *text, size_t len, struct raw_document *out)
{
    struct assay_cursor c = assay_cursor_over(text, len);
    ASSAY_TRY(expect_char(&c, '{'));
    for (;;) {
        if (out->count == MEMBERS_MAX) return ASSAY_E_RANGE;
        ASSAY_TRY(scan_member(&c, &out->members[out->count]));
        out->count += 1;
        ASSAY_ASSERT(out->count <= MEMBERS_MAX);
        if (c.pos == c.len) return ASSAY_E_TRUNCATED;
        c.pos += 1; /* comma or the closing brace, as skip_value found it */
        if (c.bytes[c.pos - 1] != ',') break;
    }
    skip_space(&c);
    return assay_cursor_end(&c);
}

static enum assay_status find_member(const struct raw_document *document, const char *name,
                                     struct assay_slice *value)
{
    ASSAY_ASSERT(document->count <= MEMBERS_MAX);
    const size_t len = assay_text_len(name, ASSAY_REASON_TEXT);
    for (size_t i = 0; i < document->count; i++) {
        if (!assay_slice_equal(document->members[i].name, assay_slice_over(name, len))) continue;
        *value = document->members[i].value;
        return ASSAY_OK;
    }
    return ASSAY_E_NOT_FOUND;
}

/* --- fields of decoded objects; the name of the failing one goes to *where */
static enum assay_status at_field(enum assay_status status, const char *name,
                                  struct assay_where *where)
{
    ASSAY_ASSERT(name != NULL);
    if (status != ASSAY_OK && where != NULL) *where = (struct assay_where){ name, 0 };
    return status;
}

struct source {
    const json_t *object;
    struct assay_where *where;
};

static enum assay_status get_number(struct source s, const char *name, uint64_t max, uint64_t *out)
{
    const json_t *const value = json_object_get(s.object, name);
    if (value == NULL) return at_field(ASSAY_E_NOT_FOUND, name, s.where);
    if (!json_is_integer(value)) return at_field(ASSAY_E_TYPE, name, s.where);
    const json_int_t number = json_integer_value(value);
    if (number < 0 || (uint64_t)number > max) return at_field(ASSAY_E_RANGE, name, s.where);
    *out = (uint64_t)number;
    return ASSAY_OK;
}

static enum assay_status get_text(struct source s, const char *name, const char **text, size_t *len)
{
    const json_t *const value = json_object_get(s.object, name);
    if (value == NULL) return at_field(ASSAY_E_NOT_FOUND, name, s.where);
    if (!json_is_string(value)) return at_field(ASSAY_E_TYPE, name, s.where);
    *text = json_string_value(value);
    *len = json_string_length(value);
    return ASSAY_OK;
}

/* evidence-rules.md 2.8: hexadecimal comes in either case; compared as bytes. */
static enum assay_status get_hex(struct source s, const char *name, uint8_t *out, size_t out_len)
{
    const char *text = NULL;
    size_t len = 0;
    ASSAY_TRY(get_text(s, name, &text, &len));
    return at_field(assay_hex_decode(text, len, out, out_len), name, s.where);
}

static enum assay_status get_time(struct source s, const char *name, int64_t *unix_s)
{
    const char *text = NULL;
    size_t len = 0;
    ASSAY_TRY(get_text(s, name, &text, &len));
    return at_field(assay_rfc3339_parse(text, len, unix_s), name, s.where);
}

/*
 * The statuses that a level of each kind may have (Intel's QVL, EvaluateTcb); the others of the
 * list are computed and stand in no document.
 */
#define STATUS_BIT(status) (UINT32_C(1) << (unsigned)(status))
enum {
    MODULE_STATUSES = STATUS_BIT(ASSAY_TCB_UP_TO_DATE) | STATUS_BIT(ASSAY_TCB_OUT_OF_DATE) |
                      STATUS_BIT(ASSAY_TCB_REVOKED),
    QE_STATUSES = MODULE_STATUSES | STATUS_BIT(ASSAY_TCB_CONFIGURATION_NEEDED) |
                  STATUS_BIT(ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED),
    PLATFORM_STATUSES = QE_STATUSES | STATUS_BIT(ASSAY_TCB_SW_HARDENING_NEEDED) |
                        STATUS_BIT(ASSAY_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED),
};

static enum assay_status get_status(struct source s, uint32_t allowed, enum assay_tcb_status *out)
{
    const char *text = NULL;
    size_t len = 0;
    ASSAY_TRY(get_text(s, "tcbStatus", &text, &len));
    if (assay_tcb_status_parse(text, len, out) != ASSAY_OK || (allowed & STATUS_BIT(*out)) == 0)
        return at_field(ASSAY_E_UNSUPPORTED, "tcbStatus", s.where);
    ASSAY_ASSERT(*out != ASSAY_TCB_NONE);
    return ASSAY_OK;
}

static enum assay_status get_array(struct source s, const char *name, size_t count_max,
                                   const json_t **array)
{
    *array = json_object_get(s.object, name);
    if (*array == NULL) return at_field(ASSAY_E_NOT_FOUND, name, s.where);
    if (!json_is_array(*array)) return at_field(ASSAY_E_TYPE, name, s.where);
    if (json_array_size(*array) > count_max) return at_field(ASSAY_E_FULL, name, s.where);
    return ASSAY_OK;
}

static enum assay_status get_object(struct source s, const char *name, struct source *out)
{
    *out = (struct source){ json_object_get(s.object, name), s.where };
    if (out->object == NULL) return at_field(ASSAY_E_NOT_FOUND, name, s.where);
    if (!json_is_object(out->object)) return at_field(ASSAY_E_TYPE, name, s.where);
    return ASSAY_OK;
}

static enum assay_status get_element(const json_t *array, size_t index, struct assay_where *where,
                                     struct source *out)
{
    ASSAY_ASSERT(index < json_array_size(array));
    *out = (struct source){ json_array_get(array, index), where };
    return json_is_object(out->object) ? ASSAY_OK : at_field(ASSAY_E_TYPE, "element", where);
}

/* advisoryIDs is optional: levels without advisories, and version 2, leave it out. */
static enum assay_status get_advisories(struct source s, struct assay_advisory_table *table,
                                        struct assay_advisory_set *set)
{
    const json_t *array = NULL;
    if (json_object_get(s.object, "advisoryIDs") == NULL) return ASSAY_OK;
    ASSAY_TRY(get_array(s, "advisoryIDs", ASSAY_ADVISORY_TABLE_MAX, &array));
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *const id = json_array_get(array, i);
        uint32_t index = 0;
        if (!json_is_string(id)) return at_field(ASSAY_E_TYPE, "advisoryIDs", s.where);
        ASSAY_TRY(at_field(
            assay_advisory_intern(table, json_string_value(id), json_string_length(id), &index),
            "advisoryIDs", s.where));
        ASSAY_ASSERT(index < ASSAY_ADVISORY_TABLE_MAX);
        set->bits[index / 64] |= UINT64_C(1) << (index % 64);
    }
    return ASSAY_OK;
}

/* --- TCB info */
/* Exactly 16 (evidence-rules.md 2.7: fewer would accept more). */
static enum assay_status get_components(struct source tcb, const char *name,
                                        uint8_t out[ASSAY_TCB_COMPONENTS])
{
    const json_t *array = NULL;
    ASSAY_TRY(get_array(tcb, name, ASSAY_TCB_COMPONENTS, &array));
    if (json_array_size(array) != ASSAY_TCB_COMPONENTS)
        return at_field(ASSAY_E_RANGE, name, tcb.where);
    for (size_t i = 0; i < ASSAY_TCB_COMPONENTS; i++) {
        struct source component;
        uint64_t svn = 0;
        ASSAY_TRY(get_element(array, i, tcb.where, &component));
        ASSAY_TRY(get_number(component, "svn", UINT8_MAX, &svn));
        out[i] = (uint8_t)svn;
    }
    return ASSAY_OK;
}

/* Version 2 names each component by itself: sgxtcbcomp01svn .. sgxtcbcomp16svn. */
static enum assay_status get_components_v2(struct source tcb, uint8_t out[ASSAY_TCB_COMPONENTS])
{
    char name[] = "sgxtcbcomp00svn";
    for (size_t i = 0; i < ASSAY_TCB_COMPONENTS; i++) {
        uint64_t svn = 0;
        name[10] = (char)('0' + (i + 1) / 10);
        name[11] = (char)('0' + (i + 1) % 10);
        const enum assay_status status =
            get_number((struct source){ tcb.object, NULL }, name, UINT8_MAX, &svn);
        ASSAY_TRY(at_field(status, "sgxtcbcompNNsvn", tcb.where));
        out[i] = (uint8_t)svn;
    }
    return ASSAY_OK;
}

static enum assay_status get_level(struct source s, struct assay_tcb_info *info,
                                   struct assay_tcb_level *level)
{
    ASSAY_ASSERT(info->version == 2 || info->version == 3);
    struct source tcb;
    uint64_t pcesvn = 0;
    ASSAY_TRY(get_object(s, "tcb", &tcb));
    if (info->version == 2) {
        ASSAY_TRY(get_components_v2(tcb, level->sgx));
    } else {
        ASSAY_TRY(get_components(tcb, "sgxtcbcomponents", level->sgx));
    }
    if (info->tee == ASSAY_TEE_TDX) ASSAY_TRY(get_components(tcb, "tdxtcbcomponents", level->tdx));
    ASSAY_TRY(get_number(tcb, "pcesvn", UINT16_MAX, &pcesvn));
    level->pcesvn = (uint16_t)pcesvn;
    ASSAY_TRY(get_time(s, "tcbDate", &level->date_unix_s));
    ASSAY_TRY(get_status(s, PLATFORM_STATUSES, &level->status));
    return get_advisories(s, &info->advisories, &level->advisories);
}

static enum assay_status get_isv_levels(struct source s, size_t count_max, uint32_t statuses,
                                        struct assay_advisory_table *table,
                                        struct assay_isv_level *levels, uint32_t *count)
{
    const json_t *array = NULL;
    ASSAY_TRY(get_array(s, "tcbLevels", count_max, &array));
    for (size_t i = 0; i < json_array_size(array); i++) {
        struct source level;
        struct source tcb;
        uint64_t isvsvn = 0;
        ASSAY_TRY(get_element(array, i, s.where, &level));
        ASSAY_TRY(get_object(level, "tcb", &tcb));
        ASSAY_TRY(get_number(tcb, "isvsvn", UINT16_MAX, &isvsvn));
        levels[i].isvsvn = (uint16_t)isvsvn;
        ASSAY_TRY(get_time(level, "tcbDate", &levels[i].date_unix_s));
        ASSAY_TRY(get_status(level, statuses, &levels[i].status));
        ASSAY_TRY(get_advisories(level, table, &levels[i].advisories));
    }
    *count = (uint32_t)json_array_size(array);
    ASSAY_ASSERT(*count <= count_max);
    return ASSAY_OK;
}

static enum assay_status get_module(struct source s, struct assay_module_identity *module)
{
    ASSAY_TRY(get_hex(s, "mrsigner", module->mrsigner, sizeof module->mrsigner));
    ASSAY_TRY(get_hex(s, "attributes", module->attributes, sizeof module->attributes));
    return get_hex(s, "attributesMask", module->attributes_mask, sizeof module->attributes_mask);
}

/* "TDX_XX", XX the module version in hexadecimal; Intel's QVL reads it in either case. */
static enum assay_status get_module_version(struct source s, uint8_t *version)
{
    const char *text = NULL;
    size_t len = 0;
    ASSAY_TRY(get_text(s, "id", &text, &len));
    if (len != 6 || (!assay_bytes_equal(text, "TDX_", 4) && !assay_bytes_equal(text, "tdx_", 4)))
        return at_field(ASSAY_E_SYNTAX, "tdxModuleIdentities.id", s.where);
    return at_field(assay_hex_decode(text + 4, 2, version, 1), "tdxModuleIdentities.id", s.where);
}

static enum assay_status get_modules(struct source s, struct assay_tcb_info *info)
{
    struct source module;
    const json_t *array = NULL;
    ASSAY_TRY(get_object(s, "tdxModule", &module));
    ASSAY_TRY(get_module(module, &info->default_module));
    info->default_module.is_default = true;
    info->has_default_module = true;
    if (json_object_get(s.object, "tdxModuleIdentities") == NULL) return ASSAY_OK;
    ASSAY_TRY(get_array(s, "tdxModuleIdentities", ASSAY_MODULES_MAX, &array));
    for (size_t i = 0; i < json_array_size(array); i++) {
        struct assay_module_identity *const out = &info->modules[i];
        ASSAY_TRY(get_element(array, i, s.where, &module));
        ASSAY_TRY(get_module_version(module, &out->version));
        if (out->version == 0 || assay_tcb_module(info, out->version) != NULL)
            return at_field(ASSAY_E_DUPLICATE, "tdxModuleIdentities.id", s.where);
        ASSAY_TRY(get_module(module, out));
        ASSAY_TRY(get_isv_levels(module, ASSAY_MODULE_LEVELS_MAX, MODULE_STATUSES,
                                 &info->advisories, out->levels, &out->level_count));
        info->module_count = (uint32_t)i + 1;
        ASSAY_ASSERT(info->module_count <= ASSAY_MODULES_MAX);
    }
    return ASSAY_OK;
}

/* Version 3 declares its TEE; version 2 exists for SGX only and has no id. */
static enum assay_status get_version(struct source s, struct assay_tcb_info *info)
{
    uint64_t version = 0;
    const char *id = NULL;
    size_t id_len = 0;
    ASSAY_TRY(get_number(s, "version", UINT32_MAX, &version));
    info->version = (uint32_t)version;
    info->tee = ASSAY_TEE_SGX;
    if (version == 2) return ASSAY_OK;
    if (version != 3) return at_field(ASSAY_E_UNSUPPORTED, "version", s.where);
    ASSAY_TRY(get_text(s, "id", &id, &id_len));
    if (id_len == 3 && assay_bytes_equal(id, "SGX", 3)) return ASSAY_OK;
    if (id_len != 3 || !assay_bytes_equal(id, "TDX", 3))
        return at_field(ASSAY_E_UNSUPPORTED, "id", s.where);
    info->tee = ASSAY_TEE_TDX;
    return ASSAY_OK;
}

static enum assay_status read_tcb_info(struct source s, struct assay_tcb_info *info)
{
    uint64_t number = 0;
    const json_t *levels = NULL;
    ASSAY_TRY(get_version(s, info));
    ASSAY_TRY(get_time(s, "issueDate", &info->issue_unix_s));
    ASSAY_TRY(get_time(s, "nextUpdate", &info->next_unix_s));
    ASSAY_TRY(get_hex(s, "fmspc", info->fmspc, sizeof info->fmspc));
    ASSAY_TRY(get_hex(s, "pceId", info->pceid, sizeof info->pceid));
    ASSAY_TRY(get_number(s, "tcbType", 0, &number)); /* 0 is the only comparison defined */
    ASSAY_TRY(get_number(s, "tcbEvaluationDataNumber", UINT32_MAX, &number));
    info->evaluation_number = (uint32_t)number;
    if (info->tee == ASSAY_TEE_TDX) ASSAY_TRY(get_modules(s, info));
    ASSAY_TRY(get_array(s, "tcbLevels", ASSAY_TCB_LEVELS_MAX, &levels));
    for (size_t i = 0; i < json_array_size(levels); i++) {
        struct source level;
        ASSAY_TRY(get_element(levels, i, s.where, &level));
        ASSAY_TRY(get_level(level, info, &info->levels[i]));
    }
    info->level_count = (uint32_t)json_array_size(levels);
    ASSAY_ASSERT(info->level_count <= ASSAY_TCB_LEVELS_MAX);
    assay_tcb_sort(info);
    return ASSAY_OK;
}

/* --- enclave identity */
static enum assay_status get_identity_id(struct source s, struct assay_qe_identity *identity)
{
    const char *id = NULL;
    size_t len = 0;
    uint64_t version = 0;
    ASSAY_TRY(get_number(s, "version", UINT32_MAX, &version));
    if (version != 2) return at_field(ASSAY_E_UNSUPPORTED, "version", s.where);
    ASSAY_TRY(get_text(s, "id", &id, &len));
    if (len == 2 && assay_bytes_equal(id, "QE", 2)) identity->tee = ASSAY_TEE_SGX;
    else if (len == 5 && assay_bytes_equal(id, "TD_QE", 5)) identity->tee = ASSAY_TEE_TDX;
    else return at_field(ASSAY_E_UNSUPPORTED, "id", s.where);
    return ASSAY_OK;
}

static enum assay_status read_qe_identity(struct source s, struct assay_qe_identity *identity)
{
    uint64_t number = 0;
    ASSAY_TRY(get_identity_id(s, identity));
    ASSAY_TRY(get_time(s, "issueDate", &identity->issue_unix_s));
    ASSAY_TRY(get_time(s, "nextUpdate", &identity->next_unix_s));
    ASSAY_TRY(get_number(s, "tcbEvaluationDataNumber", UINT32_MAX, &number));
    identity->evaluation_number = (uint32_t)number;
    /* The bytes of the text are those of the report (Intel's QVL, 4.1.2.9.5). */
    ASSAY_TRY(get_hex(s, "miscselect", identity->miscselect, 4));
    ASSAY_TRY(get_hex(s, "miscselectMask", identity->miscselect_mask, 4));
    ASSAY_TRY(get_hex(s, "attributes", identity->attributes, 16));
    ASSAY_TRY(get_hex(s, "attributesMask", identity->attributes_mask, 16));
    ASSAY_TRY(get_hex(s, "mrsigner", identity->mrsigner, 32));
    ASSAY_TRY(get_number(s, "isvprodid", UINT16_MAX, &number));
    identity->isvprodid = (uint16_t)number;
    return get_isv_levels(s, ASSAY_TCB_LEVELS_MAX, QE_STATUSES, &identity->advisories,
                          identity->levels, &identity->level_count);
}

/* --- both kinds of document */
/*
 * jansson names no reason ("unknown") where a table or its own buffer could not be allocated.
 * Without memory for a string it reports "invalid token": that cannot be distinguished from a
 * document's fault, and ends, like one, without a verdict on the evidence.
 */
static enum assay_status load_error(const json_error_t *error)
{
    const enum json_error_code code = json_error_code(error);
    if (code == json_error_duplicate_key) return ASSAY_E_DUPLICATE;
    if (code == json_error_out_of_memory || code == json_error_unknown) return ASSAY_E_MEMORY;
    if (code == json_error_numeric_overflow) return ASSAY_E_RANGE;
    if (code == json_error_premature_end_of_input) return ASSAY_E_TRUNCATED;
    return ASSAY_E_SYNTAX;
}

/* Locates body and signature, then decodes the whole. The caller decrefs *root. */
static enum assay_status open_document(const uint8_t *text, size_t len, const char *name,
                                       struct assay_signed_json *out, struct assay_where *where,
                                       json_t **root)
{
    if (len > ASSAY_DOCUMENT_LEN_MAX) return ASSAY_E_RANGE;
    struct raw_document raw = { 0 };
    struct assay_slice quoted;
    ASSAY_TRY(at_field(scan_document(text, len, &raw), "document", where));
    ASSAY_TRY(at_field(find_member(&raw, name, &out->body), name, where));
    ASSAY_TRY(at_field(find_member(&raw, "signature", &quoted), "signature", where));
    if (quoted.len != 2 * ASSAY_P256_SIGNATURE_LEN + 2 || quoted.bytes[0] != '"')
        return at_field(ASSAY_E_SYNTAX, "signature", where);
    ASSAY_TRY(at_field(assay_hex_decode((const char *)quoted.bytes + 1, quoted.len - 2,
                                        out->signature, sizeof out->signature),
                       "signature", where));
    json_error_t error = { 0 }; /* the library leaves the code alone where it has none */
    *root = json_loadb((const char *)text, len, JSON_REJECT_DUPLICATES, &error);
    if (*root == NULL) return at_field(load_error(&error), "document", where);
    ASSAY_ASSERT(out->body.len > 0 && out->body.len < len);
    return ASSAY_OK;
}

enum assay_status assay_doc_tcb_info(const uint8_t *text, size_t len, struct assay_tcb_info *info,
                                     struct assay_signed_json *signed_json,
                                     struct assay_where *where)
{
    ASSAY_ASSERT(signed_json != NULL);
    ASSAY_ASSERT(info != NULL);
    struct assay_signed_json envelope = { 0 };
    struct assay_tcb_info result = { 0 };
    json_t *root = NULL;
    ASSAY_TRY(open_document(text, len, "tcbInfo", &envelope, where, &root));
    struct source body;
    enum assay_status status = get_object((struct source){ root, where }, "tcbInfo", &body);
    if (status == ASSAY_OK) status = read_tcb_info(body, &result);
    json_decref(root);
    if (status != ASSAY_OK) return status;
    *info = result;
    *signed_json = envelope;
    return ASSAY_OK;
}

enum assay_status assay_doc_qe_identity(const uint8_t *text, size_t len,
                                        struct assay_qe_identity *identity,
                                        struct assay_signed_json *signed_json,
                                        struct assay_where *where)
{
    ASSAY_ASSERT(signed_json != NULL);
    ASSAY_ASSERT(identity != NULL);
    struct assay_signed_json envelope = { 0 };
    struct assay_qe_identity result = { 0 };
    json_t *root = NULL;
    ASSAY_TRY(open_document(text, len, "enclaveIdentity", &envelope, where, &root));
    struct source body;
    enum assay_status status = get_object((struct source){ root, where }, "enclaveIdentity", &body);
    if (status == ASSAY_OK) status = read_qe_identity(body, &result);
    json_decref(root);
    if (status != ASSAY_OK) return status;
    *identity = result;
    *signed_json = envelope;
    return ASSAY_OK;
}
