/*
 * tests/unit/quote/collateral/test_newer.c - tests of renewal of collateral (protocol.md 8.3 and
 * 8.4) of vendors that sign documents, like Intel.
 */
#include "tests/unit/quote/collateral/sets.h"

#include "base/cbor.h"
#include "tests/unit/quote/world.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct assay_soft_ca *ca, *other; /* two roots of one name */
static struct made *in_force, *offer;
static struct assay_renewal answer;
static int64_t at_unix_s;

static void set_up(void)
{
    ca = calloc(1, sizeof *ca);
    other = calloc(1, sizeof *other);
    cr_assert(ca != NULL && other != NULL);
    cr_assert_eq(assay_soft_ca_create("Vendor", SET_FROM, SET_TO, ca), ASSAY_OK);
    cr_assert_eq(assay_soft_ca_create("Vendor", SET_FROM, SET_TO, other), ASSAY_OK);
    in_force = made_open();
    offer = made_open();
    const struct assay_soft_terms before = terms_at(ca, 0, 5), after = terms_at(ca, 3 * SET_DAY, 5);
    made_soft(in_force, ca, &before);
    made_build(in_force);
    made_soft(offer, ca, &after);
    made_build(offer);
    at_unix_s = SET_FROM + 4 * SET_DAY;
}

static void tear_down(void)
{
    made_close(in_force);
    made_close(offer);
    free(ca);
    free(other);
}

TestSuite(quote_newer, .init = set_up, .fini = tear_down);

static void judge(void)
{
    assay_collateral_newer(&in_force->built, &offer->built, at_unix_s, &answer);
}

static void expect_kind(enum assay_renewal_kind kind, const char *what)
{
    judge();
    cr_expect_eq(answer.kind, kind, "%s: %d, %s of %s", what, answer.kind,
                 assay_renewal_fault_name(answer.fault), answer.piece);
}

static void expect_fault(enum assay_renewal_fault fault, const char *piece, const char *field)
{
    judge();
    cr_expect_eq(answer.kind, ASSAY_RENEWAL_REFUSED, "%s %s", piece, field);
    cr_expect_eq(answer.fault, fault, "%s %s: %s", piece, field,
                 assay_renewal_fault_name(answer.fault));
    cr_expect_str_eq(answer.piece, piece);
    cr_expect_str_eq(answer.field, field);
}

/* The offer anew, by these terms. */
static void offer_terms(const struct assay_soft_terms *terms)
{
    offer->count = 0;
    made_soft(offer, ca, terms);
    made_build(offer);
}

Test(quote_newer, later_dates_of_the_same_number_serve_from_the_next_epoch)
{
    expect_kind(ASSAY_RENEWAL_SAME_NUMBER, "three days later");
    cr_expect_eq(answer.fault, ASSAY_RENEWAL_FINE);
    cr_expect_eq(answer.number_in_force, 5);
    cr_expect_eq(answer.number_offered, 5);
}

Test(quote_newer, a_higher_number_is_a_recovery_in_either_document)
{
    const struct assay_soft_terms terms = terms_at(ca, 3 * SET_DAY, 6);
    offer_terms(&terms);
    expect_kind(ASSAY_RENEWAL_HIGHER_NUMBER, "both");
    cr_expect_eq(answer.number_in_force, 5);
    cr_expect_eq(answer.number_offered, 6);
    offer->collateral[0].qe_identity.evaluation_number = 5;
    expect_kind(ASSAY_RENEWAL_HIGHER_NUMBER, "the TCB info alone");
    offer->collateral[0].tcb_info.evaluation_number = 5;
    expect_kind(ASSAY_RENEWAL_SAME_NUMBER, "neither");
    offer->collateral[0].qe_identity.evaluation_number = 6;
    expect_kind(ASSAY_RENEWAL_HIGHER_NUMBER, "the identity alone");
}

/* Every number and date of the offer, to be set back one by one. */
struct turn {
    const char *piece, *field;
    size_t at; /* of the int64_t in struct assay_collateral */
};
#define TURN(piece, field, member) { piece, field, offsetof(struct assay_collateral, member) }
static const struct turn dates[] = {
    TURN("TCB info", "issueDate", tcb_info.issue_unix_s),
    TURN("TCB info", "nextUpdate", tcb_info.next_unix_s),
    TURN("QE identity", "issueDate", qe_identity.issue_unix_s),
    TURN("QE identity", "nextUpdate", qe_identity.next_unix_s),
    TURN("TCB signing chain", "notBefore", tcb_signer.from_unix_s),
    TURN("TCB signing chain", "notAfter", tcb_signer.to_unix_s),
    TURN("QE identity signing chain", "notBefore", qe_signer.from_unix_s),
    TURN("QE identity signing chain", "notAfter", qe_signer.to_unix_s),
    TURN("root CRL", "thisUpdate", root_crl.this_update_s),
    TURN("root CRL", "nextUpdate", root_crl.next_update_s),
    TURN("PCK CRL", "thisUpdate", pck_crl.this_update_s),
    TURN("PCK CRL", "nextUpdate", pck_crl.next_update_s),
};

static int64_t *date_of(struct made *m, const struct turn *turn)
{
    return (int64_t *)(void *)((uint8_t *)&m->collateral[0] + turn->at);
}

Test(quote_newer, each_date_that_goes_back_is_named_with_both_values)
{
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        int64_t *const date = date_of(offer, &dates[i]);
        const int64_t before = *date_of(in_force, &dates[i]), kept = *date;
        *date = before;
        expect_kind(ASSAY_RENEWAL_SAME_NUMBER, "as it was: other pieces are newer");
        *date = before - 1;
        expect_fault(ASSAY_RENEWAL_BACKWARDS, dates[i].piece, dates[i].field);
        cr_expect_eq(answer.expected.form, ASSAY_RENEWAL_TIME);
        cr_expect_eq(answer.expected.number, before);
        cr_expect_eq(answer.found.number, before - 1);
        *date = kept;
    }
}

Test(quote_newer, each_evaluation_number_that_falls_is_named)
{
    struct assay_collateral *const c = &offer->collateral[0];
    c->tcb_info.evaluation_number = 4;
    expect_fault(ASSAY_RENEWAL_BACKWARDS, "TCB info", "tcbEvaluationDataNumber");
    cr_expect_eq(answer.expected.number, 5);
    cr_expect_eq(answer.found.number, 4);
    c->qe_identity.evaluation_number = 6; /* one that rises is no excuse */
    expect_fault(ASSAY_RENEWAL_BACKWARDS, "TCB info", "tcbEvaluationDataNumber");
    c->tcb_info.evaluation_number = 6;
    c->qe_identity.evaluation_number = 4;
    expect_fault(ASSAY_RENEWAL_BACKWARDS, "QE identity", "tcbEvaluationDataNumber");
}

static void set_number(struct assay_crl *crl, uint8_t high, uint8_t low)
{
    crl->has_number = true;
    assay_bytes_zero(crl->number, sizeof crl->number);
    crl->number[ASSAY_SERIAL_LEN - 2] = high;
    crl->number[ASSAY_SERIAL_LEN - 1] = low;
}

Test(quote_newer, a_list_s_number_never_falls_and_never_goes_away)
{
    static const char *const names[2] = { "root CRL", "PCK CRL" };
    for (int i = 0; i < 2; i++) {
        struct assay_crl *const before =
            i == 0 ? &in_force->collateral[0].root_crl : &in_force->collateral[0].pck_crl;
        struct assay_crl *const after =
            i == 0 ? &offer->collateral[0].root_crl : &offer->collateral[0].pck_crl;
        set_number(before, 1, 0);
        set_number(after, 1, 0);
        expect_kind(ASSAY_RENEWAL_SAME_NUMBER, "Intel's lists all bear the number 1");
        set_number(after, 0, 255);
        expect_fault(ASSAY_RENEWAL_BACKWARDS, names[i], "CRL number");
        cr_expect_eq(answer.expected.len, ASSAY_SERIAL_LEN);
        cr_expect_arr_eq(answer.expected.bytes, before->number, ASSAY_SERIAL_LEN);
        cr_expect_arr_eq(answer.found.bytes, after->number, ASSAY_SERIAL_LEN);
        after->has_number = false;
        expect_fault(ASSAY_RENEWAL_BACKWARDS, names[i], "CRL number");
        cr_expect_eq(answer.found.form, ASSAY_RENEWAL_NO_VALUE);
        set_number(after, 1, 0);
    }
}

Test(quote_newer, a_list_is_followed_by_one_of_the_same_name)
{
    offer->collateral[0].root_crl.issuer.der[20] ^= 1;
    expect_fault(ASSAY_RENEWAL_STRANGER, "root CRL", "issuer");
    offer->collateral[0].root_crl.issuer.der[20] ^= 1;
    expect_kind(ASSAY_RENEWAL_SAME_NUMBER, "as it was");
    in_force->collateral[0].root_crl.has_number = false;
    expect_kind(ASSAY_RENEWAL_SAME_NUMBER, "a number may come");
}

Test(quote_newer, what_is_the_same_is_not_newer)
{
    made_read(offer, in_force->bytes, in_force->len);
    expect_fault(ASSAY_RENEWAL_NOTHING, "", "");
}

/* Lists of SOFT count their numbers up; Intel's do not. */
static void still_numbers(void)
{
    struct assay_collateral *const c = &offer->collateral[0];
    c->root_crl.has_number = c->pck_crl.has_number = false;
    in_force->collateral[0].root_crl.has_number = in_force->collateral[0].pck_crl.has_number =
        false;
}

/* A 32nd of thirty days is 81,000 s. */
Test(quote_newer, dates_alone_must_be_worth_a_record)
{
    struct assay_soft_terms terms = terms_at(ca, SET_LIFE / ASSAY_RENEWAL_STEPS - 1, 5);
    offer_terms(&terms);
    still_numbers();
    judge();
    cr_expect_eq(answer.fault, ASSAY_RENEWAL_SOON);
    cr_expect_eq(answer.expected.number, SET_FROM + SET_LIFE / ASSAY_RENEWAL_STEPS);
    cr_expect_eq(answer.found.number, terms.issue_unix_s);
    terms = terms_at(ca, SET_LIFE / ASSAY_RENEWAL_STEPS, 5);
    offer_terms(&terms);
    still_numbers();
    expect_kind(ASSAY_RENEWAL_SAME_NUMBER, "one second more");
}

Test(quote_newer, who_is_withdrawn_counts_at_once)
{
    struct assay_soft_terms terms = terms_at(ca, 1, 5);
    terms.revoked_count = 1;
    terms.revoked[0][ASSAY_SERIAL_LEN - 1] = 7;
    offer_terms(&terms);
    still_numbers();
    expect_kind(ASSAY_RENEWAL_SAME_NUMBER, "one second later, with one revoked");
    terms = terms_at(ca, 1, 6);
    offer_terms(&terms);
    still_numbers();
    expect_kind(ASSAY_RENEWAL_HIGHER_NUMBER, "one second later, of a higher number");
    terms = terms_at(ca, 1, 5);
    offer_terms(&terms);
    still_numbers();
    set_number(&in_force->collateral[0].pck_crl, 0, 1);
    set_number(&offer->collateral[0].pck_crl, 0, 2);
    expect_kind(ASSAY_RENEWAL_SAME_NUMBER, "one second later, of a higher CRL number");
}

Test(quote_newer, a_root_that_is_not_in_force_brings_nothing)
{
    const struct assay_soft_terms terms = terms_at(other, 3 * SET_DAY, 5);
    offer->count = 0;
    made_soft(offer, other, &terms);
    made_build(offer);
    expect_fault(ASSAY_RENEWAL_ROOT, "", "root");
    const struct assay_soft_terms more = terms_at(ca, 3 * SET_DAY, 5);
    made_soft(offer, ca, &more);
    made_build(offer);
    expect_fault(ASSAY_RENEWAL_ROOT, "", "root");
    made_soft(in_force, other, &more);
    made_build(in_force);
    expect_fault(ASSAY_RENEWAL_ROOT, "", "root");
    cr_expect_eq(answer.entry, 1, "both are in force, but an offer is of one");
}

/* Each piece of another vendor in the place of the root's own. */
Test(quote_newer, another_roots_piece_is_refused_wherever_it_stands)
{
    struct made *const strange = made_open();
    const struct assay_soft_terms terms = terms_at(other, 3 * SET_DAY, 5);
    made_soft(strange, other, &terms);
    for (int part = 0; part < ASSAY_PARTS_INTEL; part++) {
        const struct assay_soft_terms own = terms_at(ca, 3 * SET_DAY, 5);
        offer->count = 0;
        made_soft(offer, ca, &own);
        offer->entries[0].files.part[part] = strange->entries[0].files.part[part];
        made_build(offer);
        judge();
        cr_expect_eq(answer.kind, ASSAY_RENEWAL_REFUSED, "part %d", part);
        cr_expect_eq(answer.fault, ASSAY_RENEWAL_UNSOUND, "part %d: %s", part,
                     assay_renewal_fault_name(answer.fault));
        cr_expect_neq(answer.piece[0], '\0', "part %d", part);
        cr_expect_str_eq(answer.field, answer.field[0] == 's' ? "signature"
                                                              : assay_rule_name(answer.rule));
    }
    made_close(strange);
}

Test(quote_newer, garbage_or_nothing_in_a_part_is_refused)
{
    for (int part = 0; part < ASSAY_PARTS_INTEL; part++)
        for (int garbage = 0; garbage < 2; garbage++) {
            const struct assay_soft_terms own = terms_at(ca, 3 * SET_DAY, 5);
            offer->count = 0;
            made_soft(offer, ca, &own);
            offer->entries[0].files.part[part] = assay_slice_over("garbage", garbage ? 7 : 0);
            made_build(offer);
            judge();
            /* Without a chain of its own the identity is checked by that of the TCB info. */
            const bool serves = part == ASSAY_PART_QE_CHAIN && !garbage;
            cr_expect_eq(answer.kind,
                         serves ? ASSAY_RENEWAL_SAME_NUMBER : ASSAY_RENEWAL_REFUSED,
                         "part %d, garbage %d", part, garbage);
            cr_expect_eq(answer.fault, serves ? ASSAY_RENEWAL_FINE : ASSAY_RENEWAL_UNSOUND);
        }
}

Test(quote_newer, other_kinds_and_other_families_are_refused)
{
    offer->built.entries[0].kinds |= ASSAY_KIND_BIT(ASSAY_KIND_SGX3);
    expect_fault(ASSAY_RENEWAL_KINDS, "", "kinds");
    offer->built.entries[0].kinds = in_force->built.entries[0].kinds;
    offer->collateral[0].tcb_info.fmspc[0] ^= 1;
    expect_fault(ASSAY_RENEWAL_FAMILY, "TCB info", "fmspc");
    cr_expect_eq(answer.found.len, 6);
    offer->collateral[0].tcb_info.fmspc[0] ^= 1;
    offer->collateral[0].tcb_info.tee = ASSAY_TEE_TDX;
    expect_fault(ASSAY_RENEWAL_FAMILY, "TCB info", "fmspc");
    offer->collateral[0].tcb_info.tee = ASSAY_TEE_SGX;
    offer->collateral[0].pck_crl.issuer.der[20] ^= 1;
    expect_fault(ASSAY_RENEWAL_FAMILY, "TCB info", "fmspc");
}

Test(quote_newer, one_family_of_several_may_be_renewed_alone)
{
    struct assay_soft_ca *const second = calloc(1, sizeof *second);
    cr_assert_not_null(second);
    *second = *ca;
    second->fmspc[3] ^= 0x55;
    const struct assay_soft_terms before = terms_at(second, 0, 9);
    made_soft(in_force, second, &before);
    made_build(in_force);
    expect_kind(ASSAY_RENEWAL_SAME_NUMBER, "the first");
    cr_expect_eq(answer.number_in_force, 5, "of the family that is followed");
    const struct assay_soft_terms late = terms_at(second, 3 * SET_DAY, 10);
    made_soft(offer, second, &late);
    made_build(offer);
    expect_kind(ASSAY_RENEWAL_HIGHER_NUMBER, "both, one of them recovered");
    const struct assay_soft_terms old = terms_at(second, 3 * SET_DAY, 8);
    const struct assay_soft_terms fine = terms_at(ca, 3 * SET_DAY, 5);
    offer->count = 0;
    made_soft(offer, ca, &fine);
    made_soft(offer, second, &old);
    made_build(offer);
    expect_fault(ASSAY_RENEWAL_BACKWARDS, "TCB info", "tcbEvaluationDataNumber");
    memset(second, 0, sizeof *second);
    free(second);
}

Test(quote_newer, two_entries_about_one_family_are_refused)
{
    const struct assay_soft_terms more = terms_at(ca, 2 * SET_DAY, 5);
    made_soft(offer, ca, &more);
    made_build(offer);
    judge();
    cr_expect_eq(answer.fault, ASSAY_RENEWAL_CONTRADICTION);
}

Test(quote_newer, all_of_it_is_valid_at_the_time)
{
    at_unix_s = SET_FROM + 3 * SET_DAY;
    expect_kind(ASSAY_RENEWAL_SAME_NUMBER, "the second in which it was issued");
    at_unix_s -= 1;
    judge();
    cr_expect_eq(answer.fault, ASSAY_RENEWAL_EARLY);
    cr_expect_eq(answer.expected.number, at_unix_s);
    cr_expect_eq(answer.found.number, at_unix_s + 1);
    at_unix_s = SET_FROM + 3 * SET_DAY + SET_LIFE;
    expect_kind(ASSAY_RENEWAL_SAME_NUMBER, "the last second");
    at_unix_s += 1;
    judge();
    cr_expect_eq(answer.fault, ASSAY_RENEWAL_ENDED);
    cr_expect_eq(answer.found.number, at_unix_s - 1);
}

Test(quote_newer, a_list_that_nobody_is_known_to_have_signed_is_refused)
{
    offer->entries[0].files.part[ASSAY_PART_PCK_CHAIN] = assay_slice_over(NULL, 0);
    made_build(offer);
    expect_fault(ASSAY_RENEWAL_UNSOUND, "PCK CRL", "signature");
    in_force->entries[0].files.part[ASSAY_PART_PCK_CHAIN] = assay_slice_over(NULL, 0);
    made_build(in_force);
    expect_fault(ASSAY_RENEWAL_UNSOUND, "PCK CRL", "signature");
}

Test(quote_newer, no_certificate_rides_along_with_the_pck_chain)
{
    struct assay_collateral *const c = &offer->collateral[0];
    c->certificates[c->certificate_count] = c->certificates[0];
    c->certificates[c->certificate_count].key_name[0] ^= 1;
    c->certificates[c->certificate_count].key.bytes[0] ^= 1;
    c->certificates[c->certificate_count].digest[0] ^= 1;
    c->certificate_count += 1;
    expect_fault(ASSAY_RENEWAL_STRANGER, "PCK chain", "certificate");
    struct assay_collateral *const before = &in_force->collateral[0];
    before->certificates[before->certificate_count++] = c->certificates[c->certificate_count - 1];
    expect_kind(ASSAY_RENEWAL_SAME_NUMBER, "it was there before");
}

Test(quote_newer, a_signer_that_any_list_in_force_withdraws_is_refused)
{
    struct assay_soft_ca *const second = calloc(1, sizeof *second);
    cr_assert_not_null(second);
    *second = *ca;
    second->fmspc[3] ^= 0x55;
    const struct assay_soft_terms before = terms_at(second, 0, 5);
    made_soft(in_force, second, &before);
    made_build(in_force);
    expect_kind(ASSAY_RENEWAL_SAME_NUMBER, "nobody withdraws it");
    const size_t follows = assay_collateral_followed(&in_force->built, &offer->built.entries[0]);
    struct assay_crl *const list = &in_force->collateral[1 - follows].root_crl;
    list->revoked_count = 1;
    assay_bytes_copy(list->revoked[0], ASSAY_SERIAL_LEN, offer->collateral[0].tcb_signer.serial,
                     ASSAY_SERIAL_LEN);
    expect_fault(ASSAY_RENEWAL_UNSOUND, "TCB signing chain", "serialNumber");
    cr_expect_eq(answer.rule, ASSAY_RULE_CERT_REVOKED);
    free(second);
}

static void add_list(struct made *m, uint8_t name, int64_t this_update_s)
{
    struct assay_collateral *const c = &m->collateral[0];
    struct assay_list *const list = &c->lists[c->list_count++];
    list->has_issuer = true;
    list->issuer_name[0] = name;
    list->crl = c->root_crl;
    list->crl.this_update_s = this_update_s;
}

Test(quote_newer, further_lists_neither_come_nor_go_nor_go_back)
{
    add_list(offer, 1, SET_FROM);
    expect_fault(ASSAY_RENEWAL_STRANGER, "CRL", "issuer");
    add_list(in_force, 1, SET_FROM);
    in_force->collateral[0].lists[0].crl.next_update_s = SET_FROM + 1;
    expect_kind(ASSAY_RENEWAL_SAME_NUMBER, "the same one");
    offer->collateral[0].lists[0].crl.this_update_s -= 1;
    expect_fault(ASSAY_RENEWAL_BACKWARDS, "CRL", "thisUpdate");
    offer->collateral[0].lists[0].has_issuer = false;
    expect_fault(ASSAY_RENEWAL_STRANGER, "CRL", "issuer");
    offer->collateral[0].lists[0].has_issuer = true;
    add_list(offer, 1, SET_FROM + SET_DAY); /* the newest counts */
    expect_kind(ASSAY_RENEWAL_SAME_NUMBER, "an older one beside it");
    offer->collateral[0].lists[1].crl.issuer.der[20] ^= 1;
    expect_fault(ASSAY_RENEWAL_STRANGER, "CRL", "issuer");
    add_list(in_force, 9, SET_FROM); /* whose it is nobody knows: it binds nobody */
    in_force->collateral[0].lists[1].has_issuer = false;
    offer->collateral[0].list_count = 1;
    offer->collateral[0].lists[0].crl.this_update_s += 1;
    expect_kind(ASSAY_RENEWAL_SAME_NUMBER, "a list of nobody's need not stay");
    offer->collateral[0].list_count = 0;
    expect_fault(ASSAY_RENEWAL_MISSING, "CRL", "issuer");
}

/* ------------------------------------------------------------ properties */

enum { SETS = 12 };

/* A strict partial order: nothing follows itself, no two follow one another, and what follows a
 * follower follows. */
Test(quote_newer, is_an_order)
{
    static const struct {
        int64_t day;
        uint32_t number;
        size_t revoked;
    } rows[SETS] = { { 0, 5, 0 },  { 0, 5, 1 },  { 2, 5, 0 }, { 2, 5, 1 },  { 2, 6, 0 },
                     { 4, 5, 2 },  { 4, 6, 0 },  { 4, 6, 1 }, { 6, 5, 0 },  { 6, 7, 3 },
                     { 8, 6, 1 },  { 8, 7, 0 } };
    static bool follows[SETS][SETS];
    struct made *sets[SETS];
    size_t pairs = 0;
    at_unix_s = SET_FROM + 10 * SET_DAY;
    for (size_t i = 0; i < SETS; i++) {
        struct assay_soft_terms terms = terms_at(ca, rows[i].day * SET_DAY, rows[i].number);
        terms.revoked_count = rows[i].revoked;
        for (size_t k = 0; k < terms.revoked_count; k++)
            terms.revoked[k][ASSAY_SERIAL_LEN - 1] = (uint8_t)(k + 1);
        sets[i] = made_open();
        made_soft(sets[i], ca, &terms);
        made_build(sets[i]);
    }
    for (size_t i = 0; i < SETS; i++)
        for (size_t k = 0; k < SETS; k++) {
            assay_collateral_newer(&sets[i]->built, &sets[k]->built, at_unix_s, &answer);
            follows[i][k] = answer.kind != ASSAY_RENEWAL_REFUSED;
            pairs += follows[i][k];
            /* A recovery of the same day follows; lists of one day are one list. */
            const bool later =
                rows[k].number >= rows[i].number &&
                (rows[k].day > rows[i].day ||
                 (rows[k].day == rows[i].day && rows[k].number > rows[i].number &&
                  rows[k].revoked == rows[i].revoked));
            cr_expect_eq(follows[i][k], later, "%zu then %zu: %s", i, k,
                         assay_renewal_fault_name(answer.fault));
            if (later)
                cr_expect_eq(answer.kind == ASSAY_RENEWAL_HIGHER_NUMBER,
                             rows[k].number > rows[i].number);
        }
    for (size_t i = 0; i < SETS; i++) {
        cr_expect_not(follows[i][i], "%zu follows itself", i);
        for (size_t k = 0; k < SETS; k++)
            for (size_t m = 0; m < SETS; m++) {
                cr_expect_not(follows[i][k] && follows[k][i]);
                if (follows[i][k] && follows[k][m])
                    cr_expect(follows[i][m], "%zu %zu %zu", i, k, m);
            }
    }
    cr_expect_gt(pairs, 30);
    for (size_t i = 0; i < SETS; i++)
        made_close(sets[i]);
}

/* ------------------------------------------------------------ genuine */

static void read_genuine(struct made *m, const char *name, struct assay_collateral_files *files)
{
    char path[PATH_MAX];
    uint32_t kinds = 0;
    (void)snprintf(path, sizeof path, "%s/sgx/%s", vectors_dir(), name);
    parts_read(path, files);
    m->entries[0].files = *files;
    cr_assert_eq(assay_pinned_root(ASSAY_PINNED_INTEL_SGX, &m->entries[0].root, &kinds), ASSAY_OK);
    m->entries[0].kinds = kinds;
    m->count = 1;
    made_build(m);
}

Test(quote_newer, the_recovery_of_2025_is_one)
{
    if (vectors_dir() == NULL) cr_skip_test("no vectors");
    struct assay_collateral_files before, after;
    read_genuine(in_force, "sgx-tcb-recovery-before", &before);
    read_genuine(offer, "sgx-tcb-recovery-after", &after);
    at_unix_s = 1755648000; /* 2025-08-20 */
    expect_kind(ASSAY_RENEWAL_HIGHER_NUMBER, "16 to 17");
    cr_expect_eq(answer.number_in_force, 16);
    cr_expect_eq(answer.number_offered, 17);
    assay_collateral_newer(&offer->built, &in_force->built, 1718800000, &answer);
    cr_expect_eq(answer.kind, ASSAY_RENEWAL_REFUSED);
    at_unix_s = 1758000000; /* 2025-09-16: it has ended */
    expect_fault(ASSAY_RENEWAL_ENDED, "PCK CRL", "valid until");
    parts_free(&before);
    parts_free(&after);
}

/* What replays it meets a newer one in force: the old set of 2024 under dates at which it held. */
Test(quote_newer, a_replay_of_genuine_documents_is_refused)
{
    if (vectors_dir() == NULL) cr_skip_test("no vectors");
    struct assay_collateral_files before, after;
    read_genuine(offer, "sgx-tcb-recovery-before", &before);
    read_genuine(in_force, "sgx-tcb-recovery-after", &after);
    at_unix_s = 1718900000; /* 2024-06-20, as a liar's clock might have it */
    expect_fault(ASSAY_RENEWAL_BACKWARDS, "TCB info", "tcbEvaluationDataNumber");
    parts_free(&before);
    parts_free(&after);
}

Test(quote_newer, every_fault_has_a_name_and_a_text)
{
    for (int i = 0; i <= ASSAY_RENEWAL_SOON; i++) {
        cr_expect_not_null(assay_renewal_fault_name((enum assay_renewal_fault)i));
        cr_expect_not_null(assay_renewal_fault_text((enum assay_renewal_fault)i));
    }
    cr_expect_null(assay_renewal_fault_name((enum assay_renewal_fault)(ASSAY_RENEWAL_SOON + 1)));
    cr_expect_null(assay_renewal_fault_text((enum assay_renewal_fault)(ASSAY_RENEWAL_SOON + 1)));
}
