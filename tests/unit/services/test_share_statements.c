/*
 * tests/unit/services/test_share_statements.c - tests of statements of a holder that wait, over a
 * queue with four places.
 */
#include "services/registry/share_statements.h"

#include "base/assert.h"

#include <criterion/criterion.h>

enum { PLACES = 4 };

struct queue {
    size_t count;
    struct {
        enum assay_service_kind kind;
        uint8_t payload;
        uint32_t closes;
    } record[PLACES];
};

static enum assay_status add(void *context, enum assay_service_kind kind,
                             struct assay_slice payload)
{
    struct queue *q = context;
    for (size_t i = 0; i < q->count; i++)
        if (q->record[i].kind == kind && q->record[i].payload == payload.bytes[0]) return ASSAY_OK;
    if (q->count == PLACES) return ASSAY_E_FULL;
    q->record[q->count].kind = kind;
    q->record[q->count].closes = 0;
    q->record[q->count++].payload = payload.bytes[0];
    return ASSAY_OK;
}

static size_t drop_records(void *context, assay_share_statement_is_over *is_over,
                           void *is_over_context)
{
    struct queue *q = context;
    size_t kept = 0;
    for (size_t i = 0; i < q->count; i++)
        if (!is_over(is_over_context, q->record[i].kind, assay_slice_over(&q->record[i].payload, 1),
                     q->record[i].closes))
            q->record[kept++] = q->record[i];
    const size_t dropped = q->count - kept;
    q->count = kept;
    return dropped;
}

static bool is_kind(void *context, enum assay_service_kind kind, struct assay_slice payload,
                    uint32_t closes)
{
    (void)payload;
    (void)closes;
    return kind == *(enum assay_service_kind *)context;
}

static void clear_kind(void *context, enum assay_service_kind kind)
{
    (void)drop_records(context, is_kind, &kind);
}

static bool has_room(void *context)
{
    return ((struct queue *)context)->count <= PLACES / 2;
}

static struct queue records;
static struct assay_share_statements statements;
static struct assay_share_registry registry;
static const struct assay_share_statement_queue queue = { .context = &records,
                                                          .add = add,
                                                          .clear_kind = clear_kind,
                                                          .drop = drop_records,
                                                          .has_room = has_room };

static void state(enum assay_share_payload payload, bool replaces, uint8_t number)
{
    cr_assert_eq(assay_share_statements_submit(&statements, &queue, payload, replaces,
                                               assay_slice_over(&number, 1)),
                 ASSAY_OK);
}

static bool close_epoch(void)
{
    for (size_t i = 0; i < records.count; i++)
        records.record[i].closes++;
    return assay_share_statements_on_close(&statements, &queue, &registry);
}

Test(services_share_statements, what_waited_for_a_whole_epoch_is_stated_again)
{
    state(ASSAY_SHARE_PAYLOAD_HAVE, false, 1);
    cr_expect_not(close_epoch());
    state(ASSAY_SHARE_PAYLOAD_HAVE, false, 2);
    cr_expect_eq(records.count, 2);
    cr_expect(close_epoch(), "the first was there for two closes");
    cr_expect_eq(records.count, 1);
    cr_expect_eq(records.record[0].payload, 2);
    assay_share_statements_restart(&statements, &queue);
    cr_expect_eq(records.count, 0, "it follows from the ledger as well");
    cr_expect_not(close_epoch());
}

Test(services_share_statements, a_restart_keeps_lies_and_the_listing)
{
    const uint8_t number = 7;
    state(ASSAY_SHARE_PAYLOAD_LIE, false, 1);
    cr_assert_eq(add(&records, ASSAY_SERVICE_HOLDER, assay_slice_over(&number, 1)), ASSAY_OK);
    state(ASSAY_SHARE_PAYLOAD_HAVE, false, 2);
    assay_share_statements_restart(&statements, &queue);
    cr_assert_eq(records.count, 2);
    cr_expect_eq(records.record[0].kind, ASSAY_SERVICE_SHARE_LIE);
    cr_expect_eq(records.record[1].kind, ASSAY_SERVICE_HOLDER);
    cr_expect_not(close_epoch(), "nothing else is to be stated");
    cr_expect_eq(records.count, 1, "what does not decode proves nothing about anybody");
    cr_expect_eq(records.record[0].kind, ASSAY_SERVICE_HOLDER);
}

Test(services_share_statements, a_full_queue_is_completed_when_half_of_it_is_free)
{
    for (uint8_t i = 0; i < PLACES; i++)
        state(ASSAY_SHARE_PAYLOAD_HAVE, false, i);
    cr_expect_not(statements.incomplete);
    state(ASSAY_SHARE_PAYLOAD_HAVE, false, 1);
    cr_expect_not(statements.incomplete, "queued already");
    state(ASSAY_SHARE_PAYLOAD_HAVE, false, PLACES);
    cr_expect(statements.incomplete);
    cr_expect_not(assay_share_statements_can_complete(&statements, &queue));
    records.count = PLACES / 2; /* the others are final */
    cr_expect(assay_share_statements_can_complete(&statements, &queue));
    assay_share_statements_restart(&statements, &queue);
    cr_expect_not(assay_share_statements_can_complete(&statements, &queue));
}

Test(services_share_statements, what_found_no_room_is_stated_at_the_next_close)
{
    for (uint8_t i = 0; i <= PLACES; i++)
        state(ASSAY_SHARE_PAYLOAD_HAVE, false, i);
    cr_expect(close_epoch());
    state(ASSAY_SHARE_PAYLOAD_HAVE, true, 9);
    cr_expect_eq(records.count, 1, "it replaces the earlier ones of its kind");
}
