/*
 * sim/world/world.h - several engines in one process, under a virtual clock.
 *
 * One seed decides everything. Each node has a store to which it persists before it sends, a host
 * that signs, pulls evidence with the daemon's own gossip (host/overlay/gossip.h) and has it
 * appraised, and an agent that obeys RESTART with new keys after a delay. After each step checkers
 * read what was signed, sent and closed; the first violation stops the world and is returned by
 * assay_sim_world_violation. A test chooses faults and Byzantine acts node by node, or a scenario
 * does (sim/run.h).
 *
 * Modelled: links (delay, loss, ...: link.c), the time for quoting and appraisal, disks (a store in
 * memory), agents and enclaves, and, by default, signatures (base/crypto/model.h) and evidence
 * (short byte strings whose verdict is a function of them). Hashes, hence evidence digests, block
 * ids and state roots, are real. The host around the engine is the daemon's own (host/): the order
 * of effects, relaying, pulls, admission with its lanes and budgets. Not modelled: sockets and
 * frames (their length is counted).
 */
#ifndef ASSAY_SIM_WORLD_WORLD_H
#define ASSAY_SIM_WORLD_WORLD_H

#include "engine/engine.h"
#include "sim/scenario/scenario.h"

enum { ASSAY_SIM_WORLD_NODES_MAX = ASSAY_SIM_MESSAGE_NODES_MAX };

/* Planted faults: a checker must detect each of them. */
enum assay_sim_world_plant {
    ASSAY_SIM_WORLD_SOUND,
    ASSAY_SIM_WORLD_PLANT_ROOT,        /* one node reports another root than its own */
    ASSAY_SIM_WORLD_PLANT_FORGETS,     /* a restarted node has lost its store and does not notice */
    ASSAY_SIM_WORLD_PLANT_STATE,       /* node 4 miscounts in epoch 3: its next state differs */
    ASSAY_SIM_WORLD_PLANT_SENDS_FIRST, /* messages leave before the batch is durable */
    ASSAY_SIM_WORLD_PLANT_ORDER,       /* an order of node 1 names the slot of its neighbour */
    ASSAY_SIM_WORLD_PLANT_RESTARTS,    /* an agent restarts twice for one incarnation */
    ASSAY_SIM_WORLD_PLANT_PROPOSER,    /* a block is signed by another member than its leader */
    ASSAY_SIM_WORLD_PLANT_TIME,        /* block 6 is dated two epochs later */
    ASSAY_SIM_WORLD_PLANT_CERTIFICATE, /* node 2 has a final certificate of another block */
    ASSAY_SIM_WORLD_PLANT_RETAINS_EVIDENCE, /* a node never drops evidence */
    ASSAY_SIM_WORLD_PLANT_FLIGHTS,          /* node 1 has more pulls than its bound */
    ASSAY_SIM_WORLD_PLANT_BLOCK,            /* node 1 has other blocks final from height 5 on */
    ASSAY_SIM_WORLD_PLANT_LINK,             /* block 6 names another parent */
    ASSAY_SIM_WORLD_PLANT_NULLIFIED,        /* node 2 has nullifications of final blocks */
    ASSAY_SIM_WORLD_PLANT_RENUMBERS,   /* an order of node 1 has the number of the next epoch */
    ASSAY_SIM_WORLD_PLANT_RESEQUENCES, /* the number of an order of node 1 changes at each close */
    ASSAY_SIM_WORLD_PLANT_SENDS_NO_REQUEST, /* node 1 pulled from no peer */
    ASSAY_SIM_WORLD_PLANT_DEAF,             /* node 1 received no envelope */
    ASSAY_SIM_WORLD_PLANT_WAITS,            /* from epoch 2 on node 1 waits for verdicts */
    ASSAY_SIM_WORLD_PLANT_HASTY,            /* the epochs of node 1 start T/2 later */
    ASSAY_SIM_WORLD_PLANT_WEIGHTLESS,       /* node 3 has no weight */
    ASSAY_SIM_WORLD_PLANT_SUSPENDED,        /* node 3 is suspended by integrity */
    ASSAY_SIM_WORLD_PLANT_SEATLESS,         /* node 3 has no seat */
    ASSAY_SIM_WORLD_PLANT_HEAVY,            /* the total weight is doubled */
    ASSAY_SIM_WORLD_PLANT_OTHER_KEY,        /* node 3 has the key of node 2 */
    ASSAY_SIM_WORLD_PLANT_LANES,            /* in the roster of node 1, node 3 is suspended */
    ASSAY_SIM_WORLD_PLANT_BUDGET,           /* the budget of node 2 at node 1 does not refill */
    ASSAY_SIM_WORLD_PLANT_POISON,           /* every view follows nullified ones */
    ASSAY_SIM_WORLD_PLANT_PEER_SCORE,       /* node 1 counts every message as malformed */
    ASSAY_SIM_WORLD_PLANT_BAN,              /* node 1 bans every sender */
    ASSAY_SIM_WORLD_PLANT_VERIFIES,         /* node 1 verifies everything forty times */
    ASSAY_SIM_WORLD_PLANT_EFFECTIVE_RULES,  /* node 1 appraises by another policy */
    ASSAY_SIM_WORLD_PLANT_REWRITES,         /* block 6 of node 1 is at height 5 */
    ASSAY_SIM_WORLD_PLANT_HISTORY,          /* node 1 has other blocks from height 5 on */
};

struct assay_sim_world_options {
    uint64_t seed;
    uint32_t nodes;
    uint32_t spares;                     /* the last nodes, which are no members at genesis */
    uint32_t epoch_ms;                   /* 0: 800 */
    uint32_t vendors;                    /* 0: 4 */
    uint32_t operators;                  /* of the nodes by turns; 0: each node has its own */
    uint64_t delay_min_ms, delay_max_ms; /* 0, 0: 1 .. 6 */
    uint32_t loss_permille;
    uint32_t crash_permille; /* of commits: the node dies at one of the points around it */
    uint32_t skew_ms;        /* largest difference between clocks */
    bool check_each_step;    /* assay_engine_check */
    bool real_signatures;    /* ECDSA P-256 with nonces that repeat */
    uint32_t overlay_above;  /* with more members nodes have neighbours; 0: ASSAY_OVERLAY_ABOVE */
    uint32_t overlay_degree; /* degree: as many to twice as many; 0: ASSAY_OVERLAY_DEGREE */
    uint32_t key_tables;     /* of each engine (assay_engine_config) */
    uint32_t history_epochs; /* epochs of blocks that stores retain; 0: the engine's default */
    bool limits;             /* lanes and budgets of host/peers: admission.h, limit.h */
    enum assay_sim_world_plant plant;
    const struct assay_checkpoint *checkpoint; /* in every node's configuration; NULL: none */
    const struct assay_services *services;     /* of the genesis's plan; NULL: none */
    struct assay_slice plan;                   /* the encoded plan, in the genesis */
    uint32_t level; /* feature level in force, and of every build (docs/protocol.md 9.10) */
    /* Plans of changes (protocol.md 12.7). NULL: no change may have one. */
    assay_plan_follow *plan_follow;
    const struct assay_services *(*services_of)(void *context, struct assay_slice plan);
    void *services_context;
    uint64_t (*clock_ns)(void); /* benches: the clock of assay_sim_world_engine_ns; NULL: none */
};

/* Acts of a node's host and enclave; the test sets them at any time. */
struct assay_sim_world_acts {
    bool tampered;            /* quotes carry a measurement that fails hard; healed by RESTART */
    bool out_of_date;         /* quotes fail soft */
    bool quiet;               /* no quotes: the node is absent but votes */
    bool replays;             /* answers with its first quote */
    bool slanders;            /* its next ballot reports FAIL hard for `victim`; once */
    bool whitewashes;         /* its ballots report PASS for `victim` in any case */
    bool equivocates;         /* signs two N in one view, once */
    bool false_in_blocks;     /* its proposals name another state root */
    bool two_envelopes;       /* signs two envelopes in one epoch, once */
    bool foreign_platform;    /* quotes come from another platform */
    bool unreadable;          /* quotes are of an unsupported version */
    bool claims_false_len;    /* its envelopes have another length than the evidence */
    bool claims_false_kind;   /* its envelopes have another kind than the roster */
    bool loses_store;         /* the next restart finds an empty store */
    bool splits_delivery;     /* only the lower half of the roster receives its evidence */
    uint64_t ballot_delay_ms; /* its ballots are sent that much later */
    /* Workload keys that its enclave has: bound where they are what is declared. A list of
     * engine/ledger/state/workload_keys.h, borrowed; empty: none. */
    struct assay_slice keys;
    /* What it had one and two epochs before, since it started: bound as well, until its host has
     * declared the next list. Of the epochs of docs/identity.md 6.6.2 the first ones: no member
     * takes the room for declarations here. */
    struct assay_slice earlier[2];
    bool binds_undeclared; /* and otherwise, too: an enclave that quotes what its host says */
    uint8_t build;         /* that its quotes measure; 0: none that a plan grants a name to */
    bool claims_names;     /* its ballots say that all that pass with their keys have every name */
    bool denies_names;     /* and that none has any */
    bool other_names;      /* its ballots are by another list of names */
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
/* Accepts a pointer to NULL; nulls it. */
void assay_sim_world_destroy(struct assay_sim_world **world);

/* Runs for that long. Returns: false after a violation. */
bool assay_sim_world_run(struct assay_sim_world *world, uint64_t ms);
/* Runs until every living node has closed this epoch, for ms at most.
 * Returns: whether they have. */
bool assay_sim_world_run_to_epoch(struct assay_sim_world *world, uint64_t epoch, uint64_t ms);
/* Returns: the first violation, or NULL. */
const char *assay_sim_world_violation(const struct assay_sim_world *world);

/* Returns: the acts of a node, to read and set. */
struct assay_sim_world_acts *assay_sim_world_acts(struct assay_sim_world *world, uint32_t node);
/* Returns: its engine, borrowed while the node lives. */
struct assay_engine *assay_sim_world_engine(struct assay_sim_world *world, uint32_t node);
/* Reads a slot as a node's engine has it. */
void assay_sim_world_member(struct assay_sim_world *world, uint32_t node, uint16_t slot,
                            struct assay_member_snapshot *snapshot);
/* Returns: the last epoch that a node has closed. */
uint64_t assay_sim_world_epoch(const struct assay_sim_world *world, uint32_t node);
/* Returns: steps of all engines. */
uint64_t assay_sim_world_steps(const struct assay_sim_world *world);
/* Returns: time spent in assay_engine_step, by options.clock_ns. */
uint64_t assay_sim_world_engine_ns(const struct assay_sim_world *world);
/* SHA-256 over every event so far, in order: time, node, kind, digest of the delivered bytes. */
void assay_sim_world_trace(struct assay_sim_world *world, uint8_t hash[static 32]);

/* A node crashes, restarts, is alive (Returns: whether). */
void assay_sim_world_kill(struct assay_sim_world *world, uint32_t node);
void assay_sim_world_restart(struct assay_sim_world *world, uint32_t node);
bool assay_sim_world_alive(const struct assay_sim_world *world, uint32_t node);
/* Nodes of different groups do not receive from each other; NULL heals. */
void assay_sim_world_partition(struct assay_sim_world *world, const uint32_t *group_of);
/* From now on. */
void assay_sim_world_set_loss(struct assay_sim_world *world, uint32_t permille);
void assay_sim_world_set_crashes(struct assay_sim_world *world, uint32_t permille);

/* A program of a living node submits a record of its service. Returns: the engine's status. */
enum assay_status assay_sim_world_serve(struct assay_sim_world *world, uint32_t node, uint32_t kind,
                                        const uint8_t *payload, size_t len);

/* A living node declares workload keys. Returns: the engine's status. */
enum assay_status assay_sim_world_declare(struct assay_sim_world *world, uint32_t node,
                                          struct assay_slice list);

/* --- operators end an era (recover.c) */
/* Fences through one living node. Returns: the engine's status. */
enum assay_status assay_sim_world_fence(struct assay_sim_world *world, uint32_t node);
struct assay_sim_world_recovery {
    const bool *rest;          /* [nodes] lost for good; NULL: none */
    struct assay_slice plan;   /* of services, as in a CHANGE; empty: none */
    struct assay_slice policy; /* as in a CHANGE; empty: the one in force */
    const bool *mute;          /* [nodes] not asked; NULL: all living nodes are */
    uint8_t *document;         /* [capacity] a copy of the submitted document; NULL: none */
    size_t capacity;
    bool accepts; /* operators accept it manually, node by node, if answers are too few */
    /* Out. */
    bool manual;  /* it relies on too few answers */
    bool certain; /* by more than two thirds, with complete logs */
    size_t document_len;
    bool in_doubt; /* a block above the head may be final */
    uint64_t unknown_weight;
    uint32_t key_count;
};
/* Collects answers, drafts at the node with the highest head, signs, and submits to it.
 * Returns: ASSAY_OK (it was taken) | as assay_recovery_evaluate | ASSAY_E_EARLY (the node with the
 * highest head is not asked) | as assay_engine_recover_draft | the engine's status */
enum assay_status assay_sim_world_recover(struct assay_sim_world *world,
                                          struct assay_sim_world_recovery *recovery);
/* Submits the same document to another node. Returns: the engine's status. */
enum assay_status assay_sim_world_submit(struct assay_sim_world *world, uint32_t node,
                                         const uint8_t *bytes, size_t len);
/* Its operator accepts it manually. Returns: the engine's status. */
enum assay_status assay_sim_world_accept(struct assay_sim_world *world, uint32_t node,
                                         const uint8_t *bytes, size_t len);

/* Returns: the number of matching notes of a node so far (slot ASSAY_SLOT_ALL: any). */
size_t assay_sim_world_notes(const struct assay_sim_world *world, uint32_t node,
                             enum assay_note note, uint16_t slot);
/* Returns: the last matching note, NULL when there is none. */
const struct assay_sim_world_note *assay_sim_world_last_note(const struct assay_sim_world *world,
                                                             uint32_t node, enum assay_note note,
                                                             uint16_t slot);
/* Returns: number of orders of a kind that a node's agent has executed. */
size_t assay_sim_world_orders(const struct assay_sim_world *world, uint32_t node,
                              enum assay_order_kind kind);
/* Prints the last notes to stderr, for a failed test. */
void assay_sim_world_explain(const struct assay_sim_world *world, size_t last);

#endif
