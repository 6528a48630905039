/*
 * quote/accept/policy_lint_internal.h - declarations shared by the files of the lint.
 */
#ifndef ASSAY_QUOTE_ACCEPT_POLICY_LINT_INTERNAL_H
#define ASSAY_QUOTE_ACCEPT_POLICY_LINT_INTERNAL_H

#include "quote/accept/policy_lint.h"

struct assay_lint_run {
    const struct assay_policy *policy;
    int64_t at_unix_s;
    uint32_t kinds; /* that can pass */
    bool all_kinds; /* the file names none */
    struct assay_lint_report *report;
};

void assay_lint_find(struct assay_lint_run *l, enum assay_lint lint, struct assay_text path,
                     struct assay_text detail);
struct assay_text assay_lint_path(const char *list, uint32_t index); /* "references[3]" */

/* quote/accept/policy_lint_reference.c */
void assay_lint_references(struct assay_lint_run *l);
/* quote/accept/policy_lint_event.c */
void assay_lint_events(struct assay_lint_run *l);

#endif
