/*
 * tests/unit/engine/test_services.c - records of services in whole networks: everybody orders them
 * alike, and what they make survives restarts, losses, leaps, rosters and eras (docs/protocol.md
 * 12).
 */
#include "sim/world/world_internal.h"
#include "tests/support/services/toy_services.h"
#include "tests/unit/engine/decide.h"

#include "base/cbor.h"
#include "engine/audit/audit.h"
#include "engine/ledger/state/anchor.h"
#include "engine/parts/engine_internal.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 5, EPOCH_MS = 400 };

static const uint8_t plan[] = "toy services";

/* --- a plan that a change brings */

static const struct assay_services *toy_of(void *context, struct assay_slice any)
{
    (void)context;
    return any.len > 0 ? &toy_services : NULL;
}

static const struct assay_services *toy_of_plan(void *context, struct assay_slice any,
                                                uint32_t level)
{
    (void)level;
    return toy_of(context, any);
}

static enum assay_status toy_follow(struct assay_slice before, struct assay_slice after,
                                    struct assay_service_places *places, const char **why)
{
    *why = "toys are there, or are none";
    if (before.len > 0 || after.len != sizeof plan) return ASSAY_E_INVALID;
    *places = (struct assay_service_places){
        2, 0, { ASSAY_SERVICE_BEGINS, ASSAY_SERVICE_BEGINS }
    };
    return ASSAY_OK;
}

static struct assay_sim_world *start_of(uint32_t nodes, uint32_t spares)
{
    const struct assay_sim_world_options o = { .seed = 23,
                                               .nodes = nodes,
                                               .spares = spares,
                                               .epoch_ms = EPOCH_MS,
                                               .check_each_step = true,
                                               .services = &toy_services,
                                               .plan = { plan, sizeof plan } };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    cr_assert(assay_sim_world_run_to_epoch(w, 1, 20 * EPOCH_MS), "%s",
              assay_sim_world_violation(w));
    return w;
}

static struct assay_sim_world *start(void)
{
    return start_of(NODES, 0);
}

static const struct toy_registry *registry_of(struct assay_sim_world *w, uint32_t node)
{
    struct assay_services_snapshot s;
    assay_engine_services(assay_sim_world_engine(w, node), &s);
    return s.registry;
}

static enum assay_status add(struct assay_sim_world *w, uint32_t node, uint8_t value)
{
    return assay_sim_world_serve(w, node, TOY_ADD, &value, 1);
}

/* Two epochs more for everybody: what was said stands in a closed one. */
static void close_two(struct assay_sim_world *w)
{
    uint64_t goal = 0;
    for (uint32_t i = 0; i < w->options.nodes; i++)
        if (w->nodes[i].alive && assay_sim_world_epoch(w, i) > goal)
            goal = assay_sim_world_epoch(w, i);
    cr_assert(assay_sim_world_run_to_epoch(w, goal + 2, 60 * EPOCH_MS), "%s",
              assay_sim_world_violation(w));
}

/* Everybody that lives and has closed the same epoch has the same registry, named by its state. */
static void agree(struct assay_sim_world *w, uint32_t nodes)
{
    uint8_t document[4096], digest[32];
    for (uint32_t i = 0; i < nodes; i++) {
        if (!w->nodes[i].alive) continue;
        const struct assay_state *state = &w->nodes[i].engine->head->state;
        const struct toy_registry *r = registry_of(w, i);
        cr_assert_not_null(r, "node %u lacks documents", i);
        cr_assert_eq(state->services.count, 2);
        for (uint32_t d = 0; d < 2; d++) {
            struct assay_writer out = assay_writer_over(document, sizeof document);
            cr_assert_eq(toy_services.encode(NULL, r, d, &out), ASSAY_OK);
            assay_sha256(document, out.len, digest);
            cr_assert_arr_eq(digest, state->services.documents[d], 32, "node %u document %u", i, d);
        }
    }
}

static uint64_t sum_at(struct assay_sim_world *w, uint32_t node, uint32_t slot)
{
    return registry_of(w, node)->sum[slot];
}

/* As programs do: said again in every epoch until it counts. */
static void add_for_certain(struct assay_sim_world *w, uint32_t node, uint8_t value)
{
    const uint64_t before = sum_at(w, node, node);
    for (unsigned tries = 0; sum_at(w, node, node) == before; tries++) {
        const enum assay_status status = add(w, node, value);
        cr_assert(status == ASSAY_OK || status == ASSAY_E_DUPLICATE);
        cr_assert(assay_sim_world_run(w, EPOCH_MS / 8), "%s", assay_sim_world_violation(w));
        cr_assert_lt(tries, 100);
    }
    cr_assert(assay_sim_world_run(w, EPOCH_MS / 8));
}

Test(services, every_node_folds_the_same_records, .timeout = 600)
{
    struct assay_sim_world *w = start();
    for (uint32_t i = 0; i < NODES; i++)
        cr_assert_eq(add(w, i, (uint8_t)(i + 1)), ASSAY_OK);
    close_two(w);
    for (uint32_t node = 0; node < NODES; node++)
        for (uint32_t slot = 0; slot < NODES; slot++)
            cr_assert_eq(sum_at(w, node, slot), slot + 1);
    agree(w, NODES);
    assay_sim_world_destroy(&w);
}

Test(services, a_record_is_told_in_the_log_of_its_epoch_and_of_the_one_after, .timeout = 600)
{
    struct assay_sim_world *w = start();
    struct assay_services_snapshot s;
    struct assay_service_entry entry;
    cr_assert_eq(add(w, 2, 9), ASSAY_OK);
    uint64_t told_in = 0;
    for (unsigned i = 0; i < 40 && told_in == 0; i++) {
        size_t at = 0;
        cr_assert(assay_sim_world_run(w, 20));
        assay_engine_services(assay_sim_world_engine(w, 0), &s);
        if (!assay_services_log_next(s.log, &at, &entry)) continue;
        cr_assert_eq(entry.slot, 2);
        cr_assert_eq(entry.kind, TOY_ADD);
        cr_assert_eq(entry.payload.len, 1);
        cr_assert_eq(entry.payload.bytes[0], 9);
        cr_assert_not(assay_services_log_next(s.log, &at, &entry));
        told_in = s.epoch;
    }
    cr_assert_neq(told_in, 0);
    cr_assert_eq(sum_at(w, 0, 2), 0, "it counts when its epoch closes");
    cr_assert(assay_sim_world_run_to_epoch(w, told_in, 20 * EPOCH_MS));
    assay_engine_services(assay_sim_world_engine(w, 0), &s);
    cr_assert_eq(s.epoch, told_in + 1);
    cr_assert_eq(s.log->count, 0);
    cr_assert_eq(s.closed->count, 1);
    cr_assert_eq(sum_at(w, 0, 2), 9);
    assay_sim_world_destroy(&w);
}

Test(services, what_no_service_can_mean_is_refused, .timeout = 600)
{
    struct assay_sim_world *w = start();
    static uint8_t long_[ASSAY_SERVICE_PAYLOAD_LEN_MAX + 1];
    const uint8_t bad = 0xff;
    cr_assert_eq(assay_sim_world_serve(w, 0, 3, long_, 1), ASSAY_E_UNSUPPORTED);
    cr_assert_eq(assay_sim_world_serve(w, 0, 1 << 16, long_, 1), ASSAY_E_UNSUPPORTED);
    cr_assert_eq(assay_sim_world_serve(w, 0, TOY_ADD, &bad, 1), ASSAY_E_SIGNATURE);
    cr_assert_eq(assay_sim_world_serve(w, 0, TOY_ADD, long_, 0), ASSAY_E_RANGE);
    cr_assert_eq(assay_sim_world_serve(w, 0, TOY_ADD, long_, sizeof long_), ASSAY_E_RANGE);
    cr_assert_eq(assay_sim_world_serve(w, 0, TOY_ADD, long_, sizeof long_ - 1), ASSAY_OK);
    cr_assert_eq(assay_sim_world_serve(w, 0, TOY_ADD, long_, sizeof long_ - 1), ASSAY_E_DUPLICATE);
    assay_sim_world_destroy(&w);

    const struct assay_sim_world_options none = { .seed = 23, .nodes = 4, .epoch_ms = EPOCH_MS };
    w = assay_sim_world_create(&none);
    cr_assert(assay_sim_world_run(w, EPOCH_MS));
    cr_assert_eq(add(w, 0, 1), ASSAY_E_UNSUPPORTED);
    cr_assert_null(registry_of(w, 0));
    cr_assert_eq(w->nodes[0].engine->head->state.services.count, 0);
    assay_sim_world_destroy(&w);
}

Test(services, an_author_has_sixty_four_records_an_epoch_and_eight_at_once, .timeout = 600)
{
    struct assay_sim_world *w = start();
    uint32_t said = 0, full = 0;
    uint64_t expected = 0;
    const uint64_t epoch = assay_sim_world_epoch(w, 0);
    for (uint32_t i = 0; assay_sim_world_epoch(w, 0) == epoch; i++) {
        const uint8_t payload[2] = { (uint8_t)(i % 200), (uint8_t)(i / 200) };
        const enum assay_status status = assay_sim_world_serve(w, 0, TOY_ADD, payload, 2);
        if (status == ASSAY_OK) {
            said++;
            expected += payload[0] + payload[1];
        } else {
            cr_assert_eq(status, ASSAY_E_FULL);
            full++;
            cr_assert(assay_sim_world_run(w, 2));
        }
        if (full == 0) cr_assert_leq(said, 8);
    }
    cr_assert_gt(full, 0);
    cr_assert_leq(said, ASSAY_SERVICE_NUMBERS);
    cr_assert_gt(said, 16);
    close_two(w);
    cr_assert_leq(sum_at(w, 1, 0), expected); /* the last few may have come too late */
    cr_assert_gt(sum_at(w, 1, 0), 0);
    agree(w, NODES);
    assay_sim_world_destroy(&w);
}

Test(services, a_node_that_restarts_goes_on_with_its_registry, .timeout = 600)
{
    struct assay_sim_world *w = start();
    cr_assert_eq(add(w, 1, 7), ASSAY_OK);
    close_two(w);
    cr_assert_eq(add(w, 2, 5), ASSAY_OK);
    cr_assert(assay_sim_world_run(w, 30)); /* it may be final, or on its way */
    assay_sim_world_kill(w, 0);
    cr_assert(assay_sim_world_run(w, 20));
    assay_sim_world_restart(w, 0);
    cr_assert(assay_sim_world_run(w, 60));
    cr_assert_not_null(registry_of(w, 0), "its own store has every document");
    close_two(w);
    cr_assert_eq(sum_at(w, 0, 1), 7);
    cr_assert_eq(sum_at(w, 0, 2), 5);
    cr_assert_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_SERVICES_FETCHED, ASSAY_SLOT_ALL), 0);
    agree(w, NODES);
    assay_sim_world_destroy(&w);
}

/* What the genesis begins with is nobody's change: a network whose members all end would else have
 * nobody to ask. */
Test(services, a_node_that_restarts_has_what_nothing_has_changed_yet, .timeout = 600)
{
    struct assay_sim_world *w = start();
    close_two(w);
    cr_assert_lt(assay_sim_world_epoch(w, 0), ASSAY_SERVICE_KEPT_EPOCHS);
    assay_sim_world_kill(w, 0);
    assay_sim_world_restart(w, 0);
    cr_assert_not_null(registry_of(w, 0), "its own store has every document");
    close_two(w);
    cr_assert_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_SERVICES_FETCHED, ASSAY_SLOT_ALL), 0);
    agree(w, NODES);
    assay_sim_world_destroy(&w);
}

/* Documents that nothing changes are stored again now and then, since the store prunes by epoch. */
Test(services, documents_outlive_the_epochs_that_changed_them, .timeout = 600)
{
    struct assay_sim_world *w = start();
    const uint64_t far = ASSAY_SERVICE_KEPT_EPOCHS * 4 + 10;
    cr_assert_eq(add(w, 1, 7), ASSAY_OK);
    cr_assert(assay_sim_world_run_to_epoch(w, far, 20 * EPOCH_MS * far), "%s",
              assay_sim_world_violation(w));
    assay_sim_world_kill(w, 0);
    assay_sim_world_restart(w, 0);
    cr_assert(assay_sim_world_run(w, 60));
    cr_assert_not_null(registry_of(w, 0));
    cr_assert_eq(sum_at(w, 0, 1), 7);
    assay_sim_world_destroy(&w);
}

static void prune_blocks(struct assay_sim_world *w, uint64_t epoch)
{
    for (uint32_t node = 1; node < NODES; node++) {
        struct assay_store *store = w->nodes[node].store;
        cr_assert_eq(assay_store_prune(store, ASSAY_STORE_BLOCK, 0, epoch), ASSAY_OK);
        cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    }
}

static void come_back_from_nothing(struct assay_sim_world *w, uint64_t pruned)
{
    assay_sim_world_acts(w, 0)->loses_store = true;
    assay_sim_world_kill(w, 0);
    cr_assert(assay_sim_world_run(w, 2 * EPOCH_MS));
    if (pruned > 0) prune_blocks(w, pruned);
    assay_sim_world_restart(w, 0);
    const uint64_t goal = assay_sim_world_epoch(w, 1) + 4;
    cr_assert(assay_sim_world_run_to_epoch(w, goal, 80 * EPOCH_MS), "%s",
              assay_sim_world_violation(w));
}

Test(services, a_node_without_its_store_folds_what_the_others_keep, .timeout = 600)
{
    struct assay_sim_world *w = start();
    cr_assert_eq(add(w, 1, 7), ASSAY_OK);
    close_two(w);
    come_back_from_nothing(w, 0);
    cr_assert_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL), 0);
    cr_assert_eq(sum_at(w, 0, 1), 7);
    agree(w, NODES);
    assay_sim_world_destroy(&w);
}

Test(services, who_leaps_is_given_the_documents_that_the_state_names, .timeout = 600)
{
    struct assay_sim_world *w = start();
    cr_assert_eq(add(w, 1, 7), ASSAY_OK);
    cr_assert(assay_sim_world_run_to_epoch(w, 12, 4000 * 12));
    come_back_from_nothing(w, 12);
    cr_assert_gt(assay_sim_world_notes(w, 0, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL), 0);
    cr_assert_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_SERVICES_FETCHED, ASSAY_SLOT_ALL), 1);
    cr_assert_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_ROOT_MISMATCH, ASSAY_SLOT_ALL), 0);
    cr_assert_eq(sum_at(w, 0, 1), 7);
    cr_assert_eq(add(w, 0, 3), ASSAY_OK);
    close_two(w);
    cr_assert_eq(sum_at(w, 3, 0), 3);
    agree(w, NODES);
    assay_sim_world_destroy(&w);
}

/* As after a leap, while another member is down: no epoch closes without its vote, so it votes as
 * soon as it has the documents, and not only when the next epoch begins. */
Test(services, who_was_given_the_documents_votes_in_the_same_epoch, .timeout = 600)
{
    struct assay_sim_world *w = start();
    cr_assert_eq(add(w, 1, 7), ASSAY_OK);
    close_two(w);
    assay_sim_world_kill(w, 3);
    struct assay_engine *e = assay_sim_world_engine(w, 0);
    assay_services_on_new_head(e);
    cr_assert(assay_services_has_missing(e));
    assay_finalize_wait(e);
    cr_assert_not(assay_eng_may_sign(e));
    close_two(w);
    cr_expect(assay_eng_may_sign(assay_sim_world_engine(w, 0)));
    cr_expect_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_ROOT_MISMATCH, ASSAY_SLOT_ALL), 0);
    agree(w, NODES);
    assay_sim_world_destroy(&w);
}

/* One peer gives other bytes under the digest, another has nothing: both are passed over. */
Test(services, a_lie_about_a_document_is_refused, .timeout = 600)
{
    struct assay_sim_world *w = start();
    struct assay_services_snapshot s;
    cr_assert_eq(add(w, 1, 7), ASSAY_OK);
    cr_assert(assay_sim_world_run_to_epoch(w, 12, 4000 * 12));
    come_back_from_nothing(w, 12);
    struct assay_engine *e = assay_sim_world_engine(w, 0);
    /* As after a leap, without waiting for one. */
    assay_services_on_new_head(e);
    assay_engine_services(e, &s);
    cr_assert_null(s.registry);
    cr_assert_eq(s.lacks, 2);
    uint8_t bytes[64 + 4096];
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    struct assay_slice all;
    assay_cbor_put_array(&out, 4);
    assay_cbor_put_text(&out, "assay/service-answer/v1");
    assay_cbor_put_bytes(&out, e->head->state.chain_id, 32);
    assay_cbor_put_bytes(&out, e->head->state.services.documents[0], 32);
    assay_cbor_put_bytes(&out, (const uint8_t *)"other", 5);
    cr_assert_eq(assay_writer_finish(&out, &all), ASSAY_OK);
    const uint16_t asked = assay_eng_find_peer(e, e->service_state->turn);
    cr_assert_eq(assay_services_receive_document(e, asked, all), ASSAY_E_INVALID);
    cr_assert_neq(assay_eng_find_peer(e, e->service_state->turn), asked);
    cr_assert_eq(assay_services_receive_document(e, asked, all), ASSAY_E_STALE, "nobody asked it");
    bytes[1] ^= 1;
    cr_assert_neq(
        assay_services_receive_document(e, assay_eng_find_peer(e, e->service_state->turn), all),
        ASSAY_OK);
    cr_assert_eq(e->service_state->missing, 3);
    assay_sim_world_destroy(&w);
}

Test(services, a_suspended_member_has_no_word, .timeout = 600)
{
    struct assay_sim_world *w = start();
    assay_sim_world_acts(w, 3)->tampered = true;
    uint64_t ms = 0;
    /* Looked at as soon as both know: its agent then restarts it, and new keys may not sign yet. */
    while (w->nodes[0].engine->head->state.members[3].trust.integrity.standing !=
               ASSAY_STANDING_SUSPENDED ||
           w->nodes[3].engine->head->state.epoch < w->nodes[0].engine->head->state.epoch) {
        cr_assert(assay_sim_world_run(w, 1), "%s", assay_sim_world_violation(w));
        cr_assert_lt(++ms, 20 * EPOCH_MS);
    }
    struct assay_record r = { .kind = ASSAY_RECORD_SERVICE,
                              .slot = 3,
                              .epoch = w->nodes[0].engine->head->context.epoch,
                              .service = { .number = 1, .payload = assay_slice_over("x", 1) } };
    const struct assay_chain_head *head = w->nodes[0].engine->head;
    const struct assay_ledger *ledger = &w->nodes[0].engine->chain->ledger;
    cr_assert_eq(assay_ledger_fits(&head->context, ledger, &r), ASSAY_E_INVALID);
    r.slot = 2;
    cr_assert_eq(assay_ledger_fits(&head->context, ledger, &r), ASSAY_OK);
    cr_assert_eq(add(w, 3, 1), ASSAY_E_STRANGER);
    /* What stood before the close was told to the registry of everybody, those that restarted too:
     * toy services count who changed. */
    close_two(w);
    cr_assert_gt(registry_of(w, 0)->suspended, 0);
    agree(w, NODES);
    assay_sim_world_destroy(&w);
}

Test(services, a_member_that_leaves_takes_along_what_stood_for_it, .timeout = 600)
{
    struct assay_sim_world *w = start();
    struct assay_action action = { .kind = ASSAY_ACTION_LEAVE };
    cr_assert_eq(add(w, 4, 7), ASSAY_OK);
    close_two(w);
    cr_assert_eq(sum_at(w, 0, 4), 7);
    assay_bytes_copy(action.node_id, 32, w->nodes[4].node_id, 32);
    decide(w, 1, assay_sim_world_epoch(w, 0) + 3, &action);
    cr_assert(assay_sim_world_run(w, 8 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    cr_assert_eq(w->nodes[0].engine->head->state.members[4].stage, ASSAY_STAGE_LEFT);
    cr_assert_eq(sum_at(w, 0, 4), 0, "told once, by the close that let it go");
    for (uint32_t i = 1; i < 4; i++)
        cr_assert_eq(sum_at(w, i, 4), 0);
    add_for_certain(w, 1, 2); /* the next engine takes records, too */
    cr_assert_eq(sum_at(w, 0, 1), 2);
    agree(w, 4);
    assay_sim_world_destroy(&w);
}

Test(services, an_era_begins_with_the_registry_of_the_one_before, .timeout = 600)
{
    struct assay_sim_world *w = start();
    const bool rest[NODES] = { false, false, false, true, true };
    cr_assert_eq(add(w, 1, 7), ASSAY_OK);
    close_two(w);
    assay_sim_world_kill(w, 3);
    assay_sim_world_kill(w, 4);
    cr_assert(assay_sim_world_run(w, 8 * EPOCH_MS));
    for (uint32_t i = 0; i < 3; i++)
        cr_assert_eq(assay_sim_world_fence(w, i), ASSAY_OK);
    struct assay_sim_world_recovery r = { .rest = rest };
    cr_assert_eq(assay_sim_world_recover(w, &r), ASSAY_OK);
    cr_assert(assay_sim_world_run(w, 20 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    for (uint32_t i = 0; i < 3; i++) {
        cr_assert_eq(w->nodes[i].engine->head->state.era, 1);
        cr_assert_eq(sum_at(w, i, 1), 7);
    }
    add_for_certain(w, 0, 2);
    cr_assert_eq(sum_at(w, 2, 0), 2);
    agree(w, 3);
    assay_sim_world_destroy(&w);
}

/* Crashes at every point around commits, and losses of messages. */
Test(services, crashes_lose_nothing_that_was_folded, .timeout = 600)
{
    for (uint64_t seed = 1; seed <= 6; seed++) {
        const struct assay_sim_world_options o = { .seed = seed,
                                                   .nodes = NODES,
                                                   .epoch_ms = EPOCH_MS,
                                                   .loss_permille = 50,
                                                   .crash_permille = 4,
                                                   .services = &toy_services,
                                                   .plan = { plan, sizeof plan } };
        struct assay_sim_world *w = assay_sim_world_create(&o);
        for (uint32_t i = 0; i < 60; i++) {
            const uint32_t node = i % NODES;
            const uint8_t payload[2] = { (uint8_t)i, 1 };
            if (w->nodes[node].alive)
                (void)assay_sim_world_serve(w, node, TOY_ADD, payload, sizeof payload);
            cr_assert(assay_sim_world_run(w, 100), "seed %llu: %s", (unsigned long long)seed,
                      assay_sim_world_violation(w));
        }
        assay_sim_world_set_crashes(w, 0);
        assay_sim_world_set_loss(w, 0);
        cr_assert(assay_sim_world_run(w, 20 * EPOCH_MS), "seed %llu: %s", (unsigned long long)seed,
                  assay_sim_world_violation(w));
        agree(w, NODES);
        uint64_t all = 0;
        for (uint32_t slot = 0; slot < NODES; slot++)
            all += sum_at(w, 0, slot);
        cr_assert_gt(all, 0);
        assay_sim_world_destroy(&w);
    }
}

/* --- audits */

static const struct assay_finding_record *no_finding(void *context, const struct assay_ask *ask)
{
    (void)context;
    (void)ask;
    cr_assert_fail("nothing was verified in these epochs");
    return NULL;
}

static enum assay_status audit(struct assay_sim_world *w, bool knows, uint64_t from,
                               struct assay_audit_fault *fault)
{
    struct assay_service_plans services = { .of = toy_of_plan,
                                            .registry_len_max = toy_services.registry_len,
                                            .document_len_max = toy_services.document_len_max };
    struct assay_store *store = NULL;
    struct assay_audit_figures figures;
    void *memory = aligned_alloc(64, assay_audit_memory_len());
    services.memory = aligned_alloc(64, assay_audit_services_len(&services));
    cr_assert_eq(assay_store_memory_snapshot(w->nodes[0].store, &store), ASSAY_OK);
    const struct assay_audit_config config = { .store = store,
                                               .genesis = w->genesis,
                                               .vet = { .finding = no_finding },
                                               .document_check = world_document_check,
                                               .plan_follow = toy_follow,
                                               .services = knows ? &services : NULL,
                                               .signatures = true,
                                               .from_epoch = from,
                                               .items = true,
                                               .memory = memory };
    const enum assay_status status = assay_audit(&config, &figures, fault);
    cr_assert(status != ASSAY_OK || figures.epochs > 0);
    assay_store_close(&store);
    free(memory);
    free(services.memory);
    return status;
}

Test(services, an_audit_folds_them_from_genesis_or_from_a_kept_state, .timeout = 600)
{
    struct assay_sim_world *w = start();
    struct assay_audit_fault fault;
    for (uint32_t i = 0; i < NODES; i++) {
        cr_assert_eq(add(w, i, (uint8_t)(i + 1)), ASSAY_OK);
        close_two(w);
    }
    cr_assert_eq(audit(w, true, 0, &fault), ASSAY_OK, "%s", fault.fault.what);
    cr_assert_eq(audit(w, true, 6, &fault), ASSAY_OK, "%s", fault.fault.what);
    cr_assert_eq(audit(w, false, 0, &fault), ASSAY_E_INVALID);
    cr_assert_str_eq(fault.fault.what, "the network has services, which are not known here");
    assay_sim_world_destroy(&w);
}

/* --- services that are added (docs/protocol.md 12.7) */

static const struct assay_sim_world_options without = { .seed = 29,
                                                        .nodes = NODES,
                                                        .epoch_ms = EPOCH_MS,
                                                        .check_each_step = true,
                                                        .level = ASSAY_LEVEL_SERVICES,
                                                        .plan_follow = toy_follow,
                                                        .services_of = toy_of };

static struct assay_sim_world *start_without(void)
{
    struct assay_sim_world *w = assay_sim_world_create(&without);
    cr_assert(assay_sim_world_run_to_epoch(w, 1, 20 * EPOCH_MS), "%s",
              assay_sim_world_violation(w));
    return w;
}

/* Returns: the epoch in which they begin. */
static uint64_t decide_services(struct assay_sim_world *w)
{
    const struct assay_action action = { .kind = ASSAY_ACTION_SERVICES,
                                         .document = assay_slice_over(plan, sizeof plan) };
    const uint64_t at = assay_sim_world_epoch(w, 1) + 4;
    decide(w, 1, at, &action);
    return at;
}

static void run_to(struct assay_sim_world *w, uint64_t epoch)
{
    cr_assert(assay_sim_world_run_to_epoch(w, epoch, 60 * EPOCH_MS));
}

Test(services, a_network_gets_them_by_a_change, .timeout = 600)
{
    struct assay_sim_world *w = start_without();
    const uint64_t at = decide_services(w);
    run_to(w, at - 2);
    cr_assert_eq(add(w, 0, 1), ASSAY_E_UNSUPPORTED, "not yet");
    run_to(w, at - 1);
    cr_assert(assay_sim_world_run(w, EPOCH_MS / 4));
    for (uint32_t i = 0; i < NODES; i++) /* nobody has to be asked for what begins */
        add_for_certain(w, i, (uint8_t)(i + 1));
    close_two(w);
    for (uint32_t node = 0; node < NODES; node++)
        for (uint32_t slot = 0; slot < NODES; slot++)
            cr_assert_eq(sum_at(w, node, slot), slot + 1);
    agree(w, NODES);
    cr_assert_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_SERVICES_FETCHED, ASSAY_SLOT_ALL), 0);
    cr_assert_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_ROOT_MISMATCH, ASSAY_SLOT_ALL), 0);
    assay_sim_world_destroy(&w);
}

Test(services, who_was_down_when_they_came_has_them_as_well, .timeout = 600)
{
    struct assay_sim_world *w = start_without();
    const uint64_t at = decide_services(w);
    cr_assert(assay_sim_world_run(w, EPOCH_MS)); /* it has the change, or not */
    assay_sim_world_kill(w, 4);
    run_to(w, at);
    add_for_certain(w, 1, 7);
    assay_sim_world_restart(w, 4);
    run_to(w, assay_sim_world_epoch(w, 1) + 3);
    cr_assert_eq(sum_at(w, 4, 1), 7);
    add_for_certain(w, 4, 3);
    agree(w, NODES);
    assay_sim_world_destroy(&w);
}

/* A disk that lost the record of a change that waits: the state names what cannot be read, and no
 * block that is to come brings it. It leaps over the activation, whoever gives it what it lacks. */
Test(services, who_lost_the_record_of_a_change_that_waits_leaps_over_it, .timeout = 600)
{
    struct assay_sim_world *w = start_without();
    const uint64_t at = decide_services(w);
    run_to(w, at - 2);
    cr_assert_eq(w->nodes[4].engine->head->state.pending_count, 1);
    assay_sim_world_kill(w, 4);
    cr_assert_eq(assay_store_prune(w->nodes[4].store, ASSAY_STORE_CHANGE, 0, UINT64_MAX), ASSAY_OK);
    cr_assert_eq(assay_store_commit(w->nodes[4].store), ASSAY_OK);
    assay_sim_world_restart(w, 4);
    cr_assert_not(assay_head_has_pending(w->nodes[4].engine));
    cr_assert(assay_sim_world_run_to_epoch(w, at + 4, 12 * EPOCH_MS), "at once, not far behind");
    cr_expect_gt(assay_sim_world_notes(w, 4, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL), 0);
    cr_expect_eq(assay_sim_world_notes(w, 4, ASSAY_NOTE_ROOT_MISMATCH, ASSAY_SLOT_ALL), 0);
    cr_expect(assay_eng_may_sign(w->nodes[4].engine));
    add_for_certain(w, 1, 7);
    close_two(w);
    cr_expect_eq(sum_at(w, 4, 1), 7);
    agree(w, NODES);
    assay_sim_world_destroy(&w);
}

Test(services, who_restarts_where_they_begin_begins_them, .timeout = 600)
{
    struct assay_sim_world *w = start_without();
    const uint64_t at = decide_services(w);
    run_to(w, at - 1);
    assay_sim_world_kill(w, 0);
    assay_sim_world_restart(w, 0);
    cr_assert(assay_sim_world_run(w, 60));
    cr_assert_eq(w->nodes[0].engine->head->state.epoch, at - 1);
    cr_assert_not_null(registry_of(w, 0));
    add_for_certain(w, 2, 5);
    close_two(w);
    agree(w, NODES);
    assay_sim_world_destroy(&w);
}

Test(services, who_lost_its_store_folds_or_leaps_over_their_beginning, .timeout = 600)
{
    for (unsigned leaps = 0; leaps < 2; leaps++) {
        struct assay_sim_world *w = start_without();
        const uint64_t at = decide_services(w);
        run_to(w, at);
        add_for_certain(w, 1, 7);
        run_to(w, 14);
        come_back_from_nothing(w, leaps ? 14 : 0);
        cr_assert_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL) > 0,
                     leaps > 0);
        cr_assert_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_SERVICES_FETCHED, ASSAY_SLOT_ALL),
                     leaps);
        cr_assert_eq(sum_at(w, 0, 1), 7);
        add_for_certain(w, 0, 3);
        agree(w, NODES);
        assay_sim_world_destroy(&w);
    }
}

Test(services, an_audit_folds_them_from_where_they_begin, .timeout = 600)
{
    struct assay_sim_world *w = start_without();
    struct assay_audit_fault fault;
    const uint64_t at = decide_services(w);
    run_to(w, at);
    add_for_certain(w, 1, 7);
    run_to(w, at + 4);
    cr_assert_eq(audit(w, true, 0, &fault), ASSAY_OK, "%s", fault.fault.what);
    cr_assert_eq(audit(w, true, at - 1, &fault), ASSAY_OK, "%s", fault.fault.what);
    cr_assert_eq(audit(w, true, at + 2, &fault), ASSAY_OK, "%s", fault.fault.what);
    cr_assert_eq(audit(w, false, 0, &fault), ASSAY_E_INVALID);
    assay_sim_world_destroy(&w);
}

Test(services, crashes_around_their_beginning_lose_nothing, .timeout = 600)
{
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct assay_sim_world_options o = without;
        o.seed = seed;
        o.loss_permille = 50;
        o.crash_permille = 8;
        struct assay_sim_world *w = assay_sim_world_create(&o);
        cr_assert(assay_sim_world_run(w, EPOCH_MS));
        (void)decide_services(w);
        for (uint32_t i = 0; i < 60; i++) {
            const uint8_t payload[2] = { (uint8_t)i, 1 };
            if (w->nodes[i % NODES].alive)
                (void)assay_sim_world_serve(w, i % NODES, TOY_ADD, payload, sizeof payload);
            cr_assert(assay_sim_world_run(w, 100), "seed %llu: %s", (unsigned long long)seed,
                      assay_sim_world_violation(w));
        }
        assay_sim_world_set_crashes(w, 0);
        assay_sim_world_set_loss(w, 0);
        cr_assert(assay_sim_world_run(w, 20 * EPOCH_MS), "seed %llu: %s", (unsigned long long)seed,
                  assay_sim_world_violation(w));
        agree(w, NODES);
        assay_sim_world_destroy(&w);
    }
}

/* docs/protocol.md 9.15, 12.7.5: what operators decide with the new era may be services, too. */
Test(services, an_era_may_begin_with_services, .timeout = 600)
{
    struct assay_sim_world *w = start_without();
    const bool rest[NODES] = { false, false, false, true, true };
    struct assay_sim_world_recovery r = { .rest = rest, .plan = { plan, sizeof plan } };
    struct assay_audit_fault fault;
    assay_sim_world_kill(w, 3);
    assay_sim_world_kill(w, 4);
    cr_assert(assay_sim_world_run(w, 8 * EPOCH_MS));
    for (uint32_t i = 0; i < 3; i++)
        cr_assert_eq(assay_sim_world_fence(w, i), ASSAY_OK);
    cr_assert_eq(assay_sim_world_recover(w, &r), ASSAY_OK);
    cr_assert(assay_sim_world_run(w, 20 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    cr_assert_eq(w->nodes[0].engine->head->state.era, 1);
    add_for_certain(w, 0, 2);
    close_two(w);
    cr_assert_eq(sum_at(w, 2, 0), 2);
    agree(w, 3);
    cr_assert_eq(audit(w, true, 0, &fault), ASSAY_OK, "%s", fault.fault.what);
    assay_sim_world_destroy(&w);
}

/* --- the anchor */

/* Made by hand from docs/protocol.md 12.5. */
Test(anchor, is_what_its_rule_says, .timeout = 600)
{
    struct assay_sim_world *w = start();
    close_two(w);
    const struct assay_state *s = &w->nodes[0].engine->head->state;
    uint8_t rows[NODES * 68], leaf[47], all[15 + 32 + 4 + 8 + 64], root[32];
    struct assay_merkle tree;
    size_t len = 0;
    assay_merkle_init(&tree);
    for (uint32_t i = 0; i < NODES; i++) {
        const struct assay_member *m = &s->members[i];
        const uint16_t score = assay_trust_score_bp(&m->trust);
        assay_bytes_copy(leaf, 32, m->node_id, 32);
        memset(leaf + 32, 0, 15);
        leaf[39] = (uint8_t)s->epoch;
        leaf[40] = (uint8_t)(score >> 8);
        leaf[41] = (uint8_t)score;
        leaf[42] = (uint8_t)m->trust.score.standing;
        leaf[45] = (uint8_t)(m->weight >> 8);
        leaf[46] = (uint8_t)m->weight;
        assay_merkle_add(&tree, leaf, sizeof leaf);
        assay_bytes_copy(rows + len, 64, m->lives[0].voting_public, 64);
        memset(rows + len + 64, 0, 4);
        rows[len + 66] = (uint8_t)(m->seat_weight >> 8);
        rows[len + 67] = (uint8_t)m->seat_weight;
        len += m->seat_weight > 0 ? 68 : 0;
    }
    memset(all, 0, sizeof all);
    assay_bytes_copy(all, 15, "assay/anchor/v1", 15);
    assay_bytes_copy(all + 15, 32, s->chain_id, 32);
    all[58] = (uint8_t)s->epoch;
    assay_merkle_root(&tree, all + 59);
    assay_sha256(rows, len, all + 91);
    assay_sha256(all, sizeof all, root);
    cr_assert_arr_eq(root, s->services.anchor, 32);
    /* And leaf 0 ends with it. */
    uint8_t header[8192];
    struct assay_writer out = assay_writer_over(header, sizeof header);
    cr_assert_eq(assay_state_header_encode(s, &out), ASSAY_OK);
    cr_assert_arr_eq(header + out.len - 32, root, 32);
    assay_sim_world_destroy(&w);
}
