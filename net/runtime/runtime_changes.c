/*
 * net/runtime/runtime_changes.c - changes submitted to this node: stored, and proposed in each
 * epoch until a block contains them or they expire (docs/protocol.md 9.5).
 */
#include "net/runtime/runtime_internal.h"

#include "net/documents/change_review.h"
#include <stdlib.h>
#include <string.h>

struct host_change {
    size_t len; /* 0: free */
    uint64_t sequence, activation;
    uint8_t digest[32]; /* of the record */
    uint8_t bytes[ASSAY_CHANGE_RECORD_LEN_MAX];
};

struct runtime_changes {
    struct host_change items[RUNTIME_CHANGES_MAX];
};

/* ------------------------------------------------------------ storage */

/* The item is the record; a free item is one byte, because single items cannot be deleted. */
static enum assay_status save_change(struct assay_runtime *runtime, uint32_t i)
{
    ASSAY_ASSERT(i < RUNTIME_CHANGES_MAX);
    const struct host_change *item = &runtime->changes->items[i];
    const struct assay_store_key key = { .number = RUNTIME_META_CHANGES + i };
    const uint8_t none = 0;
    struct assay_slice value = assay_slice_over(item->bytes, item->len);
    if (item->len == 0) value = assay_slice_over(&none, sizeof none);
    ASSAY_TRY(assay_store_put(runtime->config.store, ASSAY_STORE_META, &key, value));
    return assay_store_commit(runtime->config.store);
}

static bool fill_slot(struct host_change *item, struct assay_slice bytes)
{
    struct assay_change_draft draft;
    if (assay_draft_decode(bytes, &draft) != ASSAY_OK) return false;
    ASSAY_ASSERT(bytes.len > 0 && bytes.len <= sizeof item->bytes);
    item->len = bytes.len;
    item->sequence = draft.change.sequence;
    item->activation = draft.change.activation;
    assay_bytes_copy(item->bytes, sizeof item->bytes, bytes.bytes, bytes.len);
    assay_sha256(bytes.bytes, bytes.len, item->digest);
    return true;
}

enum assay_status runtime_changes_open(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->changes == NULL);
    runtime->changes = calloc(1, sizeof *runtime->changes);
    uint8_t *bytes = malloc(ASSAY_CHANGE_RECORD_LEN_MAX);
    enum assay_status status =
        runtime->changes != NULL && bytes != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
    for (uint32_t i = 0; status == ASSAY_OK && i < RUNTIME_CHANGES_MAX; i++) {
        const struct assay_store_key key = { .number = RUNTIME_META_CHANGES + i };
        size_t len = 0;
        status = assay_store_get(runtime->config.store, ASSAY_STORE_META, &key, bytes,
                                 ASSAY_CHANGE_RECORD_LEN_MAX, &len);
        if (status == ASSAY_OK && len > 1)
            (void)fill_slot(&runtime->changes->items[i], assay_slice_over(bytes, len));
        if (status == ASSAY_E_NOT_FOUND) status = ASSAY_OK;
    }
    free(bytes);
    return status;
}

void runtime_changes_close(struct assay_runtime *runtime)
{
    free(runtime->changes);
    runtime->changes = NULL;
}

/* ------------------------------------------------------------ proposing */

static void drop_change(struct assay_runtime *runtime, uint32_t i)
{
    ASSAY_ASSERT(i < RUNTIME_CHANGES_MAX && runtime->changes->items[i].len > 0);
    runtime->changes->items[i].len = 0;
    const enum assay_status status = save_change(runtime, i);
    if (status != ASSAY_OK) runtime_fail(runtime, status, "store change");
}

/* Every member of an announcement has it. */
static bool is_announced(const struct assay_runtime *runtime, const struct host_change *item)
{
    ASSAY_ASSERT(item->len > 0 && item->len <= sizeof item->bytes);
    struct assay_change change;
    assay_change_of_record(assay_slice_over(item->bytes, item->len), &change);
    struct assay_cursor c = assay_cursor_over(change.actions.bytes, change.actions.len);
    for (uint32_t i = 0; i < change.action_count; i++) {
        struct assay_action action;
        struct assay_member_snapshot member;
        if (assay_action_next(&c, &action) != ASSAY_OK) return false;
        const uint32_t slot = runtime_find_slot(runtime, action.node_id);
        if (slot == runtime->members) return false;
        assay_engine_member_snapshot(runtime->engine, (uint16_t)slot, &member);
        if (member.maintenance.until == 0 || member.maintenance.from != change.activation)
            return false;
    }
    return true;
}

static bool is_recorded(const struct assay_runtime *runtime, const struct host_change *item)
{
    ASSAY_ASSERT(item->len > 0);
    struct assay_changes_snapshot chain;
    if (item->sequence == 0) return is_announced(runtime, item);
    assay_engine_changes(runtime->engine, &chain);
    return chain.sequence >= item->sequence;
}

/* docs/protocol.md 9.6.9: builds that cannot read it may take part before its level. */
static bool is_level_reached(const struct assay_runtime *runtime, struct assay_slice bytes)
{
    struct assay_change change;
    struct assay_changes_snapshot chain;
    assay_change_of_record(bytes, &change);
    assay_engine_changes(runtime->engine, &chain);
    return chain.rules.parameters.level >= assay_change_level(&change);
}

/* The engine treats an own message as already sent, so it is sent here. */
static void offer_change(struct assay_runtime *runtime, const struct host_change *item)
{
    ASSAY_ASSERT(item->len > 0 && item->len <= sizeof item->bytes);
    const struct assay_slice bytes = assay_slice_over(item->bytes, item->len);
    if (!is_level_reached(runtime, bytes)) return; /* it is offered again in each epoch */
    const struct assay_event event = {
        .kind = ASSAY_EVENT_MESSAGE,
        .as.message = { .from = ASSAY_SLOT_SELF, .kind = ASSAY_MESSAGE_RECORD, .payload = bytes }
    };
    runtime_queue_event(runtime, &event);
    runtime_send(runtime, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, ASSAY_MESSAGE_RECORD, bytes);
}

static void log_expired(struct assay_runtime *runtime, const struct host_change *item)
{
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_WARNING, "change_expired")) {
        assay_log_uint(&runtime->log, "sequence", item->sequence);
        assay_log_uint(&runtime->log, "activation", item->activation);
    }
    assay_log_end(&runtime->log);
    runtime_log_event(runtime, "change_expired", ASSAY_SLOT_ALL, item->sequence, item->activation,
                      "no block took this change %llu in time for epoch %llu, or another one of "
                      "its number: draft it again",
                      (unsigned long long)item->sequence, (unsigned long long)item->activation);
}

static void log_submitted(struct assay_runtime *runtime, const struct assay_change *change)
{
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_INFO, "change_submitted")) {
        assay_log_uint(&runtime->log, "sequence", change->sequence);
        assay_log_uint(&runtime->log, "activation", change->activation);
    }
    assay_log_end(&runtime->log);
    runtime_log_event(runtime, "change_submitted", ASSAY_SLOT_ALL, change->sequence,
                      change->activation, "change %llu is offered for epoch %llu",
                      (unsigned long long)change->sequence, (unsigned long long)change->activation);
}

/* Returns: whether a block has this change, and not another one of the same number. */
static bool is_ours(const struct assay_runtime *runtime, const struct host_change *item)
{
    ASSAY_ASSERT(item->len > 0);
    struct assay_store_key key;
    uint8_t none[1];
    size_t len = 0;
    if (item->sequence == 0) return true;
    return assay_store_find(runtime->config.store, ASSAY_STORE_CHANGE, item->digest, &key, none, 0,
                            &len) != ASSAY_E_NOT_FOUND;
}

void runtime_changes_on_epoch(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->changes != NULL);
    struct assay_engine_snapshot chain;
    assay_engine_snapshot(runtime->engine, &chain);
    for (uint32_t i = 0; i < RUNTIME_CHANGES_MAX; i++) {
        const struct host_change *item = &runtime->changes->items[i];
        if (item->len == 0) continue;
        if (is_recorded(runtime, item)) {
            if (!is_ours(runtime, item)) log_expired(runtime, item);
            drop_change(runtime, i);
        } else if (item->activation < chain.epoch + ASSAY_ACTIVATION_AHEAD_MIN) {
            log_expired(runtime, item);
            drop_change(runtime, i);
        } else {
            offer_change(runtime, item);
        }
        if (runtime->failure != ASSAY_OK) return;
    }
}

/* ------------------------------------------------------------ submission */

static enum assay_status review_change(struct assay_runtime *runtime, struct assay_slice bytes,
                                       struct assay_change_draft *draft,
                                       char message[static ASSAY_CHANGE_MESSAGE])
{
    struct assay_change_basis *basis = NULL;
    enum assay_status status = assay_draft_decode(bytes, draft);
    if (status != ASSAY_OK) {
        (void)snprintf(message, ASSAY_CHANGE_MESSAGE, "this is not the file of a change: %s",
                       assay_status_text(status));
        return status;
    }
    status =
        assay_draft_basis_open(runtime_founding_genesis(runtime), runtime->config.store, &basis);
    if (status == ASSAY_OK) status = assay_draft_review(basis, draft, true, message);
    else
        (void)snprintf(message, ASSAY_CHANGE_MESSAGE, "the newest state: %s",
                       assay_status_text(status));
    assay_draft_basis_close(&basis);
    return status;
}

/* Finds a free slot, or the one with the same change. Returns: RUNTIME_CHANGES_MAX when there is
 * none. */
static uint32_t find_free_slot(const struct runtime_changes *changes, struct assay_slice bytes)
{
    ASSAY_ASSERT(bytes.len > 0);
    uint8_t digest[32];
    uint32_t free_one = RUNTIME_CHANGES_MAX;
    assay_sha256(bytes.bytes, bytes.len, digest);
    for (uint32_t i = RUNTIME_CHANGES_MAX; i-- > 0;) {
        const struct host_change *item = &changes->items[i];
        if (item->len > 0 && assay_bytes_equal(item->digest, digest, 32)) return i;
        if (item->len == 0) free_one = i;
    }
    return free_one;
}

enum assay_status runtime_change_submit(struct assay_runtime *runtime, struct assay_slice bytes,
                                        struct assay_change_draft *draft,
                                        char message[static ASSAY_CHANGE_MESSAGE])
{
    const enum assay_status status = review_change(runtime, bytes, draft, message);
    if (status != ASSAY_OK && status != ASSAY_E_EARLY) return status;
    const uint32_t i = find_free_slot(runtime->changes, bytes);
    if (i == RUNTIME_CHANGES_MAX) {
        (void)snprintf(message, ASSAY_CHANGE_MESSAGE,
                       "%d changes wait here already: assay change list", RUNTIME_CHANGES_MAX);
        return ASSAY_E_FULL;
    }
    const bool is_read = fill_slot(&runtime->changes->items[i], bytes);
    ASSAY_ASSERT(is_read); /* it was reviewed */
    const enum assay_status kept = save_change(runtime, i);
    if (kept != ASSAY_OK) {
        runtime_fail(runtime, kept, "store change");
        return kept;
    }
    offer_change(runtime, &runtime->changes->items[i]);
    log_submitted(runtime, &draft->change);
    return status;
}

bool runtime_change_next(const struct assay_runtime *runtime, uint32_t *at,
                         struct assay_slice *record)
{
    ASSAY_ASSERT(*at <= RUNTIME_CHANGES_MAX);
    for (; *at < RUNTIME_CHANGES_MAX; (*at)++) {
        const struct host_change *item = &runtime->changes->items[*at];
        if (item->len == 0) continue;
        *record = assay_slice_over(item->bytes, item->len);
        (*at)++;
        return true;
    }
    return false;
}

/* ------------------------------------------------------------ reverted changes */

/* Stored as the sequence number in 8 bytes, then node ids: a name may belong to another member
 * later. */
enum { SEQUENCE_LEN = 8, FELLED_LEN_MAX = SEQUENCE_LEN + 32 * ASSAY_MEMBERS_MAX };

static bool is_suspended(const struct assay_runtime *runtime, uint16_t slot, uint64_t epoch,
                         uint8_t node_id[static 32])
{
    ASSAY_ASSERT(slot < runtime->members);
    struct assay_member_snapshot member;
    assay_engine_member_snapshot(runtime->engine, slot, &member);
    assay_bytes_copy(node_id, 32, member.node_id, 32);
    return member.watched_weight > 0 && (member.felled || runtime->fail_epoch[slot] == epoch);
}

void runtime_suspensions_save(struct assay_runtime *runtime, uint64_t sequence, char *names,
                              size_t names_len)
{
    ASSAY_ASSERT(runtime->members <= ASSAY_MEMBERS_MAX && names_len > 0);
    const struct assay_store_key key = { .number = RUNTIME_META_SUSPENSIONS };
    struct assay_engine_snapshot chain;
    uint8_t bytes[FELLED_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_slice value = { 0 };
    size_t used = 0;
    names[0] = '\0';
    assay_engine_snapshot(runtime->engine, &chain);
    assay_writer_u64be(&w, sequence);
    for (uint16_t slot = 0; slot < runtime->members; slot++) {
        uint8_t node_id[32];
        char name[ASSAY_NAME_MAX + 1];
        if (!is_suspended(runtime, slot, chain.epoch, node_id)) continue;
        assay_writer_put(&w, node_id, sizeof node_id);
        const int n = snprintf(names + used, names_len - used, "%s%s", used > 0 ? ", " : "",
                               runtime_slot_name(runtime, slot, name, sizeof name));
        if (n > 0 && (size_t)n < names_len - used) used += (size_t)n;
    }
    ASSAY_ASSERT(used < names_len);
    assay_dispatch_request_commit(runtime->dispatch);
    enum assay_status status = assay_writer_finish(&w, &value);
    if (status == ASSAY_OK)
        status = assay_store_put(runtime->config.store, ASSAY_STORE_META, &key, value);
    if (status != ASSAY_OK) runtime_fail(runtime, status, "store change");
}

size_t runtime_suspensions_load(struct assay_runtime *runtime, uint64_t sequence, uint64_t *slots,
                                size_t capacity)
{
    const struct assay_store_key key = { .number = RUNTIME_META_SUSPENSIONS };
    uint8_t bytes[FELLED_LEN_MAX];
    size_t len = 0, count = 0;
    if (assay_store_get(runtime->config.store, ASSAY_STORE_META, &key, bytes, sizeof bytes, &len) !=
            ASSAY_OK ||
        len < SEQUENCE_LEN)
        return 0;
    uint64_t of = 0;
    for (size_t i = 0; i < SEQUENCE_LEN; i++)
        of = of << 8 | bytes[i];
    for (size_t at = SEQUENCE_LEN; of == sequence && at + 32 <= len && count < capacity; at += 32) {
        const uint32_t slot = runtime_find_slot(runtime, bytes + at);
        if (slot < runtime->members) slots[count++] = slot;
    }
    return count;
}

void runtime_change_end_save(struct assay_runtime *runtime, uint64_t sequence,
                             enum assay_change_end end)
{
    ASSAY_ASSERT((unsigned)end <= ASSAY_CHANGE_DROPPED);
    const struct assay_store_key key = { .epoch = sequence, .number = RUNTIME_META_CHANGE_ENDS };
    const uint8_t value = (uint8_t)end;
    assay_dispatch_request_commit(runtime->dispatch);
    const enum assay_status status = assay_store_put(runtime->config.store, ASSAY_STORE_META, &key,
                                                     assay_slice_over(&value, sizeof value));
    if (status != ASSAY_OK) runtime_fail(runtime, status, "store change");
}

enum assay_change_end runtime_change_end_load(struct assay_runtime *runtime, uint64_t sequence)
{
    const struct assay_store_key key = { .epoch = sequence, .number = RUNTIME_META_CHANGE_ENDS };
    uint8_t value = 0;
    size_t len = 0;
    if (assay_store_get(runtime->config.store, ASSAY_STORE_META, &key, &value, sizeof value,
                        &len) != ASSAY_OK ||
        len != sizeof value || value > ASSAY_CHANGE_DROPPED)
        return ASSAY_CHANGE_NONE;
    return (enum assay_change_end)value;
}
