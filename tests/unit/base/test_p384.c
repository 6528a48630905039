/*
 * tests/unit/base/test_p384.c - tests of P-384 with the library of the build, against the textbook
 * at the edges and against OpenSSL on thousands of signatures.
 *
 * The edges come from make_edges.py.
 */
#include "base/crypto/p384.h"

#include "tests/support/authority.h"
#include "tests/support/depth.h"
#include "tests/unit/base/p384_edges.h"
#include "tests/unit/base/random.h"

#include <criterion/criterion.h>
#include <string.h>

enum { EDGE_COUNT = sizeof p384_edges / sizeof p384_edges[0], SCALAR = 48 };

static const char order[] = "ffffffffffffffffffffffffffffffffffffffffffffffff"
                            "c7634d81f4372ddf581a0db248b0a77aecec196accc52973";
static const char generator[] = "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b98"
                                "59f741e082542a385502f25dbf55296c3a545e3872760ab7"
                                "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147c"
                                "e9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f";

static void of_hex(const char *hex, uint8_t *out, size_t len)
{
    cr_assert_eq(assay_hex_decode(hex, strlen(hex), out, len), ASSAY_OK, "%s", hex);
}

static enum assay_status load_hex(const char *hex, struct assay_p384 **key)
{
    uint8_t public_key[ASSAY_P384_PUBLIC_LEN];
    of_hex(hex, public_key, sizeof public_key);
    return assay_p384_load(public_key, key);
}

/* The library itself and OpenSSL must say the same, also in what each load accepts. */
static bool verify_both(const uint8_t public_key[static 96], const uint8_t *digest, size_t len,
                        const uint8_t signature[static 96], const char *what)
{
    struct assay_p384 *key = NULL;
    struct assay_p384_reference *reference = NULL;
    const enum assay_status status = assay_p384_load(public_key, &key);
    cr_assert_eq(assay_p384_reference_load(public_key, &reference), status, "%s", what);
    if (status != ASSAY_OK) return false;
    const bool answer = assay_p384_verify(key, digest, len, signature);
    cr_assert_eq(assay_p384_reference_verify(reference, digest, len, signature), answer, "%s",
                 what);
    assay_p384_free(&key);
    assay_p384_reference_free(&reference);
    cr_assert(key == NULL && reference == NULL);
    return answer;
}

Test(base_p384, is_the_library_that_the_build_names)
{
    cr_assert_str_eq(assay_p384_library(), ASSAY_P384_EXPECTED);
}

Test(base_p384, answers_as_the_textbook_at_every_edge)
{
    unsigned valid = 0;
    for (size_t i = 0; i < EDGE_COUNT; i++) {
        const struct p384_edge *edge = &p384_edges[i];
        uint8_t public_key[ASSAY_P384_PUBLIC_LEN];
        uint8_t digest[SCALAR];
        uint8_t signature[ASSAY_P384_SIGNATURE_LEN];
        of_hex(edge->public_key, public_key, sizeof public_key);
        of_hex(edge->digest, digest, sizeof digest);
        of_hex(edge->signature, signature, sizeof signature);
        cr_assert_eq(verify_both(public_key, digest, sizeof digest, signature, edge->name),
                     edge->valid, "%s", edge->name);
        valid += edge->valid;
    }
    cr_assert(valid > 8 && valid + 8 < EDGE_COUNT, "the table holds each kind");
}

/* RFC 6979 A.2.6: the key, and the signatures of "sample" with SHA-256 and SHA-384. */
Test(base_p384, verifies_the_signatures_of_rfc_6979)
{
    static const char public_hex[] = "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e"
                                     "06aae5286b300c64def8f0ea9055866064a254515480bc13"
                                     "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9"
                                     "f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720";
    static const char with_sha256[] = "21b13d1e013c7fa1392d03c5f99af8b30c570c6f98d4ea8e"
                                      "354b63a21d3daa33bde1e888e63355d92fa2b3c36d8fb2cd"
                                      "f3aa443fb107745bf4bd77cb3891674632068a10ca67e3d4"
                                      "5db2266fa7d1feebefdc63eccd1ac42ec0cb8668a4fa0ab0";
    static const char with_sha384[] = "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa7"
                                      "3d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46"
                                      "99ef4aeb15f178cea1fe40db2603138f130e740a19624526"
                                      "203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8";
    uint8_t digest[SCALAR];
    uint8_t signature[ASSAY_P384_SIGNATURE_LEN];
    struct assay_p384 *key = NULL;
    cr_assert_eq(load_hex(public_hex, &key), ASSAY_OK);
    assay_sha256("sample", 6, digest);
    of_hex(with_sha256, signature, sizeof signature);
    cr_assert(assay_p384_verify(key, digest, ASSAY_SHA256_LEN, signature));
    assay_sha384("sample", 6, digest);
    cr_assert_not(assay_p384_verify(key, digest, ASSAY_SHA384_LEN, signature));
    of_hex(with_sha384, signature, sizeof signature);
    cr_assert(assay_p384_verify(key, digest, ASSAY_SHA384_LEN, signature));
    cr_assert_not(assay_p384_verify(key, digest, ASSAY_SHA256_LEN, signature));
    assay_p384_free(&key);
}

Test(base_p384, loads_points_of_the_curve_alone)
{
    uint8_t point[ASSAY_P384_PUBLIC_LEN];
    struct assay_p384 *key = NULL;
    cr_assert_eq(load_hex(generator, &key), ASSAY_OK);
    assay_p384_free(&key);
    assay_p384_free(&key); /* NULL */
    for (size_t bit = 0; bit < 8 * sizeof point; bit += 5) {
        of_hex(generator, point, sizeof point);
        point[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_eq(assay_p384_load(point, &key), ASSAY_E_KEY, "bit %zu", bit);
        cr_assert_null(key);
    }
    memset(point, 0, sizeof point); /* where other encodings put infinity */
    cr_assert_eq(assay_p384_load(point, &key), ASSAY_E_KEY);
    memset(point, 0xff, sizeof point);
    cr_assert_eq(assay_p384_load(point, &key), ASSAY_E_KEY);
}

/* x + p is the same number modulo p: only the least one is a coordinate. */
Test(base_p384, refuses_coordinates_from_p_on)
{
    /* The point of the curve with x = 0, and the same with x + p. */
    static const char least[] = "000000000000000000000000000000000000000000000000"
                                "000000000000000000000000000000000000000000000000"
                                "c306610fb0ae5a159cf45c06069f22a6c5eb3641c602d42d"
                                "ea2c4b4f75550793406d80d2b91ad54f9048bd487af1ade1";
    static const char above[] = "ffffffffffffffffffffffffffffffffffffffffffffffff"
                                "fffffffffffffffeffffffff0000000000000000ffffffff"
                                "c306610fb0ae5a159cf45c06069f22a6c5eb3641c602d42d"
                                "ea2c4b4f75550793406d80d2b91ad54f9048bd487af1ade1";
    uint8_t point[ASSAY_P384_PUBLIC_LEN];
    struct assay_p384 *key = NULL;
    cr_assert_eq(load_hex(least, &key), ASSAY_OK);
    assay_p384_free(&key);
    cr_assert_eq(load_hex(above, &key), ASSAY_E_KEY);
    of_hex(least, point, sizeof point);
    memset(point + SCALAR, 0xff, SCALAR);
    cr_assert_eq(assay_p384_load(point, &key), ASSAY_E_KEY);
    cr_assert_null(key);
}

/* Signatures by OpenSSL of random texts, whole and with one thing turned. */
Test(base_p384, agrees_with_openssl_on_thousands_of_signatures)
{
    enum { KEYS = 8, TURNS = 8 };
    const unsigned texts = 40 / (unsigned)test_every(4);
    struct random random = { 384 };
    unsigned valid = 0;
    unsigned refused = 0;
    for (unsigned i = 0; i < KEYS; i++) {
        struct authority_key *signer = authority_key_make(ASSAY_KEY_P384);
        struct assay_key public_key;
        authority_key_public(signer, &public_key);
        for (unsigned k = 0; k < texts; k++) {
            const enum assay_signature_alg alg =
                k % 4 == 0 ? ASSAY_SIGNATURE_ECDSA_SHA256 : ASSAY_SIGNATURE_ECDSA_SHA384;
            struct assay_signature signature;
            uint8_t text[32];
            uint8_t digest[ASSAY_DIGEST_MAX];
            random_bytes(&random, text, sizeof text);
            authority_sign(signer, alg, text, sizeof text, &signature);
            const size_t len = assay_signature_digest(alg, text, sizeof text, digest);
            valid += verify_both(public_key.bytes, digest, len, signature.bytes, "whole");
            for (unsigned turn = 0; turn < TURNS; turn++) {
                const size_t bit = random_below(&random, 8 * (96 + len));
                uint8_t *const at = bit < 8 * 96 ? &signature.bytes[bit / 8]
                                                 : &digest[bit / 8 - 96];
                *at ^= (uint8_t)(1u << bit % 8);
                refused += !verify_both(public_key.bytes, digest, len, signature.bytes, "turned");
                *at ^= (uint8_t)(1u << bit % 8);
            }
        }
        authority_key_free(&signer);
    }
    cr_assert_eq(valid, KEYS * texts);
    cr_assert_eq(refused, KEYS * texts * TURNS);
}

/* With (r, s) also (r, n - s) is a signature: vendors' may be high. */
Test(base_p384, takes_high_and_low_s_alike)
{
    uint8_t n[SCALAR];
    struct assay_signature signature;
    struct assay_key public_key;
    uint8_t digest[ASSAY_DIGEST_MAX];
    of_hex(order, n, sizeof n);
    struct authority_key *signer = authority_key_make(ASSAY_KEY_P384);
    authority_key_public(signer, &public_key);
    authority_sign(signer, ASSAY_SIGNATURE_ECDSA_SHA384, "high", 4, &signature);
    assay_sha384("high", 4, digest);
    cr_assert(verify_both(public_key.bytes, digest, SCALAR, signature.bytes, "as made"));
    unsigned borrow = 0;
    for (size_t i = SCALAR; i > 0; i--) {
        const unsigned digit = 256u + n[i - 1] - signature.bytes[SCALAR + i - 1] - borrow;
        borrow = digit < 256 ? 1 : 0;
        signature.bytes[SCALAR + i - 1] = (uint8_t)(digit & 0xff);
    }
    cr_assert(verify_both(public_key.bytes, digest, SCALAR, signature.bytes, "n - s"));
    authority_key_free(&signer);
}
