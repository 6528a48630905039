/*
 * tests/unit/services/rollover/test_ceremony_eras.c - tests of the group key over a RECOVER, which
 * undoes closes: what was published and signed in them stays in the world (docs/identity.md 3.16).
 */
#include "base/crypto.h"
#include "tests/unit/services/identity/ceremony_world.h"
#include "tests/unit/services/identity/group.h"

#include <criterion/criterion.h>

TestSuite(ceremony_eras, .timeout = 120);

static struct assay_ca before;
static uint64_t epoch_before;
static struct assay_signing_group group;
static struct assay_signing_lie lie;

/* A session of three holders about one text; the answer of place 1, right or not, as a proof. */
static void hold_session(struct ceremony_world *w, bool is_right)
{
    static const uint8_t tbs[] = { 0x30, 1, 2, 3 };
    struct assay_signing_session s = { .epoch = w->epoch, .count = group.threshold, .items = 1 };
    struct assay_frost_nonces nonces[8];
    struct assay_frost_commitment c[8];
    struct assay_frost_session frost;
    uint8_t pairs[8][64], sig[64] = { 0 }, z[32], digest[32], list[32], com[32], st[32],
                          signature[64];
    struct assay_slice part[16];
    group_draw(s.name, sizeof s.name);
    assay_sha256(tbs, sizeof tbs, s.tbs_digest[0]);
    for (uint32_t i = 0; i < s.count; i++) {
        uint8_t random[64];
        s.index[i] = (uint8_t)(i + 1);
        group_draw(random, 64);
        cr_assert_eq(assay_frost_commit(i + 1, &w->own[i].share[0], random, &nonces[i], &c[i]),
                     ASSAY_OK);
        assay_bytes_copy(pairs[i], 32, c[i].hiding, 32);
        assay_bytes_copy(pairs[i] + 32, 32, c[i].binding, 32);
        part[2 * i] = assay_slice_over(pairs[i], 64);
        part[2 * i + 1] = assay_slice_over(sig, 64);
    }
    cr_assert_eq(assay_signing_list_check(&group, &s, part, 2 * s.count), ASSAY_OK);
    cr_assert_eq(
        assay_frost_begin(group.key, assay_slice_over(tbs, sizeof tbs), c, s.count, &frost),
        ASSAY_OK);
    cr_assert_eq(group_answer(&frost, 2, &w->own[1].share[0], &nonces[1], z), ASSAY_OK);
    if (!is_right) z[3] ^= 1;
    assay_signing_session_digest(&group, &s, digest);
    assay_signing_list_digest(&group, &s, digest, part, list);
    assay_sha256(pairs[1], 64, com);
    assay_signing_answer_digest(digest, group.holder[1].node_id, com, list, assay_slice_over(z, 32),
                                st);
    assay_sodium_link_sign(&w->own[1].seed, st, signature);
    const struct assay_signing_answers all = { .session = &s,
                                               .part = part,
                                               .place = 1,
                                               .answers = assay_slice_over(z, 32),
                                               .signature = signature };
    static uint8_t text[sizeof tbs];
    assay_bytes_copy(text, sizeof text, tbs, sizeof tbs);
    assay_signing_lie_of_answer(&group, &all, 0, 2, assay_slice_over(text, sizeof text), &lie);
    cr_assert_eq(assay_signing_lie_verify(&group, &lie), is_right ? ASSAY_E_INVALID : ASSAY_OK);
}

static enum assay_ca_result apply_lie(struct ceremony_world *w, uint64_t era)
{
    static uint8_t bytes[ASSAY_SIGNING_LIE_MAX], payload[9000];
    struct assay_slice out, all;
    struct assay_ca_lie_record read;
    cr_assert_eq(assay_signing_lie_encode(&lie, bytes, sizeof bytes, &out), ASSAY_OK);
    const struct assay_ca_lie_record r = {
        .era = era, .ca_number = w->ca.ca_number, .generation = w->ca.force.generation, .lie = out
    };
    cr_assert_eq(assay_ca_lie_encode(&r, payload, sizeof payload, &all), ASSAY_OK);
    cr_assert_eq(assay_ca_lie_decode(all, &read), ASSAY_OK);
    return assay_ca_apply_lie(&w->ca, 3, w->member[3].node_id, &read, &w->facts);
}

/* In era 0 until there is a key and an answer under it. */
static struct ceremony_world *at_answer(bool is_right)
{
    struct ceremony_world *w = ceremony_new(4, NULL);
    before = w->ca;
    epoch_before = w->epoch;
    cr_assert(ceremony_reach(w, 1, 20));
    cr_assert_eq(assay_ca_group(&w->ca, &group), ASSAY_OK);
    hold_session(w, is_right);
    return w;
}

/* RECOVER to before the ceremony; another key is made in era 1. */
static void undo_key(struct ceremony_world *w)
{
    w->ca = before;
    w->epoch = epoch_before;
    assay_ca_set_era(&w->ca, 1);
    cr_assert(ceremony_reach(w, 1, 20));
    cr_assert_neq(w->ca.key[0] | w->ca.key[1] | w->ca.key[2], 0);
}

Test(ceremony_eras, what_was_signed_in_an_undone_era_convicts_nobody_in_the_next)
{
    struct ceremony_world *w = at_answer(true);
    undo_key(w);
    cr_assert_eq(apply_lie(w, 0), ASSAY_CA_WRONG_TIME);
    cr_assert_not(assay_ca_is_convicted(&w->ca, w->member[1].node_id));
    ceremony_free(w);
}

Test(ceremony_eras, what_was_signed_in_an_era_before_convicts_while_its_generation_is_in_force)
{
    struct ceremony_world *w = at_answer(false);
    assay_ca_set_era(&w->ca, 1); /* a RECOVER that keeps the generation */
    cr_assert_eq(apply_lie(w, 2), ASSAY_CA_WRONG_TIME);
    cr_assert_eq(apply_lie(w, 0), ASSAY_CA_APPLIED);
    cr_assert(assay_ca_is_convicted(&w->ca, w->member[1].node_id));
    ceremony_free(w);
}

Test(ceremony_eras, an_era_gives_its_keys_numbers_that_no_undone_key_had)
{
    struct ceremony_world *w = at_answer(true);
    uint8_t key[32];
    assay_bytes_copy(key, 32, w->ca.key, 32);
    const uint32_t number = w->ca.ca_number;
    undo_key(w);
    cr_assert_not(assay_bytes_equal(w->ca.key, key, 32));
    cr_assert_neq(w->ca.ca_number, number);
    cr_assert_eq(w->ca.ca_number, ASSAY_CA_ERA_NUMBERS + 1u);
    ceremony_free(w);
}
