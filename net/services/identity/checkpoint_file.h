/*
 * net/services/identity/checkpoint_file.h - the newest checkpoint that a holder acted on, sealed in
 * its vault: it decides by which ledger the holder deals and signs.
 */
#ifndef ASSAY_NET_SERVICES_IDENTITY_CHECKPOINT_FILE_H
#define ASSAY_NET_SERVICES_IDENTITY_CHECKPOINT_FILE_H

#include "engine/ledger/proofs/checkpoint.h"
#include "net/services/identity/holder_vault.h"

/*
 * assay_keyholder_checkpoint_load - the newer one of a given checkpoint and of the stored one: the
 * vault's start.
 * Out:     *from; *epoch: of the stored one, 0: none
 * Returns: ASSAY_OK | ASSAY_E_CHAIN (the stored one is of another network) | ASSAY_E_SIGNATURE (the
 *          stored one is not of this vault) | ASSAY_E_STALE (it is missing, or older than what the
 *          vault's items were made by) | ASSAY_E_STORE
 */
ASSAY_CHECKED enum assay_status assay_keyholder_checkpoint_load(
    struct assay_holder_vault *vault, const struct assay_checkpoint *given,
    struct assay_checkpoint *from, uint64_t *epoch);
/* Replaces the stored one, durably. Returns: ASSAY_OK | ASSAY_E_STORE | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_keyholder_checkpoint_store(
    struct assay_holder_vault *vault, const struct assay_checkpoint *checkpoint);

#endif
