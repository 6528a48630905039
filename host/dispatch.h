/*
 * host/dispatch.h - event dispatch: steps the engine, then signs, persists, sends and acts, in that
 * order.
 *
 * The only implementation of engine/messages/effect.h, used by the daemon and the simulator.
 * Several events may share one commit: everything that leaves the node (messages, orders, answers)
 * waits until the batch with every signed byte of these steps is durable (docs/protocol.md 2.3,
 * 5.15). Own signed messages return to the engine as events; they stay inside the node, so that one
 * commit may cover a proposal and our own vote for it. A failed commit stops the node with nothing
 * of these steps sent.
 *
 * Pure: disk, keys, sockets and clock are behind struct assay_dispatch_world.
 */
#ifndef ASSAY_HOST_DISPATCH_H
#define ASSAY_HOST_DISPATCH_H

#include "engine/engine.h"
#include "host/overlay/relay.h"

enum {
    /* The largest block and its context are signed in one step, and one waits before it. */
    ASSAY_DISPATCH_EVENTS_LEN = 16 << 20,
    ASSAY_DISPATCH_SENDS_LEN = 16 << 20,
    ASSAY_DISPATCH_ACTS_LEN = 4 << 20,
};

/* Environment of the dispatch. All pointers are set; none calls back into the dispatch except where
 * noted. */
struct assay_dispatch_world {
    void *context;
    /* Steps the engine with one event, at the current time. Returns: as assay_engine_step; a HOST
     * status stops the node. */
    enum assay_status (*step)(void *context, struct assay_event *event,
                              struct assay_effects *effects);
    /* Writes the signature into its reserved place (as.sign.signature_at) in the payload, a copy.
     * The effect stays valid until it was sent. Returns: ASSAY_OK | a status: the node stops */
    enum assay_status (*sign)(void *context, struct assay_effect *effect, uint8_t *payload);
    /* The store, as in struct assay_store_ops. */
    enum assay_status (*put)(void *context, enum assay_store_class class_,
                             const struct assay_store_key *key, struct assay_slice value);
    enum assay_status (*prune)(void *context, enum assay_store_class class_, uint32_t era,
                               uint64_t epoch);
    enum assay_status (*commit)(void *context);
    void (*rollback)(void *context);
    /* Returns: whether this number of bytes may be sent to this member alone; false: not sent.
     * Called before they are copied: what one member can request is bounded. */
    bool (*affords)(void *context, uint16_t to, size_t len);
    /* Sends a SEND, or a SIGN with its signature: see assay_dispatch_get_outbound. */
    void (*send)(void *context, struct assay_effect *effect);
    /* All messages of one commit were passed to send: they may leave together. */
    void (*flush)(void *context);
    /* Applies FETCH, VERIFY, LOAD, QUOTE, ORDER, NOTE, CLOSED, RENEW, and PRUNE after it was done.
     * May call assay_dispatch_queue. Returns: false when the node has stopped. */
    bool (*act)(void *context, const struct assay_effect *effect);
};

struct assay_dispatch_config {
    struct assay_dispatch_world world; /* copied */
    uint32_t events_per_commit;        /* > 0 */
};

struct assay_dispatch;

/* Returns: bytes of memory that init needs, aligned to 64; most of it is touched only under load.
 */
size_t assay_dispatch_size(void);
/* memory is the caller's, aligned to 64, outlives the dispatch. Returns: ASSAY_OK | ASSAY_E_FULL
 * (memory too small) */
ASSAY_CHECKED enum assay_status assay_dispatch_init(void *memory, size_t memory_len,
                                                    const struct assay_dispatch_config *config,
                                                    struct assay_dispatch **out);
/* Queues a deep copy of an event for a later step.
 * Returns: ASSAY_OK | ASSAY_E_FULL (the node stops) */
ASSAY_CHECKED enum assay_status assay_dispatch_queue(struct assay_dispatch *d,
                                                     const struct assay_event *event);
/* Returns: whether an answer of any size fits; a caller with an answer waits until then. */
bool assay_dispatch_has_room(const struct assay_dispatch *d);
/* Returns: whether events are queued. */
bool assay_dispatch_has_queued(const struct assay_dispatch *d);
/* The runtime added to the store's batch itself, which the next process call commits. Data that may
 * be lost in a crash need not be reported: it joins the next commit. */
void assay_dispatch_request_commit(struct assay_dispatch *d);
/* Steps one event now; its effects wait for the next process call. Returns: the status of
 * world.step. */
enum assay_status assay_dispatch_step(struct assay_dispatch *d, struct assay_event *event);
/*
 * Steps queued events, commits, sends and acts until nothing is queued.
 * Returns: ASSAY_OK | the status that stopped the node: nothing that was not durable has left it,
 * the batch is rolled back, the queue is cleared
 */
enum assay_status assay_dispatch_process(struct assay_dispatch *d);
/* Out: *what: the failed operation, static text. Returns: ASSAY_OK | the status that stopped the
 * node. */
enum assay_status assay_dispatch_get_failure(const struct assay_dispatch *d, const char **what);
/* Clears the queue and any failure. */
void assay_dispatch_clear(struct assay_dispatch *d);
/* effect: SEND or SIGN (asserted). Returns: recipients and payload. */
struct assay_outbound_message assay_dispatch_get_outbound(const struct assay_effect *effect);

#endif
