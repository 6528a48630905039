/*
 * scoring/order.c - heapsort over slot numbers.
 *
 * Ties go by slot number, so the result does not depend on the order of the input.
 */
#include "scoring/order.h"

#include "base/assert.h"

#include <stdbool.h>
#include <stddef.h>

struct order {
    assay_enforce_order_compare *compare;
    const void *context;
};

static bool goes_before(const struct order *order, uint32_t a, uint32_t b)
{
    const int sign = order->compare(order->context, a, b);
    return sign != 0 ? sign < 0 : a < b;
}

/* The slot at root sinks until no child of the heap slots[0..count) goes after it. */
static void sift_down(const struct order *order, uint32_t *slots, uint32_t root, uint32_t count)
{
    ASSAY_ASSERT(root < count);

    const uint32_t sinking = slots[root];
    for (;;) {
        uint32_t child = 2 * root + 1;
        if (child >= count) break;
        if (child + 1 < count && goes_before(order, slots[child], slots[child + 1])) child++;
        if (!goes_before(order, sinking, slots[child])) break;
        slots[root] = slots[child];
        root = child;
    }
    slots[root] = sinking;
}

void assay_scores_sort(uint32_t *slots, uint32_t count, assay_enforce_order_compare *compare,
                       const void *context)
{
    ASSAY_ASSERT(slots != NULL);
    ASSAY_ASSERT(count < UINT32_MAX / 2); /* 2 * root + 1 must not wrap */

    const struct order order = { .compare = compare, .context = context };
    for (uint32_t root = count / 2; root > 0; root--)
        sift_down(&order, slots, root - 1, count);
    for (uint32_t end = count; end > 1; end--) {
        const uint32_t last = slots[0];
        slots[0] = slots[end - 1];
        slots[end - 1] = last;
        sift_down(&order, slots, 0, end - 1);
    }
}
