/*
 * tests/unit/tpm/test_svsm.c - tests of evidence of an SVSM about its virtual TPM: its form, and
 * each link from the report to the attestation key.
 */
#include "quote/source/tpm/tpm_registrar.h"
#include "quote/source/tpm/tpm_x509.h"
#include "quote/verify.h"
#include "tests/unit/tpm/vtpm_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const enum vtpm_svsm forms[] = { VTPM_SVSM_TABLE, VTPM_SVSM_EK, VTPM_SVSM_LIST };
enum { FORMS = sizeof forms / sizeof forms[0] };

static struct vtpm *open_svsm(enum vtpm_svsm form)
{
    struct vtpm *const v = vtpm_open(false);
    vtpm_take_svsm(v, form);
    return v;
}

static const char *first_reason(const struct vtpm *v)
{
    return v->verdict.reason_count > 0 ? v->verdict.reasons[0].expected : "none";
}

static void expect_genuine(struct vtpm *v)
{
    vtpm_build(v);
    cr_assert_eq(vtpm_verify(v), ASSAY_OK);
    cr_expect_eq(v->verdict.genuine, ASSAY_GENUINE_TRUE, "%s", first_reason(v));
}

static void expect(struct vtpm *v, enum assay_genuine genuine, enum assay_rule rule)
{
    vtpm_build(v);
    cr_assert_eq(vtpm_verify(v), ASSAY_OK);
    cr_expect_eq(v->verdict.genuine, genuine, "%s: %s", assay_rule_name(rule), first_reason(v));
    cr_expect(assay_verdict_has(&v->verdict, rule), "no %s", assay_rule_name(rule));
}

Test(svsm, a_key_of_the_manifest_signs_the_quote)
{
    for (size_t i = 0; i < FORMS; i++) {
        struct vtpm *const v = open_svsm(forms[i]);
        expect_genuine(v);
        cr_expect_eq(assay_verdict_outcome(&v->verdict), ASSAY_OUTCOME_PASS_UP_TO_DATE);
        cr_expect_eq(v->verdict.proofs[ASSAY_PROOF_RUNTIME_DATA], ASSAY_PROOF_TRUE);
        cr_expect_eq(v->verdict.proofs[ASSAY_PROOF_RUNTIME_AK], ASSAY_PROOF_TRUE);
        cr_expect_eq(v->verdict.proofs[ASSAY_PROOF_TPM_SIGNATURE], ASSAY_PROOF_TRUE);
        cr_expect_eq(v->verdict.proofs[ASSAY_PROOF_REPORT_SIGNATURE], ASSAY_PROOF_TRUE);
        cr_expect_eq(v->verdict.proofs[ASSAY_PROOF_AK_TRUSTED], ASSAY_PROOF_NOT_USED);
        cr_expect(assay_bytes_equal(v->verdict.report_data, "abc", 3), "the TPM's challenge");
        cr_expect(v->verdict.has_platform && v->verdict.platform_masked);
        v->has_key = false; /* the manifest has it */
        expect_genuine(v);
        vtpm_close(v);
    }
}

/* docs/evidence-rules.md 5.2: as versions find that do not know the form. */
Test(svsm, in_a_network_its_form_is_malformed)
{
    for (size_t i = 0; i < FORMS; i++) {
        struct vtpm *const v = open_svsm(forms[i]);
        v->policy.refuses_svsm = true;
        expect(v, ASSAY_GENUINE_FALSE, ASSAY_RULE_FORMAT);
        cr_expect_eq(assay_verdict_outcome(&v->verdict), ASSAY_OUTCOME_FAIL_HARD);
        vtpm_close(v);
    }
}

Test(svsm, the_report_binds_every_byte_of_nonce_and_manifest)
{
    for (size_t i = 0; i < FORMS; i++) {
        struct vtpm *const v = open_svsm(forms[i]);
        struct assay_package package;
        v->unbound = true;
        expect(v, ASSAY_GENUINE_FALSE, ASSAY_RULE_RUNTIME_DATA);
        v->unbound = false;
        expect_genuine(v);
        cr_assert_eq(assay_package_read(ASSAY_KIND_VTPM_SNP, v->evidence, v->len, &package),
                     ASSAY_OK);
        uint8_t *const blob = v->evidence + (package.hardware.bytes - v->evidence);
        for (size_t at = ASSAY_SVSM_REPORT_LEN; at < package.hardware.len; at++) {
            blob[at] ^= 1;
            cr_expect(vtpm_verify(v) != ASSAY_OK || v->verdict.genuine == ASSAY_GENUINE_FALSE,
                      "byte %zu", at);
            blob[at] ^= 1;
        }
        vtpm_close(v);
    }
}

Test(svsm, a_report_that_the_guest_could_have_asked_for_speaks_for_no_svsm)
{
    static const uint32_t levels[] = { 1, 3, UINT32_MAX };
    struct vtpm *const v = open_svsm(VTPM_SVSM_TABLE);
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        snp_world_put(v->snp, ASSAY_SNP_AT_VMPL, levels[i], 4);
        expect(v, ASSAY_GENUINE_TRUE, ASSAY_RULE_VMPL);
        cr_expect_eq(assay_verdict_outcome(&v->verdict), ASSAY_OUTCOME_FAIL_HARD);
    }
    vtpm_close(v);
}

Test(svsm, what_the_manifest_says_of_its_key_counts)
{
    struct vtpm *const v = open_svsm(VTPM_SVSM_LIST);
    v->keys[0].attributes = VTPM_SIGNS & ~ASSAY_TPM_RESTRICTED; /* signs what its owner wrote */
    expect(v, ASSAY_GENUINE_FALSE, ASSAY_RULE_AK_ATTRIBUTES);
    v->keys[0].attributes = VTPM_SIGNS & ~ASSAY_TPM_FIXED_TPM;
    expect(v, ASSAY_GENUINE_FALSE, ASSAY_RULE_AK_ATTRIBUTES);
    vtpm_close(v);
}

Test(svsm, a_policy_of_pcrs_names_the_svsm)
{
    struct vtpm *const v = open_svsm(VTPM_SVSM_TABLE);
    struct assay_reference *const r = v->policy.references;
    v->policy.reference_count = 1;
    r[0] = (struct assay_reference){ .field = ASSAY_REFERENCE_PCR4, .value_len = 32 };
    for (size_t i = 0; i < 32; i++)
        r[0].value[i] = 4;
    expect(v, ASSAY_GENUINE_TRUE, ASSAY_RULE_MEASUREMENT_UNKNOWN);
    r[1] = (struct assay_reference){ .field = ASSAY_REFERENCE_SNP_MEASUREMENT, .value_len = 48 };
    assay_bytes_copy(r[1].value, sizeof r[1].value, v->verdict.measurement, 48);
    v->policy.reference_count = 2;
    expect_genuine(v);
    cr_expect_eq(assay_verdict_outcome(&v->verdict), ASSAY_OUTCOME_PASS_UP_TO_DATE);
    vtpm_close(v);
}

/* --- endorsement keys, which sign nothing */
struct certified {
    struct vtpm *v;
    struct assay_tpm_registrar registrar;
    uint8_t der[ASSAY_TPM_CERTIFICATE_MAX];
};

/* A certificate of the attestation key for that endorsement key, by a registrar of kind tpm2. */
static void certify(struct certified *c, const struct authority_key *ek)
{
    struct assay_key ak_public, ek_public;
    uint8_t ek_name[ASSAY_SHA256_LEN];
    size_t len = 0;
    const int64_t now = c->v->snp->at_unix_s;
    authority_key_public(c->v->ak, &ak_public);
    authority_key_public(ek, &ek_public);
    assay_key_name(&ek_public, ek_name);
    const struct assay_tpm_certificate certificate = {
        .role = ASSAY_TPM_ROLE_AK,
        .registrar = c->registrar.name,
        .ek_name = ek_name,
        .serial = { 0x51 },
        .not_before_s = now - 3600,
        .not_after_s = now + 3600,
        .key = &ak_public,
        .issuer_key = &c->registrar.key,
        .issuer_secret = &c->registrar.secret,
    };
    cr_assert_eq(assay_tpm_certificate_make(&certificate, c->der, sizeof c->der, &len), ASSAY_OK);
    c->v->certificate = assay_slice_over(c->der, len);
}

static struct certified open_certified(enum vtpm_svsm form)
{
    struct certified c = { .v = open_svsm(form) };
    const int64_t now = c.v->snp->at_unix_s;
    cr_assert_eq(assay_tpm_registrar_create("tests", now - 7200, now + 7200, &c.registrar),
                 ASSAY_OK);
    struct assay_endorsement *const e = &c.v->endorsements.entries[c.v->endorsements.count++];
    *e = (struct assay_endorsement){ .root = c.registrar.key,
                                     .kinds = ASSAY_KIND_BIT(ASSAY_KIND_TPM) };
    c.v->keys[0] = (struct vtpm_svsm_key){ c.v->other, VTPM_DECRYPTS };
    return c;
}

Test(svsm, an_endorsement_key_alone_binds_no_attestation_key)
{
    for (size_t i = 0; i < FORMS; i++) {
        struct certified c = open_certified(forms[i]);
        expect(c.v, ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_AK_UNPROVEN);
        cr_expect_eq(c.v->verdict.proofs[ASSAY_PROOF_RUNTIME_DATA], ASSAY_PROOF_TRUE);
        cr_expect_eq(c.v->verdict.proofs[ASSAY_PROOF_RUNTIME_AK], ASSAY_PROOF_UNKNOWN);
        cr_expect_eq(c.v->verdict.tier, ASSAY_TIER_NONE);
        vtpm_close(c.v);
    }
}

Test(svsm, a_certificate_for_an_endorsement_key_of_the_manifest_binds_it)
{
    for (size_t i = 0; i < FORMS; i++) {
        struct certified c = open_certified(forms[i]);
        certify(&c, c.v->other);
        expect_genuine(c.v);
        cr_expect_eq(assay_verdict_outcome(&c.v->verdict), ASSAY_OUTCOME_PASS_UP_TO_DATE);
        cr_expect_eq(c.v->verdict.proofs[ASSAY_PROOF_AK_TRUSTED], ASSAY_PROOF_TRUE);
        cr_expect_eq(c.v->verdict.proofs[ASSAY_PROOF_RUNTIME_AK], ASSAY_PROOF_TRUE);
        cr_expect(c.v->verdict.has_platform && c.v->verdict.platform_masked);
        uint8_t root[ASSAY_SHA256_LEN];
        assay_key_name(&c.v->endorsements.entries[0].root, root);
        cr_expect(assay_bytes_equal(c.v->verdict.vendor_root, root, sizeof root),
                  "the platform is the chip, not the TPM");
        vtpm_close(c.v);
    }
}

/* The TPM of another machine, whose registrar is trusted as well. */
Test(svsm, a_certificate_for_another_endorsement_key_is_of_another_machine)
{
    struct certified c = open_certified(VTPM_SVSM_LIST);
    struct authority_key *stranger = authority_key_make(ASSAY_KEY_RSA);
    certify(&c, stranger);
    expect(c.v, ASSAY_GENUINE_FALSE, ASSAY_RULE_RUNTIME_AK);
    authority_key_free(&stranger);
    vtpm_close(c.v);
}

Test(svsm, only_keys_that_stay_and_decrypt_activate_a_credential)
{
    static const uint32_t missing[] = { ASSAY_TPM_FIXED_TPM, ASSAY_TPM_RESTRICTED,
                                        ASSAY_TPM_DECRYPT };
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++) {
        struct certified c = open_certified(VTPM_SVSM_LIST);
        certify(&c, c.v->other);
        c.v->keys[0].attributes &= ~missing[i];
        expect(c.v, ASSAY_GENUINE_FALSE, ASSAY_RULE_RUNTIME_AK);
        vtpm_close(c.v);
    }
}

Test(svsm, a_root_for_reports_certifies_no_attestation_key)
{
    struct certified c = open_certified(VTPM_SVSM_LIST);
    certify(&c, c.v->other);
    c.v->endorsements.entries[c.v->endorsements.count - 1].kinds =
        ASSAY_KIND_BIT(ASSAY_KIND_VTPM_SNP);
    vtpm_build(c.v);
    cr_assert_eq(vtpm_verify(c.v), ASSAY_OK);
    cr_expect_neq(c.v->verdict.genuine, ASSAY_GENUINE_TRUE);
    cr_expect_neq(c.v->verdict.proofs[ASSAY_PROOF_RUNTIME_AK], ASSAY_PROOF_TRUE);
    vtpm_close(c.v);
}

/* --- the form */
Test(svsm, the_evidence_is_recognised_before_the_report_in_it)
{
    for (size_t i = 0; i < FORMS; i++) {
        struct vtpm *const v = open_svsm(forms[i]);
        enum assay_evidence_kind kind = ASSAY_KIND_NONE;
        size_t declared = 0;
        v->bare = true;
        expect(v, ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_EVIDENCE_INCOMPLETE);
        cr_assert_eq(assay_evidence_detect(v->evidence, v->len, &kind), ASSAY_OK);
        cr_expect_eq(kind, ASSAY_KIND_VTPM_SNP);
        cr_assert_eq(assay_evidence_length(kind, v->evidence, v->len, &declared), ASSAY_OK);
        cr_expect_eq(declared, v->len);
        cr_assert_eq(assay_evidence_detect(v->evidence, ASSAY_SVSM_REPORT_LEN, &kind), ASSAY_OK);
        cr_expect_eq(kind, ASSAY_KIND_SNP);
        vtpm_close(v);
    }
}

static struct vtpm *open_bare(enum vtpm_svsm form)
{
    struct vtpm *const v = open_svsm(form);
    v->bare = true;
    vtpm_build(v);
    return v;
}

static enum assay_status parse(const uint8_t *bytes, size_t len)
{
    struct assay_svsm svsm;
    uint8_t *const exact = malloc(len + 1); /* so that a sanitizer sees what is read behind it */
    cr_assert_not_null(exact);
    if (len > 0) assay_bytes_copy(exact + 1, len, bytes, len);
    const enum assay_status status = assay_svsm_parse(exact + 1, len, &svsm);
    free(exact);
    return status;
}

Test(svsm, every_truncation_of_a_table_or_a_list_is_refused)
{
    for (size_t i = 0; i < FORMS; i++) {
        struct vtpm *const v = open_bare(forms[i]);
        /* A bare key has no length: its end is seen where it is parsed, as a key of no use. */
        const size_t end = forms[i] == VTPM_SVSM_EK ? ASSAY_SVSM_MANIFEST_AT + 2 : v->len;
        cr_assert_eq(parse(v->evidence, v->len), ASSAY_OK);
        for (size_t len = 0; len < end; len++)
            cr_expect_neq(parse(v->evidence, len), ASSAY_OK, "form %zu, %zu bytes", i, len);
        v->evidence[v->len] = 0;
        if (forms[i] != VTPM_SVSM_EK)
            cr_expect_eq(parse(v->evidence, v->len + 1), ASSAY_E_TRAILING);
        vtpm_close(v);
    }
}

static void expect_table(size_t at, uint8_t value, enum assay_status status)
{
    struct vtpm *const v = open_bare(VTPM_SVSM_TABLE);
    v->evidence[ASSAY_SVSM_MANIFEST_AT + at] = value;
    cr_expect_eq(parse(v->evidence, v->len), status, "byte %zu", at);
    vtpm_close(v);
}

Test(svsm, a_table_is_read_within_its_bounds)
{
    enum { LEN = 16, COUNT = 20, FIRST = 24, SECOND = 48, OFFSET = 16, SIZE = 20 };
    expect_table(0, 0, ASSAY_E_INVALID); /* another GUID: no manifest of the vTPM either */
    expect_table(LEN, 0, ASSAY_E_TRAILING);
    expect_table(LEN + 3, 1, ASSAY_E_TRUNCATED);
    expect_table(COUNT, 0, ASSAY_E_NOT_FOUND);
    expect_table(COUNT, 1, ASSAY_E_NOT_FOUND);
    expect_table(COUNT, ASSAY_SVSM_SERVICES_MAX + 1, ASSAY_E_RANGE);
    expect_table(COUNT + 3, 0xff, ASSAY_E_RANGE);
    expect_table(SECOND, 0, ASSAY_E_NOT_FOUND);
    expect_table(SECOND + OFFSET, SECOND, ASSAY_E_RANGE); /* inside the entries */
    expect_table(SECOND + OFFSET + 3, 0xff, ASSAY_E_RANGE);
    expect_table(SECOND + SIZE + 3, 0xff, ASSAY_E_RANGE);
    expect_table(FIRST + OFFSET, 0, ASSAY_E_RANGE); /* of a service that is not ours, too */
    struct vtpm *const v = open_bare(VTPM_SVSM_TABLE);
    uint8_t *const table = v->evidence + ASSAY_SVSM_MANIFEST_AT;
    assay_bytes_copy(table + FIRST, 16, table + SECOND, 16);
    cr_expect_eq(parse(v->evidence, v->len), ASSAY_E_DUPLICATE);
    vtpm_close(v);
}

Test(svsm, a_list_of_keys_is_read_within_its_bounds)
{
    enum {
        VERSION = ASSAY_SVSM_MANIFEST_AT + 3,
        COUNT = ASSAY_SVSM_MANIFEST_AT + 7,
        KEY = ASSAY_SVSM_MANIFEST_AT + 8
    };
    struct vtpm *const v = open_bare(VTPM_SVSM_LIST);
    v->evidence[VERSION] = 2;
    cr_expect_eq(parse(v->evidence, v->len), ASSAY_E_UNSUPPORTED);
    v->evidence[VERSION] = 1;
    v->evidence[COUNT] = 0;
    cr_expect_eq(parse(v->evidence, v->len), ASSAY_E_RANGE);
    v->evidence[COUNT] = ASSAY_SVSM_KEYS_MAX + 1;
    cr_expect_eq(parse(v->evidence, v->len), ASSAY_E_RANGE);
    v->evidence[COUNT] = 2;
    cr_expect_eq(parse(v->evidence, v->len), ASSAY_E_TRUNCATED);
    v->evidence[COUNT] = 1;
    v->evidence[KEY] = 0xff;
    cr_expect_eq(parse(v->evidence, v->len), ASSAY_E_RANGE);
    v->evidence[0] = 0; /* a report of version 0 */
    cr_expect_eq(parse(v->evidence, v->len), ASSAY_E_INVALID);
    vtpm_close(v);
}

/* Endorsement keys of types that sign nothing here stand next to the one that does. */
Test(svsm, keys_that_are_not_read_are_passed_over)
{
    struct vtpm *const v = open_svsm(VTPM_SVSM_LIST);
    v->keys[0] = (struct vtpm_svsm_key){ v->other, VTPM_DECRYPTS };
    v->keys[1] = (struct vtpm_svsm_key){ v->ak, VTPM_SIGNS };
    v->key_count = 2;
    expect_genuine(v);
    v->has_key = false;
    expect_genuine(v);
    v->keys[0].attributes = VTPM_SIGNS; /* which of two signed is not guessed */
    vtpm_build(v);
    cr_assert_eq(vtpm_verify(v), ASSAY_OK);
    cr_expect_eq(v->verdict.genuine, ASSAY_GENUINE_UNKNOWN);
    vtpm_close(v);
}
