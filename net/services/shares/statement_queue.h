/*
 * net/services/shares/statement_queue.h - queue of submitted records as the queue of a holder's
 * statements (services/registry/share_statements.h).
 */
#ifndef ASSAY_NET_SERVICES_SHARES_STATEMENT_QUEUE_H
#define ASSAY_NET_SERVICES_SHARES_STATEMENT_QUEUE_H

#include "net/services/server/record_queue.h"
#include "services/registry/share_statements.h"

/* In: queue: borrowed, outlives what is returned. Returns: its operations */
struct assay_share_statement_queue assay_statement_queue_over(struct assay_record_queue *queue);

#endif
