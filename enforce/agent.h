/*
 * enforce/agent.h - enforcement agent: supervises one enclave and executes orders.
 *
 * docs/protocol.md 10.4: it executes through a driver, remembers the last order durably, survives
 * its own crash between decision and act, backs off exponentially, reports the outcome.
 *
 * An order is recorded as begun before it is carried out and as done after; a begun one is
 * completed after a crash. RESTART stops the enclave, restores the right build, starts it, and ends
 * when it is ready; then new keys are wanted (rebuilt). What decides is decide.c, without I/O.
 *
 * An enclave that ends or hangs by itself is started again with back-off: same keys, no order; and
 * no more often than restarts_max in each window, when one is given. The limit is one of restarts,
 * not of looks: an order or hold that suspends a target is executed at once whatever was counted.
 *
 * One agent drives one thing. Beside the enclave's agent there may be others for targets: each has
 * a name, remembers for itself, and by the same rules executes at most one RESTART an incarnation.
 * A target without memory stays as it is until the first order or hold; the first order is
 * persisted and executed even when it permits all work.
 */
#ifndef ASSAY_ENFORCE_AGENT_H
#define ASSAY_ENFORCE_AGENT_H

#include "enforce/decide.h"
#include "enforce/journal.h"
#include "engine/store/store.h"

struct assay_agent;

enum {
    ASSAY_AGENT_RESTARTS_MAX = 64,
    ASSAY_AGENT_META = 2001, /* ASSAY_STORE_META: what targets remember; id: SHA-256 of the name */
};

/* Store, driver, journal and texts are borrowed. The agent commits, so no batch of a step is open
 * when called. */
struct assay_agent_config {
    struct assay_store *store;
    struct assay_driver *driver;
    uint32_t backoff_ms;     /* before the first restart after an end; 0: 100 */
    uint32_t backoff_ms_max; /* 0: 30000 */
    uint32_t stable_ms;      /* up for this long: the next end counts as the first; 0: 10000 */
    const char *name;        /* of a target; NULL: the enclave itself */
    const char *driver_name; /* for the journal; NULL: "process" */
    struct assay_journal *journal; /* NULL: nobody reads */
    bool dry_run;                  /* for the journal: the driver does nothing */
    /* Targets receive less severe orders as RELEASE: NOTE (all), RESTRICT, SUSPEND, RESTART. */
    enum assay_order_kind severity;
    bool every_kind;           /* an order of another kind is news even when it allows the same */
    uint32_t restarts_max;     /* in a window, at most ASSAY_AGENT_RESTARTS_MAX; 0: no limit */
    uint32_t restarts_window_ms; /* 0: an hour */
};

enum assay_agent_event_kind {
    ASSAY_AGENT_STARTED, /* a process runs */
    ASSAY_AGENT_ENDED,   /* it ended without an order */
    ASSAY_AGENT_FAILED,  /* it cannot be started or restored; tried again after the back-off */
    ASSAY_AGENT_OUTCOME, /* an order was executed, refused, or cannot be executed yet */
    ASSAY_AGENT_REBUILT, /* the right build runs and the incarnation is over: make new keys */
};

struct assay_agent_event {
    enum assay_agent_event_kind kind;
    struct assay_driver_event process; /* of STARTED and ENDED */
    struct assay_order order;          /* of OUTCOME */
    enum assay_status status;          /* of OUTCOME: ASSAY_OK | ASSAY_E_STALE (void) | why not yet;
                                          of FAILED */
    uint32_t ended_incarnation;        /* of REBUILT; told again after every boot until an order
                                          names a higher one */
    char message[ASSAY_DRIVER_MESSAGE_LEN]; /* of FAILED and OUTCOME, may be "" */
};

/*
 * assay_agent_open - read the memory; the first step starts the enclave.
 * Returns: ASSAY_OK | ASSAY_E_STORE | ASSAY_E_VERSION and input errors (the memory is not one that
 *          was written) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_agent_open(const struct assay_agent_config *config,
                                                 struct assay_agent **out);
/*
 * assay_agent_order - take up an order of the engine.
 * Returns: ASSAY_OK (taken up, or nothing to do about it) | ASSAY_E_STORE (it could not be
 *          remembered: what it forbids is forbidden until an order is stored, nothing else is done)
 */
ASSAY_CHECKED enum assay_status assay_agent_order(struct assay_agent *agent,
                                                  const struct assay_order *order, uint64_t now_ms);
/*
 * assay_agent_hold - manual hold: no work, whatever the network orders, until release. An order
 * that arrived meanwhile takes effect afterwards. A target that ends while held is not started
 * again, and one that something else starts is suspended.
 * Out: whether it is held is the caller's to remember.
 */
void assay_agent_hold(struct assay_agent *agent, bool held, uint64_t now_ms);
/* Step the driver, act. Out: a failing store is retried, and order reports it. */
void assay_agent_step(struct assay_agent *agent, uint64_t now_ms);
/* Returns: the monotonic ms at which step must be called at the latest; UINT64_MAX: never. */
uint64_t assay_agent_wake_at(struct assay_agent *agent);
/* Returns: true and the next event. */
bool assay_agent_next(struct assay_agent *agent, struct assay_agent_event *event);

/* Returns: what is remembered. */
const struct assay_agent_memory *assay_agent_get_memory(const struct assay_agent *agent);
/* Returns: whether the driver has done what is requested of it. */
bool assay_agent_is_settled(const struct assay_agent *agent);
/* Returns: whether an order that could not be stored forbids work, and the driver has not yet done
 * what is requested of it. */
bool assay_agent_is_suspending(const struct assay_agent *agent);
/* Returns: how many processes were started since open. */
uint32_t assay_agent_starts(const struct assay_agent *agent);

/* The enclave is left to the driver's close. Accepts a pointer to NULL; nulls it.
 */
void assay_agent_close(struct assay_agent **agent);

#endif
