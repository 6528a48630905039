/*
 * tests/unit/quote/nvidia/test_vectors.c - genuine reports of Hopper, Blackwell and LS10 with their
 * collateral, and such with one change: each is judged as the manifest expects it.
 */
#include "tests/unit/quote/nvidia/gpu_case.h"

#include "base/rfc3339.h"
#include "net/json/json.h"
#include "quote/nvidia/spdm.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ASSAY_VECTORS_GPU names the folder. */
static const char *folder(void)
{
    static const char usual[] = ASSAY_SOURCE_DIR "/../shared/vectors-gpu";
    const char *const named = getenv("ASSAY_VECTORS_GPU");
    return named != NULL ? named : usual;
}

static struct assay_slice read_whole(const char *name)
{
    enum { FILE_MAX = 1 << 20 };
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", folder(), name);
    FILE *const file = fopen(path, "rb");
    if (file == NULL) return assay_slice_over(NULL, 0);
    uint8_t *const bytes = malloc(FILE_MAX);
    const size_t len = fread(bytes, 1, FILE_MAX, file);
    (void)fclose(file);
    return assay_slice_over(bytes, len);
}

static struct assay_json *read_manifest(void)
{
    struct assay_json *manifest = NULL;
    const struct assay_slice text = read_whole("MANIFEST.json");
    if (text.bytes == NULL) cr_skip_test("no vectors: set ASSAY_VECTORS_GPU");
    cr_assert_eq(assay_json_parse((const char *)text.bytes, text.len, &manifest), ASSAY_OK);
    free((void *)(uintptr_t)text.bytes);
    return manifest;
}

static bool is(const struct assay_json *file, const char *role)
{
    return strcmp(assay_json_text(file, "role", ""), role) == 0;
}

/* Out: *has_driver, *has_vbios, *has_ocsp: what came with it */
struct given {
    bool driver, vbios, ocsp;
};

static struct gpu_case *open_case(const struct assay_json *item, struct given *given)
{
    static uint8_t nonce[64];
    struct gpu_case *const c = calloc(1, sizeof *c);
    const struct assay_json *const files = assay_json_get(item, "files");
    uint32_t kinds = 0;
    *given = (struct given){ false, false, false };
    for (size_t i = 0; i < assay_json_count(files); i++) {
        const struct assay_json *const file = assay_json_at(files, i);
        const struct assay_slice bytes = read_whole(assay_json_text(file, "path", "?"));
        const char *const asked = assay_json_text(file, "request_nonce", "");
        cr_assert_gt(bytes.len, 0, "%s", assay_json_text(file, "path", "?"));
        if (asked[0] != '\0') {
            c->ocsp_nonce = assay_slice_over(nonce, strlen(asked) / 2);
            cr_assert_eq(assay_hex_decode(asked, strlen(asked), nonce, strlen(asked) / 2),
                         ASSAY_OK);
        }
        given->driver = given->driver || is(file, "driver_rim");
        given->vbios = given->vbios || is(file, "vbios_rim");
        given->ocsp = given->ocsp || is(file, "ocsp");
        if (is(file, "report")) c->report = bytes;
        else c->files[c->file_count++] = bytes;
    }
    cr_assert_eq(assay_pinned_root(ASSAY_PINNED_NVIDIA_DEVICE, &c->roots[0], &kinds), ASSAY_OK);
    cr_assert_eq(assay_pinned_root(ASSAY_PINNED_NVIDIA_RIM, &c->roots[1], &kinds), ASSAY_OK);
    const char *const at = assay_json_text(item, "evaluation_time", "");
    cr_assert_eq(assay_rfc3339_parse(at, strlen(at), &c->at_unix_s), ASSAY_OK);
    assay_policy_default(&c->policy);
    return c;
}

static void close_case(struct gpu_case *c)
{
    gpu_case_free(c);
    for (size_t i = 0; i < c->file_count; i++)
        free((void *)(uintptr_t)c->files[i].bytes);
    free((void *)(uintptr_t)c->report.bytes);
    free(c);
}

/* The manifest's "accept" is about what its files allow: a case without manifests says nothing
 * about measurements, one without responses nothing about revocation. */
static bool is_accepted(const struct gpu_case *c, const struct given *given)
{
    if (c->status != ASSAY_OK) return false;
    for (uint32_t i = 0; i < c->verdict.reason_count; i++) {
        const struct assay_reason *const r = &c->verdict.reasons[i];
        if (r->rule == ASSAY_RULE_REVOCATION_UNKNOWN) continue;
        if (r->rule != ASSAY_RULE_COLLATERAL_MISSING) return false;
        const bool of_driver = strstr(r->expected, "driver") != NULL;
        if (of_driver ? given->driver : given->vbios) return false;
    }
    return c->verdict.genuine != ASSAY_GENUINE_FALSE;
}

static bool answers(const struct gpu_case *c, const char *nonce)
{
    uint8_t wanted[ASSAY_REPORT_DATA_LEN] = { 0 };
    cr_assert_eq(assay_hex_decode(nonce, strlen(nonce), wanted, ASSAY_SPDM_NONCE_LEN), ASSAY_OK);
    return assay_bytes_equal(c->verdict.report_data, wanted, sizeof wanted);
}

static void expect_proof(const struct gpu_case *c, const struct assay_json *checked, const char *id,
                         const char *name, enum assay_proof proof)
{
    const struct assay_json *const wanted = assay_json_get(checked, name);
    if (wanted == NULL || c->status != ASSAY_OK) return;
    char *const text = assay_json_print(wanted, 0);
    const uint8_t state = c->verdict.proofs[proof];
    if (strcmp(text, "true") == 0) cr_expect_eq(state, ASSAY_PROOF_TRUE, "%s: %s", id, name);
    else cr_expect_neq(state, ASSAY_PROOF_TRUE, "%s: %s", id, name);
    free(text);
}

Test(gpu_vectors, are_judged_as_expected)
{
    struct assay_json *manifest = read_manifest();
    const struct assay_json *const cases = assay_json_get(manifest, "cases");
    size_t good = 0, bad = 0, whole = 0;
    for (size_t i = 0; i < assay_json_count(cases); i++) {
        const struct assay_json *const item = assay_json_at(cases, i);
        const struct assay_json *const checked =
            assay_json_get(assay_json_get(item, "expected"), "checked");
        const char *const id = assay_json_text(item, "id", "?");
        struct given given;
        struct gpu_case *const c = open_case(item, &given);
        gpu_case_judge(c);
        const bool accept =
            is_accepted(c, &given) && answers(c, assay_json_text(item, "nonce", ""));
        const bool wanted = assay_json_bool(checked, "accept", false);
        cr_expect_eq(accept, wanted, "%s: %s %s", id, assay_status_text(c->status),
                     gpu_reasons(&c->verdict));
        expect_proof(c, checked, id, "report_signature_valid", ASSAY_PROOF_REPORT_SIGNATURE);
        expect_proof(c, checked, id, "chain_valid", ASSAY_PROOF_CHAIN);
        const bool is_switch = strcmp(assay_json_text(item, "device", ""), "switch") == 0;
        if (wanted && given.vbios && (given.driver || is_switch)) {
            cr_expect_eq(c->verdict.genuine, ASSAY_GENUINE_TRUE, "%s: %s", id,
                         gpu_reasons(&c->verdict));
            whole += 1;
        }
        good += wanted;
        bad += !wanted;
        close_case(c);
    }
    cr_assert_eq(good, 10);
    cr_assert_eq(bad, 14);
    cr_assert_eq(whole, 3);
    assay_json_free(&manifest);
}

static struct gpu_case *find_case(const char *id)
{
    struct assay_json *manifest = read_manifest();
    const struct assay_json *const cases = assay_json_get(manifest, "cases");
    struct gpu_case *found = NULL;
    struct given given;
    for (size_t i = 0; i < assay_json_count(cases) && found == NULL; i++)
        if (strcmp(assay_json_text(assay_json_at(cases, i), "id", ""), id) == 0)
            found = open_case(assay_json_at(cases, i), &given);
    cr_assert_not_null(found, "%s", id);
    assay_json_free(&manifest);
    return found;
}

/* What each change breaks, by the rule that it offends against. */
Test(gpu_vectors, changed_ones_fail_by_their_rule)
{
    static const struct {
        const char *id;
        enum assay_rule rule;
    } cases[] = {
        { "neg-hopper-measurement-bit", ASSAY_RULE_GOLDEN_VALUE },
        { "neg-hopper-measurement-bit", ASSAY_RULE_REPORT_SIGNATURE },
        { "neg-hopper-signature-bit", ASSAY_RULE_REPORT_SIGNATURE },
        { "neg-hopper-swapped-chain", ASSAY_RULE_REPORT_SIGNATURE },
        { "neg-hopper-swapped-chain", ASSAY_RULE_FIRMWARE_ID },
        { "neg-hopper-rim-other-driver", ASSAY_RULE_COLLATERAL_MISSING },
        { "neg-hopper-rim-golden-edited", ASSAY_RULE_RIM_SIGNATURE },
        { "neg-hopper-rim-sdk-debug-root", ASSAY_RULE_COLLATERAL_MISSING },
        { "neg-hopper-rim-sdk-bad-signature", ASSAY_RULE_COLLATERAL_MISSING },
        { "neg-hopper-rim-expired", ASSAY_RULE_CERT_TIME },
        { "neg-hopper-chain-without-ica", ASSAY_RULE_CHAIN_MISSING },
        { "neg-blackwell-chain-without-ica", ASSAY_RULE_CHAIN_MISSING },
        { "neg-hopper-ocsp-stale", ASSAY_RULE_COLLATERAL_EXPIRED },
        { "neg-hopper-ocsp-nonce-missing", ASSAY_RULE_OCSP_NONCE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gpu_case *const c = find_case(cases[i].id);
        gpu_case_judge(c);
        cr_expect(assay_verdict_has(&c->verdict, cases[i].rule), "%s: %s", cases[i].id,
                  gpu_reasons(&c->verdict));
        close_case(c);
    }
    struct gpu_case *const cut = find_case("neg-hopper-truncated");
    gpu_case_judge(cut);
    cr_expect_eq(cut->status, ASSAY_E_TRUNCATED);
    close_case(cut);
}

/* The reader has several responses and two manifests, whose signers have one name. */
Test(gpu_vectors, reasons_name_what_they_are_about)
{
    static const struct {
        const char *id, *text;
    } cases[] = {
        { "neg-hopper-ocsp-stale", "OCSP for GH100 A01 GSP BROM valid" },
        { "neg-hopper-ocsp-nonce-missing", "in the OCSP response for GH100 A01 GSP BROM" },
        { "hopper-550.90.07-device-ocsp",
          "an OCSP response (or CRL) for HCC RIM L4 Signer (VBIOS" },
        { "hopper-550.90.07-device-ocsp",
          "an OCSP response (or CRL) for HCC RIM L4 Signer (driver" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gpu_case *const c = find_case(cases[i].id);
        gpu_case_judge(c);
        bool found = false;
        for (uint32_t k = 0; k < c->verdict.reason_count; k++)
            found = found || strstr(c->verdict.reasons[k].expected, cases[i].text) != NULL;
        cr_expect(found, "%s: %s", cases[i].id, gpu_reasons(&c->verdict));
        close_case(c);
    }
}

/* Of a full set nothing is left to say but what no responder answers about. */
Test(gpu_vectors, of_a_whole_set_are_genuine)
{
    struct gpu_case *const c = find_case("hopper-550.90.07-device-ocsp");
    gpu_case_judge(c);
    cr_assert_eq(c->verdict.genuine, ASSAY_GENUINE_TRUE, "%s", gpu_reasons(&c->verdict));
    cr_assert_eq(c->kind, ASSAY_KIND_NVIDIA_GPU);
    cr_assert(c->verdict.has_platform && !c->verdict.platform_masked);
    c->policy.gpu.architectures = 1 << ASSAY_GPU_BLACKWELL;
    gpu_case_judge(c);
    cr_expect(assay_verdict_has(&c->verdict, ASSAY_RULE_GPU_ARCHITECTURE));
    c->policy.gpu = assay_gpu_rules_default();
    c->policy.gpu.driver_min = (struct assay_gpu_version){ { 550, 90, 8, 0 } };
    gpu_case_judge(c);
    cr_expect(assay_verdict_has(&c->verdict, ASSAY_RULE_GPU_DRIVER));
    c->policy.gpu.driver_min.parts[2] = 7;
    gpu_case_judge(c);
    cr_expect_not(assay_verdict_has(&c->verdict, ASSAY_RULE_GPU_DRIVER));
    close_case(c);
}

/* No bit of a report can change without its being found. */
Test(gpu_vectors, lose_genuineness_with_any_bit)
{
    enum { STEP = 997 };
    struct gpu_case *const c = find_case("ls10-96.10.55.00.01");
    uint8_t *const bytes = malloc(c->report.len);
    assay_bytes_copy(bytes, c->report.len, c->report.bytes, c->report.len);
    const struct assay_slice whole = c->report;
    c->report = assay_slice_over(bytes, whole.len);
    for (size_t bit = 0; bit < 8 * whole.len; bit += STEP) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        gpu_case_judge(c);
        cr_expect_neq(c->verdict.genuine, ASSAY_GENUINE_TRUE, "bit %zu", bit);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    c->report = whole;
    free(bytes);
    close_case(c);
}
