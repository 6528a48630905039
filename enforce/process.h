/*
 * enforce/process.h - driver that runs the enclave as a local process.
 *
 * The process leads a group of its own and is known by its pidfd, so that no signal meets another
 * process. stop: SIGTERM to the group, SIGKILL after a grace time. Who makes the process is a
 * "source"; for SOFT it is the platform.
 *
 * Executables: `path` is what start runs, whatever stands there. restore copies `restore_path` over
 * it, completely or not at all. So a host that swaps its enclave gets what it asked for until the
 * network orders a RESTART, and the order puts the right build back.
 */
#ifndef ASSAY_ENFORCE_PROCESS_H
#define ASSAY_ENFORCE_PROCESS_H

#include "enforce/driver.h"

struct assay_process_child {
    int64_t pid; /* leader of its process group */
    int pidfd;   /* the driver's from then on */
};

/* Where the process comes from. Every pointer is set. */
struct assay_process_source {
    void *context;
    /* Returns: ASSAY_OK and *child | why not, with a message */
    enum assay_status (*start)(void *context, const char *path, uint64_t now_ms,
                               struct assay_process_child *child,
                               char message[static ASSAY_DRIVER_MESSAGE_LEN]);
    /* The process was waited for. Returns: why it could not be executed (errno), 0 when it ran. */
    int (*ended)(void *context);
    /* Returns: true when the enclave said that it works. */
    bool (*ready)(void *context);
    /* Returns: time of its last message (monotonic ms); UINT64_MAX: there is no probe. */
    uint64_t (*received_ms)(void *context);
    /* Returns: as set_work of the driver. */
    enum assay_status (*set_work)(void *context, enum assay_work work);
};

/* Zero means the default. Strings are copied, the source's context is borrowed. */
struct assay_process_config {
    const char *path;
    const char *restore_path; /* NULL or "": restore leaves path as it is */
    struct assay_process_source source;
    uint32_t grace_ms;      /* from SIGTERM to SIGKILL; 0: 2000 */
    uint32_t ready_ms_max;  /* from start to ready; 0: 10000 */
    uint32_t silent_ms_max; /* no message for this long: it hangs; 0: 10000 */
};

/* Returns: ASSAY_OK | ASSAY_E_RANGE (no path, or one too long) | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_process_open(const struct assay_process_config *config,
                                                   struct assay_driver **out);
/* A running process is killed (its whole group) and waited for. Accepts a pointer to NULL; nulls
 * it. */
void assay_process_close(struct assay_driver **driver);
/* Returns: the process that runs; 0: none. */
int64_t assay_process_pid(const struct assay_driver *driver);

#endif
