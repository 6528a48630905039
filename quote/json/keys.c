/*
 * quote/json/keys.c - public keys in JSON (RFC 7517), through jansson: a single key, and a key of a
 * set (of a paravisor's runtime data, of another verifier); and the string members of an object.
 *
 * Source: RFC 7517 4 and 5, RFC 7518 6.2.1 (EC), 6.3.1 (RSA). As in jansson.c one pass bounds the
 * nesting before the first call of the library, and duplicate names are refused.
 */
#include "quote/json.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/writer.h"
#include "quote/json/tree.h"

#include <string.h>

enum { EXPONENT_LEN = 4 };

/* Base64urlUInt of one member. */
static enum assay_status take_number(const json_t *key, const char *name, uint8_t *out,
                                     size_t capacity, size_t *len)
{
    const json_t *const value = json_object_get(key, name);
    if (value == NULL) return ASSAY_E_NOT_FOUND;
    if (!json_is_string(value)) return ASSAY_E_TYPE;
    const enum assay_status status = assay_base64_decode(
        ASSAY_BASE64_URL, json_string_value(value), json_string_length(value), out, capacity, len);
    if (status != ASSAY_OK) return status == ASSAY_E_FULL ? ASSAY_E_RANGE : ASSAY_E_SYNTAX;
    ASSAY_ASSERT(*len <= capacity);
    return *len > 0 ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status take_rsa(const json_t *from, struct assay_key *out)
{
    uint8_t bytes[ASSAY_KEY_BYTES_MAX] = { 0 }, exponent[EXPONENT_LEN];
    size_t len = 0, exponent_len = 0;
    const char *const type = json_string_value(json_object_get(from, "kty"));
    if (type == NULL) return ASSAY_E_NOT_FOUND;
    if (strcmp(type, "RSA") != 0) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(take_number(from, "n", bytes, ASSAY_RSA_MODULUS_MAX, &len));
    ASSAY_TRY(take_number(from, "e", exponent, sizeof exponent, &exponent_len));
    if (assay_key_type_of_len(len + EXPONENT_LEN) != ASSAY_KEY_RSA) return ASSAY_E_UNSUPPORTED;
    ASSAY_ASSERT(len + EXPONENT_LEN <= sizeof bytes && exponent_len <= EXPONENT_LEN);
    assay_bytes_copy(bytes + len + EXPONENT_LEN - exponent_len, exponent_len, exponent,
                     exponent_len);
    assay_key_from(out, ASSAY_KEY_RSA, bytes, len + EXPONENT_LEN);
    return ASSAY_OK;
}

/* RFC 7518 6.2.1.2: the full length of a coordinate, leading zeros included. */
static enum assay_status take_point(const json_t *from, enum assay_key_type type, size_t half,
                                    struct assay_key *out)
{
    uint8_t point[ASSAY_P384_PUBLIC_LEN];
    ASSAY_ASSERT(2 * half <= sizeof point);
    size_t x_len = 0, y_len = 0;
    ASSAY_TRY(take_number(from, "x", point, half, &x_len));
    ASSAY_TRY(take_number(from, "y", point + half, half, &y_len));
    if (x_len != half || y_len != half) return ASSAY_E_RANGE;
    assay_key_from(out, type, point, 2 * half);
    return ASSAY_OK;
}

static enum assay_status take_key(const json_t *from, struct assay_key *out)
{
    const json_t *const type = json_object_get(from, "kty");
    if (type == NULL) return ASSAY_E_NOT_FOUND;
    if (!json_is_string(type)) return ASSAY_E_TYPE;
    /* An operator who passes a private key as a root has confused two files. */
    if (json_object_get(from, "d") != NULL) return ASSAY_E_INVALID;
    if (strcmp(json_string_value(type), "RSA") == 0) return take_rsa(from, out);
    if (strcmp(json_string_value(type), "EC") != 0) return ASSAY_E_UNSUPPORTED;
    const char *const curve = json_string_value(json_object_get(from, "crv"));
    if (curve == NULL) return ASSAY_E_NOT_FOUND;
    if (strcmp(curve, "P-256") == 0)
        return take_point(from, ASSAY_KEY_P256, ASSAY_P256_PUBLIC_LEN / 2, out);
    if (strcmp(curve, "P-384") == 0)
        return take_point(from, ASSAY_KEY_P384, ASSAY_P384_PUBLIC_LEN / 2, out);
    return ASSAY_E_UNSUPPORTED;
}

/* The key of that id; two of one id would leave the choice to the reader. */
static enum assay_status find_key(const json_t *root, const char *id, json_t **out)
{
    ASSAY_ASSERT(id != NULL);
    const json_t *const keys = json_object_get(root, "keys");
    json_t *found = NULL;
    if (keys == NULL) return ASSAY_E_NOT_FOUND;
    if (!json_is_array(keys)) return ASSAY_E_TYPE;
    for (size_t i = 0; i < json_array_size(keys); i++) {
        json_t *const key = json_array_get(keys, i);
        const char *const name = json_string_value(json_object_get(key, "kid"));
        if (name == NULL || strcmp(name, id) != 0) continue;
        if (found != NULL) return ASSAY_E_DUPLICATE;
        found = key;
    }
    *out = found;
    return found != NULL ? ASSAY_OK : ASSAY_E_NOT_FOUND;
}

/* An object with any members; released with json_decref. */
static enum assay_status load_object(const uint8_t *text, size_t len, size_t len_max, json_t **root)
{
    ASSAY_TRY(assay_doc_load(text, len, len_max, root));
    if (json_is_object(*root)) return ASSAY_OK;
    json_decref(*root);
    return ASSAY_E_TYPE;
}

enum assay_status assay_doc_web_key(const uint8_t *text, size_t len, struct assay_key *key)
{
    struct assay_key found;
    json_t *root = NULL;
    size_t at = 0;
    while (at < len &&
           (text[at] == ' ' || text[at] == '\t' || text[at] == '\r' || text[at] == '\n'))
        at += 1;
    if (at == len || text[at] != '{') return ASSAY_E_NOT_FOUND;
    ASSAY_TRY(load_object(text, len, ASSAY_DOCUMENT_LEN_MAX, &root));
    const enum assay_status status = take_key(root, &found);
    ASSAY_ASSERT(root != NULL);
    json_decref(root);
    if (status == ASSAY_OK) *key = found;
    return status == ASSAY_E_NOT_FOUND ? ASSAY_E_SYNTAX : status; /* a key that lacks a member */
}

enum assay_status assay_doc_runtime_key(const uint8_t *text, size_t len, const char *id,
                                        struct assay_key *key)
{
    struct assay_key found;
    json_t *root = NULL, *from = NULL;
    ASSAY_TRY(load_object(text, len, ASSAY_DOCUMENT_LEN_MAX, &root));
    enum assay_status status = find_key(root, id, &from);
    if (status == ASSAY_OK) status = take_rsa(from, &found);
    json_decref(root);
    if (status == ASSAY_OK) *key = found;
    return status;
}

/* Neither modulus nor point: the key is in its certificate alone (RFC 7517 4.7). */
static bool has_numbers(const json_t *key)
{
    return json_object_get(key, "n") != NULL || json_object_get(key, "x") != NULL;
}

enum assay_status assay_doc_key_of_set(const uint8_t *text, size_t len, const char *id,
                                       struct assay_doc_tree *tree, struct assay_key *key)
{
    json_t *root = NULL, *from = NULL;
    tree->count = 0;
    *key = (struct assay_key){ .type = ASSAY_KEY_NONE };
    ASSAY_TRY(load_object(text, len, ASSAY_KEY_SET_LEN_MAX, &root));
    enum assay_status status = find_key(root, id, &from);
    if (status == ASSAY_OK && has_numbers(from)) {
        status = take_key(from, key);
        if (status == ASSAY_E_NOT_FOUND) status = ASSAY_E_SYNTAX; /* a key that lacks a member */
    }
    if (status == ASSAY_OK && json_object_get(from, "d") != NULL) status = ASSAY_E_INVALID;
    if (status == ASSAY_OK) status = assay_doc_tree_copy(from, tree);
    json_decref(root);
    return status;
}

/* --- texts */
static struct assay_slice string_of(const json_t *value)
{
    return assay_slice_over(json_string_value(value), json_string_length(value));
}

/* The text of a member; a body with its signature, as Intel publishes the two. */
static void put_text(const json_t *parent, const char *name, const json_t *value,
                     struct assay_writer *w)
{
    ASSAY_ASSERT(json_is_string(value));
    static const struct {
        const char *name, *signature, *head;
    } documents[] = {
        { "tcb_info", "tcb_info_signature", "{\"tcbInfo\":" },
        { "qe_identity", "qe_identity_signature", "{\"enclaveIdentity\":" },
    };
    static const char between[] = ",\"signature\":\"";
    const struct assay_slice body = string_of(value);
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        const json_t *const signature =
            name == NULL ? NULL : json_object_get(parent, documents[i].signature);
        if (!json_is_string(signature) || strcmp(name, documents[i].name) != 0) continue;
        const struct assay_slice digits = string_of(signature);
        assay_writer_put(w, documents[i].head, strlen(documents[i].head));
        assay_writer_put(w, body.bytes, body.len);
        assay_writer_put(w, between, sizeof between - 1);
        assay_writer_put(w, digits.bytes, digits.len);
        assay_writer_put(w, "\"}", 2);
        return;
    }
    assay_writer_put(w, body.bytes, body.len);
}

static enum assay_status find_texts(const json_t *parent, const char *name, json_t *value,
                                    struct assay_writer *w, struct assay_doc_texts *found)
{
    const char *key = NULL;
    json_t *inner = NULL;
    size_t index = 0;
    json_object_foreach(value, key, inner) ASSAY_TRY(find_texts(value, key, inner, w, found));
    json_array_foreach(value, index, inner) ASSAY_TRY(find_texts(value, NULL, inner, w, found));
    if (!json_is_string(value) || !found->is_wanted(string_of(value))) return ASSAY_OK;
    ASSAY_ASSERT(found->count <= ASSAY_JSON_TEXTS_MAX);
    if (found->count == ASSAY_JSON_TEXTS_MAX) return ASSAY_E_FULL;
    const size_t from = w->len;
    put_text(parent, name, value, w);
    if (w->full) return ASSAY_E_FULL;
    found->texts[found->count++] = assay_slice_over(w->bytes + from, w->len - from);
    return ASSAY_OK;
}

enum assay_status assay_doc_texts(const uint8_t *text, size_t len, uint8_t *out, size_t capacity,
                                  struct assay_doc_texts *found)
{
    ASSAY_ASSERT(found != NULL && found->is_wanted != NULL);
    struct assay_writer w = assay_writer_over(out, capacity);
    json_t *root = NULL;
    ASSAY_TRY(load_object(text, len, ASSAY_DOCUMENT_LEN_MAX, &root));
    const enum assay_status status = find_texts(NULL, NULL, root, &w, found);
    json_decref(root);
    return status;
}
