/*
 * base/crypto/openssl_ecdsa.c - verification of P-256 signatures: the steps of FIPS 186-5 6.4.2
 * over OpenSSL's arithmetic, with less around them than ECDSA_do_verify has.
 *
 *   1 / s      through GMP, a tenth of OpenSSL's time, where nettle brings it along; w * s = 1 is
 *              checked
 *   the sum    u1*G + u2*Q by EC_POINT_mul, as ECDSA_do_verify does it. With a table of multiples
 *              of Q both products are sums of table entries, without a doubling: OpenSSL
 *              precomputes multiples of a group's generator alone, hence a group whose generator is
 *              Q. EC_POINT_add handles equal points, opposite points and infinity
 *   x mod n    compared as X = r * Z^2 and X = (r + n) * Z^2 modulo p, without a division
 *
 * Numbers and points that a verification writes are made once for each of SCRATCH_COUNT threads
 * that verify at the same time. tests/unit/base/test_p256_table.c compares each answer with
 * ECDSA_do_verify, which decides where this file has no answer.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/crypto/openssl_ecdsa.h"

#include "base/assert.h"
#include "base/crypto/openssl_curve.h"

#ifdef ASSAY_P256_TABLES

#include "base/crypto/invert.h"

#include <stdatomic.h>
#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/ec.h>

enum { SCALAR_LEN = 32, SCRATCH_COUNT = 32 };

struct scratch {
    atomic_bool is_used;
    bool is_open;
    BN_CTX *context;
    EC_POINT *sum, *of_generator;
    BIGNUM *r, *s, *digest, *inverse, *u1, *u2;
    BIGNUM *x, *y, *z, *product;
};

struct assay_curve_table {
    EC_GROUP *group; /* its generator is the public key */
};

/* --- scratch: opened at its first use, for the rest of the process */
static struct scratch scratches[SCRATCH_COUNT];

static bool open_scratch(struct scratch *c, const EC_GROUP *group)
{
    BIGNUM **const numbers[] = { &c->r,  &c->s, &c->digest, &c->inverse, &c->u1,
                                 &c->u2, &c->x, &c->y,      &c->z,       &c->product };
    bool ok = true;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (*numbers[i] == NULL) *numbers[i] = BN_new(); /* an earlier try may have made it */
        if (*numbers[i] == NULL) ok = false;
    }
    if (c->context == NULL) c->context = BN_CTX_new();
    if (c->sum == NULL) c->sum = EC_POINT_new(group);
    if (c->of_generator == NULL) c->of_generator = EC_POINT_new(group);
    c->is_open = ok && c->context != NULL && c->sum != NULL && c->of_generator != NULL;
    return c->is_open;
}

/* Returns: one that no other thread uses; NULL when there is none, or no memory. */
static struct scratch *take_scratch(const EC_GROUP *group)
{
    for (size_t i = 0; i < SCRATCH_COUNT; i++) {
        struct scratch *const c = &scratches[i];
        if (atomic_exchange_explicit(&c->is_used, true, memory_order_acquire)) continue;
        if (c->is_open || open_scratch(c, group)) return c;
        atomic_store_explicit(&c->is_used, false, memory_order_release);
        return NULL;
    }
    return NULL;
}

/* --- tables */
struct assay_curve_table *assay_curve_table_make(const EC_KEY *key)
{
    const EC_GROUP *const group = EC_KEY_get0_group(key);
    struct assay_curve_table *made = calloc(1, sizeof *made);
    if (made == NULL) return NULL;
    made->group = EC_GROUP_dup(group);
    const bool ok =
        made->group != NULL &&
        EC_GROUP_set_generator(made->group, EC_KEY_get0_public_key(key), EC_GROUP_get0_order(group),
                               EC_GROUP_get0_cofactor(group)) == 1 &&
        EC_GROUP_precompute_mult(made->group, NULL) == 1 &&
        EC_GROUP_have_precompute_mult(made->group) == 1;
    if (ok) return made;
    const bool no_memory = assay_openssl_drain();
    (void)no_memory; /* without a table every verification has the same answer */
    assay_curve_table_free(&made);
    return NULL;
}

void assay_curve_table_free(struct assay_curve_table **table)
{
    ASSAY_ASSERT(table != NULL);
    if (*table == NULL) return;
    EC_GROUP_free((*table)->group);
    free(*table);
    *table = NULL;
}

/* --- verification */

/* c->inverse = 1 / s modulo n. Returns: false when memory ran out. */
static bool invert_s(struct scratch *c, const BIGNUM *n, const uint8_t s[static SCALAR_LEN])
{
    uint8_t inverse[SCALAR_LEN];
    if (!assay_p256_invert(s, inverse))
        return BN_mod_inverse(c->inverse, c->s, n, c->context) != NULL;
    if (BN_bin2bn(inverse, SCALAR_LEN, c->inverse) == NULL) return false;
    if (BN_mod_mul(c->product, c->inverse, c->s, n, c->context) != 1) return false;
    ASSAY_ASSERT(BN_is_one(c->product));
    return true;
}

/* u1 = digest / s, u2 = r / s modulo n. Returns: false when memory ran out. */
static bool compute_scalars(struct scratch *c, const BIGNUM *n, const uint8_t *digest,
                            const uint8_t *signature)
{
    return BN_bin2bn(digest, ASSAY_SHA256_LEN, c->digest) != NULL &&
           BN_bin2bn(signature, SCALAR_LEN, c->r) != NULL &&
           BN_bin2bn(signature + SCALAR_LEN, SCALAR_LEN, c->s) != NULL &&
           invert_s(c, n, signature + SCALAR_LEN) &&
           BN_mod_mul(c->u1, c->digest, c->inverse, n, c->context) == 1 &&
           BN_mod_mul(c->u2, c->r, c->inverse, n, c->context) == 1;
}

/* c->sum = u1*G + u2*Q. Returns: false when memory ran out. */
static bool compute_sum(struct scratch *c, const EC_KEY *key, const struct assay_curve_table *table)
{
    const EC_GROUP *const group = EC_KEY_get0_group(key);
    if (table == NULL)
        return EC_POINT_mul(group, c->sum, c->u1, EC_KEY_get0_public_key(key), c->u2, c->context) ==
               1;
    return EC_POINT_mul(group, c->of_generator, c->u1, NULL, NULL, c->context) == 1 &&
           EC_POINT_mul(table->group, c->sum, c->u2, NULL, NULL, c->context) == 1 &&
           EC_POINT_add(group, c->sum, c->of_generator, c->sum, c->context) == 1;
}

/* In: c->product = Z^2. Returns: 1 when X = candidate * Z^2 modulo p, 0 when not, below 0: memory
 * ran out. */
static int is_x(struct scratch *c, const BIGNUM *candidate, const BIGNUM *p)
{
    if (BN_mod_mul(c->y, candidate, c->product, p, c->context) != 1) return -1;
    return BN_cmp(c->y, c->x) == 0;
}

/* Whether the sum's x is r modulo n: x < p, hence x = r, or x = r + n where that is below p.
 * Returns: 1, 0, below 0: memory ran out */
static int compare_x(struct scratch *c, const EC_GROUP *group)
{
    const BIGNUM *const p = EC_GROUP_get0_field(group);
    if (EC_POINT_is_at_infinity(group, c->sum)) return 0;
    if (EC_POINT_get_Jprojective_coordinates_GFp(group, c->sum, c->x, c->y, c->z, c->context) != 1)
        return -1;
    if (BN_mod_sqr(c->product, c->z, p, c->context) != 1) return -1;
    const int same = is_x(c, c->r, p);
    if (same != 0) return same;
    if (BN_add(c->r, c->r, EC_GROUP_get0_order(group)) != 1) return -1;
    return BN_cmp(c->r, p) < 0 ? is_x(c, c->r, p) : 0;
}

int assay_curve_verify_p256(const EC_KEY *key, const struct assay_curve_table *table,
                            const uint8_t digest[static ASSAY_SHA256_LEN],
                            const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    const EC_GROUP *const group = EC_KEY_get0_group(key);
    struct scratch *const c = take_scratch(group);
    if (c == NULL) return -1;
    const bool is_computed = compute_scalars(c, EC_GROUP_get0_order(group), digest, signature) &&
                             compute_sum(c, key, table);
    const int answer = is_computed ? compare_x(c, group) : -1;
    atomic_store_explicit(&c->is_used, false, memory_order_release);
    if (answer >= 0) return answer;
    const bool no_memory = assay_openssl_drain();
    (void)no_memory; /* the caller's other way reports it */
    return -1;
}

#else

struct assay_curve_table *assay_curve_table_make(const struct ec_key_st *key)
{
    (void)key;
    return NULL;
}

void assay_curve_table_free(struct assay_curve_table **table)
{
    ASSAY_ASSERT(*table == NULL);
}

int assay_curve_verify_p256(const struct ec_key_st *key, const struct assay_curve_table *table,
                            const uint8_t digest[static ASSAY_SHA256_LEN],
                            const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    (void)key;
    (void)table;
    (void)digest;
    (void)signature;
    return -1;
}

#endif
