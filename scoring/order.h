/*
 * scoring/order.h - sorting slots by a total order, in place.
 *
 * libc's qsort may allocate, and equal keys come out in another order elsewhere, so the core has
 * its own. Private to this room.
 */
#ifndef ASSAY_SCORING_ORDER_H
#define ASSAY_SCORING_ORDER_H

#include <stdint.h>

/* Returns: <0, 0 or >0. Slots that compare equal are ordered by slot number. */
typedef int assay_enforce_order_compare(const void *context, uint32_t a, uint32_t b);

/* Heapsort, smallest first: O(n log n) always, no scratch. */
void assay_scores_sort(uint32_t *slots, uint32_t count, assay_enforce_order_compare *compare,
                       const void *context);

#endif
