/*
 * tests/unit/base/test_verify_key.c - tests of decoded keys of any type: valid combinations and
 * rejections. Signatures are OpenSSL's.
 */
#include "base/crypto.h"

#include "tests/support/authority.h"
#include "tests/support/depth.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { ALGS = 8, KEYS = 5 };

static const enum assay_signature_alg algs[ALGS] = {
    ASSAY_SIGNATURE_ECDSA_SHA256,     ASSAY_SIGNATURE_ECDSA_SHA384,
    ASSAY_SIGNATURE_RSA_PKCS1_SHA256, ASSAY_SIGNATURE_RSA_PKCS1_SHA384,
    ASSAY_SIGNATURE_RSA_PSS_SHA256,   ASSAY_SIGNATURE_RSA_PSS_SHA384,
    ASSAY_SIGNATURE_RSA_PKCS1_SHA512, ASSAY_SIGNATURE_RSA_PSS_SHA512,
};
static const char text[] = "what is signed";

static bool is_ecdsa(enum assay_signature_alg alg)
{
    return alg == ASSAY_SIGNATURE_ECDSA_SHA256 || alg == ASSAY_SIGNATURE_ECDSA_SHA384;
}

struct signer {
    struct authority_key *pair;
    struct assay_key public_key;
    struct assay_verify_key *key;
};

static struct signer signer_of(struct authority_key *pair)
{
    struct signer s = { .pair = pair };
    authority_key_public(pair, &s.public_key);
    cr_assert_eq(assay_public_key_load(&s.public_key, &s.key), ASSAY_OK);
    return s;
}

static void signer_close(struct signer *s)
{
    authority_key_free(&s->pair);
    assay_public_key_free(&s->key);
    cr_assert_null(s->key);
}

/* P-256, P-384, RSA of each size. */
static void open_all(struct signer all[KEYS])
{
    all[0] = signer_of(authority_key_make(ASSAY_KEY_P256));
    all[1] = signer_of(authority_key_make(ASSAY_KEY_P384));
    all[2] = signer_of(authority_key_make_rsa(2048));
    all[3] = signer_of(authority_key_make_rsa(3072));
    all[4] = signer_of(authority_key_make_rsa(4096));
}

static void close_all(struct signer all[KEYS])
{
    for (size_t i = 0; i < KEYS; i++) signer_close(&all[i]);
}

/* Every algorithm by every key that can: it verifies under that key and algorithm, and nothing
 * else. */
Test(base_verify_key, verifies_each_algorithm_under_its_own_key_alone)
{
    struct signer all[KEYS];
    unsigned verified = 0;
    open_all(all);
    for (size_t by = 0; by < KEYS; by++)
        for (size_t with = 0; with < ALGS; with++) {
            struct assay_signature signature;
            uint8_t digest[ASSAY_DIGEST_MAX];
            if (is_ecdsa(algs[with]) != (by < 2)) continue;
            authority_sign(all[by].pair, algs[with], text, sizeof text, &signature);
            for (size_t under = 0; under < KEYS; under++)
                for (size_t as = 0; as < ALGS; as++) {
                    signature.alg = algs[as];
                    const size_t len = assay_signature_digest(algs[as], text, sizeof text, digest);
                    const bool ok = assay_public_key_check(all[under].key, &signature, digest, len);
                    cr_assert_eq(ok, under == by && as == with, "%zu %zu %zu %zu", by, with, under,
                                 as);
                    verified += ok;
                }
        }
    cr_assert_eq(verified, 2 * 2 + 3 * 6);
    close_all(all);
}

Test(base_verify_key, refuses_every_flipped_bit_of_a_signature_and_another_length)
{
    struct signer all[KEYS];
    open_all(all);
    for (size_t by = 0; by < KEYS; by++)
        for (size_t with = 0; with < ALGS; with++) {
            struct assay_signature signature;
            uint8_t digest[ASSAY_DIGEST_MAX];
            if (is_ecdsa(algs[with]) != (by < 2)) continue;
            authority_sign(all[by].pair, algs[with], text, sizeof text, &signature);
            const size_t len = assay_signature_digest(algs[with], text, sizeof text, digest);
            for (size_t bit = 0; bit < 8 * signature.len; bit += 37 * test_every(3)) {
                signature.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                cr_assert_not(assay_public_key_check(all[by].key, &signature, digest, len));
                signature.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            }
            cr_assert(assay_public_key_check(all[by].key, &signature, digest, len));
            digest[len - 1] ^= 1;
            /* FIPS 186-5 6.4.2: P-256 reads the first 32 bytes of a longer digest. */
            cr_assert_eq(assay_public_key_check(all[by].key, &signature, digest, len),
                         all[by].public_key.type == ASSAY_KEY_P256 && len > 32);
            digest[len - 1] ^= 1;
            cr_assert_not(assay_public_key_check(all[by].key, &signature, digest, len - 1));
            signature.len -= 1;
            cr_assert_not(assay_public_key_check(all[by].key, &signature, digest, len));
            signature.len = 0;
            cr_assert_not(assay_public_key_check(all[by].key, &signature, digest, len));
        }
    close_all(all);
}

/* r | s of 48 bytes each: for P-256 the leading sixteen are zero. */
Test(base_verify_key, refuses_numbers_too_long_for_their_curve)
{
    struct signer s = signer_of(authority_key_make(ASSAY_KEY_P256));
    struct assay_signature signature;
    uint8_t digest[ASSAY_DIGEST_MAX];
    authority_sign(s.pair, ASSAY_SIGNATURE_ECDSA_SHA256, text, sizeof text, &signature);
    assay_sha256(text, sizeof text, digest);
    cr_assert(assay_public_key_check(s.key, &signature, digest, 32));
    for (size_t at = 0; at < 16; at++) {
        signature.bytes[at] = 1;
        cr_assert_not(assay_public_key_check(s.key, &signature, digest, 32));
        signature.bytes[at] = 0;
        signature.bytes[48 + at] = 1;
        cr_assert_not(assay_public_key_check(s.key, &signature, digest, 32));
        signature.bytes[48 + at] = 0;
    }
    signer_close(&s);
}

static void refuse(const struct assay_key *key, const char *why)
{
    struct assay_verify_key *loaded = NULL;
    cr_assert_eq(assay_public_key_load(key, &loaded), ASSAY_E_KEY, "%s", why);
    cr_assert_null(loaded);
}

Test(base_verify_key, loads_no_rsa_key_that_cannot_be_one)
{
    struct signer s = signer_of(authority_key_make_rsa(2048));
    struct assay_key key = s.public_key;
    uint8_t *const exponent = key.bytes + 256;
    key.bytes[255] ^= 1;
    refuse(&key, "an even modulus");
    key = s.public_key;
    key.bytes[0] &= 0x7f;
    refuse(&key, "a modulus of fewer bits");
    static const uint32_t bad[] = { 0, 1, 2, 3, 17, 65535, 65536, 65538, UINT32_MAX - 1 };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        key = s.public_key;
        for (size_t k = 0; k < 4; k++) exponent[k] = (uint8_t)(bad[i] >> (24 - 8 * k) & 0xff);
        refuse(&key, "an exponent");
    }
    struct assay_verify_key *loaded = NULL;
    memset(exponent, 0xff, 4); /* odd and large: not refused, though nobody uses it */
    cr_assert_eq(assay_public_key_load(&key, &loaded), ASSAY_OK);
    assay_public_key_free(&loaded);
    signer_close(&s);
}

Test(base_verify_key, loads_no_key_of_another_length_or_off_its_curve)
{
    static const enum assay_key_type types[] = { ASSAY_KEY_P256, ASSAY_KEY_P384, ASSAY_KEY_RSA };
    for (size_t i = 0; i < 3; i++) {
        struct signer s = signer_of(authority_key_make(types[i]));
        struct assay_key key = s.public_key;
        key.len -= 1;
        refuse(&key, "shorter");
        key.len = 0;
        refuse(&key, "empty");
        key = s.public_key;
        key.type = ASSAY_KEY_NONE;
        refuse(&key, "of no type");
        key.type = types[(i + 1) % 3];
        refuse(&key, "of another type");
        signer_close(&s);
    }
    struct assay_key key = { .type = ASSAY_KEY_P256, .len = 64 };
    refuse(&key, "P-256 at 0, 0");
    key = (struct assay_key){ .type = ASSAY_KEY_P384, .len = 96 };
    refuse(&key, "P-384 at 0, 0");
}

/* A salt of another length than the hash's is another algorithm. */
Test(base_verify_key, refuses_pss_with_another_hash_inside)
{
    struct signer s = signer_of(authority_key_make_rsa(2048));
    struct assay_signature signature;
    uint8_t digest[ASSAY_DIGEST_MAX] = { 0 };
    authority_sign(s.pair, ASSAY_SIGNATURE_RSA_PSS_SHA256, text, sizeof text, &signature);
    assay_sha256(text, sizeof text, digest);
    cr_assert(assay_public_key_check(s.key, &signature, digest, 32));
    signature.alg = ASSAY_SIGNATURE_RSA_PSS_SHA384;
    cr_assert_not(assay_public_key_check(s.key, &signature, digest, 48));
    signature.alg = ASSAY_SIGNATURE_NONE;
    cr_assert_not(assay_public_key_check(s.key, &signature, digest, 32));
    cr_assert_not(assay_public_key_check(s.key, &signature, digest, 0));
    signer_close(&s);
}

/* Signed by the right key, but not what the standard encodes: every byte of it counts. */
Test(base_verify_key, refuses_rsa_encodings_with_any_byte_turned)
{
    struct signer s = signer_of(authority_key_make_rsa(2048));
    for (size_t with = 0; with < ALGS; with++) {
        struct assay_signature signature;
        uint8_t encoded[ASSAY_RSA_MODULUS_MAX];
        uint8_t digest[ASSAY_DIGEST_MAX];
        if (is_ecdsa(algs[with])) continue;
        authority_sign(s.pair, algs[with], text, sizeof text, &signature);
        const size_t len = assay_signature_digest(algs[with], text, sizeof text, digest);
        authority_rsa_open(s.pair, &signature, encoded);
        authority_rsa_close(s.pair, encoded, &signature);
        cr_assert(assay_public_key_check(s.key, &signature, digest, len));
        for (size_t at = 0; at < 256; at++) {
            /* The lowest bit: a higher one of the first byte could exceed the modulus. */
            encoded[at] ^= 1;
            authority_rsa_close(s.pair, encoded, &signature);
            cr_assert_not(assay_public_key_check(s.key, &signature, digest, len), "%zu of %zu", at,
                          with);
            encoded[at] ^= 1;
        }
    }
    signer_close(&s);
}

/* With s also s + n has the same power modulo n: only the least is a signature. */
Test(base_verify_key, refuses_rsa_signatures_from_the_modulus_on)
{
    struct signer s = signer_of(authority_key_make_rsa(2048));
    struct assay_signature signature;
    uint8_t digest[ASSAY_DIGEST_MAX];
    unsigned carry = 1;
    /* One small enough that the sum fits: every other one is, on average. */
    for (unsigned nonce = 0; carry != 0; nonce++) {
        authority_sign(s.pair, ASSAY_SIGNATURE_RSA_PSS_SHA256, &nonce, sizeof nonce, &signature);
        assay_sha256(&nonce, sizeof nonce, digest);
        cr_assert(assay_public_key_check(s.key, &signature, digest, 32));
        carry = 0;
        for (size_t i = 256; i > 0; i--) {
            const unsigned sum = signature.bytes[i - 1] + s.public_key.bytes[i - 1] + carry;
            signature.bytes[i - 1] = (uint8_t)(sum & 0xff);
            carry = sum >> 8;
        }
        cr_assert_lt(nonce, 1000);
    }
    cr_assert_not(assay_public_key_check(s.key, &signature, digest, 32));
    assay_bytes_copy(signature.bytes, sizeof signature.bytes, s.public_key.bytes, 256);
    cr_assert_not(assay_public_key_check(s.key, &signature, digest, 32));
    memset(signature.bytes, 0, 256);
    cr_assert_not(assay_public_key_check(s.key, &signature, digest, 32));
    signer_close(&s);
}

Test(base_verify_key, names_a_key_by_the_digest_of_its_spki)
{
    struct signer all[KEYS];
    open_all(all);
    for (size_t i = 0; i < KEYS; i++) {
        const struct authority_certificate c =
            authority_ca("name", all[i].pair, "name", all[i].pair,
                         i < 2 ? ASSAY_SIGNATURE_ECDSA_SHA256 : ASSAY_SIGNATURE_RSA_PSS_SHA256);
        const struct assay_certificate read = authority_certificate_read(&c);
        uint8_t name[ASSAY_SHA256_LEN];
        assay_key_name(&all[i].public_key, name);
        cr_assert_arr_eq(name, read.key_name, sizeof name);
        cr_assert(assay_key_equal(&read.key, &all[i].public_key));
        cr_assert_gt(assay_public_key_weight(all[i].key), 64);
    }
    close_all(all);
}
