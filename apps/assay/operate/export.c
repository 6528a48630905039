/*
 * apps/assay/operate/export.c - `assay export`: closed epochs of a running daemon as JSON or CSV.
 *
 * json: the daemon's own documents, one a page. jsonl and csv: one line per member and epoch,
 * complete ranges, continuously with --follow. Every line has the chain id, and whether its epoch
 * represents an hour.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"

#include "apps/client.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum format { FORMAT_JSON, FORMAT_JSONL, FORMAT_CSV };

struct export
{
    const char *socket;
    unsigned timeout_ms;
    enum format format;
    uint64_t since, until;
    bool votes, follow, header;
};

/* ------------------------------------------------------------ lines */

enum column_kind { TEXT, NUMBER, FLAG };

/* In the order of the columns. of_epoch: a member of the epoch's object, else of the member's. */
static const struct column {
    const char *name;
    enum column_kind kind;
    bool of_epoch, of_votes;
} columns[] = {
    { "epoch", NUMBER, true, false },
    { "era", NUMBER, true, false },
    { "certified", FLAG, true, false },
    { "kept", TEXT, true, false },
    { "slot", NUMBER, false, false },
    { "name", TEXT, false, false },
    { "incarnation", NUMBER, false, false },
    { "score_bp", NUMBER, false, false },
    { "integrity_bp", NUMBER, false, false },
    { "availability_bp", NUMBER, false, false },
    { "standing", TEXT, false, false },
    { "weight", NUMBER, false, false },
    { "orders", TEXT, false, false },
    { "positive_bp", NUMBER, false, false },
    { "negative_bp", NUMBER, false, false },
    { "unjudged_bp", NUMBER, false, false },
    { "electorate_bp", NUMBER, false, false },
    { "lo_bp", NUMBER, false, false },
    { "hi_bp", NUMBER, false, false },
    { "integrity_rule", TEXT, false, false },
    { "availability_rule", TEXT, false, false },
    { "has_ballot", FLAG, false, true },
    { "outcomes", TEXT, false, true },
    { "proven_fail", FLAG, false, true },
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

/* What the network could bear, in the same lines. */
static const char *const borne[] = { "total_weight",      "members_stop",
                                     "members_break",     "largest_operator_bp",
                                     "largest_vendor_bp", "largest_platform_bp" };
enum { BORNE = sizeof borne / sizeof borne[0] };

/* RFC 4180. Names are of letters, digits, dot, dash and underscore: no spreadsheet executes one. */
static void put_cell(const char *text)
{
    const bool quoted = strpbrk(text, ",\"\r\n") != NULL;
    if (quoted) (void)putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"') (void)putchar('"');
        (void)putchar(*text);
    }
    if (quoted) (void)putchar('"');
}

static void put_header(const struct export *export)
{
    (void)fputs("chain_id", stdout);
    for (size_t i = 0; i < COLUMNS; i++)
        if (!columns[i].of_votes || export->votes) (void)printf(",%s", columns[i].name);
    for (size_t i = 0; i < BORNE; i++)
        (void)printf(",%s", borne[i]);
    (void)fputs("\r\n", stdout);
}

static void put_number_cell(const struct assay_json *object, const char *key)
{
    int64_t value = 0;
    if (assay_json_as_int(assay_json_get(object, key), &value)) (void)printf("%" PRId64, value);
    else (void)fputs(assay_json_text(object, key, ""), stdout);
}

static void put_csv(const struct export *export, const char *chain, const struct assay_json *epoch,
                    const struct assay_json *member)
{
    const struct assay_json *tolerance = assay_json_get(epoch, "tolerance");
    (void)fputs(chain, stdout);
    for (size_t i = 0; i < COLUMNS; i++) {
        const struct column *c = &columns[i];
        const struct assay_json *from = c->of_epoch ? epoch : member;
        if (c->of_votes && !export->votes) continue;
        (void)putchar(',');
        if (assay_json_get(from, c->name) == NULL) continue; /* not to be had: an empty cell */
        if (c->kind == NUMBER) put_number_cell(from, c->name);
        else if (c->kind == FLAG)
            (void)fputs(assay_json_bool(from, c->name, false) ? "true" : "false", stdout);
        else put_cell(assay_json_text(from, c->name, ""));
    }
    for (size_t i = 0; i < BORNE; i++) {
        (void)putchar(',');
        if (tolerance != NULL) put_number_cell(tolerance, borne[i]);
    }
    (void)fputs("\r\n", stdout);
}

static void copy_number(struct assay_json *to, const struct assay_json *from, const char *key)
{
    int64_t value = 0;
    if (assay_json_as_int(assay_json_get(from, key), &value)) assay_json_set_int(to, key, value);
    else if (assay_json_get(from, key) != NULL)
        assay_json_set_text(to, key, assay_json_text(from, key, ""));
}

static void put_jsonl(const struct export *export, const char *chain,
                      const struct assay_json *epoch, const struct assay_json *member)
{
    const struct assay_json *tolerance = assay_json_get(epoch, "tolerance");
    struct assay_json *line = assay_json_object();
    assay_json_set_text(line, "chain_id", chain);
    for (size_t i = 0; i < COLUMNS; i++) {
        const struct column *c = &columns[i];
        const struct assay_json *from = c->of_epoch ? epoch : member;
        if ((c->of_votes && !export->votes) || assay_json_get(from, c->name) == NULL) continue;
        if (c->kind == NUMBER) copy_number(line, from, c->name);
        else if (c->kind == FLAG)
            assay_json_set_bool(line, c->name, assay_json_bool(from, c->name, false));
        else assay_json_set_text(line, c->name, assay_json_text(from, c->name, ""));
    }
    for (size_t i = 0; i < BORNE && tolerance != NULL; i++)
        copy_number(line, tolerance, borne[i]);
    char *text = assay_json_print(line, 0);
    if (text != NULL) (void)puts(text);
    free(text);
    assay_json_free(&line);
}

/* ------------------------------------------------------------ pages */

static int report_unreachable(const struct export *export, enum assay_status status)
{
    char fault[ASSAY_CLIENT_FAULT_LEN];
    assay_client_fault(export->socket, status, fault);
    (void)fprintf(stderr, "assay export: %s: %s\n", export->socket, fault);
    return status == ASSAY_E_TIMEOUT ? ASSAY_EXIT_TIMEOUT : ASSAY_EXIT_UNREACHABLE;
}

/* Returns: an exit status; *document with ASSAY_EXIT_OK. */
static int request_epochs(const struct export *export, struct assay_json **document)
{
    char request[120];
    (void)snprintf(request, sizeof request, "export since=%" PRIu64 " until=%" PRIu64 "%s",
                   export->since, export->until, export->votes ? " votes" : "");
    const enum assay_status status =
        assay_client_request(export->socket, request, export->timeout_ms, document);
    if (status != ASSAY_OK) return report_unreachable(export, status);
    if (strcmp(assay_json_text(*document, "schema", ""), "assay.error") != 0) return ASSAY_EXIT_OK;
    const struct assay_json *const error = assay_json_get(*document, "data");
    const bool is_forbidden = strcmp(assay_json_text(error, "code", ""), "forbidden") == 0;
    (void)fprintf(stderr, "assay export: %s\n", cli_text_of(error, "detail", "refused"));
    assay_json_free(document);
    return is_forbidden ? ASSAY_EXIT_USAGE : ASSAY_EXIT_INTERNAL;
}

/* since: after what was printed. Returns: whether there is more to ask for at once. */
static bool print_page(struct export *export, const struct assay_json *data)
{
    const struct assay_json *epochs = assay_json_get(data, "epochs");
    const char *chain = assay_json_text(data, "chain_id", "");
    for (size_t i = 0; i < assay_json_count(epochs); i++) {
        const struct assay_json *epoch = assay_json_at(epochs, i);
        const struct assay_json *members = assay_json_get(epoch, "members");
        for (size_t m = 0; m < assay_json_count(members); m++) {
            if (export->format == FORMAT_CSV)
                put_csv(export, chain, epoch, assay_json_at(members, m));
            else put_jsonl(export, chain, epoch, assay_json_at(members, m));
        }
        export->since = assay_json_uint(epoch, "epoch", 0) + 1;
    }
    const uint64_t next = assay_json_uint(data, "next_since", UINT64_MAX);
    if (next == UINT64_MAX) return false;
    export->since = next;
    return true;
}

static int print_lines(struct export *export)
{
    const struct timespec second = { .tv_sec = 1 };
    if (export->format == FORMAT_CSV) put_header(export);
    for (;;) {
        struct assay_json *document = NULL;
        const int result = request_epochs(export, &document);
        if (result != ASSAY_EXIT_OK) return result;
        const bool more = print_page(export, assay_json_get(document, "data"));
        assay_json_free(&document);
        if (fflush(stdout) != 0 || ferror(stdout)) return ASSAY_EXIT_INTERNAL;
        if (more) continue;
        if (!export->follow || export->since > export->until) return ASSAY_EXIT_OK;
        (void)nanosleep(&second, NULL);
    }
}

static int print_document(const struct export *export)
{
    struct assay_json *document = NULL;
    const int result = request_epochs(export, &document);
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
    enum format *const format = context;
    (void)name;
    *format = strcmp(value, "json") == 0    ? FORMAT_JSON
              : strcmp(value, "jsonl") == 0 ? FORMAT_JSONL
                                            : FORMAT_CSV;
    return -1;
}

int cli_command_export(int argc, char **argv)
{
    struct export export = { .socket = cli_daemon_default_socket(),
                             .timeout_ms = ASSAY_CLIENT_TIMEOUT_MS,
                             .until = INT64_MAX };
    const struct cli_option_target targets[] = {
        { "socket", .text = &export.socket },
        { "timeout", .ms = &export.timeout_ms },
        { "format", .take = take_format, .context = &export.format },
        { "since", .number = &export.since, .high = INT64_MAX },
        { "until", .number = &export.until, .high = INT64_MAX },
        { "votes", .flag = &export.votes },
        { "follow", .flag = &export.follow },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    if (export.follow && export.format == FORMAT_JSON)
        return cli_misuse("--follow wants --format jsonl or csv");
    return export.format == FORMAT_JSON ? print_document(&export) : print_lines(&export);
}
