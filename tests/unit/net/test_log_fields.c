/*
 * tests/unit/net/test_log_fields.c - tests of fields of log lines, and of notes about members.
 *
 * net/runtime/log_fields.h: every number of every note has a name, and words stand where numbers
 * are codes.
 */
#include "engine/ledger/records/finding.h"
#include "net/documents/document.h"
#include "net/runtime/log_fields.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char *text;
static size_t text_len;

static const char *line_of(enum assay_note note, uint64_t a, uint64_t b)
{
    static struct assay_log log;
    free(text);
    FILE *file = open_memstream(&text, &text_len);
    assay_log_init(&log, file, ASSAY_SEVERITY_INFO, "");
    cr_assert(assay_log_begin(&log, ASSAY_SEVERITY_INFO, "x"));
    assay_log_note_fields(&log, note, a, b);
    assay_log_end(&log);
    cr_assert_eq(fclose(file), 0);
    const char *rest = strstr(text, "event=x");
    cr_assert_not_null(rest);
    return rest + 7;
}

Test(net_log_fields, names_its_numbers)
{
    cr_expect_str_eq(line_of(ASSAY_NOTE_EPOCH_CLOSED, 3, 1), " epoch=3 certified=true\n");
    cr_expect_str_eq(line_of(ASSAY_NOTE_EPOCH_CLOSED, 3, 0), " epoch=3 certified=false\n");
    cr_expect_str_eq(line_of(ASSAY_NOTE_FINALISED, 3, 19), " height=3 view=19\n");
    cr_expect_str_eq(line_of(ASSAY_NOTE_STANDING, 0, 3), " before=FULL after=SUSPENDED\n");
    cr_expect_str_eq(line_of(ASSAY_NOTE_BEHIND, 7, 9), " epoch=7 epoch_seen=9\n");
    cr_expect_str_eq(line_of(ASSAY_NOTE_FAIL_PROVEN, ASSAY_OUTCOME_FAIL_HARD, 0),
                     " outcome=fail-hard\n");
    cr_expect_str_eq(line_of(ASSAY_NOTE_CHANGE_ENDED, 4, 1), " change=4 end=reverted\n");
    cr_expect_str_eq(line_of(ASSAY_NOTE_CANNOT_CATCH_UP, 5, 3), " epoch=5 lacks=state\n");
    cr_expect_str_eq(line_of(ASSAY_NOTE_REFUSED, 9999, ASSAY_E_STALE),
                     " kind=unknown status=ASSAY_E_STALE\n");
    cr_expect_str_eq(line_of(ASSAY_NOTE_RESUMED, 5, 6), " above_view=5\n", "b says nothing");
}

/* What an operator met: a=3 b=19. And a note without a row would end the test. */
Test(net_log_fields, no_note_says_a_or_b)
{
#define ONE(symbol, number, name)                                                                  \
    cr_expect_null(strstr(line_of(symbol, 1, 2), " a="), name);                                    \
    cr_expect_null(strstr(line_of(symbol, 1, 2), " b="), name);                                    \
    cr_expect_not_null(strchr(line_of(symbol, 1, 2), '='), name);                                  \
    cr_expect_not_null(line_of(symbol, UINT64_MAX, UINT64_MAX), name);
    ASSAY_NOTE_LIST(ONE)
#undef ONE
}

static struct assay_member_snapshot member_with(enum assay_outcome outcome, const char *reason)
{
    struct assay_member_snapshot m = { .own_outcome = outcome };
    (void)snprintf(m.last_reason, sizeof m.last_reason, "%s", reason);
    return m;
}

/* "sent no evidence: absent: no evidence for this epoch could be had" */
Test(net_log_fields, missing_evidence_is_said_once)
{
    struct assay_member_snapshot m =
        member_with(ASSAY_OUTCOME_ABSENT, "absent: no evidence for this epoch could be had");
    cr_expect_str_eq(assay_log_predicate(ASSAY_NOTE_EVIDENCE_MISSING, &m),
                     "sent no evidence for this epoch");
    cr_expect_not(assay_log_has_reason(ASSAY_NOTE_EVIDENCE_MISSING, &m));
    cr_expect_not(assay_log_has_reason(ASSAY_NOTE_FAIL_PROVEN, &m));
    m = member_with(ASSAY_OUTCOME_FAIL_HARD, "svn: expected 3, observed 2");
    cr_expect_str_eq(assay_log_predicate(ASSAY_NOTE_EVIDENCE_MISSING, &m),
                     "sent no evidence: its last one fails");
    cr_expect_not(assay_log_has_reason(ASSAY_NOTE_EVIDENCE_MISSING, &m));
    m = member_with(ASSAY_OUTCOME_NONE, "convicted by a proof");
    cr_expect_not(assay_log_has_reason(ASSAY_NOTE_OFFENCE_PROVEN, &m));
}

/* A reason of an appraisal is none of two signatures. */
Test(net_log_fields, a_reason_belongs_to_its_note)
{
    struct assay_member_snapshot m =
        member_with(ASSAY_OUTCOME_FAIL_HARD, "svn: expected 3, observed 2");
    cr_expect(assay_log_has_reason(ASSAY_NOTE_FAIL_PROVEN, &m));
    cr_expect_not(assay_log_has_reason(ASSAY_NOTE_EQUIVOCATION, &m));
    cr_expect_not(assay_log_has_reason(ASSAY_NOTE_EVIDENCE_FOREIGN, &m));
    m = member_with(ASSAY_OUTCOME_NONE, "E8: signed two envelopes of one epoch");
    cr_expect(assay_log_has_reason(ASSAY_NOTE_OFFENCE_PROVEN, &m));
    m = member_with(ASSAY_OUTCOME_NONE, "");
    cr_expect_not(assay_log_has_reason(ASSAY_NOTE_FAIL_PROVEN, &m));
}

Test(net_log_fields, a_reason_that_was_cut_ends_with_a_mark)
{
    char long_reason[ASSAY_FINDING_REASON_LEN + 20], reason[ASSAY_LOG_REASON_LEN];
    char tiny[8] = "abcdefg";
    memset(long_reason, 'x', sizeof long_reason - 1);
    long_reason[sizeof long_reason - 1] = '\0';
    struct assay_member_snapshot m = member_with(ASSAY_OUTCOME_FAIL_SOFT, long_reason);
    cr_expect_eq(strlen(assay_log_reason(&m, reason)), ASSAY_FINDING_REASON_LEN - 1 + 3);
    cr_expect_str_eq(reason + strlen(reason) - 4, "x...");
    m = member_with(ASSAY_OUTCOME_FAIL_SOFT, "svn: too low");
    cr_expect_str_eq(assay_log_reason(&m, reason), "svn: too low");
    assay_document_mark_cut(tiny, sizeof tiny, sizeof tiny); /* one character more */
    cr_expect_str_eq(tiny, "abcd...");
    assay_document_mark_cut(tiny, sizeof tiny, strlen(tiny));
    cr_expect_str_eq(tiny, "abcd...", "it fits");
}
