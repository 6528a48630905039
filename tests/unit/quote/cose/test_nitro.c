/*
 * tests/unit/quote/cose/test_nitro.c - tests of Nitro documents: valid, and with one defect at a
 * time.
 */
#include "tests/support/depth.h"
#include "quote/verify.h"
#include "tests/unit/quote/cose/nitro_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void expect_pass(struct nitro_world *w)
{
    cr_assert_eq(nitro_judge(w), ASSAY_OK);
    cr_assert_eq(w->verdict.reason_count, 0, "%s: %s / %s",
                 assay_rule_name(w->verdict.reasons[0].rule), w->verdict.reasons[0].expected,
                 w->verdict.reasons[0].observed);
    cr_assert_eq(w->verdict.genuine, ASSAY_GENUINE_TRUE);
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
    cr_assert_eq(assay_verdict_outcome(&w->verdict), ASSAY_OUTCOME_PASS_UP_TO_DATE);
}

/* Makes the document, judges it, expects this rule and what it makes of the verdict. */
static void expect_rule(struct nitro_world *w, enum assay_rule rule, enum assay_genuine genuine)
{
    nitro_make(w);
    cr_assert_eq(nitro_judge(w), ASSAY_OK);
    cr_assert(assay_verdict_has(&w->verdict, rule), "%s; first: %s", assay_rule_name(rule),
              assay_rule_name(w->verdict.reasons[0].rule));
    cr_assert_eq(w->verdict.genuine, genuine, "%s", assay_rule_name(rule));
    cr_assert_neq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
    cr_assert_neq(w->verdict.reasons[0].expected[0], '\0');
    cr_assert_neq(w->verdict.reasons[0].observed[0], '\0');
}

/* Makes the document and expects it to be malformed with this status. */
static void expect_malformed(struct nitro_world *w, enum assay_status status, const char *field)
{
    nitro_make(w);
    cr_assert_eq(nitro_judge(w), status, "%s: %s", field, assay_status_symbol(nitro_judge(w)));
    cr_assert_eq(w->verdict.reason_count, 1);
    const bool unsupported = status == ASSAY_E_UNSUPPORTED;
    cr_assert_eq(w->verdict.reasons[0].rule,
                 unsupported ? ASSAY_RULE_UNSUPPORTED : ASSAY_RULE_FORMAT);
    cr_assert_str_eq(w->verdict.reasons[0].expected, field);
    cr_assert_leq(w->verdict.reasons[0].offset, w->len);
    cr_assert_eq(w->verdict.genuine, unsupported ? ASSAY_GENUINE_UNKNOWN : ASSAY_GENUINE_FALSE);
}

static enum assay_proof_state proof(const struct nitro_world *w, enum assay_proof which)
{
    return (enum assay_proof_state)w->verdict.proofs[which];
}

Test(quote_nitro, affirms_a_document_that_is_right)
{
    struct nitro_world *const w = nitro_open();
    expect_pass(w);
    cr_assert_eq(proof(w, ASSAY_PROOF_CHAIN), ASSAY_PROOF_TRUE);
    cr_assert_eq(proof(w, ASSAY_PROOF_COSE_SIGNATURE), ASSAY_PROOF_TRUE);
    cr_assert(w->verdict.has_claims);
    cr_assert(assay_bytes_equal(w->verdict.report_data, w->nonce.bytes, 64));
    cr_assert_eq(w->verdict.measurement_len, 48);
    cr_assert_eq(w->verdict.measurement[0], 1);
    cr_assert_not(w->verdict.debug);
    cr_assert(w->verdict.has_expiry);
    cr_assert_eq(w->verdict.expires_unix_s, w->terms[NITRO_LEAF].to_unix_s);
    w->sign1.tagged = true;
    nitro_make(w);
    expect_pass(w);
    nitro_close(w);
}

Test(quote_nitro, finds_its_kind_and_its_end)
{
    struct nitro_world *const w = nitro_open();
    for (int tagged = 0; tagged < 2; tagged++) {
        enum assay_evidence_kind kind = ASSAY_KIND_NONE;
        size_t declared = 0;
        w->sign1.tagged = tagged == 1;
        nitro_make(w);
        cr_assert_eq(assay_evidence_detect(w->bytes, w->len, &kind), ASSAY_OK);
        cr_assert_eq(kind, ASSAY_KIND_NITRO);
        memset(w->bytes + w->len, 0, 100);
        cr_assert_eq(assay_evidence_length(kind, w->bytes, w->len + 100, &declared), ASSAY_OK);
        cr_assert_eq(declared, w->len);
        w->bytes[w->len + 99] = 1;
        cr_assert_eq(assay_evidence_length(kind, w->bytes, w->len + 100, &declared),
                     ASSAY_E_TRAILING);
        w->len += 1; /* a zero tail is the source's to cut */
        cr_assert_eq(nitro_judge(w), ASSAY_E_TRAILING);
    }
    nitro_close(w);
}

Test(quote_nitro, names_the_platform_by_the_instance_not_by_the_enclave)
{
    struct nitro_world *const w = nitro_open();
    uint8_t first[32], root[32];
    expect_pass(w);
    cr_assert(w->verdict.has_platform && w->verdict.platform_masked);
    assay_key_name(&w->keys[0].public, root);
    cr_assert(assay_bytes_equal(w->verdict.vendor_root, root, 32));
    assay_bytes_copy(first, 32, w->verdict.platform_id, 32);
    w->module_id = "i-0123456789abcdef0-enc9999999999999999";
    nitro_make(w);
    expect_pass(w);
    cr_assert(assay_bytes_equal(w->verdict.platform_id, first, 32));
    w->module_id = "i-1123456789abcdef0-enc0123456789abcde";
    nitro_make(w);
    expect_pass(w);
    cr_assert_not(assay_bytes_equal(w->verdict.platform_id, first, 32));
    nitro_close(w);
}

/* --- signature and algorithm */
Test(quote_nitro, refuses_wrong_signatures_and_keeps_the_chain_true)
{
    struct nitro_world *const w = nitro_open();
    w->sign1.wrong_context = true;
    expect_rule(w, ASSAY_RULE_DOCUMENT_SIGNATURE, ASSAY_GENUINE_FALSE);
    cr_assert_eq(proof(w, ASSAY_PROOF_CHAIN), ASSAY_PROOF_TRUE);
    cr_assert_eq(proof(w, ASSAY_PROOF_COSE_SIGNATURE), ASSAY_PROOF_FALSE);
    cr_assert_not(w->verdict.has_platform);
    w->sign1.wrong_context = false;
    w->sign1.external_data = true;
    expect_rule(w, ASSAY_RULE_DOCUMENT_SIGNATURE, ASSAY_GENUINE_FALSE);
    w->sign1.external_data = false;
    w->sign1.key = &w->keys[NITRO_LEAF - 1]; /* the authority above the leaf */
    expect_rule(w, ASSAY_RULE_DOCUMENT_SIGNATURE, ASSAY_GENUINE_FALSE);
    w->sign1.key = &w->keys[NITRO_LEAF];
    nitro_make(w);
    expect_pass(w);
    nitro_close(w);
}

Test(quote_nitro, takes_the_algorithm_from_the_protected_header_alone)
{
    struct nitro_world *const w = nitro_open();
    w->sign1.alg_unprotected = true;
    expect_malformed(w, ASSAY_E_INVALID, "COSE_Sign1");
    w->sign1.alg_unprotected = false;
    w->sign1.alg_in_both = true;
    expect_malformed(w, ASSAY_E_INVALID, "COSE_Sign1");
    w->sign1.alg_in_both = false;
    w->sign1.crit = true;
    expect_malformed(w, ASSAY_E_INVALID, "COSE_Sign1");
    nitro_close(w);
}

Test(quote_nitro, takes_es384_alone)
{
    struct nitro_world *const w = nitro_open();
    struct maker_key p256 = maker_key_make(ASSAY_KEY_P256);
    const struct maker_key leaf = w->keys[NITRO_LEAF];
    w->keys[NITRO_LEAF] = p256;
    w->sign1.algorithm = ASSAY_COSE_ES256;
    expect_malformed(w, ASSAY_E_INVALID, "algorithm, ES384 expected");
    w->sign1.algorithm = ASSAY_COSE_ES512;
    expect_malformed(w, ASSAY_E_INVALID, "algorithm, ES384 expected");
    /* ES384 over a key of the wrong curve. */
    w->sign1.algorithm = ASSAY_COSE_ES384;
    expect_malformed(w, ASSAY_E_RANGE, "signature of 96 bytes");
    w->sign1.key = &leaf;
    expect_rule(w, ASSAY_RULE_CHAIN_CONSTRAINTS, ASSAY_GENUINE_FALSE);
    w->keys[NITRO_LEAF] = leaf;
    w->sign1.key = &w->keys[NITRO_LEAF];
    w->sign1.cut_signature = 1;
    expect_malformed(w, ASSAY_E_RANGE, "signature of 96 bytes");
    maker_key_free(&p256);
    nitro_close(w);
}

/* --- certificates */
Test(quote_nitro, wants_the_pinned_root_first_in_the_bundle)
{
    struct nitro_world *const w = nitro_open();
    w->endorsements.entries[0].root = w->keys[1].public; /* not a root, though in the chain */
    expect_rule(w, ASSAY_RULE_CHAIN_ROOT, ASSAY_GENUINE_FALSE);
    cr_assert_eq(proof(w, ASSAY_PROOF_CHAIN), ASSAY_PROOF_FALSE);
    cr_assert_eq(proof(w, ASSAY_PROOF_COSE_SIGNATURE), ASSAY_PROOF_TRUE);
    w->endorsements.entries[0].root = w->keys[0].public;
    w->endorsements.entries[0].kinds = ~ASSAY_KIND_BIT(ASSAY_KIND_NITRO);
    w->endorsements.exact = false;
    expect_rule(w, ASSAY_RULE_CHAIN_ROOT, ASSAY_GENUINE_FALSE);
    w->endorsements.exact = true; /* one's own affair, and nobody said whom to trust */
    expect_rule(w, ASSAY_RULE_ROOT_MISSING, ASSAY_GENUINE_UNKNOWN);
    cr_assert_eq(proof(w, ASSAY_PROOF_CHAIN), ASSAY_PROOF_UNKNOWN);
    cr_assert_not(w->verdict.has_platform);
    w->endorsements.exact = false;
    w->endorsements.entries[0].kinds = ASSAY_KINDS_ALL;
    for (size_t i = 0; i < 4; i++)
        w->bundle[i] = &w->ders[3 - i]; /* the other way round */
    expect_rule(w, ASSAY_RULE_CHAIN_SIGNATURE, ASSAY_GENUINE_FALSE);
    for (size_t i = 0; i < 4; i++)
        w->bundle[i] = &w->ders[i];
    w->bundle[1] = &w->ders[2];
    w->bundle[2] = &w->ders[1];
    expect_rule(w, ASSAY_RULE_CHAIN_SIGNATURE, ASSAY_GENUINE_FALSE);
    w->bundle[1] = &w->ders[1];
    w->bundle[2] = &w->ders[2];
    w->bundle_count = 3; /* one is missing */
    expect_rule(w, ASSAY_RULE_CHAIN_SIGNATURE, ASSAY_GENUINE_FALSE);
    nitro_close(w);
}

/* Nitro Enclaves Attestation Process 3.2.3: [root, authority, ...]; below the root nothing is
 * self-issued. */
Test(quote_nitro, takes_no_certificate_twice)
{
    struct nitro_world *const w = nitro_open();
    w->bundle[0] = w->bundle[1] = &w->ders[0];
    for (size_t i = 1; i < NITRO_LINKS - 1; i++) w->bundle[i + 1] = &w->ders[i];
    w->bundle_count = NITRO_LINKS;
    expect_rule(w, ASSAY_RULE_CHAIN_CONSTRAINTS, ASSAY_GENUINE_FALSE);
    cr_assert_eq(proof(w, ASSAY_PROOF_CHAIN), ASSAY_PROOF_FALSE);
    for (size_t i = 1; i < NITRO_LINKS - 1; i++) { /* an authority behind itself */
        for (size_t k = 0; k < NITRO_LINKS; k++) w->bundle[k] = &w->ders[k > i ? k - 1 : k];
        w->bundle_count = NITRO_LINKS;
        expect_rule(w, ASSAY_RULE_CHAIN_SIGNATURE, ASSAY_GENUINE_FALSE);
    }
    for (size_t i = 0; i < NITRO_LINKS - 1; i++) w->bundle[i] = &w->ders[i];
    w->bundle_count = NITRO_LINKS - 1;
    nitro_make(w);
    expect_pass(w);
    nitro_close(w);
}

/* RFC 5280 3.2, self-issued: an authority that certifies its own name with another key. */
Test(quote_nitro, refuses_a_self_issued_authority_below_the_root)
{
    struct nitro_world *const w = nitro_open();
    w->terms[1].subject = w->terms[1].issuer;
    w->terms[2].issuer = w->terms[1].subject;
    expect_rule(w, ASSAY_RULE_CHAIN_CONSTRAINTS, ASSAY_GENUINE_FALSE);
    nitro_close(w);
}

Test(quote_nitro, refuses_a_root_of_the_same_name_with_another_key)
{
    struct nitro_world *const w = nitro_open();
    struct maker_key other = maker_key_make(ASSAY_KEY_P384);
    const struct maker_key pinned = w->keys[0];
    w->keys[0] = other;
    expect_rule(w, ASSAY_RULE_CHAIN_ROOT, ASSAY_GENUINE_FALSE);
    /* A certificate of the pinned key, and the rest signed by another. */
    w->keys[0] = pinned;
    w->terms[1].signer = &other;
    expect_rule(w, ASSAY_RULE_CHAIN_SIGNATURE, ASSAY_GENUINE_FALSE);
    maker_key_free(&other);
    nitro_close(w);
}

Test(quote_nitro, wants_the_issuers_name_beside_its_signature)
{
    struct nitro_world *const w = nitro_open();
    for (size_t i = 1; i < NITRO_LINKS; i++) {
        const struct maker_certificate right = w->terms[i];
        w->terms[i].issuer = "another";
        expect_rule(w, ASSAY_RULE_CHAIN_SIGNATURE, ASSAY_GENUINE_FALSE);
        w->terms[i] = right;
    }
    nitro_close(w);
}

Test(quote_nitro, refuses_certificates_in_the_wrong_place)
{
    struct nitro_world *const w = nitro_open();
    const struct maker_certificate right[NITRO_LINKS] = { w->terms[0], w->terms[1], w->terms[2],
                                                          w->terms[3], w->terms[4] };
    w->terms[NITRO_LEAF].is_ca = true; /* a leaf that is an authority */
    expect_rule(w, ASSAY_RULE_CHAIN_CONSTRAINTS, ASSAY_GENUINE_FALSE);
    w->terms[NITRO_LEAF] = right[NITRO_LEAF];
    w->terms[NITRO_LEAF].key_usage = "keyAgreement";
    expect_rule(w, ASSAY_RULE_CHAIN_CONSTRAINTS, ASSAY_GENUINE_FALSE);
    w->terms[NITRO_LEAF].key_usage = NULL;
    expect_rule(w, ASSAY_RULE_CHAIN_CONSTRAINTS, ASSAY_GENUINE_FALSE);
    w->terms[NITRO_LEAF] = right[NITRO_LEAF];
    w->terms[NITRO_LEAF].critical_oid = "1.2.3.4";
    expect_rule(w, ASSAY_RULE_CHAIN_CONSTRAINTS, ASSAY_GENUINE_FALSE);
    w->terms[NITRO_LEAF] = right[NITRO_LEAF];
    for (size_t i = 0; i < NITRO_LEAF; i++) {
        w->terms[i].is_ca = false;
        expect_rule(w, ASSAY_RULE_CHAIN_CONSTRAINTS, ASSAY_GENUINE_FALSE);
        w->terms[i] = right[i];
        w->terms[i].key_usage = "critical,digitalSignature";
        expect_rule(w, ASSAY_RULE_CHAIN_CONSTRAINTS, ASSAY_GENUINE_FALSE);
        w->terms[i] = right[i];
    }
    w->terms[1].path_len = 1; /* two authorities stand below it */
    expect_rule(w, ASSAY_RULE_CHAIN_CONSTRAINTS, ASSAY_GENUINE_FALSE);
    w->terms[1].path_len = 2;
    nitro_make(w);
    expect_pass(w);
    nitro_close(w);
}

/* nitro.c says why. */
Test(quote_nitro, holds_what_ran_out_against_the_document_but_not_what_is_too_young)
{
    struct nitro_world *const w = nitro_open();
    enum { MARGIN = 600 };
    for (size_t i = 1; i < NITRO_LINKS; i++) {
        const struct maker_certificate right = w->terms[i];
        w->terms[i].to_unix_s = NITRO_AT - MARGIN - 1;
        expect_rule(w, ASSAY_RULE_SIGNER_EXPIRED, ASSAY_GENUINE_FALSE);
        cr_assert_eq(proof(w, ASSAY_PROOF_CHAIN), ASSAY_PROOF_FALSE);
        cr_assert_eq(proof(w, ASSAY_PROOF_COSE_SIGNATURE), ASSAY_PROOF_TRUE);
        cr_assert_eq(assay_verdict_outcome(&w->verdict), ASSAY_OUTCOME_FAIL_HARD);
        w->terms[i].to_unix_s = NITRO_AT - MARGIN;
        expect_rule(w, ASSAY_RULE_CERT_TIME, ASSAY_GENUINE_UNKNOWN);
        cr_assert_eq(proof(w, ASSAY_PROOF_CHAIN), ASSAY_PROOF_UNKNOWN);
        w->terms[i].to_unix_s = NITRO_AT - 1;
        expect_rule(w, ASSAY_RULE_CERT_TIME, ASSAY_GENUINE_UNKNOWN);
        w->terms[i].to_unix_s = NITRO_AT;
        nitro_make(w);
        expect_pass(w);
        w->terms[i].from_unix_s = NITRO_AT;
        nitro_make(w);
        expect_pass(w);
        w->terms[i].from_unix_s = NITRO_AT + 1;
        w->terms[i].to_unix_s = right.to_unix_s;
        expect_rule(w, ASSAY_RULE_CERT_TIME, ASSAY_GENUINE_UNKNOWN);
        cr_assert_eq(assay_verdict_outcome(&w->verdict), ASSAY_OUTCOME_UNJUDGED);
        w->terms[i] = right;
    }
    nitro_close(w);
}

/* A pinned key whose own certificate ran out is nobody's lie. */
Test(quote_nitro, does_not_judge_under_a_root_certificate_that_ran_out)
{
    struct nitro_world *const w = nitro_open();
    w->terms[0].to_unix_s = NITRO_AT - 100 * NITRO_HOUR;
    w->terms[0].from_unix_s = NITRO_AT - 200 * NITRO_HOUR;
    expect_rule(w, ASSAY_RULE_CERT_TIME, ASSAY_GENUINE_UNKNOWN);
    nitro_close(w);
}

Test(quote_nitro, names_a_certificate_that_is_none)
{
    struct nitro_world *const w = nitro_open();
    const struct maker_der none = { .bytes = { 0x30, 0x00 }, .len = 2 };
    for (size_t i = 0; i < 4; i++) {
        w->bundle[i] = &none;
        expect_rule(w, ASSAY_RULE_FORMAT, ASSAY_GENUINE_FALSE);
        cr_assert_str_eq(w->verdict.reasons[0].expected, "a certificate in cabundle");
        cr_assert_eq(w->bytes[w->verdict.reasons[0].offset], 0x30);
        cr_assert_eq(proof(w, ASSAY_PROOF_CHAIN), ASSAY_PROOF_FALSE);
        w->bundle[i] = &w->ders[i];
    }
    nitro_close(w);
}

/* --- measurements */
Test(quote_nitro, refuses_debug_mode)
{
    struct nitro_world *const w = nitro_open();
    for (size_t i = 0; i < 3; i++)
        w->pcrs[i].fill = 0;
    expect_rule(w, ASSAY_RULE_DEBUG, ASSAY_GENUINE_TRUE);
    cr_assert(w->verdict.debug);
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_CONTRAINDICATED);
    cr_assert_eq(assay_verdict_outcome(&w->verdict), ASSAY_OUTCOME_FAIL_HARD);
    /* None of the three at all measures no more. */
    w->pcr_count = 1;
    w->pcrs[0] = (struct nitro_pcr){ 4, 48, 9 };
    expect_rule(w, ASSAY_RULE_DEBUG, ASSAY_GENUINE_TRUE);
    nitro_close(w);
}

Test(quote_nitro, refuses_an_image_that_was_not_measured)
{
    struct nitro_world *const w = nitro_open();
    w->pcrs[0].fill = 0; /* PCR1 and PCR2 say that it is not debug mode */
    expect_rule(w, ASSAY_RULE_MEASUREMENT_UNKNOWN, ASSAY_GENUINE_TRUE);
    cr_assert_not(w->verdict.debug);
    w->pcrs[0] = (struct nitro_pcr){ 20, 48, 1 };
    expect_rule(w, ASSAY_RULE_MEASUREMENT_UNKNOWN, ASSAY_GENUINE_TRUE);
    nitro_close(w);
}

static void add_reference(struct nitro_world *w, unsigned pcr, uint8_t fill,
                          enum assay_reference_state state)
{
    struct assay_reference *const r = &w->policy.references[w->policy.reference_count];
    r->field = (enum assay_reference_field)(ASSAY_REFERENCE_PCR0 + pcr);
    r->state = state;
    r->value_len = 48;
    memset(r->value, fill, 48);
    w->policy.reference_count += 1;
}

Test(quote_nitro, compares_every_pcr_with_its_reference_values)
{
    struct nitro_world *const w = nitro_open();
    add_reference(w, 0, 1, ASSAY_REFERENCE_ALLOWED);
    add_reference(w, 15, 0, ASSAY_REFERENCE_ALLOWED);
    nitro_make(w);
    expect_pass(w);
    w->pcrs[15].fill = 1;
    expect_rule(w, ASSAY_RULE_MEASUREMENT_UNKNOWN, ASSAY_GENUINE_TRUE);
    w->pcrs[15].fill = 0;
    w->pcr_count = 15; /* the one that is asked for is not there */
    expect_rule(w, ASSAY_RULE_MEASUREMENT_UNKNOWN, ASSAY_GENUINE_TRUE);
    w->pcr_count = 16;
    add_reference(w, 2, 3, ASSAY_REFERENCE_DENIED);
    expect_rule(w, ASSAY_RULE_MEASUREMENT_DENIED, ASSAY_GENUINE_TRUE);
    nitro_close(w);
}

Test(quote_nitro, obeys_the_policys_kinds)
{
    struct nitro_world *const w = nitro_open();
    w->policy.kinds = ~ASSAY_KIND_BIT(ASSAY_KIND_NITRO);
    expect_rule(w, ASSAY_RULE_KIND, ASSAY_GENUINE_TRUE);
    nitro_close(w);
}

Test(quote_nitro, takes_pcrs_of_the_lengths_and_indices_that_aws_lists)
{
    struct nitro_world *const w = nitro_open();
    w->pcrs[15].len = 47;
    expect_malformed(w, ASSAY_E_RANGE, "pcrs");
    w->pcrs[15].len = 65;
    expect_malformed(w, ASSAY_E_RANGE, "pcrs");
    w->pcrs[15].len = 0;
    expect_malformed(w, ASSAY_E_RANGE, "pcrs");
    w->pcrs[15].len = 32;
    nitro_make(w);
    expect_pass(w);
    w->pcrs[15].len = 64;
    nitro_make(w);
    expect_pass(w);
    w->pcrs[15].index = 14; /* twice */
    expect_malformed(w, ASSAY_E_DUPLICATE, "pcrs");
    w->pcrs[15].index = 32;
    expect_malformed(w, ASSAY_E_RANGE, "pcrs");
    w->pcrs[15].index = -1;
    expect_malformed(w, ASSAY_E_RANGE, "pcrs");
    w->pcrs[15].index = 31;
    nitro_make(w);
    expect_pass(w);
    for (size_t i = 16; i < 32; i++)
        w->pcrs[i] = (struct nitro_pcr){ (int64_t)i, 48, 0 };
    w->pcrs[15].index = 15;
    w->pcr_count = 32;
    nitro_make(w);
    expect_pass(w);
    w->pcrs[32] = (struct nitro_pcr){ 32, 48, 0 };
    w->pcr_count = 33;
    expect_malformed(w, ASSAY_E_RANGE, "pcrs");
    w->pcr_count = 0;
    expect_malformed(w, ASSAY_E_RANGE, "pcrs");
    nitro_close(w);
}

/* --- fields */
Test(quote_nitro, wants_every_mandatory_field_once)
{
    static const char names[][16] = { "module_id", "digest",      "timestamp",
                                      "pcrs",      "certificate", "cabundle" };
    struct nitro_world *const w = nitro_open();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        w->leave_out = names[i];
        expect_malformed(w, ASSAY_E_NOT_FOUND, names[i]);
        cr_assert_str_eq(w->verdict.reasons[0].observed, "missing");
        w->leave_out = NULL;
        w->twice = names[i];
        expect_malformed(w, ASSAY_E_DUPLICATE, "the name of a field");
        w->twice = NULL;
    }
    nitro_close(w);
}

Test(quote_nitro, takes_optional_fields_null_left_out_or_within_their_limits)
{
    static const uint8_t bytes[ASSAY_NITRO_PUBLIC_KEY_MAX + 1] = { 1 };
    struct nitro_world *const w = nitro_open();
    struct {
        struct assay_slice *field;
        char name[16];
        size_t max;
        size_t min;
    } fields[] = { { &w->public_key, "public_key", ASSAY_NITRO_PUBLIC_KEY_MAX, 1 },
                   { &w->user_data, "user_data", ASSAY_NITRO_USER_DATA_MAX, 0 },
                   { &w->nonce, "nonce", ASSAY_NITRO_NONCE_MAX, 0 } };
    for (size_t i = 0; i < 3; i++) {
        *fields[i].field = (struct assay_slice){ 0 };
        nitro_make(w);
        expect_pass(w);
        w->leave_out = fields[i].name;
        nitro_make(w);
        expect_pass(w);
        w->leave_out = NULL;
        *fields[i].field = assay_slice_over(bytes, fields[i].max);
        nitro_make(w);
        expect_pass(w);
        fields[i].field->len += 1;
        expect_malformed(w, ASSAY_E_RANGE, fields[i].name);
        *fields[i].field = assay_slice_over(bytes, 0);
        nitro_make(w);
        if (fields[i].min == 0) expect_pass(w);
        else expect_malformed(w, ASSAY_E_RANGE, fields[i].name);
        *fields[i].field = (struct assay_slice){ 0 };
    }
    nitro_close(w);
}

Test(quote_nitro, binds_only_a_nonce_of_64_bytes)
{
    static const uint8_t bytes[65] = { 5, 5 };
    static const size_t lengths[] = { 0, 32, 63, 65 };
    struct nitro_world *const w = nitro_open();
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        w->nonce = assay_slice_over(bytes, lengths[i]);
        w->user_data = assay_slice_over(bytes, 64); /* no substitute */
        nitro_make(w);
        expect_pass(w);
        cr_assert(assay_bytes_all_zero(w->verdict.report_data, 64));
    }
    nitro_close(w);
}

Test(quote_nitro, refuses_values_outside_their_limits)
{
    struct nitro_world *const w = nitro_open();
    char id[ASSAY_NITRO_MODULE_ID_MAX + 2];
    memset(id, 'i', sizeof id);
    id[sizeof id - 1] = '\0';
    w->module_id = id;
    expect_malformed(w, ASSAY_E_RANGE, "module_id");
    w->module_id = "";
    expect_malformed(w, ASSAY_E_RANGE, "module_id");
    w->module_id = "x"; /* no "-enc" in it: the whole is the name */
    nitro_make(w);
    expect_pass(w);
    w->digest = "SHA512";
    expect_malformed(w, ASSAY_E_INVALID, "digest");
    w->digest = "SHA384";
    w->timestamp_ms = 0;
    expect_malformed(w, ASSAY_E_RANGE, "timestamp");
    w->timestamp_ms = UINT64_MAX;
    expect_malformed(w, ASSAY_E_RANGE, "timestamp");
    w->timestamp_ms = 1;
    w->certificate_too_long = true;
    expect_malformed(w, ASSAY_E_RANGE, "certificate");
    w->certificate_too_long = false;
    w->bundle_count = 0;
    expect_malformed(w, ASSAY_E_RANGE, "cabundle");
    for (size_t i = 0; i < ASSAY_NITRO_BUNDLE_MAX + 1; i++)
        w->bundle[i] = &w->ders[0];
    w->bundle_count = ASSAY_NITRO_BUNDLE_MAX + 1;
    expect_malformed(w, ASSAY_E_UNSUPPORTED, "cabundle");
    w->bundle_count = ASSAY_NITRO_BUNDLE_MAX; /* as many as there is room for, in no order */
    expect_rule(w, ASSAY_RULE_CHAIN_SIGNATURE, ASSAY_GENUINE_FALSE);
    nitro_close(w);
}

Test(quote_nitro, takes_a_payload_as_long_as_aws_allows)
{
    struct nitro_world *const w = nitro_open();
    w->padding = 8192; /* in a field of another name */
    nitro_make(w);
    expect_pass(w);
    w->padding = ASSAY_NITRO_PAYLOAD_MAX;
    expect_malformed(w, ASSAY_E_RANGE, "payload of at most 16384 bytes");
    nitro_close(w);
}

Test(quote_nitro, skips_a_field_that_it_does_not_know)
{
    struct nitro_world *const w = nitro_open();
    w->unknown_field = true;
    nitro_make(w);
    expect_pass(w);
    nitro_close(w);
}

/* --- hostile bytes */
/* Documents of AWS had definite lengths until 2025; since then the payload's map runs until its
 * break. */
Test(quote_nitro, takes_maps_and_arrays_of_indefinite_length)
{
    struct nitro_world *const w = nitro_open();
    struct assay_nitro_document definite, d;
    w->unknown_field = true;
    nitro_make(w);
    cr_assert_eq(assay_nitro_parse(w->bytes, w->len, &definite, NULL), ASSAY_OK);
    const size_t definite_bundle = definite.bundle_count;
    const uint64_t definite_time = definite.timestamp_ms;
    w->indefinite = true;
    nitro_make(w);
    expect_pass(w);
    cr_assert_eq(assay_nitro_parse(w->bytes, w->len, &d, NULL), ASSAY_OK);
    cr_assert_eq(d.bundle_count, definite_bundle);
    cr_assert_eq(d.timestamp_ms, definite_time);
    cr_assert(d.pcrs[w->pcrs[0].index].is_there && d.nonce.is_there);
    /* Limits and fields hold as they do for definite lengths. */
    w->twice = "nonce";
    expect_malformed(w, ASSAY_E_DUPLICATE, "the name of a field");
    w->twice = NULL;
    w->leave_out = "cabundle";
    expect_malformed(w, ASSAY_E_NOT_FOUND, "cabundle");
    w->leave_out = NULL;
    w->bundle_count = 0;
    expect_malformed(w, ASSAY_E_RANGE, "cabundle");
    w->bundle_count = 8;
    for (size_t i = 0; i < 8; i++)
        w->bundle[i] = &w->ders[0];
    nitro_make(w);
    cr_assert_eq(assay_nitro_parse(w->bytes, w->len, &d, NULL),
                 ASSAY_NITRO_BUNDLE_MAX < 8 ? ASSAY_E_UNSUPPORTED : ASSAY_OK);
    w->bundle_count = 1;
    w->pcr_count = 0;
    expect_malformed(w, ASSAY_E_RANGE, "pcrs");
    w->pcr_count = NITRO_PCRS_MAX; /* more than a document may have */
    for (size_t i = 0; i < NITRO_PCRS_MAX; i++)
        w->pcrs[i] = (struct nitro_pcr){ (int64_t)i, 48, 1 };
    expect_malformed(w, ASSAY_E_RANGE, "pcrs");
    nitro_close(w);
}

Test(quote_nitro, rejects_every_truncation)
{
    struct nitro_world *const w = nitro_open();
    for (int indefinite = 0; indefinite < 2; indefinite++) {
        w->indefinite = indefinite == 1;
        w->unknown_field = true;
        nitro_make(w);
        for (size_t len = 0; len < w->len; len++) {
            struct assay_nitro_document d;
            uint8_t *const exact = malloc(len == 0 ? 1 : len);
            assay_bytes_copy(exact, len, w->bytes, len);
            cr_assert_eq(assay_nitro_parse(exact, len, &d, NULL), ASSAY_E_TRUNCATED, "%zu", len);
            free(exact);
        }
    }
    nitro_close(w);
}

Test(quote_nitro, never_affirms_a_document_with_one_bit_flipped)
{
    struct nitro_world *const w = nitro_open();
    w->indefinite = true;
    nitro_make(w);
    uint8_t *const exact = malloc(w->len);
    assay_bytes_copy(exact, w->len, w->bytes, w->len);
    const struct assay_evidence_request request = { .kind = ASSAY_KIND_NITRO,
                                                    .bytes = exact,
                                                    .len = w->len,
                                                    .at_unix_s = w->at_unix_s,
                                                    .endorsements = &w->endorsements,
                                                    .policy = &w->policy };
    void *const memory = malloc(assay_verifier_size(64));
    struct assay_verifier *verifier = NULL;
    struct assay_verdict again;
    cr_assert_eq(assay_verifier_init(memory, assay_verifier_size(64), 64, &verifier), ASSAY_OK);
    /* Every bit is read; a bit of every byte is verified, each time another one. */
    for (size_t bit = 0; bit < 8 * w->len; bit += test_every(3)) {
        struct assay_nitro_document d;
        exact[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assay_status_ignore(assay_nitro_parse(exact, w->len, &d, NULL), "reads inside the bytes");
        exact[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t byte = 0; byte < w->len; byte += test_every(5)) {
        const size_t bit = 8 * byte + byte % 8;
        exact[bit / 8] ^= (uint8_t)(1u << bit % 8);
        const enum assay_status status = assay_evidence_verify(verifier, &request, &w->verdict);
        cr_assert_neq(assay_status_class(status), ASSAY_CLASS_HOST);
        cr_assert_neq(w->verdict.genuine, ASSAY_GENUINE_TRUE, "bit %zu", bit);
        if (byte % 16 == 0) { /* with and without a memory */
            cr_assert_eq(assay_evidence_verify(NULL, &request, &again), status);
            cr_assert(assay_bytes_equal(&again, &w->verdict, sizeof again), "bit %zu", bit);
        }
        exact[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assay_verifier_deinit(&verifier);
    free(memory);
    free(exact);
    nitro_close(w);
}

Test(quote_nitro, refuses_lengths_that_overrun)
{
    struct nitro_world *const w = nitro_open();
    const size_t payload = 8; /* 84 44 a1013822 a0 59 */
    cr_assert_eq(w->bytes[payload - 1], 0x59);
    for (unsigned more = 1; more < 3; more++) {
        w->bytes[payload] = (uint8_t)(w->bytes[payload] + more * 0x40);
        cr_assert_eq(nitro_judge(w), ASSAY_E_TRUNCATED);
        cr_assert_eq(w->verdict.genuine, ASSAY_GENUINE_FALSE);
    }
    nitro_close(w);
}

/* --- memory */
Test(quote_nitro, remembers_a_fault_at_its_place)
{
    struct nitro_world *const w = nitro_open();
    void *const memory = malloc(assay_verifier_size(4));
    struct assay_verifier *verifier = NULL;
    struct assay_verdict cold;
    cr_assert_eq(assay_verifier_init(memory, assay_verifier_size(4), 4, &verifier), ASSAY_OK);
    w->bundle[1] = &w->ders[2];
    for (int i = 0; i < 2; i++) { /* the same certificates, some bytes further on */
        w->module_id = i == 0 ? "short" : "longer than before";
        nitro_make_document(w);
        w->verifier = NULL;
        cr_assert_eq(nitro_judge(w), ASSAY_OK);
        cold = w->verdict;
        cr_assert_neq(cold.reasons[0].offset, 0);
        w->verifier = verifier;
        for (int again = 0; again < 2; again++) {
            cr_assert_eq(nitro_judge(w), ASSAY_OK);
            cr_assert(assay_bytes_equal(&cold, &w->verdict, sizeof cold));
        }
    }
    assay_verifier_deinit(&verifier);
    free(memory);
    nitro_close(w);
}

Test(quote_nitro, remembers_a_chain_and_says_the_same)
{
    struct nitro_world *const w = nitro_open();
    void *const memory = malloc(assay_verifier_size(4));
    struct assay_verifier_counts counts;
    struct assay_verdict cold;
    cr_assert_eq(assay_verifier_init(memory, assay_verifier_size(4), 4, &w->verifier), ASSAY_OK);
    expect_pass(w);
    cold = w->verdict;
    expect_pass(w);
    cr_assert(assay_bytes_equal(&cold, &w->verdict, sizeof cold));
    assay_verifier_count(w->verifier, &counts);
    cr_assert_eq(counts.hits, 1);
    cr_assert_eq(counts.misses, 1);
    /* The time is judged anew. */
    w->at_unix_s += 100 * NITRO_HOUR;
    cr_assert_eq(nitro_judge(w), ASSAY_OK);
    cr_assert(assay_verdict_has(&w->verdict, ASSAY_RULE_SIGNER_EXPIRED));
    w->at_unix_s = NITRO_AT;
    /* And so is the root. */
    w->endorsements.count = 0;
    cr_assert_eq(nitro_judge(w), ASSAY_OK);
    cr_assert(assay_verdict_has(&w->verdict, ASSAY_RULE_CHAIN_ROOT));
    w->endorsements.count = 1;
    expect_pass(w);
    assay_verifier_count(w->verifier, &counts);
    cr_assert_eq(counts.hits, 4);
    cr_assert_eq(counts.misses, 1);
    assay_verifier_deinit(&w->verifier);
    free(memory);
    nitro_close(w);
}
