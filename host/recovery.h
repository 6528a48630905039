/*
 * host/recovery.h - evaluation of the answers to a fence: the head for a new era, and blocks that
 * it might undo (docs/protocol.md 9.14).
 *
 * Answers are checked against the state of who drafts: its table is that of the running epoch.
 * Pure; used by the command line and by the operators of simulated networks.
 */
#ifndef ASSAY_HOST_RECOVERY_H
#define ASSAY_HOST_RECOVERY_H

#include "engine/consensus/vote.h"
#include "engine/ledger/records/recover.h"

enum { ASSAY_RECOVERY_DOUBTS_MAX = 64 };

/* A block above the head for which some answers show F. */
struct assay_recovery_doubt {
    uint64_t view, height; /* height 0: nobody holds it */
    uint8_t id[32];
    uint64_t weight; /* of the F that answers show */
    uint64_t most;   /* of that, and of the other seats that are unknown: it may have so much */
};

/* What one member said. */
struct assay_recovery_answer {
    bool given, whole, has_keys;
    bool counted; /* signed by the listed voting key: its weight is among what has answered */
    bool proven;  /* its head is named by a final certificate, or is the state's or node's own */
    const struct assay_answer_file *file; /* borrowed */
    uint64_t epoch, height, view, time_ms;
    uint8_t id[32];
    /* The block of the final certificate that it brings: of the running epoch, and verified. */
    bool certifies;
    uint64_t certified_view;
    uint8_t certified_id[32];
    struct assay_recover_keys keys;
};

/* The final head of the node that drafts. */
struct assay_recovery_head {
    bool given;
    uint64_t height, view;
    uint8_t id[32];
};

struct assay_recovery {
    const struct assay_state *state; /* borrowed */
    struct assay_recovery_head own;
    struct assay_voter_table voters; /* of the running epoch: seats */
    uint64_t total_weight;           /* of members: every one holds every block */
    uint8_t fence_digest[32];        /* which FENCE is answered */
    struct assay_p256 *keys[ASSAY_MEMBERS_MAX];
    uint32_t weights[ASSAY_MEMBERS_MAX];
    uint8_t node_ids[ASSAY_MEMBERS_MAX][32];
    struct assay_recovery_answer answers[ASSAY_MEMBERS_MAX]; /* by slot */
    /* assay_recovery_evaluate. */
    uint32_t head;                          /* slot of the member with the highest proven one */
    uint64_t answered_weight, complete_weight; /* of members; whole: with whole logs */
    uint64_t unknown_weight; /* of seats: no answer, a log that is not whole, an unproven head above
                              */
    /* Blocks of the running epoch above the head: those with most first. What finds no place here
     * is weighed too. */
    uint32_t shown_count;
    struct assay_recovery_doubt shown[ASSAY_RECOVERY_DOUBTS_MAX];
    uint64_t most_above; /* of any one block above the head */
    uint32_t key_count;
    struct assay_recover_keys listed[ASSAY_MEMBERS_MAX]; /* ascending by node id */
};

/* Returns: ASSAY_OK | ASSAY_E_RANGE (more members than a roster has, or nobody has weight) |
 * ASSAY_E_KEY | ASSAY_E_CRYPTO; end it in any case */
ASSAY_CHECKED enum assay_status assay_recovery_init(struct assay_recovery *r,
                                                    const struct assay_state *state,
                                                    const uint8_t fence_digest[static 32]);
/* Its own chain proves the final head of the node that drafts, whatever certificates answers bring.
 * Before the first answer. */
void assay_recovery_set_own_head(struct assay_recovery *r, uint64_t height, uint64_t view,
                                 const uint8_t id[static 32]);
/* Frees the decoded keys. */
void assay_recovery_free(struct assay_recovery *r);
/*
 * assay_recovery_add - one answer, as assay_answer_decode gives it, borrowed until the end. A head
 * that is not proven keeps its weight and is chosen never (docs/protocol.md 9.14.1).
 * Out:     *why, static text, when it is refused
 * Returns: ASSAY_OK | ASSAY_E_CHAIN (chain or era) | ASSAY_E_STRANGER (no member) | ASSAY_E_INVALID
 *          (to another FENCE) | ASSAY_E_SIGNATURE (of the voting key) | ASSAY_E_DUPLICATE
 */
ASSAY_CHECKED enum assay_status assay_recovery_add(struct assay_recovery *r,
                                                   const struct assay_answer_file *answer,
                                                   const char **why);
/* All are there; the result is the same in whatever order they were added.
 * Returns: ASSAY_OK | ASSAY_E_SIGNATURE (not more than a third of the weight: manual acceptance
 * alone is left) | ASSAY_E_NOT_FOUND (no head is proven) | ASSAY_E_INVALID (two heads of one height
 * differ: more than a third is dishonest) */
ASSAY_CHECKED enum assay_status assay_recovery_evaluate(struct assay_recovery *r);
/* More than two thirds of the members' weight have answered with whole logs, and for a block above
 * the head to be final a third or more would have to lie.
 * Returns: whether nothing that is final is undone while less than a third is dishonest. */
bool assay_recovery_is_certain(const struct assay_recovery *r);
/* The grounds of a RECOVER: the FENCE with answers, the head's first, then the heaviest with whole
 * logs, until they are certain, no more are there or no room is left. After
 * assay_recovery_evaluate.
 * Returns: as assay_recover_grounds_encode */
ASSAY_CHECKED enum assay_status assay_recovery_encode_grounds(const struct assay_recovery *r,
                                                              struct assay_slice fence,
                                                              struct assay_writer *w);
/* May this one of `shown` be final somewhere? Returns: whether */
bool assay_recovery_may_be_final(const struct assay_recovery *r,
                                 const struct assay_recovery_doubt *doubt);
/* So much weight among those who answered must lie (show F that is not there, or hide F that is)
 * for a block above the head to be final. Returns: 0 where it may be without a lie. */
uint64_t assay_recovery_margin(const struct assay_recovery *r);
/* May any block above the head be final, one that no answer shows included? Returns: whether. */
bool assay_recovery_in_doubt(const struct assay_recovery *r);

/* docs/protocol.md 9.16.6: no node whose date is right takes a RECOVER of such a time, and the one
 * that drafted it would be alone in its era. So no operator signs it: date_ms is the signer's.
 * Returns: whether it lies too far ahead. */
bool assay_recovery_is_too_early(uint64_t time_ms, uint64_t date_ms);

#endif
