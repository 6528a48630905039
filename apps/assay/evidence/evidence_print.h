/*
 * apps/assay/evidence/evidence_print.h - output of `assay evidence`: verdicts and names of kinds.
 */
#ifndef ASSAY_APPS_ASSAY_EVIDENCE_EVIDENCE_PRINT_H
#define ASSAY_APPS_ASSAY_EVIDENCE_EVIDENCE_PRINT_H

#include "apps/assay/core/print.h"
#include "quote/verdict.h"

enum { ASSAY_KIND_NAME_MAX = 32 };

/*
 * cli_kind_name - how `assay` names a kind, the same in every answer: "tdx-v4", "snp-v3".
 * In:      claims of the evidence, NULL: there are none
 */
void cli_kind_name(enum assay_evidence_kind kind, const struct assay_json *claims,
                   char name[static ASSAY_KIND_NAME_MAX]);
/* Takes claims over, NULL: there are none. Returns: the verdict as data of an envelope. */
struct assay_json *cli_verdict_json(const struct assay_verdict *verdict, struct assay_json *claims);
/* The verdict as text. claims as above. Returns: ASSAY_EXIT_OK | ASSAY_EXIT_INTERNAL */
int cli_print_verdict(const struct assay_verdict *verdict, const struct assay_json *claims);

#endif
