/*
 * net/services/server/issue_queue.h - certificates and tokens that clients of a daemon request, on
 * their way through its holder's process (docs/identity.md 4.18).
 *
 * A table of a fixed size: what is at work, what was issued in this epoch or a few seconds ago, and
 * what was refused.
 * The caller adds only what the ledger has, so requests for other names change nothing. Two lanes,
 * the daemon's own member and others: clients that request keys of other members take no place of
 * the own one. Pure: the caller has the clock and sends.
 */
#ifndef ASSAY_NET_SERVICES_SERVER_ISSUE_QUEUE_H
#define ASSAY_NET_SERVICES_SERVER_ISSUE_QUEUE_H

#include "net/services/wire.h"

enum {
    ASSAY_ISSUANCES_AT_WORK_MAX = 16, /* of each lane */
    /* Of each lane, with what was answered in this epoch: an own list has 16 entries, with up to 4
     * audiences each. */
    ASSAY_ISSUANCES_MAX = 128,
    ASSAY_ISSUANCE_TIMEOUT_MS = 30000, /* for an answer of the holder's process */
    ASSAY_ISSUANCE_AGAIN_MS = 1000,    /* after a failure that may pass; doubled with each up to: */
    ASSAY_ISSUANCE_AGAIN_MAX_MS = 32000,
    /* What was issued is the answer for so long at least: a client that was answered "at work" asks
     * again after a second, which may be the next epoch. */
    ASSAY_ISSUANCE_KEPT_MS = 3000,
    /* That holders refused (no share, too few holders) is the answer for so long, unless another
     * attempt has another result: longer than the longest wait between attempts. */
    ASSAY_ISSUANCE_REFUSAL_MS = 60000,
    ASSAY_ISSUANCE_CLOSES_MAX = 3, /* that end one attempt after the other: holders hang */
};

enum assay_issuance_lane { ASSAY_ISSUANCE_OWN, ASSAY_ISSUANCE_OTHERS, ASSAY_ISSUANCE_LANES };

/* A product for one key, which the ledger has under this name. */
struct assay_issuance_name {
    enum assay_service_product product;
    uint8_t node_id[32];
    uint8_t spki_sha256[32];
    char name[ASSAY_SERVICE_KEY_NAME_MAX + 1], audience[ASSAY_SERVICE_AUDIENCE_MAX + 1];
};

enum assay_issuance_state {
    ASSAY_ISSUANCE_FREE = 0,
    ASSAY_ISSUANCE_WAITING,
    ASSAY_ISSUANCE_SENT, /* to the holder's process */
    ASSAY_ISSUANCE_ANSWERED,
    ASSAY_ISSUANCE_ENDED, /* by a close, without an answer: the next request starts again */
};

struct assay_issuance {
    enum assay_issuance_state state;
    struct assay_issuance_name name;
    uint64_t serial; /* of the request that was sent; never reused */
    uint64_t at_ms;  /* it was added, sent or answered */
    uint64_t used_ms;
    uint64_t
        refused_ms;    /* of `outcome`, which a close that ends a later attempt does not replace */
    uint32_t failures; /* since it was added */
    uint32_t closes;   /* in a row that ended an attempt */
    enum assay_service_outcome outcome;
    uint16_t len;
    uint8_t bytes[ASSAY_SERVICE_ISSUED_MAX]; /* the product, or why there is none */
};

struct assay_issuance_queue {
    struct assay_issuance issue[ASSAY_ISSUANCE_LANES][ASSAY_ISSUANCES_MAX];
    uint64_t serials;
    enum assay_issuance_lane turn; /* the lane that is served next */
    /* Answers of the holder's process, by outcome; without certificates of the key itself. */
    uint64_t answers[ASSAY_SERVICE_OUTCOMES];
};

/*
 * assay_issuance_request - the state of a product, which is added when it is not in the table, or
 * when it failed and may be requested again.
 * Out:     *issue: borrowed until the next call
 * Returns: ASSAY_OK: answered, also while what holders refused is requested again |
 *          ASSAY_E_AGAIN: at work | ASSAY_E_FULL: others are at work
 */
ASSAY_CHECKED enum assay_status assay_issuance_request(struct assay_issuance_queue *q,
                                                       enum assay_issuance_lane lane,
                                                       const struct assay_issuance_name *name,
                                                       uint64_t now_ms,
                                                       const struct assay_issuance **issue);
/* The next one to be sent, the lanes in turns, of a lane the oldest; NULL: one is at work already,
 * or none waits. Out: it has a serial, and counts as sent. */
const struct assay_issuance *assay_issuance_send_next(struct assay_issuance_queue *q,
                                                      uint64_t now_ms);
/* The answer of the holder's process. Answers to nothing that was sent have no effect. */
void assay_issuance_on_answer(struct assay_issuance_queue *q, uint64_t serial,
                              enum assay_service_outcome outcome, struct assay_slice bytes,
                              uint64_t now_ms);
/* Ends what was not answered in time. */
void assay_issuance_expire(struct assay_issuance_queue *q, uint64_t now_ms);
/* The holder's process is gone: what was sent waits again. */
void assay_issuance_on_disconnect(struct assay_issuance_queue *q);
/* An epoch closed: what was issued less than ASSAY_ISSUANCE_KEPT_MS ago stays, and what holders
 * refused less than ASSAY_ISSUANCE_REFUSAL_MS ago, which is requested again; nothing else. */
void assay_issuance_on_close(struct assay_issuance_queue *q, uint64_t now_ms);
/* The node was replaced: nothing stays. */
void assay_issuance_clear(struct assay_issuance_queue *q);
/* Returns: whether assay_issuance_send_next has one. */
bool assay_issuance_is_waiting(const struct assay_issuance_queue *q);
/* Returns: when assay_issuance_expire is due; UINT64_MAX: never. */
uint64_t assay_issuance_wake_at(const struct assay_issuance_queue *q);

#endif
