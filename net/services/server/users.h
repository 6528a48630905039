/*
 * net/services/server/users.h - users of the machine at one socket of services: what each has of
 * it, and whose turn it is (docs/services.md 4.1.2).
 *
 * A user is a number that the kernel says (SO_PEERCRED). It is remembered for a while after its
 * last connection ended, so that dialling again gains nothing.
 */
#ifndef ASSAY_NET_SERVICES_SERVER_USERS_H
#define ASSAY_NET_SERVICES_SERVER_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is given one at a time. */
enum assay_turn { ASSAY_TURN_QUOTE, ASSAY_TURN_VERDICT };

enum {
    ASSAY_TURNS = ASSAY_TURN_VERDICT + 1,
    /* At most 8 places of a socket, each with another user, and two whose questions the node is at
     * while their connections are gone: one more is always free. */
    ASSAY_USERS_MAX = 16,
};

struct assay_user {
    bool is_known;
    uint32_t uid;
    uint32_t connections;
    uint32_t waiting;             /* questions without an answer */
    uint32_t records;             /* that were taken since the last close */
    uint32_t vain;                /* that the node did not take, of this second */
    uint64_t served[ASSAY_TURNS]; /* number of its last turn, or when it came */
};

/* number: above all that were given as a turn's so far. A user that is not known takes the entry of
 * one that has neither connection nor question, the one that was served longest ago. Returns: its
 * entry. */
struct assay_user *assay_users_enter(struct assay_user users[static ASSAY_USERS_MAX], uint32_t uid,
                                     uint64_t number);
/* Returns: how many have a connection. */
uint32_t assay_users_present(const struct assay_user users[static ASSAY_USERS_MAX]);
/* part: that each has before others. Returns: records beyond it, of all of them. */
uint32_t assay_users_beyond(const struct assay_user users[static ASSAY_USERS_MAX], uint32_t part);

#endif
