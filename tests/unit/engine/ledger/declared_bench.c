/*
 * tests/unit/engine/ledger/declared_bench.c - a simulated network whose members declare workload
 * keys.
 */
#include "tests/unit/engine/ledger/declared_bench.h"

#include <criterion/criterion.h>

const struct assay_sim_world_options declared_five = { .seed = 36,
                                                       .nodes = NODES,
                                                       .epoch_ms = 400,
                                                       .check_each_step = true,
                                                       .level = ASSAY_LEVEL_DECLARED_KEYS };

const struct assay_state *state_of(struct assay_sim_world *w, uint32_t node)
{
    return &assay_sim_world_engine(w, node)->head->state;
}

void make_list(struct assay_sim_world *w, struct list *l, const char *name, uint32_t node)
{
    struct assay_declared_keys keys;
    const struct assay_state *state = state_of(w, 0);
    struct assay_writer out = assay_writer_over(l->bytes, sizeof l->bytes);
    workload_entry_make(&l->entry, WORKLOAD_P256, ASSAY_PURPOSE_TLS, name, NULL, state->chain_id,
                        state->members[node].node_id);
    cr_assert_eq(assay_declared_keys_encode(&l->entry.key, 1, &out), ASSAY_OK);
    l->slice = assay_slice_over(l->bytes, out.len);
    cr_assert_eq(assay_declared_keys_decode(l->slice, &keys), ASSAY_OK);
    assay_declared_keys_root(&keys, l->root);
}

void pass(struct assay_sim_world *w)
{
    cr_assert(assay_sim_world_run_to_epoch(w, assay_sim_world_epoch(w, 0) + 1, 8000), "%s",
              assay_sim_world_violation(w) != NULL ? assay_sim_world_violation(w) : "no progress");
}

enum assay_keys_state keys_of(struct assay_sim_world *w, uint32_t slot)
{
    const struct assay_state *state = state_of(w, 0);
    return assay_member_keys_state(&state->members[slot], state->epoch, ASSAY_STANDING_WARNING);
}

void forget_lists(struct assay_sim_world *w, uint32_t node)
{
    static const uint8_t none[1] = { 0xf6 };
    struct assay_engine *e = assay_sim_world_engine(w, node);
    struct assay_store *store = w->nodes[node].store;
    for (uint32_t slot = 0; slot < e->members; slot++) {
        for (uint32_t place = 0; place < ASSAY_DECLARED_LIST_PLACES; place++) {
            struct assay_store_key key;
            assay_declared_list_store_key(slot, place, &key);
            cr_assert_eq(assay_store_put(store, ASSAY_STORE_META, &key, assay_slice_over(none, 1)),
                         ASSAY_OK);
        }
        e->parts->key_lists.places[slot] = (struct assay_declared_list_places){ 0 };
    }
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    assay_declared_lists_on_head(e);
}

struct assay_sim_world *open_with(struct list *l)
{
    struct assay_sim_world *w = assay_sim_world_create(&declared_five);
    cr_assert(assay_sim_world_run_to_epoch(w, 1, 8000));
    make_list(w, l, "api", OWNER);
    assay_sim_world_acts(w, OWNER)->keys = l->slice;
    cr_assert_eq(assay_sim_world_declare(w, OWNER, l->slice), ASSAY_OK);
    return w;
}
