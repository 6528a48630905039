/*
 * host/dispatch.h - event dispatch: steps the engine, then signs, persists, sends and acts, in that
 * order.
 *
 * The one place where engine/node/effect.h is obeyed, run by the daemon and by the simulator.
 * Several events may share one commit: everything that leaves the node (messages, orders, answers)
 * waits until the batch that holds every signed byte of these steps is durable (docs/protocol.md
 * 2.3, 5.15). Own signed messages come back to the engine as events; they stay inside the node, so
 * that one commit may cover a proposal and our own vote for it. A commit that fails stops the node
 * with nothing of these steps sent.
 *
 * Pure: disk, keys, sockets and clock are behind struct assay_dispatch_world.
 */
#ifndef ASSAY_HOST_DISPATCH_H
#define ASSAY_HOST_DISPATCH_H

#include "engine/node/engine.h"

enum {
    /* One largest block with what is around it is signed in a step, and one waits before it. */
    ASSAY_DISPATCH_EVENTS_LEN = 16 << 20,
    ASSAY_DISPATCH_SENDS_LEN = 16 << 20,
    ASSAY_DISPATCH_ACTS_LEN = 4 << 20,
};

/* What it is run over. Every pointer is set; none calls back into the dispatch but where it says
 * so. */
struct assay_dispatch_world {
    void *context;
    /* One event goes to the engine, at the time of now. Returns: as assay_engine_step; a HOST
     * status stops the node. */
    enum assay_status (*step)(void *context, struct assay_event *event,
                              struct assay_effects *effects);
    /* Put the signature into its hole (as.sign.signature_at) in the payload, our own copy. The
     * effect stays where it is until it was sent. Returns: ASSAY_OK | a status: the node stops */
    enum assay_status (*sign)(void *context, struct assay_effect *effect, uint8_t *payload);
    /* The store, as in struct assay_store_ops. */
    enum assay_status (*put)(void *context, enum assay_store_class class_,
                             const struct assay_store_key *key, struct assay_slice value);
    enum assay_status (*prune)(void *context, enum assay_store_class class_, uint32_t era,
                               uint64_t epoch);
    enum assay_status (*commit)(void *context);
    void (*rollback)(void *context);
    /* May this number of bytes go to this member alone? Asked before they are copied: what one
     * member asks for is bounded. Returns: false when they are not to be sent. */
    bool (*affords)(void *context, uint16_t to, size_t len);
    /* A SEND, or a SIGN with its signature: assay_dispatch_get_outbound. */
    void (*send)(void *context, struct assay_effect *effect);
    /* All of one commit was given to send: it may leave together. */
    void (*flush)(void *context);
    /* FETCH, VERIFY, LOAD, QUOTE, ORDER, NOTE, CLOSED, RENEW, and PRUNE after it was done. May call
     * assay_dispatch_queue. Returns: false when the node is no more. */
    bool (*act)(void *context, const struct assay_effect *effect);
};

struct assay_dispatch_config {
    struct assay_dispatch_world world; /* copied */
    uint32_t events_per_commit;        /* > 0 */
};

/* What leaves the node. */
struct assay_outbound_message {
    uint16_t to, except; /* as.send */
    enum assay_message_kind kind;
    struct assay_slice payload;
};

struct assay_dispatch;

/* Returns: bytes of memory that init needs, aligned to 64; most of it is touched only when much
 * waits. */
size_t assay_dispatch_size(void);
/* memory is the caller's, aligned to 64, outlives the dispatch. Returns: ASSAY_OK | ASSAY_E_FULL
 * (memory too small) */
ASSAY_CHECKED enum assay_status assay_dispatch_init(void *memory, size_t memory_len,
                                                    const struct assay_dispatch_config *config,
                                                    struct assay_dispatch **out);
/* An event for a later step; what it points to is copied.
 * Returns: ASSAY_OK | ASSAY_E_FULL (the node stops) */
ASSAY_CHECKED enum assay_status assay_dispatch_queue(struct assay_dispatch *d,
                                                     const struct assay_event *event);
/* Returns: whether an answer of any size finds room: who has one ready waits until it does. */
bool assay_dispatch_has_room(const struct assay_dispatch *d);
/* Returns: whether events wait. */
bool assay_dispatch_has_queued(const struct assay_dispatch *d);
/* The host put something into the store's batch itself, which the next settle makes durable. What
 * may be lost with the node need not be told of: it joins the next commit. */
void assay_dispatch_request_commit(struct assay_dispatch *d);
/* One event now; what follows from it waits for the next settle. Returns: what world.step said. */
enum assay_status assay_dispatch_step(struct assay_dispatch *d, struct assay_event *event);
/*
 * Step what is queued, commit, send, act, until nothing is left.
 * Returns: ASSAY_OK | the status that stopped the node: nothing that was not durable has left it,
 *          the batch is rolled back, what waited is forgotten
 */
enum assay_status assay_dispatch_process(struct assay_dispatch *d);
/* Out: *what failed, for operators: static text. Returns: ASSAY_OK | what stopped the node. */
enum assay_status assay_dispatch_get_failure(const struct assay_dispatch *d, const char **what);
/* Forget what waits, and that anything failed. */
void assay_dispatch_clear(struct assay_dispatch *d);
/* effect: SEND or SIGN (asserted). Returns: who gets what. */
struct assay_outbound_message assay_dispatch_get_outbound(const struct assay_effect *effect);

#endif
