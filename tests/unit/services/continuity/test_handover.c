/*
 * tests/unit/services/continuity/test_handover.c - tests of hand-overs.
 *
 * Views that enclaves follow by hand-overs, without their ledger (docs/services.md 1.9.8): what is
 * refused by which name, what an enclave does, and which records a replica gives.
 */
#include "base/crypto/model.h"
#include "services/continuity/client.h"
#include "services/continuity/handover.h"
#include "tests/support/seed.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { N = 3, Q = 2, GROUP = 2, KEYS = 8, SESSION = 4 };

static const struct assay_cont_home home = { .chain_id = { 7 }, .group = GROUP };

static void secret_of(uint8_t who, uint8_t secret[32])
{
    assay_bytes_zero(secret, 32);
    secret[3] = (uint8_t)(who + 1);
}

static void key_of(uint8_t who, uint8_t key[static ASSAY_P256_PUBLIC_LEN])
{
    uint8_t secret[32];
    secret_of(who, secret);
    assay_model_public(secret, key);
}

static struct assay_cont_contact contact_of(uint8_t who)
{
    struct assay_cont_contact contact = { .curve = { who, 1 }, .address_len = 3 };
    assay_bytes_copy(contact.address, sizeof contact.address, "a:1", 3);
    contact.address[2] = (uint8_t)('1' + who);
    return contact;
}

/* View `view` of the replicas first, first + 1, first + 2. */
static struct assay_cont_roster roster_of(uint64_t view, uint8_t first)
{
    struct assay_cont_roster roster = { .view = view, .count = N };
    for (uint8_t i = 0; i < N; i++) {
        const struct assay_cont_contact contact = contact_of((uint8_t)(first + i));
        key_of((uint8_t)(first + i), roster.key[i]);
        assay_cont_contact_digest(&contact, roster.contact[i]);
    }
    return roster;
}

static void sign_last(const struct assay_cont_home *of, struct assay_cont_table_record *record,
                      uint32_t at, uint8_t who)
{
    struct assay_cont_last_table *last = &record->last[at];
    uint8_t secret[32], digest[32];
    secret_of(who, secret);
    key_of(who, last->key);
    assay_cont_fin_statement(of, record->base, last->root, last->entries, &record->roster, digest);
    assay_model_sign(secret, digest, last->signature);
}

static void sign_vouch(const struct assay_cont_home *of, struct assay_cont_table_record *record,
                       uint32_t at, uint8_t who)
{
    uint8_t secret[32], digest[32];
    secret_of(who, secret);
    key_of(who, record->key[at]);
    assay_cont_table_statement(of, record->roster.view, record->root, record->entries, digest);
    assay_model_sign(secret, digest, record->signature[at]);
}

static void sign_all(const struct assay_cont_home *of, struct assay_cont_table_record *record,
                     uint8_t base_first, uint8_t first)
{
    for (uint8_t i = 0; i < Q; i++) {
        sign_last(of, record, i, (uint8_t)(base_first + i));
        sign_vouch(of, record, i, (uint8_t)(first + i));
    }
}

/* The replicas from `first` on follow those from base_first on, by a quorum of both. */
static struct assay_cont_handover handover_of(uint64_t base, uint8_t base_first, uint64_t view,
                                              uint8_t first)
{
    struct assay_cont_handover h = { .record = { .group = GROUP,
                                                 .base = base,
                                                 .root = { 9 },
                                                 .entries = 1,
                                                 .last_count = Q,
                                                 .count = Q } };
    h.record.roster = roster_of(view, first);
    for (uint32_t i = 0; i < Q; i++) {
        h.record.last[i].root[0] = 9;
        h.record.last[i].entries = 1;
    }
    for (uint8_t i = 0; i < N; i++)
        h.contact[i] = contact_of((uint8_t)(first + i));
    sign_all(&home, &h.record, base_first, first);
    return h;
}

static struct assay_slice encoded(const struct assay_cont_handover *h)
{
    static uint8_t record[ASSAY_CONT_TABLE_LEN_MAX], bytes[ASSAY_CONT_HANDOVER_LEN_MAX];
    struct assay_slice payload, out;
    cr_assert_eq(assay_cont_table_record_encode(&h->record, record, sizeof record, &payload),
                 ASSAY_OK);
    cr_assert_eq(assay_cont_handover_encode(payload, h->contact, h->record.roster.count, bytes,
                                            sizeof bytes, &out),
                 ASSAY_OK);
    return out;
}

static enum assay_status checked(const struct assay_cont_handover *h)
{
    const struct assay_cont_roster base = roster_of(6, 0);
    return assay_cont_handover_check(&home, &base, h);
}

Test(handover, a_quorum_of_both_views_is_a_proof)
{
    const struct assay_cont_handover h = handover_of(6, 0, 7, 1);
    struct assay_cont_handover read;
    cr_assert_eq(assay_cont_handover_decode(encoded(&h), &read), ASSAY_OK);
    cr_expect_eq(checked(&read), ASSAY_OK);
    cr_expect(assay_bytes_equal(&read.record.roster, &h.record.roster, sizeof h.record.roster));
    cr_expect_eq(read.contact[2].curve[0], 3);
    cr_expect_eq(read.contact[2].address_len, 3);
}

Test(handover, another_group_and_another_chain_are_refused)
{
    struct assay_cont_handover h = handover_of(6, 0, 7, 1);
    h.record.group = GROUP + 1;
    cr_expect_eq(checked(&h), ASSAY_E_CHAIN);
    struct assay_cont_home other = home;
    other.chain_id[0]++;
    h = handover_of(6, 0, 7, 1);
    sign_all(&other, &h.record, 0, 1);
    cr_expect_eq(checked(&h), ASSAY_E_SIGNATURE, "of another chain");
    other = home;
    other.group++;
    h = handover_of(6, 0, 7, 1);
    sign_all(&other, &h.record, 0, 1);
    cr_expect_eq(checked(&h), ASSAY_E_SIGNATURE, "signed for another group");
}

Test(handover, era_and_view_never_fall_and_none_is_left_out)
{
    const uint64_t era = UINT64_C(1) << ASSAY_CONT_NUMBER_BITS;
    struct assay_cont_handover h = handover_of(5, 4, 6, 0);
    cr_expect_eq(checked(&h), ASSAY_E_STALE, "that which made the view that is known");
    h = handover_of(4, 4, 5, 1);
    cr_expect_eq(checked(&h), ASSAY_E_STALE, "an older one");
    h = handover_of(7, 1, 8, 2);
    cr_expect_eq(checked(&h), ASSAY_E_EARLY, "its base is not known");
    h = handover_of(5, 0, 7, 1);
    cr_expect_eq(checked(&h), ASSAY_E_EARLY, "it followed a view before the one that is known");
    h = handover_of(6, 0, era | 1, 1);
    cr_expect_eq(checked(&h), ASSAY_OK, "a later era");
    const struct assay_cont_roster base = roster_of(era | 6, 0);
    h = handover_of(era | 6, 0, 7, 1);
    cr_expect_eq(assay_cont_handover_check(&home, &base, &h), ASSAY_E_STALE, "an earlier era");
}

Test(handover, a_quorum_of_the_base_has_to_stop)
{
    struct assay_cont_handover h = handover_of(6, 0, 7, 1);
    h.record.last_count = Q - 1;
    cr_expect_eq(checked(&h), ASSAY_E_STRANGER, "one fewer");
    h = handover_of(6, 0, 7, 1);
    h.record.last[1] = h.record.last[0];
    cr_expect_eq(checked(&h), ASSAY_E_STRANGER, "one of them twice");
    h = handover_of(6, 0, 7, 1);
    sign_last(&home, &h.record, 1, 3);
    cr_expect_eq(checked(&h), ASSAY_E_STRANGER, "one of the next view alone");
    h = handover_of(6, 0, 7, 1);
    h.record.last[1].signature[5] ^= 1;
    cr_expect_eq(checked(&h), ASSAY_E_SIGNATURE);
    h = handover_of(6, 0, 7, 1);
    h.record.last[0].entries++;
    cr_expect_eq(checked(&h), ASSAY_E_SIGNATURE);
}

Test(handover, a_quorum_of_the_next_view_has_to_vouch)
{
    struct assay_cont_handover h = handover_of(6, 0, 7, 1);
    h.record.count = Q - 1;
    cr_expect_eq(checked(&h), ASSAY_E_STRANGER, "one fewer");
    h = handover_of(6, 0, 7, 1);
    sign_vouch(&home, &h.record, 1, 1);
    cr_expect_eq(checked(&h), ASSAY_E_STRANGER, "one of them twice");
    h = handover_of(6, 0, 7, 1);
    sign_vouch(&home, &h.record, 1, 0);
    cr_expect_eq(checked(&h), ASSAY_E_STRANGER, "one of the base alone");
    h = handover_of(6, 0, 7, 1);
    h.record.signature[1][5] ^= 1;
    cr_expect_eq(checked(&h), ASSAY_E_SIGNATURE);
    h = handover_of(6, 0, 7, 1);
    h.record.root[0]++;
    cr_expect_eq(checked(&h), ASSAY_E_SIGNATURE, "they vouch for one table");
}

/* The attack that FIN's next roster is there for: last tables of a change that was real, vouched
 * for by keys of somebody else. */
Test(handover, last_tables_are_for_one_roster)
{
    struct assay_cont_handover h = handover_of(6, 0, 7, 1);
    h.record.roster = roster_of(7, 4);
    for (uint8_t i = 0; i < Q; i++)
        sign_vouch(&home, &h.record, i, (uint8_t)(4 + i));
    for (uint8_t i = 0; i < N; i++)
        h.contact[i] = contact_of((uint8_t)(4 + i));
    cr_expect_eq(checked(&h), ASSAY_E_SIGNATURE, "other keys");
    h = handover_of(6, 0, 7, 1);
    h.record.roster.view = 8;
    sign_vouch(&home, &h.record, 0, 1);
    sign_vouch(&home, &h.record, 1, 2);
    cr_expect_eq(checked(&h), ASSAY_E_SIGNATURE, "another number");
    h = handover_of(6, 0, 7, 1);
    h.contact[1] = contact_of(5);
    cr_expect_eq(checked(&h), ASSAY_E_KEY, "another process in the way");
    assay_cont_contact_digest(&h.contact[1], h.record.roster.contact[1]);
    cr_expect_eq(checked(&h), ASSAY_E_SIGNATURE, "whom the base has not named");
}

Test(handover, a_roster_has_the_size_of_its_group_and_each_key_once)
{
    struct assay_cont_handover h = handover_of(6, 0, 7, 1);
    assay_bytes_copy(h.record.roster.key[2], 64, h.record.roster.key[0], 64);
    sign_all(&home, &h.record, 0, 1);
    cr_expect_eq(checked(&h), ASSAY_E_DUPLICATE);
    h = handover_of(6, 0, 7, 1);
    h.record.roster.count = 5;
    sign_all(&home, &h.record, 0, 1);
    cr_expect_eq(checked(&h), ASSAY_E_RANGE);
}

Test(handover, the_decoder_takes_one_form_alone)
{
    struct assay_cont_handover h = handover_of(6, 0, 7, 1), read;
    h.contact[1].address_len = 0;
    const struct assay_slice out = encoded(&h);
    cr_assert_eq(assay_cont_handover_decode(out, &read), ASSAY_OK);
    cr_expect_eq(read.contact[1].address_len, 0, "nobody named it");
    cr_expect_eq(checked(&read), ASSAY_OK);
    uint8_t *copy = malloc(out.len + 1);
    assay_bytes_copy(copy, out.len + 1, out.bytes, out.len);
    copy[out.len] = 0;
    for (size_t len = 0; len < out.len; len++) {
        uint8_t *exact = malloc(len + 1);
        assay_bytes_copy(exact, len + 1, out.bytes, len);
        cr_expect_neq(assay_cont_handover_decode(assay_slice_over(exact, len), &read), ASSAY_OK);
        free(exact);
    }
    cr_expect_eq(assay_cont_handover_decode(assay_slice_over(copy, out.len + 1), &read),
                 ASSAY_E_TRAILING);
    free(copy);
}

/* --- an enclave */

struct bench {
    struct assay_cont_client client;
    struct assay_cont_outputs outs;
};

static struct bench *begin(void)
{
    struct bench *b = calloc(1, sizeof *b);
    const uint8_t nonce[32] = { 5 };
    cr_assert_not_null(b);
    const struct assay_cont_client_config config = {
        .home = home, .instance = { 1 }, .session = SESSION, .roster = roster_of(6, 0)
    };
    assay_cont_client_init(&b->client, &config);
    assay_cont_client_open(&b->client, nonce, 0, &b->outs);
    return b;
}

static struct assay_cont_frame frame(const struct bench *b, enum assay_cont_kind kind)
{
    struct assay_cont_frame f = { .kind = kind, .group = GROUP, .session = SESSION };
    f.view = b->client.config.roster.view;
    f.instance[0] = 1;
    f.nonce[0] = 5;
    return f;
}

static enum assay_status hand(struct bench *b, uint32_t seat, const struct assay_cont_frame *f,
                              uint64_t now_ms)
{
    uint8_t bytes[4096];
    struct assay_slice out;
    cr_assert_eq(assay_cont_frame_encode(f, bytes, sizeof bytes, &out), ASSAY_OK);
    const enum assay_status status =
        assay_cont_client_frame(&b->client, seat, out, now_ms, &b->outs);
    assay_cont_client_check(&b->client);
    return status;
}

static enum assay_status hand_over(struct bench *b, const struct assay_cont_handover *h)
{
    struct assay_cont_frame f = frame(b, ASSAY_CONT_HANDOVER);
    f.list = encoded(h);
    return hand(b, 0, &f, 1);
}

static void refuse(struct bench *b, uint32_t seat, uint64_t view, uint64_t now_ms)
{
    struct assay_cont_frame f = frame(b, ASSAY_CONT_REFUSED);
    f.reason = ASSAY_CONT_VIEW;
    f.value = view;
    cr_assert_eq(hand(b, seat, &f, now_ms), ASSAY_OK);
}

/* Returns: seats that were sent a frame of this kind, in the last step. */
static uint8_t was_sent(const struct bench *b, enum assay_cont_kind kind, uint64_t view)
{
    uint8_t seats = 0;
    for (uint32_t i = 0; i < b->outs.count; i++) {
        struct assay_cont_frame f;
        cr_assert_eq(assay_cont_frame_decode(b->outs.out[i].frame, &f), ASSAY_OK);
        if (f.kind == kind && f.view == view) seats |= b->outs.out[i].seats;
    }
    return seats;
}

Test(handover, an_enclave_asks_whoever_names_a_later_view_and_follows_step_by_step)
{
    struct bench *b = begin();
    refuse(b, 1, 6, 1);
    cr_expect_eq(b->outs.count, 0, "it is the view that is known");
    refuse(b, 1, 8, 1);
    cr_expect_eq(was_sent(b, ASSAY_CONT_HANDOVER_GET, 6), 1 << 1);
    refuse(b, 1, 8, 2);
    cr_expect_eq(b->outs.count, 0, "once in a pause: it answers so when it has no record");
    refuse(b, 2, 8, 2);
    cr_expect_eq(was_sent(b, ASSAY_CONT_HANDOVER_GET, 6), 1 << 2);
    assay_cont_client_tick(&b->client, 60, &b->outs);
    refuse(b, 1, 8, 61);
    cr_expect_eq(was_sent(b, ASSAY_CONT_HANDOVER_GET, 6), 1 << 1, "in the next pause again");

    struct assay_cont_handover h = handover_of(6, 0, 7, 1);
    cr_assert_eq(hand_over(b, &h), ASSAY_OK);
    cr_expect(b->outs.events & ASSAY_CONT_EVENT_VIEW);
    cr_expect_eq(b->client.config.roster.view, 7);
    cr_expect_eq(was_sent(b, ASSAY_CONT_OPEN, 7), 7, "what is under way is said in the new view");
    cr_expect_eq(b->client.contact[2].curve[0], 3, "by whom it is reached");
    refuse(b, 0, 8, 62);
    cr_expect_eq(was_sent(b, ASSAY_CONT_HANDOVER_GET, 7), 1 << 0);
    h = handover_of(7, 1, 8, 2);
    cr_assert_eq(hand_over(b, &h), ASSAY_OK);
    cr_expect_eq(b->client.config.roster.view, 8);
    cr_expect_eq(b->client.view_hint, 8, "nothing is left to ask for");
    free(b);
}

Test(handover, an_enclave_refuses_what_proves_nothing_and_stays)
{
    struct bench *b = begin();
    struct assay_cont_handover h = handover_of(6, 0, 7, 1);
    h.record.last_count = Q - 1;
    cr_expect_eq(hand_over(b, &h), ASSAY_E_STRANGER);
    h = handover_of(6, 0, 7, 1);
    h.record.roster = roster_of(7, 4);
    sign_vouch(&home, &h.record, 0, 4);
    sign_vouch(&home, &h.record, 1, 5);
    for (uint8_t i = 0; i < N; i++)
        h.contact[i] = contact_of((uint8_t)(4 + i));
    cr_expect_eq(hand_over(b, &h), ASSAY_E_SIGNATURE);
    cr_expect_eq(b->outs.count, 0);
    cr_expect_eq(b->client.config.roster.view, 6);
    h = handover_of(6, 0, 7, 1);
    cr_assert_eq(hand_over(b, &h), ASSAY_OK);
    cr_expect_eq(hand_over(b, &h), ASSAY_E_STALE, "the same once more");
    struct assay_cont_frame late = frame(b, ASSAY_CONT_HANDOVER);
    late.view = 6;
    late.list = encoded(&h);
    cr_expect_eq(hand(b, 0, &late, 1), ASSAY_E_STALE, "an answer to what was asked before");
    h = handover_of(6, 0, 9, 4);
    cr_expect_eq(hand_over(b, &h), ASSAY_E_EARLY, "another view on the base that was left");
    cr_expect_eq(b->client.config.roster.view, 7);
    struct assay_cont_fact old = { .kind = ASSAY_CONT_STARTED, .roster = roster_of(6, 0) };
    assay_cont_client_fact(&b->client, &old, 2, &b->outs);
    cr_expect_eq(b->client.config.roster.view, 7, "nor back by a ledger that lags");
    free(b);
}

/* C1: what is found is counted in one view, so answers of the view that was left are none. */
Test(handover, answers_of_the_view_that_was_left_do_not_count)
{
    struct bench *b = begin();
    struct assay_cont_frame opened = frame(b, ASSAY_CONT_OPENED);
    cr_assert_eq(hand(b, 0, &opened, 1), ASSAY_OK);
    const struct assay_cont_handover h = handover_of(6, 0, 7, 1);
    cr_assert_eq(hand_over(b, &h), ASSAY_OK);
    cr_expect_eq(hand(b, 1, &opened, 1), ASSAY_E_STALE);
    struct assay_cont_frame now = frame(b, ASSAY_CONT_OPENED);
    now.writer = 3;
    now.index = 4;
    now.digest[0] = 1;
    cr_assert_eq(hand(b, 1, &now, 1), ASSAY_OK);
    cr_expect_eq(b->client.phase, ASSAY_CONT_OPENING, "one of the new view is no quorum");
    cr_assert_eq(hand(b, 2, &now, 1), ASSAY_OK);
    cr_expect_eq(b->client.phase, ASSAY_CONT_FOUND);
    cr_expect_eq(b->client.found.index, 4);
    free(b);
}

/* --- a replica */

static struct assay_cont_replica *replica_of(uint8_t who, struct assay_cont_effects *effects)
{
    struct assay_cont_replica_config config = { .home = home, .instances_max = 2 };
    struct assay_cont_fact fact = { .kind = ASSAY_CONT_BORN, .roster = roster_of(0, 0) };
    const size_t len = assay_cont_replica_size(2);
    key_of(who, config.key);
    struct assay_cont_replica *r = assay_cont_replica_init(malloc(len), len, &config);
    assay_cont_replica_fact(r, &fact, 0, effects);
    fact = (struct assay_cont_fact){ .kind = ASSAY_CONT_SESSION,
                                     .instance = { 1 },
                                     .session = SESSION };
    assay_cont_replica_fact(r, &fact, 0, effects);
    return r;
}

/* The ledger shows that a view started, and its record. */
static void start(struct assay_cont_replica *r, uint64_t base, uint8_t base_first, uint64_t view,
                  uint8_t first, struct assay_cont_effects *effects)
{
    const struct assay_cont_handover h = handover_of(base, base_first, view, first);
    struct assay_cont_fact fact = { .kind = ASSAY_CONT_STARTED, .roster = roster_of(view, first),
                                    .entries = 1, .root = { 9 } };
    uint8_t bytes[ASSAY_CONT_TABLE_LEN_MAX];
    struct assay_slice payload;
    for (uint8_t i = 0; i < N; i++)
        fact.contact[i] = contact_of((uint8_t)(first + i));
    cr_assert_eq(assay_cont_table_record_encode(&h.record, bytes, sizeof bytes, &payload),
                 ASSAY_OK);
    cr_assert_eq(assay_cont_replica_table(r, payload), ASSAY_OK);
    assay_cont_replica_fact(r, &fact, 1, effects);
}

static int asks(struct assay_cont_replica *r, enum assay_cont_kind kind, uint64_t view,
                struct assay_cont_effects *effects, struct assay_cont_frame *answer)
{
    struct assay_cont_frame f = { .kind = kind, .group = GROUP, .session = SESSION, .view = view,
                                  .instance = { 1 } };
    const struct assay_cont_from from = { .instance = { 1 }, .session = SESSION };
    uint8_t bytes[256];
    struct assay_slice out;
    cr_assert_eq(assay_cont_frame_encode(&f, bytes, sizeof bytes, &out), ASSAY_OK);
    cr_assert_eq(assay_cont_replica_frame(r, &from, out, 2, effects), ASSAY_OK);
    cr_assert_eq(effects->count, 1);
    cr_assert_eq(effects->send[0].to, ASSAY_CONT_TO_SENDER);
    cr_assert_eq(assay_cont_frame_decode(
                     assay_slice_over(effects->bytes + effects->send[0].at, effects->send[0].len),
                     answer),
                 ASSAY_OK);
    return (int)answer->kind;
}

Test(handover, a_replica_gives_what_followed_the_view_that_is_known)
{
    struct assay_cont_effects *effects = calloc(1, sizeof *effects);
    struct assay_cont_replica *r = replica_of(1, effects);
    struct assay_cont_frame answer;
    struct assay_cont_handover h;
    cr_expect_eq(asks(r, ASSAY_CONT_HANDOVER_GET, 0, effects, &answer), ASSAY_CONT_REFUSED);
    cr_expect_eq(answer.reason, ASSAY_CONT_VIEW);
    cr_expect_eq(answer.value, 0, "nothing has followed");
    /* Decided and complete, but never started: view 1, whose members nobody may follow. */
    const struct assay_cont_handover dead = handover_of(0, 0, 1, 4);
    uint8_t bytes[ASSAY_CONT_TABLE_LEN_MAX];
    struct assay_slice payload;
    cr_assert_eq(assay_cont_table_record_encode(&dead.record, bytes, sizeof bytes, &payload),
                 ASSAY_OK);
    cr_assert_eq(assay_cont_replica_table(r, payload), ASSAY_OK);
    start(r, 0, 0, 2, 1, effects);
    start(r, 2, 1, 3, 2, effects);
    cr_assert_eq(asks(r, ASSAY_CONT_HANDOVER_GET, 0, effects, &answer), ASSAY_CONT_HANDOVER);
    cr_expect_eq(answer.view, 0);
    cr_assert_eq(assay_cont_handover_decode(answer.list, &h), ASSAY_OK);
    cr_expect_eq(h.record.roster.view, 2, "the one that started");
    const struct assay_cont_roster base = roster_of(0, 0);
    cr_expect_eq(assay_cont_handover_check(&home, &base, &h), ASSAY_OK);
    cr_assert_eq(asks(r, ASSAY_CONT_HANDOVER_GET, 2, effects, &answer), ASSAY_CONT_HANDOVER);
    cr_assert_eq(assay_cont_handover_decode(answer.list, &h), ASSAY_OK);
    cr_expect_eq(h.record.roster.view, 3);
    cr_expect_eq(h.contact[0].curve[0], 2, "with the contacts that the ledger has shown");
    cr_expect_eq(asks(r, ASSAY_CONT_HANDOVER_GET, 1, effects, &answer), ASSAY_CONT_REFUSED,
                 "nobody was in it");
    cr_expect_eq(asks(r, ASSAY_CONT_HANDOVER_GET, 3, effects, &answer), ASSAY_CONT_REFUSED);
    cr_expect_eq(asks(r, ASSAY_CONT_OPEN, 0, effects, &answer), ASSAY_CONT_REFUSED,
                 "a hand-over for whoever asks alone");
    /* Of the newest four; behind them the ledger alone shows the way. */
    for (uint8_t view = 4; view < 8; view++)
        start(r, view - 1u, (uint8_t)(view % 2 + 1), view, (uint8_t)(2 - view % 2), effects);
    cr_expect_eq(asks(r, ASSAY_CONT_HANDOVER_GET, 2, effects, &answer), ASSAY_CONT_REFUSED);
    cr_expect_eq(asks(r, ASSAY_CONT_HANDOVER_GET, 3, effects, &answer), ASSAY_CONT_HANDOVER);
    free(r);
    free(effects);
}

Test(handover, seeds_are_of_the_format_of_today)
{
    const struct assay_cont_handover h = handover_of(6, 0, 7, 1);
    struct assay_cont_handover read;
    uint8_t bytes[ASSAY_CONT_HANDOVER_LEN_MAX + 1];
    const struct assay_slice out = encoded(&h);
    bytes[0] = 8; /* fuzz_records.c: which decoder */
    assay_bytes_copy(bytes + 1, sizeof bytes - 1, out.bytes, out.len);
    const struct assay_slice seed =
        seed_of("services_records", "handover", assay_slice_over(bytes, out.len + 1));
    cr_expect_eq(assay_cont_handover_decode(assay_slice_over(seed.bytes + 1, seed.len - 1), &read),
                 ASSAY_OK);
}
