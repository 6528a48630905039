/*
 * net/telemetry/record.c - records of an export: columns, identity, lines.
 */
#include "net/telemetry/record.h"

#include "base/assert.h"
#include "base/rfc3339.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ columns */

/* Where a value is copied from; OWN: it is made here. */
enum column_source { OWN, OF_EVENT, OF_EPOCH, OF_MEMBER, OF_TOLERANCE };

struct column {
    const char *name;
    enum column_source from;
    unsigned flags;
};

enum { VOTES = 1, IDENTITY = 2, ORDERS = 4 };

static const struct column event_columns[] = {
    { "id", OWN, 0 },
    { "kind", OWN, 0 },
    { "chain_id", OWN, 0 },
    { "node", OWN, 0 },
    { "seq", OF_EVENT, 0 },
    { "at", OWN, 0 },
    { "at_unix_ms", OF_EVENT, 0 },
    { "epoch", OF_EVENT, 0 },
    { "event", OF_EVENT, 0 },
    { "severity", OF_EVENT, 0 },
    { "slot", OF_EVENT, 0 },
    { "name", OF_EVENT, 0 },
    { "count", OF_EVENT, 0 },
    { "first_seq", OF_EVENT, 0 },
    { "first_epoch", OF_EVENT, 0 },
    { "first_unix_ms", OF_EVENT, 0 },
    { "a", OF_EVENT, 0 },
    { "b", OF_EVENT, 0 },
    { "text", OF_EVENT, 0 },
};

/* ORDERS: also of a record of orders. */
static const struct column member_columns[] = {
    { "chain_id", OWN, ORDERS },
    { "epoch", OF_EPOCH, ORDERS },
    { "era", OF_EPOCH, ORDERS },
    { "certified", OF_EPOCH, ORDERS },
    { "kept", OF_EPOCH, ORDERS },
    { "slot", OF_MEMBER, ORDERS },
    { "name", OF_MEMBER, ORDERS },
    { "incarnation", OF_MEMBER, ORDERS },
    { "score_bp", OF_MEMBER, 0 },
    { "integrity_bp", OF_MEMBER, 0 },
    { "availability_bp", OF_MEMBER, 0 },
    { "standing", OF_MEMBER, ORDERS },
    { "weight", OF_MEMBER, 0 },
    { "orders", OF_MEMBER, ORDERS },
    { "positive_bp", OF_MEMBER, 0 },
    { "negative_bp", OF_MEMBER, 0 },
    { "unjudged_bp", OF_MEMBER, 0 },
    { "electorate_bp", OF_MEMBER, 0 },
    { "lo_bp", OF_MEMBER, 0 },
    { "hi_bp", OF_MEMBER, 0 },
    { "integrity_rule", OF_MEMBER, 0 },
    { "availability_rule", OF_MEMBER, 0 },
    { "has_ballot", OF_MEMBER, VOTES },
    { "outcomes", OF_MEMBER, VOTES },
    { "proven_fail", OF_MEMBER, VOTES },
    { "total_weight", OF_TOLERANCE, 0 },
    { "members_stop", OF_TOLERANCE, 0 },
    { "members_break", OF_TOLERANCE, 0 },
    { "largest_operator_bp", OF_TOLERANCE, 0 },
    { "largest_vendor_bp", OF_TOLERANCE, 0 },
    { "largest_platform_bp", OF_TOLERANCE, 0 },
    { "node", OWN, IDENTITY | ORDERS },
    { "kind", OWN, IDENTITY | ORDERS },
    { "id", OWN, IDENTITY | ORDERS },
    { "text", OWN, IDENTITY | ORDERS },
};

/* A record of this kind has these, in this order. */
struct columns {
    enum assay_record_kind kind;
    bool votes, identify;
};

/* Returns: the column with this number among all of the kind, NULL after the last; *used: whether
 * records have it. */
static const struct column *column_at(const struct columns *of, size_t index, bool *used)
{
    ASSAY_ASSERT(of->kind <= ASSAY_RECORD_ORDERS);
    const bool events = of->kind == ASSAY_RECORD_EVENTS;
    const size_t count = events ? sizeof event_columns / sizeof event_columns[0]
                                : sizeof member_columns / sizeof member_columns[0];
    if (index >= count) return NULL;
    const struct column *c = events ? &event_columns[index] : &member_columns[index];
    *used = ((c->flags & VOTES) == 0 || of->votes) &&
            ((c->flags & IDENTITY) == 0 || of->identify) &&
            (of->kind != ASSAY_RECORD_ORDERS || (c->flags & ORDERS) != 0);
    return c;
}

/* ------------------------------------------------------------ fields */

/* Absent, null and nested values make no field. */
static void copy_field(struct assay_json *fields, const char *key, const struct assay_json *value)
{
    int64_t number = 0;
    if (assay_json_as_int(value, &number)) assay_json_set_int(fields, key, number);
    else if (assay_json_kind_of(value) == ASSAY_JSON_TEXT)
        assay_json_set_text(fields, key, assay_json_as_text(value));
}

static void copy_column(struct assay_json *fields, const char *key, const struct assay_json *from)
{
    ASSAY_ASSERT(key != NULL && key[0] != '\0');
    const struct assay_json *value = assay_json_get(from, key);
    if (assay_json_kind_of(value) == ASSAY_JSON_BOOL)
        assay_json_set_bool(fields, key, assay_json_bool(from, key, false));
    else copy_field(fields, key, value);
}

/* Values of columns that no document has; NULL: none. */
struct own_values {
    const struct assay_record_origin *origin;
    const char *id, *kind, *at, *text;
};

static const char *own_value(const struct own_values *own, const char *name)
{
    const struct {
        const char *name, *value;
    } values[] = {
        { "chain_id", own->origin->chain_id },
        { "node", own->origin->node },
        { "id", own->id },
        { "kind", own->kind },
        { "at", own->at },
        { "text", own->text },
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (strcmp(values[i].name, name) == 0) return values[i].value;
    ASSAY_UNREACHABLE("column without a source");
}

/* sources: by enum column_source. */
static struct assay_json *make_fields(const struct columns *of, const struct own_values *own,
                                      const struct assay_json *const sources[])
{
    ASSAY_ASSERT(own->origin != NULL && own->id != NULL && own->kind != NULL);
    struct assay_json *fields = assay_json_object();
    const struct column *c = NULL;
    bool used = false;
    for (size_t i = 0; fields != NULL && (c = column_at(of, i, &used)) != NULL; i++) {
        if (!used) continue;
        if (c->from != OWN) {
            copy_column(fields, c->name, sources[c->from]);
        } else {
            const char *value = own_value(own, c->name);
            if (value != NULL) assay_json_set_text(fields, c->name, value);
        }
    }
    return fields;
}

/* Chains and nodes by the first 8 bytes of their ids: that tells records apart, and no more. */
enum { SHORT_ID = 16 };

void assay_telemetry_record_free(struct assay_record *record)
{
    assay_json_free(&record->fields);
    *record = (struct assay_record){ 0 };
}

const char *assay_telemetry_record_text(const struct assay_record *record)
{
    ASSAY_ASSERT(record->fields != NULL);
    return assay_json_text(record->fields, "text", "");
}

/* A word of the document, as documents of an earlier daemon lack it. */
static enum assay_severity read_severity(const struct assay_json *event)
{
    static const char *const words[] = { "error", "warning", "info", "debug" };
    const char *word = assay_json_text(event, "severity", "info");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(word, words[i]) == 0) return (enum assay_severity)i;
    return ASSAY_SEVERITY_INFO;
}

/* ------------------------------------------------------------ public */

enum assay_status assay_telemetry_record_of_event(const struct assay_record_origin *origin,
                                                  const struct assay_json *event,
                                                  struct assay_record *out)
{
    ASSAY_ASSERT(origin->chain_id[0] != '\0' && origin->node_id[0] != '\0');
    char at[ASSAY_RFC3339_MS_LEN + 1] = "";
    const struct columns of = { .kind = ASSAY_RECORD_EVENTS };
    const uint64_t seq = assay_json_uint(event, "seq", 0);
    const char *code = assay_json_text(event, "event", "");
    *out = (struct assay_record){ .severity = read_severity(event),
                                  .at_unix_ms = assay_json_uint(event, "at_unix_ms", 0) };
    if (seq == 0 || code[0] == '\0') return ASSAY_E_SYNTAX;
    (void)snprintf(out->code, sizeof out->code, "%s", code);
    (void)snprintf(out->id, sizeof out->id, "%.*s-%.*s-%" PRIu64 "-%" PRIu64, SHORT_ID,
                   origin->chain_id, SHORT_ID, origin->node_id, seq, out->at_unix_ms);
    assay_rfc3339_format_ms(out->at_unix_ms, at);
    const struct own_values own = { .origin = origin, .id = out->id, .kind = "event", .at = at };
    const struct assay_json *const sources[] = { [OF_EVENT] = event };
    out->fields = make_fields(&of, &own, sources);
    return out->fields != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
}

enum assay_status assay_telemetry_record_of_member(enum assay_record_kind kind, bool votes,
                                                   bool identify,
                                                   const struct assay_record_origin *origin,
                                                   const struct assay_json *epoch,
                                                   const struct assay_json *member,
                                                   struct assay_record *out)
{
    ASSAY_ASSERT(kind != ASSAY_RECORD_EVENTS);
    const bool orders = kind == ASSAY_RECORD_ORDERS;
    const struct columns of = { kind, votes, identify };
    *out = (struct assay_record){ .severity = ASSAY_SEVERITY_INFO };
    if (assay_json_get(member, "slot") == NULL || assay_json_get(epoch, "epoch") == NULL)
        return ASSAY_E_SYNTAX;
    if (orders && assay_json_text(member, "orders", "")[0] == '\0') return ASSAY_E_NOT_FOUND;
    const char *word = orders ? "order" : "score";
    (void)snprintf(out->code, sizeof out->code, "%s", word);
    (void)snprintf(out->id, sizeof out->id, "%.*s-%s-%" PRIu64 "-%" PRIu64 "-%" PRIu64, SHORT_ID,
                   origin->chain_id, word, assay_json_uint(epoch, "era", 0),
                   assay_json_uint(epoch, "epoch", 0), assay_json_uint(member, "slot", 0));
    const struct own_values own = { .origin = origin, .id = out->id, .kind = word };
    const struct assay_json *const sources[] = {
        [OF_EPOCH] = epoch,
        [OF_MEMBER] = member,
        [OF_TOLERANCE] = assay_json_get(epoch, "tolerance"),
    };
    out->fields = make_fields(&of, &own, sources);
    return out->fields != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
}

enum assay_status assay_telemetry_record_of_gap(enum assay_record_kind kind,
                                                const struct assay_record_origin *origin,
                                                const struct assay_record_gap *gap,
                                                struct assay_record *out)
{
    ASSAY_ASSERT(gap->why != NULL && origin->chain_id[0] != '\0');
    static const char code[] = "history_gap";
    const bool events = kind == ASSAY_RECORD_EVENTS;
    char at[ASSAY_RFC3339_MS_LEN + 1] = "", text[ASSAY_RECORD_TEXT_LEN];
    *out =
        (struct assay_record){ .severity = ASSAY_SEVERITY_WARNING, .at_unix_ms = gap->at_unix_ms };
    (void)snprintf(out->code, sizeof out->code, "%s", code);
    (void)snprintf(out->id, sizeof out->id, "%.*s-%.*s-gap-%" PRIu64 "-%" PRIu64 "-%" PRIu64,
                   SHORT_ID, origin->chain_id, SHORT_ID, origin->node_id, gap->after, gap->until,
                   gap->at_unix_ms);
    if (gap->until > gap->after)
        (void)snprintf(text, sizeof text,
                       "of %s after %" PRIu64 " and up to %" PRIu64 " some are missing: %s",
                       events ? "events" : "epochs", gap->after, gap->until, gap->why);
    else
        (void)snprintf(text, sizeof text, "events after %" PRIu64 " may be missing: %s", gap->after,
                       gap->why);
    assay_rfc3339_format_ms(gap->at_unix_ms, at);
    struct assay_json *event = assay_json_object();
    if (event == NULL) return ASSAY_E_MEMORY;
    if (events) assay_json_set_uint(event, "at_unix_ms", gap->at_unix_ms);
    assay_json_set_text(event, "event", code);
    assay_json_set_text(event, "severity", "warning");
    assay_json_set_uint(event, "a", gap->after);
    assay_json_set_uint(event, "b", gap->until);
    assay_json_set_uint(event, "epoch", gap->until);
    assay_json_set_text(event, "text", text);
    const struct columns of = { .kind = kind, .identify = true };
    const struct own_values own = {
        .origin = origin, .id = out->id, .kind = "gap", .at = at, .text = text
    };
    const struct assay_json *const sources[] = {
        [OF_EVENT] = event, [OF_EPOCH] = event, [OF_MEMBER] = NULL, [OF_TOLERANCE] = NULL
    };
    out->fields = make_fields(&of, &own, sources);
    assay_json_free(&event);
    return out->fields != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
}

/* ------------------------------------------------------------ text */

char *assay_telemetry_record_jsonl(const struct assay_record *record)
{
    ASSAY_ASSERT(record->fields != NULL);
    return assay_json_print(record->fields, 0);
}

/* RFC 4180; and a text of others that a spreadsheet would execute begins with an apostrophe.
 * Outcomes are letters of this program, a position a member: nothing is put before them. */
static void write_cell(FILE *out, const struct column *of, const char *text)
{
    ASSAY_ASSERT(of->name != NULL && text != NULL);
    const bool formula = (of->flags & VOTES) == 0 && text[0] != '\0' &&
                         strchr("=+-@\t\r", text[0]) != NULL;
    const bool quoted = strpbrk(text, ",\"\r\n") != NULL;
    if (quoted) (void)fputc('"', out);
    if (formula) (void)fputc('\'', out);
    for (; *text != '\0'; text++) {
        if (*text == '"') (void)fputc('"', out);
        (void)fputc(*text, out);
    }
    if (quoted) (void)fputc('"', out);
}

static void write_value(FILE *out, const struct column *of, const struct assay_json *fields)
{
    const char *key = of->name;
    const struct assay_json *value = assay_json_get(fields, key);
    int64_t number = 0;
    if (value == NULL) return; /* an empty cell */
    if (assay_json_as_int(value, &number)) (void)fprintf(out, "%" PRId64, number);
    else if (assay_json_kind_of(value) == ASSAY_JSON_BOOL)
        (void)fputs(assay_json_bool(fields, key, false) ? "true" : "false", out);
    else write_cell(out, of, assay_json_text(fields, key, ""));
}

/* fields NULL: the names. */
static char *write_line(const struct columns *of, const struct assay_json *fields)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    const struct column *c = NULL;
    bool used = false, first = true;
    if (out == NULL) return NULL;
    for (size_t i = 0; (c = column_at(of, i, &used)) != NULL; i++) {
        if (!used) continue;
        if (!first) (void)fputc(',', out);
        first = false;
        if (fields != NULL) write_value(out, c, fields);
        else (void)fputs(c->name, out);
    }
    const bool complete = ferror(out) == 0;
    if (fclose(out) == 0 && complete) return text;
    free(text);
    return NULL;
}

char *assay_telemetry_record_csv(enum assay_record_kind kind, bool votes, bool identify,
                                 const struct assay_record *record)
{
    ASSAY_ASSERT(record->fields != NULL);
    return write_line(&(struct columns){ kind, votes, identify }, record->fields);
}

char *assay_telemetry_record_csv_header(enum assay_record_kind kind, bool votes, bool identify)
{
    return write_line(&(struct columns){ kind, votes, identify }, NULL);
}
