/*
 * apps/assay/evidence/ear_read.c - verification of an attestation result: form, algorithm,
 * signature, claims, time.
 */
#include "apps/assay/evidence/ear_read.h"

#include "apps/assay/evidence/ear_cwt.h"
#include "base/base64.h"
#include "quote/result/jwt.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

__attribute__((format(printf, 3, 4))) static enum assay_ear_answer answer(
    struct assay_ear *ear, enum assay_ear_answer what, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(ear->why, sizeof ear->why, format, args);
    va_end(args);
    /* Quoted text is untrusted and shown on a terminal: no control characters. */
    for (char *c = ear->why; *c != '\0'; c++)
        if (*c < 0x20 || *c > 0x7e) *c = '?';
    return what;
}

/* --- JSON inside base64url */
static enum assay_status decode_json(struct assay_slice encoded, struct assay_json **out)
{
    size_t len = 0;
    uint8_t *const bytes = malloc(encoded.len + 1);
    if (bytes == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = assay_base64_decode(ASSAY_BASE64_URL, (const char *)encoded.bytes,
                                                   encoded.len, bytes, encoded.len + 1, &len);
    if (status == ASSAY_OK) status = assay_json_parse((const char *)bytes, len, out);
    free(bytes);
    return status;
}

/* RFC 7515 4.1.9: "application/" may be left out, and case does not matter. */
static bool is_media_type(const char *text)
{
    static const char prefix[] = "application/";
    static const char *const known[] = { "JWT", "eat+jwt", "eat-jwt" };
    if (strncasecmp(text, prefix, sizeof prefix - 1) == 0) text += sizeof prefix - 1;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcasecmp(text, known[i]) == 0) return true;
    return false;
}

static enum assay_ear_answer check_header(struct assay_ear *ear, const struct assay_jwt *jwt)
{
    struct assay_json *header = NULL;
    const enum assay_status status = decode_json(jwt->header, &header);
    if (status != ASSAY_OK)
        return answer(ear, ASSAY_EAR_MALFORMED, "header: %s", assay_status_text(status));
    enum assay_ear_answer result = ASSAY_EAR_VALID;
    const char *const alg = assay_json_text(header, "alg", "");
    const struct assay_json *const typ = assay_json_get(header, "typ");
    const char *const type = assay_json_as_text(typ);
    if (strcmp(alg, "ES256") != 0)
        result = answer(ear, ASSAY_EAR_UNSUPPORTED, "algorithm \"%.40s\": only ES256 is read", alg);
    else if (assay_json_get(header, "crit") != NULL) /* RFC 7515 4.1.11 */
        result = answer(ear, ASSAY_EAR_UNSUPPORTED, "header: critical extensions are not known");
    else if (typ != NULL && (type == NULL || !is_media_type(type)))
        result = answer(ear, ASSAY_EAR_UNSUPPORTED, "typ \"%.40s\" is no attestation result",
                        type == NULL ? "" : type);
    assay_json_free(&header);
    return result;
}

/* --- claims */
static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Trustee's profile derives from Veraison's and has its names. */
static enum assay_ear_answer check_profile(struct assay_ear *ear)
{
    static const char trustee[] = "tag:github.com,2024:confidential-containers/Trustee";
    ear->profile = assay_json_text(ear->claims, "eat_profile", "");
    if (starts_with(ear->profile, trustee)) {
        ear->family = ASSAY_EAR_VERAISON_2023;
        return ASSAY_EAR_VALID;
    }
    for (int i = 0; i < ASSAY_EAR_PROFILES; i++) {
        ear->family = (enum assay_ear_profile)i;
        if (starts_with(ear->profile, assay_ear_names(ear->family).profile_prefix))
            return ASSAY_EAR_VALID;
    }
    return answer(ear, ASSAY_EAR_UNSUPPORTED, "eat_profile \"%.80s\" is not known", ear->profile);
}

static bool read_tier(const struct assay_json *value, enum assay_tier *tier)
{
    const char *const text = assay_json_as_text(value);
    int64_t number = 0;
    for (int i = 0; text != NULL && i <= ASSAY_TIER_CONTRAINDICATED; i++) {
        *tier = (enum assay_tier)i;
        if (strcmp(text, assay_tier_text(*tier)) == 0) return true;
    }
    /* Early emitters wrote the numbers of the CBOR form. */
    if (!assay_json_as_int(value, &number)) return false;
    *tier = assay_ar4si_tier((int8_t)(number & 0x7f));
    return number == 0 || number == 2 || number == 32 || number == 96;
}

static enum assay_ear_answer read_vector(struct assay_ear *ear, struct assay_ear_submodule *sub,
                                         const struct assay_json *vector)
{
    const char *name = NULL;
    const struct assay_json *value = NULL;
    sub->has_vector = true;
    for (size_t i = 0; assay_json_member(vector, i, &name, &value); i++) {
        enum assay_trust_claim claim;
        int64_t number = 0;
        if (assay_ar4si_parse(name, &claim) != ASSAY_OK) continue;
        if (!assay_json_as_int(value, &number) || number < INT8_MIN || number > INT8_MAX)
            return answer(ear, ASSAY_EAR_MALFORMED, "%.40s: %s is no value of -128 to 127",
                          sub->label, name);
        sub->vector.claims[claim] = (int8_t)number;
    }
    return ASSAY_EAR_VALID;
}

const struct assay_json *cli_ear_own(const struct assay_ear_submodule *sub, bool of_attester)
{
    const struct assay_ear_names names = assay_ear_names(ASSAY_EAR_IETF_04);
    const struct assay_json *const private = assay_json_get(sub->claims, ASSAY_EAR_PRIVATE);
    if (private != NULL) return private;
    return assay_json_get(sub->claims, of_attester ? names.attester_claims : names.verifier_claims);
}

/* AR4SI 2.3.4: a TPM cannot attest that memory is hidden, so the claim is rejected. */
static enum assay_ear_answer check_support(struct assay_ear *ear,
                                           const struct assay_ear_submodule *sub)
{
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    const char *const name = assay_json_text(cli_ear_own(sub, true), "kind", "");
    if (assay_kind_parse(name, &kind) != ASSAY_OK) return ASSAY_EAR_VALID;
    for (int i = 0; i < ASSAY_TRUST_COUNT; i++) {
        const enum assay_trust_claim claim = (enum assay_trust_claim)i;
        if (assay_ar4si_tier(sub->vector.claims[i]) != ASSAY_TIER_NONE &&
            !assay_ar4si_supports(kind, claim))
            return answer(ear, ASSAY_EAR_REFUSED, "%.40s: evidence of kind %s cannot support %s",
                          sub->label, assay_kind_text(kind), assay_ar4si_name(claim));
    }
    return ASSAY_EAR_VALID;
}

/* null: unknown, of a proof whose policy the verifier did not have. */
static bool read_insecure(struct assay_ear_submodule *sub)
{
    const struct assay_json *const own = cli_ear_own(sub, false);
    const enum assay_json_kind kind = assay_json_kind_of(assay_json_get(own, "insecure"));
    sub->insecure = assay_json_bool(own, "insecure", false);
    return kind == ASSAY_JSON_NOTHING || kind == ASSAY_JSON_NULL || kind == ASSAY_JSON_BOOL;
}

static enum assay_ear_answer read_submodule(struct assay_ear *ear, const char *label,
                                            const struct assay_json *claims)
{
    const struct assay_ear_names names = assay_ear_names(ear->family);
    struct assay_ear_submodule *const sub = &ear->submodules[ear->submodule_count];
    *sub = (struct assay_ear_submodule){ .label = label, .claims = claims };
    if (!read_insecure(sub))
        return answer(ear, ASSAY_EAR_MALFORMED, "%.40s: insecure is no boolean", label);
    if (!read_tier(assay_json_get(claims, names.status), &sub->status))
        return answer(ear, ASSAY_EAR_MALFORMED, "%.40s: %s is missing or no tier", label,
                      names.status);
    const struct assay_json *const vector = assay_json_get(claims, names.vector);
    if (vector != NULL) {
        const enum assay_ear_answer result = read_vector(ear, sub, vector);
        if (result != ASSAY_EAR_VALID) return result;
        if (!assay_ar4si_status_fits(sub->status, assay_ar4si_worst(&sub->vector)))
            return answer(ear, ASSAY_EAR_REFUSED,
                          "%.40s: status %s is better than its vector, which is %s", label,
                          assay_tier_text(sub->status),
                          assay_tier_text(assay_ar4si_worst(&sub->vector)));
    }
    ear->submodule_count += 1;
    return check_support(ear, sub);
}

static enum assay_ear_answer read_submodules(struct assay_ear *ear)
{
    const struct assay_json *const submods = assay_json_get(ear->claims, "submods");
    const char *label = NULL;
    const struct assay_json *value = NULL;
    bool has_none = false;
    for (size_t i = 0; assay_json_member(submods, i, &label, &value); i++) {
        if (ear->submodule_count == ASSAY_EAR_SUBMODULES_MAX)
            return answer(ear, ASSAY_EAR_UNSUPPORTED, "more than %d submodules",
                          ASSAY_EAR_SUBMODULES_MAX);
        const enum assay_ear_answer result = read_submodule(ear, label, value);
        if (result != ASSAY_EAR_VALID) return result;
        const enum assay_tier status = ear->submodules[ear->submodule_count - 1].status;
        has_none = has_none || status == ASSAY_TIER_NONE;
        if (status > ear->status) ear->status = status;
    }
    if (ear->submodule_count == 0)
        return answer(ear, ASSAY_EAR_MALFORMED, "submods is missing or empty");
    /* Nothing known of one part is nothing affirmed of the whole. */
    if (has_none && ear->status != ASSAY_TIER_CONTRAINDICATED) ear->status = ASSAY_TIER_NONE;
    return ASSAY_EAR_VALID;
}

/* Both families allow an overall status, which may be worse than its parts. */
static enum assay_ear_answer check_whole(struct assay_ear *ear)
{
    enum assay_tier status;
    const struct assay_json *const given =
        assay_json_get(ear->claims, assay_ear_names(ear->family).status);
    if (given == NULL) return ASSAY_EAR_VALID;
    if (!read_tier(given, &status))
        return answer(ear, ASSAY_EAR_MALFORMED, "the overall status is no tier");
    if (!assay_ar4si_status_fits(status, ear->status))
        return answer(ear, ASSAY_EAR_REFUSED, "status %s is better than a submodule, which is %s",
                      assay_tier_text(status), assay_tier_text(ear->status));
    ear->status = status;
    return ASSAY_EAR_VALID;
}

/* An optional time: absent, or an integer. Returns: false for anything else. */
static bool read_optional_time(const struct assay_json *claims, const char *name, bool *has,
                               int64_t *unix_s)
{
    const struct assay_json *const value = assay_json_get(claims, name);
    *has = value != NULL;
    return value == NULL || assay_json_as_int(value, unix_s);
}

static enum assay_ear_answer read_issuer(struct assay_ear *ear)
{
    const struct assay_json *const verifier =
        assay_json_get(ear->claims, assay_ear_names(ear->family).verifier_id);
    ear->developer = assay_json_text(verifier, "developer", NULL);
    ear->build = assay_json_text(verifier, "build", NULL);
    if (ear->developer == NULL || ear->build == NULL)
        return answer(ear, ASSAY_EAR_MALFORMED, "%s is missing or lacks developer or build",
                      assay_ear_names(ear->family).verifier_id);
    if (!assay_json_as_int(assay_json_get(ear->claims, "iat"), &ear->issued_unix_s))
        return answer(ear, ASSAY_EAR_MALFORMED, "iat is missing or no integer");
    return ASSAY_EAR_VALID;
}

static enum assay_ear_answer check_time(struct assay_ear *ear, int64_t at_unix_s)
{
    bool has_start = false;
    int64_t start = 0;
    if (!read_optional_time(ear->claims, "exp", &ear->has_expiry, &ear->expires_unix_s) ||
        !read_optional_time(ear->claims, "nbf", &has_start, &start))
        return answer(ear, ASSAY_EAR_MALFORMED, "exp or nbf is no integer");
    const int64_t latest = at_unix_s + ASSAY_EAR_SKEW_S;
    if (ear->issued_unix_s > latest || (has_start && start > latest))
        return answer(ear, ASSAY_EAR_EXPIRED, "issued or valid only later than the time asked for");
    if (ear->has_expiry && ear->expires_unix_s <= at_unix_s)
        return answer(ear, ASSAY_EAR_EXPIRED, "expired at the time asked for");
    return ASSAY_EAR_VALID;
}

static enum assay_ear_answer check_nonce(struct assay_ear *ear, const char *nonce)
{
    ear->nonce = assay_json_text(ear->claims, "eat_nonce", NULL);
    if (nonce == NULL) return ASSAY_EAR_VALID;
    if (ear->nonce != NULL && strcmp(ear->nonce, nonce) == 0) return ASSAY_EAR_VALID;
    return answer(ear, ASSAY_EAR_NONCE, "eat_nonce is %s",
                  ear->nonce == NULL ? "missing" : "another one");
}

/* --- the two encodings: form, algorithm, signature, and the claims that are read */
static enum assay_ear_answer read_jwt(struct assay_ear *ear, const char *text, size_t len,
                                      const struct assay_p256 *key)
{
    struct assay_jwt jwt;
    enum assay_status status = assay_jwt_split(text, len, &jwt);
    if (status == ASSAY_E_INVALID)
        return answer(ear, ASSAY_EAR_UNSUPPORTED,
                      "expected a signature of ES256 (64 bytes), found one of another length: "
                      "`assay result verify` reads tokens of other verifiers");
    if (status != ASSAY_OK)
        return answer(ear, ASSAY_EAR_MALFORMED, "no JSON web token: %s", assay_status_text(status));
    const enum assay_ear_answer result = check_header(ear, &jwt);
    if (result != ASSAY_EAR_VALID) return result;
    if (!assay_jwt_check(&jwt, key))
        return answer(ear, ASSAY_EAR_FORGED, "the signature is not by this key");
    status = decode_json(jwt.claims, &ear->claims);
    if (status != ASSAY_OK)
        return answer(ear, ASSAY_EAR_MALFORMED, "claims: %s", assay_status_text(status));
    return check_profile(ear);
}

/* Of the families that are known, only the draft's has labels of CBOR. */
static enum assay_ear_answer read_cwt(struct assay_ear *ear, const void *bytes, size_t len,
                                      const struct assay_p256 *key)
{
    struct assay_cose_sign1 token;
    enum assay_status status = cli_ear_cwt_parse(bytes, len, &token);
    if (status != ASSAY_OK)
        return answer(ear, ASSAY_EAR_MALFORMED,
                      "no CBOR web token (COSE_Sign1 with its algorithm protected, and no critical "
                      "headers): %s",
                      assay_status_text(status));
    if (token.algorithm != ASSAY_COSE_ES256)
        return answer(ear, ASSAY_EAR_UNSUPPORTED, "algorithm %" PRId64 ": only ES256 (%d) is read",
                      token.algorithm, ASSAY_COSE_ES256);
    if (!cli_ear_cwt_is_result(&token))
        return answer(ear, ASSAY_EAR_UNSUPPORTED,
                      "typ of the header is no attestation result (application/eat+cwt)");
    if (!cli_ear_cwt_check(&token, key))
        return answer(ear, ASSAY_EAR_FORGED, "the signature is not by this key");
    status = cli_ear_cwt_claims(token.payload, &ear->claims);
    if (status != ASSAY_OK)
        return answer(ear, ASSAY_EAR_MALFORMED, "claims: %s", assay_status_text(status));
    const enum assay_ear_answer result = check_profile(ear);
    if (result == ASSAY_EAR_VALID && ear->family != ASSAY_EAR_IETF_04)
        return answer(ear, ASSAY_EAR_UNSUPPORTED, "eat_profile \"%.80s\" has no claims in CBOR",
                      ear->profile);
    return result;
}

/* CBOR as `--ear -` prints it: base64url, which has no dot where a JSON web token has two. */
static enum assay_ear_answer read_text(struct assay_ear *ear, const char *text, size_t len,
                                       const struct assay_p256 *key)
{
    uint8_t *const bytes = malloc(len + 1);
    size_t count = 0;
    enum assay_ear_answer result = ASSAY_EAR_MALFORMED;
    if (bytes == NULL) return answer(ear, result, "%s", assay_status_text(ASSAY_E_MEMORY));
    const bool is_cbor =
        assay_base64_decode(ASSAY_BASE64_URL, text, len, bytes, len + 1, &count) == ASSAY_OK &&
        cli_ear_is_cbor(bytes, count);
    result = is_cbor ? read_cwt(ear, bytes, count, key) : read_jwt(ear, text, len, key);
    free(bytes);
    return result;
}

enum assay_ear_answer cli_ear_read(const void *token, size_t len, const struct assay_p256 *key,
                                   int64_t at_unix_s, const char *nonce, struct assay_ear *ear)
{
    const char *const text = token;
    enum assay_ear_answer result = ASSAY_EAR_VALID;
    *ear = (struct assay_ear){ 0 };
    if (cli_ear_is_cbor(token, len)) {
        result = read_cwt(ear, token, len, key);
    } else {
        while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
            len -= 1;
        result = read_text(ear, text, len, key);
    }
    if (result == ASSAY_EAR_VALID) result = read_issuer(ear);
    if (result == ASSAY_EAR_VALID) result = read_submodules(ear);
    if (result == ASSAY_EAR_VALID) result = check_whole(ear);
    if (result == ASSAY_EAR_VALID) result = check_time(ear, at_unix_s);
    return result == ASSAY_EAR_VALID ? check_nonce(ear, nonce) : result;
}

void cli_ear_close(struct assay_ear *ear)
{
    assay_json_free(&ear->claims);
}
