/*
 * tests/unit/services/shares/test_holder_public.c - tests of a holder in public attempts.
 *
 * A holder in public attempts (docs/services.md 5.17): what it deals is stored before it is handed
 * in, and is the same after a crash; its keys are stored, used once and destroyed.
 */
#include "tests/support/services/holder_bench.h"

static uint8_t stored_share[ASSAY_SHARE_STORED_MAX], stored_keys[ASSAY_SHARE_STORED_MAX];
static const uint8_t own_row[32];

/* Slot 0 of cluster 0 keeps its share. */
static struct bench *keeping(void)
{
    static uint8_t stored[ASSAY_SHARE_STORED_MAX];
    struct bench *b = fresh(0);
    struct assay_slice out;
    const struct assay_share_piece piece = piece_of(b, 0);
    struct assay_writer w = assay_writer_over(stored, sizeof stored);
    for (uint32_t i = 0; i < SLOTS; i++)
        have(b, i);
    assay_writer_u8(&w, 4); /* version, has a piece, cluster, slot */
    assay_writer_u8(&w, 1);
    assay_writer_u16be(&w, 0);
    assay_writer_put(&w, b->id, 32);
    assay_share_piece_encode(&w, &piece);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    cr_assert_eq(assay_share_holder_load(b->h, out), ASSAY_OK);
    assay_share_holder_crawl(b->h, b->r, &b->epoch, b->now_ms, &b->out);
    return b;
}

static const struct assay_share_effect *said(const struct bench *b,
                                             enum assay_share_payload payload)
{
    for (uint32_t i = 0; i < b->out.count; i++)
        if (b->out.effect[i].act == ASSAY_SHARE_ACT_SUBMIT &&
            b->out.effect[i].payload == payload)
            return &b->out.effect[i];
    return NULL;
}

/* Where it is stored, before `other` leaves. */
static bool is_stored_before(const struct bench *b, const uint8_t id[static 32],
                             const struct assay_share_effect *other)
{
    for (uint32_t i = 0; i < b->out.count && &b->out.effect[i] != other; i++)
        if (b->out.effect[i].act == ASSAY_SHARE_ACT_PERSIST &&
            assay_bytes_equal(b->out.effect[i].id, id, 32))
            return true;
    return false;
}

static void key_final(struct bench *b)
{
    static struct assay_share_key_record record;
    const struct assay_share_effect *key = said(b, ASSAY_SHARE_PAYLOAD_KEY);
    cr_assert_not_null(key);
    cr_assert(is_stored_before(b, own_row, key), "its secret half is stored before it is listed");
    cr_assert_eq(assay_share_key_record_decode(key->bytes, &record), ASSAY_OK);
    cr_assert(assay_share_key_record_check(&b->r->config.home, &record));
    cr_assert_eq(assay_share_registry_apply_key(b->r, 0, &record, &b->facts), ASSAY_SHARE_APPLIED);
}

/* A round is under way, in which slot 0 has a key and others have some. */
static void begin_round(struct bench *b)
{
    key_final(b);
    b->standing[1] = ASSAY_SHARE_STAND_NONE;
    list(b, SPARE, 0);
    close_epoch(b);
    for (uint32_t i = 1; i < SLOTS; i++) {
        struct assay_share_seat *seat = &b->r->cluster[0].seat[i];
        const struct assay_secret32 e = { { (uint8_t)(40 + i) } };
        seat->has_next = true;
        cr_assert_eq(assay_sodium_point_base(&e, seat->next), ASSAY_OK);
    }
    close_epoch(b);
    cr_assert_eq(b->r->round->phase, ASSAY_SHARE_PHASE_DEALS);
    assay_share_holder_on_facts(b->h, b->r, &b->epoch, &b->facts, b->now_ms, &b->out);
}

static struct bench *in_round(void)
{
    struct bench *b = keeping();
    begin_round(b);
    return b;
}

/* What is stored comes back in another process. */
static void crash(struct bench *b)
{
    struct assay_slice share, keys;
    cr_assert_eq(assay_share_holder_stored(b->h, b->id, stored_share, sizeof stored_share, &share),
                 ASSAY_OK);
    cr_assert_eq(assay_share_holder_stored(b->h, own_row, stored_keys, sizeof stored_keys, &keys),
                 ASSAY_OK);
    start(b, 0);
    cr_assert_eq(assay_share_holder_load(b->h, share), ASSAY_OK);
    cr_assert_eq(assay_share_holder_load(b->h, keys), ASSAY_OK);
    cr_assert_eq(assay_share_holder_load(b->h, keys), ASSAY_E_DUPLICATE);
    assay_share_holder_crawl(b->h, b->r, &b->epoch, b->now_ms, &b->out);
    assay_share_holder_check(b->h);
}

Test(holder_public, what_it_deals_is_stored_first_and_the_same_after_a_crash)
{
    static struct assay_share_dealing_record first, again;
    struct bench *b = in_round();
    const struct assay_share_effect *dealt = said(b, ASSAY_SHARE_PAYLOAD_DEALING);
    cr_assert_not_null(dealt);
    cr_assert(is_stored_before(b, b->id, dealt));
    cr_assert_eq(assay_share_dealing_record_decode(dealt->bytes, &first), ASSAY_OK);
    cr_assert(assay_share_dealing_record_check(&b->r->config.home, &first));
    for (uint32_t i = 0; i < 3; i++) {
        crash(b);
        dealt = said(b, ASSAY_SHARE_PAYLOAD_DEALING);
        cr_assert_not_null(dealt);
        cr_assert_eq(assay_share_dealing_record_decode(dealt->bytes, &again), ASSAY_OK);
        cr_assert_eq(again.count, 1);
        cr_assert_arr_eq(&again.line[0], &first.line[0], sizeof first.line[0]);
    }
    cr_assert_eq(assay_share_registry_apply_dealing(b->r, 0, &first, &b->facts),
                 ASSAY_SHARE_APPLIED);
    cr_assert_eq(assay_share_registry_apply_dealing(b->r, 0, &again, &b->facts), ASSAY_SHARE_SAME);
    crash(b);
    cr_assert_null(said(b, ASSAY_SHARE_PAYLOAD_DEALING), "the ledger has it");
    done(b);
}

/* What is left on the disk of what it dealt tells nothing of its share: no coefficient, no r. */
Test(holder_public, nothing_secret_of_a_dealing_is_stored)
{
    struct bench *b = in_round();
    const struct assay_share_own_public *own = assay_share_public_find_own(b->h, b->id);
    struct assay_share_piece piece = piece_of(b, 0);
    cr_assert_not_null(own);
    for (uint32_t i = 0; i < SLOTS; i++) /* sealed to others, and not in the clear */
        cr_assert_arr_neq(own->line.dealing.sealed[i], piece.share.bytes, 32);
    cr_assert_eq(b->h->holding[0].deal.attempt, 0, "no seed, of which it would follow");
    done(b);
}

Test(holder_public, a_key_is_used_in_one_round_and_destroyed)
{
    struct bench *b = in_round();
    cr_assert(b->h->key_now.set);
    cr_assert_arr_eq(b->h->key_now.point, b->r->round->key[0], 32);
    cr_assert(b->h->key_next.set, "there is one for the next round");
    cr_assert_arr_neq(b->h->key_next.point, b->h->key_now.point, 32);
    const struct assay_secret32 used = b->h->key_now.secret;
    crash(b);
    cr_assert_arr_eq(b->h->key_now.secret.bytes, used.bytes, 32);
    while (b->r->round->phase != ASSAY_SHARE_PHASE_NONE)
        close_epoch(b);
    assay_share_holder_on_facts(b->h, b->r, &b->epoch, &b->facts, b->now_ms, &b->out);
    cr_assert(!b->h->key_now.set);
    bool stored = false;
    for (uint32_t i = 0; i < b->out.count; i++)
        stored = stored || (b->out.effect[i].act == ASSAY_SHARE_ACT_PERSIST &&
                            assay_bytes_equal(b->out.effect[i].id, own_row, 32));
    cr_assert(stored, "without it");
    struct assay_slice keys;
    cr_assert_eq(assay_share_holder_stored(b->h, own_row, stored_keys, sizeof stored_keys, &keys),
                 ASSAY_OK);
    for (size_t at = 0; at + 32 <= keys.len; at++)
        cr_assert_arr_neq(keys.bytes + at, used.bytes, 32);
    done(b);
}

/* --- disputes */

/* Another id, of another owner, kept by all slots of cluster 0. Returns: its id. */
static void put_second(struct bench *b, uint8_t id[static 32])
{
    struct assay_share_put_record put = { .k = K, .owner = { 1 } };
    assay_share_commitments_digest(&b->commitments, put.digest);
    assay_share_id(put.owner, put.name, id);
    put.birth.epoch = b->epoch.epoch;
    cr_assert_eq(assay_share_registry_apply_put(b->r, 1, &put, &b->facts), ASSAY_SHARE_APPLIED);
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct assay_share_list_record record = line(b, 0);
        record.seating = seating_of(b->r, 0, i);
        assay_bytes_copy(record.line[0].id, 32, id, 32);
        record.line[0].attempt = assay_share_put_attempt(b->epoch.epoch);
        cr_assert_eq(assay_share_registry_apply_have(b->r, i, &record, &b->facts),
                     ASSAY_SHARE_APPLIED);
    }
}

/* Slot 2 deals an id on; what it seals for slot 0 is another number. */
static void deal_wrongly(struct bench *b, const uint8_t id[static 32])
{
    static struct assay_share_dealing_record record;
    const struct assay_share_seat *seat = &b->r->cluster[0].seat[2];
    const struct assay_share_reshare *reshare =
        assay_share_registry_find_reshare(b->r, assay_share_registry_find(b->r, id));
    struct assay_share_dealing_line *line = &record.line[0];
    const struct assay_secret32 r = { { 77, id[0] } };
    struct assay_share_polynomial f;
    struct assay_secret32 own, sub;
    uint8_t wide[K * ASSAY_SODIUM_WIDE_LEN], label[32];
    record = (struct assay_share_dealing_record){
        .speaker = { .slot = 2, .seating = seat->seating, .era = b->r->era }, .count = 1,
    };
    assay_bytes_copy(record.speaker.node, 32, b->r->member[seat->member].node, 32);
    assay_bytes_copy(record.speaker.key, 64, seat->key, 64);
    *line = (struct assay_share_dealing_line){ .generation = reshare->generation,
                                               .attempt = reshare->attempt };
    assay_bytes_copy(line->id, 32, id, 32);
    line->dealing.slots = SLOTS;
    host_random(b, wide, sizeof wide);
    cr_assert_eq(assay_share_of(&b->polynomial, 2, &own), ASSAY_OK);
    cr_assert_eq(assay_share_deal_on(K, &own, wide, &f, &line->dealing.commitments), ASSAY_OK);
    cr_assert_eq(assay_sodium_point_base(&r, line->dealing.dealt), ASSAY_OK);
    for (uint32_t i = 0; i < SLOTS; i++) {
        cr_assert_eq(assay_share_of(&f, i, &sub), ASSAY_OK);
        assay_share_registry_get_label(b->r, reshare, 2, i, label);
        cr_assert_eq(assay_dealing_seal(&r, b->r->round->key[i], label, i == 0 ? &own : &sub,
                                        line->dealing.sealed[i]),
                     ASSAY_OK);
    }
    assay_share_dealing_label(&b->r->config.home, &record.speaker, line, label);
    cr_assert_eq(assay_dealing_prove(&r, label, wide, line->dealing.dealt, &line->proof),
                 ASSAY_OK);
    cr_assert_eq(assay_share_registry_apply_dealing(b->r, seat->member, &record, &b->facts),
                 ASSAY_SHARE_APPLIED);
}

static const struct assay_share_effect *disputed(const struct bench *b,
                                                 struct assay_share_dispute_record *record)
{
    const struct assay_share_effect *effect = said(b, ASSAY_SHARE_PAYLOAD_DISPUTE);
    if (effect != NULL)
        cr_assert_eq(assay_share_dispute_record_decode(effect->bytes, record), ASSAY_OK);
    return effect;
}

/* A dealer lies of two ids to one slot, which disputes one of them; the owner of that one is with
 * the dealer, and deletes it before the dispute is final. */
Test(holder_public, an_id_that_is_deleted_takes_no_dispute_with_it)
{
    static struct assay_share_dealing_record own;
    struct bench *b = keeping();
    struct assay_share_dispute_record record, other;
    uint8_t second[32];
    put_second(b, second);
    begin_round(b);
    cr_assert_eq(b->r->reshare_count, 2);
    const struct assay_share_effect *dealt = said(b, ASSAY_SHARE_PAYLOAD_DEALING);
    cr_assert_not_null(dealt);
    cr_assert_eq(assay_share_dealing_record_decode(dealt->bytes, &own), ASSAY_OK);
    cr_assert_eq(assay_share_registry_apply_dealing(b->r, 0, &own, &b->facts), ASSAY_SHARE_APPLIED);
    deal_wrongly(b, b->id);
    deal_wrongly(b, second);
    for (uint32_t i = 0; i < 2 && b->r->round->phase == ASSAY_SHARE_PHASE_DEALS; i++)
        close_epoch(b);
    cr_assert_eq(b->r->round->phase, ASSAY_SHARE_PHASE_DISPUTES);
    facts(b);
    cr_assert_not_null(disputed(b, &record));
    tick(b, b->now_ms + 1);
    cr_assert_null(disputed(b, &other), "one of a dealer is enough");
    struct assay_share_delete_record gone = { .order.version = 1 };
    gone.order.owner[0] = assay_bytes_equal(record.id, second, 32) ? 1 : 0;
    gone.order.birth = assay_share_registry_find(b->r, record.id)->birth;
    cr_assert_eq(assay_share_registry_apply_delete(b->r, &gone, &b->facts), ASSAY_SHARE_APPLIED);
    cr_assert_eq(assay_share_registry_apply_dispute(b->r, 0, &record, &b->facts),
                 ASSAY_SHARE_UNKNOWN);
    b->facts.count = 1;
    b->facts.fact[0] = (struct assay_share_fact){ .kind = ASSAY_SHARE_DELETED };
    assay_bytes_copy(b->facts.fact[0].id, 32, record.id, 32);
    facts(b);
    cr_assert_not_null(disputed(b, &other));
    cr_assert_arr_neq(other.id, record.id, 32);
    cr_assert_eq(assay_share_registry_apply_dispute(b->r, 0, &other, &b->facts),
                 ASSAY_SHARE_APPLIED);
    cr_assert(b->r->member[2].convicted);
    done(b);
}

/* It lost its disk with the key: it disputes nothing and says nothing that it cannot show. */
Test(holder_public, without_its_key_it_says_nothing_false)
{
    struct bench *b = in_round();
    start(b, 0);
    assay_share_holder_crawl(b->h, b->r, &b->epoch, b->now_ms, &b->out);
    while (b->r->round->phase != ASSAY_SHARE_PHASE_NONE) {
        cr_assert_null(said(b, ASSAY_SHARE_PAYLOAD_DISPUTE));
        cr_assert_null(said(b, ASSAY_SHARE_PAYLOAD_HAVE));
        close_epoch(b);
        assay_share_holder_on_facts(b->h, b->r, &b->epoch, &b->facts, b->now_ms, &b->out);
    }
    done(b);
}
