/*
 * tests/unit/sim/report/report_fixture.c - results made by hand
 * (tests/unit/sim/report/report_fixture.h).
 */
#include "tests/unit/sim/report/report_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct assay_scenario report_scenario(const char *const *sets, size_t set_count)
{
    static const char *const first[] = { "name=two",
                                         "cohorts[1].name=ring",
                                         "cohorts[ring].count=2",
                                         "adversaries[0].attack=badmouth",
                                         "adversaries[0].cohort=ring",
                                         "assertions[0]=score_min_bp honest >= 9000" };
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    struct assay_scenario s = assay_scenario_default();
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++)
        cr_assert_eq(assay_scenario_set(&s, first[i], message), ASSAY_OK, "%s", message);
    for (size_t i = 0; i < set_count; i++)
        cr_assert_eq(assay_scenario_set(&s, sets[i], message), ASSAY_OK, "%s", message);
    return s;
}

static void fill_row(struct assay_sim_row *row, const struct assay_scenario *s, uint64_t epoch,
                     uint64_t seed)
{
    row->epoch = epoch;
    row->at_ms = epoch * s->epoch_ms;
    row->certified = epoch % 4 != 0;
    row->messages = 1000 + epoch % 7 * 10 + seed;
    row->bytes = row->messages * 512;
    row->verifications = 42 + epoch % 3;
    row->views_nullified = (uint32_t)(epoch % 2);
    row->blocks = 3;
    row->certificates_held = 12;
    row->largest_operator_bp = 1428;
    row->largest_vendor_bp = 2857;
    for (size_t i = 0; i < sizeof row->root; i++)
        row->root[i] = (uint8_t)(epoch + seed + i);
    for (uint32_t c = 0; c < s->cohort_count; c++) {
        struct assay_sim_cohort_row *to = &row->cohorts[c];
        const uint16_t score =
            (uint16_t)(10000 - (epoch + 10 * seed) % 90 * 100 * (c == 0 ? 0 : 1));
        *to = (struct assay_sim_cohort_row){ .members = c == 0 ? s->nodes - 2 : 2,
                                             .score_mean_bp = score,
                                             .score_min_bp = (uint16_t)(score - 500),
                                             .score_max_bp = score,
                                             .integrity_mean_bp = score,
                                             .availability_mean_bp = 10000,
                                             .weight_share_bp = c == 0 ? 7143 : 2857,
                                             .full = c == 0 ? s->nodes - 2 : 0,
                                             .suspended = c == 0 ? 0 : 2 };
    }
}

struct assay_sim_outcome report_outcome(const struct assay_scenario *scenario, uint64_t seed,
                                        uint64_t epochs)
{
    struct assay_sim_outcome o;
    assay_sim_outcome_init(&o);
    o.fidelity = ASSAY_SIM_FIDELITY_EPOCH;
    o.seed = seed;
    for (uint32_t c = 0; c < scenario->cohort_count; c++) {
        o.cohort_members[c] = c == 0 ? scenario->nodes - 2 : 2;
        for (uint32_t f = 0; f < ASSAY_SIM_FIGURE_COUNT; f++)
            if (c == 0 || assay_sim_figure_of_cohort((enum assay_sim_figure)f))
                o.figures[f][c] = (int64_t)(9000 + f + seed);
    }
    o.figures[ASSAY_SIM_FIGURE_DETECTION_EPOCHS][0] = -1;
    o.figures[ASSAY_SIM_FIGURE_DETECTION_EPOCHS][1] = (int64_t)(2 + seed);
    o.figures[ASSAY_SIM_FIGURE_PROGRESS_EPOCHS][0] = -1;
    for (size_t i = 0; i < 32; i++) {
        o.trace_hash[i] = (uint8_t)(seed + i);
        o.state_root[i] = (uint8_t)(2 * seed + i);
        o.root_chain[i] = (uint8_t)(3 * seed + i);
    }
    assay_sim_report_check(&o, ASSAY_SIM_CHECKER_P1, 1, NULL);
    for (uint64_t epoch = 1; epoch <= epochs; epoch++)
        fill_row(assay_sim_outcome_row(&o), scenario, epoch, seed);
    return o;
}

/* --- the document of a page */

struct assay_json *report_document(const char *page)
{
    static const char open[] = "<script type=\"application/json\" id=\"data\">";
    struct assay_json *document = NULL;
    const char *const at = strstr(page, open);
    cr_assert_not_null(at, "the page has a place for data");
    const char *const json = at + strlen(open);
    cr_assert_null(strstr(json, open), "and one alone");
    cr_assert_eq(assay_json_parse(json, strcspn(json, "<"), &document), ASSAY_OK,
                 "nothing in the data may look like a tag");
    cr_assert_eq(strncmp(json + strcspn(json, "<"), "</script>", 9), 0);
    return document;
}

const struct assay_json *report_named(const struct assay_json *list, const char *key,
                                      const char *name)
{
    for (size_t i = 0; i < assay_json_count(list); i++)
        if (strcmp(assay_json_text(assay_json_at(list, i), key, ""), name) == 0)
            return assay_json_at(list, i);
    return NULL;
}

int64_t report_number(const struct assay_json *list, size_t index)
{
    int64_t value = -1;
    return assay_json_as_int(assay_json_at(list, index), &value) ? value : -1;
}

size_t report_count(const char *page, const char *text)
{
    size_t count = 0;
    for (const char *at = strstr(page, text); at != NULL; at = strstr(at + 1, text))
        count++;
    return count;
}
