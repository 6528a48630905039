/*
 * net/services/service_probe.c - requests for steps of a peer's counter, and answers to them.
 */
#include "net/services/service_probe.h"

#include "base/assert.h"
#include "base/cursor.h"
#include "engine/engine.h"

#include <stdlib.h>

enum {
    QUEUE_MAX = 128,      /* messages that wait to be sent */
    REQUESTS_A_MEMBER = 4 /* that wait for the enclave: a correct member has one */
};

struct customer {
    bool used;
    uint16_t slot;
    uint64_t ticket; /* theirs */
};

struct assay_service_probe {
    uint16_t self;
    uint32_t members;
    struct assay_workload *workload;
    struct assay_traffic_counters *counters;
    struct assay_service_probe_snapshot snapshot;
    struct customer customers[ASSAY_WORKLOAD_PENDING_MAX]; /* by our ticket */
    size_t first, count;
    struct assay_service_probe_message queue[QUEUE_MAX];
    uint16_t next_peer;
    bool asking;
    uint16_t asked;        /* slot of the pending request */
    uint64_t asked_ticket; /* its ticket, counted up */
};

/* ------------------------------------------------------------ payloads */

enum assay_status assay_service_probe_request_decode(struct assay_slice payload, uint64_t *ticket)
{
    struct assay_cursor in = assay_cursor_over(payload.bytes, payload.len);
    uint64_t t = 0;
    ASSAY_TRY(assay_cursor_u64be(&in, &t));
    ASSAY_TRY(assay_cursor_end(&in));
    *ticket = t;
    return ASSAY_OK;
}

void assay_service_probe_request_encode(uint64_t ticket, struct assay_writer *w)
{
    assay_writer_u64be(w, ticket);
}

enum assay_status assay_service_probe_answer_decode(struct assay_slice payload,
                                                    struct assay_service_probe_answer *answer)
{
    struct assay_cursor in = assay_cursor_over(payload.bytes, payload.len);
    struct assay_service_probe_answer a = { 0 };
    uint8_t outcome = 0;
    ASSAY_TRY(assay_cursor_u64be(&in, &a.ticket));
    ASSAY_TRY(assay_cursor_u8(&in, &outcome));
    ASSAY_TRY(assay_cursor_u64be(&in, &a.value));
    ASSAY_TRY(assay_cursor_end(&in));
    if (outcome > ASSAY_SERVICE_PROBE_UNAVAILABLE) return ASSAY_E_RANGE;
    a.outcome = (enum assay_service_probe_outcome)outcome;
    *answer = a;
    return ASSAY_OK;
}

void assay_service_probe_answer_encode(const struct assay_service_probe_answer *answer,
                                       struct assay_writer *w)
{
    assay_writer_u64be(w, answer->ticket);
    assay_writer_u8(w, (uint8_t)answer->outcome);
    assay_writer_u64be(w, answer->value);
}

/* ------------------------------------------------------------ lifecycle */

enum assay_status assay_service_probe_create(uint16_t self, uint32_t members,
                                             struct assay_workload *workload,
                                             struct assay_traffic_counters *counters,
                                             struct assay_service_probe **out)
{
    ASSAY_ASSERT(members == 0 || self < members);
    struct assay_service_probe *service = calloc(1, sizeof *service);
    if (service == NULL) return ASSAY_E_MEMORY;
    service->self = self;
    service->members = members;
    service->workload = workload;
    service->counters = counters;
    service->next_peer = self;
    service->snapshot.last_got_from = ASSAY_SLOT_ALL;
    *out = service;
    return ASSAY_OK;
}

void assay_service_probe_destroy(struct assay_service_probe **service)
{
    free(*service);
    *service = NULL;
}

/* A full queue drops the message: the peer's request stays open. */
static void queue_message(struct assay_service_probe *service,
                          const struct assay_service_probe_message *message)
{
    ASSAY_ASSERT(service->count <= QUEUE_MAX);
    if (service->count == QUEUE_MAX) {
        assay_count(service->counters, ASSAY_COUNT_SERVICE_BUSY);
        return;
    }
    service->queue[(service->first + service->count++) % QUEUE_MAX] = *message;
}

static void send_reply(struct assay_service_probe *service, uint16_t to, uint64_t ticket,
                       enum assay_service_probe_outcome outcome, uint64_t value)
{
    const struct assay_service_probe_message message = {
        .to = to, .answer = { .ticket = ticket, .outcome = outcome, .value = value }
    };
    queue_message(service, &message);
}

/* ------------------------------------------------------------ answering */

/* Returns: a free place, or ASSAY_WORKLOAD_PENDING_MAX: there is none, or the member holds as many
 * as one member may. */
static size_t free_customer(const struct assay_service_probe *service, uint16_t from)
{
    ASSAY_ASSERT(service->workload != NULL);
    size_t place = ASSAY_WORKLOAD_PENDING_MAX, held = 0;
    for (size_t i = ASSAY_WORKLOAD_PENDING_MAX; i-- > 0;) {
        if (!service->customers[i].used) place = i;
        if (service->customers[i].used && service->customers[i].slot == from) held++;
    }
    ASSAY_ASSERT(held <= REQUESTS_A_MEMBER);
    return held < REQUESTS_A_MEMBER ? place : ASSAY_WORKLOAD_PENDING_MAX;
}

void assay_service_probe_on_request(struct assay_service_probe *service, uint64_t now_ms,
                                    uint16_t from, struct assay_slice payload)
{
    uint64_t ticket = 0;
    if (assay_service_probe_request_decode(payload, &ticket) != ASSAY_OK) {
        assay_count(service->counters, ASSAY_COUNT_SERVICE_MALFORMED);
        return;
    }
    if (service->workload == NULL) {
        assay_count(service->counters, ASSAY_COUNT_SERVICE_UNAVAILABLE);
        send_reply(service, from, ticket, ASSAY_SERVICE_PROBE_UNAVAILABLE, 0);
        return;
    }
    const size_t place = free_customer(service, from);
    if (place == ASSAY_WORKLOAD_PENDING_MAX ||
        assay_workload_increment(service->workload, now_ms, place) != ASSAY_OK) {
        assay_count(service->counters, ASSAY_COUNT_SERVICE_BUSY);
        send_reply(service, from, ticket, ASSAY_SERVICE_PROBE_BUSY, 0);
        return;
    }
    ASSAY_ASSERT(place < ASSAY_WORKLOAD_PENDING_MAX);
    service->customers[place] = (struct customer){ .used = true, .slot = from, .ticket = ticket };
}

void assay_service_probe_refuse(struct assay_service_probe *service, uint16_t from,
                                struct assay_slice payload)
{
    uint64_t ticket = 0;
    if (assay_service_probe_request_decode(payload, &ticket) != ASSAY_OK) {
        assay_count(service->counters, ASSAY_COUNT_SERVICE_MALFORMED);
        return;
    }
    assay_count(service->counters, ASSAY_COUNT_SERVICE_SUSPENDED);
    send_reply(service, from, ticket, ASSAY_SERVICE_PROBE_SUSPENDED, 0);
}

static void on_served(struct assay_service_probe *service,
                      const struct assay_workload_answer *answer)
{
    ASSAY_ASSERT(answer->ticket < ASSAY_WORKLOAD_PENDING_MAX);
    struct customer *customer = &service->customers[answer->ticket];
    ASSAY_ASSERT(customer->used);
    const bool done = answer->outcome == ASSAY_WORKLOAD_DONE;
    assay_count(service->counters,
                done ? ASSAY_COUNT_SERVICE_ANSWERED : ASSAY_COUNT_SERVICE_UNAVAILABLE);
    if (done) service->snapshot.last_value = answer->value;
    send_reply(service, customer->slot, customer->ticket,
               done ? ASSAY_SERVICE_PROBE_DONE : ASSAY_SERVICE_PROBE_UNAVAILABLE, answer->value);
    customer->used = false;
}

/* ------------------------------------------------------------ requesting */

void assay_service_probe_step(struct assay_service_probe *service)
{
    if (service->members < 2) return;
    do {
        service->next_peer = (uint16_t)((service->next_peer + 1u) % service->members);
    } while (service->next_peer == service->self);
    service->asking = true;
    service->asked = service->next_peer;
    service->asked_ticket++;
    ASSAY_ASSERT(service->asked != service->self && service->asked < service->members);
    const struct assay_service_probe_message message = {
        .to = service->asked, .ask = true, .answer = { .ticket = service->asked_ticket }
    };
    assay_count(service->counters, ASSAY_COUNT_SERVICE_REQUESTED);
    queue_message(service, &message);
}

void assay_service_probe_on_answer(struct assay_service_probe *service, uint16_t from,
                                   struct assay_slice payload)
{
    struct assay_service_probe_answer answer;
    if (assay_service_probe_answer_decode(payload, &answer) != ASSAY_OK) {
        assay_count(service->counters, ASSAY_COUNT_SERVICE_MALFORMED);
        return;
    }
    if (!service->asking || from != service->asked || answer.ticket != service->asked_ticket) {
        assay_count(service->counters, ASSAY_COUNT_SERVICE_UNSOLICITED);
        return;
    }
    service->asking = false;
    ASSAY_ASSERT(from != service->self);
    service->snapshot.refused_by_last = answer.outcome == ASSAY_SERVICE_PROBE_SUSPENDED;
    if (answer.outcome == ASSAY_SERVICE_PROBE_DONE) {
        assay_count(service->counters, ASSAY_COUNT_SERVICE_RECEIVED);
        service->snapshot.last_got = answer.value;
        service->snapshot.last_got_from = from;
    } else {
        assay_count(service->counters, ASSAY_COUNT_SERVICE_REFUSED_BY_PEER);
    }
}

bool assay_service_probe_next(struct assay_service_probe *service,
                              struct assay_service_probe_message *message)
{
    struct assay_workload_answer answer;
    while (service->workload != NULL && assay_workload_next(service->workload, &answer))
        on_served(service, &answer);
    if (service->count == 0) return false;
    ASSAY_ASSERT(service->first < QUEUE_MAX && service->count <= QUEUE_MAX);
    *message = service->queue[service->first];
    service->first = (service->first + 1) % QUEUE_MAX;
    service->count--;
    return true;
}

void assay_service_probe_get_snapshot(const struct assay_service_probe *service,
                                      struct assay_service_probe_snapshot *snapshot)
{
    *snapshot = service->snapshot;
}
