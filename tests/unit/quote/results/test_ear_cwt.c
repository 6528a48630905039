/*
 * tests/unit/quote/results/test_ear_cwt.c - attestation results that are CBOR web tokens: what is
 * written is read back as its JSON, and every defect is refused as a JSON web token's is.
 */
#include "apps/assay/evidence/ear_read.h"
#include "base/base64.h"
#include "quote/cose.h"
#include "quote/result/cwt.h"

#include <criterion/criterion.h>
#include <string.h>

enum { AT = 1800000000, ES256 = -7 };

static struct assay_secret32 secret;
static uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
static struct assay_p256 *key;
static struct assay_ear ear;
static uint8_t token[65536], claims_bytes[ASSAY_EAR_CLAIMS_MAX];

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

TestSuite(quote_ear_cwt, .init = set_up, .fini = tear_down);

static enum assay_ear_answer read_bytes(const void *bytes, size_t len, const char *nonce)
{
    cli_ear_close(&ear);
    return cli_ear_read(bytes, len, key, AT, nonce, &ear);
}

/* --- tokens of the test's own: opening bytes, protected header, claims */
static size_t put_token(struct assay_slice opening, struct assay_slice header,
                        struct assay_slice claims, const uint8_t *signature)
{
    struct assay_writer w = assay_writer_over(token, sizeof token);
    assay_writer_put(&w, opening.bytes, opening.len);
    assay_cbor_put_array(&w, 4);
    assay_cbor_put_bytes(&w, header.bytes, header.len);
    assay_cbor_put_map(&w, 0);
    assay_cbor_put_bytes(&w, claims.bytes, claims.len);
    assay_cbor_put_bytes(&w, signature, ASSAY_P256_SIGNATURE_LEN);
    cr_assert_not(w.full);
    return w.len;
}

static size_t sign_token(struct assay_slice opening, struct assay_slice header,
                         struct assay_slice claims)
{
    struct assay_p256_signer *signer = NULL;
    struct assay_signature unused;
    struct assay_cose_sign1 parsed = { .algorithm = ES256,
                                       .protected_header = header,
                                       .payload = claims };
    uint8_t digest[ASSAY_DIGEST_MAX], signature[ASSAY_P256_SIGNATURE_LEN] = { 0 };
    parsed.signature = assay_slice_over(signature, sizeof signature);
    cr_assert_eq(assay_cose_sign1_signature(&parsed, &unused, digest), ASSAY_OK);
    cr_assert_eq(assay_p256_signer_load(&secret, &signer), ASSAY_OK);
    cr_assert_eq(assay_p256_sign(signer, digest, signature), ASSAY_OK);
    assay_p256_signer_free(&signer);
    return put_token(opening, header, claims, signature);
}

#define BYTES(text) assay_slice_over(text, sizeof text - 1)
#define SIGN1       BYTES("\xd2")
#define HEADER      BYTES("\xa1\x01\x26") /* {1: -7} */
#define PROFILE     "\x19\x01\x09\x78\x1dtag:ietf.org,2026:rats/ear#04"
#define ISSUED      "\x06\x1a\x6b\x49\xd1\xf6" /* 1799999990 */
#define ISSUER                                                                                     \
    "\x19\x03\xec\xa2\x00\x61"                                                                     \
    "d\x01\x61"                                                                                    \
    "b"
#define SUBMODS(inner) "\x19\x01\x0a\xa1\x61x" inner
#define AFFIRMING      "\xa2\x19\x03\xe8\x02\x19\x03\xe9\xa1\x02\x02"
#define WARNING        "\xa1\x19\x03\xe8\x18\x20"
/* head: of the map with all its pairs, four more than `more` has */
#define CLAIMS(head, more, inner) head PROFILE ISSUED ISSUER more SUBMODS(inner)

static enum assay_ear_answer read_claims(struct assay_slice claims, const char *nonce)
{
    return read_bytes(token, sign_token(SIGN1, HEADER, claims), nonce);
}

#define EXPECT(answer, claims)                                                                     \
    do {                                                                                           \
        const enum assay_ear_answer is = read_claims(BYTES(claims), NULL);                         \
        cr_assert_eq(is, answer, "answer %d (%s)", is, ear.why);                                   \
    } while (0)

/* --- what we write */
static struct assay_verdict verdict_of(int kind, int rule)
{
    struct assay_verdict v;
    assay_verdict_init(&v, (enum assay_evidence_kind)kind, AT);
    v.appraised = true;
    v.tcb_status = ASSAY_TCB_UP_TO_DATE;
    v.has_claims = true;
    v.measurement_len = 48;
    v.insecure = kind == ASSAY_KIND_SOFT;
    if (rule != 0) assay_verdict_add(&v, (enum assay_rule)rule, 0, "expected", "\x01\xff");
    assay_verdict_conclude(&v);
    return v;
}

static struct assay_slice write_claims(const struct assay_verdict *v, const char *nonce)
{
    static struct assay_policy policy;
    const struct assay_ear_terms terms = { .profile = ASSAY_EAR_IETF_04,
                                           .developer = "tests",
                                           .build = "of today",
                                           .issued_unix_s = AT,
                                           .cbor = true,
                                           .nonce = assay_slice_over(nonce, strlen(nonce)) };
    struct assay_writer w = assay_writer_over(claims_bytes, sizeof claims_bytes);
    assay_policy_default(&policy);
    assay_ear_claims(v, &policy, &terms, &w);
    cr_assert_not(w.full);
    return assay_slice_over(claims_bytes, w.len);
}

static size_t write_token(const struct assay_verdict *v, const char *nonce)
{
    struct assay_p256_signer *signer = NULL;
    uint8_t digest[ASSAY_SHA256_LEN], signature[ASSAY_P256_SIGNATURE_LEN];
    const struct assay_slice claims = write_claims(v, nonce);
    struct assay_writer w = assay_writer_over(token, sizeof token);
    assay_cwt_digest(public_key, claims, digest);
    cr_assert_eq(assay_p256_signer_load(&secret, &signer), ASSAY_OK);
    cr_assert_eq(assay_p256_sign(signer, digest, signature), ASSAY_OK);
    assay_p256_signer_free(&signer);
    assay_cwt_put(&w, public_key, claims, signature);
    cr_assert_not(w.full);
    return w.len;
}

static void expect_of_verdict(const struct assay_verdict *v)
{
    static struct assay_policy policy;
    assay_policy_default(&policy);
    const struct assay_trust_vector vector = assay_ar4si_vector(v, &policy);
    const struct assay_ear_submodule *const sub = &ear.submodules[0];
    int64_t end_s = 0;
    cr_assert_eq(ear.status, v->tier);
    cr_assert_eq(ear.issued_unix_s, AT);
    cr_assert(ear.has_expiry);
    cr_assert(!assay_verdict_end(v, &end_s) || ear.expires_unix_s > AT);
    cr_assert_str_eq(ear.developer, "tests");
    cr_assert_str_eq(ear.build, "of today");
    cr_assert_str_eq(ear.nonce, "nonce of theirs");
    cr_assert_eq(ear.submodule_count, 1);
    cr_assert_str_eq(sub->label, "cpu0");
    cr_assert(sub->has_vector);
    cr_assert_eq(sub->insecure, v->insecure);
    for (int i = 0; i < ASSAY_TRUST_COUNT; i++)
        cr_assert_eq(sub->vector.claims[i], vector.claims[i]);
    cr_assert_str_eq(assay_json_text(cli_ear_own(sub, true), "kind", ""), assay_kind_text(v->kind));
}

Test(quote_ear_cwt, what_is_written_is_read_back)
{
    static const int rules[] = { 0, ASSAY_RULE_TCB_WARNING, ASSAY_RULE_DEBUG,
                                 ASSAY_RULE_QUOTE_SIGNATURE, ASSAY_RULE_COLLATERAL_MISSING };
    static char text[2 * sizeof token];
    for (int kind = 1; kind < ASSAY_KIND_COUNT; kind++) {
        for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
            const struct assay_verdict v = verdict_of(kind, rules[i]);
            const size_t len = write_token(&v, "nonce of theirs");
            size_t text_len = 0;
            cr_assert_eq(read_bytes(token, len, "nonce of theirs"), ASSAY_EAR_VALID, "%s", ear.why);
            expect_of_verdict(&v);
            /* as it is printed, with its line end */
            cr_assert_eq(
                assay_base64_encode(ASSAY_BASE64_URL, token, len, text, sizeof text - 1, &text_len),
                ASSAY_OK);
            text[text_len] = '\n';
            cr_assert_eq(read_bytes(text, text_len + 1, "nonce of theirs"), ASSAY_EAR_VALID);
            expect_of_verdict(&v);
        }
    }
}

/* --- form */
Test(quote_ear_cwt, every_changed_bit_truncation_and_added_byte_is_refused)
{
    const struct assay_verdict v = verdict_of(ASSAY_KIND_SNP, 0);
    const size_t len = write_token(&v, "nonce of theirs");
    static uint8_t copy[sizeof token];
    for (size_t n = 0; n < len; n++)
        cr_assert_neq(read_bytes(token, n, NULL), ASSAY_EAR_VALID, "%zu bytes", n);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        assay_bytes_copy(copy, sizeof copy, token, len);
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_neq(read_bytes(copy, len, NULL), ASSAY_EAR_VALID, "bit %zu", bit);
    }
    for (size_t i = 0; i < 3; i++) {
        assay_bytes_copy(copy, sizeof copy, token, len);
        copy[len] = (uint8_t) "\0\n\xff"[i];
        cr_assert_eq(read_bytes(copy, len + 1, NULL), ASSAY_EAR_MALFORMED);
    }
    cr_assert_eq(read_bytes(token, len, NULL), ASSAY_EAR_VALID);
    assay_p256_free(&key);
    cr_assert_eq(assay_p256_generate(&secret, public_key), ASSAY_OK);
    cr_assert_eq(assay_p256_load(public_key, &key), ASSAY_OK);
    cr_assert_eq(read_bytes(token, len, NULL), ASSAY_EAR_FORGED);
}

/* The signature of every claim set under test holds; the cases of this test differ in front of it.
 */
static enum assay_ear_answer read_form(struct assay_slice opening, struct assay_slice header)
{
    return read_bytes(token, sign_token(opening, header, BYTES(CLAIMS("\xa4", "", AFFIRMING))),
                      NULL);
}

Test(quote_ear_cwt, tags_are_of_a_signature_and_of_a_cwt_around_it)
{
    cr_assert_eq(read_form(SIGN1, HEADER), ASSAY_EAR_VALID, "%s", ear.why);
    cr_assert_eq(read_form(BYTES(""), HEADER), ASSAY_EAR_VALID);
    cr_assert_eq(read_form(BYTES("\xd8\x3d\xd2"), HEADER), ASSAY_EAR_VALID);
    cr_assert_eq(read_form(BYTES("\xd8\x3d"), HEADER), ASSAY_EAR_MALFORMED);
    cr_assert_eq(read_form(BYTES("\xd8\x3d\xd8\x3d\xd2"), HEADER), ASSAY_EAR_MALFORMED);
    cr_assert_eq(read_form(BYTES("\xd2\xd8\x3d"), HEADER), ASSAY_EAR_MALFORMED);
    cr_assert_eq(read_form(BYTES("\xd1"), HEADER), ASSAY_EAR_MALFORMED); /* COSE_Mac0 */
}

Test(quote_ear_cwt, never_lets_the_token_choose_its_algorithm)
{
    cr_assert_eq(read_form(SIGN1, BYTES("\xa1\x01\x38\x22")), ASSAY_EAR_UNSUPPORTED); /* ES384 */
    cr_assert_eq(read_form(SIGN1, BYTES("\xa1\x01\x05")), ASSAY_EAR_UNSUPPORTED);     /* HMAC */
    cr_assert_eq(read_form(SIGN1, BYTES("\xa0")), ASSAY_EAR_MALFORMED);
    cr_assert_eq(read_form(SIGN1, BYTES("")), ASSAY_EAR_MALFORMED);
    cr_assert_eq(read_form(SIGN1, BYTES("\xa1\x01\x65"
                                        "ES256")),
                 ASSAY_EAR_MALFORMED);
    cr_assert_eq(read_form(SIGN1, BYTES("\xa2\x01\x26\x01\x26")), ASSAY_EAR_MALFORMED);
    cr_assert_eq(read_form(SIGN1, BYTES("\xa2\x01\x26\x02\x81\x18\x63")), ASSAY_EAR_MALFORMED);
}

Test(quote_ear_cwt, takes_the_types_of_a_result_and_no_other)
{
    cr_assert_eq(read_form(SIGN1, BYTES("\xa2\x01\x26\x10\x73"
                                        "application/eat+cwt")),
                 ASSAY_EAR_VALID);
    cr_assert_eq(read_form(SIGN1, BYTES("\xa2\x01\x26\x10\x67"
                                        "EAT+cwt")),
                 ASSAY_EAR_VALID);
    cr_assert_eq(read_form(SIGN1, BYTES("\xa2\x01\x26\x10\x19\x01\x07")), ASSAY_EAR_VALID);
    cr_assert_eq(read_form(SIGN1, BYTES("\xa2\x01\x26\x10\x18\x3d")), ASSAY_EAR_VALID);
    cr_assert_eq(read_form(SIGN1, BYTES("\xa2\x01\x26\x10\x19\x01\x08")), ASSAY_EAR_UNSUPPORTED);
    cr_assert_eq(read_form(SIGN1, BYTES("\xa2\x01\x26\x10\x67"
                                        "eat+jwt")),
                 ASSAY_EAR_UNSUPPORTED);
    cr_assert_eq(read_form(SIGN1, BYTES("\xa2\x01\x26\x10\x60")), ASSAY_EAR_UNSUPPORTED);
    cr_assert_eq(read_form(SIGN1, BYTES("\xa2\x01\x26\x10\x26")), ASSAY_EAR_UNSUPPORTED);
    cr_assert_eq(read_form(SIGN1, BYTES("\xa2\x01\x26\x10\x43"
                                        "cwt")),
                 ASSAY_EAR_UNSUPPORTED);
}

/* --- claims */
Test(quote_ear_cwt, a_status_above_the_worst_claim_is_refused)
{
    EXPECT(ASSAY_EAR_VALID, CLAIMS("\xa4", "", WARNING));
    cr_assert_eq(ear.status, ASSAY_TIER_WARNING);
    cr_assert_not(ear.has_expiry);
    EXPECT(ASSAY_EAR_REFUSED,
           CLAIMS("\xa4", "", "\xa2\x19\x03\xe8\x02\x19\x03\xe9\xa2\x02\x02\x03\x18\x21"));
    EXPECT(ASSAY_EAR_REFUSED,
           CLAIMS("\xa4", "", "\xa2\x19\x03\xe8\x18\x20\x19\x03\xe9\xa1\x03\x38\x60"));
    /* the overall status */
    EXPECT(ASSAY_EAR_REFUSED, CLAIMS("\xa5", "\x19\x03\xe8\x02", WARNING));
    /* AR4SI 2.3.4: a TPM cannot attest that memory is hidden */
    EXPECT(ASSAY_EAR_REFUSED,
           CLAIMS("\xa4", "",
                  "\xa3\x19\x03\xe8\x02\x19\x03\xe9\xa1\x05\x02\x19\x03\xed\xa1\x64kind\x64tpm2"));
}

Test(quote_ear_cwt, unknown_claims_are_ignored_whatever_they_are)
{
    EXPECT(ASSAY_EAR_VALID,
           CLAIMS("\xa7", "\x18\x63\xf9\x3c\x00\x38\x63\x82\x01\xa1\x61z\xf7\x61q\xf6", AFFIRMING));
    EXPECT(ASSAY_EAR_VALID,
           CLAIMS("\xa4", "",
                  "\xa3\x19\x03\xe8\x02\x19\x03\xed\xa2\x61y\x81\x01\x18\x63\x00\x61"
                  "a\xa0"));
}

Test(quote_ear_cwt, a_claim_with_the_name_that_it_has_in_json_has_no_one_meaning)
{
    EXPECT(ASSAY_EAR_MALFORMED, CLAIMS("\xa5",
                                       "\x63"
                                       "exp\x01",
                                       AFFIRMING));
    EXPECT(ASSAY_EAR_MALFORMED, CLAIMS("\xa4", "",
                                       "\xa2\x19\x03\xe8\x02\x6a"
                                       "ear_status\x18\x60"));
    EXPECT(ASSAY_EAR_MALFORMED, CLAIMS("\xa4", "",
                                       "\xa2\x19\x03\xe8\x02\x19\x03\xe9\xa2\x02\x02\x6b"
                                       "executables\x18\x60"));
    EXPECT(ASSAY_EAR_MALFORMED, CLAIMS("\xa5", "\x19\x01\x0a\xa1\x01" WARNING, AFFIRMING));
}

Test(quote_ear_cwt, texts_and_labels_are_whole)
{
    /* the same label twice, in each map */
    EXPECT(ASSAY_EAR_MALFORMED, CLAIMS("\xa5", ISSUED, AFFIRMING));
    EXPECT(ASSAY_EAR_MALFORMED, CLAIMS("\xa4", "", "\xa2\x19\x03\xe8\x02\x19\x03\xe8\x18\x60"));
    /* submodules have names (RFC 9711 4.2.18): one that has a number is not passed over */
    EXPECT(ASSAY_EAR_MALFORMED,
           "\xa4" PROFILE ISSUED ISSUER "\x19\x01\x0a\xa2\x61x" AFFIRMING "\x07" WARNING);
    EXPECT(ASSAY_EAR_MALFORMED,
           "\xa4" PROFILE ISSUED ISSUER "\x19\x01\x0a\xa2\x61x" AFFIRMING "\x61x" WARNING);
    EXPECT(ASSAY_EAR_MALFORMED, "\xa4" PROFILE ISSUED ISSUER "\x19\x01\x0a\xa1\x62x\0" AFFIRMING);
    EXPECT(ASSAY_EAR_MALFORMED, "\xa4" PROFILE ISSUED ISSUER "\x19\x01\x0a\xa1\x60" AFFIRMING);
    /* a NUL, and bytes that are no UTF-8, in a text that is printed */
    EXPECT(ASSAY_EAR_MALFORMED, "\xa4" PROFILE ISSUED "\x19\x03\xec\xa2\x00\x62"
                                "d\0\x01\x61"
                                "b" SUBMODS(AFFIRMING));
    EXPECT(ASSAY_EAR_MALFORMED, "\xa4" PROFILE ISSUED "\x19\x03\xec\xa2\x00\x62"
                                "d\xff\x01\x61"
                                "b" SUBMODS(AFFIRMING));
    EXPECT(ASSAY_EAR_MALFORMED, CLAIMS("\xa4", "", AFFIRMING) "\0");
}

Test(quote_ear_cwt, demands_what_the_draft_demands)
{
    EXPECT(ASSAY_EAR_MALFORMED, "\xa3" PROFILE ISSUED SUBMODS(AFFIRMING));
    EXPECT(ASSAY_EAR_MALFORMED, "\xa3" PROFILE ISSUER SUBMODS(AFFIRMING));
    EXPECT(ASSAY_EAR_MALFORMED, "\xa3" PROFILE ISSUED ISSUER);
    EXPECT(ASSAY_EAR_MALFORMED, CLAIMS("\xa4", "", "\xa0"));
    EXPECT(ASSAY_EAR_MALFORMED, CLAIMS("\xa4", "", "\x81\x02"));
    EXPECT(ASSAY_EAR_MALFORMED, CLAIMS("\xa4", "", "\xa1\x19\x03\xe8\x03"));
    EXPECT(ASSAY_EAR_MALFORMED,
           CLAIMS("\xa4", "", "\xa2\x19\x03\xe8\x02\x19\x03\xe9\xa1\x02\x18\x80"));
    EXPECT(ASSAY_EAR_UNSUPPORTED, "\xa3" ISSUED ISSUER SUBMODS(AFFIRMING));
    /* names of 2023, which have no labels */
    EXPECT(ASSAY_EAR_UNSUPPORTED,
           "\xa4\x19\x01\x09\x78\x20"
           "tag:github.com,2023:veraison/ear" ISSUED ISSUER SUBMODS(AFFIRMING));
    EXPECT(ASSAY_EAR_MALFORMED, "\x80");
    EXPECT(ASSAY_EAR_MALFORMED, "");
}

Test(quote_ear_cwt, bytes_are_a_nonce_and_no_text)
{
    EXPECT(
        ASSAY_EAR_UNSUPPORTED,
        "\xa4\x19\x01\x09\x58\x1dtag:ietf.org,2026:rats/ear#04" ISSUED ISSUER SUBMODS(AFFIRMING));
    EXPECT(ASSAY_EAR_MALFORMED, "\xa4" PROFILE ISSUED "\x19\x03\xec\xa2\x00\x48"
                                "tests ok\x01\x61"
                                "b" SUBMODS(AFFIRMING));
    /* in the attester's own claims */
    EXPECT(ASSAY_EAR_VALID,
           CLAIMS("\xa4", "",
                  "\xa3\x19\x03\xe8\x02\x19\x03\xe9\xa1\x02\x02\x19\x03\xed\xa1\x65"
                  "build\x48"
                  "12345678"));
    cr_assert_null(assay_json_text(cli_ear_own(&ear.submodules[0], true), "build", NULL));
}

#define INSECURE(value)                                                                            \
    CLAIMS("\xa4", "",                                                                             \
           "\xa2\x19\x03\xe8\x02\x19\x03\xee\xa1\x68"                                              \
           "insecure" value)
Test(quote_ear_cwt, insecure_is_a_boolean_or_unknown)
{
    EXPECT(ASSAY_EAR_VALID, INSECURE("\xf5"));
    cr_assert(ear.submodules[0].insecure);
    EXPECT(ASSAY_EAR_VALID, INSECURE("\xf4"));
    cr_assert_not(ear.submodules[0].insecure);
    EXPECT(ASSAY_EAR_VALID, INSECURE("\xf6"));
    EXPECT(ASSAY_EAR_MALFORMED, INSECURE("\x01"));
    EXPECT(ASSAY_EAR_MALFORMED, INSECURE("\x41\x01"));
    EXPECT(ASSAY_EAR_MALFORMED, INSECURE("\x64true"));
    EXPECT(ASSAY_EAR_MALFORMED, INSECURE("\x81\xf5"));
    EXPECT(ASSAY_EAR_MALFORMED, INSECURE("\xa0"));
    EXPECT(ASSAY_EAR_MALFORMED, INSECURE("\xc1\xf5"));
    EXPECT(ASSAY_EAR_MALFORMED, INSECURE("\xf9\x3c\x00"));
}

Test(quote_ear_cwt, times_are_integers_and_hold)
{
    EXPECT(ASSAY_EAR_VALID, CLAIMS("\xa5", "\x04\x1a\x6b\x49\xd2\x01", AFFIRMING));
    cr_assert(ear.has_expiry);
    cr_assert_eq(ear.expires_unix_s, AT + 1);
    EXPECT(ASSAY_EAR_EXPIRED, CLAIMS("\xa5", "\x04\x1a\x6b\x49\xd2\x00", AFFIRMING));
    EXPECT(ASSAY_EAR_EXPIRED, CLAIMS("\xa5", "\x05\x1a\x6b\x49\xd2\x3d", AFFIRMING));
    /* RFC 8392 2: no tag; and a time that only a double can hold is no whole second */
    EXPECT(ASSAY_EAR_MALFORMED, CLAIMS("\xa5", "\x04\xc1\x1a\x6b\x49\xd2\x01", AFFIRMING));
    EXPECT(ASSAY_EAR_MALFORMED, CLAIMS("\xa5", "\x04\xfb\x41\xda\xd2\x74\x80\0\0\0", AFFIRMING));
    EXPECT(ASSAY_EAR_MALFORMED,
           CLAIMS("\xa5", "\x04\x1b\xff\xff\xff\xff\xff\xff\xff\xff", AFFIRMING));
    EXPECT(ASSAY_EAR_MALFORMED, CLAIMS("\xa5", "\x04\xf6", AFFIRMING));
}

Test(quote_ear_cwt, answers_the_question_that_was_asked)
{
    static const char text[] = CLAIMS("\xa5",
                                      "\x0a\x48"
                                      "12345678",
                                      AFFIRMING);
    static const char bytes[] = CLAIMS("\xa5", "\x0a\x48\0\x01\x02\x03\x04\x05\x06\x07", AFFIRMING);
    static const char none[] = CLAIMS("\xa4", "", AFFIRMING);
    static const char small[] = CLAIMS("\xa5",
                                       "\x0a\x47"
                                       "1234567",
                                       AFFIRMING);
    static const char two[] = CLAIMS("\xa5",
                                     "\x0a\x82\x48"
                                     "12345678\x48"
                                     "12345678",
                                     AFFIRMING);
    cr_assert_eq(read_claims(BYTES(text), "12345678"), ASSAY_EAR_VALID);
    cr_assert_eq(read_claims(BYTES(text), "12345679"), ASSAY_EAR_NONCE);
    cr_assert_eq(read_claims(BYTES(text), "MTIzNDU2Nzg"), ASSAY_EAR_NONCE);
    cr_assert_eq(read_claims(BYTES(bytes), "AAECAwQFBgc"), ASSAY_EAR_VALID);
    cr_assert_eq(read_claims(BYTES(bytes), "AAECAwQFBgg"), ASSAY_EAR_NONCE);
    cr_assert_eq(read_claims(BYTES(none), "12345678"), ASSAY_EAR_NONCE);
    cr_assert_eq(read_claims(BYTES(none), NULL), ASSAY_EAR_VALID);
    cr_assert_eq(read_claims(BYTES(small), "1234567"), ASSAY_EAR_NONCE);
    cr_assert_eq(read_claims(BYTES(two), "12345678"), ASSAY_EAR_NONCE);
}
