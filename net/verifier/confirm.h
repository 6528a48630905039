/*
 * net/verifier/confirm.h - confirmation of adverse verdicts by a second verifier process.
 *
 * Evidence that compromises a verifier process can make it return false verdicts on other evidence.
 * So a verdict that can convict a ballot when it is false (FAIL, a PASS of a lower level) counts
 * only when a process that has seen no other evidence returns the same one, byte for byte
 * (docs/protocol.md 3.1.1), and so does a sample of all others (3.1.3): a copy of a clean process
 * (net/verifier/fork.h), which is started ahead. When they differ a third process decides, and the
 * one that returned the first verdict is replaced.
 */
#ifndef ASSAY_NET_VERIFIER_CONFIRM_H
#define ASSAY_NET_VERIFIER_CONFIRM_H

#include "net/verifier/verifier_supervisor.h"

enum { ASSAY_CONFIRM_MAX = 256 };

struct assay_confirm_job {
    uint64_t number;
    pid_t pid;             /* of the process with the first verdict; 0: it has ended */
    uint32_t verdicts;     /* number of verdicts: 0 (set aside), 1 or 2 */
    uint32_t failures;     /* processes that it ended */
    uint8_t digest[2][32]; /* of the verdicts, as they were sent */
};

struct assay_confirm {
    /* Set by the owner: what to start, whose jobs they are, where failures are counted. */
    const struct assay_verifier_supervisor_world *world;
    const char *program, *argument;
    uint32_t stall_ms;
    struct assay_confirm *slow; /* jobs beyond the patience; NULL: this is that one */
    uint32_t patience_ms, slow_max;
    uint64_t contradicted; /* the job with a differing first verdict, when a run returns a pid */
    uint32_t asides; /* jobs set aside since the owner's last check */
    struct assay_verifier_process_losses *losses;

    struct assay_child child; /* pid 0: none */
    bool wanted;              /* ahead of jobs */
    bool ready, given;
    uint64_t start_ms; /* of the child; without one: earliest start */
    uint64_t given_ms;
    uint64_t without_since_ms; /* no process could be started since; UINT64_MAX: none failed */
    uint32_t failed_starts;    /* in a row */
    size_t count;
    struct assay_confirm_job jobs[ASSAY_CONFIRM_MAX]; /* in order of arrival */
    struct assay_verdict verdict;
    uint8_t packet[ASSAY_VERIFIER_PROCESS_JOB_LEN_MAX];
};

/* Returns: whether a verdict needs a second process to count. */
bool assay_confirm_is_needed(const struct assay_verdict *verdict);
/* Resets all except the first part. */
void assay_confirm_init(struct assay_confirm *c);
/* Ends its process. */
void assay_confirm_deinit(struct assay_confirm *c);
/* pid: of the process that sent the verdict; packet: the verdict as it was sent. There must be
 * room: count below ASSAY_CONFIRM_MAX. */
void assay_confirm_add(struct assay_confirm *c, uint64_t number, pid_t pid,
                       struct assay_slice packet);
/* c: of verdicts that are confirmed. Returns: whether one more job may wait among the slow ones. */
bool assay_confirm_has_slow_room(const struct assay_confirm *c);
/* Adds a slow job with its state; room as above. */
void assay_confirm_add_slow(struct assay_confirm *c, const struct assay_confirm_job *job);
/* brief: start configuration of a forking process; ahead: start it without a job too.
 * Returns: the pid of a process whose verdict differed from that of a fresh one; 0: none. */
pid_t assay_confirm_run(struct assay_confirm *c, uint64_t now_ms, int brief, bool ahead);
/* The machine was paused for this long. */
void assay_confirm_on_pause(struct assay_confirm *c, uint64_t gap_ms);
/* Returns: what to poll for; fd -1 while there is no process. */
struct pollfd assay_confirm_poll(const struct assay_confirm *c);
/* Returns: the ms until the next turn at the latest; -1: none is needed. */
int assay_confirm_wait_ms(const struct assay_confirm *c, uint64_t now_ms);

#endif
