/*
 * sim/services/services.h - programs of services on simulated nodes: replicas, enclaves, executors,
 * requestors (docs/services.md), and their checkers.
 *
 * Each follows the registry of its own node as net/services/ does, submits records through it until
 * they are final, and exchanges frames with the others over modelled links. A machine that crashes
 * takes its programs with it: memory is lost; what a side of a task has stored stays. The code
 * under test is the product's: services/, host/services.h, the ledger. Boxes and one-time keys of
 * tasks are modelled like signatures (base/crypto/model.h).
 *
 * Pure: time, links and the ledger belong to the world; every draw is from streams of the seed.
 */
#ifndef ASSAY_SIM_SERVICES_SERVICES_H
#define ASSAY_SIM_SERVICES_SERVICES_H

#include "engine/engine.h"
#include "engine/ledger/records/record.h"
#include "engine/ledger/state/state.h"
#include "sim/outcome.h"
#include "sim/scenario/scenario.h"

struct assay_sim_services;

/* The environment. Nodes are slots of the roster. */
struct assay_sim_services_world {
    void *context;
    /* Returns: virtual milliseconds. */
    uint64_t (*now_ms)(void *context);
    /* Returns: NULL for a node that does not run. */
    const struct assay_engine *(*engine)(void *context, uint32_t node);
    /* Returns: number of starts of its machine; programs of earlier ones are gone. */
    uint32_t (*boots)(void *context, uint32_t node);
    /* Returns: number of engines it had: a new one notifies its programs from the start. */
    uint32_t (*lives)(void *context, uint32_t node);
    /* Between programs of two nodes, possibly the same; may be lost, late or duplicated. */
    void (*send)(void *context, uint32_t from, uint32_t to, struct assay_slice bytes);
    /* Outside every step of an engine. Returns: the engine's status. */
    enum assay_status (*submit)(void *context, uint32_t node, uint32_t kind,
                                struct assay_slice payload);
    /* The list of keys of the node's enclaves with this root. Returns: empty: none */
    struct assay_slice (*declared)(void *context, uint32_t node, const uint8_t root[static 32]);
    /* Returns: the store of its ledger; NULL for a node that does not run. */
    struct assay_store *(*store)(void *context, uint32_t node);
    /* Returns: what the node's holder of the group key does wrongly now (sim/attack.h, enum
     * assay_misdeal). */
    unsigned (*misdeals)(void *context, uint32_t node);
    /* Returns: whether a node is honest, with an intact disk. */
    bool (*honest)(void *context, uint32_t node);
    /* message NULL: evaluated without a finding. */
    void (*looked)(void *context, enum assay_sim_checker checker, const char *message);
};

/* In: a checked scenario with a service, which outlives the object. Returns: never NULL; free
 * it. */
struct assay_sim_services *assay_sim_services_create(const struct assay_scenario *scenario,
                                                     uint64_t seed,
                                                     const struct assay_sim_services_world *world);
/* Accepts a pointer to NULL; nulls it. */
void assay_sim_services_destroy(struct assay_sim_services **services);
/* Returns: the plan of the genesis, of length 0 where it has none; whole: with the part that a
 * change adds. Borrowed. */
struct assay_slice assay_sim_services_plan(const struct assay_sim_services *services, bool whole);
/* Of that genesis. Returns: the callbacks of engines, borrowed; NULL: it has none. */
const struct assay_services *assay_sim_services_ledger(struct assay_sim_services *services,
                                                       const struct assay_genesis *genesis);

/* Returns: the same by the complete plan. */
const struct assay_services *assay_sim_services_has_more(const struct assay_sim_services *services);

/* The reference value that evidence of a build measures. */
void assay_sim_build_value(uint8_t build, uint8_t value[static 32]);
/* The k-th granted name is k0, k1, ..., of build k + 1; k0 also of the last of as many builds.
 * Returns: the names of a build, a bit each. */
uint8_t assay_sim_build_names(uint8_t build, uint32_t names);
/* The seed of a member's holder key (Ed25519), which its enclave registers. seed: of the run. */
void assay_sim_key_holder_seed(uint64_t seed, const uint8_t node_id[static 32],
                               struct assay_secret32 *out);

/* --- events */
/* Returns: ms between turns of a node. In a turn its programs read the ledger and the time. */
uint32_t assay_sim_services_step_ms(const struct assay_sim_services *services);
void assay_sim_services_step(struct assay_sim_services *services, uint32_t node);
/* A frame that was given to `send`. */
void assay_sim_services_receive(struct assay_sim_services *services, uint32_t node,
                                struct assay_slice bytes);
/* An epoch of the scenario starts: crashes in it, and load. */
void assay_sim_services_epoch(struct assay_sim_services *services, uint64_t epoch);

/* --- final blocks, for the checkers */
/* A record of a final block, in the order of the chain; before: the state at the start of its
 * epoch. */
void assay_sim_services_record(struct assay_sim_services *services,
                               const struct assay_state *before,
                               const struct assay_service_body *record);
/* The network closed an epoch. */
void assay_sim_services_closed(struct assay_sim_services *services,
                               const struct assay_state *before, const struct assay_state *after);
/* A node closed an epoch. */
void assay_sim_services_node_closed(struct assay_sim_services *services, uint32_t node,
                                    const struct assay_state *state);
/* Operators ended an era. undone: they chose a block below a final one: releases based on it count
 * no more; the ledger of the new era decides. */
void assay_sim_services_era(struct assay_sim_services *services, bool undone);
/* At the end of the run: figures. */
void assay_sim_services_end(struct assay_sim_services *services, struct assay_sim_outcome *outcome);

#endif
