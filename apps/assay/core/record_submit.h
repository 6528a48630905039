/*
 * apps/assay/core/record_submit.h - submission of a service record to a daemon until it is final
 * (docs/services.md 4.1: life cycle of a record), and keys of the accounts that sign records.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_RECORD_SUBMIT_H
#define ASSAY_APPS_ASSAY_CORE_RECORD_SUBMIT_H

#include "apps/assay/core/daemon_request.h"
#include "net/services/follower.h"

enum { ASSAY_RECORD_SUBMIT_TIMEOUT_MS = 60000 };

/* An option of a group of verbs, and where its text goes; with a count it may come so often. */
struct assay_record_submit_option {
    const char *name; /* NULL ends a list */
    const char **text;
    uint32_t *count;
    uint32_t most;
};

struct assay_record_submit;

/* The options that all these groups share (socket, json, timeout) and those of the list, which the
 * table of verbs has let through; *verb and *word are what stands behind them, *word NULL when that
 * is nothing. Returns: -1 to go on, else the exit status. */
int cli_record_submit_options(struct assay_daemon_request *q, int argc, char **argv,
                              const struct assay_record_submit_option *options,
                              const char **timeout, const char **verb, const char **word);
/* Reads a key file written by assay account create; the caller wipes *secret. Reports errors.
 * Returns: an enum assay_exit. */
int cli_record_submit_key(const char *group, const char *path, struct assay_secret32 *secret,
                          uint8_t public_key[static ASSAY_P256_PUBLIC_LEN]);
/* By 64 hexadecimal digits, or a key file. Reports errors. Returns: an enum assay_exit. */
int cli_record_submit_account(const char *group, const char *text, uint8_t account[static 32]);
/* Socket for followers, as reported by the daemon. Reports errors. Out: path. Returns: an enum
 * assay_exit. */
int cli_record_submit_path(const struct assay_daemon_request *q,
                           char path[static ASSAY_FOLLOWER_PATH_MAX + 1]);
/* Timeout option of a submitting verb, and its default. Returns: -1 to go on, else the
 * exit status. */
int cli_record_submit_timeout(struct assay_daemon_request *q, const char *text);
/* Plain digits, min and above. Returns: whether, and *out. */
bool cli_record_submit_number(const char *text, uint64_t min, uint64_t *out);

/* Connects and waits for the state of the ledger. Reports errors. Returns: an enum assay_exit;
 * *hand only with ASSAY_EXIT_OK, closed by the caller. */
int cli_record_submit_open(const struct assay_daemon_request *q, enum assay_service_role role,
                           struct assay_record_submit **hand);
/* Accepts a pointer to NULL; nulls it. */
void cli_record_submit_close(struct assay_record_submit **hand);
/* Returns: the follower; never NULL. */
const struct assay_follower *cli_record_submit_follower(const struct assay_record_submit *hand);
/* Submission of records signed by an account. */
struct assay_record_submit_signing {
    struct assay_secret32 secret;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN], account[32];
    struct assay_record_submit *hand;
};
/* Reads the key and the time-out, then opens. Reports errors. Returns: an enum assay_exit;
 * cli_record_submit_stop is called whatever it is. */
int cli_record_submit_start(struct assay_daemon_request *q, const char *key, const char *timeout,
                            struct assay_record_submit_signing *signing);
/* Wipes and closes. */
void cli_record_submit_stop(struct assay_record_submit_signing *signing);
/* Returns: ASSAY_OK | as assay_p256_signer_load and assay_p256_sign. */
ASSAY_CHECKED enum assay_status cli_record_submit_sign(
    const struct assay_record_submit_signing *signing, const uint8_t digest[static 32],
    uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);
/* Reports that a record could not be made. Returns: ASSAY_EXIT_INTERNAL. */
int cli_record_submit_report_unmade(const char *group, enum assay_status status);
/* Submits the record, with retries, until it is final or the timeout expires. Reports a record
 * without effect. Out: *word: its result (registry.h), "" when unknown. Returns:
 * an enum assay_exit. */
int cli_record_submit_send(struct assay_record_submit *hand, enum assay_service_kind kind,
                           struct assay_slice payload, const char **word);

#endif
