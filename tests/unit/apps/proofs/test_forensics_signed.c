/*
 * tests/unit/apps/proofs/test_forensics_signed.c - tests of pairs that convict their signer, found
 * in what several stores have of an epoch (docs/protocol.md 5.23).
 */
#include "apps/assay/proofs/forensics_signed.h"

#include "engine/ledger/records/envelope.h"
#include "engine/ledger/records/record.h"
#include "engine/store/store_memory.h"

#include <criterion/criterion.h>
#include <string.h>

enum { SLOTS = 4, ERA = 1, EPOCH = 12, BOTH = 2 };

static struct {
    struct assay_p256_signer *signer[SLOTS];
    struct assay_p256 *key[SLOTS];
    uint32_t weight[SLOTS];
    uint8_t node_id[SLOTS][32], chain_id[32];
    struct assay_voter_table voters;
    struct assay_store *store[2];
    struct cli_signed *all;
    uint64_t number; /* of the next item of a store */
} w;

static void set_up(void)
{
    memset(w.chain_id, 0xcc, 32);
    for (uint32_t i = 0; i < SLOTS; i++) {
        const struct assay_secret32 secret = { { (uint8_t)(i + 1) } };
        uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
        cr_assert_eq(assay_p256_public(&secret, public_key), ASSAY_OK);
        cr_assert_eq(assay_p256_load(public_key, &w.key[i]), ASSAY_OK);
        cr_assert_eq(assay_p256_signer_load(&secret, &w.signer[i]), ASSAY_OK);
        w.weight[i] = 100;
        memset(w.node_id[i], (int)i + 1, 32);
    }
    w.voters = (struct assay_voter_table){ .count = SLOTS,
                                           .weight = w.weight,
                                           .node_id = (const uint8_t(*)[32])w.node_id,
                                           .voting_key = w.key,
                                           .total_weight = 100 * SLOTS };
    for (size_t i = 0; i < 2; i++)
        cr_assert_eq(assay_store_memory_create(&w.store[i]), ASSAY_OK);
    w.all = cli_signed_create(w.chain_id, ERA, EPOCH, &w.voters);
    cr_assert_not_null(w.all);
}

static void tear_down(void)
{
    cli_signed_free(&w.all);
    for (size_t i = 0; i < 2; i++)
        assay_store_close(&w.store[i]);
    for (uint32_t i = 0; i < SLOTS; i++) {
        assay_p256_signer_free(&w.signer[i]);
        assay_p256_free(&w.key[i]);
    }
}

TestSuite(forensics_signed, .init = set_up, .fini = tear_down);

/* store: 0, 1 or BOTH */
static void put(size_t store, enum assay_store_class class_, struct assay_slice value)
{
    const struct assay_store_key key = { .era = ERA, .epoch = EPOCH, .number = ++w.number };
    for (size_t i = 0; i < 2; i++) {
        if (store != BOTH && store != i) continue;
        cr_assert_eq(assay_store_put(w.store[i], class_, &key, value), ASSAY_OK);
        cr_assert_eq(assay_store_commit(w.store[i]), ASSAY_OK);
    }
}

static struct assay_vote_statement statement(enum assay_vote_type type, uint64_t view,
                                             uint8_t block)
{
    struct assay_vote_statement s = { .era = ERA, .epoch = EPOCH, .view = view, .type = type };
    memset(s.chain_id, 0xcc, 32);
    if (assay_vote_kind(type) != ASSAY_VOTE_NULLIFY) memset(s.block_id, block, 32);
    return s;
}

/* Slots whose bit is set sign, as a certificate; forged: a slot whose signature is another's. */
static void certify(size_t store, const struct assay_vote_statement *s, uint8_t slots,
                    uint32_t forged)
{
    uint8_t digest[32], signatures[SLOTS * 64], bytes[ASSAY_CERTIFICATE_LEN_MAX];
    size_t count = 0;
    assay_vote_statement_digest(s, digest);
    for (uint32_t i = 0; i < SLOTS; i++)
        if ((slots >> i & 1) != 0)
            cr_assert_eq(assay_p256_sign(w.signer[i == forged ? (i + 1) % SLOTS : i], digest,
                                         signatures + 64 * count++),
                         ASSAY_OK);
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    assay_certificate_encode(s, assay_slice_over(&slots, 1),
                             assay_slice_over(signatures, 64 * count), &out);
    cr_assert(!out.full);
    put(store, ASSAY_STORE_CERTIFICATE, assay_slice_over(bytes, out.len));
}

static void vote(size_t store, const struct assay_vote_statement *s, uint16_t slot)
{
    uint8_t digest[32], signature[64], bytes[ASSAY_VOTE_LEN_MAX];
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    assay_vote_statement_digest(s, digest);
    cr_assert_eq(assay_p256_sign(w.signer[slot], digest, signature), ASSAY_OK);
    assay_vote_encode(s, slot, signature, &out);
    put(store, ASSAY_STORE_VOTE, assay_slice_over(bytes, out.len));
}

static const struct cli_offence *find(size_t expected)
{
    const struct cli_offence *offences = NULL;
    size_t count = 0;
    for (size_t i = 0; i < 2; i++)
        cr_assert_eq(cli_signed_collect(w.all, w.store[i]), ASSAY_OK);
    cr_assert_eq(cli_signed_find(w.all, &offences, &count), ASSAY_OK);
    cr_assert_eq(count, expected, "found %zu", count);
    return offences;
}

/* What a ledger takes: the record decodes, and its two statements are signed by the accused. */
static void record_must_convict(const struct cli_offence *o)
{
    struct assay_record r;
    cr_assert_eq(assay_record_decode(assay_slice_over(o->record, o->len), &r), ASSAY_OK);
    cr_expect_eq(r.kind, ASSAY_RECORD_OFFENCE);
    cr_expect_eq(r.offence, o->number);
    const struct assay_slice sides[] = { r.first, r.second };
    for (size_t i = 0; i < 2 && o->number <= 3; i++) {
        struct assay_vote v;
        cr_assert_eq(assay_vote_decode(sides[i], &v), ASSAY_OK);
        cr_expect_eq(v.slot, o->slot);
        cr_expect_eq(assay_vote_verify(&v, &w.voters), ASSAY_OK);
    }
}

/* Two quorums of one view: members of both are guilty, and no others. */
Test(forensics_signed, who_finalised_two_blocks_in_a_view_is_named)
{
    const struct assay_vote_statement a = statement(ASSAY_VOTE_FINALISE, 3, 0xaa);
    const struct assay_vote_statement b = statement(ASSAY_VOTE_FINALISE, 3, 0xbb);
    certify(0, &a, 0x7, SLOTS); /* 0 1 2 */
    certify(1, &b, 0xe, SLOTS); /* 1 2 3 */
    const struct cli_offence *o = find(2);
    for (uint32_t i = 0; i < 2; i++) {
        cr_expect_eq(o[i].slot, i + 1);
        cr_expect_eq(o[i].number, 2u);
        cr_expect_eq(o[i].view, 3u);
        record_must_convict(&o[i]);
    }
    cr_expect_eq(cli_signed_count(w.all), 6u);
}

/* One block finalised, and its view left by a range in the other store. */
Test(forensics_signed, who_left_a_view_that_it_finalised_is_named)
{
    const struct assay_vote_statement f = statement(ASSAY_VOTE_FINALISE, 70, 0xaa);
    const struct assay_vote_statement x = statement(ASSAY_VOTE_NULLIFY_64, 65, 0);
    const struct assay_vote_statement other = statement(ASSAY_VOTE_NULLIFY, 71, 0);
    certify(0, &f, 0x7, SLOTS);
    certify(1, &x, 0xc, SLOTS);
    certify(1, &other, 0xf, SLOTS);
    const struct cli_offence *o = find(1);
    cr_expect_eq(o[0].slot, 2u);
    cr_expect_eq(o[0].number, 3u);
    cr_expect_eq(o[0].view, 70u, "the view that it finalised");
    record_must_convict(&o[0]);
}

Test(forensics_signed, own_votes_and_certificates_make_pairs)
{
    const struct assay_vote_statement a = statement(ASSAY_VOTE_NOTARISE, 5, 0xaa);
    const struct assay_vote_statement b = statement(ASSAY_VOTE_NOTARISE, 5, 0xbb);
    vote(0, &a, 3);
    certify(1, &b, 0xf, SLOTS);
    const struct cli_offence *o = find(1);
    cr_expect_eq(o[0].slot, 3u);
    cr_expect_eq(o[0].number, 1u);
    record_must_convict(&o[0]);
}

/* A store that lies: a member without valid signatures under both is accused of nothing. */
Test(forensics_signed, a_signature_of_another_accuses_no_member)
{
    const struct assay_vote_statement a = statement(ASSAY_VOTE_FINALISE, 3, 0xaa);
    const struct assay_vote_statement b = statement(ASSAY_VOTE_FINALISE, 3, 0xbb);
    certify(0, &a, 0x7, SLOTS);
    certify(1, &b, 0x6, 1);
    const struct cli_offence *o = find(1);
    cr_expect_eq(o[0].slot, 2u);
    cr_expect_eq(cli_signed_count(w.all), 4u, "the forged one is left out");
}

/* The same in both stores, other views and blocks, an N and an F of one block, other epochs and
 * chains: none of it is a contradiction. */
Test(forensics_signed, what_honest_members_sign_accuses_none_of_them)
{
    for (uint64_t view = 1; view <= 4; view++) {
        const uint8_t block = (uint8_t)(0xa0 + view);
        const struct assay_vote_statement n = statement(ASSAY_VOTE_NOTARISE, view, block);
        const struct assay_vote_statement f = statement(ASSAY_VOTE_FINALISE, view, block);
        const struct assay_vote_statement x = statement(ASSAY_VOTE_NULLIFY, view + 10, 0);
        certify(BOTH, &n, 0xf, SLOTS);
        certify(BOTH, &f, 0x7, SLOTS);
        certify(BOTH, &x, 0xe, SLOTS);
    }
    struct assay_vote_statement other = statement(ASSAY_VOTE_FINALISE, 1, 0xff);
    other.epoch++;
    certify(1, &other, 0xf, SLOTS);
    other.epoch--;
    other.chain_id[0] ^= 1;
    certify(1, &other, 0xf, SLOTS);
    (void)find(0);
    cr_expect_eq(cli_signed_count(w.all), 4u * (4 + 3 + 3), "each once");
}

static void put_envelope(size_t store, uint32_t slot, uint32_t incarnation, uint8_t evidence)
{
    uint8_t bytes[512];
    size_t at = 0;
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    struct assay_envelope e = { .era = ERA,
                                .epoch = EPOCH,
                                .incarnation = incarnation,
                                .kind = ASSAY_KIND_SOFT,
                                .evidence_len = 10 };
    memset(e.chain_id, 0xcc, 32);
    assay_bytes_copy(e.node_id, 32, w.node_id[slot], 32);
    memset(e.evidence_digest, evidence, 32);
    cr_assert_eq(assay_envelope_encode(&e, &out, &at), ASSAY_OK);
    cr_assert_eq(assay_p256_sign(w.signer[slot], e.digest, bytes + at), ASSAY_OK);
    put(store, ASSAY_STORE_ENVELOPE, assay_slice_over(bytes, out.len));
}

Test(forensics_signed, two_envelopes_of_an_incarnation_are_a_pair)
{
    put_envelope(0, 1, 1, 0x11);
    put_envelope(1, 1, 1, 0x22);
    put_envelope(0, 2, 1, 0x11);
    put_envelope(1, 2, 2, 0x22); /* re-registered */
    put_envelope(0, 3, 1, 0x33);
    put_envelope(1, 3, 1, 0x33);
    const struct cli_offence *o = find(1);
    cr_expect_eq(o[0].slot, 1u);
    cr_expect_eq(o[0].number, 8u);
    record_must_convict(&o[0]);
}

/* Bytes of a hostile store: cut, changed, of other classes. */
Test(forensics_signed, malformed_items_are_left_out)
{
    const struct assay_vote_statement a = statement(ASSAY_VOTE_FINALISE, 3, 0xaa);
    static const enum assay_store_class classes[] = { ASSAY_STORE_FINALITY, ASSAY_STORE_CERTIFICATE,
                                                      ASSAY_STORE_VOTE,     ASSAY_STORE_BLOCK,
                                                      ASSAY_STORE_PROPOSAL, ASSAY_STORE_ENVELOPE };
    uint8_t bytes[300] = { 0x83, 0x58, 0x20 };
    certify(0, &a, 0xf, SLOTS);
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        for (size_t len = 0; len < sizeof bytes; len += 13)
            put(1, classes[i], assay_slice_over(bytes, len));
    (void)find(0);
    cr_expect_eq(cli_signed_count(w.all), 4u);
}
