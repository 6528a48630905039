/*
 * base/file/trust.c - owner and mode of a file and of the folder that has its name.
 */
#include "base/file/trust.h"

#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_owner_fine(const struct stat *info)
{
    return info->st_uid == 0 || info->st_uid == geteuid() || geteuid() == 0;
}

/* Is another user one of the group's, by its own entry or as a member? */
static bool is_shared(gid_t gid)
{
    bool is_found = false;
    const struct group *const group = getgrgid(gid);
    for (char **member = group != NULL ? group->gr_mem : NULL; member != NULL && *member != NULL;
         member++) {
        const struct passwd *const user = getpwnam(*member);
        is_found = is_found || (user != NULL && user->pw_uid != geteuid());
    }
    setpwent();
    for (const struct passwd *user; (user = getpwent()) != NULL;)
        is_found = is_found || (user->pw_gid == gid && user->pw_uid != geteuid());
    endpwent();
    return is_found;
}

/* Orchestrators mount volumes as root's, writable for the group that they run the daemon with (mode
 * 2775). The group's right is this process' own then, as long as nobody else is of the group. */
static bool is_own_group(const struct stat *info)
{
    return info->st_gid == getegid() && !is_shared(info->st_gid);
}

static bool fault_of(const char *path, const struct stat *info, bool sticky_will_do, char *message)
{
    const unsigned mode = (unsigned)info->st_mode & 07777;
    const bool sticky = sticky_will_do && (info->st_mode & S_ISVTX) != 0 && info->st_uid == 0;
    if (!is_owner_fine(info)) {
        (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN,
                       "%.300s: belongs to user %u, expected user %u or root (chown)", path,
                       (unsigned)info->st_uid, (unsigned)geteuid());
        return true;
    }
    const bool by_group = (info->st_mode & S_IWGRP) != 0, by_all = (info->st_mode & S_IWOTH) != 0;
    if (sticky || !(by_group || by_all)) return false;
    if (!by_all && is_own_group(info)) return false;
    char advice[128] = "";
    if (!by_all)
        (void)snprintf(advice, sizeof advice,
                       "; group %u may write it only if it is the daemon's primary group (%u) and "
                       "no other user's",
                       (unsigned)info->st_gid, (unsigned)getegid());
    (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN,
                   "%.300s: others may change it: mode %04o, expected %04o (chmod go-w)%s", path,
                   mode, mode & ~(unsigned)(S_IWGRP | S_IWOTH), advice);
    return true;
}

bool assay_file_trust_fault(const char *path, char message[static ASSAY_FILE_MESSAGE_LEN])
{
    char whole[PATH_MAX];
    struct stat info;
    if (realpath(path, whole) == NULL || stat(whole, &info) != 0) return false;
    if (fault_of(path, &info, false, message)) return true;
    char *const slash = strrchr(whole, '/');
    slash[slash == whole ? 1 : 0] = '\0';
    return stat(whole, &info) == 0 && fault_of(whole, &info, true, message);
}
