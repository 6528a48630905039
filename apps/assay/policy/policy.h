/*
 * apps/assay/policy/policy.h - options and helpers shared by the verbs of `assay policy`.
 */
#ifndef ASSAY_APPS_ASSAY_POLICY_POLICY_H
#define ASSAY_APPS_ASSAY_POLICY_POLICY_H

#include "apps/assay/evidence/eventlogs.h"
#include "quote/accept/policy_lint.h"

#include <stdio.h>

struct assay_policy_options {
    const char *first; /* positional arguments */
    const char *second;
    int64_t at_unix_s; /* 0: now */
    const char *collateral;
    const char *root;
    const char *kind;
    const char *against;
    const char *signer;
    const char *into;
    const char *format;
    const char *key;
    const char *id;
    const char *issuer;
    const char *out;
    struct assay_eventlog_paths event_logs;
    bool partial;
    bool json;
};

/* A policy file, read. */
struct assay_policy_file {
    struct assay_policy *policy;
    uint8_t *text;
    size_t len;
    uint8_t digest[32];
};

/*
 * cli_policy_file_open - read and digest; errors are printed.
 * Out:     *file, whatever the answer: cli_policy_file_close frees it
 * Returns: ASSAY_EXIT_OK | ASSAY_EXIT_USAGE | ASSAY_EXIT_INTERNAL
 */
int cli_policy_file_open(struct assay_policy_file *file, const char *path, bool json);
/* */
void cli_policy_file_close(struct assay_policy_file *file);

/* One finding of the lint a line, with its place in the file and what to do about it, then how many
 * there are. */
void cli_policy_print_findings(const struct assay_policy_file *file, const char *path,
                               const struct assay_lint_report *report, FILE *out);

/* Each Returns: an enum assay_exit. */
int cli_policy_run_lint(const struct assay_policy_options *options);
int cli_policy_run_show(const struct assay_policy_options *options);
int cli_policy_run_diff(const struct assay_policy_options *options);       /* policy_diff.c */
int cli_policy_run_try(const struct assay_policy_options *options);        /* policy_try.c */
int cli_policy_run_import(const struct assay_policy_options *options);     /* policy_corim.c */
int cli_policy_import_keylime(const struct assay_policy_options *options); /* policy_keylime.c */
int cli_policy_run_export(const struct assay_policy_options *options);

#endif
