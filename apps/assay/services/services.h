/*
 * apps/assay/services/services.h - status queries of services, for command groups that also submit
 * records. Each Returns: an enum assay_exit.
 */
#ifndef ASSAY_APPS_ASSAY_SERVICES_SERVICES_H
#define ASSAY_APPS_ASSAY_SERVICES_SERVICES_H

#include "apps/assay/core/daemon_request.h"

/* which: the name or the number of a group; NULL: all of them. */
int cli_services_groups(const struct assay_daemon_request *q, const char *which);
/* which: 64 digits, or a key file. */
int cli_services_account(const struct assay_daemon_request *q, const char *which);
/* id: NULL: all of them in short. */
int cli_services_shares(const struct assay_daemon_request *q, const char *id);
int cli_services_offers(const struct assay_daemon_request *q);
/* task: NULL: all that are remembered. */
int cli_services_tasks(const struct assay_daemon_request *q, const char *task);

#endif
