/*
 * net/services/identity/holder_entry.h - entry of a holder's key in its member's list of keys, with
 * its path to the root of the list.
 */
#ifndef ASSAY_NET_SERVICES_IDENTITY_HOLDER_ENTRY_H
#define ASSAY_NET_SERVICES_IDENTITY_HOLDER_ENTRY_H

#include "engine/ledger/state/workload_keys.h"
#include "net/keys/registration/registration_statement.h"
#include "services/identity/ceremony_holder.h"

/* Out: *entry: len 0 when the list has no entry of purpose holder with this key */
void assay_keyholder_find_entry(const struct assay_declared_keys *keys, struct assay_slice spki,
                                struct assay_ceremony_entry *entry);

/*
 * assay_keyholder_make_statement - what registers the key with an enclave (docs/identity.md 6.2,
 * 6.6).
 * In:      seed: of the key; spki: its own; boot: of the enclave
 * Returns: ASSAY_OK | ASSAY_E_FULL, and other statuses of assay_registration_statement_make
 */
ASSAY_CHECKED enum assay_status assay_keyholder_make_statement(
    const struct assay_secret32 *seed, struct assay_slice spki, const uint8_t chain_id[static 32],
    const uint8_t node_id[static 32], const uint8_t boot[static 32],
    struct assay_registration_statement *statement);

#endif
