/*
 * base/crypto/gmp.c - inverses modulo the order of P-256 through GMP, which nettle brings along.
 *
 * mpn_gcdext works on arrays of limbs that stand on the stack, so an inverse allocates nothing.
 */
#include "base/crypto/invert.h"

#include "base/assert.h"
#include "base/bytes.h"

#include <gmp.h>

enum {
    SCALAR_LEN = 32,
    LIMB_LEN = sizeof(mp_limb_t),
    LIMBS = SCALAR_LEN / LIMB_LEN,
    ROOM = LIMBS + 1, /* mpn_gcdext uses one limb more of each operand */
};

_Static_assert(SCALAR_LEN % LIMB_LEN == 0, "a number is a whole number of limbs");
_Static_assert(GMP_NAIL_BITS == 0, "every bit of a limb counts");

/* n (FIPS 186-4 D.1.2.3). */
static const uint8_t order[SCALAR_LEN] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
};

static void read_limbs(const uint8_t bytes[static SCALAR_LEN], mp_limb_t out[static LIMBS])
{
    for (size_t i = 0; i < LIMBS; i++) {
        const uint8_t *const limb = bytes + (LIMBS - 1 - i) * LIMB_LEN;
        mp_limb_t value = 0;
        for (size_t j = 0; j < LIMB_LEN; j++)
            value = value << 8 | limb[j];
        out[i] = value;
    }
}

static void write_limbs(const mp_limb_t limbs[static LIMBS], uint8_t bytes[static SCALAR_LEN])
{
    for (size_t i = 0; i < SCALAR_LEN; i++) {
        const size_t low = SCALAR_LEN - 1 - i;
        bytes[i] = (uint8_t)(limbs[low / LIMB_LEN] >> 8 * (low % LIMB_LEN) & 0xff);
    }
}

bool assay_p256_invert(const uint8_t number[static SCALAR_LEN], uint8_t inverse[static SCALAR_LEN])
{
    ASSAY_ASSERT(!assay_bytes_all_zero(number, SCALAR_LEN));
    mp_limb_t u[ROOM] = { 0 };
    mp_limb_t v[ROOM] = { 0 };
    mp_limb_t n[LIMBS];
    mp_limb_t divisor[ROOM] = { 0 };
    mp_limb_t factor[ROOM] = { 0 };
    mp_size_t factor_len = 0; /* negative for a negative factor */
    read_limbs(number, u);
    read_limbs(order, v);
    read_limbs(order, n);
    /* 1 = number * factor + n * other, |factor| < n */
    const mp_size_t divisor_len = mpn_gcdext(divisor, factor, &factor_len, u, LIMBS, v, LIMBS);
    ASSAY_ASSERT(divisor_len == 1 && divisor[0] == 1); /* n is prime */
    ASSAY_ASSERT(factor_len >= -LIMBS && factor_len <= LIMBS);
    for (mp_size_t i = factor_len < 0 ? -factor_len : factor_len; i < LIMBS; i++)
        factor[i] = 0; /* not written */
    if (factor_len < 0) {
        const mp_limb_t borrow = mpn_sub_n(factor, n, factor, LIMBS);
        ASSAY_ASSERT(borrow == 0);
    }
    write_limbs(factor, inverse);
    return true;
}
