/*
 * apps/assay/core/service_user.h - root looks at a node as the daemon's user would: what root may
 * open says nothing about what the daemon may.
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

/* From here on this process, if it is root's, has the rights of whoever owns the node's folder of
 * keys, with that user's groups; else, or where that is root, nothing changes. Returns: nothing. */
void assay_service_user_take(const struct assay_config *config, struct assay_service_user *eyes);
/* Ends that. Returns: nothing. */
void assay_service_user_give_back(const struct assay_service_user *eyes);

#endif
