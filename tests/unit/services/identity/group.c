/*
 * tests/unit/services/identity/group.c - a group key whose shares one test has.
 */
#include "tests/unit/services/identity/group.h"

#include "base/crypto.h"

#include <criterion/criterion.h>
#include <stdlib.h>

void group_draw(uint8_t *bytes, size_t len)
{
    static uint32_t drawn;
    for (size_t at = 0; at < len; at += 32) {
        uint8_t digest[32];
        const uint32_t number = ++drawn;
        assay_sha256(&number, sizeof number, digest);
        assay_bytes_copy(bytes + at, len - at, digest, len - at < 32 ? len - at : 32);
    }
}

struct assay_secret32 group_scalar(void)
{
    uint8_t wide[ASSAY_SODIUM_WIDE_LEN];
    struct assay_secret32 scalar;
    group_draw(wide, sizeof wide);
    assay_sodium_scalar_from(wide, &scalar);
    return scalar;
}

struct group *group_new(uint32_t indices, uint32_t threshold)
{
    struct group *g = calloc(1, sizeof *g);
    static uint8_t wide[ASSAY_FROST_SIGNERS_MAX][ASSAY_SODIUM_WIDE_LEN];
    cr_assert_not_null(g);
    cr_assert_eq(assay_sodium_start(), ASSAY_OK);
    group_draw(&wide[0][0], sizeof wide);
    g->indices = indices;
    g->threshold = threshold;
    cr_assert_eq(assay_sharing_deal(threshold, NULL, &wide[0][0], &g->polynomial, &g->commitments),
                 ASSAY_OK);
    assay_bytes_copy(g->key, 32, g->commitments.point[0], 32);
    for (uint32_t i = 1; i <= indices; i++) {
        cr_assert_eq(assay_sharing_evaluate(&g->polynomial, i, &g->share[i]), ASSAY_OK);
        cr_assert_eq(assay_sodium_edwards_base(&g->share[i], g->public_share[i]), ASSAY_OK);
    }
    return g;
}

void group_free(struct group *g)
{
    free(g);
}

struct signing *group_choose(const struct group *g, uint32_t first)
{
    struct signing *s = calloc(1, sizeof *s);
    cr_assert_not_null(s);
    s->count = g->threshold;
    for (uint32_t i = 0; i < s->count; i++) {
        uint8_t random[64];
        cr_assert_leq(first + i, g->indices);
        group_draw(random, sizeof random);
        s->share[i] = g->share[first + i];
        cr_assert_eq(
            assay_frost_commit(first + i, &s->share[i], random, &s->nonces[i], &s->commitment[i]),
            ASSAY_OK);
    }
    return s;
}

void group_signing_free(struct signing *s)
{
    free(s);
}

enum assay_status group_answer(const struct assay_frost_session *session, uint32_t index,
                               const struct assay_secret32 *share,
                               struct assay_frost_nonces *nonces, uint8_t answer[static 32])
{
    uint8_t point[32] = { 0 };
    /* No share at all has no public one: assay_frost_sign refuses it. */
    (void)!assay_sodium_edwards_base(share, point);
    return assay_frost_sign(session, index, share, point, nonces, answer);
}

enum assay_status group_sign(const struct group *g, struct signing *s, struct assay_slice message,
                             uint8_t signature[static 64])
{
    ASSAY_TRY(assay_frost_begin(g->key, message, s->commitment, s->count, &s->session));
    for (uint32_t i = 0; i < s->count; i++)
        ASSAY_TRY(group_answer(&s->session, s->commitment[i].index, &s->share[i], &s->nonces[i],
                               s->answer[i]));
    return assay_frost_combine(&s->session, message, &s->answer[0][0], signature);
}
