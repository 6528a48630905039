/*
 * tests/unit/sim/test_epochs_repeatable.c - a seed decides everything: threads and build nothing.
 *
 * The hashes below were written down once; a build that gets others simulates something else. They
 * change with every rule, attack or random stream that changes: then look why, and write them anew.
 */
#include "base/bytes.h"
#include "tests/unit/sim/epochs_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

struct hashes {
    uint8_t trace[32], chain[32], root[32];
};

static struct hashes hashes_of(const struct assay_scenario *s, uint64_t seed, uint32_t threads)
{
    const struct assay_sim_options options = { .seed = seed, .threads = threads };
    struct assay_sim_outcome outcome;
    struct hashes hashes;
    cr_assert_eq(assay_sim_run_epochs(s, &options, &outcome), ASSAY_OK);
    cr_expect_eq(outcome.fidelity, ASSAY_SIM_FIDELITY_EPOCH);
    assay_bytes_copy(hashes.trace, 32, outcome.trace_hash, 32);
    assay_bytes_copy(hashes.chain, 32, outcome.root_chain, 32);
    assay_bytes_copy(hashes.root, 32, outcome.state_root, 32);
    assay_sim_outcome_free(&outcome);
    return hashes;
}

static bool same(const struct hashes *a, const struct hashes *b)
{
    return assay_bytes_equal(a->trace, b->trace, 32) && assay_bytes_equal(a->chain, b->chain, 32) &&
           assay_bytes_equal(a->root, b->root, 32);
}

/* Everything that is drawn: losses, crashes, liars, two envelopes, slow verifiers. */
static struct assay_scenario busy(uint32_t nodes)
{
    struct assay_scenario s = fixture_scenario(nodes);
    s.epochs = 12;
    s.epoch_ms = 10000;
    s.link.loss_permille = 400;
    s.verify_us = 5000000 / nodes;
    s.store.lost_permille = 300;
    const uint32_t liars = fixture_cohort(&s, "liars", nodes / 10);
    const uint32_t doubles = fixture_cohort(&s, "doubles", 2);
    const uint32_t wrong = fixture_cohort(&s, "wrong", 2);
    fixture_attack(&s, ASSAY_SIM_ATTACK_ABSENT_VOTE, liars, 0, 2, 0)->rate_permille = 500;
    fixture_attack(&s, ASSAY_SIM_ATTACK_TWO_ENVELOPES, doubles, 0, 3, 0);
    fixture_attack(&s, ASSAY_SIM_ATTACK_TAMPER, wrong, 0, 4, 6);
    s.crash_count = 1;
    s.crashes[0] =
        (struct assay_sim_crash){ .all_members = true, .rate_permille = 30, .down_ms = 15000 };
    s.partition_count = 1;
    s.partitions[0] =
        (struct assay_sim_partition){ .start_epoch = 8, .stop_epoch = 10, .share_bp = 8000 };
    return s;
}

Test(epochs_repeatable, any_number_of_threads_gives_the_same_bytes)
{
    static const uint32_t threads[] = { 2, 3, 5, 64 };
    const struct assay_scenario s = busy(300);
    const struct hashes one = hashes_of(&s, 3, 1);
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        const struct hashes some = hashes_of(&s, 3, threads[i]);
        cr_expect(same(&one, &some), "%u threads", threads[i]);
    }
}

Test(epochs_repeatable, any_number_of_threads_gives_the_same_bytes_under_every_rule)
{
    for (int rule = ASSAY_SIM_RULE_INTERVAL; rule <= ASSAY_SIM_RULE_LEAK; rule++) {
        struct assay_scenario s = busy(100);
        s.rule = (enum assay_sim_rule)rule;
        const struct hashes one = hashes_of(&s, 3, 1);
        const struct hashes two = hashes_of(&s, 3, 2);
        cr_expect(same(&one, &two), "%s", assay_sim_rule_name(s.rule));
    }
}

Test(epochs_repeatable, another_seed_gives_another_run)
{
    const struct assay_scenario s = busy(50);
    const struct hashes one = hashes_of(&s, 1, 1);
    const struct hashes two = hashes_of(&s, 2, 1);
    cr_expect_not(assay_bytes_equal(one.trace, two.trace, 32));
    cr_expect_not(assay_bytes_equal(one.chain, two.chain, 32));
}

static void expect_hash(const uint8_t *hash, const char *expected, const char *what)
{
    char text[65];
    assay_hex_encode(hash, 32, text, sizeof text);
    cr_expect_str_eq(text, expected, "%s: %s", what, text);
}

Test(epochs_repeatable, every_build_gives_the_hashes_that_are_written_down)
{
    struct assay_scenario honest = fixture_scenario(7);
    const struct hashes a = hashes_of(&honest, 1, 1);
    expect_hash(a.trace, "6c2db9f064536451a98c816420cb037e4fbbf00da47edc0900230d40d0a13913",
                "honest, trace");
    expect_hash(a.root, "33613b98e2c6ee3d6b30d844ca64368e2b40ef87170c7e4a71163bb68e9fa915",
                "honest, root");
    const struct assay_scenario lively = busy(40);
    const struct hashes b = hashes_of(&lively, 9, 2);
    expect_hash(b.trace, "ce425acf2343e51414c8d4a069412fa36dc9e9adc6bc52253bc73e22dea8966b",
                "busy, trace");
    expect_hash(b.chain, "3816f8966ee45a83a2349b137f5dc95d5805dedb11ee20bda568a6376db9f36f",
                "busy, roots");
    struct assay_scenario mean = busy(40);
    mean.rule = ASSAY_SIM_RULE_MEAN;
    const struct hashes c = hashes_of(&mean, 9, 1);
    expect_hash(c.trace, "3df8bd34f67d1aec8c9c969907c0da0ac658f3d623821f9c586ffde521b1837e",
                "mean, trace");
}
