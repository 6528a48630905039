/*
 * apps/signer/pkcs11_uri.c - PKCS#11 URI of a key (RFC 7512).
 */
#include "apps/signer/pkcs11_uri.h"

#include "base/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = ASSAY_PKCS11_PATH_MAX - 1, NAME_SHOWN = 24 };

/* One attribute, its value decoded. */
struct attribute {
    struct assay_slice name;
    bool is_query;
    size_t len;
    char value[VALUE_MAX + 1];
};

static bool is_named(const struct attribute *a, const char *name, bool is_query)
{
    return a->is_query == is_query && a->name.len == strlen(name) &&
           assay_bytes_equal(a->name.bytes, name, a->name.len);
}

/* Characters that RFC 7512 2.3 leaves as they are; another one has to be percent-encoded. */
static bool is_plain(char c, bool is_query)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
    return c != '\0' && strchr(is_query ? "-._~:[]@!$'()*+,=/?|" : "-._~:[]@!$'()*+,=&", c) != NULL;
}

static bool decode_value(const char *text, size_t len, struct attribute *a)
{
    a->len = 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)text[i];
        if (text[i] == '%') {
            if (len - i < 3 || assay_hex_decode(text + i + 1, 2, &byte, 1) != ASSAY_OK)
                return false;
            i += 2;
        } else if (!is_plain(text[i], a->is_query)) {
            return false;
        }
        if (a->len == VALUE_MAX) return false;
        a->value[a->len++] = (char)byte;
    }
    a->value[a->len] = '\0';
    return a->len > 0;
}

/* Once, and of a length that a token can have. */
static bool set_text(const struct attribute *a, char *out, size_t size,
                     struct assay_signer_fault *fault)
{
    const int shown = (int)a->name.len;
    if (out[0] != '\0')
        return assay_signer_fail(fault, ASSAY_SIGNER_USAGE, "%.*s= is there twice", shown,
                                 (const char *)a->name.bytes);
    if (a->len >= size || strlen(a->value) != a->len)
        return assay_signer_fail(fault, ASSAY_SIGNER_USAGE,
                                 "%.*s= has %zu bytes, expected 1 to %zu without NUL", shown,
                                 (const char *)a->name.bytes, a->len, size - 1);
    (void)snprintf(out, size, "%s", a->value);
    return true;
}

static bool set_id(const struct attribute *a, struct assay_pkcs11_uri *uri,
                   struct assay_signer_fault *fault)
{
    if (uri->id_len > 0) return assay_signer_fail(fault, ASSAY_SIGNER_USAGE, "id= is there twice");
    if (a->len > sizeof uri->id)
        return assay_signer_fail(fault, ASSAY_SIGNER_USAGE, "id= has %zu bytes, expected 1 to %zu",
                                 a->len, sizeof uri->id);
    uri->id_len = a->len;
    assay_bytes_copy(uri->id, sizeof uri->id, a->value, a->len);
    return true;
}

static bool set_slot(const struct attribute *a, struct assay_pkcs11_uri *uri,
                     struct assay_signer_fault *fault)
{
    if (uri->has_slot || a->len > 19 || strspn(a->value, "0123456789") != a->len)
        return assay_signer_fail(fault, ASSAY_SIGNER_USAGE,
                                 "slot-id= wants one decimal number of at most 19 digits");
    uri->has_slot = true;
    uri->slot_id = strtoul(a->value, NULL, 10);
    return true;
}

static bool set_path(const struct attribute *a, char *out, struct assay_signer_fault *fault)
{
    const char *const path = strncmp(a->value, "file:", 5) == 0 ? a->value + 5 : a->value;
    struct attribute bare = { .name = a->name, .len = strlen(path) };
    if (path[0] != '/' || strlen(a->value) != a->len)
        return assay_signer_fail(fault, ASSAY_SIGNER_USAGE,
                                 "%.*s= wants an absolute path of a file", (int)a->name.len,
                                 (const char *)a->name.bytes);
    (void)snprintf(bare.value, sizeof bare.value, "%s", path);
    return set_text(&bare, out, ASSAY_PKCS11_PATH_MAX, fault);
}

static bool set_attribute(const struct attribute *a, struct assay_pkcs11_uri *uri,
                          struct assay_signer_fault *fault)
{
    const struct {
        const char *name;
        char *text;
        size_t size;
    } texts[] = {
        { "token", uri->token, sizeof uri->token },
        { "manufacturer", uri->manufacturer, sizeof uri->manufacturer },
        { "model", uri->model, sizeof uri->model },
        { "serial", uri->serial, sizeof uri->serial },
        { "object", uri->object, sizeof uri->object },
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (is_named(a, texts[i].name, false))
            return set_text(a, texts[i].text, texts[i].size, fault);
    if (is_named(a, "id", false)) return set_id(a, uri, fault);
    if (is_named(a, "slot-id", false)) return set_slot(a, uri, fault);
    if (is_named(a, "type", false) &&
        (strcmp(a->value, "private") == 0 || strcmp(a->value, "public") == 0))
        return true; /* of a key both halves are used */
    if (is_named(a, "module-path", true)) return set_path(a, uri->module_path, fault);
    if (is_named(a, "pin-source", true)) return set_path(a, uri->pin_source, fault);
    const int shown = a->name.len < NAME_SHOWN ? (int)a->name.len : NAME_SHOWN;
    return assay_signer_fail(
        fault, ASSAY_SIGNER_USAGE,
        "attribute \"%.*s\" is not supported%s; expected token, serial, model, "
        "manufacturer, slot-id, object, id or type=private, and after \"?\" "
        "module-path or pin-source",
        shown, (const char *)a->name.bytes, a->is_query ? " after \"?\"" : " before \"?\"");
}

/* text[len] is "NAME=VALUE". */
static bool take_attribute(const char *text, size_t len, bool is_query,
                           struct assay_pkcs11_uri *uri, struct assay_signer_fault *fault)
{
    struct attribute a = { .is_query = is_query };
    const char *const equals = memchr(text, '=', len);
    if (equals == NULL)
        return assay_signer_fail(fault, ASSAY_SIGNER_USAGE,
                                 "expected NAME=VALUE, found none in one part of the URI");
    a.name = assay_slice_over(text, (size_t)(equals - text));
    /* Command lines are visible to every user of the machine, and stored in histories. */
    if (is_named(&a, "pin-value", false) || is_named(&a, "pin-value", true))
        return assay_signer_fail(fault, ASSAY_SIGNER_USAGE,
                                 "pin-value is refused: other users can read a PIN in a command "
                                 "line; expected pin-source=/FILE, or the PIN at the prompt");
    if (!decode_value(equals + 1, len - a.name.len - 1, &a)) {
        const int shown = a.name.len < NAME_SHOWN ? (int)a.name.len : NAME_SHOWN;
        return assay_signer_fail(fault, ASSAY_SIGNER_USAGE,
                                 "the value of \"%.*s\" is empty, too long, or has a character "
                                 "that must be written as %%XX",
                                 shown, text);
    }
    const bool taken = set_attribute(&a, uri, fault);
    assay_secret_wipe(a.value, sizeof a.value);
    return taken;
}

/* Parts that are separated by one character, up to end. */
static bool take_part(const char *text, const char *end, char separator, bool is_query,
                      struct assay_pkcs11_uri *uri, struct assay_signer_fault *fault)
{
    while (text < end) {
        const char *const stop = memchr(text, separator, (size_t)(end - text));
        const char *const next = stop != NULL ? stop : end;
        if (!take_attribute(text, (size_t)(next - text), is_query, uri, fault)) return false;
        text = next + (stop != NULL ? 1 : 0);
    }
    return true;
}

bool assay_pkcs11_uri_parse(const char *text, struct assay_pkcs11_uri *uri,
                            struct assay_signer_fault *fault)
{
    const size_t len = strlen(text), path_len = strcspn(text, "?");
    *uri = (struct assay_pkcs11_uri){ .id_len = 0 };
    if (!take_part(text, text + path_len, ';', false, uri, fault)) return false;
    if (path_len < len && !take_part(text + path_len + 1, text + len, '&', true, uri, fault))
        return false;
    if (uri->object[0] == '\0' && uri->id_len == 0)
        return assay_signer_fail(fault, ASSAY_SIGNER_USAGE,
                                 "no key is selected: expected object=LABEL or id=%%XX");
    return true;
}
