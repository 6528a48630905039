/*
 * tests/unit/library/test_devices.c - a processor with devices, as a program verifies it with the
 * library alone: nonce, report data, package, verdict.
 */
#include "tests/unit/library/verify_bytes.h"
#include "tests/unit/quote/nvidia/device_world.h"

#include <criterion/criterion.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t challenge[ASSAY_DEVICE_CHALLENGE_BYTES] = { 0xc4, 0x11 };
static struct device_world *w;
static struct assay_policy *policy;
static struct assay_trust *trust;
static struct assay_verdict *verdict;
static uint8_t packed[ASSAY_EVIDENCE_BYTES_MAX];

static void open_world(void)
{
    w = device_world_open(challenge, 0);
    w->gpu->ocsp_from_s = GPU_AT - 3600;
    w->gpu->ocsp_to_s = GPU_AT + 3600;
    gpu_world_make(w->gpu);
    cr_assert_eq(assay_trust_create(&trust), ASSAY_OK);
    cr_assert_eq(assay_verdict_create(&verdict), ASSAY_OK);
}

static void close_world(void)
{
    assay_verdict_destroy(&verdict);
    assay_trust_destroy(&trust);
    assay_policy_destroy(&policy);
    device_world_close(w);
}

TestSuite(library_devices, .init = open_world, .fini = close_world);

static struct assay_bytes bytes_of(struct assay_slice slice)
{
    return (struct assay_bytes){ slice.bytes, slice.len };
}

/* The three roots, what is known of both, and these lines of a policy. */
static void trust_all(const char *lines)
{
    char text[4096], keys[3][2 * ASSAY_KEY_BYTES_MAX + 1];
    struct assay_bytes files[ASSAY_PARTS], known[4];
    size_t count = 0;
    assay_hex_encode(w->cpu->ca.root_public, 64, keys[0], sizeof keys[0]);
    for (size_t i = 0; i < GPU_ROOTS; i++)
        assay_hex_encode(w->gpu->c.roots[i].bytes, w->gpu->c.roots[i].len, keys[i + 1],
                         sizeof keys[0]);
    (void)snprintf(text, sizeof text,
                   "policy_version: 1\nprofile: development\n%sroots:\n"
                   "  - { name: processors, key: %s, kinds: [soft] }\n"
                   "  - { name: devices, key: %s, kinds: [nvidia-gpu, nvidia-switch] }\n"
                   "  - { name: manifests, key: %s, kinds: [nvidia-gpu, nvidia-switch] }\n",
                   lines, keys[0], keys[1], keys[2]);
    cr_assert_eq(assay_policy_create_yaml(text, strlen(text), &policy, NULL, 0), ASSAY_OK, "%s",
                 text);
    cr_assert_eq(assay_trust_add_policy_roots(trust, policy), ASSAY_OK);
    for (size_t i = 0; i < ASSAY_PARTS; i++)
        if (w->cpu->bundle.files.part[i].len > 0)
            files[count++] = bytes_of(w->cpu->bundle.files.part[i]);
    cr_assert_eq(assay_trust_add_collateral(trust, files, count), ASSAY_OK);
    for (size_t i = 0; i < 2; i++)
        known[i] = (struct assay_bytes){ w->gpu->manifests[i].xml, w->gpu->manifests[i].len };
    known[2] = (struct assay_bytes){ w->switch_manifest.xml, w->switch_manifest.len };
    known[3] = (struct assay_bytes){ w->gpu->ocsp, w->gpu->ocsp_len };
    cr_assert_eq(assay_trust_add_collateral(trust, known, 4), ASSAY_OK);
}

/* As a program does it. Returns: the length of the evidence in packed. */
static size_t pack_as(enum assay_devices_form form)
{
    static uint8_t set[ASSAY_DEVICES_LEN_MAX];
    struct assay_bytes certificates[DEVICES][DEVICE_CERTIFICATES];
    struct assay_device_report devices[DEVICES];
    size_t set_len = 0, len = 0;
    for (size_t i = 0; i < DEVICES; i++) {
        const struct device_sample *const s = &w->samples[i];
        for (size_t k = 0; k < DEVICE_CERTIFICATES; k++)
            certificates[i][k] = (struct assay_bytes){ s->ders[k], s->der_len[k] };
        devices[i] = (struct assay_device_report){
            .size = sizeof devices[i],
            .kind = i == DEVICE_OF_SWITCH ? ASSAY_KIND_NVIDIA_SWITCH : ASSAY_KIND_NVIDIA_GPU,
            .report = { s->report, s->report_len },
            .certificates = certificates[i],
            .certificate_count = DEVICE_CERTIFICATES,
        };
    }
    cr_assert_eq(assay_devices_pack(challenge, devices, DEVICES, set, sizeof set, &set_len,
                                    w->cpu->request.report_data),
                 ASSAY_OK);
    world_quote(w->cpu);
    const struct assay_bytes quote = { w->cpu->quote, w->cpu->quote_len };
    const struct assay_bytes all = { set, set_len }, cut = { set, set_len - 1 };
    cr_expect_eq(assay_devices_attach(quote, cut, form, packed, sizeof packed, &len),
                 ASSAY_E_TRUNCATED);
    cr_expect_eq(assay_devices_attach(quote, all, form, packed, 100, &len), ASSAY_E_FULL);
    cr_expect_eq(assay_devices_attach(devices[0].report, all, form, packed, sizeof packed, &len),
                 ASSAY_E_INVALID);
    cr_expect_eq(
        assay_devices_attach(quote, all, (enum assay_devices_form)2, packed, sizeof packed, &len),
        ASSAY_E_INVALID);
    cr_assert_eq(assay_devices_attach(quote, all, form, packed, sizeof packed, &len), ASSAY_OK);
    /* Devices are attached once. */
    static uint8_t again[ASSAY_EVIDENCE_BYTES_MAX];
    const struct assay_bytes whole = { packed, len };
    size_t again_len = 0;
    cr_expect_eq(assay_devices_attach(whole, all, form, again, sizeof again, &again_len),
                 ASSAY_E_INVALID);
    return len;
}

static size_t pack(void)
{
    return pack_as(ASSAY_DEVICES_PLAIN);
}

Test(library_devices, are_verified_with_their_processor)
{
    uint8_t nonce[ASSAY_DEVICE_NONCE_BYTES];
    struct assay_bytes data;
    struct assay_device_verdict device = { .size = sizeof device };
    trust_all("gpu_count_min: 2\nswitch_count_max: 4\n");
    cr_assert_eq(assay_devices_get_nonce(challenge, nonce), ASSAY_OK);
    cr_expect_arr_eq(nonce, w->gpu->nonce, sizeof nonce);
    const size_t len = pack();
    cr_assert_eq(verify_bytes(NULL, trust, policy, ASSAY_KIND_NONE, packed, len, GPU_AT, verdict),
                 ASSAY_OK);
    cr_expect_eq(assay_verdict_get_genuine(verdict), ASSAY_GENUINE_TRUE, "%s",
                 gpu_reasons(verdict));
    cr_assert(assay_verdict_get_report_data(verdict, &data));
    cr_assert_eq(data.len, sizeof challenge);
    cr_expect_arr_eq(data.bytes, challenge, sizeof challenge);
    for (size_t i = 0; i < DEVICES; i++) {
        cr_assert(assay_verdict_get_device(verdict, i, &device));
        cr_expect_eq(device.genuine, ASSAY_GENUINE_TRUE);
        cr_expect_str_eq(device.product, i == DEVICE_OF_SWITCH ? "LS10" : "GH100");
        cr_expect_eq(device.platform_id.len, 32);
        cr_expect_str_eq(device.mode, i == DEVICE_OF_SWITCH ? "" : "single");
        cr_expect(device.has_expiry);
        /* The OCSP response is about the second GPU alone. */
        cr_expect_eq(device.expires_unix_s == w->gpu->ocsp_to_s, i == 1);
        cr_expect_gt(device.expires_unix_s, GPU_AT);
        cr_expect_str_eq(device.expires_first, i == 1 ? "OCSP for GH100 A01 GSP BROM" : "FMC LF");
    }
    cr_expect_not(assay_verdict_get_device(verdict, DEVICES, &device));
    cr_expect_not(assay_verdict_get_device(NULL, 0, &device));
}

/* docs/compatibility.md 2: every size since the first one stays accepted, and none is exceeded. */
Test(library_devices, are_written_as_long_as_the_caller_says)
{
    enum { FIRST = offsetof(struct assay_device_verdict, mode) };
    struct assay_device_verdict device = { .mode = "untouched", .expires_unix_s = 7 };
    trust_all("gpu_count_min: 2\nswitch_count_max: 4\n");
    const size_t len = pack();
    cr_assert_eq(verify_bytes(NULL, trust, policy, ASSAY_KIND_NONE, packed, len, GPU_AT, verdict),
                 ASSAY_OK);
    device.size = FIRST - 1;
    cr_expect_not(assay_verdict_get_device(verdict, 0, &device));
    cr_expect_null(device.product);
    device.size = FIRST;
    cr_assert(assay_verdict_get_device(verdict, 0, &device));
    cr_expect_eq(device.size, FIRST);
    cr_expect_str_eq(device.product, "GH100");
    cr_expect_eq(device.platform_id.len, 32);
    cr_expect_str_eq(device.mode, "untouched");
    cr_expect_eq(device.expires_unix_s, 7);
    struct {
        struct assay_device_verdict device;
        uint64_t later; /* of a newer header: left as it is */
    } newer = { .device = { .size = sizeof newer }, .later = 7 };
    cr_assert(assay_verdict_get_device(verdict, 0, &newer.device));
    cr_expect_eq(newer.device.size, sizeof device);
    cr_expect_str_eq(newer.device.mode, "single");
    cr_expect_eq(newer.later, 7);
}

/* The same devices, the same report data and verdict, in fewer bytes. */
Test(library_devices, are_verified_packed_as_they_are_plain)
{
    struct assay_device_verdict device = { .size = sizeof device };
    trust_all("gpu_count_min: 2\nswitch_count_max: 4\ndevices_packed: true\n");
    const size_t plain_len = pack();
    const size_t len = pack_as(ASSAY_DEVICES_PACKED);
    cr_expect_lt(len, plain_len);
    cr_assert_eq(verify_bytes(NULL, trust, policy, ASSAY_KIND_NONE, packed, len, GPU_AT, verdict),
                 ASSAY_OK);
    cr_expect_eq(assay_verdict_get_genuine(verdict), ASSAY_GENUINE_TRUE, "%s",
                 gpu_reasons(verdict));
    for (size_t i = 0; i < DEVICES; i++) {
        cr_assert(assay_verdict_get_device(verdict, i, &device));
        cr_expect_eq(device.genuine, ASSAY_GENUINE_TRUE);
    }
    cr_expect_not(assay_verdict_get_device(verdict, DEVICES, &device));
}

Test(library_devices, are_refused_packed_unless_the_policy_accepts_that)
{
    trust_all("gpu_count_min: 2\nswitch_count_max: 4\n");
    const size_t len = pack_as(ASSAY_DEVICES_PACKED);
    cr_assert_eq(verify_bytes(NULL, trust, policy, ASSAY_KIND_NONE, packed, len, GPU_AT, verdict),
                 ASSAY_OK);
    cr_expect_eq(assay_verdict_get_tier(verdict), ASSAY_TIER_CONTRAINDICATED);
}

/* Bytes that do not repeat stay as long as they are: too long for the bound of packed devices. */
Test(library_devices, that_do_not_pack_are_too_long)
{
    enum { GPUS = 6, REPORT_LEN = 6000 };
    static uint8_t reports[GPUS][REPORT_LEN], set[ASSAY_DEVICES_LEN_MAX];
    struct assay_device_report devices[GPUS];
    const struct assay_bytes one = { w->samples[0].ders[0], w->samples[0].der_len[0] };
    uint32_t state = 1;
    size_t set_len = 0, len = 0;
    for (size_t i = 0; i < GPUS; i++) {
        for (size_t k = 0; k < REPORT_LEN; k++) {
            state = state * UINT32_C(1664525) + UINT32_C(1013904223);
            reports[i][k] = (uint8_t)(state >> 24);
        }
        devices[i] = (struct assay_device_report){ .size = sizeof devices[i],
                                                   .kind = ASSAY_KIND_NVIDIA_GPU,
                                                   .report = { reports[i], REPORT_LEN },
                                                   .certificates = &one,
                                                   .certificate_count = 1 };
    }
    cr_assert_eq(assay_devices_pack(challenge, devices, GPUS, set, sizeof set, &set_len,
                                    w->cpu->request.report_data),
                 ASSAY_OK);
    world_quote(w->cpu);
    cr_expect_eq(assay_devices_attach((struct assay_bytes){ w->cpu->quote, w->cpu->quote_len },
                                      (struct assay_bytes){ set, set_len }, ASSAY_DEVICES_PACKED,
                                      packed, sizeof packed, &len),
                 ASSAY_E_RANGE);
}

Test(library_devices, are_refused_by_a_policy_that_accepts_none)
{
    trust_all("");
    const size_t len = pack();
    cr_assert_eq(verify_bytes(NULL, trust, policy, ASSAY_KIND_NONE, packed, len, GPU_AT, verdict),
                 ASSAY_OK);
    cr_expect_eq(assay_verdict_get_tier(verdict), ASSAY_TIER_CONTRAINDICATED);
}

/* Far above what evidence without devices may have: the verdict keeps all of it for its claims. */
Test(library_devices, claims_are_read_beside_many_devices)
{
    enum { GPUS = 8, REPORT_LEN = 6000 };
    static uint8_t report[REPORT_LEN], set[ASSAY_DEVICES_LEN_MAX];
    struct assay_device_report devices[GPUS];
    struct assay_claim_value claim = { .size = sizeof claim };
    const struct assay_bytes one = { w->samples[0].ders[0], w->samples[0].der_len[0] };
    size_t set_len = 0, len = 0;
    trust_all("");
    for (size_t i = 0; i < GPUS; i++)
        devices[i] = (struct assay_device_report){ .size = sizeof devices[i],
                                                   .kind = ASSAY_KIND_NVIDIA_GPU,
                                                   .report = { report, sizeof report },
                                                   .certificates = &one,
                                                   .certificate_count = 1 };
    cr_assert_eq(assay_devices_pack(challenge, devices, GPUS, set, sizeof set, &set_len,
                                    w->cpu->request.report_data),
                 ASSAY_OK);
    world_quote(w->cpu);
    cr_assert_eq(assay_devices_attach((struct assay_bytes){ w->cpu->quote, w->cpu->quote_len },
                                      (struct assay_bytes){ set, set_len }, ASSAY_DEVICES_PLAIN,
                                      packed, sizeof packed, &len),
                 ASSAY_OK);
    cr_assert_gt(len, GPUS * REPORT_LEN);
    cr_assert_eq(verify_bytes(NULL, trust, policy, ASSAY_KIND_NONE, packed, len, GPU_AT, verdict),
                 ASSAY_OK);
    cr_assert_eq(assay_verdict_get_claim(verdict, "mrenclave", &claim), ASSAY_OK);
}

Test(library_devices, misuse_is_answered)
{
    uint8_t out[256], data[64];
    size_t len = 0;
    const struct assay_bytes one = { out, 4 };
    struct assay_device_report d = { sizeof d, ASSAY_KIND_NVIDIA_SWITCH, { out, 8 }, &one, 1 };
    struct assay_device_report two[] = { d, d };
    two[1].kind = ASSAY_KIND_NVIDIA_GPU;
    cr_expect_eq(assay_devices_get_nonce(NULL, out), ASSAY_E_INVALID);
    cr_expect_eq(assay_devices_pack(challenge, &d, 0, out, 256, &len, data), ASSAY_E_INVALID);
    cr_expect_eq(assay_devices_pack(challenge, two, 2, out, 256, &len, data), ASSAY_E_INVALID);
    cr_expect_eq(assay_devices_pack(challenge, &d, 1, out, 16, &len, data), ASSAY_E_FULL);
    d.size = sizeof d - 1;
    cr_expect_eq(assay_devices_pack(challenge, &d, 1, out, 256, &len, data), ASSAY_E_INVALID);
    d.size = sizeof d + 1;
    cr_expect_eq(assay_devices_pack(challenge, &d, 1, out, 256, &len, data), ASSAY_E_INVALID);
    d.size = sizeof d;
    d.certificate_count = 0;
    cr_expect_eq(assay_devices_pack(challenge, &d, 1, out, 256, &len, data), ASSAY_E_RANGE);
    d.certificate_count = 9;
    cr_expect_eq(assay_devices_pack(challenge, &d, 1, out, 256, &len, data), ASSAY_E_RANGE);
    d.certificate_count = 1;
    d.kind = ASSAY_KIND_SNP;
    cr_expect_eq(assay_devices_pack(challenge, &d, 1, out, 256, &len, data), ASSAY_E_INVALID);
    d.kind = ASSAY_KIND_NVIDIA_SWITCH;
    cr_expect_eq(assay_devices_pack(challenge, &d, 1, out, 256, &len, data), ASSAY_OK);
    d.report.bytes = NULL; /* and a length */
    cr_expect_eq(assay_devices_pack(challenge, &d, 1, out, 256, &len, data), ASSAY_E_INVALID);
    d.report.bytes = out;
    d.certificates = &(const struct assay_bytes){ NULL, 4 };
    cr_expect_eq(assay_devices_pack(challenge, &d, 1, out, 256, &len, data), ASSAY_E_INVALID);
    d.certificates = NULL;
    cr_expect_eq(assay_devices_pack(challenge, &d, 1, out, 256, &len, data), ASSAY_E_INVALID);
}
