/*
 * sim/world/world.c - virtual clock, event loop, and life of a world.
 */
#include "engine/sync/sync.h"
#include "sim/world/world_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { US = 1000, TRACE_ENTRY = 28, PPM = 1000000 };

void world_report_violation(struct assay_sim_world *w, enum assay_sim_checker checker,
                            const char *format, ...)
{
    char message[sizeof w->violation];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    world_report_finding(w, checker, message);
    if (w->run == NULL && w->violation[0] == '\0')
        (void)snprintf(w->violation, sizeof w->violation, "%s", message);
}

/* --- clocks: each node's own runs drift_ppm too fast or slow, and shows its own date */

static int64_t drifted_us(const struct world_node *n, uint64_t us)
{
    return (int64_t)us + (int64_t)(us / PPM) * n->drift_ppm +
           (int64_t)(us % PPM) * n->drift_ppm / PPM;
}

uint64_t world_mono_ms(const struct assay_sim_world *w, uint32_t node)
{
    return STARTED_MS + (uint64_t)drifted_us(&w->nodes[node], w->now_us) / US;
}

uint64_t world_unix_ms(const struct assay_sim_world *w, uint32_t node)
{
    const struct world_node *n = &w->nodes[node];
    const int64_t at_us = drifted_us(n, w->now_us) + n->skew_us + n->clock_us + n->date_us;
    const int64_t at_ms = (int64_t)w->genesis->time_ms + at_us / US;
    return at_ms > 0 ? (uint64_t)at_ms : 0;
}

uint64_t world_when_us(const struct assay_sim_world *w, uint32_t node, uint64_t mono_ms)
{
    const struct world_node *n = &w->nodes[node];
    if (mono_ms <= STARTED_MS) return 0;
    if (mono_ms - STARTED_MS > UINT64_MAX / 2 / PPM) return UINT64_MAX;
    const uint64_t local_us = (mono_ms - STARTED_MS) * US;
    const uint64_t rate = (uint64_t)(PPM + n->drift_ppm);
    uint64_t us = local_us / rate * PPM + local_us % rate * PPM / rate;
    while (drifted_us(n, us) < (int64_t)local_us)
        us++; /* rounding of both: a step or two */
    return us;
}

/* --- the trace */

static void put_u64(uint8_t *out, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++)
        out[i] = (uint8_t)(value >> (8 * i));
}

static void fold_trace(struct assay_sim_world *w)
{
    const struct assay_slice pieces[2] = { assay_slice_over(w->trace, 32),
                                           assay_slice_over(w->trace_buffer, w->trace_used) };
    uint8_t folded[32];
    assay_sha256_pieces(pieces, 2, folded);
    assay_bytes_copy(w->trace, 32, folded, 32);
    w->trace_used = 0;
}

void world_trace(struct assay_sim_world *w, uint32_t node, unsigned kind, unsigned detail,
                 const uint8_t *digest)
{
    if (w->trace_used + TRACE_ENTRY > sizeof w->trace_buffer) fold_trace(w);
    uint8_t *out = w->trace_buffer + w->trace_used;
    w->trace_used += TRACE_ENTRY;
    put_u64(out, w->now_us);
    out[8] = (uint8_t)node;
    out[9] = (uint8_t)(node >> 8);
    out[10] = (uint8_t)kind;
    out[11] = (uint8_t)detail;
    if (digest != NULL) assay_bytes_copy(out + 12, 16, digest, 16);
    else assay_bytes_zero(out + 12, 16);
}

void assay_sim_world_trace(struct assay_sim_world *world, uint8_t hash[static 32])
{
    if (world->trace_used > 0) fold_trace(world);
    assay_bytes_copy(hash, 32, world->trace, 32);
}

/* --- steps */

void world_schedule_wake(struct assay_sim_world *w, uint32_t node, uint64_t wake_at_ms)
{
    struct world_node *n = &w->nodes[node];
    n->wake_us = UINT64_MAX;
    if (wake_at_ms == UINT64_MAX) return;
    const uint64_t at_us = world_when_us(w, node, wake_at_ms);
    n->wake_us = at_us > w->now_us ? at_us : w->now_us + US;
    if (n->wake_item_us <= n->wake_us) return; /* it checks again then */
    n->wake_item_us = n->wake_us;
    world_push(w, world_item(w, node, ITEM_WAKE), n->wake_us);
}

enum assay_status world_engine_step(struct assay_sim_world *w, uint32_t node,
                                    struct assay_event *event, struct assay_effects *effects)
{
    event->now_ms = world_mono_ms(w, node);
    event->at_unix_ms = world_unix_ms(w, node);
    w->steps++;
    const uint64_t began = w->options.clock_ns != NULL ? w->options.clock_ns() : 0;
    const enum assay_status status = assay_engine_step(w->nodes[node].engine, event, effects);
    if (w->options.clock_ns != NULL) w->engine_ns += w->options.clock_ns() - began;
    if (effects->paused_ms > 0)
        assay_gossip_on_pause(w->nodes[node].gossip, event->now_ms, effects->paused_ms);
    if (w->options.check_each_step) {
        assay_engine_check(w->nodes[node].engine); /* aborts */
        world_count_check(w, ASSAY_SIM_CHECKER_INVARIANTS);
    }
    return status;
}

static void wake_node(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    const struct assay_event tick = { .kind = ASSAY_EVENT_TICK };
    if (n->wake_item_us != w->now_us) return; /* an earlier one replaced it */
    n->wake_item_us = UINT64_MAX;
    if (n->wake_us == UINT64_MAX) return;
    if (n->wake_us > w->now_us) {
        n->wake_item_us = n->wake_us;
        world_push(w, world_item(w, node, ITEM_WAKE), n->wake_us);
        return;
    }
    n->wake_us = UINT64_MAX;
    world_trace(w, node, ITEM_WAKE, 0, NULL);
    (void)world_step(w, node, &tick);
}

static void handle_item(struct assay_sim_world *w, const struct item *item)
{
    struct world_node *n = &w->nodes[item->node];
    switch ((enum item_kind)item->kind) {
    case ITEM_MESSAGE:
        w->count.delivered++;
        w->count.bytes += (uint64_t)item->payload->len + FRAME_LEN;
        world_trace(w, item->node, ITEM_MESSAGE, item->message,
                    world_payload_digest(item->payload));
        world_host_message(w, item);
        return;
    case ITEM_ANSWER:
        world_trace(w, item->node, ITEM_ANSWER, item->answer->event.kind, NULL);
        world_host_answer(w, item->node, item->answer);
        return;
    case ITEM_WAKE: wake_node(w, item->node); return;
    case ITEM_GOSSIP:
        if (n->gossip_item_us != w->now_us) return;
        n->gossip_item_us = UINT64_MAX;
        world_gossip_turn(w, item->node);
        return;
    case ITEM_RESTARTED:
        world_trace(w, item->node, ITEM_RESTARTED, 0, NULL);
        world_node_new_keys(w, item->node);
        return;
    case ITEM_KEYS:
        world_trace(w, item->node, ITEM_KEYS, 0, NULL);
        world_node_replace_keys(w, item->node);
        return;
    case ITEM_DIE: world_run_die(w, item); return;
    case ITEM_OVERLAY: world_overlay_due(w, item->node); return;
    case ITEM_REVIEWS: world_run_reviews(w, item->node); return;
    case ITEM_DECLARE: world_workload_keys_act(w, item->node); return;
    case ITEM_JOIN:
    case ITEM_RETIRE:
    case ITEM_RECOVER:
    case ITEM_REBOOT:
    case ITEM_CLOCKS:
    case ITEM_PROGRAM:
    case ITEM_SCHEDULE: break;
    }
    ASSAY_UNREACHABLE("taken before");
}

/* A stalled node reads its clock first, then the messages in its sockets, in order. Returns:
 * whether the item waits on. */
static bool postpone_item(struct assay_sim_world *w, struct item *item)
{
    if (item->kind == ITEM_SCHEDULE || item->kind == ITEM_CLOCKS || item->kind == ITEM_REBOOT ||
        item->kind == ITEM_JOIN || item->kind == ITEM_RETIRE || item->kind == ITEM_RECOVER ||
        item->kind == ITEM_PROGRAM)
        return false;
    struct world_node *n = &w->nodes[item->node];
    if (n->still_until_us <= w->now_us || !n->alive || item->life != n->life) return false;
    const uint64_t again_us = n->still_until_us + (item->kind == ITEM_WAKE ? 0 : US);
    if (item->kind == ITEM_WAKE) n->wake_item_us = again_us;
    if (item->kind == ITEM_WAKE && n->wake_us < again_us) n->wake_us = again_us;
    if (item->kind == ITEM_GOSSIP) n->gossip_item_us = again_us;
    if (item->kind == ITEM_OVERLAY) n->overlay_item_us = again_us;
    world_push(w, item, again_us);
    return true;
}

static void run_item(struct assay_sim_world *w, const struct item *item)
{
    struct world_node *n = &w->nodes[item->node];
    if (item->kind == ITEM_SCHEDULE) {
        world_run_schedule(w, item);
        return;
    }
    if (item->kind == ITEM_CLOCKS) {
        world_run_dates(w);
        return;
    }
    if (item->kind == ITEM_REBOOT) {
        if (!n->alive && n->born) assay_sim_world_restart(w, item->node);
        return;
    }
    if (item->kind == ITEM_JOIN) {
        world_run_join(w, item);
        return;
    }
    if (item->kind == ITEM_RECOVER) {
        world_run_recover(w, item);
        return;
    }
    if (item->kind == ITEM_RETIRE) {
        world_run_retire(w, item);
        return;
    }
    if (item->kind == ITEM_PROGRAM) {
        world_services_item(w, item);
        return;
    }
    if (n->alive && item->life == n->life) {
        handle_item(w, item);
    } else if (item->kind == ITEM_MESSAGE) {
        w->count.lost++;
    }
}

bool world_run_event(struct assay_sim_world *w)
{
    if (w->violation[0] != '\0' || w->queue.count == 0) return false;
    struct item *item = world_pop(&w->queue, &w->now_us);
    if (w->queue.count > 0) __builtin_prefetch(w->queue.heap[0].item);
    w->count.events++;
    if (postpone_item(w, item)) return true;
    run_item(w, item);
    world_item_free(w, item);
    return w->violation[0] == '\0';
}

static bool run_until(struct assay_sim_world *w, uint64_t end_us, uint64_t epoch)
{
    while (w->violation[0] == '\0' && world_next_us(&w->queue) <= end_us) {
        if (!world_run_event(w)) break;
        if (epoch == 0) continue;
        bool all = true;
        for (uint32_t i = 0; i < w->options.nodes; i++)
            all = all && (!w->nodes[i].alive || w->nodes[i].closed >= epoch);
        if (all) return true;
    }
    if (w->now_us < end_us) w->now_us = end_us;
    return epoch == 0 && w->violation[0] == '\0';
}

bool assay_sim_world_run(struct assay_sim_world *world, uint64_t ms)
{
    return run_until(world, world->now_us + ms * US, 0);
}

bool assay_sim_world_run_to_epoch(struct assay_sim_world *world, uint64_t epoch, uint64_t ms)
{
    return run_until(world, world->now_us + ms * US, epoch);
}

/* --- life */

static void set_defaults(struct assay_sim_world *w)
{
    struct assay_sim_world_options *o = &w->options;
    ASSAY_ASSERT(o->nodes > 0 && o->nodes <= WORLD_NODES);
    if (o->epoch_ms == 0) o->epoch_ms = 800;
    if (o->vendors == 0) o->vendors = 4;
    if (o->overlay_above == 0) o->overlay_above = ASSAY_OVERLAY_ABOVE;
    if (o->overlay_degree == 0) o->overlay_degree = ASSAY_OVERLAY_DEGREE;
    if (o->delay_max_ms == 0) {
        o->delay_min_ms = 1;
        o->delay_max_ms = 6;
    }
    w->link = (struct assay_sim_link){ .delay = ASSAY_SIM_DELAY_UNIFORM,
                                       .delay_min_ms = (uint32_t)o->delay_min_ms,
                                       .delay_max_ms = (uint32_t)o->delay_max_ms,
                                       .loss_permille = o->loss_permille };
    w->quote_us = 2 * US;
    w->verify_us = US;
}

static void set_streams(struct assay_sim_world *w)
{
    const uint64_t seed = w->options.seed;
    const size_t n = w->options.nodes;
    w->links = calloc(n * n, sizeof *w->links);
    if (n > w->options.overlay_above) w->ready_us = calloc(n * n, sizeof *w->ready_us);
    ASSAY_ASSERT(w->links != NULL && (w->ready_us != NULL || n <= w->options.overlay_above));
    for (size_t i = 0; i < n * n; i++)
        w->links[i] = assay_sim_random_of(seed, ASSAY_SIM_STREAM_LINK, i / n, i % n);
    w->crashes = assay_sim_random_of(seed, ASSAY_SIM_STREAM_CRASH, 0, 0);
    w->disks = assay_sim_random_of(seed, ASSAY_SIM_STREAM_STORE, 0, 0);
    w->clocks = assay_sim_random_of(seed, ASSAY_SIM_STREAM_CLOCK, 0, 0);
    w->quotes = assay_sim_random_of(seed, ASSAY_SIM_STREAM_EVIDENCE, 0, 0);
}

struct assay_sim_world *world_make(const struct assay_sim_world_options *options,
                                   struct world_run *run)
{
    struct assay_sim_world *w = calloc(1, sizeof *w);
    ASSAY_ASSERT(w != NULL);
    w->options = *options;
    w->run = run;
    set_defaults(w);
    set_streams(w);
    w->effects = calloc(1, sizeof *w->effects);
    w->scratch = malloc(ASSAY_SYNC_ANSWER_LEN_MAX);
    w->page = malloc(ASSAY_SYNC_ANSWER_LEN_MAX);
    ASSAY_ASSERT(w->effects != NULL && w->scratch != NULL && w->page != NULL);
    for (uint32_t i = 0; i < WORLD_NODES; i++)
        w->deal[i] = w->machines[i] = i;
    world_dispatch_open(w);
    world_evidence_open(w);
    world_check_create(w);
    world_history_create(w);
    world_ballots_create(w);
    world_voters_create(w);
    w->updates = (struct assay_updates){ w, world_days_appraise, world_days_follow };
    return w;
}

void world_start(struct assay_sim_world *w)
{
    world_genesis_make(w);
    world_new_keys_create(w);
    world_services_genesis(w);
    for (uint32_t i = 0; i < w->options.nodes; i++)
        world_node_create(w, i);
    for (uint32_t i = 0; i + w->options.spares < w->options.nodes; i++)
        world_node_open(w, i, false);
    world_voters_turn(w, 0);
}

struct assay_sim_world *assay_sim_world_create(const struct assay_sim_world_options *options)
{
    struct assay_sim_world *w = world_make(options, NULL);
    world_start(w);
    return w;
}

void assay_sim_world_destroy(struct assay_sim_world **world)
{
    struct assay_sim_world *w = *world;
    if (w == NULL) return;
    uint64_t at_us = 0;
    while (w->queue.count > 0)
        world_item_free(w, world_pop(&w->queue, &at_us));
    free(w->fence);
    free(w->rules);
    for (uint32_t i = 0; i < w->options.nodes; i++)
        world_node_destroy(w, i);
    world_evidence_free(w);
    world_soft_close(w);
    world_check_free(w);
    world_history_free(w);
    world_ballots_free(w);
    world_voters_free(w);
    world_queue_free(&w->queue);
    free(w->links);
    free(w->ready_us);
    free(w->cut);
    free(w->notes);
    free(w->scratch);
    free(w->page);
    free(w->effects);
    free(w->dispatch_memory);
    free(w->pulls);
    free(w->genesis);
    free(w->genesis_bytes);
    free(w);
    *world = NULL;
}
