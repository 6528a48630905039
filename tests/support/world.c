/*
 * tests/support/world.c - the virtual clock, the network and the queue of what is going to happen.
 */
#include "tests/support/world_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t world_random(struct world *w)
{
    w->random += 0x9e3779b97f4a7c15ULL; /* splitmix64 */
    uint64_t z = w->random;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

void world_broken(struct world *w, const char *format, ...)
{
    va_list args;
    if (w->violation[0] != '\0') return;
    va_start(args, format);
    (void)vsnprintf(w->violation, sizeof w->violation, format, args);
    va_end(args);
}

/* --- the queue: a binary heap by (time, order of arrival) */

static bool before(const struct item *a, const struct item *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

void world_push(struct world *w, struct item *item)
{
    if (w->heap_count == w->heap_capacity) {
        w->heap_capacity = w->heap_capacity == 0 ? 256 : 2 * w->heap_capacity;
        w->heap = realloc(w->heap, w->heap_capacity * sizeof *w->heap);
        ASSAY_ASSERT(w->heap != NULL);
    }
    item->order = w->order++;
    size_t i = w->heap_count++;
    while (i > 0 && before(item, w->heap[(i - 1) / 2])) {
        w->heap[i] = w->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    w->heap[i] = item;
}

static struct item *pop(struct world *w)
{
    struct item *top = w->heap[0];
    struct item *last = w->heap[--w->heap_count];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= w->heap_count) break;
        if (child + 1 < w->heap_count && before(w->heap[child + 1], w->heap[child])) child++;
        if (!before(w->heap[child], last)) break;
        w->heap[i] = w->heap[child];
        i = child;
    }
    if (w->heap_count > 0) w->heap[i] = last;
    return top;
}

struct item *world_item(struct world *w, uint32_t node, enum item_kind kind, uint64_t at_ms)
{
    struct item *item = calloc(1, sizeof *item);
    ASSAY_ASSERT(item != NULL);
    item->node = node;
    item->life = w->nodes[node].life;
    item->kind = kind;
    item->at_ms = at_ms;
    return item;
}

void world_item_free(struct item *item)
{
    free(item->bytes);
    free(item->verdict);
    free(item);
}

/* --- running */

bool world_hears(const struct world *w, uint32_t from, uint32_t to)
{
    return !w->partitioned || w->groups[from] == w->groups[to];
}

static uint64_t unix_ms(const struct world *w, uint32_t node)
{
    const int64_t at = (int64_t)(w->genesis->time_ms + w->now_ms) + w->nodes[node].skew_ms;
    return at > 0 ? (uint64_t)at : 0;
}

void world_step(struct world *w, uint32_t node, const struct assay_event *event)
{
    struct world_node *n = &w->nodes[node];
    struct assay_event e = *event;
    if (!n->alive || w->violation[0] != '\0') return;
    e.now_ms = w->now_ms + 1000;
    e.at_unix_ms = unix_ms(w, node);
    w->steps++;
    const uint64_t began = w->options.clock_ns != NULL ? w->options.clock_ns() : 0;
    assay_status_ignore(assay_engine_step(n->engine, &e, w->effects),
                        "refused messages are counted by the engine");
    if (w->options.clock_ns != NULL) w->engine_ns += w->options.clock_ns() - began;
    if (w->options.check_each_step) assay_engine_check(n->engine);
    world_node_obey(w, node, w->effects);
    if (!n->alive) return; /* it died on the way */
    const uint64_t wake =
        w->effects->wake_at_ms == UINT64_MAX ? UINT64_MAX : w->effects->wake_at_ms - 1000;
    if (wake == UINT64_MAX || wake == n->wake_ms) return;
    n->wake_ms = wake < w->now_ms + 1 ? w->now_ms + 1 : wake;
    world_push(w, world_item(w, node, ITEM_WAKE, n->wake_ms));
}

static void happen(struct world *w, struct item *item)
{
    struct world_node *n = &w->nodes[item->node];
    const struct assay_event tick = { .kind = ASSAY_EVENT_TICK };
    if (item->kind == ITEM_REBOOT && !n->alive) world_restart(w, item->node);
    if (!n->alive || item->life != n->life) return;
    switch (item->kind) {
    case ITEM_WAKE:
        if (item->at_ms != n->wake_ms) return; /* a later wake-up took its place */
        n->wake_ms = UINT64_MAX;
        world_step(w, item->node, &tick);
        return;
    case ITEM_EVENT: world_step(w, item->node, &item->event); return;
    case ITEM_SYNC_ASK:
        world_node_sync(w, item->node, item->from, assay_slice_over(item->bytes, item->len));
        return;
    case ITEM_RESTARTED: world_node_keys(w, item->node); return;
    case ITEM_REBOOT: return;
    }
}

static bool run_until(struct world *w, uint64_t end_ms, uint64_t epoch)
{
    while (w->violation[0] == '\0' && w->heap_count > 0 && w->heap[0]->at_ms <= end_ms) {
        struct item *item = pop(w);
        w->now_ms = item->at_ms;
        happen(w, item);
        world_item_free(item);
        if (epoch == 0) continue;
        bool all = true;
        for (uint32_t i = 0; i < w->options.nodes; i++)
            all = all && (!w->nodes[i].alive || w->nodes[i].closed >= epoch);
        if (all) return true;
    }
    if (w->violation[0] == '\0') w->now_ms = end_ms;
    return w->violation[0] == '\0' && epoch == 0;
}

bool world_run(struct world *world, uint64_t ms)
{
    return run_until(world, world->now_ms + ms, 0);
}

bool world_run_to_epoch(struct world *world, uint64_t epoch, uint64_t ms)
{
    return run_until(world, world->now_ms + ms, epoch);
}

/* --- life */

struct world *world_create(const struct world_options *options)
{
    struct world *w = calloc(1, sizeof *w);
    ASSAY_ASSERT(w != NULL && options->nodes >= 1 && options->nodes <= WORLD_NODES_MAX);
    w->options = *options;
    if (w->options.epoch_ms == 0) w->options.epoch_ms = 800;
    if (w->options.vendors == 0) w->options.vendors = 4;
    if (w->options.delay_max_ms == 0) {
        w->options.delay_min_ms = 1;
        w->options.delay_max_ms = 6;
    }
    w->random = options->seed;
    w->effects = calloc(1, sizeof *w->effects);
    w->scratch = malloc(ASSAY_SYNC_ANSWER_LEN_MAX);
    w->page = malloc(ASSAY_SYNC_ANSWER_LEN_MAX);
    w->roots = calloc(EPOCHS_KEPT, 32);
    w->heads = calloc(EPOCHS_KEPT, 32);
    ASSAY_ASSERT(w->effects != NULL && w->scratch != NULL && w->page != NULL);
    ASSAY_ASSERT(w->roots != NULL && w->heads != NULL);
    for (uint32_t i = 0; i < WORLD_NODES_MAX; i++)
        w->deal[i] = i;
    world_genesis_make(w);
    for (uint32_t i = 0; i < w->options.nodes; i++) {
        const uint32_t spread = 2 * w->options.skew_ms + 1;
        w->nodes[i].skew_ms = (int64_t)(world_random(w) % spread) - (int64_t)w->options.skew_ms;
        const enum assay_status status = assay_store_memory_create(&w->nodes[i].store);
        ASSAY_ASSERT(status == ASSAY_OK);
    }
    for (uint32_t i = 0; i < w->options.nodes; i++)
        world_node_open(w, i, false);
    return w;
}

void world_destroy(struct world **world)
{
    struct world *w = *world;
    if (w == NULL) return;
    for (uint32_t i = 0; i < w->options.nodes; i++) {
        struct world_node *n = &w->nodes[i];
        if (n->alive) world_node_close(w, i);
        n->store->ops->close(&n->store);
        assay_p256_signer_free(&n->voting);
        assay_p256_signer_free(&n->identity);
        free(n->evidence);
        free(n->signed_);
    }
    for (size_t i = 0; i < w->heap_count; i++)
        world_item_free(w->heap[i]);
    free(w->heap);
    free(w->notes);
    free(w->roots);
    free(w->heads);
    free(w->scratch);
    free(w->page);
    free(w->effects);
    free(w->genesis);
    free(w->genesis_bytes);
    free(w);
    *world = NULL;
}

const char *world_violation(const struct world *world)
{
    return world->violation[0] == '\0' ? NULL : world->violation;
}

struct world_acts *world_acts(struct world *world, uint32_t node)
{
    return &world->nodes[node].acts;
}

struct assay_engine *world_engine(struct world *world, uint32_t node)
{
    return world->nodes[node].engine;
}

void world_member(struct world *world, uint32_t node, uint16_t slot, struct assay_member_view *view)
{
    assay_engine_member_view(world->nodes[node].engine, slot, view);
}

uint64_t world_epoch(const struct world *world, uint32_t node)
{
    return world->nodes[node].closed;
}

uint64_t world_now(const struct world *world)
{
    return world->now_ms;
}

uint64_t world_steps(const struct world *world)
{
    return world->steps;
}

uint64_t world_engine_ns(const struct world *world)
{
    return world->engine_ns;
}

void world_kill(struct world *world, uint32_t node)
{
    ASSAY_ASSERT(world->nodes[node].alive);
    assay_store_memory_crash(world->nodes[node].store);
    world_node_close(world, node);
}

void world_restart(struct world *world, uint32_t node)
{
    struct world_node *n = &world->nodes[node];
    ASSAY_ASSERT(!n->alive);
    if (n->acts.loses_store) {
        n->acts.loses_store = false;
        n->store->ops->close(&n->store);
        const enum assay_status status = assay_store_memory_create(&n->store);
        ASSAY_ASSERT(status == ASSAY_OK);
    }
    world_node_open(world, node, true);
}

bool world_alive(const struct world *world, uint32_t node)
{
    return world->nodes[node].alive;
}

void world_partition(struct world *world, const uint32_t *group_of)
{
    world->partitioned = group_of != NULL;
    for (uint32_t i = 0; group_of != NULL && i < world->options.nodes; i++)
        world->groups[i] = group_of[i];
}

void world_set_loss(struct world *world, uint32_t permille)
{
    world->options.loss_permille = permille;
}

void world_set_crashes(struct world *world, uint32_t permille)
{
    world->options.crash_permille = permille;
}

/* --- notes */

const struct world_note *world_last_note(const struct world *world, uint32_t node,
                                         enum assay_note note, uint16_t slot)
{
    for (size_t i = world->note_count; i > 0; i--) {
        const struct world_note *n = &world->notes[i - 1];
        if (n->node != node || n->note != note) continue;
        if (slot == ASSAY_SLOT_ALL || n->slot == slot) return n;
    }
    return NULL;
}

size_t world_notes(const struct world *world, uint32_t node, enum assay_note note, uint16_t slot)
{
    size_t count = 0;
    for (size_t i = 0; i < world->note_count; i++) {
        const struct world_note *n = &world->notes[i];
        if (n->node != node || n->note != note) continue;
        if (slot == ASSAY_SLOT_ALL || n->slot == slot) count++;
    }
    return count;
}

size_t world_orders(const struct world *world, uint32_t node, enum assay_order_kind kind)
{
    return world->nodes[node].orders[kind];
}

void world_explain(const struct world *world, size_t last)
{
    const size_t from = world->note_count > last ? world->note_count - last : 0;
    for (size_t i = from; i < world->note_count; i++) {
        const struct world_note *n = &world->notes[i];
        (void)fprintf(stderr, "%8llu ms node %u epoch %llu %s slot %d a %llu b %llu\n",
                      (unsigned long long)n->at_ms, n->node, (unsigned long long)n->epoch,
                      assay_note_name(n->note), n->slot == ASSAY_SLOT_ALL ? -1 : (int)n->slot,
                      (unsigned long long)n->a, (unsigned long long)n->b);
    }
    for (uint32_t i = 0; i < world->options.nodes; i++) {
        struct assay_engine_view v;
        if (!world->nodes[i].alive) continue;
        assay_engine_view(world->nodes[i].engine, &v);
        (void)fprintf(stderr, "node %u: epoch %llu height %llu view %llu voting %d behind %d\n", i,
                      (unsigned long long)v.epoch, (unsigned long long)v.height,
                      (unsigned long long)v.view, v.voting, v.behind);
    }
    if (world->violation[0] != '\0') (void)fprintf(stderr, "violation: %s\n", world->violation);
}
