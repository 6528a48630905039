/*
 * tests/unit/quote_source/test_advance.c - collateral goes forward only.
 */
#include "quote/collateral/advance.h"

#include "tests/unit/quote/world.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct world *w;
static struct assay_collateral *before, *after;
static struct assay_setback setback;

static void set_up(void)
{
    w = world_open();
    before = malloc(sizeof *before);
    after = malloc(sizeof *after);
    *before = w->collateral;
    *after = w->collateral;
}

static void tear_down(void)
{
    free(before);
    free(after);
    world_close(w);
}

TestSuite(advance, .init = set_up, .fini = tear_down);

static enum assay_status compare(void)
{
    setback = (struct assay_setback){ 0 };
    return assay_collateral_advance(before, after, &setback);
}

static void expect_setback(enum assay_status status, enum assay_collateral_part part,
                           const char *field)
{
    cr_assert_eq(compare(), status);
    cr_expect_eq(setback.part, part);
    cr_expect_str_eq(setback.field, field);
    cr_expect_eq(assay_collateral_advance(before, after, NULL), status);
    *after = *before;
}

Test(advance, the_same_and_anything_newer_may_follow)
{
    cr_expect_eq(compare(), ASSAY_OK);
    after->tcb_info.evaluation_number += 1;
    after->tcb_info.issue_unix_s += 1;
    after->qe_identity.evaluation_number += 1;
    after->qe_identity.issue_unix_s += 1;
    after->root_crl.this_update_s += 1;
    after->pck_crl.this_update_s += 1;
    after->pck_crl.number[ASSAY_SERIAL_LEN - 2] += 1;
    cr_expect_eq(compare(), ASSAY_OK);
}

Test(advance, each_field_that_goes_back_is_named)
{
    after->tcb_info.evaluation_number -= 1;
    after->tcb_info.issue_unix_s += 1000000;
    expect_setback(ASSAY_E_STALE, ASSAY_PART_TCB_INFO, "tcbEvaluationDataNumber");
    after->tcb_info.evaluation_number += 1;
    after->tcb_info.issue_unix_s -= 1;
    expect_setback(ASSAY_E_STALE, ASSAY_PART_TCB_INFO, "issueDate");
    after->qe_identity.evaluation_number -= 1;
    expect_setback(ASSAY_E_STALE, ASSAY_PART_QE_IDENTITY, "tcbEvaluationDataNumber");
    after->qe_identity.issue_unix_s -= 1;
    expect_setback(ASSAY_E_STALE, ASSAY_PART_QE_IDENTITY, "issueDate");
    after->root_crl.this_update_s -= 1;
    expect_setback(ASSAY_E_STALE, ASSAY_PART_ROOT_CRL, "thisUpdate");
    after->pck_crl.this_update_s -= 1;
    expect_setback(ASSAY_E_STALE, ASSAY_PART_PCK_CRL, "thisUpdate");
    cr_expect_eq(compare(), ASSAY_OK, "the values were put back");
}

Test(advance, a_list_s_number_never_falls_and_never_goes_away)
{
    before->pck_crl.has_number = after->pck_crl.has_number = true;
    assay_bytes_zero(before->pck_crl.number, ASSAY_SERIAL_LEN);
    before->pck_crl.number[ASSAY_SERIAL_LEN - 2] = 1; /* 256 */
    after->pck_crl = before->pck_crl;
    after->pck_crl.number[ASSAY_SERIAL_LEN - 2] = 0;
    after->pck_crl.number[ASSAY_SERIAL_LEN - 1] = 255;
    after->pck_crl.this_update_s += 1000;
    expect_setback(ASSAY_E_STALE, ASSAY_PART_PCK_CRL, "CRL number");
    after->pck_crl.has_number = false;
    expect_setback(ASSAY_E_STALE, ASSAY_PART_PCK_CRL, "CRL number");
    before->pck_crl.has_number = false;
    cr_expect_eq(compare(), ASSAY_OK, "one may come");
}

Test(advance, what_speaks_of_something_else_is_no_successor)
{
    after->tcb_info.fmspc[5] ^= 1;
    expect_setback(ASSAY_E_INVALID, ASSAY_PART_TCB_INFO, "fmspc");
    after->tcb_info.tee = ASSAY_TEE_TDX;
    expect_setback(ASSAY_E_INVALID, ASSAY_PART_TCB_INFO, "id");
    after->qe_identity.tee = ASSAY_TEE_TDX;
    expect_setback(ASSAY_E_INVALID, ASSAY_PART_QE_IDENTITY, "id");
    after->pck_crl.issuer.der[10] ^= 1;
    expect_setback(ASSAY_E_INVALID, ASSAY_PART_PCK_CRL, "issuer");
}

Test(advance, parts_that_one_side_has_not_are_not_compared)
{
    after->tcb_info.evaluation_number -= 1;
    after->has[ASSAY_PART_TCB_INFO] = false;
    cr_expect_eq(compare(), ASSAY_OK);
    after->has[ASSAY_PART_TCB_INFO] = true;
    before->has[ASSAY_PART_TCB_INFO] = false;
    cr_expect_eq(compare(), ASSAY_OK);
}

Test(advance, the_list_of_another_vendor_counts_too)
{
    before->has[ASSAY_PART_CRL] = after->has[ASSAY_PART_CRL] = true;
    before->has[ASSAY_PART_ROOT_CRL] = after->has[ASSAY_PART_ROOT_CRL] = false;
    before->list_count = after->list_count = 2;
    before->lists[0].crl = after->lists[1].crl = before->root_crl;
    before->lists[1].crl = after->lists[0].crl = before->pck_crl; /* in another order */
    cr_expect_eq(compare(), ASSAY_OK);
    after->lists[0].crl.this_update_s -= 1;
    expect_setback(ASSAY_E_STALE, ASSAY_PART_CRL, "thisUpdate");
    after->list_count = 1; /* an authority is left without */
    after->lists[0].crl = before->root_crl;
    expect_setback(ASSAY_E_INVALID, ASSAY_PART_CRL, "issuer");
}

Test(advance, publications_by_the_same_authority_advance)
{
    for (uint32_t number = 10; number < 16; number++) {
        w->terms.evaluation_number = number;
        w->terms.issue_unix_s += 86400;
        world_publish(w);
        *after = w->collateral;
        *before = number == 10 ? w->collateral : *before;
        cr_expect_eq(compare(), ASSAY_OK);
        struct assay_collateral *const swap = before;
        before = after;
        after = swap;
    }
}
