/*
 * apps/executor/chain.h - an executor that is paid on an EVM chain as well: its configuration
 * (anchor.yaml, apps/config/anchor.h), and the till that claims there (docs/services.md 8.10).
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

/* Reads the file, asks the chain whether anything can be paid there, and starts the till. Returns:
 * ASSAY_OK | why not, and message for people; executor_chain_close is called whatever it is */
ASSAY_CHECKED enum assay_status executor_chain_open(struct executor_chain *c, const char *path,
                                                    char message[static ASSAY_ANCHOR_FAULT_MAX]);
/* Is the file one with which a chain can be asked, and its key there? Nobody is asked. Returns: as
 * above */
ASSAY_CHECKED enum assay_status executor_chain_check(const char *path,
                                                     char message[static ASSAY_ANCHOR_FAULT_MAX]);
/* Returns: nothing. */
void executor_chain_close(struct executor_chain *c);

#endif
