/*
 * tests/unit/services/shares/test_share_disputes.c - tests of disputes.
 *
 * Honest input convicts nobody, and a few slots prevent nothing (docs/services.md 5.8, 5.9): pieces
 * that were given honestly are shown as lies at every later moment, after the reshare that they
 * belong to, under another seating and in another era; slots are silent or say another digest.
 */
#include "services/shares/cluster.h"
#include "tests/support/services/shares_seating.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { SLOTS = 5, K = 3, MEMBERS = 7, IDS = 4, LIAR = 3 };

/* One cluster with one secret, and the sub-shares of the attempt under way, to slot LIAR. */
struct bench {
    struct assay_share_registry *r;
    struct assay_share_facts facts;
    enum assay_share_standing standing[MEMBERS];
    uint16_t score[MEMBERS];
    uint64_t epoch;
    uint8_t id[32];
    struct assay_share_polynomial f, g[SLOTS];
    struct assay_share_commitments a, b[SLOTS];
    struct assay_share_lie_record lie[SLOTS];
    uint32_t drawn; /* whose dealings: an era after a RECOVER has others of the same numbers */
};

static void fill(uint8_t *bytes, size_t len, uint32_t seed)
{
    for (size_t at = 0; at < len; at += 32) {
        const uint32_t number[2] = { seed, (uint32_t)at };
        assay_sha256(number, sizeof number, bytes + at);
    }
}

static void close_epoch(struct bench *b)
{
    assay_share_registry_close_epoch(b->r, ++b->epoch, b->standing, b->score, MEMBERS, &b->facts);
    assay_share_registry_check(b->r);
}

static void list(struct bench *b, uint32_t member)
{
    struct assay_share_holder_record record = { .node = { (uint8_t)(member + 1) },
                                                .key = { (uint8_t)(member + 1) },
                                                .curve = { (uint8_t)(member + 1) } };
    const uint8_t node[32] = { (uint8_t)(member + 1) };
    cr_assert_eq(assay_share_registry_apply_holder(b->r, member, node, &record, &b->facts),
                 ASSAY_SHARE_APPLIED);
}

static struct assay_share_list_record line(const struct bench *b, uint32_t member,
                                           uint32_t generation, uint64_t attempt,
                                           const struct assay_share_commitments *of)
{
    struct assay_share_list_record record = { .era = b->r->era, .count = 1,
                                              .seating = seating_of(b->r, 0, member) };
    record.line[0].generation = generation;
    record.line[0].attempt = attempt;
    assay_bytes_copy(record.line[0].id, 32, b->id, 32);
    assay_share_commitments_digest(of, record.line[0].digest);
    return record;
}

static void ready(struct bench *b, uint32_t slot)
{
    const struct assay_share_seat *seat = &b->r->cluster[0].seat[slot];
    struct assay_share_ready_record record = { .slot = slot, .seating = seat->seating,
                                               .era = b->r->era,
                                               .count = b->r->synced_count };
    assay_share_registry_root(b->r, record.digest);
    (void)assay_share_registry_apply_ready(b->r, seat->member, &record, &b->facts);
}

static const struct assay_share_row *row_of(const struct bench *b)
{
    return assay_share_registry_find(b->r, b->id);
}

static const struct assay_share_reshare *reshare_of(const struct bench *b)
{
    return assay_share_registry_find_reshare(b->r, row_of(b));
}

/* Synced in five slots; then slot 4 goes to another member, and the id is dealt anew. */
static struct bench *resharing(void)
{
    struct bench *b = calloc(1, sizeof *b);
    const struct assay_share_config config = { .clusters = 1, .slots = SLOTS, .k = K,
                                               .confirmations = SLOTS, .ids_max = IDS };
    const size_t len = assay_share_registry_size(IDS);
    struct assay_share_put_record put = { .k = K };
    uint8_t wide[K * ASSAY_SODIUM_WIDE_LEN];
    cr_assert_eq(assay_sodium_start(), ASSAY_OK);
    b->r = assay_share_registry_init(malloc(len), len, &config);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        b->standing[i] = ASSAY_SHARE_STAND_FULL;
        b->score[i] = (uint16_t)(100 - i);
    }
    close_epoch(b);
    for (uint32_t i = 0; i < SLOTS; i++)
        list(b, i);
    fill(wide, sizeof wide, 1);
    cr_assert_eq(assay_share_deal(K, wide, &b->f, &b->a), ASSAY_OK);
    assay_share_commitments_digest(&b->a, put.digest);
    assay_share_id(put.owner, put.name, b->id);
    cr_assert_eq(assay_share_registry_apply_put(b->r, 0, &put, &b->facts), ASSAY_SHARE_APPLIED);
    for (uint32_t i = 0; i < SLOTS; i++) {
        const struct assay_share_list_record have = line(b, i, 1, row_of(b)->attempt, &b->a);
        cr_assert_eq(assay_share_registry_apply_have(b->r, i, &have, &b->facts),
                     ASSAY_SHARE_APPLIED);
    }
    for (uint32_t i = 0; i < SLOTS; i++)
        ready(b, i);
    list(b, 5);
    b->standing[4] = ASSAY_SHARE_STAND_SUSPENDED;
    close_epoch(b);
    cr_assert_not_null(reshare_of(b));
    return b;
}

/* Every dealer says what it deals, and gives slot LIAR its sub-share. */
static void deal(struct bench *b)
{
    const struct assay_share_reshare *reshare = reshare_of(b);
    assay_bytes_zero(b->lie, sizeof b->lie);
    for (uint32_t d = 0; d < SLOTS; d++) {
        const struct assay_share_seat *seat = &b->r->cluster[0].seat[d];
        struct assay_secret32 lambda, own;
        uint8_t wide[(K - 1) * ASSAY_SODIUM_WIDE_LEN];
        if (!(reshare->dealers >> d & 1)) continue;
        const uint32_t number = (uint32_t)(reshare->attempt & UINT16_MAX);
        fill(wide, sizeof wide, 1000 * b->drawn + 100 * number + d);
        cr_assert_eq(assay_share_of(&b->f, d, &own), ASSAY_OK);
        cr_assert_eq(assay_share_lambda(reshare->dealers, d, &lambda), ASSAY_OK);
        assay_sodium_scalar_mul(&lambda, &own, &own);
        cr_assert_eq(assay_share_deal_on(K, &own, wide, &b->g[d], &b->b[d]), ASSAY_OK);
        const struct assay_share_list_record dealt =
            line(b, seat->member, reshare->generation, reshare->attempt, &b->b[d]);
        cr_assert_eq(assay_share_registry_apply_deal(b->r, seat->member, &dealt, &b->facts),
                     ASSAY_SHARE_APPLIED);
        struct assay_share_lie_record *lie = &b->lie[d];
        *lie = (struct assay_share_lie_record){
            .given = { .type = ASSAY_SHARE_GIFT_SUBSHARE, .era = b->r->era, .dealer = d,
                       .seating = seat->seating, .slot = LIAR },
            .dealers = reshare->dealers, .count = 1, .current = b->a,
            .piece = { .generation = reshare->generation, .attempt = reshare->attempt,
                       .commitments = b->b[d] },
        };
        assay_bytes_copy(lie->given.node, 32, b->r->member[seat->member].node, 32);
        assay_bytes_copy(lie->key, 64, seat->key, 64);
        assay_bytes_copy(lie->piece.id, 32, b->id, 32);
        cr_assert_eq(assay_share_of(&b->g[d], LIAR, &lie->piece.share), ASSAY_OK);
    }
}

/* A' of the attempt under way. */
static struct assay_share_commitments sum_of(const struct bench *b)
{
    const struct assay_share_reshare *reshare = reshare_of(b);
    struct assay_share_commitments dealt[K], sum;
    uint32_t count = 0;
    for (uint32_t d = 0; d < SLOTS; d++)
        if (reshare->dealers >> d & 1) dealt[count++] = b->b[d];
    cr_assert_eq(assay_share_commitments_sum(&b->a, dealt, count, &sum), ASSAY_OK);
    return sum;
}

/* A slot says that it keeps the share of A', or of something else. */
static void say_have(struct bench *b, uint32_t slot, uint8_t spoilt)
{
    const struct assay_share_seat *seat = &b->r->cluster[0].seat[slot];
    const struct assay_share_reshare *reshare = reshare_of(b);
    const struct assay_share_commitments sum = sum_of(b);
    struct assay_share_list_record have =
        line(b, seat->member, reshare->generation, reshare->attempt, &sum);
    have.line[0].digest[0] ^= spoilt;
    cr_assert_eq(assay_share_registry_apply_have(b->r, seat->member, &have, &b->facts),
                 ASSAY_SHARE_APPLIED);
    assay_share_registry_check(b->r);
}

/* All slots come to the same A', which becomes the current generation. */
static void finish(struct bench *b)
{
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        say_have(b, slot, 0);
}

static void done(struct bench *b)
{
    free(b->r);
    free(b);
}

static void expect_all_are(struct bench *b, enum assay_share_result result)
{
    for (uint32_t d = 0; d < SLOTS; d++)
        if (b->lie[d].count > 0)
            cr_assert_eq(assay_share_registry_apply_lie(b->r, &b->lie[d], &b->facts), result, "%u",
                         d);
    for (uint32_t i = 0; i < MEMBERS; i++)
        cr_assert(!b->r->member[i].convicted, "member %u", i);
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        cr_assert(!assay_share_registry_is_lost(b->r, 0, slot), "slot %u", slot);
}

static void expect_over(const struct bench *b, bool over, const char *what)
{
    for (uint32_t d = 0; d < SLOTS; d++)
        if (b->lie[d].count > 0)
            cr_assert_eq(assay_share_registry_lie_is_over(b->r, &b->lie[d]), over, "%s: %u", what,
                         d);
}

/* A record that waits to be submitted: while it may have an effect it waits. */
Test(share_disputes, a_lie_waits_while_it_may_have_an_effect)
{
    struct bench *b = resharing();
    deal(b);
    for (uint32_t d = 0; d < SLOTS; d++)
        b->lie[d].piece.share.bytes[0] ^= 1;
    expect_over(b, false, "of the attempt under way");
    assay_share_registry_set_era(b->r, 1);
    expect_over(b, true, "of an era before");
    assay_share_registry_set_era(b->r, 0);
    for (uint32_t d = 0; d < SLOTS; d++)
        b->lie[d].given.seating++;
    expect_over(b, true, "of a seating that has ended");
    for (uint32_t d = 0; d < SLOTS; d++)
        b->lie[d].given.seating--;
    finish(b);
    expect_over(b, true, "of an attempt that is over");
    for (uint32_t d = 0; d < SLOTS; d++)
        b->lie[d].given.type = ASSAY_SHARE_GIFT_FETCHED;
    expect_over(b, false, "as a share of the current generation");
    for (uint32_t d = 0; d < SLOTS; d++)
        b->lie[d].piece.generation--;
    expect_over(b, true, "of a generation before");
    done(b);
    b = resharing();
    deal(b);
    expect_over(b, false, "of the attempt under way");
    for (uint32_t d = 0; d < SLOTS; d++)
        b->r->member[b->r->cluster[0].seat[d].member].convicted = true;
    expect_over(b, true, "its signer is convicted");
    done(b);
}

/* After a reshare the sub-shares of its attempt have the numbers of the current generation. */
Test(share_disputes, sub_shares_of_a_finished_reshare_convict_nobody)
{
    struct bench *b = resharing();
    deal(b);
    expect_all_are(b, ASSAY_SHARE_HONEST);
    finish(b);
    cr_assert_eq(row_of(b)->generation, 2);
    expect_all_are(b, ASSAY_SHARE_LATE);
    close_epoch(b);
    expect_all_are(b, ASSAY_SHARE_LATE);
    done(b);
}

Test(share_disputes, sub_shares_of_an_attempt_that_is_over_convict_nobody)
{
    struct bench *b = resharing();
    deal(b);
    close_epoch(b);
    cr_assert_eq(reshare_of(b)->attempt & UINT16_MAX, 2);
    struct assay_share_lie_record first[SLOTS];
    assay_bytes_copy(first, sizeof first, b->lie, sizeof b->lie);
    expect_all_are(b, ASSAY_SHARE_LATE);
    deal(b);
    expect_all_are(b, ASSAY_SHARE_HONEST);
    assay_bytes_copy(b->lie, sizeof b->lie, first, sizeof first);
    expect_all_are(b, ASSAY_SHARE_LATE);
    done(b);
}

/* Numbers come again after a RECOVER that undid them; the same bytes are then of another sharing.
 */
Test(share_disputes, what_was_given_in_another_era_convicts_nobody)
{
    struct bench *b = resharing();
    deal(b);
    for (uint32_t d = 0; d < SLOTS; d++) /* as if the new era had other dealings of these numbers */
        b->lie[d].piece.share.bytes[0] ^= 1;
    assay_share_registry_set_era(b->r, 1);
    expect_all_are(b, ASSAY_SHARE_LATE);
    done(b);
}

/* A member loses its slot and gets it back with its old key: what it signed before was right then.
 */
Test(share_disputes, what_was_given_under_another_seating_convicts_nobody)
{
    struct bench *b = resharing();
    deal(b);
    for (uint32_t d = 0; d < SLOTS; d++) {
        b->lie[d].piece.share.bytes[0] ^= 1;
        b->lie[d].given.seating += 100;
    }
    expect_all_are(b, ASSAY_SHARE_STRANGER);
    for (uint32_t d = 0; d < SLOTS; d++) {
        b->lie[d].given.seating -= 100;
        b->lie[d].given.node[0] ^= 0x80;
    }
    expect_all_are(b, ASSAY_SHARE_STRANGER);
    done(b);
}

/* Its owner deletes the id and puts it again, of the same A: generations and attempts come again,
 * and the same dealers deal. */
static void put_again(struct bench *b)
{
    const struct assay_share_order order = { .birth = row_of(b)->birth, .version = 1 };
    const struct assay_share_delete_record gone = { .order = order };
    struct assay_share_put_record put = { .k = K };
    cr_assert_eq(assay_share_registry_apply_delete(b->r, &gone, &b->facts), ASSAY_SHARE_APPLIED);
    close_epoch(b);
    put.birth.epoch = b->epoch;
    assay_share_commitments_digest(&b->a, put.digest);
    cr_assert_eq(assay_share_registry_apply_put(b->r, 0, &put, &b->facts), ASSAY_SHARE_APPLIED);
    for (uint32_t i = 0; i < SLOTS; i++) {
        const uint32_t member = b->r->cluster[0].seat[i].member;
        const struct assay_share_list_record have = line(b, member, 1, row_of(b)->attempt, &b->a);
        cr_assert_eq(assay_share_registry_apply_have(b->r, member, &have, &b->facts),
                     ASSAY_SHARE_APPLIED);
    }
    for (uint32_t i = 0; i < SLOTS; i++)
        ready(b, i);
    list(b, 6);
    b->standing[5] = ASSAY_SHARE_STAND_SUSPENDED;
    close_epoch(b);
    cr_assert_not_null(reshare_of(b));
}

/* Numbers come again when an id is put again: what was given of it before is of another sharing. */
Test(share_disputes, what_was_given_before_the_id_was_put_again_convicts_nobody)
{
    struct bench *b = resharing();
    deal(b);
    struct assay_share_lie_record before[SLOTS];
    assay_bytes_copy(before, sizeof before, b->lie, sizeof b->lie);
    put_again(b);
    b->drawn++;
    deal(b);
    expect_all_are(b, ASSAY_SHARE_HONEST);
    assay_bytes_copy(b->lie, sizeof b->lie, before, sizeof before);
    expect_all_are(b, ASSAY_SHARE_LATE);
    done(b);
}

/* What a slot came to before is said late: it was of the attempt of then. */
Test(share_disputes, what_was_said_before_the_id_was_put_again_convicts_nobody)
{
    struct bench *b = resharing();
    deal(b);
    const struct assay_share_commitments before = sum_of(b);
    const uint32_t member = b->r->cluster[0].seat[1].member;
    const struct assay_share_list_record late =
        line(b, member, 2, reshare_of(b)->attempt, &before);
    put_again(b);
    b->drawn++;
    deal(b);
    cr_assert_eq(assay_share_registry_apply_have(b->r, member, &late, &b->facts),
                 ASSAY_SHARE_UNKNOWN);
    finish(b);
    cr_assert_eq(row_of(b)->generation, 2);
    for (uint32_t i = 0; i < MEMBERS; i++)
        cr_assert(!b->r->member[i].convicted, "member %u", i);
    done(b);
}

Test(share_disputes, a_share_and_a_sub_share_are_judged_by_their_type)
{
    struct bench *b = resharing();
    deal(b);
    for (uint32_t d = 0; d < SLOTS; d++)
        b->lie[d].given.type = ASSAY_SHARE_GIFT_FETCHED;
    expect_all_are(b, ASSAY_SHARE_LATE);
    done(b);
}

/* And who does lie is convicted while its attempt is under way. */
Test(share_disputes, a_dealer_that_lies_is_convicted_in_its_attempt)
{
    struct bench *b = resharing();
    deal(b);
    for (uint32_t d = 0; d < SLOTS; d++)
        if (b->lie[d].count > 0) {
            b->lie[d].piece.share.bytes[0] ^= 1;
            cr_assert_eq(assay_share_registry_apply_lie(b->r, &b->lie[d], &b->facts),
                         ASSAY_SHARE_APPLIED);
            break;
        }
    done(b);
}

/* --- a few prevent nothing */

Test(share_disputes, so_many_have_to_agree)
{
    static const uint32_t table[][3] = { { 5, 3, 4 },  { 16, 8, 12 }, { 7, 4, 6 }, { 4, 3, 4 },
                                         { 4, 2, 3 },  { 3, 2, 3 },   { 5, 2, 4 }, { 6, 4, 5 },
                                         { 16, 2, 9 }, { 10, 8, 9 },  { 2, 2, 2 } };
    for (uint32_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct assay_share_config config = { .slots = table[i][0], .k = table[i][1] };
        cr_assert_eq(assay_share_needed(&config), table[i][2], "%u of %u", table[i][1],
                     table[i][0]);
    }
    for (uint32_t n = 2; n <= ASSAY_SHARE_SLOTS_MAX; n++) /* what it is for */
        for (uint32_t k = 2; k <= ASSAY_SHARE_K_MAX && k <= n; k++) {
            const struct assay_share_config config = { .slots = n, .k = k };
            const uint32_t needed = assay_share_needed(&config);
            cr_assert_gt(needed, k - 1, "k - 1 that lie make no generation");
            cr_assert(n < k + 2 || needed < n, "and one that is silent prevents none");
            cr_assert(n < k + 2 || 2 * needed > n, "nor can there be two");
        }
}

/* The attack that stopped 240 attempts of 240. */
static uint32_t attempts_until_done(uint8_t (*spoilt)(uint32_t attempt), bool silent)
{
    struct bench *b = resharing();
    uint32_t attempts = 0;
    while (row_of(b)->generation == 1 && attempts < 240) {
        const struct assay_share_reshare *reshare = reshare_of(b);
        if (reshare != NULL) {
            attempts++;
            deal(b);
            if (!silent) say_have(b, LIAR, spoilt(attempts));
            for (uint32_t slot = 0; slot < SLOTS; slot++)
                if (slot != LIAR) say_have(b, slot, 0);
        }
        close_epoch(b);
        for (uint32_t slot = 0; slot < SLOTS; slot++)
            ready(b, slot);
        for (uint32_t i = 0; i < MEMBERS; i++)
            cr_assert(!b->r->member[i].convicted);
    }
    cr_assert_eq(row_of(b)->generation, 2);
    done(b);
    return attempts;
}

static uint8_t always(uint32_t attempt)
{
    return (uint8_t)(attempt % 255 + 1);
}

Test(share_disputes, one_slot_stops_no_reshare)
{
    cr_assert_eq(attempts_until_done(always, false), 1);
    cr_assert_eq(attempts_until_done(always, true), 1);
}

Test(share_disputes, fewer_than_k_that_agree_make_no_generation)
{
    struct bench *b = resharing();
    deal(b);
    for (uint32_t slot = 0; slot < K - 1; slot++)
        say_have(b, slot, 7);
    say_have(b, LIAR, 0);
    close_epoch(b);
    cr_assert_eq(row_of(b)->generation, 1);
    done(b);
}

/* The sum of what was dealt is on the ledger: who said another digest is convicted, first or last.
 */
static struct assay_share_sum_record sum_record(const struct bench *b)
{
    const struct assay_share_reshare *reshare = reshare_of(b);
    struct assay_share_sum_record sum = { .era = b->r->era, .generation = reshare->generation,
                                          .attempt = reshare->attempt, .current = b->a };
    assay_bytes_copy(sum.id, 32, b->id, 32);
    for (uint32_t d = 0; d < SLOTS; d++)
        if (reshare->dealers >> d & 1) sum.dealt[sum.count++] = b->b[d];
    return sum;
}

Test(share_disputes, a_false_have_is_convicted_by_the_sum)
{
    for (uint32_t first = 0; first < 2; first++) {
        struct bench *b = resharing();
        deal(b);
        const struct assay_share_sum_record sum = sum_record(b);
        const uint32_t member = b->r->cluster[0].seat[LIAR].member;
        if (first == 0) say_have(b, LIAR, 1);
        say_have(b, 0, 0);
        cr_assert_eq(assay_share_registry_apply_sum(b->r, &sum, &b->facts),
                     first == 0 ? ASSAY_SHARE_APPLIED : ASSAY_SHARE_SAME);
        if (first == 1) {
            say_have(b, LIAR, 1);
            cr_assert_eq(b->facts.fact[0].kind, ASSAY_SHARE_SPLIT);
            cr_assert_eq(assay_share_registry_apply_sum(b->r, &sum, &b->facts),
                         ASSAY_SHARE_APPLIED);
        }
        assay_share_registry_check(b->r);
        for (uint32_t i = 0; i < MEMBERS; i++)
            cr_assert_eq(b->r->member[i].convicted, i == member, "member %u", i);
        done(b);
    }
}

/* A RECOVER undoes an attempt, and the next era has one of the same numbers with other dealings:
 * what was said before it, and is handed in again, is none of it. */
Test(share_disputes, what_was_said_in_another_era_convicts_nobody)
{
    struct bench *b = resharing();
    const size_t len = assay_share_registry_size(IDS);
    struct assay_share_registry *before =
        assay_share_registry_init(malloc(len), len, &b->r->config);
    assay_share_registry_copy(before, b->r);
    deal(b);
    const struct assay_share_reshare *reshare = reshare_of(b);
    const uint32_t dealer = (uint32_t)__builtin_ctz(reshare->dealers);
    const uint32_t member = b->r->cluster[0].seat[LIAR].member;
    const uint32_t dealing = b->r->cluster[0].seat[dealer].member;
    const struct assay_share_commitments dealt = sum_of(b);
    const struct assay_share_list_record have =
        line(b, member, reshare->generation, reshare->attempt, &dealt);
    const struct assay_share_list_record deals =
        line(b, dealing, reshare->generation, reshare->attempt, &b->b[dealer]);
    const struct assay_share_sum_record sum = sum_record(b);
    const struct assay_share_seat *seat = &b->r->cluster[0].seat[4];
    struct assay_share_ready_record early = { .slot = 4, .seating = seat->seating, .count = 1 };
    assay_share_registry_root(b->r, early.digest);
    const uint32_t newcomer = seat->member;
    free(b->r);
    b->r = before;
    assay_share_registry_set_era(b->r, 1);
    b->drawn = 1;
    cr_assert_eq(assay_share_registry_apply_ready(b->r, newcomer, &early, &b->facts),
                 ASSAY_SHARE_LATE);
    cr_assert_eq(assay_share_registry_apply_deal(b->r, dealing, &deals, &b->facts),
                 ASSAY_SHARE_LATE);
    deal(b);
    say_have(b, 0, 0);
    cr_assert_eq(assay_share_registry_apply_have(b->r, member, &have, &b->facts), ASSAY_SHARE_LATE);
    cr_assert_eq(assay_share_registry_apply_sum(b->r, &sum, &b->facts), ASSAY_SHARE_LATE);
    const struct assay_share_sum_record now = sum_record(b);
    cr_assert_eq(assay_share_registry_apply_sum(b->r, &now, &b->facts), ASSAY_SHARE_SAME);
    for (uint32_t i = 0; i < MEMBERS; i++)
        cr_assert(!b->r->member[i].convicted, "member %u", i);
    for (uint32_t slot = 1; slot < SLOTS; slot++)
        say_have(b, slot, 0);
    cr_assert_eq(row_of(b)->generation, 2);
    done(b);
}

/* As many digests as are told apart are taken by liars; the right one is none of them. */
Test(share_disputes, many_false_digests_do_not_convict_the_right_one)
{
    struct bench *b = resharing();
    deal(b);
    const struct assay_share_sum_record sum = sum_record(b);
    for (uint32_t slot = 0; slot < ASSAY_SHARE_DIGESTS_MAX; slot++)
        say_have(b, slot, (uint8_t)(slot + 1));
    say_have(b, LIAR, 0);
    const uint32_t honest = b->r->cluster[0].seat[LIAR].member;
    cr_assert_eq(assay_share_registry_apply_sum(b->r, &sum, &b->facts), ASSAY_SHARE_APPLIED);
    assay_share_registry_check(b->r);
    cr_assert(!b->r->member[honest].convicted);
    cr_assert(b->r->member[0].convicted && b->r->member[1].convicted);
    done(b);
}

Test(share_disputes, another_sum_than_that_of_the_ledger_convicts_nobody)
{
    struct bench *b = resharing();
    deal(b);
    const struct assay_share_sum_record sum = sum_record(b);
    say_have(b, 0, 0);
    struct assay_share_sum_record other = sum;
    other.current.point[1][0] ^= 2;
    cr_assert_eq(assay_share_registry_apply_sum(b->r, &other, &b->facts), ASSAY_SHARE_MISMATCH);
    other = sum;
    other.dealt[0] = sum.dealt[1];
    cr_assert_eq(assay_share_registry_apply_sum(b->r, &other, &b->facts), ASSAY_SHARE_MISMATCH);
    other = sum;
    other.count--;
    cr_assert_eq(assay_share_registry_apply_sum(b->r, &other, &b->facts), ASSAY_SHARE_MISMATCH);
    other = sum;
    other.attempt++;
    cr_assert_eq(assay_share_registry_apply_sum(b->r, &other, &b->facts), ASSAY_SHARE_LATE);
    for (uint32_t slot = 1; slot < SLOTS; slot++)
        say_have(b, slot, 0);
    cr_assert_eq(row_of(b)->generation, 2);
    cr_assert_eq(assay_share_registry_apply_sum(b->r, &sum, &b->facts), ASSAY_SHARE_LATE);
    for (uint32_t i = 0; i < MEMBERS; i++)
        cr_assert(!b->r->member[i].convicted);
    done(b);
}

/* What can be done about one alarm is not what can be done about another: none hides the other. */
Test(share_disputes, every_reason_of_an_alarm_is_said)
{
    struct bench *b = resharing();
    bool old = false, nobody = false;
    b->r->row[0].gone = 7;
    deal(b);
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        if (slot != LIAR) say_have(b, slot, 0);
    for (uint32_t i = 1; i < MEMBERS; i++)
        b->standing[i] = i < SLOTS - 1 ? ASSAY_SHARE_STAND_FULL : ASSAY_SHARE_STAND_NONE;
    close_epoch(b);
    for (uint32_t i = 0; i < b->facts.count; i++) {
        if (b->facts.fact[i].kind != ASSAY_SHARE_ALARM) continue;
        old = old || b->facts.fact[i].why == ASSAY_SHARE_WHY_OLD_SHARES;
        nobody = nobody || b->facts.fact[i].why == ASSAY_SHARE_WHY_NO_CANDIDATE;
    }
    cr_expect(old && nobody);
    const uint32_t said = 1u << ASSAY_SHARE_WHY_OLD_SHARES | 1u << ASSAY_SHARE_WHY_NO_CANDIDATE;
    cr_expect_eq(b->r->cluster[0].alarms & said, said);
    done(b);
}

/* k members without a slot know the generation that is current, and no next one is ever made. The
 * owner is told at every close, not when there is one. */
Test(share_disputes, shares_that_were_given_away_raise_an_alarm_without_a_next_generation)
{
    for (uint32_t gone = 0; gone < SLOTS; gone++) {
        struct bench *b = resharing(); /* and no dealer says anything */
        b->r->row[0].gone = (1u << gone) - 1;
        for (uint32_t epoch = 0; epoch < 3; epoch++) {
            bool alarmed = false;
            close_epoch(b);
            cr_assert_eq(row_of(b)->generation, 1);
            for (uint32_t i = 0; i < b->facts.count; i++)
                if (b->facts.fact[i].why == ASSAY_SHARE_WHY_OLD_SHARES) alarmed = true;
            cr_assert_eq(alarmed, gone >= K, "%u gone, close %u", gone, epoch);
        }
        done(b);
    }
}

/* k members that may know one generation, which nobody can take from them: the owner is told. */
Test(share_disputes, too_many_old_shares_raise_an_alarm)
{
    for (uint32_t gone = 1; gone < 4; gone++) {
        struct bench *b = resharing(); /* slot 4 was given away */
        bool alarmed = false;
        b->r->row[0].gone = (1u << gone) - 1;
        deal(b);
        for (uint32_t slot = 0; slot < SLOTS; slot++)
            if (slot != LIAR) say_have(b, slot, 0);
        close_epoch(b);
        cr_assert_eq(row_of(b)->generation, 2);
        for (uint32_t i = 0; i < b->facts.count; i++)
            if (b->facts.fact[i].why == ASSAY_SHARE_WHY_OLD_SHARES) alarmed = true;
        cr_assert_eq(alarmed, gone + 1 >= K, "%u gone, one that says nothing", gone);
        cr_assert_eq(row_of(b)->gone, 0);
        done(b);
    }
}
