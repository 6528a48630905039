/*
 * apps/assay/core/service_user.c - temporary switch to the daemon's user (service_user.h).
 */
#include "apps/assay/core/service_user.h"

#include "base/assert.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

void cli_service_user_enter(const struct assay_config *config, struct assay_service_user *saved)
{
    struct stat info;
    *saved = (struct assay_service_user){ .group = getegid() };
    if (geteuid() != 0 || stat(config->keys_dir, &info) != 0 || info.st_uid == 0) return;
    saved->count = getgroups(ASSAY_SERVICE_USER_GROUPS_MAX, saved->groups);
    if (saved->count < 0) return;
    const struct passwd *const user = getpwuid(info.st_uid);
    const gid_t group = user != NULL ? user->pw_gid : info.st_gid;
    const int grouped = user != NULL ? initgroups(user->pw_name, group) : setgroups(1, &group);
    saved->other = true;
    if (grouped == 0 && setegid(group) == 0 && seteuid(info.st_uid) == 0) return;
    cli_service_user_leave(saved);
    saved->other = false;
}

void cli_service_user_leave(const struct assay_service_user *saved)
{
    if (!saved->other) return;
    /* What was given away by root can be taken back by it. */
    const int user = seteuid(0);
    ASSAY_ASSERT(user == 0);
    const int group = setegid(saved->group);
    ASSAY_ASSERT(group == 0);
    const int groups = setgroups((size_t)saved->count, saved->groups);
    ASSAY_ASSERT(groups == 0);
}
