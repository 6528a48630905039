/*
 * apps/assay/export/export.h - parts of `assay export`: where records are read, how far they were
 * delivered, and where they go.
 *
 * One thread: it reads the daemon's documents by the admin socket into a queue (export_source.h),
 * delivers batches of it to a target (below), and saves how far it came (export_cursor.h) after
 * each. A target that has accepted a batch has it durably, so that a crash at any moment repeats at
 * most the batch that was not saved; a folder of files drops that one first, and repeats nothing.
 */
#ifndef ASSAY_APPS_ASSAY_EXPORT_EXPORT_H
#define ASSAY_APPS_ASSAY_EXPORT_EXPORT_H

#include "net/telemetry/otlp.h"
#include "net/telemetry/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EXPORT_BATCH_MAX = 256,
    EXPORT_MARKS = 16,
    EXPORT_MESSAGE_LEN = 640,
    EXPORT_PATH_LEN = 512,
};

enum export_format { EXPORT_JSON, EXPORT_JSONL, EXPORT_CSV };

struct export_options {
    const char *socket, *to, *state, *ca_file, *certificate, *key, *headers_file;
    unsigned timeout_ms;
    enum export_format format;
    enum assay_record_kind what;
    uint64_t since, until, rotate_bytes, keep, queue, metrics_s;
    bool has_since, has_format, votes, follow, identify;
};

/* An event that was exported. */
struct export_mark {
    uint64_t seq, at_unix_ms; /* seq 0: none */
};

/* What was read, or delivered, up to here. */
struct export_position {
    char boot[20];            /* of the daemon that numbered the events; "": nothing yet */
    uint64_t seq, at_unix_ms; /* of the newest event */
    uint64_t gone;            /* of the timeline, as far as a gap has been recorded */
    struct export_mark marks[EXPORT_MARKS]; /* the newest events, in any order */
    uint64_t epoch, rows; /* scores, orders: the next epoch, and rows of it that are done */
};

struct export_item {
    struct assay_record record;
    struct export_position after; /* with this record */
};

/* --- targets */

enum export_outcome {
    EXPORT_DELIVERED,
    EXPORT_AGAIN,   /* no failure: less at once, without a wait */
    EXPORT_LATER,   /* the same records again, after retry_after_ms (0: as usual) */
    EXPORT_REFUSED, /* never again: the receiver finds the first `done` records at fault */
    EXPORT_MISUSE,  /* no retry will help: the target itself is wrong */
};

struct export_result {
    size_t done; /* DELIVERED, REFUSED: records from the first on, at least one */
    uint64_t retry_after_ms;
    uint64_t rejected;                /* of those delivered: what the receiver did not accept */
    char message[EXPORT_MESSAGE_LEN]; /* why; with DELIVERED: what the receiver says, or "" */
};

struct export_target; /* each has its own */

/* A batch goes in order; count is at least one. */
struct export_target_type {
    enum export_outcome (*deliver)(struct export_target *target, const struct export_item *items,
                                   size_t count, struct export_result *result);
    /* A request of assay_otlp_metrics; NULL: the target has no metrics. */
    enum export_outcome (*deliver_metrics)(struct export_target *target, const char *body,
                                           struct export_result *result);
    /* The position behind what was delivered is saved. NULL: nothing is to do */
    void (*saved)(struct export_target *target);
    void (*close)(struct export_target *target);
};

/* The head of each. */
struct export_target {
    const struct export_target_type *type;
    char shown[EXPORT_PATH_LEN];              /* in messages: no user, no token */
    const struct assay_record_origin *origin; /* known before the first batch */
};

struct export_cursor;

/*
 * Each opens a target, or reports why it cannot. cursor: where a folder saves which file it writes.
 * Returns: ASSAY_EXIT_OK and *out, closed by its type | another exit status
 */
int export_open_stdout(const struct export_options *options, struct export_target **out);
int export_open_folder(const struct export_options *options, struct export_cursor *cursor,
                       struct export_target **out);
int export_open_syslog(const struct export_options *options, struct export_target **out);
int export_open_otlp(const struct export_options *options, struct export_target **out);

/* Read, deliver, save, until there is nothing more to do, or a signal. Returns: an exit status */
int export_run(const struct export_options *options, struct export_cursor *cursor,
               struct export_target *target);

/* Whether a signal has asked to end: nothing waits for long any more. */
bool export_is_ending(void);

/* A line on stderr. */
__attribute__((format(printf, 1, 2))) void export_report(const char *format, ...);

#endif
