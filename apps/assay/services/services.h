/*
 * apps/assay/services/services.h - status queries of services, for command groups that also submit
 * records, and the verification of receipts. Each Returns: an enum assay_exit.
 */
#ifndef ASSAY_APPS_ASSAY_SERVICES_SERVICES_H
#define ASSAY_APPS_ASSAY_SERVICES_SERVICES_H

#include "apps/assay/core/daemon_request.h"
#include "apps/assay/proofs/proof.h"

/* which: the name or the number of a group; NULL: all of them. */
int cli_services_groups(const struct assay_daemon_request *q, const char *which);
/* Has the seats of the group's replicas at this daemon moved, and waits until they are, or so many
 * seconds; 0: does not wait. which: as above. */
int cli_services_drain(const struct assay_daemon_request *q, const char *which, uint32_t wait_s);
/* which: 64 digits, or a key file. */
int cli_services_account(const struct assay_daemon_request *q, const char *which);
/* id: NULL: all of them in short. */
int cli_services_shares(const struct assay_daemon_request *q, const char *id);
int cli_services_offers(const struct assay_daemon_request *q);
/* task: NULL: all that are remembered. */
int cli_services_tasks(const struct assay_daemon_request *q, const char *task);

/* A receipt of state continuity, verified offline (docs/services.md 1.8.1). */
struct cli_services_receipt {
    const char *path, *checkpoint, *evidence; /* files; never NULL */
    const char *nonce, *instance;             /* 64 hexadecimal digits; NULL: any */
    struct assay_proof_time time;
    bool json;
};
int cli_services_receipt(const struct cli_services_receipt *request);

#endif
