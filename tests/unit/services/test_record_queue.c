/*
 * tests/unit/services/test_record_queue.c - tests of the queue of records that are not final.
 */
#include "net/services/server/record_queue.h"

#include <criterion/criterion.h>

static enum assay_status add(struct assay_record_queue *queue, enum assay_service_kind kind,
                             uint16_t number)
{
    const uint8_t payload[2] = { (uint8_t)(number >> 8), (uint8_t)number };
    return assay_queue_add(queue, kind, assay_slice_over(payload, sizeof payload));
}

/* Of this kind, and there for two closes. */
static bool is_over(void *context, enum assay_service_kind kind, struct assay_slice payload,
                    uint32_t closes)
{
    const enum assay_service_kind *wanted = context;
    return kind == *wanted && payload.len == 2 && closes >= 2;
}

Test(services_record_queue, what_is_overtaken_leaves_it)
{
    struct assay_record_queue *queue = NULL;
    enum assay_service_kind kind = ASSAY_SERVICE_SHARE_HAVE;
    cr_assert_eq(assay_queue_create(1, &queue), ASSAY_OK);
    for (uint16_t i = 0; i < 5; i++)
        cr_assert_eq(add(queue, i % 2 == 0 ? kind : ASSAY_SERVICE_SHARE_LIE, i), ASSAY_OK);
    assay_queue_on_close(queue);
    cr_assert_eq(add(queue, kind, 9), ASSAY_OK);
    cr_assert_eq(add(queue, kind, 0), ASSAY_OK, "queued already: it is as old as it is");
    cr_expect_eq(assay_queue_drop(queue, is_over, &kind), 0);
    assay_queue_on_close(queue);
    cr_expect_eq(assay_queue_drop(queue, is_over, &kind), 3);
    cr_expect_eq(assay_queue_count(queue), 3, "two of another kind, and one that is newer");
    assay_queue_on_close(queue);
    cr_expect_eq(assay_queue_drop(queue, is_over, &kind), 1);
    assay_queue_destroy(&queue);
}

Test(services_record_queue, has_a_bound)
{
    struct assay_record_queue *queue = NULL;
    cr_assert_eq(assay_queue_create(1, &queue), ASSAY_OK);
    for (uint16_t i = 0; i < ASSAY_RECORD_QUEUE_RECORDS_MAX; i++) {
        cr_expect_eq(assay_queue_has_room(queue), i <= ASSAY_RECORD_QUEUE_RECORDS_MAX / 2);
        cr_assert_eq(add(queue, ASSAY_SERVICE_SHARE_HAVE, i), ASSAY_OK);
    }
    cr_expect_eq(add(queue, ASSAY_SERVICE_SHARE_HAVE, 5000), ASSAY_E_FULL);
    assay_queue_clear_kind(queue, ASSAY_SERVICE_SHARE_HAVE);
    assay_queue_limit(queue, 1);
    cr_expect(assay_queue_has_room(queue));
    cr_expect_eq(add(queue, ASSAY_SERVICE_SHARE_HAVE, 1), ASSAY_OK);
    cr_expect_not(assay_queue_has_room(queue));
    cr_expect_eq(add(queue, ASSAY_SERVICE_SHARE_HAVE, 2), ASSAY_E_FULL);
    cr_expect_eq(add(queue, ASSAY_SERVICE_SHARE_HAVE, 1), ASSAY_OK, "queued already");
    assay_queue_destroy(&queue);
}
