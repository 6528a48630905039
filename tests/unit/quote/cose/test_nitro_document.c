/*
 * tests/unit/quote/cose/test_nitro_document.c - tests of both kinds of Nitro documents: of an
 * enclave, and of the NitroTPM of an instance.
 */
#include "tests/unit/quote/cose/nitro_world.h"

#include "quote/verify.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void expect_pass(struct nitro_world *w)
{
    nitro_make(w);
    cr_assert_eq(nitro_judge(w), ASSAY_OK);
    cr_assert_eq(w->verdict.reason_count, 0, "%s: %s / %s",
                 assay_rule_name(w->verdict.reasons[0].rule), w->verdict.reasons[0].expected,
                 w->verdict.reasons[0].observed);
    cr_assert_eq(w->verdict.genuine, ASSAY_GENUINE_TRUE);
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
}

static void expect_rule(struct nitro_world *w, enum assay_rule rule, enum assay_genuine genuine)
{
    nitro_make(w);
    cr_assert_eq(nitro_judge(w), ASSAY_OK);
    cr_assert(assay_verdict_has(&w->verdict, rule), "%s; first: %s", assay_rule_name(rule),
              assay_rule_name(w->verdict.reasons[0].rule));
    cr_assert_eq(w->verdict.genuine, genuine);
    cr_assert_neq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
}

static void expect_malformed(struct nitro_world *w, enum assay_status status, const char *field)
{
    nitro_make(w);
    cr_assert_eq(nitro_judge(w), status, "%s: %s", field, assay_status_symbol(nitro_judge(w)));
    cr_assert_eq(w->verdict.reason_count, 1);
    cr_assert_eq(w->verdict.reasons[0].rule, ASSAY_RULE_FORMAT);
    cr_assert_str_eq(w->verdict.reasons[0].expected, field);
    cr_assert_eq(w->verdict.genuine, ASSAY_GENUINE_FALSE);
}

Test(nitro_document, of_a_tpm_is_a_kind_of_its_own_and_affirmed_when_it_is_right)
{
    struct nitro_world *const w = nitro_open_tpm();
    expect_pass(w);
    cr_expect_eq(w->verdict.kind, ASSAY_KIND_NITRO_TPM);
    cr_expect_eq(w->verdict.measurement_len, 48);
    cr_expect_eq(w->verdict.measurement[0], 4, "PCR4: what the instance booted");
    cr_expect(assay_bytes_equal(w->verdict.report_data, w->nonce.bytes, 64));
    cr_expect(w->verdict.has_platform && w->verdict.platform_masked);
    w->indefinite = true; /* as the documents of today are */
    expect_pass(w);
    nitro_close(w);
}

Test(nitro_document, tells_its_sort_also_before_a_zero_tail)
{
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    struct nitro_world *const tpm = nitro_open_tpm();
    struct nitro_world *const enclave = nitro_open();
    memset(tpm->bytes + tpm->len, 0, 100);
    for (size_t tail = 0; tail <= 100; tail += 50) {
        size_t declared = 0;
        cr_assert_eq(assay_evidence_detect(tpm->bytes, tpm->len + tail, &kind), ASSAY_OK);
        cr_expect_eq(kind, ASSAY_KIND_NITRO_TPM);
        cr_assert_eq(assay_evidence_length(kind, tpm->bytes, tpm->len + tail, &declared), ASSAY_OK);
        cr_expect_eq(declared, tpm->len);
    }
    cr_assert_eq(assay_evidence_detect(enclave->bytes, enclave->len, &kind), ASSAY_OK);
    cr_expect_eq(kind, ASSAY_KIND_NITRO);
    nitro_close(enclave);
    nitro_close(tpm);
}

/* Who accepts enclaves does not accept the instance around them by the way. */
Test(nitro_document, never_passes_as_one_of_the_other_sort)
{
    struct nitro_world *const tpm = nitro_open_tpm();
    struct nitro_world *const enclave = nitro_open();
    tpm->is_tpm = false; /* judged as an enclave's, as it was made */
    tpm->endorsements.entries[0].kinds = ASSAY_KINDS_ALL;
    cr_expect_eq(nitro_judge(tpm), ASSAY_E_INVALID);
    cr_expect_str_eq(tpm->verdict.reasons[0].expected, "pcrs, of an enclave");
    cr_expect_eq(tpm->verdict.tier, ASSAY_TIER_CONTRAINDICATED);
    enclave->is_tpm = true;
    enclave->endorsements.entries[0].kinds = ASSAY_KINDS_ALL;
    cr_expect_eq(nitro_judge(enclave), ASSAY_E_INVALID);
    cr_expect_str_eq(enclave->verdict.reasons[0].expected, "nitrotpm_pcrs, of a NitroTPM");
    nitro_close(enclave);
    nitro_close(tpm);
}

Test(nitro_document, of_a_tpm_needs_its_own_place_in_the_policy_and_among_the_roots)
{
    struct nitro_world *const w = nitro_open_tpm();
    w->policy.kinds = ASSAY_KIND_BIT(ASSAY_KIND_NITRO);
    expect_rule(w, ASSAY_RULE_KIND, ASSAY_GENUINE_TRUE);
    w->policy.kinds = ASSAY_KIND_BIT(ASSAY_KIND_NITRO_TPM);
    expect_pass(w);
    w->endorsements.entries[0].kinds = ASSAY_KIND_BIT(ASSAY_KIND_NITRO);
    expect_rule(w, ASSAY_RULE_CHAIN_ROOT, ASSAY_GENUINE_FALSE);
    nitro_close(w);
}

Test(nitro_document, has_pcrs_of_an_enclave_or_of_a_tpm_and_never_both)
{
    struct nitro_world *const w = nitro_open_tpm();
    w->both = true;
    expect_malformed(w, ASSAY_E_INVALID, "pcrs");
    w->both = false;
    w->leave_out = "nitrotpm_pcrs";
    expect_malformed(w, ASSAY_E_NOT_FOUND, "pcrs");
    w->leave_out = NULL;
    w->twice = "nitrotpm_pcrs";
    expect_malformed(w, ASSAY_E_DUPLICATE, "the name of a field");
    w->twice = NULL;
    w->is_tpm = false;
    w->both = true;
    expect_malformed(w, ASSAY_E_INVALID, "nitrotpm_pcrs");
    nitro_close(w);
}

Test(nitro_document, of_a_tpm_has_values_of_the_one_bank_that_it_names)
{
    static const size_t wrong[] = { 0, 32, 47, 49, 64 };
    struct nitro_world *const w = nitro_open_tpm();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        w->pcrs[7].len = wrong[i];
        expect_malformed(w, ASSAY_E_RANGE, "nitrotpm_pcrs");
    }
    w->pcrs[7].len = 48;
    w->pcrs[7].index = 32;
    expect_malformed(w, ASSAY_E_RANGE, "nitrotpm_pcrs");
    w->pcrs[7].index = 6;
    expect_malformed(w, ASSAY_E_DUPLICATE, "nitrotpm_pcrs");
    w->pcrs[7].index = 7;
    w->digest = "SHA256";
    expect_malformed(w, ASSAY_E_INVALID, "digest");
    w->digest = "SHA384";
    w->pcr_count = 0;
    expect_malformed(w, ASSAY_E_RANGE, "nitrotpm_pcrs");
    nitro_close(w);
}

Test(nitro_document, of_a_tpm_takes_longer_data_than_an_enclaves)
{
    static uint8_t bytes[ASSAY_NITRO_TPM_DATA_MAX + 1];
    struct nitro_world *const w = nitro_open_tpm();
    w->user_data = assay_slice_over(bytes, ASSAY_NITRO_TPM_DATA_MAX);
    w->nonce = assay_slice_over(bytes, ASSAY_NITRO_TPM_DATA_MAX);
    w->public_key = assay_slice_over(bytes, ASSAY_NITRO_PUBLIC_KEY_MAX);
    expect_pass(w);
    w->user_data.len += 1;
    expect_malformed(w, ASSAY_E_RANGE, "user_data");
    w->user_data.len -= 1;
    w->nonce.len += 1;
    expect_malformed(w, ASSAY_E_RANGE, "nonce");
    nitro_close(w);
}

/* A register of zeros is one that nobody extended; a TPM has no debug mode. */
Test(nitro_document, of_a_tpm_with_zero_pcrs_is_no_enclave_in_debug_mode)
{
    struct nitro_world *const w = nitro_open_tpm();
    for (size_t i = 0; i < 3; i++)
        w->pcrs[i].fill = 0;
    expect_pass(w);
    cr_expect_not(w->verdict.debug);
    nitro_close(w);
}

Test(nitro_document, of_a_tpm_is_held_against_the_policys_pcrs)
{
    struct nitro_world *const w = nitro_open_tpm();
    struct assay_reference *const r = &w->policy.references[0];
    *r = (struct assay_reference){ .field = ASSAY_REFERENCE_PCR4, .value_len = 48 };
    memset(r->value, 4, 48);
    w->policy.reference_count = 1;
    expect_pass(w);
    r->value[47] ^= 1;
    expect_rule(w, ASSAY_RULE_MEASUREMENT_UNKNOWN, ASSAY_GENUINE_TRUE);
    r->value[47] ^= 1;
    r->field = ASSAY_REFERENCE_PCR23;
    memset(r->value, 23, 48);
    expect_pass(w);
    w->pcr_count = 23; /* the one that is asked for is not there */
    expect_rule(w, ASSAY_RULE_MEASUREMENT_UNKNOWN, ASSAY_GENUINE_TRUE);
    nitro_close(w);
}

/* One instance is one platform, whether its enclaves or its TPM speak. */
Test(nitro_document, of_a_tpm_names_the_instance_as_its_enclaves_do)
{
    struct nitro_world *const w = nitro_open_tpm();
    uint8_t first[32];
    w->pcrs[0].fill = 1;
    expect_pass(w);
    assay_bytes_copy(first, 32, w->verdict.platform_id, 32);
    cr_expect_str_eq(w->verdict.instance.id, "i-0123456789abcdef0");
    w->is_tpm = false;
    w->pcr_count = 16;
    w->endorsements.entries[0].kinds = ASSAY_KINDS_ALL;
    w->module_id = "i-0123456789abcdef0-enc0123456789abcde";
    expect_pass(w);
    cr_expect(assay_bytes_equal(w->verdict.platform_id, first, 32));
    w->is_tpm = true;
    w->module_id = "i-1123456789abcdef0-tpm0000000000000000";
    expect_pass(w);
    cr_expect_not(assay_bytes_equal(w->verdict.platform_id, first, 32));
    cr_expect_str_eq(w->verdict.instance.id, "i-1123456789abcdef0");
    w->module_id = "i-1\n-tpm0000000000000000"; /* nothing that a line of text could hold */
    expect_pass(w);
    cr_expect_str_eq(w->verdict.instance.id, "");
    nitro_close(w);
}

Test(nitro_document, of_a_tpm_is_never_affirmed_truncated_or_with_a_bit_flipped)
{
    struct nitro_world *const w = nitro_open_tpm();
    struct assay_nitro_document d;
    for (size_t len = 0; len < w->len; len++) {
        uint8_t *const exact = malloc(len + 1);
        assay_bytes_copy(exact, len + 1, w->bytes, len);
        cr_assert_neq(assay_nitro_parse(exact, len, &d, NULL), ASSAY_OK, "%zu", len);
        free(exact);
    }
    for (size_t byte = 0; byte < w->len; byte += 3) {
        w->bytes[byte] ^= (uint8_t)(1u << byte % 8);
        assay_status_ignore(nitro_judge(w), "the verdict tells");
        cr_assert_neq(w->verdict.genuine, ASSAY_GENUINE_TRUE, "byte %zu", byte);
        w->bytes[byte] ^= (uint8_t)(1u << byte % 8);
    }
    nitro_close(w);
}
