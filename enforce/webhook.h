/*
 * enforce/webhook.h - enforcement target that receives orders over HTTPS: signed CloudEvents 1.0.
 *
 * Each order that is news becomes one event (structured mode, JSON). An act is done when its event
 * is in the spool, on disk; a thread delivers them in their order, each until the receiver has
 * answered 2xx, later each time. A spool that is full refuses the act, which is tried again: then
 * only the newest order is told when there is room.
 *
 * Signature as in Standard Webhooks: headers webhook-id, webhook-timestamp, webhook-signature, the
 * last one "v1," and the base64 of HMAC-SHA-256 over "ID.TIMESTAMP.BODY". An event may come twice
 * (same id), never out of order.
 */
#ifndef ASSAY_ENFORCE_WEBHOOK_H
#define ASSAY_ENFORCE_WEBHOOK_H

#include "enforce/target.h"

#include <stdatomic.h>

enum {
    ASSAY_WEBHOOK_HEADERS = 4,
    ASSAY_WEBHOOK_HEADER_MAX = 256,
    ASSAY_WEBHOOK_SECRET_MIN = 16,
    ASSAY_WEBHOOK_SECRET_MAX = 64,
    ASSAY_WEBHOOK_URL_MAX = 1024,
    ASSAY_WEBHOOK_MESSAGE_LEN = 200,
};

/* One POST. Called in a thread of the webhook's; may take timeout_ms, less when *stop is set.
 * Returns: ASSAY_OK and *code | why there was no answer, with a message */
typedef enum assay_status assay_webhook_post(
    const void *context, const char *url,
    char headers[static ASSAY_WEBHOOK_HEADERS][ASSAY_WEBHOOK_HEADER_MAX], struct assay_slice body,
    const atomic_bool *stop, unsigned *code, char message[static ASSAY_WEBHOOK_MESSAGE_LEN]);

/* Strings are copied. */
struct assay_webhook_config {
    const char *name; /* of the target */
    const char *url;
    const char *source; /* who says it: "/assay/nodes/<node_id>" */
    const char *spool;  /* folder */
    uint32_t spool_max; /* events, 1..ASSAY_SPOOL_COUNT_MAX */
    const uint8_t *secret;
    size_t secret_len;                   /* ASSAY_WEBHOOK_SECRET_MIN to _MAX */
    uint32_t backoff_ms, backoff_ms_max; /* between deliveries that fail; 0: 1000, 300000 */
    assay_webhook_post *post;
    const void *context; /* of post; borrowed */
};

/* message: the reason. Returns: ASSAY_OK | ASSAY_E_RANGE | ASSAY_E_IO | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_webhook_open(const struct assay_webhook_config *config,
                                                   struct assay_target **out,
                                                   char message[static ASSAY_WEBHOOK_MESSAGE_LEN]);

struct assay_webhook_get_status {
    uint64_t waiting, delivered, failed;     /* events; answers that were no 2xx, and none */
    char trouble[ASSAY_WEBHOOK_MESSAGE_LEN]; /* of the last delivery; "" when it went well */
};

/* Out: how deliveries go. */
void assay_webhook_get_status(struct assay_target *target, struct assay_webhook_get_status *look);

#endif
