/*
 * tests/unit/quote/eventlog/test_report.c - tests of the report on event logs: rules at their log,
 * the gravest rule, and texts as in the manual.
 */
#include "quote/eventlog/appraise.h"

#include <criterion/criterion.h>
#include <string.h>

static struct assay_eventlog_report report;

Test(quote_eventlog_report, the_graver_rule_stays)
{
    const enum assay_rule none = (enum assay_rule)0;
    cr_expect_eq(assay_eventlog_graver(none, none), none);
    cr_expect_eq(assay_eventlog_graver(none, ASSAY_RULE_FILE_UNKNOWN), ASSAY_RULE_FILE_UNKNOWN);
    cr_expect_eq(assay_eventlog_graver(ASSAY_RULE_FILE_UNKNOWN, none), ASSAY_RULE_FILE_UNKNOWN);
    cr_expect_eq(assay_eventlog_graver(ASSAY_RULE_FILE_UNKNOWN, ASSAY_RULE_EVENT_DENIED),
                 ASSAY_RULE_EVENT_DENIED);
    cr_expect_eq(assay_eventlog_graver(ASSAY_RULE_EVENT_DENIED, ASSAY_RULE_FILE_UNKNOWN),
                 ASSAY_RULE_EVENT_DENIED);
    cr_expect_eq(assay_eventlog_graver(ASSAY_RULE_EVENT_DENIED, ASSAY_RULE_EVENT_MISSING),
                 ASSAY_RULE_EVENT_DENIED);
}

Test(quote_eventlog_report, a_rule_is_noted_at_the_judged_log_of_its_form)
{
    memset(&report, 0xff, sizeof report);
    assay_eventlog_report_init(&report);
    cr_expect_eq(report.log_count, 0);
    cr_expect_eq(report.failed_count, 0);
    report.log_count = 3;
    report.logs[0].form = ASSAY_EVENTLOG_TCG; /* was given, and not judged */
    report.logs[1].form = ASSAY_EVENTLOG_IMA;
    report.logs[1].judged = true;
    report.logs[2].form = ASSAY_EVENTLOG_TCG;
    report.logs[2].judged = true;
    assay_eventlog_report_note(&report, ASSAY_EVENTLOG_TCG, ASSAY_RULE_EVENT_UNKNOWN);
    cr_expect_eq((int)report.logs[0].rule, 0);
    cr_expect_eq((int)report.logs[1].rule, 0);
    cr_expect_eq(report.logs[2].rule, ASSAY_RULE_EVENT_UNKNOWN);
    assay_eventlog_report_note(NULL, ASSAY_EVENTLOG_TCG, ASSAY_RULE_EVENT_UNKNOWN);
}

Test(quote_eventlog_report, words)
{
    cr_expect_str_eq(assay_eventlog_form_text(ASSAY_EVENTLOG_TCG), "firmware");
    cr_expect_str_eq(assay_eventlog_form_text(ASSAY_EVENTLOG_IMA), "ima");
    cr_expect_str_eq(assay_eventlog_form_text((enum assay_eventlog_form)0), "unknown");
    static const char *const states[] = { "matches", "differs", "not-quoted", "not-replayed",
                                          "not-logged" };
    for (int i = 0; i < 5; i++)
        cr_expect_str_eq(assay_register_state_text((enum assay_register_state)(i + 1)), states[i]);
    cr_expect_str_eq(assay_register_state_text((enum assay_register_state)6), "unknown");
    cr_expect_str_eq(assay_register_bank_text(4), "sha1");
    cr_expect_str_eq(assay_register_bank_text(11), "sha256");
    cr_expect_str_eq(assay_register_bank_text(12), "sha384");
    cr_expect_str_eq(assay_register_bank_text(13), "sha512");
    cr_expect_str_eq(assay_register_bank_text(0), "unknown");
}
