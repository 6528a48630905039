/*
 * apps/assay/operate/report.h - evidence section of a report (docs/page.md).
 */
#ifndef ASSAY_APPS_ASSAY_OPERATE_REPORT_H
#define ASSAY_APPS_ASSAY_OPERATE_REPORT_H

#include "apps/assay/members/change.h"

/* The newest evidence of every member, decoded next to the policy in force, into data (`evidence`).
 * Errors are printed. Returns: an enum assay_exit. report_evidence.c */
int cli_report_add_evidence(const struct assay_change_options *options, struct assay_json *data);

#endif
