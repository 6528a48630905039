/*
 * apps/assay/export/export_run.c - loop of `assay export`: read, deliver, save.
 */
#include "apps/assay/export/export_cursor.h"
#include "apps/assay/export/export_source.h"

#include "apps/assay/core/command.h"
#include "base/assert.h"
#include "base/system_clock.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    POLL_MS = 1000,
    RETRY_MS = 1000, /* doubles */
    RETRY_MAX_MS = 60 * 1000,
    REMIND_MS = 5 * 60 * 1000, /* while something does not answer */
    SAVE_MS = 60 * 1000,       /* of what was read and needed no record */
    FLUSH_MS = 10 * 1000,      /* after a signal to end: a unit has 30 s for all (TimeoutStopSec) */
    IDENTIFY_MAX = 4,          /* times in a row: once for each daemon that answers */
    METRICS_MAX = 60,          /* requests that wait: an hour of one a minute */
};

/* Tries against one side, the daemon or the target. */
struct attempts {
    uint64_t next_ms, since_ms, reported_ms, count; /* count: failures in a row */
};

struct export_job {
    const struct export_options *options;
    struct export_cursor *cursor;
    struct export_target *target;
    struct export_source source;
    struct export_queue queue;
    struct attempts reading, delivering, metering, saving;
    bool is_bound, has_all;
    uint64_t saved_ms, metrics_ms;
    char *metrics[METRICS_MAX]; /* oldest first */
    size_t metrics_count;
    struct assay_otlp_exporter figures;
    int result; /* an exit status, once the job has failed */
    bool failed;
};

static volatile sig_atomic_t asked_to_end;

static void on_signal(int number)
{
    (void)number;
    asked_to_end = 1;
}

bool export_is_ending(void)
{
    return asked_to_end != 0;
}

void export_report(const char *format, ...)
{
    char line[2 * EXPORT_MESSAGE_LEN];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    for (char *c = line; *c != '\0'; c++)
        if (*c < ' ' || *c == 0x7f) *c = '?'; /* answers of others */
    (void)fprintf(stderr, "assay export: %s\n", line);
}

/* ------------------------------------------------------------ failures */

static int stop_job(struct export_job *job, int result)
{
    job->failed = true;
    job->result = result;
    return result;
}

/* patient: retries, with a growing delay. At least after_ms from now. */
static void note_failure(struct export_job *job, struct attempts *a, const char *message,
                         uint64_t after_ms, int result)
{
    const uint64_t now = assay_monotonic_ms();
    uint64_t wait = RETRY_MS;
    for (uint64_t i = 0; i < a->count && wait < RETRY_MAX_MS; i++)
        wait *= 2;
    if (wait > RETRY_MAX_MS) wait = RETRY_MAX_MS;
    if (after_ms > 0) wait = after_ms;
    if (a->count++ == 0) a->since_ms = now;
    a->next_ms = now + wait;
    const bool is_due = a->reported_ms == 0 || now - a->reported_ms >= REMIND_MS;
    if (!job->options->follow || asked_to_end) {
        export_report("%s", message);
        (void)stop_job(job, result);
    } else if (is_due) {
        export_report("%s; trying again (%zu records wait)", message, job->queue.count);
        a->reported_ms = now;
    }
}

static void note_success(struct export_job *job, struct attempts *a, const char *what)
{
    if (a->count > 0 && a->reported_ms != 0)
        export_report(
            "%s: works again after %" PRIu64 " s and %" PRIu64 " failures (%zu records wait)", what,
            (assay_monotonic_ms() - a->since_ms) / 1000, a->count, job->queue.count);
    *a = (struct attempts){ 0 };
}

static bool is_due(const struct attempts *a)
{
    return assay_monotonic_ms() >= a->next_ms;
}

/* ------------------------------------------------------------ the cursor */

static void save_cursor(struct export_job *job)
{
    if (export_cursor_save(job->cursor)) {
        note_success(job, &job->saving, job->cursor->path);
        job->saved_ms = assay_monotonic_ms();
        if (job->target->type->saved != NULL) job->target->type->saved(job->target);
        return;
    }
    char message[EXPORT_MESSAGE_LEN];
    (void)snprintf(message, sizeof message,
                   "%.400s: not saved, %s: after a restart, records since "
                   "the last save come again",
                   job->cursor->path, strerror(errno));
    note_failure(job, &job->saving, message, 0, ASSAY_EXIT_INTERNAL);
}

/* What was read without a record (no orders, an epoch that was skipped) is done, too. */
static void save_progress(struct export_job *job, bool now)
{
    if (!job->is_bound || job->queue.count > 0 || job->source.scans) return;
    if (!now && assay_monotonic_ms() - job->saved_ms < SAVE_MS) return;
    job->cursor->position = job->source.position;
    save_cursor(job);
}

/* ------------------------------------------------------------ reading */

static bool identify_daemon(struct export_job *job)
{
    char message[EXPORT_MESSAGE_LEN];
    struct export_source *const source = &job->source;
    if (source->has_origin) return true;
    const enum export_read read = export_source_identify(source, message);
    if (read != EXPORT_READ_ALL) {
        note_failure(job, &job->reading, message, 0, ASSAY_EXIT_UNREACHABLE);
        return false;
    }
    job->is_bound = export_cursor_bind(job->cursor, &source->origin);
    if (!job->is_bound) (void)stop_job(job, ASSAY_EXIT_USAGE);
    return job->is_bound;
}

/* Until the queue is full, or there is nothing more. */
static void read_records(struct export_job *job)
{
    char message[EXPORT_MESSAGE_LEN];
    if (!is_due(&job->reading) || job->queue.count >= job->options->queue) return;
    enum export_read read = EXPORT_READ_MORE;
    unsigned identified = 0;
    while (read == EXPORT_READ_MORE && job->queue.count < job->options->queue) {
        if (!job->source.has_origin && ++identified > IDENTIFY_MAX) {
            (void)snprintf(message, sizeof message,
                           "%.200s: expected answers of one daemon, found those of several",
                           job->options->socket);
            read = EXPORT_READ_UNREACHED;
        } else {
            if (!identify_daemon(job)) return;
            read = export_source_read(&job->source, &job->queue, message);
        }
    }
    job->has_all = read == EXPORT_READ_ALL;
    if (read == EXPORT_READ_UNREACHED || read == EXPORT_READ_REFUSED) {
        job->source.has_origin = false; /* another daemon may answer next */
        note_failure(job, &job->reading, message, 0,
                     read == EXPORT_READ_REFUSED ? ASSAY_EXIT_INTERNAL : ASSAY_EXIT_UNREACHABLE);
        return;
    }
    note_success(job, &job->reading, job->options->socket);
    job->reading.next_ms = assay_monotonic_ms() + POLL_MS;
}

/* ------------------------------------------------------------ delivering */

static void drop_delivered(struct export_job *job, const struct export_item *items, size_t count)
{
    job->cursor->position = items[count - 1].after;
    export_queue_drop(&job->queue, count);
    save_cursor(job);
}

static void note_refused(struct export_job *job, const struct export_item *items,
                         const struct export_result *result)
{
    export_report("%s refuses record %s for good, which is dropped: %s", job->target->shown,
                  items[0].record.id, result->message);
    job->cursor->refused += result->done;
    job->figures.refused += result->done;
}

static void note_delivered(struct export_job *job, const struct export_result *result)
{
    const uint64_t rejected = result->rejected < result->done ? result->rejected : result->done;
    if (rejected > 0 || result->message[0] != '\0')
        export_report("%s: %" PRIu64 " of %zu records rejected%s%s", job->target->shown, rejected,
                      result->done, result->message[0] != '\0' ? ": " : "", result->message);
    job->cursor->refused += rejected;
    job->cursor->delivered += result->done - rejected;
    job->figures.refused += rejected;
    job->figures.delivered += result->done - rejected;
    note_success(job, &job->delivering, job->target->shown);
}

/* Returns: whether a batch is done, and the next may follow. */
static bool deliver_batch(struct export_job *job)
{
    struct export_result result = { 0 };
    const struct export_item *items = NULL;
    const size_t count = export_queue_batch(&job->queue, &items);
    if (count == 0 || !is_due(&job->delivering)) return false;
    switch (job->target->type->deliver(job->target, items, count, &result)) {
    case EXPORT_DELIVERED: note_delivered(job, &result); break;
    case EXPORT_REFUSED: note_refused(job, items, &result); break;
    case EXPORT_AGAIN: return true;
    case EXPORT_LATER:
        note_failure(job, &job->delivering, result.message, result.retry_after_ms,
                     ASSAY_EXIT_UNREACHABLE);
        return false;
    case EXPORT_MISUSE:
        export_report("%s", result.message);
        (void)stop_job(job, job->options->to == NULL ? ASSAY_EXIT_INTERNAL : ASSAY_EXIT_USAGE);
        return false;
    }
    ASSAY_ASSERT(result.done > 0 && result.done <= count);
    drop_delivered(job, items, result.done);
    return true;
}

/* ------------------------------------------------------------ metrics */

static void drop_metrics(struct export_job *job)
{
    free(job->metrics[0]);
    job->metrics_count--;
    for (size_t i = 0; i < job->metrics_count; i++)
        job->metrics[i] = job->metrics[i + 1];
}

static void collect_metrics(struct export_job *job)
{
    char message[EXPORT_MESSAGE_LEN], *body = NULL;
    const uint64_t every_ms = job->options->metrics_s * 1000, now = assay_monotonic_ms();
    if (job->target->type->deliver_metrics == NULL || every_ms == 0 || !job->source.has_origin)
        return;
    if (job->metrics_ms != 0 && now - job->metrics_ms < every_ms && !asked_to_end) return;
    job->metrics_ms = now;
    job->figures.pending = job->queue.count;
    if (export_source_metrics(&job->source, &job->figures, &body, message) != EXPORT_READ_ALL)
        return; /* reading reports that it does not answer */
    if (job->metrics_count == METRICS_MAX) {
        if (job->figures.dropped_metrics++ % METRICS_MAX == 0)
            export_report("%s: metrics are dropped, the oldest first: %d requests of them wait",
                          job->target->shown, METRICS_MAX);
        drop_metrics(job);
    }
    job->metrics[job->metrics_count++] = body;
}

/* A receiver without metrics delays no records; one that does not answer is tried with those. */
static bool deliver_metrics(struct export_job *job)
{
    struct export_result result = { 0 };
    if (job->metrics_count == 0 || !is_due(&job->metering) || !is_due(&job->delivering))
        return false;
    switch (job->target->type->deliver_metrics(job->target, job->metrics[0], &result)) {
    case EXPORT_DELIVERED:
        if (result.rejected > 0 || result.message[0] != '\0')
            export_report("%s: %" PRIu64 " points rejected: %s", job->target->shown,
                          result.rejected, result.message);
        note_success(job, &job->metering, job->target->shown);
        break;
    case EXPORT_REFUSED:
        export_report("%s refuses metrics for good: %s", job->target->shown, result.message);
        break;
    case EXPORT_AGAIN: return true;
    case EXPORT_LATER:
        note_failure(job, &job->metering, result.message, result.retry_after_ms,
                     ASSAY_EXIT_UNREACHABLE);
        return false;
    case EXPORT_MISUSE: (void)stop_job(job, ASSAY_EXIT_USAGE); return false;
    }
    drop_metrics(job);
    return true;
}

/* ------------------------------------------------------------ the loop */

static void take_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal }; /* waits are interrupted */
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

static void run_turn(struct export_job *job)
{
    read_records(job);
    if (!job->failed) collect_metrics(job);
    while (!job->failed && !asked_to_end && deliver_batch(job))
        ;
    while (!job->failed && !asked_to_end && deliver_metrics(job))
        ;
    if (!job->failed) save_progress(job, false);
}

static bool is_done(const struct export_job *job)
{
    const bool is_last =
        !job->options->follow || (job->options->what != ASSAY_RECORD_EVENTS &&
                                  job->source.position.epoch > job->options->until);
    return is_last && job->has_all && job->queue.count == 0;
}

/* Events until now, and what waits, once more. */
static void flush_job(struct export_job *job)
{
    job->reading.next_ms = job->delivering.next_ms = job->metering.next_ms = 0;
    read_records(job);
    if (job->failed) { /* the daemon has gone, too: what was read is delivered all the same */
        job->failed = false;
        job->result = ASSAY_EXIT_OK;
    }
    collect_metrics(job);
    const uint64_t deadline_ms = assay_monotonic_ms() + FLUSH_MS;
    while (!job->failed && !assay_monotonic_is_past(deadline_ms) && deliver_batch(job))
        ;
    while (!job->failed && !assay_monotonic_is_past(deadline_ms) && deliver_metrics(job))
        ;
    save_progress(job, true);
    if (job->queue.count > 0)
        export_report("%zu records were not delivered; %s", job->queue.count,
                      job->cursor->path[0] != '\0' ? "the next start continues there"
                                                   : "without --state the next start does not");
    job->result = job->options->follow || is_done(job) ? ASSAY_EXIT_OK : ASSAY_EXIT_PARTIAL;
}

static void close_job(struct export_job *job)
{
    export_queue_free(&job->queue);
    while (job->metrics_count > 0)
        drop_metrics(job);
}

int export_run(const struct export_options *options, struct export_cursor *cursor,
               struct export_target *target)
{
    struct export_job *job = calloc(1, sizeof *job);
    if (job == NULL) return ASSAY_EXIT_INTERNAL;
    *job = (struct export_job){ .options = options, .cursor = cursor, .target = target };
    job->source = (struct export_source){ .options = options, .position = cursor->position };
    job->figures = (struct assay_otlp_exporter){ .started_unix_ms = assay_unix_ms() };
    if (options->has_since && cursor->position.seq == 0) {
        job->source.position.seq = options->what == ASSAY_RECORD_EVENTS ? options->since : 0;
        job->source.position.epoch = options->since;
        job->source.position.rows = 0;
    }
    target->origin = &job->source.origin;
    take_signals();
    while (!asked_to_end && !job->failed) {
        run_turn(job);
        if (job->failed || asked_to_end) break;
        if (is_done(job)) {
            save_progress(job, true);
            break;
        }
        const uint64_t wait = job->queue.count > 0 && is_due(&job->delivering) ? 0 : POLL_MS / 4;
        const struct timespec pause = { .tv_nsec = (long)wait * 1000000 };
        if (wait > 0) (void)nanosleep(&pause, NULL);
    }
    if (asked_to_end && !(job->failed && job->result == ASSAY_EXIT_USAGE)) flush_job(job);
    const int result = job->result;
    close_job(job);
    free(job);
    return result;
}
