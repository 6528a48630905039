/*
 * tests/unit/engine/consensus/test_resume.c - Simplex after a crash (docs/protocol.md 2.4 to 2.10):
 * what it asks, how long it waits, where it votes again, and what it does about a log that was
 * rolled back.
 */
#include "base/cbor.h"
#include "engine/consensus/simplex_internal.h"
#include "sim/simplex/world_internal.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { DELTA_MS = 125 }; /* of the world's epochs of 2 s */

static struct assay_sim_simplex *running_world(void)
{
    const struct assay_sim_simplex_options options = { .seed = 11,
                                                       .slot_count = 4,
                                                       .weights = { 1, 1, 1, 1 },
                                                       .delay_min_ms = 1,
                                                       .delay_max_ms = 5,
                                                       .cadence_ms = 20,
                                                       .epoch_blocks = 1000 };
    struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
    cr_assert(assay_sim_simplex_run(world, 500));
    return world;
}

static void require_sound(const struct assay_sim_simplex *world)
{
    const char *violation = assay_sim_simplex_violation(world);
    cr_assert(violation == NULL, "%s", violation);
}

static bool nothing_passes(void *context, uint32_t from, uint32_t to, enum assay_message_kind kind,
                           struct assay_slice payload)
{
    (void)context;
    (void)from;
    (void)to;
    (void)kind;
    (void)payload;
    return false;
}

Test(resume, waits_for_answers_of_more_than_a_third)
{
    struct assay_sim_simplex *world = running_world();
    assay_sim_simplex_crash(world, 2);
    cr_assert(assay_sim_simplex_run(world, 200));
    assay_sim_simplex_restart(world, 2);
    struct assay_simplex *s = assay_sim_simplex_machine(world, 2);
    cr_expect(s->resume.asking);
    cr_expect_not(assay_sx_can_vote(s));
    cr_assert(assay_sim_simplex_run(world, 30)); /* there and back */
    cr_expect_not(s->resume.asking);
    cr_expect(assay_sx_can_vote(s));
    require_sound(world);
    assay_sim_simplex_destroy(&world);
}

/* docs/protocol.md 2.4.1: the fourth of five has no weight in the first epoch. */
Test(resume, who_has_no_seat_asks_as_soon_as_it_has_one)
{
    const struct assay_sim_simplex_options options = { .seed = 7,
                                                       .slot_count = 5,
                                                       .weights = { 1, 1, 1, 1, 0 },
                                                       .rotate = true,
                                                       .delay_min_ms = 1,
                                                       .delay_max_ms = 5,
                                                       .cadence_ms = 20 };
    struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
    struct assay_simplex_snapshot look;
    cr_assert(assay_sim_simplex_run(world, 20));
    assay_sim_simplex_crash(world, 3);
    assay_sim_simplex_restart(world, 3);
    assay_sim_simplex_look(world, 3, &look);
    cr_assert_eq(look.epoch, 1);
    const struct assay_simplex *s = assay_sim_simplex_machine(world, 3);
    cr_expect_not(s->resume.asking, "nobody would know of a vote of its own");
    cr_expect(look.asking);
    while (look.epoch == 1) {
        cr_expect_not(look.voting);
        cr_assert(assay_sim_simplex_run(world, 1));
        assay_sim_simplex_look(world, 3, &look);
    }
    cr_expect(s->resume.asking && look.asking);
    cr_expect_not(look.voting, "before anybody could answer");
    cr_assert(assay_sim_simplex_run(world, 4 * DELTA_MS));
    assay_sim_simplex_look(world, 3, &look);
    cr_expect_not(look.asking);
    require_sound(world);
    assay_sim_simplex_destroy(&world);
}

Test(resume, goes_on_after_four_deltas_when_nobody_answers)
{
    struct assay_sim_simplex *world = running_world();
    assay_sim_simplex_crash(world, 2);
    assay_sim_simplex_set_filter(world, nothing_passes, NULL);
    cr_assert(assay_sim_simplex_run(world, 50));
    assay_sim_simplex_restart(world, 2);
    struct assay_simplex *s = assay_sim_simplex_machine(world, 2);
    cr_assert(assay_sim_simplex_run(world, 4 * DELTA_MS - 5));
    cr_expect(s->resume.asking);
    cr_assert(assay_sim_simplex_run(world, 10));
    cr_expect_not(s->resume.asking);
    cr_expect(assay_sx_can_vote(s));
    assay_sim_simplex_destroy(&world);
}

Test(resume, votes_n_and_f_only_above_what_its_log_holds)
{
    struct assay_sim_simplex *world = running_world();
    assay_sim_simplex_crash(world, 2);
    assay_sim_simplex_restart(world, 2);
    struct assay_simplex *s = assay_sim_simplex_machine(world, 2);
    const uint64_t log_view = s->resume.log_view;
    cr_assert(log_view > 3);
    cr_assert(assay_sim_simplex_run(world, 2000));
    cr_expect(s->resume.floor >= log_view);
    cr_expect(assay_sim_simplex_height(world, 2) > log_view);
    struct assay_sim_simplex_counts counts;
    assay_sim_simplex_counts(world, &counts);
    cr_expect_eq(counts.rolled_back, 0); /* an honest log holds all that was sent */
    require_sound(world);
    assay_sim_simplex_destroy(&world);
}

static void cut_votes(struct sxw_machine *m, uint64_t from_view)
{
    size_t kept = 0;
    for (size_t i = 0; i < m->log_count; i++) {
        const struct sxw_log_item *item = &m->log[i];
        if (item->class_ == ASSAY_STORE_VOTE && item->key.number / 4 >= from_view)
            free(item->bytes);
        else m->log[kept++] = m->log[i];
    }
    m->log_count = kept;
}

/* A host put back an old copy of the disk: the peers remember. (That a machine which asks nobody
 * equivocates: test_simplex_twins.c, votes forgotten in a crash.) */
Test(resume, falls_silent_when_peers_hold_a_vote_that_the_log_lacks)
{
    struct assay_sim_simplex *world = running_world();
    assay_sim_simplex_crash(world, 2);
    struct sxw_machine *m = &world->machines[2];
    struct assay_simplex_snapshot snapshot;
    assay_sim_simplex_look(world, 1, &snapshot);
    cut_votes(m, snapshot.view - 2);
    assay_sim_simplex_restart(world, 2);
    cr_assert(assay_sim_simplex_run(world, 3000));
    struct assay_sim_simplex_counts counts;
    assay_sim_simplex_counts(world, &counts);
    cr_expect(counts.rolled_back > 0);
    assay_sim_simplex_look(world, 2, &snapshot);
    cr_expect_not(snapshot.voting);
    cr_expect(assay_sim_simplex_height(world, 2) > 20); /* follows the others all the same */
    require_sound(world);                               /* and said nothing twice */
    assay_sim_simplex_destroy(&world);
}

/* Everything from a view on, as if the disk were of that moment. */
static void cut_log(struct sxw_machine *m, uint64_t from_view)
{
    size_t kept = 0;
    for (size_t i = 0; i < m->log_count; i++) {
        const struct sxw_log_item *item = &m->log[i];
        const bool proposal = item->class_ == ASSAY_STORE_PROPOSAL;
        const uint64_t view = proposal ? item->key.number : item->key.number / 4;
        if (view >= from_view) free(item->bytes);
        else m->log[kept++] = m->log[i];
    }
    m->log_count = kept;
}

/* Peers hold no votes below their last final view: what they hold is sent along, so that nobody
 * votes anew in views that it does not remember. */
Test(resume, a_log_rolled_back_behind_finality_votes_nowhere_twice)
{
    for (uint64_t view = 2; view < 14; view++) {
        struct assay_sim_simplex *world = running_world();
        assay_sim_simplex_crash(world, 2);
        cut_log(&world->machines[2], view);
        cr_assert(assay_sim_simplex_run(world, 100));
        assay_sim_simplex_restart(world, 2);
        cr_assert(assay_sim_simplex_run(world, 300), "cut at view %u: %s", (unsigned)view,
                  assay_sim_simplex_violation(world));
        require_sound(world);
        assay_sim_simplex_destroy(&world);
    }
}

static bool no_answers(void *context, uint32_t from, uint32_t to, enum assay_message_kind kind,
                       struct assay_slice payload)
{
    (void)context;
    (void)from;
    (void)to;
    (void)payload;
    return kind != ASSAY_MESSAGE_RESUME_ANSWER;
}

Test(resume, an_answer_that_comes_late_still_silences_a_log_that_was_rolled_back)
{
    struct assay_sim_simplex *world = running_world();
    struct assay_simplex_snapshot snapshot;
    assay_sim_simplex_look(world, 1, &snapshot);
    const struct sx_view *v = assay_sx_find_view(world->machines[1].simplex, snapshot.view);
    const uint16_t seat = world->machines[1].simplex->seat_of[2];
    for (int i = 0; i < 400 && (v == NULL || !v->received[seat].verified[ASSAY_VOTE_NOTARISE]);
         i++) {
        cr_assert(assay_sim_simplex_run(world, 1));
        assay_sim_simplex_look(world, 1, &snapshot);
        v = assay_sx_find_view(world->machines[1].simplex, snapshot.view);
    }
    cr_assert(v != NULL && v->received[seat].verified[ASSAY_VOTE_NOTARISE]);
    assay_sim_simplex_crash(world, 2);
    cut_votes(&world->machines[2], snapshot.view);
    assay_sim_simplex_set_filter(world, nothing_passes, NULL); /* the others stand still */
    assay_sim_simplex_restart(world, 2);
    struct assay_simplex *s = assay_sim_simplex_machine(world, 2);
    s->resume.deadline_ms = assay_sim_simplex_now(world); /* 4 delta are over */
    s->demand_at_ms = UINT64_MAX;
    assay_sim_simplex_set_filter(world, no_answers, NULL);
    uint8_t bytes[1024];
    struct assay_vote_statement statement =
        assay_sx_statement(world->machines[1].simplex, v, ASSAY_VOTE_NOTARISE,
                           v->received[seat].id[ASSAY_VOTE_NOTARISE]);
    uint8_t vote[ASSAY_VOTE_LEN_MAX];
    struct assay_writer inner = assay_writer_over(vote, sizeof vote);
    assay_vote_encode(&statement, 2, v->received[seat].signature[ASSAY_VOTE_NOTARISE], &inner);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 6);
    assay_cbor_put_bytes(&w, world->chain_id, 32);
    assay_cbor_put_uint(&w, 0);
    assay_cbor_put_uint(&w, 1);
    assay_cbor_put_uint(&w, s->resume.nonce);
    assay_cbor_put_array(&w, 1);
    assay_cbor_put_bytes(&w, vote, inner.len);
    assay_cbor_put_array(&w, 0);
    s->resume.asking = false;
    cr_assert_eq(assay_sim_simplex_inject(world, 2, 1, ASSAY_MESSAGE_RESUME_ANSWER,
                                          assay_slice_over(bytes, w.len)),
                 ASSAY_OK);
    cr_expect(s->halted);
    assay_sim_simplex_destroy(&world);
}

Test(resume, an_answer_is_taken_once_from_each_and_only_with_the_right_nonce)
{
    struct assay_sim_simplex *world = running_world();
    assay_sim_simplex_crash(world, 2);
    assay_sim_simplex_restart(world, 2);
    struct sxw_machine *m = &world->machines[2];
    uint8_t bytes[128];
    for (int wrong = 0; wrong < 2; wrong++) {
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        assay_writer_u8(&w, 0x86); /* [chain, era, epoch, nonce, [], []] */
        assay_writer_u8(&w, 0x58);
        assay_writer_u8(&w, 32);
        assay_writer_put(&w, world->chain_id, 32);
        assay_writer_u8(&w, 0);
        assay_writer_u8(&w, 1);
        assay_writer_u8(&w, 0x19); /* a nonce of two bytes: the world's clock */
        assay_writer_u16be(&w, (uint16_t)(m->simplex->resume.nonce + (wrong == 0 ? 1 : 0)));
        assay_writer_u8(&w, 0x80);
        assay_writer_u8(&w, 0x80);
        cr_assert(!w.full);
        const enum assay_status status = assay_sim_simplex_inject(
            world, 2, 3, ASSAY_MESSAGE_RESUME_ANSWER, assay_slice_over(bytes, w.len));
        cr_expect_eq(status, wrong == 0 ? ASSAY_E_STALE : ASSAY_OK);
        if (wrong == 1)
            cr_expect_eq(assay_sim_simplex_inject(world, 2, 3, ASSAY_MESSAGE_RESUME_ANSWER,
                                                  assay_slice_over(bytes, w.len)),
                         ASSAY_E_DUPLICATE);
    }
    cr_expect(m->simplex->resume.asking); /* one of four is no third */
    assay_sim_simplex_destroy(&world);
}

/* [chain, era, epoch, nonce, [], []]: "I hold no vote of yours". */
static enum assay_status answer_nothing(struct assay_sim_simplex *world, uint16_t from,
                                        uint64_t epoch)
{
    uint8_t bytes[128];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 6);
    assay_cbor_put_bytes(&w, world->chain_id, 32);
    assay_cbor_put_uint(&w, 0);
    assay_cbor_put_uint(&w, epoch);
    assay_cbor_put_uint(&w, world->machines[2].simplex->resume.nonce);
    assay_cbor_put_array(&w, 0);
    assay_cbor_put_array(&w, 0);
    cr_assert(!w.full);
    return assay_sim_simplex_inject(world, 2, from, ASSAY_MESSAGE_RESUME_ANSWER,
                                    assay_slice_over(bytes, w.len));
}

/* Who is in a later epoch has forgotten the votes of this one. */
Test(resume, answers_from_a_later_epoch_do_not_say_that_nothing_was_voted)
{
    for (uint64_t epoch = 1; epoch <= 2; epoch++) {
        struct assay_sim_simplex *world = running_world();
        assay_sim_simplex_crash(world, 2);
        assay_sim_simplex_set_filter(world, nothing_passes, NULL);
        assay_sim_simplex_restart(world, 2);
        const struct assay_simplex *s = assay_sim_simplex_machine(world, 2);
        cr_assert(s->resume.asking);
        cr_assert_eq(answer_nothing(world, 1, epoch), ASSAY_OK);
        cr_expect(s->resume.asking && !s->halted, "one of four is no third");
        cr_assert_eq(answer_nothing(world, 3, epoch), ASSAY_OK);
        cr_expect_eq(s->resume.asking, epoch == 2, "two of four have answered about epoch 1");
        cr_expect_eq(s->halted, epoch == 2, "an honest one says that epoch 1 is over");
        cr_expect_eq(assay_sx_can_vote(s), epoch == 1);
        require_sound(world);
        assay_sim_simplex_destroy(&world);
    }
}

/* [chain, era, epoch, nonce, [a vote of ours in that epoch], no certificates], whose signature is
 * that of keys which this log does not know. */
static enum assay_status answer_with_a_vote(struct assay_sim_simplex *world, uint16_t from,
                                            uint64_t epoch)
{
    const struct assay_simplex *s = world->machines[2].simplex;
    struct assay_vote_statement statement = {
        .era = s->base.era, .view = 3, .type = ASSAY_VOTE_NOTARISE, .block_id = { 1 }
    };
    assay_bytes_copy(statement.chain_id, 32, s->config.chain_id, 32);
    const uint8_t signature[ASSAY_P256_SIGNATURE_LEN] = { 1 };
    uint8_t bytes[1024];
    uint8_t vote[ASSAY_VOTE_LEN_MAX];
    statement.epoch = epoch;
    struct assay_writer inner = assay_writer_over(vote, sizeof vote);
    assay_vote_encode(&statement, 2, signature, &inner);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 6);
    assay_cbor_put_bytes(&w, world->chain_id, 32);
    assay_cbor_put_uint(&w, 0);
    assay_cbor_put_uint(&w, epoch);
    assay_cbor_put_uint(&w, s->resume.nonce);
    assay_cbor_put_array(&w, 1);
    assay_cbor_put_bytes(&w, vote, inner.len);
    assay_cbor_put_array(&w, 0);
    cr_assert(!w.full);
    return assay_sim_simplex_inject(world, 2, from, ASSAY_MESSAGE_RESUME_ANSWER,
                                    assay_slice_over(bytes, w.len));
}

/* An invalid signature is a strike, and three are a ban: honest peers would be banned for telling a
 * log from before our own reincarnation what our newer keys have signed. */
Test(resume, votes_of_newer_keys_in_a_later_epoch_are_no_forgery)
{
    struct assay_sim_simplex *world = running_world();
    assay_sim_simplex_crash(world, 2);
    assay_sim_simplex_set_filter(world, nothing_passes, NULL);
    assay_sim_simplex_restart(world, 2);
    const struct assay_simplex *s = assay_sim_simplex_machine(world, 2);
    cr_expect_eq(answer_with_a_vote(world, 0, 1), ASSAY_E_SIGNATURE, "of this epoch it is one");
    cr_expect_eq(answer_with_a_vote(world, 1, 2), ASSAY_OK);
    cr_expect_not(s->halted, "one of four says that epoch 1 is over");
    cr_expect_eq(answer_with_a_vote(world, 3, 2), ASSAY_OK);
    cr_expect(s->halted, "and two of four are more than a third");
    cr_expect_eq(s->resume.silent_through, 0, "nothing was shown that these keys signed");
    require_sound(world);
    assay_sim_simplex_destroy(&world);
}
