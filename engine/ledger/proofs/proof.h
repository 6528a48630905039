/*
 * engine/ledger/proofs/proof.h - proof of one member's standing, for offline verifiers
 * (docs/protocol.md 11.2, 11.3; docs/proofs.md has the format for others).
 *
 * Canonical CBOR ["assay/proof/v1", header, finality, header leaf, its path, members, slot, leaf,
 * its path, voters]:
 *
 *   header       of a final EPOCH block; its state root commits to everything below
 *   finality     the finality proof (engine/consensus/vote.h), empty in a bare proof
 *   leaves       leaf 0 and leaf slot + 1 of the state after that epoch, with Merkle paths
 *   voters       who voted in that epoch, one row a slot (checkpoint.h), none in a bare proof
 *
 * The verifier has a checkpoint. A proof of the checkpoint's epoch is accepted by the block's id;
 * one of a later epoch by a quorum of the voters whose digest the checkpoint has. When they have
 * changed since, a newer checkpoint is needed: each accepted proof is one.
 */
#ifndef ASSAY_ENGINE_LEDGER_PROOFS_PROOF_H
#define ASSAY_ENGINE_LEDGER_PROOFS_PROOF_H

#include "engine/consensus/vote.h"
#include "engine/ledger/proofs/checkpoint.h"
#include "engine/ledger/state/leaf.h"
#include "engine/ledger/state/roster_digest.h"

enum {
    /* 1024 voters, a certificate of 100 signatures without a long way to its E, two leaves. */
    ASSAY_PROOF_LEN_MAX = 256 * 1024,
    ASSAY_PROOF_MEMBERS_MAX = ASSAY_MEMBERS_MAX,
};

/* The table of a snapshot. Out: rows[capacity], *count. Returns: ASSAY_OK | ASSAY_E_RANGE | INPUT
 * statuses */
ASSAY_CHECKED enum assay_status assay_proof_voters(struct assay_slice snapshot,
                                                   struct assay_roster_row *rows,
                                                   uint32_t capacity, uint32_t *count);

/* Why a proof is not accepted. The numbers are public and never reused. */
enum assay_proof_answer {
    ASSAY_PROVEN = 0,
    ASSAY_PROOF_OTHER_CHAIN = 1,   /* of another chain than the checkpoint */
    ASSAY_PROOF_OLDER = 2,         /* of an epoch before the checkpoint */
    ASSAY_PROOF_OTHER_BLOCK = 3,   /* not the block that the checkpoint or the certificate names */
    ASSAY_PROOF_OTHER_VOTERS = 4,  /* not those of the checkpoint: forged, or they have changed */
    ASSAY_PROOF_NO_QUORUM = 5,     /* too little weight, or no final vote */
    ASSAY_PROOF_BAD_SIGNATURE = 6, /* of a voter */
    ASSAY_PROOF_OTHER_LEAF = 7,    /* not a leaf of the block's state */
    ASSAY_PROOF_TOO_OLD = 8,       /* its block is older than is accepted */
    ASSAY_PROOF_AHEAD = 9,         /* its block is later than the clock, by more than 10 minutes */
    ASSAY_PROOF_EXPIRED = 10,      /* the checkpoint's trusting period is over */
    ASSAY_PROOF_AGE_UNKNOWN = 11,  /* there is no clock, or one that is before the checkpoint */
    ASSAY_PROOF_OTHER_ERA = 12,   /* operators began an era between it and the checkpoint */
};
/* Returns: a sentence, never NULL. */
const char *assay_proof_answer_text(enum assay_proof_answer answer);

/* What is proven. */
struct assay_proven_state {
    struct assay_checkpoint next; /* of the proof's own epoch: where the next one may begin */
    uint64_t time_ms;             /* of the EPOCH block, Unix ms */
    uint64_t height;
    bool certified; /* the epoch: enough ballots were counted */
    uint64_t certified_epoch;
    uint8_t policy_digest[32], endorsements_digest[32], verifier_digest[32];
    uint32_t member_count, slot;
    uint64_t total_weight; /* of those who voted; 0 in a bare proof */
    bool bare;
    struct assay_member member;
    /* Digests of the documents of services, in the order of their plan (docs/protocol.md 12.5); 0:
     * the network has none. */
    uint32_t service_count;
    uint8_t services[ASSAY_SERVICE_DOCUMENTS_MAX][32];
};

/* What the network found in the proof's epoch, in one word. */
enum assay_proof_outcome {
    ASSAY_PROOF_OUTCOME_PASS = 0,      /* more than two thirds saw it pass */
    ASSAY_PROOF_OUTCOME_FAILED = 1,    /* its own evidence, or an offence of its own, is proven */
    ASSAY_PROOF_OUTCOME_ABSENT = 2,    /* more than two thirds had nothing of it */
    ASSAY_PROOF_OUTCOME_UNSETTLED = 3, /* neither: too few could say */
};
/* Returns: the outcome of a proven member. */
enum assay_proof_outcome assay_proof_outcome_of(const struct assay_proven_state *proven);
/*
 * The standing that a relying party may use (docs/protocol.md 11.3.4; assay_member_standing). Every
 * verdict is made of this, and never of the leaf's standing.
 */
enum assay_standing assay_proof_standing_of(const struct assay_proven_state *proven);
/* "FULL" .. "SUSPENDED", or why it is not what the score would give: "LEFT", "RESTING",
 * "MAINTENANCE". Returns: never NULL. */
const char *assay_proof_standing_text(const struct assay_proven_state *proven);
/* "pass", "failed", "absent", "unsettled". Returns: never NULL. */
const char *assay_proof_outcome_text(enum assay_proof_outcome outcome);

/*
 * assay_proof_verify - is this what a network says that the checkpoint names?
 *
 * In:      bytes: hostile; checkpoint: trusted
 * Out:     *answer; *proven where it is ASSAY_PROVEN. Of time nothing is said: assay_proof_age is
 *          asked next. proven->next is trusted for as long as checkpoint
 * Returns: ASSAY_OK (see *answer) | INPUT statuses (it cannot be read) | ASSAY_E_CRYPTO
 * Cost:    one signature for each vote, a key decoded for each voter of weight
 */
ASSAY_CHECKED enum assay_status assay_proof_verify(struct assay_slice bytes,
                                                   const struct assay_checkpoint *checkpoint,
                                                   enum assay_proof_answer *answer,
                                                   struct assay_proven_state *proven);

/* docs/protocol.md 11.3.1: what a proof is worth in time, where nobody else is asked. */
enum { ASSAY_PROOF_AGE_S = 86400, ASSAY_PROOF_AHEAD_S = 600 };
/*
 * assay_proof_expires_ms - until when what is proven may be relied upon: max_age_s after its block,
 * and never beyond the trusting period of the checkpoint.
 * Returns: Unix ms
 */
uint64_t assay_proof_expires_ms(const struct assay_checkpoint *checkpoint,
                                const struct assay_proven_state *proven, uint32_t max_age_s);
/*
 * assay_proof_age - is what was proven from the checkpoint fresh enough?
 * In:      now_ms: Unix ms of the verifier's own clock; 0: it has none. max_age_s: at least 1
 * Returns: ASSAY_PROVEN | ASSAY_PROOF_TOO_OLD | ASSAY_PROOF_AHEAD | ASSAY_PROOF_EXPIRED |
 *          ASSAY_PROOF_AGE_UNKNOWN
 */
enum assay_proof_answer assay_proof_age(const struct assay_checkpoint *checkpoint,
                                        const struct assay_proven_state *proven, uint64_t now_ms,
                                        uint32_t max_age_s);

/*
 * assay_proof_make - from what a store keeps.
 *
 * In:      snapshot: of the epoch (leaf.c); before: of the epoch before, finality: its proof; both
 *          empty for a bare proof; hashes[members + 1]: scratch
 * Out:     the proof in w
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no such slot) | ASSAY_E_FULL | INPUT statuses (a snapshot
 *          that cannot be read)
 */
ASSAY_CHECKED enum assay_status assay_proof_make(struct assay_slice snapshot,
                                                 struct assay_slice before,
                                                 struct assay_slice finality, uint32_t slot,
                                                 uint8_t (*hashes)[32], struct assay_writer *w);
/* Whose leaf stands in which slot of a snapshot. Returns: ASSAY_OK and *slot | ASSAY_E_NOT_FOUND |
 * INPUT statuses */
ASSAY_CHECKED enum assay_status assay_proof_slot_of(struct assay_slice snapshot,
                                                    const uint8_t node_id[static 32],
                                                    uint32_t *slot);
/* The leaf of a member. Returns: the same, and *member */
ASSAY_CHECKED enum assay_status assay_proof_member_of(struct assay_slice snapshot,
                                                      const uint8_t node_id[static 32],
                                                      struct assay_member *member);
/* Is a snapshot what the root in its own header says, leaf by leaf, whatever its roster?
 * Out: its leaf 0. Returns: ASSAY_OK | ASSAY_E_INVALID | other INPUT statuses */
ASSAY_CHECKED enum assay_status assay_proof_snapshot(struct assay_slice snapshot,
                                                     struct assay_leaf_head *head);
/* The checkpoint that a snapshot is, unverified: for its owner. Returns: ASSAY_OK | INPUT statuses
 */
ASSAY_CHECKED enum assay_status assay_proof_checkpoint_of(struct assay_slice snapshot,
                                                          struct assay_checkpoint *checkpoint);

#endif
