/*
 * sim/services/registry_follower.c - registry of the programs of a node: what the daemon's feed
 * passes on is applied as net/services/follower.c does, and reported to the simulated programs.
 */
#include "sim/services/internal.h"

#include <stdlib.h>
#include <string.h>

void follower_free(struct registry_follower *follower)
{
    free(follower->memory);
    *follower = (struct registry_follower){ 0 };
}

const uint8_t *follower_node_id(const struct assay_sim_services *s, uint32_t node)
{
    const struct registry_follower *d = &s->follower[node];
    return node < d->feed.last.members ? d->feed.last.node_id[node] : NULL;
}

static void notify_facts(struct assay_sim_services *s, uint32_t node,
                         const struct assay_registry_facts *facts)
{
    for (uint32_t i = 0; i < facts->continuity.count; i++) {
        replicas_fact(s, node, facts->group, &facts->continuity.fact[i]);
        enclaves_fact(s, node, facts->group, &facts->continuity.fact[i]);
    }
    for (uint32_t i = 0; i < facts->task_count; i++)
        tasks_fact(s, node, &facts->task[i]);
    if (facts->shares.count > 0) shares_fact(s, node, &facts->shares);
}

static void notify_group(struct assay_sim_services *s, uint32_t node, uint32_t group, bool all)
{
    const struct assay_cont_group *g = assay_registry_group(s->follower[node].registry, group);
    struct assay_cont_fact fact;
    for (uint32_t i = 0; all && assay_cont_group_get_fact(g, i, &fact); i++) {
        replicas_fact(s, node, group, &fact);
        enclaves_fact(s, node, group, &fact);
    }
    for (uint32_t i = 0; assay_cont_group_get_standing(g, i, &fact); i++) {
        replicas_fact(s, node, group, &fact);
        enclaves_fact(s, node, group, &fact);
    }
}

/* The node whose programs are fed. */
struct fed {
    struct assay_sim_services *s;
    uint32_t node;
};

static void on_reset(void *context, const struct assay_registry *registry,
                     const struct assay_service_epoch *epoch)
{
    const struct fed *const fed = context;
    struct registry_follower *d = &fed->s->follower[fed->node];
    const struct assay_registry_plan *plan = assay_registry_get_plan(registry);
    const size_t len = (assay_registry_size(plan) + 63) / 64 * 64;
    (void)epoch;
    if (d->registry != NULL && assay_registry_documents(assay_registry_get_plan(d->registry)) !=
                                   assay_registry_documents(plan)) {
        free(d->memory); /* a change added services, or the disk is older */
        d->registry = NULL;
    }
    if (d->registry == NULL) {
        d->memory = aligned_alloc(64, len);
        ASSAY_ASSERT(d->memory != NULL);
        const enum assay_status status =
            assay_registry_init(d->memory, len, plan, fed->s->chain_id, &d->registry);
        ASSAY_ASSERT(status == ASSAY_OK);
    }
    assay_registry_copy(d->registry, registry);
    d->begun = false;
    group_key_on_reset(fed->s, fed->node, registry);
}

static void on_ready(void *context)
{
    const struct fed *const fed = context;
    struct registry_follower *d = &fed->s->follower[fed->node];
    d->begun = true;
    for (uint32_t g = 0; g < assay_registry_get_plan(d->registry)->group_count; g++)
        notify_group(fed->s, fed->node, g, true);
    tasks_on_restart(fed->s, fed->node);
    shares_on_restart(fed->s, fed->node);
}

static void on_record(void *context, uint32_t slot, enum assay_service_kind kind,
                      struct assay_slice payload)
{
    static const uint8_t no_node[32];
    const struct fed *const fed = context;
    struct assay_sim_services *s = fed->s;
    struct registry_follower *d = &s->follower[fed->node];
    const struct assay_service_epoch *last = &d->feed.last;
    const uint8_t *id = slot < last->members ? last->node_id[slot] : no_node;
    const char *became = assay_registry_apply(d->registry, slot, id, kind, payload, &s->facts);
    ASSAY_ASSERT(became != NULL);
    group_key_on_final_record(s, fed->node, slot, kind, payload);
    if (!d->begun) return;
    if (kind == ASSAY_SERVICE_TABLE && strcmp(became, "applied") == 0)
        replicas_table(s, fed->node, payload);
    notify_facts(s, fed->node, &s->facts);
    shares_on_final_record(s, fed->node, slot, kind, payload);
}

static void on_close_facts(void *context, const struct assay_registry_facts *facts)
{
    const struct fed *const fed = context;
    notify_facts(fed->s, fed->node, facts);
}

/* Their registry equals that of the ledger. */
static void compare_registries(struct assay_sim_services *s, uint32_t node,
                               const struct assay_registry *ledger, uint64_t epoch)
{
    uint8_t digest[2][32];
    const struct assay_registry *both[] = { s->follower[node].registry, ledger };
    services_report_check(s, ASSAY_SIM_CHECKER_SERVICES, NULL);
    for (uint32_t i = 0; i < assay_registry_documents(assay_registry_get_plan(ledger)); i++) {
        for (uint32_t k = 0; k < 2; k++) {
            struct assay_writer w =
                assay_writer_over(s->recount.document, sizeof s->recount.document);
            const enum assay_status status = assay_registry_encode(both[k], i, &w);
            ASSAY_ASSERT(status == ASSAY_OK);
            assay_sha256(s->recount.document, w.len, digest[k]);
        }
        if (assay_bytes_equal(digest[0], digest[1], 32)) continue;
        services_report_check(
            s, ASSAY_SIM_CHECKER_SERVICES,
            "programs of node %u have another document %u in epoch %llu than its ledger", node, i,
            (unsigned long long)epoch);
    }
}

/* The programs compute the close themselves. */
static void on_closed(void *context, const struct assay_registry *registry,
                      const struct assay_service_epoch *epoch)
{
    struct fed *const fed = context;
    struct registry_follower *d = &fed->s->follower[fed->node];
    assay_registry_set_era(d->registry, epoch->era);
    assay_registry_set_other_weight(d->registry, epoch->other_weight);
    assay_registry_close_epoch(d->registry, epoch->epoch, epoch->member, epoch->members,
                               &fed->s->facts, on_close_facts, fed);
    for (uint32_t g = 0; g < assay_registry_get_plan(d->registry)->group_count; g++)
        notify_group(fed->s, fed->node, g, false);
    tasks_node_closed(fed->s, fed->node);
    shares_node_closed(fed->s, fed->node);
    group_key_node_closed(fed->s, fed->node);
    compare_registries(fed->s, fed->node, registry, epoch->epoch);
}

void follower_turn(struct assay_sim_services *s, uint32_t node)
{
    struct registry_follower *d = &s->follower[node];
    struct fed fed = { s, node };
    const struct assay_service_feed_callbacks callbacks = { &fed, on_reset, on_ready, on_record,
                                                            on_closed };
    const uint32_t life = s->world.lives(s->world.context, node);
    if (life != d->life) d->begun = false;
    d->life = life;
    d->feed.members = d->member;
    d->feed.begun = d->feed.begun && d->begun;
    assay_host_service_feed_step(&d->feed, s->world.engine(s->world.context, node), &callbacks);
}
