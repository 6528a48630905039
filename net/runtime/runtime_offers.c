/*
 * net/runtime/runtime_offers.c - collateral offers of this node: stored, and proposed until a block
 * contains them (docs/protocol.md 8.8).
 *
 * Every daemon may fetch, and all find the same: who has found something waits for a moment that
 * its own name draws, and offers it when nobody else has. Judged here first, as the engine and all
 * peers will.
 */
#include "net/runtime/runtime_internal.h"

#include "engine/ledger/records/update.h"

#include <stdlib.h>

struct host_offer {
    size_t len; /* 0: free */
    uint64_t at_ms;
    uint8_t bytes[ASSAY_UPDATE_RECORD_LEN_MAX]; /* the record */
};

struct runtime_offers {
    struct host_offer items[RUNTIME_OFFERS_MAX];
};

/* ------------------------------------------------------------ storage */

/* The item is the record; a free item is one byte, because single items cannot be deleted. */
static void save_offer(struct assay_runtime *runtime, uint32_t i)
{
    ASSAY_ASSERT(i < RUNTIME_OFFERS_MAX);
    const struct host_offer *item = &runtime->offers->items[i];
    const struct assay_store_key key = { .number = RUNTIME_META_OFFERS + i };
    const uint8_t none = 0;
    struct assay_slice value = assay_slice_over(item->bytes, item->len);
    if (item->len == 0) value = assay_slice_over(&none, sizeof none);
    enum assay_status status =
        assay_store_put(runtime->config.store, ASSAY_STORE_META, &key, value);
    if (status == ASSAY_OK) status = assay_store_commit(runtime->config.store);
    if (status != ASSAY_OK) runtime_fail(runtime, status, "store collateral");
}

static void drop_offer(struct assay_runtime *runtime, uint32_t i)
{
    ASSAY_ASSERT(i < RUNTIME_OFFERS_MAX && runtime->offers->items[i].len > 0);
    runtime->offers->items[i].len = 0;
    save_offer(runtime, i);
}

/* Derived from the member and the offer, so that members that find it at the same time do not offer
 * it at the same time. */
static uint64_t draw_delay_ms(const struct assay_runtime *runtime, const uint8_t digest[static 32])
{
    ASSAY_ASSERT(runtime->config.genesis->parameters.epoch_ms > 0);
    const uint64_t epoch_ms = runtime->config.genesis->parameters.epoch_ms;
    const uint64_t window_ms =
        assay_max_u64(epoch_ms, assay_min_u64(runtime->members * epoch_ms / 2, 600000));
    const struct assay_slice pieces[] = {
        assay_slice_over(runtime->config.genesis->members[runtime->self].node_id, 32),
        assay_slice_over(digest, 32),
    };
    uint8_t drawn[32];
    uint64_t number = 0;
    assay_sha256_pieces(pieces, 2, drawn);
    for (size_t i = 0; i < 7; i++)
        number = number << 8 | drawn[i];
    return number % window_ms;
}

enum assay_status runtime_offers_open(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->offers == NULL);
    runtime->offers = calloc(1, sizeof *runtime->offers);
    if (runtime->offers == NULL) return ASSAY_E_MEMORY;
    for (uint32_t i = 0; i < RUNTIME_OFFERS_MAX; i++) {
        struct host_offer *item = &runtime->offers->items[i];
        const struct assay_store_key key = { .number = RUNTIME_META_OFFERS + i };
        uint8_t digest[32];
        const enum assay_status status =
            assay_store_get(runtime->config.store, ASSAY_STORE_META, &key, item->bytes,
                            sizeof item->bytes, &item->len);
        if (status == ASSAY_E_NOT_FOUND || item->len <= 1) item->len = 0;
        if (status != ASSAY_OK && status != ASSAY_E_NOT_FOUND) return status;
        if (item->len == 0) continue;
        ASSAY_ASSERT(item->len <= sizeof item->bytes);
        assay_sha256(item->bytes, item->len, digest);
        item->at_ms = runtime->now_ms + draw_delay_ms(runtime, digest);
    }
    return ASSAY_OK;
}

void runtime_offers_close(struct assay_runtime *runtime)
{
    free(runtime->offers);
    runtime->offers = NULL;
}

/* ------------------------------------------------------------ checks */

/* As all members check it: against the set in force at the appraisal time of the running epoch, and
 * against pending offers. */
static enum assay_status check_offer(struct assay_runtime *runtime, struct assay_slice offer,
                                     struct assay_update_facts *facts)
{
    struct assay_engine_snapshot chain;
    struct assay_changes_snapshot changes;
    const struct assay_updates *updates = runtime->config.updates;
    if (updates == NULL) return ASSAY_E_UNSUPPORTED;
    assay_engine_snapshot(runtime->engine, &chain);
    assay_engine_changes(runtime->engine, &changes);
    ASSAY_TRY(updates->judge(updates->context, runtime->config.genesis->endorsements, offer,
                             (int64_t)(chain.epoch_t0_ms / 1000), facts));
    return assay_update_fits(changes.updates, changes.update_count, chain.epoch_t0_ms, facts);
}

static void log_offer(struct assay_runtime *runtime, const char *event,
                      const struct assay_update_facts *facts, size_t len)
{
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_INFO, event)) {
        assay_log_hex(&runtime->log, "root", facts->root, 8);
        assay_log_uint(&runtime->log, "number", facts->number);
        assay_log_bool(&runtime->log, "recovery", facts->recovery);
        assay_log_uint(&runtime->log, "bytes", len);
    }
    assay_log_end(&runtime->log);
}

/* ------------------------------------------------------------ proposing */

/* The engine treats an own message as already sent, so it is sent here. */
static void submit_offer(struct assay_runtime *runtime, struct assay_slice record,
                         const struct assay_update_facts *facts)
{
    ASSAY_ASSERT(record.len > 0 && record.len <= ASSAY_UPDATE_RECORD_LEN_MAX);
    const struct assay_event event = {
        .kind = ASSAY_EVENT_MESSAGE,
        .as.message = { .from = ASSAY_SLOT_SELF, .kind = ASSAY_MESSAGE_RECORD, .payload = record }
    };
    runtime_queue_event(runtime, &event);
    runtime_send(runtime, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, ASSAY_MESSAGE_RECORD, record);
    log_offer(runtime, "collateral_offered", facts, record.len);
}

void runtime_offers_poll(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->offers != NULL);
    for (uint32_t i = 0; i < RUNTIME_OFFERS_MAX && runtime->failure == ASSAY_OK; i++) {
        struct host_offer *item = &runtime->offers->items[i];
        const struct assay_slice record = assay_slice_over(item->bytes, item->len);
        struct assay_slice bytes;
        struct assay_update_facts facts;
        if (item->len == 0 || item->at_ms > runtime->now_ms) continue;
        enum assay_status status = assay_update_offer(record, &bytes);
        if (status == ASSAY_OK) status = check_offer(runtime, bytes, &facts);
        /* Once an epoch: a record is valid for one, and another offer of its root may have been
         * included. */
        item->at_ms = runtime->now_ms + runtime->config.genesis->parameters.epoch_ms;
        if (status == ASSAY_OK) submit_offer(runtime, record, &facts);
        else if (status != ASSAY_E_EARLY && status != ASSAY_E_FULL && status != ASSAY_E_MEMORY)
            drop_offer(runtime, i); /* it is in a block, or a newer one is */
    }
}

/* ------------------------------------------------------------ adding */

/* Returns: the slot of the same offer, a free slot, or RUNTIME_OFFERS_MAX. */
static uint32_t find_free_slot(const struct runtime_offers *offers, struct assay_slice record)
{
    ASSAY_ASSERT(record.len > 0);
    uint32_t free_one = RUNTIME_OFFERS_MAX;
    for (uint32_t i = RUNTIME_OFFERS_MAX; i-- > 0;) {
        const struct host_offer *item = &offers->items[i];
        if (item->len == 0) free_one = i;
        else if (item->len == record.len &&
                 assay_bytes_equal(item->bytes, record.bytes, record.len))
            return i;
    }
    return free_one;
}

static const char *refusal_reason(enum assay_status status)
{
    switch ((int)status) {
    case ASSAY_E_RANGE: return "not of one platform family, or too long for a record (48 KiB)";
    case ASSAY_E_STALE: return "nothing in it is newer than what is in force, or it has ended";
    case ASSAY_E_DUPLICATE: return "the same or a newer one waits, is on trial or was reverted";
    case ASSAY_E_INVALID: return "it may not follow what is in force (assay collateral compare)";
    case ASSAY_E_EARLY: return "it is not valid yet: it waits here";
    case ASSAY_E_FULL: return "too many wait already: it waits here";
    default: return assay_status_text(status);
    }
}

static enum assay_status put_offer(struct assay_runtime *runtime, struct assay_slice record,
                                   bool at_once)
{
    ASSAY_ASSERT(record.len > 0 && record.len <= ASSAY_UPDATE_RECORD_LEN_MAX);
    uint8_t digest[32];
    const uint32_t i = find_free_slot(runtime->offers, record);
    if (i == RUNTIME_OFFERS_MAX) return ASSAY_E_FULL;
    struct host_offer *item = &runtime->offers->items[i];
    const bool is_new = item->len == 0;
    if (is_new) assay_bytes_copy(item->bytes, sizeof item->bytes, record.bytes, record.len);
    item->len = record.len;
    assay_sha256(record.bytes, record.len, digest);
    if (at_once) item->at_ms = runtime->now_ms;
    else if (is_new) item->at_ms = runtime->now_ms + draw_delay_ms(runtime, digest);
    if (is_new) save_offer(runtime, i);
    return runtime->failure;
}

enum assay_status runtime_offer_add(struct assay_runtime *runtime, struct assay_slice bytes,
                                    bool at_once, char message[static RUNTIME_OFFER_MESSAGE])
{
    struct assay_update_facts facts = { 0 };
    uint8_t *memory = malloc(ASSAY_UPDATE_RECORD_LEN_MAX);
    struct assay_writer w = assay_writer_over(memory, ASSAY_UPDATE_RECORD_LEN_MAX);
    enum assay_status status =
        memory != NULL ? check_offer(runtime, bytes, &facts) : ASSAY_E_MEMORY;
    const bool waits = status == ASSAY_E_EARLY || status == ASSAY_E_FULL;
    enum assay_status taken =
        status == ASSAY_OK || waits ? assay_record_put_update(&w, bytes) : status;
    if (taken == ASSAY_OK) taken = put_offer(runtime, assay_slice_over(memory, w.len), at_once);
    free(memory);
    if (taken != ASSAY_OK) status = taken;
    (void)snprintf(message, RUNTIME_OFFER_MESSAGE, "%s",
                   status == ASSAY_OK ? "it is offered" : refusal_reason(status));
    if (taken == ASSAY_OK && at_once) log_offer(runtime, "collateral_submitted", &facts, bytes.len);
    return status;
}
