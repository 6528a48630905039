/*
 * tests/unit/engine/change_bench.h - a network of six and the keys of its operators, for changes.
 */
#ifndef ASSAY_TESTS_UNIT_ENGINE_CHANGE_BENCH_H
#define ASSAY_TESTS_UNIT_ENGINE_CHANGE_BENCH_H

#include "engine/ledger/fold/close.h"
#include "engine/ledger/records/ledger.h"

enum {
    CHANGE_MEMBERS = 6,
    CHANGE_CAPACITY = CHANGE_MEMBERS + ASSAY_JOINS_MAX,
    CHANGE_OPERATORS = 3,
};

/* A network of six on six platforms of three operators, and the operators' keys. */
struct change_bench {
    struct assay_genesis genesis;
    struct assay_p256_signer *signers[CHANGE_OPERATORS]; /* in the order of genesis.operators */
    struct assay_state state, next, stage;
    struct assay_ledger ledger;
    struct assay_close close;
    struct assay_groups groups;
    struct assay_close_rules rules;
    struct assay_tolerance tolerance;
    struct assay_context context;
    struct assay_slice pending[ASSAY_PENDING_MAX];
    uint8_t records[ASSAY_PENDING_MAX][ASSAY_CHANGE_RECORD_LEN_MAX];
    const struct assay_updates *updates; /* NULL: no collateral */
    assay_plan_follow *plan_follow;      /* NULL: no services */
    struct assay_update_cache update_cache;
    struct assay_writer set;
    uint8_t endorsements[64], set_bytes[64]; /* in force, and before */
    size_t before_len;
    uint8_t operators[ASSAY_OPERATORS_LEN_MAX];
    uint8_t policy[64];
    char names[CHANGE_CAPACITY][8];
    void *memory[16 + ASSAY_UPDATES_MAX];
    size_t memory_count;
};

struct change_made {
    uint8_t bytes[ASSAY_CHANGE_RECORD_LEN_MAX];
    struct assay_record record;
};

void change_secret(uint8_t mark, uint8_t purpose, struct assay_secret32 *key);
/* A member's card with keys of its own. */
void change_card(struct change_bench *b, uint8_t number, uint32_t operator_,
                 struct assay_genesis_member *m);
/* Genesis is closed, epoch 1 runs. */
struct change_bench *change_make(void);
void change_drop(struct change_bench *b);
struct assay_change change_head_of(const struct change_bench *b, uint64_t sequence,
                                   uint64_t activation);
/* Signed by the operators of these bits. The caller frees it. */
struct change_made *change_make_change(struct change_bench *b, const struct assay_change *change,
                                       const struct assay_action *actions, uint32_t count,
                                       unsigned signers);
/* Into the block that is being made. */
enum assay_status change_offer(struct change_bench *b, struct change_made *m);
enum assay_status change_offer_one(struct change_bench *b, uint64_t sequence, uint64_t activation,
                                   const struct assay_action *action);
struct assay_action change_about(enum assay_action_kind kind, const struct change_bench *b,
                                 uint32_t slot);
struct assay_action change_policy_of(const char *text);
/* Everybody that serves ballots PASS of everybody. */
void change_all_pass(struct change_bench *b);
/* The same, and of the slots from .. to - 1 it is proven that they fail. */
void change_fell(struct change_bench *b, uint32_t from, uint32_t to);
/* The same, and those of the slots from .. to - 1 are not there. */
void change_away(struct change_bench *b, uint32_t from, uint32_t to);
/* The epoch closes; what waits is followed as engine/node/chain_head.c does. */
void change_close_epoch(struct change_bench *b);
void change_pass_epoch(struct change_bench *b);

#endif
