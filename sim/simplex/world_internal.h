/*
 * sim/simplex/world_internal.h - internal interface of the Simplex world.
 */
#ifndef ASSAY_SIM_SIMPLEX_WORLD_INTERNAL_H
#define ASSAY_SIM_SIMPLEX_WORLD_INTERNAL_H

#include "sim/simplex/world.h"

enum {
    SXW_VIEWS_MAX = ASSAY_BLOCK_NULLS_MAX,
    SXW_VIEWS = 128,
    SXW_SEEN_MAX = 1 << 17,
    SXW_BLOCKS_MAX = 48,
    SXW_BODY_MAX = 64,
    SXW_EPOCHS_MAX = 256,
    SXW_HEIGHTS_MAX = 4096,
};

enum sxw_event_kind { SXW_MESSAGE, SXW_TICK, SXW_CHECKED, SXW_RUN, SXW_RESTART };

struct sxw_event {
    uint64_t at_ms;
    uint64_t order;
    enum sxw_event_kind kind;
    uint32_t machine;
    uint16_t from;
    enum assay_message_kind message;
    uint8_t *bytes;
    size_t len;
    uint8_t id[32]; /* CHECKED */
    bool valid;     /* CHECKED; RUN: fresh */
    uint32_t life;  /* CHECKED: of which life of the machine */
};

struct sxw_log_item {
    enum assay_store_class class_;
    struct assay_store_key key;
    uint8_t *bytes;
    size_t len;
};

/* State of the minimal ledger; copied to `durable` with each commit. */
struct sxw_ledger {
    uint64_t epoch;
    uint8_t base_id[32], base_proof[32];
    uint64_t base_height;
    int64_t counters[ASSAY_SIM_SIMPLEX_MACHINES_MAX];
    uint64_t height; /* last final */
    uint8_t head_id[32];
    uint64_t head_ms; /* when it became final here */
    uint32_t
        weights[2]
               [ASSAY_SIM_SIMPLEX_MACHINES_MAX]; /* of even and odd epochs: one is still borrowed */
};

struct sxw_machine {
    uint16_t slot;
    bool alive, byzantine;
    uint32_t life;
    void *simplex_memory, *blocks_memory;
    size_t simplex_memory_len, blocks_memory_len;
    struct assay_simplex *simplex;
    struct assay_blocks *blocks;
    struct assay_simplex_actions actions;
    uint64_t wake_at;
    struct sxw_ledger ledger, durable;
    struct assay_voter_table voters[2];
    struct sxw_log_item *log;
    size_t log_count, log_capacity;
    uint64_t proofs_epoch;                          /* of the proofs below */
    uint8_t proofs[ASSAY_SIM_SIMPLEX_MACHINES_MAX]; /* by slot; bit n: one of En */
};

/* Headers of all proposed blocks. */
struct sxw_header {
    uint8_t id[32];
    struct assay_block_header header;
};

/* Observations of one view of one epoch. */
struct sxw_seen {
    bool certified[ASSAY_VOTE_TYPES];
    uint8_t certified_id[ASSAY_VOTE_TYPES][32];
    bool voted[ASSAY_SIM_SIMPLEX_MACHINES_MAX][ASSAY_VOTE_TYPES]; /* by machine */
    uint8_t voted_id[ASSAY_SIM_SIMPLEX_MACHINES_MAX][ASSAY_VOTE_TYPES][32];
    bool proposed[ASSAY_SIM_SIMPLEX_MACHINES_MAX];
    uint8_t proposed_id[ASSAY_SIM_SIMPLEX_MACHINES_MAX][32];
};

/* Observations of one range of views (protocol.md 5.27). */
struct sxw_seen_range {
    struct assay_vote_statement statement;
    bool certified;
    bool voted[ASSAY_SIM_SIMPLEX_MACHINES_MAX];
};

struct assay_sim_simplex {
    struct assay_sim_simplex_options options;
    uint64_t random, now, still;
    uint8_t chain_id[32];
    struct assay_p256 *keys[ASSAY_SIM_SIMPLEX_MACHINES_MAX];
    struct assay_p256_signer *signers[ASSAY_SIM_SIMPLEX_MACHINES_MAX];
    uint8_t node_ids[ASSAY_SIM_SIMPLEX_MACHINES_MAX][32];
    uint32_t machine_count;
    struct sxw_machine machines[ASSAY_SIM_SIMPLEX_MACHINES_MAX];
    bool partitioned;
    uint32_t group_of[ASSAY_SIM_SIMPLEX_MACHINES_MAX];
    assay_sim_simplex_filter *filter;
    void *filter_context;
    assay_sim_simplex_judge *judge;
    void *judge_context;
    struct sxw_event *events;
    size_t event_count, event_capacity;
    uint64_t event_order;
    char violation[256];
    enum assay_sim_checker checker; /* of the violation */
    assay_sim_simplex_observer *observer;
    void *observer_context;
    struct assay_sim_simplex_counts counts;
    struct sxw_seen *seen[SXW_EPOCHS_MAX]; /* [seen_capacity] each, by view */
    size_t seen_capacity[SXW_EPOCHS_MAX];
    struct sxw_seen_range *ranges; /* of all epochs */
    size_t range_count, range_capacity;
    struct sxw_header *headers;
    size_t header_count, header_capacity;
    bool chain_known[SXW_HEIGHTS_MAX];
    uint8_t chain[SXW_HEIGHTS_MAX][32];
};

/* network.c */
uint64_t assay_sxw_random(struct assay_sim_simplex *w);
bool assay_sxw_chance(struct assay_sim_simplex *w, uint32_t permille);
uint64_t assay_sxw_between(struct assay_sim_simplex *w, uint64_t min, uint64_t max);
void *assay_sxw_must(void *memory);
void assay_sxw_schedule(struct assay_sim_simplex *w, const struct sxw_event *event);
struct sxw_event assay_sxw_next_event(struct assay_sim_simplex *w);
void assay_sxw_log_put(struct sxw_machine *m, enum assay_store_class class_,
                       const struct assay_store_key *key, struct assay_slice value);
const struct sxw_log_item *assay_sxw_log_find(const struct sxw_machine *m,
                                              enum assay_store_class class_, uint64_t epoch,
                                              uint64_t number, const uint8_t *id);
void assay_sxw_log_prune(struct sxw_machine *m, uint64_t epoch);
/* Checked first; a twin does not receive its own message. */
void assay_sxw_send(struct assay_sim_simplex *w, struct sxw_machine *m, uint16_t to,
                    uint16_t except, enum assay_message_kind kind, struct assay_slice payload);

/* world.c */
void assay_sxw_machine_init(struct assay_sim_simplex *w, struct sxw_machine *m);
enum assay_status assay_sxw_input(struct assay_sim_simplex *w, struct sxw_machine *m,
                                  const struct sxw_event *event);

/* ledger.c */
void assay_sxw_ledger_genesis(struct assay_sim_simplex *w, struct sxw_machine *m);
void assay_sxw_ledger_begin(struct assay_sim_simplex *w, struct sxw_machine *m);
void assay_sxw_ledger_act(struct assay_sim_simplex *w, struct sxw_machine *m, size_t action);

uint32_t assay_sxw_weight_of(const struct assay_sim_simplex *w, uint64_t epoch, uint32_t slot);

/* checker.c */
void assay_sxw_check_send(struct assay_sim_simplex *w, const struct sxw_machine *m,
                          enum assay_message_kind kind, struct assay_slice payload);
/* Returns: whether it is a certificate with a quorum of valid signatures. */
bool assay_sxw_certificate_read(const struct assay_sim_simplex *w, struct assay_slice payload,
                                struct assay_vote_certificate *c);
void assay_sxw_checker_free(struct assay_sim_simplex *w);

/* chain.c */
/* Folds into the trace. */
void assay_sxw_trace(struct assay_sim_simplex *w, uint64_t number, struct assay_slice bytes);
/* Records the header of a block; ignores other messages. */
void assay_sxw_note_block(struct assay_sim_simplex *w, struct assay_slice payload);
/* A block that an honest machine votes for. */
void assay_sxw_check_block(struct assay_sim_simplex *w, const struct sxw_machine *m,
                           const struct assay_proposal *p);
void assay_sxw_check_finality(struct assay_sim_simplex *w, const struct sxw_machine *m,
                              const struct assay_simplex_action *final_);
void assay_sxw_check_final(struct assay_sim_simplex *w, const struct sxw_machine *m,
                           uint64_t height, const uint8_t id[static 32]);

#endif
