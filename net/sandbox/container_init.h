/*
 * net/sandbox/container_init.h - init process (PID 1) of a container.
 *
 * Whatever loses its parent in a PID namespace becomes a child of process 1, and stays as a zombie
 * until that waits for it: processes of hooks and enclaves, copies of a judge that was killed. A
 * daemon that is started as process 1 splits off, before it has read anything: the one that stays
 * reaps children, forwards signals, and exits with the status of the other one.
 */
#ifndef ASSAY_NET_SANDBOX_CONTAINER_INIT_H
#define ASSAY_NET_SANDBOX_CONTAINER_INIT_H

#include "base/status.h"

/* Process 1 splits off; any other does nothing. Before threads and children.
 * Returns: ASSAY_OK in the process that is to be the daemon; never in process 1 | ASSAY_E_IO */
ASSAY_CHECKED enum assay_status assay_sandbox_init_split(void);
/* The same, whichever process calls. */
ASSAY_CHECKED enum assay_status assay_sandbox_init_split_always(void);

#endif
