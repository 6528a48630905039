/*
 * enforce/driver.h - driver interface between the agent and the enclave's runtime.
 *
 * A driver runs at most one enclave. Nothing blocks: start and stop begin an action, step continues
 * it, events report the result. process.c runs a process of its own; target.c drives what another
 * program runs (a service, a container, a group of processes), each kind through a smaller table
 * (target.h).
 */
#ifndef ASSAY_ENFORCE_DRIVER_H
#define ASSAY_ENFORCE_DRIVER_H

#include "engine/messages/effect.h"

#include <poll.h>

enum { ASSAY_DRIVER_MESSAGE_LEN = 256 };

/* How much of its work the enclave may do. */
enum assay_work {
    ASSAY_WORK_FULL = 1,
    ASSAY_WORK_RESTRICTED = 2, /* nothing critical */
    ASSAY_WORK_SUSPENDED = 3,  /* none; it is still attested */
};

enum assay_driver_event_kind {
    ASSAY_DRIVER_STARTED, /* a process runs; not known yet whether it works */
    ASSAY_DRIVER_READY,   /* it works */
    ASSAY_DRIVER_ENDED,   /* for whatever reason; start may be called again */
    ASSAY_DRIVER_TROUBLE, /* it cannot do what it was asked, and tries again: status, message */
};

/* Why it ended, as far as we had a hand in it. */
enum assay_driver_cause {
    ASSAY_CAUSE_ITSELF,   /* or another process killed it */
    ASSAY_CAUSE_STOPPED,  /* stop asked for it */
    ASSAY_CAUSE_NO_START, /* it did not become ready in time, or could not be executed */
    ASSAY_CAUSE_SILENT,   /* the local probe got no answer */
};

struct assay_driver_event {
    enum assay_driver_event_kind kind;
    int64_t pid;
    enum assay_driver_cause cause; /* of ENDED */
    int wait_status; /* of ENDED: exit status, or the signal when killed; -1: unknown */
    bool killed;
    enum assay_status status;               /* of TROUBLE */
    char message[ASSAY_DRIVER_MESSAGE_LEN]; /* of ENDED and TROUBLE, for operators; may be "" */
};

struct assay_driver;

struct assay_driver_ops {
    /* What the acts that follow are for: the order (NULL: none yet), and what may be done under it
     * and manually. Called before start and set_work. NULL: the driver does not care. */
    void (*brief)(struct assay_driver *driver, const struct assay_order *order,
                  enum assay_work work, bool held);
    /* Only while none runs. Returns: ASSAY_OK (STARTED and then READY or ENDED will follow) | why
     * not, with a message; none runs then */
    enum assay_status (*start)(struct assay_driver *driver, uint64_t now_ms,
                               char message[static ASSAY_DRIVER_MESSAGE_LEN]);
    /* Request its exit, then kill it; without one nothing happens. Out: ENDED will follow. */
    void (*stop)(struct assay_driver *driver, uint64_t now_ms);
    /* Put the right build in place of whatever is there; only while none runs.
     * Returns: ASSAY_OK | why not, with a message */
    enum assay_status (*restore)(struct assay_driver *driver,
                                 char message[static ASSAY_DRIVER_MESSAGE_LEN]);
    /* Returns: ASSAY_OK (sent) | ASSAY_E_AGAIN (none is ready, or it does not listen) */
    enum assay_status (*set_work)(struct assay_driver *driver, enum assay_work work);
    /* Returns: how many of fds[capacity] were written. */
    size_t (*poll_set)(struct assay_driver *driver, struct pollfd *fds, size_t capacity);
    /* Returns: the monotonic ms at which step must be called at the latest; UINT64_MAX: never.
     */
    uint64_t (*wake_at)(struct assay_driver *driver);
    void (*step)(struct assay_driver *driver, uint64_t now_ms);
    /* Returns: true and the next event. */
    bool (*next)(struct assay_driver *driver, struct assay_driver_event *event);
};

/* The first member of every implementation. */
struct assay_driver {
    const struct assay_driver_ops *ops;
    bool outlives;          /* its target continues without this process: not up means unknown */
    bool restrict_suspends; /* RESTRICTED is SUSPENDED for it */
};

#endif
