/*
 * tests/unit/tpm/test_instance.c - attestation keys of the clouds' virtual TPMs: refused, unless a
 * policy says of their very root that it certifies such keys.
 */
#include "quote/source/soft/issue.h"
#include "quote/verify.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/tpm/google_extension.h"
#include "tests/unit/tpm/simulated_tpm.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ORGANIZATION "Assay registrar of TPM keys"
enum { EK_PURPOSE = 1, AK_PURPOSE = 3 };

static struct simtpm *p;
static struct assay_verdict verdict;
static void *memory;
static struct google_extension gce;
static struct assay_der extensions;

static void set_up(void)
{
    enum { ENTRIES = 4 };
    const size_t len = assay_verifier_size(ENTRIES);
    p = malloc(sizeof *p);
    memory = malloc(len);
    cr_assert(p != NULL && memory != NULL);
    simtpm_make(p);
    simtpm_list(p, NULL, SIMTPM_NOW - 60, SIMTPM_NOW + 60);
    cr_assert_eq(assay_verifier_init(memory, len, ENTRIES, &p->verifier), ASSAY_OK);
    struct assay_policy_root *const root = &p->policy.roots[0];
    p->policy.root_count = 1;
    root->name[0] = 'r';
    root->key = p->registrar.key;
    root->kinds = ASSAY_KIND_BIT(ASSAY_KIND_TPM);
    google_extension_good(&gce);
}

static void tear_down(void)
{
    assay_verifier_deinit(&p->verifier);
    free(memory);
    simtpm_free(p);
    free(p);
}

TestSuite(tpm_instance, .init = set_up, .fini = tear_down);

static void be_google(void)
{
    assay_der_init(&extensions);
    google_extension_put(&extensions, &gce);
    p->certificate.role = ASSAY_TPM_ROLE_PLAIN;
    p->certificate.ek_name = NULL;
    p->certificate.extensions = assay_der_finish(&extensions);
}

static void be_azure(void)
{
    p->certificate.role = ASSAY_TPM_ROLE_AK;
    p->certificate.ek_name = NULL;
    p->certificate.extensions = assay_slice_over(NULL, 0);
    p->certificate.common_name = "0af1b5c6-0001-4a4b-8c8d-1234567890ab.TrustedVM.Azure.windows.net";
}

static void allow(enum assay_ak_form form)
{
    p->policy.roots[0].ak = form;
}

static void expect_affirmed(void)
{
    simtpm_appraise(p, &verdict);
    cr_assert_eq(verdict.reason_count, 0, "%s: %s / %s", assay_rule_name(verdict.reasons[0].rule),
                 verdict.reasons[0].expected, verdict.reasons[0].observed);
    cr_expect_eq(verdict.tier, ASSAY_TIER_AFFIRMING);
    cr_expect_eq(verdict.proofs[ASSAY_PROOF_AK_TRUSTED], ASSAY_PROOF_TRUE);
}

/* The chain is sound, and the root is not asked about keys of that form: refused, not forged. */
static void expect_form(const char *observed)
{
    simtpm_appraise(p, &verdict);
    cr_expect(assay_verdict_has(&verdict, ASSAY_RULE_AK_FORM));
    cr_expect_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
    cr_expect_eq(verdict.tier, ASSAY_TIER_CONTRAINDICATED);
    cr_expect_eq(verdict.proofs[ASSAY_PROOF_AK_TRUSTED], ASSAY_PROOF_TRUE);
    cr_assert_gt(verdict.reason_count, 0);
    cr_expect_not_null(strstr(verdict.reasons[0].observed, observed), "%s",
                       verdict.reasons[0].observed);
}

static void expect_refused(const char *observed)
{
    simtpm_appraise(p, &verdict);
    cr_expect(assay_verdict_has(&verdict, ASSAY_RULE_CHAIN_CONSTRAINTS));
    cr_expect_eq(verdict.genuine, ASSAY_GENUINE_FALSE);
    cr_expect_eq(verdict.proofs[ASSAY_PROOF_AK_TRUSTED], ASSAY_PROOF_FALSE);
    cr_expect_not(verdict.has_platform);
    cr_expect_str_eq(verdict.instance.id, "");
    cr_assert_gt(verdict.reason_count, 0);
    cr_expect_not_null(strstr(verdict.reasons[0].observed, observed), "%s",
                       verdict.reasons[0].observed);
}

/* --- Google */
Test(tpm_instance, googles_key_is_refused_and_affirmed_by_the_policys_leave)
{
    be_google();
    expect_form("one of a virtual TPM of Google's");
    allow(ASSAY_AK_AZURE);
    expect_form("one of a virtual TPM of Google's");
    allow(ASSAY_AK_GOOGLE);
    expect_affirmed();
    cr_expect_str_eq(verdict.instance.id, "11744722211572649027");
    cr_expect_str_eq(verdict.instance.name, "an-instance-name");
    cr_expect_str_eq(verdict.instance.project, "a-project-name");
    cr_expect_eq(verdict.instance.project_number, 603434606775);
    cr_expect_str_eq(verdict.instance.zone, "us-central1-c");
    cr_expect(verdict.has_platform && verdict.platform_masked);
}

/* What one root may certify, no other may. */
Test(tpm_instance, leave_is_given_to_one_root)
{
    struct assay_tpm_registrar other;
    cr_assert_eq(assay_tpm_registrar_create("other", SIMTPM_NOW - SIMTPM_DAY,
                                            SIMTPM_NOW + SIMTPM_DAY, &other),
                 ASSAY_OK);
    be_google();
    p->policy.roots[1] = p->policy.roots[0];
    p->policy.roots[1].key = other.key;
    p->policy.roots[1].ak = ASSAY_AK_GOOGLE;
    p->policy.root_count = 2;
    p->endorsements.entries[1] = p->endorsements.entries[0];
    p->endorsements.entries[1].root = other.key;
    p->endorsements.entries[1].collateral = NULL;
    p->endorsements.count = 2;
    expect_form("one of a virtual TPM of Google's");
    p->policy.roots[0].ak = ASSAY_AK_GOOGLE;
    expect_affirmed();
    p->policy.roots[0].ak = ASSAY_AK_TCG;
    p->policy.roots[1].key = p->registrar.key;
    expect_form("one of a virtual TPM of Google's");
    p->policy.roots[0].kinds = ASSAY_KIND_BIT(ASSAY_KIND_SNP); /* the next one is of TPMs */
    expect_affirmed();
}

Test(tpm_instance, leave_for_googles_keys_is_none_for_others)
{
    allow(ASSAY_AK_GOOGLE); /* a registrar's under a root of Google's */
    expect_form("one of no cloud's");
    be_azure();
    expect_form("one of a virtual TPM of Azure's");
}

Test(tpm_instance, googles_certificate_must_be_of_production)
{
    allow(ASSAY_AK_GOOGLE);
    gce.is_production = false;
    be_google();
    expect_refused("one for another use");
    gce.no_properties = true;
    be_google();
    expect_refused("one for another use");
    allow(ASSAY_AK_TCG);
    expect_refused("one for another use");
}

Test(tpm_instance, googles_certificate_names_the_purpose_or_none)
{
    allow(ASSAY_AK_GOOGLE);
    be_google();
    google_extension_put_use(&extensions, AK_PURPOSE);
    p->certificate.extensions = assay_der_finish(&extensions);
    expect_affirmed();
    allow(ASSAY_AK_TCG); /* it is a cloud's all the same */
    expect_form("one of a virtual TPM of Google's");
    allow(ASSAY_AK_GOOGLE);
    be_google();
    google_extension_put_use(&extensions, EK_PURPOSE);
    p->certificate.extensions = assay_der_finish(&extensions);
    expect_refused("one for another use");
}

/* Bent in each way that test_x509_google.c knows one of. */
Test(tpm_instance, a_malformed_extension_is_never_affirmed)
{
    allow(ASSAY_AK_GOOGLE);
    gce.zone = "";
    be_google();
    simtpm_appraise(p, &verdict);
    cr_expect_eq(verdict.genuine, ASSAY_GENUINE_UNKNOWN);
    cr_expect(assay_verdict_has(&verdict, ASSAY_RULE_AK_UNPROVEN));
    cr_expect_not(verdict.has_platform);
    allow(ASSAY_AK_TCG);
    p->certificate.role = ASSAY_TPM_ROLE_AK; /* the registrar's own, with the bent extension */
    simtpm_appraise(p, &verdict);
    cr_expect_neq(verdict.genuine, ASSAY_GENUINE_TRUE);
}

/* An authority under the registrar, for keys of that purpose: 2.23.133.8.<purpose>. */
static struct assay_slice make_authority(const struct assay_key *key, uint8_t purpose, uint8_t *der,
                                         size_t capacity)
{
    static struct assay_der use;
    size_t len = 0;
    uint8_t name[ASSAY_SHA256_LEN];
    struct assay_issuer issuer = { .secret = &p->registrar.secret };
    struct assay_issue between = { .serial = { 0x52 },
                                   .not_before_s = SIMTPM_NOW - SIMTPM_DAY,
                                   .not_after_s = SIMTPM_NOW + SIMTPM_DAY,
                                   .key = key,
                                   .is_ca = true };
    assay_der_init(&use);
    google_extension_put_use(&use, purpose);
    between.extensions = assay_der_finish(&use);
    assay_issue_name(ORGANIZATION, p->registrar.name, &issuer.name);
    assay_issue_name(ORGANIZATION, "between", &between.subject);
    assay_key_name(&p->registrar.key, name);
    assay_bytes_copy(issuer.key_id, ASSAY_KEY_ID_LEN, name, ASSAY_KEY_ID_LEN);
    assay_key_name(key, name);
    assay_bytes_copy(between.key_id, ASSAY_KEY_ID_LEN, name, ASSAY_KEY_ID_LEN);
    cr_assert_eq(assay_issue_certificate(&issuer, &between, der, capacity, &len), ASSAY_OK);
    return assay_slice_over(der, len);
}

Test(tpm_instance, googles_authority_may_be_one_for_endorsement_keys)
{
    struct assay_secret32 secret;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    uint8_t der[ASSAY_TPM_CERTIFICATE_MAX];
    cr_assert_eq(assay_p256_generate(&secret, public_key), ASSAY_OK);
    const struct assay_key key = assay_key_p256(public_key);
    be_google();
    p->extra_certificate = make_authority(&key, EK_PURPOSE, der, sizeof der);
    p->certificate.registrar = "between";
    p->certificate.issuer_key = &key;
    p->certificate.issuer_secret = &secret;
    allow(ASSAY_AK_GOOGLE);
    simtpm_appraise(p, &verdict);
    cr_expect_eq(verdict.genuine, ASSAY_GENUINE_TRUE, "%s: %s / %s",
                 assay_rule_name(verdict.reasons[0].rule), verdict.reasons[0].expected,
                 verdict.reasons[0].observed);
    cr_expect_str_eq(verdict.instance.id, "11744722211572649027");
    allow(ASSAY_AK_TCG);
    p->keep_certificate = true; /* what is remembered of it, is so of every form */
    expect_form("one of a virtual TPM of Google's");
    p->keep_certificate = false;
    be_azure(); /* whose authorities are for attestation keys */
    allow(ASSAY_AK_AZURE);
    expect_refused("one for other uses");
}

/* One instance is one platform under its root, whichever keys its TPM has. */
Test(tpm_instance, is_a_platform_of_its_own)
{
    uint8_t first[32];
    allow(ASSAY_AK_GOOGLE);
    be_google();
    expect_affirmed();
    assay_bytes_copy(first, 32, verdict.platform_id, 32);
    gce.instance_name = "renamed";
    gce.zone = "europe-west1-b";
    be_google();
    expect_affirmed();
    cr_expect(assay_bytes_equal(verdict.platform_id, first, 32));
    gce.instance_id += 1;
    be_google();
    expect_affirmed();
    cr_expect_not(assay_bytes_equal(verdict.platform_id, first, 32));
    gce.instance_id -= 1;
    gce.project_number += 1;
    be_google();
    expect_affirmed();
    cr_expect_not(assay_bytes_equal(verdict.platform_id, first, 32));
}

Test(tpm_instance, googles_certificate_alone_gives_the_key)
{
    allow(ASSAY_AK_GOOGLE);
    be_google();
    p->no_key = true;
    expect_affirmed();
}

/* --- Azure */
Test(tpm_instance, azures_key_is_refused_and_affirmed_by_the_policys_leave)
{
    be_azure();
    expect_form("one of a virtual TPM of Azure's");
    allow(ASSAY_AK_GOOGLE);
    expect_form("one of a virtual TPM of Azure's");
    allow(ASSAY_AK_AZURE);
    expect_affirmed();
    cr_expect_str_eq(verdict.instance.id, "0af1b5c6-0001-4a4b-8c8d-1234567890ab");
    cr_expect_str_eq(verdict.instance.project, "");
    cr_expect(verdict.has_platform && verdict.platform_masked);
    p->certificate.role = ASSAY_TPM_ROLE_PLAIN; /* without the purpose */
    expect_refused("one for another use");
}

Test(tpm_instance, azures_subject_is_an_id_below_azures_name)
{
    static const char *const others[] = {
        "TrustedVM.Azure.windows.net",          ".TrustedVM.Azure.windows.net",
        "a b.TrustedVM.Azure.windows.net",      "a.b.TrustedVM.Azure.windows.net",
        "a.TrustedVM.Azure.windows.net.other",  "a.trustedvm.azure.windows.net",
        "a.XrustedVM.Azure.windows.net",        ".ConfidentialVM.Azure.windows.net",
        "a.b.ConfidentialVM.Azure.windows.net", "a.ConfidentialVM.TrustedVM.Azure.windows.net",
    };
    allow(ASSAY_AK_AZURE);
    be_azure();
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        p->certificate.common_name = others[i];
        expect_form("one of no cloud's");
    }
    p->certificate.common_name = "f859864a6a31.TrustedVM.Azure.windows.net";
    expect_affirmed();
    cr_expect_str_eq(verdict.instance.id, "f859864a6a31");
    p->certificate.common_name = "2ede2d532aaf.ConfidentialVM.Azure.windows.net";
    expect_affirmed();
    cr_expect_str_eq(verdict.instance.id, "2ede2d532aaf");
}

/* --- which certificate is the key's, where no key came along */
static void expect_unknown(void)
{
    simtpm_appraise(p, &verdict);
    cr_expect_eq(verdict.genuine, ASSAY_GENUINE_UNKNOWN, "%s",
                 assay_rule_name(verdict.reasons[0].rule));
    cr_expect_eq(verdict.tier, ASSAY_TIER_NONE);
}

/* Azure's authorities name the purpose of attestation keys, as their certificates do. */
Test(tpm_instance, an_authoritys_certificate_is_not_the_keys_own)
{
    struct assay_secret32 secret;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    uint8_t der[ASSAY_TPM_CERTIFICATE_MAX];
    cr_assert_eq(assay_p256_generate(&secret, public_key), ASSAY_OK);
    const struct assay_key key = assay_key_p256(public_key);
    allow(ASSAY_AK_AZURE);
    be_azure();
    p->no_key = true;
    p->extra_certificate = make_authority(&key, AK_PURPOSE, der, sizeof der);
    p->certificate_count = 0; /* the authority's is all that came */
    expect_unknown();
    cr_expect(assay_verdict_has(&verdict, ASSAY_RULE_KEY_MISSING));
    p->certificate_count = 1;
    p->certificate.registrar = "between";
    p->certificate.issuer_key = &key;
    p->certificate.issuer_secret = &secret;
    simtpm_appraise(p, &verdict);
    cr_expect_eq(verdict.genuine, ASSAY_GENUINE_TRUE, "%s",
                 assay_rule_name(verdict.reasons[0].rule));
}

/* Of a version or an algorithm that is not read here, or damaged: it may be the key's. */
Test(tpm_instance, a_certificate_that_cannot_be_read_is_no_forgery)
{
    static const uint8_t sha256[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };
    struct assay_secret32 secret;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    uint8_t der[ASSAY_TPM_CERTIFICATE_MAX];
    allow(ASSAY_AK_AZURE);
    be_azure();
    p->no_key = true;
    simtpm_build(p);
    const size_t len = p->certificate_len;
    assay_bytes_copy(der, sizeof der, p->certificate_der, len);
    for (size_t at = 0; at + sizeof sha256 <= len; at++) /* ECDSA with SHA-512 */
        if (assay_bytes_equal(der + at, sha256, sizeof sha256)) der[at + sizeof sha256 - 1] = 4;
    p->extra_certificate = assay_slice_over(der, len);
    p->certificate_count = 0;
    expect_unknown();
    /* Another key's beside it: that one did not sign, and says nothing of the one that did. */
    cr_assert_eq(assay_p256_generate(&secret, public_key), ASSAY_OK);
    p->key = assay_key_p256(public_key);
    p->certificate_count = 1;
    expect_unknown();
    /* Where all can be read, the signature is by none of them. */
    p->extra_certificate = assay_slice_over(NULL, 0);
    simtpm_appraise(p, &verdict);
    cr_expect_eq(verdict.genuine, ASSAY_GENUINE_FALSE);
    cr_expect(assay_verdict_has(&verdict, ASSAY_RULE_QUOTE_SIGNATURE));
}

/* --- what people see */
static const char *run(const char *command, const char *evidence, const char *policy,
                       const char *options)
{
    static char said[32768];
    char line[1024];
    (void)snprintf(line, sizeof line,
                   "'%s' evidence %s '%s' --policy '%s' --at 2027-01-15T08:00:00Z %s 2>&1",
                   ASSAY_PROGRAM, command, evidence, policy, options);
    FILE *const pipe = popen(line, "r");
    cr_assert_not_null(pipe);
    said[fread(said, 1, sizeof said - 1, pipe)] = '\0';
    (void)pclose(pipe);
    return said;
}

static const char *write_policy(const struct folder *folder, const char *name, const char *option)
{
    char text[1024], key[2 * ASSAY_P256_PUBLIC_LEN + 1];
    assay_hex_encode(p->registrar.key.bytes, ASSAY_P256_PUBLIC_LEN, key, sizeof key);
    (void)snprintf(text, sizeof text,
                   "policy_version: 1\nprofile: production\nroots:\n"
                   "  - { name: a, kinds: [tpm2], key: \"%s\"%s }\n",
                   key, option);
    return folder_put(folder, name, text, strlen(text), 0600);
}

Test(tpm_instance, is_told_by_the_command_line)
{
    const struct folder folder = folder_make();
    be_google();
    simtpm_build(p);
    const char *const evidence = folder_put(&folder, "quote", p->evidence, p->len, 0600);
    const char *const plain = write_policy(&folder, "plain.yaml", "");
    const char *const google = write_policy(&folder, "google.yaml", ", attestation_keys: google");
    const char *said = run("verify", evidence, plain, "--json");
    cr_expect_not_null(strstr(said, "attestation-key-form"), "%s", said);
    cr_expect_not_null(strstr(said, "\"genuine\": true"), "%s", said);
    cr_expect_not_null(strstr(said, "contraindicated"), "%s", said);
    said = run("verify", evidence, google, "--json");
    cr_expect_null(strstr(said, "attestation-key-form"), "%s", said);
    static const char *const told[] = {
        "\"instance\": {",
        "\"id\": \"11744722211572649027\"",
        "\"name\": \"an-instance-name\"",
        "\"project\": \"a-project-name\"",
        "\"project_number\": 603434606775",
        "\"zone\": \"us-central1-c\"",
    };
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        cr_expect_not_null(strstr(said, told[i]), "%s: %s", told[i], said);
    said = run("explain", evidence, google, "");
    cr_expect_not_null(strstr(said, "instance  11744722211572649027\n"), "%s", said);
    cr_expect_not_null(strstr(said, "an-instance-name, project a-project-name (603434606775), "
                                    "zone us-central1-c\n"),
                       "%s", said);
    folder_remove(&folder);
}
