/*
 * tests/unit/sim/test_scenario_yaml.c - scenario files: what is read, what is refused and where,
 * and that the printed file reads as the same scenario.
 */
#include "sim/library/library.h"
#include "sim/scenario/scenario_internal.h"
#include "sim/yaml/read.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct assay_scenario reads(const char *text)
{
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    struct assay_scenario s;
    cr_assert_eq(assay_scenario_parse_yaml((const uint8_t *)text, strlen(text), "f", &s, message),
                 ASSAY_OK, "%s", message);
    return s;
}

static void refuses(const char *text, const char *expected)
{
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    struct assay_scenario s;
    cr_expect_neq(assay_scenario_parse_yaml((const uint8_t *)text, strlen(text), "f", &s, message),
                  ASSAY_OK, "taken: %s", text);
    cr_expect_str_eq(message, expected);
}

static char *print(const struct assay_scenario *s)
{
    char *text = calloc(1, ASSAY_SIM_YAML_MAX + 1);
    cr_assert_not_null(text);
    struct assay_writer w = assay_writer_over(text, ASSAY_SIM_YAML_MAX);
    assay_scenario_put_yaml(s, &w);
    struct assay_slice slice;
    cr_assert_eq(assay_writer_finish(&w, &slice), ASSAY_OK);
    return text;
}

static void round_trips(const struct assay_scenario *s)
{
    char *first = print(s);
    const struct assay_scenario again = reads(first);
    char *second = print(&again);
    cr_expect_str_eq(first, second);
    cr_expect_eq(again.adversary_count, s->adversary_count);
    cr_expect_eq(again.assertion_count, s->assertion_count);
    cr_expect_eq(again.seed, s->seed);
    cr_expect_str_eq(again.title, s->title);
    free(first);
    free(second);
}

static const char everything[] = "name: all\n"
                                 "title: 'every section'\n"
                                 "fidelity: epoch\n"
                                 "seed: 77\n"
                                 "nodes: 40\n"
                                 "vendors: 3\n"
                                 "vendor_share_bp: [5000, 3000, 2000]\n"
                                 "vendor_cap: 1/2\n"
                                 "rule: trimmed\n"
                                 "weight_source: score\n"
                                 "link: { delay: pareto, delay_min_ms: 3, loss_permille: 50 }\n"
                                 "store_faults: { lost_permille: 1 }\n"
                                 "cohorts:\n"
                                 "  - { name: broken, share_bp: 10000, vendor: 2 }\n"
                                 "  - { name: ring, count: 4 }\n"
                                 "adversaries:\n"
                                 "  - { attack: sleeper, cohort: ring, victims: broken,\n"
                                 "      start_epoch: 5, stop_epoch: 9, rate_permille: 500 }\n"
                                 "  - { attack: on-off, cohort: broken, on_epochs: 1,\n"
                                 "      off_epochs: 3 }\n"
                                 "partitions:\n"
                                 "  - { start_epoch: 2, stop_epoch: 4, share_bp: 6000 }\n"
                                 "  - { cohort: ring, a_receives_b: true }\n"
                                 "crashes:\n"
                                 "  - { all_members: true, at_epoch: 3, down_ms: 10 }\n"
                                 "  - { cohort: ring, rate_permille: 5, rolls_back_epochs: 2 }\n"
                                 "heal_epoch: 15\n"
                                 "assertions:\n"
                                 "  - score_min_bp honest >= 9000\n"
                                 "  - detection_epochs broken == -1\n";

Test(sim_scenario_yaml, every_section_is_read)
{
    const struct assay_scenario s = reads(everything);
    cr_expect_str_eq(s.name, "all");
    cr_expect_str_eq(s.title, "every section");
    cr_expect_eq(s.fidelity, ASSAY_SIM_FIDELITY_EPOCH);
    cr_expect_eq(s.seed, 77);
    cr_expect(s.has_vendor_shares && s.vendor_share_bp[1] == 3000);
    cr_expect(s.vendor_cap_num == 1 && s.vendor_cap_den == 2);
    cr_expect_eq(s.rule, ASSAY_SIM_RULE_TRIMMED);
    cr_expect_eq(s.link.delay, ASSAY_SIM_DELAY_PARETO);
    cr_expect_eq(s.link.delay_max_ms, 20, "what the file does not say is the default");
    cr_expect_eq(s.store.lost_permille, 1);
    cr_expect_eq(s.cohort_count, 3);
    cr_expect(s.cohorts[1].has_vendor && s.cohorts[1].vendor == 2);
    cr_expect_not(s.cohorts[2].has_vendor);
    cr_expect_eq(s.adversaries[0].cohort, 2);
    cr_expect_eq(s.adversaries[0].victims, 1);
    cr_expect_eq(s.adversaries[1].start_epoch, 1);
    cr_expect(s.partitions[1].by_cohort && s.partitions[1].cohort == 2);
    cr_expect(s.crashes[0].all_members && s.crashes[1].rolls_back_epochs == 2);
    cr_expect_eq(s.crashes[1].down_ms, 1000);
    cr_expect_eq(s.assertions[1].value, -1);
}

Test(sim_scenario_yaml, the_printed_file_reads_as_the_same_scenario)
{
    struct assay_scenario s = reads(everything);
    round_trips(&s);
    s = assay_scenario_default();
    round_trips(&s);
    char message[ASSAY_SIM_MESSAGE_MAX];
    cr_assert_eq(assay_scenario_set(&s, "title=# \"x\" \\ : - {für} € ", message), ASSAY_OK);
    cr_assert_eq(assay_scenario_set(&s, "name=123", message), ASSAY_OK);
    cr_assert_eq(assay_scenario_set(&s, "cohorts[1].name=true", message), ASSAY_OK);
    round_trips(&s);
    s = reads("nodes: 4\nvendor_share_bp: []\n"); /* no title */
    round_trips(&s);
}

Test(sim_scenario_yaml, a_scenario_with_all_its_lists_full_fits_its_file)
{
    struct assay_scenario s = assay_scenario_default();
    char name[ASSAY_SIM_NAME_MAX + 1], text[256], message[ASSAY_SIM_MESSAGE_MAX];
    memset(name, 'x', sizeof name);
    name[ASSAY_SIM_NAME_MAX] = '\0';
    s.nodes = ASSAY_SIM_NODES_MAX;
    for (unsigned i = 1; i < ASSAY_SIM_COHORTS_MAX; i++) {
        name[0] = (char)('a' + i);
        (void)snprintf(text, sizeof text, "cohorts[%u].name=%s", i, name);
        cr_assert_eq(assay_scenario_set(&s, text, message), ASSAY_OK, "%s", message);
    }
    for (unsigned i = 0; i < ASSAY_SIM_ASSERTIONS_MAX; i++) {
        (void)snprintf(text, sizeof text, "assertions[%u]=weight_share_max_bp %s >= -%" PRId64, i,
                       name, INT64_MAX);
        cr_assert_eq(assay_scenario_set(&s, text, message), ASSAY_OK, "%s", message);
        if (i >= ASSAY_SIM_ADVERSARIES_MAX) continue;
        (void)snprintf(text, sizeof text, "adversaries[%u].cohort=%s", i, name);
        cr_assert_eq(assay_scenario_set(&s, text, message), ASSAY_OK, "%s", message);
        (void)snprintf(text, sizeof text, "adversaries[%u].attack=two-envelopes", i);
        cr_assert_eq(assay_scenario_set(&s, text, message), ASSAY_OK, "%s", message);
        (void)snprintf(text, sizeof text, "partitions[%u].cohort=%s", i, name);
        cr_assert_eq(assay_scenario_set(&s, text, message), ASSAY_OK, "%s", message);
        (void)snprintf(text, sizeof text, "crashes[%u].rate_permille=1000", i);
        cr_assert_eq(assay_scenario_set(&s, text, message), ASSAY_OK, "%s", message);
    }
    round_trips(&s);
}

Test(sim_scenario_yaml, errors_say_where_what_was_expected_and_what_was_found)
{
    refuses("nodes: 7\nnodse: 8\n", "f:2:1: unknown key \"nodse\"; is \"nodes\" meant?");
    refuses("link:\n  los_permille: 8\n",
            "f:2:3: unknown key \"los_permille\"; is \"loss_permille\" meant?");
    refuses("nodes: seven\n", "f:1:8: nodes: expected 1 .. 16384, found \"seven\"");
    refuses("nodes:\n", "f:1:7: nodes: expected 1 .. 16384, found \"\"");
    refuses("nodes: 0\n", "f:1:8: nodes: expected 1 .. 16384, found \"0\"");
    refuses("nodes: 7.5\n", "f:1:8: nodes: expected 1 .. 16384, found \"7.5\"");
    refuses("rule: meen\n", "f:1:7: rule: expected interval, mean, trimmed, beta, eigentrust or "
                            "leak, found \"meen\"; is \"mean\" meant?");
    refuses("nodes: 7\nnodes: 8\n", "f:2:1: the key \"nodes\" comes twice");
    refuses("cohorts:\n  - { name: ring, count: 1, share_bp: 1 }\n",
            "f:2:26: cohorts[0].count: expected this or share_bp, found both");
    refuses("cohorts:\n  - { name: ring, count: 9 }\n",
            "f:2:5: cohorts[ring]: expected at most 7 nodes, found 9");
    refuses("cohorts:\n  - { name: ring, count: 1 }\nadversaries:\n"
            "  - { attack: badmouth, cohort: rnig }\n",
            "f:4:33: adversaries[0].cohort: expected the name of a cohort, found \"rnig\"; is "
            "\"ring\" meant?");
    refuses("cohorts:\n  - { name: ring, count: 1 }\nadversaries:\n  - { cohort: ring }\n",
            "f:1:1: adversaries[0].attack: expected a word of `assay-sim keys`, found 0");
    refuses("assertions:\n  - score_min_bp all >= 1\n",
            "f:2:5: assertions[0]: \"score_min_bp all >= 1\": expected the name of a cohort, found "
            "\"all\"");
    refuses("vendor_share_bp: [1, x]\n", "f:1:18: vendor_share_bp: expected a share of each "
                                         "vendor, as 5000,3000,2000, found \"1,x\"");
    refuses("vendor_share_bp: [5000, 3000, 1000, 999]\n",
            "f:1:18: vendor_share_bp: expected shares that add up to 10000, found 9999");
    refuses("epochs: 5\nheal_epoch: 6\n",
            "f:2:13: heal_epoch: expected 0 (never) .. 5, the last epoch, found 6");
    refuses("nodes: &a 7\n", "f:1:8: anchors and aliases are not used here");
    refuses("", "f:1:1: the file is empty");
    refuses("title: \"\\e[31m\"\n",
            "f:1:8: title: expected one line of up to 160 bytes, found \"?[31m\"");
}

Test(sim_scenario_yaml, a_text_that_was_cut_anywhere_never_crashes)
{
    const size_t len = strlen(everything);
    for (size_t n = 0; n < len; n++) {
        char message[ASSAY_SIM_MESSAGE_MAX];
        struct assay_scenario s;
        uint8_t *exact = malloc(n + 1);
        cr_assert_not_null(exact);
        assay_bytes_copy(exact, n + 1, everything, n);
        exact = realloc(exact, n > 0 ? n : 1);
        if (assay_scenario_parse_yaml(exact, n, "f", &s, message) != ASSAY_OK)
            cr_expect_gt(strlen(message), 4);
        free(exact);
    }
}

Test(sim_scenario_yaml, every_file_of_the_library_is_read_named_as_its_file_and_round_trips)
{
    cr_assert_gt(assay_sim_library_count(), 0);
    for (size_t i = 0; i < assay_sim_library_count(); i++) {
        char message[ASSAY_SIM_MESSAGE_MAX] = "";
        struct assay_scenario s;
        const struct assay_sim_library_file *file = assay_sim_library_at(i);
        cr_assert_eq(assay_sim_library_read(file, &s, message), ASSAY_OK, "%s", message);
        cr_expect_str_eq(s.name, file->name);
        cr_expect_gt(strlen(s.title), 10, "%s", file->name);
        cr_expect_gt(s.assertion_count, 0, "%s", file->name);
        round_trips(&s);
        const char *hint = NULL;
        cr_expect_eq(assay_sim_library_find(file->name, &hint), file);
    }
}

Test(sim_scenario_yaml, a_name_that_is_none_gets_the_nearest_one)
{
    const char *hint = NULL;
    cr_expect_null(assay_sim_library_find("honset", &hint));
    cr_expect_str_eq(hint, "honest");
    cr_expect_null(assay_sim_library_find("something-else-entirely", &hint));
    cr_expect_null(hint);
}
