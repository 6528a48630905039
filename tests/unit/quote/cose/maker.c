/*
 * tests/unit/quote/cose/maker.c - test authority over OpenSSL, as a second implementation
 * (maker.h).
 */
#include "tests/unit/quote/cose/maker.h"

#include "base/assert.h"
#include "quote/cose.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

struct maker_key maker_key_make(enum assay_key_type type)
{
    struct maker_key key = { 0 };
    uint8_t point[1 + ASSAY_P384_PUBLIC_LEN];
    size_t len = 0;
    key.pkey = EVP_EC_gen(type == ASSAY_KEY_P256 ? "P-256" : "P-384");
    ASSAY_ASSERT(key.pkey != NULL);
    ASSAY_ASSERT(EVP_PKEY_get_octet_string_param(key.pkey, OSSL_PKEY_PARAM_PUB_KEY, point,
                                                 sizeof point, &len) == 1);
    key.half = (len - 1) / 2;
    assay_key_from(&key.public, type, point + 1, len - 1);
    return key;
}

void maker_key_free(struct maker_key *key)
{
    EVP_PKEY_free(key->pkey);
    key->pkey = NULL;
}

void maker_sign(const struct maker_key *key, const uint8_t *digest, size_t digest_len,
                uint8_t *signature)
{
    uint8_t der[160];
    size_t der_len = sizeof der;
    EVP_PKEY_CTX *const context = EVP_PKEY_CTX_new(key->pkey, NULL);
    ASSAY_ASSERT(EVP_PKEY_sign_init(context) == 1);
    ASSAY_ASSERT(EVP_PKEY_sign(context, der, &der_len, digest, digest_len) == 1);
    EVP_PKEY_CTX_free(context);
    const uint8_t *at = der;
    ECDSA_SIG *const sig = d2i_ECDSA_SIG(NULL, &at, (long)der_len);
    ASSAY_ASSERT(sig != NULL);
    const int half = (int)key->half;
    ASSAY_ASSERT(BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature, half) == half);
    ASSAY_ASSERT(BN_bn2binpad(ECDSA_SIG_get0_s(sig), signature + key->half, half) == half);
    ECDSA_SIG_free(sig);
}

/* --- certificates */
static void add_extension(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *const e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    ASSAY_ASSERT(e != NULL);
    ASSAY_ASSERT(X509_add_ext(x, e, -1) == 1);
    X509_EXTENSION_free(e);
}

static void set_name(X509_NAME *name, const char *text)
{
    const int added =
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)text, -1, -1, 0);
    ASSAY_ASSERT(added == 1);
}

static void add_constraints(X509 *x, const struct maker_certificate *terms)
{
    char text[64];
    if (!terms->is_ca) (void)snprintf(text, sizeof text, "critical,CA:FALSE");
    else if (terms->path_len < 0) (void)snprintf(text, sizeof text, "critical,CA:TRUE");
    else (void)snprintf(text, sizeof text, "critical,CA:TRUE,pathlen:%d", terms->path_len);
    add_extension(x, NID_basic_constraints, text);
    if (terms->key_usage != NULL) add_extension(x, NID_key_usage, terms->key_usage);
    if (terms->critical_oid == NULL) return;
    ASN1_OBJECT *const oid = OBJ_txt2obj(terms->critical_oid, 1);
    ASN1_OCTET_STRING *const value = ASN1_OCTET_STRING_new();
    ASSAY_ASSERT(ASN1_OCTET_STRING_set(value, (const uint8_t *)"\x05\x00", 2) == 1);
    X509_EXTENSION *const e = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, value);
    ASSAY_ASSERT(X509_add_ext(x, e, -1) == 1);
    X509_EXTENSION_free(e);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(oid);
}

void maker_certificate(const struct maker_certificate *terms, struct maker_der *der)
{
    static long serial = 1;
    X509 *const x = X509_new();
    const EVP_MD *const md = terms->signer->half == 32 ? EVP_sha256() : EVP_sha384();
    ASSAY_ASSERT(X509_set_version(x, 2) == 1);
    ASSAY_ASSERT(ASN1_INTEGER_set(X509_get_serialNumber(x), serial++) == 1);
    set_name(X509_get_subject_name(x), terms->subject);
    set_name(X509_get_issuer_name(x), terms->issuer);
    ASSAY_ASSERT(ASN1_TIME_set(X509_getm_notBefore(x), (time_t)terms->from_unix_s) != NULL);
    ASSAY_ASSERT(ASN1_TIME_set(X509_getm_notAfter(x), (time_t)terms->to_unix_s) != NULL);
    ASSAY_ASSERT(X509_set_pubkey(x, terms->key->pkey) == 1);
    add_constraints(x, terms);
    ASSAY_ASSERT(X509_sign(x, terms->signer->pkey, md) > 0);
    uint8_t *out = NULL;
    const int len = i2d_X509(x, &out);
    ASSAY_ASSERT(len > 0 && len <= MAKER_DER_MAX);
    assay_bytes_copy(der->bytes, MAKER_DER_MAX, out, (size_t)len);
    der->len = (size_t)len;
    OPENSSL_free(out);
    X509_free(x);
}

/* --- COSE, written out plainly: what quote/cose.c hashes in pieces stands here in one buffer */
static size_t hash_structure(const struct maker_sign1 *terms, struct assay_slice header,
                             struct assay_slice payload, uint8_t *digest)
{
    const size_t capacity = payload.len + header.len + 64;
    uint8_t *const bytes = malloc(capacity);
    struct assay_writer w = assay_writer_over(bytes, capacity);
    struct assay_slice all;
    assay_cbor_put_array(&w, 4);
    assay_cbor_put_text(&w, terms->wrong_context ? "Signature" : "Signature1");
    assay_cbor_put_bytes(&w, header.bytes, header.len);
    assay_cbor_put_bytes(&w, "x", terms->external_data ? 1 : 0);
    assay_cbor_put_bytes(&w, payload.bytes, payload.len);
    ASSAY_ASSERT(assay_writer_finish(&w, &all) == ASSAY_OK);
    const bool sha256 = terms->algorithm == ASSAY_COSE_ES256;
    if (sha256) assay_sha256(all.bytes, all.len, digest);
    else assay_sha384(all.bytes, all.len, digest);
    free(bytes);
    return sha256 ? 32 : 48;
}

static struct assay_slice put_header(const struct maker_sign1 *terms, uint8_t *bytes, size_t len)
{
    struct assay_writer w = assay_writer_over(bytes, len);
    struct assay_slice header;
    assay_cbor_put_map(&w, (terms->alg_unprotected ? 0u : 1u) + (terms->crit ? 1u : 0u));
    if (!terms->alg_unprotected) {
        assay_cbor_put_uint(&w, 1);
        assay_cbor_put_int(&w, terms->algorithm);
    }
    if (terms->crit) {
        assay_cbor_put_uint(&w, 2);
        assay_cbor_put_array(&w, 1);
        assay_cbor_put_int(&w, -70000);
    }
    ASSAY_ASSERT(assay_writer_finish(&w, &header) == ASSAY_OK);
    return header;
}

void maker_map_open(struct assay_writer *w, uint64_t pairs, bool indefinite)
{
    if (indefinite) assay_writer_u8(w, 0xbf);
    else assay_cbor_put_map(w, pairs);
}

void maker_array_open(struct assay_writer *w, uint64_t count, bool indefinite)
{
    if (indefinite) assay_writer_u8(w, 0x9f);
    else assay_cbor_put_array(w, count);
}

void maker_close(struct assay_writer *w, bool indefinite)
{
    if (indefinite) assay_writer_u8(w, 0xff);
}

void maker_sign1_put(const struct maker_sign1 *terms, struct assay_slice payload,
                     struct assay_writer *w)
{
    uint8_t header_bytes[32];
    uint8_t digest[64];
    uint8_t signature[2 * 48] = { 0 };
    uint8_t wide[2 * 48] = { 0 };
    const size_t own = terms->key->half;
    const size_t half = terms->half == 0 ? own : terms->half;
    const struct assay_slice header = put_header(terms, header_bytes, sizeof header_bytes);
    const size_t digest_len = hash_structure(terms, header, payload, digest);
    maker_sign(terms->key, digest, digest_len, signature);
    assay_bytes_copy(wide + half - own, own, signature, own);
    assay_bytes_copy(wide + 2 * half - own, own, signature + own, own);
    if (terms->tagged) assay_cbor_put_tag(w, ASSAY_COSE_TAG_SIGN1);
    assay_cbor_put_array(w, 4);
    assay_cbor_put_bytes(w, header.bytes, header.len);
    const bool outside = terms->alg_unprotected || terms->alg_in_both;
    assay_cbor_put_map(w, outside ? 1 : 0);
    if (outside) {
        assay_cbor_put_uint(w, 1);
        assay_cbor_put_int(w, terms->algorithm);
    }
    assay_cbor_put_bytes(w, payload.bytes, payload.len);
    assay_cbor_put_bytes(w, wide, 2 * half - terms->cut_signature);
}

void maker_cose_key_put(const struct maker_key *key, struct assay_writer *w)
{
    assay_cbor_put_map(w, 4);
    assay_cbor_put_uint(w, 1);
    assay_cbor_put_uint(w, 2);
    assay_cbor_put_int(w, -1);
    assay_cbor_put_uint(w, key->half == 32 ? 1 : 2);
    assay_cbor_put_int(w, -2);
    assay_cbor_put_bytes(w, key->public.bytes, key->half);
    assay_cbor_put_int(w, -3);
    assay_cbor_put_bytes(w, key->public.bytes + key->half, key->half);
}
