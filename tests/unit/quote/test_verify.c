/*
 * tests/unit/quote/test_verify.c - each rule of the appraisal by itself, under a vendor of our own:
 * the cases that no public evidence shows (revocation, ConfigurationNeeded, expired authorities).
 */
#include "tests/unit/quote/world.h"

#include "quote/verify.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The verdict must be this, for this reason. */
static void expect(struct world *w, enum assay_tier tier, enum assay_genuine genuine,
                   enum assay_outcome outcome, int rule)
{
    const struct assay_verdict *const v = &w->verdict;
    cr_assert_eq(world_judge(w), ASSAY_OK);
    const char *const first = v->reason_count == 0 ? "-" : assay_rule_name(v->reasons[0].rule);
    cr_assert_eq(v->tier, tier, "tier %s, reason %s", assay_tier_text(v->tier), first);
    cr_assert_eq(v->genuine, genuine, "genuine %d, reason %s", v->genuine, first);
    cr_assert_eq(assay_verdict_outcome(v), outcome, "outcome %s",
                 assay_outcome_text(assay_verdict_outcome(v)));
    if (rule == 0) cr_assert_eq(v->reason_count, 0, "reason %s", first);
    else cr_assert_eq((int)v->reasons[0].rule, rule, "reason %s", first);
}

static void expect_forged(struct world *w, enum assay_rule rule)
{
    expect(w, ASSAY_TIER_CONTRAINDICATED, ASSAY_GENUINE_FALSE, ASSAY_OUTCOME_FAIL_HARD, (int)rule);
}

/* In a ballot: what lies with the platform, and what does not (docs/protocol.md 4.3.4). */
static void expect_unjudged(struct world *w, enum assay_rule rule)
{
    const bool platforms = rule == ASSAY_RULE_CERT_TIME || rule == ASSAY_RULE_COLLATERAL_MISSING;
    expect(w, ASSAY_TIER_NONE, ASSAY_GENUINE_UNKNOWN,
           platforms ? ASSAY_OUTCOME_UNJUDGED : ASSAY_OUTCOME_NONE, (int)rule);
}

static void expect_refused(struct world *w, enum assay_rule rule)
{
    expect(w, ASSAY_TIER_CONTRAINDICATED, ASSAY_GENUINE_TRUE, ASSAY_OUTCOME_FAIL_HARD, (int)rule);
}

static void expect_old(struct world *w, enum assay_rule rule)
{
    expect(w, ASSAY_TIER_CONTRAINDICATED, ASSAY_GENUINE_TRUE, ASSAY_OUTCOME_FAIL_SOFT, (int)rule);
}

static void expect_affirming(struct world *w)
{
    expect(w, ASSAY_TIER_AFFIRMING, ASSAY_GENUINE_TRUE, ASSAY_OUTCOME_PASS_UP_TO_DATE, 0);
}

Test(quote_verify, affirms_a_good_quote_and_fills_every_field)
{
    struct world *const w = world_open();
    expect_affirming(w);
    const struct assay_verdict *const v = &w->verdict;
    uint8_t root[32];
    const struct assay_key root_key = assay_key_p256(w->ca.root_public);
    assay_key_name(&root_key, root);
    cr_assert_eq(v->kind, ASSAY_KIND_SOFT);
    cr_assert_eq(v->tcb_status, ASSAY_TCB_UP_TO_DATE);
    cr_assert(v->insecure && v->has_claims && v->has_platform && !v->platform_masked);
    cr_assert_arr_eq(v->report_data, w->request.report_data, 64);
    cr_assert_arr_eq(v->measurement, w->request.mrenclave, 32);
    cr_assert_eq(v->measurement_len, 32);
    cr_assert_arr_eq(v->vendor_root, root, 32);
    cr_assert(v->has_tcb_date && v->tcb_date_unix_s == WORLD_FROM);
    cr_assert(v->has_expiry && v->expires_unix_s == WORLD_TO);
    /* What it rests on is listed: the chain of the quote and the collateral. */
    uint32_t certificates = 0;
    for (uint32_t i = 0; i < v->window_count; i++) {
        certificates += v->windows[i].is_certificate;
        cr_expect_geq(v->windows[i].to_unix_s, v->expires_unix_s, "%s", v->windows[i].what);
        cr_expect_neq(v->windows[i].what[0], '\0');
    }
    cr_expect_geq(certificates, 3);
    cr_expect_gt(v->window_count, certificates);
    cr_assert_gt(v->measured_count, 0);
    cr_expect_arr_eq(v->measured[0].value, w->request.mrenclave, 32);
    world_close(w);
}

Test(quote_verify, names_a_platform_by_its_own_id)
{
    struct world *const w = world_open();
    uint8_t first[32];
    expect_affirming(w);
    assay_bytes_copy(first, 32, w->verdict.platform_id, 32);
    world_quote(w);
    expect_affirming(w);
    cr_assert_arr_eq(first, w->verdict.platform_id, 32);
    world_move(w, NULL);
    expect_affirming(w);
    cr_assert_not(assay_bytes_equal(first, w->verdict.platform_id, 32));
    world_close(w);
}

Test(quote_verify, refuses_a_root_that_is_not_pinned)
{
    struct world *const w = world_open();
    w->endorsements.entries[0].root.bytes[5] ^= 1;
    expect_forged(w, ASSAY_RULE_CHAIN_ROOT);
    w->endorsements.entries[0].root.bytes[5] ^= 1;
    w->endorsements.exact = false; /* a network knows whom it trusts */
    w->endorsements.entries[0].kinds = ~ASSAY_KIND_BIT(ASSAY_KIND_SOFT);
    expect_forged(w, ASSAY_RULE_CHAIN_ROOT);
    w->endorsements.count = 0;
    expect_forged(w, ASSAY_RULE_CHAIN_ROOT);
    world_close(w);
}

Test(quote_verify, cannot_tell_where_nobody_said_whom_to_trust)
{
    struct world *const w = world_open();
    w->endorsements.exact = true;
    w->endorsements.entries[0].kinds = ~ASSAY_KIND_BIT(ASSAY_KIND_SOFT);
    expect_unjudged(w, ASSAY_RULE_ROOT_MISSING);
    cr_assert_eq(w->verdict.proofs[ASSAY_PROOF_CHAIN_TO_ROOT], ASSAY_PROOF_UNKNOWN);
    cr_assert_not(w->verdict.has_platform);
    w->endorsements.count = 0;
    expect_unjudged(w, ASSAY_RULE_ROOT_MISSING);
    world_close(w);
}

Test(quote_verify, refuses_soft_evidence_in_production)
{
    struct world *const w = world_open();
    w->policy.profile = ASSAY_PROFILE_PRODUCTION;
    expect_refused(w, ASSAY_RULE_PROFILE);
    cr_assert_not(w->verdict.insecure);
    w->policy.profile = ASSAY_PROFILE_DEVELOPMENT;
    w->policy.kinds = ASSAY_KIND_BIT(ASSAY_KIND_SGX3);
    expect_refused(w, ASSAY_RULE_KIND);
    world_close(w);
}

Test(quote_verify, never_takes_soft_evidence_for_sgx)
{
    struct world *const w = world_open();
    struct assay_evidence_request request = { .kind = ASSAY_KIND_SGX3,
                                              .bytes = w->quote,
                                              .len = w->quote_len,
                                              .at_unix_s = WORLD_AT,
                                              .endorsements = &w->endorsements,
                                              .policy = &w->policy };
    w->endorsements.entries[0].kinds = ASSAY_KINDS_ALL;
    cr_assert_eq(assay_evidence_verify(NULL, &request, &w->verdict), ASSAY_OK);
    cr_assert(assay_verdict_has(&w->verdict, ASSAY_RULE_QE_VENDOR));
    cr_assert_eq(w->verdict.genuine, ASSAY_GENUINE_FALSE);
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    cr_assert_eq(assay_evidence_detect(w->quote, w->quote_len, &kind), ASSAY_OK);
    cr_assert_eq(kind, ASSAY_KIND_SOFT);
    world_close(w);
}

Test(quote_verify, refuses_debug_enclaves)
{
    struct world *const w = world_open();
    w->request.debug = true;
    world_quote(w);
    expect_refused(w, ASSAY_RULE_DEBUG);
    cr_assert(w->verdict.debug);
    world_close(w);
}

/* --- revocation */
Test(quote_verify, refuses_a_revoked_pck_certificate)
{
    struct world *const w = world_open();
    assay_bytes_copy(w->terms.revoked[0], 20, w->node.pck_serial, 20);
    w->terms.revoked_count = 1;
    world_publish(w);
    expect_forged(w, ASSAY_RULE_CERT_REVOKED);
    w->terms.revoked[0][19] ^= 1; /* another one's serial */
    world_publish(w);
    expect_affirming(w);
    world_close(w);
}

Test(quote_verify, refuses_a_revoked_platform_ca)
{
    struct world *const w = world_open();
    w->terms.revoke_platform_ca = true;
    world_publish(w);
    expect_forged(w, ASSAY_RULE_CERT_REVOKED);
    world_close(w);
}

Test(quote_verify, finds_a_serial_anywhere_in_a_long_list)
{
    struct world *const w = world_open();
    for (size_t place = 0; place < ASSAY_SOFT_REVOKED_MAX; place++) {
        for (size_t i = 0; i < ASSAY_SOFT_REVOKED_MAX; i++) {
            memset(w->terms.revoked[i], 0, 20);
            w->terms.revoked[i][4] = 0x11;
            w->terms.revoked[i][19] = (uint8_t)(7 * i + 3);
        }
        assay_bytes_copy(w->terms.revoked[place], 20, w->node.pck_serial, 20);
        w->terms.revoked_count = ASSAY_SOFT_REVOKED_MAX;
        world_publish(w);
        expect_forged(w, ASSAY_RULE_CERT_REVOKED);
    }
    world_close(w);
}

Test(quote_verify, refuses_the_crl_of_another_authority)
{
    struct world *const w = world_open();
    struct assay_slice *const part = w->bundle.files.part;
    /* The root CRL in the place of the PCK CRL, as when the lists of two CAs get mixed up. */
    const struct assay_slice pck_crl = part[ASSAY_PART_PCK_CRL];
    part[ASSAY_PART_PCK_CRL] = part[ASSAY_PART_ROOT_CRL];
    world_build(w);
    expect_forged(w, ASSAY_RULE_CRL_ISSUER);
    part[ASSAY_PART_PCK_CRL] = pck_crl;
    part[ASSAY_PART_ROOT_CRL] = pck_crl;
    world_build(w);
    cr_assert_eq(world_judge(w), ASSAY_OK);
    cr_assert(assay_verdict_has(&w->verdict, ASSAY_RULE_CRL_SIGNATURE));
    cr_assert(assay_verdict_has(&w->verdict, ASSAY_RULE_CRL_ISSUER));
    world_close(w);
}

/* Two bundles, the chosen one without a list: what the other one revokes is revoked. */
Test(quote_verify, a_missing_list_hides_no_revocation_of_another_bundle)
{
    static const enum assay_collateral_part lists[] = { ASSAY_PART_ROOT_CRL, ASSAY_PART_PCK_CRL };
    struct world *const w = world_open();
    struct assay_collateral *const bare = calloc(1, sizeof *bare);
    cr_assert_not_null(bare);
    for (size_t i = 0; i < 2; i++) {
        w->terms.revoke_platform_ca = lists[i] == ASSAY_PART_ROOT_CRL;
        w->terms.revoked_count = lists[i] == ASSAY_PART_PCK_CRL;
        assay_bytes_copy(w->terms.revoked[0], 20, w->node.pck_serial, 20);
        world_publish(w);
        struct assay_collateral_files files = w->bundle.files;
        files.part[lists[i]] = assay_slice_over(NULL, 0);
        cr_assert_eq(assay_collateral_build(&files, &w->endorsements.entries[0].root, bare),
                     ASSAY_OK);
        /* The other one is of another family, so that it is not chosen itself. */
        w->collateral.tcb_info.fmspc[0] ^= 1;
        w->endorsements.count = 2;
        w->endorsements.entries[1] = w->endorsements.entries[0];
        w->endorsements.entries[1].collateral = bare;
        cr_assert_eq(world_judge(w), ASSAY_OK);
        cr_expect(assay_verdict_has(&w->verdict, ASSAY_RULE_COLLATERAL_MISSING), "list %zu", i);
        cr_expect(assay_verdict_has(&w->verdict, ASSAY_RULE_CERT_REVOKED), "list %zu", i);
        w->endorsements.count = 1;
    }
    free(bare);
    world_close(w);
}

Test(quote_verify, checks_the_pck_crl_against_the_quote_when_no_chain_came_with_it)
{
    struct world *const w = world_open();
    struct world *const other = world_open(); /* same names, other keys */
    w->bundle.files.part[ASSAY_PART_PCK_CHAIN] = assay_slice_over(NULL, 0);
    world_build(w);
    cr_assert_not(w->collateral.has_pck_issuer);
    expect_affirming(w);
    w->bundle.files.part[ASSAY_PART_PCK_CRL] = other->bundle.files.part[ASSAY_PART_PCK_CRL];
    world_build(w);
    cr_assert_eq(world_judge(w), ASSAY_OK);
    cr_assert_eq(w->verdict.genuine, ASSAY_GENUINE_FALSE);
    world_close(other);
    world_close(w);
}

/* --- time */
Test(quote_verify, judges_nothing_outside_the_windows)
{
    struct world *const w = world_open();
    w->at_unix_s = WORLD_FROM;
    expect_affirming(w);
    w->at_unix_s = WORLD_TO;
    expect_affirming(w);
    w->at_unix_s = WORLD_FROM - 1; /* collateral is out of its window as well: none */
    expect(w, ASSAY_TIER_NONE, ASSAY_GENUINE_UNKNOWN, ASSAY_OUTCOME_NONE, ASSAY_RULE_CERT_TIME);
    w->at_unix_s = WORLD_TO + 1;
    expect(w, ASSAY_TIER_NONE, ASSAY_GENUINE_UNKNOWN, ASSAY_OUTCOME_NONE, ASSAY_RULE_CERT_TIME);
    cr_assert_eq(w->verdict.tcb_status, ASSAY_TCB_NONE);
    world_close(w);
}

Test(quote_verify, judges_nothing_by_expired_or_future_collateral)
{
    struct world *const w = world_open();
    w->terms.issue_unix_s = WORLD_AT + 10;
    w->terms.next_unix_s = WORLD_AT + 20;
    world_publish(w);
    expect_unjudged(w, ASSAY_RULE_COLLATERAL_EARLY);
    w->at_unix_s = WORLD_AT + 10;
    expect_affirming(w);
    cr_assert_eq(w->verdict.expires_unix_s, WORLD_AT + 20);
    w->at_unix_s = WORLD_AT + 21;
    expect_unjudged(w, ASSAY_RULE_COLLATERAL_EXPIRED);
    cr_assert_not(assay_collateral_current(&w->collateral, w->at_unix_s));
    world_close(w);
}

/* docs/protocol.md 9.9: what rules that were replaced would have said. */
Test(quote_verify, judges_by_ended_collateral_at_its_last_second_where_that_is_asked)
{
    struct world *const w = world_open();
    w->terms.issue_unix_s = WORLD_AT - 10;
    w->terms.next_unix_s = WORLD_AT + 20;
    world_publish(w);
    w->at_unix_s = WORLD_AT + 1000;
    expect_unjudged(w, ASSAY_RULE_COLLATERAL_EXPIRED);
    w->at_end = true;
    expect_affirming(w);
    cr_assert_eq(w->verdict.at_unix_s, WORLD_AT + 1000, "the time that was asked about");
    w->at_unix_s = WORLD_AT;
    expect_affirming(w);
    w->at_unix_s = WORLD_AT - 11; /* and nothing is judged before it begins */
    expect_unjudged(w, ASSAY_RULE_COLLATERAL_EARLY);
    world_close(w);
}

/* Valid for long, and older than an operator wants it: not judged, at any moment after that age. */
Test(quote_verify, judges_nothing_by_collateral_older_than_the_policy_allows)
{
    struct world *const w = world_open();
    w->terms.issue_unix_s = WORLD_AT - 1000;
    world_publish(w);
    expect_affirming(w);
    w->policy.has_collateral_age = true;
    w->policy.collateral_age_max_s = 1000;
    expect_affirming(w);
    w->policy.collateral_age_max_s = 999;
    expect_unjudged(w, ASSAY_RULE_COLLATERAL_AGE);
    cr_assert_not_null(strstr(w->verdict.reasons[0].expected, "at most 999 s old"));
    w->at_unix_s -= 1;
    expect_affirming(w);
    /* Certificates are not meant. */
    w->policy.collateral_age_max_s = (uint64_t)(WORLD_AT - WORLD_FROM) - 1;
    w->at_unix_s = WORLD_AT;
    expect_affirming(w);
    world_close(w);
}

/* What the verdict holds until, beside the end of what it rests on, which decides ballots. */
static void expect_end(struct world *w, int64_t end_s)
{
    int64_t found = 0;
    cr_assert(assay_verdict_end(&w->verdict, &found));
    cr_expect_eq(found, end_s, "%lld", (long long)found);
    cr_expect_eq(w->verdict.expires_unix_s, WORLD_TO, "policies do not move the end of evidence");
    w->at_unix_s = end_s + 1;
    const enum assay_tier before = w->verdict.tier;
    cr_assert_eq(world_judge(w), ASSAY_OK);
    cr_expect_neq(w->verdict.tier, before, "a second later it is another verdict");
    w->at_unix_s = WORLD_AT;
}

Test(quote_verify, ends_when_the_policy_accepts_the_collateral_no_longer)
{
    struct world *const w = world_open();
    int64_t end_s = 0;
    w->terms.issue_unix_s = WORLD_AT - 1000;
    world_publish(w);
    expect_affirming(w);
    cr_assert(assay_verdict_end(&w->verdict, &end_s) && end_s == WORLD_TO);
    cr_assert_not(w->verdict.has_policy_end);
    w->policy.has_collateral_age = true;
    w->policy.collateral_age_max_s = 1500;
    expect_affirming(w);
    expect_end(w, WORLD_AT + 500);
    w->policy.collateral_age_max_s = 1000;
    expect_affirming(w);
    expect_end(w, WORLD_AT);
    /* Issued in this very second. */
    w->terms.issue_unix_s = WORLD_AT;
    world_publish(w);
    expect_affirming(w);
    expect_end(w, WORLD_AT + 1000);
    static const uint64_t without_end[] = { UINT64_MAX, INT64_MAX, UINT64_C(253402300800) };
    for (size_t i = 0; i < sizeof without_end / sizeof without_end[0]; i++) {
        w->policy.collateral_age_max_s = without_end[i];
        expect_affirming(w);
        cr_assert_not(w->verdict.has_policy_end);
    }
    world_close(w);
}

/* docs/protocol.md 9.9: by the end of the evidence, whatever ends of its policy. */
Test(quote_verify, ballots_by_ended_collateral_ask_for_no_end_of_a_policy)
{
    struct world *const w = world_open();
    w->terms.issue_unix_s = WORLD_AT - 10;
    w->terms.next_unix_s = WORLD_AT + 20;
    world_publish(w);
    w->policy.has_collateral_age = true;
    w->policy.collateral_age_max_s = 25;
    w->at_end = true;
    w->at_unix_s = WORLD_AT + 18; /* older than allowed, and not over yet */
    expect_unjudged(w, ASSAY_RULE_COLLATERAL_AGE);
    w->policy.collateral_age_max_s = 30;
    w->at_unix_s = WORLD_AT + 1000;
    expect_affirming(w);
    cr_expect_eq(w->verdict.expires_unix_s, WORLD_AT + 20);
    world_close(w);
}

Test(quote_verify, a_forgery_outranks_a_missing_judgement)
{
    struct world *const w = world_open();
    w->at_unix_s = WORLD_TO + 1;
    w->quote[48 + 64] ^= 1; /* MRENCLAVE */
    expect_forged(w, ASSAY_RULE_QUOTE_SIGNATURE);
    w->endorsements.entries[0].collateral = NULL;
    expect_forged(w, ASSAY_RULE_QUOTE_SIGNATURE);
    w->quote[48 + 64] ^= 1;
    w->at_unix_s = WORLD_AT;
    expect_unjudged(w, ASSAY_RULE_COLLATERAL_MISSING);
    world_close(w);
}

Test(quote_verify, misses_every_part_by_its_name)
{
    static const int needed[] = { ASSAY_PART_TCB_INFO, ASSAY_PART_QE_IDENTITY, ASSAY_PART_ROOT_CRL,
                                  ASSAY_PART_PCK_CRL, ASSAY_PART_TCB_CHAIN };
    struct world *const w = world_open();
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        struct assay_slice *const part = &w->bundle.files.part[needed[i]];
        const struct assay_slice kept = *part;
        *part = assay_slice_over(NULL, 0);
        world_build(w);
        expect_unjudged(w, ASSAY_RULE_COLLATERAL_MISSING);
        cr_assert_str_eq(w->verdict.reasons[0].expected,
                         assay_collateral_part_name((enum assay_collateral_part)needed[i]));
        cr_assert_not(assay_collateral_sound(&w->collateral));
        *part = kept;
    }
    world_build(w);
    expect_affirming(w);
    world_close(w);
}

/* --- TCB levels */
static void publish_status(struct world *w, enum assay_tcb_status status)
{
    w->terms.levels[0].status = status;
    w->terms.levels[0].advisory = "INTEL-SA-00042";
    world_publish(w);
}

Test(quote_verify, gives_each_tcb_status_its_tier_and_ballot)
{
    struct world *const w = world_open();
    static const struct {
        enum assay_tcb_status status;
        enum assay_tier tier;
        enum assay_outcome outcome;
        int rule;
    } rows[] = {
        { ASSAY_TCB_UP_TO_DATE, ASSAY_TIER_AFFIRMING, ASSAY_OUTCOME_PASS_UP_TO_DATE, 0 },
        { ASSAY_TCB_SW_HARDENING_NEEDED, ASSAY_TIER_AFFIRMING, ASSAY_OUTCOME_PASS_NEEDS_HARDENING,
          0 },
        { ASSAY_TCB_CONFIGURATION_NEEDED, ASSAY_TIER_WARNING, ASSAY_OUTCOME_PASS_NEEDS_HARDENING,
          ASSAY_RULE_TCB_WARNING },
        { ASSAY_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED, ASSAY_TIER_WARNING,
          ASSAY_OUTCOME_PASS_NEEDS_HARDENING, ASSAY_RULE_TCB_WARNING },
        { ASSAY_TCB_OUT_OF_DATE, ASSAY_TIER_WARNING, ASSAY_OUTCOME_PASS_OUT_OF_DATE,
          ASSAY_RULE_TCB_WARNING },
        { ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED, ASSAY_TIER_WARNING,
          ASSAY_OUTCOME_PASS_OUT_OF_DATE, ASSAY_RULE_TCB_WARNING },
        { ASSAY_TCB_REVOKED, ASSAY_TIER_CONTRAINDICATED, ASSAY_OUTCOME_FAIL_HARD,
          ASSAY_RULE_TCB_REVOKED },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        publish_status(w, rows[i].status);
        expect(w, rows[i].tier, ASSAY_GENUINE_TRUE, rows[i].outcome, rows[i].rule);
        cr_assert_eq(w->verdict.tcb_status, rows[i].status);
        cr_assert_eq(w->verdict.advisory_count, 1);
        cr_assert_str_eq(w->verdict.advisories[0], "INTEL-SA-00042");
    }
    world_close(w);
}

Test(quote_verify, finds_no_level_below_the_lowest_one)
{
    struct world *const w = world_open();
    struct assay_soft_platform platform;
    for (size_t i = 0; i < ASSAY_TCB_COMPONENTS; i++) {
        assay_soft_platform_default(&platform);
        platform.components[i] = 0; /* each component counts (evidence-rules.md 2.11) */
        world_move(w, &platform);
        expect_old(w, ASSAY_RULE_TCB_NOT_SUPPORTED);
        cr_assert_eq(w->verdict.tcb_status, ASSAY_TCB_NOT_SUPPORTED);
        cr_assert_not(w->verdict.has_tcb_date);
    }
    assay_soft_platform_default(&platform);
    platform.pcesvn = 0;
    world_move(w, &platform);
    expect_old(w, ASSAY_RULE_TCB_NOT_SUPPORTED);
    assay_soft_platform_default(&platform);
    platform.qe_isvsvn = 0;
    world_move(w, &platform);
    expect_old(w, ASSAY_RULE_TCB_NOT_SUPPORTED);
    cr_assert_not_null(strstr(w->verdict.reasons[0].expected, "quoting enclave"));
    world_close(w);
}

Test(quote_verify, lets_the_quoting_enclave_pull_the_level_down)
{
    struct world *const w = world_open();
    w->terms.qe_status = ASSAY_TCB_OUT_OF_DATE;
    world_publish(w);
    expect(w, ASSAY_TIER_WARNING, ASSAY_GENUINE_TRUE, ASSAY_OUTCOME_PASS_OUT_OF_DATE,
           ASSAY_RULE_TCB_WARNING);
    w->terms.qe_status = ASSAY_TCB_REVOKED;
    world_publish(w);
    expect_refused(w, ASSAY_RULE_TCB_REVOKED);
    world_close(w);
}

Test(quote_verify, ends_grace_by_the_day_something_better_existed)
{
    struct world *const w = world_open();
    enum { PUBLISHED = WORLD_AT - 1000 };
    w->terms.level_count = 2;
    w->terms.levels[1] = w->terms.levels[0];
    w->terms.levels[1].status = ASSAY_TCB_OUT_OF_DATE;
    for (size_t i = 0; i < ASSAY_TCB_COMPONENTS; i++)
        w->terms.levels[0].components[i] = 2;
    w->terms.levels[0].date_unix_s = PUBLISHED;
    world_publish(w);
    struct assay_status_rule *const rule = &w->policy.statuses[ASSAY_TCB_OUT_OF_DATE];
    rule->has_grace = true;
    rule->grace_s = 1000;
    expect(w, ASSAY_TIER_WARNING, ASSAY_GENUINE_TRUE, ASSAY_OUTCOME_PASS_OUT_OF_DATE,
           ASSAY_RULE_TCB_WARNING);
    expect_end(w, WORLD_AT);
    rule->grace_s = 1001;
    rule->acceptance = ASSAY_ACCEPT_AFFIRMING;
    expect(w, ASSAY_TIER_AFFIRMING, ASSAY_GENUINE_TRUE, ASSAY_OUTCOME_PASS_OUT_OF_DATE, 0);
    expect_end(w, WORLD_AT + 1);
    rule->acceptance = ASSAY_ACCEPT_WARNING;
    rule->grace_s = 999;
    expect_old(w, ASSAY_RULE_TCB_GRACE);
    rule->acceptance = ASSAY_ACCEPT_REFUSED;
    expect_old(w, ASSAY_RULE_TCB_STATUS);
    world_close(w);
}

/* --- identities: signed by the right authority, about the wrong thing */
static void expect_changed(struct world *w, enum assay_collateral_part part, const char *from,
                           const char *to, enum assay_rule rule)
{
    char body[ASSAY_SOFT_JSON_MAX];
    world_publish(w);
    world_body(w, part, body, sizeof body);
    text_replace(body, sizeof body, from, to);
    world_sign(w, part, body);
    cr_assert_eq(world_judge(w), ASSAY_OK);
    cr_assert(assay_verdict_has(&w->verdict, rule), "%s -> %s: %s", from, to,
              w->verdict.reason_count == 0 ? "no reason"
                                           : assay_rule_name(w->verdict.reasons[0].rule));
    cr_assert_neq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
}

Test(quote_verify, refuses_collateral_about_something_else)
{
    struct world *const w = world_open();
    char fmspc[32];
    char other[32];
    assay_hex_encode(w->ca.fmspc, 6, fmspc, sizeof fmspc);
    for (char *c = fmspc; *c != '\0'; c++)
        if (*c >= 'a') *c = (char)(*c - 'a' + 'A');
    (void)snprintf(other, sizeof other, "%s", fmspc);
    other[0] = other[0] == '0' ? '1' : '0';
    expect_changed(w, ASSAY_PART_TCB_INFO, fmspc, other, ASSAY_RULE_FMSPC);
    expect_changed(w, ASSAY_PART_TCB_INFO, "\"pceId\":\"0000\"", "\"pceId\":\"0001\"",
                   ASSAY_RULE_PCEID);
    expect_changed(w, ASSAY_PART_QE_IDENTITY, "\"QE\"", "\"TD_QE\"", ASSAY_RULE_QE_IDENTITY_ID);
    expect_changed(w, ASSAY_PART_QE_IDENTITY, "\"isvprodid\":1", "\"isvprodid\":2",
                   ASSAY_RULE_QE_IDENTITY);
    expect_changed(w, ASSAY_PART_QE_IDENTITY, "\"miscselect\":\"00000000\"",
                   "\"miscselect\":\"00000001\"", ASSAY_RULE_QE_IDENTITY);
    expect_changed(w, ASSAY_PART_QE_IDENTITY, "\"attributes\":\"11", "\"attributes\":\"13",
                   ASSAY_RULE_QE_IDENTITY);
    expect_changed(w, ASSAY_PART_QE_IDENTITY, "\"mrsigner\":\"", "\"mrsigner\":\"00",
                   ASSAY_RULE_COLLATERAL_FORMAT);
    world_close(w);
}

Test(quote_verify, misses_the_right_bundle_in_a_network_instead_of_convicting)
{
    struct world *const w = world_open();
    char body[ASSAY_SOFT_JSON_MAX];
    world_body(w, ASSAY_PART_TCB_INFO, body, sizeof body);
    char *const fmspc = strstr(body, "\"fmspc\":\"") + 9;
    fmspc[0] = fmspc[0] == '0' ? '1' : '0';
    world_sign(w, ASSAY_PART_TCB_INFO, body);
    w->endorsements.exact = false;
    expect_unjudged(w, ASSAY_RULE_COLLATERAL_MISSING);
    world_close(w);
}

Test(quote_verify, refuses_collateral_signed_by_somebody_else)
{
    struct world *const w = world_open();
    struct world *const other = world_open();
    static const struct {
        int part;
        enum assay_rule rule;
    } rows[] = {
        { ASSAY_PART_TCB_INFO, ASSAY_RULE_TCB_INFO_SIGNATURE },
        { ASSAY_PART_QE_IDENTITY, ASSAY_RULE_QE_IDENTITY_SIGNATURE },
        { ASSAY_PART_ROOT_CRL, ASSAY_RULE_CRL_SIGNATURE },
        { ASSAY_PART_PCK_CRL, ASSAY_RULE_CRL_ISSUER }, /* the key id tells the CAs apart */
        { ASSAY_PART_PCK_CHAIN, ASSAY_RULE_COLLATERAL_CHAIN },
        { ASSAY_PART_TCB_CHAIN, ASSAY_RULE_COLLATERAL_CHAIN },
        { ASSAY_PART_QE_CHAIN, ASSAY_RULE_COLLATERAL_CHAIN },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct assay_slice *const part = &w->bundle.files.part[rows[i].part];
        const struct assay_slice kept = *part;
        *part = other->bundle.files.part[rows[i].part];
        if (rows[i].part == ASSAY_PART_PCK_CHAIN) /* and its list, or the chain is not looked at */
            w->bundle.files.part[ASSAY_PART_PCK_CRL] = other->bundle.files.part[ASSAY_PART_PCK_CRL];
        world_build(w);
        cr_assert_eq(world_judge(w), ASSAY_OK);
        cr_assert_eq(w->verdict.genuine, ASSAY_GENUINE_FALSE, "part %d", rows[i].part);
        cr_assert(assay_verdict_has(&w->verdict, rows[i].rule), "part %d: %s", rows[i].part,
                  assay_rule_name(w->verdict.reasons[0].rule));
        *part = kept;
        world_publish(w);
    }
    expect_affirming(w);
    world_close(other);
    world_close(w);
}

Test(quote_verify, takes_nothing_signed_by_a_ca_or_a_pck_key_for_collateral)
{
    struct world *const w = world_open();
    /*
     * The platform CA is under the same root; a TCB info signed by it must not pass for the
     * signer's.
     */
    struct assay_soft_ca ca = w->ca;
    char body[ASSAY_SOFT_JSON_MAX];
    uint8_t text[ASSAY_SOFT_JSON_MAX];
    size_t len = 0;
    ca.signing_key = ca.platform_key;
    world_body(w, ASSAY_PART_TCB_INFO, body, sizeof body);
    cr_assert_eq(assay_soft_sign_json(&ca, "tcbInfo", assay_slice_over(body, strlen(body)), text,
                                      sizeof text, &len),
                 ASSAY_OK);
    w->bundle.files.part[ASSAY_PART_TCB_INFO] = assay_slice_over(text, len);
    w->bundle.files.part[ASSAY_PART_TCB_CHAIN] = w->bundle.files.part[ASSAY_PART_PCK_CHAIN];
    world_build(w);
    expect_forged(w, ASSAY_RULE_COLLATERAL_CHAIN);
    assay_soft_ca_wipe(&ca);
    world_close(w);
}

/* --- policy */
Test(quote_verify, accepts_only_reference_values_once_there_are_any)
{
    struct world *const w = world_open();
    struct assay_reference *const r = &w->policy.references[0];
    w->policy.reference_count = 1;
    r->field = ASSAY_REFERENCE_MRENCLAVE;
    r->value_len = 32;
    assay_bytes_copy(r->value, 32, w->request.mrenclave, 32);
    expect_affirming(w);
    r->value[31] ^= 1;
    expect_refused(w, ASSAY_RULE_MEASUREMENT_UNKNOWN);
    r->state = ASSAY_REFERENCE_DENIED; /* a denial of another value denies nothing here */
    expect_affirming(w);
    r->value[31] ^= 1;
    expect_refused(w, ASSAY_RULE_MEASUREMENT_DENIED);
    r->state = ASSAY_REFERENCE_RETIRING;
    expect(w, ASSAY_TIER_WARNING, ASSAY_GENUINE_TRUE, ASSAY_OUTCOME_PASS_UP_TO_DATE,
           ASSAY_RULE_MEASUREMENT_RETIRING);
    r->state = ASSAY_REFERENCE_ALLOWED;
    r->has_not_after = true;
    r->not_after_s = WORLD_AT;
    expect_affirming(w);
    r->not_after_s = WORLD_AT - 1;
    expect_refused(w, ASSAY_RULE_MEASUREMENT_UNKNOWN);
    r->has_not_after = false;
    r->has_not_before = true;
    r->not_before_s = WORLD_AT + 1;
    expect_refused(w, ASSAY_RULE_MEASUREMENT_UNKNOWN);
    r->has_not_before = false;
    r->isvsvn_min = 1;
    expect_old(w, ASSAY_RULE_SVN_MINIMUM);
    w->request.isvsvn = 1;
    world_quote(w);
    expect_affirming(w);
    world_close(w);
}

Test(quote_verify, holds_the_minimums_of_the_policy)
{
    struct world *const w = world_open();
    w->policy.pcesvn_min = 1;
    w->policy.evaluation_number_min = 1;
    expect_affirming(w);
    w->policy.pcesvn_min = 2;
    expect_old(w, ASSAY_RULE_SVN_MINIMUM);
    w->policy.pcesvn_min = 0;
    w->policy.evaluation_number_min = 2;
    expect_old(w, ASSAY_RULE_EVALUATION_NUMBER);
    world_close(w);
}

Test(quote_verify, denies_an_advisory_by_name)
{
    struct world *const w = world_open();
    w->terms.levels[0].advisory = "INTEL-SA-00042";
    world_publish(w);
    w->policy.advisory_count = 1;
    (void)snprintf(w->policy.advisories_denied[0], ASSAY_ADVISORY_TEXT, "INTEL-SA-00043");
    expect_affirming(w);
    (void)snprintf(w->policy.advisories_denied[0], ASSAY_ADVISORY_TEXT, "INTEL-SA-00042");
    expect_old(w, ASSAY_RULE_ADVISORY_DENIED);
    world_close(w);
}

/* --- several vendors in one network */
Test(quote_verify, chooses_the_endorsement_by_the_chain)
{
    struct world *const a = world_open();
    struct world *const b = world_open();
    struct assay_endorsements both = { .count = 2 };
    both.entries[0] = b->endorsements.entries[0];
    both.entries[1] = a->endorsements.entries[0];
    a->endorsements = both;
    b->endorsements = both;
    expect_affirming(a);
    expect_affirming(b);
    cr_assert_not(assay_bytes_equal(a->verdict.vendor_root, b->verdict.vendor_root, 32));
    world_close(b);
    world_close(a);
}
