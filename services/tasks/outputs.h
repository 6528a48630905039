/*
 * services/tasks/outputs.h - output of a call to either side of a task (docs/services.md 6.5).
 */
#ifndef ASSAY_SERVICES_TASKS_OUTPUTS_H
#define ASSAY_SERVICES_TASKS_OUTPUTS_H

#include "base/bytes.h"

/* Events after a call. Bits. */
enum {
    ASSAY_TASK_EVENT_ASKED = 1 << 0,  /* quote `statement`, then call evidence */
    ASSAY_TASK_EVENT_INPUT = 1 << 1,  /* the program may start: `input` */
    ASSAY_TASK_EVENT_NEXT = 1 << 2,   /* it may continue */
    ASSAY_TASK_EVENT_CLAIM = 1 << 3,  /* persist claim and sure before the frame is sent */
    ASSAY_TASK_EVENT_DONE = 1 << 4,   /* a client reports that the requestor has the last step
                                      * (unauthenticated) */
    ASSAY_TASK_EVENT_KEYS = 1 << 5,   /* requestor: appraise `evidence`, then call trust */
    ASSAY_TASK_EVENT_OUTPUT = 1 << 6, /* requestor: persist chain and result, then call next */
    ASSAY_TASK_EVENT_CHEATED = 1 << 7 /* requestor: the enclave signed a false receipt */
};

struct assay_task_outputs {
    uint32_t events;
    struct assay_slice frame; /* len 0: none */
    uint64_t wake_at_ms;      /* requestor: time of the next tick; UINT64_MAX: none pending */
};

#endif
