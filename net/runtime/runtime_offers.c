/*
 * net/runtime/runtime_offers.c - newer collateral that was found or submitted here: kept in the
 * store and offered until a block has it (docs/protocol.md 8.8).
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

struct host_offers {
    struct host_offer items[HOST_OFFERS_MAX];
};

/* ------------------------------------------------------------ kept */

/* An item in the store is its record; a freed one is a byte, since nothing can be deleted alone. */
static void keep(struct assay_host *host, uint32_t i)
{
    const struct host_offer *item = &host->offers->items[i];
    const struct assay_store_key key = { .number = HOST_META_OFFERS + i };
    const uint8_t none = 0;
    struct assay_slice value = assay_slice_over(item->bytes, item->len);
    if (item->len == 0) value = assay_slice_over(&none, sizeof none);
    enum assay_status status =
        assay_store_put(host->config.store, ASSAY_STORE_META, &key, value);
    if (status == ASSAY_OK) status = assay_store_commit(host->config.store);
    if (status != ASSAY_OK) host_fail(host, status, "store collateral");
}

static void drop(struct assay_host *host, uint32_t i)
{
    host->offers->items[i].len = 0;
    keep(host, i);
}

/* Drawn from who offers what: members that found it in one minute do not offer it in one. */
static uint64_t draw_ms(const struct assay_host *host, const uint8_t digest[static 32])
{
    const uint64_t epoch_ms = host->config.genesis->parameters.epoch_ms;
    const uint64_t window_ms =
        assay_max_u64(epoch_ms, assay_min_u64(host->members * epoch_ms / 2, 600000));
    const struct assay_slice pieces[] = {
        assay_slice_over(host->config.genesis->members[host->self].node_id, 32),
        assay_slice_over(digest, 32),
    };
    uint8_t drawn[32];
    uint64_t number = 0;
    assay_sha256_pieces(pieces, 2, drawn);
    for (size_t i = 0; i < 7; i++)
        number = number << 8 | drawn[i];
    return number % window_ms;
}

enum assay_status host_offers_open(struct assay_host *host)
{
    host->offers = calloc(1, sizeof *host->offers);
    if (host->offers == NULL) return ASSAY_E_MEMORY;
    for (uint32_t i = 0; i < HOST_OFFERS_MAX; i++) {
        struct host_offer *item = &host->offers->items[i];
        const struct assay_store_key key = { .number = HOST_META_OFFERS + i };
        uint8_t digest[32];
        const enum assay_status status =
            assay_store_get(host->config.store, ASSAY_STORE_META, &key, item->bytes,
                            sizeof item->bytes, &item->len);
        if (status == ASSAY_E_NOT_FOUND || item->len <= 1) item->len = 0;
        if (status != ASSAY_OK && status != ASSAY_E_NOT_FOUND) return status;
        if (item->len == 0) continue;
        assay_sha256(item->bytes, item->len, digest);
        item->at_ms = host->now_ms + draw_ms(host, digest);
    }
    return ASSAY_OK;
}

void host_offers_close(struct assay_host *host)
{
    free(host->offers);
    host->offers = NULL;
}

/* ------------------------------------------------------------ judged */

/* As everybody will: beside the set in force, at the appraisal time of the running epoch, and
 * beside what waits. */
static enum assay_status judge(struct assay_host *host, struct assay_slice offer,
                               struct assay_update_facts *facts)
{
    struct assay_engine_snapshot chain;
    struct assay_changes_snapshot changes;
    const struct assay_updates *updates = host->config.updates;
    if (updates == NULL) return ASSAY_E_UNSUPPORTED;
    assay_engine_snapshot(host->engine, &chain);
    assay_engine_changes(host->engine, &changes);
    ASSAY_TRY(updates->judge(updates->context, host->config.genesis->endorsements, offer,
                             (int64_t)(chain.epoch_t0_ms / 1000), facts));
    return assay_update_fits(changes.updates, changes.update_count, chain.epoch_t0_ms, facts);
}

static void say(struct assay_host *host, const char *event, const struct assay_update_facts *facts,
                size_t len)
{
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_INFO, event)) {
        assay_log_hex(&host->log, "root", facts->root, 8);
        assay_log_uint(&host->log, "number", facts->number);
        assay_log_bool(&host->log, "recovery", facts->recovery);
        assay_log_uint(&host->log, "bytes", len);
    }
    assay_log_end(&host->log);
}

/* ------------------------------------------------------------ offered */

/* Our own message is taken by the engine as one that was sent already: it is sent here. */
static void offer(struct assay_host *host, struct assay_slice record,
                  const struct assay_update_facts *facts)
{
    const struct assay_event event = {
        .kind = ASSAY_EVENT_MESSAGE,
        .as.message = { .from = ASSAY_SLOT_SELF, .kind = ASSAY_MESSAGE_RECORD, .payload = record }
    };
    host_queue(host, &event);
    host_send(host, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, ASSAY_MESSAGE_RECORD, record);
    say(host, "collateral_offered", facts, record.len);
}

void host_offers_turn(struct assay_host *host)
{
    for (uint32_t i = 0; i < HOST_OFFERS_MAX && host->failure == ASSAY_OK; i++) {
        struct host_offer *item = &host->offers->items[i];
        const struct assay_slice record = assay_slice_over(item->bytes, item->len);
        struct assay_slice bytes;
        struct assay_update_facts facts;
        if (item->len == 0 || item->at_ms > host->now_ms) continue;
        enum assay_status status = assay_update_offer(record, &bytes);
        if (status == ASSAY_OK) status = judge(host, bytes, &facts);
        /* Once an epoch: a record is good for one, and another of its root may have taken it. */
        item->at_ms = host->now_ms + host->config.genesis->parameters.epoch_ms;
        if (status == ASSAY_OK) offer(host, record, &facts);
        else if (status != ASSAY_E_EARLY && status != ASSAY_E_FULL && status != ASSAY_E_MEMORY)
            drop(host, i); /* it is in a block, or something newer is */
    }
}

/* ------------------------------------------------------------ taken */

/* The one that holds the very same, a free place, or HOST_OFFERS_MAX. */
static uint32_t place_for(const struct host_offers *offers, struct assay_slice record)
{
    uint32_t free_one = HOST_OFFERS_MAX;
    for (uint32_t i = HOST_OFFERS_MAX; i-- > 0;) {
        const struct host_offer *item = &offers->items[i];
        if (item->len == 0) free_one = i;
        else if (item->len == record.len &&
                 assay_bytes_equal(item->bytes, record.bytes, record.len))
            return i;
    }
    return free_one;
}

static const char *reason_of(enum assay_status status)
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

static enum assay_status put(struct assay_host *host, struct assay_slice record, bool at_once)
{
    uint8_t digest[32];
    const uint32_t i = place_for(host->offers, record);
    if (i == HOST_OFFERS_MAX) return ASSAY_E_FULL;
    struct host_offer *item = &host->offers->items[i];
    const bool is_new = item->len == 0;
    if (is_new) assay_bytes_copy(item->bytes, sizeof item->bytes, record.bytes, record.len);
    item->len = record.len;
    assay_sha256(record.bytes, record.len, digest);
    if (at_once) item->at_ms = host->now_ms;
    else if (is_new) item->at_ms = host->now_ms + draw_ms(host, digest);
    if (is_new) keep(host, i);
    return host->failure;
}

enum assay_status host_offer_take(struct assay_host *host, struct assay_slice bytes, bool at_once,
                                  char message[static HOST_OFFER_MESSAGE])
{
    struct assay_update_facts facts = { 0 };
    uint8_t *memory = malloc(ASSAY_UPDATE_RECORD_LEN_MAX);
    struct assay_writer w = assay_writer_over(memory, ASSAY_UPDATE_RECORD_LEN_MAX);
    enum assay_status status = memory != NULL ? judge(host, bytes, &facts) : ASSAY_E_MEMORY;
    const bool waits = status == ASSAY_E_EARLY || status == ASSAY_E_FULL;
    enum assay_status taken = status == ASSAY_OK || waits ? assay_record_put_update(&w, bytes)
                                                          : status;
    if (taken == ASSAY_OK) taken = put(host, assay_slice_over(memory, w.len), at_once);
    free(memory);
    if (taken != ASSAY_OK) status = taken;
    (void)snprintf(message, HOST_OFFER_MESSAGE, "%s",
                   status == ASSAY_OK ? "it is offered" : reason_of(status));
    if (taken == ASSAY_OK && at_once) say(host, "collateral_submitted", &facts, bytes.len);
    return status;
}
