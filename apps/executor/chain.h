/*
 * apps/executor/chain.h - an executor that is also paid on an EVM chain: its configuration
 * (anchor.yaml, apps/config/anchor.h), and its payout claims there (docs/services.md 8.10).
 */
#ifndef ASSAY_APPS_EXECUTOR_CHAIN_H
#define ASSAY_APPS_EXECUTOR_CHAIN_H

#include "apps/config/anchor.h"
#include "net/evm/http.h"
#include "net/services/tasks/executor_node.h"

struct executor_chain {
    struct assay_anchor_settings settings;
    struct assay_evm_https https;
    struct assay_executor_chain chain; /* for the node */
};

/* Reads the file, checks the chain, and starts the payout claims. Returns: ASSAY_OK | an error, and
 * message: its reason; executor_chain_close is called in any case */
ASSAY_CHECKED enum assay_status executor_chain_open(struct executor_chain *c, const char *path,
                                                    char message[static ASSAY_ANCHOR_FAULT_MAX]);
/* Validates the file and its key without a request to the chain. Returns: as above */
ASSAY_CHECKED enum assay_status executor_chain_check(const char *path,
                                                     char message[static ASSAY_ANCHOR_FAULT_MAX]);
void executor_chain_close(struct executor_chain *c);

#endif
