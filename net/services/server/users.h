/*
 * net/services/server/users.h - table of the local users of one services socket: their quotas and
 * their turns (docs/services.md 4.1.2).
 *
 * A user is the uid of the peer (SO_PEERCRED). It stays in the table for a while after its last
 * connection closed, so that reconnecting gains nothing.
 */
#ifndef ASSAY_NET_SERVICES_SERVER_USERS_H
#define ASSAY_NET_SERVICES_SERVER_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Resources that are served one at a time. */
enum assay_user_request {
    ASSAY_USER_REQUEST_QUOTE,
    ASSAY_USER_REQUEST_VERDICT,
    ASSAY_USER_REQUEST_PROOF, /* PROVE, LIST and SHOW */
};

enum {
    ASSAY_USER_REQUESTS = ASSAY_USER_REQUEST_PROOF + 1,
    /* At most 8 places of a socket, each with another user, and two whose requests the node
     * processes while their connections are closed: one more is always free. */
    ASSAY_USERS_MAX = 16,
};

struct assay_user {
    bool is_known;
    uint32_t uid;
    uint32_t connections;
    uint32_t waiting;                     /* requests without an answer */
    uint32_t records;                     /* accepted since the last epoch close */
    uint32_t rejected;                    /* rejected by the node within the window */
    uint32_t proofs;                      /* answered within their window */
    uint64_t served[ASSAY_USER_REQUESTS]; /* number of its last turn, or of its arrival */
};

/* number: above all turn numbers so far. A new user takes the entry of one that has neither
 * connection nor request and was served longest ago. Returns: its entry. */
struct assay_user *assay_users_add(struct assay_user users[static ASSAY_USERS_MAX], uint32_t uid,
                                   uint64_t number);
/* Returns: the number of users with a connection. */
uint32_t assay_users_count_present(const struct assay_user users[static ASSAY_USERS_MAX]);
/* part: reserved for each user. Returns: the sum of all records beyond it. */
uint32_t assay_users_count_excess(const struct assay_user users[static ASSAY_USERS_MAX],
                                  uint32_t part);

#endif
