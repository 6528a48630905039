/*
 * net/services/workload.h - client of the enclave's counter service: a UNIX stream socket, one line
 * out, one line back.
 *
 * "increment\n" is answered "41\n", or a word that says why not ("suspended", "restricted", ...).
 * Requests are answered in order. The runtime never waits: a request has a ticket, the answer comes
 * out of assay_workload_next. A service that is away, slow or talks nonsense is given up and
 * dialled again for the next request.
 */
#ifndef ASSAY_NET_SERVICES_WORKLOAD_H
#define ASSAY_NET_SERVICES_WORKLOAD_H

#include "base/bytes.h"

#include <poll.h>

enum {
    ASSAY_WORKLOAD_PENDING_MAX = 64,
    ASSAY_WORKLOAD_TIMEOUT_MS = 1000,
    ASSAY_WORKLOAD_LINE_MAX = 64,
};

enum assay_workload_outcome {
    ASSAY_WORKLOAD_DONE,        /* value is the counter after the increment */
    ASSAY_WORKLOAD_REFUSED,     /* the enclave refused, as ordered */
    ASSAY_WORKLOAD_UNAVAILABLE, /* no listener */
};

struct assay_workload_answer {
    uint64_t ticket;
    enum assay_workload_outcome outcome;
    uint64_t value;
};

struct assay_workload;

/*
 * path is copied. Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_RANGE (longer than a socket's path)
 */
ASSAY_CHECKED enum assay_status assay_workload_create(const char *path,
                                                      struct assay_workload **out);
/* Accepts a pointer to NULL; nulls it. */
void assay_workload_destroy(struct assay_workload **workload);
/* Requests one increment. Returns: ASSAY_OK (an answer follows) | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_workload_increment(struct assay_workload *workload,
                                                         uint64_t now_ms, uint64_t ticket);
/* What to poll for. Returns: 0 or 1 entries. */
size_t assay_workload_poll(const struct assay_workload *workload, struct pollfd *fds,
                           size_t capacity);
/* Do what can be done without waiting; revents 0 is fine. */
void assay_workload_step(struct assay_workload *workload, uint64_t now_ms);
/* Returns: true and the next answer. */
bool assay_workload_next(struct assay_workload *workload, struct assay_workload_answer *answer);
/* Returns: when step must be called at the latest; UINT64_MAX: never. */
uint64_t assay_workload_wake_at(const struct assay_workload *workload);

#endif
