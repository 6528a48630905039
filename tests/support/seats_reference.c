/*
 * tests/support/seats_reference.c - see the header.
 */
#include "tests/support/seats_reference.h"

#include "base/assert.h"
#include "base/bytes.h"

enum kin { ROOT, OPERATOR, BOTH };

static bool same(enum kin kin, const struct assay_place *a, const struct assay_place *b)
{
    const bool root = assay_bytes_equal(a->vendor_root, b->vendor_root, ASSAY_SCORING_ID_LEN);
    const bool operator_ = assay_bytes_equal(a->operator_id, b->operator_id, ASSAY_SCORING_ID_LEN);
    return kin == ROOT ? root : kin == OPERATOR ? operator_ : root && operator_;
}

struct roster {
    const struct assay_place *places;
    const uint32_t *weights;
    uint32_t count, seats_max;
    const bool *has_seat;
};

static uint64_t weight_of(const struct roster *r, enum kin kin, uint32_t of)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < r->count; i++)
        if (same(kin, &r->places[i], &r->places[of])) sum += r->weights[i];
    return sum;
}

static uint64_t seats_of(const struct roster *r, enum kin kin, uint32_t of)
{
    uint64_t seats = 0;
    for (uint32_t i = 0; i < r->count; i++)
        if (same(kin, &r->places[i], &r->places[of])) seats += r->has_seat[i];
    return seats;
}

/* One more would be more than its share of all seats, rounded up. */
static bool has_its_share(const struct roster *r, enum kin kin, uint32_t of)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < r->count; i++)
        total += r->weights[i];
    const uint64_t product = weight_of(r, kin, of) * r->seats_max;
    const uint64_t most = product / total + (product % total != 0);
    return seats_of(r, kin, of) >= most;
}

/* Sign of a / b - c / d, by long division: whole parts, then the rests. */
static int compare_quotients(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    if (a / b != c / d) return a / b > c / d ? 1 : -1;
    const uint64_t left = a % b * d, right = c % d * b;
    return left > right ? 1 : left < right ? -1 : 0;
}

static bool comes_before(const struct roster *r, uint32_t a, uint32_t b)
{
    int sign = compare_quotients(weight_of(r, ROOT, a), seats_of(r, ROOT, a) + 1,
                                 weight_of(r, ROOT, b), seats_of(r, ROOT, b) + 1);
    if (sign != 0) return sign > 0;
    sign = assay_bytes_compare(r->places[a].vendor_root, r->places[b].vendor_root,
                               ASSAY_SCORING_ID_LEN);
    if (sign != 0) return sign < 0;
    sign = compare_quotients(weight_of(r, BOTH, a), seats_of(r, BOTH, a) + 1,
                             weight_of(r, BOTH, b), seats_of(r, BOTH, b) + 1);
    if (sign != 0) return sign > 0;
    sign = assay_bytes_compare(r->places[a].operator_id, r->places[b].operator_id,
                               ASSAY_SCORING_ID_LEN);
    if (sign != 0) return sign < 0;
    if (r->weights[a] != r->weights[b]) return r->weights[a] > r->weights[b];
    return assay_bytes_compare(r->places[a].node_id, r->places[b].node_id, ASSAY_SCORING_ID_LEN) <
           0;
}

uint32_t reference_seats(const struct assay_place *places, const uint32_t *weights, uint32_t count,
                         uint32_t seats_max, bool *has_seat)
{
    const struct roster r = { places, weights, count, seats_max, has_seat };
    uint32_t eligible = 0;
    for (uint32_t i = 0; i < count; i++) {
        has_seat[i] = weights[i] > 0;
        eligible += has_seat[i];
    }
    if (eligible <= seats_max) return eligible;
    for (uint32_t i = 0; i < count; i++)
        has_seat[i] = false;
    for (uint32_t seats = 0;; seats++) {
        uint32_t best = count;
        for (uint32_t i = 0; i < count && seats < seats_max; i++) {
            if (has_seat[i] || weights[i] == 0) continue;
            if (has_its_share(&r, ROOT, i) || has_its_share(&r, OPERATOR, i)) continue;
            if (best == count || comes_before(&r, i, best)) best = i;
        }
        if (best == count) return seats;
        has_seat[best] = true;
    }
}

/* The seats of each group get what the whole group weighs. */
static void carry(const struct roster *r, enum kin kin, uint32_t *carried)
{
    const uint32_t count = r->count;
    uint32_t before[4096];
    ASSAY_ASSERT(count <= sizeof before / sizeof before[0]);
    for (uint32_t i = 0; i < count; i++)
        before[i] = carried[i];
    for (uint32_t of = 0; of < count; of++) {
        bool first = before[of] > 0; /* each group once, at its first seat */
        for (uint32_t i = 0; i < of; i++)
            first &= !(before[i] > 0 && same(kin, &r->places[i], &r->places[of]));
        if (!first) continue;
        const uint64_t target = weight_of(r, kin, of);
        uint64_t sum = 0, given = 0;
        for (uint32_t i = 0; i < count; i++)
            if (same(kin, &r->places[i], &r->places[of])) sum += before[i];
        for (uint32_t i = 0; i < count; i++) {
            if (!same(kin, &r->places[i], &r->places[of])) continue;
            carried[i] = (uint32_t)(before[i] * target / sum);
            given += carried[i];
        }
        for (; given < target; given++) { /* to the smallest id with a rest that has none yet */
            uint32_t best = count;
            for (uint32_t i = 0; i < count; i++) {
                const uint64_t product = before[i] * target;
                if (!same(kin, &r->places[i], &r->places[of]) || product % sum == 0) continue;
                if (carried[i] != product / sum) continue;
                const uint8_t *id = r->places[i].node_id;
                if (best == count ||
                    assay_bytes_compare(id, r->places[best].node_id, ASSAY_SCORING_ID_LEN) < 0)
                    best = i;
            }
            ASSAY_ASSERT(best < count);
            carried[best]++;
        }
    }
}

void reference_seats_carry(const struct assay_place *places, const uint32_t *weights,
                           uint32_t count, const bool *has_seat, uint32_t *carried)
{
    const struct roster r = { places, weights, count, 0, has_seat };
    uint32_t eligible = 0, seats = 0;
    for (uint32_t i = 0; i < count; i++) {
        carried[i] = has_seat[i] ? weights[i] : 0;
        eligible += weights[i] > 0;
        seats += has_seat[i];
    }
    if (eligible == seats) return;
    carry(&r, BOTH, carried);
    carry(&r, ROOT, carried);
}
