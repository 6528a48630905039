/*
 * services/shares/deal.c - Feldman secret sharing, and resharing by Desmedt and Jajodia
 * (docs/services.md 5.3).
 */
#include "services/shares/deal.h"

#include "base/crypto.h"

static bool is_k_valid(uint32_t k)
{
    return k >= ASSAY_SHARE_K_MIN && k <= ASSAY_SHARE_K_MAX;
}

/* x of a slot: never 0, where the secret is. */
static struct assay_secret32 slot_x(uint32_t slot)
{
    struct assay_secret32 x = { { 0 } };
    ASSAY_ASSERT(slot < ASSAY_SHARE_SLOTS_MAX);
    x.bytes[0] = (uint8_t)(slot + 1);
    return x;
}

/* --- commitments */

enum assay_status assay_share_commitments_check(const struct assay_share_commitments *c)
{
    if (!is_k_valid(c->k)) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < c->k; i++)
        if (!assay_sodium_point_is_fit(c->point[i])) return ASSAY_E_KEY;
    return ASSAY_OK;
}

/* Point addition and multiplication reject invalid bytes, but not the identity. */
static enum assay_status check_no_identity(const struct assay_share_commitments *c)
{
    if (!is_k_valid(c->k)) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < c->k; i++)
        if (assay_bytes_all_zero(c->point[i], ASSAY_SODIUM_POINT_LEN)) return ASSAY_E_KEY;
    return ASSAY_OK;
}

void assay_share_commitments_digest(const struct assay_share_commitments *c,
                                    uint8_t digest[static 32])
{
    static const char type[] = "assay/share/commitments/v1";
    ASSAY_ASSERT(is_k_valid(c->k));
    const uint8_t k = (uint8_t)c->k;
    const struct assay_slice pieces[] = {
        assay_slice_over(type, sizeof type - 1),
        assay_slice_over(&k, 1),
        assay_slice_over(c->point, (size_t)c->k * ASSAY_SODIUM_POINT_LEN),
    };
    assay_sha256_pieces(pieces, 3, digest);
}

/* x times a public point, in place. A few additions cost less than a constant-time
 * multiplication. */
static enum assay_status multiply_by_x(uint32_t slot, uint8_t point[static ASSAY_SODIUM_POINT_LEN])
{
    ASSAY_ASSERT(slot < ASSAY_SHARE_SLOTS_MAX);
    uint8_t once[ASSAY_SODIUM_POINT_LEN];
    const uint32_t x = slot + 1;
    if (x > 4) {
        const struct assay_secret32 scalar = slot_x(slot);
        return assay_sodium_point_mul(&scalar, point, point);
    }
    assay_bytes_copy(once, sizeof once, point, sizeof once);
    if (x > 1) ASSAY_TRY(assay_sodium_point_add(point, point, point));
    if (x == 3) ASSAY_TRY(assay_sodium_point_add(point, once, point));
    if (x == 4) ASSAY_TRY(assay_sodium_point_add(point, point, point));
    return ASSAY_OK;
}

enum assay_status assay_share_commitments_at(const struct assay_share_commitments *c, uint32_t slot,
                                             uint8_t point[static ASSAY_SODIUM_POINT_LEN])
{
    uint8_t at[ASSAY_SODIUM_POINT_LEN];
    if (!is_k_valid(c->k) || slot >= ASSAY_SHARE_SLOTS_MAX) return ASSAY_E_RANGE;
    assay_bytes_copy(at, sizeof at, c->point[c->k - 1], sizeof at);
    for (uint32_t i = c->k - 1; i-- > 0;) {
        /* A multiple of the identity is the identity, which libsodium rejects. */
        if (!assay_bytes_all_zero(at, sizeof at)) ASSAY_TRY(multiply_by_x(slot, at));
        ASSAY_TRY(assay_sodium_point_add(at, c->point[i], at));
    }
    assay_bytes_copy(point, ASSAY_SODIUM_POINT_LEN, at, sizeof at);
    return ASSAY_OK;
}

/* --- dealing */

static enum assay_status make_commitments(const struct assay_share_polynomial *polynomial,
                                          struct assay_share_commitments *commitments)
{
    ASSAY_ASSERT(is_k_valid(polynomial->k));
    struct assay_share_commitments made = { .k = polynomial->k };
    for (uint32_t i = 0; i < polynomial->k; i++)
        ASSAY_TRY(assay_sodium_point_base(&polynomial->a[i], made.point[i]));
    *commitments = made;
    return ASSAY_OK;
}

enum assay_status assay_share_polynomial_of(uint32_t k, const struct assay_secret32 *secret,
                                            const uint8_t *wide,
                                            struct assay_share_polynomial *polynomial)
{
    if (!is_k_valid(k) || !assay_sodium_scalar_is_fit(secret)) return ASSAY_E_RANGE;
    polynomial->k = k;
    polynomial->a[0] = *secret;
    for (uint32_t i = 1; i < k; i++)
        assay_sodium_scalar_from(wide + (i - 1) * (size_t)ASSAY_SODIUM_WIDE_LEN, &polynomial->a[i]);
    return ASSAY_OK;
}

enum assay_status assay_share_deal_on(uint32_t k, const struct assay_secret32 *secret,
                                      const uint8_t *wide,
                                      struct assay_share_polynomial *polynomial,
                                      struct assay_share_commitments *commitments)
{
    ASSAY_TRY(assay_share_polynomial_of(k, secret, wide, polynomial));
    return make_commitments(polynomial, commitments);
}

enum assay_status assay_share_deal(uint32_t k, const uint8_t *wide,
                                   struct assay_share_polynomial *polynomial,
                                   struct assay_share_commitments *commitments)
{
    struct assay_secret32 secret;
    if (!is_k_valid(k)) return ASSAY_E_RANGE;
    assay_sodium_scalar_from(wide, &secret);
    const enum assay_status status =
        assay_share_deal_on(k, &secret, wide + ASSAY_SODIUM_WIDE_LEN, polynomial, commitments);
    assay_secret_wipe(&secret, sizeof secret);
    return status;
}

enum assay_status assay_share_of(const struct assay_share_polynomial *polynomial, uint32_t slot,
                                 struct assay_secret32 *share)
{
    if (!is_k_valid(polynomial->k) || slot >= ASSAY_SHARE_SLOTS_MAX) return ASSAY_E_RANGE;
    const struct assay_secret32 x = slot_x(slot);
    struct assay_secret32 at = polynomial->a[polynomial->k - 1];
    for (uint32_t i = polynomial->k - 1; i-- > 0;) {
        assay_sodium_scalar_mul(&at, &x, &at);
        assay_sodium_scalar_add(&at, &polynomial->a[i], &at);
    }
    const bool fit = assay_sodium_scalar_is_fit(&at);
    if (fit) *share = at;
    assay_secret_wipe(&at, sizeof at);
    return fit ? ASSAY_OK : ASSAY_E_RANGE;
}

enum assay_status assay_share_verify(const struct assay_share_commitments *c, uint32_t slot,
                                     const struct assay_secret32 *share)
{
    uint8_t is[ASSAY_SODIUM_POINT_LEN], must[ASSAY_SODIUM_POINT_LEN];
    if (slot >= ASSAY_SHARE_SLOTS_MAX || !assay_sodium_scalar_is_fit(share)) return ASSAY_E_RANGE;
    ASSAY_TRY(check_no_identity(c));
    ASSAY_TRY(assay_sodium_point_base(share, is));
    ASSAY_TRY(assay_share_commitments_at(c, slot, must));
    return assay_bytes_equal(is, must, sizeof is) ? ASSAY_OK : ASSAY_E_INVALID;
}

/* Lagrange coefficient at 0 of the i-th of k slots: the product of x_j / (x_j - x_i). */
static enum assay_status compute_lambda(uint32_t k, const uint32_t *slot, uint32_t i,
                                        struct assay_secret32 *lambda)
{
    ASSAY_ASSERT(k <= ASSAY_SHARE_K_MAX && i < k);
    struct assay_secret32 above = { { 1 } }, below = { { 1 } }, difference;
    const struct assay_secret32 own = slot_x(slot[i]);
    for (uint32_t j = 0; j < k; j++) {
        if (j == i) continue;
        ASSAY_ASSERT(slot[j] != slot[i]); /* or the product below is zero */
        const struct assay_secret32 other = slot_x(slot[j]);
        assay_sodium_scalar_mul(&above, &other, &above);
        assay_sodium_scalar_sub(&other, &own, &difference);
        assay_sodium_scalar_mul(&below, &difference, &below);
    }
    ASSAY_TRY(assay_sodium_scalar_invert(&below, &below));
    assay_sodium_scalar_mul(&above, &below, lambda);
    return ASSAY_OK;
}

static enum assay_status check_slots(uint32_t k, const uint32_t *slot)
{
    if (!is_k_valid(k)) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < k; i++) {
        if (slot[i] >= ASSAY_SHARE_SLOTS_MAX) return ASSAY_E_RANGE;
        for (uint32_t j = 0; j < i; j++)
            if (slot[j] == slot[i]) return ASSAY_E_DUPLICATE;
    }
    return ASSAY_OK;
}

enum assay_status assay_share_combine(uint32_t k, const uint32_t *slot,
                                      const struct assay_secret32 *share,
                                      struct assay_secret32 *secret)
{
    struct assay_secret32 sum = { { 0 } }, lambda, part;
    ASSAY_TRY(check_slots(k, slot));
    for (uint32_t i = 0; i < k; i++)
        if (!assay_sodium_scalar_is_fit(&share[i])) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < k; i++) {
        const enum assay_status status = compute_lambda(k, slot, i, &lambda);
        ASSAY_ASSERT(status == ASSAY_OK); /* slots differ, so nothing is zero */
        assay_sodium_scalar_mul(&lambda, &share[i], &part);
        assay_sodium_scalar_add(&sum, &part, &sum);
    }
    const bool fit = assay_sodium_scalar_is_fit(&sum);
    if (fit) *secret = sum;
    assay_secret_wipe(&sum, sizeof sum);
    assay_secret_wipe(&part, sizeof part);
    return fit ? ASSAY_OK : ASSAY_E_RANGE;
}

/* --- resharing */

enum assay_status assay_share_lambda(uint32_t dealers, uint32_t dealer,
                                     struct assay_secret32 *lambda)
{
    uint32_t slot[ASSAY_SHARE_K_MAX], k = 0, own = ASSAY_SHARE_K_MAX;
    if (dealers >> ASSAY_SHARE_SLOTS_MAX != 0) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < ASSAY_SHARE_SLOTS_MAX; i++) {
        if (!(dealers >> i & 1)) continue;
        if (k == ASSAY_SHARE_K_MAX) return ASSAY_E_RANGE;
        if (i == dealer) own = k;
        slot[k++] = i;
    }
    if (k < ASSAY_SHARE_K_MIN || own == ASSAY_SHARE_K_MAX) return ASSAY_E_RANGE;
    ASSAY_ASSERT(slot[own] == dealer);
    return compute_lambda(k, slot, own, lambda);
}

enum assay_status assay_share_dealer_verify(const struct assay_share_commitments *current,
                                            uint32_t dealers, uint32_t dealer,
                                            const struct assay_share_commitments *dealt)
{
    struct assay_secret32 lambda;
    uint8_t must[ASSAY_SODIUM_POINT_LEN];
    ASSAY_TRY(check_no_identity(current));
    ASSAY_TRY(check_no_identity(dealt));
    if (dealt->k != current->k) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_share_lambda(dealers, dealer, &lambda));
    ASSAY_TRY(assay_share_commitments_at(current, dealer, must));
    ASSAY_TRY(assay_sodium_point_mul(&lambda, must, must));
    return assay_bytes_equal(must, dealt->point[0], sizeof must) ? ASSAY_OK : ASSAY_E_INVALID;
}

enum assay_status assay_share_dealing_verify(const struct assay_share_commitments *current,
                                             uint32_t dealers, uint32_t slot,
                                             const struct assay_share_dealing *dealing)
{
    ASSAY_TRY(assay_share_dealer_verify(current, dealers, dealing->dealer, &dealing->commitments));
    return assay_share_verify(&dealing->commitments, slot, &dealing->sub);
}

static enum assay_status check_dealings(uint32_t k, const struct assay_share_dealing *dealing)
{
    ASSAY_ASSERT(is_k_valid(k));
    uint32_t slot[ASSAY_SHARE_K_MAX] = { 0 };
    for (uint32_t i = 0; i < k; i++) {
        slot[i] = dealing[i].dealer;
        if (dealing[i].commitments.k != k || !assay_sodium_scalar_is_fit(&dealing[i].sub))
            return ASSAY_E_RANGE;
        ASSAY_TRY(check_no_identity(&dealing[i].commitments));
    }
    return check_slots(k, slot);
}

/* The sum of B_0 of all dealers is A_0 when the share is valid for the result. */
enum assay_status assay_share_commitments_sum(const struct assay_share_commitments *current,
                                              const struct assay_share_commitments *dealt,
                                              uint32_t count, struct assay_share_commitments *sum)
{
    struct assay_share_commitments made = *current;
    ASSAY_ASSERT(count <= ASSAY_SHARE_SLOTS_MAX);
    if (!is_k_valid(current->k) || count == 0) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < count; i++) {
        if (dealt[i].k != current->k) return ASSAY_E_RANGE;
        ASSAY_TRY(check_no_identity(&dealt[i]));
    }
    for (uint32_t m = 1; m < current->k; m++) {
        assay_bytes_copy(made.point[m], sizeof made.point[m], dealt[0].point[m],
                         sizeof made.point[m]);
        for (uint32_t i = 1; i < count; i++)
            ASSAY_TRY(assay_sodium_point_add(made.point[m], dealt[i].point[m], made.point[m]));
    }
    *sum = made;
    return check_no_identity(sum);
}

enum assay_status assay_share_renew(const struct assay_share_commitments *current, uint32_t slot,
                                    const struct assay_share_dealing *dealing,
                                    struct assay_secret32 *share,
                                    struct assay_share_commitments *renewed)
{
    const uint32_t k = current->k;
    struct assay_share_commitments made, dealt[ASSAY_SHARE_K_MAX];
    if (!is_k_valid(k)) return ASSAY_E_RANGE;
    ASSAY_TRY(check_dealings(k, dealing));
    for (uint32_t i = 0; i < k; i++)
        dealt[i] = dealing[i].commitments;
    ASSAY_TRY(assay_share_commitments_sum(current, dealt, k, &made));
    struct assay_secret32 sum = dealing[0].sub;
    for (uint32_t i = 1; i < k; i++)
        assay_sodium_scalar_add(&sum, &dealing[i].sub, &sum);
    const enum assay_status status = assay_share_verify(&made, slot, &sum);
    if (status == ASSAY_OK) {
        *share = sum;
        *renewed = made;
    }
    assay_secret_wipe(&sum, sizeof sum);
    return status;
}

/* --- public resharing */

enum assay_status assay_share_constant_verify(const struct assay_share_commitments *current,
                                              uint32_t dealer,
                                              const struct assay_share_commitments *dealt)
{
    uint8_t must[ASSAY_SODIUM_POINT_LEN];
    ASSAY_TRY(check_no_identity(current));
    if (!is_k_valid(dealt->k)) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_share_commitments_at(current, dealer, must));
    return assay_bytes_equal(must, dealt->point[0], sizeof must) ? ASSAY_OK : ASSAY_E_INVALID;
}

enum assay_status assay_share_combine_commitments(uint32_t dealers,
                                                  const struct assay_share_commitments *dealt,
                                                  struct assay_share_commitments *sum)
{
    struct assay_share_commitments made = { .k = dealt[0].k };
    uint32_t i = 0;
    if (!is_k_valid(made.k)) return ASSAY_E_RANGE;
    for (uint32_t slot = 0; slot < ASSAY_SHARE_SLOTS_MAX; slot++) {
        struct assay_secret32 lambda;
        if (!(dealers >> slot & 1)) continue;
        if (i == made.k || dealt[i].k != made.k) return ASSAY_E_RANGE;
        ASSAY_TRY(assay_share_lambda(dealers, slot, &lambda));
        for (uint32_t m = 0; m < made.k; m++) {
            uint8_t part[ASSAY_SODIUM_POINT_LEN];
            ASSAY_TRY(assay_sodium_point_mul(&lambda, dealt[i].point[m], part));
            ASSAY_TRY(assay_sodium_point_add(made.point[m], part, made.point[m]));
        }
        i++;
    }
    if (i != made.k) return ASSAY_E_RANGE;
    ASSAY_TRY(check_no_identity(&made));
    *sum = made;
    return ASSAY_OK;
}

enum assay_status assay_share_combine_numbers(uint32_t dealers, const struct assay_secret32 *number,
                                              struct assay_secret32 *sum)
{
    struct assay_secret32 made = { { 0 } }, lambda, part;
    enum assay_status status = ASSAY_OK;
    uint32_t i = 0;
    for (uint32_t slot = 0; slot < ASSAY_SHARE_SLOTS_MAX && status == ASSAY_OK; slot++) {
        if (!(dealers >> slot & 1)) continue;
        status = assay_share_lambda(dealers, slot, &lambda);
        if (status != ASSAY_OK) break;
        ASSAY_ASSERT(i < ASSAY_SHARE_K_MAX); /* or there is no lambda */
        assay_sodium_scalar_mul(&lambda, &number[i++], &part);
        assay_sodium_scalar_add(&made, &part, &made);
    }
    if (status == ASSAY_OK && !assay_sodium_scalar_is_fit(&made)) status = ASSAY_E_RANGE;
    if (status == ASSAY_OK) *sum = made;
    assay_secret_wipe(&made, sizeof made);
    assay_secret_wipe(&part, sizeof part);
    return status;
}

/* --- payloads */

static void derive_payload_key(const struct assay_secret32 *secret, const uint8_t id[static 32],
                               struct assay_secret32 *key)
{
    static const char salt[] = "assay/share/payload/v1";
    uint8_t info[33], extracted[ASSAY_SHA256_LEN];
    assay_bytes_copy(info, sizeof info, id, 32);
    info[32] = 1; /* the first and only block of the expansion */
    assay_hmac_sha256((const uint8_t *)salt, sizeof salt - 1, secret->bytes, sizeof secret->bytes,
                      extracted);
    assay_hmac_sha256(extracted, sizeof extracted, info, sizeof info, key->bytes);
    assay_secret_wipe(extracted, sizeof extracted);
}

void assay_share_payload_seal(const struct assay_secret32 *secret, const uint8_t id[static 32],
                              const uint8_t nonce[static ASSAY_SODIUM_NONCE_LEN],
                              struct assay_slice message, uint8_t *sealed)
{
    ASSAY_ASSERT(message.bytes != NULL || message.len == 0);
    struct assay_secret32 key;
    derive_payload_key(secret, id, &key);
    assay_bytes_copy(sealed, ASSAY_SODIUM_NONCE_LEN, nonce, ASSAY_SODIUM_NONCE_LEN);
    assay_sodium_seal(&key, nonce, assay_slice_over(id, 32), message,
                      sealed + ASSAY_SODIUM_NONCE_LEN);
    assay_secret_wipe(&key, sizeof key);
}

enum assay_status assay_share_payload_open(const struct assay_secret32 *secret,
                                           const uint8_t id[static 32], struct assay_slice sealed,
                                           uint8_t *message)
{
    struct assay_secret32 key;
    if (sealed.len < ASSAY_SODIUM_NONCE_LEN + ASSAY_SODIUM_TAG_LEN) return ASSAY_E_TRUNCATED;
    derive_payload_key(secret, id, &key);
    const enum assay_status status = assay_sodium_open(
        &key, sealed.bytes, assay_slice_over(id, 32),
        assay_slice_over(sealed.bytes + ASSAY_SODIUM_NONCE_LEN,
                         sealed.len - ASSAY_SODIUM_NONCE_LEN),
        message);
    assay_secret_wipe(&key, sizeof key);
    return status;
}
