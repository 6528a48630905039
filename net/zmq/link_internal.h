/*
 * net/zmq/link_internal.h - declarations shared by the files of this folder; private to it and its
 * tests.
 */
#ifndef ASSAY_NET_ZMQ_LINK_INTERNAL_H
#define ASSAY_NET_ZMQ_LINK_INTERNAL_H

#include "host/peers/addresses.h"
#include "host/peers/dial.h"
#include "host/peers/wire.h"
#include "net/zmq/outbox.h"
#include "net/system/resolver.h"
#include "net/zmq/link.h"

#include <zmq.h>

enum {
    LINK_HWM = 16,      /* frames in a pipe out: 1 MiB at most, next to our own bounded queue */
    LINK_BACKLOG = 256, /* connections that wait to be accepted */
    LINK_HANDSHAKE_MS = 5000, /* a silent caller is hung up */
    LINK_REDIAL_MS = 1000,
    LINK_HEARTBEAT_MS = 6000,
    LINK_HEARTBEAT_LATE_MS = 6000,
    LINK_HEARTBEAT_GONE_MS = LINK_HEARTBEAT_MS + LINK_HEARTBEAT_LATE_MS,
    LINK_CONNECT_MS = 4000,   /* timeout of an attempt, without the handshake */
    LINK_PAUSE_MS_MAX = 2000, /* between two rounds of tries */
    LINK_LATE_MS = 60000,     /* how long a late answer of a name is reused */
    /* Configured addresses of a member, and its claimed ones. */
    LINK_ADDRESSES_MAX = 2 * ASSAY_CLAIM_ADDRESSES_MAX,
    LINK_LISTEN_MAX = ASSAY_CLAIM_ADDRESSES_MAX,
    LINK_CURVE_OVERHEAD = 33,    /* ZMQ_MAXMSGSIZE counts the encrypted message */
    LINK_EXTRA_MAX = 256,        /* descriptors of the runtime in one poll */
    LINK_OWN_FDS = 5,            /* ours, next to those of lines that are stuck */
    LINK_SPOKE_MAX = 64,         /* lines looked after in a turn whose monitor spoke */
    LINK_DROPS_PER_RECEIVE = 64, /* then the runtime gets its turn */
    LINK_DRAIN_MAX = 4096,       /* messages received from libzmq at once */
    /* One member can occupy at most 16 MiB: its inbox, the buffers of its connections in libzmq and
     * the kernel, and arrivals between two checks. */
    LINK_INBOX_BYTES_MAX = 5 << 20, /* the largest object's pages, and room: outbox.h */
    LINK_INBOX_FRAMES_MAX = 4096,
    LINK_HELD_MAX = 3 << 20, /* by one connection */
    LINK_HELD_OF_ONE_MAX =
        4 << 20, /* by all of one member, or by all connections without a message */
    LINK_CONNECTIONS_OF_ONE = 4,
    LINK_CENSUS_MS = 10,
    LINK_CENSUS_CPU_US = 1000,  /* ... if other threads have run that long since the last look */
    LINK_CENSUS_SENT_US = 8,    /* ... next to what they need at least for a message of ours */
    LINK_CENSUS_QUIET_MS = 250, /* or this time has passed */
    LINK_CENSUS_IDLE_US = 200,  /* a thread that ran less between two checks is idle */
    LINK_REST_MS = 100,         /* and is looked at so often, until something arrives */
    LINK_CENSUS_CLOSELY = 16, /* interval of checks that verify the owner of each descriptor, too */
    LINK_RCVBUF = 256 << 10,
    LINK_DESCRIPTORS_MAX = 65536,
    LINK_SELF_TEST_MS = 5000,
    LINK_SELF_TEST_QUIET_MS = 50, /* after the refusal: time enough for an answer to arrive */
};

enum { LINK_NOBODY = 0xffff }; /* a connection without a known member */

/* One TCP connection, by its descriptor (census.c). */
struct link_conn {
    uint64_t cookie; /* the kernel's name for it, never used twice; 0: none is known */
    uint64_t since_ms;
    uint64_t delivered; /* bytes of complete frames that libzmq delivered */
    uint64_t settled;   /* bytes that were no frames, held no more */
    uint64_t held;
    uint16_t slot; /* LINK_NOBODY before its first frame */
    bool is_inbound, is_settling, is_cut;
    bool is_excused; /* its end is no failure */
};

struct link_load {
    uint32_t count;
    uint64_t held;
};

struct link_census {
    uint64_t next_ms, looked_ms;
    int64_t looked_cpu_us; /* of all threads but the one that looks */
    int64_t seen_cpu_us;   /* the same, whether that was worth a look or not */
    uint64_t looked_sent;  /* messages that had left when it was looked */
    bool is_idle;          /* no other thread has run: arrivals signals when a check is due */
    int arrivals_fd;       /* an epoll set of all connections, readable while bytes wait in one */
    uint32_t capacity, count, silent_max, looks;
    uint16_t ports[LINK_LISTEN_MAX]; /* [port_count] of the listener */
    uint32_t port_count;
    struct link_conn *conns;     /* [capacity] by descriptor */
    int *active;                 /* [count] descriptors whose conn is known */
    struct link_load *of_member; /* [roster->count] */
};

struct link_frame {
    struct link_frame *next;
    zmq_msg_t message;
    struct assay_batch batch; /* over the message: the frames not read yet */
};

struct link_inbox {
    struct link_frame *first, *last;
    uint32_t count;
    size_t bytes;
};

struct link_peer {
    char *addresses[LINK_ADDRESSES_MAX]; /* [address_count] HOST:PORT; none: unknown */
    uint32_t address_count;
    struct assay_dial dial; /* its addresses are these */
    bool is_resolving;      /* the name of this attempt is being resolved */
    uint32_t turn;          /* which number of a name is next */
    struct assay_resolver_answer late; /* answer that arrived after its attempt; count 0: none */
    uint64_t late_ms;                  /* when */
    void *line;             /* PUSH; NULL: none is dialled */
    void *monitor;          /* of the line */
    int line_fd, monitor_fd; /* ZMQ_FD of these */
    bool is_watched;         /* the monitor's is in the set */
    struct assay_outbox box;
    bool is_stuck; /* due frames that the open line did not accept */
};

struct assay_link {
    struct assay_link_config config;
    void *context, *listener, *zap, *monitor;
    zmq_msg_t frame; /* the last one received */
    uint64_t now_ms;
    char endpoint[ASSAY_LINK_ENDPOINT_MAX];
    bool identified, paused;
    int redial_ms;
    struct assay_dial_config dialling;
    struct assay_resolver *resolver; /* NULL: names are resolved elsewhere */
    struct assay_link_names names;
    uint32_t asked; /* of it, and not answered */
    struct assay_secret32 dial_secret;
    uint8_t dial_public[32];
    uint8_t test_key[32]; /* of the self-test: its refusal is no stranger's */
    bool testing, test_refused;
    struct pollfd *fds; /* [LINK_OWN_FDS + peers + LINK_EXTRA_MAX] */
    int listener_fd, zap_fd, monitor_fd;
    int lines_fd; /* an epoll set of all lines' monitors, each by its slot */
    bool has_more; /* libzmq has more than one poll reads */
    struct link_peer *peers; /* [roster->count] */
    uint8_t batch[ASSAY_FRAME_LEN_MAX];
    struct link_inbox *inboxes; /* [roster->count] */
    uint32_t waiting, turn;     /* frames in all inboxes; whose is served next */
    uint32_t dialled;           /* lines so far: for unique monitor names */
    struct link_census census;
};

/*
 * ZMQ_FD: readable once something happened to the socket since it was last used (zmq_getsockopt(3):
 * edges, not levels). So a caller that waits for one reads until EAGAIN once before, and whenever
 * it is readable. zmq_poll does the same with some ten calls into the kernel for each socket and
 * turn.
 * Returns: true, *fd.
 */
bool assay_socket_fd(void *socket, int *fd);

/* gate.c */
/* Bind the ZAP handler before any other socket of the context. Returns: ASSAY_OK | ASSAY_E_IO */
ASSAY_CHECKED enum assay_status assay_gate_open(struct assay_link *link);
/* Answer what waits. */
void assay_gate_reply(struct assay_link *link);
/* Count what the listener's monitor saw. */
void assay_gate_read_monitor(struct assay_link *link);

/* inbox.c */
/* Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_inbox_open(struct assay_link *link);
void assay_inbox_close(struct assay_link *link);
/* Moves the message into the inbox. Returns: false when the member's inbox is full. */
bool assay_inbox_add(struct assay_link *link, uint16_t slot, zmq_msg_t *message);
/*
 * The next frame, members in turn, batches frame by frame: a long batch has no advantage.
 * Out:     *message owns *frame; both are borrowed until the next call
 * Returns: ASSAY_OK | ASSAY_E_AGAIN (none waits) | as assay_batch_next: the rest of a malformed
 *          batch is dropped
 */
ASSAY_CHECKED enum assay_status assay_inbox_next(struct assay_link *link, zmq_msg_t **message,
                                                 struct assay_slice *frame);

/* dial.c */
/* Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_line_open(struct assay_link *link);
/* No line, no frames, no address any more. */
void assay_line_close(struct assay_link *link, struct link_peer *peer);
/* Starts due attempts, ends those that time out. */
void assay_line_poll(struct assay_link *link);
/* What the line's monitor saw, for the census and for dialling. */
void assay_line_read_monitor(struct assay_link *link, struct link_peer *peer);
/* The member dialled us, and was let in. */
void assay_line_on_incoming(struct assay_link *link, uint16_t slot);

/* census.c */
/* Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_census_open(struct assay_link *link);
void assay_census_close(struct assay_link *link);
/* A monitor reported a connection; fd may be closed or reused by now. */
void assay_census_add(struct assay_link *link, int fd);
/* Current connections may close without a failure count. */
void assay_census_excuse_all(struct assay_link *link);
/* libzmq delivered one part of len bytes. */
void assay_census_on_bytes(struct assay_link *link, int fd, size_t len);
/* ... with the User-Id of this member. */
void assay_census_set_member(struct assay_link *link, int fd, uint16_t slot);
/* Disconnects peers that hold too much, when a check is due (LINK_CENSUS_MS). */
void assay_census_run(struct assay_link *link);
/* Bytes arrived while all were idle: looks are short apart again. */
void assay_census_wake(struct assay_link *link);

/* selftest.c */
/* Let the server side work for a moment; called while the test waits.
 * Returns: true when it has refused the unknown key. */
typedef bool assay_selftest_pump(void *context);
/*
 * Dials endpoint without CURVE (NULL), with a password (PLAIN) and with an unknown key.
 * Returns: ASSAY_OK (all were refused) | ASSAY_E_INVALID (one was accepted) | ASSAY_E_TIMEOUT |
 *          ASSAY_E_IO
 */
ASSAY_CHECKED enum assay_status assay_selftest(void *context, const char *endpoint,
                                               const uint8_t server_key[static 32],
                                               const struct assay_secret32 *secret,
                                               const uint8_t public_key[static 32],
                                               assay_selftest_pump *pump, void *pump_context);

/* What every socket between peers is set to. Returns: true on success. */
bool assay_socket_common(void *socket);
/* Set an int or bytes option. Returns: true on success. */
bool assay_socket_int(void *socket, int option, int value);
bool assay_socket_bytes(void *socket, int option, const void *bytes, size_t len);
/* Read a monitor's next event. Returns: true, *event and *value | false (none waits) */
bool assay_monitor_next(void *monitor, uint16_t *event, uint32_t *value);

#endif
