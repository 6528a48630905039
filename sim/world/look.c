/*
 * sim/world/look.c - queries and manipulation of a world, for tests.
 */
#include "sim/world/world_internal.h"

#include <stdio.h>

const char *assay_sim_world_violation(const struct assay_sim_world *world)
{
    return world->violation[0] == '\0' ? NULL : world->violation;
}

struct assay_sim_world_acts *assay_sim_world_acts(struct assay_sim_world *world, uint32_t node)
{
    return &world->nodes[node].acts;
}

struct assay_engine *assay_sim_world_engine(struct assay_sim_world *world, uint32_t node)
{
    return world->nodes[node].engine;
}

void assay_sim_world_member(struct assay_sim_world *world, uint32_t node, uint16_t slot,
                            struct assay_member_snapshot *snapshot)
{
    assay_engine_member_snapshot(world->nodes[node].engine, slot, snapshot);
}

uint64_t assay_sim_world_epoch(const struct assay_sim_world *world, uint32_t node)
{
    return world->nodes[node].closed;
}

uint64_t assay_sim_world_steps(const struct assay_sim_world *world)
{
    return world->steps;
}

uint64_t assay_sim_world_engine_ns(const struct assay_sim_world *world)
{
    return world->engine_ns;
}

void assay_sim_world_kill(struct assay_sim_world *world, uint32_t node)
{
    ASSAY_ASSERT(world->nodes[node].alive);
    assay_store_memory_crash(world->nodes[node].store);
    world_node_close(world, node);
}

void assay_sim_world_restart(struct assay_sim_world *world, uint32_t node)
{
    ASSAY_ASSERT(!world->nodes[node].alive);
    world_node_open(world, node, true);
}

bool assay_sim_world_alive(const struct assay_sim_world *world, uint32_t node)
{
    return world->nodes[node].alive;
}

void assay_sim_world_partition(struct assay_sim_world *world, const uint32_t *group_of)
{
    world->partitioned = group_of != NULL;
    for (uint32_t i = 0; group_of != NULL && i < world->options.nodes; i++)
        world->groups[i] = group_of[i];
}

void assay_sim_world_set_loss(struct assay_sim_world *world, uint32_t permille)
{
    world->link.loss_permille = permille;
}

void assay_sim_world_set_crashes(struct assay_sim_world *world, uint32_t permille)
{
    world->options.crash_permille = permille;
}

const struct item *world_in_flight(const struct assay_sim_world *w, uint32_t node, size_t k)
{
    for (size_t i = 0; i < w->queue.count; i++) {
        const struct item *item = w->queue.heap[i].item;
        if (item->kind != ITEM_MESSAGE || item->node != node) continue;
        if (k-- == 0) return item;
    }
    return NULL;
}

/* --- notes */

const struct assay_sim_world_note *assay_sim_world_last_note(const struct assay_sim_world *world,
                                                             uint32_t node, enum assay_note note,
                                                             uint16_t slot)
{
    for (size_t i = world->note_count; i > 0; i--) {
        const struct assay_sim_world_note *n = &world->notes[i - 1];
        if (n->node != node || n->note != note) continue;
        if (slot == ASSAY_SLOT_ALL || n->slot == slot) return n;
    }
    return NULL;
}

size_t assay_sim_world_notes(const struct assay_sim_world *world, uint32_t node,
                             enum assay_note note, uint16_t slot)
{
    size_t count = 0;
    for (size_t i = 0; i < world->note_count; i++) {
        const struct assay_sim_world_note *n = &world->notes[i];
        if (n->node != node || n->note != note) continue;
        if (slot == ASSAY_SLOT_ALL || n->slot == slot) count++;
    }
    return count;
}

size_t assay_sim_world_orders(const struct assay_sim_world *world, uint32_t node,
                              enum assay_order_kind kind)
{
    return world->nodes[node].orders[kind];
}

void assay_sim_world_explain(const struct assay_sim_world *world, size_t last)
{
    const size_t from = world->note_count > last ? world->note_count - last : 0;
    for (size_t i = from; i < world->note_count; i++) {
        const struct assay_sim_world_note *n = &world->notes[i];
        (void)fprintf(stderr, "%8llu ms node %u epoch %llu %s slot %d a %llu b %llu\n",
                      (unsigned long long)n->at_ms, n->node, (unsigned long long)n->epoch,
                      assay_note_name(n->note), n->slot == ASSAY_SLOT_ALL ? -1 : (int)n->slot,
                      (unsigned long long)n->a, (unsigned long long)n->b);
    }
    for (uint32_t i = 0; i < world->options.nodes; i++) {
        struct assay_engine_snapshot v;
        if (!world->nodes[i].alive) continue;
        assay_engine_snapshot(world->nodes[i].engine, &v);
        (void)fprintf(stderr, "node %u: epoch %llu height %llu view %llu voting %d behind %d\n", i,
                      (unsigned long long)v.epoch, (unsigned long long)v.height,
                      (unsigned long long)v.view, v.voting, v.behind);
    }
    if (world->violation[0] != '\0') (void)fprintf(stderr, "violation: %s\n", world->violation);
}
