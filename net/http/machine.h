/*
 * net/http/machine.h - what metrics tell of the machine: memory, descriptors, the disk. Looked at
 * by the thread of HTTP when somebody asks, not by the node.
 */
#ifndef ASSAY_NET_HTTP_MACHINE_H
#define ASSAY_NET_HTTP_MACHINE_H

#include "net/http/answer.h"

/* state_dir: whose disk it is; NULL: none is looked at. What cannot be found out stays as it is.
 * Returns: nothing. */
void assay_http_read_machine(const char *state_dir, struct assay_http_content *book);

#endif
