/*
 * sim/world/proposals_internal.h - proposals on the ledger (docs/protocol.md 9.19) in a scenario.
 *
 * proposals.c: operators state what they decide; proposal_liars.c: lying operators and members;
 * reviews.c: the sets of nodes; consent.c: the checkers, on what operators did.
 */
#ifndef ASSAY_SIM_WORLD_PROPOSALS_INTERNAL_H
#define ASSAY_SIM_WORLD_PROPOSALS_INTERNAL_H

#include "host/review_follow.h"
#include "sim/world/changes_internal.h"

enum {
    STATEMENTS_MAX = 16384, /* of a run */
    STATEMENT_LISTS = 4096, /* of these by key, and by digest */
    SIGNED_MAX = 1024,      /* signatures of changes outside of statements */
    SETS_KEPT = 64,         /* epochs whose sets are compared */
    INCLUSION_EPOCHS = 6,   /* closed ones, until an honest statement is final */
};

/* What one operator did. */
struct world_statement {
    uint8_t operator_id[32], digest[32], key[32];
    uint32_t set, era;
    enum assay_review_act act;
    uint32_t place;
    uint64_t issued, number, sequence, expires;
    bool honest;            /* its operator is */
    bool handed;            /* to an honest member */
    bool is_judged;         /* its time to become final is over, or it was superseded */
    uint64_t made_at;       /* position in the order in which operators acted */
    uint64_t handed_epoch;  /* the last closed one then */
    uint64_t final_epoch;   /* the first block with it; 0: none */
    uint64_t release_epoch; /* a Byzantine member alone has it until then; 0: no */
    struct world_payload *record;
    uint32_t next_of_key, next_of_digest; /* an older one of the same list, + 1; 0: none */
};

struct world_review_node {
    struct assay_reviews set;
    void *memory;
    struct assay_reviews_position position;
    uint32_t life;                     /* of the process that has the set */
    uint8_t known[STATEMENTS_MAX / 8]; /* those that it has read in blocks: a bit each */
    struct assay_review_waiting waiting[ASSAY_REVIEWS_WAITING_MAX];
};

/* A change that is being proposed. */
struct world_proposing {
    bool open;
    uint8_t digest[32];
    uint32_t author;   /* set */
    uint64_t since;    /* closed epoch, when it was proposed */
    uint64_t ready;    /* when the last approval that it needs was handed in; 0: not yet */
    uint32_t chances;  /* turns in which each operator may approve */
    bool is_disturbed; /* withdrawn, replaced, or left without approvals on purpose */
    bool is_healed;    /* proposed when no fault was left */
};

struct world_proposals {
    struct world_statement *statements;
    uint32_t count;
    uint32_t of_key[STATEMENT_LISTS], of_digest[STATEMENT_LISTS]; /* the newest of each, + 1 */
    struct {
        uint8_t operator_id[32], digest[32];
    } * signed_;
    uint32_t signed_count;
    struct world_review_node *nodes;
    struct world_proposing proposing[ASSAY_SIM_CHANGES_MAX];
    struct {
        uint32_t era, node;
        uint64_t epoch;
        uint8_t head_id[32], digest[32];
    } sets[SETS_KEPT];
    /* Of the running epoch, in final blocks, by operator in force. */
    uint32_t in_epoch[ASSAY_OPERATORS_MAX], bodies[ASSAY_OPERATORS_MAX];
    uint64_t counted_epoch;
    struct assay_record *record;
    uint8_t *row;
    uint64_t acts;
    uint32_t victim; /* operator of whom Byzantine leaders bar or omit statements: its index */
    struct assay_sim_random random;
};

/* changes.c */
bool world_is_reachable_member(const struct world_run *r, uint32_t node);

/* proposals.c */
/* Another epoch of the scenario. */
void world_proposals_turn(struct world_run *r);
/* Returns: whether the feature level is reached. */
bool world_proposals_possible(const struct world_run *r);
/* Returns: whether the author of the open proposal replaces it now. */
bool world_proposals_replaced(struct world_run *r);
/* A draft is out: proposes it, or lets operators approve. */
void world_proposals_submit(struct world_run *r, uint32_t index, const struct draft *draft);
/* No block took this version of a draft. */
void world_proposals_over(struct world_run *r, uint32_t index, const struct draft *draft);
static inline uint32_t world_statement_list(const uint8_t id[static 32])
{
    return ((uint32_t)id[0] << 8 | id[1]) % STATEMENT_LISTS;
}
/* The newest statement about a change, and the next older one. Returns: NULL: none */
struct world_statement *world_newest_about(const struct world_run *r,
                                           const uint8_t digest[static 32]);
struct world_statement *world_older_about(const struct world_run *r,
                                          const struct world_statement *s);
bool world_is_lying_operator(const struct world_run *r, uint32_t set);
/* What an operator states. expires 0: a long time. Returns: the statement, not handed in; NULL: as
 * many as a run has */
struct world_statement *world_state(struct world_run *r, const struct world_statement *what,
                                    struct assay_slice change);
/* The epoch that runs, as operators see it, and an honest member at random. Returns: the member;
 * UINT32_MAX: none runs */
uint32_t world_draw_member(struct world_run *r);
/* Gives a statement to an honest member, as `assay change` does. */
void world_hand_in(struct world_run *r, struct world_statement *s, uint32_t node);
/* The record of a REVIEW, signed by the key of a set. Returns: bytes */
size_t world_sign_review(const struct world_run *r, uint32_t set, struct assay_review *review,
                         uint8_t *bytes, size_t capacity);

/* proposal_liars.c */
void world_liars_turn(struct world_run *r);
/* A RECORD arrives at a Byzantine member. Returns: whether it takes it. */
bool world_liars_take(struct world_run *r, uint32_t node, const struct assay_record *record);

/* reviews.c */
void world_reviews_open(struct world_run *r);
void world_reviews_free(struct world_run *r);
struct assay_reviews_facts world_reviews_facts(const struct world_run *r, uint32_t node);
/* A record of a node's own, to all. */
void world_offer_record(struct world_run *r, uint32_t node, struct assay_slice bytes);

/* consent.c: an operator signed a change outside of statements. */
void world_proposals_signed(struct world_run *r, const uint8_t operator_id[static 32],
                            const uint8_t digest[static 32]);
/* A final block of the running epoch has a CHANGE. */
void world_proposals_change(struct world_run *r, const struct assay_record *record);
/* An honest node offers a CHANGE; it has read the blocks of an epoch. */
void world_consent_offer(struct world_run *r, uint32_t node, const struct assay_record *record);
void world_consent_set(struct world_run *r, uint32_t node);
/* It reads this statement in a final block. */
void world_consent_read(struct world_run *r, uint32_t node, const struct assay_record *record);
/* Statements that should be final by now. */
void world_consent_inclusion(struct world_run *r);
void world_consent_late(struct world_run *r, const struct world_proposing *p,
                        const struct draft *draft);

#endif
