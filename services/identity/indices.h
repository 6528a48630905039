/*
 * services/identity/indices.h - distribution of the indices of a group key by the weight of holders
 * (docs/identity.md 3.2).
 *
 * T indices exist, h = ceil(T / 2) of them can prevent a signature, t = T - h + 1 <= T make one.
 * Every set of holders with h indices weighs more than a third of the network: so holders of up to
 * a third of the weight neither sign (h <= t) nor prevent a signature.
 */
#ifndef ASSAY_SERVICES_IDENTITY_INDICES_H
#define ASSAY_SERVICES_IDENTITY_INDICES_H

#include "services/identity/frost.h"

enum { ASSAY_FROST_HOLDERS_MAX = 100 };

struct assay_frost_holder {
    uint32_t weight;   /* of its seat, above 0 */
    uint8_t order[32]; /* SHA-256 of chain and node id: decides between equal claims; all differ */
};

struct assay_frost_indices {
    uint32_t count;                      /* T */
    uint32_t threshold;                  /* t */
    uint32_t blocking;                   /* h */
    uint64_t lightest;                   /* weight of the lightest set of holders with h indices */
    uint8_t of[ASSAY_FROST_HOLDERS_MAX]; /* by holder, in the order given */
};

/*
 * assay_frost_distribute - distributes the indices.
 * In:      holder[count]; total: the weight of all seats, of those too that hold nothing
 * Returns: ASSAY_OK | ASSAY_E_RANGE (count of 0 or above ASSAY_FROST_HOLDERS_MAX, a weight of 0, a
 *          total below the sum of the weights) | ASSAY_E_NOT_FOUND (no distribution of up to
 *          ASSAY_FROST_INDICES_MAX indices is safe: too few holders offered, or too unequal ones)
 */
ASSAY_CHECKED enum assay_status assay_frost_distribute(const struct assay_frost_holder *holder,
                                                       uint32_t count, uint64_t total,
                                                       struct assay_frost_indices *out);
/* Returns: the weight of the lightest set of holders that has `indices` indices; UINT64_MAX when
 * all of them have fewer. In: of[count] indices each, at most ASSAY_FROST_INDICES_MAX in all. */
uint64_t assay_frost_lightest(const struct assay_frost_holder *holder, const uint8_t *of,
                              uint32_t count, uint32_t indices);

#endif
