/*
 * tests/unit/quote/x509/test_x509_reference.c - the project's own reader of certificates and
 * revocation lists, held against OpenSSL's.
 *
 * Certificates of every kind, whole and with one to three bytes changed: what the reader accepts,
 * OpenSSL accepts, and both say the same of it. The other way round need not hold: the reader is
 * the stricter one, and what it accepts is counted, so that it cannot pass by refusing everything.
 */
#include "quote/x509.h"

#include "quote/certificates/chain.h"
#include "tests/support/authority.h"
#include "tests/support/depth.h"
#include "tests/unit/base/random.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

enum { SAMPLES = 7, MUTATIONS = 4000 };

struct sample {
    uint8_t der[AUTHORITY_DER_MAX];
    size_t len;
};

static void add(struct sample *out, const struct authority_certificate *c)
{
    out->len = authority_certificate_make(c, out->der);
}

/* One certificate of each kind that endorses evidence. */
static void make_samples(struct sample samples[SAMPLES])
{
    static const uint8_t ek_usage[] = { 0x30, 0x07, 0x06, 0x05, 0x67, 0x81, 0x05, 0x08, 0x01 };
    static const uint8_t names[] = { 0x30, 0x06, 0x82, 0x04, 'h', 'o', 's', 't' };
    struct authority_key *rsa = authority_key_make(ASSAY_KEY_RSA);
    struct authority_key *p256 = authority_key_make(ASSAY_KEY_P256);
    struct authority_key *p384 = authority_key_make(ASSAY_KEY_P384);
    struct assay_vek vek = { .struct_version = 1, .product = "Turin-B1", .has_fmc = true,
                             .bootloader = 200, .snp = 24, .microcode = 255, .hwid_len = 8 };
    struct authority_certificate c =
        authority_ca("ARK", rsa, "ARK", rsa, ASSAY_SIGNATURE_RSA_PSS_SHA384);
    add(&samples[0], &c);
    c = authority_leaf("VCEK", p384, "ARK", rsa, ASSAY_SIGNATURE_RSA_PSS_SHA384);
    c.has_key_ids = c.has_constraints = false;
    c.key_usage = 0;
    c.serial = 0;
    authority_add_vek(&c, &vek);
    add(&samples[1], &c);
    c = authority_ca("G1", p384, "G1", p384, ASSAY_SIGNATURE_ECDSA_SHA384);
    c.has_path_len = true;
    c.path_len = 200;
    c.serial = UINT64_MAX;
    add(&samples[2], &c);
    c = authority_leaf("PCK", p256, "G1", p256, ASSAY_SIGNATURE_ECDSA_SHA256);
    add(&samples[3], &c);
    c = authority_leaf("EK", rsa, "TPM maker", rsa, ASSAY_SIGNATURE_RSA_PKCS1_SHA256);
    c.key_usage = ASSAY_KEY_USAGE_KEY_ENCIPHERMENT;
    authority_add_extension(&c, "2.5.29.37", true, ek_usage, sizeof ek_usage);
    authority_add_extension(&c, "2.5.29.17", true, names, sizeof names);
    add(&samples[4], &c);
    c = authority_leaf("EK of P-384", p384, "TPM maker", rsa, ASSAY_SIGNATURE_RSA_PKCS1_SHA384);
    c.key_usage = ASSAY_KEY_USAGE_KEY_AGREEMENT;
    c.from_s = INT64_C(4102444800); /* 2100: a GeneralizedTime */
    c.to_s = INT64_C(253402300799); /* the end of 9999 */
    add(&samples[5], &c);
    c = authority_ca("PSS of SHA-256", p256, "ARK", rsa, ASSAY_SIGNATURE_RSA_PSS_SHA256);
    add(&samples[6], &c);
    authority_key_free(&rsa);
    authority_key_free(&p256);
    authority_key_free(&p384);
}

/* --- what OpenSSL says */
static int64_t unix_of(const ASN1_TIME *time)
{
    ASN1_TIME *const epoch = ASN1_TIME_set(NULL, 0);
    int days = 0;
    int seconds = 0;
    cr_assert_eq(ASN1_TIME_diff(&days, &seconds, epoch, time), 1);
    ASN1_TIME_free(epoch);
    return (int64_t)days * 86400 + seconds;
}

static void same_serial(const ASN1_INTEGER *theirs, const uint8_t ours[ASSAY_SERIAL_LEN])
{
    uint8_t padded[ASSAY_SERIAL_LEN];
    BIGNUM *const number = ASN1_INTEGER_to_BN(theirs, NULL);
    cr_assert_eq(BN_is_negative(number), 0);
    cr_assert_eq(BN_bn2binpad(number, padded, ASSAY_SERIAL_LEN), ASSAY_SERIAL_LEN);
    cr_assert_arr_eq(padded, ours, ASSAY_SERIAL_LEN);
    BN_free(number);
}

static void same_name(const X509_NAME *theirs, const struct assay_dn *ours)
{
    const unsigned char *der = NULL;
    size_t len = 0;
    cr_assert_eq(X509_NAME_get0_der(theirs, &der, &len), 1);
    cr_assert_eq(len, ours->len);
    cr_assert_arr_eq(der, ours->der, len);
}

static void same_key(X509 *x, const struct assay_certificate *c)
{
    unsigned char *theirs = NULL;
    uint8_t ours[1024];
    size_t len = 0;
    const int theirs_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &theirs);
    cr_assert_eq(assay_key_spki(&c->key, ours, sizeof ours, &len), ASSAY_OK);
    cr_assert_eq(len, (size_t)theirs_len);
    cr_assert_arr_eq(ours, theirs, len);
    OPENSSL_free(theirs);
}

static void same_uses(X509 *x, const struct assay_certificate *c)
{
    int critical = 0;
    BASIC_CONSTRAINTS *const bc = X509_get_ext_d2i(x, NID_basic_constraints, &critical, NULL);
    cr_assert_eq(bc != NULL, c->has_basic_constraints);
    cr_assert_eq(bc != NULL && bc->ca != 0, c->is_ca);
    cr_assert_eq(bc != NULL && bc->pathlen != NULL, c->has_path_len);
    if (c->has_path_len) cr_assert_eq(ASN1_INTEGER_get(bc->pathlen), (long)c->path_len);
    BASIC_CONSTRAINTS_free(bc);

    static const uint32_t uses[] = { ASSAY_KEY_USAGE_DIGITAL_SIGNATURE, 0,
                                     ASSAY_KEY_USAGE_KEY_ENCIPHERMENT, 0,
                                     ASSAY_KEY_USAGE_KEY_AGREEMENT, ASSAY_KEY_USAGE_CERT_SIGN,
                                     ASSAY_KEY_USAGE_CRL_SIGN };
    ASN1_BIT_STRING *const bits = X509_get_ext_d2i(x, NID_key_usage, &critical, NULL);
    cr_assert_eq(bits != NULL, c->has_key_usage);
    uint32_t found = 0;
    for (int i = 0; bits != NULL && i < 7; i++)
        if (ASN1_BIT_STRING_get_bit(bits, i) == 1) found |= uses[i];
    cr_assert_eq(found, c->key_usage);
    ASN1_BIT_STRING_free(bits);

    ASN1_OCTET_STRING *const id = X509_get_ext_d2i(x, NID_subject_key_identifier, &critical, NULL);
    cr_assert_eq(id != NULL, c->has_subject_key_id);
    if (id != NULL && ASN1_STRING_length(id) == ASSAY_KEY_ID_LEN)
        cr_assert_arr_eq(ASN1_STRING_get0_data(id), c->subject_key_id, ASSAY_KEY_ID_LEN);
    ASN1_OCTET_STRING_free(id);
}

/* The signature over the bytes that both call to-be-signed. */
static void same_tbs(X509 *x, const struct assay_certificate *c)
{
    unsigned char *theirs = NULL;
    uint8_t digest[ASSAY_DIGEST_MAX];
    const int len = i2d_re_X509_tbs(x, &theirs);
    cr_assert_gt(len, 0);
    const size_t digest_len =
        assay_signature_digest(c->signature.alg, theirs, (size_t)len, digest);
    cr_assert_arr_eq(digest, c->tbs_digest, digest_len);
    OPENSSL_free(theirs);
}

/* Returns: true when the reader accepts; then OpenSSL must, and say the same. */
static bool compare(const uint8_t *der, size_t len, bool whole)
{
    struct assay_certificate c;
    if (assay_x509_certificate(der, len, &c) != ASSAY_OK) {
        cr_assert_not(whole);
        return false;
    }
    const unsigned char *p = der;
    X509 *const x = d2i_X509(NULL, &p, (long)len);
    ERR_clear_error();
    cr_assert_not_null(x);
    cr_assert_eq(p, der + len);
    same_serial(X509_get0_serialNumber(x), c.serial);
    same_name(X509_get_issuer_name(x), &c.issuer);
    same_name(X509_get_subject_name(x), &c.subject);
    cr_assert_eq(unix_of(X509_get0_notBefore(x)), c.not_before_s);
    cr_assert_eq(unix_of(X509_get0_notAfter(x)), c.not_after_s);
    same_key(x, &c);
    same_uses(x, &c);
    same_tbs(x, &c);
    X509_free(x);
    return true;
}

Test(quote_x509_reference, says_of_certificates_what_openssl_says)
{
    struct sample *const samples = calloc(SAMPLES, sizeof *samples);
    cr_assert_not_null(samples);
    struct random random = { 509 };
    make_samples(samples);
    const unsigned mutations = MUTATIONS / (unsigned)test_every(4);
    for (size_t i = 0; i < SAMPLES; i++) {
        unsigned accepted = 0;
        cr_assert(compare(samples[i].der, samples[i].len, true), "sample %zu", i);
        for (unsigned k = 0; k < mutations; k++) {
            uint8_t *const exact = malloc(samples[i].len);
            cr_assert_not_null(exact);
            assay_bytes_copy(exact, samples[i].len, samples[i].der, samples[i].len);
            const uint64_t changes = 1 + random_below(&random, 3);
            for (uint64_t change = 0; change < changes; change++)
                exact[random_below(&random, samples[i].len)] ^=
                    (uint8_t)(1 + random_below(&random, 255));
            accepted += compare(exact, samples[i].len, false);
            free(exact);
        }
        cr_assert(accepted > mutations / 10 && accepted < mutations, "%u", accepted);
    }
    free(samples);
}

Test(quote_x509_reference, rejects_every_truncation_of_every_kind)
{
    struct sample *const samples = calloc(SAMPLES, sizeof *samples);
    struct assay_certificate c;
    cr_assert_not_null(samples);
    make_samples(samples);
    for (size_t i = 0; i < SAMPLES; i++) {
        for (size_t cut = 0; cut < samples[i].len; cut++) {
            uint8_t *const exact = malloc(cut == 0 ? 1 : cut);
            cr_assert_not_null(exact);
            assay_bytes_copy(exact, cut, samples[i].der, cut);
            cr_assert_eq(assay_x509_certificate(exact, cut, &c), ASSAY_E_SYNTAX);
            free(exact);
        }
        samples[i].der[samples[i].len] = 0;
        cr_assert_eq(assay_x509_certificate(samples[i].der, samples[i].len + 1, &c),
                     ASSAY_E_TRAILING);
    }
    free(samples);
}

/* --- revocation lists */
static void compare_lists(const uint8_t *der, size_t len, struct assay_crl *crl, unsigned *accepted)
{
    if (assay_x509_crl(der, len, crl) != ASSAY_OK) return;
    const unsigned char *p = der;
    X509_CRL *const x = d2i_X509_CRL(NULL, &p, (long)len);
    ERR_clear_error();
    *accepted += 1;
    cr_assert_not_null(x);
    same_name(X509_CRL_get_issuer(x), &crl->issuer);
    cr_assert_eq(unix_of(X509_CRL_get0_lastUpdate(x)), crl->this_update_s);
    cr_assert_eq(unix_of(X509_CRL_get0_nextUpdate(x)), crl->next_update_s);
    STACK_OF(X509_REVOKED) *const entries = X509_CRL_get_REVOKED(x);
    const int count = entries == NULL ? 0 : sk_X509_REVOKED_num(entries);
    cr_assert_eq((uint32_t)count, crl->revoked_count);
    for (int i = 0; i < count; i++) {
        bool found = false;
        uint8_t padded[ASSAY_SERIAL_LEN];
        BIGNUM *const number = ASN1_INTEGER_to_BN(
            X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(entries, i)), NULL);
        cr_assert_eq(BN_bn2binpad(number, padded, ASSAY_SERIAL_LEN), ASSAY_SERIAL_LEN);
        for (uint32_t k = 0; k < crl->revoked_count; k++)
            found = found || assay_bytes_equal(crl->revoked[k], padded, ASSAY_SERIAL_LEN);
        cr_assert(found);
        BN_free(number);
    }
    X509_CRL_free(x);
}

Test(quote_x509_reference, says_of_lists_what_openssl_says)
{
    static const uint64_t revoked[] = { 0, 1, 127, 128, 65537, UINT64_MAX };
    struct authority_key *rsa = authority_key_make(ASSAY_KEY_RSA);
    struct assay_crl *const crl = calloc(1, sizeof *crl);
    struct random random = { 5280 };
    uint8_t der[AUTHORITY_DER_MAX];
    unsigned accepted = 0;
    cr_assert_not_null(crl);
    const struct authority_crl terms = { .issuer = "ARK", .signer = rsa,
                                         .alg = ASSAY_SIGNATURE_RSA_PSS_SHA384, .number = 300,
                                         .from_s = 1700000000, .to_s = INT64_C(2600000000),
                                         .has_key_id = true, .revoked_count = 6,
                                         .revoked = revoked };
    const size_t len = authority_crl_make(&terms, der);
    compare_lists(der, len, crl, &accepted);
    cr_assert_eq(accepted, 1);
    cr_assert(crl->has_number && crl->number[18] == 1 && crl->number[19] == 44);
    for (unsigned k = 0; k < MUTATIONS; k++) {
        uint8_t *const exact = malloc(len);
        cr_assert_not_null(exact);
        assay_bytes_copy(exact, len, der, len);
        exact[random_below(&random, len)] ^= (uint8_t)(1 + random_below(&random, 255));
        compare_lists(exact, len, crl, &accepted);
        free(exact);
    }
    cr_assert(accepted > MUTATIONS / 10 && accepted < MUTATIONS, "%u", accepted);
    free(crl);
    authority_key_free(&rsa);
}
