/*
 * net/transport/client_internal.h - declarations shared by transport_client.c and
 * transport_supervisor.c; private to the folder and its tests.
 */
#ifndef ASSAY_NET_TRANSPORT_CLIENT_INTERNAL_H
#define ASSAY_NET_TRANSPORT_CLIENT_INTERNAL_H

#include "net/transport/transport_client.h"
#include "net/transport/wire.h"

enum {
    CLIENT_EXTRA_MAX = 256,          /* descriptors of the runtime in one poll */
    CLIENT_ORDERS_RESERVE = 2 << 20, /* of the ring of orders: for what is no frame */
    CLIENT_SMALL_RESERVE = 1 << 20,  /* ... and for small frames, in addition */
    CLIENT_SMALL_LEN = 16 << 10,     /* votes, certificates, envelopes */
    CLIENT_LIMITS_MS = 10,           /* how often the limits are looked at */
    CLIENT_NAMES_MS = 20,            /* ... and answers of the resolver */
    CLIENT_TRIM_MS = 10000,          /* ... and unused pages of the ring */
    CLIENT_START_POLL_MS = 100,      /* ... and one that is not ready yet */
    CLIENT_LATE_MS = 1500,           /* a check this much later than the one before: a pause */
    CLIENT_STALL_CHECK_MS = 500, /* without an iteration for this time, its CPU time is checked */
    CLIENT_BEAT_MS = 3000,       /* beats of libzmq are rare: additional time for one */
    CLIENT_PACKETS_PER_STEP = 8,
    CLIENT_WAKES_UNUSED_MAX = 64, /* without a sleep that they could have ended */
    CLIENT_WAKES_PER_S = 2000,    /* by bells; beyond, it is looked at by the clock */
    CLIENT_WAKES_PAUSE_MS = 5,
    CLIENT_DROPS_PER_RECEIVE = 64,
};

/* State of one member, here and in the process. */
struct far_member {
    char *addresses; /* NULL: none */
    uint8_t bootstrap[32], transport[32];
    bool gone;
    uint64_t until_ms; /* ignored until then */
    bool last;
    uint64_t shut_until_ms, shut_ms; /* for what it did to a transport; how long the next time */
};

struct assay_transport_client {
    struct assay_link_config config; /* listen is the copy below */
    uint32_t members;
    char listen[ASSAY_TRANSPORT_TEXT_MAX];
    char *program, *argument;
    uint32_t stall_cpu_ms, stall_ms, backoff_ms, shut_ms;
    struct far_member *member; /* [members] */
    bool identified;
    struct assay_secret32 secret;
    uint8_t public_key[32];
    struct assay_resolver *resolver;
    uint32_t asked; /* of it, and not answered */

    struct assay_child child;              /* pid 0: none */
    struct assay_transport_shared *shared; /* NULL with it */
    struct assay_ring orders, reports;
    bool ready, served; /* served: one was ready before */
    uint64_t start_ms;  /* of the process; without one: when there may be one */
    uint64_t ready_ms;
    uint32_t failures; /* in a row */
    uint64_t seen_turns, seen_ms, seen_cpu_ms, looked_ms, limits_ms, rest_ms;
    uint64_t seen_beats, beat_ms;          /* of libzmq's thread; when the last one was seen */
    struct assay_traffic_counters counted; /* of this process */
    enum assay_status refusal;             /* of the last one */
    char endpoint[ASSAY_LINK_ENDPOINT_MAX];
    int linger_ms; /* -1: it is not to */
    bool paused;
    /* docs/architecture.md: a reader that sleeps is woken up once. */
    uint64_t sleeps, bells; /* since the process was started */
    uint64_t wakes_ms;      /* a second began in which it woke us so often: */
    uint32_t wakes;

    size_t news_count;
    struct assay_transport_news news[ASSAY_TRANSPORT_NEWS_MAX];
    struct pollfd fds[CLIENT_EXTRA_MAX + 1];
    struct assay_transport_packet packet;
    struct assay_transport_order order;
    struct assay_transport_report report;
    size_t frame_len; /* of what CARRY_FRAME gave last; SIZE_MAX: nothing */
    uint8_t frame[ASSAY_FRAME_LEN_MAX];
    uint8_t out[ASSAY_TRANSPORT_RECORD_MAX], in[ASSAY_TRANSPORT_RECORD_MAX];
};

/* --- transport_client.c */
/* As assay_transport_client_open, without waiting for the process. */
ASSAY_CHECKED enum assay_status assay_transport_client_init(
    const struct assay_link_config *config, const struct assay_transport_apart *apart,
    struct assay_transport_client **out, char message[static ASSAY_LINK_MESSAGE_LEN]);
/* Sends an order that is no frame; if it does not fit, the process is replaced and gets the
 * complete state. */
void assay_transport_client_send_order(struct assay_transport_client *far,
                                       const struct assay_transport_order *order);
/* Sends the complete state to a new process. */
void assay_transport_client_send_all(struct assay_transport_client *far, uint64_t now_ms);
/* Limits the wake-ups of the core that a compromised transport causes: CLIENT_WAKES_PER_S in a
 * second, which begins with the first call after the one before. Returns: whether it may wake the
 * core. */
bool assay_transport_client_may_wake(struct assay_transport_client *far, uint64_t now_ms);
/* Returns: false when there is none, or it is gone. */
bool assay_transport_client_send_packet(struct assay_transport_client *far,
                                        const struct assay_transport_packet *packet);

/* --- transport_supervisor.c */
/* cause: NULL, it ended by itself. Out: there is no process. */
void assay_transport_supervisor_on_failure(struct assay_transport_client *far, uint64_t now_ms,
                                           const char *cause, bool stalled);
/* Handles its messages, checks its liveness, restarts it when due. */
void assay_transport_supervisor_poll(struct assay_transport_client *far, uint64_t now_ms);
/* Checks its liveness only. Out: there may be no process any more. */
void assay_transport_supervisor_check(struct assay_transport_client *far, uint64_t now_ms);
/* Returns: the ms until the next turn at the latest; -1: none is needed. */
int assay_transport_supervisor_wait_ms(const struct assay_transport_client *far, uint64_t now_ms);
/* Waits for the end of one that lingers, and ends it. */
void assay_transport_supervisor_stop(struct assay_transport_client *far);

#endif
