/*
 * apps/assay/operate/status.c - `assay status`: summary of a node first, then its figures.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/terminal.h"
#include "apps/assay/core/text.h"
#include "apps/assay/core/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SENTENCE_COLUMNS = 79, VALUE_COLUMN = 15, GROUPS_SHOWN = 3, NAMES_SHOWN = 8 };

/* The documents of one page; those that could not be had are NULL. */
struct page {
    struct assay_json *status, *nodes;
    struct assay_json *collateral; /* names of vendor roots, over HTTP */
    FILE *out;
};

/* What comes before all else: what keeps this node or the network from working. */
static const char alarms_view[] = CLI_VIEW_INSECURE(
    "its configuration") "[?head_age_ms= "
                         "STALE          no block has become final since the daemon started: "
                         "nothing is permitted yet;\n"
                         "               usual for an epoch; longer: are the others running (assay "
                         "nodes), does voting "
                         "report yes?\n"
                         "|[?stale STALE          no block for {head_age_ms:/1000} s (3 epochs of "
                         "{epoch_ms:/1000} s "
                         "are allowed): nothing is permitted[?!fenced ; more than a third\n"
                         "               of the weight is missing or cannot agree: assay nodes, "
                         "assay timeline]\n]]"
                         "[?clock_lead_ms CLOCK          the chain is {clock_lead_ms:/1000} s "
                         "ahead of this machine's "
                         "date: set it by a good source of time;\n"
                         "               where most members see this, the chain waits for the date "
                         "and epochs take "
                         "twice as long\n]"
                         "[?head_age_ms!= "
                         "head           final {head_age_ms:/1000} s ago, {views_nullified} views "
                         "nullified in a row\n]"
                         "[?identity_in_use TWO PROCESSES  use the identity of this node\n]"
                         "[?enforcement.hold.held HELD           manually since "
                         "{enforcement.hold.since}, nothing is "
                         "permitted: {enforcement.hold.reason}\n]"
                         "[*enforcement.targets?trouble NOT OBEYED     target {name}, ordered "
                         "{ordered}: {trouble}\n]";

#define LACKING(label, condition, note)                                                            \
    "[?#closing.missing?" condition " " label "[*closing.missing?" condition ", {name}" note "]\n" \
    "]"

/* What the epoch waits for, and what to do about it. */
static const char closing_view[] =
    "[?closing.progress=no STOPPED        weight {closing.present_weight} of {total_weight} is "
    "reachable, more than two thirds are required\n]"
    "[?closing.overdue OVERDUE        epoch {epoch} runs for {closing.open_ms:/1000} s here, "
    "{epoch_ms:/1000} s are usual[?!closing.roll ; its roll is not final yet]\n]" LACKING(
        "unreachable    ", "present=no",
        "[?last_message_age_ms!= "
        " ([?ended ended|for] {last_message_age_ms:/1000} s[?ended  ago, announced])]")
        LACKING("no evidence    ", "evidence=no&present", "")
            LACKING("no ballot      ", "ballot=no&present",
                    "") "[*advice do             {text}\n"
                        "|[?stale&head_age_ms!=&closing.progress "
                        "do             enough members are reachable, and no block becomes final: "
                        "read the logs of "
                        "all; a member with\n"
                        "               new keys (assay keys rotate, assay store restore) does not "
                        "vote until a block "
                        "lists them.\n"
                        "               If more than a third of the weight waits for that, the "
                        "network needs "
                        "RECOVER\n]]";

/* As the policy names a vendor root; "" where nothing has its name. */
static const char *root_name(const struct page *page, const char *id)
{
    const struct assay_json *const roots =
        assay_json_get(assay_json_get(page->collateral, "data"), "roots");
    for (size_t i = 0; i < assay_json_count(roots); i++) {
        const struct assay_json *const root = assay_json_at(roots, i);
        if (strcmp(assay_json_text(root, "root", ""), id) == 0)
            return assay_json_text(root, "name", "");
    }
    return "";
}

static void show_group(const struct page *page, const struct assay_json *g, const char *what,
                       const char *effect)
{
    const struct assay_json *const members = assay_json_get(g, "members");
    const char *const id = assay_json_text(g, "id", "?");
    const char *const own = assay_json_text(g, "name", "");
    const char *const name = own[0] != '\0' ? own : root_name(page, id);
    (void)fprintf(page->out, "               %s ", what);
    if (name[0] != '\0') (void)fprintf(page->out, "%.64s", cli_text_sanitized(name));
    else (void)fprintf(page->out, "%.64s", cli_text_sanitized(id));
    if (name[0] != '\0' && own[0] == '\0')
        (void)fprintf(page->out, " (%.64s)", cli_text_sanitized(id));
    (void)fprintf(page->out, " %s (", effect);
    for (size_t k = 0; k < assay_json_count(members); k++)
        (void)fprintf(page->out, "%s%s", k > 0 ? ", " : "",
                      cli_text_sanitized(assay_json_as_text(assay_json_at(members, k))));
    (void)fputs(")\n", page->out);
}

static void show_groups(const struct page *page, const char *key, const char *what,
                        const char *effect)
{
    const struct assay_json *const groups =
        assay_json_get(assay_json_get(assay_json_get(page->status, "data"), "tolerance"), key);
    const size_t count = assay_json_count(groups);
    for (size_t i = 0; i < count && i < GROUPS_SHOWN; i++)
        show_group(page, assay_json_at(groups, i), what, effect);
    if (count > GROUPS_SHOWN)
        (void)fprintf(page->out,
                      "               and %zu more, each of which %s: assay status --json\n",
                      count - GROUPS_SHOWN, effect);
}

/* "1 more member may fail, none may be Byzantine" */
#define BOUND(label, failing, noun, byzantine, note)                                               \
    label "[?tolerance." failing " {tolerance." failing "}|no] " noun "[?tolerance." failing       \
          "&tolerance." failing "!=1 s] may fail" note ", [?tolerance." byzantine                  \
          " {tolerance." byzantine "}|none] may be Byzantine\n"
#define WHOLE " with all its members"

/* A whole operator or vendor root may be too much where a member is not. One member alone is all
 * three. */
static const char bounds_view[] =
    BOUND("tolerates      ", "members_stop", "more member", "members_break",
          "") "[?member_count!=1 "
              "[?tolerance.shares_platforms " BOUND(
                  "               ", "platforms_stop", "platform", "platforms_break",
                  WHOLE) "]" BOUND("               ", "any_operators_stop", "operator",
                                   "any_operators_break", WHOLE)
                  BOUND("               ", "any_vendors_stop", "vendor root", "any_vendors_break",
                        WHOLE) "]";

static void show_bounds(const struct page *page)
{
    cli_view_print(bounds_view, assay_json_get(page->status, "data"), page->out);
    if (cli_number_of(assay_json_get(page->status, "data"), "member_count") == 1) return;
    show_groups(page, "operators_stop", "failure of operator", "alone stops the network");
    show_groups(page, "vendors_stop", "failure of vendor root", "alone stops the network");
    show_groups(page, "operators_break", "a Byzantine operator", "alone can break safety");
    show_groups(page, "vendors_break", "a Byzantine vendor root", "alone can break safety");
    show_groups(page, "vendors_outvote", "vendor root",
                "has more than a third of the votes, not of the weight");
}

static void put_words(const struct page *page, const char *at, size_t *column)
{
    while (*at != '\0') {
        const size_t len = strcspn(at, " ");
        if (*column > 0 && *column + 1 + len > SENTENCE_COLUMNS) {
            (void)fputc('\n', page->out);
            *column = 0;
        }
        (void)fprintf(page->out, "%s%.*s", *column > 0 ? " " : "", (int)len, at);
        *column += len + (*column > 0 ? 1 : 0);
        at += len + (at[len] == ' ' ? 1 : 0);
    }
}

/* One sentence, true while the chain is stalled as well: the daemon makes it from its current
 * state, with a fence and the age of the last block before everything else. */
static void show_sentence(const struct page *page, const struct assay_json *d)
{
    size_t column = 0;
    put_words(page, assay_json_text(d, "sentence", ""), &column);
    (void)fputs("\n\n", page->out);
}

/* docs/protocol.md 9.6.2: the sentence counts members in service alone, and names three. */
static const char drained_view[] =
    "[?#nodes?stage=resting drained        [*nodes?stage=resting, {name}]: out of service until "
    "the "
    "operators undrain them\n               (assay change draft --undrain NODE)\n]";

/* One member has no other clock to compare with. */
static const char clock_view[] =
    "[?member_count!=1 [?clock.ahead_ms!= clock          {clock.ahead_ms:/1000.3} s "
    "[?clock.ahead_ms<0 behind|ahead of] the others', {clock.bound_ms:/1000.3} s are allowed"
    "[?clock.off : OFF]\n|clock          too few members have reported their clock\n]]";

/* Why this node does not vote, the cause that lasts longest first. */
#define VOTING_REASON                                                                              \
    "[?fenced : the operators have fenced this era"                                                \
    "|[?stage=resting : the operators drained this node"                                           \
    "|[?behind , behind the others: catching up"                                                   \
    "|[?!voting&incarnation_waiting : its new keys wait until a block lists them, which takes "    \
    "the "                                                                                         \
    "votes of more than two\n"                                                                     \
    "               thirds of the weight; without these the network needs RECOVER (assay recover)" \
    "|[?!voting&weight=0 : it has no weight (assay explain has the reason)"                        \
    "|[?weight!=0&seat_weight=0 , it has no seat: it ballots alone"                                \
    "|[?!voting : it requests its own votes of before its start from the others]]]]]]]"

/* This node, and what operators decided of the network and of it. */
static const char node_view[] =
    "standing       {.:condition}, score {score_bp:/100.0} %\n"
    "[?recovery.text recovers       {recovery.text}\n]"
    "chain          epoch {epoch:epoch}, height {height}, last close "
    "[?certified certified|not certified]\n"
    "voting         [?voting yes|no]" VOTING_REASON "\n"
    /* docs/protocol.md 6.7 */
    "[*votes_lost NO VOTES       {.}: it ballots and shows no evidence\n]"
    "[*votes_retained VOTES SPARED   {.}: it shows no evidence and votes, for else too little "
    "weight "
    "did\n]"
    "[?cannot_catch_up BEHIND         {cannot_catch_up}\n]"
    "[?stage!=&stage!=member stage          {.:stage}\n]"
    "[?in_maintenance maintenance    announced by its operator: nothing is permitted\n]"
    "[?changes.pending changes        {changes.pending} pending, the next in epoch "
    "{changes.next_activation:epoch}: assay change list\n]"
    "[?changes.trial on trial       change {changes.trial.sequence}: weight "
    "{changes.trial.suspended_weight} of {changes.trial.total_weight} was suspended, "
    "{changes.trial.unjudged_weight} is not yet appraised under it\n]"
    "[?changes.ended {changes.ended.end,-14} change {changes.ended.sequence}, by the close of "
    "epoch "
    "{changes.ended.epoch:epoch}: assay change list\n]";

static const char rest_view[] =
    "caps met       operator [?operator_cap_met yes|no], vendor root [?vendor_cap_met yes|no]\n"
    "[?cuts!=&cuts!=none cuts           {cuts}\n"
    "               cuts reduce weights to the caps of an operator or vendor root\n]"
    "enclave        pid {enclave.pid|0}, started [?enclave.starts=1 once|{enclave.starts|0} times]"
    "[?enclave.paused , paused by an order]\n"
    "measurement    {enclave.measurement|-}\n";

/* docs/protocol.md 9.10: a level that builds announce and the operators may raise. */
static void show_level(const struct page *page)
{
    const unsigned long long level = cli_number_of(assay_json_get(page->status, "data"), "level");
    const struct assay_json *const nodes =
        assay_json_get(assay_json_get(page->nodes, "data"), "nodes");
    size_t voters = 0, ready = 0, named = 0;
    for (size_t i = 0; i < assay_json_count(nodes); i++) {
        const struct assay_json *const n = assay_json_at(nodes, i);
        if (cli_number_of(n, "weight") == 0) continue;
        voters++;
        ready += cli_number_of(n, "level") > level;
    }
    (void)fprintf(page->out, "feature level  %llu", level);
    if (ready > 0)
        (void)fprintf(page->out, "; level %llu available: %zu of %zu voters announce it", level + 1,
                      ready, voters);
    for (size_t i = 0; ready > 0 && i < assay_json_count(nodes); i++) {
        const struct assay_json *const n = assay_json_at(nodes, i);
        if (cli_number_of(n, "weight") == 0 || cli_number_of(n, "level") > level) continue;
        if (named++ < NAMES_SHOWN)
            (void)fprintf(page->out, "%s%s", named == 1 ? ",\n               waiting for " : ", ",
                          cli_text_of(n, "name", "?"));
    }
    if (named > NAMES_SHOWN) (void)fprintf(page->out, " and %zu more", named - NAMES_SHOWN);
    if (ready > 0 && ready == voters)
        (void)fprintf(
            page->out,
            ":\n               assay change draft --parameter level=%llu --out level.change",
            level + 1);
    (void)fputc('\n', page->out);
}

static void show_status(const struct page *page)
{
    const struct assay_json *const document = page->status;
    const struct assay_json *const d = assay_json_get(document, "data");
    show_sentence(page, d);
    cli_view_print(drained_view, assay_json_get(page->nodes, "data"), page->out);
    cli_view_print(alarms_view, d, page->out);
    cli_view_print(closing_view, d, page->out);
    show_bounds(page);
    cli_view_print(clock_view, d, page->out);
    (void)fprintf(page->out, "node           %s (slot %llu, incarnation %llu)\n",
                  cli_text_of(document, "node", "?"), cli_number_of(d, "slot"),
                  cli_number_of(d, "incarnation"));
    cli_view_print(node_view, d, page->out);
    show_level(page);
    cli_view_print(rest_view, d, page->out);
}

/* Names of vendor roots are needed only where a whole one is too much. */
static bool names_roots(const struct assay_json *d)
{
    const struct assay_json *const t = assay_json_get(d, "tolerance");
    return assay_json_count(assay_json_get(t, "vendors_stop")) > 0 ||
           assay_json_count(assay_json_get(t, "vendors_break")) > 0 ||
           assay_json_count(assay_json_get(t, "vendors_outvote")) > 0;
}

/* What the status does not have; the page is shown without it as well. */
static void request_details(const struct assay_daemon_request *q, struct page *page)
{
    const struct assay_json *const d = assay_json_get(page->status, "data");
    const bool is_remote = assay_client_context(q->socket) != NULL;
    const char *const http = is_remote ? q->socket : assay_json_text(d, "http", "");
    if (assay_client_request(q->socket, "nodes", q->timeout_ms, &page->nodes) != ASSAY_OK)
        page->nodes = NULL;
    const bool is_tls = !is_remote && assay_json_bool(d, "http_tls", false);
    if (names_roots(d) && http[0] != '\0' && !is_tls &&
        assay_client_get(http, "/v1/collateral", q->timeout_ms, &page->collateral) != ASSAY_OK)
        page->collateral = NULL;
}

/* A terminal gets lines of its width; files and pipes get each item as one line. */
static int print_page(struct page *page)
{
    const struct assay_terminal terminal = cli_terminal_look();
    char *text = NULL;
    size_t len = 0;
    page->out = isatty(STDOUT_FILENO) == 1 ? open_memstream(&text, &len) : stdout;
    if (page->out == NULL) return ASSAY_EXIT_INTERNAL;
    show_status(page);
    if (page->out != stdout) {
        const bool is_written = fclose(page->out) == 0;
        if (is_written) cli_text_wrap(text, (size_t)terminal.columns, VALUE_COLUMN, stdout);
        free(text);
        if (!is_written) return ASSAY_EXIT_INTERNAL;
    }
    return fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}

int cli_command_status(int argc, char **argv)
{
    struct assay_daemon_request q = cli_daemon_request("status");
    const int early = cli_daemon_read_options(&q, argc, argv);
    if (early >= 0) return early;
    if (q.json) return cli_daemon_print(&q, NULL, "status");
    struct page page = { .status = NULL };
    int result = cli_daemon_get_document(&q, &page.status, "status");
    if (result != ASSAY_EXIT_OK) return result;
    request_details(&q, &page);
    result = print_page(&page);
    assay_json_free(&page.status);
    assay_json_free(&page.nodes);
    assay_json_free(&page.collateral);
    return result;
}
