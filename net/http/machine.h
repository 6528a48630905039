/*
 * net/http/machine.h - machine metrics: memory, descriptors, disk. Read by the HTTP thread per
 * request, not by the node.
 */
#ifndef ASSAY_NET_HTTP_MACHINE_H
#define ASSAY_NET_HTTP_MACHINE_H

#include "net/http/answer.h"

/* state_dir: whose disk it is; NULL: none is looked at. What cannot be found out stays as it is. */
void assay_http_read_machine(const char *state_dir, struct assay_http_content *book);

#endif
