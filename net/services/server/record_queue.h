/*
 * net/services/server/record_queue.h - queue of submitted records, resent until they are final
 * (docs/services.md 4.1): the daemon may restart, and a block may drop them.
 */
#ifndef ASSAY_NET_SERVICES_SERVER_RECORD_QUEUE_H
#define ASSAY_NET_SERVICES_SERVER_RECORD_QUEUE_H

#include "net/services/follower.h"

enum { ASSAY_RECORD_QUEUE_RECORDS_MAX = 1024, ASSAY_RECORD_QUEUE_RESEND_MS = 3000 };

struct assay_record_queue;

/* In: resend_ms: interval of retransmission. Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_queue_create(uint64_t resend_ms,
                                                   struct assay_record_queue **out);
/* Accepts a pointer to NULL; sets it to NULL. */
void assay_queue_destroy(struct assay_record_queue **queue);
/* A record that is already queued is not queued twice. In: payload: copied, 1 to
 * ASSAY_SERVICE_PAYLOAD_MAX bytes (asserted). Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_queue_add(struct assay_record_queue *queue,
                                                enum assay_service_kind kind,
                                                struct assay_slice payload);
/* Removes a record that is final. */
void assay_queue_remove(struct assay_record_queue *queue, enum assay_service_kind kind,
                        struct assay_slice payload);
/* Counts a close of an epoch for every record. */
void assay_queue_on_close(struct assay_record_queue *queue);
/* Removes the records that the ledger has overtaken: of which is_over says so; closes: of epochs
 * since the record was added. Returns: their number. */
size_t assay_queue_drop(struct assay_record_queue *queue,
                        bool (*is_over)(void *context, enum assay_service_kind kind,
                                        struct assay_slice payload, uint32_t closes),
                        void *context);
/* Fewer places than ASSAY_RECORD_QUEUE_RECORDS_MAX, for tests. In: max: above 0 (asserted). */
void assay_queue_limit(struct assay_record_queue *queue, size_t max);
/* Returns: whether at most half of its places are taken. */
bool assay_queue_has_room(const struct assay_record_queue *queue);
/* Removes all records of a kind. */
void assay_queue_clear_kind(struct assay_record_queue *queue, enum assay_service_kind kind);
/* Makes all records due at once: there is a new connection. */
void assay_queue_reset_due(struct assay_record_queue *queue);
/* Submits the records that are due. */
void assay_queue_send_due(struct assay_record_queue *queue, struct assay_follower *follower,
                          uint64_t now_ms);
/* Returns: the time of the next resend; UINT64_MAX: the queue is empty. */
uint64_t assay_queue_wake_at(const struct assay_record_queue *queue);
/* Returns: the number of queued records. */
size_t assay_queue_count(const struct assay_record_queue *queue);

#endif
