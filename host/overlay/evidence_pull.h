/*
 * host/overlay/evidence_pull.h - fetch, storage, appraisal and serving of evidence.
 *
 * What the engine asks for by FETCH and VERIFY, and what peers ask for by EVIDENCE_PULL, is decided
 * here for the daemon and for the simulator: held evidence is judged at once, other evidence is
 * pulled (host/overlay/gossip.h) within the budget of who announced it, everything that was asked
 * gets an answer (docs/protocol.md 4.1, 4.1.2). Bytes, verdicts and sockets are behind struct
 * assay_evidence_pull_world.
 */
#ifndef ASSAY_HOST_OVERLAY_EVIDENCE_PULL_H
#define ASSAY_HOST_OVERLAY_EVIDENCE_PULL_H

#include "engine/node/effect.h"
#include "host/overlay/gossip.h"
#include "host/peers/limit.h"

/* Every pointer is set. A HOST status of any stops the node. */
struct assay_evidence_pull_world {
    void *context;
    /* Returns: ASSAY_OK and *bytes, borrowed until the next call | ASSAY_E_NOT_FOUND | HOST */
    enum assay_status (*get)(void *context, const uint8_t digest[static 32],
                             struct assay_slice *bytes);
    /* Keep the bytes of that digest with the evidence of an epoch.
     * Returns: ASSAY_OK | ASSAY_E_RANGE (no evidence has such a length) | HOST */
    enum assay_status (*keep)(void *context, uint64_t epoch, const uint8_t digest[static 32],
                              struct assay_slice bytes);
    /* Have bytes judged, kept or not, as request says (digest, kind, at_unix_s): a VERDICT event is
     * the answer, now or later. Returns: ASSAY_OK | HOST */
    enum assay_status (*judge)(void *context, const struct assay_fetch_request *request,
                               struct assay_slice bytes);
    /* The evidence could not be had of so many peers that were asked: a VERDICT event without one.
     */
    void (*answer)(void *context, const struct assay_fetch_request *request, uint32_t asked);
    /* EVIDENCE_PULL or EVIDENCE to a slot. */
    void (*send)(void *context, uint16_t to, enum assay_message_kind kind,
                 struct assay_slice payload);
};

/* All set by the caller but the buffer; a plain struct in the caller's memory. */
struct assay_evidence_pull {
    struct assay_evidence_pull_world world;
    uint16_t self;
    uint32_t members;
    struct assay_gossip *gossip;
    struct assay_limit *limits; /* [members]; NULL: no budgets */
    struct assay_counters *counters;
    bool waits; /* what is in flight is answered when it lands (docs/protocol.md 4.12.8) */
    uint8_t buffer[ASSAY_PULL_LEN + ASSAY_EVIDENCE_LEN_MAX];
};

/* FETCH. Returns: ASSAY_OK (an answer comes) | HOST */
ASSAY_CHECKED enum assay_status assay_evidence_pull_fetch(struct assay_evidence_pull *e,
                                                          uint64_t now_ms,
                                                          const struct assay_effect *effect);
/* VERIFY: bytes that a record brought; a flight for the same has its answer too.
 * Returns: ASSAY_OK (an answer comes) | HOST */
ASSAY_CHECKED enum assay_status assay_evidence_pull_verify(struct assay_evidence_pull *e,
                                                           const struct assay_effect *effect);
/* A peer asks for evidence; it gets it, or that it is not here. Returns: ASSAY_OK | HOST */
ASSAY_CHECKED enum assay_status assay_evidence_pull_on_pull(struct assay_evidence_pull *e,
                                                            uint16_t from,
                                                            struct assay_slice payload);
/* A peer's answer to a pull of ours; what was not requested is counted. Returns: ASSAY_OK | HOST */
ASSAY_CHECKED enum assay_status assay_evidence_pull_on_evidence(struct assay_evidence_pull *e,
                                                                uint64_t now_ms, uint16_t from,
                                                                struct assay_slice payload);
/* One thing that is due: a further source is asked, or a fetch fails.
 * Returns: false when nothing was. */
bool assay_evidence_pull_poll(struct assay_evidence_pull *e, uint64_t now_ms);

#endif
