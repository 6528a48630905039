/*
 * tests/unit/apps/evidence/test_evidence_package.c - tests of evidence in several files.
 *
 * apps/assay/evidence/evidence_package.h: a paravisor's blob whose other pieces lie in a folder as
 * plain files, as its tools leave them. The names say nothing.
 */
#include "apps/assay/evidence/claims.h"
#include "apps/assay/evidence/evidence_package.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/tpm/vtpm_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct scattered {
    struct vtpm *world;
    struct assay_package whole; /* borrows from the world's evidence */
    struct folder folder;
    struct assay_input_files *given;
};

static void put(const struct scattered *s, const char *name, struct assay_slice bytes)
{
    (void)folder_put(&s->folder, name, bytes.bytes, bytes.len, 0600);
}

static struct scattered scatter(bool is_tdx)
{
    struct scattered s = { .world = vtpm_open(is_tdx) };
    const enum assay_evidence_kind kind = is_tdx ? ASSAY_KIND_VTPM_TDX : ASSAY_KIND_VTPM_SNP;
    vtpm_build(s.world);
    cr_assert_eq(assay_package_read(kind, s.world->evidence, s.world->len, &s.whole), ASSAY_OK);
    s.folder = folder_make();
    put(&s, "1", s.whole.main);
    put(&s, "2", s.whole.signature);
    put(&s, "3", s.whole.pcrs);
    put(&s, "4", s.whole.key);
    for (size_t i = 0; i < s.whole.certificate_count; i++) {
        const char name[] = { 'c', (char)('0' + i), '\0' };
        put(&s, name, s.whole.certificates[i]);
    }
    return s;
}

static struct assay_evidence_package gather(struct scattered *s)
{
    struct assay_evidence_package pieces;
    const char *where = NULL;
    s->given = calloc(1, sizeof *s->given);
    cr_assert_not_null(s->given);
    cr_assert_eq(cli_input_files_read(s->folder.path, s->given, &where), ASSAY_OK, "%s",
                 where != NULL ? where : "the folder");
    cr_assert_eq(cli_evidence_package_take(s->given, s->whole.kind, s->whole.hardware, &pieces),
                 ASSAY_OK);
    return pieces;
}

/* The same package as the world's is found and appraised. */
static enum assay_genuine genuine_of(struct scattered *s,
                                     const struct assay_evidence_package *pieces)
{
    struct vtpm *const v = s->world;
    cr_assert_leq(pieces->evidence.len, sizeof v->evidence);
    assay_bytes_copy(v->evidence, sizeof v->evidence, pieces->evidence.bytes, pieces->evidence.len);
    v->len = pieces->evidence.len;
    cr_assert_eq(vtpm_verify(v), ASSAY_OK);
    return v->verdict.genuine;
}

static void done(struct scattered *s)
{
    if (s->given != NULL) cli_input_files_close(s->given);
    free(s->given);
    folder_remove(&s->folder);
    vtpm_close(s->world);
}

static bool has_pem(struct assay_slice bytes)
{
    return memmem(bytes.bytes, bytes.len, "-----BEGIN CERTIFICATE-----", 27) != NULL;
}

/* The first thing that stands against the evidence. */
static const char *why(const struct scattered *s)
{
    const struct assay_verdict *v = &s->world->verdict;
    return v->reason_count > 0 ? assay_rule_name(v->reasons[0].rule) : "nothing";
}

Test(evidence_package, quote_of_a_domain_is_found_though_its_chain_is_pem)
{
    struct scattered s = scatter(true);
    cr_assert(has_pem(s.whole.quote), "as genuine ones");
    put(&s, "5", s.whole.quote);
    struct assay_evidence_package pieces = gather(&s);
    cr_expect(assay_slice_equal(pieces.package.quote, s.whole.quote));
    cr_expect_eq(genuine_of(&s, &pieces), ASSAY_GENUINE_TRUE, "%s", why(&s));
    cli_evidence_package_close(&pieces);
    done(&s);
}

Test(evidence_package, bytes_after_the_quote_of_a_domain_are_not_of_it)
{
    static uint8_t longer[VTPM_MAX];
    struct scattered s = scatter(true);
    assay_bytes_copy(longer, sizeof longer, s.whole.quote.bytes, s.whole.quote.len);
    put(&s, "5", assay_slice_over(longer, s.whole.quote.len + 100));
    struct assay_evidence_package pieces = gather(&s);
    cr_expect(assay_slice_equal(pieces.package.quote, s.whole.quote));
    cli_evidence_package_close(&pieces);
    done(&s);
}

Test(evidence_package, without_the_quote_of_the_domain_nothing_is_judged)
{
    struct scattered s = scatter(true);
    struct assay_evidence_package pieces = gather(&s);
    cr_expect_eq(pieces.package.quote.len, 0);
    cr_expect_eq(genuine_of(&s, &pieces), ASSAY_GENUINE_UNKNOWN);
    cr_expect_eq(s.world->verdict.tier, ASSAY_TIER_NONE);
    cli_evidence_package_close(&pieces);
    done(&s);
}

Test(evidence_package, a_chip_s_report_finds_its_certificates)
{
    struct scattered s = scatter(false);
    struct assay_evidence_package pieces = gather(&s);
    cr_expect_eq(pieces.package.certificate_count, s.whole.certificate_count);
    cr_expect_eq(genuine_of(&s, &pieces), ASSAY_GENUINE_TRUE, "%s", why(&s));
    cli_evidence_package_close(&pieces);
    done(&s);
}

/* What the quote measured is claimed as for a quote alone; report data are those of the blob. */
Test(evidence_package, domain_s_quote_is_claimed)
{
    for (int with = 0; with < 2; with++) {
        struct scattered s = scatter(true);
        struct assay_package package = s.whole;
        static struct assay_claims read;
        if (with == 0) package.quote.len = 0;
        assay_claims_init(&read);
        cr_assert_eq(assay_claims_of_vtpm(&package, &read), ASSAY_OK);
        struct assay_json *claims = cli_claims_json(&read);
        cr_expect_eq(assay_json_get(claims, "mrtd") != NULL, with == 1);
        cr_expect_eq(assay_json_get(claims, "rtmr3") != NULL, with == 1);
        cr_expect_eq(strlen(assay_json_text(claims, "report_data", "")), 128);
        cr_expect_not_null(assay_json_get(claims, "pcrs"));
        assay_json_free(&claims);
        done(&s);
    }
}

/* How many of the genuine certificates are in the package. */
static size_t count_genuine(const struct scattered *s, const struct assay_evidence_package *pieces)
{
    size_t count = 0;
    for (size_t i = 0; i < s->whole.certificate_count; i++)
        for (size_t k = 0; k < pieces->package.certificate_count; k++)
            if (assay_slice_equal(s->whole.certificates[i], pieces->package.certificates[k]))
                count += 1;
    return count;
}

/* Copies with a changed signature, of each certificate as many as a package has room for, and
 * before it in the order of the bytes. Without a policy its own root shows which are genuine. */
Test(evidence_package, copies_of_certificates_take_no_room)
{
    enum { COPIES = ASSAY_PACKAGE_CERTIFICATES_MAX };
    static uint8_t copy[8192];
    struct scattered s = scatter(false);
    for (size_t i = 0; i < s.whole.certificate_count; i++) {
        const struct assay_slice der = s.whole.certificates[i];
        cr_assert_leq(der.len, sizeof copy);
        for (size_t n = 0; n < COPIES; n++) {
            const char name[] = { 'x', (char)('0' + i), (char)('0' + n), '\0' };
            assay_bytes_copy(copy, sizeof copy, der.bytes, der.len);
            size_t at = der.len - 1 - n;
            while (copy[at] == 0) at -= 1;
            copy[at] -= 1;
            put(&s, name, assay_slice_over(copy, der.len));
        }
    }
    struct assay_evidence_package pieces = gather(&s);
    cr_expect_lt(count_genuine(&s, &pieces), s.whole.certificate_count, "the attack");
    cli_evidence_package_close(&pieces);
    cr_assert_eq(cli_evidence_package_find_leads(s.given), ASSAY_OK);
    cr_assert_eq(cli_evidence_package_take(s.given, s.whole.kind, s.whole.hardware, &pieces),
                 ASSAY_OK);
    cr_expect_eq(count_genuine(&s, &pieces), s.whole.certificate_count);
    cli_evidence_package_close(&pieces);
    done(&s);
}
