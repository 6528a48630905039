/*
 * tests/unit/sim/test_scenario_set.c - tests of --set.
 *
 * --set: every key by its path, and what is refused and how.
 */
#include "sim/outcome.h"
#include "sim/scenario/scenario_internal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set(struct assay_scenario *s, const char *assignment)
{
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    cr_assert_eq(assay_scenario_set(s, assignment, message), ASSAY_OK, "%s: %s", assignment,
                 message);
}

static void refuses(const struct assay_scenario *s, const char *assignment,
                    enum assay_status status, const char *word)
{
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    struct assay_scenario changed = *s;
    cr_expect_eq(assay_scenario_set(&changed, assignment, message), status, "%s: %s", assignment,
                 message);
    cr_expect_not_null(strstr(message, word), "\"%s\" lacks \"%s\"", message, word);
    cr_expect(assay_bytes_equal(&changed, s, sizeof changed), "%s changed it", assignment);
}

/* A scenario in which every key counts. */
static struct assay_scenario full(void)
{
    struct assay_scenario s = assay_scenario_default();
    set(&s, "cohorts[1].name=ring");
    set(&s, "cohorts[ring].count=2");
    set(&s, "adversaries[0].attack=badmouth");
    set(&s, "adversaries[0].cohort=ring");
    set(&s, "partitions[0].share_bp=5000");
    set(&s, "crashes[0].rate_permille=10");
    set(&s, "assertions[0]=score_min_bp ring >= 9000");
    return s;
}

Test(sim_scenario_set, plain_keys_sections_and_elements_are_set)
{
    struct assay_scenario s = full();
    set(&s, "nodes=50");
    set(&s, "seed=18446744073709551615");
    set(&s, "link.loss_permille=100");
    set(&s, "link.loss_of=proposal");
    set(&s, "rule=mean");
    set(&s, "vendor_cap=1/2");
    set(&s, "adversaries[0].victims=ring");
    set(&s, "partitions[0].a_receives_b=true");
    cr_expect_eq(s.nodes, 50);
    cr_expect_eq(s.seed, UINT64_MAX);
    cr_expect_eq(s.link.loss_permille, 100);
    cr_expect_eq(s.link.loss_of, ASSAY_SIM_LOSING_PROPOSAL);
    cr_expect_eq(s.rule, ASSAY_SIM_RULE_MEAN);
    cr_expect(s.vendor_cap_num == 1 && s.vendor_cap_den == 2);
    cr_expect_eq(s.adversaries[0].victims, 1);
    cr_expect(s.partitions[0].a_receives_b);
    cr_expect_str_eq(s.cohorts[1].name, "ring");
}

Test(sim_scenario_set, one_past_the_last_adds_an_element_with_its_defaults)
{
    struct assay_scenario s = full();
    set(&s, "adversaries[1].attack=quiet");
    cr_expect_eq(s.adversary_count, 2);
    cr_expect_eq(s.adversaries[1].start_epoch, 1);
    cr_expect_eq(s.adversaries[1].rate_permille, 1000);
    refuses(&s, "adversaries[3].attack=quiet", ASSAY_E_RANGE, "2 elements");
    for (unsigned i = 2; i < ASSAY_SIM_ADVERSARIES_MAX; i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "adversaries[%u].attack=quiet", i);
        set(&s, text);
    }
    refuses(&s, "adversaries[16].attack=quiet", ASSAY_E_RANGE, "full");
}

Test(sim_scenario_set, a_list_can_be_emptied)
{
    struct assay_scenario s = full();
    set(&s, "adversaries=none");
    set(&s, "partitions=none");
    set(&s, "crashes=none");
    set(&s, "assertions=none");
    cr_expect_eq(s.adversary_count + s.partition_count + s.crash_count + s.assertion_count, 0);
    refuses(&s, "cohorts=none", ASSAY_E_NOT_FOUND, "cohorts");
}

Test(sim_scenario_set, of_two_keys_that_exclude_each_other_the_last_one_counts)
{
    struct assay_scenario s = full();
    set(&s, "cohorts[ring].share_bp=3000");
    cr_expect(s.cohorts[1].count == 0 && s.cohorts[1].share_bp == 3000);
    set(&s, "partitions[0].cohort=ring");
    cr_expect(s.partitions[0].by_cohort && s.partitions[0].share_bp == 0);
    set(&s, "partitions[0].share_bp=1000");
    cr_expect_not(s.partitions[0].by_cohort);
    set(&s, "crashes[0].at_epoch=3");
    cr_expect(s.crashes[0].at_epoch == 3 && s.crashes[0].rate_permille == 0);
}

Test(sim_scenario_set, assertions_follow_the_name_of_their_cohort)
{
    struct assay_scenario s = full();
    set(&s, "cohorts[ring].name=gang");
    cr_expect_str_eq(s.assertions[0].text, "score_min_bp gang >= 9000");
}

Test(sim_scenario_set, what_is_wrong_is_named_with_the_nearest_key)
{
    const struct assay_scenario s = full();
    refuses(&s, "nodse=5", ASSAY_E_NOT_FOUND, "is \"nodes\" meant?");
    refuses(&s, "loss_permile=5", ASSAY_E_NOT_FOUND, "is \"loss_permille\" meant?");
    refuses(&s, "lnk.loss_permille=5", ASSAY_E_NOT_FOUND, "is \"link\" meant?");
    refuses(&s, "adversaries[0].attack=badmouht", ASSAY_E_SYNTAX, "is \"badmouth\" meant?");
    refuses(&s, "adversaries[0].cohort=rign", ASSAY_E_NOT_FOUND, "is \"ring\" meant?");
    refuses(&s, "rule=average", ASSAY_E_SYNTAX, "interval, mean, trimmed");
    refuses(&s, "cohorts[gang].count=1", ASSAY_E_NOT_FOUND, "gang");
    refuses(&s, "cohorts[0].count=1", ASSAY_E_RANGE, "honest");
    refuses(&s, "cohorts[honest].count=1", ASSAY_E_RANGE, "honest");
    refuses(&s, "adversaries.attack=quiet", ASSAY_E_SYNTAX, "is a list");
    refuses(&s, "link[0].loss_permille=1", ASSAY_E_SYNTAX, "no list");
}

Test(sim_scenario_set, what_is_no_assignment_or_no_value_is_refused)
{
    const struct assay_scenario s = full();
    static const char *const bad[] = { "",
                                       "=",
                                       "nodes",
                                       "=5",
                                       "a[=5",
                                       "a]=5",
                                       "link.=5",
                                       "a[0]b=5",
                                       "[0]=5",
                                       ".=5",
                                       "nodes=",
                                       "nodes=-5",
                                       "nodes=05",
                                       "nodes=5 ",
                                       "nodes=+5",
                                       "nodes=7x",
                                       "nodes=0x9",
                                       "nodes=7.0",
                                       "seed=18446744073709551616" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char message[ASSAY_SIM_MESSAGE_MAX] = "";
        struct assay_scenario changed = s;
        cr_expect_neq(assay_scenario_set(&changed, bad[i], message), ASSAY_OK, "%s", bad[i]);
        cr_expect_gt(strlen(message), 10, "%s", bad[i]);
    }
    refuses(&s, "nodes=0", ASSAY_E_RANGE, "1 .. 16384");
    refuses(&s, "nodes=16385", ASSAY_E_RANGE, "1 .. 16384");
    refuses(&s, "partitions[0].a_receives_b=yes", ASSAY_E_SYNTAX, "true or false");
    refuses(&s, "vendor_cap=33", ASSAY_E_SYNTAX, "NUM/DEN");
    refuses(&s, "vendor_cap=3/2", ASSAY_E_RANGE, "NUM/DEN");
    refuses(&s, "vendor_cap=0/2", ASSAY_E_RANGE, "NUM/DEN");
    refuses(&s, "vendor_share_bp=5000,,5000", ASSAY_E_SYNTAX, "each vendor");
    refuses(&s, "vendor_share_bp=1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", ASSAY_E_SYNTAX, "vendor");
    refuses(&s, "vendor_share_bp=10001", ASSAY_E_RANGE, "vendor");
    refuses(&s, "cohorts[ring].name=Ring", ASSAY_E_SYNTAX, "a-z");
    refuses(&s, "name=", ASSAY_E_SYNTAX, "a-z");
}

Test(sim_scenario_set, a_title_may_be_any_line_that_no_terminal_obeys)
{
    struct assay_scenario s = full();
    set(&s, "title=Angriff für \"alle\" \\ 7 € ✓");
    cr_expect_str_eq(s.title, "Angriff für \"alle\" \\ 7 € ✓");
    static const char *const bad[] = { "title=a\nb",     "title=\x1b[31m",     "title=\x7f",
                                       "title=\xc2\x80", "title=\xff",         "title=\xc3",
                                       "title=\xe2\x82", "title=\xed\xa0\x80", "title=\xef\xbb\xbf",
                                       "title=\xc0\x80" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refuses(&s, bad[i], ASSAY_E_SYNTAX, "line");
    char longest[7 + ASSAY_SIM_TITLE_MAX + 1] = "title=";
    memset(longest + 6, 'x', ASSAY_SIM_TITLE_MAX);
    set(&s, longest);
    memset(longest + 6, 'x', ASSAY_SIM_TITLE_MAX + 1);
    refuses(&s, longest, ASSAY_E_SYNTAX, "line");
}

Test(sim_scenario_set, assertions_are_read_in_all_their_forms)
{
    static const char *const compare[] = { "<", "<=", "==", ">=", ">", "!=" };
    struct assay_scenario s = full();
    for (int c = 0; c < 6; c++) {
        char text[64];
        (void)snprintf(text, sizeof text, "assertions[0]=  messages   %s -12 ", compare[c]);
        set(&s, text);
        cr_expect_eq(s.assertions[0].compare, (enum assay_sim_compare)c);
        cr_expect_eq(s.assertions[0].figure, ASSAY_SIM_FIGURE_MESSAGES);
        cr_expect_eq(s.assertions[0].value, -12);
    }
    cr_expect_str_eq(s.assertions[0].text, "messages != -12");
    refuses(&s, "assertions[0]=score_mni_bp ring >= 9", ASSAY_E_SYNTAX, "\"score_min_bp\" meant?");
    refuses(&s, "assertions[0]=score_min_bp >= 9", ASSAY_E_SYNTAX, "COHORT COMPARE");
    refuses(&s, "assertions[0]=messages ring >= 9", ASSAY_E_SYNTAX, "whole network");
    refuses(&s, "assertions[0]=score_min_bp gang >= 9", ASSAY_E_SYNTAX, "name of a cohort");
    refuses(&s, "assertions[0]=messages => 9", ASSAY_E_SYNTAX, "<, <=");
    refuses(&s, "assertions[0]=messages >= 9x", ASSAY_E_SYNTAX, "a number");
    refuses(&s, "assertions[0]=messages >= 9 9 9", ASSAY_E_SYNTAX, "FIGURE");
    refuses(&s, "assertions[0]=", ASSAY_E_SYNTAX, "FIGURE");
    refuses(&s, "assertions[0]=messages >= 9223372036854775808", ASSAY_E_SYNTAX, "a number");
}

/* Another value than the one that stands there. */
static void other_value(const struct assay_scenario_key *key, const char *now, char *text)
{
    uint64_t value = 0;
    const char *fixed = NULL;
    switch (key->kind) {
    case ASSAY_SCENARIO_U32:
    case ASSAY_SCENARIO_U64:
        value = key->min == strtoull(now, NULL, 10) ? key->min + 1 : key->min;
        (void)snprintf(text, ASSAY_SCENARIO_VALUE_MAX, "%llu", (unsigned long long)value);
        return;
    case ASSAY_SCENARIO_WORD:
        fixed = key->word(key->word_min);
        if (strcmp(fixed, now) == 0) fixed = key->word(key->word_min + 1);
        break;
    case ASSAY_SCENARIO_BOOL: fixed = strcmp(now, "true") == 0 ? "false" : "true"; break;
    case ASSAY_SCENARIO_NAME: fixed = "another"; break;
    case ASSAY_SCENARIO_TEXT: fixed = "another line"; break;
    case ASSAY_SCENARIO_COHORT: fixed = strcmp(now, "honest") == 0 ? "ring" : "honest"; break;
    case ASSAY_SCENARIO_CAP: fixed = "1/7"; break;
    case ASSAY_SCENARIO_SHARES: fixed = "4000,3000,2000,1000"; break;
    case ASSAY_SCENARIO_ASSERTION: fixed = "bytes < 7"; break;
    }
    (void)snprintf(text, ASSAY_SCENARIO_VALUE_MAX, "%s", fixed);
}

Test(sim_scenario_set, every_key_of_the_table_is_set_and_given_back)
{
    for (uint32_t i = 0; i < ASSAY_SCENARIO_SECTIONS; i++) {
        const struct assay_scenario_section *section = &assay_scenario_sections[i];
        for (uint32_t k = 0; k < section->key_count; k++) {
            struct assay_scenario s = full();
            char now[ASSAY_SCENARIO_VALUE_MAX] = "", wanted[ASSAY_SCENARIO_VALUE_MAX] = "";
            char got[ASSAY_SCENARIO_VALUE_MAX] = "", assignment[512];
            const struct assay_scenario_key *key = &section->keys[k];
            const void *part = assay_scenario_part_const(&s, section, section->first);
            (void)assay_scenario_give(&s, part, key, now);
            other_value(key, now, wanted);
            const char *name = key->name != NULL ? key->name : "";
            const char *dot = section->name[0] != '\0' && key->name != NULL ? "." : "";
            if (section->is_list)
                (void)snprintf(assignment, sizeof assignment, "%s[%u]%s%s=%s", section->name,
                               section->first, dot, name, wanted);
            else
                (void)snprintf(assignment, sizeof assignment, "%s%s%s=%s", section->name, dot, name,
                               wanted);
            set(&s, assignment);
            const bool given = assay_scenario_give(&s, part, key, got);
            if (strcmp(wanted, "0") == 0 && key->instead != NULL && key->flag_offset == 0)
                cr_expect_not(given, "%s", assignment);
            else cr_expect_str_eq(got, wanted, "%s gives %s", assignment, got);
        }
    }
}

Test(sim_scenario_set, bounds_are_checked_where_no_text_came_in)
{
    struct assay_scenario s = full();
    char message[ASSAY_SIM_MESSAGE_MAX];
    cr_assert_eq(assay_scenario_check(&s, message), ASSAY_OK, "%s", message);
    s.adversaries[0].rate_permille = 1001;
    cr_expect_eq(assay_scenario_check(&s, message), ASSAY_E_RANGE);
    cr_expect_not_null(strstr(message, "adversaries[0].rate_permille"), "%s", message);
    s = full();
    s.crashes[0].cohort = 2;
    cr_expect_eq(assay_scenario_check(&s, message), ASSAY_E_RANGE);
    cr_expect_not_null(strstr(message, "crashes[0].cohort"), "%s", message);
    s = full();
    s.rule = (enum assay_sim_rule)6;
    cr_expect_eq(assay_scenario_check(&s, message), ASSAY_E_RANGE);
    s = full();
    s.cohort_count = ASSAY_SIM_COHORTS_MAX + 1;
    cr_expect_eq(assay_scenario_check(&s, message), ASSAY_E_RANGE);
}
