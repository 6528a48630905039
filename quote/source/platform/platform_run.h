/*
 * quote/source/platform/platform_run.h - process of the SOFT platform: load, measure, run, and its
 * end of the channel. Separate from platform.c because it is all system calls.
 */
#ifndef ASSAY_QUOTE_SOURCE_PLATFORM_PLATFORM_RUN_H
#define ASSAY_QUOTE_SOURCE_PLATFORM_PLATFORM_RUN_H

#include "quote/source/platform/platform.h"

/* Descriptors are -1 where there is none. */
struct assay_platform_run {
    int64_t pid;
    int pidfd;   /* our own, to see whether the process lives */
    int channel; /* our end of the socket pair */
    int error;   /* pipe that reports a failed execve */
};

/* *run is no process. */
void assay_platform_run_none(struct assay_platform_run *run);
/*
 * Copy the file into sealed memory. Out: *fd, the caller's.
 * Returns: as assay_platform_start
 */
ASSAY_CHECKED enum assay_status assay_platform_seal(
    const char *path, int *fd, char message[static ASSAY_PLATFORM_MESSAGE_LEN]);
/* SHA-256 over the bytes of a sealed descriptor. Returns: ASSAY_OK | ASSAY_E_IO */
ASSAY_CHECKED enum assay_status assay_platform_measure(int fd, uint8_t measurement[static 32]);
/* Seal, measure, run. Returns: as assay_platform_start; on failure nothing is left over. */
ASSAY_CHECKED enum assay_status assay_platform_run_start(
    const char *path, char *const *argv, struct assay_platform_run *run,
    uint8_t measurement[static 32], struct assay_platform_child *child,
    char message[static ASSAY_PLATFORM_MESSAGE_LEN]);
/* Returns: true while the process has not ended. */
bool assay_platform_run_alive(const struct assay_platform_run *run);
/*
 * One packet that the process itself sent.
 * Returns: ASSAY_OK | ASSAY_E_AGAIN (none) | ASSAY_E_IO (the other end is closed) |
 *          ASSAY_E_STRANGER (sent by another process) | ASSAY_E_INVALID (too long, or with
 *          descriptors)
 */
ASSAY_CHECKED enum assay_status assay_platform_run_receive(const struct assay_platform_run *run,
                                                           uint8_t *bytes, size_t capacity,
                                                           size_t *len);
/* Returns: the errno of a failed execve, 0 when there was none. */
int assay_platform_run_error(const struct assay_platform_run *run);
/* Every descriptor is closed. */
void assay_platform_run_close(struct assay_platform_run *run);

#endif
