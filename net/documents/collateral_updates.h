/*
 * net/documents/collateral_updates.h - collateral checks for the ledger, over the vendors' formats
 * (docs/protocol.md 8.4, 8.5, 8.8).
 *
 * quote/collateral/{newer,replace,life}.h decide; here is the memory that they need, and the set in
 * force, built once: it has the signatures of all families, and is asked about with every offer.
 */
#ifndef ASSAY_NET_DOCUMENTS_COLLATERAL_UPDATES_H
#define ASSAY_NET_DOCUMENTS_COLLATERAL_UPDATES_H

#include "engine/ledger/records/update.h"

struct assay_renewal; /* quote/collateral/newer.h */

struct assay_collateral_updates;

/* Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_document_collateral_create(
    struct assay_collateral_updates **out);
/* Accepts a pointer to NULL; nulls it. */
void assay_document_collateral_destroy(struct assay_collateral_updates **judge);
/* Returns: the callbacks for an engine or an audit, valid as long as the object; for one thread. */
const struct assay_updates *assay_document_collateral_functions(
    const struct assay_collateral_updates *judge);
/*
 * assay_document_collateral_check - the same in words: what an offer is next to a set.
 *
 * Out:     *renewal; *facts where it is not refused
 * Returns: ASSAY_OK | ASSAY_E_RANGE (not of one family, or of one root's other part) |
 *          ASSAY_E_MEMORY | INPUT statuses: no offer
 */
ASSAY_CHECKED enum assay_status assay_document_collateral_check(
    struct assay_collateral_updates *judge, struct assay_slice set, struct assay_slice offer,
    int64_t at_unix_s, struct assay_renewal *renewal, struct assay_update_facts *facts);

#endif
