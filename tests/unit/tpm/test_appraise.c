/*
 * tests/unit/tpm/test_appraise.c - tests of each rule of the appraisal of a TPM quote, on generated
 * quotes.
 */
#include "tests/unit/tpm/simulated_tpm.h"

#include "quote/result/claims.h"
#include "quote/verify.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct simtpm *p;
static struct assay_verdict verdict;
static void *memory;

/* With a memory of two ways, so that most are thrown out again: every judgement of this file is
 * made with it and without. */
static void set_up(void)
{
    enum { ENTRIES = 2 };
    const size_t len = assay_verifier_size(ENTRIES);
    p = malloc(sizeof *p);
    cr_assert_not_null(p);
    simtpm_make(p);
    memory = malloc(len);
    cr_assert_not_null(memory);
    cr_assert_eq(assay_verifier_init(memory, len, ENTRIES, &p->verifier), ASSAY_OK);
}

static void tear_down(void)
{
    assay_verifier_deinit(&p->verifier);
    free(memory);
    simtpm_free(p);
    free(p);
}

TestSuite(tpm_appraise, .init = set_up, .fini = tear_down);

static void expect(enum assay_genuine genuine, enum assay_rule rule)
{
    simtpm_appraise(p, &verdict);
    cr_expect_eq(verdict.genuine, genuine, "%d, first reason %s", (int)verdict.genuine,
                 verdict.reason_count > 0 ? assay_rule_name(verdict.reasons[0].rule) : "none");
    cr_expect(assay_verdict_has(&verdict, rule), "no %s", assay_rule_name(rule));
}

static void expect_proof(enum assay_proof proof, enum assay_proof_state state)
{
    cr_expect_eq(verdict.proofs[proof], state, "%s is %d", assay_verdict_proof_name(proof),
                 verdict.proofs[proof]);
}

static void demand(uint32_t pcr, uint8_t fill, uint32_t len, enum assay_reference_state state)
{
    struct assay_reference *const r = &p->policy.references[p->policy.reference_count++];
    *r =
        (struct assay_reference){ .field = (enum assay_reference_field)(ASSAY_REFERENCE_PCR0 + pcr),
                                  .state = state,
                                  .value_len = len };
    for (uint32_t i = 0; i < len; i++)
        r->value[i] = fill;
}

Test(tpm_appraise, good_evidence_is_genuine_and_says_that_no_list_is_at_hand)
{
    simtpm_appraise(p, &verdict);
    cr_expect_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
    cr_expect_eq(verdict.tier, ASSAY_TIER_WARNING);
    cr_expect_eq(verdict.reason_count, 1);
    cr_expect(assay_verdict_has(&verdict, ASSAY_RULE_REVOCATION_UNKNOWN));
    cr_expect(assay_bytes_equal(verdict.report_data, p->report_data, 64));
    cr_expect_eq(verdict.measurement_len, 32);
    cr_expect(verdict.has_platform && !verdict.platform_masked);
    cr_expect_eq(verdict.expires_unix_s, SIMTPM_NOW + SIMTPM_DAY);
    expect_proof(ASSAY_PROOF_TPM_SIGNATURE, ASSAY_PROOF_TRUE);
    expect_proof(ASSAY_PROOF_PCR_DIGEST, ASSAY_PROOF_TRUE);
    expect_proof(ASSAY_PROOF_AK_TRUSTED, ASSAY_PROOF_TRUE);
    expect_proof(ASSAY_PROOF_EK_CHAIN, ASSAY_PROOF_NOT_USED);
    cr_expect_eq(verdict.tcb_status, ASSAY_TCB_NONE);
    cr_expect(!verdict.debug);
}

Test(tpm_appraise, a_list_that_does_not_name_the_key_makes_it_affirming)
{
    simtpm_list(p, NULL, SIMTPM_NOW - 60, SIMTPM_NOW + 60);
    simtpm_appraise(p, &verdict);
    cr_expect_eq(verdict.tier, ASSAY_TIER_AFFIRMING);
    cr_expect_eq(verdict.expires_unix_s, SIMTPM_NOW + 60);
}

Test(tpm_appraise, a_revoked_key_is_not_genuine)
{
    simtpm_list(p, p->certificate.serial, SIMTPM_NOW - 60, SIMTPM_NOW + 60);
    expect(ASSAY_GENUINE_FALSE, ASSAY_RULE_CERT_REVOKED);
}

Test(tpm_appraise, a_list_out_of_its_time_leaves_the_key_unjudged)
{
    simtpm_list(p, NULL, SIMTPM_NOW - 60, SIMTPM_NOW - 1);
    expect(ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_COLLATERAL_EXPIRED);
    simtpm_list(p, NULL, SIMTPM_NOW + 1, SIMTPM_NOW + 60);
    expect(ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_COLLATERAL_EARLY);
}

/* It accuses nobody: whoever is near the folder could write it. */
Test(tpm_appraise, a_list_that_somebody_else_signed_is_none)
{
    struct assay_tpm_registrar other;
    cr_assert_eq(assay_tpm_registrar_create("paper", SIMTPM_NOW - SIMTPM_DAY,
                                            SIMTPM_NOW + SIMTPM_DAY, &other),
                 ASSAY_OK);
    const struct assay_secret32 own = p->registrar.secret;
    p->registrar.secret = other.secret; /* in the name and with the key id of the right one */
    simtpm_list(p, NULL, SIMTPM_NOW - 60, SIMTPM_NOW + 60);
    p->registrar.secret = own;
    expect(ASSAY_GENUINE_TRUE, ASSAY_RULE_REVOCATION_UNKNOWN);
    cr_expect_str_eq(verdict.reasons[0].observed, "one with a wrong signature");
    p->policy.platform.require_crl = true;
    expect(ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_COLLATERAL_MISSING);
}

Test(tpm_appraise, a_policy_may_demand_a_list)
{
    p->policy.platform.require_crl = true;
    expect(ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_COLLATERAL_MISSING);
    simtpm_list(p, NULL, SIMTPM_NOW - 60, SIMTPM_NOW + 60);
    simtpm_appraise(p, &verdict);
    cr_expect_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
}

/* The way needs nothing of either bundle: the list is chosen by whose it is. */
Test(tpm_appraise, of_several_lists_under_one_root_the_issuers_speaks)
{
    struct assay_tpm_registrar other;
    cr_assert_eq(assay_tpm_registrar_create("other", SIMTPM_NOW - SIMTPM_DAY,
                                            SIMTPM_NOW + SIMTPM_DAY, &other),
                 ASSAY_OK);
    const struct assay_tpm_registrar own = p->registrar;
    p->registrar = other;
    simtpm_list(p, NULL, SIMTPM_NOW - 60, SIMTPM_NOW + 60);
    struct assay_collateral *const strange = p->collateral;
    p->collateral = NULL;
    p->registrar = own;
    simtpm_list(p, p->certificate.serial, SIMTPM_NOW - 60, SIMTPM_NOW + 60);
    p->endorsements.count = 2;
    for (int i = 0; i < 2; i++) {
        p->endorsements.entries[1] = p->endorsements.entries[0];
        p->endorsements.entries[i].collateral = strange;
        p->endorsements.entries[1 - i].collateral = p->collateral;
        expect(ASSAY_GENUINE_FALSE, ASSAY_RULE_CERT_REVOKED);
    }
    free(strange);
}

/* --- the key and its certificate */
Test(tpm_appraise, a_key_without_a_certificate_is_unproven)
{
    p->certificate_count = 0;
    expect(ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_AK_UNPROVEN);
    expect_proof(ASSAY_PROOF_AK_TRUSTED, ASSAY_PROOF_UNKNOWN);
    expect_proof(ASSAY_PROOF_EK_CHAIN, ASSAY_PROOF_UNKNOWN);
    expect_proof(ASSAY_PROOF_TPM_SIGNATURE, ASSAY_PROOF_TRUE);
    cr_expect_eq(assay_verdict_outcome(&verdict), ASSAY_OUTCOME_NONE);
}

Test(tpm_appraise, a_certificate_for_another_use_is_refused)
{
    p->certificate.role = ASSAY_TPM_ROLE_PLAIN;
    expect(ASSAY_GENUINE_FALSE, ASSAY_RULE_CHAIN_CONSTRAINTS);
    expect_proof(ASSAY_PROOF_AK_TRUSTED, ASSAY_PROOF_FALSE);
    p->certificate.role = ASSAY_TPM_ROLE_REGISTRAR; /* one that its key could have signed itself */
    expect(ASSAY_GENUINE_FALSE, ASSAY_RULE_CHAIN_ROOT);
}

Test(tpm_appraise, a_certificate_out_of_its_time_leaves_the_key_unjudged)
{
    p->certificate.not_after_s = SIMTPM_NOW - 1;
    expect(ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_CERT_TIME);
    p->certificate.not_after_s = SIMTPM_NOW + 10;
    p->certificate.not_before_s = SIMTPM_NOW + 1;
    expect(ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_CERT_TIME);
    p->certificate.not_before_s = SIMTPM_NOW;
    simtpm_appraise(p, &verdict);
    cr_expect_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
}

Test(tpm_appraise, another_registrar_of_the_same_name_is_a_stranger)
{
    struct assay_tpm_registrar other;
    cr_assert_eq(assay_tpm_registrar_create("paper", SIMTPM_NOW - SIMTPM_DAY,
                                            SIMTPM_NOW + SIMTPM_DAY, &other),
                 ASSAY_OK);
    p->endorsements.entries[0].root = other.key;
    p->certificate_count = 2; /* with the root that is not pinned */
    expect(ASSAY_GENUINE_FALSE, ASSAY_RULE_CHAIN_ROOT);
    expect_proof(ASSAY_PROOF_AK_TRUSTED, ASSAY_PROOF_FALSE);
    p->certificate_count = 1; /* and without: nobody at hand issued it */
    expect(ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_CHAIN_MISSING);
    expect_proof(ASSAY_PROOF_AK_TRUSTED, ASSAY_PROOF_UNKNOWN);
    cr_expect(assay_verdict_has(&verdict, ASSAY_RULE_AK_UNPROVEN), "a network demands it");
    p->endorsements.exact = true; /* a folder may simply lack the issuer */
    expect(ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_CHAIN_MISSING);
    cr_expect(!assay_verdict_has(&verdict, ASSAY_RULE_AK_UNPROVEN));
}

Test(tpm_appraise, a_root_pinned_for_another_kind_vouches_for_no_tpm)
{
    p->endorsements.entries[0].kinds = ASSAY_KIND_BIT(ASSAY_KIND_SNP);
    expect(ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_AK_UNPROVEN);
    p->endorsements.exact = true; /* one's own affair: nobody said whom to trust */
    expect(ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_ROOT_MISSING);
}

Test(tpm_appraise, of_several_roots_the_right_one_is_found)
{
    struct assay_tpm_registrar other;
    cr_assert_eq(assay_tpm_registrar_create("other", SIMTPM_NOW - SIMTPM_DAY,
                                            SIMTPM_NOW + SIMTPM_DAY, &other),
                 ASSAY_OK);
    p->endorsements.entries[1] = p->endorsements.entries[0];
    p->endorsements.entries[0].root = other.key;
    p->endorsements.count = 2;
    simtpm_appraise(p, &verdict);
    cr_expect_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
    uint8_t name[32];
    assay_key_name(&p->registrar.key, name);
    cr_expect(assay_bytes_equal(verdict.vendor_root, name, 32));
}

Test(tpm_appraise, a_forged_signature_on_the_certificate_is_seen)
{
    uint8_t public_key[64];
    struct assay_secret32 forger;
    cr_assert_eq(assay_p256_generate(&forger, public_key), ASSAY_OK);
    p->certificate.issuer_secret = &forger;
    p->certificate_count = 2;
    expect(ASSAY_GENUINE_FALSE, ASSAY_RULE_CHAIN_SIGNATURE);
}

Test(tpm_appraise, a_subject_that_names_no_endorsement_key_masks_the_platform)
{
    p->certificate.ek_name = NULL;
    simtpm_appraise(p, &verdict);
    cr_expect_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
    cr_expect(verdict.has_platform && verdict.platform_masked);
}

Test(tpm_appraise, each_attribute_of_the_key_is_demanded)
{
    const uint32_t good = p->attributes;
    static const uint32_t wanted[] = { ASSAY_TPM_FIXED_TPM, ASSAY_TPM_SENSITIVE_DATA_ORIGIN,
                                       ASSAY_TPM_RESTRICTED, ASSAY_TPM_SIGN };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        p->attributes = good & ~wanted[i];
        expect(ASSAY_GENUINE_FALSE, ASSAY_RULE_AK_ATTRIBUTES);
    }
    p->attributes = good | ASSAY_TPM_DECRYPT;
    expect(ASSAY_GENUINE_FALSE, ASSAY_RULE_AK_ATTRIBUTES);
    p->attributes = good | 1u << 10; /* noDA: nobody's business */
    simtpm_appraise(p, &verdict);
    cr_expect_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
}

Test(tpm_appraise, a_bare_key_or_its_certificate_alone_will_do)
{
    p->bare_key = true;
    simtpm_appraise(p, &verdict);
    cr_expect_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
    p->no_key = true;
    simtpm_appraise(p, &verdict);
    cr_expect_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
    p->certificate_count = 0;
    expect(ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_KEY_MISSING);
}

/* --- the signature */
Test(tpm_appraise, what_is_not_on_the_list_is_unsupported_in_words)
{
    p->scheme_hash = ASSAY_TPM_SHA384;
    expect(ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_UNSUPPORTED);
    p->scheme_hash = ASSAY_TPM_SHA256;
    p->signature_hash = ASSAY_TPM_SHA1;
    expect(ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_UNSUPPORTED);
    p->signature_hash = ASSAY_TPM_SHA256;
    p->signature_scheme = ASSAY_TPM_RSAPSS;
    expect(ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_UNSUPPORTED);
    p->signature_scheme = ASSAY_TPM_RSASSA; /* by a key of P-256: a lie, not a lack */
    expect(ASSAY_GENUINE_FALSE, ASSAY_RULE_QUOTE_SIGNATURE);
    p->signature_scheme = ASSAY_TPM_ECDSA;
    p->scheme = ASSAY_TPM_NULL;
    simtpm_appraise(p, &verdict);
    cr_expect_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
}

Test(tpm_appraise, a_signature_in_der_is_the_same_signature)
{
    p->der_signature = true;
    for (int i = 0; i < 16; i++) { /* lengths of its numbers differ */
        simtpm_appraise(p, &verdict);
        cr_expect_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
    }
}

Test(tpm_appraise, without_a_signature_nothing_is_proven)
{
    p->no_signature = true;
    expect(ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_EVIDENCE_INCOMPLETE);
    expect_proof(ASSAY_PROOF_TPM_SIGNATURE, ASSAY_PROOF_UNKNOWN);
}

/* --- PCRs */
Test(tpm_appraise, values_that_do_not_make_the_digest_are_forged)
{
    p->other_digest = true;
    expect(ASSAY_GENUINE_FALSE, ASSAY_RULE_PCR_DIGEST);
    expect_proof(ASSAY_PROOF_PCR_DIGEST, ASSAY_PROOF_FALSE);
    p->other_digest = false;
    p->values_len = 32; /* the digest of fewer values than were selected */
    expect(ASSAY_GENUINE_FALSE, ASSAY_RULE_PCR_DIGEST);
    p->values_len = 96;
    expect(ASSAY_GENUINE_FALSE, ASSAY_RULE_PCR_DIGEST);
}

Test(tpm_appraise, without_values_nothing_is_proven)
{
    p->no_values = true;
    expect(ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_PCR_MISSING);
    expect_proof(ASSAY_PROOF_PCR_DIGEST, ASSAY_PROOF_UNKNOWN);
}

Test(tpm_appraise, a_quote_of_no_pcrs_needs_no_values)
{
    p->banks[0].mask = 0;
    p->values_len = 0;
    p->no_values = true;
    simtpm_appraise(p, &verdict);
    cr_expect_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
}

Test(tpm_appraise, reference_values_are_those_of_the_sha256_bank)
{
    demand(23, 0xc1, 32, ASSAY_REFERENCE_ALLOWED);
    simtpm_appraise(p, &verdict);
    cr_expect_eq(assay_verdict_outcome(&verdict), ASSAY_OUTCOME_PASS_UP_TO_DATE);
    /* two banks: SHA-1 values of PCR 23 and 0 stand before */
    p->banks[1] = p->banks[0];
    p->banks[0] = (struct assay_tpm_bank){ ASSAY_TPM_SHA1, 0x800001 };
    p->bank_count = 2;
    p->values_len = 40 + 64;
    for (size_t i = 0; i < p->values_len; i++)
        p->values[i] = (uint8_t)(i < 40 ? 0x11 : i < 72 ? 0xc0 : 0xc1);
    simtpm_appraise(p, &verdict);
    cr_expect_eq(assay_verdict_outcome(&verdict), ASSAY_OUTCOME_PASS_UP_TO_DATE);
    p->values[103] ^= 1;
    expect(ASSAY_GENUINE_TRUE, ASSAY_RULE_MEASUREMENT_UNKNOWN);
    cr_expect_eq(assay_verdict_outcome(&verdict), ASSAY_OUTCOME_FAIL_HARD);
}

static void quote_bank(size_t at, uint16_t alg, uint32_t mask)
{
    p->banks[at] = (struct assay_tpm_bank){ alg, mask };
    if (p->bank_count <= at) p->bank_count = at + 1;
}

/* evidence-rules.md 7.5: SHA-1 alone is refused, unless the policy says otherwise. */
Test(tpm_appraise, a_pcr_of_sha1_alone_is_accepted_by_a_policy_that_says_so_only)
{
    quote_bank(0, ASSAY_TPM_SHA1, 0x800001);
    p->values_len = 40;
    expect(ASSAY_GENUINE_TRUE, ASSAY_RULE_PCR_BANK_WEAK);
    cr_expect_eq(assay_verdict_outcome(&verdict), ASSAY_OUTCOME_FAIL_HARD);
    p->policy.tpm_weak_banks = ASSAY_ACCEPT_WARNING;
    expect(ASSAY_GENUINE_TRUE, ASSAY_RULE_PCR_BANK_WEAK_NOTE);
    cr_expect_eq(verdict.tier, ASSAY_TIER_WARNING);
    cr_expect_not(assay_verdict_has(&verdict, ASSAY_RULE_PCR_BANK_WEAK));
}

/* Of the quote as it is now; the caller frees them. */
static struct assay_claims *read_claims(void)
{
    struct assay_package package;
    struct assay_claims *const claims = calloc(1, sizeof *claims);
    cr_assert_not_null(claims);
    simtpm_build(p);
    assay_claims_init(claims);
    cr_assert_eq(assay_package_read(ASSAY_KIND_TPM, p->evidence, p->len, &package), ASSAY_OK);
    cr_assert_eq(assay_claims_of_tpm(&package, claims), ASSAY_OK);
    cr_assert_not(claims->full);
    return claims;
}

Test(tpm_appraise, pcrs_of_sha1_alone_are_a_claim)
{
    for (int weak = 0; weak < 2; weak++) {
        quote_bank(0, weak != 0 ? ASSAY_TPM_SHA1 : ASSAY_TPM_SHA256, 0x800001);
        p->values_len = weak != 0 ? 40 : 64;
        struct assay_claims *const claims = read_claims();
        cr_expect_eq(assay_claims_find(claims, "weak_pcrs") != NULL, weak != 0);
        free(claims);
    }
}

static void expect_bytes(const struct assay_claims *claims, const char *name, const uint8_t *bytes,
                         size_t len)
{
    const struct assay_claim_entry *const claim = assay_claims_find(claims, name);
    cr_assert_not_null(claim, "%s", name);
    cr_expect_eq(claim->type, ASSAY_CLAIM_BYTES, "%s", name);
    cr_expect(assay_slice_equal(claim->bytes, assay_slice_over(bytes, len)), "%s", name);
}

/* A relying party that looks at the bank that it trusts finds it, whatever its place. */
Test(tpm_appraise, every_bank_of_a_quote_is_a_claim)
{
    quote_bank(0, ASSAY_TPM_SHA1, 0x800001);
    quote_bank(1, ASSAY_TPM_SHA256, 0x800081);
    p->values_len = 40 + 96;
    for (size_t i = 0; i < p->values_len; i++)
        p->values[i] = (uint8_t)(i + 1);
    struct assay_claims *const claims = read_claims();
    expect_bytes(claims, "pcr_banks.sha1.0", p->values, 20);
    expect_bytes(claims, "pcr_banks.sha1.23", p->values + 20, 20);
    expect_bytes(claims, "pcr_banks.sha256.0", p->values + 40, 32);
    expect_bytes(claims, "pcr_banks.sha256.7", p->values + 72, 32);
    expect_bytes(claims, "pcr_banks.sha256.23", p->values + 104, 32);
    cr_expect_null(assay_claims_find(claims, "pcr_banks.sha1.7"), "not selected");
    free(claims);
    p->bank_count = 1;
    p->values_len = 40;
    struct assay_claims *const one = read_claims();
    cr_expect_null(assay_claims_find(one, "pcr_banks"), "of one bank pcrs has all");
    free(one);
}

/* A quote may select more than its evidence has values of; hostile ones select everything. */
Test(tpm_appraise, banks_without_values_and_the_most_banks_are_claims)
{
    static const uint16_t algs[] = { ASSAY_TPM_SHA1,     ASSAY_TPM_SHA256,  ASSAY_TPM_SHA384,
                                     ASSAY_TPM_SHA512,   ASSAY_TPM_SM3,     ASSAY_TPM_SHA3_256,
                                     ASSAY_TPM_SHA3_384, ASSAY_TPM_SHA3_512 };
    for (size_t i = 0; i < sizeof algs / sizeof algs[0]; i++)
        quote_bank(i, algs[i], 0xffffff);
    p->values_len = 0;
    struct assay_claims *const claims = read_claims();
    for (unsigned pcr = 0; pcr < 24; pcr++) {
        char name[40];
        (void)snprintf(name, sizeof name, "pcr_banks.sha3-512.%u", pcr);
        const struct assay_claim_entry *const claim = assay_claims_find(claims, name);
        cr_assert_not_null(claim, "%s", name);
        cr_expect_eq(claim->type, ASSAY_CLAIM_NULL);
    }
    free(claims);
}

Test(tpm_appraise, a_stronger_bank_must_have_the_very_pcr)
{
    quote_bank(0, ASSAY_TPM_SHA1, 0x800001);
    quote_bank(1, ASSAY_TPM_SHA256, 0x800001);
    p->values_len = 40 + 64;
    simtpm_appraise(p, &verdict);
    cr_expect_eq(assay_verdict_outcome(&verdict), ASSAY_OUTCOME_PASS_UP_TO_DATE);
    quote_bank(1, ASSAY_TPM_SHA256, 0x000001); /* PCR 23 is of SHA-1 alone */
    p->values_len = 40 + 32;
    expect(ASSAY_GENUINE_TRUE, ASSAY_RULE_PCR_BANK_WEAK);
}

/* A value of each bank: neither is satisfied by leaving its bank out. */
Test(tpm_appraise, values_of_sha1_are_compared_with_that_bank)
{
    p->policy.tpm_weak_banks = ASSAY_ACCEPT_WARNING;
    quote_bank(0, ASSAY_TPM_SHA1, 0x800000);
    p->values_len = 20;
    memset(p->values, 0x11, 20);
    demand(23, 0x11, 20, ASSAY_REFERENCE_ALLOWED);
    simtpm_appraise(p, &verdict);
    cr_expect_eq(assay_verdict_outcome(&verdict), ASSAY_OUTCOME_PASS_UP_TO_DATE);
    p->values[19] ^= 1;
    expect(ASSAY_GENUINE_TRUE, ASSAY_RULE_MEASUREMENT_UNKNOWN);
    p->values[19] ^= 1;
    demand(23, 0xc1, 32, ASSAY_REFERENCE_DENIED);
    expect(ASSAY_GENUINE_TRUE, ASSAY_RULE_MEASUREMENT_UNKNOWN); /* denied ones do not hide */
    p->policy.references[1].value[0] ^= 1; /* of both banks: each by its own entries */
    quote_bank(1, ASSAY_TPM_SHA256, 0x800000);
    p->values_len = 20 + 32;
    memset(p->values + 20, 0xc1, 32);
    simtpm_appraise(p, &verdict);
    cr_expect_eq(assay_verdict_outcome(&verdict), ASSAY_OUTCOME_PASS_UP_TO_DATE);
    quote_bank(0, ASSAY_TPM_SHA256, 0x800000);
    p->bank_count = 1;
    p->values_len = 32;
    expect(ASSAY_GENUINE_TRUE, ASSAY_RULE_MEASUREMENT_UNKNOWN);
}

/* The other bank is not compared with anything: quoting it takes no warning away. */
Test(tpm_appraise, a_pcr_that_is_compared_in_sha1_alone_is_noted_whatever_is_quoted)
{
    p->policy.tpm_weak_banks = ASSAY_ACCEPT_WARNING;
    quote_bank(0, ASSAY_TPM_SHA1, 0x800000);
    quote_bank(1, ASSAY_TPM_SHA256, 0x800000);
    p->values_len = 20 + 32;
    memset(p->values, 0x11, 20);
    memset(p->values + 20, 0xc1, 32);
    demand(23, 0x11, 20, ASSAY_REFERENCE_ALLOWED);
    expect(ASSAY_GENUINE_TRUE, ASSAY_RULE_PCR_BANK_WEAK_NOTE);
    cr_expect_eq(verdict.tier, ASSAY_TIER_WARNING);
    demand(23, 0xc2, 32, ASSAY_REFERENCE_DENIED); /* a denied value identifies nothing */
    expect(ASSAY_GENUINE_TRUE, ASSAY_RULE_PCR_BANK_WEAK_NOTE);
    demand(23, 0xc1, 32, ASSAY_REFERENCE_ALLOWED);
    simtpm_appraise(p, &verdict);
    cr_expect_not(assay_verdict_has(&verdict, ASSAY_RULE_PCR_BANK_WEAK_NOTE));
}

Test(tpm_appraise, a_pcr_that_the_policy_names_may_not_be_left_out)
{
    demand(7, 0x01, 32, ASSAY_REFERENCE_ALLOWED);
    expect(ASSAY_GENUINE_TRUE, ASSAY_RULE_MEASUREMENT_UNKNOWN);
    p->policy.reference_count = 0;
    demand(7, 0x01, 32, ASSAY_REFERENCE_DENIED); /* nor to hide that it is denied */
    expect(ASSAY_GENUINE_TRUE, ASSAY_RULE_MEASUREMENT_UNKNOWN);
    p->policy.reference_count = 0;
    demand(23, 0xc1, 32, ASSAY_REFERENCE_DENIED);
    expect(ASSAY_GENUINE_TRUE, ASSAY_RULE_MEASUREMENT_DENIED);
    p->policy.reference_count = 0;
    demand(7, 0x01, 48, ASSAY_REFERENCE_ALLOWED); /* of Nitro, whose PCRs have 48 bytes */
    demand(23, 0xc1, 32, ASSAY_REFERENCE_ALLOWED);
    simtpm_appraise(p, &verdict);
    cr_expect_eq(assay_verdict_outcome(&verdict), ASSAY_OUTCOME_PASS_UP_TO_DATE);
}

/* Values of the SHA-384 bank, say: nothing of the quote is compared with them, and whoever wrote
 * them does not mean "anything goes". */
Test(tpm_appraise, reference_values_of_another_length_alone_refuse)
{
    demand(7, 0x01, 48, ASSAY_REFERENCE_ALLOWED);
    expect(ASSAY_GENUINE_TRUE, ASSAY_RULE_MEASUREMENT_UNKNOWN);
    cr_expect_eq(assay_verdict_outcome(&verdict), ASSAY_OUTCOME_FAIL_HARD);
    p->policy.references[0].state = ASSAY_REFERENCE_DENIED; /* which asks for nothing */
    simtpm_appraise(p, &verdict);
    cr_expect_eq(assay_verdict_outcome(&verdict), ASSAY_OUTCOME_PASS_UP_TO_DATE);
}

/* --- the challenge */
Test(tpm_appraise, report_data_is_bound_by_its_digest)
{
    p->report_data[63] ^= 1;
    expect(ASSAY_GENUINE_FALSE, ASSAY_RULE_NONCE);
    cr_expect(assay_bytes_all_zero(verdict.report_data, 64));
    p->report_data[63] ^= 1;
    p->extra_len = 31;
    expect(ASSAY_GENUINE_FALSE, ASSAY_RULE_NONCE);
}

Test(tpm_appraise, without_report_data_the_qualifying_data_is_the_challenge)
{
    p->has_report_data = false;
    static const size_t lengths[] = { 0, 1, 32, 64 };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        p->extra_len = lengths[i];
        simtpm_appraise(p, &verdict);
        cr_expect_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
        cr_expect(assay_bytes_equal(verdict.report_data, p->extra, lengths[i]));
        cr_expect(assay_bytes_all_zero(verdict.report_data + lengths[i], 64 - lengths[i]));
    }
    p->extra_len = 65;
    expect(ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_UNSUPPORTED);
}

Test(tpm_appraise, a_policy_may_refuse_the_kind)
{
    p->policy.kinds = ASSAY_KINDS_ALL & ~ASSAY_KIND_BIT(ASSAY_KIND_TPM);
    expect(ASSAY_GENUINE_TRUE, ASSAY_RULE_KIND);
    cr_expect_eq(assay_verdict_outcome(&verdict), ASSAY_OUTCOME_FAIL_HARD);
}

/* --- memory */
static struct assay_verifier_counts counts(void)
{
    struct assay_verifier_counts now;
    assay_verifier_count(p->verifier, &now);
    return now;
}

Test(tpm_appraise, the_key_and_its_way_to_the_root_are_remembered_for_other_quotes_of_the_key)
{
    simtpm_appraise(p, &verdict);
    cr_expect_eq(counts().misses, 2, "the decoded key, the way");
    cr_expect_eq(counts().hits, 2);
    p->keep_certificate = true;
    for (uint8_t i = 0; i < 5; i++) {
        p->values[0] = i;
        simtpm_appraise(p, &verdict);
        cr_expect_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
    }
    cr_expect_eq(counts().misses, 2, "another quote, the same key under the same root");
    cr_expect_eq(counts().entries_used, 2);
    p->keep_certificate = false;
    simtpm_appraise(p, &verdict);
    cr_expect_eq(counts().misses, 3, "another certificate of the same key");
}

/* What is remembered is the way, not what time, list and policy make of it. */
Test(tpm_appraise, a_remembered_key_is_judged_by_the_list_and_the_time_of_now)
{
    simtpm_appraise(p, &verdict);
    cr_assert_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
    simtpm_list(p, p->certificate.serial, SIMTPM_NOW - 60, SIMTPM_NOW + 60);
    cr_assert_eq(simtpm_verify(p, &verdict), ASSAY_OK);
    cr_expect_eq(verdict.genuine, ASSAY_GENUINE_FALSE);
    cr_expect(assay_verdict_has(&verdict, ASSAY_RULE_CERT_REVOKED));
    simtpm_list(p, NULL, SIMTPM_NOW - 60, SIMTPM_NOW + 60);
    cr_assert_eq(simtpm_verify(p, &verdict), ASSAY_OK);
    cr_expect_eq(verdict.tier, ASSAY_TIER_AFFIRMING);
    cr_expect_eq(counts().misses, 2);
    p->endorsements.entries[0].kinds = ASSAY_KIND_BIT(ASSAY_KIND_SNP);
    cr_assert_eq(simtpm_verify(p, &verdict), ASSAY_OK);
    cr_expect_neq(verdict.genuine, ASSAY_GENUINE_TRUE, "the root is pinned no longer");
}

/* Evidence of many sorts in any order, before a memory that forgets and one that does not. */
Test(tpm_appraise, with_and_without_memory_every_verdict_is_the_same)
{
    enum { ROUNDS = 120 };
    struct assay_tpm_registrar other;
    uint8_t public_key[64];
    struct assay_secret32 forger;
    uint32_t seed = 1;
    unsigned genuine = 0;
    cr_assert_eq(assay_p256_generate(&forger, public_key), ASSAY_OK);
    cr_assert_eq(assay_tpm_registrar_create("paper", SIMTPM_NOW - SIMTPM_DAY,
                                            SIMTPM_NOW + SIMTPM_DAY, &other),
                 ASSAY_OK);
    const struct assay_tpm_certificate certificate = p->certificate;
    const struct assay_key root = p->registrar.key;
    for (unsigned i = 0; i < ROUNDS; i++) {
        seed = seed * 1664525u + 1013904223u;
        const uint32_t draw = seed >> 16;
        p->certificate = certificate;
        p->certificate_count = draw % 3;
        p->certificate.role = (draw & 4) != 0 ? ASSAY_TPM_ROLE_AK : ASSAY_TPM_ROLE_PLAIN;
        if ((draw & 0x18) == 0) p->certificate.issuer_secret = &forger;
        if ((draw & 0x60) == 0) p->certificate.not_after_s = SIMTPM_NOW - 1;
        p->endorsements.entries[0].root = (draw & 0x180) == 0 ? other.key : root;
        p->endorsements.entries[1].root = root;
        p->endorsements.entries[1].kinds = ASSAY_KIND_BIT(ASSAY_KIND_TPM);
        p->endorsements.count = 1 + (draw >> 9 & 1);
        p->endorsements.exact = (draw & 0x400) != 0;
        p->keep_certificate = (draw & 0x800) != 0 && i > 0;
        simtpm_appraise(p, &verdict); /* which compares */
        genuine += verdict.genuine == ASSAY_GENUINE_TRUE;
    }
    cr_expect(genuine > 10 && genuine < ROUNDS - 10, "%u of %d are genuine", genuine, ROUNDS);
    cr_expect_gt(counts().evictions, 10);
}

/* --- bytes */
Test(tpm_appraise, every_truncation_is_refused)
{
    simtpm_build(p);
    const size_t whole = p->len;
    for (size_t len = 0; len < whole; len++) {
        uint8_t *const exact = malloc(len + 1);
        cr_assert_not_null(exact);
        assay_bytes_copy(exact, len + 1, p->evidence, len);
        const struct assay_evidence_request request = { .kind = ASSAY_KIND_TPM,
                                                        .bytes = exact,
                                                        .len = len,
                                                        .at_unix_s = SIMTPM_NOW,
                                                        .endorsements = &p->endorsements,
                                                        .policy = &p->policy };
        cr_expect_neq(assay_evidence_verify(NULL, &request, &verdict), ASSAY_OK, "at %zu", len);
        cr_expect_neq(verdict.genuine, ASSAY_GENUINE_TRUE);
        free(exact);
    }
}

Test(tpm_appraise, parts_of_other_kinds_are_no_parts_of_it)
{
    struct assay_package package;
    static uint8_t bytes[SIMTPM_MAX];
    const struct assay_slice part = assay_slice_over("part", 4);
    simtpm_build(p);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(assay_package_read(ASSAY_KIND_TPM, p->evidence, p->len, &package), ASSAY_OK);
        if (i == 0) package.hardware = part;
        if (i == 1) package.activation = part;
        if (i == 2) package.quote = part;
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        assay_package_encode(&package, &w);
        const struct assay_evidence_request request = { .kind = ASSAY_KIND_TPM,
                                                        .bytes = bytes,
                                                        .len = w.len,
                                                        .at_unix_s = SIMTPM_NOW,
                                                        .endorsements = &p->endorsements,
                                                        .policy = &p->policy };
        cr_expect_eq(assay_evidence_verify(NULL, &request, &verdict), ASSAY_E_INVALID);
    }
}

/* Attributes and policy of the key are what its owner says of it: who certified it has looked. */
static bool is_said_by_the_owner(size_t byte)
{
    struct assay_package package;
    cr_assert_eq(assay_package_read(ASSAY_KIND_TPM, p->evidence, p->len, &package), ASSAY_OK);
    const size_t key = (size_t)(package.key.bytes - p->evidence);
    return byte >= key + 2 && byte < key + 12;
}

Test(tpm_appraise, every_flipped_bit_is_seen)
{
    simtpm_build(p);
    for (size_t i = 0; i < p->len; i++) {
        const bool free_to_say = is_said_by_the_owner(i);
        for (unsigned bit = 0; bit < 8; bit++) {
            p->evidence[i] ^= (uint8_t)(1u << bit);
            const enum assay_status status = simtpm_verify(p, &verdict);
            if (status != ASSAY_OK || !free_to_say)
                cr_expect_neq(verdict.genuine, ASSAY_GENUINE_TRUE, "byte %zu bit %u", i, bit);
            p->evidence[i] ^= (uint8_t)(1u << bit);
        }
    }
    cr_assert_eq(simtpm_verify(p, &verdict), ASSAY_OK);
    cr_expect_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
}
