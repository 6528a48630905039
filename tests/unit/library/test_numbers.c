/*
 * tests/unit/library/test_numbers.c - tests that the numbers of the public header equal those of
 * the core.
 */
#include "quote/result/ar4si.h"
#include "quote/verify.h"
#include "tests/unit/library/numbers.h"

#include <assay/assay.h>
#include <criterion/criterion.h>
#include <string.h>

Test(library_numbers, are_the_cores)
{
    for (int i = 0; i < NUMBER_COUNT; i++) {
        cr_assert_str_eq(numbers_public[i].name, numbers_core[i].name);
        cr_assert_eq(numbers_public[i].value, numbers_core[i].value, "%s", numbers_public[i].name);
    }
}

static bool is_public(const char *prefix, long value)
{
    for (int i = 0; i < NUMBER_COUNT; i++)
        if (strncmp(numbers_public[i].name, prefix, strlen(prefix)) == 0 &&
            numbers_public[i].value == value)
            return true;
    return false;
}

/* A kind or a TCB status that the core learns must reach the header. */
Test(library_numbers, leave_out_no_kind_and_no_status)
{
    for (int kind = 0; kind < ASSAY_KIND_COUNT; kind++)
        cr_assert(is_public("ASSAY_KIND_", kind), "kind %d", kind);
    for (int status = 0; status < ASSAY_TCB_STATUS_COUNT; status++)
        cr_assert(is_public("ASSAY_TCB_", status), "TCB status %d", status);
    cr_assert_not(is_public("ASSAY_KIND_", ASSAY_KIND_COUNT));
}

Test(library_numbers, labels_of_ar4si_are_the_cores)
{
    cr_assert_eq((int)ASSAY_AR4SI_INSTANCE_IDENTITY, (int)ASSAY_TRUST_INSTANCE_IDENTITY);
    cr_assert_eq((int)ASSAY_AR4SI_CONFIGURATION, (int)ASSAY_TRUST_CONFIGURATION);
    cr_assert_eq((int)ASSAY_AR4SI_EXECUTABLES, (int)ASSAY_TRUST_EXECUTABLES);
    cr_assert_eq((int)ASSAY_AR4SI_FILE_SYSTEM, (int)ASSAY_TRUST_FILE_SYSTEM);
    cr_assert_eq((int)ASSAY_AR4SI_HARDWARE, (int)ASSAY_TRUST_HARDWARE);
    cr_assert_eq((int)ASSAY_AR4SI_RUNTIME_OPAQUE, (int)ASSAY_TRUST_RUNTIME_OPAQUE);
    cr_assert_eq((int)ASSAY_AR4SI_STORAGE_OPAQUE, (int)ASSAY_TRUST_STORAGE_OPAQUE);
    cr_assert_eq((int)ASSAY_AR4SI_SOURCED_DATA, (int)ASSAY_TRUST_SOURCED_DATA);
}

Test(library_numbers, texts_are_the_cores)
{
    cr_assert_str_eq(assay_version(), ASSAY_VERSION);
    cr_assert_str_eq(assay_name_of_status(ASSAY_E_RANGE), "ASSAY_E_RANGE");
    cr_assert_str_eq(assay_describe_status(ASSAY_E_MEMORY), assay_status_text(ASSAY_E_MEMORY));
    cr_assert_str_eq(assay_describe_status(ASSAY_E_INVALID),
                     "an argument is missing (NULL, empty), or a rule forbids it");
    cr_assert_str_eq(assay_describe_status((enum assay_status)9999), "unknown status");
    cr_assert_str_eq(assay_name_of_kind(ASSAY_KIND_TDX4), "tdx-v4");
    cr_assert_str_eq(assay_name_of_tier(ASSAY_TIER_WARNING), "warning");
    cr_assert_str_eq(assay_name_of_tcb_status(ASSAY_TCB_UP_TO_DATE), "UpToDate");
    cr_assert_str_eq(assay_name_of_rule_class(ASSAY_RULE_REFUSED), "refused");
    cr_assert_str_eq(assay_name_of_rule_class((enum assay_rule_class)99), "unknown");
    cr_assert_str_eq(assay_name_of_eventlog_form(ASSAY_EVENTLOG_TCG), "firmware");
    cr_assert_str_eq(assay_name_of_eventlog_form((enum assay_eventlog_form)0), "unknown");
    cr_assert_str_eq(assay_name_of_register_state(ASSAY_REGISTER_DIFFERS), "differs");
    cr_assert_str_eq(assay_name_of_register_state((enum assay_register_state)0), "unknown");
    cr_assert_str_eq(assay_name_of_kind((enum assay_evidence_kind)99), "unknown");
}
