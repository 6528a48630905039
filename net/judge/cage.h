/*
 * net/judge/cage.h - walls around this process, put up by itself before it reads what others wrote.
 *
 * Three of them, each for what the others leave open:
 *
 *   limits    rlimits: no core file, no byte into any file, no descriptor and no process more, so
 *             much memory. Not dumpable (its memory is nobody's), no new privileges
 *   files     Landlock, where the kernel has it: no file at all, no port, no abstract socket and no
 *             signal to anybody outside
 *   calls     seccomp: a list of system calls, all others end the process. What a library asks of
 *             files without harm (is there a configuration?) fails with EACCES instead. Memory is
 *             never made executable. A BPF table of our own: forty numbers need no library
 *
 * What is left is to compute, and to speak over the sockets that are open.
 */
#ifndef ASSAY_NET_JUDGE_CAGE_H
#define ASSAY_NET_JUDGE_CAGE_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* Bits: which of them stand. */
enum {
    ASSAY_WALL_LIMITS = 1,
    ASSAY_WALL_MEMORY = 2, /* not in a build with sanitizers, which map terabytes */
    ASSAY_WALL_FILES = 4,
    ASSAY_WALL_CALLS = 8,
};

/* Before the wall of files, which hides it. Returns: bytes of addresses in use; 0: not known. */
uint64_t assay_cage_mapped(void);
/* memory: bytes of addresses in all; 0: no limit. Returns: WALL bits. */
uint32_t assay_cage_limits(uint64_t memory);
/* Of the calling thread and those that it starts. Out: *version of the kernel's Landlock, 0: none.
 * Returns: the WALL bit, or 0. */
uint32_t assay_cage_files(uint32_t *version);
/* Of every thread of the process; no other can be started afterwards.
 * Returns: ASSAY_OK | ASSAY_E_UNSUPPORTED (the kernel filters no calls) */
ASSAY_CHECKED enum assay_status assay_cage_calls(void);

#endif
