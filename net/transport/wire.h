/*
 * net/transport/wire.h - message format between the core and the transport process.
 *
 * Both are of the same build: one version, no negotiation. Yet each validates the messages of the
 * other, the core above all: a compromised transport may send anything. Frames and all that there
 * are many of go through two rings in shared memory (ring.h): orders to the transport, reports to
 * the core. What holds a key, and what is sent once, goes as packets over the socket between the
 * two, which also wakes a reader up (a packet of one byte) and is the sign of life: whose end
 * closes has ended.
 *
 * Who a frame comes from is the transport's word: it names the slot and the key by which it let the
 * connection in, and the core holds that key against the roster of now.
 */
#ifndef ASSAY_NET_TRANSPORT_WIRE_H
#define ASSAY_NET_TRANSPORT_WIRE_H

#include "base/writer.h"
#include "engine/consensus/block.h"
#include "host/peers/counters.h"
#include "host/peers/roster.h"
#include "host/peers/wire.h"
#include "net/system/resolver.h"
#include "net/transport/ring.h"
#include "net/zmq/link.h"

enum {
    ASSAY_TRANSPORT_ORDERS_LEN = 9 << 20,    /* a largest object, its pages to many, and room */
    ASSAY_TRANSPORT_REPORTS_LEN = 512 << 10, /* small: the inboxes behind it are served in turn */
    ASSAY_TRANSPORT_TEXT_MAX = 2048,         /* addresses, with the zero */
    ASSAY_TRANSPORT_RECORD_MAX = ASSAY_FRAME_LEN_MAX + 64,
    ASSAY_TRANSPORT_PACKET_MAX = 2560,
};

/* The shared memory. The core reads each number once and trusts none. */
struct assay_transport_shared {
    struct assay_ring_shared orders, reports;
    /* The transport's state, for the core. */
    _Alignas(64) _Atomic uint64_t turns; /* iterations of its loop: liveness */
    _Atomic uint64_t beats;              /* of libzmq's own thread (net/zmq/pulse.h) */
    _Atomic uint32_t handling;           /* the slot whose frame it has in hand, and one; 0: none */
    _Atomic uint32_t wants_room;         /* in the ring of reports */
    struct assay_traffic_counters counters;   /* since it began */
    _Atomic uint64_t held[ASSAY_MEMBERS_MAX]; /* bytes held for a member */
    _Atomic uint8_t up[ASSAY_MEMBERS_MAX];    /* the connection to a member is up */
    _Alignas(64) uint8_t orders_bytes[ASSAY_TRANSPORT_ORDERS_LEN];
    uint8_t reports_bytes[ASSAY_TRANSPORT_REPORTS_LEN];
};

/* ------------------------------------------------------------ core to transport, in the ring */

enum assay_transport_order_kind {
    ASSAY_TRANSPORT_ORDER_MEMBER = 1, /* keys of a slot */
    ASSAY_TRANSPORT_ORDER_LIMITS,     /* members to ignore, and members with low priority */
    ASSAY_TRANSPORT_ORDER_START,      /* all members were sent: the listener may open */
    ASSAY_TRANSPORT_ORDER_PEER,       /* where a slot listens */
    ASSAY_TRANSPORT_ORDER_FORGET,
    ASSAY_TRANSPORT_ORDER_FRAME, /* one frame, for those that ORDER_TO names after it */
    ASSAY_TRANSPORT_ORDER_TO,
    ASSAY_TRANSPORT_ORDER_SPARE,
    ASSAY_TRANSPORT_ORDER_ADDRESSES, /* of a name that it requested */
    ASSAY_TRANSPORT_ORDER_LINGER,    /* flush the queues, within this time, and exit */
};

struct assay_transport_order {
    enum assay_transport_order_kind kind;
    uint16_t slot;
    uint8_t bootstrap[32], transport[32]; /* MEMBER */
    bool gone;                            /* MEMBER */
    uint64_t until_ms;                    /* LIMITS: ignored until then, of the monotonic clock */
    bool last;                            /* LIMITS */
    uint64_t relay;                       /* TO, SPARE */
    uint32_t ms;                          /* LINGER */
    struct assay_slice bytes;             /* FRAME, and the text of PEER; borrowed */
    struct assay_resolver_answer numbers; /* NUMBERS; its asker is slot */
};

/* Out: w->full when it does not fit. */
void assay_transport_order_encode(const struct assay_transport_order *order,
                                  struct assay_writer *w);
/* Of *order alone what the kind has is written. Returns: ASSAY_OK | ASSAY_E_TRUNCATED |
 * ASSAY_E_TRAILING | ASSAY_E_RANGE | ASSAY_E_TYPE | ASSAY_E_ENCODING (a text with a NUL within) */
ASSAY_CHECKED enum assay_status assay_transport_order_decode(struct assay_slice bytes,
                                                             struct assay_transport_order *order);

/* ------------------------------------------------------------ transport to core, in the ring */

enum assay_transport_report_kind {
    ASSAY_TRANSPORT_REPORT_FRAME = 1,
    ASSAY_TRANSPORT_REPORT_NAME, /* requests the addresses of a name */
};

struct assay_transport_report {
    enum assay_transport_report_kind kind;
    uint16_t slot;
    enum assay_roster_key which;        /* FRAME */
    uint8_t key[32];                    /* FRAME: the one that was accepted */
    struct assay_slice bytes;           /* FRAME; borrowed */
    char host[ASSAY_RESOLVER_HOST_MAX]; /* NAME */
};

/* Each Returns: as its like above. */
void assay_transport_report_encode(const struct assay_transport_report *report,
                                   struct assay_writer *w);
ASSAY_CHECKED enum assay_status assay_transport_report_decode(
    struct assay_slice bytes, struct assay_transport_report *report);

/* ------------------------------------------------------------ packets */

enum assay_packet_kind {
    ASSAY_PACKET_WAKE = 1,
    ASSAY_PACKET_BRIEF,    /* to the transport: the first */
    ASSAY_PACKET_IDENTIFY, /* to it: the key that it dials with */
    ASSAY_PACKET_READY,    /* from it */
    ASSAY_PACKET_REFUSED,  /* from it: the listener does not open */
};

struct assay_transport_packet {
    enum assay_packet_kind kind;
    uint32_t members; /* BRIEF and what follows */
    uint16_t self;
    uint32_t handshake_ms, redial_ms, pause_ms_max;
    bool self_test;
    struct assay_secret32 secret; /* BRIEF: of the listener; IDENTIFY */
    uint8_t public_key[32];
    uint32_t walls, landlock;            /* READY: net/sandbox/sandbox.h */
    uint16_t port;                       /* READY: of the first address */
    enum assay_status status;            /* REFUSED */
    char text[ASSAY_TRANSPORT_TEXT_MAX]; /* BRIEF: where it listens; READY: where it does; REFUSED:
                                            why. Of READY and REFUSED printable and short. */
};

/* Each Returns: as its like above. */
void assay_transport_packet_encode(const struct assay_transport_packet *packet,
                                   struct assay_writer *w);
ASSAY_CHECKED enum assay_status assay_transport_packet_decode(
    struct assay_slice bytes, struct assay_transport_packet *packet);

#endif
