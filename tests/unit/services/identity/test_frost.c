/*
 * tests/unit/services/identity/test_frost.c - tests of threshold signatures (RFC 9591).
 *
 * The vector of the RFC, what any t of n holders make and fewer cannot, who is found when a share
 * is wrong, and the attacks of docs/identity.md 4.
 */
#include "base/crypto.h"
#include "tests/unit/services/identity/group.h"

#include <criterion/criterion.h>

static void hex(const char *text, uint8_t *out, size_t len)
{
    cr_assert_eq(assay_hex_decode(text, 2 * len, out, len), ASSAY_OK);
}

/* --- RFC 9591 E.1: FROST(Ed25519, SHA-512), 2 of 3, signers 1 and 3 */

static const char vector_key[] = "15d21ccd7ee42959562fc8aa63224c8851fb3ec85a3faf66040d380fb9738673";
static const char vector_signature[] =
    "36282629c383bb820a88b71cae937d41f2f2adfcc3d02e55507e2fb9e2dd3cbe"
    "bd9d2b0844e49ae0f3fa935161e1419aab7b47d21a37ebeae1f17d4987b3160b";
static const struct {
    uint32_t index;
    const char *share, *random, *nonces, *commitments, *factor, *answer;
} vector[] = {
    { 1, "929dcc590407aae7d388761cddb0c0db6f5627aea8e217f4a033f2ec83d93509",
      "0fd2e39e111cdc266f6c0f4d0fd45c947761f1f5d3cb583dfcb9bbaf8d4c9fec"
      "69cd85f631d5f7f2721ed5e40519b1366f340a87c2f6856363dbdcda348a7501",
      "812d6104142944d5a55924de6d49940956206909f2acaeedecda2b726e630407"
      "b1110165fc2334149750b28dd813a39244f315cff14d4e89e6142f262ed83301",
      "b5aa8ab305882a6fc69cbee9327e5a45e54c08af61ae77cb8207be3d2ce13de3"
      "67e98ab55aa310c3120418e5050c9cf76cf387cb20ac9e4b6fdb6f82a469f932",
      "f2cb9d7dd9beff688da6fcc83fa89046b3479417f47f55600b106760eb3b5603",
      "001719ab5a53ee1a12095cd088fd149702c0720ce5fd2f29dbecf24b7281b603" },
    { 3, "d3cb090a075eb154e82fdb4b3cb507f110040905468bb9c46da8bdea643a9a02",
      "86d64a260059e495d0fb4fcc17ea3da7452391baa494d4b00321098ed2a0062f"
      "13e6b25afb2eba51716a9a7d44130c0dbae0004a9ef8d7b5550c8a0e07c61775",
      "c256de65476204095ebdc01bd11dc10e57b36bc96284595b8215222374f99c0e"
      "243d71944d929063bc51205714ae3c2218bd3451d0214dfb5aeec2a90c35180d",
      "cfbdb165bd8aad6eb79deb8d287bcc0ab6658ae57fdcc98ed12c0669e90aec91"
      "7487bc41a6e712eea2f2af24681b58b1cf1da278ea11fe4e8b78398965f13552",
      "b087686bf35a13f3dc78e780a34b0fe8a77fef1b9938c563f5573d71d8d7890f",
      "bd86125de990acc5e1f13781d8e32c03a9bbd4c53539bbc106058bfd14326007" },
};

Test(frost, every_value_of_the_vector_of_the_rfc)
{
    const struct assay_slice message = assay_slice_over("test", 4);
    struct assay_frost_commitment commitment[2];
    struct assay_frost_nonces nonces[2];
    struct assay_frost_session session;
    struct assay_secret32 share[2];
    uint8_t key[32], expected[64], random[64], answer[2][32], signature[64];
    cr_assert_eq(assay_sodium_start(), ASSAY_OK);
    hex(vector_key, key, 32);
    for (int i = 0; i < 2; i++) {
        hex(vector[i].share, share[i].bytes, 32);
        hex(vector[i].random, random, 64);
        cr_assert_eq(
            assay_frost_commit(vector[i].index, &share[i], random, &nonces[i], &commitment[i]),
            ASSAY_OK);
        hex(vector[i].nonces, expected, 64);
        cr_assert_arr_eq(&nonces[i], expected, 64);
        hex(vector[i].commitments, expected, 64);
        cr_assert_arr_eq(commitment[i].hiding, expected, 32);
        cr_assert_arr_eq(commitment[i].binding, expected + 32, 32);
    }
    cr_assert_eq(assay_frost_begin(key, message, commitment, 2, &session), ASSAY_OK);
    for (int i = 0; i < 2; i++) {
        hex(vector[i].factor, expected, 32);
        cr_assert_arr_eq(session.factor[i].bytes, expected, 32);
        cr_assert_eq(group_answer(&session, vector[i].index, &share[i], &nonces[i], answer[i]),
                     ASSAY_OK);
        hex(vector[i].answer, expected, 32);
        cr_assert_arr_eq(answer[i], expected, 32);
    }
    cr_assert_eq(assay_frost_combine(&session, message, &answer[0][0], signature), ASSAY_OK);
    hex(vector_signature, expected, 64);
    cr_assert_arr_eq(signature, expected, 64);
}

/* --- any t of n */

Test(frost, any_threshold_of_holders_signs_and_an_ordinary_verifier_accepts)
{
    static const uint32_t sizes[][2] = { { 3, 2 }, { 4, 3 }, { 7, 4 }, { 20, 11 }, { 150, 76 } };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct group *g = group_new(sizes[i][0], sizes[i][1]);
        for (uint32_t first = 1; first <= g->indices - g->threshold + 1; first += 1 + first) {
            struct signing *s = group_choose(g, first);
            uint8_t signature[64];
            cr_assert_eq(group_sign(g, s, assay_slice_over("a message", 9), signature), ASSAY_OK);
            cr_assert(
                assay_sodium_edwards_verify(g->key, assay_slice_over("a message", 9), signature));
            cr_assert(
                !assay_sodium_edwards_verify(g->key, assay_slice_over("A message", 9), signature));
            group_signing_free(s);
        }
        group_free(g);
    }
}

/* docs/identity.md 2.1: holders of t - 1 indices sign. They have all that t - 1 holders have,
 * and may take any index for the one that is missing. */
Test(frost, one_holder_less_than_the_threshold_signs_nothing)
{
    struct group *g = group_new(7, 4);
    for (uint32_t missing = 1; missing <= 7; missing++) {
        struct signing *s = group_choose(g, 1);
        uint8_t signature[64];
        s->count = 3; /* as if three were enough */
        cr_assert_eq(group_sign(g, s, assay_slice_over("x", 1), signature), ASSAY_E_SIGNATURE);
        group_signing_free(s);
        s = group_choose(g, 1);
        /* The fourth share is one that they make up: their own, or any. */
        s->share[3] = missing <= 4 ? g->share[missing] : group_scalar();
        if (missing != 4)
            cr_assert_eq(group_sign(g, s, assay_slice_over("x", 1), signature), ASSAY_E_SIGNATURE);
        group_signing_free(s);
    }
    group_free(g);
}

/* --- who is at fault */

Test(frost, the_holder_of_a_wrong_share_is_found_and_no_other)
{
    struct group *g = group_new(7, 4);
    const struct assay_slice message = assay_slice_over("certificate", 11);
    for (uint32_t bad = 0; bad < 4; bad++) {
        for (uint32_t bit = 0; bit < 250; bit += 31) {
            struct signing *s = group_choose(g, 2);
            uint8_t signature[64];
            cr_assert_eq(group_sign(g, s, message, signature), ASSAY_OK);
            s->answer[bad][bit / 8] ^= (uint8_t)(1 << bit % 8);
            cr_assert_eq(assay_frost_combine(&s->session, message, &s->answer[0][0], signature),
                         ASSAY_E_SIGNATURE);
            for (uint32_t i = 0; i < 4; i++)
                cr_assert_eq(assay_frost_verify(&s->session, s->commitment[i].index,
                                                g->public_share[s->commitment[i].index],
                                                s->answer[i]),
                             i == bad ? ASSAY_E_SIGNATURE : ASSAY_OK);
            group_signing_free(s);
        }
    }
    group_free(g);
}

Test(frost, two_wrong_shares_that_cancel_are_no_fault_and_still_verify)
{
    struct group *g = group_new(4, 3);
    struct signing *s = group_choose(g, 1);
    const struct assay_secret32 by = group_scalar();
    struct assay_secret32 a, b;
    uint8_t signature[64];
    cr_assert_eq(group_sign(g, s, assay_slice_over("x", 1), signature), ASSAY_OK);
    assay_bytes_copy(a.bytes, 32, s->answer[0], 32);
    assay_bytes_copy(b.bytes, 32, s->answer[1], 32);
    assay_sodium_scalar_add(&a, &by, &a);
    assay_sodium_scalar_sub(&b, &by, &b);
    assay_bytes_copy(s->answer[0], 32, a.bytes, 32);
    assay_bytes_copy(s->answer[1], 32, b.bytes, 32);
    cr_assert_eq(
        assay_frost_combine(&s->session, assay_slice_over("x", 1), &s->answer[0][0], signature),
        ASSAY_OK);
    for (uint32_t i = 0; i < 2; i++)
        cr_assert_eq(assay_frost_verify(&s->session, i + 1, g->public_share[i + 1], s->answer[i]),
                     ASSAY_E_SIGNATURE);
    group_signing_free(s);
    group_free(g);
}

/* --- nonces */

Test(frost, a_pair_of_nonces_answers_once)
{
    struct group *g = group_new(4, 3);
    struct signing *s = group_choose(g, 1);
    uint8_t signature[64], again[32];
    cr_assert_eq(group_sign(g, s, assay_slice_over("x", 1), signature), ASSAY_OK);
    cr_assert(assay_bytes_all_zero(&s->nonces[0], sizeof s->nonces[0]), "wiped");
    cr_assert_eq(group_answer(&s->session, 1, &g->share[1], &s->nonces[0], again), ASSAY_E_INVALID);
    group_signing_free(s);
    group_free(g);
}

Test(frost, nonces_are_wiped_by_a_failed_use_too)
{
    struct group *g = group_new(4, 3);
    for (int kind = 0; kind < 3; kind++) {
        struct signing *s = group_choose(g, 1);
        uint8_t answer[32];
        struct assay_secret32 share = g->share[1];
        cr_assert_eq(
            assay_frost_begin(g->key, assay_slice_over("x", 1), s->commitment, 3, &s->session),
            ASSAY_OK);
        if (kind == 0) s->session.signer[0] = s->session.signer[1]; /* another's commitment */
        if (kind == 1) assay_secret_wipe(&share, sizeof share);
        cr_assert_neq(group_answer(&s->session, kind == 2 ? 4 : 1, &share, &s->nonces[0], answer),
                      ASSAY_OK);
        cr_assert(assay_bytes_all_zero(&s->nonces[0], sizeof s->nonces[0]));
        group_signing_free(s);
    }
    group_free(g);
}

/* docs/identity.md 4.5, attack 17: the answer of a share that rots in memory would convict its
 * holder. */
Test(frost, a_share_that_changed_in_memory_answers_nothing)
{
    struct group *g = group_new(4, 3);
    struct signing *s = group_choose(g, 1);
    struct assay_secret32 share = g->share[1];
    uint8_t answer[32] = { 0 };
    share.bytes[7] ^= 0x10;
    cr_assert_eq(assay_frost_begin(g->key, assay_slice_over("x", 1), s->commitment, 3, &s->session),
                 ASSAY_OK);
    cr_assert_eq(
        assay_frost_sign(&s->session, 1, &share, g->public_share[1], &s->nonces[0], answer),
        ASSAY_E_CRYPTO);
    cr_assert(assay_bytes_all_zero(answer, sizeof answer));
    cr_assert(assay_bytes_all_zero(&s->nonces[0], sizeof s->nonces[0]));
    group_signing_free(s);
    group_free(g);
}

/* docs/identity.md 4.7: a host that restores a holder's memory after round one has it answer
 * three lists, and the share falls out of three linear equations. This is why a session names its
 * signers and all of them echo one list (4.7); here it is shown that nothing else prevents it, and
 * that the wiped pair is what the host needs a copy of. */
Test(frost, three_answers_with_one_pair_of_nonces_reveal_the_share)
{
    struct group *g = group_new(5, 3);
    struct assay_secret32 z[3], rho[3], lc[3];
    struct signing *first = group_choose(g, 1);
    const struct assay_frost_nonces copy = first->nonces[0];
    for (int i = 0; i < 3; i++) {
        struct signing *s = group_choose(g, 1);
        struct assay_frost_nonces nonces = copy;
        const uint32_t index[3] = { 1, 2, 3 };
        s->commitment[0] = first->commitment[0];
        cr_assert_eq(
            assay_frost_begin(g->key, assay_slice_over("x", 1), s->commitment, 3, &s->session),
            ASSAY_OK);
        cr_assert_eq(group_answer(&s->session, 1, &g->share[1], &nonces, z[i].bytes), ASSAY_OK);
        rho[i] = s->session.factor[0];
        cr_assert_eq(assay_frost_lambda(index, 3, 0, &lc[i]), ASSAY_OK);
        assay_sodium_scalar_mul(&lc[i], &s->session.challenge, &lc[i]);
        group_signing_free(s);
    }
    /* z_i = d + rho_i e + lc_i s: without d, then without e. */
    struct assay_secret32 dz[2], dr[2], dl[2], left, right, above, below;
    for (int i = 0; i < 2; i++) {
        assay_sodium_scalar_sub(&z[0], &z[i + 1], &dz[i]);
        assay_sodium_scalar_sub(&rho[0], &rho[i + 1], &dr[i]);
        assay_sodium_scalar_sub(&lc[0], &lc[i + 1], &dl[i]);
    }
    assay_sodium_scalar_mul(&dz[0], &dr[1], &left);
    assay_sodium_scalar_mul(&dz[1], &dr[0], &right);
    assay_sodium_scalar_sub(&left, &right, &above);
    assay_sodium_scalar_mul(&dl[0], &dr[1], &left);
    assay_sodium_scalar_mul(&dl[1], &dr[0], &right);
    assay_sodium_scalar_sub(&left, &right, &below);
    cr_assert_eq(assay_sodium_scalar_invert(&below, &below), ASSAY_OK);
    assay_sodium_scalar_mul(&above, &below, &above);
    cr_assert_arr_eq(above.bytes, g->share[1].bytes, 32);
    group_signing_free(first);
    group_free(g);
}

/* docs/identity.md 4.9: parallel sessions forge when the factors do not cover what is signed.
 * Every factor changes with the message, the key and each commitment. */
Test(frost, a_factor_covers_key_message_and_every_commitment)
{
    struct group *g = group_new(5, 3), *other = group_new(5, 3);
    struct signing *s = group_choose(g, 1);
    struct assay_frost_session changed;
    cr_assert_eq(assay_frost_begin(g->key, assay_slice_over("x", 1), s->commitment, 3, &s->session),
                 ASSAY_OK);
    for (int kind = 0; kind < 8; kind++) {
        struct assay_frost_commitment list[3] = { s->commitment[0], s->commitment[1],
                                                  s->commitment[2] };
        if (kind >= 2) {
            uint8_t *point = kind % 2 ? list[(kind - 2) / 2].hiding : list[(kind - 2) / 2].binding;
            const struct assay_secret32 scalar = group_scalar();
            cr_assert_eq(assay_sodium_edwards_base(&scalar, point), ASSAY_OK);
        }
        cr_assert_eq(assay_frost_begin(kind == 0 ? other->key : g->key,
                                       assay_slice_over(kind == 1 ? "y" : "x", 1), list, 3,
                                       &changed),
                     ASSAY_OK);
        for (int i = 0; i < 3; i++)
            cr_assert_arr_neq(changed.factor[i].bytes, s->session.factor[i].bytes, 32);
        cr_assert_arr_neq(changed.challenge.bytes, s->session.challenge.bytes, 32);
    }
    group_signing_free(s);
    group_free(g);
    group_free(other);
}

/* A signer takes no part in a session that was made with another key, message or list than its own:
 * its answer verifies in the session that it computed, and in no other. */
Test(frost, an_answer_is_of_one_session)
{
    struct group *g = group_new(4, 3);
    struct signing *s = group_choose(g, 1);
    struct assay_frost_session other;
    uint8_t signature[64];
    cr_assert_eq(assay_frost_begin(g->key, assay_slice_over("y", 1), s->commitment, 3, &other),
                 ASSAY_OK);
    cr_assert_eq(group_sign(g, s, assay_slice_over("x", 1), signature), ASSAY_OK);
    for (uint32_t i = 0; i < 3; i++)
        cr_assert_eq(assay_frost_verify(&other, i + 1, g->public_share[i + 1], s->answer[i]),
                     ASSAY_E_SIGNATURE);
    group_signing_free(s);
    group_free(g);
}

/* --- bad input */

/* Encodings that libraries differ about: small order, no point, not canonical, a sum of a good
 * point and one of small order. */
static const char *const bad_points[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "0200000000000000000000000000000000000000000000000000000000000000",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

Test(frost, points_of_no_use_are_refused_wherever_they_come_from)
{
    struct group *g = group_new(4, 3);
    struct signing *s = group_choose(g, 1);
    uint8_t mixed[32], bad[32];
    struct assay_frost_session session;
    uint8_t signature[64];
    cr_assert_eq(group_sign(g, s, assay_slice_over("x", 1), signature), ASSAY_OK);
    for (size_t i = 0; i <= sizeof bad_points / sizeof bad_points[0]; i++) {
        if (i < sizeof bad_points / sizeof bad_points[0]) {
            hex(bad_points[i], bad, 32);
        } else { /* outside the subgroup: of a large order that is eight times the prime */
            hex(bad_points[6], mixed, 32);
            cr_assert_eq(assay_sodium_edwards_add(g->key, mixed, bad), ASSAY_OK);
        }
        cr_assert(!assay_sodium_edwards_is_fit(bad), "point %zu", i);
        struct assay_frost_commitment list[3] = { s->commitment[0], s->commitment[1],
                                                  s->commitment[2] };
        assay_bytes_copy(list[1].hiding, 32, bad, 32);
        cr_assert_eq(assay_frost_begin(g->key, assay_slice_over("x", 1), list, 3, &session),
                     ASSAY_E_KEY);
        list[1] = s->commitment[1];
        assay_bytes_copy(list[2].binding, 32, bad, 32);
        cr_assert_eq(assay_frost_begin(g->key, assay_slice_over("x", 1), list, 3, &session),
                     ASSAY_E_KEY);
        cr_assert_eq(assay_frost_begin(bad, assay_slice_over("x", 1), s->commitment, 3, &session),
                     ASSAY_E_KEY);
        cr_assert_eq(assay_frost_verify(&s->session, 1, bad, s->answer[0]), ASSAY_E_KEY);
    }
    group_signing_free(s);
    group_free(g);
}

Test(frost, lists_of_signers_have_one_form)
{
    struct group *g = group_new(5, 3);
    struct signing *s = group_choose(g, 1);
    struct assay_frost_session session;
    const struct assay_slice message = assay_slice_over(NULL, 0);
    struct assay_frost_commitment list[77];
    cr_assert_eq(assay_frost_begin(g->key, message, s->commitment, 3, &session), ASSAY_OK);
    cr_assert_eq(assay_frost_begin(g->key, message, s->commitment, 1, &session), ASSAY_E_RANGE);
    for (uint32_t i = 0; i < 77; i++) {
        list[i] = s->commitment[0];
        list[i].index = i + 1;
    }
    cr_assert_eq(assay_frost_begin(g->key, message, list, 76, &session), ASSAY_OK);
    cr_assert_eq(assay_frost_begin(g->key, message, list, 77, &session), ASSAY_E_RANGE);
    list[1].index = 1;
    cr_assert_eq(assay_frost_begin(g->key, message, list, 3, &session), ASSAY_E_ENCODING, "twice");
    list[1].index = 4;
    cr_assert_eq(assay_frost_begin(g->key, message, list, 3, &session), ASSAY_E_ENCODING, "order");
    list[1].index = 0;
    cr_assert_eq(assay_frost_begin(g->key, message, list, 3, &session), ASSAY_E_RANGE);
    list[1].index = 2, list[2].index = 151;
    cr_assert_eq(assay_frost_begin(g->key, message, list, 3, &session), ASSAY_E_RANGE);
    group_signing_free(s);
    group_free(g);
}

Test(frost, a_scalar_above_the_order_is_no_answer)
{
    static const char order[] = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    struct group *g = group_new(4, 3);
    struct signing *s = group_choose(g, 1);
    struct assay_secret32 share;
    struct assay_frost_nonces nonces;
    struct assay_frost_commitment commitment;
    uint8_t signature[64], random[64] = { 0 };
    cr_assert_eq(group_sign(g, s, assay_slice_over("x", 1), signature), ASSAY_OK);
    hex(order, s->answer[1], 32);
    cr_assert_eq(
        assay_frost_combine(&s->session, assay_slice_over("x", 1), &s->answer[0][0], signature),
        ASSAY_E_SIGNATURE);
    cr_assert_eq(assay_frost_verify(&s->session, 2, g->public_share[2], s->answer[1]),
                 ASSAY_E_SIGNATURE);
    hex(order, share.bytes, 32);
    cr_assert_eq(assay_frost_commit(1, &share, random, &nonces, &commitment), ASSAY_E_RANGE);
    cr_assert_eq(assay_frost_commit(0, &g->share[1], random, &nonces, &commitment), ASSAY_E_RANGE);
    cr_assert_eq(assay_frost_commit(151, &g->share[1], random, &nonces, &commitment),
                 ASSAY_E_RANGE);
    group_signing_free(s);
    group_free(g);
}

Test(frost, lambdas_are_of_distinct_indices)
{
    struct assay_secret32 lambda;
    const uint32_t twice[] = { 3, 5, 3 }, zero[] = { 0, 1 }, one[] = { 1 }, good[] = { 1, 150 };
    cr_assert_eq(assay_sodium_start(), ASSAY_OK);
    cr_assert_eq(assay_frost_lambda(twice, 3, 0, &lambda), ASSAY_E_DUPLICATE);
    cr_assert_eq(assay_frost_lambda(zero, 2, 0, &lambda), ASSAY_E_RANGE);
    cr_assert_eq(assay_frost_lambda(one, 1, 0, &lambda), ASSAY_E_RANGE);
    cr_assert_eq(assay_frost_lambda(good, 2, 2, &lambda), ASSAY_E_RANGE);
    cr_assert_eq(assay_frost_lambda(good, 2, 1, &lambda), ASSAY_OK);
}
