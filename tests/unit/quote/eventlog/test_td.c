/*
 * tests/unit/quote/eventlog/test_td.c - tests of logs next to TD quotes: RTMRs are counted from 1,
 * and MRTD is 0; and evidence without registers.
 */
#include "quote/eventlog/appraise.h"
#include "quote/verify.h"
#include "quote/verify/device_set.h"
#include "tests/support/eventlog_reference.h"
#include "tests/unit/quote/intel/td_world.h"

#include <criterion/criterion.h>
#include <string.h>

#define APPLICATION UINT32_C(0x80000003)

enum { SHA384 = 12, IPL = 13 };

static struct assay_eventlog_report report;
static struct assay_verdict verdict;

static const struct assay_register_outcome *outcome_of(const char *name, uint16_t alg)
{
    for (size_t i = 0; i < report.register_count; i++)
        if (strcmp(report.registers[i].name, name) == 0 && report.registers[i].alg == alg)
            return &report.registers[i];
    return NULL;
}

static void expect_register(const char *name, uint16_t alg, enum assay_register_state state)
{
    const struct assay_register_outcome *const o = outcome_of(name, alg);
    cr_assert(o != NULL, "%s is not shown", name);
    cr_expect_eq(o->state, state, "%s is %d", name, (int)o->state);
}

static struct td_world *td_with(const struct made_log *ccel, enum assay_evidence_kind kind,
                                enum assay_body_type type)
{
    struct td_world *const t = td_open_as(kind, type);
    uint8_t value[64];
    for (uint32_t i = 0; i < 4; i++) {
        (void)reference_replay(ccel, 1 + i, SHA384, 99, value);
        assay_bytes_copy(t->td.rtmr[i], 48, value, 48);
    }
    td_quote(t);
    return t;
}

static void judge_request(struct assay_evidence_request request, const struct made_log *log)
{
    const struct assay_slice given = assay_slice_over(log->bytes, log->len);
    request.logs = &given;
    request.log_count = 1;
    request.log_report = &report;
    cr_assert_eq(assay_evidence_verify(NULL, &request, &verdict), ASSAY_OK);
}

static void judge_td(struct td_world *t, const struct made_log *log)
{
    judge_request(td_request(t), log);
}

static struct made_log ccel_of(const char *kernel)
{
    static const uint16_t sha384[] = { SHA384 };
    struct made_log log = log_tcg(sha384, 1);
    log_event(&log, 0, 3, "no action of MRTD", 17);
    log_event(&log, 1, 0x80000001u, "SecureBoot", 10);
    log_event(&log, 2, APPLICATION, kernel, strlen(kernel));
    log_event(&log, 3, IPL, "initrd", 6);
    return log;
}

Test(quote_eventlog_td, ccel_explains_rtmrs)
{
    const struct made_log log = ccel_of("kernel"), other = ccel_of("another");
    static const struct {
        enum assay_evidence_kind kind;
        enum assay_body_type type;
    } kinds[] = { { ASSAY_KIND_TDX4, ASSAY_BODY_TD_10 },
                  { ASSAY_KIND_TDX5, ASSAY_BODY_TD_10 },
                  { ASSAY_KIND_TDX5, ASSAY_BODY_TD_15 },
                  { ASSAY_KIND_TDX5, ASSAY_BODY_TD_15_EX } };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct td_world *const t = td_with(&log, kinds[i].kind, kinds[i].type);
        judge_td(t, &log);
        cr_expect_eq(verdict.tier, ASSAY_TIER_AFFIRMING, "%zu", i);
        expect_register("rtmr0", SHA384, ASSAY_REGISTER_MATCHES);
        expect_register("rtmr1", SHA384, ASSAY_REGISTER_MATCHES);
        expect_register("rtmr2", SHA384, ASSAY_REGISTER_MATCHES);
        cr_expect_null(outcome_of("rtmr3", SHA384));
        judge_td(t, &other);
        cr_expect_eq(verdict.tier, ASSAY_TIER_CONTRAINDICATED, "%zu", i);
        cr_expect(assay_verdict_has(&verdict, ASSAY_RULE_EVENT_LOG_MISMATCH));
        expect_register("rtmr1", SHA384, ASSAY_REGISTER_DIFFERS);
        td_close(t);
    }
}

/* What the devices are worth is another question: these are not bound. */
Test(quote_eventlog_td, ccel_explains_rtmrs_of_a_td_with_devices)
{
    static uint8_t set[1024], whole[ASSAY_EVIDENCE_LEN_MAX];
    static const uint8_t bytes[] = { 1, 2, 3, 4 };
    const struct made_log log = ccel_of("kernel"), other = ccel_of("another");
    const struct assay_slice some = assay_slice_over(bytes, sizeof bytes);
    const struct assay_package device = { .kind = ASSAY_KIND_NVIDIA_GPU,
                                          .main = some,
                                          .certificate_count = 1,
                                          .certificates = { some } };
    struct td_world *const t = td_with(&log, ASSAY_KIND_TDX4, ASSAY_BODY_TD_10);
    struct assay_package package = { .kind = ASSAY_KIND_TDX4,
                                     .main = assay_slice_over(t->quote, t->quote_len) };
    struct assay_device_set devices = { .count = 0 };
    struct assay_evidence_request request = td_request(t);
    struct assay_writer w = assay_writer_over(set, sizeof set);
    struct assay_slice out;
    assay_gpu_rules_accept_devices(&t->world->policy.gpu);
    cr_assert_eq(assay_device_set_add(&devices, &device), ASSAY_OK);
    assay_device_set_encode(&devices, &w);
    cr_assert_eq(assay_writer_finish(&w, &package.devices), ASSAY_OK);
    w = assay_writer_over(whole, sizeof whole);
    assay_package_encode(&package, &w);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    request.bytes = out.bytes;
    request.len = out.len;
    judge_request(request, &log);
    cr_expect(assay_verdict_has(&verdict, ASSAY_RULE_DEVICE_BINDING));
    expect_register("rtmr1", SHA384, ASSAY_REGISTER_MATCHES);
    judge_request(request, &other);
    cr_expect(assay_verdict_has(&verdict, ASSAY_RULE_EVENT_LOG_MISMATCH));
    td_close(t);
}

Test(quote_eventlog_td, a_td_takes_neither_lists_of_ima_nor_registers_that_it_has_not)
{
    struct made_log log = ccel_of("kernel");
    struct made_log ima = log_ima(32, false);
    log_file(&ima, 10, "ima-ng", "boot_aggregate", "pcrs");
    struct td_world *const t = td_with(&log, ASSAY_KIND_TDX4, ASSAY_BODY_TD_10);
    judge_td(t, &ima);
    cr_expect_eq(verdict.tier, ASSAY_TIER_WARNING);
    cr_expect(assay_verdict_has(&verdict, ASSAY_RULE_EVENT_LOG_UNFIT));
    log_event(&log, 5, IPL, "beyond", 6);
    judge_td(t, &log);
    cr_expect_eq(verdict.tier, ASSAY_TIER_CONTRAINDICATED);
    cr_expect(assay_verdict_has(&verdict, ASSAY_RULE_EVENT_LOG_FORMAT));
    td_close(t);
}

/* Events of a register that no log mentions are refused when the policy speaks of it. */
Test(quote_eventlog_td, a_register_that_nobody_explains_does_not_satisfy_the_policy)
{
    const struct made_log log = ccel_of("kernel");
    struct td_world *const t = td_with(&log, ASSAY_KIND_TDX4, ASSAY_BODY_TD_10);
    struct assay_policy *const policy = &t->world->policy;
    policy->event_count = 1;
    policy->events[0] = (struct assay_event_reference){ .state = ASSAY_EVENT_DENIED,
                                                        .field = ASSAY_REFERENCE_RTMR3,
                                                        .text = "malware" };
    judge_td(t, &log);
    cr_expect_eq(verdict.tier, ASSAY_TIER_AFFIRMING); /* untouched: nothing was measured */
    t->td.rtmr[3][0] = 1;
    td_quote(t);
    judge_td(t, &log);
    cr_expect(assay_verdict_has(&verdict, ASSAY_RULE_EVENT_MISSING));
    expect_register("rtmr3", SHA384, ASSAY_REGISTER_NOT_LOGGED);
    td_close(t);
}

/* RTMRs have one bank, which is always quoted; digests of others no policy can have. */
Test(quote_eventlog_td, denied_digests_of_rtmrs_are_of_their_one_bank)
{
    const struct made_log log = ccel_of("kernel");
    struct td_world *const t = td_with(&log, ASSAY_KIND_TDX4, ASSAY_BODY_TD_10);
    struct assay_policy *const policy = &t->world->policy;
    struct assay_event_reference *const e = &policy->events[0];
    policy->event_count = 1;
    *e = (struct assay_event_reference){ .state = ASSAY_EVENT_DENIED,
                                         .field = ASSAY_REFERENCE_RTMR1,
                                         .value_len = 48 };
    assay_sha384((const uint8_t *)"kernel", 6, e->value);
    cr_expect_eq(assay_policy_check(policy), ASSAY_OK);
    judge_td(t, &log);
    cr_expect(assay_verdict_has(&verdict, ASSAY_RULE_EVENT_DENIED));
    e->value[0] ^= 1;
    judge_td(t, &log);
    cr_expect_eq(verdict.tier, ASSAY_TIER_AFFIRMING);
    e->value_len = 32;
    cr_expect_eq(assay_policy_check(policy), ASSAY_E_INVALID);
    judge_td(t, &log); /* whoever has such a policy all the same */
    cr_expect(assay_verdict_has(&verdict, ASSAY_RULE_EVENT_MISSING));
    td_close(t);
}

Test(quote_eventlog_td, evidence_without_registers_says_so)
{
    struct world *const w = world_open();
    const struct made_log log = ccel_of("kernel");
    const struct assay_slice given = assay_slice_over(log.bytes, log.len);
    const struct assay_evidence_request request = { .kind = ASSAY_KIND_SOFT,
                                                    .bytes = w->quote,
                                                    .len = w->quote_len,
                                                    .at_unix_s = w->at_unix_s,
                                                    .endorsements = &w->endorsements,
                                                    .policy = &w->policy,
                                                    .logs = &given,
                                                    .log_count = 1 };
    cr_assert_eq(assay_evidence_verify(NULL, &request, &verdict), ASSAY_OK);
    cr_expect(assay_verdict_has(&verdict, ASSAY_RULE_EVENT_LOG_UNFIT));
    cr_expect_eq(verdict.tier, ASSAY_TIER_WARNING);
    world_close(w);
}
