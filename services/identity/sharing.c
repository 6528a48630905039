/*
 * services/identity/sharing.c - Feldman dealings on edwards25519 and their sums
 * (docs/identity.md 3.6, 3.10).
 */
#include "services/identity/sharing.h"

#include "base/crypto.h"

static const uint8_t identity[ASSAY_SODIUM_POINT_LEN] = { 1 };

static bool is_count_valid(uint32_t count)
{
    return count >= ASSAY_FROST_SIGNERS_MIN && count <= ASSAY_FROST_SIGNERS_MAX;
}

static void copy_point(uint8_t to[static ASSAY_SODIUM_POINT_LEN],
                       const uint8_t from[static ASSAY_SODIUM_POINT_LEN])
{
    assay_bytes_copy(to, ASSAY_SODIUM_POINT_LEN, from, ASSAY_SODIUM_POINT_LEN);
}

static bool is_identity(const uint8_t point[static ASSAY_SODIUM_POINT_LEN])
{
    return assay_bytes_equal(point, identity, sizeof identity);
}

/* --- dealing */

enum assay_status assay_sharing_deal(uint32_t count, const struct assay_secret32 *constant,
                                     const uint8_t *wide,
                                     struct assay_sharing_polynomial *polynomial,
                                     struct assay_sharing_commitments *commitments)
{
    if (!is_count_valid(count)) return ASSAY_E_RANGE;
    if (constant != NULL && !assay_sodium_scalar_is_fit(constant)) return ASSAY_E_RANGE;
    polynomial->count = commitments->count = count;
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 && constant != NULL) polynomial->a[0] = *constant;
        else assay_sodium_scalar_from(wide + (size_t)i * ASSAY_SODIUM_WIDE_LEN, &polynomial->a[i]);
        ASSAY_TRY(assay_sodium_edwards_base(&polynomial->a[i], commitments->point[i]));
    }
    return ASSAY_OK;
}

enum assay_status assay_sharing_check(const struct assay_sharing_commitments *c)
{
    if (!is_count_valid(c->count)) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < c->count; i++)
        if (!assay_sodium_edwards_is_fit(c->point[i])) return ASSAY_E_KEY;
    return ASSAY_OK;
}

enum assay_status assay_sharing_evaluate(const struct assay_sharing_polynomial *polynomial,
                                         uint32_t index, struct assay_secret32 *share)
{
    if (!is_count_valid(polynomial->count) || index < 1 || index > ASSAY_FROST_INDICES_MAX)
        return ASSAY_E_RANGE;
    const struct assay_secret32 x = assay_frost_index_scalar(index);
    struct assay_secret32 sum = polynomial->a[polynomial->count - 1];
    for (uint32_t i = polynomial->count - 1; i-- > 0;) {
        assay_sodium_scalar_mul(&sum, &x, &sum);
        assay_sodium_scalar_add(&sum, &polynomial->a[i], &sum);
    }
    *share = sum;
    assay_secret_wipe(&sum, sizeof sum);
    return ASSAY_OK;
}

/* index x point, in place: additions of public points, which take the identity, too. */
static enum assay_status multiply_by_index(uint32_t index,
                                           uint8_t point[static ASSAY_SODIUM_POINT_LEN])
{
    uint8_t result[ASSAY_SODIUM_POINT_LEN];
    copy_point(result, identity);
    ASSAY_ASSERT(index <= ASSAY_FROST_INDICES_MAX);
    for (uint32_t bit = 8; bit-- > 0;) {
        ASSAY_TRY(assay_sodium_edwards_add(result, result, result));
        if (index >> bit & 1) ASSAY_TRY(assay_sodium_edwards_add(result, point, result));
    }
    copy_point(point, result);
    return ASSAY_OK;
}

enum assay_status assay_sharing_public(const struct assay_sharing_commitments *c, uint32_t index,
                                       uint8_t point[static ASSAY_SODIUM_POINT_LEN])
{
    uint8_t at[ASSAY_SODIUM_POINT_LEN];
    if (!is_count_valid(c->count) || index > ASSAY_FROST_INDICES_MAX) return ASSAY_E_RANGE;
    copy_point(at, c->point[c->count - 1]);
    for (uint32_t i = c->count - 1; i-- > 0;) {
        ASSAY_TRY(multiply_by_index(index, at));
        ASSAY_TRY(assay_sodium_edwards_add(at, c->point[i], at));
    }
    copy_point(point, at);
    return ASSAY_OK;
}

enum assay_status assay_sharing_verify(const struct assay_sharing_commitments *c, uint32_t index,
                                       const struct assay_secret32 *share)
{
    uint8_t expected[ASSAY_SODIUM_POINT_LEN], found[ASSAY_SODIUM_POINT_LEN];
    const bool is_zero = assay_bytes_all_zero(share->bytes, sizeof share->bytes);
    if (index < 1 || (!is_zero && !assay_sodium_scalar_is_fit(share))) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_sharing_public(c, index, expected));
    if (is_zero) return is_identity(expected) ? ASSAY_OK : ASSAY_E_INVALID;
    ASSAY_TRY(assay_sodium_edwards_base(share, found));
    return assay_bytes_equal(expected, found, sizeof found) ? ASSAY_OK : ASSAY_E_INVALID;
}

/* --- proof of f(0): Schnorr */

static void compute_challenge(const uint8_t label[static 32],
                              const uint8_t point[static ASSAY_SODIUM_POINT_LEN],
                              const uint8_t nonce[static ASSAY_SODIUM_POINT_LEN],
                              struct assay_secret32 *challenge)
{
    static const char type[] = "assay/identity/constant/v1";
    uint8_t wide[ASSAY_SODIUM_WIDE_LEN];
    const struct assay_slice pieces[] = {
        assay_slice_over(type, sizeof type - 1),
        assay_slice_over(label, 32),
        assay_slice_over(point, ASSAY_SODIUM_POINT_LEN),
        assay_slice_over(nonce, ASSAY_SODIUM_POINT_LEN),
    };
    assay_sha512_pieces(pieces, 4, wide);
    assay_sodium_scalar_from(wide, challenge);
}

enum assay_status assay_sharing_prove(const struct assay_sharing_polynomial *polynomial,
                                      const uint8_t label[static 32],
                                      const uint8_t wide[static ASSAY_SODIUM_WIDE_LEN],
                                      struct assay_dealing_proof *proof)
{
    struct assay_secret32 nonce, challenge, answer;
    uint8_t point[ASSAY_SODIUM_POINT_LEN], of_nonce[ASSAY_SODIUM_POINT_LEN];
    ASSAY_ASSERT(is_count_valid(polynomial->count));
    assay_sodium_scalar_from(wide, &nonce);
    enum assay_status status = assay_sodium_edwards_base(&polynomial->a[0], point);
    if (status == ASSAY_OK) status = assay_sodium_edwards_base(&nonce, of_nonce);
    if (status == ASSAY_OK) {
        compute_challenge(label, point, of_nonce, &challenge);
        assay_sodium_scalar_mul(&challenge, &polynomial->a[0], &answer);
        assay_sodium_scalar_add(&nonce, &answer, &answer);
        assay_bytes_copy(proof->challenge, 32, challenge.bytes, 32);
        assay_bytes_copy(proof->answer, 32, answer.bytes, 32);
    }
    assay_secret_wipe(&nonce, sizeof nonce);
    return status;
}

bool assay_sharing_proof_verify(const struct assay_sharing_commitments *c,
                                const uint8_t label[static 32],
                                const struct assay_dealing_proof *proof)
{
    static const struct assay_secret32 zero = { { 0 } };
    struct assay_secret32 challenge, answer, minus, again;
    uint8_t left[ASSAY_SODIUM_POINT_LEN], of_nonce[ASSAY_SODIUM_POINT_LEN];
    if (!is_count_valid(c->count) || !assay_sodium_edwards_is_fit(c->point[0])) return false;
    assay_bytes_copy(challenge.bytes, 32, proof->challenge, 32);
    assay_bytes_copy(answer.bytes, 32, proof->answer, 32);
    if (!assay_sodium_scalar_is_fit(&challenge) || !assay_sodium_scalar_is_fit(&answer))
        return false;
    assay_sodium_scalar_sub(&zero, &challenge, &minus);
    if (assay_sodium_edwards_base(&answer, left) != ASSAY_OK ||
        assay_sodium_edwards_mul(&minus, c->point[0], of_nonce) != ASSAY_OK ||
        assay_sodium_edwards_add(left, of_nonce, of_nonce) != ASSAY_OK)
        return false;
    compute_challenge(label, c->point[0], of_nonce, &again);
    return assay_bytes_equal(again.bytes, challenge.bytes, 32);
}

/* --- sums */

enum assay_status assay_sharing_add(struct assay_sharing_commitments *sum,
                                    const struct assay_secret32 *factor,
                                    const struct assay_sharing_commitments *dealt)
{
    struct assay_sharing_commitments made = { .count = dealt->count };
    if (!is_count_valid(dealt->count)) return ASSAY_E_RANGE;
    if (sum->count != 0 && sum->count != dealt->count) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < dealt->count; i++) {
        copy_point(made.point[i], dealt->point[i]);
        if (factor != NULL && !is_identity(made.point[i]))
            ASSAY_TRY(assay_sodium_edwards_mul(factor, made.point[i], made.point[i]));
        if (sum->count != 0)
            ASSAY_TRY(assay_sodium_edwards_add(sum->point[i], made.point[i], made.point[i]));
    }
    *sum = made;
    return ASSAY_OK;
}

void assay_sharing_add_share(struct assay_secret32 *sum, const struct assay_secret32 *factor,
                             const struct assay_secret32 *dealt)
{
    struct assay_secret32 part = *dealt;
    if (factor != NULL) assay_sodium_scalar_mul(factor, &part, &part);
    assay_sodium_scalar_add(sum, &part, sum);
    assay_secret_wipe(&part, sizeof part);
}

/* --- the second key */

enum assay_status assay_sharing_offset_key(const uint8_t key[static ASSAY_SODIUM_POINT_LEN],
                                           const struct assay_secret32 *offset,
                                           uint8_t out[static ASSAY_SODIUM_POINT_LEN])
{
    uint8_t made[ASSAY_SODIUM_POINT_LEN];
    if (!assay_sodium_scalar_is_fit(offset)) return ASSAY_E_RANGE;
    if (!assay_sodium_edwards_is_fit(key)) return ASSAY_E_KEY;
    ASSAY_TRY(assay_sodium_edwards_base(offset, made));
    ASSAY_TRY(assay_sodium_edwards_add(made, key, made));
    if (!assay_sodium_edwards_is_fit(made)) return ASSAY_E_KEY;
    copy_point(out, made);
    return ASSAY_OK;
}
