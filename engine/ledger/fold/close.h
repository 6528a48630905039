/*
 * engine/ledger/fold/close.h - close of an epoch: the state after an EPOCH block on top of a
 * ledger.
 */
#ifndef ASSAY_ENGINE_LEDGER_FOLD_CLOSE_H
#define ASSAY_ENGINE_LEDGER_FOLD_CLOSE_H

#include "engine/ledger/records/ledger.h"

/* Scratch of a close, in the caller's memory. */
struct assay_close {
    struct assay_tally_member *members;
    const uint8_t **rows;
    struct assay_trust_state *trust;
    struct assay_tally_result *results;
    uint32_t *weights_before, *weights_after;
    uint32_t *seats; /* of the epoch that closes, then of the next */
    uint8_t (*node_id)[32];
    void *tally_memory;
    size_t tally_memory_len;
    void *weights_memory;
    size_t weights_memory_len;
    /* Of a roster or rules that change at this boundary. */
    bool *unlisted;
    bool *present, *sat; /* for seats: not mute, had one before */
    bool *keyless;       /* rows of quiet members */
    struct assay_place *places;
    void *groups_memory;
    struct assay_groups groups;
};

struct assay_close_rules {
    const struct assay_groups *groups;
    struct assay_score_rules score;
};

/* The groups of a roster; places: [member_count] of scratch. */
void assay_close_groups(const struct assay_state *state, struct assay_place *places, void *memory,
                        struct assay_groups *groups);
/* Returns: the caps of these rules. */
struct assay_weight_rules assay_close_caps(const struct assay_rules_in_force *rules);

/* Who votes in the epoch that follows: members[].keyless and seat_weight from members[].weight
 * (docs/protocol.md 5.22). groups: of its roster. */
void assay_close_seats(const struct assay_groups *groups, struct assay_close *scratch,
                       struct assay_state *state);

/* Returns: bytes of memory for rosters of so many slots. */
size_t assay_close_memory_len(uint32_t members);
/* memory: aligned to 16. */
void assay_close_init(struct assay_close *close, void *memory, uint32_t members);

/*
 * assay_close - the state after an EPOCH block in view `view` on top of the ledger.
 *
 * In:      context->state is the state before; ledger the branch with E's own records applied
 * Out:     *next (placed with room for the slots that a change of this boundary adds) without
 *          root and head: roster, rules, weights, trust, lives, counters; *tolerance
 * Cost:    one tally, one weight table, `view` steps of the leader sequence
 */
void assay_close(const struct assay_context *context, const struct assay_ledger *ledger,
                 const struct assay_close_rules *rules, uint64_t view, struct assay_close *scratch,
                 struct assay_state *next, struct assay_tolerance *tolerance);
/* What this epoch's ballots certify of declared keys and granted names (docs/protocol.md 2.16.5,
 * 2.17.3). In: scratch: rows and weights of the epoch; total_weight of its table; next with the
 * results of the tally. */
void assay_close_keys(const struct assay_context *context, const struct assay_ledger *ledger,
                      const struct assay_groups *groups, uint64_t total_weight,
                      const struct assay_close *scratch, struct assay_state *next);
/* What evidence of the next epoch binds (docs/protocol.md 2.16.2). In: next with its roster and
 * rules. */
void assay_close_declare(const struct assay_ledger *ledger, struct assay_state *next);
/* What the table of a state can survive. */
void assay_close_tolerance(const struct assay_close_rules *rules, struct assay_close *scratch,
                           const struct assay_state *state, struct assay_tolerance *tolerance);
/* The table of epoch 1. */
void assay_close_genesis_weights(const struct assay_close_rules *rules, struct assay_close *scratch,
                                 struct assay_state *state, struct assay_tolerance *tolerance);

#endif
