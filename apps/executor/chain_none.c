/*
 * apps/executor/chain_none.c - an executor in a build without EVM chains: a configuration that
 * names one is refused.
 */
#include "apps/executor/chain.h"

#include <stdio.h>

enum assay_status executor_chain_check(const char *path,
                                       char message[static ASSAY_ANCHOR_FAULT_MAX])
{
    (void)snprintf(message, ASSAY_ANCHOR_FAULT_MAX,
                   "%.300s: this build has no EVM chains (ASSAY_WITH_EVM=OFF): leave evm out",
                   path);
    return ASSAY_E_UNSUPPORTED;
}

enum assay_status executor_chain_open(struct executor_chain *c, const char *path,
                                      char message[static ASSAY_ANCHOR_FAULT_MAX])
{
    *c = (struct executor_chain){ 0 };
    return executor_chain_check(path, message);
}

void executor_chain_close(struct executor_chain *c)
{
    (void)c;
}
