/*
 * tests/unit/engine/ledger/declared_bench.h - a simulated network whose members declare workload
 * keys: lists, epochs, what the state says of them.
 */
#ifndef ASSAY_TESTS_DECLARED_BENCH_H
#define ASSAY_TESTS_DECLARED_BENCH_H

#include "engine/parts/engine_internal.h"
#include "engine/sync/key_list_page.h"
#include "sim/world/world_internal.h"
#include "tests/unit/engine/ledger/workload_keys_bench.h"

enum { NODES = 5, OWNER = 2 };

/* A list of one entry, of a member. */
struct list {
    struct workload_entry entry;
    uint8_t bytes[ASSAY_DECLARED_KEYS_LEN_MAX], root[32];
    struct assay_slice slice;
};

/* A network of five at the feature level of workload keys. */
extern const struct assay_sim_world_options declared_five;

const struct assay_state *state_of(struct assay_sim_world *w, uint32_t node);
void make_list(struct assay_sim_world *w, struct list *l, const char *name, uint32_t node);
/* The next close, at every node. */
void pass(struct assay_sim_world *w);
enum assay_keys_state keys_of(struct assay_sim_world *w, uint32_t slot);
/* As after a fast sync: the state names lists that this node never received. */
void forget_lists(struct assay_sim_world *w, uint32_t node);
/* In epoch 2; OWNER has declared the list, and its enclave has the key. */
struct assay_sim_world *open_with(struct list *l);

#endif
