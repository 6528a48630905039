/*
 * host/peers/dial.h - dialling schedule of one peer over its addresses (docs/protocol.md 9.3.3).
 *
 * Addresses are tried in turn. After the last one comes a pause that doubles with each round up to
 * a limit, with jitter, so that those who lost the same peer do not come back together. An address
 * that worked is tried first when the connection is lost. Pure: the link (net/zmq/) does what is
 * said here, and tells what came of it.
 */
#ifndef ASSAY_HOST_PEERS_DIAL_H
#define ASSAY_HOST_PEERS_DIAL_H

#include <stdbool.h>
#include <stdint.h>

enum {
    ASSAY_DIAL_NEXT_MS = 100,   /* between two addresses of a round, and as much at random */
    ASSAY_DIAL_FIRST_MS = 200,  /* the pause after the first round */
    ASSAY_DIAL_STABLE_MS = 5000, /* a connection that lived shorter has mended nothing */
};

enum assay_dial_state {
    ASSAY_DIAL_IDLE,    /* there is no address */
    ASSAY_DIAL_WAITING, /* for at_ms */
    ASSAY_DIAL_TRYING,  /* given up at at_ms */
    ASSAY_DIAL_UP,      /* since at_ms */
};

struct assay_dial_config {
    uint32_t give_up_ms; /* how long one try may take, > 0 */
    uint32_t pause_ms_max; /* the longest pause, at least ASSAY_DIAL_FIRST_MS; jitter adds a half */
};

/* All zero is one without an address; random is its seed. */
struct assay_dial {
    enum assay_dial_state state;
    uint32_t count;  /* addresses */
    uint32_t index;  /* the one that is tried, in use, or next */
    uint32_t failed; /* tries in a row */
    uint64_t at_ms;
    uint64_t random;
};

/* Other addresses, the first of them at once; 0: none. */
void assay_dial_set_addresses(struct assay_dial *dial, uint32_t count, uint64_t now_ms);
/* The list changed, and the address in use or tried is in it still, at index: it goes on.
 * In: index < count (asserted), not idle (asserted). */
void assay_dial_update_addresses(struct assay_dial *dial, uint32_t count, uint32_t index);
/* A pause that is over becomes a try. Returns: whether dial->index is to be dialled now. */
bool assay_dial_start_due(struct assay_dial *dial, const struct assay_dial_config *config,
                          uint64_t now_ms);
/* A try that takes too long fails here. Returns: whether it is to be hung up. */
bool assay_dial_check_timeout(struct assay_dial *dial, const struct assay_dial_config *config,
                              uint64_t now_ms);
/* The peer proved who it is. */
void assay_dial_on_connected(struct assay_dial *dial, uint64_t now_ms);
/* A try came to nothing, or a connection ended; otherwise nothing happens. */
void assay_dial_on_disconnected(struct assay_dial *dial, const struct assay_dial_config *config,
                                uint64_t now_ms);
/* The peer dialled us: it is there, so a pause ends. Who may call how often is bounded by its
 * handshakes (host/peers/limit.h). */
void assay_dial_on_incoming(struct assay_dial *dial, uint64_t now_ms);
/* Returns: when something is due next; UINT64_MAX: nothing is. */
uint64_t assay_dial_wake_at(const struct assay_dial *dial);

#endif
