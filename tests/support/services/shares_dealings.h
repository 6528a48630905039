/*
 * tests/support/services/shares_dealings.h - all dealings of a run, pair by pair: coefficients
 * above the constant that are equal are of an equal constant (docs/services.md 5.11).
 */
#ifndef ASSAY_TESTS_SUPPORT_SHARES_DEALINGS_H
#define ASSAY_TESTS_SUPPORT_SHARES_DEALINGS_H

#include "base/crypto.h"
#include "services/shares/deal.h"

enum { SHARES_DEALINGS = 2048 };

/* By B: its constant, and SHA-256 of what is above it. */
struct shares_dealings {
    uint32_t count;
    struct {
        uint8_t constant[32], above[32];
    } of[SHARES_DEALINGS];
};

/* In: dealt: k 0: nothing was dealt. Returns: false when two numbers have equal coefficients. */
static inline bool shares_dealings_add(struct shares_dealings *d,
                                       const struct assay_share_commitments *dealt)
{
    uint8_t above[32];
    if (dealt->k == 0) return true;
    assay_sha256(dealt->point[1], (size_t)(dealt->k - 1) * 32, above);
    for (uint32_t i = 0; i < d->count; i++)
        if (assay_bytes_equal(d->of[i].above, above, 32))
            return assay_bytes_equal(d->of[i].constant, dealt->point[0], 32);
    if (d->count == SHARES_DEALINGS) return true;
    assay_bytes_copy(d->of[d->count].constant, 32, dealt->point[0], 32);
    assay_bytes_copy(d->of[d->count++].above, 32, above, 32);
    return true;
}

#endif
