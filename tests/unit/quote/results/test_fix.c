/*
 * tests/unit/quote/results/test_fix.c - tests of remedies: every rule has an actionable one.
 */
#include "quote/result/fix.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

#define RULE_NUMBER(symbol, number, class_, name, text) number,
static const int rules[] = { ASSAY_RULE_LIST(RULE_NUMBER) };

Test(quote_fix, every_rule_has_one_sentence)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const char *const fix = assay_rule_fix((enum assay_rule)rules[i]);
        const size_t len = strlen(fix);
        cr_assert_gt(len, 20, "rule %d", rules[i]);
        cr_assert(isupper((unsigned char)fix[0]), "%s", fix);
        cr_assert_eq(fix[len - 1], '.', "%s", fix);
        cr_assert_null(strstr(fix, ". "), "two sentences: %s", fix);
        cr_assert_null(strstr(fix, "  "), "%s", fix);
    }
    cr_assert_gt(strlen(assay_rule_fix((enum assay_rule)9999)), 0);
}

Test(quote_fix, never_advises_to_accept_what_is_forged)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (assay_rule_class_of((enum assay_rule)rules[i]) != ASSAY_RULE_FORGED) continue;
        const char *const fix = assay_rule_fix((enum assay_rule)rules[i]);
        cr_assert_null(strstr(fix, "in the policy"), "%s", fix);
        cr_assert_null(strstr(fix, "ignore"), "%s", fix);
    }
}
