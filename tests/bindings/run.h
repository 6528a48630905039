/*
 * tests/bindings/run.h - columns of the table of cases (cases.py), and what run.c prints.
 *
 * A case whose name begins with "token-" is a token: its column EVIDENCE names it, POLICY the
 * policy file with its issuers, NONCE the expected nonce (a text). One whose name begins with
 * "identity-" is of a network: FILES_OF has its certificates, or its token where POLICY is "token",
 * ROOTS what is trusted, NONCE what is expected ("service=api;age=300"). One whose name begins with
 * "standing-" is a proof (EVIDENCE) from a checkpoint (ROOTS): of a key where POLICY is "key".
 */
#ifndef ASSAY_TESTS_BINDINGS_RUN_H
#define ASSAY_TESTS_BINDINGS_RUN_H

#include <assay/policy.h>

enum { COLUMNS = 12 };
enum column {
    NAME,
    EVIDENCE,
    FILES_OF,
    ROOTS,
    POLICY,
    EXACT,
    AT,
    REPORT_DATA,
    NONCE,
    LOGS,
    DIGEST,
    EXPECTED
};

extern const char *const run_genuine[];
/* Of malloc. */
struct assay_bytes run_read_file(const char *path);
struct assay_bytes run_parse_hex(const char *text);
void run_print_hex(struct assay_bytes bytes);
void run_print_claim(const struct assay_claim_value *claim);
/* Statuses, times, machine, devices, advisories, links, trustworthiness vector. */
void run_print_state(const struct assay_verdict *verdict, const struct assay_policy *policy);
void run_print_logs(const struct assay_eventlog_report *report);
void run_token_case(char **column);
void run_identity_case(char **column);
void run_standing_case(char **column);

#endif
