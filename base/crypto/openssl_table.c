/*
 * base/crypto/openssl_table.c - verification of P-256 signatures by precomputed multiples of the
 * public key.
 *
 * OpenSSL has precomputed multiples of the generator G alone. A second group whose generator is the
 * public key Q gets them by EC_GROUP_precompute_mult, so that both products of u1*G + u2*Q are
 * sums of table entries, without a doubling. Of FIPS 186-5 6.4.2 three parts are written out here;
 * all arithmetic is OpenSSL's:
 *
 *   1 / s      BN_mod_inverse, or GMP's, a tenth of its time, where nettle brings GMP along;
 *              w * s = 1 is checked
 *   the sum    EC_POINT_add, which handles equal points, opposite points and infinity
 *   x mod n    compared as X = r * Z^2 and X = (r + n) * Z^2 modulo p, without a division
 *
 * tests/unit/base/test_p256_table.c compares each answer with ECDSA_do_verify.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/crypto/openssl_table.h"

#include "base/assert.h"
#include "base/crypto/openssl_curve.h"

#ifdef ASSAY_P256_TABLES

#include "base/crypto/invert.h"

#include <stdatomic.h>
#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/ec.h>

enum { SCALAR_LEN = 32 };

/* Numbers and points that one verification writes: made once, so that it allocates little. */
struct scratch {
    BN_CTX *context;
    EC_POINT *of_generator; /* u1 * G */
    EC_POINT *of_key;       /* u2 * Q */
    BIGNUM *r, *s, *digest, *inverse, *u1, *u2;
    BIGNUM *x, *y, *z, *product;
};

struct assay_curve_table {
    const EC_GROUP *group; /* the curve, with its own generator; of the key, which outlives this */
    EC_GROUP *of_key;      /* its generator is the public key */
    struct scratch scratch;
    atomic_flag is_used;
};

static bool open_scratch(struct scratch *s, const EC_GROUP *group)
{
    BIGNUM **const numbers[] = { &s->r,  &s->s, &s->digest, &s->inverse, &s->u1,
                                 &s->u2, &s->x, &s->y,      &s->z,       &s->product };
    bool ok = true;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        *numbers[i] = BN_new();
        if (*numbers[i] == NULL) ok = false;
    }
    s->context = BN_CTX_new();
    s->of_generator = EC_POINT_new(group);
    s->of_key = EC_POINT_new(group);
    return ok && s->context != NULL && s->of_generator != NULL && s->of_key != NULL;
}

static void close_scratch(struct scratch *s)
{
    BIGNUM *const numbers[] = { s->r,  s->s, s->digest, s->inverse, s->u1,
                                s->u2, s->x, s->y,      s->z,       s->product };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        BN_free(numbers[i]);
    BN_CTX_free(s->context);
    EC_POINT_free(s->of_generator);
    EC_POINT_free(s->of_key);
}

struct assay_curve_table *assay_curve_table_make(const EC_KEY *key)
{
    const EC_GROUP *const group = EC_KEY_get0_group(key);
    struct assay_curve_table *made = calloc(1, sizeof *made);
    if (made == NULL) return NULL;
    made->group = group;
    atomic_flag_clear(&made->is_used);
    made->of_key = EC_GROUP_dup(group);
    const bool ok =
        open_scratch(&made->scratch, group) && made->of_key != NULL &&
        EC_GROUP_set_generator(made->of_key, EC_KEY_get0_public_key(key),
                               EC_GROUP_get0_order(group), EC_GROUP_get0_cofactor(group)) == 1 &&
        EC_GROUP_precompute_mult(made->of_key, made->scratch.context) == 1 &&
        EC_GROUP_have_precompute_mult(made->of_key) == 1;
    if (ok) return made;
    (void)assay_openssl_drain(); /* without a table every verification has the same answer */
    assay_curve_table_free(&made);
    return NULL;
}

void assay_curve_table_free(struct assay_curve_table **table)
{
    ASSAY_ASSERT(table != NULL);
    if (*table == NULL) return;
    close_scratch(&(*table)->scratch);
    EC_GROUP_free((*table)->of_key);
    free(*table);
    *table = NULL;
}

/* w = 1 / s modulo n. Returns: false when memory ran out. */
static bool invert_s(struct scratch *c, const BIGNUM *n, const uint8_t s[static SCALAR_LEN])
{
    uint8_t inverse[SCALAR_LEN];
    if (!assay_p256_invert(s, inverse)) return BN_mod_inverse(c->inverse, c->s, n, c->context) != NULL;
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

/* In: c->product = Z^2. Returns: 1 when X = candidate * Z^2 modulo p, 0 when not, below 0: memory
 * ran out. */
static int is_x(struct scratch *c, const BIGNUM *candidate, const BIGNUM *p)
{
    if (BN_mod_mul(c->y, candidate, c->product, p, c->context) != 1) return -1;
    return BN_cmp(c->y, c->x) == 0;
}

/* Whether the sum's x is r modulo n: x < p, hence x = r, or x = r + n where that is below p.
 * Returns: 1, 0, below 0: memory ran out */
static int compare_x(struct assay_curve_table *t, const BIGNUM *n)
{
    struct scratch *const c = &t->scratch;
    const BIGNUM *const p = EC_GROUP_get0_field(t->group);
    if (EC_POINT_is_at_infinity(t->group, c->of_key)) return 0;
    if (EC_POINT_get_Jprojective_coordinates_GFp(t->group, c->of_key, c->x, c->y, c->z,
                                                 c->context) != 1)
        return -1;
    if (BN_mod_sqr(c->product, c->z, p, c->context) != 1) return -1;
    const int same = is_x(c, c->r, p);
    if (same != 0) return same;
    if (BN_add(c->r, c->r, n) != 1) return -1;
    return BN_cmp(c->r, p) < 0 ? is_x(c, c->r, p) : 0;
}

static int verify_alone(struct assay_curve_table *t, const uint8_t *digest,
                        const uint8_t *signature)
{
    struct scratch *const c = &t->scratch;
    const BIGNUM *const n = EC_GROUP_get0_order(t->group);
    if (!compute_scalars(c, n, digest, signature)) return -1;
    if (EC_POINT_mul(t->group, c->of_generator, c->u1, NULL, NULL, c->context) != 1) return -1;
    if (EC_POINT_mul(t->of_key, c->of_key, c->u2, NULL, NULL, c->context) != 1) return -1;
    if (EC_POINT_add(t->group, c->of_key, c->of_generator, c->of_key, c->context) != 1) return -1;
    return compare_x(t, n);
}

int assay_curve_table_verify(struct assay_curve_table *table,
                             const uint8_t digest[static ASSAY_SHA256_LEN],
                             const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    if (atomic_flag_test_and_set_explicit(&table->is_used, memory_order_acquire)) return -1;
    const int answer = verify_alone(table, digest, signature);
    atomic_flag_clear_explicit(&table->is_used, memory_order_release);
    if (answer < 0) (void)assay_openssl_drain();
    return answer;
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

int assay_curve_table_verify(struct assay_curve_table *table,
                             const uint8_t digest[static ASSAY_SHA256_LEN],
                             const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    (void)table;
    (void)digest;
    (void)signature;
    return -1;
}

#endif
