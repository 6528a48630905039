/*
 * tests/fuzz/services/fuzz_receipt.c - fuzz target: a receipt of state continuity (docs/services.md
 * 1.8). What is decoded is encoded to the same bytes, has each seat once, and is verified by no
 * roster whose keys have not signed it.
 */
#include "base/assert.h"
#include "services/continuity/receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint8_t again[ASSAY_CONT_RECEIPT_MAX];
    struct assay_cont_receipt receipt;
    struct assay_slice out;
    const struct assay_slice given = assay_slice_over(bytes, len);
    if (assay_cont_receipt_decode(given, &receipt) != ASSAY_OK) return 0;
    ASSAY_ASSERT(receipt.count <= ASSAY_CONT_SEATS_MAX);
    for (uint32_t i = 1; i < receipt.count; i++)
        ASSAY_ASSERT(receipt.seat[i - 1] < receipt.seat[i]);
    const enum assay_status status = assay_cont_receipt_encode(&receipt, again, sizeof again, &out);
    /* There is no other form of it, and the longest one fits. */
    ASSAY_ASSERT(status == ASSAY_OK && assay_slice_equal(out, given));
    /* Keys that are on no curve. */
    struct assay_cont_roster roster = { .view = receipt.view, .count = 3 };
    for (uint8_t i = 0; i < 3; i++)
        roster.key[i][0] = (uint8_t)(i + 1);
    ASSAY_ASSERT(!assay_cont_receipt_verify(&receipt, &receipt.home, &roster, receipt.nonce));
    return 0;
}
