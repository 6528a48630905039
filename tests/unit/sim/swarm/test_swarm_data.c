/*
 * tests/unit/sim/swarm/test_swarm_data.c - tests of the data of swarms.
 *
 * What a swarm came to: the same for the same seeds, and each failure with the line that shows it
 * again.
 */
#include "apps/sim/commands/swarm.h"
#include "net/json/json.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct assay_sim_swarm_state *state_of(uint64_t wall_ms)
{
    struct assay_sim_swarm_state *const s = calloc(1, sizeof *s);
    cr_assert_not_null(s);
    (void)snprintf(s->program, sizeof s->program, "1.0 abc");
    (void)snprintf(s->arguments, sizeof s->arguments, " --nodes 7");
    s->from = 10;
    s->done = 50;
    s->failed = s->failure_count = 1;
    s->wall_ms = wall_ms;
    s->cpu_us = 3 * wall_ms;
    s->failures[0] = (struct assay_sim_swarm_failure){ .seed = UINT64_MAX, .epoch = 5 };
    (void)snprintf(s->failures[0].what, sizeof s->failures[0].what, "P1");
    return s;
}

Test(sim_swarm_data, has_counts_and_each_failure_with_its_line_and_no_time)
{
    const struct assay_sim_swarm swarm = { .from = 10, .seeds = 60 };
    struct assay_sim_swarm_state *const one = state_of(1), *const other = state_of(2);
    struct assay_json *data = sim_swarm_data(&swarm, one), *again = sim_swarm_data(&swarm, other);
    cr_expect_eq(assay_json_uint(data, "seeds", 0), 60);
    cr_expect_eq(assay_json_uint(data, "done", 0), 50);
    const struct assay_json *const failure = assay_json_at(assay_json_get(data, "failures"), 0);
    cr_expect_str_eq(assay_json_text(failure, "what", ""), "P1");
    cr_expect_str_eq(assay_json_text(failure, "reproduce", ""),
                     "assay-sim swarm --seeds 1 --from 18446744073709551615 --nodes 7");
    char *text = assay_json_print(data, 0), *same = assay_json_print(again, 0);
    cr_expect_str_eq(text, same, "how long it took is no part of it");
    free(text);
    free(same);
    assay_json_free(&data);
    assay_json_free(&again);
    free(one);
    free(other);
}
