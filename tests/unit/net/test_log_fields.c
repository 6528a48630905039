/*
 * tests/unit/net/test_log_fields.c - tests of fields of log lines.
 *
 * net/runtime/log_fields.h: every number of every note has a name, and words stand where numbers
 * are codes.
 */
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
