/*
 * services/shares/holder.h - one holder: facts, messages and time in, effects out
 * (docs/services.md 5.11).
 *
 * The fold of the ledger (cluster.h) says what a slot shall keep; a holder makes what it keeps the
 * same, whatever was lost or missed on the way. It is handed the fold with every call, brought up
 * to date by its host from the same records. Stored shares come back by assay_share_holder_load
 * after a start; what the host seals and writes is what assay_share_holder_stored encodes.
 *
 * No clock, disk or socket: effects ask for all of it, and their order is the order in which the
 * host does them. A share is durable (PERSIST done) before it is confirmed (SUBMIT after it); a
 * host whose disk refuses does nothing that follows.
 *
 * Memory is the caller's and holds secrets: it is wiped when the slot moves, and is to be wiped by
 * the host at the end.
 */
#ifndef ASSAY_SERVICES_SHARES_HOLDER_H
#define ASSAY_SERVICES_SHARES_HOLDER_H

#include "services/shares/cluster.h"
#include "services/shares/exchange.h"

enum {
    ASSAY_SHARE_TAKING_MAX = 32, /* exchanges in which it takes, */
    ASSAY_SHARE_GIVING_MAX = 32, /* and in which it gives */
    ASSAY_SHARE_READS_MAX = 64,  /* reads that are remembered */
    ASSAY_SHARE_LOOKS_MAX = 100, /* ids looked at in one call */
    ASSAY_SHARE_SHOWN_MAX = 144 + 32 * (ASSAY_SHARE_K_MAX + 1 + ASSAY_SHARE_SLOTS_MAX),
    ASSAY_SHARE_STORED_MAX = 2 * ASSAY_SHARE_PIECE_MAX + 36 + 86 + ASSAY_SHARE_SHOWN_MAX,
    ASSAY_SHARE_EFFECTS_MAX = 512,
    ASSAY_SHARE_EFFECT_BYTES = 4 * ASSAY_SHARE_MESSAGE_MAX + 22 * ASSAY_SHARE_RECORD_MAX,
};

/* What a holder draws and signs with. */
struct assay_share_host {
    void *context;
    /* Returns: nothing; a host without randomness ends. */
    void (*random)(void *context, uint8_t *bytes, size_t len);
    /* By the key of the HOLDER record. Returns: nothing. */
    void (*sign)(void *context, const uint8_t digest[static 32],
                 uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);
};

struct assay_share_holder_config {
    struct assay_share_host host;
    uint8_t key[ASSAY_P256_PUBLIC_LEN]; /* of its HOLDER record, sealed with what it stores */
    uint32_t ids_max;                   /* of the registry */
};

/* What makes evidence fresh, as the network says now. */
struct assay_share_epoch {
    uint64_t era, epoch;
    uint8_t beacon[32];
};

/* Who sent a message, as the link tells by the CURVE key. */
struct assay_share_from {
    bool holder;                        /* the CURVE key stands in a HOLDER record, */
    uint8_t key[ASSAY_P256_PUBLIC_LEN]; /* whose key is this */
    uint64_t link;                      /* of an outsider: an owner, a reader */
    uint8_t name[32];                   /* and its name for evidence */
};

enum assay_share_act {
    ASSAY_SHARE_ACT_SEND,    /* bytes, to the holder of key, or to an outsider's link */
    ASSAY_SHARE_ACT_PERSIST, /* what _stored says of id, durably, in place of what was there; id
                              * zeros: the slot's own keys, which no other row has */
    ASSAY_SHARE_ACT_ERASE,   /* all that is stored of id */
    ASSAY_SHARE_ACT_WIPE,    /* all that is stored */
    ASSAY_SHARE_ACT_SUBMIT,  /* bytes, the payload of a record, until it is final */
    ASSAY_SHARE_ACT_QUOTE,   /* evidence over report_data; then _quoted with serial */
    ASSAY_SHARE_ACT_VERIFY,  /* bytes, evidence of node over report_data; then _verified */
};

enum assay_share_payload {
    ASSAY_SHARE_PAYLOAD_HAVE,
    ASSAY_SHARE_PAYLOAD_DEAL,
    ASSAY_SHARE_PAYLOAD_READY,
    ASSAY_SHARE_PAYLOAD_LIE,
    ASSAY_SHARE_PAYLOAD_SUM,
    ASSAY_SHARE_PAYLOAD_KEY,
    ASSAY_SHARE_PAYLOAD_DEALING,
    ASSAY_SHARE_PAYLOAD_DISPUTE,
};

struct assay_share_effect {
    enum assay_share_act act;
    enum assay_share_payload payload;
    bool to_holder;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    uint64_t link;
    uint64_t serial;
    uint8_t id[32];
    uint8_t node[32];
    uint8_t report_data[64];
    bool measured;           /* VERIFY: the evidence must have this measurement */
    uint8_t measurement[32]; /* of a reader */
    struct assay_slice bytes; /* borrowed: from these effects, or from the message of this call */
};

struct assay_share_effects {
    uint32_t count;
    struct assay_share_effect effect[ASSAY_SHARE_EFFECTS_MAX];
    uint64_t wake_at_ms; /* call tick then; UINT64_MAX: nothing is waited for */
    size_t used;
    uint8_t bytes[ASSAY_SHARE_EFFECT_BYTES];
};

/* For people and metrics. */
struct assay_share_status {
    bool seated, ready;
    uint32_t cluster, slot;
    uint32_t kept;    /* ids whose current generation is kept */
    uint32_t missing; /* synced ids that are not, as far as it has looked */
    uint32_t renewing; /* next generations that are kept beside the current one */
    uint32_t exchanges;
    uint64_t asked;   /* exchanges that it began as a taker, */
    uint64_t late;    /* and that were not done in time */
    uint64_t refused; /* pieces that did not stand */
};

struct assay_share_holder;

/* Returns: the bytes that assay_share_holder_init wants. */
size_t assay_share_holder_size(uint32_t ids_max);
/* In: memory of at least assay_share_holder_size bytes, aligned for any type; host stays valid.
 * Returns: the holder, in that memory */
struct assay_share_holder *assay_share_holder_init(void *memory, size_t memory_len,
                                                   const struct assay_share_holder_config *config);
/* What was stored, before the first call of another kind. Returns: ASSAY_OK | ASSAY_E_VERSION (not
 * what _stored makes) | ASSAY_E_DUPLICATE (an id twice) | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_share_holder_load(struct assay_share_holder *h,
                                                        struct assay_slice bytes);
/* What is to be stored of an id; secret, the host seals it and wipes bytes. Returns: ASSAY_OK and
 * *out, borrowed from bytes[capacity >= ASSAY_SHARE_STORED_MAX] | ASSAY_E_NOT_FOUND */
ASSAY_CHECKED enum assay_status assay_share_holder_stored(const struct assay_share_holder *h,
                                                          const uint8_t id[static 32],
                                                          uint8_t *bytes, size_t capacity,
                                                          struct assay_slice *out);
/* Every call below clears the effects first, and looks at some of what it has to look at: when
 * wake_at_ms is now or past, tick at once. */
/* The start, and whenever facts were missed (a snapshot): looks at every id. Returns: nothing. */
void assay_share_holder_crawl(struct assay_share_holder *h, const struct assay_share_registry *r,
                              const struct assay_share_epoch *epoch, uint64_t now_ms,
                              struct assay_share_effects *effects);
/* What the last record or close of the registry told. Returns: nothing. */
void assay_share_holder_facts(struct assay_share_holder *h, const struct assay_share_registry *r,
                              const struct assay_share_epoch *epoch,
                              const struct assay_share_facts *facts, uint64_t now_ms,
                              struct assay_share_effects *effects);
/* An owner on a link wants to hand over the share of an id. Returns: ASSAY_OK |
 * ASSAY_E_NOT_FOUND (it does not wait for one here) | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_share_holder_hand(
    struct assay_share_holder *h, const struct assay_share_registry *r,
    const struct assay_share_epoch *epoch, const struct assay_share_from *from,
    const uint8_t id[static 32], uint64_t now_ms, struct assay_share_effects *effects);
/*
 * assay_share_holder_message - a message that came over a link.
 * Returns: ASSAY_OK | what assay_share_message_decode says | ASSAY_E_LANE (the sender may not ask
 *          this) | ASSAY_E_STRANGER (no slot, or lost) | ASSAY_E_STALE, ASSAY_E_EARLY |
 *          ASSAY_E_AGAIN (not ready) | ASSAY_E_INVALID, ASSAY_E_SIGNATURE, ASSAY_E_CHAIN,
 *          ASSAY_E_KEY (what came does not stand) | ASSAY_E_FULL. Then the exchange has ended
 */
ASSAY_CHECKED enum assay_status assay_share_holder_message(
    struct assay_share_holder *h, const struct assay_share_registry *r,
    const struct assay_share_epoch *epoch, const struct assay_share_from *from,
    struct assay_slice bytes, uint64_t now_ms, struct assay_share_effects *effects);
/* Answers to QUOTE and VERIFY. One whose exchange is over changes nothing. Each Returns: nothing.
 */
void assay_share_holder_quoted(struct assay_share_holder *h, const struct assay_share_registry *r,
                               const struct assay_share_epoch *epoch, uint64_t serial,
                               struct assay_slice evidence, uint64_t now_ms,
                               struct assay_share_effects *effects);
void assay_share_holder_verified(struct assay_share_holder *h,
                                 const struct assay_share_registry *r,
                                 const struct assay_share_epoch *epoch, uint64_t serial, bool good,
                                 uint64_t now_ms, struct assay_share_effects *effects);
/* Says again, asks the next, goes on looking. Returns: nothing. */
void assay_share_holder_tick(struct assay_share_holder *h, const struct assay_share_registry *r,
                             const struct assay_share_epoch *epoch, uint64_t now_ms,
                             struct assay_share_effects *effects);
/* Returns: what the holder is doing. */
struct assay_share_status assay_share_holder_status(const struct assay_share_holder *h);
/* The piece of an id that is kept: the current, or the next. For tests. Returns: NULL when it is
 * not. */
const struct assay_share_piece *assay_share_holder_piece(const struct assay_share_holder *h,
                                                         const uint8_t id[static 32], bool next);
/* Asserts every invariant. Returns: nothing. */
void assay_share_holder_check(const struct assay_share_holder *h);

#endif
