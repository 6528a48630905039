/*
 * net/services/server/record_queue.c - see pending.h.
 */
#include "net/services/server/record_queue.h"

#include "base/assert.h"

#include <stdlib.h>

struct record {
    enum assay_service_kind kind;
    uint64_t due_ms;
    size_t len;
    uint8_t *payload;
};

struct assay_record_queue {
    uint64_t again_ms;
    size_t count;
    struct record record[ASSAY_RECORD_QUEUE_RECORDS_MAX]; /* in the order of add */
};

enum assay_status assay_record_queue_create(uint64_t again_ms, struct assay_record_queue **out)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL) return ASSAY_E_MEMORY;
    (*out)->again_ms = again_ms;
    return ASSAY_OK;
}

void assay_record_queue_destroy(struct assay_record_queue **pending)
{
    if (*pending == NULL) return;
    for (size_t i = 0; i < (*pending)->count; i++)
        free((*pending)->record[i].payload);
    free(*pending);
    *pending = NULL;
}

static size_t find(const struct assay_record_queue *p, enum assay_service_kind kind,
                   struct assay_slice payload)
{
    size_t at = 0;
    while (at < p->count &&
           (p->record[at].kind != kind || p->record[at].len != payload.len ||
            !assay_bytes_equal(p->record[at].payload, payload.bytes, payload.len)))
        at++;
    return at;
}

static void remove_at(struct assay_record_queue *p, size_t at)
{
    free(p->record[at].payload);
    p->count--;
    for (size_t i = at; i < p->count; i++)
        p->record[i] = p->record[i + 1];
}

enum assay_status assay_record_queue_add(struct assay_record_queue *pending,
                                         enum assay_service_kind kind, struct assay_slice payload)
{
    ASSAY_ASSERT(payload.len > 0 && payload.len <= ASSAY_SERVICE_PAYLOAD_MAX);
    if (find(pending, kind, payload) < pending->count) return ASSAY_OK;
    if (pending->count == ASSAY_RECORD_QUEUE_RECORDS_MAX) return ASSAY_E_FULL;
    uint8_t *copy = malloc(payload.len);
    if (copy == NULL) return ASSAY_E_MEMORY;
    assay_bytes_copy(copy, payload.len, payload.bytes, payload.len);
    pending->record[pending->count++] =
        (struct record){ .kind = kind, .len = payload.len, .payload = copy };
    return ASSAY_OK;
}

void assay_record_queue_final(struct assay_record_queue *pending, enum assay_service_kind kind,
                              struct assay_slice payload)
{
    const size_t at = find(pending, kind, payload);
    if (at < pending->count) remove_at(pending, at);
}

void assay_record_queue_drop(struct assay_record_queue *pending, enum assay_service_kind kind)
{
    for (size_t i = pending->count; i-- > 0;)
        if (pending->record[i].kind == kind) remove_at(pending, i);
}

void assay_record_queue_renew(struct assay_record_queue *pending)
{
    for (size_t i = 0; i < pending->count; i++)
        pending->record[i].due_ms = 0;
}

void assay_record_queue_turn(struct assay_record_queue *pending, struct assay_follower *follower,
                             uint64_t now_ms)
{
    for (size_t i = 0; i < pending->count; i++) {
        struct record *r = &pending->record[i];
        if (now_ms < r->due_ms) continue;
        /* Without a connection it waits for the next. */
        r->due_ms = now_ms + pending->again_ms;
        if (assay_follower_submit(follower, r->kind, assay_slice_over(r->payload, r->len)) !=
            ASSAY_OK)
            return;
    }
}

uint64_t assay_record_queue_wake_at(const struct assay_record_queue *pending)
{
    uint64_t at = UINT64_MAX;
    for (size_t i = 0; i < pending->count; i++)
        if (pending->record[i].due_ms < at) at = pending->record[i].due_ms;
    return at;
}

size_t assay_record_queue_count(const struct assay_record_queue *pending)
{
    return pending->count;
}
