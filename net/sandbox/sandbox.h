/*
 * net/sandbox/sandbox.h - sandbox of this process, entered before it reads untrusted input.
 *
 * Three of them, each for what the others leave open:
 *
 *   limits    rlimits: no core file, no byte into any file, so much memory. Not dumpable (its
 *             memory is nobody's), no capability, no new privileges
 *   files     Landlock, where the kernel has it: no file at all, no abstract socket and no signal
 *             to anybody outside
 *   calls     seccomp: a list of system calls, all others end the process. What a library asks of
 *             files without harm (is there a configuration?) fails with EACCES instead. Memory is
 *             never made executable. A BPF table of our own: forty numbers need no library
 *
 * It may still compute, and use the sockets that are open: no further descriptor, no port. A
 * process of the network may also accept and open TCP connections; its listener was opened before.
 */
#ifndef ASSAY_NET_SANDBOX_SANDBOX_H
#define ASSAY_NET_SANDBOX_SANDBOX_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bits: active layers. */
enum {
    ASSAY_SANDBOX_LAYER_LIMITS = 1,
    ASSAY_SANDBOX_LAYER_MEMORY = 2, /* not in a build with sanitizers, which map terabytes */
    ASSAY_SANDBOX_LAYER_FILES = 4,
    ASSAY_SANDBOX_LAYER_CALLS = 8,
};

/* A forker reads nothing that others wrote, and makes copies of itself that do, each of which
 * becomes a reader first. */
enum assay_sandbox { ASSAY_SANDBOX_READER, ASSAY_SANDBOX_SPEAKER, ASSAY_SANDBOX_FORKER };

/* When the machine runs out of memory, this process is killed before the daemon that can replace
 * it; call before the file layer. */
void assay_sandbox_prefer_oom_kill(void);
/* Before the wall of files, which hides it. Returns: bytes of addresses in use; 0: unknown. */
uint64_t assay_sandbox_get_mapped(void);
/* memory: bytes of addresses in all; 0: no limit. Returns: WALL bits. */
uint32_t assay_sandbox_apply_limits(enum assay_sandbox sandbox, uint64_t memory);
/* Of the calling thread and those that it starts. Out: *version of the kernel's Landlock, 0: none.
 * Returns: the WALL bit, or 0. */
uint32_t assay_sandbox_close_files(enum assay_sandbox sandbox, uint32_t *version);
/* Of the calling thread and those that it starts: no file is written, made, removed or executed
 * but beneath these folders, in which nothing is executed either. Reading is not touched.
 * Returns: false: a folder cannot be opened, or the kernel refuses what it says that it has; true
 * as well where the kernel has no Landlock */
bool assay_sandbox_restrict_writes(const char *const *folders, size_t count);
/* Of every thread of the process; no other can be started afterwards.
 * Returns: ASSAY_OK | ASSAY_E_UNSUPPORTED (the kernel filters no calls) */
ASSAY_CHECKED enum assay_status assay_sandbox_filter_calls(enum assay_sandbox sandbox);

#endif
