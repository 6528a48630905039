/*
 * apps/assay/export/export.c - `assay export`: events, scores and orders of a running daemon, to
 * stdout, to files, to syslog, to an OpenTelemetry receiver.
 *
 * json: the daemon's own document of closed epochs, one page. Everything else is records
 * (net/telemetry/record.h), once or continuously with --follow.
 */
#include "apps/assay/export/export_cursor.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROTATE_BYTES = 64 << 20,
    ROTATE_BYTES_MIN = 4096,
    KEEP = 16,
    QUEUE = 16384,
    METRICS_S = 60,
};

/* ------------------------------------------------------------ one document */

static int print_document(const struct export_options *options)
{
    struct assay_daemon_request q = cli_daemon_request("export");
    struct assay_json *document = NULL;
    q.socket = options->socket;
    q.timeout_ms = options->timeout_ms;
    const int result =
        cli_daemon_get_document(&q, &document, "export since=%" PRIu64 " until=%" PRIu64 "%s",
                                options->since, options->until, options->votes ? " votes" : "");
    if (result != ASSAY_EXIT_OK) return result;
    char *text = assay_json_print(document, 2);
    if (text != NULL) (void)puts(text);
    free(text);
    assay_json_free(&document);
    return fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}

/* ------------------------------------------------------------ options */

static int take_format(void *context, const char *name, const char *value)
{
    struct export_options *const o = context;
    (void)name;
    o->format = strcmp(value, "json") == 0    ? EXPORT_JSON
                : strcmp(value, "jsonl") == 0 ? EXPORT_JSONL
                                              : EXPORT_CSV;
    o->has_format = true;
    return -1;
}

static int take_what(void *context, const char *name, const char *value)
{
    struct export_options *const o = context;
    (void)name;
    o->what = strcmp(value, "events") == 0   ? ASSAY_RECORD_EVENTS
              : strcmp(value, "scores") == 0 ? ASSAY_RECORD_SCORES
                                             : ASSAY_RECORD_ORDERS;
    o->identify = true; /* columns of a line without --what are those of earlier releases */
    return -1;
}

static int take_since(void *context, const char *name, const char *value)
{
    struct export_options *const o = context;
    o->has_since = true;
    return cli_option_number(name, value, 0, INT64_MAX, NULL, &o->since);
}

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

enum form { TO_STDOUT, TO_FOLDER, TO_SYSLOG, TO_OTLP };

static enum form form_of(const struct export_options *o)
{
    if (o->to == NULL) return TO_STDOUT;
    if (has_prefix(o->to, "syslog:")) return TO_SYSLOG;
    return has_prefix(o->to, "otlp:") ? TO_OTLP : TO_FOLDER;
}

/* Options that the target has no use for are mistakes. Returns: -1 to go on, else the exit status
 */
static int check_options(struct export_options *o)
{
    const enum form form = form_of(o);
    if (o->to != NULL) o->identify = true;
    if (!o->has_format && (form != TO_STDOUT || o->what != ASSAY_RECORD_SCORES))
        o->format = EXPORT_JSONL;
    if (has_prefix(o->to != NULL ? o->to : "", "syslog://"))
        return cli_misuse("--to %s: expected syslog:tcp://HOST:PORT, syslog:udp://HOST:PORT or "
                          "syslog:/PATH of a socket",
                          o->to);
    if (form == TO_FOLDER && (o->to[0] == '\0' || strchr(o->to, ':') != NULL))
        return cli_misuse("--to %s: expected a folder, syslog:TARGET or otlp:URL (a folder whose "
                          "path has a colon: none)",
                          o->to);
    if (o->format == EXPORT_JSON) {
        if (o->follow) return cli_misuse("--follow wants --format jsonl or csv");
        if (form != TO_STDOUT || o->what != ASSAY_RECORD_SCORES)
            return cli_misuse("--format json: one document of closed epochs on stdout; expected "
                              "jsonl or csv with --to and --what events or orders");
    }
    if (o->has_format && (form == TO_SYSLOG || form == TO_OTLP))
        return cli_misuse("--format is of files and stdout: syslog and OTLP have one format each");
    if (o->votes && o->what != ASSAY_RECORD_SCORES)
        return cli_misuse("--votes are of scores: expected --what scores");
    if (form != TO_OTLP &&
        (o->ca_file != NULL || o->certificate != NULL || o->key != NULL || o->headers_file != NULL))
        return cli_misuse("--ca, --certificate, --key and --headers are of --to otlp:URL");
    if ((o->certificate == NULL) != (o->key == NULL))
        return cli_misuse("--certificate and --key go together");
    if (o->state != NULL && (form == TO_STDOUT || form == TO_FOLDER))
        return cli_misuse("--state is of --to syslog: and otlp:; a folder has its own cursor");
    return -1;
}

/* ------------------------------------------------------------ the command */

static int open_target(const struct export_options *o, struct export_cursor *cursor,
                       struct export_target **out)
{
    switch (form_of(o)) {
    case TO_STDOUT: return export_open_stdout(o, out);
    case TO_FOLDER: return export_open_folder(o, cursor, out);
    case TO_SYSLOG: return export_open_syslog(o, out);
    case TO_OTLP: return export_open_otlp(o, out);
    }
    return ASSAY_EXIT_INTERNAL;
}

/* $STATE_DIRECTORY is what a unit of systemd gives (StateDirectory=). */
static const char *state_folder(const struct export_options *o)
{
    switch (form_of(o)) {
    case TO_STDOUT: return NULL;
    case TO_FOLDER: return o->to;
    case TO_SYSLOG:
    case TO_OTLP: break;
    }
    return o->state != NULL ? o->state : getenv("STATE_DIRECTORY");
}

static int export_records(const struct export_options *o)
{
    struct export_cursor cursor;
    struct export_target *target = NULL;
    int result = export_cursor_open(state_folder(o), o->what, &cursor);
    if (result != ASSAY_EXIT_OK) return result;
    result = open_target(o, &cursor, &target);
    if (result == ASSAY_EXIT_OK) {
        result = export_run(o, &cursor, target);
        target->type->close(target);
    }
    export_cursor_close(&cursor);
    return result;
}

int cli_command_export(int argc, char **argv)
{
    struct export_options o = { .socket = cli_daemon_default_socket(),
                                .timeout_ms = ASSAY_CLIENT_TIMEOUT_MS,
                                .what = ASSAY_RECORD_SCORES,
                                .until = INT64_MAX,
                                .rotate_bytes = ROTATE_BYTES,
                                .keep = KEEP,
                                .queue = QUEUE,
                                .metrics_s = METRICS_S };
    const struct cli_option_target targets[] = {
        { "socket", .text = &o.socket },
        { "timeout", .ms = &o.timeout_ms },
        { "format", .take = take_format, .context = &o },
        { "what", .take = take_what, .context = &o },
        { "since", .take = take_since, .context = &o },
        { "until", .number = &o.until, .high = INT64_MAX },
        { "votes", .flag = &o.votes },
        { "follow", .flag = &o.follow },
        { "to", .text = &o.to },
        { "state", .text = &o.state },
        { "rotate-bytes", .number = &o.rotate_bytes, .low = ROTATE_BYTES_MIN, .high = INT64_MAX },
        { "keep", .number = &o.keep, .low = 0, .high = 1000000, .unit = "files" },
        { "queue", .number = &o.queue, .low = 1, .high = 1000000, .unit = "records" },
        { "metrics-every", .number = &o.metrics_s, .low = 0, .high = 86400, .unit = "seconds" },
        { "ca", .text = &o.ca_file },
        { "certificate", .text = &o.certificate },
        { "key", .text = &o.key },
        { "headers", .text = &o.headers_file },
        { .name = NULL },
    };
    int early = cli_options_read(argc, argv, targets);
    if (early < 0) early = check_options(&o);
    if (early >= 0) return early;
    return o.format == EXPORT_JSON ? print_document(&o) : export_records(&o);
}
