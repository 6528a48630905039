/*
 * tests/unit/quote/collateral/test_same.c - tests of equality of endorsements (protocol.md 8.12).
 */
#include "quote/collateral/same.h"

#include "tests/unit/quote/collateral/sets.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct assay_soft_ca *ca;
static struct made *in_force, *later;

static void set_up(void)
{
    ca = calloc(1, sizeof *ca);
    cr_assert_not_null(ca);
    cr_assert_eq(assay_soft_ca_create("Vendor", SET_FROM, SET_TO, ca), ASSAY_OK);
    in_force = made_open();
    later = made_open();
    const struct assay_soft_terms before = terms_at(ca, 0, 5), after = terms_at(ca, 3 * SET_DAY, 5);
    made_soft(in_force, ca, &before);
    made_build(in_force);
    made_soft(later, ca, &after);
    made_build(later);
    /* A SOFT vendor dates the level of its quoting enclave by the day on which it signs. */
    later->collateral[0].qe_identity.levels[0].date_unix_s =
        in_force->collateral[0].qe_identity.levels[0].date_unix_s;
}

static void tear_down(void)
{
    made_close(in_force);
    made_close(later);
    free(ca);
}

TestSuite(quote_same, .init = set_up, .fini = tear_down);

static bool same(void)
{
    return assay_collateral_same(&in_force->built, &later->built);
}

Test(quote_same, a_set_signed_again_three_days_later_is)
{
    const struct assay_collateral *a = &in_force->collateral[0], *b = &later->collateral[0];
    cr_assert_neq(a->tcb_info.issue_unix_s, b->tcb_info.issue_unix_s);
    cr_assert_neq(a->pck_crl.this_update_s, b->pck_crl.this_update_s);
    cr_assert(!assay_bytes_equal(a->digest, b->digest, 32));
    cr_assert(same());
    cr_assert(assay_collateral_same(&in_force->built, &in_force->built));
    later->collateral[0].pck_crl.number[ASSAY_SERIAL_LEN - 1] ^= 1; /* each signature has another */
    later->collateral[0].tcb_signer.serial[3] ^= 1;
    cr_assert(same());
}

#define DIFFERS(field)                                                                             \
    do {                                                                                           \
        (field) ^= 1;                                                                              \
        cr_expect(!same(), "%s", #field);                                                          \
        (field) ^= 1;                                                                              \
        cr_assert(same(), "%s", #field);                                                           \
    } while (0)

Test(quote_same, another_level_status_advisory_or_version_is_not)
{
    struct assay_collateral *c = &later->collateral[0];
    struct assay_tcb_level *level = &c->tcb_info.levels[0];
    cr_assert_gt(c->tcb_info.level_count, 0);
    DIFFERS(level->sgx[3]);
    DIFFERS(level->pcesvn);
    DIFFERS(level->date_unix_s);
    DIFFERS(level->advisories.bits[0]);
    DIFFERS(c->tcb_info.level_count);
    DIFFERS(c->tcb_info.evaluation_number);
    DIFFERS(c->tcb_info.fmspc[0]);
    DIFFERS(c->qe_identity.levels[0].isvsvn);
    DIFFERS(c->qe_identity.evaluation_number);
    DIFFERS(c->qe_identity.mrsigner[31]);
    DIFFERS(c->qe_identity.attributes_mask[0]);
    const enum assay_tcb_status was = level->status;
    level->status = ASSAY_TCB_REVOKED;
    cr_expect_not(same());
    level->status = was;
}

Test(quote_same, another_key_kind_or_piece_is_not)
{
    struct assay_collateral *c = &later->collateral[0];
    DIFFERS(c->tcb_signer.key_name[0]);
    DIFFERS(c->pck_issuer_name[0]);
    DIFFERS(c->root_issuer_name[31]);
    DIFFERS(later->built.entries[0].kinds);
    c->given[ASSAY_PART_QE_CHAIN] = !c->given[ASSAY_PART_QE_CHAIN];
    cr_expect_not(same());
    c->given[ASSAY_PART_QE_CHAIN] = !c->given[ASSAY_PART_QE_CHAIN];
    c->fault_count = 1;
    cr_expect_not(same(), "what is unsound is nothing that a network has");
    c->fault_count = 0;
    later->built.count = 0;
    cr_expect_not(same());
}

Test(quote_same, another_revoked_serial_number_is_not)
{
    struct assay_crl *lists[] = { &later->collateral[0].pck_crl, &later->collateral[0].root_crl };
    struct assay_crl *before[] = { &in_force->collateral[0].pck_crl,
                                   &in_force->collateral[0].root_crl };
    for (size_t i = 0; i < 2; i++) {
        const uint32_t was = lists[i]->revoked_count;
        lists[i]->revoked[was][4] = 9;
        lists[i]->revoked_count = was + 1;
        cr_expect_not(same(), "one more");
        before[i]->revoked[was][4] = 8;
        before[i]->revoked_count = was + 1;
        cr_expect_not(same(), "as many, and another one");
        before[i]->revoked[was][4] = 9;
        cr_expect(same());
    }
}
