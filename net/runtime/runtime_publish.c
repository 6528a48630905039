/*
 * net/runtime/runtime_publish.c - data for the HTTP server: snapshots, closed epochs, events.
 *
 * A closed epoch is read back from the store, rows and blocks, so that a node that was restarted
 * shows the same as one that was not. Blocks were final when they were stored: nothing is verified
 * again.
 */
#include "net/runtime/runtime_internal.h"

#include "engine/consensus/block.h"
#include "engine/ledger/records/record.h"
#include "engine/sync/key_list_page.h"
#include "net/documents/document.h"
#include "net/documents/document_rules.h"
#include "net/documents/key_table.h"
#include "net/http/http.h"
#include "net/timeline/history.h"
#include "quote/accept/policy.h"
#include "scoring/tally.h"

#include <stdlib.h>

enum {
    VOTES_AT_START = 64
}; /* epochs whose blocks are read at start; earlier ones show rows only */

/* ------------------------------------------------------------ rows of an epoch */

static struct assay_store_key first_key(uint32_t era, uint64_t epoch)
{
    return (struct assay_store_key){ .era = era, .epoch = epoch };
}

static struct assay_store_key last_key(uint32_t era, uint64_t epoch)
{
    struct assay_store_key key = { .era = era, .epoch = epoch, .number = UINT64_MAX };
    for (size_t i = 0; i < sizeof key.id; i++)
        key.id[i] = 0xff;
    return key;
}

struct reading {
    struct assay_runtime *runtime;
    struct assay_http_epoch *epoch;
    struct assay_record *record; /* large: off the stack */
    uint64_t rows;
    bool quiet; /* read again: its proof was published */
};

static bool read_row(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct reading *reading = context;
    struct assay_history_row row;
    if (key->number >= reading->runtime->members) return true;
    if (assay_history_decode(value, &row) != ASSAY_OK) return true; /* of another version */
    const uint16_t slot = (uint16_t)key->number;
    reading->rows++;
    reading->epoch->rows[slot].row = row;
    reading->epoch->certified = row.certified;
    return true;
}

/* Weight as a voter of this epoch, set by the close before. */
static bool read_weight(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct reading *reading = context;
    ASSAY_ASSERT(reading->epoch != NULL);
    struct assay_history_row row;
    if (key->number >= reading->epoch->count || assay_history_decode(value, &row) != ASSAY_OK)
        return true;
    reading->epoch->rows[key->number].has_voter_weight = true;
    reading->epoch->rows[key->number].voter_weight = row.weight;
    return true;
}

/* ------------------------------------------------------------ votes of an epoch */

static void add_ballot(struct reading *reading, const struct assay_ballot *ballot)
{
    struct assay_http_epoch *epoch = reading->epoch;
    ASSAY_ASSERT(epoch->count == reading->runtime->members);
    const uint32_t voter = runtime_find_slot(reading->runtime, ballot->node_id);
    /* The first ballot counts; a roster of another size is not this one. */
    if (voter >= epoch->count || epoch->rows[voter].balloted || ballot->epoch != epoch->epoch ||
        ballot->row.len != assay_votes_row_len(epoch->count))
        return;
    epoch->rows[voter].balloted = true;
    for (uint32_t s = 0; s < epoch->count; s++)
        epoch->outcomes[(size_t)voter * epoch->count + s] = assay_http_outcome_letter(
            (uint8_t)assay_votes_outcome(assay_votes_row_get(ballot->row.bytes, s)));
}

static void add_lie(struct reading *reading, const struct assay_record *record)
{
    ASSAY_ASSERT(reading->quiet || reading->runtime->http != NULL);
    const struct assay_http_epoch *epoch = reading->epoch;
    const uint32_t voter = runtime_find_slot(reading->runtime, record->ballot.node_id);
    const uint32_t subject = runtime_find_slot(reading->runtime, record->envelope.node_id);
    if (voter >= epoch->count || subject >= epoch->count ||
        record->ballot.row.len != assay_votes_row_len(epoch->count))
        return;
    const struct assay_http_false_vote lie = {
        .epoch = record->ballot.epoch,
        .found_epoch = epoch->epoch,
        .verifier = (uint16_t)voter,
        .subject = (uint16_t)subject,
        .outcome = assay_http_outcome_letter(
            (uint8_t)assay_votes_outcome(assay_votes_row_get(record->ballot.row.bytes, subject))),
    };
    if (!reading->quiet) assay_http_false_vote(reading->runtime->http, &lie);
}

static void add_record(struct reading *reading, const struct assay_record *record)
{
    ASSAY_ASSERT(reading->epoch != NULL);
    if (record->kind == ASSAY_RECORD_BALLOT) add_ballot(reading, &record->ballot);
    if (record->kind == ASSAY_RECORD_CONTRADICTION) add_lie(reading, record);
    if (record->kind == ASSAY_RECORD_FAIL && record->envelope.epoch == reading->epoch->epoch) {
        const uint32_t subject = runtime_find_slot(reading->runtime, record->envelope.node_id);
        if (subject < reading->epoch->count) reading->epoch->rows[subject].proven_fail = true;
    }
}

/* An unreadable block is reported by the audit, not here. */
static bool read_block(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct reading *reading = context;
    ASSAY_ASSERT(reading->epoch != NULL && reading->record != NULL);
    struct assay_proposal proposal;
    struct assay_cursor body;
    struct assay_slice bytes;
    uint64_t count = 0;
    (void)key;
    if (assay_proposal_decode(value, &proposal) != ASSAY_OK ||
        assay_body_open(proposal.body, &body, &count) != ASSAY_OK)
        return true;
    for (uint64_t i = 0; i < count && assay_body_next(&body, &bytes) == ASSAY_OK; i++)
        if (assay_record_decode(bytes, reading->record) == ASSAY_OK)
            add_record(reading, reading->record);
    return true;
}

static enum assay_status read_blocks(struct reading *reading)
{
    ASSAY_ASSERT(reading->epoch != NULL && reading->record != NULL);
    const struct assay_http_epoch *epoch = reading->epoch;
    struct assay_store *store = reading->runtime->config.store;
    const struct assay_store_key from = first_key(epoch->era, epoch->epoch);
    const struct assay_store_key to = last_key(epoch->era, epoch->epoch);
    reading->epoch->has_votes = true;
    return store->ops->scan(store, ASSAY_STORE_BLOCK, &from, &to, false, read_block, reading);
}

/* What the engine had while the epoch ran. */
static void add_running_weights(const struct assay_runtime *runtime, struct assay_http_epoch *epoch)
{
    if (runtime->voter_weights == NULL || runtime->voter_epoch != epoch->epoch) return;
    ASSAY_ASSERT(epoch->count <= runtime->members);
    for (uint32_t i = 0; i < epoch->count; i++) {
        if (epoch->rows[i].has_voter_weight) continue;
        epoch->rows[i].has_voter_weight = true;
        epoch->rows[i].voter_weight = runtime->voter_weights[i];
    }
}

static void take_running_weights(struct assay_runtime *runtime, uint64_t epoch)
{
    if (runtime->voter_weights == NULL) return;
    for (uint16_t slot = 0; slot < runtime->members; slot++) {
        struct assay_member_snapshot member;
        assay_engine_member_snapshot(runtime->engine, slot, &member);
        runtime->voter_weights[slot] = member.weight;
    }
    runtime->voter_epoch = epoch;
}

static enum assay_status read_weights(struct reading *reading)
{
    ASSAY_ASSERT(reading->epoch != NULL);
    const struct assay_http_epoch *epoch = reading->epoch;
    struct assay_store *store = reading->runtime->config.store;
    if (epoch->epoch == 0) return ASSAY_OK;
    const struct assay_store_key from = first_key(epoch->era, epoch->epoch - 1);
    const struct assay_store_key to = last_key(epoch->era, epoch->epoch - 1);
    return store->ops->scan(store, ASSAY_STORE_SCORE, &from, &to, false, read_weight, reading);
}

/* ------------------------------------------------------------ an epoch */

static struct assay_http_epoch *new_epoch(const struct assay_runtime *runtime, uint32_t era,
                                          uint64_t number)
{
    struct assay_http_epoch *epoch = assay_http_epoch_create(runtime->members);
    if (epoch == NULL) return NULL;
    epoch->era = era;
    epoch->epoch = number;
    for (uint16_t slot = 0; slot < runtime->members; slot++) {
        struct assay_http_row *row = &epoch->rows[slot];
        (void)runtime_slot_name(runtime, slot, row->name, sizeof row->name);
        assay_bytes_copy(row->node_id, 32, runtime->config.genesis->members[slot].node_id, 32);
    }
    return epoch;
}

/* Out of memory: one epoch less is shown. An unreadable store stops the node. */
static enum assay_status read_epoch(struct assay_runtime *runtime, uint32_t era, uint64_t number,
                                    bool votes)
{
    const struct assay_store_key from = first_key(era, number), to = last_key(era, number);
    struct assay_store *store = runtime->config.store;
    struct reading reading = { .runtime = runtime };
    enum assay_status status = ASSAY_OK;
    if (runtime->http == NULL) return ASSAY_OK;
    reading.epoch = new_epoch(runtime, era, number);
    reading.record = malloc(sizeof *reading.record);
    const bool has_room = reading.epoch != NULL && reading.record != NULL;
    if (has_room)
        status = store->ops->scan(store, ASSAY_STORE_SCORE, &from, &to, false, read_row, &reading);
    const bool shown = has_room && reading.rows > 0;
    if (status == ASSAY_OK && shown && votes) status = read_blocks(&reading);
    if (status == ASSAY_OK && shown && votes) status = read_weights(&reading);
    if (status == ASSAY_OK && shown && votes) add_running_weights(runtime, reading.epoch);
    if (shown && status == ASSAY_OK) {
        assay_http_epoch(runtime->http, reading.epoch);
        reading.epoch = NULL;
    }
    assay_http_epoch_release(&reading.epoch);
    free(reading.record);
    return status;
}

void runtime_publish_on_epoch_closed(struct assay_runtime *runtime, uint64_t epoch)
{
    struct assay_engine_snapshot snapshot;
    assay_engine_snapshot(runtime->engine, &snapshot);
    ASSAY_ASSERT(snapshot.epoch == epoch + 1);
    const enum assay_status status = read_epoch(runtime, snapshot.era, epoch, true);
    if (status != ASSAY_OK) runtime_fail(runtime, status, "store");
    take_running_weights(runtime, snapshot.epoch);
}

const struct assay_http_epoch *runtime_votes_load(struct assay_runtime *runtime, uint32_t era,
                                                  uint64_t epoch)
{
    struct reading reading = { .runtime = runtime, .quiet = true };
    reading.epoch = new_epoch(runtime, era, epoch);
    reading.record = malloc(sizeof *reading.record);
    if (reading.epoch == NULL || reading.record == NULL || read_blocks(&reading) != ASSAY_OK)
        assay_http_epoch_release(&reading.epoch);
    free(reading.record);
    return reading.epoch;
}

void runtime_votes_free(const struct assay_http_epoch **epoch)
{
    union {
        const struct assay_http_epoch *in;
        struct assay_http_epoch *out;
    } own = { .in = *epoch };
    assay_http_epoch_release(&own.out);
    *epoch = NULL;
}

/* ------------------------------------------------------------ lists of workload keys */

/* Read from the store when the roots of the head state change, a few for each snapshot, so that a
 * node of many members that starts does not stall. What is missing is tried again. */
enum {
    LOADS_MAX = 32, /* of one snapshot: some 2 ms */
    RETRY_MS = 500, /* the engine requests what is missing of its peers */
};

static enum assay_status load_key_list(void *context, uint32_t slot, const uint8_t root[static 32],
                                       struct assay_authz_list **list)
{
    struct assay_runtime *runtime = context;
    uint8_t buffer[ASSAY_DECLARED_KEYS_LEN_MAX];
    struct assay_slice bytes;
    ASSAY_TRY(
        assay_declared_list_load(runtime->config.store, slot, root, buffer, sizeof buffer, &bytes));
    return assay_authz_list_create(bytes, root, list);
}

/* Returns: whether something that was missing is not tried again yet, and nothing else changed. */
static bool is_too_early(const struct assay_runtime *runtime,
                         const struct assay_engine_snapshot *chain)
{
    return runtime->key_table.missing > 0 && runtime->key_table.epoch == chain->epoch &&
           runtime->now_ms < runtime->key_table.retry_ms;
}

void runtime_key_table_update(struct assay_runtime *runtime, struct assay_snapshot *s)
{
    struct assay_authz_table *const old = runtime->key_table.table;
    if (old != NULL && is_too_early(runtime, &s->chain)) return;
    struct assay_member_keys_snapshot *members =
        calloc(s->member_count > 0 ? s->member_count : 1, sizeof *members);
    struct assay_authz_table *table = NULL;
    uint32_t missing = 0;
    for (uint32_t i = 0; members != NULL && i < s->member_count; i++)
        members[i] = s->members[i].ledger.keys;
    if (members != NULL)
        table = assay_authz_table_update(old, members, s->member_count, LOADS_MAX, load_key_list,
                                         runtime, &runtime->key_table.first, &missing);
    free(members);
    assay_authz_table_release(&runtime->key_table.table);
    runtime->key_table.table = table; /* NULL without memory: then no key is reported */
    runtime->key_table.missing = missing;
    runtime->key_table.epoch = s->chain.epoch;
    runtime->key_table.retry_ms = runtime->now_ms + RETRY_MS;
    s->keys = table;
}

void runtime_key_table_close(struct assay_runtime *runtime)
{
    assay_authz_table_release(&runtime->key_table.table);
}

/* ------------------------------------------------------------ opening and polling */

static enum assay_status open_http(struct assay_runtime *runtime,
                                   char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    ASSAY_ASSERT(runtime->http == NULL || runtime->renewed);
    const struct assay_runtime_http *c = &runtime->config.http;
    const struct assay_http_config config = { .socket_path = c->socket_path,
                                              .address = c->address,
                                              .certificate = c->certificate,
                                              .key = c->key,
                                              .clients = c->clients,
                                              .roles = c->roles,
                                              .role_count = c->role_count,
                                              .local_role = c->local_role,
                                              .accept_plain = c->accept_plain,
                                              .state_dir = c->state_dir,
                                              .metrics_members = c->metrics_members,
                                              .timeline = runtime->timeline };
    if (runtime->http != NULL) return ASSAY_OK; /* the previous runtime opened it */
    if (c->socket_path == NULL && c->address == NULL) return ASSAY_OK;
    return assay_http_open(&config, runtime->boot, &runtime->http, message,
                           ASSAY_RUNTIME_MESSAGE_LEN);
}

/* Each runtime of a process has its own effective rules. */
static void publish_rules(struct assay_runtime *runtime)
{
    if (runtime->http == NULL) return;
    struct assay_json *policy = assay_document_policy(runtime->config.policy);
    struct assay_json *collateral =
        assay_document_collateral(runtime->config.endorsements, runtime->config.policy);
    struct assay_http_rules *rules =
        assay_http_rules_create(assay_json_print(policy, 0), assay_json_print(collateral, 0));
    for (uint32_t i = 0; rules != NULL && i < runtime->config.policy->root_count; i++) {
        uint8_t root[32];
        assay_key_name(&runtime->config.policy->roots[i].key, root);
        assay_http_rules_name_vendor(rules, root, runtime->config.policy->roots[i].name);
    }
    assay_http_rules(runtime->http, rules);
    assay_json_free(&policy);
    assay_json_free(&collateral);
}

enum assay_status runtime_publish_open(struct assay_runtime *runtime,
                                       char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    struct assay_engine_snapshot snapshot;
    assay_engine_snapshot(runtime->engine, &snapshot);
    ASSAY_TRY(open_http(runtime, message));
    publish_rules(runtime);
    if (runtime->http != NULL)
        runtime->voter_weights = calloc(runtime->members, sizeof *runtime->voter_weights);
    take_running_weights(runtime, snapshot.epoch);
    /* Data of the previous runtime stays; only newer data is added, in order. */
    const uint64_t now = snapshot.epoch;
    for (uint64_t e = now > ASSAY_HTTP_EPOCHS ? now - ASSAY_HTTP_EPOCHS : 1; e < now; e++)
        ASSAY_TRY(
            read_epoch(runtime, snapshot.era, e, now - e <= VOTES_AT_START && !runtime->renewed));
    return ASSAY_OK;
}

void runtime_publish_close(struct assay_runtime *runtime)
{
    assay_http_close(&runtime->http);
    free(runtime->voter_weights);
    runtime->voter_weights = NULL;
}

void runtime_publish_set_due(struct assay_runtime *runtime)
{
    if (runtime->http != NULL) assay_http_set_due(runtime->http);
}

void runtime_publish_snapshot(struct assay_runtime *runtime)
{
    if (runtime->http == NULL) return;
    assay_http_publish(runtime->http, runtime_snapshot(runtime),
                       runtime->draining || runtime->stopping);
}

void runtime_publish_poll(struct assay_runtime *runtime)
{
    if (runtime->http == NULL) return;
    const uint64_t last = assay_timeline_log_last(runtime->timeline);
    if (last != runtime->timeline_notified) assay_http_notify(runtime->http);
    runtime->timeline_notified = last;
    assay_http_core_step(runtime->http, document_answer, runtime);
    if (assay_http_due(runtime->http, runtime->now_ms) || runtime->draining)
        runtime_publish_snapshot(runtime);
}
