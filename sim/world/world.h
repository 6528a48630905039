/*
 * sim/world/world.h - several whole engines in one process, under a virtual clock.
 *
 * One seed decides everything. Each node has a store that it persists to before it sends, a host
 * that signs, pulls evidence with the daemon's own gossip (host/overlay/gossip.h) and has it
 * judged, and an agent that obeys RESTART with new keys after a while. After each step checkers
 * look at what was signed, sent and closed; the first broken rule stops the world and stands in
 * assay_sim_world_violation. Faults and Byzantine acts are chosen by the test, node by node, or by
 * a scenario (sim/run.h).
 *
 * Modelled: links (delay, loss, ...: link.c), the time that quoting and judging take, disks (a
 * store in memory), agents and enclaves, and, unless real ones are asked for, signatures
 * (base/crypto/model.h) and evidence (short byte strings whose verdict is a function of them).
 * Hashes, hence evidence digests, block ids and state roots, are real. What surrounds the engine is
 * the daemon's own (host/): the order of effects, who gets a relay, pulls, admission with its lanes
 * and budgets. Not modelled: sockets and frames (their length is counted).
 */
#ifndef ASSAY_SIM_WORLD_WORLD_H
#define ASSAY_SIM_WORLD_WORLD_H

#include "engine/node/engine.h"
#include "sim/scenario/scenario.h"

enum { ASSAY_SIM_WORLD_NODES_MAX = ASSAY_SIM_MESSAGE_NODES_MAX };

/* Planted faults: each must be caught by a checker. */
enum assay_sim_world_plant {
    ASSAY_SIM_WORLD_SOUND,
    ASSAY_SIM_WORLD_PLANT_ROOT,        /* one node reports another root than it has */
    ASSAY_SIM_WORLD_PLANT_FORGETS,     /* a restarted node has lost its store and does not know */
    ASSAY_SIM_WORLD_PLANT_STATE,       /* node 4 miscounts in epoch 3: its next state differs */
    ASSAY_SIM_WORLD_PLANT_SENDS_FIRST, /* messages leave before the batch is durable */
    ASSAY_SIM_WORLD_PLANT_ORDER,       /* an order of node 1 names the slot of its neighbour */
    ASSAY_SIM_WORLD_PLANT_RESTARTS,    /* an agent restarts twice for one incarnation */
    ASSAY_SIM_WORLD_PLANT_PROPOSER,    /* a block is said to be signed by another than its leader */
    ASSAY_SIM_WORLD_PLANT_TIME,        /* block 6 is said to come two epochs later */
    ASSAY_SIM_WORLD_PLANT_CERTIFICATE, /* node 2 holds a final certificate of another block */
    ASSAY_SIM_WORLD_PLANT_HOARDS,      /* a node keeps evidence for ever */
    ASSAY_SIM_WORLD_PLANT_FLIGHTS,     /* node 1 is said to have more pulls than its bound */
    ASSAY_SIM_WORLD_PLANT_BLOCK,       /* node 1 has other blocks final from height 5 on */
    ASSAY_SIM_WORLD_PLANT_LINK,        /* block 6 names another parent */
    ASSAY_SIM_WORLD_PLANT_NULLIFIED,   /* node 2 holds nullifications of what is final */
    ASSAY_SIM_WORLD_PLANT_RENUMBERS,   /* an order of node 1 has the number of the next epoch */
    ASSAY_SIM_WORLD_PLANT_RESEQUENCES, /* an order of node 1 is another one at each close */
    ASSAY_SIM_WORLD_PLANT_ASKS_NOBODY, /* node 1 is said to have pulled from nobody */
    ASSAY_SIM_WORLD_PLANT_DEAF,        /* node 1 is said to have heard no envelope */
    ASSAY_SIM_WORLD_PLANT_WAITS,       /* from epoch 2 on node 1 is said to wait for verdicts */
    ASSAY_SIM_WORLD_PLANT_HASTY,       /* the epochs of node 1 are said to begin T/2 later */
    ASSAY_SIM_WORLD_PLANT_WEIGHTLESS,  /* node 3 is said to have no weight */
    ASSAY_SIM_WORLD_PLANT_SUSPENDED,   /* node 3 is said to be suspended by integrity */
    ASSAY_SIM_WORLD_PLANT_SEATLESS,    /* node 3 is said to have no seat */
    ASSAY_SIM_WORLD_PLANT_HEAVY,       /* everybody together is said to weigh twice as much */
    ASSAY_SIM_WORLD_PLANT_OTHER_KEY,   /* node 3 is said to have the key of node 2 */
    ASSAY_SIM_WORLD_PLANT_LANES,       /* the roster of node 1 says that node 3 is suspended */
    ASSAY_SIM_WORLD_PLANT_BUDGET,      /* the budget of node 2 at node 1 does not refill */
    ASSAY_SIM_WORLD_PLANT_POISON,      /* every view is said to follow nullified ones */
    ASSAY_SIM_WORLD_PLANT_CONDUCT,     /* node 1 finds whatever it is sent malformed */
    ASSAY_SIM_WORLD_PLANT_BAN,         /* node 1 is said to ban whoever sends it something */
    ASSAY_SIM_WORLD_PLANT_VERIFIES,    /* node 1 is said to verify everything forty times */
    ASSAY_SIM_WORLD_PLANT_CHARTER,     /* node 1 is said to judge by another policy */
    ASSAY_SIM_WORLD_PLANT_REWRITES,    /* block 6 of node 1 is said to stand at height 5 */
    ASSAY_SIM_WORLD_PLANT_HISTORY,     /* node 1 is said to have other blocks from height 5 on */
};

struct assay_sim_world_options {
    uint64_t seed;
    uint32_t nodes;
    uint32_t spares; /* of nodes, the last ones: no members at genesis */
    uint32_t epoch_ms;                   /* 0: 800 */
    uint32_t vendors;                    /* 0: 4 */
    uint64_t delay_min_ms, delay_max_ms; /* 0, 0: 1 .. 6 */
    uint32_t loss_permille;
    uint32_t crash_permille; /* of commits: the node dies at one of the points around it */
    uint32_t skew_ms;        /* clocks differ by up to so much */
    bool check_each_step;    /* assay_engine_check */
    bool real_signatures;    /* ECDSA P-256 with nonces that repeat */
    uint32_t overlay_above;  /* with more members nodes have neighbours; 0: ASSAY_OVERLAY_ABOVE */
    uint32_t overlay_degree; /* so many to twice as many; 0: ASSAY_OVERLAY_DEGREE */
    uint32_t history_epochs; /* epochs of blocks that stores retain; 0: the engine's default */
    bool limits;             /* lanes and budgets of host/peers: admission.h, limit.h */
    enum assay_sim_world_plant plant;
    const struct assay_checkpoint *checkpoint; /* of every node's configuration; NULL: none */
    const struct assay_services *services; /* of the genesis's plan; NULL: none */
    struct assay_slice plan; /* of them, in the genesis */
    uint32_t level; /* feature level in force, and of every build (docs/protocol.md 9.10) */
    /* Plans that changes bring (docs/protocol.md 12.7). NULL: none may. */
    assay_plan_follow *plan_follow;
    const struct assay_services *(*services_of)(void *context, struct assay_slice plan);
    void *services_context;
    uint64_t (*clock_ns)(void); /* benches: what assay_sim_world_engine_ns adds up; NULL: nothing */
};

/* What a node's host and enclave do to it; the test sets it at any time. */
struct assay_sim_world_acts {
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
    bool splits_delivery;     /* only the lower half of the roster is given its evidence */
    uint64_t ballot_delay_ms; /* its ballots leave so much later */
    uint16_t victim;
};

struct assay_sim_world_note {
    uint64_t at_ms;
    uint32_t node;
    uint64_t epoch; /* running at that node */
    enum assay_note note;
    uint16_t slot;
    uint64_t a, b;
};

struct assay_sim_world;

/* Returns: a running world. */
struct assay_sim_world *assay_sim_world_create(const struct assay_sim_world_options *options);
/* Accepts a pointer to NULL; nulls it. Returns: nothing. */
void assay_sim_world_destroy(struct assay_sim_world **world);

/* Go on for so long. Returns: false when a rule was broken. */
bool assay_sim_world_run(struct assay_sim_world *world, uint64_t ms);
/* Go on until every living node has closed this epoch, or ms at most.
 * Returns: whether it came so. */
bool assay_sim_world_run_to_epoch(struct assay_sim_world *world, uint64_t epoch, uint64_t ms);
/* Returns: the first broken rule, or NULL. */
const char *assay_sim_world_violation(const struct assay_sim_world *world);

/* Returns: the acts of a node, to be read and set. */
struct assay_sim_world_acts *assay_sim_world_acts(struct assay_sim_world *world, uint32_t node);
/* Returns: its engine, borrowed while the node lives. */
struct assay_engine *assay_sim_world_engine(struct assay_sim_world *world, uint32_t node);
/* How a node sees a slot. Returns: nothing. */
void assay_sim_world_member(struct assay_sim_world *world, uint32_t node, uint16_t slot,
                            struct assay_member_snapshot *snapshot);
/* Returns: the last epoch that a node has closed. */
uint64_t assay_sim_world_epoch(const struct assay_sim_world *world, uint32_t node);
/* Returns: milliseconds of the virtual clock. */
uint64_t assay_sim_world_now(const struct assay_sim_world *world);
/* Returns: steps of all engines. */
uint64_t assay_sim_world_steps(const struct assay_sim_world *world);
/* Returns: time spent inside assay_engine_step, by options.clock_ns. */
uint64_t assay_sim_world_engine_ns(const struct assay_sim_world *world);
/* SHA-256 over every event so far, in order: time, node, kind, digest of what was delivered.
 * Returns: nothing. */
void assay_sim_world_trace(struct assay_sim_world *world, uint8_t hash[static 32]);

/* A node dies, comes back, lives (Returns: whether). The others return nothing. */
void assay_sim_world_kill(struct assay_sim_world *world, uint32_t node);
void assay_sim_world_restart(struct assay_sim_world *world, uint32_t node);
bool assay_sim_world_alive(const struct assay_sim_world *world, uint32_t node);
/* Nodes of different groups do not hear each other; NULL heals. Returns: nothing. */
void assay_sim_world_partition(struct assay_sim_world *world, const uint32_t *group_of);
/* From now on. Each Returns: nothing. */
void assay_sim_world_set_loss(struct assay_sim_world *world, uint32_t permille);
void assay_sim_world_set_crashes(struct assay_sim_world *world, uint32_t permille);

/* A program of a living node has a record for its service. Returns: what its engine said. */
enum assay_status assay_sim_world_serve(struct assay_sim_world *world, uint32_t node,
                                        uint32_t kind, const uint8_t *payload, size_t len);

/* --- operators end an era (recover.c) */
/* A fence through one living node. Returns: what its engine said. */
enum assay_status assay_sim_world_fence(struct assay_sim_world *world, uint32_t node);
struct assay_sim_world_recovery {
    const bool *rest; /* [nodes] who is gone for good; NULL: nobody */
    struct assay_slice plan; /* of services, as a CHANGE brings it; empty: none */
    struct assay_slice policy; /* as a CHANGE brings it; empty: that in force */
    const bool *mute; /* [nodes] who is not asked; NULL: all that live are */
    uint8_t *document; /* [capacity] a copy of what was handed in; NULL: none */
    size_t capacity;
    bool accepts; /* on too few answers, too: operators accept it manually, node by node */
    /* Out. */
    bool manual; /* it rests on too few answers */
    bool certain; /* on more than two thirds, with whole logs */
    size_t document_len;
    bool in_doubt; /* a block above the head may be final */
    uint64_t unknown_weight;
    uint32_t key_count;
};
/* Answers, a draft by whoever has the highest head, signatures, and back to it.
 * Returns: ASSAY_OK (it was taken) | as assay_recovery_evaluate | ASSAY_E_EARLY (who has the
 * highest head is not asked) | as assay_engine_recover_draft | what the engine said */
enum assay_status assay_sim_world_recover(struct assay_sim_world *world,
                                          struct assay_sim_world_recovery *recovery);
/* The same document to another node. Returns: what its engine said. */
enum assay_status assay_sim_world_submit(struct assay_sim_world *world, uint32_t node,
                                         const uint8_t *bytes, size_t len);
/* Its operator accepts it manually. Returns: what its engine said. */
enum assay_status assay_sim_world_accept(struct assay_sim_world *world, uint32_t node,
                                         const uint8_t *bytes, size_t len);

/* Returns: the number of matching notes of a node so far (slot ASSAY_SLOT_ALL: any). */
size_t assay_sim_world_notes(const struct assay_sim_world *world, uint32_t node,
                             enum assay_note note, uint16_t slot);
/* Returns: the last matching note, NULL when there is none. */
const struct assay_sim_world_note *assay_sim_world_last_note(const struct assay_sim_world *world,
                                                             uint32_t node, enum assay_note note,
                                                             uint16_t slot);
/* Returns: how many orders of a kind a node's agent has executed. */
size_t assay_sim_world_orders(const struct assay_sim_world *world, uint32_t node,
                              enum assay_order_kind kind);
/* Prints the last notes to stderr, for a failed test. Returns: nothing. */
void assay_sim_world_explain(const struct assay_sim_world *world, size_t last);

#endif
