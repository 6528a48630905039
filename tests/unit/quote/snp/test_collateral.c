/*
 * tests/unit/quote/snp/test_collateral.c - tests of the ARK's revocation lists, and of the bundles
 * of a network.
 */
#include "tests/unit/quote/snp/snp_world.h"

#include "quote/collateral/endorsements.h"
#include "quote/verify.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct snp_world *open_with_list(void)
{
    struct snp_world *const w = snp_world_open(ASSAY_SNP_MILAN);
    w->has_crl = true;
    return w;
}

static void expect_first(const struct snp_world *w, enum assay_rule rule,
                         enum assay_genuine genuine)
{
    cr_expect_eq(w->verdict.reasons[0].rule, rule, "%s instead of %s",
                 assay_rule_name(w->verdict.reasons[0].rule), assay_rule_name(rule));
    cr_expect_eq(w->verdict.genuine, genuine);
}

Test(snp_collateral, with_a_list_makes_good_evidence_affirming)
{
    struct snp_world *const w = open_with_list();
    snp_world_run(w);
    cr_assert_eq(w->verdict.reason_count, 0, "%s", assay_rule_name(w->verdict.reasons[0].rule));
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
    w->policy.platform.require_crl = true;
    snp_world_run(w);
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
    w->with = SNP_WITH_VEK | SNP_WITH_ASK; /* the ARK known as a key alone */
    snp_world_run(w);
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
    snp_world_close(w);
}

Test(snp_collateral, without_a_list_is_unjudged_where_one_is_demanded)
{
    struct snp_world *const w = snp_world_open(ASSAY_SNP_MILAN);
    w->policy.platform.require_crl = true;
    snp_world_run(w);
    expect_first(w, ASSAY_RULE_COLLATERAL_MISSING, ASSAY_GENUINE_UNKNOWN);
    snp_world_close(w);
}

Test(snp_collateral, cannot_tell_where_nobody_said_whom_to_trust)
{
    struct snp_world *const w = snp_world_open(ASSAY_SNP_MILAN);
    w->endorsements.entries[0].kinds = ~ASSAY_KIND_BIT(ASSAY_KIND_SNP);
    w->endorsements.exact = true;
    snp_world_run(w);
    expect_first(w, ASSAY_RULE_ROOT_MISSING, ASSAY_GENUINE_UNKNOWN);
    cr_assert_eq(w->verdict.proofs[ASSAY_PROOF_CHAIN], ASSAY_PROOF_UNKNOWN);
    cr_assert_not(w->verdict.has_platform);
    w->endorsements.exact = false; /* a network knows */
    snp_world_run(w);
    expect_first(w, ASSAY_RULE_CHAIN_ROOT, ASSAY_GENUINE_FALSE);
    snp_world_close(w);
}

/*
 * An attester who writes a certificate of the ARK's key, long run out, must not be left unjudged
 * for it: nobody signed that.
 */
Test(snp_collateral, is_not_moved_by_a_certificate_of_the_ark_by_somebody_else)
{
    for (unsigned bundled = 0; bundled < 2; bundled++) {
        struct snp_world *const w = bundled ? open_with_list() : snp_world_open(ASSAY_SNP_MILAN);
        w->bundle_certificates = false;
        snp_world_run(w);
        const enum assay_tier tier = w->verdict.tier;
        w->ark.issuer = "Elder";
        w->ark.signer = w->other_key;
        w->ark.to_s = w->ark.from_s + 1;
        w->ark.key_usage = ASSAY_KEY_USAGE_CERT_SIGN; /* nor may it unsay the ARK's list */
        snp_world_run(w);
        cr_assert_eq(w->verdict.genuine, ASSAY_GENUINE_TRUE, "%s",
                     assay_rule_name(w->verdict.reasons[0].rule));
        cr_assert_eq(w->verdict.tier, tier);
        snp_world_close(w);
    }
}

Test(snp_collateral, revokes_asks)
{
    struct snp_world *const w = open_with_list();
    w->revoked[0] = SNP_SERIAL_ASK;
    w->crl.revoked_count = 1;
    snp_world_run(w);
    expect_first(w, ASSAY_RULE_CERT_REVOKED, ASSAY_GENUINE_FALSE);
    snp_world_close(w);
}

/* AMD's endorsement keys all bear 0: an entry for it names none of them. */
Test(snp_collateral, revokes_endorsement_keys_by_a_number_of_their_own)
{
    struct snp_world *const w = open_with_list();
    w->revoked[0] = 0;
    w->revoked[1] = 77;
    w->crl.revoked_count = 2;
    snp_world_run(w);
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
    w->vek.serial = 77;
    snp_world_run(w);
    expect_first(w, ASSAY_RULE_CERT_REVOKED, ASSAY_GENUINE_FALSE);
    snp_world_close(w);
}

Test(snp_collateral, revokes_at_once_what_was_remembered)
{
    enum { ENTRIES = 4 };
    struct snp_world *const w = open_with_list();
    const size_t size = assay_verifier_size(ENTRIES);
    void *const memory = malloc(size);
    cr_assert_eq(assay_verifier_init(memory, size, ENTRIES, &w->verifier), ASSAY_OK);
    snp_world_run(w);
    cr_assert_eq(snp_world_judge(w), ASSAY_OK);
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
    w->revoked[0] = SNP_SERIAL_ASK;
    w->crl.revoked_count = 1;
    snp_world_publish(w);
    cr_assert_eq(snp_world_judge(w), ASSAY_OK);
    expect_first(w, ASSAY_RULE_CERT_REVOKED, ASSAY_GENUINE_FALSE);
    w->at_unix_s = SNP_TO + 1;
    cr_assert_eq(snp_world_judge(w), ASSAY_OK);
    cr_assert(assay_verdict_has(&w->verdict, ASSAY_RULE_COLLATERAL_EXPIRED));
    cr_assert(assay_verdict_has(&w->verdict, ASSAY_RULE_CERT_TIME));
    assay_verifier_deinit(&w->verifier);
    free(memory);
    snp_world_close(w);
}

Test(snp_collateral, judges_the_time_of_the_list)
{
    struct snp_world *const w = open_with_list();
    w->crl.to_s = SNP_AT - 1;
    snp_world_run(w);
    expect_first(w, ASSAY_RULE_COLLATERAL_EXPIRED, ASSAY_GENUINE_UNKNOWN);
    w->crl.to_s = SNP_TO;
    w->crl.from_s = SNP_AT + 1;
    snp_world_run(w);
    expect_first(w, ASSAY_RULE_COLLATERAL_EARLY, ASSAY_GENUINE_UNKNOWN);
    w->crl.from_s = SNP_FROM;
    snp_world_run(w);
    cr_assert_eq(w->verdict.expires_unix_s, SNP_TO);
    snp_world_close(w);
}

/* A folder may hold the lists of two products: what the other ARK says is about others. */
Test(snp_collateral, takes_the_list_of_another_ark_for_none)
{
    struct snp_world *const w = open_with_list();
    w->crl.issuer = "ARK-Genoa";
    w->crl.signer = w->other_key;
    snp_world_run(w);
    expect_first(w, ASSAY_RULE_REVOCATION_UNKNOWN, ASSAY_GENUINE_TRUE);
    w->crl.issuer = w->ark.subject; /* the name right, the key not */
    snp_world_run(w);
    expect_first(w, ASSAY_RULE_REVOCATION_UNKNOWN, ASSAY_GENUINE_TRUE);
    cr_assert_str_eq(w->verdict.reasons[0].observed, "one with a wrong signature");
    w->crl.issuer = w->ask.subject; /* an authority of the chain, but not the ARK */
    w->crl.signer = w->ask_key;
    snp_world_run(w);
    expect_first(w, ASSAY_RULE_REVOCATION_UNKNOWN, ASSAY_GENUINE_TRUE);
    w->with = SNP_WITH_VEK | SNP_WITH_ASK;
    snp_world_run(w);
    expect_first(w, ASSAY_RULE_REVOCATION_UNKNOWN, ASSAY_GENUINE_TRUE);
    w->policy.platform.require_crl = true;
    snp_world_run(w);
    expect_first(w, ASSAY_RULE_COLLATERAL_MISSING, ASSAY_GENUINE_UNKNOWN);
    snp_world_close(w);
}

Test(snp_collateral, refuses_a_list_that_cannot_be_read)
{
    struct snp_world *const w = open_with_list();
    snp_world_run(w);
    w->files.part[ASSAY_PART_CRL].len -= 1;
    cr_assert_eq(assay_collateral_build(&w->files, &w->endorsements.entries[0].root, w->collateral),
                 ASSAY_OK);
    cr_assert_not(assay_collateral_sound(w->collateral));
    cr_assert_eq(snp_world_judge(w), ASSAY_OK);
    expect_first(w, ASSAY_RULE_COLLATERAL_FORMAT, ASSAY_GENUINE_UNKNOWN);
    snp_world_close(w);
}

/* RFC 5280 4.2.1.1: the key id tells authorities of one name apart. */
Test(snp_collateral, knows_the_ark_by_its_key_id)
{
    struct snp_world *const w = open_with_list();
    w->crl.has_key_id = true;
    snp_world_run(w);
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
    w->crl.signer = w->other_key;
    snp_world_run(w);
    expect_first(w, ASSAY_RULE_REVOCATION_UNKNOWN, ASSAY_GENUINE_TRUE);
    snp_world_close(w);
}

/* The lists of two products in one folder, in both orders, the other one newer. */
Test(snp_collateral, finds_its_list_among_those_of_other_products)
{
    static uint8_t ours[AUTHORITY_DER_MAX], theirs[AUTHORITY_DER_MAX];
    static uint8_t all[2 * AUTHORITY_DER_MAX];
    for (int turn = 0; turn < 4; turn++) {
        struct snp_world *const w = open_with_list();
        const uint64_t ask_serial = w->ask.serial;
        struct authority_crl other = w->crl;
        other.issuer = "ARK-Genoa";
        other.signer = w->other_key;
        other.from_s = w->crl.from_s + 1;
        snp_world_run(w); /* the world's own, with one list */
        cr_assert_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
        if (turn >= 2) {
            w->crl.revoked = &ask_serial;
            w->crl.revoked_count = 1;
        }
        const size_t our_len = authority_crl_make(&w->crl, ours);
        const size_t their_len = authority_crl_make(&other, theirs);
        const bool first = turn % 2 == 0;
        const size_t one = first ? our_len : their_len, two = first ? their_len : our_len;
        assay_bytes_copy(all, sizeof all, first ? ours : theirs, one);
        assay_bytes_copy(all + one, sizeof all - one, first ? theirs : ours, two);
        w->files.part[ASSAY_PART_CRL] = assay_slice_over(all, one + two);
        cr_assert_eq(
            assay_collateral_build(&w->files, &w->endorsements.entries[0].root, w->collateral),
            ASSAY_OK);
        w->endorsements.entries[0].collateral = w->collateral;
        cr_assert_eq(snp_world_judge(w), ASSAY_OK);
        if (turn < 2) cr_assert_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING, "turn %d", turn);
        else cr_assert(assay_verdict_has(&w->verdict, ASSAY_RULE_CERT_REVOKED), "turn %d", turn);
        snp_world_close(w);
    }
}

/* Of several entries under one root the one with a list counts. */
Test(snp_collateral, is_looked_for_in_every_entry_of_the_root)
{
    struct snp_world *const w = open_with_list();
    struct assay_collateral *const bare = calloc(1, sizeof *bare);
    cr_assert_not_null(bare);
    snp_world_run(w);
    struct assay_endorsement *const entries = w->endorsements.entries;
    const struct assay_collateral_files none = { .part[ASSAY_PART_CERTIFICATES] = { w->ask_der,
                                                                                    w->ask_len } };
    cr_assert_eq(assay_collateral_build(&none, &entries[0].root, bare), ASSAY_OK);
    cr_assert(assay_collateral_sound(bare));
    w->endorsements.count = 3;
    entries[1] = entries[2] = entries[0];
    entries[0].collateral = NULL;
    entries[1].collateral = bare;
    cr_assert_eq(snp_world_judge(w), ASSAY_OK);
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING, "%s",
                 assay_rule_name(w->verdict.reasons[0].rule));
    w->endorsements.count = 2;
    cr_assert_eq(snp_world_judge(w), ASSAY_OK);
    expect_first(w, ASSAY_RULE_REVOCATION_UNKNOWN, ASSAY_GENUINE_TRUE);
    free(bare);
    snp_world_close(w);
}

/* --- bundles */
Test(snp_collateral, with_certificates_that_cannot_be_read_is_unjudged)
{
    struct snp_world *const w = open_with_list();
    w->bundle_certificates = true;
    snp_world_run(w);
    w->files.part[ASSAY_PART_CERTIFICATES].len -= 1;
    cr_assert_eq(assay_collateral_build(&w->files, &w->endorsements.entries[0].root, w->collateral),
                 ASSAY_OK);
    cr_assert_not(assay_collateral_sound(w->collateral));
    cr_assert_eq(snp_world_judge(w), ASSAY_OK);
    expect_first(w, ASSAY_RULE_COLLATERAL_FORMAT, ASSAY_GENUINE_UNKNOWN);
    snp_world_close(w);
}

Test(snp_collateral, of_a_network_brings_what_the_evidence_lacks)
{
    struct snp_world *const w = open_with_list();
    w->bundle_certificates = w->bundle_vek = true;
    for (unsigned with = 0; with <= SNP_WITH_ALL; with++) {
        w->with = with;
        w->endorsements.exact = (with & 1) == 0;
        snp_world_run(w);
        cr_expect_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING, "%u: %s", with,
                     assay_rule_name(w->verdict.reasons[0].rule));
    }
    cr_assert(assay_collateral_sound(w->collateral));
    snp_world_close(w);
}

/* In a network another chip's certificate is no mismatch: the right one is missing. */
Test(snp_collateral, of_a_network_with_another_chip_is_missing_this_one)
{
    struct snp_world *const w = open_with_list();
    w->bundle_certificates = w->bundle_vek = true;
    w->facts.hwid[0] ^= 1;
    w->with = 0;
    w->endorsements.exact = false;
    snp_world_run(w);
    expect_first(w, ASSAY_RULE_KEY_MISSING, ASSAY_GENUINE_UNKNOWN);
    w->endorsements.exact = true;
    snp_world_run(w);
    expect_first(w, ASSAY_RULE_CHIP_ID, ASSAY_GENUINE_FALSE);
    w->endorsements.exact = false;
    w->with = SNP_WITH_VEK; /* what the evidence itself brings speaks for it */
    snp_world_run(w);
    expect_first(w, ASSAY_RULE_CHIP_ID, ASSAY_GENUINE_FALSE);
    snp_world_close(w);
}

Test(snp_collateral, is_sound_when_everything_leads_to_the_root)
{
    struct snp_world *const w = open_with_list();
    w->bundle_certificates = w->bundle_vek = true;
    snp_world_run(w);
    cr_assert(assay_collateral_sound(w->collateral));
    cr_assert(assay_collateral_current(w->collateral, SNP_AT));
    cr_assert_not(assay_collateral_current(w->collateral, SNP_TO + 1));
    w->vek.to_s = SNP_AT - 1; /* one platform's certificate is no matter of the bundle */
    snp_world_run(w);
    cr_assert(assay_collateral_sound(w->collateral));
    cr_assert(assay_collateral_current(w->collateral, SNP_AT));
    w->ask.to_s = SNP_AT - 1;
    snp_world_run(w);
    cr_assert_not(assay_collateral_current(w->collateral, SNP_AT));
    snp_world_close(w);
}

Test(snp_collateral, is_unsound_with_a_stranger_in_it)
{
    struct snp_world *const w = open_with_list();
    w->bundle_certificates = w->bundle_vek = true;
    w->vek.signer = w->other_key;
    snp_world_run(w);
    cr_assert_not(assay_collateral_sound(w->collateral));
    cr_assert_eq(w->collateral->faults[0].rule, ASSAY_RULE_COLLATERAL_CHAIN);
    w->vek.signer = w->ask_key;
    w->ask.is_ca = w->ask.has_path_len = false;
    snp_world_run(w);
    cr_assert_not(assay_collateral_sound(w->collateral));
    snp_world_close(w);
}

Test(snp_collateral, is_unsound_with_the_list_of_a_stranger)
{
    struct snp_world *const w = open_with_list();
    w->crl.signer = w->other_key;
    snp_world_run(w);
    cr_assert_not(assay_collateral_sound(w->collateral));
    w->bundle_certificates = true;
    snp_world_run(w);
    cr_assert_not(assay_collateral_sound(w->collateral));
    cr_assert_eq(w->collateral->faults[0].rule, ASSAY_RULE_CRL_SIGNATURE);
    w->crl.signer = w->ark_key;
    snp_world_run(w);
    cr_assert(assay_collateral_sound(w->collateral));
    w->bundle_certificates = false;
    snp_world_run(w);
    cr_assert(assay_collateral_sound(w->collateral)); /* a list alone will do */
    snp_world_close(w);
}

/* --- endorsements: a root is a product's */
static enum assay_status encode_and_decode(const struct assay_endorsement_files *entries,
                                           size_t count, struct assay_collateral *collateral,
                                           struct assay_endorsements *out)
{
    enum { ROOM = 1 << 16 };
    uint8_t *const bytes = malloc(ROOM);
    cr_assert_not_null(bytes);
    struct assay_writer w = assay_writer_over(bytes, ROOM);
    struct assay_slice whole;
    cr_assert_eq(assay_endorsements_encode(entries, count, &w), ASSAY_OK);
    cr_assert_eq(assay_writer_finish(&w, &whole), ASSAY_OK);
    const enum assay_status status =
        assay_endorsements_decode(whole.bytes, whole.len, collateral, count, out);
    free(bytes);
    return status;
}

static void order(struct assay_endorsement_files entries[2])
{
    if (assay_endorsement_compare(&entries[0], &entries[1]) < 0) return;
    const struct assay_endorsement_files first = entries[0];
    entries[0] = entries[1];
    entries[1] = first;
}

Test(snp_collateral, of_two_products_serves_both)
{
    struct snp_world *const milan = open_with_list();
    struct snp_world *const turin = snp_world_open(ASSAY_SNP_TURIN);
    struct assay_endorsements *const both = calloc(1, sizeof *both);
    struct assay_collateral *const built = calloc(2, sizeof *built);
    cr_assert(both != NULL && built != NULL);
    milan->bundle_certificates = turin->bundle_certificates = true;
    turin->has_crl = true;
    snp_world_run(milan);
    snp_world_run(turin);
    struct assay_endorsement_files entries[2] = {
        { milan->endorsements.entries[0].root, ASSAY_KIND_BIT(ASSAY_KIND_SNP), milan->files },
        { turin->endorsements.entries[0].root, ASSAY_KIND_BIT(ASSAY_KIND_SNP), turin->files },
    };
    order(entries);
    cr_assert_eq(encode_and_decode(entries, 2, built, both), ASSAY_OK);
    milan->endorsements = turin->endorsements = *both;
    milan->with = turin->with = SNP_WITH_VEK;
    cr_assert_eq(snp_world_judge(milan), ASSAY_OK);
    cr_assert_eq(milan->verdict.tier, ASSAY_TIER_AFFIRMING);
    cr_assert_eq(snp_world_judge(turin), ASSAY_OK);
    cr_assert_eq(turin->verdict.tier, ASSAY_TIER_AFFIRMING);
    free(built);
    free(both);
    snp_world_close(milan);
    snp_world_close(turin);
}

/* Two bundles under one root: the world's as it was, and the world's as it has become. */
struct pair {
    uint8_t list[AUTHORITY_DER_MAX], certificates[3 * AUTHORITY_DER_MAX];
    struct assay_endorsement_files first;
    struct assay_endorsements decoded;
    struct assay_collateral built[2];
};

static struct assay_endorsement_files entry_of(const struct snp_world *w)
{
    return (struct assay_endorsement_files){ w->endorsements.entries[0].root,
                                             ASSAY_KIND_BIT(ASSAY_KIND_SNP), w->files };
}

static struct assay_slice kept(struct assay_slice part, uint8_t *room, size_t capacity)
{
    assay_bytes_copy(room, capacity, part.bytes, part.len);
    return assay_slice_over(room, part.len);
}

static struct pair *keep(const struct snp_world *w)
{
    struct pair *const p = calloc(1, sizeof *p);
    cr_assert_not_null(p);
    p->first = entry_of(w);
    struct assay_slice *const part = p->first.files.part;
    part[ASSAY_PART_CRL] = kept(part[ASSAY_PART_CRL], p->list, sizeof p->list);
    part[ASSAY_PART_CERTIFICATES] =
        kept(part[ASSAY_PART_CERTIFICATES], p->certificates, sizeof p->certificates);
    return p;
}

static enum assay_status join(struct pair *p, const struct snp_world *w)
{
    struct assay_endorsement_files entries[2] = { p->first, entry_of(w) };
    order(entries);
    return encode_and_decode(entries, 2, p->built, &p->decoded);
}

Test(snp_collateral, of_one_root_may_stand_in_several_bundles)
{
    struct snp_world *const w = open_with_list();
    w->bundle_certificates = true;
    snp_world_run(w);
    struct pair *const p = keep(w);
    w->bundle_vek = true; /* the same authorities and the same list, and a platform's own key */
    snp_world_publish(w);
    cr_assert_eq(join(p, w), ASSAY_OK);
    w->has_crl = false; /* the list of the one serves for both */
    snp_world_publish(w);
    cr_assert_eq(join(p, w), ASSAY_OK);
    w->endorsements = p->decoded;
    w->with = 0;
    cr_assert_eq(snp_world_judge(w), ASSAY_OK);
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING, "%s",
                 assay_rule_name(w->verdict.reasons[0].rule));
    free(p);
    snp_world_close(w);
}

Test(snp_collateral, that_says_two_things_of_one_authority_is_refused)
{
    struct snp_world *const w = open_with_list();
    w->bundle_certificates = true;
    snp_world_run(w);
    struct pair *const p = keep(w);
    w->bundle_vek = true;
    w->crl.to_s += 1; /* another list of the ARK */
    snp_world_publish(w);
    cr_assert_eq(join(p, w), ASSAY_E_DUPLICATE);
    p->first.kinds = ASSAY_KIND_BIT(ASSAY_KIND_VTPM_SNP); /* not for the same kind */
    cr_assert_eq(join(p, w), ASSAY_OK);
    p->first.kinds = ASSAY_KIND_BIT(ASSAY_KIND_SNP);

    w->has_crl = false;
    w->ask.to_s += 1; /* another certificate of the ASK */
    snp_world_certify(w);
    snp_world_publish(w);
    cr_assert_eq(join(p, w), ASSAY_E_DUPLICATE);
    free(p);
    snp_world_close(w);
}
