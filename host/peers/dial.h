/*
 * host/peers/dial.h - dialling schedule of one peer over its addresses (docs/protocol.md 9.3.3).
 *
 * Addresses are tried in turn. After the last one follows a pause that doubles with each round up
 * to a limit, with jitter, so that nodes that lost the same peer do not reconnect at once. An
 * address that worked is tried first after a disconnect. Pure: the link (net/zmq/) applies the
 * schedule and reports the results.
 */
#ifndef ASSAY_HOST_PEERS_DIAL_H
#define ASSAY_HOST_PEERS_DIAL_H

#include <stdbool.h>
#include <stdint.h>

enum {
    ASSAY_DIAL_NEXT_MS = 100, /* between two addresses of a round, plus jitter of the same length */
    ASSAY_DIAL_FIRST_MS = 200,   /* the pause after the first round */
    ASSAY_DIAL_STABLE_MS = 5000, /* a shorter connection does not reset the back-off */
};

enum assay_dial_state {
    ASSAY_DIAL_IDLE,    /* there is no address */
    ASSAY_DIAL_WAITING, /* for at_ms */
    ASSAY_DIAL_TRYING,  /* given up at at_ms */
    ASSAY_DIAL_UP,      /* since at_ms */
};

struct assay_dial_config {
    uint32_t give_up_ms; /* timeout of one attempt, > 0 */
    uint32_t pause_ms_max; /* the longest pause, at least ASSAY_DIAL_FIRST_MS; jitter adds a half */
};

/* All zero: no address; random is its seed. */
struct assay_dial {
    enum assay_dial_state state;
    uint32_t count;  /* addresses */
    uint32_t index;  /* the one that is tried, in use, or next */
    uint32_t failed; /* tries in a row */
    uint64_t at_ms;
    uint64_t random;
};

/* Replaces the addresses; the first is dialled at once. 0: none. */
void assay_dial_set_addresses(struct assay_dial *dial, uint32_t count, uint64_t now_ms);
/* The list changed, and the address in use or tried remains, at index: the attempt continues.
 * In: index < count (asserted), not idle (asserted). */
void assay_dial_update_addresses(struct assay_dial *dial, uint32_t count, uint32_t index);
/* Starts an attempt when the pause is over. Returns: whether to dial dial->index now. */
bool assay_dial_start_due(struct assay_dial *dial, const struct assay_dial_config *config,
                          uint64_t now_ms);
/* Fails an attempt that takes too long. Returns: whether to disconnect. */
bool assay_dial_check_timeout(struct assay_dial *dial, const struct assay_dial_config *config,
                              uint64_t now_ms);
/* The peer is connected and authenticated. */
void assay_dial_on_connected(struct assay_dial *dial, uint64_t now_ms);
/* An attempt failed or a connection ended; in other states no effect. */
void assay_dial_on_disconnected(struct assay_dial *dial, const struct assay_dial_config *config,
                                uint64_t now_ms);
/* The peer dialled us and is reachable, so a pause ends. The rate is bounded by its handshakes
 * (host/peers/limit.h). */
void assay_dial_on_incoming(struct assay_dial *dial, uint64_t now_ms);
/* Returns: the time of the next due action; UINT64_MAX: none. */
uint64_t assay_dial_wake_at(const struct assay_dial *dial);

#endif
