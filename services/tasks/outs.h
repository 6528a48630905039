/*
 * services/tasks/outs.h - what a call of either side of a task leaves to its caller
 * (docs/services.md 6.5).
 */
#ifndef ASSAY_SERVICES_TASKS_OUTS_H
#define ASSAY_SERVICES_TASKS_OUTS_H

#include "base/bytes.h"

/* What the caller is told after a call. Bits. */
enum {
    ASSAY_TASK_TOLD_ASKED = 1 << 0,  /* quote `statement`, then call evidence */
    ASSAY_TASK_TOLD_INPUT = 1 << 1,  /* the program may begin: `input` */
    ASSAY_TASK_TOLD_NEXT = 1 << 2,   /* it may go on */
    ASSAY_TASK_TOLD_CLAIM = 1 << 3,  /* make claim and sure durable before the frame leaves */
    ASSAY_TASK_TOLD_DONE = 1 << 4,   /* somebody says that the last step is with the requestor */
    ASSAY_TASK_TOLD_KEYS = 1 << 5,   /* requestor: judge `evidence`, then call trust */
    ASSAY_TASK_TOLD_OUTPUT = 1 << 6, /* requestor: keep chain and result durable, then call next */
    ASSAY_TASK_TOLD_CHEATED = 1 << 7 /* requestor: the enclave signed what it did not give */
};

struct assay_task_outs {
    uint32_t told;
    struct assay_slice frame; /* len 0: none */
    uint64_t wake_at_ms;      /* requestor: when to tick; UINT64_MAX: nothing is asked */
};

#endif
