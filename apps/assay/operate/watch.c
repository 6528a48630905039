/*
 * apps/assay/operate/watch.c - simple queries to a running daemon: permit, counters, timeline.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/print.h"
#include "base/rfc3339.h"

#include <stdio.h>
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

/* Epochs of an event, "33" or "33-184 (152x)". */
static const char *epochs_of(const struct assay_json *event)
{
    char text[64];
    const unsigned long long last = cli_number_of(event, "epoch"),
                             first = cli_number_of(event, "first_epoch"),
                             count = cli_number_of(event, "count");
    int len = first != 0 && first != last ? snprintf(text, sizeof text, "%llu-%llu", first, last)
                                          : snprintf(text, sizeof text, "%llu", last);
    if (count > 1) (void)snprintf(text + len, sizeof text - (size_t)len, " (%llux)", count);
    return cli_text_sanitized(text);
}

static void show_timeline(const struct assay_json *data)
{
    const struct assay_json *events = assay_json_get(data, "events");
    for (size_t i = 0; i < assay_json_count(events); i++) {
        const struct assay_json *e = assay_json_at(events, i);
        char at[ASSAY_RFC3339_LEN + 1] = "";
        assay_rfc3339_format((int64_t)(cli_number_of(e, "at_unix_ms") / 1000), at);
        (void)printf("%6llu  %s  epoch %-16s %-24s %-12s %s\n", cli_number_of(e, "seq"), at,
                     epochs_of(e), cli_text_of(e, "event", "?"), cli_text_of(e, "name", ""),
                     cli_text_of(e, "text", ""));
    }
}

int cli_command_permit(int argc, char **argv)
{
    struct assay_daemon_request q = cli_daemon_request("permit");
    const int early = cli_daemon_read_options(&q, argc, argv);
    if (early >= 0) return early;
    return q.json ? cli_daemon_print(&q, NULL, "permit %s", q.class_) : print_permit(&q);
}

int cli_command_counters(int argc, char **argv)
{
    struct assay_daemon_request q = cli_daemon_request("counters");
    const int early = cli_daemon_read_options(&q, argc, argv);
    return early >= 0 ? early : cli_daemon_print(&q, show_counters, "counters");
}

int cli_command_timeline(int argc, char **argv)
{
    struct assay_daemon_request q = cli_daemon_request("timeline");
    struct assay_json *data = NULL;
    const int early = cli_daemon_read_options(&q, argc, argv);
    if (early >= 0) return early;
    const int result = cli_daemon_get_timeline(&q, &data);
    if (result != ASSAY_EXIT_OK) return result;
    if (q.json) return cli_print_envelope("assay.timeline", data);
    show_timeline(data);
    assay_json_free(&data);
    return ASSAY_EXIT_OK;
}
