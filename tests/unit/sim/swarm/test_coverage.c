/*
 * tests/unit/sim/swarm/test_coverage.c - tests of the coverage report of a swarm.
 */
#include "apps/sim/commands/coverage.h"
#include "net/json/json.h"
#include "tests/unit/sim/sim_fake.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 40, AHEAD = 200 };

static struct assay_sim_swarm_state state;
static struct assay_sim_coverage_report report;
static struct assay_sim_swarm swarm;
static char message[ASSAY_SIM_MESSAGE_MAX];

static void run_seeds(void)
{
    swarm = (struct assay_sim_swarm){
        .from = 1, .seeds = SEEDS, .threads = 2, .quiet = true, .run = sim_fake_run
    };
    cr_assert_eq(sim_swarm_run(&swarm, &state, message), ASSAY_OK, "%s", message);
}

TestSuite(sim_coverage, .init = run_seeds);

static void make_report(uint32_t ahead)
{
    cr_assert_eq(sim_coverage_make(&swarm, &state, ahead, &report, message), ASSAY_OK, "%s",
                 message);
}

static bool has_text(const struct assay_json *list, const char *text)
{
    for (size_t i = 0; i < assay_json_count(list); i++)
        if (strcmp(assay_json_as_text(assay_json_at(list, i)), text) == 0) return true;
    return false;
}

static bool seed_draws(uint64_t seed, uint32_t a, uint32_t b)
{
    struct assay_scenario scenario;
    bool has[ASSAY_SIM_SITUATIONS_MAX];
    cr_assert_eq(sim_swarm_scenario(&swarm, seed, &scenario, message), ASSAY_OK);
    assay_sim_situations_mark(&scenario, has);
    return has[a] && has[b];
}

Test(sim_coverage, counts_what_the_seeds_drew)
{
    static uint32_t recounted[ASSAY_SIM_PAIRS_MAX];
    make_report(0);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct assay_scenario scenario;
        bool has[ASSAY_SIM_SITUATIONS_MAX];
        cr_assert_eq(sim_swarm_scenario(&swarm, seed, &scenario, message), ASSAY_OK);
        assay_sim_situations_mark(&scenario, has);
        for (uint32_t b = 1; b < report.table.paired; b++)
            for (uint32_t a = 0; a < b; a++)
                recounted[assay_sim_pair_index(a, b)] += has[a] && has[b];
    }
    uint32_t drawn = 0;
    for (uint32_t i = 0; i < ASSAY_SIM_PAIRS_MAX; i++) {
        cr_expect_eq(state.coverage.pairs_drawn[i], recounted[i]);
        drawn += recounted[i] > 0;
    }
    cr_expect_eq(report.pairs_drawn, drawn);
    cr_expect(report.pairs_drawn > 1000 && report.pairs_drawn < report.pairs);
    cr_expect_lt(report.situations_happened, report.situations_drawn,
                 "the runner loses no messages and ends after two seconds");
    cr_expect_eq(report.pairs_ahead, 0);
}

Test(sim_coverage, names_what_was_never_drawn)
{
    const uint32_t kind = ASSAY_SIM_DRAWN_PARTITIONS, other = ASSAY_SIM_DRAWN_LOSS;
    const uint32_t pair =
        assay_sim_pair_index(kind < other ? kind : other, kind < other ? other : kind);
    state.coverage.drawn[kind] = state.coverage.happened[kind] = 0;
    state.coverage.pairs_drawn[pair] = state.coverage.pairs_happened[pair] = 0;
    make_report(0);
    struct assay_json *data = sim_coverage_data(&report);
    cr_expect(has_text(assay_json_get(data, "never_drawn"), "partitions"));
    cr_expect_not(has_text(assay_json_get(data, "never_drawn"), "loss"));
    cr_expect(has_text(assay_json_get(data, "outside"), "rule=mean"));
    const struct assay_json *const never = assay_json_get(data, "pairs_never_drawn");
    bool listed = false;
    for (size_t i = 0; i < assay_json_count(never); i++)
        listed |= strcmp(assay_json_text(assay_json_at(never, i), "a", ""), "loss") == 0 &&
                  strcmp(assay_json_text(assay_json_at(never, i), "b", ""), "partitions") == 0;
    cr_expect(listed);
    cr_expect_eq(assay_json_count(never), report.pairs - report.pairs_drawn);
    assay_json_free(&data);

    char *text = NULL;
    size_t len = 0;
    FILE *const out = open_memstream(&text, &len);
    sim_coverage_print(out, &report);
    cr_assert_eq(fclose(out), 0);
    const char *const line = strstr(text, "NEVER drawn:");
    cr_assert_not_null(line);
    cr_expect_not_null(strstr(line, " partitions"));
    cr_expect_not_null(strstr(text, "\n  partitions +\n"), "a row of pairs that were never drawn");
    free(text);
}

Test(sim_coverage, the_next_seeds_draw_missing_pairs_where_it_says_so)
{
    make_report(AHEAD);
    cr_expect_eq(report.ahead, AHEAD);
    cr_expect_gt(report.pairs_ahead, 100);
    uint32_t found = 0, last = 0;
    for (uint32_t b = 1; b < report.table.paired; b++)
        for (uint32_t a = 0; a < b; a++) {
            const uint32_t n = report.next[assay_sim_pair_index(a, b)];
            if (n == 0) continue;
            if (found++ % 500 == 0) {
                cr_expect(seed_draws(SEEDS + n, a, b));
                for (uint32_t before = 1; before < n; before++)
                    cr_expect_not(seed_draws(SEEDS + before, a, b));
            }
            cr_expect_eq(state.coverage.pairs_drawn[assay_sim_pair_index(a, b)], 0);
            last = n > last ? n : last;
        }
    cr_expect_eq(found, report.pairs_ahead);
    cr_expect_eq(last, report.seeds_to_all);
}

Test(sim_coverage, estimates_a_night_from_processor_time)
{
    state.cpu_us = UINT64_C(2000000) * SEEDS; /* two seconds a seed, on one of two processors */
    make_report(AHEAD);
    cr_expect_eq(report.seeds_an_hour, 3600);
    cr_expect_eq(report.pairs_in_a_night, report.pairs_ahead);
    state.cpu_us = UINT64_C(864000000) * SEEDS; /* 100 seeds in a night */
    make_report(AHEAD);
    uint32_t soon = 0;
    for (uint32_t i = 0; i < ASSAY_SIM_PAIRS_MAX; i++)
        soon += report.next[i] > 0 && report.next[i] <= 96;
    cr_expect_eq(report.seeds_an_hour, 8);
    cr_expect_eq(report.pairs_in_a_night, soon);
    state.cpu_us = 0;
    make_report(0);
    cr_expect_eq(report.seeds_an_hour, 0);
    state.from = UINT64_MAX - SEEDS; /* one seed is left */
    make_report(AHEAD);
    cr_expect_eq(report.ahead, 1);
    state.from++;
    make_report(AHEAD);
    cr_expect_eq(report.ahead, 0);
}
