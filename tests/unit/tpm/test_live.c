/*
 * tests/unit/tpm/test_live.c - tests of evidence of live software TPMs, from manufacture to
 * verdict.
 */
#include "tests/unit/tpm/live.h"

#include "quote/package.h"

#include <criterion/criterion.h>

TestSuite(tpm_live, .timeout = 600);

static const char *first_reason(const struct assay_verdict *v)
{
    return v->reason_count > 0 ? assay_rule_name(v->reasons[0].rule) : "none";
}

/* Allows one value of PCR 23: what it is after measuring an image of that digest. */
static void allow(struct live *live, uint8_t fill)
{
    uint8_t measurement[32];
    struct assay_reference *const r = &live->policy.references[live->policy.reference_count++];
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

Test(tpm_live, a_key_activated_under_the_rsa_endorsement_key_is_genuine_in_every_epoch)
{
    static struct live live;
    uint8_t evidence[LIVE_LEN_MAX];
    struct assay_verdict verdict;
    live_open(&live, 1);
    live_enroll(&live, 0, 0);
    struct assay_tpm_source *source = live_source(&live, 0);
    allow(&live, 0xaa);
    measure(source, 0xaa);
    for (uint8_t epoch = 1; epoch <= 5; epoch++) {
        const size_t len = live_quote(source, epoch, evidence);
        live_verify(&live, evidence, len, &verdict);
        cr_assert_eq(verdict.genuine, ASSAY_GENUINE_TRUE, "%s", first_reason(&verdict));
        cr_assert_eq(assay_verdict_outcome(&verdict), ASSAY_OUTCOME_PASS_UP_TO_DATE);
        cr_assert_eq(verdict.tier, ASSAY_TIER_WARNING); /* no revocation list */
        cr_assert(verdict.has_platform && !verdict.platform_masked);
        for (size_t i = 0; i < 64; i++)
            cr_assert_eq(verdict.report_data[i], epoch);
    }
    assay_tpm_source_close(&source);
    live_close(&live);
}

Test(tpm_live, a_key_activated_under_the_p384_endorsement_key_is_genuine)
{
    static struct live live;
    uint8_t evidence[LIVE_LEN_MAX];
    struct assay_verdict verdict;
    live_open(&live, 1);
    live_enroll(&live, 0, 4); /* PolicyB: PolicySecret and PolicyOR */
    struct assay_tpm_source *source = live_source(&live, 0);
    const size_t len = live_quote(source, 1, evidence);
    live_verify(&live, evidence, len, &verdict);
    cr_assert_eq(verdict.genuine, ASSAY_GENUINE_TRUE, "%s", first_reason(&verdict));
    assay_tpm_source_close(&source);
    live_close(&live);
}

Test(tpm_live, another_measurement_is_refused_until_the_good_one_is_back)
{
    static struct live live;
    uint8_t evidence[LIVE_LEN_MAX];
    struct assay_verdict verdict;
    live_open(&live, 1);
    live_enroll(&live, 0, 0);
    struct assay_tpm_source *source = live_source(&live, 0);
    allow(&live, 0xaa);
    static const uint8_t loaded[] = { 0xaa, 0xbb, 0xaa };
    for (size_t i = 0; i < sizeof loaded; i++) {
        measure(source, loaded[i]);
        const size_t len = live_quote(source, 7, evidence);
        live_verify(&live, evidence, len, &verdict);
        cr_assert_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
        cr_assert_eq(assay_verdict_has(&verdict, ASSAY_RULE_MEASUREMENT_UNKNOWN),
                     loaded[i] == 0xbb);
        cr_assert_eq(assay_verdict_outcome(&verdict),
                     loaded[i] == 0xbb ? ASSAY_OUTCOME_FAIL_HARD : ASSAY_OUTCOME_PASS_UP_TO_DATE);
    }
    assay_tpm_source_close(&source);
    live_close(&live);
}

Test(tpm_live, an_old_quote_never_answers_a_new_challenge)
{
    static struct live live;
    static struct assay_package package;
    uint8_t evidence[LIVE_LEN_MAX], forged[LIVE_LEN_MAX], claimed[64];
    struct assay_verdict verdict;
    live_open(&live, 1);
    live_enroll(&live, 0, 0);
    struct assay_tpm_source *source = live_source(&live, 0);
    const size_t len = live_quote(source, 1, evidence);
    live_verify(&live, evidence, len, &verdict);
    cr_assert_eq(verdict.report_data[0], 1); /* as it was asked for, whoever replays it */

    /* The new challenge written beside the old quote. */
    for (size_t i = 0; i < sizeof claimed; i++)
        claimed[i] = 2;
    cr_assert_eq(assay_package_read(ASSAY_KIND_TPM, evidence, len, &package), ASSAY_OK);
    package.report_data = assay_slice_over(claimed, sizeof claimed);
    struct assay_writer w = assay_writer_over(forged, sizeof forged);
    assay_package_encode(&package, &w);
    cr_assert(!w.full);
    live_verify(&live, forged, w.len, &verdict);
    cr_assert_eq(verdict.genuine, ASSAY_GENUINE_FALSE);
    cr_assert(assay_verdict_has(&verdict, ASSAY_RULE_NONCE));
    cr_assert_neq(verdict.report_data[0], 2);
    assay_tpm_source_close(&source);
    live_close(&live);
}

Test(tpm_live, the_certificate_of_another_tpms_key_proves_nothing)
{
    static struct live live;
    static struct assay_package a, b;
    uint8_t one[LIVE_LEN_MAX], two[LIVE_LEN_MAX], mixed[LIVE_LEN_MAX];
    struct assay_verdict verdict;
    live_open(&live, 2);
    live_enroll(&live, 0, 0);
    live_enroll(&live, 1, 0);
    struct assay_tpm_source *first = live_source(&live, 0);
    struct assay_tpm_source *second = live_source(&live, 1);
    const size_t one_len = live_quote(first, 1, one);
    const size_t two_len = live_quote(second, 1, two);
    cr_assert_eq(assay_package_read(ASSAY_KIND_TPM, one, one_len, &a), ASSAY_OK);
    cr_assert_eq(assay_package_read(ASSAY_KIND_TPM, two, two_len, &b), ASSAY_OK);
    a.certificates[0] = b.certificates[0];
    struct assay_writer w = assay_writer_over(mixed, sizeof mixed);
    assay_package_encode(&a, &w);
    live_verify(&live, mixed, w.len, &verdict);
    cr_assert_eq(verdict.genuine, ASSAY_GENUINE_UNKNOWN);
    cr_assert(assay_verdict_has(&verdict, ASSAY_RULE_AK_UNPROVEN));

    a.key = b.key; /* and with the other key, too: then the signature is not its */
    w = assay_writer_over(mixed, sizeof mixed);
    assay_package_encode(&a, &w);
    live_verify(&live, mixed, w.len, &verdict);
    cr_assert_eq(verdict.genuine, ASSAY_GENUINE_FALSE);
    cr_assert_eq(verdict.proofs[ASSAY_PROOF_TPM_SIGNATURE], ASSAY_PROOF_FALSE);
    assay_tpm_source_close(&first);
    assay_tpm_source_close(&second);
    live_close(&live);
}

Test(tpm_live, one_tpm_is_one_platform_whatever_keys_it_makes_and_two_are_two)
{
    static struct live live;
    uint8_t evidence[LIVE_LEN_MAX], ids[3][32];
    struct assay_verdict verdict;
    static const size_t who[] = { 0, 0, 1 };
    live_open(&live, 2);
    for (size_t i = 0; i < 3; i++) {
        live_enroll(&live, who[i], 0); /* a new key each time */
        struct assay_tpm_source *source = live_source(&live, who[i]);
        const size_t len = live_quote(source, 1, evidence);
        live_verify(&live, evidence, len, &verdict);
        cr_assert_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
        assay_bytes_copy(ids[i], 32, verdict.platform_id, 32);
        assay_tpm_source_close(&source);
    }
    cr_assert(assay_bytes_equal(ids[0], ids[1], 32));
    cr_assert(!assay_bytes_equal(ids[0], ids[2], 32));
    live_close(&live);
}

Test(tpm_live, a_credential_opens_in_its_tpm_and_for_its_key_alone)
{
    static struct live live;
    struct assay_tpm_ek ek;
    uint8_t ak[ASSAY_TPM_PUBLIC_MAX], secret[ASSAY_TPM_CREDENTIAL_MAX], der[2048];
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    struct assay_tpm_request request;
    struct assay_tpm_challenge challenge;
    struct assay_tpm_device *device = NULL;
    const char *why = "";
    size_t len = 0;
    live_open(&live, 2);
    const struct assay_tpm_makers makers = live_makers(&live);
    live_request(&live, 1, 0, &ek, ak, &request); /* the other TPM has a key of its own */
    live_request(&live, 0, 0, &ek, ak, &request);
    cr_assert_eq(assay_tpm_challenge_make(&request, &makers, &challenge, &why), ASSAY_OK);
    /* another TPM */
    cr_assert_eq(assay_tpm_device_open(live.tpms[1].tcti, &device, message), ASSAY_OK);
    cr_assert_eq(assay_tpm_device_activate(device, 0, &challenge.credential, secret, &len, message),
                 ASSAY_E_INVALID);
    assay_tpm_device_close(&device);
    /* its TPM, another key */
    cr_assert_eq(assay_tpm_device_open(live.tpms[0].tcti, &device, message), ASSAY_OK);
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
    cr_assert_eq(assay_tpm_certificate_issue(&live.registrar, &challenge,
                                             assay_slice_over(guess, sizeof guess), live.now_s,
                                             live.now_s + 60, der, sizeof der, &len),
                 ASSAY_E_INVALID);
    live_close(&live);
}

Test(tpm_live, a_registrar_challenges_no_tpm_of_a_stranger_and_no_other_key)
{
    static struct live live;
    struct assay_tpm_ek ek, other;
    uint8_t ak[ASSAY_TPM_PUBLIC_MAX];
    struct assay_tpm_request request, bent;
    struct assay_tpm_challenge challenge;
    const char *why = "";
    live_open(&live, 1);
    live_request(&live, 0, 4, &other, ak, &request);
    live_request(&live, 0, 0, &ek, ak, &request);
    struct assay_tpm_makers makers = live_makers(&live);
    makers.roots = &live.registrar.key;
    cr_assert_eq(assay_tpm_challenge_make(&request, &makers, &challenge, &why), ASSAY_E_CHAIN);
    makers = live_makers(&live);
    makers.at_unix_s = 0;
    cr_assert_eq(assay_tpm_challenge_make(&request, &makers, &challenge, &why), ASSAY_E_INVALID);
    makers = live_makers(&live);
    bent = request; /* the certificate of one endorsement key, the other key */
    bent.ek_public = assay_slice_over(other.public_area, other.public_len);
    cr_assert_eq(assay_tpm_challenge_make(&bent, &makers, &challenge, &why), ASSAY_E_INVALID);
    bent = request; /* an endorsement key as attestation key: it decrypts */
    bent.ak_public = request.ek_public;
    cr_assert_eq(assay_tpm_challenge_make(&bent, &makers, &challenge, &why), ASSAY_E_INVALID);
    cr_assert_eq(assay_tpm_challenge_make(&request, &makers, &challenge, &why), ASSAY_OK, "%s",
                 why);
    live_close(&live);
}

Test(tpm_live, a_source_outlives_the_restart_of_its_tpm)
{
    static struct live live;
    uint8_t evidence[LIVE_LEN_MAX], report_data[64] = { 0 };
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    struct assay_slice bytes;
    struct assay_verdict verdict;
    live_open(&live, 1);
    live_enroll(&live, 0, 0);
    struct assay_tpm_source *source = live_source(&live, 0);
    (void)live_quote(source, 1, evidence);
    swtpm_stop(&live.tpms[0]);
    cr_assert_neq(assay_tpm_source_quote(source, report_data, &bytes, message), ASSAY_OK);
    cr_assert_neq(message[0], '\0');
    cr_assert(swtpm_start(&live.tpms[0]));
    const size_t len = live_quote(source, 2, evidence);
    live_verify(&live, evidence, len, &verdict);
    cr_assert_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
    assay_tpm_source_close(&source);
    live_close(&live);
}

Test(tpm_live, the_driver_of_the_table_gives_the_same_evidence)
{
    static struct live live;
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    struct assay_source *source = NULL;
    struct assay_source_answer answer;
    struct assay_verdict verdict;
    live_open(&live, 1);
    live_enroll(&live, 0, 0);
    const struct assay_source_config config = { .name = "tpm",
                                                .path = live.tpms[0].tcti,
                                                .state_dir = live.tpms[0].dir,
                                                .pcr_mask = 1u << 16 | 1u };
    const struct assay_source_request request = { .report_data = { 9 } };
    cr_assert_eq(assay_source_open(&config, &source, message), ASSAY_OK, "%s", message);
    cr_assert_eq(assay_source_quote(source, &request, &answer, message), ASSAY_OK, "%s", message);
    cr_assert_eq(answer.certificate_count, 1);
    live_verify(&live, answer.evidence.bytes, answer.evidence.len, &verdict);
    cr_assert_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
    /* the policy speaks of PCR 23, which this evidence leaves out */
    allow(&live, 0xaa);
    live_verify(&live, answer.evidence.bytes, answer.evidence.len, &verdict);
    cr_assert_eq(assay_verdict_outcome(&verdict), ASSAY_OUTCOME_FAIL_HARD);
    assay_source_close(&source);
    live_close(&live);
}

Test(tpm_live, what_is_missing_is_said)
{
    static struct live live;
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    struct assay_tpm_source *source = NULL;
    struct assay_tpm_device *device = NULL;
    struct assay_tpm_ek ek;
    struct assay_tpm_source_config config = { .tcti = "device:/nowhere/tpm0" };
    cr_assert_eq(assay_tpm_source_open(&config, &source, message), ASSAY_E_NOT_FOUND);
    live_open(&live, 1);
    config.tcti = live.tpms[0].tcti;
    cr_assert_eq(assay_tpm_source_open(&config, &source, message), ASSAY_E_NOT_FOUND, "%s",
                 message); /* no attestation key yet */
    cr_assert_eq(assay_tpm_device_open(live.tpms[0].tcti, &device, message), ASSAY_OK);
    cr_assert_eq(assay_tpm_device_ek(device, 1, &ek, message), ASSAY_E_NOT_FOUND);
    assay_tpm_device_close(&device);
    config.state_dir = live.tpms[0].dir;
    struct assay_tpm_request request;
    uint8_t ak[ASSAY_TPM_PUBLIC_MAX];
    live_request(&live, 0, 0, &ek, ak, &request);
    cr_assert_eq(assay_tpm_source_open(&config, &source, message), ASSAY_E_NOT_FOUND, "%s",
                 message); /* a key, and no certificate */
    live_close(&live);
}
