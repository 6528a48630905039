/*
 * tests/unit/library/test_eventlog.c - event logs through the public interface: what is proven,
 * what the policy says, and misuse.
 */
#include "tests/support/eventlog_reference.h"
#include "tests/unit/tpm/simulated_tpm.h"

#include <assay/assay.h>
#include <assay/policy.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHA256 = 11, SEPARATOR = 4, QUOTED = 3, HASH = 32 };

static struct assay_trust *trust;
static struct assay_verdict *verdict;
static struct assay_eventlog_report *report;
static struct simtpm *p;
static struct made_log firmware, ima;
static struct assay_bytes logs[ASSAY_LOGS_MAX];
static struct assay_verify_request request;

static void make_logs(void)
{
    static const uint16_t sha256[] = { SHA256 };
    firmware = log_tcg(sha256, 1);
    log_event(&firmware, 4, SEPARATOR, "\0\0\0\0", 4);
    log_event(&firmware, 4, 0x80000003u, "kernel", 6);
    log_event(&firmware, 5, 0x80000006u, "partitions", 10); /* PCR 5 is not quoted */
    ima = log_ima(HASH, false);
    log_file(&ima, 10, "ima-ng", "boot_aggregate", "pcrs");
    log_file(&ima, 10, "ima-ng", "/usr/bin/good", "good");
}

static void make_evidence(void)
{
    uint8_t der[ASSAY_KEY_BYTES_MAX + 64];
    uint8_t value[64];
    size_t len = 0;
    simtpm_make(p);
    p->bank_count = 1;
    p->banks[0] = (struct assay_tpm_bank){ SHA256, 1u << 4 | 1u << 9 | 1u << 10 };
    p->values_len = (size_t)QUOTED * HASH;
    memset(p->values, 0, p->values_len);
    cr_assert_eq(reference_replay(&firmware, 4, SHA256, 99, value), HASH);
    assay_bytes_copy(p->values, HASH, value, HASH);
    cr_assert_eq(reference_replay(&ima, 10, SHA256, 99, value), HASH);
    assay_bytes_copy(p->values + (size_t)2 * HASH, HASH, value, HASH);
    simtpm_build(p);
    cr_assert_eq(assay_key_spki(&p->registrar.key, der, sizeof der, &len), ASSAY_OK);
    cr_assert_eq(assay_trust_add_root(trust, der, len, ASSAY_KIND_BIT(ASSAY_KIND_TPM)), ASSAY_OK);
}

static void set_up(void)
{
    p = calloc(1, sizeof *p);
    cr_assert_not_null(p);
    cr_assert_eq(assay_trust_create(&trust), ASSAY_OK);
    cr_assert_eq(assay_verdict_create(&verdict), ASSAY_OK);
    cr_assert_eq(assay_eventlog_report_create(&report), ASSAY_OK);
    make_logs();
    make_evidence();
    logs[0] = (struct assay_bytes){ firmware.bytes, firmware.len };
    logs[1] = (struct assay_bytes){ ima.bytes, ima.len };
    request = (struct assay_verify_request){ .size = sizeof request,
                                             .trust = trust,
                                             .evidence = { p->evidence, p->len },
                                             .at_unix_s = SIMTPM_NOW,
                                             .logs = logs,
                                             .log_count = 2 };
}

static void tear_down(void)
{
    assay_eventlog_report_destroy(&report);
    assay_verdict_destroy(&verdict);
    assay_trust_destroy(&trust);
    simtpm_free(p);
    free(p);
}

TestSuite(library_eventlog, .init = set_up, .fini = tear_down);

static enum assay_status verify_logs(struct assay_eventlog_report *into)
{
    enum assay_tier tier;
    request.log_report = into;
    return assay_verify(&request, verdict, &tier);
}

static void expect_tier(enum assay_tier wanted)
{
    cr_assert_eq(verify_logs(report), ASSAY_OK);
    cr_expect_eq(assay_verdict_get_genuine(verdict), ASSAY_GENUINE_TRUE);
    cr_expect_eq(assay_verdict_get_tier(verdict), wanted, "it is %s",
                 assay_name_of_tier(assay_verdict_get_tier(verdict)));
}

static struct assay_log_register register_of(const char *name)
{
    struct assay_log_register found = { .size = sizeof found };
    for (size_t i = 0; assay_eventlog_report_get_register(report, i, &found); i++)
        if (strcmp(found.name, name) == 0) return found;
    cr_assert_fail("%s is not shown", name);
    return found;
}

Test(library_eventlog, logs_that_explain_the_registers)
{
    /* Without its list a TPM's quote is a warning: nobody knows what was revoked. */
    request.log_count = 0;
    cr_assert_eq(verify_logs(report), ASSAY_OK);
    const enum assay_tier alone = assay_verdict_get_tier(verdict);
    request.log_count = 2;
    expect_tier(alone);
    struct assay_log_outcome log = { .size = sizeof log };
    cr_assert_eq(assay_eventlog_report_count_logs(report), 2);
    cr_assert(assay_eventlog_report_get_log(report, 0, &log));
    cr_expect_eq(log.form, ASSAY_EVENTLOG_TCG);
    cr_expect_eq(log.status, ASSAY_OK);
    cr_expect(log.judged);
    cr_expect_eq(log.events, 3);
    cr_expect_eq(log.extending, 3);
    cr_expect_eq(log.proven, 2);
    cr_expect_eq(log.rule, 0);
    cr_expect_str_eq(log.rule_name, "");
    cr_expect_str_eq(log.fix, "");
    cr_assert(assay_eventlog_report_get_log(report, 1, &log));
    cr_expect_eq(log.form, ASSAY_EVENTLOG_IMA);
    cr_expect_eq(log.proven, 2);
    cr_expect_not(assay_eventlog_report_get_log(report, 2, &log));
    cr_expect_eq(assay_eventlog_report_count_failed(report), 0);
}

Test(library_eventlog, registers_are_shown_as_quoted_and_as_replayed)
{
    cr_assert_eq(verify_logs(report), ASSAY_OK);
    cr_expect_eq(assay_eventlog_report_count_registers(report), 3);
    struct assay_log_register r = register_of("pcr4");
    cr_expect_eq(r.state, ASSAY_REGISTER_MATCHES);
    cr_expect_str_eq(r.bank, "sha256");
    cr_expect_eq(r.events, 2);
    cr_assert_eq(r.quoted.len, HASH);
    cr_assert_eq(r.replayed.len, HASH);
    cr_expect_arr_eq(r.quoted.bytes, p->values, HASH);
    cr_expect_arr_eq(r.replayed.bytes, p->values, HASH);
    r = register_of("pcr5");
    cr_expect_eq(r.state, ASSAY_REGISTER_NOT_QUOTED);
    cr_expect_str_eq(r.bank, "");
    cr_expect_eq(r.quoted.len, 0);
    cr_expect_eq(r.replayed.len, 0);
    cr_expect_not(assay_eventlog_report_get_register(report, 3, &r));
}

Test(library_eventlog, a_log_that_was_altered_is_refused)
{
    expect_tier(ASSAY_TIER_WARNING);
    log_event(&firmware, 4, 13, "intruder", 8);
    logs[0].len = firmware.len;
    expect_tier(ASSAY_TIER_CONTRAINDICATED);
    struct assay_log_outcome log = { .size = sizeof log };
    cr_assert(assay_eventlog_report_get_log(report, 0, &log));
    cr_expect_str_eq(log.rule_name, "event-log-mismatch");
    cr_expect_neq(log.fix[0], '\0');
    cr_expect_eq(log.proven, 0);
    const struct assay_log_register r = register_of("pcr4");
    cr_expect_eq(r.state, ASSAY_REGISTER_DIFFERS);
    cr_expect_not(assay_bytes_equal(r.quoted.bytes, r.replayed.bytes, HASH));
    logs[0] = (struct assay_bytes){ (const uint8_t *)"nothing", 7 };
    expect_tier(ASSAY_TIER_CONTRAINDICATED);
    cr_assert(assay_eventlog_report_get_log(report, 0, &log));
    cr_expect_eq((int)log.form, 0);
    cr_expect_eq(log.status, ASSAY_E_UNSUPPORTED);
    cr_expect_not(log.judged);
    cr_expect_str_eq(log.rule_name, "event-log-format");
}

Test(library_eventlog, a_list_that_was_read_after_the_quote)
{
    struct assay_log_outcome log = { .size = sizeof log };
    log_file(&ima, 10, "ima-ng", "/usr/bin/late", "late");
    logs[1].len = ima.len;
    expect_tier(ASSAY_TIER_WARNING); /* without a revocation list */
    cr_assert(assay_eventlog_report_get_log(report, 1, &log));
    cr_expect_eq(log.rule, 0);
    cr_expect_eq(log.events, 3);
    cr_expect_eq(log.later, 1);
    cr_expect_eq(log.extending, 2);
    cr_expect_eq(log.proven, 2);
}

Test(library_eventlog, a_policy_of_events_is_obeyed)
{
    static const char text[] = "policy_version: 1\nprofile: production\nevents:\n"
                               "  - { state: denied, register: pcr4, data: kernel }\n"
                               "  - { state: required, register: pcr4, data: another }\n";
    struct assay_policy *policy = NULL;
    cr_assert_eq(assay_policy_create_yaml(text, sizeof text - 1, &policy, NULL, 0), ASSAY_OK);
    request.policy = policy;
    expect_tier(ASSAY_TIER_CONTRAINDICATED);
    struct assay_log_event event = { .size = sizeof event };
    cr_assert_eq(assay_eventlog_report_count_failed(report), 2);
    cr_assert(assay_eventlog_report_get_failed(report, 0, &event));
    cr_expect_str_eq(event.rule_name, "event-denied");
    cr_expect(event.occurred);
    cr_expect_eq(event.form, ASSAY_EVENTLOG_TCG);
    cr_expect_eq(event.index, 1);
    cr_expect_eq(event.type, 0x80000003u);
    cr_expect_str_eq(event.register_name, "pcr4");
    cr_expect_str_eq(event.text, "kernel");
    cr_expect_str_eq(event.expected, "not denied");
    cr_expect_eq(event.digest.len, HASH);
    cr_expect_neq(event.fix[0], '\0');
    cr_assert(assay_eventlog_report_get_failed(report, 1, &event));
    cr_expect_str_eq(event.rule_name, "event-missing");
    cr_expect_not(event.occurred);
    cr_expect_str_eq(event.expected, "pcr4 another");
    cr_expect_eq(event.digest.len, 0);
    cr_expect_not(assay_eventlog_report_get_failed(report, 2, &event));
    /* No log, no pass. */
    request.log_count = 0;
    cr_assert_eq(verify_logs(NULL), ASSAY_OK);
    cr_expect_eq(assay_verdict_get_genuine(verdict), ASSAY_GENUINE_UNKNOWN);
    assay_policy_destroy(&policy);
}

/* Thousands of files may be unknown: those that are kept are the first, and all are counted. */
Test(library_eventlog, more_failures_than_are_kept)
{
    enum { FILES = 40, KEPT = 16 };
    uint8_t value[64];
    static const char text[] =
        "policy_version: 1\nprofile: production\nima_unknown: refused\nevents:\n"
        "  - { state: allowed, file: /bin/x, digest: \""
        "33d8736db756ed4997e04ba358d27833188f1932ff7b1d156904d3f560452fbb\" }\n";
    struct assay_policy *policy = NULL;
    struct assay_log_event event = { .size = sizeof event };
    for (int i = 0; i < FILES; i++)
        log_file(&ima, 10, "ima-ng", "/usr/bin/many", "many");
    logs[1].len = ima.len;
    (void)reference_replay(&ima, 10, SHA256, 99, value);
    assay_bytes_copy(p->values + (size_t)2 * HASH, HASH, value, HASH);
    simtpm_build(p);
    request.evidence.len = p->len;
    cr_assert_eq(assay_policy_create_yaml(text, sizeof text - 1, &policy, NULL, 0), ASSAY_OK);
    request.policy = policy;
    expect_tier(ASSAY_TIER_CONTRAINDICATED);
    cr_expect_eq(assay_eventlog_report_count_failed(report), FILES + 1);
    cr_expect(assay_eventlog_report_get_failed(report, KEPT - 1, &event));
    cr_expect_str_eq(event.text, "/usr/bin/many");
    cr_expect_not(assay_eventlog_report_get_failed(report, KEPT, &event));
    assay_policy_destroy(&policy);
}

Test(library_eventlog, a_report_of_evidence_that_is_none_is_empty)
{
    cr_assert_eq(verify_logs(report), ASSAY_OK);
    cr_assert_eq(assay_eventlog_report_count_logs(report), 2);
    request.evidence.len = 1; /* of no kind */
    cr_assert_eq(verify_logs(report), ASSAY_OK);
    cr_expect_eq(assay_eventlog_report_count_logs(report), 0);
    cr_expect_eq(assay_eventlog_report_count_registers(report), 0);
}

Test(library_eventlog, misuse_is_a_status)
{
    struct assay_bytes five[ASSAY_LOGS_MAX + 1] = { logs[0], logs[0], logs[0], logs[0], logs[0] };
    struct assay_log_outcome log = { .size = sizeof log };
    struct assay_log_register reg = { .size = sizeof reg };
    struct assay_log_event event = { .size = sizeof event };
    cr_expect_eq(verify_logs(NULL), ASSAY_OK);
    request.logs = five;
    request.log_count = ASSAY_LOGS_MAX + 1;
    cr_expect_eq(verify_logs(report), ASSAY_E_RANGE);
    request.log_count = ASSAY_LOGS_MAX;
    cr_expect_eq(verify_logs(report), ASSAY_OK);
    cr_expect_eq(assay_eventlog_report_count_logs(report), ASSAY_LOGS_MAX);
    five[1].bytes = NULL;
    cr_expect_eq(verify_logs(report), ASSAY_E_INVALID);
    request.logs = NULL;
    cr_expect_eq(verify_logs(report), ASSAY_E_INVALID);
    request.log_count = 0;
    request.trust = NULL;
    cr_expect_eq(verify_logs(report), ASSAY_E_INVALID);
    cr_expect_eq(assay_eventlog_report_create(NULL), ASSAY_E_INVALID);
    cr_expect_eq(assay_eventlog_report_count_logs(NULL), 0);
    cr_expect_eq(assay_eventlog_report_count_registers(NULL), 0);
    cr_expect_eq(assay_eventlog_report_count_failed(NULL), 0);
    cr_expect_not(assay_eventlog_report_get_log(NULL, 0, &log));
    cr_expect_not(assay_eventlog_report_get_register(NULL, 0, &reg));
    cr_expect_not(assay_eventlog_report_get_failed(NULL, 0, &event));
    cr_expect_not(assay_eventlog_report_get_log(report, 0, NULL));
    struct assay_eventlog_report *none = NULL;
    assay_eventlog_report_destroy(&none);
    assay_eventlog_report_destroy(NULL);
}
