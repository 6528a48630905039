/*
 * tests/support/authority.c - certificates and lists by OpenSSL, so that what is read here was
 * written by another hand.
 */
#include "tests/support/authority.h"

#include "base/assert.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

enum {
    FROM_S = 1577836800, /* 2020-01-01 */
    EC_KEY_LEN_MAX = 97,
    SIGNATURE_DER_MAX = 600,
};
static const int64_t to_s = INT64_C(2208988800); /* 2040-01-01 */

struct authority_key {
    EVP_PKEY *pair;
};

static struct authority_key *own(EVP_PKEY *pair)
{
    struct authority_key *const key = OPENSSL_zalloc(sizeof *key);
    ASSAY_ASSERT(key != NULL && pair != NULL);
    key->pair = pair;
    return key;
}

static EVP_PKEY *read_pair(const char *path)
{
    FILE *const file = fopen(path, "r");
    if (file == NULL) return NULL;
    EVP_PKEY *const pair = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    ASSAY_ASSERT(fclose(file) == 0);
    return pair;
}

/* Whole or not at all: other programs look for it at the same time. */
static void keep_pair(EVP_PKEY *pair, const char *path)
{
    char own_path[PATH_MAX + 16];
    (void)snprintf(own_path, sizeof own_path, "%s.%ld", path, (long)getpid());
    FILE *const file = fopen(own_path, "w");
    if (file == NULL) return; /* the next one makes its own again */
    const bool written = PEM_write_PrivateKey(file, pair, NULL, NULL, 0, NULL, NULL) == 1;
    const bool closed = fclose(file) == 0;
    if (!written || !closed || rename(own_path, path) != 0) (void)unlink(own_path);
}

struct authority_key *authority_key_make_rsa(unsigned bits)
{
    static unsigned made;
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, ASSAY_TEST_KEYS "/rsa-%u-%u.pem", bits, made++);
    EVP_PKEY *pair = read_pair(path);
    if (pair == NULL) {
        pair = EVP_RSA_gen(bits);
        ASSAY_ASSERT(pair != NULL);
        keep_pair(pair, path);
    }
    return own(pair);
}

struct authority_key *authority_key_make(enum assay_key_type type)
{
    switch (type) {
    case ASSAY_KEY_P256: return own(EVP_EC_gen("P-256"));
    case ASSAY_KEY_P384: return own(EVP_EC_gen("P-384"));
    case ASSAY_KEY_RSA: return authority_key_make_rsa(2048);
    case ASSAY_KEY_NONE: break;
    }
    ASSAY_UNREACHABLE("a type of key");
}

struct authority_key *authority_key_keep(enum assay_key_type type, const char *path)
{
    EVP_PKEY *const pair = read_pair(path);
    if (pair != NULL) return own(pair);
    struct authority_key *const key = authority_key_make(type);
    keep_pair(key->pair, path);
    return key;
}

void authority_key_free(struct authority_key **key)
{
    if (*key == NULL) return;
    EVP_PKEY_free((*key)->pair);
    OPENSSL_free(*key);
    *key = NULL;
}

static void rsa_public(EVP_PKEY *pair, struct assay_key *out)
{
    BIGNUM *n = NULL;
    BIGNUM *e = NULL;
    uint8_t bytes[ASSAY_KEY_BYTES_MAX];
    ASSAY_ASSERT(EVP_PKEY_get_bn_param(pair, OSSL_PKEY_PARAM_RSA_N, &n) == 1);
    ASSAY_ASSERT(EVP_PKEY_get_bn_param(pair, OSSL_PKEY_PARAM_RSA_E, &e) == 1);
    const int len = BN_num_bytes(n);
    ASSAY_ASSERT(len <= ASSAY_RSA_MODULUS_MAX);
    ASSAY_ASSERT(BN_bn2binpad(n, bytes, len) == len);
    ASSAY_ASSERT(BN_bn2binpad(e, bytes + len, 4) == 4);
    assay_key_from(out, ASSAY_KEY_RSA, bytes, (size_t)len + 4);
    BN_free(n);
    BN_free(e);
}

void authority_key_public(const struct authority_key *key, struct assay_key *out)
{
    uint8_t point[EC_KEY_LEN_MAX];
    size_t len = 0;
    if (EVP_PKEY_get_base_id(key->pair) == EVP_PKEY_RSA) {
        rsa_public(key->pair, out);
        return;
    }
    ASSAY_ASSERT(EVP_PKEY_get_octet_string_param(key->pair, OSSL_PKEY_PARAM_PUB_KEY, point,
                                                 sizeof point, &len) == 1);
    ASSAY_ASSERT(len == 65 || len == 97);
    assay_key_from(out, len == 65 ? ASSAY_KEY_P256 : ASSAY_KEY_P384, point + 1, len - 1);
}

/* --- signing */
static const EVP_MD *hash_of(enum assay_signature_alg alg)
{
    const size_t len = assay_signature_digest_len(alg);
    if (len == ASSAY_SHA512_LEN) return EVP_sha512();
    return len == ASSAY_SHA256_LEN ? EVP_sha256() : EVP_sha384();
}

static bool is_pss(enum assay_signature_alg alg)
{
    return alg == ASSAY_SIGNATURE_RSA_PSS_SHA256 || alg == ASSAY_SIGNATURE_RSA_PSS_SHA384 ||
           alg == ASSAY_SIGNATURE_RSA_PSS_SHA512;
}

static bool is_ecdsa(enum assay_signature_alg alg)
{
    return alg == ASSAY_SIGNATURE_ECDSA_SHA256 || alg == ASSAY_SIGNATURE_ECDSA_SHA384;
}

static EVP_MD_CTX *start_signing(const struct authority_key *key, enum assay_signature_alg alg)
{
    EVP_MD_CTX *const context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options = NULL;
    ASSAY_ASSERT(context != NULL);
    ASSAY_ASSERT(EVP_DigestSignInit(context, &options, hash_of(alg), NULL, key->pair) == 1);
    if (is_pss(alg)) {
        ASSAY_ASSERT(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1);
        ASSAY_ASSERT(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1);
    }
    return context;
}

static void split_ecdsa(const uint8_t *der, size_t len, struct assay_signature *out)
{
    const unsigned char *p = der;
    ECDSA_SIG *const both = d2i_ECDSA_SIG(NULL, &p, (long)len);
    ASSAY_ASSERT(both != NULL);
    ASSAY_ASSERT(BN_bn2binpad(ECDSA_SIG_get0_r(both), out->bytes, 48) == 48);
    ASSAY_ASSERT(BN_bn2binpad(ECDSA_SIG_get0_s(both), out->bytes + 48, 48) == 48);
    out->len = 96;
    ECDSA_SIG_free(both);
}

void authority_sign(const struct authority_key *key, enum assay_signature_alg alg,
                    const void *bytes, size_t len, struct assay_signature *out)
{
    uint8_t made[SIGNATURE_DER_MAX];
    size_t made_len = sizeof made;
    EVP_MD_CTX *const context = start_signing(key, alg);
    ASSAY_ASSERT(EVP_DigestSign(context, made, &made_len, bytes, len) == 1);
    EVP_MD_CTX_free(context);
    assay_bytes_zero(out, sizeof *out);
    out->alg = alg;
    if (is_ecdsa(alg)) {
        split_ecdsa(made, made_len, out);
        return;
    }
    assay_bytes_copy(out->bytes, sizeof out->bytes, made, made_len);
    out->len = (uint32_t)made_len;
}

void authority_rsa_open(const struct authority_key *key, const struct assay_signature *signature,
                        uint8_t encoded[static ASSAY_RSA_MODULUS_MAX])
{
    EVP_PKEY_CTX *const context = EVP_PKEY_CTX_new(key->pair, NULL);
    size_t len = ASSAY_RSA_MODULUS_MAX;
    ASSAY_ASSERT(context != NULL && EVP_PKEY_verify_recover_init(context) == 1);
    ASSAY_ASSERT(EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) == 1);
    ASSAY_ASSERT(EVP_PKEY_verify_recover(context, encoded, &len, signature->bytes,
                                         signature->len) == 1);
    ASSAY_ASSERT(len == signature->len);
    EVP_PKEY_CTX_free(context);
}

void authority_rsa_close(const struct authority_key *key, const uint8_t *encoded,
                         struct assay_signature *signature)
{
    EVP_PKEY_CTX *const context = EVP_PKEY_CTX_new(key->pair, NULL);
    size_t len = sizeof signature->bytes;
    ASSAY_ASSERT(context != NULL && EVP_PKEY_sign_init(context) == 1);
    ASSAY_ASSERT(EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) == 1);
    ASSAY_ASSERT(EVP_PKEY_sign(context, signature->bytes, &len, encoded, signature->len) == 1);
    ASSAY_ASSERT(len == signature->len);
    EVP_PKEY_CTX_free(context);
}

/* --- certificates */
struct authority_certificate authority_ca(const char *subject, const struct authority_key *key,
                                          const char *issuer, const struct authority_key *signer,
                                          enum assay_signature_alg alg)
{
    struct authority_certificate c = authority_leaf(subject, key, issuer, signer, alg);
    c.is_ca = true;
    c.key_usage = ASSAY_KEY_USAGE_CERT_SIGN | ASSAY_KEY_USAGE_CRL_SIGN;
    return c;
}

struct authority_certificate authority_leaf(const char *subject, const struct authority_key *key,
                                            const char *issuer, const struct authority_key *signer,
                                            enum assay_signature_alg alg)
{
    return (struct authority_certificate){
        .subject = subject,
        .issuer = issuer,
        .key = key,
        .signer = signer,
        .alg = alg,
        .serial = 1,
        .from_s = FROM_S,
        .to_s = to_s,
        .has_constraints = true,
        .key_usage = ASSAY_KEY_USAGE_DIGITAL_SIGNATURE,
        .has_key_ids = true,
    };
}

void authority_add_extension(struct authority_certificate *c, const char *oid, bool critical,
                             const uint8_t *value, size_t len)
{
    ASSAY_ASSERT(c->extension_count < AUTHORITY_EXTENSIONS_MAX);
    struct authority_extension *const extension = &c->extensions[c->extension_count];
    *extension = (struct authority_extension){ .oid = oid, .critical = critical, .len = len };
    assay_bytes_copy(extension->value, sizeof extension->value, value, len);
    c->extension_count += 1;
}

static void add_number(struct authority_certificate *c, const char *oid, uint8_t number)
{
    const uint8_t small[] = { 0x02, 0x01, number };
    const uint8_t large[] = { 0x02, 0x02, 0x00, number };
    if (number < 0x80) authority_add_extension(c, oid, false, small, sizeof small);
    else authority_add_extension(c, oid, false, large, sizeof large);
}

static void add_text(struct authority_certificate *c, const char *oid, const char *text)
{
    enum { IA5_STRING = 0x16 };
    uint8_t value[2 + ASSAY_COMMON_NAME_MAX];
    const size_t len = strlen(text);
    value[0] = IA5_STRING;
    value[1] = (uint8_t)len;
    assay_bytes_copy(value + 2, sizeof value - 2, text, len);
    authority_add_extension(c, oid, false, value, len + 2);
}

void authority_add_vek(struct authority_certificate *c, const struct assay_vek *vek)
{
    add_number(c, "1.3.6.1.4.1.3704.1.1", (uint8_t)vek->struct_version);
    add_text(c, "1.3.6.1.4.1.3704.1.2", vek->product);
    add_number(c, "1.3.6.1.4.1.3704.1.3.1", vek->bootloader);
    add_number(c, "1.3.6.1.4.1.3704.1.3.2", vek->tee);
    add_number(c, "1.3.6.1.4.1.3704.1.3.3", vek->snp);
    add_number(c, "1.3.6.1.4.1.3704.1.3.8", vek->microcode);
    if (vek->has_fmc) add_number(c, "1.3.6.1.4.1.3704.1.3.9", vek->fmc);
    if (vek->hwid_len > 0)
        authority_add_extension(c, "1.3.6.1.4.1.3704.1.4", false, vek->hwid, vek->hwid_len);
    if (vek->csp[0] != '\0') add_text(c, "1.3.6.1.4.1.3704.1.5", vek->csp);
}

static X509_NAME *make_name(const char *common_name)
{
    X509_NAME *const name = X509_NAME_new();
    ASSAY_ASSERT(name != NULL);
    const unsigned char *const organization = (const unsigned char *)"Assay tests";
    ASSAY_ASSERT(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, organization, -1, -1, 0));
    ASSAY_ASSERT(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                            (const unsigned char *)common_name, -1, -1, 0));
    return name;
}

static void put_extension(X509 *x, const char *oid, bool critical, const uint8_t *value, size_t len)
{
    ASN1_OBJECT *const object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *const octets = ASN1_OCTET_STRING_new();
    ASSAY_ASSERT(object != NULL && octets != NULL);
    ASSAY_ASSERT(ASN1_OCTET_STRING_set(octets, value, (int)len) == 1);
    X509_EXTENSION *const extension =
        X509_EXTENSION_create_by_OBJ(NULL, object, critical ? 1 : 0, octets);
    ASSAY_ASSERT(extension != NULL && X509_add_ext(x, extension, -1) == 1);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(octets);
    ASN1_OBJECT_free(object);
}

static void put_constraints(X509 *x, const struct authority_certificate *c)
{
    BASIC_CONSTRAINTS *const constraints = BASIC_CONSTRAINTS_new();
    ASSAY_ASSERT(constraints != NULL);
    constraints->ca = c->is_ca ? 0xff : 0;
    if (c->has_path_len) {
        constraints->pathlen = ASN1_INTEGER_new();
        ASSAY_ASSERT(ASN1_INTEGER_set_uint64(constraints->pathlen, c->path_len) == 1);
    }
    ASSAY_ASSERT(X509_add1_ext_i2d(x, NID_basic_constraints, constraints, 1, 0) == 1);
    BASIC_CONSTRAINTS_free(constraints);
}

static void put_key_usage(X509 *x, uint32_t usage)
{
    ASN1_BIT_STRING *const bits = ASN1_BIT_STRING_new();
    ASSAY_ASSERT(bits != NULL);
    if ((usage & ASSAY_KEY_USAGE_DIGITAL_SIGNATURE) != 0) ASN1_BIT_STRING_set_bit(bits, 0, 1);
    if ((usage & ASSAY_KEY_USAGE_KEY_ENCIPHERMENT) != 0) ASN1_BIT_STRING_set_bit(bits, 2, 1);
    if ((usage & ASSAY_KEY_USAGE_KEY_AGREEMENT) != 0) ASN1_BIT_STRING_set_bit(bits, 4, 1);
    if ((usage & ASSAY_KEY_USAGE_CERT_SIGN) != 0) ASN1_BIT_STRING_set_bit(bits, 5, 1);
    if ((usage & ASSAY_KEY_USAGE_CRL_SIGN) != 0) ASN1_BIT_STRING_set_bit(bits, 6, 1);
    ASSAY_ASSERT(X509_add1_ext_i2d(x, NID_key_usage, bits, 1, 0) == 1);
    ASN1_BIT_STRING_free(bits);
}

/* RFC 5280 4.2.1.2, method 1. */
static ASN1_OCTET_STRING *key_id_of(const struct authority_key *key)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    X509 *const holder = X509_new();
    ASN1_OCTET_STRING *const id = ASN1_OCTET_STRING_new();
    ASSAY_ASSERT(holder != NULL && id != NULL);
    ASSAY_ASSERT(X509_set_pubkey(holder, key->pair) == 1);
    ASSAY_ASSERT(X509_pubkey_digest(holder, EVP_sha1(), digest, &len) == 1);
    ASSAY_ASSERT(ASN1_OCTET_STRING_set(id, digest, (int)len) == 1);
    X509_free(holder);
    return id;
}

static void put_key_ids(X509 *x, const struct authority_certificate *c)
{
    ASN1_OCTET_STRING *const id = key_id_of(c->key);
    ASSAY_ASSERT(X509_add1_ext_i2d(x, NID_subject_key_identifier, id, 0, 0) == 1);
    ASN1_OCTET_STRING_free(id);
    AUTHORITY_KEYID *const authority = AUTHORITY_KEYID_new();
    ASSAY_ASSERT(authority != NULL);
    authority->keyid = key_id_of(c->signer);
    ASSAY_ASSERT(X509_add1_ext_i2d(x, NID_authority_key_identifier, authority, 0, 0) == 1);
    AUTHORITY_KEYID_free(authority);
}

static void put_names(X509 *x, const struct authority_certificate *c)
{
    X509_NAME *const subject = make_name(c->subject);
    X509_NAME *const issuer = make_name(c->issuer);
    ASSAY_ASSERT(X509_set_subject_name(x, subject) == 1 && X509_set_issuer_name(x, issuer) == 1);
    X509_NAME_free(subject);
    X509_NAME_free(issuer);
}

size_t authority_certificate_make(const struct authority_certificate *c,
                                  uint8_t der[static AUTHORITY_DER_MAX])
{
    X509 *const x = X509_new();
    ASSAY_ASSERT(x != NULL && X509_set_version(x, X509_VERSION_3) == 1);
    ASSAY_ASSERT(ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), c->serial) == 1);
    ASSAY_ASSERT(ASN1_TIME_set(X509_getm_notBefore(x), (time_t)c->from_s) != NULL);
    ASSAY_ASSERT(ASN1_TIME_set(X509_getm_notAfter(x), (time_t)c->to_s) != NULL);
    put_names(x, c);
    ASSAY_ASSERT(X509_set_pubkey(x, c->key->pair) == 1);
    if (c->has_constraints) put_constraints(x, c);
    if (c->key_usage != 0) put_key_usage(x, c->key_usage);
    if (c->has_key_ids) put_key_ids(x, c);
    for (size_t i = 0; i < c->extension_count; i++) {
        const struct authority_extension *const e = &c->extensions[i];
        put_extension(x, e->oid, e->critical, e->value, e->len);
    }
    EVP_MD_CTX *const context = start_signing(c->signer, c->alg);
    ASSAY_ASSERT(X509_sign_ctx(x, context) > 0);
    EVP_MD_CTX_free(context);
    unsigned char *p = der;
    const int len = i2d_X509(x, NULL);
    ASSAY_ASSERT(len > 0 && len <= AUTHORITY_DER_MAX);
    ASSAY_ASSERT(i2d_X509(x, &p) == len);
    X509_free(x);
    return (size_t)len;
}

struct assay_certificate authority_certificate_read(const struct authority_certificate *c)
{
    uint8_t der[AUTHORITY_DER_MAX];
    struct assay_certificate read;
    const size_t len = authority_certificate_make(c, der);
    ASSAY_ASSERT(assay_x509_certificate(der, len, &read) == ASSAY_OK);
    return read;
}

size_t authority_pem(const char *label, const uint8_t *der, size_t len, uint8_t *text,
                     size_t capacity)
{
    BIO *const memory = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    ASSAY_ASSERT(memory != NULL);
    ASSAY_ASSERT(PEM_write_bio(memory, label, "", der, (long)len) > 0);
    const long text_len = BIO_get_mem_data(memory, &bytes);
    ASSAY_ASSERT(text_len > 0);
    assay_bytes_copy(text, capacity, bytes, (size_t)text_len);
    BIO_free(memory);
    return (size_t)text_len;
}

/* --- revocation lists */
static void put_revoked(X509_CRL *list, uint64_t serial, const ASN1_TIME *at)
{
    X509_REVOKED *const entry = X509_REVOKED_new();
    ASN1_INTEGER *const number = ASN1_INTEGER_new();
    ASN1_TIME *const date = ASN1_STRING_dup(at);
    ASSAY_ASSERT(entry != NULL && number != NULL && date != NULL);
    ASSAY_ASSERT(ASN1_INTEGER_set_uint64(number, serial) == 1);
    ASSAY_ASSERT(X509_REVOKED_set_serialNumber(entry, number) == 1);
    ASSAY_ASSERT(X509_REVOKED_set_revocationDate(entry, date) == 1);
    ASSAY_ASSERT(X509_CRL_add0_revoked(list, entry) == 1); /* which owns the entry now */
    ASN1_INTEGER_free(number);
    ASN1_TIME_free(date);
}

static void put_list_extensions(X509_CRL *list, const struct authority_crl *crl)
{
    ASN1_INTEGER *const number = ASN1_INTEGER_new();
    ASSAY_ASSERT(number != NULL && ASN1_INTEGER_set_uint64(number, crl->number) == 1);
    ASSAY_ASSERT(X509_CRL_add1_ext_i2d(list, NID_crl_number, number, 0, 0) == 1);
    ASN1_INTEGER_free(number);
    if (!crl->has_key_id) return;
    AUTHORITY_KEYID *const authority = AUTHORITY_KEYID_new();
    ASSAY_ASSERT(authority != NULL);
    authority->keyid = key_id_of(crl->signer);
    ASSAY_ASSERT(X509_CRL_add1_ext_i2d(list, NID_authority_key_identifier, authority, 0, 0) == 1);
    AUTHORITY_KEYID_free(authority);
}

size_t authority_crl_make(const struct authority_crl *crl, uint8_t der[static AUTHORITY_DER_MAX])
{
    X509_CRL *const list = X509_CRL_new();
    X509_NAME *const issuer = make_name(crl->issuer);
    ASN1_TIME *const from = ASN1_TIME_set(NULL, (time_t)crl->from_s);
    ASN1_TIME *const to = ASN1_TIME_set(NULL, (time_t)crl->to_s);
    ASSAY_ASSERT(list != NULL && from != NULL && to != NULL);
    ASSAY_ASSERT(X509_CRL_set_version(list, X509_CRL_VERSION_2) == 1);
    ASSAY_ASSERT(X509_CRL_set_issuer_name(list, issuer) == 1);
    ASSAY_ASSERT(X509_CRL_set1_lastUpdate(list, from) == 1);
    ASSAY_ASSERT(X509_CRL_set1_nextUpdate(list, to) == 1);
    for (size_t i = 0; i < crl->revoked_count; i++) put_revoked(list, crl->revoked[i], from);
    put_list_extensions(list, crl);
    EVP_MD_CTX *const context = start_signing(crl->signer, crl->alg);
    ASSAY_ASSERT(X509_CRL_sign_ctx(list, context) > 0);
    EVP_MD_CTX_free(context);
    unsigned char *p = der;
    const int len = i2d_X509_CRL(list, NULL);
    ASSAY_ASSERT(len > 0 && len <= AUTHORITY_DER_MAX);
    ASSAY_ASSERT(i2d_X509_CRL(list, &p) == len);
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    X509_NAME_free(issuer);
    X509_CRL_free(list);
    return (size_t)len;
}
