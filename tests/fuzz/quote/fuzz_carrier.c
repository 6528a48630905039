/*
 * tests/fuzz/quote/fuzz_carrier.c - any bytes as a certificate or wrapper with evidence.
 *
 * Properties: every call returns; what is found lies in the input or in the room, and is evidence
 * by its own bytes; a second reading finds the same; evidence without report data vouches for no
 * key, and a wrapper has none.
 */
#include "base/assert.h"
#include "quote/pieces/carrier.h"
#include "quote/verify.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_within(struct assay_slice part, const uint8_t *bytes, size_t len)
{
    return part.bytes >= bytes && part.len <= len && (size_t)(part.bytes - bytes) <= len - part.len;
}

/* As if the evidence were genuine, and about nothing. */
static void check_verdict(const struct assay_carrier *carrier)
{
    static struct assay_verdict verdict;
    assay_verdict_init(&verdict, carrier->kind, 1800000000);
    verdict.appraised = true;
    verdict.has_claims = true;
    assay_verdict_conclude(&verdict);
    ASSAY_ASSERT(verdict.tier == ASSAY_TIER_AFFIRMING);
    if (assay_carrier_appraise(carrier, &verdict) != ASSAY_OK) return;
    const bool refused = assay_verdict_has(&verdict, ASSAY_RULE_CARRIER_KEY);
    /* No hash is zeros. */
    ASSAY_ASSERT(refused == assay_carrier_has_key(carrier));
    ASSAY_ASSERT(!refused || verdict.tier == ASSAY_TIER_CONTRAINDICATED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_carrier one, two;
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    const struct assay_slice all = assay_slice_over(data, size);
    const size_t room_len = assay_carrier_room(size);
    uint8_t *const room = malloc(room_len + 1);
    if (room == NULL) return 0;
    if (assay_carrier_open(all, room, room_len, &one) == ASSAY_OK) {
        ASSAY_ASSERT(assay_carrier_looks(all));
        ASSAY_ASSERT(is_within(one.evidence, data, size) ||
                     is_within(one.evidence, room, room_len));
        ASSAY_ASSERT(assay_evidence_detect(one.evidence.bytes, one.evidence.len, &kind) ==
                     ASSAY_OK);
        ASSAY_ASSERT(kind == one.kind);
        check_verdict(&one);
        ASSAY_ASSERT(assay_carrier_open(all, room, room_len, &two) == ASSAY_OK);
        ASSAY_ASSERT(two.form == one.form && two.kind == one.kind);
        ASSAY_ASSERT(assay_slice_equal(one.evidence, two.evidence));
    }
    free(room);
    return 0;
}
