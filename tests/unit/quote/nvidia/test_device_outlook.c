/*
 * tests/unit/quote/nvidia/test_device_outlook.c - tests of forecasts about a machine with devices:
 * what of each device expires first, and which devices fail later, or under another policy.
 */
#include "quote/result/device_verdict.h"
#include "quote/result/outlook.h"
#include "tests/unit/quote/nvidia/device_world.h"

#include <criterion/criterion.h>
#include <string.h>

enum { FIRST, SECOND, SWITCH };

static struct device_world *w;
static struct assay_outlook out;

static void open_world(void)
{
    static const uint8_t challenge[ASSAY_REPORT_DATA_LEN] = { 0xc4, 0x4a };
    w = device_world_open(challenge, 0);
}

static void close_world(void)
{
    device_world_close(w);
}

TestSuite(device_outlook, .init = open_world, .fini = close_world);

/* The same collateral, at a later time. */
static void look_ahead(int64_t then_unix_s)
{
    device_world_judge(w);
    cr_assert_eq(w->verdict.genuine, ASSAY_GENUINE_TRUE, "%s", gpu_reasons(&w->verdict));
    const struct assay_outlook_request request = { .kind = ASSAY_KIND_SOFT,
                                                   .evidence = { w->bytes, w->len },
                                                   .in_force = &w->all,
                                                   .offered = &w->all,
                                                   .policy = &w->cpu->policy,
                                                   .at_unix_s = GPU_AT,
                                                   .then_unix_s = then_unix_s };
    cr_assert_eq(assay_outlook_make(NULL, &request, &out), ASSAY_OK);
}

static void expect_reason(enum assay_rule rule, const char *begin)
{
    for (uint32_t i = 0; i < out.reason_count; i++)
        if (out.reasons[i].rule == rule &&
            strncmp(out.reasons[i].observed, begin, strlen(begin)) == 0)
            return;
    cr_assert_fail("no %s of %s: %s", assay_rule_name(rule), begin, gpu_reasons(&out.then));
}

/* Responses are about certificates that two devices do not share; here about the second chip. */
Test(device_outlook, an_ocsp_response_that_expires_names_its_device)
{
    char first[ASSAY_REASON_TEXT];
    look_ahead(0);
    const struct assay_verdict_device *const d = &out.now.devices[SECOND];
    cr_expect(d->has_expiry);
    cr_expect_eq(d->expires_unix_s, w->gpu->ocsp_to_s);
    cr_expect_eq(strncmp(d->expires_first, "OCSP for ", 9), 0, "%s", d->expires_first);
    cr_expect(assay_verdict_name_expiry(&out.now, first));
    cr_expect_eq(strncmp(first, "gpu 1 (GH100, serial 0bb9): OCSP for ", 37), 0, "%s", first);
    cr_expect_neq(out.now.devices[FIRST].expires_unix_s, w->gpu->ocsp_to_s);
    cr_expect_eq(out.change, ASSAY_OUTLOOK_SAME);
    cr_expect_eq(out.changed_devices, 0);

    look_ahead(w->gpu->ocsp_to_s + 1);
    cr_expect_eq(out.change, ASSAY_OUTLOOK_UNJUDGED, "%s", gpu_reasons(&out.then));
    cr_expect_eq(out.changed_devices, 1u << SECOND);
    expect_reason(ASSAY_RULE_COLLATERAL_EXPIRED, "gpu 1 (GH100, serial 0bb9): ");
}

/* The signer of the manifests of GPUs ends; the switch has a manifest of the same signer. */
Test(device_outlook, a_signer_of_manifests_that_ends_names_each_device)
{
    w->gpu->ocsp_to_s = GPU_AT + 30 * 86400;
    w->gpu->terms[GPU_RIM_SIGNER].to_s = GPU_AT + 86400;
    look_ahead(GPU_AT + 2 * 86400);
    cr_expect_eq(out.changed_devices & (1u << FIRST | 1u << SECOND), 1u << FIRST | 1u << SECOND);
    expect_reason(ASSAY_RULE_CERT_TIME, "gpu 0 (GH100, serial 07d1): ");
    expect_reason(ASSAY_RULE_CERT_TIME, "gpu 1 (GH100, serial 0bb9): ");
    cr_expect_eq(out.now.devices[FIRST].expires_unix_s, GPU_AT + 86400);
    cr_expect_neq(out.change, ASSAY_OUTLOOK_SAME);
}

/* A rule that stands against one device already is new against another one. */
Test(device_outlook, a_rule_is_new_for_each_device)
{
    static struct assay_verdict strict;
    device_world_judge(w);
    const struct assay_verdict now = w->verdict;
    cr_assert_eq(assay_gpu_version_parse("999", 3, &w->cpu->policy.gpu.driver_min), ASSAY_OK);
    device_world_judge(w);
    strict = w->verdict;
    cr_expect_eq(assay_outlook_devices(&now, &strict), 1u << FIRST | 1u << SECOND,
                 "the switch has no driver");
    cr_expect_eq(assay_outlook_devices(&strict, &strict), 0);
    cr_expect_eq(assay_outlook_devices(&strict, &now), 1u << FIRST | 1u << SECOND, "they recover");
    const struct assay_verdict none = { .device_count = 0 };
    cr_expect_eq(assay_outlook_devices(&none, &strict),
                 1u << FIRST | 1u << SECOND | 1u << SWITCH, "each is noted for its lists");
    for (uint32_t i = 0; i < strict.reason_count; i++)
        if (strict.reasons[i].rule == ASSAY_RULE_GPU_DRIVER)
            cr_expect_lt(assay_device_of_reason(&strict, &strict.reasons[i]), SWITCH);
}

/* Rules of a proposed policy, as `assay change simulate` appraises them. */
Test(device_outlook, rules_of_a_policy_are_reported_by_device)
{
    static struct assay_verdict now;
    struct assay_gpu_rules *const rules = &w->cpu->policy.gpu;
    device_world_judge(w);
    now = w->verdict;
    rules->architectures = 1u << ASSAY_GPU_HOPPER;
    device_world_judge(w);
    cr_expect_eq(assay_outlook_devices(&now, &w->verdict), 1u << SWITCH);
    cr_expect_eq(w->verdict.devices[SWITCH].rule, ASSAY_RULE_GPU_ARCHITECTURE);
    rules->architectures = 7;
    rules->modes = 1u << ASSAY_GPU_MODE_PROTECTED_PCIE;
    device_world_judge(w);
    cr_expect_eq(assay_outlook_devices(&now, &w->verdict), 1u << FIRST | 1u << SECOND);
}

Test(device_outlook, the_mode_is_that_of_the_report)
{
    w->gpu->feature = ASSAY_GPU_MODE_PROTECTED_PCIE;
    device_world_make(w, SECOND);
    w->gpu->feature = ASSAY_GPU_MODE_SINGLE;
    device_world_pack(w);
    device_world_quote(w);
    device_world_judge(w);
    cr_expect_str_eq(assay_device_mode(&w->verdict.devices[FIRST]), "single");
    cr_expect_str_eq(assay_device_mode(&w->verdict.devices[SECOND]), "protected-pcie");
    cr_expect_null(assay_device_mode(&w->verdict.devices[SWITCH]));
    w->samples[FIRST].report_len -= 1;
    device_world_pack(w);
    device_world_quote(w);
    device_world_judge(w);
    cr_expect_str_eq(assay_device_mode(&w->verdict.devices[FIRST]), "unknown",
                     "a report that cannot be read states nothing");
}
