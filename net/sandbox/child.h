/*
 * net/sandbox/child.h - child process of the daemon in a role of its own: start, messages, end.
 *
 * Nothing of the parent goes along but what is named: three descriptors, and one of the program
 * that it executes; an empty environment (but for where libraries are found), no blocked signal, a
 * process group of its own (a terminal's ^C is the daemon's to obey). It is made by posix_spawn,
 * never by fork alone: not one byte of memory that held a key is in it.
 */
#ifndef ASSAY_NET_SANDBOX_CHILD_H
#define ASSAY_NET_SANDBOX_CHILD_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Where the child finds what is left open. */
enum {
    ASSAY_CHILD_OUTPUT_FD = 2,
    ASSAY_CHILD_SOCKET_FD = 3,
    ASSAY_CHILD_BRIEF_FD = 4,
    ASSAY_CHILD_PROGRAM_FD = 5, /* its own program, which it closes (assay_child_begin) */
};

enum { ASSAY_CHILD_OUTPUT_MAX = 200 };

struct assay_child {
    pid_t pid;  /* 0: none */
    int socket; /* SOCK_SEQPACKET, does not block */
    int words;  /* its standard error */
};

/* How it ended. */
struct assay_child_end {
    bool is_pending; /* it was killed and has not ended: how it will is unknown */
    bool by_signal;
    int number; /* of the signal, or its status */
    char words[ASSAY_CHILD_OUTPUT_MAX]; /* start of its standard error, in one line; untrusted */
};

/*
 * assay_child_start - run a program in a role.
 * In:      program: its path, which may be /proc/self/fd/N; NULL: the one that runs. role: argument
 *          0; argument: argument 1, or NULL; brief: a descriptor to hand over
 * Out:     *child on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_IO (also: too many that were killed have not ended)
 */
ASSAY_CHECKED enum assay_status assay_child_start(const char *program, const char *role,
                                                  const char *argument, int brief,
                                                  struct assay_child *child);
/* First call of the child: it ends with its parent, has the name of its role (15 bytes at most) in
 * ps and top, and closes ASSAY_CHILD_PROGRAM_FD. */
void assay_child_begin(const char *role);
/* Kills it, unless it has ended, and waits for that below 100 ms: one that the kernel lets sleep on
 * is reaped when another child starts or ends. Out: *end. */
void assay_child_end(struct assay_child *child, struct assay_child_end *end);
/* Why it ended, in words: cause, or NULL, it ended by itself. Out: why[len]. */
void assay_child_explain(const struct assay_child_end *end, const char *cause, char *why,
                         size_t len);
/* Returns: the CPU time that it has used, in ms; 0: not to be had. */
uint64_t assay_child_cpu_ms(const struct assay_child *child);

#endif
