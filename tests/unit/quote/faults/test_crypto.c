/*
 * tests/unit/quote/faults/test_crypto.c - fault injection into every call of the cryptographic
 * library: a failing verifier has no verdict (docs/protocol.md 3.1), and caches nothing.
 */
#include "quote/verify.h"
#include "tests/support/faults/fault.h"
#include "tests/unit/quote/cose/cca_world.h"
#include "tests/unit/quote/cose/nitro_world.h"
#include "tests/unit/quote/intel/td_world.h"
#include "tests/unit/quote/snp/snp_world.h"
#include "tests/unit/quote/x509/carrier_world.h"
#include "tests/unit/tpm/simulated_tpm.h"
#include "tests/unit/tpm/vtpm_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* The names are the linker's (--wrap). */
enum assay_status __real_assay_public_key_load(const struct assay_key *key,
                                               struct assay_verify_key **out);
enum assay_status __wrap_assay_public_key_load(const struct assay_key *key,
                                               struct assay_verify_key **out);

enum assay_status __wrap_assay_public_key_load(const struct assay_key *key,
                                               struct assay_verify_key **out)
{
    return fault_now() ? ASSAY_E_CRYPTO : __real_assay_public_key_load(key, out);
}

/* What a world's judge says of the same evidence each time. */
typedef enum assay_status (*judge_of)(void *world, struct assay_verdict *verdict);

/*
 * Every call fails once, also before a memory that is to forget it: no verdict then, and the same
 * verdict as ever afterwards. Returns: how many calls there are.
 */
static size_t expect_no_opinion(judge_of judge, void *world, const char *what)
{
    struct assay_verdict good, now;
    fault_arm(0);
    cr_assert_eq(judge(world, &good), ASSAY_OK, "%s", what);
    const size_t calls = fault_count();
    cr_assert_gt(calls, 0, "%s", what);
    for (size_t i = 1; i <= calls; i++) {
        fault_arm(i);
        cr_expect_eq(judge(world, &now), ASSAY_E_CRYPTO, "%s: call %zu of %zu", what, i, calls);
        cr_expect_eq(now.genuine, ASSAY_GENUINE_UNKNOWN, "%s: call %zu", what, i);
        cr_expect_eq(assay_verdict_outcome(&now), ASSAY_OUTCOME_NONE, "%s: call %zu", what, i);
        cr_expect_eq(now.reason_count, 0, "%s: call %zu", what, i);
        cr_expect(!now.has_claims, "%s: call %zu", what, i);
        fault_arm(0);
        cr_expect_eq(judge(world, &now), ASSAY_OK, "%s: after call %zu", what, i);
        cr_expect(assay_bytes_equal(&good, &now, sizeof good), "%s: after call %zu", what, i);
    }
    return calls;
}

/* A memory of one platform, to be emptied before each judgement by another collateral digest. */
static struct assay_verifier *remember(void **memory)
{
    struct assay_verifier *verifier = NULL;
    const size_t len = assay_verifier_size(2);
    *memory = malloc(len);
    cr_assert_not_null(*memory);
    cr_assert_eq(assay_verifier_init(*memory, len, 2, &verifier), ASSAY_OK);
    return verifier;
}

static enum assay_status judge_sgx(void *world, struct assay_verdict *verdict)
{
    struct world *const w = world;
    const enum assay_status status = world_judge(w);
    *verdict = w->verdict;
    return status;
}

Test(quote_faults_crypto, of_an_sgx_shaped_quote_leaves_no_verdict)
{
    struct world *const w = world_open();
    cr_expect_geq(expect_no_opinion(judge_sgx, w, "SOFT"), 4); /* root, CA, PCK, attestation key */
    world_close(w);
}

/* The evidence is genuine: that the host cannot verify the certificate says nothing against it. */
Test(quote_faults_crypto, of_a_certificate_with_evidence_is_no_wrong_signature)
{
    static struct carrier_made made;
    static uint8_t room[2 * CARRIER_BYTES_MAX];
    struct carrier_plan plan = { .form = ASSAY_CARRIER_GRAMINE };
    struct world *const w = world_open();
    struct assay_carrier carrier;
    carrier_make(w, &plan, &made);
    fault_arm(0);
    cr_assert_leq(assay_carrier_room(made.len), sizeof room);
    cr_assert_eq(
        assay_carrier_open(assay_slice_over(made.der, made.len), room, sizeof room, &carrier),
        ASSAY_OK);
    cr_assert_eq(world_judge(w), ASSAY_OK);
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
    fault_arm(1);
    cr_expect_eq(assay_carrier_appraise(&carrier, &w->verdict), ASSAY_E_CRYPTO);
    cr_expect(!assay_verdict_has(&w->verdict, ASSAY_RULE_CARRIER_KEY));
    fault_arm(0);
    cr_expect_eq(assay_carrier_appraise(&carrier, &w->verdict), ASSAY_OK);
    cr_expect_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
    world_close(w);
}

static enum assay_status judge_td(void *world, struct assay_verdict *verdict)
{
    struct td_world *const t = world;
    const enum assay_status status = td_judge(t);
    *verdict = t->world->verdict;
    return status;
}

Test(quote_faults_crypto, of_a_trust_domains_quote_leaves_no_verdict)
{
    struct td_world *const t = td_open();
    cr_expect_geq(expect_no_opinion(judge_td, t, "TDX"), 4);
    td_close(t);
}

static enum assay_status judge_snp(void *world, struct assay_verdict *verdict)
{
    struct snp_world *const w = world;
    const enum assay_status status = snp_world_judge(w);
    *verdict = w->verdict;
    return status;
}

Test(quote_faults_crypto, of_an_snp_report_leaves_no_verdict)
{
    struct snp_world *w = snp_world_open(ASSAY_SNP_MILAN);
    w->has_crl = true;
    snp_world_run(w);
    (void)expect_no_opinion(judge_snp, w, "SNP, everything in the package");
    w->with = 0; /* all certificates from the bundle */
    w->bundle_certificates = w->bundle_vek = true;
    snp_world_run(w);
    (void)expect_no_opinion(judge_snp, w, "SNP, everything in the bundle");
    snp_world_close(w);
    w = snp_world_open_vlek(ASSAY_SNP_TURIN);
    w->with = SNP_WITH_VEK; /* the others are missing: what is there is tried all the same */
    snp_world_run(w);
    struct assay_verdict verdict;
    cr_expect_eq(judge_snp(w, &verdict), ASSAY_OK);
    snp_world_close(w);
}

static enum assay_status judge_nitro(void *world, struct assay_verdict *verdict)
{
    struct nitro_world *const w = world;
    const enum assay_status status = nitro_judge(w);
    *verdict = w->verdict;
    return status;
}

Test(quote_faults_crypto, of_a_nitro_document_leaves_no_verdict)
{
    struct nitro_world *const w = nitro_open();
    nitro_make(w);
    cr_expect_geq(expect_no_opinion(judge_nitro, w, "Nitro"), NITRO_LINKS);
    nitro_close(w);
}

static enum assay_status judge_cca(void *world, struct assay_verdict *verdict)
{
    struct cca_world *const w = world;
    const enum assay_status status = cca_judge(w);
    *verdict = w->verdict;
    return status;
}

Test(quote_faults_crypto, of_a_cca_token_leaves_no_verdict)
{
    struct cca_world *const w = cca_open();
    cca_make(w);
    cr_expect_geq(expect_no_opinion(judge_cca, w, "CCA"), 2); /* platform's and realm's key */
    cca_close(w);
}

static enum assay_status judge_tpm(void *world, struct assay_verdict *verdict)
{
    return simtpm_verify(world, verdict);
}

Test(quote_faults_crypto, of_a_tpm_quote_leaves_no_verdict)
{
    struct simtpm *const p = malloc(sizeof *p);
    cr_assert_not_null(p);
    simtpm_make(p);
    simtpm_list(p, NULL, SIMTPM_NOW - SIMTPM_DAY, SIMTPM_NOW + SIMTPM_DAY);
    simtpm_build(p);
    (void)expect_no_opinion(judge_tpm, p, "TPM");
    simtpm_free(p);
    free(p);
}

Test(quote_faults_crypto, of_a_tpm_quote_leaves_no_way_remembered)
{
    struct simtpm *const p = malloc(sizeof *p);
    struct assay_verifier_counts counts;
    struct assay_verdict good, now;
    cr_assert_not_null(p);
    simtpm_make(p);
    simtpm_build(p);
    fault_arm(0);
    cr_assert_eq(simtpm_verify(p, &good), ASSAY_OK);
    const size_t calls = fault_count();
    const struct assay_evidence_request request = { .kind = ASSAY_KIND_TPM,
                                                    .bytes = p->evidence,
                                                    .len = p->len,
                                                    .at_unix_s = SIMTPM_NOW,
                                                    .endorsements = &p->endorsements,
                                                    .policy = &p->policy };
    for (size_t i = 1; i <= calls; i++) {
        void *memory = NULL;
        struct assay_verifier *verifier = remember(&memory);
        fault_arm(i);
        cr_expect_eq(assay_evidence_verify(verifier, &request, &now), ASSAY_E_CRYPTO, "%zu", i);
        assay_verifier_count(verifier, &counts);
        /* The key is decoded first: it stays, being what it is. */
        cr_expect_eq(counts.entries_used, i > 1, "call %zu of %zu", i, calls);
        fault_arm(0);
        for (int warm = 0; warm < 2; warm++) {
            cr_expect_eq(assay_evidence_verify(verifier, &request, &now), ASSAY_OK);
            cr_expect(assay_bytes_equal(&good, &now, sizeof good), "after call %zu", i);
        }
        assay_verifier_deinit(&verifier);
        free(memory);
    }
    simtpm_free(p);
    free(p);
}

static enum assay_status judge_vtpm(void *world, struct assay_verdict *verdict)
{
    struct vtpm *const v = world;
    const enum assay_status status = vtpm_verify(v);
    *verdict = v->verdict;
    return status;
}

Test(quote_faults_crypto, of_a_paravisors_evidence_leaves_no_verdict, .timeout = 600)
{
    for (int is_tdx = 0; is_tdx < 2; is_tdx++) {
        struct vtpm *const v = vtpm_open(is_tdx == 1);
        vtpm_build(v);
        (void)expect_no_opinion(judge_vtpm, v, is_tdx == 1 ? "TDX below" : "SNP below");
        vtpm_close(v);
    }
}

/* --- with a memory: what failed must not be found there */

Test(quote_faults_crypto, are_not_remembered)
{
    void *memory = NULL;
    struct assay_verdict good, now;
    struct world *const w = world_open();
    fault_arm(0);
    cr_assert_eq(judge_sgx(w, &good), ASSAY_OK);
    const size_t calls = fault_count();
    for (size_t i = 1; i <= calls; i++) {
        struct assay_verifier_counts counts;
        w->verifier = remember(&memory);
        fault_arm(i);
        cr_expect_eq(judge_sgx(w, &now), ASSAY_E_CRYPTO);
        fault_arm(0);
        cr_expect_eq(judge_sgx(w, &now), ASSAY_OK);
        cr_expect(assay_bytes_equal(&good, &now, sizeof good), "call %zu", i);
        assay_verifier_count(w->verifier, &counts);
        cr_expect_eq(counts.hits, 0, "call %zu: a platform that was never proven", i);
        cr_expect_eq(judge_sgx(w, &now), ASSAY_OK);
        assay_verifier_count(w->verifier, &counts);
        cr_expect_eq(counts.hits, 1);
        assay_verifier_deinit(&w->verifier);
        free(memory);
    }
    world_close(w);
}

/* --- collateral */

static void expect_no_bundle(const struct assay_collateral_files *files,
                             const struct assay_key *root, const char *what)
{
    struct assay_collateral *const built = malloc(sizeof *built);
    cr_assert_not_null(built);
    fault_arm(0);
    cr_assert_eq(assay_collateral_build(files, root, built), ASSAY_OK, "%s", what);
    const size_t calls = fault_count();
    cr_assert_gt(calls, 1, "%s", what);
    for (size_t i = 1; i <= calls; i++) {
        fault_arm(i);
        cr_expect_eq(assay_collateral_build(files, root, built), ASSAY_E_CRYPTO,
                     "%s: call %zu of %zu", what, i, calls);
    }
    fault_arm(0);
    free(built);
}

Test(quote_faults_crypto, leave_no_bundle)
{
    struct world *const w = world_open();
    const struct assay_key root = assay_key_p256(w->ca.root_public);
    expect_no_bundle(&w->bundle.files, &root, "Intel's shape");
    world_close(w);

    struct snp_world *const s = snp_world_open(ASSAY_SNP_GENOA);
    s->has_crl = s->bundle_certificates = s->bundle_vek = true;
    snp_world_run(s);
    expect_no_bundle(&s->files, &s->endorsements.entries[0].root, "AMD's shape");
    snp_world_close(s);
}
