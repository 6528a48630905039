/*
 * tests/unit/engine/ledger/test_proof.c - tests of proofs for offline verifiers.
 *
 * What the network says of a member, believed from a checkpoint alone; and every way in which it
 * must not be.
 */
#include "tests/unit/engine/ledger/proof_bench.h"

#include "base/cbor.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 7, LEN = PROOF_LEN };

/* In a piece of memory that is no longer than the bytes. */
static enum assay_status verify(const uint8_t *bytes, size_t len, const struct assay_checkpoint *c,
                                enum assay_proof_answer *answer, struct assay_proven_state *proven)
{
    uint8_t *exact = malloc(len + (len == 0));
    cr_assert_not_null(exact);
    assay_bytes_copy(exact, len, bytes, len);
    const enum assay_status status =
        assay_proof_verify(assay_slice_over(exact, len), c, answer, proven);
    free(exact);
    return status;
}

static enum assay_proof_answer answer_of(const uint8_t *bytes, size_t len,
                                         const struct assay_checkpoint *c)
{
    struct assay_proven_state proven;
    enum assay_proof_answer answer = ASSAY_PROVEN;
    cr_assert_eq(verify(bytes, len, c, &answer, &proven), ASSAY_OK);
    return answer;
}

static struct assay_sim_world *world(bool tamper, uint64_t epochs)
{
    const struct assay_sim_world_options o = { .seed = 31, .nodes = NODES, .epoch_ms = 400 };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    cr_assert(assay_sim_world_run_to_epoch(w, 3, 20000));
    if (tamper) assay_sim_world_acts(w, 5)->tampered = true;
    assay_sim_world_acts(w, 2)->quiet = true;
    cr_assert(assay_sim_world_run_to_epoch(w, epochs, 60000));
    return w;
}

static uint8_t bytes[LEN], other[LEN];

Test(proof, tells_what_the_network_knows_of_each_member, .timeout = 600)
{
    struct assay_sim_world *w = world(false, 8);
    struct proof_states k;
    proof_collect(w, 0, &k);
    for (uint32_t slot = 0; slot < NODES; slot++) {
        for (unsigned i = 0; i < 3; i++) {
            /* with votes from the epoch before and from its own; without them from its own alone */
            struct assay_member_snapshot m;
            struct assay_proven_state p;
            enum assay_proof_answer answer = ASSAY_PROOF_OLDER;
            const size_t len = proof_make(&k, slot, i == 2, bytes);
            cr_assert_eq(verify(bytes, len, i == 0 ? &k.from : &k.at, &answer, &p), ASSAY_OK);
            cr_assert_eq(answer, ASSAY_PROVEN, "%s", assay_proof_answer_text(answer));
            assay_sim_world_member(w, 0, (uint16_t)slot, &m);
            cr_assert_arr_eq(p.member.node_id, m.node_id, 32);
            cr_assert_eq(p.member.trust.integrity_bp, m.trust.integrity_bp);
            cr_assert_eq(p.member.trust.availability_bp, m.trust.availability_bp);
            cr_assert_eq(p.member.trust.score.standing, m.trust.score.standing);
            cr_assert_eq(p.member.weight, m.weight);
            cr_assert_arr_eq(&p.member.fall, &m.fall, sizeof m.fall);
            cr_assert_eq(assay_fall_is_set(&m.fall), slot == 2, "the one that is quiet");
            cr_assert_eq(p.member.found.pass_weight, m.positive_bp);
            cr_assert_eq(p.member.found.negative_weight, m.negative_bp);
            cr_assert(p.certified);
            cr_assert_eq(p.next.epoch, k.at.epoch);
            cr_assert_arr_eq(p.next.id, k.at.id, 32);
            cr_assert_arr_eq(p.next.roster_digest, k.at.roster_digest, 32);
            cr_assert_eq(p.bare, i == 2);
        }
    }
    proof_drop(&k);
    assay_sim_world_destroy(&w);
}

/* LEAVE lowers no score, and what was found in its last epoch may have been a pass. */
Test(proof, of_one_that_does_not_serve_is_never_full, .timeout = 600)
{
    struct assay_sim_world *w = world(false, 8);
    struct proof_states k;
    struct assay_proven_state proven;
    enum assay_proof_answer answer = ASSAY_PROVEN;
    proof_collect(w, 0, &k);
    const size_t len = proof_make(&k, 1, false, bytes);
    cr_assert_eq(verify(bytes, len, &k.from, &answer, &proven), ASSAY_OK);
    cr_assert_eq(proven.member.trust.score.standing, ASSAY_STANDING_FULL);
    cr_expect_eq(assay_proof_standing_of(&proven), ASSAY_STANDING_FULL);
    cr_expect_str_eq(assay_proof_standing_text(&proven), "FULL");
    proven.member.stage = ASSAY_STAGE_LEFT;
    cr_expect_eq(assay_proof_standing_of(&proven), ASSAY_STANDING_SUSPENDED);
    cr_expect_str_eq(assay_proof_standing_text(&proven), "LEFT");
    proven.member.stage = ASSAY_STAGE_RESTING;
    cr_expect_eq(assay_proof_standing_of(&proven), ASSAY_STANDING_SUSPENDED);
    cr_expect_str_eq(assay_proof_standing_text(&proven), "RESTING");
    /* In maintenance from the epoch that runs on, then up to the one that closed. */
    proven.member.stage = ASSAY_STAGE_MEMBER;
    proven.member.maintenance_count = 1;
    for (uint64_t first = proven.next.epoch - 1; first <= proven.next.epoch + 2; first++) {
        const bool is_in = first == proven.next.epoch || first == proven.next.epoch + 1;
        proven.member.maintenances[0] = (struct assay_maintenance){ first, first };
        cr_expect_eq(assay_proof_standing_of(&proven),
                     is_in ? ASSAY_STANDING_RESTRICTED : ASSAY_STANDING_FULL);
        cr_expect_str_eq(assay_proof_standing_text(&proven), is_in ? "MAINTENANCE" : "FULL");
    }
    proven.member.maintenances[0] = (struct assay_maintenance){ 1, proven.next.epoch };
    proven.member.trust.score.standing = ASSAY_STANDING_SUSPENDED;
    cr_expect_eq(assay_proof_standing_of(&proven), ASSAY_STANDING_SUSPENDED);
    cr_expect_str_eq(assay_proof_standing_text(&proven), "SUSPENDED");
    proof_drop(&k);
    assay_sim_world_destroy(&w);
}

Test(proof, shows_who_is_absent_and_who_failed, .timeout = 600)
{
    struct assay_sim_world *w = world(true, 5);
    struct proof_states k;
    enum assay_proof_answer answer;
    struct assay_proven_state p;
    bool absent = false, failed = false;
    proof_collect(w, 0, &k);
    for (uint32_t slot = 0; slot < NODES; slot++) {
        const size_t len = proof_make(&k, slot, true, bytes);
        cr_assert_eq(verify(bytes, len, &k.at, &answer, &p), ASSAY_OK);
        const struct assay_found *f = &p.member.found;
        absent = absent || (3 * f->negative_weight > 2 * f->electorate_weight &&
                            p.member.trust.integrity_bp == 10000);
        failed = failed || p.member.trust.integrity_bp == 0;
    }
    cr_assert(absent);
    cr_assert(failed);
    proof_drop(&k);
    assay_sim_world_destroy(&w);
}

Test(proof, follows_from_checkpoint_to_checkpoint, .timeout = 600)
{
    struct assay_sim_world *w = world(false, 4);
    struct assay_checkpoint at = { 0 };
    for (uint64_t epoch = 5; epoch < 12; epoch++) {
        struct proof_states k;
        struct assay_proven_state p;
        enum assay_proof_answer answer;
        proof_collect(w, 1, &k);
        if (at.epoch == 0) at = k.from;
        const size_t len = proof_make(&k, 3, false, bytes);
        cr_assert_eq(verify(bytes, len, &at, &answer, &p), ASSAY_OK);
        cr_assert_eq(answer, ASSAY_PROVEN, "%s", assay_proof_answer_text(answer));
        at = p.next;
        proof_drop(&k);
        cr_assert(assay_sim_world_run_to_epoch(w, epoch, 60000));
    }
    assay_sim_world_destroy(&w);
}

/* --- forgeries */

Test(proof, is_not_believed_from_another_place, .timeout = 600)
{
    struct assay_sim_world *w = world(false, 8);
    struct proof_states k;
    proof_collect(w, 0, &k);
    const size_t len = proof_make(&k, 1, false, bytes);
    const size_t bare_len = proof_make(&k, 1, true, other);
    struct assay_checkpoint c = k.from;
    c.chain_id[7] ^= 1;
    cr_assert_eq(answer_of(bytes, len, &c), ASSAY_PROOF_OTHER_CHAIN);
    c = k.from;
    c.era++;
    cr_assert_eq(answer_of(bytes, len, &c), ASSAY_PROOF_OTHER_ERA);
    c = k.at;
    c.epoch++;
    cr_assert_eq(answer_of(bytes, len, &c), ASSAY_PROOF_OLDER);
    c = k.at;
    c.id[0] ^= 1;
    cr_assert_eq(answer_of(bytes, len, &c), ASSAY_PROOF_OTHER_BLOCK);
    cr_assert_eq(answer_of(other, bare_len, &c), ASSAY_PROOF_OTHER_BLOCK);
    c = k.from;
    c.roster_digest[0] ^= 1;
    cr_assert_eq(answer_of(bytes, len, &c), ASSAY_PROOF_OTHER_VOTERS);
    /* Without votes only the checkpoint's own epoch is believed, and the remedy is not a newer
     * checkpoint but that one. */
    cr_assert_eq(answer_of(other, bare_len, &k.from), ASSAY_PROOF_OTHER_BLOCK);
    cr_expect_not_null(strstr(assay_proof_answer_text(ASSAY_PROOF_OTHER_BLOCK), "bare proof"));
    cr_expect_not_null(strstr(assay_proof_answer_text(ASSAY_PROOF_OTHER_VOTERS),
                              "assay checkpoint --since OLD --out NEW"));
    proof_drop(&k);
    assay_sim_world_destroy(&w);
}

/* Parts of a proof, to be put together otherwise. */
struct parts {
    struct assay_slice head, finality, head_leaf, leaf, voters;
    struct assay_slice path[2]; /* as encoded */
    uint64_t members, slot;
};

static struct parts take_apart(const uint8_t *proof, size_t len)
{
    struct assay_cursor c = assay_cursor_over(proof, len);
    struct parts p;
    cr_assert_eq(assay_cbor_array_exact(&c, 10), ASSAY_OK);
    cr_assert_eq(assay_cbor_text_expect(&c, "assay/proof/v1"), ASSAY_OK);
    cr_assert_eq(assay_cbor_bytes(&c, SIZE_MAX, &p.head), ASSAY_OK);
    cr_assert_eq(assay_cbor_bytes(&c, SIZE_MAX, &p.finality), ASSAY_OK);
    cr_assert_eq(assay_cbor_bytes(&c, SIZE_MAX, &p.head_leaf), ASSAY_OK);
    cr_assert_eq(assay_cbor_skip(&c, &p.path[0]), ASSAY_OK);
    cr_assert_eq(assay_cbor_uint(&c, &p.members), ASSAY_OK);
    cr_assert_eq(assay_cbor_uint(&c, &p.slot), ASSAY_OK);
    cr_assert_eq(assay_cbor_bytes(&c, SIZE_MAX, &p.leaf), ASSAY_OK);
    cr_assert_eq(assay_cbor_skip(&c, &p.path[1]), ASSAY_OK);
    cr_assert_eq(assay_cbor_skip(&c, &p.voters), ASSAY_OK);
    return p;
}

static void put_raw(struct assay_writer *w, struct assay_slice raw)
{
    assay_writer_put(w, raw.bytes, raw.len);
}

static size_t put_together(const struct parts *p, uint8_t *into)
{
    struct assay_writer w = assay_writer_over(into, LEN);
    assay_cbor_put_array(&w, 10);
    assay_cbor_put_text(&w, "assay/proof/v1");
    assay_cbor_put_bytes(&w, p->head.bytes, p->head.len);
    assay_cbor_put_bytes(&w, p->finality.bytes, p->finality.len);
    assay_cbor_put_bytes(&w, p->head_leaf.bytes, p->head_leaf.len);
    put_raw(&w, p->path[0]);
    assay_cbor_put_uint(&w, p->members);
    assay_cbor_put_uint(&w, p->slot);
    assay_cbor_put_bytes(&w, p->leaf.bytes, p->leaf.len);
    put_raw(&w, p->path[1]);
    put_raw(&w, p->voters);
    cr_assert_not(w.full);
    return w.len;
}

Test(proof, of_one_member_does_not_do_for_another, .timeout = 600)
{
    struct assay_sim_world *w = world(true, 5);
    struct proof_states k;
    proof_collect(w, 0, &k);
    static uint8_t second[LEN];
    const struct parts a = take_apart(bytes, proof_make(&k, 1, false, bytes));
    const struct parts b = take_apart(second, proof_make(&k, 4, false, second));
    struct parts mixed = a; /* the leaf of another, in its place */
    mixed.leaf = b.leaf;
    cr_assert_eq(answer_of(other, put_together(&mixed, other), &k.from), ASSAY_PROOF_OTHER_LEAF);
    mixed = a; /* another place */
    mixed.slot = 2;
    cr_assert_eq(answer_of(other, put_together(&mixed, other), &k.from), ASSAY_PROOF_OTHER_LEAF);
    mixed = a; /* leaf and place of another, with the own path */
    mixed.leaf = b.leaf;
    mixed.slot = b.slot;
    cr_assert_eq(answer_of(other, put_together(&mixed, other), &k.from), ASSAY_PROOF_OTHER_LEAF);
    mixed = a;
    mixed.path[1] = b.path[1];
    cr_assert_eq(answer_of(other, put_together(&mixed, other), &k.from), ASSAY_PROOF_OTHER_LEAF);
    /* a better score, in the leaf itself */
    uint8_t better[ASSAY_LEAF_LEN_MAX];
    assay_bytes_copy(better, sizeof better, a.leaf.bytes, a.leaf.len);
    mixed = a;
    mixed.leaf = assay_slice_over(better, a.leaf.len);
    for (size_t i = 0; i < a.leaf.len; i++) {
        struct assay_proven_state p;
        enum assay_proof_answer answer = ASSAY_PROVEN;
        better[i] ^= 1;
        const enum assay_status status =
            verify(other, put_together(&mixed, other), &k.from, &answer, &p);
        cr_assert(status != ASSAY_OK || answer == ASSAY_PROOF_OTHER_LEAF, "byte %zu", i);
        better[i] ^= 1;
    }
    proof_drop(&k);
    assay_sim_world_destroy(&w);
}

Test(proof, of_one_epoch_does_not_do_for_another, .timeout = 600)
{
    struct assay_sim_world *w = world(false, 5);
    struct proof_states k, later;
    proof_collect(w, 0, &k);
    cr_assert(assay_sim_world_run_to_epoch(w, 6, 60000));
    proof_collect(w, 0, &later);
    static uint8_t second[LEN];
    const struct parts old = take_apart(bytes, proof_make(&k, 1, false, bytes));
    const struct parts new = take_apart(second, proof_make(&later, 1, false, second));
    struct parts mixed = new; /* an old leaf under the new root */
    mixed.leaf = old.leaf;
    mixed.path[1] = old.path[1];
    cr_assert_eq(answer_of(other, put_together(&mixed, other), &k.from), ASSAY_PROOF_OTHER_LEAF);
    mixed = new; /* the votes for the old block */
    mixed.finality = old.finality;
    cr_assert_eq(answer_of(other, put_together(&mixed, other), &k.from), ASSAY_PROOF_OTHER_CHAIN);
    mixed = new; /* an old header leaf */
    mixed.head_leaf = old.head_leaf;
    mixed.path[0] = old.path[0];
    cr_assert_eq(answer_of(other, put_together(&mixed, other), &k.from), ASSAY_PROOF_OTHER_LEAF);
    proof_drop(&k);
    proof_drop(&later);
    assay_sim_world_destroy(&w);
}

/* Voters that the forger made, who all sign: the digest of the checkpoint is not theirs. And
 * genuine voters, of whom three of seven signed. */
Test(proof, needs_a_quorum_of_the_right_voters, .timeout = 600)
{
    struct assay_sim_world *w = world(false, 6);
    struct proof_states k;
    proof_collect(w, 0, &k);
    const struct parts whole = take_apart(bytes, proof_make(&k, 1, false, bytes));
    struct parts mixed = whole;
    /* one key is another */
    uint8_t voters[2048];
    assay_bytes_copy(voters, sizeof voters, whole.voters.bytes, whole.voters.len);
    mixed.voters = assay_slice_over(voters, whole.voters.len);
    voters[60] ^= 1;
    cr_assert_eq(answer_of(other, put_together(&mixed, other), &k.from), ASSAY_PROOF_OTHER_VOTERS);
    voters[60] ^= 1;
    /* three votes */
    struct assay_cursor c = assay_cursor_over(whole.finality.bytes, whole.finality.len);
    struct assay_slice payload;
    struct assay_vote_certificate cert;
    uint8_t few[2048], inner[1024], bitmap[1], signatures[7 * 64];
    cr_assert_eq(assay_cbor_array_exact(&c, 2), ASSAY_OK);
    cr_assert_eq(assay_cbor_bytes(&c, SIZE_MAX, &payload), ASSAY_OK);
    cr_assert_eq(assay_certificate_decode(payload, NODES, &cert), ASSAY_OK);
    bitmap[0] = cert.bitmap.bytes[0];
    size_t kept = 0;
    for (uint32_t slot = 0; slot < 8; slot++) {
        if ((bitmap[0] >> slot & 1) == 0) continue;
        if (kept++ >= 3) bitmap[0] &= (uint8_t) ~(1u << slot);
    }
    assay_bytes_copy(signatures, sizeof signatures, cert.signatures.bytes, cert.signatures.len);
    struct assay_writer w1 = assay_writer_over(inner, sizeof inner);
    assay_certificate_encode(&cert.statement, assay_slice_over(bitmap, 1),
                             assay_slice_over(signatures, 3 * 64), &w1);
    struct assay_writer w2 = assay_writer_over(few, sizeof few);
    assay_cbor_put_array(&w2, 2);
    assay_cbor_put_bytes(&w2, inner, w1.len);
    assay_cbor_put_array(&w2, 0);
    mixed = whole;
    mixed.finality = assay_slice_over(few, w2.len);
    cr_assert_eq(answer_of(other, put_together(&mixed, other), &k.from), ASSAY_PROOF_NO_QUORUM);
    /* a vote for finality of another type: a notarisation */
    cert.statement.type = ASSAY_VOTE_NOTARISE;
    w1 = assay_writer_over(inner, sizeof inner);
    assay_certificate_encode(&cert.statement, cert.bitmap, cert.signatures, &w1);
    w2 = assay_writer_over(few, sizeof few);
    assay_cbor_put_array(&w2, 2);
    assay_cbor_put_bytes(&w2, inner, w1.len);
    assay_cbor_put_array(&w2, 0);
    mixed.finality = assay_slice_over(few, w2.len);
    cr_assert_eq(answer_of(other, put_together(&mixed, other), &k.from), ASSAY_PROOF_NO_QUORUM);
    /* a signature of somebody else */
    uint8_t bad[2048];
    assay_bytes_copy(bad, sizeof bad, whole.finality.bytes, whole.finality.len);
    bad[whole.finality.len - 20] ^= 1;
    mixed.finality = assay_slice_over(bad, whole.finality.len);
    cr_assert_eq(answer_of(other, put_together(&mixed, other), &k.from), ASSAY_PROOF_BAD_SIGNATURE);
    proof_drop(&k);
    assay_sim_world_destroy(&w);
}

/* --- hostile bytes */

Test(proof, no_byte_of_it_can_be_another, .timeout = 600)
{
    struct assay_sim_world *w = world(false, 5);
    struct proof_states k;
    struct assay_proven_state p;
    enum assay_proof_answer answer;
    proof_collect(w, 0, &k);
    const size_t len = proof_make(&k, 1, false, bytes);
    for (size_t i = 0; i < len; i++)
        cr_assert_neq(verify(bytes, i, &k.from, &answer, &p), ASSAY_OK, "truncated at %zu", i);
    bytes[len] = 0;
    cr_assert_eq(verify(bytes, len + 1, &k.from, &answer, &p), ASSAY_E_TRAILING);
    for (size_t i = 0; i < len; i++) {
        bytes[i] ^= (uint8_t)(1u << i % 8);
        answer = ASSAY_PROVEN;
        const enum assay_status status = verify(bytes, len, &k.from, &answer, &p);
        cr_assert(status != ASSAY_OK || answer != ASSAY_PROVEN, "byte %zu of %zu", i, len);
        bytes[i] ^= (uint8_t)(1u << i % 8);
    }
    proof_drop(&k);
    assay_sim_world_destroy(&w);
}
