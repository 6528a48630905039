/*
 * tests/unit/tpm/test_vtpm.c - tests of each link of a paravisor's evidence, over both kinds of
 * hardware.
 */
#include "tests/support/depth.h"
#include "tests/unit/tpm/vtpm_world.h"

#include "base/base64.h"
#include "quote/json.h"
#include "quote/verify.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *first_reason(const struct vtpm *v)
{
    return v->verdict.reason_count > 0 ? assay_rule_name(v->verdict.reasons[0].rule) : "none";
}

static void expect(struct vtpm *v, enum assay_genuine genuine, enum assay_rule rule)
{
    vtpm_build(v);
    cr_assert_eq(vtpm_verify(v), ASSAY_OK);
    cr_expect_eq(v->verdict.genuine, genuine, "%s: %s", assay_rule_name(rule), first_reason(v));
    cr_expect(assay_verdict_has(&v->verdict, rule), "no %s", assay_rule_name(rule));
}

static void expect_status(struct vtpm *v, enum assay_status status)
{
    vtpm_build(v);
    cr_expect_eq(vtpm_verify(v), status);
    cr_expect_neq(v->verdict.genuine, ASSAY_GENUINE_TRUE);
}

static void expect_genuine(struct vtpm *v)
{
    vtpm_build(v);
    cr_assert_eq(vtpm_verify(v), ASSAY_OK);
    cr_expect_eq(v->verdict.genuine, ASSAY_GENUINE_TRUE, "%s", first_reason(v));
}

Test(vtpm, good_evidence_is_genuine_with_every_link)
{
    for (int is_tdx = 0; is_tdx < 2; is_tdx++) {
        struct vtpm *const v = vtpm_open(is_tdx == 1);
        expect_genuine(v);
        static const enum assay_proof links[] = { ASSAY_PROOF_RUNTIME_DATA, ASSAY_PROOF_RUNTIME_AK,
                                                  ASSAY_PROOF_TPM_SIGNATURE,
                                                  ASSAY_PROOF_PCR_DIGEST };
        for (size_t i = 0; i < 4; i++)
            cr_expect_eq(v->verdict.proofs[links[i]], ASSAY_PROOF_TRUE);
        cr_expect_eq(
            v->verdict.proofs[is_tdx ? ASSAY_PROOF_QUOTE_SIGNATURE : ASSAY_PROOF_REPORT_SIGNATURE],
            ASSAY_PROOF_TRUE);
        cr_expect_eq(v->verdict.proofs[ASSAY_PROOF_AK_TRUSTED], ASSAY_PROOF_NOT_USED);
        cr_expect(assay_bytes_equal(v->verdict.report_data, "abc", 3));
        cr_expect(assay_bytes_all_zero(v->verdict.report_data + 3, 61));
        cr_expect(v->verdict.has_platform && v->verdict.platform_masked);
        cr_expect_eq(v->verdict.measurement_len, 48);
        v->has_key = false; /* the runtime data names it */
        expect_genuine(v);
        vtpm_close(v);
    }
}

Test(vtpm, every_hash_of_the_runtime_data_is_known_and_no_other)
{
    for (int is_tdx = 0; is_tdx < 2; is_tdx++) {
        struct vtpm *const v = vtpm_open(is_tdx == 1);
        for (uint32_t hash = 1; hash <= 3; hash++) {
            v->hash_type = hash;
            expect_genuine(v);
        }
        v->hash_type = 0;
        expect_status(v, ASSAY_E_UNSUPPORTED);
        v->hash_type = 4;
        expect_status(v, ASSAY_E_UNSUPPORTED);
        vtpm_close(v);
    }
}

Test(vtpm, hardware_that_reports_something_else_binds_nothing)
{
    for (int is_tdx = 0; is_tdx < 2; is_tdx++) {
        struct vtpm *const v = vtpm_open(is_tdx == 1);
        v->unbound = true; /* in the last byte, behind the digest */
        expect(v, ASSAY_GENUINE_FALSE, ASSAY_RULE_RUNTIME_DATA);
        cr_expect_eq(v->verdict.proofs[ASSAY_PROOF_RUNTIME_DATA], ASSAY_PROOF_FALSE);
        vtpm_close(v);
    }
}

Test(vtpm, a_quote_of_another_report_binds_nothing)
{
    struct vtpm *const v = vtpm_open(true);
    v->quote_unbound = true;
    expect(v, ASSAY_GENUINE_FALSE, ASSAY_RULE_RUNTIME_DATA);
    vtpm_close(v);
}

Test(vtpm, a_td_report_without_its_quote_is_unproven)
{
    struct vtpm *const v = vtpm_open(true);
    v->no_quote = true;
    expect(v, ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_EVIDENCE_INCOMPLETE);
    cr_expect_eq(v->verdict.proofs[ASSAY_PROOF_RUNTIME_DATA], ASSAY_PROOF_TRUE);
    cr_expect_eq(v->verdict.proofs[ASSAY_PROOF_QUOTE_SIGNATURE], ASSAY_PROOF_UNKNOWN);
    vtpm_close(v);
}

Test(vtpm, runtime_data_must_name_the_key_that_signed)
{
    struct vtpm *const v = vtpm_open(false);
    vtpm_runtime(v, "HCLAkPub", v->other);
    expect(v, ASSAY_GENUINE_FALSE, ASSAY_RULE_RUNTIME_AK);
    cr_expect_eq(v->verdict.proofs[ASSAY_PROOF_RUNTIME_AK], ASSAY_PROOF_FALSE);
    vtpm_runtime(v, "AnotherKey", v->ak);
    expect(v, ASSAY_GENUINE_FALSE, ASSAY_RULE_RUNTIME_AK);
    (void)snprintf(v->runtime, sizeof v->runtime, "{\"keys\":[]");
    expect(v, ASSAY_GENUINE_FALSE, ASSAY_RULE_RUNTIME_AK);
    vtpm_runtime(v, "HCLAkPub", v->ak);
    v->other_key = true;
    v->signer = v->other;
    expect(v, ASSAY_GENUINE_FALSE, ASSAY_RULE_RUNTIME_AK);
    v->other_key = false; /* the named key goes along, another one signed */
    expect(v, ASSAY_GENUINE_FALSE, ASSAY_RULE_QUOTE_SIGNATURE);
    vtpm_close(v);
}

static void demand_pcr4(struct vtpm *v)
{
    struct assay_reference *const r = &v->policy.references[0];
    v->policy.reference_count = 1;
    *r = (struct assay_reference){ .field = (enum assay_reference_field)(ASSAY_REFERENCE_PCR0 + 4),
                                   .value_len = 32 };
    for (size_t i = 0; i < 32; i++)
        r->value[i] = 4;
}

/* The paravisor's own measurement, as the hardware has it. */
static void pin_paravisor(struct vtpm *v)
{
    struct assay_reference *const r = &v->policy.references[v->policy.reference_count++];
    *r = (struct assay_reference){ .field = v->is_tdx ? ASSAY_REFERENCE_MRTD
                                                      : ASSAY_REFERENCE_SNP_MEASUREMENT,
                                   .value_len = 48 };
    vtpm_build(v);
    cr_assert_eq(vtpm_verify(v), ASSAY_OK);
    cr_assert_eq(v->verdict.measurement_len, 48);
    assay_bytes_copy(r->value, sizeof r->value, v->verdict.measurement, 48);
}

Test(vtpm, values_must_make_the_digest_and_meet_the_policy)
{
    struct vtpm *const v = vtpm_open(false);
    struct assay_reference *const r = &v->policy.references[0];
    v->tampered_values = true;
    expect(v, ASSAY_GENUINE_FALSE, ASSAY_RULE_PCR_DIGEST);
    v->tampered_values = false;
    demand_pcr4(v);
    pin_paravisor(v);
    expect_genuine(v);
    cr_expect_eq(assay_verdict_outcome(&v->verdict), ASSAY_OUTCOME_PASS_UP_TO_DATE);
    r->value[31] = 5;
    expect(v, ASSAY_GENUINE_TRUE, ASSAY_RULE_MEASUREMENT_UNKNOWN);
    cr_expect_eq(assay_verdict_outcome(&v->verdict), ASSAY_OUTCOME_FAIL_HARD);
    vtpm_close(v);
}

/*
 * Any guest on genuine hardware can put the digest of runtime data of its own into its report, name
 * a key of its own there and sign whatever PCR values are asked for: what they are worth is what
 * the software is worth that the hardware measured.
 */
Test(vtpm, values_prove_nothing_under_a_paravisor_that_nobody_pinned)
{
    for (int is_tdx = 0; is_tdx < 2; is_tdx++) {
        struct vtpm *const v = vtpm_open(is_tdx == 1);
        demand_pcr4(v);
        expect(v, ASSAY_GENUINE_TRUE, ASSAY_RULE_MEASUREMENT_UNKNOWN);
        cr_expect_eq(assay_verdict_outcome(&v->verdict), ASSAY_OUTCOME_FAIL_HARD);
        pin_paravisor(v);
        expect_genuine(v);
        cr_expect_eq(assay_verdict_outcome(&v->verdict), ASSAY_OUTCOME_PASS_UP_TO_DATE);
        v->policy.references[1].state = ASSAY_REFERENCE_DENIED; /* which pins nothing */
        v->policy.references[1].value[0] ^= 1;
        expect(v, ASSAY_GENUINE_TRUE, ASSAY_RULE_MEASUREMENT_UNKNOWN);
        v->policy.reference_count = 0; /* who asks for nothing gets nothing */
        expect_genuine(v);
        cr_expect(!assay_verdict_has(&v->verdict, ASSAY_RULE_MEASUREMENT_UNKNOWN));
        vtpm_close(v);
    }
}

/*
 * The paravisor runs at VMPL 0. Below it runs the guest that it speaks for: where that can ask the
 * firmware by itself, its reports bear the same measurement, and runtime data of its own.
 */
Test(vtpm, a_report_that_the_guest_could_have_asked_for_speaks_for_no_paravisor)
{
    static const uint32_t levels[] = { 1, 2, 3, UINT32_MAX };
    struct vtpm *const v = vtpm_open(false);
    cr_assert_eq(v->policy.platform.vmpl_max, 3, "which is about guests without a paravisor");
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        snp_world_put(v->snp, ASSAY_SNP_AT_VMPL, levels[i], 4);
        expect(v, ASSAY_GENUINE_TRUE, ASSAY_RULE_VMPL);
        cr_expect_eq(assay_verdict_outcome(&v->verdict), ASSAY_OUTCOME_FAIL_HARD);
    }
    snp_world_put(v->snp, ASSAY_SNP_AT_VMPL, 0, 4);
    expect_genuine(v);
    vtpm_close(v);
}

Test(vtpm, the_blob_alone_lacks_its_tpm_quote)
{
    for (int is_tdx = 0; is_tdx < 2; is_tdx++) {
        struct vtpm *const v = vtpm_open(is_tdx == 1);
        v->bare = true;
        v->tail_len = 0;
        expect(v, ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_EVIDENCE_INCOMPLETE);
        cr_expect_eq(v->verdict.proofs[ASSAY_PROOF_RUNTIME_AK], ASSAY_PROOF_TRUE);
        cr_expect_eq(v->verdict.proofs[ASSAY_PROOF_TPM_SIGNATURE], ASSAY_PROOF_UNKNOWN);
        enum assay_evidence_kind kind = ASSAY_KIND_NONE;
        size_t declared = 0;
        cr_assert_eq(assay_evidence_detect(v->evidence, v->len, &kind), ASSAY_OK);
        cr_expect_eq(kind, is_tdx ? ASSAY_KIND_VTPM_TDX : ASSAY_KIND_VTPM_SNP);
        const size_t len = v->len;
        v->tail_len = 77;
        vtpm_build(v);
        cr_assert_eq(assay_evidence_length(kind, v->evidence, v->len, &declared), ASSAY_OK);
        cr_expect_eq(declared, len);
        v->evidence[v->len - 1] = 1;
        cr_expect_eq(assay_evidence_length(kind, v->evidence, v->len, &declared), ASSAY_E_TRAILING);
        vtpm_close(v);
    }
}

Test(vtpm, a_blob_of_the_other_sort_is_no_evidence_of_this_one)
{
    struct vtpm *const v = vtpm_open(false);
    v->report_type = 3;
    expect_status(v, ASSAY_E_UNSUPPORTED);
    v->report_type = ASSAY_HCL_SNP;
    v->magic ^= 1;
    expect_status(v, ASSAY_E_INVALID);
    v->magic ^= 1;
    expect_genuine(v);
    v->policy.kinds = ASSAY_KINDS_ALL & ~ASSAY_KIND_BIT(ASSAY_KIND_VTPM_SNP);
    expect(v, ASSAY_GENUINE_TRUE, ASSAY_RULE_KIND);
    vtpm_close(v);
}

Test(vtpm, roots_must_be_pinned_for_the_kind)
{
    for (int is_tdx = 0; is_tdx < 2; is_tdx++) {
        struct vtpm *const v = vtpm_open(is_tdx == 1);
        v->endorsements.entries[0].kinds =
            ASSAY_KIND_BIT(ASSAY_KIND_SNP) | ASSAY_KIND_BIT(ASSAY_KIND_TDX4);
        vtpm_build(v);
        cr_assert_eq(vtpm_verify(v), ASSAY_OK);
        cr_expect_neq(v->verdict.genuine, ASSAY_GENUINE_TRUE);
        vtpm_close(v);
    }
}

Test(vtpm, every_truncation_is_refused)
{
    for (int is_tdx = 0; is_tdx < 2; is_tdx++) {
        struct vtpm *const v = vtpm_open(is_tdx == 1);
        struct assay_hcl hcl;
        vtpm_build(v);
        const size_t whole = v->len;
        for (size_t len = 0; len < whole; len += len < 64 ? 1 : 7) {
            v->len = len;
            cr_expect_neq(vtpm_verify(v), ASSAY_OK, "at %zu", len);
            cr_expect_neq(v->verdict.genuine, ASSAY_GENUINE_TRUE);
        }
        v->bare = true;
        v->tail_len = 0;
        vtpm_build(v);
        for (size_t len = 0; len < v->len; len++) {
            uint8_t *const exact = malloc(len + 1);
            cr_assert_not_null(exact);
            if (len > 0) assay_bytes_copy(exact + 1, len, v->evidence, len);
            cr_expect_eq(assay_hcl_parse(exact + 1, len, &hcl), ASSAY_E_TRUNCATED, "at %zu", len);
            free(exact);
        }
        vtpm_close(v);
    }
}

/* The words of the blob that say nothing that is not found out otherwise. */
static bool is_idle(const struct vtpm *v, size_t byte)
{
    enum { DATA_SIZE_AT = 1216 };
    struct assay_package package;
    const enum assay_evidence_kind kind = v->is_tdx ? ASSAY_KIND_VTPM_TDX : ASSAY_KIND_VTPM_SNP;
    if (assay_package_read(kind, v->evidence, v->len, &package) != ASSAY_OK) return false;
    const size_t blob = (size_t)(package.hardware.bytes - v->evidence);
    if (byte < blob) return false;
    const size_t at = byte - blob;
    /* The TD report but for its report data: its MAC is for the CPU; the quote says the same. */
    const bool in_td = v->is_tdx && at >= ASSAY_HCL_HARDWARE_AT &&
                       at < ASSAY_HCL_HARDWARE_AT + ASSAY_HCL_TD_REPORT_LEN &&
                       (at < ASSAY_HCL_HARDWARE_AT + ASSAY_HCL_TD_REPORT_DATA_AT ||
                        at >= ASSAY_HCL_HARDWARE_AT + ASSAY_HCL_TD_REPORT_DATA_AT + 64);
    return (at >= 4 && at < ASSAY_HCL_HARDWARE_AT) || in_td ||
           (at >= DATA_SIZE_AT && at < DATA_SIZE_AT + 8);
}

Test(vtpm, flipped_bits_are_seen, .timeout = 600)
{
    for (int is_tdx = 0; is_tdx < 2; is_tdx++) {
        struct vtpm *const v = vtpm_open(is_tdx == 1);
        v->tail_len = 3;
        vtpm_build(v);
        for (size_t i = 0; i < v->len; i += 3 * test_every(5)) {
            const bool idle = is_idle(v, i);
            const uint8_t bit = (uint8_t)(1u << i % 8);
            v->evidence[i] ^= bit;
            const enum assay_status status = vtpm_verify(v);
            /* Certificates that nobody needs, as the root's, may say what they like. */
            const bool unneeded =
                status == ASSAY_OK && !v->is_tdx && v->verdict.genuine == ASSAY_GENUINE_TRUE;
            struct assay_package package;
            const bool in_certificates =
                unneeded &&
                assay_package_read(ASSAY_KIND_VTPM_SNP, v->evidence, v->len, &package) ==
                    ASSAY_OK &&
                i >= (size_t)(package.certificates[0].bytes - v->evidence) &&
                v->evidence + i < package.signature.bytes;
            if (!idle && !in_certificates)
                cr_expect_neq(v->verdict.genuine, ASSAY_GENUINE_TRUE, "tdx %d byte %zu", is_tdx, i);
            v->evidence[i] ^= bit;
        }
        cr_assert_eq(vtpm_verify(v), ASSAY_OK);
        cr_expect_eq(v->verdict.genuine, ASSAY_GENUINE_TRUE, "%s", first_reason(v));
        vtpm_close(v);
    }
}

/* --- the strict reader of runtime data */
static enum assay_status read(const char *text, struct assay_key *key)
{
    return assay_doc_runtime_key((const uint8_t *)text, strlen(text), "A", key);
}

Test(vtpm, runtime_data_is_read_strictly)
{
    struct assay_key key;
    static char n[400], text[1024], deep[64];
    size_t len = 0;
    const uint8_t modulus[256] = { 0x80 };
    cr_assert_eq(assay_base64_encode(ASSAY_BASE64_URL, modulus, 256, n, sizeof n, &len), ASSAY_OK);
#define KEY(prefix, suffix)                                                                        \
    (snprintf(text, sizeof text,                                                                   \
              prefix "{\"kid\":\"A\",\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"%s\"}" suffix, n),     \
     text)
    cr_assert_eq(read(KEY("{\"keys\":[", "]}"), &key), ASSAY_OK);
    cr_expect_eq(key.len, 260);
    cr_expect(assay_bytes_equal(key.bytes + 256, "\0\1\0\1", 4));
    cr_expect_eq(read(KEY("{\"keys\":[{\"kid\":\"A\"},", "]}"), &key), ASSAY_E_DUPLICATE);
    cr_expect_eq(read(KEY("{\"keys\":[],\"keys\":[", "]}"), &key), ASSAY_E_DUPLICATE);
    cr_expect_eq(read(KEY("{\"keys\":[", "]} "), &key), ASSAY_OK);
    cr_expect_eq(read(KEY("{\"keys\":[", "]}x"), &key), ASSAY_E_SYNTAX);
    cr_expect_eq(read(KEY("{\"keys\":[", "]"), &key), ASSAY_E_SYNTAX);
    cr_expect_eq(read(KEY("[{\"keys\":[", "]}]"), &key), ASSAY_E_TYPE);
    cr_expect_eq(read(KEY("{\"keys\":", "}"), &key), ASSAY_E_TYPE);
    cr_expect_eq(read(KEY("{\"other\":[", "]}"), &key), ASSAY_E_NOT_FOUND);
    cr_expect_eq(read("{\"keys\":[{\"kid\":\"A\",\"kty\":\"EC\"}]}", &key), ASSAY_E_UNSUPPORTED);
    cr_expect_eq(read("{\"keys\":[{\"kid\":\"A\"}]}", &key), ASSAY_E_NOT_FOUND);
    cr_expect_eq(read("{\"keys\":[{\"kid\":\"A\",\"kty\":\"RSA\",\"n\":7}]}", &key), ASSAY_E_TYPE);
    cr_expect_eq(
        read("{\"keys\":[{\"kid\":\"A\",\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}", &key),
        ASSAY_E_UNSUPPORTED);
    cr_expect_eq(
        read("{\"keys\":[{\"kid\":\"A\",\"kty\":\"RSA\",\"n\":\"A+AB\",\"e\":\"AQAB\"}]}", &key),
        ASSAY_E_SYNTAX);
#undef KEY
    for (size_t i = 0; i < 40; i++)
        deep[i] = '[';
    cr_expect_eq(read(deep, &key), ASSAY_E_RANGE);
}
