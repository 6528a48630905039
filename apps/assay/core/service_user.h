/*
 * apps/assay/core/service_user.h - temporary switch of a command run by root to the daemon's user:
 * root's access to a file does not show that the daemon has access.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_SERVICE_USER_H
#define ASSAY_APPS_ASSAY_CORE_SERVICE_USER_H

#include "apps/config.h"

#include <stdbool.h>
#include <sys/types.h>

enum { ASSAY_SERVICE_USER_GROUPS_MAX = 128 };

struct assay_service_user {
    bool other; /* they are another user's */
    gid_t group, groups[ASSAY_SERVICE_USER_GROUPS_MAX];
    int count;
};

/* Switches a process of root to the owner of the node's key folder, with that user's groups;
 * otherwise, or if the owner is root, nothing changes. */
void cli_service_user_enter(const struct assay_config *config, struct assay_service_user *saved);
/* Ends that. */
void cli_service_user_leave(const struct assay_service_user *saved);

#endif
