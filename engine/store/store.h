/*
 * engine/store/store.h - interface of the durable store.
 *
 * Only hosts call it. One step of the engine is one batch: everything or nothing of it is durable
 * when assay_store_commit returns ASSAY_OK, and only then is anything of that step sent
 * (docs/protocol.md 2.4, 4.10, 5.15). Implemented by store_sqlite.c (WAL, synchronous=FULL) and
 * store_memory.c (tests; can be told to fail).
 *
 * A batch that was not acknowledged is there as a whole or not at all after a crash, never in part.
 * Reads see the open batch. A store that met an I/O error refuses everything from then on: a write
 * that the kernel lost once cannot be repeated safely, so the host stops the node.
 */
#ifndef ASSAY_ENGINE_STORE_STORE_H
#define ASSAY_ENGINE_STORE_STORE_H

#include "base/bytes.h"

/*
 * Classes are tables. Keys sort by (era, epoch, number, id).
 * symbol, number, table name, what number and id mean
 */
#define ASSAY_STORE_LIST(X)                                                                        \
    X(ASSAY_STORE_META, 1, "meta")         /* number: assay_store_meta, or the host's; epoch 0 */  \
    X(ASSAY_STORE_STATE, 2, "states")      /* one an epoch: head state after its EPOCH block */    \
    X(ASSAY_STORE_FINALITY, 3, "finality") /* one an epoch: finality proof of its EPOCH block */   \
    X(ASSAY_STORE_BLOCK, 4, "blocks")      /* number: height; id: block id; PROPOSAL payload */    \
    X(ASSAY_STORE_CERTIFICATE, 5, "certificates") /* number: view * 8 + type; id: commitment */    \
    X(ASSAY_STORE_VOTE, 6, "votes")         /* own; number: view * 8 + vote type; id: block id */  \
    X(ASSAY_STORE_ENVELOPE, 7, "envelopes") /* own; number: incarnation; id: envelope digest */    \
    X(ASSAY_STORE_BALLOT, 8, "ballots")     /* own; number: incarnation; id: ballot digest */      \
    X(ASSAY_STORE_RECORD, 9, "records")     /* own or noticed, waiting for a block; id: digest */  \
    X(ASSAY_STORE_ORDER, 10, "orders")      /* number: seq; what the agent did about it */         \
    X(ASSAY_STORE_EVIDENCE, 11, "evidence") /* epoch: of use; id: SHA-256 of the bytes */          \
    X(ASSAY_STORE_SCORE, 12, "scores")      /* number: roster slot; for operators */               \
    X(ASSAY_STORE_PROPOSAL, 13,                                                                    \
      "proposals")                       /* number: view; id: block id; voted for, not final */    \
    X(ASSAY_STORE_CHANGE, 14, "changes") /* number: sequence; id: digest; CHANGE records, final */ \
    X(ASSAY_STORE_BOUNDARY, 15, "boundaries") /* one an epoch: proofs/boundary.h */                \
    X(ASSAY_STORE_ANCHOR, 16, "anchors")      /* a state that blocks follow, now and then */       \
    X(ASSAY_STORE_COLLATERAL, 17,                                                                  \
      "collateral") /* id: SHA-256 of the value; COLLATERAL records, and sets that they made */    \
    X(ASSAY_STORE_SERVICE, 18,                                                                     \
      "service") /* number: document; id: SHA-256 of the value, which recent states name */        \
    X(ASSAY_STORE_SERVICE_ANCHOR, 19, "service_anchor") /* the same, of anchors */

#define ASSAY_STORE_ENUM(symbol, number, table) symbol = number,
enum assay_store_class { ASSAY_STORE_LIST(ASSAY_STORE_ENUM) };
#undef ASSAY_STORE_ENUM

enum {
    ASSAY_STORE_CLASS_COUNT = 19,
    ASSAY_STORE_VALUE_LEN_MAX = 16 * 1024 * 1024, /* a block is 4 MiB, a big state is more */
};

/* Of ASSAY_STORE_META, under the era that they are about. */
enum { ASSAY_META_HOST_MIN = 1000 }; /* those of hosts, and what is no evidence of a log */
enum assay_store_meta {
    ASSAY_META_FENCE = 1,    /* FENCE: nothing is signed in this era any more (protocol.md 9.12) */
    ASSAY_META_ANSWERED = 2, /* the FENCE of the era that this node has answered last (9.12.2) */
    ASSAY_META_ACCEPTED = 3, /* RECOVER that its operator accepted (9.16.2); null: it ended */
    ASSAY_META_BEGAN = 4,    /* id: the RECOVER that began the era, epoch: its height (9.16.4) */
    ASSAY_META_KEYS = 5,     /* list of workload keys (2.16.8): of no era; epoch: 3 * slot + 0, 1 or
                              * 2; null: dropped */
    ASSAY_META_LOG = 1200,   /* what is known of the log of a key set whose store was empty
                              * (2.7.3.1): of no era */
};
/* Of one member: two lists that its leaf names, and one of the running epoch. */
enum { ASSAY_DECLARED_LIST_PLACES = 3 };

/* Databases count in 64 bits with a sign: a put above this is refused, a scan may name more. */
#define ASSAY_STORE_NUMBER_MAX ((uint64_t)INT64_MAX)

struct assay_store_key {
    uint32_t era;
    uint64_t epoch;
    uint64_t number;
    uint8_t id[32]; /* zero where a class has none */
};

struct assay_store;

/* A visitor of assay_store_scan: bytes are borrowed for the call. It may read other classes but
 * neither write nor scan the same class. Returns: false to stop. */
typedef bool assay_store_visit(void *context, const struct assay_store_key *key,
                               struct assay_slice value);

/* One store; every function pointer is set. Functions of one store are called from one thread. */
struct assay_store_ops {
    /* Put a value into the open batch (a batch opens by itself); the same key again replaces it.
     * Returns: ASSAY_OK | ASSAY_E_STORE (the batch is broken: commit refuses it) */
    enum assay_status (*put)(struct assay_store *store, enum assay_store_class class_,
                             const struct assay_store_key *key, struct assay_slice value);
    /* Delete everything of a class and of this era below an epoch, in the open batch.
     * Returns: ASSAY_OK | ASSAY_E_STORE (the batch is broken) */
    enum assay_status (*prune)(struct assay_store *store, enum assay_store_class class_,
                               uint32_t era, uint64_t epoch);
    /* Make the open batch durable; without one nothing happens.
     * Returns: ASSAY_OK | ASSAY_E_STORE (nothing of the batch is visible) */
    enum assay_status (*commit)(struct assay_store *store);
    /* Forget the open batch. */
    void (*rollback)(struct assay_store *store);
    /* Read one value into buffer[capacity].
     * Returns: ASSAY_OK and *len | ASSAY_E_NOT_FOUND | ASSAY_E_FULL (*len says how much is needed)
     * | ASSAY_E_STORE */
    enum assay_status (*get)(struct assay_store *store, enum assay_store_class class_,
                             const struct assay_store_key *key, uint8_t *buffer, size_t capacity,
                             size_t *len);
    /* First value of a class under an id, whatever the rest of its key. Fast for blocks,
     * proposals, certificates, evidence and services' documents, a walk for others. Same returns
     * as get; *key is set with ASSAY_OK and ASSAY_E_FULL. */
    enum assay_status (*find)(struct assay_store *store, enum assay_store_class class_,
                              const uint8_t id[static 32], struct assay_store_key *key,
                              uint8_t *buffer, size_t capacity, size_t *len);
    /* Visit keys from..to (both inclusive) in order, or backwards. Returns: ASSAY_OK |
     * ASSAY_E_STORE */
    enum assay_status (*scan)(struct assay_store *store, enum assay_store_class class_,
                              const struct assay_store_key *from, const struct assay_store_key *to,
                              bool backwards, assay_store_visit *visit, void *context);
    /* What the last ASSAY_E_STORE was about. Returns: never NULL; "" before the first. */
    const char *(*error)(const struct assay_store *store);
    /* Sets *store to NULL; an open batch is discarded. */
    void (*close)(struct assay_store **store);
};

/* The first member of every implementation. */
struct assay_store {
    const struct assay_store_ops *ops;
};

/* Keys of one class sort by (era, epoch, number, id). Returns: <0, 0, >0. */
int assay_store_key_compare(const struct assay_store_key *a, const struct assay_store_key *b);

/* The same calls with a result that must be used. Each Returns: as the operation above. */
ASSAY_CHECKED static inline enum assay_status assay_store_put(struct assay_store *store,
                                                              enum assay_store_class class_,
                                                              const struct assay_store_key *key,
                                                              struct assay_slice value)
{
    return store->ops->put(store, class_, key, value);
}

ASSAY_CHECKED static inline enum assay_status assay_store_prune(struct assay_store *store,
                                                                enum assay_store_class class_,
                                                                uint32_t era, uint64_t epoch)
{
    return store->ops->prune(store, class_, era, epoch);
}

ASSAY_CHECKED static inline enum assay_status assay_store_commit(struct assay_store *store)
{
    return store->ops->commit(store);
}

ASSAY_CHECKED static inline enum assay_status assay_store_get(struct assay_store *store,
                                                              enum assay_store_class class_,
                                                              const struct assay_store_key *key,
                                                              uint8_t *buffer, size_t capacity,
                                                              size_t *len)
{
    return store->ops->get(store, class_, key, buffer, capacity, len);
}

ASSAY_CHECKED static inline enum assay_status assay_store_find(
    struct assay_store *store, enum assay_store_class class_, const uint8_t id[static 32],
    struct assay_store_key *key, uint8_t *buffer, size_t capacity, size_t *len)
{
    return store->ops->find(store, class_, id, key, buffer, capacity, len);
}

ASSAY_CHECKED static inline enum assay_status assay_store_scan(
    struct assay_store *store, enum assay_store_class class_, const struct assay_store_key *from,
    const struct assay_store_key *to, bool backwards, assay_store_visit *visit, void *context)
{
    return store->ops->scan(store, class_, from, to, backwards, visit, context);
}

/* Accepts a pointer to NULL. */
static inline void assay_store_close(struct assay_store **store)
{
    if (*store != NULL) (*store)->ops->close(store);
}

#endif
