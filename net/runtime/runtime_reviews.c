/*
 * net/runtime/runtime_reviews.c - proposals of changes on this node: the set that follows from
 * final blocks, stored; reviews submitted here, offered until a block contains them; the CHANGE of
 * a proposal that enough operators approved (docs/protocol.md 9.19).
 */
#include "net/runtime/runtime_internal.h"

#include "base/cbor.h"
#include "net/documents/change_review.h"
#include "net/verifier/rule_documents.h"

#include <stdio.h>
#include <stdlib.h>

typedef unsigned long long llu;

enum {
    SINCE_LEN = 16,      /* of a row: two epochs before the record */
    AT_LEN = 4 + 16 + 4, /* era, last epoch read, first one with complete content, operators */
};

/* ------------------------------------------------------------ facts */

void runtime_reviews_facts(const struct assay_runtime *runtime, struct assay_reviews_facts *facts)
{
    struct assay_engine_snapshot chain;
    struct assay_changes_snapshot changes;
    assay_engine_snapshot(runtime->engine, &chain);
    assay_engine_changes(runtime->engine, &changes);
    *facts = (struct assay_reviews_facts){ .era = chain.era,
                                           .epoch = chain.epoch,
                                           .change_sequence = changes.sequence,
                                           .effective = runtime->config.genesis };
}

static uint32_t get_level(const struct assay_runtime *runtime)
{
    struct assay_changes_snapshot changes;
    assay_engine_changes(runtime->engine, &changes);
    return changes.rules.parameters.level;
}

static bool is_level_reached(const struct assay_runtime *runtime)
{
    return get_level(runtime) >= ASSAY_LEVEL_REVIEWS;
}

static bool is_empty(const struct runtime_reviews *reviews)
{
    for (uint32_t i = 0; i < reviews->set.count; i++)
        if (reviews->set.entries[i].used) return false;
    for (uint32_t i = 0; i < ASSAY_REVIEWS_WAITING_MAX; i++)
        if (reviews->waiting[i].len > 0) return false;
    return true;
}

/* ------------------------------------------------------------ storage */

static uint64_t get_u64(const uint8_t *at)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++)
        value = value << 8 | at[i];
    return value;
}

static enum assay_status put_meta(struct assay_runtime *runtime, uint64_t number,
                                  struct assay_slice value)
{
    const struct assay_store_key key = { .number = number };
    return assay_store_put(runtime->config.store, ASSAY_STORE_META, &key, value);
}

/* Out: *len, 0: there is none. Returns: ASSAY_OK | ASSAY_E_STORE */
static enum assay_status get_meta(struct assay_runtime *runtime, uint64_t number, size_t *len)
{
    struct runtime_reviews *reviews = runtime->reviews;
    const struct assay_store_key key = { .number = number };
    const enum assay_status status = assay_store_get(runtime->config.store, ASSAY_STORE_META, &key,
                                                     reviews->row, sizeof reviews->row, len);
    if (status == ASSAY_E_NOT_FOUND) *len = 0;
    return status == ASSAY_E_NOT_FOUND ? ASSAY_OK : status;
}

static enum assay_status save_position(struct assay_runtime *runtime)
{
    const struct runtime_reviews *reviews = runtime->reviews;
    uint8_t bytes[AT_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_writer_u32be(&w, reviews->position.era);
    assay_writer_u64be(&w, reviews->position.read_epoch);
    assay_writer_u64be(&w, reviews->position.complete_from);
    assay_writer_u32be(&w, reviews->set.operators);
    return put_meta(runtime, RUNTIME_META_REVIEWS, assay_slice_over(bytes, w.len));
}

/* A free entry is one byte, because single items cannot be deleted. */
static enum assay_status save_entry(struct assay_runtime *runtime, uint32_t i)
{
    struct runtime_reviews *reviews = runtime->reviews;
    struct assay_review_entry *e = &reviews->set.entries[i];
    struct assay_writer w = assay_writer_over(reviews->row, sizeof reviews->row);
    if (e->used) {
        assay_writer_u64be(&w, e->since_epoch);
        assay_writer_u64be(&w, e->last_epoch);
        ASSAY_TRY(assay_reviews_record(&reviews->set, e, &w));
    } else {
        assay_writer_put(&w, "", 1);
    }
    e->is_dirty = false;
    return put_meta(runtime, RUNTIME_META_REVIEW_ENTRIES + i,
                    assay_slice_over(reviews->row, w.len));
}

static enum assay_status save_dirty(struct assay_runtime *runtime)
{
    for (uint32_t i = 0; i < runtime->reviews->set.count; i++)
        if (runtime->reviews->set.entries[i].is_dirty) ASSAY_TRY(save_entry(runtime, i));
    return ASSAY_OK;
}

static enum assay_status load_entry(struct assay_runtime *runtime, uint32_t i,
                                    const struct assay_reviews_facts *facts)
{
    struct runtime_reviews *reviews = runtime->reviews;
    size_t len = 0;
    ASSAY_TRY(get_meta(runtime, RUNTIME_META_REVIEW_ENTRIES + i, &len));
    if (len <= SINCE_LEN) return ASSAY_OK;
    const struct assay_slice bytes = assay_slice_over(reviews->row + SINCE_LEN, len - SINCE_LEN);
    if (assay_record_decode(bytes, reviews->record) != ASSAY_OK ||
        reviews->record->kind != ASSAY_RECORD_REVIEW)
        return ASSAY_OK; /* of an older version: the next blocks that repeat it bring it again */
    if (!assay_reviews_restore(&reviews->set, i, reviews->record, get_u64(reviews->row),
                               get_u64(reviews->row + 8), facts))
        reviews->set.entries[i].is_dirty = true; /* the row is freed */
    return ASSAY_OK;
}

static enum assay_status load_waiting(struct assay_runtime *runtime, uint32_t i)
{
    struct runtime_reviews *reviews = runtime->reviews;
    size_t len = 0;
    ASSAY_TRY(get_meta(runtime, RUNTIME_META_REVIEWS_WAITING + i, &len));
    if (len <= 1 || len > ASSAY_RECORD_LEN_MAX) return ASSAY_OK;
    if (assay_record_decode(assay_slice_over(reviews->row, len), reviews->record) == ASSAY_OK &&
        reviews->record->kind == ASSAY_RECORD_REVIEW)
        assay_reviews_set_waiting(&reviews->waiting[i], reviews->record);
    return ASSAY_OK;
}

static enum assay_status save_waiting(struct assay_runtime *runtime, uint32_t i)
{
    const struct assay_review_waiting *item = &runtime->reviews->waiting[i];
    const uint8_t none = 0;
    const struct assay_slice value =
        item->len > 0 ? assay_slice_over(item->bytes, item->len) : assay_slice_over(&none, 1);
    ASSAY_TRY(put_meta(runtime, RUNTIME_META_REVIEWS_WAITING + i, value));
    return assay_store_commit(runtime->config.store);
}

static uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Out: *operators: that the set has memory for. Where the list became shorter, the set as stored
 * has entries of operators that were removed: their ends are reported, so they are loaded. */
static enum assay_status size_set(struct assay_runtime *runtime, uint32_t *operators)
{
    const struct runtime_reviews *reviews = runtime->reviews;
    size_t len = 0;
    *operators = runtime->config.genesis->operator_count;
    ASSAY_TRY(get_meta(runtime, RUNTIME_META_REVIEWS, &len));
    const uint32_t stored = len == AT_LEN ? get_u32(reviews->row + AT_LEN - 4) : 0;
    if (stored <= ASSAY_OPERATORS_MAX && stored > *operators) *operators = stored;
    return ASSAY_OK;
}

/* ------------------------------------------------------------ numbers */

/* With many proposals of many operators this takes time, and each answer of this node has it. */
static void count_proposals(struct assay_runtime *runtime, const struct assay_reviews_facts *facts)
{
    const struct assay_reviews *set = &runtime->reviews->set;
    struct assay_snapshot_proposals *summary = &runtime->reviews->summary;
    const struct assay_review_entry *e = NULL;
    *summary = (struct assay_snapshot_proposals){ 0 };
    for (uint32_t at = 0; (e = assay_reviews_next(set, facts, &at)) != NULL;) {
        const uint32_t count = assay_reviews_count(set, facts, e->review.digest);
        const uint32_t needed = facts->effective->threshold;
        summary->open++;
        if (count >= needed) continue;
        if (summary->waiting == 0 || needed - count < summary->missing)
            summary->missing = needed - count;
        summary->waiting++;
    }
}

struct assay_snapshot_proposals runtime_reviews_summary(const struct assay_runtime *runtime)
{
    const struct assay_snapshot_proposals none = { 0 };
    return runtime->reviews != NULL ? runtime->reviews->summary : none; /* while it opens */
}

static enum assay_status load_all(struct assay_runtime *runtime)
{
    struct runtime_reviews *reviews = runtime->reviews;
    struct assay_reviews_facts facts;
    size_t len = 0;
    runtime_reviews_facts(runtime, &facts);
    ASSAY_TRY(get_meta(runtime, RUNTIME_META_REVIEWS, &len));
    if (len == AT_LEN) {
        reviews->position = (struct assay_reviews_position){
            .era = get_u32(reviews->row),
            .read_epoch = get_u64(reviews->row + 4),
            .complete_from = get_u64(reviews->row + 12),
        };
        if (reviews->position.era == facts.era)
            for (uint32_t i = 0; i < reviews->set.count; i++)
                ASSAY_TRY(load_entry(runtime, i, &facts));
    }
    for (uint32_t i = 0; i < ASSAY_REVIEWS_WAITING_MAX; i++)
        ASSAY_TRY(load_waiting(runtime, i));
    count_proposals(runtime, &facts);
    return ASSAY_OK;
}

enum assay_status runtime_reviews_open(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->reviews == NULL && runtime->engine != NULL);
    uint32_t operators = 0;
    struct runtime_reviews *reviews = runtime->reviews = calloc(1, sizeof *reviews);
    if (reviews == NULL) return ASSAY_E_MEMORY;
    reviews->record = malloc(sizeof *reviews->record);
    if (reviews->record == NULL) return ASSAY_E_MEMORY;
    ASSAY_TRY(size_set(runtime, &operators));
    if (operators == 0) return ASSAY_OK; /* no operator can propose: the set stays empty */
    reviews->memory = aligned_alloc(64, assay_reviews_memory_len(operators));
    if (reviews->memory == NULL) return ASSAY_E_MEMORY;
    assay_reviews_init(&reviews->set, reviews->memory, operators);
    return load_all(runtime);
}

void runtime_reviews_close(struct assay_runtime *runtime)
{
    if (runtime->reviews == NULL) return;
    free(runtime->reviews->memory);
    free(runtime->reviews->record);
    free(runtime->reviews);
    runtime->reviews = NULL;
}

/* ------------------------------------------------------------ events */

const char *runtime_operator_name(const struct assay_runtime *runtime, const uint8_t id[static 32],
                                  char text[static 65])
{
    const struct assay_genesis_operator *o = assay_operator_find(runtime->config.genesis, id);
    assay_hex_encode(id, 32, text, 65);
    if (o != NULL) (void)snprintf(text, 65, "%.*s", (int)o->name.len, (const char *)o->name.bytes);
    return text;
}

struct named {
    char operator_[65], id[65];
};

static const struct named *name_review(const struct assay_runtime *runtime,
                                       const struct assay_review *r, struct named *named)
{
    (void)runtime_operator_name(runtime, r->operator_id, named->operator_);
    assay_hex_encode(r->digest, 32, named->id, sizeof named->id);
    return named;
}

static void log_line(struct assay_runtime *runtime, const char *code, const struct named *named,
                     uint64_t sequence)
{
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_INFO, code)) {
        assay_log_text(&runtime->log, "operator", named->operator_);
        assay_log_text(&runtime->log, "proposal", named->id);
        assay_log_uint(&runtime->log, "sequence", sequence);
    }
    assay_log_end(&runtime->log);
}

struct search {
    struct assay_runtime *runtime;
    const struct assay_review *review;
    bool found;
};

static bool compare_body(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct search *search = context;
    struct assay_cursor c = assay_cursor_over(value.bytes, value.len);
    struct assay_slice body;
    uint8_t digest[32];
    uint64_t kind = 0;
    if (key->number != search->review->sequence) return true;
    if (assay_cbor_array_exact(&c, 3) != ASSAY_OK || assay_cbor_uint(&c, &kind) != ASSAY_OK ||
        assay_cbor_bytes(&c, ASSAY_CHANGE_LEN_MAX, &body) != ASSAY_OK)
        return true;
    assay_sha256(body.bytes, body.len, digest);
    search->found = assay_bytes_equal(digest, search->review->digest, 32);
    return !search->found;
}

/* Is the change that took the number this one? */
static bool is_recorded(struct assay_runtime *runtime, const struct assay_review *review)
{
    const struct assay_store_key from = { 0 };
    struct assay_store_key to = { .era = UINT32_MAX,
                                  .epoch = ASSAY_STORE_NUMBER_MAX,
                                  .number = ASSAY_STORE_NUMBER_MAX };
    struct search search = { .runtime = runtime, .review = review };
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    assay_status_ignore(assay_store_scan(runtime->config.store, ASSAY_STORE_CHANGE, &from, &to,
                                         true, compare_body, &search),
                        "an unreadable store stops the node elsewhere");
    return search.found;
}

static const char *end_reason(struct assay_runtime *runtime, const struct assay_review *review,
                              enum assay_review_end end)
{
    switch (end) {
    case ASSAY_REVIEW_WITHDRAWN: return "its author withdrew it";
    case ASSAY_REVIEW_REPLACED: return "its author put another one in its place";
    case ASSAY_REVIEW_EXPIRED: return "it expired";
    case ASSAY_REVIEW_ORPHANED: return "its author is no operator any more";
    case ASSAY_REVIEW_OPEN:
    case ASSAY_REVIEW_OVERTAKEN: break;
    }
    return is_recorded(runtime, review) ? "enough operators signed it, and a block has the change"
                                        : "another change took its number: propose it again";
}

static void on_ended(void *context, const struct assay_review_entry *entry,
                     enum assay_review_end end)
{
    struct assay_runtime *runtime = context;
    struct runtime_reviews *reviews = runtime->reviews;
    struct named named;
    const char *why = end_reason(runtime, &entry->review, end);
    name_review(runtime, &entry->review, &named);
    struct runtime_ended_proposal *e =
        &reviews->ended[reviews->ended_count++ % RUNTIME_PROPOSALS_ENDED];
    *e = (struct runtime_ended_proposal){ .sequence = entry->review.sequence,
                                          .epoch = reviews->reading,
                                          .end = end,
                                          .is_recorded = why[0] == 'e' };
    assay_bytes_copy(e->digest, 32, entry->review.digest, 32);
    assay_bytes_copy(e->operator_id, 32, entry->review.operator_id, 32);
    log_line(runtime, "proposal_ended", &named, entry->review.sequence);
    runtime_log_event(runtime, "proposal_ended", ASSAY_SLOT_ALL, entry->review.sequence,
                      reviews->reading, "proposal %.16s of %.64s for change %llu ended: %s",
                      named.id, named.operator_, (llu)entry->review.sequence, why);
}

static void log_review(struct assay_runtime *runtime, const struct assay_review *r, uint64_t epoch)
{
    const char *const code = r->act == ASSAY_REVIEW_PROPOSE   ? "proposal_opened"
                             : r->act == ASSAY_REVIEW_APPROVE ? "proposal_approved"
                                                              : "proposal_withdrawn";
    const char *const verb = r->act == ASSAY_REVIEW_PROPOSE   ? "proposes"
                             : r->act == ASSAY_REVIEW_APPROVE ? "approves"
                                                              : "withdraws";
    struct named named;
    name_review(runtime, r, &named);
    log_line(runtime, code, &named, r->sequence);
    runtime_log_event(runtime, code, ASSAY_SLOT_ALL, r->sequence, epoch,
                      "%.64s %s %.16s for change %llu; last epoch %llu", named.operator_, verb,
                      named.id, (llu)r->sequence, (llu)r->expires);
}

/* ------------------------------------------------------------ final blocks */

struct reading {
    struct assay_runtime *runtime;
    const struct assay_reviews_facts *facts;
};

static void read_record(void *context, const struct assay_record *r, uint64_t epoch)
{
    struct reading *reading = context;
    struct runtime_reviews *reviews = reading->runtime->reviews;
    const struct assay_review *v = &r->review;
    const struct assay_review_entry *e =
        assay_reviews_in_place(&reviews->set, v->operator_id, v->place, v->digest);
    const bool is_known = e != NULL && assay_bytes_equal(e->key, r->key, 32);
    reviews->reading = epoch;
    if (assay_reviews_apply(&reviews->set, r, epoch, reading->facts, on_ended, reading->runtime) &&
        !is_known)
        log_review(reading->runtime, v, epoch);
}

static enum assay_status read_blocks(struct assay_runtime *runtime,
                                     const struct assay_reviews_facts *facts)
{
    struct runtime_reviews *reviews = runtime->reviews;
    struct reading reading = { .runtime = runtime, .facts = facts };
    ASSAY_TRY(assay_reviews_read(runtime->config.store, facts, &reviews->position, reviews->record,
                                 read_record, &reading));
    reviews->reading = reviews->position.read_epoch;
    return ASSAY_OK;
}

/* ------------------------------------------------------------ offering */

/* The engine treats an own message as already sent, so it is sent here. */
static void offer_record(void *context, struct assay_slice bytes)
{
    struct assay_runtime *runtime = context;
    ASSAY_ASSERT(bytes.len > 0 && bytes.len <= ASSAY_RECORD_LEN_MAX);
    const struct assay_event event = {
        .kind = ASSAY_EVENT_MESSAGE,
        .as.message = { .from = ASSAY_SLOT_SELF, .kind = ASSAY_MESSAGE_RECORD, .payload = bytes }
    };
    runtime_queue_event(runtime, &event);
    runtime_send(runtime, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, ASSAY_MESSAGE_RECORD, bytes);
}

static void offer_waiting(struct assay_runtime *runtime, const struct assay_reviews_facts *facts)
{
    struct runtime_reviews *reviews = runtime->reviews;
    for (uint32_t i = 0; i < ASSAY_REVIEWS_WAITING_MAX && runtime->failure == ASSAY_OK; i++) {
        struct assay_review_waiting *item = &reviews->waiting[i];
        const struct assay_slice bytes = assay_slice_over(item->bytes, item->len);
        if (item->len == 0) continue;
        if (assay_record_decode(bytes, reviews->record) == ASSAY_OK &&
            reviews->record->kind == ASSAY_RECORD_REVIEW &&
            assay_reviews_is_awaited(&reviews->set, facts, reviews->record)) {
            offer_record(runtime, bytes);
            continue;
        }
        item->len = 0;
        const enum assay_status status = save_waiting(runtime, i);
        if (status != ASSAY_OK) runtime_fail(runtime, status, "store review");
    }
}

/* Anybody may send an operator's old statement again: one that is superseded, or that blocks need
 * not have again yet, neither fills the pool nor goes to others. */
bool runtime_reviews_wants(struct assay_runtime *runtime, struct assay_slice payload)
{
    struct runtime_reviews *reviews = runtime->reviews;
    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    struct assay_reviews_facts facts;
    uint64_t items = 0, kind = 0;
    if (reviews == NULL || reviews->set.count == 0) return true;
    if (assay_cbor_array(&c, 8, &items) != ASSAY_OK || assay_cbor_uint(&c, &kind) != ASSAY_OK ||
        kind != ASSAY_RECORD_REVIEW)
        return true;
    if (assay_record_decode(payload, reviews->record) != ASSAY_OK) return true; /* refused there */
    runtime_reviews_facts(runtime, &facts);
    return assay_reviews_wants(&reviews->set, reviews->record, facts.epoch);
}

void runtime_reviews_on_epoch(struct assay_runtime *runtime)
{
    struct runtime_reviews *reviews = runtime->reviews;
    struct assay_reviews_facts facts;
    runtime_reviews_facts(runtime, &facts);
    const bool is_read = is_level_reached(runtime);
    if (!is_read && is_empty(reviews)) {
        reviews->position =
            (struct assay_reviews_position){ .era = facts.era, .read_epoch = facts.epoch - 1 };
        return;
    }
    enum assay_status status = read_blocks(runtime, &facts);
    if (status == ASSAY_OK) {
        assay_reviews_close(&reviews->set, &facts, on_ended, runtime);
        count_proposals(runtime, &facts);
        status = save_dirty(runtime);
    }
    if (status == ASSAY_OK) status = save_position(runtime);
    if (status != ASSAY_OK) {
        runtime_fail(runtime, status, "store reviews");
        return;
    }
    assay_dispatch_request_commit(runtime->dispatch);
    if (!is_read) return;
    offer_waiting(runtime, &facts);
    assay_reviews_offer_repeats(&reviews->set, &facts, runtime->self, reviews->row, offer_record,
                                runtime);
    assay_reviews_offer_changes(&reviews->set, &facts, &reviews->position, reviews->row,
                                offer_record, runtime);
}

/* ------------------------------------------------------------ submission */

static enum assay_status refuse_review(enum assay_status status,
                                       char message[static ASSAY_CHANGE_MESSAGE], const char *why)
{
    (void)snprintf(message, ASSAY_CHANGE_MESSAGE, "%s", why);
    return status;
}

/* The rules of blocks, on the state of the last closed epoch. */
static enum assay_status check_record(const struct assay_runtime *runtime,
                                      struct assay_change_basis *basis, struct assay_record *record,
                                      char message[static ASSAY_CHANGE_MESSAGE])
{
    struct assay_reviews_facts facts;
    runtime_reviews_facts(runtime, &facts);
    const struct assay_context context = { .state = &basis->state,
                                           .epoch = facts.epoch,
                                           .effective = runtime->config.genesis,
                                           .document_check = assay_rules_check };
    const enum assay_status status = assay_record_check(&context, record);
    if (status == ASSAY_OK) return status;
    const uint32_t level = get_level(runtime);
    if (level < ASSAY_LEVEL_REVIEWS) {
        (void)snprintf(message, ASSAY_CHANGE_MESSAGE, "a proposal %s",
                       assay_change_level_needed(ASSAY_LEVEL_REVIEWS, level));
        return status;
    }
    if (status == ASSAY_E_STRANGER)
        return refuse_review(status, message, "its key is no operator's of this network");
    if (status == ASSAY_E_SIGNATURE)
        return refuse_review(status, message, "a signature in it does not verify");
    if (status == ASSAY_E_CHAIN)
        return refuse_review(status, message, "it is of another network, or of another era");
    if (status == ASSAY_E_STALE)
        return refuse_review(status, message,
                             record->review.sequence <= facts.change_sequence
                                 ? "a block has a change of its number: draft and propose it again"
                                 : "it was issued too many epochs ago: make it again");
    return refuse_review(status, message,
                         status == ASSAY_E_EARLY ? "it names an epoch that has not begun"
                                                 : assay_status_text(status));
}

/* The CHANGE that nodes will make of it has the signatures of the threshold, and is one record. */
static enum assay_status check_size(const struct assay_genesis *rules,
                                    const struct assay_record *record,
                                    char message[static ASSAY_CHANGE_MESSAGE])
{
    const size_t most = assay_change_body_len_max(rules->threshold);
    const size_t len = record->review.change.len;
    if (len <= most) return ASSAY_OK;
    (void)snprintf(message, ASSAY_CHANGE_MESSAGE,
                   "the change has %zu bytes: with the signatures of %u operators a block takes at "
                   "most %zu; divide it into several changes",
                   len, (unsigned)rules->threshold, most);
    return ASSAY_E_FULL;
}

static enum assay_status check_change(struct assay_change_basis *basis,
                                      const struct assay_record *record, uint8_t *file,
                                      char message[static ASSAY_CHANGE_MESSAGE])
{
    struct assay_change_draft draft;
    struct assay_writer w = assay_writer_over(file, ASSAY_RECORD_LEN_MAX);
    ASSAY_TRY(assay_record_put_change(&w, record->review.change, NULL, NULL, 0));
    ASSAY_TRY(assay_draft_decode(assay_slice_over(file, w.len), &draft));
    const enum assay_status status = assay_draft_review(basis, &draft, false, message);
    return status == ASSAY_E_EARLY ? ASSAY_OK : status;
}

/* Has its operator stated this change? It may withdraw that after the proposal has ended, too: the
 * signature stays good while the number is free. */
static bool has_stated(const struct assay_reviews *set, const struct assay_review *r)
{
    for (uint32_t i = 0; i < set->count; i++) {
        const struct assay_review_entry *e = &set->entries[i];
        if (!e->used || e->review.act == ASSAY_REVIEW_WITHDRAW) continue;
        if (assay_bytes_equal(e->review.operator_id, r->operator_id, 32) &&
            assay_bytes_equal(e->review.digest, r->digest, 32))
            return true;
    }
    return false;
}

/* own: what counts in the place. */
static enum assay_status refuse_own(const struct assay_review *own, const struct assay_review *r,
                                    char message[static ASSAY_CHANGE_MESSAGE])
{
    if (own->act != ASSAY_REVIEW_WITHDRAW || r->act == ASSAY_REVIEW_WITHDRAW ||
        !assay_bytes_equal(own->digest, r->digest, 32) || own->issued > r->issued)
        return refuse_review(ASSAY_E_DUPLICATE, message,
                             "this operator has stated the same or something later already");
    (void)snprintf(message, ASSAY_CHANGE_MESSAGE,
                   "this operator withdrew it in epoch %llu: it counts again from epoch %llu on; "
                   "until then propose the same with another --activation",
                   (llu)own->issued, (llu)own->issued + ASSAY_REVIEW_WITHDRAWAL_EPOCHS + 1);
    return ASSAY_E_EARLY;
}

/* What the set says of it, before a block has it. */
static enum assay_status check_place(const struct assay_runtime *runtime,
                                     const struct assay_record *record,
                                     char message[static ASSAY_CHANGE_MESSAGE])
{
    const struct assay_reviews *set = &runtime->reviews->set;
    const struct assay_review *r = &record->review;
    struct assay_reviews_facts facts;
    const struct assay_review_entry *e = NULL, *open = NULL;
    runtime_reviews_facts(runtime, &facts);
    const struct assay_review_entry *own =
        assay_reviews_in_place(set, r->operator_id, r->place, r->digest);
    if (own != NULL && !assay_reviews_wants(set, record, facts.epoch))
        return refuse_own(&own->review, r, message);
    own = assay_reviews_in_place(set, r->operator_id, ASSAY_REVIEW_PLACE_APPROVAL, r->digest);
    if (own != NULL && own->review.act == ASSAY_REVIEW_WITHDRAW && r->act == ASSAY_REVIEW_PROPOSE &&
        r->issued <= own->review.issued + ASSAY_REVIEW_WITHDRAWAL_EPOCHS)
        return refuse_own(&own->review, r, message);
    if (r->expires < facts.epoch) return refuse_review(ASSAY_E_STALE, message, "it has expired");
    if (r->act == ASSAY_REVIEW_PROPOSE) return ASSAY_OK;
    if (r->act == ASSAY_REVIEW_WITHDRAW && has_stated(set, r)) return ASSAY_OK;
    for (uint32_t at = 0; (e = assay_reviews_next(set, &facts, &at)) != NULL;)
        if (assay_bytes_equal(e->review.digest, r->digest, 32)) open = e;
    if (open == NULL)
        return refuse_review(ASSAY_E_NOT_FOUND, message,
                             "no proposal of this id is open here: assay change inbox lists them");
    return ASSAY_OK;
}

static enum assay_status store_waiting(struct assay_runtime *runtime, struct assay_slice bytes,
                                       char message[static ASSAY_CHANGE_MESSAGE])
{
    struct runtime_reviews *reviews = runtime->reviews;
    const uint32_t i =
        assay_reviews_find_waiting_place(reviews->waiting, reviews->record->review.operator_id);
    if (i == ASSAY_REVIEWS_WAITING_MAX)
        return refuse_review(
            ASSAY_E_FULL, message,
            "8 statements wait here for a block already, and this operator has its "
            "part of them: try again in the next epoch");
    assay_reviews_set_waiting(&reviews->waiting[i], reviews->record);
    const enum assay_status status = save_waiting(runtime, i);
    if (status != ASSAY_OK) runtime_fail(runtime, status, "store review");
    else offer_record(runtime, bytes);
    return status;
}

enum assay_status runtime_review_submit(struct assay_runtime *runtime, struct assay_slice bytes,
                                        char message[static ASSAY_CHANGE_MESSAGE])
{
    struct runtime_reviews *reviews = runtime->reviews;
    struct assay_change_basis *basis = NULL;
    message[0] = '\0';
    if (reviews->set.count == 0)
        return refuse_review(ASSAY_E_UNSUPPORTED, message, "this network has no operators");
    enum assay_status status = bytes.len <= ASSAY_RECORD_LEN_MAX
                                   ? assay_record_decode(bytes, reviews->record)
                                   : ASSAY_E_RANGE;
    if (status == ASSAY_OK && reviews->record->kind != ASSAY_RECORD_REVIEW)
        status = ASSAY_E_UNSUPPORTED;
    if (status != ASSAY_OK)
        return refuse_review(status, message, "this is no statement about a change");
    status =
        assay_draft_basis_open(runtime_founding_genesis(runtime), runtime->config.store, &basis);
    if (status != ASSAY_OK)
        return refuse_review(status, message, "the newest state cannot be read");
    status = check_record(runtime, basis, reviews->record, message);
    if (status == ASSAY_OK) status = check_place(runtime, reviews->record, message);
    const bool proposes = reviews->record->review.act == ASSAY_REVIEW_PROPOSE;
    if (status == ASSAY_OK && proposes)
        status = check_size(runtime->config.genesis, reviews->record, message);
    if (status == ASSAY_OK && proposes)
        status = check_change(basis, reviews->record, reviews->row, message);
    assay_draft_basis_close(&basis);
    return status == ASSAY_OK ? store_waiting(runtime, bytes, message) : status;
}
