/*
 * host/service_feed.h - feed of what the ledger decided about services to their programs: the
 * registry of the last epoch close, final records in chain order, and every further close
 * (docs/services.md 4.1). Run by the daemon and by the simulator alike.
 */
#ifndef ASSAY_HOST_SERVICE_FEED_H
#define ASSAY_HOST_SERVICE_FEED_H

#include "services/registry/registry.h"

struct assay_engine;         /* engine/engine.h */
struct assay_service_member; /* engine/ledger/state/services.h */

/* The state of the network after an epoch close, and its members. */
struct assay_service_epoch {
    uint64_t era, epoch;   /* epoch: the last closed one */
    uint8_t beacon[32];    /* of the epoch that runs */
    uint32_t members;      /* at most ASSAY_REGISTRY_SLOTS_MAX */
    uint64_t other_weight; /* as assay_registry_set_other_weight */
    struct assay_registry_member member[ASSAY_REGISTRY_SLOTS_MAX];
    uint8_t node_id[ASSAY_REGISTRY_SLOTS_MAX][32]; /* zeros: an empty seat */
};

/* Who is fed, called in this order: reset, record ..., ready, then record ... and closed by turns.
 * A later reset replaces everything. Arguments are borrowed for the call; none may step the engine.
 */
struct assay_service_feed_callbacks {
    void *context;
    /* Replaces everything by the registry of the last close. What follows until ready was final
     * before: it changes the registry, and no program is notified of it. */
    void (*reset)(void *context, const struct assay_registry *registry,
                  const struct assay_service_epoch *epoch);
    void (*ready)(void *context);
    void (*record)(void *context, uint32_t slot, enum assay_service_kind kind,
                   struct assay_slice payload);
    /* An epoch closed; all of its records were passed before. */
    void (*closed)(void *context, const struct assay_registry *registry,
                   const struct assay_service_epoch *epoch);
};

/* Zeros and members: nothing was passed yet. */
struct assay_service_feed {
    struct assay_service_member *members; /* [of the roster] scratch memory of the caller */
    bool begun;                           /* cleared: the next step resets */
    uint64_t epoch;                       /* the running one, as passed last */
    size_t at;                            /* in its log */
    struct assay_service_epoch last;      /* as passed last */
};

/* Passes on what became final since the last call; nothing while the engine lacks documents of its
 * registry. A gap and a new era reset the feed. */
void assay_host_service_feed_step(struct assay_service_feed *feed,
                                  const struct assay_engine *engine,
                                  const struct assay_service_feed_callbacks *callbacks);

#endif
