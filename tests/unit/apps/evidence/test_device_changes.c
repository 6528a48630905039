/*
 * tests/unit/apps/evidence/test_device_changes.c - tests of devices in a forecast: a
 * verdict has eight reasons at most, and a machine has more devices.
 */
#include "apps/assay/core/view.h"
#include "apps/assay/evidence/device_changes.h"
#include "net/json/json.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { DEVICES = 10, TEXT_MAX = 4096 };

static struct assay_verdict now, then;

/* All devices fail later by one rule, each with its own observed value. */
static void fail_all(void)
{
    assay_verdict_init(&now, ASSAY_KIND_SOFT, 0);
    now.device_count = DEVICES;
    for (uint32_t i = 0; i < DEVICES; i++) {
        now.devices[i].kind = ASSAY_KIND_NVIDIA_GPU;
        (void)snprintf(now.devices[i].product, sizeof now.devices[i].product, "GH100");
        now.devices[i].serial[0] = (uint8_t)(i + 1);
    }
    then = now;
    for (uint32_t i = 0; i < DEVICES; i++) {
        char name[ASSAY_REASON_TEXT], observed[ASSAY_REASON_TEXT];
        then.devices[i].rule = ASSAY_RULE_COLLATERAL_EXPIRED;
        assay_verdict_name_device(&then, i, name);
        (void)snprintf(observed, sizeof observed, "%.80s: the next day", name);
        assay_verdict_add(&then, ASSAY_RULE_COLLATERAL_EXPIRED, 0, "a list that is valid",
                          observed);
    }
    cr_assert_eq(then.reason_count, ASSAY_REASONS_MAX);
}

Test(device_changes, a_device_without_a_retained_reason_has_its_rule_and_no_empty_values)
{
    char text[TEXT_MAX] = "";
    fail_all();
    FILE *const out = fmemopen(text, sizeof text, "w");
    cr_assert_not_null(out);
    struct assay_json *const data = assay_json_object();
    assay_json_set(data, "devices", cli_device_changes_json(&now, &then));
    cli_view_print("[*devices?changes " CLI_DEVICE_CHANGE "]", data, out);
    (void)fclose(out);
    size_t with_values = 0, lines = 0;
    for (const char *at = text; (at = strstr(at, "collateral has expired")) != NULL; at++)
        lines += 1;
    for (const char *at = text; (at = strstr(at, " (expected a list that is valid, observed gpu "));
         at++)
        with_values += 1;
    cr_expect_eq(lines, DEVICES, "%s", text);
    cr_expect_eq(with_values, ASSAY_REASONS_MAX, "%s", text);
    cr_expect_null(strstr(text, "(expected ,"), "%s", text);
    cr_expect_null(strstr(text, "observed )"), "%s", text);
    const struct assay_json *const last =
        assay_json_at(assay_json_get(data, "devices"), DEVICES - 1);
    cr_expect_str_eq(assay_json_text(last, "rule_then", ""), "collateral-expired");
    cr_expect_str_eq(assay_json_text(last, "observed", "absent"), "absent");
    struct assay_json *whole = data;
    assay_json_free(&whole);
}
