/*
 * sim/services/services.h - programs of services beside simulated nodes: replicas, enclaves,
 * executors, requestors (docs/services.md), and what must hold of them.
 *
 * Each follows the registry of its own node as net/services/ does, hands records in through it and
 * again until they are final, and speaks with the others over links that the world models. A
 * machine that dies takes its programs with it: memory is lost, what a side of a task has stored
 * stays. The code under test is the product's: services/, host/services.h, the ledger. Boxes and
 * one-time keys of tasks are modelled as signatures are (base/crypto/model.h).
 *
 * Pure: time, links and the ledger are the world's; every draw is from streams of the seed.
 */
#ifndef ASSAY_SIM_SERVICES_SERVICES_H
#define ASSAY_SIM_SERVICES_SERVICES_H

#include "engine/node/engine.h"
#include "engine/ledger/records/service_record.h"
#include "engine/ledger/state/state.h"
#include "sim/outcome.h"
#include "sim/scenario/scenario.h"

struct assay_sim_services;

/* What surrounds them. Nodes are slots of the roster. */
struct assay_sim_services_world {
    void *context;
    /* Returns: virtual milliseconds. */
    uint64_t (*now_ms)(void *context);
    /* Returns: NULL for a node that does not run. */
    const struct assay_engine *(*engine)(void *context, uint32_t node);
    /* Returns: how often its machine came up; what ran on it before is gone. */
    uint32_t (*boots)(void *context, uint32_t node);
    /* Returns: how often it got another engine: that tells everything anew. */
    uint32_t (*lives)(void *context, uint32_t node);
    /* Between programs of two nodes, which may be one; it may be lost, late, or come twice. */
    void (*send)(void *context, uint32_t from, uint32_t to, struct assay_slice bytes);
    /* Outside every step of an engine. Returns: what the engine said. */
    enum assay_status (*submit)(void *context, uint32_t node, uint32_t kind,
                                struct assay_slice payload);
    /* message NULL: it looked, and there was nothing. */
    void (*looked)(void *context, enum assay_sim_checker checker, const char *message);
};

/* In: a checked scenario with a service, which outlives them. Returns: never NULL; free it. */
struct assay_sim_services *assay_sim_services_create(const struct assay_scenario *scenario,
                                                     uint64_t seed,
                                                     const struct assay_sim_services_world *world);
/* Accepts a pointer to NULL; nulls it. Returns: nothing. */
void assay_sim_services_destroy(struct assay_sim_services **services);
/* Returns: the plan for the genesis, of length 0 where it has none; whole: with what a change adds.
 * Borrowed. */
struct assay_slice assay_sim_services_plan(const struct assay_sim_services *services, bool whole);
/* Of that genesis. Returns: what engines ask, borrowed; NULL: it has none. */
const struct assay_services *assay_sim_services_ledger(struct assay_sim_services *services,
                                                       const struct assay_genesis *genesis);

/* Returns: the same by the whole plan. */
const struct assay_services *assay_sim_services_more(const struct assay_sim_services *services);

/* --- what happens. Each Returns: nothing. */
/* Every so many ms of each node: its programs look at the ledger and at the time. */
uint32_t assay_sim_services_turn_ms(const struct assay_sim_services *services);
void assay_sim_services_turn(struct assay_sim_services *services, uint32_t node);
/* What `send` was given. */
void assay_sim_services_heard(struct assay_sim_services *services, uint32_t node,
                              struct assay_slice bytes);
/* An epoch of the scenario begins: what dies in it, and what is asked. */
void assay_sim_services_epoch(struct assay_sim_services *services, uint64_t epoch);

/* --- what is final, for the checkers. Each Returns: nothing. */
/* A record of a final block, in the order of the chain; before: the state that its epoch began
 * with. */
void assay_sim_services_record(struct assay_sim_services *services,
                               const struct assay_state *before,
                               const struct assay_service_body *record);
/* The network closed an epoch. */
void assay_sim_services_closed(struct assay_sim_services *services,
                               const struct assay_state *before, const struct assay_state *after);
/* A node did. */
void assay_sim_services_node_closed(struct assay_sim_services *services, uint32_t node,
                                    const struct assay_state *state);
/* Operators ended an era. undone: they chose a block below one that was final: what was released on
 * it is no promise any more; what the new era's ledger says is. */
void assay_sim_services_era(struct assay_sim_services *services, bool undone);
/* The run ends: figures. */
void assay_sim_services_end(struct assay_sim_services *services, struct assay_sim_outcome *outcome);

#endif
