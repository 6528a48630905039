/*
 * net/telemetry/otlp.c - log records and metrics as OTLP/JSON.
 */
#include "net/telemetry/otlp.h"

#include "base/assert.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CUMULATIVE = 2 }; /* AggregationTemporality */

/* ------------------------------------------------------------ values */

/* A 64-bit integer is a text in the JSON mapping of proto3. */
static void set_number(struct assay_json *object, const char *key, uint64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    assay_json_set_text(object, key, text);
}

static void set_nanoseconds(struct assay_json *object, const char *key, uint64_t unix_ms)
{
    static const uint64_t per_ms = 1000000;
    if (unix_ms == 0 || unix_ms > UINT64_MAX / per_ms) return; /* unknown: not set */
    set_number(object, key, unix_ms * per_ms);
}

static struct assay_json *text_value(const char *text)
{
    struct assay_json *value = assay_json_object();
    assay_json_set_text(value, "stringValue", text);
    return value;
}

/* Takes value over. */
static void append_attribute(struct assay_json *list, const char *key, struct assay_json *value)
{
    ASSAY_ASSERT(key[0] != '\0');
    struct assay_json *attribute = assay_json_object();
    assay_json_set_text(attribute, "key", key);
    assay_json_set(attribute, "value", value);
    assay_json_append(list, attribute);
}

static void append_text_attribute(struct assay_json *list, const char *key, const char *text)
{
    append_attribute(list, key, text_value(text));
}

/* Returns: NULL for what a record does not have. */
static struct assay_json *any_value(const struct assay_json *value)
{
    int64_t number = 0;
    char text[24];
    struct assay_json *any = NULL;
    if (assay_json_kind_of(value) == ASSAY_JSON_TEXT) return text_value(assay_json_as_text(value));
    if (assay_json_as_int(value, &number)) {
        any = assay_json_object();
        (void)snprintf(text, sizeof text, "%" PRId64, number);
        assay_json_set_text(any, "intValue", text);
    }
    return any;
}

/* ------------------------------------------------------------ resource and scope */

static struct assay_json *make_resource(const struct assay_record_origin *origin)
{
    ASSAY_ASSERT(origin->chain_id[0] != '\0' && origin->node_id[0] != '\0');
    struct assay_json *resource = assay_json_object(), *list = assay_json_array();
    append_text_attribute(list, "service.name", "assay");
    append_text_attribute(list, "service.version", ASSAY_VERSION);
    append_text_attribute(list, "service.instance.id", origin->node_id);
    append_text_attribute(list, "assay.chain.id", origin->chain_id);
    append_text_attribute(list, "assay.node.name", origin->node);
    assay_json_set(resource, "attributes", list);
    return resource;
}

static struct assay_json *make_scope(void)
{
    struct assay_json *scope = assay_json_object();
    assay_json_set_text(scope, "name", "assay.export");
    assay_json_set_text(scope, "version", ASSAY_VERSION);
    return scope;
}

/* {outer: [{resource, middle: [{scope, inner: items}]}]}, printed. Takes items over. */
static char *print_request(const struct assay_record_origin *origin, const char *outer,
                           const char *middle, const char *inner, struct assay_json *items)
{
    struct assay_json *request = assay_json_object(), *resources = assay_json_array();
    struct assay_json *of_resource = assay_json_object(), *scopes = assay_json_array();
    struct assay_json *of_scope = assay_json_object();
    assay_json_set(of_scope, "scope", make_scope());
    assay_json_set(of_scope, inner, items);
    assay_json_append(scopes, of_scope);
    assay_json_set(of_resource, "resource", make_resource(origin));
    assay_json_set(of_resource, middle, scopes);
    assay_json_append(resources, of_resource);
    assay_json_set(request, outer, resources);
    char *text = assay_json_print(request, 0);
    assay_json_free(&request);
    return text;
}

/* ------------------------------------------------------------ logs */

static void set_severity(struct assay_json *log, enum assay_severity severity)
{
    static const struct {
        uint64_t number;
        const char *text;
    } severities[] = {
        [ASSAY_SEVERITY_ERROR] = { 17, "ERROR" },
        [ASSAY_SEVERITY_WARNING] = { 13, "WARN" },
        [ASSAY_SEVERITY_INFO] = { 9, "INFO" },
        [ASSAY_SEVERITY_DEBUG] = { 5, "DEBUG" },
    };
    ASSAY_ASSERT((size_t)severity < sizeof severities / sizeof severities[0]);
    assay_json_set_uint(log, "severityNumber", severities[severity].number);
    assay_json_set_text(log, "severityText", severities[severity].text);
}

/* Resource attributes and the body have these already. */
static bool is_elsewhere(const char *key)
{
    ASSAY_ASSERT(key != NULL);
    static const char *const keys[] = { "id",         "chain_id", "node",     "at",
                                        "at_unix_ms", "text",     "severity", "event" };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(keys[i], key) == 0) return true;
    return false;
}

static struct assay_json *record_attributes(const struct assay_record *record)
{
    ASSAY_ASSERT(record->id[0] != '\0' && record->code[0] != '\0');
    struct assay_json *list = assay_json_array();
    const struct assay_json *value = NULL;
    const char *key = NULL;
    append_text_attribute(list, "log.record.uid", record->id);
    append_text_attribute(list, "event.name", record->code);
    for (size_t i = 0; assay_json_member(record->fields, i, &key, &value); i++) {
        char name[80];
        if (is_elsewhere(key)) continue;
        (void)snprintf(name, sizeof name, "assay.%s", key);
        if (assay_json_kind_of(value) == ASSAY_JSON_BOOL) {
            struct assay_json *truth = assay_json_object();
            assay_json_set_bool(truth, "boolValue", assay_json_bool(record->fields, key, false));
            append_attribute(list, name, truth);
        } else {
            struct assay_json *any = any_value(value);
            if (any != NULL) append_attribute(list, name, any);
        }
    }
    return list;
}

static struct assay_json *make_log(const struct assay_record *record, uint64_t observed_unix_ms)
{
    ASSAY_ASSERT(record->fields != NULL);
    struct assay_json *log = assay_json_object();
    const char *text = assay_telemetry_record_text(record);
    set_nanoseconds(log, "timeUnixNano", record->at_unix_ms);
    set_nanoseconds(log, "observedTimeUnixNano", observed_unix_ms);
    set_severity(log, record->severity);
    assay_json_set(log, "body", text_value(text[0] != '\0' ? text : record->code));
    assay_json_set(log, "attributes", record_attributes(record));
    return log;
}

char *assay_otlp_logs(const struct assay_record_origin *origin, uint64_t observed_unix_ms,
                      const struct assay_record *const *records, size_t count)
{
    ASSAY_ASSERT(records != NULL || count == 0);
    struct assay_json *logs = assay_json_array();
    for (size_t i = 0; i < count; i++)
        assay_json_append(logs, make_log(records[i], observed_unix_ms));
    return print_request(origin, "resourceLogs", "scopeLogs", "logRecords", logs);
}

/* ------------------------------------------------------------ metrics */

/* A label of a point; name NULL: none. */
struct label {
    const char *name, *value;
};

/* start_unix_ms 0: a gauge has none. */
static void append_point(struct assay_json *points, struct label label, uint64_t start_unix_ms,
                         uint64_t at_unix_ms, uint64_t value)
{
    ASSAY_ASSERT(label.name == NULL || label.value != NULL);
    struct assay_json *point = assay_json_object();
    if (label.name != NULL) {
        struct assay_json *list = assay_json_array();
        append_text_attribute(list, label.name, label.value);
        assay_json_set(point, "attributes", list);
    }
    set_nanoseconds(point, "startTimeUnixNano", start_unix_ms);
    set_nanoseconds(point, "timeUnixNano", at_unix_ms);
    set_number(point, "asInt", value > INT64_MAX ? INT64_MAX : value);
    assay_json_append(points, point);
}

/* Name, unit and meaning of a metric, and whether it is a sum that only increases. */
struct metric {
    const char *name, *unit, *description;
    bool is_sum;
};

/* Takes points over. A metric without points is none. */
static void append_metric(struct assay_json *metrics, const struct metric *m,
                          struct assay_json *points)
{
    ASSAY_ASSERT(m->name != NULL && m->unit != NULL && m->description != NULL);
    if (assay_json_count(points) == 0) {
        assay_json_free(&points);
        return;
    }
    struct assay_json *metric = assay_json_object(), *data = assay_json_object();
    assay_json_set_text(metric, "name", m->name);
    assay_json_set_text(metric, "description", m->description);
    assay_json_set_text(metric, "unit", m->unit);
    if (m->is_sum) {
        assay_json_set_uint(data, "aggregationTemporality", CUMULATIVE);
        assay_json_set_bool(data, "isMonotonic", true);
    }
    assay_json_set(data, "dataPoints", points);
    assay_json_set(metric, m->is_sum ? "sum" : "gauge", data);
    assay_json_append(metrics, metric);
}

/* Numbers and truths of `status`. */
static void append_status(struct assay_json *metrics, const struct assay_otlp_documents *d)
{
    static const struct {
        struct metric metric;
        const char *key;
    } rows[] = {
        { { "assay.epoch", "{epoch}", "Running epoch.", false }, "epoch" },
        { { "assay.height", "{block}", "Height of the newest final block.", false }, "height" },
        { { "assay.head.age", "ms", "Age of the newest final block.", false }, "head_age_ms" },
        { { "assay.node.stale", "1", "1 while the node has no fresh final block.", false },
          "stale" },
        { { "assay.weight", "1", "Weight of all members.", false }, "total_weight" },
        { { "assay.members", "{member}", "Members of the network.", false }, "member_count" },
        { { "assay.timeline.seq", "{event}", "Number of the newest event.", false },
          "timeline_seq" },
        { { "assay.uptime", "ms", "Uptime of the daemon.", false }, "uptime_ms" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct assay_json *value = assay_json_get(d->status, rows[i].key);
        struct assay_json *points = assay_json_array();
        if (assay_json_kind_of(value) == ASSAY_JSON_BOOL)
            append_point(points, (struct label){ 0 }, 0, d->at_unix_ms,
                         assay_json_bool(d->status, rows[i].key, false));
        else if (assay_json_kind_of(value) == ASSAY_JSON_INTEGER)
            append_point(points, (struct label){ 0 }, 0, d->at_unix_ms,
                         assay_json_uint(d->status, rows[i].key, 0));
        append_metric(metrics, &rows[i].metric, points);
    }
}

/* A point for each member. */
static void append_members(struct assay_json *metrics, const struct assay_otlp_documents *d)
{
    static const struct {
        struct metric metric;
        const char *key;
    } rows[] = {
        { { "assay.node.score", "{basis_point}", "Score, of 10000.", false }, "score_bp" },
        { { "assay.node.integrity", "{basis_point}", "Integrity, of 10000.", false },
          "integrity_bp" },
        { { "assay.node.availability", "{basis_point}", "Availability, of 10000.", false },
          "availability_bp" },
        { { "assay.node.weight", "1", "Weight in the running epoch.", false }, "weight" },
    };
    const struct assay_json *nodes = assay_json_get(d->nodes, "nodes");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct assay_json *points = assay_json_array();
        for (size_t n = 0; n < assay_json_count(nodes); n++) {
            const struct assay_json *node = assay_json_at(nodes, n);
            const struct label label = { "assay.member.name", assay_json_text(node, "name", "") };
            if (label.value[0] == '\0' || assay_json_get(node, rows[i].key) == NULL) continue;
            append_point(points, label, 0, d->at_unix_ms, assay_json_uint(node, rows[i].key, 0));
        }
        append_metric(metrics, &rows[i].metric, points);
    }
}

static void append_counters(struct assay_json *metrics, const struct assay_otlp_documents *d)
{
    static const struct metric metric = { "assay.peer.events", "{event}",
                                          "Rejected messages and other counted events.", true };
    struct assay_json *points = assay_json_array();
    const struct assay_json *value = NULL;
    const char *key = NULL;
    for (size_t i = 0; assay_json_member(d->counters, i, &key, &value); i++) {
        int64_t number = 0;
        if (!assay_json_as_int(value, &number) || number < 0) continue;
        append_point(points, (struct label){ "assay.counter", key }, d->started_unix_ms,
                     d->at_unix_ms, (uint64_t)number);
    }
    append_metric(metrics, &metric, points);
}

static void append_exporter(struct assay_json *metrics, const struct assay_otlp_exporter *e,
                            uint64_t at_unix_ms)
{
    const struct {
        struct metric metric;
        uint64_t value;
    } rows[] = {
        { { "assay.export.delivered", "{record}", "Records that receivers accepted.", true },
          e->delivered },
        { { "assay.export.refused", "{record}", "Records that receivers refused for good.", true },
          e->refused },
        { { "assay.export.metrics.dropped", "{request}",
            "Requests with metrics that were dropped for want of room.", true },
          e->dropped_metrics },
        { { "assay.export.pending", "{record}", "Records that wait for the receiver.", false },
          e->pending },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct assay_json *points = assay_json_array();
        append_point(points, (struct label){ 0 }, rows[i].metric.is_sum ? e->started_unix_ms : 0,
                     at_unix_ms, rows[i].value);
        append_metric(metrics, &rows[i].metric, points);
    }
}

char *assay_otlp_metrics(const struct assay_record_origin *origin,
                         const struct assay_otlp_documents *documents,
                         const struct assay_otlp_exporter *exporter)
{
    struct assay_json *metrics = assay_json_array();
    append_status(metrics, documents);
    append_members(metrics, documents);
    append_counters(metrics, documents);
    append_exporter(metrics, exporter, documents->at_unix_ms);
    return print_request(origin, "resourceMetrics", "scopeMetrics", "metrics", metrics);
}

/* ------------------------------------------------------------ answers */

/* As an integer, or as the text that the JSON mapping has. */
static uint64_t read_count(const struct assay_json *object, const char *key)
{
    ASSAY_ASSERT(key != NULL);
    const char *text = assay_json_text(object, key, NULL);
    if (text == NULL) return assay_json_uint(object, key, 0);
    char *end = NULL;
    const unsigned long long value = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' ? value : 0;
}

bool assay_otlp_read_answer(const char *body, size_t len, bool logs,
                            struct assay_otlp_answer *answer)
{
    ASSAY_ASSERT(body != NULL || len == 0);
    struct assay_json *document = NULL;
    *answer = (struct assay_otlp_answer){ 0 };
    if (len == 0) return true;
    if (assay_json_parse(body, len, &document) != ASSAY_OK) return false;
    const bool is_answer = assay_json_kind_of(document) == ASSAY_JSON_OBJECT;
    const struct assay_json *part = assay_json_get(document, "partialSuccess");
    answer->rejected = read_count(part, logs ? "rejectedLogRecords" : "rejectedDataPoints");
    (void)snprintf(answer->message, sizeof answer->message, "%s",
                   assay_json_text(part, "errorMessage", ""));
    for (char *c = answer->message; *c != '\0'; c++)
        if (*c < ' ' || *c > '~') *c = '?';
    assay_json_free(&document);
    return is_answer;
}
