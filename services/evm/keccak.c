/*
 * services/evm/keccak.c - Keccak-256 over nettle's SHA-3 permutation (docs/services.md 8).
 *
 * nettle has SHA3-256 with the padding of FIPS 202. Keccak-256 differs in one byte of it, so the
 * sponge is here and the permutation is nettle's.
 */
#include "services/evm/keccak.h"

#include <nettle/sha3.h>

enum { RATE = 136 }; /* 1600 bits less twice the digest */

/* Lanes are little-endian. */
static void absorb(struct sha3_state *state, const uint8_t block[static RATE])
{
    for (size_t lane = 0; lane < RATE / 8; lane++) {
        uint64_t value = 0;
        for (size_t i = 8; i > 0; i--)
            value = value << 8 | block[8 * lane + i - 1];
        state->a[lane] ^= value;
    }
    sha3_permute(state);
}

void assay_keccak256(const void *bytes, size_t len, uint8_t digest[static 32])
{
    struct sha3_state state = { { 0 } };
    uint8_t block[RATE] = { 0 };
    const uint8_t *const in = bytes;
    size_t done = 0;
    ASSAY_ASSERT(bytes != NULL || len == 0);
    for (; len - done >= RATE; done += RATE)
        absorb(&state, in + done);
    ASSAY_ASSERT(len - done < RATE);
    if (len > done) assay_bytes_copy(block, sizeof block, in + done, len - done);
    block[len - done] ^= 0x01;
    block[RATE - 1] ^= 0x80;
    absorb(&state, block);
    for (size_t i = 0; i < 32; i++)
        digest[i] = (uint8_t)(state.a[i / 8] >> (8 * (i % 8)));
}
