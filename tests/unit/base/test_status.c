/*
 * tests/unit/base/test_status.c - tests of every status against a second, manual list.
 *
 * Numbers are logged and sent: a changed or reused one is a broken promise, and only a second list
 * notices it.
 */
#include "base/status.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <string.h>

struct row {
    enum assay_status status;
    int number;
    enum assay_class class_;
    const char *symbol;
};

static const struct row rows[] = {
    { ASSAY_OK, 0, ASSAY_CLASS_OK, "ASSAY_OK" },
    { ASSAY_E_TRUNCATED, 101, ASSAY_CLASS_INPUT, "ASSAY_E_TRUNCATED" },
    { ASSAY_E_TRAILING, 102, ASSAY_CLASS_INPUT, "ASSAY_E_TRAILING" },
    { ASSAY_E_RANGE, 103, ASSAY_CLASS_INPUT, "ASSAY_E_RANGE" },
    { ASSAY_E_UNSUPPORTED, 104, ASSAY_CLASS_INPUT, "ASSAY_E_UNSUPPORTED" },
    { ASSAY_E_ENCODING, 105, ASSAY_CLASS_INPUT, "ASSAY_E_ENCODING" },
    { ASSAY_E_TYPE, 106, ASSAY_CLASS_INPUT, "ASSAY_E_TYPE" },
    { ASSAY_E_DUPLICATE, 107, ASSAY_CLASS_INPUT, "ASSAY_E_DUPLICATE" },
    { ASSAY_E_SIGNATURE, 108, ASSAY_CLASS_INPUT, "ASSAY_E_SIGNATURE" },
    { ASSAY_E_KEY, 109, ASSAY_CLASS_INPUT, "ASSAY_E_KEY" },
    { ASSAY_E_CHAIN, 110, ASSAY_CLASS_INPUT, "ASSAY_E_CHAIN" },
    { ASSAY_E_STALE, 111, ASSAY_CLASS_INPUT, "ASSAY_E_STALE" },
    { ASSAY_E_EARLY, 112, ASSAY_CLASS_INPUT, "ASSAY_E_EARLY" },
    { ASSAY_E_STRANGER, 113, ASSAY_CLASS_INPUT, "ASSAY_E_STRANGER" },
    { ASSAY_E_LANE, 114, ASSAY_CLASS_INPUT, "ASSAY_E_LANE" },
    { ASSAY_E_INVALID, 115, ASSAY_CLASS_INPUT, "ASSAY_E_INVALID" },
    { ASSAY_E_SYNTAX, 116, ASSAY_CLASS_INPUT, "ASSAY_E_SYNTAX" },
    { ASSAY_E_NOT_FOUND, 117, ASSAY_CLASS_INPUT, "ASSAY_E_NOT_FOUND" },
    { ASSAY_E_FULL, 201, ASSAY_CLASS_LIMIT, "ASSAY_E_FULL" },
    { ASSAY_E_RATE, 202, ASSAY_CLASS_LIMIT, "ASSAY_E_RATE" },
    { ASSAY_E_AGAIN, 203, ASSAY_CLASS_LIMIT, "ASSAY_E_AGAIN" },
    { ASSAY_E_STORE, 301, ASSAY_CLASS_HOST, "ASSAY_E_STORE" },
    { ASSAY_E_IO, 302, ASSAY_CLASS_HOST, "ASSAY_E_IO" },
    { ASSAY_E_CRYPTO, 303, ASSAY_CLASS_HOST, "ASSAY_E_CRYPTO" },
    { ASSAY_E_MEMORY, 304, ASSAY_CLASS_HOST, "ASSAY_E_MEMORY" },
    { ASSAY_E_VERSION, 305, ASSAY_CLASS_HOST, "ASSAY_E_VERSION" },
    { ASSAY_E_TIMEOUT, 306, ASSAY_CLASS_HOST, "ASSAY_E_TIMEOUT" },
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

#define ONE(symbol, number, class_, text) +1
enum { STATUS_COUNT = 0 ASSAY_STATUS_LIST(ONE) };

Test(base_status, keeps_number_class_and_symbol_of_every_status)
{
    cr_assert_eq((int)ROW_COUNT, (int)STATUS_COUNT, "a status has no row in this test");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        cr_assert_eq((int)rows[i].status, rows[i].number, "%s", rows[i].symbol);
        cr_assert_eq(assay_status_class(rows[i].status), rows[i].class_, "%s", rows[i].symbol);
        cr_assert_str_eq(assay_status_symbol(rows[i].status), rows[i].symbol);
    }
}

Test(base_status, has_a_text_of_its_own_for_every_status)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const char *text = assay_status_text(rows[i].status);
        cr_assert_neq(strlen(text), 0);
        cr_assert_str_neq(text, "unknown status");
        for (size_t j = 0; j < i; j++) {
            cr_assert_str_neq(text, assay_status_text(rows[j].status));
            cr_assert_neq(rows[i].number, rows[j].number);
        }
    }
}

Test(base_status, derives_the_class_from_the_hundreds)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        cr_assert_eq((int)rows[i].class_, rows[i].number / 100, "%s", rows[i].symbol);
    }
}

Test(base_status, answers_for_numbers_outside_the_list)
{
    static const int numbers[] = { 1, 99, 100, 118, 200, 204, 300, 307, 999 };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const enum assay_status status = (enum assay_status)numbers[i];
        cr_assert_str_eq(assay_status_text(status), "unknown status");
        cr_assert_str_eq(assay_status_symbol(status), "ASSAY_E_UNKNOWN");
        cr_assert_eq(assay_status_class(status), ASSAY_CLASS_HOST);
    }
}

static enum assay_status try_it(enum assay_status status, bool *passed)
{
    *passed = false;
    ASSAY_TRY(status);
    *passed = true;
    return ASSAY_OK;
}

Test(base_status, try_returns_a_failure_at_once_and_goes_on_after_success)
{
    bool passed = false;
    cr_assert_eq(try_it(ASSAY_E_RATE, &passed), ASSAY_E_RATE);
    cr_assert_not(passed);
    cr_assert_eq(try_it(ASSAY_OK, &passed), ASSAY_OK);
    cr_assert(passed);
}
