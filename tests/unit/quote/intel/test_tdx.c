/*
 * tests/unit/quote/intel/test_tdx.c - tests of the appraisal of a TD report: debug and reserved
 * bits, measurements, the TDX module; each bit and field.
 */
#include "quote/intel/appraise.h"

#include "quote/kinds.h"

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
    b->policy.platform.sept_ve_enabled = ASSAY_ACCEPT_AFFIRMING;
    b->quote.body_type = ASSAY_BODY_TD_15_EX;
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
    assay_appraise_identities(&b->row, &b->quote, &b->collateral, &b->verdict);
    return b->verdict.reason_count == 0 ? 0 : (int)b->verdict.reasons[0].rule;
}

/* Bits that modules of version 0, and of later ones, define. */
static bool is_defined(unsigned module_version, unsigned bit)
{
    switch (bit) {
    case 28:
    case 30:
    case 31:
    case 63: return true;
    case 16:
    case 27:
    case 29:
    case 62: return module_version > 0;
    }
    return false;
}

Test(quote_tdx, refuses_debug_and_every_attribute_that_no_module_defines)
{
    struct bench *const b = open_bench();
    cr_assert_eq(judge_body(b), 0);
    for (unsigned version = 0; version < 3; version++)
        for (unsigned bit = 0; bit < 64; bit++) {
            b->quote.body.td.tee_tcb_svn[1] = (uint8_t)version;
            /* All of them, not only one byte afterwards: gcc 12 drops that store (-ftree-dse). */
            memset(b->quote.body.td.td_attributes, 0, 8);
            b->quote.body.td.td_attributes[bit / 8] = (uint8_t)(1u << bit % 8);
            int wanted = is_defined(version, bit) ? 0 : ASSAY_RULE_RESERVED_BITS;
            if (bit == 0) wanted = ASSAY_RULE_DEBUG;
            cr_assert_eq(judge_body(b), wanted, "module version %u, bit %u", version, bit);
            cr_assert_eq(b->verdict.debug, bit == 0);
        }
    free(b);
}

Test(quote_tdx, leaves_sept_ve_disable_to_the_policy)
{
    static const int rules[] = { ASSAY_RULE_SEPT_VE, ASSAY_RULE_SEPT_VE_NOTE, 0 };
    struct bench *const b = open_bench();
    for (int acceptance = 0; acceptance < 3; acceptance++) {
        b->policy.platform.sept_ve_enabled = (enum assay_acceptance)acceptance;
        b->quote.body.td.td_attributes[3] = 0;
        cr_assert_eq(judge_body(b), rules[acceptance], "acceptance %d", acceptance);
        b->quote.body.td.td_attributes[3] = 0x10;
        cr_assert_eq(judge_body(b), 0, "acceptance %d", acceptance);
    }
    free(b);
}

Test(quote_tdx, leaves_service_tds_to_the_policy)
{
    static const int rules[] = { ASSAY_RULE_SERVICE_TD, ASSAY_RULE_SERVICE_TD_NOTE, 0 };
    struct bench *const b = open_bench();
    uint8_t *const hashes[] = { b->quote.body.td.mrservicetd, b->quote.body.td.init_service_td_hash,
                                b->quote.body.td.current_service_td_hash };
    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++)
        for (int acceptance = 0; acceptance < 3; acceptance++) {
            b->policy.platform.service_td = (enum assay_acceptance)acceptance;
            hashes[i][47] = 1;
            cr_assert_eq(judge_body(b), rules[acceptance], "field %zu as %d", i, acceptance);
            hashes[i][47] = 0;
            cr_assert_eq(judge_body(b), 0);
        }
    free(b);
}

Test(quote_tdx, measures_every_field_that_a_policy_can_name)
{
    struct bench *const b = open_bench();
    struct assay_td_report *const td = &b->quote.body.td;
    struct assay_reference *const r = &b->policy.references[0];
    const struct {
        enum assay_reference_field field;
        uint8_t *value;
        size_t offset;
    } fields[] = {
        { ASSAY_REFERENCE_MRTD, td->mrtd, 136 },
        { ASSAY_REFERENCE_RTMR0, td->rtmr[0], 328 },
        { ASSAY_REFERENCE_RTMR1, td->rtmr[1], 376 },
        { ASSAY_REFERENCE_RTMR2, td->rtmr[2], 424 },
        { ASSAY_REFERENCE_RTMR3, td->rtmr[3], 472 },
        { ASSAY_REFERENCE_MRSEAM, td->mrseam, 16 },
        { ASSAY_REFERENCE_MRCONFIGID, td->mrconfigid, 184 },
        { ASSAY_REFERENCE_MROWNER, td->mrowner, 232 },
        { ASSAY_REFERENCE_MROWNERCONFIG, td->mrownerconfig, 280 },
        { ASSAY_REFERENCE_MRSERVICETD, td->mrservicetd, 600 },
    };
    b->policy.platform.service_td = ASSAY_ACCEPT_AFFIRMING;
    b->policy.reference_count = 1;
    b->quote.offset_body = 54;
    r->value_len = 48;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        memset(fields[i].value, (int)(0x21 + i), 48);
        r->field = fields[i].field;
        assay_bytes_copy(r->value, sizeof r->value, fields[i].value, 48);
        cr_assert_eq(judge_body(b), 0, "field %zu", i);
        r->value[47] ^= 1;
        cr_assert_eq(judge_body(b), ASSAY_RULE_MEASUREMENT_UNKNOWN, "field %zu", i);
        cr_assert_eq(b->verdict.reasons[0].offset, 54 + fields[i].offset, "field %zu", i);
    }
    cr_assert_arr_eq(b->verdict.measurement, td->mrtd, 48);
    cr_assert_eq(b->verdict.measurement_len, 48);
    r->field = ASSAY_REFERENCE_MRENCLAVE; /* about enclaves: says nothing of a TD */
    cr_assert_eq(judge_body(b), 0);
    free(b);
}

/* A TD report 1.0 says nothing of service TDs: a policy that names some finds none of them. */
Test(quote_tdx, finds_no_service_td_in_a_report_without_the_field)
{
    struct bench *const b = open_bench();
    struct assay_reference *const r = &b->policy.references[0];
    b->quote.body_type = ASSAY_BODY_TD_10;
    b->policy.reference_count = 1;
    *r = (struct assay_reference){ .field = ASSAY_REFERENCE_MRSERVICETD, .value_len = 48 };
    cr_assert_eq(judge_body(b), ASSAY_RULE_MEASUREMENT_UNKNOWN);
    r->state = ASSAY_REFERENCE_DENIED;
    cr_assert_eq(judge_body(b), 0);
    b->quote.body_type = ASSAY_BODY_TD_15;
    cr_assert_eq(judge_body(b), ASSAY_RULE_MEASUREMENT_DENIED);
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

/* Equal to the document's is not enough: they are zero (Intel's QVL, 4.1.2.5.12.2). */
Test(quote_tdx, refuses_seam_attributes_even_when_the_document_has_them)
{
    struct bench *const b = open_bench();
    b->collateral.tcb_info.default_module.attributes[3] = 4;
    cr_assert_eq(judge_module(b), ASSAY_RULE_MODULE_IDENTITY);
    b->quote.body.td.seam_attributes[3] = 4;
    cr_assert_eq(judge_module(b), ASSAY_RULE_MODULE_IDENTITY);
    memset(b->collateral.tcb_info.default_module.attributes_mask, 0, 8);
    cr_assert_eq(judge_module(b), ASSAY_RULE_MODULE_IDENTITY);
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
