/*
 * apps/assay/members/node.h - the request of a node to join: its card and a quote of its platform
 * in one file, which `assay node request` writes and `assay change add-node` reads.
 */
#ifndef ASSAY_APPS_ASSAY_MEMBERS_NODE_H
#define ASSAY_APPS_ASSAY_MEMBERS_NODE_H

#include <limits.h>

/* Card and sample as files of their own in a folder of their own, for the commands that read such.
 */
struct assay_node_request {
    char folder[PATH_MAX], card[PATH_MAX], sample[PATH_MAX];
};

/* Takes a request apart. Says what is wrong, after `who`. Out: *request; close removes what was
 * written, in any case. Returns: an enum assay_exit. */
int assay_node_request_open(const char *who, const char *path, struct assay_node_request *request);
/* Returns: nothing. */
void assay_node_request_close(struct assay_node_request *request);

#endif
