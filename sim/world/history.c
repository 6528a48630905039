/*
 * sim/world/history.c - checker of final blocks by node, over all eras (docs/protocol.md 9.14 to
 * 9.16.4).
 *
 *   own       a block that is final to an honest node is never replaced by another, in a sealed
 *             era or not, as long as the node keeps its disk
 *   pairs     no two honest nodes have different final blocks at one height, except where
 *             operators were notified that a final block may be undone, or accepted a RECOVER
 *             manually
 *   alarms    where they do, both have notified their operators after some time in contact
 */
#include "sim/world/world_internal.h"

#include <stdlib.h>

enum { ROUNDS = 6 /* epochs of contact; each node sends the start of its era twice an epoch */ };

struct world_history {
    uint8_t (*ids)[32]; /* by height; zero: unknown */
    size_t capacity;
    bool alarmed;
};

void world_history_create(struct assay_sim_world *w)
{
    const size_t nodes = w->options.nodes;
    w->histories = calloc(nodes, sizeof *w->histories);
    w->in_contact = calloc(nodes * nodes, sizeof *w->in_contact);
    ASSAY_ASSERT(w->histories != NULL && w->in_contact != NULL);
}

void world_history_free(struct assay_sim_world *w)
{
    for (uint32_t i = 0; i < w->options.nodes; i++)
        free(w->histories[i].ids);
    free(w->histories);
    free(w->in_contact);
}

void world_history_forget(struct assay_sim_world *w, uint32_t node)
{
    struct world_history *h = &w->histories[node];
    if (h->capacity > 0) assay_bytes_zero(h->ids, h->capacity * 32);
    h->alarmed = false;
}

void world_history_alarmed(struct assay_sim_world *w, uint32_t node)
{
    w->histories[node].alarmed = true;
}

static const uint8_t *find_block_id(const struct world_history *h, uint64_t height)
{
    if (height >= h->capacity || assay_bytes_all_zero(h->ids[height], 32)) return NULL;
    return h->ids[height];
}

const uint8_t *world_history_at(const struct assay_sim_world *w, uint32_t node, uint64_t height)
{
    return find_block_id(&w->histories[node], height);
}

static void reserve_heights(struct world_history *h, uint64_t height)
{
    size_t wanted = h->capacity == 0 ? 64 : h->capacity;
    while (wanted <= height)
        wanted *= 2;
    if (wanted == h->capacity) return;
    uint8_t(*ids)[32] = realloc(h->ids, wanted * 32);
    ASSAY_ASSERT(ids != NULL);
    assay_bytes_zero(ids + h->capacity, (wanted - h->capacity) * 32);
    h->ids = ids;
    h->capacity = wanted;
}

static void check_pairs(struct assay_sim_world *w, uint32_t node, uint64_t height,
                        const uint8_t id[static 32])
{
    if (w->split_reported) return;
    for (uint32_t i = 0; i < w->options.nodes; i++) {
        const uint8_t *other = find_block_id(&w->histories[i], height);
        if (i == node || other == NULL || !world_is_trusted(w, i)) continue;
        if (!assay_bytes_equal(other, id, 32))
            world_report_violation(w, ASSAY_SIM_CHECKER_HISTORIES,
                                   "nodes %u and %u have different blocks final at %llu", node, i,
                                   (unsigned long long)height);
    }
}

void world_history_final(struct assay_sim_world *w, uint32_t node, uint64_t height,
                         const uint8_t id[static 32])
{
    struct world_history *h = &w->histories[node];
    uint8_t shown[32];
    assay_bytes_copy(shown, 32, id, 32);
    const bool changes = w->options.plant == ASSAY_SIM_WORLD_PLANT_REWRITES && node == 1;
    const bool differs = w->options.plant == ASSAY_SIM_WORLD_PLANT_HISTORY && node == 1;
    if (changes && height == 6) height = 5;
    if (differs && height >= 5) shown[0] ^= 1;
    reserve_heights(h, height);
    world_count_check(w, ASSAY_SIM_CHECKER_HISTORIES);
    const uint8_t *own = find_block_id(h, height);
    if (world_is_trusted(w, node)) {
        if (own != NULL && !assay_bytes_equal(own, shown, 32))
            world_report_violation(w, ASSAY_SIM_CHECKER_HISTORIES,
                                   "node %u had another block final at %llu before", node,
                                   (unsigned long long)height);
        check_pairs(w, node, height, shown);
    }
    assay_bytes_copy(h->ids[height], 32, shown, 32);
}

/* --- alarms */

/* Returns: the first height at which they differ; 0: none. */
static uint64_t find_difference(const struct world_history *one, const struct world_history *other)
{
    for (uint64_t height = 1; height < one->capacity && height < other->capacity; height++) {
        const uint8_t *a = find_block_id(one, height), *b = find_block_id(other, height);
        if (a != NULL && b != NULL && !assay_bytes_equal(a, b, 32)) return height;
    }
    return 0;
}

static bool are_in_contact(const struct assay_sim_world *w, uint32_t one, uint32_t other)
{
    return w->nodes[one].alive && w->nodes[other].alive && world_is_trusted(w, one) &&
           world_is_trusted(w, other) && world_is_reachable(w, one, other) &&
           world_is_reachable(w, other, one) && w->nodes[one].still_until_us <= w->now_us &&
           w->nodes[other].still_until_us <= w->now_us;
}

void world_history_turn(struct assay_sim_world *w)
{
    const uint32_t nodes = w->options.nodes;
    if (!w->split_reported || nodes > w->options.overlay_above) return;
    for (uint32_t i = 0; i < nodes; i++)
        for (uint32_t k = i + 1; k < nodes; k++) {
            uint32_t *rounds = &w->in_contact[(size_t)i * nodes + k];
            const uint64_t height = find_difference(&w->histories[i], &w->histories[k]);
            *rounds = height > 0 && are_in_contact(w, i, k) ? *rounds + 1 : 0;
            if (height == 0) continue;
            world_count_check(w, ASSAY_SIM_CHECKER_HISTORIES);
            if (*rounds < ROUNDS || (w->histories[i].alarmed && w->histories[k].alarmed)) continue;
            world_report_violation(
                w, ASSAY_SIM_CHECKER_HISTORIES,
                "nodes %u and %u differ at %llu for %u epochs, and not both have told", i, k,
                (unsigned long long)height, *rounds);
        }
}
