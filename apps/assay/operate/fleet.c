/*
 * apps/assay/operate/fleet.c - `assay fleet`: one line for each of several networks.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/print.h"
#include "apps/assay/core/remote.h"
#include "apps/assay/core/terminal.h"

#include <stdio.h>
#include <string.h>

struct fleet {
    const char *names[ASSAY_CONTEXTS_MAX];
    size_t count;
    unsigned timeout_ms;
    bool all, json;
};

/* One network. */
struct row {
    const char *name;
    char fault[ASSAY_CLIENT_FAULT_LEN];
    bool is_other;                     /* the answer was of a chain that is not pinned */
    struct assay_json *status, *nodes; /* NULL: no answer */
};

/* From the worst on: what a member with the condition costs the network. */
static const char *const conditions[] = { "SUSPENDED", "OFFLINE",     "RESTRICTED", "WARNING",
                                          "LEFT",      "MAINTENANCE", "DRAINED",    "FULL" };
enum { CONDITIONS = sizeof conditions / sizeof conditions[0] };

static size_t rank_condition(const struct assay_json *node)
{
    const char *const condition = cli_condition_of(node);
    for (size_t i = 0; i < CONDITIONS; i++)
        if (strcmp(condition, conditions[i]) == 0) return i;
    return 0; /* one that a newer daemon has: it is shown */
}

/* ------------------------------------------------------------ requests */

static bool request_one(struct row *row, const char *line, unsigned timeout_ms,
                        struct assay_json **document)
{
    char where[sizeof ASSAY_CLIENT_CONTEXT + ASSAY_CONTEXT_NAME_MAX];
    (void)snprintf(where, sizeof where, "%s%s", ASSAY_CLIENT_CONTEXT, row->name);
    const enum assay_status status = assay_client_request(where, line, timeout_ms, document);
    if (status != ASSAY_OK) {
        assay_client_fault(where, status, row->fault);
        row->is_other = cli_remote_is_other_chain();
        *document = NULL;
    } else if (strcmp(assay_json_text(*document, "schema", ""), "assay.error") == 0) {
        (void)snprintf(row->fault, sizeof row->fault, "%s",
                       cli_text_of(assay_json_get(*document, "data"), "detail", "refused"));
        assay_json_free(document);
    }
    return *document != NULL;
}

static void request_row(struct row *row, unsigned timeout_ms)
{
    if (request_one(row, "status", timeout_ms, &row->status) &&
        !request_one(row, "nodes", timeout_ms, &row->nodes))
        assay_json_free(&row->status);
}

/* ------------------------------------------------------------ what is shown */

/* The worst member that is not FULL; NULL: all are. */
static const struct assay_json *find_worst(const struct assay_json *list)
{
    const struct assay_json *worst = NULL;
    for (size_t i = 0; i < assay_json_count(list); i++) {
        const struct assay_json *const node = assay_json_at(list, i);
        const size_t rank = rank_condition(node);
        if (rank == CONDITIONS - 1) continue;
        const size_t least = worst != NULL ? rank_condition(worst) : CONDITIONS;
        if (rank < least ||
            (rank == least && cli_number_of(node, "score_bp") < cli_number_of(worst, "score_bp")))
            worst = node;
    }
    return worst;
}

/* "5 full, 1 offline". */
static void format_members(const struct assay_json *list, char *out, size_t size)
{
    size_t counts[CONDITIONS] = { 0 }, len = 0;
    for (size_t i = 0; i < assay_json_count(list); i++)
        counts[rank_condition(assay_json_at(list, i))]++;
    out[0] = '\0';
    for (size_t i = CONDITIONS; i-- > 0;) {
        char word[16];
        if (counts[i] == 0) continue;
        (void)snprintf(word, sizeof word, "%s", conditions[i]);
        for (char *c = word; *c != '\0'; c++)
            *c = (char)(*c | 0x20);
        len += (size_t)snprintf(out + len, size - len, "%s%zu %s", len > 0 ? ", " : "", counts[i],
                                word);
        if (len >= size) break;
    }
}

static const char *state_of(const struct row *row)
{
    const struct assay_json *const d = assay_json_get(row->status, "data");
    if (row->status == NULL) return row->is_other ? "OTHER CHAIN" : "UNREACHABLE";
    if (assay_json_bool(d, "stale", false)) return "STALLED";
    if (assay_json_bool(d, "fenced", false)) return "FENCED";
    return find_worst(assay_json_get(assay_json_get(row->nodes, "data"), "nodes")) == NULL
               ? "OK"
               : "DEGRADED";
}

static const char *worst_reason(const struct assay_json *worst)
{
    const struct assay_json *const reason = assay_json_at(assay_json_get(worst, "reasons"), 0);
    return cli_text_of(reason, "text", "");
}

static void print_row(const struct row *row)
{
    const struct assay_json *const d = assay_json_get(row->status, "data");
    const struct assay_json *const list =
        assay_json_get(assay_json_get(row->nodes, "data"), "nodes");
    const struct assay_json *const worst = find_worst(list);
    const char *const state = state_of(row);
    char members[96];
    if (row->status == NULL) {
        (void)printf("%-16s %-11s %s\n", row->name, state, row->fault);
        return;
    }
    format_members(list, members, sizeof members);
    (void)printf("%-16s %-11s %8llu %s  %-28s ", row->name, state, cli_number_of(d, "epoch"),
                 cli_text_of(row->status, "generated_at", "?"), members);
    if (worst == NULL) (void)puts("-");
    else
        (void)printf("%s %s%s%s\n", cli_text_of(worst, "name", "?"), cli_condition_of(worst),
                     worst_reason(worst)[0] != '\0' ? ": " : "", worst_reason(worst));
}

static struct assay_json *row_document(const struct row *row)
{
    const struct assay_json *const d = assay_json_get(row->status, "data");
    const struct assay_json *const list =
        assay_json_get(assay_json_get(row->nodes, "data"), "nodes");
    const struct assay_json *const worst = find_worst(list);
    struct assay_json *const object = assay_json_object(), *const members = assay_json_object();
    assay_json_set_text(object, "context", row->name);
    assay_json_set_text(object, "state", state_of(row));
    assay_json_set_text(object, "fault", row->status == NULL ? row->fault : "");
    assay_json_set_text(object, "chain_id", assay_json_text(d, "chain_id", ""));
    assay_json_set_text(object, "sentence", assay_json_text(d, "sentence", ""));
    assay_json_set_uint(object, "epoch", cli_number_of(d, "epoch"));
    assay_json_set_text(object, "at", assay_json_text(row->status, "generated_at", ""));
    for (size_t c = 0; c < CONDITIONS; c++) {
        uint64_t count = 0;
        for (size_t i = 0; i < assay_json_count(list); i++)
            count += rank_condition(assay_json_at(list, i)) == c;
        assay_json_set_uint(members, conditions[c], count);
    }
    assay_json_set(object, "members", members);
    if (worst == NULL) {
        assay_json_set_null(object, "worst");
        return object;
    }
    struct assay_json *const bad = assay_json_object();
    assay_json_set_text(bad, "name", assay_json_text(worst, "name", "?"));
    assay_json_set_text(bad, "condition", cli_condition_of(worst));
    assay_json_set_text(bad, "reason", worst_reason(worst));
    assay_json_set(object, "worst", bad);
    return object;
}

/* ------------------------------------------------------------ the command */

/* Those that the line names, or all. Returns: -1 to go on, else the exit status. */
static int choose_contexts(struct fleet *fleet, const struct assay_contexts *contexts)
{
    if (fleet->all && fleet->count > 0) return cli_misuse("--all and --context exclude each other");
    for (size_t i = 0; i < fleet->count; i++)
        if (assay_contexts_find(contexts, fleet->names[i]) == NULL)
            return cli_remote_unknown(fleet->names[i]);
    if (fleet->count > 0) return -1;
    for (size_t i = 0; i < contexts->count; i++)
        fleet->names[fleet->count++] = contexts->list[i].name;
    if (fleet->count > 0) return -1;
    return cli_misuse("there are no contexts; assay context add makes one");
}

static int show_fleet(const struct fleet *fleet)
{
    struct assay_json *const data = assay_json_object(), *const list = assay_json_array();
    struct assay_json *owned = data;
    size_t answered = 0;
    if (!fleet->json)
        (void)printf("%-16s %-11s %8s %-24s  %-28s %s\n", "CONTEXT", "STATE", "EPOCH", "TIME",
                     "MEMBERS", "WORST");
    for (size_t i = 0; i < fleet->count; i++) {
        struct row row = { .name = fleet->names[i] };
        request_row(&row, fleet->timeout_ms);
        answered += row.status != NULL;
        if (fleet->json) assay_json_append(list, row_document(&row));
        else print_row(&row);
        assay_json_free(&row.status);
        assay_json_free(&row.nodes);
    }
    assay_json_set(data, "networks", list);
    if (fleet->json) (void)cli_print_envelope("assay.fleet", owned);
    else assay_json_free(&owned);
    if (answered == fleet->count) return ASSAY_EXIT_OK;
    return answered > 0 ? ASSAY_EXIT_PARTIAL : ASSAY_EXIT_UNREACHABLE;
}

int cli_command_fleet(int argc, char **argv)
{
    struct fleet fleet = { .timeout_ms = ASSAY_CLIENT_TIMEOUT_MS };
    const struct cli_option_target targets[] = {
        { "context", .text = fleet.names, .count = &fleet.count, .most = ASSAY_CONTEXTS_MAX },
        { "all", .flag = &fleet.all },
        { "timeout", .ms = &fleet.timeout_ms },
        { "json", .flag = &fleet.json },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    const struct assay_contexts *const contexts = cli_remote_contexts("fleet");
    if (contexts == NULL) return ASSAY_EXIT_USAGE;
    const int chosen = choose_contexts(&fleet, contexts);
    if (chosen >= 0) return chosen;
    cli_remote_enable();
    return show_fleet(&fleet);
}
