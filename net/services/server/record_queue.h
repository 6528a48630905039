/*
 * net/services/server/record_queue.h - records that a program hands in until they are final
 * (docs/services.md 4.1): the daemon may go away, a block may lose them.
 */
#ifndef ASSAY_NET_SERVICES_SERVER_RECORD_QUEUE_H
#define ASSAY_NET_SERVICES_SERVER_RECORD_QUEUE_H

#include "net/services/follower.h"

enum { ASSAY_RECORD_QUEUE_RECORDS_MAX = 1024, ASSAY_RECORD_QUEUE_AGAIN_MS = 3000 };

struct assay_record_queue;

/* In: again_ms: handed in again after so long. Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_record_queue_create(uint64_t again_ms,
                                                          struct assay_record_queue **out);
/* Accepts a pointer to NULL; nulls it. Returns: nothing. */
void assay_record_queue_destroy(struct assay_record_queue **pending);
/* One that waits already is one. In: payload: copied, 1 to ASSAY_SERVICE_PAYLOAD_MAX bytes
 * (asserted). Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_record_queue_add(struct assay_record_queue *pending,
                                                       enum assay_service_kind kind,
                                                       struct assay_slice payload);
/* A record of this program is final. Returns: nothing. */
void assay_record_queue_final(struct assay_record_queue *pending, enum assay_service_kind kind,
                              struct assay_slice payload);
/* What is of a kind need not be handed in any more. Returns: nothing. */
void assay_record_queue_drop(struct assay_record_queue *pending, enum assay_service_kind kind);
/* All are due at once: there is another connection. Returns: nothing. */
void assay_record_queue_renew(struct assay_record_queue *pending);
/* Hands in what is due. Returns: nothing. */
void assay_record_queue_turn(struct assay_record_queue *pending, struct assay_follower *follower,
                             uint64_t now_ms);
/* Returns: when to call turn; UINT64_MAX: nothing waits. */
uint64_t assay_record_queue_wake_at(const struct assay_record_queue *pending);
/* Returns: how many wait. */
size_t assay_record_queue_count(const struct assay_record_queue *pending);

#endif
