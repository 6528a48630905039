/*
 * tests/support/services/shares_round_bench.h - one cluster with one secret whose private attempt
 * failed, and slots that reshare it in public, as each test defines (docs/services.md 5.17).
 */
#ifndef ASSAY_TESTS_SUPPORT_SHARES_ROUND_BENCH_H
#define ASSAY_TESTS_SUPPORT_SHARES_ROUND_BENCH_H

#include "services/shares/cluster_internal.h"
#include "tests/support/services/shares_seating.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { SLOTS = 5, K = 3, MEMBERS = 9, IDS = 140 };

struct bench {
    struct assay_share_registry *r;
    struct assay_share_facts facts;
    enum assay_share_standing standing[MEMBERS];
    bool certified[MEMBERS];
    uint16_t score[MEMBERS];
    uint64_t epoch;
    uint32_t drawn;
    uint8_t id[32];
    struct assay_secret32 share[SLOTS]; /* of the current generation */
    struct assay_share_commitments a;
    uint8_t secret_point[32];
    struct assay_secret32 next[SLOTS], now[SLOTS]; /* keys that slots are dealt to */
    struct assay_share_polynomial f[SLOTS];        /* what they deal */
    struct assay_secret32 r_of; /* r of the dealing that was made last */
    uint32_t convicted, barred, away, silent, unseated_honest;
};

static inline void bench_draw(struct bench *b, uint8_t *bytes, size_t len)
{
    for (size_t at = 0; at < len; at += 32) {
        uint8_t digest[32];
        const uint32_t number[2] = { 77, ++b->drawn };
        assay_sha256(number, sizeof number, digest);
        for (size_t i = 0; i < 32 && at + i < len; i++)
            bytes[at + i] = digest[i];
    }
}

static inline struct assay_secret32 bench_scalar(struct bench *b)
{
    struct assay_secret32 scalar;
    uint8_t wide[ASSAY_SODIUM_WIDE_LEN];
    bench_draw(b, wide, sizeof wide);
    assay_sodium_scalar_from(wide, &scalar);
    return scalar;
}

/* Counts the facts of a call. */
static inline void bench_look(struct bench *b)
{
    assay_share_registry_check(b->r);
    for (uint32_t i = 0; i < b->facts.count; i++) {
        const enum assay_share_fact_kind kind = b->facts.fact[i].kind;
        b->convicted += kind == ASSAY_SHARE_CONVICTED;
        b->barred += kind == ASSAY_SHARE_BARRED;
        b->away += kind == ASSAY_SHARE_AWAY;
        b->silent += kind == ASSAY_SHARE_SILENT;
    }
}

static inline struct assay_share_speaker bench_speaker(const struct bench *b, uint32_t slot)
{
    const struct assay_share_seat *seat = &b->r->cluster[0].seat[slot];
    struct assay_share_speaker s = { .slot = slot, .seating = seat->seating, .era = b->r->era };
    assay_bytes_copy(s.node, 32, b->r->member[seat->member].node, 32);
    assay_bytes_copy(s.key, sizeof s.key, seat->key, sizeof seat->key);
    return s;
}

static inline uint32_t bench_member(const struct bench *b, uint32_t slot)
{
    return b->r->cluster[0].seat[slot].member;
}

static inline const struct assay_share_row *bench_row(const struct bench *b)
{
    return assay_share_registry_find(b->r, b->id);
}

static inline const struct assay_share_reshare *bench_reshare(const struct bench *b)
{
    return assay_share_registry_find_reshare(b->r, bench_row(b));
}

static inline void bench_list(struct bench *b, uint32_t member)
{
    struct assay_share_holder_record record = { .node = { (uint8_t)(member + 1) },
                                                .key = { (uint8_t)(member + 1) },
                                                .curve = { (uint8_t)(member + 1) } };
    cr_assert_eq(assay_share_registry_apply_holder(b->r, member, record.node, &record, &b->facts),
                 ASSAY_SHARE_APPLIED);
    bench_look(b);
}

/* Lists the key of a slot for the next round. */
static inline enum assay_share_result bench_key(struct bench *b, uint32_t slot)
{
    struct assay_share_key_record record = { .speaker = bench_speaker(b, slot),
                                             .round = b->r->cluster[0].rounds };
    uint8_t digest[32], wide[ASSAY_SODIUM_WIDE_LEN];
    b->next[slot] = bench_scalar(b);
    bench_draw(b, wide, sizeof wide);
    cr_assert_eq(assay_sodium_point_base(&b->next[slot], record.point), ASSAY_OK);
    assay_share_key_statement(&b->r->config.home, &record, digest);
    cr_assert_eq(assay_dealing_prove(&b->next[slot], digest, wide, record.point, &record.proof),
                 ASSAY_OK);
    const enum assay_share_result result =
        assay_share_registry_apply_key(b->r, bench_member(b, slot), &record, &b->facts);
    bench_look(b);
    return result;
}

static inline void bench_close(struct bench *b)
{
    const bool began = b->r->round->phase == ASSAY_SHARE_PHASE_NONE;
    assay_share_registry_set_certified(b->r, b->certified, MEMBERS);
    assay_share_registry_close_epoch(b->r, ++b->epoch, b->standing, b->score, MEMBERS, &b->facts);
    bench_look(b);
    if (began && b->r->round->phase == ASSAY_SHARE_PHASE_DEALS)
        assay_bytes_copy(b->now, sizeof b->now, b->next, sizeof b->next);
}

static inline void bench_ready(struct bench *b, uint32_t slot)
{
    struct assay_share_ready_record record = { .slot = slot, .era = b->r->era,
                                               .seating = b->r->cluster[0].seat[slot].seating,
                                               .count = b->r->synced_count };
    assay_share_registry_root(b->r, record.digest);
    (void)assay_share_registry_apply_ready(b->r, bench_member(b, slot), &record, &b->facts);
    bench_look(b);
}

static inline enum assay_share_result bench_have(struct bench *b, uint32_t slot,
                                                 uint32_t generation, uint64_t attempt,
                                                 const struct assay_share_commitments *of)
{
    struct assay_share_list_record record = { .era = b->r->era, .count = 1,
                                              .seating = b->r->cluster[0].seat[slot].seating };
    record.line[0].generation = generation;
    record.line[0].attempt = attempt;
    assay_bytes_copy(record.line[0].id, 32, b->id, 32);
    assay_share_commitments_digest(of, record.line[0].digest);
    const enum assay_share_result result =
        assay_share_registry_apply_have(b->r, bench_member(b, slot), &record, &b->facts);
    bench_look(b);
    return result;
}

/* Synced in five slots, with keys; slot 4 went to another member, and the private attempt that
 * began at that close was not done at the next: a round is under way. */
static inline struct bench *bench_of(void)
{
    struct bench *b = calloc(1, sizeof *b);
    const struct assay_share_config config = { .clusters = 1, .slots = SLOTS, .k = K,
                                               .confirmations = SLOTS, .ids_max = IDS };
    const size_t len = assay_share_registry_size(IDS);
    struct assay_share_put_record put = { .k = K };
    struct assay_share_polynomial f;
    uint8_t wide[K * ASSAY_SODIUM_WIDE_LEN];
    cr_assert_not_null(b);
    cr_assert_eq(assay_sodium_start(), ASSAY_OK);
    b->r = assay_share_registry_init(malloc(len), len, &config);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        b->standing[i] = ASSAY_SHARE_STAND_FULL;
        b->score[i] = (uint16_t)(100 - i);
        b->certified[i] = true;
    }
    bench_close(b);
    for (uint32_t i = 0; i < SLOTS; i++)
        bench_list(b, i);
    bench_draw(b, wide, sizeof wide);
    cr_assert_eq(assay_share_deal(K, wide, &f, &b->a), ASSAY_OK);
    assay_bytes_copy(b->secret_point, 32, b->a.point[0], 32);
    assay_share_commitments_digest(&b->a, put.digest);
    assay_share_id(put.owner, put.name, b->id);
    cr_assert_eq(assay_share_registry_apply_put(b->r, 0, &put, &b->facts), ASSAY_SHARE_APPLIED);
    for (uint32_t i = 0; i < SLOTS; i++) {
        cr_assert_eq(assay_share_of(&f, i, &b->share[i]), ASSAY_OK);
        cr_assert_eq(bench_have(b, i, 1, bench_row(b)->attempt, &b->a), ASSAY_SHARE_APPLIED);
    }
    for (uint32_t i = 0; i < SLOTS; i++)
        bench_ready(b, i);
    bench_list(b, SLOTS);
    b->standing[4] = ASSAY_SHARE_STAND_SUSPENDED;
    bench_close(b);
    cr_assert(bench_reshare(b) != NULL && !bench_reshare(b)->is_public, "the first is private");
    for (uint32_t i = 0; i < SLOTS; i++)
        cr_assert_eq(bench_key(b, i), ASSAY_SHARE_APPLIED);
    bench_close(b);
    cr_assert(bench_reshare(b) != NULL && bench_reshare(b)->is_public);
    return b;
}

static inline void bench_done(struct bench *b)
{
    free(b->r);
    free(b);
}

/* What a slot deals honestly: of f, its share at 0. */
static inline struct assay_share_dealing_record bench_dealing(struct bench *b, uint32_t slot)
{
    const struct assay_share_reshare *reshare = bench_reshare(b);
    struct assay_share_dealing_record record = { .speaker = bench_speaker(b, slot), .count = 1 };
    struct assay_share_dealing_line *line = &record.line[0];
    uint8_t wide[K * ASSAY_SODIUM_WIDE_LEN], label[32];
    const struct assay_secret32 r = bench_scalar(b);
    b->r_of = r;
    line->generation = reshare->generation;
    line->attempt = reshare->attempt;
    line->dealing.slots = SLOTS;
    assay_bytes_copy(line->id, 32, b->id, 32);
    bench_draw(b, wide, sizeof wide);
    cr_assert_eq(assay_share_deal_on(K, &b->share[slot], wide, &b->f[slot],
                                     &line->dealing.commitments),
                 ASSAY_OK);
    cr_assert_eq(assay_sodium_point_base(&r, line->dealing.dealt), ASSAY_OK);
    for (uint32_t taker = 0; taker < SLOTS; taker++) {
        struct assay_secret32 sub;
        if (!(b->r->round->takers >> taker & 1)) continue;
        cr_assert_eq(assay_share_of(&b->f[slot], taker, &sub), ASSAY_OK);
        assay_share_registry_get_label(b->r, reshare, slot, taker, label);
        cr_assert_eq(assay_dealing_seal(&r, b->r->round->key[taker], label, &sub,
                                        line->dealing.sealed[taker]),
                     ASSAY_OK);
    }
    assay_share_dealing_label(&b->r->config.home, &record.speaker, line, label);
    cr_assert_eq(assay_dealing_prove(&r, label, wide, line->dealing.dealt, &line->proof),
                 ASSAY_OK);
    return record;
}

/* The proof of R for what the dealing is now. */
static inline void bench_prove(struct bench *b, struct assay_share_dealing_record *record)
{
    struct assay_share_dealing_line *line = &record->line[0];
    uint8_t label[32], wide[ASSAY_SODIUM_WIDE_LEN];
    bench_draw(b, wide, sizeof wide);
    assay_share_dealing_label(&b->r->config.home, &record->speaker, line, label);
    cr_assert_eq(assay_dealing_prove(&b->r_of, label, wide, line->dealing.dealt, &line->proof),
                 ASSAY_OK);
}

static inline enum assay_share_result bench_deal(struct bench *b, uint32_t slot,
                                                 const struct assay_share_dealing_record *record)
{
    const enum assay_share_result result =
        assay_share_registry_apply_dealing(b->r, bench_member(b, slot), record, &b->facts);
    bench_look(b);
    return result;
}

/* The slots of `who` deal honestly. */
static inline void bench_deal_all(struct bench *b, uint32_t who)
{
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        if (!((who & bench_reshare(b)->able) >> slot & 1)) continue;
        const struct assay_share_dealing_record record = bench_dealing(b, slot);
        cr_assert_eq(bench_deal(b, slot, &record), ASSAY_SHARE_APPLIED, "slot %u", slot);
    }
}

/* The number that a dealer gave to a slot, read by that slot. */
static inline struct assay_secret32 bench_read(const struct bench *b, uint32_t dealer,
                                               uint32_t taker)
{
    const struct assay_share_reshare *reshare = bench_reshare(b);
    struct assay_share_public_dealing dealing;
    struct assay_secret32 number;
    uint8_t label[32];
    cr_assert(assay_share_registry_get_dealing(b->r, reshare, dealer, &dealing));
    assay_share_registry_get_label(b->r, reshare, dealer, taker, label);
    cr_assert_eq(assay_dealing_open(&b->now[taker], dealing.dealt, label, dealing.sealed[taker],
                                    &number),
                 ASSAY_OK);
    return number;
}

static inline struct assay_share_dispute_record bench_dispute(struct bench *b, uint32_t slot,
                                                              uint32_t dealer)
{
    const struct assay_share_reshare *reshare = bench_reshare(b);
    struct assay_share_dispute_record record = {
        .speaker = bench_speaker(b, slot), .generation = reshare->generation,
        .attempt = reshare->attempt, .dealer = dealer, .kind = ASSAY_SHARE_DISPUTE_NUMBER,
    };
    struct assay_share_public_dealing dealing;
    uint8_t label[32], wide[ASSAY_SODIUM_WIDE_LEN];
    assay_bytes_copy(record.id, 32, b->id, 32);
    cr_assert(assay_share_registry_get_dealing(b->r, reshare, dealer, &dealing));
    assay_share_registry_get_label(b->r, reshare, dealer, slot, label);
    bench_draw(b, wide, sizeof wide);
    cr_assert_eq(assay_dealing_open_public(&b->now[slot], dealing.dealt, label, wide, record.shown,
                                           &record.proof),
                 ASSAY_OK);
    return record;
}

static inline enum assay_share_result bench_say(struct bench *b, uint32_t slot,
                                                const struct assay_share_dispute_record *record)
{
    const enum assay_share_result result =
        assay_share_registry_apply_dispute(b->r, bench_member(b, slot), record, &b->facts);
    bench_look(b);
    return result;
}

/* The slots of `who` each compute their shares from the ledger, and report them. */
static inline void bench_have_all(struct bench *b, uint32_t who)
{
    struct assay_secret32 made[SLOTS];
    struct assay_share_commitments dealt[K], sum;
    const uint32_t dealers = bench_reshare(b)->dealers;
    const uint32_t generation = bench_reshare(b)->generation;
    const uint64_t attempt = bench_reshare(b)->attempt;
    uint32_t count = 0;
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct assay_share_public_dealing dealing;
        if (!(dealers >> i & 1)) continue;
        cr_assert(assay_share_registry_get_dealing(b->r, bench_reshare(b), i, &dealing));
        dealt[count++] = dealing.commitments;
    }
    cr_assert_eq(count, K);
    cr_assert_eq(assay_share_combine_commitments(dealers, dealt, &sum), ASSAY_OK);
    cr_assert_arr_eq(sum.point[0], b->secret_point, 32, "of the same secret");
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        struct assay_secret32 number[K];
        if (!(b->r->round->takers >> slot & 1) || (b->r->round->out >> slot & 1)) continue;
        for (uint32_t i = count = 0; i < SLOTS; i++)
            if (dealers >> i & 1) number[count++] = bench_read(b, i, slot);
        cr_assert_eq(assay_share_combine_numbers(dealers, number, &made[slot]), ASSAY_OK);
        cr_assert_eq(assay_share_verify(&sum, slot, &made[slot]), ASSAY_OK, "slot %u", slot);
    }
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        if ((who & b->r->round->takers & ~b->r->round->out) >> slot & 1)
            cr_assert_eq(bench_have(b, slot, generation, attempt, &sum), ASSAY_SHARE_APPLIED);
    b->a = sum;
    assay_bytes_copy(b->share, sizeof b->share, made, sizeof made);
}

#endif
