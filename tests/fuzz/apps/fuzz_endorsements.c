/*
 * tests/fuzz/apps/fuzz_endorsements.c - any bytes as the collateral of a network, as genesis
 * carries it.
 *
 * Properties: count and decode agree; what decodes is sound and in order.
 */
#include "base/assert.h"
#include "quote/collateral/endorsements.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct assay_collateral collateral[ASSAY_ENDORSEMENTS_MAX];
    struct assay_endorsements decoded;
    size_t count = 0;
    const enum assay_status counted = assay_endorsements_count(data, size, &count);
    const enum assay_status status =
        assay_endorsements_decode(data, size, collateral, ASSAY_ENDORSEMENTS_MAX, &decoded);
    ASSAY_ASSERT(assay_status_class(status) != ASSAY_CLASS_HOST);
    if (status != ASSAY_OK) return 0;
    ASSAY_ASSERT(counted == ASSAY_OK && count == decoded.count);
    for (size_t i = 0; i < decoded.count; i++) {
        ASSAY_ASSERT(decoded.entries[i].kinds != 0);
        ASSAY_ASSERT(assay_collateral_sound(decoded.entries[i].collateral));
        if (i > 0)
            ASSAY_ASSERT(decoded.entries[i - 1].root.len <= decoded.entries[i].root.len);
    }
    return 0;
}
