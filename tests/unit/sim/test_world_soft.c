/*
 * tests/unit/sim/test_world_soft.c - scenarios with real quotes: repeatable, and every kind of bad
 * evidence is judged by quote/ as the modelled one is by the model.
 */
#include "base/bytes.h"
#include "base/crypto/model.h"
#include "sim/run.h"

#include <criterion/criterion.h>

static struct assay_scenario soft(void)
{
    struct assay_scenario s = assay_scenario_default();
    s.fidelity = ASSAY_SIM_FIDELITY_MESSAGE;
    s.evidence = ASSAY_SIM_EVIDENCE_SOFT;
    s.nodes = s.operators = 4;
    s.epochs = 4;
    s.epoch_ms = 1000;
    return s;
}

static void run(const struct assay_scenario *s, struct assay_sim_outcome *o)
{
    const struct assay_sim_options options = { .seed = 7 };
    cr_assert_eq(assay_sim_run_messages(s, &options, o), ASSAY_OK);
    cr_assert_not(assay_sim_outcome_violated(o), "%s", assay_sim_outcome_violation(o));
}

Test(sim_world_soft, real_signatures_and_quotes_repeat, .timeout = 600)
{
    const struct assay_scenario s = soft();
    struct assay_sim_outcome a, b;
    run(&s, &a);
    run(&s, &b);
    cr_assert(a.evidence_is_real && a.signatures_are_real);
    cr_assert_eq(a.figures[ASSAY_SIM_FIGURE_EPOCHS_CERTIFIED][0], (int64_t)s.epochs);
    cr_assert_eq(a.figures[ASSAY_SIM_FIGURE_SCORE_MIN_BP][0], 10000);
    cr_assert(assay_bytes_equal(a.trace_hash, b.trace_hash, 32));
    cr_assert(assay_bytes_equal(a.root_chain, b.root_chain, 32));
    assay_sim_outcome_free(&a);
    assay_sim_outcome_free(&b);
}

/* The member of cohort 1 under an attack, with real and with modelled evidence. */
static void both(enum assay_sim_attack attack, struct assay_sim_outcome o[2])
{
    struct assay_scenario s = soft();
    s.cohort_count = 2;
    s.cohorts[1] = (struct assay_sim_cohort){ .name = "bad", .count = 1 };
    s.adversary_count = 1;
    s.adversaries[0] = (struct assay_sim_adversary){
        .attack = attack, .cohort = 1, .start_epoch = 2, .rate_permille = 1000
    };
    run(&s, &o[0]);
    s.evidence = ASSAY_SIM_EVIDENCE_MODELLED;
    run(&s, &o[1]);
    cr_assert_not(o[1].evidence_is_real);
    cr_assert_eq(o[0].row_count, o[1].row_count);
    for (uint64_t i = 0; i < o[0].row_count; i++)
        for (int c = 0; c < 2; c++) {
            const struct assay_sim_cohort_row *x = &o[0].rows[i].cohorts[c];
            const struct assay_sim_cohort_row *y = &o[1].rows[i].cohorts[c];
            cr_assert_eq(x->score_min_bp, y->score_min_bp, "attack %d, epoch %d, cohort %d",
                         (int)attack, (int)i + 1, c);
            cr_assert_eq(x->integrity_mean_bp, y->integrity_mean_bp);
        }
}

static void end(struct assay_sim_outcome o[2])
{
    assay_sim_outcome_free(&o[0]);
    assay_sim_outcome_free(&o[1]);
}

Test(sim_world_soft, a_wrong_measurement_fails_hard, .timeout = 600)
{
    struct assay_sim_outcome o[2];
    both(ASSAY_SIM_ATTACK_TAMPER, o);
    cr_assert_eq(o[0].figures[ASSAY_SIM_FIGURE_INTEGRITY_MIN_BP][1], 0);
    end(o);
}

Test(sim_world_soft, another_machine_fails_hard, .timeout = 600)
{
    struct assay_sim_outcome o[2];
    both(ASSAY_SIM_ATTACK_RELAY, o);
    cr_assert_eq(o[0].figures[ASSAY_SIM_FIGURE_INTEGRITY_MIN_BP][1], 0);
    end(o);
}

Test(sim_world_soft, an_old_platform_fails_softly, .timeout = 600)
{
    struct assay_sim_outcome o[2];
    both(ASSAY_SIM_ATTACK_OLD_TCB, o);
    const int64_t lowest = o[0].figures[ASSAY_SIM_FIGURE_INTEGRITY_MIN_BP][1];
    cr_assert(lowest > 0 && lowest < 10000);
    end(o);
}

Test(sim_world_soft, an_old_quote_counts_as_nothing, .timeout = 600)
{
    struct assay_sim_outcome o[2];
    both(ASSAY_SIM_ATTACK_REPLAY, o);
    cr_assert_eq(o[0].figures[ASSAY_SIM_FIGURE_INTEGRITY_MIN_BP][1], 10000);
    cr_assert_lt(o[0].figures[ASSAY_SIM_FIGURE_SCORE_MIN_BP][1], 10000);
    cr_assert_gt(o[0].figures[ASSAY_SIM_FIGURE_STRANGE_EVIDENCE][0], 0);
    end(o);
}

Test(sim_world_soft, masked_platforms_are_refused)
{
    struct assay_scenario s = soft();
    struct assay_sim_outcome o;
    const struct assay_sim_options options = { .seed = 1 };
    s.masked_bp = 5000;
    cr_assert_eq(assay_sim_run_messages(&s, &options, &o), ASSAY_E_INVALID);
    cr_assert_str_not_empty(o.stopped);
    assay_sim_outcome_free(&o);
}

/* --- the keys behind it */

static const struct assay_secret32 real = { { 0xc9, 0xaf, 0xa9, 0xd8, 0x45, 0xba, 0x75, 0x16,
                                              0x6b, 0x5c, 0x21, 0x57, 0x67, 0xb1, 0xd6, 0x93,
                                              0x4e, 0x50, 0xc3, 0xdb, 0x36, 0xe8, 0x9b, 0x12,
                                              0x7b, 0x8a, 0x62, 0x2b, 0x12, 0x0f, 0x67, 0x21 } };

/* RFC 6979 A.2.5, P-256 and SHA-256, "sample"; its s is high, ours is n - s. */
Test(sim_world_soft, repeatable_signatures_are_those_of_rfc_6979)
{
    static const uint8_t r[32] = { 0xef, 0xd4, 0x8b, 0x2a, 0xac, 0xb6, 0xa8, 0xfd, 0x11, 0x40, 0xdd,
                                   0x9c, 0xd4, 0x5e, 0x81, 0xd6, 0x9d, 0x2c, 0x87, 0x7b, 0x56, 0xaa,
                                   0xf9, 0x91, 0xc3, 0x4d, 0x0e, 0xa8, 0x4e, 0xaf, 0x37, 0x16 };
    uint8_t digest[32], signature[64], public_key[64];
    struct assay_p256 *key = NULL;
    assay_sha256("sample", 6, digest);
    cr_assert_eq(assay_p256_sign_repeatable(&real, digest, signature), ASSAY_OK);
    cr_assert(assay_bytes_equal(signature, r, 32));
    cr_assert_eq(assay_p256_public(&real, public_key), ASSAY_OK);
    cr_assert_eq(assay_p256_load(public_key, &key), ASSAY_OK);
    cr_assert(assay_p256_verify(key, digest, signature, ASSAY_S_LOW), "s is low");
    digest[0] ^= 1;
    cr_assert_not(assay_p256_verify(key, digest, signature, ASSAY_S_LOW));
    assay_p256_free(&key);
}

Test(sim_world_soft, modelled_and_real_keys_live_side_by_side)
{
    struct assay_secret32 modelled = real;
    uint8_t digest[32] = { 1 }, signature[64], public_key[64];
    struct assay_p256 *key = NULL;
    struct assay_p256_signer *signer = NULL;
    assay_model_mark(&modelled);
    cr_assert(assay_model_marked(modelled.bytes) && !assay_model_marked(real.bytes));
    cr_assert_eq(assay_p256_public(&modelled, public_key), ASSAY_OK);
    cr_assert_eq(assay_p256_load(public_key, &key), ASSAY_OK);
    cr_assert_eq(assay_p256_signer_load(&modelled, &signer), ASSAY_OK);
    cr_assert_eq(assay_p256_sign(signer, digest, signature), ASSAY_OK);
    cr_assert(assay_p256_verify(key, digest, signature, ASSAY_S_LOW));
    for (size_t i = 0; i < sizeof signature; i++) {
        signature[i] ^= 1;
        cr_assert_not(assay_p256_verify(key, digest, signature, ASSAY_S_LOW), "byte %zu", i);
        signature[i] ^= 1;
    }
    digest[31] ^= 1;
    cr_assert_not(assay_p256_verify(key, digest, signature, ASSAY_S_LOW));
    public_key[40] ^= 1;
    struct assay_p256 *other = NULL;
    cr_assert_eq(assay_p256_load(public_key, &other), ASSAY_E_KEY, "nobody made this one");
    assay_p256_signer_free(&signer);
    assay_p256_free(&key);
}

Test(sim_world_soft, randomness_comes_from_a_seed_or_not_at_all)
{
    static const uint8_t seed[32] = { 5 };
    uint8_t a[70], b[70];
    cr_assert_eq(assay_random(a, sizeof a), ASSAY_E_CRYPTO);
    assay_model_random_begin(seed);
    cr_assert_eq(assay_random(a, sizeof a), ASSAY_OK);
    assay_model_random_end();
    assay_model_random_begin(seed);
    cr_assert_eq(assay_random(b, sizeof b), ASSAY_OK);
    cr_assert(assay_bytes_equal(a, b, sizeof a));
    cr_assert_not(assay_bytes_equal(a, a + 32, 32));
    assay_model_random_end();
}
