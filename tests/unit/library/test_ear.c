/*
 * tests/unit/library/test_ear.c - attestation results of the library: every form says the same, is
 * signed by the key that it names, ends when it must, and a signature that does not verify is never
 * handed out.
 */
#include "base/base64.h"
#include "quote/accept/policy.h"
#include "quote/cose.h"
#include "quote/result/jwt.h"
#include "tests/unit/library/soft_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct soft_world w;
static struct assay_trust *trust;
static struct assay_policy *policy;
static struct assay_verdict *verdict;
static struct assay_secret32 secret;
static uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
static struct assay_p256 *key;
static uint8_t token[ASSAY_EAR_BYTES_MAX];
static size_t token_len;
static struct assay_ear_request request;

static void set_up(void)
{
    soft_world_make(&w);
    cr_assert_eq(
        assay_policy_create_yaml(soft_world_policy, strlen(soft_world_policy), &policy, NULL, 0),
        ASSAY_OK);
    cr_assert_eq(assay_trust_create(&trust), ASSAY_OK);
    cr_assert_eq(assay_trust_add_root(trust, w.root, w.root_len, ASSAY_KINDS_ALL), ASSAY_OK);
    cr_assert_eq(assay_trust_add_collateral(trust, w.files, w.file_count), ASSAY_OK);
    cr_assert_eq(assay_verdict_create(&verdict), ASSAY_OK);
    cr_assert_eq(verify_bytes(NULL, trust, policy, ASSAY_KIND_NONE, w.quotes[0], w.quote_lens[0],
                              WORLD_TIME, verdict),
                 ASSAY_OK);
    cr_assert_eq(assay_p256_generate(&secret, public_key), ASSAY_OK);
    cr_assert_eq(assay_p256_load(public_key, &key), ASSAY_OK);
    request = (struct assay_ear_request){ .size = sizeof request,
                                          .policy = policy,
                                          .profile = "ietf-04",
                                          .developer = "tests",
                                          .build = "1",
                                          .nonce = "a nonce of theirs",
                                          .private_key = secret.bytes };
}

static void tear_down(void)
{
    assay_p256_free(&key);
    assay_verdict_destroy(&verdict);
    assay_policy_destroy(&policy);
    assay_trust_destroy(&trust);
    soft_world_end(&w);
}

TestSuite(library_ear, .init = set_up, .fini = tear_down);

static enum assay_status write_ear(void)
{
    return assay_verdict_write_ear(verdict, &request, token, sizeof token, &token_len);
}

/* The claims of a JWT, once its signature is verified with the key that it names. */
static const char *claims_of_jwt(void)
{
    static char claims[ASSAY_EAR_BYTES_MAX];
    struct assay_jwt jwt;
    size_t len = 0;
    cr_assert_eq(assay_jwt_split((const char *)token, token_len, &jwt), ASSAY_OK);
    cr_assert(assay_jwt_check(&jwt, key));
    cr_assert_eq(assay_base64_decode(ASSAY_BASE64_URL, (const char *)jwt.claims.bytes,
                                     jwt.claims.len, (uint8_t *)claims, sizeof claims - 1, &len),
                 ASSAY_OK);
    claims[len] = '\0';
    return claims;
}

Test(library_ear, a_jwt_of_draft_04_has_the_claims_of_both_authorities)
{
    request.form = ASSAY_EAR_FORM_JWT;
    cr_assert_eq(write_ear(), ASSAY_OK);
    const char *const claims = claims_of_jwt();
    cr_expect_not_null(strstr(claims, "\"eat_profile\":\"tag:ietf.org,2026:rats/ear#04\""));
    cr_expect_not_null(strstr(claims, "\"eat_nonce\":\"a nonce of theirs\""));
    cr_expect_not_null(strstr(claims, "\"ear_status\":\"affirming\""));
    const char *const attester = strstr(claims, "\"ear_attester_claims\":{\"kind\":\"soft\"");
    const char *const verifier = strstr(claims, "\"ear_verifier_claims\":{\"genuine\":true");
    cr_assert_not_null(attester);
    cr_assert_not_null(verifier);
    cr_expect_lt(attester, strstr(claims, "\"measurement\":"), "measured: the attester's");
    cr_expect_lt(strstr(claims, "\"measurement\":"), verifier);
    cr_expect_lt(verifier, strstr(claims, "\"tcb_status\":"), "judged: the verifier's");
    cr_expect_null(strstr(claims, "urn:uuid:"), "no private claim is left");
}

Test(library_ear, veraison_s_names_stay_on_request)
{
    request.form = ASSAY_EAR_FORM_JWT;
    request.profile = "veraison-2023";
    cr_assert_eq(write_ear(), ASSAY_OK);
    cr_expect_not_null(strstr(claims_of_jwt(), "\"ear.status\":\"affirming\""));
    cr_expect_null(strstr(claims_of_jwt(), "ear_attester_claims"));
    request.form = ASSAY_EAR_FORM_CWT;
    cr_expect_eq(write_ear(), ASSAY_E_UNSUPPORTED);
    request.profile = "ietf-05";
    cr_expect_eq(write_ear(), ASSAY_E_NOT_FOUND);
}

/* The value behind an integer label of a map; the cursor is left at it. */
static bool find_label(struct assay_cursor *c, int64_t wanted)
{
    struct assay_cose_map map;
    struct assay_cose_label label;
    cr_assert_eq(assay_cose_map_open(c, ASSAY_COSE_PAIRS_MAX, &map), ASSAY_OK);
    while (assay_cose_map_more(&map, c)) {
        cr_assert_eq(assay_cose_map_next(&map, c, &label), ASSAY_OK);
        if (!label.is_text && label.number == wanted) return true;
        cr_assert_eq(assay_cose_skip(c), ASSAY_OK);
    }
    return false;
}

static int64_t int_of(struct assay_slice claims, int64_t label)
{
    struct assay_cursor c = assay_cursor_over(claims.bytes, claims.len);
    int64_t value = -1;
    cr_assert(find_label(&c, label));
    cr_assert_eq(assay_cbor_int(&c, &value), ASSAY_OK);
    return value;
}

static struct assay_slice payload_of_cwt(void)
{
    struct assay_cose_sign1 sign1;
    struct assay_signature signature;
    uint8_t digest[ASSAY_DIGEST_MAX];
    cr_assert_eq(assay_cose_sign1_parse(token, token_len, &sign1), ASSAY_OK);
    cr_assert(sign1.tagged);
    cr_assert_eq(sign1.algorithm, ASSAY_COSE_ES256);
    cr_assert_eq(assay_cose_sign1_signature(&sign1, &signature, digest), ASSAY_OK);
    cr_assert(assay_p256_verify(key, digest, sign1.signature.bytes, ASSAY_S_ANY));
    return sign1.payload;
}

Test(library_ear, a_cwt_has_the_labels_of_the_draft)
{
    struct assay_slice text;
    uint64_t pairs = 0;
    request.form = ASSAY_EAR_FORM_CWT;
    cr_assert_eq(write_ear(), ASSAY_OK);
    const struct assay_slice claims = payload_of_cwt();
    cr_expect_eq(int_of(claims, 6), WORLD_TIME);
    cr_expect_gt(int_of(claims, 4), WORLD_TIME);
    struct assay_cursor c = assay_cursor_over(claims.bytes, claims.len);
    cr_assert(find_label(&c, 265));
    cr_assert_eq(assay_cbor_text(&c, 64, &text), ASSAY_OK);
    cr_expect(assay_slice_equal(text, assay_slice_over("tag:ietf.org,2026:rats/ear#04", 29)));
    c = assay_cursor_over(claims.bytes, claims.len);
    cr_assert(find_label(&c, 10));
    cr_assert_eq(assay_cbor_bytes(&c, 64, &text), ASSAY_OK);
    cr_expect(assay_slice_equal(text, assay_slice_over("a nonce of theirs", 17)));
    c = assay_cursor_over(claims.bytes, claims.len);
    cr_assert(find_label(&c, 266));
    cr_assert_eq(assay_cbor_map(&c, 1, &pairs), ASSAY_OK);
    cr_assert_eq(assay_cbor_text_expect(&c, "cpu0"), ASSAY_OK);
    text = assay_slice_over(c.bytes + c.pos, c.len - c.pos); /* to the end */
    cr_expect_eq(int_of(text, 1000), 2, "affirming");
    static const int64_t labels[] = { 1001, 1003, 1005, 1006, 10 };
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        c = assay_cursor_over(text.bytes, text.len);
        cr_expect(find_label(&c, labels[i]), "label %d", (int)labels[i]);
    }
}

static bool sign_with(void *context, const uint8_t digest[32], uint8_t signature[64])
{
    struct assay_p256_signer *signer = NULL;
    if (context == NULL || assay_p256_signer_load(context, &signer) != ASSAY_OK) return false;
    const enum assay_status status = assay_p256_sign(signer, digest, signature);
    assay_p256_signer_free(&signer);
    return status == ASSAY_OK;
}

/* A callback of a module that signs with another key, or cannot, gives no token. */
Test(library_ear, is_signed_by_a_callback_or_not_at_all)
{
    struct assay_secret32 other;
    uint8_t other_public[ASSAY_P256_PUBLIC_LEN], point[1 + ASSAY_P256_PUBLIC_LEN] = { 4 };
    cr_assert_eq(assay_p256_generate(&other, other_public), ASSAY_OK);
    assay_bytes_copy(point + 1, sizeof point - 1, public_key, sizeof public_key);
    request.private_key = NULL;
    request.sign = sign_with;
    request.public_key = point; /* as the header has it: 65 bytes */
    for (int form = ASSAY_EAR_FORM_JWT; form <= ASSAY_EAR_FORM_CWT; form++) {
        request.form = (enum assay_ear_form)form;
        request.sign_context = &secret;
        cr_expect_eq(write_ear(), ASSAY_OK);
        if (form == ASSAY_EAR_FORM_JWT) (void)claims_of_jwt();
        else (void)payload_of_cwt();
        request.sign_context = &other;
        cr_expect_eq(write_ear(), ASSAY_E_KEY);
        request.sign_context = NULL;
        cr_expect_eq(write_ear(), ASSAY_E_CRYPTO);
        point[0] = 2; /* a compressed point */
        request.sign_context = &secret;
        cr_expect_eq(write_ear(), ASSAY_E_KEY);
        point[0] = 4;
    }
}

/* The command line names the same one. */
Test(library_ear, without_a_policy_names_the_one_that_was_applied)
{
    struct assay_policy usual;
    uint8_t digest[ASSAY_SHA256_LEN];
    char name[64];
    size_t len = 0;
    assay_policy_default(&usual);
    assay_gpu_rules_accept_devices(&usual.gpu);
    assay_policy_digest(&usual, digest);
    cr_assert_eq(
        assay_base64_encode(ASSAY_BASE64_URL, digest, sizeof digest, name, sizeof name - 1, &len),
        ASSAY_OK);
    name[len] = '\0';
    request.policy = NULL;
    request.form = ASSAY_EAR_FORM_JWT;
    cr_assert_eq(write_ear(), ASSAY_OK);
    cr_expect_not_null(strstr(claims_of_jwt(), name));
}

/* A name or a time from a configuration is a status in every form, and no reason to abort. */
Test(library_ear, names_and_times_are_bounded)
{
    static char name[20000];
    memset(name, 0xff, sizeof name - 1); /* six characters each when escaped */
    for (int form = ASSAY_EAR_FORM_JSON; form <= ASSAY_EAR_FORM_CWT; form++) {
        const bool is_signed = form == ASSAY_EAR_FORM_JWT || form == ASSAY_EAR_FORM_CWT;
        request.form = (enum assay_ear_form)form;
        request.private_key = is_signed ? secret.bytes : NULL;
        for (int which = 0; which < 2; which++) {
            request.developer = request.build = "1";
            *(which == 0 ? &request.developer : &request.build) = name;
            cr_expect_eq(write_ear(), ASSAY_E_RANGE);
            name[129] = '\0';
            cr_expect_eq(write_ear(), ASSAY_E_RANGE);
            name[128] = '\0';
            cr_expect_eq(write_ear(), ASSAY_OK);
            name[128] = name[129] = 'a';
        }
    }
    request.developer = request.build = "1";
    for (int which = 0; which < 2; which++) {
        const int64_t late = which == 0 ? 253402300799 : INT64_MAX;
        cr_assert_eq(verify_bytes(NULL, trust, policy, ASSAY_KIND_NONE, w.quotes[0],
                                  w.quote_lens[0], late, verdict),
                     ASSAY_OK);
        cr_expect_eq(write_ear(), which == 0 ? ASSAY_OK : ASSAY_E_RANGE);
    }
}

Test(library_ear, ends_with_the_verdict_or_before)
{
    int64_t end_s = 0;
    request.form = ASSAY_EAR_FORM_CWT;
    cr_assert(assay_verdict_get_expiry(verdict, &end_s));
    cr_assert_eq(write_ear(), ASSAY_OK);
    cr_expect_eq(int_of(payload_of_cwt(), 4), end_s);
    request.expires_unix_s = WORLD_TIME + 60;
    cr_assert_eq(write_ear(), ASSAY_OK);
    cr_expect_eq(int_of(payload_of_cwt(), 4), WORLD_TIME + 60);
    request.expires_unix_s = end_s + 1000; /* no later than what it rests on */
    cr_assert_eq(write_ear(), ASSAY_OK);
    cr_expect_eq(int_of(payload_of_cwt(), 4), end_s);
    request.expires_unix_s = WORLD_TIME;
    cr_expect_eq(write_ear(), ASSAY_E_RANGE);
}

Test(library_ear, misuse_is_a_status)
{
    static const char long_nonce[] =
        "0123456789012345678901234567890123456789012345678901234567890123456789";
    request.form = ASSAY_EAR_FORM_JSON;
    cr_expect_eq(write_ear(), ASSAY_E_INVALID, "a key without a signature");
    request.private_key = NULL;
    cr_expect_eq(write_ear(), ASSAY_OK);
    request.nonce = long_nonce;
    cr_expect_eq(write_ear(), ASSAY_OK);
    request.form = ASSAY_EAR_FORM_CBOR;
    cr_expect_eq(write_ear(), ASSAY_E_RANGE, "64 bytes in CBOR");
    request.nonce = NULL;
    cr_expect_eq(write_ear(), ASSAY_OK);
    request.form = ASSAY_EAR_FORM_CWT;
    cr_expect_eq(write_ear(), ASSAY_E_INVALID, "a signature without a key");
    request.sign = sign_with;
    cr_expect_eq(write_ear(), ASSAY_E_INVALID, "a callback without its public key");
    request.sign = NULL;
    request.private_key = secret.bytes;
    cr_assert_eq(write_ear(), ASSAY_OK);
    const size_t whole = token_len;
    for (size_t capacity = 0; capacity < whole; capacity += 13) {
        uint8_t *const exact = malloc(capacity + 1);
        cr_assert_not_null(exact);
        cr_expect_eq(assay_verdict_write_ear(verdict, &request, exact, capacity, &token_len),
                     ASSAY_E_FULL, "%zu", capacity);
        free(exact);
    }
    request.form = (enum assay_ear_form)4;
    cr_expect_eq(write_ear(), ASSAY_E_INVALID);
    request.form = ASSAY_EAR_FORM_CWT;
    request.size -= 1;
    cr_expect_eq(write_ear(), ASSAY_E_INVALID);
}
