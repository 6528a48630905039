/*
 * tests/unit/quote/intel/test_td.c - TDX quotes end to end under a test root: what no public
 * evidence shows (revoked levels and certificates, ConfigurationNeeded alone, modules of every
 * age).
 */
#include "tests/unit/quote/resign.h"
#include "tests/unit/quote/intel/td_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void expect(struct td_world *t, enum assay_tier tier, enum assay_genuine genuine,
                   enum assay_outcome outcome, int rule)
{
    const struct assay_verdict *const v = &t->world->verdict;
    cr_assert_eq(td_judge(t), ASSAY_OK);
    const char *const first = v->reason_count == 0 ? "-" : assay_rule_name(v->reasons[0].rule);
    cr_assert_eq(v->tier, tier, "tier %s, reason %s", assay_tier_text(v->tier), first);
    cr_assert_eq(v->genuine, genuine, "genuine %d, reason %s", v->genuine, first);
    cr_assert_eq(assay_verdict_outcome(v), outcome, "outcome %s",
                 assay_outcome_text(assay_verdict_outcome(v)));
    if (rule == 0) cr_assert_eq(v->reason_count, 0, "reason %s", first);
    else cr_assert_eq((int)v->reasons[0].rule, rule, "reason %s", first);
}

static void expect_affirming(struct td_world *t)
{
    expect(t, ASSAY_TIER_AFFIRMING, ASSAY_GENUINE_TRUE, ASSAY_OUTCOME_PASS_UP_TO_DATE, 0);
}

static void expect_forged(struct td_world *t, enum assay_rule rule)
{
    expect(t, ASSAY_TIER_CONTRAINDICATED, ASSAY_GENUINE_FALSE, ASSAY_OUTCOME_FAIL_HARD, (int)rule);
}

static void expect_unjudged(struct td_world *t, enum assay_rule rule)
{
    expect(t, ASSAY_TIER_NONE, ASSAY_GENUINE_UNKNOWN, ASSAY_OUTCOME_NONE, (int)rule);
}

static void expect_status(struct td_world *t, enum assay_tcb_status status)
{
    cr_assert_eq(td_judge(t), ASSAY_OK);
    cr_assert_eq(t->world->verdict.tcb_status, status, "%s, not %s",
                 assay_tcb_status_text(t->world->verdict.tcb_status),
                 assay_tcb_status_text(status));
    cr_assert_eq(t->world->verdict.genuine, ASSAY_GENUINE_TRUE);
}

static void expect_advisories(struct td_world *t, size_t count, const char *const *wanted)
{
    cr_assert_eq(t->world->verdict.advisory_count, count);
    for (size_t i = 0; i < count; i++)
        cr_assert_str_eq(t->world->verdict.advisories[i], wanted[i]);
}

Test(quote_td, affirms_a_good_quote_and_fills_every_field)
{
    struct td_world *const t = td_open();
    expect_affirming(t);
    const struct assay_verdict *const v = &t->world->verdict;
    cr_assert_eq(v->kind, t->kind);
    cr_assert(!v->insecure && !v->debug && v->has_claims && v->has_platform);
    cr_assert_arr_eq(v->report_data, t->td.report_data, 64);
    cr_assert_eq(v->measurement_len, 48);
    cr_assert_arr_eq(v->measurement, t->td.mrtd, 48);
    cr_assert(v->has_tcb_date && v->tcb_date_unix_s == WORLD_FROM + 86400);
    td_close(t);
}

Test(quote_td, belongs_to_its_root_kind_and_vendor)
{
    struct td_world *const t = td_open();
    t->world->endorsements.entries[0].kinds = ~ASSAY_KIND_BIT(t->kind);
    t->world->endorsements.exact = false;
    expect_forged(t, ASSAY_RULE_CHAIN_ROOT);
    t->world->endorsements.exact = true;
    t->world->endorsements.entries[0].kinds = ASSAY_KINDS_ALL;
    t->vendor[15] ^= 1;
    td_quote(t);
    expect_forged(t, ASSAY_RULE_QE_VENDOR);
    td_close(t);
}

/* Level and platform are compared in all components, the first two of TDX by the module's rule. */
Test(quote_td, needs_every_component_of_both_lists)
{
    struct td_world *const t = td_open();
    for (size_t i = 0; i < 16; i++) {
        t->terms.levels[0].sgx[i] = 6;
        td_publish(t);
        expect_status(t, ASSAY_TCB_NOT_SUPPORTED);
        t->terms.levels[0].sgx[i] = 5;
        t->terms.levels[0].tdx[i] = 6;
        td_publish(t);
        expect_status(t, i < 2 ? ASSAY_TCB_UP_TO_DATE : ASSAY_TCB_NOT_SUPPORTED);
        t->terms.levels[0].tdx[i] = i == 1 ? 0 : 5;
    }
    t->terms.levels[0].pcesvn = 6;
    td_publish(t);
    expect_status(t, ASSAY_TCB_NOT_SUPPORTED);
    td_close(t);
}

Test(quote_td, compares_the_first_two_components_for_module_version_0)
{
    struct td_world *const t = td_open();
    t->td.tee_tcb_svn[1] = 0;
    td_quote(t);
    expect_affirming(t);
    t->terms.levels[0].tdx[0] = 6;
    td_publish(t);
    expect_status(t, ASSAY_TCB_NOT_SUPPORTED);
    t->terms.levels[0].tdx[0] = 5;
    t->terms.levels[0].tdx[1] = 1;
    td_publish(t);
    expect_status(t, ASSAY_TCB_NOT_SUPPORTED);
    td_close(t);
}

Test(quote_td, takes_the_level_of_its_own_module)
{
    static const struct {
        uint8_t version, minor;
        enum assay_tcb_status status;
    } rows[] = {
        { 3, 5, ASSAY_TCB_UP_TO_DATE },    { 3, 9, ASSAY_TCB_UP_TO_DATE },
        { 3, 4, ASSAY_TCB_OUT_OF_DATE },   { 3, 2, ASSAY_TCB_OUT_OF_DATE },
        { 3, 1, ASSAY_TCB_REVOKED },       { 3, 0, ASSAY_TCB_NOT_SUPPORTED },
        { 1, 7, ASSAY_TCB_UP_TO_DATE },    { 1, 6, ASSAY_TCB_NOT_SUPPORTED },
        { 2, 9, ASSAY_TCB_NOT_SUPPORTED }, { 0x1f, 2, ASSAY_TCB_OUT_OF_DATE },
    };
    static const struct td_isv_level old[] = {
        { 5, ASSAY_TCB_UP_TO_DATE, WORLD_FROM, NULL },
        { 2, ASSAY_TCB_OUT_OF_DATE, WORLD_FROM, "INTEL-SA-00002" },
        { 1, ASSAY_TCB_REVOKED, WORLD_FROM, NULL },
    };
    struct td_world *const t = td_open();
    t->terms.module_count = 3;
    t->terms.modules[0].level_count = 3;
    for (size_t i = 0; i < 3; i++)
        t->terms.modules[0].levels[i] = old[i];
    t->terms.modules[1] = t->terms.modules[0];
    t->terms.modules[1].version = 1;
    t->terms.modules[1].level_count = 1;
    t->terms.modules[1].levels[0].isvsvn = 7;
    t->terms.modules[2] = t->terms.modules[0];
    t->terms.modules[2].version = 0x1f; /* TDX_1F: hexadecimal */
    td_publish(t);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        t->td.tee_tcb_svn[0] = rows[i].minor;
        t->td.tee_tcb_svn[1] = rows[i].version;
        td_quote(t);
        expect_status(t, rows[i].status);
    }
    td_close(t);
}

/* Intel's documents are sorted; one that is not says the same. */
Test(quote_td, takes_the_highest_level_whatever_the_order_of_the_document)
{
    static const unsigned orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                          { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    static const enum assay_tcb_status statuses[] = { ASSAY_TCB_UP_TO_DATE, ASSAY_TCB_OUT_OF_DATE,
                                                      ASSAY_TCB_REVOKED };
    for (unsigned have = 0; have < 3; have++) {
        struct assay_verdict first = { 0 };
        for (size_t o = 0; o < 6; o++) {
            struct td_world *const t = td_open();
            const struct td_level platform = t->terms.levels[0];
            const struct td_isv_level module = t->terms.modules[0].levels[0];
            t->terms.level_count = 3;
            t->terms.modules[0].level_count = 3;
            for (unsigned i = 0; i < 3; i++) {
                const unsigned rank = orders[o][i]; /* 0: the highest */
                struct td_level *const level = &t->terms.levels[i];
                *level = platform;
                level->tdx[5] = (uint8_t)(level->tdx[5] - rank);
                level->status = statuses[rank];
                level->date_unix_s = WORLD_FROM - (int64_t)rank;
                t->terms.modules[0].levels[i] = module;
                t->terms.modules[0].levels[i].isvsvn = (uint16_t)(module.isvsvn - rank);
                t->terms.modules[0].levels[i].status = statuses[rank];
            }
            td_publish(t);
            t->td.tee_tcb_svn[5] = (uint8_t)(t->td.tee_tcb_svn[5] - have);
            td_quote(t);
            expect_status(t, statuses[have]);
            if (o == 0) first = t->world->verdict;
            cr_expect_eq(t->world->verdict.tcb_date_unix_s, first.tcb_date_unix_s);
            cr_expect_eq(t->world->verdict.tier, first.tier);
            cr_expect_eq(t->world->verdict.reason_count, first.reason_count);
            /* The module alone. */
            t->td.tee_tcb_svn[5] = (uint8_t)(t->td.tee_tcb_svn[5] + have);
            t->td.tee_tcb_svn[0] = (uint8_t)(t->td.tee_tcb_svn[0] - have);
            td_quote(t);
            expect_status(t, statuses[have]);
            td_close(t);
        }
    }
}

Test(quote_td, refuses_the_module_of_another_signer_and_seam_attributes)
{
    struct td_world *const t = td_open();
    static const uint8_t versions[] = { 0, 3 };
    for (size_t i = 0; i < 2; i++) {
        t->td.tee_tcb_svn[1] = versions[i];
        t->td.mrsignerseam[47] = 1;
        td_quote(t);
        expect_forged(t, ASSAY_RULE_MODULE_IDENTITY);
        t->td.mrsignerseam[47] = 0;
        t->td.seam_attributes[7] = 0x80;
        td_quote(t);
        expect_forged(t, ASSAY_RULE_MODULE_IDENTITY);
        t->td.seam_attributes[7] = 0;
        td_quote(t);
        expect_affirming(t);
    }
    td_close(t);
}

/* Every pair of platform and lower part, through QE and module alike (evidence-rules.md 2.12). */
Test(quote_td, converges_platform_module_and_quoting_enclave)
{
    static const enum assay_tcb_status platform[] = {
        ASSAY_TCB_UP_TO_DATE,
        ASSAY_TCB_SW_HARDENING_NEEDED,
        ASSAY_TCB_CONFIGURATION_NEEDED,
        ASSAY_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED,
        ASSAY_TCB_OUT_OF_DATE,
        ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
        ASSAY_TCB_REVOKED,
    };
    static const enum assay_tcb_status with_old[] = {
        ASSAY_TCB_OUT_OF_DATE,
        ASSAY_TCB_OUT_OF_DATE,
        ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
        ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
        ASSAY_TCB_OUT_OF_DATE,
        ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
        ASSAY_TCB_REVOKED,
    };
    struct td_world *const t = td_open();
    struct td_isv_level *const parts[] = { &t->terms.modules[0].levels[0], &t->terms.qe_levels[0] };
    for (size_t i = 0; i < sizeof platform / sizeof platform[0]; i++) {
        t->terms.levels[0].status = platform[i];
        td_publish(t);
        expect_status(t, platform[i]);
        for (size_t k = 0; k < 2; k++) {
            parts[k]->status = ASSAY_TCB_OUT_OF_DATE;
            td_publish(t);
            expect_status(t, with_old[i]);
            parts[k]->status = ASSAY_TCB_REVOKED;
            td_publish(t);
            expect_status(t, ASSAY_TCB_REVOKED);
            parts[k]->status = ASSAY_TCB_UP_TO_DATE;
        }
    }
    td_close(t);
}

Test(quote_td, unites_the_advisories_and_takes_the_oldest_date)
{
    static const char *const all[] = { "INTEL-SA-00001", "INTEL-SA-00002", "INTEL-SA-00003" };
    struct td_world *const t = td_open();
    int64_t *const dates[] = { &t->terms.levels[0].date_unix_s,
                               &t->terms.modules[0].levels[0].date_unix_s,
                               &t->terms.qe_levels[0].date_unix_s };
    t->terms.levels[0].advisory = all[2];
    t->terms.modules[0].levels[0].advisory = all[0];
    t->terms.qe_levels[0].advisory = all[1];
    for (size_t i = 0; i < 3; i++) {
        *dates[i] = WORLD_FROM - 100;
        td_publish(t);
        expect_affirming(t);
        expect_advisories(t, 3, all);
        cr_assert_eq(t->world->verdict.tcb_date_unix_s, WORLD_FROM - 100, "part %zu", i);
        *dates[i] = WORLD_FROM + 100;
    }
    td_close(t);
}

Test(quote_td, has_no_level_for_a_quoting_enclave_that_is_too_old)
{
    struct td_world *const t = td_open();
    t->terms.qe_levels[0].isvsvn = 6;
    td_publish(t);
    expect_status(t, ASSAY_TCB_NOT_SUPPORTED);
    t->terms.qe_level_count = 2;
    t->terms.qe_levels[1] =
        (struct td_isv_level){ 5, ASSAY_TCB_OUT_OF_DATE, WORLD_FROM, "INTEL-SA-00009" };
    td_publish(t);
    expect_status(t, ASSAY_TCB_OUT_OF_DATE);
    td_close(t);
}

/* evidence-rules.md 2.7: an array that is cut short must not compare less. */
Test(quote_td, refuses_collateral_without_sixteen_components)
{
    struct td_world *const t = td_open();
    static const unsigned counts[] = { 0, 15 };
    for (size_t i = 0; i < 2; i++) {
        t->terms.sgx_components = counts[i];
        td_publish(t);
        expect_unjudged(t, ASSAY_RULE_COLLATERAL_FORMAT);
        t->terms.sgx_components = 16;
        t->terms.tdx_components = counts[i];
        td_publish(t);
        expect_unjudged(t, ASSAY_RULE_COLLATERAL_FORMAT);
        t->terms.tdx_components = 16;
    }
    td_publish(t);
    expect_affirming(t);
    td_close(t);
}

Test(quote_td, refuses_collateral_about_another_tee)
{
    struct td_world *const t = td_open();
    t->terms.qe_id = "QE";
    td_publish(t);
    expect_forged(t, ASSAY_RULE_QE_IDENTITY_ID);
    t->terms.qe_id = "TD_QE";
    world_publish(t->world); /* SOFT's own: TEE SGX */
    cr_assert_eq(td_judge(t), ASSAY_OK);
    cr_assert(assay_verdict_has(&t->world->verdict, ASSAY_RULE_TCB_INFO_ID));
    cr_assert(assay_verdict_has(&t->world->verdict, ASSAY_RULE_QE_IDENTITY_ID));
    cr_assert_eq(t->world->verdict.genuine, ASSAY_GENUINE_FALSE);
    td_close(t);
}

Test(quote_td, refuses_revoked_certificates)
{
    struct td_world *const t = td_open();
    struct assay_soft_terms *const terms = &t->world->terms;
    terms->revoked_count = 1;
    assay_bytes_copy(terms->revoked[0], ASSAY_SERIAL_LEN, t->world->node.pck_serial,
                     ASSAY_SERIAL_LEN);
    td_publish(t);
    expect_forged(t, ASSAY_RULE_CERT_REVOKED);
    terms->revoked[0][19] ^= 1;
    td_publish(t);
    expect_affirming(t);
    terms->revoke_platform_ca = true;
    td_publish(t);
    expect_forged(t, ASSAY_RULE_CERT_REVOKED);
    td_close(t);
}

Test(quote_td, refuses_debug_in_a_quote_that_is_signed)
{
    struct td_world *const t = td_open();
    t->td.td_attributes[0] = 0x01;
    td_quote(t);
    expect(t, ASSAY_TIER_CONTRAINDICATED, ASSAY_GENUINE_TRUE, ASSAY_OUTCOME_FAIL_HARD,
           ASSAY_RULE_DEBUG);
    td_close(t);
}

/* Certification data that names a platform without proving it (evidence-rules.md 2.3). */
Test(quote_td, takes_a_chain_in_certification_data_of_type_6_and_nothing_else)
{
    struct td_world *const t = td_open();
    static const uint8_t zeros[404];
    for (uint16_t type = 1; type <= 4; type++) {
        t->cert_type = type;
        t->cert_data = assay_slice_over(zeros, sizeof zeros);
        td_quote(t);
        expect_unjudged(t, ASSAY_RULE_CERT_TYPE);
        t->cert_data = assay_slice_over(t->world->node.chain, t->world->node.chain_len);
        td_quote(t);
        cr_assert_eq(td_judge(t), type == 3 ? ASSAY_E_INVALID : ASSAY_OK);
        cr_assert_neq(t->world->verdict.tier, ASSAY_TIER_AFFIRMING, "type %u", type);
    }
    static const uint16_t unknown[] = { 0, 6, 7, 0xffff };
    for (size_t i = 0; i < 4; i++) {
        t->cert_type = unknown[i];
        td_quote(t);
        cr_assert_eq(td_judge(t), ASSAY_E_UNSUPPORTED, "type %u", unknown[i]);
    }
    t->cert_type = ASSAY_CERT_TYPE_PCK_CHAIN;
    for (uint16_t outer = 0; outer <= 7; outer++) {
        t->outer_type = outer;
        td_quote(t);
        cr_assert_eq(td_judge(t), outer == 6 ? ASSAY_OK : ASSAY_E_UNSUPPORTED, "type %u", outer);
    }
    td_close(t);
}

/* Lengths nest: nothing may stand between the end of one and the end of the one around it. */
Test(quote_td, refuses_bytes_between_the_ends_of_its_lengths)
{
    struct td_world *const t = td_open();
    const size_t outer = td_signed_len(t);
    const size_t nested = outer + 4 + 64 + 64 + 2;
    t->quote[t->quote_len] = 0;
    t->quote_len += 1;
    cr_assert_eq(td_judge(t), ASSAY_E_TRAILING); /* after the signature data */
    t->quote[outer] += 1;                        /* in it, after the nested data */
    cr_assert_neq(t->quote[outer], 0);
    cr_assert_eq(td_judge(t), ASSAY_E_TRAILING);
    t->quote[nested] += 1; /* in the nested data, after the certificates */
    cr_assert_neq(t->quote[nested], 0);
    cr_assert_eq(td_judge(t), ASSAY_E_TRAILING);
    t->quote[nested] += 1; /* the nested data is longer than what is around it */
    cr_assert_eq(td_judge(t), ASSAY_E_TRUNCATED);
    td_close(t);
}

Test(quote_td, notices_every_flipped_bit_of_what_is_signed)
{
    struct td_world *const t = td_open();
    const size_t len = td_signed_len(t);
    for (size_t i = 0; i < len; i += 3) {
        t->quote[i] ^= 0x10;
        const enum assay_status status = td_judge(t);
        cr_assert(status != ASSAY_OK || t->world->verdict.genuine == ASSAY_GENUINE_FALSE,
                  "byte %zu", i);
        cr_assert_eq(t->world->verdict.tier == ASSAY_TIER_AFFIRMING, false, "byte %zu", i);
        t->quote[i] ^= 0x10;
    }
    expect_affirming(t);
    td_close(t);
}

Test(quote_td, holds_the_minimum_of_every_component)
{
    struct td_world *const t = td_open();
    for (size_t i = 0; i < 16; i++) {
        t->world->policy.tee_tcb_svn_min[i] = t->td.tee_tcb_svn[i];
        expect_affirming(t);
        t->world->policy.tee_tcb_svn_min[i] += 1;
        expect(t, ASSAY_TIER_CONTRAINDICATED, ASSAY_GENUINE_TRUE, ASSAY_OUTCOME_FAIL_SOFT,
               ASSAY_RULE_SVN_MINIMUM);
        t->world->policy.tee_tcb_svn_min[i] = 0;
    }
    td_close(t);
}

Test(quote_td, judges_nothing_outside_the_windows)
{
    struct td_world *const t = td_open();
    t->world->terms.issue_unix_s = WORLD_AT + 1;
    td_publish(t);
    expect_unjudged(t, ASSAY_RULE_COLLATERAL_EARLY);
    t->world->terms.issue_unix_s = WORLD_FROM;
    t->world->terms.next_unix_s = WORLD_AT - 1;
    td_publish(t);
    expect_unjudged(t, ASSAY_RULE_COLLATERAL_EXPIRED);
    td_close(t);
}

Test(quote_td, warns_of_a_platform_that_needs_configuration_alone)
{
    struct td_world *const t = td_open();
    t->terms.levels[0].status = ASSAY_TCB_CONFIGURATION_NEEDED;
    td_publish(t);
    expect(t, ASSAY_TIER_WARNING, ASSAY_GENUINE_TRUE, ASSAY_OUTCOME_PASS_NEEDS_HARDENING,
           ASSAY_RULE_TCB_WARNING);
    cr_assert_eq(t->world->verdict.tcb_status, ASSAY_TCB_CONFIGURATION_NEEDED);
    t->terms.levels[0].status = ASSAY_TCB_REVOKED;
    td_publish(t);
    expect(t, ASSAY_TIER_CONTRAINDICATED, ASSAY_GENUINE_TRUE, ASSAY_OUTCOME_FAIL_HARD,
           ASSAY_RULE_TCB_REVOKED);
    td_close(t);
}

/* evidence-rules.md 1.4: the lists of two authorities get mixed up. */
Test(quote_td, refuses_the_list_of_another_ca)
{
    struct td_world *const t = td_open();
    struct assay_slice *const part = t->world->bundle.files.part;
    part[ASSAY_PART_PCK_CRL] = part[ASSAY_PART_ROOT_CRL];
    world_build(t->world);
    expect_forged(t, ASSAY_RULE_CRL_ISSUER);
    td_close(t);
}

static const struct patch signs_lists_only = {
    "keyUsage cRLSign", { 0x03, 0x02, 0x01, 0x06 }, { 0x03, 0x02, 0x01, 0x02 }, 4
};
/* The last two bytes of an extension: BOOLEAN TRUE of the CA, pathLenConstraint 0. */
static const struct patch is_no_ca = {
    "cA", { 0x30, 0x06, 0x01, 0x01, 0xff, 0x02 }, { 0x30, 0x06, 0x01, 0x01, 0x00, 0x02 }, 6
};

static void expect_no_ca(const struct patch *patch)
{
    struct td_world *const t = td_open();
    struct assay_soft_ca *const ca = &t->world->ca;
    struct assay_soft_platform platform = { .pcesvn = 5, .qe_isvsvn = 5 };
    memset(platform.components, 5, 16);
    resign_patched(ca->platform_der, &ca->platform_der_len, patch, &ca->root_key);
    t->world->bundle.files.part[ASSAY_PART_PCK_CHAIN] = assay_slice_over(NULL, 0);
    world_build(t->world);
    td_move(t, &platform);
    cr_assert_eq(td_judge(t), ASSAY_OK);
    cr_assert_eq(t->world->verdict.genuine, ASSAY_GENUINE_FALSE, "%s", patch->what);
    cr_assert_neq(t->world->verdict.tier, ASSAY_TIER_AFFIRMING);
    td_close(t);
}

Test(quote_td, refuses_an_intermediate_that_is_no_ca)
{
    expect_no_ca(&signs_lists_only);
    expect_no_ca(&is_no_ca);
}
