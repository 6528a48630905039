/*
 * net/services/server/record_queue.h - records that a program hands in until they are final
 * (docs/services.md 4.1): the daemon may go away, a block may lose them.
 */
#ifndef ASSAY_NET_SERVICES_SERVER_RECORD_QUEUE_H
#define ASSAY_NET_SERVICES_SERVER_RECORD_QUEUE_H

#include "net/services/follower.h"

enum { ASSAY_PENDING_RECORDS_MAX = 1024, ASSAY_PENDING_AGAIN_MS = 3000 };

struct assay_pending;

/* In: again_ms: handed in again after so long. Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_pending_create(uint64_t again_ms, struct assay_pending **out);
/* Accepts a pointer to NULL; nulls it. Returns: nothing. */
void assay_pending_destroy(struct assay_pending **pending);
/* One that waits already is one. In: payload: copied, 1 to ASSAY_SERVICE_PAYLOAD_MAX bytes
 * (asserted). Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_pending_add(struct assay_pending *pending,
                                                  enum assay_service_kind kind,
                                                  struct assay_slice payload);
/* A record of this program is final. Returns: nothing. */
void assay_pending_final(struct assay_pending *pending, enum assay_service_kind kind,
                         struct assay_slice payload);
/* What is of a kind need not be handed in any more. Returns: nothing. */
void assay_pending_drop(struct assay_pending *pending, enum assay_service_kind kind);
/* All are due at once: there is another connection. Returns: nothing. */
void assay_pending_renew(struct assay_pending *pending);
/* Hands in what is due. Returns: nothing. */
void assay_pending_turn(struct assay_pending *pending, struct assay_follower *follower,
                        uint64_t now_ms);
/* Returns: when to call turn; UINT64_MAX: nothing waits. */
uint64_t assay_pending_wake_at(const struct assay_pending *pending);
/* Returns: how many wait. */
size_t assay_pending_count(const struct assay_pending *pending);

#endif
