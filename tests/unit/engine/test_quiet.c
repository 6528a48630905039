/*
 * tests/unit/engine/test_quiet.c - a member that votes without attesting loses its vote, on every
 * node alike, and gets it back with its evidence (docs/protocol.md 6.7).
 */
#include "sim/world/world_internal.h"

#include "engine/ledger/state/roster_digest.h"
#include "engine/parts/engine_internal.h"

#include <criterion/criterion.h>

enum { NODES = 10, QUIET = 6, OTHER = 8 };

static const struct assay_sim_world_options ten = { .seed = 21, .nodes = NODES, .epoch_ms = 800 };

static void to_epoch(struct assay_sim_world *w, uint64_t epoch)
{
    const bool came = assay_sim_world_run_to_epoch(w, epoch, 60000);
    cr_assert(came, "%s", assay_sim_world_violation(w) ? assay_sim_world_violation(w) : "-");
}

static const struct assay_member *member(struct assay_sim_world *w, uint32_t node, uint32_t slot)
{
    return &assay_sim_world_engine(w, node)->head->state.members[slot];
}

static uint32_t notes(struct assay_sim_world *w, uint32_t node, enum assay_note note)
{
    return (uint32_t)assay_sim_world_notes(w, node, note, ASSAY_SLOT_ALL);
}

/* The table of the running epoch: who votes, and what all rows weigh. */
static void expect_table(struct assay_sim_world *w, uint32_t node, bool votes)
{
    const struct assay_chain_head *h = assay_sim_world_engine(w, node)->head;
    const struct assay_member *m = &h->state.members[QUIET];
    struct assay_roster_row row;
    assay_roster_row_of(m, &row);
    cr_expect_eq(m->keyless, !votes, "node %u", node);
    cr_expect_eq(m->weight, 10000, "its weight stays");
    cr_expect_eq(row.weight, 10000, "so does that of its row");
    cr_expect_eq(assay_roster_row_is_keyless(&row), !votes);
    cr_expect_eq(h->voters.total_weight, 10000 * NODES, "nobody's share grows");
    cr_expect_eq(h->voters.weight[QUIET], votes ? 10000 : 0);
    if (!votes) cr_expect_not(m->found.balloted, "its ballots do not count");
}

Test(quiet, votes_without_evidence_are_lost_and_come_back, .timeout = 600)
{
    struct assay_sim_world *w = assay_sim_world_create(&ten);
    assay_sim_world_acts(w, QUIET)->quiet = true;
    to_epoch(w, 6);
    expect_table(w, 0, true);
    to_epoch(w, 12);
    assay_sim_world_kill(w, 3);
    assay_sim_world_restart(w, 3);
    to_epoch(w, 16);
    for (uint32_t node = 0; node < NODES; node++) {
        expect_table(w, node, false);
        cr_expect_eq(member(w, node, QUIET)->trust.integrity_bp, 10000);
        if (node != 3) cr_expect_eq(notes(w, node, ASSAY_NOTE_VOTES_LOST), 1);
        cr_expect_eq(notes(w, node, ASSAY_NOTE_VOTES_RETAINED), 0);
        cr_expect_eq(notes(w, node, ASSAY_NOTE_VOTES_RETURNED), 0);
    }
    assay_sim_world_acts(w, QUIET)->quiet = false;
    to_epoch(w, assay_sim_world_epoch(w, 0) + 3);
    for (uint32_t node = 0; node < NODES; node++) {
        expect_table(w, node, true);
        cr_expect_eq(notes(w, node, ASSAY_NOTE_VOTES_RETURNED), 1);
    }
    assay_sim_world_destroy(&w);
}

/* Two of ten at a floor of nine tenths: the second one keeps its votes, and that is an alarm. */
Test(quiet, the_floor_spares_a_row_and_alarms, .timeout = 600)
{
    struct assay_sim_world *w = assay_sim_world_create(&ten);
    assay_sim_world_acts(w, QUIET)->quiet = true;
    assay_sim_world_acts(w, OTHER)->quiet = true;
    to_epoch(w, 16);
    for (uint32_t node = 0; node < NODES; node++) {
        struct assay_member_snapshot m;
        expect_table(w, node, false);
        cr_expect_not(member(w, node, OTHER)->keyless);
        cr_expect(assay_member_is_spared(member(w, node, OTHER)));
        cr_expect_eq(assay_sim_world_notes(w, node, ASSAY_NOTE_VOTES_RETAINED, OTHER), 1);
        cr_expect_eq(notes(w, node, ASSAY_NOTE_VOTES_LOST), 1);
        assay_sim_world_member(w, node, OTHER, &m);
        cr_expect(m.votes_retained && !m.votes_lost);
        assay_sim_world_member(w, node, QUIET, &m);
        cr_expect(m.votes_lost && !m.votes_retained);
    }
    assay_sim_world_destroy(&w);
}

/* A row without a key has 64 zero bytes in its place, which are no key of anybody. */
Test(quiet, no_key_is_no_key)
{
    static const uint8_t none[ASSAY_P256_PUBLIC_LEN];
    struct assay_p256 *key = NULL;
    cr_expect_neq(assay_p256_load(none, &key), ASSAY_OK);
    assay_p256_free(&key);
}
