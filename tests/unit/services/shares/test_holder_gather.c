/*
 * tests/unit/services/shares/test_holder_gather.c - tests of resharing.
 *
 * The next generation of a share, of what dealers give (docs/services.md 5.3, 5.8, 5.9): it is made
 * when everything adds up, and who lied is shown when it does not.
 */
#include "tests/support/services/holder_bench.h"
#include "tests/support/services/shares_seating.h"

/* Slot 1 went to the spare member, whose holder this is: members 0 and 2 deal, and are asked. */
struct gathering {
    struct bench *b;
    struct ask ask[2];
    struct assay_share_piece piece[2]; /* to slot 1 */
};

static struct assay_share_piece piece_dealt(const struct bench *b, uint32_t dealer)
{
    struct assay_share_piece piece = { .generation = 2, .attempt = first_of(b) };
    struct assay_share_polynomial polynomial;
    struct assay_secret32 part, lambda;
    uint8_t wide[ASSAY_SODIUM_WIDE_LEN] = { 17, 3, (uint8_t)dealer };
    cr_assert_eq(assay_share_of(&b->polynomial, dealer, &part), ASSAY_OK);
    cr_assert_eq(assay_share_lambda(5, dealer, &lambda), ASSAY_OK);
    assay_sodium_scalar_mul(&lambda, &part, &part);
    cr_assert_eq(assay_share_deal_on(K, &part, wide, &polynomial, &piece.commitments), ASSAY_OK);
    cr_assert_eq(assay_share_of(&polynomial, 1, &piece.share), ASSAY_OK);
    assay_bytes_copy(piece.id, 32, b->id, 32);
    return piece;
}

static void gathering(struct gathering *g)
{
    struct bench *b = g->b = fresh(SPARE);
    for (uint32_t i = 0; i < SLOTS; i++)
        have(b, i);
    b->standing[1] = ASSAY_SHARE_STAND_NONE;
    list(b, SPARE, 0);
    close_epoch(b);
    const struct assay_share_row *row = assay_share_registry_find(b->r, b->id);
    cr_assert_eq(assay_share_registry_find_reshare(b->r, row)->dealers, 5);
    for (uint32_t i = 0; i < 2; i++) {
        g->piece[i] = piece_dealt(b, 2 * i);
        say_dealt(b, 2 * i, &g->piece[i].commitments);
    }
    facts(b);
    for (uint32_t i = 0; i < 2; i++)
        g->ask[i] = ask_to(b, 2 * i);
}

static enum assay_status dealt_by(struct gathering *g, uint32_t i)
{
    const struct assay_share_from from = from_member(g->b, 2 * i);
    return give_to(g->b, &g->ask[i], 2 * i, &from, &g->piece[i]);
}

/* Returns: the slot that is shown as a liar; SLOTS: none. */
static uint32_t shown(struct bench *b)
{
    struct assay_share_lie_record lie;
    for (uint32_t i = 0; i < b->out.count; i++) {
        const struct assay_share_effect *effect = &b->out.effect[i];
        if (effect->act != ASSAY_SHARE_ACT_SUBMIT || effect->payload != ASSAY_SHARE_PAYLOAD_LIE)
            continue;
        cr_assert_eq(assay_share_lie_record_decode(effect->bytes, &lie), ASSAY_OK);
        cr_assert(assay_share_lie_record_check(&b->r->config.home, &lie));
        cr_assert_eq(assay_share_registry_apply_lie(b->r, &lie, &b->facts), ASSAY_SHARE_APPLIED);
        cr_assert_eq(b->facts.fact[0].kind, ASSAY_SHARE_CONVICTED);
        return lie.given.dealer;
    }
    return SLOTS;
}

Test(holder_gather, what_dealers_give_makes_the_next_generation)
{
    struct gathering g;
    gathering(&g);
    cr_assert_eq(dealt_by(&g, 1), ASSAY_OK);
    cr_assert_null(effect_of(g.b, ASSAY_SHARE_ACT_PERSIST), "one of two");
    cr_assert_eq(dealt_by(&g, 0), ASSAY_OK);
    cr_assert_eq(g.b->out.effect[0].act, ASSAY_SHARE_ACT_PERSIST);
    cr_assert_eq(g.b->out.effect[1].payload, ASSAY_SHARE_PAYLOAD_HAVE);
    const struct assay_share_piece *next = assay_share_holder_piece(g.b->h, g.b->id, true);
    cr_assert_eq(assay_share_verify(&next->commitments, 1, &next->share), ASSAY_OK);
    cr_assert(assay_bytes_equal(next->commitments.point[0], g.b->commitments.point[0], 32),
              "of the same secret");
    cr_assert_eq(shown(g.b), SLOTS);
    done(g.b);
}

/* The ledger of a new era has the same attempt; a slot has dealt anew, or none. */
static void enter_era(struct gathering *g, bool anew, uint32_t slot)
{
    struct bench *b = g->b;
    const struct assay_share_row *row = assay_share_registry_find(b->r, b->id);
    b->epoch.era = 1;
    assay_share_registry_set_era(b->r, 1);
    if (anew) b->r->reshare[row->reshare - 1].dealing[slot][0] ^= 1;
    crawl(b);
}

static bool confirms(const struct bench *b)
{
    for (uint32_t i = 0; i < b->out.count; i++)
        if (b->out.effect[i].act == ASSAY_SHARE_ACT_SUBMIT &&
            b->out.effect[i].payload == ASSAY_SHARE_PAYLOAD_HAVE)
            return true;
    return false;
}

/* docs/services.md 5.15.1: to confirm it would convict the holder. */
Test(holder_gather, what_an_undone_attempt_made_is_dropped_and_never_confirmed)
{
    for (uint32_t item = 0; item < 4; item++) {
        const bool anew = item & 1, restarted = item & 2;
        struct gathering g;
        uint8_t stored[ASSAY_SHARE_STORED_MAX];
        struct assay_slice out;
        gathering(&g);
        cr_assert_eq(dealt_by(&g, 1), ASSAY_OK);
        cr_assert_eq(dealt_by(&g, 0), ASSAY_OK);
        cr_assert_eq(assay_share_holder_stored(g.b->h, g.b->id, stored, sizeof stored, &out),
                     ASSAY_OK);
        if (restarted) {
            start(g.b, SPARE);
            cr_assert_eq(assay_share_holder_load(g.b->h, out), ASSAY_OK);
        }
        enter_era(&g, anew, 2);
        cr_expect_eq(assay_share_holder_piece(g.b->h, g.b->id, true) == NULL, anew, "%u", item);
        cr_expect_eq(confirms(g.b), !anew, "%u: all of it is submitted again", item);
        done(g.b);
    }
}

Test(holder_gather, what_was_dealt_in_an_undone_attempt_is_not_added_up)
{
    for (uint32_t anew = 0; anew < 2; anew++) {
        struct gathering g;
        gathering(&g);
        cr_assert_eq(dealt_by(&g, 1), ASSAY_OK);
        enter_era(&g, anew, 2);
        const struct assay_share_holding *holding = assay_share_holding_find(g.b->h, g.b->id);
        cr_assert_neq(holding->gather, 0);
        cr_expect_eq(g.b->h->gather[holding->gather - 1].got, anew ? 0 : 4);
        done(g.b);
    }
}

Test(holder_gather, what_does_not_add_up_shows_who_lied_whoever_came_last)
{
    for (uint32_t liar = 0; liar < 2; liar++)
        for (uint32_t first = 0; first < 2; first++) {
            struct gathering g;
            gathering(&g);
            g.piece[liar].share.bytes[0] ^= 1;
            cr_assert_eq(dealt_by(&g, first), ASSAY_OK, "nothing is seen of one alone");
            cr_assert_eq(shown(g.b), SLOTS);
            cr_assert_eq(dealt_by(&g, 1 - first), liar == first ? ASSAY_OK : ASSAY_E_INVALID);
            cr_assert_null(effect_of(g.b, ASSAY_SHARE_ACT_PERSIST));
            cr_assert_null(assay_share_holder_piece(g.b->h, g.b->id, true));
            cr_assert_eq(assay_share_holder_status(g.b->h).refused, 1);
            cr_assert_eq(ask_to(g.b, 2 * liar).message.len, 0, "not at once");
            cr_assert_eq(g.b->out.wake_at_ms, ASSAY_SHARE_PAUSE_MS);
            cr_assert_eq(shown(g.b), 2 * liar);
            done(g.b);
        }
}

Test(holder_gather, who_lied_is_asked_again_after_a_pause_and_nobody_else)
{
    struct gathering g;
    gathering(&g);
    g.piece[0].share.bytes[0] ^= 1;
    cr_assert_eq(dealt_by(&g, 0), ASSAY_OK);
    cr_assert_eq(dealt_by(&g, 1), ASSAY_OK);
    tick(g.b, ASSAY_SHARE_PAUSE_MS);
    cr_assert_eq(ask_to(g.b, 2).message.len, 0);
    g.ask[0] = ask_to(g.b, 0);
    g.piece[0].share.bytes[0] ^= 1;
    cr_assert_eq(dealt_by(&g, 0), ASSAY_OK);
    cr_assert_not_null(assay_share_holder_piece(g.b->h, g.b->id, true));
    done(g.b);
}

Test(holder_gather, other_commitments_than_the_ledgers_are_shown_at_once)
{
    struct gathering g;
    gathering(&g);
    assay_bytes_copy(g.piece[0].commitments.point[1], 32, g.piece[0].commitments.point[0], 32);
    cr_assert_eq(dealt_by(&g, 0), ASSAY_E_INVALID);
    cr_assert_eq(shown(g.b), 0);
    done(g.b);
}

/* A slot says another digest than the dealings add up to: what they are is shown, once. */
Test(holder_gather, slots_that_disagree_are_shown_what_was_dealt)
{
    struct gathering g;
    struct assay_share_sum_record sum;
    gathering(&g);
    cr_assert_eq(dealt_by(&g, 0), ASSAY_OK);
    cr_assert_eq(dealt_by(&g, 1), ASSAY_OK);
    const struct assay_share_piece *next = assay_share_holder_piece(g.b->h, g.b->id, true);
    struct assay_share_list_record own = line(g.b, 0), other;
    own.line[0].generation = 2;
    own.line[0].attempt = first_of(g.b);
    assay_share_commitments_digest(&next->commitments, own.line[0].digest);
    other = own;
    other.line[0].digest[0] ^= 1;
    other.seating = seating_of(g.b->r, 0, 2);
    own.seating = seating_of(g.b->r, 0, SPARE);
    cr_assert_eq(assay_share_registry_apply_have(g.b->r, 2, &other, &g.b->facts),
                 ASSAY_SHARE_APPLIED);
    facts(g.b);
    cr_assert_null(effect_of(g.b, ASSAY_SHARE_ACT_SUBMIT), "one digest is no disagreement");
    cr_assert_eq(assay_share_registry_apply_have(g.b->r, SPARE, &own, &g.b->facts),
                 ASSAY_SHARE_APPLIED);
    facts(g.b);
    const struct assay_share_effect *effect = effect_of(g.b, ASSAY_SHARE_ACT_SUBMIT);
    cr_assert_not_null(effect);
    cr_assert_eq(effect->payload, ASSAY_SHARE_PAYLOAD_SUM);
    cr_assert_eq(assay_share_sum_record_decode(effect->bytes, &sum), ASSAY_OK);
    cr_assert_eq(assay_share_registry_apply_sum(g.b->r, &sum, &g.b->facts), ASSAY_SHARE_APPLIED);
    for (uint32_t i = 0; i < MEMBERS; i++)
        cr_assert_eq(g.b->r->member[i].convicted, i == 2, "member %u", i);
    done(g.b);
}

/* 600 ids, of which the spare member has none; 500 are dealt anew at a time. */
enum { MANY = 600 };

static void everything_is_dealt(struct bench *b)
{
    for (uint32_t dealer = 0; dealer < SLOTS; dealer++)
        for (uint32_t i = 0; i < b->r->reshare_count; i++) {
            const struct assay_share_reshare *reshare = &b->r->reshare[i];
            struct assay_share_list_record record = { .count = 1 };
            record.line[0] = (struct assay_share_line){ .generation = reshare->generation,
                                                        .attempt = reshare->attempt };
            assay_bytes_copy(record.line[0].id, 32, b->r->row[reshare->row].id, 32);
            if (!(reshare->dealers >> dealer & 1)) continue;
            record.seating = seating_of(b->r, 0, dealer);
            (void)assay_share_registry_apply_deal(b->r, dealer, &record, &b->facts);
            facts(b);
        }
    for (uint32_t i = 0; i < 100; i++)
        tick(b, b->now_ms);
}

static void expect_all_are_gathered(const struct bench *b)
{
    cr_assert_eq(b->r->reshare_count, ASSAY_SHARE_RESHARES_MAX);
    for (uint32_t i = 0; i < b->r->reshare_count; i++) {
        const struct assay_share_reshare *reshare = &b->r->reshare[i];
        const struct assay_share_holding *holding =
            assay_share_holding_find(b->h, b->r->row[reshare->row].id);
        cr_assert(holding->gather != 0, "id %u", i);
        cr_assert_eq(b->h->gather[holding->gather - 1].attempt, reshare->attempt);
    }
}

Test(holder_gather, what_an_attempt_that_is_over_left_makes_room)
{
    struct bench *b = calloc(1, sizeof *b);
    const struct assay_share_config config = { .clusters = 1, .slots = SLOTS, .k = K,
                                               .confirmations = K, .ids_max = MANY };
    struct assay_share_holder_config own = { .host = { b, host_random, host_sign },
                                             .ids_max = MANY };
    const size_t len = assay_share_registry_size(MANY), own_len = assay_share_holder_size(MANY);
    b->r = assay_share_registry_init(malloc(len), len, &config);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        b->standing[i] = ASSAY_SHARE_STAND_FULL;
        b->secret[i][31] = (uint8_t)(i + 1);
        assay_model_public(b->secret[i], b->key[i]);
    }
    close_epoch(b);
    for (uint32_t i = 0; i < SLOTS; i++)
        list(b, i, 0);
    for (uint32_t i = 0; i < SLOTS; i++)
        ready(b, i);
    for (uint32_t i = 0; i < MANY; i++) {
        struct assay_share_put_record put = { .k = K };
        const uint32_t owner = i / ASSAY_SHARE_QUOTA_MIN;
        assay_bytes_copy(put.owner, sizeof put.owner, &owner, sizeof owner);
        assay_bytes_copy(put.name, 32, &i, sizeof i);
        cr_assert_eq(
            assay_share_registry_apply_put(b->r, i % ASSAY_SHARE_MEMBERS_MAX, &put, &b->facts),
            ASSAY_SHARE_APPLIED);
        struct assay_share_list_record record = { .count = 1 };
        record.line[0] = (struct assay_share_line){
            .generation = 1, .attempt = assay_share_put_attempt(b->r->epoch)
        };
        assay_share_id(put.owner, put.name, record.line[0].id);
        for (uint32_t member = 0; member < SLOTS; member++) {
            record.seating = seating_of(b->r, 0, member);
            (void)assay_share_registry_apply_have(b->r, member, &record, &b->facts);
        }
    }
    b->own = SPARE;
    assay_bytes_copy(own.key, 64, b->key[SPARE], 64);
    b->h = assay_share_holder_init(malloc(own_len), own_len, &own);
    b->standing[1] = ASSAY_SHARE_STAND_NONE;
    list(b, SPARE, 0);
    for (uint32_t round = 0; round < 3; round++) {
        close_epoch(b); /* nothing of the one before got done */
        facts(b);
        everything_is_dealt(b);
        expect_all_are_gathered(b);
    }
    done(b);
}
