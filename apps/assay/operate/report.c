/*
 * apps/assay/operate/report.c - `assay report`: the web page with its data embedded, or the data
 * alone.
 *
 * What HTTP serves (docs/http.md) comes from the node's socket of HTTP, evidence from its admin
 * socket; both go into one document, and that into the page (web/page.h).
 */
#include "apps/assay/operate/report.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/output.h"
#include "apps/assay/evidence/evidence_print.h"
#include "apps/client.h"
#include "web/page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MATRICES_MAX = 16, E5 = 5 }; /* E5: a vote that contradicts the evidence */

struct report {
    struct assay_change_options options; /* socket, json: as `assay change` asks */
    const char *html;
    char http[112]; /* "": not reported by the node */
    unsigned timeout_ms;
    char node[64], generated_at[40]; /* of the first document */
};

/* ------------------------------------------------------------ options */

/* Returns: -1 to go on, else the exit status. */
static int read_options(struct report *r, int argc, char **argv)
{
    const char *http = NULL;
    const struct cli_option_target targets[] = {
        { "html", .text = &r->html },
        { "json", .flag = &r->options.json },
        { "socket", .text = &r->options.socket },
        { "http", .text = &http },
        { "timeout", .ms = &r->timeout_ms },
        { .name = NULL },
    };
    r->options.group = "report";
    r->options.socket = cli_daemon_default_socket();
    r->timeout_ms = ASSAY_CLIENT_TIMEOUT_MS;
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    if ((r->html == NULL) == !r->options.json)
        return cli_misuse("give --html FILE for the page, or --json for its data");
    if (http == NULL &&
        cli_daemon_get_http(r->options.socket, r->timeout_ms, r->http, sizeof r->http))
        return cli_print_error(r->options.json, ASSAY_EXIT_UNREACHABLE, "unreachable",
                               "report: %s (listen.http) " CLI_DAEMON_HTTP_TLS, r->http);
    if (http != NULL && snprintf(r->http, sizeof r->http, "%s", http) >= (int)sizeof r->http)
        return cli_misuse("--http: a path of a socket has 107 bytes at most");
    return -1;
}

/* ------------------------------------------------------------ the data */

static const char *http_fault(enum assay_status status)
{
    if (status == ASSAY_E_NOT_FOUND) return "no such socket, or no such document of this node";
    if (status == ASSAY_E_IO) return "no answer over HTTP: the connection was refused or closed";
    if (status == ASSAY_E_SYNTAX || status == ASSAY_E_UNSUPPORTED)
        return "the answer is not one of assayd's HTTP";
    return assay_status_text(status);
}

static int report_unreachable(const struct report *r, const char *path, enum assay_status status)
{
    return cli_print_error(
        r->options.json, status == ASSAY_E_TIMEOUT ? ASSAY_EXIT_TIMEOUT : ASSAY_EXIT_UNREACHABLE,
        "unreachable", "report: %s: %s; is assayd running, and does it listen there? See --help",
        path, http_fault(status));
}

/* One document over HTTP, its data under a name. */
static int get_document(struct report *r, struct assay_json *data, const char *name,
                        const char *target)
{
    struct assay_json *document = NULL;
    if (r->http[0] == '\0') return report_unreachable(r, r->options.socket, ASSAY_E_NOT_FOUND);
    const enum assay_status status = assay_client_get(r->http, target, r->timeout_ms, &document);
    if (status != ASSAY_OK) return report_unreachable(r, r->http, status);
    if (r->node[0] == '\0') {
        (void)snprintf(r->node, sizeof r->node, "%s", assay_json_text(document, "node", "?"));
        (void)snprintf(r->generated_at, sizeof r->generated_at, "%s",
                       assay_json_text(document, "generated_at", ""));
    }
    struct assay_json *own = assay_json_copy(assay_json_get(document, "data"));
    assay_json_free(&document);
    if (own == NULL) return report_unreachable(r, r->http, ASSAY_E_SYNTAX);
    assay_json_set(data, name, own);
    return ASSAY_EXIT_OK;
}

/* Ballots of the epochs in which a member was convicted of a vote, newest first. Epochs that the
 * node no longer retains are left out. */
static int get_matrices(struct report *r, struct assay_json *data)
{
    const struct assay_json *events = assay_json_get(assay_json_get(data, "timeline"), "events");
    struct assay_json *list = assay_json_array();
    uint64_t seen[MATRICES_MAX];
    size_t count = 0;
    for (size_t i = assay_json_count(events); i-- > 0 && count < MATRICES_MAX;) {
        const struct assay_json *event = assay_json_at(events, i);
        const uint64_t epoch = assay_json_uint(event, "b", 0);
        bool known = strcmp(assay_json_text(event, "event", ""), "offence_proven") != 0 ||
                     assay_json_uint(event, "a", 0) != E5;
        for (size_t k = 0; k < count; k++)
            known = known || seen[k] == epoch;
        if (known) continue;
        char target[64];
        struct assay_json *document = NULL;
        (void)snprintf(target, sizeof target, "/v1/matrix?epoch=%" PRIu64, epoch);
        seen[count++] = epoch;
        const enum assay_status status =
            assay_client_get(r->http, target, r->timeout_ms, &document);
        if (status == ASSAY_OK)
            assay_json_append(list, assay_json_copy(assay_json_get(document, "data")));
        assay_json_free(&document);
        if (status == ASSAY_OK || status == ASSAY_E_NOT_FOUND) continue;
        assay_json_free(&list);
        return report_unreachable(r, r->http, status);
    }
    assay_json_set(data, "matrices", list);
    return ASSAY_EXIT_OK;
}

static int get_changes(struct report *r, struct assay_json *data)
{
    struct assay_json *document = NULL;
    const int result = cli_change_request(&r->options, "changes", &document);
    if (result == ASSAY_EXIT_OK)
        assay_json_set(data, "changes", assay_json_copy(assay_json_get(document, "data")));
    assay_json_free(&document);
    return result;
}

static int collect_documents(struct report *r, struct assay_json *data)
{
    int result = get_document(r, data, "status", "/v1/status");
    if (result == ASSAY_EXIT_OK) result = get_document(r, data, "nodes", "/v1/nodes?limit=1024");
    if (result == ASSAY_EXIT_OK) result = get_document(r, data, "history", "/v1/epochs?limit=256");
    if (result == ASSAY_EXIT_OK)
        result = get_document(r, data, "timeline", "/v1/timeline?limit=9216");
    if (result == ASSAY_EXIT_OK) result = get_document(r, data, "matrix", "/v1/matrix");
    if (result == ASSAY_EXIT_OK) result = get_matrices(r, data);
    if (result == ASSAY_EXIT_OK) result = get_document(r, data, "policy", "/v1/policy");
    if (result == ASSAY_EXIT_OK) result = get_document(r, data, "collateral", "/v1/collateral");
    if (result == ASSAY_EXIT_OK) result = get_document(r, data, "services", "/v1/services");
    if (result == ASSAY_EXIT_OK) result = get_changes(r, data);
    if (result == ASSAY_EXIT_OK) result = cli_report_add_evidence(&r->options, data);
    return result;
}

/* ------------------------------------------------------------ the page */

static int write_page(const char *path, const char *text)
{
    char *page = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&page, &len);
    bool good = out != NULL && assay_web_report_put(text, out);
    if (out != NULL && fclose(out) != 0) good = false;
    const int result = good ? cli_output_write("assay report", path, ASSAY_FILE_PUBLIC,
                                               assay_slice_over((const uint8_t *)page, len))
                            : ASSAY_EXIT_INTERNAL;
    free(page);
    return result;
}

static int write_report(const struct report *r, struct assay_json *data)
{
    struct assay_json *document = assay_json_object();
    assay_json_set_text(document, "schema", "assay.page");
    assay_json_set_uint(document, "schema_version", 1);
    assay_json_set_text(document, "node", r->node);
    assay_json_set_text(document, "generated_at", r->generated_at);
    assay_json_set(document, "data", data);
    char *text = assay_json_print(document, r->options.json ? 2 : 0);
    assay_json_free(&document);
    int result = text != NULL ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
    if (text != NULL && r->html == NULL) (void)puts(text);
    if (text != NULL && r->html != NULL) result = write_page(r->html, text);
    free(text);
    return result;
}

int cli_command_report(int argc, char **argv)
{
    struct report r = { 0 };
    const int early = read_options(&r, argc, argv);
    if (early >= 0) return early;
    struct assay_json *data = assay_json_object();
    int result = collect_documents(&r, data);
    if (result == ASSAY_EXIT_OK) result = write_report(&r, data);
    else assay_json_free(&data);
    return result;
}
