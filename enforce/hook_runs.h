/*
 * enforce/hook_runs.h - runs of hooks that have not ended, by the name of their target.
 *
 * A run outlives its hook: a reload closes hooks and opens others, and a killed process may sleep
 * on in the kernel (a dead file server). The list has each run from its start until every process
 * of its group has ended, so that no other run of that target begins before, and reaps it.
 */
#ifndef ASSAY_ENFORCE_HOOK_RUNS_H
#define ASSAY_ENFORCE_HOOK_RUNS_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { ASSAY_HOOK_NAME_MAX = 64 };

struct assay_hook_run {
    struct assay_hook_run *next;
    char name[ASSAY_HOOK_NAME_MAX + 1]; /* of the target */
    pid_t pid;                          /* leads the group; 0: not started */
    bool left;                          /* its hook does not wait for it any more */
    bool reaped;                        /* the leader is; others of its group may not have ended */
};

struct assay_hook_runs;

/* Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_hook_runs_open(struct assay_hook_runs **out);
/* name: copied, at most ASSAY_HOOK_NAME_MAX. Out: run: the caller's to start, and to wait for until
 * it leaves it. Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_hook_runs_add(struct assay_hook_runs *runs, const char *name,
                                                    struct assay_hook_run **run);
/* The hook was killed, or has ended: whatever is left of its group is the list's. Nulls run. */
void assay_hook_runs_leave(struct assay_hook_runs *runs, struct assay_hook_run **run);
/* Returns: the process of a run of that target that was left and has not ended; 0: none */
pid_t assay_hook_runs_find(struct assay_hook_runs *runs, const char *name);
/* Reaps what has ended; never waits. Called at each step: it looks once a second. */
void assay_hook_runs_reap(struct assay_hook_runs *runs, uint64_t now_ms);
/* After every hook. Accepts a pointer to NULL; nulls it. Out: processes stay as they are. */
void assay_hook_runs_close(struct assay_hook_runs **runs);

#endif
