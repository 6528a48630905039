/*
 * net/system/unix_socket.h - UNIX socket listener and its directory, for the owner alone or a
 * group.
 */
#ifndef ASSAY_NET_SYSTEM_UNIX_SOCKET_H
#define ASSAY_NET_SYSTEM_UNIX_SOCKET_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Backlog of the kernel, in order of arrival, whoever dials: a client that dials repeatedly delays
 * others by that many, and fills it only with as many at once. */
enum { ASSAY_UNIX_QUEUE = 1024 };

/*
 * assay_unix_listen - bind and listen, mode 0600 from the first moment.
 *
 * The rest of a crash (a socket that nobody listens on) is removed; anything else in its place is
 * left alone.
 * In:      what: names the socket in messages, "admin socket"
 * Out:     *fd: non-blocking, the caller's to close; message: the reason
 * Returns: ASSAY_OK | ASSAY_E_RANGE (path too long) | ASSAY_E_IO (also: another process listens
 * there)
 */
ASSAY_CHECKED enum assay_status assay_unix_listen(const char *path, const char *what, int backlog,
                                                  int *fd, char *message, size_t message_len);

/*
 * assay_unix_folder - the folder of a socket: one that is missing is made, for its owner alone,
 * whatever the folder above hands down (the setgid bit, a group).
 * In:      what: as in listen
 * Out:     message: the reason, and what was expected
 * Returns: ASSAY_OK | ASSAY_E_IO (it cannot be made, or is no folder) | ASSAY_E_INVALID (others may
 *          put another socket there, base/file/trust.h)
 */
ASSAY_CHECKED enum assay_status assay_unix_folder(const char *path, const char *what, char *message,
                                                  size_t message_len);

/*
 * assay_unix_set_group - let the group of the socket's folder connect (mode 0660), where the folder
 * has the setgid bit: then the socket belongs to that group. Elsewhere it stays its owner's alone.
 * Out:     *shared: whether others than its owner may connect
 * Returns: ASSAY_OK | ASSAY_E_IO
 */
ASSAY_CHECKED enum assay_status assay_unix_set_group(const char *path, bool *shared);

/* The peer's user, as reported by the kernel (SO_PEERCRED: at the time of connect). Out: *uid.
 * Returns: whether it is known. */
bool assay_unix_user(int fd, uint32_t *uid);
/* A socket that is its owner's alone. Returns: whether that user may connect: the daemon's own, and
 * root. */
bool assay_unix_may_connect(uint32_t uid);

#endif
