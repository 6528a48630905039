/*
 * tests/unit/base/test_crypto.c - tests of the cryptographic interface, independent of the library.
 *
 * Known answers from FIPS 180-4, RFC 4231, RFC 6979 and RFC 7748; the edges of ECDSA come from
 * make_edges.py. What happens without memory and with many threads is in plain_*.c.
 */
#include "base/crypto.h"

#include "tests/unit/base/p256_edges.h"
#include "tests/unit/base/random.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { EDGE_COUNT = sizeof p256_edges / sizeof p256_edges[0] };

static const char order[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
static const char half_order[] =
    "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8";
static const char generator[] = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                                "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

static void of_hex(const char *hex, uint8_t *out, size_t len)
{
    cr_assert_eq(assay_hex_decode(hex, strlen(hex), out, len), ASSAY_OK, "%s", hex);
}

static bool is_hex(const uint8_t *bytes, size_t len, const char *hex)
{
    uint8_t expected[128];
    cr_assert_leq(len, sizeof expected);
    of_hex(hex, expected, len);
    return assay_bytes_equal(bytes, expected, len);
}

/* --- hashes */

Test(base_crypto, hashes_known_texts)
{
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    uint8_t d[64];
    assay_sha256("", 0, d);
    cr_assert(is_hex(d, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    assay_sha256("abc", 3, d);
    cr_assert(is_hex(d, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    assay_sha256(two_blocks, strlen(two_blocks), d);
    cr_assert(is_hex(d, 32, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"));
    assay_sha384("", 0, d);
    cr_assert(is_hex(d, 48, "38b060a751ac96384cd9327eb1b1e36a21fdb71114be0743"
                            "4c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b"));
    assay_sha384("abc", 3, d);
    cr_assert(is_hex(d, 48, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"
                            "1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"));
    assay_sha512("", 0, d);
    cr_assert(is_hex(d, 64, "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
                            "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"));
    assay_sha512("abc", 3, d);
    cr_assert(is_hex(d, 64, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"));
}

Test(base_crypto, hashes_nothing_at_no_address)
{
    uint8_t nowhere[64];
    uint8_t somewhere[64];
    assay_sha256(NULL, 0, nowhere);
    assay_sha256("x", 0, somewhere);
    cr_assert(assay_bytes_equal(nowhere, somewhere, 32));
    assay_sha384(NULL, 0, nowhere);
    assay_sha384("x", 0, somewhere);
    cr_assert(assay_bytes_equal(nowhere, somewhere, 48));
    assay_sha512(NULL, 0, nowhere);
    assay_sha512("x", 0, somewhere);
    cr_assert(assay_bytes_equal(nowhere, somewhere, 64));
}

Test(base_crypto, hashes_a_million_letters)
{
    enum { LEN = 1000000 };
    uint8_t *letters = malloc(LEN);
    uint8_t d[32];
    cr_assert(letters != NULL);
    for (size_t i = 0; i < LEN; i++) letters[i] = 'a';
    assay_sha256(letters, LEN, d);
    cr_assert(is_hex(d, 32, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"));
    free(letters);
}

Test(base_crypto, hashes_pieces_as_one_text_wherever_it_is_cut)
{
    static const char text[] = "the quick brown fox jumps over the lazy dog; the quick brown fox "
                               "jumps over the lazy dog; the quick brown fox jumps again";
    uint8_t whole[32];
    uint8_t pieces_digest[32];
    const size_t len = strlen(text);
    assay_sha256(text, len, whole);
    for (size_t cut = 0; cut <= len; cut++) {
        for (size_t other = cut; other <= len; other += 7) {
            const struct assay_slice pieces[] = {
                assay_slice_over(text, cut),
                assay_slice_over(NULL, 0),
                assay_slice_over(text + cut, other - cut),
                assay_slice_over(text + other, len - other),
            };
            assay_sha256_pieces(pieces, 4, pieces_digest);
            cr_assert(assay_bytes_equal(whole, pieces_digest, 32));
        }
    }
    assay_sha256("", 0, whole);
    assay_sha256_pieces(NULL, 0, pieces_digest);
    cr_assert(assay_bytes_equal(whole, pieces_digest, 32));
}

static void check_mac(const char *key, size_t key_len, const char *text, const char *expected)
{
    uint8_t mac[32];
    assay_hmac_sha256((const uint8_t *)key, key_len, text, strlen(text), mac);
    cr_assert(is_hex(mac, 32, expected), "%s", text);
}

Test(base_crypto, makes_known_macs)
{
    char k[131];
    for (size_t i = 0; i < 20; i++) k[i] = 0x0b;
    check_mac(k, 20, "Hi There",
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    check_mac("Jefe", 4, "what do ya want for nothing?",
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    for (size_t i = 0; i < sizeof k; i++) k[i] = (char)0xaa;
    check_mac(k, 131, "Test Using Larger Than Block-Size Key - Hash Key First",
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    check_mac(NULL, 0, "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    for (size_t i = 0; i < sizeof k; i++) k[i] = 'k'; /* a key of one block, and one byte more */
    check_mac(k, 64, "x", "f91c4c403625fb06910ef93999265bbd2d62baeaec6ff36455498cc124fe3e66");
    check_mac(k, 65, "x", "75092ca3ee2b307470c227697b42b3e65376aa3bae98fb5a1f7b7536daa9588a");
}

/* --- public keys */

static enum assay_status load_hex(const char *public_key, struct assay_p256 **key)
{
    uint8_t bytes[64];
    of_hex(public_key, bytes, sizeof bytes);
    return assay_p256_load(bytes, key);
}

Test(base_crypto, refuses_keys_that_are_no_points_of_the_curve)
{
    static const char *const keys[] = {
        /* infinity has no x and y; (0, 0) is what people write for it */
        "0000000000000000000000000000000000000000000000000000000000000000"
        "0000000000000000000000000000000000000000000000000000000000000000",
        /* G with its last bit flipped */
        "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f4",
        /* G with x and y exchanged */
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
        "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
        /* the point with x = 5, written as x + p: another name for the same point */
        "ffffffff00000001000000000000000000000001000000000000000000000004"
        "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc",
        /* x = p and y = p */
        "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
        "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct assay_p256 *key = NULL;
        cr_assert_eq(load_hex(keys[i], &key), ASSAY_E_KEY, "%zu", i);
        cr_assert_null(key);
    }
}

Test(base_crypto, refuses_a_key_with_any_bit_flipped)
{
    uint8_t bytes[64];
    of_hex(generator, bytes, sizeof bytes);
    for (size_t bit = 0; bit < 512; bit++) {
        struct assay_p256 *key = NULL;
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_eq(assay_p256_load(bytes, &key), ASSAY_E_KEY, "bit %zu", bit);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

Test(base_crypto, loads_points_and_frees_them)
{
    struct assay_p256 *key = NULL;
    assay_p256_free(&key);
    cr_assert_eq(load_hex(generator, &key), ASSAY_OK);
    cr_assert_not_null(key);
    assay_p256_free(&key);
    cr_assert_null(key);
    /* x = 5 under its only name */
    cr_assert_eq(load_hex("0000000000000000000000000000000000000000000000000000000000000005"
                          "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc",
                          &key),
                 ASSAY_OK);
    assay_p256_free(&key);
}

/* --- verification */

Test(base_crypto, verifies_the_signature_of_rfc_6979)
{
    uint8_t digest[32];
    uint8_t signature[64];
    struct assay_p256 *key = NULL;
    cr_assert_eq(load_hex("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                          "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
                          &key),
                 ASSAY_OK);
    assay_sha256("sample", 6, digest);
    of_hex("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
           "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
           signature, sizeof signature);
    cr_assert(assay_p256_verify(key, digest, signature, ASSAY_S_ANY));
    cr_assert_not(assay_p256_verify(key, digest, signature, ASSAY_S_LOW), "its s is high");
    of_hex("0834e36ad29a83bf2bc9385e491d6099c8fdf9d1ed67aa7ea5f51f93782857a9", signature + 32, 32);
    cr_assert(assay_p256_verify(key, digest, signature, ASSAY_S_LOW), "n - s is low");
    cr_assert(assay_p256_verify(key, digest, signature, ASSAY_S_ANY));
    assay_p256_free(&key);
}

Test(base_crypto, answers_as_the_textbook_at_every_edge)
{
    unsigned valid = 0;
    unsigned high = 0;
    for (size_t i = 0; i < EDGE_COUNT; i++) {
        const struct p256_edge *edge = &p256_edges[i];
        uint8_t digest[32];
        uint8_t signature[64];
        struct assay_p256 *key = NULL;
        cr_assert_eq(load_hex(edge->public_key, &key), ASSAY_OK, "%s", edge->name);
        of_hex(edge->digest, digest, sizeof digest);
        of_hex(edge->signature, signature, sizeof signature);
        cr_assert_eq(assay_p256_verify(key, digest, signature, ASSAY_S_ANY), edge->valid_any,
                     "%s", edge->name);
        cr_assert_eq(assay_p256_verify(key, digest, signature, ASSAY_S_LOW), edge->valid_low,
                     "%s", edge->name);
        valid += edge->valid_any;
        high += edge->valid_any && !edge->valid_low;
        assay_p256_free(&key);
    }
    cr_assert(valid > 5 && high >= 2 && valid < EDGE_COUNT, "the table holds each kind");
}

/* --- private keys */

static struct assay_secret32 secret_of(const char *hex)
{
    struct assay_secret32 secret;
    of_hex(hex, secret.bytes, sizeof secret.bytes);
    return secret;
}

Test(base_crypto, refuses_private_keys_outside_1_to_n_minus_1)
{
    static const char *const bad[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552",
        "ffffffff00000001000000000000000000000000000000000000000000000000",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct assay_secret32 secret = secret_of(bad[i]);
        uint8_t public_key[64] = { 0xee };
        struct assay_p256_signer *signer = NULL;
        cr_assert_eq(assay_p256_public(&secret, public_key), ASSAY_E_KEY, "%s", bad[i]);
        cr_assert_eq(public_key[0], 0xee, "out is untouched");
        cr_assert_eq(assay_p256_signer_load(&secret, &signer), ASSAY_E_KEY);
        cr_assert_null(signer);
    }
}

Test(base_crypto, derives_known_public_keys)
{
    struct assay_secret32 secret =
        secret_of("0000000000000000000000000000000000000000000000000000000000000001");
    uint8_t public_key[64];
    cr_assert_eq(assay_p256_public(&secret, public_key), ASSAY_OK);
    cr_assert(is_hex(public_key, 64, generator));
    secret = secret_of("0000000000000000000000000000000000000000000000000000000000000002");
    cr_assert_eq(assay_p256_public(&secret, public_key), ASSAY_OK);
    cr_assert(is_hex(public_key, 64,
                     "7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978"
                     "07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1"));
    secret = secret_of("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550");
    cr_assert_eq(assay_p256_public(&secret, public_key), ASSAY_OK);
    cr_assert(is_hex(public_key, 64,
                     "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                     "b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a"));
}

Test(base_crypto, signs_with_low_s_what_verifies_under_its_key_alone)
{
    struct assay_secret32 secrets[2];
    uint8_t publics[2][64];
    struct assay_p256_signer *signer = NULL;
    struct assay_p256 *keys[2] = { NULL, NULL };
    uint8_t half[32];
    of_hex(half_order, half, sizeof half);
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(assay_p256_generate(&secrets[i], publics[i]), ASSAY_OK);
        cr_assert_eq(assay_p256_load(publics[i], &keys[i]), ASSAY_OK);
    }
    cr_assert_not(assay_bytes_equal(publics[0], publics[1], 64));
    cr_assert_eq(assay_p256_signer_load(&secrets[0], &signer), ASSAY_OK);
    for (unsigned i = 0; i < 64; i++) { /* 64 low ones by luck: one chance in 2^64 */
        const uint8_t text[1] = { (uint8_t)i };
        uint8_t digest[32];
        uint8_t signature[64];
        assay_sha256(text, sizeof text, digest);
        cr_assert_eq(assay_p256_sign(signer, digest, signature), ASSAY_OK);
        cr_assert_leq(assay_bytes_compare(signature + 32, half, 32), 0);
        cr_assert(assay_p256_verify(keys[0], digest, signature, ASSAY_S_LOW));
        cr_assert_not(assay_p256_verify(keys[1], digest, signature, ASSAY_S_ANY));
        digest[31] ^= 1;
        cr_assert_not(assay_p256_verify(keys[0], digest, signature, ASSAY_S_ANY));
    }
    assay_p256_signer_free(&signer);
    cr_assert_null(signer);
    assay_p256_signer_free(&signer);
    assay_p256_free(&keys[0]);
    assay_p256_free(&keys[1]);
}

Test(base_crypto, refuses_a_signature_with_any_bit_flipped)
{
    struct assay_secret32 secret;
    uint8_t public_key[64];
    uint8_t digest[32];
    uint8_t signature[64];
    struct assay_p256_signer *signer = NULL;
    struct assay_p256 *key = NULL;
    cr_assert_eq(assay_p256_generate(&secret, public_key), ASSAY_OK);
    cr_assert_eq(assay_p256_signer_load(&secret, &signer), ASSAY_OK);
    cr_assert_eq(assay_p256_load(public_key, &key), ASSAY_OK);
    assay_sha256("bits", 4, digest);
    cr_assert_eq(assay_p256_sign(signer, digest, signature), ASSAY_OK);
    for (size_t bit = 0; bit < 512; bit++) {
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_not(assay_p256_verify(key, digest, signature, ASSAY_S_ANY), "bit %zu", bit);
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    cr_assert(assay_p256_verify(key, digest, signature, ASSAY_S_LOW));
    assay_p256_signer_free(&signer);
    assay_p256_free(&key);
}

Test(base_crypto, generates_private_keys_in_range_that_match_their_public_half)
{
    uint8_t n[32];
    of_hex(order, n, sizeof n);
    for (unsigned i = 0; i < 20; i++) {
        struct assay_secret32 secret;
        uint8_t public_key[64];
        uint8_t derived[64];
        cr_assert_eq(assay_p256_generate(&secret, public_key), ASSAY_OK);
        cr_assert_lt(assay_bytes_compare(secret.bytes, n, 32), 0);
        cr_assert_eq(assay_p256_public(&secret, derived), ASSAY_OK);
        cr_assert(assay_bytes_equal(public_key, derived, 64));
    }
}

Test(base_crypto, draws_numbers_that_differ)
{
    uint8_t a[32] = { 0 };
    uint8_t b[32] = { 0 };
    cr_assert_eq(assay_random(a, sizeof a), ASSAY_OK);
    cr_assert_eq(assay_random(b, sizeof b), ASSAY_OK);
    cr_assert_not(assay_bytes_equal(a, b, sizeof a));
    cr_assert_not(assay_bytes_all_zero(a, sizeof a));
    cr_assert_eq(assay_random(NULL, 0), ASSAY_OK);
}

/* --- the transport's key pairs */

Test(base_crypto, derives_known_transport_keys)
{
    static const char *const rows[][2] = {
        /* RFC 7748 5.2: the first step of the iterated test, where k = u = 9 */
        { "0900000000000000000000000000000000000000000000000000000000000000",
          "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079" },
        /* from the pseudo code of RFC 7748 section 5, over Python's integers */
        { "0000000000000000000000000000000000000000000000000000000000000000",
          "2fe57da347cd62431528daac5fbb290730fff684afc4cfc2ed90995f58cb3b74" },
        { "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
          "847c0d2c375234f365e660955187a3735a0f7613d1609d3a6a4d8c53aeaa5a22" },
        { "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
          "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct assay_secret32 secret = secret_of(rows[i][0]);
        uint8_t public_key[32];
        cr_assert_eq(assay_x25519_public(&secret, public_key), ASSAY_OK);
        cr_assert(is_hex(public_key, 32, rows[i][1]), "%s", rows[i][0]);
    }
}

Test(base_crypto, generates_transport_keys_that_match_their_public_half)
{
    uint8_t before[32] = { 0 };
    for (unsigned i = 0; i < 5; i++) {
        struct assay_secret32 secret;
        uint8_t public_key[32];
        uint8_t derived[32];
        cr_assert_eq(assay_x25519_generate(&secret, public_key), ASSAY_OK);
        cr_assert_eq(assay_x25519_public(&secret, derived), ASSAY_OK);
        cr_assert(assay_bytes_equal(public_key, derived, 32));
        cr_assert_not(assay_bytes_equal(public_key, before, 32));
        assay_bytes_copy(before, 32, public_key, 32);
    }
}

Test(base_crypto, aborts_without_a_key_to_verify_with, .signal = SIGABRT)
{
    const uint8_t digest[32] = { 0 };
    const uint8_t signature[64] = { 0 };
    (void)assay_p256_verify(NULL, digest, signature, ASSAY_S_ANY);
}
