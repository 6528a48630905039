/*
 * tests/unit/services/shares/test_exchange.c - tests of the exchange with a holder.
 *
 * Four messages between two sides (docs/services.md 5.10): what is refused, and that nothing of one
 * exchange is worth anything in another.
 */
#include "base/crypto.h"
#include "base/merkle.h"
#include "services/shares/exchange.h"

#include <criterion/criterion.h>
#include <stdlib.h>

struct bench {
    struct assay_share_terms terms;
    struct assay_share_exchange taker, giver;
    struct assay_share_want want;
    struct assay_share_message m;
    uint8_t bytes[ASSAY_SHARE_MESSAGE_MAX], other[ASSAY_SHARE_MESSAGE_MAX];
    uint8_t room[ASSAY_SHARE_MESSAGE_MAX], of_giver[64], of_taker[64];
    uint8_t ids[3 * 32];
};

static void decode(struct bench *b)
{
    cr_assert_eq(b->want.action, ASSAY_SHARE_WANT_SEND);
    cr_assert_eq(assay_share_message_decode(b->want.bytes, &b->m), ASSAY_OK);
}

static void ask(struct bench *b, uint8_t fresh)
{
    const uint8_t nonce[32] = { fresh };
    const struct assay_secret32 seed = { { fresh } };
    cr_assert_eq(assay_share_exchange_ask(&b->taker, &b->terms, b->ids, 3, nonce, &seed, 0,
                                          b->bytes, sizeof b->bytes, &b->want),
                 ASSAY_OK);
    decode(b);
}

static enum assay_status answer(struct bench *b, uint8_t fresh)
{
    const uint8_t nonce[32] = { fresh };
    return assay_share_exchange_answer(&b->giver, &b->terms, &b->m, nonce, 0, b->other,
                                       sizeof b->other, &b->want);
}

static struct bench *fresh(enum assay_share_purpose purpose)
{
    struct bench *b = calloc(1, sizeof *b);
    cr_assert_not_null(b);
    cr_assert_eq(assay_sodium_start(), ASSAY_OK);
    b->terms = (struct assay_share_terms){ .home.chain_id = { 1 }, .era = 1, .epoch = 7,
                                           .beacon = { 2 }, .purpose = purpose,
                                           .taker = { { 3 }, 1, 4, 0 }, .giver = { { 4 }, 0, 4, 0 },
                                           .taker_proves = purpose != ASSAY_SHARE_LET };
    b->ids[32] = 1;
    b->ids[64] = 2;
    return b;
}

/* The giver quotes, and its OFFER is in b->m. */
static void offer(struct bench *b)
{
    cr_assert_eq(b->want.action, ASSAY_SHARE_WANT_QUOTE);
    assay_bytes_copy(b->of_giver, 64, b->want.report_data, 64);
    cr_assert_eq(assay_share_exchange_on_quote(&b->giver, assay_slice_over(b->of_giver, 64),
                                               b->other, sizeof b->other, &b->want),
                 ASSAY_OK);
    decode(b);
}

static enum assay_status to_taker(struct bench *b)
{
    return assay_share_exchange_on_message(&b->taker, &b->m, b->bytes, sizeof b->bytes, &b->want);
}

static enum assay_status to_giver(struct bench *b)
{
    return assay_share_exchange_on_message(&b->giver, &b->m, b->other, sizeof b->other, &b->want);
}

/* The taker has believed the OFFER, and its PROOF is in b->m. */
static void proof(struct bench *b)
{
    cr_assert_eq(to_taker(b), ASSAY_OK);
    cr_assert_eq(b->want.action, ASSAY_SHARE_WANT_VERIFY);
    cr_assert(assay_bytes_equal(b->want.bytes.bytes, b->want.report_data, 64), "what was quoted");
    cr_assert_eq(assay_share_exchange_on_verified(&b->taker, b->bytes, sizeof b->bytes, &b->want),
                 ASSAY_OK);
    cr_assert_eq(b->want.action, ASSAY_SHARE_WANT_QUOTE);
    assay_bytes_copy(b->of_taker, 64, b->want.report_data, 64);
    cr_assert_eq(assay_share_exchange_on_quote(&b->taker, assay_slice_over(b->of_taker, 64),
                                               b->bytes, sizeof b->bytes, &b->want),
                 ASSAY_OK);
    decode(b);
}

static void give(struct bench *b, const char *gift)
{
    const struct assay_secret32 seed = { { 55 } };
    size_t len = 0;
    while (gift[len] != 0)
        len++;
    cr_assert_eq(assay_share_exchange_give(&b->giver, assay_slice_over(gift, len), &seed, b->room,
                                           b->other, sizeof b->other, &b->want),
                 ASSAY_OK);
    decode(b);
}

/* All of it, up to GIVE in b->m. */
static void through(struct bench *b, uint8_t number)
{
    ask(b, number);
    cr_assert_eq(answer(b, (uint8_t)(number + 1)), ASSAY_OK);
    offer(b);
    proof(b);
    cr_assert_eq(to_giver(b), ASSAY_OK);
    cr_assert_eq(b->want.action, ASSAY_SHARE_WANT_VERIFY);
    cr_assert(assay_bytes_equal(b->want.bytes.bytes, b->want.report_data, 64));
    cr_assert_eq(assay_share_exchange_on_verified(&b->giver, b->other, sizeof b->other, &b->want),
                 ASSAY_OK);
    cr_assert_eq(b->want.action, ASSAY_SHARE_WANT_GIVE);
    give(b, "gift");
}

Test(exchange, both_prove_themselves_and_the_gift_arrives)
{
    struct bench *b = fresh(ASSAY_SHARE_FETCH);
    struct assay_slice gift;
    through(b, 1);
    cr_assert_eq(to_taker(b), ASSAY_OK);
    cr_assert_eq(assay_share_exchange_open(&b->taker, &b->m, b->room, &gift), ASSAY_OK);
    cr_assert_eq(gift.len, 4);
    cr_assert(assay_bytes_equal(gift.bytes, "gift", 4));
    cr_assert_eq(assay_share_exchange_open(&b->taker, &b->m, b->room, &gift), ASSAY_E_STALE,
                 "once");
    cr_assert(!assay_bytes_equal(b->of_giver, b->of_taker, 64), "roles are told apart");
    free(b);
}

Test(exchange, evidence_of_one_exchange_proves_nothing_in_another)
{
    struct bench *b = fresh(ASSAY_SHARE_FETCH);
    uint8_t report[8][64];
    for (uint32_t i = 0; i < 8; i++) {
        const struct assay_share_terms terms = b->terms;
        if (i == 1) b->terms.home.chain_id[0]++;
        if (i == 2) b->terms.beacon[0]++;
        if (i == 3) b->terms.taker.node[0]++;
        if (i == 4) b->terms.purpose = ASSAY_SHARE_DEAL;
        if (i == 5) b->terms.epoch++;
        ask(b, i == 6 ? 2 : 1); /* the taker's nonce and box */
        cr_assert_eq(answer(b, i == 7 ? 9 : 8), ASSAY_OK); /* the giver's nonce */
        assay_bytes_copy(report[i], 64, b->want.report_data, 64);
        b->terms = terms;
    }
    for (uint32_t i = 0; i < 8; i++)
        for (uint32_t k = 0; k < i; k++)
            cr_assert(!assay_bytes_equal(report[i], report[k], 64), "%u and %u", i, k);
    free(b);
}

Test(exchange, the_takers_nonce_makes_the_givers_evidence_fresh)
{
    struct bench *b = fresh(ASSAY_SHARE_FETCH);
    uint8_t before[64];
    ask(b, 1);
    cr_assert_eq(answer(b, 8), ASSAY_OK);
    assay_bytes_copy(before, 64, b->want.report_data, 64);
    /* The same box key, of a host that replays randomness: the nonce alone is another. */
    const uint8_t nonce[32] = { 2 };
    const struct assay_secret32 seed = { { 1 } };
    cr_assert_eq(assay_share_exchange_ask(&b->taker, &b->terms, b->ids, 3, nonce, &seed, 0,
                                          b->bytes, sizeof b->bytes, &b->want),
                 ASSAY_OK);
    decode(b);
    cr_assert_eq(answer(b, 8), ASSAY_OK);
    cr_assert(!assay_bytes_equal(before, b->want.report_data, 64));
    free(b);
}

Test(exchange, a_box_sealed_in_another_exchange_is_refused)
{
    struct bench *b = fresh(ASSAY_SHARE_FETCH);
    static struct assay_share_exchange first;
    struct assay_slice gift;
    through(b, 1);
    first = b->giver;
    through(b, 3);
    /* Whoever has the box key of this exchange seals what was meant for the other one. */
    assay_bytes_copy(first.box, 32, b->giver.box, 32);
    first.step = ASSAY_SHARE_STEP_GIVING;
    b->giver = first;
    give(b, "gift");
    assay_bytes_copy(b->m.nonce_a, 32, b->taker.nonce_a, 32);
    assay_bytes_copy(b->m.nonce_b, 32, b->taker.nonce_b, 32);
    cr_assert_eq(assay_share_exchange_open(&b->taker, &b->m, b->room, &gift), ASSAY_E_CHAIN);
    b->taker.box_secret.bytes[5] ^= 1;
    cr_assert_eq(assay_share_exchange_open(&b->taker, &b->m, b->room, &gift), ASSAY_E_SIGNATURE);
    free(b);
}

Test(exchange, messages_out_of_turn_change_nothing)
{
    struct bench *b = fresh(ASSAY_SHARE_FETCH);
    struct assay_slice gift;
    ask(b, 1);
    struct assay_share_message asked = b->m;
    cr_assert_eq(to_taker(b), ASSAY_E_STALE, "its own ASK");
    cr_assert_eq(answer(b, 2), ASSAY_OK);
    offer(b);
    const struct assay_share_message offered = b->m;
    cr_assert_eq(to_giver(b), ASSAY_E_STALE, "its own OFFER");
    b->m.nonce_a[0] ^= 1;
    cr_assert_eq(to_taker(b), ASSAY_E_STALE, "another exchange's");
    b->m = offered;
    proof(b);
    const struct assay_share_message proven = b->m;
    b->m = offered;
    cr_assert_eq(to_taker(b), ASSAY_E_STALE, "once more");
    b->m = proven;
    b->m.nonce_b[0] ^= 1;
    cr_assert_eq(to_giver(b), ASSAY_E_STALE);
    b->m = proven;
    cr_assert_eq(assay_share_exchange_open(&b->taker, &b->m, b->room, &gift), ASSAY_E_STALE);
    cr_assert_eq(assay_share_exchange_on_verified(&b->giver, b->other, sizeof b->other, &b->want),
                 ASSAY_E_STALE, "nobody has proved anything");
    cr_assert_eq(assay_share_exchange_on_quote(&b->giver, assay_slice_over("x", 1), b->other,
                                               sizeof b->other, &b->want),
                 ASSAY_E_STALE);
    const struct assay_secret32 seed = { { 55 } };
    cr_assert_eq(assay_share_exchange_give(&b->giver, assay_slice_over("x", 1), &seed, b->room,
                                           b->other, sizeof b->other, &b->want),
                 ASSAY_E_STALE, "nothing is given before");
    b->m = asked;
    b->m.epoch++;
    cr_assert_eq(answer(b, 2), ASSAY_E_EARLY);
    b->m.epoch -= 2;
    cr_assert_eq(answer(b, 2), ASSAY_E_STALE);
    b->m = asked;
    b->m.purpose = ASSAY_SHARE_DEAL;
    cr_assert_eq(answer(b, 2), ASSAY_E_LANE);
    free(b);
}

Test(exchange, evidence_stands_where_it_belongs_and_nowhere_else)
{
    struct bench *b = fresh(ASSAY_SHARE_FETCH);
    ask(b, 1);
    cr_assert_eq(answer(b, 2), ASSAY_OK);
    offer(b);
    b->m.evidence = assay_slice_over(NULL, 0);
    cr_assert_eq(to_taker(b), ASSAY_E_INVALID, "a holder proves itself");
    free(b);
    b = fresh(ASSAY_SHARE_HAND);
    ask(b, 1);
    cr_assert_eq(answer(b, 2), ASSAY_OK);
    decode(b);
    cr_assert_eq(b->m.evidence.len, 0, "an owner shows none");
    const struct assay_share_message offered = b->m;
    b->m.evidence = assay_slice_over("x", 1);
    cr_assert_eq(to_taker(b), ASSAY_E_INVALID);
    b->m = offered;
    cr_assert_eq(to_taker(b), ASSAY_OK);
    cr_assert_eq(b->want.action, ASSAY_SHARE_WANT_QUOTE, "the holder does");
    cr_assert_eq(assay_share_exchange_on_quote(&b->taker, assay_slice_over(NULL, 0), b->bytes,
                                               sizeof b->bytes, &b->want),
                 ASSAY_E_RANGE);
    free(b);
    b = fresh(ASSAY_SHARE_LET);
    ask(b, 1);
    cr_assert_eq(answer(b, 2), ASSAY_OK);
    offer(b);
    cr_assert_eq(to_taker(b), ASSAY_OK);
    cr_assert_eq(assay_share_exchange_on_verified(&b->taker, b->bytes, sizeof b->bytes, &b->want),
                 ASSAY_OK);
    decode(b);
    cr_assert_eq(b->m.kind, ASSAY_SHARE_PROOF);
    cr_assert_eq(b->m.evidence.len, 0, "a reader whose record is signed");
    cr_assert_eq(to_giver(b), ASSAY_OK);
    cr_assert_eq(b->want.action, ASSAY_SHARE_WANT_GIVE);
    free(b);
}

Test(exchange, messages_have_one_encoding)
{
    struct bench *b = fresh(ASSAY_SHARE_FETCH);
    struct assay_share_message read;
    struct assay_slice again;
    through(b, 1);
    for (uint32_t kind = 0; kind < 4; kind++) {
        struct assay_share_message m = b->m;
        m.kind = (enum assay_share_kind)(ASSAY_SHARE_ASK + kind);
        m.purpose = ASSAY_SHARE_DEAL;
        m.count = 3;
        m.ids = assay_slice_over(b->ids, sizeof b->ids);
        m.evidence = assay_slice_over("evidence", 8);
        cr_assert_eq(assay_share_message_encode(&m, b->bytes, sizeof b->bytes, &again), ASSAY_OK);
        for (size_t len = 0; len < again.len; len++)
            cr_assert_neq(assay_share_message_decode(assay_slice_over(b->bytes, len), &read),
                          ASSAY_OK);
        b->bytes[again.len] = 0;
        cr_assert_eq(assay_share_message_decode(assay_slice_over(b->bytes, again.len + 1), &read),
                     ASSAY_E_TRAILING);
        for (size_t bit = 0; bit < again.len * 8; bit++) {
            struct assay_slice out;
            b->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (assay_share_message_decode(again, &read) == ASSAY_OK) {
                cr_assert_eq(assay_share_message_encode(&read, b->room, sizeof b->room, &out),
                             ASSAY_OK);
                cr_assert(assay_slice_equal(again, out), "kind %u bit %zu", kind, bit);
            }
            b->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
    struct assay_share_message m = { .kind = ASSAY_SHARE_ASK, .purpose = ASSAY_SHARE_LET,
                                     .count = 2, .ids = assay_slice_over(b->room, 64) };
    assay_bytes_zero(b->room, 64);
    cr_assert_eq(assay_share_message_encode(&m, b->bytes, sizeof b->bytes, &again), ASSAY_OK);
    cr_assert_eq(assay_share_message_decode(again, &read), ASSAY_E_ENCODING, "an id twice");
    m.purpose = (enum assay_share_purpose)5;
    cr_assert_eq(assay_share_message_encode(&m, b->bytes, sizeof b->bytes, &again), ASSAY_OK);
    cr_assert_eq(assay_share_message_decode(again, &read), ASSAY_E_UNSUPPORTED);
    free(b);
}

Test(exchange, gifts_are_read_to_their_end_before_anything_is_taken)
{
    uint8_t bytes[1024];
    struct assay_share_gift gift;
    struct assay_share_piece piece = { .generation = 1, .attempt = 2, .commitments = { .k = 3 } };
    struct assay_share_commitments current;
    uint8_t leaf[ASSAY_SHARE_GIVE_MAX][32], own[32];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_writer_u16be(&w, 2);
    for (uint8_t i = 0; i < 2; i++) {
        piece.id[0] = i;
        assay_share_piece_encode(&w, &piece);
        assay_writer_u16be(&w, (uint16_t)(9 + i));
        assay_writer_zero(&w, 3 * 32);
    }
    assay_writer_zero(&w, 64);
    const struct assay_slice all = assay_slice_over(bytes, w.len);
    for (size_t len = 0; len < w.len; len++)
        cr_assert_neq(assay_share_gift_open(assay_slice_over(bytes, len), ASSAY_SHARE_DEAL, &gift,
                                            NULL),
                      ASSAY_OK);
    cr_assert_eq(assay_share_gift_open(assay_slice_over(bytes, w.len + 1), ASSAY_SHARE_DEAL, &gift,
                                       NULL),
                 ASSAY_E_TRAILING);
    cr_assert_eq(assay_share_gift_open(all, ASSAY_SHARE_DEAL, &gift, leaf), ASSAY_OK);
    for (uint32_t i = 0; i < 2; i++) { /* of what stands behind a piece, its dealers */
        piece.id[0] = (uint8_t)i;
        assay_share_piece_leaf(ASSAY_SHARE_GIFT_SUBSHARE, 9 + i, &piece, own);
        cr_assert(assay_bytes_equal(leaf[i], own, 32));
    }
    cr_assert(assay_share_gift_next(&gift, &piece, &current));
    cr_assert(assay_share_gift_next(&gift, &piece, &current));
    cr_assert_eq(piece.id[0], 1);
    cr_assert_eq(current.k, 3);
    cr_assert_eq(gift.dealers, 10);
    cr_assert(!assay_share_gift_next(&gift, &piece, &current));
    bytes[1] = ASSAY_SHARE_GIVE_MAX + 1;
    cr_assert_eq(assay_share_gift_open(all, ASSAY_SHARE_DEAL, &gift, NULL), ASSAY_E_RANGE);
}
