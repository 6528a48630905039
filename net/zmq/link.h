/*
 * net/zmq/link.h - sockets between peers: the only interface to ZeroMQ.
 *
 * One PULL in (bound, CURVE server with the node's bootstrap key) and one PUSH per peer out (CURVE
 * client with our transport key, or the bootstrap key while our incarnation is unlisted; server key
 * = the peer's bootstrap key). There are no routing ids that somebody could squat: who a frame
 * comes from is the User-Id that our own ZAP answer gave the connection, looked up in the roster
 * again for each frame. ZAP refuses with 300, which is silence: the stranger dials again and gets
 * in once it is listed.
 *
 * A pipe of libzmq that is full stops its input, and a peer that goes away then aborts the process
 * at the next heartbeat. So no pipe in has a bound: they are emptied at every turn into a bounded
 * inbox per member (inbox.c, members in turn), and whoever holds more inside libzmq and the kernel
 * than was delivered is hung up (census.c). What one member can make us hold, over all its
 * connections, stays below 16 MiB as long as wait is called every few milliseconds.
 *
 * Not thread-safe: one thread owns a link. Several links may live in one process (each has a
 * context).
 */
#ifndef ASSAY_NET_ZMQ_LINK_H
#define ASSAY_NET_ZMQ_LINK_H

#include "base/secret.h"
#include "host/peers/counters.h"
#include "host/peers/limit.h"
#include "host/peers/roster.h"
#include "net/system/resolver.h"

#include <poll.h>

struct assay_link;

enum { ASSAY_LINK_MESSAGE_LEN = 256, ASSAY_LINK_ENDPOINT_MAX = 256 };

/* Name resolver: as assay_resolver_request and assay_resolver_next. */
struct assay_link_names {
    void *context;
    enum assay_status (*ask)(void *context, uint32_t asker, const char *host);
    bool (*take)(void *context, struct assay_resolver_answer *answer);
};

/* Borrowed for the life of the link. */
struct assay_link_config {
    const struct assay_roster *roster; /* the runtime keeps it up to date */
    struct assay_limit *limits; /* [roster->count] handshakes and bans; may be NULL in tests */
    struct assay_traffic_counters *counters;
    const struct assay_secret32 *bootstrap_secret;
    const uint8_t *bootstrap_public; /* [32] */
    /* "127.0.0.1:7100", several between commas, at most 4; port 0 or * uses a free one. */
    const char *listen;
    int handshake_ms; /* a silent caller is hung up after it; 0: 5000 */
    /* A silent peer is redialled after this time; 0: 1000. A refusal is silent too: a member that
     * was just listed waits this long for a peer to update its roster. */
    int redial_ms;
    /* the longest pause between rounds of attempts (host/peers/dial.h); 0: 2000 */
    uint32_t pause_ms_max;
    assay_resolve *resolve; /* NULL: as the system does */
    void *resolve_context;
    const struct assay_link_names *names; /* copied; NULL: threads of the link, with resolve */
    bool self_test; /* prove that NULL, PLAIN and an unknown key are refused */
};

/*
 * assay_link_open - bind, answer ZAP from now on, test oneself.
 * Out:     message: the reason, for operators
 * Returns: ASSAY_OK | ASSAY_E_VERSION (libzmq before 4.3.3 or without CURVE) | ASSAY_E_IO (port
 *          in use, bad
 *          address) | ASSAY_E_INVALID (the self-test let a stranger in) | ASSAY_E_TIMEOUT (it
 * gave no answer) |
 *          ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_link_open(const struct assay_link_config *config,
                                                struct assay_link **out,
                                                char message[static ASSAY_LINK_MESSAGE_LEN]);
/* On close, flushes queued frames to reachable peers for at most ms. */
void assay_link_linger(struct assay_link *link, int ms);
/* Accepts a pointer to NULL; nulls it. Queued frames are dropped, but for those that linger. */
void assay_link_close(struct assay_link **link);
/* Returns: the first address that was bound, with its port. */
const char *assay_link_endpoint(const struct assay_link *link);

/* The key that we dial with: (re)connects every peer. Returns: ASSAY_OK */
ASSAY_CHECKED enum assay_status assay_link_identify(struct assay_link *link,
                                                    const struct assay_secret32 *secret,
                                                    const uint8_t public_key[static 32]);
/*
 * assay_link_peer - where a member listens, in the place of what was known; dialled when a key was
 * given. A connection to an address that is among them stays.
 * In: addresses: "HOST:PORT", several between commas, tried in turn (host/peers/dial.h); names are
 *          resolved at each try; of more than 8 the first ones
 * Returns: ASSAY_OK | ASSAY_E_IO (one is no address: nothing changed) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_link_peer(struct assay_link *link, uint16_t slot,
                                                const char *addresses);
/* Returns: whether assay_link_peer accepts this text as addresses. */
bool assay_link_addresses_are_valid(const char *addresses);
/* The member has no address any more: hung up, and what waits for it dropped. */
void assay_link_remove_peer(struct assay_link *link, uint16_t slot);
/* Returns: true when the member has an address here. */
bool assay_link_has_peer(const struct assay_link *link, uint16_t slot);
/* Returns: true when an authenticated connection to it is up. */
bool assay_link_is_up(const struct assay_link *link, uint16_t slot);
/* Returns: bytes of the member that were not received yet: at the connections (last check), and in
 * its inbox now. */
uint64_t assay_link_get_bytes(const struct assay_link *link, uint16_t slot);
/* Queue one frame, for the next flush or wait; never blocks. When the peer is away or slow the
 * oldest frames go, and are counted. relay: what is passed on waits for company
 * (net/zmq/outbox.h); 0.
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no address) | ASSAY_E_RANGE | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_link_send(struct assay_link *link, uint16_t slot,
                                                struct assay_slice frame, uint64_t relay);
/* The member has what is to be passed on to it: it need not go. */
void assay_link_spare(struct assay_link *link, uint16_t slot, uint64_t relay);
/* What is queued leaves now, a batch for each peer. */
void assay_link_flush(struct assay_link *link);

/*
 * While paused, wait does not wake up for frames: the runtime has no room for more. Inboxes fill
 * meanwhile; what does not fit is dropped and counted.
 */
void assay_link_pause(struct assay_link *link, bool paused);
/*
 * assay_link_wait - sleep until a frame, one of `extra` or the time-out; answers ZAP and flushes
 * queues.
 * In:      timeout_ms: -1 for ever. extra[count]: revents are filled in
 * Returns: ASSAY_OK (also when interrupted) | ASSAY_E_IO
 */
ASSAY_CHECKED enum assay_status assay_link_wait(struct assay_link *link, uint64_t now_ms,
                                                struct pollfd *extra, size_t count, int timeout_ms);
/*
 * assay_link_receive - the next frame of a known sender; others are counted and dropped on the way.
 * Out:     *frame is borrowed until the next call
 * Returns: ASSAY_OK | ASSAY_E_AGAIN (none waits, or enough were dropped for one call)
 */
ASSAY_CHECKED enum assay_status assay_link_receive(struct assay_link *link, uint16_t *slot,
                                                   enum assay_roster_key *which,
                                                   struct assay_slice *frame);

#endif
