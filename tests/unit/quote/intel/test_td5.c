/*
 * tests/unit/quote/intel/test_td5.c - quotes of version 5 and SGX bodies in versions 4 and 5 under
 * a test root: descriptors, TDs that outlived their module, service TDs, PCK chains beside a quote.
 * The tests of test_td.c run in this program once more, on an extended TD report 1.5.
 */
#include "base/base64.h"
#include "quote/package.h"
#include "quote/verify.h"
#include "tests/support/depth.h"
#include "tests/unit/quote/intel/td_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

static void expect(struct td_world *t, enum assay_tier tier, enum assay_genuine genuine, int rule)
{
    const struct assay_verdict *const v = &t->world->verdict;
    cr_assert_eq(td_judge(t), ASSAY_OK);
    const char *const first = v->reason_count == 0 ? "-" : assay_rule_name(v->reasons[0].rule);
    cr_assert_eq(v->tier, tier, "tier %s, reason %s", assay_tier_text(v->tier), first);
    cr_assert_eq(v->genuine, genuine, "genuine %d, reason %s", v->genuine, first);
    cr_assert_eq(v->reason_count == 0 ? 0 : (int)v->reasons[0].rule, rule, "reason %s", first);
}

static void expect_affirming(struct td_world *t)
{
    expect(t, ASSAY_TIER_AFFIRMING, ASSAY_GENUINE_TRUE, 0);
}

static void expect_proofs(const struct td_world *t, int quote, int qe_report, int binding,
                          int chain)
{
    const uint8_t *const proofs = t->world->verdict.proofs;
    cr_assert_eq(proofs[ASSAY_PROOF_QUOTE_SIGNATURE], quote);
    cr_assert_eq(proofs[ASSAY_PROOF_QE_REPORT_SIGNATURE], qe_report);
    cr_assert_eq(proofs[ASSAY_PROOF_AK_BINDING], binding);
    cr_assert_eq(proofs[ASSAY_PROOF_CHAIN_TO_ROOT], chain);
}

static const struct {
    enum assay_evidence_kind kind;
    enum assay_body_type type;
    size_t signed_len;
} shapes[] = {
    { ASSAY_KIND_SGX4, ASSAY_BODY_SGX, 48 + 384 },
    { ASSAY_KIND_SGX5, ASSAY_BODY_SGX, 54 + 384 },
    { ASSAY_KIND_TDX4, ASSAY_BODY_TD_10, 48 + 584 },
    { ASSAY_KIND_TDX5, ASSAY_BODY_TD_10, 54 + 584 },
    { ASSAY_KIND_TDX5, ASSAY_BODY_TD_15, 54 + 648 },
    { ASSAY_KIND_TDX5, ASSAY_BODY_TD_15_EX, 54 + 885 },
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

Test(quote_td5, affirms_every_kind_and_body_and_proves_every_link)
{
    for (size_t i = 0; i < SHAPES; i++) {
        struct td_world *const t = td_open_as(shapes[i].kind, shapes[i].type);
        enum assay_evidence_kind kind = ASSAY_KIND_NONE;
        size_t declared = 0;
        cr_assert_eq(td_signed_len(t), shapes[i].signed_len);
        cr_assert_eq(assay_evidence_detect(t->quote, t->quote_len, &kind), ASSAY_OK);
        cr_assert_eq(kind, shapes[i].kind);
        cr_assert_eq(assay_evidence_length(kind, t->quote, sizeof t->quote, &declared), ASSAY_OK);
        cr_assert_eq(declared, t->quote_len); /* and zeros behind it */
        expect_affirming(t);
        expect_proofs(t, ASSAY_PROOF_TRUE, ASSAY_PROOF_TRUE, ASSAY_PROOF_TRUE, ASSAY_PROOF_TRUE);
        const struct assay_verdict *const v = &t->world->verdict;
        const bool is_sgx = shapes[i].type == ASSAY_BODY_SGX;
        cr_assert_eq(v->measurement_len, is_sgx ? 32 : 48);
        cr_assert_eq(v->measurement[0], 0xd0);
        cr_assert_arr_eq(v->report_data, t->td.report_data, 64);
        cr_assert_eq(v->tcb_status_launch, ASSAY_TCB_UP_TO_DATE);
        cr_assert_eq(v->tcb_status_current, ASSAY_TCB_UP_TO_DATE);
        td_close(t);
    }
}

/* One byte of each thing that is signed or bound: the link that it breaks, and no other. */
Test(quote_td5, says_which_link_is_broken)
{
    struct td_world *const t = td_open();
    const size_t signature = td_signed_len(t) + 4;
    const size_t qe_report = signature + 64 + 64 + 6;
    const size_t qe_auth = qe_report + 384 + 64 + 2;
    const struct {
        size_t at;
        enum assay_proof broken;
        enum assay_rule rule;
    } rows[] = {
        { 60, ASSAY_PROOF_QUOTE_SIGNATURE, ASSAY_RULE_QUOTE_SIGNATURE },
        { signature, ASSAY_PROOF_QUOTE_SIGNATURE, ASSAY_RULE_QUOTE_SIGNATURE },
        { qe_report, ASSAY_PROOF_QE_REPORT_SIGNATURE, ASSAY_RULE_QE_SIGNATURE },
        { qe_report + 384, ASSAY_PROOF_QE_REPORT_SIGNATURE, ASSAY_RULE_QE_SIGNATURE },
        { qe_auth, ASSAY_PROOF_AK_BINDING, ASSAY_RULE_AK_BINDING },
    };
    static const enum assay_proof links[] = { ASSAY_PROOF_QUOTE_SIGNATURE,
                                              ASSAY_PROOF_QE_REPORT_SIGNATURE,
                                              ASSAY_PROOF_AK_BINDING, ASSAY_PROOF_CHAIN_TO_ROOT };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        t->quote[rows[i].at] ^= 1;
        expect(t, ASSAY_TIER_CONTRAINDICATED, ASSAY_GENUINE_FALSE, (int)rows[i].rule);
        for (size_t k = 0; k < 4; k++)
            cr_assert_eq(t->world->verdict.proofs[links[k]],
                         links[k] == rows[i].broken ? ASSAY_PROOF_FALSE : ASSAY_PROOF_TRUE,
                         "row %zu, link %zu", i, k);
        t->quote[rows[i].at] ^= 1;
    }
    td_close(t);
}

Test(quote_td5, reads_every_field_of_an_extended_report)
{
    struct td_world *const t = td_open_as(ASSAY_KIND_TDX5, ASSAY_BODY_TD_15_EX);
    struct assay_td_report *const td = &t->td;
    struct assay_td_report parsed;
    struct assay_cursor in;
    uint8_t *const bytes = (uint8_t *)td;
    for (size_t i = 0; i < sizeof *td; i++)
        bytes[i] = (uint8_t)(i * 7 + 1); /* fields of bytes: no padding to hide in */
    t->is_updated = true;
    td_quote(t);
    in = assay_cursor_over(t->quote + 54, 885);
    cr_assert_eq(assay_td_report_parse(&in, ASSAY_BODY_TD_15_EX, &parsed), ASSAY_OK);
    cr_assert_eq(assay_cursor_end(&in), ASSAY_OK);
    cr_assert_arr_eq(bytes, (const uint8_t *)&parsed, sizeof parsed);
    in = assay_cursor_over(t->quote + 54, 884);
    cr_assert_eq(assay_td_report_parse(&in, ASSAY_BODY_TD_15_EX, &parsed), ASSAY_E_TRUNCATED);
    td_close(t);
}

/* --- the descriptor of version 5 */
static void expect_descriptor(struct td_world *t, unsigned type, uint32_t len,
                              enum assay_status status)
{
    const uint8_t descriptor[] = {
        (uint8_t)type,       (uint8_t)(type >> 8), (uint8_t)len,
        (uint8_t)(len >> 8), (uint8_t)(len >> 16), (uint8_t)(len >> 24)
    };
    uint8_t kept[6];
    size_t declared = 0;
    assay_bytes_copy(kept, 6, t->quote + 48, 6);
    assay_bytes_copy(t->quote + 48, 6, descriptor, 6);
    cr_assert_eq(td_judge(t), status, "type %u, %u bytes", type, len);
    cr_assert_neq(t->world->verdict.genuine, ASSAY_GENUINE_TRUE);
    const enum assay_status length =
        assay_evidence_length(t->kind, t->quote, t->quote_len, &declared);
    cr_assert_eq(length, status, "type %u, %u bytes", type, len);
    assay_bytes_copy(t->quote + 48, 6, kept, 6);
}

Test(quote_td5, refuses_a_descriptor_that_is_not_its_bodys)
{
    struct td_world *const t = td_open_as(ASSAY_KIND_TDX5, ASSAY_BODY_TD_15);
    static const unsigned unknown[] = { 0, 5, 6, 0x103, 0xffff };
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        expect_descriptor(t, unknown[i], 648, ASSAY_E_UNSUPPORTED);
    expect_descriptor(t, 1, 384, ASSAY_E_INVALID); /* an enclave in a quote of TDX */
    static const uint32_t lengths[] = { 0, 584, 647, 649, 885, 0x10288, 0xffffffff };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        expect_descriptor(t, 3, lengths[i], ASSAY_E_INVALID);
    expect_descriptor(t, 2, 648, ASSAY_E_INVALID);
    td_close(t);
    struct td_world *const sgx = td_open_as(ASSAY_KIND_SGX5, ASSAY_BODY_SGX);
    expect_descriptor(sgx, 2, 584, ASSAY_E_INVALID);
    expect_descriptor(sgx, 1, 383, ASSAY_E_INVALID);
    td_close(sgx);
}

/* The descriptor is signed: another body of the same bytes cannot be claimed afterwards. */
Test(quote_td5, is_refused_in_every_truncation_and_with_every_flipped_byte)
{
    for (size_t i = 0; i < SHAPES; i++) {
        struct td_world *const t = td_open_as(shapes[i].kind, shapes[i].type);
        const size_t len = t->quote_len;
        for (size_t at = 0; at < len; at += test_every(3)) {
            uint8_t *const exact = malloc(at == 0 ? 1 : at);
            cr_assert_not_null(exact);
            assay_bytes_copy(exact, at == 0 ? 1 : at, t->quote, at);
            struct assay_evidence_request request = td_request(t);
            request.bytes = exact;
            request.len = at;
            const enum assay_status status =
                assay_evidence_verify(NULL, &request, &t->world->verdict);
            cr_assert_neq(status, ASSAY_OK, "%zu bytes", at);
            cr_assert_neq(t->world->verdict.tier, ASSAY_TIER_AFFIRMING);
            free(exact);
        }
        for (size_t at = 0; at < len; at += (at < td_signed_len(t) ? 1 : 7) * test_every(3)) {
            t->quote[at] ^= (uint8_t)(1u << at % 8);
            (void)!td_judge(t);
            cr_assert_neq(t->world->verdict.genuine, ASSAY_GENUINE_TRUE, "byte %zu", at);
            t->quote[at] ^= (uint8_t)(1u << at % 8);
        }
        expect_affirming(t);
        td_close(t);
    }
}

/* A TDX quote that calls itself SGX is no SGX quote: its lengths stand elsewhere. */
Test(quote_td5, takes_no_td_for_an_enclave)
{
    struct td_world *const t = td_open_as(ASSAY_KIND_TDX4, ASSAY_BODY_TD_10);
    t->quote[4] = 0;
    t->kind = ASSAY_KIND_SGX4;
    const enum assay_status status = td_judge(t);
    cr_assert_neq(status, ASSAY_OK);
    cr_assert_eq(assay_status_class(status), ASSAY_CLASS_INPUT);
    cr_assert_neq(t->world->verdict.genuine, ASSAY_GENUINE_TRUE);
    td_close(t);
}

Test(quote_td5, refuses_a_dice_token_in_words)
{
    enum { LEN = 9000 };
    static const uint8_t heads[][2] = { { 0xd8, 0x3d }, { 0xd2, 0x84 } };
    struct td_world *const t = td_open();
    uint8_t *const bytes = calloc(1, LEN);
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    cr_assert_not_null(bytes);
    for (size_t i = 0; i < 2; i++) {
        assay_bytes_copy(bytes, LEN, heads[i], 2);
        struct assay_evidence_request request = td_request(t);
        request.bytes = bytes;
        request.len = LEN;
        cr_assert_eq(assay_evidence_verify(NULL, &request, &t->world->verdict),
                     ASSAY_E_UNSUPPORTED);
        cr_assert_eq(t->world->verdict.reason_count, 1);
        cr_assert_eq(t->world->verdict.genuine, ASSAY_GENUINE_UNKNOWN);
        cr_assert_not_null(strstr(t->world->verdict.reasons[0].observed, "DICE"));
    }
    assay_bytes_copy(bytes, LEN, heads[0], 2);
    cr_assert_eq(assay_evidence_detect(bytes, LEN, &kind), ASSAY_OK);
    cr_assert_eq(kind, ASSAY_KIND_TDX5);
    free(bytes);
    td_close(t);
}

/* --- at the launch and now (evidence-rules.md 2.13) */
/* Module levels: 5 good, 3 old, 2 revoked, below none; platform as the test says. */
static struct td_world *open_updated(enum assay_body_type type)
{
    struct td_world *const t = td_open_as(ASSAY_KIND_TDX5, type);
    struct td_module *const module = &t->terms.modules[0];
    module->level_count = 3;
    module->levels[1] =
        (struct td_isv_level){ 3, ASSAY_TCB_OUT_OF_DATE, WORLD_FROM + 50, "INTEL-SA-00777" };
    module->levels[2] = (struct td_isv_level){ 2, ASSAY_TCB_REVOKED, WORLD_FROM + 40, NULL };
    t->is_updated = true;
    td_publish(t);
    return t;
}

static void expect_statuses(struct td_world *t, uint8_t launch_svn, uint8_t current_svn,
                            enum assay_tcb_status status, enum assay_tcb_status launch,
                            enum assay_tcb_status current)
{
    t->td.tee_tcb_svn[0] = launch_svn;
    t->td.tee_tcb_svn2[0] = current_svn;
    td_quote(t);
    cr_assert_eq(td_judge(t), ASSAY_OK);
    const struct assay_verdict *const v = &t->world->verdict;
    cr_assert_eq(v->genuine, ASSAY_GENUINE_TRUE);
    cr_assert_eq(v->tcb_status, status, "%u then %u: %s", launch_svn, current_svn,
                 assay_tcb_status_text(v->tcb_status));
    cr_assert_eq(v->tcb_status_launch, launch);
    cr_assert_eq(v->tcb_status_current, current);
}

Test(quote_td5, advises_to_relaunch_a_td_that_outlived_its_module)
{
    static const enum assay_body_type types[] = { ASSAY_BODY_TD_15, ASSAY_BODY_TD_15_EX };
    for (size_t i = 0; i < 2; i++) {
        struct td_world *const t = open_updated(types[i]);
        expect_statuses(t, 3, 5, ASSAY_TCB_TD_RELAUNCH_ADVISED, ASSAY_TCB_OUT_OF_DATE,
                        ASSAY_TCB_UP_TO_DATE);
        /* Date, advisories and grace are of the launch. */
        cr_assert_eq(t->world->verdict.tcb_date_unix_s, WORLD_FROM + 50);
        cr_assert_eq(t->world->verdict.advisory_count, 1);
        cr_assert_eq(t->world->verdict.tier, ASSAY_TIER_WARNING);
        cr_assert_eq(assay_verdict_outcome(&t->world->verdict), ASSAY_OUTCOME_PASS_OUT_OF_DATE);
        expect_statuses(t, 3, 3, ASSAY_TCB_OUT_OF_DATE, ASSAY_TCB_OUT_OF_DATE,
                        ASSAY_TCB_OUT_OF_DATE);
        expect_statuses(t, 5, 5, ASSAY_TCB_UP_TO_DATE, ASSAY_TCB_UP_TO_DATE, ASSAY_TCB_UP_TO_DATE);
        /* Good at the launch and old now: the launch's status stands, the policy decides about
         * now. */
        expect_statuses(t, 5, 3, ASSAY_TCB_UP_TO_DATE, ASSAY_TCB_UP_TO_DATE, ASSAY_TCB_OUT_OF_DATE);
        expect_statuses(t, 2, 5, ASSAY_TCB_REVOKED, ASSAY_TCB_REVOKED, ASSAY_TCB_UP_TO_DATE);
        expect_statuses(t, 3, 2, ASSAY_TCB_OUT_OF_DATE, ASSAY_TCB_OUT_OF_DATE, ASSAY_TCB_REVOKED);
        expect_statuses(t, 3, 1, ASSAY_TCB_NOT_SUPPORTED, ASSAY_TCB_OUT_OF_DATE,
                        ASSAY_TCB_NOT_SUPPORTED);
        cr_assert_eq(t->world->verdict.advisory_count, 0);
        expect_statuses(t, 1, 5, ASSAY_TCB_NOT_SUPPORTED, ASSAY_TCB_NOT_SUPPORTED,
                        ASSAY_TCB_NOT_SUPPORTED);
        td_close(t);
    }
}

/* Statuses, dates and advisories of both, and what the policy makes of the one of now. */
Test(quote_td5, leaves_what_runs_now_to_the_policy)
{
    static const struct {
        uint8_t svn;
        enum assay_tcb_status status;
        enum assay_acceptance old, revoked;
        enum assay_rule rule; /* of the one reason; 0: none */
        enum assay_tier tier;
        enum assay_outcome outcome;
    } cases[] = {
        { 3, ASSAY_TCB_OUT_OF_DATE, ASSAY_ACCEPT_WARNING, ASSAY_ACCEPT_REFUSED,
          ASSAY_RULE_TCB_NOW_WARNING, ASSAY_TIER_WARNING, ASSAY_OUTCOME_PASS_OUT_OF_DATE },
        { 3, ASSAY_TCB_OUT_OF_DATE, ASSAY_ACCEPT_REFUSED, ASSAY_ACCEPT_REFUSED,
          ASSAY_RULE_TCB_NOW_OLD, ASSAY_TIER_CONTRAINDICATED, ASSAY_OUTCOME_FAIL_SOFT },
        { 3, ASSAY_TCB_OUT_OF_DATE, ASSAY_ACCEPT_AFFIRMING, ASSAY_ACCEPT_REFUSED, 0,
          ASSAY_TIER_AFFIRMING, ASSAY_OUTCOME_PASS_UP_TO_DATE },
        { 2, ASSAY_TCB_REVOKED, ASSAY_ACCEPT_WARNING, ASSAY_ACCEPT_REFUSED,
          ASSAY_RULE_TCB_NOW_REVOKED, ASSAY_TIER_CONTRAINDICATED, ASSAY_OUTCOME_FAIL_HARD },
        { 2, ASSAY_TCB_REVOKED, ASSAY_ACCEPT_WARNING, ASSAY_ACCEPT_WARNING,
          ASSAY_RULE_TCB_NOW_WARNING, ASSAY_TIER_WARNING, ASSAY_OUTCOME_PASS_OUT_OF_DATE },
    };
    struct td_world *const t = open_updated(ASSAY_BODY_TD_15);
    const struct assay_verdict *const v = &t->world->verdict;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        t->world->policy.platform.td_now_out_of_date = cases[i].old;
        t->world->policy.platform.td_now_revoked = cases[i].revoked;
        expect_statuses(t, 5, cases[i].svn, ASSAY_TCB_UP_TO_DATE, ASSAY_TCB_UP_TO_DATE,
                        cases[i].status);
        cr_expect_eq(v->tier, cases[i].tier, "case %zu", i);
        cr_expect_eq(assay_verdict_outcome(v), cases[i].outcome, "case %zu", i);
        cr_expect_eq(v->reason_count, cases[i].rule != 0);
        cr_expect(cases[i].rule == 0 || assay_verdict_has(v, cases[i].rule), "case %zu", i);
        cr_assert(v->has_now && v->has_tcb_date_now);
        cr_expect_neq(v->tcb_date_unix_s, v->tcb_date_now_unix_s);
        cr_expect_eq(v->tcb_date_now_unix_s, WORLD_FROM + (cases[i].svn == 3 ? 50 : 40));
        cr_expect_eq(v->advisory_count, 0, "of the launch");
        cr_expect_eq(v->advisory_now_count, cases[i].svn == 3);
    }
    /* An advisory that is denied and open now. */
    (void)snprintf(t->world->policy.advisories_denied[0], ASSAY_ADVISORY_TEXT, "INTEL-SA-00777");
    t->world->policy.advisory_count = 1;
    expect_statuses(t, 5, 3, ASSAY_TCB_UP_TO_DATE, ASSAY_TCB_UP_TO_DATE, ASSAY_TCB_OUT_OF_DATE);
    cr_expect(assay_verdict_has(v, ASSAY_RULE_ADVISORY_DENIED));
    td_close(t);
}

Test(quote_td5, advises_to_relaunch_and_configure)
{
    struct td_world *const t = open_updated(ASSAY_BODY_TD_15);
    t->terms.levels[0].status = ASSAY_TCB_CONFIGURATION_NEEDED;
    td_publish(t);
    expect_statuses(t, 3, 5, ASSAY_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED,
                    ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED, ASSAY_TCB_CONFIGURATION_NEEDED);
    t->terms.levels[0].status = ASSAY_TCB_SW_HARDENING_NEEDED;
    td_publish(t);
    expect_statuses(t, 3, 5, ASSAY_TCB_TD_RELAUNCH_ADVISED, ASSAY_TCB_OUT_OF_DATE,
                    ASSAY_TCB_SW_HARDENING_NEEDED);
    t->terms.levels[0].status = ASSAY_TCB_OUT_OF_DATE; /* the platform: a relaunch helps nobody */
    td_publish(t);
    expect_statuses(t, 3, 5, ASSAY_TCB_OUT_OF_DATE, ASSAY_TCB_OUT_OF_DATE, ASSAY_TCB_OUT_OF_DATE);
    td_close(t);
}

/* A quoting enclave that is old is old in both evaluations. */
Test(quote_td5, lets_no_relaunch_hide_an_old_quoting_enclave)
{
    struct td_world *const t = open_updated(ASSAY_BODY_TD_15);
    t->terms.qe_levels[0].status = ASSAY_TCB_OUT_OF_DATE;
    td_publish(t);
    expect_statuses(t, 3, 5, ASSAY_TCB_OUT_OF_DATE, ASSAY_TCB_OUT_OF_DATE, ASSAY_TCB_OUT_OF_DATE);
    t->terms.qe_levels[0].status = ASSAY_TCB_REVOKED;
    td_publish(t);
    expect_statuses(t, 3, 5, ASSAY_TCB_REVOKED, ASSAY_TCB_REVOKED, ASSAY_TCB_REVOKED);
    td_close(t);
}

/* The second SVNs choose their own module identity and their own index rule. */
Test(quote_td5, evaluates_the_present_module_by_itself)
{
    struct td_world *const t = open_updated(ASSAY_BODY_TD_15);
    t->td.tee_tcb_svn2[1] = 4;
    expect_statuses(t, 3, 5, ASSAY_TCB_NOT_SUPPORTED, ASSAY_TCB_OUT_OF_DATE,
                    ASSAY_TCB_NOT_SUPPORTED);
    t->terms.modules[1] = t->terms.modules[0];
    t->terms.modules[1].version = 4;
    t->terms.module_count = 2;
    td_publish(t);
    expect_statuses(t, 3, 5, ASSAY_TCB_TD_RELAUNCH_ADVISED, ASSAY_TCB_OUT_OF_DATE,
                    ASSAY_TCB_UP_TO_DATE);
    t->td.tee_tcb_svn2[2] = 4; /* below the platform's level */
    expect_statuses(t, 3, 5, ASSAY_TCB_NOT_SUPPORTED, ASSAY_TCB_OUT_OF_DATE,
                    ASSAY_TCB_NOT_SUPPORTED);
    td_close(t);
}

/* --- policy */
Test(quote_td5, leaves_service_tds_and_sept_ve_to_the_policy)
{
    struct td_world *const t = td_open_as(ASSAY_KIND_TDX5, ASSAY_BODY_TD_15);
    t->td.mrservicetd[0] = 1;
    td_quote(t);
    expect(t, ASSAY_TIER_WARNING, ASSAY_GENUINE_TRUE, ASSAY_RULE_SERVICE_TD_NOTE);
    t->world->policy.platform.service_td = ASSAY_ACCEPT_REFUSED;
    expect(t, ASSAY_TIER_CONTRAINDICATED, ASSAY_GENUINE_TRUE, ASSAY_RULE_SERVICE_TD);
    t->world->policy.platform.service_td = ASSAY_ACCEPT_AFFIRMING;
    expect_affirming(t);
    t->td.td_attributes[3] = 0;
    td_quote(t);
    expect(t, ASSAY_TIER_WARNING, ASSAY_GENUINE_TRUE, ASSAY_RULE_SEPT_VE_NOTE);
    t->world->policy.platform.sept_ve_enabled = ASSAY_ACCEPT_REFUSED;
    expect(t, ASSAY_TIER_CONTRAINDICATED, ASSAY_GENUINE_TRUE, ASSAY_RULE_SEPT_VE);
    td_close(t);
}

/* --- certification data of type 3: a PCK chain from elsewhere */
enum { TYPE_3_LEN = 404, DERS_MAX = 8 };

struct beside {
    uint8_t data[TYPE_3_LEN];
    uint8_t der[DERS_MAX][2048];
    struct assay_slice slices[DERS_MAX];
    size_t count;
    uint8_t package[16384];
    struct assay_slice bytes;
};

/* The node's chain as DER, and type 3 data that names its PCK. */
static struct beside *open_alongside(struct td_world *t)
{
    struct beside *const b = calloc(1, sizeof *b);
    struct assay_certificate *const c = calloc(3, sizeof *c);
    size_t count = 0;
    cr_assert(b != NULL && c != NULL);
    struct assay_slice rest = assay_slice_over(t->world->node.chain, t->world->node.chain_len);
    cr_assert_eq(assay_x509_pem_chain(rest.bytes, rest.len, c, 3, &count), ASSAY_OK);
    for (size_t i = 0; i < count; i++) {
        struct assay_slice label;
        size_t len = 0;
        cr_assert_eq(assay_pem_next(&rest, &label, b->der[i], sizeof b->der[i], &len), ASSAY_OK);
        b->slices[i] = assay_slice_over(b->der[i], len);
        if (!c[i].has_pck) continue;
        memset(b->data, 0xee, 384);
        assay_bytes_copy(b->data + 384, 16, c[i].pck.cpusvn, 16);
        b->data[400] = (uint8_t)c[i].pck.pcesvn;
        b->data[401] = (uint8_t)(c[i].pck.pcesvn >> 8);
        assay_bytes_copy(b->data + 402, 2, c[i].pck.pceid, 2);
    }
    b->count = count;
    t->cert_type = ASSAY_CERT_TYPE_ENCRYPTED_PPID;
    t->cert_data = assay_slice_over(b->data, sizeof b->data);
    td_quote(t);
    free(c);
    return b;
}

static enum assay_status judge_package(struct td_world *t, struct beside *b)
{
    struct assay_package package = { .kind = t->kind, .certificate_count = b->count };
    package.main = assay_slice_over(t->quote, t->quote_len);
    for (size_t i = 0; i < b->count; i++)
        package.certificates[i] = b->slices[i];
    struct assay_writer w = assay_writer_over(b->package, sizeof b->package);
    assay_package_encode(&package, &w);
    cr_assert_eq(assay_writer_finish(&w, &b->bytes), ASSAY_OK);
    struct assay_evidence_request request = td_request(t);
    request.bytes = b->bytes.bytes;
    request.len = b->bytes.len;
    return assay_evidence_verify(t->world->verifier, &request, &t->world->verdict);
}

static void expect_package(struct td_world *t, struct beside *b, enum assay_genuine genuine,
                           int rule)
{
    const struct assay_verdict *const v = &t->world->verdict;
    cr_assert_eq(judge_package(t, b), ASSAY_OK);
    cr_assert_eq(v->reason_count == 0 ? 0 : (int)v->reasons[0].rule, rule, "%s",
                 v->reason_count == 0 ? "-" : assay_rule_name(v->reasons[0].rule));
    cr_assert_eq(v->genuine, genuine);
}

Test(quote_td5, takes_the_chain_beside_a_quote_of_type_3_in_any_order)
{
    static const size_t orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                        { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    for (size_t kind = 0; kind < SHAPES; kind++) {
        struct td_world *const t = td_open_as(shapes[kind].kind, shapes[kind].type);
        struct beside *const b = open_alongside(t);
        const struct assay_slice in_order[] = { b->slices[0], b->slices[1], b->slices[2] };
        t->world->endorsements.entries[0].collateral = NULL;
        expect(t, ASSAY_TIER_NONE, ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_CERT_TYPE);
        expect_proofs(t, ASSAY_PROOF_TRUE, ASSAY_PROOF_UNKNOWN, ASSAY_PROOF_TRUE,
                      ASSAY_PROOF_UNKNOWN);
        t->world->endorsements.entries[0].collateral = &t->world->collateral;
        for (size_t i = 0; i < 6; i++) {
            for (size_t k = 0; k < 3; k++)
                b->slices[k] = in_order[orders[i][k]];
            expect_package(t, b, ASSAY_GENUINE_TRUE, 0);
            expect_proofs(t, ASSAY_PROOF_TRUE, ASSAY_PROOF_TRUE, ASSAY_PROOF_TRUE,
                          ASSAY_PROOF_TRUE);
        }
        free(b);
        td_close(t);
    }
}

Test(quote_td5, accepts_no_chain_that_is_not_this_platforms)
{
    struct td_world *const t = td_open();
    struct td_world *const other = td_open();
    struct beside *const b = open_alongside(t);
    struct beside *const theirs = open_alongside(other);
    for (size_t i = 384; i < TYPE_3_LEN; i++) { /* SVNs of another level, another PCE */
        b->data[i] ^= 1;
        td_quote(t);
        expect_package(t, b, ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_CERT_TYPE);
        b->data[i] ^= 1;
    }
    b->data[0] ^= 1; /* the PPID is encrypted to Intel: it names nobody here */
    td_quote(t);
    expect_package(t, b, ASSAY_GENUINE_TRUE, 0);
    expect_package(t, theirs, ASSAY_GENUINE_FALSE, ASSAY_RULE_QE_SIGNATURE);
    cr_assert(assay_verdict_has(&t->world->verdict, ASSAY_RULE_CHAIN_ROOT));
    b->count = 2; /* without the root */
    expect_package(t, b, ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_CERT_TYPE);
    b->count = 1;
    expect_package(t, b, ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_CERT_TYPE);
    b->count = 3;
    b->der[0][b->slices[0].len - 1] ^= 1; /* the PCK certificate's signature */
    expect_package(t, b, ASSAY_GENUINE_FALSE, ASSAY_RULE_CHAIN_SIGNATURE);
    free(b);
    free(theirs);
    td_close(t);
    td_close(other);
}

/* The bundle's own PCK chain serves as well, when it is this platform's. */
Test(quote_td5, finds_the_chain_of_a_quote_of_type_3_in_the_bundle)
{
    struct td_world *const t = td_open();
    struct beside *const b = open_alongside(t);
    struct assay_slice *const part = &t->world->bundle.files.part[ASSAY_PART_PCK_CHAIN];
    const struct assay_slice published = *part;
    *part = assay_slice_over(t->world->node.chain, t->world->node.chain_len);
    world_build(t->world);
    expect_affirming(t);
    *part = published; /* of no platform, or of another */
    world_build(t->world);
    expect(t, ASSAY_TIER_NONE, ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_CERT_TYPE);
    struct assay_soft_node other;
    struct assay_soft_platform platform = { .pcesvn = 5, .qe_isvsvn = 5 };
    memset(platform.components, 5, 16); /* the same SVNs: only the key tells */
    cr_assert_eq(assay_soft_node_create(&t->world->ca, "other", &platform, &other), ASSAY_OK);
    *part = assay_slice_over(other.chain, other.chain_len);
    world_build(t->world);
    expect(t, ASSAY_TIER_NONE, ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_CERT_TYPE);
    assay_soft_node_deinit(&other);
    free(b);
    td_close(t);
}

/*
 * A package whose "certificates" are the digests of the bundle's: what was found out about the one
 * must not be remembered for the other, or a member could have warm nodes and cold ones disagree.
 */
Test(quote_td5, remembers_no_digest_for_the_certificate_that_it_names)
{
    struct td_world *const t = td_open();
    struct beside *const b = open_alongside(t);
    const size_t len = assay_verifier_size(4);
    void *const memory = aligned_alloc(64, (len + 63) / 64 * 64);
    t->world->bundle.files.part[ASSAY_PART_PCK_CHAIN] =
        assay_slice_over(t->world->node.chain, t->world->node.chain_len);
    world_build(t->world);
    expect_affirming(t);
    for (size_t i = 0; i < b->count; i++)
        b->slices[i] = assay_slice_over(t->world->collateral.certificates[i].digest, 32);
    for (int bundle_first = 0; bundle_first < 2; bundle_first++) {
        struct assay_verifier *verifier = NULL;
        cr_assert_eq(assay_verifier_init(memory, len, 4, &verifier), ASSAY_OK);
        t->world->verifier = verifier;
        if (bundle_first == 1) expect_affirming(t);
        expect_package(t, b, ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_CERT_TYPE);
        expect_affirming(t);
        assay_verifier_deinit(&verifier);
    }
    t->world->verifier = NULL;
    free(memory);
    free(b);
    td_close(t);
}

/* --- chains as texts */
struct pem {
    uint8_t text[ASSAY_SOFT_CHAIN_MAX + 4096];
    size_t len;
};

static void add_text(struct pem *p, const void *bytes, size_t len)
{
    assay_bytes_copy(p->text + p->len, sizeof p->text - p->len, bytes, len);
    p->len += len;
}

/* The blocks of the node's chain. */
static void find_blocks(const struct td_world *t, struct assay_slice blocks[3])
{
    static const char begin[] = "-----BEGIN";
    const char *const text = (const char *)t->world->node.chain;
    const char *at = text;
    for (size_t i = 0; i < 3; i++) {
        const char *const next = i < 2 ? strstr(at + 1, begin) : text + t->world->node.chain_len;
        cr_assert_not_null(next);
        blocks[i] = assay_slice_over(at, (size_t)(next - at));
        at = next;
    }
}

static void expect_text(struct td_world *t, const struct pem *p, int rule)
{
    t->cert_data = assay_slice_over(p->text, p->len);
    td_quote(t);
    if (rule == 0) expect_affirming(t);
    else expect(t, ASSAY_TIER_CONTRAINDICATED, ASSAY_GENUINE_FALSE, rule);
}

Test(quote_td5, reads_chains_in_any_order_with_cr_spaces_and_nuls)
{
    static const size_t orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                        { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    struct td_world *const t = td_open();
    struct assay_slice blocks[3];
    struct pem *const p = calloc(1, sizeof *p);
    cr_assert_not_null(p);
    find_blocks(t, blocks);
    for (size_t i = 0; i < 6; i++) {
        p->len = 0;
        for (size_t k = 0; k < 3; k++) {
            add_text(p, " \r\n\t", 4);
            add_text(p, blocks[orders[i][k]].bytes, blocks[orders[i][k]].len);
        }
        expect_text(t, p, 0);
        add_text(p, "\r\n\0\0\0", 5);
        expect_text(t, p, 0);
    }
    p->len = 0;
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < blocks[k].len; i++) {
            if (blocks[k].bytes[i] == '\n') add_text(p, "\r", 1);
            add_text(p, blocks[k].bytes + i, 1);
        }
    expect_text(t, p, 0);
    free(p);
    td_close(t);
}

Test(quote_td5, wants_exactly_the_three_certificates_of_a_chain)
{
    struct td_world *const t = td_open();
    struct assay_slice blocks[3];
    struct pem *const p = calloc(1, sizeof *p);
    cr_assert_not_null(p);
    find_blocks(t, blocks);
    expect_text(t, p, ASSAY_RULE_CHAIN_FORMAT); /* nothing */
    for (size_t k = 0; k < 2; k++) {
        add_text(p, blocks[k].bytes, blocks[k].len);
        expect_text(t, p, ASSAY_RULE_CHAIN_FORMAT);
    }
    add_text(p, blocks[2].bytes, blocks[2].len);
    expect_text(t, p, 0);
    const size_t whole = p->len;
    add_text(p, blocks[2].bytes, blocks[2].len); /* the root twice */
    expect_text(t, p, ASSAY_RULE_CHAIN_FORMAT);
    p->len = whole;
    add_text(p, "rest", 4);
    expect_text(t, p, ASSAY_RULE_CHAIN_FORMAT);
    p->len = whole;
    add_text(p, "\0rest", 5);
    expect_text(t, p, ASSAY_RULE_CHAIN_FORMAT);
    p->len = 0;
    for (size_t k = 0; k < 3; k++) /* the CA twice, no PCK */
        add_text(p, blocks[k == 0 ? 1 : k].bytes, blocks[k == 0 ? 1 : k].len);
    expect_text(t, p, ASSAY_RULE_CHAIN_FORMAT);
    free(p);
    td_close(t);
}

/* evidence-rules.md 1.3: the names are right, the key is another. */
Test(quote_td5, refuses_a_root_of_the_same_name)
{
    struct td_world *const t = td_open();
    struct td_world *const other = td_open(); /* a vendor "alpha" as well */
    struct assay_evidence_request request = td_request(other);
    request.endorsements = &t->world->endorsements;
    cr_assert_eq(assay_evidence_verify(NULL, &request, &other->world->verdict), ASSAY_OK);
    cr_assert_eq(other->world->verdict.genuine, ASSAY_GENUINE_FALSE);
    cr_assert_eq(other->world->verdict.reasons[0].rule, ASSAY_RULE_CHAIN_ROOT);
    expect_proofs(other, ASSAY_PROOF_TRUE, ASSAY_PROOF_TRUE, ASSAY_PROOF_TRUE, ASSAY_PROOF_FALSE);
    td_close(t);
    td_close(other);
}
