/*
 * host/permit.h - permit decision: whether the local enclave may do work of a class
 * (docs/protocol.md 10.6).
 */
#ifndef ASSAY_HOST_PERMIT_H
#define ASSAY_HOST_PERMIT_H

#include "engine/engine.h"

enum {
    ASSAY_PERMIT_EPOCHS = 3,      /* a certified PASS in the last 3 epochs ... */
    ASSAY_PERMIT_HEAD_EPOCHS = 3, /* ... and a head younger than 3T */
};

struct assay_permission {
    bool permitted;
    const char *reason; /* static text; "" when permitted */
};

/* Returns: whether the newest final block is young enough for permits: final in this run, less than
 * 3T ago by the monotonic clock that the engine is given. */
bool assay_permit_fresh(const struct assay_engine_snapshot *chain, uint32_t epoch_ms,
                        uint64_t now_ms);

/* chain and own: what the engine says now of the chain and of this node; epoch_ms: T;
 * now_ms: the monotonic clock that the engine is given.
 * Returns: whether normal or critical work is permitted, and why not. */
struct assay_permission assay_permit(const struct assay_engine_snapshot *chain,
                                     const struct assay_member_snapshot *own, uint32_t epoch_ms,
                                     uint64_t now_ms, bool critical);

#endif
