/*
 * tests/support/simplex_world.h - several Simplex machines in one process, under a virtual clock.
 *
 * One seed decides everything: delays, losses, duplicates, crashes. Each machine has a log that it
 * obeys persist-before-send with, and a tiny ledger (every k-th block closes the epoch). After each
 * step checkers look at what was sent and what became final; the first broken rule stops the world
 * and stands in simplex_world_violation. Signatures: tests/support/model_crypto.c.
 */
#ifndef ASSAY_TESTS_SIMPLEX_WORLD_H
#define ASSAY_TESTS_SIMPLEX_WORLD_H

#include "engine/simplex.h"

enum { WORLD_MACHINES_MAX = 10 };

/* Planted faults: each must be caught by a checker. */
enum world_plant {
    WORLD_SOUND,
    WORLD_FORGETS_VOTES,        /* a restarted machine has lost its votes and asks nobody */
    WORLD_FORGETS_CERTIFICATES, /* certificates are not persisted */
    WORLD_SENDS_FIRST,          /* sends, then persists */
    WORLD_SKIPS_STORE,          /* loses what it was told to persist */
};

struct world_options {
    uint64_t seed;
    uint32_t slot_count;
    uint32_t weights[WORLD_MACHINES_MAX];
    bool rotate;                        /* each epoch hands the weights on to the next slot */
    uint32_t machine_count;             /* 0: one a slot */
    uint16_t slots[WORLD_MACHINES_MAX]; /* which slot each machine plays when machine_count > 0 */
    bool byzantine[WORLD_MACHINES_MAX]; /* machines the checkers do not judge (twins) */
    uint64_t epoch_ms;                  /* 0: 2000 */
    uint32_t epoch_blocks;              /* 0: 5 blocks an epoch */
    uint64_t cadence_ms; /* a proposal is due so long after the last final block; 0: at once */
    uint64_t delay_min_ms, delay_max_ms;
    uint64_t proposal_extra_ms; /* proposals take so much longer */
    uint32_t loss_permille, duplicate_permille;
    uint32_t crash_permille;   /* of commits: the machine dies at one of the points around it */
    uint32_t crowded_permille; /* of steps: little room is left in the list of actions */
    uint64_t check_ms_max;     /* the ledger takes up to so long to judge a block */
    enum world_plant plant;
};

struct simplex_world;

/* Returns: a running world. */
struct simplex_world *simplex_world_create(const struct world_options *options);
void simplex_world_destroy(struct simplex_world **world);

/* Go on for so long. Returns: false when a rule was broken. */
bool simplex_world_run(struct simplex_world *world, uint64_t ms);
/* Go on until every machine that lives has this height final, or for ms at most. Returns: whether
 * it came to that (and no rule was broken). */
bool simplex_world_run_to_height(struct simplex_world *world, uint64_t height, uint64_t ms);
/* Returns: the first broken rule, or NULL. */
const char *simplex_world_violation(const struct simplex_world *world);

uint64_t simplex_world_now(const struct simplex_world *world);
uint64_t simplex_world_height(const struct simplex_world *world, uint32_t machine);
/* Returns: the largest height that any machine has final. */
uint64_t simplex_world_best_height(const struct simplex_world *world);
bool simplex_world_alive(const struct simplex_world *world, uint32_t machine);
struct assay_simplex *simplex_world_machine(struct simplex_world *world, uint32_t machine);
void simplex_world_look(const struct simplex_world *world, uint32_t machine,
                        struct assay_simplex_view *view);

void simplex_world_crash(struct simplex_world *world, uint32_t machine);
void simplex_world_restart(struct simplex_world *world, uint32_t machine);
/* Faults from here on. */
void simplex_world_set_faults(struct simplex_world *world, uint32_t loss_permille,
                              uint32_t duplicate_permille, uint32_t crash_permille);
/* Machines in different groups do not hear each other. NULL heals. */
void simplex_world_partition(struct simplex_world *world, const uint32_t *group_of);

/* A message on its way; return false to lose it. */
typedef bool simplex_world_filter(void *context, uint32_t from, uint32_t to,
                                  enum assay_message_kind kind, struct assay_slice payload);
void simplex_world_set_filter(struct simplex_world *world, simplex_world_filter *filter,
                              void *context);
/* What the ledger of a machine says about a block, after its own rules; NULL: true. */
typedef bool simplex_world_judge(void *context, uint32_t machine,
                                 const struct assay_block_header *header);
void simplex_world_set_judge(struct simplex_world *world, simplex_world_judge *judge,
                             void *context);
/* Give a message to a machine, as if a slot had sent it. Returns: what the machine said. */
enum assay_status simplex_world_inject(struct simplex_world *world, uint32_t machine, uint16_t from,
                                       enum assay_message_kind kind, struct assay_slice payload);
/* Sign as a slot. */
void simplex_world_sign(const struct simplex_world *world, uint16_t slot,
                        const uint8_t digest[static 32],
                        uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);
const uint8_t *simplex_world_chain_id(const struct simplex_world *world);

/* What happened so far. */
struct world_counts {
    uint64_t steps, sent, lost, crashes, restarts, accusations, behind, rolled_back, empty_views;
    unsigned last_proof; /* number of the last accusation */
    uint16_t last_accused;
};
void simplex_world_counts(const struct simplex_world *world, struct world_counts *counts);

#endif
