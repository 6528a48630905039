/*
 * tests/unit/services/continuity/test_receipts.c - goals of receipts at a replica: requests for
 * them delay nobody else, and each that is due arrives and verifies (docs/services.md 1.8).
 */
#include "base/crypto/model.h"
#include "base/merkle.h"
#include "services/continuity/replica.h"
#include "tests/support/seed.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { GROUP = 2, N = 3, HOSTILE = 64, FIRST_HOSTILE = 100, INSTANCES = 1024 };

struct bench {
    struct assay_cont_home home;
    struct assay_cont_replica *replica;
    uint8_t secret[32], key[ASSAY_P256_PUBLIC_LEN];
    struct assay_cont_effects effects;
    uint64_t now_ms;
    uint32_t signatures;
    uint32_t received[256]; /* receipts, by the first byte of the instance */
    uint64_t index[2]; /* of the first two receipts */
    uint32_t count;
};

static struct bench *begin(void)
{
    struct bench *b = calloc(1, sizeof *b);
    struct assay_cont_fact born = { .kind = ASSAY_CONT_BORN, .roster = { .count = N } };
    struct assay_cont_replica_config config = { .instances_max = INSTANCES };
    const size_t len = assay_cont_replica_size(INSTANCES);
    cr_assert_not_null(b);
    b->home.group = config.home.group = GROUP;
    b->secret[1] = 1;
    assay_model_public(b->secret, b->key);
    assay_bytes_copy(config.key, 64, b->key, 64);
    assay_bytes_copy(born.roster.key[0], 64, b->key, 64);
    born.roster.key[1][0] = 1;
    born.roster.key[2][0] = 2;
    b->now_ms = 1000;
    b->replica = assay_cont_replica_init(malloc(len), len, &config);
    assay_cont_replica_fact(b->replica, &born, b->now_ms, &b->effects);
    return b;
}

static void finish(struct bench *b)
{
    free(b->replica);
    free(b);
}

static struct assay_cont_frame frame(enum assay_cont_kind kind, const uint8_t instance[32])
{
    struct assay_cont_frame f = { .kind = kind, .group = GROUP, .session = 1 };
    assay_bytes_copy(f.instance, 32, instance, 32);
    return f;
}

/* What the replica sends: signatures are counted and made, receipts are verified, and what it
 * sends to itself arrives at once. Returns: the kind of the last frame; 0: none. */
static int perform(struct bench *b)
{
    const struct assay_cont_effects did = b->effects;
    int kind = 0;
    assay_cont_replica_check(b->replica);
    for (uint32_t i = 0; i < did.count; i++) {
        const struct assay_cont_send *send = &did.send[i];
        struct assay_cont_frame f;
        uint8_t bytes[1024];
        cr_assert_leq(send->len, sizeof bytes);
        assay_bytes_copy(bytes, sizeof bytes, did.bytes + send->at, send->len);
        if (send->sign) {
            b->signatures++;
            assay_model_sign(b->secret, send->statement, bytes + send->len - 64);
        }
        const struct assay_slice sent = assay_slice_over(bytes, send->len);
        cr_assert_eq(assay_cont_frame_decode(sent, &f), ASSAY_OK);
        kind = (int)f.kind;
        if (kind == ASSAY_CONT_ROOT) {
            struct assay_cont_from self = { .replica = true };
            assay_bytes_copy(self.key, 64, b->key, 64);
            cr_assert_eq(send->to, ASSAY_CONT_TO_KEY);
            cr_assert_arr_eq(send->key, b->key, 64);
            cr_assert_eq(assay_cont_replica_frame(b->replica, &self, sent, b->now_ms,
                                                  &b->effects), ASSAY_OK);
            kind = perform(b);
        }
        if (kind == ASSAY_CONT_SIGNED && send->to == ASSAY_CONT_TO_SESSION) {
            struct assay_cont_entry entry = { .promised = f.promised,
                                              .writer = f.writer,
                                              .index = f.index };
            assay_bytes_copy(entry.instance, 32, f.instance, 32);
            assay_bytes_copy(entry.digest, 32, f.digest, 32);
            cr_assert_arr_eq(send->instance, f.instance, 32);
            cr_assert_eq(send->session, f.session);
            cr_assert(assay_cont_receipt_verify_place(&b->home, f.view, &entry, f.nonce, &f.place,
                                                      b->key, f.signature));
            b->received[f.instance[0]]++;
            if (b->count < 2) b->index[b->count++] = f.index;
        }
    }
    return kind;
}

static int hand(struct bench *b, const struct assay_cont_frame *f)
{
    uint8_t bytes[1024];
    struct assay_slice out;
    struct assay_cont_from from = { .session = f->session };
    assay_bytes_copy(from.instance, 32, f->instance, 32);
    cr_assert_eq(assay_cont_frame_encode(f, bytes, sizeof bytes, &out), ASSAY_OK);
    if (assay_cont_replica_frame(b->replica, &from, out, b->now_ms, &b->effects) != ASSAY_OK)
        return 0;
    return perform(b);
}

/* As a host does it: now, and again at once while there is something to do. */
static void tick(struct bench *b)
{
    do {
        assay_cont_replica_tick(b->replica, b->now_ms, &b->effects);
        const uint64_t wake_at_ms = b->effects.wake_at_ms;
        (void)perform(b);
        if (wake_at_ms > b->now_ms) return;
    } while (b->effects.wake_at_ms <= b->now_ms);
}

static void adopt(struct bench *b, const uint8_t instance[32])
{
    struct assay_cont_fact fact = { .kind = ASSAY_CONT_SESSION, .session = 1 };
    const struct assay_cont_frame f = frame(ASSAY_CONT_ADOPT, instance);
    assay_bytes_copy(fact.instance, 32, instance, 32);
    assay_cont_replica_fact(b->replica, &fact, b->now_ms, &b->effects);
    cr_assert_eq(hand(b, &f), ASSAY_CONT_ACK);
}

Test(receipts, those_that_flood_get_their_part_and_delay_nobody)
{
    struct bench *b = begin();
    const uint8_t honest[32] = { 7 };
    struct assay_cont_frame flood = frame(ASSAY_CONT_RECEIPT, honest);
    struct assay_cont_frame ask = frame(ASSAY_CONT_RECEIPT, honest);
    uint8_t digest[32] = { 1 };
    for (uint32_t i = 0; i < HOSTILE; i++)
        adopt(b, (const uint8_t[32]){ (uint8_t)(FIRST_HOSTILE + i) });
    adopt(b, honest);
    for (uint32_t step = 0; step < 2000; step++) { /* ten seconds */
        struct assay_cont_frame update = frame(ASSAY_CONT_UPDATE, honest);
        for (uint32_t i = 0; i < 50; i++) {
            /* One after the other begins, so that what each may have falls due at all times. */
            const uint32_t which = (step * 50 + i) % HOSTILE;
            if (step < 3 * which) continue;
            flood.instance[0] = (uint8_t)(FIRST_HOSTILE + which);
            flood.nonce[0]++;
            cr_assert_eq(hand(b, &flood), 0, "nothing is answered before the tree is signed");
        }
        update.index = step + 1;
        update.count = 1;
        assay_bytes_copy(update.prev, 32, step == 0 ? (const uint8_t[32]){ 0 } : digest, 32);
        digest[1] = (uint8_t)step;
        update.list = assay_slice_over(digest, 32);
        cr_assert_eq(hand(b, &update), ASSAY_CONT_ACK, "updates wait for no signature");
        if (step % 200 == 0) {
            ask.nonce[1]++;
            cr_assert_eq(hand(b, &ask), 0);
        }
        tick(b);
        b->now_ms += 5;
    }
    b->now_ms += 100;
    tick(b);
    cr_assert_leq(b->signatures, 101, "%u signatures in ten seconds", b->signatures);
    cr_assert_eq(b->received[7], 10, "one a second is every instance's");
    for (uint32_t i = FIRST_HOSTILE; i < FIRST_HOSTILE + HOSTILE; i++)
        cr_assert_leq(b->received[i], 4 + 10, "%u", b->received[i]);
    finish(b);
}

Test(receipts, all_instances_at_once_have_theirs_within_a_second)
{
    struct bench *b = begin();
    uint32_t received = 0;
    for (uint32_t i = 0; i < INSTANCES; i++) {
        const uint8_t instance[32] = { (uint8_t)i, (uint8_t)(i >> 8) };
        adopt(b, instance);
    }
    for (uint32_t i = 0; i < INSTANCES; i++) {
        const uint8_t instance[32] = { (uint8_t)i, (uint8_t)(i >> 8) };
        const struct assay_cont_frame ask = frame(ASSAY_CONT_RECEIPT, instance);
        cr_assert_eq(hand(b, &ask), 0);
    }
    for (uint32_t step = 0; step < 10; step++, b->now_ms += 100)
        tick(b);
    for (uint32_t i = 0; i < 256; i++)
        received += b->received[i];
    cr_assert_eq(received, INSTANCES, "%u", received);
    cr_assert_leq(b->signatures, 10);
    finish(b);
}

Test(receipts, a_receipt_is_of_the_moment_of_its_request)
{
    /* Replicas sign at different times: the same order of frames must give the same entry, or an
     * instance that updates all the time has no receipt ever. */
    struct bench *b = begin();
    const uint8_t instance[32] = { 9 }, digest[32] = { 3 };
    struct assay_cont_frame ask = frame(ASSAY_CONT_RECEIPT, instance);
    struct assay_cont_frame update = frame(ASSAY_CONT_UPDATE, instance);
    adopt(b, instance);
    update.index = update.count = 1;
    update.list = assay_slice_over(digest, 32);
    cr_assert_eq(hand(b, &ask), 0);
    cr_assert_eq(hand(b, &update), ASSAY_CONT_ACK);
    ask.nonce[0] = 1;
    cr_assert_eq(hand(b, &ask), 0);
    tick(b);
    cr_assert_eq(b->received[9], 2);
    cr_assert_eq(b->signatures, 1);
    cr_assert_eq(b->index[0], 0, "the first was requested before the update");
    cr_assert_eq(b->index[1], 1, "the second after it");
    finish(b);
}

Test(receipts, nothing_is_signed_for_a_view_that_is_over)
{
    struct bench *b = begin();
    const uint8_t instance[32] = { 9 };
    const struct assay_cont_frame ask = frame(ASSAY_CONT_RECEIPT, instance);
    struct assay_cont_fact fact = { .kind = ASSAY_CONT_DECIDED };
    adopt(b, instance);
    cr_assert_eq(hand(b, &ask), 0);
    fact.base_roster.count = fact.roster.count = N;
    fact.roster.view = 1;
    assay_bytes_copy(fact.base_roster.key[0], 64, b->key, 64);
    fact.roster.key[0][0] = 9;
    assay_cont_replica_fact(b->replica, &fact, b->now_ms, &b->effects);
    assay_cont_replica_tick(b->replica, b->now_ms + 100, &b->effects);
    for (uint32_t i = 0; i < b->effects.count; i++)
        cr_assert_neq(b->effects.bytes[b->effects.send[i].at + 1], ASSAY_CONT_ROOT);
    cr_assert_eq(b->received[9], 0);
    finish(b);
}

Test(receipts, a_root_of_another_replica_is_no_signature)
{
    struct bench *b = begin();
    const uint8_t instance[32] = { 9 };
    const struct assay_cont_frame ask = frame(ASSAY_CONT_RECEIPT, instance);
    struct assay_cont_from from = { .replica = true, .key = { 1 } };
    adopt(b, instance);
    assay_cont_replica_tick(b->replica, b->now_ms, &b->effects); /* it says that it is there */
    cr_assert_eq(hand(b, &ask), 0);
    assay_cont_replica_tick(b->replica, b->now_ms, &b->effects);
    cr_assert_eq(b->effects.count, 1);
    const struct assay_slice root =
        assay_slice_over(b->effects.bytes + b->effects.send[0].at, b->effects.send[0].len);
    uint8_t bytes[256];
    assay_bytes_copy(bytes, sizeof bytes, root.bytes, root.len);
    cr_assert_eq(assay_cont_replica_frame(b->replica, &from, assay_slice_over(bytes, root.len),
                                          b->now_ms, &b->effects), ASSAY_E_STRANGER);
    /* Its own was lost: it signs once more, later. */
    tick(b);
    cr_assert_eq(b->received[9], 0);
    b->now_ms += 100;
    tick(b);
    cr_assert_eq(b->received[9], 1);
    finish(b);
}

/* --- a seed of fuzz_replica: a session is adopted, receipts are requested, a tick signs them */

static void script_put(struct assay_writer *w, uint8_t head, const struct assay_cont_frame *f)
{
    uint8_t bytes[1024];
    struct assay_slice out;
    cr_assert_eq(assay_cont_frame_encode(f, bytes, sizeof bytes, &out), ASSAY_OK);
    assay_writer_u8(w, head);
    assay_writer_u16be(w, (uint16_t)out.len);
    assay_writer_put(w, out.bytes, out.len);
}

Test(receipts, seeds_are_of_the_format_of_today)
{
    uint8_t bytes[4096];
    const uint8_t instance[32] = { 0 };
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_cont_frame f = frame(ASSAY_CONT_ADOPT, instance), read;
    script_put(&w, 0, &f);
    f.kind = ASSAY_CONT_RECEIPT;
    script_put(&w, 0, &f);
    script_put(&w, 64, &f);
    struct assay_cont_frame root = { .kind = ASSAY_CONT_ROOT, .entries = 2 };
    struct assay_cont_entry entry = { .promised = 1, .writer = 1 };
    struct assay_merkle tree;
    uint8_t leaf[32];
    assay_merkle_init(&tree);
    assay_cont_receipt_leaf(&entry, f.nonce, leaf);
    assay_merkle_add_hash(&tree, leaf);
    assay_merkle_add_hash(&tree, leaf);
    assay_merkle_root(&tree, root.root);
    script_put(&w, 128 + 1, &root); /* its own: key 1 */
    const struct assay_slice seed =
        seed_of("services_replica", "receipts", assay_slice_over(bytes, w.len));
    struct assay_cursor in = assay_cursor_over(seed.bytes, seed.len);
    for (uint32_t i = 0; i < 4; i++) {
        uint8_t head = 0;
        uint16_t len = 0;
        struct assay_slice each;
        cr_assert_eq(assay_cursor_u8(&in, &head), ASSAY_OK);
        cr_assert_eq(assay_cursor_u16be(&in, &len), ASSAY_OK);
        cr_assert_eq(assay_cursor_slice(&in, len, &each), ASSAY_OK);
        cr_expect_eq(assay_cont_frame_decode(each, &read), ASSAY_OK, "%u", i);
    }
}
