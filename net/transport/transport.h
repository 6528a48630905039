/*
 * net/transport/transport.h - peer transport of the runtime: sockets in this process
 * (net/zmq/link.h), or in a supervised process (transport_process.h).
 *
 * What each function does stands in net/zmq/link.h; here is only what a process in between changes.
 * Frames are lost where it falls, as on any bad line, and no more than that: another one is started
 * with the same roster, peers and key. The member whose bytes ended it, as far as this is known, is
 * excluded for a while. It loses no peer score for it: not one word of this reaches the engine.
 *
 * A stall is a transport whose loop does not turn: for so much of its own processor time, which
 * neither a busy nor a paused machine adds to, or so much of the clock, less what we came late
 * ourselves. So is one whose libzmq does not turn, for three seconds more: its own thread is
 * monitored by its pulse (net/zmq/pulse.h).
 *
 * Not thread-safe: one thread owns a transport. Nothing blocks but opening, closing, and the end of
 * a process that is killed.
 */
#ifndef ASSAY_NET_TRANSPORT_TRANSPORT_H
#define ASSAY_NET_TRANSPORT_TRANSPORT_H

#include "net/sandbox/child.h"
#include "net/zmq/link.h"

enum {
    ASSAY_TRANSPORT_STALL_CPU_MS = 2000,
    ASSAY_TRANSPORT_STALL_MS = 5000,
    ASSAY_TRANSPORT_START_MS = 30000,
    ASSAY_TRANSPORT_BACKOFF_MS = 250,        /* at most, between two that were ready */
    ASSAY_TRANSPORT_BACKOFF_START_MS = 5000, /* at most, when none can be started */
    ASSAY_TRANSPORT_GOOD_MS = 10000,         /* a process that ran this long resets the failure
                                              * count */
    /* A member that failed a process is shut out for this time, doubling */
    ASSAY_TRANSPORT_SHUT_MS = 10 * 1000,
    ASSAY_TRANSPORT_SHUT_MAX_MS = 2 * 60 * 1000,
    ASSAY_TRANSPORT_SUSPECT = 2 << 20, /* bytes held by the suspected member */
    ASSAY_TRANSPORT_WHY = 64 + ASSAY_CHILD_OUTPUT_MAX,
    ASSAY_TRANSPORT_NEWS_MAX = 8,
    ASSAY_TRANSPORT_NOBODY = 0xffff,
};

/* Of a process of its own; borrowed while it is opened. */
struct assay_transport_apart {
    const char *program;  /* NULL: the one that runs */
    const char *argument; /* behind its role, for tests; NULL */
    uint32_t stall_cpu_ms, stall_ms, backoff_ms, shut_ms; /* 0: as above */
};

/* What may be worth a line in a log. */
struct assay_transport_news {
    bool ready; /* else it failed */
    int64_t pid;
    uint32_t walls, landlock, took_ms; /* of a ready one */
    bool stalled, started;             /* it had been ready */
    uint16_t shut;                     /* member shut out for it; ASSAY_TRANSPORT_NOBODY */
    uint64_t shut_ms;                  /* for this long */
    char why[ASSAY_TRANSPORT_WHY];     /* in words */
};

struct assay_transport;

/*
 * assay_transport_open - as assay_link_open.
 * In:      config: as there, borrowed for the life of the transport; names and resolve are NULL
 *          where apart is not. apart: NULL: the sockets are in this process
 * Returns: as there | ASSAY_E_IO (no process can be started, or it fell) | ASSAY_E_TIMEOUT (it did
 *          not become ready)
 */
ASSAY_CHECKED enum assay_status
assay_transport_open(const struct assay_link_config *config,
                     const struct assay_transport_apart *apart, struct assay_transport **out,
                     char message[static ASSAY_LINK_MESSAGE_LEN]);
void assay_transport_linger(struct assay_transport *transport, int ms);
/* Kills the process, unless it lingers; then it is waited for. Accepts a pointer to NULL; nulls it.
 */
void assay_transport_close(struct assay_transport **transport);
/* Returns: as assay_link_endpoint. */
const char *assay_transport_endpoint(const struct assay_transport *transport);

/* Returns: as assay_link_identify, as those below do as their likes. */
ASSAY_CHECKED enum assay_status assay_transport_identify(struct assay_transport *transport,
                                                         const struct assay_secret32 *secret,
                                                         const uint8_t public_key[static 32]);
/* config->roster was changed. */
void assay_transport_roster(struct assay_transport *transport);
ASSAY_CHECKED enum assay_status assay_transport_peer(struct assay_transport *transport,
                                                     uint16_t slot, const char *addresses);
void assay_transport_remove_peer(struct assay_transport *transport, uint16_t slot);
bool assay_transport_has_peer(const struct assay_transport *transport, uint16_t slot);
/* Returns: as assay_link_is_up; of a process, its last report. */
bool assay_transport_is_up(const struct assay_transport *transport, uint16_t slot);
/* Without a process, or with a full ring, the frame is dropped and counted. Returns: as
 * assay_link_send */
ASSAY_CHECKED enum assay_status assay_transport_send(struct assay_transport *transport,
                                                     uint16_t slot, struct assay_slice frame,
                                                     uint64_t relay);
void assay_transport_spare(struct assay_transport *transport, uint16_t slot, uint64_t relay);
void assay_transport_flush(struct assay_transport *transport);
void assay_transport_pause(struct assay_transport *transport, bool paused);
ASSAY_CHECKED enum assay_status assay_transport_wait(struct assay_transport *transport,
                                                     uint64_t now_ms, struct pollfd *extra,
                                                     size_t count, int timeout_ms);
ASSAY_CHECKED enum assay_status assay_transport_receive(struct assay_transport *transport,
                                                        uint16_t *slot,
                                                        enum assay_roster_key *which,
                                                        struct assay_slice *frame);
/* Returns: whether there was something new, the oldest first; of too much the newest is
 * forgotten. */
bool assay_transport_news(struct assay_transport *transport, struct assay_transport_news *news);

#endif
