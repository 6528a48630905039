/*
 * apps/assay/services/anchor_none.c - the command line in a build without EVM chains: no verbs
 * about anchors, and no tasks that are paid on a chain.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/options.h"
#include "apps/assay/services/task.h"
#include "base/assert.h"

#include <stdio.h>

const struct assay_verb assay_verbs_anchor[] = { { 0 } };
const size_t assay_verbs_anchor_count = 0;

#ifndef ASSAY_WITHOUT_SERVICES
static int no_chains(void)
{
    (void)fprintf(stderr, "assay task: this build has no EVM chains (ASSAY_WITH_EVM=OFF): leave "
                          "--evm out\n");
    return ASSAY_EXIT_USAGE;
}

int task_chain_begin(struct task_running *r)
{
    (void)r;
    return no_chains();
}

void task_chain_end(struct task_chain **chain)
{
    ASSAY_ASSERT(*chain == NULL);
}

const struct assay_evm_place *task_chain_place(const struct task_chain *chain)
{
    (void)chain;
    ASSAY_UNREACHABLE("a build without EVM chains");
}

int task_chain_open(struct task_running *r)
{
    (void)r;
    return no_chains();
}

void task_chain_key(struct task_running *r)
{
    (void)r;
    ASSAY_UNREACHABLE("a build without EVM chains");
}

int task_chain_close(struct task_running *r, bool *closed)
{
    (void)r;
    *closed = false;
    return no_chains();
}

int task_chain_deploy(struct task_command *command)
{
    (void)command;
    return no_chains();
}
#endif
