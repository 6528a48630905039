/*
 * tests/bench/services/group_processes.h - a replica group of a benchmark: a ledger and n replicas,
 * each a process of its own, on loopback.
 *
 * A failure prints what it is, and ends the program. Processes end with it.
 */
#ifndef ASSAY_TESTS_BENCH_SERVICES_GROUP_PROCESSES_H
#define ASSAY_TESTS_BENCH_SERVICES_GROUP_PROCESSES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { GROUP_PROCESSES_GROUP = 1 };

/* Ends the program with status 1 unless good. */
void group_processes_require(bool good, const char *what);
/* A process that executes run(argument). Returns: its id */
pid_t group_processes_spawn(void (*run)(const void *argument), const void *argument);
/* Ends every process by SIGKILL. */
void group_processes_end(void);
/* A folder below TMPDIR, or /tmp; a ledger and that many replicas. Returns: the process of the last
 * one */
pid_t group_processes_start(uint32_t size);
/* Ends every process, and removes the folder with everything in it. */
void group_processes_stop(void);
/* Returns: a path below the folder in one of a few static buffers. */
const char *group_processes_path(const char *name);
/* Returns: the socket of enclaves; the file of a checkpoint. */
const char *group_processes_socket(void);
const char *group_processes_checkpoint(void);

#endif
