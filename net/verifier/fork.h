/*
 * net/verifier/fork.h - verifier that appraises each piece of evidence in a forked copy of itself.
 *
 * A verdict that can convict is confirmed by a process that has appraised no other evidence
 * (docs/protocol.md 3.1.1). Starting a program costs tens of milliseconds, a copy of one that has
 * started less than one. The process that copies itself never reads a job: the copy does, behind
 * the filter of a reader, without the socket to the core. What it answers is passed on unread, once
 * it has ended, and only if that was all that it said.
 */
#ifndef ASSAY_NET_VERIFIER_FORK_H
#define ASSAY_NET_VERIFIER_FORK_H

#include "base/cursor.h"
#include "base/writer.h"

/* Reads a job and writes its answer. It may end the process. */
typedef void assay_verifier_process_appraise(void *context, struct assay_slice job,
                                             struct assay_writer *answer);

/* Opens what copies answer through; before descriptors are limited. Returns: whether it could. */
bool assay_verifier_process_fork_open(void);
/*
 * assay_verifier_process_fork_serve - answers jobs from ASSAY_CHILD_SOCKET_FD until the core closes
 * it.
 * In:      cpu_s: CPU time that a copy may use, in seconds, at least 1; memory[len]: for one job
 * Returns: never; a copy that ends without its answer ends this process, too
 */
__attribute__((noreturn)) void assay_verifier_process_fork_serve(
    uint32_t cpu_s, uint8_t *memory, size_t len, assay_verifier_process_appraise *appraise,
    void *context);

#endif
