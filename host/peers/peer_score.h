/*
 * host/peers/peer_score.h - local score of a peer's behaviour on the wire. Pure; time is an
 * argument.
 *
 * Points from ASSAY_PEER_SCORE_FULL down to 0, lost by faults and regained over time
 * (docs/protocol.md 10.5.1). They decide serving order and disconnection; they are no statement
 * about hardware, are not sent to any peer, and neither engine nor ledger sees them.
 *
 *   invalid      what no honest build sends: it can shut a peer out
 *   flooding     beyond the budget, which is four times what the protocol requires of a peer: it
 *   can
 *                too, but not by one burst, since a reconnected peer may deliver much at once
 *   duplicate    already present or over: floods deliver it from several peers
 *   unanswered   a request without a timely answer: a bad link causes that
 *
 * The last two lower a peer's priority, and never shut it out.
 */
#ifndef ASSAY_HOST_PEERS_PEER_SCORE_H
#define ASSAY_HOST_PEERS_PEER_SCORE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    ASSAY_PEER_SCORE_FULL = 1000,
    ASSAY_PEER_SCORE_LAST = 500, /* below it a peer is served after the others */
    ASSAY_PEER_SCORE_LEAST =
        400, /* floor for small faults; score after a shut-out */
    ASSAY_PEER_SCORE_REGAINED_S = 10, /* points a second: from nothing to good again in 50 s */
    ASSAY_PEER_SCORE_INVALID = 50,
    ASSAY_PEER_SCORE_FLOODING = 5,
    ASSAY_PEER_SCORE_FLOODING_S = 60, /* limit of points lost in one second */
    ASSAY_PEER_SCORE_DUPLICATE = 1,
    ASSAY_PEER_SCORE_DUPLICATE_S = 15, /* as above */
    ASSAY_PEER_SCORE_UNANSWERED = 5,
    ASSAY_PEER_SCORE_UNANSWERED_S = 15,      /* as above */
    ASSAY_PEER_SCORE_ANSWER_MS = 2000,       /* timeout of an answer */
    ASSAY_PEER_SCORE_OPEN_MAX = 64,          /* limit of tracked requests */
    ASSAY_PEER_SCORE_BACK_OFF_MS = 5 * 1000, /* hung up for this long, then doubling ... */
    ASSAY_PEER_SCORE_BACK_OFF_MAX_MS = 10 * 60 * 1000,
    ASSAY_PEER_SCORE_FORGIVEN_MS =
        10 * 60 * 1000, /* ... and halved for each such time without one */
};

/* symbol, name */
#define ASSAY_PEER_SCORE_LIST(X)                                                                   \
    X(ASSAY_PEER_SCORE_OF_INVALID, "invalid")                                                      \
    X(ASSAY_PEER_SCORE_OF_FLOODING, "flooding")                                                    \
    X(ASSAY_PEER_SCORE_OF_DUPLICATE, "duplicate")                                                  \
    X(ASSAY_PEER_SCORE_OF_UNANSWERED, "unanswered")

#define ASSAY_PEER_SCORE_ENUM(symbol, name) symbol,
enum assay_peer_score_fault {
    ASSAY_PEER_SCORE_LIST(ASSAY_PEER_SCORE_ENUM) ASSAY_PEER_SCORE_FAULTS
};
#undef ASSAY_PEER_SCORE_ENUM

struct assay_peer_score {
    uint64_t points_milli, at_ms;
    uint64_t faults[ASSAY_PEER_SCORE_FAULTS]; /* so far */
    uint64_t second_ms;                    /* start of the current second ... */
    uint32_t lost[ASSAY_PEER_SCORE_FAULTS];   /* ... and points lost in it */
    uint64_t shut_until_ms, back_off_ms;   /* length of the next one */
    uint32_t shut_count;
    uint32_t open;          /* unanswered requests ... */
    uint64_t open_since_ms; /* ... time of the oldest */
};

/* Nothing is checked against anybody. */
void assay_peer_score_init(struct assay_peer_score *peer_score, uint64_t now_ms);
/* Adds a fault. Returns: true when the peer is shut out from now on because of it. */
bool assay_peer_score_add_fault(struct assay_peer_score *peer_score, uint64_t now_ms,
                                enum assay_peer_score_fault fault);
/* A request was sent to the peer; earlier requests without a timely answer count as unanswered. */
void assay_peer_score_on_request(struct assay_peer_score *peer_score, uint64_t now_ms);
/* The peer answered one request, with the data or with "not here". */
void assay_peer_score_on_answer(struct assay_peer_score *peer_score, uint64_t now_ms);
/* Returns: points, 0 to ASSAY_PEER_SCORE_FULL. */
uint32_t assay_peer_score_points(const struct assay_peer_score *peer_score, uint64_t now_ms);
/* Returns: true while the peer is shut out. */
bool assay_peer_score_is_shut_out(const struct assay_peer_score *peer_score, uint64_t now_ms);
/* Returns: true when other peers are served before it. */
bool assay_peer_score_is_deprioritised(const struct assay_peer_score *peer_score, uint64_t now_ms);
/* Returns: "invalid" .. "unanswered", "unknown" outside the list. */
const char *assay_peer_score_name(enum assay_peer_score_fault fault);

#endif
