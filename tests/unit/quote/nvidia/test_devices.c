/*
 * tests/unit/quote/nvidia/test_devices.c - a processor's quote with the devices of its machine:
 * right, the whole is genuine; with one thing wrong, the verdict says what, and of which device.
 */
#include "tests/unit/quote/nvidia/device_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct device_world *w;

static void open_world(void)
{
    static const uint8_t challenge[ASSAY_REPORT_DATA_LEN] = { 0xc4, 0x4a };
    w = device_world_open(challenge, 0);
}

static void close_world(void)
{
    device_world_close(w);
}

TestSuite(gpu_devices, .init = open_world, .fini = close_world);

static void pack_and_judge(void)
{
    device_world_pack(w);
    device_world_quote(w);
    device_world_judge(w);
}

/* Returns: what was found by that rule. */
static const char *observed(enum assay_rule rule)
{
    for (uint32_t i = 0; i < w->verdict.reason_count; i++)
        if (w->verdict.reasons[i].rule == rule) return w->verdict.reasons[i].observed;
    cr_assert_fail("no %s: %s", assay_rule_name(rule), gpu_reasons(&w->verdict));
    return "";
}

static void expect_genuine(void)
{
    cr_assert_eq(w->status, ASSAY_OK);
    cr_assert_eq(w->verdict.genuine, ASSAY_GENUINE_TRUE, "%s", gpu_reasons(&w->verdict));
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_WARNING, "lists of other issuers are missing: %s",
                 gpu_reasons(&w->verdict));
}

static void expect_forged(enum assay_rule rule)
{
    cr_expect_eq(w->verdict.genuine, ASSAY_GENUINE_FALSE, "%s", gpu_reasons(&w->verdict));
    cr_expect_eq(w->verdict.reasons[0].rule, rule, "%s", gpu_reasons(&w->verdict));
    cr_expect_eq(assay_verdict_outcome(&w->verdict), ASSAY_OUTCOME_FAIL_HARD);
}

Test(gpu_devices, right_the_whole_is_genuine)
{
    static const char *const names[] = { "gpu 0 (GH100, serial 07d1)", "gpu 1 (GH100, serial 0bb9)",
                                         "switch 0 (LS10, serial 03e9)" };
    char name[ASSAY_REASON_TEXT];
    device_world_judge(w);
    expect_genuine();
    cr_expect_arr_eq(w->verdict.report_data, w->challenge, sizeof w->challenge,
                     "the challenge is what the evidence answers");
    cr_assert_eq(w->verdict.device_count, DEVICES);
    for (uint32_t i = 0; i < DEVICES; i++) {
        assay_verdict_name_device(&w->verdict, i, name);
        cr_expect_str_eq(name, names[i]);
        cr_expect_eq(w->verdict.devices[i].genuine, ASSAY_GENUINE_TRUE);
        cr_expect(w->verdict.devices[i].has_platform);
    }
    cr_expect_str_eq(w->verdict.devices[0].driver, "570.10.01");
    cr_expect_str_eq(w->verdict.devices[2].firmware, "96.10.55.00.01");
}

Test(gpu_devices, warm_and_cold_are_the_same)
{
    enum { ENTRIES = 16 };
    const size_t size = assay_verifier_size(ENTRIES);
    void *const memory = malloc(size);
    device_world_judge(w);
    const struct assay_verdict cold = w->verdict;
    cr_assert_eq(assay_verifier_init(memory, size, ENTRIES, &w->verifier), ASSAY_OK);
    for (int i = 0; i < 2; i++) {
        device_world_judge(w);
        cr_expect_arr_eq(&cold, &w->verdict, sizeof cold);
    }
    assay_verifier_deinit(&w->verifier);
    free(memory);
}

/* The whole is worth no longer than the answer about one device. */
Test(gpu_devices, end_with_what_a_device_rests_on)
{
    device_world_judge(w);
    expect_genuine();
    cr_expect(w->verdict.has_expiry);
    cr_expect_leq(w->verdict.expires_unix_s, w->gpu->ocsp_to_s);
}

/* --- the binding */
/* The set anew, by changed terms, with the report data of the set as it was. */
static void judge_exchanged(void)
{
    uint8_t quoted[ASSAY_REPORT_DATA_LEN];
    assay_bytes_copy(quoted, sizeof quoted, w->cpu->request.report_data, sizeof quoted);
    device_world_pack(w);
    assay_bytes_copy(w->cpu->request.report_data, sizeof quoted, quoted, sizeof quoted);
    device_world_quote(w);
    device_world_judge(w);
    expect_forged(ASSAY_RULE_DEVICE_BINDING);
    cr_expect_eq(w->verdict.device_count, 0, "nothing is known of them");
}

Test(gpu_devices, of_which_one_is_left_out_are_forged)
{
    w->count = 2;
    judge_exchanged();
}

Test(gpu_devices, of_which_one_is_exchanged_are_forged)
{
    w->gpu->feature = 1; /* the same device, another report */
    device_world_make(w, 1);
    judge_exchanged();
}

Test(gpu_devices, in_another_order_are_forged)
{
    w->order[0] = 1;
    w->order[1] = 0;
    judge_exchanged();
}

/* A quote of a member without devices, and devices of another one that stand beside it. */
Test(gpu_devices, beside_a_plain_quote_are_forged)
{
    assay_bytes_copy(w->cpu->request.report_data, ASSAY_REPORT_DATA_LEN, w->challenge,
                     ASSAY_REPORT_DATA_LEN);
    device_world_quote(w);
    device_world_judge(w);
    expect_forged(ASSAY_RULE_DEVICE_BINDING);
}

/* And the quote alone answers no challenge of its member. */
Test(gpu_devices, cannot_be_taken_off)
{
    assay_bytes_copy(w->bytes, sizeof w->bytes, w->cpu->quote, w->cpu->quote_len);
    w->len = w->cpu->quote_len;
    device_world_judge(w);
    cr_expect_arr_neq(w->verdict.report_data, w->challenge, sizeof w->challenge);
}

/* Member, epoch and beacon are in the challenge: what a device signed for one is of no use to
 * another, though this one's processor commits to it. */
Test(gpu_devices, of_another_member_are_refused_by_their_nonce)
{
    w->challenge[0] ^= 1;
    pack_and_judge();
    expect_forged(ASSAY_RULE_NONCE);
    cr_expect_str_eq(observed(ASSAY_RULE_NONCE), "gpu 0 (GH100, serial 07d1): another nonce");
    cr_expect_eq(w->verdict.devices[0].genuine, ASSAY_GENUINE_UNKNOWN);
}

Test(gpu_devices, that_stand_there_twice_are_refused)
{
    w->order[1] = 0;
    pack_and_judge();
    cr_expect_str_eq(observed(ASSAY_RULE_DEVICE_TWICE),
                     "gpu 1 (GH100, serial 07d1): gpu 0 (GH100, serial 07d1)");
    cr_expect_eq(w->verdict.tier, ASSAY_TIER_CONTRAINDICATED);
    cr_expect_eq(assay_verdict_outcome(&w->verdict), ASSAY_OUTCOME_FAIL_HARD);
}

/* --- one bad device */
Test(gpu_devices, with_another_measurement_fail_by_name)
{
    w->gpu->changed = 9 + 1;
    device_world_make(w, 1);
    w->gpu->changed = 0;
    pack_and_judge();
    cr_expect_str_eq(observed(ASSAY_RULE_GOLDEN_VALUE),
                     "gpu 1 (GH100, serial 0bb9): measurement 9 differs from the manifest");
    cr_expect_eq(w->verdict.tier, ASSAY_TIER_CONTRAINDICATED);
    cr_expect_eq(w->verdict.devices[0].tier, ASSAY_TIER_WARNING);
    cr_expect_eq(w->verdict.devices[1].tier, ASSAY_TIER_CONTRAINDICATED);
    cr_expect_eq(w->verdict.devices[1].rule, ASSAY_RULE_GOLDEN_VALUE);
    cr_expect_arr_eq(w->verdict.report_data, w->challenge, sizeof w->challenge);
    device_world_make(w, 1);
    pack_and_judge();
    expect_genuine(); /* it recovers */
}

Test(gpu_devices, with_a_wrong_signature_make_the_whole_forged)
{
    w->samples[DEVICE_OF_SWITCH].report[w->samples[DEVICE_OF_SWITCH].report_len - 1] ^= 1;
    pack_and_judge();
    expect_forged(ASSAY_RULE_REPORT_SIGNATURE);
    cr_expect(strncmp(observed(ASSAY_RULE_REPORT_SIGNATURE), "switch 0 (LS10, ", 16) == 0);
}

Test(gpu_devices, that_cannot_be_read_are_named)
{
    w->samples[1].report_len -= 1;
    pack_and_judge();
    expect_forged(ASSAY_RULE_FORMAT);
    cr_expect(strncmp(observed(ASSAY_RULE_FORMAT), "gpu 1 (unknown): ", 17) == 0, "%s",
              observed(ASSAY_RULE_FORMAT));
}

/* A later opaque version; the signature is wrong then, which cannot be decided. */
Test(gpu_devices, of_a_later_version_are_not_judged)
{
    static const uint8_t field[] = { 36, 0, 2, 0 }, later[] = { 34, 0, 2, 0, 2 };
    struct device_sample *const s = &w->samples[0];
    size_t at = 0;
    while (at + sizeof later <= s->report_len &&
           !assay_bytes_equal(s->report + at, field, sizeof field))
        at += 1;
    cr_assert_leq(at + sizeof later, s->report_len, "a report with the field");
    assay_bytes_copy(s->report + at, s->report_len - at, later, sizeof later);
    pack_and_judge();
    cr_expect_eq(w->verdict.genuine, ASSAY_GENUINE_UNKNOWN, "%s", gpu_reasons(&w->verdict));
    cr_expect(strncmp(observed(ASSAY_RULE_UNSUPPORTED), "gpu 0 (unknown): ", 17) == 0);
}

/* A certificate that nothing needs may come along; it does not name the device. */
Test(gpu_devices, have_the_name_of_the_chip_that_signed)
{
    static uint8_t other[AUTHORITY_DER_MAX];
    struct authority_certificate terms =
        authority_ca("GB100 A01 GSP BROM", w->gpu->keys[GPU_ICA], "Test GH100 Provisioner ICA 1",
                     w->gpu->keys[GPU_ICA], ASSAY_SIGNATURE_ECDSA_SHA384);
    terms.serial = 0xfff;
    const struct assay_slice der =
        assay_slice_over(other, authority_certificate_make(&terms, other));
    w->set = (struct assay_device_set){ .count = 0 };
    assay_bytes_copy(w->set.challenge, sizeof w->set.challenge, w->challenge, sizeof w->challenge);
    struct assay_package p = { .kind = ASSAY_KIND_NVIDIA_GPU,
                               .main =
                                   assay_slice_over(w->samples[0].report, w->samples[0].report_len),
                               .certificate_count = 1 + DEVICE_CERTIFICATES,
                               .certificates = { der } };
    for (size_t i = 0; i < DEVICE_CERTIFICATES; i++)
        p.certificates[1 + i] = assay_slice_over(w->samples[0].ders[i], w->samples[0].der_len[i]);
    cr_assert_eq(assay_device_set_add(&w->set, &p), ASSAY_OK);
    device_world_encode(w);
    device_world_quote(w);
    device_world_judge(w);
    expect_genuine();
    cr_expect_str_eq(w->verdict.devices[0].product, "GH100");
}

Test(gpu_devices, without_their_manifest_are_not_judged)
{
    w->without_switch_manifest = true;
    device_world_judge(w);
    cr_expect_eq(w->verdict.genuine, ASSAY_GENUINE_UNKNOWN, "%s", gpu_reasons(&w->verdict));
    cr_expect_str_eq(observed(ASSAY_RULE_COLLATERAL_MISSING), "switch 0 (LS10, serial 03e9): none");
    cr_expect_eq(assay_verdict_outcome(&w->verdict), ASSAY_OUTCOME_UNJUDGED);
}

Test(gpu_devices, that_are_revoked_fall)
{
    w->gpu->ocsp_reason = 1;
    device_world_judge(w);
    expect_forged(ASSAY_RULE_CERT_REVOKED);
    cr_expect(strncmp(observed(ASSAY_RULE_CERT_REVOKED), "gpu 1 (GH100, ", 14) == 0,
              "the answer is about the newest chip: %s", observed(ASSAY_RULE_CERT_REVOKED));
}

/* --- the policy */
Test(gpu_devices, are_malformed_where_none_are_accepted)
{
    w->cpu->policy.gpu = assay_gpu_rules_default();
    device_world_judge(w);
    cr_expect_eq(w->status, ASSAY_E_INVALID, "as to nodes that do not know devices");
    expect_forged(ASSAY_RULE_FORMAT);
    cr_expect_not(w->verdict.has_claims);
}

Test(gpu_devices, are_counted)
{
    struct assay_gpu_rules *const rules = &w->cpu->policy.gpu;
    rules->gpus.least = 3;
    device_world_judge(w);
    cr_expect_str_eq(observed(ASSAY_RULE_DEVICE_COUNT), "2");
    cr_expect_eq(w->verdict.tier, ASSAY_TIER_CONTRAINDICATED);
    rules->gpus.least = 2;
    device_world_judge(w);
    expect_genuine();
    rules->gpus.least = 1;
    rules->gpus.most = 1;
    device_world_judge(w);
    cr_expect_eq(w->verdict.tier, ASSAY_TIER_CONTRAINDICATED);
    rules->gpus.most = 2;
    rules->switches.most = 0;
    device_world_judge(w);
    cr_expect_eq(w->verdict.tier, ASSAY_TIER_CONTRAINDICATED);
}

Test(gpu_devices, that_are_demanded_must_come)
{
    w->cpu->policy.gpu.gpus.least = 1;
    world_quote(w->cpu);
    assay_bytes_copy(w->bytes, sizeof w->bytes, w->cpu->quote, w->cpu->quote_len);
    w->len = w->cpu->quote_len;
    device_world_judge(w);
    cr_expect_str_eq(observed(ASSAY_RULE_DEVICE_COUNT), "0");
    cr_expect_eq(assay_verdict_outcome(&w->verdict), ASSAY_OUTCOME_FAIL_HARD);
    cr_expect_eq(w->gpu->c.verdict.genuine, ASSAY_GENUINE_TRUE, "a report alone is no member");
}

/* The same policy names both kinds, so that the devices of a processor count. */
Test(gpu_devices, alone_are_no_processor_with_devices)
{
    struct gpu_case *const c = &w->gpu->c;
    gpu_world_judge(w->gpu);
    cr_assert_eq(c->verdict.genuine, ASSAY_GENUINE_TRUE, "%s", gpu_reasons(&c->verdict));
    assay_gpu_rules_accept_devices(&c->policy.gpu);
    gpu_world_judge(w->gpu);
    cr_expect_neq(c->verdict.tier, ASSAY_TIER_CONTRAINDICATED, "none is demanded");
    for (int of_switches = 0; of_switches < 2; of_switches++) {
        assay_gpu_rules_accept_devices(&c->policy.gpu);
        if (of_switches == 0) c->policy.gpu.gpus.least = 1;
        else c->policy.gpu.switches.least = 1;
        gpu_world_judge(w->gpu);
        cr_expect(assay_verdict_has(&c->verdict, ASSAY_RULE_DEVICE_COUNT));
        cr_expect_eq(c->verdict.tier, ASSAY_TIER_CONTRAINDICATED);
    }
}

Test(gpu_devices, of_a_kind_that_is_not_accepted_are_refused)
{
    w->cpu->policy.kinds = ASSAY_KIND_BIT(ASSAY_KIND_SOFT) | ASSAY_KIND_BIT(ASSAY_KIND_NVIDIA_GPU);
    device_world_judge(w);
    cr_expect_str_eq(observed(ASSAY_RULE_KIND), "switch 0 (LS10, serial 03e9): nvidia-switch");
}

Test(gpu_devices, with_old_firmware_are_refused)
{
    struct assay_gpu_rules *const rules = &w->cpu->policy.gpu;
    rules->firmware_count = 2;
    cr_assert_eq(assay_gpu_firmware_parse("96.00.9F.00.04", 14, &rules->firmware_min[0]), ASSAY_OK);
    cr_assert_eq(assay_gpu_firmware_parse("96.10.55.00.01", 14, &rules->firmware_min[1]), ASSAY_OK);
    device_world_judge(w);
    expect_genuine();
    rules->firmware_min[0].parts[4] = 5;
    device_world_judge(w);
    cr_expect_str_eq(observed(ASSAY_RULE_GPU_FIRMWARE),
                     "gpu 0 (GH100, serial 07d1): 96.00.9F.00.04");
    cr_expect_eq(assay_verdict_outcome(&w->verdict), ASSAY_OUTCOME_FAIL_SOFT);
    rules->firmware_min[0].parts[4] = 4;
    rules->firmware_count = 1; /* boards of other families are not known to be new enough */
    device_world_judge(w);
    cr_expect_str_eq(observed(ASSAY_RULE_GPU_FIRMWARE),
                     "switch 0 (LS10, serial 03e9): 96.10.55.00.01");
}

/* --- packed */
enum { MACHINE = ASSAY_GPUS_MAX + ASSAY_SWITCHES_MAX };

static void fill_and_judge(int changed, bool is_switch)
{
    device_world_fill(w, 0, ASSAY_GPUS_MAX, ASSAY_SWITCHES_MAX, changed, is_switch);
    w->packs = true;
    device_world_quote(w);
    device_world_judge(w);
}

/* docs/protocol.md 3.24.2: what a network carries holds eight GPUs and four switches. */
Test(gpu_devices, of_a_whole_machine_are_genuine_within_the_limit_of_a_network)
{
    fill_and_judge(0, false);
    expect_genuine();
    cr_expect_eq(w->verdict.device_count, MACHINE);
    cr_expect_leq(w->len, ASSAY_EVIDENCE_LEN_MAX);
    cr_expect_gt(w->encoded_len, ASSAY_EVIDENCE_LEN_MAX, "and it would not fit as it is");
    cr_expect_arr_eq(w->verdict.report_data, w->challenge, sizeof w->challenge);
}

Test(gpu_devices, the_eighth_gpu_and_the_fourth_switch_fail_by_name)
{
    fill_and_judge(10, false);
    cr_expect_not_null(strstr(observed(ASSAY_RULE_GOLDEN_VALUE), "gpu 7 (GH100, serial "));
    cr_expect_eq(w->verdict.tier, ASSAY_TIER_CONTRAINDICATED);
    fill_and_judge(10, true);
    cr_expect_not_null(strstr(observed(ASSAY_RULE_GOLDEN_VALUE), "switch 3 (LS10, serial "));
    cr_expect_eq(w->verdict.tier, ASSAY_TIER_CONTRAINDICATED);
}

Test(gpu_devices, have_the_same_verdict_packed_or_not)
{
    device_world_judge(w);
    const struct assay_verdict plain = w->verdict;
    w->packs = true;
    device_world_quote(w);
    device_world_judge(w);
    expect_genuine();
    cr_expect_eq(plain.device_count, w->verdict.device_count);
    cr_expect_arr_eq(plain.devices, w->verdict.devices, sizeof plain.devices);
}

Test(gpu_devices, packed_are_malformed_where_the_policy_does_not_accept_them)
{
    w->cpu->policy.gpu.packed = false;
    w->packs = true;
    device_world_quote(w);
    device_world_judge(w);
    expect_forged(ASSAY_RULE_FORMAT);
    cr_expect_not_null(strstr(observed(ASSAY_RULE_FORMAT), "see devices_packed"));
    w->packs = false;
    device_world_quote(w);
    device_world_judge(w);
    expect_genuine();
}

/* Whether the evidence, as it stands, unpacks to the set that the quote commits to. */
static bool unpacks_to_the_set(void)
{
    static uint8_t plain[ASSAY_DEVICES_LEN_MAX];
    struct assay_package p;
    struct assay_slice set;
    return assay_package_read(ASSAY_KIND_SOFT, w->bytes, w->len, &p) == ASSAY_OK &&
           assay_device_set_bytes(&p, plain, &set) == ASSAY_OK &&
           assay_slice_equal(set, assay_slice_over(w->encoded, w->encoded_len));
}

/*
 * A hostile member: whatever it changes, no other set is genuine. A set has several blocks (a copy
 * of the same bytes from another place), and which of them travels is of no consequence.
 */
Test(gpu_devices, packed_and_changed_are_another_set_or_never_genuine)
{
    size_t other = 0;
    w->packs = true;
    device_world_quote(w);
    const size_t packed_len = w->len - w->cpu->quote_len;
    for (size_t at = w->len - packed_len + 16; at < w->len; at += 97) {
        w->bytes[at] ^= 0x11;
        const bool same = unpacks_to_the_set();
        device_world_judge(w);
        cr_expect_eq(w->verdict.genuine == ASSAY_GENUINE_TRUE, same, "byte %zu", at);
        other += !same;
        w->bytes[at] ^= 0x11;
    }
    cr_expect_gt(other, 20);
}

Test(gpu_devices, packed_in_another_way_are_the_same_set)
{
    w->packs = true;
    device_world_quote(w);
    const size_t len = w->len;
    w->packs_literals = true;
    device_world_quote(w);
    cr_assert_gt(w->len, len);
    cr_expect(unpacks_to_the_set());
    device_world_judge(w);
    expect_genuine();
}
