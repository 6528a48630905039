/*
 * tests/bench/services/bench_group_key.c - benchmark of the group key of identities.
 *
 * What a threshold signature costs each of its signers and its coordinator, and a dealing its
 * dealer and its receivers, beside one signature and one verification of plain Ed25519 in the same
 * run.
 *
 * One process, one core, no network: messages, echoes and their signatures are not part of it.
 */
#include "base/assert.h"
#include "base/crypto.h"
#include "services/identity/sharing.h"
#include "tests/support/stopwatch.h"

struct group {
    uint32_t threshold;
    struct assay_sharing_polynomial polynomial;
    struct assay_sharing_commitments commitments;
    struct assay_secret32 share[ASSAY_FROST_SIGNERS_MAX];
    struct assay_frost_nonces nonces[ASSAY_FROST_SIGNERS_MAX], spent;
    struct assay_frost_commitment commitment[ASSAY_FROST_SIGNERS_MAX];
    struct assay_frost_session session;
    uint8_t answer[ASSAY_FROST_SIGNERS_MAX][32], public_share[32], signature[64];
    uint8_t wide[ASSAY_FROST_SIGNERS_MAX * ASSAY_SODIUM_WIDE_LEN], digest[32];
    uint8_t plain_key[32], plain_signature[64];
    struct assay_secret32 plain_seed;
};

static const uint8_t message[690] = { 0x30 }; /* as long as a certificate */

static void must(enum assay_status status)
{
    ASSAY_ASSERT(status == ASSAY_OK);
}

static struct assay_slice to_sign(void)
{
    return assay_slice_over(message, sizeof message);
}

static void plain_sign(void *context)
{
    struct group *g = context;
    assay_sodium_link_sign(&g->plain_seed, g->digest, g->plain_signature);
}

static void plain_verify(void *context)
{
    const struct group *g = context;
    ASSAY_ASSERT(assay_sodium_link_verify(g->plain_key, g->digest, g->plain_signature));
}

static void commit_once(void *context)
{
    struct group *g = context;
    must(assay_frost_commit(1, &g->share[0], g->wide, &g->nonces[0], &g->commitment[0]));
}

static void sign_once(void *context)
{
    struct group *g = context;
    g->spent = g->nonces[0];
    must(assay_frost_begin(g->commitments.point[0], to_sign(), g->commitment, g->threshold,
                           &g->session));
    must(assay_frost_sign(&g->session, 1, &g->share[0], &g->spent, g->answer[0]));
}

static void combine_once(void *context)
{
    struct group *g = context;
    must(assay_frost_combine(&g->session, to_sign(), &g->answer[0][0], g->signature));
}

static void find_once(void *context)
{
    const struct group *g = context;
    must(assay_frost_verify(&g->session, 1, g->public_share, g->answer[0]));
}

static void deal_once(void *context)
{
    struct group *g = context;
    must(assay_sharing_deal(g->threshold, NULL, g->wide, &g->polynomial, &g->commitments));
}

static void check_once(void *context)
{
    const struct group *g = context;
    must(assay_sharing_check(&g->commitments));
    must(assay_sharing_verify(&g->commitments, 1, &g->share[0]));
}

static void measure(struct group *g, uint32_t indices, uint32_t threshold, double plain_us)
{
    char heading[16];
    double signer_us = 0;
    (void)snprintf(heading, sizeof heading, "%u of %u", (unsigned)threshold, (unsigned)indices);
    g->threshold = threshold;
    (void)stopwatch_best_us(heading, "a dealing made", 20, deal_once, g);
    for (uint32_t i = 0; i < threshold; i++) {
        g->wide[0] = (uint8_t)(g->wide[0] + 1);
        must(assay_sharing_evaluate(&g->polynomial, i + 1, &g->share[i]));
        must(assay_frost_commit(i + 1, &g->share[i], g->wide, &g->nonces[i], &g->commitment[i]));
    }
    must(assay_sodium_edwards_base(&g->share[0], g->public_share));
    (void)stopwatch_best_us(heading, "its share checked by a receiver", 20, check_once, g);
    signer_us += stopwatch_best_us(heading, "round one of a signer", 100, commit_once, g);
    signer_us += stopwatch_best_us(heading, "round two of a signer", 20, sign_once, g);
    for (uint32_t i = 1; i < threshold; i++)
        must(assay_frost_sign(&g->session, i + 1, &g->share[i], &g->nonces[i], g->answer[i]));
    (void)stopwatch_best_us(heading, "answers added and verified", 100, combine_once, g);
    (void)stopwatch_best_us(heading, "one answer verified by itself", 100, find_once, g);
    (void)printf("%-13sa signer: %.1f plain signatures\n", heading, signer_us / plain_us);
}

int main(void)
{
    static const uint32_t size[][2] = { { 4, 3 }, { 7, 4 }, { 20, 11 }, { 100, 51 }, { 150, 76 } };
    struct group *g = calloc(1, sizeof *g);
    ASSAY_ASSERT(g != NULL);
    must(assay_sodium_start());
    for (size_t i = 0; i < sizeof g->wide; i += 32)
        assay_sha256(&i, sizeof i, g->wide + i);
    g->plain_seed.bytes[0] = 1;
    assay_sodium_link_pair(&g->plain_seed, g->plain_key);
    (void)printf("processor time of one core, no network\n");
    const double plain_us = stopwatch_best_us("Ed25519", "one plain signature", 500, plain_sign, g);
    (void)stopwatch_best_us("Ed25519", "one plain verification", 500, plain_verify, g);
    for (size_t i = 0; i < sizeof size / sizeof size[0]; i++)
        measure(g, size[i][0], size[i][1], plain_us);
    free(g);
    return 0;
}
