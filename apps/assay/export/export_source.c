/*
 * apps/assay/export/export_source.c - records out of the documents timeline, export, status, nodes
 * and counters.
 */
#include "apps/assay/export/export_source.h"

#include "apps/client.h"
#include "base/assert.h"
#include "base/system_clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ queue */

/* Takes the record over. Returns: false without memory, and the record is freed. */
static bool push_item(struct export_queue *queue, struct assay_record *record,
                      const struct export_position *after)
{
    if (queue->head > 0 && queue->head + queue->count == queue->capacity) {
        for (size_t i = 0; i < queue->count; i++)
            queue->items[i] = queue->items[queue->head + i];
        queue->head = 0;
    }
    if (queue->count == queue->capacity) {
        const size_t capacity = queue->capacity == 0 ? 1024 : 2 * queue->capacity;
        struct export_item *const grown =
            reallocarray(queue->items, capacity, sizeof *queue->items);
        if (grown == NULL) {
            assay_telemetry_record_free(record);
            return false;
        }
        queue->items = grown;
        queue->capacity = capacity;
    }
    queue->items[queue->head + queue->count++] = (struct export_item){ *record, *after };
    return true;
}

size_t export_queue_batch(struct export_queue *queue, const struct export_item **items)
{
    *items = queue->items + queue->head;
    return queue->count < EXPORT_BATCH_MAX ? queue->count : EXPORT_BATCH_MAX;
}

void export_queue_drop(struct export_queue *queue, size_t count)
{
    ASSAY_ASSERT(count <= queue->count);
    for (size_t i = 0; i < count; i++)
        assay_telemetry_record_free(&queue->items[queue->head + i].record);
    queue->head += count;
    queue->count -= count;
    if (queue->count == 0) queue->head = 0;
}

void export_queue_free(struct export_queue *queue)
{
    export_queue_drop(queue, queue->count);
    free(queue->items);
    *queue = (struct export_queue){ 0 };
}

/* ------------------------------------------------------------ requests */

/* Out: *document, freed by the caller, with READ_ALL. */
static enum export_read request_document(const struct export_source *source, const char *request,
                                         const char *schema, struct assay_json **document,
                                         char message[static EXPORT_MESSAGE_LEN])
{
    char fault[ASSAY_CLIENT_FAULT_LEN];
    const char *const socket = source->options->socket;
    const enum assay_status status =
        assay_client_request(socket, request, source->options->timeout_ms, document);
    if (status != ASSAY_OK) {
        assay_client_fault(socket, status, fault);
        (void)snprintf(message, EXPORT_MESSAGE_LEN, "%.200s: %s", socket, fault);
        return EXPORT_READ_UNREACHED;
    }
    const char *found = assay_json_text(*document, "schema", "");
    if (strcmp(found, schema) == 0) return EXPORT_READ_ALL;
    const char *detail = assay_json_text(assay_json_get(*document, "data"), "detail", found);
    (void)snprintf(message, EXPORT_MESSAGE_LEN, "%.200s: expected %s, found: %.300s", socket,
                   schema, detail);
    assay_json_free(document);
    return EXPORT_READ_REFUSED;
}

static enum export_read refuse_document(const struct export_source *source, const char *what,
                                        char message[static EXPORT_MESSAGE_LEN])
{
    (void)snprintf(message, EXPORT_MESSAGE_LEN, "%.200s: %s", source->options->socket, what);
    return EXPORT_READ_REFUSED;
}

/* Whether the daemon that was identified wrote it. Otherwise another one answers now, behind the
 * same socket or at the next endpoint of a context: nothing of it is recorded before the caller has
 * identified that one. */
static bool is_of_origin(struct export_source *source, const struct assay_json *document)
{
    const char *node = assay_json_text(document, "node", "");
    source->has_origin = source->has_origin && strcmp(node, source->origin.node) == 0;
    return source->has_origin;
}

/* The same for a timeline. A boot is one run of one daemon; the origin was asked for between two
 * answers with the same boot. */
static bool is_of_boot(struct export_source *source, const struct assay_json *document)
{
    const char *boot = assay_json_text(assay_json_get(document, "data"), "boot", "");
    if (strcmp(boot, source->boot) != 0) source->has_origin = false;
    (void)snprintf(source->boot, sizeof source->boot, "%s", boot);
    return is_of_origin(source, document);
}

enum export_read export_source_identify(struct export_source *source,
                                        char message[static EXPORT_MESSAGE_LEN])
{
    struct assay_json *document = NULL;
    const enum export_read read =
        request_document(source, "status", "assay.status", &document, message);
    if (read != EXPORT_READ_ALL) return read;
    const struct assay_json *data = assay_json_get(document, "data");
    struct assay_record_origin *o = &source->origin;
    (void)snprintf(o->chain_id, sizeof o->chain_id, "%s", assay_json_text(data, "chain_id", ""));
    (void)snprintf(o->node_id, sizeof o->node_id, "%s", assay_json_text(data, "node_id", ""));
    (void)snprintf(o->node, sizeof o->node, "%s", assay_json_text(document, "node", ""));
    assay_json_free(&document);
    if (o->chain_id[0] == '\0' || o->node_id[0] == '\0')
        return refuse_document(source, "its status has no chain_id or node_id", message);
    source->has_origin = true;
    return EXPORT_READ_ALL;
}

/* ------------------------------------------------------------ events */

static bool push_gap(struct export_source *source, struct export_queue *queue,
                     const struct assay_record_gap *gap)
{
    struct assay_record record;
    if (assay_telemetry_record_of_gap(source->options->what, &source->origin, gap, &record) !=
        ASSAY_OK)
        return false;
    return push_item(queue, &record, &source->position);
}

static bool is_same_event(const struct assay_json *event, const struct export_mark *mark)
{
    return mark->seq != 0 && assay_json_uint(event, "seq", 0) == mark->seq &&
           assay_json_uint(event, "at_unix_ms", 0) == mark->at_unix_ms;
}

static bool was_exported(const struct export_position *p, const struct assay_json *event)
{
    for (size_t i = 0; i < EXPORT_MARKS; i++)
        if (is_same_event(event, &p->marks[i])) return true;
    return false;
}

/* Marks from this number on are of events that are gone. */
static void forget_marks(struct export_position *p, uint64_t seq)
{
    for (size_t i = 0; i < EXPORT_MARKS; i++)
        if (p->marks[i].seq >= seq) p->marks[i] = (struct export_mark){ 0 };
}

/* In place of the oldest. */
static void add_mark(struct export_position *p)
{
    size_t oldest = 0;
    for (size_t i = 1; i < EXPORT_MARKS; i++)
        if (p->marks[i].seq < p->marks[oldest].seq) oldest = i;
    p->marks[oldest] = (struct export_mark){ p->seq, p->at_unix_ms };
}

/* The numbers restarted, or events are gone that were never read. e: the next event that is
 * exported; NULL: none. Returns: false without memory */
static bool note_gap(struct export_source *source, struct export_queue *queue,
                     const struct assay_json *data, const struct assay_json *e)
{
    struct export_position *const p = &source->position;
    const uint64_t gone = assay_json_uint(data, "gone_seq", 0);
    const uint64_t next =
        e != NULL ? assay_json_uint(e, "seq", 0) : assay_json_uint(data, "last_seq", 0) + 1;
    struct assay_record_gap gap = { .after = p->seq,
                                    .until = gone,
                                    .at_unix_ms = e != NULL ? assay_json_uint(e, "at_unix_ms", 0)
                                                            : p->at_unix_ms };
    const bool is_lost =
        source->scans &&
        (next <= p->seq || (source->is_lost && (gone <= p->seq || gone <= p->gone)));
    source->is_lost = false;
    if (is_lost) {
        gap.until = 0;
        gap.why = "the daemon lost its timeline and numbers its events from the beginning";
        p->seq = next - 1;
        forget_marks(p, next);
    } else if (gone > p->seq && gone > p->gone) {
        gap.why = "the daemon no longer retained all of them (node.history_events)";
    } else {
        return true;
    }
    p->gone = gone;
    return push_gap(source, queue, &gap);
}

static bool push_event(struct export_source *source, struct export_queue *queue,
                       const struct assay_json *event)
{
    struct export_position *const p = &source->position;
    struct assay_record record;
    if (assay_telemetry_record_of_event(&source->origin, event, &record) != ASSAY_OK) return false;
    p->seq = assay_json_uint(event, "seq", 0);
    p->at_unix_ms = record.at_unix_ms;
    add_mark(p);
    return push_item(queue, &record, p);
}

static bool push_events(struct export_source *source, struct export_queue *queue,
                        const struct assay_json *data)
{
    const struct assay_json *events = assay_json_get(data, "events");
    const size_t count = assay_json_count(events);
    for (size_t i = 0; i < count; i++) {
        const struct assay_json *event = assay_json_at(events, i);
        source->scanned = assay_json_uint(event, "seq", source->scanned);
        if (source->scans && was_exported(&source->position, event)) continue;
        if (!note_gap(source, queue, data, event) || !push_event(source, queue, event))
            return false;
    }
    return true;
}

/* The number of the newest marked event that the timeline still has; 0: none. */
static uint64_t find_mark(const struct export_position *p, const struct assay_json *events)
{
    uint64_t found = 0;
    for (size_t i = 0; i < assay_json_count(events); i++) {
        const struct assay_json *event = assay_json_at(events, i);
        if (was_exported(p, event)) found = assay_json_uint(event, "seq", 0);
    }
    return found;
}

/* Another process numbers the events: where it goes on. Returns: READ_MORE, or why not */
static enum export_read compare_numbers(struct export_source *source,
                                        char message[static EXPORT_MESSAGE_LEN])
{
    char request[64];
    struct assay_json *document = NULL;
    struct export_position *const p = &source->position;
    uint64_t first = p->seq;
    for (size_t i = 0; i < EXPORT_MARKS; i++)
        if (p->marks[i].seq != 0 && p->marks[i].seq < first) first = p->marks[i].seq;
    /* Of what was exported, nothing but marked events is behind the first: one page has one of
     * them, if any is left. */
    (void)snprintf(request, sizeof request, "timeline since=%" PRIu64, first - 1);
    const enum export_read read =
        request_document(source, request, "assay.timeline", &document, message);
    if (read != EXPORT_READ_ALL) return read;
    if (is_of_boot(source, document)) {
        source->scanned = find_mark(p, assay_json_get(assay_json_get(document, "data"), "events"));
        source->scans = source->scanned != p->seq;
        source->is_lost = source->scanned == 0;
        (void)snprintf(p->boot, sizeof p->boot, "%s", source->boot);
    }
    assay_json_free(&document);
    return EXPORT_READ_MORE;
}

/* A page of the daemon that was identified. */
static enum export_read take_events(struct export_source *source, struct export_queue *queue,
                                    const struct assay_json *data,
                                    char message[static EXPORT_MESSAGE_LEN])
{
    const bool more =
        assay_json_kind_of(assay_json_get(data, "next_since")) == ASSAY_JSON_INTEGER &&
        assay_json_count(assay_json_get(data, "events")) > 0;
    if (!push_events(source, queue, data))
        return refuse_document(source, "an event without a number, or no memory", message);
    if (!more && !note_gap(source, queue, data, NULL))
        return refuse_document(source, "no memory", message);
    source->scans = source->scans && more;
    return more ? EXPORT_READ_MORE : EXPORT_READ_ALL;
}

static enum export_read read_events(struct export_source *source, struct export_queue *queue,
                                    char message[static EXPORT_MESSAGE_LEN])
{
    char request[64];
    struct assay_json *document = NULL;
    struct export_position *const p = &source->position;
    (void)snprintf(request, sizeof request, "timeline since=%" PRIu64,
                   source->scans ? source->scanned : p->seq);
    enum export_read read = request_document(source, request, "assay.timeline", &document, message);
    if (read != EXPORT_READ_ALL) return read;
    const struct assay_json *data = assay_json_get(document, "data");
    const char *boot = assay_json_text(data, "boot", "");
    if (boot[0] == '\0' || strlen(boot) >= sizeof p->boot ||
        assay_json_kind_of(assay_json_get(data, "gone_seq")) != ASSAY_JSON_INTEGER) {
        read = refuse_document(source,
                               "its timeline has no boot or no gone_seq: assayd and assay are of "
                               "different versions",
                               message);
    } else if (!is_of_boot(source, document)) {
        read = EXPORT_READ_MORE;
    } else if (strcmp(boot, p->boot) != 0 && p->seq > 0 && p->boot[0] != '\0') {
        read = compare_numbers(source, message);
    } else {
        (void)snprintf(p->boot, sizeof p->boot, "%s", boot);
        read = take_events(source, queue, data, message);
    }
    assay_json_free(&document);
    return read;
}

/* ------------------------------------------------------------ scores and orders */

/* Returns: false without memory, or when a row has no slot */
static bool push_members(struct export_source *source, struct export_queue *queue,
                         const struct assay_json *epoch)
{
    const struct export_options *o = source->options;
    struct export_position *const p = &source->position;
    const struct assay_json *members = assay_json_get(epoch, "members");
    const uint64_t number = assay_json_uint(epoch, "epoch", 0);
    const size_t count = assay_json_count(members);
    for (size_t i = p->rows; i < count; i++) {
        struct assay_record record;
        const enum assay_status status =
            assay_telemetry_record_of_member(o->what, o->votes, o->identify, &source->origin, epoch,
                                             assay_json_at(members, i), &record);
        if (status != ASSAY_OK && status != ASSAY_E_NOT_FOUND) return false;
        p->seq = 1;
        p->epoch = i + 1 < count ? number : number + 1;
        p->rows = i + 1 < count ? i + 1 : 0;
        if (status == ASSAY_OK && !push_item(queue, &record, p)) return false;
    }
    p->epoch = number + 1;
    p->rows = 0;
    return true;
}

static bool push_epochs(struct export_source *source, struct export_queue *queue,
                        const struct assay_json *epochs)
{
    struct export_position *const p = &source->position;
    for (size_t i = 0; i < assay_json_count(epochs); i++) {
        const struct assay_json *epoch = assay_json_at(epochs, i);
        const uint64_t number = assay_json_uint(epoch, "epoch", 0);
        if (number < p->epoch) continue;
        if (number > p->epoch) {
            const struct assay_record_gap gap = {
                .after = p->epoch - 1,
                .until = number - 1,
                .why = "this node has no rows of them, or one epoch of an hour",
            };
            const bool noted = p->seq != 0 && source->options->identify;
            p->epoch = number;
            p->rows = 0;
            if (noted && !push_gap(source, queue, &gap)) return false;
        }
        if (!push_members(source, queue, epoch)) return false;
    }
    return true;
}

static enum export_read read_epochs(struct export_source *source, struct export_queue *queue,
                                    char message[static EXPORT_MESSAGE_LEN])
{
    char request[120];
    struct assay_json *document = NULL;
    const struct export_options *o = source->options;
    struct export_position *const p = &source->position;
    if (p->epoch > o->until) return EXPORT_READ_ALL;
    (void)snprintf(request, sizeof request, "export since=%" PRIu64 " until=%" PRIu64 "%s",
                   p->epoch, o->until, o->votes ? " votes" : "");
    enum export_read read = request_document(source, request, "assay.export", &document, message);
    if (read != EXPORT_READ_ALL) return read;
    const struct assay_json *data = assay_json_get(document, "data");
    const struct assay_json *epochs = assay_json_get(data, "epochs");
    if (strcmp(assay_json_text(data, "chain_id", ""), source->origin.chain_id) != 0)
        source->has_origin = false;
    if (!is_of_origin(source, document)) read = EXPORT_READ_MORE;
    else if (!push_epochs(source, queue, epochs))
        read = refuse_document(source, "a row without a slot, or no memory", message);
    else if (assay_json_kind_of(assay_json_get(data, "next_since")) == ASSAY_JSON_INTEGER &&
             assay_json_count(epochs) > 0)
        read = EXPORT_READ_MORE;
    assay_json_free(&document);
    return read;
}

enum export_read export_source_read(struct export_source *source, struct export_queue *queue,
                                    char message[static EXPORT_MESSAGE_LEN])
{
    ASSAY_ASSERT(source->has_origin);
    return source->options->what == ASSAY_RECORD_EVENTS ? read_events(source, queue, message)
                                                        : read_epochs(source, queue, message);
}

/* ------------------------------------------------------------ metrics */

/* The boot of a daemon is the time of its start, in Unix ms. */
static uint64_t read_start(const struct assay_json *timeline)
{
    char *end = NULL;
    const char *boot = assay_json_text(timeline, "boot", "");
    const unsigned long long start = strtoull(boot, &end, 16);
    return boot[0] != '\0' && *end == '\0' ? start : 0;
}

/* documents[0]: status. */
static bool is_same_daemon(struct export_source *source, struct assay_json *const documents[],
                           size_t count)
{
    const struct assay_record_origin *o = &source->origin;
    const struct assay_json *status = assay_json_get(documents[0], "data");
    if (strcmp(assay_json_text(status, "chain_id", ""), o->chain_id) != 0 ||
        strcmp(assay_json_text(status, "node_id", ""), o->node_id) != 0)
        source->has_origin = false;
    for (size_t i = 0; i < count && source->has_origin; i++)
        (void)is_of_origin(source, documents[i]);
    return source->has_origin;
}

enum export_read export_source_metrics(struct export_source *source,
                                       const struct assay_otlp_exporter *exporter, char **body,
                                       char message[static EXPORT_MESSAGE_LEN])
{
    /* Of the timeline only what is about all of it. */
    static const char *const requests[] = { "status", "nodes", "counters",
                                            "timeline since=9223372036854775807" };
    static const char *const schemas[] = { "assay.status", "assay.nodes", "assay.counters",
                                           "assay.timeline" };
    enum { DOCUMENTS = sizeof requests / sizeof requests[0] };
    struct assay_json *documents[DOCUMENTS] = { NULL };
    enum export_read read = EXPORT_READ_ALL;
    *body = NULL;
    for (size_t i = 0; i < DOCUMENTS && read == EXPORT_READ_ALL; i++)
        read = request_document(source, requests[i], schemas[i], &documents[i], message);
    if (read == EXPORT_READ_ALL) {
        const struct assay_otlp_documents d = {
            .at_unix_ms = assay_unix_ms(),
            .started_unix_ms = read_start(assay_json_get(documents[3], "data")),
            .status = assay_json_get(documents[0], "data"),
            .nodes = assay_json_get(documents[1], "data"),
            .counters = assay_json_get(documents[2], "data"),
        };
        if (!is_same_daemon(source, documents, DOCUMENTS))
            read = refuse_document(source, "another daemon answers", message);
        else *body = assay_otlp_metrics(&source->origin, &d, exporter);
        if (read == EXPORT_READ_ALL && *body == NULL)
            read = refuse_document(source, "no memory", message);
    }
    for (size_t i = 0; i < DOCUMENTS; i++)
        assay_json_free(&documents[i]);
    return read;
}
