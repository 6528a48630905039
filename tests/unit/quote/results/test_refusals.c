/*
 * tests/unit/quote/results/test_refusals.c - checks that a refused token has passed: of the
 * refusals under several issuers the one that passed the most has the cause that helps.
 */
#include "quote/result/token/token.h"
#include "tests/unit/quote/results/token_maker.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define AZURE  "https://sharedeus2.eus2.attest.azure.net"
#define RS256  "{\"alg\":\"RS256\",\"kid\":\"k1\"}"
#define ISSUED "{\"iss\":\"" AZURE "\","
#define OTHER  "{\"iss\":\"https://another.example\","
#define ENDS   "\"exp\":1790003500"

static struct authority_key *key, *stranger;
static struct assay_token *token;

static void set_up(void)
{
    key = authority_key_make(ASSAY_KEY_RSA);
    stranger = authority_key_make(ASSAY_KEY_RSA);
    token = malloc(sizeof *token);
    cr_assert_not_null(token);
}

static void tear_down(void)
{
    authority_key_free(&key);
    authority_key_free(&stranger);
    maker_forget();
    free(token);
}

TestSuite(token_refusals, .init = set_up, .fini = tear_down);

/* Under terms that demand all; set: of the issuer. Returns: checks passed */
static uint32_t refuse(const char *text, const char *set, enum assay_result_answer answer)
{
    const struct assay_token_terms terms = { .service = ASSAY_RESULT_AZURE,
                                             .issuer = AZURE,
                                             .keys = assay_slice_over(set, strlen(set)),
                                             .audience = "us",
                                             .nonce = "n",
                                             .at_unix_s = INT64_C(1790000000) };
    cr_assert_eq(assay_token_verify(&terms, text, strlen(text), token), ASSAY_OK);
    cr_expect_eq(token->answer, answer, "%s", token->why);
    return token->passed;
}

static const char *sign(const struct authority_key *by, const char *header, const char *claims)
{
    return maker_token(by, ASSAY_SIGNATURE_RSA_PKCS1_SHA256, header, claims);
}

/* "malformed" is the answer of the first check, and of others that come after the signature. */
Test(token_refusals, a_check_that_comes_later_has_more_checks_before_it)
{
    const char *const set = maker_key_set("k1", maker_key_members(key));
    const char *const other = maker_key_set("k2", maker_key_members(key));
    const char *const good = sign(key, RS256, ISSUED ENDS "}");
    const uint32_t passed[] = {
        refuse("no token", set, ASSAY_RESULT_MALFORMED),
        refuse(sign(key, "{\"alg\":\"RS384\",\"kid\":\"k1\"}", ISSUED ENDS "}"), set,
               ASSAY_RESULT_UNSUPPORTED),
        refuse(good, other, ASSAY_RESULT_NO_KEY),
        refuse(sign(key, RS256, "[]"), set, ASSAY_RESULT_MALFORMED),
        refuse(sign(key, RS256, OTHER ENDS "}"), set, ASSAY_RESULT_OTHER_ISSUER),
        refuse(good, set, ASSAY_RESULT_OTHER_AUDIENCE),
        refuse(sign(key, RS256, ISSUED "\"aud\":\"us\"}"), set, ASSAY_RESULT_MALFORMED),
        refuse(sign(key, RS256, ISSUED "\"aud\":\"us\"," ENDS "}"), set, ASSAY_RESULT_OTHER_NONCE),
    };
    for (size_t i = 1; i < sizeof passed / sizeof passed[0]; i++)
        cr_expect_gt(passed[i], passed[i - 1], "check %zu", i);
    /* Of one check: key and signature of it, whoever signed. */
    cr_expect_eq(refuse(sign(stranger, RS256, ISSUED ENDS "}"), set, ASSAY_RESULT_FORGED),
                 passed[2]);
    cr_expect_gt(refuse(sign(key, RS256, ISSUED "\"aud\":\"us\"," ENDS ",\"nonce\":\"n\"}"), set,
                        ASSAY_RESULT_VALID),
                 passed[7]);
}
