/*
 * net/json/jansson.c - JSON documents over jansson.
 */
#include "net/json/json.h"

#include "base/assert.h"
#include "base/rfc3339.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The opaque type is jansson's own; it never leaves this file by name. */
static json_t *from_jansson(struct assay_json *value)
{
    return (json_t *)value;
}

static const json_t *from_jansson_const(const struct assay_json *value)
{
    return (const json_t *)value;
}

static struct assay_json *to_jansson(json_t *value)
{
    return (struct assay_json *)value;
}

static const struct assay_json *to_jansson_const(const json_t *value)
{
    return (const struct assay_json *)value;
}

/* ------------------------------------------------------------ building */

struct assay_json *assay_json_object(void)
{
    return to_jansson(json_object());
}

struct assay_json *assay_json_array(void)
{
    return to_jansson(json_array());
}

/* The library refuses a NULL object or value and frees what it was to take over. */
static void set_member(struct assay_json *object, const char *key, json_t *value)
{
    ASSAY_ASSERT(key != NULL);
    (void)json_object_set_new(from_jansson(object), key, value);
}

/* Text from other nodes may be cut or malformed: what is no UTF-8 becomes question marks. */
static json_t *text_value(const char *text, size_t len)
{
    ASSAY_ASSERT(text != NULL);
    json_t *value = json_stringn(text, len);
    if (value != NULL) return value;
    char *copy = malloc(len + 1);
    if (copy == NULL) return NULL;
    for (size_t i = 0; i < len; i++)
        copy[i] = (char)((text[i] & 0x80) != 0 ? '?' : text[i]);
    value = json_stringn(copy, len);
    free(copy);
    return value;
}

void assay_json_set_text(struct assay_json *object, const char *key, const char *text)
{
    set_member(object, key, text != NULL ? text_value(text, strlen(text)) : json_null());
}

void assay_json_set_text_n(struct assay_json *object, const char *key, const void *text, size_t len)
{
    ASSAY_ASSERT(len == 0 || text != NULL);
    set_member(object, key, text_value(len != 0 ? text : "", len));
}

/* JSON readers agree on integers up to 2^63 - 1; above, the digits as text lose nothing. */
static json_t *uint_value(uint64_t value)
{
    char digits[24];
    if (value <= INT64_MAX) return json_integer((json_int_t)value);
    (void)snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    return json_string(digits);
}

void assay_json_set_uint(struct assay_json *object, const char *key, uint64_t value)
{
    set_member(object, key, uint_value(value));
}

void assay_json_set_int(struct assay_json *object, const char *key, int64_t value)
{
    set_member(object, key, json_integer((json_int_t)value));
}

void assay_json_set_bool(struct assay_json *object, const char *key, bool value)
{
    set_member(object, key, json_boolean(value));
}

void assay_json_set_null(struct assay_json *object, const char *key)
{
    set_member(object, key, json_null());
}

void assay_json_set_time(struct assay_json *object, const char *key, int64_t unix_s)
{
    char text[ASSAY_RFC3339_LEN + 1] = "";
    assay_rfc3339_format(unix_s, text);
    assay_json_set_text(object, key, text);
}

void assay_json_set_time_ms(struct assay_json *object, const char *key, uint64_t unix_ms)
{
    char text[ASSAY_RFC3339_MS_LEN + 1] = "";
    assay_rfc3339_format_ms(unix_ms, text);
    assay_json_set_text(object, key, text);
}

void assay_json_set_hex(struct assay_json *object, const char *key, const uint8_t *bytes,
                        size_t len)
{
    ASSAY_ASSERT(len <= ASSAY_JSON_LEN_MAX / 2);
    char *const text = malloc(2 * len + 1);
    if (text != NULL) assay_hex_encode(bytes, len, text, 2 * len + 1);
    set_member(object, key, text == NULL ? NULL : json_stringn(text, 2 * len));
    free(text);
}

void assay_json_set(struct assay_json *object, const char *key, struct assay_json *value)
{
    ASSAY_ASSERT(value == NULL || object != value);
    set_member(object, key, from_jansson(value));
}

void assay_json_append(struct assay_json *array, struct assay_json *value)
{
    ASSAY_ASSERT(value == NULL || array != value);
    (void)json_array_append_new(from_jansson(array), from_jansson(value));
}

struct assay_json *assay_json_set_object(struct assay_json *object, const char *key)
{
    json_t *const child = json_object();
    return json_object_set_new(from_jansson(object), key, child) == 0 ? to_jansson(child) : NULL;
}

struct assay_json *assay_json_set_array(struct assay_json *object, const char *key)
{
    json_t *const child = json_array();
    return json_object_set_new(from_jansson(object), key, child) == 0 ? to_jansson(child) : NULL;
}

struct assay_json *assay_json_append_object(struct assay_json *array)
{
    json_t *const child = json_object();
    return json_array_append_new(from_jansson(array), child) == 0 ? to_jansson(child) : NULL;
}

void assay_json_append_text(struct assay_json *array, const char *text)
{
    ASSAY_ASSERT(text != NULL);
    (void)json_array_append_new(from_jansson(array), text_value(text, strlen(text)));
}

void assay_json_append_uint(struct assay_json *array, uint64_t value)
{
    (void)json_array_append_new(from_jansson(array), uint_value(value));
}

void assay_json_append_null(struct assay_json *array)
{
    (void)json_array_append_new(from_jansson(array), json_null());
}

char *assay_json_print(const struct assay_json *value, unsigned indent)
{
    ASSAY_ASSERT(indent <= 31);
    if (value == NULL) return NULL;
    const size_t layout = indent != 0 ? JSON_INDENT(indent) : JSON_COMPACT;
    return json_dumps(from_jansson_const(value), JSON_ENCODE_ANY | JSON_PRESERVE_ORDER | layout);
}

struct assay_json *assay_json_copy(const struct assay_json *value)
{
    return to_jansson(json_deep_copy(from_jansson_const(value)));
}

void assay_json_free(struct assay_json **value)
{
    ASSAY_ASSERT(value != NULL);
    json_decref(from_jansson(*value));
    *value = NULL;
}

/* ------------------------------------------------------------ reading */

/* Brackets outside of texts; what is no JSON is left to the parser. */
static bool too_deep(const char *text, size_t len)
{
    ASSAY_ASSERT(len <= ASSAY_JSON_LEN_MAX);
    size_t depth = 0;
    bool in_text = false;
    for (size_t i = 0; i < len; i++) {
        const char c = text[i];
        if (in_text) {
            if (c == '\\') i++;
            in_text = c != '"';
        } else if (c == '"') in_text = true;
        else if (c == '{' || c == '[') {
            if (++depth > ASSAY_JSON_DEPTH_MAX) return true;
        } else if ((c == '}' || c == ']') && depth > 0) depth--;
    }
    ASSAY_ASSERT(depth <= ASSAY_JSON_DEPTH_MAX);
    return false;
}

enum assay_status assay_json_parse(const char *text, size_t len, struct assay_json **parsed)
{
    struct assay_json_place place;
    return assay_json_parse_at(text, len, parsed, &place);
}

enum assay_status assay_json_parse_at(const char *text, size_t len, struct assay_json **parsed,
                                      struct assay_json_place *place)
{
    ASSAY_ASSERT(parsed != NULL && place != NULL);
    json_error_t error = { 0 };
    *place = (struct assay_json_place){ .line = 1 };
    if (len > ASSAY_JSON_LEN_MAX || too_deep(text, len)) return ASSAY_E_RANGE;
    json_t *value = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
    if (value == NULL) {
        *place = (struct assay_json_place){ .line = error.line, .column = error.column };
        return ASSAY_E_SYNTAX;
    }
    *parsed = to_jansson(value);
    return ASSAY_OK;
}

const struct assay_json *assay_json_get(const struct assay_json *object, const char *key)
{
    ASSAY_ASSERT(key != NULL);
    return to_jansson_const(json_object_get(from_jansson_const(object), key));
}

size_t assay_json_count(const struct assay_json *array)
{
    return json_array_size(from_jansson_const(array));
}

const struct assay_json *assay_json_at(const struct assay_json *array, size_t index)
{
    return to_jansson_const(json_array_get(from_jansson_const(array), index));
}

enum assay_json_kind assay_json_kind_of(const struct assay_json *value)
{
    if (value == NULL) return ASSAY_JSON_NOTHING;
    switch (json_typeof(from_jansson_const(value))) {
    case JSON_OBJECT: return ASSAY_JSON_OBJECT;
    case JSON_ARRAY: return ASSAY_JSON_ARRAY;
    case JSON_STRING: return ASSAY_JSON_TEXT;
    case JSON_INTEGER: return ASSAY_JSON_INTEGER;
    case JSON_REAL: return ASSAY_JSON_REAL;
    case JSON_TRUE:
    case JSON_FALSE: return ASSAY_JSON_BOOL;
    case JSON_NULL: return ASSAY_JSON_NULL;
    }
    ASSAY_UNREACHABLE("a JSON value of no type");
}

size_t assay_json_size(const struct assay_json *object)
{
    return json_object_size(from_jansson_const(object));
}

bool assay_json_member(const struct assay_json *object, size_t index, const char **key,
                       const struct assay_json **value)
{
    ASSAY_ASSERT(key != NULL && value != NULL);
    union {
        const struct assay_json *given;
        struct assay_json *walked; /* the library's iterator writes nothing through it */
    } as = { .given = object };
    void *at = json_object_iter(from_jansson(as.walked));
    for (size_t i = 0; at != NULL && i < index; i++)
        at = json_object_iter_next(from_jansson(as.walked), at);
    if (at == NULL) return false;
    *key = json_object_iter_key(at);
    *value = to_jansson_const(json_object_iter_value(at));
    return true;
}

uint64_t assay_json_uint(const struct assay_json *object, const char *key, uint64_t fallback)
{
    ASSAY_ASSERT(key != NULL);
    const json_t *value = from_jansson_const(assay_json_get(object, key));
    if (!json_is_integer(value) || json_integer_value(value) < 0) return fallback;
    return (uint64_t)json_integer_value(value);
}

bool assay_json_bool(const struct assay_json *object, const char *key, bool fallback)
{
    ASSAY_ASSERT(key != NULL);
    const json_t *value = from_jansson_const(assay_json_get(object, key));
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

const char *assay_json_text(const struct assay_json *object, const char *key, const char *fallback)
{
    ASSAY_ASSERT(key != NULL);
    const char *text = assay_json_as_text(assay_json_get(object, key));
    return text != NULL ? text : fallback;
}

const char *assay_json_as_text(const struct assay_json *value)
{
    return json_string_value(from_jansson_const(value));
}

bool assay_json_as_bool(const struct assay_json *value)
{
    return json_is_true(from_jansson_const(value));
}

bool assay_json_as_int(const struct assay_json *value, int64_t *out)
{
    ASSAY_ASSERT(out != NULL);
    if (!json_is_integer(from_jansson_const(value))) return false;
    *out = (int64_t)json_integer_value(from_jansson_const(value));
    return true;
}
