/*
 * tests/unit/quote/results/test_token.c - tokens of other verifiers: only a statement that the
 * named issuer made, for this party, now, with one of its keys, is accepted; the others are refused
 * with the reason. Shapes of tokens are those that the services document.
 */
#include "quote/result/token/token.h"
#include "tests/unit/quote/results/token_maker.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT              INT64_C(1790000000)
#define AZURE           "https://sharedeus2.eus2.attest.azure.net"
#define GOOGLE          "https://confidentialcomputing.googleapis.com"
#define INTEL           "https://portal.trustauthority.intel.com"
#define NVIDIA          "https://nras.attestation.nvidia.com"
#define TIMES           "\"iat\":1789999900,\"nbf\":1789999900,\"exp\":1790003500"
#define RS256           "{\"alg\":\"RS256\",\"kid\":\"k1\",\"typ\":\"JWT\"}"
#define PS384           "{\"alg\":\"PS384\",\"kid\":\"k1\",\"jku\":\"https://x/certs\"}"
#define ES384           "{\"alg\":\"ES384\",\"kid\":\"k1\",\"typ\":\"JWT\"}"
#define PKCS1           ASSAY_SIGNATURE_RSA_PKCS1_SHA256
#define PSS             ASSAY_SIGNATURE_RSA_PSS_SHA384
#define ECDSA           ASSAY_SIGNATURE_ECDSA_SHA384
#define ANSWERS(answer) cr_expect_eq(verify(), ASSAY_RESULT_##answer, "%s", token->why)

static struct authority_key *rsa, *ec;
static struct assay_token_terms terms;
static struct assay_token *token;
static const char *text;

static void set_up(void)
{
    rsa = authority_key_make(ASSAY_KEY_RSA);
    ec = authority_key_make(ASSAY_KEY_P384);
    token = malloc(sizeof *token);
    cr_assert_not_null(token);
}

static void tear_down(void)
{
    authority_key_free(&rsa);
    authority_key_free(&ec);
    maker_forget();
    free(token);
}

TestSuite(token, .init = set_up, .fini = tear_down);

static void use_keys(const char *set)
{
    terms.keys = assay_slice_over(set, strlen(set));
}

static void use(enum assay_result_service service, const char *issuer,
                const struct authority_key *key)
{
    terms = (struct assay_token_terms){ .service = service, .issuer = issuer, .at_unix_s = AT };
    use_keys(maker_key_set("k1", maker_key_members(key)));
}

static enum assay_result_answer verify(void)
{
    cr_assert_eq(assay_token_verify(&terms, text, strlen(text), token), ASSAY_OK);
    cr_expect_eq(token->answer == ASSAY_RESULT_VALID, token->why[0] == '\0');
    for (const char *c = token->why; *c != '\0'; c++)
        cr_expect(*c >= ' ' && *c <= '~', "printable");
    if (token->answer != ASSAY_RESULT_VALID) {
        cr_expect_eq(token->statement, ASSAY_STATED_NOTHING, "a refused token states nothing");
        for (int i = 0; i < ASSAY_TRUST_COUNT; i++)
            cr_expect(token->answer == ASSAY_RESULT_NOT_BOUND || token->device_count > 0 ||
                      token->vector.claims[i] == 0);
    }
    return token->answer;
}

static int claim(enum assay_trust_claim which)
{
    return token->vector.claims[which];
}

/* --- Azure */
static const char *azure_claims(const char *more)
{
    return maker_text("{\"iss\":\"" AZURE "\"," TIMES ",\"jti\":\"1\",\"x-ms-ver\":\"1.0\","
                      "\"x-ms-attestation-type\":\"sevsnpvm\","
                      "\"x-ms-compliance-status\":\"azure-compliant-uvm\","
                      "\"x-ms-sevsnpvm-guestsvn\":2%s}",
                      more);
}

static void azure(const char *more)
{
    use(ASSAY_RESULT_AZURE, AZURE, rsa);
    text = maker_token(rsa, PKCS1, RS256, azure_claims(more));
}

Test(token, azure_states_a_processor_and_whether_it_can_be_debugged)
{
    azure(",\"x-ms-sevsnpvm-is-debuggable\":false");
    ANSWERS(VALID);
    cr_expect_str_eq(token->issuer, AZURE);
    cr_expect_str_eq(token->attester, "sevsnpvm");
    cr_expect_str_eq(token->algorithm, "RS256");
    cr_expect_str_eq(token->key_id, "k1");
    cr_expect_eq(token->expires_unix_s, 1790003500);
    cr_expect_eq(token->statement, ASSAY_STATED_AFFIRMING);
    cr_expect_eq(claim(ASSAY_TRUST_HARDWARE), 2);
    cr_expect_eq(claim(ASSAY_TRUST_RUNTIME_OPAQUE), 2);
    cr_expect_eq(claim(ASSAY_TRUST_EXECUTABLES), 0, "no reference values were compared");
    azure(",\"x-ms-sevsnpvm-is-debuggable\":true");
    ANSWERS(VALID);
    cr_expect_eq(token->debug, ASSAY_FLAG_YES);
    cr_expect_eq(token->statement, ASSAY_STATED_CONTRAINDICATED);
    cr_expect_eq(claim(ASSAY_TRUST_CONFIGURATION), 96);
    cr_expect_eq(claim(ASSAY_TRUST_RUNTIME_OPAQUE), 96);
}

/* The processor below a virtual TPM, its state of the TCB, and secure boot. */
Test(token, azure_s_confidential_machines_are_read_below_their_tpm)
{
    use(ASSAY_RESULT_AZURE, AZURE, rsa);
    text = maker_token(rsa, PKCS1, RS256,
                       "{\"iss\":\"" AZURE "\"," TIMES ",\"x-ms-attestation-type\":\"azurevm\","
                       "\"secureboot\":false,\"x-ms-isolation-tee\":{"
                       "\"x-ms-attestation-type\":\"tdxvm\",\"tdx_td_attributes_debug\":false,"
                       "\"attester_tcb_status\":\"OutOfDate\"}}");
    ANSWERS(VALID);
    cr_expect_str_eq(token->attester, "tdxvm");
    cr_expect_str_eq(token->tcb_status, "OutOfDate");
    cr_expect_eq(token->debug, ASSAY_FLAG_NO);
    cr_expect_eq(claim(ASSAY_TRUST_HARDWARE), 32);
    cr_expect_eq(claim(ASSAY_TRUST_CONFIGURATION), 36);
    cr_expect_eq(token->statement, ASSAY_STATED_WARNING);
    text = maker_token(rsa, PKCS1, RS256,
                       "{\"iss\":\"" AZURE "\"," TIMES ",\"x-ms-attestation-type\":\"azurevm\"}");
    ANSWERS(VALID);
    cr_expect_eq(token->statement, ASSAY_STATED_NOTHING, "a machine without a TEE");
}

/* --- Google */
static const char google_claims[] =
    "{\"iss\":\"" GOOGLE "\",\"aud\":\"https://relying.example\"," TIMES
    ",\"sub\":\"https://www.googleapis.com/compute/v1/projects/p/zones/z/instances/i\","
    "\"eat_nonce\":[\"another nonce\",\"nonce of ours\"],\"secboot\":true,\"oemid\":11129,"
    "\"hwmodel\":\"GCP_INTEL_TDX\",\"swname\":\"CONFIDENTIAL_SPACE\",\"swversion\":[\"250301\"],"
    "\"dbgstat\":\"disabled-since-boot\",\"attester_tcb\":[\"INTEL\"],"
    "\"tdx\":{\"gcp_attester_tcb_status\":\"UpToDate\"},"
    "\"submods\":{\"confidential_space\":{\"support_attributes\":[\"LATEST\",\"STABLE\"]},"
    "\"container\":{\"image_digest\":\"sha256:00\",\"env\":{\"a/b\":\"c\"}}}}";

static void google(void)
{
    use(ASSAY_RESULT_GOOGLE, GOOGLE, rsa);
    terms.audience = "https://relying.example";
    text = maker_token(rsa, PKCS1, RS256, google_claims);
}

Test(token, google_s_audience_and_one_of_its_nonces_must_be_ours)
{
    google();
    terms.nonce = "nonce of ours";
    ANSWERS(VALID);
    cr_expect_str_eq(token->attester, "GCP_INTEL_TDX");
    cr_expect_str_eq(token->tcb_status, "UpToDate");
    cr_expect_eq(token->secure_boot, ASSAY_FLAG_YES);
    cr_expect_eq(claim(ASSAY_TRUST_HARDWARE), 2);
    cr_expect_eq(token->statement, ASSAY_STATED_AFFIRMING);
    terms.nonce = "nonce of our";
    ANSWERS(OTHER_NONCE);
    terms.nonce = NULL;
    terms.audience = "https://relying.example/";
    ANSWERS(OTHER_AUDIENCE);
    terms.audience = NULL;
    ANSWERS(OTHER_AUDIENCE);
    azure("");
    terms.audience = "https://relying.example";
    ANSWERS(OTHER_AUDIENCE);
}

/* --- Intel */
Test(token, trust_authority_signs_tokens_whose_policies_did_not_match)
{
    use(ASSAY_RESULT_INTEL, INTEL, rsa);
    terms.nonce = "bm9uY2U=";
    text = maker_token(rsa, PSS, PS384,
                       "{\"iss\":\"" INTEL "\"," TIMES ",\"ver\":\"2.0.0\",\"tdx\":{"
                       "\"attester_type\":\"TDX\",\"attester_tcb_status\":\"UpToDate\","
                       "\"tdx_is_debuggable\":false},\"dbgstat\":\"disabled\","
                       "\"verifier_nonce\":{\"val\":\"bm9uY2U=\",\"iat\":\"MTc=\"},"
                       "\"policy_ids_matched\":[{\"id\":\"a\"}],\"policy_ids_unmatched\":null}");
    ANSWERS(VALID);
    cr_expect_str_eq(token->attester, "TDX");
    cr_expect_eq(token->statement, ASSAY_STATED_AFFIRMING);
    text = maker_token(rsa, PKCS1, RS256, /* on request */
                       "{\"iss\":\"" INTEL "\"," TIMES ",\"attester_type\":\"SGX\","
                       "\"sgx_is_debuggable\":false,\"attester_tcb_status\":\"Revoked\","
                       "\"verifier_nonce\":{\"val\":\"bm9uY2U=\"},"
                       "\"policy_ids_unmatched\":[{\"id\":\"b\"}]}");
    ANSWERS(VALID);
    cr_expect(token->policy_failed);
    cr_expect_eq(token->statement, ASSAY_STATED_CONTRAINDICATED);
    cr_expect_eq(claim(ASSAY_TRUST_HARDWARE), 96);
}

/* --- NVIDIA */
struct gpu {
    const char *token;
    const char *digest;
};

static const char *gpu_token(const struct authority_key *key, const char *measres)
{
    return maker_token(key, ECDSA, ES384,
                       maker_text("{\"iss\":\"" NVIDIA "\"," TIMES ",\"eat_nonce\":\"9f\","
                                  "\"hwmodel\":\"GH100 A01 GSP BROM\",\"ueid\":\"4785\","
                                  "\"measres\":\"%s\",\"secboot\":true,\"dbgstat\":\"disabled\","
                                  "\"x-nvidia-gpu-driver-version\":\"535.104.05\","
                                  "\"x-nvidia-gpu-vbios-version\":\"96.00.74.00.1A\","
                                  "\"x-nvidia-gpu-arch-check\":true}",
                                  measres));
}

static const char *overall(const char *result, const char *submods)
{
    return maker_token(ec, ECDSA, ES384,
                       maker_text("{\"iss\":\"" NVIDIA "\"," TIMES ",\"sub\":\"NVIDIA-GPU\","
                                  "\"x-nvidia-ver\":\"3.0\",\"eat_nonce\":\"9f\","
                                  "\"x-nvidia-overall-att-result\":%s,\"submods\":{%s}}",
                                  result, submods));
}

static const char *named(const char *label, const char *device)
{
    return maker_text("\"%s\":[\"DIGEST\",[\"SHA-256\",\"%s\"]]", label, maker_digest(device));
}

static const char *list_of(const char *whole, const char *devices)
{
    return maker_text("[[\"JWT\",\"%s\"],{%s}]", whole, devices);
}

static const char *member(const char *label, const char *device)
{
    return maker_text("\"%s\":\"%s\"", label, device);
}

Test(token, nvidia_s_list_binds_each_device_to_the_overall_token)
{
    use(ASSAY_RESULT_NVIDIA, NVIDIA, ec);
    terms.nonce = "9f";
    const char *const one = gpu_token(ec, "success");
    const char *const two = gpu_token(ec, "success"); /* another signature: another digest */
    const char *const both = maker_text("%s,%s", named("GPU-0", one), named("GPU-1", two));
    const char *const whole = overall("true", both);
    text = list_of(whole, maker_text("%s,%s", member("GPU-0", one), member("GPU-1", two)));
    ANSWERS(VALID);
    cr_assert_eq(token->device_count, 2);
    cr_expect_eq(token->devices_named, 2);
    cr_expect_str_eq(token->devices[1].label, "GPU-1");
    cr_expect_str_eq(token->devices[1].product, "GH100 A01 GSP BROM");
    cr_expect_str_eq(token->devices[0].driver, "535.104.05");
    cr_expect_str_eq(token->devices[0].firmware, "96.00.74.00.1A");
    cr_expect_eq(token->devices[0].measured, ASSAY_FLAG_YES);
    cr_expect_eq(claim(ASSAY_TRUST_EXECUTABLES), 2);
    cr_expect_eq(token->statement, ASSAY_STATED_AFFIRMING);
    /* exchanged, left out, added, renamed */
    text = list_of(whole, maker_text("%s,%s", member("GPU-0", two), member("GPU-1", one)));
    ANSWERS(NOT_BOUND);
    text = list_of(whole, member("GPU-0", one));
    ANSWERS(NOT_BOUND);
    text = list_of(overall("true", named("GPU-0", one)),
                   maker_text("%s,%s", member("GPU-0", one), member("GPU-1", two)));
    ANSWERS(NOT_BOUND);
    text = list_of(overall("true", named("GPU-0", one)), member("GPU-1", one));
    ANSWERS(NOT_BOUND);
    /* the overall token alone is valid, and its devices are known to be missing */
    text = whole;
    ANSWERS(VALID);
    cr_expect_eq(token->device_count, 0);
    cr_expect_eq(token->devices_named, 2);
    cr_expect_eq(claim(ASSAY_TRUST_EXECUTABLES), 0);
}

/* Two devices, the first of which matches. */
static void two_devices(const char *measres)
{
    const char *const one = gpu_token(ec, "success");
    const char *const two = measres != NULL
                                ? gpu_token(ec, measres)
                                : maker_token(ec, ECDSA, ES384,
                                              "{\"iss\":\"" NVIDIA "\"," TIMES
                                              ",\"eat_nonce\":\"9f\",\"dbgstat\":\"disabled\"}");
    text = list_of(overall("true", maker_text("%s,%s", named("GPU-0", one), named("GPU-1", two))),
                   maker_text("%s,%s", member("GPU-0", one), member("GPU-1", two)));
    ANSWERS(VALID);
}

/* Whatever the overall token says. */
Test(token, measurements_are_those_of_every_device)
{
    static const char *const others[] = { "fail", "comparison-fail", "not-run", "Success", "" };
    use(ASSAY_RESULT_NVIDIA, NVIDIA, ec);
    two_devices("success");
    cr_expect_eq(claim(ASSAY_TRUST_EXECUTABLES), 2);
    two_devices("comparison-successful");
    cr_expect_eq(claim(ASSAY_TRUST_EXECUTABLES), 2);
    two_devices(NULL);
    cr_expect_eq(token->devices[1].measured, ASSAY_FLAG_UNSTATED);
    cr_expect_eq(claim(ASSAY_TRUST_EXECUTABLES), 0, "one states nothing of its own");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        two_devices(others[i]);
        cr_expect_eq(token->devices[1].measured, ASSAY_FLAG_NO, "%s", others[i]);
        cr_expect_eq(claim(ASSAY_TRUST_EXECUTABLES), 33, "%s", others[i]);
        cr_expect_eq(token->statement, ASSAY_STATED_WARNING);
    }
}

Test(token, a_device_must_pass_by_itself)
{
    struct authority_key *other = authority_key_make(ASSAY_KEY_P384);
    use(ASSAY_RESULT_NVIDIA, NVIDIA, ec);
    const char *const bad = gpu_token(ec, "fail");
    text = list_of(overall("false", named("GPU-0", bad)), member("GPU-0", bad));
    ANSWERS(VALID);
    cr_expect(token->policy_failed);
    cr_expect_eq(token->statement, ASSAY_STATED_CONTRAINDICATED);
    cr_expect_eq(claim(ASSAY_TRUST_EXECUTABLES), 33);
    cr_expect_eq(claim(ASSAY_TRUST_HARDWARE), 0);
    text = list_of(overall("\"true\"", named("GPU-0", bad)), member("GPU-0", bad));
    ANSWERS(VALID);
    cr_expect_eq(token->statement, ASSAY_STATED_CONTRAINDICATED, "a text is no result");
    /* The digest holds, the signature does not. */
    const char *const forged = gpu_token(other, "success");
    text = list_of(overall("true", named("GPU-0", forged)), member("GPU-0", forged));
    ANSWERS(FORGED);
    const char *const stale =
        maker_token(ec, ECDSA, ES384, "{\"iss\":\"" NVIDIA "\",\"exp\":1790000000}");
    text = list_of(overall("true", named("GPU-0", stale)), member("GPU-0", stale));
    ANSWERS(NOT_NOW);
    const char *const foreign = maker_token(ec, ECDSA, ES384, "{\"iss\":\"" INTEL "\"," TIMES "}");
    text = list_of(overall("true", named("GPU-0", foreign)), member("GPU-0", foreign));
    ANSWERS(OTHER_ISSUER);
    terms.nonce = "9f";
    const char *const old =
        maker_token(ec, ECDSA, ES384, "{\"iss\":\"" NVIDIA "\"," TIMES ",\"eat_nonce\":\"9e\"}");
    text = list_of(overall("true", named("GPU-0", old)), member("GPU-0", old));
    ANSWERS(OTHER_NONCE);
    authority_key_free(&other);
}

Test(token, lists_of_another_shape_are_refused)
{
    use(ASSAY_RESULT_NVIDIA, NVIDIA, ec);
    const char *const one = gpu_token(ec, "success");
    const char *const whole = overall("true", named("GPU-0", one));
    const char *const shapes[] = {
        "[",
        "[]",
        "[[\"JWT\"],{}]",
        "[[\"JWT\",1],{}]",
        "[2,{}]",
        "[[\"JWT\",\"a.b.c\"],[]]",
        maker_text("[[\"CWT\",\"%s\"],{}]", whole),
        maker_text("[[\"JWT\",\"%s\"]]", whole),
        maker_text("[[\"JWT\",\"%s\"],{\"GPU-0\":[]}]", whole),
        maker_text("[[\"JWT\",\"%s\"],{\"GPU-0\":\"a\",\"GPU-0\":\"a\"}]", whole),
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        text = shapes[i];
        cr_expect_eq(verify(), ASSAY_RESULT_MALFORMED, "%s: %s", text, token->why);
    }
    const char *const entries[] = {
        "\"GPU-0\":5",
        "\"GPU-0\":[\"DIGEST\"]",
        "\"GPU-0\":[\"DIGEST\",[\"SHA-256\",\"00\"]]",
        maker_text("\"GPU-0\":[\"DIGEST\",[\"SHA-1\",\"%s\"]]", maker_digest(one)),
        maker_text("\"GPU-0\":[\"JWT\",[\"SHA-256\",\"%s\"]]", maker_digest(one)),
    };
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        text = list_of(overall("true", entries[i]), member("GPU-0", one));
        cr_expect_eq(verify(), ASSAY_RESULT_NOT_BOUND, "%s", entries[i]);
    }
}

/* --- algorithms (RFC 8725 3.1) */
Test(token, the_service_and_the_key_select_the_algorithm_not_the_token)
{
    struct assay_key public_key;
    uint8_t mac[ASSAY_SHA256_LEN];
    const char *const claims = azure_claims("");
    azure("");
    ANSWERS(VALID);
    /* none */
    const char *const none = "{\"alg\":\"none\",\"kid\":\"k1\"}";
    text = maker_text("%s.%s.", maker_base64url(none, strlen(none)),
                      maker_base64url(claims, strlen(claims)));
    ANSWERS(UNSUPPORTED);
    /* HS256 with the public key as the secret */
    const char *const hs = "{\"alg\":\"HS256\",\"kid\":\"k1\"}";
    const char *const signed_text = maker_text("%s.%s", maker_base64url(hs, strlen(hs)),
                                               maker_base64url(claims, strlen(claims)));
    authority_key_public(rsa, &public_key);
    assay_hmac_sha256(public_key.bytes, public_key.len, signed_text, strlen(signed_text), mac);
    text = maker_text("%s.%s", signed_text, maker_base64url(mac, sizeof mac));
    ANSWERS(UNSUPPORTED);
    /* algorithms of other services, each with a good signature */
    text = maker_token(ec, ECDSA, ES384, claims);
    ANSWERS(UNSUPPORTED);
    text = maker_token(rsa, PSS, PS384, claims);
    ANSWERS(UNSUPPORTED);
    /* the algorithm of the service over a key of another type */
    use_keys(maker_key_set("k1", maker_key_members(ec)));
    text = maker_token(rsa, PKCS1, RS256, claims);
    ANSWERS(NO_KEY);
    use(ASSAY_RESULT_NVIDIA, NVIDIA, rsa);
    text = maker_token(ec, ECDSA, ES384, "{}");
    ANSWERS(NO_KEY);
    /* PSS over the bytes of PKCS #1, and the other way round */
    use(ASSAY_RESULT_INTEL, INTEL, rsa);
    text = maker_token(rsa, PKCS1, PS384, "{}");
    ANSWERS(FORGED);
    text = maker_token(rsa, PSS, RS256, "{}");
    ANSWERS(FORGED);
}

Test(token, headers_that_are_not_understood_are_refused)
{
    static const struct {
        const char *header;
        enum assay_result_answer answer;
    } cases[] = {
        { "{\"alg\":\"RS256\",\"kid\":\"k1\"}", ASSAY_RESULT_VALID },
        { "{\"alg\":\"RS256\",\"kid\":\"k1\",\"typ\":\"application/eat+JWT\"}",
          ASSAY_RESULT_VALID },
        { "{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":[\"b64\"],\"b64\":false}",
          ASSAY_RESULT_UNSUPPORTED },
        { "{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":null}", ASSAY_RESULT_UNSUPPORTED },
        { "{\"alg\":\"RS256\",\"kid\":\"k1\",\"typ\":\"at+jwt\"}", ASSAY_RESULT_UNSUPPORTED },
        { "{\"alg\":\"RS256\",\"kid\":\"k1\",\"typ\":5}", ASSAY_RESULT_UNSUPPORTED },
        { "{\"alg\":\"RS256\",\"alg\":\"RS256\",\"kid\":\"k1\"}", ASSAY_RESULT_MALFORMED },
        { "{\"kid\":\"k1\"}", ASSAY_RESULT_MALFORMED },
        { "[]", ASSAY_RESULT_MALFORMED },
        { "{\"alg\":\"RS256\"}", ASSAY_RESULT_NO_KEY },
        { "{\"alg\":\"RS256\",\"kid\":\"\"}", ASSAY_RESULT_NO_KEY },
        { "{\"alg\":\"RS256\",\"kid\":[\"k1\"]}", ASSAY_RESULT_NO_KEY },
        { "{\"alg\":\"RS256\",\"kid\":\"K1\"}", ASSAY_RESULT_NO_KEY },
        { "{\"alg\":\"RS256\",\"kid\":\"k1 \"}", ASSAY_RESULT_NO_KEY },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        azure("");
        text = maker_token(rsa, PKCS1, cases[i].header, azure_claims(""));
        cr_expect_eq(verify(), cases[i].answer, "%s: %s", cases[i].header, token->why);
    }
}

/* --- keys */
Test(token, a_key_of_another_issuer_signs_nothing)
{
    struct authority_key *other = authority_key_make_rsa(2048);
    azure("");
    /* its key under our id, its id, and its key inside the token */
    text = maker_token(other, PKCS1, RS256, azure_claims(""));
    ANSWERS(FORGED);
    text = maker_token(other, PKCS1, "{\"alg\":\"RS256\",\"kid\":\"k2\"}", azure_claims(""));
    ANSWERS(NO_KEY);
    text = maker_token(
        other, PKCS1,
        maker_text("{\"alg\":\"RS256\",\"kid\":\"k1\",\"jwk\":{%s}}", maker_key_members(other)),
        azure_claims(""));
    ANSWERS(FORGED);
    /* its own token, complete */
    use_keys(maker_key_set("k1", maker_key_members(other)));
    terms.issuer = "https://another.attest.azure.net";
    ANSWERS(OTHER_ISSUER);
    authority_key_free(&other);
}

Test(token, key_sets_leave_no_choice)
{
    const char *const members = maker_key_members(rsa);
    const struct {
        const char *set;
        enum assay_result_answer answer;
    } cases[] = {
        { maker_text("{\"keys\":[{\"kid\":\"k0\",\"kty\":\"oct\",\"k\":\"AA\"},"
                     "{\"kid\":\"k1\",\"alg\":\"RS256\",\"key_ops\":[\"verify\"],%s}]}",
                     members),
          ASSAY_RESULT_VALID },
        { maker_text("{\"keys\":[{\"kid\":\"k1\",%s},{\"kid\":\"k1\",%s}]}", members, members),
          ASSAY_RESULT_NO_KEY },
        { maker_text("{\"keys\":[{\"kid\":\"k1\",%s,\"kid\":\"k1\"}]}", members),
          ASSAY_RESULT_NO_KEY },
        { maker_text("{\"keys\":[{\"kid\":\"k1\",\"use\":\"enc\",%s}]}", members),
          ASSAY_RESULT_NO_KEY },
        { maker_text("{\"keys\":[{\"kid\":\"k1\",\"alg\":\"PS384\",%s}]}", members),
          ASSAY_RESULT_NO_KEY },
        { maker_text("{\"keys\":[{\"kid\":\"k1\",\"key_ops\":[\"sign\"],%s}]}", members),
          ASSAY_RESULT_NO_KEY },
        { maker_text("{\"keys\":[{\"kid\":\"k1\",\"d\":\"AA\",%s}]}", members),
          ASSAY_RESULT_NO_KEY },
        { maker_text("{\"keys\":[{\"kid\":\"k1\",\"kty\":\"RSA\",\"n\":\"AA\"}]}"),
          ASSAY_RESULT_NO_KEY },
        { "{\"keys\":[]}", ASSAY_RESULT_NO_KEY },
        { "{\"keys\":{}}", ASSAY_RESULT_NO_KEY },
        { "not JSON", ASSAY_RESULT_NO_KEY },
        { "{\"keys\":[{\"kid\":\"k1\",\"kty\":\"RSA\"}]}", ASSAY_RESULT_BAD_CHAIN },
    };
    azure("");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        use_keys(cases[i].set);
        cr_expect_eq(verify(), cases[i].answer, "%s: %s", cases[i].set, token->why);
    }
}

/* Azure publishes certificates alone; the others publish both. */
Test(token, a_key_is_its_certificate_s)
{
    const struct authority_certificate mine = authority_leaf("k", rsa, "k", rsa, PKCS1);
    const struct authority_certificate others = authority_leaf("k", ec, "k", ec, ECDSA);
    const char *const my_text = maker_certificate_text(&mine);
    azure("");
    use_keys(maker_key_set("k1", maker_text("\"kty\":\"RSA\",\"x5c\":[\"%s\"]", my_text)));
    ANSWERS(VALID);
    use_keys(maker_key_set(
        "k1", maker_text("\"kty\":\"RSA\",\"x5c\":[\"%s\"]", maker_certificate_text(&others))));
    ANSWERS(NO_KEY);
    use_keys(maker_key_set("k1", "\"kty\":\"RSA\",\"x5c\":[\"AAAA\"]"));
    ANSWERS(BAD_CHAIN);
    use_keys(maker_key_set("k1", "\"kty\":\"RSA\",\"x5c\":[]"));
    ANSWERS(BAD_CHAIN);
}

/* --- roots */
struct chain {
    struct authority_key *root, *ca, *other;
    struct assay_key public_root, public_other;
    const char *leaf_text, *ca_text;
};

static struct chain chain_make(struct authority_certificate *leaf_terms)
{
    struct chain c = { .root = authority_key_make(ASSAY_KEY_P384),
                       .ca = authority_key_make(ASSAY_KEY_P384),
                       .other = authority_key_make(ASSAY_KEY_P384) };
    const struct authority_certificate ca = authority_ca("ca", c.ca, "root", c.root, ECDSA);
    authority_key_public(c.root, &c.public_root);
    authority_key_public(c.other, &c.public_other);
    leaf_terms->issuer = "ca";
    leaf_terms->signer = c.ca;
    leaf_terms->alg = ECDSA;
    c.leaf_text = maker_certificate_text(leaf_terms);
    c.ca_text = maker_certificate_text(&ca);
    return c;
}

static void chain_free(struct chain *c)
{
    authority_key_free(&c->root);
    authority_key_free(&c->ca);
    authority_key_free(&c->other);
}

Test(token, with_a_root_every_key_needs_a_chain)
{
    struct authority_certificate leaf = authority_leaf("signer", rsa, NULL, NULL, ECDSA);
    struct chain c = chain_make(&leaf);
    const char *const members = maker_key_members(rsa);
    azure("");
    terms.root = &c.public_root;
    ANSWERS(BAD_CHAIN); /* a bare key */
    use_keys(maker_key_set(
        "k1", maker_text("%s,\"x5c\":[\"%s\",\"%s\"]", members, c.leaf_text, c.ca_text)));
    ANSWERS(VALID);
    terms.root = &c.public_other;
    ANSWERS(BAD_CHAIN);
    terms.root = &c.public_root;
    use_keys(maker_key_set("k1", maker_text("%s,\"x5c\":[\"%s\"]", members, c.leaf_text)));
    ANSWERS(BAD_CHAIN); /* its authority is missing */
    use_keys(maker_key_set(
        "k1", maker_text("%s,\"x5c\":[\"%s\",\"%s\"]", members, c.ca_text, c.leaf_text)));
    ANSWERS(BAD_CHAIN); /* an authority's certificate in front */
    struct authority_certificate others = authority_leaf("signer", ec, "ca", c.ca, ECDSA);
    use_keys(maker_key_set("k1", maker_text("%s,\"x5c\":[\"%s\",\"%s\"]", members,
                                            maker_certificate_text(&others), c.ca_text)));
    ANSWERS(BAD_CHAIN); /* a good chain of another key */
    chain_free(&c);
}

Test(token, certificates_must_be_valid_now_and_for_signing)
{
    struct authority_certificate leaf = authority_leaf("signer", rsa, NULL, NULL, ECDSA);
    leaf.from_s = AT - 1000;
    leaf.to_s = AT;
    struct chain c = chain_make(&leaf);
    azure("");
    terms.root = &c.public_root;
    use_keys(maker_key_set(
        "k1", maker_text("\"kty\":\"RSA\",\"x5c\":[\"%s\",\"%s\"]", c.leaf_text, c.ca_text)));
    ANSWERS(VALID);
    terms.at_unix_s = AT + 1;
    ANSWERS(BAD_CHAIN);
    chain_free(&c);
    struct authority_certificate authority = authority_ca("signer", rsa, NULL, NULL, ECDSA);
    c = chain_make(&authority);
    azure("");
    terms.root = &c.public_root;
    use_keys(maker_key_set(
        "k1", maker_text("\"kty\":\"RSA\",\"x5c\":[\"%s\",\"%s\"]", c.leaf_text, c.ca_text)));
    ANSWERS(BAD_CHAIN); /* an authority signs no tokens */
    chain_free(&c);
}

/* id-kp-serverAuth: the key of a web server below the same root (RFC 5280 4.2.1.12). */
Test(token, a_certificate_for_another_purpose_signs_no_tokens)
{
    static const uint8_t server[] = { 0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06,
                                      0x01, 0x05, 0x05, 0x07, 0x03, 0x01 };
    static const uint8_t any[] = { 0x30, 0x06, 0x06, 0x04, 0x55, 0x1d, 0x25, 0x00 };
    for (int i = 0; i < 2; i++) {
        struct authority_certificate leaf = authority_leaf("signer", rsa, NULL, NULL, ECDSA);
        authority_add_extension(&leaf, "2.5.29.37", i == 0, i == 0 ? server : any,
                                i == 0 ? sizeof server : sizeof any);
        struct chain c = chain_make(&leaf);
        azure("");
        terms.root = &c.public_root;
        use_keys(maker_key_set(
            "k1", maker_text("\"kty\":\"RSA\",\"x5c\":[\"%s\",\"%s\"]", c.leaf_text, c.ca_text)));
        if (i == 0) ANSWERS(BAD_CHAIN);
        else ANSWERS(VALID);
        chain_free(&c);
    }
}

/* Google's tokens for parties without its key set. */
Test(token, by_a_root_alone_the_chain_is_the_token_s_own)
{
    struct authority_key *other = authority_key_make_rsa(2048);
    struct authority_certificate leaf = authority_leaf("signer", rsa, NULL, NULL, ECDSA);
    struct chain c = chain_make(&leaf);
    const char *const header =
        maker_text("{\"alg\":\"RS256\",\"x5c\":[\"%s\",\"%s\"]}", c.leaf_text, c.ca_text);
    google();
    terms.keys = (struct assay_slice){ NULL, 0 };
    terms.root = &c.public_root;
    text = maker_token(rsa, PKCS1, header, google_claims);
    ANSWERS(VALID);
    cr_expect_str_eq(token->key_id, "");
    text = maker_token(other, PKCS1, header, google_claims);
    ANSWERS(FORGED);
    terms.root = &c.public_other;
    text = maker_token(rsa, PKCS1, header, google_claims);
    ANSWERS(BAD_CHAIN);
    terms.root = &c.public_root;
    text = maker_token(rsa, PKCS1, RS256, google_claims);
    ANSWERS(BAD_CHAIN);
    /* With a key set the header's chain counts for nothing. */
    use(ASSAY_RESULT_GOOGLE, GOOGLE, other);
    terms.audience = "https://relying.example";
    text = maker_token(rsa, PKCS1,
                       maker_text("{\"alg\":\"RS256\",\"kid\":\"k1\",\"x5c\":[\"%s\",\"%s\"]}",
                                  c.leaf_text, c.ca_text),
                       google_claims);
    ANSWERS(FORGED);
    chain_free(&c);
    authority_key_free(&other);
}

/* --- claims */
static void check_claims(const char *claims, enum assay_result_answer answer)
{
    text = maker_token(rsa, PKCS1, RS256, claims);
    cr_expect_eq(verify(), answer, "%s: %s", claims, token->why);
}

Test(token, issuers_are_compared_character_by_character)
{
    use(ASSAY_RESULT_AZURE, AZURE, rsa);
    check_claims("{\"iss\":\"" AZURE "\"," TIMES "}", ASSAY_RESULT_VALID);
    check_claims("{\"iss\":\"" AZURE "/\"," TIMES "}", ASSAY_RESULT_OTHER_ISSUER);
    check_claims("{\"iss\":\"" AZURE ".evil.example\"," TIMES "}", ASSAY_RESULT_OTHER_ISSUER);
    check_claims("{\"iss\":\"https\"," TIMES "}", ASSAY_RESULT_OTHER_ISSUER);
    check_claims("{\"iss\":[\"" AZURE "\"]," TIMES "}", ASSAY_RESULT_MALFORMED);
    check_claims("{" TIMES "}", ASSAY_RESULT_MALFORMED);
    check_claims("{\"iss\":\"" AZURE "\",\"iss\":\"" AZURE "\"," TIMES "}", ASSAY_RESULT_MALFORMED);
    check_claims("{\"iss\":\"" AZURE "\\u0000\"," TIMES "}", ASSAY_RESULT_MALFORMED);
    check_claims("[]", ASSAY_RESULT_MALFORMED);
    terms.audience = "us";
    check_claims("{\"iss\":\"" AZURE "\",\"aud\":[\"them\",\"us\"]," TIMES "}", ASSAY_RESULT_VALID);
    check_claims("{\"iss\":\"" AZURE "\",\"aud\":[]," TIMES "}", ASSAY_RESULT_OTHER_AUDIENCE);
    check_claims("{\"iss\":\"" AZURE "\",\"aud\":{\"a\":\"us\"}," TIMES "}",
                 ASSAY_RESULT_OTHER_AUDIENCE);
}

Test(token, times_are_whole_seconds_and_an_end_is_required)
{
#define TIMED(times) "{\"iss\":\"" AZURE "\"," times "}"
    use(ASSAY_RESULT_AZURE, AZURE, rsa);
    check_claims(TIMED("\"exp\":1790000001"), ASSAY_RESULT_VALID);
    check_claims(TIMED("\"exp\":1790000000"), ASSAY_RESULT_NOT_NOW);
    check_claims(TIMED("\"exp\":1790000001,\"iat\":1790000060"), ASSAY_RESULT_VALID);
    check_claims(TIMED("\"exp\":1790000001,\"iat\":1790000061"), ASSAY_RESULT_NOT_NOW);
    terms.has_age = true, terms.age_max_s = 300;
    check_claims(TIMED("\"exp\":1790000001,\"iat\":1789999700"), ASSAY_RESULT_VALID);
    check_claims(TIMED("\"exp\":1790000001,\"iat\":1789999699"), ASSAY_RESULT_NOT_NOW);
    check_claims(TIMED("\"exp\":1790000001"), ASSAY_RESULT_NOT_NOW); /* no time of issue */
    terms.has_age = false;
    check_claims(TIMED("\"exp\":1790000001,\"nbf\":1790000060"), ASSAY_RESULT_VALID);
    check_claims(TIMED("\"exp\":1790000001,\"nbf\":1790000061"), ASSAY_RESULT_NOT_NOW);
    check_claims(TIMED("\"iat\":1"), ASSAY_RESULT_MALFORMED);
    check_claims(TIMED("\"exp\":null"), ASSAY_RESULT_MALFORMED);
    check_claims(TIMED("\"exp\":\"1790003500\""), ASSAY_RESULT_MALFORMED);
    check_claims(TIMED("\"exp\":1790003500.5"), ASSAY_RESULT_MALFORMED);
    check_claims(TIMED("\"exp\":1e300"), ASSAY_RESULT_MALFORMED);
    check_claims(TIMED("\"exp\":-1"), ASSAY_RESULT_MALFORMED);
    check_claims(TIMED("\"exp\":9223372036854775807"), ASSAY_RESULT_MALFORMED);
    check_claims(TIMED("\"exp\":92233720368547758070"), ASSAY_RESULT_MALFORMED);
    check_claims(TIMED("\"exp\":1790003500,\"nbf\":true"), ASSAY_RESULT_MALFORMED);
    terms.at_unix_s = INT64_MAX; /* the caller's time may be any */
    check_claims(TIMED("\"exp\":1790003500"), ASSAY_RESULT_NOT_NOW);
    terms.at_unix_s = INT64_MIN;
    check_claims(TIMED("\"exp\":1790003500,\"iat\":0"), ASSAY_RESULT_NOT_NOW);
}

Test(token, a_nonce_counts_only_where_the_service_puts_it)
{
    use(ASSAY_RESULT_AZURE, AZURE, rsa);
    terms.nonce = "n";
#define NONCE(member) "{\"iss\":\"" AZURE "\"," TIMES "," member "}"
    check_claims(NONCE("\"nonce\":\"n\""), ASSAY_RESULT_VALID);
    check_claims(NONCE("\"x-ms-runtime\":{\"client-payload\":{\"nonce\":\"n\"}}"),
                 ASSAY_RESULT_VALID);
    check_claims(NONCE("\"x-ms-runtime/client-payload/nonce\":\"n\""), ASSAY_RESULT_OTHER_NONCE);
    check_claims(NONCE("\"x-ms-runtime\":{\"nonce\":\"n\"}"), ASSAY_RESULT_OTHER_NONCE);
    check_claims(NONCE("\"nonce\":\"n2\""), ASSAY_RESULT_OTHER_NONCE);
    check_claims(NONCE("\"nonce\":\"\""), ASSAY_RESULT_OTHER_NONCE);
    check_claims(NONCE("\"nonce\":{\"n\":\"n\"}"), ASSAY_RESULT_OTHER_NONCE);
}

/* --- limits and damage */
Test(token, limits_are_answers)
{
    use(ASSAY_RESULT_AZURE, AZURE, rsa);
    char *const many = malloc(16384);
    size_t len = 0;
    for (int i = 0; i < 1100; i++)
        len += (size_t)snprintf(many + len, 16384 - len, "%s1", i == 0 ? "" : ",");
    check_claims(maker_text("{\"iss\":\"" AZURE "\"," TIMES ",\"a\":[%s]}", many),
                 ASSAY_RESULT_MALFORMED);
    check_claims("{\"a\":[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}", ASSAY_RESULT_MALFORMED);
    free(many);
    char *const longest = malloc(ASSAY_JWT_LEN_MAX + 2);
    memset(longest, 'A', ASSAY_JWT_LEN_MAX + 1);
    longest[ASSAY_JWT_LEN_MAX + 1] = '\0';
    text = longest;
    ANSWERS(MALFORMED);
    free(longest);
    text = "";
    ANSWERS(MALFORMED);
    text = "a.b";
    ANSWERS(MALFORMED);
    text = "..";
    ANSWERS(MALFORMED);
}

/* The text of a signature has one form; a token with any other character changed is not valid. */
Test(token, no_character_can_be_changed)
{
    use(ASSAY_RESULT_NVIDIA, NVIDIA, ec);
    const char *const good = overall("true", "");
    char *const copy = maker_text("%s", good);
    text = copy;
    ANSWERS(VALID);
    for (size_t i = 0; copy[i] != '\0'; i++) {
        const char kept = copy[i];
        copy[i] = kept == 'A' ? 'B' : 'A';
        cr_expect_neq(verify(), ASSAY_RESULT_VALID, "character %zu", i);
        copy[i] = kept;
    }
    for (size_t len = strlen(good); len-- > 0;) {
        cr_assert_eq(assay_token_verify(&terms, good, len, token), ASSAY_OK);
        cr_expect_neq(token->answer, ASSAY_RESULT_VALID, "cut at %zu", len);
    }
}

Test(token, names_are_read_back)
{
    for (int i = ASSAY_RESULT_AZURE; i <= ASSAY_RESULT_NVIDIA; i++) {
        enum assay_result_service found = ASSAY_RESULT_SERVICE_NONE;
        const char *const name = assay_token_service_text((enum assay_result_service)i);
        cr_expect_eq(assay_token_service_parse(name, &found), ASSAY_OK);
        cr_expect_eq((int)found, i);
    }
    enum assay_result_service found = ASSAY_RESULT_SERVICE_NONE;
    cr_expect_eq(assay_token_service_parse("unknown", &found), ASSAY_E_NOT_FOUND);
    cr_expect_str_eq(assay_token_service_text((enum assay_result_service)9), "unknown");
    cr_expect_str_eq(assay_token_answer_text(ASSAY_RESULT_NOT_BOUND), "not-bound");
    cr_expect_str_eq(assay_token_statement_text(ASSAY_STATED_WARNING), "warning");
}
