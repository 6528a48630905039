/*
 * tests/unit/services/continuity/test_client.c - tests of the session of an enclave.
 *
 * An enclave's session against replicas that are played by hand (docs/services.md 1.4 to 1.8).
 */
#include "base/crypto/model.h"
#include "base/merkle.h"
#include "services/continuity/client.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { N = 3, SESSION = 4, GROUP = 2 };

struct bench {
    struct assay_cont_client client;
    struct assay_cont_client_config config;
    struct assay_cont_outputs outs;
    uint8_t secret[N][32];
    uint8_t nonce[32];
    uint64_t now_ms;
};

static struct bench *begin(void)
{
    struct bench *b = calloc(1, sizeof *b);
    cr_assert_not_null(b);
    b->config.home.group = GROUP;
    b->config.session = SESSION;
    b->config.instance[0] = 1;
    b->config.roster.view = 6;
    b->config.roster.count = N;
    for (uint8_t i = 0; i < N; i++) {
        b->secret[i][3] = (uint8_t)(i + 1);
        assay_model_public(b->secret[i], b->config.roster.key[i]);
    }
    b->nonce[0] = 7;
    assay_cont_client_init(&b->client, &b->config);
    assay_cont_client_open(&b->client, b->nonce, b->now_ms, &b->outs);
    return b;
}

static struct assay_cont_frame frame(const struct bench *b, enum assay_cont_kind kind)
{
    struct assay_cont_frame f = { .kind = kind, .group = GROUP, .session = SESSION };
    f.view = b->client.config.roster.view;
    assay_bytes_copy(f.instance, 32, b->config.instance, 32);
    assay_bytes_copy(f.nonce, 32, b->nonce, 32);
    return f;
}

static enum assay_status hand(struct bench *b, uint32_t seat, const struct assay_cont_frame *f)
{
    uint8_t bytes[1024];
    struct assay_slice out;
    cr_assert_eq(assay_cont_frame_encode(f, bytes, sizeof bytes, &out), ASSAY_OK);
    const enum assay_status status =
        assay_cont_client_frame(&b->client, seat, out, b->now_ms, &b->outs);
    assay_cont_client_check(&b->client);
    return status;
}

static enum assay_status hand_ack(struct bench *b, uint32_t seat, uint64_t view, uint64_t index)
{
    struct assay_cont_frame f = frame(b, ASSAY_CONT_ACK);
    f.view = view;
    f.index = index;
    if (index > b->client.certified)
        assay_bytes_copy(f.digest, 32, b->client.queue[index % ASSAY_CONT_QUEUE_MAX], 32);
    else assay_bytes_copy(f.digest, 32, b->client.certified_digest, 32);
    return hand(b, seat, &f);
}

static void opened(struct bench *b, uint32_t seat, uint64_t writer, uint64_t index, uint8_t digest)
{
    struct assay_cont_frame f = frame(b, ASSAY_CONT_OPENED);
    f.writer = writer;
    f.index = index;
    f.digest[0] = digest;
    cr_assert_eq(hand(b, seat, &f), ASSAY_OK);
}

/* A first start: nothing was ever written. */
static struct bench *running(void)
{
    struct bench *b = begin();
    const uint8_t zero[32] = { 0 };
    opened(b, 0, 0, 0, 0);
    cr_assert_eq(b->outs.events, 0);
    opened(b, 2, 0, 0, 0);
    cr_assert_eq(b->outs.events, ASSAY_CONT_EVENT_FOUND);
    cr_assert_eq(assay_cont_client_adopt(&b->client, 0, zero, zero, 0, &b->outs), ASSAY_OK);
    cr_assert_eq(hand_ack(b, 0, 6, 0), ASSAY_OK);
    cr_assert_eq(b->outs.events, 0, "one is no quorum of three");
    cr_assert_eq(hand_ack(b, 0, 6, 0), ASSAY_OK);
    cr_assert_eq(b->outs.events, 0, "the same one twice is one");
    cr_assert_eq(hand_ack(b, 1, 6, 0), ASSAY_OK);
    cr_assert_eq(b->outs.events, ASSAY_CONT_EVENT_ADOPTED);
    return b;
}

static uint64_t update(struct bench *b, uint8_t blob)
{
    const uint8_t hash[32] = { blob };
    uint64_t index = 0;
    cr_assert_eq(assay_cont_client_update(&b->client, hash, b->now_ms, &index, &b->outs),
                 ASSAY_OK);
    return index;
}

Test(client, an_older_state_is_refused_with_what_was_certified)
{
    struct bench *b = begin();
    const uint8_t prev[32] = { 0 }, blob[32] = { 1 };
    opened(b, 0, 3, 2, 99);
    opened(b, 1, 3, 5, 77);
    cr_assert_eq(assay_cont_client_adopt(&b->client, 2, prev, blob, 0, &b->outs), ASSAY_E_STALE);
    cr_assert_eq(b->client.phase, ASSAY_CONT_ENDED);
    cr_assert_eq(b->client.end, ASSAY_CONT_END_ROLLBACK);
    cr_assert_eq(b->client.found.index, 5);
    cr_assert_eq(b->client.found.digest[0], 77);
    cr_assert_eq(b->outs.count, 0, "nothing is said about it");
    free(b);
}

Test(client, the_right_index_with_another_digest_is_refused)
{
    struct bench *b = begin();
    const uint8_t prev[32] = { 0 }, blob[32] = { 1 };
    opened(b, 0, 3, 5, 77);
    opened(b, 1, 3, 5, 77);
    cr_assert_eq(assay_cont_client_adopt(&b->client, 5, prev, blob, 0, &b->outs), ASSAY_E_STALE);
    free(b);
}

Test(client, the_newest_writer_wins_over_the_highest_index)
{
    struct bench *b = begin();
    opened(b, 0, 2, 9, 1);
    opened(b, 1, 3, 4, 2);
    cr_assert_eq(b->client.found.index, 4);
    cr_assert_eq(b->client.found.writer, 3);
    free(b);
}

Test(client, a_state_is_certified_by_a_quorum_of_one_view)
{
    struct bench *b = running();
    cr_assert_eq(update(b, 1), 1);
    cr_assert_eq(hand_ack(b, 2, 6, 1), ASSAY_OK);
    cr_assert_eq(b->client.certified, 0);
    cr_assert_eq(hand_ack(b, 0, 6, 1), ASSAY_OK);
    cr_assert_eq(b->outs.events, ASSAY_CONT_EVENT_CERTIFIED);
    cr_assert_eq(b->client.certified, 1);
    free(b);
}

static void start_view(struct bench *b, uint64_t view)
{
    struct assay_cont_fact fact = { .kind = ASSAY_CONT_STARTED };
    fact.roster = b->client.config.roster;
    fact.roster.view = view;
    assay_cont_client_fact(&b->client, &fact, b->now_ms, &b->outs);
}

Test(client, acknowledgements_of_two_views_do_not_add_up)
{
    struct bench *b = running();
    update(b, 1);
    cr_assert_eq(hand_ack(b, 0, 6, 1), ASSAY_OK);
    start_view(b, 7);
    cr_assert_eq(b->outs.count, 1, "what is not certified is said again");
    struct assay_cont_frame f;
    cr_assert_eq(assay_cont_frame_decode(b->outs.out[0].frame, &f), ASSAY_OK);
    cr_assert_eq(f.view, 7);
    cr_assert_eq(f.index, 1);
    cr_assert_eq(hand_ack(b, 1, 6, 1), ASSAY_E_STALE);
    cr_assert_eq(hand_ack(b, 1, 7, 1), ASSAY_OK);
    cr_assert_eq(b->client.certified, 0);
    cr_assert_eq(hand_ack(b, 2, 7, 1), ASSAY_OK);
    cr_assert_eq(b->client.certified, 1);
    start_view(b, 6);
    cr_assert_eq(b->client.config.roster.view, 7, "views do not go back");
    free(b);
}

Test(client, what_comes_while_a_frame_is_under_way_goes_into_the_next)
{
    struct bench *b = running();
    update(b, 1);
    cr_assert_eq(b->outs.count, 1);
    for (uint8_t i = 2; i <= 5; i++) {
        update(b, i);
        cr_assert_eq(b->outs.count, 0);
    }
    cr_assert_eq(hand_ack(b, 0, 6, 1), ASSAY_OK);
    cr_assert_eq(hand_ack(b, 1, 6, 1), ASSAY_OK);
    cr_assert_eq(b->outs.count, 1);
    struct assay_cont_frame f;
    cr_assert_eq(assay_cont_frame_decode(b->outs.out[0].frame, &f), ASSAY_OK);
    cr_assert_eq(f.index, 2);
    cr_assert_eq(f.count, 4);
    cr_assert_eq(hand_ack(b, 0, 6, 5), ASSAY_OK);
    cr_assert_eq(hand_ack(b, 1, 6, 3), ASSAY_OK);
    cr_assert_eq(b->client.certified, 3, "as far as a quorum holds");
    cr_assert_eq(hand_ack(b, 1, 6, 5), ASSAY_OK);
    cr_assert_eq(b->client.certified, 5);
    free(b);
}

Test(client, in_doubt_the_same_bytes_are_said_again)
{
    struct bench *b = running();
    update(b, 1);
    const struct assay_slice first = b->outs.out[0].frame;
    uint8_t copy[256];
    assay_bytes_copy(copy, sizeof copy, first.bytes, first.len);
    update(b, 2);
    cr_assert_eq(hand_ack(b, 2, 6, 1), ASSAY_OK);
    b->now_ms = 1000;
    cr_assert(assay_cont_client_is_in_doubt(&b->client, b->now_ms));
    assay_cont_client_tick(&b->client, b->now_ms, &b->outs);
    cr_assert_eq(b->outs.count, 1);
    cr_assert_eq(b->outs.out[0].seats, 3, "to those that have not answered");
    cr_assert(assay_slice_equal(b->outs.out[0].frame, assay_slice_over(copy, first.len)));
    cr_assert_eq(b->outs.wake_at_ms, 1050);
    free(b);
}

Test(client, a_replica_that_lags_gets_the_last_certified_state_first)
{
    struct bench *b = running();
    update(b, 1);
    cr_assert_eq(hand_ack(b, 0, 6, 1), ASSAY_OK);
    cr_assert_eq(hand_ack(b, 1, 6, 1), ASSAY_OK);
    update(b, 2);
    struct assay_cont_frame gap = frame(b, ASSAY_CONT_REFUSED), f;
    gap.reason = ASSAY_CONT_GAP;
    cr_assert_eq(hand(b, 2, &gap), ASSAY_OK);
    cr_assert_eq(b->outs.count, 2);
    cr_assert_eq(assay_cont_frame_decode(b->outs.out[0].frame, &f), ASSAY_OK);
    cr_assert_eq(f.kind, ASSAY_CONT_ADOPT);
    cr_assert_eq(f.index, 1);
    cr_assert_eq(b->outs.out[0].seats, 4);
    cr_assert_eq(assay_cont_frame_decode(b->outs.out[1].frame, &f), ASSAY_OK);
    cr_assert_eq(f.kind, ASSAY_CONT_UPDATE);
    free(b);
}

Test(client, a_fenced_session_ends)
{
    struct bench *b = running();
    struct assay_cont_frame f = frame(b, ASSAY_CONT_REFUSED);
    uint64_t index = 0;
    f.reason = ASSAY_CONT_FENCED;
    f.value = SESSION;
    cr_assert_eq(hand(b, 1, &f), ASSAY_E_INVALID, "not by itself");
    f.value = SESSION + 1;
    cr_assert_eq(hand(b, 1, &f), ASSAY_OK);
    cr_assert_eq(b->outs.events, ASSAY_CONT_EVENT_FENCED);
    cr_assert_eq(b->client.end, ASSAY_CONT_END_FENCED);
    cr_assert_eq(assay_cont_client_update(&b->client, b->nonce, 0, &index, &b->outs),
                 ASSAY_E_INVALID);
    cr_assert_eq(hand_ack(b, 0, 6, 0), ASSAY_E_STALE);
    free(b);
}

Test(client, the_queue_is_bounded)
{
    struct bench *b = running();
    uint64_t index = 0;
    for (uint32_t i = 0; i < ASSAY_CONT_QUEUE_MAX; i++)
        update(b, (uint8_t)i);
    cr_assert_eq(assay_cont_client_update(&b->client, b->nonce, 0, &index, &b->outs),
                 ASSAY_E_FULL);
    free(b);
}

Test(client, a_read_is_confirmed_by_answers_to_its_own_nonce)
{
    struct bench *b = running();
    uint8_t earlier[32] = { 41 }, nonce[32] = { 42 };
    cr_assert_eq(assay_cont_client_confirm(&b->client, earlier, 0, &b->outs), ASSAY_OK);
    struct assay_cont_frame f = frame(b, ASSAY_CONT_CONFIRMED);
    assay_bytes_copy(f.nonce, 32, earlier, 32);
    cr_assert_eq(hand(b, 0, &f), ASSAY_OK);
    cr_assert_eq(assay_cont_client_confirm(&b->client, nonce, 0, &b->outs), ASSAY_OK);
    cr_assert_eq(hand(b, 1, &f), ASSAY_E_STALE, "an answer to the read before");
    assay_bytes_copy(f.nonce, 32, nonce, 32);
    cr_assert_eq(hand(b, 0, &f), ASSAY_OK);
    cr_assert_eq(hand(b, 0, &f), ASSAY_OK);
    cr_assert_eq(b->outs.events, 0);
    cr_assert_eq(hand(b, 1, &f), ASSAY_OK);
    cr_assert_eq(b->outs.events, ASSAY_CONT_EVENT_CONFIRMED);
    free(b);
}

/* The receipt that the client gathers, encoded, decoded and verified; then each part of it wrong.
 */
Test(client, a_receipt_is_a_quorum_of_signatures)
{
    struct bench *b = running();
    struct assay_cont_frame f = frame(b, ASSAY_CONT_SIGNED);
    struct assay_cont_entry entry = { .promised = SESSION, .writer = SESSION };
    struct assay_cont_receipt read;
    uint8_t bytes[ASSAY_CONT_RECEIPT_MAX], digest[32], leaf[32];
    struct assay_merkle tree;
    struct assay_slice out;
    cr_assert_eq(assay_cont_client_receipt(&b->client, b->nonce, 0, &b->outs), ASSAY_OK);
    assay_bytes_copy(entry.instance, 32, b->config.instance, 32);
    f.promised = f.writer = SESSION;
    /* The receipt is the second of two leaves. */
    assay_merkle_init(&tree);
    assay_merkle_add(&tree, "", 0);
    assay_cont_receipt_leaf(&entry, b->nonce, leaf);
    assay_merkle_add_hash(&tree, leaf);
    f.place = (struct assay_cont_place){ .leaf = 1, .leaves = 2, .levels = 1 };
    assay_merkle_leaf_hash("", 0, f.place.path[0]);
    assay_merkle_root(&tree, f.place.root);
    assay_cont_receipts_statement(&b->config.home, 6, f.place.root, 2, digest);
    cr_assert_eq(hand(b, 2, &f), ASSAY_E_SIGNATURE);
    assay_model_sign(b->secret[2], digest, f.signature);
    f.place.path[0][0] ^= 1;
    cr_assert_eq(hand(b, 2, &f), ASSAY_E_SIGNATURE, "a path that leads elsewhere");
    f.place.path[0][0] ^= 1;
    f.index = 1;
    f.digest[0] = 1;
    cr_assert_eq(hand(b, 2, &f), ASSAY_E_SIGNATURE, "another state under the same root");
    f.index = 0;
    f.digest[0] = 0;
    cr_assert_eq(hand(b, 2, &f), ASSAY_OK);
    assay_model_sign(b->secret[0], digest, f.signature);
    cr_assert_eq(hand(b, 0, &f), ASSAY_OK);
    cr_assert_eq(b->outs.events, ASSAY_CONT_EVENT_RECEIPT);
    cr_assert_eq(assay_cont_receipt_encode(&b->client.receipt, bytes, sizeof bytes, &out),
                 ASSAY_OK);
    cr_assert_eq(assay_cont_receipt_decode(out, &read), ASSAY_OK);
    const struct assay_cont_roster *roster = &b->config.roster;
    cr_assert(assay_cont_receipt_verify(&read, &b->config.home, roster, b->nonce));
    struct assay_cont_receipt wrong = read;
    wrong.count = 1;
    cr_assert(!assay_cont_receipt_verify(&wrong, &b->config.home, roster, b->nonce), "too few");
    wrong = read;
    wrong.seat[1] = wrong.seat[0];
    cr_assert(!assay_cont_receipt_verify(&wrong, &b->config.home, roster, b->nonce), "one twice");
    wrong = read;
    wrong.entry.promised++;
    cr_assert(!assay_cont_receipt_verify(&wrong, &b->config.home, roster, b->nonce));
    wrong = read;
    wrong.place[0].path[0][0] ^= 1;
    cr_assert(!assay_cont_receipt_verify(&wrong, &b->config.home, roster, b->nonce), "no path");
    wrong = read;
    wrong.nonce[1] = 1;
    cr_assert(!assay_cont_receipt_verify(&wrong, &b->config.home, roster, wrong.nonce),
              "a nonce that was not signed");
    struct assay_cont_home other = { .group = GROUP + 1 };
    cr_assert(!assay_cont_receipt_verify(&read, &other, roster, b->nonce));
    b->nonce[1] = 1;
    cr_assert(!assay_cont_receipt_verify(&read, &b->config.home, roster, b->nonce), "old");
    for (size_t len = 0; len < out.len; len++)
        cr_assert_neq(assay_cont_receipt_decode(assay_slice_over(bytes, len), &read), ASSAY_OK);
    free(b);
}

/* A RECOVER has brought back a row whose entries replicas had forgotten: state 0 is none of it. */
Test(client, of_an_era_after_its_birth_nothing_starts_from_nothing)
{
    struct bench *b = begin();
    const uint64_t later = UINT64_C(1) << ASSAY_CONT_NUMBER_BITS;
    for (uint32_t with = 0; with <= N; with++) { /* so many replicas have an entry */
        b->config.session = later + 1;
        assay_cont_client_init(&b->client, &b->config);
        assay_cont_client_open(&b->client, b->nonce, b->now_ms, &b->outs);
        for (uint32_t seat = 0; seat < N && b->client.phase == ASSAY_CONT_OPENING; seat++) {
            struct assay_cont_frame f = frame(b, ASSAY_CONT_OPENED);
            f.session = later + 1;
            f.writer = seat < with;
            f.index = seat < with;
            f.digest[0] = seat < with;
            cr_assert_eq(hand(b, seat, &f), ASSAY_OK);
        }
        if (with >= 2) {
            cr_expect_eq(b->client.phase, ASSAY_CONT_FOUND, "%u have it", with);
            cr_expect_eq(b->client.found.index, 1);
        } else {
            cr_expect_eq(b->client.phase, ASSAY_CONT_ENDED, "%u have it", with);
            cr_expect_eq(b->client.end, ASSAY_CONT_END_FORGOTTEN);
        }
    }
    free(b);
}

/* --- by one row of the ledger's table (docs/services.md 1.3.6) */

enum { ROWS = 5 };

struct table {
    struct assay_cont_group group;
    struct assay_cont_instance_row rows[ROWS];
    struct assay_cont_row_tree tree;
    uint8_t head[ASSAY_CONT_DOCUMENT_LEN_MAX], proof[ASSAY_CONT_ROW_PROOF_LEN_MAX];
    struct assay_slice head_bytes;
};

/* Instances 0 to 4, or all but 1; instance 1 has this session. */
static void table_of(struct table *t, uint64_t session, bool retired, bool without)
{
    const struct assay_cont_home home = { .group = GROUP };
    assay_cont_group_init(&t->group, &home, N, ROWS, t->rows);
    for (uint8_t i = 0; i < ROWS; i++) {
        if (without && i == 1) continue;
        t->rows[i] = (struct assay_cont_instance_row){
            .instance = { i },
            .payer = ASSAY_CONT_SLOTS_MAX,
            .session = i == 1 ? session : 1,
            .in_epoch = 1,
            .retired = retired && i == 1,
            .contact = { .curve = { i, 1 }, .address = "h:1", .address_len = 3 },
        };
    }
    cr_assert_eq(assay_cont_group_join(&t->group), ASSAY_OK);
    assay_cont_row_tree_grow(&t->tree, &t->group);
    struct assay_writer w = assay_writer_over(t->head, sizeof t->head);
    cr_assert_eq(assay_cont_group_encode(&t->group, 0, &w), ASSAY_OK);
    cr_assert_eq(assay_writer_finish(&w, &t->head_bytes), ASSAY_OK);
}

static enum assay_status show_row(struct bench *b, struct table *t, uint8_t instance,
                                  struct assay_cont_row_proven *proven)
{
    const uint8_t name[32] = { instance };
    struct assay_slice proof;
    struct assay_writer w = assay_writer_over(t->proof, sizeof t->proof);
    cr_assert_eq(assay_cont_row_prove(&t->tree, &t->group, name, &w), ASSAY_OK);
    cr_assert_eq(assay_writer_finish(&w, &proof), ASSAY_OK);
    const enum assay_status status =
        assay_cont_client_row(&b->client, t->head_bytes, proof, proven, &b->outs);
    assay_cont_client_check(&b->client);
    return status;
}

Test(client, its_row_says_whether_it_is_the_newest)
{
    struct table *t = calloc(1, sizeof *t);
    struct assay_cont_row_proven proven;
    cr_assert_not_null(t);
    static const struct {
        uint64_t session;
        bool retired, without;
        enum assay_status status;
        enum assay_cont_end end;
    } cases[] = {
        { SESSION, false, false, ASSAY_OK, ASSAY_CONT_END_NONE },
        { SESSION + 1, false, false, ASSAY_OK, ASSAY_CONT_END_FENCED },
        { SESSION - 1, false, false, ASSAY_E_STALE, ASSAY_CONT_END_NONE },
        { SESSION - 1, true, false, ASSAY_E_STALE, ASSAY_CONT_END_NONE },
        { SESSION, true, false, ASSAY_OK, ASSAY_CONT_END_RETIRED },
        { 1, false, true, ASSAY_OK, ASSAY_CONT_END_NONE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench *b = running();
        table_of(t, cases[i].session, cases[i].retired, cases[i].without);
        cr_expect_eq(show_row(b, t, 1, &proven), cases[i].status, "%zu", i);
        cr_expect_eq(b->client.end, cases[i].end, "%zu", i);
        cr_expect_eq(b->outs.events, cases[i].end == ASSAY_CONT_END_FENCED
                                         ? (uint32_t)ASSAY_CONT_EVENT_FENCED
                                         : 0U);
        if (cases[i].status == ASSAY_OK) cr_expect_eq(proven.has_row, !cases[i].without);
        free(b);
    }
    free(t);
}

/* What would end it, and is not its own, or stands under no root that it knows. */
Test(client, a_row_that_is_not_proven_ends_nobody)
{
    struct table *t = calloc(1, sizeof *t);
    struct assay_cont_row_proven proven;
    struct bench *b = running();
    cr_assert_not_null(t);
    table_of(t, SESSION + 1, false, false);
    cr_expect_eq(show_row(b, t, 2, &proven), ASSAY_E_STRANGER);
    cr_expect_eq(b->client.end, ASSAY_CONT_END_NONE);
    /* Its own row, under the root of another table. */
    struct table *other = calloc(1, sizeof *other);
    cr_assert_not_null(other);
    table_of(other, SESSION, false, false);
    t->head_bytes = other->head_bytes;
    cr_expect_eq(show_row(b, t, 1, &proven), ASSAY_E_INVALID);
    cr_expect_eq(b->client.end, ASSAY_CONT_END_NONE);
    other->group.home.group = GROUP + 1;
    struct assay_writer w = assay_writer_over(other->head, sizeof other->head);
    cr_assert_eq(assay_cont_group_encode(&other->group, 0, &w), ASSAY_OK);
    cr_expect_eq(show_row(b, t, 1, &proven), ASSAY_E_CHAIN);
    cr_expect_eq(b->client.end, ASSAY_CONT_END_NONE);
    free(other);
    free(t);
    free(b);
}
