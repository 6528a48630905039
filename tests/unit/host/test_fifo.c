/*
 * tests/unit/host/test_fifo.c - tests of the record queue.
 *
 * A bounded queue of records: order, alignment, every byte back, never past its memory.
 */
#include "host/fifo.h"

#include <criterion/criterion.h>

#include <stdlib.h>

enum { CAPACITY = 1024, ROUNDS = 20000 };

/* Exactly as long as it says: a byte too far is seen by the sanitizer. */
static struct assay_fifo make(void)
{
    struct assay_fifo fifo;
    void *memory = aligned_alloc(ASSAY_FIFO_ALIGN, CAPACITY);
    cr_assert_not_null(memory);
    assay_fifo_init(&fifo, memory, CAPACITY);
    return fifo;
}

static bool put(struct assay_fifo *fifo, size_t len, uint8_t value)
{
    uint8_t *record = assay_fifo_push(fifo, len);
    if (record == NULL) return false;
    cr_assert_eq((uintptr_t)record % ASSAY_FIFO_ALIGN, 0);
    for (size_t i = 0; i < len; i++)
        record[i] = value;
    return true;
}

static void take(struct assay_fifo *fifo, size_t len, uint8_t value)
{
    const uint8_t *record = assay_fifo_peek(fifo);
    cr_assert_not_null(record);
    for (size_t i = 0; i < len; i++)
        cr_assert_eq(record[i], value);
    assay_fifo_pop(fifo);
}

Test(host_fifo, gives_records_back_in_order)
{
    struct assay_fifo fifo = make();
    cr_assert_null(assay_fifo_peek(&fifo));
    cr_assert(put(&fifo, 5, 1) && put(&fifo, 0, 2) && put(&fifo, 100, 3));
    take(&fifo, 5, 1);
    take(&fifo, 0, 2);
    take(&fifo, 100, 3);
    cr_assert_null(assay_fifo_peek(&fifo));
    free(fifo.memory);
}

Test(host_fifo, refuses_what_does_not_fit_and_keeps_what_it_has)
{
    struct assay_fifo fifo = make();
    cr_assert_null(assay_fifo_push(&fifo, CAPACITY));
    cr_assert_null(assay_fifo_push(&fifo, SIZE_MAX));
    cr_assert_eq(assay_fifo_room(&fifo), CAPACITY - ASSAY_FIFO_ALIGN);
    cr_assert(put(&fifo, CAPACITY - ASSAY_FIFO_ALIGN, 7));
    cr_assert_eq(assay_fifo_room(&fifo), 0);
    cr_assert_not(put(&fifo, 0, 8));
    take(&fifo, CAPACITY - ASSAY_FIFO_ALIGN, 7);
    cr_assert(put(&fifo, CAPACITY - ASSAY_FIFO_ALIGN, 9));
    assay_fifo_clear(&fifo);
    cr_assert_null(assay_fifo_peek(&fifo));
    free(fifo.memory);
}

/* Against a list of lengths, over every way to wrap; what room says is sure to fit, fits. */
Test(host_fifo, holds_what_was_pushed_whatever_the_order)
{
    struct assay_fifo fifo = make();
    size_t lens[64];
    uint8_t values[64];
    unsigned first = 0, count = 0, state = 1;
    for (unsigned round = 0; round < ROUNDS; round++) {
        state = state * 1103515245u + 12345u;
        const size_t len = (state >> 16) % 200;
        const bool fits = len <= assay_fifo_room(&fifo);
        if (state >> 31 == 0 && count < 64) {
            const bool taken = put(&fifo, len, (uint8_t)round);
            if (fits) cr_assert(taken);
            if (!taken) continue;
            lens[(first + count) % 64] = len;
            values[(first + count++) % 64] = (uint8_t)round;
        } else if (count > 0) {
            take(&fifo, lens[first], values[first]);
            first = (first + 1) % 64;
            count--;
        }
    }
    free(fifo.memory);
}
