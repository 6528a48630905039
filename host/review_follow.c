/*
 * host/review_follow.c - REVIEWs of final blocks, statements that wait, and what a node offers
 * (docs/protocol.md 9.19).
 */
#include "host/review_follow.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/consensus/block.h"
#include "engine/engine.h"

enum {
    SPREAD_EPOCHS = 8, /* nodes do not repeat a record all at once */
    /* What counts stands in blocks of so many epochs, so older ones are not read. */
    READ_EPOCHS_MAX = 2 * ASSAY_REVIEWS_REPEAT_EPOCHS,
    RECORD_ITEMS_MAX = 8,
};
_Static_assert((int)ASSAY_REVIEWS_RECORD_LEN_MAX == (int)ASSAY_RECORD_LEN_MAX, "any record fits");

/* ------------------------------------------------------------ final blocks */

struct reading {
    struct assay_record *record;
    assay_reviews_take *take;
    void *context;
    uint64_t first_epoch, first_height; /* of the first block */
    uint64_t epoch;                     /* of the newest block */
    uint64_t count;                     /* of epochs with blocks */
};

static void read_record(struct reading *reading, struct assay_slice bytes)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    uint64_t items = 0, kind = 0;
    if (assay_cbor_array(&c, RECORD_ITEMS_MAX, &items) != ASSAY_OK ||
        assay_cbor_uint(&c, &kind) != ASSAY_OK || kind != ASSAY_RECORD_REVIEW ||
        assay_record_decode(bytes, reading->record) != ASSAY_OK)
        return;
    reading->take(reading->context, reading->record, reading->epoch);
}

static bool read_block(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct reading *reading = context;
    struct assay_proposal proposal;
    struct assay_cursor body;
    struct assay_slice bytes;
    uint64_t count = 0;
    if (reading->count == 0) {
        reading->first_epoch = key->epoch;
        reading->first_height = key->number;
    }
    reading->count += key->epoch != reading->epoch;
    reading->epoch = key->epoch;
    if (assay_proposal_decode(value, &proposal) != ASSAY_OK ||
        assay_body_open(proposal.body, &body, &count) != ASSAY_OK)
        return true; /* reported by the audit, not here */
    for (uint64_t i = 0; i < count && assay_body_next(&body, &bytes) == ASSAY_OK; i++)
        read_record(reading, bytes);
    return true;
}

static bool read_began(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    uint64_t *height = context;
    (void)value;
    if (key->number != ASSAY_META_BEGAN) return true;
    *height = key->epoch;
    return false;
}

/* Out: *height, of the RECOVER that began the era; 0: none did, or this node has not accepted it.
 * Returns: ASSAY_OK | ASSAY_E_STORE */
static enum assay_status find_began(struct assay_store *store, uint32_t era, uint64_t *height)
{
    const struct assay_store_key from = { .era = era, .epoch = 1 };
    const struct assay_store_key to = { .era = era,
                                        .epoch = ASSAY_STORE_NUMBER_MAX,
                                        .number = ASSAY_STORE_NUMBER_MAX };
    *height = 0;
    if (era == 0) return ASSAY_OK;
    return assay_store_scan(store, ASSAY_STORE_META, &from, &to, false, read_began, height);
}

enum assay_status assay_reviews_read(struct assay_store *store,
                                     const struct assay_reviews_facts *facts,
                                     struct assay_reviews_position *position,
                                     struct assay_record *record, assay_reviews_take *take,
                                     void *context)
{
    const uint64_t closed = facts->epoch - 1;
    ASSAY_ASSERT(facts->epoch > 0);
    /* Operators that end an era choose the head on which the next one begins, which may be lower,
     * and a disk may be older: these blocks were not read. */
    if (position->era != facts->era || position->read_epoch > closed || position->read_epoch == 0)
        *position = (struct assay_reviews_position){ .era = facts->era };
    const uint64_t oldest = closed > READ_EPOCHS_MAX ? closed - READ_EPOCHS_MAX + 1 : 1;
    const uint64_t begin = position->read_epoch + 1 > oldest ? position->read_epoch + 1 : oldest;
    const struct assay_store_key from = { .era = facts->era, .epoch = begin };
    struct assay_store_key to = { .era = facts->era,
                                  .epoch = closed,
                                  .number = ASSAY_STORE_NUMBER_MAX };
    struct reading reading = { .record = record, .take = take, .context = context };
    uint64_t began = 0, first = begin;
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    if (begin > closed) return ASSAY_OK;
    ASSAY_TRY(assay_store_scan(store, ASSAY_STORE_BLOCK, &from, &to, false, read_block, &reading));
    if (position->read_epoch == 0) ASSAY_TRY(find_began(store, facts->era, &began));
    if (began > 0 && reading.first_height == began + 1) first = reading.first_epoch;
    /* Where blocks are missing (fast sync), what counts arrives with those that repeat it. */
    if (reading.count < closed - first + 1) position->complete_from = closed + READ_EPOCHS_MAX;
    /* Which is the first one of an era is known with the first one that is read. */
    if (began == 0 || reading.count > 0) position->read_epoch = closed;
    return ASSAY_OK;
}

uint64_t assay_reviews_certain_after(const struct assay_reviews_position *position, uint64_t epoch)
{
    if (position->complete_from <= epoch || position->complete_from < READ_EPOCHS_MAX) return 0;
    return position->complete_from - READ_EPOCHS_MAX + ASSAY_REVIEW_WITHDRAWAL_EPOCHS;
}

/* ------------------------------------------------------------ statements that wait */

void assay_reviews_set_waiting(struct assay_review_waiting *item, const struct assay_record *record)
{
    ASSAY_ASSERT(record->kind == ASSAY_RECORD_REVIEW);
    ASSAY_ASSERT(record->bytes.len > 0 && record->bytes.len <= sizeof item->bytes);
    item->len = record->bytes.len;
    assay_bytes_copy(item->operator_id, 32, record->review.operator_id, 32);
    assay_bytes_copy(item->bytes, sizeof item->bytes, record->bytes.bytes, record->bytes.len);
}

static uint32_t count_waiting(const struct assay_review_waiting *items,
                              const uint8_t operator_id[static 32])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < ASSAY_REVIEWS_WAITING_MAX; i++)
        count += items[i].len > 0 && assay_bytes_equal(items[i].operator_id, operator_id, 32);
    return count;
}

uint32_t assay_reviews_find_waiting_place(const struct assay_review_waiting items[static 8],
                                          const uint8_t operator_id[static 32])
{
    uint32_t found = ASSAY_REVIEWS_WAITING_MAX, most = count_waiting(items, operator_id) + 1;
    for (uint32_t i = 0; i < ASSAY_REVIEWS_WAITING_MAX; i++) {
        if (items[i].len == 0) return i;
        const uint32_t count = count_waiting(items, items[i].operator_id);
        if (count < most || (count == most && found == ASSAY_REVIEWS_WAITING_MAX)) continue;
        most = count;
        found = i; /* the last one of the operator: an earlier one waits longer */
    }
    return found;
}

bool assay_reviews_is_awaited(const struct assay_reviews *reviews,
                              const struct assay_reviews_facts *facts,
                              const struct assay_record *record)
{
    const struct assay_review *r = &record->review;
    return r->era == facts->era && r->sequence > facts->change_sequence &&
           r->expires >= facts->epoch &&
           assay_operator_find(facts->effective, r->operator_id) != NULL &&
           assay_reviews_wants(reviews, record, facts->epoch);
}

/* ------------------------------------------------------------ offers */

void assay_reviews_offer_repeats(const struct assay_reviews *reviews,
                                 const struct assay_reviews_facts *facts, uint64_t self,
                                 uint8_t *row, assay_reviews_offer *offer, void *context)
{
    uint32_t left = ASSAY_REVIEWS_OFFERS_MAX;
    for (uint32_t i = 0; i < reviews->count && left > 0; i++) {
        const struct assay_review_entry *e = &reviews->entries[i];
        if (!e->used || e->review.sequence <= facts->change_sequence) continue; /* never again */
        if (assay_operator_find(facts->effective, e->review.operator_id) == NULL) continue;
        const uint64_t delay = (self + (uint64_t)e->key[0]) % SPREAD_EPOCHS;
        if (facts->epoch <= delay || !assay_reviews_must_repeat(e, facts->epoch - delay)) continue;
        struct assay_writer w = assay_writer_over(row, ASSAY_REVIEWS_RECORD_LEN_MAX);
        left--;
        if (assay_reviews_record(reviews, e, &w) == ASSAY_OK)
            offer(context, assay_slice_over(row, w.len));
    }
}

void assay_reviews_offer_changes(const struct assay_reviews *reviews,
                                 const struct assay_reviews_facts *facts,
                                 const struct assay_reviews_position *position, uint8_t *row,
                                 assay_reviews_offer *offer, void *context)
{
    const uint64_t certain_after = assay_reviews_certain_after(position, facts->epoch);
    const struct assay_review_entry *e = NULL;
    uint32_t left = ASSAY_REVIEWS_OFFERS_MAX;
    for (uint32_t at = 0; left > 0 && (e = assay_reviews_next(reviews, facts, &at)) != NULL;) {
        struct assay_writer w = assay_writer_over(row, ASSAY_REVIEWS_RECORD_LEN_MAX);
        if (e->review.sequence != facts->change_sequence + 1) continue; /* others come first */
        if (assay_reviews_assemble(reviews, facts, e, certain_after, &w) != ASSAY_OK) continue;
        offer(context, assay_slice_over(row, w.len));
        left--;
    }
}
