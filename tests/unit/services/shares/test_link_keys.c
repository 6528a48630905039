/*
 * tests/unit/services/shares/test_link_keys.c - tests of link keys of holders.
 *
 * Link keys of holders: the CURVE key that every node computes from a link key is the one whose
 * secret half the owner of the seed has (docs/services.md 5.4).
 */
#include "base/crypto.h"
#include "services/shares/sodium.h"

#include <criterion/criterion.h>

Test(link_keys, a_link_key_has_one_curve_key)
{
    const struct assay_secret32 seed = { { 8 } };
    struct assay_secret32 secret;
    uint8_t link[32], curve[32], own[32];
    const uint8_t none[32] = { 0 };
    cr_assert_eq(assay_sodium_start(), ASSAY_OK);
    assay_sodium_link_pair(&seed, link);
    assay_sodium_link_secret(&seed, &secret);
    cr_assert_eq(assay_sodium_link_curve(link, curve), ASSAY_OK);
    cr_assert_eq(assay_x25519_public(&secret, own), ASSAY_OK);
    cr_assert(assay_bytes_equal(curve, own, 32));
    cr_assert_eq(assay_sodium_link_curve(none, curve), ASSAY_E_KEY);
}
