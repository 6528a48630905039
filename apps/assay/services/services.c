/*
 * apps/assay/services/services.c - status of services: `assay services|continuity status`, `assay
 * share status`, `assay task offers|status`, `assay account show`.
 */
#include "apps/assay/services/services.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/record_submit.h"
#include "apps/assay/core/view.h"

#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------ parts of the document */

#define MEMBERS(list) "[*" list ", {name|(nobody)}|nobody]"
#define ALARMS        "[*alarms [?# , |\n  ALARM        ]{.}]"

/* Of one group. */
#define GROUP                                                                                      \
    "group          {name}: {phase}[?phase!=forming , view {view}]"                                \
    "[?next_seats , waits for view {next_view}]\n"                                                 \
    "  seats        [*seats, {name|(nobody)}[?state [?state!=serves  ({state})]]|nobody]" ALARMS   \
    "\n"                                                                                           \
    "[?next_seats   next         " MEMBERS(                                                        \
        "next_seats") "\n]"                                                                        \
                      "  listed       " MEMBERS(                                                   \
                          "listed") "\n"                                                           \
                                    "  enclaves     {instances} of at most {instances_max}, "      \
                                    "{sessions} sessions numbered\n"

static const char shares_view[] =
    "secrets        {synced} synced, {waiting} wait, {due} due for resharing, {resharing} of them "
    "in progress; at most {ids_max}, {quota} of one owner or member; {deleted} deleted\n"
    "shares         {threshold} of {slots} slots make one; {confirmations} must confirm; {holders} "
    "holders listed, {convicted} convicted\n"
    "[*clusters "
    "cluster        {number}: [?seated seated|too few holders stand][?alarm " ALARMS "]\n"
    "[?public_phase!=none   in public    {^public} secrets are reshared on the ledger: "
    "{public_phase}\n]"
    "[*seats   slot {#,-2}      {name|nobody}, [?ready has everything|not everything yet]"
    "[?lost , lost][?silent_epoch , silent in public in epoch {silent_epoch}]\n]]"
    "[?away away           {away} members lost a slot for their silence, for 64 epochs\n]";

static const char money_view[] =
    "accounts       {accounts} of at most {accounts_max}\n"
    "money          {total} in all, {locked} locked by tasks\n"
    "tasks          {states.open} open, {states.accepted} accepted, {states.failed} failed; "
    "remembered: {states.paid} paid, {states.closed} closed, {states.expired} expired\n";

static const char offers_view[] =
    "[*offers offer          {name|nobody} at {address}, {price} a step, {hold} an epoch\n"
    "[*codes   code         {.}\n]|offers         none\n]";

static const char programs_view[] =
    "[?programs programs       {programs.connected} connected, {programs.following} follow; "
    "{programs.socket}\n"
    "[?programs.connections_refused+programs.connections_preempted   crowded      "
    "{programs.connections_refused} turned away, "
    "{programs.connections_preempted} gave their place to another user\n]"
    "[*records [?applied+idle   {kind,-12} {applied} applied, {idle} without effect\n]]"
    "|programs       none: listen.services is off\n]";

static const char head_view[] = "[?!known this node does not have the documents of services yet\n"
                                "|[?!current as epoch {epoch} left it\n]]";

static bool has_part(const struct assay_json *data, const char *part)
{
    return assay_json_kind_of(assay_json_get(data, part)) == ASSAY_JSON_OBJECT;
}

static void show_services(const struct assay_json *document)
{
    const struct assay_json *const data = assay_json_get(document, "data");
    cli_view_print(head_view, data, stdout);
    if (assay_json_bool(data, "known", false) &&
        assay_json_count(assay_json_get(data, "groups")) == 0 && !has_part(data, "shares") &&
        !has_part(data, "tasks")) {
        (void)puts(has_part(data, "identity")
                       ? "this network has a certificate authority (assay ca show), and no other "
                         "services"
                       : "this network has no services");
        return;
    }
    cli_view_print("[*groups " GROUP "]", data, stdout);
    if (has_part(data, "shares"))
        cli_view_print(shares_view, assay_json_get(data, "shares"), stdout);
    if (has_part(data, "tasks")) {
        cli_view_print(money_view, assay_json_get(data, "tasks"), stdout);
        cli_view_print(offers_view, assay_json_get(data, "tasks"), stdout);
    }
    cli_view_print(programs_view, data, stdout);
}

/* One part of the document, as it is: with --json that part alone stands in an envelope. */
struct part {
    const char *key, *view;
};

static int show_part(const struct assay_daemon_request *q, const struct part *part)
{
    struct assay_json *document = NULL;
    int result = cli_daemon_get_document(q, &document, "services");
    if (result != ASSAY_EXIT_OK) return result;
    const struct assay_json *const data = assay_json_get(document, "data");
    if (assay_json_bool(data, "known", false) && !has_part(data, part->key)) {
        (void)fprintf(stderr, "assay %s: this network has no %s\n", q->group, part->key);
        result = ASSAY_EXIT_NOT_FOUND;
    } else if (q->json) {
        result = cli_print_document(document);
    } else {
        cli_view_print(head_view, data, stdout);
        if (has_part(data, part->key))
            cli_view_print(part->view, assay_json_get(data, part->key), stdout);
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
        (void)cli_print_document(document);
    } else if (shown > 0 || !known) {
        cli_view_print(head_view, data, stdout);
        for (size_t i = 0; i < assay_json_count(groups); i++)
            if (is_group(assay_json_at(groups, i), which))
                cli_view_print(GROUP, assay_json_at(groups, i), stdout);
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

static const char share_view[] =
    "id             {id}\n"
    "state          [?synced synced|waits for its holders][?due , to be reshared]"
    "[?resharing , under way]\n"
    "generation     {generation}, put in epoch {put_epoch}\n"
    "readers        {readers}\n"
    "[*kept cluster {cluster,-6} stored by " MEMBERS("seats") "\n]";

/* Closes of epochs, from now. */
#define TASK                                                                                       \
    "task           {task}\n"                                                                      \
    "  state        {state}, {paid} of {steps} steps paid at {price}, {locked} locked, deadline "  \
    "epoch {deadline}\n"                                                                           \
    "  executor     {executor.name|nobody}\n"                                                      \
    "  requestor    {requestor}\n"                                                                 \
    "  rent         {hold} an epoch, locked for {rent_epochs} more\n"                              \
    "[?ends_in!= "                                                                                 \
    "  release      one side has: it ends in {ends_in} closes\n"                                   \
    "|[?release_in!= "                                                                             \
    "  release      [?release_in in {release_in} closes, unless a claim comes"                     \
    "|now: either side may (assay task release)]\n]]"

static const char account_view[] = "account        {account}[?!known , which was never paid]\n"
                                   "balance        {balance}\n"
                                   "locked         {locked}, by its tasks\n"
                                   "next record    number {sequence}\n";

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
    return cli_daemon_view(q, account_view, "account %s", text);
}

int cli_services_shares(const struct assay_daemon_request *q, const char *id)
{
    static const struct part part = { "shares", shares_view };
    if (id == NULL) return show_part(q, &part);
    if (!is_id(id)) return cli_misuse("--id wants 64 hexadecimal digits, not \"%s\"", id);
    return cli_daemon_view(q, share_view, "share %s", id);
}

int cli_services_offers(const struct assay_daemon_request *q)
{
    static const struct part part = { "tasks", offers_view };
    return show_part(q, &part);
}

int cli_services_tasks(const struct assay_daemon_request *q, const char *task)
{
    static const char tasks_view[] = "[*tasks " TASK "|tasks          none is remembered\n]";
    if (task == NULL) return cli_daemon_view(q, tasks_view, "tasks");
    if (!is_id(task)) return cli_misuse("TASK has 64 hexadecimal digits, \"%s\" has not", task);
    return cli_daemon_view(q, TASK, "task %s", task);
}

int cli_command_services(int argc, char **argv)
{
    struct assay_daemon_request q = cli_daemon_request("services");
    const int read = cli_daemon_read_options(&q, argc, argv);
    return read >= 0 ? read : cli_daemon_print(&q, show_services, "services");
}
