/*
 * net/services/shares/overtaken.h - statements of a holder that wait, and that the ledger has
 * overtaken (docs/services.md 5.13).
 */
#ifndef ASSAY_NET_SERVICES_SHARES_OVERTAKEN_H
#define ASSAY_NET_SERVICES_SHARES_OVERTAKEN_H

#include "net/services/server/record_queue.h"
#include "services/shares/cluster.h"

/* Removes the statements that can be derived again from stored state and ledger, and have waited
 * for so many closes. Returns: their number */
size_t assay_holder_drop_derived(struct assay_record_queue *queue, uint32_t closes);
/* Removes the SHARE_LIE records of disputes that are over. Returns: their number */
size_t assay_holder_drop_disputes(struct assay_record_queue *queue,
                              const struct assay_share_registry *shares);

#endif
