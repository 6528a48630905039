/*
 * tests/unit/base/test_ed25519.c - tests of Ed25519 verification: what OpenSSL signs and libsodium
 * accepts, and what no library should accept.
 */
#include "base/crypto.h"
#include "services/shares/sodium.h"
#include "tests/support/ed25519.h"

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <string.h>

static const uint8_t seed[32] = { 7 };
static const uint8_t text[] = "what is signed";

/* The order of the group, little-endian (RFC 8032 5.1). */
static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                   0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };

Test(base_ed25519, a_signature_verifies_as_it_is_and_not_with_any_bit_flipped)
{
    uint8_t public_key[32], signature[64];
    test_ed25519_public(seed, public_key);
    for (size_t len = 0; len <= sizeof text; len++) {
        test_ed25519_sign(seed, assay_slice_over(text, len), signature);
        cr_expect(assay_ed25519_verify(public_key, text, len, signature));
        cr_expect(assay_sodium_edwards_verify(public_key, assay_slice_over(text, len), signature));
    }
    for (size_t bit = 0; bit < 8 * sizeof signature; bit++) {
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_expect_not(assay_ed25519_verify(public_key, text, sizeof text, signature));
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * sizeof public_key; bit++) {
        public_key[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_expect_not(assay_ed25519_verify(public_key, text, sizeof text, signature));
        public_key[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    cr_expect_not(assay_ed25519_verify(public_key, text, sizeof text - 1, signature));
}

Test(base_ed25519, a_scalar_above_the_order_is_refused)
{
    uint8_t public_key[32], signature[64];
    unsigned carry = 0;
    test_ed25519_public(seed, public_key);
    test_ed25519_sign(seed, assay_slice_over(text, sizeof text), signature);
    for (size_t i = 0; i < 32; i++) {
        const unsigned sum = signature[32 + i] + order[i] + carry;
        signature[32 + i] = (uint8_t)sum;
        carry = sum >> 8;
    }
    cr_assert_eq(carry, 0);
    cr_expect_not(assay_ed25519_verify(public_key, text, sizeof text, signature));
}

/* R = S B is a signature of any message under the identity, and of some under its kin. */
static void expect_refused(const uint8_t public_key[static 32], const char *what)
{
    struct assay_secret32 scalar = { { 9 } };
    uint8_t signature[64] = { 0 };
    cr_assert_eq(assay_sodium_edwards_base(&scalar, signature), ASSAY_OK);
    assay_bytes_copy(signature + 32, 32, scalar.bytes, 32);
    for (uint8_t i = 0; i < 64; i++)
        cr_expect_not(assay_ed25519_verify(public_key, &i, 1, signature), "%s, message %d", what,
                      i);
}

Test(base_ed25519, a_key_of_small_order_signs_nothing)
{
    static const uint8_t y8[2][32] = {
        { 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
          0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
          0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
        { 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
          0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
          0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
    };
    uint8_t key[32] = { 1 };
    expect_refused(key, "identity");
    key[31] = 0x80;
    expect_refused(key, "identity with a sign");
    memset(key, 0xff, sizeof key);
    key[0] = 0xec;
    key[31] = 0x7f;
    expect_refused(key, "order 2");
    memset(key, 0, sizeof key);
    expect_refused(key, "order 4");
    key[31] = 0x80;
    expect_refused(key, "order 4, negative");
    for (size_t i = 0; i < 2; i++) {
        assay_bytes_copy(key, sizeof key, y8[i], 32);
        expect_refused(key, "order 8");
        key[31] |= 0x80;
        expect_refused(key, "order 8, negative");
    }
}

/* The identity again: y = p + 1, which some libraries reduce and others refuse. */
Test(base_ed25519, a_key_that_is_not_canonical_signs_nothing)
{
    uint8_t key[32];
    memset(key, 0xff, sizeof key);
    key[31] = 0x7f;
    for (unsigned low = 0xed; low <= 0xff; low++) {
        key[0] = (uint8_t)low;
        expect_refused(key, "p and above");
    }
}

/* As a configuration file with default_properties = fips=yes does (openssl-fips(7)). */
Test(base_ed25519, a_library_that_allows_fips_algorithms_alone_verifies_all_the_same)
{
    uint8_t public_key[32], signature[64];
    test_ed25519_public(seed, public_key);
    test_ed25519_sign(seed, assay_slice_over(text, sizeof text), signature);
    cr_assert_eq(EVP_default_properties_enable_fips(NULL, 1), 1);
    cr_assert_null(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, 32),
                   "expected that the default context has no Ed25519 now");
    cr_expect(assay_ed25519_is_available());
    cr_expect(assay_ed25519_verify(public_key, text, sizeof text, signature));
    signature[0] ^= 1;
    cr_expect_not(assay_ed25519_verify(public_key, text, sizeof text, signature));
}
