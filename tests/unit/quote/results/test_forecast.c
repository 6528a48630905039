/*
 * tests/unit/quote/results/test_forecast.c - tests of forecasts: exactly the gaps to a level.
 */
#include "quote/result/forecast.h"

#include "quote/collateral/collateral.h"
#include "quote/package.h"
#include "quote/verify.h"
#include "tests/unit/quote/intel/td_world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Levels 0 (highest) to 3, each one lower in every number; platforms stand somewhere on them. */
static struct assay_tcb_info info;
static struct assay_qe_identity qe;
static struct assay_pck pck;
static struct assay_tcb_platform platform;
static struct assay_forecast forecast;

static const enum assay_tcb_status ladder[4] = {
    ASSAY_TCB_UP_TO_DATE,
    ASSAY_TCB_SW_HARDENING_NEEDED,
    ASSAY_TCB_OUT_OF_DATE,
    ASSAY_TCB_REVOKED,
};

static void set_up(void)
{
    assay_bytes_zero(&info, sizeof info);
    assay_bytes_zero(&qe, sizeof qe);
    assay_bytes_zero(&pck, sizeof pck);
    info.tee = ASSAY_TEE_TDX;
    info.level_count = 4;
    qe.level_count = 4;
    info.module_count = 1;
    info.modules[0].version = 3;
    info.modules[0].level_count = 4;
    for (uint8_t i = 0; i < 4; i++) {
        for (size_t k = 0; k < ASSAY_TCB_COMPONENTS; k++) {
            info.levels[i].sgx[k] = (uint8_t)(20 - i);
            info.levels[i].tdx[k] = (uint8_t)(30 - i);
        }
        info.levels[i].pcesvn = (uint16_t)(13 - i);
        info.levels[i].status = ladder[i];
        info.levels[i].date_unix_s = 1000 - i;
        qe.levels[i] = (struct assay_isv_level){ .isvsvn = (uint16_t)(8 - i), .status = ladder[i] };
        info.modules[0].levels[i] =
            (struct assay_isv_level){ .isvsvn = (uint16_t)(7 - i), .status = ladder[i] };
    }
    platform = (struct assay_tcb_platform){ .pck = &pck, .qe_isvsvn = 8, .is_tdx = true };
    pck.pcesvn = 13;
    for (size_t k = 0; k < ASSAY_TCB_COMPONENTS; k++) {
        pck.components[k] = 20;
        platform.tee_tcb_svn[k] = 30;
    }
    platform.tee_tcb_svn[0] = 7;
    platform.tee_tcb_svn[1] = 3;
}

TestSuite(quote_forecast, .init = set_up);

static void make(enum assay_forecast_aim aim)
{
    assay_forecast_make(&info, &qe, &platform, aim, &forecast);
}

Test(quote_forecast, a_platform_at_the_top_lacks_nothing)
{
    make(ASSAY_AIM_BEST);
    cr_assert_eq(forecast.gap_count, 0);
    cr_assert_eq(forecast.result.status, ASSAY_TCB_UP_TO_DATE);
    cr_assert(forecast.platform.reached);
    cr_assert_not(forecast.platform.has_better);
    cr_assert_not(forecast.qe.has_better);
    cr_assert(forecast.has_module);
    cr_assert_not(forecast.module.has_better);
}

static void expect_gap(enum assay_svn_part part, unsigned component, unsigned have, unsigned need)
{
    cr_assert_eq(forecast.gap_count, 1, "%u gaps", forecast.gap_count);
    cr_assert_eq(forecast.gaps[0].part, part);
    cr_assert_eq(forecast.gaps[0].component, component);
    cr_assert_eq(forecast.gaps[0].have, have);
    cr_assert_eq(forecast.gaps[0].need, need);
}

Test(quote_forecast, names_each_number_that_is_short_and_no_other)
{
    for (unsigned k = 0; k < ASSAY_TCB_COMPONENTS; k++) {
        set_up();
        pck.components[k] = 18;
        make(ASSAY_AIM_BEST);
        expect_gap(ASSAY_SVN_SGX, k + 1, 18, 20);
        make(ASSAY_AIM_NEXT);
        expect_gap(ASSAY_SVN_SGX, k + 1, 18, 19);
        cr_assert_eq(forecast.platform.status, ASSAY_TCB_OUT_OF_DATE);
        cr_assert_eq(forecast.platform.better_status, ASSAY_TCB_SW_HARDENING_NEEDED);
        cr_assert_eq(forecast.platform.better_date_unix_s, 999);
    }
    for (unsigned k = 2; k < ASSAY_TCB_COMPONENTS; k++) {
        set_up();
        platform.tee_tcb_svn[k] = 29;
        make(ASSAY_AIM_BEST);
        expect_gap(ASSAY_SVN_TDX, k + 1, 29, 30);
    }
    set_up();
    pck.pcesvn = 11;
    make(ASSAY_AIM_BEST);
    expect_gap(ASSAY_SVN_PCE, 0, 11, 13);
    set_up();
    platform.qe_isvsvn = 6;
    make(ASSAY_AIM_NEXT);
    expect_gap(ASSAY_SVN_QE, 0, 6, 7);
    set_up();
    platform.tee_tcb_svn[0] = 5;
    make(ASSAY_AIM_BEST);
    expect_gap(ASSAY_SVN_MODULE, 0, 5, 7);
}

Test(quote_forecast, below_every_level_it_still_says_what_is_short)
{
    pck.components[4] = 1;
    make(ASSAY_AIM_NEXT);
    cr_assert_not(forecast.platform.reached);
    cr_assert_eq(forecast.result.status, ASSAY_TCB_NOT_SUPPORTED);
    /* Revoked is no aim: the lowest level worth reaching is the third. */
    expect_gap(ASSAY_SVN_SGX, 5, 1, 18);
    cr_assert_eq(forecast.platform.better_status, ASSAY_TCB_OUT_OF_DATE);
    make(ASSAY_AIM_BEST);
    expect_gap(ASSAY_SVN_SGX, 5, 1, 20);
}

Test(quote_forecast, a_td_launched_before_an_update_is_told_to_relaunch)
{
    platform.has_tee_tcb_svn2 = true;
    assay_bytes_copy(platform.tee_tcb_svn2, 16, platform.tee_tcb_svn, 16);
    platform.tee_tcb_svn[5] = 28;
    platform.tee_tcb_svn[0] = 5;
    make(ASSAY_AIM_BEST);
    cr_assert_eq(forecast.gap_count, 2);
    cr_assert(forecast.gaps[0].by_relaunch);
    cr_assert(forecast.gaps[1].by_relaunch);
    platform.tee_tcb_svn2[5] = 28;
    platform.tee_tcb_svn2[0] = 5;
    make(ASSAY_AIM_BEST);
    cr_assert_not(forecast.gaps[0].by_relaunch);
    cr_assert_not(forecast.gaps[1].by_relaunch);
}

Test(quote_forecast, says_so_when_the_documents_do_not_know_the_module)
{
    platform.tee_tcb_svn[1] = 9;
    make(ASSAY_AIM_BEST);
    cr_assert(forecast.module_unknown);
    cr_assert_eq(forecast.module_version, 9);
    cr_assert_eq(forecast.result.status, ASSAY_TCB_NOT_SUPPORTED);
}

Test(quote_forecast, closing_the_gaps_reaches_the_aim)
{
    uint64_t state = 4101842887655102017U;
    for (int round = 0; round < 5000; round++) {
        set_up();
        for (size_t k = 0; k < ASSAY_TCB_COMPONENTS; k++) {
            state = state * 6364136223846793005U + 1442695040888963407U;
            pck.components[k] = (uint8_t)(16 + (state >> 33) % 6);
            if (k >= 2) platform.tee_tcb_svn[k] = (uint8_t)(26 + (state >> 43) % 6);
        }
        platform.qe_isvsvn = (uint16_t)(4 + (state >> 20) % 6);
        platform.tee_tcb_svn[0] = (uint8_t)(3 + (state >> 50) % 6);
        const enum assay_forecast_aim aim = round % 2 == 0 ? ASSAY_AIM_BEST : ASSAY_AIM_NEXT;
        make(aim);
        const struct assay_forecast before = forecast;
        for (uint32_t i = 0; i < before.gap_count; i++) {
            const struct assay_svn_gap *const gap = &before.gaps[i];
            cr_assert_lt(gap->have, gap->need);
            switch (gap->part) {
            case ASSAY_SVN_SGX: pck.components[gap->component - 1] = (uint8_t)gap->need; break;
            case ASSAY_SVN_PCE: pck.pcesvn = gap->need; break;
            case ASSAY_SVN_TDX:
                platform.tee_tcb_svn[gap->component - 1] = (uint8_t)gap->need;
                break;
            case ASSAY_SVN_MODULE: platform.tee_tcb_svn[0] = (uint8_t)gap->need; break;
            case ASSAY_SVN_QE: platform.qe_isvsvn = gap->need; break;
            }
        }
        make(aim);
        if (before.platform.has_better)
            cr_assert_eq(forecast.platform.status, before.platform.better_status);
        if (before.qe.has_better) cr_assert_eq(forecast.qe.status, before.qe.better_status);
        if (before.module.has_better)
            cr_assert_eq(forecast.module.status, before.module.better_status);
        if (aim == ASSAY_AIM_BEST) cr_assert_eq(forecast.result.status, ASSAY_TCB_UP_TO_DATE);
    }
}

Test(quote_forecast, every_status_has_a_place)
{
    for (int status = 0; status < ASSAY_TCB_STATUS_COUNT; status++)
        cr_assert_leq(assay_tcb_status_order((enum assay_tcb_status)status),
                      assay_tcb_status_order(ASSAY_TCB_REVOKED));
    cr_assert_lt(assay_tcb_status_order(ASSAY_TCB_UP_TO_DATE),
                 assay_tcb_status_order(ASSAY_TCB_SW_HARDENING_NEEDED));
}

/* The genuine pair around a TCB recovery: one platform, two sets. */
static struct assay_collateral *genuine(const char *name, struct assay_collateral_files *files)
{
    char path[1024];
    struct assay_key root;
    uint32_t kinds;
    struct assay_collateral *const c = calloc(1, sizeof *c);
    cr_assert_not_null(c);
    (void)snprintf(path, sizeof path, "%s/sgx/%s", vectors_dir(), name);
    parts_read(path, files);
    cr_assert_eq(assay_pinned_root(ASSAY_PINNED_INTEL_SGX, &root, &kinds), ASSAY_OK);
    cr_assert_eq(assay_collateral_build(files, &root, c), ASSAY_OK);
    return c;
}

Test(quote_forecast, tells_a_genuine_platform_what_a_recovery_will_ask_of_it)
{
    if (vectors_dir() == NULL) cr_skip_test("no genuine vectors here");
    char path[1024];
    size_t len = 0;
    struct assay_collateral_files before_files, after_files;
    struct assay_collateral *const before = genuine("sgx-tcb-recovery-before", &before_files);
    struct assay_collateral *const after = genuine("sgx-tcb-recovery-after", &after_files);
    (void)snprintf(path, sizeof path, "%s/sgx/sgx-tcb-recovery-before/quote.bin", vectors_dir());
    uint8_t *const quote = read_file(path, &len);
    cr_assert_not_null(quote);
    cr_assert_eq(assay_evidence_length(ASSAY_KIND_SGX3, quote, len, &len), ASSAY_OK);
    cr_assert_eq(assay_forecast_platform(ASSAY_KIND_SGX3, quote, len, &pck, &platform), ASSAY_OK);

    assay_forecast_make(&before->tcb_info, &before->qe_identity, &platform, ASSAY_AIM_BEST,
                        &forecast);
    cr_assert_eq(forecast.result.status, ASSAY_TCB_SW_HARDENING_NEEDED);
    assay_forecast_make(&after->tcb_info, &after->qe_identity, &platform, ASSAY_AIM_BEST,
                        &forecast);
    cr_assert_eq(forecast.result.status, ASSAY_TCB_OUT_OF_DATE);
    cr_assert_gt(forecast.gap_count, 0);
    cr_assert(forecast.platform.has_better);

    cr_assert_eq(assay_forecast_platform(ASSAY_KIND_SNP, quote, len, &pck, &platform),
                 ASSAY_E_UNSUPPORTED);
    for (size_t cut = 0; cut < len; cut += 37)
        cr_assert_neq(assay_forecast_platform(ASSAY_KIND_SGX3, quote, cut, &pck, &platform),
                      ASSAY_OK);
    free(quote);
    free(before);
    free(after);
    parts_free(&before_files);
    parts_free(&after_files);
}

/* --- quotes of our own: bodies of trust domains, chains outside the quote */

Test(quote_forecast, takes_the_platform_of_a_trust_domain_from_its_quote)
{
    static const enum assay_body_type types[] = { ASSAY_BODY_TD_10, ASSAY_BODY_TD_15,
                                                  ASSAY_BODY_TD_15_EX };
    for (size_t i = 0; i < 3; i++) {
        struct td_world *const t = td_open_as(ASSAY_KIND_TDX5, types[i]);
        t->td.tee_tcb_svn[1] = 7;
        t->td.tee_tcb_svn2[1] = 8;
        t->is_updated = true;
        td_quote(t);
        cr_assert_eq(assay_forecast_platform(t->kind, t->quote, t->quote_len, &pck, &platform),
                     ASSAY_OK);
        cr_expect(platform.is_tdx);
        cr_expect_eq(platform.has_tee_tcb_svn2, types[i] != ASSAY_BODY_TD_10);
        cr_expect_eq(platform.tee_tcb_svn[1], 7);
        if (platform.has_tee_tcb_svn2) cr_expect_eq(platform.tee_tcb_svn2[1], 8);
        td_close(t);
    }
}

Test(quote_forecast, finds_the_chain_beside_a_quote_that_has_none)
{
    static const uint8_t ppid[ASSAY_ENCRYPTED_PPID_DATA_LEN];
    static uint8_t bytes[32768];
    struct td_world *const t = td_open_as(ASSAY_KIND_TDX5, ASSAY_BODY_TD_15);
    const struct assay_slice chain = t->cert_data;
    t->cert_type = 3;
    t->cert_data = assay_slice_over(ppid, sizeof ppid);
    td_quote(t);
    cr_assert_eq(assay_forecast_platform(t->kind, t->quote, t->quote_len, &pck, &platform),
                 ASSAY_E_NOT_FOUND);
    struct assay_package package = { .kind = t->kind,
                                     .main = assay_slice_over(t->quote, t->quote_len),
                                     .certificate_count = 1,
                                     .certificates = { chain } };
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_package_encode(&package, &w);
    cr_assert(!w.full);
    cr_assert_eq(assay_forecast_platform(t->kind, bytes, w.len, &pck, &platform), ASSAY_OK);
    package.certificates[0] = assay_slice_over("not a certificate", 17);
    w = assay_writer_over(bytes, sizeof bytes);
    assay_package_encode(&package, &w);
    cr_expect_neq(assay_forecast_platform(t->kind, bytes, w.len, &pck, &platform), ASSAY_OK);
    td_close(t);
}
