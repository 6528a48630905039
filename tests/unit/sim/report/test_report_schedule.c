/*
 * tests/unit/sim/report/test_report_schedule.c - tests of the schedule in reports.
 *
 * What a scenario plans, each kind with its epochs.
 */
#include "apps/sim/report/report.h"
#include "tests/unit/sim/report/report_fixture.h"

#include <criterion/criterion.h>

static struct assay_json *schedule_of(const char *const *sets, size_t count)
{
    const struct assay_scenario s = report_scenario(sets, count);
    return sim_report_schedule(&s);
}

/* The last entry of a scenario with one more list. */
static void expect_last(const char *const *sets, size_t count, const char *kind, const char *what,
                        const char *who, uint64_t from, uint64_t to)
{
    struct assay_json *list = schedule_of(sets, count);
    const struct assay_json *const entry = assay_json_at(list, assay_json_count(list) - 1);
    cr_expect_str_eq(assay_json_text(entry, "kind", ""), kind);
    cr_expect_str_eq(assay_json_text(entry, "what", ""), what);
    cr_expect_str_eq(assay_json_text(entry, "who", "-"), who, "%s", what);
    cr_expect_eq(assay_json_uint(entry, "from", 0), from, "%s", what);
    cr_expect_eq(assay_json_uint(entry, "to", 0), to, "%s", what);
    assay_json_free(&list);
}

Test(sim_report_schedule, an_attack_has_who_and_when)
{
    expect_last(NULL, 0, "attack", "badmouth", "ring", 1, 0);
    expect_last((const char *[]){ "adversaries[0].start_epoch=4", "adversaries[0].stop_epoch=9",
                                  "adversaries[0].rate_permille=250" },
                3, "attack", "badmouth, in 250 of 1000", "ring", 4, 8);
}

Test(sim_report_schedule, faults_have_their_kind_and_end_where_they_end)
{
    expect_last((const char *[]){ "partitions[0].share_bp=3050", "partitions[0].start_epoch=3",
                                  "partitions[0].stop_epoch=6" },
                3, "partition", "a cut; the first 30.50 %", "-", 3, 5);
    expect_last((const char *[]){ "crashes[0].at_epoch=7", "crashes[0].cohort=ring",
                                  "crashes[0].down_ms=500" },
                3, "crash", "dies for 500 ms", "ring", 7, 7);
    expect_last((const char *[]){ "crashes[0].rate_permille=10", "crashes[0].cohort=ring",
                                  "crashes[0].down_ms=500" },
                3, "crash", "dies for 500 ms, in 10 of 1000 epochs", "ring", 1, 0);
    expect_last((const char *[]){ "clocks[0].at_ms=4000", "clocks[0].for_ms=2000",
                                  "clocks[0].ahead_s=9", "clocks[0].share_bp=10000" },
                4, "clock", "date 9 s ahead", "-", 3, 4);
    expect_last((const char *[]){ "heal_epoch=12" }, 1, "heal", "all faults but attacks end", "-",
                12, 0);
}

Test(sim_report_schedule, nobody_plans_nothing)
{
    struct assay_json *list = schedule_of((const char *[]){ "adversaries=none" }, 1);
    cr_expect_eq(assay_json_count(list), 0);
    assay_json_free(&list);
}
