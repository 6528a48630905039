/*
 * sim/simplex/world.h - several Simplex machines in one process, under a virtual clock.
 *
 * One seed decides everything: delays, losses, duplicates, crashes. Each machine has a log that it
 * obeys persist-before-send with, and a tiny ledger (every k-th block closes the epoch). After each
 * step checkers look at what was sent and what became final; the first broken rule stops the world
 * and stands in assay_sim_simplex_violation. Signatures: base/crypto/model.c.
 */
#ifndef ASSAY_SIM_SIMPLEX_WORLD_H
#define ASSAY_SIM_SIMPLEX_WORLD_H

#include "engine/consensus/simplex.h"
#include "sim/outcome.h"

enum { ASSAY_SIM_SIMPLEX_MACHINES_MAX = 16 };

/* Planted faults: each must be caught by a checker. */
enum assay_sim_simplex_plant {
    ASSAY_SIM_SIMPLEX_SOUND,
    ASSAY_SIM_SIMPLEX_FORGETS_VOTES, /* a restarted machine has lost its votes and asks nobody */
    ASSAY_SIM_SIMPLEX_FORGETS_CERTIFICATES, /* certificates are not persisted */
    ASSAY_SIM_SIMPLEX_SENDS_FIRST,          /* sends, then persists */
    ASSAY_SIM_SIMPLEX_SKIPS_STORE,          /* loses what it was told to persist */
};

struct assay_sim_simplex_options {
    uint64_t seed;
    uint32_t slot_count;
    uint32_t weights[ASSAY_SIM_SIMPLEX_MACHINES_MAX];
    bool rotate;            /* each epoch hands the weights on to the next slot */
    uint32_t machine_count; /* 0: one a slot */
    uint16_t slots
        [ASSAY_SIM_SIMPLEX_MACHINES_MAX]; /* which slot each machine plays when machine_count > 0 */
    bool byzantine[ASSAY_SIM_SIMPLEX_MACHINES_MAX]; /* machines the checkers do not judge (twins) */
    uint64_t epoch_ms;                              /* 0: 2000 */
    uint32_t epoch_blocks;                          /* 0: 5 blocks an epoch */
    uint64_t cadence_ms; /* a proposal is due so long after the last final block; 0: at once */
    uint64_t delay_min_ms, delay_max_ms;
    uint64_t proposal_extra_ms; /* proposals take so much longer */
    uint32_t loss_permille, duplicate_permille;
    uint32_t crash_permille;   /* of commits: the machine dies at one of the points around it */
    uint32_t crowded_permille; /* of steps: little room is left in the list of actions */
    uint64_t check_ms_max;     /* the ledger takes up to so long to judge a block */
    bool splits;               /* twins of more than a third: certificates may contradict each other
                                  and nothing but two final chains stops the world */
    uint32_t views_max;        /* of one epoch that a machine holds at once; 0: 128 */
    uint32_t blocks_max;       /* that a machine holds; 0: 48 */
    uint32_t check_every;      /* steps from one look at every invariant to the next; 0: 1 */
    enum assay_sim_simplex_plant plant;
};

struct assay_sim_simplex;

/* Returns: a running world. */
struct assay_sim_simplex *assay_sim_simplex_create(const struct assay_sim_simplex_options *options);
/* Accepts NULL; sets the pointer to NULL. Returns: nothing. */
void assay_sim_simplex_destroy(struct assay_sim_simplex **world);

/* Go on for so long. Returns: false when a rule was broken. */
bool assay_sim_simplex_run(struct assay_sim_simplex *world, uint64_t ms);
/* Go on until every honest machine that lives has this height final, or for ms at most.
 * Returns: whether it came to that (and no rule was broken). */
bool assay_sim_simplex_run_to_height(struct assay_sim_simplex *world, uint64_t height, uint64_t ms);
/* Returns: the first broken rule, or NULL. */
const char *assay_sim_simplex_violation(const struct assay_sim_simplex *world);
/* Returns: which checker found it; ASSAY_SIM_CHECKER_COUNT without a violation. */
enum assay_sim_checker assay_sim_simplex_checker(const struct assay_sim_simplex *world);
/* A rule that only the caller can know was broken (progress within its bound, say): recorded like
 * any other, the first one stands. Returns: nothing. */
__attribute__((format(printf, 3, 4))) void assay_sim_simplex_violate(
    struct assay_sim_simplex *world, enum assay_sim_checker checker, const char *format, ...);

/* Returns: milliseconds of the virtual clock. */
uint64_t assay_sim_simplex_now(const struct assay_sim_simplex *world);
/* Returns: the last final height of a machine. */
uint64_t assay_sim_simplex_height(const struct assay_sim_simplex *world, uint32_t machine);
/* Returns: the largest height that any machine has final. */
uint64_t assay_sim_simplex_best_height(const struct assay_sim_simplex *world);
/* Returns: whether a machine runs. */
bool assay_sim_simplex_alive(const struct assay_sim_simplex *world, uint32_t machine);
/* Returns: the machine's engine, borrowed until it crashes. */
struct assay_simplex *assay_sim_simplex_machine(struct assay_sim_simplex *world, uint32_t machine);
/* As assay_simplex_snapshot. Returns: nothing. */
void assay_sim_simplex_look(const struct assay_sim_simplex *world, uint32_t machine,
                            struct assay_simplex_snapshot *snapshot);

/* Ignored for a machine that is dead already, or alive. Both return nothing. */
void assay_sim_simplex_crash(struct assay_sim_simplex *world, uint32_t machine);
void assay_sim_simplex_restart(struct assay_sim_simplex *world, uint32_t machine);
/* The disk of a dead machine loses the last votes that it was told to keep. Returns: nothing. */
void assay_sim_simplex_lose(struct assay_sim_simplex *world, uint32_t machine, uint32_t votes);
/* Faults from here on. Returns: nothing. */
void assay_sim_simplex_set_faults(struct assay_sim_simplex *world, uint32_t loss_permille,
                                  uint32_t duplicate_permille, uint32_t crash_permille);
/* Machines in different groups do not hear each other. NULL heals. Returns: nothing. */
void assay_sim_simplex_partition(struct assay_sim_simplex *world, const uint32_t *group_of);

/* A message on its way. Returns: false to lose it. */
typedef bool assay_sim_simplex_filter(void *context, uint32_t from, uint32_t to,
                                      enum assay_message_kind kind, struct assay_slice payload);
/* NULL: everything passes. Returns: nothing. */
void assay_sim_simplex_set_filter(struct assay_sim_simplex *world, assay_sim_simplex_filter *filter,
                                  void *context);
/* Every message that a machine sends, before links lose any of it. Returns: nothing. */
typedef void assay_sim_simplex_observer(void *context, uint32_t machine,
                                        enum assay_message_kind kind, struct assay_slice payload);
void assay_sim_simplex_set_observer(struct assay_sim_simplex *world,
                                    assay_sim_simplex_observer *observer, void *context);
/* What the ledger of a machine says about a block, after its own rules; NULL: true.
 * Returns: whether the block is valid. */
typedef bool assay_sim_simplex_judge(void *context, uint32_t machine,
                                     const struct assay_block_header *header);
/* Returns: nothing. */
void assay_sim_simplex_set_judge(struct assay_sim_simplex *world, assay_sim_simplex_judge *judge,
                                 void *context);
/* Give a message to a machine, as if a slot had sent it. Returns: what the machine said. */
enum assay_status assay_sim_simplex_inject(struct assay_sim_simplex *world, uint32_t machine,
                                           uint16_t from, enum assay_message_kind kind,
                                           struct assay_slice payload);
/* Returns: the voting key of a slot, borrowed from the world. */
const struct assay_p256 *assay_sim_simplex_key(const struct assay_sim_simplex *world,
                                               uint16_t slot);
/* Sign as a slot. Returns: nothing. */
void assay_sim_simplex_sign(const struct assay_sim_simplex *world, uint16_t slot,
                            const uint8_t digest[static 32],
                            uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);
/* Returns: 32 bytes, borrowed from the world. */
const uint8_t *assay_sim_simplex_chain_id(const struct assay_sim_simplex *world);

/* What happened so far. */
struct assay_sim_simplex_counts {
    uint64_t steps, sent, lost, crashes, restarts, accusations, behind, rolled_back, empty_views;
    uint64_t trace;      /* a hash of everything sent and final, in order */
    unsigned last_proof; /* number of the last accusation */
    uint16_t last_accused;
};
/* Returns: nothing. */
void assay_sim_simplex_counts(const struct assay_sim_simplex *world,
                              struct assay_sim_simplex_counts *counts);
/* Whether the machine has, since it began, made a proof of En about the slot in the epoch: one is
 * enough (docs/protocol.md 5.23.1). Returns: so or not */
bool assay_sim_simplex_has_accused(const struct assay_sim_simplex *world, uint32_t machine,
                                   uint64_t epoch, uint16_t slot, unsigned number);

#endif
