/*
 * apps/assay/evidence/ear_cwt.c - attestation results that are CBOR web tokens: form, signature,
 * and their claims as JSON.
 */
#include "apps/assay/evidence/ear_cwt.h"

#include "base/base64.h"
#include "quote/result/ear.h"

#include <string.h>
#include <strings.h>

enum {
    TAG_CWT = 61, /* RFC 8392 6 */
    LABEL_TYP = 16,
    NAME_MAX_LEN = 256, /* of a label, as quote/cose.h reads it */
    NONCE_MAX = 64,     /* RFC 9711 4.1 */
};

bool cli_ear_is_cbor(const void *bytes, size_t len)
{
    return len > 0 && ((const uint8_t *)bytes)[0] >= 0x80;
}

/* --- form and signature */
enum assay_status cli_ear_cwt_parse(const void *bytes, size_t len, struct assay_cose_sign1 *token)
{
    struct assay_cursor in = assay_cursor_over(bytes, len);
    uint64_t tag = 0;
    const bool wraps = assay_cbor_tag(&in, &tag) == ASSAY_OK && tag == TAG_CWT;
    const size_t at = wraps ? in.pos : 0;
    ASSAY_TRY(assay_cose_sign1_parse((const uint8_t *)bytes + at, len - at, token));
    /* RFC 8392 6: the tag of a CWT is in front of a COSE tag. */
    return wraps && !token->tagged ? ASSAY_E_TYPE : ASSAY_OK;
}

static bool is_media_type(struct assay_slice text)
{
    static const char *const known[] = { "application/eat+cwt", "application/cwt", "eat+cwt",
                                         "cwt" };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (text.len == strlen(known[i]) &&
            strncasecmp((const char *)text.bytes, known[i], text.len) == 0)
            return true;
    return false;
}

static bool read_type(struct assay_cursor *in)
{
    enum { FORMAT_CWT = 61, FORMAT_EAT_CWT = 263 };
    struct assay_cursor number_at = *in;
    struct assay_slice text;
    uint64_t number = 0;
    if (assay_cbor_uint(&number_at, &number) == ASSAY_OK)
        return number == FORMAT_CWT || number == FORMAT_EAT_CWT;
    return assay_cbor_text(in, NAME_MAX_LEN, &text) == ASSAY_OK && is_media_type(text);
}

bool cli_ear_cwt_is_result(const struct assay_cose_sign1 *token)
{
    struct assay_cursor in =
        assay_cursor_over(token->protected_header.bytes, token->protected_header.len);
    struct assay_cose_map map;
    struct assay_cose_label label;
    if (assay_cose_map_open(&in, ASSAY_COSE_PAIRS_MAX, &map) != ASSAY_OK) return false;
    while (assay_cose_map_more(&map, &in)) {
        if (assay_cose_map_next(&map, &in, &label) != ASSAY_OK) return false;
        if (!label.is_text && label.number == LABEL_TYP) return read_type(&in);
        if (assay_cose_skip(&in) != ASSAY_OK) return false;
    }
    return true;
}

bool cli_ear_cwt_check(const struct assay_cose_sign1 *token, const struct assay_p256 *key)
{
    struct assay_signature padded; /* its halves are 48 bytes wide; the length was checked */
    uint8_t digest[ASSAY_DIGEST_MAX];
    if (token->algorithm != ASSAY_COSE_ES256) return false;
    if (assay_cose_sign1_signature(token, &padded, digest) != ASSAY_OK) return false;
    return assay_p256_verify(key, digest, token->signature.bytes, ASSAY_S_ANY);
}

/* --- claims */
/* A claim that has a number in CBOR; `name` is the one of draft-ietf-rats-ear in JSON. */
struct claim {
    int64_t label;
    const char *name;
};

static const struct claim of_result[] = {
    { 4, "exp" },
    { 5, "nbf" },
    { 6, "iat" },
    { 10, "eat_nonce" },
    { 265, "eat_profile" },
    { 266, "submods" },
    { 1000, "ear_status" },
    { 1004, "ear_verifier_id" },
    { 0, NULL },
};
static const struct claim of_submodule[] = {
    { 1000, "ear_status" },
    { 1001, "ear_trustworthiness_vector" },
    { 1005, "ear_attester_claims" },
    { 1006, "ear_verifier_claims" },
    { 0, NULL },
};
static const struct claim of_verifier[] = { { 0, "developer" }, { 1, "build" }, { 0, NULL } };
static const struct claim of_nothing[] = { { 0, NULL } };

/* What a label that is text is: an unknown claim; a claim's own name; or the only kind of label
 * (RFC 9711 4.2.18: submodules have names). */
enum texts { TEXT_UNKNOWN, TEXT_NAMES, TEXT_ONLY };

/* One map: where it is, the claims that it may have, and what they become. */
struct level {
    struct assay_cursor *in;
    const struct claim *claims;
    enum texts texts;
    struct assay_json *out;
};

/* Values whose allocation failed are left out in silence (net/json/json.h): a token without its
 * `exp` would never end. */
static enum assay_status check_put(const struct assay_json *out, const char *name)
{
    return assay_json_get(out, name) != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
}

static bool has_nul(struct assay_slice text)
{
    return text.len > 0 && memchr(text.bytes, '\0', text.len) != NULL;
}

static enum assay_status put_text(struct assay_json *out, const char *name, struct assay_slice text)
{
    if (has_nul(text)) return ASSAY_E_INVALID;
    assay_json_set_text_n(out, name, text.bytes, text.len);
    return check_put(out, name);
}

/* A nonce: of another length it is none. */
static enum assay_status put_nonce(struct assay_cursor *in, struct assay_json *out,
                                   const char *name)
{
    char text[2 * NONCE_MAX];
    struct assay_slice bytes;
    size_t len = 0;
    ASSAY_TRY(assay_cbor_bytes(in, SIZE_MAX, &bytes));
    if (bytes.len < ASSAY_EAR_NONCE_MIN || bytes.len > NONCE_MAX) assay_json_set_null(out, name);
    else if (assay_ear_nonce_is_fit((const char *)bytes.bytes, bytes.len))
        return put_text(out, name, bytes);
    else {
        ASSAY_TRY(
            assay_base64_encode(ASSAY_BASE64_URL, bytes.bytes, bytes.len, text, sizeof text, &len));
        assay_json_set_text_n(out, name, text, len);
    }
    return check_put(out, name);
}

/* Well-formed CBOR of a type that no check of a claim accepts. */
static enum assay_status put_other(struct assay_cursor *in, struct assay_json *out,
                                   const char *name)
{
    ASSAY_TRY(assay_cose_skip(in));
    assay_json_set_null(out, name);
    return check_put(out, name);
}

static enum assay_status put_scalar(struct assay_cursor *in, struct assay_json *out,
                                    const char *name)
{
    enum assay_cbor_type type = ASSAY_CBOR_NULL;
    struct assay_slice text;
    int64_t number = 0;
    bool is_true = false;
    if (assay_cbor_peek(in, &type) != ASSAY_OK) return put_other(in, out, name); /* a float */
    switch (type) {
    case ASSAY_CBOR_UINT:
    case ASSAY_CBOR_NINT:
        if (assay_cbor_int(in, &number) != ASSAY_OK) return put_other(in, out, name);
        assay_json_set_int(out, name, number);
        return check_put(out, name);
    case ASSAY_CBOR_TEXT:
        ASSAY_TRY(assay_cbor_text(in, SIZE_MAX, &text));
        return put_text(out, name, text);
    case ASSAY_CBOR_FALSE:
    case ASSAY_CBOR_TRUE:
        ASSAY_TRY(assay_cbor_bool(in, &is_true));
        assay_json_set_bool(out, name, is_true);
        return check_put(out, name);
    case ASSAY_CBOR_BYTES:
    case ASSAY_CBOR_ARRAY:
    case ASSAY_CBOR_MAP:
    case ASSAY_CBOR_TAG:
    case ASSAY_CBOR_NULL: break;
    }
    return put_other(in, out, name);
}

/* name: NUL-terminated. Returns: ASSAY_OK; name is empty for a claim that is not known |
 * ASSAY_E_INVALID */
static enum assay_status name_of(const struct level *l, const struct assay_cose_label *label,
                                 char name[static NAME_MAX_LEN + 1])
{
    name[0] = '\0';
    for (const struct claim *c = l->claims; c->name != NULL; c++) {
        /* A reader of labels does not see it, one of names does: it has no one meaning. */
        if (assay_cose_label_is(label, c->name)) return ASSAY_E_INVALID;
        if (!label->is_text && label->number == c->label)
            assay_bytes_copy(name, NAME_MAX_LEN + 1, c->name, strlen(c->name) + 1);
    }
    if (!label->is_text) return l->texts == TEXT_ONLY ? ASSAY_E_TYPE : ASSAY_OK;
    if (l->texts == TEXT_UNKNOWN) return ASSAY_OK;
    if (label->text.len == 0 || has_nul(label->text)) return ASSAY_E_INVALID;
    assay_bytes_copy(name, NAME_MAX_LEN + 1, label->text.bytes, label->text.len);
    name[label->text.len] = '\0';
    return ASSAY_OK;
}

typedef enum assay_status put_function(struct assay_cursor *in, struct assay_json *out,
                                       const char *name);

/* Each claim of a map by `put`, which reads its value. */
static enum assay_status put_level(const struct level *l, put_function *put)
{
    struct assay_cose_map map;
    struct assay_cose_label label;
    char name[NAME_MAX_LEN + 1];
    if (l->out == NULL) return ASSAY_E_MEMORY;
    ASSAY_TRY(assay_cose_map_open(l->in, ASSAY_COSE_PAIRS_MAX, &map));
    while (assay_cose_map_more(&map, l->in)) {
        ASSAY_TRY(assay_cose_map_next(&map, l->in, &label));
        ASSAY_TRY(name_of(l, &label, name));
        ASSAY_TRY(name[0] == '\0' ? assay_cose_skip(l->in) : put(l->in, l->out, name));
    }
    return ASSAY_OK;
}

/* A private claim. What JSON does not have is null there, which "insecure" may be; the digest of
 * the evidence is hexadecimal, as in JSON. */
static enum assay_status put_own(struct assay_cursor *in, struct assay_json *out, const char *name)
{
    enum assay_cbor_type type = ASSAY_CBOR_NULL;
    struct assay_slice digest;
    ASSAY_TRY(assay_cbor_peek(in, &type));
    if (strcmp(name, "insecure") == 0 && type != ASSAY_CBOR_NULL && type != ASSAY_CBOR_FALSE &&
        type != ASSAY_CBOR_TRUE)
        return ASSAY_E_TYPE;
    if (strcmp(name, "evidence_sha256") != 0 || type != ASSAY_CBOR_BYTES)
        return put_scalar(in, out, name);
    ASSAY_TRY(assay_cbor_bytes(in, SIZE_MAX, &digest));
    if (digest.len != ASSAY_SHA256_LEN) return ASSAY_E_TYPE;
    assay_json_set_hex(out, name, digest.bytes, digest.len);
    return check_put(out, name);
}

static enum assay_status put_vector(struct assay_cursor *in, struct assay_json *out)
{
    struct claim of_vector[ASSAY_TRUST_COUNT + 1] = { { 0, NULL } };
    for (int i = 0; i < ASSAY_TRUST_COUNT; i++)
        of_vector[i] = (struct claim){ i, assay_ar4si_name((enum assay_trust_claim)i) };
    return put_level(&(struct level){ in, of_vector, TEXT_UNKNOWN, out }, put_scalar);
}

static enum assay_status put_appraised(struct assay_cursor *in, struct assay_json *out,
                                       const char *name)
{
    if (strcmp(name, "ear_status") == 0) return put_scalar(in, out, name);
    struct assay_json *const inner = assay_json_set_object(out, name);
    if (strcmp(name, "ear_trustworthiness_vector") == 0) return put_vector(in, inner);
    return put_level(&(struct level){ in, of_nothing, TEXT_NAMES, inner }, put_own);
}

static enum assay_status put_submodule(struct assay_cursor *in, struct assay_json *out,
                                       const char *name)
{
    return put_level(
        &(struct level){ in, of_submodule, TEXT_UNKNOWN, assay_json_set_object(out, name) },
        put_appraised);
}

static enum assay_status put_claim(struct assay_cursor *in, struct assay_json *out,
                                   const char *name)
{
    if (strcmp(name, "submods") == 0)
        return put_level(
            &(struct level){ in, of_nothing, TEXT_ONLY, assay_json_set_object(out, name) },
            put_submodule);
    if (strcmp(name, "ear_verifier_id") == 0)
        return put_level(
            &(struct level){ in, of_verifier, TEXT_UNKNOWN, assay_json_set_object(out, name) },
            put_scalar);
    enum assay_cbor_type type = ASSAY_CBOR_NULL;
    if (strcmp(name, "eat_nonce") == 0 && assay_cbor_peek(in, &type) == ASSAY_OK &&
        type == ASSAY_CBOR_BYTES)
        return put_nonce(in, out, name);
    return put_scalar(in, out, name);
}

enum assay_status cli_ear_cwt_claims(struct assay_slice payload, struct assay_json **claims)
{
    struct assay_cursor in = assay_cursor_over(payload.bytes, payload.len);
    *claims = assay_json_object();
    enum assay_status status =
        put_level(&(struct level){ &in, of_result, TEXT_UNKNOWN, *claims }, put_claim);
    if (status == ASSAY_OK) status = assay_cursor_end(&in);
    if (status != ASSAY_OK) assay_json_free(claims);
    return status;
}
