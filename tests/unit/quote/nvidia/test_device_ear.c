/*
 * tests/unit/quote/nvidia/test_device_ear.c - attestation results of a machine with devices: each
 * is a submodule of its own, in JSON as `assay ear verify` reads it, and in CBOR.
 */
#include "apps/assay/evidence/ear_read.h"
#include "base/cbor.h"
#include "quote/cose.h"
#include "quote/result/challenge.h"
#include "quote/result/device_verdict.h"
#include "quote/result/jwt.h"
#include "tests/unit/quote/nvidia/device_world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char *const labels[] = { "cpu0", "gpu0", "gpu1", "switch0" };
static struct device_world *w;
static struct assay_secret32 secret;
static uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
static struct assay_p256 *key;
static struct assay_ear ear;
static uint8_t claims[ASSAY_EAR_CLAIMS_MAX], token[ASSAY_EAR_TOKEN_MAX];

static void open_world(void)
{
    static const uint8_t challenge[ASSAY_REPORT_DATA_LEN] = { 0xc4, 0x4a };
    w = device_world_open(challenge, 0);
    cr_assert_eq(assay_p256_generate(&secret, public_key), ASSAY_OK);
    cr_assert_eq(assay_p256_load(public_key, &key), ASSAY_OK);
}

static void close_world(void)
{
    cli_ear_close(&ear);
    assay_p256_free(&key);
    device_world_close(w);
}

TestSuite(gpu_device_ear, .init = open_world, .fini = close_world);

/* The second GPU measures something else. */
static void judge_changed(void)
{
    w->gpu->changed = 9 + 1;
    device_world_make(w, 1);
    w->gpu->changed = 0;
    device_world_pack(w);
    device_world_quote(w);
    device_world_judge(w);
}

static struct assay_slice write_claims(enum assay_ear_profile profile, bool cbor)
{
    const struct assay_ear_terms terms = { .profile = profile,
                                           .developer = "tests",
                                           .build = "of today",
                                           .issued_unix_s = w->verdict.at_unix_s,
                                           .cbor = cbor };
    struct assay_writer out = assay_writer_over(claims, sizeof claims);
    assay_ear_claims(&w->verdict, &w->cpu->policy, &terms, &out);
    cr_assert_not(out.full);
    return assay_slice_over(claims, out.len);
}

/* The token of the verdict, verified and read. */
static void read_back(enum assay_ear_profile profile)
{
    uint8_t header[256], digest[ASSAY_SHA256_LEN], signature[ASSAY_P256_SIGNATURE_LEN];
    struct assay_p256_signer *signer = NULL;
    struct assay_writer h = assay_writer_over(header, sizeof header);
    struct assay_writer out = assay_writer_over(token, sizeof token);
    assay_ear_header(profile, public_key, &h);
    assay_jwt_put(&out, assay_slice_over(header, h.len), write_claims(profile, false));
    assay_sha256(token, out.len, digest);
    cr_assert_eq(assay_p256_signer_load(&secret, &signer), ASSAY_OK);
    cr_assert_eq(assay_p256_sign(signer, digest, signature), ASSAY_OK);
    assay_p256_signer_free(&signer);
    assay_jwt_put_signature(&out, signature);
    cr_assert_not(out.full);
    cli_ear_close(&ear);
    cr_assert_eq(cli_ear_read((const char *)token, out.len, key, w->verdict.at_unix_s, NULL, &ear),
                 ASSAY_EAR_VALID, "%s", ear.why);
}

static const char *text_of(size_t at, bool of_attester, const char *name)
{
    return assay_json_text(cli_ear_own(&ear.submodules[at], of_attester), name, "(none)");
}

static void expect_status(size_t at, enum assay_tier tier)
{
    cr_expect_eq(ear.submodules[at].status, tier, "%s: %s", labels[at],
                 assay_tier_text(ear.submodules[at].status));
}

Test(gpu_device_ear, each_device_is_a_submodule_with_its_claims_in_both_families)
{
    device_world_judge(w);
    cr_assert_eq(w->verdict.genuine, ASSAY_GENUINE_TRUE, "%s", gpu_reasons(&w->verdict));
    for (int profile = 0; profile < ASSAY_EAR_PROFILES; profile++) {
        read_back((enum assay_ear_profile)profile);
        cr_assert_eq(ear.submodule_count, DEVICES + 1);
        for (size_t i = 0; i <= DEVICES; i++) {
            cr_expect_str_eq(ear.submodules[i].label, labels[i]);
            cr_expect(ear.submodules[i].has_vector);
        }
        cr_expect_str_eq(text_of(1, true, "kind"), "nvidia-gpu");
        cr_expect_str_eq(text_of(3, true, "kind"), "nvidia-switch");
        cr_expect_str_eq(text_of(1, true, "product"), "GH100");
        cr_expect_str_eq(text_of(1, true, "driver"), "570.10.01");
        cr_expect_str_eq(text_of(3, true, "firmware"), "96.10.55.00.01");
        cr_expect_str_eq(text_of(1, true, "serial"), "00000000000000000000000000000000000007d1");
        for (size_t i = 1; i <= DEVICES; i++)
            cr_expect_str_eq(text_of(i, false, "bound_to"), "cpu0");
        cr_expect_str_eq(text_of(0, false, "bound_to"), "(none)");
        cr_expect_str_neq(text_of(1, false, "platform_id"), text_of(2, false, "platform_id"));
    }
}

/* The nonce that the device signed, not the challenge of the processor. */
Test(gpu_device_ear, a_device_has_the_nonce_that_it_signed)
{
    uint8_t nonce[ASSAY_DEVICE_NONCE_LEN];
    struct assay_verdict own;
    device_world_judge(w);
    assay_device_nonce(w->challenge, nonce);
    assay_device_verdict(&w->verdict, 0, &own);
    cr_expect_arr_eq(own.report_data, nonce, sizeof nonce);
    read_back(ASSAY_EAR_IETF_04);
    const char *const of_cpu = assay_json_text(ear.submodules[0].claims, "eat_nonce", "");
    const char *const of_gpu = assay_json_text(ear.submodules[1].claims, "eat_nonce", "");
    cr_expect_eq(strlen(of_cpu), 86, "64 bytes: %s", of_cpu);
    cr_expect_eq(strlen(of_gpu), 43, "32 bytes: %s", of_gpu);
    cr_expect_str_eq(of_gpu, assay_json_text(ear.submodules[3].claims, "eat_nonce", ""));
}

/* The other devices stay as they are; the machine as a whole does not. */
Test(gpu_device_ear, a_device_that_is_refused_is_so_alone)
{
    judge_changed();
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_CONTRAINDICATED, "%s", gpu_reasons(&w->verdict));
    read_back(ASSAY_EAR_IETF_04);
    cr_assert_eq(ear.submodule_count, DEVICES + 1);
    expect_status(0, ASSAY_TIER_CONTRAINDICATED);
    expect_status(1, ASSAY_TIER_WARNING); /* lists of some issuers are missing */
    expect_status(2, ASSAY_TIER_CONTRAINDICATED);
    cr_expect_eq(ear.submodules[2].vector.claims[ASSAY_TRUST_EXECUTABLES], 96);
    cr_expect_eq(ear.submodules[1].vector.claims[ASSAY_TRUST_EXECUTABLES], 0);
    cr_expect_eq(ear.status, ASSAY_TIER_CONTRAINDICATED);
    const struct assay_json *const reasons =
        assay_json_get(cli_ear_own(&ear.submodules[2], false), "reasons");
    cr_expect_str_eq(assay_json_text(assay_json_at(reasons, 0), "rule", ""), "golden-value");
    cr_expect_str_eq(assay_json_text(assay_json_at(reasons, 0), "observed", ""),
                     "measurement 9 differs from the manifest", "without the name of the device");
}

/* A device is the processor's word: a forged processor has none. */
Test(gpu_device_ear, no_device_is_affirmed_through_a_processor_that_is_not_proven)
{
    device_world_judge(w);
    assay_verdict_add(&w->verdict, ASSAY_RULE_QUOTE_SIGNATURE, 0, "a signature", "a wrong one");
    assay_verdict_conclude(&w->verdict);
    read_back(ASSAY_EAR_IETF_04);
    expect_status(0, ASSAY_TIER_CONTRAINDICATED);
    for (size_t i = 1; i <= DEVICES; i++) {
        expect_status(i, ASSAY_TIER_NONE);
        cr_expect_str_eq(text_of(i, false, "bound_to"), "(none)");
        cr_expect_str_eq(assay_json_text(ear.submodules[i].claims, "eat_nonce", "(none)"),
                         "(none)");
    }
}

/* What a device signed is derived from the challenge: a recording of the machine is one of it. */
Test(gpu_device_ear, no_device_is_affirmed_for_another_challenge)
{
    static const uint8_t other[ASSAY_REPORT_DATA_LEN] = { 0x11 };
    device_world_judge(w);
    assay_challenge_report_data(&w->verdict, assay_slice_over(other, sizeof other), true);
    cr_assert_eq(w->verdict.genuine, ASSAY_GENUINE_TRUE, "%s", gpu_reasons(&w->verdict));
    read_back(ASSAY_EAR_IETF_04);
    for (size_t i = 0; i <= DEVICES; i++) {
        expect_status(i, ASSAY_TIER_CONTRAINDICATED);
        cr_expect_eq(ear.submodules[i].vector.claims[ASSAY_TRUST_INSTANCE_IDENTITY], 96);
    }
}

/* Forged devices crowd out the reason that leaves the processor unjudged. */
Test(gpu_device_ear, no_device_is_affirmed_when_reasons_found_no_room)
{
    struct assay_verdict own;
    char name[ASSAY_REASON_TEXT], text[2 * ASSAY_REASON_TEXT];
    device_world_judge(w);
    assay_verdict_add(&w->verdict, ASSAY_RULE_COLLATERAL_EXPIRED, 0, "now", "then");
    assay_verdict_name_device(&w->verdict, 1, name);
    (void)snprintf(text, sizeof text, "%s: another one", name);
    w->verdict.devices[1].genuine = ASSAY_GENUINE_FALSE;
    w->verdict.devices[1].rule = ASSAY_RULE_REPORT_SIGNATURE;
    for (int i = 0; i < ASSAY_REASONS_MAX; i++)
        assay_verdict_add(&w->verdict, ASSAY_RULE_REPORT_SIGNATURE, 0, "a signature", text);
    assay_verdict_conclude(&w->verdict);
    cr_assert_not(assay_verdict_has(&w->verdict, ASSAY_RULE_COLLATERAL_EXPIRED));
    for (uint32_t i = 0; i < DEVICES; i++) {
        assay_device_verdict(&w->verdict, i, &own);
        cr_expect_eq(own.tier, i == 1 ? ASSAY_TIER_CONTRAINDICATED : ASSAY_TIER_NONE);
    }
}

/* A machine has room for eight reasons: a device whose text found none is refused all the same. */
Test(gpu_device_ear, a_reason_without_room_still_counts)
{
    struct assay_verdict own;
    device_world_judge(w);
    w->verdict.reason_count = 0;
    w->verdict.devices[1].rule = ASSAY_RULE_GOLDEN_VALUE;
    for (int i = 0; i < ASSAY_REASONS_MAX; i++)
        assay_verdict_add(&w->verdict, ASSAY_RULE_DEBUG, 0, "x", "y");
    assay_verdict_conclude(&w->verdict);
    assay_device_verdict(&w->verdict, 1, &own);
    cr_expect_eq(own.tier, ASSAY_TIER_CONTRAINDICATED);
    cr_expect_eq(own.reasons[0].rule, ASSAY_RULE_GOLDEN_VALUE);
    assay_device_verdict(&w->verdict, 0, &own);
    cr_expect_neq(own.tier, ASSAY_TIER_CONTRAINDICATED, "debug is the processor's");
    read_back(ASSAY_EAR_IETF_04);
}

/* --- CBOR */
/* Moves to the value behind a label; a text where name is not NULL. */
static bool find_label(struct assay_cursor *c, const char *name, int64_t number)
{
    struct assay_cose_map map;
    struct assay_cose_label label;
    cr_assert_eq(assay_cose_map_open(c, ASSAY_COSE_PAIRS_MAX, &map), ASSAY_OK);
    while (assay_cose_map_more(&map, c)) {
        cr_assert_eq(assay_cose_map_next(&map, c, &label), ASSAY_OK);
        if (name == NULL ? !label.is_text && label.number == number
                         : label.is_text && label.text.len == strlen(name) &&
                               assay_bytes_equal(label.text.bytes, name, label.text.len))
            return true;
        cr_assert_eq(assay_cose_skip(c), ASSAY_OK);
    }
    return false;
}

static struct assay_cursor submodule_of(struct assay_slice all, const char *label)
{
    struct assay_cursor c = assay_cursor_over(all.bytes, all.len);
    cr_assert(find_label(&c, NULL, 266));
    cr_assert(find_label(&c, label, 0), "%s", label);
    return c;
}

Test(gpu_device_ear, cbor_has_the_same_submodules)
{
    static const int64_t wanted[] = { 96, 32, 96, 32 };
    uint8_t nonce[ASSAY_DEVICE_NONCE_LEN];
    judge_changed();
    const struct assay_slice all = write_claims(ASSAY_EAR_IETF_04, true);
    for (size_t i = 0; i <= DEVICES; i++) {
        struct assay_cursor c = submodule_of(all, labels[i]);
        int64_t status = -1;
        cr_assert(find_label(&c, NULL, 1000));
        cr_assert_eq(assay_cbor_int(&c, &status), ASSAY_OK);
        cr_expect_eq(status, wanted[i], "%s: %d", labels[i], (int)status);
    }
    struct assay_slice bytes;
    struct assay_cursor c = submodule_of(all, "gpu0");
    cr_assert(find_label(&c, NULL, 10));
    cr_assert_eq(assay_cbor_bytes(&c, ASSAY_REPORT_DATA_LEN, &bytes), ASSAY_OK);
    assay_device_nonce(w->challenge, nonce);
    cr_expect(assay_slice_equal(bytes, assay_slice_over(nonce, sizeof nonce)));
    c = submodule_of(all, "gpu0");
    cr_assert(find_label(&c, NULL, 1006));
    cr_assert(find_label(&c, "bound_to", 0));
    cr_expect_eq(assay_cbor_text_expect(&c, "cpu0"), ASSAY_OK);
    c = submodule_of(all, "switch0");
    cr_assert(find_label(&c, NULL, 1005));
    cr_assert(find_label(&c, "kind", 0));
    cr_expect_eq(assay_cbor_text_expect(&c, "nvidia-switch"), ASSAY_OK);
}
