/*
 * tests/unit/engine/consensus/test_simplex_unverified.c - votes that nothing depends on
 * (docs/protocol.md 5.25): not verified once a certificate says the same, verified as soon as
 * something depends on them.
 */
#include "base/cbor.h"
#include "engine/consensus/simplex_internal.h"
#include "sim/simplex/world_internal.h"

#include <criterion/criterion.h>
#include <string.h>

enum { OTHER = 0x55, CERTIFIED = 0x77, OWNER = 3, JUNK = 1 };

static bool nothing_passes(void *context, uint32_t from, uint32_t to, enum assay_message_kind kind,
                           struct assay_slice payload)
{
    (void)context;
    (void)from;
    (void)to;
    (void)kind;
    (void)payload;
    return false;
}

/* Four machines of which none hears another; slot 3 may do what it likes. */
static struct assay_sim_simplex *silent_world(void)
{
    const struct assay_sim_simplex_options options = {
        .seed = 9, .slot_count = 4, .weights = { 1, 1, 1, 1 }, .cadence_ms = 1000000
    };
    struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
    assay_sim_simplex_set_filter(world, nothing_passes, NULL);
    world->options.byzantine[OWNER] = true;
    return world;
}

static struct assay_vote_statement statement_of(const struct assay_sim_simplex *w, uint64_t view,
                                                enum assay_vote_type type, uint8_t block)
{
    struct assay_vote_statement statement = { .epoch = 1, .view = view, .type = type };
    assay_bytes_copy(statement.chain_id, 32, w->chain_id, 32);
    if (type != ASSAY_VOTE_NULLIFY) memset(statement.block_id, block, 32);
    return statement;
}

static enum assay_status give(struct assay_sim_simplex *w, uint16_t from,
                              enum assay_message_kind kind, const struct assay_writer *payload)
{
    cr_assert_not(payload->full);
    return assay_sim_simplex_inject(w, 1, from, kind,
                                    assay_slice_over(payload->bytes, payload->len));
}

/* Machine 1 gets the certificate of slots 0 to 2. */
static void certify(struct assay_sim_simplex *w, uint64_t view, enum assay_vote_type type)
{
    const struct assay_vote_statement statement = statement_of(w, view, type, CERTIFIED);
    uint8_t digest[32], bytes[ASSAY_CERTIFICATE_LEN_MAX];
    uint8_t signatures[3 * ASSAY_P256_SIGNATURE_LEN];
    const uint8_t bitmap = 7;
    assay_vote_statement_digest(&statement, digest);
    for (uint16_t slot = 0; slot < 3; slot++)
        assay_sim_simplex_sign(w, slot, digest, signatures + slot * ASSAY_P256_SIGNATURE_LEN);
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    assay_certificate_encode(&statement, assay_slice_over(&bitmap, 1),
                             assay_slice_over(signatures, sizeof signatures), &out);
    cr_assert_eq(give(w, 0, ASSAY_MESSAGE_CERTIFICATE, &out), ASSAY_OK);
}

/* Slot 3's vote, brought by `from`; junk: of no key. */
static enum assay_status vote(struct assay_sim_simplex *w, uint16_t from, uint64_t view,
                              enum assay_vote_type type, uint8_t block, int junk)
{
    const struct assay_vote_statement statement = statement_of(w, view, type, block);
    uint8_t digest[32], bytes[ASSAY_VOTE_LEN_MAX], signature[ASSAY_P256_SIGNATURE_LEN];
    assay_vote_statement_digest(&statement, digest);
    assay_sim_simplex_sign(w, OWNER, digest, signature);
    if (junk != 0) memset(signature, 0x20 + junk, sizeof signature);
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    assay_vote_encode(&statement, OWNER, signature, &out);
    const enum assay_status status = give(w, from, ASSAY_MESSAGE_VOTE, &out);
    assay_simplex_check(assay_sim_simplex_machine(w, 1));
    return status;
}

static const struct sx_received *seen(struct assay_sim_simplex *w, uint64_t view)
{
    struct assay_simplex *s = assay_sim_simplex_machine(w, 1);
    const struct sx_view *v = assay_sx_find_view(s, view);
    cr_assert_not_null(v);
    return &v->received[s->seat_of[OWNER]];
}

static uint64_t accusations(const struct assay_sim_simplex *w, unsigned number)
{
    struct assay_sim_simplex_counts counts;
    assay_sim_simplex_counts(w, &counts);
    if (counts.accusations > 0) {
        cr_expect_eq(counts.last_accused, OWNER);
        cr_expect_eq(counts.last_proof, number);
    }
    cr_expect_null(assay_sim_simplex_violation(w), "%s", assay_sim_simplex_violation(w));
    return counts.accusations;
}

Test(simplex_unverified, a_vote_that_repeats_a_certificate_is_not_verified)
{
    for (int t = 0; t < ASSAY_VOTE_TYPES; t++) {
        const enum assay_vote_type type = (enum assay_vote_type)t;
        struct assay_sim_simplex *w = silent_world();
        cr_expect_eq(vote(w, OWNER, 1, type, CERTIFIED, JUNK), ASSAY_E_SIGNATURE);
        certify(w, 1, type);
        cr_expect_eq(vote(w, 0, 1, type, CERTIFIED, JUNK), ASSAY_E_SIGNATURE, "not its owner's");
        cr_expect_eq(vote(w, OWNER, 1, type, CERTIFIED, JUNK), ASSAY_E_DUPLICATE);
        cr_expect(seen(w, 1)->unverified[type]);
        cr_expect_not(seen(w, 1)->verified[type]);
        cr_expect_eq(vote(w, OWNER, 1, type, CERTIFIED, JUNK), ASSAY_E_DUPLICATE);
        cr_expect_eq(vote(w, OWNER, 1, type, CERTIFIED, JUNK + 1), ASSAY_E_SIGNATURE);
        cr_expect_eq(vote(w, OWNER, 1, type, CERTIFIED, 0), ASSAY_OK, "the true one is taken");
        cr_expect(seen(w, 1)->verified[type]);
        cr_expect_not(seen(w, 1)->unverified[type]);
        cr_expect_eq(accusations(w, 0), 0);
        assay_sim_simplex_destroy(&w);
    }
}

Test(simplex_unverified, a_vote_for_another_block_than_the_certificates_is_verified)
{
    struct assay_sim_simplex *w = silent_world();
    certify(w, 1, ASSAY_VOTE_NOTARISE);
    cr_expect_eq(vote(w, OWNER, 1, ASSAY_VOTE_NOTARISE, OTHER, JUNK), ASSAY_E_SIGNATURE);
    cr_expect_eq(vote(w, OWNER, 1, ASSAY_VOTE_NOTARISE, OTHER, 0), ASSAY_OK);
    cr_expect(seen(w, 1)->verified[ASSAY_VOTE_NOTARISE]);
    /* And now the one that the certificate repeats speaks against it. */
    cr_expect_eq(vote(w, OWNER, 1, ASSAY_VOTE_NOTARISE, CERTIFIED, JUNK), ASSAY_E_SIGNATURE);
    cr_expect_eq(vote(w, OWNER, 1, ASSAY_VOTE_NOTARISE, CERTIFIED, 0), ASSAY_OK);
    cr_expect_eq(accusations(w, 1), 1);
    assay_sim_simplex_destroy(&w);
}

/* What a voter signs twice in many views is verified twice in one and proven once. */
Test(simplex_unverified, a_proven_pair_makes_further_pairs_cost_no_signature_and_no_proof)
{
    static const struct {
        enum assay_vote_type type;
        unsigned number;
    } pairs[] = { { ASSAY_VOTE_NOTARISE, 1 }, { ASSAY_VOTE_FINALISE, 2 } };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct assay_sim_simplex *w = silent_world();
        cr_expect_eq(vote(w, OWNER, 1, pairs[i].type, CERTIFIED, 0), ASSAY_OK);
        cr_expect_eq(vote(w, OWNER, 1, pairs[i].type, OTHER, JUNK), ASSAY_E_SIGNATURE);
        cr_expect_eq(vote(w, OWNER, 1, pairs[i].type, OTHER, 0), ASSAY_OK);
        cr_expect_eq(accusations(w, pairs[i].number), 1);
        for (uint64_t view = 2; view < 5; view++) {
            cr_expect_eq(vote(w, OWNER, view, pairs[i].type, CERTIFIED, 0), ASSAY_OK, "it counts");
            cr_expect_eq(vote(w, OWNER, view, pairs[i].type, OTHER, JUNK), ASSAY_E_DUPLICATE);
            cr_expect_eq(vote(w, OWNER, view, pairs[i].type, OTHER, 0), ASSAY_E_DUPLICATE);
        }
        cr_expect_eq(accusations(w, pairs[i].number), 1);
        assay_sim_simplex_destroy(&w);
    }
}

static const struct {
    enum assay_vote_type kept, other;
    unsigned proof;
} pairs[] = {
    { ASSAY_VOTE_NOTARISE, ASSAY_VOTE_NOTARISE, 1 },
    { ASSAY_VOTE_FINALISE, ASSAY_VOTE_FINALISE, 2 },
    { ASSAY_VOTE_NOTARISE, ASSAY_VOTE_FINALISE, 2 },
    { ASSAY_VOTE_FINALISE, ASSAY_VOTE_NOTARISE, 2 },
    { ASSAY_VOTE_NULLIFY, ASSAY_VOTE_FINALISE, 3 },
    { ASSAY_VOTE_FINALISE, ASSAY_VOTE_NULLIFY, 3 },
};

Test(simplex_unverified, a_kept_vote_convicts_with_the_one_that_contradicts_it)
{
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct assay_sim_simplex *w = silent_world();
        certify(w, 1, pairs[i].kept);
        cr_expect_eq(vote(w, OWNER, 1, pairs[i].kept, CERTIFIED, 0), ASSAY_E_DUPLICATE);
        cr_assert(seen(w, 1)->unverified[pairs[i].kept]);
        cr_expect_eq(vote(w, OWNER, 1, pairs[i].other, OTHER, JUNK), ASSAY_E_SIGNATURE);
        cr_expect_eq(accusations(w, 0), 0);
        cr_expect_eq(vote(w, OWNER, 1, pairs[i].other, OTHER, 0), ASSAY_OK);
        cr_expect_eq(accusations(w, pairs[i].proof), 1, "pair %zu", i);
        assay_sim_simplex_destroy(&w);
    }
}

Test(simplex_unverified, a_kept_vote_of_no_key_convicts_nobody)
{
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct assay_sim_simplex *w = silent_world();
        certify(w, 1, pairs[i].kept);
        cr_expect_eq(vote(w, OWNER, 1, pairs[i].kept, CERTIFIED, JUNK), ASSAY_E_DUPLICATE);
        cr_expect_eq(vote(w, OWNER, 1, pairs[i].other, OTHER, 0), ASSAY_OK);
        cr_expect_eq(accusations(w, 0), 0, "pair %zu", i);
        cr_expect(seen(w, 1)->verified[pairs[i].other], "the true one took its place");
        cr_expect_not(seen(w, 1)->unverified[pairs[i].kept]);
        assay_sim_simplex_destroy(&w);
    }
}

Test(simplex_unverified, who_sends_what_is_not_verified_is_not_silent)
{
    struct assay_sim_simplex *w = silent_world();
    struct assay_simplex *s = assay_sim_simplex_machine(w, 1);
    certify(w, 1, ASSAY_VOTE_NOTARISE);
    cr_expect_eq(s->active_at[OWNER], 0);
    cr_expect_eq(vote(w, OWNER, 1, ASSAY_VOTE_NOTARISE, CERTIFIED, 0), ASSAY_E_DUPLICATE);
    cr_expect_eq(s->active_at[OWNER], 1);
    assay_sim_simplex_destroy(&w);
}

/* How many votes of its own machine 1 tells slot 3 of, and in which view. */
static uint64_t told(struct assay_sim_simplex *w, uint64_t *view)
{
    uint8_t bytes[128], head[32];
    uint64_t number = 0, votes = 0;
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&out, 5);
    assay_cbor_put_bytes(&out, w->chain_id, 32);
    for (uint64_t i = 0; i < 3; i++)
        assay_cbor_put_uint(&out, i == 1 ? 1 : i);
    assay_cbor_put_uint(&out, 1);
    cr_assert_eq(give(w, OWNER, ASSAY_MESSAGE_RESUME_ASK, &out), ASSAY_OK);
    const struct assay_simplex_actions *actions = &w->machines[1].actions;
    for (size_t i = 0; i < actions->count; i++) {
        const struct assay_effect *effect = &actions->items[i].effect;
        if (actions->items[i].kind != ASSAY_SIMPLEX_SEND) continue;
        if (effect->as.send.message != ASSAY_MESSAGE_RESUME_ANSWER) continue;
        struct assay_cursor c =
            assay_cursor_over(effect->as.send.payload.bytes, effect->as.send.payload.len);
        struct assay_slice payload;
        struct assay_vote own;
        cr_assert_eq(assay_cbor_array_exact(&c, 6), ASSAY_OK);
        cr_assert_eq(assay_cbor_bytes_exact(&c, head, 32), ASSAY_OK);
        for (int k = 0; k < 3; k++)
            cr_assert_eq(assay_cbor_uint(&c, &number), ASSAY_OK);
        cr_assert_eq(assay_cbor_array(&c, ASSAY_VOTE_TYPES, &votes), ASSAY_OK);
        for (uint64_t k = 0; k < votes; k++) {
            cr_assert_eq(assay_cbor_bytes(&c, ASSAY_VOTE_LEN_MAX, &payload), ASSAY_OK);
            cr_assert_eq(assay_vote_decode(payload, &own), ASSAY_OK);
            cr_assert(assay_p256_verify(assay_sim_simplex_key(w, OWNER), own.digest, own.signature,
                                        ASSAY_S_LOW));
            *view = own.statement.view;
        }
        return votes;
    }
    cr_assert_fail("no answer");
    return 0;
}

Test(simplex_unverified, who_resumes_is_told_its_kept_votes_and_no_junk)
{
    struct assay_sim_simplex *w = silent_world();
    uint64_t view = 0;
    certify(w, 1, ASSAY_VOTE_NOTARISE);
    certify(w, 2, ASSAY_VOTE_NOTARISE);
    cr_expect_eq(vote(w, OWNER, 1, ASSAY_VOTE_NOTARISE, CERTIFIED, 0), ASSAY_E_DUPLICATE);
    cr_expect_eq(vote(w, OWNER, 2, ASSAY_VOTE_NOTARISE, CERTIFIED, JUNK), ASSAY_E_DUPLICATE);
    cr_expect(seen(w, 1)->unverified[ASSAY_VOTE_NOTARISE] &&
              seen(w, 2)->unverified[ASSAY_VOTE_NOTARISE]);
    cr_expect_eq(told(w, &view), 1);
    cr_expect_eq(view, 1);
    cr_expect(seen(w, 1)->verified[ASSAY_VOTE_NOTARISE]);
    cr_expect_not(seen(w, 2)->unverified[ASSAY_VOTE_NOTARISE]);
    assay_sim_simplex_destroy(&w);
}
