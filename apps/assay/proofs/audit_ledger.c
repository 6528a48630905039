/*
 * apps/assay/proofs/audit_ledger.c - opening of a store for `assay audit` and `assay ca audit`.
 */
#include "apps/assay/proofs/audit_ledger.h"

#include "apps/assay/core/command.h"
#include "apps/assay/proofs/proof.h"

#include <stdlib.h>

/* Of a network that has services, or gets some: what their records make is folded as well. Returns:
 * an enum assay_exit */
static int open_services(struct cli_audit_ledger *l)
{
    l->plans = calloc(1, sizeof *l->plans);
    if (l->plans == NULL) return ASSAY_EXIT_INTERNAL;
    assay_host_plans_open(l->plans, l->network.genesis->chain_id);
    const size_t len = assay_audit_services_len(&l->plans->fold);
    l->plans->fold.memory = aligned_alloc(64, (len + 63) / 64 * 64);
    return l->plans->fold.memory != NULL ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}

int cli_audit_ledger_open(struct cli_audit_ledger *ledger, const char *command,
                          const struct cli_audit_ledger_paths *paths)
{
    struct cli_audit_ledger *const l = ledger;
    *l = (struct cli_audit_ledger){ .has_checkpoint = paths->checkpoint != NULL };
    int result = cli_network_open(&l->network, command, paths->genesis);
    if (result == ASSAY_EXIT_OK && l->has_checkpoint)
        result = cli_proof_checkpoint(command, paths->checkpoint, &l->checkpoint);
    if (result == ASSAY_EXIT_OK)
        result =
            cli_network_store(command, paths->store,
                              ", or verify a copy that was made while it was stopped", &l->store);
    if (result == ASSAY_EXIT_OK && assay_document_collateral_create(&l->updates) != ASSAY_OK)
        result = ASSAY_EXIT_INTERNAL;
    if (result == ASSAY_EXIT_OK) result = open_services(l);
    if (result == ASSAY_EXIT_OK) {
        l->memory = aligned_alloc(64, assay_audit_memory_len());
        if (l->memory == NULL) result = ASSAY_EXIT_INTERNAL;
    }
    return result;
}

void cli_audit_ledger_close(struct cli_audit_ledger *ledger)
{
    free(ledger->memory);
    assay_document_collateral_destroy(&ledger->updates);
    if (ledger->plans != NULL) free(ledger->plans->fold.memory);
    free(ledger->plans);
    assay_store_close(&ledger->store);
    cli_network_close(&ledger->network);
}

void cli_audit_ledger_configure(const struct cli_audit_ledger *ledger,
                                struct assay_audit_config *config)
{
    config->store = ledger->store;
    config->genesis = ledger->network.genesis;
    config->updates =
        ledger->updates != NULL ? assay_document_collateral_functions(ledger->updates) : NULL;
    config->plan_follow = assay_host_services_follow;
    config->services = &ledger->plans->fold;
    config->checkpoint = ledger->has_checkpoint ? &ledger->checkpoint : NULL;
    config->memory = ledger->memory;
}

bool cli_audit_ledger_rule(struct cli_audit_ledger *ledger, const struct assay_genesis *effective,
                           const struct assay_audit_rules *before)
{
    return cli_network_rule(&ledger->network, effective) &&
           (before == NULL ||
            cli_network_rule_before(&ledger->network, before->policy, before->endorsements));
}
