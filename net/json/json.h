/*
 * net/json/json.h - JSON documents: built by the admin socket, read by the command line.
 *
 * The one adapter of jansson for our own documents (signed collateral has a stricter one in
 * quote/json/). Values are reference-counted by the library; here everything built belongs to the
 * document it was put into. Only integers, texts, booleans, null, arrays and objects: no floats.
 */
#ifndef ASSAY_NET_JSON_JSON_H
#define ASSAY_NET_JSON_JSON_H

#include "base/bytes.h"

struct assay_json; /* one value */

enum {
    ASSAY_JSON_LEN_MAX = 8 << 20,
    ASSAY_JSON_DEPTH_MAX = 16, /* the library recurses; our own documents need 6 */
};

/* --- building. A failed allocation makes the value NULL; putting NULL anywhere is remembered in
 * nothing and simply leaves the key out, so check the text at the end: it is NULL then. */
/* Returns: an empty object or array; the caller frees it with assay_json_free unless it was put. */
struct assay_json *assay_json_object(void);
struct assay_json *assay_json_array(void);
/* The same, put into object or array at once and still to be filled: borrowed from it. */
struct assay_json *assay_json_set_object(struct assay_json *object, const char *key);
struct assay_json *assay_json_set_array(struct assay_json *object, const char *key);
struct assay_json *assay_json_append_object(struct assay_json *array);
/* Texts are cut to valid UTF-8, NULL is null; numbers above 2^63 - 1, where readers of JSON differ,
 * become the text of their digits. Each */
void assay_json_set_text(struct assay_json *object, const char *key, const char *text);
void assay_json_set_text_n(struct assay_json *object, const char *key, const void *text,
                           size_t len);
void assay_json_set_uint(struct assay_json *object, const char *key, uint64_t value);
void assay_json_set_int(struct assay_json *object, const char *key, int64_t value);
void assay_json_set_bool(struct assay_json *object, const char *key, bool value);
void assay_json_set_null(struct assay_json *object, const char *key);
/* RFC 3339, in UTC. */
void assay_json_set_time(struct assay_json *object, const char *key, int64_t unix_s);
void assay_json_set_time_ms(struct assay_json *object, const char *key, uint64_t unix_ms);
void assay_json_set_hex(struct assay_json *object, const char *key, const uint8_t *bytes,
                        size_t len);
/* Takes value over. */
void assay_json_set(struct assay_json *object, const char *key, struct assay_json *value);
void assay_json_append(struct assay_json *array, struct assay_json *value);
void assay_json_append_text(struct assay_json *array, const char *text);
void assay_json_append_uint(struct assay_json *array, uint64_t value);
void assay_json_append_null(struct assay_json *array);
/* Returns: NUL-terminated text of malloc (the caller frees), keys in the order they were set; NULL
 * without memory. indent 0: one line. */
char *assay_json_print(const struct assay_json *value, unsigned indent);
/* All of it again. Returns: the copy, NULL of NULL or without memory. */
struct assay_json *assay_json_copy(const struct assay_json *value);
/* Accepts NULL; sets the pointer to NULL. */
void assay_json_free(struct assay_json **value);

/* What a value is. A number with a point or an exponent is REAL: no document of ours has one. */
enum assay_json_kind {
    ASSAY_JSON_NOTHING, /* NULL: the key is not there */
    ASSAY_JSON_NULL,
    ASSAY_JSON_BOOL,
    ASSAY_JSON_INTEGER,
    ASSAY_JSON_REAL,
    ASSAY_JSON_TEXT,
    ASSAY_JSON_ARRAY,
    ASSAY_JSON_OBJECT,
};

/* --- reading. Getters take NULL values and say "not there", so that chains need no checks. */
/*
 * Duplicate keys, trailing bytes, anything but an object or array at the top are refused.
 * Returns: ASSAY_OK and *out (the caller frees) | ASSAY_E_SYNTAX | ASSAY_E_RANGE (longer than
 * ASSAY_JSON_LEN_MAX, or nested beyond ASSAY_JSON_DEPTH_MAX)
 */
ASSAY_CHECKED enum assay_status assay_json_parse(const char *text, size_t len,
                                                 struct assay_json **out);
/* Where a text stops being JSON: line from 1, column in characters. */
struct assay_json_place {
    int line, column;
};
/* The same. Out: *place of ASSAY_E_SYNTAX; the beginning of a text of any other fault */
ASSAY_CHECKED enum assay_status assay_json_parse_at(const char *text, size_t len,
                                                    struct assay_json **out,
                                                    struct assay_json_place *place);
/* Returns: the borrowed member, or NULL. */
const struct assay_json *assay_json_get(const struct assay_json *object, const char *key);
/* Returns: items of an array; 0 for anything else. */
size_t assay_json_count(const struct assay_json *array);
const struct assay_json *assay_json_at(const struct assay_json *array, size_t index);
/* Returns: what the value is. */
enum assay_json_kind assay_json_kind_of(const struct assay_json *value);
/* Returns: members of an object; 0 for anything else. */
size_t assay_json_size(const struct assay_json *object);
/* Walk the members of an object. Returns: false past the last one. */
bool assay_json_member(const struct assay_json *object, size_t index, const char **key,
                       const struct assay_json **value);
/* Returns: the value, or the fallback when it is absent or of another type. */
uint64_t assay_json_uint(const struct assay_json *object, const char *key, uint64_t fallback);
bool assay_json_bool(const struct assay_json *object, const char *key, bool fallback);
const char *assay_json_text(const struct assay_json *object, const char *key, const char *fallback);
/* The value itself as text, NULL when it is none. */
const char *assay_json_as_text(const struct assay_json *value);
/* Returns: whether the value itself is true. */
bool assay_json_as_bool(const struct assay_json *value);
/* The value itself as an integer. Returns: false when it is none. */
bool assay_json_as_int(const struct assay_json *value, int64_t *out);

#endif
