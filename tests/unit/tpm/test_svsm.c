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
        vtpm_build(v);
        cr_expect_eq(vtpm_verify(v), ASSAY_E_INVALID);
        cr_expect_eq(v->verdict.genuine, ASSAY_GENUINE_FALSE);
        cr_expect(assay_verdict_has(&v->verdict, ASSAY_RULE_FORMAT));
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
    r[1] = r[0];
    r[0] = (struct assay_reference){ .field = ASSAY_REFERENCE_PCR4, .value_len = 32 };
    for (size_t i = 0; i < 32; i++)
        r[0].value[i] = 4;
    v->policy.reference_count = 1;
    expect(v, ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_MEASUREMENT_UNKNOWN);
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

Test(svsm, every_truncation_and_added_byte_is_refused)
{
    for (size_t i = 0; i < FORMS; i++) {
        struct vtpm *const v = open_bare(forms[i]);
        cr_assert_eq(parse(v->evidence, v->len), ASSAY_OK);
        for (size_t len = 0; len < v->len; len++)
            cr_expect_neq(parse(v->evidence, len), ASSAY_OK, "form %zu, %zu bytes", i, len);
        v->evidence[v->len] = 0;
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
    expect_table(COUNT, 1, ASSAY_E_RANGE);
    expect_table(COUNT, ASSAY_SVSM_SERVICES_MAX + 1, ASSAY_E_RANGE);
    expect_table(COUNT + 3, 0xff, ASSAY_E_RANGE);
    expect_table(SECOND, 0, ASSAY_E_NOT_FOUND);
    expect_table(SECOND + OFFSET, SECOND, ASSAY_E_RANGE); /* inside the entries */
    expect_table(SECOND + OFFSET + 3, 0xff, ASSAY_E_RANGE);
    expect_table(SECOND + SIZE + 3, 0xff, ASSAY_E_RANGE);
    expect_table(SECOND + OFFSET, 0xff, ASSAY_E_RANGE); /* a gap in front of it */
    expect_table(SECOND + SIZE, 0, ASSAY_E_RANGE);      /* one behind it */
    expect_table(FIRST + OFFSET, 0, ASSAY_E_RANGE);     /* of a service that is not ours, too */
    expect_table(FIRST + SIZE, 1, ASSAY_E_UNSUPPORTED); /* which has no data */
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

/* Which of two keys signed is not guessed. */
Test(svsm, an_endorsement_key_stands_next_to_the_key_that_signs)
{
    struct vtpm *const v = open_svsm(VTPM_SVSM_LIST);
    v->keys[0] = (struct vtpm_svsm_key){ v->other, VTPM_DECRYPTS };
    v->keys[1] = (struct vtpm_svsm_key){ v->ak, VTPM_SIGNS };
    v->key_count = 2;
    expect_genuine(v);
    v->has_key = false;
    expect_genuine(v);
    v->keys[0].attributes = VTPM_SIGNS;
    vtpm_build(v);
    cr_assert_eq(vtpm_verify(v), ASSAY_OK);
    cr_expect_eq(v->verdict.genuine, ASSAY_GENUINE_UNKNOWN);
    vtpm_close(v);
}

/* --- what a guest gets signed by an SVSM that hashes nonces of any length: the 64 bytes and a
 * manifest of the guest's are its nonce, and the SVSM's own manifest follows */
#define TABLE   "\xbb\x9e\x84\x63\x92\x3d\x70\x46\xa1\xff\x58\xf9\xc9\x4b\x87\xbb"
#define VTPM    "\xeb\xf1\x76\xc4\x23\x01\xa5\x45\x96\x41\xb4\xe7\xdd\xe5\xbf\xe3"
#define ANOTHER "another service!"

enum hiding { BEHIND_THE_DATA, IN_ANOTHER_SERVICE, IN_AN_UNREAD_KEY, IN_NO_KEY, HIDINGS };

static struct assay_slice manifest_of(struct vtpm *v, enum vtpm_svsm form, struct vtpm_svsm_key key,
                                      uint8_t out[static VTPM_MANIFEST_MAX])
{
    v->svsm = form;
    v->keys[0] = key;
    vtpm_build(v);
    assay_bytes_copy(out, VTPM_MANIFEST_MAX, v->manifest, v->manifest_len);
    return assay_slice_over(out, v->manifest_len);
}

static void put_entry(struct assay_writer *w, const char *guid, size_t offset, size_t len)
{
    assay_writer_put(w, guid, 16);
    assay_writer_u32le(w, (uint32_t)offset);
    assay_writer_u32le(w, (uint32_t)len);
}

static void put_forged(struct assay_writer *w, enum hiding hiding, struct assay_slice own,
                       struct assay_slice real)
{
    const bool is_list = hiding >= IN_AN_UNREAD_KEY;
    const size_t services = hiding == IN_ANOTHER_SERVICE ? 2 : 1;
    const size_t first = 24 * (1 + services);
    if (is_list) {
        assay_writer_u32be(w, 1);
        assay_writer_u32be(w, 2);
        assay_writer_u16be(w, (uint16_t)own.len);
    } else {
        put_entry(w, TABLE, first + own.len + real.len, services);
        put_entry(w, VTPM, first, own.len);
    }
    if (services == 2) put_entry(w, ANOTHER, first + own.len, real.len);
    assay_writer_put(w, own.bytes, own.len);
    if (is_list) assay_writer_u16be(w, (uint16_t)(real.len + (hiding == IN_NO_KEY ? 0 : 2)));
    if (hiding == IN_AN_UNREAD_KEY) assay_writer_u16be(w, 8); /* TPM_ALG_KEYEDHASH */
    assay_writer_put(w, real.bytes, real.len);
}

/* Asserts. The key of the forged manifest, which is the sender's, signs the quote. */
static struct vtpm *open_forged(enum hiding hiding, enum vtpm_svsm form)
{
    static uint8_t own[VTPM_MANIFEST_MAX], real[VTPM_MANIFEST_MAX], forged[VTPM_MANIFEST_MAX];
    struct vtpm *const v = open_svsm(VTPM_SVSM_EK);
    struct assay_writer w = assay_writer_over(forged, sizeof forged);
    const struct assay_slice key =
        manifest_of(v, VTPM_SVSM_EK, (struct vtpm_svsm_key){ v->ak, VTPM_SIGNS }, own);
    put_forged(&w, hiding, key,
               manifest_of(v, form, (struct vtpm_svsm_key){ v->other, VTPM_DECRYPTS }, real));
    cr_assert(!w.full);
    v->given = assay_slice_over(forged, w.len);
    v->has_key = false;
    return v;
}

Test(svsm, a_manifest_of_the_guest_in_front_of_another_is_refused)
{
    for (int hiding = 0; hiding < IN_NO_KEY; hiding++) {
        for (size_t i = 0; i < FORMS; i++) {
            struct vtpm *const v = open_forged((enum hiding)hiding, forms[i]);
            vtpm_build(v);
            cr_expect(vtpm_verify(v) != ASSAY_OK || v->verdict.genuine == ASSAY_GENUINE_FALSE,
                      "hidden by %d, form %zu", hiding, i);
            vtpm_close(v);
        }
    }
}

/* As the second key of a list, an SVSM's endorsement key is read as what it is: nothing but the
 * SVSM itself tells that the list is the guest's. */
Test(svsm, a_policy_that_names_no_svsm_binds_no_key)
{
    static const enum assay_reference_field keys[] = { ASSAY_REFERENCE_ID_KEY_DIGEST,
                                                       ASSAY_REFERENCE_AUTHOR_KEY_DIGEST };
    struct vtpm *v = open_forged(IN_NO_KEY, VTPM_SVSM_EK);
    v->policy.reference_count = 0;
    expect(v, ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_AK_UNPROVEN);
    cr_expect_eq(v->verdict.proofs[ASSAY_PROOF_RUNTIME_AK], ASSAY_PROOF_UNKNOWN);
    cr_expect_eq(v->verdict.tier, ASSAY_TIER_NONE);
    vtpm_close(v);
    for (size_t i = 0; i < FORMS; i++) {
        v = open_svsm(forms[i]);
        v->policy.references[0].state = ASSAY_REFERENCE_DENIED; /* names what it is not */
        v->policy.references[0].value[0] ^= 1;
        expect(v, ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_AK_UNPROVEN);
        vtpm_close(v);
        struct certified c = open_certified(forms[i]);
        certify(&c, c.v->other);
        c.v->policy.reference_count = 0;
        expect(c.v, ASSAY_GENUINE_UNKNOWN, ASSAY_RULE_AK_UNPROVEN);
        vtpm_close(c.v);
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        v = open_svsm(VTPM_SVSM_TABLE);
        const uint32_t at = i == 0 ? ASSAY_SNP_AT_ID_KEY_DIGEST : ASSAY_SNP_AT_AUTHOR_KEY_DIGEST;
        struct assay_reference *const r = &v->policy.references[0];
        r->field = keys[i];
        assay_bytes_copy(r->value, sizeof r->value, v->snp->report + at, 48);
        expect_genuine(v);
        vtpm_close(v);
    }
}

Test(svsm, a_manifest_inside_of_a_key_is_refused)
{
    for (size_t i = 0; i < FORMS; i++) {
        struct vtpm *const v = open_bare(forms[i]);
        assay_bytes_copy(v->evidence + v->len - 64, 16, TABLE, 16);
        cr_expect_eq(parse(v->evidence, v->len), ASSAY_E_INVALID, "form %zu", i);
        vtpm_close(v);
    }
}

static enum assay_status parse_point(size_t x_len, size_t y_len)
{
    static const uint8_t zeros[64];
    uint8_t area[256];
    struct assay_writer w = assay_writer_over(area, sizeof area);
    struct vtpm *const v = open_svsm(VTPM_SVSM_EK);
    assay_writer_u16be(&w, ASSAY_TPM_ECC);
    assay_writer_u16be(&w, ASSAY_TPM_SHA256);
    assay_writer_u32be(&w, VTPM_SIGNS);
    assay_writer_u16be(&w, 0);              /* authPolicy */
    assay_writer_u16be(&w, ASSAY_TPM_NULL); /* symmetric */
    assay_writer_u16be(&w, ASSAY_TPM_ECDSA);
    assay_writer_u16be(&w, ASSAY_TPM_SHA256);
    assay_writer_u16be(&w, 3); /* TPM_ECC_NIST_P256 */
    assay_writer_u16be(&w, ASSAY_TPM_NULL);
    assay_writer_u16be(&w, (uint16_t)x_len);
    assay_writer_put(&w, zeros, x_len);
    assay_writer_u16be(&w, (uint16_t)y_len);
    assay_writer_put(&w, zeros, y_len);
    v->given = assay_slice_over(area, w.len);
    v->bare = true;
    vtpm_build(v);
    const enum assay_status status = parse(v->evidence, v->len);
    vtpm_close(v);
    return status;
}

Test(svsm, keys_have_one_size)
{
    cr_expect_eq(parse_point(32, 32), ASSAY_OK);
    cr_expect_eq(parse_point(31, 32), ASSAY_E_RANGE);
    cr_expect_eq(parse_point(32, 0), ASSAY_E_RANGE);
    cr_expect_eq(parse_point(33, 32), ASSAY_E_RANGE);
}
