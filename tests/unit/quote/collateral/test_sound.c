/*
 * tests/unit/quote/collateral/test_sound.c - sets of endorsements in which the order of two pieces
 * would decide: each is refused (quote/collateral/endorsements.h).
 */
#include "tests/unit/quote/collateral/sets.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct assay_soft_ca *ca;
static struct made *m;
static struct assay_collateral *first, *second; /* of one vendor and two families */

static void set_up(void)
{
    ca = calloc(1, sizeof *ca);
    cr_assert_not_null(ca);
    cr_assert_eq(assay_soft_ca_create("Vendor", SET_FROM, SET_TO, ca), ASSAY_OK);
    m = made_open();
    const struct assay_soft_terms terms = terms_at(ca, 0, 5);
    made_soft(m, ca, &terms);
    ca->fmspc[0] ^= 1;
    made_soft(m, ca, &terms);
    made_build(m);
    first = &m->collateral[0];
    second = &m->collateral[1];
}

static void tear_down(void)
{
    made_close(m);
    free(ca);
}

TestSuite(quote_sound, .init = set_up, .fini = tear_down);

static enum assay_status check(void)
{
    size_t which = 0;
    return assay_endorsements_sound(&m->built, &which);
}

Test(quote_sound, two_families_of_one_vendor_are)
{
    size_t which = 0;
    cr_expect_eq(check(), ASSAY_OK);
    first->fault_count = 1;
    cr_expect_eq(check(), ASSAY_E_INVALID);
    first->fault_count = 0;
    second->fault_count = 1;
    cr_expect_eq(assay_endorsements_sound(&m->built, &which), ASSAY_E_INVALID);
    cr_expect_eq(which, 1);
}

/* Intel's are chosen by family: two of one would both be. */
Test(quote_sound, two_of_one_family_are_not)
{
    size_t which = 0;
    assay_bytes_copy(second->tcb_info.fmspc, 6, first->tcb_info.fmspc, 6);
    cr_expect_eq(assay_endorsements_sound(&m->built, &which), ASSAY_E_DUPLICATE);
    cr_expect_eq(which, 1);
    second->tcb_info.tee ^= 1;
    cr_expect_eq(check(), ASSAY_OK, "of SGX and TDX");
    second->tcb_info.tee ^= 1;
    second->pck_crl.issuer.der[second->pck_crl.issuer.len - 1] ^= 1;
    cr_expect_eq(check(), ASSAY_OK, "of another authority");
    second->pck_crl.issuer.der[second->pck_crl.issuer.len - 1] ^= 1;
    m->built.entries[1].kinds <<= 1;
    cr_expect_eq(check(), ASSAY_OK, "of other kinds");
    m->built.entries[1].kinds |= m->built.entries[0].kinds;
    cr_expect_eq(check(), ASSAY_E_DUPLICATE, "one kind of both");
    m->built.entries[1].root.bytes[0] ^= 1;
    cr_expect_eq(check(), ASSAY_OK, "under another root");
}

/* --- lists of one authority */
static void add_list(struct assay_collateral *c, uint8_t digest)
{
    struct assay_list *const list = &c->lists[c->list_count++];
    *list = (struct assay_list){ .has_issuer = true, .issuer_name = { 1 } };
    list->crl.issuer = (struct assay_dn){ .len = 1, .der = { 0x30 } };
    list->crl.tbs_digest[0] = digest;
}

Test(quote_sound, two_lists_of_one_authority_are_not)
{
    struct assay_list *const list = &first->lists[1];
    add_list(first, 1);
    add_list(first, 1);
    cr_expect_eq(check(), ASSAY_OK, "the same list twice");
    list->crl.tbs_digest[0] = 2;
    cr_expect_eq(check(), ASSAY_E_INVALID);
    list->issuer_name[0] = 2;
    cr_expect_eq(check(), ASSAY_E_INVALID, "of one name, by another key");
    list->crl.issuer.der[0] = 0x31;
    cr_expect_eq(check(), ASSAY_OK, "of another authority");
    list->issuer_name[0] = 1;
    cr_expect_eq(check(), ASSAY_E_INVALID, "by one key, of another name");
    list->has_issuer = false;
    cr_expect_eq(check(), ASSAY_OK, "whose authority is not known");
    list->has_issuer = true;
    first->lists[0].has_issuer = false;
    cr_expect_eq(check(), ASSAY_OK, "whose authority is not known");
}

/* --- those of other vendors: each piece under the root is looked at */
static void make_others(void)
{
    struct assay_collateral *const both[] = { first, second };
    for (size_t i = 0; i < 2; i++) {
        struct assay_collateral *const c = both[i];
        *c = (struct assay_collateral){ .certificate_count = 1 };
        c->given[ASSAY_PART_CERTIFICATES] = c->has[ASSAY_PART_CERTIFICATES] = true;
        c->given[ASSAY_PART_CRL] = c->has[ASSAY_PART_CRL] = true;
        c->certificates[0].key = m->built.entries[0].root;
        c->has_root_issuer = true;
        add_list(c, 1);
    }
}

Test(quote_sound, certificates_and_lists_of_two_entries_agree)
{
    make_others();
    cr_assert_eq(check(), ASSAY_OK);
    second->certificates[0].digest[0] = 1;
    cr_expect_eq(check(), ASSAY_E_DUPLICATE, "two certificates of one key");
    second->certificates[0].key.bytes[0] ^= 1;
    cr_expect_eq(check(), ASSAY_OK, "of two keys");
    second->lists[0].crl.tbs_digest[0] = 2;
    cr_expect_eq(check(), ASSAY_E_DUPLICATE, "two lists of one authority");
}

Test(quote_sound, documents_and_certificates_of_one_root_stand_beside_each_other)
{
    make_others();
    second->lists[0].crl.tbs_digest[0] = 2;
    cr_expect_eq(check(), ASSAY_E_DUPLICATE);
    made_read(m, m->bytes, m->len);
    cr_assert_eq(check(), ASSAY_OK);
}

/* --- CCA: the root is the platform's own key, and nothing else is there */
Test(quote_sound, a_platform_s_own_key_stands_there_once_and_alone)
{
    for (size_t i = 0; i < 2; i++) {
        m->collateral[i] = (struct assay_collateral){ .list_count = 0 };
        m->built.entries[i].kinds = ASSAY_KINDS_CCA;
    }
    cr_expect_eq(check(), ASSAY_E_DUPLICATE, "one key twice");
    m->built.entries[1].root.bytes[0] ^= 1;
    cr_expect_eq(check(), ASSAY_OK);
    for (size_t i = 0; i < ASSAY_PARTS; i++) {
        second->given[i] = true;
        cr_expect_eq(check(), ASSAY_E_INVALID, "part %zu", i);
        second->given[i] = false;
    }
    /* With other kinds it is no bare key, and needs what every root needs. */
    m->built.entries[1].kinds |= ASSAY_KIND_BIT(ASSAY_KIND_SOFT);
    cr_expect_eq(check(), ASSAY_E_INVALID);
}

Test(quote_sound, a_bare_key_and_another_entry_of_its_kind_are_not)
{
    *first = (struct assay_collateral){ .list_count = 0 };
    m->built.entries[0].kinds = ASSAY_KINDS_CCA;
    cr_expect_eq(check(), ASSAY_OK);
    m->built.entries[1].kinds |= ASSAY_KINDS_CCA;
    cr_expect_eq(check(), ASSAY_E_DUPLICATE, "one key would be written down twice");
}

/* --- reading: nothing of a cut set, and no more entries than there is room for */
Test(quote_sound, a_set_is_read_whole_or_not)
{
    struct assay_endorsements read;
    struct assay_collateral *const room = calloc(2, sizeof *room);
    cr_assert_not_null(room);
    cr_expect_eq(assay_endorsements_read(m->bytes, m->len, room, 2, &read), ASSAY_OK);
    cr_expect_eq(assay_endorsements_read(m->bytes, m->len, room, 1, &read), ASSAY_E_FULL);
    cr_expect_eq(assay_endorsements_read(m->bytes, 0, room, 2, &read), ASSAY_E_TRUNCATED);
    cr_expect_eq(assay_endorsements_read(m->bytes, m->len - 1, room, 2, &read), ASSAY_E_TRUNCATED);
    m->bytes[m->len] = 0;
    cr_expect_eq(assay_endorsements_read(m->bytes, m->len + 1, room, 2, &read), ASSAY_E_TRAILING);
    free(room);
}
