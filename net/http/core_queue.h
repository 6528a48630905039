/*
 * net/http/core_queue.h - requests of HTTP clients that the node's loop answers, in a bounded
 * queue between two threads.
 *
 * The HTTP thread has no access to the node: it adds a request line and gets the document later.
 * The loop takes the oldest line in its own turn, a few a turn. A client has a share of the places,
 * so that one cannot have them all. Neither thread waits for the other.
 */
#ifndef ASSAY_NET_HTTP_CORE_QUEUE_H
#define ASSAY_NET_HTTP_CORE_QUEUE_H

#include "base/bytes.h"

#include <stdbool.h>

enum {
    ASSAY_HTTP_CORE_PLACES = 16,
    ASSAY_HTTP_CORE_SHARE = 4,       /* places of one client */
    ASSAY_HTTP_CORE_ANSWERS = 2,     /* of one turn of the loop */
    ASSAY_HTTP_CORE_WAIT_MS = 10000, /* then the client gets 503 */
};

struct assay_http_core_queue;

/* Returns: the queue, NULL without memory. */
struct assay_http_core_queue *assay_http_core_queue_create(void);
/* Accepts a pointer to NULL; nulls it. */
void assay_http_core_queue_destroy(struct assay_http_core_queue **queue);

/* --- by the HTTP thread */
/*
 * assay_http_core_queue_add - one request.
 * In:      client: digest of its key; line: of malloc, consumed in any case
 * Out:     *ticket, above 0
 * Returns: ASSAY_OK | ASSAY_E_FULL (no place, or no more for this client)
 */
ASSAY_CHECKED enum assay_status assay_http_core_queue_add(struct assay_http_core_queue *queue,
                                                          const uint8_t client[static 32],
                                                          char *line, uint64_t *ticket);
/* Returns: whether the answer is there; then *text is the caller's (NULL: the node had no memory),
 * and the ticket is used up. */
bool assay_http_core_queue_take(struct assay_http_core_queue *queue, uint64_t ticket, char **text);
/* The client is gone, or waited for too long: its place is free when the loop is done with it. */
void assay_http_core_queue_drop(struct assay_http_core_queue *queue, uint64_t ticket);
/* Returns: whether there are answers to take; of any ticket. */
bool assay_http_core_queue_has_answers(struct assay_http_core_queue *queue);

/* --- by the node's loop */
/* Returns: the oldest line that waits, borrowed until its answer; NULL: none waits. */
const char *assay_http_core_queue_next(struct assay_http_core_queue *queue, uint64_t *ticket);
/* text: of malloc, consumed; NULL: there was no memory for it. */
void assay_http_core_queue_answer(struct assay_http_core_queue *queue, uint64_t ticket, char *text);

#endif
