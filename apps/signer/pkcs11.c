/*
 * apps/signer/pkcs11.c - key of a PKCS#11 token: the one adapter of modules (PKCS#11 2.40).
 *
 * A module's code runs in this process; its answers are checked like those of a peer: counts and
 * lengths against the memory that was offered, texts as padded bytes, points and signatures by the
 * caller (signer.c).
 */
#include "apps/signer/pkcs11.h"

#include "apps/signer/pin.h"
#include "base/assert.h"
#include "base/file/library.h"

#define CRYPTOKI_GNU
#include <p11-kit/pkcs11.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_MAX = 64, TOKENS_SHOWN = 6, SIGNATURE_MAX = 256, ID_NEW_LEN = 16 };

/* p11-kit itself is a module: the sum of those that the machine has registered. */
static const char default_module[] = "libp11-kit.so.0";

/* prime256v1, and the point of a key before its coordinates: OCTET STRING, uncompressed. */
static const uint8_t p256_parameters[] = { 0x06, 0x08, 0x2a, 0x86, 0x48,
                                           0xce, 0x3d, 0x03, 0x01, 0x07 };
static const uint8_t point_head[] = { 0x04, 0x41, 0x04 };

struct assay_pkcs11 {
    struct ck_function_list *module;
    bool is_initialized; /* here, so it is finalized here */
    bool has_session, is_logged_in, wants_pin_each_time;
    ck_slot_id_t slot;
    ck_session_handle_t session;
    ck_object_handle_t private_key;
    struct ck_token_info info;
    char name[ASSAY_PKCS11_LABEL_MAX + 1];
    char path[ASSAY_PKCS11_PATH_MAX]; /* of the module */
    char pin_source[ASSAY_PKCS11_PATH_MAX];
    struct assay_pin pin; /* kept for keys that want it for each signature */
};

/* ------------------------------------------------------------ errors */

static const char *name_of(ck_rv_t rv)
{
    static const struct {
        ck_rv_t rv;
        const char *name;
    } names[] = {
        { CKR_HOST_MEMORY, "CKR_HOST_MEMORY" },
        { CKR_GENERAL_ERROR, "CKR_GENERAL_ERROR" },
        { CKR_FUNCTION_FAILED, "CKR_FUNCTION_FAILED" },
        { CKR_ARGUMENTS_BAD, "CKR_ARGUMENTS_BAD" },
        { CKR_ATTRIBUTE_SENSITIVE, "CKR_ATTRIBUTE_SENSITIVE" },
        { CKR_ATTRIBUTE_TYPE_INVALID, "CKR_ATTRIBUTE_TYPE_INVALID" },
        { CKR_ATTRIBUTE_VALUE_INVALID, "CKR_ATTRIBUTE_VALUE_INVALID" },
        { CKR_BUFFER_TOO_SMALL, "CKR_BUFFER_TOO_SMALL" },
        { CKR_DEVICE_ERROR, "CKR_DEVICE_ERROR" },
        { CKR_DEVICE_REMOVED, "CKR_DEVICE_REMOVED" },
        { CKR_FUNCTION_CANCELED, "CKR_FUNCTION_CANCELED" },
        { CKR_FUNCTION_NOT_SUPPORTED, "CKR_FUNCTION_NOT_SUPPORTED" },
        { CKR_FUNCTION_REJECTED, "CKR_FUNCTION_REJECTED" },
        { CKR_KEY_FUNCTION_NOT_PERMITTED, "CKR_KEY_FUNCTION_NOT_PERMITTED" },
        { CKR_KEY_TYPE_INCONSISTENT, "CKR_KEY_TYPE_INCONSISTENT" },
        { CKR_MECHANISM_INVALID, "CKR_MECHANISM_INVALID" },
        { CKR_PIN_EXPIRED, "CKR_PIN_EXPIRED" },
        { CKR_SESSION_READ_ONLY, "CKR_SESSION_READ_ONLY" },
        { CKR_TEMPLATE_INCOMPLETE, "CKR_TEMPLATE_INCOMPLETE" },
        { CKR_TEMPLATE_INCONSISTENT, "CKR_TEMPLATE_INCONSISTENT" },
        { CKR_TOKEN_NOT_PRESENT, "CKR_TOKEN_NOT_PRESENT" },
        { CKR_TOKEN_WRITE_PROTECTED, "CKR_TOKEN_WRITE_PROTECTED" },
        { CKR_USER_NOT_LOGGED_IN, "CKR_USER_NOT_LOGGED_IN" },
        { CKR_USER_PIN_NOT_INITIALIZED, "CKR_USER_PIN_NOT_INITIALIZED" },
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].rv == rv) return names[i].name;
    return "an error";
}

/* what: the action, "log in". Returns: false. */
static bool fail_call(struct assay_signer_fault *fault, const char *what, ck_rv_t rv)
{
    enum assay_signer_outcome outcome = ASSAY_SIGNER_INTERNAL;
    if (rv == CKR_FUNCTION_CANCELED || rv == CKR_FUNCTION_REJECTED || rv == CKR_USER_NOT_LOGGED_IN)
        outcome = ASSAY_SIGNER_DENIED;
    if (rv == CKR_DEVICE_REMOVED || rv == CKR_TOKEN_NOT_PRESENT) outcome = ASSAY_SIGNER_NOT_FOUND;
    return assay_signer_fail(fault, outcome, "the module cannot %s: %s (0x%lx)", what, name_of(rv),
                             (unsigned long)rv);
}

/* ------------------------------------------------------------ module */

/* Every function that is called here: a list may have holes, which are no functions to call. */
static const char *missing_function(const struct ck_function_list *m)
{
    const struct {
        const char *name;
        bool is_there;
    } functions[] = {
        { "C_Initialize", m->C_Initialize != NULL },
        { "C_Finalize", m->C_Finalize != NULL },
        { "C_GetSlotList", m->C_GetSlotList != NULL },
        { "C_GetTokenInfo", m->C_GetTokenInfo != NULL },
        { "C_OpenSession", m->C_OpenSession != NULL },
        { "C_CloseSession", m->C_CloseSession != NULL },
        { "C_Login", m->C_Login != NULL },
        { "C_Logout", m->C_Logout != NULL },
        { "C_FindObjectsInit", m->C_FindObjectsInit != NULL },
        { "C_FindObjects", m->C_FindObjects != NULL },
        { "C_FindObjectsFinal", m->C_FindObjectsFinal != NULL },
        { "C_GetAttributeValue", m->C_GetAttributeValue != NULL },
        { "C_SignInit", m->C_SignInit != NULL },
        { "C_Sign", m->C_Sign != NULL },
        { "C_GenerateKeyPair", m->C_GenerateKeyPair != NULL },
    };
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        if (!functions[i].is_there) return functions[i].name;
    return NULL;
}

static bool load_module(struct assay_pkcs11 *p, const char *path, struct assay_signer_fault *fault)
{
    CK_C_GetFunctionList get_list = NULL;
    char why[ASSAY_FILE_MESSAGE_LEN];
    const struct assay_library_function functions[] = { { "C_GetFunctionList", &get_list } };
    if (!assay_library_load(path, functions, 1, why))
        return assay_signer_fail(fault, ASSAY_SIGNER_NOT_FOUND,
                                 "the PKCS#11 module cannot be loaded: %.300s; expected "
                                 "?module-path=/FILE in the URI, or ASSAY_PKCS11_MODULE",
                                 why);
    ck_rv_t rv = get_list(&p->module);
    if (rv == CKR_OK && (p->module == NULL || p->module->version.major < 2))
        return assay_signer_fail(fault, ASSAY_SIGNER_FAULTY,
                                 "%.200s is no PKCS#11 module of version 2 or later", path);
    const char *const missing = rv == CKR_OK ? missing_function(p->module) : NULL;
    if (missing != NULL)
        return assay_signer_fail(fault, ASSAY_SIGNER_FAULTY,
                                 "the PKCS#11 module %.200s has no function %s, expected all of "
                                 "version 2.40",
                                 path, missing);
    if (rv == CKR_OK) {
        rv = p->module->C_Initialize(NULL);
        p->is_initialized = rv == CKR_OK;
        if (rv == CKR_CRYPTOKI_ALREADY_INITIALIZED) rv = CKR_OK;
    }
    return rv == CKR_OK || fail_call(fault, "start", rv);
}

static bool open_module(struct assay_pkcs11 *p, const struct assay_pkcs11_uri *uri,
                        struct assay_signer_fault *fault)
{
    const char *path = uri->module_path;
    if (path[0] == '\0') {
        const char *const other = getenv("ASSAY_PKCS11_MODULE");
        path = other != NULL && other[0] != '\0' ? other : default_module;
        /* Any other name would be searched for in LD_LIBRARY_PATH. */
        if (path != default_module && path[0] != '/')
            return assay_signer_fail(fault, ASSAY_SIGNER_USAGE,
                                     "ASSAY_PKCS11_MODULE is \"%.200s\", expected an absolute path",
                                     path);
    }
    (void)snprintf(p->path, sizeof p->path, "%s", path);
    return load_module(p, path, fault);
}

/* ------------------------------------------------------------ token */

/* Bytes padded with blanks, without a NUL (PKCS#11 3.3). Returns: their length without padding. */
static size_t padded_len(const unsigned char *bytes, size_t size)
{
    while (size > 0 && (bytes[size - 1] == ' ' || bytes[size - 1] == '\0'))
        size--;
    return size;
}

static bool fits(const char *wanted, const unsigned char *bytes, size_t size)
{
    const size_t len = padded_len(bytes, size);
    return wanted[0] == '\0' || (strlen(wanted) == len && assay_bytes_equal(wanted, bytes, len));
}

static bool is_wanted(const struct assay_pkcs11_uri *uri, ck_slot_id_t slot,
                      const struct ck_token_info *info)
{
    return (info->flags & CKF_TOKEN_INITIALIZED) != 0 && (!uri->has_slot || uri->slot_id == slot) &&
           fits(uri->token, info->label, sizeof info->label) &&
           fits(uri->manufacturer, info->manufacturer_id, sizeof info->manufacturer_id) &&
           fits(uri->model, info->model, sizeof info->model) &&
           fits(uri->serial, info->serial_number, sizeof info->serial_number);
}

/* Adds "LABEL (serial SERIAL)" to a list for the user. */
static void list_token(const struct ck_token_info *info, size_t number, char *list, size_t size)
{
    const size_t at = strlen(list);
    if (number == TOKENS_SHOWN) (void)snprintf(list + at, size - at, ", ...");
    if (number >= TOKENS_SHOWN) return;
    (void)snprintf(list + at, size - at, "%s\"%.*s\" (serial %.*s)", number > 0 ? ", " : "",
                   (int)padded_len(info->label, sizeof info->label), (const char *)info->label,
                   (int)padded_len(info->serial_number, sizeof info->serial_number),
                   (const char *)info->serial_number);
}

/* One token alone fits, or none is used: a label is no proof of which one it is. */
static bool choose_token(struct assay_pkcs11 *p, const struct assay_pkcs11_uri *uri,
                         const ck_slot_id_t *slots, unsigned long count,
                         struct assay_signer_fault *fault)
{
    char all[TOKENS_SHOWN * 80] = "", fitting[TOKENS_SHOWN * 80] = "";
    size_t seen = 0, found = 0;
    for (unsigned long i = 0; i < count; i++) {
        struct ck_token_info info;
        if (p->module->C_GetTokenInfo(slots[i], &info) != CKR_OK) continue;
        if ((info.flags & CKF_TOKEN_INITIALIZED) != 0) list_token(&info, seen++, all, sizeof all);
        if (!is_wanted(uri, slots[i], &info)) continue;
        list_token(&info, found++, fitting, sizeof fitting);
        p->slot = slots[i];
        p->info = info;
    }
    if (found == 0 && seen == 0)
        return assay_signer_fail(fault, ASSAY_SIGNER_NOT_FOUND,
                                 "module %.200s has no token: insert it, or name its own module "
                                 "(?module-path=/FILE, or ASSAY_PKCS11_MODULE)",
                                 p->path);
    if (found == 0)
        return assay_signer_fail(fault, ASSAY_SIGNER_NOT_FOUND,
                                 "no token fits the URI; the module has %s", all);
    if (found > 1)
        return assay_signer_fail(fault, ASSAY_SIGNER_CONFLICT,
                                 "%zu tokens fit the URI, expected one: add serial= or token=; "
                                 "they are %s",
                                 found, fitting);
    (void)snprintf(p->name, sizeof p->name, "%.*s",
                   (int)padded_len(p->info.label, sizeof p->info.label),
                   (const char *)p->info.label);
    return true;
}

static bool find_token(struct assay_pkcs11 *p, const struct assay_pkcs11_uri *uri,
                       struct assay_signer_fault *fault)
{
    ck_slot_id_t slots[SLOTS_MAX];
    unsigned long count = SLOTS_MAX;
    const ck_rv_t rv = p->module->C_GetSlotList(1, slots, &count);
    if (rv == CKR_BUFFER_TOO_SMALL || (rv == CKR_OK && count > SLOTS_MAX))
        return assay_signer_fail(fault, ASSAY_SIGNER_FAULTY,
                                 "the module has more than %d slots with a token", SLOTS_MAX);
    if (rv != CKR_OK) return fail_call(fault, "list its slots", rv);
    return choose_token(p, uri, slots, count, fault);
}

/* ------------------------------------------------------------ PIN */

/* Of the tries that are left before the token is locked. "": it reports nothing. */
static const char *tries_left(ck_flags_t flags)
{
    if ((flags & CKF_USER_PIN_LOCKED) != 0) return "the token is locked now";
    if ((flags & CKF_USER_PIN_FINAL_TRY) != 0) return "one try is left before the token is locked";
    if ((flags & CKF_USER_PIN_COUNT_LOW) != 0)
        return "a wrong PIN was entered before, and few tries are left";
    return "";
}

/* NULL PIN: it is entered at the token itself. */
static bool obtain_pin(struct assay_pkcs11 *p, struct assay_signer_fault *fault)
{
    char prompt[ASSAY_PKCS11_LABEL_MAX + 128];
    const char *const left = tries_left(p->info.flags);
    if (p->pin.len > 0) return true;
    if ((p->info.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0) {
        (void)fprintf(stderr, "assay: enter the PIN at the reader of the token\n");
        return true;
    }
    /* A file with an old PIN, read by each run of a script, would lock the token. */
    if (p->pin_source[0] != '\0' && (p->info.flags & CKF_USER_PIN_FINAL_TRY) != 0)
        return assay_signer_fail(fault, ASSAY_SIGNER_DENIED,
                                 "%s, which is not spent on a PIN from a file: leave out "
                                 "pin-source, and enter the PIN at the terminal",
                                 left);
    if (p->pin_source[0] != '\0') return assay_pin_read(p->pin_source, &p->pin, fault);
    (void)snprintf(prompt, sizeof prompt, "%s%sPIN of token \"%s\": ", left,
                   left[0] != '\0' ? ". " : "", p->name);
    assay_signer_make_printable(prompt); /* the label */
    return assay_pin_prompt(prompt, &p->pin, fault);
}

static bool fail_pin(struct assay_pkcs11 *p, ck_rv_t rv, struct assay_signer_fault *fault)
{
    struct ck_token_info info = p->info;
    if (p->module->C_GetTokenInfo(p->slot, &info) != CKR_OK) info.flags = 0;
    const char *left = tries_left(info.flags);
    if (rv == CKR_PIN_LOCKED)
        return assay_signer_fail(fault, ASSAY_SIGNER_DENIED,
                                 "token \"%s\" is locked after too many wrong PINs: unlock it with "
                                 "its security officer's PIN",
                                 p->name);
    if (rv == CKR_PIN_INCORRECT || rv == CKR_PIN_INVALID || rv == CKR_PIN_LEN_RANGE)
        return assay_signer_fail(fault, ASSAY_SIGNER_DENIED, "wrong PIN of token \"%s\"%s%s",
                                 p->name, left[0] != '\0' ? ": " : "", left);
    return fail_call(fault, "log in", rv);
}

static bool log_in(struct assay_pkcs11 *p, ck_user_type_t user, struct assay_signer_fault *fault)
{
    if ((p->info.flags & CKF_USER_PIN_LOCKED) != 0) return fail_pin(p, CKR_PIN_LOCKED, fault);
    if (!obtain_pin(p, fault)) return false;
    const ck_rv_t rv = p->module->C_Login(p->session, user, p->pin.len > 0 ? p->pin.bytes : NULL,
                                          (unsigned long)p->pin.len);
    if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN) return fail_pin(p, rv, fault);
    p->is_logged_in = true;
    return true;
}

static bool open_session(struct assay_pkcs11 *p, bool writes, struct assay_signer_fault *fault)
{
    const ck_flags_t flags = CKF_SERIAL_SESSION | (writes ? CKF_RW_SESSION : 0);
    const ck_rv_t rv = p->module->C_OpenSession(p->slot, flags, NULL, NULL, &p->session);
    p->has_session = rv == CKR_OK;
    if (!p->has_session) return fail_call(fault, "open a session", rv);
    return (p->info.flags & CKF_LOGIN_REQUIRED) == 0 || log_in(p, CKU_USER, fault);
}

/* ------------------------------------------------------------ objects */

/* Returns: whether the object has the attribute, with at most capacity bytes. */
static bool read_attribute(struct assay_pkcs11 *p, ck_object_handle_t object,
                           ck_attribute_type_t type, void *value, size_t capacity, size_t *len)
{
    struct ck_attribute attribute = { .type = type, .value = value, .value_len = capacity };
    const ck_rv_t rv = p->module->C_GetAttributeValue(p->session, object, &attribute, 1);
    *len = 0;
    if (rv != CKR_OK || attribute.value_len > capacity) return false; /* also: unavailable */
    *len = attribute.value_len;
    return true;
}

/* In: uri without an object selects by id alone. Out: *found, of which objects has two at most. */
static bool find_objects(struct assay_pkcs11 *p, ck_object_class_t class, const char *label,
                         struct assay_slice id, ck_object_handle_t objects[static 2],
                         unsigned long *found, struct assay_signer_fault *fault)
{
    char text[ASSAY_PKCS11_OBJECT_MAX + 1];
    uint8_t bytes[ASSAY_PKCS11_ID_MAX];
    struct ck_attribute template[3] = { { CKA_CLASS, &class, sizeof class } };
    unsigned long count = 1;
    (void)snprintf(text, sizeof text, "%s", label);
    assay_bytes_copy(bytes, sizeof bytes, id.bytes, id.len);
    if (label[0] != '\0')
        template[count++] = (struct ck_attribute){ CKA_LABEL, text, strlen(text) };
    if (id.len > 0) template[count++] = (struct ck_attribute){ CKA_ID, bytes, id.len };
    *found = 0;
    ck_rv_t rv = p->module->C_FindObjectsInit(p->session, template, count);
    if (rv == CKR_OK) {
        rv = p->module->C_FindObjects(p->session, objects, 2, found);
        (void)p->module->C_FindObjectsFinal(p->session);
    }
    if (rv != CKR_OK) return fail_call(fault, "search for the key", rv);
    return *found <= 2 || assay_signer_fail(fault, ASSAY_SIGNER_FAULTY,
                                            "the module returned %lu objects, where 2 were asked "
                                            "for",
                                            *found);
}

static bool find_private(struct assay_pkcs11 *p, const struct assay_pkcs11_uri *uri,
                         struct assay_signer_fault *fault)
{
    ck_object_handle_t objects[2] = { 0 };
    unsigned long found = 0;
    if (!find_objects(p, CKO_PRIVATE_KEY, uri->object, assay_slice_over(uri->id, uri->id_len),
                      objects, &found, fault))
        return false;
    if (found == 0)
        return assay_signer_fail(fault, ASSAY_SIGNER_NOT_FOUND,
                                 "token \"%s\" has no private key with this label or id (assay "
                                 "keys operator --generate makes one)",
                                 p->name);
    if (found > 1)
        return assay_signer_fail(fault, ASSAY_SIGNER_CONFLICT,
                                 "several private keys of token \"%s\" fit the URI, expected one: "
                                 "add id=%%XX",
                                 p->name);
    p->private_key = objects[0];
    return true;
}

static bool check_curve(struct assay_pkcs11 *p, ck_object_handle_t object,
                        struct assay_signer_fault *fault)
{
    uint8_t parameters[64];
    char hex[2 * sizeof parameters + 1] = "";
    size_t len = 0;
    if (!read_attribute(p, object, CKA_EC_PARAMS, parameters, sizeof parameters, &len))
        return assay_signer_fail(fault, ASSAY_SIGNER_UNFIT,
                                 "its curve cannot be read, expected P-256 (prime256v1)");
    if (len == sizeof p256_parameters && assay_bytes_equal(parameters, p256_parameters, len))
        return true;
    assay_hex_encode(parameters, len, hex, sizeof hex);
    return assay_signer_fail(fault, ASSAY_SIGNER_UNFIT,
                             "the key is on another curve (CKA_EC_PARAMS %s), expected P-256 "
                             "(prime256v1)",
                             hex);
}

static bool check_type(struct assay_pkcs11 *p, struct assay_signer_fault *fault)
{
    ck_key_type_t type = CKK_VENDOR_DEFINED;
    unsigned char each_time = 0;
    size_t len = 0;
    if (!read_attribute(p, p->private_key, CKA_KEY_TYPE, &type, sizeof type, &len) ||
        len != sizeof type || type != CKK_EC)
        return assay_signer_fail(fault, ASSAY_SIGNER_UNFIT,
                                 "the key is of type 0x%lx%s, expected an EC key on P-256",
                                 (unsigned long)type, type == CKK_RSA ? " (RSA)" : "");
    p->wants_pin_each_time = read_attribute(p, p->private_key, CKA_ALWAYS_AUTHENTICATE, &each_time,
                                            sizeof each_time, &len) &&
                             len == sizeof each_time && each_time != 0;
    return true;
}

/* The point in its OCTET STRING; some modules leave that out. */
static bool read_point(struct assay_pkcs11 *p, ck_object_handle_t object,
                       uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    enum { BARE_LEN = 1 + ASSAY_P256_PUBLIC_LEN, HEAD_LEN = sizeof point_head };
    uint8_t point[128];
    size_t len = 0;
    if (!read_attribute(p, object, CKA_EC_POINT, point, sizeof point, &len)) return false;
    const bool is_wrapped =
        len == HEAD_LEN - 1 + BARE_LEN && assay_bytes_equal(point, point_head, HEAD_LEN);
    const bool is_bare = len == BARE_LEN && point[0] == point_head[HEAD_LEN - 1];
    if (!is_wrapped && !is_bare) return false;
    assay_bytes_copy(public_key, ASSAY_P256_PUBLIC_LEN, point + len - ASSAY_P256_PUBLIC_LEN,
                     ASSAY_P256_PUBLIC_LEN);
    return true;
}

/* The public object with the same id, or label; a few tokens have the point at the private one. */
static bool find_public(struct assay_pkcs11 *p, const struct assay_pkcs11_uri *uri,
                        uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                        struct assay_signer_fault *fault)
{
    ck_object_handle_t objects[2] = { 0 };
    unsigned long found = 0;
    uint8_t id[ASSAY_PKCS11_ID_MAX];
    size_t id_len = 0;
    if (!read_attribute(p, p->private_key, CKA_ID, id, sizeof id, &id_len)) id_len = 0;
    if (!find_objects(p, CKO_PUBLIC_KEY, id_len > 0 ? "" : uri->object,
                      assay_slice_over(id, id_len), objects, &found, fault))
        return false;
    if (found > 1)
        return assay_signer_fail(fault, ASSAY_SIGNER_CONFLICT,
                                 "several public keys of token \"%s\" belong to the private key, "
                                 "expected one",
                                 p->name);
    const ck_object_handle_t object = found == 1 ? objects[0] : p->private_key;
    if (!check_curve(p, object, fault)) return false;
    return read_point(p, object, public_key) ||
           assay_signer_fail(fault, ASSAY_SIGNER_NOT_FOUND,
                             "token \"%s\" has no public half of the key: expected a public key "
                             "object with the same id and a point of 65 bytes",
                             p->name);
}

/* ------------------------------------------------------------ generation */

/* what: label or id. Returns: whether no key of the token has it, of either half. */
static bool check_free(struct assay_pkcs11 *p, const char *what, const char *label,
                       struct assay_slice id, struct assay_signer_fault *fault)
{
    static const struct {
        ck_object_class_t class;
        const char *name;
    } halves[] = { { CKO_PRIVATE_KEY, "private" }, { CKO_PUBLIC_KEY, "public" } };
    for (size_t i = 0; i < 2; i++) {
        ck_object_handle_t objects[2] = { 0 };
        unsigned long found = 0;
        if (!find_objects(p, halves[i].class, label, id, objects, &found, fault)) return false;
        if (found > 0)
            return assay_signer_fail(fault, ASSAY_SIGNER_CONFLICT,
                                     "token \"%s\" has a %s key with this %s already; keys are "
                                     "never replaced, and two would not be told apart",
                                     p->name, halves[i].name, what);
    }
    return true;
}

/* The public half of a key is found by its id: a second pair with that id would take it away. */
static bool check_absent(struct assay_pkcs11 *p, const struct assay_pkcs11_uri *uri,
                         struct assay_signer_fault *fault)
{
    if (uri->object[0] == '\0')
        return assay_signer_fail(fault, ASSAY_SIGNER_USAGE,
                                 "a new key needs a label: expected object=LABEL");
    return check_free(p, "label", uri->object, (struct assay_slice){ 0 }, fault) &&
           (uri->id_len == 0 ||
            check_free(p, "id", "", assay_slice_over(uri->id, uri->id_len), fault));
}

/* A key pair that signs and never leaves the token. */
static bool generate_pair(struct assay_pkcs11 *p, const struct assay_pkcs11_uri *uri,
                          struct assay_signer_fault *fault)
{
    struct ck_mechanism mechanism = { .mechanism = CKM_EC_KEY_PAIR_GEN };
    unsigned char yes = 1, no = 0;
    uint8_t id[ASSAY_PKCS11_ID_MAX], parameters[sizeof p256_parameters];
    char label[ASSAY_PKCS11_OBJECT_MAX + 1];
    size_t id_len = uri->id_len > 0 ? uri->id_len : ID_NEW_LEN;
    ck_object_handle_t public_key = 0;
    if (!check_absent(p, uri, fault)) return false;
    assay_bytes_copy(id, sizeof id, uri->id, uri->id_len);
    if (uri->id_len == 0 && assay_random(id, ID_NEW_LEN) != ASSAY_OK)
        return assay_signer_fail(fault, ASSAY_SIGNER_INTERNAL, "no random bytes for the id");
    assay_bytes_copy(parameters, sizeof parameters, p256_parameters, sizeof p256_parameters);
    (void)snprintf(label, sizeof label, "%s", uri->object);
    struct ck_attribute public_half[] = {
        { CKA_TOKEN, &yes, 1 },
        { CKA_PRIVATE, &no, 1 },
        { CKA_VERIFY, &yes, 1 },
        { CKA_EC_PARAMS, parameters, sizeof parameters },
        { CKA_LABEL, label, strlen(label) },
        { CKA_ID, id, id_len },
    };
    struct ck_attribute private_half[] = {
        { CKA_TOKEN, &yes, 1 },      { CKA_PRIVATE, &yes, 1 }, { CKA_SENSITIVE, &yes, 1 },
        { CKA_EXTRACTABLE, &no, 1 }, { CKA_SIGN, &yes, 1 },    { CKA_LABEL, label, strlen(label) },
        { CKA_ID, id, id_len },
    };
    const ck_rv_t rv = p->module->C_GenerateKeyPair(
        p->session, &mechanism, public_half, sizeof public_half / sizeof public_half[0],
        private_half, sizeof private_half / sizeof private_half[0], &public_key, &p->private_key);
    return rv == CKR_OK || fail_call(fault, "generate a key pair on P-256", rv);
}

/* ------------------------------------------------------------ the interface */

bool assay_pkcs11_open(const struct assay_pkcs11_uri *uri, bool generates,
                       struct assay_pkcs11 **token,
                       uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                       struct assay_signer_fault *fault)
{
    struct assay_pkcs11 *const p = calloc(1, sizeof *p);
    *token = p;
    if (p == NULL) return assay_signer_fail(fault, ASSAY_SIGNER_INTERNAL, "out of memory");
    (void)snprintf(p->pin_source, sizeof p->pin_source, "%s", uri->pin_source);
    if (!open_module(p, uri, fault) || !find_token(p, uri, fault) ||
        !open_session(p, generates, fault))
        return false;
    if (generates && !generate_pair(p, uri, fault)) return false;
    return find_private(p, uri, fault) && check_type(p, fault) &&
           find_public(p, uri, public_key, fault);
}

bool assay_pkcs11_sign(struct assay_pkcs11 *p, const uint8_t digest[static ASSAY_SHA256_LEN],
                       uint8_t signature[static ASSAY_P256_SIGNATURE_LEN],
                       struct assay_signer_fault *fault)
{
    struct ck_mechanism mechanism = { .mechanism = CKM_ECDSA };
    uint8_t input[ASSAY_SHA256_LEN], made[SIGNATURE_MAX];
    unsigned long len = sizeof made;
    ck_rv_t rv = p->module->C_SignInit(p->session, &mechanism, p->private_key);
    if (rv != CKR_OK) return fail_call(fault, "sign with this key", rv);
    if (p->wants_pin_each_time && !log_in(p, CKU_CONTEXT_SPECIFIC, fault)) return false;
    assay_bytes_copy(input, sizeof input, digest, ASSAY_SHA256_LEN);
    rv = p->module->C_Sign(p->session, input, sizeof input, made, &len);
    if (rv != CKR_OK) return fail_call(fault, "sign", rv);
    if (len != ASSAY_P256_SIGNATURE_LEN)
        return assay_signer_fail(fault, ASSAY_SIGNER_FAULTY,
                                 "the module returned a signature of %lu bytes, expected %d", len,
                                 ASSAY_P256_SIGNATURE_LEN);
    assay_bytes_copy(signature, ASSAY_P256_SIGNATURE_LEN, made, ASSAY_P256_SIGNATURE_LEN);
    return true;
}

void assay_pkcs11_close(struct assay_pkcs11 **token)
{
    struct assay_pkcs11 *const p = *token;
    if (p == NULL) return;
    if (p->is_logged_in) (void)p->module->C_Logout(p->session);
    if (p->has_session) (void)p->module->C_CloseSession(p->session);
    if (p->is_initialized) (void)p->module->C_Finalize(NULL);
    assay_secret_wipe(p, sizeof *p);
    free(p);
    *token = NULL;
}
