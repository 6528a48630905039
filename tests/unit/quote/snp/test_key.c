/*
 * tests/unit/quote/snp/test_key.c - tests of SNP report keys.
 *
 * Whose key signed a report, under an authority of the tests' own: every product, and one thing
 * wrong at a time.
 */
#include "tests/unit/quote/snp/snp_world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static bool is_true(const struct snp_world *w, enum assay_proof proof)
{
    return w->verdict.proofs[proof] == ASSAY_PROOF_TRUE;
}

static void expect_good(const struct snp_world *w, const char *what)
{
    cr_expect_eq(w->verdict.genuine, ASSAY_GENUINE_TRUE, "%s: %s, %s", what,
                 assay_rule_name(w->verdict.reasons[0].rule), w->verdict.reasons[0].observed);
    cr_expect(is_true(w, ASSAY_PROOF_REPORT_SIGNATURE), "%s", what);
    cr_expect(is_true(w, ASSAY_PROOF_CHAIN), "%s", what);
    cr_expect(is_true(w, ASSAY_PROOF_VEK_TCB), "%s", what);
    cr_expect_eq(w->verdict.reason_count, 1, "%s", what);
    cr_expect_eq(w->verdict.reasons[0].rule, ASSAY_RULE_REVOCATION_UNKNOWN, "%s", what);
}

Test(snp_key, of_every_product_is_genuine)
{
    for (int product = ASSAY_SNP_MILAN; product <= ASSAY_SNP_TURIN; product++) {
        struct snp_world *w = snp_world_open((enum assay_snp_product)product);
        snp_world_run(w);
        expect_good(w, assay_snp_product_text((enum assay_snp_product)product));
        cr_expect(is_true(w, ASSAY_PROOF_CHIP_ID));
        cr_expect(w->verdict.has_platform && !w->verdict.platform_masked);
        snp_world_close(w);

        w = snp_world_open_vlek((enum assay_snp_product)product);
        snp_world_run(w);
        expect_good(w, "VLEK");
        cr_expect_eq(w->verdict.proofs[ASSAY_PROOF_CHIP_ID], ASSAY_PROOF_NOT_USED);
        cr_expect(w->verdict.has_platform && w->verdict.platform_masked);
        snp_world_close(w);
    }
}

Test(snp_key, of_every_report_version_is_genuine)
{
    struct snp_world *const w = snp_world_open(ASSAY_SNP_MILAN);
    for (uint32_t version = ASSAY_SNP_VERSION_MIN; version <= ASSAY_SNP_VERSION_MAX; version++) {
        snp_world_put(w, 0, version, 4);
        memset(w->report + ASSAY_SNP_AT_CPUID, 0, 3);
        if (version >= 3) assay_bytes_copy(w->report + ASSAY_SNP_AT_CPUID, 3, "\x19\x01\x01", 3);
        if (version >= 5) snp_world_put(w, 0x1f8, 0xff, 8);
        snp_world_run(w);
        expect_good(w, "version");
    }
    snp_world_close(w);
}

Test(snp_key, of_every_member_of_genoas_family_is_genuine)
{
    static const struct {
        const char *name;
        uint8_t model;
    } members[] = { { "Genoa-B1", 0x11 }, { "Bergamo-A2", 0xa0 }, { "Siena-A1", 0xa0 } };
    struct snp_world *const w = snp_world_open(ASSAY_SNP_GENOA);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        w->report[ASSAY_SNP_AT_CPUID + 1] = members[i].model;
        (void)snprintf(w->facts.product, sizeof w->facts.product, "%s", members[i].name);
        snp_world_run(w);
        expect_good(w, members[i].name);
    }
    snp_world_close(w);
}

/* AMD 56860, CHIP_ID under MaskChipId: the chip is the one that the certificate names. */
Test(snp_key, of_a_masked_chip_names_the_platform_by_its_certificate)
{
    struct snp_world *const w = snp_world_open(ASSAY_SNP_MILAN);
    snp_world_run(w);
    const struct assay_verdict open = w->verdict;
    memset(w->report + ASSAY_SNP_AT_CHIP_ID, 0, ASSAY_SNP_CHIP_ID_LEN);
    snp_world_run(w);
    expect_good(w, "masked");
    cr_assert_eq(w->verdict.proofs[ASSAY_PROOF_CHIP_ID], ASSAY_PROOF_NOT_USED);
    cr_assert_not(w->verdict.platform_masked);
    cr_assert_arr_eq(w->verdict.platform_id, open.platform_id, sizeof open.platform_id);
    snp_world_close(w);
}

/* --- one thing wrong at a time */
struct wrong {
    const char *what;
    enum assay_snp_product product;
    bool is_vlek;
    void (*change)(struct snp_world *w);
    enum assay_rule rule;
};

static void chip_of_another(struct snp_world *w)
{
    w->facts.hwid[63] ^= 1;
}

static void chip_of_another_turin(struct snp_world *w)
{
    w->facts.hwid[7] ^= 1;
}

static void chip_longer_than_turins(struct snp_world *w)
{
    w->report[ASSAY_SNP_AT_CHIP_ID + 8] = 1;
}

static void chip_id_as_long_as_milans(struct snp_world *w)
{
    w->facts.hwid_len = ASSAY_SNP_CHIP_ID_LEN;
    assay_bytes_copy(w->facts.hwid, ASSAY_SNP_CHIP_ID_LEN, w->report + ASSAY_SNP_AT_CHIP_ID,
                     ASSAY_SNP_CHIP_ID_LEN);
}

static void chip_id_as_short_as_turins(struct snp_world *w)
{
    w->facts.hwid_len = ASSAY_SNP_SHORT_CHIP_ID_LEN;
    memset(w->report + ASSAY_SNP_AT_CHIP_ID + 8, 0, ASSAY_SNP_CHIP_ID_LEN - 8);
}

static void tcb_bootloader(struct snp_world *w)
{
    w->facts.bootloader += 1;
}

static void tcb_tee(struct snp_world *w)
{
    w->facts.tee -= 1;
}

static void tcb_snp(struct snp_world *w)
{
    w->facts.snp += 1;
}

static void tcb_microcode(struct snp_world *w)
{
    w->facts.microcode -= 1;
}

static void tcb_fmc(struct snp_world *w)
{
    w->facts.fmc += 1;
}

static void tcb_without_fmc(struct snp_world *w)
{
    w->facts.has_fmc = false;
}

static void tcb_with_fmc(struct snp_world *w)
{
    w->facts.has_fmc = true;
}

static void product_of_certificate(struct snp_world *w)
{
    (void)snprintf(w->facts.product, sizeof w->facts.product, "Genoa-B0");
}

static void product_that_begins_alike(struct snp_world *w)
{
    (void)snprintf(w->facts.product, sizeof w->facts.product, "Milano-B0");
}

static void product_of_cpuid(struct snp_world *w)
{
    w->report[ASSAY_SNP_AT_CPUID + 1] = 0x11;
}

static void product_of_issuer(struct snp_world *w)
{
    w->ask.subject = w->vek.issuer = "SEV-Genoa";
}

static void key_of_other_sort(struct snp_world *w)
{
    snp_world_put(w, ASSAY_SNP_AT_KEY_INFO, (uint64_t)ASSAY_SNP_KEY_VLEK << 2, 4);
}

static void key_of_vcek(struct snp_world *w)
{
    snp_world_put(w, ASSAY_SNP_AT_KEY_INFO, 0, 4);
}

static void key_none(struct snp_world *w)
{
    snp_world_put(w, ASSAY_SNP_AT_KEY_INFO, (uint64_t)ASSAY_SNP_KEY_NONE << 2, 4);
}

static void key_reserved(struct snp_world *w)
{
    snp_world_put(w, ASSAY_SNP_AT_KEY_INFO, 3 << 2, 4);
}

static void both_chip_and_provider(struct snp_world *w)
{
    (void)snprintf(w->facts.csp, sizeof w->facts.csp, "CN=somebody");
}

static void neither_chip_nor_provider(struct snp_world *w)
{
    w->facts.hwid_len = 0;
}

static void under_asvk(struct snp_world *w)
{
    w->ask.subject = w->vek.issuer = "SEV-VLEK-Milan";
}

static void under_ask(struct snp_world *w)
{
    w->ask.subject = w->vek.issuer = "SEV-Milan";
}

static void ask_without_ca(struct snp_world *w)
{
    w->ask.is_ca = false;
    w->ask.has_path_len = false;
}

static void ask_without_cert_sign(struct snp_world *w)
{
    w->ask.key_usage = ASSAY_KEY_USAGE_DIGITAL_SIGNATURE;
}

static void ask_by_somebody(struct snp_world *w)
{
    w->ask.signer = w->other_key;
    w->ask.has_key_ids = false;
}

static void ask_by_somebody_who_says_so(struct snp_world *w)
{
    w->ask.signer = w->other_key;
}

static void vek_by_somebody(struct snp_world *w)
{
    w->vek.signer = w->other_key;
    w->vek.has_key_ids = false; /* as AMD's */
}

static void vek_by_somebody_who_says_so(struct snp_world *w)
{
    w->vek.signer = w->other_key;
}

static void vek_that_is_a_ca(struct snp_world *w)
{
    w->vek.has_constraints = w->vek.is_ca = true;
}

static void vek_for_encryption(struct snp_world *w)
{
    w->vek.key_usage = ASSAY_KEY_USAGE_KEY_ENCIPHERMENT;
}

static void vek_straight_from_the_ark(struct snp_world *w)
{
    w->vek.issuer = w->ark.subject;
    w->vek.signer = w->ark_key;
}

static void vek_of_p256(struct snp_world *w)
{
    authority_key_free(&w->vek_key);
    w->vek_key = authority_key_make(ASSAY_KEY_P256);
    w->vek.key = w->vek_key;
}

static void pinned_another(struct snp_world *w)
{
    authority_key_public(w->other_key, &w->endorsements.entries[0].root);
}

static void vek_expired(struct snp_world *w)
{
    w->vek.to_s = SNP_AT - 1;
}

static void ask_expired(struct snp_world *w)
{
    w->ask.to_s = SNP_AT - 1;
}

static void ark_early(struct snp_world *w)
{
    w->ark.from_s = SNP_AT + 1;
}

static void cpu_unknown(struct snp_world *w)
{
    w->report[ASSAY_SNP_AT_CPUID] = 0x17;
}

static void nothing(struct snp_world *w)
{
    (void)w;
}

static const struct wrong wrongs[] = {
    { "hwid", ASSAY_SNP_MILAN, false, chip_of_another, ASSAY_RULE_CHIP_ID },
    { "short hwid", ASSAY_SNP_TURIN, false, chip_of_another_turin, ASSAY_RULE_CHIP_ID },
    { "tail of hwid", ASSAY_SNP_TURIN, false, chip_longer_than_turins, ASSAY_RULE_CHIP_ID },
    { "long hwid", ASSAY_SNP_TURIN, false, chip_id_as_long_as_milans, ASSAY_RULE_CHIP_ID },
    { "short hwid of Milan", ASSAY_SNP_MILAN, false, chip_id_as_short_as_turins,
      ASSAY_RULE_CHIP_ID },
    { "boot loader", ASSAY_SNP_MILAN, false, tcb_bootloader, ASSAY_RULE_VEK_TCB },
    { "tee", ASSAY_SNP_MILAN, false, tcb_tee, ASSAY_RULE_VEK_TCB },
    { "snp", ASSAY_SNP_MILAN, false, tcb_snp, ASSAY_RULE_VEK_TCB },
    { "microcode", ASSAY_SNP_MILAN, false, tcb_microcode, ASSAY_RULE_VEK_TCB },
    { "fmc on Milan", ASSAY_SNP_MILAN, false, tcb_with_fmc, ASSAY_RULE_VEK_TCB },
    { "Turin's boot loader", ASSAY_SNP_TURIN, false, tcb_bootloader, ASSAY_RULE_VEK_TCB },
    { "Turin's tee", ASSAY_SNP_TURIN, false, tcb_tee, ASSAY_RULE_VEK_TCB },
    { "Turin's snp", ASSAY_SNP_TURIN, false, tcb_snp, ASSAY_RULE_VEK_TCB },
    { "Turin's microcode", ASSAY_SNP_TURIN, false, tcb_microcode, ASSAY_RULE_VEK_TCB },
    { "Turin's fmc", ASSAY_SNP_TURIN, false, tcb_fmc, ASSAY_RULE_VEK_TCB },
    { "no fmc on Turin", ASSAY_SNP_TURIN, false, tcb_without_fmc, ASSAY_RULE_VEK_TCB },
    { "VLEK's snp", ASSAY_SNP_MILAN, true, tcb_snp, ASSAY_RULE_VEK_TCB },
    { "product of the certificate", ASSAY_SNP_MILAN, false, product_of_certificate,
      ASSAY_RULE_PRODUCT },
    { "product that begins alike", ASSAY_SNP_MILAN, false, product_that_begins_alike,
      ASSAY_RULE_PRODUCT },
    { "product of the CPUID", ASSAY_SNP_MILAN, false, product_of_cpuid, ASSAY_RULE_PRODUCT },
    { "product of the issuer", ASSAY_SNP_MILAN, false, product_of_issuer, ASSAY_RULE_PRODUCT },
    { "VCEK for a VLEK", ASSAY_SNP_MILAN, false, key_of_other_sort, ASSAY_RULE_SIGNING_KEY },
    { "VLEK for a VCEK", ASSAY_SNP_MILAN, true, key_of_vcek, ASSAY_RULE_SIGNING_KEY },
    { "no key", ASSAY_SNP_MILAN, false, key_none, ASSAY_RULE_SIGNING_KEY },
    { "a reserved key", ASSAY_SNP_MILAN, false, key_reserved, ASSAY_RULE_SIGNING_KEY },
    { "chip and provider", ASSAY_SNP_MILAN, false, both_chip_and_provider, ASSAY_RULE_SIGNING_KEY },
    { "neither chip nor provider", ASSAY_SNP_MILAN, false, neither_chip_nor_provider,
      ASSAY_RULE_SIGNING_KEY },
    { "VCEK under the ASVK", ASSAY_SNP_MILAN, false, under_asvk, ASSAY_RULE_SIGNING_KEY },
    { "VLEK under the ASK", ASSAY_SNP_MILAN, true, under_ask, ASSAY_RULE_SIGNING_KEY },
    { "ASK without CA flag", ASSAY_SNP_MILAN, false, ask_without_ca, ASSAY_RULE_CHAIN_CONSTRAINTS },
    { "ASK that may not certify", ASSAY_SNP_MILAN, false, ask_without_cert_sign,
      ASSAY_RULE_CHAIN_CONSTRAINTS },
    { "ASK by somebody", ASSAY_SNP_MILAN, false, ask_by_somebody, ASSAY_RULE_CHAIN_SIGNATURE },
    { "VEK by somebody", ASSAY_SNP_MILAN, false, vek_by_somebody, ASSAY_RULE_CHAIN_SIGNATURE },
    { "ASK by somebody else", ASSAY_SNP_MILAN, false, ask_by_somebody_who_says_so,
      ASSAY_RULE_CHAIN_ROOT },
    { "VEK by somebody else", ASSAY_SNP_MILAN, false, vek_by_somebody_who_says_so,
      ASSAY_RULE_CHAIN_MISSING },
    { "VEK that is a CA", ASSAY_SNP_MILAN, false, vek_that_is_a_ca, ASSAY_RULE_CHAIN_CONSTRAINTS },
    { "VEK for encryption", ASSAY_SNP_MILAN, false, vek_for_encryption,
      ASSAY_RULE_CHAIN_CONSTRAINTS },
    { "VEK from the ARK", ASSAY_SNP_MILAN, false, vek_straight_from_the_ark,
      ASSAY_RULE_CHAIN_CONSTRAINTS },
    { "VEK of P-256", ASSAY_SNP_MILAN, false, vek_of_p256, ASSAY_RULE_REPORT_SIGNATURE },
    { "another root", ASSAY_SNP_MILAN, false, pinned_another, ASSAY_RULE_CHAIN_ROOT },
    { "VEK expired", ASSAY_SNP_MILAN, false, vek_expired, ASSAY_RULE_CERT_TIME },
    { "ASK expired", ASSAY_SNP_MILAN, false, ask_expired, ASSAY_RULE_CERT_TIME },
    { "ARK not yet valid", ASSAY_SNP_MILAN, false, ark_early, ASSAY_RULE_CERT_TIME },
    { "unknown processor", ASSAY_SNP_MILAN, false, cpu_unknown, ASSAY_RULE_UNSUPPORTED },
    { "Venice", ASSAY_SNP_VENICE, false, nothing, ASSAY_RULE_UNSUPPORTED },
};

/* One of them alone, as a program of one case. */
static void check_wrong(const struct wrong *wrong)
{
    struct snp_world *const w =
        wrong->is_vlek ? snp_world_open_vlek(wrong->product) : snp_world_open(wrong->product);
    wrong->change(w);
    snp_world_run(w);
    const enum assay_rule_class class_ = assay_rule_class_of(wrong->rule);
    cr_expect(assay_verdict_has(&w->verdict, wrong->rule), "%s: %s, %s", wrong->what,
              assay_rule_name(w->verdict.reasons[0].rule), w->verdict.reasons[0].observed);
    cr_expect_eq(w->verdict.genuine,
                 class_ == ASSAY_RULE_FORGED ? ASSAY_GENUINE_FALSE : ASSAY_GENUINE_UNKNOWN, "%s",
                 wrong->what);
    if (class_ == ASSAY_RULE_FORGED) cr_expect_not(w->verdict.has_platform, "%s", wrong->what);
    snp_world_close(w);
}

Test(snp_key, with_one_thing_wrong_is_refused_for_it)
{
    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++)
        check_wrong(&wrongs[i]);
}

Test(snp_key, refuses_wrong_signatures)
{
    enum { R = ASSAY_SNP_AT_SIGNATURE, S = R + 72 };
    struct snp_world *const w = snp_world_open(ASSAY_SNP_GENOA);
    snp_world_run(w);
    expect_good(w, "before");
    uint8_t good[ASSAY_SNP_REPORT_LEN];
    assay_bytes_copy(good, sizeof good, w->report, sizeof good);
    for (int i = 0; i < 4; i++) {
        assay_bytes_copy(w->report, sizeof good, good, sizeof good);
        if (i == 0) memset(w->report + R, 0, 48);
        if (i == 1) memset(w->report + S, 0, 48);
        if (i == 2) memset(w->report + S, 0xff, 48); /* above the order of the curve */
        if (i == 3) w->report[0x50] ^= 1;
        cr_assert_eq(snp_world_judge(w), ASSAY_OK);
        cr_expect_eq(w->verdict.reasons[0].rule, ASSAY_RULE_REPORT_SIGNATURE, "%d", i);
        cr_expect_eq(w->verdict.proofs[ASSAY_PROOF_REPORT_SIGNATURE], ASSAY_PROOF_FALSE);
        cr_expect_eq(w->verdict.genuine, ASSAY_GENUINE_FALSE);
    }
    snp_world_close(w);
}

/* reported <= committed <= current, component by component, in both layouts. */
Test(snp_key, refuses_tcb_versions_out_of_order)
{
    for (int product = ASSAY_SNP_GENOA; product <= ASSAY_SNP_TURIN; product++) {
        struct snp_world *const w = snp_world_open((enum assay_snp_product)product);
        const bool is_turin = product == ASSAY_SNP_TURIN;
        const struct assay_snp_tcb base = { is_turin, is_turin ? 1 : 0, 4, 2, 24, 219 };
        for (int i = is_turin ? 0 : 1; i < 5; i++) {
            struct assay_snp_tcb below = base;
            uint8_t *const components[] = { &below.fmc, &below.bootloader, &below.tee, &below.snp,
                                            &below.microcode };
            *components[i] -= 1;
            snp_world_tcb(w, base);
            snp_world_put_tcb(w, ASSAY_SNP_AT_COMMITTED_TCB, below);
            snp_world_run(w);
            cr_expect_eq(w->verdict.reasons[0].rule, ASSAY_RULE_TCB_ORDER, "%d", i);
            cr_expect_eq(w->verdict.genuine, ASSAY_GENUINE_TRUE);
            cr_expect_eq(w->verdict.tier, ASSAY_TIER_CONTRAINDICATED);

            snp_world_tcb(w, base);
            snp_world_put_tcb(w, ASSAY_SNP_AT_CURRENT_TCB, below);
            snp_world_run(w);
            cr_expect_eq(w->verdict.reasons[0].rule, ASSAY_RULE_TCB_ORDER, "%d", i);

            /* What rises in order is what every update looks like. */
            snp_world_tcb(w, base);
            snp_world_put_tcb(w, ASSAY_SNP_AT_REPORTED_TCB, below);
            w->facts.fmc = below.fmc;
            w->facts.bootloader = below.bootloader;
            w->facts.tee = below.tee;
            w->facts.snp = below.snp;
            w->facts.microcode = below.microcode;
            snp_world_run(w);
            expect_good(w, "in order");
        }
        snp_world_close(w);
    }
}

Test(snp_key, is_found_among_certificates_that_do_not_fit)
{
    struct snp_world *const w = snp_world_open(ASSAY_SNP_MILAN);
    snp_world_run(w);
    /* The package's ARK makes place for the certificate of another chip, before the right one. */
    struct assay_vek other = w->facts;
    other.hwid[0] ^= 1;
    struct authority_certificate terms = w->vek;
    terms.extension_count = 0;
    authority_add_vek(&terms, &other);
    w->ark_len = authority_certificate_make(&terms, w->ark_der);
    cr_assert_eq(snp_world_judge(w), ASSAY_OK);
    expect_good(w, "two");
    snp_world_close(w);
}
