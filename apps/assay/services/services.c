/*
 * apps/assay/services/services.c - status of services: `assay services|continuity status`, `assay
 * share status`, `assay task offers|status`, `assay account show`.
 */
#include "apps/assay/services/services.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/record_submit.h"
#include "apps/assay/core/options.h"

#include <stdio.h>
#include <string.h>

/* Money above 2^63 - 1 comes as text. */
static const char *amount_of(const struct assay_json *object, const char *key)
{
    char text[32];
    const char *const large = assay_json_text(object, key, NULL);
    if (large != NULL) return cli_text_sanitized(large);
    (void)snprintf(text, sizeof text, "%llu", cli_number_of(object, key));
    return cli_text_sanitized(text);
}

static void print_member(const struct assay_json *seat, bool first)
{
    (void)printf("%s%s%s", first ? "" : ", ", cli_text_of(seat, "name", "nobody"),
                 assay_json_text(seat, "name", "")[0] == '\0' ? "(nobody)" : "");
}

static void print_members(const struct assay_json *list)
{
    const size_t count = assay_json_count(list);
    for (size_t i = 0; i < count; i++)
        print_member(assay_json_at(list, i), i == 0);
    if (count == 0) (void)fputs("nobody", stdout);
}

/* "node-1, node-2 (lost)" */
static void print_seats(const struct assay_json *list)
{
    const size_t count = assay_json_count(list);
    for (size_t i = 0; i < count; i++) {
        const struct assay_json *const seat = assay_json_at(list, i);
        const char *const state = assay_json_text(seat, "state", "serves");
        print_member(seat, i == 0);
        if (strcmp(state, "serves") != 0) (void)printf(" (%s)", cli_text_sanitized(state));
    }
    if (count == 0) (void)fputs("nobody", stdout);
}

static void print_alarms(const struct assay_json *list)
{
    for (size_t i = 0; i < assay_json_count(list); i++)
        (void)printf("%s%s", i == 0 ? "\n  ALARM        " : ", ",
                     cli_text_sanitized(assay_json_as_text(assay_json_at(list, i))));
}

/* ------------------------------------------------------------ parts */

static void print_group(const struct assay_json *g)
{
    (void)printf("group          %s: %s", cli_text_of(g, "name", "?"),
                 cli_text_of(g, "phase", "?"));
    if (strcmp(assay_json_text(g, "phase", ""), "forming") != 0)
        (void)printf(", view %llu", cli_number_of(g, "view"));
    if (assay_json_count(assay_json_get(g, "next_seats")) > 0)
        (void)printf(", waits for view %llu", cli_number_of(g, "next_view"));
    (void)printf("\n  seats        ");
    print_seats(assay_json_get(g, "seats"));
    print_alarms(assay_json_get(g, "alarms"));
    if (assay_json_count(assay_json_get(g, "next_seats")) > 0) {
        (void)printf("\n  next         ");
        print_members(assay_json_get(g, "next_seats"));
    }
    (void)printf("\n  listed       ");
    print_members(assay_json_get(g, "listed"));
    (void)printf("\n  enclaves     %llu of at most %llu, %llu sessions numbered\n",
                 cli_number_of(g, "instances"), cli_number_of(g, "instances_max"),
                 cli_number_of(g, "sessions"));
}

static void print_cluster(const struct assay_json *c, unsigned long long in_public)
{
    const struct assay_json *const seats = assay_json_get(c, "seats");
    (void)printf("cluster        %llu: %s", cli_number_of(c, "number"),
                 assay_json_bool(c, "seated", false) ? "seated" : "too few holders stand");
    const char *const phase = cli_text_of(c, "public_phase", "none");
    if (assay_json_bool(c, "alarm", false)) print_alarms(assay_json_get(c, "alarms"));
    (void)puts("");
    if (strcmp(phase, "none") != 0)
        (void)printf("  in public    %llu secrets are reshared on the ledger: %s\n", in_public,
                     phase);
    for (size_t i = 0; i < assay_json_count(seats); i++) {
        const struct assay_json *const seat = assay_json_at(seats, i);
        (void)printf(
            "  slot %-2zu      %s, %s%s", i,
            cli_text_of(seat, "name", "")[0] != '\0' ? cli_text_of(seat, "name", "") : "nobody",
            assay_json_bool(seat, "ready", false) ? "has everything" : "not everything yet",
            assay_json_bool(seat, "lost", false) ? ", lost" : "");
        const unsigned long long silent = cli_number_of(seat, "silent_epoch");
        if (silent > 0) (void)printf(", silent in public in epoch %llu", silent);
        (void)puts("");
    }
}

static void print_shares(const struct assay_json *s)
{
    const struct assay_json *const clusters = assay_json_get(s, "clusters");
    (void)printf("secrets        %llu synced, %llu wait, %llu due for resharing, %llu of them in "
                 "progress; at most %llu, %llu of one owner or member; %llu deleted\n",
                 cli_number_of(s, "synced"), cli_number_of(s, "waiting"), cli_number_of(s, "due"),
                 cli_number_of(s, "resharing"), cli_number_of(s, "ids_max"),
                 cli_number_of(s, "quota"), cli_number_of(s, "deleted"));
    (void)printf("shares         %llu of %llu slots make one; %llu must confirm; %llu holders "
                 "listed, %llu convicted\n",
                 cli_number_of(s, "threshold"), cli_number_of(s, "slots"),
                 cli_number_of(s, "confirmations"), cli_number_of(s, "holders"),
                 cli_number_of(s, "convicted"));
    for (size_t i = 0; i < assay_json_count(clusters); i++)
        print_cluster(assay_json_at(clusters, i), cli_number_of(s, "public"));
    if (cli_number_of(s, "away") > 0)
        (void)printf("away           %llu members lost a slot for their silence, for 64 epochs\n",
                     cli_number_of(s, "away"));
}

static void print_offers(const struct assay_json *t)
{
    const struct assay_json *const offers = assay_json_get(t, "offers");
    if (assay_json_count(offers) == 0) (void)puts("offers         none");
    for (size_t i = 0; i < assay_json_count(offers); i++) {
        const struct assay_json *const offer = assay_json_at(offers, i);
        const struct assay_json *const codes = assay_json_get(offer, "codes");
        (void)printf("offer          %s at %s, %s a step, %s an epoch\n",
                     cli_text_of(offer, "name", "nobody"), cli_text_of(offer, "address", "?"),
                     amount_of(offer, "price"), amount_of(offer, "hold"));
        for (size_t k = 0; k < assay_json_count(codes); k++)
            (void)printf("  code         %s\n",
                         cli_text_sanitized(assay_json_as_text(assay_json_at(codes, k))));
    }
}

static void print_money(const struct assay_json *t)
{
    const struct assay_json *const states = assay_json_get(t, "states");
    (void)printf("accounts       %llu of at most %llu\nmoney          %s in all, %s locked by "
                 "tasks\n",
                 cli_number_of(t, "accounts"), cli_number_of(t, "accounts_max"),
                 amount_of(t, "total"), amount_of(t, "locked"));
    (void)printf("tasks          %llu open, %llu accepted, %llu failed; remembered: %llu paid, "
                 "%llu closed, %llu expired\n",
                 cli_number_of(states, "open"), cli_number_of(states, "accepted"),
                 cli_number_of(states, "failed"), cli_number_of(states, "paid"),
                 cli_number_of(states, "closed"), cli_number_of(states, "expired"));
}

static void print_programs(const struct assay_json *data)
{
    const struct assay_json *const p = assay_json_get(data, "programs");
    const struct assay_json *const records = assay_json_get(data, "records");
    if (assay_json_kind_of(p) != ASSAY_JSON_OBJECT) {
        (void)puts("programs       none: listen.services is off");
        return;
    }
    (void)printf("programs       %llu connected, %llu follow; %s\n", cli_number_of(p, "connected"),
                 cli_number_of(p, "following"), cli_text_of(p, "socket", "?"));
    if (cli_number_of(p, "connections_refused") + cli_number_of(p, "connections_preempted") > 0)
        (void)printf("  crowded      %llu turned away, %llu gave their place to another user\n",
                     cli_number_of(p, "connections_refused"),
                     cli_number_of(p, "connections_preempted"));
    for (size_t i = 0; i < assay_json_count(records); i++) {
        const struct assay_json *const r = assay_json_at(records, i);
        if (cli_number_of(r, "applied") + cli_number_of(r, "idle") == 0) continue;
        (void)printf("  %-12s %llu applied, %llu without effect\n", cli_text_of(r, "kind", "?"),
                     cli_number_of(r, "applied"), cli_number_of(r, "idle"));
    }
}

/* ------------------------------------------------------------ documents */

static void print_head(const struct assay_json *data)
{
    if (!assay_json_bool(data, "known", false))
        (void)puts("this node does not have the documents of services yet");
    else if (!assay_json_bool(data, "current", false))
        (void)printf("as epoch %llu left it\n", cli_number_of(data, "epoch"));
}

static bool has_part(const struct assay_json *data, const char *part)
{
    return assay_json_kind_of(assay_json_get(data, part)) == ASSAY_JSON_OBJECT;
}

static void show_services(const struct assay_json *document)
{
    const struct assay_json *const data = assay_json_get(document, "data");
    const struct assay_json *const groups = assay_json_get(data, "groups");
    print_head(data);
    const bool known = assay_json_bool(data, "known", false);
    if (known && assay_json_count(groups) == 0 && !has_part(data, "shares") &&
        !has_part(data, "tasks")) {
        (void)puts("this network has no services");
        return;
    }
    for (size_t i = 0; i < assay_json_count(groups); i++)
        print_group(assay_json_at(groups, i));
    if (has_part(data, "shares")) print_shares(assay_json_get(data, "shares"));
    if (has_part(data, "tasks")) print_money(assay_json_get(data, "tasks"));
    if (has_part(data, "tasks")) print_offers(assay_json_get(data, "tasks"));
    print_programs(data);
}

/* One part of the document, as it is: with --json that part alone stands in an envelope. */
struct part {
    const char *key, *lacks;
    void (*print)(const struct assay_json *part);
};

static int show_part(const struct assay_daemon_request *q, const struct part *part)
{
    struct assay_json *document = NULL;
    int result = cli_daemon_get_document(q, &document, "services");
    if (result != ASSAY_EXIT_OK) return result;
    const struct assay_json *const data = assay_json_get(document, "data");
    if (assay_json_bool(data, "known", false) && !has_part(data, part->key)) {
        (void)fprintf(stderr, "assay %s: this network has no %s\n", q->group, part->lacks);
        result = ASSAY_EXIT_NOT_FOUND;
    } else if (q->json) {
        cli_print_document(document);
    } else {
        print_head(data);
        if (has_part(data, part->key)) part->print(assay_json_get(data, part->key));
    }
    assay_json_free(&document);
    return result;
}

static bool is_group(const struct assay_json *group, const char *which)
{
    char number[24];
    (void)snprintf(number, sizeof number, "%llu", cli_number_of(group, "number"));
    return which == NULL || strcmp(assay_json_text(group, "name", ""), which) == 0 ||
           strcmp(number, which) == 0;
}

int cli_services_groups(const struct assay_daemon_request *q, const char *which)
{
    struct assay_json *document = NULL;
    size_t shown = 0;
    const int result = cli_daemon_get_document(q, &document, "services");
    if (result != ASSAY_EXIT_OK) return result;
    const struct assay_json *const data = assay_json_get(document, "data");
    const struct assay_json *const groups = assay_json_get(data, "groups");
    for (size_t i = 0; i < assay_json_count(groups); i++)
        shown += is_group(assay_json_at(groups, i), which);
    const bool known = assay_json_bool(data, "known", false);
    if (q->json && (shown > 0 || !known)) {
        cli_print_document(document);
    } else if (shown > 0 || !known) {
        print_head(data);
        for (size_t i = 0; i < assay_json_count(groups); i++)
            if (is_group(assay_json_at(groups, i), which)) print_group(assay_json_at(groups, i));
    } else if (which != NULL) {
        (void)fprintf(stderr, "assay continuity: no group is called \"%s\"\n",
                      cli_text_sanitized(which));
    } else {
        (void)fputs("assay continuity: this network has no groups\n", stderr);
    }
    assay_json_free(&document);
    return shown > 0 || !known ? ASSAY_EXIT_OK : ASSAY_EXIT_NOT_FOUND;
}

/* ------------------------------------------------------------ one of many */

static void show_share(const struct assay_json *document)
{
    const struct assay_json *const s = assay_json_get(document, "data");
    const struct assay_json *const kept = assay_json_get(s, "kept");
    (void)printf("id             %s\nstate          %s%s%s\ngeneration     %llu, put in epoch "
                 "%llu\nreaders        %llu\n",
                 cli_text_of(s, "id", "?"),
                 assay_json_bool(s, "synced", false) ? "synced" : "waits for its holders",
                 assay_json_bool(s, "due", false) ? ", to be reshared" : "",
                 assay_json_bool(s, "resharing", false) ? ", under way" : "",
                 cli_number_of(s, "generation"), cli_number_of(s, "put_epoch"),
                 cli_number_of(s, "readers"));
    for (size_t i = 0; i < assay_json_count(kept); i++) {
        const struct assay_json *const cluster = assay_json_at(kept, i);
        (void)printf("cluster %-6llu stored by ", cli_number_of(cluster, "cluster"));
        print_members(assay_json_get(cluster, "seats"));
        (void)putchar('\n');
    }
}

static bool is_number(const struct assay_json *value)
{
    return assay_json_kind_of(value) == ASSAY_JSON_INTEGER;
}

/* Closes of epochs, from now. */
static void print_leaving(const struct assay_json *t)
{
    const struct assay_json *const ends = assay_json_get(t, "ends_in");
    const struct assay_json *const from = assay_json_get(t, "release_in");
    (void)printf("  rent         %s an epoch, locked for %llu more\n", amount_of(t, "hold"),
                 cli_number_of(t, "rent_epochs"));
    if (is_number(ends))
        (void)printf("  release      one side has: it ends in %llu closes\n",
                     cli_number_of(t, "ends_in"));
    else if (is_number(from) && cli_number_of(t, "release_in") > 0)
        (void)printf("  release      in %llu closes, unless a claim comes\n",
                     cli_number_of(t, "release_in"));
    else if (is_number(from))
        (void)puts("  release      now: either side may (assay task release)");
}

static void print_task(const struct assay_json *t)
{
    (void)printf("task           %s\n", cli_text_of(t, "task", "?"));
    (void)printf("  state        %s, %llu of %llu steps paid at %s, %s locked, deadline epoch "
                 "%llu\n",
                 cli_text_of(t, "state", "?"), cli_number_of(t, "paid"), cli_number_of(t, "steps"),
                 amount_of(t, "price"), amount_of(t, "locked"), cli_number_of(t, "deadline"));
    (void)printf("  executor     %s\n  requestor    %s\n",
                 cli_text_of(assay_json_get(t, "executor"), "name", "nobody"),
                 cli_text_of(t, "requestor", "?"));
    print_leaving(t);
}

static void show_task(const struct assay_json *document)
{
    print_task(assay_json_get(document, "data"));
}

static void show_tasks(const struct assay_json *document)
{
    const struct assay_json *const tasks =
        assay_json_get(assay_json_get(document, "data"), "tasks");
    if (assay_json_count(tasks) == 0) (void)puts("tasks          none is remembered");
    for (size_t i = 0; i < assay_json_count(tasks); i++)
        print_task(assay_json_at(tasks, i));
}

static void show_account(const struct assay_json *document)
{
    const struct assay_json *const a = assay_json_get(document, "data");
    (void)printf("account        %s%s\n", cli_text_of(a, "account", "?"),
                 assay_json_bool(a, "known", false) ? "" : ", which was never paid");
    (void)printf("balance        %s\nlocked         %s, by its tasks\nnext record    number %s\n",
                 amount_of(a, "balance"), amount_of(a, "locked"), amount_of(a, "sequence"));
}

/* ------------------------------------------------------------ the verbs */

static bool is_id(const char *text)
{
    uint8_t id[32];
    return strlen(text) == 64 && assay_hex_decode(text, 64, id, sizeof id) == ASSAY_OK;
}

int cli_services_account(const struct assay_daemon_request *q, const char *which)
{
    uint8_t account[32];
    char text[65];
    const int known = cli_record_submit_account(q->group, which, account);
    if (known != ASSAY_EXIT_OK) return known;
    assay_hex_encode(account, sizeof account, text, sizeof text);
    return cli_daemon_print(q, show_account, "account %s", text);
}

int cli_services_shares(const struct assay_daemon_request *q, const char *id)
{
    static const struct part part = { "shares", "shares", print_shares };
    if (id == NULL) return show_part(q, &part);
    if (!is_id(id)) return cli_misuse("--id wants 64 hexadecimal digits, not \"%s\"", id);
    return cli_daemon_print(q, show_share, "share %s", id);
}

int cli_services_offers(const struct assay_daemon_request *q)
{
    static const struct part part = { "tasks", "tasks", print_offers };
    return show_part(q, &part);
}

int cli_services_tasks(const struct assay_daemon_request *q, const char *task)
{
    if (task == NULL) return cli_daemon_print(q, show_tasks, "tasks");
    if (!is_id(task)) return cli_misuse("TASK has 64 hexadecimal digits, \"%s\" has not", task);
    return cli_daemon_print(q, show_task, "task %s", task);
}

int cli_command_services(int argc, char **argv)
{
    struct assay_daemon_request q = cli_daemon_request("services");
    const int read = cli_daemon_read_options(&q, argc, argv);
    return read >= 0 ? read : cli_daemon_print(&q, show_services, "services");
}
