/*
 * apps/assay/members/node.h - join request of a node: its card and a quote of its platform in one
 * file, written by `assay node request` and read by `assay change add-node`.
 */
#ifndef ASSAY_APPS_ASSAY_MEMBERS_NODE_H
#define ASSAY_APPS_ASSAY_MEMBERS_NODE_H

#include <limits.h>

/* Card and sample as files of their own in a folder of their own, for the commands that read such.
 */
struct assay_node_request {
    char folder[PATH_MAX], card[PATH_MAX], sample[PATH_MAX];
};

/* Parses a request. Reports errors, prefixed with `who`. Out: *request; close removes what was
 * written, in any case. Returns: an enum assay_exit. */
int cli_node_request_open(const char *command, const char *path,
                          struct assay_node_request *request);
/* */
void cli_node_request_close(struct assay_node_request *request);

#endif
