/*
 * host/recovery.h - what answers to a fence say together: on which head a new era may stand, and
 * what might still be undone (docs/protocol.md 9.14).
 *
 * Answers are held against the state of who drafts: its table is that of the running epoch. Pure;
 * used by the command line and by the operators of simulated networks.
 */
#ifndef ASSAY_HOST_RECOVERY_H
#define ASSAY_HOST_RECOVERY_H

#include "engine/consensus/vote.h"
#include "engine/ledger/recover.h"

enum { ASSAY_RECOVERY_DOUBTS_MAX = 64 };

/* A block above the head for which some answers show F. */
struct assay_recovery_doubt {
    uint64_t view, height; /* height 0: nobody holds it */
    uint8_t id[32];
    uint64_t weight; /* of the F that answers show */
};

/* What one member said. */
struct assay_recovery_answer {
    bool given, whole, has_keys;
    uint64_t epoch, height, view, time_ms;
    uint8_t id[32];
    struct assay_recover_keys keys;
};

struct assay_recovery {
    const struct assay_state *state; /* borrowed */
    struct assay_voter_table voters; /* of the running epoch */
    struct assay_p256 *keys[ASSAY_MEMBERS_MAX];
    uint32_t weights[ASSAY_MEMBERS_MAX];
    uint8_t node_ids[ASSAY_MEMBERS_MAX][32];
    struct assay_recovery_answer answers[ASSAY_MEMBERS_MAX]; /* by slot */
    /* Of the running epoch: F above heads, whoever shows it. */
    uint32_t shown_count;
    struct assay_recovery_doubt shown[ASSAY_RECOVERY_DOUBTS_MAX];
    bool overflowed; /* more than there is room for: nothing can be said of what is undone */

    /* assay_recovery_judge. */
    uint32_t head; /* slot of who has the highest */
    uint64_t answered_weight;
    uint64_t unknown_weight; /* of those who did not answer, or whose log is not whole */
    uint32_t key_count;
    struct assay_recover_keys listed[ASSAY_MEMBERS_MAX]; /* ascending by node id */
};

/* Returns: ASSAY_OK | ASSAY_E_RANGE (more members than a roster has, or nobody has weight) |
 * ASSAY_E_KEY | ASSAY_E_CRYPTO; end it in any case */
ASSAY_CHECKED enum assay_status assay_recovery_begin(struct assay_recovery *r,
                                                     const struct assay_state *state);
/* Frees the decoded keys. Returns: nothing. */
void assay_recovery_end(struct assay_recovery *r);
/*
 * assay_recovery_add - one decoded answer; a second one of a member counts when its head is higher.
 * Out:     *why, static text, when it is refused
 * Returns: ASSAY_OK | ASSAY_E_CHAIN (chain or era) | ASSAY_E_STRANGER (no member) | ASSAY_E_EARLY
 *          (its head is of a later epoch: draft where that is known) | ASSAY_E_INVALID (its head is
 *          not proven) | ASSAY_E_DUPLICATE
 */
ASSAY_CHECKED enum assay_status assay_recovery_add(struct assay_recovery *r,
                                                   const struct assay_answer_file *answer,
                                                   const char **why);
/* All are there. Returns: ASSAY_OK | ASSAY_E_SIGNATURE (not more than a third of the weight) |
 * ASSAY_E_INVALID (two heads of one height differ: more than a third is dishonest) */
ASSAY_CHECKED enum assay_status assay_recovery_judge(struct assay_recovery *r);
/* Is this block above the head that was chosen, and may it be final somewhere? Returns: whether */
bool assay_recovery_may_be_final(const struct assay_recovery *r,
                                 const struct assay_recovery_doubt *doubt);
/* So much weight among those who answered must lie (show F that is not there, or hide F that is)
 * for a block above the head to be final. Returns: 0 where it may be without a lie. */
uint64_t assay_recovery_margin(const struct assay_recovery *r);
/* May any block above the head be final, one that no answer shows included? Returns: whether. */
bool assay_recovery_in_doubt(const struct assay_recovery *r);

#endif
