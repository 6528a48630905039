/*
 * net/verifier/verifier_supervisor.h - supervisor of a verifier process: starts it, submits jobs,
 * restarts it after a failure.
 *
 * After a failure each job in progress is retried alone in a fresh process; a job that fails this
 * one too is not appraised, and it is the only one: no other member's quote is affected. A process
 * with invalid output (an unreadable answer, or one to no job) counts as failed, and so does one
 * whose verdict against a member differs from that of a fresh process (net/verifier/confirm.h).
 *
 * A stall is measured in the process's own CPU time, which neither a busy nor a paused machine adds
 * to, or, if it sleeps, on the monotonic clock; when the supervisor itself is late the machine was
 * paused, and every deadline moves by that time. While no process can be started, jobs are left
 * unappraised after the same time.
 *
 * Slow evidence does not delay others: a job beyond the patience (which halves with every such job,
 * down to a minimum) continues in a second process, one such job after the other, with the full
 * stall time; other jobs overtake it (docs/protocol.md 3.1.2). Only a few wait there; any beyond
 * are not appraised, so that they fill neither the supervisor nor its queue, however many members
 * send such evidence.
 *
 * Single-threaded; nothing blocks except the end of a killed process.
 */
#ifndef ASSAY_NET_VERIFIER_VERIFIER_SUPERVISOR_H
#define ASSAY_NET_VERIFIER_VERIFIER_SUPERVISOR_H

#include "net/sandbox/child.h"
#include "net/verifier/wire.h"

#include <poll.h>

enum {
    ASSAY_VERIFIER_SUPERVISOR_STALL_CPU_MS =
        1000, /* the most expensive quote takes some ms, a hundred in valgrind */
    ASSAY_VERIFIER_SUPERVISOR_STALL_MS = 10000,
    ASSAY_VERIFIER_SUPERVISOR_PATIENCE_MS = 2000, /* after which a job no longer delays others */
    ASSAY_VERIFIER_SUPERVISOR_PATIENCE_LEAST_MS = 250,
    ASSAY_VERIFIER_SUPERVISOR_PATIENCE_AGAIN_MS = 60000, /* without a slow job: patience is reset */
    ASSAY_VERIFIER_SUPERVISOR_SLOW_MAX =
        8, /* slow jobs that may wait; further ones are not appraised */
    ASSAY_VERIFIER_SUPERVISOR_START_MS = 30000,
    ASSAY_VERIFIER_SUPERVISOR_BACKOFF_MS =
        250, /* at most, when a job fells one judge after the other */
    ASSAY_VERIFIER_SUPERVISOR_BACKOFF_START_MS = 5000, /* at most, when none can be started */
    ASSAY_VERIFIER_SUPERVISOR_SAMPLE = 8, /* one in this number of the verdicts that convict no
                                           * member */
    ASSAY_VERIFIER_SUPERVISOR_HANDS = 2 * ASSAY_VERIFIER_PROCESS_THREADS_MAX,
    ASSAY_VERIFIER_SUPERVISOR_WHY = 64 + ASSAY_CHILD_OUTPUT_MAX,
};

/* Borrowed during creation. */
struct assay_verifier_process_config {
    const char *program;  /* NULL: the one that runs */
    const char *argument; /* after its role, for tests; NULL */
    const struct assay_verifier_process_set
        *sets; /* [set_count], 1..ASSAY_VERIFIER_PROCESS_SETS_MAX */
    size_t set_count;
    uint32_t stall_cpu_ms, stall_ms, patience_ms, slow_max, backoff_ms, sample; /* 0: as above */
};

/* An event for the log: ready, or failed, or a false verdict. */
struct assay_verifier_process_news {
    bool ready; /* else it failed */
    int64_t pid;
    uint32_t walls, landlock, took_ms; /* of a ready one */
    uint32_t in_hand;                  /* jobs in progress of a failed process */
    bool stalled, started;             /* it had been ready */
    bool unjudged;                     /* it failed on a job that had failed another process */
    bool contradicted;                 /* its verdict differs from that of a fresh process */
    uint64_t number;                   /* of that job */
    uint8_t digest[32];                /* of its evidence; filled in by the pool */
    char why[ASSAY_VERIFIER_SUPERVISOR_WHY];        /* in words */
};

/* Since creation. */
struct assay_verifier_process_losses {
    uint64_t restarts; /* verifier processes that failed */
    uint64_t stalls;   /* of these, stalled jobs */
    uint64_t retried;  /* jobs retried in a fresh process */
    uint64_t unjudged; /* jobs that failed two processes, or had none */
    uint64_t contradicted; /* verdicts that differed from those of a fresh process */
};

struct assay_verifier_supervisor_world {
    void *context;
    /* Returns the job of a submitted number, until it is answered. */
    void (*load)(void *context, uint64_t number, struct assay_verifier_process_job *job);
    /* Returns: whether nothing asks for the verdict of a submitted job any longer. */
    bool (*is_expired)(void *context, uint64_t number);
    /* verdict NULL: not appraised. Once for each submitted job. */
    void (*answer)(void *context, uint64_t number, const struct assay_verdict *verdict);
    /* The job is slow, and is answered after later ones. */
    void (*aside)(void *context, uint64_t number);
    void (*notify)(void *context, const struct assay_verifier_process_news *news);
};

struct assay_verifier_supervisor;

/* Returns: ASSAY_OK | ASSAY_E_RANGE (sets, threads) | ASSAY_E_MEMORY | ASSAY_E_IO; no judge runs
 * before the first turn */
ASSAY_CHECKED enum assay_status assay_verifier_supervisor_create(
    const struct assay_verifier_process_config *config, uint32_t threads,
    const struct assay_verifier_supervisor_world *world, struct assay_verifier_supervisor **out);
/* Kills the process; jobs in progress are dropped. Accepts a pointer to NULL; nulls it. */
void assay_verifier_supervisor_destroy(struct assay_verifier_supervisor **supervisor);
/* A process with that many threads replaces the current one once that is idle.
 * Returns: ASSAY_OK | ASSAY_E_RANGE | ASSAY_E_MEMORY | ASSAY_E_IO */
ASSAY_CHECKED enum assay_status assay_verifier_supervisor_threads(
    struct assay_verifier_supervisor *supervisor, uint32_t threads);
/* Returns: whether a job may be submitted now. */
bool assay_verifier_supervisor_has_room(const struct assay_verifier_supervisor *supervisor,
                                        uint64_t now_ms);
/* Submits the job of a number, described by load; without a process for too long, it is not
 * appraised. Returns: whether it was accepted; else the caller keeps it. */
bool assay_verifier_supervisor_submit(struct assay_verifier_supervisor *supervisor, uint64_t now_ms,
                                      uint64_t number);
/* Handles answers, deadlines, failed processes and retries. */
void assay_verifier_supervisor_run(struct assay_verifier_supervisor *supervisor, uint64_t now_ms);
enum { ASSAY_VERIFIER_SUPERVISOR_FDS = 3 };
/* Out: what to poll for: the verifier process and the two processes that confirm, fd -1 while there
 * is none. */
void assay_verifier_supervisor_poll(const struct assay_verifier_supervisor *supervisor,
                                    struct pollfd fds[ASSAY_VERIFIER_SUPERVISOR_FDS]);
/* Returns: the ms until the next turn at the latest; -1: none is needed. */
int assay_verifier_supervisor_wait_ms(struct assay_verifier_supervisor *supervisor,
                                      uint64_t now_ms);
void assay_verifier_supervisor_get_losses(const struct assay_verifier_supervisor *supervisor,
                                          struct assay_verifier_process_losses *losses);

#endif
