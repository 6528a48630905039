/*
 * apps/assay/evidence/eventlogs.h - event logs given on the command line, and the report of their
 * appraisal.
 */
#ifndef ASSAY_APPS_ASSAY_EVIDENCE_EVENTLOGS_H
#define ASSAY_APPS_ASSAY_EVIDENCE_EVENTLOGS_H

#include "apps/assay/core/option_values.h"
#include "net/json/json.h"
#include "quote/eventlog/appraise.h"

/* What `--event-log` named, in order. */
struct assay_eventlog_paths {
    size_t count;
    const char *paths[ASSAY_EVENTLOGS_MAX];
};

/* Row of that option. */
#define ASSAY_EVENTLOG_TARGET(list)                                                                \
    {                                                                                              \
        "event-log", .text = (list)->paths, .count = &(list)->count, .most = ASSAY_EVENTLOGS_MAX   \
    }

struct assay_eventlogs {
    struct assay_eventlog_paths files;
    uint8_t *buffers[ASSAY_EVENTLOGS_MAX]; /* of malloc */
    struct assay_slice logs[ASSAY_EVENTLOGS_MAX];
    struct assay_eventlog_report *report; /* NULL: none was given */
};

/*
 * cli_eventlog_read - one file: a list of IMA as text is rewritten in the binary form; the ACPI
 * table of a log is not taken for the log. Errors are printed.
 * In:      option: "--event-log ", or "" for an argument
 * Out:     *bytes of malloc, NULL on failure
 * Returns: ASSAY_EXIT_OK | ASSAY_EXIT_USAGE | ASSAY_EXIT_NOT_FOUND | ASSAY_EXIT_INTERNAL
 */
int cli_eventlog_read(const char *option, const char *path, bool json, uint8_t **bytes,
                      size_t *len);
/*
 * cli_eventlogs_open - read the files without parsing them. Errors are printed.
 * Out:     *out, whatever the answer: cli_eventlogs_close frees it
 * Returns: ASSAY_EXIT_OK | ASSAY_EXIT_USAGE (a file that cannot be read or is too long) |
 *          ASSAY_EXIT_INTERNAL
 */
int cli_eventlogs_open(struct assay_eventlogs *out, const struct assay_eventlog_paths *paths,
                       bool json);
/* */
void cli_eventlogs_close(struct assay_eventlogs *logs);

/* One line a log that was appraised. Returns: ASSAY_EXIT_OK | ASSAY_EXIT_INTERNAL */
int cli_eventlogs_print(const struct assay_eventlogs *logs);
/* "event_logs" becomes null where none was given. */
void cli_eventlogs_set_json(const struct assay_eventlogs *logs, struct assay_json *data);
/* The part of `explain`: logs, registers, and each event that failed with what to do. */
void cli_eventlogs_explain(const struct assay_eventlogs *logs, const struct assay_verdict *verdict);

#endif
