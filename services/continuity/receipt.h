/*
 * services/continuity/receipt.h - receipts: the signatures of a quorum over the entry of an
 * instance, verified offline (docs/services.md 1.8).
 *
 * A replica signs one tree over all pending receipts, so a receipt has a signature and a path for
 * each seat.
 */
#ifndef ASSAY_SERVICES_CONTINUITY_RECEIPT_H
#define ASSAY_SERVICES_CONTINUITY_RECEIPT_H

#include "services/continuity/entry.h"

enum { ASSAY_CONT_RECEIPT_MAX = 3072 };

struct assay_cont_receipt {
    struct assay_cont_home home;
    uint64_t view;
    uint8_t nonce[32]; /* of the requester: an old receipt does not answer a new request */
    struct assay_cont_entry entry;
    uint32_t count;
    uint8_t seat[ASSAY_CONT_SEATS_MAX]; /* ascending */
    struct assay_cont_place place[ASSAY_CONT_SEATS_MAX];
    uint8_t signature[ASSAY_CONT_SEATS_MAX][ASSAY_P256_SIGNATURE_LEN];
};

/* Returns: ASSAY_OK and *out, borrowed from bytes | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_cont_receipt_encode(const struct assay_cont_receipt *receipt,
                                                          uint8_t *bytes, size_t capacity,
                                                          struct assay_slice *out);
/* Out: *receipt, written only on ASSAY_OK. Returns: ASSAY_OK | what base/cbor.h says |
 * ASSAY_E_TRAILING | ASSAY_E_RANGE | ASSAY_E_INVALID (an entry that cannot be) |
 * ASSAY_E_DUPLICATE (seats do not ascend) */
ASSAY_CHECKED enum assay_status assay_cont_receipt_decode(struct assay_slice bytes,
                                                          struct assay_cont_receipt *receipt);
/*
 * assay_cont_receipt_verify - verifies the signatures of a quorum of this roster's replicas.
 * In:      roster: of the view that the receipt names, from a ledger that the caller trusts
 * Returns: true when at least q seats of it have signed this entry for this nonce
 */
bool assay_cont_receipt_verify(const struct assay_cont_receipt *receipt,
                               const struct assay_cont_home *home,
                               const struct assay_cont_roster *roster,
                               const uint8_t nonce[static 32]);

#endif
