/*
 * apps/assay/setup/setup_process.h - processes of a local network: which run, start, end.
 */
#ifndef ASSAY_APPS_ASSAY_SETUP_SETUP_PROCESS_H
#define ASSAY_APPS_ASSAY_SETUP_SETUP_PROCESS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { ASSAY_LOCAL_NODES = 20, ASSAY_LOCAL_PROGRAMS = 5 * ASSAY_LOCAL_NODES };

/* assayd, or a service program next to it: `PROGRAM --config FILE`. */
struct assay_local_process {
    const char *program;                                   /* its name */
    unsigned long node;                                    /* from 1 */
    char config[PATH_MAX], log[PATH_MAX], admin[PATH_MAX]; /* absolute; admin: "" but of assayd */
    pid_t pid;                                             /* 0: it does not run */
    bool is_child; /* started by this process, which waits for it */
    bool answers;  /* assayd: at its admin socket */
    bool ended;
};

/* Whether a path is a folder, and no link, of the user that this process runs as. */
bool cli_process_owns(const char *folder);
/* Sets pid of each, by the admin socket of assayd, else by the command lines of all processes; of
 * processes of this user alone. */
void cli_process_look(struct assay_local_process *processes, size_t count);
/* Starts one in a session of its own, both outputs appended to its log. Returns: whether it runs;
 * false after an error message. */
bool cli_process_start(struct assay_local_process *process);
/* Whether a child has ended; never waits. */
bool cli_process_is_reaped(struct assay_local_process *process);
/* Sends SIGTERM to all that run, and waits until they have ended. After wait_ms children are
 * killed; others go on. One that cannot be signalled goes on, after an error message. In: on_end:
 * called for each that ends; may be NULL. Returns: how many go on. */
size_t cli_process_end(struct assay_local_process *processes, size_t count, unsigned wait_ms,
                       void (*on_end)(const struct assay_local_process *));

#endif
