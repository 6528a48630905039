/*
 * quote/result/ear.c - claims of an EAT attestation result.
 *
 * Members stand in a fixed order and texts in ASCII, so that the same appraisal has the same bytes.
 */
#include "quote/result/ear.h"

#include "base/assert.h"
#include "quote/result/device_binding.h"
#include "quote/result/device_verdict.h"
#include "quote/result/ear_writer.h"
#include "quote/result/jwt.h"
#include "quote/text.h"

enum { EAR_LIFE_S = 86400 };

/* Labels of CBOR (RFC 8392 4, RFC 9711 10.2, draft-ietf-rats-ear-04 3). */
enum {
    LABEL_EXP = 4,
    LABEL_IAT = 6,
    LABEL_NONCE = 10,
    LABEL_PROFILE = 265,
    LABEL_SUBMODS = 266,
    LABEL_STATUS = 1000,
    LABEL_VECTOR = 1001,
    LABEL_POLICY_IDS = 1003,
    LABEL_VERIFIER_ID = 1004,
    LABEL_ATTESTER_CLAIMS = 1005,
    LABEL_VERIFIER_CLAIMS = 1006,
};

struct assay_ear_names assay_ear_names(enum assay_ear_profile profile)
{
    switch (profile) {
    case ASSAY_EAR_IETF_04:
        return (struct assay_ear_names){
            .option = "ietf-04",
            .profile = "tag:ietf.org,2026:rats/ear#04",
            .profile_prefix = "tag:ietf.org,2026:rats/ear#",
            .media_type = "eat+jwt", /* RFC 9782; the draft still has eat-jwt */
            .status = "ear_status",
            .vector = "ear_trustworthiness_vector",
            .verifier_id = "ear_verifier_id",
            .policy_ids = "ear_appraisal_policy_ids",
            .policy_ids_are_a_list = true,
            .attester_claims = "ear_attester_claims",
            .verifier_claims = "ear_verifier_claims",
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

/* One appraisal: of the processor with all that comes with it, or of one of its devices. */
struct appraisal {
    const char *label;
    const struct assay_verdict *verdict;
    const struct assay_verdict_device *device; /* NULL: of the processor */
};

/* --- the parts of an appraisal */
static void put_vector(struct assay_ear_writer *o, const char *name,
                       const struct assay_trust_vector *vector)
{
    assay_ear_open_map(o, ASSAY_EAR_KEY(name, LABEL_VECTOR));
    for (int i = 0; i < ASSAY_TRUST_COUNT; i++) {
        const char *const claim = assay_ar4si_name((enum assay_trust_claim)i);
        if (o->cbor) assay_ear_put_int(o, ASSAY_EAR_LABEL(i), vector->claims[i]);
        else assay_ear_put_int(o, ASSAY_EAR_NAME(claim), vector->claims[i]);
    }
    assay_ear_close(o);
}

static void put_status(struct assay_ear_writer *o, const char *name, enum assay_tier tier)
{
    static const int64_t numbers[] = { 0, 2, 32, 96 };
    if (o->cbor) assay_ear_put_int(o, ASSAY_EAR_KEY(name, LABEL_STATUS), numbers[tier]);
    else assay_ear_put_text(o, ASSAY_EAR_NAME(name), assay_tier_text(tier));
}

static void put_policy(struct assay_ear_writer *o, const struct assay_ear_names *names,
                       const uint8_t digest[static ASSAY_SHA256_LEN])
{
    const struct assay_ear_key key = ASSAY_EAR_KEY(names->policy_ids, LABEL_POLICY_IDS);
    if (!names->policy_ids_are_a_list) {
        assay_ear_put_ni(o, key, digest);
        return;
    }
    assay_ear_open_list(o, key, 1);
    assay_ear_put_ni(o, ASSAY_EAR_ITEM, digest);
    assay_ear_close(o);
}

static void put_reasons(struct assay_ear_writer *o, const struct assay_verdict *v)
{
    ASSAY_ASSERT(v->reason_count <= ASSAY_REASONS_MAX);
    assay_ear_open_list(o, ASSAY_EAR_NAME("reasons"), v->reason_count);
    for (uint32_t i = 0; i < v->reason_count; i++) {
        assay_ear_open_map(o, ASSAY_EAR_ITEM);
        assay_ear_put_text(o, ASSAY_EAR_NAME("rule"), assay_rule_name(v->reasons[i].rule));
        assay_ear_put_text(o, ASSAY_EAR_NAME("expected"), v->reasons[i].expected);
        assay_ear_put_text(o, ASSAY_EAR_NAME("observed"), v->reasons[i].observed);
        assay_ear_close(o);
    }
    assay_ear_close(o);
}

static void put_advisories(struct assay_ear_writer *o, const char (*ids)[ASSAY_ADVISORY_TEXT],
                           uint32_t count)
{
    ASSAY_ASSERT(count <= ASSAY_ADVISORIES_MAX);
    assay_ear_open_list(o, ASSAY_EAR_NAME("advisory_ids"), count);
    for (uint32_t i = 0; i < count; i++)
        assay_ear_put_text(o, ASSAY_EAR_ITEM, ids[i]);
    assay_ear_close(o);
}

static void put_instance(struct assay_ear_writer *o, const struct assay_instance *instance)
{
    if (instance->id[0] == '\0') return;
    assay_ear_open_map(o, ASSAY_EAR_NAME("instance"));
    assay_ear_put_text(o, ASSAY_EAR_NAME("id"), instance->id);
    if (instance->name[0] != '\0') assay_ear_put_text(o, ASSAY_EAR_NAME("name"), instance->name);
    if (instance->project[0] != '\0') {
        assay_ear_put_text(o, ASSAY_EAR_NAME("project"), instance->project);
        assay_ear_put_uint(o, ASSAY_EAR_NAME("project_number"), instance->project_number);
    }
    if (instance->zone[0] != '\0') assay_ear_put_text(o, ASSAY_EAR_NAME("zone"), instance->zone);
    assay_ear_close(o);
}

/* --- claims without a standard place: of the attester, as its evidence has them, and of the
 * verifier */
static void put_debug(struct assay_ear_writer *o, const struct assay_verdict *v)
{
    if (v->has_claims) assay_ear_put_bool(o, ASSAY_EAR_NAME("debug"), v->debug);
    else assay_ear_put_null(o, ASSAY_EAR_NAME("debug"));
}

static void put_measurement(struct assay_ear_writer *o, const struct assay_verdict *v)
{
    if (v->has_claims)
        assay_ear_put_hex(o, ASSAY_EAR_NAME("measurement"),
                          assay_slice_over(v->measurement, v->measurement_len));
}

static void put_genuine(struct assay_ear_writer *o, const struct assay_verdict *v)
{
    const bool is_known = v->genuine != ASSAY_GENUINE_UNKNOWN;
    if (!is_known) assay_ear_put_null(o, ASSAY_EAR_NAME("genuine"));
    else assay_ear_put_bool(o, ASSAY_EAR_NAME("genuine"), v->genuine == ASSAY_GENUINE_TRUE);
    assay_ear_put_bool(o, ASSAY_EAR_NAME("insecure"), v->insecure);
}

static void put_levels(struct assay_ear_writer *o, const struct assay_verdict *v)
{
    const struct assay_ear_key status = ASSAY_EAR_NAME("tcb_status");
    if (v->tcb_status == ASSAY_TCB_NONE) assay_ear_put_null(o, status);
    else assay_ear_put_text(o, status, assay_tcb_status_text(v->tcb_status));
    put_advisories(o, (const char(*)[ASSAY_ADVISORY_TEXT])v->advisories, v->advisory_count);
    if (!v->has_now) return;
    assay_ear_open_map(o, ASSAY_EAR_NAME("tcb_now"));
    assay_ear_put_text(o, ASSAY_EAR_NAME("launch_status"),
                       assay_tcb_status_text(v->tcb_status_launch));
    assay_ear_put_text(o, ASSAY_EAR_NAME("status"), assay_tcb_status_text(v->tcb_status_current));
    put_advisories(o, (const char(*)[ASSAY_ADVISORY_TEXT])v->advisories_now, v->advisory_now_count);
    assay_ear_close(o);
}

/* What the report says of its device, by the names of `assay evidence verify --json`. */
static void put_device(struct assay_ear_writer *o, const struct assay_verdict_device *d)
{
    if (d == NULL) return;
    if (d->product[0] != '\0') assay_ear_put_text(o, ASSAY_EAR_NAME("product"), d->product);
    assay_ear_put_hex(o, ASSAY_EAR_NAME("serial"), assay_slice_over(d->serial, sizeof d->serial));
    if (d->driver[0] != '\0') assay_ear_put_text(o, ASSAY_EAR_NAME("driver"), d->driver);
    if (d->firmware[0] != '\0') assay_ear_put_text(o, ASSAY_EAR_NAME("firmware"), d->firmware);
    if (assay_device_mode(d) != NULL)
        assay_ear_put_text(o, ASSAY_EAR_NAME("mode"), assay_device_mode(d));
}

/* The appraisal of the processor that commits to the device, while both are proven. */
static void put_binding(struct assay_ear_writer *o, const struct appraisal *a)
{
    if (a->device == NULL) return;
    if (a->verdict->genuine == ASSAY_GENUINE_TRUE)
        assay_ear_put_text(o, ASSAY_EAR_NAME("bound_to"), ASSAY_EAR_SUBMODULE);
    else assay_ear_put_null(o, ASSAY_EAR_NAME("bound_to"));
    if (a->device->has_platform)
        assay_ear_put_hex(o, ASSAY_EAR_NAME("platform_id"),
                          assay_slice_over(a->device->platform_id, sizeof a->device->platform_id));
}

static void put_digest(struct assay_ear_writer *o, const struct assay_ear_terms *terms)
{
    assay_ear_put_hex(o, ASSAY_EAR_NAME("evidence_sha256"),
                      assay_slice_over(terms->evidence_digest, sizeof terms->evidence_digest));
}

/* A device has no levels of the vendor, and no evidence of its own. */
static void put_attested(struct assay_ear_writer *o, const struct appraisal *a)
{
    put_device(o, a->device);
    if (a->device != NULL) return;
    put_debug(o, a->verdict);
    put_instance(o, &a->verdict->instance);
    put_measurement(o, a->verdict);
}

static void put_appraised(struct assay_ear_writer *o, const struct appraisal *a,
                          const struct assay_ear_terms *terms)
{
    put_genuine(o, a->verdict);
    put_binding(o, a);
    if (a->device == NULL) {
        put_levels(o, a->verdict);
        if (!terms->no_evidence_digest) put_digest(o, terms);
    }
    put_reasons(o, a->verdict);
}

/* The families before draft 04 have one private claim for all of them. */
static void put_claims(struct assay_ear_writer *o, const struct assay_ear_names *names,
                       const struct appraisal *a, const struct assay_ear_terms *terms)
{
    const bool is_private = names->attester_claims == NULL;
    assay_ear_open_map(o, is_private
                              ? ASSAY_EAR_NAME(ASSAY_EAR_PRIVATE)
                              : ASSAY_EAR_KEY(names->attester_claims, LABEL_ATTESTER_CLAIMS));
    assay_ear_put_text(o, ASSAY_EAR_NAME("kind"), assay_kind_text(a->verdict->kind));
    put_attested(o, a);
    if (!is_private) {
        assay_ear_close(o);
        assay_ear_open_map(o, ASSAY_EAR_KEY(names->verifier_claims, LABEL_VERIFIER_CLAIMS));
    }
    put_appraised(o, a, terms);
    assay_ear_close(o);
}

/* What the evidence is bound to; a device signs less. */
static struct assay_slice get_nonce(const struct appraisal *a)
{
    return assay_slice_over(a->verdict->report_data,
                            a->device == NULL ? ASSAY_REPORT_DATA_LEN : ASSAY_DEVICE_NONCE_LEN);
}

static void put_appraisal(struct assay_ear_writer *o, const struct assay_ear_names *names,
                          const struct appraisal *a, const struct assay_policy *policy,
                          const struct assay_ear_terms *terms)
{
    const struct assay_verdict *const v = a->verdict;
    const struct assay_trust_vector vector = assay_ar4si_vector(v, policy);
    ASSAY_ASSERT(assay_ar4si_status_fits(v->tier, assay_ar4si_worst(&vector)));
    assay_ear_open_map(o, ASSAY_EAR_NAME(a->label));
    put_status(o, names->status, v->tier);
    put_vector(o, names->vector, &vector);
    put_policy(o, names, terms->policy_digest);
    if (v->genuine == ASSAY_GENUINE_TRUE && v->has_claims)
        assay_ear_put_base64(o, ASSAY_EAR_KEY("eat_nonce", LABEL_NONCE), get_nonce(a));
    put_claims(o, names, a, terms);
    assay_ear_close(o);
}

/* RFC 9711 4.2.18: each attester of a composite device is a submodule. */
static void put_submodules(struct assay_ear_writer *o, const struct assay_ear_names *names,
                           const struct assay_verdict *v, const struct assay_policy *policy,
                           const struct assay_ear_terms *terms)
{
    const struct appraisal whole = { ASSAY_EAR_SUBMODULE, v, NULL };
    ASSAY_ASSERT(v->device_count <= ASSAY_DEVICES_MAX);
    assay_ear_open_map(o, ASSAY_EAR_KEY("submods", LABEL_SUBMODS));
    put_appraisal(o, names, &whole, policy, terms);
    for (uint32_t i = 0; i < v->device_count; i++) {
        struct assay_verdict own;
        char label[ASSAY_DEVICE_LABEL_MAX];
        assay_device_label(v, i, label);
        assay_device_verdict(v, i, &own);
        const struct appraisal device = { label, &own, &v->devices[i] };
        put_appraisal(o, names, &device, policy, terms);
    }
    assay_ear_close(o);
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
    ASSAY_ASSERT(!terms->cbor || assay_ear_names(terms->profile).attester_claims != NULL);
    const struct assay_ear_names names = assay_ear_names(terms->profile);
    struct assay_ear_writer o = assay_ear_writer_over(w, terms->cbor);
    int64_t end_s = result_end(verdict, terms->issued_unix_s);
    if (terms->end_unix_s > terms->issued_unix_s && terms->end_unix_s < end_s)
        end_s = terms->end_unix_s;
    assay_ear_open_map(&o, ASSAY_EAR_ITEM);
    assay_ear_put_text(&o, ASSAY_EAR_KEY("eat_profile", LABEL_PROFILE), names.profile);
    assay_ear_put_int(&o, ASSAY_EAR_KEY("iat", LABEL_IAT), terms->issued_unix_s);
    assay_ear_put_int(&o, ASSAY_EAR_KEY("exp", LABEL_EXP), end_s);
    assay_ear_open_map(&o, ASSAY_EAR_KEY(names.verifier_id, LABEL_VERIFIER_ID));
    ASSAY_ASSERT(terms->developer != NULL && terms->build != NULL);
    assay_ear_put_text(&o, o.cbor ? ASSAY_EAR_LABEL(0) : ASSAY_EAR_NAME("developer"),
                       terms->developer);
    assay_ear_put_text(&o, o.cbor ? ASSAY_EAR_LABEL(1) : ASSAY_EAR_NAME("build"), terms->build);
    assay_ear_close(&o);
    if (terms->nonce.len > 0 && terms->cbor)
        assay_ear_put_hex(&o, ASSAY_EAR_KEY("eat_nonce", LABEL_NONCE), terms->nonce);
    else if (terms->nonce.len > 0)
        assay_ear_put_text_n(&o, ASSAY_EAR_NAME("eat_nonce"), terms->nonce);
    put_submodules(&o, &names, verdict, policy, terms);
    assay_ear_close(&o);
}

void assay_ear_header(enum assay_ear_profile profile,
                      const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                      struct assay_writer *w)
{
    char thumbprint[ASSAY_JWK_THUMBPRINT_LEN + 1];
    struct assay_ear_writer o = assay_ear_writer_over(w, false);
    assay_jwk_thumbprint(public_key, thumbprint);
    assay_ear_open_map(&o, ASSAY_EAR_ITEM);
    assay_ear_put_text(&o, ASSAY_EAR_NAME("alg"), "ES256");
    assay_ear_put_text(&o, ASSAY_EAR_NAME("typ"), assay_ear_names(profile).media_type);
    assay_ear_put_text(&o, ASSAY_EAR_NAME("kid"), thumbprint);
    assay_ear_close(&o);
}
