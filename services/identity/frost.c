/*
 * services/identity/frost.c - FROST(Ed25519, SHA-512) of RFC 9591 over the libsodium adapter.
 */
#include "services/identity/frost.h"

#include "base/crypto.h"

enum { ENCODED_COMMITMENT_LEN = 96 }; /* of a list, RFC 9591 4.3 */

struct assay_secret32 assay_frost_index_scalar(uint32_t index)
{
    struct assay_secret32 scalar = { { 0 } };
    ASSAY_ASSERT(index >= 1 && index <= ASSAY_FROST_INDICES_MAX);
    scalar.bytes[0] = (uint8_t)index;
    return scalar;
}

/* --- the hashes of RFC 9591 6.1: H1, H3, H4 and H5 have the context and a name in front, H2 is
 * that of Ed25519 */

enum { HASH_NAME_MAX = 32 };

static void hash_named(const char *name, struct assay_slice input, uint8_t digest[static 64])
{
    static const char context[] = "FROST-ED25519-SHA512-v1";
    size_t name_len = 0;
    while (name[name_len] != '\0')
        name_len++;
    ASSAY_ASSERT(name_len <= HASH_NAME_MAX);
    const struct assay_slice pieces[] = {
        assay_slice_over(context, sizeof context - 1),
        assay_slice_over(name, name_len),
        input,
    };
    assay_sha512_pieces(pieces, 3, digest);
}

static void hash_to_scalar(const char *name, struct assay_slice input, struct assay_secret32 *out)
{
    uint8_t wide[ASSAY_SODIUM_WIDE_LEN];
    hash_named(name, input, wide);
    assay_sodium_scalar_from(wide, out);
    assay_secret_wipe(wide, sizeof wide);
}

/* --- Lagrange coefficients */

static enum assay_status check_indices(const uint32_t *index, uint32_t count)
{
    if (count < ASSAY_FROST_SIGNERS_MIN || count > ASSAY_FROST_SIGNERS_MAX) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < count; i++) {
        if (index[i] < 1 || index[i] > ASSAY_FROST_INDICES_MAX) return ASSAY_E_RANGE;
        for (uint32_t j = 0; j < i; j++)
            if (index[i] == index[j]) return ASSAY_E_DUPLICATE;
    }
    return ASSAY_OK;
}

enum assay_status assay_frost_lambda(const uint32_t *index, uint32_t count, uint32_t own,
                                     struct assay_secret32 *lambda)
{
    struct assay_secret32 above = { { 1 } }, below = { { 1 } }, difference;
    ASSAY_TRY(check_indices(index, count));
    if (own >= count) return ASSAY_E_RANGE;
    const struct assay_secret32 own_x = assay_frost_index_scalar(index[own]);
    for (uint32_t i = 0; i < count; i++) {
        if (i == own) continue;
        const struct assay_secret32 x = assay_frost_index_scalar(index[i]);
        assay_sodium_scalar_mul(&above, &x, &above);
        assay_sodium_scalar_sub(&x, &own_x, &difference);
        assay_sodium_scalar_mul(&below, &difference, &below);
    }
    const enum assay_status status = assay_sodium_scalar_invert(&below, &below);
    ASSAY_ASSERT(status == ASSAY_OK); /* indices differ, so nothing is zero */
    assay_sodium_scalar_mul(&above, &below, lambda);
    return ASSAY_OK;
}

static void session_lambda(const struct assay_frost_session *session, uint32_t place,
                           struct assay_secret32 *lambda)
{
    uint32_t index[ASSAY_FROST_SIGNERS_MAX];
    ASSAY_ASSERT(session->count <= ASSAY_FROST_SIGNERS_MAX);
    for (uint32_t i = 0; i < session->count; i++)
        index[i] = session->signer[i].index;
    const enum assay_status status = assay_frost_lambda(index, session->count, place, lambda);
    ASSAY_ASSERT(status == ASSAY_OK); /* checked by assay_frost_begin */
}

/* --- round one */

/* RFC 9591 4.1: the share is hashed too. */
static void derive_nonce(const uint8_t random[static 32], const struct assay_secret32 *share,
                         struct assay_secret32 *nonce)
{
    uint8_t input[64];
    assay_bytes_copy(input, sizeof input, random, 32);
    assay_bytes_copy(input + 32, 32, share->bytes, 32);
    hash_to_scalar("nonce", assay_slice_over(input, sizeof input), nonce);
    assay_secret_wipe(input, sizeof input);
}

static enum assay_status compute_commitment(uint32_t index, const struct assay_frost_nonces *nonces,
                                            struct assay_frost_commitment *commitment)
{
    ASSAY_ASSERT(index >= 1 && index <= ASSAY_FROST_INDICES_MAX);
    commitment->index = index;
    ASSAY_TRY(assay_sodium_edwards_base(&nonces->hiding, commitment->hiding));
    return assay_sodium_edwards_base(&nonces->binding, commitment->binding);
}

enum assay_status assay_frost_commit(uint32_t index, const struct assay_secret32 *share,
                                     const uint8_t random[static 64],
                                     struct assay_frost_nonces *nonces,
                                     struct assay_frost_commitment *commitment)
{
    struct assay_frost_nonces drawn;
    struct assay_frost_commitment made;
    if (index < 1 || index > ASSAY_FROST_INDICES_MAX) return ASSAY_E_RANGE;
    if (!assay_sodium_scalar_is_fit(share)) return ASSAY_E_RANGE;
    derive_nonce(random, share, &drawn.hiding);
    derive_nonce(random + 32, share, &drawn.binding);
    const enum assay_status status = compute_commitment(index, &drawn, &made);
    if (status == ASSAY_OK) {
        *nonces = drawn;
        *commitment = made;
    }
    assay_secret_wipe(&drawn, sizeof drawn);
    return status;
}

/* --- what key, message and commitments determine */

static enum assay_status check_signers(const struct assay_frost_commitment *signer, uint32_t count)
{
    if (count < ASSAY_FROST_SIGNERS_MIN || count > ASSAY_FROST_SIGNERS_MAX) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < count; i++) {
        if (signer[i].index < 1 || signer[i].index > ASSAY_FROST_INDICES_MAX) return ASSAY_E_RANGE;
        if (i > 0 && signer[i].index <= signer[i - 1].index) return ASSAY_E_ENCODING;
        /* the binding commitment is checked where it is multiplied (signer_commitment) */
        if (!assay_sodium_edwards_is_fit(signer[i].hiding)) return ASSAY_E_KEY;
    }
    return ASSAY_OK;
}

/* RFC 9591 4.4: each factor covers the key, the message and all commitments. */
static void compute_factors(struct assay_frost_session *s, struct assay_slice message)
{
    uint8_t list[ASSAY_FROST_SIGNERS_MAX * ENCODED_COMMITMENT_LEN], input[192];
    ASSAY_ASSERT(s->count <= ASSAY_FROST_SIGNERS_MAX);
    for (uint32_t i = 0; i < s->count; i++) {
        uint8_t *at = list + (size_t)i * ENCODED_COMMITMENT_LEN;
        const struct assay_secret32 index = assay_frost_index_scalar(s->signer[i].index);
        assay_bytes_copy(at, 32, index.bytes, 32);
        assay_bytes_copy(at + 32, 32, s->signer[i].hiding, 32);
        assay_bytes_copy(at + 64, 32, s->signer[i].binding, 32);
    }
    assay_bytes_copy(input, 32, s->public_key, 32);
    hash_named("msg", message, input + 32);
    hash_named("com", assay_slice_over(list, (size_t)s->count * ENCODED_COMMITMENT_LEN),
               input + 96);
    for (uint32_t i = 0; i < s->count; i++) {
        assay_bytes_copy(input + 160, 32, list + (size_t)i * ENCODED_COMMITMENT_LEN, 32);
        hash_to_scalar("rho", assay_slice_over(input, sizeof input), &s->factor[i]);
    }
}

/* D + rho E of one signer. */
static enum assay_status signer_commitment(const struct assay_frost_session *s, uint32_t place,
                                           uint8_t out[static ASSAY_SODIUM_POINT_LEN])
{
    ASSAY_ASSERT(place < s->count);
    ASSAY_TRY(assay_sodium_edwards_mul(&s->factor[place], s->signer[place].binding, out));
    return assay_sodium_edwards_add(out, s->signer[place].hiding, out);
}

static enum assay_status compute_group_commitment(struct assay_frost_session *s)
{
    static const uint8_t identity[ASSAY_SODIUM_POINT_LEN] = { 1 };
    uint8_t sum[ASSAY_SODIUM_POINT_LEN];
    for (uint32_t i = 0; i < s->count; i++) {
        ASSAY_TRY(signer_commitment(s, i, s->part[i]));
        if (i == 0) assay_bytes_copy(sum, sizeof sum, s->part[0], sizeof sum);
        else ASSAY_TRY(assay_sodium_edwards_add(sum, s->part[i], sum));
    }
    /* a sum of points of the subgroup is one of them */
    if (assay_bytes_equal(sum, identity, sizeof sum)) return ASSAY_E_KEY;
    assay_bytes_copy(s->commitment, sizeof s->commitment, sum, sizeof sum);
    return ASSAY_OK;
}

/* RFC 8032 5.1.6: SHA-512 of R, A and the message. */
static void compute_challenge(struct assay_frost_session *s, struct assay_slice message)
{
    uint8_t wide[ASSAY_SODIUM_WIDE_LEN];
    const struct assay_slice pieces[] = {
        assay_slice_over(s->commitment, sizeof s->commitment),
        assay_slice_over(s->public_key, sizeof s->public_key),
        message,
    };
    assay_sha512_pieces(pieces, 3, wide);
    assay_sodium_scalar_from(wide, &s->challenge);
}

enum assay_status assay_frost_begin(const uint8_t public_key[static ASSAY_SODIUM_POINT_LEN],
                                    struct assay_slice message,
                                    const struct assay_frost_commitment *signer, uint32_t count,
                                    struct assay_frost_session *session)
{
    ASSAY_ASSERT(message.bytes != NULL || message.len == 0);
    ASSAY_TRY(check_signers(signer, count));
    if (!assay_sodium_edwards_is_fit(public_key)) return ASSAY_E_KEY;
    session->count = count;
    for (uint32_t i = 0; i < count; i++)
        session->signer[i] = signer[i];
    assay_bytes_copy(session->public_key, sizeof session->public_key, public_key, 32);
    compute_factors(session, message);
    ASSAY_TRY(compute_group_commitment(session));
    compute_challenge(session, message);
    return ASSAY_OK;
}

/* --- round two */

/* Returns: the place of an index among the signers; count when it is none of them. */
static uint32_t place_of(const struct assay_frost_session *session, uint32_t index)
{
    uint32_t place = 0;
    ASSAY_ASSERT(session->count >= ASSAY_FROST_SIGNERS_MIN &&
                 session->count <= ASSAY_FROST_SIGNERS_MAX);
    while (place < session->count && session->signer[place].index != index)
        place++;
    return place;
}

/* z = d + rho e + lambda c s. */
static void compute_answer(const struct assay_frost_session *session, uint32_t place,
                           const struct assay_secret32 *share,
                           const struct assay_frost_nonces *nonces, struct assay_secret32 *answer)
{
    struct assay_secret32 part, lambda;
    session_lambda(session, place, &lambda);
    assay_sodium_scalar_mul(&lambda, &session->challenge, &part);
    assay_sodium_scalar_mul(&part, share, &part);
    assay_sodium_scalar_add(&nonces->hiding, &part, answer);
    assay_sodium_scalar_mul(&session->factor[place], &nonces->binding, &part);
    assay_sodium_scalar_add(answer, &part, answer);
    assay_secret_wipe(&part, sizeof part);
}

static bool is_own_commitment(const struct assay_frost_commitment *listed,
                              const struct assay_frost_nonces *nonces)
{
    struct assay_frost_commitment own;
    if (compute_commitment(listed->index, nonces, &own) != ASSAY_OK) return false;
    return assay_bytes_equal(own.hiding, listed->hiding, 32) &&
           assay_bytes_equal(own.binding, listed->binding, 32);
}

static enum assay_status compute_share(const struct assay_frost_session *session, uint32_t index,
                                       const struct assay_secret32 *share,
                                       const uint8_t public_share[static ASSAY_SODIUM_POINT_LEN],
                                       const struct assay_frost_nonces *nonces,
                                       uint8_t answer[static 32])
{
    struct assay_secret32 z;
    const uint32_t place = place_of(session, index);
    if (place == session->count) return ASSAY_E_NOT_FOUND;
    if (!assay_sodium_scalar_is_fit(share)) return ASSAY_E_RANGE;
    if (!is_own_commitment(&session->signer[place], nonces)) return ASSAY_E_INVALID;
    compute_answer(session, place, share, nonces, &z);
    const enum assay_status status = assay_frost_verify(session, index, public_share, z.bytes);
    if (status == ASSAY_OK) assay_bytes_copy(answer, 32, z.bytes, 32);
    assay_secret_wipe(&z, sizeof z);
    return status == ASSAY_OK ? ASSAY_OK : ASSAY_E_CRYPTO;
}

enum assay_status assay_frost_sign(const struct assay_frost_session *session, uint32_t index,
                                   const struct assay_secret32 *share,
                                   const uint8_t public_share[static ASSAY_SODIUM_POINT_LEN],
                                   struct assay_frost_nonces *nonces, uint8_t answer[static 32])
{
    const enum assay_status status =
        compute_share(session, index, share, public_share, nonces, answer);
    assay_secret_wipe(nonces, sizeof *nonces);
    return status;
}

enum assay_status assay_frost_verify(const struct assay_frost_session *session, uint32_t index,
                                     const uint8_t public_share[static ASSAY_SODIUM_POINT_LEN],
                                     const uint8_t answer[static 32])
{
    struct assay_secret32 z, factor;
    uint8_t left[ASSAY_SODIUM_POINT_LEN], right[ASSAY_SODIUM_POINT_LEN];
    const uint32_t place = place_of(session, index);
    if (place == session->count) return ASSAY_E_NOT_FOUND;
    assay_bytes_copy(z.bytes, sizeof z.bytes, answer, 32);
    if (!assay_sodium_scalar_is_fit(&z)) return ASSAY_E_SIGNATURE;
    session_lambda(session, place, &factor);
    assay_sodium_scalar_mul(&factor, &session->challenge, &factor);
    /* checks the share, too: neither factor nor its parts are zero */
    ASSAY_TRY(assay_sodium_edwards_mul(&factor, public_share, right));
    if (assay_sodium_edwards_base(&z, left) != ASSAY_OK ||
        assay_sodium_edwards_add(right, session->part[place], right) != ASSAY_OK)
        return ASSAY_E_SIGNATURE;
    return assay_bytes_equal(left, right, sizeof left) ? ASSAY_OK : ASSAY_E_SIGNATURE;
}

enum assay_status assay_frost_combine(const struct assay_frost_session *session,
                                      struct assay_slice message, const uint8_t *answers,
                                      uint8_t signature[static ASSAY_SODIUM_SIGNATURE_LEN])
{
    struct assay_secret32 sum = { { 0 } }, z;
    uint8_t made[ASSAY_SODIUM_SIGNATURE_LEN];
    ASSAY_ASSERT(session->count >= ASSAY_FROST_SIGNERS_MIN &&
                 session->count <= ASSAY_FROST_SIGNERS_MAX);
    for (uint32_t i = 0; i < session->count; i++) {
        assay_bytes_copy(z.bytes, sizeof z.bytes, answers + (size_t)i * 32, 32);
        if (!assay_sodium_scalar_is_fit(&z)) return ASSAY_E_SIGNATURE;
        assay_sodium_scalar_add(&sum, &z, &sum);
    }
    assay_bytes_copy(made, 32, session->commitment, 32);
    assay_bytes_copy(made + 32, 32, sum.bytes, 32);
    if (!assay_sodium_edwards_verify(session->public_key, message, made)) return ASSAY_E_SIGNATURE;
    assay_bytes_copy(signature, ASSAY_SODIUM_SIGNATURE_LEN, made, sizeof made);
    return ASSAY_OK;
}
