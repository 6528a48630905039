/*
 * scoring/trust.h - trust state of one member between two epochs.
 *
 * protocol.md 7. Every field is part of the state: engine/ledger/state/state.c encodes all of them
 * into the state root, in this order. Nothing here is a clock: time is the epoch number, counted
 * from 1. Members change only through scoring/tally.h and assay_trust_list; the engine copies,
 * never edits.
 */
#ifndef ASSAY_SCORING_TRUST_H
#define ASSAY_SCORING_TRUST_H

#include <stdbool.h>
#include <stdint.h>

enum {
    ASSAY_SCORE_BP_MAX = 10000,       /* a full score, in basis points */
    ASSAY_BOUND_FULL_BP = 9000,       /* FULL at or above */
    ASSAY_BOUND_WARNING_BP = 7500,    /* WARNING at or above */
    ASSAY_BOUND_RESTRICTED_BP = 5000, /* RESTRICTED at or above; SUSPENDED below */
    ASSAY_HYSTERESIS_BP = 200,        /* a standing rises at its bound plus this ... */
    ASSAY_HYSTERESIS_EPOCHS = 3,      /* ... held for so many certified epochs */
    /* Certified epochs, mute or unjudged: then it counts as absent; quiet: then it has no vote. */
    ASSAY_PATIENCE_EPOCHS = 8,
};

/* Better is smaller. The numbers are encoded and sent, hence never reused. */
enum assay_standing {
    ASSAY_STANDING_FULL = 0,
    ASSAY_STANDING_WARNING = 1,
    ASSAY_STANDING_RESTRICTED = 2,
    ASSAY_STANDING_SUSPENDED = 3,
};

/* A standing with the epochs that its number has been above the next bound. */
struct assay_hysteresis {
    enum assay_standing standing;
    uint8_t held_epochs; /* 0..2: the third moves the standing up one step and starts again */
};

/*
 * Offences of a platform, not of an id (protocol.md 7.5; 6.2): every id on one platform carries the
 * same record, and the tally makes the copies equal. Masked ids share by (operator, vendor root).
 */
struct assay_offences {
    uint32_t count;
    uint64_t last_epoch;   /* epoch of the newest offence; 0: never */
    uint32_t clean_epochs; /* 0..511: attested epochs without a fault, towards forgetting one */
};

struct assay_trust_state {
    uint16_t integrity_bp;    /* I: moves on re-verifiable objects only */
    uint16_t peak_bp;         /* H: the highest raw weight since it joined (protocol.md 6.3.2) */
    uint16_t availability_bp; /* A: moves with ballots; never changes weight */
    struct assay_hysteresis score;     /* of S = min(I, A): gates service */
    struct assay_hysteresis integrity; /* of I alone: gates weight */
    bool listed_after_failure;         /* no integrity failure since the incarnation was listed */
    struct assay_offences offences;
    uint64_t last_false_fail_epoch;   /* newest proven false FAIL of its own; 0: never */
    uint64_t out_of_date_since_epoch; /* TCB ladder: first epoch of this out-of-date run; 0: none */
    /* All three count certified epochs, 0..ASSAY_PATIENCE_EPOCHS, and stand at the end (protocol.md
     * 7.14, 7.15, 6.7). */
    uint8_t mute_epochs;     /* in a row without an own counted ballot */
    uint8_t unjudged_epochs; /* in which nearly all could not appraise it, and none passed it */
    uint8_t quiet_epochs;    /* in which it voted without evidence, less those that passed it */
    uint64_t quiet_since_epoch; /* in which quiet_epochs came to stand at the end; 0: it does not */
};

/* Of two records of one platform, that of the more offences, then of the newer one, then of the
 * fewer clean epochs. Returns: one of both. */
struct assay_offences assay_offences_worse(struct assay_offences a, struct assay_offences b);

/* A member named in genesis. Returns: I = A = 10000, FULL, no offence. */
struct assay_trust_state assay_trust_genesis(void);

/*
 * A member that joins later starts like a restarted one, so that rejoining gains nothing (P7).
 * offences is what is remembered of its platform (all zero for one never seen).
 * Returns: I = A = 0, SUSPENDED, listed: on probation.
 */
struct assay_trust_state assay_trust_newcomer(struct assay_offences offences);

/*
 * The epoch block lists a new incarnation of the member: call it after the tally of that block, so
 * that a last failure of the old incarnation in the same epoch does not bind the new one forever. I
 * and A do not change (a reincarnation without a failure retains both).
 */
void assay_trust_list(struct assay_trust_state *trust);

/* The member is taken out of service by its operators: A = 0, and it earns A again when it is back.
 */
void assay_trust_rest(struct assay_trust_state *trust);

/* Returns: S = min(I, A), in basis points. */
uint16_t assay_trust_score_bp(const struct assay_trust_state *trust);

/* Returns: true while the integrity standing is SUSPENDED on the way up (weight 0, no RESTART). */
bool assay_trust_on_probation(const struct assay_trust_state *trust);

/* Returns: I, or 0 while the integrity standing is SUSPENDED (protocol.md 6.0). */
uint32_t assay_trust_raw_weight(const struct assay_trust_state *trust);

/* Returns: H, which is what caps are worked out from (protocol.md 6.3.2); never below the raw
 * weight. A fall of I leaves it, so no fall changes what a cap cuts of others. */
uint32_t assay_trust_peak_weight(const struct assay_trust_state *trust);

/* Returns: true while it votes without attesting: its vote may be taken (protocol.md 6.7). */
bool assay_trust_is_quiet(const struct assay_trust_state *trust);

/* Is each field in its range, and do no two contradict? Returns: whether so. */
bool assay_trust_holds(const struct assay_trust_state *trust);

/* Aborts when that is not so. */
void assay_trust_check(const struct assay_trust_state *trust);

#endif
