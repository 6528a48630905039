/*
 * apps/assay/operate/watch.c - simple queries to a running daemon: permit, counters, timeline.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/options.h"
#include "base/rfc3339.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every member of a document, one a line. */
static void show_counters(const struct assay_json *document)
{
    const struct assay_json *const counters = assay_json_get(document, "data");
    const char *key = NULL;
    const struct assay_json *value = NULL;
    for (size_t i = 0; assay_json_member(counters, i, &key, &value); i++)
        (void)printf("%-32s %llu\n", cli_text_sanitized(key), cli_number_of(counters, key));
}

/* Returns: whether the node that answered has had no certified PASS so far. */
static bool is_never_attested(const struct assay_daemon_request *q,
                              const struct assay_json *document)
{
    char request[96];
    struct assay_json *answer = NULL;
    (void)snprintf(request, sizeof request, "node %s", assay_json_text(document, "node", ""));
    if (assay_client_request(q->socket, request, q->timeout_ms, &answer) != ASSAY_OK) return false;
    const struct assay_json *const own = assay_json_get(answer, "data");
    const bool never = assay_json_get(own, "last_success_epoch") != NULL &&
                       cli_number_of(own, "last_success_epoch") == 0;
    assay_json_free(&answer);
    return never;
}

static int print_permit(const struct assay_daemon_request *q)
{
    struct assay_json *document = NULL;
    const int result = cli_daemon_get_document(q, &document, "permit %s", q->class_);
    if (result != ASSAY_EXIT_OK) return result;
    const struct assay_json *d = assay_json_get(document, "data");
    const bool permitted = assay_json_bool(d, "permitted", false);
    const bool never = !permitted && strcmp(assay_json_text(d, "reason", ""), "stale") == 0 &&
                       is_never_attested(q, document);
    if (permitted) (void)printf("permitted: %s\n", cli_text_of(d, "class", "?"));
    else
        (void)printf("denied: %s: %s%s\n", cli_text_of(d, "class", "?"),
                     cli_text_of(d, "reason", "?"),
                     never ? " (no certified PASS of this node yet)" : "");
    assay_json_free(&document);
    return permitted ? ASSAY_EXIT_OK : ASSAY_EXIT_DENIED;
}

/* "2026-11-20T17:46:10Z"; as wide where it is not known. */
static const char *format_time(const struct assay_json *event)
{
    char text[ASSAY_RFC3339_LEN + 1] = "-                   ";
    const uint64_t at_ms = assay_json_uint(event, "at_unix_ms", 0);
    if (at_ms > 0) assay_rfc3339_format((int64_t)(at_ms / 1000), text);
    return cli_text_sanitized(text);
}

static void show_timeline(const struct assay_json *document)
{
    const struct assay_json *d = assay_json_get(document, "data");
    const struct assay_json *events = assay_json_get(d, "events");
    for (size_t i = 0; i < assay_json_count(events); i++) {
        const struct assay_json *e = assay_json_at(events, i);
        (void)printf("%6llu  %s  epoch %-6llu %-28s %-16s %s\n", cli_number_of(e, "seq"),
                     format_time(e), cli_number_of(e, "epoch"), cli_text_of(e, "event", "?"),
                     cli_text_of(e, "name", ""), cli_text_of(e, "text", ""));
    }
}

int cli_command_permit(int argc, char **argv)
{
    struct assay_daemon_request q = { .group = "permit" };
    const int early = cli_daemon_parse_options(&q, argc, argv);
    if (early >= 0) return early;
    return q.json ? cli_daemon_print(&q, NULL, "permit %s", q.class_) : print_permit(&q);
}

int cli_command_counters(int argc, char **argv)
{
    struct assay_daemon_request q = { .group = "counters" };
    const int early = cli_daemon_parse_options(&q, argc, argv);
    return early >= 0 ? early : cli_daemon_print(&q, show_counters, "counters");
}

int cli_command_timeline(int argc, char **argv)
{
    struct assay_daemon_request q = { .group = "timeline", .since = "0" };
    const int early = cli_daemon_parse_options(&q, argc, argv);
    if (early >= 0) return early;
    if (q.since[0] == '\0' || q.since[strspn(q.since, "0123456789")] != '\0')
        return cli_misuse("--since wants the number of an event, 0 or more, not \"%s\"", q.since);
    return cli_daemon_print(&q, show_timeline, "timeline since=%s", q.since);
}
