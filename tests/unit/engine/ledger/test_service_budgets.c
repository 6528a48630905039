/*
 * tests/unit/engine/ledger/test_service_budgets.c - the two budgets of service records in networks
 * of complete engines: neither delays records of the other (docs/protocol.md 12.2.1).
 */
#include "sim/world/world_internal.h"
#include "tests/support/services/toy_services.h"

#include "engine/evidence/pool.h"
#include "engine/parts/engine_internal.h"

#include <criterion/criterion.h>

enum { NODES = 5, EPOCH_MS = 400, LARGE = 8000 };

static const uint8_t plan[] = "toy services";
static struct assay_services reserving; /* TOY_SET has a budget of its own */

static struct assay_sim_world *start(void)
{
    reserving = toy_services;
    reserving.reserved_first = reserving.reserved_last = TOY_SET;
    const struct assay_sim_world_options o = { .seed = 29,
                                               .nodes = NODES,
                                               .epoch_ms = EPOCH_MS,
                                               .check_each_step = true,
                                               .services = &reserving,
                                               .plan = { plan, sizeof plan } };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    cr_assert(assay_sim_world_run_to_epoch(w, 1, 20 * EPOCH_MS), "%s",
              assay_sim_world_violation(w));
    return w;
}

/* Every author submits as many large records of a kind as its node accepts. Returns: how many. */
static uint32_t flood(struct assay_sim_world *w, uint32_t kind)
{
    static uint8_t payload[LARGE];
    uint32_t count = 0;
    for (uint32_t node = 0; node < NODES; node++)
        for (uint8_t i = 0; i < 64; i++) {
            payload[0] = i;
            payload[1] = (uint8_t)node;
            count += assay_sim_world_serve(w, node, kind, payload, sizeof payload) == ASSAY_OK;
        }
    return count;
}

static uint32_t entries_of(struct assay_sim_world *w, uint32_t slot, uint32_t kind, bool closed)
{
    struct assay_services_snapshot s;
    struct assay_service_entry entry;
    uint32_t count = 0;
    size_t at = 0;
    assay_engine_services(assay_sim_world_engine(w, 0), &s);
    while (assay_services_log_next(closed ? s.closed : s.log, &at, &entry))
        count += entry.slot == slot && entry.kind == kind;
    return count;
}

/* From the first moment of an epoch to its end every author submits all that it may of the other
 * budget. Returns: how many records of `kind` of one author the epoch has. */
static uint32_t records_under_flood(uint32_t kind, uint32_t of_flood)
{
    struct assay_sim_world *w = start();
    const uint64_t epoch = assay_sim_world_epoch(w, 0);
    const uint64_t whole = epoch + 1; /* the first complete one */
    uint32_t flooded = 0, accepted = 0;
    for (uint8_t i = 0; assay_sim_world_epoch(w, 0) <= whole; i++) {
        uint8_t payload[2] = { 1, i };
        const bool now = assay_sim_world_epoch(w, 0) == whole;
        if (of_flood != 0) flooded += flood(w, of_flood);
        if (now) accepted += assay_sim_world_serve(w, 3, kind, payload, 2) == ASSAY_OK;
        cr_assert(assay_sim_world_run(w, EPOCH_MS / 16), "%s", assay_sim_world_violation(w));
    }
    cr_assert(of_flood == 0 || flooded > NODES * 8);
    cr_assert_gt(accepted, 0);
    const uint32_t found = entries_of(w, 3, kind, true);
    assay_sim_world_destroy(&w);
    return found;
}

Test(service_budgets, no_flood_of_other_records_delays_those_of_ceremonies, .timeout = 600)
{
    const uint32_t quiet = records_under_flood(TOY_SET, 0);
    cr_assert_gt(quiet, 2);
    cr_assert_geq(records_under_flood(TOY_SET, TOY_ADD) + 1, quiet, "one may miss its epoch's end");
}

Test(service_budgets, no_flood_of_ceremonies_delays_other_records, .timeout = 600)
{
    const uint32_t quiet = records_under_flood(TOY_ADD, 0);
    cr_assert_gt(quiet, 2);
    cr_assert_geq(records_under_flood(TOY_ADD, TOY_SET) + 1, quiet, "one may miss its epoch's end");
}

/* A restarted node has used the numbers that its stored records have, of each budget. */
Test(service_budgets, a_restarted_node_uses_no_number_of_either_budget_twice, .timeout = 600)
{
    struct assay_sim_world *w = start();
    const uint8_t one = 1, two = 2;
    cr_assert_eq(assay_sim_world_serve(w, 2, TOY_ADD, &one, 1), ASSAY_OK);
    cr_assert_eq(assay_sim_world_serve(w, 2, TOY_SET, &one, 1), ASSAY_OK);
    cr_assert(assay_sim_world_run(w, 5));
    const uint64_t epoch = assay_sim_world_epoch(w, 2);
    assay_sim_world_kill(w, 2);
    assay_sim_world_restart(w, 2);
    cr_assert(assay_sim_world_run(w, 5));
    cr_assert_eq(assay_sim_world_epoch(w, 2), epoch);
    const struct assay_services_state *s = w->nodes[2].engine->service_state;
    cr_assert_eq(s->own[ASSAY_BUDGET_COMMON].numbers, 1);
    cr_assert_eq(s->own[ASSAY_BUDGET_RESERVED].numbers, 1);
    cr_assert_eq(assay_sim_world_serve(w, 2, TOY_SET, &two, 1), ASSAY_OK);
    cr_assert_eq(s->own[ASSAY_BUDGET_COMMON].numbers, 1);
    cr_assert_eq(s->own[ASSAY_BUDGET_RESERVED].numbers, 3);
    assay_sim_world_destroy(&w);
}

/* Attack: 32 authors that have used up their part of an epoch fill the pool of all others. */
Test(service_budgets, a_record_without_a_part_has_no_place_in_the_pool, .timeout = 600)
{
    static const uint8_t payload[2] = { 7, 0 };
    struct assay_sim_world *w = start();
    struct assay_engine *e = assay_sim_world_engine(w, 0);
    struct assay_service_log *log = &e->parts->chain.ledger.services; /* of the final chain */
    const uint32_t slot = e->self;
    uint8_t bytes[ASSAY_SERVICE_RECORD_LEN_MAX];
    struct assay_slice record = { 0 };
    cr_assert_eq(assay_sim_world_serve(w, 0, TOY_ADD, payload, sizeof payload), ASSAY_OK);
    for (uint32_t i = 0; i < e->pool->count; i++) {
        const struct assay_pool_item *item = &e->pool->items[i];
        if (item->phase != ASSAY_POOL_READY || item->kind != ASSAY_RECORD_SERVICE) continue;
        assay_bytes_copy(bytes, sizeof bytes, item->bytes, item->len);
        record = assay_slice_over(bytes, item->len);
    }
    cr_assert_gt(record.len, 0);
    struct assay_record r;
    cr_assert_eq(assay_record_decode(record, &r), ASSAY_OK);
    assay_message_intake_on_final_block(e);
    cr_expect_not_null(assay_pool_find(e->pool, r.key));
    log->taken[ASSAY_BUDGET_COMMON][slot] = (uint64_t)1 << (ASSAY_SERVICE_NUMBERS - 1);
    log->used[ASSAY_BUDGET_COMMON][slot] = ASSAY_SERVICES_EPOCH_LEN / NODES;
    assay_message_intake_on_final_block(e);
    cr_expect_null(assay_pool_find(e->pool, r.key));
    cr_expect_eq(assay_message_intake_on_record(e, (uint16_t)slot, record), ASSAY_E_FULL);
    cr_expect_null(assay_pool_find(e->pool, r.key));
    assay_sim_world_destroy(&w);
}
