/*
 * services/identity/sharing.h - sharing of a group key: Feldman dealings on edwards25519 and their
 * sums (docs/identity.md 3.6, 3.10).
 *
 * The key is f(0) of a polynomial of degree t - 1, share i is f(i), i from 1; C_m = a_m G are its
 * commitments. In a key generation the polynomials of all qualified dealers are added, so none of
 * them knows the sum. In a reshare each holder deals a polynomial whose f(0) is its own share, and
 * the dealings are added with the Lagrange coefficients of their holders: the key stays. Sub-shares
 * travel encrypted by services/shares/dealing.h, whose scalars are of the same order.
 *
 * Pure: randomness is passed in as bytes for one use. Polynomials and shares are the caller's to
 * wipe. Points of others are checked by assay_sharing_check before anything else here takes them.
 */
#ifndef ASSAY_SERVICES_IDENTITY_SHARING_H
#define ASSAY_SERVICES_IDENTITY_SHARING_H

#include "services/identity/frost.h"
#include "services/shares/dealing.h"

/* C_0 to C_(t-1). */
struct assay_sharing_commitments {
    uint32_t count; /* t: ASSAY_FROST_SIGNERS_MIN to ASSAY_FROST_SIGNERS_MAX; 0: the empty sum */
    uint8_t point[ASSAY_FROST_SIGNERS_MAX][ASSAY_SODIUM_POINT_LEN];
};

/* a_0 to a_(t-1); secret. */
struct assay_sharing_polynomial {
    uint32_t count;
    struct assay_secret32 a[ASSAY_FROST_SIGNERS_MAX];
};

/*
 * assay_sharing_deal - draws a polynomial and computes its commitments.
 * In:      count: t; constant: f(0), a holder's share; NULL: drawn too; wide: count times
 *          ASSAY_SODIUM_WIDE_LEN uniform bytes for this purpose only; with a constant the first are
 *          not used
 * Returns: ASSAY_OK | ASSAY_E_RANGE (count, constant, or a zero was drawn)
 */
ASSAY_CHECKED enum assay_status assay_sharing_deal(uint32_t count,
                                                   const struct assay_secret32 *constant,
                                                   const uint8_t *wide,
                                                   struct assay_sharing_polynomial *polynomial,
                                                   struct assay_sharing_commitments *commitments);
/* Returns: ASSAY_OK | ASSAY_E_RANGE (count) | ASSAY_E_KEY (a point that is not canonical, not in
 * the subgroup, or the identity, which would lower the threshold) */
ASSAY_CHECKED enum assay_status assay_sharing_check(const struct assay_sharing_commitments *c);
/* f(index). Returns: ASSAY_OK | ASSAY_E_RANGE (index, count) */
ASSAY_CHECKED enum assay_status assay_sharing_evaluate(
    const struct assay_sharing_polynomial *polynomial, uint32_t index,
    struct assay_secret32 *share);
/* f(index) G. In: index: 0 is the key. Returns: ASSAY_OK, and the point may be the identity |
 * ASSAY_E_RANGE (index, count) | ASSAY_E_KEY (commitments that were not checked) */
ASSAY_CHECKED enum assay_status assay_sharing_public(const struct assay_sharing_commitments *c,
                                                     uint32_t index,
                                                     uint8_t point[static ASSAY_SODIUM_POINT_LEN]);
/* A share may be zero: a dealer can choose f so, and a value that is right convicts nobody.
 * Returns: ASSAY_OK: share is f(index) | ASSAY_E_INVALID: it is not | ASSAY_E_RANGE (index, count,
 * share) | ASSAY_E_KEY (as above) */
ASSAY_CHECKED enum assay_status assay_sharing_verify(const struct assay_sharing_commitments *c,
                                                     uint32_t index,
                                                     const struct assay_secret32 *share);

/* --- proof that the dealer knows f(0). Without it the last dealer of a key generation could choose
 * C_0 so that it cancels those of the others, and know the key (docs/identity.md 3.6) */
/* In: label: digest of the dealer, the ceremony and its attempt. Returns: ASSAY_OK | ASSAY_E_RANGE
 * (a zero was drawn) */
ASSAY_CHECKED enum assay_status assay_sharing_prove(
    const struct assay_sharing_polynomial *polynomial, const uint8_t label[static 32],
    const uint8_t wide[static ASSAY_SODIUM_WIDE_LEN], struct assay_dealing_proof *proof);
/* In: any bytes. Returns: true when the dealer of this label knows the logarithm of C_0. */
bool assay_sharing_proof_verify(const struct assay_sharing_commitments *c,
                                const uint8_t label[static 32],
                                const struct assay_dealing_proof *proof);

/* --- sums of dealings */
/* sum += factor x dealt. In: sum: count 0 at first; factor: the Lagrange coefficient of the
 * dealer's index among all dealers (assay_frost_lambda); NULL: 1, in a key generation. Returns:
 * ASSAY_OK | ASSAY_E_RANGE (another count) | ASSAY_E_KEY (as above); sum is unchanged but for
 * ASSAY_OK */
ASSAY_CHECKED enum assay_status assay_sharing_add(struct assay_sharing_commitments *sum,
                                                  const struct assay_secret32 *factor,
                                                  const struct assay_sharing_commitments *dealt);
/* The same for the sub-shares of one index. In: sum: 0 at first. */
void assay_sharing_add_share(struct assay_secret32 *sum, const struct assay_secret32 *factor,
                             const struct assay_secret32 *dealt);

/* --- a second key of the same sharing: each holder adds `offset` to its share, the key is f(0) G +
 * offset G. The offset is derived by a hash of the first key
 * (docs/identity.md 3.18). Returns: ASSAY_OK | ASSAY_E_RANGE (offset) | ASSAY_E_KEY (no point, or
 * the sum is the identity) */
ASSAY_CHECKED enum assay_status assay_sharing_offset_key(
    const uint8_t key[static ASSAY_SODIUM_POINT_LEN], const struct assay_secret32 *offset,
    uint8_t out[static ASSAY_SODIUM_POINT_LEN]);

#endif
