/*
 * quote/result/ear.c - JSON claims of an EAT attestation result.
 *
 * Members stand in a fixed order and texts in ASCII, so that the same appraisal has the same bytes.
 */
#include "quote/result/ear.h"

#include "base/assert.h"
#include "base/base64.h"
#include "quote/result/jwt.h"
#include "quote/text.h"

enum { EAR_LIFE_S = 86400 };

struct assay_ear_names assay_ear_names(enum assay_ear_profile profile)
{
    switch (profile) {
    case ASSAY_EAR_IETF_03:
        return (struct assay_ear_names){
            .option = "ietf-03",
            .profile = "tag:ietf.org,2026:rats/ear#03",
            .profile_prefix = "tag:ietf.org,2026:rats/ear#",
            .media_type = "eat+jwt", /* RFC 9782; the draft still has eat-jwt */
            .status = "ear_status",
            .vector = "ear_trustworthiness_vector",
            .verifier_id = "ear_verifier_id",
            .policy_ids = "ear_appraisal_policy_ids",
            .policy_ids_are_a_list = true,
        };
    case ASSAY_EAR_VERAISON_2023:
        return (struct assay_ear_names){
            .option = "veraison-2023",
            .profile = "tag:github.com,2023:veraison/ear",
            .profile_prefix = "tag:github.com,2023:veraison/ear",
            .media_type = "JWT",
            .status = "ear.status",
            .vector = "ear.trustworthiness-vector",
            .verifier_id = "ear.verifier-id",
            .policy_ids = "ear.appraisal-policy-id",
        };
    }
    ASSAY_UNREACHABLE("a family of EAR names");
}

enum assay_status assay_ear_profile_parse(const char *text, enum assay_ear_profile *profile)
{
    for (int number = 0; number < ASSAY_EAR_PROFILES; number++) {
        const enum assay_ear_profile candidate = (enum assay_ear_profile)number;
        const struct assay_ear_names names = assay_ear_names(candidate);
        if (assay_text_compare(text, names.option, ASSAY_REASON_TEXT) != 0) continue;
        *profile = candidate;
        return ASSAY_OK;
    }
    return ASSAY_E_NOT_FOUND;
}

bool assay_ear_nonce_is_fit(const char *text, size_t len)
{
    if (len < ASSAY_EAR_NONCE_MIN || len > ASSAY_EAR_NONCE_MAX) return false;
    for (size_t i = 0; i < len; i++)
        if (text[i] < 0x20 || text[i] > 0x7e) return false;
    return true;
}

/* --- JSON, as much as is needed here */
struct json {
    struct assay_writer *w;
    bool first; /* no comma before the next member */
};

static void put_raw(struct json *j, const char *text)
{
    assay_writer_put(j->w, text, assay_text_len(text, SIZE_MAX));
}

/* RFC 8259 7; bytes beyond ASCII become the characters of Latin-1. */
static void put_text_n(struct json *j, const uint8_t *text, size_t len)
{
    ASSAY_ASSERT(text != NULL || len == 0);
    static const char digits[] = "0123456789abcdef";
    put_raw(j, "\"");
    for (size_t i = 0; i < len; i++) {
        const uint8_t c = text[i];
        if (c == '"' || c == '\\') {
            assay_writer_u8(j->w, '\\');
            assay_writer_u8(j->w, c);
        } else if (c >= 0x20 && c < 0x7f) {
            assay_writer_u8(j->w, c);
        } else {
            put_raw(j, "\\u00");
            assay_writer_u8(j->w, (uint8_t)digits[c >> 4]);
            assay_writer_u8(j->w, (uint8_t)digits[c & 15]);
        }
    }
    put_raw(j, "\"");
}

static void put_text(struct json *j, const char *text)
{
    put_text_n(j, (const uint8_t *)text, assay_text_len(text, SIZE_MAX));
}

static void put_comma(struct json *j)
{
    if (!j->first) put_raw(j, ",");
    j->first = false;
}

static void put_key(struct json *j, const char *key)
{
    put_comma(j);
    put_text(j, key);
    put_raw(j, ":");
}

static void open_bracket(struct json *j, const char *bracket)
{
    put_raw(j, bracket);
    j->first = true;
}

static void close_bracket(struct json *j, const char *bracket)
{
    put_raw(j, bracket);
    j->first = false;
}

static void set_text(struct json *j, const char *key, const char *text)
{
    put_key(j, key);
    put_text(j, text);
}

static void put_digits(struct json *j, uint64_t value)
{
    struct assay_text digits = assay_text_empty();
    assay_text_add_u64(&digits, value);
    put_raw(j, digits.text);
}

static void set_uint(struct json *j, const char *key, uint64_t value)
{
    put_key(j, key);
    put_digits(j, value);
}

static void set_int(struct json *j, const char *key, int64_t value)
{
    put_key(j, key);
    if (value < 0) put_raw(j, "-");
    put_digits(j, value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value);
}

static void set_bool(struct json *j, const char *key, bool value)
{
    put_key(j, key);
    put_raw(j, value ? "true" : "false");
}

static void set_null(struct json *j, const char *key)
{
    put_key(j, key);
    put_raw(j, "null");
}

static void set_hex(struct json *j, const char *key, const uint8_t *bytes, size_t len)
{
    char text[2 * ASSAY_MEASUREMENT_MAX + 1];
    ASSAY_ASSERT(len <= ASSAY_MEASUREMENT_MAX);
    assay_hex_encode(bytes, len, text, sizeof text);
    set_text(j, key, text);
}

/* A text before the base64url of at most 64 bytes. */
static void put_base64(struct json *j, const char *before, const uint8_t *bytes, size_t len)
{
    char text[96];
    size_t text_len = 0;
    const enum assay_status status =
        assay_base64_encode(ASSAY_BASE64_URL, bytes, len, text, sizeof text, &text_len);
    ASSAY_ASSERT(status == ASSAY_OK);
    put_raw(j, "\"");
    put_raw(j, before);
    put_raw(j, text);
    put_raw(j, "\"");
}

/* --- the parts of an appraisal */
static void put_vector(struct json *j, const char *key, const struct assay_trust_vector *vector)
{
    put_key(j, key);
    open_bracket(j, "{");
    for (int i = 0; i < ASSAY_TRUST_COUNT; i++)
        set_int(j, assay_ar4si_name((enum assay_trust_claim)i), vector->claims[i]);
    close_bracket(j, "}");
}

static void put_policy(struct json *j, const struct assay_ear_names *names,
                       const uint8_t digest[static ASSAY_SHA256_LEN])
{
    ASSAY_ASSERT(names->policy_ids != NULL);
    put_key(j, names->policy_ids);
    if (names->policy_ids_are_a_list) open_bracket(j, "[");
    put_base64(j, "ni:///sha-256;", digest, ASSAY_SHA256_LEN); /* RFC 6920 3: named by its hash */
    if (names->policy_ids_are_a_list) close_bracket(j, "]");
}

static void put_reasons(struct json *j, const struct assay_verdict *v)
{
    ASSAY_ASSERT(v->reason_count <= ASSAY_REASONS_MAX);
    put_key(j, "reasons");
    open_bracket(j, "[");
    for (uint32_t i = 0; i < v->reason_count; i++) {
        put_comma(j);
        open_bracket(j, "{");
        set_text(j, "rule", assay_rule_name(v->reasons[i].rule));
        set_text(j, "expected", v->reasons[i].expected);
        set_text(j, "observed", v->reasons[i].observed);
        close_bracket(j, "}");
    }
    close_bracket(j, "]");
}

static void put_advisories(struct json *j, const char (*ids)[ASSAY_ADVISORY_TEXT], uint32_t count)
{
    ASSAY_ASSERT(count <= ASSAY_ADVISORIES_MAX);
    put_key(j, "advisory_ids");
    open_bracket(j, "[");
    for (uint32_t i = 0; i < count; i++) {
        put_comma(j);
        put_text(j, ids[i]);
    }
    close_bracket(j, "]");
}

static void put_instance(struct json *j, const struct assay_instance *instance)
{
    ASSAY_ASSERT(instance->id[0] != '\0');
    put_key(j, "instance");
    open_bracket(j, "{");
    set_text(j, "id", instance->id);
    if (instance->name[0] != '\0') set_text(j, "name", instance->name);
    if (instance->project[0] != '\0') {
        set_text(j, "project", instance->project);
        set_uint(j, "project_number", instance->project_number);
    }
    if (instance->zone[0] != '\0') set_text(j, "zone", instance->zone);
    close_bracket(j, "}");
}

/* What the standard claims have no place for. */
static void put_private(struct json *j, const struct assay_verdict *v,
                        const struct assay_ear_terms *terms)
{
    put_key(j, ASSAY_EAR_PRIVATE);
    open_bracket(j, "{");
    set_text(j, "kind", assay_kind_text(v->kind));
    if (v->genuine == ASSAY_GENUINE_UNKNOWN) set_null(j, "genuine");
    else set_bool(j, "genuine", v->genuine == ASSAY_GENUINE_TRUE);
    set_bool(j, "insecure", v->insecure);
    if (v->has_claims) set_bool(j, "debug", v->debug);
    else set_null(j, "debug");
    if (v->tcb_status == ASSAY_TCB_NONE) set_null(j, "tcb_status");
    else set_text(j, "tcb_status", assay_tcb_status_text(v->tcb_status));
    put_advisories(j, (const char(*)[ASSAY_ADVISORY_TEXT])v->advisories, v->advisory_count);
    if (v->has_now) {
        put_key(j, "tcb_now");
        open_bracket(j, "{");
        set_text(j, "launch_status", assay_tcb_status_text(v->tcb_status_launch));
        set_text(j, "status", assay_tcb_status_text(v->tcb_status_current));
        put_advisories(j, (const char(*)[ASSAY_ADVISORY_TEXT])v->advisories_now,
                       v->advisory_now_count);
        close_bracket(j, "}");
    }
    if (v->instance.id[0] != '\0') put_instance(j, &v->instance);
    if (v->has_claims) set_hex(j, "measurement", v->measurement, v->measurement_len);
    set_hex(j, "evidence_sha256", terms->evidence_digest, sizeof terms->evidence_digest);
    put_reasons(j, v);
    close_bracket(j, "}");
}

static void put_appraisal(struct json *j, const struct assay_ear_names *names,
                          const struct assay_verdict *v, const struct assay_policy *policy,
                          const struct assay_ear_terms *terms)
{
    const struct assay_trust_vector vector = assay_ar4si_vector(v, policy);
    ASSAY_ASSERT(assay_ar4si_status_fits(v->tier, assay_ar4si_worst(&vector)));
    open_bracket(j, "{");
    set_text(j, names->status, assay_tier_text(v->tier));
    put_vector(j, names->vector, &vector);
    put_policy(j, names, terms->policy_digest);
    if (v->genuine == ASSAY_GENUINE_TRUE && v->has_claims) {
        put_key(j, "eat_nonce"); /* what the evidence itself is bound to */
        put_base64(j, "", v->report_data, sizeof v->report_data);
    }
    put_private(j, v, terms);
    close_bracket(j, "}");
}

/*
 * Every result ends: where nothing that the verdict rests on does, or has already (then nothing was
 * affirmed), a day after it was made. A result of the very last second has that second: `exp` is
 * the first one at which it no longer counts.
 */
static int64_t result_end(const struct assay_verdict *verdict, int64_t issued_unix_s)
{
    const int64_t day_s = issued_unix_s + EAR_LIFE_S;
    int64_t end_s = 0;
    if (!assay_verdict_end(verdict, &end_s) || end_s < issued_unix_s) return day_s;
    if (!verdict->has_expiry && end_s > day_s) return day_s;
    return end_s > issued_unix_s ? end_s : issued_unix_s + 1;
}

void assay_ear_claims(const struct assay_verdict *verdict, const struct assay_policy *policy,
                      const struct assay_ear_terms *terms, struct assay_writer *w)
{
    ASSAY_ASSERT(terms->issued_unix_s >= 0);
    ASSAY_ASSERT(terms->nonce.len == 0 ||
                 assay_ear_nonce_is_fit((const char *)terms->nonce.bytes, terms->nonce.len));
    const struct assay_ear_names names = assay_ear_names(terms->profile);
    struct json j = { w, true };
    open_bracket(&j, "{");
    set_text(&j, "eat_profile", names.profile);
    set_int(&j, "iat", terms->issued_unix_s);
    set_int(&j, "exp", result_end(verdict, terms->issued_unix_s));
    put_key(&j, names.verifier_id);
    open_bracket(&j, "{");
    ASSAY_ASSERT(terms->developer != NULL && terms->build != NULL);
    set_text(&j, "developer", terms->developer);
    set_text(&j, "build", terms->build);
    close_bracket(&j, "}");
    if (terms->nonce.len > 0) {
        put_key(&j, "eat_nonce");
        put_text_n(&j, terms->nonce.bytes, terms->nonce.len);
    }
    put_key(&j, "submods");
    open_bracket(&j, "{");
    put_key(&j, ASSAY_EAR_SUBMODULE);
    put_appraisal(&j, &names, verdict, policy, terms);
    close_bracket(&j, "}");
    close_bracket(&j, "}");
}

void assay_ear_header(enum assay_ear_profile profile,
                      const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                      struct assay_writer *w)
{
    char thumbprint[ASSAY_JWK_THUMBPRINT_LEN + 1];
    struct json j = { w, true };
    assay_jwk_thumbprint(public_key, thumbprint);
    open_bracket(&j, "{");
    set_text(&j, "alg", "ES256");
    set_text(&j, "typ", assay_ear_names(profile).media_type);
    set_text(&j, "kid", thumbprint);
    close_bracket(&j, "}");
}
