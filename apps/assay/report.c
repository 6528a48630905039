/*
 * apps/assay/report.c - `assay report --html`: the page for people with its data inside.
 *
 * What HTTP serves (docs/http.md) comes from the node's socket of HTTP, evidence from its admin
 * socket; both go into one document, and that into the page (web/page.h).
 */
#include "apps/assay/report.h"

#include "apps/assay/command.h"
#include "apps/assay/evidence_print.h"
#include "apps/client.h"
#include "web/page.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: assay report --html FILE [--socket PATH] [--http WHERE] [--timeout MS]\n"
    "       assay report --json [--socket PATH] [--http WHERE] [--timeout MS]\n"
    "\n"
    "Everything that a node can show, at this moment: status, members, closed epochs, who said "
    "what\n"
    "of whom, events, policy, collateral, and the evidence of every member decoded beside the "
    "policy.\n"
    "--html writes the page with it inside, one file that needs no network; --json prints the "
    "data.\n"
    "\n"
    "  --socket PATH     admin socket of the daemon\n"
    "                    (default $ASSAY_SOCKET, else /run/assay/admin.sock)\n"
    "  --http WHERE      its socket of HTTP (default: admin.http beside admin.sock), or its "
    "address\n"
    "                    where it listens on this machine, 127.0.0.1:8080\n"
    "  --timeout MS      of each question, default 5000\n"
    "exit status: 0 ok, 1 the file could not be written, 2 usage, 3 daemon unreachable, 7 "
    "timeout\n";

static const char socket_default[] = "/run/assay/admin.sock";

enum { MATRICES_MAX = 16, E5 = 5 }; /* E5: a vote against what the evidence says */

struct report {
    struct assay_change_options options; /* socket, json: as `assay change` asks */
    const char *html;
    char http[112];
    unsigned timeout_ms;
    char node[64], generated_at[40]; /* of the first document */
};

/* ------------------------------------------------------------ options */

static int misuse(FILE *out, int status)
{
    (void)fputs(usage, out);
    return status;
}

/* admin.sock -> admin.http, as the daemon does without listen.http (apps/config/http.c). */
static bool http_beside(const char *socket, char *http, size_t size)
{
    static const char ending[] = ".sock";
    size_t len = strlen(socket);
    if (len > sizeof ending - 1 && strcmp(socket + len - (sizeof ending - 1), ending) == 0)
        len -= sizeof ending - 1;
    return len < size && snprintf(http, size, "%.*s.http", (int)len, socket) < (int)size;
}

static bool take_timeout(const char *text, unsigned *out)
{
    char *end = NULL;
    const unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || value == 0 || value > 3600000) return false;
    *out = (unsigned)value;
    return true;
}

/* Returns: -1 to go on, else the exit status. */
static int read_options(struct report *r, int argc, char **argv)
{
    static const struct option table[] = {
        { "html", required_argument, NULL, 'o' },    { "json", no_argument, NULL, 'j' },
        { "socket", required_argument, NULL, 's' },  { "http", required_argument, NULL, 'w' },
        { "timeout", required_argument, NULL, 't' }, { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    const char *from_environment = getenv("ASSAY_SOCKET"), *http = NULL;
    r->options.socket = from_environment != NULL ? from_environment : socket_default;
    r->timeout_ms = ASSAY_CLIENT_TIMEOUT_MS;
    for (int o; (o = getopt_long(argc, argv, "h", table, NULL)) != -1;) {
        if (o == 'o') r->html = optarg;
        else if (o == 'j') r->options.json = true;
        else if (o == 's') r->options.socket = optarg;
        else if (o == 'w') http = optarg;
        else if (o != 't' || !take_timeout(optarg, &r->timeout_ms))
            return misuse(o == 'h' ? stdout : stderr, o == 'h' ? ASSAY_EXIT_OK : ASSAY_EXIT_USAGE);
    }
    if (optind < argc || (r->html == NULL) == !r->options.json)
        return misuse(stderr, ASSAY_EXIT_USAGE);
    if (http != NULL ? snprintf(r->http, sizeof r->http, "%s", http) >= (int)sizeof r->http
                     : !http_beside(r->options.socket, r->http, sizeof r->http))
        return assay_print_error(r->options.json, ASSAY_EXIT_USAGE, "usage",
                                 "report: the path of a socket has 107 bytes at most");
    return -1;
}

/* ------------------------------------------------------------ the data */

static int unreachable(const struct report *r, const char *path, enum assay_status status)
{
    return assay_print_error(
        r->options.json, status == ASSAY_E_TIMEOUT ? ASSAY_EXIT_TIMEOUT : ASSAY_EXIT_UNREACHABLE,
        "unreachable", "report: %s: %s; is assayd running, and does it listen there? See --help",
        path, assay_status_text(status));
}

/* One document over HTTP, its data under a name. */
static int get(struct report *r, struct assay_json *data, const char *name, const char *target)
{
    struct assay_json *document = NULL;
    const enum assay_status status = assay_client_get(r->http, target, r->timeout_ms, &document);
    if (status != ASSAY_OK) return unreachable(r, r->http, status);
    if (r->node[0] == '\0') {
        (void)snprintf(r->node, sizeof r->node, "%s", assay_json_text(document, "node", "?"));
        (void)snprintf(r->generated_at, sizeof r->generated_at, "%s",
                       assay_json_text(document, "generated_at", ""));
    }
    struct assay_json *own = assay_json_copy(assay_json_get(document, "data"));
    assay_json_free(&document);
    if (own == NULL) return unreachable(r, r->http, ASSAY_E_SYNTAX);
    assay_json_set(data, name, own);
    return ASSAY_EXIT_OK;
}

/* Ballots of the epochs in which somebody was convicted of a vote, the newest ones first. An epoch
 * that the node does not keep any more is left out. */
static int get_matrices(struct report *r, struct assay_json *data)
{
    const struct assay_json *events =
        assay_json_get(assay_json_get(data, "timeline"), "events");
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
        return unreachable(r, r->http, status);
    }
    assay_json_set(data, "matrices", list);
    return ASSAY_EXIT_OK;
}

static int get_changes(struct report *r, struct assay_json *data)
{
    struct assay_json *document = NULL;
    const int result = assay_change_ask(&r->options, "changes", &document);
    if (result == ASSAY_EXIT_OK)
        assay_json_set(data, "changes", assay_json_copy(assay_json_get(document, "data")));
    assay_json_free(&document);
    return result;
}

static int gather(struct report *r, struct assay_json *data)
{
    int result = get(r, data, "status", "/v1/status");
    if (result == ASSAY_EXIT_OK) result = get(r, data, "nodes", "/v1/nodes?limit=1024");
    if (result == ASSAY_EXIT_OK) result = get(r, data, "history", "/v1/epochs?limit=256");
    if (result == ASSAY_EXIT_OK) result = get(r, data, "timeline", "/v1/timeline?limit=1024");
    if (result == ASSAY_EXIT_OK) result = get(r, data, "matrix", "/v1/matrix");
    if (result == ASSAY_EXIT_OK) result = get_matrices(r, data);
    if (result == ASSAY_EXIT_OK) result = get(r, data, "policy", "/v1/policy");
    if (result == ASSAY_EXIT_OK) result = get(r, data, "collateral", "/v1/collateral");
    if (result == ASSAY_EXIT_OK) result = get_changes(r, data);
    if (result == ASSAY_EXIT_OK) result = assay_report_add_evidence(&r->options, data);
    return result;
}

/* ------------------------------------------------------------ the page */

static bool write_page(const char *path, const char *text)
{
    FILE *out = fopen(path, "we");
    if (out == NULL) return false;
    const bool good = assay_web_report_put(text, out) && fflush(out) == 0;
    return fclose(out) == 0 && good;
}

static int tell(const struct report *r, struct assay_json *data)
{
    struct assay_json *document = assay_json_object();
    assay_json_set_text(document, "schema", "assay.page");
    assay_json_set_uint(document, "schema_version", 1);
    assay_json_set_text(document, "node", r->node);
    assay_json_set_text(document, "generated_at", r->generated_at);
    assay_json_set(document, "data", data);
    char *text = assay_json_print(document, r->options.json ? 2 : 0);
    assay_json_free(&document);
    bool good = text != NULL;
    if (good && r->html == NULL) good = puts(text) >= 0 && fflush(stdout) == 0;
    if (good && r->html != NULL) good = write_page(r->html, text);
    free(text);
    if (good) return ASSAY_EXIT_OK;
    return assay_print_error(false, ASSAY_EXIT_INTERNAL, "internal", "report: %s cannot be written",
                             r->html != NULL ? r->html : "standard output");
}

int assay_command_report(int argc, char **argv)
{
    struct report r = { 0 };
    const int early = read_options(&r, argc, argv);
    if (early >= 0) return early;
    struct assay_json *data = assay_json_object();
    int result = gather(&r, data);
    if (result == ASSAY_EXIT_OK) result = tell(&r, data);
    else assay_json_free(&data);
    return result;
}
