/*
 * net/services/service_probe.h - probe of the service that members provide to one another: a peer
 * requests a step of our enclave's counter.
 *
 *   SERVICE_ASK payload:    ticket u64
 *   SERVICE_ANSWER payload: ticket u64 | outcome u8 | value u64          all big-endian
 *
 * A member whose standing is SUSPENDED is not served (docs/protocol.md 10.5: standing gates
 * service); it receives a refusal, so that this is visible. Once an epoch a node requests a step of
 * one other member, in turn.
 */
#ifndef ASSAY_NET_SERVICES_SERVICE_PROBE_H
#define ASSAY_NET_SERVICES_SERVICE_PROBE_H

#include "base/writer.h"
#include "host/peers/counters.h"
#include "net/services/workload.h"

enum assay_service_probe_outcome {
    ASSAY_SERVICE_PROBE_DONE = 0,
    ASSAY_SERVICE_PROBE_SUSPENDED = 1, /* the requester is */
    ASSAY_SERVICE_PROBE_BUSY = 2,
    ASSAY_SERVICE_PROBE_UNAVAILABLE = 3, /* no enclave, or serving is disabled */
};

struct assay_service_probe_answer {
    uint64_t ticket;
    enum assay_service_probe_outcome outcome;
    uint64_t value;
};

/* Each Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING | ASSAY_E_RANGE (outcome) */
ASSAY_CHECKED enum assay_status assay_service_probe_request_decode(struct assay_slice payload,
                                                                   uint64_t *ticket);
ASSAY_CHECKED enum assay_status assay_service_probe_answer_decode(
    struct assay_slice payload, struct assay_service_probe_answer *answer);
void assay_service_probe_request_encode(uint64_t ticket, struct assay_writer *w);
void assay_service_probe_answer_encode(const struct assay_service_probe_answer *answer,
                                       struct assay_writer *w);

/* What to send. */
struct assay_service_probe_message {
    uint16_t to;
    bool ask; /* SERVICE_ASK of answer.ticket, else SERVICE_ANSWER */
    struct assay_service_probe_answer answer;
};

/* For reports. */
struct assay_service_probe_snapshot {
    uint64_t last_value;    /* of our counter, by the enclave */
    uint64_t last_got;      /* of a peer's */
    uint16_t last_got_from; /* slot; ASSAY_SLOT_ALL before the first */
    bool refused_by_last;   /* the last answer to us was a refusal */
};

struct assay_service_probe;

/* workload may be NULL: this node does not serve. Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_service_probe_create(uint16_t self, uint32_t members,
                                                           struct assay_workload *workload,
                                                           struct assay_traffic_counters *counters,
                                                           struct assay_service_probe **out);
/* Accepts a pointer to NULL; sets it to NULL; the workload stays the caller's. */
void assay_service_probe_destroy(struct assay_service_probe **service);
/* A SERVICE_ASK of a member that may be served; the answer is returned by next. */
void assay_service_probe_on_request(struct assay_service_probe *service, uint64_t now_ms,
                                    uint16_t from, struct assay_slice payload);
/* A SERVICE_ASK of a member that may not; the answer is returned by next. */
void assay_service_probe_refuse(struct assay_service_probe *service, uint16_t from,
                                struct assay_slice payload);
/* A SERVICE_ANSWER. */
void assay_service_probe_on_answer(struct assay_service_probe *service, uint16_t from,
                                   struct assay_slice payload);
/* An epoch started: requests a step of the next member in turn. */
void assay_service_probe_step(struct assay_service_probe *service);
/* Collects the workload's answers. Returns: true and the next message to send. */
bool assay_service_probe_next(struct assay_service_probe *service,
                              struct assay_service_probe_message *message);
void assay_service_probe_get_snapshot(const struct assay_service_probe *service,
                                      struct assay_service_probe_snapshot *snapshot);

#endif
