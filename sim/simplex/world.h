/*
 * sim/simplex/world.h - several Simplex machines in one process, under a virtual clock.
 *
 * One seed decides everything: delays, losses, duplicates, crashes. Each machine has a log for
 * persist-before-send, and a minimal ledger (every k-th block closes the epoch). After each step
 * checkers read what was sent and what became final; the first violation stops the world and is
 * returned by assay_sim_simplex_violation. Signatures: base/crypto/model.c.
 */
#ifndef ASSAY_SIM_SIMPLEX_WORLD_H
#define ASSAY_SIM_SIMPLEX_WORLD_H

#include "engine/consensus/simplex.h"
#include "sim/outcome.h"

enum { ASSAY_SIM_SIMPLEX_MACHINES_MAX = 16 };

/* Planted faults: a checker must detect each of them. */
enum assay_sim_simplex_plant {
    ASSAY_SIM_SIMPLEX_SOUND,
    ASSAY_SIM_SIMPLEX_FORGETS_VOTES, /* a restarted machine has lost its votes and asks no peer */
    ASSAY_SIM_SIMPLEX_FORGETS_CERTIFICATES, /* certificates are not persisted */
    ASSAY_SIM_SIMPLEX_SENDS_FIRST,          /* sends, then persists */
    ASSAY_SIM_SIMPLEX_SKIPS_STORE,          /* loses what it had to persist */
};

struct assay_sim_simplex_options {
    uint64_t seed;
    uint32_t slot_count;
    uint32_t weights[ASSAY_SIM_SIMPLEX_MACHINES_MAX];
    bool rotate;            /* each epoch moves the weights on to the next slot */
    uint32_t machine_count; /* 0: one a slot */
    uint16_t
        slots[ASSAY_SIM_SIMPLEX_MACHINES_MAX]; /* slot of each machine when machine_count > 0 */
    bool byzantine[ASSAY_SIM_SIMPLEX_MACHINES_MAX]; /* machines that the checkers ignore (twins) */
    uint64_t epoch_ms;                              /* 0: 2000 */
    uint32_t epoch_blocks;                          /* 0: 5 blocks an epoch */
    uint64_t cadence_ms; /* a proposal is due that long after the last final block; 0: at once */
    uint64_t delay_min_ms, delay_max_ms;
    uint64_t proposal_extra_ms; /* additional delay of proposals */
    uint32_t loss_permille, duplicate_permille;
    uint32_t crash_permille;   /* of commits: the machine crashes at one of the points around it */
    uint32_t crowded_permille; /* of steps: the list of actions is nearly full */
    uint64_t check_ms_max;     /* maximum time of the ledger to check a block */
    /* Twins of more than a third: certificates may contradict each other, and only two final chains
     * stop the world. */
    bool splits;
    uint32_t views_max;   /* of one epoch in a machine's memory; 0: 128 */
    uint32_t blocks_max;  /* in a machine's memory; 0: 48 */
    uint32_t check_every; /* steps between checks of every invariant; 0: 1 */
    enum assay_sim_simplex_plant plant;
};

struct assay_sim_simplex;

/* Returns: a running world. */
struct assay_sim_simplex *assay_sim_simplex_create(const struct assay_sim_simplex_options *options);
/* Accepts NULL; sets the pointer to NULL. */
void assay_sim_simplex_destroy(struct assay_sim_simplex **world);

/* Runs for that long. Returns: false after a violation. */
bool assay_sim_simplex_run(struct assay_sim_simplex *world, uint64_t ms);
/* Runs until every honest living machine has this height final, or for ms at most.
 * Returns: whether they have (and there was no violation). */
bool assay_sim_simplex_run_to_height(struct assay_sim_simplex *world, uint64_t height, uint64_t ms);
/* Returns: the first violation, or NULL. */
const char *assay_sim_simplex_violation(const struct assay_sim_simplex *world);
/* Returns: the checker of the violation; ASSAY_SIM_CHECKER_COUNT without one. */
enum assay_sim_checker assay_sim_simplex_checker(const struct assay_sim_simplex *world);
/* A violation that only the caller can detect (progress within its bound, for example): recorded
 * like any other, the first one stays. */
__attribute__((format(printf, 3, 4))) void assay_sim_simplex_violate(
    struct assay_sim_simplex *world, enum assay_sim_checker checker, const char *format, ...);

/* Returns: milliseconds of the virtual clock. */
uint64_t assay_sim_simplex_now(const struct assay_sim_simplex *world);
/* Returns: the last final height of a machine. */
uint64_t assay_sim_simplex_height(const struct assay_sim_simplex *world, uint32_t machine);
/* Returns: the largest final height of all machines. */
uint64_t assay_sim_simplex_best_height(const struct assay_sim_simplex *world);
/* Returns: whether a machine runs. */
bool assay_sim_simplex_alive(const struct assay_sim_simplex *world, uint32_t machine);
/* Returns: the machine's engine, borrowed until it crashes. */
struct assay_simplex *assay_sim_simplex_machine(struct assay_sim_simplex *world, uint32_t machine);
/* As assay_simplex_snapshot. */
void assay_sim_simplex_look(const struct assay_sim_simplex *world, uint32_t machine,
                            struct assay_simplex_snapshot *snapshot);

/* Ignored for a machine that is stopped already, or running. Both return nothing. */
void assay_sim_simplex_crash(struct assay_sim_simplex *world, uint32_t machine);
void assay_sim_simplex_restart(struct assay_sim_simplex *world, uint32_t machine);
/* The disk of a stopped machine loses the last votes that it had to store. */
void assay_sim_simplex_lose(struct assay_sim_simplex *world, uint32_t machine, uint32_t votes);
/* Faults from here on. */
void assay_sim_simplex_set_faults(struct assay_sim_simplex *world, uint32_t loss_permille,
                                  uint32_t duplicate_permille, uint32_t crash_permille);
/* Machines in different groups do not receive from each other. NULL heals. */
void assay_sim_simplex_partition(struct assay_sim_simplex *world, const uint32_t *group_of);

/* A message in flight. Returns: false to lose it. */
typedef bool assay_sim_simplex_filter(void *context, uint32_t from, uint32_t to,
                                      enum assay_message_kind kind, struct assay_slice payload);
/* NULL: no filter. */
void assay_sim_simplex_set_filter(struct assay_sim_simplex *world, assay_sim_simplex_filter *filter,
                                  void *context);
/* Every message that a machine sends, before links lose any of it. */
typedef void assay_sim_simplex_observer(void *context, uint32_t machine,
                                        enum assay_message_kind kind, struct assay_slice payload);
void assay_sim_simplex_set_observer(struct assay_sim_simplex *world,
                                    assay_sim_simplex_observer *observer, void *context);
/* The verdict of a machine's ledger on a block, after its own rules; NULL: true.
 * Returns: whether the block is valid. */
typedef bool assay_sim_simplex_judge(void *context, uint32_t machine,
                                     const struct assay_block_header *header);
/* Sets the additional check; NULL: none. */
void assay_sim_simplex_set_judge(struct assay_sim_simplex *world, assay_sim_simplex_judge *judge,
                                 void *context);
/* Delivers a message to a machine, as if sent by a slot. Returns: the machine's status. */
enum assay_status assay_sim_simplex_inject(struct assay_sim_simplex *world, uint32_t machine,
                                           uint16_t from, enum assay_message_kind kind,
                                           struct assay_slice payload);
/* Returns: the voting key of a slot, borrowed from the world. */
const struct assay_p256 *assay_sim_simplex_key(const struct assay_sim_simplex *world,
                                               uint16_t slot);
/* Signs as a slot. */
void assay_sim_simplex_sign(const struct assay_sim_simplex *world, uint16_t slot,
                            const uint8_t digest[static 32],
                            uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);
/* Returns: 32 bytes, borrowed from the world. */
const uint8_t *assay_sim_simplex_chain_id(const struct assay_sim_simplex *world);

/* Counters so far. */
struct assay_sim_simplex_counts {
    uint64_t steps, sent, lost, crashes, restarts, accusations, behind, rolled_back, empty_views;
    uint64_t trace;      /* a hash of everything sent and final, in order */
    unsigned last_proof; /* number of the last proof of an offence */
    uint16_t last_accused;
};
/* Copies the counters. */
void assay_sim_simplex_counts(const struct assay_sim_simplex *world,
                              struct assay_sim_simplex_counts *counts);
/* Whether the machine has made a proof of En about the slot in the epoch since its start: one is
 * enough (docs/protocol.md 5.23.1). Returns: whether it has */
bool assay_sim_simplex_has_accused(const struct assay_sim_simplex *world, uint32_t machine,
                                   uint64_t epoch, uint16_t slot, unsigned number);

#endif
