/*
 * host/fifo.c - ring buffer of contiguous records.
 */
#include "host/fifo.h"

#include "base/assert.h"

struct head {
    size_t len; /* of the record with its head, rounded up */
};

enum { HEAD_LEN = ASSAY_FIFO_ALIGN };
_Static_assert(sizeof(struct head) <= HEAD_LEN, "a head fits its place");

void assay_fifo_init(struct assay_fifo *fifo, void *memory, size_t memory_len)
{
    ASSAY_ASSERT(memory != NULL);
    ASSAY_ASSERT((uintptr_t)memory % ASSAY_FIFO_ALIGN == 0);
    *fifo = (struct assay_fifo){ .memory = memory,
                                 .capacity = memory_len / ASSAY_FIFO_ALIGN * ASSAY_FIFO_ALIGN };
    ASSAY_ASSERT(fifo->capacity > HEAD_LEN);
}

static void check_fifo(const struct assay_fifo *fifo)
{
    ASSAY_ASSERT(fifo->first <= fifo->capacity && fifo->next <= fifo->capacity);
    if (fifo->count == 0) ASSAY_ASSERT(fifo->next == 0 && fifo->wrap == 0);
    if (fifo->wrap > 0) ASSAY_ASSERT(fifo->next <= fifo->first && fifo->first <= fifo->wrap);
}

/* Bytes in one piece at the end, and at the beginning once that is used up. */
static size_t room_here(const struct assay_fifo *fifo)
{
    ASSAY_ASSERT(fifo->wrap == 0 || fifo->next <= fifo->first);
    return fifo->wrap > 0 ? fifo->first - fifo->next : fifo->capacity - fifo->next;
}

static size_t room_before(const struct assay_fifo *fifo)
{
    return fifo->wrap > 0 ? 0 : fifo->first;
}

void *assay_fifo_push(struct assay_fifo *fifo, size_t len)
{
    check_fifo(fifo);
    if (len > fifo->capacity) return NULL; /* so that rounding up cannot wrap */
    const size_t need =
        HEAD_LEN + (len + ASSAY_FIFO_ALIGN - 1) / ASSAY_FIFO_ALIGN * ASSAY_FIFO_ALIGN;
    if (need > room_here(fifo)) {
        if (need > room_before(fifo)) return NULL;
        fifo->wrap = fifo->next;
        fifo->next = 0;
    }
    struct head *head = (void *)(fifo->memory + fifo->next);
    ASSAY_ASSERT(fifo->next + need <= fifo->capacity);
    head->len = need;
    fifo->next += need;
    fifo->count++;
    check_fifo(fifo);
    return (uint8_t *)head + HEAD_LEN;
}

void *assay_fifo_peek(const struct assay_fifo *fifo)
{
    check_fifo(fifo);
    ASSAY_ASSERT(fifo->count == 0 || fifo->first < fifo->capacity);
    return fifo->count > 0 ? fifo->memory + fifo->first + HEAD_LEN : NULL;
}

void assay_fifo_pop(struct assay_fifo *fifo)
{
    ASSAY_ASSERT(fifo->count > 0);
    const struct head *head = (const void *)(fifo->memory + fifo->first);
    ASSAY_ASSERT(head->len >= HEAD_LEN && head->len <= fifo->capacity - fifo->first);
    fifo->first += head->len;
    fifo->count--;
    if (fifo->wrap > 0 && fifo->first == fifo->wrap) fifo->first = fifo->wrap = 0;
    /* From the start again: memory that was never needed is never touched. */
    if (fifo->count == 0) assay_fifo_clear(fifo);
    check_fifo(fifo);
}

size_t assay_fifo_room(const struct assay_fifo *fifo)
{
    check_fifo(fifo);
    const size_t here = room_here(fifo), before = room_before(fifo);
    const size_t most = here > before ? here : before;
    ASSAY_ASSERT(most <= fifo->capacity);
    return most > HEAD_LEN ? most - HEAD_LEN : 0;
}

void assay_fifo_clear(struct assay_fifo *fifo)
{
    ASSAY_ASSERT(fifo->memory != NULL && fifo->capacity % ASSAY_FIFO_ALIGN == 0);
    fifo->first = fifo->next = fifo->wrap = fifo->count = 0;
}
