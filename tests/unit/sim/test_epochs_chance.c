/*
 * tests/unit/sim/test_epochs_chance.c - chances, gaps between what is drawn, and the threads.
 */
#include "sim/epochs/chance.h"
#include "sim/epochs/workers.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static uint32_t percent(uint32_t p)
{
    return chance_of_permille(10 * p);
}

/* Within a millionth. */
static bool near(uint32_t a, uint32_t b)
{
    return (a > b ? a - b : b - a) <= 4295;
}

Test(epochs_chance, combines_as_independent_chances_do)
{
    cr_expect(near(chance_both(percent(50), percent(50)), percent(25)));
    cr_expect(near(chance_either(percent(50), percent(50)), percent(75)));
    cr_expect(near(chance_all_of(percent(10), 2), percent(1)));
    cr_expect_eq(chance_both(CHANCE_ALWAYS, percent(30)), percent(30));
    cr_expect_eq(chance_either(CHANCE_NEVER, percent(30)), percent(30));
    cr_expect_eq(chance_either(CHANCE_ALWAYS, percent(30)), CHANCE_ALWAYS);
    cr_expect_eq(chance_all_of(percent(30), 0), CHANCE_ALWAYS);
    cr_expect_eq(chance_of_permille(1000), CHANCE_ALWAYS);
    cr_expect_eq(chance_of_permille(0), CHANCE_NEVER);
}

Test(epochs_chance, draws_as_often_as_the_chance_says)
{
    struct assay_sim_random random = assay_sim_random_of(1, ASSAY_SIM_STREAM_DELIVERY, 1, 1);
    uint32_t came = 0;
    for (uint32_t i = 0; i < 100000; i++)
        came += chance_draw(&random, percent(20));
    cr_expect(came > 19500 && came < 20500, "%u", came); /* four standard deviations: 506 */
    cr_expect_not(chance_draw(&random, CHANCE_NEVER));
    cr_expect(chance_draw(&random, CHANCE_ALWAYS));
}

/* Bit i counts how often place i came true, first and last among them. */
Test(epochs_chance, gaps_find_every_place_equally_often)
{
    enum { ROW = 50, TURNS = 20000 };
    static uint64_t survives[ROW + 1];
    static uint32_t at[ROW];
    struct assay_sim_random random = assay_sim_random_of(2, ASSAY_SIM_STREAM_DELIVERY, 1, 1);
    chance_gaps(percent(10), ROW, survives);
    for (uint32_t turn = 0; turn < TURNS; turn++)
        for (uint32_t i = 0; i < ROW; i++) {
            i += chance_gap(&random, survives, ROW - i);
            if (i < ROW) at[i]++;
        }
    for (uint32_t i = 0; i < ROW; i++) /* 2000 each, five standard deviations: 212 */
        cr_expect(at[i] > 1788 && at[i] < 2212, "place %u: %u", i, at[i]);
}

Test(epochs_chance, gaps_of_certain_and_impossible_things)
{
    uint64_t survives[11];
    struct assay_sim_random random = assay_sim_random_of(3, ASSAY_SIM_STREAM_DELIVERY, 1, 1);
    chance_gaps(CHANCE_ALWAYS, 10, survives);
    for (uint32_t i = 0; i < 100; i++)
        cr_expect_eq(chance_gap(&random, survives, 10), 0);
    chance_gaps(CHANCE_NEVER, 10, survives);
    for (uint32_t i = 0; i < 100; i++)
        cr_expect_eq(chance_gap(&random, survives, 10), 10);
}

static void mark(void *context, uint32_t worker, uint32_t from, uint32_t to)
{
    uint32_t *marks = context;
    (void)worker;
    for (uint32_t i = from; i < to; i++)
        marks[i]++;
}

Test(epochs_chance, workers_do_every_slot_once_every_time)
{
    enum { SLOTS = 1003 };
    for (uint32_t threads = 1; threads <= 5; threads += 2) {
        struct workers *workers = workers_create(threads);
        uint32_t *marks = calloc(SLOTS, sizeof *marks);
        cr_assert_not_null(marks);
        cr_expect_eq(workers_count(workers), threads);
        for (uint32_t turn = 1; turn <= 50; turn++) {
            workers_run(workers, SLOTS, 10, mark, marks);
            for (uint32_t i = 0; i < SLOTS; i++)
                cr_assert_eq(marks[i], turn);
        }
        workers_run(workers, 0, 10, mark, marks);
        free(marks);
        workers_destroy(&workers);
        cr_expect_null(workers);
        workers_destroy(&workers);
    }
}
