/*
 * net/services/service_probe.h - members serve one another: a peer asks our enclave's counter to
 * step (visible work).
 *
 *   SERVICE_ASK payload:    ticket u64
 *   SERVICE_ANSWER payload: ticket u64 | outcome u8 | value u64          all big-endian
 *
 * A member whose standing is SUSPENDED gets nothing from anybody (docs/protocol.md 10.5: standing
 * gates service); it is told so, so that it can be seen. Once an epoch a node asks one other
 * member, in turn.
 */
#ifndef ASSAY_NET_SERVICES_SERVICE_PROBE_H
#define ASSAY_NET_SERVICES_SERVICE_PROBE_H

#include "base/writer.h"
#include "host/counters.h"
#include "net/runtime/workload.h"

enum assay_service_probe_outcome {
    ASSAY_SERVICE_PROBE_DONE = 0,
    ASSAY_SERVICE_PROBE_SUSPENDED = 1, /* the asker is */
    ASSAY_SERVICE_PROBE_BUSY = 2,
    ASSAY_SERVICE_PROBE_UNAVAILABLE = 3, /* no enclave, or it was told not to serve */
};

struct assay_service_probe_answer {
    uint64_t ticket;
    enum assay_service_probe_outcome outcome;
    uint64_t value;
};

/* Each Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING | ASSAY_E_RANGE (outcome) */
ASSAY_CHECKED enum assay_status assay_service_probe_ask_decode(struct assay_slice payload,
                                                               uint64_t *ticket);
ASSAY_CHECKED enum assay_status assay_service_probe_answer_decode(
    struct assay_slice payload, struct assay_service_probe_answer *answer);
/* Each Returns: nothing. */
void assay_service_probe_ask_encode(uint64_t ticket, struct assay_writer *w);
void assay_service_probe_answer_encode(const struct assay_service_probe_answer *answer,
                                       struct assay_writer *w);

/* What to send. */
struct assay_service_probe_message {
    uint16_t to;
    bool ask; /* SERVICE_ASK of answer.ticket, else SERVICE_ANSWER */
    struct assay_service_probe_answer answer;
};

/* For people. */
struct assay_service_probe_snapshot {
    uint64_t last_value;    /* of our counter, as the enclave said last */
    uint64_t last_got;      /* of a peer's */
    uint16_t last_got_from; /* slot; ASSAY_SLOT_ALL before the first */
    bool refused_by_last;   /* the last answer to us was a refusal */
};

struct assay_service_probe;

/* workload may be NULL: this node serves nobody. Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_service_probe_create(uint16_t self, uint32_t members,
                                                           struct assay_workload *workload,
                                                           struct assay_counters *counters,
                                                           struct assay_service_probe **out);
/* Accepts a pointer to NULL; nulls it; the workload stays the caller's. Returns: nothing. */
void assay_service_probe_destroy(struct assay_service_probe **service);
/* A SERVICE_ASK of a member that may be served. Returns: nothing; the answer comes from next. */
void assay_service_probe_ask(struct assay_service_probe *service, uint64_t now_ms, uint16_t from,
                             struct assay_slice payload);
/* A SERVICE_ASK of a member that may not. Returns: nothing; the answer comes from next. */
void assay_service_probe_refuse(struct assay_service_probe *service, uint16_t from,
                                struct assay_slice payload);
/* A SERVICE_ANSWER. Returns: nothing. */
void assay_service_probe_answered(struct assay_service_probe *service, uint16_t from,
                                  struct assay_slice payload);
/* An epoch began: ask the next member in turn. Returns: nothing. */
void assay_service_probe_turn(struct assay_service_probe *service);
/* Collect what the workload answered. Returns: true and the next message to send. */
bool assay_service_probe_next(struct assay_service_probe *service,
                              struct assay_service_probe_message *message);
/* Returns: nothing. */
void assay_service_probe_look(const struct assay_service_probe *service,
                              struct assay_service_probe_snapshot *snapshot);

#endif
