/*
 * engine/store/store.h - what must survive a crash, and the one interface to keep it.
 *
 * Only hosts call it. One step of the engine is one batch: everything or nothing of it is durable when
 * assay_store_commit returns ASSAY_OK, and only then is anything of that step sent (docs/protocol.md 2, 5).
 * Implemented by store_sqlite.c (WAL, synchronous=FULL) and store_memory.c (tests; can be told to fail).
 */
#ifndef ASSAY_ENGINE_STORE_STORE_H
#define ASSAY_ENGINE_STORE_STORE_H

#include "base/bytes.h"

/*
 * Classes are tables. Keys sort by (era, epoch, number, id).
 * symbol, number, table name, what number and id mean
 */
#define ASSAY_STORE_LIST(X)                                                                        \
    X(ASSAY_STORE_META, 1, "meta")          /* number: assay_store_meta; epoch 0 */                \
    X(ASSAY_STORE_STATE, 2, "states")       /* one an epoch: head state after its EPOCH block */   \
    X(ASSAY_STORE_FINALITY, 3, "finality")  /* one an epoch: finality proof of its EPOCH block */  \
    X(ASSAY_STORE_BLOCK, 4, "blocks")       /* number: height; id: block id; value: PROPOSAL payload */ \
    X(ASSAY_STORE_CERTIFICATE, 5, "certificates") /* number: view * 4 + vote type; id: commitment */ \
    X(ASSAY_STORE_VOTE, 6, "votes")         /* own; number: view * 4 + vote type; id: block id */  \
    X(ASSAY_STORE_ENVELOPE, 7, "envelopes") /* own; number: incarnation; id: envelope digest */    \
    X(ASSAY_STORE_BALLOT, 8, "ballots")     /* own; number: incarnation; id: ballot digest */      \
    X(ASSAY_STORE_RECORD, 9, "records")     /* own or noticed, waiting for a block; id: digest */  \
    X(ASSAY_STORE_ORDER, 10, "orders")      /* number: seq */                                      \
    X(ASSAY_STORE_EVIDENCE, 11, "evidence") /* epoch: of use; id: SHA-256 of the bytes */          \
    X(ASSAY_STORE_SCORE, 12, "scores")      /* number: roster slot; history for people */

#define ASSAY_STORE_ENUM(symbol, number, table) symbol = number,
enum assay_store_class { ASSAY_STORE_LIST(ASSAY_STORE_ENUM) };
#undef ASSAY_STORE_ENUM

struct assay_store_key {
    uint32_t era;
    uint64_t epoch;
    uint64_t number;
    uint8_t id[32]; /* zero where a class has none */
};

struct assay_store;

/* A visitor of assay_store_scan: bytes are borrowed for the call. Returns: false to stop. */
typedef bool assay_store_visit(void *context, const struct assay_store_key *key, struct assay_slice value);

/* One store; every function pointer is set. Functions of one store are called from one thread. */
struct assay_store_ops {
    /* Put a value into the open batch (a batch opens by itself); the same key again replaces it.
     * Returns: ASSAY_OK | ASSAY_E_STORE */
    enum assay_status (*put)(struct assay_store *store, enum assay_store_class class_,
                             const struct assay_store_key *key, struct assay_slice value);
    /* Delete everything of a class below (era, epoch) in the open batch. Returns: ASSAY_OK | ASSAY_E_STORE */
    enum assay_status (*prune)(struct assay_store *store, enum assay_store_class class_, uint32_t era, uint64_t epoch);
    /* Make the open batch durable. Returns: ASSAY_OK | ASSAY_E_STORE (nothing of the batch is kept) */
    enum assay_status (*commit)(struct assay_store *store);
    /* Forget the open batch. Returns: nothing. */
    void (*rollback)(struct assay_store *store);
    /* Read one value into buffer[capacity].
     * Returns: ASSAY_OK and *len | ASSAY_E_NOT_FOUND | ASSAY_E_FULL (*len says how much is needed) | ASSAY_E_STORE */
    enum assay_status (*get)(struct assay_store *store, enum assay_store_class class_,
                             const struct assay_store_key *key, uint8_t *buffer, size_t capacity, size_t *len);
    /* First value of a class under an id, whatever the rest of its key (evidence, blocks). Same returns as get. */
    enum assay_status (*find)(struct assay_store *store, enum assay_store_class class_, const uint8_t id[static 32],
                              struct assay_store_key *key, uint8_t *buffer, size_t capacity, size_t *len);
    /* Visit keys from..to (both inclusive) in order, or backwards. Returns: ASSAY_OK | ASSAY_E_STORE */
    enum assay_status (*scan)(struct assay_store *store, enum assay_store_class class_,
                              const struct assay_store_key *from, const struct assay_store_key *to, bool backwards,
                              assay_store_visit *visit, void *context);
    /* Returns: nothing; sets *store to NULL; an open batch is forgotten. */
    void (*close)(struct assay_store **store);
};

/* The first member of every implementation. */
struct assay_store {
    const struct assay_store_ops *ops;
};

#endif
