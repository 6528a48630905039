/*
 * base/crypto/nettle.c - ECDSA over P-384 through nettle, the default: OpenSSL 3.0 is half as fast.
 *
 * The low-level function works on arrays of limbs that stand in the key and on the stack, so a
 * verification allocates nothing. Ranges of r and s are checked here, the point when it is loaded.
 *
 * nettle adds u1 * G and u2 * Q with a formula that is wrong when both are the same point. Only the
 * holder of the private key can make such a signature; nettle then rejects what the standard
 * accepts. To give the same verdict in every build of Assay, OpenSSL decides when nettle rejects:
 * genuine evidence does not pay for it.
 */
#include "base/crypto/p384.h"

#include "base/assert.h"

#include <stdlib.h>

#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <nettle/ecdsa.h>

enum {
    LIMB_LEN = sizeof(mp_limb_t),
    LIMBS = ASSAY_P384_SCALAR_LEN / LIMB_LEN,
    SCRATCH_LIMBS = 768, /* nettle 3.8 wants 366 of eight bytes each, asserted below */
};

_Static_assert(ASSAY_P384_SCALAR_LEN % LIMB_LEN == 0, "a coordinate is a whole number of limbs");
_Static_assert(GMP_NAIL_BITS == 0, "every bit of a limb counts");

struct assay_p384 {
    mp_limb_t point[2 * LIMBS]; /* x, then y; least significant limb first */
    uint8_t public_key[ASSAY_P384_PUBLIC_LEN];
};

static void read_limbs(const uint8_t bytes[static ASSAY_P384_SCALAR_LEN], mp_limb_t out[LIMBS])
{
    for (size_t i = 0; i < LIMBS; i++) {
        const uint8_t *const limb = bytes + (LIMBS - 1 - i) * LIMB_LEN;
        mp_limb_t value = 0;
        for (size_t j = 0; j < LIMB_LEN; j++) value = value << 8 | limb[j];
        out[i] = value;
    }
}

/* Returns: true when x | y is a point of the curve; infinity has no such form. */
static bool on_curve(const mp_limb_t point[2 * LIMBS])
{
    mpz_t x;
    mpz_t y;
    mp_limb_t copy[2 * LIMBS];
    struct ecc_point checked = { .ecc = nettle_get_secp_384r1(), .p = copy };
    /* Numbers that borrow the limbs: nothing to clear. */
    return ecc_point_set(&checked, mpz_roinit_n(x, point, LIMBS),
                         mpz_roinit_n(y, point + LIMBS, LIMBS)) == 1;
}

enum assay_status assay_p384_load(const uint8_t public_key[static ASSAY_P384_PUBLIC_LEN],
                                  struct assay_p384 **key)
{
    ASSAY_ASSERT(key != NULL);
    struct assay_p384 *const loaded = calloc(1, sizeof *loaded);
    if (loaded == NULL) return ASSAY_E_CRYPTO;
    read_limbs(public_key, loaded->point);
    read_limbs(public_key + ASSAY_P384_SCALAR_LEN, loaded->point + LIMBS);
    assay_bytes_copy(loaded->public_key, sizeof loaded->public_key, public_key,
                     ASSAY_P384_PUBLIC_LEN);
    if (!on_curve(loaded->point)) {
        free(loaded);
        return ASSAY_E_KEY;
    }
    *key = loaded;
    return ASSAY_OK;
}

void assay_p384_free(struct assay_p384 **key)
{
    ASSAY_ASSERT(key != NULL);
    free(*key);
    *key = NULL;
}

bool assay_p384_verify(const struct assay_p384 *key, const uint8_t *digest, size_t digest_len,
                       const uint8_t signature[static ASSAY_P384_SIGNATURE_LEN])
{
    ASSAY_ASSERT(key != NULL);
    ASSAY_ASSERT(digest_len == ASSAY_SHA256_LEN || digest_len == ASSAY_SHA384_LEN);
    if (!assay_p384_scalars_in_range(signature)) return false;
    const struct ecc_curve *const curve = nettle_get_secp_384r1();
    mp_limb_t r[LIMBS];
    mp_limb_t s[LIMBS];
    mp_limb_t scratch[SCRATCH_LIMBS];
    ASSAY_ASSERT(ecc_ecdsa_verify_itch(curve) <= SCRATCH_LIMBS);
    read_limbs(signature, r);
    read_limbs(signature + ASSAY_P384_SCALAR_LEN, s);
    if (ecc_ecdsa_verify(curve, key->point, digest_len, digest, r, s, scratch) == 1) return true;
    return assay_p384_reference_decides(key->public_key, digest, digest_len, signature);
}

size_t assay_p384_weight(void)
{
    return sizeof(struct assay_p384);
}

const char *assay_p384_library(void)
{
    return "nettle";
}
