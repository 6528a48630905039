/*
 * services/shares/deal.h - Feldman's sharing of a secret: dealt, verified, dealt on to others,
 * combined (docs/services.md 5.3).
 *
 * The secret S is f(0) of a random polynomial of degree k-1 over the scalars of ristretto255; the
 * share of a slot is f(slot + 1), and A_m = a_m G are its commitments, against which everybody
 * checks a share. S is random, so that A_0 = S G tells nothing about it; what is kept is a payload,
 * sealed under a key that follows from S.
 *
 * Shares, polynomials and secrets are the caller's to wipe. Randomness comes in as bytes.
 */
#ifndef ASSAY_SERVICES_SHARES_DEAL_H
#define ASSAY_SERVICES_SHARES_DEAL_H

#include "services/shares/sodium.h"

enum {
    ASSAY_SHARE_SLOTS_MAX = 16, /* of a cluster; a share a slot */
    ASSAY_SHARE_K_MIN = 2,      /* of one share alone the secret would be made */
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

/* What one dealer gives to one slot. */
struct assay_share_dealing {
    uint32_t dealer; /* its slot */
    struct assay_share_commitments commitments;
    struct assay_secret32 sub; /* f_dealer(slot + 1) */
};

/* --- commitments */
/* Returns: ASSAY_OK | ASSAY_E_RANGE (k) | ASSAY_E_KEY (no canonical point, or the identity, which
 * would lower the degree: fewer shares would do) */
ASSAY_CHECKED enum assay_status assay_share_commitments_check(
    const struct assay_share_commitments *c);
/* SHA-256 over type, k and points: what the ledger holds. Returns: nothing. */
void assay_share_commitments_digest(const struct assay_share_commitments *c,
                                    uint8_t digest[static 32]);
/* f(slot + 1) G, by the commitments alone. Returns: ASSAY_OK | ASSAY_E_RANGE (slot, k) |
 * ASSAY_E_KEY (a point is none) */
ASSAY_CHECKED enum assay_status assay_share_commitments_at(
    const struct assay_share_commitments *c, uint32_t slot,
    uint8_t point[static ASSAY_SODIUM_POINT_LEN]);

/* --- dealing */
/*
 * assay_share_deal - a fresh secret, polynomial->a[0], and its commitments.
 * In:      wide[k * ASSAY_SODIUM_WIDE_LEN]: uniform bytes, used for nothing else, the caller's to
 *          wipe
 * Returns: ASSAY_OK | ASSAY_E_RANGE (k; or a zero was drawn, which nobody will live to see)
 */
ASSAY_CHECKED enum assay_status assay_share_deal(uint32_t k, const uint8_t *wide,
                                                 struct assay_share_polynomial *polynomial,
                                                 struct assay_share_commitments *commitments);
/* The same of a secret that is there already, a holder's own share. In: wide[(k - 1) *
 * ASSAY_SODIUM_WIDE_LEN]. Returns: the same; ASSAY_E_RANGE also for a secret that is zero
 * or not below the order. */
ASSAY_CHECKED enum assay_status assay_share_deal_on(uint32_t k, const struct assay_secret32 *secret,
                                                    const uint8_t *wide,
                                                    struct assay_share_polynomial *polynomial,
                                                    struct assay_share_commitments *commitments);
/* The same once more without its commitments, which are known. Returns: ASSAY_OK | ASSAY_E_RANGE */
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
 * assay_share_combine - k shares to the secret.
 * In:      slot[k], share[k]: verified before; k of the commitments
 * Returns: ASSAY_OK | ASSAY_E_RANGE (k, a slot, a share) | ASSAY_E_DUPLICATE (a slot twice)
 */
ASSAY_CHECKED enum assay_status assay_share_combine(uint32_t k, const uint32_t *slot,
                                                    const struct assay_secret32 *share,
                                                    struct assay_secret32 *secret);

/* --- resharing: k holders deal their own shares on, each times Lagrange's factor of its slot among
 * them. So what they deal adds up to the secret, and nobody else has to multiply. Dealers are slots
 * as bits */
/* What a dealer multiplies its share by. Returns: ASSAY_OK | ASSAY_E_RANGE (not ASSAY_SHARE_K_MIN
 * to ASSAY_SHARE_K_MAX dealers, or it is none of them) */
ASSAY_CHECKED enum assay_status assay_share_lambda(uint32_t dealers, uint32_t dealer,
                                                   struct assay_secret32 *lambda);
/* Does what a dealer gave to `slot` stand by itself? Its B_0 is A at the dealer times lambda, so it
 * dealt its share and no other number; the sub-share lies on B. Returns: as assay_share_verify;
 * ASSAY_E_INVALID for both lies, ASSAY_E_RANGE also when k is another than A's, or dealers and
 * dealer do not fit. */
ASSAY_CHECKED enum assay_status assay_share_dealing_verify(
    const struct assay_share_commitments *current, uint32_t dealers, uint32_t slot,
    const struct assay_share_dealing *dealing);
/* Without the sub-share: whether B_0 is A at the dealer times lambda. Returns: as above; of the
 * other points of B it asks no more than that they are not the identity. */
ASSAY_CHECKED enum assay_status assay_share_dealer_verify(
    const struct assay_share_commitments *current, uint32_t dealers, uint32_t dealer,
    const struct assay_share_commitments *dealt);
/* A of the next generation: A_0 as ever, the others sums of those of the dealings. In: dealt[count]
 * of different dealers. Returns: ASSAY_OK | ASSAY_E_RANGE (k, another k, no dealing) | ASSAY_E_KEY
 * (a point is none, or the identity, or adds up to that) */
ASSAY_CHECKED enum assay_status assay_share_commitments_sum(
    const struct assay_share_commitments *current, const struct assay_share_commitments *dealt,
    uint32_t count, struct assay_share_commitments *sum);
/*
 * assay_share_renew - the share of the next generation in `slot`, the sum of what all dealers gave
 * it, and its commitments: A_0 as ever, and with it the secret; the others sums likewise.
 *
 * The share is checked against those commitments. That is all that has to hold, so dealings need
 * not be verified before: when they do not add up, at least one of them does not stand by itself.
 * In:      dealing[current->k], of different dealers; what came from others is hostile, but each
 *          B has the digest that the ledger has, so that all slots come to the same
 * Returns: ASSAY_OK | ASSAY_E_RANGE (k, slot, a sub-share) | ASSAY_E_DUPLICATE (a dealer twice) |
 *          ASSAY_E_KEY (a point is none, or the identity, or adds up to that) | ASSAY_E_INVALID
 */
ASSAY_CHECKED enum assay_status assay_share_renew(const struct assay_share_commitments *current,
                                                  uint32_t slot,
                                                  const struct assay_share_dealing *dealing,
                                                  struct assay_secret32 *share,
                                                  struct assay_share_commitments *renewed);

/* --- resharing in public: who deals is known later than what is dealt, so f_i(0) is the share of
 * dealer i itself, and everybody multiplies. Lists are of the dealers in the order of their slots
 * */
/* Does B_0 lie on A at the dealer? Returns: ASSAY_OK | ASSAY_E_INVALID | ASSAY_E_RANGE |
 * ASSAY_E_KEY / */
ASSAY_CHECKED enum assay_status assay_share_constant_verify(
    const struct assay_share_commitments *current, uint32_t dealer,
    const struct assay_share_commitments *dealt);
/* A of the next generation: the sum of lambda_i B_i. In: dealt[k], of so many dealers (bits).
 * Returns: ASSAY_OK | ASSAY_E_RANGE | ASSAY_E_KEY (a point is none, or adds up to the identity) */
ASSAY_CHECKED enum assay_status assay_share_weigh(uint32_t dealers,
                                                  const struct assay_share_commitments *dealt,
                                                  struct assay_share_commitments *sum);
/* The share of the next generation: the sum of lambda_i f_i(slot + 1). In: number[k]. Returns:
 * ASSAY_OK | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_share_weigh_numbers(uint32_t dealers,
                                                          const struct assay_secret32 *number,
                                                          struct assay_secret32 *sum);

/* --- payloads: under HKDF-SHA256 (RFC 5869) of the secret, bound to the id */
/* In: nonce of 24 random bytes. Out: sealed[message.len + ASSAY_SODIUM_NONCE_LEN +
 * ASSAY_SODIUM_TAG_LEN]. Returns: nothing. */
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
