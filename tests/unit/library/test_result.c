/*
 * tests/unit/library/test_result.c - tokens of other verifiers through the library: nothing is
 * believed without an answer, and a result is no verdict.
 */
#include "tests/unit/quote/results/token_maker.h"

#include <assay/policy.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define ISSUER  "https://portal.trustauthority.intel.com"
#define AT      INT64_C(1790000000)
#define HEADER  "{\"alg\":\"PS384\",\"kid\":\"k1\",\"typ\":\"JWT\"}"
#define MEMBERS "\"iss\":\"" ISSUER "\",\"iat\":1789999900,\"exp\":1790003500"

static struct authority_key *key;
static struct assay_result *result;
static struct assay_result_issuer issuers[ASSAY_RESULT_ISSUERS_MAX + 1];
static struct assay_result_issuer *const issuer = &issuers[0];
static struct assay_result_request request;
static enum assay_result_statement statement;
static struct assay_result_summary summary;
static const char *token;

static void set_up(void)
{
    key = authority_key_make(ASSAY_KEY_RSA);
    cr_assert_eq(assay_result_create(&result), ASSAY_OK);
    const char *const set = maker_key_set("k1", maker_key_members(key));
    *issuer = (struct assay_result_issuer){ .size = sizeof *issuer,
                                            .service = ASSAY_RESULT_INTEL,
                                            .issuer = ISSUER,
                                            .keys = { (const uint8_t *)set, strlen(set) } };
    request = (struct assay_result_request){
        .size = sizeof request, .issuers = issuers, .issuer_count = 1, .at_unix_s = AT
    };
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
    statement = ASSAY_STATED_AFFIRMING;
    cr_assert_eq(assay_result_verify(&request, token, strlen(token), result, &answer, &statement),
                 ASSAY_OK);
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
    cr_expect_eq(statement, ASSAY_STATED_WARNING, "the statement is an output of its own");
    cr_expect_eq(summary.issuer_index, 0);
    cr_expect_eq(summary.vector[ASSAY_AR4SI_HARDWARE], 32);
    cr_expect_eq(summary.vector[ASSAY_AR4SI_RUNTIME_OPAQUE], 2);
    cr_expect_eq(summary.expires_unix_s, 1790003500);
    cr_expect(summary.has_issued);
    cr_expect_eq(summary.issued_unix_s, 1789999900);
}

static struct assay_claim_value claim_of(const char *name)
{
    struct assay_claim_value claim = { .size = sizeof claim };
    cr_assert_eq(assay_result_get_claim(result, name, &claim), ASSAY_OK, "%s", name);
    cr_expect_str_eq(claim.name, name);
    return claim;
}

Test(library_result, claims_are_read_as_those_of_a_verdict)
{
    struct assay_claim_value claim = { .size = sizeof claim };
    size_t count = 0;
    cr_assert_eq(verify(), ASSAY_RESULT_VALID);
    for (; assay_result_get_claim_at(result, count, &claim) == ASSAY_OK; count++)
        cr_expect_str_eq(claim_of(claim.name).name, claim.name);
    cr_expect_eq(count, 12);
    cr_expect_str_eq((const char *)claim_of("n").bytes.bytes, "-7");
    cr_expect_eq(claim_of("n").type, ASSAY_CLAIM_TEXT);
    cr_expect_eq(claim_of("m").type, ASSAY_CLAIM_MAP);
    cr_expect_eq(claim_of("m.l").type, ASSAY_CLAIM_LIST);
    cr_expect_eq(claim_of("m.l").number, 3);
    cr_expect_eq(claim_of("m.l.0").type, ASSAY_CLAIM_BOOL);
    cr_expect_eq(claim_of("m.l.0").number, 1);
    cr_expect_eq(claim_of("m.l.1").type, ASSAY_CLAIM_NULL);
    cr_expect_str_eq((const char *)claim_of("m.l.2").bytes.bytes, "t");
    cr_expect_eq(claim_of("exp").number, 1790003500);
    cr_expect_eq(assay_result_get_claim(result, "m.l.3", &claim), ASSAY_E_NOT_FOUND);
    cr_expect_eq(assay_result_get_claim(result, NULL, &claim), ASSAY_E_INVALID);
    cr_expect_eq(assay_result_get_claim(NULL, "m", &claim), ASSAY_E_NOT_FOUND);
    claim.size -= 1;
    cr_expect_eq(assay_result_get_claim_at(result, 0, &claim), ASSAY_E_INVALID);
}

/* A dot in a member's name must not let one claim pass for another. */
Test(library_result, a_name_of_two_claims_names_neither)
{
    struct assay_claim_value claim = { .size = sizeof claim };
    token = maker_token(key, ASSAY_SIGNATURE_RSA_PSS_SHA384, HEADER,
                        "{" MEMBERS ",\"a.b\":true,\"a\":{\"b\":false,\"c\":7}}");
    cr_assert_eq(verify(), ASSAY_RESULT_VALID);
    cr_expect_eq(assay_result_get_claim(result, "a.b", &claim), ASSAY_E_DUPLICATE);
    cr_expect_eq(claim_of("a.c").number, 7);
}

/* 30 members below a name of 6000 bytes: the names take more than there is room for. */
Test(library_result, names_are_bounded)
{
    struct assay_claim_value claim = { .size = sizeof claim };
    char name[6001], members[512];
    size_t len = 0;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (int i = 0; i < 30; i++)
        len += (size_t)snprintf(members + len, sizeof members - len, "%s\"m%d\":%d",
                                i == 0 ? "" : ",", i, i);
    token = maker_token(key, ASSAY_SIGNATURE_RSA_PSS_SHA384, HEADER,
                        maker_text("{" MEMBERS ",\"%s\":{%s}}", name, members));
    cr_assert_eq(verify(), ASSAY_RESULT_VALID);
    cr_expect_eq(assay_result_get_claim_at(result, 0, &claim), ASSAY_E_FULL);
    cr_expect_eq(assay_result_get_claim(result, "iss", &claim), ASSAY_E_FULL);
}

static bool is_unchecked(const char *what)
{
    struct assay_unchecked open = { .size = sizeof open };
    for (size_t i = 0; assay_result_get_unchecked(result, i, &open); i++)
        if (strcmp(open.what, what) == 0) return true;
    return false;
}

Test(library_result, what_was_not_checked_is_listed)
{
    struct assay_unchecked open = { .size = sizeof open };
    cr_assert_eq(verify(), ASSAY_RESULT_VALID);
    cr_expect(is_unchecked("evidence"), "the issuer verified it, not the library");
    cr_expect(is_unchecked("freshness"));
    cr_expect_not(is_unchecked("revocation"));
    open.size -= 1;
    cr_expect_not(assay_result_get_unchecked(result, 0, &open));
    request.nonce = "5f1c";
    cr_assert_eq(verify(), ASSAY_RESULT_OTHER_NONCE);
    cr_expect_not(is_unchecked("evidence"), "a refused token states nothing");
    token = maker_token(key, ASSAY_SIGNATURE_RSA_PSS_SHA384, HEADER,
                        "{" MEMBERS ",\"eat_nonce\":\"5f1c\"}");
    cr_assert_eq(verify(), ASSAY_RESULT_VALID);
    cr_expect_not(is_unchecked("freshness"));
    cr_expect_eq(statement, ASSAY_STATED_NOTHING, "valid, and it states nothing");
}

/* --- several issuers */
Test(library_result, one_of_the_issuers_must_have_issued_it)
{
    issuers[1] = issuers[2] = *issuer;
    issuers[0].issuer = "https://one.example";
    issuers[1].audience = "https://relying.example";
    request.issuer_count = 3;
    cr_assert_eq(verify(), ASSAY_RESULT_VALID);
    cr_assert(assay_result_get_summary(result, &summary));
    cr_expect_eq(summary.issuer_index, 2);
    request.issuer_count = 2;
    cr_assert_eq(verify(), ASSAY_RESULT_OTHER_AUDIENCE, "it came further than the first");
    cr_expect_eq(statement, ASSAY_STATED_NOTHING);
    cr_assert(assay_result_get_summary(result, &summary));
    cr_expect_eq(summary.issuer_index, 1);
    cr_expect_str_eq(summary.why, "the token has no aud");
    request.issuer_count = 1;
    cr_assert_eq(verify(), ASSAY_RESULT_OTHER_ISSUER);
}

/* A key of one issuer never signs for another one. */
Test(library_result, keys_and_names_of_issuers_are_not_mixed)
{
    struct authority_key *const other = authority_key_make(ASSAY_KEY_RSA);
    const char *const set = maker_key_set("k1", maker_key_members(other));
    issuers[1] = *issuer;
    issuers[1].issuer = "https://two.example";
    issuers[0].keys = (struct assay_bytes){ (const uint8_t *)set, strlen(set) };
    request.issuer_count = 2;
    cr_assert_eq(verify(), ASSAY_RESULT_OTHER_ISSUER);
    struct authority_key *unused = other;
    authority_key_free(&unused);
}

Test(library_result, the_age_is_limited_by_the_issuers_terms)
{
    issuer->has_age_max = true;
    issuer->age_max_s = 100;
    cr_expect_eq(verify(), ASSAY_RESULT_VALID);
    issuer->age_max_s = 99;
    cr_expect_eq(verify(), ASSAY_RESULT_NOT_NOW);
    issuer->age_max_s = 0;
    cr_expect_eq(verify(), ASSAY_RESULT_NOT_NOW, "0 is a limit");
    issuer->has_age_max = false;
    cr_expect_eq(verify(), ASSAY_RESULT_VALID);
}

Test(library_result, policy_files_name_issuers)
{
    static const char text[] = "policy_version: 1\nprofile: production\ntoken_issuers:\n"
                               "  - { service: intel, issuer: " ISSUER ", keys: intel.jwks }\n"
                               "  - { service: google, issuer: https://g.example, root: g.pem, "
                               "audience: https://relying.example, age_max_s: 900 }\n";
    struct assay_policy_issuers *list = NULL;
    struct assay_policy_issuer one = { .size = sizeof one };
    char message[ASSAY_POLICY_MESSAGE_MAX];
    cr_assert_eq(
        assay_policy_issuers_create_yaml(text, sizeof text - 1, &list, message, sizeof message),
        ASSAY_OK, "%s", message);
    cr_assert_eq(assay_policy_issuers_count(list), 2);
    cr_assert(assay_policy_issuers_get(list, 0, &one));
    cr_expect_eq(one.service, ASSAY_RESULT_INTEL);
    cr_expect_str_eq(one.issuer, ISSUER);
    cr_expect_str_eq(one.keys_file, "intel.jwks");
    cr_expect_null(one.root_file);
    cr_expect_null(one.audience);
    cr_expect_not(one.has_age_max);
    cr_assert(assay_policy_issuers_get(list, 1, &one));
    cr_expect_null(one.keys_file);
    cr_expect_str_eq(one.root_file, "g.pem");
    cr_expect_str_eq(one.audience, "https://relying.example");
    cr_expect(one.has_age_max && one.age_max_s == 900);
    cr_expect_not(assay_policy_issuers_get(list, 2, &one));
    cr_expect_not(assay_policy_issuers_get(NULL, 0, &one));
    one.size -= 1;
    cr_expect_not(assay_policy_issuers_get(list, 0, &one));
    assay_policy_issuers_destroy(&list);
    cr_expect_null(list);
    cr_expect_eq(assay_policy_issuers_count(list), 0);
    assay_policy_issuers_destroy(NULL);
}

Test(library_result, a_file_without_issuers_has_none_and_a_wrong_one_says_where)
{
    static const char none[] = "policy_version: 1\nprofile: production\n";
    static const char wrong[] = "policy_version: 1\nprofile: production\ntoken_issuers:\n"
                                "  - { service: aws, issuer: i, keys: k }\n";
    struct assay_policy_issuers *list = NULL;
    char message[ASSAY_POLICY_MESSAGE_MAX] = "unchanged";
    cr_expect_eq(
        assay_policy_issuers_create_yaml(wrong, sizeof wrong - 1, &list, message, sizeof message),
        ASSAY_E_INVALID);
    cr_expect_null(list);
    cr_expect_not_null(strstr(message, "token_issuers[0].service"), "%s", message);
    cr_expect_eq(assay_policy_issuers_create_yaml(none, ASSAY_POLICY_YAML_MAX + 1, &list, message,
                                                  sizeof message),
                 ASSAY_E_RANGE);
    cr_expect_eq(assay_policy_issuers_create_yaml(NULL, 0, &list, NULL, 0), ASSAY_E_INVALID);
    cr_expect_eq(assay_policy_issuers_create_yaml(none, sizeof none - 1, NULL, NULL, 0),
                 ASSAY_E_INVALID);
    cr_assert_eq(assay_policy_issuers_create_yaml(none, sizeof none - 1, &list, NULL, 0), ASSAY_OK);
    cr_expect_eq(assay_policy_issuers_count(list), 0);
    assay_policy_issuers_destroy(&list);
}

Test(library_result, a_refused_token_states_nothing)
{
    struct assay_claim_value claim = { .size = sizeof claim };
    struct assay_result_device device = { .size = sizeof device };
    cr_assert_eq(verify(), ASSAY_RESULT_VALID);
    issuer->issuer = "https://another.example";
    cr_assert_eq(verify(), ASSAY_RESULT_OTHER_ISSUER);
    cr_assert(assay_result_get_summary(result, &summary));
    cr_expect_eq(summary.answer, ASSAY_RESULT_OTHER_ISSUER);
    cr_expect_str_neq(summary.why, "");
    cr_expect_null(summary.issuer);
    cr_expect_null(summary.algorithm);
    cr_expect_eq(summary.statement, ASSAY_STATED_NOTHING);
    for (int i = 0; i < 8; i++)
        cr_expect_eq(summary.vector[i], 0);
    cr_expect_eq(statement, ASSAY_STATED_NOTHING);
    cr_expect_eq(assay_result_get_claim_at(result, 0, &claim), ASSAY_E_NOT_FOUND);
    cr_expect_eq(assay_result_get_claim(result, "iss", &claim), ASSAY_E_NOT_FOUND);
    cr_expect_not(assay_result_get_device(result, 0, &device));
}

/* Nothing of an earlier verification is left. Returns: the status */
static enum assay_status misuse(const void *text, size_t len)
{
    enum assay_result_answer answer = ASSAY_RESULT_VALID;
    statement = ASSAY_STATED_AFFIRMING;
    const enum assay_status status =
        assay_result_verify(&request, text, len, result, &answer, &statement);
    cr_expect_eq(answer, ASSAY_RESULT_NOT_READ);
    cr_expect_eq(statement, ASSAY_STATED_NOTHING);
    cr_expect_not(assay_result_get_summary(result, &summary), "the last answer is gone");
    return status;
}

Test(library_result, misuse_is_reported_and_leaves_no_answer)
{
    enum assay_result_answer answer = ASSAY_RESULT_VALID;
    const struct assay_result_request good = request;
    const struct assay_result_issuer good_issuer = *issuer;
    const size_t len = strlen(token);
    struct {
        struct assay_result_request request;
        uint64_t later;
    } grown = { request, 1 };
    cr_assert_eq(verify(), ASSAY_RESULT_VALID);
    request.size -= 1;
    cr_expect_eq(misuse(token, len), ASSAY_E_INVALID);
    request.size = SIZE_MAX; /* never set: nothing behind the request is read */
    cr_expect_eq(misuse(token, len), ASSAY_E_INVALID);
    request = good;
    request.issuers = NULL;
    cr_expect_eq(misuse(token, len), ASSAY_E_INVALID);
    request = good;
    request.issuer_count = 0;
    cr_expect_eq(misuse(token, len), ASSAY_E_INVALID);
    request.issuer_count = ASSAY_RESULT_ISSUERS_MAX + 1;
    cr_expect_eq(misuse(token, len), ASSAY_E_RANGE);
    request.issuer_count = SIZE_MAX;
    cr_expect_eq(misuse(token, len), ASSAY_E_RANGE);
    request = good;
    grown.request.size = sizeof grown;
    cr_expect_eq(assay_result_verify(&grown.request, token, len, result, &answer, &statement),
                 ASSAY_E_UNSUPPORTED, "members of a later version");
    grown.later = 0;
    cr_expect_eq(assay_result_verify(&grown.request, token, len, result, &answer, &statement),
                 ASSAY_OK);
    issuer->size -= 1;
    cr_expect_eq(misuse(token, len), ASSAY_E_INVALID);
    *issuer = good_issuer;
    issuer->service = ASSAY_RESULT_SERVICE_NONE;
    cr_expect_eq(misuse(token, len), ASSAY_E_INVALID);
    issuer->service = (enum assay_result_service)5;
    cr_expect_eq(misuse(token, len), ASSAY_E_INVALID);
    *issuer = good_issuer;
    issuer->issuer = "";
    cr_expect_eq(misuse(token, len), ASSAY_E_INVALID);
    *issuer = good_issuer;
    issuer->keys.len = 0;
    cr_expect_eq(misuse(token, len), ASSAY_E_INVALID);
    issuer->keys.len = ASSAY_RESULT_KEY_SET_MAX + 1;
    cr_expect_eq(misuse(token, len), ASSAY_E_RANGE);
    *issuer = good_issuer;
    issuer->root = issuer->keys;
    cr_expect_eq(misuse(token, len), ASSAY_E_KEY);
    *issuer = good_issuer;
    issuers[1] = good_issuer;
    issuers[1].keys.len = 0;
    request.issuer_count = 2;
    cr_expect_eq(misuse(token, len), ASSAY_E_INVALID, "of each issuer, not of the first alone");
    request = good;
    cr_expect_eq(misuse(token, ASSAY_RESULT_BYTES_MAX + 1), ASSAY_E_RANGE);
    cr_expect_eq(misuse(NULL, 1), ASSAY_E_INVALID);
    cr_expect_eq(assay_result_verify(&request, token, len, NULL, &answer, &statement),
                 ASSAY_E_INVALID);
    cr_expect_eq(answer, ASSAY_RESULT_NOT_READ);
    cr_expect_eq(assay_result_verify(&request, token, len, result, NULL, &statement),
                 ASSAY_E_INVALID);
    cr_expect_eq(assay_result_verify(&request, token, len, result, &answer, NULL), ASSAY_E_INVALID);
    cr_expect_eq(assay_result_verify(NULL, token, len, result, &answer, &statement),
                 ASSAY_E_INVALID);
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
