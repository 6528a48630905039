/*
 * apps/assay/operate/enforce.c - `assay enforce show|hold|release`: enforcement on a node, and the
 * manual hold.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/options.h"
#include "apps/client.h"
#include "base/assert.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REASON_MAX = 200, TIMEOUT_MS_MAX = 3600000 };

struct order_options {
    const char *verb, *reason, *socket;
    unsigned timeout_ms;
    bool json;
};

static bool read_timeout(const char *text, unsigned *ms)
{
    char *end = NULL;
    const unsigned long value = strtoul(text, &end, 10);
    if (text[0] < '1' || text[0] > '9' || *end != '\0' || value > TIMEOUT_MS_MAX) return false;
    *ms = (unsigned)value;
    return true;
}

/* Returns: -1 to go on, else the exit status. */
static int read_options(int argc, char **argv, struct order_options *o)
{
    static const struct option options[] = {
        { "reason", required_argument, NULL, 'r' },  { "socket", required_argument, NULL, 's' },
        { "timeout", required_argument, NULL, 't' }, { "json", no_argument, NULL, 'j' },
        { NULL, 0, NULL, 0 },
    };
    const char *const from_environment = getenv("ASSAY_SOCKET");
    o->socket = from_environment != NULL ? from_environment : "/run/assay/admin.sock";
    o->timeout_ms = ASSAY_CLIENT_TIMEOUT_MS;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'r') o->reason = optarg;
        else if (c == 's') o->socket = optarg;
        else if (c == 'j') o->json = true;
        else if (!read_timeout(optarg, &o->timeout_ms))
            return cli_misuse("--timeout wants 1 to 3600000 milliseconds, not \"%s\"", optarg);
    }
    o->verb = argv[optind];
    return -1;
}

static bool reason_is_fit(const char *reason)
{
    const size_t len = strlen(reason);
    for (size_t i = 0; i < len; i++)
        if (reason[i] < ' ' || reason[i] > '~') return false;
    return len >= 1 && len <= REASON_MAX;
}

/* --------------------------------------------------------------- what came back */

static const char *text_of(const struct assay_json *object, const char *key)
{
    static char buffers[8][256];
    static unsigned turn;
    const char *const text = assay_json_text(object, key, "");
    char *const out = buffers[turn++ % 8];
    size_t len = 0;
    for (; text[len] != '\0' && len + 1 < sizeof buffers[0]; len++)
        out[len] = (char)((unsigned char)text[len] < ' ' || text[len] == 0x7f ? '?' : text[len]);
    out[len] = '\0';
    return out;
}

static void print_enforcement(const struct assay_json *data)
{
    const struct assay_json *const hold = assay_json_get(data, "hold");
    const struct assay_json *const journal = assay_json_get(data, "journal");
    const struct assay_json *const targets = assay_json_get(data, "targets");
    if (assay_json_bool(hold, "held", false))
        (void)printf("HELD           manually since %s: %s\n", text_of(hold, "since"),
                     text_of(hold, "reason"));
    else (void)puts("held           no");
    (void)printf("journal        %llu lines, head %llu:%s\n",
                 (unsigned long long)assay_json_uint(journal, "lines", 0),
                 (unsigned long long)assay_json_uint(journal, "lines", 0),
                 text_of(journal, "hash"));
    if (assay_json_uint(journal, "lost", 0) > 0)
        (void)printf("               %llu lines could not be written\n",
                     (unsigned long long)assay_json_uint(journal, "lost", 0));
    if (assay_json_count(targets) == 0) (void)puts("targets        none besides the enclave");
    for (size_t i = 0; i < assay_json_count(targets); i++) {
        const struct assay_json *const t = assay_json_at(targets, i);
        (void)printf("target         %-16s %-10s ordered %-10s %s%s%s\n", text_of(t, "name"),
                     text_of(t, "driver"), text_of(t, "ordered"), text_of(t, "state"),
                     assay_json_bool(t, "settled", false) ? "" : ", not as ordered yet",
                     assay_json_bool(t, "dry_run", false) ? ", dry run" : "");
        if (assay_json_uint(t, "waiting", 0) > 0)
            (void)printf("               %llu events wait for their receiver\n",
                         (unsigned long long)assay_json_uint(t, "waiting", 0));
        if (text_of(t, "trouble")[0] != '\0')
            (void)printf("               trouble: %s\n", text_of(t, "trouble"));
    }
}

static int report_refused(const struct assay_json *error)
{
    const char *const code = assay_json_text(error, "code", "error");
    (void)fprintf(stderr, "assay enforce: %s\n", text_of(error, "detail"));
    if (strcmp(code, "conflict") == 0) return ASSAY_EXIT_CONFLICT;
    return strcmp(code, "store") == 0 ? ASSAY_EXIT_INTERNAL : ASSAY_EXIT_USAGE;
}

static int send_order(const struct order_options *o, const char *request)
{
    struct assay_json *document = NULL;
    const enum assay_status status =
        assay_client_request(o->socket, request, o->timeout_ms, &document);
    if (status != ASSAY_OK) {
        char fault[ASSAY_CLIENT_FAULT_LEN];
        assay_client_fault(o->socket, status, fault);
        (void)fprintf(stderr, "assay enforce: %s: %s\n", o->socket, fault);
        return status == ASSAY_E_TIMEOUT ? ASSAY_EXIT_TIMEOUT : ASSAY_EXIT_UNREACHABLE;
    }
    int result = ASSAY_EXIT_OK;
    if (strcmp(assay_json_text(document, "schema", ""), "assay.error") == 0) {
        result = report_refused(assay_json_get(document, "data"));
    } else if (o->json) {
        char *const text = assay_json_print(document, 2);
        if (text != NULL) (void)puts(text);
        free(text);
    } else {
        print_enforcement(assay_json_get(document, "data"));
    }
    assay_json_free(&document);
    return result;
}

int cli_command_enforce(int argc, char **argv)
{
    struct order_options o = { .verb = NULL };
    char request[REASON_MAX + 16];
    const int early = read_options(argc, argv, &o);
    if (early >= 0) return early;
    ASSAY_ASSERT(o.verb != NULL); /* by the table */
    if (strcmp(o.verb, "show") == 0) return send_order(&o, "enforcement");
    const bool hold = strcmp(o.verb, "hold") == 0;
    ASSAY_ASSERT(o.reason != NULL); /* by the table */
    if (!reason_is_fit(o.reason)) return cli_misuse("--reason wants 1 to 200 printable characters");
    (void)snprintf(request, sizeof request, "%s %s", hold ? "hold" : "let-go", o.reason);
    return send_order(&o, request);
}
