/*
 * tests/support/services/holder_bench.h - one holder at its listener, on modelled keys: a ledger of
 * three clusters of three slots with one secret, 2 of 3, and the other sides, played by the test.
 */
#ifndef ASSAY_TESTS_SUPPORT_HOLDER_BENCH_H
#define ASSAY_TESTS_SUPPORT_HOLDER_BENCH_H

#include "base/crypto/model.h"
#include "services/shares/holder_internal.h"
#include "tests/support/services/shares_seating.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { CLUSTERS = 3, SLOTS = 3, K = 2, MEMBERS = CLUSTERS * SLOTS + 1, SPARE = MEMBERS - 1 };

struct bench {
    struct assay_share_registry *r;
    struct assay_share_facts facts;
    enum assay_share_standing standing[MEMBERS];
    uint16_t score[MEMBERS];
    uint8_t secret[MEMBERS][32], key[MEMBERS][ASSAY_P256_PUBLIC_LEN];
    struct assay_share_epoch epoch;
    struct assay_share_polynomial polynomial;
    struct assay_share_commitments commitments;
    uint8_t id[32];
    struct assay_share_holder *h; /* member `own` */
    uint32_t own;
    uint32_t drawn;
    uint64_t now_ms;
    struct assay_share_effects out;
    uint8_t bytes[ASSAY_SHARE_MESSAGE_MAX], room[ASSAY_SHARE_MESSAGE_MAX];
};

static inline void host_random(void *context, uint8_t *bytes, size_t len)
{
    struct bench *b = context;
    const uint32_t number = ++b->drawn;
    uint8_t digest[32];
    assay_sha256(&number, sizeof number, digest);
    for (size_t i = 0; i < len; i++)
        bytes[i] = digest[i % sizeof digest];
}

static inline void host_sign(void *context, const uint8_t digest[static 32],
                             uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    const struct bench *b = context;
    assay_model_sign(b->secret[b->own], digest, signature);
}

static inline void close_epoch(struct bench *b)
{
    assay_share_registry_close_epoch(b->r, ++b->epoch.epoch, b->standing, b->score, MEMBERS,
                                     &b->facts);
}

static inline void list(struct bench *b, uint32_t member, uint32_t cluster)
{
    struct assay_share_holder_record record = { .cluster = cluster };
    const uint8_t node[32] = { (uint8_t)member };
    assay_bytes_copy(record.key, 64, b->key[member], 64);
    assay_bytes_copy(record.node, 32, node, 32);
    cr_assert_eq(assay_share_registry_apply_holder(b->r, member, node, &record, &b->facts),
                 ASSAY_SHARE_APPLIED);
}

/* The number of the first attempt at the next generation. */
static inline uint64_t first_of(const struct bench *b)
{
    return assay_share_put_attempt(assay_share_registry_find(b->r, b->id)->put_epoch);
}

static inline uint64_t attempt_of(const struct bench *b)
{
    const struct assay_share_row *row = assay_share_registry_find(b->r, b->id);
    return row == NULL ? 1 : row->attempt;
}

static inline struct assay_share_list_record line(const struct bench *b, uint32_t cluster)
{
    struct assay_share_list_record record = { .cluster = cluster, .count = 1 };
    record.line[0] = (struct assay_share_line){ .generation = 1, .attempt = attempt_of(b) };
    assay_bytes_copy(record.line[0].id, 32, b->id, 32);
    assay_share_commitments_digest(&b->commitments, record.line[0].digest);
    return record;
}

static inline void have(struct bench *b, uint32_t member)
{
    struct assay_share_list_record record = line(b, member / SLOTS);
    record.seating = seating_of(b->r, member / SLOTS, member);
    (void)assay_share_registry_apply_have(b->r, member, &record, &b->facts);
}

static inline void ready(struct bench *b, uint32_t member)
{
    struct assay_share_ready_record record = { .cluster = member / SLOTS, .slot = member % SLOTS,
                                               .seating = seating_of(b->r, member / SLOTS, member),
                                               .count = b->r->synced_count };
    assay_share_registry_root(b->r, record.digest);
    cr_assert_eq(assay_share_registry_apply_ready(b->r, member, &record, &b->facts),
                 ASSAY_SHARE_APPLIED);
}

static inline void start(struct bench *b, uint32_t own)
{
    struct assay_share_holder_config config = { .host = { b, host_random, host_sign },
                                                .ids_max = 4 };
    const size_t len = assay_share_holder_size(4);
    b->own = own;
    assay_bytes_copy(config.key, 64, b->key[own], 64);
    if (b->h == NULL) b->h = malloc(len);
    b->h = assay_share_holder_init(b->h, len, &config);
}

/* Effects that store or submit the slot's keys for public attempts, among all others. */
static inline bool is_of_keys(const struct assay_share_effect *effect)
{
    return (effect->act == ASSAY_SHARE_ACT_SUBMIT &&
            effect->payload == ASSAY_SHARE_PAYLOAD_KEY) ||
           (effect->act == ASSAY_SHARE_ACT_PERSIST && assay_bytes_all_zero(effect->id, 32));
}

/* Removes them: a test checks the rest. */
static inline void without_keys(struct bench *b)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < b->out.count; i++)
        if (!is_of_keys(&b->out.effect[i])) b->out.effect[kept++] = b->out.effect[i];
    b->out.count = kept;
}

static inline void crawl(struct bench *b)
{
    assay_share_holder_crawl(b->h, b->r, &b->epoch, b->now_ms, &b->out);
    assay_share_holder_check(b->h);
    without_keys(b);
}

static inline void facts(struct bench *b)
{
    assay_share_holder_on_facts(b->h, b->r, &b->epoch, &b->facts, b->now_ms, &b->out);
    assay_share_holder_check(b->h);
    without_keys(b);
}

static inline void tick(struct bench *b, uint64_t now_ms)
{
    b->now_ms = now_ms;
    assay_share_holder_tick(b->h, b->r, &b->epoch, now_ms, &b->out);
    assay_share_holder_check(b->h);
    without_keys(b);
}

/* All clusters sit and are ready; the secret's put waits in cluster 0. */
static inline struct bench *fresh(uint32_t own)
{
    struct bench *b = calloc(1, sizeof *b);
    const struct assay_share_config config = { .clusters = CLUSTERS, .slots = SLOTS, .k = K,
                                               .confirmations = K, .ids_max = 4 };
    const size_t len = assay_share_registry_size(4);
    struct assay_share_put_record put = { .k = K, .reader_count = 1 };
    uint8_t wide[K * ASSAY_SODIUM_WIDE_LEN];
    cr_assert_not_null(b);
    b->r = assay_share_registry_init(malloc(len), len, &config);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        b->standing[i] = ASSAY_SHARE_STAND_FULL;
        b->secret[i][31] = (uint8_t)(i + 1);
        assay_model_public(b->secret[i], b->key[i]);
    }
    close_epoch(b);
    for (uint32_t i = 0; i < SPARE; i++)
        list(b, i, i / SLOTS);
    for (uint32_t i = 0; i < SPARE; i++)
        ready(b, i);
    for (uint32_t i = 0; i < sizeof wide; i++)
        wide[i] = (uint8_t)(i * 7 + 1);
    cr_assert_eq(assay_share_deal(K, wide, &b->polynomial, &b->commitments), ASSAY_OK);
    assay_share_commitments_digest(&b->commitments, put.digest);
    put.reader[0].kind = ASSAY_SHARE_READER_ACCOUNT;
    assay_share_id(put.owner, put.name, b->id);
    cr_assert_eq(assay_share_registry_apply_put(b->r, 0, &put, &b->facts), ASSAY_SHARE_APPLIED);
    start(b, own);
    return b;
}

static inline void done(struct bench *b)
{
    free(b->h);
    free(b->r);
    free(b);
}

static inline const struct assay_share_effect *effect_of(const struct bench *b,
                                                         enum assay_share_act act)
{
    for (uint32_t i = 0; i < b->out.count; i++)
        if (b->out.effect[i].act == act) return &b->out.effect[i];
    return NULL;
}

static inline bool asks(const struct bench *b, uint32_t member)
{
    const struct assay_share_effect *effect = effect_of(b, ASSAY_SHARE_ACT_SEND);
    return effect != NULL && effect->to_holder &&
           assay_bytes_equal(effect->key, b->key[member], 64);
}

static inline struct assay_share_piece piece_of(const struct bench *b, uint32_t slot)
{
    struct assay_share_piece piece = { .generation = 1, .attempt = attempt_of(b),
                                       .commitments = b->commitments };
    assay_bytes_copy(piece.id, 32, b->id, 32);
    cr_assert_eq(assay_share_of(&b->polynomial, slot, &piece.share), ASSAY_OK);
    return piece;
}

static inline struct assay_share_from from_member(const struct bench *b, uint32_t member)
{
    struct assay_share_from from = { .holder = true };
    assay_bytes_copy(from.key, 64, b->key[member], 64);
    return from;
}

static inline enum assay_status message(struct bench *b, const struct assay_share_from *from,
                                        struct assay_slice bytes)
{
    const enum assay_status status =
        assay_share_holder_on_message(b->h, b->r, &b->epoch, from, bytes, b->now_ms, &b->out);
    assay_share_holder_check(b->h);
    without_keys(b);
    return status;
}

static inline struct assay_share_side side_of(const struct bench *b, uint32_t member)
{
    struct assay_share_side side = { .node = { (uint8_t)member } };
    cr_assert(assay_share_registry_find_seat(b->r, b->key[member], &side.cluster, &side.slot));
    side.seating = seating_of(b->r, side.cluster, member);
    return side;
}

/* An ASK of the holder. */
struct ask {
    uint8_t bytes[256];
    struct assay_slice message;
};

/* The request among the last effects for a member; MEMBERS: for any member. */
static inline struct ask ask_to(const struct bench *b, uint32_t member)
{
    struct ask ask = { { 0 }, { NULL, 0 } };
    for (uint32_t i = b->out.count; i-- > 0;) {
        const struct assay_share_effect *effect = &b->out.effect[i];
        if (effect->act != ASSAY_SHARE_ACT_SEND ||
            (member < MEMBERS && !assay_bytes_equal(effect->key, b->key[member], 64)))
            continue;
        assay_bytes_copy(ask.bytes, sizeof ask.bytes, effect->bytes.bytes, effect->bytes.len);
        ask.message = effect->bytes;
    }
    return ask;
}

/* Plays the giver of an ASK to its end. member: MEMBERS for an owner. */
static inline enum assay_status give_to(struct bench *b, const struct ask *ask, uint32_t member,
                                        const struct assay_share_from *from,
                                        const struct assay_share_piece *piece)
{
    static struct assay_share_exchange x;
    struct assay_share_message m;
    struct assay_share_want want;
    const bool owner = member == MEMBERS;
    const uint8_t nonce[32] = { 77 }, evidence[1] = { 1 };
    const struct assay_secret32 seed = { { 5 } };
    uint8_t gift[1024] = { 0, 1 };
    cr_assert_gt(ask->message.len, 0);
    cr_assert_eq(assay_share_message_decode(assay_slice_over(ask->bytes, ask->message.len), &m),
                 ASSAY_OK);
    struct assay_share_terms terms = { .era = b->epoch.era, .epoch = b->epoch.epoch,
                                       .purpose = m.purpose, .taker_proves = true,
                                       .taker = side_of(b, b->own) };
    terms.giver = owner ? terms.taker : side_of(b, member);
    if (owner) terms.giver.node[0] = 0;
    cr_assert_eq(assay_share_exchange_answer(&x, &terms, &m, nonce, 0, b->bytes, sizeof b->bytes,
                                             &want),
                 ASSAY_OK);
    if (!owner)
        cr_assert_eq(assay_share_exchange_on_quote(&x, assay_slice_over(evidence, 1), b->bytes,
                                                   sizeof b->bytes, &want),
                     ASSAY_OK);
    cr_assert_eq(message(b, from, want.bytes), ASSAY_OK);
    if (!owner) {
        cr_assert_eq(b->out.effect[0].act, ASSAY_SHARE_ACT_VERIFY);
        assay_share_holder_on_verified(b->h, b->r, &b->epoch, b->out.effect[0].serial, true,
                                       b->now_ms, &b->out);
    }
    cr_assert_eq(b->out.effect[0].act, ASSAY_SHARE_ACT_QUOTE);
    assay_share_holder_on_quote(b->h, b->r, &b->epoch, b->out.effect[0].serial,
                                assay_slice_over(evidence, 1), b->now_ms, &b->out);
    cr_assert_eq(assay_share_message_decode(b->out.effect[0].bytes, &m), ASSAY_OK);
    cr_assert_eq(assay_share_exchange_on_message(&x, &m, b->bytes, sizeof b->bytes, &want),
                 ASSAY_OK);
    cr_assert_eq(assay_share_exchange_on_verified(&x, b->bytes, sizeof b->bytes, &want), ASSAY_OK);
    struct assay_writer w = assay_writer_over(gift + 2, sizeof gift - 2);
    assay_share_piece_encode(&w, piece);
    if (terms.purpose == ASSAY_SHARE_DEAL) {
        const struct assay_share_row *row = assay_share_registry_find(b->r, piece->id);
        const struct assay_share_reshare *reshare = assay_share_registry_find_reshare(b->r, row);
        assay_writer_u16be(&w, (uint16_t)reshare->dealers);
        assay_writer_put(&w, b->commitments.point, sizeof b->commitments.point[0] * K);
    }
    if (!owner) {
        struct assay_share_gift read;
        uint8_t digest[32], signature[64] = { 0 };
        assay_writer_put(&w, signature, 64);
        cr_assert_eq(assay_share_gift_open(assay_slice_over(gift, w.len + 2), terms.purpose,
                                           &read, NULL),
                     ASSAY_OK);
        const struct assay_share_given given = assay_share_given_by(&terms);
        assay_share_given_statement(&terms.home, &given, read.root, 1, digest);
        assay_model_sign(b->secret[member], digest, gift + 2 + w.len - 64);
    }
    cr_assert_eq(assay_share_exchange_give(&x, assay_slice_over(gift, w.len + 2), &seed, b->room,
                                           b->bytes, sizeof b->bytes, &want),
                 ASSAY_OK);
    return message(b, from, want.bytes);
}

static inline enum assay_status give(struct bench *b, uint32_t member,
                                     const struct assay_share_from *from,
                                     const struct assay_share_piece *piece)
{
    const struct ask ask = ask_to(b, MEMBERS);
    return give_to(b, &ask, member, from, piece);
}

/* A dealer has announced its dealing. */
static inline void say_dealt(struct bench *b, uint32_t member,
                             const struct assay_share_commitments *dealt)
{
    struct assay_share_list_record record = line(b, 0);
    record.seating = seating_of(b->r, 0, member);
    record.line[0].generation = 2;
    record.line[0].attempt = first_of(b);
    assay_share_commitments_digest(dealt, record.line[0].digest);
    cr_assert_eq(assay_share_registry_apply_deal(b->r, member, &record, &b->facts),
                 ASSAY_SHARE_APPLIED);
}

#endif
