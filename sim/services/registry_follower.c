/*
 * sim/services/registry_follower.c - registry of the programs of a node, fed as
 * net/runtime/runtime_services.c and net/services/follower.c do.
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
    return node < d->members ? d->node_id[node] : NULL;
}

static void get_ledger(struct registry_follower *d, const struct assay_engine *engine,
                       const struct assay_services_snapshot *now, bool first)
{
    struct assay_engine_snapshot e;
    struct assay_service_member members[NODES];
    uint8_t before[NODES][32];
    const uint32_t count = d->members;
    assay_engine_snapshot(engine, &e);
    assay_bytes_copy(before, sizeof before, d->node_id, sizeof before);
    assay_engine_service_members(engine, members);
    d->era = now->era;
    assay_bytes_copy(d->beacon, 32, now->beacon, 32);
    d->members = assay_host_services_members(members, e.member_count, d->member);
    for (uint32_t i = 0; i < d->members; i++) {
        struct assay_member_snapshot one;
        assay_engine_member_snapshot(engine, (uint16_t)i, &one);
        assay_bytes_zero(d->node_id[i], 32);
        if (one.stage != ASSAY_STAGE_LEFT) assay_bytes_copy(d->node_id[i], 32, one.node_id, 32);
        d->member[i].renewed =
            !first && (i >= count || !assay_bytes_equal(before[i], d->node_id[i], 32));
    }
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

/* Final records of an epoch that were not yet read; programs are notified once they have started.
 * They submit records later: the log is borrowed until the engine's next step. */
static void read_log(struct assay_sim_services *s, uint32_t node,
                     const struct assay_service_log *log)
{
    struct registry_follower *d = &s->follower[node];
    static const uint8_t nobody[32];
    struct assay_service_entry entry;
    while (assay_service_log_next(log, &d->at, &entry)) {
        const uint8_t *id = entry.slot < d->members ? d->node_id[entry.slot] : nobody;
        const char *became =
            assay_registry_apply(d->registry, entry.slot, id, (enum assay_service_kind)entry.kind,
                                 entry.payload, &s->facts);
        ASSAY_ASSERT(became != NULL);
        if (!d->begun) continue;
        if (entry.kind == ASSAY_SERVICE_TABLE && strcmp(became, "applied") == 0)
            replicas_table(s, node, entry.payload);
        notify_facts(s, node, &s->facts);
        shares_on_final_record(s, node, entry.slot, (enum assay_service_kind)entry.kind,
                               entry.payload);
    }
}

static void start_registry(struct assay_sim_services *s, uint32_t node,
                           const struct assay_engine *engine,
                           const struct assay_services_snapshot *now)
{
    struct registry_follower *d = &s->follower[node];
    const struct assay_registry_plan *plan = assay_registry_get_plan(now->registry);
    const size_t len = (assay_registry_size(plan) + 63) / 64 * 64;
    if (d->registry != NULL && assay_registry_documents(assay_registry_get_plan(d->registry)) !=
                                   assay_registry_documents(plan)) {
        free(d->memory); /* a change added services, or the disk is older */
        d->registry = NULL;
    }
    if (d->registry == NULL) {
        d->memory = aligned_alloc(64, len);
        ASSAY_ASSERT(d->memory != NULL);
        const enum assay_status status =
            assay_registry_init(d->memory, len, plan, s->chain_id, &d->registry);
        ASSAY_ASSERT(status == ASSAY_OK);
    }
    assay_registry_copy(d->registry, now->registry);
    get_ledger(d, engine, now, true);
    d->begun = false;
    d->epoch = now->epoch;
    d->at = 0;
    read_log(s, node, now->log); /* as in the daemon: final records are the start */
    d->begun = true;
    for (uint32_t g = 0; g < plan->group_count; g++)
        notify_group(s, node, g, true);
    tasks_on_restart(s, node);
    shares_on_restart(s, node);
}

struct telling {
    struct assay_sim_services *s;
    uint32_t node;
};

static void on_close_facts(void *context, const struct assay_registry_facts *facts)
{
    const struct telling *t = context;
    notify_facts(t->s, t->node, facts);
}

/* One epoch passed: the rest of its records, and its close, which the programs compute
 * themselves. */
static void close_epoch(struct assay_sim_services *s, uint32_t node,
                        const struct assay_engine *engine,
                        const struct assay_services_snapshot *now)
{
    struct registry_follower *d = &s->follower[node];
    struct telling telling = { s, node };
    read_log(s, node, now->closed);
    get_ledger(d, engine, now, false);
    assay_registry_set_era(d->registry, d->era);
    assay_registry_close_epoch(d->registry, now->epoch - 1, d->member, d->members, &s->facts,
                               on_close_facts, &telling);
    d->epoch = now->epoch;
    d->at = 0;
    for (uint32_t g = 0; g < assay_registry_get_plan(d->registry)->group_count; g++)
        notify_group(s, node, g, false);
    tasks_node_closed(s, node);
    shares_node_closed(s, node);
}

/* Their registry equals that of the ledger. */
static void compare_registries(struct assay_sim_services *s, uint32_t node,
                               const struct assay_services_snapshot *now)
{
    uint8_t digest[2][32];
    const struct assay_registry *both[] = { s->follower[node].registry, now->registry };
    services_report_check(s, ASSAY_SIM_CHECKER_SERVICES, NULL);
    for (uint32_t i = 0; i < assay_registry_documents(assay_registry_get_plan(now->registry));
         i++) {
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
            (unsigned long long)now->epoch - 1);
    }
}

void follower_turn(struct assay_sim_services *s, uint32_t node)
{
    struct registry_follower *d = &s->follower[node];
    const struct assay_engine *engine = s->world.engine(s->world.context, node);
    struct assay_services_snapshot now;
    assay_engine_services(engine, &now);
    if (now.registry == NULL) return; /* documents are pending */
    const uint32_t life = s->world.lives(s->world.context, node);
    if (life != d->life) d->begun = false;
    d->life = life;
    if (!d->begun || now.epoch < d->epoch || now.epoch > d->epoch + 1 || now.era != d->era) {
        start_registry(s, node, engine, &now);
    } else if (now.epoch == d->epoch + 1) {
        close_epoch(s, node, engine, &now);
        compare_registries(s, node, &now);
    }
    read_log(s, node, now.log);
}
