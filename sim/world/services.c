/*
 * sim/world/services.c - programs of services on the nodes of a scenario (sim/services): links,
 * turns, and chain events.
 */
#include "host/services.h"
#include "engine/ledger/records/change.h"
#include "engine/parts/engine_internal.h"
#include "sim/world/run_internal.h"

#include <stdlib.h>

enum { US = 1000 };

/* --- environment */

static uint64_t now_ms(void *context)
{
    const struct world_run *r = context;
    return r->w->now_us / US;
}

static const struct assay_engine *engine_of(void *context, uint32_t node)
{
    const struct world_run *r = context;
    return r->w->nodes[node].alive ? r->w->nodes[node].engine : NULL;
}

static uint32_t boots_of(void *context, uint32_t node)
{
    const struct world_run *r = context;
    return r->w->nodes[node].boots;
}

static uint32_t lives_of(void *context, uint32_t node)
{
    const struct world_run *r = context;
    return r->w->nodes[node].life;
}

static void schedule_delivery(struct world_run *r, uint32_t from, uint32_t to,
                              struct world_payload *payload)
{
    struct assay_sim_world *w = r->w;
    struct assay_sim_random *random = &r->service_links[(size_t)from * w->options.nodes + to];
    uint64_t delay_us = from == to ? 0 : world_path_us(&w->link, random, from, to);
    if (from != to && assay_sim_random_permille(random, w->link.reorder_permille))
        delay_us += (uint64_t)w->link.reorder_ms * US;
    struct item *item = world_item(w, to, ITEM_PROGRAM);
    item->from = (uint16_t)from;
    item->payload = payload;
    payload->refs++;
    world_push(w, item, w->now_us + delay_us);
}

static void send_message(void *context, uint32_t from, uint32_t to, struct assay_slice bytes)
{
    struct world_run *r = context;
    struct assay_sim_world *w = r->w;
    struct assay_sim_random *random = &r->service_links[(size_t)from * w->options.nodes + to];
    if (from != to && (!w->nodes[to].alive || !world_is_reachable(w, from, to))) return;
    if (from != to && w->link.loss_of == ASSAY_SIM_LOSING_ALL &&
        assay_sim_random_permille(random, w->link.loss_permille))
        return;
    struct world_payload *payload = world_payload(w, bytes.bytes, bytes.len);
    schedule_delivery(r, from, to, payload);
    if (from != to && assay_sim_random_permille(random, w->link.duplicate_permille))
        schedule_delivery(r, from, to, payload);
    world_payload_drop(w, payload);
}

static enum assay_status submit_record(void *context, uint32_t node, uint32_t kind,
                                       struct assay_slice payload)
{
    const struct world_run *r = context;
    if (!r->w->nodes[node].alive) return ASSAY_E_AGAIN;
    return assay_sim_world_serve(r->w, node, kind, payload.bytes, payload.len);
}

static struct assay_slice declared_list(void *context, uint32_t node, const uint8_t root[static 32])
{
    return world_workload_keys_list(context, node, root);
}

static struct assay_store *store_of(void *context, uint32_t node)
{
    const struct world_run *r = context;
    return r->w->nodes[node].alive ? r->w->nodes[node].store : NULL;
}

static unsigned misdeals_of(void *context, uint32_t node)
{
    const struct world_run *r = context;
    return r->byzantine[node] ? assay_attack_acts_holder(&r->acts[node]) : 0;
}

static bool is_honest(void *context, uint32_t node)
{
    const struct world_run *r = context;
    return world_is_trusted(r->w, node);
}

static void report_check(void *context, enum assay_sim_checker checker, const char *message)
{
    const struct world_run *r = context;
    if (message == NULL) world_count_check(r->w, checker);
    else world_report_finding(r->w, checker, message);
}

/* --- life */

static const struct assay_services *services_of(void *context, struct assay_slice plan)
{
    const struct world_run *r = context;
    ASSAY_ASSERT(assay_slice_equal(plan, assay_sim_services_plan(r->services, true)));
    return assay_sim_services_has_more(r->services);
}

void world_services_open(struct world_run *r, struct assay_sim_world_options *options)
{
    const struct assay_sim_services_world world = { .context = r,
                                                    .now_ms = now_ms,
                                                    .engine = engine_of,
                                                    .boots = boots_of,
                                                    .lives = lives_of,
                                                    .send = send_message,
                                                    .submit = submit_record,
                                                    .declared = declared_list,
                                                    .store = store_of,
                                                    .misdeals = misdeals_of,
                                                    .honest = is_honest,
                                                    .looked = report_check };
    const size_t n = options->nodes;
    if (!assay_scenario_serves(r->scenario)) return;
    r->services = assay_sim_services_create(r->scenario, options->seed, &world);
    r->service_links = calloc(n * n, sizeof *r->service_links);
    ASSAY_ASSERT(r->service_links != NULL);
    for (size_t i = 0; i < n * n; i++)
        r->service_links[i] =
            assay_sim_random_of(options->seed, ASSAY_SIM_STREAM_SERVICE_LINKS, i / n, i % n);
    options->plan = assay_sim_services_plan(r->services, false);
    if (!assay_scenario_adds_services(r->scenario)) return;
    options->level = ASSAY_LEVEL_SERVICES;
    options->plan_follow = assay_host_services_follow;
    options->services_of = services_of;
    options->services_context = r;
}

struct assay_slice world_services_plan(const struct world_run *r)
{
    ASSAY_ASSERT(r->services != NULL); /* assay_scenario_check */
    return assay_sim_services_plan(r->services, true);
}

void world_services_genesis(struct assay_sim_world *w)
{
    if (w->run != NULL && w->run->services != NULL)
        w->options.services = assay_sim_services_ledger(w->run->services, w->genesis);
}

void world_services_free(struct world_run *r)
{
    assay_sim_services_destroy(&r->services);
    free(r->service_links);
    r->service_links = NULL;
}

/* Turns of different nodes are at different instants. */
void world_services_begin(struct world_run *r)
{
    if (r->services == NULL) return;
    const uint64_t every_us = (uint64_t)assay_sim_services_step_ms(r->services) * US;
    for (uint32_t i = 0; i < r->scenario->nodes; i++)
        world_push(r->w, world_item(r->w, i, ITEM_PROGRAM),
                   r->w->now_us + every_us * i / r->scenario->nodes);
}

static void requeue_item(struct assay_sim_world *w, const struct item *item, uint64_t at_us)
{
    struct item *next = world_item(w, item->node, ITEM_PROGRAM);
    next->from = item->from;
    next->payload = item->payload;
    if (item->payload != NULL) item->payload->refs++;
    world_push(w, next, at_us);
}

void world_services_item(struct assay_sim_world *w, const struct item *item)
{
    struct world_run *r = w->run;
    const struct world_node *n = &w->nodes[item->node];
    ASSAY_ASSERT(r != NULL && r->services != NULL);
    if (n->alive && n->still_until_us > w->now_us) { /* the machine is stalled */
        requeue_item(w, item, n->still_until_us);
        return;
    }
    if (item->payload == NULL) {
        const uint64_t every_us = (uint64_t)assay_sim_services_step_ms(r->services) * US;
        requeue_item(w, item, w->now_us + every_us);
        assay_sim_services_step(r->services, item->node);
        return;
    }
    world_trace(w, item->node, ITEM_PROGRAM, 0, world_payload_digest(item->payload));
    assay_sim_services_receive(r->services, item->node,
                               assay_slice_over(item->payload->bytes, item->payload->len));
}

/* --- events */

void world_services_turn(struct world_run *r)
{
    if (r->services != NULL) assay_sim_services_epoch(r->services, r->epoch);
}

void world_services_taken(struct world_run *r, const struct assay_record *record)
{
    if (r->services != NULL) assay_sim_services_record(r->services, &r->before, &record->service);
}

void world_services_closed(struct world_run *r)
{
    if (r->services != NULL) assay_sim_services_closed(r->services, &r->before, &r->now);
}

void world_services_node_closed(struct world_run *r, uint32_t node)
{
    if (r->services != NULL)
        assay_sim_services_node_closed(r->services, node, &r->w->nodes[node].engine->head->state);
}

void world_services_era(struct world_run *r)
{
    if (r->services != NULL) assay_sim_services_era(r->services, r->undone);
}

void world_services_end(struct world_run *r)
{
    if (r->services != NULL) assay_sim_services_end(r->services, r->outcome);
}
