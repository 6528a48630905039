/* base/crypto/model_key.c - modelled keys and signatures (base/crypto/model.h). */
#include "base/crypto/model.h"

enum { WORDS = 8 };

static uint64_t mix_words(uint64_t a, uint64_t b)
{
    a ^= b;
    a *= 0x9e3779b97f4a7c15ULL;
    a ^= a >> 29;
    a *= 0xbf58476d1ce4e5b9ULL;
    return a ^ a >> 32;
}

/* Little-endian on every machine. */
static uint64_t load_word(const uint8_t *bytes)
{
    uint64_t word = 0;
    for (unsigned i = 0; i < 8; i++)
        word |= (uint64_t)bytes[i] << (8 * i);
    return word;
}

static void store_word(uint8_t *bytes, uint64_t word)
{
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(word >> (8 * i));
}

/* 64 bytes in, 64 bytes out: four independent lanes, then each is mixed with all. */
static void mix_block(uint64_t domain, const uint8_t first[static 32],
                      const uint8_t second[static 32], uint8_t out[static 64])
{
    uint64_t lane[4];
    uint64_t all = domain;
    for (unsigned i = 0; i < 4; i++) {
        lane[i] = mix_words(domain + i + 1, load_word(first + (size_t)8 * i));
        lane[i] = mix_words(lane[i], load_word(second + (size_t)8 * i));
    }
    for (unsigned i = 0; i < 4; i++)
        all = mix_words(all + i, lane[i]);
    for (unsigned i = 0; i < WORDS; i++)
        store_word(out + (size_t)8 * i, mix_words(all + i, lane[i % 4]));
}

void assay_model_mark(struct assay_secret32 *private_key)
{
    for (size_t i = 0; i < ASSAY_MODEL_MARK_LEN; i++)
        private_key->bytes[i] = 0xff;
}

bool assay_model_marked(const uint8_t key[static 32])
{
    for (size_t i = 0; i < ASSAY_MODEL_MARK_LEN; i++)
        if (key[i] != 0xff) return false;
    return true;
}

/* X carries the private key, Y proves that X was made here. */
void assay_model_public(const uint8_t private_key[static 32],
                        uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    uint8_t mixed[64];
    mix_block(66, private_key, private_key, mixed);
    assay_bytes_copy(public_key, ASSAY_P256_PUBLIC_LEN, private_key, 32);
    assay_bytes_copy(public_key + 32, 32, mixed, 32);
}

void assay_model_sign(const uint8_t private_key[static 32],
                      const uint8_t digest[static ASSAY_SHA256_LEN],
                      uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    mix_block(65, private_key, digest, signature);
    signature[32] &= 0x7f;
}
