/*
 * net/telemetry/otlp.h - requests of OpenTelemetry (OTLP 1.x over HTTP) in their JSON encoding.
 *
 * proto3 JSON mapping: lowerCamelCase names, 64-bit integers as texts, enumerations as numbers;
 * no member that is not set. Records become log records, documents of the daemon become metrics.
 */
#ifndef ASSAY_NET_TELEMETRY_OTLP_H
#define ASSAY_NET_TELEMETRY_OTLP_H

#include "net/telemetry/record.h"

/*
 * assay_otlp_logs - a request for /v1/logs.
 * In:      observed_unix_ms: when the records were read
 * Returns: malloc'd text; NULL without memory
 */
char *assay_otlp_logs(const struct assay_record_origin *origin, uint64_t observed_unix_ms,
                      const struct assay_record *const *records, size_t count);

/* What the program itself counts, since its start. */
struct assay_otlp_exporter {
    uint64_t started_unix_ms, delivered, refused, dropped_metrics, pending;
};

/* Documents of one moment: the data of assay.status, assay.nodes and assay.counters. */
struct assay_otlp_documents {
    uint64_t at_unix_ms, started_unix_ms; /* started: of the daemon, since when counters count */
    const struct assay_json *status, *nodes, *counters;
};

/* A request for /v1/metrics. Returns: as assay_otlp_logs */
char *assay_otlp_metrics(const struct assay_record_origin *origin,
                         const struct assay_otlp_documents *documents,
                         const struct assay_otlp_exporter *exporter);

/* What a receiver answered with status 200. */
struct assay_otlp_answer {
    uint64_t rejected;                   /* records or data points */
    char message[ASSAY_RECORD_TEXT_LEN]; /* of the receiver, printable ASCII; "": none */
};

/* logs: rejectedLogRecords, else rejectedDataPoints. Returns: whether it is an answer: empty, or a
 * JSON object; a page of a web server is none. */
bool assay_otlp_read_answer(const char *body, size_t len, bool logs,
                            struct assay_otlp_answer *answer);

#endif
