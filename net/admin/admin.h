/*
 * net/admin/admin.h - admin socket: one request line in, one JSON document per line out.
 *
 * A UNIX stream socket, mode 0600; who connects must be the same user or root (SO_PEERCRED).
 * Documents are made by the runtime (net/documents/document.h); this file only moves bytes, within
 * bounds: so many clients, so long a line, so much output, so many answers a turn. A client that
 * does not read is dropped; the loop never waits for one. When all places are taken, a user with
 * fewer takes one of the user with the most (net/system/connection_quota.h). However many lines
 * came together, a turn answers one line of a client, clients take turns, and nothing is read of
 * one whose next line waits.
 */
#ifndef ASSAY_NET_ADMIN_ADMIN_H
#define ASSAY_NET_ADMIN_ADMIN_H

#include "base/bytes.h"
#include "host/peers/counters.h"

#include <poll.h>

enum {
    ASSAY_ADMIN_CLIENTS_MAX = 16,
    ASSAY_ADMIN_LINE_MAX = 656 * 1024, /* a RECOVER of 320 KiB in hexadecimal */
    ASSAY_ADMIN_LINE_ANCHOR = 64,      /* `anchor EPOCH` has 27 */
    ASSAY_ADMIN_ANSWERS_MAX = 4,       /* of a turn */
    ASSAY_ADMIN_SLOW_MS = 5000,        /* without progress while output waits */
    ASSAY_ADMIN_IDLE_MS = 60000,       /* without a request */
};

/*
 * Answers one line (without its newline, NUL-terminated; bytes are printable ASCII or space).
 * Returns: NUL-terminated text of malloc, which is consumed; NULL without memory: the client is
 * dropped.
 */
typedef char *assay_admin_answer(void *context, const char *line);

struct assay_admin;

/*
 * what:     names the socket in messages, "admin socket"; message: the reason.
 * line_max: the longest line with its newline, at most ASSAY_ADMIN_LINE_MAX
 * Returns: ASSAY_OK | ASSAY_E_RANGE (path too long) | ASSAY_E_IO (also: another daemon answers
 * there) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_admin_open(const char *path, const char *what,
                                                 size_t line_max, assay_admin_answer *answer,
                                                 void *context,
                                                 struct assay_traffic_counters *counters,
                                                 struct assay_admin **out, char *message,
                                                 size_t message_len);
/* Also admits the group of its directory, where that has the setgid bit (net/system/unix_socket.h):
 * for a socket with public answers. Returns: ASSAY_OK | ASSAY_E_IO */
ASSAY_CHECKED enum assay_status assay_admin_set_group(struct assay_admin *admin);
/* Replaces the answer callback; clients and pending answers stay. */
void assay_admin_set_answer(struct assay_admin *admin, void *context,
                            struct assay_traffic_counters *counters);
/* Removes the socket. Accepts a pointer to NULL; nulls it. */
void assay_admin_close(struct assay_admin **admin);
/* What to poll for; the first descriptor is -1 for a second after one was refused for want of
 * descriptors (net/system/accept_pause.h). Returns: how many of fds[capacity] were written. */
size_t assay_admin_poll(const struct assay_admin *admin, struct pollfd *fds, size_t capacity);
/*
 * Accept, read, answer, write what can be done without waiting.
 * called:  the first descriptor of assay_admin_poll was readable: a client may be waiting
 *          (looking there costs the kernel a socket even where nobody is)
 */
void assay_admin_step(struct assay_admin *admin, uint64_t now_ms, bool called);
/* Returns: when step must be called at the latest; 0: at once, as lines wait for their turn;
 * UINT64_MAX: never. */
uint64_t assay_admin_wake_at(const struct assay_admin *admin);

#endif
