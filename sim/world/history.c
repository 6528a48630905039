/*
 * sim/world/history.c - which blocks are final to whom, over all eras (docs/protocol.md 9.14 to
 * 9.16.4).
 *
 *   own       what was final to an honest node is never replaced by another block, sealed era or
 *             not, as long as it has its disk
 *   pairs     no two honest nodes hold different final blocks of one height, but where operators
 *             were told that something final may be undone, or accepted a RECOVER manually
 *   alarms    where they do, both have told their operators when they have heard each other for a
 *             while
 */
#include "sim/world/world_internal.h"

#include <stdlib.h>

enum { ROUNDS = 6 /* epochs of contact; each says twice an epoch how its era began */ };

struct world_history {
    uint8_t (*ids)[32]; /* by height; zero: not known */
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

static const uint8_t *at(const struct world_history *h, uint64_t height)
{
    if (height >= h->capacity || assay_bytes_all_zero(h->ids[height], 32)) return NULL;
    return h->ids[height];
}

const uint8_t *world_history_at(const struct assay_sim_world *w, uint32_t node, uint64_t height)
{
    return at(&w->histories[node], height);
}

static void make_room(struct world_history *h, uint64_t height)
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
    if (w->split_said) return;
    for (uint32_t i = 0; i < w->options.nodes; i++) {
        const uint8_t *other = at(&w->histories[i], height);
        if (i == node || other == NULL || !world_trusted(w, i)) continue;
        if (!assay_bytes_equal(other, id, 32))
            world_broken(w, ASSAY_SIM_CHECKER_HISTORIES,
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
    make_room(h, height);
    world_looked(w, ASSAY_SIM_CHECKER_HISTORIES);
    const uint8_t *own = at(h, height);
    if (world_trusted(w, node)) {
        if (own != NULL && !assay_bytes_equal(own, shown, 32))
            world_broken(w, ASSAY_SIM_CHECKER_HISTORIES,
                         "node %u had another block final at %llu before", node,
                         (unsigned long long)height);
        check_pairs(w, node, height, shown);
    }
    assay_bytes_copy(h->ids[height], 32, shown, 32);
}

/* --- alarms */

/* Returns: the first height at which they differ; 0: there is none. */
static uint64_t differ_at(const struct world_history *one, const struct world_history *other)
{
    for (uint64_t height = 1; height < one->capacity && height < other->capacity; height++) {
        const uint8_t *a = at(one, height), *b = at(other, height);
        if (a != NULL && b != NULL && !assay_bytes_equal(a, b, 32)) return height;
    }
    return 0;
}

static bool may_tell(const struct assay_sim_world *w, uint32_t one, uint32_t other)
{
    return w->nodes[one].alive && w->nodes[other].alive && world_trusted(w, one) &&
           world_trusted(w, other) && world_hears(w, one, other) && world_hears(w, other, one) &&
           w->nodes[one].still_until_us <= w->now_us && w->nodes[other].still_until_us <= w->now_us;
}

void world_history_turn(struct assay_sim_world *w)
{
    const uint32_t nodes = w->options.nodes;
    if (!w->split_said || nodes > w->options.overlay_above) return;
    for (uint32_t i = 0; i < nodes; i++)
        for (uint32_t k = i + 1; k < nodes; k++) {
            uint32_t *rounds = &w->in_contact[(size_t)i * nodes + k];
            const uint64_t height = differ_at(&w->histories[i], &w->histories[k]);
            *rounds = height > 0 && may_tell(w, i, k) ? *rounds + 1 : 0;
            if (height == 0) continue;
            world_looked(w, ASSAY_SIM_CHECKER_HISTORIES);
            if (*rounds < ROUNDS || (w->histories[i].alarmed && w->histories[k].alarmed)) continue;
            world_broken(w, ASSAY_SIM_CHECKER_HISTORIES,
                         "nodes %u and %u differ at %llu for %u epochs, and not both have told", i,
                         k, (unsigned long long)height, *rounds);
        }
}
