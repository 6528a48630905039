/*
 * net/verifier/verifier_supervisor.h - supervisor of a verifier process: starts it, submits jobs,
 * restarts it after a failure.
 *
 * What fells a verifier process is looked for where it can be: among the jobs in progress. Each of
 * them is tried once more, alone, in a fresh judge; what fells that one too is not appraised, and
 * is the only one that is not: nobody's quote suffers for its neighbour. A verifier process that
 * lies about what it was given (an answer that cannot be read, or to nothing that was asked) has
 * fallen as well, and so has one whose verdict against a member is not that of a fresh process
 * (net/verifier/confirm.h).
 *
 * A stall is time that a job takes: of the verifier process's own processor time, which neither a
 * busy nor a paused machine adds to, or, should it sleep, of the monotonic clock; where the
 * supervisor itself came late to its turn the machine was paused, and every deadline moves by that.
 * While no judge can be had, jobs are not appraised after the same time.
 *
 * Evidence that sleeps holds nobody up for this long: a job that takes longer than the patience
 * (which halves with every such job, down to a least) goes on in a process next to, one such job
 * after the other, with all the time of a stall; others pass it (docs/protocol.md 3.1.2). Only a
 * few of them wait there: what comes beyond is not appraised, so that they fill neither the
 * supervisor's hands nor the queue before it, however many members send such evidence.
 *
 * One thread calls; nothing blocks but the end of a process that is killed.
 */
#ifndef ASSAY_NET_VERIFIER_VERIFIER_SUPERVISOR_H
#define ASSAY_NET_VERIFIER_VERIFIER_SUPERVISOR_H

#include "net/sandbox/child.h"
#include "net/verifier/wire.h"

#include <poll.h>

enum {
    ASSAY_VERIFIER_SUPERVISOR_STALL_CPU_MS =
        1000, /* the dearest quote takes some ms, a hundred in valgrind */
    ASSAY_VERIFIER_SUPERVISOR_STALL_MS = 10000,
    ASSAY_VERIFIER_SUPERVISOR_PATIENCE_MS = 2000, /* after which a job no longer holds up others */
    ASSAY_VERIFIER_SUPERVISOR_PATIENCE_LEAST_MS = 250,
    ASSAY_VERIFIER_SUPERVISOR_PATIENCE_AGAIN_MS =
        60000, /* without a slow job: as patient as in the beginning */
    ASSAY_VERIFIER_SUPERVISOR_SLOW_MAX =
        8, /* slow jobs that wait for their turn; the next are not appraised */
    ASSAY_VERIFIER_SUPERVISOR_START_MS = 30000,
    ASSAY_VERIFIER_SUPERVISOR_BACKOFF_MS =
        250, /* at most, when a job fells one judge after the other */
    ASSAY_VERIFIER_SUPERVISOR_BACKOFF_START_MS = 5000, /* at most, when none can be started */
    ASSAY_VERIFIER_SUPERVISOR_SAMPLE = 8, /* one in so many of the verdicts that convict nobody */
    ASSAY_VERIFIER_SUPERVISOR_HANDS = 2 * ASSAY_VERIFIER_PROCESS_THREADS_MAX,
    ASSAY_VERIFIER_SUPERVISOR_WHY = 64 + ASSAY_CHILD_WORDS_MAX,
};

/* The documents and what was made of them here: jobs name the latter. */
struct assay_verifier_process_set {
    const struct assay_endorsements *endorsements;
    const struct assay_policy *policy;
    struct assay_verifier_process_documents documents;
};

/* Borrowed while the supervisor is made. */
struct assay_verifier_process_config {
    const char *program;  /* NULL: the one that runs */
    const char *argument; /* behind its role, for tests; NULL */
    const struct assay_verifier_process_set
        *sets; /* [set_count], 1..ASSAY_VERIFIER_PROCESS_SETS_MAX */
    size_t set_count;
    uint32_t stall_cpu_ms, stall_ms, patience_ms, slow_max, backoff_ms, sample; /* 0: as above */
};

/* What may be worth a line in a log. ready, else: a verdict was a lie, or it fell. */
struct assay_verifier_process_news {
    bool ready; /* else it fell */
    int64_t pid;
    uint32_t walls, landlock, took_ms; /* of a ready one */
    uint32_t in_hand;                  /* jobs of one that fell */
    bool stalled, started;             /* it had been ready */
    bool unjudged;                     /* it was alone with a job that had felled another one */
    bool lied;                         /* its verdict is not that of a fresh process */
    uint64_t number;                   /* of that job */
    uint8_t digest[32];                /* of its evidence; the pool's to fill in */
    char why[ASSAY_VERIFIER_SUPERVISOR_WHY];        /* in words */
};

/* Since the supervisor was made. */
struct assay_verifier_process_losses {
    uint64_t restarts; /* verifier processes that failed */
    uint64_t stalls;   /* of them, for a job without end */
    uint64_t retried;  /* jobs given to a fresh one */
    uint64_t unjudged; /* jobs that fell two, or found none */
    uint64_t lied;     /* verdicts that were not those of a fresh process */
};

struct assay_verifier_supervisor_world {
    void *context;
    /* The job of a number that was given, until it is answered. */
    void (*load)(void *context, uint64_t number, struct assay_verifier_process_job *job);
    /* NULL: it is not appraised. Once for each that was given. */
    void (*answer)(void *context, uint64_t number, const struct assay_verdict *verdict);
    /* It takes long, and is answered behind others that were given later. */
    void (*aside)(void *context, uint64_t number);
    void (*tell)(void *context, const struct assay_verifier_process_news *news);
};

struct assay_verifier_supervisor;

/* Returns: ASSAY_OK | ASSAY_E_RANGE (sets, threads) | ASSAY_E_MEMORY | ASSAY_E_IO; no judge runs
 * before the first turn */
ASSAY_CHECKED enum assay_status assay_verifier_supervisor_create(
    const struct assay_verifier_process_config *config, uint32_t threads,
    const struct assay_verifier_supervisor_world *world, struct assay_verifier_supervisor **out);
/* Kills the verifier process; jobs in progress are forgotten. Accepts a pointer to NULL; nulls it.
 */
void assay_verifier_supervisor_destroy(struct assay_verifier_supervisor **keeper);
/* A verifier process of that many threads takes over when the one that runs has nothing in hand.
 * Returns: ASSAY_OK | ASSAY_E_RANGE | ASSAY_E_MEMORY | ASSAY_E_IO */
ASSAY_CHECKED enum assay_status assay_verifier_supervisor_threads(
    struct assay_verifier_supervisor *keeper, uint32_t threads);
/* Returns: whether a job may be given now. */
bool assay_verifier_supervisor_has_room(const struct assay_verifier_supervisor *keeper,
                                        uint64_t now_ms);
/* Give the job of a number, which load describes; where there was no judge for too long, it is not
 * appraised. Returns: whether it was taken; else it is kept by the caller. */
bool assay_verifier_supervisor_submit(struct assay_verifier_supervisor *keeper, uint64_t now_ms,
                                      uint64_t number);
/* Answers in, deadlines, verifier processes that failed, jobs to be tried again. */
void assay_verifier_supervisor_run(struct assay_verifier_supervisor *keeper, uint64_t now_ms);
enum { ASSAY_VERIFIER_SUPERVISOR_FDS = 3 };
/* Out: what to poll for: the verifier process and the two processes that confirm, fd -1 while there
 * is none. */
void assay_verifier_supervisor_poll(const struct assay_verifier_supervisor *keeper,
                                    struct pollfd fds[ASSAY_VERIFIER_SUPERVISOR_FDS]);
/* Returns: the ms until the next turn at the latest; -1: none is needed. */
int assay_verifier_supervisor_wait_ms(struct assay_verifier_supervisor *keeper, uint64_t now_ms);
void assay_verifier_supervisor_get_losses(const struct assay_verifier_supervisor *keeper,
                                          struct assay_verifier_process_losses *losses);

#endif
