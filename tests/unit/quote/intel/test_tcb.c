/*
 * tests/unit/quote/intel/test_tcb.c - tests of TCB levels, the TDX index rule, module identity,
 * convergence.
 */
#include "quote/collateral/tcb.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench {
    struct assay_tcb_info info;
    struct assay_qe_identity qe;
    struct assay_pck pck;
    struct assay_tcb_platform platform;
    struct assay_tcb_result result;
    struct assay_verdict verdict;
};

/* One level at 5 everywhere, an up-to-date QE at 2, a TDX module 1 at 3. */
static struct bench *open_bench(bool is_tdx)
{
    struct bench *const b = calloc(1, sizeof *b);
    cr_assert_not_null(b);
    b->info.level_count = 1;
    b->info.levels[0].status = ASSAY_TCB_UP_TO_DATE;
    b->info.levels[0].date_unix_s = 1000;
    b->info.levels[0].pcesvn = 5;
    memset(b->info.levels[0].sgx, 5, 16);
    memset(b->info.levels[0].tdx, 5, 16);
    b->info.module_count = 1;
    b->info.modules[0].version = 1;
    b->info.modules[0].level_count = 1;
    b->info.modules[0].levels[0].isvsvn = 3;
    b->info.modules[0].levels[0].status = ASSAY_TCB_UP_TO_DATE;
    b->info.modules[0].levels[0].date_unix_s = 1500;
    b->qe.level_count = 1;
    b->qe.levels[0].isvsvn = 2;
    b->qe.levels[0].status = ASSAY_TCB_UP_TO_DATE;
    b->qe.levels[0].date_unix_s = 2000;
    b->pck.pcesvn = 5;
    memset(b->pck.components, 5, 16);
    b->platform.pck = &b->pck;
    b->platform.qe_isvsvn = 2;
    b->platform.is_tdx = is_tdx;
    memset(b->platform.tee_tcb_svn, 5, 16);
    b->platform.tee_tcb_svn[1] = 0;
    b->info.levels[0].tdx[1] = 0;
    return b;
}

static enum assay_tcb_status evaluate(struct bench *b)
{
    assay_verdict_init(&b->verdict, ASSAY_KIND_TDX4, 0);
    assay_tcb_evaluate(&b->info, &b->qe, &b->platform, &b->result, &b->verdict);
    return b->result.status;
}

Test(quote_tcb, needs_all_sixteen_components_and_the_pcesvn)
{
    struct bench *const b = open_bench(false);
    cr_assert_eq(evaluate(b), ASSAY_TCB_UP_TO_DATE);
    cr_assert_eq(b->result.date_unix_s, 1000); /* the minimum */
    for (size_t i = 0; i < 16; i++) {
        b->pck.components[i] = 4;
        cr_assert_eq(evaluate(b), ASSAY_TCB_NOT_SUPPORTED, "component %zu", i);
        cr_assert_str_eq(b->result.missing, "platform");
        b->pck.components[i] = 6;
        cr_assert_eq(evaluate(b), ASSAY_TCB_UP_TO_DATE, "component %zu", i);
        b->pck.components[i] = 5;
    }
    b->pck.pcesvn = 4;
    cr_assert_eq(evaluate(b), ASSAY_TCB_NOT_SUPPORTED);
    free(b);
}

Test(quote_tcb, compares_tdx_components_from_zero_for_module_version_0_and_from_two_above)
{
    struct bench *const b = open_bench(true);
    cr_assert_eq(evaluate(b), ASSAY_TCB_UP_TO_DATE);
    for (size_t i = 0; i < 16; i++) {
        if (i == 1) continue; /* the version itself */
        b->platform.tee_tcb_svn[i] = 4;
        cr_assert_eq(evaluate(b), ASSAY_TCB_NOT_SUPPORTED, "component %zu", i);
        b->platform.tee_tcb_svn[i] = 5;
    }
    b->platform.tee_tcb_svn[0] = 3; /* below the level, and enough for the module */
    b->platform.tee_tcb_svn[1] = 1;
    cr_assert_eq(evaluate(b), ASSAY_TCB_UP_TO_DATE);
    b->platform.tee_tcb_svn[2] = 4;
    cr_assert_eq(evaluate(b), ASSAY_TCB_NOT_SUPPORTED);
    free(b);
}

Test(quote_tcb, has_no_level_for_an_unknown_or_too_old_module)
{
    struct bench *const b = open_bench(true);
    b->platform.tee_tcb_svn[1] = 2;
    cr_assert_eq(evaluate(b), ASSAY_TCB_NOT_SUPPORTED);
    cr_assert_str_eq(b->result.missing, "TDX module");
    b->platform.tee_tcb_svn[1] = 1;
    b->platform.tee_tcb_svn[0] = 2;
    cr_assert_eq(evaluate(b), ASSAY_TCB_NOT_SUPPORTED);
    b->platform.tee_tcb_svn[0] = 3;
    cr_assert_eq(evaluate(b), ASSAY_TCB_UP_TO_DATE);
    b->platform.qe_isvsvn = 1;
    cr_assert_eq(evaluate(b), ASSAY_TCB_NOT_SUPPORTED);
    cr_assert_str_eq(b->result.missing, "quoting enclave");
    cr_assert_not(b->result.has_date);
    free(b);
}

/* evidence-rules.md 2.12: peers let the module's level replace the platform's. */
Test(quote_tcb, never_lets_a_good_module_hide_an_old_platform)
{
    struct bench *const b = open_bench(true);
    b->platform.tee_tcb_svn[1] = 1;
    b->info.levels[0].status = ASSAY_TCB_OUT_OF_DATE;
    cr_assert_eq(evaluate(b), ASSAY_TCB_OUT_OF_DATE);
    b->info.levels[0].status = ASSAY_TCB_UP_TO_DATE;
    b->info.modules[0].levels[0].status = ASSAY_TCB_OUT_OF_DATE;
    cr_assert_eq(evaluate(b), ASSAY_TCB_OUT_OF_DATE);
    b->info.modules[0].levels[0].status = ASSAY_TCB_REVOKED;
    cr_assert_eq(evaluate(b), ASSAY_TCB_REVOKED);
    b->info.modules[0].levels[0].status = ASSAY_TCB_UP_TO_DATE;
    b->qe.levels[0].status = ASSAY_TCB_REVOKED;
    cr_assert_eq(evaluate(b), ASSAY_TCB_REVOKED);
    free(b);
}

Test(quote_tcb, takes_the_first_level_that_is_reached)
{
    struct bench *const b = open_bench(false);
    b->info.level_count = 2;
    b->info.levels[1] = b->info.levels[0];
    b->info.levels[1].status = ASSAY_TCB_OUT_OF_DATE;
    cr_assert_eq(evaluate(b), ASSAY_TCB_UP_TO_DATE);
    memset(b->info.levels[0].sgx, 6, 16);
    b->info.levels[0].date_unix_s = 1800;
    cr_assert_eq(evaluate(b), ASSAY_TCB_OUT_OF_DATE);
    cr_assert(b->result.has_superseded);
    cr_assert_eq(b->result.superseded_unix_s, 1800);
    free(b);
}

/* A slow obvious sort of the numbers of a level, highest first; equal ones stay as they are. */
static bool is_sorted(const struct assay_tcb_info *info)
{
    for (uint32_t i = 1; i < info->level_count; i++) {
        const struct assay_tcb_level *const a = &info->levels[i - 1], *const b = &info->levels[i];
        uint32_t left[33], right[33];
        for (size_t k = 0; k < 16; k++) {
            left[k] = a->sgx[k], right[k] = b->sgx[k];
            left[17 + k] = a->tdx[k], right[17 + k] = b->tdx[k];
        }
        left[16] = a->pcesvn, right[16] = b->pcesvn;
        size_t at = 0;
        while (at < 33 && left[at] == right[at])
            at += 1;
        if (at < 33 ? left[at] < right[at] : a->date_unix_s > b->date_unix_s) return false;
    }
    return true;
}

Test(quote_tcb, sorts_levels_as_intel_does_and_leaves_sorted_ones_alone)
{
    struct bench *const b = open_bench(true);
    uint32_t seed = 7;
    for (unsigned round = 0; round < 200; round++) {
        b->info.level_count = round % (ASSAY_TCB_LEVELS_MAX + 1);
        for (uint32_t i = 0; i < b->info.level_count; i++) {
            struct assay_tcb_level *const level = &b->info.levels[i];
            level->date_unix_s = i; /* where it stood */
            for (size_t k = 0; k < 16; k++) {
                seed = seed * 1664525u + 1013904223u;
                level->sgx[k] = (uint8_t)(seed >> 30); /* few values, so that many are equal */
                level->tdx[k] = (uint8_t)(seed >> 24 & 1);
                if (k > 1) level->sgx[k] = 255;
            }
            level->pcesvn = (uint16_t)(seed >> 28 & 1);
            assay_bytes_zero(level->tdx, 15);
        }
        struct assay_module_identity *const m = &b->info.modules[0];
        m->level_count = round % (ASSAY_MODULE_LEVELS_MAX + 1);
        for (uint32_t i = 0; i < m->level_count; i++) {
            m->levels[i].isvsvn = (uint16_t)((i * 7 + round) % 5);
            m->levels[i].date_unix_s = i;
        }
        assay_tcb_sort(&b->info);
        cr_assert(is_sorted(&b->info), "round %u", round);
        for (uint32_t i = 1; i < m->level_count; i++)
            cr_assert(m->levels[i - 1].isvsvn > m->levels[i].isvsvn ||
                          (m->levels[i - 1].isvsvn == m->levels[i].isvsvn &&
                           m->levels[i - 1].date_unix_s < m->levels[i].date_unix_s),
                      "round %u", round);
        const struct assay_tcb_info sorted = b->info;
        assay_tcb_sort(&b->info);
        for (uint32_t i = 0; i < b->info.level_count; i++)
            cr_assert_eq(b->info.levels[i].date_unix_s, sorted.levels[i].date_unix_s);
    }
    free(b);
}

/* Written again from the words of evidence-rules.md 2.12, not from the code. */
static enum assay_tcb_status reference(enum assay_tcb_status p, enum assay_tcb_status q)
{
    if (p == ASSAY_TCB_REVOKED || q == ASSAY_TCB_REVOKED) return ASSAY_TCB_REVOKED;
    if (p == ASSAY_TCB_NOT_SUPPORTED || q == ASSAY_TCB_NOT_SUPPORTED)
        return ASSAY_TCB_NOT_SUPPORTED;
    if (q == ASSAY_TCB_OUT_OF_DATE) {
        if (p == ASSAY_TCB_UP_TO_DATE || p == ASSAY_TCB_SW_HARDENING_NEEDED)
            return ASSAY_TCB_OUT_OF_DATE;
        if (p == ASSAY_TCB_CONFIGURATION_NEEDED ||
            p == ASSAY_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED)
            return ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED;
    }
    return p;
}

Test(quote_tcb, converges_every_pair_of_statuses)
{
    for (int p = 1; p < ASSAY_TCB_STATUS_COUNT; p++)
        for (int q = 1; q < ASSAY_TCB_STATUS_COUNT; q++)
            cr_assert_eq(assay_tcb_converge((enum assay_tcb_status)p, (enum assay_tcb_status)q),
                         reference((enum assay_tcb_status)p, (enum assay_tcb_status)q), "%d and %d",
                         p, q);
}

static void advise(struct assay_advisory_table *table, struct assay_advisory_set *set,
                   const char *id)
{
    uint32_t index = 0;
    cr_assert_eq(assay_advisory_intern(table, id, strlen(id), &index), ASSAY_OK);
    set->bits[index / 64] |= UINT64_C(1) << (index % 64);
}

Test(quote_tcb, unites_and_sorts_the_advisories_of_platform_module_and_qe)
{
    struct bench *const b = open_bench(true);
    static const char *const wanted[] = { "INTEL-SA-00001", "INTEL-SA-00002", "INTEL-SA-00003",
                                          "INTEL-SA-00009" };
    b->platform.tee_tcb_svn[1] = 1;
    advise(&b->info.advisories, &b->info.levels[0].advisories, "INTEL-SA-00009");
    advise(&b->info.advisories, &b->info.levels[0].advisories, "INTEL-SA-00002");
    advise(&b->info.advisories, &b->info.modules[0].levels[0].advisories, "INTEL-SA-00002");
    advise(&b->info.advisories, &b->info.modules[0].levels[0].advisories, "INTEL-SA-00001");
    advise(&b->qe.advisories, &b->qe.levels[0].advisories, "INTEL-SA-00003");
    cr_assert_eq(evaluate(b), ASSAY_TCB_UP_TO_DATE);
    cr_assert_eq(b->verdict.advisory_count, 4);
    for (size_t i = 0; i < 4; i++)
        cr_assert_str_eq(b->verdict.advisories[i], wanted[i]);
    free(b);
}

Test(quote_tcb, bounds_the_table_of_advisories)
{
    struct assay_advisory_table *const table = calloc(1, sizeof *table);
    cr_assert_not_null(table);
    uint32_t index = 0;
    char id[ASSAY_ADVISORY_TEXT + 1];
    for (uint32_t i = 0; i < ASSAY_ADVISORY_TABLE_MAX; i++) {
        const int len = snprintf(id, sizeof id, "SA-%u", i);
        cr_assert_eq(assay_advisory_intern(table, id, (size_t)len, &index), ASSAY_OK);
        cr_assert_eq(index, i);
    }
    cr_assert_eq(assay_advisory_intern(table, "SA-5", 4, &index), ASSAY_OK);
    cr_assert_eq(index, 5);
    cr_assert_eq(assay_advisory_intern(table, "SA-x", 4, &index), ASSAY_E_FULL);
    cr_assert_eq(assay_advisory_intern(table, "", 0, &index), ASSAY_E_RANGE);
    cr_assert_eq(assay_advisory_intern(table, "a b", 3, &index), ASSAY_E_RANGE);
    memset(id, 'a', sizeof id);
    cr_assert_eq(assay_advisory_intern(table, id, ASSAY_ADVISORY_TEXT, &index), ASSAY_E_RANGE);
    free(table);
}

/* Grace counts from the first day on which something better existed, in each part. */
Test(quote_tcb, tells_since_when_something_better_exists)
{
    struct bench *const b = open_bench(true);
    b->platform.tee_tcb_svn[1] = 1;
    cr_assert_eq(evaluate(b), ASSAY_TCB_UP_TO_DATE);
    cr_assert_not(b->result.has_superseded);

    static const int64_t dates[] = { 9000, 7000, 8000 };
    b->info.level_count = 4;
    b->info.levels[3] = b->info.levels[0];
    b->info.levels[3].status = ASSAY_TCB_OUT_OF_DATE;
    for (size_t i = 0; i < 3; i++) {
        b->info.levels[i] = b->info.levels[3];
        b->info.levels[i].status = ASSAY_TCB_SW_HARDENING_NEEDED;
        b->info.levels[i].date_unix_s = dates[i];
        b->info.levels[i].pcesvn = 6; /* not reached */
    }
    cr_assert_eq(evaluate(b), ASSAY_TCB_OUT_OF_DATE);
    cr_assert(b->result.has_superseded);
    cr_assert_eq(b->result.superseded_unix_s, 7000);
    b->info.levels[1].status = ASSAY_TCB_OUT_OF_DATE; /* no better one */
    cr_assert_eq(evaluate(b), ASSAY_TCB_OUT_OF_DATE);
    cr_assert_eq(b->result.superseded_unix_s, 8000);
    b->info.levels[3].status = ASSAY_TCB_UP_TO_DATE; /* good itself: nothing is better */
    cr_assert_eq(evaluate(b), ASSAY_TCB_UP_TO_DATE);
    cr_assert_not(b->result.has_superseded);
    free(b);
}

Test(quote_tcb, tells_since_when_a_better_module_and_quoting_enclave_exist)
{
    struct bench *const b = open_bench(true);
    struct assay_isv_level *const parts[] = { b->info.modules[0].levels, b->qe.levels };
    uint32_t *const counts[] = { &b->info.modules[0].level_count, &b->qe.level_count };
    b->platform.tee_tcb_svn[0] = 3;
    b->platform.tee_tcb_svn[1] = 1;
    for (size_t i = 0; i < 2; i++) {
        const struct assay_isv_level good = parts[i][0];
        parts[i][1] = good;
        parts[i][1].status = ASSAY_TCB_OUT_OF_DATE;
        parts[i][0].isvsvn = 9;
        parts[i][0].date_unix_s = 6000;
        *counts[i] = 2;
        cr_assert_eq(evaluate(b), ASSAY_TCB_OUT_OF_DATE, "part %zu", i);
        cr_assert(b->result.has_superseded, "part %zu", i);
        cr_assert_eq(b->result.superseded_unix_s, 6000, "part %zu", i);
        parts[i][0] = good;
        *counts[i] = 1;
    }
    free(b);
}

/* Intel's QVL, TDRelaunchCheck: an old launch under a good present, and nothing else. */
Test(quote_tcb, advises_a_relaunch_of_an_old_launch_under_a_good_present_only)
{
    size_t advised = 0;
    for (int launch = 1; launch < ASSAY_TCB_STATUS_COUNT; launch++)
        for (int current = 1; current < ASSAY_TCB_STATUS_COUNT; current++) {
            const bool is_old = launch == ASSAY_TCB_OUT_OF_DATE ||
                                launch == ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED;
            const bool is_good = current <= ASSAY_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED;
            const bool configure = launch == ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED ||
                                   current == ASSAY_TCB_CONFIGURATION_NEEDED ||
                                   current == ASSAY_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED;
            const enum assay_tcb_status got =
                assay_tcb_relaunch((enum assay_tcb_status)launch, (enum assay_tcb_status)current);
            enum assay_tcb_status wanted = (enum assay_tcb_status)launch;
            if (is_old && is_good)
                wanted = configure ? ASSAY_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED
                                   : ASSAY_TCB_TD_RELAUNCH_ADVISED;
            cr_assert_eq(got, wanted, "%d then %d", launch, current);
            if (got != (enum assay_tcb_status)launch) advised += 1;
        }
    cr_assert_eq(advised, 8);
}
