/*
 * net/telemetry/record.h - record of an export: one event, score or order as a flat JSON object.
 *
 * Files, syslog and OpenTelemetry send the same records. Each has an id that stays the same when it
 * is sent again, so that receivers can drop a second copy: of an event the chain, the node, the
 * number and the time; of a score or an order the chain, era, epoch and slot, which are equal on
 * all nodes.
 */
#ifndef ASSAY_NET_TELEMETRY_RECORD_H
#define ASSAY_NET_TELEMETRY_RECORD_H

#include "net/json/json.h"
#include "net/timeline/event_severity.h"

enum assay_record_kind { ASSAY_RECORD_EVENTS, ASSAY_RECORD_SCORES, ASSAY_RECORD_ORDERS };

enum {
    ASSAY_RECORD_ID_LEN = 120,
    ASSAY_RECORD_CODE_LEN = 40,
    ASSAY_RECORD_TEXT_LEN = 400, /* of a message to operators */
};

/* The daemon whose documents they are. */
struct assay_record_origin {
    char chain_id[65], node_id[65], node[65];
};

struct assay_record {
    struct assay_json *fields; /* texts, integers and booleans, in the order of the columns */
    char id[ASSAY_RECORD_ID_LEN], code[ASSAY_RECORD_CODE_LEN];
    uint64_t at_unix_ms; /* 0: closed epochs have no time of their own */
    enum assay_severity severity;
};

/* Frees its fields; accepts an empty one. */
void assay_telemetry_record_free(struct assay_record *record);
/* Returns: for operators, in one sentence; "" for a score. */
const char *assay_telemetry_record_text(const struct assay_record *record);

/*
 * assay_telemetry_record_of_event - from an event of the document assay.timeline.
 * Returns: ASSAY_OK and *out, freed by the caller | ASSAY_E_SYNTAX (no number, no code) |
 * ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_telemetry_record_of_event(
    const struct assay_record_origin *origin, const struct assay_json *event,
    struct assay_record *out);
/*
 * assay_telemetry_record_of_member - from an epoch of the document assay.export and one of its
 *          members.
 * In:      identify: with the columns node, kind, id and text at the end
 * Returns: as assay_telemetry_record_of_event | ASSAY_E_NOT_FOUND: ORDERS, and none is in effect
 */
ASSAY_CHECKED enum assay_status assay_telemetry_record_of_member(
    enum assay_record_kind kind, bool votes, bool identify,
    const struct assay_record_origin *origin, const struct assay_json *epoch,
    const struct assay_json *member, struct assay_record *out);

/* A hole in what was exported. */
struct assay_record_gap {
    /* Numbers of events, or epochs: last exported, last missing; until 0: numbers restarted. */
    uint64_t after, until;
    uint64_t at_unix_ms; /* of the record behind it */
    const char *why;     /* half a sentence */
};

/* Says so between the records. Returns: ASSAY_OK and *out, freed by the caller | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_telemetry_record_of_gap(
    enum assay_record_kind kind, const struct assay_record_origin *origin,
    const struct assay_record_gap *gap, struct assay_record *out);

/* --- text */

/* Returns: one line without its end, malloc'd; NULL without memory. */
char *assay_telemetry_record_jsonl(const struct assay_record *record);
/* RFC 4180, without the end of the line. Returns: as assay_telemetry_record_jsonl */
char *assay_telemetry_record_csv(enum assay_record_kind kind, bool votes, bool identify,
                                 const struct assay_record *record);
/* The names of the columns. Returns: as assay_telemetry_record_jsonl */
char *assay_telemetry_record_csv_header(enum assay_record_kind kind, bool votes, bool identify);

#endif
