/*
 * tests/unit/quote/snp/test_vectors.c - genuine reports of Milan and Genoa, VCEK and VLEK, and the
 * two that carry somebody else's certificate: every link as the manifest says.
 */
#include "tests/support/depth.h"
#include "tests/unit/quote/snp/vectors.h"

#include "apps/assay/evidence/claims.h"
#include "quote/verify.h"
#include "tests/unit/quote/world.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPORT = 0, VEK = 1, ASK = 2, ARK = 4 }; /* bits of a package's certificates */

static const char *state_of(const struct snp_case *c, enum assay_proof proof)
{
    switch ((enum assay_proof_state)c->verdict.proofs[proof]) {
    case ASSAY_PROOF_TRUE: return "true";
    case ASSAY_PROOF_FALSE: return "false";
    case ASSAY_PROOF_NOT_USED:
    case ASSAY_PROOF_UNKNOWN: return "null";
    }
    return "?";
}

static void expect_link(const struct snp_case *c, const char *id, const struct assay_json *expected,
                        enum assay_proof proof)
{
    const struct assay_json *const wanted =
        assay_json_get(expected, assay_verdict_proof_name(proof));
    cr_assert_not_null(wanted, "%s", id);
    char *const text = assay_json_print(wanted, 0);
    cr_expect_str_eq(state_of(c, proof), text, "%s: %s is %s", id, assay_verdict_proof_name(proof),
                     state_of(c, proof));
    free(text);
}

Test(snp_vectors, prove_every_link_as_expected)
{
    struct assay_json *manifest = snp_manifest();
    const struct assay_json *const cases = assay_json_get(manifest, "cases");
    size_t good = 0;
    size_t bad = 0;
    for (size_t i = 0; i < assay_json_count(cases); i++) {
        const struct assay_json *const item = assay_json_at(cases, i);
        const struct assay_json *const expected = assay_json_get(item, "expected");
        const char *const id = assay_json_text(item, "id", "?");
        if (!snp_is_case(item)) continue;
        struct snp_case *const c = snp_case_open(item);
        cr_assert_eq(snp_case_judge(c), ASSAY_OK, "%s", id);
        expect_link(c, id, expected, ASSAY_PROOF_REPORT_SIGNATURE);
        expect_link(c, id, expected, ASSAY_PROOF_CHAIN);
        expect_link(c, id, expected, ASSAY_PROOF_VEK_TCB);
        expect_link(c, id, expected, ASSAY_PROOF_CHIP_ID);
        const bool valid = assay_json_bool(expected, "crypto_and_chain_valid", false);
        cr_expect_eq(c->verdict.genuine, valid ? ASSAY_GENUINE_TRUE : ASSAY_GENUINE_FALSE, "%s: %s",
                     id, assay_rule_name(c->verdict.reasons[0].rule));
        cr_expect_eq(c->verdict.tcb_status, ASSAY_TCB_NONE, "%s", id);
        if (valid) good += 1;
        else bad += 1;
        snp_case_close(c);
    }
    cr_assert_geq(good, 6);
    cr_assert_geq(bad, 2);
    assay_json_free(&manifest);
}

/* Every member that the claims are expected to have, with this very value and type. */
static size_t expect_members(const char *id, const struct assay_json *claims,
                             const struct assay_json *expected)
{
    static const char *const not_claims[] = {
        "crypto_and_chain_valid",  "must_reject", "measurements",
        "report_signature_ok",     "chain_ok",    "vek_tcb_matches_reported_tcb",
        "chip_id_matches_vek_hwid"
    };
    const char *name = NULL;
    const struct assay_json *value = NULL;
    size_t compared = 0;
    for (size_t i = 0; assay_json_member(expected, i, &name, &value); i++) {
        bool skip = false;
        for (size_t k = 0; k < sizeof not_claims / sizeof not_claims[0]; k++)
            skip = skip || strcmp(name, not_claims[k]) == 0;
        if (skip) continue;
        const struct assay_json *const found = assay_json_get(claims, name);
        cr_assert_not_null(found, "%s: no claim %s", id, name);
        char *const a = assay_json_print(value, 0);
        char *const b = assay_json_print(found, 0);
        cr_expect_str_eq(a, b, "%s: %s is %s, not %s", id, name, b, a);
        free(a);
        free(b);
        compared += 1;
    }
    return compared;
}

Test(snp_vectors, have_exactly_the_expected_claims)
{
    struct assay_json *manifest = snp_manifest();
    const struct assay_json *const cases = assay_json_get(manifest, "cases");
    for (size_t i = 0; i < assay_json_count(cases); i++) {
        const struct assay_json *const item = assay_json_at(cases, i);
        const struct assay_json *const expected = assay_json_get(item, "expected");
        const char *const id = assay_json_text(item, "id", "?");
        if (!snp_is_case(item)) continue;
        struct snp_case *const c = snp_case_open(item);
        struct assay_json *claims = NULL;
        cr_assert_eq(cli_claims_of(ASSAY_KIND_SNP, c->package, c->package_len, &claims), ASSAY_OK);
        const size_t compared =
            expect_members(id, claims, expected) +
            expect_members(id, claims, assay_json_get(expected, "measurements"));
        cr_assert_geq(compared, 27, "%s: %zu", id, compared);
        assay_json_free(&claims);
        snp_case_close(c);
    }
    assay_json_free(&manifest);
}

/* Reports from below a paravisor: their ASK is not beside them. */
Test(snp_vectors, of_paravisors_prove_all_but_their_chain)
{
    static const struct {
        const char *folder, *vek, *like;
    } cases[] = {
        { "tpm/paravisor-snp-milan", "vcek.der", "milan-v3" },
        { "tpm/paravisor-snp-genoa", "vcek.pem", "genoa-v3-paravisor" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[PATH_MAX];
        struct snp_case *const c = snp_case_find(cases[i].like);
        free(c->report);
        free(c->pieces[0]);
        (void)snprintf(path, sizeof path, "%s/%s/snp_report.bin", vectors_dir(), cases[i].folder);
        c->report = read_file(path, &c->report_len);
        (void)snprintf(path, sizeof path, "%s/%s/%s", vectors_dir(), cases[i].folder, cases[i].vek);
        c->pieces[0] = read_file(path, &c->pieces_len[0]);
        cr_assert(c->report != NULL && c->pieces[0] != NULL, "%s", path);
        c->at_unix_s = 1745000000; /* 2025-04-18 */
        snp_case_pack(c, VEK);
        cr_assert_eq(snp_case_judge(c), ASSAY_OK);
        cr_expect_str_eq(state_of(c, ASSAY_PROOF_REPORT_SIGNATURE), "true");
        cr_expect_str_eq(state_of(c, ASSAY_PROOF_CHAIN), "null");
        cr_expect_str_eq(state_of(c, ASSAY_PROOF_VEK_TCB), "true");
        cr_expect_str_eq(state_of(c, ASSAY_PROOF_CHIP_ID), "true");
        cr_expect_eq(c->verdict.genuine, ASSAY_GENUINE_UNKNOWN);
        snp_case_pack(c, VEK | ASK); /* the ASK of the product's other reports */
        cr_assert_eq(snp_case_judge(c), ASSAY_OK);
        cr_expect_eq(c->verdict.genuine, ASSAY_GENUINE_TRUE, "%s: %s", cases[i].folder,
                     assay_rule_name(c->verdict.reasons[0].rule));
        snp_case_close(c);
    }
}

Test(snp_vectors, are_a_warning_without_a_revocation_list)
{
    struct snp_case *const c = snp_case_find("milan-v3");
    cr_assert_eq(snp_case_judge(c), ASSAY_OK);
    cr_assert_eq(c->verdict.tier, ASSAY_TIER_WARNING);
    cr_assert_eq(c->verdict.reason_count, 1);
    cr_assert_eq(c->verdict.reasons[0].rule, ASSAY_RULE_REVOCATION_UNKNOWN);
    cr_assert(c->verdict.has_platform);
    cr_assert_not(c->verdict.platform_masked);
    cr_assert(c->verdict.has_expiry);

    c->policy.platform.require_crl = true;
    cr_assert_eq(snp_case_judge(c), ASSAY_OK);
    cr_assert_eq(c->verdict.tier, ASSAY_TIER_NONE);
    cr_assert_eq(c->verdict.genuine, ASSAY_GENUINE_UNKNOWN);
    cr_assert_eq(c->verdict.reasons[0].rule, ASSAY_RULE_COLLATERAL_MISSING);
    snp_case_close(c);
}

Test(snp_vectors, with_debug_allowed_are_refused)
{
    struct snp_case *const c = snp_case_find("milan-v2-b");
    cr_assert_eq(snp_case_judge(c), ASSAY_OK);
    cr_assert(c->verdict.debug);
    cr_assert_eq(c->verdict.genuine, ASSAY_GENUINE_TRUE);
    cr_assert_eq(c->verdict.tier, ASSAY_TIER_CONTRAINDICATED);
    cr_assert(assay_verdict_has(&c->verdict, ASSAY_RULE_DEBUG));
    snp_case_close(c);
}

Test(snp_vectors, of_a_vlek_name_no_platform_and_note_the_vmpl)
{
    struct snp_case *const c = snp_case_find("milan-v3-vlek-vmpl1");
    cr_assert_eq(snp_case_judge(c), ASSAY_OK);
    cr_assert(c->verdict.has_platform);
    cr_assert(c->verdict.platform_masked);
    cr_assert(assay_verdict_has(&c->verdict, ASSAY_RULE_VMPL_NOTE));
    cr_assert_eq(c->verdict.tier, ASSAY_TIER_WARNING);

    c->policy.platform.vmpl_max = 0;
    cr_assert_eq(snp_case_judge(c), ASSAY_OK);
    cr_assert(assay_verdict_has(&c->verdict, ASSAY_RULE_VMPL));
    cr_assert_eq(c->verdict.tier, ASSAY_TIER_CONTRAINDICATED);
    snp_case_close(c);
}

Test(snp_vectors, without_a_certificate_lack_what_it_proves)
{
    static const struct {
        unsigned mask;
        const char *signature, *chain, *tcb, *chip;
        enum assay_rule rule;
    } cases[] = {
        { REPORT, "null", "null", "null", "null", ASSAY_RULE_KEY_MISSING },
        { ASK | ARK, "null", "null", "null", "null", ASSAY_RULE_KEY_MISSING },
        { VEK, "true", "null", "true", "true", ASSAY_RULE_CHAIN_MISSING },
        { VEK | ARK, "true", "null", "true", "true", ASSAY_RULE_CHAIN_MISSING },
    };
    struct snp_case *const c = snp_case_find("milan-v3");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snp_case_pack(c, cases[i].mask);
        cr_assert_eq(snp_case_judge(c), ASSAY_OK);
        cr_expect_str_eq(state_of(c, ASSAY_PROOF_REPORT_SIGNATURE), cases[i].signature);
        cr_expect_str_eq(state_of(c, ASSAY_PROOF_CHAIN), cases[i].chain);
        cr_expect_str_eq(state_of(c, ASSAY_PROOF_VEK_TCB), cases[i].tcb);
        cr_expect_str_eq(state_of(c, ASSAY_PROOF_CHIP_ID), cases[i].chip);
        cr_expect_eq(c->verdict.genuine, ASSAY_GENUINE_UNKNOWN);
        cr_expect_eq(c->verdict.tier, ASSAY_TIER_NONE);
        cr_expect_eq(c->verdict.reasons[0].rule, cases[i].rule);
    }
    snp_case_close(c);
}

Test(snp_vectors, need_no_certificate_of_the_root)
{
    struct snp_case *const c = snp_case_find("genoa-v3-paravisor");
    snp_case_pack(c, VEK | ASK);
    cr_assert_eq(snp_case_judge(c), ASSAY_OK);
    cr_assert_eq(c->verdict.genuine, ASSAY_GENUINE_TRUE);
    cr_assert_str_eq(state_of(c, ASSAY_PROOF_CHAIN), "true");
    snp_case_close(c);
}

Test(snp_vectors, fall_under_another_products_root)
{
    struct snp_case *const milan = snp_case_find("milan-v3");
    struct snp_case *const genoa = snp_case_find("genoa-v3-paravisor");
    genoa->endorsements.entries[0].root = milan->endorsements.entries[0].root;
    cr_assert_eq(snp_case_judge(genoa), ASSAY_OK);
    cr_assert_eq(genoa->verdict.genuine, ASSAY_GENUINE_FALSE);
    cr_assert_eq(genoa->verdict.reasons[0].rule, ASSAY_RULE_CHAIN_ROOT);
    cr_assert_not(genoa->verdict.has_platform);
    snp_case_close(milan);
    snp_case_close(genoa);
}

/* Of several pinned roots the one that fits is found, wherever it stands. */
Test(snp_vectors, find_their_root_among_several)
{
    struct snp_case *const milan = snp_case_find("milan-v3");
    struct snp_case *const genoa = snp_case_find("genoa-v3-paravisor");
    struct assay_endorsement *const entries = milan->endorsements.entries;
    entries[1] = entries[0];
    entries[0] = genoa->endorsements.entries[0];
    milan->endorsements.count = 2;
    cr_assert_eq(snp_case_judge(milan), ASSAY_OK);
    cr_assert_eq(milan->verdict.genuine, ASSAY_GENUINE_TRUE);
    entries[1].kinds = ASSAY_KIND_BIT(ASSAY_KIND_NITRO);
    cr_assert_eq(snp_case_judge(milan), ASSAY_OK);
    cr_assert_eq(milan->verdict.reasons[0].rule, ASSAY_RULE_CHAIN_ROOT);
    snp_case_close(milan);
    snp_case_close(genoa);
}

Test(snp_vectors, are_judged_by_the_time_of_their_certificates)
{
    struct snp_case *const c = snp_case_find("milan-v3-vlek-vmpl1");
    c->at_unix_s += 365 * 86400; /* a VLEK's certificate lasts a year */
    cr_assert_eq(snp_case_judge(c), ASSAY_OK);
    cr_assert_eq(c->verdict.genuine, ASSAY_GENUINE_UNKNOWN);
    cr_assert_eq(c->verdict.reasons[0].rule, ASSAY_RULE_CERT_TIME);
    snp_case_close(c);
}

/* Signed bytes break the signature; those after them are padding that must be zero. */
Test(snp_vectors, lose_genuineness_with_any_bit)
{
    enum { ENTRIES = 64 };
    struct snp_case *const c = snp_case_find("milan-v3");
    const size_t size = assay_verifier_size(ENTRIES);
    void *const memory = malloc(size);
    cr_assert_eq(assay_verifier_init(memory, size, ENTRIES, &c->verifier), ASSAY_OK);
    for (size_t bit = 0; bit < 8 * c->report_len; bit += test_every(5)) {
        c->report[bit / 8] ^= (uint8_t)(1u << bit % 8);
        snp_case_pack(c, VEK | ASK);
        const enum assay_status status = snp_case_judge(c);
        cr_assert(status == ASSAY_OK || status == ASSAY_E_UNSUPPORTED || status == ASSAY_E_ENCODING,
                  "bit %zu: %s", bit, assay_status_text(status));
        cr_assert_neq(c->verdict.genuine, ASSAY_GENUINE_TRUE, "bit %zu", bit);
        if (status == ASSAY_OK)
            cr_assert_eq(c->verdict.genuine, ASSAY_GENUINE_FALSE, "bit %zu", bit);
        c->report[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assay_verifier_deinit(&c->verifier);
    free(memory);
    snp_case_close(c);
}

/* Verdicts from memory are those without it, also when the next report is a different one. */
Test(snp_vectors, warm_and_cold_are_the_same)
{
    enum { ENTRIES = 4 };
    struct assay_json *manifest = snp_manifest();
    const struct assay_json *const cases = assay_json_get(manifest, "cases");
    struct assay_verifier *verifier = NULL;
    const size_t size = assay_verifier_size(ENTRIES);
    void *const memory = malloc(size);
    cr_assert_eq(assay_verifier_init(memory, size, ENTRIES, &verifier), ASSAY_OK);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < assay_json_count(cases); i++) {
            const struct assay_json *const item = assay_json_at(cases, i);
            if (!snp_is_case(item)) continue;
            struct snp_case *const c = snp_case_open(item);
            cr_assert_eq(snp_case_judge(c), ASSAY_OK);
            const struct assay_verdict cold = c->verdict;
            c->verifier = verifier;
            cr_assert_eq(snp_case_judge(c), ASSAY_OK);
            cr_assert_arr_eq(&cold, &c->verdict, sizeof cold);
            cr_assert_eq(snp_case_judge(c), ASSAY_OK);
            cr_assert_arr_eq(&cold, &c->verdict, sizeof cold);
            snp_case_close(c);
        }
    }
    struct assay_verifier_counts counts;
    assay_verifier_count(verifier, &counts);
    cr_assert_gt(counts.hits, 0);
    assay_verifier_deinit(&verifier);
    free(memory);
    assay_json_free(&manifest);
}
