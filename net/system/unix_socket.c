/*
 * net/system/unix_socket.c - UNIX socket listener: bind, stale socket removal, permissions.
 */
#include "net/system/unix_socket.h"

#include "base/bytes.h"
#include "base/file/trust.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A socket file without a listener remains from a crash. */
static bool has_listener(const struct sockaddr_un *address)
{
    ASSAY_ASSERT(address->sun_family == AF_UNIX);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    const bool answered =
        connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN;
    (void)close(fd);
    return answered;
}

static bool is_free(const struct sockaddr_un *address)
{
    ASSAY_ASSERT(address->sun_family == AF_UNIX);
    struct stat file;
    if (lstat(address->sun_path, &file) != 0) return true;
    if (!S_ISSOCK(file.st_mode) || has_listener(address)) return false;
    (void)unlink(address->sun_path);
    return true;
}

enum assay_status assay_unix_folder(const char *path, const char *what, char *message,
                                    size_t message_len)
{
    ASSAY_ASSERT(message != NULL && message_len > 0);
    char fault[ASSAY_FILE_MESSAGE_LEN];
    struct stat info;
    if (mkdir(path, 0700) == 0 && chmod(path, 0700) == 0) return ASSAY_OK;
    if (errno != EEXIST || stat(path, &info) != 0) {
        (void)snprintf(message, message_len, "%s: the folder %.120s cannot be made: %s", what, path,
                       strerror(errno));
        return ASSAY_E_IO;
    }
    (void)snprintf(message, message_len,
                   "%s: %.110s: expected a folder for sockets, found a file: remove it, or name "
                   "another path",
                   what, path);
    if (!S_ISDIR(info.st_mode)) return ASSAY_E_IO;
    if (!assay_file_trust_fault(path, fault)) return ASSAY_OK;
    (void)snprintf(message, message_len, "%s: %.220s", what, fault);
    return ASSAY_E_INVALID;
}

enum assay_status assay_unix_set_group(const char *path, bool *shared)
{
    char folder[sizeof ((struct sockaddr_un *)0)->sun_path] = ".";
    const char *slash = strrchr(path, '/');
    struct stat info;
    const size_t len = slash != NULL && slash > path ? (size_t)(slash - path) : 1;
    if (slash != NULL && len < sizeof folder) {
        assay_bytes_copy(folder, sizeof folder, path, len);
        folder[len] = '\0';
    }
    if (stat(folder, &info) != 0) return ASSAY_E_IO;
    *shared = (info.st_mode & S_ISGID) != 0;
    if (!*shared) return ASSAY_OK;
    return chmod(path, 0660) == 0 ? ASSAY_OK : ASSAY_E_IO;
}

bool assay_unix_user(int fd, uint32_t *uid)
{
    ASSAY_ASSERT(fd >= 0);
    struct ucred peer;
    socklen_t len = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) return false;
    *uid = peer.uid;
    return true;
}

bool assay_unix_may_connect(uint32_t uid)
{
    return uid == 0 || uid == geteuid();
}

enum assay_status assay_unix_listen(const char *path, const char *what, int backlog, int *fd,
                                    char *message, size_t message_len)
{
    ASSAY_ASSERT(backlog > 0 && message_len > 0);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const size_t len = strlen(path);
    if (len >= sizeof address.sun_path) {
        (void)snprintf(message, message_len, "%s: the path is too long", what);
        return ASSAY_E_RANGE;
    }
    assay_bytes_copy(address.sun_path, sizeof address.sun_path, path, len + 1);
    if (!is_free(&address)) {
        (void)snprintf(message, message_len,
                       "%s %s is in use: expected a free name, found a socket that answers or a "
                       "file that is none",
                       what, path);
        return ASSAY_E_IO;
    }
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* The mask makes the file 0600 from its first moment. */
    const mode_t mask = umask(0177);
    const bool bound =
        listener >= 0 && bind(listener, (const struct sockaddr *)&address, sizeof address) == 0;
    (void)umask(mask);
    if (bound && listen(listener, backlog) == 0) {
        *fd = listener;
        return ASSAY_OK;
    }
    (void)snprintf(message, message_len, "%s %s: %s", what, path, strerror(errno));
    if (listener >= 0) (void)close(listener);
    return ASSAY_E_IO;
}
