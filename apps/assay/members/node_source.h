/*
 * apps/assay/members/node_source.h - source of evidence of a node, opened as its daemon opens it.
 */
#ifndef ASSAY_APPS_ASSAY_MEMBERS_NODE_SOURCE_H
#define ASSAY_APPS_ASSAY_MEMBERS_NODE_SOURCE_H

#include "apps/config.h"
#include "quote/source/source.h"

/*
 * cli_node_source_sample - any quote of this node's platform, over report data of zeros.
 * In:      quote NULL: the source is opened and closed, nothing is quoted
 * Out:     quote[*len] of ASSAY_EVIDENCE_LEN_MAX bytes; message: may have the reason of a failure
 * Returns: ASSAY_OK | as assay_source_open, assay_source_quote, assay_soft_node_load | as reading
 * enclave.path
 */
ASSAY_CHECKED enum assay_status cli_node_source_sample(
    const struct assay_config *config, uint8_t *quote, size_t *len,
    char message[static ASSAY_SOURCE_MESSAGE_LEN]);

#endif
