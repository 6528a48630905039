/*
 * tests/bench/scoring/bench_tally.c - benchmark of the tally and the weight table.
 *
 * How long one epoch's tally and weight table take.
 *
 * Every member casts a full ballot: PASS of most, ABSENT and other levels of some, as in a network
 * with faults. Times are the median over many epochs of one process on one core.
 *
 * usage: bench_scoring_tally [MEMBERS]
 */
#include "scoring/tally.h"
#include "scoring/weight.h"
#include "tests/support/stopwatch.h"

#include <stdio.h>
#include <stdlib.h>

enum { EPOCHS_MAX = 400 };

struct network {
    uint32_t count;
    struct assay_groups groups;
    struct assay_place *places;
    struct assay_tally_member *members;
    struct assay_trust_state *trust;
    struct assay_tally_result *results;
    uint32_t *weights[2];
    uint8_t *outcomes;
    const uint8_t **rows;
    void *groups_memory;
    void *tally_memory;
    void *weights_memory;
};

static void *take(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL) {
        fprintf(stderr, "no memory\n");
        exit(1);
    }
    return memory;
}

static void fill_ballots(struct network *net)
{
    const size_t row_len = assay_votes_row_len(net->count);
    uint32_t noise = 12345;
    for (uint32_t voter = 0; voter < net->count; voter++) {
        uint8_t *row = net->outcomes + voter * row_len;
        net->rows[voter] = row;
        net->members[voter] = (struct assay_tally_member){ .duty = true, .balloted = true };
        for (uint32_t s = 0; s < net->count; s++) {
            noise = noise * 1664525u + 1013904223u;
            const uint32_t dice = noise >> 24;
            assay_votes_row_set(row, s,
                                s == voter  ? ASSAY_OUTCOME_NONE
                                : dice < 12 ? ASSAY_OUTCOME_ABSENT
                                : dice < 20 ? ASSAY_OUTCOME_PASS_OUT_OF_DATE
                                : dice < 24 ? ASSAY_OUTCOME_FAIL_HARD
                                            : ASSAY_OUTCOME_PASS_UP_TO_DATE);
        }
    }
}

static void open_network(struct network *net, uint32_t count)
{
    *net = (struct network){ .count = count };
    net->places = take(count, sizeof *net->places);
    net->members = take(count, sizeof *net->members);
    net->trust = take(count, sizeof *net->trust);
    net->results = take(count, sizeof *net->results);
    net->weights[0] = take(count, sizeof(uint32_t));
    net->weights[1] = take(count, sizeof(uint32_t));
    net->outcomes = take(count, assay_votes_row_len(count));
    net->rows = take(count, sizeof *net->rows);
    net->groups_memory = take(1, assay_groups_memory_len(count));
    net->tally_memory = take(1, assay_tally_memory_len(count));
    net->weights_memory = take(1, assay_weights_memory_len(count));
    for (uint32_t i = 0; i < count; i++) {
        struct assay_place *place = &net->places[i];
        place->node_id[0] = place->platform_id[0] = (uint8_t)(i >> 8);
        place->node_id[1] = place->platform_id[1] = (uint8_t)i;
        place->operator_id[0] = (uint8_t)(i % 23);
        place->vendor_root[0] = (uint8_t)(i % 5);
        net->trust[i] = assay_trust_genesis();
    }
    assay_groups_build(net->places, count, net->groups_memory, assay_groups_memory_len(count),
                       &net->groups);
    fill_ballots(net);
}

static void close_network(struct network *net)
{
    free(net->places);
    free(net->members);
    free(net->trust);
    free(net->results);
    free(net->weights[0]);
    free(net->weights[1]);
    free(net->outcomes);
    free(net->rows);
    free(net->groups_memory);
    free(net->tally_memory);
    free(net->weights_memory);
}

static int by_size(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t median(uint64_t *took_ns, size_t count)
{
    qsort(took_ns, count, sizeof *took_ns, by_size);
    return took_ns[count / 2] > 0 ? took_ns[count / 2] : 1;
}

static void report(const char *what, uint32_t members, uint64_t took_ns)
{
    printf("%-14s n = %5u  %10.1f us an epoch  %12.0f node-epochs/s\n", what, members,
           (double)took_ns / 1e3, (double)members * 1e9 / (double)took_ns);
}

static void measure(uint32_t count, uint32_t epochs)
{
    static uint64_t tally_ns[EPOCHS_MAX];
    static uint64_t weights_ns[EPOCHS_MAX];
    struct network net;
    open_network(&net, count);
    const struct assay_score_rules score_rules = assay_score_rules_default();
    const struct assay_weight_rules weight_rules = assay_weight_rules_default();
    struct assay_tolerance tolerance;
    struct assay_weight_input weigh = { .rules = &weight_rules,
                                        .groups = &net.groups,
                                        .trust = net.trust };
    assay_weights(&weigh, net.weights_memory, assay_weights_memory_len(count), net.weights[0],
                  &tolerance);
    uint64_t certified = 0;
    for (uint32_t epoch = 0; epoch < epochs; epoch++) {
        uint32_t *const now = net.weights[epoch % 2];
        uint32_t *const next = net.weights[(epoch + 1) % 2];
        const struct assay_tally_input input = { .epoch = epoch + 1,
                                                 .roll_present = true,
                                                 .rules = &score_rules,
                                                 .groups = &net.groups,
                                                 .weights = now,
                                                 .members = net.members,
                                                 .rows = net.rows,
                                                 .trust = net.trust };
        struct assay_tally_summary summary;
        const uint64_t start = stopwatch_ns(CLOCK_MONOTONIC);
        assay_tally_epoch(&input, net.tally_memory, assay_tally_memory_len(count), net.trust,
                          net.results, &summary);
        const uint64_t middle = stopwatch_ns(CLOCK_MONOTONIC);
        weigh.previous = now;
        assay_weights(&weigh, net.weights_memory, assay_weights_memory_len(count), next,
                      &tolerance);
        weights_ns[epoch] = stopwatch_ns(CLOCK_MONOTONIC) - middle;
        tally_ns[epoch] = middle - start;
        certified += summary.certified;
    }
    if (certified != epochs)
        printf("only %lu of %u epochs were certified\n", (unsigned long)certified, epochs);
    report("tally", count, median(tally_ns, epochs));
    report("weight table", count, median(weights_ns, epochs));
    close_network(&net);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        const unsigned long members = strtoul(argv[1], NULL, 10);
        if (members < 1 || members > ASSAY_SCORING_MEMBERS_MAX) {
            fprintf(stderr, "usage: bench_scoring_tally [MEMBERS], 1..%d\n",
                    ASSAY_SCORING_MEMBERS_MAX);
            return 2;
        }
        measure((uint32_t)members, 10);
        return 0;
    }
    measure(7, EPOCHS_MAX);
    measure(100, EPOCHS_MAX);
    measure(1000, 200);
    return 0;
}
