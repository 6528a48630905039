/*
 * tests/unit/quote/test_tdx.c - what is judged of a TD report itself: debug and reserved bits,
 * measurements, the TDX module; each bit and field by itself.
 */
#include "quote/judge.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct bench {
    struct assay_kind row;
    struct assay_quote quote;
    struct assay_policy policy;
    struct assay_collateral collateral;
    struct assay_verdict verdict;
};

static struct bench *open_bench(void)
{
    struct bench *const b = calloc(1, sizeof *b);
    cr_assert_not_null(b);
    cr_assert_eq(assay_kind_find(ASSAY_KIND_TDX4, &b->row), ASSAY_OK);
    assay_policy_default(&b->policy);
    for (size_t i = 0; i < 48; i++) {
        b->quote.body.td.mrtd[i] = (uint8_t)(0x10 + i);
        for (size_t k = 0; k < 4; k++)
            b->quote.body.td.rtmr[k][i] = (uint8_t)(0x80 + 16 * k + i);
    }
    b->collateral.has[ASSAY_PART_TCB_INFO] = true;
    b->collateral.tcb_info.tee = ASSAY_TEE_TDX;
    b->collateral.tcb_info.has_default_module = true;
    b->collateral.tcb_info.module_count = 1;
    b->collateral.tcb_info.modules[0].version = 3;
    for (size_t i = 0; i < 8; i++) {
        b->collateral.tcb_info.default_module.attributes_mask[i] = 0xff;
        b->collateral.tcb_info.modules[0].attributes_mask[i] = 0xff;
    }
    return b;
}

/* Returns: the first rule, 0 when there is no reason. */
static int judge_body(struct bench *b)
{
    assay_verdict_init(&b->verdict, ASSAY_KIND_TDX4, 1000);
    b->row.judge_body(&b->quote, &b->policy, &b->verdict);
    return b->verdict.reason_count == 0 ? 0 : (int)b->verdict.reasons[0].rule;
}

static int judge_module(struct bench *b)
{
    assay_verdict_init(&b->verdict, ASSAY_KIND_TDX4, 1000);
    assay_judge_identities(&b->row, &b->quote, &b->collateral, &b->verdict);
    return b->verdict.reason_count == 0 ? 0 : (int)b->verdict.reasons[0].rule;
}

Test(quote_tdx, refuses_debug_and_every_bit_reserved_for_it)
{
    struct bench *const b = open_bench();
    cr_assert_eq(judge_body(b), 0);
    for (unsigned byte = 0; byte < 8; byte++)
        for (unsigned bit = 0; bit < 8; bit++) {
            /* All of them, not only [byte] afterwards: gcc 12 drops that store (-ftree-dse). */
            memset(b->quote.body.td.td_attributes, 0, 8);
            b->quote.body.td.td_attributes[byte] = (uint8_t)(1u << bit);
            int wanted = 0; /* bits above the first byte are features */
            if (byte == 0) wanted = bit == 0 ? ASSAY_RULE_DEBUG : ASSAY_RULE_RESERVED_BITS;
            cr_assert_eq(judge_body(b), wanted, "bit %u of byte %u", bit, byte);
            cr_assert_eq(b->verdict.debug, byte == 0 && bit == 0);
        }
    free(b);
}

Test(quote_tdx, measures_mrtd_and_every_rtmr)
{
    struct bench *const b = open_bench();
    struct assay_reference *const r = &b->policy.references[0];
    b->policy.reference_count = 1;
    r->value_len = 48;
    for (int field = ASSAY_REFERENCE_MRTD; field <= ASSAY_REFERENCE_RTMR3; field++) {
        r->field = (enum assay_reference_field)field;
        const uint8_t *const value = field == ASSAY_REFERENCE_MRTD
                                         ? b->quote.body.td.mrtd
                                         : b->quote.body.td.rtmr[field - ASSAY_REFERENCE_RTMR0];
        assay_bytes_copy(r->value, sizeof r->value, value, 48);
        cr_assert_eq(judge_body(b), 0, "field %d", field);
        r->value[47] ^= 1;
        cr_assert_eq(judge_body(b), ASSAY_RULE_MEASUREMENT_UNKNOWN, "field %d", field);
    }
    cr_assert_arr_eq(b->verdict.measurement, b->quote.body.td.mrtd, 48);
    cr_assert_eq(b->verdict.measurement_len, 48);
    r->field = ASSAY_REFERENCE_MRENCLAVE; /* about enclaves: says nothing of a TD */
    cr_assert_eq(judge_body(b), 0);
    free(b);
}

Test(quote_tdx, wants_the_vendors_module)
{
    struct bench *const b = open_bench();
    static const uint8_t versions[] = { 0, 3 };
    for (size_t i = 0; i < sizeof versions; i++) {
        b->quote.body.td.tee_tcb_svn[1] = versions[i];
        cr_assert_eq(judge_module(b), 0);
        b->quote.body.td.mrsignerseam[47] = 1;
        cr_assert_eq(judge_module(b), ASSAY_RULE_MODULE_IDENTITY);
        b->quote.body.td.mrsignerseam[47] = 0;
        for (unsigned bit = 0; bit < 64; bit++) {
            b->quote.body.td.seam_attributes[bit / 8] = (uint8_t)(1u << bit % 8);
            cr_assert_eq(judge_module(b), ASSAY_RULE_MODULE_IDENTITY, "bit %u", bit);
            b->quote.body.td.seam_attributes[bit / 8] = 0;
        }
    }
    free(b);
}

/* The signer of the module is the one of its own identity, not of the default one. */
Test(quote_tdx, takes_the_identity_of_the_modules_version)
{
    struct bench *const b = open_bench();
    b->collateral.tcb_info.modules[0].mrsigner[0] = 7;
    cr_assert_eq(judge_module(b), 0);
    b->quote.body.td.tee_tcb_svn[1] = 3;
    cr_assert_eq(judge_module(b), ASSAY_RULE_MODULE_IDENTITY);
    b->quote.body.td.mrsignerseam[0] = 7;
    cr_assert_eq(judge_module(b), 0);
    b->quote.body.td.tee_tcb_svn[1] = 9; /* unknown: it has no level, assay_tcb_evaluate says so */
    cr_assert_eq(judge_module(b), 0);
    free(b);
}
