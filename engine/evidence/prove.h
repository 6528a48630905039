/*
 * engine/evidence/prove.h - inputs of proofs and checkpoints, read from a store
 * (docs/protocol.md 11.2, 11.3).
 */
#ifndef ASSAY_ENGINE_EVIDENCE_PROVE_H
#define ASSAY_ENGINE_EVIDENCE_PROVE_H

#include "engine/ledger/proofs/key_proof.h"
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

/* Scratch of assay_prove_keys. */
struct assay_prove_keys_room {
    uint8_t proof[ASSAY_PROOF_LEN_MAX];
    uint8_t list[ASSAY_DECLARED_KEYS_LEN_MAX], declared[ASSAY_DECLARED_KEYS_LEN_MAX];
};
enum assay_prove_keys_answer {
    ASSAY_PROVE_KEYS_MADE = 0,
    ASSAY_PROVE_KEYS_NONE,    /* the member's newest certified PASS bound no keys */
    ASSAY_PROVE_KEYS_MISSING, /* this store lacks a list that the epoch's state names */
};
/*
 * assay_prove_keys - the key proof of a member (docs/identity.md 10.1): a proof of its standing,
 * and the lists whose roots its leaf has, read from the store. One is made at any standing; the
 * relying party reads from it whether the keys are active.
 * In:      prove: open, of the same store; node_id: of the member
 * Out:     *answer; the proof in w if that is ASSAY_PROVE_KEYS_MADE
 * Returns: ASSAY_OK (see *answer) | ASSAY_E_NOT_FOUND (no such member in that epoch) |
 *          ASSAY_E_EARLY (as assay_prove_member) | ASSAY_E_FULL | ASSAY_E_STORE | INPUT statuses
 */
ASSAY_CHECKED enum assay_status assay_prove_keys(const struct assay_prove *prove,
                                                 struct assay_store *store,
                                                 const uint8_t node_id[static 32],
                                                 struct assay_prove_keys_room *room,
                                                 enum assay_prove_keys_answer *answer,
                                                 struct assay_writer *w);

#endif
