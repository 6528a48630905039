/*
 * tests/bench/sim/bench_rules.c - epochs per second of each scoring rule, on one core.
 *
 * Every member sends a full ballot; one in ten badmouths. Each member has a platform, an operator
 * and a vendor of its own.
 *
 * usage: bench_sim_rules [MEMBERS]
 */
#include "sim/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char *const names[] = { "interval", "mean", "trimmed", "beta", "eigentrust", "leak" };

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void *take(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL) {
        (void)fprintf(stderr, "no memory\n");
        exit(1);
    }
    return memory;
}

static void fill_rows(uint32_t count, uint8_t *ballots, const uint8_t **rows)
{
    for (uint32_t v = 0; v < count; v++) {
        uint8_t *row = ballots + v * assay_votes_row_len(count);
        rows[v] = row;
        for (uint32_t s = 0; s < count; s++)
            if (s != v)
                assay_votes_row_set(row, s,
                                    v % 10 == 0 && s % 10 != 0 ? ASSAY_OUTCOME_ABSENT
                                                               : ASSAY_OUTCOME_PASS_UP_TO_DATE);
    }
}

/* Steps for about a second. */
static void measure(enum assay_sim_rule rule, const struct assay_groups *groups,
                    const struct assay_tally_member *members, const uint8_t *const *rows)
{
    const struct assay_sim_rules_options options = { .rule = rule, .groups = groups };
    struct assay_sim_rules *rules = NULL;
    if (assay_sim_rules_create(&options, &rules) != ASSAY_OK) {
        (void)fprintf(stderr, "no rules\n");
        exit(1);
    }
    uint64_t epochs = 0;
    const uint64_t start = now_ns();
    while (now_ns() - start < 1000000000u || epochs < 2) {
        const struct assay_sim_rules_input input = {
            .epoch = ++epochs, .roll_present = true, .members = members, .rows = rows
        };
        assay_sim_rules_step(rules, &input);
    }
    const double seconds = (double)(now_ns() - start) / 1e9;
    (void)printf("%-10s %6u members: %10.1f epochs/s, %8.3f ms an epoch\n", names[rule],
                 groups->count, (double)epochs / seconds, 1e3 * seconds / (double)epochs);
    assay_sim_rules_destroy(&rules);
}

int main(int argc, char **argv)
{
    const long asked = argc > 1 ? strtol(argv[1], NULL, 10) : 1000;
    if (asked < 1 || asked > ASSAY_SCORING_MEMBERS_MAX) {
        (void)fprintf(stderr, "usage: bench_sim_rules [MEMBERS], 1 to %d\n",
                      ASSAY_SCORING_MEMBERS_MAX);
        return 2;
    }
    const uint32_t count = (uint32_t)asked;
    struct assay_place *places = take(count, sizeof *places);
    struct assay_tally_member *members = take(count, sizeof *members);
    uint8_t *ballots = take(count, assay_votes_row_len(count));
    const uint8_t **rows = take(count, sizeof *rows);
    void *memory = take(1, assay_groups_memory_len(count));
    struct assay_groups groups;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *const ids[] = { places[i].node_id, places[i].platform_id, places[i].operator_id,
                                 places[i].vendor_root };
        for (size_t k = 0; k < sizeof ids / sizeof ids[0]; k++) {
            ids[k][0] = (uint8_t)(i >> 8);
            ids[k][1] = (uint8_t)i;
        }
        members[i] = (struct assay_tally_member){ .duty = true, .balloted = true };
    }
    assay_groups_build(places, count, memory, assay_groups_memory_len(count), &groups);
    fill_rows(count, ballots, rows);
    for (unsigned rule = 0; rule <= ASSAY_SIM_RULE_LEAK; rule++)
        measure((enum assay_sim_rule)rule, &groups, members, rows);
    free(places);
    free(members);
    free(ballots);
    free(rows);
    free(memory);
    return 0;
}
