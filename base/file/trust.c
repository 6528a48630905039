/*
 * base/file/trust.c - owner and mode of a file, of links to it, of the folders on the way.
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

/* Everybody may rename what others have there, and put another folder in the place of one on the
 * way. */
static bool fault_on_the_way(const char *path, const struct stat *info, char *message)
{
    const unsigned mode = (unsigned)info->st_mode & 07777;
    if ((mode & S_IWOTH) == 0 || (mode & S_ISVTX) != 0) return false;
    (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN,
                   "%.300s: others may change it: mode %04o, expected %04o (chmod go-w)", path,
                   mode, mode & ~(unsigned)(S_IWGRP | S_IWOTH));
    return true;
}

static bool fault_of_link(const char *path, const struct stat *info, char *message)
{
    if (is_owner_fine(info)) return false;
    (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN,
                   "%.300s: is a link of user %u, who may let it lead elsewhere, expected one of "
                   "user %u or root (make it anew)",
                   path, (unsigned)info->st_uid, (unsigned)geteuid());
    return true;
}

enum { LINKS_MAX = 40 }; /* as the kernel follows */

/* A path on its way from the root. */
struct way {
    char at[PATH_MAX];   /* without links; "" is the root */
    char rest[PATH_MAX]; /* names to come */
    unsigned links;
};

/* In front of the names to come. Returns: whether there is room. */
static bool put_in_front(struct way *w, const char *names)
{
    char whole[2 * PATH_MAX];
    const int len = snprintf(whole, sizeof whole, "%s/%s", names, w->rest);
    if (len < 0 || len >= PATH_MAX) return false;
    assay_bytes_copy(w->rest, sizeof w->rest, whole, (size_t)len + 1);
    return true;
}

/* Out: name: the next one but "" and "."; is_last. Returns: whether there is one. */
static bool take_name(struct way *w, char name[static NAME_MAX + 1], bool *is_last)
{
    for (;;) {
        const char *const from = w->rest + strspn(w->rest, "/");
        const size_t len = strcspn(from, "/");
        if (len == 0 || len > NAME_MAX) return false;
        assay_bytes_copy(name, NAME_MAX + 1, from, len);
        name[len] = '\0';
        const char *const behind = from + len + strspn(from + len, "/");
        *is_last = *behind == '\0';
        memmove(w->rest, behind, strlen(behind) + 1);
        if (strcmp(name, ".") != 0) return true;
    }
}

static void go_up(struct way *w)
{
    char *const slash = strrchr(w->at, '/');
    if (slash != NULL) *slash = '\0';
}

static bool follow(struct way *w, const char *link)
{
    char target[PATH_MAX];
    const ssize_t len = readlink(link, target, sizeof target - 1);
    if (len <= 0 || ++w->links > LINKS_MAX) return false;
    target[len] = '\0';
    if (target[0] == '/') w->at[0] = '\0';
    return put_in_front(w, target);
}

static bool fault_of_folder(const char *at, char *message)
{
    struct stat info;
    const char *const folder = at[0] != '\0' ? at : "/";
    return stat(folder, &info) == 0 && fault_of(folder, &info, true, message);
}

/* One name further. Returns: whether that is all: there is a fault, nothing there, or the end */
static bool step(struct way *w, bool *fault, char *message)
{
    char name[NAME_MAX + 1], path[PATH_MAX];
    struct stat info;
    bool is_last = false;
    if (!take_name(w, name, &is_last)) return true;
    if (strcmp(name, "..") == 0) {
        go_up(w);
        return false;
    }
    const int len = snprintf(path, sizeof path, "%s/%s", w->at, name);
    if (len < 0 || len >= PATH_MAX || lstat(path, &info) != 0) return true;
    if (S_ISLNK(info.st_mode)) {
        *fault = fault_of_link(path, &info, message) || fault_of_folder(w->at, message);
        return *fault || !follow(w, path);
    }
    *fault = is_last ? fault_of(path, &info, false, message) || fault_of_folder(w->at, message)
                     : fault_on_the_way(path, &info, message);
    assay_bytes_copy(w->at, sizeof w->at, path, (size_t)len + 1);
    return *fault || is_last;
}

bool assay_file_trust_fault(const char *path, char message[static ASSAY_FILE_MESSAGE_LEN])
{
    struct way *w = calloc(1, sizeof *w);
    char here[PATH_MAX] = "";
    bool fault = false;
    if (w == NULL) return false;
    const bool is_whole = path[0] == '/';
    const bool fits = put_in_front(w, path) && (is_whole || (getcwd(here, sizeof here) != NULL &&
                                                            put_in_front(w, here)));
    while (fits && !step(w, &fault, message))
        continue;
    free(w);
    return fault;
}
