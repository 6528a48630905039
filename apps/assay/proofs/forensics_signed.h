/*
 * apps/assay/proofs/forensics_signed.h - signed statements of one epoch in several stores, and
 * the pairs of them that convict their signer (docs/protocol.md 5.23).
 */
#ifndef ASSAY_APPS_ASSAY_PROOFS_FORENSICS_SIGNED_H
#define ASSAY_APPS_ASSAY_PROOFS_FORENSICS_SIGNED_H

#include "engine/consensus/vote.h"
#include "engine/store/store.h"

/* Two signed statements of one member that contradict each other. */
struct cli_offence {
    uint32_t slot;
    unsigned number; /* of 5.23: 1 to 4, 8 */
    uint64_t view;   /* 0: envelopes have none */
    uint8_t *record; /* OFFENCE, as the ledger takes it */
    size_t len;
};

struct cli_signed;

/* Returns: NULL without memory */
struct cli_signed *cli_signed_create(const uint8_t chain_id[static 32], uint32_t era,
                                     uint64_t epoch, const struct assay_voter_table *voters);
/* Accepts a pointer to NULL; sets it to NULL. */
void cli_signed_free(struct cli_signed **all);
/*
 * cli_signed_collect - adds what a store has of the epoch: votes of certificates and of the
 * finality proof, own votes, proposals and envelopes. What is malformed, of another chain or epoch,
 * of no voter, or not signed by its voter is left out.
 * Returns: ASSAY_OK | ASSAY_E_STORE | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status cli_signed_collect(struct cli_signed *all,
                                                   struct assay_store *store);
/* Returns: how many different statements there are. */
size_t cli_signed_count(const struct cli_signed *all);
/*
 * cli_signed_find - pairs that convict: one of each member and number, as a ledger takes one.
 * Out:     *offences[*count], by slot, until the statements are freed
 * Returns: ASSAY_OK | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status cli_signed_find(struct cli_signed *all,
                                                const struct cli_offence **offences,
                                                size_t *count);

#endif
