/*
 * apps/assay/operate/status.c - `assay status`: summary of a node first, then its figures.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/condition.h"
#include "apps/assay/core/daemon_request.h"

#include <stdio.h>
#include <string.h>

enum { SENTENCE_COLUMNS = 79, GROUPS_SHOWN = 3, NAMES_SHOWN = 8 };

/* The documents of one page; those that could not be had are NULL. */
struct page {
    struct assay_json *status, *nodes;
    struct assay_json *collateral; /* names of vendor roots, over HTTP */
};

static const char *format_bool(bool value)
{
    return value ? "yes" : "no";
}

/* What this node does about its own orders, when that keeps it from working. */
static void show_hold(const struct assay_json *d)
{
    const struct assay_json *const enforcement = assay_json_get(d, "enforcement");
    const struct assay_json *const hold = assay_json_get(enforcement, "hold");
    const struct assay_json *const targets = assay_json_get(enforcement, "targets");
    if (assay_json_bool(hold, "held", false))
        (void)printf("HELD           manually since %s, nothing is permitted: %s\n",
                     cli_text_of(hold, "since", "?"), cli_text_of(hold, "reason", ""));
    for (size_t i = 0; i < assay_json_count(targets); i++) {
        const struct assay_json *const t = assay_json_at(targets, i);
        if (assay_json_text(t, "trouble", "")[0] != '\0')
            (void)printf("NOT OBEYED     target %s, ordered %s: %s\n", cli_text_of(t, "name", "?"),
                         cli_text_of(t, "ordered", "?"), cli_text_of(t, "trouble", ""));
    }
}

/* The most important facts come first. */
static void show_head(const struct assay_json *d)
{
    const bool fenced = assay_json_bool(d, "fenced", false);
    int64_t age_ms = 0;
    const bool none = !assay_json_as_int(assay_json_get(d, "head_age_ms"), &age_ms);
    const double age_s = (double)age_ms / 1000;
    const double bound_s = 3.0 * (double)assay_json_uint(d, "epoch_ms", 0) / 1000;
    if (none)
        (void)puts("STALE          no block has become final since the daemon started: nothing is "
                   "permitted yet;\n               usual for an epoch; longer: are the others "
                   "running (assay nodes), does voting report yes?");
    else if (assay_json_bool(d, "stale", false))
        (void)printf(
            "STALE          no block for %.1f s (%.1f s are allowed): nothing is permitted%s\n",
            age_s, bound_s,
            fenced ? ""
                   : "; more than a third\n               of the weight is missing or cannot "
                     "agree: assay nodes, assay timeline");
    if (cli_number_of(d, "clock_lead_ms") > 0)
        (void)printf("CLOCK          the chain is %.1f s ahead of this machine's date: set it by a "
                     "good source of time;\n               where most members see this, the "
                     "chain waits for the date and epochs take twice as long\n",
                     (double)cli_number_of(d, "clock_lead_ms") / 1000);
    if (!none)
        (void)printf("head           final %.1f s ago, %llu views nullified in a row\n", age_s,
                     cli_number_of(d, "views_nullified"));
}

static double get_seconds(const struct assay_json *object, const char *key)
{
    return (double)cli_number_of(object, key) / 1000;
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
        (void)printf("%s%s", before, cli_text_of(m, "name", "?"));
        int64_t age_ms = 0;
        if (gone && assay_json_as_int(assay_json_get(m, "last_message_age_ms"), &age_ms))
            (void)printf(" (%s %.1f s%s)", assay_json_bool(m, "ended", false) ? "ended" : "for",
                         (double)age_ms / 1000,
                         assay_json_bool(m, "ended", false) ? " ago, announced" : "");
        before = ", ";
    }
    if (before != what) (void)putchar('\n');
}

static void show_closing(const struct assay_json *d)
{
    const struct assay_json *c = assay_json_get(d, "closing");
    const struct assay_json *missing = assay_json_get(c, "missing");
    const unsigned long long total = cli_number_of(d, "total_weight");
    if (!assay_json_bool(c, "progress", true))
        (void)printf(
            "STOPPED        %llu %% of the weight is reachable, more than 66 %% are required\n",
            percent(cli_number_of(c, "present_weight"), total));
    if (assay_json_bool(c, "overdue", false))
        (void)printf("OVERDUE        epoch %llu runs for %.1f s here, %.1f s are usual%s\n",
                     cli_number_of(d, "epoch"), get_seconds(c, "open_ms"),
                     get_seconds(d, "epoch_ms"),
                     assay_json_bool(c, "roll", false) ? "" : "; its roll is not final yet");
    show_lacking(missing, "present", "unreachable    ");
    show_lacking(missing, "evidence", "no evidence    ");
    show_lacking(missing, "ballot", "no ballot      ");
}

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
    (void)printf("               %s ", what);
    if (name[0] != '\0') (void)printf("%.64s", cli_text_sanitized(name));
    else (void)printf("%.64s", cli_text_sanitized(id));
    if (name[0] != '\0' && own[0] == '\0') (void)printf(" (%.64s)", cli_text_sanitized(id));
    (void)printf(" %s (", effect);
    for (size_t k = 0; k < assay_json_count(members); k++)
        (void)printf("%s%s", k > 0 ? ", " : "",
                     cli_text_sanitized(assay_json_as_text(assay_json_at(members, k))));
    (void)puts(")");
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
        (void)printf("               and %zu more, each of which %s: assay status --json\n",
                     count - GROUPS_SHOWN, effect);
}

/* "1 more member may fail, none may be Byzantine" */
static void show_bound(const char *label, unsigned long long failing, const char *noun,
                       unsigned long long byzantine, const char *note)
{
    char fail[24] = "no", lie[24] = "none";
    if (failing > 0) (void)snprintf(fail, sizeof fail, "%llu", failing);
    if (byzantine > 0) (void)snprintf(lie, sizeof lie, "%llu", byzantine);
    (void)printf("%-14s %s %s%s may fail%s, %s may be Byzantine\n", label, fail, noun,
                 failing > 1 ? "s" : "", note, lie);
}

/* A whole operator or vendor root may be too much where a member is not. One member alone is all
 * three. */
static void show_bounds(const struct page *page)
{
    static const char whole[] = " with all its members";
    const struct assay_json *const t =
        assay_json_get(assay_json_get(page->status, "data"), "tolerance");
    show_bound("tolerates", cli_number_of(t, "members_stop"), "more member",
               cli_number_of(t, "members_break"), "");
    if (cli_number_of(assay_json_get(page->status, "data"), "member_count") == 1) return;
    if (assay_json_bool(t, "shares_platforms", false))
        show_bound("", cli_number_of(t, "platforms_stop"), "platform",
                   cli_number_of(t, "platforms_break"), whole);
    show_bound("", cli_number_of(t, "any_operators_stop"), "operator",
               cli_number_of(t, "any_operators_break"), whole);
    show_bound("", cli_number_of(t, "any_vendors_stop"), "vendor root",
               cli_number_of(t, "any_vendors_break"), whole);
    show_groups(page, "operators_stop", "failure of operator", "alone stops the network");
    show_groups(page, "vendors_stop", "failure of vendor root", "alone stops the network");
    show_groups(page, "operators_break", "a Byzantine operator", "alone can break safety");
    show_groups(page, "vendors_break", "a Byzantine vendor root", "alone can break safety");
    show_groups(page, "vendors_outvote", "vendor root",
                "has more than a third of the votes, not of the weight");
}

static void show_outlook(const struct page *page)
{
    const struct assay_json *const d = assay_json_get(page->status, "data");
    const struct assay_json *advice = assay_json_get(d, "advice");
    const struct assay_json *clock = assay_json_get(d, "clock");
    int64_t ahead_ms = 0, age_ms = 0;
    for (size_t i = 0; i < assay_json_count(advice); i++)
        (void)printf("do             %s\n", cli_text_of(assay_json_at(advice, i), "text", "?"));
    if (assay_json_count(advice) == 0 && assay_json_bool(d, "stale", false) &&
        assay_json_as_int(assay_json_get(d, "head_age_ms"), &age_ms) &&
        assay_json_bool(assay_json_get(d, "closing"), "progress", false))
        (void)puts(
            "do             enough members are reachable, and no block becomes final: read the "
            "logs of all; a member with\n               new keys (assay keys rotate, assay "
            "store restore) does not vote until a block lists them.\n               If more "
            "than a third of the weight waits for that, the network needs RECOVER");
    show_bounds(page);
    if (cli_number_of(d, "member_count") == 1) return; /* no other clock to compare with */
    if (assay_json_as_int(assay_json_get(clock, "ahead_ms"), &ahead_ms))
        (void)printf("clock          %.3f s %s the others', %.3f s are allowed%s\n",
                     (double)(ahead_ms < 0 ? -ahead_ms : ahead_ms) / 1000,
                     ahead_ms < 0 ? "behind" : "ahead of", get_seconds(clock, "bound_ms"),
                     assay_json_bool(clock, "off", false) ? ": OFF" : "");
    else (void)puts("clock          too few members have reported their clock");
}

/* What operators decided of the network and of this node: nothing while there is nothing. */
static void show_changes(const struct assay_json *d)
{
    const struct assay_json *c = assay_json_get(d, "changes");
    const struct assay_json *trial = assay_json_get(c, "trial");
    const struct assay_json *ended = assay_json_get(c, "ended");
    const char *stage = cli_stage_of(d);
    const char *missing = cli_text_of(d, "cannot_catch_up", "");
    if (missing[0] != '\0') (void)printf("BEHIND         %s\n", missing);
    if (strcmp(stage, "member") != 0) (void)printf("stage          %s\n", stage);
    if (assay_json_bool(d, "in_maintenance", false))
        (void)puts("maintenance    announced by its operator: nothing is permitted");
    if (cli_number_of(c, "pending") > 0)
        (void)printf("changes        %llu pending, the next in epoch %llu%s: assay change list\n",
                     cli_number_of(c, "pending"), cli_number_of(c, "next_activation"),
                     cli_when_of_epoch(d, cli_number_of(c, "next_activation")));
    if (assay_json_kind_of(trial) == ASSAY_JSON_OBJECT)
        (void)printf("on trial       change %llu: weight %llu of %llu was suspended, %llu is not "
                     "yet appraised under it\n",
                     cli_number_of(trial, "sequence"), cli_number_of(trial, "suspended_weight"),
                     cli_number_of(trial, "total_weight"), cli_number_of(trial, "unjudged_weight"));
    if (assay_json_kind_of(ended) == ASSAY_JSON_OBJECT)
        (void)printf("%-14s change %llu, by the close of epoch %llu%s: assay change list\n",
                     cli_text_of(ended, "end", "?"), cli_number_of(ended, "sequence"),
                     cli_number_of(ended, "epoch"),
                     cli_when_of_epoch(d, cli_number_of(ended, "epoch")));
}

/* docs/protocol.md 6.7. */
static void show_quiet(const struct assay_json *names, const char *what, const char *why)
{
    for (size_t i = 0; i < assay_json_count(names); i++) {
        const char *const name = assay_json_as_text(assay_json_at(names, i));
        (void)printf("%-14s %s: %s\n", what, name != NULL ? cli_text_sanitized(name) : "?", why);
    }
}

static void put_words(const char *at, size_t *column)
{
    while (*at != '\0') {
        const size_t len = strcspn(at, " ");
        if (*column > 0 && *column + 1 + len > SENTENCE_COLUMNS) {
            (void)putchar('\n');
            *column = 0;
        }
        (void)printf("%s%.*s", *column > 0 ? " " : "", (int)len, at);
        *column += len + (*column > 0 ? 1 : 0);
        at += len + (at[len] == ' ' ? 1 : 0);
    }
}

/* One sentence, true while the chain is stalled as well: the daemon makes it from its current
 * state, with a fence and the age of the last block before everything else. */
static void show_sentence(const struct assay_json *d)
{
    size_t column = 0;
    put_words(assay_json_text(d, "sentence", ""), &column);
    (void)puts("\n");
}

/* docs/protocol.md 9.6.2: the sentence counts members in service alone, and names three. */
static void show_drained(const struct page *page)
{
    const struct assay_json *const nodes =
        assay_json_get(assay_json_get(page->nodes, "data"), "nodes");
    size_t shown = 0;
    for (size_t i = 0; i < assay_json_count(nodes); i++) {
        const struct assay_json *const n = assay_json_at(nodes, i);
        if (strcmp(cli_stage_of(n), "drained") != 0) continue;
        (void)printf("%s%s", shown++ == 0 ? "drained        " : ", ", cli_text_of(n, "name", "?"));
    }
    if (shown > 0)
        (void)puts(": out of service until the operators undrain them\n               (assay "
                   "change draft --undrain NODE)");
}

/* Why this node does not vote, the cause that lasts longest first; "" where it does. */
static const char *voting_reason(const struct assay_json *d)
{
    const bool votes = assay_json_bool(d, "voting", false);
    const bool weightless = assay_json_uint(d, "weight", 1) == 0;
    if (assay_json_bool(d, "fenced", false)) return ": the operators have fenced this era";
    if (strcmp(cli_stage_of(d), "drained") == 0) return ": the operators drained this node";
    if (assay_json_bool(d, "behind", false)) return ", behind the others: catching up";
    if (!votes && assay_json_bool(d, "incarnation_waiting", false))
        return ": its new keys wait until a block lists them, which takes the votes of more "
               "than two\n               thirds of the weight; without these the network needs "
               "RECOVER (assay recover)";
    if (!votes && weightless) return ": it has no weight (assay explain has the reason)";
    if (!weightless && assay_json_uint(d, "seat_weight", 1) == 0)
        return ", it has no seat: it ballots alone";
    return votes ? "" : ": it requests its own votes of before its start from the others";
}

static void show_cuts(const char *cuts)
{
    if (strcmp(cuts, "none") == 0) return;
    (void)printf("cuts           %s\n", cuts);
    (void)puts("               cuts reduce weights to the caps of an operator or vendor root");
}

/* "started once", "started 3 times" */
static void show_enclave(const struct assay_json *enclave)
{
    const unsigned long long starts = cli_number_of(enclave, "starts");
    (void)printf("enclave        pid %llu, started ", cli_number_of(enclave, "pid"));
    if (starts == 1) (void)fputs("once", stdout);
    else (void)printf("%llu times", starts);
    (void)puts(assay_json_bool(enclave, "paused", false) ? ", paused by an order" : "");
    (void)printf("measurement    %s\n", cli_text_of(enclave, "measurement", "-"));
}

static void show_recovery(const struct assay_json *d)
{
    const char *const text = cli_text_of(assay_json_get(d, "recovery"), "text", "");
    if (text[0] != '\0') (void)printf("recovers       %s\n", text);
}

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
    (void)printf("feature level  %llu", level);
    if (ready > 0)
        (void)printf("; level %llu available: %zu of %zu voters announce it", level + 1, ready,
                     voters);
    for (size_t i = 0; ready > 0 && i < assay_json_count(nodes); i++) {
        const struct assay_json *const n = assay_json_at(nodes, i);
        if (cli_number_of(n, "weight") == 0 || cli_number_of(n, "level") > level) continue;
        if (named++ < NAMES_SHOWN)
            (void)printf("%s%s", named == 1 ? ",\n               waiting for " : ", ",
                         cli_text_of(n, "name", "?"));
    }
    if (named > NAMES_SHOWN) (void)printf(" and %zu more", named - NAMES_SHOWN);
    if (ready > 0 && ready == voters)
        (void)printf(":\n               assay change draft --parameter level=%llu", level + 1);
    (void)putchar('\n');
}

static void show_status(const struct page *page)
{
    const struct assay_json *const document = page->status;
    const struct assay_json *const d = assay_json_get(document, "data");
    show_sentence(d);
    show_drained(page);
    if (assay_json_bool(d, "insecure", false))
        (void)puts("INSECURE       profile development: evidence proves nothing about hardware");
    const struct assay_json *accepted = assay_json_get(d, "insecure_settings");
    for (size_t i = 0; i < assay_json_count(accepted); i++) {
        const char *const name = assay_json_as_text(assay_json_at(accepted, i));
        (void)printf("INSECURE       accepted by its configuration: %s\n",
                     name != NULL ? cli_text_sanitized(name) : "?");
    }
    show_head(d);
    if (assay_json_bool(d, "identity_in_use", false))
        (void)puts("TWO PROCESSES  use the identity of this node");
    show_hold(d);
    show_closing(d);
    show_outlook(page);
    (void)printf("node           %s (slot %llu, incarnation %llu)\n",
                 cli_text_of(document, "node", "?"), cli_number_of(d, "slot"),
                 cli_number_of(d, "incarnation"));
    (void)printf("standing       %s, score %llu %%\n", cli_condition_of(d),
                 cli_number_of(d, "score_bp") / 100);
    show_recovery(d);
    (void)printf("chain          epoch %llu%s, height %llu, last close %s\n",
                 cli_number_of(d, "epoch"), cli_when_of_epoch(d, cli_number_of(d, "epoch")),
                 cli_number_of(d, "height"),
                 assay_json_bool(d, "certified", false) ? "certified" : "not certified");
    (void)printf("voting         %s%s\n", format_bool(assay_json_bool(d, "voting", false)),
                 voting_reason(d));
    show_quiet(assay_json_get(d, "votes_lost"), "NO VOTES", "it ballots and shows no evidence");
    show_quiet(assay_json_get(d, "votes_retained"), "VOTES SPARED",
               "it shows no evidence and votes, for else too little weight did");
    show_changes(d);
    show_level(page);
    (void)printf("caps met       operator %s, vendor root %s\n",
                 format_bool(assay_json_bool(d, "operator_cap_met", false)),
                 format_bool(assay_json_bool(d, "vendor_cap_met", false)));
    show_cuts(cli_text_of(d, "cuts", "none"));
    show_enclave(assay_json_get(d, "enclave"));
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
    if (names_roots(d) && http[0] != '\0' &&
        assay_client_get(http, "/v1/collateral", q->timeout_ms, &page->collateral) != ASSAY_OK)
        page->collateral = NULL;
}

int cli_command_status(int argc, char **argv)
{
    struct assay_daemon_request q = cli_daemon_request("status");
    const int early = cli_daemon_read_options(&q, argc, argv);
    if (early >= 0) return early;
    if (q.json) return cli_daemon_print(&q, NULL, "status");
    struct page page = { .status = NULL };
    const int result = cli_daemon_get_document(&q, &page.status, "status");
    if (result != ASSAY_EXIT_OK) return result;
    request_details(&q, &page);
    show_status(&page);
    assay_json_free(&page.status);
    assay_json_free(&page.nodes);
    assay_json_free(&page.collateral);
    return ASSAY_EXIT_OK;
}
