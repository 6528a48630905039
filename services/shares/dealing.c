/*
 * services/shares/dealing.c - hashed ElGamal encryption, Schnorr and Chaum-Pedersen proofs of
 * public dealings (docs/services.md 5.16).
 */
#include "services/shares/dealing.h"

#include "base/crypto.h"
#include "base/writer.h"

enum { POINTS_MAX = 5 };

static const struct assay_secret32 zero = { { 0 } };

/* SHA-512 over type, label and points, as a scalar. */
static void hash_to_scalar(const char *type, const uint8_t label[static 32],
                           const uint8_t *const *point, uint32_t count, struct assay_secret32 *out)
{
    ASSAY_ASSERT(count > 0);
    uint8_t input[32 + 32 + POINTS_MAX * ASSAY_SODIUM_POINT_LEN], wide[ASSAY_SODIUM_WIDE_LEN];
    struct assay_writer w = assay_writer_over(input, sizeof input);
    size_t len = 0;
    ASSAY_ASSERT(count <= POINTS_MAX);
    while (type[len] != '\0')
        len++;
    ASSAY_ASSERT(len <= 32); /* each type has one number of points, so no two inputs are equal */
    assay_writer_put(&w, type, len);
    assay_writer_put(&w, label, 32);
    for (uint32_t i = 0; i < count; i++)
        assay_writer_put(&w, point[i], ASSAY_SODIUM_POINT_LEN);
    ASSAY_ASSERT(!w.full);
    assay_sha512(input, w.len, wide);
    assay_sodium_scalar_from(wide, out);
    assay_secret_wipe(input, sizeof input);
    assay_secret_wipe(wide, sizeof wide);
}

static void compute_pad(const uint8_t label[static 32], const uint8_t *dealt, const uint8_t *taker,
                        const uint8_t *shared, struct assay_secret32 *pad)
{
    const uint8_t *const point[] = { dealt, taker, shared };
    hash_to_scalar("assay/dealing/pad/v1", label, point, 3, pad);
}

static void verify_schnorr(const uint8_t label[static 32], const uint8_t *point,
                           const uint8_t *nonce, struct assay_secret32 *challenge)
{
    const uint8_t *const all[] = { point, nonce };
    hash_to_scalar("assay/dealing/knows/v1", label, all, 2, challenge);
}

static void verify_equal_logs(const uint8_t label[static 32], const uint8_t *taker,
                              const uint8_t *dealt, const uint8_t *shown, const uint8_t *nonce_g,
                              const uint8_t *nonce_r, struct assay_secret32 *challenge)
{
    const uint8_t *const all[] = { taker, dealt, shown, nonce_g, nonce_r };
    hash_to_scalar("assay/dealing/equal/v1", label, all, 5, challenge);
}

/* s = t + c x. */
static void compute_response(const struct assay_secret32 *nonce,
                             const struct assay_secret32 *challenge, const struct assay_secret32 *x,
                             struct assay_dealing_proof *proof)
{
    struct assay_secret32 s;
    assay_sodium_scalar_mul(challenge, x, &s);
    assay_sodium_scalar_add(nonce, &s, &s);
    assay_bytes_copy(proof->challenge, 32, challenge->bytes, 32);
    assay_bytes_copy(proof->answer, 32, s.bytes, 32);
    assay_secret_wipe(&s, sizeof s);
}

static enum assay_status decode_proof(const struct assay_dealing_proof *proof,
                                      struct assay_secret32 *challenge, struct assay_secret32 *s,
                                      struct assay_secret32 *minus)
{
    assay_bytes_copy(challenge->bytes, 32, proof->challenge, 32);
    assay_bytes_copy(s->bytes, 32, proof->answer, 32);
    if (!assay_sodium_scalar_is_fit(challenge) || !assay_sodium_scalar_is_fit(s))
        return ASSAY_E_SIGNATURE;
    assay_sodium_scalar_sub(&zero, challenge, minus);
    return ASSAY_OK;
}

/* a P + b Q; P is the generator where base is NULL. */
static enum assay_status add_multiples(const struct assay_secret32 *a, const uint8_t *base,
                                       const struct assay_secret32 *b, const uint8_t *other,
                                       uint8_t out[static ASSAY_SODIUM_POINT_LEN])
{
    ASSAY_ASSERT(other != NULL);
    uint8_t left[ASSAY_SODIUM_POINT_LEN], right[ASSAY_SODIUM_POINT_LEN];
    if (base == NULL) ASSAY_TRY(assay_sodium_point_base(a, left));
    else ASSAY_TRY(assay_sodium_point_mul(a, base, left));
    ASSAY_TRY(assay_sodium_point_mul(b, other, right));
    return assay_sodium_point_add(left, right, out);
}

/* --- proof of a discrete logarithm */

enum assay_status assay_dealing_prove(const struct assay_secret32 *x,
                                      const uint8_t label[static 32],
                                      const uint8_t wide[static ASSAY_SODIUM_WIDE_LEN],
                                      uint8_t point[static ASSAY_SODIUM_POINT_LEN],
                                      struct assay_dealing_proof *proof)
{
    struct assay_secret32 nonce, challenge;
    uint8_t of_nonce[ASSAY_SODIUM_POINT_LEN];
    if (!assay_sodium_scalar_is_fit(x)) return ASSAY_E_RANGE;
    assay_sodium_scalar_from(wide, &nonce);
    enum assay_status status = assay_sodium_point_base(x, point);
    if (status == ASSAY_OK) status = assay_sodium_point_base(&nonce, of_nonce);
    if (status == ASSAY_OK) {
        verify_schnorr(label, point, of_nonce, &challenge);
        compute_response(&nonce, &challenge, x, proof);
    }
    assay_secret_wipe(&nonce, sizeof nonce);
    return status;
}

bool assay_dealing_verify(const uint8_t point[static ASSAY_SODIUM_POINT_LEN],
                          const uint8_t label[static 32], const struct assay_dealing_proof *proof)
{
    struct assay_secret32 challenge, s, minus, again;
    uint8_t of_nonce[ASSAY_SODIUM_POINT_LEN];
    if (!assay_sodium_point_is_fit(point)) return false;
    if (decode_proof(proof, &challenge, &s, &minus) != ASSAY_OK) return false;
    if (add_multiples(&s, NULL, &minus, point, of_nonce) != ASSAY_OK) return false;
    verify_schnorr(label, point, of_nonce, &again);
    return assay_bytes_equal(again.bytes, challenge.bytes, 32);
}

/* --- numbers for one taker */

bool assay_dealing_is_sealed(const uint8_t sealed[static 32])
{
    struct assay_secret32 number;
    assay_bytes_copy(number.bytes, 32, sealed, 32);
    return assay_bytes_all_zero(sealed, 32) || assay_sodium_scalar_is_fit(&number);
}

enum assay_status assay_dealing_seal(const struct assay_secret32 *r,
                                     const uint8_t taker[static ASSAY_SODIUM_POINT_LEN],
                                     const uint8_t label[static 32],
                                     const struct assay_secret32 *number,
                                     uint8_t sealed[static 32])
{
    uint8_t dealt[ASSAY_SODIUM_POINT_LEN], shared[ASSAY_SODIUM_POINT_LEN];
    struct assay_secret32 pad;
    if (!assay_sodium_scalar_is_fit(r)) return ASSAY_E_RANGE;
    if (!assay_sodium_point_is_fit(taker)) return ASSAY_E_KEY;
    ASSAY_TRY(assay_sodium_point_base(r, dealt));
    ASSAY_TRY(assay_sodium_point_mul(r, taker, shared));
    compute_pad(label, dealt, taker, shared, &pad);
    assay_sodium_scalar_add(number, &pad, &pad);
    assay_bytes_copy(sealed, 32, pad.bytes, 32);
    ASSAY_ASSERT(assay_dealing_is_sealed(sealed)); /* a sum is reduced */
    assay_secret_wipe(shared, sizeof shared);
    return ASSAY_OK;
}

/* With the secret of either side. */
static enum assay_status decrypt_number(const uint8_t *taker, const uint8_t *dealt,
                                        const uint8_t *shared, const uint8_t label[static 32],
                                        const uint8_t sealed[static 32],
                                        struct assay_secret32 *number)
{
    struct assay_secret32 pad;
    if (!assay_dealing_is_sealed(sealed)) return ASSAY_E_RANGE;
    compute_pad(label, dealt, taker, shared, &pad);
    assay_bytes_copy(number->bytes, 32, sealed, 32);
    assay_sodium_scalar_sub(number, &pad, number);
    assay_secret_wipe(&pad, sizeof pad);
    return ASSAY_OK;
}

enum assay_status assay_dealing_open(const struct assay_secret32 *e,
                                     const uint8_t dealt[static ASSAY_SODIUM_POINT_LEN],
                                     const uint8_t label[static 32],
                                     const uint8_t sealed[static 32],
                                     struct assay_secret32 *number)
{
    uint8_t taker[ASSAY_SODIUM_POINT_LEN], shared[ASSAY_SODIUM_POINT_LEN];
    if (!assay_sodium_scalar_is_fit(e)) return ASSAY_E_RANGE;
    if (!assay_sodium_point_is_fit(dealt)) return ASSAY_E_KEY;
    ASSAY_TRY(assay_sodium_point_base(e, taker));
    ASSAY_TRY(assay_sodium_point_mul(e, dealt, shared));
    const enum assay_status status = decrypt_number(taker, dealt, shared, label, sealed, number);
    assay_secret_wipe(shared, sizeof shared);
    return status;
}

/* --- public opening */

enum assay_status assay_dealing_open_public(const struct assay_secret32 *e,
                                            const uint8_t dealt[static ASSAY_SODIUM_POINT_LEN],
                                            const uint8_t label[static 32],
                                            const uint8_t wide[static ASSAY_SODIUM_WIDE_LEN],
                                            uint8_t shown[static ASSAY_SODIUM_POINT_LEN],
                                            struct assay_dealing_proof *proof)
{
    struct assay_secret32 nonce, challenge;
    uint8_t taker[ASSAY_SODIUM_POINT_LEN], nonce_g[ASSAY_SODIUM_POINT_LEN],
        nonce_r[ASSAY_SODIUM_POINT_LEN];
    if (!assay_sodium_scalar_is_fit(e)) return ASSAY_E_RANGE;
    if (!assay_sodium_point_is_fit(dealt)) return ASSAY_E_KEY;
    assay_sodium_scalar_from(wide, &nonce);
    enum assay_status status = assay_sodium_point_base(e, taker);
    if (status == ASSAY_OK) status = assay_sodium_point_mul(e, dealt, shown);
    if (status == ASSAY_OK) status = assay_sodium_point_base(&nonce, nonce_g);
    if (status == ASSAY_OK) status = assay_sodium_point_mul(&nonce, dealt, nonce_r);
    if (status == ASSAY_OK) {
        verify_equal_logs(label, taker, dealt, shown, nonce_g, nonce_r, &challenge);
        compute_response(&nonce, &challenge, e, proof);
    }
    assay_secret_wipe(&nonce, sizeof nonce);
    return status;
}

enum assay_status assay_dealing_read_public(const uint8_t taker[static ASSAY_SODIUM_POINT_LEN],
                                            const uint8_t dealt[static ASSAY_SODIUM_POINT_LEN],
                                            const uint8_t shown[static ASSAY_SODIUM_POINT_LEN],
                                            const uint8_t label[static 32],
                                            const struct assay_dealing_proof *proof,
                                            const uint8_t sealed[static 32],
                                            struct assay_secret32 *number)
{
    struct assay_secret32 challenge, s, minus, again;
    uint8_t nonce_g[ASSAY_SODIUM_POINT_LEN], nonce_r[ASSAY_SODIUM_POINT_LEN];
    if (!assay_sodium_point_is_fit(taker) || !assay_sodium_point_is_fit(dealt) ||
        !assay_sodium_point_is_fit(shown))
        return ASSAY_E_KEY;
    ASSAY_TRY(decode_proof(proof, &challenge, &s, &minus));
    if (add_multiples(&s, NULL, &minus, taker, nonce_g) != ASSAY_OK ||
        add_multiples(&s, dealt, &minus, shown, nonce_r) != ASSAY_OK)
        return ASSAY_E_SIGNATURE;
    verify_equal_logs(label, taker, dealt, shown, nonce_g, nonce_r, &again);
    if (!assay_bytes_equal(again.bytes, challenge.bytes, 32)) return ASSAY_E_SIGNATURE;
    return decrypt_number(taker, dealt, shown, label, sealed, number);
}
