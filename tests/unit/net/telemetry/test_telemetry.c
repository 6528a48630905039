/*
 * tests/unit/net/telemetry/test_telemetry.c - tests of records of exports, and of OTLP.
 *
 * Every record keeps its identity, hostile texts stay inside, 64-bit integers are texts.
 */
#include "net/telemetry/otlp.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct assay_record_origin origin = { .chain_id = "c0ffee00c0ffee00ffffffff",
                                                   .node_id = "1234567812345678aaaaaaaa",
                                                   .node = "alpha" };
static struct assay_record record;
static struct assay_json *document;
static char *text;

static void stop(void)
{
    assay_telemetry_record_free(&record);
    assay_json_free(&document);
    free(text);
}

TestSuite(net_telemetry, .fini = stop);

static struct assay_json *event_of(uint64_t seq, const char *sentence)
{
    struct assay_json *event = assay_json_object();
    assay_json_set_uint(event, "seq", seq);
    assay_json_set_uint(event, "at_unix_ms", 1767323045678);
    assay_json_set_uint(event, "epoch", 12);
    assay_json_set_text(event, "event", "fail_proven");
    assay_json_set_text(event, "severity", "warning");
    assay_json_set_uint(event, "b", UINT64_MAX);
    assay_json_set_text(event, "text", sentence);
    return event;
}

static void make_event(uint64_t seq, const char *sentence)
{
    struct assay_json *event = event_of(seq, sentence);
    assay_telemetry_record_free(&record);
    cr_assert_eq(assay_telemetry_record_of_event(&origin, event, &record), ASSAY_OK);
    assay_json_free(&event);
}

/* Parses `text`, which is freed. */
static const struct assay_json *parse(char *printed)
{
    cr_assert_not_null(printed);
    free(text);
    text = printed;
    assay_json_free(&document);
    cr_assert_eq(assay_json_parse(text, strlen(text), &document), ASSAY_OK, "%s", text);
    return document;
}

/* The path of keys and indices: "a.0.b", indices of one digit. */
static const struct assay_json *at(const struct assay_json *value, const char *path)
{
    char copy[200], *save = NULL;
    (void)snprintf(copy, sizeof copy, "%s", path);
    for (char *word = strtok_r(copy, ".", &save); word != NULL; word = strtok_r(NULL, ".", &save))
        value = word[0] >= '0' && word[0] <= '9' ? assay_json_at(value, (size_t)(word[0] - '0'))
                                                 : assay_json_get(value, word);
    return value;
}

static const char *attribute(const struct assay_json *list, const char *key, const char *kind)
{
    for (size_t i = 0; i < assay_json_count(list); i++)
        if (strcmp(assay_json_text(assay_json_at(list, i), "key", ""), key) == 0)
            return assay_json_text(assay_json_get(assay_json_at(list, i), "value"), kind, "?");
    return NULL;
}

Test(net_telemetry, an_event_keeps_its_identity)
{
    make_event(7, "node-3 failed");
    cr_expect_str_eq(record.id, "c0ffee00c0ffee00-1234567812345678-7-1767323045678");
    cr_expect_eq(record.severity, ASSAY_SEVERITY_WARNING);
    const struct assay_json *line = parse(assay_telemetry_record_jsonl(&record));
    cr_expect_str_eq(assay_json_text(line, "id", ""), record.id);
    cr_expect_str_eq(assay_json_text(line, "at", ""), "2026-01-02T03:04:05.678Z");
    cr_expect_eq(assay_json_uint(line, "seq", 0), 7);
    cr_expect_str_eq(assay_json_text(line, "b", ""), "18446744073709551615");
    struct assay_json *event = event_of(0, "no number");
    struct assay_record none;
    cr_expect_eq(assay_telemetry_record_of_event(&origin, event, &none), ASSAY_E_SYNTAX);
    assay_json_free(&event);
}

Test(net_telemetry, a_gap_says_from_where_to_where)
{
    const struct assay_record_gap gap = { 120, 270, 5000, "evicted" };
    cr_assert_eq(assay_telemetry_record_of_gap(ASSAY_RECORD_EVENTS, &origin, &gap, &record),
                 ASSAY_OK);
    const struct assay_json *line = parse(assay_telemetry_record_jsonl(&record));
    cr_expect_str_eq(assay_json_text(line, "kind", ""), "gap");
    cr_expect_str_eq(assay_json_text(line, "event", ""), "history_gap");
    cr_expect_eq(assay_json_uint(line, "a", 0), 120);
    cr_expect_eq(assay_json_uint(line, "b", 0), 270);
    cr_expect_eq(assay_json_uint(line, "at_unix_ms", 0), 5000);
    cr_expect_str_eq(assay_telemetry_record_text(&record),
                     "of events after 120 and up to 270 some are missing: evicted");
}

Test(net_telemetry, cells_are_quoted_and_no_formulas)
{
    make_event(7, "=1+1,\"x\"\r\ny");
    text = assay_telemetry_record_csv(ASSAY_RECORD_EVENTS, false, true, &record);
    cr_assert_not_null(text);
    cr_expect_not_null(strstr(text, ",\"'=1+1,\"\"x\"\"\r\ny\""), "%s", text);
    char *header = assay_telemetry_record_csv_header(ASSAY_RECORD_EVENTS, false, true);
    size_t columns = 0, cells = 0;
    for (const char *c = header; *c != '\0'; c++)
        columns += *c == ',';
    bool quoted = false;
    for (const char *c = text; *c != '\0'; c++) {
        quoted = quoted != (*c == '"');
        cells += *c == ',' && !quoted;
    }
    cr_expect_eq(cells, columns);
    free(header);
}

/* The first member's outcome of itself is a dash; a reader takes a letter for a member. */
Test(net_telemetry, outcomes_are_a_letter_a_member)
{
    struct assay_json *epoch = assay_json_object(), *member = assay_json_object();
    assay_json_set_uint(epoch, "epoch", 9);
    assay_json_set_uint(epoch, "era", 2);
    assay_json_set_uint(member, "slot", 3);
    assay_json_set_text(member, "name", "-1+1");
    assay_json_set_text(member, "outcomes", "-PPP");
    cr_assert_eq(assay_telemetry_record_of_member(ASSAY_RECORD_SCORES, true, true, &origin, epoch,
                                                  member, &record),
                 ASSAY_OK);
    text = assay_telemetry_record_csv(ASSAY_RECORD_SCORES, true, true, &record);
    cr_assert_not_null(text);
    cr_expect_not_null(strstr(text, ",-PPP,"), "%s", text);
    cr_expect_not_null(strstr(text, ",'-1+1,"), "%s", text);
    assay_json_free(&epoch);
    assay_json_free(&member);
}

Test(net_telemetry, orders_are_records_of_members_that_have_some)
{
    struct assay_json *epoch = assay_json_object(), *member = assay_json_object();
    assay_json_set_uint(epoch, "epoch", 9);
    assay_json_set_uint(epoch, "era", 2);
    assay_json_set_uint(member, "slot", 3);
    assay_json_set_text(member, "orders", "");
    assay_json_set_uint(member, "score_bp", 77);
    cr_expect_eq(assay_telemetry_record_of_member(ASSAY_RECORD_ORDERS, false, true, &origin, epoch,
                                                  member, &record),
                 ASSAY_E_NOT_FOUND);
    cr_assert_eq(assay_telemetry_record_of_member(ASSAY_RECORD_SCORES, false, true, &origin, epoch,
                                                  member, &record),
                 ASSAY_OK);
    cr_expect_str_eq(record.id, "c0ffee00c0ffee00-score-2-9-3");
    cr_expect_eq(assay_json_uint(record.fields, "score_bp", 0), 77);
    assay_telemetry_record_free(&record);
    assay_json_set_text(member, "orders", "RESTART");
    cr_assert_eq(assay_telemetry_record_of_member(ASSAY_RECORD_ORDERS, false, true, &origin, epoch,
                                                  member, &record),
                 ASSAY_OK);
    cr_expect_str_eq(record.id, "c0ffee00c0ffee00-order-2-9-3");
    cr_expect_null(assay_json_get(record.fields, "score_bp"));
    assay_json_free(&epoch);
    assay_json_free(&member);
}

Test(net_telemetry, a_log_record_is_of_the_protocol)
{
    make_event(7, "a \xff\"\\\n\x1b text");
    const struct assay_record *const records[] = { &record };
    const struct assay_json *request = parse(assay_otlp_logs(&origin, 1767323046000, records, 1));
    const struct assay_json *log = at(request, "resourceLogs.0.scopeLogs.0.logRecords.0");
    cr_expect_str_eq(assay_json_text(log, "timeUnixNano", ""), "1767323045678000000");
    cr_expect_str_eq(assay_json_text(log, "observedTimeUnixNano", ""), "1767323046000000000");
    cr_expect_eq(assay_json_uint(log, "severityNumber", 0), 13);
    cr_expect_str_eq(assay_json_text(at(log, "body"), "stringValue", ""), "a ?\"\\\n\x1b text");
    const struct assay_json *list = assay_json_get(log, "attributes");
    cr_expect_str_eq(attribute(list, "log.record.uid", "stringValue"), record.id);
    cr_expect_str_eq(attribute(list, "assay.seq", "intValue"), "7");
    cr_expect_null(attribute(list, "assay.at_unix_ms", "intValue"), "it has its own member");
    list = at(request, "resourceLogs.0.resource.attributes");
    cr_expect_str_eq(attribute(list, "service.name", "stringValue"), "assay");
    cr_expect_str_eq(attribute(list, "service.instance.id", "stringValue"), origin.node_id);
}

Test(net_telemetry, counters_are_cumulative_sums_with_a_start)
{
    struct assay_json *counters = assay_json_object();
    assay_json_set_uint(counters, "bad_frame", 3);
    const struct assay_otlp_documents d = { .at_unix_ms = 9000,
                                            .started_unix_ms = 4000,
                                            .counters = counters };
    const struct assay_otlp_exporter exporter = { .started_unix_ms = 5000, .delivered = 8 };
    const struct assay_json *request = parse(assay_otlp_metrics(&origin, &d, &exporter));
    assay_json_free(&counters);
    const struct assay_json *metric = at(request, "resourceMetrics.0.scopeMetrics.0.metrics.0");
    cr_expect_str_eq(assay_json_text(metric, "name", ""), "assay.peer.events");
    cr_expect_eq(assay_json_uint(at(metric, "sum"), "aggregationTemporality", 0), 2);
    cr_expect(assay_json_bool(at(metric, "sum"), "isMonotonic", false));
    const struct assay_json *point = at(metric, "sum.dataPoints.0");
    cr_expect_str_eq(assay_json_text(point, "startTimeUnixNano", ""), "4000000000");
    cr_expect_str_eq(assay_json_text(point, "timeUnixNano", ""), "9000000000");
    cr_expect_str_eq(assay_json_text(point, "asInt", ""), "3");
}

Test(net_telemetry, an_answer_is_read_with_care)
{
    static const struct {
        const char *body;
        uint64_t rejected;
        const char *message;
    } cases[] = {
        { "", 0, "" },
        { "{}", 0, "" },
        { "{\"partialSuccess\":{\"rejectedLogRecords\":\"3\"}}", 3, "" },
        { "{\"partialSuccess\":{\"rejectedLogRecords\":2,\"errorMessage\":\"a\\u001bb\"}}", 2,
          "a?b" },
        { "{\"partialSuccess\":{\"rejectedLogRecords\":\"-1\"}}", 0, "" },
        { "{\"partialSuccess\":{\"rejectedDataPoints\":\"3\"}}", 0, "" },
        { "<html>", 0, "" },
        { "[]", 0, "" },
        { "3", 0, "" },
        { "{\"partialSuccess\":[1]}", 0, "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct assay_otlp_answer answer;
        cr_expect_eq(assay_otlp_read_answer(cases[i].body, strlen(cases[i].body), true, &answer),
                     cases[i].body[0] == '\0' || cases[i].body[0] == '{', "%s", cases[i].body);
        cr_expect_eq(answer.rejected, cases[i].rejected, "%s", cases[i].body);
        cr_expect_str_eq(answer.message, cases[i].message);
    }
}
