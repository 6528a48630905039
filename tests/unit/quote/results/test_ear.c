/*
 * tests/unit/quote/results/test_ear.c - tests of attestation results: writing, signing, reading,
 * and rejection of every defect.
 */
#include "apps/assay/evidence/ear_read.h"
#include "quote/result/jwt.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AT = 1800000000 };
#define IETF   "\"eat_profile\":\"tag:ietf.org,2026:rats/ear#04\",\"iat\":1799999990,"
#define ISSUER "\"ear_verifier_id\":{\"developer\":\"d\",\"build\":\"b\"},"
#define HEADER "{\"alg\":\"ES256\",\"typ\":\"application/eat+jwt\"}"

static struct assay_secret32 secret;
static uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
static struct assay_p256 *key;
static struct assay_ear ear;
static char token[65536];

static void set_up(void)
{
    cr_assert_eq(assay_p256_generate(&secret, public_key), ASSAY_OK);
    cr_assert_eq(assay_p256_load(public_key, &key), ASSAY_OK);
}

static void tear_down(void)
{
    cli_ear_close(&ear);
    assay_p256_free(&key);
}

TestSuite(quote_ear, .init = set_up, .fini = tear_down);

static size_t sign(struct assay_slice header, struct assay_slice claims)
{
    struct assay_p256_signer *signer = NULL;
    uint8_t digest[ASSAY_SHA256_LEN], signature[ASSAY_P256_SIGNATURE_LEN];
    struct assay_writer w = assay_writer_over(token, sizeof token);
    assay_jwt_put(&w, header, claims);
    assay_sha256(token, w.len, digest);
    cr_assert_eq(assay_p256_signer_load(&secret, &signer), ASSAY_OK);
    cr_assert_eq(assay_p256_sign(signer, digest, signature), ASSAY_OK);
    assay_p256_signer_free(&signer);
    assay_jwt_put_signature(&w, signature);
    cr_assert_not(w.full);
    return w.len;
}

static enum assay_ear_answer read_at(const char *header, const char *claims, int64_t at,
                                     const char *nonce)
{
    const size_t len =
        sign(assay_slice_over(header, strlen(header)), assay_slice_over(claims, strlen(claims)));
    cli_ear_close(&ear);
    return cli_ear_read(token, len, key, at, nonce, &ear);
}

static void expect(const char *claims, enum assay_ear_answer answer)
{
    const enum assay_ear_answer is = read_at(HEADER, claims, AT, NULL);
    cr_assert_eq(is, answer, "%s: answer %d (%s)", claims, is, ear.why);
}

/* --- what we write */
static struct assay_verdict verdict_of(int kind, int rule)
{
    struct assay_verdict v;
    assay_verdict_init(&v, (enum assay_evidence_kind)kind, AT);
    v.appraised = true;
    v.tcb_status = ASSAY_TCB_UP_TO_DATE;
    v.has_claims = true;
    v.measurement_len = 48;
    v.has_expiry = true;
    v.expires_unix_s = AT + 3600;
    if (rule != 0) assay_verdict_add(&v, (enum assay_rule)rule, 0, "a \"quoted\\ text", "\x01\xff");
    assay_verdict_conclude(&v);
    return v;
}

static size_t write_claims(const struct assay_verdict *v, enum assay_ear_profile profile,
                           uint8_t *bytes, size_t capacity)
{
    static struct assay_policy policy;
    const char nonce[] = "a nonce \"\\ of theirs";
    assay_policy_default(&policy);
    const struct assay_ear_terms terms = {
        .profile = profile,
        .developer = "tests",
        .build = "of today",
        .issued_unix_s = AT,
        .nonce = assay_slice_over(nonce, sizeof nonce - 1),
    };
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_ear_claims(v, &policy, &terms, &w);
    return w.full ? 0 : w.len;
}

Test(quote_ear, what_is_written_is_read_back_in_both_families)
{
    static uint8_t claims[ASSAY_EAR_CLAIMS_MAX], header[256];
    static const int rules[] = { 0, ASSAY_RULE_TCB_WARNING, ASSAY_RULE_DEBUG,
                                 ASSAY_RULE_QUOTE_SIGNATURE, ASSAY_RULE_COLLATERAL_MISSING };
    for (int profile = 0; profile < ASSAY_EAR_PROFILES; profile++) {
        for (int kind = 1; kind < ASSAY_KIND_COUNT; kind++) {
            for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
                const struct assay_verdict v = verdict_of(kind, rules[i]);
                const enum assay_ear_profile family = (enum assay_ear_profile)profile;
                const size_t len = write_claims(&v, family, claims, sizeof claims);
                cr_assert_gt(len, 0);
                struct assay_writer h = assay_writer_over(header, sizeof header);
                assay_ear_header(family, public_key, &h);
                const size_t token_len =
                    sign(assay_slice_over(header, h.len), assay_slice_over(claims, len));
                cli_ear_close(&ear);
                cr_assert_eq(
                    cli_ear_read(token, token_len, key, AT, "a nonce \"\\ of theirs", &ear),
                    ASSAY_EAR_VALID, "%s", ear.why);
                cr_assert_eq(ear.status, v.tier);
                cr_assert_eq((int)ear.family, profile);
                cr_assert_eq(ear.issued_unix_s, AT);
                cr_assert(ear.has_expiry);
                cr_assert_eq(ear.expires_unix_s, AT + 3600);
                cr_assert_str_eq(ear.developer, "tests");
                cr_assert_eq(ear.submodule_count, 1);
                cr_assert_str_eq(ear.submodules[0].label, "cpu0");
                cr_assert(ear.submodules[0].has_vector);
            }
        }
    }
}

Test(quote_ear, the_same_verdict_has_the_same_bytes)
{
    static uint8_t a[ASSAY_EAR_CLAIMS_MAX], b[ASSAY_EAR_CLAIMS_MAX];
    const struct assay_verdict v = verdict_of(ASSAY_KIND_TDX4, ASSAY_RULE_TCB_WARNING);
    const size_t len = write_claims(&v, ASSAY_EAR_IETF_04, a, sizeof a);
    cr_assert_eq(write_claims(&v, ASSAY_EAR_IETF_04, b, sizeof b), len);
    cr_assert(assay_bytes_equal(a, b, len));
}

Test(quote_ear, the_fullest_verdict_fits_its_buffer_and_nothing_overruns_a_smaller_one)
{
    static uint8_t claims[ASSAY_EAR_CLAIMS_MAX];
    struct assay_verdict v;
    char text[ASSAY_REASON_TEXT];
    for (size_t i = 0; i + 1 < sizeof text; i++)
        text[i] = (char)0xff; /* six characters each when escaped */
    text[sizeof text - 1] = '\0';
    assay_verdict_init(&v, ASSAY_KIND_SNP, AT);
    v.has_claims = true;
    v.measurement_len = ASSAY_MEASUREMENT_MAX;
    v.appraised = true;
    v.advisory_count = ASSAY_ADVISORIES_MAX;
    for (size_t i = 0; i < ASSAY_ADVISORIES_MAX; i++)
        (void)snprintf(v.advisories[i], ASSAY_ADVISORY_TEXT, "INTEL-SA-%014zu", i);
    v.has_now = true;
    v.tcb_status_launch = v.tcb_status_current = ASSAY_TCB_OUT_OF_DATE;
    v.advisory_now_count = v.advisory_count;
    assay_bytes_copy(v.advisories_now, sizeof v.advisories_now, v.advisories, sizeof v.advisories);
    v.instance.project_number = UINT64_MAX;
    char *const names[] = { v.instance.id, v.instance.name, v.instance.project, v.instance.zone };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        memset(names[i], 0xff, ASSAY_INSTANCE_TEXT - 1);
    for (int i = 0; i < ASSAY_REASONS_MAX; i++)
        assay_verdict_add(&v, ASSAY_RULE_TCB_WARNING, 0, text, text);
    assay_verdict_conclude(&v);
    const size_t len = write_claims(&v, ASSAY_EAR_IETF_04, claims, sizeof claims);
    cr_assert_gt(len, 10000);
    (void)sign(assay_slice_over(HEADER, sizeof HEADER - 1), assay_slice_over(claims, len));
    cr_assert_lt((len + 256) * 4 / 3 + 96, ASSAY_EAR_TOKEN_MAX);
    for (size_t capacity = 0; capacity < len; capacity += 97) {
        uint8_t *const exact = malloc(capacity + 1);
        cr_assert_not_null(exact);
        cr_assert_eq(write_claims(&v, ASSAY_EAR_IETF_04, exact, capacity), 0);
        free(exact);
    }
}

Test(quote_ear, names_the_instance_of_a_cloud_and_no_more_of_it_than_is_known)
{
    static uint8_t claims[ASSAY_EAR_CLAIMS_MAX + 1];
    struct assay_verdict v = verdict_of(ASSAY_KIND_TPM, 0);
    v.instance = (struct assay_instance){
        .id = "17", .name = "n", .project = "p", .project_number = UINT64_MAX, .zone = "z"
    };
    size_t len = write_claims(&v, ASSAY_EAR_IETF_04, claims, sizeof claims - 1);
    claims[len] = '\0';
    cr_expect_not_null(strstr((const char *)claims,
                              "\"instance\":{\"id\":\"17\",\"name\":\"n\",\"project\":\"p\","
                              "\"project_number\":18446744073709551615,\"zone\":\"z\"}"));
    v.instance = (struct assay_instance){ .id = "i-0123" };
    len = write_claims(&v, ASSAY_EAR_IETF_04, claims, sizeof claims - 1);
    claims[len] = '\0';
    cr_expect_not_null(strstr((const char *)claims, "\"instance\":{\"id\":\"i-0123\"}"));
    v.instance = (struct assay_instance){ 0 };
    len = write_claims(&v, ASSAY_EAR_IETF_04, claims, sizeof claims - 1);
    claims[len] = '\0';
    cr_expect_null(strstr((const char *)claims, "\"instance\""));
}

/* Every result ends: one whose verdict rests on what has ended, a day later. */
Test(quote_ear, a_result_that_never_held_ends_within_a_day)
{
    static uint8_t claims[ASSAY_EAR_CLAIMS_MAX + 1];
    struct assay_verdict v = verdict_of(ASSAY_KIND_SGX3, ASSAY_RULE_COLLATERAL_EXPIRED);
    v.expires_unix_s = AT - 1;
    const size_t len = write_claims(&v, ASSAY_EAR_IETF_04, claims, sizeof claims - 1);
    claims[len] = '\0';
    char wanted[32];
    (void)snprintf(wanted, sizeof wanted, "\"exp\":%lld,", (long long)AT + 86400);
    cr_assert_not_null(strstr((const char *)claims, wanted), "%s", (const char *)claims);
    v.has_expiry = false; /* nor is there one without an end */
    claims[write_claims(&v, ASSAY_EAR_IETF_04, claims, sizeof claims - 1)] = '\0';
    cr_assert_not_null(strstr((const char *)claims, wanted), "%s", (const char *)claims);
}

static void expect_exp(const struct assay_verdict *v, int64_t exp_s)
{
    static uint8_t claims[ASSAY_EAR_CLAIMS_MAX + 1];
    char wanted[32];
    claims[write_claims(v, ASSAY_EAR_IETF_04, claims, sizeof claims - 1)] = '\0';
    (void)snprintf(wanted, sizeof wanted, "\"exp\":%lld,", (long long)exp_s);
    cr_expect_not_null(strstr((const char *)claims, wanted), "%s not in %s", wanted,
                       (const char *)claims);
}

/* No result outlives what its policy accepts. */
Test(quote_ear, a_result_ends_with_the_acceptance_of_its_policy)
{
    struct assay_verdict v = verdict_of(ASSAY_KIND_SGX3, 0);
    assay_verdict_policy_ends(&v, AT + 3601);
    expect_exp(&v, AT + 3600);
    assay_verdict_policy_ends(&v, AT + 300);
    expect_exp(&v, AT + 300);
    assay_verdict_policy_ends(&v, AT + 400);
    expect_exp(&v, AT + 300);
    assay_verdict_policy_ends(&v, AT); /* in its last second, and not for a day */
    expect_exp(&v, AT + 1);
    v = verdict_of(ASSAY_KIND_CCA, 0);
    v.has_expiry = false;
    assay_verdict_policy_ends(&v, AT + 86401); /* nothing expires: a day */
    expect_exp(&v, AT + 86400);
    assay_verdict_policy_ends(&v, AT + 86399);
    expect_exp(&v, AT + 86399);
    v = verdict_of(ASSAY_KIND_SGX3, 0);
    v.expires_unix_s = AT;
    expect_exp(&v, AT + 1);
}

/* --- what others write */
#define AFFIRMING "{\"ear_status\":\"affirming\",\"ear_trustworthiness_vector\":{\"hardware\":2}}"

Test(quote_ear, reads_both_families_and_trustee)
{
    expect("{" IETF ISSUER "\"submods\":{\"x\":" AFFIRMING "}}", ASSAY_EAR_VALID);
    cr_assert_eq(ear.status, ASSAY_TIER_AFFIRMING);
    const char *const profiles[] = { "tag:github.com,2023:veraison/ear",
                                     "tag:github.com,2024:confidential-containers/Trustee" };
    for (size_t i = 0; i < 2; i++) {
        char claims[512];
        /* executables 4 is what Trustee's default policy says: unregistered, taken by its tier. */
        (void)snprintf(claims, sizeof claims,
                       "{\"eat_profile\":\"%s\",\"iat\":1,\"ear.verifier-id\":{\"developer\":\"d\","
                       "\"build\":\"b\"},\"submods\":{\"cpu0\":{\"ear.status\":\"warning\","
                       "\"ear.trustworthiness-vector\":{\"executables\":4,\"hardware\":32}}}}",
                       profiles[i]);
        expect(claims, ASSAY_EAR_VALID);
        cr_assert_eq(ear.status, ASSAY_TIER_WARNING);
    }
}

Test(quote_ear, takes_both_media_types_and_no_other)
{
    const char *const good[] = { "JWT", "eat+jwt", "EAT-JWT", "application/eat-jwt" };
    const char *const bad[] = { "JOSE", "eat+cwt", "application/jwt2", "" };
    const char claims[] = "{" IETF ISSUER "\"submods\":{\"x\":" AFFIRMING "}}";
    char header[128];
    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(header, sizeof header, "{\"alg\":\"ES256\",\"typ\":\"%s\"}", good[i]);
        cr_assert_eq(read_at(header, claims, AT, NULL), ASSAY_EAR_VALID, "%s", ear.why);
        (void)snprintf(header, sizeof header, "{\"alg\":\"ES256\",\"typ\":\"%s\"}", bad[i]);
        cr_assert_eq(read_at(header, claims, AT, NULL), ASSAY_EAR_UNSUPPORTED);
    }
    cr_assert_eq(read_at("{\"alg\":\"ES256\"}", claims, AT, NULL), ASSAY_EAR_VALID);
}

Test(quote_ear, never_lets_the_token_choose_its_algorithm)
{
    const char claims[] = "{" IETF ISSUER "\"submods\":{\"x\":" AFFIRMING "}}";
    const char *const headers[] = { "{\"alg\":\"none\"}",
                                    "{\"alg\":\"HS256\"}",
                                    "{}",
                                    "{\"alg\":\"es256\"}",
                                    "{\"alg\":null}",
                                    "{\"alg\":\"ES256\",\"crit\":[\"b64\"],\"b64\":false}",
                                    "{\"alg\":\"ES256\",\"typ\":7}" };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        cr_assert_eq(read_at(headers[i], claims, AT, NULL), ASSAY_EAR_UNSUPPORTED, "%s",
                     headers[i]);
    cr_assert_eq(read_at("{\"alg\":\"ES256\",\"alg\":\"ES256\"}", claims, AT, NULL),
                 ASSAY_EAR_MALFORMED);
    cr_assert_eq(read_at("[]", claims, AT, NULL), ASSAY_EAR_UNSUPPORTED);
}

Test(quote_ear, refuses_another_key_and_every_changed_character)
{
    const char claims[] = "{" IETF ISSUER "\"submods\":{\"x\":" AFFIRMING "}}";
    cr_assert_eq(read_at(HEADER, claims, AT, NULL), ASSAY_EAR_VALID);
    const size_t len = sign(assay_slice_over(HEADER, sizeof HEADER - 1),
                            assay_slice_over(claims, sizeof claims - 1));
    for (size_t i = 0; i < len; i++) {
        const char was = token[i];
        token[i] = was == 'Q' ? 'R' : 'Q';
        cli_ear_close(&ear);
        cr_assert_neq(cli_ear_read(token, len, key, AT, NULL, &ear), ASSAY_EAR_VALID);
        token[i] = was;
    }
    assay_p256_free(&key);
    cr_assert_eq(assay_p256_generate(&secret, public_key), ASSAY_OK);
    cr_assert_eq(assay_p256_load(public_key, &key), ASSAY_OK);
    cli_ear_close(&ear);
    cr_assert_eq(cli_ear_read(token, len, key, AT, NULL, &ear), ASSAY_EAR_FORGED);
}

Test(quote_ear, refuses_a_status_above_the_worst_claim)
{
    expect("{" IETF ISSUER "\"submods\":{\"x\":{\"ear_status\":\"affirming\","
           "\"ear_trustworthiness_vector\":{\"hardware\":2,\"executables\":33}}}}",
           ASSAY_EAR_REFUSED);
    expect("{" IETF ISSUER "\"submods\":{\"x\":{\"ear_status\":\"warning\","
           "\"ear_trustworthiness_vector\":{\"hardware\":-97}}}}",
           ASSAY_EAR_REFUSED);
    expect("{" IETF ISSUER "\"submods\":{\"x\":{\"ear_status\":\"affirming\","
           "\"ear_trustworthiness_vector\":{\"hardware\":0}}}}",
           ASSAY_EAR_REFUSED);
    expect("{" IETF ISSUER "\"ear_status\":\"affirming\",\"submods\":{\"x\":" AFFIRMING
           ",\"y\":{\"ear_status\":\"warning\"}}}",
           ASSAY_EAR_REFUSED);
    expect("{" IETF ISSUER "\"ear_status\":\"warning\",\"submods\":{\"x\":" AFFIRMING "}}",
           ASSAY_EAR_VALID);
    cr_assert_eq(ear.status, ASSAY_TIER_WARNING);
}

Test(quote_ear, the_whole_is_as_its_worst_part_and_nothing_known_is_nothing_affirmed)
{
    expect("{" IETF ISSUER "\"submods\":{\"x\":" AFFIRMING ",\"y\":{\"ear_status\":\"none\"}}}",
           ASSAY_EAR_VALID);
    cr_assert_eq(ear.status, ASSAY_TIER_NONE);
    expect("{" IETF ISSUER "\"submods\":{\"x\":" AFFIRMING
           ",\"y\":{\"ear_status\":\"contraindicated\"},\"z\":{\"ear_status\":\"none\"}}}",
           ASSAY_EAR_VALID);
    cr_assert_eq(ear.status, ASSAY_TIER_CONTRAINDICATED);
}

Test(quote_ear, a_tpm_that_claims_hidden_memory_is_not_believed)
{
    expect("{" IETF ISSUER "\"submods\":{\"x\":{\"ear_status\":\"affirming\","
           "\"ear_trustworthiness_vector\":{\"runtime-opaque\":2},\"" ASSAY_EAR_PRIVATE
           "\":{\"kind\":\"tpm2\"}}}}",
           ASSAY_EAR_REFUSED);
    expect("{" IETF ISSUER "\"submods\":{\"x\":{\"ear_status\":\"affirming\","
           "\"ear_trustworthiness_vector\":{\"runtime-opaque\":2},\"" ASSAY_EAR_PRIVATE
           "\":{\"kind\":\"snp\"}}}}",
           ASSAY_EAR_VALID);
}

Test(quote_ear, ignores_claims_that_it_does_not_know)
{
    expect("{" IETF ISSUER "\"more\":[1,{}],\"submods\":{\"x\":{\"ear_status\":\"affirming\","
           "\"ear_trustworthiness_vector\":{\"hardware\":2,\"new-claim\":\"?\"},\"y\":null}}}",
           ASSAY_EAR_VALID);
}

Test(quote_ear, demands_what_the_draft_demands)
{
    const char *const malformed[] = {
        "{" IETF "\"submods\":{\"x\":" AFFIRMING "}}",
        "{" IETF ISSUER "\"submods\":{}}",
        "{" IETF ISSUER "\"submods\":[]}",
        "{" IETF "\"ear_verifier_id\":{\"developer\":\"d\"},\"submods\":{\"x\":" AFFIRMING "}}",
        "{" IETF ISSUER "\"submods\":{\"x\":{}}}",
        "{" IETF ISSUER "\"submods\":{\"x\":{\"ear_status\":\"fine\"}}}",
        "{" IETF ISSUER "\"submods\":{\"x\":{\"ear_status\":\"affirming\","
        "\"ear_verifier_claims\":{\"insecure\":1}}}}",
        "{" IETF ISSUER "\"submods\":{\"x\":{\"ear_status\":\"affirming\","
        "\"ear_verifier_claims\":{\"insecure\":\"true\"}}}}",
        "{" IETF ISSUER "\"submods\":{\"x\":{\"ear_status\":3}}}",
        "{" IETF ISSUER "\"submods\":{\"x\":{\"ear.status\":\"affirming\"}}}",
        "{" IETF ISSUER "\"submods\":{\"x\":{\"ear_status\":\"affirming\","
        "\"ear_trustworthiness_vector\":{\"hardware\":128}}}}",
        "{" IETF ISSUER "\"submods\":{\"x\":{\"ear_status\":\"affirming\","
        "\"ear_trustworthiness_vector\":{\"hardware\":2.5}}}}",
        "{" IETF ISSUER "\"exp\":\"never\",\"submods\":{\"x\":" AFFIRMING "}}",
        "{" IETF ISSUER "\"submods\":{\"x\":" AFFIRMING ",\"x\":" AFFIRMING "}}",
        "{\"eat_profile\":\"tag:ietf.org,2026:rats/ear#03\"," ISSUER "\"submods\":{\"x\":" AFFIRMING
        "}}",
    };
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
        expect(malformed[i], ASSAY_EAR_MALFORMED);
    expect("{\"eat_profile\":\"tag:else\",\"iat\":1," ISSUER "\"submods\":{\"x\":" AFFIRMING "}}",
           ASSAY_EAR_UNSUPPORTED);
    expect("{\"iat\":1," ISSUER "\"submods\":{\"x\":" AFFIRMING "}}", ASSAY_EAR_UNSUPPORTED);
}

Test(quote_ear, holds_within_its_time_only)
{
    const char claims[] = "{" IETF ISSUER "\"exp\":1800000100,\"submods\":{\"x\":" AFFIRMING "}}";
    cr_assert_eq(read_at(HEADER, claims, AT, NULL), ASSAY_EAR_VALID);
    cr_assert_eq(read_at(HEADER, claims, AT + 99, NULL), ASSAY_EAR_VALID);
    cr_assert_eq(read_at(HEADER, claims, AT + 100, NULL), ASSAY_EAR_EXPIRED);
    cr_assert_eq(read_at(HEADER, claims, AT - 10 - ASSAY_EAR_SKEW_S, NULL), ASSAY_EAR_VALID);
    cr_assert_eq(read_at(HEADER, claims, AT - 11 - ASSAY_EAR_SKEW_S, NULL), ASSAY_EAR_EXPIRED);
    expect("{" IETF ISSUER "\"nbf\":1800000061,\"submods\":{\"x\":" AFFIRMING "}}",
           ASSAY_EAR_EXPIRED);
    expect("{\"eat_profile\":\"tag:ietf.org,2026:rats/ear#03\",\"iat\":9223372036854775807," ISSUER
           "\"submods\":{\"x\":" AFFIRMING "}}",
           ASSAY_EAR_EXPIRED);
}

Test(quote_ear, answers_the_question_that_was_asked)
{
    const char with[] =
        "{" IETF ISSUER "\"eat_nonce\":\"12345678\",\"submods\":{\"x\":" AFFIRMING "}}";
    const char without[] = "{" IETF ISSUER "\"submods\":{\"x\":" AFFIRMING "}}";
    cr_assert_eq(read_at(HEADER, with, AT, "12345678"), ASSAY_EAR_VALID);
    cr_assert_eq(read_at(HEADER, with, AT, NULL), ASSAY_EAR_VALID);
    cr_assert_eq(read_at(HEADER, with, AT, "12345679"), ASSAY_EAR_NONCE);
    cr_assert_eq(read_at(HEADER, without, AT, "12345678"), ASSAY_EAR_NONCE);
}

Test(quote_ear, options_are_read_strictly)
{
    enum assay_ear_profile profile;
    cr_assert_eq(assay_ear_profile_parse("veraison-2023", &profile), ASSAY_OK);
    cr_assert_eq(profile, ASSAY_EAR_VERAISON_2023);
    cr_assert_eq(assay_ear_profile_parse("ietf-05", &profile), ASSAY_E_NOT_FOUND);
    char text[ASSAY_EAR_NONCE_MAX + 1];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = 'n';
    cr_assert_not(assay_ear_nonce_is_fit(text, ASSAY_EAR_NONCE_MIN - 1));
    cr_assert(assay_ear_nonce_is_fit(text, ASSAY_EAR_NONCE_MIN));
    cr_assert(assay_ear_nonce_is_fit(text, ASSAY_EAR_NONCE_MAX));
    cr_assert_not(assay_ear_nonce_is_fit(text, ASSAY_EAR_NONCE_MAX + 1));
    text[3] = '\n';
    cr_assert_not(assay_ear_nonce_is_fit(text, ASSAY_EAR_NONCE_MIN));
}
