/*
 * services/identity/indices.c - indices of a group key by weight (docs/identity.md 3.2).
 */
#include "services/identity/indices.h"

static enum assay_status check_holders(const struct assay_frost_holder *holder, uint32_t count,
                                       uint64_t total)
{
    uint64_t sum = 0;
    if (count == 0 || count > ASSAY_FROST_HOLDERS_MAX) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < count; i++) {
        if (holder[i].weight == 0) return ASSAY_E_RANGE;
        sum += holder[i].weight;
    }
    return total >= sum && total <= UINT64_MAX / 5 ? ASSAY_OK : ASSAY_E_RANGE;
}

/* A knapsack: after each holder, the least weight of a set of those seen that has at least so many
 * indices. */
uint64_t assay_frost_lightest(const struct assay_frost_holder *holder, const uint8_t *of,
                              uint32_t count, uint32_t indices)
{
    uint64_t least[ASSAY_FROST_INDICES_MAX + 1];
    ASSAY_ASSERT(indices <= ASSAY_FROST_INDICES_MAX);
    ASSAY_ASSERT(count <= ASSAY_FROST_HOLDERS_MAX);
    least[0] = 0;
    for (uint32_t n = 1; n <= indices; n++)
        least[n] = UINT64_MAX;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t n = indices; n > 0 && of[i] > 0; n--) {
            const uint64_t without = least[n > of[i] ? n - of[i] : 0];
            if (without != UINT64_MAX && without + holder[i].weight < least[n])
                least[n] = without + holder[i].weight;
        }
    }
    return least[indices];
}

/* Whether the next index of a is due before that of b: (3k - 1) / weight is smaller, k its number.
 * */
static bool is_due_before(const struct assay_frost_holder *a, uint32_t a_has,
                          const struct assay_frost_holder *b, uint32_t b_has)
{
    ASSAY_ASSERT(a_has < ASSAY_FROST_INDICES_MAX && b_has < ASSAY_FROST_INDICES_MAX);
    const uint64_t left = (uint64_t)(3 * (a_has + 1) - 1) * b->weight;
    const uint64_t right = (uint64_t)(3 * (b_has + 1) - 1) * a->weight;
    if (left != right) return left < right;
    return assay_bytes_compare(a->order, b->order, sizeof a->order) < 0;
}

/* The first count of indices for which the lightest set that prevents a signature weighs more than
 * part[0] / part[1] of the total. */
static enum assay_status distribute(const struct assay_frost_holder *holder, uint32_t count,
                                    uint64_t total, const uint32_t part[static 2],
                                    struct assay_frost_indices *out)
{
    struct assay_frost_indices made = { 0 };
    ASSAY_ASSERT(count > 0 && count <= ASSAY_FROST_HOLDERS_MAX);
    while (made.count < ASSAY_FROST_INDICES_MAX) {
        uint32_t next = 0;
        for (uint32_t i = 1; i < count; i++)
            if (is_due_before(&holder[i], made.of[i], &holder[next], made.of[next])) next = i;
        made.of[next]++;
        made.count++;
        made.blocking = (made.count + 1) / 2;
        made.threshold = made.count - made.blocking + 1;
        if (made.count < count || made.threshold < ASSAY_FROST_SIGNERS_MIN) continue;
        made.lightest = assay_frost_lightest(holder, made.of, count, made.blocking);
        if (made.lightest != UINT64_MAX && made.lightest * part[1] > total * part[0]) {
            *out = made;
            return ASSAY_OK;
        }
    }
    return ASSAY_E_NOT_FOUND;
}

enum assay_status assay_frost_distribute(const struct assay_frost_holder *holder, uint32_t count,
                                         uint64_t total, struct assay_frost_indices *out)
{
    /* 2/5 leaves room for weights that change until the next ceremony; a third is what must hold.
     * */
    static const uint32_t comfortable[2] = { 2, 5 }, necessary[2] = { 1, 3 };
    ASSAY_TRY(check_holders(holder, count, total));
    if (distribute(holder, count, total, comfortable, out) == ASSAY_OK) return ASSAY_OK;
    return distribute(holder, count, total, necessary, out);
}
