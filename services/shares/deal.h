/*
 * services/shares/deal.h - Feldman secret sharing: deal, verify, reshare and combine
 * (docs/services.md 5.3).
 *
 * The secret S is f(0) of a random polynomial of degree k-1 over the scalars of ristretto255; the
 * share of a slot is f(slot + 1), and A_m = a_m G are its commitments, against which anyone can
 * verify a share. S is random, so A_0 = S G reveals nothing about it; the protected data is a
 * payload, encrypted under a key derived from S.
 *
 * Shares, polynomials and secrets are the caller's to wipe. Randomness is passed in as bytes.
 */
#ifndef ASSAY_SERVICES_SHARES_DEAL_H
#define ASSAY_SERVICES_SHARES_DEAL_H

#include "services/shares/sodium.h"

enum {
    ASSAY_SHARE_SLOTS_MAX = 16, /* of a cluster; one share per slot */
    ASSAY_SHARE_K_MIN = 2,      /* a single share would reveal the secret */
    ASSAY_SHARE_K_MAX = 8,
};

/* A_0 to A_(k-1). */
struct assay_share_commitments {
    uint32_t k;
    uint8_t point[ASSAY_SHARE_K_MAX][ASSAY_SODIUM_POINT_LEN];
};

/* a_0 to a_(k-1); secret. */
struct assay_share_polynomial {
    uint32_t k;
    struct assay_secret32 a[ASSAY_SHARE_K_MAX];
};

/* The sub-share of one dealer for one slot. */
struct assay_share_dealing {
    uint32_t dealer; /* its slot */
    struct assay_share_commitments commitments;
    struct assay_secret32 sub; /* f_dealer(slot + 1) */
};

/* --- commitments */
/* Returns: ASSAY_OK | ASSAY_E_RANGE (k) | ASSAY_E_KEY (no canonical point, or the identity, which
 * would lower the degree and so the threshold) */
ASSAY_CHECKED enum assay_status assay_share_commitments_check(
    const struct assay_share_commitments *c);
/* SHA-256 over type, k and points: the digest on the ledger. */
void assay_share_commitments_digest(const struct assay_share_commitments *c,
                                    uint8_t digest[static 32]);
/* f(slot + 1) G, from the commitments alone. Returns: ASSAY_OK | ASSAY_E_RANGE (slot, k) |
 * ASSAY_E_KEY (an invalid point) */
ASSAY_CHECKED enum assay_status assay_share_commitments_at(
    const struct assay_share_commitments *c, uint32_t slot,
    uint8_t point[static ASSAY_SODIUM_POINT_LEN]);

/* --- dealing */
/*
 * assay_share_deal - generates a secret, polynomial->a[0], and its commitments.
 * In:      wide[k * ASSAY_SODIUM_WIDE_LEN]: uniform bytes for this purpose only, the caller's to
 *          wipe
 * Returns: ASSAY_OK | ASSAY_E_RANGE (k; or a zero was drawn, with negligible probability)
 */
ASSAY_CHECKED enum assay_status assay_share_deal(uint32_t k, const uint8_t *wide,
                                                 struct assay_share_polynomial *polynomial,
                                                 struct assay_share_commitments *commitments);
/* The same for an existing secret, a holder's own share. In: wide[(k - 1) * ASSAY_SODIUM_WIDE_LEN].
 * Returns: the same; ASSAY_E_RANGE also for a secret that is zero or not below the order. */
ASSAY_CHECKED enum assay_status assay_share_deal_on(uint32_t k, const struct assay_secret32 *secret,
                                                    const uint8_t *wide,
                                                    struct assay_share_polynomial *polynomial,
                                                    struct assay_share_commitments *commitments);
/* Recomputes the polynomial without its commitments, which are known. Returns: ASSAY_OK |
 * ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_share_polynomial_of(
    uint32_t k, const struct assay_secret32 *secret, const uint8_t *wide,
    struct assay_share_polynomial *polynomial);
/* The share of a slot. Returns: ASSAY_OK | ASSAY_E_RANGE (slot, k, or the share is zero) */
ASSAY_CHECKED enum assay_status assay_share_of(const struct assay_share_polynomial *polynomial,
                                               uint32_t slot, struct assay_secret32 *share);
/* Returns: ASSAY_OK | ASSAY_E_RANGE (slot, k, a share that is zero or not below the order) |
 * ASSAY_E_KEY (commitments) | ASSAY_E_INVALID (not the share of this slot) */
ASSAY_CHECKED enum assay_status assay_share_verify(const struct assay_share_commitments *c,
                                                   uint32_t slot,
                                                   const struct assay_secret32 *share);
/*
 * assay_share_combine - computes the secret from k shares.
 * In:      slot[k], share[k]: verified before; k of the commitments
 * Returns: ASSAY_OK | ASSAY_E_RANGE (k, a slot, a share) | ASSAY_E_DUPLICATE (a slot twice)
 */
ASSAY_CHECKED enum assay_status assay_share_combine(uint32_t k, const uint32_t *slot,
                                                    const struct assay_secret32 *share,
                                                    struct assay_secret32 *secret);

/* --- resharing: k holders deal their own shares, each multiplied by the Lagrange coefficient of
 * its slot among them. The sum of the dealings is the secret, so takers only add. Dealers are slots
 * as bits */
/* The factor of a dealer's share. Returns: ASSAY_OK | ASSAY_E_RANGE (not ASSAY_SHARE_K_MIN to
 * ASSAY_SHARE_K_MAX dealers, or it is none of them) */
ASSAY_CHECKED enum assay_status assay_share_lambda(uint32_t dealers, uint32_t dealer,
                                                   struct assay_secret32 *lambda);
/* Verifies one dealing for `slot` by itself: its B_0 is A at the dealer times lambda, so it dealt
 * its share; the sub-share is on B. Returns: as assay_share_verify; ASSAY_E_INVALID for both
 * failures, ASSAY_E_RANGE also when k is not A's, or dealers and dealer do not match. */
ASSAY_CHECKED enum assay_status assay_share_dealing_verify(
    const struct assay_share_commitments *current, uint32_t dealers, uint32_t slot,
    const struct assay_share_dealing *dealing);
/* Without the sub-share: verifies that B_0 is A at the dealer times lambda. Returns: as above; of
 * the other points of B it only requires that they are not the identity. */
ASSAY_CHECKED enum assay_status assay_share_dealer_verify(
    const struct assay_share_commitments *current, uint32_t dealers, uint32_t dealer,
    const struct assay_share_commitments *dealt);
/* A of the next generation: A_0 unchanged, the others sums of those of the dealings. In:
 * dealt[count] of different dealers. Returns: ASSAY_OK | ASSAY_E_RANGE (k, another k, no dealing) |
 * ASSAY_E_KEY (a point or a sum is invalid, or the identity) */
ASSAY_CHECKED enum assay_status assay_share_commitments_sum(
    const struct assay_share_commitments *current, const struct assay_share_commitments *dealt,
    uint32_t count, struct assay_share_commitments *sum);
/*
 * assay_share_renew - the share of the next generation in `slot`, the sum of all dealers'
 * sub-shares, and its commitments: A_0 unchanged, and with it the secret; the others are sums
 * likewise.
 *
 * The share is verified against those commitments. That is sufficient, so dealings need not be
 * verified before: when the sum is invalid, at least one of them is invalid by itself.
 * In:      dealing[current->k], of different dealers; hostile, but each B has the digest that the
 *          ledger has, so that all slots compute the same
 * Returns: ASSAY_OK | ASSAY_E_RANGE (k, slot, a sub-share) | ASSAY_E_DUPLICATE (a dealer twice) |
 *          ASSAY_E_KEY (a point or a sum is invalid, or the identity) | ASSAY_E_INVALID
 */
ASSAY_CHECKED enum assay_status assay_share_renew(const struct assay_share_commitments *current,
                                                  uint32_t slot,
                                                  const struct assay_share_dealing *dealing,
                                                  struct assay_secret32 *share,
                                                  struct assay_share_commitments *renewed);

/* --- public resharing: dealers are chosen after they dealt, so f_i(0) is the share of dealer i
 * itself, and takers multiply by lambda. Lists are of the dealers in the order of their slots */
/* Verifies that B_0 is A at the dealer. Returns: ASSAY_OK | ASSAY_E_INVALID | ASSAY_E_RANGE |
 * ASSAY_E_KEY */
ASSAY_CHECKED enum assay_status assay_share_constant_verify(
    const struct assay_share_commitments *current, uint32_t dealer,
    const struct assay_share_commitments *dealt);
/* A of the next generation: the sum of lambda_i B_i. In: dealt[k], of that many dealers (bits).
 * Returns: ASSAY_OK | ASSAY_E_RANGE | ASSAY_E_KEY (an invalid point, or the sum is the identity) */
ASSAY_CHECKED enum assay_status assay_share_combine_commitments(
    uint32_t dealers, const struct assay_share_commitments *dealt,
    struct assay_share_commitments *sum);
/* The share of the next generation: the sum of lambda_i f_i(slot + 1). In: number[k]. Returns:
 * ASSAY_OK | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_share_combine_numbers(uint32_t dealers,
                                                            const struct assay_secret32 *number,
                                                            struct assay_secret32 *sum);

/* --- payloads: encrypted under HKDF-SHA256 (RFC 5869) of the secret, bound to the id */
/* In: nonce of 24 random bytes. Out: sealed[message.len + ASSAY_SODIUM_NONCE_LEN +
 * ASSAY_SODIUM_TAG_LEN]. */
void assay_share_payload_seal(const struct assay_secret32 *secret, const uint8_t id[static 32],
                              const uint8_t nonce[static ASSAY_SODIUM_NONCE_LEN],
                              struct assay_slice message, uint8_t *sealed);
/* Out: message[sealed.len - ASSAY_SODIUM_NONCE_LEN - ASSAY_SODIUM_TAG_LEN]. Returns: ASSAY_OK |
 * ASSAY_E_TRUNCATED | ASSAY_E_SIGNATURE */
ASSAY_CHECKED enum assay_status assay_share_payload_open(const struct assay_secret32 *secret,
                                                         const uint8_t id[static 32],
                                                         struct assay_slice sealed,
                                                         uint8_t *message);

#endif
