/*
 * services/shares/holder.h - holder of shares: facts, messages and time in, effects out
 * (docs/services.md 5.11).
 *
 * The ledger state (cluster.h) defines which shares a slot must have; a holder reconciles its
 * stored shares with it, whatever was lost or missed. Its host passes the state with every call,
 * updated from the same records. After a start, assay_share_holder_load loads stored shares;
 * assay_share_holder_stored encodes what the host seals and writes.
 *
 * It uses no clock, disk or socket: effects request all of it, and the host executes them in their
 * order. A share is durable (PERSIST done) before it is confirmed (SUBMIT after it); when the disk
 * fails, the host executes none of the following effects.
 *
 * Memory is the caller's and contains secrets: it is wiped when the slot moves, and the host must
 * wipe it at the end.
 */
#ifndef ASSAY_SERVICES_SHARES_HOLDER_H
#define ASSAY_SERVICES_SHARES_HOLDER_H

#include "services/shares/cluster.h"
#include "services/shares/exchange.h"

enum {
    ASSAY_SHARE_TAKING_MAX = 32, /* exchanges in which it takes, */
    ASSAY_SHARE_GIVING_MAX = 32, /* and in which it gives */
    ASSAY_SHARE_READS_MAX = 64,  /* reads that are tracked */
    ASSAY_SHARE_LOOKS_MAX = 100, /* ids checked in one call */
    ASSAY_SHARE_SHOWN_MAX = 144 + 32 * (ASSAY_SHARE_K_MAX + 1 + ASSAY_SHARE_SLOTS_MAX),
    ASSAY_SHARE_STORED_MAX = 2 * ASSAY_SHARE_PIECE_MAX + 36 + 32 + 86 + ASSAY_SHARE_SHOWN_MAX,
    ASSAY_SHARE_EFFECTS_MAX = 512,
    ASSAY_SHARE_EFFECT_BYTES = 4 * ASSAY_SHARE_MESSAGE_MAX + 22 * ASSAY_SHARE_RECORD_MAX,
};

/* Random numbers and signatures of a holder. */
struct assay_share_host {
    void *context;
    /* A host without randomness aborts. */
    void (*random)(void *context, uint8_t *bytes, size_t len);
    /* With the key of the HOLDER record. */
    void (*sign)(void *context, const uint8_t digest[static 32],
                 uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);
};

struct assay_share_holder_config {
    struct assay_share_host host;
    uint8_t key[ASSAY_P256_PUBLIC_LEN]; /* of its HOLDER record, sealed with its stored state */
    uint32_t ids_max;                   /* of the registry */
};

/* The current epoch of the network, for the freshness of evidence. */
struct assay_share_epoch {
    uint64_t era, epoch;
    uint8_t beacon[32];
};

/* Sender of a message, as the link authenticated it by the CURVE key. */
struct assay_share_from {
    bool holder;                        /* the CURVE key is in a HOLDER record, */
    uint8_t key[ASSAY_P256_PUBLIC_LEN]; /* whose key is this */
    uint64_t link;                      /* of an outsider: an owner, a reader */
    uint8_t site[16];                   /* from which it connects; zeros: unknown */
    uint8_t name[32];                   /* and its name for evidence */
};

enum assay_share_act {
    ASSAY_SHARE_ACT_SEND,    /* bytes, to the holder of key, or to an outsider's link */
    ASSAY_SHARE_ACT_PERSIST, /* stores the result of _stored for id durably, replacing the previous
                              * one; id zeros: the slot's own keys, which no other row has */
    ASSAY_SHARE_ACT_ERASE,   /* erases the stored state of id */
    ASSAY_SHARE_ACT_WIPE,    /* erases all stored state */
    ASSAY_SHARE_ACT_SUBMIT,  /* submits bytes, the payload of a record, until it is final, or until
                              * the next _crawl */
    ASSAY_SHARE_ACT_QUOTE,   /* evidence over report_data; then _on_quote with serial */
    ASSAY_SHARE_ACT_VERIFY,  /* bytes, evidence of node over report_data; then _on_verified */
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
    uint64_t wake_at_ms; /* time of the next tick; UINT64_MAX: none needed */
    size_t used;
    uint8_t bytes[ASSAY_SHARE_EFFECT_BYTES];
};

/* For reports and metrics. */
struct assay_share_status {
    bool seated, ready;
    uint32_t cluster, slot;
    uint32_t kept;    /* ids whose current generation is stored */
    uint32_t missing; /* synced ids that are not, as far as checked */
    uint32_t renewing; /* next generations that are stored with the current one */
    uint32_t exchanges;
    uint64_t asked;   /* exchanges that it started as a taker, */
    uint64_t late;    /* and that timed out */
    uint64_t refused; /* invalid pieces */
};

/* What reconciliation does with the stored state of an id. */
enum assay_share_fate {
    ASSAY_SHARE_STAYS,
    ASSAY_SHARE_UNLISTED, /* erased: the ledger does not have the id */
    ASSAY_SHARE_REPLACED, /* erased: the ledger has another put of it, an earlier generation, or
                           * other commitments or another attempt of this one */
};

struct assay_share_holder;

/* Returns: the bytes that assay_share_holder_init needs. */
size_t assay_share_holder_size(uint32_t ids_max);
/* In: memory of at least assay_share_holder_size bytes, aligned for any type; host stays valid.
 * Returns: the holder, in that memory */
struct assay_share_holder *assay_share_holder_init(void *memory, size_t memory_len,
                                                   const struct assay_share_holder_config *config);
/* Loads stored state, before the first call of another kind. Returns: ASSAY_OK | ASSAY_E_VERSION
 * (not made by _stored) | ASSAY_E_DUPLICATE (an id twice) | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_share_holder_load(struct assay_share_holder *h,
                                                        struct assay_slice bytes);
/* Encodes the state of an id to store; secret: the host seals it and wipes bytes. Returns: ASSAY_OK
 * and *out, borrowed from bytes[capacity >= ASSAY_SHARE_STORED_MAX] | ASSAY_E_NOT_FOUND */
ASSAY_CHECKED enum assay_status assay_share_holder_stored(const struct assay_share_holder *h,
                                                          const uint8_t id[static 32],
                                                          uint8_t *bytes, size_t capacity,
                                                          struct assay_slice *out);
/* Returns: what the calls below would do with the stored state of an id: all that they erase while
 * the slot stays is erased by this. */
enum assay_share_fate assay_share_holder_fate(const struct assay_share_holder *h,
                                              const struct assay_share_registry *r,
                                              const uint8_t id[static 32]);
/* Every call below clears the effects first, and checks some of the due ids: when wake_at_ms is now
 * or past, call tick at once. */
/* Checks every id; at the start, and whenever facts were missed (a snapshot). What must be stated
 * is submitted again: the host may drop earlier statements, but those of SHARE_LIE. */
void assay_share_holder_crawl(struct assay_share_holder *h, const struct assay_share_registry *r,
                              const struct assay_share_epoch *epoch, uint64_t now_ms,
                              struct assay_share_effects *effects);
/* Applies the facts of the registry's last record or close. */
void assay_share_holder_on_facts(struct assay_share_holder *h, const struct assay_share_registry *r,
                                 const struct assay_share_epoch *epoch,
                                 const struct assay_share_facts *facts, uint64_t now_ms,
                                 struct assay_share_effects *effects);
/* An owner on a link offers the share of an id. Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (not expected
 * here) | ASSAY_E_FULL (of exchanges or ids, or the link has an exchange) */
ASSAY_CHECKED enum assay_status assay_share_holder_start_handover(
    struct assay_share_holder *h, const struct assay_share_registry *r,
    const struct assay_share_epoch *epoch, const struct assay_share_from *from,
    const uint8_t id[static 32], uint64_t now_ms, struct assay_share_effects *effects);
/*
 * assay_share_holder_on_message - processes a message received over a link.
 * Returns: ASSAY_OK | as assay_share_message_decode | ASSAY_E_LANE (the sender may not request
 *          this) | ASSAY_E_STRANGER (no slot, or lost) | ASSAY_E_STALE, ASSAY_E_EARLY |
 *          ASSAY_E_AGAIN (not ready) | ASSAY_E_INVALID, ASSAY_E_SIGNATURE, ASSAY_E_CHAIN,
 *          ASSAY_E_KEY (invalid content) | ASSAY_E_FULL. After an error the exchange has ended
 */
ASSAY_CHECKED enum assay_status assay_share_holder_on_message(
    struct assay_share_holder *h, const struct assay_share_registry *r,
    const struct assay_share_epoch *epoch, const struct assay_share_from *from,
    struct assay_slice bytes, uint64_t now_ms, struct assay_share_effects *effects);
/* Results of QUOTE and VERIFY. A result for an ended exchange is ignored. */
void assay_share_holder_on_quote(struct assay_share_holder *h, const struct assay_share_registry *r,
                                 const struct assay_share_epoch *epoch, uint64_t serial,
                                 struct assay_slice evidence, uint64_t now_ms,
                                 struct assay_share_effects *effects);
void assay_share_holder_on_verified(struct assay_share_holder *h,
                                    const struct assay_share_registry *r,
                                    const struct assay_share_epoch *epoch, uint64_t serial,
                                    bool good, uint64_t now_ms,
                                    struct assay_share_effects *effects);
/* Resends, requests the next shares, continues checking. */
void assay_share_holder_tick(struct assay_share_holder *h, const struct assay_share_registry *r,
                             const struct assay_share_epoch *epoch, uint64_t now_ms,
                             struct assay_share_effects *effects);
/* Returns: the state of the holder. */
struct assay_share_status assay_share_holder_status(const struct assay_share_holder *h);
/* The stored piece of an id: the current, or the next. For tests. Returns: NULL when there is
 * none. */
const struct assay_share_piece *assay_share_holder_piece(const struct assay_share_holder *h,
                                                         const uint8_t id[static 32], bool next);
/* Asserts every invariant. */
void assay_share_holder_check(const struct assay_share_holder *h);

#endif
