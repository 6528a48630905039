/*
 * net/http/core_queue.c - places with request lines and their answers, under one lock.
 */
#include "net/http/core_queue.h"

#include "base/assert.h"

#include <pthread.h>
#include <stdlib.h>

enum place_state { PLACE_FREE, PLACE_WAITING, PLACE_RUNNING, PLACE_ANSWERED };

struct place {
    enum place_state state;
    bool dropped; /* while it is answered: no connection takes it */
    uint64_t ticket;
    uint8_t client[32];
    char *line, *text;
};

struct assay_http_core_queue {
    pthread_mutex_t lock; /* of all of it */
    uint64_t tickets;
    struct place places[ASSAY_HTTP_CORE_PLACES];
};

struct assay_http_core_queue *assay_http_core_queue_create(void)
{
    struct assay_http_core_queue *queue = calloc(1, sizeof *queue);
    if (queue != NULL && pthread_mutex_init(&queue->lock, NULL) == 0) return queue;
    free(queue);
    return NULL;
}

static void clear_place(struct place *place)
{
    ASSAY_ASSERT(place->state != PLACE_FREE || (place->line == NULL && place->text == NULL));
    free(place->line);
    free(place->text);
    *place = (struct place){ .state = PLACE_FREE };
}

void assay_http_core_queue_destroy(struct assay_http_core_queue **queue)
{
    struct assay_http_core_queue *q = *queue;
    *queue = NULL;
    if (q == NULL) return;
    for (size_t i = 0; i < ASSAY_HTTP_CORE_PLACES; i++)
        clear_place(&q->places[i]);
    (void)pthread_mutex_destroy(&q->lock);
    free(q);
}

static struct place *find_place(struct assay_http_core_queue *queue, uint64_t ticket)
{
    ASSAY_ASSERT(ticket > 0 && ticket <= queue->tickets);
    for (size_t i = 0; i < ASSAY_HTTP_CORE_PLACES; i++)
        if (queue->places[i].ticket == ticket) return &queue->places[i];
    return NULL;
}

/* Returns: a free place, NULL when there is none or the client has its share. */
static struct place *find_free(struct assay_http_core_queue *queue, const uint8_t *client)
{
    ASSAY_ASSERT(client != NULL);
    struct place *found = NULL;
    size_t own = 0;
    for (size_t i = 0; i < ASSAY_HTTP_CORE_PLACES; i++) {
        struct place *place = &queue->places[i];
        if (place->state == PLACE_FREE) found = place;
        else if (assay_bytes_equal(place->client, client, 32)) own++;
    }
    return own < ASSAY_HTTP_CORE_SHARE ? found : NULL;
}

enum assay_status assay_http_core_queue_add(struct assay_http_core_queue *queue,
                                            const uint8_t client[static 32], char *line,
                                            uint64_t *ticket)
{
    ASSAY_ASSERT(line != NULL);
    (void)pthread_mutex_lock(&queue->lock);
    struct place *place = find_free(queue, client);
    if (place != NULL) {
        *place = (struct place){ .state = PLACE_WAITING, .ticket = ++queue->tickets, .line = line };
        assay_bytes_copy(place->client, sizeof place->client, client, 32);
        *ticket = place->ticket;
    }
    (void)pthread_mutex_unlock(&queue->lock);
    if (place != NULL) return ASSAY_OK;
    free(line);
    return ASSAY_E_FULL;
}

bool assay_http_core_queue_take(struct assay_http_core_queue *queue, uint64_t ticket, char **text)
{
    (void)pthread_mutex_lock(&queue->lock);
    struct place *place = find_place(queue, ticket);
    const bool is_answered = place != NULL && place->state == PLACE_ANSWERED;
    if (is_answered) {
        *text = place->text;
        place->text = NULL;
        clear_place(place);
    }
    (void)pthread_mutex_unlock(&queue->lock);
    return is_answered;
}

void assay_http_core_queue_drop(struct assay_http_core_queue *queue, uint64_t ticket)
{
    (void)pthread_mutex_lock(&queue->lock);
    struct place *place = find_place(queue, ticket);
    if (place != NULL && place->state == PLACE_RUNNING) place->dropped = true;
    else if (place != NULL) clear_place(place);
    (void)pthread_mutex_unlock(&queue->lock);
}

bool assay_http_core_queue_has_answers(struct assay_http_core_queue *queue)
{
    bool has = false;
    (void)pthread_mutex_lock(&queue->lock);
    for (size_t i = 0; i < ASSAY_HTTP_CORE_PLACES; i++)
        has = has || queue->places[i].state == PLACE_ANSWERED;
    (void)pthread_mutex_unlock(&queue->lock);
    return has;
}

const char *assay_http_core_queue_next(struct assay_http_core_queue *queue, uint64_t *ticket)
{
    struct place *oldest = NULL;
    (void)pthread_mutex_lock(&queue->lock);
    for (size_t i = 0; i < ASSAY_HTTP_CORE_PLACES; i++) {
        struct place *place = &queue->places[i];
        ASSAY_ASSERT(place->state != PLACE_RUNNING); /* one at a time, in this thread */
        if (place->state == PLACE_WAITING && (oldest == NULL || place->ticket < oldest->ticket))
            oldest = place;
    }
    if (oldest != NULL) {
        oldest->state = PLACE_RUNNING;
        *ticket = oldest->ticket;
    }
    (void)pthread_mutex_unlock(&queue->lock);
    return oldest != NULL ? oldest->line : NULL;
}

void assay_http_core_queue_answer(struct assay_http_core_queue *queue, uint64_t ticket, char *text)
{
    (void)pthread_mutex_lock(&queue->lock);
    struct place *place = find_place(queue, ticket);
    ASSAY_ASSERT(place != NULL && place->state == PLACE_RUNNING);
    place->text = text;
    place->state = PLACE_ANSWERED;
    if (place->dropped) clear_place(place);
    (void)pthread_mutex_unlock(&queue->lock);
}
