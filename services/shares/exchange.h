/*
 * services/shares/exchange.h - mutually attested exchange before one side gives shares to the other
 * (docs/services.md 5.10): ASK, OFFER, PROOF, GIVE.
 *
 * A state machine of one exchange, with bytes in and out. The next action of its host is in `want`:
 * send, quote, verify evidence, or supply the gift. Nonces and box keys are fresh for every
 * exchange, evidence covers both nonces, and the gift is sealed to the box key with a digest of the
 * exchange inside: no part of one exchange is valid in another.
 */
#ifndef ASSAY_SERVICES_SHARES_EXCHANGE_H
#define ASSAY_SERVICES_SHARES_EXCHANGE_H

#include "services/shares/piece.h"

enum {
    ASSAY_SHARE_MESSAGE_MAX = 60 * 1024, /* below a frame of the network */
    ASSAY_SHARE_EVIDENCE_MAX = 32 * 1024,
    ASSAY_SHARE_GIFT_MAX = ASSAY_SHARE_MESSAGE_MAX - 256, /* capacity of one box */
    ASSAY_SHARE_PATIENCE_MS = 2000, /* timeout of one exchange, from its first message to its
                                     * last */
};

/* Wire values. */
enum assay_share_kind {
    ASSAY_SHARE_ASK = 37,   /* the taker: the requested ids, its nonce and its box key */
    ASSAY_SHARE_OFFER = 38, /* the giver: its nonce and its evidence */
    ASSAY_SHARE_PROOF = 39, /* the taker: its evidence */
    ASSAY_SHARE_GIVE = 40,  /* the giver: a sealed box */
};

enum assay_share_purpose {
    ASSAY_SHARE_FETCH = 1, /* a slot takes its share from the equal slot of another cluster */
    ASSAY_SHARE_DEAL = 2,  /* a slot takes sub-shares from a dealer of its own cluster */
    ASSAY_SHARE_HAND = 3,  /* a slot takes its share from the owner, who presents no evidence */
    ASSAY_SHARE_LET = 4,   /* a reader takes a slot's share */
};

/* A message; slices are borrowed from its bytes. */
struct assay_share_message {
    enum assay_share_kind kind;
    uint8_t nonce_a[32]; /* the taker's: names the exchange */
    uint8_t nonce_b[32]; /* the giver's; not in ASK */
    /* ASK */
    enum assay_share_purpose purpose;
    uint64_t era, epoch;
    uint8_t box[32];
    uint32_t count; /* ids, 1 to ASSAY_SHARE_GIVE_MAX, strictly ascending */
    struct assay_slice ids;
    struct assay_slice evidence; /* OFFER, PROOF; empty when that side needs no evidence */
    struct assay_slice sealed;   /* GIVE */
};

/* Returns: ASSAY_OK and *out, borrowed from bytes | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_share_message_encode(const struct assay_share_message *m,
                                                           uint8_t *bytes, size_t capacity,
                                                           struct assay_slice *out);
/* Out: *m, written only on ASSAY_OK. Returns: ASSAY_OK | what base/cbor.h says | ASSAY_E_TRAILING |
 * ASSAY_E_UNSUPPORTED (kind, purpose) | ASSAY_E_RANGE | ASSAY_E_ENCODING (ids do not ascend) */
ASSAY_CHECKED enum assay_status assay_share_message_decode(struct assay_slice bytes,
                                                           struct assay_share_message *m);

/* One of the two sides: a member in a slot, or an outsider by a name that the link assigned. */
struct assay_share_side {
    uint8_t node[32];
    uint32_t cluster, slot; /* of an outsider: those of its peer */
    uint64_t seating;       /* of that slot; of an outsider 0 */
};

/* The parameters of both sides, covered by the evidence. */
struct assay_share_terms {
    struct assay_share_home home;
    uint64_t era, epoch;
    uint8_t beacon[32];
    enum assay_share_purpose purpose;
    struct assay_share_side taker, giver;
    bool taker_proves; /* false for a reader by account, whose record is signed */
};

enum assay_share_step {
    ASSAY_SHARE_STEP_NONE,
    ASSAY_SHARE_STEP_ASKED,    /* taker: waits for OFFER */
    ASSAY_SHARE_STEP_CHECKING, /* either: the other's evidence is being verified */
    ASSAY_SHARE_STEP_QUOTING,  /* either: its own evidence is being made */
    ASSAY_SHARE_STEP_PROVEN,   /* taker: waits for GIVE */
    ASSAY_SHARE_STEP_OFFERED,  /* giver: waits for PROOF */
    ASSAY_SHARE_STEP_GIVING,   /* giver: may give */
    ASSAY_SHARE_STEP_DONE,
};

struct assay_share_exchange {
    bool gives;
    enum assay_share_step step;
    struct assay_share_terms terms;
    uint8_t nonce_a[32], nonce_b[32];
    uint8_t box[32];
    struct assay_secret32 box_secret; /* the taker's */
    uint32_t count;
    uint8_t ids[ASSAY_SHARE_GIVE_MAX][32];
    uint64_t until_ms;
};

enum assay_share_want_kind {
    ASSAY_SHARE_WANT_NOTHING,
    ASSAY_SHARE_WANT_SEND,   /* bytes */
    ASSAY_SHARE_WANT_QUOTE,  /* over report_data; then _on_quote */
    ASSAY_SHARE_WANT_VERIFY, /* the other's evidence, bytes, over report_data; then _on_verified */
    ASSAY_SHARE_WANT_GIVE,   /* then _give */
};

struct assay_share_want {
    enum assay_share_want_kind action;
    struct assay_slice bytes; /* borrowed from the message, or from the passed memory */
    uint8_t report_data[64];
};

/*
 * assay_share_exchange_ask - starts an exchange as a taker.
 * In:      ids[32 * count], ascending; nonce, seed: 32 fresh random bytes each
 * Out:     *want: SEND, borrowed from bytes
 * Returns: ASSAY_OK | ASSAY_E_FULL
 */
ASSAY_CHECKED enum assay_status assay_share_exchange_ask(
    struct assay_share_exchange *x, const struct assay_share_terms *terms,
    const uint8_t *ids, uint32_t count, const uint8_t nonce[static 32],
    const struct assay_secret32 *seed, uint64_t now_ms, uint8_t *bytes, size_t capacity,
    struct assay_share_want *want);
/* Starts an exchange as a giver, by an ASK that its host has accepted. In: nonce, 32 fresh random
 * bytes. Returns: ASSAY_OK, *want: QUOTE, or SEND of an owner | ASSAY_E_LANE (no ASK, another
 * purpose) | ASSAY_E_STALE, ASSAY_E_EARLY (another epoch) | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_share_exchange_answer(
    struct assay_share_exchange *x, const struct assay_share_terms *terms,
    const struct assay_share_message *ask, const uint8_t nonce[static 32], uint64_t now_ms,
    uint8_t *bytes, size_t capacity, struct assay_share_want *want);
/* The peer's next message. Returns: ASSAY_OK, *want: VERIFY, QUOTE, SEND or GIVE; NOTHING for a
 * GIVE, which _open opens | ASSAY_E_STALE (not now, another exchange's) | ASSAY_E_INVALID
 * (unexpected or missing evidence) | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_share_exchange_on_message(struct assay_share_exchange *x,
                                                                const struct assay_share_message *m,
                                                                uint8_t *bytes, size_t capacity,
                                                                struct assay_share_want *want);
/* The host's evidence. Returns: ASSAY_OK, *want: SEND | ASSAY_E_STALE (not requested) |
 * ASSAY_E_RANGE (no evidence, or too long) | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_share_exchange_on_quote(struct assay_share_exchange *x,
                                                              struct assay_slice evidence,
                                                              uint8_t *bytes, size_t capacity,
                                                              struct assay_share_want *want);
/* The peer's evidence was verified successfully. Returns: ASSAY_OK, *want: QUOTE, GIVE, or SEND of
 * a reader that needs no evidence | ASSAY_E_STALE | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_share_exchange_on_verified(struct assay_share_exchange *x,
                                                                 uint8_t *bytes, size_t capacity,
                                                                 struct assay_share_want *want);
/*
 * assay_share_exchange_give - seals a gift and ends.
 * In:      gift: at most ASSAY_SHARE_GIFT_MAX bytes; seed: 32 fresh random bytes; room: scratch of
 *          ASSAY_SHARE_GIFT_MAX + 32 bytes, wiped
 * Returns: ASSAY_OK, *want: SEND | ASSAY_E_STALE | ASSAY_E_KEY (a box key of small order) |
 *          ASSAY_E_FULL
 */
ASSAY_CHECKED enum assay_status assay_share_exchange_give(
    struct assay_share_exchange *x, struct assay_slice gift, const struct assay_secret32 *seed,
    uint8_t *room, uint8_t *bytes, size_t capacity, struct assay_share_want *want);
/*
 * assay_share_exchange_open - opens a GIVE for the taker.
 * Out:     *gift: borrowed from room, which has ASSAY_SHARE_MESSAGE_MAX bytes and is the caller's
 *          to wipe, even on failure
 * Returns: ASSAY_OK, and the exchange is done | ASSAY_E_STALE | ASSAY_E_TRUNCATED |
 *          ASSAY_E_SIGNATURE (not for this key) | ASSAY_E_CHAIN (sealed for another exchange)
 */
ASSAY_CHECKED enum assay_status assay_share_exchange_open(struct assay_share_exchange *x,
                                                          const struct assay_share_message *m,
                                                          uint8_t *room, struct assay_slice *gift);
/* Wipes keys and all other state. */
void assay_share_exchange_wipe(struct assay_share_exchange *x);
/* Report data of the giver's, or of the taker's, evidence: SHA-512 over type, chain, era, epoch,
 * beacon, both nodes (its own first), both nonces, box key and purpose. */
void assay_share_report_data(const struct assay_share_exchange *x, bool of_giver,
                             uint8_t report_data[static 64]);

/* --- gifts: a count (2 bytes) and that many pieces; in a DEAL behind each piece the dealers of the
 * attempt (2 bytes; bits) and the commitments of the current generation; between holders at the end
 * the giver's signature over all pieces (piece.h), so that a false one can be proven to anyone */
struct assay_share_gift {
    enum assay_share_purpose purpose;
    uint32_t count;
    struct assay_cursor at; /* behind the last piece that _next read, */
    uint32_t dealers;       /* and the dealers of that piece; 0 unless in a DEAL */
    uint8_t root[32];       /* over the pieces */
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

/* Validates a gift to its end, so that _next cannot fail. Out: leaf[ASSAY_SHARE_GIVE_MAX], the
 * leaves of its tree; NULL: not needed. Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING |
 * ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_share_gift_open(struct assay_slice bytes,
                                                      enum assay_share_purpose purpose,
                                                      struct assay_share_gift *gift,
                                                      uint8_t (*leaf)[32]);
/* Returns: the type under which the giver signs such a gift. */
enum assay_share_gift_type assay_share_gift_type_of(enum assay_share_purpose purpose);
/* The statement that a giver signs for a gift under these terms, without root and count. Returns:
 * it. */
struct assay_share_given assay_share_given_by(const struct assay_share_terms *terms);
/* The next piece. current: NULL, or receives the commitments behind it in a DEAL. Returns: false
 * behind the last. */
bool assay_share_gift_next(struct assay_share_gift *gift, struct assay_share_piece *piece,
                           struct assay_share_commitments *current);

#endif
