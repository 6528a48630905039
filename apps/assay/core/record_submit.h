/*
 * apps/assay/core/record_submit.h - submission of a service record to a daemon until it is final
 * (docs/services.md 4.1: life cycle of a record), and keys of the accounts that sign records.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_RECORD_SUBMIT_H
#define ASSAY_APPS_ASSAY_CORE_RECORD_SUBMIT_H

#include "apps/assay/core/daemon_request.h"
#include "net/services/follower.h"

enum { ASSAY_RECORD_SUBMIT_TIMEOUT_MS = 60000 }; /* by default */

struct assay_record_submit;

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
/* Reads the key, then opens. Reports errors. Returns: an enum assay_exit; cli_record_submit_stop is
 * called whatever it is. */
int cli_record_submit_start(const struct assay_daemon_request *q, const char *key,
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
