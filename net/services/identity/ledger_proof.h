/*
 * net/services/identity/ledger_proof.h - verification of the ledger by a holder of the group key,
 * which does not trust its daemon (docs/identity.md 3.20).
 *
 * From a checkpoint on, boundary after boundary with its finality proof: who votes in each epoch,
 * and the digests of the documents of the group key after it. Without I/O: requests are messages
 * for the daemon (net/services/wire.h), whose answers are hostile. A RECOVER is no link: a new era
 * needs a checkpoint of it, which operators supply. So does a holder whose newest proven epoch is
 * older than the trusting period of its checkpoint (docs/protocol.md 11.3.1): voters of then may
 * have lost their keys since.
 */
#ifndef ASSAY_NET_SERVICES_IDENTITY_LEDGER_PROOF_H
#define ASSAY_NET_SERVICES_IDENTITY_LEDGER_PROOF_H

#include "engine/ledger/proofs/checkpoint.h"
#include "engine/ledger/records/fault.h"
#include "net/services/wire.h"
#include "services/identity/ceremony.h"

struct assay_keyholder_proof;

/* Returns: ASSAY_OK, and nothing but the checkpoint is proven | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_keyholder_proof_create(const struct assay_checkpoint *from,
                                                             struct assay_keyholder_proof **out);
/* Accepts a pointer to NULL; sets it to NULL. */
void assay_keyholder_proof_destroy(struct assay_keyholder_proof **proof);
/* What to request next, of a daemon that has closed `epoch`. Out: *m, a PROVE. Returns: false:
 * everything up to that epoch is proven */
bool assay_keyholder_proof_next(const struct assay_keyholder_proof *proof, uint64_t epoch,
                                struct assay_service_message *m);
/* Whether anything can be proven at a time. In: unix_ms: of the holder's clock. Returns: NULL; else
 * what is wrong with the checkpoint or the clock, and what to do */
const char *assay_keyholder_proof_time_fault(const struct assay_keyholder_proof *proof,
                                             uint64_t unix_ms);
/*
 * assay_keyholder_proof_on_answer - verifies a PROOF.
 * In:      unix_ms: of the holder's clock
 * Out:     *fault: of ASSAY_E_INVALID and ASSAY_E_STALE: what was expected
 * Returns: ASSAY_OK: the next epoch is proven, or the checkpoint's own | ASSAY_E_NOT_FOUND (empty:
 *          the daemon does not have it) | ASSAY_E_EARLY (of another epoch than the next: it was
 *          requested before) | ASSAY_E_STALE (the trusting period is over, or the clock lies before
 *          the checkpoint) | ASSAY_E_INVALID: nothing changed | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_keyholder_proof_on_answer(
    struct assay_keyholder_proof *proof, const struct assay_service_message *m, uint64_t unix_ms,
    struct assay_fault *fault);
/* Returns: the newest proven epoch; the checkpoint of creation before the first answer. */
const struct assay_checkpoint *assay_keyholder_proof_at(const struct assay_keyholder_proof *proof);
/* Returns: T of the newest proven epoch, in milliseconds; 0: its state is not here. */
uint64_t assay_keyholder_proof_period_ms(const struct assay_keyholder_proof *proof);
/* Whether this is the group key after that epoch: its documents are those of the ledger. Out:
 * *certified: whether that epoch was. Returns: true; false: it is not, or documents of that epoch
 * are not proven */
bool assay_keyholder_proof_has(const struct assay_keyholder_proof *proof, const struct assay_ca *ca,
                               bool *certified);
/* Returns: whether this is another group key after that epoch than the one that is proven: the
 * daemon showed other records or members than the ledger has, or the fold has a fault. */
bool assay_keyholder_proof_differs(const struct assay_keyholder_proof *proof,
                                   const struct assay_ca *ca);

#endif
