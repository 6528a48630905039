/*
 * tests/unit/engine/test_faults.c - random faults, then peace: nothing breaks, the chain goes on.
 *
 * Each seed draws a network and a story of kills, restarts, partitions, losses, crashes around a
 * commit, tampered, old, silent and replaying enclaves. Checkers run after every step. Then
 * everything heals, and three more epochs must close everywhere.
 */
#include "sim/world/world.h"

#include <criterion/criterion.h>

enum { SEEDS = 12, ACTS = 20 };

struct dice {
    uint64_t state;
};

static uint32_t roll(struct dice *d, uint32_t sides)
{
    d->state = d->state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(d->state >> 33) % sides;
}

static void swap_enclave(struct assay_sim_world *w, struct dice *d, uint32_t node)
{
    struct assay_sim_world_acts *acts = assay_sim_world_acts(w, node);
    switch (roll(d, 5)) {
    case 0: acts->tampered = true; return;
    case 1: acts->quiet = true; return;
    case 2: acts->quiet = false; return;
    case 3: acts->out_of_date = roll(d, 2) != 0; return;
    case 4: acts->replays = roll(d, 2) != 0; return;
    }
}

static void act(struct assay_sim_world *w, struct dice *d, uint32_t nodes)
{
    const uint32_t node = roll(d, nodes);
    uint32_t groups[ASSAY_SIM_WORLD_NODES_MAX];
    switch (roll(d, 6)) {
    case 0:
        if (assay_sim_world_alive(w, node)) assay_sim_world_kill(w, node);
        return;
    case 1:
    case 2:
        if (!assay_sim_world_alive(w, node)) assay_sim_world_restart(w, node);
        return;
    case 3:
        for (uint32_t i = 0; i < nodes; i++)
            groups[i] = roll(d, 4) == 0;
        assay_sim_world_partition(w, groups);
        return;
    case 4: assay_sim_world_partition(w, NULL); return;
    case 5: swap_enclave(w, d, node); return;
    }
}

static void heal(struct assay_sim_world *w, uint32_t nodes)
{
    assay_sim_world_partition(w, NULL);
    assay_sim_world_set_loss(w, 0);
    assay_sim_world_set_crashes(w, 0);
    (void)assay_sim_world_run(w, 600); /* whoever crashed reboots */
    for (uint32_t i = 0; i < nodes; i++) {
        struct assay_sim_world_acts *acts = assay_sim_world_acts(w, i);
        if (!assay_sim_world_alive(w, i)) assay_sim_world_restart(w, i);
        acts->quiet = acts->replays = acts->tampered = acts->out_of_date = false;
    }
}

static void one_seed(uint64_t seed)
{
    struct dice d = { seed * 77 + 1 };
    const struct assay_sim_world_options options = { .seed = seed,
                                                     .nodes = 4 + roll(&d, 6),
                                                     .epoch_ms = 600 + roll(&d, 800),
                                                     .loss_permille = roll(&d, 60),
                                                     .skew_ms = roll(&d, 40),
                                                     .crash_permille = roll(&d, 12),
                                                     .check_each_step = true };
    struct assay_sim_world *w = assay_sim_world_create(&options);
    for (int i = 0; i < ACTS && assay_sim_world_violation(w) == NULL; i++) {
        act(w, &d, options.nodes);
        (void)assay_sim_world_run(w, roll(&d, 1500));
    }
    heal(w, options.nodes);
    uint64_t best = 0;
    for (uint32_t i = 0; i < options.nodes; i++)
        if (assay_sim_world_epoch(w, i) > best) best = assay_sim_world_epoch(w, i);
    const bool goes_on =
        assay_sim_world_violation(w) == NULL && assay_sim_world_run_to_epoch(w, best + 3, 120000);
    if (!goes_on) assay_sim_world_explain(w, 100);
    cr_assert(goes_on, "seed %llu: %s", (unsigned long long)seed,
              assay_sim_world_violation(w) != NULL ? assay_sim_world_violation(w)
                                                   : "no progress after healing");
    assay_sim_world_destroy(&w);
}

Test(faults, even_seeds_break_nothing_and_the_chain_goes_on, .timeout = 600)
{
    for (uint64_t seed = 2; seed <= 2 * SEEDS; seed += 4)
        one_seed(seed);
}

Test(faults, odd_seeds_break_nothing_and_the_chain_goes_on, .timeout = 600)
{
    for (uint64_t seed = 1; seed <= 2 * SEEDS; seed += 4)
        one_seed(seed);
}

Test(faults, the_same_seed_gives_the_same_world)
{
    uint64_t steps[2];
    uint8_t root[2][32];
    for (int k = 0; k < 2; k++) {
        const struct assay_sim_world_options o = {
            .seed = 99, .nodes = 5, .loss_permille = 40, .crash_permille = 10
        };
        struct assay_sim_world *w = assay_sim_world_create(&o);
        (void)assay_sim_world_run(w, 6000);
        struct assay_engine_snapshot v = { 0 };
        for (uint32_t i = 0; i < 5; i++)
            if (assay_sim_world_alive(w, i))
                assay_engine_snapshot(assay_sim_world_engine(w, i), &v);
        steps[k] = assay_sim_world_steps(w);
        assay_bytes_copy(root[k], 32, v.state_root, 32);
        assay_sim_world_destroy(&w);
    }
    cr_assert_eq(steps[0], steps[1]);
    cr_assert_arr_eq(root[0], root[1], 32);
}
