/*
 * tests/unit/library/test_challenge.c - no answer is good by accident: the tier is handed out or
 * nothing is, a challenge is answered or the evidence is contraindicated, and what this library
 * does not know is refused.
 */
#include "tests/unit/library/soft_world.h"

#include <assay/identity.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct soft_world w;
static struct assay_trust *trust;
static struct assay_policy *policy;
static struct assay_verdict *verdict;
static struct assay_verify_request request;
static enum assay_tier tier;

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
    request = (struct assay_verify_request){ .size = sizeof request,
                                             .trust = trust,
                                             .policy = policy,
                                             .evidence = { w.quotes[0], w.quote_lens[0] },
                                             .at_unix_s = WORLD_TIME };
}

static void tear_down(void)
{
    assay_verdict_destroy(&verdict);
    assay_policy_destroy(&policy);
    assay_trust_destroy(&trust);
    soft_world_end(&w);
}

TestSuite(library_challenge, .init = set_up, .fini = tear_down);

static bool is_unchecked(const char *what)
{
    struct assay_unchecked one = { .size = sizeof one };
    for (size_t i = 0; assay_verdict_get_unchecked(verdict, i, &one); i++)
        if (strcmp(one.what, what) == 0) return true;
    return false;
}

static const char *first_reason(void)
{
    struct assay_finding why = { .size = sizeof why };
    return assay_verdict_get_finding(verdict, 0, &why) ? why.name : "";
}

static void expect_answer(enum assay_tier wanted)
{
    tier = ASSAY_TIER_NONE;
    cr_assert_eq(assay_verify(&request, verdict, &tier), ASSAY_OK);
    cr_expect_eq(tier, wanted, "%s: %s", assay_name_of_tier(tier), first_reason());
    cr_expect_eq(assay_verdict_get_tier(verdict), tier);
}

Test(library_challenge, the_tier_is_handed_out_or_none)
{
    expect_answer(ASSAY_TIER_AFFIRMING);
    cr_expect_eq(assay_verify(&request, verdict, NULL), ASSAY_E_INVALID);
    /* Whoever passes no verdict has the tier. */
    tier = ASSAY_TIER_NONE;
    cr_expect_eq(assay_verify(&request, NULL, &tier), ASSAY_OK);
    cr_expect_eq(tier, ASSAY_TIER_AFFIRMING);
    /* A failure takes back what was in the variable. */
    request.trust = NULL;
    cr_expect_eq(assay_verify(&request, verdict, &tier), ASSAY_E_INVALID);
    cr_expect_eq(tier, ASSAY_TIER_NONE);
    tier = ASSAY_TIER_AFFIRMING;
    cr_expect_eq(assay_verify(NULL, verdict, &tier), ASSAY_E_INVALID);
    cr_expect_eq(tier, ASSAY_TIER_NONE);
}

Test(library_challenge, is_compared_as_a_whole)
{
    struct assay_bytes said;
    uint8_t other[ASSAY_REPORT_DATA_LEN];
    expect_answer(ASSAY_TIER_AFFIRMING);
    cr_expect(is_unchecked("freshness"), "without a challenge it may be a recording");
    cr_assert(assay_verdict_get_report_data(verdict, &said));
    cr_assert_eq(said.len, sizeof other);
    assay_bytes_copy(other, sizeof other, said.bytes, sizeof other);
    request.expected_report_data = (struct assay_bytes){ other, sizeof other };
    expect_answer(ASSAY_TIER_AFFIRMING);
    cr_expect_not(is_unchecked("freshness"));
    for (size_t i = 0; i < sizeof other; i++) {
        other[i] ^= 1;
        expect_answer(ASSAY_TIER_CONTRAINDICATED);
        cr_expect_str_eq(first_reason(), "challenge");
        cr_expect_eq(assay_verdict_get_genuine(verdict), ASSAY_GENUINE_TRUE);
        other[i] ^= 1;
    }
    /* A prefix is no match: zeros follow it. */
    const struct assay_soft_request full = { .isvsvn = 1, .report_data = { 7, 8, 9 } };
    uint8_t quote[ASSAY_SOFT_QUOTE_MAX];
    size_t len = 0;
    cr_assert_eq(assay_soft_quote(&w.nodes[0], &full, quote, sizeof quote, &len), ASSAY_OK);
    request.evidence = (struct assay_bytes){ quote, len };
    for (size_t given = 1; given <= 4; given++) {
        request.expected_report_data = (struct assay_bytes){ full.report_data, given };
        expect_answer(given < 3 ? ASSAY_TIER_CONTRAINDICATED : ASSAY_TIER_AFFIRMING);
    }
}

/* Bytes that answer nothing are never accepted, readable or not. */
Test(library_challenge, evidence_that_cannot_answer_is_refused)
{
    const uint8_t nonce[20] = { 1 }, noise[] = "noise";
    request.expected_nonce = (struct assay_bytes){ nonce, sizeof nonce };
    expect_answer(ASSAY_TIER_CONTRAINDICATED);
    cr_expect_str_eq(first_reason(), "challenge", "an SGX quote has no nonce");
    cr_expect_not(is_unchecked("freshness"));
    request.expected_nonce = (struct assay_bytes){ NULL, 0 };
    request.expected_report_data = (struct assay_bytes){ nonce, sizeof nonce };
    request.evidence = (struct assay_bytes){ noise, sizeof noise };
    expect_answer(ASSAY_TIER_CONTRAINDICATED);
}

/* Nothing is known of it but that it answers another challenge: its results say that, too. */
Test(library_challenge, results_of_unjudged_evidence_that_answers_another_one_can_be_written)
{
    static uint8_t text[ASSAY_EAR_BYTES_MAX];
    const uint8_t data[1] = { 1 }, noise[64] = { 99 };
    const struct assay_bytes unjudged[] = { { noise, sizeof noise }, request.evidence };
    struct assay_trust *bare = NULL; /* without collateral */
    size_t len = 0;
    cr_assert_eq(assay_trust_create(&bare), ASSAY_OK);
    cr_assert_eq(assay_trust_add_root(bare, w.root, w.root_len, ASSAY_KINDS_ALL), ASSAY_OK);
    request.trust = bare;
    request.expected_report_data = (struct assay_bytes){ data, sizeof data };
    for (size_t i = 0; i < 2; i++) {
        const struct assay_ear_request ear = {
            .size = sizeof ear, .policy = policy, .profile = "ietf-04", .developer = "", .build = ""
        };
        int8_t vector[8] = { 0 };
        request.evidence = unjudged[i];
        expect_answer(ASSAY_TIER_CONTRAINDICATED);
        cr_expect_eq(assay_verdict_get_genuine(verdict), ASSAY_GENUINE_UNKNOWN);
        cr_assert_eq(assay_verdict_get_trust_vector(verdict, policy, vector), ASSAY_OK);
        cr_expect_eq(vector[ASSAY_AR4SI_INSTANCE_IDENTITY], 96);
        cr_assert_eq(assay_verdict_write_ear(verdict, &ear, text, sizeof text - 1, &len), ASSAY_OK);
        text[len] = '\0';
        cr_expect_not_null(strstr((const char *)text, "\"ear_status\":\"contraindicated\""));
    }
    assay_trust_destroy(&bare);
}

/* A program that does not look at the status finds no answer about other evidence. */
Test(library_challenge, an_answer_is_gone_with_the_next_call_even_when_that_fails)
{
    const struct assay_verify_request good = request;
    struct assay_claim_value claim = { .size = sizeof claim };
    int8_t vector[8];
    for (int which = 0; which < 4; which++) {
        request = good;
        expect_answer(ASSAY_TIER_AFFIRMING);
        cr_assert_eq(assay_verdict_get_claim(verdict, "debug", &claim), ASSAY_OK);
        if (which == 0) request.size -= 1;
        if (which == 1) request.trust = NULL;
        if (which == 2) request.log_count = ASSAY_LOGS_MAX + 1;
        cr_assert_neq(assay_verify(&request, verdict, which == 3 ? NULL : &tier), ASSAY_OK);
        cr_expect_eq(assay_verdict_get_tier(verdict), ASSAY_TIER_NONE, "%d", which);
        cr_expect_eq(assay_verdict_get_genuine(verdict), ASSAY_GENUINE_UNKNOWN);
        cr_expect_eq(assay_verdict_get_claim(verdict, "debug", &claim), ASSAY_E_NOT_FOUND);
        cr_expect_eq(assay_verdict_get_trust_vector(verdict, policy, vector), ASSAY_E_INVALID);
    }
}

Test(library_challenge, of_another_length_is_misuse)
{
    static const uint8_t bytes[1025] = { 1 };
    request.expected_report_data = (struct assay_bytes){ bytes, ASSAY_REPORT_DATA_LEN + 1 };
    cr_expect_eq(assay_verify(&request, verdict, &tier), ASSAY_E_RANGE);
    request.expected_report_data = (struct assay_bytes){ NULL, 1 };
    cr_expect_eq(assay_verify(&request, verdict, &tier), ASSAY_E_INVALID);
    request.expected_report_data = (struct assay_bytes){ NULL, 0 };
    request.expected_nonce = (struct assay_bytes){ bytes, sizeof bytes };
    cr_expect_eq(assay_verify(&request, verdict, &tier), ASSAY_E_RANGE);
    request.expected_nonce = (struct assay_bytes){ NULL, 1 };
    cr_expect_eq(assay_verify(&request, verdict, &tier), ASSAY_E_INVALID);
    cr_expect_eq(tier, ASSAY_TIER_NONE);
    /* A challenge that lost its length is none that every recording answers. */
    request.expected_nonce = (struct assay_bytes){ bytes, 0 };
    cr_expect_eq(assay_verify(&request, verdict, &tier), ASSAY_E_RANGE);
    request.expected_nonce = (struct assay_bytes){ NULL, 0 };
    request.expected_report_data = (struct assay_bytes){ bytes, 0 };
    cr_expect_eq(assay_verify(&request, verdict, &tier), ASSAY_E_RANGE);
}

/* A program made for a later version asks this one: for nothing new, it is served; else refused. */
Test(library_challenge, members_of_a_later_version_are_not_ignored)
{
    struct {
        struct assay_verify_request known;
        uint64_t later[4];
    } both = { .known = request };
    both.known.size = sizeof both;
    cr_expect_eq(assay_verify(&both.known, verdict, &tier), ASSAY_OK);
    cr_expect_eq(tier, ASSAY_TIER_AFFIRMING);
    both.later[3] = 1;
    cr_expect_eq(assay_verify(&both.known, verdict, &tier), ASSAY_E_UNSUPPORTED);
    cr_expect_eq(tier, ASSAY_TIER_NONE);
    both.known.size = sizeof both.known - 1;
    cr_expect_eq(assay_verify(&both.known, verdict, &tier), ASSAY_E_INVALID);
    both.known.size = SIZE_MAX;
    cr_expect_eq(assay_verify(&both.known, verdict, &tier), ASSAY_E_INVALID);
}

/* A size that was never set: nothing behind the request is read. */
Test(library_challenge, a_request_about_an_identity_is_no_longer_than_any_version_of_it)
{
    static const struct assay_bytes one = { (const uint8_t *)"x", 1 };
    enum assay_identity_answer answer = ASSAY_IDENTITY_VALID;
    struct assay_identity *identity = NULL;
    const size_t len = 1 << 17;
    struct assay_identity_request *const about = calloc(1, len);
    cr_assert_not_null(about);
    cr_assert_eq(assay_identity_create(&identity), ASSAY_OK);
    static const size_t sizes[] = { SIZE_MAX, 1 << 17, 4097 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        about->size = sizes[i];
        about->trusted = one;
        ((uint8_t *)about)[4100] = 1; /* not even looked at */
        cr_expect_eq(assay_identity_verify_peer(about, &one, 1, identity, &answer),
                     ASSAY_E_INVALID, "%zu", sizes[i]);
        cr_expect_eq(answer, ASSAY_IDENTITY_NOT_READ);
    }
    about->size = sizeof *about + 8;
    memset((uint8_t *)about + sizeof *about, 1, 8);
    cr_expect_eq(assay_identity_verify_peer(about, &one, 1, identity, &answer),
                 ASSAY_E_UNSUPPORTED);
    assay_identity_destroy(&identity);
    free(about);
}

/* What is too short for its members is not written; what is longer gets those that are known. */
Test(library_challenge, answers_fit_the_structure_of_the_caller)
{
    struct {
        struct assay_unchecked known;
        uint64_t later;
    } both = { .known = { .size = sizeof both }, .later = 7 };
    expect_answer(ASSAY_TIER_AFFIRMING);
    cr_assert(assay_verdict_get_unchecked(verdict, 0, &both.known));
    cr_expect_eq(both.known.size, sizeof both.known);
    cr_expect_eq(both.later, 7);
    both.known = (struct assay_unchecked){ .size = sizeof both.known - 1 };
    cr_expect_not(assay_verdict_get_unchecked(verdict, 0, &both.known));
    cr_expect_null(both.known.what);
}
