/*
 * tests/unit/tpm/test_software_tpm.c - tests of evidence of live software TPMs, from manufacture to
 * verdict.
 */
#include "tests/unit/tpm/software_tpm.h"

#include "quote/package.h"

#include <criterion/criterion.h>

TestSuite(tpm_software_tpm, .timeout = 600);

static const char *first_reason(const struct assay_verdict *v)
{
    return v->reason_count > 0 ? assay_rule_name(v->reasons[0].rule) : "none";
}

/* Allows one value of PCR 23: what it is after measuring an image of that digest. */
static void allow(struct softtpm *softtpm, uint8_t fill)
{
    uint8_t measurement[32];
    struct assay_reference *const r =
        &softtpm->policy.references[softtpm->policy.reference_count++];
    for (size_t i = 0; i < sizeof measurement; i++)
        measurement[i] = fill;
    *r = (struct assay_reference){ .field = (enum assay_reference_field)(ASSAY_REFERENCE_PCR0 + 23),
                                   .value_len = 32 };
    assay_tpm_pcr_of(measurement, r->value);
}

static void measure(struct assay_tpm_source *source, uint8_t fill)
{
    uint8_t measurement[32];
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    for (size_t i = 0; i < sizeof measurement; i++)
        measurement[i] = fill;
    cr_assert_eq(assay_tpm_source_measure(source, measurement, message), ASSAY_OK, "%s", message);
}

Test(tpm_software_tpm, a_key_activated_under_the_rsa_endorsement_key_is_genuine_in_every_epoch)
{
    static struct softtpm softtpm;
    uint8_t evidence[SOFTTPM_LEN_MAX];
    struct assay_verdict verdict;
    softtpm_open(&softtpm, 1);
    softtpm_enroll(&softtpm, 0, 0);
    struct assay_tpm_source *source = softtpm_source(&softtpm, 0);
    allow(&softtpm, 0xaa);
    measure(source, 0xaa);
    for (uint8_t epoch = 1; epoch <= 5; epoch++) {
        const size_t len = softtpm_quote(source, epoch, evidence);
        softtpm_verify(&softtpm, evidence, len, &verdict);
        cr_assert_eq(verdict.genuine, ASSAY_GENUINE_TRUE, "%s", first_reason(&verdict));
        cr_assert_eq(assay_verdict_outcome(&verdict), ASSAY_OUTCOME_PASS_UP_TO_DATE);
        cr_assert_eq(verdict.tier, ASSAY_TIER_WARNING); /* no revocation list */
        cr_assert(verdict.has_platform && !verdict.platform_masked);
        for (size_t i = 0; i < 64; i++)
            cr_assert_eq(verdict.report_data[i], epoch);
    }
    assay_tpm_source_close(&source);
    softtpm_close(&softtpm);
}

Test(tpm_software_tpm, a_key_activated_under_the_p384_endorsement_key_is_genuine)
{
    static struct softtpm softtpm;
    uint8_t evidence[SOFTTPM_LEN_MAX];
    struct assay_verdict verdict;
    softtpm_open(&softtpm, 1);
    softtpm_enroll(&softtpm, 0, 4); /* PolicyB: PolicySecret and PolicyOR */
    struct assay_tpm_source *source = softtpm_source(&softtpm, 0);
    const size_t len = softtpm_quote(source, 1, evidence);
    softtpm_verify(&softtpm, evidence, len, &verdict);
    cr_assert_eq(verdict.genuine, ASSAY_GENUINE_TRUE, "%s", first_reason(&verdict));
    assay_tpm_source_close(&source);
    softtpm_close(&softtpm);
}

Test(tpm_software_tpm, another_measurement_is_refused_until_the_good_one_is_back)
{
    static struct softtpm softtpm;
    uint8_t evidence[SOFTTPM_LEN_MAX];
    struct assay_verdict verdict;
    softtpm_open(&softtpm, 1);
    softtpm_enroll(&softtpm, 0, 0);
    struct assay_tpm_source *source = softtpm_source(&softtpm, 0);
    allow(&softtpm, 0xaa);
    static const uint8_t loaded[] = { 0xaa, 0xbb, 0xaa };
    for (size_t i = 0; i < sizeof loaded; i++) {
        measure(source, loaded[i]);
        const size_t len = softtpm_quote(source, 7, evidence);
        softtpm_verify(&softtpm, evidence, len, &verdict);
        cr_assert_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
        cr_assert_eq(assay_verdict_has(&verdict, ASSAY_RULE_MEASUREMENT_UNKNOWN),
                     loaded[i] == 0xbb);
        cr_assert_eq(assay_verdict_outcome(&verdict),
                     loaded[i] == 0xbb ? ASSAY_OUTCOME_FAIL_HARD : ASSAY_OUTCOME_PASS_UP_TO_DATE);
    }
    assay_tpm_source_close(&source);
    softtpm_close(&softtpm);
}

Test(tpm_software_tpm, an_old_quote_never_answers_a_new_challenge)
{
    static struct softtpm softtpm;
    static struct assay_package package;
    uint8_t evidence[SOFTTPM_LEN_MAX], forged[SOFTTPM_LEN_MAX], claimed[64];
    struct assay_verdict verdict;
    softtpm_open(&softtpm, 1);
    softtpm_enroll(&softtpm, 0, 0);
    struct assay_tpm_source *source = softtpm_source(&softtpm, 0);
    const size_t len = softtpm_quote(source, 1, evidence);
    softtpm_verify(&softtpm, evidence, len, &verdict);
    cr_assert_eq(verdict.report_data[0], 1); /* as it was asked for, whoever replays it */

    /* The new challenge written beside the old quote. */
    for (size_t i = 0; i < sizeof claimed; i++)
        claimed[i] = 2;
    cr_assert_eq(assay_package_read(ASSAY_KIND_TPM, evidence, len, &package), ASSAY_OK);
    package.report_data = assay_slice_over(claimed, sizeof claimed);
    struct assay_writer w = assay_writer_over(forged, sizeof forged);
    assay_package_encode(&package, &w);
    cr_assert(!w.full);
    softtpm_verify(&softtpm, forged, w.len, &verdict);
    cr_assert_eq(verdict.genuine, ASSAY_GENUINE_FALSE);
    cr_assert(assay_verdict_has(&verdict, ASSAY_RULE_NONCE));
    cr_assert_neq(verdict.report_data[0], 2);
    assay_tpm_source_close(&source);
    softtpm_close(&softtpm);
}

Test(tpm_software_tpm, the_certificate_of_another_tpms_key_proves_nothing)
{
    static struct softtpm softtpm;
    static struct assay_package a, b;
    uint8_t one[SOFTTPM_LEN_MAX], two[SOFTTPM_LEN_MAX], mixed[SOFTTPM_LEN_MAX];
    struct assay_verdict verdict;
    softtpm_open(&softtpm, 2);
    softtpm_enroll(&softtpm, 0, 0);
    softtpm_enroll(&softtpm, 1, 0);
    struct assay_tpm_source *first = softtpm_source(&softtpm, 0);
    struct assay_tpm_source *second = softtpm_source(&softtpm, 1);
    const size_t one_len = softtpm_quote(first, 1, one);
    const size_t two_len = softtpm_quote(second, 1, two);
    cr_assert_eq(assay_package_read(ASSAY_KIND_TPM, one, one_len, &a), ASSAY_OK);
    cr_assert_eq(assay_package_read(ASSAY_KIND_TPM, two, two_len, &b), ASSAY_OK);
    a.certificates[0] = b.certificates[0];
    struct assay_writer w = assay_writer_over(mixed, sizeof mixed);
    assay_package_encode(&a, &w);
    softtpm_verify(&softtpm, mixed, w.len, &verdict);
    cr_assert_eq(verdict.genuine, ASSAY_GENUINE_UNKNOWN);
    cr_assert(assay_verdict_has(&verdict, ASSAY_RULE_AK_UNPROVEN));

    a.key = b.key; /* and with the other key, too: then the signature is not its */
    w = assay_writer_over(mixed, sizeof mixed);
    assay_package_encode(&a, &w);
    softtpm_verify(&softtpm, mixed, w.len, &verdict);
    cr_assert_eq(verdict.genuine, ASSAY_GENUINE_FALSE);
    cr_assert_eq(verdict.proofs[ASSAY_PROOF_TPM_SIGNATURE], ASSAY_PROOF_FALSE);
    assay_tpm_source_close(&first);
    assay_tpm_source_close(&second);
    softtpm_close(&softtpm);
}

Test(tpm_software_tpm, one_tpm_is_one_platform_whatever_keys_it_makes_and_two_are_two)
{
    static struct softtpm softtpm;
    uint8_t evidence[SOFTTPM_LEN_MAX], ids[3][32];
    struct assay_verdict verdict;
    static const size_t who[] = { 0, 0, 1 };
    softtpm_open(&softtpm, 2);
    for (size_t i = 0; i < 3; i++) {
        softtpm_enroll(&softtpm, who[i], 0); /* a new key each time */
        struct assay_tpm_source *source = softtpm_source(&softtpm, who[i]);
        const size_t len = softtpm_quote(source, 1, evidence);
        softtpm_verify(&softtpm, evidence, len, &verdict);
        cr_assert_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
        assay_bytes_copy(ids[i], 32, verdict.platform_id, 32);
        assay_tpm_source_close(&source);
    }
    cr_assert(assay_bytes_equal(ids[0], ids[1], 32));
    cr_assert(!assay_bytes_equal(ids[0], ids[2], 32));
    softtpm_close(&softtpm);
}

Test(tpm_software_tpm, a_credential_opens_in_its_tpm_and_for_its_key_alone)
{
    static struct softtpm softtpm;
    struct assay_tpm_ek ek;
    uint8_t ak[ASSAY_TPM_PUBLIC_MAX], secret[ASSAY_TPM_CREDENTIAL_MAX], der[2048];
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    struct assay_tpm_request request;
    struct assay_tpm_challenge challenge;
    struct assay_tpm_device *device = NULL;
    const char *why = "";
    size_t len = 0;
    softtpm_open(&softtpm, 2);
    const struct assay_tpm_vendors vendors = softtpm_vendors(&softtpm);
    softtpm_request(&softtpm, 1, 0, &ek, ak, &request); /* the other TPM has a key of its own */
    softtpm_request(&softtpm, 0, 0, &ek, ak, &request);
    cr_assert_eq(assay_tpm_challenge_make(&request, &vendors, &challenge, &why), ASSAY_OK);
    /* another TPM */
    cr_assert_eq(assay_tpm_device_open(softtpm.tpms[1].tcti, &device, message), ASSAY_OK);
    cr_assert_eq(assay_tpm_device_activate(device, 0, &challenge.credential, secret, &len, message),
                 ASSAY_E_INVALID);
    assay_tpm_device_close(&device);
    /* its TPM, another key */
    cr_assert_eq(assay_tpm_device_open(softtpm.tpms[0].tcti, &device, message), ASSAY_OK);
    cr_assert_eq(assay_tpm_device_ak(device, true, ak, &len, message), ASSAY_OK);
    cr_assert_eq(assay_tpm_device_activate(device, 0, &challenge.credential, secret, &len, message),
                 ASSAY_E_INVALID);
    /* and nothing was left behind in it: three transient slots, used many times over */
    for (int i = 0; i < 8; i++)
        cr_assert_eq(
            assay_tpm_device_activate(device, 0, &challenge.credential, secret, &len, message),
            ASSAY_E_INVALID, "%s", message);
    assay_tpm_device_close(&device);
    /* a guess is no answer */
    const uint8_t guess[ASSAY_TPM_CREDENTIAL_MAX] = { 0 };
    cr_assert_eq(assay_tpm_certificate_issue(&softtpm.registrar, &challenge,
                                             assay_slice_over(guess, sizeof guess), softtpm.now_s,
                                             softtpm.now_s + 60, der, sizeof der, &len),
                 ASSAY_E_INVALID);
    softtpm_close(&softtpm);
}

Test(tpm_software_tpm, a_registrar_challenges_no_tpm_of_a_stranger_and_no_other_key)
{
    static struct softtpm softtpm;
    struct assay_tpm_ek ek, other;
    uint8_t ak[ASSAY_TPM_PUBLIC_MAX];
    struct assay_tpm_request request, bent;
    struct assay_tpm_challenge challenge;
    const char *why = "";
    softtpm_open(&softtpm, 1);
    softtpm_request(&softtpm, 0, 4, &other, ak, &request);
    softtpm_request(&softtpm, 0, 0, &ek, ak, &request);
    struct assay_tpm_vendors vendors = softtpm_vendors(&softtpm);
    vendors.roots = &softtpm.registrar.key;
    cr_assert_eq(assay_tpm_challenge_make(&request, &vendors, &challenge, &why), ASSAY_E_CHAIN);
    vendors = softtpm_vendors(&softtpm);
    vendors.at_unix_s = 0;
    cr_assert_eq(assay_tpm_challenge_make(&request, &vendors, &challenge, &why), ASSAY_E_INVALID);
    vendors = softtpm_vendors(&softtpm);
    bent = request; /* the certificate of one endorsement key, the other key */
    bent.ek_public = assay_slice_over(other.public_area, other.public_len);
    cr_assert_eq(assay_tpm_challenge_make(&bent, &vendors, &challenge, &why), ASSAY_E_INVALID);
    bent = request; /* an endorsement key as attestation key: it decrypts */
    bent.ak_public = request.ek_public;
    cr_assert_eq(assay_tpm_challenge_make(&bent, &vendors, &challenge, &why), ASSAY_E_INVALID);
    cr_assert_eq(assay_tpm_challenge_make(&request, &vendors, &challenge, &why), ASSAY_OK, "%s",
                 why);
    softtpm_close(&softtpm);
}

Test(tpm_software_tpm, a_source_outlives_the_restart_of_its_tpm)
{
    static struct softtpm softtpm;
    uint8_t evidence[SOFTTPM_LEN_MAX], report_data[64] = { 0 };
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    struct assay_slice bytes;
    struct assay_verdict verdict;
    softtpm_open(&softtpm, 1);
    softtpm_enroll(&softtpm, 0, 0);
    struct assay_tpm_source *source = softtpm_source(&softtpm, 0);
    (void)softtpm_quote(source, 1, evidence);
    swtpm_stop(&softtpm.tpms[0]);
    cr_assert_neq(assay_tpm_source_quote(source, report_data, &bytes, message), ASSAY_OK);
    cr_assert_neq(message[0], '\0');
    cr_assert(swtpm_start(&softtpm.tpms[0]));
    const size_t len = softtpm_quote(source, 2, evidence);
    softtpm_verify(&softtpm, evidence, len, &verdict);
    cr_assert_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
    assay_tpm_source_close(&source);
    softtpm_close(&softtpm);
}

Test(tpm_software_tpm, the_driver_of_the_table_gives_the_same_evidence)
{
    static struct softtpm softtpm;
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    struct assay_source *source = NULL;
    struct assay_source_answer answer;
    struct assay_verdict verdict;
    softtpm_open(&softtpm, 1);
    softtpm_enroll(&softtpm, 0, 0);
    const struct assay_source_config config = { .name = "tpm",
                                                .path = softtpm.tpms[0].tcti,
                                                .state_dir = softtpm.tpms[0].dir,
                                                .pcr_mask = 1u << 16 | 1u };
    const struct assay_source_request request = { .report_data = { 9 } };
    cr_assert_eq(assay_source_open(&config, &source, message), ASSAY_OK, "%s", message);
    cr_assert_eq(assay_source_quote(source, &request, &answer, message), ASSAY_OK, "%s", message);
    cr_assert_eq(answer.certificate_count, 1);
    softtpm_verify(&softtpm, answer.evidence.bytes, answer.evidence.len, &verdict);
    cr_assert_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
    /* the policy speaks of PCR 23, which this evidence leaves out */
    allow(&softtpm, 0xaa);
    softtpm_verify(&softtpm, answer.evidence.bytes, answer.evidence.len, &verdict);
    cr_assert_eq(assay_verdict_outcome(&verdict), ASSAY_OUTCOME_FAIL_HARD);
    assay_source_close(&source);
    softtpm_close(&softtpm);
}

Test(tpm_software_tpm, what_is_missing_is_said)
{
    static struct softtpm softtpm;
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    struct assay_tpm_source *source = NULL;
    struct assay_tpm_device *device = NULL;
    struct assay_tpm_ek ek;
    struct assay_tpm_source_config config = { .tcti = "device:/nowhere/tpm0" };
    cr_assert_eq(assay_tpm_source_open(&config, &source, message), ASSAY_E_NOT_FOUND);
    softtpm_open(&softtpm, 1);
    config.tcti = softtpm.tpms[0].tcti;
    cr_assert_eq(assay_tpm_source_open(&config, &source, message), ASSAY_E_NOT_FOUND, "%s",
                 message); /* no attestation key yet */
    cr_assert_eq(assay_tpm_device_open(softtpm.tpms[0].tcti, &device, message), ASSAY_OK);
    cr_assert_eq(assay_tpm_device_ek(device, 1, &ek, message), ASSAY_E_NOT_FOUND);
    assay_tpm_device_close(&device);
    config.state_dir = softtpm.tpms[0].dir;
    struct assay_tpm_request request;
    uint8_t ak[ASSAY_TPM_PUBLIC_MAX];
    softtpm_request(&softtpm, 0, 0, &ek, ak, &request);
    cr_assert_eq(assay_tpm_source_open(&config, &source, message), ASSAY_E_NOT_FOUND, "%s",
                 message); /* a key, and no certificate */
    softtpm_close(&softtpm);
}
