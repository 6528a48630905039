/*
 * base/file/trust.c - owner and mode of a file, of symbolic links to it, and of the folders in its
 * path.
 */
#include "base/file/trust.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static bool is_owner_fine(const struct stat *info)
{
    return info->st_uid == 0 || info->st_uid == geteuid() || geteuid() == 0;
}

/* Is another user than this one of the group, by its own entry or as a member? */
static bool is_shared(gid_t gid, uid_t own)
{
    bool is_found = false;
    const struct group *const group = getgrgid(gid);
    for (char **member = group != NULL ? group->gr_mem : NULL; member != NULL && *member != NULL;
         member++) {
        const struct passwd *const user = getpwnam(*member);
        is_found = is_found || (user != NULL && user->pw_uid != own);
    }
    setpwent();
    for (const struct passwd *user; (user = getpwent()) != NULL;)
        is_found = is_found || (user->pw_gid == gid && user->pw_uid != own);
    endpwent();
    return is_found;
}

enum {
    ACL_VERSION = 2,
    ACL_HEAD = 4,
    ACL_ENTRY = 8, /* tag and rights of 2 bytes, id of 4, as all numbers there from the lowest */
    ACL_ENTRIES_MAX = 128,
    ACL_USER = 2, /* a user that it names */
    ACL_GROUP = 8, /* a group that it names */
    ACL_WRITE = 2,
};

/* Where there is an access list, the group permissions in the mode limit those of all entries of
 * the list. Returns: whether an entry may write; also true if unknown. */
static bool is_written_by_named(const char *path)
{
    uint8_t acl[ACL_HEAD + ACL_ENTRY * ACL_ENTRIES_MAX];
    const ssize_t len = getxattr(path, "system.posix_acl_access", acl, sizeof acl);
    if (len < 0) return errno != ENODATA && errno != ENOTSUP;
    if (len < ACL_HEAD || acl[0] != ACL_VERSION) return true;
    for (size_t at = ACL_HEAD; at + ACL_ENTRY <= (size_t)len; at += ACL_ENTRY) {
        const bool is_named = acl[at] == ACL_USER || acl[at] == ACL_GROUP;
        if (is_named && (acl[at + 2] & ACL_WRITE) != 0) return true;
    }
    return false;
}

/* Orchestrators mount volumes as root's, writable for the group that they run the daemon with (mode
 * 2775). The group is then equivalent to this process, as long as it has no other member. A process
 * of root trusts the owner, and so the owner's own group. */
static bool is_own_group(const struct stat *info)
{
    if (info->st_gid == getegid() && !is_shared(info->st_gid, geteuid())) return true;
    if (geteuid() != 0) return false;
    const struct passwd *const owner = getpwuid(info->st_uid);
    return owner != NULL && info->st_gid == owner->pw_gid &&
           !is_shared(info->st_gid, info->st_uid);
}

/* sticky: each name in there is its owner's. */
static bool fault_of_rights(const char *path, const struct stat *info, bool sticky, char *message)
{
    const unsigned mode = (unsigned)info->st_mode & 07777;
    if (!is_owner_fine(info)) {
        (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN,
                       "%.300s: belongs to user %u, expected user %u or root (chown)", path,
                       (unsigned)info->st_uid, (unsigned)geteuid());
        return true;
    }
    const bool by_group = (info->st_mode & S_IWGRP) != 0, by_all = (info->st_mode & S_IWOTH) != 0;
    if (sticky || !(by_group || by_all)) return false;
    const bool is_own = !by_all && is_own_group(info);
    if (is_own && !is_written_by_named(path)) return false;
    char advice[128] = "";
    if (is_own)
        (void)snprintf(advice, sizeof advice,
                       "; its access list lets others write it (setfacl -b)");
    else if (!by_all)
        (void)snprintf(advice, sizeof advice,
                       "; group %u may write it only if it is the daemon's primary group (%u) and "
                       "no other user's",
                       (unsigned)info->st_gid, (unsigned)getegid());
    (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN,
                   "%.300s: others may change it: mode %04o, expected %04o (chmod go-w)%s", path,
                   mode, mode & ~(unsigned)(S_IWGRP | S_IWOTH), advice);
    return true;
}

static bool fault_of(const char *path, const struct stat *info, bool sticky_will_do, char *message)
{
    const bool sticky = sticky_will_do && (info->st_mode & S_ISVTX) != 0 && info->st_uid == 0;
    return fault_of_rights(path, info, sticky, message);
}

/* A user who owns or may write a folder on the way can replace the next folder. All names on the
 * way exist, so none can be added to a sticky folder. */
static bool fault_on_the_way(const char *path, const struct stat *info, char *message)
{
    return fault_of_rights(path, info, (info->st_mode & S_ISVTX) != 0, message);
}

static bool fault_of_link(const char *path, const struct stat *info, char *message)
{
    if (is_owner_fine(info)) return false;
    (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN,
                   "%.300s: is a link of user %u, not trusted to change it, expected one of user "
                   "%u or root (recreate it)",
                   path, (unsigned)info->st_uid, (unsigned)geteuid());
    return true;
}

enum { LINKS_MAX = 40 }; /* as the kernel follows */

/* A path on its way from the root. */
struct way {
    char at[PATH_MAX];   /* without links; "" is the root */
    char rest[PATH_MAX]; /* names to come */
    unsigned links;
    bool above; /* the last one itself is checked elsewhere */
    bool ended; /* at the last one */
};

/* Prepends to the names that remain. Returns: whether there is room. */
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

/* What cannot be checked is not trusted. */
static bool fault_of_unknown(const char *path, const char *why, char *message)
{
    (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN,
                   "%.300s: the users who may change it cannot be determined: %s", path, why);
    return true;
}

/* Of a path that is not there, as the system would report on opening it. */
static bool is_absent(int error)
{
    return error == ENOENT || error == ENOTDIR || error == EACCES || error == ENAMETOOLONG ||
           error == ELOOP;
}

static bool fault_of_length(const char *path, char *message)
{
    char why[64];
    (void)snprintf(why, sizeof why, "without links it is longer than %d bytes", PATH_MAX - 1);
    return fault_of_unknown(path, why, message);
}

/* Returns: whether the way ends at this link: a fault, or more links than the system follows. */
static bool follow_link(struct way *w, const char *link, bool *fault, char *message)
{
    char target[PATH_MAX];
    const ssize_t len = readlink(link, target, sizeof target - 1);
    if (len <= 0) return *fault = fault_of_unknown(link, strerror(errno), message);
    if (++w->links > LINKS_MAX) return true;
    target[len] = '\0';
    if (target[0] == '/') w->at[0] = '\0';
    if (put_in_front(w, target)) return false;
    return *fault = fault_of_length(link, message);
}

static bool fault_of_folder(const char *at, char *message)
{
    struct stat info;
    const char *const folder = at[0] != '\0' ? at : "/";
    if (stat(folder, &info) != 0) return fault_of_unknown(folder, strerror(errno), message);
    return fault_of(folder, &info, true, message);
}

/* One name further. Returns: whether that is all: there is a fault, nothing there, or the end */
static bool check_component(struct way *w, bool *fault, char *message)
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
    if (len < 0 || len >= PATH_MAX) return *fault = fault_of_length(path, message);
    if (lstat(path, &info) != 0) {
        *fault = !is_absent(errno) && fault_of_unknown(path, strerror(errno), message);
        return true;
    }
    if (S_ISLNK(info.st_mode)) {
        *fault = fault_of_link(path, &info, message); /* its folder was on the way */
        return *fault || follow_link(w, path, fault, message);
    }
    w->ended = is_last;
    if (is_last && w->above) return true;
    *fault = is_last ? fault_of(path, &info, false, message) || fault_of_folder(w->at, message)
                     : fault_on_the_way(path, &info, message);
    assay_bytes_copy(w->at, sizeof w->at, path, (size_t)len + 1);
    return *fault || is_last;
}

/* A relative path begins at the working folder. Returns: whether it cannot be followed */
static bool fault_of_begin(struct way *w, const char *path, char *message)
{
    char here[PATH_MAX] = "";
    if (path[0] != '/' && getcwd(here, sizeof here) == NULL)
        return fault_of_unknown(path, strerror(errno), message);
    const bool fits = put_in_front(w, path) && (path[0] == '/' || put_in_front(w, here));
    return !fits && fault_of_length(path, message);
}

/* Out: ended: it was seen to the end. Returns: as assay_file_trust_fault */
static bool walk_path(const char *path, bool above, bool *ended, char *message)
{
    struct way w = { .above = above };
    struct stat root;
    *ended = false;
    if (fault_of_begin(&w, path, message)) return true;
    if (stat("/", &root) != 0) return fault_of_unknown("/", strerror(errno), message);
    bool fault = fault_on_the_way("/", &root, message);
    while (!fault && !check_component(&w, &fault, message))
        continue;
    *ended = w.ended;
    return fault;
}

bool assay_file_trust_fault(const char *path, char message[static ASSAY_FILE_MESSAGE_LEN])
{
    bool ended;
    return walk_path(path, false, &ended, message);
}

bool assay_file_way_fault(const char *folder, char message[static ASSAY_FILE_MESSAGE_LEN])
{
    char whole[PATH_MAX];
    bool ended = false;
    if (walk_path(folder, true, &ended, message)) return true;
    /* "x/.." and "/" end at no name: where they are is asked of the system. */
    if (!ended && realpath(folder, whole) != NULL) {
        if (strcmp(whole, "/") == 0) return false;
        if (walk_path(whole, true, &ended, message)) return true;
    }
    if (ended) return false;
    (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN,
                   "%.300s: the folders above it cannot be read (%s)", folder, strerror(errno));
    return true;
}
