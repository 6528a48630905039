/*
 * net/services/server/record_queue.c - submitted records that are resent until they are final.
 */
#include "net/services/server/record_queue.h"

#include "base/assert.h"

#include <stdlib.h>

struct record {
    enum assay_service_kind kind;
    uint64_t due_ms;
    uint32_t closes; /* of epochs since it was added */
    size_t len;
    uint8_t *payload;
};

struct assay_record_queue {
    uint64_t resend_ms;
    size_t count, max;
    struct record record[ASSAY_RECORD_QUEUE_RECORDS_MAX]; /* in the order of add */
};

enum assay_status assay_queue_create(uint64_t resend_ms, struct assay_record_queue **out)
{
    ASSAY_ASSERT(resend_ms > 0);
    *out = calloc(1, sizeof **out);
    if (*out == NULL) return ASSAY_E_MEMORY;
    (*out)->resend_ms = resend_ms;
    (*out)->max = ASSAY_RECORD_QUEUE_RECORDS_MAX;
    return ASSAY_OK;
}

void assay_queue_destroy(struct assay_record_queue **queue)
{
    if (*queue == NULL) return;
    for (size_t i = 0; i < (*queue)->count; i++)
        free((*queue)->record[i].payload);
    free(*queue);
    *queue = NULL;
}

static size_t find_record(const struct assay_record_queue *p, enum assay_service_kind kind,
                          struct assay_slice payload)
{
    ASSAY_ASSERT(p->count <= ASSAY_RECORD_QUEUE_RECORDS_MAX);
    size_t at = 0;
    while (at < p->count &&
           (p->record[at].kind != kind || p->record[at].len != payload.len ||
            !assay_bytes_equal(p->record[at].payload, payload.bytes, payload.len)))
        at++;
    return at;
}

static void remove_at(struct assay_record_queue *p, size_t at)
{
    ASSAY_ASSERT(at < p->count);
    free(p->record[at].payload);
    p->count--;
    for (size_t i = at; i < p->count; i++)
        p->record[i] = p->record[i + 1];
}

enum assay_status assay_queue_add(struct assay_record_queue *queue, enum assay_service_kind kind,
                                  struct assay_slice payload)
{
    ASSAY_ASSERT(payload.len > 0 && payload.len <= ASSAY_SERVICE_PAYLOAD_MAX);
    if (find_record(queue, kind, payload) < queue->count) return ASSAY_OK;
    if (queue->count >= queue->max) return ASSAY_E_FULL;
    uint8_t *copy = malloc(payload.len);
    if (copy == NULL) return ASSAY_E_MEMORY;
    assay_bytes_copy(copy, payload.len, payload.bytes, payload.len);
    queue->record[queue->count++] =
        (struct record){ .kind = kind, .len = payload.len, .payload = copy };
    return ASSAY_OK;
}

void assay_queue_remove(struct assay_record_queue *queue, enum assay_service_kind kind,
                        struct assay_slice payload)
{
    const size_t at = find_record(queue, kind, payload);
    if (at < queue->count) remove_at(queue, at);
}

void assay_queue_on_close(struct assay_record_queue *queue)
{
    ASSAY_ASSERT(queue->count <= ASSAY_RECORD_QUEUE_RECORDS_MAX);
    for (size_t i = 0; i < queue->count; i++)
        if (queue->record[i].closes < UINT32_MAX) queue->record[i].closes++;
}

size_t assay_queue_drop(struct assay_record_queue *queue,
                        bool (*is_over)(void *context, enum assay_service_kind kind,
                                        struct assay_slice payload, uint32_t closes),
                        void *context)
{
    const size_t before = queue->count;
    for (size_t i = queue->count; i-- > 0;) {
        const struct record *r = &queue->record[i];
        if (is_over(context, r->kind, assay_slice_over(r->payload, r->len), r->closes))
            remove_at(queue, i);
    }
    return before - queue->count;
}

void assay_queue_limit(struct assay_record_queue *queue, size_t max)
{
    ASSAY_ASSERT(max > 0 && max <= ASSAY_RECORD_QUEUE_RECORDS_MAX);
    queue->max = max;
}

bool assay_queue_has_room(const struct assay_record_queue *queue)
{
    ASSAY_ASSERT(queue->max > 0);
    return queue->count <= queue->max / 2;
}

void assay_queue_clear_kind(struct assay_record_queue *queue, enum assay_service_kind kind)
{
    for (size_t i = queue->count; i-- > 0;)
        if (queue->record[i].kind == kind) remove_at(queue, i);
}

void assay_queue_reset_due(struct assay_record_queue *queue)
{
    for (size_t i = 0; i < queue->count; i++)
        queue->record[i].due_ms = 0;
}

void assay_queue_send_due(struct assay_record_queue *queue, struct assay_follower *follower,
                          uint64_t now_ms)
{
    ASSAY_ASSERT(queue->count <= ASSAY_RECORD_QUEUE_RECORDS_MAX);
    for (size_t i = 0; i < queue->count; i++) {
        struct record *r = &queue->record[i];
        if (now_ms < r->due_ms) continue;
        /* Without a connection it waits for the next one. */
        r->due_ms = now_ms + queue->resend_ms;
        if (assay_follower_submit(follower, r->kind, assay_slice_over(r->payload, r->len)) !=
            ASSAY_OK)
            return;
    }
}

uint64_t assay_queue_wake_at(const struct assay_record_queue *queue)
{
    uint64_t at = UINT64_MAX;
    for (size_t i = 0; i < queue->count; i++)
        if (queue->record[i].due_ms < at) at = queue->record[i].due_ms;
    return at;
}

size_t assay_queue_count(const struct assay_record_queue *queue)
{
    ASSAY_ASSERT(queue->count <= ASSAY_RECORD_QUEUE_RECORDS_MAX);
    return queue->count;
}
