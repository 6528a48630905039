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

/* --- what a SOFT vendor leaves out: both sets get it, and then one of them another value */

static struct assay_collateral *both[2]; /* in force, and later */

static void fill_module(struct assay_module_identity *m)
{
    m->version = 3;
    m->level_count = 1;
    m->levels[0].isvsvn = 4;
}

/* A TDX document with modules and advisories, a further list, and a certificate with the extensions
 * of a PCK and of a VEK that has been signed again. */
static void fill(void)
{
    both[0] = &in_force->collateral[0];
    both[1] = &later->collateral[0];
    for (size_t i = 0; i < 2; i++) {
        struct assay_collateral *const c = both[i];
        c->tcb_info.has_default_module = true;
        fill_module(&c->tcb_info.default_module);
        c->tcb_info.module_count = 1;
        fill_module(&c->tcb_info.modules[0]);
        c->tcb_info.advisories.count = 2;
        c->qe_identity.advisories.count = 1;
        c->list_count = 1;
        c->lists[0].has_issuer = true;
        c->lists[0].crl.issuer.len = 2;
        c->lists[0].crl.revoked_count = 1;
        cr_assert_gt(c->certificate_count, 0);
        c->certificates[0].has_pck = c->certificates[0].has_vek = true;
        c->certificates[0].vek.hwid_len = 8;
    }
    both[1]->certificates[0].digest[0] ^= 1;
    both[1]->certificates[0].serial[0] ^= 1;
    cr_assert(same(), "equal in all but dates and signatures");
}

Test(quote_same, another_module_is_not)
{
    fill();
    struct assay_tcb_info *const info = &both[1]->tcb_info;
    DIFFERS(info->version);
    DIFFERS(info->tee);
    DIFFERS(info->pceid[1]);
    DIFFERS(info->has_default_module);
    DIFFERS(info->module_count);
    DIFFERS(info->advisories.count);
    DIFFERS(info->advisories.ids[1][0]);
    DIFFERS(info->levels[0].tdx[15]);
    DIFFERS(info->levels[0].advisories.bits[1]);
    struct assay_module_identity *const modules[] = { &info->default_module, &info->modules[0] };
    for (size_t i = 0; i < 2; i++) {
        struct assay_module_identity *const m = modules[i];
        DIFFERS(m->is_default);
        DIFFERS(m->version);
        DIFFERS(m->mrsigner[47]);
        DIFFERS(m->attributes[7]);
        DIFFERS(m->attributes_mask[0]);
        DIFFERS(m->level_count);
        DIFFERS(m->levels[0].isvsvn);
        DIFFERS(m->levels[0].status);
        DIFFERS(m->levels[0].date_unix_s);
        DIFFERS(m->levels[0].advisories.bits[1]);
    }
}

Test(quote_same, another_quoting_enclave_is_not)
{
    fill();
    struct assay_qe_identity *const identity = &both[1]->qe_identity;
    DIFFERS(identity->tee);
    DIFFERS(identity->miscselect[0]);
    DIFFERS(identity->miscselect_mask[3]);
    DIFFERS(identity->attributes[15]);
    DIFFERS(identity->isvprodid);
    DIFFERS(identity->level_count);
    DIFFERS(identity->levels[0].status);
    DIFFERS(identity->levels[0].date_unix_s);
    DIFFERS(identity->levels[0].advisories.bits[0]);
    DIFFERS(identity->advisories.count);
    DIFFERS(identity->advisories.ids[0][0]);
    identity->advisories.ids[0][3] ^= 1;
    cr_expect(same(), "bytes behind the end of a text");
}

Test(quote_same, a_certificate_with_another_platform_is_not)
{
    fill();
    struct assay_pck *const pck = &both[1]->certificates[0].pck;
    DIFFERS(both[1]->certificates[0].has_pck);
    DIFFERS(pck->ppid[15]);
    DIFFERS(pck->components[0]);
    DIFFERS(pck->pcesvn);
    DIFFERS(pck->cpusvn[15]);
    DIFFERS(pck->pceid[0]);
    DIFFERS(pck->fmspc[5]);
    DIFFERS(pck->sgx_type);
    DIFFERS(pck->has_platform_instance);
    DIFFERS(pck->platform_instance[0]);
    DIFFERS(pck->has_configuration);
    DIFFERS(pck->dynamic_platform);
    DIFFERS(pck->cached_keys);
    DIFFERS(pck->smt_enabled);
    both[0]->certificates[0].has_pck = both[1]->certificates[0].has_pck = false;
    pck->pcesvn ^= 1;
    cr_expect(same(), "neither is a PCK");
}

Test(quote_same, a_certificate_of_another_chip_or_firmware_is_not)
{
    fill();
    struct assay_vek *const vek = &both[1]->certificates[0].vek;
    DIFFERS(both[1]->certificates[0].has_vek);
    DIFFERS(vek->struct_version);
    DIFFERS(vek->product[0]);
    DIFFERS(vek->has_fmc);
    DIFFERS(vek->bootloader);
    DIFFERS(vek->tee);
    DIFFERS(vek->snp);
    DIFFERS(vek->microcode);
    DIFFERS(vek->fmc);
    DIFFERS(vek->hwid_len);
    DIFFERS(vek->hwid[7]);
    DIFFERS(vek->csp[0]);
    vek->hwid[8] ^= 1;
    cr_expect(same(), "of eight bytes the ninth has no meaning");
    both[0]->certificates[0].has_vek = both[1]->certificates[0].has_vek = false;
    vek->snp ^= 1;
    cr_expect(same(), "neither is a VEK");
}

Test(quote_same, a_certificate_of_another_holder_or_with_other_rights_is_not)
{
    fill();
    struct assay_certificate *const c = &both[1]->certificates[0];
    DIFFERS(c->issuer.der[c->issuer.len - 1]);
    DIFFERS(c->subject.der[c->subject.len - 1]);
    DIFFERS(c->key_name[31]);
    DIFFERS(c->has_basic_constraints);
    DIFFERS(c->is_ca);
    DIFFERS(c->has_path_len);
    DIFFERS(c->path_len);
    DIFFERS(c->has_key_usage);
    DIFFERS(c->key_usage);
    DIFFERS(c->has_extended_key_usage);
    DIFFERS(c->extended_key_usage);
    DIFFERS(c->has_unknown_critical);
    DIFFERS(both[1]->certificate_count);
}

/* No authority signs these again: only the very same bytes are the same. */
Test(quote_same, certificates_of_instances_and_devices_are_the_same_byte_for_byte)
{
    fill();
    struct assay_certificate *const a = &both[0]->certificates[0];
    struct assay_certificate *const b = &both[1]->certificates[0];
    DIFFERS(a->has_gce);
    DIFFERS(b->has_gce);
    DIFFERS(a->has_fwid);
    DIFFERS(b->has_fwid);
    a->has_gce = b->has_gce = true;
    cr_expect_not(same(), "of one instance, signed again");
    a->has_gce = b->has_gce = false;
    a->has_fwid = b->has_fwid = true;
    cr_expect_not(same(), "of one device, signed again");
    a->has_gce = b->has_gce = true;
    b->digest[0] ^= 1;
    cr_expect(same(), "the same bytes");
}

Test(quote_same, another_further_list_is_not)
{
    fill();
    struct assay_list *const list = &both[1]->lists[0];
    DIFFERS(both[1]->list_count);
    DIFFERS(list->has_issuer);
    DIFFERS(list->issuer_name[0]);
    DIFFERS(list->crl.issuer.der[0]);
    DIFFERS(list->crl.issuer.len);
    DIFFERS(list->crl.revoked_count);
    DIFFERS(list->crl.revoked[0][ASSAY_SERIAL_LEN - 1]);
    both[0]->lists[0].has_issuer = list->has_issuer = false;
    list->issuer_name[0] ^= 1;
    cr_expect(same(), "no issuer is known of either");
}

Test(quote_same, another_signer_or_issuer_is_not)
{
    fill();
    struct assay_collateral *const c = both[1];
    DIFFERS(c->tcb_signer.is_there);
    DIFFERS(c->qe_signer.is_there);
    DIFFERS(c->has_root_issuer);
    DIFFERS(c->has_pck_issuer);
    DIFFERS(in_force->collateral[0].fault_count);
    both[0]->tcb_signer.is_there = c->tcb_signer.is_there = false;
    both[0]->has_root_issuer = c->has_root_issuer = false;
    both[0]->has_pck_issuer = c->has_pck_issuer = false;
    c->tcb_signer.key_name[0] ^= 1;
    c->root_issuer_name[0] ^= 1;
    c->pck_issuer_name[0] ^= 1;
    cr_expect(same(), "names of what neither has");
}

Test(quote_same, a_part_that_one_alone_has_is_not)
{
    fill();
    for (size_t i = 0; i < ASSAY_PARTS; i++) {
        DIFFERS(both[1]->given[i]);
        DIFFERS(both[1]->has[i]);
    }
    for (size_t i = 0; i < 2; i++)
        for (size_t part = 0; part < ASSAY_PARTS; part++)
            both[i]->has[part] = false;
    both[1]->tcb_info.evaluation_number ^= 1;
    both[1]->qe_identity.evaluation_number ^= 1;
    both[1]->root_crl.revoked_count ^= 1;
    both[1]->pck_crl.revoked_count ^= 1;
    cr_expect(same(), "parts that neither has are not compared");
}

/* Each of them counts for itself and at its time: docs/protocol.md 8.12 has no renewal of them. */
Test(quote_same, responses_and_manifests_are_the_same_byte_for_byte)
{
    fill();
    size_t *const counts[][2] = { { &both[0]->ocsp_count, &both[1]->ocsp_count },
                                  { &both[0]->rim_count, &both[1]->rim_count } };
    for (size_t i = 0; i < 2; i++) {
        *counts[i][0] = *counts[i][1] = 1;
        cr_expect_not(same(), "count %zu", i);
        *counts[i][0] = *counts[i][1] = 0;
    }
    both[0]->ocsp_count = both[1]->ocsp_count = 1;
    assay_bytes_copy(both[1]->digest, 32, both[0]->digest, 32);
    cr_expect(same(), "the same bytes");
}

Test(quote_same, another_root_or_collateral_on_one_side_alone_is_not)
{
    struct assay_endorsement *const one = &in_force->built.entries[0];
    struct assay_endorsement *const other = &later->built.entries[0];
    DIFFERS(other->root.bytes[0]);
    other->collateral = NULL;
    cr_expect_not(same());
    one->collateral = NULL;
    cr_expect(same(), "neither has any");
    other->collateral = &later->collateral[0];
    cr_expect_not(same());
}
