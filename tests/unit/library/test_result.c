/*
 * tests/unit/library/test_result.c - tokens of other verifiers through the library: nothing is
 * believed without an answer, and a result is no verdict.
 */
#include "tests/unit/quote/results/token_maker.h"

#include <assay/assay.h>
#include <criterion/criterion.h>
#include <string.h>

#define ISSUER  "https://portal.trustauthority.intel.com"
#define AT      INT64_C(1790000000)
#define HEADER  "{\"alg\":\"PS384\",\"kid\":\"k1\",\"typ\":\"JWT\"}"
#define MEMBERS "\"iss\":\"" ISSUER "\",\"iat\":1789999900,\"exp\":1790003500"

static struct authority_key *key;
static struct assay_result *result;
static struct assay_result_request request;
static struct assay_result_summary summary;
static const char *token;

static void set_up(void)
{
    key = authority_key_make(ASSAY_KEY_RSA);
    cr_assert_eq(assay_result_create(&result), ASSAY_OK);
    const char *const set = maker_key_set("k1", maker_key_members(key));
    request = (struct assay_result_request){ .size = sizeof request,
                                             .service = ASSAY_RESULT_INTEL,
                                             .issuer = ISSUER,
                                             .keys = { (const uint8_t *)set, strlen(set) },
                                             .at_unix_s = AT };
    summary = (struct assay_result_summary){ .size = sizeof summary };
    token = maker_token(key, ASSAY_SIGNATURE_RSA_PSS_SHA384, HEADER,
                        "{" MEMBERS ",\"attester_type\":\"TDX\",\"tdx_is_debuggable\":false,"
                        "\"attester_tcb_status\":\"OutOfDate\",\"n\":-7,"
                        "\"m\":{\"l\":[true,null,\"t\"]}}");
}

static void tear_down(void)
{
    assay_result_destroy(&result);
    authority_key_free(&key);
    maker_forget();
}

TestSuite(library_result, .init = set_up, .fini = tear_down);

static enum assay_result_answer verify(void)
{
    enum assay_result_answer answer = ASSAY_RESULT_NOT_READ;
    cr_assert_eq(assay_result_verify(&request, token, strlen(token), result, &answer), ASSAY_OK);
    return answer;
}

Test(library_result, a_statement_is_read)
{
    cr_expect_not(assay_result_get_summary(result, &summary), "nothing was verified yet");
    cr_assert_eq(verify(), ASSAY_RESULT_VALID);
    cr_assert(assay_result_get_summary(result, &summary));
    cr_expect_eq(summary.answer, ASSAY_RESULT_VALID);
    cr_expect_str_eq(summary.why, "");
    cr_expect_str_eq(summary.issuer, ISSUER);
    cr_expect_str_eq(summary.attester, "TDX");
    cr_expect_str_eq(summary.tcb_status, "OutOfDate");
    cr_expect_str_eq(summary.key_id, "k1");
    cr_expect_null(summary.subject);
    cr_expect_eq(summary.debug, ASSAY_FLAG_NO);
    cr_expect_eq(summary.secure_boot, ASSAY_FLAG_UNSTATED);
    cr_expect_eq(summary.statement, ASSAY_STATED_WARNING);
    cr_expect_eq(summary.vector[ASSAY_AR4SI_HARDWARE], 32);
    cr_expect_eq(summary.vector[ASSAY_AR4SI_RUNTIME_OPAQUE], 2);
    cr_expect_eq(summary.expires_unix_s, 1790003500);
    cr_expect(summary.has_issued);
    cr_expect_eq(summary.issued_unix_s, 1789999900);
}

Test(library_result, claims_are_listed_with_their_parents)
{
    struct assay_result_claim claim = { .size = sizeof claim };
    size_t count = 0, map = SIZE_MAX;
    cr_assert_eq(verify(), ASSAY_RESULT_VALID);
    for (; assay_result_get_claim(result, count, &claim); count++) {
        if (strcmp(claim.key, "m") == 0) map = count;
        if (strcmp(claim.key, "n") == 0) cr_expect_str_eq((const char *)claim.text.bytes, "-7");
        cr_expect(claim.parent == ASSAY_RESULT_TOP || claim.parent < count);
    }
    cr_expect_eq(count, 12);
    cr_assert(assay_result_get_claim(result, map, &claim));
    cr_expect_eq(claim.type, ASSAY_CLAIM_MAP);
    cr_expect_eq(claim.parent, ASSAY_RESULT_TOP);
    cr_assert(assay_result_get_claim(result, map + 1, &claim));
    cr_expect_eq(claim.type, ASSAY_CLAIM_LIST);
    cr_expect_eq(claim.number, 3);
    cr_expect_eq(claim.parent, map);
    cr_assert(assay_result_get_claim(result, map + 2, &claim));
    cr_expect_eq(claim.type, ASSAY_CLAIM_BOOL);
    cr_expect_eq(claim.number, 1);
    cr_assert(assay_result_get_claim(result, map + 4, &claim));
    cr_expect_str_eq((const char *)claim.text.bytes, "t");
    claim.size -= 1;
    cr_expect_not(assay_result_get_claim(result, 0, &claim));
}

Test(library_result, a_refused_token_states_nothing)
{
    struct assay_result_claim claim = { .size = sizeof claim };
    struct assay_result_device device = { .size = sizeof device };
    cr_assert_eq(verify(), ASSAY_RESULT_VALID);
    request.issuer = "https://another.example";
    cr_assert_eq(verify(), ASSAY_RESULT_OTHER_ISSUER);
    cr_assert(assay_result_get_summary(result, &summary));
    cr_expect_eq(summary.answer, ASSAY_RESULT_OTHER_ISSUER);
    cr_expect_str_neq(summary.why, "");
    cr_expect_null(summary.issuer);
    cr_expect_null(summary.algorithm);
    cr_expect_eq(summary.statement, ASSAY_STATED_NOTHING);
    for (int i = 0; i < 8; i++)
        cr_expect_eq(summary.vector[i], 0);
    cr_expect_not(assay_result_get_claim(result, 0, &claim));
    cr_expect_not(assay_result_get_device(result, 0, &device));
}

Test(library_result, misuse_is_reported_and_leaves_no_answer)
{
    enum assay_result_answer answer = ASSAY_RESULT_VALID;
    const struct assay_result_request good = request;
    const size_t len = strlen(token);
    cr_assert_eq(verify(), ASSAY_RESULT_VALID);
    request.size -= 1;
    cr_expect_eq(assay_result_verify(&request, token, len, result, &answer), ASSAY_E_INVALID);
    cr_expect_eq(answer, ASSAY_RESULT_NOT_READ);
    cr_expect_not(assay_result_get_summary(result, &summary), "the last answer is gone");
    request = good;
    request.service = ASSAY_RESULT_SERVICE_NONE;
    cr_expect_eq(assay_result_verify(&request, token, len, result, &answer), ASSAY_E_INVALID);
    request = good;
    request.service = (enum assay_result_service)5;
    cr_expect_eq(assay_result_verify(&request, token, len, result, &answer), ASSAY_E_INVALID);
    request = good;
    request.issuer = "";
    cr_expect_eq(assay_result_verify(&request, token, len, result, &answer), ASSAY_E_INVALID);
    request = good;
    request.keys.len = 0;
    cr_expect_eq(assay_result_verify(&request, token, len, result, &answer), ASSAY_E_INVALID);
    request = good;
    request.keys.len = ASSAY_RESULT_KEY_SET_MAX + 1;
    cr_expect_eq(assay_result_verify(&request, token, len, result, &answer), ASSAY_E_RANGE);
    request = good;
    request.root = request.keys;
    cr_expect_eq(assay_result_verify(&request, token, len, result, &answer), ASSAY_E_KEY);
    request = good;
    cr_expect_eq(assay_result_verify(&request, token, ASSAY_RESULT_BYTES_MAX + 1, result, &answer),
                 ASSAY_E_RANGE);
    cr_expect_eq(assay_result_verify(&request, token, len, NULL, &answer), ASSAY_E_INVALID);
    cr_expect_eq(assay_result_verify(&request, token, len, result, NULL), ASSAY_E_INVALID);
    cr_expect_eq(assay_result_verify(&request, NULL, 1, result, &answer), ASSAY_E_INVALID);
    cr_expect_eq(assay_result_verify(NULL, token, len, result, &answer), ASSAY_E_INVALID);
    cr_expect_eq(assay_result_create(NULL), ASSAY_E_INVALID);
    cr_expect_not(assay_result_get_summary(NULL, &summary));
}

Test(library_result, names)
{
    cr_expect_str_eq(assay_name_of_service(ASSAY_RESULT_NVIDIA), "nvidia");
    cr_expect_str_eq(assay_name_of_service((enum assay_result_service)77), "unknown");
    cr_expect_str_eq(assay_name_of_result(ASSAY_RESULT_FORGED), "forged");
    cr_expect_str_eq(assay_name_of_result((enum assay_result_answer)77), "unknown");
    cr_expect_str_eq(assay_name_of_statement(ASSAY_STATED_NOTHING), "nothing");
    cr_expect_str_eq(assay_name_of_statement((enum assay_result_statement)77), "unknown");
}
