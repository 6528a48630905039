/*
 * apps/assay/proofs/audit_ledger.h - store of a network opened for an audit, with all by which its
 * epochs are folded again: genesis, rules, collateral, services (engine/audit/audit.h).
 */
#ifndef ASSAY_APPS_ASSAY_PROOFS_AUDIT_LEDGER_H
#define ASSAY_APPS_ASSAY_PROOFS_AUDIT_LEDGER_H

#include "apps/assay/members/network.h"
#include "engine/audit/audit.h"
#include "host/services.h"
#include "net/documents/collateral_updates.h"

struct cli_audit_ledger {
    struct assay_network network;
    struct assay_store *store;
    struct assay_collateral_updates *updates;
    struct assay_host_plans *plans; /* of services: of the genesis, and what changes add */
    void *memory;
    struct assay_checkpoint checkpoint;
    bool has_checkpoint;
};

struct cli_audit_ledger_paths {
    const char *store, *genesis;
    const char *checkpoint; /* NULL: none */
};

/* Reports errors on stderr, prefixed with `command`. Returns: an enum assay_exit; close in any case
 */
int cli_audit_ledger_open(struct cli_audit_ledger *ledger, const char *command,
                          const struct cli_audit_ledger_paths *paths);
/* Accepts what open left half done. */
void cli_audit_ledger_close(struct cli_audit_ledger *ledger);
/* Sets all but signatures, items, from_epoch, the callbacks and their context. */
void cli_audit_ledger_configure(const struct cli_audit_ledger *ledger,
                                struct assay_audit_config *config);
/* `ruled` of a configuration. Returns: false: nothing can be evaluated by these rules */
bool cli_audit_ledger_rule(struct cli_audit_ledger *ledger, const struct assay_genesis *effective,
                           const struct assay_audit_rules *before);

#endif
