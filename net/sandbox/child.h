/*
 * net/sandbox/child.h - child process of this program in another role: start, messages, end.
 *
 * Nothing of the parent goes along but what is named: three descriptors, an empty environment (but
 * for where libraries are found), no blocked signal, a process group of its own (a terminal's ^C is
 * the daemon's to obey). It is made by posix_spawn, never by fork alone: not one byte of memory
 * that held a key is in it.
 */
#ifndef ASSAY_NET_SANDBOX_CHILD_H
#define ASSAY_NET_SANDBOX_CHILD_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Where the child finds what is left open. */
enum { ASSAY_CHILD_WORDS_FD = 2, ASSAY_CHILD_SOCKET_FD = 3, ASSAY_CHILD_BRIEF_FD = 4 };

enum { ASSAY_CHILD_WORDS_MAX = 200 };

struct assay_child {
    pid_t pid;  /* 0: none */
    int socket; /* SOCK_SEQPACKET, does not block */
    int words;  /* its standard error */
};

/* How it ended. */
struct assay_child_end {
    bool by_signal;
    int number; /* of the signal, or its status */
    char words[ASSAY_CHILD_WORDS_MAX]; /* start of its standard error, in one line; untrusted */
};

/*
 * assay_child_start - run the program in a role.
 * In:      program: NULL is the one that runs; brief: a descriptor to hand over
 * Out:     *child on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_IO
 */
ASSAY_CHECKED enum assay_status assay_child_start(const char *program, const char *role,
                                                  const char *argument, int brief,
                                                  struct assay_child *child);
/* Kills it, unless it has ended, and waits for that. Out: *end. */
void assay_child_end(struct assay_child *child, struct assay_child_end *end);
/* Why it ended, in words: cause, or NULL, it ended by itself. Out: why[len]. */
void assay_child_explain(const struct assay_child_end *end, const char *cause, char *why,
                         size_t len);
/* Returns: the CPU time that it has used, in ms; 0: not to be had. */
uint64_t assay_child_cpu_ms(const struct assay_child *child);

#endif
