/*
 * tests/unit/base/test_p256_table.c - a table of multiples changes no answer: differential test
 * against ECDSA_do_verify, and the textbook's answers at the edges.
 *
 * A signature with chosen u1 and u2 is made by its own equation: r is the x of u1*G + u2*Q, s is
 * r / u2, the digest u1 * s. So the special sums (a doubling, opposite points, one product of zero)
 * have genuine signatures, which random ones never reach.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/crypto/openssl_curve.h"
#include "base/crypto/openssl_ecdsa.h"

#include "tests/unit/base/p256_edges.h"
#include "tests/unit/base/random.h"

#include <criterion/criterion.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

enum { EDGE_COUNT = sizeof p256_edges / sizeof p256_edges[0] };

static const char order_hex[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/* One key, decoded with and without a table. */
struct pair {
    struct assay_p256 *plain;
    struct assay_p256 *tabled;
    EC_KEY *openssl;
    struct assay_curve_table *table;
};

struct sums {
    unsigned cases, valid;
};

static void open_pair(const uint8_t public_key[64], struct pair *p)
{
    cr_assert_eq(assay_p256_load(public_key, &p->plain), ASSAY_OK);
    cr_assert_eq(assay_p256_load(public_key, &p->tabled), ASSAY_OK);
    cr_assert_eq(assay_curve_load(ASSAY_CURVE_P256, public_key, &p->openssl), ASSAY_OK);
    cr_assert(assay_p256_add_table(p->tabled));
    p->table = assay_curve_table_make(p->openssl);
    cr_assert_not_null(p->table);
}

static void close_pair(struct pair *p)
{
    assay_curve_table_free(&p->table);
    EC_KEY_free(p->openssl);
    assay_p256_free(&p->plain);
    assay_p256_free(&p->tabled);
}

static bool in_range(const uint8_t scalar[32])
{
    uint8_t n[32];
    cr_assert_eq(assay_hex_decode(order_hex, 64, n, sizeof n), ASSAY_OK);
    return !assay_bytes_all_zero(scalar, 32) && assay_bytes_compare(scalar, n, 32) < 0;
}

/* Returns: the one answer of ECDSA_do_verify, of a key with a table and of one without. */
static bool answer_all(const struct pair *p, const uint8_t digest[32], const uint8_t signature[64],
                       const char *what, struct sums *sums)
{
    const bool expected = assay_curve_verify(p->openssl, digest, 32, signature, 32) == 1;
    if (!expected) (void)assay_openssl_drain();
    cr_assert_eq(assay_p256_verify(p->plain, digest, signature, ASSAY_S_ANY), expected, "%s", what);
    cr_assert_eq(assay_p256_verify(p->tabled, digest, signature, ASSAY_S_ANY), expected, "%s",
                 what);
    cr_assert_eq(assay_p256_verify(p->tabled, digest, signature, ASSAY_S_LOW),
                 assay_p256_verify(p->plain, digest, signature, ASSAY_S_LOW), "%s", what);
    if (in_range(signature) && in_range(signature + 32)) { /* always an answer of its own */
        cr_assert_eq(assay_curve_verify_p256(p->openssl, p->table, digest, signature), expected,
                     "%s", what);
        cr_assert_eq(assay_curve_verify_p256(p->openssl, NULL, digest, signature), expected, "%s",
                     what);
    }
    sums->cases += 1;
    sums->valid += expected;
    return expected;
}

/* --- numbers */

static const EC_GROUP *group;
static const BIGNUM *n;
static BN_CTX *context;

static void open_numbers(void)
{
    group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    n = EC_GROUP_get0_order(group);
    context = BN_CTX_new();
}

static BIGNUM *draw(struct random *random)
{
    uint8_t bytes[32];
    BIGNUM *const drawn = BN_new();
    do {
        random_bytes(random, bytes, sizeof bytes);
        BN_bin2bn(bytes, sizeof bytes, drawn);
        BN_nnmod(drawn, drawn, n, context);
    } while (BN_is_zero(drawn));
    return drawn;
}

static void write_public(const BIGNUM *secret, uint8_t public_key[64])
{
    uint8_t encoded[65];
    EC_POINT *const point = EC_POINT_new(group);
    cr_assert_eq(EC_POINT_mul(group, point, secret, NULL, NULL, context), 1);
    cr_assert_eq(EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, encoded,
                                    sizeof encoded, context),
                 sizeof encoded);
    assay_bytes_copy(public_key, 64, encoded + 1, 64);
    EC_POINT_free(point);
}

/* The signature whose verification adds u1*G and u2*Q, Q = secret * G. If the sum is infinity, r is
 * 1: no signature. shift: NULL, or what is added to r: no signature either. */
static void sign_shifted(const BIGNUM *secret, const BIGNUM *u1, const BIGNUM *u2,
                         const BIGNUM *shift, uint8_t digest[32], uint8_t signature[64])
{
    BIGNUM *const k = BN_new();
    BIGNUM *const r = BN_new();
    BIGNUM *const s = BN_new();
    EC_POINT *const sum = EC_POINT_new(group);
    cr_assert_eq(BN_mod_mul(k, u2, secret, n, context), 1);
    cr_assert_eq(BN_mod_add(k, k, u1, n, context), 1);
    BN_one(r);
    if (!BN_is_zero(k)) {
        cr_assert_eq(EC_POINT_mul(group, sum, k, NULL, NULL, context), 1);
        cr_assert_eq(EC_POINT_get_affine_coordinates(group, sum, r, NULL, context), 1);
        cr_assert_eq(BN_nnmod(r, r, n, context), 1);
    }
    if (shift != NULL) cr_assert_eq(BN_mod_add(r, r, shift, n, context), 1);
    cr_assert_not_null(BN_mod_inverse(s, u2, n, context));
    cr_assert_eq(BN_mod_mul(s, s, r, n, context), 1);
    cr_assert_eq(BN_mod_mul(k, u1, s, n, context), 1);
    cr_assert_eq(BN_bn2binpad(k, digest, 32), 32);
    cr_assert_eq(BN_bn2binpad(r, signature, 32), 32);
    cr_assert_eq(BN_bn2binpad(s, signature + 32, 32), 32);
    EC_POINT_free(sum);
    BN_free(k);
    BN_free(r);
    BN_free(s);
}

static void sign_with(const BIGNUM *secret, const BIGNUM *u1, const BIGNUM *u2, uint8_t digest[32],
                      uint8_t signature[64])
{
    sign_shifted(secret, u1, u2, NULL, digest, signature);
}

/* --- cases of one key */

/* r + n = x + p: it equals x modulo p, and r is not x modulo n. */
static void try_beyond_p(const struct pair *p, const BIGNUM *secret, struct random *random,
                         struct sums *sums)
{
    uint8_t digest[32];
    uint8_t signature[64];
    BIGNUM *const u1 = draw(random);
    BIGNUM *const u2 = draw(random);
    BIGNUM *const shift = BN_new();
    cr_assert_eq(BN_sub(shift, EC_GROUP_get0_field(group), n), 1);
    sign_shifted(secret, u1, u2, shift, digest, signature);
    cr_assert_not(answer_all(p, digest, signature, "r + n beyond p", sums));
    BN_free(u1);
    BN_free(u2);
    BN_free(shift);
}

/* Chosen products: u1 and u2 of 0, 1, n - 1; both points equal; both opposite. */
static void try_sums(const struct pair *p, const BIGNUM *secret, struct random *random,
                     struct sums *sums)
{
    uint8_t digest[32];
    uint8_t signature[64];
    BIGNUM *const zero = BN_new();
    BIGNUM *const one = BN_new();
    BIGNUM *const last = BN_new();
    BIGNUM *const u2 = draw(random);
    BIGNUM *const equal = BN_new();
    BIGNUM *const opposite = BN_new();
    BN_zero(zero);
    BN_one(one);
    cr_assert_eq(BN_sub(last, n, one), 1);
    cr_assert_eq(BN_mod_mul(equal, u2, secret, n, context), 1); /* u1 * G = u2 * Q */
    cr_assert_eq(BN_sub(opposite, n, equal), 1);
    const BIGNUM *const u1s[] = { zero, one, last, u2, equal };
    const BIGNUM *const u2s[] = { one, last, u2 };
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 3; j++) {
            sign_with(secret, u1s[i], u2s[j], digest, signature);
            const bool valid = answer_all(p, digest, signature, "chosen products", sums);
            const bool is_opposite = BN_is_one(secret) && i > 0 && i < 3 && j != i - 1 && j < 2;
            cr_assert(valid || is_opposite, "u1 %zu, u2 %zu", i, j);
            digest[31] ^= 1;
            cr_assert_not(answer_all(p, digest, signature, "another digest", sums));
        }
    sign_with(secret, opposite, u2, digest, signature);
    cr_assert_not(answer_all(p, digest, signature, "infinity", sums));
    BN_free(zero);
    BN_free(one);
    BN_free(last);
    BN_free(u2);
    BN_free(equal);
    BN_free(opposite);
}

static void try_boundaries(const struct pair *p, const uint8_t digest[32],
                           const uint8_t signature[64], struct sums *sums)
{
    static const char *const numbers[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000001",
        "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8", /* n / 2 */
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550", /* n - 1 */
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552",
        "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", /* p */
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    enum { NUMBER_COUNT = sizeof numbers / sizeof numbers[0] };
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        uint8_t number[32];
        uint8_t changed[64];
        cr_assert_eq(assay_hex_decode(numbers[i], 64, number, sizeof number), ASSAY_OK);
        (void)answer_all(p, number, signature, "a digest at the edge", sums);
        for (size_t half = 0; half < 64; half += 32) {
            assay_bytes_copy(changed, sizeof changed, signature, sizeof changed);
            assay_bytes_copy(changed + half, sizeof number, number, sizeof number);
            (void)answer_all(p, digest, changed, "r or s at the edge", sums);
        }
        for (size_t j = 0; j < NUMBER_COUNT; j++) {
            assay_bytes_copy(changed, sizeof changed, number, sizeof number);
            cr_assert_eq(assay_hex_decode(numbers[j], 64, changed + 32, 32), ASSAY_OK);
            (void)answer_all(p, digest, changed, "r and s at the edge", sums);
        }
    }
}

/* Genuine ones, each with a high and a low s, and each with one bit changed. */
static void try_random(const struct pair *p, const BIGNUM *secret, unsigned count,
                       struct random *random, struct sums *sums)
{
    for (unsigned i = 0; i < count; i++) {
        uint8_t digest[32];
        uint8_t signature[64];
        BIGNUM *const u1 = draw(random);
        BIGNUM *const u2 = draw(random);
        sign_with(secret, u1, u2, digest, signature);
        cr_assert(answer_all(p, digest, signature, "genuine", sums));
        BIGNUM *const s = BN_bin2bn(signature + 32, 32, NULL);
        cr_assert_eq(BN_sub(s, n, s), 1);
        cr_assert_eq(BN_bn2binpad(s, signature + 32, 32), 32);
        cr_assert(answer_all(p, digest, signature, "n - s", sums));
        uint8_t *const changed = i % 3 == 0 ? digest : signature;
        const size_t bits = i % 3 == 0 ? 256 : 512;
        const size_t bit = (size_t)random_below(random, bits);
        changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_not(answer_all(p, digest, signature, "one bit changed", sums));
        random_bytes(random, signature, sizeof signature);
        cr_assert_not(answer_all(p, digest, signature, "nothing but noise", sums));
        BN_free(s);
        BN_free(u1);
        BN_free(u2);
    }
}

Test(base_ecdsa, answers_as_ecdsa_do_verify_in_20000_cases)
{
    enum { KEY_COUNT = 16, ROUND_COUNT = 300, SECRETS_OF_NOTE = 3, CASES = 20000 };
    struct random random = { 35 };
    struct sums sums = { 0, 0 };
    open_numbers();
    for (unsigned i = 0; i < KEY_COUNT; i++) {
        BIGNUM *const secret = draw(&random);
        uint8_t public_key[64];
        uint8_t digest[32];
        uint8_t signature[64];
        struct pair p;
        if (i < SECRETS_OF_NOTE) cr_assert_eq(BN_set_word(secret, i == 2 ? 2 : 1), 1);
        if (i == 1) cr_assert_eq(BN_sub(secret, n, secret), 1); /* keys G, -G, 2G */
        write_public(secret, public_key);
        open_pair(public_key, &p);
        if (i != 1) try_sums(&p, secret, &random, &sums);
        BIGNUM *const u1 = draw(&random);
        BIGNUM *const u2 = draw(&random);
        sign_with(secret, u1, u2, digest, signature);
        try_boundaries(&p, digest, signature, &sums);
        try_beyond_p(&p, secret, &random, &sums);
        try_random(&p, secret, ROUND_COUNT, &random, &sums);
        close_pair(&p);
        BN_free(u1);
        BN_free(u2);
        BN_free(secret);
    }
    cr_log_info("%u cases, %u of them genuine", sums.cases, sums.valid);
    cr_assert(sums.cases >= CASES && sums.valid >= CASES / 3, "%u cases, %u genuine", sums.cases,
              sums.valid);
}

Test(base_ecdsa, answers_as_the_textbook_at_every_edge)
{
    struct sums sums = { 0, 0 };
    bool is_above_n = false;
    for (size_t i = 0; i < EDGE_COUNT; i++) {
        const struct p256_edge *const edge = &p256_edges[i];
        uint8_t public_key[64];
        uint8_t digest[32];
        uint8_t signature[64];
        struct pair p;
        cr_assert_eq(assay_hex_decode(edge->public_key, 128, public_key, 64), ASSAY_OK);
        cr_assert_eq(assay_hex_decode(edge->digest, 64, digest, 32), ASSAY_OK);
        cr_assert_eq(assay_hex_decode(edge->signature, 128, signature, 64), ASSAY_OK);
        open_pair(public_key, &p);
        cr_assert_eq(answer_all(&p, digest, signature, edge->name, &sums), edge->valid_any, "%s",
                     edge->name);
        cr_assert_eq(assay_p256_verify(p.tabled, digest, signature, ASSAY_S_LOW), edge->valid_low,
                     "%s", edge->name);
        is_above_n |= edge->valid_any && strstr(edge->name, "above n") != NULL;
        close_pair(&p);
    }
    cr_assert(is_above_n, "a sum whose x lies in n..p-1 is among the edges");
}

Test(base_ecdsa, adds_and_removes_as_often_as_asked)
{
    const struct p256_edge *const edge = &p256_edges[0];
    uint8_t public_key[64];
    struct assay_verify_key *key = NULL;
    cr_assert_eq(assay_hex_decode(edge->public_key, 128, public_key, 64), ASSAY_OK);
    const struct assay_key bytes = assay_key_p256(public_key);
    cr_assert_eq(assay_public_key_load(&bytes, &key), ASSAY_OK);
    const size_t before = assay_public_key_weight(key);
    assay_public_key_remove_table(key);
    for (int i = 0; i < 2; i++) {
        cr_assert(assay_public_key_add_table(key));
        cr_assert(assay_public_key_add_table(key), "it has one already");
        cr_assert_eq(assay_public_key_weight(key), before + ASSAY_P256_TABLE_LEN);
        assay_public_key_remove_table(key);
        assay_public_key_remove_table(key);
        cr_assert_eq(assay_public_key_weight(key), before);
    }
    assay_public_key_free(&key);
}
