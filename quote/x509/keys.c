/*
 * quote/x509/keys.c - parser of public keys and signatures: exactly the algorithms of
 * base/crypto.h.
 *
 * RFC 5480 and 5758 (elliptic curves), RFC 4055 and 8017 A (RSA).
 */
#include "quote/x509/parts.h"

#include "base/assert.h"

static const uint8_t oid_ecdsa_sha256[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };
static const uint8_t oid_ecdsa_sha384[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03 };
static const uint8_t oid_rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };
static const uint8_t oid_rsa_oaep[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x07 };
static const uint8_t oid_mgf1[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08 };
static const uint8_t oid_rsa_pss[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a };
static const uint8_t oid_rsa_sha256[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b };
static const uint8_t oid_rsa_sha384[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c };
static const uint8_t oid_rsa_sha512[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d };
static const uint8_t oid_sha256[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01 };
static const uint8_t oid_sha384[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02 };
static const uint8_t oid_sha512[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03 };

#define IS_OID(element, oid) assay_asn1_is_oid(element, oid, sizeof(oid))

/* RFC 4055 2.1 and 5 demand that both forms are understood. */
enum assay_status assay_x509_no_parameters(struct assay_cursor *in)
{
    struct assay_asn1 null;
    if (assay_cursor_left(in) == 0) return ASSAY_OK;
    ASSAY_TRY(assay_asn1_take(in, ASSAY_ASN1_NULL, &null));
    if (null.content.len != 0) return ASSAY_E_SYNTAX;
    return assay_asn1_end(in);
}

/* --- RSASSA-PSS-params (RFC 8017 A.2.3) */
/* AlgorithmIdentifier of a hash. Out: its length */
static enum assay_status read_hash(struct assay_cursor *in, uint32_t *len)
{
    struct assay_cursor inside;
    struct assay_asn1 oid;
    ASSAY_TRY(assay_asn1_open(in, ASSAY_ASN1_SEQUENCE, &inside));
    ASSAY_TRY(assay_asn1_next(&inside, &oid));
    ASSAY_TRY(assay_x509_no_parameters(&inside));
    if (IS_OID(&oid, oid_sha256)) *len = ASSAY_SHA256_LEN;
    else if (IS_OID(&oid, oid_sha384)) *len = ASSAY_SHA384_LEN;
    else if (IS_OID(&oid, oid_sha512)) *len = ASSAY_SHA512_LEN;
    else return ASSAY_E_UNSUPPORTED;
    return assay_asn1_end(in);
}

static enum assay_status read_mgf1(struct assay_cursor *in, uint32_t *hash_len)
{
    struct assay_cursor inside;
    struct assay_asn1 oid;
    ASSAY_TRY(assay_asn1_open(in, ASSAY_ASN1_SEQUENCE, &inside));
    ASSAY_TRY(assay_asn1_end(in));
    ASSAY_TRY(assay_asn1_next(&inside, &oid));
    if (!IS_OID(&oid, oid_mgf1)) return ASSAY_E_UNSUPPORTED;
    return read_hash(&inside, hash_len);
}

/* [3] trailerField, which some write although 1 is its default. */
static enum assay_status read_trailer(struct assay_cursor *in)
{
    struct assay_cursor field;
    uint32_t trailer = 1;
    if (assay_cursor_left(in) == 0) return ASSAY_OK;
    ASSAY_TRY(assay_asn1_open(in, ASSAY_ASN1_CONTEXT_3, &field));
    ASSAY_TRY(assay_asn1_end(in));
    ASSAY_TRY(assay_asn1_number(&field, ASSAY_ASN1_INTEGER, 1, &trailer));
    ASSAY_TRY(assay_asn1_end(&field));
    return trailer == 1 ? ASSAY_OK : ASSAY_E_UNSUPPORTED;
}

/* The defaults are SHA-1, so the first three fields must be there; one hash throughout, and a salt
 * as long as it. */
static enum assay_status read_pss(struct assay_cursor *in, enum assay_signature_alg *alg)
{
    struct assay_cursor all;
    struct assay_cursor field;
    uint32_t hash_len = 0;
    uint32_t mgf1_len = 0;
    uint32_t salt_len = 0;
    if (!assay_asn1_peek(in, ASSAY_ASN1_SEQUENCE)) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(assay_asn1_open(in, ASSAY_ASN1_SEQUENCE, &all));
    ASSAY_TRY(assay_asn1_end(in));
    if (!assay_asn1_peek(&all, ASSAY_ASN1_CONTEXT_0)) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(assay_asn1_open(&all, ASSAY_ASN1_CONTEXT_0, &field));
    ASSAY_TRY(read_hash(&field, &hash_len));
    if (!assay_asn1_peek(&all, ASSAY_ASN1_CONTEXT_1)) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(assay_asn1_open(&all, ASSAY_ASN1_CONTEXT_1, &field));
    ASSAY_TRY(read_mgf1(&field, &mgf1_len));
    if (!assay_asn1_peek(&all, ASSAY_ASN1_CONTEXT_2)) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(assay_asn1_open(&all, ASSAY_ASN1_CONTEXT_2, &field));
    ASSAY_TRY(assay_asn1_number(&field, ASSAY_ASN1_INTEGER, UINT16_MAX, &salt_len));
    ASSAY_TRY(assay_asn1_end(&field));
    ASSAY_TRY(read_trailer(&all));
    if (hash_len != mgf1_len || hash_len != salt_len) return ASSAY_E_UNSUPPORTED;
    ASSAY_ASSERT(hash_len >= ASSAY_SHA256_LEN && hash_len <= ASSAY_SHA512_LEN);
    *alg = hash_len == ASSAY_SHA256_LEN   ? ASSAY_SIGNATURE_RSA_PSS_SHA256
           : hash_len == ASSAY_SHA384_LEN ? ASSAY_SIGNATURE_RSA_PSS_SHA384
                                          : ASSAY_SIGNATURE_RSA_PSS_SHA512;
    return ASSAY_OK;
}

enum assay_status assay_x509_algorithm(struct assay_slice whole, enum assay_signature_alg *alg)
{
    struct assay_cursor in = assay_asn1_over(whole);
    struct assay_cursor inside;
    struct assay_asn1 oid;
    ASSAY_TRY(assay_asn1_open(&in, ASSAY_ASN1_SEQUENCE, &inside));
    ASSAY_TRY(assay_asn1_end(&in));
    ASSAY_TRY(assay_asn1_take(&inside, ASSAY_ASN1_OID, &oid));
    if (IS_OID(&oid, oid_rsa_pss)) return read_pss(&inside, alg);
    if (IS_OID(&oid, oid_ecdsa_sha256)) *alg = ASSAY_SIGNATURE_ECDSA_SHA256;
    else if (IS_OID(&oid, oid_ecdsa_sha384)) *alg = ASSAY_SIGNATURE_ECDSA_SHA384;
    else if (IS_OID(&oid, oid_rsa_sha256)) *alg = ASSAY_SIGNATURE_RSA_PKCS1_SHA256;
    else if (IS_OID(&oid, oid_rsa_sha384)) *alg = ASSAY_SIGNATURE_RSA_PKCS1_SHA384;
    else if (IS_OID(&oid, oid_rsa_sha512)) *alg = ASSAY_SIGNATURE_RSA_PKCS1_SHA512;
    else return ASSAY_E_UNSUPPORTED;
    return assay_x509_no_parameters(&inside);
}

/* --- signatures */
/* Ecdsa-Sig-Value (RFC 5480 appendix A) to r | s of 48 bytes each. */
static enum assay_status read_ecdsa(struct assay_slice bits, struct assay_signature *out)
{
    enum { HALF = ASSAY_P384_SIGNATURE_LEN / 2 };
    struct assay_cursor in = assay_asn1_over(bits);
    struct assay_cursor both;
    ASSAY_TRY(assay_asn1_open(&in, ASSAY_ASN1_SEQUENCE, &both));
    ASSAY_TRY(assay_asn1_end(&in));
    ASSAY_TRY(assay_asn1_padded(&both, out->bytes, HALF));
    ASSAY_TRY(assay_asn1_padded(&both, out->bytes + HALF, HALF));
    out->len = 2 * HALF;
    ASSAY_ASSERT(out->len <= sizeof out->bytes);
    return assay_asn1_end(&both);
}

enum assay_status assay_x509_signature(struct assay_cursor *in, enum assay_signature_alg alg,
                                       struct assay_signature *out)
{
    ASSAY_ASSERT(alg != ASSAY_SIGNATURE_NONE);
    struct assay_slice bits;
    ASSAY_TRY(assay_asn1_bits(in, &bits));
    out->alg = alg;
    if (alg == ASSAY_SIGNATURE_ECDSA_SHA256 || alg == ASSAY_SIGNATURE_ECDSA_SHA384)
        return read_ecdsa(bits, out);
    if (bits.len < ASSAY_RSA_MODULUS_MIN || bits.len > ASSAY_SIGNATURE_MAX) return ASSAY_E_RANGE;
    assay_bytes_copy(out->bytes, sizeof out->bytes, bits.bytes, bits.len);
    out->len = (uint32_t)bits.len;
    return ASSAY_OK;
}

/* --- public keys */
/* An uncompressed point on a named curve (RFC 5480 2.1.1, 2.2). */
static enum assay_status read_point(struct assay_slice point, enum assay_key_type type,
                                    size_t coordinates_len, struct assay_key *out)
{
    enum { UNCOMPRESSED = 4 };
    if (point.len != 1 + coordinates_len || point.bytes[0] != UNCOMPRESSED)
        return ASSAY_E_UNSUPPORTED;
    ASSAY_ASSERT(assay_key_type_of_len(coordinates_len) == type);
    assay_key_from(out, type, point.bytes + 1, coordinates_len);
    return ASSAY_OK;
}

/* RSAPublicKey (RFC 8017 A.1.1): moduli of 2048, 3072 or 4096 bits, exponents of 32 at most. */
static enum assay_status read_rsa(struct assay_slice bits, struct assay_key *out)
{
    enum { EXPONENT_LEN = ASSAY_KEY_BYTES_MAX - ASSAY_RSA_MODULUS_MAX };
    struct assay_cursor in = assay_asn1_over(bits);
    struct assay_cursor both;
    struct assay_slice modulus;
    uint8_t bytes[ASSAY_KEY_BYTES_MAX];
    ASSAY_TRY(assay_asn1_open(&in, ASSAY_ASN1_SEQUENCE, &both));
    ASSAY_TRY(assay_asn1_end(&in));
    ASSAY_TRY(assay_asn1_unsigned(&both, &modulus));
    if (assay_key_type_of_len(modulus.len + EXPONENT_LEN) != ASSAY_KEY_RSA ||
        (modulus.bytes[0] & 0x80) == 0)
        return ASSAY_E_UNSUPPORTED;
    ASSAY_ASSERT(modulus.len + EXPONENT_LEN <= sizeof bytes);
    assay_bytes_copy(bytes, sizeof bytes, modulus.bytes, modulus.len);
    ASSAY_TRY(assay_asn1_padded(&both, bytes + modulus.len, EXPONENT_LEN));
    ASSAY_TRY(assay_asn1_end(&both));
    assay_key_from(out, ASSAY_KEY_RSA, bytes, modulus.len + EXPONENT_LEN);
    return ASSAY_OK;
}

static enum assay_status read_key(const struct assay_asn1 *algorithm, struct assay_slice bits,
                                  struct assay_key *out)
{
    /* id-ecPublicKey with the named curve. */
    static const uint8_t p256[] = { 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                    0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
                                    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
    static const uint8_t p384[] = { 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d,
                                    0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22 };
    struct assay_cursor inside = assay_asn1_over(algorithm->content);
    struct assay_asn1 oid;
    if (assay_slice_equal(algorithm->whole, assay_slice_over(p256, sizeof p256)))
        return read_point(bits, ASSAY_KEY_P256, ASSAY_P256_PUBLIC_LEN, out);
    if (assay_slice_equal(algorithm->whole, assay_slice_over(p384, sizeof p384)))
        return read_point(bits, ASSAY_KEY_P384, ASSAY_P384_PUBLIC_LEN, out);
    ASSAY_TRY(assay_asn1_take(&inside, ASSAY_ASN1_OID, &oid));
    /* Endorsement keys of older TPMs declare OAEP, with parameters that only matter for
     * encryption. */
    if (IS_OID(&oid, oid_rsa_oaep)) return read_rsa(bits, out);
    if (!IS_OID(&oid, oid_rsa)) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(assay_x509_no_parameters(&inside));
    return read_rsa(bits, out);
}

enum assay_status assay_x509_spki(struct assay_cursor *in, struct assay_key *key,
                                  uint8_t name[ASSAY_SHA256_LEN])
{
    struct assay_asn1 spki;
    struct assay_asn1 algorithm;
    struct assay_slice bits;
    ASSAY_TRY(assay_asn1_take(in, ASSAY_ASN1_SEQUENCE, &spki));
    struct assay_cursor inside = assay_asn1_over(spki.content);
    ASSAY_TRY(assay_asn1_take(&inside, ASSAY_ASN1_SEQUENCE, &algorithm));
    ASSAY_TRY(assay_asn1_bits(&inside, &bits));
    ASSAY_TRY(assay_asn1_end(&inside));
    ASSAY_TRY(read_key(&algorithm, bits, key));
    ASSAY_ASSERT(key->type != ASSAY_KEY_NONE);
    assay_sha256(spki.whole.bytes, spki.whole.len, name);
    return ASSAY_OK;
}
