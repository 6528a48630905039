/*
 * tests/unit/quote/results/test_outlook.c - tests of the outlook of offered collateral on a
 * platform.
 */
#include "quote/result/outlook.h"

#include "quote/collateral/collateral.h"
#include "tests/unit/quote/world.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { DAY = 86400 };

static struct world *w;
static struct assay_collateral *offered;
static struct assay_soft_bundle *bundle;
static struct assay_endorsements after;
static struct assay_outlook *out;
static struct assay_outlook_request request;

static void set_up(void)
{
    w = world_open();
    offered = calloc(1, sizeof *offered);
    bundle = calloc(1, sizeof *bundle);
    out = calloc(1, sizeof *out);
    cr_assert(offered != NULL && bundle != NULL && out != NULL);
    w->endorsements.exact = false;
    after = w->endorsements;
    after.entries[0].collateral = offered;
}

static void tear_down(void)
{
    world_close(w);
    free(offered);
    free(bundle);
    free(out);
}

TestSuite(quote_outlook, .init = set_up, .fini = tear_down);

/* A recovery: component 3 wants one more, what there was is of that status now. */
static void recover(enum assay_tcb_status status)
{
    struct assay_soft_terms terms = w->terms;
    terms.evaluation_number += 1;
    terms.level_count = 2;
    terms.levels[1] = terms.levels[0];
    terms.levels[1].status = status;
    terms.levels[1].advisory = "SOFT-SA-00001";
    terms.levels[0].components[2] = 2;
    terms.levels[0].date_unix_s = WORLD_AT - DAY;
    const struct assay_key root = assay_key_p256(w->ca.root_public);
    cr_assert_eq(assay_soft_collateral(&w->ca, &terms, bundle), ASSAY_OK);
    cr_assert_eq(assay_collateral_build(&bundle->files, &root, offered), ASSAY_OK);
    cr_assert(assay_collateral_sound(offered));
}

static enum assay_status make(void)
{
    request = (struct assay_outlook_request){ .kind = ASSAY_KIND_SOFT,
                                              .evidence = { w->quote, w->quote_len },
                                              .in_force = &w->endorsements,
                                              .offered = &after,
                                              .policy = &w->policy,
                                              .at_unix_s = w->at_unix_s };
    return assay_outlook_make(NULL, &request, out);
}

Test(quote_outlook, names_the_version_that_is_short)
{
    recover(ASSAY_TCB_REVOKED);
    cr_assert_eq(make(), ASSAY_OK);
    cr_expect_eq(out->change, ASSAY_OUTLOOK_WORSENS);
    cr_expect_eq(out->outcome_now, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    cr_expect_eq(out->outcome_then, ASSAY_OUTCOME_FAIL_HARD);
    cr_expect_eq(out->reason_count, 1);
    cr_expect_eq(out->reasons[0].rule, ASSAY_RULE_TCB_REVOKED);
    cr_assert(out->has_forecast);
    cr_assert_eq(out->forecast.gap_count, 1);
    cr_expect_eq(out->forecast.gaps[0].part, ASSAY_SVN_SGX);
    cr_expect_eq(out->forecast.gaps[0].component, 3);
    cr_expect_eq(out->forecast.gaps[0].have, 1);
    cr_expect_eq(out->forecast.gaps[0].need, 2);
    cr_expect_eq(out->forecast.platform.better_date_unix_s, WORLD_AT - DAY);
    cr_expect_eq(out->then.tcb_status, ASSAY_TCB_REVOKED);
    cr_expect_str_eq(out->then.advisories[0], "SOFT-SA-00001");
    cr_expect_neq(out->trust_then.claims[ASSAY_TRUST_HARDWARE],
                  out->trust_now.claims[ASSAY_TRUST_HARDWARE]);
}

Test(quote_outlook, a_platform_that_was_updated_stays_as_it_is)
{
    struct assay_soft_platform platform;
    recover(ASSAY_TCB_REVOKED);
    assay_soft_platform_default(&platform);
    platform.components[2] = 2;
    world_move(w, &platform);
    cr_assert_eq(make(), ASSAY_OK);
    cr_expect_eq(out->change, ASSAY_OUTLOOK_SAME);
    cr_expect_eq(out->reason_count, 0);
    cr_assert(out->has_forecast);
    cr_expect_eq(out->forecast.gap_count, 0);
}

Test(quote_outlook, a_lower_level_that_passes_is_a_drop)
{
    recover(ASSAY_TCB_SW_HARDENING_NEEDED);
    cr_assert_eq(make(), ASSAY_OK);
    cr_expect_eq(out->change, ASSAY_OUTLOOK_DROPS);
    cr_expect_eq(out->outcome_then, ASSAY_OUTCOME_PASS_NEEDS_HARDENING);
}

Test(quote_outlook, what_stood_against_it_before_is_not_new)
{
    recover(ASSAY_TCB_REVOKED);
    cr_assert_eq(make(), ASSAY_OK);
    request.in_force = &after;
    cr_assert_eq(assay_outlook_make(NULL, &request, out), ASSAY_OK);
    cr_expect_eq(out->change, ASSAY_OUTLOOK_SAME);
    cr_expect_eq(out->then.reason_count, 1);
    cr_expect_eq(out->reason_count, 0);
}

/* The other way round: who was behind is not any more. */
Test(quote_outlook, what_was_behind_may_rise)
{
    recover(ASSAY_TCB_REVOKED);
    cr_assert_eq(make(), ASSAY_OK);
    request.in_force = &after;
    request.offered = &w->endorsements;
    cr_assert_eq(assay_outlook_make(NULL, &request, out), ASSAY_OK);
    cr_expect_eq(out->change, ASSAY_OUTLOOK_RISES);
    cr_expect_eq(out->reason_count, 0);
}

Test(quote_outlook, a_set_without_the_platform_leaves_it_unjudged)
{
    recover(ASSAY_TCB_REVOKED);
    cr_assert_eq(make(), ASSAY_OK);
    offered->tcb_info.fmspc[0] ^= 1;
    cr_assert_eq(assay_outlook_make(NULL, &request, out), ASSAY_OK);
    cr_expect_eq(out->change, ASSAY_OUTLOOK_UNJUDGED);
    cr_expect_not(out->has_forecast);
}

/* Two vendors may number their families alike: the documents of the platform's own root count. */
Test(quote_outlook, distances_are_to_the_documents_of_its_own_root)
{
    struct world *const other = world_open();
    assay_bytes_copy(other->ca.fmspc, 6, w->ca.fmspc, 6);
    world_publish(other);
    recover(ASSAY_TCB_REVOKED);
    after.count = 4;
    after.entries[3] = after.entries[0];
    after.entries[0].root = assay_key_p256(other->ca.root_public);
    after.entries[0].collateral = &other->collateral;
    after.entries[1] = after.entries[3];
    after.entries[1].kinds = ASSAY_KIND_BIT(ASSAY_KIND_TDX4);
    after.entries[2] = after.entries[3];
    after.entries[2].collateral = NULL;
    cr_assert_eq(make(), ASSAY_OK);
    cr_assert(out->has_forecast);
    cr_expect_eq(out->entry, 3);
    cr_expect_eq(out->forecast.gap_count, 1);
    after.count = 3;
    cr_assert_eq(assay_outlook_make(NULL, &request, out), ASSAY_OK);
    cr_expect_not(out->has_forecast);
    cr_expect_eq(out->change, ASSAY_OUTLOOK_UNJUDGED);
    world_close(other);
}

/* Kinds without levels have verdicts and no distances. */
Test(quote_outlook, documents_of_another_tee_are_no_forecast)
{
    recover(ASSAY_TCB_REVOKED);
    cr_assert_eq(make(), ASSAY_OK);
    offered->tcb_info.tee = ASSAY_TEE_TDX;
    cr_assert_eq(assay_outlook_make(NULL, &request, out), ASSAY_OK);
    cr_expect_not(out->has_forecast);
    offered->tcb_info.tee = ASSAY_TEE_SGX;
    offered->has[ASSAY_PART_QE_IDENTITY] = false;
    cr_assert_eq(assay_outlook_make(NULL, &request, out), ASSAY_OK);
    cr_expect_not(out->has_forecast);
    offered->has[ASSAY_PART_TCB_INFO] = false;
    cr_assert_eq(assay_outlook_make(NULL, &request, out), ASSAY_OK);
    cr_expect_not(out->has_forecast);
}

/* Grace ends by the day on which the set will come into force. */
Test(quote_outlook, the_second_verdict_is_of_its_own_day)
{
    recover(ASSAY_TCB_OUT_OF_DATE);
    w->policy.statuses[ASSAY_TCB_OUT_OF_DATE] = (struct assay_status_rule){
        .acceptance = ASSAY_ACCEPT_WARNING, .has_grace = true, .grace_s = 5 * DAY
    };
    cr_assert_eq(make(), ASSAY_OK);
    cr_expect_eq(out->change, ASSAY_OUTLOOK_DROPS);
    cr_expect_eq(out->outcome_then, ASSAY_OUTCOME_PASS_OUT_OF_DATE);
    request.then_unix_s = w->at_unix_s + 14 * DAY;
    cr_assert_eq(assay_outlook_make(NULL, &request, out), ASSAY_OK);
    cr_expect_eq(out->change, ASSAY_OUTLOOK_WORSENS);
    cr_expect_eq(out->now.at_unix_s, w->at_unix_s);
    cr_expect_eq(out->then.at_unix_s, w->at_unix_s + 14 * DAY);
}

Test(quote_outlook, no_truncation_of_the_evidence_is_judged)
{
    recover(ASSAY_TCB_REVOKED);
    cr_assert_eq(make(), ASSAY_OK);
    for (size_t len = 0; len < w->quote_len; len += len < 700 ? 1 : 37) {
        request.evidence.len = len;
        cr_assert_neq(assay_outlook_make(NULL, &request, out), ASSAY_OK, "%zu", len);
        cr_expect_eq(out->change, ASSAY_OUTLOOK_SAME);
        cr_expect_not(out->has_forecast);
    }
}

Test(quote_outlook, is_a_function_of_both_outcomes)
{
    static const enum assay_outlook_change F = ASSAY_OUTLOOK_WORSENS, U = ASSAY_OUTLOOK_UNJUDGED,
                                           D = ASSAY_OUTLOOK_DROPS, S = ASSAY_OUTLOOK_SAME,
                                           R = ASSAY_OUTLOOK_RISES, J = ASSAY_OUTLOOK_JUDGED;
    /* From none, FAIL soft, FAIL hard, up to date, needs hardening, out of date. */
    static const enum assay_outcome outcomes[6] = {
        ASSAY_OUTCOME_NONE,            ASSAY_OUTCOME_FAIL_SOFT,
        ASSAY_OUTCOME_FAIL_HARD,       ASSAY_OUTCOME_PASS_UP_TO_DATE,
        ASSAY_OUTCOME_PASS_NEEDS_HARDENING, ASSAY_OUTCOME_PASS_OUT_OF_DATE,
    };
    const enum assay_outlook_change wanted[6][6] = {
        { S, F, F, J, J, J }, { U, S, D, R, R, R }, { U, R, S, R, R, R },
        { U, F, F, S, D, D }, { U, F, F, R, S, D }, { U, F, F, R, R, S },
    };
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < 6; k++)
            cr_expect_eq(assay_outlook_compare(outcomes[i], outcomes[k]), wanted[i][k],
                         "%d to %d", i, k);
    for (int i = 0; i < ASSAY_OUTLOOK_CHANGES; i++)
        cr_expect_not_null(assay_outlook_text((enum assay_outlook_change)i));
}

/* One quote, and the documents before and after Intel's recovery of 2025. */
Test(quote_outlook, the_recovery_of_2025_drops_a_genuine_platform)
{
    char path[PATH_MAX];
    size_t len = 0;
    if (vectors_dir() == NULL) cr_skip_test("no vectors");
    struct assay_collateral_files files[2];
    struct assay_collateral *const built = calloc(2, sizeof *built);
    struct assay_endorsements sets[2] = { { .count = 1 }, { .count = 1 } };
    cr_assert_not_null(built);
    for (int i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof path, "%s/sgx/sgx-tcb-recovery-%s", vectors_dir(),
                       i == 0 ? "before" : "after");
        parts_read(path, &files[i]);
        struct assay_endorsement *const entry = &sets[i].entries[0];
        cr_assert_eq(assay_pinned_root(ASSAY_PINNED_INTEL_SGX, &entry->root, &entry->kinds),
                     ASSAY_OK);
        cr_assert_eq(assay_collateral_build(&files[i], &entry->root, &built[i]), ASSAY_OK);
        entry->collateral = &built[i];
    }
    (void)snprintf(path, sizeof path, "%s/sgx/sgx-tcb-recovery-after/quote.bin", vectors_dir());
    uint8_t *const quote = read_file(path, &len);
    cr_assert_not_null(quote);
    request = (struct assay_outlook_request){ .kind = ASSAY_KIND_SGX3,
                                              .evidence = { quote, len },
                                              .in_force = &sets[0],
                                              .offered = &sets[1],
                                              .policy = &w->policy,
                                              .at_unix_s = 1719814286,    /* 2024-07-01 */
                                              .then_unix_s = 1755648000 }; /* 2025-08-20 */
    cr_assert_eq(assay_outlook_make(NULL, &request, out), ASSAY_OK);
    cr_expect_eq(out->now.tcb_status, ASSAY_TCB_SW_HARDENING_NEEDED);
    cr_expect_eq(out->then.tcb_status, ASSAY_TCB_OUT_OF_DATE, "%d", out->then.tcb_status);
    cr_expect_lt(out->change, ASSAY_OUTLOOK_SAME);
    cr_assert(out->has_forecast);
    cr_expect_gt(out->forecast.gap_count, 0);
    cr_expect_eq(out->forecast.gaps[0].component, 1, "the early microcode update");
    free(quote);
    for (int i = 0; i < 2; i++)
        parts_free(&files[i]);
    free(built);
}
