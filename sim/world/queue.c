/*
 * sim/world/queue.c - events in order of time, then of arrival.
 *
 * A heap with four children a parent: entries contain their time, so that comparing touches no
 * item. Items, answers and payloads come from free lists; recipients share a payload.
 */
#include "sim/world/world_internal.h"

#include <stdlib.h>

enum { CHILDREN = 4, CHUNK = 256, SMALLEST = 256, CLASSES = 16 };

static void *add_chunk(struct world_queue *q, void *chunk)
{
    ASSAY_ASSERT(chunk != NULL);
    q->chunks = realloc(q->chunks, (q->chunk_count + 1) * sizeof *q->chunks);
    ASSAY_ASSERT(q->chunks != NULL);
    q->chunks[q->chunk_count++] = chunk;
    return chunk;
}

/* --- items and answers */

struct item *world_item(struct assay_sim_world *w, uint32_t node, enum item_kind kind)
{
    struct world_queue *q = &w->queue;
    if (q->free_items == NULL) {
        struct item *chunk = add_chunk(q, calloc(CHUNK, sizeof *chunk));
        for (size_t i = 0; i < CHUNK; i++) {
            chunk[i].next = q->free_items;
            q->free_items = &chunk[i];
        }
    }
    struct item *item = q->free_items;
    q->free_items = item->next;
    *item = (struct item){ .node = node, .life = w->nodes[node].life, .kind = (uint8_t)kind };
    return item;
}

struct world_answer *world_answer(struct assay_sim_world *w, enum assay_event_kind kind)
{
    struct world_queue *q = &w->queue;
    if (q->free_answers == NULL) {
        struct world_answer *chunk = add_chunk(q, calloc(CHUNK, sizeof *chunk));
        for (size_t i = 0; i < CHUNK; i++) {
            chunk[i].next = q->free_answers;
            q->free_answers = &chunk[i];
        }
    }
    struct world_answer *answer = q->free_answers;
    q->free_answers = answer->next;
    *answer = (struct world_answer){ .event.kind = kind };
    return answer;
}

void world_item_free(struct assay_sim_world *w, struct item *item)
{
    struct world_queue *q = &w->queue;
    if (item->payload != NULL) world_payload_drop(w, item->payload);
    if (item->answer != NULL) {
        if (item->answer->payload != NULL) world_payload_drop(w, item->answer->payload);
        if (item->answer->evidence != NULL) world_evidence_drop(w, item->answer->evidence);
        item->answer->next = q->free_answers;
        q->free_answers = item->answer;
    }
    item->next = q->free_items;
    q->free_items = item;
}

/* --- payloads, by powers of two from 256 bytes */

static unsigned class_of(size_t len)
{
    unsigned class_ = 0;
    while (((size_t)SMALLEST << class_) < len)
        class_++;
    ASSAY_ASSERT(class_ < CLASSES);
    return class_;
}

struct world_payload *world_payload(struct assay_sim_world *w, const uint8_t *bytes, size_t len)
{
    const unsigned class_ = class_of(len);
    struct world_payload *p = w->queue.free_payloads[class_];
    if (p != NULL) w->queue.free_payloads[class_] = p->next;
    else p = malloc(sizeof *p + ((size_t)SMALLEST << class_));
    ASSAY_ASSERT(p != NULL);
    p->refs = 1;
    p->len = (uint32_t)len;
    p->size_class = (uint8_t)class_;
    p->hashed = false;
    p->next = NULL;
    if (len > 0) assay_bytes_copy(p->bytes, len, bytes, len);
    return p;
}

void world_payload_drop(struct assay_sim_world *w, struct world_payload *payload)
{
    ASSAY_ASSERT(payload->refs > 0);
    if (--payload->refs > 0) return;
    payload->next = w->queue.free_payloads[payload->size_class];
    w->queue.free_payloads[payload->size_class] = payload;
}

const uint8_t *world_payload_digest(struct world_payload *payload)
{
    if (!payload->hashed) assay_sha256(payload->bytes, payload->len, payload->digest);
    payload->hashed = true;
    return payload->digest;
}

/* --- the heap */

static bool is_earlier(const struct world_entry *a, const struct world_entry *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

void world_push(struct assay_sim_world *w, struct item *item, uint64_t at_us)
{
    struct world_queue *q = &w->queue;
    if (q->count == q->capacity) {
        q->capacity = q->capacity == 0 ? 1024 : 2 * q->capacity;
        q->heap = realloc(q->heap, q->capacity * sizeof *q->heap);
        ASSAY_ASSERT(q->heap != NULL);
    }
    ASSAY_ASSERT(at_us >= w->now_us);
    const struct world_entry entry = { .at_us = at_us, .order = q->order++, .item = item };
    size_t i = q->count++;
    while (i > 0 && is_earlier(&entry, &q->heap[(i - 1) / CHILDREN])) {
        q->heap[i] = q->heap[(i - 1) / CHILDREN];
        i = (i - 1) / CHILDREN;
    }
    q->heap[i] = entry;
}

struct item *world_pop(struct world_queue *q, uint64_t *at_us)
{
    ASSAY_ASSERT(q->count > 0);
    struct item *top = q->heap[0].item;
    *at_us = q->heap[0].at_us;
    const struct world_entry last = q->heap[--q->count];
    size_t i = 0;
    for (;;) {
        size_t least = CHILDREN * i + 1;
        if (least >= q->count) break;
        const size_t end = least + CHILDREN < q->count ? least + CHILDREN : q->count;
        for (size_t child = least + 1; child < end; child++)
            if (is_earlier(&q->heap[child], &q->heap[least])) least = child;
        if (!is_earlier(&q->heap[least], &last)) break;
        q->heap[i] = q->heap[least];
        i = least;
    }
    q->heap[i] = last;
    return top;
}

uint64_t world_next_us(const struct world_queue *q)
{
    return q->count == 0 ? UINT64_MAX : q->heap[0].at_us;
}

/* The items in the heap have been freed. */
void world_queue_free(struct world_queue *q)
{
    for (size_t i = 0; i < q->chunk_count; i++)
        free(q->chunks[i]);
    for (size_t i = 0; i < CLASSES; i++) {
        while (q->free_payloads[i] != NULL) {
            struct world_payload *p = q->free_payloads[i];
            q->free_payloads[i] = p->next;
            free(p);
        }
    }
    free(q->chunks);
    free(q->heap);
}

void world_follow(struct assay_sim_world *w, uint32_t node)
{
    const uint32_t life = w->nodes[node].life;
    for (size_t i = 0; i < w->queue.count; i++) {
        struct item *item = w->queue.heap[i].item;
        const bool theirs = item->kind == ITEM_MESSAGE || item->kind == ITEM_DIE ||
                            item->kind == ITEM_RESTARTED || item->kind == ITEM_KEYS ||
                            item->kind == ITEM_REVIEWS;
        if (theirs && item->node == node && item->life + 1 == life) item->life = life;
    }
}
