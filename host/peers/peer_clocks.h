/*
 * host/peers/peer_clocks.h - clock offsets of peers, their reachability, farewells and round-trip
 * times.
 *
 * docs/protocol.md 4.5.4. Clocks are requested and reported over authenticated links; the
 * round-trip time bounds the error. The result is for operators only: no verdict, vote or block
 * time depends on it, so no peer has to be trusted.
 *
 *   DATE payload: 0 request, 1 answer, 2 farewell | the requester's ticket (0 in a farewell), 8 |
 *   Unix milliseconds of the sender, 8
 */
#ifndef ASSAY_HOST_PEERS_PEER_CLOCKS_H
#define ASSAY_HOST_PEERS_PEER_CLOCKS_H

#include "base/bytes.h"
#include "base/status.h"
#include "base/writer.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ASSAY_DATE_LEN = 17,
    ASSAY_PEER_CLOCKS_REQUEST_MS_MIN = 500, /* T between two requests, within these limits */
    ASSAY_PEER_CLOCKS_REQUEST_MS_MAX = 10 * 1000,
    ASSAY_PEER_CLOCKS_REQUESTS =
        3, /* without an answer to this many requests a peer is unreachable, and its offset is
            * dropped */
};

struct assay_peer_clocks_peer {
    bool received, known;
    uint64_t received_ms; /* monotonic: when anything was received from it last */
    int64_t ahead_ms;  /* offset of its clock to ours ... */
    uint64_t round_ms; /* ... with an error of half the round trip */
    uint64_t answered_ms;
    uint64_t worst_ms; /* longest recent round trip; decays by an eighth with each answer */
    bool ended;        /* it sent a farewell (docs/protocol.md 4.5.5), and nothing since */
    bool was_ending;  /* ending_ms: time of the last log line about it */
    uint64_t ending_ms;
};

/* In the caller's memory. */
struct assay_peer_clocks {
    struct assay_peer_clocks_peer *peers; /* [count] */
    uint32_t count;
    uint16_t self;
    uint64_t every_ms;
    uint64_t far_ms; /* 0, or the permitted silence of members reached only through others */
    uint64_t bound_ms; /* limit of clock differences: min(5 s, T/8) (docs/protocol.md 4.5) */
    uint64_t ask_at_ms, ticket; /* deadline of a separate request; ticket 0: no request is open */
    uint64_t alongside_at_ms;   /* earliest request together with another broadcast */
    bool off; /* last result: our clock is certainly off by more than the bound */
    struct assay_peer_clocks_found {
        bool known; /* members of more than 2W/3, this one included, have a fresh clock offset */
        int64_t
            ahead_ms; /* offset of our clock to the weighted median of all */
        int64_t sure_ms;  /* lower bound of the offset, for any split of the round trips */
    } found;
};

/* peers: [count], zeroed here. */
void assay_peer_clocks_init(struct assay_peer_clocks *dates, struct assay_peer_clocks_peer *peers,
                            uint32_t count, uint16_t self, uint32_t epoch_ms);
/* A message of the member was received. */
void assay_peer_clocks_on_message(struct assay_peer_clocks *dates, uint16_t slot, uint64_t now_ms);
/* Returns: whether the member was reachable recently; always true for this node. */
bool assay_peer_clocks_is_reachable(const struct assay_peer_clocks *dates, uint16_t slot,
                                    uint64_t now_ms);
/* Out: *w has the farewell message of this node. */
void assay_peer_clocks_encode_farewell(uint64_t at_unix_ms, struct assay_writer *w);
/* After a DATE payload was handled. Returns: whether to log that the member exits: once a request
 * interval, however often it sends the farewell. */
bool assay_peer_clocks_poll_ending(struct assay_peer_clocks *dates, uint16_t slot, uint64_t now_ms);
/*
 * Polls for a request to all members; then *w has the request. beside: another broadcast is sent
 * now, so that the request needs no message of its own; without one it is sent a quarter of an
 * interval later. Returns: true once a turn.
 */
bool assay_peer_clocks_poll_request(struct assay_peer_clocks *dates, uint64_t now_ms,
                                    uint64_t at_unix_ms, bool alongside, struct assay_writer *w);
/* Returns: the deadline of the next separate request. */
uint64_t assay_peer_clocks_wake_at(const struct assay_peer_clocks *dates);
/*
 * assay_peer_clocks_on_date - handles a DATE payload, untrusted bytes; slot < count (asserted).
 * Out:     *w: the answer to a request, empty otherwise
 * Returns: ASSAY_OK | ASSAY_E_STALE (an answer without an open request) | INPUT statuses
 */
ASSAY_CHECKED enum assay_status assay_peer_clocks_on_date(struct assay_peer_clocks *dates,
                                                          uint16_t slot, uint64_t now_ms,
                                                          uint64_t at_unix_ms,
                                                          struct assay_slice payload,
                                                          struct assay_writer *w);
/* Recomputes dates->found. weights: [count], of the running epoch.
 * Returns: whether dates->off changed: our clock turned out to be off, or is in sync again */
bool assay_peer_clocks_update(struct assay_peer_clocks *dates, const uint32_t *weights,
                              uint64_t now_ms);

#endif
