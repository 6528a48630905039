/*
 * tests/unit/services/shares/test_share_rounds.c - tests of public attempts in the fold.
 *
 * Public attempts of a reshare in the fold (docs/services.md 5.17): few that are silent or lie
 * prevent nothing, honest slots lose nothing, and what is said privately is no silence.
 */
#include "services/shares/document.h"
#include "tests/support/services/shares_round_bench.h"

enum { ALL = (1u << SLOTS) - 1 };

/* --- a round */

Test(share_rounds, what_was_not_done_privately_is_done_in_public)
{
    struct bench *b = bench_of();
    const uint64_t began = b->epoch - 1; /* when the slot was given away */
    bench_deal_all(b, ALL);
    bench_close(b);
    cr_assert_eq(b->r->round->phase, ASSAY_SHARE_PHASE_DISPUTES, "all have dealt");
    bench_close(b);
    bench_close(b);
    cr_assert_eq(b->r->round->phase, ASSAY_SHARE_PHASE_HAVES);
    bench_have_all(b, ALL);
    cr_assert_eq(bench_row(b)->generation, 2, "at once when all have said so");
    cr_assert_leq(b->epoch - began, 8);
    bench_close(b);
    cr_assert_eq(b->r->round->phase, ASSAY_SHARE_PHASE_NONE);
    cr_assert_eq(bench_row(b)->wanted, 0);
    cr_assert_eq(b->convicted + b->barred + b->away + b->silent, 0);
    bench_done(b);
}

/* Whoever is silent, from dealing on: n - r of them prevent nothing. */
Test(share_rounds, a_slot_that_is_silent_prevents_nothing)
{
    for (uint32_t silent = 0; silent < SLOTS; silent++) {
        struct bench *b = bench_of();
        const uint32_t others = ALL & ~(1u << silent);
        const uint64_t began = b->epoch - 1;
        bench_deal_all(b, others);
        for (uint32_t i = 0; i < 8 && b->r->round->phase != ASSAY_SHARE_PHASE_HAVES; i++)
            bench_close(b);
        bench_have_all(b, others);
        while (bench_row(b)->generation == 1 && b->epoch - began < 20)
            bench_close(b);
        cr_assert_eq(bench_row(b)->generation, 2, "slot %u", silent);
        cr_assert_leq(b->epoch - began, 8);
        cr_assert_eq(b->convicted, 0);
        bench_done(b);
    }
}

Test(share_rounds, fewer_than_enough_make_no_generation)
{
    struct bench *b = bench_of();
    bench_deal_all(b, ALL);
    for (uint32_t i = 0; i < 8 && b->r->round->phase != ASSAY_SHARE_PHASE_HAVES; i++)
        bench_close(b);
    bench_have_all(b, 7);
    for (uint32_t i = 0; i < 4; i++) {
        bench_close(b);
        cr_assert_eq(bench_row(b)->generation, 1, "three of five, of whom two may lie");
    }
    bench_done(b);
}

/* --- lies */

/* A dealer gives one slot another number than it has committed to. */
static void lie_to(struct bench *b, struct assay_share_dealing_record *record, uint32_t taker)
{
    struct assay_share_dealing_line *line = &record->line[0];
    const struct assay_secret32 r = bench_scalar(b), wrong = bench_scalar(b);
    uint8_t label[32], wide[ASSAY_SODIUM_WIDE_LEN];
    const uint32_t dealer = record->speaker.slot;
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct assay_secret32 sub;
        cr_assert_eq(assay_share_of(&b->f[dealer], i, &sub), ASSAY_OK);
        assay_share_registry_get_label(b->r, bench_reshare(b), dealer, i, label);
        cr_assert_eq(assay_dealing_seal(&r, b->r->round->key[i], label, i == taker ? &wrong : &sub,
                                        line->dealing.sealed[i]),
                     ASSAY_OK);
    }
    cr_assert_eq(assay_sodium_point_base(&r, line->dealing.dealt), ASSAY_OK);
    bench_draw(b, wide, sizeof wide);
    assay_share_dealing_label(&b->r->config.home, &record->speaker, line, label);
    cr_assert_eq(assay_dealing_prove(&r, label, wide, line->dealing.dealt, &line->proof),
                 ASSAY_OK);
}

Test(share_rounds, a_dealer_that_gives_one_slot_a_wrong_number_is_convicted)
{
    struct bench *b = bench_of();
    const uint32_t liar = 0, taker = 3, member = bench_member(b, liar);
    struct assay_share_dealing_record record = bench_dealing(b, liar);
    lie_to(b, &record, taker);
    cr_assert_eq(bench_deal(b, liar, &record), ASSAY_SHARE_APPLIED, "nobody else sees it");
    bench_deal_all(b, ALL & ~(1u << liar));
    bench_close(b);
    const struct assay_share_dispute_record dispute = bench_dispute(b, taker, liar);
    cr_assert_eq(bench_say(b, taker, &dispute), ASSAY_SHARE_APPLIED);
    cr_assert(b->r->member[member].convicted);
    cr_assert_eq(bench_say(b, taker, &dispute), ASSAY_SHARE_SAME);
    bench_close(b);
    bench_close(b);
    cr_assert_eq(bench_reshare(b)->dealers & 1u << liar, 0);
    bench_have_all(b, ALL & ~(1u << liar));
    bench_close(b);
    bench_close(b);
    cr_assert_eq(bench_row(b)->generation, 2);
    cr_assert_eq(b->convicted, 1);
    cr_assert_eq(b->barred, 0);
    bench_done(b);
}

/* It deals another number on than its share. */
Test(share_rounds, a_dealer_that_deals_another_number_is_convicted)
{
    struct bench *b = bench_of();
    const struct assay_secret32 own = b->share[1];
    const uint32_t member = bench_member(b, 1);
    b->share[1] = bench_scalar(b);
    bench_deal_all(b, ALL);
    b->share[1] = own;
    bench_close(b);
    struct assay_share_dispute_record dispute = {
        .speaker = bench_speaker(b, 2), .generation = 2, .attempt = bench_reshare(b)->attempt,
        .dealer = 1, .kind = ASSAY_SHARE_DISPUTE_CONSTANT, .current = b->a,
    };
    assay_bytes_copy(dispute.id, 32, b->id, 32);
    dispute.current.point[1][0] ^= 4;
    cr_assert_eq(bench_say(b, 2, &dispute), ASSAY_SHARE_MISMATCH, "of another A");
    dispute.current = b->a;
    cr_assert_eq(bench_say(b, 2, &dispute), ASSAY_SHARE_APPLIED);
    cr_assert(b->r->member[member].convicted);
    bench_close(b);
    bench_close(b);
    bench_have_all(b, ALL & ~2u);
    bench_close(b);
    bench_close(b);
    cr_assert_eq(bench_row(b)->generation, 2);
    bench_done(b);
}

/* What is right stands, whoever disputes it; and who did says nothing more for a time. */
Test(share_rounds, a_false_dispute_costs_its_author_its_voice_and_nobody_a_slot)
{
    struct bench *b = bench_of();
    bench_deal_all(b, ALL);
    bench_close(b);
    struct assay_share_dispute_record dispute = bench_dispute(b, 3, 1);
    cr_assert_eq(bench_say(b, 3, &dispute), ASSAY_SHARE_HONEST);
    cr_assert_eq(bench_say(b, 3, &dispute), ASSAY_SHARE_STRANGER, "nothing is computed");
    /* One that shows nothing is as false. */
    dispute = bench_dispute(b, 2, 1);
    dispute.shown[0] ^= 2;
    cr_assert_eq(bench_say(b, 2, &dispute), ASSAY_SHARE_HONEST);
    dispute = bench_dispute(b, 0, 1);
    cr_assert_eq(assay_sodium_point_base(&b->share[2], dispute.shown), ASSAY_OK);
    cr_assert_eq(bench_say(b, 0, &dispute), ASSAY_SHARE_HONEST, "no e R");
    cr_assert_eq(b->barred, 3);
    cr_assert_eq(b->convicted, 0);
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        cr_assert(!assay_share_registry_is_lost(b->r, 0, slot));
    for (uint32_t i = 0; i < ASSAY_SHARE_SILENT_EPOCHS; i++) {
        if (b->r->round->phase == ASSAY_SHARE_PHASE_HAVES) break;
        bench_close(b);
    }
    bench_have_all(b, ALL);
    cr_assert_eq(bench_row(b)->generation, 2);
    bench_done(b);
}

/* A hostile dealer puts an honest one's R and sealed numbers into its own dealing: slots would
 * dispute it, and what they show would read the honest dealer's numbers. */
Test(share_rounds, a_copied_dealing_is_none)
{
    struct bench *b = bench_of();
    const struct assay_share_dealing_record honest = bench_dealing(b, 2);
    struct assay_share_dealing_record copy = bench_dealing(b, 0);
    cr_assert_eq(bench_deal(b, 2, &honest), ASSAY_SHARE_APPLIED);
    copy.line[0] = honest.line[0];
    cr_assert_eq(bench_deal(b, 0, &copy), ASSAY_SHARE_MISMATCH, "the proof is of the dealer");
    copy = bench_dealing(b, 0);
    assay_bytes_copy(copy.line[0].dealing.dealt, 32, honest.line[0].dealing.dealt, 32);
    copy.line[0].proof = honest.line[0].proof;
    cr_assert_eq(bench_deal(b, 0, &copy), ASSAY_SHARE_MISMATCH, "and of the dealing");
    cr_assert_eq(bench_reshare(b)->dealt, 1u << 2);
    bench_done(b);
}

Test(share_rounds, a_slot_deals_once_in_an_attempt)
{
    struct bench *b = bench_of();
    const struct assay_share_dealing_record first = bench_dealing(b, 1);
    struct assay_share_public_dealing dealt;
    cr_assert_eq(bench_deal(b, 1, &first), ASSAY_SHARE_APPLIED);
    const struct assay_share_dealing_record second = bench_dealing(b, 1);
    cr_assert_eq(bench_deal(b, 1, &second), ASSAY_SHARE_SAME);
    cr_assert(assay_share_registry_get_dealing(b->r, bench_reshare(b), 1, &dealt));
    cr_assert_arr_eq(dealt.dealt, first.line[0].dealing.dealt, 32);
    cr_assert_arr_eq(dealt.sealed[3], first.line[0].dealing.sealed[3], 32);
    bench_done(b);
}

/* What is no dealing is refused before anything follows from it. */
Test(share_rounds, bytes_that_are_no_points_are_no_dealing)
{
    struct bench *b = bench_of();
    const struct assay_share_dealing_record good = bench_dealing(b, 1);
    for (uint32_t i = 0; i < 8; i++) {
        struct assay_share_dealing_record bad = good;
        struct assay_share_dealing_line *line = &bad.line[0];
        if (i == 1) assay_bytes_zero(line->dealing.commitments.point[2], 32);
        if (i == 2) line->dealing.commitments.point[1][31] |= 0x80;
        if (i == 3) line->dealing.commitments.k--;
        if (i == 4) line->dealing.slots--;
        if (i == 5) line->dealing.sealed[4][31] = 0xff;
        if (i > 0 && i < 6) bench_prove(b, &bad); /* it is the dealer's own, and proved */
        if (i == 0) assay_bytes_zero(line->dealing.dealt, 32);
        if (i == 6) line->proof.answer[3] ^= 1;
        if (i == 7) line->dealing.sealed[0][5] ^= 1;
        cr_assert_eq(bench_deal(b, 1, &bad), ASSAY_SHARE_MISMATCH, "%u", i);
    }
    cr_assert_eq(bench_deal(b, 1, &good), ASSAY_SHARE_APPLIED);
    bench_done(b);
}

/* Each of the four slots of the tuple names another number: nothing of one is read by another. */
Test(share_rounds, a_sealed_number_is_of_its_dealer_its_taker_and_its_attempt)
{
    struct bench *b = bench_of();
    const struct assay_share_sealed_for what = { .era = 1, .cluster = 1, .generation = 2,
                                                 .attempt = 3, .dealer = 1, .taker = 2 };
    struct assay_share_sealed_for other[7];
    uint8_t label[32], another[32];
    for (uint32_t i = 0; i < 7; i++)
        other[i] = what;
    other[0].era++;
    other[1].cluster++;
    other[2].generation++;
    other[3].attempt++;
    other[4].dealer++;
    other[5].taker++;
    other[6].id[0]++;
    assay_share_sealed_label(&b->r->config.home, &what, label);
    for (uint32_t i = 0; i < 7; i++) {
        assay_share_sealed_label(&b->r->config.home, &other[i], another);
        cr_assert_arr_neq(label, another, 32, "%u", i);
    }
    struct assay_share_home home = b->r->config.home;
    home.chain_id[7] ^= 1;
    assay_share_sealed_label(&home, &what, another);
    cr_assert_arr_neq(label, another, 32, "of another chain");
    bench_done(b);
}

/* Who says another digest than that of what is on the ledger lies: everybody computes it. */
Test(share_rounds, a_slot_that_came_to_something_else_is_convicted)
{
    struct bench *b = bench_of();
    const uint32_t member = bench_member(b, 2);
    bench_deal_all(b, ALL);
    bench_close(b);
    bench_close(b);
    bench_close(b);
    cr_assert_eq(bench_have(b, 2, 2, bench_reshare(b)->attempt, &b->a), ASSAY_SHARE_MISMATCH);
    cr_assert(b->r->member[member].convicted);
    bench_have_all(b, ALL & ~4u);
    bench_close(b);
    bench_close(b);
    cr_assert_eq(bench_row(b)->generation, 2);
    bench_done(b);
}

/* --- silence */

/* A private attempt after the other: a hostile dealer gives nothing to one slot, so that slot never
 * says that it has the share. It costs it nothing, for as long as it lasts. */
Test(share_rounds, silence_in_private_attempts_costs_nothing)
{
    struct bench *b = bench_of();
    const uint32_t starved = 3, member = bench_member(b, starved);
    /* Without keys there is no public attempt. */
    while (b->r->round->phase != ASSAY_SHARE_PHASE_NONE)
        bench_close(b);
    const uint32_t silent = b->silent, away = b->away;
    bench_list(b, 6); /* somebody else would like to sit */
    for (uint32_t i = 0; i < 200; i++) {
        bench_close(b);
        cr_assert(bench_reshare(b) == NULL || !bench_reshare(b)->is_public);
        for (uint32_t slot = 0; slot < SLOTS; slot++)
            cr_assert(!assay_share_registry_is_lost(b->r, 0, slot));
    }
    cr_assert_eq(b->silent, silent);
    cr_assert_eq(b->away, away);
    cr_assert_eq(bench_member(b, starved), member);
    bench_done(b);
}

/* Through one round in which a slot says nothing at all, and the next, with others. */
static void round_without(struct bench *b, uint32_t silent)
{
    while (b->r->round->phase != ASSAY_SHARE_PHASE_DEALS) {
        for (uint32_t slot = 0; slot < SLOTS; slot++) {
            bench_ready(b, slot);
            (void)bench_key(b, slot);
        }
        bench_close(b);
    }
    if (bench_reshare(b) != NULL) bench_deal_all(b, ALL & ~(1u << silent));
    for (uint32_t i = 0; i < 8 && b->r->round->phase != ASSAY_SHARE_PHASE_NONE; i++) {
        if (b->r->round->phase == ASSAY_SHARE_PHASE_HAVES && bench_reshare(b)->have[0] == 0)
            bench_have_all(b, ALL & ~(1u << silent));
        bench_close(b);
    }
    /* The next one is wanted again. */
    b->r->row[0].wanted = 1;
}

Test(share_rounds, who_is_silent_twice_loses_its_slot_and_comes_back)
{
    struct bench *b = bench_of();
    const uint32_t silent = 2, member = bench_member(b, silent);
    bench_list(b, 6);
    bench_deal_all(b, ALL & ~(1u << silent));
    bench_close(b);
    cr_assert_eq(b->silent, 0, "one close is no silence");
    bench_close(b);
    cr_assert_eq(b->silent, 1);
    cr_assert_gt(b->r->cluster[0].public_until, b->epoch);
    cr_assert_eq(bench_member(b, silent), member, "once costs no slot");
    while (b->r->round->phase == ASSAY_SHARE_PHASE_DISPUTES)
        bench_close(b);
    bench_have_all(b, ALL & ~(1u << silent));
    bench_close(b);
    bench_close(b);
    cr_assert_eq(b->away, 1, "and again in SHARE_HAVE");
    cr_assert_neq(bench_member(b, silent), member);
    cr_assert(!b->r->member[member].convicted);
    const uint64_t until = b->r->member[member].away_until;
    cr_assert_eq(until, b->epoch + ASSAY_SHARE_SILENT_EPOCHS);
    /* The one that came in its place falls, and it is the best candidate: not before. */
    b->standing[bench_member(b, silent)] = ASSAY_SHARE_STAND_SUSPENDED;
    for (uint32_t i = 0; i < MEMBERS; i++)
        if (i > 6 || i == 4) b->standing[i] = ASSAY_SHARE_STAND_NONE;
    bench_close(b);
    cr_assert_neq(bench_member(b, silent), member);
    while (b->epoch < until)
        bench_close(b);
    bench_close(b);
    cr_assert_eq(bench_member(b, silent), member);
    bench_done(b);
}

/* With every share where it belongs, and somebody else who may sit. */
Test(share_rounds, one_silence_costs_no_slot)
{
    struct bench *b = bench_of();
    const uint32_t silent = 2, member = bench_member(b, silent);
    bench_list(b, 6);
    bench_deal_all(b, ALL);
    for (uint32_t i = 0; i < 3; i++)
        bench_close(b);
    bench_have_all(b, ALL);
    cr_assert_eq(bench_row(b)->have[0], ALL);
    b->r->row[0].wanted = 1;
    bench_close(b);
    bench_ready(b, 4);
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        cr_assert_eq(bench_key(b, slot), ASSAY_SHARE_APPLIED);
    bench_close(b);
    cr_assert_eq(b->r->round->phase, ASSAY_SHARE_PHASE_DEALS);
    bench_deal_all(b, ALL & ~(1u << silent));
    bench_close(b);
    bench_close(b);
    cr_assert_eq(b->silent, 1);
    cr_assert_eq(b->away, 0);
    cr_assert_eq(bench_member(b, silent), member);
    bench_done(b);
}

/* A member whose own evidence nobody certified was not there: that is the scores' to say. */
Test(share_rounds, silence_of_a_member_that_is_not_certified_is_nothing)
{
    struct bench *b = bench_of();
    const uint32_t silent = 2;
    bench_list(b, 6);
    b->certified[bench_member(b, silent)] = false;
    for (uint32_t i = 0; i < 6; i++)
        round_without(b, silent);
    cr_assert_eq(b->away, 0);
    cr_assert_eq(b->silent, 0);
    cr_assert_geq(bench_row(b)->generation, 4, "and the others go on");
    bench_done(b);
}

/* Without a candidate a slot that is taken away would only be missing. */
Test(share_rounds, a_silent_slot_stays_where_nobody_else_may_sit)
{
    struct bench *b = bench_of();
    const uint32_t silent = 2, member = bench_member(b, silent);
    for (uint32_t i = 0; i < 5; i++)
        round_without(b, silent);
    cr_assert_gt(b->silent, 1);
    cr_assert_geq(bench_row(b)->generation, 4);
    cr_assert_eq(b->away, 0);
    cr_assert_eq(bench_member(b, silent), member);
    cr_assert(!assay_share_registry_is_lost(b->r, 0, silent));
    bench_done(b);
}

/* --- seats and eras */

/* A slot that lists another key in every attempt: it is passed over, and the others go on; who left
 * may know the new share, so it is dealt anew once more. */
Test(share_rounds, a_slot_that_moves_stops_no_round)
{
    struct bench *b = bench_of();
    bench_list(b, 6);
    bench_deal_all(b, ALL);
    bench_close(b);
    b->standing[bench_member(b, 1)] = ASSAY_SHARE_STAND_SUSPENDED;
    bench_close(b);
    cr_assert_eq(b->r->round->out, 1u << 1);
    bench_close(b);
    bench_have_all(b, ALL);
    cr_assert_eq(bench_row(b)->generation, 2);
    cr_assert_eq(bench_row(b)->gone, 1u << 1);
    cr_assert_neq(bench_row(b)->wanted, 0, "once more, without the one that left");
    cr_assert_eq(b->convicted, 0);
    bench_done(b);
}

/* A member lists another key, and has its slot once more: it is the best that there is. */
static void list_another_key(struct bench *b, uint32_t slot)
{
    const uint32_t member = bench_member(b, slot);
    struct assay_share_holder_record record = { .node = { (uint8_t)(member + 1) },
                                                .curve = { (uint8_t)(member + 1), 1 } };
    assay_bytes_copy(record.key, sizeof record.key, b->r->member[member].key, sizeof record.key);
    record.key[63]++;
    cr_assert_eq(assay_share_registry_apply_holder(b->r, member, record.node, &record, &b->facts),
                 ASSAY_SHARE_APPLIED);
    bench_look(b);
    cr_assert_eq(bench_member(b, slot), member);
    cr_assert(!assay_share_registry_is_lost(b->r, 0, slot));
}

/* Another key does not make a member forget its silence. */
Test(share_rounds, who_is_silent_twice_loses_its_slot_whatever_key_it_lists)
{
    struct bench *b = bench_of();
    const uint32_t silent = 2, member = bench_member(b, silent);
    bench_list(b, 6);
    b->score[member] = 200; /* it has its slot once more */
    bench_deal_all(b, ALL);
    bench_close(b);
    bench_close(b);
    bench_close(b);
    bench_have_all(b, ALL & ~(1u << silent));
    bench_close(b);
    bench_close(b);
    cr_assert_eq(b->silent, 1);
    list_another_key(b, silent);
    while (b->r->round->phase != ASSAY_SHARE_PHASE_DEALS) {
        for (uint32_t slot = 0; slot < SLOTS; slot++) {
            bench_ready(b, slot);
            (void)bench_key(b, slot);
        }
        bench_close(b);
    }
    bench_deal_all(b, ALL & ~(1u << silent));
    for (uint32_t i = 0; i < 4; i++)
        bench_close(b);
    bench_have_all(b, ALL & ~(1u << silent));
    bench_close(b);
    bench_close(b);
    cr_assert_eq(b->away, 1);
    cr_assert_neq(bench_member(b, silent), member);
    cr_assert_eq(b->convicted, 0);
    bench_done(b);
}

/* A slot that says nothing, so that no private attempt is done before a close, and lists another
 * key before each, which ends every attempt of its cluster. */
Test(share_rounds, a_slot_that_moves_before_each_close_stops_no_generation)
{
    struct bench *b = bench_of();
    const uint32_t mover = 2;
    bench_deal_all(b, ALL);
    for (uint32_t i = 0; i < 3; i++)
        bench_close(b);
    bench_have_all(b, ALL);
    bench_close(b);
    cr_assert_eq(b->silent, 0, "no public attempt was missed");
    bench_ready(b, 4);
    list_another_key(b, mover);
    bench_close(b);
    const uint64_t began = b->epoch;
    while (b->r->round->phase == ASSAY_SHARE_PHASE_NONE && b->epoch - began < 8) {
        list_another_key(b, mover);
        for (uint32_t slot = 0; slot < SLOTS; slot++) {
            if (slot == mover || (b->r->cluster[0].seat[slot].has_next)) continue;
            cr_assert_eq(bench_key(b, slot), ASSAY_SHARE_APPLIED);
        }
        bench_close(b);
    }
    cr_assert_eq(b->r->round->phase, ASSAY_SHARE_PHASE_DEALS);
    cr_assert_leq(b->epoch - began, 2);
    const uint32_t others = ALL & ~(1u << mover);
    cr_assert_eq(b->r->round->takers, others);
    bench_deal_all(b, others);
    for (uint32_t i = 0; i < 8 && b->r->round->phase != ASSAY_SHARE_PHASE_HAVES; i++) {
        list_another_key(b, mover);
        bench_close(b);
    }
    bench_have_all(b, others);
    cr_assert_eq(bench_row(b)->generation, 3);
    cr_assert_eq(b->convicted, 0);
    bench_done(b);
}

/* Synced in all slots, of owners of their own. */
static void put_many(struct bench *b, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct assay_share_put_record put = { .k = K, .owner = { (uint8_t)(i + 1) },
                                              .birth = { .epoch = b->epoch } };
        struct assay_share_list_record have = { .era = b->r->era, .count = 1 };
        assay_share_commitments_digest(&b->a, put.digest);
        cr_assert_eq(assay_share_registry_apply_put(b->r, i % MEMBERS, &put, &b->facts),
                     ASSAY_SHARE_APPLIED);
        assay_share_id(put.owner, put.name, have.line[0].id);
        have.line[0].generation = 1;
        have.line[0].attempt = assay_share_put_attempt(b->epoch);
        assay_bytes_copy(have.line[0].digest, 32, put.digest, 32);
        for (uint32_t slot = 0; slot < SLOTS; slot++) {
            have.seating = b->r->cluster[0].seat[slot].seating;
            cr_assert_eq(
                assay_share_registry_apply_have(b->r, bench_member(b, slot), &have, &b->facts),
                ASSAY_SHARE_APPLIED);
        }
    }
    bench_look(b);
}

/* Every attempt of the round is done at once, by slots of `who`. */
static void finish_round(struct bench *b, uint32_t who)
{
    for (uint32_t i = b->r->reshare_count; i-- > 0;) {
        struct assay_share_reshare *reshare = &b->r->reshare[i];
        if (!reshare->is_public) continue;
        reshare->have[0] = who;
        reshare->digest[0][0] = (uint8_t)reshare->generation;
        b->facts.count = 0;
        assay_share_reshare_finish(b->r, i, 0, &b->facts);
    }
    bench_look(b);
}

/* More ids than two rounds have, and a slot that moves all the time, so that each is wanted again
 * as soon as it was dealt: those that wait come first. */
Test(share_rounds, who_waits_longest_for_a_round_comes_first)
{
    struct bench *b = bench_of();
    const uint32_t mover = 2, others = ALL & ~(1u << mover);
    bench_deal_all(b, ALL);
    for (uint32_t i = 0; i < 3; i++)
        bench_close(b);
    bench_have_all(b, ALL);
    bench_close(b);
    put_many(b, 2 * assay_share_round_ids(&b->r->config));
    uint32_t rounds = 0;
    for (uint32_t i = 0; i < 24 && rounds < 6; i++) {
        for (uint32_t slot = 0; slot < SLOTS; slot++) {
            bench_ready(b, slot);
            (void)bench_key(b, slot);
        }
        list_another_key(b, mover);
        bench_close(b);
        if (b->r->round->phase != ASSAY_SHARE_PHASE_DEALS) continue;
        finish_round(b, others);
        rounds++;
    }
    cr_assert_eq(rounds, 6);
    for (uint32_t i = 0; i < b->r->row_count; i++)
        cr_assert_gt(b->r->row[i].generation, 1, "row %u of %u", i, b->r->row_count);
    bench_done(b);
}

/* Bytes of the records in which slot 0 deals everything of a round, with their heads. */
static size_t dealings_len(const struct bench *b)
{
    static struct assay_share_dealing_record record;
    static uint8_t bytes[ASSAY_SHARE_RECORD_MAX];
    struct assay_slice out;
    size_t len = 0;
    record.speaker = bench_speaker(b, 0);
    record.count = 0;
    for (uint32_t i = 0; i < b->r->reshare_count; i++) {
        const struct assay_share_reshare *reshare = &b->r->reshare[i];
        if (reshare->is_public) {
            struct assay_share_dealing_line *line = &record.line[record.count++];
            *line = (struct assay_share_dealing_line){ .generation = UINT32_MAX,
                                                       .attempt = INT64_MAX };
            line->dealing.slots = SLOTS;
            line->dealing.commitments.k = K;
        }
        if (record.count < ASSAY_SHARE_DEALINGS_MAX && i + 1 < b->r->reshare_count) continue;
        cr_assert_eq(assay_share_dealing_record_encode(&record, bytes, sizeof bytes, &out),
                     ASSAY_OK);
        len += out.len + 6;
        record.count = 0;
    }
    return len;
}

/* In a network of 128 a member has 8 KiB for its records in an epoch: a round wants no more of a
 * dealer than it can say in its two, beside other records. */
Test(share_rounds, a_dealer_can_say_all_of_a_round_in_a_large_network)
{
    enum { MANY = ASSAY_SHARE_MEMBERS_MAX };
    static const uint32_t networks[] = { 9, 17, 64, MANY };
    for (uint32_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        struct bench *b = bench_of();
        enum assay_share_standing standing[MANY] = { ASSAY_SHARE_STAND_NONE };
        uint16_t score[MANY] = { 0 };
        bench_deal_all(b, ALL);
        for (uint32_t k = 0; k < 3; k++)
            bench_close(b);
        bench_have_all(b, ALL);
        bench_close(b);
        put_many(b, 2 * assay_share_round_ids(&b->r->config));
        for (uint32_t k = 0; k < 4 && b->r->round->phase != ASSAY_SHARE_PHASE_DEALS; k++) {
            for (uint32_t slot = 0; slot < SLOTS; slot++) {
                bench_ready(b, slot);
                (void)bench_key(b, slot);
            }
            list_another_key(b, 2);
            for (uint32_t slot = 0; slot < MEMBERS; slot++) {
                standing[slot] = b->standing[slot];
                score[slot] = b->score[slot];
            }
            assay_share_registry_close_epoch(b->r, ++b->epoch, standing, score, networks[i],
                                             &b->facts);
            bench_look(b);
        }
        cr_assert_eq(b->r->round->phase, ASSAY_SHARE_PHASE_DEALS);
        const size_t part = networks[i] > 16 ? (1u << 20) / networks[i] : 65536;
        cr_expect_leq(dealings_len(b), part + part / 4, "%zu bytes of %zu, %u members",
                      dealings_len(b), part, networks[i]);
        cr_expect_geq(dealings_len(b), part / 2 < 13000 ? part / 2 : 13000);
        bench_done(b);
    }
}

Test(share_rounds, a_new_era_ends_the_round_and_costs_nobody_anything)
{
    struct bench *b = bench_of();
    bench_deal_all(b, 1u);
    assay_share_registry_set_era(b->r, 1);
    bench_close(b);
    cr_assert_eq(b->r->round->phase, ASSAY_SHARE_PHASE_NONE);
    cr_assert_eq(b->silent, 0);
    for (uint32_t i = 0; i < 10; i++) {
        bench_close(b);
        cr_assert_eq(b->r->round->phase, ASSAY_SHARE_PHASE_NONE, "no key is of this era");
    }
    bench_done(b);
}

/* A key is used in one round. */
Test(share_rounds, a_key_is_of_one_round)
{
    struct bench *b = bench_of();
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        uint8_t point[32];
        cr_assert_eq(assay_sodium_point_base(&b->now[slot], point), ASSAY_OK);
        cr_assert_arr_eq(b->r->round->key[slot], point, 32);
        cr_assert(!b->r->cluster[0].seat[slot].has_next);
    }
    cr_assert_eq(bench_key(b, 1), ASSAY_SHARE_APPLIED);
    uint8_t point[32];
    cr_assert_eq(assay_sodium_point_base(&b->now[1], point), ASSAY_OK);
    cr_assert_arr_eq(b->r->round->key[1], point, 32, "the next one is of the next round");
    /* Whoever kept an older SHARE_KEY hands it in again: its secret half is destroyed. */
    struct assay_share_key_record old = { .speaker = bench_speaker(b, 1) };
    assay_bytes_copy(old.point, 32, point, 32);
    cr_assert_eq(assay_share_registry_apply_key(b->r, bench_member(b, 1), &old, &b->facts),
                 ASSAY_SHARE_LATE);
    old.round = b->r->cluster[0].rounds + 1;
    cr_assert_eq(assay_share_registry_apply_key(b->r, bench_member(b, 1), &old, &b->facts),
                 ASSAY_SHARE_MISMATCH);
    bench_done(b);
}

/* --- documents */

static void expect_same_documents(struct bench *b)
{
    static uint8_t bytes[ASSAY_SHARE_DOCUMENT_LEN_MAX], again[ASSAY_SHARE_DOCUMENT_LEN_MAX];
    const size_t len = assay_share_registry_size(IDS);
    struct assay_share_registry *read = assay_share_registry_init(malloc(len), len, &b->r->config);
    for (uint32_t i = 0; i < assay_share_documents(IDS); i++) {
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        cr_assert_eq(assay_share_registry_encode(b->r, i, &w), ASSAY_OK);
        cr_assert_eq(assay_share_registry_decode(read, i, assay_slice_over(bytes, w.len)),
                     ASSAY_OK);
    }
    cr_assert_eq(assay_share_registry_join(read), ASSAY_OK);
    assay_share_registry_set_era(read, b->r->era);
    assay_share_registry_set_standing(read, b->epoch, b->standing, b->score, MEMBERS);
    for (uint32_t i = 0; i < assay_share_documents(IDS); i++) {
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        struct assay_writer v = assay_writer_over(again, sizeof again);
        cr_assert_eq(assay_share_registry_encode(b->r, i, &w), ASSAY_OK);
        cr_assert_eq(assay_share_registry_encode(read, i, &v), ASSAY_OK);
        cr_assert(w.len == v.len && assay_bytes_equal(bytes, again, w.len), "document %u", i);
    }
    free(b->r);
    b->r = read; /* and goes on with it */
}

Test(share_rounds, a_round_is_kept_in_documents)
{
    struct bench *b = bench_of();
    expect_same_documents(b);
    bench_deal_all(b, 1u << 3 | 1u << 1);
    expect_same_documents(b);
    bench_deal_all(b, ALL & ~(1u << 3 | 1u << 1));
    expect_same_documents(b);
    bench_close(b);
    expect_same_documents(b);
    const struct assay_share_dispute_record dispute = bench_dispute(b, 3, 1);
    cr_assert_eq(bench_say(b, 3, &dispute), ASSAY_SHARE_HONEST);
    expect_same_documents(b);
    bench_close(b);
    bench_close(b);
    expect_same_documents(b);
    bench_have_all(b, ALL & ~1u);
    expect_same_documents(b);
    bench_close(b);
    bench_close(b);
    expect_same_documents(b);
    cr_assert_eq(bench_row(b)->generation, 2);
    bench_done(b);
}
