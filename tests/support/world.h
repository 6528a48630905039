/*
 * tests/support/world.h - several whole engines in one process, under a virtual clock.
 *
 * One seed decides everything. Each node has a store that it persists to before it sends, a host
 * that signs, fetches and verifies model evidence (short byte strings), and an agent that obeys
 * RESTART with new keys after a while. After each step checkers look at what was signed, sent and
 * closed; the first broken rule stops the world and stands in world_violation. Faults and Byzantine
 * acts are chosen by the test, node by node. Signatures: base/crypto/model.c or the real
 * ones.
 */
#ifndef ASSAY_TESTS_WORLD_H
#define ASSAY_TESTS_WORLD_H

#include "engine/engine.h"

enum { WORLD_NODES_MAX = 24 };

enum world_plant {
    WORLD_PLANT_NONE,
    WORLD_PLANT_ROOT,        /* one node reports another root than it has */
    WORLD_PLANT_FORGETS,     /* a restarted node has lost its store */
    WORLD_PLANT_STATE,       /* node 4 miscounts in epoch 3: its next state is another one */
    WORLD_PLANT_SENDS_FIRST, /* messages leave before the batch is durable */
};

struct world_options {
    uint64_t seed;
    uint32_t nodes;
    uint32_t epoch_ms;                   /* 0: 800 */
    uint32_t vendors;                    /* 0: 4 */
    uint64_t delay_min_ms, delay_max_ms; /* 0, 0: 1 .. 6 */
    uint32_t loss_permille;
    uint32_t crash_permille; /* of commits: the node dies at one of the points around it */
    uint32_t skew_ms;        /* clocks differ by up to so much */
    bool check_each_step;    /* assay_engine_check */
    enum world_plant plant;
    uint64_t (*clock_ns)(void); /* benches: what world_engine_ns adds up; NULL: nothing */
};

/* What a node's host and enclave do to it; the test sets it at any time. */
struct world_acts {
    bool tampered;            /* quotes carry a measurement that fails hard; healed by RESTART */
    bool out_of_date;         /* quotes fail soft */
    bool quiet;               /* no quotes: the node is absent but votes */
    bool replays;             /* answers with the first quote that it ever made */
    bool slanders;            /* its next ballot says FAIL hard about `victim`; then it stops */
    bool whitewashes;         /* its ballots say PASS about `victim` whatever it judged */
    bool equivocates;         /* signs two N in one view, once */
    bool lies_in_blocks;      /* its proposals name another state root */
    bool two_envelopes;       /* signs two envelopes in one epoch, once */
    bool foreign_platform;    /* quotes come from another platform */
    bool unreadable;          /* quotes are of a version that nobody reads */
    bool lies_about_len;      /* its envelopes claim a length that the evidence does not have */
    bool lies_about_kind;     /* its envelopes claim another kind than the roster's */
    bool loses_store;         /* the next restart finds an empty one */
    uint64_t ballot_delay_ms; /* its ballots leave so much later */
    uint16_t victim;
};

struct world_note {
    uint64_t at_ms;
    uint32_t node;
    uint64_t epoch; /* running at that node */
    enum assay_note note;
    uint16_t slot;
    uint64_t a, b;
};

struct world;

/* Returns: a running world. */
struct world *world_create(const struct world_options *options);
void world_destroy(struct world **world);

/* Go on for so long. Returns: false when a rule was broken. */
bool world_run(struct world *world, uint64_t ms);
/* Go on until every living node has closed this epoch, or ms at most.
 * Returns: whether it came so. */
bool world_run_to_epoch(struct world *world, uint64_t epoch, uint64_t ms);
/* Returns: the first broken rule, or NULL. */
const char *world_violation(const struct world *world);

struct world_acts *world_acts(struct world *world, uint32_t node);
struct assay_engine *world_engine(struct world *world, uint32_t node);
void world_member(struct world *world, uint32_t node, uint16_t slot,
                  struct assay_member_view *view);
/* Returns: the last epoch that a node has closed. */
uint64_t world_epoch(const struct world *world, uint32_t node);
uint64_t world_now(const struct world *world);
uint64_t world_steps(const struct world *world);
/* Returns: time spent inside assay_engine_step, by options.clock_ns. */
uint64_t world_engine_ns(const struct world *world);

void world_kill(struct world *world, uint32_t node);
void world_restart(struct world *world, uint32_t node);
bool world_alive(const struct world *world, uint32_t node);
/* Nodes of different groups do not hear each other; NULL heals. */
void world_partition(struct world *world, const uint32_t *group_of);
void world_set_loss(struct world *world, uint32_t permille);
void world_set_crashes(struct world *world, uint32_t permille);

/* Returns: the number of matching notes of a node so far (slot ASSAY_SLOT_ALL: any). */
size_t world_notes(const struct world *world, uint32_t node, enum assay_note note, uint16_t slot);
/* Returns: the last matching note, NULL when there is none. */
const struct world_note *world_last_note(const struct world *world, uint32_t node,
                                         enum assay_note note, uint16_t slot);
/* Returns: how many orders of a kind a node's agent has executed. */
size_t world_orders(const struct world *world, uint32_t node, enum assay_order_kind kind);
/* Prints the last notes to stderr, for a failed test. */
void world_explain(const struct world *world, size_t last);

#endif
