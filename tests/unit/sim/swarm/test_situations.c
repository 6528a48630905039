/*
 * tests/unit/sim/swarm/test_situations.c - tests of the table of situations and of its counts.
 */
#include "sim/scenario/scenario_internal.h"
#include "sim/swarm/drawn.h"
#include "sim/swarm/random_scenario.h"
#include "sim/swarm/situation.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 4000 };

static struct assay_sim_situations table;
static bool marks[ASSAY_SIM_SITUATIONS_MAX];

static void list_table(void)
{
    assay_sim_situations_list(&table);
}

TestSuite(sim_situations, .init = list_table);

/* Returns: the number of a situation; it is in the table. */
static uint32_t number_of(const char *name)
{
    for (uint32_t i = 0; i < table.count; i++)
        if (strcmp(table.items[i].name, name) == 0) return i;
    cr_assert_fail("%s: not in the table", name);
    return 0;
}

Test(sim_situations, names_are_unique_and_pairs_have_numbers_of_their_own)
{
    cr_assert_gt(table.paired, 120);
    cr_assert_gt(table.count, table.paired + 100);
    for (uint32_t i = 0; i < table.count; i++)
        for (uint32_t k = 0; k < i; k++)
            cr_expect_str_neq(table.items[i].name, table.items[k].name);
    uint32_t expected = 0;
    for (uint32_t b = 1; b < ASSAY_SIM_PAIRED_MAX; b++)
        for (uint32_t a = 0; a < b; a++)
            cr_assert_eq(assay_sim_pair_index(a, b), expected++);
    cr_assert_eq(expected, ASSAY_SIM_PAIRS_MAX);
    cr_expect_not(
        assay_sim_situations_pair(&table, number_of("members=1..3"), number_of("members=4..7")));
    cr_expect(
        assay_sim_situations_pair(&table, number_of("members=4..7"), number_of("vendors=2..3")));
    cr_expect_not(assay_sim_situations_pair(&table, number_of("link.delay=uniform"),
                                            number_of("link.delay=pareto")));
    cr_expect(assay_sim_situations_pair(&table, number_of("adversaries.attack=mute"),
                                        number_of("adversaries.attack=spam")));
}

/* In both directions: what the table calls drawable is drawn, and nothing else. */
Test(sim_situations, seeds_draw_all_that_the_table_calls_drawable_and_nothing_else)
{
    static uint64_t seen[ASSAY_SIM_SITUATIONS_MAX];
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const struct assay_scenario s =
            assay_sim_random_scenario(seed, (struct assay_sim_swarm_sizes){ 0 });
        assay_sim_situations_mark(&s, marks);
        for (uint32_t i = 0; i < table.count; i++)
            seen[i] += marks[i];
    }
    for (uint32_t i = 0; i < table.count; i++)
        cr_expect_eq(seen[i] > 0, table.items[i].drawable, "%s: %llu seeds, drawable %d",
                     table.items[i].name, (unsigned long long)seen[i], table.items[i].drawable);
}

/* Missigns took the adversary of each trial: no seed had both. */
Test(sim_situations, a_later_draw_does_not_replace_the_adversary_of_a_trial)
{
    uint32_t both = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        uint64_t drawn[ASSAY_SIM_DRAWN_COUNT] = { 0 };
        const struct assay_scenario s =
            assay_sim_random_scenario(seed, (struct assay_sim_swarm_sizes){ 0 });
        assay_sim_swarm_count_drawn(&s, drawn);
        both += drawn[ASSAY_SIM_DRAWN_TRIALS] > 0 && drawn[ASSAY_SIM_DRAWN_MISSIGNS] > 0;
    }
    cr_expect_gt(both, 0);
}

/* The values of a file, as `assay-sim swarm --show` prints them. */
struct file {
    char values[4096][160];
    uint32_t count;
};

static void add_value(void *context, const struct assay_scenario_value *value)
{
    struct file *const f = context;
    cr_assert_lt(f->count, 4096);
    (void)snprintf(f->values[f->count++], sizeof f->values[0], "%s%s%s=%.60s", value->section,
                   value->section[0] == '\0' ? "" : ".", value->key == NULL ? "" : value->key,
                   value->text);
}

static bool has_line(const struct file *f, const char *line)
{
    for (uint32_t i = 0; i < f->count; i++)
        if (strcmp(f->values[i], line) == 0) return true;
    return false;
}

/* Whether the table has a situation for a line "section.key=value", marked. */
static bool is_covered(const char *line)
{
    const size_t key_len = strcspn(line, "=");
    for (uint32_t i = 0; i < table.count; i++) {
        const char *const name = table.items[i].name;
        if (!marks[i]) continue;
        if (strcmp(name, line) == 0) return true;
        if (strlen(name) == key_len && strncmp(name, line, key_len) == 0) return true;
    }
    return false;
}

Test(sim_situations, every_value_that_a_seed_draws_is_in_the_table)
{
    static const char *const labels[] = { "name=", "title=", "seed=", "cohorts.name=",
                                          "assertions." };
    static struct file usual, drawn;
    struct assay_scenario quiet = assay_scenario_default();
    for (uint32_t i = 0; i < ASSAY_SCENARIO_SECTIONS; i++)
        if (assay_scenario_sections[i].is_list)
            cr_assert(assay_scenario_append(&quiet, &assay_scenario_sections[i]));
    assay_scenario_each_value(&quiet, add_value, &usual);
    for (uint64_t seed = 1; seed <= SEEDS / 20; seed++) {
        const struct assay_scenario s =
            assay_sim_random_scenario(seed, (struct assay_sim_swarm_sizes){ 0 });
        drawn.count = 0;
        assay_scenario_each_value(&s, add_value, &drawn);
        assay_sim_situations_mark(&s, marks);
        for (uint32_t i = 0; i < drawn.count; i++) {
            const char *const line = drawn.values[i];
            bool passes = has_line(&usual, line) || is_covered(line);
            for (size_t l = 0; l < sizeof labels / sizeof labels[0]; l++)
                passes |= strncmp(line, labels[l], strlen(labels[l])) == 0;
            cr_expect(passes, "seed %llu: %s", (unsigned long long)seed, line);
        }
    }
}

/* --- what happened */
Test(sim_situations, a_fault_after_the_end_of_the_run_did_not_happen)
{
    struct assay_scenario s = assay_scenario_default();
    struct assay_sim_outcome outcome;
    assay_sim_outcome_init(&outcome);
    s.partition_count = 2;
    s.partitions[0] = (struct assay_sim_partition){ .start_epoch = 9, .share_bp = 4000 };
    s.partitions[1] = (struct assay_sim_partition){ .start_epoch = 12, .share_bp = 4000 };
    s.adversary_count = 1;
    s.adversaries[0] =
        (struct assay_sim_adversary){ .attack = ASSAY_SIM_ATTACK_MUTE, .start_epoch = 5 };
    s.clock_count = 1;
    s.clocks[0] = (struct assay_sim_clock){ .at_ms = 8000, .ahead_s = 3 };
    const uint32_t mute = number_of("adversaries.attack=mute"), cut = number_of("partitions");
    outcome.figures[ASSAY_SIM_FIGURE_EPOCHS][0] = 8;
    outcome.figures[ASSAY_SIM_FIGURE_SIMULATED_MS][0] = 8000;
    outcome.figures[ASSAY_SIM_FIGURE_MESSAGES_LOST][0] = 70;
    assay_sim_situations_mark(&s, marks);
    cr_expect(marks[cut] && marks[mute] && marks[ASSAY_SIM_DRAWN_DATES_AHEAD]);
    assay_sim_situations_happened(&s, &outcome, marks);
    cr_expect(!marks[cut] && marks[mute] && !marks[ASSAY_SIM_DRAWN_DATES_AHEAD]);
    outcome.figures[ASSAY_SIM_FIGURE_EPOCHS][0] = 9;
    outcome.figures[ASSAY_SIM_FIGURE_SIMULATED_MS][0] = 8001;
    assay_sim_situations_happened(&s, &outcome, marks);
    cr_expect(marks[cut] && marks[ASSAY_SIM_DRAWN_DATES_AHEAD]);
    outcome.figures[ASSAY_SIM_FIGURE_MESSAGES_LOST][0] = 0;
    assay_sim_situations_happened(&s, &outcome, marks);
    cr_expect_not(marks[cut], "a cut that cuts no message did not happen");
    outcome.figures[ASSAY_SIM_FIGURE_EPOCHS][0] = 0;
    outcome.figures[ASSAY_SIM_FIGURE_SIMULATED_MS][0] = (int64_t)(10 * s.epoch_ms);
    assay_sim_situations_happened(&s, &outcome, marks);
    cr_expect(marks[mute], "epochs that stall have faults, too");
    assay_sim_outcome_free(&outcome);
}

Test(sim_situations, a_pair_is_counted_where_one_seed_has_both)
{
    struct assay_sim_coverage *const c = calloc(1, sizeof *c);
    static bool first[ASSAY_SIM_SITUATIONS_MAX], second[ASSAY_SIM_SITUATIONS_MAX];
    cr_assert_not_null(c);
    first[1] = first[4] = first[table.paired] = true;
    second[4] = second[6] = true;
    assay_sim_coverage_add(c, table.paired, first, second);
    assay_sim_coverage_add(c, table.paired, second, second);
    cr_expect(c->drawn[1] == 1 && c->drawn[4] == 2 && c->drawn[6] == 1 && c->drawn[5] == 0);
    cr_expect(c->happened[1] == 0 && c->happened[4] == 2 && c->happened[6] == 1);
    uint64_t drawn = 0, happened = 0;
    for (uint32_t i = 0; i < ASSAY_SIM_PAIRS_MAX; i++) {
        drawn += c->pairs_drawn[i];
        happened += c->pairs_happened[i];
    }
    cr_expect_eq(drawn, 2);
    cr_expect_eq(happened, 1);
    cr_expect_eq(c->pairs_drawn[assay_sim_pair_index(1, 4)], 1);
    cr_expect_eq(c->pairs_drawn[assay_sim_pair_index(4, 6)], 1);
    cr_expect_eq(c->pairs_happened[assay_sim_pair_index(4, 6)], 1);
    free(c);
}
