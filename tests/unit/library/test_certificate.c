/*
 * tests/unit/library/test_certificate.c - a certificate or wrapper in place of the evidence: the
 * library finds the evidence in it, and refuses a certificate of another key.
 */
#include "tests/unit/library/verify_bytes.h"
#include "tests/unit/quote/x509/carrier_world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct world *w;
static struct carrier_made made;
static struct assay_trust *trust;
static struct assay_policy *policy;
static struct assay_verdict *verdict;
static struct assay_verify_request request;

/* The root of the SOFT vendor as SubjectPublicKeyInfo: the head is that of any P-256 key. */
static void trust_root(void)
{
    const struct carrier_plan plan = { .form = ASSAY_CARRIER_GRAMINE };
    uint8_t spki[SPKI_P256_LEN];
    carrier_make(w, &plan, &made);
    assay_bytes_copy(spki, sizeof spki, made.spki, sizeof spki);
    assay_bytes_copy(spki + sizeof spki - 64, 64, w->ca.root_public, 64);
    cr_assert_eq(assay_trust_add_root(trust, spki, sizeof spki, ASSAY_KINDS_ALL), ASSAY_OK);
}

static void set_up(void)
{
    static const char text[] = "policy_version: 1\nprofile: development\n";
    struct assay_bytes files[ASSAY_PARTS];
    size_t count = 0;
    w = world_open();
    for (size_t i = 0; i < ASSAY_PARTS; i++) {
        const struct assay_slice part = w->bundle.files.part[i];
        if (part.len > 0) files[count++] = (struct assay_bytes){ part.bytes, part.len };
    }
    cr_assert_eq(assay_policy_create_yaml(text, strlen(text), &policy, NULL, 0), ASSAY_OK);
    cr_assert_eq(assay_trust_create(&trust), ASSAY_OK);
    trust_root();
    cr_assert_eq(assay_trust_add_collateral(trust, files, count), ASSAY_OK);
    cr_assert_eq(assay_verdict_create(&verdict), ASSAY_OK);
    request = (struct assay_verify_request){
        .size = sizeof request, .trust = trust, .policy = policy, .at_unix_s = WORLD_AT
    };
}

static void tear_down(void)
{
    assay_verdict_destroy(&verdict);
    assay_policy_destroy(&policy);
    assay_trust_destroy(&trust);
    world_close(w);
}

TestSuite(library_certificate, .init = set_up, .fini = tear_down);

static enum assay_tier verify(const void *bytes, size_t len)
{
    enum assay_tier tier = ASSAY_TIER_NONE;
    request.evidence = (struct assay_bytes){ bytes, len };
    cr_assert_eq(assay_verify(&request, verdict, &tier), ASSAY_OK);
    return tier;
}

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

Test(library_certificate, the_key_of_the_certificate_decides)
{
    struct carrier_plan plan = { .form = ASSAY_CARRIER_RA_TLS };
    struct assay_claim_value claim = { .size = sizeof claim };
    carrier_make(w, &plan, &made);
    cr_assert_eq(verify(made.der, made.len), ASSAY_TIER_AFFIRMING, "%s", first_reason());
    cr_assert_eq(assay_verdict_get_kind(verdict), ASSAY_KIND_SOFT);
    cr_assert_not(is_unchecked("certificate"));
    cr_assert_eq(assay_verdict_get_claim(verdict, "report_data", &claim), ASSAY_OK);
    plan.other_key = true;
    carrier_make(w, &plan, &made);
    cr_assert_eq(verify(made.der, made.len), ASSAY_TIER_CONTRAINDICATED);
    cr_assert_str_eq(first_reason(), "certificate-key");
    cr_assert_eq(verify(w->quote, w->quote_len), ASSAY_TIER_AFFIRMING, "the evidence by itself");
}

Test(library_certificate, an_issuer_that_nobody_checked_is_listed)
{
    const struct carrier_plan plan = { .form = ASSAY_CARRIER_GRAMINE, .is_issued = true };
    carrier_make(w, &plan, &made);
    cr_assert_eq(verify(made.der, made.len), ASSAY_TIER_AFFIRMING);
    cr_assert(is_unchecked("certificate"));
    cr_assert_eq(verify(w->quote, w->quote_len), ASSAY_TIER_AFFIRMING);
    cr_assert_not(is_unchecked("certificate"), "nothing of an earlier call is left");
}

Test(library_certificate, a_wrapper_is_opened_and_an_ambiguous_one_is_malformed)
{
    static char text[CARRIER_BYTES_MAX], two[2 * CARRIER_BYTES_MAX];
    const size_t len =
        wrap_json(assay_slice_over(w->quote, w->quote_len), "a/b", 4, text, sizeof text);
    cr_assert_eq(verify(text, len), ASSAY_TIER_AFFIRMING);
    const int both = snprintf(two, sizeof two, "{\"a\":%s,\"b\":%s}", text, text);
    cr_assert_eq(verify(two, (size_t)both), ASSAY_TIER_CONTRAINDICATED);
    cr_assert_str_eq(first_reason(), "format");
}
