/*
 * tests/unit/quote/nvidia/test_appraise.c - a device of the tests' own vendor: right, it is
 * genuine; with one thing wrong, the verdict says which.
 */
#include "quote/collateral/endorsements.h"
#include "quote/collateral/life.h"
#include "quote/collateral/newer.h"
#include "quote/collateral/offer.h"
#include "quote/collateral/replace.h"
#include "quote/rim_xml.h"
#include "tests/unit/quote/nvidia/gpu_world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct gpu_world *w;

static void open_world(void)
{
    w = gpu_world_open();
}

static void close_world(void)
{
    gpu_world_close(w);
}

TestSuite(gpu_appraise, .init = open_world, .fini = close_world);

static void expect(enum assay_rule rule, enum assay_genuine genuine)
{
    gpu_world_judge(w);
    cr_expect(assay_verdict_has(&w->c.verdict, rule), "no %s: %s %s", assay_rule_name(rule),
              assay_status_text(w->c.status), gpu_reasons(&w->c.verdict));
    cr_expect_eq(w->c.verdict.genuine, genuine, "%s", gpu_reasons(&w->c.verdict));
}

Test(gpu_appraise, right_it_is_genuine)
{
    gpu_world_judge(w);
    cr_assert_eq(w->c.verdict.genuine, ASSAY_GENUINE_TRUE, "%s %s", assay_status_text(w->c.status),
                 gpu_reasons(&w->c.verdict));
    cr_assert_eq(w->c.verdict.tier, ASSAY_TIER_WARNING, "lists of other issuers are missing");
    cr_assert_arr_eq(w->c.verdict.report_data, w->nonce, sizeof w->nonce);
    cr_assert(w->c.verdict.has_platform);
    for (uint32_t i = 0; i < w->c.verdict.reason_count; i++)
        cr_expect_eq(w->c.verdict.reasons[i].rule, ASSAY_RULE_REVOCATION_UNKNOWN, "%s",
                     gpu_reasons(&w->c.verdict));
}

Test(gpu_appraise, warm_and_cold_are_the_same)
{
    enum { ENTRIES = 8 };
    const size_t size = assay_verifier_size(ENTRIES);
    void *const memory = malloc(size);
    gpu_world_judge(w);
    const struct assay_verdict cold = w->c.verdict;
    cr_assert_eq(assay_verifier_init(memory, size, ENTRIES, &w->c.verifier), ASSAY_OK);
    for (int i = 0; i < 2; i++) {
        gpu_case_judge(&w->c);
        cr_expect_arr_eq(&cold, &w->c.verdict, sizeof cold);
    }
    struct assay_verifier_counts counts;
    assay_verifier_count(w->c.verifier, &counts);
    cr_expect_gt(counts.hits, 0);
    assay_verifier_deinit(&w->c.verifier);
    free(memory);
}

/* --- the report */
Test(gpu_appraise, by_another_key_is_forged)
{
    gpu_world_make(w);
    w->report[w->report_len - 1] ^= 1;
    gpu_case_judge(&w->c);
    cr_expect(assay_verdict_has(&w->c.verdict, ASSAY_RULE_REPORT_SIGNATURE));
    cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_FALSE);
}

Test(gpu_appraise, with_other_firmware_than_its_certificate_is_forged)
{
    w->report_fwid[3] ^= 1;
    expect(ASSAY_RULE_FIRMWARE_ID, ASSAY_GENUINE_FALSE);
}

Test(gpu_appraise, with_another_measurement_is_refused)
{
    w->changed = 21 + 1;
    expect(ASSAY_RULE_GOLDEN_VALUE, ASSAY_GENUINE_TRUE);
    for (uint32_t i = 0; i < w->c.verdict.reason_count; i++)
        if (w->c.verdict.reasons[i].rule == ASSAY_RULE_GOLDEN_VALUE)
            cr_expect_str_eq(w->c.verdict.reasons[i].observed,
                             "measurement 21 differs from the manifest", "indexes from 0");
    cr_expect_eq(w->c.verdict.tier, ASSAY_TIER_CONTRAINDICATED);
}

/* Of the rule's reason; asserts that there is one. */
static const struct assay_reason *reason_by(enum assay_rule rule)
{
    for (uint32_t i = 0; i < w->c.verdict.reason_count; i++)
        if (w->c.verdict.reasons[i].rule == rule) return &w->c.verdict.reasons[i];
    cr_assert_fail("no %s: %s", assay_rule_name(rule), gpu_reasons(&w->c.verdict));
    return NULL;
}

Test(gpu_appraise, a_measurement_that_differs_names_its_manifest)
{
    w->changed = 21 + 1; /* the driver's */
    expect(ASSAY_RULE_GOLDEN_VALUE, ASSAY_GENUINE_TRUE);
    cr_expect_str_eq(reason_by(ASSAY_RULE_GOLDEN_VALUE)->expected,
                     "the values of driver RIM 570.10.01");
    w->changed = 9 + 1; /* the firmware's */
    expect(ASSAY_RULE_GOLDEN_VALUE, ASSAY_GENUINE_TRUE);
    cr_expect_str_eq(reason_by(ASSAY_RULE_GOLDEN_VALUE)->expected,
                     "the values of VBIOS RIM 96.00.9F.00.04");
}

Test(gpu_appraise, without_a_measurement_is_refused)
{
    w->left_out = 3;
    expect(ASSAY_RULE_GOLDEN_VALUE, ASSAY_GENUINE_TRUE);
}

Test(gpu_appraise, without_one_that_no_manifest_has_is_genuine)
{
    w->left_out = 64;
    gpu_world_judge(w);
    cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_TRUE, "%s", gpu_reasons(&w->c.verdict));
}

Test(gpu_appraise, with_an_index_twice_is_malformed)
{
    w->twice = 3;
    gpu_world_judge(w);
    cr_expect_eq(w->c.status, ASSAY_E_DUPLICATE);
    cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_FALSE);
}

/* Index 35 is measured only while the decoder is on. */
Test(gpu_appraise, compares_index_35_by_the_decoder)
{
    w->manifests[0].active |= UINT64_C(1) << 35;
    w->changed = 36;
    gpu_world_judge(w);
    cr_expect_not(assay_verdict_has(&w->c.verdict, ASSAY_RULE_GOLDEN_VALUE));
    w->nvdec0 = 0xaa;
    expect(ASSAY_RULE_GOLDEN_VALUE, ASSAY_GENUINE_TRUE);
    w->nvdec0 = 0x12;
    expect(ASSAY_RULE_GPU_STATUS, ASSAY_GENUINE_TRUE);
}

/* --- the chain */
Test(gpu_appraise, needs_every_certificate)
{
    for (size_t i = 0; i < 4; i++) {
        gpu_world_make(w);
        w->c.files[i] = w->c.files[4 - 1 - (i == 3)]; /* twice another one */
        gpu_case_judge(&w->c);
        cr_expect_neq(w->c.verdict.genuine, ASSAY_GENUINE_TRUE, "without %zu", i);
    }
}

Test(gpu_appraise, under_another_root_is_forged)
{
    authority_key_public(w->keys[GPU_RESPONDER], &w->c.roots[0]);
    expect(ASSAY_RULE_CHAIN_MISSING, ASSAY_GENUINE_UNKNOWN);
    w->c.files[w->c.file_count++] = assay_slice_over(w->ders[GPU_ROOT], w->der_len[GPU_ROOT]);
    gpu_case_judge(&w->c);
    cr_expect(assay_verdict_has(&w->c.verdict, ASSAY_RULE_CHAIN_ROOT), "%s",
              gpu_reasons(&w->c.verdict));
    cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_FALSE);
}

/* The key of a device could make a leaf for another one's, or an authority below itself. */
Test(gpu_appraise, by_an_end_entity_instead_of_a_device_is_forged)
{
    w->terms[GPU_DEVICE].is_ca = false;
    w->terms[GPU_DEVICE].key_usage = ASSAY_KEY_USAGE_DIGITAL_SIGNATURE;
    gpu_world_judge(w);
    cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_FALSE, "%s", gpu_reasons(&w->c.verdict));
}

Test(gpu_appraise, of_a_switch_is_no_gpu)
{
    w->terms[GPU_DEVICE].subject = "LS_10 A01 FSP BROM";
    w->terms[GPU_LEAF].issuer = "LS_10 A01 FSP BROM";
    expect(ASSAY_RULE_CHAIN_CONSTRAINTS, ASSAY_GENUINE_FALSE);
}

/* One authority may not both make devices and say how these must measure. */
Test(gpu_appraise, does_not_take_manifests_of_the_devices_own_root)
{
    w->terms[GPU_RIM_CA].issuer = "Test Device Identity CA";
    w->terms[GPU_RIM_CA].signer = w->keys[GPU_ROOT];
    expect(ASSAY_RULE_COLLATERAL_MISSING, ASSAY_GENUINE_UNKNOWN);
}

/* A folder of a whole machine. */
Test(gpu_appraise, is_found_among_chains_of_other_devices)
{
    enum { OTHERS = 3 };
    struct gpu_world *others[OTHERS];
    gpu_world_make(w);
    struct assay_slice own[GPU_FILES_MAX];
    const size_t own_count = w->c.file_count;
    assay_bytes_copy(own, sizeof own, w->c.files, sizeof own);
    w->c.file_count = 0;
    for (size_t i = 0; i < OTHERS; i++) {
        others[i] = gpu_world_open();
        gpu_world_make(others[i]);
        for (size_t k = 0; k < 3; k++) /* authority, device, leaf */
            w->c.files[w->c.file_count++] = others[i]->c.files[k + 1];
    }
    assay_bytes_copy(w->c.files + w->c.file_count,
                     (GPU_FILES_MAX - w->c.file_count) * sizeof own[0], own,
                     own_count * sizeof own[0]);
    w->c.file_count += own_count;
    gpu_case_judge(&w->c);
    cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_TRUE, "%s", gpu_reasons(&w->c.verdict));
    cr_expect_eq(w->c.whole->package.certificate_count, 4);
    for (size_t i = 0; i < OTHERS; i++)
        gpu_world_close(others[i]);
}

/* More than a report can need, and more than a package has room for. */
Test(gpu_appraise, is_found_among_48_kb_of_other_certificates)
{
    enum { FILE_MAX = 49152 };
    static uint8_t many[FILE_MAX];
    struct authority_certificate terms;
    uint8_t der[AUTHORITY_DER_MAX];
    size_t len = 0, at = 0, count = 0;
    gpu_world_make(w);
    for (;; count++) {
        terms = w->terms[count % 2 == 0 ? GPU_DEVICE : GPU_LEAF];
        terms.serial = 70000 + count;
        len = authority_certificate_make(&terms, der);
        if (at + len > sizeof many) break;
        assay_bytes_copy(many + at, sizeof many - at, der, len);
        at += len;
    }
    cr_assert_gt(count, 60);
    w->c.files[w->c.file_count++] = assay_slice_over(many, at);
    gpu_case_judge(&w->c);
    cr_expect_eq(w->c.status, ASSAY_OK);
    cr_expect_leq(w->c.whole->package.certificate_count, ASSAY_PACKAGE_CERTIFICATES_MAX);
    cr_expect_eq(w->c.verdict.proofs[ASSAY_PROOF_REPORT_SIGNATURE], ASSAY_PROOF_TRUE);
    cr_expect_neq(w->c.verdict.genuine, ASSAY_GENUINE_FALSE, "%s", gpu_reasons(&w->c.verdict));
}

/* --- OCSP */
static bool is_uncovered(const char *name)
{
    for (uint32_t i = 0; i < w->c.verdict.reason_count; i++)
        if (w->c.verdict.reasons[i].rule == ASSAY_RULE_REVOCATION_UNKNOWN &&
            strstr(w->c.verdict.reasons[i].expected, name) != NULL)
            return true;
    return false;
}

Test(gpu_appraise, is_covered_by_a_response_about_it_alone)
{
    gpu_world_judge(w);
    cr_expect_not(is_uncovered("GSP BROM"));
    w->ocsp_about = GPU_LEAF;
    gpu_world_judge(w);
    cr_expect(is_uncovered("GSP BROM"));
    w->terms[GPU_LEAF].serial = w->terms[GPU_DEVICE].serial; /* of another issuer */
    gpu_world_judge(w);
    cr_expect(is_uncovered("GSP BROM"));
    w->terms[GPU_LEAF].serial += 1;
    w->ocsp_about = GPU_RESPONDER; /* of the same issuer, another number */
    w->ocsp_signer = GPU_RESPONDER;
    gpu_world_judge(w);
    cr_expect(is_uncovered("GSP BROM"));
}

Test(gpu_appraise, revoked_is_forged)
{
    w->ocsp_reason = 1;
    expect(ASSAY_RULE_CERT_REVOKED, ASSAY_GENUINE_FALSE);
}

Test(gpu_appraise, on_hold_is_revoked_unless_the_policy_accepts_it)
{
    w->ocsp_reason = ASSAY_OCSP_REASON_HOLD;
    expect(ASSAY_RULE_CERT_REVOKED, ASSAY_GENUINE_FALSE);
    w->c.policy.gpu.allow_certificate_hold = true;
    expect(ASSAY_RULE_CERT_HELD, ASSAY_GENUINE_TRUE);
    w->ocsp_reason = 1;
    expect(ASSAY_RULE_CERT_REVOKED, ASSAY_GENUINE_FALSE);
}

/* A reader with several responses has to know which one; none is said twice. */
Test(gpu_appraise, reasons_name_the_certificate_of_a_response)
{
    const struct assay_verdict *const v = &w->c.verdict;
    size_t named = 0;
    w->ocsp_to_s = GPU_AT - 1;
    gpu_world_judge(w);
    for (uint32_t i = 0; i < v->reason_count; i++) {
        if (v->reasons[i].rule != ASSAY_RULE_COLLATERAL_EXPIRED) continue;
        named += strstr(v->reasons[i].expected, "GH100") != NULL;
        for (uint32_t k = 0; k < i; k++)
            cr_expect_str_neq(v->reasons[k].expected, v->reasons[i].expected);
    }
    cr_expect_geq(named, 1, "%s", gpu_reasons(v));
}

Test(gpu_appraise, a_stale_response_leaves_it_open)
{
    w->ocsp_to_s = GPU_AT - 1;
    expect(ASSAY_RULE_COLLATERAL_EXPIRED, ASSAY_GENUINE_UNKNOWN);
    w->ocsp_from_s = GPU_AT + 1;
    w->ocsp_to_s = GPU_AT + 2;
    expect(ASSAY_RULE_COLLATERAL_EARLY, ASSAY_GENUINE_UNKNOWN);
}

Test(gpu_appraise, a_response_that_is_not_signed_decides_nothing)
{
    w->ocsp_bad_signature = true;
    expect(ASSAY_RULE_OCSP_SIGNATURE, ASSAY_GENUINE_UNKNOWN);
}

/* The device's own key, and a delegate of nobody. */
Test(gpu_appraise, a_response_by_someone_else_decides_nothing)
{
    w->ocsp_signer = GPU_LEAF;
    expect(ASSAY_RULE_OCSP_SIGNATURE, ASSAY_GENUINE_UNKNOWN);
    w->ocsp_signer = GPU_RESPONDER;
    w->terms[GPU_RESPONDER].issuer = "Test GH100 Identity";
    w->terms[GPU_RESPONDER].signer = w->keys[GPU_FAMILY];
    expect(ASSAY_RULE_OCSP_SIGNATURE, ASSAY_GENUINE_UNKNOWN);
    w->terms[GPU_RESPONDER].issuer = "Test GH100 Provisioner ICA 1"; /* by name alone */
    expect(ASSAY_RULE_OCSP_SIGNATURE, ASSAY_GENUINE_UNKNOWN);
    w->terms[GPU_RESPONDER].signer = w->keys[GPU_ICA];
    w->ocsp_no_purpose = true;
    expect(ASSAY_RULE_OCSP_SIGNATURE, ASSAY_GENUINE_UNKNOWN);
}

Test(gpu_appraise, a_response_has_the_nonce_of_the_request)
{
    static const uint8_t nonce[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    w->c.ocsp_nonce = assay_slice_over(nonce, sizeof nonce);
    expect(ASSAY_RULE_OCSP_NONCE, ASSAY_GENUINE_UNKNOWN);
    w->ocsp_has_nonce = true;
    gpu_world_judge(w);
    cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_TRUE, "%s", gpu_reasons(&w->c.verdict));
    w->c.ocsp_nonce.len = 7;
    expect(ASSAY_RULE_OCSP_NONCE, ASSAY_GENUINE_UNKNOWN);
}

/* Someone can add it to a folder, so it may not count against the device. */
Test(gpu_appraise, a_badly_signed_response_beside_one_that_counts_means_nothing)
{
    static uint8_t bad[AUTHORITY_DER_MAX];
    w->ocsp_bad_signature = true;
    gpu_world_make(w);
    const size_t len = w->ocsp_len;
    assay_bytes_copy(bad, sizeof bad, w->ocsp, len);
    w->ocsp_bad_signature = false;
    gpu_world_make(w);
    w->c.files[w->c.file_count++] = assay_slice_over(bad, len);
    gpu_case_judge(&w->c);
    cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_TRUE, "%s", gpu_reasons(&w->c.verdict));
    cr_expect_not(assay_verdict_has(&w->c.verdict, ASSAY_RULE_OCSP_SIGNATURE));
}

/* One that revokes could be made unreadable to this program, or be cut. */
Test(gpu_appraise, a_response_that_cannot_be_read_leaves_it_open)
{
    static const uint8_t sha384[] = { 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x04 };
    w->ocsp_reason = 1;
    gpu_world_make(w);
    for (size_t i = 0; i + sizeof sha384 <= w->ocsp_len; i++)
        if (assay_bytes_equal(w->ocsp + i, sha384, sizeof sha384)) w->ocsp[i + 6] = 3; /* SHA-512 */
    gpu_case_judge(&w->c);
    cr_expect(assay_verdict_has(&w->c.verdict, ASSAY_RULE_COLLATERAL_FORMAT), "%s",
              gpu_reasons(&w->c.verdict));
    cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_UNKNOWN);
    gpu_world_make(w);
    w->c.files[w->c.file_count - 1].len -= 40;
    gpu_case_judge(&w->c);
    cr_expect(assay_verdict_has(&w->c.verdict, ASSAY_RULE_COLLATERAL_FORMAT), "%s",
              gpu_reasons(&w->c.verdict));
    cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_UNKNOWN);
}

/* A machine of eight GPUs and four switches has answers about each, and about their authorities. */
Test(gpu_appraise, responses_of_a_whole_machine_stand_beside_its_own)
{
    static uint8_t others[GPU_FILES_MAX][AUTHORITY_DER_MAX];
    w->ocsp_reason = 1;
    gpu_world_make(w);
    const struct assay_slice own = w->c.files[w->c.file_count - 1];
    for (size_t i = 0; w->c.file_count < GPU_FILES_MAX; i++) {
        assay_bytes_copy(others[i], sizeof others[i], own.bytes, own.len);
        others[i][own.len - 1] ^= (uint8_t)(1 + i); /* of the certificate that came with it */
        w->c.files[w->c.file_count - 1] = assay_slice_over(others[i], own.len);
        w->c.files[w->c.file_count++] = own;
    }
    gpu_case_judge(&w->c);
    cr_assert_eq(w->c.status, ASSAY_OK);
    cr_expect(assay_verdict_has(&w->c.verdict, ASSAY_RULE_CERT_REVOKED), "%s",
              gpu_reasons(&w->c.verdict));
}

/* Another issuer could be named by SHA-1; that the issuer's delegate revokes counts even so. */
Test(gpu_appraise, a_response_that_names_its_certificate_by_sha1_revokes_and_covers_nothing)
{
    w->ocsp_weak = true;
    gpu_world_judge(w);
    cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_TRUE, "%s", gpu_reasons(&w->c.verdict));
    cr_expect(is_uncovered("GSP BROM"));
    cr_expect(strstr(gpu_reasons(&w->c.verdict), "by SHA-1") != NULL, "the file is there");
    w->ocsp_reason = 1;
    expect(ASSAY_RULE_CERT_REVOKED, ASSAY_GENUINE_FALSE);
    w->ocsp_bad_signature = true;
    gpu_world_judge(w);
    cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_TRUE, "anybody can write that one");
    w->ocsp_bad_signature = false;
    w->ocsp_about = GPU_ICA; /* another number */
    gpu_world_judge(w);
    cr_expect_not(assay_verdict_has(&w->c.verdict, ASSAY_RULE_CERT_REVOKED));
    cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_TRUE, "%s", gpu_reasons(&w->c.verdict));
    w->ocsp_about = GPU_DEVICE;
    w->ocsp_reason = ASSAY_OCSP_REASON_HOLD;
    w->c.policy.gpu.allow_certificate_hold = true;
    gpu_world_judge(w);
    cr_expect(assay_verdict_has(&w->c.verdict, ASSAY_RULE_CERT_HELD));
    cr_expect(is_uncovered("GSP BROM"));
}

Test(gpu_appraise, the_nonce_is_demanded_of_a_missing_response)
{
    static const uint8_t nonce[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    w->c.ocsp_nonce = assay_slice_over(nonce, sizeof nonce);
    gpu_world_make(w);
    w->c.file_count -= 1;
    gpu_case_judge(&w->c);
    cr_expect(assay_verdict_has(&w->c.verdict, ASSAY_RULE_OCSP_NONCE), "%s",
              gpu_reasons(&w->c.verdict));
    cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_UNKNOWN);
}

static void get_life(size_t which, struct assay_collateral_life *life)
{
    struct assay_endorsements *const all = calloc(1, sizeof *all);
    struct assay_collateral_life lives[ASSAY_ENDORSEMENTS_MAX];
    size_t count = 0;
    gpu_world_judge(w);
    for (size_t i = 0; i < GPU_ROOTS; i++)
        all->entries[i] =
            (struct assay_endorsement){ w->c.roots[i], ASSAY_KINDS_NVIDIA, &w->c.built[i] };
    all->count = GPU_ROOTS;
    assay_collateral_lifetimes(all, lives, &count);
    cr_assert_eq(count, GPU_ROOTS);
    *life = lives[which];
    free(all);
}

/* A forecast of expiry has them: the response lasts an hour, its issuers for years. */
Test(gpu_appraise, its_responses_and_manifests_end_the_life_of_collateral)
{
    struct assay_collateral_life life;
    get_life(0, &life);
    cr_expect_eq(life.until_unix_s, GPU_AT + 3600);
    cr_expect_str_eq(life.expires_first, "OCSP response");
    cr_expect_eq(assay_collateral_age(&life, 0, GPU_AT + 3601), ASSAY_AGE_ENDED);
    w->ocsp_to_s = GPU_AT + 9000;
    w->terms[GPU_RIM_SIGNER].to_s = GPU_AT + 7200;
    get_life(1, &life);
    cr_expect_eq(life.until_unix_s, GPU_AT + 7200);
    cr_expect_str_eq(life.expires_first, "manifest");
}

/* --- networks */
/* One network: the list of the root, which offers renew, and the response about the device. */
struct network {
    size_t crl_len, len;
    uint8_t crl[AUTHORITY_DER_MAX], bytes[4 * AUTHORITY_DER_MAX];
    struct assay_collateral collateral[2];
    struct assay_endorsements built;
};

static int by_entry(const void *a, const void *b)
{
    return assay_endorsement_compare(a, b);
}

static struct network *make_network(uint64_t number, bool with_response)
{
    struct network *const n = calloc(1, sizeof *n);
    const struct authority_crl list = { .issuer = w->terms[GPU_ROOT].subject,
                                        .signer = w->keys[GPU_ROOT],
                                        .alg = ASSAY_SIGNATURE_ECDSA_SHA384,
                                        .number = number,
                                        .from_s = GPU_AT - 7200 + (int64_t)number * 60,
                                        .to_s = GPU_AT + 864000 + (int64_t)number * 60 };
    n->crl_len = authority_crl_make(&list, n->crl);
    struct assay_endorsement_files entries[2] = {
        { .root = w->c.roots[0], .kinds = ASSAY_KINDS_NVIDIA },
        { .root = w->c.roots[0], .kinds = ASSAY_KINDS_NVIDIA },
    };
    entries[0].files.part[ASSAY_PART_CRL] = assay_slice_over(n->crl, n->crl_len);
    entries[1].files.part[ASSAY_PART_OCSP] = assay_slice_over(w->ocsp, w->ocsp_len);
    const size_t count = with_response ? 2 : 1;
    qsort(entries, count, sizeof entries[0], by_entry);
    struct assay_writer out = assay_writer_over(n->bytes, sizeof n->bytes);
    cr_assert_eq(assay_endorsements_encode(entries, count, &out), ASSAY_OK);
    n->len = out.len;
    cr_assert_eq(assay_endorsements_decode(n->bytes, n->len, n->collateral, 2, &n->built),
                 ASSAY_OK);
    return n;
}

static size_t count_responses(const struct assay_endorsements *all)
{
    size_t count = 0;
    for (size_t i = 0; i < all->count; i++)
        count += all->entries[i].collateral->ocsp_count;
    return count;
}

/* An offer could leave out the response that revokes. */
Test(gpu_appraise, its_collateral_stands_in_a_network_and_is_no_part_of_offers)
{
    struct assay_endorsements *const all = calloc(1, sizeof *all);
    struct assay_renewal *const out = calloc(1, sizeof *out);
    size_t which = 9;
    gpu_world_judge(w);
    for (size_t i = 0; i < GPU_ROOTS; i++)
        all->entries[all->count++] =
            (struct assay_endorsement){ w->c.roots[i], ASSAY_KINDS_NVIDIA, &w->c.built[i] };
    cr_expect_eq(assay_endorsements_sound(all, &which), ASSAY_OK);
    for (size_t i = 0; i < GPU_ROOTS; i++) {
        struct assay_endorsements offer = { .count = 1, .entries = { all->entries[i] } };
        assay_collateral_newer(all, &offer, GPU_AT, out);
        cr_expect_eq(out->kind, ASSAY_RENEWAL_REFUSED);
        cr_expect_eq(out->fault, ASSAY_RENEWAL_UNSOUND);
        cr_expect_str_eq(out->piece, ASSAY_ENDORSEMENT_DEVICES_TEXT);
    }
    w->c.built[0].has[ASSAY_PART_OCSP] = false; /* given, and cannot be read: it may revoke */
    cr_expect_eq(assay_endorsements_sound(all, &which), ASSAY_E_INVALID);
    free(out);
    free(all);
}

/* Lists are renewed by offers as other vendors' are, and what devices need stays meanwhile. */
Test(gpu_appraise, its_responses_stay_when_an_offer_renews_the_list)
{
    static uint8_t bytes[8 * AUTHORITY_DER_MAX];
    struct assay_renewal *const out = calloc(1, sizeof *out);
    struct assay_offer_scratch *const scratch = calloc(1, sizeof *scratch);
    gpu_world_make(w);
    struct network *const now = make_network(1, true), *const offer = make_network(2, false);
    assay_collateral_newer(&now->built, &offer->built, GPU_AT, out);
    cr_expect_eq(out->kind, ASSAY_RENEWAL_SAME_NUMBER, "%s %s %s",
                 assay_renewal_fault_name(out->fault), out->piece, out->field);

    const struct assay_collateral_set set = { assay_slice_over(now->bytes, now->len), &now->built };
    const struct assay_collateral_set offered = { assay_slice_over(offer->bytes, offer->len),
                                                  &offer->built };
    struct assay_writer writer = assay_writer_over(bytes, sizeof bytes);
    struct network *const after = calloc(1, sizeof *after);
    cr_assert_eq(assay_collateral_replace(&set, &offered, &writer), ASSAY_OK);
    cr_assert_eq(assay_endorsements_decode(bytes, writer.len, after->collateral, 2, &after->built),
                 ASSAY_OK);
    cr_expect_eq(after->built.count, 2);
    cr_expect_eq(count_responses(&after->built), 1);

    /* What a daemon makes of a list that it fetched has the list alone. */
    const struct assay_slice list = assay_slice_over(offer->crl, offer->crl_len);
    writer = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_offer_lists(&set, &w->c.roots[0], &list, 1, scratch, &writer), ASSAY_OK);
    cr_expect_eq(writer.len, offer->len);
    cr_expect(assay_bytes_equal(bytes, offer->bytes, offer->len));
    free(after);
    free(offer);
    free(now);
    free(scratch);
    free(out);
}

/* --- manifests */
Test(gpu_appraise, needs_the_manifest_of_this_driver)
{
    w->driver = "570.10.02";
    expect(ASSAY_RULE_COLLATERAL_MISSING, ASSAY_GENUINE_UNKNOWN);
    cr_expect_str_eq(reason_by(ASSAY_RULE_COLLATERAL_MISSING)->observed, "an older one: 570.10.01");
    w->driver = "570.9.99"; /* by number, not by letter */
    expect(ASSAY_RULE_COLLATERAL_MISSING, ASSAY_GENUINE_UNKNOWN);
    cr_expect_str_eq(reason_by(ASSAY_RULE_COLLATERAL_MISSING)->observed, "a newer one: 570.10.01");
}

Test(gpu_appraise, needs_the_manifest_of_this_firmware)
{
    w->vbios[0] += 1; /* 96.00.9F.00.xx: hexadecimal */
    expect(ASSAY_RULE_COLLATERAL_MISSING, ASSAY_GENUINE_UNKNOWN);
    cr_expect_str_eq(reason_by(ASSAY_RULE_COLLATERAL_MISSING)->observed,
                     "an older one: 96.00.9f.00.04");
}

Test(gpu_appraise, needs_the_manifest_of_this_chip)
{
    w->manifests[1].product = "GB100";
    expect(ASSAY_RULE_COLLATERAL_MISSING, ASSAY_GENUINE_UNKNOWN);
}

Test(gpu_appraise, an_edited_manifest_is_forged)
{
    w->manifests[0].edit_golden = true;
    gpu_world_judge(w);
    cr_expect_str_eq(reason_by(ASSAY_RULE_RIM_SIGNATURE)->expected,
                     "driver RIM 570.10.01 as its maker signed it");
    expect(ASSAY_RULE_RIM_SIGNATURE, ASSAY_GENUINE_FALSE);
}

Test(gpu_appraise, a_reference_to_a_part_is_no_signature_of_the_whole)
{
    w->manifests[0].uri = "#part";
    expect(ASSAY_RULE_COLLATERAL_FORMAT, ASSAY_GENUINE_UNKNOWN);
    cr_expect_not(assay_verdict_has(&w->c.verdict, ASSAY_RULE_RIM_SIGNATURE), "it is signed");
    cr_expect_neq(w->c.verdict.proofs[ASSAY_PROOF_DRIVER_RIM], ASSAY_PROOF_TRUE);
}

/* The key of a responder is on the network: it may not say how devices must measure. */
Test(gpu_appraise, a_responder_of_the_manifests_root_signs_no_manifests)
{
    w->rim_for_ocsp = true;
    gpu_world_judge(w);
    cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_UNKNOWN, "%s", gpu_reasons(&w->c.verdict));
    cr_expect_neq(w->c.verdict.proofs[ASSAY_PROOF_DRIVER_RIM], ASSAY_PROOF_TRUE);
    cr_expect_neq(w->c.verdict.proofs[ASSAY_PROOF_VBIOS_RIM], ASSAY_PROOF_TRUE);
}

Test(gpu_appraise, manifests_that_both_set_an_index_decide_nothing)
{
    w->manifests[0].conflict = 3;
    expect(ASSAY_RULE_RIM_CONFLICT, ASSAY_GENUINE_UNKNOWN);
}

/* What cannot be converted is no manifest. */
Test(gpu_appraise, xml_that_hides_something_is_refused)
{
    bool *const defects[] = { &w->manifests[0].wrap,         &w->manifests[0].two_signatures,
                              &w->manifests[0].doctype,      &w->manifests[0].entity,
                              &w->manifests[0].double_index, &w->manifests[0].many_namespaces };
    for (size_t i = 0; i < sizeof defects / sizeof defects[0]; i++) {
        *defects[i] = true;
        gpu_world_judge(w);
        cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_UNKNOWN, "%zu: %s", i,
                     gpu_reasons(&w->c.verdict));
        cr_expect_neq(w->c.verdict.proofs[ASSAY_PROOF_DRIVER_RIM], ASSAY_PROOF_TRUE, "%zu", i);
        *defects[i] = false;
    }
}

/* Each would cost time at every element. */
Test(gpu_appraise, namespaces_of_a_manifest_are_bounded)
{
    static uint8_t out[2 * GPU_XML_MAX];
    struct gpu_manifest *const m = &w->manifests[0];
    for (int many = 0; many < 2; many++) {
        size_t len = 0;
        m->many_namespaces = many == 1;
        gpu_world_make(w);
        cr_expect_eq(assay_rim_xml_convert(assay_slice_over(m->xml, m->len), out, sizeof out, &len),
                     many == 1 ? ASSAY_E_RANGE : ASSAY_OK);
    }
}

static size_t append(uint8_t *out, size_t at, const char *text)
{
    const size_t len = strlen(text);
    cr_assert(at + len <= 8 * (size_t)GPU_XML_MAX);
    assay_bytes_copy(out + at, len, text, len);
    return at + len;
}

/* The first manifest with a text before its end, converted. */
static enum assay_status convert_with(const char *start, const char *each, size_t count,
                                      const char *end)
{
    static const char close[] = "</SoftwareIdentity>";
    static uint8_t text[8 * GPU_XML_MAX], out[16 * GPU_XML_MAX];
    const struct gpu_manifest *const m = &w->manifests[0];
    size_t len = 0, at = m->len - (sizeof close - 1);
    while (at > 0 && !assay_bytes_equal(m->xml + at, close, sizeof close - 1))
        at -= 1;
    cr_assert_gt(at, 0);
    assay_bytes_copy(text, sizeof text, m->xml, at);
    at = append(text, at, start);
    for (size_t i = 0; i < count; i++)
        at = append(text, at, each);
    at = append(text, at, end);
    at = append(text, at, close);
    return assay_rim_xml_convert(assay_slice_over(text, at), out, sizeof out, &len);
}

/* The namespaces of all elements together: 128, and no one more. */
Test(gpu_appraise, namespaces_of_all_elements_together_are_bounded)
{
    enum { ALL = 128 };
    char text[64];
    gpu_world_make(w);
    size_t own = 0;
    for (size_t i = 0; i + 6 < w->manifests[0].len; i++)
        own += assay_bytes_equal(w->manifests[0].xml + i, (const uint8_t *)" xmlns", 6);
    cr_assert(own > 0 && own < ALL);
    (void)snprintf(text, sizeof text, "<ns0:e xmlns:n=\"urn:n\"></ns0:e>");
    cr_expect_eq(convert_with("", text, ALL - own, ""), ASSAY_OK);
    cr_expect_eq(convert_with("", text, ALL - own + 1, ""), ASSAY_E_RANGE);
}

/* Small texts that grow without end, or cost more than they are long. */
Test(gpu_appraise, xml_bombs_are_refused)
{
    static const char entities[] =
        "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
        "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]><SoftwareIdentity>&c;</SoftwareIdentity>";
    uint8_t out[64];
    size_t len = 0;
    gpu_world_make(w);
    cr_expect_eq(convert_with("", "<ns0:e></ns0:e>", 1, ""), ASSAY_OK, "one is none");
    cr_expect_eq(convert_with("", "<ns0:e>", 600, ""), ASSAY_E_SYNTAX);
    cr_expect_eq(convert_with("", "<ns0:e></ns0:e>", 5000, ""), ASSAY_E_RANGE);
    cr_expect_eq(convert_with("<ns0:e", " a=\"1\"", 2, "></ns0:e>"), ASSAY_E_SYNTAX);
    cr_expect_eq(convert_with("&a;", "", 0, ""), ASSAY_E_SYNTAX, "an undefined entity");
    cr_expect_eq(
        assay_rim_xml_convert(assay_slice_over((const uint8_t *)entities, sizeof entities - 1), out,
                              sizeof out, &len),
        ASSAY_E_INVALID);
}

Test(gpu_appraise, elements_of_a_manifest_are_bounded_in_depth)
{
    enum { DEPTH = 20 };
    char start[7 * DEPTH + 1] = "", end[8 * DEPTH + 1] = "";
    gpu_world_make(w);
    for (unsigned depth = 2; depth <= DEPTH; depth++) { /* the root is one */
        (void)snprintf(start + 7 * (size_t)(depth - 2), 8, "<ns0:e>");
        (void)snprintf(end + 8 * (size_t)(depth - 2), 9, "</ns0:e>");
        cr_expect_eq(convert_with(start, "", 0, end),
                     depth <= ASSAY_RIM_XML_DEPTH_MAX ? ASSAY_OK : ASSAY_E_RANGE, "%u", depth);
    }
}

Test(gpu_appraise, an_expired_signer_is_no_mismatch)
{
    w->terms[GPU_RIM_SIGNER].to_s = GPU_AT - 1;
    expect(ASSAY_RULE_CERT_TIME, ASSAY_GENUINE_UNKNOWN);
    cr_expect_not(assay_verdict_has(&w->c.verdict, ASSAY_RULE_GOLDEN_VALUE));
}

/* --- the policy */
Test(gpu_appraise, is_judged_by_the_policy)
{
    w->c.policy.gpu.architectures = 1 << ASSAY_GPU_BLACKWELL | 1 << ASSAY_GPU_LS10;
    expect(ASSAY_RULE_GPU_ARCHITECTURE, ASSAY_GENUINE_TRUE);
    cr_expect(strstr(gpu_reasons(&w->c.verdict), "gpu-architecture: blackwell, ls10, hopper;"),
              "%s", gpu_reasons(&w->c.verdict));
    w->c.policy.gpu = assay_gpu_rules_default();
    w->feature = ASSAY_GPU_MODE_PROTECTED_PCIE;
    w->c.policy.gpu.modes = 1 << ASSAY_GPU_MODE_SINGLE;
    expect(ASSAY_RULE_GPU_MODE, ASSAY_GENUINE_TRUE);
    cr_expect(strstr(gpu_reasons(&w->c.verdict), "gpu-mode: single, protected-pcie;"), "%s",
              gpu_reasons(&w->c.verdict));
    w->c.policy.gpu = assay_gpu_rules_default();
    w->c.policy.gpu.driver_min = (struct assay_gpu_version){ { 570, 10, 2, 0 } };
    expect(ASSAY_RULE_GPU_DRIVER, ASSAY_GENUINE_TRUE);
    w->c.policy.gpu.driver_min.parts[2] = 1;
    gpu_world_judge(w);
    cr_expect_not(assay_verdict_has(&w->c.verdict, ASSAY_RULE_GPU_DRIVER));
}
