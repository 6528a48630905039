/*
 * apps/assay/core/daemon_request.c - requests of the command line to a running daemon, and
 * rendering of its documents.
 */
#include "apps/assay/core/daemon_request.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/view.h"
#include "base/assert.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *chosen; /* of this process, which runs one command; NULL: nothing */

void cli_daemon_set_default(const char *where)
{
    chosen = where;
}

const char *cli_daemon_default_socket(void)
{
    const char *const from_environment = getenv("ASSAY_SOCKET");
    if (chosen != NULL) return chosen;
    return from_environment != NULL ? from_environment : "/run/assay/admin.sock";
}

bool cli_daemon_get_http(const char *socket, unsigned timeout_ms, char *http, size_t size)
{
    struct assay_json *status = NULL;
    bool is_tls = false;
    http[0] = '\0';
    if (assay_client_context(socket) != NULL) { /* it is reached over HTTP as it is */
        (void)snprintf(http, size, "%s", socket);
        return false;
    }
    if (assay_client_request(socket, "status", timeout_ms, &status) == ASSAY_OK) {
        const struct assay_json *const data = assay_json_get(status, "data");
        (void)snprintf(http, size, "%s", assay_json_text(data, "http", ""));
        is_tls = assay_json_bool(data, "http_tls", false);
    }
    assay_json_free(&status);
    return is_tls;
}

struct assay_daemon_request cli_daemon_request(const char *group)
{
    return (struct assay_daemon_request){ .group = group,
                                          .socket = cli_daemon_default_socket(),
                                          .timeout_ms = ASSAY_CLIENT_TIMEOUT_MS };
}

int cli_daemon_read_options(struct assay_daemon_request *q, int argc, char **argv)
{
    const struct cli_option_target targets[] = {
        ASSAY_DAEMON_TARGETS(q),
        { "class", .text = &q->class_ },
        { "node", .text = &q->node },
        { "since", .number = &q->since, .high = UINT64_MAX },
        { .name = NULL },
    };
    return cli_options_read(argc, argv, targets);
}

int cli_daemon_report_unreachable(const struct assay_daemon_request *q, enum assay_status status)
{
    char fault[ASSAY_CLIENT_FAULT_LEN];
    assay_client_fault(q->socket, status, fault);
    (void)fprintf(stderr, "assay %s: %s: %s\n", q->group, q->socket, fault);
    return status == ASSAY_E_TIMEOUT ? ASSAY_EXIT_TIMEOUT : ASSAY_EXIT_UNREACHABLE;
}

const char *cli_daemon_get_hint(const char *code, const char *detail)
{
    const bool is_member = strcmp(code, "not_found") == 0 && strstr(detail, "no member") != NULL;
    return is_member ? " (`assay nodes` lists the members)" : "";
}

/* The daemon refuses with a document of schema assay.error: code and detail. */
static int report_refused(const struct assay_daemon_request *q, const struct assay_json *error)
{
    const char *code = assay_json_text(error, "code", "error");
    (void)fprintf(stderr, "assay %s: %s%s\n", q->group, cli_text_of(error, "detail", code),
                  cli_daemon_get_hint(code, assay_json_text(error, "detail", "")));
    if (strcmp(code, "not_found") == 0) return ASSAY_EXIT_NOT_FOUND;
    if (strcmp(code, "conflict") == 0) return ASSAY_EXIT_CONFLICT;
    return strcmp(code, "store") == 0 ? ASSAY_EXIT_INTERNAL : ASSAY_EXIT_USAGE;
}

static int ask_line(const struct assay_daemon_request *q, const char *request,
                    struct assay_json **document)
{
    const enum assay_status status =
        assay_client_request(q->socket, request, q->timeout_ms, document);
    if (status != ASSAY_OK) return cli_daemon_report_unreachable(q, status);
    if (strcmp(assay_json_text(*document, "schema", ""), "assay.error") != 0) return ASSAY_EXIT_OK;
    const int result = report_refused(q, assay_json_get(*document, "data"));
    assay_json_free(document);
    return result;
}

/* Returns: false when it is no line that could be asked. */
__attribute__((format(printf, 2, 0))) static bool put_request(char request[static 224],
                                                              const char *format, va_list args)
{
    const int len = vsnprintf(request, 224, format, args);
    return len >= 0 && len < 224 && strchr(request, '\n') == NULL;
}

int cli_daemon_get_document(const struct assay_daemon_request *q, struct assay_json **document,
                            const char *format, ...)
{
    char request[224];
    va_list args;
    va_start(args, format);
    const bool fits = put_request(request, format, args);
    va_end(args);
    *document = NULL;
    if (!fits) return cli_misuse("a word is too long, or has more than one line");
    return ask_line(q, request, document);
}

__attribute__((format(printf, 4, 0))) static int print_answer(
    const struct assay_daemon_request *q, void (*show)(const struct assay_json *document),
    const char *view, const char *format, va_list args)
{
    char request[224];
    struct assay_json *document = NULL;
    ASSAY_ASSERT(q->json || view != NULL || show != NULL);
    if (!put_request(request, format, args))
        return cli_misuse("a word is too long, or has more than one line");
    int result = ask_line(q, request, &document);
    if (result != ASSAY_EXIT_OK) return result;
    const struct assay_json *const data = assay_json_get(document, "data");
    if (q->json) result = cli_print_document(document);
    else if (view != NULL) cli_view_print(view, data, stdout);
    else show(document);
    /* Anything but an explicit permit is a denial. */
    if (strcmp(q->group, "permit") == 0 && !assay_json_bool(data, "permitted", false))
        result = ASSAY_EXIT_DENIED;
    assay_json_free(&document);
    return result;
}

int cli_daemon_print(const struct assay_daemon_request *q,
                     void (*show)(const struct assay_json *document), const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int result = print_answer(q, show, NULL, format, args);
    va_end(args);
    return result;
}

int cli_daemon_view(const struct assay_daemon_request *q, const char *view, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int result = print_answer(q, NULL, view, format, args);
    va_end(args);
    return result;
}

/* The daemon answers in parts. */
int cli_daemon_get_timeline(const struct assay_daemon_request *q, struct assay_json **data)
{
    struct assay_json *const events = assay_json_array();
    uint64_t since = q->since, last = 0;
    bool gap = false;
    int result = ASSAY_EXIT_OK;
    for (bool more = true; more;) {
        struct assay_json *document = NULL;
        result = cli_daemon_get_document(q, &document, "timeline since=%llu%s%s",
                                         (unsigned long long)since, q->node ? " node=" : "",
                                         q->node ? q->node : "");
        const struct assay_json *const part = assay_json_get(document, "data");
        const struct assay_json *const list = assay_json_get(part, "events");
        for (size_t i = 0; i < assay_json_count(list); i++)
            assay_json_append(events, assay_json_copy(assay_json_at(list, i)));
        gap = gap || assay_json_bool(part, "gap", false);
        last = assay_json_uint(part, "last_seq", last);
        const uint64_t next = assay_json_uint(part, "next_since", 0);
        more = result == ASSAY_EXIT_OK && next > since;
        since = next;
        assay_json_free(&document);
    }
    *data = assay_json_object();
    assay_json_set_uint(*data, "last_seq", last);
    assay_json_set_bool(*data, "gap", gap);
    assay_json_set(*data, "events", events);
    assay_json_set_null(*data, "next_since");
    if (result != ASSAY_EXIT_OK) assay_json_free(data);
    return result;
}

int cli_print_document(const struct assay_json *document)
{
    char *const text = assay_json_print(document, 2);
    const bool is_printed = text != NULL && puts(text) >= 0 && fflush(stdout) == 0;
    free(text);
    return is_printed ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}
