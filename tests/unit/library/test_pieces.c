/*
 * tests/unit/library/test_pieces.c - tests of evidence pieces through the library.
 *
 * What becomes of pieces that cannot be read, cannot serve or belong to somebody else: each has a
 * status, and only a damaged revocation list moves a verdict.
 */
#include "tests/unit/library/verify_bytes.h"
#include "tests/unit/quote/snp/snp_world.h"
#include "tests/unit/tpm/simulated_tpm.h"

#include <assay/assay.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { SETS_FILES = 16 };

/* A set that makes some evidence affirming, and room for more. */
struct set {
    struct assay_key root;
    enum assay_evidence_kind kind;
    int64_t at_unix_s;
    struct assay_bytes evidence;
    size_t count;
    struct assay_bytes files[SETS_FILES + 1];
};

static struct snp_world *snp;
static struct simtpm *simtpm;
static struct assay_package tpm; /* borrows from the paper TPM's evidence */
static uint8_t list[2][AUTHORITY_DER_MAX], stray[AUTHORITY_DER_MAX];
static size_t list_len[2], stray_len;
static struct assay_verdict *verdict;
static struct assay_trust *trust;

static void make_stray(void)
{
    struct authority_key *key = authority_key_make(ASSAY_KEY_P256);
    const struct authority_certificate c =
        authority_ca("stray", key, "stray", key, ASSAY_SIGNATURE_ECDSA_SHA256);
    stray_len = authority_certificate_make(&c, stray);
    authority_key_free(&key);
}

static void set_up(void)
{
    snp = snp_world_open(ASSAY_SNP_MILAN);
    snp_world_certify(snp);
    snp_world_sign(snp);
    list_len[0] = authority_crl_make(&snp->crl, list[0]);
    simtpm = calloc(1, sizeof *simtpm);
    cr_assert_not_null(simtpm);
    simtpm_make(simtpm);
    simtpm_build(simtpm);
    cr_assert_eq(assay_package_read(ASSAY_KIND_TPM, simtpm->evidence, simtpm->len, &tpm), ASSAY_OK);
    cr_assert_eq(assay_tpm_registrar_crl(&simtpm->registrar, SIMTPM_NOW - 1, SIMTPM_NOW + 60, NULL,
                                         0, list[1], sizeof list[1], &list_len[1]),
                 ASSAY_OK);
    make_stray();
    cr_assert_eq(assay_verdict_create(&verdict), ASSAY_OK);
}

static void tear_down(void)
{
    assay_verdict_destroy(&verdict);
    assay_trust_destroy(&trust);
    snp_world_close(snp);
    simtpm_free(simtpm);
    free(simtpm);
}

TestSuite(library_pieces, .init = set_up, .fini = tear_down);

static void add(struct set *s, struct assay_slice bytes)
{
    cr_assert_leq(s->count, SETS_FILES);
    s->files[s->count++] = (struct assay_bytes){ bytes.bytes, bytes.len };
}

static struct set chip(void)
{
    struct set s = { .kind = ASSAY_KIND_SNP,
                     .at_unix_s = snp->at_unix_s,
                     .evidence = { snp->report, sizeof snp->report } };
    authority_key_public(snp->ark_key, &s.root);
    add(&s, assay_slice_over(list[0], list_len[0]));
    add(&s, assay_slice_over(snp->ask_der, snp->ask_len));
    add(&s, assay_slice_over(snp->vek_der, snp->vek_len));
    return s;
}

static struct set module(void)
{
    struct set s = { .kind = ASSAY_KIND_TPM,
                     .at_unix_s = SIMTPM_NOW,
                     .root = simtpm->registrar.key,
                     .evidence = { tpm.main.bytes, tpm.main.len } };
    add(&s, assay_slice_over(list[1], list_len[1]));
    add(&s, tpm.signature);
    add(&s, tpm.pcrs);
    add(&s, tpm.key);
    for (size_t i = 0; i < tpm.certificate_count; i++)
        add(&s, tpm.certificates[i]);
    return s;
}

static void judge(const struct set *s)
{
    uint8_t spki[640];
    size_t len = 0;
    assay_trust_destroy(&trust);
    cr_assert_eq(assay_trust_create(&trust), ASSAY_OK);
    cr_assert_eq(assay_key_spki(&s->root, spki, sizeof spki, &len), ASSAY_OK);
    cr_assert_eq(assay_trust_add_root(trust, spki, len, ASSAY_KIND_BIT(s->kind)), ASSAY_OK);
    cr_assert_eq(assay_trust_add_collateral(trust, s->files, s->count), ASSAY_OK);
    cr_assert_eq(verify_bytes(NULL, trust, NULL, s->kind, s->evidence.bytes, s->evidence.len,
                              s->at_unix_s, verdict),
                 ASSAY_OK);
}

static bool has_finding(const char *name)
{
    struct assay_finding why = { .size = sizeof why };
    for (size_t i = 0; assay_verdict_get_finding(verdict, i, &why); i++)
        if (strcmp(why.name, name) == 0) return true;
    return false;
}

/* The piece of the last file. */
static void expect_last(const struct set *s, const char *name, enum assay_status status)
{
    struct assay_trust_piece piece = { .size = sizeof piece };
    for (size_t i = 0; assay_trust_get_piece(trust, i, &piece) == ASSAY_OK; i++) {
        cr_expect_eq(piece.set, 0);
        if (piece.file != s->count - 1) continue;
        cr_expect_str_eq(piece.name, name);
        cr_expect_eq(piece.status, status, "%s: %s", name, assay_name_of_status(piece.status));
        return;
    }
    cr_expect(false, "no piece of the last file");
}

static struct set set_at(int which)
{
    return which == 0 ? chip() : module();
}

Test(library_pieces, all_of_a_good_set_can_serve)
{
    struct assay_trust_piece piece = { .size = sizeof piece };
    for (int which = 0; which < 2; which++) {
        const struct set s = set_at(which);
        judge(&s);
        cr_expect_eq(assay_verdict_get_tier(verdict), ASSAY_TIER_AFFIRMING, "set %d", which);
        cr_expect_eq(assay_trust_count_pieces(trust), s.count);
        size_t i = 0;
        for (; assay_trust_get_piece(trust, i, &piece) == ASSAY_OK; i++)
            cr_expect_eq(piece.status, ASSAY_OK, "%s", piece.name);
        cr_expect_eq(i, s.count);
        cr_expect_eq(assay_trust_get_piece(trust, i, &piece), ASSAY_E_NOT_FOUND);
    }
    cr_expect_eq(assay_trust_get_piece(NULL, 0, &piece), ASSAY_E_INVALID);
    cr_expect_eq(assay_trust_get_piece(trust, 0, NULL), ASSAY_E_INVALID);
    cr_expect_eq(assay_trust_count_pieces(NULL), 0);
}

/* Wherever a list is cut behind its issuer, and whatever is turned in its signed part. */
Test(library_pieces, a_damaged_list_keeps_evidence_from_being_affirmed)
{
    for (int which = 0; which < 2; which++) {
        static uint8_t damaged[AUTHORITY_DER_MAX];
        struct set s = set_at(which);
        const size_t len = list_len[which];
        for (size_t cut = 1; cut < len / 3; cut += 7) {
            s = set_at(which);
            assay_bytes_copy(damaged, sizeof damaged, list[which], len);
            add(&s, assay_slice_over(damaged, len - cut));
            judge(&s);
            cr_expect_eq(assay_verdict_get_tier(verdict), ASSAY_TIER_NONE, "%d: %zu", which, cut);
            cr_expect(has_finding("collateral-format"));
            expect_last(&s, "revocation list", ASSAY_E_SYNTAX);
        }
    }
}

/* The others still count: one that revokes is believed, damaged ones beside it or not. */
Test(library_pieces, a_list_beside_a_damaged_one_still_revokes)
{
    static const uint64_t revoked[] = { SNP_SERIAL_ASK };
    uint8_t newer[AUTHORITY_DER_MAX];
    struct set s = chip();
    snp->crl.from_s += 1;
    snp->crl.revoked_count = 1;
    snp->crl.revoked = revoked;
    add(&s, assay_slice_over(newer, authority_crl_make(&snp->crl, newer)));
    add(&s, assay_slice_over(list[0], list_len[0] - 20));
    judge(&s);
    cr_expect_eq(assay_verdict_get_genuine(verdict), ASSAY_GENUINE_FALSE);
    cr_expect(has_finding("certificate-revoked"));
    cr_expect(has_finding("collateral-format"));
}

Test(library_pieces, strangers_and_damaged_certificates_are_said_and_change_nothing)
{
    static uint8_t cut[AUTHORITY_DER_MAX];
    assay_bytes_copy(cut, sizeof cut, stray, stray_len);
    for (int which = 0; which < 2; which++) {
        struct set s = set_at(which);
        judge(&s);
        const struct assay_verdict wanted = *verdict;
        const struct {
            struct assay_slice bytes;
            const char *name;
            enum assay_status status;
        } rows[] = {
            { { stray, stray_len }, "certificate", ASSAY_E_NOT_FOUND },
            { { cut, stray_len - 9 }, "certificate", ASSAY_E_SYNTAX },
            { { (const uint8_t *)"hello", 5 }, "other bytes", ASSAY_E_UNSUPPORTED },
            { { (const uint8_t *)"{\"kty\":\"EC\"}", 12 }, "public key", ASSAY_E_SYNTAX },
        };
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            s = set_at(which);
            add(&s, rows[i].bytes);
            judge(&s);
            expect_last(&s, rows[i].name, rows[i].status);
            cr_expect(assay_bytes_equal(verdict, &wanted, sizeof wanted), "set %d, row %zu: %s",
                      which, i, assay_name_of_tier(assay_verdict_get_tier(verdict)));
        }
    }
}

/* One that does not sign is no matter beside one that does; alone, the verdict says so. */
Test(library_pieces, an_unfit_public_area_is_said_and_is_better_than_none)
{
    struct simtpm *const other = calloc(1, sizeof *other);
    struct assay_package unfit;
    cr_assert_not_null(other);
    simtpm_make(other);
    other->attributes &= ~(uint32_t)ASSAY_TPM_SIGN;
    simtpm_build(other);
    cr_assert_eq(assay_package_read(ASSAY_KIND_TPM, other->evidence, other->len, &unfit), ASSAY_OK);
    struct set s = module();
    judge(&s);
    const struct assay_verdict wanted = *verdict;
    add(&s, unfit.key);
    judge(&s);
    expect_last(&s, "TPM public area", ASSAY_E_KEY);
    cr_expect(assay_bytes_equal(verdict, &wanted, sizeof wanted));

    struct set alone = { 0 };
    s = module();
    alone = s;
    alone.count = 0;
    for (size_t i = 0; i < s.count; i++)
        if (s.files[i].bytes != tpm.key.bytes && i < 3) alone.files[alone.count++] = s.files[i];
    add(&alone, unfit.key);
    judge(&alone);
    expect_last(&alone, "TPM public area", ASSAY_E_KEY);
    cr_expect_neq(assay_verdict_get_genuine(verdict), ASSAY_GENUINE_TRUE);
    cr_expect_not(has_finding("key-missing"), "it is not missing");
    simtpm_free(other);
    free(other);
}

/* Eight lists have room. More of the evidence's own authority leave it unaffirmed, because one of
 * them may revoke; lists of an authority that it does not have change nothing. */
Test(library_pieces, too_many_lists_of_its_authority_are_reported)
{
    enum { LISTS = 10 };
    static uint8_t lists[LISTS][AUTHORITY_DER_MAX];
    struct authority_key *key = authority_key_make(ASSAY_KEY_P256);
    const struct authority_certificate c =
        authority_ca("other", key, "other", key, ASSAY_SIGNATURE_ECDSA_SHA256);
    for (int own = 0; own < 2; own++) {
        struct set s = chip();
        struct authority_crl crl = snp->crl;
        judge(&s);
        const struct assay_verdict wanted = *verdict;
        if (own == 0) {
            crl = (struct authority_crl){ .issuer = "other",
                                          .signer = key,
                                          .alg = ASSAY_SIGNATURE_ECDSA_SHA256,
                                          .from_s = SNP_FROM,
                                          .to_s = SNP_TO };
            add(&s, assay_slice_over(stray, authority_certificate_make(&c, stray)));
        }
        for (size_t i = 0; i < LISTS; i++) {
            crl.number = 2 + i;
            add(&s, assay_slice_over(lists[i], authority_crl_make(&crl, lists[i])));
        }
        judge(&s);
        if (own == 0) {
            cr_expect(assay_bytes_equal(verdict, &wanted, sizeof wanted));
            continue;
        }
        cr_expect_eq(assay_verdict_get_tier(verdict), ASSAY_TIER_NONE);
        cr_expect(has_finding("collateral-format"));
    }
    authority_key_free(&key);
}
