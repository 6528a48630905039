/*
 * tests/unit/tpm/test_registrar.c - tests of the registrar without a TPM: its files, messages,
 * certificates.
 */
#include "quote/source/tpm/tpm_registrar.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOW = 1800000000, DAY = 86400 };

static char dir[64];
static struct assay_tpm_registrar registrar;

static void set_up(void)
{
    (void)snprintf(dir, sizeof dir, "/tmp/assay-registrar-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    cr_assert_eq(assay_tpm_registrar_create("A registrar", NOW - DAY, NOW + 100 * DAY, &registrar),
                 ASSAY_OK);
}

static void tear_down(void)
{
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf -- %s", dir);
    cr_assert_eq(system(command), 0);
}

TestSuite(tpm_registrar, .init = set_up, .fini = tear_down);

Test(tpm_registrar, its_root_is_an_authority_of_its_key)
{
    struct assay_certificate c;
    cr_assert_eq(assay_x509_certificate(registrar.root_der, registrar.root_der_len, &c), ASSAY_OK);
    cr_expect(c.is_ca && c.has_path_len && c.path_len == 0);
    cr_expect(assay_key_equal(&c.key, &registrar.key));
    cr_expect_str_eq(c.subject_name, "A registrar");
}

Test(tpm_registrar, names_and_times_have_bounds)
{
    struct assay_tpm_registrar r;
    static const char *const names[] = { "", "new\nline", "0123456789012345678901234567890x",
                                         "quote\"" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        cr_expect_eq(assay_tpm_registrar_create(names[i], NOW, NOW + 1, &r), ASSAY_E_RANGE);
    cr_expect_eq(assay_tpm_registrar_create("x", NOW, NOW - 1, &r), ASSAY_E_RANGE);
    cr_expect_eq(assay_tpm_registrar_create("x", -1, NOW, &r), ASSAY_E_RANGE);
    cr_expect_eq(assay_tpm_registrar_create("x", NOW, INT64_C(2524608000), &r), ASSAY_E_RANGE);
    cr_expect(assay_bytes_all_zero(r.secret.bytes, 32), "wiped");
}

Test(tpm_registrar, is_the_same_after_a_day_on_disk_and_never_overwritten)
{
    struct assay_tpm_registrar again;
    char path[128];
    struct stat info;
    cr_assert_eq(assay_tpm_registrar_save(&registrar, dir), ASSAY_OK);
    cr_expect_eq(assay_tpm_registrar_save(&registrar, dir), ASSAY_E_DUPLICATE);
    cr_assert_eq(assay_tpm_registrar_load(dir, &again), ASSAY_OK);
    cr_expect(assay_key_equal(&again.key, &registrar.key));
    cr_expect(assay_bytes_equal(again.secret.bytes, registrar.secret.bytes, 32));
    cr_expect_eq(again.root_der_len, registrar.root_der_len);
    cr_expect_eq(again.not_after_s, registrar.not_after_s);
    (void)snprintf(path, sizeof path, "%s/registrar.key", dir);
    cr_assert_eq(stat(path, &info), 0);
    cr_expect_eq(info.st_mode & 0777, 0600);
    cr_assert_eq(chmod(path, 0644), 0);
    cr_expect_eq(assay_tpm_registrar_load(dir, &again), ASSAY_E_INVALID);
    cr_assert_eq(chmod(path, 0600), 0);
    cr_assert_eq(truncate(path, info.st_size - 1), 0);
    cr_expect_neq(assay_tpm_registrar_load(dir, &again), ASSAY_OK);
    cr_expect(assay_bytes_all_zero(again.secret.bytes, 32), "wiped");
    cr_expect_eq(assay_tpm_registrar_load("/nowhere", &again), ASSAY_E_NOT_FOUND);
}

static struct assay_tpm_challenge some_challenge(void)
{
    struct assay_tpm_challenge c = { .credential = { .id_object_len = 3,
                                                     .id_object = { 1, 2, 3 },
                                                     .encrypted_secret_len = 2,
                                                     .encrypted_secret = { 4, 5 } } };
    c.ek_name[0] = 0xe0;
    c.secret[31] = 0x5e;
    c.ak = registrar.key; /* any key will do */
    return c;
}

Test(tpm_registrar, certifies_whoever_gave_the_right_answer)
{
    struct assay_tpm_challenge c = some_challenge();
    uint8_t der[ASSAY_TPM_CERTIFICATE_MAX], ek_name[32], answer[ASSAY_TPM_CREDENTIAL_MAX];
    struct assay_certificate certificate;
    size_t len = 0;
    assay_bytes_copy(answer, sizeof answer, c.secret, sizeof c.secret);
    const struct assay_slice right = assay_slice_over(answer, sizeof answer);
    cr_assert_eq(
        assay_tpm_certificate_issue(&registrar, &c, right, NOW, NOW + DAY, der, sizeof der, &len),
        ASSAY_OK);
    cr_assert_eq(assay_x509_certificate(der, len, &certificate), ASSAY_OK);
    cr_expect(assay_key_equal(&certificate.key, &c.ak));
    cr_expect_eq(certificate.extended_key_usage, ASSAY_EKU_TCG_AK);
    cr_expect(!certificate.is_ca && certificate.not_after_s == NOW + DAY);
    cr_assert(assay_tpm_subject_decode(&certificate.subject, ek_name));
    cr_expect(assay_bytes_equal(ek_name, c.ek_name, 32));
    /* never beyond its own time */
    cr_expect_eq(assay_tpm_certificate_issue(&registrar, &c, right, NOW - 2 * DAY, NOW, der,
                                             sizeof der, &len),
                 ASSAY_E_RANGE);
    cr_expect_eq(assay_tpm_certificate_issue(&registrar, &c, right, NOW, NOW + 101 * DAY, der,
                                             sizeof der, &len),
                 ASSAY_E_RANGE);
    for (size_t bit = 0; bit < 8 * sizeof answer; bit++) {
        answer[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_expect_eq(assay_tpm_certificate_issue(&registrar, &c, right, NOW, NOW + DAY, der,
                                                 sizeof der, &len),
                     ASSAY_E_INVALID);
        answer[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    cr_expect_eq(assay_tpm_certificate_issue(&registrar, &c, assay_slice_over(answer, 31), NOW,
                                             NOW + DAY, der, sizeof der, &len),
                 ASSAY_E_INVALID);
}

Test(tpm_registrar, a_subject_names_one_key_in_one_form)
{
    uint8_t name[32], back[32];
    struct assay_dn dn;
    for (size_t i = 0; i < sizeof name; i++)
        name[i] = (uint8_t)(i * 7 + 0xa0);
    assay_tpm_subject_encode(name, &dn);
    cr_assert(assay_tpm_subject_decode(&dn, back));
    cr_expect(assay_bytes_equal(name, back, 32));
    dn.der[dn.len - 1] = 'F'; /* upper case: another text of the same digits */
    cr_expect(!assay_tpm_subject_decode(&dn, back));
    assay_tpm_subject_encode(name, &dn);
    for (size_t i = 0; i < dn.len - 64; i++) {
        dn.der[i] ^= 1;
        cr_expect(!assay_tpm_subject_decode(&dn, back));
        dn.der[i] ^= 1;
    }
    for (uint32_t len = 0; len < 107; len++) {
        dn.len = len;
        cr_expect(!assay_tpm_subject_decode(&dn, back));
    }
}

Test(tpm_registrar, a_list_holds_what_it_is_told)
{
    static struct assay_crl crl;
    uint8_t der[4096], serials[2][ASSAY_SERIAL_LEN] = { { 0 }, { 0 } };
    size_t len = 0;
    serials[0][19] = 1;
    serials[1][5] = 0x80;
    cr_assert_eq(assay_tpm_registrar_crl(&registrar, NOW, NOW + DAY,
                                         (const uint8_t(*)[ASSAY_SERIAL_LEN])serials, 2, der,
                                         sizeof der, &len),
                 ASSAY_OK);
    cr_assert_eq(assay_x509_crl(der, len, &crl), ASSAY_OK);
    cr_expect_eq(crl.revoked_count, 2);
    cr_expect_eq(crl.next_update_s, NOW + DAY);
    cr_expect_eq(assay_tpm_registrar_crl(&registrar, NOW, NOW + DAY,
                                         (const uint8_t(*)[ASSAY_SERIAL_LEN])serials, 2, der, 64,
                                         &len),
                 ASSAY_E_FULL);
}

/* --- messages: what was written is read, and nothing else */
Test(tpm_registrar, messages_survive_the_way_and_no_truncation_does)
{
    uint8_t bytes[4096];
    struct assay_tpm_request request = { .slot = 4,
                                         .ek_public = { (const uint8_t *)"ek", 2 },
                                         .ek_certificate = { (const uint8_t *)"cert", 4 },
                                         .ak_public = { (const uint8_t *)"ak", 2 } };
    struct assay_tpm_request request_back;
    struct assay_tpm_challenge challenge = some_challenge(), challenge_back;
    struct assay_tpm_credential credential_back;
    uint32_t slot = 0;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_tpm_request_encode(&request, &w);
    cr_assert_eq(assay_tpm_request_decode(bytes, w.len, &request_back), ASSAY_OK);
    cr_expect_eq(request_back.slot, 4);
    cr_expect(assay_slice_equal(request_back.ek_certificate, request.ek_certificate));
    for (size_t len = 0; len < w.len; len++)
        cr_expect_neq(assay_tpm_request_decode(bytes, len, &request_back), ASSAY_OK);
    cr_expect_neq(assay_tpm_challenge_decode(bytes, w.len, &slot, &credential_back), ASSAY_OK);

    w = assay_writer_over(bytes, sizeof bytes);
    assay_tpm_challenge_encode(3, &challenge.credential, &w);
    cr_assert_eq(assay_tpm_challenge_decode(bytes, w.len, &slot, &credential_back), ASSAY_OK);
    cr_expect_eq(slot, 3);
    cr_expect_eq(credential_back.id_object_len, 3);
    cr_expect_eq(credential_back.encrypted_secret[1], 5);
    for (size_t len = 0; len < w.len; len++)
        cr_expect_neq(assay_tpm_challenge_decode(bytes, len, &slot, &credential_back), ASSAY_OK);
    cr_expect_eq(assay_tpm_pending_decode(bytes, w.len, &challenge_back), ASSAY_E_VERSION);

    w = assay_writer_over(bytes, sizeof bytes);
    assay_tpm_pending_encode(&challenge, &w);
    cr_assert_eq(assay_tpm_pending_decode(bytes, w.len, &challenge_back), ASSAY_OK);
    cr_expect(assay_key_equal(&challenge_back.ak, &challenge.ak));
    cr_expect(assay_bytes_equal(challenge_back.secret, challenge.secret, 32));
    cr_expect(assay_bytes_equal(challenge_back.ek_name, challenge.ek_name, 32));
    for (size_t len = 0; len < w.len; len++)
        cr_expect_neq(assay_tpm_pending_decode(bytes, len, &challenge_back), ASSAY_OK);
}

Test(tpm_registrar, a_credential_wants_a_storage_key)
{
    struct assay_tpm_credential credential;
    struct assay_tpm_public ek = { .type = ASSAY_TPM_ECC,
                                   .name_alg = ASSAY_TPM_SHA256,
                                   .attributes = ASSAY_TPM_DECRYPT,
                                   .symmetric = ASSAY_TPM_AES,
                                   .symmetric_bits = 128,
                                   .symmetric_mode = ASSAY_TPM_CFB };
    const struct assay_slice name = assay_slice_over("name", 4);
    const struct assay_slice secret = assay_slice_over("secret", 6);
    const struct assay_slice none = { NULL, 0 };
    const struct assay_tpm_public good = ek;
    ek.key = registrar.key;
    cr_assert_eq(assay_tpm_credential_make(&ek, name, secret, &credential), ASSAY_OK);
    cr_expect_eq(credential.encrypted_secret_len, 2 + 2 + 32 + 2 + 32);
    cr_expect_eq(credential.id_object_len, 2 + 2 + 32 + 2 + 6);
    cr_expect_eq(assay_tpm_credential_make(&ek, none, secret, &credential), ASSAY_E_RANGE);
    cr_expect_eq(assay_tpm_credential_make(&ek, name, none, &credential), ASSAY_E_RANGE);
    ek.attributes = ASSAY_TPM_SIGN;
    cr_expect_eq(assay_tpm_credential_make(&ek, name, secret, &credential), ASSAY_E_UNSUPPORTED);
    ek.attributes = good.attributes;
    ek.symmetric_bits = 192;
    cr_expect_eq(assay_tpm_credential_make(&ek, name, secret, &credential), ASSAY_E_UNSUPPORTED);
    ek.symmetric_bits = 128;
    ek.name_alg = ASSAY_TPM_SHA1;
    cr_expect_eq(assay_tpm_credential_make(&ek, name, secret, &credential), ASSAY_E_UNSUPPORTED);
    ek.name_alg = ASSAY_TPM_SHA512;
    cr_expect_eq(assay_tpm_credential_make(&ek, name, secret, &credential), ASSAY_OK);
    ek.key.bytes[0] ^= 1; /* off the curve */
    cr_expect_eq(assay_tpm_credential_make(&ek, name, secret, &credential), ASSAY_E_KEY);
}
