/*
 * enforce/target.h - driver over an externally managed target: a unit, a container, a hook.
 *
 * target.c is the one driver of all of them: it asks for one act at a time, gives up on those that
 * do not come back, tries again with back-off, looks now and then whether things are as ordered,
 * and orders them again when they are not. What an act is, each kind says in a table of its own
 * (struct assay_target_ops): hook.c, cgroup.c, container.c, systemd.c, webhook.c.
 *
 * What may do no work is never started: RESTART stops a target, and it is started when the network
 * lets it work again. So a crash of ours between order and act cannot start or restart it twice:
 * done again as a whole, it is a stop of what is stopped (docs/protocol.md 10.4, 10.7).
 */
#ifndef ASSAY_ENFORCE_TARGET_H
#define ASSAY_ENFORCE_TARGET_H

#include "enforce/driver.h"

enum assay_target_verb {
    ASSAY_TARGET_INSPECT,
    ASSAY_TARGET_START,    /* make it run; one that runs is left alone */
    ASSAY_TARGET_STOP,     /* one that does not run is left alone */
    ASSAY_TARGET_RUN,      /* let all of its work go on */
    ASSAY_TARGET_RESTRICT, /* nothing critical; asked of those alone that can tell */
    ASSAY_TARGET_SUSPEND,  /* freeze it */
};

enum assay_target_state {
    ASSAY_TARGET_UNKNOWN,
    ASSAY_TARGET_DOWN,
    ASSAY_TARGET_RUNS,
    ASSAY_TARGET_FROZEN,
};

/* One act, and why. Borrowed until it ends. */
struct assay_target_act {
    enum assay_target_verb verb;
    const struct assay_order *order; /* the newest; NULL: none yet */
    bool held;                       /* suspended manually */
};

struct assay_target;

struct assay_target_ops {
    const char *name; /* "systemd" */
    bool can_look;    /* else a state is what was requested last */
    bool can_restrict;
    /* Begin an act; none is under way. Never waits. Returns: ASSAY_OK (step tells) | why not, with
     * a message */
    enum assay_status (*begin)(struct assay_target *target, const struct assay_target_act *act,
                               uint64_t now_ms, char message[static ASSAY_DRIVER_MESSAGE_LEN]);
    /* Go on. Never waits. Returns: ASSAY_E_AGAIN (under way) | ASSAY_OK; *state of LOOK | why not,
     * with a message */
    enum assay_status (*step)(struct assay_target *target, uint64_t now_ms,
                              enum assay_target_state *state,
                              char message[static ASSAY_DRIVER_MESSAGE_LEN]);
    /* Give up what is under way: it took too long. Out: begin may be called. */
    void (*abandon)(struct assay_target *target);
    /* Out: what is driven stays as it is. */
    void (*close)(struct assay_target *target);
    bool notified; /* it drives nothing: each order and hold is reported to it, stopped or not */
};

/* The first member of every kind. */
struct assay_target {
    const struct assay_target_ops *ops;
};

/* Zero means the default. */
struct assay_target_config {
    struct assay_target *target; /* taken over, also on failure */
    bool dry_run;                /* nothing is asked of it; everything is said to be done */
    bool suspend_stops;          /* stop it where others are frozen */
    bool restrict_suspends;      /* RESTRICTED is SUSPENDED for it; else FULL, unless it can tell */
    uint32_t action_ms;          /* one act may take so long; 0: 10000 */
    uint32_t poll_ms;            /* from one look to the next; 0: 2000 */
    uint32_t backoff_ms;         /* before an act that failed is tried again, doubling; 0: 200 */
    uint32_t backoff_ms_max;     /* 0: 30000 */
};

/* Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_target_open(const struct assay_target_config *config,
                                                  struct assay_driver **out);
/* What is driven stays as it is. Accepts a pointer to NULL; nulls it. */
void assay_target_close(struct assay_driver **driver);
/* Returns: what was seen or done last. */
enum assay_target_state assay_target_state_of(const struct assay_driver *driver);
/* Returns: static text: "look", "start", ... */
const char *assay_target_verb_name(enum assay_target_verb verb);
/* Returns: static text: "unknown", "down", "runs", "frozen". */
const char *assay_target_state_name(enum assay_target_state state);

#endif
