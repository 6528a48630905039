/*
 * host/peers/peer_clocks.h - clock offsets of peers, their reachability, farewells and round-trip
 * times.
 *
 * docs/protocol.md 4.5.4. Dates are requested and told over links that prove who is at the other
 * end; how long an answer took bounds how wrong it is. Only operators are notified: no verdict, no
 * vote and no time of a block depends on it, so that nobody has to be believed.
 *
 *   DATE payload: 0 ask, 1 answer, 2 farewell | the asker's ticket (0 in a farewell), 8 | Unix
 *   milliseconds of the sender, 8
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
    ASSAY_PEER_CLOCKS_REQUEST_MS_MIN = 500, /* T between two questions, within these */
    ASSAY_PEER_CLOCKS_REQUEST_MS_MAX = 10 * 1000,
    ASSAY_PEER_CLOCKS_REQUESTS =
        3, /* silent for so many questions is gone, and its clock is forgotten */
};

struct assay_peer_clocks_peer {
    bool heard, known;
    uint64_t heard_ms; /* monotonic: when anything was received from it last */
    int64_t ahead_ms;  /* its clock was ahead of ours by this amount ... */
    uint64_t round_ms; /* ... give or take half of what the answer took */
    uint64_t told_ms;
    uint64_t worst_ms; /* the longest of the last answers; forgets an eighth with each */
    bool ended;        /* it said farewell (docs/protocol.md 4.5.5), and nothing since */
    bool was_ending;  /* at ending_ms operators were told so last */
    uint64_t ending_ms;
};

/* In the caller's memory. */
struct assay_peer_clocks {
    struct assay_peer_clocks_peer *peers; /* [count] */
    uint32_t count;
    uint16_t self;
    uint64_t every_ms;
    uint64_t far_ms; /* 0, or what who is not asked may be silent for: heard through others */
    uint64_t bound_ms; /* how far apart dates may be: min(5 s, T/8) (docs/protocol.md 4.5) */
    uint64_t ask_at_ms, ticket; /* alone at the latest; ticket 0: nothing was asked */
    uint64_t beside_at_ms;      /* in company from then on */
    bool off; /* as found out last: our date is surely off by more than the bound */
    struct assay_peer_clocks_found {
        bool known; /* members of more than 2W/3, this one included, have a date that is fresh */
        int64_t
            ahead_ms; /* ours is ahead of the weighted median of theirs and ours by this amount */
        int64_t sure_ms;  /* and by this amount at least, however long each way of an answer took */
    } found;
};

/* peers: [count], zeroed here. */
void assay_peer_clocks_init(struct assay_peer_clocks *dates, struct assay_peer_clocks_peer *peers,
                            uint32_t count, uint16_t self, uint32_t epoch_ms);
/* Something was received from a member. */
void assay_peer_clocks_on_message(struct assay_peer_clocks *dates, uint16_t slot, uint64_t now_ms);
/* Returns: whether the member was reachable recently; always of oneself. */
bool assay_peer_clocks_is_reachable(const struct assay_peer_clocks *dates, uint16_t slot,
                                    uint64_t now_ms);
/* What this node says last: *w holds it. */
void assay_peer_clocks_encode_farewell(uint64_t at_unix_ms, struct assay_writer *w);
/* After a DATE payload was taken. Returns: whether operators are to be told that the member ends:
 * once an interval of questions, however often it says so. */
bool assay_peer_clocks_poll_ending(struct assay_peer_clocks *dates, uint16_t slot, uint64_t now_ms);
/*
 * Whether everybody is to be asked now; then *w holds the question. next to: something that can
 * wait goes to everybody now, so that the question costs no message of its own; without such
 * company it is asked a quarter of an interval later. Returns: true once a turn.
 */
bool assay_peer_clocks_poll_request(struct assay_peer_clocks *dates, uint64_t now_ms,
                                    uint64_t at_unix_ms, bool beside, struct assay_writer *w);
/* Returns: when assay_peer_clocks_poll_request is due without company. */
uint64_t assay_peer_clocks_wake_at(const struct assay_peer_clocks *dates);
/*
 * assay_peer_clocks_on_date - a DATE payload came, hostile bytes; slot < count (asserted).
 * Out:     *w holds the answer to a question, nothing otherwise
 * Returns: ASSAY_OK | ASSAY_E_STALE (an answer to nothing that was asked last) | INPUT statuses
 */
ASSAY_CHECKED enum assay_status assay_peer_clocks_on_date(struct assay_peer_clocks *dates,
                                                          uint16_t slot, uint64_t now_ms,
                                                          uint64_t at_unix_ms,
                                                          struct assay_slice payload,
                                                          struct assay_writer *w);
/* Works out dates->found again. weights: [count], of the running epoch.
 * Returns: whether our date has just turned out to be off, or to be right again (dates->off) */
bool assay_peer_clocks_update(struct assay_peer_clocks *dates, const uint32_t *weights,
                              uint64_t now_ms);

#endif
