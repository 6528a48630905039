/*
 * tests/unit/apps/signer/fake_module.c - PKCS#11 module of two tokens, honest or not.
 *
 * Tokens "alpha" and "beta" each have one key pair under the label "operator". ASSAY_FAKE_TOKEN
 * names a fault, "" for none; ASSAY_FAKE_PIN is the PIN. OpenSSL directly: a second implementation
 * of what apps/signer/ has from base/crypto.h.
 */
#define CRYPTOKI_GNU
#include <p11-kit/pkcs11.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum { TOKENS = 2, PRIVATE_KEY = 1, PUBLIC_KEY = 2 };

static EC_KEY *keys[TOKENS];
static ck_slot_id_t session_slot;
static ck_object_class_t wanted_class;
static bool is_wanted, is_done, is_logged_in, is_confirmed, has_failed;

/* Without the library's own, which forbids that a module loads it. */
static void copy(void *to, const void *from, unsigned long len)
{
    for (unsigned long i = 0; i < len; i++)
        ((unsigned char *)to)[i] = ((const unsigned char *)from)[i];
}

static bool is_text(const void *bytes, unsigned long len, const char *text)
{
    unsigned long same = 0;
    while (same < len && text[same] != '\0' && ((const char *)bytes)[same] == text[same])
        same++;
    return same == len && text[same] == '\0';
}

static bool fault(const char *name)
{
    const char *const text = getenv("ASSAY_FAKE_TOKEN");
    return text != NULL && strcmp(text, name) == 0;
}

static ck_rv_t start(void *arguments)
{
    (void)arguments;
    for (size_t i = 0; i < TOKENS; i++) {
        /* The private key of token i is 11 + i: what a test expects can be computed. */
        BIGNUM *const secret = BN_new();
        EC_POINT *point = NULL;
        keys[i] = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
        (void)BN_set_word(secret, 11 + i);
        point = EC_POINT_new(EC_KEY_get0_group(keys[i]));
        (void)EC_POINT_mul(EC_KEY_get0_group(keys[i]), point, secret, NULL, NULL, NULL);
        (void)EC_KEY_set_private_key(keys[i], secret);
        (void)EC_KEY_set_public_key(keys[i], point);
        EC_POINT_free(point);
        BN_free(secret);
    }
    is_logged_in = has_failed = false;
    return fault("start") ? CKR_GENERAL_ERROR : CKR_OK;
}

static ck_rv_t stop(void *reserved)
{
    (void)reserved;
    for (size_t i = 0; i < TOKENS; i++) {
        EC_KEY_free(keys[i]);
        keys[i] = NULL;
    }
    return CKR_OK;
}

static ck_rv_t list_slots(unsigned char present, ck_slot_id_t *slots, unsigned long *count)
{
    (void)present;
    if (fault("many-slots")) {
        *count = 1000000;
        return CKR_OK;
    }
    *count = fault("no-token") ? 0 : TOKENS;
    for (size_t i = 0; i < *count; i++)
        slots[i] = i;
    return CKR_OK;
}

static void pad(unsigned char *field, size_t size, const char *text)
{
    memset(field, ' ', size);
    copy(field, text, strlen(text) < size ? strlen(text) : size);
}

static ck_rv_t describe_token(ck_slot_id_t slot, struct ck_token_info *info)
{
    memset(info, 0, sizeof *info);
    const bool is_twin = fault("twins");
    pad(info->label, sizeof info->label, slot == 0 || is_twin ? "alpha" : "beta");
    if (fault("hostile-label")) memset(info->label, 0x1b, sizeof info->label);
    pad(info->manufacturer_id, sizeof info->manufacturer_id, "Assay tests");
    pad(info->model, sizeof info->model, "fake");
    pad(info->serial_number, sizeof info->serial_number, slot == 0 ? "0001" : "0002");
    info->flags = CKF_TOKEN_INITIALIZED | CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED;
    if (fault("locked")) info->flags |= CKF_USER_PIN_LOCKED;
    if (fault("final-try") || (has_failed && fault("then-final")))
        info->flags |= CKF_USER_PIN_FINAL_TRY;
    return CKR_OK;
}

static ck_rv_t open_session(ck_slot_id_t slot, ck_flags_t flags, void *application,
                            ck_notify_t notify, ck_session_handle_t *session)
{
    (void)flags;
    (void)application;
    (void)notify;
    session_slot = slot;
    *session = 1;
    return CKR_OK;
}

static ck_rv_t close_session(ck_session_handle_t session)
{
    (void)session;
    return CKR_OK;
}

/* What a core file of the process that was given the PIN would be, and whether there is one. */
static void report_dumps(void)
{
    struct rlimit core = { 1, 1 };
    (void)getrlimit(RLIMIT_CORE, &core);
    (void)fprintf(stderr, "core limit %llu, dumpable %d\n", (unsigned long long)core.rlim_max,
                  prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
}

static ck_rv_t log_in(ck_session_handle_t session, ck_user_type_t user, unsigned char *pin,
                      unsigned long len)
{
    (void)session;
    const char *const expected = getenv("ASSAY_FAKE_PIN");
    if (fault("dumps")) report_dumps();
    has_failed = expected == NULL || !is_text(pin, len, expected);
    if (has_failed) return CKR_PIN_INCORRECT;
    if (user == CKU_CONTEXT_SPECIFIC) is_confirmed = true;
    is_logged_in = true;
    return CKR_OK;
}

static ck_rv_t log_out(ck_session_handle_t session)
{
    (void)session;
    is_logged_in = false;
    return CKR_OK;
}

static ck_rv_t find_init(ck_session_handle_t session, struct ck_attribute *template,
                         unsigned long count)
{
    (void)session;
    is_wanted = true;
    is_done = false;
    for (unsigned long i = 0; i < count; i++) {
        if (template[i].type == CKA_CLASS)
            copy(&wanted_class, template[i].value, sizeof wanted_class);
        if (template[i].type == CKA_LABEL)
            is_wanted = is_wanted && is_text(template[i].value, template[i].value_len, "operator");
        if (template[i].type == CKA_ID)
            is_wanted =
                is_wanted && template[i].value_len == 1 && *(unsigned char *)template[i].value == 7;
    }
    if (wanted_class == CKO_PRIVATE_KEY && !is_logged_in) is_wanted = false;
    if (wanted_class == CKO_PRIVATE_KEY && fault("public-alone")) is_wanted = false;
    return CKR_OK;
}

static ck_rv_t find(ck_session_handle_t session, ck_object_handle_t *objects, unsigned long max,
                    unsigned long *count)
{
    (void)session;
    (void)max;
    *count = is_wanted && !is_done ? 1 : 0;
    if (*count == 1) objects[0] = wanted_class == CKO_PRIVATE_KEY ? PRIVATE_KEY : PUBLIC_KEY;
    if (*count == 1 && fault("two-objects")) {
        objects[1] = 3;
        *count = 2;
    }
    if (fault("many-objects")) *count = 1000000;
    is_done = true;
    return CKR_OK;
}

static ck_rv_t find_final(ck_session_handle_t session)
{
    (void)session;
    return CKR_OK;
}

static ck_rv_t give(struct ck_attribute *attribute, const void *value, unsigned long len)
{
    if (attribute->value_len < len) {
        attribute->value_len = CK_UNAVAILABLE_INFORMATION;
        return CKR_BUFFER_TOO_SMALL;
    }
    copy(attribute->value, value, len);
    attribute->value_len = len;
    return CKR_OK;
}

static ck_rv_t get_attribute(ck_session_handle_t session, ck_object_handle_t object,
                             struct ck_attribute *attribute, unsigned long count)
{
    static const unsigned char p256[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };
    static const unsigned char p384[] = { 6, 5, 0x2b, 0x81, 4, 0, 0x22 };
    unsigned char point[67] = { 4, 65 };
    const ck_key_type_t type = fault("rsa") ? CKK_RSA : CKK_EC;
    const unsigned char id = 7, yes = 1, no = 0;
    (void)session;
    (void)object;
    (void)count;
    if (fault("lengths")) { /* more than there is room for, and a success */
        attribute->value_len = 1000000;
        return CKR_OK;
    }
    switch (attribute->type) {
    case CKA_KEY_TYPE: return give(attribute, &type, sizeof type);
    case CKA_ID: return give(attribute, &id, 1);
    case CKA_EC_PARAMS:
        return fault("p384") ? give(attribute, p384, sizeof p384)
                             : give(attribute, p256, sizeof p256);
    case CKA_ALWAYS_AUTHENTICATE: return give(attribute, fault("each-time") ? &yes : &no, 1);
    case CKA_EC_POINT:
        (void)EC_POINT_point2oct(EC_KEY_get0_group(keys[session_slot]),
                                 EC_KEY_get0_public_key(keys[session_slot]),
                                 POINT_CONVERSION_UNCOMPRESSED, point + 2, 65, NULL);
        if (fault("off-curve")) point[40] ^= 1;
        if (fault("short-point")) return give(attribute, point, 40);
        return fault("bare-point") ? give(attribute, point + 2, 65)
                                   : give(attribute, point, sizeof point);
    default: break;
    }
    attribute->value_len = CK_UNAVAILABLE_INFORMATION;
    return CKR_ATTRIBUTE_TYPE_INVALID;
}

static ck_rv_t sign_init(ck_session_handle_t session, struct ck_mechanism *mechanism,
                         ck_object_handle_t key)
{
    (void)session;
    is_confirmed = false;
    return mechanism->mechanism == CKM_ECDSA && key == PRIVATE_KEY ? CKR_OK : CKR_MECHANISM_INVALID;
}

static ck_rv_t sign(ck_session_handle_t session, unsigned char *data, unsigned long len,
                    unsigned char *signature, unsigned long *signature_len)
{
    const ck_slot_id_t slot = fault("other-key") ? 1 - session_slot : session_slot;
    (void)session;
    if (fault("declined")) return CKR_FUNCTION_CANCELED;
    if (fault("each-time") && !is_confirmed) return CKR_USER_NOT_LOGGED_IN;
    BIGNUM *const half = BN_new(), *const s = BN_new();
    ECDSA_SIG *const made = ECDSA_do_sign(data, (int)len, keys[slot]);
    const BIGNUM *const order = EC_GROUP_get0_order(EC_KEY_get0_group(keys[slot]));
    (void)BN_rshift1(half, order);
    const bool is_high = BN_cmp(ECDSA_SIG_get0_s(made), half) > 0;
    if (is_high == fault("high-s")) (void)BN_copy(s, ECDSA_SIG_get0_s(made));
    else (void)BN_sub(s, order, ECDSA_SIG_get0_s(made));
    (void)BN_bn2binpad(ECDSA_SIG_get0_r(made), signature, 32);
    (void)BN_bn2binpad(s, signature + 32, 32);
    if (fault("s-out-of-range")) memset(signature + 32, 0xff, 32);
    if (fault("zero")) memset(signature, 0, 64);
    *signature_len = fault("short-signature") ? 63 : fault("long-signature") ? 1000000 : 64;
    ECDSA_SIG_free(made);
    BN_free(half);
    BN_free(s);
    return CKR_OK;
}

static ck_rv_t generate(ck_session_handle_t session, struct ck_mechanism *mechanism,
                        struct ck_attribute *public_half, unsigned long public_count,
                        struct ck_attribute *private_half, unsigned long private_count,
                        ck_object_handle_t *public_key, ck_object_handle_t *private_key)
{
    (void)session;
    (void)mechanism;
    (void)public_half;
    (void)public_count;
    (void)private_half;
    (void)private_count;
    *public_key = PUBLIC_KEY;
    *private_key = PRIVATE_KEY;
    return CKR_TOKEN_WRITE_PROTECTED;
}

static const struct ck_function_list all_functions = {
    .version = { 2, 40 },
    .C_Initialize = start,
    .C_Finalize = stop,
    .C_GetSlotList = list_slots,
    .C_GetTokenInfo = describe_token,
    .C_OpenSession = open_session,
    .C_CloseSession = close_session,
    .C_Login = log_in,
    .C_Logout = log_out,
    .C_FindObjectsInit = find_init,
    .C_FindObjects = find,
    .C_FindObjectsFinal = find_final,
    .C_GetAttributeValue = get_attribute,
    .C_SignInit = sign_init,
    .C_Sign = sign,
    .C_GenerateKeyPair = generate,
};
static struct ck_function_list functions;

/* ASSAY_FAKE_TOKEN=without-NAME leaves that entry of the list empty. */
static void drop_functions(void)
{
    if (fault("without-C_Initialize")) functions.C_Initialize = NULL;
    if (fault("without-C_Finalize")) functions.C_Finalize = NULL;
    if (fault("without-C_GetSlotList")) functions.C_GetSlotList = NULL;
    if (fault("without-C_GetTokenInfo")) functions.C_GetTokenInfo = NULL;
    if (fault("without-C_OpenSession")) functions.C_OpenSession = NULL;
    if (fault("without-C_CloseSession")) functions.C_CloseSession = NULL;
    if (fault("without-C_Login")) functions.C_Login = NULL;
    if (fault("without-C_Logout")) functions.C_Logout = NULL;
    if (fault("without-C_FindObjectsInit")) functions.C_FindObjectsInit = NULL;
    if (fault("without-C_FindObjects")) functions.C_FindObjects = NULL;
    if (fault("without-C_FindObjectsFinal")) functions.C_FindObjectsFinal = NULL;
    if (fault("without-C_GetAttributeValue")) functions.C_GetAttributeValue = NULL;
    if (fault("without-C_SignInit")) functions.C_SignInit = NULL;
    if (fault("without-C_Sign")) functions.C_Sign = NULL;
    if (fault("without-C_GenerateKeyPair")) functions.C_GenerateKeyPair = NULL;
}

__attribute__((visibility("default"))) ck_rv_t C_GetFunctionList(struct ck_function_list **list)
{
    functions = all_functions;
    drop_functions();
    *list = fault("no-functions") ? NULL : &functions;
    return CKR_OK;
}
