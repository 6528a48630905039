/*
 * net/services/shares/share_orders.h - records by which an owner changes a secret that it has put,
 * signed for the ledger as it stands, and what became of them (docs/services.md 5.5.3).
 */
#ifndef ASSAY_NET_SERVICES_SHARES_SHARE_ORDERS_H
#define ASSAY_NET_SERVICES_SHARES_SHARE_ORDERS_H

#include "services/shares/cluster.h"

/*
 * assay_share_order_next - the next change of the id that key and name make.
 * Out:     *order and id on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no such id) | ASSAY_E_RANGE (it was changed as often as
 *          it can be)
 */
ASSAY_CHECKED enum assay_status assay_share_order_next(
    const struct assay_share_registry *r, const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
    const uint8_t name[static 32], struct assay_share_order *order, uint8_t id[static 32]);
/* SHARE_DELETE. Out: *payload: borrowed from bytes. Returns: ASSAY_OK | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_share_order_delete(
    const struct assay_share_registry *r, struct assay_p256_signer *signer,
    const struct assay_share_order *order, uint8_t bytes[static ASSAY_SHARE_RECORD_MAX],
    struct assay_slice *payload);
/* SHARE_READERS, whose signature is made. Out, Returns: as delete. */
ASSAY_CHECKED enum assay_status assay_share_order_readers(
    const struct assay_share_registry *r, struct assay_p256_signer *signer,
    struct assay_share_readers_record *record, uint8_t bytes[static ASSAY_SHARE_RECORD_MAX],
    struct assay_slice *payload);
/* Returns: whether a row, NULL: none, is of the very putting that it changes. */
bool assay_share_order_is_of(const struct assay_share_order *order,
                             const struct assay_share_row *row);
/* Returns: whether its readers are those of the row, by this very change. */
bool assay_share_order_is_done(const struct assay_share_readers_record *record,
                               const struct assay_share_row *row);
/* In: what became of a record of an owner, as a word of the registry. Returns: static text that
 * says why it has no effect; NULL: it has, or the same record had. */
const char *assay_share_order_why(const char *what);

#endif
