/*
 * tests/bench/sim/bench_epochs.c - benchmark of the epoch simulator.
 *
 * Epochs that the epoch world closes per second.
 *
 * A tenth of the network is quiet, a twentieth votes ABSENT, links lose 5 %: rows differ, as in the
 * scenarios of the library. The lower bound is the tally of such rows and the state root alone. The
 * cost of an epoch over the number of nodes is fitted by least squares on logarithms.
 *
 * usage: bench_sim_epochs [NODES [EPOCHS [THREADS]]]
 */
#include "sim/epochs/epochs.h"

#include "base/assert.h"
#include "scoring/weight.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { TARGET_1000 = 200, SIZES = 7, FLOOR_TURNS = 5 };

/* Processor time, which neighbours on the machine disturb least; of several threads the clock's. */
static uint64_t now_ns(uint32_t threads)
{
    struct timespec now;
    clock_gettime(threads > 1 ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void name(char *to, const char *text)
{
    (void)snprintf(to, ASSAY_SIM_NAME_MAX + 1, "%s", text);
}

static struct assay_scenario scenario_of(uint32_t nodes, uint64_t epochs)
{
    struct assay_scenario s = assay_scenario_default();
    s.fidelity = ASSAY_SIM_FIDELITY_EPOCH;
    s.nodes = nodes;
    s.operators = nodes < 100 ? nodes : 100;
    s.vendors = 4;
    s.epochs = epochs;
    s.epoch_ms = 60000;
    s.link.loss_permille = 50;
    s.cohort_count = 3;
    name(s.cohorts[1].name, "quiet");
    s.cohorts[1].share_bp = 1000;
    name(s.cohorts[2].name, "liars");
    s.cohorts[2].share_bp = 500;
    s.adversary_count = 2;
    s.adversaries[0] = (struct assay_sim_adversary){
        .attack = ASSAY_SIM_ATTACK_QUIET, .cohort = 1, .start_epoch = 3, .rate_permille = 1000
    };
    s.adversaries[1] = (struct assay_sim_adversary){
        .attack = ASSAY_SIM_ATTACK_ABSENT_VOTE, .cohort = 2, .start_epoch = 1, .rate_permille = 1000
    };
    return s;
}

/* --- the floor */

static void *zeroed(size_t len)
{
    void *memory = aligned_alloc(64, (len + 63) & ~(size_t)63);
    ASSAY_ASSERT(memory != NULL);
    assay_bytes_zero(memory, len);
    return memory;
}

static uint64_t root_ns(const struct assay_state *state)
{
    const size_t len = assay_state_scratch_len(state->member_count);
    uint8_t *scratch = zeroed(len);
    uint8_t root[32];
    const uint64_t start = now_ns(1);
    for (unsigned i = 0; i < FLOOR_TURNS; i++)
        assay_state_root(state, scratch, len, root);
    const uint64_t took = (now_ns(1) - start) / FLOOR_TURNS;
    free(scratch);
    return took;
}

/* Ballots that all say PASS but for every tenth subject. */
static uint64_t tally_ns(const struct assay_state *state)
{
    const uint32_t n = state->member_count;
    const size_t row_len = assay_votes_row_len(n);
    const struct assay_score_rules rules = assay_score_rules_default();
    struct assay_place *places = zeroed(n * sizeof *places);
    struct assay_groups groups;
    uint8_t *outcomes = zeroed(n * row_len);
    const uint8_t **rows = zeroed(n * sizeof *rows);
    struct assay_tally_member *members = zeroed(n * sizeof *members);
    struct assay_trust_state *trust = zeroed(n * sizeof *trust);
    struct assay_tally_result *results = zeroed(n * sizeof *results);
    uint32_t *weights = zeroed(n * sizeof *weights);
    void *scratch = zeroed(assay_tally_memory_len(n));
    void *groups_memory = zeroed(assay_groups_memory_len(n));
    for (uint32_t i = 0; i < n; i++) {
        const struct assay_member *m = &state->members[i];
        assay_bytes_copy(places[i].node_id, 32, m->node_id, 32);
        assay_bytes_copy(places[i].platform_id, 32, m->platform_id, 32);
        rows[i] = outcomes + i * row_len;
        weights[i] = 10000;
        trust[i] = assay_trust_genesis();
        members[i].balloted = true;
        for (uint32_t s = 0; s < n; s++)
            if (s != i)
                assay_votes_row_set(outcomes + i * row_len, s,
                                    s % 10 == 0 ? ASSAY_OUTCOME_ABSENT
                                                : ASSAY_OUTCOME_PASS_UP_TO_DATE);
    }
    assay_groups_build(places, n, groups_memory, assay_groups_memory_len(n), &groups);
    const struct assay_tally_input input = { .epoch = 1,
                                             .roll_present = true,
                                             .rules = &rules,
                                             .groups = &groups,
                                             .weights = weights,
                                             .members = members,
                                             .rows = rows,
                                             .trust = trust };
    struct assay_tally_summary summary;
    const uint64_t start = now_ns(1);
    for (unsigned i = 0; i < FLOOR_TURNS; i++)
        assay_tally_epoch(&input, scratch, assay_tally_memory_len(n), trust, results, &summary);
    const uint64_t took = (now_ns(1) - start) / FLOOR_TURNS;
    free(places);
    free(outcomes);
    free(rows);
    free(members);
    free(trust);
    free(results);
    free(weights);
    free(scratch);
    free(groups_memory);
    return took;
}

/* --- one size */

static double measure(uint32_t nodes, uint64_t epochs, uint32_t threads)
{
    const struct assay_scenario s = scenario_of(nodes, epochs);
    const struct assay_sim_options options = { .seed = 1, .threads = threads };
    struct assay_sim_outcome outcome;
    struct assay_sim_epochs *world = NULL;
    assay_sim_outcome_init(&outcome);
    const enum assay_status status = assay_sim_epochs_create(&s, &options, &outcome, &world);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_sim_epochs_tick(world);
    const uint64_t start = now_ns(threads);
    for (uint64_t i = 0; i < epochs; i++)
        assay_sim_epochs_tick(world);
    const double took_s = (double)(now_ns(threads) - start) / 1e9;
    const double each_s = took_s / (double)epochs;
    const struct assay_state *state = assay_sim_epochs_state(world);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%6u %10.1f %12.0f %11.3f %11.3f %11.3f %9ld  %s\n", nodes, 1 / each_s, nodes / each_s,
           each_s * 1e3, (double)tally_ns(state) / 1e6, (double)root_ns(state) / 1e6,
           usage.ru_maxrss / 1024,
           assay_sim_outcome_violated(&outcome) ? assay_sim_outcome_violation(&outcome) : "");
    assay_sim_epochs_destroy(&world);
    assay_sim_outcome_free(&outcome);
    return each_s;
}

/* Slope of log(seconds) over log(nodes). */
static double exponent(const double *nodes, const double *seconds, size_t count)
{
    double sx = 0;
    double sy = 0;
    double sxx = 0;
    double sxy = 0;
    for (size_t i = 0; i < count; i++) {
        const double x = log(nodes[i]);
        const double y = log(seconds[i]);
        sx += x;
        sy += y;
        sxx += x * x;
        sxy += x * y;
    }
    const double n = (double)count;
    return (n * sxy - sx * sy) / (n * sxx - sx * sx);
}

static uint32_t number(const char *text, unsigned long min, unsigned long max)
{
    const unsigned long value = strtoul(text, NULL, 10);
    if (value < min || value > max) {
        fprintf(stderr,
                "usage: bench_sim_epochs [NODES [EPOCHS [THREADS]]]: expected %lu..%lu, "
                "found %s\n",
                min, max, text);
        exit(2);
    }
    return (uint32_t)value;
}

int main(int argc, char **argv)
{
    static const uint32_t sizes[SIZES] = { 10, 30, 100, 300, 1000, 3000, 10000 };
    static const uint64_t turns[SIZES] = { 2000, 2000, 1000, 500, 200, 30, 10 };
    double nodes[SIZES];
    double seconds[SIZES];
    printf("%6s %10s %12s %11s %11s %11s %9s\n", "nodes", "epochs/s", "node-ep./s", "ms/epoch",
           "tally ms", "root ms", "MiB");
    if (argc > 1) {
        const uint64_t epochs = argc > 2 ? number(argv[2], 1, 1000000) : 20;
        const uint32_t threads = argc > 3 ? number(argv[3], 1, 64) : 1;
        measure(number(argv[1], 4, ASSAY_SIM_NODES_MAX), epochs, threads);
        return 0;
    }
    for (size_t i = 0; i < SIZES; i++) {
        nodes[i] = sizes[i];
        seconds[i] = measure(sizes[i], turns[i], 1);
        if (sizes[i] == 1000) printf("       (target at 1000 nodes: %d epochs/s)\n", TARGET_1000);
    }
    printf("cost of an epoch grows as n^%.2f from 10 to 10,000 nodes, as n^%.2f from 1000 on\n",
           exponent(nodes, seconds, SIZES), exponent(nodes + 4, seconds + 4, SIZES - 4));
    return 0;
}
