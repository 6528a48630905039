/*
 * apps/assay/evidence/device_changes.h - devices in a forecast: what stands against each now and
 * then, and what of its evidence expires first.
 */
#ifndef ASSAY_APPS_ASSAY_EVIDENCE_DEVICE_CHANGES_H
#define ASSAY_APPS_ASSAY_EVIDENCE_DEVICE_CHANGES_H

#include "apps/assay/core/print.h"
#include "quote/verdict.h"

/*
 * cli_device_changes_json - the devices of the verdict then.
 * Returns: a list of { name, changes, rule_now, rule_then, text, expected, observed, expires,
 *          expires_first }; rules are null where none stands against the device, expected and
 *          observed also where the verdict, which has eight reasons at most, has none of it
 */
struct assay_json *cli_device_changes_json(const struct assay_verdict *now,
                                           const struct assay_verdict *then);
/* View of one of them that changes. */
#define CLI_DEVICE_CHANGE                                                                          \
    "{name}: [?rule_then {text}[?expected+observed  (expected {expected|}, observed {observed|})]" \
    "|without what stands against it now ({rule_now})]\n"
/* Those that change, and each by what expires first of it, as text. */
void cli_print_device_changes(const struct assay_verdict *now, const struct assay_verdict *then);

#endif
