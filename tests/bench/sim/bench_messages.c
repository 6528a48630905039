/*
 * tests/bench/sim/bench_messages.c - benchmark of the message simulator.
 *
 * Speed of the message world, compared with the lower bound of its queue.
 *
 * Modelled signatures, one core, processor time. The lower bound is the queue alone: items pushed
 * and popped in the same numbers, with the same payload shared by the recipients.
 *
 * usage: bench_sim_messages
 */
#include "sim/run.h"
#include "sim/world/world_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void queue_floor(uint32_t in_flight)
{
    enum { TURNS = 3000000 };
    const struct assay_sim_world_options options = { .seed = 1, .nodes = 2 };
    struct assay_sim_world *w = assay_sim_world_create(&options);
    struct assay_sim_random random = assay_sim_random_of(1, ASSAY_SIM_STREAM_LINK, 0, 1);
    struct world_payload *payload = world_payload(w, (const uint8_t *)"vote", 4);
    uint64_t at_us = 0;
    while (w->queue.count > 0)
        world_item_free(w, world_pop(&w->queue, &at_us));
    const double began = now_s();
    for (uint32_t i = 0; i < TURNS + in_flight; i++) {
        if (i >= in_flight) world_item_free(w, world_pop(&w->queue, &w->now_us));
        struct item *item = world_item(w, 0, ITEM_MESSAGE);
        item->payload = payload;
        payload->refs++;
        world_push(w, item, w->now_us + assay_sim_random_below(&random, 50000));
    }
    printf("queue alone, %6u in flight: %10.0f messages/s\n", in_flight,
           (double)TURNS / (now_s() - began));
    world_payload_drop(w, payload);
    assay_sim_world_destroy(&w);
}

static double run(const char *name, const struct assay_scenario *s, uint64_t seed, bool print)
{
    struct assay_sim_outcome o;
    const struct assay_sim_options options = { .seed = seed };
    const double began = now_s();
    const enum assay_status status = assay_sim_run_messages(s, &options, &o);
    const double took = now_s() - began;
    if (status != ASSAY_OK || assay_sim_outcome_violated(&o)) {
        fprintf(stderr, "%s, seed %llu: %s\n", name, (unsigned long long)seed,
                status != ASSAY_OK ? assay_status_symbol(status) : assay_sim_outcome_violation(&o));
        exit(1);
    }
    const double simulated_s = (double)o.figures[ASSAY_SIM_FIGURE_SIMULATED_MS][0] / 1000;
    if (print)
        printf("%-28s %10.0f messages/s, %6.1f times real time\n", name,
               (double)o.figures[ASSAY_SIM_FIGURE_MESSAGES][0] / took, simulated_s / took);
    assay_sim_outcome_free(&o);
    return took;
}

static struct assay_scenario calm(uint32_t nodes, uint32_t epoch_ms, uint64_t epochs)
{
    struct assay_scenario s = assay_scenario_default();
    s.fidelity = ASSAY_SIM_FIDELITY_MESSAGE;
    s.nodes = nodes;
    s.operators = nodes;
    s.epoch_ms = epoch_ms;
    s.epochs = epochs;
    return s;
}

/* Ten blocks and more an epoch: twenty epochs are some 200 views. */
static struct assay_scenario full_faults(void)
{
    struct assay_scenario s = calm(7, 2000, 20);
    s.heal_epoch = 17;
    s.progress_epochs = 4;
    s.skew_ms = 40;
    s.drift_ppm = 200;
    s.link.loss_permille = 50;
    s.link.duplicate_permille = 100;
    s.link.reorder_permille = 50;
    s.link.reorder_ms = 60;
    s.crash_count = 1;
    s.crashes[0] =
        (struct assay_sim_crash){ .all_members = true, .rate_permille = 50, .down_ms = 700 };
    s.partition_count = 1;
    s.partitions[0] =
        (struct assay_sim_partition){ .start_epoch = 5, .stop_epoch = 7, .share_bp = 2900 };
    s.cohort_count = 2;
    s.cohorts[1] = (struct assay_sim_cohort){ .name = "traitors", .count = 1 };
    s.adversary_count = 1;
    s.adversaries[0] = (struct assay_sim_adversary){
        .attack = ASSAY_SIM_ATTACK_EQUIVOCATE, .cohort = 1, .start_epoch = 8, .rate_permille = 1000
    };
    return s;
}

int main(void)
{
    enum { SEEDS = 40 };
    struct assay_scenario s = calm(7, 2000, 100);
    const uint32_t in_flight[] = { 100, 10000, 100000 };
    for (size_t i = 0; i < sizeof in_flight / sizeof in_flight[0]; i++)
        queue_floor(in_flight[i]);
    (void)run("7 nodes, 100 epochs of 2 s", &s, 1, true);
    s = calm(30, 2000, 20);
    (void)run("30 nodes, 20 epochs of 2 s", &s, 1, true);
    s = calm(100, 10000, 6);
    (void)run("100 nodes, 6 epochs of 10 s", &s, 1, true);
    double sum = 0;
    s = full_faults();
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        sum += run("full faults", &s, seed, false);
    printf("7 nodes, full faults, 20 epochs: %.0f seeds a minute on one core\n", SEEDS / sum * 60);
    return 0;
}
