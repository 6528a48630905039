/*
 * apps/assay/evidence/device_changes.c - devices in a forecast (device_changes.h).
 */
#include "apps/assay/evidence/device_changes.h"

#include "apps/assay/core/view.h"
#include "base/assert.h"
#include "quote/result/device_verdict.h"
#include "quote/result/outlook.h"

#include <stdio.h>

static const char *name_rule(uint8_t rule)
{
    return rule == 0 ? NULL : assay_rule_name((enum assay_rule)rule);
}

/* The reason of the gravest rule against the device, as far as the verdict retained it. */
static const struct assay_reason *find_reason(const struct assay_verdict *v, uint32_t device)
{
    for (uint32_t i = 0; i < v->reason_count; i++)
        if ((unsigned)v->reasons[i].rule == v->devices[device].rule &&
            assay_device_of_reason(v, &v->reasons[i]) == device)
            return &v->reasons[i];
    return NULL;
}

static void append_device(struct assay_json *list, const struct assay_verdict *now,
                          const struct assay_verdict *then, uint32_t i, bool changes)
{
    const struct assay_verdict_device *const d = &then->devices[i];
    const struct assay_reason *const reason = find_reason(then, i);
    struct assay_json *const out = assay_json_append_object(list);
    char name[ASSAY_REASON_TEXT];
    assay_verdict_name_device(then, i, name);
    assay_json_set_text(out, "name", name);
    assay_json_set_bool(out, "changes", changes);
    assay_json_set_text(out, "rule_now",
                        name_rule(i < now->device_count ? now->devices[i].rule : 0));
    assay_json_set_text(out, "rule_then", name_rule(d->rule));
    assay_json_set_text(out, "text",
                        d->rule == 0 ? NULL : assay_rule_text((enum assay_rule)d->rule));
    assay_json_set_text(out, "expected", reason != NULL ? reason->expected : NULL);
    assay_json_set_text(out, "observed", reason != NULL ? reason->observed : NULL);
    if (d->has_expiry) assay_json_set_time(out, "expires", d->expires_unix_s);
    else assay_json_set_null(out, "expires");
    assay_json_set_text(out, "expires_first", d->has_expiry ? d->expires_first : NULL);
}

struct assay_json *cli_device_changes_json(const struct assay_verdict *now,
                                           const struct assay_verdict *then)
{
    struct assay_json *const list = assay_json_array();
    const uint32_t changed = assay_outlook_devices(now, then);
    ASSAY_ASSERT(then->device_count <= ASSAY_DEVICES_MAX);
    for (uint32_t i = 0; i < then->device_count; i++)
        append_device(list, now, then, i, (changed >> i & 1) != 0);
    return list;
}

static const char devices_view[] =
    "[*devices?changes   " CLI_DEVICE_CHANGE "]"
    "[*devices?expires   {name}: {expires_first} expires at {expires}\n]";

void cli_print_device_changes(const struct assay_verdict *now, const struct assay_verdict *then)
{
    struct assay_json *data = assay_json_object();
    assay_json_set(data, "devices", cli_device_changes_json(now, then));
    cli_view_print(devices_view, data, stdout);
    assay_json_free(&data);
}
