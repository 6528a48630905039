/*
 * base/crypto/model.c - base/crypto.h for simulations of thousands of seeds: a fast hash that is
 * not SHA-2, and signatures that are keyed hashes. A program links either this file or
 * assay_crypto_openssl.
 *
 * Not secure: a public key contains its private key. It provides what tests need: equal inputs give
 * equal outputs, different ones different outputs, a changed signature
 * or digest does not verify.
 */
#include "base/crypto/model.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

/* --- a 256-bit mix of 8-byte words */

struct mix {
    uint64_t lane[4];
    uint8_t pending[8];
    size_t pending_len;
    uint64_t len;
};

static uint64_t mix_state(uint64_t a, uint64_t b)
{
    a ^= b;
    a *= 0x9e3779b97f4a7c15ULL;
    a ^= a >> 29;
    a *= 0xbf58476d1ce4e5b9ULL;
    return a ^ a >> 32;
}

static void mix_init(struct mix *m, uint64_t domain)
{
    *m = (struct mix){ .lane = { domain + 1, domain + 2, domain + 3, domain + 4 } };
}

/* Four hashes side by side, each a bijection of its lane; mix_finish makes them one. */
static void mix_word(struct mix *m, uint64_t word)
{
    m->lane[0] = mix_state(m->lane[0] + 0x123456789abcdefULL, word);
    m->lane[1] = mix_state(m->lane[1] + 0x2545f4914f6cdd1dULL, word ^ 0x5555555555555555ULL);
    m->lane[2] = mix_state(m->lane[2] + 0x7fb5d329728ea185ULL, ~word);
    m->lane[3] = mix_state(m->lane[3] + 0x1d8e4e27c47d124fULL, word + 0x123456789abcdefULL);
}

/* The same words on every machine. */
static uint64_t word_of(const uint8_t bytes[8])
{
    uint64_t word = 0;
    for (size_t i = 8; i-- > 0;)
        word = word << 8 | bytes[i];
    return word;
}

static void mix_bytes(struct mix *m, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    m->len += len;
    while (len > 0) {
        if (m->pending_len == 0 && len >= sizeof m->pending) {
            mix_word(m, word_of(at));
            at += sizeof m->pending;
            len -= sizeof m->pending;
            continue;
        }
        m->pending[m->pending_len++] = *at++;
        len--;
        if (m->pending_len < sizeof m->pending) continue;
        mix_word(m, word_of(m->pending));
        m->pending_len = 0;
    }
}

static void mix_finish(struct mix *m, uint8_t *out, size_t out_len)
{
    memset(m->pending + m->pending_len, 0, sizeof m->pending - m->pending_len);
    mix_word(m, word_of(m->pending));
    mix_word(m, m->len);
    uint64_t all = mix_state(mix_state(mix_state(m->lane[0], m->lane[1]), m->lane[2]), m->lane[3]);
    for (size_t i = 0; i < out_len; i += 8) { /* 32, 48 or 64 */
        all = mix_state(all + i, m->lane[i / 8 % 4]);
        for (size_t byte = 0; byte < 8; byte++)
            out[i + byte] = (uint8_t)(all >> 8 * byte);
    }
}

static void hash_bytes(uint64_t domain, const void *bytes, size_t len, uint8_t *out, size_t out_len)
{
    struct mix m;
    mix_init(&m, domain);
    mix_bytes(&m, bytes, len);
    mix_finish(&m, out, out_len);
}

void assay_sha256(const void *bytes, size_t len, uint8_t digest[static ASSAY_SHA256_LEN])
{
    hash_bytes(256, bytes, len, digest, ASSAY_SHA256_LEN);
}

void assay_sha384(const void *bytes, size_t len, uint8_t digest[static ASSAY_SHA384_LEN])
{
    hash_bytes(384, bytes, len, digest, ASSAY_SHA384_LEN);
}

void assay_sha512(const void *bytes, size_t len, uint8_t digest[static ASSAY_SHA512_LEN])
{
    hash_bytes(512, bytes, len, digest, ASSAY_SHA512_LEN);
}

static void hash_pieces(uint32_t width, const struct assay_slice *pieces, size_t count,
                        uint8_t *digest, size_t digest_len)
{
    struct mix m;
    mix_init(&m, width);
    for (size_t i = 0; i < count; i++)
        mix_bytes(&m, pieces[i].bytes, pieces[i].len);
    mix_finish(&m, digest, digest_len);
}

void assay_sha256_pieces(const struct assay_slice *pieces, size_t count,
                         uint8_t digest[static ASSAY_SHA256_LEN])
{
    hash_pieces(256, pieces, count, digest, ASSAY_SHA256_LEN);
}

void assay_sha512_pieces(const struct assay_slice *pieces, size_t count,
                         uint8_t digest[static ASSAY_SHA512_LEN])
{
    hash_pieces(512, pieces, count, digest, ASSAY_SHA512_LEN);
}

void assay_hmac_sha256(const uint8_t *key, size_t key_len, const void *bytes, size_t len,
                       uint8_t mac[static ASSAY_SHA256_LEN])
{
    struct mix m;
    mix_init(&m, 2560);
    mix_bytes(&m, key, key_len);
    mix_word(&m, key_len);
    mix_bytes(&m, bytes, len);
    mix_finish(&m, mac, ASSAY_SHA256_LEN);
}

/* --- keys and signatures: model_key.c */

struct assay_p256 {
    uint8_t private_key[32];
};

struct assay_p256_signer {
    uint8_t private_key[32];
};

enum assay_status assay_p256_load(const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                                  struct assay_p256 **key)
{
    uint8_t expected[ASSAY_P256_PUBLIC_LEN];
    assay_model_public(public_key, expected);
    if (!assay_bytes_equal(expected, public_key, sizeof expected)) return ASSAY_E_KEY;
    struct assay_p256 *loaded = malloc(sizeof *loaded);
    if (loaded == NULL) return ASSAY_E_CRYPTO;
    assay_bytes_copy(loaded->private_key, 32, public_key, 32);
    *key = loaded;
    return ASSAY_OK;
}

void assay_p256_free(struct assay_p256 **key)
{
    free(*key);
    *key = NULL;
}

/* A modelled verification is almost free. */
bool assay_p256_add_table(struct assay_p256 *key)
{
    (void)key;
    return false;
}

bool assay_p256_has_table(const struct assay_p256 *key)
{
    (void)key;
    return false;
}

void assay_p256_remove_table(struct assay_p256 *key)
{
    (void)key;
}

bool assay_p256_verify(const struct assay_p256 *key, const uint8_t digest[static ASSAY_SHA256_LEN],
                       const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN],
                       enum assay_s_rule rule)
{
    uint8_t expected[ASSAY_P256_SIGNATURE_LEN];
    (void)rule; /* only low s is ever made here */
    assay_model_sign(key->private_key, digest, expected);
    return assay_bytes_equal(expected, signature, sizeof expected);
}

/* A world draws everything from its own seed: nothing that it links may ask for more. */
enum assay_status assay_random(void *out, size_t len)
{
    memset(out, 0, len);
    return ASSAY_E_CRYPTO;
}

enum assay_status assay_p256_generate(struct assay_secret32 *private_key,
                                      uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    memset(private_key->bytes, 0, sizeof private_key->bytes);
    memset(public_key, 0, ASSAY_P256_PUBLIC_LEN);
    return ASSAY_E_CRYPTO;
}

enum assay_status assay_p256_public(const struct assay_secret32 *private_key,
                                    uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    assay_model_public(private_key->bytes, public_key);
    return ASSAY_OK;
}

enum assay_status assay_p256_signer_load(const struct assay_secret32 *private_key,
                                         struct assay_p256_signer **signer)
{
    struct assay_p256_signer *loaded = malloc(sizeof *loaded);
    if (loaded == NULL) return ASSAY_E_CRYPTO;
    assay_bytes_copy(loaded->private_key, 32, private_key->bytes, 32);
    *signer = loaded;
    return ASSAY_OK;
}

void assay_p256_signer_free(struct assay_p256_signer **signer)
{
    free(*signer);
    *signer = NULL;
}

enum assay_status assay_p256_sign(const struct assay_p256_signer *signer,
                                  const uint8_t digest[static ASSAY_SHA256_LEN],
                                  uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    assay_model_sign(signer->private_key, digest, signature);
    return ASSAY_OK;
}
