/*
 * tests/unit/base/test_cipher.c - tests of the encryption of files: the same bytes as other
 * implementations make, and nothing opens but what was sealed.
 */
#include "base/cipher.h"

#include <criterion/criterion.h>
#include <string.h>

enum { TEXT_LEN = 25 };

static const char text[] = "sixteen bytes ok and more";
static const char passphrase[] = "correct horse battery";

static struct assay_slice slice_of(const char *string)
{
    return assay_slice_over(string, strlen(string));
}

static struct assay_secret32 key_of_test(void)
{
    uint8_t salt[ASSAY_CIPHER_SALT_LEN];
    struct assay_secret32 key;
    for (size_t i = 0; i < sizeof salt; i++)
        salt[i] = (uint8_t)i;
    cr_assert_eq(assay_cipher_key_of_passphrase(slice_of(passphrase), salt, &key), ASSAY_OK);
    return key;
}

static bool is_hex_of(const uint8_t *bytes, size_t len, const char *expected)
{
    char hex[2 * ASSAY_P256_PUBLIC_LEN + 1];
    assay_hex_encode(bytes, len, hex, sizeof hex);
    return strcmp(hex, expected) == 0;
}

/* Expected values: Python's hashlib.scrypt, and AESGCM of its package cryptography. */
Test(base_cipher, a_passphrase_makes_the_key_that_others_make)
{
    struct assay_secret32 key = key_of_test();
    uint8_t bytes[TEXT_LEN], tag[ASSAY_CIPHER_TAG_LEN];
    cr_assert(is_hex_of(key.bytes, sizeof key.bytes,
                        "aff2f7e8dc8c4c07b101996c1d01817a0f7814ce7a11d3b8a0c4c93800ab17e5"));
    assay_bytes_copy(bytes, sizeof bytes, text, TEXT_LEN);
    cr_assert_eq(assay_cipher_seal(&key, slice_of("head"), bytes, sizeof bytes, tag), ASSAY_OK);
    cr_assert(is_hex_of(bytes, sizeof bytes, "ab10284a3598e1bd7cb36959a79adaa89e5e07d71188b62179"));
    cr_assert(is_hex_of(tag, sizeof tag, "d498b3b0ecd74853b2eb18a0d4b8cacc"));
}

/* Expected values: P-256 and HKDF written in Python from SP 800-186 and RFC 5869. */
Test(base_cipher, a_recipient_makes_the_key_that_others_make)
{
    struct assay_secret32 recipient, fresh_private, key;
    uint8_t fresh[ASSAY_P256_PUBLIC_LEN];
    memset(recipient.bytes, 7, sizeof recipient.bytes);
    memset(fresh_private.bytes, 9, sizeof fresh_private.bytes);
    cr_assert_eq(assay_p256_public(&fresh_private, fresh), ASSAY_OK);
    cr_assert(is_hex_of(fresh, sizeof fresh,
                        "7135fa4fd93a09dce98bbf681b4bfcf50e7c0d6354e62afb0bff2a3429617865"
                        "ed4c1f02ddb9023ee56a557e515d6a9dc66c11f220960de594334df588776724"));
    cr_assert_eq(assay_cipher_key_of_recipient(&recipient, fresh, &key), ASSAY_OK);
    cr_assert(is_hex_of(key.bytes, sizeof key.bytes,
                        "29fdb9c8d5114c194e7dae903d47f7b0bb54fb68dd78c84ddbd9ad8c6cad288f"));
}

Test(base_cipher, both_ends_have_one_key_and_each_file_another)
{
    struct assay_secret32 private_key, first, second, opened;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN], fresh[ASSAY_P256_PUBLIC_LEN];
    cr_assert_eq(assay_p256_generate(&private_key, public_key), ASSAY_OK);
    cr_assert_eq(assay_cipher_key_for(public_key, fresh, &first), ASSAY_OK);
    cr_assert_eq(assay_cipher_key_for(public_key, fresh, &second), ASSAY_OK);
    cr_assert_not(assay_equal_ct(&first, &second, sizeof first), "the nonce is always the same");
    cr_assert_eq(assay_cipher_key_of_recipient(&private_key, fresh, &opened), ASSAY_OK);
    cr_assert(assay_equal_ct(&second, &opened, sizeof opened));
}

Test(base_cipher, points_off_the_curve_are_refused)
{
    struct assay_secret32 private_key, key;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN], fresh[ASSAY_P256_PUBLIC_LEN];
    cr_assert_eq(assay_p256_generate(&private_key, public_key), ASSAY_OK);
    public_key[40] ^= 1;
    cr_assert_eq(assay_cipher_key_for(public_key, fresh, &key), ASSAY_E_KEY);
    cr_assert_eq(assay_cipher_key_of_recipient(&private_key, public_key, &key), ASSAY_E_KEY);
    memset(private_key.bytes, 0, sizeof private_key.bytes);
    public_key[40] ^= 1;
    cr_assert_eq(assay_cipher_key_of_recipient(&private_key, public_key, &key), ASSAY_E_KEY);
}

Test(base_cipher, no_changed_bit_opens)
{
    const struct assay_secret32 key = key_of_test();
    uint8_t sealed[4 + TEXT_LEN + ASSAY_CIPHER_TAG_LEN], bytes[TEXT_LEN];
    assay_bytes_copy(sealed, sizeof sealed, "head", 4);
    assay_bytes_copy(sealed + 4, TEXT_LEN, text, TEXT_LEN);
    cr_assert_eq(assay_cipher_seal(&key, assay_slice_over(sealed, 4), sealed + 4, TEXT_LEN,
                                   sealed + 4 + TEXT_LEN),
                 ASSAY_OK);
    for (size_t bit = 0; bit <= 8 * sizeof sealed; bit++) {
        const bool is_changed = bit < 8 * sizeof sealed;
        if (is_changed) sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assay_bytes_copy(bytes, sizeof bytes, sealed + 4, TEXT_LEN);
        cr_assert_eq(assay_cipher_open(&key, assay_slice_over(sealed, 4), bytes, TEXT_LEN,
                                       sealed + 4 + TEXT_LEN),
                     is_changed ? ASSAY_E_SIGNATURE : ASSAY_OK);
        if (is_changed) cr_assert(assay_bytes_all_zero(bytes, TEXT_LEN), "nothing in clear");
        else cr_assert(assay_bytes_equal(bytes, text, TEXT_LEN));
        if (is_changed) sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

Test(base_cipher, passphrases_have_a_length)
{
    static char long_one[ASSAY_CIPHER_PASSPHRASE_MAX + 1];
    const uint8_t salt[ASSAY_CIPHER_SALT_LEN] = { 1 };
    struct assay_secret32 key;
    memset(long_one, 'x', sizeof long_one);
    cr_assert_eq(assay_cipher_key_of_passphrase(assay_slice_over(long_one, 11), salt, &key),
                 ASSAY_E_RANGE);
    cr_assert_eq(
        assay_cipher_key_of_passphrase(assay_slice_over(long_one, sizeof long_one), salt, &key),
        ASSAY_E_RANGE);
    cr_assert_eq(assay_cipher_key_of_passphrase(assay_slice_over(long_one, 12), salt, &key),
                 ASSAY_OK);
}
