/*
 * tests/bench/engine/bench_steps.c - engine steps per second, complete engines in one process.
 *
 * Real signatures, a virtual clock, a store in memory. Measured is the CPU time in
 * assay_engine_step, and for comparison the time of everything (signing, store, simulated network).
 * Up to twenty nodes are on loopback; a hundred have epochs of 60 s and links of 5 to 40 ms, where
 * the target is 50 ms per node and epoch.
 *
 * usage: bench_engine_steps [NODES [EPOCHS]]
 */
#include "sim/world/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FEW = 20, MANY = 100, MANY_EPOCHS = 3 };

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int measure(uint32_t nodes, uint64_t epochs)
{
    struct assay_sim_world_options options = {
        .seed = 1, .nodes = nodes, .epoch_ms = 500, .real_signatures = true, .clock_ns = now_ns
    };
    if (nodes > FEW) {
        options.epoch_ms = 60000;
        options.delay_min_ms = 5;
        options.delay_max_ms = 40;
    }
    struct assay_sim_world *w = assay_sim_world_create(&options);
    const uint64_t began = now_ns();
    if (!assay_sim_world_run_to_epoch(w, epochs, epochs * 10 * options.epoch_ms)) {
        fprintf(stderr, "the world of %u nodes stood still\n", nodes);
        assay_sim_world_explain(w, 40);
        return 1;
    }
    const double all_s = (double)(now_ns() - began) / 1e9;
    const double engine_s = (double)assay_sim_world_engine_ns(w) / 1e9;
    const double steps = (double)assay_sim_world_steps(w);
    printf(
        "engine steps: %u nodes, %llu epochs: %.0f steps/s (%.1f us a step), %.2f ms of one core "
        "a node and epoch; with signing, store and network %.2f s\n",
        nodes, (unsigned long long)epochs, steps / engine_s, engine_s / steps * 1e6,
        engine_s * 1e3 / (double)nodes / (double)epochs, all_s);
    assay_sim_world_destroy(&w);
    return 0;
}

int main(int argc, char **argv)
{
    const uint32_t nodes = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    const uint64_t epochs = argc > 2 ? strtoull(argv[2], NULL, 10) : 8;
    if (nodes > ASSAY_SIM_WORLD_NODES_MAX) {
        fprintf(stderr, "at most %d nodes\n", ASSAY_SIM_WORLD_NODES_MAX);
        return 2;
    }
    if (nodes > 0) return measure(nodes, epochs);
    return measure(4, epochs) + measure(7, epochs) + measure(FEW, epochs) +
               measure(MANY, MANY_EPOCHS) >
           0;
}
