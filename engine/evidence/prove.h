/*
 * engine/evidence/prove.h - inputs of proofs and checkpoints, read from a store
 * (docs/protocol.md 11.2, 11.3).
 */
#ifndef ASSAY_ENGINE_EVIDENCE_PROVE_H
#define ASSAY_ENGINE_EVIDENCE_PROVE_H

#include "engine/ledger/proofs/proof.h"
#include "engine/store/store.h"

struct assay_prove {
    struct assay_slice now;              /* snapshot of the newest closed epoch */
    struct assay_slice before, finality; /* of the epoch before; its votes. Empty: not kept */
    struct assay_checkpoint checkpoint;  /* of `now` */
    uint8_t (*hashes)[32];
};

/* Returns: bytes of memory for a roster of so many. */
size_t assay_prove_memory_len(uint32_t members);
/*
 * memory: the caller's, aligned to 16; everything borrows from it.
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no epoch was closed yet) | ASSAY_E_STORE | INPUT statuses
 * (a
 *          snapshot that cannot be read)
 */
ASSAY_CHECKED enum assay_status assay_prove_open(struct assay_prove *prove,
                                                 struct assay_store *store, void *memory,
                                                 uint32_t members);
/*
 * assay_prove_member - the proof of one slot.
 * In:      bare: without votes, for who holds this epoch's checkpoint
 * Returns: ASSAY_OK and the proof in w | ASSAY_E_NOT_FOUND (no such slot) | ASSAY_E_EARLY (votes
 * are
 *          wanted, and the epoch before is not kept: after the next close) | ASSAY_E_FULL | INPUT
 */
ASSAY_CHECKED enum assay_status assay_prove_member(const struct assay_prove *prove, uint32_t slot,
                                                   bool bare, struct assay_writer *w);

#endif
