/*
 * base/key.c - public keys and signatures as plain data: lengths, DER, names.
 *
 * The arithmetic stands behind base/crypto.h; nothing here is verified.
 */
#include "base/assert.h"
#include "base/crypto.h"
#include "base/writer.h"

enum { RSA_EXPONENT_LEN = 4, ECDSA_HALF = 48 };

enum assay_key_type assay_key_type_of_len(size_t len)
{
    switch (len) {
    case ASSAY_P256_PUBLIC_LEN: return ASSAY_KEY_P256;
    case ASSAY_P384_PUBLIC_LEN: return ASSAY_KEY_P384;
    case 256 + RSA_EXPONENT_LEN:
    case 384 + RSA_EXPONENT_LEN:
    case 512 + RSA_EXPONENT_LEN: return ASSAY_KEY_RSA;
    }
    return ASSAY_KEY_NONE;
}

void assay_key_from(struct assay_key *key, enum assay_key_type type, const uint8_t *bytes,
                    size_t len)
{
    ASSAY_ASSERT(type != ASSAY_KEY_NONE);
    ASSAY_ASSERT(assay_key_type_of_len(len) == type);
    assay_bytes_zero(key, sizeof *key);
    key->type = type;
    key->len = (uint32_t)len;
    assay_bytes_copy(key->bytes, sizeof key->bytes, bytes, len);
}

struct assay_key assay_key_p256(const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    struct assay_key key;
    assay_key_from(&key, ASSAY_KEY_P256, public_key, ASSAY_P256_PUBLIC_LEN);
    return key;
}

bool assay_key_equal(const struct assay_key *a, const struct assay_key *b)
{
    ASSAY_ASSERT(a->len <= ASSAY_KEY_BYTES_MAX && b->len <= ASSAY_KEY_BYTES_MAX);
    return a->type == b->type && a->len == b->len && assay_bytes_equal(a->bytes, b->bytes, a->len);
}

/* --- SubjectPublicKeyInfo */
static void put_octet(struct assay_writer *w, size_t value)
{
    const uint8_t octet = (uint8_t)value;
    assay_writer_put(w, &octet, 1);
}

static enum assay_status put_point(const uint8_t *prefix, size_t prefix_len,
                                   const struct assay_key *key, struct assay_writer *w)
{
    assay_writer_put(w, prefix, prefix_len);
    assay_writer_put(w, key->bytes, key->len);
    return ASSAY_OK;
}

/* A DER length below 65536 (X.690 8.1.3). */
static void put_len(struct assay_writer *w, size_t len)
{
    if (len >= 0x100) put_octet(w, 0x82);
    else if (len >= 0x80) put_octet(w, 0x81);
    if (len >= 0x100) put_octet(w, len >> 8 & 0xff);
    put_octet(w, len & 0xff);
}

static size_t len_of_len(size_t len)
{
    if (len >= 0x100) return 3;
    return len >= 0x80 ? 2 : 1;
}

/* RSAPublicKey (RFC 8017 A.1.1) under rsaEncryption with NULL parameters. */
static enum assay_status put_rsa(const struct assay_key *key, struct assay_writer *w)
{
    static const uint8_t algorithm[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                         0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00 };
    const size_t n_len = key->len - RSA_EXPONENT_LEN;
    const uint8_t *e = key->bytes + n_len;
    size_t e_len = RSA_EXPONENT_LEN;
    while (e_len > 1 && *e == 0) {
        e += 1;
        e_len -= 1;
    }
    /* The modulus has its top bit set, so its INTEGER opens with a zero byte. */
    if ((key->bytes[0] & 0x80) == 0) return ASSAY_E_RANGE;
    const size_t e_pad = (*e & 0x80) != 0 ? 1 : 0;
    const size_t n_content = n_len + 1;
    const size_t e_content = e_len + e_pad;
    const size_t body =
        1 + len_of_len(n_content) + n_content + 1 + len_of_len(e_content) + e_content;
    const size_t bits = 1 + 1 + len_of_len(body) + body; /* unused bits, then the sequence */
    const size_t all = sizeof algorithm + 1 + len_of_len(bits) + bits;
    put_octet(w, 0x30);
    put_len(w, all);
    assay_writer_put(w, algorithm, sizeof algorithm);
    put_octet(w, 0x03);
    put_len(w, bits);
    put_octet(w, 0x00);
    put_octet(w, 0x30);
    put_len(w, body);
    put_octet(w, 0x02);
    put_len(w, n_content);
    put_octet(w, 0x00);
    assay_writer_put(w, key->bytes, n_len);
    put_octet(w, 0x02);
    put_len(w, e_content);
    if (e_pad == 1) put_octet(w, 0x00);
    assay_writer_put(w, e, e_len);
    return ASSAY_OK;
}

static enum assay_status put_spki(const struct assay_key *key, struct assay_writer *w)
{
    /* RFC 5480: id-ecPublicKey, the named curve, the head of an uncompressed point. */
    static const uint8_t p256[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                    0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                    0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04 };
    static const uint8_t p384[] = { 0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86,
                                    0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
                                    0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00, 0x04 };
    if (assay_key_type_of_len(key->len) != key->type) return ASSAY_E_RANGE;
    switch (key->type) {
    case ASSAY_KEY_P256: return put_point(p256, sizeof p256, key, w);
    case ASSAY_KEY_P384: return put_point(p384, sizeof p384, key, w);
    case ASSAY_KEY_RSA: return put_rsa(key, w);
    case ASSAY_KEY_NONE: return ASSAY_E_RANGE;
    }
    return ASSAY_E_RANGE;
}

enum assay_status assay_key_spki(const struct assay_key *key, uint8_t *der, size_t capacity,
                                 size_t *len)
{
    struct assay_slice written;
    struct assay_writer w = assay_writer_over(der, capacity);
    ASSAY_TRY(put_spki(key, &w));
    ASSAY_TRY(assay_writer_finish(&w, &written));
    *len = written.len;
    return ASSAY_OK;
}

void assay_key_name(const struct assay_key *key, uint8_t name[static ASSAY_SHA256_LEN])
{
    enum { SPKI_MAX = ASSAY_KEY_BYTES_MAX + 64 };
    uint8_t der[SPKI_MAX];
    size_t len = 0;
    assay_bytes_zero(name, ASSAY_SHA256_LEN);
    if (assay_key_spki(key, der, sizeof der, &len) == ASSAY_OK) assay_sha256(der, len, name);
}

/* --- signatures */
void assay_signature_from_p256(struct assay_signature *signature,
                               const uint8_t bytes[static ASSAY_P256_SIGNATURE_LEN])
{
    enum { HALF = ASSAY_P256_SIGNATURE_LEN / 2 };
    assay_bytes_zero(signature, sizeof *signature);
    signature->alg = ASSAY_SIGNATURE_ECDSA_SHA256;
    signature->len = 2 * ECDSA_HALF;
    assay_bytes_copy(signature->bytes + ECDSA_HALF - HALF, HALF, bytes, HALF);
    assay_bytes_copy(signature->bytes + 2 * ECDSA_HALF - HALF, HALF, bytes + HALF, HALF);
}

size_t assay_signature_digest_len(enum assay_signature_alg alg)
{
    switch (alg) {
    case ASSAY_SIGNATURE_ECDSA_SHA256:
    case ASSAY_SIGNATURE_RSA_PKCS1_SHA256:
    case ASSAY_SIGNATURE_RSA_PSS_SHA256: return ASSAY_SHA256_LEN;
    case ASSAY_SIGNATURE_ECDSA_SHA384:
    case ASSAY_SIGNATURE_RSA_PKCS1_SHA384:
    case ASSAY_SIGNATURE_RSA_PSS_SHA384: return ASSAY_SHA384_LEN;
    case ASSAY_SIGNATURE_RSA_PKCS1_SHA512:
    case ASSAY_SIGNATURE_RSA_PSS_SHA512: return ASSAY_SHA512_LEN;
    case ASSAY_SIGNATURE_NONE: return 0;
    }
    return 0;
}

size_t assay_signature_digest(enum assay_signature_alg alg, const void *bytes, size_t len,
                              uint8_t digest[static ASSAY_DIGEST_MAX])
{
    const size_t digest_len = assay_signature_digest_len(alg);
    if (digest_len == ASSAY_SHA256_LEN) assay_sha256(bytes, len, digest);
    if (digest_len == ASSAY_SHA384_LEN) assay_sha384(bytes, len, digest);
    if (digest_len == ASSAY_SHA512_LEN) assay_sha512(bytes, len, digest);
    return digest_len;
}

void assay_ed25519_spki(const uint8_t public_key[static ASSAY_ED25519_PUBLIC_LEN],
                        uint8_t spki[static ASSAY_ED25519_SPKI_LEN])
{
    static const uint8_t head[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                    0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
    assay_bytes_copy(spki, ASSAY_ED25519_SPKI_LEN, head, sizeof head);
    assay_bytes_copy(spki + sizeof head, ASSAY_ED25519_PUBLIC_LEN, public_key,
                     ASSAY_ED25519_PUBLIC_LEN);
}
