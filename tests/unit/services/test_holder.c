/*
 * One holder at its door (docs/services.md 5.10 to 5.12): what it asks of whom, what it stores and
 * says, to whom it gives. The other sides are played by the test.
 */
#include "base/crypto/model.h"
#include "services/shares/holder.h"

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

static void host_random(void *context, uint8_t *bytes, size_t len)
{
    struct bench *b = context;
    const uint32_t number = ++b->drawn;
    uint8_t digest[32];
    assay_sha256(&number, sizeof number, digest);
    assay_bytes_copy(bytes, len, digest, len);
}

static void host_sign(void *context, const uint8_t digest[static 32],
                      uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    const struct bench *b = context;
    assay_model_sign(b->secret[b->own], digest, signature);
}

static void close_epoch(struct bench *b)
{
    assay_share_registry_close(b->r, ++b->epoch.epoch, b->standing, b->score, MEMBERS, &b->facts);
}

static void list(struct bench *b, uint32_t member, uint32_t cluster)
{
    struct assay_share_holder_record record = { .cluster = cluster };
    const uint8_t node[32] = { (uint8_t)member };
    assay_bytes_copy(record.key, 64, b->key[member], 64);
    cr_assert_eq(assay_share_registry_holder(b->r, member, node, &record, &b->facts),
                 ASSAY_SHARE_APPLIED);
}

static uint32_t attempt_of(const struct bench *b)
{
    const struct assay_share_row *row = assay_share_registry_find(b->r, b->id);
    return row == NULL ? 1 : row->attempt;
}

static struct assay_share_list_record line(const struct bench *b, uint32_t cluster)
{
    struct assay_share_list_record record = { .cluster = cluster, .count = 1 };
    record.line[0] = (struct assay_share_line){ .generation = 1,
                                                .attempt = attempt_of(b) };
    assay_bytes_copy(record.line[0].id, 32, b->id, 32);
    assay_share_commitments_digest(&b->commitments, record.line[0].digest);
    return record;
}

static void have(struct bench *b, uint32_t member)
{
    const struct assay_share_list_record record = line(b, member / SLOTS);
    (void)assay_share_registry_have(b->r, member, &record, &b->facts);
}

static void ready(struct bench *b, uint32_t member)
{
    struct assay_share_ready_record record = { .cluster = member / SLOTS, .slot = member % SLOTS,
                                               .count = b->r->synced_count };
    assay_share_registry_root(b->r, record.digest);
    cr_assert_eq(assay_share_registry_ready(b->r, member, &record, &b->facts),
                 ASSAY_SHARE_APPLIED);
}

static void start(struct bench *b, uint32_t own)
{
    struct assay_share_holder_config config = { .host = { b, host_random, host_sign },
                                                .ids_max = 4 };
    const size_t len = assay_share_holder_size(4);
    b->own = own;
    assay_bytes_copy(config.key, 64, b->key[own], 64);
    if (b->h == NULL) b->h = malloc(len);
    b->h = assay_share_holder_init(b->h, len, &config);
}

static void crawl(struct bench *b)
{
    assay_share_holder_crawl(b->h, b->r, &b->epoch, b->now_ms, &b->out);
    assay_share_holder_check(b->h);
}

static void facts(struct bench *b)
{
    assay_share_holder_facts(b->h, b->r, &b->epoch, &b->facts, b->now_ms, &b->out);
    assay_share_holder_check(b->h);
}

static void tick(struct bench *b, uint64_t now_ms)
{
    b->now_ms = now_ms;
    assay_share_holder_tick(b->h, b->r, &b->epoch, now_ms, &b->out);
    assay_share_holder_check(b->h);
}

/* All clusters sit and are ready; the secret's put waits in cluster 0. */
static struct bench *fresh(uint32_t own)
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
    cr_assert_eq(assay_share_registry_put(b->r, &put, &b->facts), ASSAY_SHARE_APPLIED);
    start(b, own);
    return b;
}

static void done(struct bench *b)
{
    free(b->h);
    free(b->r);
    free(b);
}

static const struct assay_share_effect *effect_of(const struct bench *b, enum assay_share_act act)
{
    for (uint32_t i = 0; i < b->out.count; i++)
        if (b->out.effect[i].act == act) return &b->out.effect[i];
    return NULL;
}

static bool asks(const struct bench *b, uint32_t member)
{
    const struct assay_share_effect *effect = effect_of(b, ASSAY_SHARE_ACT_SEND);
    return effect != NULL && effect->to_holder &&
           assay_bytes_equal(effect->key, b->key[member], 64);
}

static struct assay_share_piece piece_of(const struct bench *b, uint32_t slot)
{
    struct assay_share_piece piece = { .generation = 1, .attempt = attempt_of(b),
                                       .commitments = b->commitments };
    assay_bytes_copy(piece.id, 32, b->id, 32);
    cr_assert_eq(assay_share_of(&b->polynomial, slot, &piece.share), ASSAY_OK);
    return piece;
}

static struct assay_share_from from_member(const struct bench *b, uint32_t member)
{
    struct assay_share_from from = { .holder = true };
    assay_bytes_copy(from.key, 64, b->key[member], 64);
    return from;
}

static enum assay_status message(struct bench *b, const struct assay_share_from *from,
                                 struct assay_slice bytes)
{
    const enum assay_status status = assay_share_holder_message(b->h, b->r, &b->epoch, from, bytes,
                                                                b->now_ms, &b->out);
    assay_share_holder_check(b->h);
    return status;
}

/* Plays the giver of the ASK that the holder has sent, to its end. member: MEMBERS for an owner. */
static enum assay_status give(struct bench *b, uint32_t member,
                              const struct assay_share_from *from,
                              const struct assay_share_piece *piece)
{
    const struct assay_share_effect *sent = effect_of(b, ASSAY_SHARE_ACT_SEND);
    static struct assay_share_exchange x;
    struct assay_share_message m;
    struct assay_share_want want;
    const bool owner = member == MEMBERS;
    const uint8_t nonce[32] = { 77 }, evidence[1] = { 1 };
    const struct assay_secret32 seed = { { 5 } };
    uint8_t gift[1024] = { 0, 1 };
    cr_assert_not_null(sent);
    cr_assert_eq(assay_share_message_decode(sent->bytes, &m), ASSAY_OK);
    const uint32_t own_cluster = b->own / SLOTS, own_slot = b->own % SLOTS;
    struct assay_share_terms terms = { .era = b->epoch.era, .epoch = b->epoch.epoch,
                                       .purpose = m.purpose, .taker_proves = true,
                                       .taker = { { (uint8_t)b->own }, own_cluster, own_slot } };
    terms.giver = owner ? (struct assay_share_side){ { 0 }, own_cluster, own_slot }
                        : (struct assay_share_side){ { (uint8_t)member }, member / SLOTS,
                                                     member % SLOTS };
    cr_assert_eq(assay_share_exchange_answer(&x, &terms, &m, nonce, 0, b->bytes, sizeof b->bytes,
                                             &want),
                 ASSAY_OK);
    if (!owner)
        cr_assert_eq(assay_share_exchange_quoted(&x, assay_slice_over(evidence, 1), b->bytes,
                                                 sizeof b->bytes, &want),
                     ASSAY_OK);
    cr_assert_eq(message(b, from, want.bytes), ASSAY_OK);
    if (!owner) {
        cr_assert_eq(b->out.effect[0].act, ASSAY_SHARE_ACT_VERIFY);
        assay_share_holder_verified(b->h, b->r, &b->epoch, b->out.effect[0].serial, true,
                                    b->now_ms, &b->out);
    }
    cr_assert_eq(b->out.effect[0].act, ASSAY_SHARE_ACT_QUOTE);
    assay_share_holder_quoted(b->h, b->r, &b->epoch, b->out.effect[0].serial,
                              assay_slice_over(evidence, 1), b->now_ms, &b->out);
    cr_assert_eq(assay_share_message_decode(b->out.effect[0].bytes, &m), ASSAY_OK);
    cr_assert_eq(assay_share_exchange_message(&x, &m, b->bytes, sizeof b->bytes, &want), ASSAY_OK);
    cr_assert_eq(assay_share_exchange_verified(&x, b->bytes, sizeof b->bytes, &want), ASSAY_OK);
    struct assay_writer w = assay_writer_over(gift + 2, sizeof gift - 2);
    assay_share_piece_put(&w, piece);
    if (!owner) {
        struct assay_share_gift read;
        uint8_t digest[32], signature[64] = { 0 };
        assay_writer_put(&w, signature, 64);
        cr_assert_eq(assay_share_gift_open(assay_slice_over(gift, w.len + 2), ASSAY_SHARE_FETCH,
                                           &read),
                     ASSAY_OK);
        assay_share_dealt_statement(&terms.home, terms.giver.cluster, terms.giver.slot,
                                    terms.taker.slot, read.root, 1, digest);
        assay_model_sign(b->secret[member], digest, gift + 2 + w.len - 64);
    }
    cr_assert_eq(assay_share_exchange_give(&x, assay_slice_over(gift, w.len + 2), &seed, b->room,
                                           b->bytes, sizeof b->bytes, &want),
                 ASSAY_OK);
    return message(b, from, want.bytes);
}

static enum assay_status fetch(struct bench *b, uint32_t member, uint32_t slot)
{
    const struct assay_share_from from = from_member(b, member);
    const struct assay_share_piece piece = piece_of(b, slot);
    return give(b, member, &from, &piece);
}

/* Member 3, slot 0 of cluster 1, misses what clusters 0 and 2 have. */
static struct bench *missing(void)
{
    struct bench *b = fresh(3);
    for (uint32_t i = 0; i < SLOTS; i++)
        have(b, i);
    have(b, 6);
    cr_assert(assay_share_registry_find(b->r, b->id)->synced);
    crawl(b);
    return b;
}

/* --- taking */

Test(holder, a_share_is_stored_before_it_is_confirmed)
{
    struct bench *b = missing();
    cr_assert(asks(b, 0), "the origin's equal slot");
    cr_assert_eq(assay_share_holder_status(b->h).missing, 1);
    cr_assert_eq(fetch(b, 0, 0), ASSAY_OK);
    cr_assert_eq(b->out.effect[0].act, ASSAY_SHARE_ACT_PERSIST);
    cr_assert_eq(b->out.effect[1].act, ASSAY_SHARE_ACT_SUBMIT);
    cr_assert_eq(b->out.effect[1].payload, ASSAY_SHARE_PAYLOAD_HAVE);
    cr_assert_eq(assay_share_holder_status(b->h).kept, 1);
    cr_assert_eq(assay_share_holder_status(b->h).missing, 0);
    tick(b, 100000);
    cr_assert_eq(b->out.count, 0, "it is said once");
    done(b);
}

Test(holder, the_next_cluster_is_asked_and_after_a_round_there_is_a_pause)
{
    struct bench *b = missing();
    cr_assert(asks(b, 0));
    cr_assert_eq(b->out.wake_at_ms, ASSAY_SHARE_PATIENCE_MS);
    tick(b, 1999);
    cr_assert_eq(b->out.count, 0);
    tick(b, 2000);
    cr_assert(asks(b, 6), "the next cluster that has it");
    tick(b, 4000);
    cr_assert_eq(b->out.count, 0, "a round is over: 2 s");
    cr_assert_eq(b->out.wake_at_ms, 6000);
    tick(b, 6000);
    cr_assert(asks(b, 0));
    tick(b, 8000);
    cr_assert(asks(b, 6));
    tick(b, 10000);
    cr_assert_eq(b->out.wake_at_ms, 14000, "4 s");
    uint64_t last = 0, pause = 0;
    for (uint32_t i = 0; i < 40; i++) {
        last = b->now_ms;
        tick(b, b->out.wake_at_ms);
        if (b->now_ms - last > pause) pause = b->now_ms - last;
    }
    cr_assert_eq(pause, 60000, "and no longer than 60 s");
    done(b);
}

Test(holder, what_is_no_share_is_refused_and_its_giver_is_shown)
{
    struct bench *b = missing();
    const struct assay_share_from from = from_member(b, 0);
    struct assay_share_piece piece = piece_of(b, 0);
    piece.share.bytes[0] ^= 1;
    cr_assert_eq(give(b, 0, &from, &piece), ASSAY_E_INVALID);
    cr_assert_null(effect_of(b, ASSAY_SHARE_ACT_PERSIST));
    const struct assay_share_effect *effect = effect_of(b, ASSAY_SHARE_ACT_SUBMIT);
    struct assay_share_lie_record lie;
    cr_assert_not_null(effect);
    cr_assert_eq(effect->payload, ASSAY_SHARE_PAYLOAD_LIE);
    cr_assert_eq(assay_share_lie_record_decode(effect->bytes, &lie), ASSAY_OK);
    cr_assert(assay_share_lie_record_check(&b->r->config.home, &lie));
    cr_assert_eq(assay_share_registry_lie(b->r, &lie, &b->facts), ASSAY_SHARE_APPLIED);
    cr_assert_eq(b->facts.fact[0].member, 0);
    cr_assert(asks(b, 6), "and the next one is asked at once");
    cr_assert_eq(fetch(b, 6, 0), ASSAY_OK);
    cr_assert_eq(assay_share_holder_status(b->h).kept, 1);
    done(b);
}

Test(holder, evidence_that_does_not_stand_ends_the_exchange)
{
    struct bench *b = missing();
    const struct assay_share_from from = from_member(b, 0);
    struct assay_share_message m, offer = { .kind = ASSAY_SHARE_OFFER };
    struct assay_slice bytes;
    cr_assert_eq(assay_share_message_decode(b->out.effect[0].bytes, &m), ASSAY_OK);
    assay_bytes_copy(offer.nonce_a, 32, m.nonce_a, 32);
    offer.evidence = assay_slice_over("no", 2);
    cr_assert_eq(assay_share_message_encode(&offer, b->bytes, sizeof b->bytes, &bytes), ASSAY_OK);
    const struct assay_share_from other = from_member(b, 1);
    cr_assert_eq(message(b, &other, bytes), ASSAY_E_STALE, "another's link");
    cr_assert_eq(message(b, &from, bytes), ASSAY_OK);
    cr_assert_eq(b->out.effect[0].act, ASSAY_SHARE_ACT_VERIFY);
    const uint64_t serial = b->out.effect[0].serial;
    assay_share_holder_verified(b->h, b->r, &b->epoch, serial, false, b->now_ms, &b->out);
    cr_assert(asks(b, 6), "the next one");
    assay_share_holder_verified(b->h, b->r, &b->epoch, serial, true, b->now_ms, &b->out);
    cr_assert_eq(b->out.count, 0, "too late");
    done(b);
}

Test(holder, an_owner_hands_over_what_waits_and_nothing_else)
{
    struct bench *b = fresh(1);
    const struct assay_share_from owner = { .link = 9 };
    const uint8_t unknown[32] = { 1 };
    struct assay_share_piece piece = piece_of(b, 1);
    crawl(b);
    cr_assert_eq(b->out.count, 0);
    cr_assert_eq(assay_share_holder_hand(b->h, b->r, &b->epoch, &owner, unknown, 0, &b->out),
                 ASSAY_E_NOT_FOUND);
    cr_assert_eq(assay_share_holder_hand(b->h, b->r, &b->epoch, &owner, b->id, 0, &b->out),
                 ASSAY_OK);
    cr_assert_eq(b->out.effect[0].link, 9);
    piece.share.bytes[0] ^= 1;
    cr_assert_eq(give(b, MEMBERS, &owner, &piece), ASSAY_E_INVALID);
    cr_assert_null(effect_of(b, ASSAY_SHARE_ACT_SUBMIT), "an owner's slip convicts nobody");
    piece.share.bytes[0] ^= 1;
    cr_assert_eq(assay_share_holder_hand(b->h, b->r, &b->epoch, &owner, b->id, 0, &b->out),
                 ASSAY_OK);
    cr_assert_eq(give(b, MEMBERS, &owner, &piece), ASSAY_OK);
    cr_assert_eq(b->out.effect[0].act, ASSAY_SHARE_ACT_PERSIST);
    cr_assert_eq(b->out.effect[1].payload, ASSAY_SHARE_PAYLOAD_HAVE);
    for (uint32_t i = 0; i < ASSAY_SHARE_WAITING_EPOCHS; i++)
        close_epoch(b);
    facts(b);
    cr_assert_eq(b->out.effect[0].act, ASSAY_SHARE_ACT_ERASE, "it was not confirmed in time");
    done(b);
}

/* --- keeping */

/* Member 0 keeps its share. */
static struct bench *keeping(void)
{
    struct bench *b = fresh(0);
    const struct assay_share_from owner = { .link = 9 };
    const struct assay_share_piece piece = piece_of(b, 0);
    crawl(b);
    cr_assert_eq(assay_share_holder_hand(b->h, b->r, &b->epoch, &owner, b->id, 0, &b->out),
                 ASSAY_OK);
    cr_assert_eq(give(b, MEMBERS, &owner, &piece), ASSAY_OK);
    for (uint32_t i = 0; i < SLOTS; i++)
        have(b, i);
    crawl(b);
    cr_assert_eq(assay_share_holder_status(b->h).kept, 1);
    return b;
}

Test(holder, everything_is_wiped_when_the_slot_moves_and_not_before)
{
    struct bench *b = keeping();
    b->standing[0] = ASSAY_SHARE_STAND_SUSPENDED;
    close_epoch(b);
    facts(b);
    cr_assert_null(effect_of(b, ASSAY_SHARE_ACT_WIPE), "nobody else is there: it may come back");
    cr_assert_not_null(assay_share_holder_piece(b->h, b->id, false));
    list(b, SPARE, 0);
    facts(b);
    cr_assert_eq(b->out.effect[0].act, ASSAY_SHARE_ACT_WIPE);
    cr_assert_null(assay_share_holder_piece(b->h, b->id, false));
    cr_assert(!assay_share_holder_status(b->h).seated);
    done(b);
}

Test(holder, what_was_stored_comes_back_and_is_said_again)
{
    struct bench *b = keeping();
    uint8_t stored[ASSAY_SHARE_STORED_MAX + 1];
    struct assay_slice out;
    cr_assert_eq(assay_share_holder_stored(b->h, b->id, stored, sizeof stored, &out), ASSAY_OK);
    b->r->row[0].have[0] &= ~1u; /* it was killed before its record was final */
    start(b, 0);
    for (size_t len = 0; len < out.len; len++)
        cr_assert_eq(assay_share_holder_load(b->h, assay_slice_over(stored, len)),
                     ASSAY_E_VERSION);
    stored[out.len] = 0;
    cr_assert_eq(assay_share_holder_load(b->h, assay_slice_over(stored, out.len + 1)),
                 ASSAY_E_VERSION);
    cr_assert_eq(assay_share_holder_load(b->h, out), ASSAY_OK);
    cr_assert_eq(assay_share_holder_load(b->h, out), ASSAY_E_DUPLICATE);
    crawl(b);
    cr_assert_eq(b->out.count, 1);
    cr_assert_eq(b->out.effect[0].payload, ASSAY_SHARE_PAYLOAD_HAVE);
    done(b);
}

/* Slot 1 went to a spare member: the id is dealt anew, and member 0 deals. */
static struct bench *dealing(void)
{
    struct bench *b = keeping();
    b->standing[1] = ASSAY_SHARE_STAND_NONE;
    list(b, SPARE, 0);
    close_epoch(b);
    const struct assay_share_row *row = assay_share_registry_find(b->r, b->id);
    cr_assert_eq(assay_share_registry_reshare(b->r, row)->dealers, 5);
    facts(b);
    return b;
}

Test(holder, it_deals_the_same_after_a_crash)
{
    struct bench *b = dealing();
    uint8_t stored[ASSAY_SHARE_STORED_MAX];
    struct assay_slice out;
    struct assay_share_list_record first, again;
    cr_assert_eq(b->out.effect[0].act, ASSAY_SHARE_ACT_PERSIST, "its seed is stored first");
    cr_assert_eq(b->out.effect[1].payload, ASSAY_SHARE_PAYLOAD_DEAL);
    cr_assert_eq(assay_share_list_record_decode(b->out.effect[1].bytes, &first), ASSAY_OK);
    cr_assert_eq(assay_share_holder_stored(b->h, b->id, stored, sizeof stored, &out), ASSAY_OK);
    start(b, 0);
    cr_assert_eq(assay_share_holder_load(b->h, out), ASSAY_OK);
    crawl(b);
    const struct assay_share_effect *effect = effect_of(b, ASSAY_SHARE_ACT_SUBMIT);
    cr_assert_eq(effect->payload, ASSAY_SHARE_PAYLOAD_DEAL);
    cr_assert_eq(assay_share_list_record_decode(effect->bytes, &again), ASSAY_OK);
    cr_assert(assay_bytes_equal(first.line[0].digest, again.line[0].digest, 32));
    close_epoch(b);
    facts(b);
    effect = effect_of(b, ASSAY_SHARE_ACT_SUBMIT);
    cr_assert_eq(assay_share_list_record_decode(effect->bytes, &again), ASSAY_OK);
    cr_assert_eq(again.line[0].attempt, 2);
    cr_assert(!assay_bytes_equal(first.line[0].digest, again.line[0].digest, 32),
              "another attempt is another polynomial");
    done(b);
}

/* --- giving */

static enum assay_status asked_by(struct bench *b, const struct assay_share_from *from,
                                  enum assay_share_purpose purpose, uint8_t nonce, uint8_t box)
{
    struct assay_share_message m = { .kind = ASSAY_SHARE_ASK, .purpose = purpose,
                                     .era = b->epoch.era, .epoch = b->epoch.epoch, .count = 1,
                                     .nonce_a = { nonce }, .box = { box },
                                     .ids = assay_slice_over(b->id, 32) };
    struct assay_slice bytes;
    cr_assert_eq(assay_share_message_encode(&m, b->bytes, sizeof b->bytes, &bytes), ASSAY_OK);
    return message(b, from, bytes);
}

Test(holder, it_gives_to_equal_slots_and_deals_to_its_own_cluster)
{
    struct bench *b = keeping();
    struct assay_share_from from = from_member(b, 3);
    const struct assay_share_from outsider = { .link = 1 };
    cr_assert_eq(asked_by(b, &from, ASSAY_SHARE_FETCH, 1, 1), ASSAY_OK);
    cr_assert_eq(b->out.effect[0].act, ASSAY_SHARE_ACT_QUOTE);
    cr_assert_eq(asked_by(b, &from, ASSAY_SHARE_DEAL, 1, 1), ASSAY_E_LANE, "another cluster's");
    cr_assert_eq(asked_by(b, &from, ASSAY_SHARE_HAND, 1, 1), ASSAY_E_LANE);
    cr_assert_eq(asked_by(b, &outsider, ASSAY_SHARE_FETCH, 1, 1), ASSAY_E_LANE);
    from = from_member(b, 4);
    cr_assert_eq(asked_by(b, &from, ASSAY_SHARE_FETCH, 1, 1), ASSAY_E_LANE, "slot 1");
    from = from_member(b, 2);
    cr_assert_eq(asked_by(b, &from, ASSAY_SHARE_FETCH, 1, 1), ASSAY_E_LANE, "its own cluster");
    cr_assert_eq(asked_by(b, &from, ASSAY_SHARE_DEAL, 1, 1), ASSAY_OK);
    from = from_member(b, SPARE);
    cr_assert_eq(asked_by(b, &from, ASSAY_SHARE_FETCH, 1, 1), ASSAY_E_STRANGER, "no slot");
    from = from_member(b, 6);
    b->standing[6] = ASSAY_SHARE_STAND_SUSPENDED;
    close_epoch(b);
    cr_assert_eq(asked_by(b, &from, ASSAY_SHARE_FETCH, 1, 1), ASSAY_E_STRANGER, "it lost its slot");
    from = from_member(b, 3);
    b->epoch.epoch++;
    cr_assert_eq(asked_by(b, &from, ASSAY_SHARE_FETCH, 1, 1), ASSAY_OK);
    done(b);
}

Test(holder, it_gives_nothing_before_the_other_has_proved_itself)
{
    struct bench *b = keeping();
    const struct assay_share_from from = from_member(b, 3);
    struct assay_share_message m;
    struct assay_slice bytes;
    cr_assert_eq(asked_by(b, &from, ASSAY_SHARE_FETCH, 1, 1), ASSAY_OK);
    assay_share_holder_quoted(b->h, b->r, &b->epoch, b->out.effect[0].serial,
                              assay_slice_over("q", 1), 0, &b->out);
    cr_assert_eq(assay_share_message_decode(b->out.effect[0].bytes, &m), ASSAY_OK);
    cr_assert_eq(m.kind, ASSAY_SHARE_OFFER);
    m.kind = ASSAY_SHARE_PROOF;
    m.evidence = assay_slice_over("p", 1);
    cr_assert_eq(assay_share_message_encode(&m, b->bytes, sizeof b->bytes, &bytes), ASSAY_OK);
    cr_assert_eq(message(b, &from, bytes), ASSAY_OK);
    cr_assert_eq(b->out.count, 1);
    cr_assert_eq(b->out.effect[0].act, ASSAY_SHARE_ACT_VERIFY);
    const uint64_t serial = b->out.effect[0].serial;
    assay_share_holder_verified(b->h, b->r, &b->epoch, serial, false, 0, &b->out);
    cr_assert_eq(b->out.count, 0);
    assay_share_holder_verified(b->h, b->r, &b->epoch, serial, true, 0, &b->out);
    cr_assert_eq(b->out.count, 0, "it is over");
    done(b);
}

Test(holder, a_reader_gets_a_share_when_its_read_is_final)
{
    struct bench *b = keeping();
    const struct assay_share_from reader = { .link = 4 };
    struct assay_share_read_record read = { .nonce = { 7 }, .box = { 8 } };
    read.reader.kind = ASSAY_SHARE_READER_ACCOUNT;
    assay_bytes_copy(read.id, 32, b->id, 32);
    cr_assert_eq(asked_by(b, &reader, ASSAY_SHARE_LET, 7, 8), ASSAY_E_LANE, "not before");
    cr_assert_eq(assay_share_registry_read(b->r, &read, &b->facts), ASSAY_SHARE_APPLIED);
    facts(b);
    cr_assert_eq(asked_by(b, &reader, ASSAY_SHARE_LET, 7, 9), ASSAY_E_LANE, "another box");
    cr_assert_eq(asked_by(b, &reader, ASSAY_SHARE_LET, 6, 8), ASSAY_E_LANE, "another nonce");
    cr_assert_eq(asked_by(b, &reader, ASSAY_SHARE_LET, 7, 8), ASSAY_OK);
    cr_assert_eq(b->out.effect[0].act, ASSAY_SHARE_ACT_QUOTE);
    done(b);
}

Test(holder, bytes_of_anybody_change_nothing)
{
    struct bench *b = keeping();
    const struct assay_share_from from = from_member(b, 3);
    uint8_t bytes[200];
    for (uint32_t i = 0; i < 20000; i++) {
        host_random(b, bytes, 32);
        const size_t len = bytes[0] % 32u;
        cr_assert_neq(message(b, &from, assay_slice_over(bytes, len)), ASSAY_OK);
        cr_assert_eq(b->out.count, 0);
    }
    done(b);
}
