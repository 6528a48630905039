/*
 * base/crypto/openssl_certificate.c - certificates and keys of TLS clients
 * (base/pem_certificate.h).
 */
#include "base/pem_certificate.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <time.h>

/* A key behind a passphrase is none that a command can use: nothing is asked. */
static int refuse_passphrase(char *out, int size, int writes, void *context)
{
    (void)out;
    (void)size;
    (void)writes;
    (void)context;
    return -1;
}

static BIO *open_pem(struct assay_slice pem)
{
    return pem.len <= ASSAY_PEM_FILE_MAX ? BIO_new_mem_buf(pem.bytes, (int)pem.len) : NULL;
}

static X509 *read_first(struct assay_slice pem)
{
    BIO *bio = open_pem(pem);
    X509 *certificate = bio != NULL ? PEM_read_bio_X509(bio, NULL, refuse_passphrase, NULL) : NULL;
    BIO_free(bio);
    ERR_clear_error();
    return certificate;
}

static bool read_time(const ASN1_TIME *time, int64_t *unix_s)
{
    struct tm fields = { 0 };
    if (ASN1_TIME_to_tm(time, &fields) != 1) return false;
    *unix_s = (int64_t)timegm(&fields);
    return true;
}

/* RFC 2253, with everything escaped that a terminal could obey. */
static bool read_subject(const X509 *certificate, char subject[static ASSAY_PEM_SUBJECT_LEN])
{
    char *text = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    const unsigned long flags = XN_FLAG_RFC2253; /* has ASN1_STRFLGS_ESC_CTRL and ESC_MSB */
    const bool is_printed =
        bio != NULL && X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0, flags) >= 0;
    const long len = is_printed ? BIO_get_mem_data(bio, &text) : -1;
    const size_t room = ASSAY_PEM_SUBJECT_LEN - 1;
    const size_t kept = len < 0 ? 0 : (size_t)len < room ? (size_t)len : room;
    assay_bytes_copy(subject, ASSAY_PEM_SUBJECT_LEN, text, kept);
    subject[kept] = '\0';
    BIO_free(bio);
    return len >= 0;
}

static bool read_key_digest(X509 *certificate, uint8_t digest[static 32])
{
    uint8_t *der = NULL;
    const int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    const bool is_read = len > 0 && SHA256(der, (size_t)len, digest) != NULL;
    OPENSSL_free(der);
    return is_read;
}

enum assay_status assay_pem_certificate_read(struct assay_slice pem,
                                             struct assay_pem_certificate *out)
{
    *out = (struct assay_pem_certificate){ .subject = "" };
    X509 *certificate = read_first(pem);
    if (certificate == NULL) return ASSAY_E_SYNTAX;
    const bool is_read = read_time(X509_get0_notBefore(certificate), &out->begins_unix_s) &&
                         read_time(X509_get0_notAfter(certificate), &out->ends_unix_s) &&
                         read_subject(certificate, out->subject) &&
                         read_key_digest(certificate, out->key_sha256);
    const uint32_t purposes = X509_get_extended_key_usage(certificate);
    out->is_for_clients = purposes != UINT32_MAX && (purposes & XKU_SSL_CLIENT) != 0;
    X509_free(certificate);
    ERR_clear_error();
    return is_read ? ASSAY_OK : ASSAY_E_CRYPTO;
}

enum assay_status assay_pem_key_check(struct assay_slice certificate_pem,
                                      struct assay_slice key_pem)
{
    X509 *certificate = read_first(certificate_pem);
    BIO *bio = open_pem(key_pem);
    EVP_PKEY *key =
        bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, NULL) : NULL;
    enum assay_status status = ASSAY_E_SYNTAX;
    if (certificate != NULL && key != NULL)
        status = X509_check_private_key(certificate, key) == 1 ? ASSAY_OK : ASSAY_E_KEY;
    EVP_PKEY_free(key);
    BIO_free(bio);
    X509_free(certificate);
    ERR_clear_error();
    return status;
}
