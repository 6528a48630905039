/*
 * apps/assay/watch.c - what a running daemon knows, for people and programs.
 *
 * status, nodes, explain, permit, counters, timeline: each asks one question of the admin
 * socket and prints the document whole (--json) or as text.
 */
#include "apps/assay/command.h"

#include "apps/client.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char socket_default[] = "/run/assay/admin.sock";

static const char usage_tail[] =
    "\n"
    "  --socket PATH     admin socket of the daemon\n"
    "                    (default $ASSAY_SOCKET, else /run/assay/admin.sock)\n"
    "  --json            print the versioned JSON document\n"
    "  --timeout MS      default 5000\n"
    "exit status: 0 ok, 2 usage, 3 daemon unreachable, 4 denied, 5 not found, 7 timeout\n";

/* One question, by its options. */
struct question {
    const char *group, *usage;
    const char *socket, *class_, *since;
    unsigned timeout_ms;
    bool json;
    const char *word; /* the one positional argument, or NULL */
};

static int help(const struct question *q, FILE *out, int status)
{
    (void)fprintf(out, "usage: assay %s\n%s", q->usage, usage_tail);
    return status;
}

static bool take_timeout(struct question *q, const char *text)
{
    char *end = NULL;
    const unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || value == 0 || value > 3600000) return false;
    q->timeout_ms = (unsigned)value;
    return true;
}

/* Returns: -1 to go on, else the exit status. */
static int read_question(struct question *q, int argc, char **argv)
{
    static const struct option options[] = {
        { "socket", required_argument, NULL, 's' },  { "json", no_argument, NULL, 'j' },
        { "timeout", required_argument, NULL, 't' }, { "class", required_argument, NULL, 'c' },
        { "since", required_argument, NULL, 'n' },
        { "help", no_argument, NULL, 'h' },          { NULL, 0, NULL, 0 },
    };
    const char *from_environment = getenv("ASSAY_SOCKET");
    q->socket = from_environment != NULL ? from_environment : socket_default;
    q->timeout_ms = ASSAY_CLIENT_TIMEOUT_MS;
    for (int o; (o = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (o == 's') q->socket = optarg;
        else if (o == 'j') q->json = true;
        else if (o == 'c') q->class_ = optarg;
        else if (o == 'n') q->since = optarg;
        else if (o != 't' || !take_timeout(q, optarg))
            return help(q, o == 'h' ? stdout : stderr, o == 'h' ? ASSAY_EXIT_OK : ASSAY_EXIT_USAGE);
    }
    if (argc - optind > 1) return help(q, stderr, ASSAY_EXIT_USAGE);
    q->word = optind < argc ? argv[optind] : NULL;
    return -1;
}

static int unreachable(const struct question *q, enum assay_status status)
{
    (void)fprintf(stderr, "assay %s: %s: %s; is assayd running, and is this its listen.admin?\n",
                  q->group, q->socket, assay_status_text(status));
    return status == ASSAY_E_TIMEOUT ? ASSAY_EXIT_TIMEOUT : ASSAY_EXIT_UNREACHABLE;
}

/* A text of a document, fit for a terminal: names come from operators who may be strangers.
 * Returns: one of a few static buffers, for use at once; longer texts are cut. */
static const char *fit(const char *text)
{
    static char buffers[8][512];
    static unsigned turn;
    char *out = buffers[turn++ % 8];
    size_t len = 0;
    for (; text[len] != '\0' && len + 1 < sizeof buffers[0]; len++)
        out[len] = (char)((unsigned char)text[len] < ' ' || text[len] == 0x7f ? '?' : text[len]);
    out[len] = '\0';
    return out;
}

static const char *text_of(const struct assay_json *object, const char *key, const char *fallback)
{
    return fit(assay_json_text(object, key, fallback));
}

/* The daemon refuses with a document of schema assay.error: code and detail. */
static int refused(const struct question *q, const struct assay_json *error)
{
    const char *code = assay_json_text(error, "code", "error");
    (void)fprintf(stderr, "assay %s: %s\n", q->group, text_of(error, "detail", code));
    if (strcmp(code, "not_found") == 0) return ASSAY_EXIT_NOT_FOUND;
    return strcmp(code, "store") == 0 ? ASSAY_EXIT_INTERNAL : ASSAY_EXIT_USAGE;
}

static void print_document(const struct assay_json *document)
{
    char *text = assay_json_print(document, 2);
    if (text != NULL) (void)puts(text);
    free(text);
}

/* Ask, then print whole or by show. Returns: exit status. */
__attribute__((format(printf, 3, 4))) static int ask(
    const struct question *q, void (*show)(const struct assay_json *document), const char *format,
    ...)
{
    char request[224];
    struct assay_json *document = NULL;
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(request, sizeof request, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof request || strchr(request, '\n') != NULL)
        return help(q, stderr, ASSAY_EXIT_USAGE);
    const enum assay_status status = assay_client_ask(q->socket, request, q->timeout_ms, &document);
    if (status != ASSAY_OK) return unreachable(q, status);

    const struct assay_json *data = assay_json_get(document, "data");
    int result = ASSAY_EXIT_OK;
    if (strcmp(assay_json_text(document, "schema", ""), "assay.error") == 0)
        result = refused(q, data);
    else if (q->json) print_document(document);
    else show(document);
    /* What does not say that it permits, denies. */
    if (result == ASSAY_EXIT_OK && strcmp(q->group, "permit") == 0 &&
        !assay_json_bool(data, "permitted", false))
        result = ASSAY_EXIT_DENIED;
    assay_json_free(&document);
    return result;
}

/* ------------------------------------------------------------ texts */

static const char *yes(bool value)
{
    return value ? "yes" : "no";
}

static unsigned long long number(const struct assay_json *object, const char *key)
{
    return (unsigned long long)assay_json_uint(object, key, 0);
}

/* What this node does about its own orders, when that keeps it from working. */
static void show_hold(const struct assay_json *d)
{
    const struct assay_json *const enforcement = assay_json_get(d, "enforcement");
    const struct assay_json *const hold = assay_json_get(enforcement, "hold");
    const struct assay_json *const targets = assay_json_get(enforcement, "targets");
    if (assay_json_bool(hold, "held", false))
        (void)printf("HELD           by hand since %s, nothing is permitted: %s\n",
                     text_of(hold, "since", "?"), text_of(hold, "reason", ""));
    for (size_t i = 0; i < assay_json_count(targets); i++) {
        const struct assay_json *const t = assay_json_at(targets, i);
        if (assay_json_text(t, "trouble", "")[0] != '\0')
            (void)printf("NOT OBEYED     target %s, ordered %s: %s\n", text_of(t, "name", "?"),
                         text_of(t, "ordered", "?"), text_of(t, "trouble", ""));
    }
}

/* First what a person must know who looks only at the first lines. */
static void show_head(const struct assay_json *d)
{
    int64_t age_ms = 0;
    const bool none = !assay_json_as_int(assay_json_get(d, "head_age_ms"), &age_ms);
    const double age_s = (double)age_ms / 1000;
    const double bound_s = 3.0 * (double)assay_json_uint(d, "epoch_ms", 0) / 1000;
    if (none)
        (void)puts(
            "STALE          no block has become final since the daemon started: nothing is "
            "permitted yet;\n               usual for an epoch; longer: are the others there "
            "(assay nodes), does voting say yes?");
    else if (assay_json_bool(d, "stale", false))
        (void)printf(
            "STALE          no block for %.1f s (%.1f s are allowed): nothing is permitted; "
            "more than a third\n               of the weight is missing or cannot agree: "
            "assay nodes, assay timeline\n",
            age_s, bound_s);
    if (number(d, "clock_lead_ms") > 0)
        (void)printf("CLOCK          the chain is %.1f s ahead of this machine's date: set it by a "
                     "good source of time;\n               epochs take twice as long until it has "
                     "caught up\n",
                     (double)number(d, "clock_lead_ms") / 1000);
    if (!none)
        (void)printf("head           final %.1f s ago, %llu views nullified in a row\n", age_s,
                     number(d, "views_nullified"));
}

static double seconds(const struct assay_json *object, const char *key)
{
    return (double)number(object, key) / 1000;
}

static unsigned long long percent(unsigned long long weight, unsigned long long total)
{
    return total == 0 ? 0 : weight * 100 / total;
}

/* Names of the members that lack something, behind a word, where there are any. */
static void show_lacking(const struct assay_json *missing, const char *key, const char *what)
{
    const char *before = what;
    for (size_t i = 0; i < assay_json_count(missing); i++) {
        const struct assay_json *m = assay_json_at(missing, i);
        const bool there = assay_json_bool(m, "present", true);
        const bool gone = strcmp(key, "present") == 0;
        if (assay_json_bool(m, key, true) || there == gone) continue;
        (void)printf("%s%s", before, text_of(m, "name", "?"));
        int64_t age_ms = 0;
        if (gone && assay_json_as_int(assay_json_get(m, "heard_age_ms"), &age_ms))
            (void)printf(" (for %.1f s)", (double)age_ms / 1000);
        before = ", ";
    }
    if (before != what) (void)putchar('\n');
}

static void show_closing(const struct assay_json *d)
{
    const struct assay_json *c = assay_json_get(d, "closing");
    const struct assay_json *missing = assay_json_get(c, "missing");
    const unsigned long long total = number(d, "total_weight");
    if (!assay_json_bool(c, "progress", true))
        (void)printf("STOPPED        %llu %% of the weight is heard of, more than 66 %% are due\n",
                     percent(number(c, "present_weight"), total));
    if (assay_json_bool(c, "overdue", false))
        (void)printf("OVERDUE        epoch %llu runs for %.1f s here, %.1f s are usual%s\n",
                     number(d, "epoch"), seconds(c, "open_ms"), seconds(d, "epoch_ms"),
                     assay_json_bool(c, "roll", false) ? "" : "; its roll is not final yet");
    show_lacking(missing, "present", "not heard of   ");
    show_lacking(missing, "evidence", "no evidence    ");
    show_lacking(missing, "ballot", "no ballot      ");
}

static void show_groups(const struct assay_json *groups, const char *what)
{
    for (size_t i = 0; i < assay_json_count(groups); i++) {
        const struct assay_json *g = assay_json_at(groups, i);
        const struct assay_json *members = assay_json_get(g, "members");
        (void)printf("               %s %.12s (", what, text_of(g, "id", "?"));
        for (size_t k = 0; k < assay_json_count(members); k++)
            (void)printf("%s%s", k > 0 ? ", " : "",
                         fit(assay_json_as_text(assay_json_at(members, k))));
        (void)puts(")");
    }
}

static void show_outlook(const struct assay_json *d)
{
    const struct assay_json *t = assay_json_get(d, "tolerance");
    const struct assay_json *advice = assay_json_get(d, "advice");
    const struct assay_json *clock = assay_json_get(d, "clock");
    int64_t ahead_ms = 0;
    for (size_t i = 0; i < assay_json_count(advice); i++)
        (void)printf("do             %s\n", text_of(assay_json_at(advice, i), "text", "?"));
    (void)printf("tolerates      any %llu more members failing, any %llu lying\n",
                 number(t, "members_stop"), number(t, "members_break"));
    if (assay_json_bool(t, "shares_platforms", false))
        (void)printf("               any %llu platforms failing, any %llu lying: members of one go "
                     "together\n",
                     number(t, "platforms_stop"), number(t, "platforms_break"));
    show_groups(assay_json_get(t, "operators_stop"), "not the failure of operator");
    show_groups(assay_json_get(t, "vendors_stop"), "not the failure of vendor root");
    show_groups(assay_json_get(t, "operators_break"), "not the lies of operator");
    show_groups(assay_json_get(t, "vendors_break"), "not the lies of vendor root");
    if (assay_json_as_int(assay_json_get(clock, "ahead_ms"), &ahead_ms))
        (void)printf("clock          %.3f s %s of the others', %.3f s are allowed%s\n",
                     (double)(ahead_ms < 0 ? -ahead_ms : ahead_ms) / 1000,
                     ahead_ms < 0 ? "behind" : "ahead", seconds(clock, "bound_ms"),
                     assay_json_bool(clock, "off", false) ? ": OFF" : "");
    else (void)puts("clock          too few members have told their date");
}

/* What operators decided of the network and of this node: nothing while there is nothing. */
static void show_changes(const struct assay_json *d)
{
    const struct assay_json *c = assay_json_get(d, "changes");
    const struct assay_json *trial = assay_json_get(c, "trial");
    const struct assay_json *ended = assay_json_get(c, "ended");
    const char *stage = text_of(d, "stage", "member");
    const char *missing = text_of(d, "cannot_catch_up", "");
    if (missing[0] != '\0') (void)printf("BEHIND         %s\n", missing);
    if (strcmp(stage, "member") != 0) (void)printf("stage          %s\n", stage);
    if (assay_json_bool(d, "in_maintenance", false))
        (void)puts("maintenance    announced by its operator: nothing is permitted");
    if (number(c, "pending") > 0)
        (void)printf("changes        %llu pending, the next in epoch %llu: assay change list\n",
                     number(c, "pending"), number(c, "next_activation"));
    if (assay_json_kind_of(trial) == ASSAY_JSON_OBJECT)
        (void)printf("on trial       change %llu: weight %llu of %llu has fallen\n",
                     number(trial, "sequence"), number(trial, "felled_weight"),
                     number(trial, "total_weight"));
    if (assay_json_kind_of(ended) == ASSAY_JSON_OBJECT)
        (void)printf("%-14s change %llu, by the close of epoch %llu: assay change list\n",
                     text_of(ended, "end", "?"), number(ended, "sequence"),
                     number(ended, "epoch"));
}

static void show_status(const struct assay_json *document)
{
    const struct assay_json *d = assay_json_get(document, "data");
    const struct assay_json *enclave = assay_json_get(d, "enclave");
    if (assay_json_bool(d, "insecure", false))
        (void)puts("INSECURE       profile development: evidence proves nothing about hardware");
    show_head(d);
    show_hold(d);
    show_closing(d);
    show_outlook(d);
    (void)printf("node           %s (slot %llu, incarnation %llu)\n",
                 text_of(document, "node", "?"), number(d, "slot"), number(d, "incarnation"));
    (void)printf("standing       %s, score %llu %%\n", text_of(d, "standing", "?"),
                 number(d, "score_bp") / 100);
    (void)printf("chain          epoch %llu, height %llu, last close %s\n", number(d, "epoch"),
                 number(d, "height"),
                 assay_json_bool(d, "certified", false) ? "certified" : "held");
    (void)printf("voting         %s%s\n", yes(assay_json_bool(d, "voting", false)),
                 assay_json_bool(d, "behind", false) ? ", behind the others: catching up" : "");
    show_changes(d);
    (void)printf("caps met       operator %s, vendor root %s\n",
                 yes(assay_json_bool(d, "operator_cap_met", false)),
                 yes(assay_json_bool(d, "vendor_cap_met", false)));
    (void)printf("cuts           %s\n", text_of(d, "cuts", "-"));
    (void)printf("enclave        pid %llu, started %llu times%s\n", number(enclave, "pid"),
                 number(enclave, "starts"),
                 assay_json_bool(enclave, "paused", false) ? ", paused by an order" : "");
    (void)printf("measurement    %s\n", text_of(enclave, "measurement", "-"));
}

/* How long ago a member was heard of, "-" for this one and for never. */
static const char *ago(const struct assay_json *node)
{
    char text[24] = "-";
    int64_t age_ms = 0;
    if (assay_json_as_int(assay_json_get(node, "heard_age_ms"), &age_ms))
        (void)snprintf(text, sizeof text, "%.1f s", (double)age_ms / 1000);
    return fit(text);
}

/* How far its date is ahead of this machine's. */
static const char *apart(const struct assay_json *node)
{
    char text[24] = "-";
    int64_t ahead_ms = 0;
    if (assay_json_as_int(assay_json_get(node, "date_ahead_ms"), &ahead_ms))
        (void)snprintf(text, sizeof text, "%+.2f s", (double)ahead_ms / 1000);
    return fit(text);
}

static void show_nodes(const struct assay_json *document)
{
    const struct assay_json *d = assay_json_get(document, "data");
    const struct assay_json *nodes = assay_json_get(d, "nodes");
    (void)printf("%-16s %-10s %6s %9s %9s %7s %4s %7s %9s  %s\n", "NODE", "STANDING", "SCORE",
                 "INTEGRITY", "AVAILABLE", "WEIGHT", "INC", "HEARD", "DATE", "LAST REASON");
    for (size_t i = 0; i < assay_json_count(nodes); i++) {
        const struct assay_json *n = assay_json_at(nodes, i);
        const char *stage = text_of(n, "stage", "member");
        const bool is_member = strcmp(stage, "member") == 0;
        (void)printf("%-16s %-10s %4llu %% %9llu %9llu %7llu %4llu %7s %9s  %s%s%s%s%s\n",
                     text_of(n, "name", "?"), text_of(n, "standing", "?"),
                     number(n, "score_bp") / 100, number(n, "integrity_bp"),
                     number(n, "availability_bp"), number(n, "weight"), number(n, "incarnation"),
                     ago(n), apart(n),
                     is_member ? "" : stage, is_member ? "" : "; ",
                     assay_json_bool(n, "in_maintenance", false) ? "in maintenance; " : "",
                     assay_json_bool(n, "probation", false) ? "on probation; " : "",
                     text_of(n, "last_reason", ""));
    }
}

/* Every member of a document, one a line: explain must hide nothing. */
static void show_members(const struct assay_json *object, int indent)
{
    const char *key = NULL;
    const struct assay_json *value = NULL;
    for (size_t i = 0; assay_json_member(object, i, &key, &value); i++) {
        char *text = assay_json_as_text(value) != NULL ? NULL : assay_json_print(value, 0);
        const char *shown = text != NULL ? text : assay_json_as_text(value);
        (void)printf("%*s%-22s %s\n", indent, "", fit(key), shown != NULL ? fit(shown) : "");
        free(text);
    }
}

static void show_explain(const struct assay_json *document)
{
    const struct assay_json *d = assay_json_get(document, "data");
    show_members(d, 0);
}

static void show_permit(const struct assay_json *document)
{
    const struct assay_json *d = assay_json_get(document, "data");
    const bool permitted = assay_json_bool(d, "permitted", false);
    if (permitted) (void)printf("permitted: %s\n", text_of(d, "class", "?"));
    else (void)printf("denied: %s: %s\n", text_of(d, "class", "?"), text_of(d, "reason", "?"));
}

static void show_timeline(const struct assay_json *document)
{
    const struct assay_json *d = assay_json_get(document, "data");
    const struct assay_json *events = assay_json_get(d, "events");
    for (size_t i = 0; i < assay_json_count(events); i++) {
        const struct assay_json *e = assay_json_at(events, i);
        (void)printf("%6llu  epoch %-6llu %-28s %-16s %s\n", number(e, "seq"), number(e, "epoch"),
                     text_of(e, "event", "?"), text_of(e, "name", ""), text_of(e, "text", ""));
    }
}

/* ------------------------------------------------------------ groups */

int assay_command_status(int argc, char **argv)
{
    struct question q = { .group = "status", .usage = "status [options]" };
    const int early = read_question(&q, argc, argv);
    if (early >= 0) return early;
    return q.word != NULL ? help(&q, stderr, ASSAY_EXIT_USAGE) : ask(&q, show_status, "status");
}

int assay_command_nodes(int argc, char **argv)
{
    struct question q = { .group = "nodes", .usage = "nodes [options]" };
    const int early = read_question(&q, argc, argv);
    if (early >= 0) return early;
    return q.word != NULL ? help(&q, stderr, ASSAY_EXIT_USAGE) : ask(&q, show_nodes, "nodes");
}

int assay_command_explain(int argc, char **argv)
{
    struct question q = { .group = "explain", .usage = "explain NAME|SLOT|NODE_ID [options]" };
    const int early = read_question(&q, argc, argv);
    if (early >= 0) return early;
    return q.word == NULL ? help(&q, stderr, ASSAY_EXIT_USAGE)
                          : ask(&q, show_explain, "node %s", q.word);
}

int assay_command_permit(int argc, char **argv)
{
    struct question q = { .group = "permit", .usage = "permit --class critical|normal [options]" };
    const int early = read_question(&q, argc, argv);
    if (early >= 0) return early;
    const bool known =
        q.class_ != NULL && (strcmp(q.class_, "critical") == 0 || strcmp(q.class_, "normal") == 0);
    if (q.word != NULL || !known) return help(&q, stderr, ASSAY_EXIT_USAGE);
    return ask(&q, show_permit, "permit %s", q.class_);
}

int assay_command_counters(int argc, char **argv)
{
    struct question q = { .group = "counters", .usage = "counters [options]" };
    const int early = read_question(&q, argc, argv);
    if (early >= 0) return early;
    return q.word != NULL ? help(&q, stderr, ASSAY_EXIT_USAGE) : ask(&q, show_explain, "counters");
}

int assay_command_timeline(int argc, char **argv)
{
    struct question q = { .group = "timeline", .usage = "timeline [--since SEQ] [options]" };
    const int early = read_question(&q, argc, argv);
    if (early >= 0) return early;
    if (q.word != NULL) return help(&q, stderr, ASSAY_EXIT_USAGE);
    return ask(&q, show_timeline, "timeline since=%s", q.since != NULL ? q.since : "0");
}
