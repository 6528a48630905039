/*
 * tests/unit/quote/nvidia/test_device_set.c - the canonical form of a machine's devices, its
 * bounds, what binds it, and the rules of policies about it.
 */
#include "base/cbor.h"
#include "quote/accept/policy.h"
#include "quote/result/report_data.h"
#include "quote/yaml.h"
#include "tests/unit/quote/nvidia/device_samples.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static uint8_t bytes[ASSAY_DEVICES_LEN_MAX], again[ASSAY_DEVICES_LEN_MAX];

static size_t encoded(const struct assay_device_set *set, uint8_t *out)
{
    struct assay_slice all = { NULL, 0 };
    struct assay_writer w = assay_writer_over(out, ASSAY_DEVICES_LEN_MAX);
    assay_device_set_encode(set, &w);
    cr_assert_eq(assay_writer_finish(&w, &all), ASSAY_OK);
    return all.len;
}

Test(device_set, reads_back_what_it_wrote)
{
    struct assay_device_set set = { .challenge = { 7, 8, 9 } }, read;
    struct assay_package p;
    device_samples_add(&set, 2, 1, 50);
    cr_assert_eq(assay_device_set_read(bytes, encoded(&set, bytes), &read), ASSAY_OK);
    cr_assert_eq(read.count, 3);
    cr_expect_eq(read.certificate_count, 4, "the shared one stands there once");
    cr_expect_arr_eq(read.challenge, set.challenge, sizeof set.challenge);
    for (size_t i = 0; i < 3; i++) {
        const struct assay_package made = device_sample(
            i < 2 ? ASSAY_KIND_NVIDIA_GPU : ASSAY_KIND_NVIDIA_SWITCH, (unsigned)i, 50);
        assay_device_set_package(&read, i, &p);
        cr_expect_eq(p.kind, made.kind);
        cr_expect(assay_slice_equal(p.main, made.main));
        cr_assert_eq(p.certificate_count, 2);
        cr_expect(assay_slice_equal(p.certificates[0], made.certificates[0]));
        cr_expect(assay_slice_equal(p.certificates[1], made.certificates[1]));
    }
}

/* Reports as long as genuine ones of Blackwell, with chains like theirs. */
Test(device_set, a_whole_machine_fits)
{
    struct assay_device_set set = { .count = 0 }, read;
    device_samples_add(&set, ASSAY_GPUS_MAX, ASSAY_SWITCHES_MAX, 4300);
    cr_expect_eq(assay_device_set_read(bytes, encoded(&set, bytes), &read), ASSAY_OK);
    struct assay_package p = device_sample(ASSAY_KIND_NVIDIA_SWITCH, 12, 10);
    cr_expect_eq(assay_device_set_add(&set, &p), ASSAY_E_FULL);
    struct assay_device_set gpus = { .count = 0 };
    device_samples_add(&gpus, ASSAY_GPUS_MAX, 0, 10);
    p = device_sample(ASSAY_KIND_NVIDIA_GPU, 12, 10);
    cr_expect_eq(assay_device_set_add(&gpus, &p), ASSAY_E_FULL);
    cr_expect_eq(gpus.certificate_count, ASSAY_GPUS_MAX + 1, "untouched");
}

Test(device_set, takes_no_gpu_after_a_switch_and_no_other_kind)
{
    struct assay_device_set set = { .count = 0 };
    device_samples_add(&set, 0, 1, 10);
    struct assay_package p = device_sample(ASSAY_KIND_NVIDIA_GPU, 1, 10);
    cr_expect_eq(assay_device_set_add(&set, &p), ASSAY_E_INVALID);
    p.kind = ASSAY_KIND_SNP;
    cr_expect_eq(assay_device_set_add(&set, &p), ASSAY_E_INVALID);
    p = device_sample(ASSAY_KIND_NVIDIA_SWITCH, 1, 10);
    p.certificate_count = 0;
    cr_expect_eq(assay_device_set_add(&set, &p), ASSAY_E_RANGE);
    cr_expect_eq(set.count, 1);
}

Test(device_set, refuses_every_truncation_and_one_byte_more)
{
    struct assay_device_set set = { .count = 0 }, read;
    device_samples_add(&set, 1, 1, 20);
    const size_t len = encoded(&set, bytes);
    for (size_t cut = 0; cut < len; cut++)
        cr_assert_neq(assay_device_set_read(bytes, cut, &read), ASSAY_OK, "%zu", cut);
    bytes[len] = 0;
    cr_expect_eq(assay_device_set_read(bytes, len + 1, &read), ASSAY_E_TRAILING);
    cr_expect_eq(assay_device_set_read(bytes, ASSAY_DEVICES_LEN_MAX + 1, &read), ASSAY_E_RANGE);
}

/* What is read is written as it was: a set has one encoding. */
Test(device_set, has_one_encoding)
{
    struct assay_device_set set = { .count = 0 }, read;
    device_samples_add(&set, 2, 1, 20);
    const size_t len = encoded(&set, bytes);
    size_t sound = 0;
    for (size_t at = 0; at < len; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes[at] ^= (uint8_t)(1u << bit);
            if (assay_device_set_read(bytes, len, &read) == ASSAY_OK) {
                sound += 1;
                cr_assert_eq(encoded(&read, again), len);
                cr_assert_arr_eq(again, bytes, len);
            }
            bytes[at] ^= (uint8_t)(1u << bit);
        }
    cr_expect_gt(sound, 0);
}

/* [challenge, certificates, [[14, h'aa', places], ...]] with certificates h'01', h'02', ... */
static enum assay_status read_places(size_t certificates, const char *first, const char *second)
{
    struct assay_device_set read;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const char *const lists[] = { first, second };
    assay_cbor_put_array(&w, 3);
    assay_cbor_put_bytes(&w, again, ASSAY_REPORT_DATA_LEN);
    assay_cbor_put_array(&w, certificates);
    for (size_t i = 0; i < certificates; i++)
        assay_cbor_put_bytes(&w, &(uint8_t){ (uint8_t)(i + 1) }, 1);
    assay_cbor_put_array(&w, second == NULL ? 1 : 2);
    for (size_t i = 0; i < 2 && lists[i] != NULL; i++) {
        assay_cbor_put_array(&w, 3);
        assay_cbor_put_uint(&w, ASSAY_KIND_NVIDIA_GPU);
        assay_cbor_put_bytes(&w, "\xaa", 1);
        assay_cbor_put_array(&w, strlen(lists[i]));
        for (const char *place = lists[i]; *place != '\0'; place++)
            assay_cbor_put_uint(&w, (uint64_t)(*place - '0'));
    }
    return assay_device_set_read(bytes, w.len, &read);
}

Test(device_set, names_each_certificate_in_order_of_first_use)
{
    cr_expect_eq(read_places(3, "01", "02"), ASSAY_OK);
    cr_expect_eq(read_places(3, "01", "20"), ASSAY_OK);
    cr_expect_eq(read_places(3, "10", "02"), ASSAY_E_ENCODING, "another order");
    cr_expect_eq(read_places(3, "02", "01"), ASSAY_E_ENCODING, "another order");
    cr_expect_eq(read_places(3, "01", "01"), ASSAY_E_ENCODING, "one that no device names");
    cr_expect_eq(read_places(2, "01", "02"), ASSAY_E_RANGE, "one that is not there");
    cr_expect_eq(read_places(2, "011", NULL), ASSAY_E_DUPLICATE);
    cr_expect_eq(read_places(1, "0", ""), ASSAY_E_ENCODING, "a device without any");
}

Test(device_set, nonce_and_report_data_are_of_the_challenge)
{
    uint8_t challenge[ASSAY_REPORT_DATA_LEN] = { 1 }, a[32], b[32];
    uint8_t first[ASSAY_REPORT_DATA_LEN], second[ASSAY_REPORT_DATA_LEN];
    const uint8_t set[] = { 1, 2, 3 }, other[] = { 1, 2, 4 };
    assay_device_nonce(challenge, a);
    assay_device_report_data(challenge, assay_slice_over(set, 3), first);
    assay_device_report_data(challenge, assay_slice_over(other, 3), second);
    cr_expect_arr_neq(first, second, sizeof first, "of the set");
    challenge[63] ^= 1;
    assay_device_nonce(challenge, b);
    assay_device_report_data(challenge, assay_slice_over(set, 3), second);
    cr_expect_arr_neq(a, b, sizeof a);
    cr_expect_arr_neq(first, second, sizeof first);
    assay_report_data_set_tag(challenge); /* that binds keys: docs/identity.md 6.5 */
    assay_device_report_data(challenge, assay_slice_over(set, 3), first);
    assay_device_report_data(challenge, assay_slice_over(other, 3), second);
    cr_expect(assay_report_data_is_reserved(first));
    cr_expect_arr_neq(first, second, sizeof first);
}

/* docs/protocol.md 3.23, for other implementations. */
Test(device_set, nonce_and_report_data_are_as_documented)
{
    static const uint8_t head[] = "\x82\x75"
                                  "assay/device-nonce/v1\x58\x40";
    static const uint8_t data_head[] = "\x83\x70"
                                       "assay/devices/v1\x58\x40";
    uint8_t text[160], challenge[ASSAY_REPORT_DATA_LEN] = { 5 }, nonce[32], expected[64], data[64];
    struct assay_writer w = assay_writer_over(text, sizeof text);
    assay_writer_put(&w, head, sizeof head - 1);
    assay_writer_put(&w, challenge, sizeof challenge);
    assay_sha256(text, w.len, expected);
    assay_device_nonce(challenge, nonce);
    cr_expect_arr_eq(nonce, expected, 32);
    w = assay_writer_over(text, sizeof text);
    assay_writer_put(&w, data_head, sizeof data_head - 1);
    assay_writer_put(&w, challenge, sizeof challenge);
    assay_writer_put(&w, (const uint8_t *)"\x58\x20", 2);
    assay_sha256("set", 3, nonce);
    assay_writer_put(&w, nonce, sizeof nonce);
    assay_sha512(text, w.len, expected);
    assay_device_report_data(challenge, assay_slice_over((const uint8_t *)"set", 3), data);
    cr_expect_arr_eq(data, expected, 64);
}

/* --- in a package */
Test(device_set, a_package_has_room_for_it_and_for_no_more)
{
    static uint8_t whole[ASSAY_COMPOSITE_LEN_MAX + 16], big[ASSAY_EVIDENCE_LEN_MAX];
    struct assay_package p = { .kind = ASSAY_KIND_TDX5 }, read;
    struct assay_writer w = assay_writer_over(whole, sizeof whole);
    p.main = assay_slice_over(big, 5000);
    p.devices = assay_slice_over(bytes, ASSAY_DEVICES_LEN_MAX);
    assay_package_encode(&p, &w);
    cr_assert_eq(assay_package_read(p.kind, whole, w.len, &read), ASSAY_OK);
    cr_expect_eq(read.devices.len, ASSAY_DEVICES_LEN_MAX);
    w = assay_writer_over(whole, sizeof whole);
    p.main = assay_slice_over(big, sizeof big); /* with the heads it is longer than evidence is */
    p.devices = assay_slice_over(bytes, 8);
    assay_package_encode(&p, &w);
    cr_assert_not(w.full);
    cr_expect_eq(assay_package_read(p.kind, whole, w.len, &read), ASSAY_E_RANGE);
    cr_expect_eq(assay_package_read(p.kind, big, sizeof big, &read), ASSAY_OK);
    cr_expect_eq(assay_package_read(p.kind, whole, ASSAY_COMPOSITE_LEN_MAX + 1, &read),
                 ASSAY_E_RANGE);
    for (int kind = ASSAY_KIND_NITRO; kind <= ASSAY_KIND_NVIDIA_SWITCH; kind++) {
        const struct assay_package other = { .kind = (enum assay_evidence_kind)kind,
                                             .main = assay_slice_over(big, 8),
                                             .devices = assay_slice_over(bytes, 8) };
        const bool fits = (ASSAY_KINDS_TPM & ASSAY_KIND_BIT(kind)) != 0;
        cr_expect_eq(assay_package_fits(&other), fits, "%s", assay_kind_text(other.kind));
    }
}

/* --- in a policy */
static enum assay_status parse(const char *lines, struct assay_policy *policy,
                               char message[static ASSAY_YAML_MESSAGE_MAX])
{
    char text[1024];
    (void)snprintf(text, sizeof text, "policy_version: 1\nprofile: production\n%s", lines);
    return assay_policy_parse_yaml((const uint8_t *)text, strlen(text), policy, message);
}

static size_t wire(const struct assay_policy *policy, uint8_t *out)
{
    struct assay_writer w = assay_writer_over(out, ASSAY_POLICY_LEN_MAX);
    assay_policy_encode(policy, &w);
    return w.len;
}

Test(device_set, rules_of_a_policy_come_back_as_they_were)
{
    static struct assay_policy policy, read;
    char message[ASSAY_YAML_MESSAGE_MAX];
    cr_assert_eq(parse("gpu_count_min: 1\nswitch_count_max: 4\ngpu_firmware_min:\n"
                       "  - \"97.00.88.00.0F\"\n  - \"96.00.9f.00.04\"\n",
                       &policy, message),
                 ASSAY_OK, "%s", message);
    cr_expect_eq(policy.gpu.gpus.least, 1);
    cr_expect_eq(policy.gpu.gpus.most, ASSAY_GPUS_MAX, "a minimum alone accepts more");
    cr_expect_eq(policy.gpu.switches.most, 4);
    cr_assert_eq(policy.gpu.firmware_count, 2);
    cr_expect_eq(policy.gpu.firmware_min[0].parts[0], 0x96, "in ascending order");
    const size_t len = wire(&policy, bytes);
    cr_assert_eq(assay_policy_decode(bytes, len, &read), ASSAY_OK);
    cr_assert_eq(wire(&read, again), len);
    cr_expect_arr_eq(again, bytes, len);
    cr_expect_arr_eq(&read.gpu, &policy.gpu, sizeof read.gpu);
}

/* Bytes and digest of policies that say nothing of devices are those of before. */
Test(device_set, a_policy_without_them_has_the_bytes_of_before)
{
    static const uint8_t before[] = { 0x87, 7, 15, 0xf4, 0x19, 0x02, 0x26, 0, 0, 0 };
    static struct assay_policy policy;
    char message[ASSAY_YAML_MESSAGE_MAX];
    cr_assert_eq(parse("gpu_driver_min: \"550\"\n", &policy, message), ASSAY_OK);
    const size_t len = wire(&policy, bytes);
    cr_expect_arr_eq(bytes + len - sizeof before, before, sizeof before);
    assay_policy_default(&policy);
    cr_expect_eq(bytes[0] - 2, (wire(&policy, again), again[0]),
                 "and without any, two elements less");
}

Test(device_set, rules_that_contradict_themselves_are_refused)
{
    static const char *const wrong[] = {
        "gpu_count_max: 9\n",
        "switch_count_max: 5\n",
        "gpu_count_min: 3\ngpu_count_max: 2\n",
        "gpu_count_max: two\n",
        "gpu_firmware_min: [\"96.00.9F.00\"]\n",
        "gpu_firmware_min: [\"96.00.9F.00.0G\"]\n",
        "gpu_firmware_min: [\"96.00.9F.00.04\", \"96.00.A0.00.01\"]\n",
    };
    static struct assay_policy policy;
    char message[ASSAY_YAML_MESSAGE_MAX];
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_expect_neq(parse(wrong[i], &policy, message), ASSAY_OK, "%s", wrong[i]);
        cr_expect_neq(message[0], '\0', "%s", wrong[i]);
    }
    assay_policy_default(&policy);
    policy.gpu.gpus = (struct assay_gpu_span){ 2, 1 };
    cr_expect_eq(assay_policy_check(&policy), ASSAY_E_RANGE);
}

/* --- packed */
static struct assay_lz4_table table;

static size_t packed_into(uint8_t *out, size_t capacity, struct assay_slice set)
{
    struct assay_slice all = { NULL, 0 };
    struct assay_writer w = assay_writer_over(out, capacity);
    assay_device_set_pack(set, &table, &w);
    cr_assert_eq(assay_writer_finish(&w, &all), ASSAY_OK);
    return all.len;
}

Test(device_set, a_longest_set_is_unpacked_and_one_byte_more_is_refused)
{
    static uint8_t longest[ASSAY_DEVICES_LEN_MAX + 1], packed[2048];
    struct assay_package p = { .kind = ASSAY_KIND_SNP };
    struct assay_slice out;
    for (int more = 0; more < 2; more++) {
        struct assay_writer w = assay_writer_over(packed, sizeof packed);
        assay_lz4_encode(assay_slice_over(longest, ASSAY_DEVICES_LEN_MAX + (size_t)more), &table,
                         &w);
        p.packed = assay_slice_over(packed, w.len);
        cr_expect_eq(assay_device_set_bytes(&p, bytes, &out), more ? ASSAY_E_RANGE : ASSAY_OK);
        if (!more) cr_expect_eq(out.len, ASSAY_DEVICES_LEN_MAX);
    }
}

/* With what stands around them packed devices have the bound of evidence, to the byte. */
Test(device_set, a_package_with_packed_devices_is_as_long_as_evidence_may_be)
{
    static uint8_t whole[ASSAY_EVIDENCE_LEN_MAX + 16], big[ASSAY_EVIDENCE_LEN_MAX];
    enum { HEADS = 1 + 2 + 1 + 3 + 1 + 3, MAIN = 5000 };
    struct assay_package p = { .kind = ASSAY_KIND_TDX5, .main = assay_slice_over(big, MAIN) }, read;
    for (size_t more = 0; more < 2; more++) {
        struct assay_writer w = assay_writer_over(whole, sizeof whole);
        p.packed = assay_slice_over(big, ASSAY_EVIDENCE_LEN_MAX - HEADS - MAIN + more);
        assay_package_encode(&p, &w);
        cr_assert_eq(w.len, ASSAY_EVIDENCE_LEN_MAX + more);
        cr_expect_eq(assay_package_read(p.kind, whole, w.len, &read),
                     more ? ASSAY_E_RANGE : ASSAY_OK);
    }
    struct assay_writer w = assay_writer_over(whole, sizeof whole);
    p.packed = p.devices = assay_slice_over(big, 8);
    assay_package_encode(&p, &w);
    cr_expect_not(assay_package_fits(&p));
    cr_expect_eq(assay_package_read(p.kind, whole, w.len, &read), ASSAY_E_INVALID, "one of two");
}

Test(device_set, packed_it_is_what_it_was)
{
    static uint8_t packed[ASSAY_DEVICES_LEN_MAX];
    struct assay_device_set set = { .count = 0 };
    struct assay_package p = { .kind = ASSAY_KIND_SNP };
    struct assay_slice out;
    device_samples_add(&set, ASSAY_GPUS_MAX, ASSAY_SWITCHES_MAX, 4300);
    const size_t len = encoded(&set, bytes);
    p.packed =
        assay_slice_over(packed, packed_into(packed, sizeof packed, assay_slice_over(bytes, len)));
    cr_expect_lt(p.packed.len, len / 20);
    cr_assert_eq(assay_device_set_bytes(&p, again, &out), ASSAY_OK);
    cr_expect(assay_slice_equal(out, assay_slice_over(bytes, len)));
}

Test(device_set, a_policy_says_whether_devices_may_be_packed)
{
    static struct assay_policy policy, read;
    char message[ASSAY_YAML_MESSAGE_MAX];
    cr_assert_eq(parse("gpu_count_max: 8\n", &policy, message), ASSAY_OK);
    const size_t without = wire(&policy, bytes);
    cr_assert_eq(parse("gpu_count_max: 8\ndevices_packed: false\n", &policy, message), ASSAY_OK);
    cr_expect_eq(wire(&policy, again), without, "not written, every byte is as before");
    cr_expect_arr_eq(again, bytes, without);
    cr_assert_eq(parse("gpu_count_max: 8\ndevices_packed: true\n", &policy, message), ASSAY_OK);
    const size_t with = wire(&policy, bytes);
    cr_expect_eq(with, without + 1);
    cr_assert_eq(assay_policy_decode(bytes, with, &read), ASSAY_OK);
    cr_expect(read.gpu.packed);
    bytes[with - 1] = 0xf4; /* false: a second encoding of its absence */
    cr_expect_eq(assay_policy_decode(bytes, with, &read), ASSAY_E_ENCODING);
    cr_expect_neq(parse("devices_packed: true\n", &policy, message), ASSAY_OK);
    cr_expect_not_null(strstr(message, "gpu_count_max or switch_count_max"), "%s", message);
}
