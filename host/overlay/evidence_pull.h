/*
 * host/overlay/evidence_pull.h - fetch, storage, appraisal and serving of evidence.
 *
 * Handles FETCH and VERIFY of the engine and EVIDENCE_PULL of peers, for the daemon and the
 * simulator: stored evidence is appraised at once, other evidence is pulled (host/overlay/gossip.h)
 * within the budget of its announcer, and every request gets an answer (docs/protocol.md 4.1,
 * 4.1.2). Bytes, verdicts and sockets are behind struct assay_evidence_pull_world.
 */
#ifndef ASSAY_HOST_OVERLAY_EVIDENCE_PULL_H
#define ASSAY_HOST_OVERLAY_EVIDENCE_PULL_H

#include "engine/messages/effect.h"
#include "host/overlay/gossip.h"
#include "host/peers/limit.h"

/* All pointers are set. A HOST status of any stops the node. */
struct assay_evidence_pull_world {
    void *context;
    /* Returns: ASSAY_OK and *bytes, borrowed until the next call | ASSAY_E_NOT_FOUND | HOST */
    enum assay_status (*get)(void *context, const uint8_t digest[static 32],
                             struct assay_slice *bytes);
    /* Stores the bytes of that digest with the evidence of an epoch.
     * Returns: ASSAY_OK | ASSAY_E_RANGE (no evidence has such a length) | HOST */
    enum assay_status (*keep)(void *context, uint64_t epoch, const uint8_t digest[static 32],
                              struct assay_slice bytes);
    /* Appraises bytes, stored or not, as described by request (digest, kind, at_unix_s): a VERDICT
     * event follows, now or later. Returns: ASSAY_OK | HOST */
    enum assay_status (*judge)(void *context, const struct assay_fetch_request *request,
                               struct assay_slice bytes);
    /* The evidence was not available at this number of peers: a VERDICT event without a verdict
     * follows. */
    void (*answer)(void *context, const struct assay_fetch_request *request, uint32_t asked);
    /* EVIDENCE_PULL or EVIDENCE to a slot. */
    void (*send)(void *context, uint16_t to, enum assay_message_kind kind,
                 struct assay_slice payload);
};

/* All set by the caller except the buffer; a plain struct in the caller's memory. */
struct assay_evidence_pull {
    struct assay_evidence_pull_world world;
    uint16_t self;
    uint32_t members;
    struct assay_gossip *gossip;
    struct assay_limit *limits; /* [members]; NULL: no budgets */
    struct assay_traffic_counters *counters;
    bool waits; /* requests in flight are answered on arrival (docs/protocol.md 4.12.8) */
    uint8_t buffer[ASSAY_PULL_LEN + ASSAY_EVIDENCE_LEN_MAX];
};

/* Handles a FETCH. Returns: ASSAY_OK (an answer follows) | HOST */
ASSAY_CHECKED enum assay_status assay_evidence_pull_fetch(struct assay_evidence_pull *e,
                                                          uint64_t now_ms,
                                                          const struct assay_effect *effect);
/* Handles a VERIFY of bytes from a record; completes a fetch of the same digest.
 * Returns: ASSAY_OK (an answer follows) | HOST */
ASSAY_CHECKED enum assay_status assay_evidence_pull_verify(struct assay_evidence_pull *e,
                                                           uint64_t now_ms,
                                                           const struct assay_effect *effect);
/* Handles a peer's pull: sends the evidence, or that it is not available, which it is not for a
 * peer without budget for answers. Returns: ASSAY_OK | HOST */
ASSAY_CHECKED enum assay_status assay_evidence_pull_on_pull(struct assay_evidence_pull *e,
                                                            uint64_t now_ms, uint16_t from,
                                                            struct assay_slice payload);
/* Handles a peer's answer to a pull; an unrequested one is counted. Returns: ASSAY_OK | HOST */
ASSAY_CHECKED enum assay_status assay_evidence_pull_on_evidence(struct assay_evidence_pull *e,
                                                                uint64_t now_ms, uint16_t from,
                                                                struct assay_slice payload);
/* Performs one due action: requests from a further source, or fails a fetch.
 * Returns: false when none was due. */
bool assay_evidence_pull_poll(struct assay_evidence_pull *e, uint64_t now_ms);

#endif
