/*
 * tests/unit/engine/audit/test_archive.c - tests of archives: one is accepted when a trusted
 * anchor leads to it, and no byte of it can be changed (docs/protocol.md 5.33).
 */
#include "sim/world/world_internal.h"
#include "tests/unit/engine/decide.h"

#include "engine/audit/archive.h"
#include "engine/ledger/proofs/proof.h"
#include "engine/parts/engine_internal.h"
#include "host/effective_rules.h"
#include "tests/support/depth.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 5, EPOCHS = 9, PRUNED_BELOW = 5 };

static struct assay_sim_world *past(void)
{
    const struct assay_sim_world_options o = { .seed = 23, .nodes = NODES, .epoch_ms = 400 };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    cr_assert(assay_sim_world_run_to_epoch(w, 3, 20000));
    assay_sim_world_acts(w, 3)->tampered = true; /* the table of voters changes */
    cr_assert(assay_sim_world_run_to_epoch(w, EPOCHS, 60000), "%s", assay_sim_world_violation(w));
    return w;
}

struct saved {
    uint8_t *bytes;
    size_t len;
    struct assay_archive archive;
};

static void save(struct assay_store *store, struct saved *s)
{
    struct assay_archive_plan plan;
    cr_assert_eq(assay_archive_survey(store, &plan), ASSAY_OK);
    uint8_t *scratch = malloc(plan.value_len);
    s->bytes = malloc(plan.len);
    struct assay_writer w = assay_writer_over(s->bytes, plan.len);
    cr_assert_eq(assay_archive_encode(store, &plan, scratch, plan.value_len, &w), ASSAY_OK);
    s->len = w.len;
    cr_assert_eq(assay_archive_decode(assay_slice_over(s->bytes, s->len), &s->archive), ASSAY_OK);
    free(scratch);
}

static enum assay_status verify(const struct assay_sim_world *w,
                                const struct assay_archive *archive,
                                const struct assay_checkpoint *checkpoint,
                                struct assay_archive_report *report)
{
    void *memory = aligned_alloc(64, assay_archive_memory_len());
    const struct assay_archive_check check = {
        archive, w->genesis, checkpoint, memory, NULL, NULL
    };
    const enum assay_status status = assay_archive_verify(&check, report);
    free(memory);
    return status;
}

static void checkpoint_at(struct assay_sim_world *w, uint64_t epoch, struct assay_checkpoint *c)
{
    static uint8_t bytes[65536];
    const struct assay_store_key key = { .epoch = epoch };
    size_t len = 0;
    cr_assert_eq(assay_store_get(w->nodes[2].store, ASSAY_STORE_STATE, &key, bytes, sizeof bytes,
                                 &len),
                 ASSAY_OK);
    cr_assert_eq(assay_proof_checkpoint_of(assay_slice_over(bytes, len), c), ASSAY_OK);
}

static void prune(struct assay_store *store, enum assay_store_class class_, uint64_t epoch)
{
    cr_assert_eq(assay_store_prune(store, class_, 0, epoch), ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
}

static bool is_kept(struct assay_store *store, enum assay_store_class class_, uint64_t epoch)
{
    const struct assay_store_key key = { .epoch = epoch };
    uint8_t none[1];
    size_t len = 0;
    return assay_store_get(store, class_, &key, none, 0, &len) == ASSAY_E_FULL;
}

Test(archive, is_proven_from_genesis_and_makes_a_store_that_a_node_begins_with, .timeout = 600)
{
    struct assay_sim_world *w = past();
    struct saved s;
    struct assay_archive_report report;
    save(w->nodes[1].store, &s);
    cr_assert_eq(s.archive.first, 0);
    cr_assert_eq(s.archive.boundary_count, s.archive.end.epoch);
    cr_assert_eq(verify(w, &s.archive, NULL, &report), ASSAY_OK, "%s", report.fault.what);
    cr_assert(report.proven);
    cr_assert_eq(report.members, NODES);
    cr_assert_eq(report.voters, NODES - 1);

    /* Node 0 has lost its disk, and what it had signed with it. */
    assay_sim_world_kill(w, 0);
    struct assay_store *store = w->nodes[0].store;
    for (int class_ = 1; class_ <= ASSAY_STORE_CLASS_COUNT; class_++)
        cr_assert_eq(assay_store_prune(store, (enum assay_store_class)class_, 1, 0), ASSAY_OK);
    cr_assert_eq(assay_archive_unpack(&s.archive, &report, store), ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    for (uint64_t e = 1; e <= s.archive.end.epoch; e++)
        cr_assert(is_kept(store, ASSAY_STORE_BOUNDARY, e) &&
                  is_kept(store, ASSAY_STORE_FINALITY, e));
    world_node_fresh_keys(w, 0);
    w->nodes[0].keys.incarnation++;
    const uint64_t goal = assay_sim_world_epoch(w, 1) + 4;
    assay_sim_world_restart(w, 0);
    cr_assert_geq(w->nodes[0].engine->head->state.epoch, s.archive.end.epoch);
    cr_assert(assay_sim_world_run_to_epoch(w, goal, 20000), "%s", assay_sim_world_violation(w));
    cr_assert_null(assay_sim_world_violation(w));
    free(s.bytes);
    assay_sim_world_destroy(&w);
}

/* Cut, longer, or with a byte of another value: it is not read, whether the digest agrees or not.
 */
static bool is_believed(struct assay_sim_world *w, uint8_t *bytes, size_t len)
{
    struct assay_archive archive;
    struct assay_archive_report report;
    uint8_t *exact = malloc(len);
    assay_bytes_copy(exact, len, bytes, len);
    bool believed = assay_archive_decode(assay_slice_over(exact, len), &archive) == ASSAY_OK;
    if (believed) believed = verify(w, &archive, NULL, &report) == ASSAY_OK && report.proven;
    free(exact);
    return believed;
}

Test(archive, no_byte_of_it_can_be_another, .timeout = 600)
{
    struct assay_sim_world *w = past();
    struct saved s;
    save(w->nodes[1].store, &s);
    cr_assert(is_believed(w, s.bytes, s.len));
    for (size_t len = 0; len < s.len; len += 1 + s.len / 200)
        cr_assert_not(is_believed(w, s.bytes, len), "%zu bytes", len);
    uint8_t *longer = calloc(1, s.len + 1);
    assay_bytes_copy(longer, s.len + 1, s.bytes, s.len);
    cr_assert_not(is_believed(w, longer, s.len + 1));
    free(longer);
    for (size_t at = 0; at < s.len; at += at < 256 || at > s.len - 64 ? 1 : 61 * test_every(3)) {
        const uint8_t was = s.bytes[at];
        uint8_t digest[32];
        s.bytes[at] ^= (uint8_t)(1u << (at % 8));
        cr_assert_not(is_believed(w, s.bytes, s.len), "damaged at %zu", at);
        assay_bytes_copy(digest, 32, s.bytes + s.len - 32, 32);
        assay_sha256(s.bytes, s.len - 34, s.bytes + s.len - 32); /* by a liar */
        if (at < s.len - 32) cr_assert_not(is_believed(w, s.bytes, s.len), "forged at %zu", at);
        assay_bytes_copy(s.bytes + s.len - 32, 32, digest, 32);
        s.bytes[at] = was;
    }
    cr_assert(is_believed(w, s.bytes, s.len));
    free(s.bytes);
    assay_sim_world_destroy(&w);
}

Test(archive, begins_at_a_state_where_the_boundaries_before_are_pruned, .timeout = 600)
{
    struct assay_sim_world *w = past();
    struct saved s;
    struct assay_archive_report report;
    struct assay_checkpoint c;
    struct assay_store *store = NULL, *fresh = NULL;
    cr_assert_eq(assay_store_memory_snapshot(w->nodes[1].store, &store), ASSAY_OK);
    prune(store, ASSAY_STORE_BOUNDARY, PRUNED_BELOW);
    save(store, &s);
    cr_assert_eq(s.archive.first, PRUNED_BELOW - 1);
    cr_assert_gt(s.archive.base.len, 0);
    /* Nothing contradicts it, and nothing that is trusted leads to it. */
    cr_assert_eq(verify(w, &s.archive, NULL, &report), ASSAY_OK, "%s", report.fault.what);
    cr_assert_not(report.proven);
    checkpoint_at(w, PRUNED_BELOW - 1, &c);
    cr_assert_eq(verify(w, &s.archive, &c, &report), ASSAY_OK);
    cr_assert(report.proven);
    checkpoint_at(w, PRUNED_BELOW + 2, &c);
    cr_assert_eq(verify(w, &s.archive, &c, &report), ASSAY_OK);
    cr_assert(report.proven);
    cr_assert_eq(report.proven_from, PRUNED_BELOW + 2);
    /* What led to the checkpoint was proven by nobody, and is told to nobody. */
    cr_assert_eq(assay_store_memory_create(&fresh), ASSAY_OK);
    cr_assert_eq(assay_archive_unpack(&s.archive, &report, fresh), ASSAY_OK);
    cr_assert_eq(assay_store_commit(fresh), ASSAY_OK);
    cr_assert_not(is_kept(fresh, ASSAY_STORE_BOUNDARY, PRUNED_BELOW + 2));
    cr_assert(is_kept(fresh, ASSAY_STORE_BOUNDARY, PRUNED_BELOW + 3));
    c.id[7] ^= 1;
    cr_assert_eq(verify(w, &s.archive, &c, &report), ASSAY_E_INVALID);
    cr_assert_str_eq(report.fault.what, "block of the checkpoint");
    cr_assert_eq(report.at, PRUNED_BELOW + 2);
    assay_store_close(&fresh);
    assay_store_close(&store);
    free(s.bytes);
    assay_sim_world_destroy(&w);
}

Test(archive, a_checkpoint_that_is_given_must_be_met, .timeout = 600)
{
    struct assay_sim_world *w = past();
    struct saved s;
    struct assay_archive_report report;
    struct assay_checkpoint c;
    struct assay_store *store = NULL;
    checkpoint_at(w, EPOCHS - 1, &c);
    /* The whole way from genesis: but of a time before the one that somebody is sure of. */
    cr_assert_eq(assay_store_memory_snapshot(w->nodes[1].store, &store), ASSAY_OK);
    save(store, &s);
    cr_assert_eq(verify(w, &s.archive, &c, &report), ASSAY_OK);
    cr_assert(report.proven);
    cr_assert_eq(report.proven_from, 0);
    c.epoch = s.archive.end.epoch + 1;
    cr_assert_eq(verify(w, &s.archive, &c, &report), ASSAY_OK);
    cr_assert_not(report.proven);
    /* No boundary at all: its own state is all that a checkpoint can be about. */
    prune(store, ASSAY_STORE_BOUNDARY, s.archive.end.epoch + 1);
    free(s.bytes);
    save(store, &s);
    cr_assert_eq(s.archive.boundary_count, 0);
    cr_assert_eq(verify(w, &s.archive, NULL, &report), ASSAY_OK);
    cr_assert_not(report.proven);
    c = s.archive.end;
    cr_assert_eq(verify(w, &s.archive, &c, &report), ASSAY_OK);
    cr_assert(report.proven);
    c.roster_digest[0] ^= 1;
    cr_assert_eq(verify(w, &s.archive, &c, &report), ASSAY_E_INVALID);
    assay_store_close(&store);
    free(s.bytes);
    assay_sim_world_destroy(&w);
}

/* The documents that the state names come along, or a daemon could not go on with it. */
Test(archive, brings_what_operators_decided, .timeout = 600)
{
    static const uint8_t nobody[NODE_BITS] = { 0 };
    struct assay_sim_world *w = past();
    struct saved s;
    struct assay_archive_report report;
    struct assay_store *store = NULL;
    uint8_t document[WORLD_POLICY_LEN];
    const struct assay_action action = {
        .kind = ASSAY_ACTION_POLICY,
        .document = assay_slice_over(document, world_policy_make(1, nobody, document))
    };
    const uint64_t now = assay_sim_world_epoch(w, 1);
    decide(w, 1, now + 4, &action);
    for (uint64_t e = now + 2; e <= now + 5; e += 3) { /* it waits; it is in force */
        cr_assert(assay_sim_world_run_to_epoch(w, e, 20000), "%s", assay_sim_world_violation(w));
        cr_assert_eq(assay_store_memory_snapshot(w->nodes[1].store, &store), ASSAY_OK);
        save(store, &s);
        cr_assert_eq(s.archive.change_count, 1);
        cr_assert_eq(verify(w, &s.archive, NULL, &report), ASSAY_OK, "%s", report.fault.what);
        cr_assert(report.proven);
        free(s.bytes);
        prune(store, ASSAY_STORE_CHANGE, e + 9); /* the one who saved it had it no more */
        save(store, &s);
        cr_assert_eq(verify(w, &s.archive, NULL, &report), ASSAY_E_INVALID);
        cr_assert_eq(report.fault.status, ASSAY_E_NOT_FOUND);
        cr_assert_not(report.proven);
        free(s.bytes);
        assay_store_close(&store);
    }
    assay_sim_world_destroy(&w);
}
