/*
 * tests/unit/quote/snp/test_policy.c - tests of the policy on a genuine guest.
 */
#include "tests/unit/quote/snp/snp_world.h"

#include <criterion/criterion.h>
#include <string.h>

/* The first reason, and whether the report is genuine for all that. */
static void expect_refused(const struct snp_world *w, enum assay_rule rule)
{
    cr_expect_eq(w->verdict.reasons[0].rule, rule, "%s instead of %s",
                 assay_rule_name(w->verdict.reasons[0].rule), assay_rule_name(rule));
    cr_expect_eq(w->verdict.genuine, ASSAY_GENUINE_TRUE);
    cr_expect_eq(w->verdict.tier, ASSAY_TIER_CONTRAINDICATED);
}

static void expect_warning(const struct snp_world *w)
{
    cr_expect_eq(w->verdict.tier, ASSAY_TIER_WARNING, "%s",
                 assay_rule_name(w->verdict.reasons[0].rule));
}

static void judge_with_policy_bits(struct snp_world *w, uint64_t bits)
{
    snp_world_put(w, ASSAY_SNP_AT_POLICY, bits, 8);
    snp_world_run(w);
}

Test(snp_policy, refuses_debug_always)
{
    struct snp_world *const w = snp_world_open(ASSAY_SNP_MILAN);
    judge_with_policy_bits(w, 0x30000 | ASSAY_SNP_POLICY_DEBUG);
    expect_refused(w, ASSAY_RULE_DEBUG);
    cr_assert(w->verdict.debug);
    snp_world_close(w);
}

Test(snp_policy, refuses_migration_agents_unless_allowed)
{
    struct snp_world *const w = snp_world_open(ASSAY_SNP_MILAN);
    judge_with_policy_bits(w, 0x30000 | ASSAY_SNP_POLICY_MIGRATE_MA);
    expect_refused(w, ASSAY_RULE_MIGRATION_AGENT);
    w->policy.platform.allow_migration_agent = true;
    snp_world_run(w);
    expect_warning(w);
    snp_world_close(w);
}

Test(snp_policy, refuses_threads_and_sockets_where_it_says_so)
{
    struct snp_world *const w = snp_world_open(ASSAY_SNP_MILAN);
    w->policy.platform.allow_smt = false;
    snp_world_run(w);
    expect_refused(w, ASSAY_RULE_SMT);
    judge_with_policy_bits(w, ASSAY_SNP_POLICY_MUST_BE_ONE);
    expect_warning(w);
    w->policy.platform.require_single_socket = true;
    snp_world_run(w);
    expect_refused(w, ASSAY_RULE_SINGLE_SOCKET);
    judge_with_policy_bits(w, ASSAY_SNP_POLICY_MUST_BE_ONE | ASSAY_SNP_POLICY_SINGLE_SOCKET);
    expect_warning(w);
    snp_world_close(w);
}

Test(snp_policy, refuses_reserved_bits)
{
    struct snp_world *const w = snp_world_open(ASSAY_SNP_MILAN);
    for (unsigned bit = 0; bit < 64; bit++) {
        w->policy.platform.allow_migration_agent = true;
        judge_with_policy_bits(w, (UINT64_C(0x30000) | UINT64_C(1) << bit) &
                                      ~(uint64_t)ASSAY_SNP_POLICY_DEBUG);
        if (bit > 25) expect_refused(w, ASSAY_RULE_RESERVED_BITS);
        else expect_warning(w);
    }
    judge_with_policy_bits(w, 0x10000);
    expect_refused(w, ASSAY_RULE_RESERVED_BITS);
    judge_with_policy_bits(w, 0x30000);
    snp_world_put(w, ASSAY_SNP_AT_KEY_INFO, 1 << 5, 4);
    snp_world_run(w);
    expect_refused(w, ASSAY_RULE_RESERVED_BITS);
    snp_world_put(w, ASSAY_SNP_AT_KEY_INFO, 1, 4); /* an author key: says nothing wrong */
    snp_world_run(w);
    expect_warning(w);
    w->report[0x4c] = 1;
    snp_world_run(w);
    expect_refused(w, ASSAY_RULE_RESERVED_BITS);
    cr_assert_eq(w->verdict.reasons[0].offset, 0x4c);
    w->report[0x4c] = 0;
    w->report[ASSAY_SNP_AT_CURRENT_TCB + 3] = 1;
    snp_world_run(w);
    expect_refused(w, ASSAY_RULE_RESERVED_BITS);
    snp_world_close(w);
}

Test(snp_policy, bounds_the_privilege_level)
{
    struct snp_world *const w = snp_world_open(ASSAY_SNP_MILAN);
    for (uint32_t vmpl = 0; vmpl <= 4; vmpl++) {
        for (uint8_t max = 0; max <= 3; max++) {
            snp_world_put(w, ASSAY_SNP_AT_VMPL, vmpl, 4);
            w->policy.platform.vmpl_max = max;
            snp_world_run(w);
            if (vmpl > max) expect_refused(w, ASSAY_RULE_VMPL);
            else expect_warning(w);
            cr_assert_eq(assay_verdict_has(&w->verdict, ASSAY_RULE_VMPL_NOTE),
                         vmpl > 0 && vmpl <= max);
        }
    }
    snp_world_put(w, ASSAY_SNP_AT_VMPL, UINT32_MAX, 4);
    snp_world_run(w);
    expect_refused(w, ASSAY_RULE_VMPL);
    cr_assert_not_null(strstr(w->verdict.reasons[0].observed, "by the host"));
    snp_world_close(w);
}

/* Order of the policy: boot loader, TEE, SNP, microcode, FMC. */
Test(snp_policy, demands_minimum_versions_component_by_component)
{
    for (int product = ASSAY_SNP_MILAN; product <= ASSAY_SNP_TURIN; product += 2) {
        static const uint8_t reported[5] = { 4, 2, 24, 219, 1 };
        struct snp_world *const w = snp_world_open((enum assay_snp_product)product);
        for (size_t i = 0; i < 5; i++) {
            assay_bytes_copy(w->policy.platform.snp_tcb_min, sizeof reported, reported,
                             sizeof reported);
            snp_world_run(w);
            expect_warning(w);
            w->policy.platform.snp_tcb_min[i] += 1;
            snp_world_run(w);
            if (i == 4 && product == ASSAY_SNP_MILAN) { /* Milan has no FMC */
                expect_warning(w);
                continue;
            }
            expect_refused(w, ASSAY_RULE_SVN_MINIMUM);
            cr_assert_eq(assay_verdict_outcome(&w->verdict), ASSAY_OUTCOME_FAIL_SOFT);
        }
        snp_world_close(w);
    }
}

static void refer(struct snp_world *w, enum assay_reference_field field,
                  enum assay_reference_state state, const uint8_t *value, uint32_t len)
{
    struct assay_reference *const r = &w->policy.references[w->policy.reference_count++];
    *r = (struct assay_reference){ .field = field, .state = state, .value_len = len };
    assay_bytes_copy(r->value, len, value, len);
}

Test(snp_policy, compares_every_reference_value)
{
    static const struct {
        enum assay_reference_field field;
        size_t offset;
        uint32_t len;
    } fields[] = {
        { ASSAY_REFERENCE_SNP_MEASUREMENT, 0x90, 48 },
        { ASSAY_REFERENCE_HOST_DATA, 0xc0, 32 },
        { ASSAY_REFERENCE_ID_KEY_DIGEST, 0xe0, 48 },
        { ASSAY_REFERENCE_AUTHOR_KEY_DIGEST, 0x110, 48 },
    };
    struct snp_world *const w = snp_world_open(ASSAY_SNP_MILAN);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        uint8_t value[48];
        memset(w->report + fields[i].offset, (int)(0x20 + i), fields[i].len);
        assay_bytes_copy(value, fields[i].len, w->report + fields[i].offset, fields[i].len);
        w->policy.reference_count = 0;
        refer(w, fields[i].field, ASSAY_REFERENCE_ALLOWED, value, fields[i].len);
        snp_world_run(w);
        expect_warning(w);
        refer(w, fields[i].field, ASSAY_REFERENCE_DENIED, value, fields[i].len);
        snp_world_run(w);
        expect_refused(w, ASSAY_RULE_MEASUREMENT_DENIED);
        w->policy.reference_count = 0;
        value[fields[i].len - 1] ^= 1;
        refer(w, fields[i].field, ASSAY_REFERENCE_ALLOWED, value, fields[i].len);
        snp_world_run(w);
        expect_refused(w, ASSAY_RULE_MEASUREMENT_UNKNOWN);
        cr_assert_eq(w->verdict.reasons[0].offset, fields[i].offset);
    }
    snp_world_close(w);
}

Test(snp_policy, may_accept_other_kinds_alone)
{
    struct snp_world *const w = snp_world_open(ASSAY_SNP_MILAN);
    w->policy.kinds = ASSAY_KIND_BIT(ASSAY_KIND_TDX4);
    snp_world_run(w);
    expect_refused(w, ASSAY_RULE_KIND);
    snp_world_close(w);
}

Test(snp_policy, gets_report_data_and_measurement)
{
    struct snp_world *const w = snp_world_open(ASSAY_SNP_TURIN);
    snp_world_run(w);
    cr_assert(w->verdict.has_claims);
    cr_assert_arr_eq(w->verdict.report_data, w->report + 0x50, 64);
    cr_assert_eq(w->verdict.measurement_len, 48);
    cr_assert_arr_eq(w->verdict.measurement, w->report + 0x90, 48);
    cr_assert_eq(assay_verdict_outcome(&w->verdict), ASSAY_OUTCOME_PASS_UP_TO_DATE);
    snp_world_close(w);
}
