/*
 * tests/support/simplex_world_internal.h - shared by the files of the Simplex test world.
 */
#ifndef ASSAY_TESTS_SIMPLEX_WORLD_INTERNAL_H
#define ASSAY_TESTS_SIMPLEX_WORLD_INTERNAL_H

#include "tests/support/simplex_world.h"

enum {
    WORLD_VIEWS_MAX = 128,
    WORLD_BLOCKS_MAX = 48,
    WORLD_BODY_MAX = 64,
    WORLD_EPOCHS_MAX = 256,
    WORLD_HEIGHTS_MAX = 4096,
};

enum world_event_kind { WORLD_MESSAGE, WORLD_TICK, WORLD_CHECKED, WORLD_RUN, WORLD_RESTART };

struct world_event {
    uint64_t at_ms;
    uint64_t order;
    enum world_event_kind kind;
    uint32_t machine;
    uint16_t from;
    enum assay_message_kind message;
    uint8_t *bytes;
    size_t len;
    uint8_t id[32]; /* CHECKED */
    bool valid;     /* CHECKED; RUN: fresh */
    uint32_t life;  /* CHECKED: of which life of the machine */
};

struct log_item {
    enum assay_store_class class_;
    struct assay_store_key key;
    uint8_t *bytes;
    size_t len;
};

/* What the tiny ledger knows; copied to `durable` with each commit. */
struct tiny_ledger {
    uint64_t epoch;
    uint8_t base_id[32], base_proof[32];
    uint64_t base_height;
    int64_t counters[WORLD_MACHINES_MAX];
    uint64_t height; /* last final */
    uint8_t head_id[32];
    uint64_t head_ms;                        /* when it became final here */
    uint32_t weights[2][WORLD_MACHINES_MAX]; /* of even and odd epochs: one is still borrowed */
};

struct machine {
    uint16_t slot;
    bool alive, byzantine;
    uint32_t life;
    void *simplex_memory, *blocks_memory;
    size_t simplex_memory_len, blocks_memory_len;
    struct assay_simplex *simplex;
    struct assay_blocks *blocks;
    struct assay_simplex_actions actions;
    uint64_t wake_at;
    struct tiny_ledger ledger, durable;
    struct assay_voter_table voters[2];
    struct log_item *log;
    size_t log_count, log_capacity;
};

/* What was seen of one view of one epoch. */
struct seen_view {
    bool certified[ASSAY_VOTE_TYPES];
    uint8_t certified_id[ASSAY_VOTE_TYPES][32];
    bool voted[WORLD_MACHINES_MAX][ASSAY_VOTE_TYPES]; /* by machine */
    uint8_t voted_id[WORLD_MACHINES_MAX][ASSAY_VOTE_TYPES][32];
    bool proposed[WORLD_MACHINES_MAX];
    uint8_t proposed_id[WORLD_MACHINES_MAX][32];
};

struct simplex_world {
    struct world_options options;
    uint64_t random, now, still;
    uint8_t chain_id[32];
    struct assay_p256 *keys[WORLD_MACHINES_MAX];
    struct assay_p256_signer *signers[WORLD_MACHINES_MAX];
    uint8_t node_ids[WORLD_MACHINES_MAX][32];
    uint32_t machine_count;
    struct machine machines[WORLD_MACHINES_MAX];
    bool partitioned;
    uint32_t group_of[WORLD_MACHINES_MAX];
    simplex_world_filter *filter;
    void *filter_context;
    simplex_world_judge *judge;
    void *judge_context;
    struct world_event *events;
    size_t event_count, event_capacity;
    uint64_t event_order;
    char violation[256];
    struct world_counts counts;
    struct seen_view *seen[WORLD_EPOCHS_MAX]; /* [WORLD_VIEWS_MAX] each */
    bool chain_known[WORLD_HEIGHTS_MAX];
    uint8_t chain[WORLD_HEIGHTS_MAX][32];
};

/* simplex_network.c */
uint64_t world_random(struct simplex_world *w);
bool world_chance(struct simplex_world *w, uint32_t permille);
uint64_t world_between(struct simplex_world *w, uint64_t min, uint64_t max);
void *world_must(void *memory);
void world_schedule(struct simplex_world *w, const struct world_event *event);
struct world_event world_next_event(struct simplex_world *w);
void world_log_put(struct machine *m, enum assay_store_class class_,
                   const struct assay_store_key *key, struct assay_slice value);
const struct log_item *world_log_find(const struct machine *m, enum assay_store_class class_,
                                      uint64_t epoch, uint64_t number, const uint8_t *id);
void world_log_prune(struct machine *m, uint64_t epoch);
/* Checked first; a twin does not hear itself. */
void world_send(struct simplex_world *w, struct machine *m, uint16_t to, uint16_t except,
                enum assay_message_kind kind, struct assay_slice payload);

/* simplex_world.c */
__attribute__((format(printf, 2, 3))) void world_violated(struct simplex_world *w,
                                                          const char *format, ...);
void world_machine_init(struct simplex_world *w, struct machine *m);
enum assay_status world_input(struct simplex_world *w, struct machine *m,
                              const struct world_event *event);

/* simplex_ledger.c */
void world_ledger_genesis(struct simplex_world *w, struct machine *m);
void world_ledger_begin(struct simplex_world *w, struct machine *m);
void world_ledger_act(struct simplex_world *w, struct machine *m, size_t action);

/* simplex_checker.c */
void world_check_send(struct simplex_world *w, const struct machine *m,
                      enum assay_message_kind kind, struct assay_slice payload);
void world_check_final(struct simplex_world *w, const struct machine *m, uint64_t height,
                       const uint8_t id[static 32]);
void world_checker_free(struct simplex_world *w);

#endif
