/*
 * apps/daemon/roles.c - programs of the verifier and the transport process: found next to this
 * program, checked, and opened once.
 */
#include "apps/daemon/node.h"
#include "base/file/trust.h"
#include "net/transport/transport_process.h"
#include "net/verifier/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folder of the program that runs. Returns: whether it fits. */
static bool find_folder(char folder[static PATH_MAX])
{
    const ssize_t len = readlink("/proc/self/exe", folder, PATH_MAX - 1);
    if (len <= 0) return false;
    folder[len] = '\0';
    char *const slash = strrchr(folder, '/');
    if (slash != NULL) *slash = '\0';
    return slash != NULL;
}

/* Whether the path that was checked still leads to the file that is executed. */
static bool is_opened_file(int fd, const char *path)
{
    struct stat opened, named;
    return fstat(fd, &opened) == 0 && stat(path, &named) == 0 && opened.st_dev == named.st_dev &&
           opened.st_ino == named.st_ino;
}

static enum assay_status open_role(struct daemon_node *node, const char *name,
                                   struct daemon_role *role)
{
    char folder[PATH_MAX], path[PATH_MAX + 64], fault[ASSAY_FILE_MESSAGE_LEN];
    if (!find_folder(folder)) return daemon_say(node, "/proc/self/exe", ASSAY_E_IO);
    (void)snprintf(path, sizeof path, "%s/" ASSAY_LIBEXEC "/%s", folder, name);
    role->fd = open(path, O_PATH | O_CLOEXEC);
    if (role->fd < 0 || access(path, X_OK) != 0) {
        (void)snprintf(node->message, sizeof node->message,
                       "%.300s: %s: expected the program of a process of assayd, which its package "
                       "installs there",
                       path, strerror(errno));
        return ASSAY_E_IO;
    }
    if (assay_file_trust_fault(path, fault)) {
        (void)snprintf(node->message, sizeof node->message, "%s", fault);
        return ASSAY_E_INVALID;
    }
    if (!is_opened_file(role->fd, path)) {
        (void)snprintf(node->message, sizeof node->message,
                       "%.300s: replaced or removed while it was checked: start again", path);
        return ASSAY_E_IO;
    }
    (void)snprintf(role->path, sizeof role->path, "/proc/self/fd/%d", role->fd);
    return ASSAY_OK;
}

enum assay_status daemon_open_roles(struct daemon_node *node)
{
    ASSAY_TRY(open_role(node, ASSAY_VERIFIER_PROCESS_ROLE, &node->verifier));
    return open_role(node, ASSAY_TRANSPORT_ROLE, &node->transport);
}
