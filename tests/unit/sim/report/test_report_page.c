/*
 * tests/unit/sim/report/test_report_page.c - a document inside the page: the same bytes again, and
 * texts of strangers that stay data.
 */
#include "apps/sim/report/report.h"
#include "tests/unit/sim/report/report_fixture.h"
#include "web/page.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* The page of a scenario with these --set, of so many epochs. */
static char *page_of(const char *const *sets, size_t set_count, uint64_t epochs)
{
    const struct assay_scenario scenario = report_scenario(sets, set_count);
    struct assay_sim_outcome outcome = report_outcome(&scenario, 1, epochs);
    const struct assay_sim_result result = { .scenario = &scenario,
                                             .outcome = &outcome,
                                             .reproduce = "assay-sim run two --seed 1" };
    char *page = NULL;
    cr_assert_eq(sim_report_text(&result, 1, &page), ASSAY_OK);
    assay_sim_outcome_free(&outcome);
    return page;
}

Test(sim_report_page, is_the_page_for_people_with_a_document_of_its_own)
{
    char *page = page_of(NULL, 0, 12);
    struct assay_json *document = report_document(page);
    cr_expect_str_eq(assay_json_text(document, "schema", ""), "assay.sim.page");
    cr_expect_eq(assay_json_uint(document, "schema_version", 0), 1);
    cr_expect_str_eq(assay_json_text(document, "version", ""), ASSAY_VERSION);
    cr_expect_str_eq(
        assay_json_text(assay_json_get(assay_json_get(document, "data"), "runs"), "name", ""),
        "two");
    assay_json_free(&document);
    /* Before and behind the data it is the page that a daemon serves, byte for byte. */
    const char *const data = strstr(page, "{\"schema\"");
    const size_t before = (size_t)(data - page);
    cr_expect_arr_eq(page, assay_web_page, before);
    const size_t len = strcspn(data, "<"), after = strlen(data + len);
    cr_expect_eq(before + after, assay_web_page_len);
    cr_expect_arr_eq(data + len, assay_web_page + before, after);
    free(page);
}

Test(sim_report_page, is_the_same_bytes_again)
{
    char *one = page_of(NULL, 0, 12), *other = page_of(NULL, 0, 12), *third = page_of(NULL, 0, 13);
    cr_expect_str_eq(one, other);
    cr_expect_str_neq(one, third);
    free(one);
    free(other);
    free(third);
}

Test(sim_report_page, texts_of_a_stranger_stay_data)
{
    static const char title[] = "</script><script>alert('x')</script><!-- \" &amp;";
    static const char *const sets[] = { "title=</script><script>alert('x')</script><!-- \" &amp;" };
    char *plain = page_of(NULL, 0, 3), *page = page_of(sets, 1, 3);
    cr_expect_eq(report_count(page, "<script"), report_count(plain, "<script"));
    cr_expect_eq(report_count(page, "</script"), report_count(plain, "</script"));
    cr_expect_eq(report_count(page, "<!--"), report_count(plain, "<!--"));
    struct assay_json *document = report_document(page);
    cr_expect_str_eq(
        assay_json_text(assay_json_get(assay_json_get(document, "data"), "runs"), "title", ""),
        title);
    assay_json_free(&document);
    free(plain);
    free(page);
}

/* A name that --set would not take: of a scenario that somebody put together. */
Test(sim_report_page, a_cohort_may_have_any_name)
{
    static const char name[] = "</script><b>'\"&\xe2\x80\xae";
    struct assay_scenario scenario = report_scenario(NULL, 0);
    (void)snprintf(scenario.cohorts[1].name, sizeof scenario.cohorts[1].name, "%s", name);
    struct assay_sim_outcome outcome = report_outcome(&scenario, 1, 3);
    const struct assay_sim_result result = { .scenario = &scenario, .outcome = &outcome };
    char *page = NULL;
    cr_assert_eq(sim_report_text(&result, 1, &page), ASSAY_OK);
    struct assay_json *document = report_document(page);
    const struct assay_json *const cohorts =
        assay_json_get(assay_json_get(assay_json_get(document, "data"), "runs"), "cohorts");
    cr_expect_str_eq(assay_json_text(assay_json_at(cohorts, 1), "name", ""), name);
    assay_json_free(&document);
    free(page);
    assay_sim_outcome_free(&outcome);
}

Test(sim_report_page, ten_thousand_epochs_of_eight_cohorts_stay_below_two_megabytes)
{
    static const char *const sets[] = { "epochs=10000",       "cohorts[2].name=c2",
                                        "cohorts[3].name=c3", "cohorts[4].name=c4",
                                        "cohorts[5].name=c5", "cohorts[6].name=c6",
                                        "cohorts[7].name=c7" };
    char *page = page_of(sets, sizeof sets / sizeof sets[0], 10000);
    const size_t len = strlen(page) - assay_web_page_len;
    cr_expect_lt(len, 2 << 20, "%zu", len);
    cr_expect_gt(len, 100 << 10, "%zu", len);
    free(page);
}

Test(sim_report_page, a_page_without_memory_or_place_says_so)
{
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    char *text = NULL;
    cr_expect_eq(sim_page_text("runs", NULL, &text), ASSAY_E_MEMORY);
    cr_expect_eq(sim_document_text("runs", NULL, &text), ASSAY_E_MEMORY);
    cr_expect_null(text);
    cr_expect_eq(sim_page_write("/nowhere/x.html", NULL, message), ASSAY_E_MEMORY);
    cr_expect_eq(sim_page_write("/nowhere/x.html", strdup("x"), message), ASSAY_E_IO);
    cr_expect_not_null(strstr(message, "/nowhere/x.html"), "%s", message);
}
