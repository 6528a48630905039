/*
 * tests/unit/quote/test_lists.c - several revocation lists of Intel's authorities: of all that are
 * at hand the newest that was out at the time counts, in whatever bundle and order.
 */
#include "quote/source/soft/soft_x509.h"
#include "tests/unit/quote/world.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { LIST_MAX = 8192 };

struct made {
    uint8_t der[LIST_MAX];
    size_t len;
};

/* A list by an authority of the world, over its PCK or PCK CA certificate, or over nothing. */
static struct made make(const struct world *w, bool of_root, int64_t issued_s, int64_t next_s,
                        bool revokes)
{
    struct made m;
    struct assay_certificate ca;
    uint8_t serials[1][ASSAY_SERIAL_LEN];
    cr_assert_eq(assay_x509_certificate(w->ca.platform_der, w->ca.platform_der_len, &ca), ASSAY_OK);
    assay_bytes_copy(serials[0], ASSAY_SERIAL_LEN, of_root ? ca.serial : w->node.pck_serial,
                     ASSAY_SERIAL_LEN);
    const struct assay_soft_crl crl = {
        .issuer = of_root ? ASSAY_SOFT_ROOT : ASSAY_SOFT_PLATFORM_CA,
        .vendor = w->ca.name,
        .this_update_s = issued_s,
        .next_update_s = next_s,
        .issuer_public_key = of_root ? w->ca.root_public : w->ca.platform_public,
        .issuer_key = of_root ? &w->ca.root_key : &w->ca.platform_key,
        .revoked = (const uint8_t(*)[ASSAY_SERIAL_LEN])serials,
        .revoked_count = revokes ? 1 : 0,
    };
    cr_assert_eq(assay_soft_crl_make(&crl, m.der, sizeof m.der, &m.len), ASSAY_OK);
    return m;
}

static void expect(struct world *w, enum assay_tier tier, const char *what)
{
    cr_assert_eq(world_judge(w), ASSAY_OK);
    cr_expect_eq(w->verdict.tier, tier, "%s: %s", what,
                 w->verdict.reason_count == 0 ? "-" : assay_rule_name(w->verdict.reasons[0].rule));
    if (tier == ASSAY_TIER_CONTRAINDICATED)
        cr_expect(assay_verdict_has(&w->verdict, ASSAY_RULE_CERT_REVOKED), "%s", what);
}

static void give(struct world *w, const struct made *further)
{
    w->bundle.files.part[ASSAY_PART_CRL] =
        further == NULL ? assay_slice_over(NULL, 0) : assay_slice_over(further->der, further->len);
    world_build(w);
}

/* The bundle's own list says nothing; another one, that came along, revokes. */
Test(quote_lists, a_newer_list_revokes_wherever_it_stands)
{
    for (int of_root = 0; of_root < 2; of_root++) {
        struct world *const w = world_open();
        w->terms.issue_unix_s = WORLD_AT - 100;
        world_publish(w);
        expect(w, ASSAY_TIER_AFFIRMING, "one list");
        const struct made newer = make(w, of_root, WORLD_AT - 50, WORLD_TO, true);
        const struct made older = make(w, of_root, WORLD_AT - 200, WORLD_TO, true);
        const struct made future = make(w, of_root, WORLD_AT + 50, WORLD_TO, true);
        const struct made clean = make(w, of_root, WORLD_AT - 20, WORLD_TO, false);
        give(w, &newer);
        expect(w, ASSAY_TIER_CONTRAINDICATED, "a newer one");
        give(w, &older);
        expect(w, ASSAY_TIER_AFFIRMING, "an older one: the certificate stands again");
        give(w, &future);
        expect(w, ASSAY_TIER_AFFIRMING, "one of tomorrow");
        w->at_unix_s = WORLD_AT + 60;
        expect(w, ASSAY_TIER_CONTRAINDICATED, "tomorrow");
        w->at_unix_s = WORLD_AT;
        /* The other way round: what revoked is superseded. */
        w->terms.revoke_platform_ca = of_root;
        if (!of_root) assay_bytes_copy(w->terms.revoked[0], 20, w->node.pck_serial, 20);
        w->terms.revoked_count = of_root ? 0 : 1;
        world_publish(w);
        expect(w, ASSAY_TIER_CONTRAINDICATED, "its own");
        give(w, &clean);
        expect(w, ASSAY_TIER_AFFIRMING, "a newer one without it");
        world_close(w);
    }
}

/* A list of another bundle under the same root. */
Test(quote_lists, bundles_of_one_root_share_what_they_know)
{
    for (int of_root = 0; of_root < 2; of_root++) {
        struct world *const w = world_open();
        struct assay_collateral *const other = calloc(1, sizeof *other);
        cr_assert_not_null(other);
        w->terms.issue_unix_s = WORLD_AT - 100;
        world_publish(w);
        const struct made newer = make(w, of_root, WORLD_AT - 50, WORLD_TO, true);
        struct assay_collateral_files files = w->bundle.files;
        files.part[of_root ? ASSAY_PART_ROOT_CRL : ASSAY_PART_PCK_CRL] =
            assay_slice_over(newer.der, newer.len);
        files.part[ASSAY_PART_TCB_INFO] = assay_slice_over(NULL, 0); /* no choice for anybody */
        cr_assert_eq(assay_collateral_build(&files, &w->endorsements.entries[0].root, other),
                     ASSAY_OK);
        w->endorsements.entries[1] = w->endorsements.entries[0];
        w->endorsements.entries[1].collateral = other;
        w->endorsements.count = 2;
        expect(w, ASSAY_TIER_CONTRAINDICATED, "in another bundle");
        w->endorsements.entries[1].kinds = ASSAY_KINDS_TDX;
        expect(w, ASSAY_TIER_AFFIRMING, "in one for other kinds");
        free(other);
        world_close(w);
    }
}

/* Its own list has run out; a newer one is at hand, and one that nobody signed. */
Test(quote_lists, the_dates_are_those_of_the_list_that_counts)
{
    struct world *const w = world_open();
    const struct made ran_out = make(w, false, WORLD_AT - 100, WORLD_AT - 10, false);
    const struct made current = make(w, false, WORLD_AT - 50, WORLD_TO, false);
    struct made forged = make(w, false, WORLD_AT - 20, WORLD_TO, true);
    w->bundle.files.part[ASSAY_PART_PCK_CRL] = assay_slice_over(ran_out.der, ran_out.len);
    give(w, NULL);
    expect(w, ASSAY_TIER_NONE, "it ran out");
    cr_expect(assay_verdict_has(&w->verdict, ASSAY_RULE_COLLATERAL_EXPIRED));
    give(w, &current);
    expect(w, ASSAY_TIER_AFFIRMING, "a newer one counts");
    w->bundle.files.part[ASSAY_PART_PCK_CHAIN] = assay_slice_over(NULL, 0);
    give(w, &current);
    expect(w, ASSAY_TIER_AFFIRMING, "by the CA of the quote");
    forged.der[forged.len - 1] ^= 1;
    give(w, &forged);
    expect(w, ASSAY_TIER_NONE, "a forged one counts for nothing");
    cr_expect_not(assay_verdict_has(&w->verdict, ASSAY_RULE_CERT_REVOKED));
    world_close(w);
}
