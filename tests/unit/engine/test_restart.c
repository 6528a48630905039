/*
 * tests/unit/engine/test_restart.c - coming back: with nothing, with too much, with an old state.
 */
#include "engine/parts/engine_internal.h"
#include "sim/world/world_internal.h"
#include "tests/support/depth.h"

#include <criterion/criterion.h>

static const struct assay_sim_world_options seven = { .seed = 31,
                                                      .nodes = 7,
                                                      .check_each_step = true };

/* docs/protocol.md 2.7: a log that is missing is not an empty one. */
Test(restart, who_lost_its_store_signs_nothing_before_it_has_heard_the_network, .timeout = 600)
{
    static const uint32_t apart[ASSAY_SIM_WORLD_NODES_MAX] = { 0, 0, 1 };
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    cr_assert(assay_sim_world_run_to_epoch(w, 3, 10000));
    cr_assert(assay_sim_world_run(w, 300));
    assay_sim_world_kill(w, 2);
    assay_sim_world_acts(w, 2)->loses_store = true;
    assay_sim_world_partition(w, apart); /* it hears nobody for much longer than 4 delta */
    const size_t signed_before = w->nodes[2].signed_count;
    assay_sim_world_restart(w, 2);
    cr_assert(assay_sim_world_run(w, 4000));
    cr_assert_eq(w->nodes[2].signed_count, signed_before);
    assay_sim_world_partition(w, NULL);
    cr_assert(assay_sim_world_run_to_epoch(w, assay_sim_world_epoch(w, 0) + 4, 20000), "%s",
              assay_sim_world_violation(w) != NULL ? assay_sim_world_violation(w) : "no progress");
    struct assay_engine_snapshot v;
    struct assay_member_snapshot m;
    assay_engine_snapshot(assay_sim_world_engine(w, 2), &v);
    assay_sim_world_member(w, 0, 2, &m);
    cr_assert(v.voting, "it votes again");
    cr_assert_eq(m.incarnation, 2, "under new keys");
    cr_assert_eq(m.trust.integrity_bp, 10000);
    assay_sim_world_destroy(&w);
}

/* In the first epoch, too: the network has no past yet, but these keys may have signed an envelope
 * or a ballot that the store knew. Peers say nothing of those: there is no other in that epoch. */
Test(restart, who_lost_its_store_in_the_first_epoch_signs_nothing_twice, .timeout = 600)
{
    for (uint64_t ms = 20; ms < 700; ms += 52) {
        struct assay_sim_world *w = assay_sim_world_create(&seven);
        cr_assert(assay_sim_world_run(w, ms));
        assay_sim_world_kill(w, 2);
        assay_sim_world_acts(w, 2)->loses_store = true;
        assay_sim_world_restart(w, 2);
        cr_assert(assay_sim_world_run_to_epoch(w, 5, 20000), "lost after %u ms: %s", (unsigned)ms,
                  assay_sim_world_violation(w) != NULL ? assay_sim_world_violation(w)
                                                       : "no progress");
        struct assay_member_snapshot m;
        assay_sim_world_member(w, 0, 2, &m);
        cr_expect_eq(m.trust.integrity_bp, 10000, "lost after %u ms", (unsigned)ms);
        assay_sim_world_destroy(&w);
    }
}

/* A disk that is lost again before the keys of the first loss are listed: their number follows the
 * ledger, or the member would ask for number 3 where only 2 is ever listed. */
Test(restart, who_lost_its_store_twice_before_it_was_listed_comes_back, .timeout = 600)
{
    static const uint32_t apart[ASSAY_SIM_WORLD_NODES_MAX] = { 0, 0, 1 };
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    cr_assert(assay_sim_world_run_to_epoch(w, 3, 10000));
    assay_sim_world_partition(w, apart); /* nothing of the first new keys is heard */
    for (int i = 0; i < 2; i++) {
        assay_sim_world_kill(w, 2);
        w->nodes[2].wipes = true;
        assay_sim_world_restart(w, 2);
        cr_assert(assay_sim_world_run(w, 300));
    }
    assay_sim_world_partition(w, NULL);
    cr_assert(assay_sim_world_run_to_epoch(w, assay_sim_world_epoch(w, 0) + 5, 20000), "%s",
              assay_sim_world_violation(w) != NULL ? assay_sim_world_violation(w) : "no progress");
    struct assay_engine_snapshot v;
    struct assay_member_snapshot m;
    assay_engine_snapshot(assay_sim_world_engine(w, 2), &v);
    assay_sim_world_member(w, 0, 2, &m);
    cr_assert(v.voting);
    cr_assert_eq(m.incarnation, 2);
    assay_sim_world_destroy(&w);
}

/* A network of one whose only keys are lost stalls for ever. It has no peer to ask, and pauses as
 * long as a member that has. */
Test(restart, who_is_alone_with_new_keys_does_not_ask_all_the_time, .timeout = 600)
{
    struct assay_sim_world_options one = seven;
    one.nodes = 1;
    struct assay_sim_world *w = assay_sim_world_create(&one);
    cr_assert(assay_sim_world_run_to_epoch(w, 3, 10000));
    assay_sim_world_kill(w, 0);
    w->nodes[0].wipes = true;
    assay_sim_world_restart(w, 0);
    cr_assert(assay_sim_world_run(w, 20 * w->options.epoch_ms));
    cr_expect_leq(assay_sim_world_notes(w, 0, ASSAY_NOTE_BEHIND, ASSAY_SLOT_ALL), 12);
    assay_sim_world_destroy(&w);
}

/* Its log ends a moment before the epoch does, and the others are in the next one: its question for
 * votes is about an epoch that is over. They say so, and it fetches the end of that epoch at once,
 * in time to attest in the one that runs. */
Test(restart, who_comes_back_behind_a_boundary_is_told_so_and_follows_at_once, .timeout = 600)
{
    const struct assay_sim_world_options o = { .seed = 31, .nodes = 7, .epoch_ms = 8000 };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    cr_assert(assay_sim_world_run_to_epoch(w, 2, 40000));
    cr_assert(assay_sim_world_run(w, 7000));
    assay_sim_world_kill(w, 2);
    cr_assert(assay_sim_world_run_to_epoch(w, 3, 20000));
    cr_assert_eq(w->nodes[2].closed, 2);
    assay_sim_world_restart(w, 2);
    cr_assert(assay_sim_world_run(w, 400), "%s", assay_sim_world_violation(w)); /* T/20 */
    cr_assert_eq(w->nodes[2].closed, 3);
    cr_assert(assay_sim_world_run_to_epoch(w, 4, 20000), "%s", assay_sim_world_violation(w));
    struct assay_member_snapshot m;
    assay_sim_world_member(w, 0, 2, &m);
    cr_assert_gt(m.positive_bp, 0, "it attested in the epoch in which it came back");
    assay_sim_world_destroy(&w);
}

/* Node 2, some time into an epoch, with the image that was made for it: it signs nothing twice. */
static void comes_back_with_an_old_disk(struct assay_sim_world **world, uint64_t epochs,
                                        uint64_t ms)
{
    struct assay_sim_world *w = *world;
    struct assay_member_snapshot m;
    cr_assert(assay_sim_world_run(w, ms));
    w->nodes[2].rolls_back = true;
    assay_sim_world_kill(w, 2);
    assay_sim_world_restart(w, 2);
    cr_assert(assay_sim_world_run_to_epoch(w, assay_sim_world_epoch(w, 0) + 4, 20000));
    assay_sim_world_member(w, 0, 2, &m);
    cr_expect_eq(m.trust.integrity_bp, 10000, "%u epochs back, %u ms", (unsigned)epochs,
                 (unsigned)ms);
    cr_expect_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_OFFENCE_PROVEN, 2), 0);
    cr_expect_null(assay_sim_world_violation(w), "%u epochs back, %u ms: %s", (unsigned)epochs,
                   (unsigned)ms, assay_sim_world_violation(w));
    assay_sim_world_destroy(world);
}

/* docs/protocol.md 2.9: an envelope that peers hold and the log lacks finishes the keys, as a vote
 * does. Without asking for it the node would sign a second one, which is E8: the first vote of an
 * epoch comes later than the envelope, so votes alone do not tell. */
Test(restart, a_disk_from_before_the_envelope_makes_no_second_one, .timeout = 600)
{
    for (uint64_t back = 0; back < 3; back++) {
        for (uint64_t ms = 0; ms < 800; ms += 159) {
            struct assay_sim_world *w = assay_sim_world_create(&seven);
            struct world_node *n = &w->nodes[2];
            cr_assert(assay_sim_world_run_to_epoch(w, 3, 10000));
            world_node_image(w, 2, n->closed);
            n->rolls_back_epochs = back;
            if (back > 0) cr_assert(assay_sim_world_run_to_epoch(w, 3 + back, 10000));
            comes_back_with_an_old_disk(&w, back, ms);
        }
    }
}

Test(restart, all_at_once_after_a_power_cut_in_every_phase, .timeout = 600)
{
    for (uint64_t ms = 0; ms < 800; ms += 61) {
        struct assay_sim_world *w = assay_sim_world_create(&seven);
        cr_assert(assay_sim_world_run_to_epoch(w, 2, 10000));
        cr_assert(assay_sim_world_run(w, ms));
        for (uint32_t i = 0; i < seven.nodes; i++)
            assay_sim_world_kill(w, i);
        cr_assert(assay_sim_world_run(w, 1500));
        for (uint32_t i = 0; i < seven.nodes; i++)
            assay_sim_world_restart(w, i);
        cr_assert(assay_sim_world_run_to_epoch(w, 5, 20000), "cut after %u ms: %s", (unsigned)ms,
                  assay_sim_world_violation(w) != NULL ? assay_sim_world_violation(w)
                                                       : "no progress");
        assay_sim_world_destroy(&w);
    }
}

/* docs/protocol.md 10.1: catching up never acts on history. */
Test(restart, an_old_state_gives_no_orders, .timeout = 600)
{
    static const uint32_t apart[ASSAY_SIM_WORLD_NODES_MAX] = { 0, 0, 1 };
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    cr_assert(assay_sim_world_run_to_epoch(w, 1, 10000));
    assay_sim_world_acts(w, 2)->quiet = true;
    struct assay_member_snapshot m;
    do {
        cr_assert(assay_sim_world_run(w, 100));
        assay_sim_world_member(w, 2, 2, &m);
    } while (m.trust.score.standing != ASSAY_STANDING_SUSPENDED);
    assay_sim_world_kill(w, 2);
    cr_assert(assay_sim_world_run(w, 5 * 800)); /* its state is history now */
    assay_sim_world_partition(w, apart);
    const size_t orders = assay_sim_world_orders(w, 2, ASSAY_ORDER_SUSPEND);
    assay_sim_world_restart(w, 2);
    cr_assert(assay_sim_world_run(w, 100));
    cr_assert_eq(assay_sim_world_orders(w, 2, ASSAY_ORDER_SUSPEND), orders);
    assay_sim_world_partition(w, NULL);
    cr_assert(assay_sim_world_run_to_epoch(w, assay_sim_world_epoch(w, 0) + 2, 10000));
    cr_assert_gt(assay_sim_world_orders(w, 2, ASSAY_ORDER_SUSPEND), orders,
                 "the head says it again");
    assay_sim_world_destroy(&w);
}

Test(restart, many_proofs_of_its_own_do_not_keep_a_node_from_starting, .timeout = 600)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    cr_assert(assay_sim_world_run_to_epoch(w, 2, 10000));
    assay_sim_world_kill(w, 0);
    /* Its store holds more records of its own than one sender may have unverified. */
    for (uint8_t i = 0; i < 12; i++) {
        uint8_t record[1024];
        struct assay_vote_statement st = { .epoch = 1 + i / 6,
                                           .view = 40,
                                           .type = ASSAY_VOTE_NOTARISE };
        uint8_t payloads[2][ASSAY_VOTE_LEN_MAX];
        size_t len[2];
        assay_bytes_copy(st.chain_id, 32, w->genesis->chain_id, 32);
        for (uint8_t k = 0; k < 2; k++) {
            uint8_t digest[32];
            uint8_t signature[64];
            st.block_id[0] = (uint8_t)(k + 1);
            assay_vote_statement_digest(&st, digest);
            cr_assert_eq(assay_p256_sign(w->nodes[1 + i % 6].voting, digest, signature), ASSAY_OK);
            struct assay_writer v = assay_writer_over(payloads[k], sizeof payloads[k]);
            assay_vote_encode(&st, (uint16_t)(1 + i % 6), signature, &v);
            len[k] = v.len;
        }
        struct assay_writer out = assay_writer_over(record, sizeof record);
        cr_assert_eq(assay_record_put_offence(&out, 1, assay_slice_over(payloads[0], len[0]),
                                              assay_slice_over(payloads[1], len[1])),
                     ASSAY_OK);
        const struct assay_store_key key = { .epoch = 2, .id = { (uint8_t)(i + 1) } };
        cr_assert_eq(assay_store_put(w->nodes[0].store, ASSAY_STORE_RECORD, &key,
                                     assay_slice_over(record, out.len)),
                     ASSAY_OK);
    }
    cr_assert_eq(assay_store_commit(w->nodes[0].store), ASSAY_OK);
    assay_sim_world_restart(w, 0);
    cr_assert_null(assay_sim_world_violation(w), "%s", assay_sim_world_violation(w));
    assay_sim_world_destroy(&w);
}

/* A disk that is lost before the first epoch has closed: the envelope that went out under these
 * keys is forgotten, and nobody gives it back. */
Test(restart, an_empty_store_in_the_first_epoch_signs_no_second_envelope, .timeout = 600)
{
    for (uint64_t at_ms = 2; at_ms < 60; at_ms += 4) {
        struct assay_sim_world *w = assay_sim_world_create(&seven);
        cr_assert(assay_sim_world_run(w, at_ms));
        assay_sim_world_kill(w, 2);
        assay_sim_world_acts(w, 2)->loses_store = true;
        cr_assert(assay_sim_world_run(w, 30));
        assay_sim_world_restart(w, 2);
        cr_assert(assay_sim_world_run_to_epoch(w, 3, 20000), "at %d ms: %s", (int)at_ms,
                  assay_sim_world_violation(w));
        cr_assert_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_OFFENCE_PROVEN, 2), 0);
        assay_sim_world_destroy(&w);
    }
}

/* docs/protocol.md 2.7.3: stopped before it signed anything, it has lost nothing, though its log is
 * empty and the network has a past that it knows nothing of. */
Test(restart, an_empty_log_that_its_keys_began_with_was_not_lost, .timeout = 600)
{
    for (unsigned lost = 0; lost < 2; lost++) {
        struct assay_sim_world *w = assay_sim_world_create(&seven);
        assay_sim_world_kill(w, 2);
        cr_assert_eq(w->nodes[2].signed_count, 0);
        cr_assert(assay_sim_world_run_to_epoch(w, 3, 20000));
        assay_sim_world_acts(w, 2)->loses_store = lost == 1;
        assay_sim_world_restart(w, 2);
        cr_assert(assay_sim_world_run_to_epoch(w, 7, 20000), "%s", assay_sim_world_violation(w));
        struct assay_engine_snapshot v;
        struct assay_member_snapshot m;
        assay_engine_snapshot(assay_sim_world_engine(w, 2), &v);
        assay_sim_world_member(w, 0, 2, &m);
        cr_expect(v.voting);
        cr_expect_eq(m.incarnation, 1 + lost, "a store that is not its own is another matter");
        cr_expect_eq(m.trust.integrity_bp, 10000);
        assay_sim_world_destroy(&w);
    }
}

/* Store and keys folder are those of the first day: the host cannot know that these keys signed
 * anything, but the ledger and the peers do. */
Test(restart, keys_of_the_first_day_sign_nothing_twice, .timeout = 600)
{
    for (uint64_t epochs = 1; epochs < 4; epochs++) {
        for (uint64_t ms = 5; ms < 800; ms += 61) {
            struct assay_sim_world *w = assay_sim_world_create(&seven);
            struct assay_member_snapshot m;
            struct assay_engine_snapshot v;
            if (epochs > 1) cr_assert(assay_sim_world_run_to_epoch(w, epochs, 10000));
            cr_assert(assay_sim_world_run(w, ms));
            const bool signed_ = w->nodes[2].signed_count > 0;
            assay_sim_world_kill(w, 2);
            w->nodes[2].first_day = true;
            assay_sim_world_restart(w, 2);
            cr_assert(assay_sim_world_run_to_epoch(w, assay_sim_world_epoch(w, 0) + 5, 30000),
                      "%u epochs, %u ms: %s", (unsigned)epochs, (unsigned)ms,
                      assay_sim_world_violation(w) != NULL ? assay_sim_world_violation(w)
                                                           : "no progress");
            assay_sim_world_member(w, 0, 2, &m);
            assay_engine_snapshot(assay_sim_world_engine(w, 2), &v);
            cr_expect_eq(m.trust.integrity_bp, 10000, "%u epochs, %u ms", (unsigned)epochs,
                         (unsigned)ms);
            cr_expect_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_OFFENCE_PROVEN, 2), 0);
            cr_expect(v.voting, "%u epochs, %u ms", (unsigned)epochs, (unsigned)ms);
            if (epochs > 1 && signed_) cr_expect_eq(m.incarnation, 2);
            assay_sim_world_destroy(&w);
        }
    }
}

/* The same after so long that it leaps, and nothing is left to ask for but the state. */
Test(restart, keys_of_the_first_day_are_finished_after_a_leap, .timeout = 600)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    struct assay_member_snapshot m;
    cr_assert(assay_sim_world_run_to_epoch(w, 4, 10000));
    cr_assert(assay_sim_world_run_to_epoch(w, 72, 100000), "%s", assay_sim_world_violation(w));
    assay_sim_world_kill(w, 2);
    /* nothing of the running epoch to be found by */
    cr_assert(assay_sim_world_run_to_epoch(w, 74, 30000), "%s", assay_sim_world_violation(w));
    for (uint32_t node = 0; node < 7; node++) { /* no blocks to catch up with */
        struct assay_store *store = w->nodes[node].store;
        if (node == 2) continue;
        cr_assert_eq(assay_store_prune(store, ASSAY_STORE_BLOCK, 0, 74), ASSAY_OK);
        cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    }
    w->nodes[2].first_day = true;
    assay_sim_world_restart(w, 2);
    cr_assert(assay_sim_world_run_to_epoch(w, 80, 30000), "%s", assay_sim_world_violation(w));
    assay_sim_world_member(w, 0, 2, &m);
    cr_expect_eq(m.incarnation, 2);
    cr_expect_eq(m.trust.integrity_bp, 10000);
    cr_expect_gt(assay_sim_world_notes(w, 2, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL), 0);
    assay_sim_world_destroy(&w);
}

/* A disk from that moment under keys that have signed since is an old log like any other: what
 * peers hold of theirs finishes them. */
Test(restart, a_disk_from_before_all_signing_signs_nothing_twice, .timeout = 600)
{
    for (uint64_t epochs = 1; epochs < 4; epochs++) {
        for (uint64_t ms = 0; ms < 800; ms += 61) {
            struct assay_sim_world *w = assay_sim_world_create(&seven);
            struct world_node *n = &w->nodes[2];
            world_node_image(w, 2, 0);
            cr_assert_eq(n->image_count, 1);
            n->rolls_back_epochs = epochs;
            cr_assert(assay_sim_world_run_to_epoch(w, epochs, 10000));
            comes_back_with_an_old_disk(&w, epochs, ms);
        }
    }
}

/* New keys that wait to be listed, told to the engine as its host does. */
static void wait_with(struct assay_sim_world *w, uint32_t node, const uint8_t *transport)
{
    struct world_node *n = &w->nodes[node];
    world_node_fresh_keys(w, node);
    if (transport != NULL) assay_bytes_copy(n->keys.transport_public, 32, transport, 32);
    struct assay_event event = { .kind = ASSAY_EVENT_KEYS };
    assay_bytes_copy(event.as.keys.voting_public, 64, n->keys.voting_public, 64);
    assay_bytes_copy(event.as.keys.transport_public, 32, n->keys.transport_public, 32);
    (void)world_step(w, node, &event);
}

/* Two members with one transport key would be taken for one another: the second one in a block is
 * not listed, and who finds its waiting keys in another's entry makes others (docs/protocol.md
 * 9.4). */
Test(restart, who_names_anothers_waiting_key_mutes_nobody, .timeout = 600)
{
    enum { HONEST = 5, THIEF = 2 };
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    cr_assert(assay_sim_world_run_to_epoch(w, 2, 10000));
    wait_with(w, HONEST, NULL);
    wait_with(w, THIEF, w->nodes[HONEST].keys.transport_public);
    cr_assert(assay_sim_world_run_to_epoch(w, assay_sim_world_epoch(w, 0) + 4, 20000));
    struct assay_member_snapshot of[7];
    for (uint16_t i = 0; i < 7; i++)
        assay_sim_world_member(w, 0, i, &of[i]);
    cr_assert_eq(of[HONEST].incarnation, 2);
    cr_assert_eq(of[THIEF].incarnation, 2);
    for (uint32_t i = 0; i < 7; i++)
        for (uint32_t k = 0; k < i; k++)
            cr_assert(!assay_bytes_equal(of[i].transport_public, of[k].transport_public, 32));
    struct assay_engine_snapshot v;
    assay_engine_snapshot(assay_sim_world_engine(w, HONEST), &v);
    cr_assert(v.voting);
    assay_sim_world_destroy(&w);
}

/* A frozen VM, SIGSTOP: one, or everybody, stands still for most of an epoch, from every phase of
 * it on. Who wakes late looks at its clock first: deadlines that passed while nothing could come in
 * are no deadlines, or it would call everybody absent. */
static void pauses(uint32_t first, uint32_t count, uint64_t for_ms)
{
    for (uint64_t phase = 0; phase < 400; phase += 10 * test_every(4)) {
        struct assay_sim_world_options options = seven;
        options.check_each_step = false;
        options.delay_min_ms = 1;
        options.delay_max_ms = 90;
        struct assay_sim_world *w = assay_sim_world_create(&options);
        w->quote_us = 20000;
        w->verify_us = 10000;
        cr_assert(assay_sim_world_run_to_epoch(w, 3, 10000));
        cr_assert(assay_sim_world_run(w, phase));
        for (uint32_t i = first; i < first + count; i++)
            w->nodes[i].still_until_us = w->now_us + for_ms * 1000;
        cr_assert(assay_sim_world_run_to_epoch(w, assay_sim_world_epoch(w, 6) + 5, 20000), "%s",
                  assay_sim_world_violation(w) != NULL ? assay_sim_world_violation(w)
                                                       : "no progress");
        for (uint16_t i = 0; i < 7; i++) {
            struct assay_member_snapshot m;
            const bool away = count == 1 && i == first; /* the others may say so of it */
            assay_sim_world_member(w, 6, i, &m);
            cr_expect(away || m.trust.availability_bp == 10000, "%u from %u ms on: %u fell",
                      (unsigned)count, (unsigned)phase, i);
            for (uint32_t by = first; by < first + count; by++)
                cr_expect_eq(assay_sim_world_notes(w, by, ASSAY_NOTE_EVIDENCE_MISSING, i), 0,
                             "%u from %u ms on: %u called %u absent", (unsigned)count,
                             (unsigned)phase, (unsigned)by, i);
        }
        assay_sim_world_destroy(&w);
    }
}

Test(restart, one_that_stood_still_calls_nobody_absent, .timeout = 600)
{
    pauses(2, 1, 300);
    pauses(2, 1, 1500);
}

Test(restart, all_that_stood_still_call_nobody_absent, .timeout = 600)
{
    pauses(0, 7, 300);
    pauses(0, 7, 1500);
}

/* docs/protocol.md 2.15: a folder that was copied and started elsewhere. What the other process
 * signs comes back as a proof, or as keys that this process does not have. */
Test(restart, its_operator_is_told_when_another_process_signs_as_this_node, .timeout = 600)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    cr_assert(assay_sim_world_run_to_epoch(w, 3, 10000));
    assay_sim_world_acts(w, 2)->two_envelopes = true;
    cr_assert(assay_sim_world_run_to_epoch(w, 5, 10000));
    cr_expect_eq(assay_sim_world_notes(w, 2, ASSAY_NOTE_IDENTITY_IN_USE, ASSAY_SLOT_ALL), 1);
    struct assay_engine *other = w->nodes[4].engine;
    cr_assert(other->key_state->listed);
    other->parts->key_state.keys.voting_public[5] ^=
        1; /* the ledger has other keys than this process */
    cr_assert(assay_sim_world_run_to_epoch(w, 7, 10000));
    cr_expect_eq(assay_sim_world_notes(w, 4, ASSAY_NOTE_IDENTITY_IN_USE, ASSAY_SLOT_ALL), 1);
    for (uint32_t node = 0; node < 7; node++)
        if (node != 2 && node != 4)
            cr_expect_eq(assay_sim_world_notes(w, node, ASSAY_NOTE_IDENTITY_IN_USE, ASSAY_SLOT_ALL),
                         0);
    assay_sim_world_destroy(&w);
}

/* Nor is anybody told so by a restart, a lost store or keys of the first day. */
Test(restart, a_restart_is_no_second_process, .timeout = 600)
{
    for (unsigned how = 0; how < 3; how++) {
        struct assay_sim_world *w = assay_sim_world_create(&seven);
        cr_assert(assay_sim_world_run_to_epoch(w, 3, 10000));
        cr_assert(assay_sim_world_run(w, 250));
        assay_sim_world_kill(w, 2);
        assay_sim_world_acts(w, 2)->loses_store = how == 1;
        w->nodes[2].first_day = how == 2;
        assay_sim_world_restart(w, 2);
        cr_assert(assay_sim_world_run_to_epoch(w, 9, 20000), "%s", assay_sim_world_violation(w));
        for (uint32_t node = 0; node < 7; node++)
            cr_expect_eq(assay_sim_world_notes(w, node, ASSAY_NOTE_IDENTITY_IN_USE, ASSAY_SLOT_ALL),
                         0, "%u: node %u", how, (unsigned)node);
        assay_sim_world_destroy(&w);
    }
}

/* docs/protocol.md 2.15: keys of the first day, restored after later ones were listed: the node
 * meets that listing while it catches up. */
Test(restart, a_listing_that_it_catches_up_with_is_no_second_process, .timeout = 600)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    cr_assert(assay_sim_world_run_to_epoch(w, 5, 10000));
    struct assay_engine *e = w->nodes[4].engine;
    cr_assert(e->key_state->listed);
    e->parts->key_state.keys.voting_public[5] ^= 1; /* the ledger has other keys */
    e->parts->key_state.live_epochs = 0;
    cr_assert(assay_sim_world_run_to_epoch(w, 7, 10000));
    cr_expect_not(e->key_state->listed);
    cr_expect_eq(assay_sim_world_notes(w, 4, ASSAY_NOTE_IDENTITY_IN_USE, ASSAY_SLOT_ALL), 0);
    assay_sim_world_destroy(&w);
}

/* docs/protocol.md 2.7, 2.7.3: one peer that knows nothing newer, all others out of reach. However
 * often it answers, it is one. */
Test(restart, one_peer_is_not_three, .timeout = 600)
{
    for (unsigned first_day = 0; first_day < 2; first_day++) {
        static const uint32_t pair[ASSAY_SIM_WORLD_NODES_MAX] = { 0, 1, 1 };
        struct assay_sim_world *w = assay_sim_world_create(&seven);
        assay_sim_world_kill(w, 1);
        cr_assert(assay_sim_world_run(w, 250));
        cr_assert_gt(w->nodes[2].signed_count, 0);
        assay_sim_world_kill(w, 2);
        if (first_day) w->nodes[2].first_day = true;
        else assay_sim_world_acts(w, 2)->loses_store = true;
        assay_sim_world_partition(w, pair);
        const size_t before = w->nodes[2].signed_count;
        assay_sim_world_restart(w, 1);
        assay_sim_world_restart(w, 2);
        (void)assay_sim_world_run(w, 200000);
        cr_expect_eq(w->nodes[2].signed_count, before, "day %u", first_day);
        cr_expect_not(w->nodes[2].engine->start_state->voted_on, "day %u", first_day);
        assay_sim_world_destroy(&w);
    }
}

/* But a network begins without those that may be down. */
Test(restart, a_third_that_never_came_up_keeps_nobody_from_beginning, .timeout = 600)
{
    for (uint32_t nodes = 4; nodes <= 10; nodes += 3) {
        const struct assay_sim_world_options o = { .seed = 5, .nodes = nodes,
                                                   .check_each_step = true };
        struct assay_sim_world *w = assay_sim_world_create(&o);
        for (uint32_t i = 0; i < (nodes - 1) / 3; i++)
            assay_sim_world_kill(w, nodes - 1 - i);
        cr_expect(assay_sim_world_run_to_epoch(w, 3, 20000), "%u nodes", (unsigned)nodes);
        assay_sim_world_destroy(&w);
    }
}

/* docs/protocol.md 2.15: an old disk under the same keys, and the process before it is dead. */
Test(restart, an_old_disk_is_no_second_process, .timeout = 600)
{
    for (uint64_t back = 0; back < 4; back++) {
        for (uint64_t ms = 0; ms < 1000; ms += 83) {
            struct assay_sim_world *w = assay_sim_world_create(&seven);
            struct world_node *n = &w->nodes[2];
            cr_assert(assay_sim_world_run_to_epoch(w, 3, 10000));
            world_node_image(w, 2, n->closed);
            n->rolls_back_epochs = back;
            if (back > 0) cr_assert(assay_sim_world_run_to_epoch(w, 3 + back, 10000));
            cr_assert(assay_sim_world_run(w, ms));
            n->rolls_back = true;
            assay_sim_world_kill(w, 2);
            assay_sim_world_restart(w, 2);
            cr_assert(assay_sim_world_run_to_epoch(w, assay_sim_world_epoch(w, 0) + 4, 20000));
            cr_expect_eq(assay_sim_world_notes(w, 2, ASSAY_NOTE_IDENTITY_IN_USE, ASSAY_SLOT_ALL),
                         0, "%u epochs back, %u ms", (unsigned)back, (unsigned)ms);
            assay_sim_world_destroy(&w);
        }
    }
}

/* docs/protocol.md 5.20: who is one epoch behind asks a peer that never answers, and then receives
 * the votes that close the epoch. It is level, and attests before the pause of that question is
 * over: in the scenario dead-ends such members were called absent. */
Test(restart, an_epoch_that_votes_close_ends_the_question_about_it, .timeout = 600)
{
    struct assay_sim_world *w = assay_sim_world_create(&seven);
    cr_assert(assay_sim_world_run_to_epoch(w, 3, 10000));
    struct assay_engine *e = w->nodes[2].engine;
    while (!e->chain->ledger.has_roll)
        cr_assert(assay_sim_world_run(w, 1));
    const uint64_t epoch = e->head->context.epoch;
    e->parts->sync.active = true;
    while (e->head->context.epoch == epoch) {
        cr_assert(e->sync->active);
        e->parts->sync.asked_ms = e->now_ms; /* just asked, whoever that was */
        e->parts->sync.turn = 3;             /* and answers of others are not taken */
        cr_assert(assay_sim_world_run(w, 1));
    }
    cr_assert_eq(e, w->nodes[2].engine);
    cr_expect_not(e->sync->active, "the question is over");
    cr_assert(assay_sim_world_run(w, 30));
    cr_expect(e->epoch_state->envelope_made, "it attests at once");
    cr_assert(assay_sim_world_run_to_epoch(w, epoch + 3, 10000));
    cr_expect_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_EVIDENCE_MISSING, 2), 0);
    assay_sim_world_destroy(&w);
}

/* docs/protocol.md 2.8: its disk is from before votes that peers hold, so it makes new keys;
 * answers about the old set that are still on their way then do not finish the new one, too. */
Test(restart, late_answers_about_the_old_keys_do_not_finish_the_new_ones, .timeout = 600)
{
    const struct assay_sim_world_options o = {
        .seed = 31, .nodes = 7, .epoch_ms = 2000, .delay_min_ms = 1, .delay_max_ms = 150
    };
    unsigned renewed = 0;
    for (uint64_t ms = 200; ms < 2200; ms += 100) {
        struct assay_sim_world *w = assay_sim_world_create(&o);
        struct world_node *n = &w->nodes[2];
        cr_assert(assay_sim_world_run_to_epoch(w, 3, 40000));
        world_node_image(w, 2, n->closed);
        cr_assert(assay_sim_world_run(w, ms));
        n->rolls_back = true;
        n->rolls_back_epochs = 0;
        const uint64_t turn = n->key_turn;
        assay_sim_world_kill(w, 2);
        assay_sim_world_restart(w, 2);
        for (unsigned i = 0; i < 4000; i++) {
            cr_assert(assay_sim_world_run(w, 1));
            if (n->key_turn > turn && !n->engine->key_state->listed)
                cr_assert_not(n->engine->key_state->rolled_back, "from %u ms on", (unsigned)ms);
        }
        cr_expect_leq(n->key_turn, turn + 1, "from %u ms on: one new set is enough", (unsigned)ms);
        renewed += n->key_turn > turn;
        assay_sim_world_destroy(&w);
    }
    cr_expect_gt(renewed, 0);
}

/* docs/protocol.md 5.20.2: an answer takes longer than T/4 over these links, so that each would
 * come when another peer has been asked. Votes have time-outs that grow, and so has this question.
 */
Test(restart, who_is_behind_slow_links_catches_up, .timeout = 600)
{
    const struct assay_sim_world_options four = {
        .seed = 33, .nodes = 4, .epoch_ms = 1000, .check_each_step = true
    };
    struct assay_sim_world *w = assay_sim_world_create(&four);
    w->link.delay_min_ms = w->link.delay_mean_ms = w->link.delay_max_ms = 180;
    cr_assert(assay_sim_world_run_to_epoch(w, 2, 60000), "%s", assay_sim_world_violation(w));
    assay_sim_world_kill(w, 3);
    for (uint32_t ms = 0; assay_sim_world_epoch(w, 0) < 6 && ms < 120000; ms += 100)
        cr_assert(assay_sim_world_run(w, 100), "%s", assay_sim_world_violation(w));
    cr_assert_geq(assay_sim_world_epoch(w, 0), 6, "three of four go on");
    cr_assert_leq(w->nodes[3].closed + 3, w->nodes[0].closed, "it is far behind");
    assay_sim_world_restart(w, 3);
    cr_assert(assay_sim_world_run_to_epoch(w, assay_sim_world_epoch(w, 0) + 2, 60000),
              "it never catches up");
    assay_sim_world_destroy(&w);
}

/* Restarts node 2 with the store and keys of the first day, so many ms after the start. Returns:
 * whether the world goes on, and what it had signed convicts nobody. */
static void put_back_to_first_day(struct assay_sim_world *w, uint64_t ms)
{
    struct assay_member_snapshot m;
    cr_assert(assay_sim_world_run(w, ms), "%s", assay_sim_world_violation(w));
    if (assay_sim_world_alive(w, 2)) assay_sim_world_kill(w, 2);
    w->nodes[2].first_day = true;
    assay_sim_world_acts(w, 2)->quiet = false;
    assay_sim_world_restart(w, 2);
    cr_assert(assay_sim_world_run_to_epoch(w, assay_sim_world_epoch(w, 0) + 3, 120000), "%u ms: %s",
              (unsigned)ms,
              assay_sim_world_violation(w) != NULL ? assay_sim_world_violation(w) : "no progress");
    assay_sim_world_member(w, 0, 2, &m);
    cr_expect_eq(m.trust.integrity_bp, 10000, "%u ms", (unsigned)ms);
}

/* docs/protocol.md 2.7.3: an answer takes longer than 2.9 waits for an envelope. */
Test(restart, keys_of_the_first_day_sign_one_envelope_behind_slow_links, .timeout = 600)
{
    const struct assay_sim_world_options slow = {
        .seed = 5, .nodes = 7, .epoch_ms = 1000, .delay_min_ms = 200, .delay_max_ms = 230
    };
    for (uint64_t ms = 10; ms < 1000; ms += 90) {
        struct assay_sim_world *w = assay_sim_world_create(&slow);
        put_back_to_first_day(w, ms);
        assay_sim_world_destroy(&w);
    }
}

/* Its ballot reports node 3 absent; later node 3 is there, and a second one would not. Without an
 * envelope of its own nothing but the ballot shows that it signed. */
Test(restart, keys_of_the_first_day_sign_one_ballot, .timeout = 600)
{
    unsigned after_a_ballot = 0;
    for (uint64_t ms = 450; ms < 640; ms += 10) {
        struct assay_sim_world *w = assay_sim_world_create(&seven);
        assay_sim_world_acts(w, 2)->quiet = true;
        assay_sim_world_kill(w, 3);
        cr_assert(assay_sim_world_run(w, ms));
        after_a_ballot += assay_sim_world_notes(w, 2, ASSAY_NOTE_BALLOT_CAST, 2) == 1 &&
                          assay_sim_world_epoch(w, 0) == 0;
        assay_sim_world_kill(w, 2);
        assay_sim_world_restart(w, 3);
        put_back_to_first_day(w, ms % 60);
        assay_sim_world_destroy(&w);
    }
    cr_expect_geq(after_a_ballot, 3);
}
