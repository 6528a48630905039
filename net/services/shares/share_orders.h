/*
 * net/services/shares/share_orders.h - records by which an owner changes its secret, or a reader
 * reads it, signed for the current ledger, and their results (docs/services.md 5.5.3).
 */
#ifndef ASSAY_NET_SERVICES_SHARES_SHARE_ORDERS_H
#define ASSAY_NET_SERVICES_SHARES_SHARE_ORDERS_H

#include "services/shares/cluster.h"

/*
 * assay_holder_order_next - the next version of the id of key and name.
 * Out:     *order and id on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no such id) | ASSAY_E_RANGE (no version is left)
 */
ASSAY_CHECKED enum assay_status assay_holder_order_next(
    const struct assay_share_registry *r, const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
    const uint8_t name[static 32], struct assay_share_order *order, uint8_t id[static 32]);
/* SHARE_DELETE. Out: *payload: borrowed from bytes. Returns: ASSAY_OK | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_holder_order_delete(
    const struct assay_share_registry *r, struct assay_p256_signer *signer,
    const struct assay_share_order *order, uint8_t bytes[static ASSAY_SHARE_RECORD_MAX],
    struct assay_slice *payload);
/* Signed SHARE_READERS. Out, Returns: as delete. */
ASSAY_CHECKED enum assay_status assay_holder_order_readers(
    const struct assay_share_registry *r, struct assay_p256_signer *signer,
    struct assay_share_readers_record *record, uint8_t bytes[static ASSAY_SHARE_RECORD_MAX],
    struct assay_slice *payload);
/* Signed SHARE_READ, with a nonce and a box key of its own. In: *record without them. Out:
 * *box_seed: secret of the box key. Out, Returns: as delete. */
ASSAY_CHECKED enum assay_status assay_holder_order_read(
    const struct assay_share_registry *r, struct assay_p256_signer *signer,
    struct assay_share_read_record *record, struct assay_secret32 *box_seed,
    uint8_t bytes[static ASSAY_SHARE_RECORD_MAX], struct assay_slice *payload);
/* A new secret, of which k shares are needed. Returns: ASSAY_OK | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_holder_order_deal(
    uint32_t k, struct assay_share_polynomial *polynomial,
    struct assay_share_commitments *commitments);
/* Returns: whether a row, NULL: none, is of the same put of the id as the order. */
bool assay_holder_order_is_of(const struct assay_share_order *order,
                              const struct assay_share_row *row);
/* Returns: whether the row's readers are those of this change. */
bool assay_holder_order_is_done(const struct assay_share_readers_record *record,
                                const struct assay_share_row *row);
/* In: the result of an owner's record, as a word of the registry. Returns: static text with the
 * reason why it has no effect; NULL: it has, or the same record had. */
const char *assay_holder_order_get_failure(const char *what);

#endif
