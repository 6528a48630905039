/*
 * apps/assay/operate/doctor_daemon.c - doctor checks of a running daemon and its network.
 */
#include "apps/assay/operate/doctor.h"

#include "apps/assay/core/daemon_request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static double to_seconds(int64_t ms)
{
    return (double)(ms < 0 ? -ms : ms) / 1000;
}

static void look_at_clock(struct assay_doctor *d, const struct assay_json *status)
{
    const struct assay_json *const clock = assay_json_get(status, "clock");
    int64_t ahead_ms = 0;
    const double bound_s = to_seconds((int64_t)cli_number_of(clock, "bound_ms"));
    const bool off = assay_json_bool(clock, "off", false);
    if (!assay_json_as_int(assay_json_get(clock, "ahead_ms"), &ahead_ms))
        cli_doctor_report(d, "clock", ASSAY_HEALTH_WARN, "dates of more than half of the weight",
                          "wait for an epoch; longer: are the others there (assay nodes)?",
                          "too few members have reported their clock");
    else
        cli_doctor_report(d, "clock", off ? ASSAY_HEALTH_FAIL : ASSAY_HEALTH_OK,
                          "the date that the others have",
                          "set this machine's date by a good source of time",
                          "%.3f s %s the others', %.3f s are allowed", to_seconds(ahead_ms),
                          ahead_ms < 0 ? "behind" : "ahead of", bound_s);
}

/* Is a member of weight not reachable? */
static bool lacks_members(const struct assay_json *closing)
{
    const struct assay_json *const missing = assay_json_get(closing, "missing");
    for (size_t i = 0; i < assay_json_count(missing); i++)
        if (!assay_json_bool(assay_json_at(missing, i), "present", true)) return true;
    return false;
}

/* Names of the members for which wanted is true, in names: "node-1, node-2". Returns: how many. */
static size_t list_members(const struct assay_json *nodes,
                           bool (*wanted)(const struct assay_json *node), char *names, size_t size)
{
    size_t count = 0, len = 0;
    names[0] = '\0';
    for (size_t i = 0; i < assay_json_count(nodes); i++) {
        const struct assay_json *const node = assay_json_at(nodes, i);
        if (!wanted(node)) continue;
        const int more = snprintf(names + len, size - len, "%s%s", count > 0 ? ", " : "",
                                  cli_text_of(node, "name", "?"));
        cli_text_mark_cut(names, size, (int)len + more);
        len = strlen(names);
        count++;
    }
    return count;
}

static bool is_drained(const struct assay_json *node)
{
    return strcmp(cli_stage_of(node), "drained") == 0;
}

/* Suspended, on probation: its weight counts for nothing until it has climbed. */
static bool is_weightless(const struct assay_json *node)
{
    return strcmp(cli_stage_of(node), "member") == 0 && cli_number_of(node, "weight") == 0;
}

/* Where no member of weight is missing: what else there is for a quorum. */
static const char *margin_advice(size_t weightless, size_t drained)
{
    if (weightless > 0)
        return "no member of weight is missing: assay explain NODE has the reason and the remedy "
               "of "
               "those without weight; new keys of one of weight stop the network until then";
    if (drained > 0)
        return "no member in service is missing: undrain those that may serve again (assay change "
               "draft --undrain NODE)";
    return "no member is missing: add members (four of equal weight tolerate one failure); until "
           "then a restart of one stops the network for that time, and new keys of one stop it for "
           "good";
}

/* docs/protocol.md 9.12: it is why no block comes, and no start of a member changes that. */
static const char fence_advice[] =
    "assay recover status has the fence: the operators begin the next era, or release the fence";

/* docs/protocol.md 9.6.8, 9.16.5: no start of a member changes that either. */
static const char unconfirmed_advice[] =
    "compare the id of the RECOVER (assay recover status, line began by, at a node of the new era) "
    "with several operators, then assay recover accept FILE here, or start from a checkpoint of "
    "the new era: runbook quorum-loss";

/* Does the status have this advice? */
static bool is_advised(const struct assay_json *status, const char *code)
{
    const struct assay_json *const list = assay_json_get(status, "advice");
    for (size_t i = 0; i < assay_json_count(list); i++)
        if (strcmp(assay_json_text(assay_json_at(list, i), "code", ""), code) == 0) return true;
    return false;
}

static void look_at_quorum(struct assay_doctor *d, const struct assay_json *status,
                           const struct assay_json *nodes)
{
    char idle[96], drained[96], more_text[48];
    const size_t idle_count = list_members(nodes, is_weightless, idle, sizeof idle);
    const size_t drained_count = list_members(nodes, is_drained, drained, sizeof drained);
    const bool fenced = assay_json_bool(status, "fenced", false);
    const bool unconfirmed = is_advised(status, "recover_unconfirmed");
    const struct assay_json *const closing = assay_json_get(status, "closing");
    const struct assay_json *const tolerance = assay_json_get(status, "tolerance");
    const unsigned long long total = cli_number_of(status, "total_weight");
    const unsigned long long present = cli_number_of(closing, "present_weight");
    const unsigned long long more = cli_number_of(tolerance, "members_stop");
    const bool progress = assay_json_bool(closing, "progress", false);
    const bool all_there = progress && !lacks_members(closing);
    if (more == 0) (void)snprintf(more_text, sizeof more_text, "no more member may fail");
    else (void)snprintf(more_text, sizeof more_text, "any %llu more may fail", more);
    cli_doctor_report(
        d, "quorum",
        !progress   ? ASSAY_HEALTH_FAIL
        : more == 0 ? ASSAY_HEALTH_WARN
                    : ASSAY_HEALTH_OK,
        progress ? "that one more may fail" : "more than two thirds of the weight",
        fenced        ? fence_advice
        : unconfirmed ? unconfirmed_advice
        : all_there   ? margin_advice(idle_count, drained_count)
                      : "assay status lists the missing members: start the heaviest first",
        "%llu %% of the weight is reachable, %s%s%s%s%s", total > 0 ? present * 100 / total : 0,
        more_text, idle_count > 0 ? "; without weight: " : "", idle,
        drained_count > 0 ? "; drained: " : "", drained);
    if (fenced)
        cli_doctor_report(d, "era", ASSAY_HEALTH_FAIL, "an era that is not fenced", fence_advice,
                          "the operators have fenced this era: nothing more is signed in it");
    else if (unconfirmed)
        cli_doctor_report(d, "era", ASSAY_HEALTH_FAIL, "the era of the other members",
                          unconfirmed_advice,
                          "a RECOVER waits: too few members whose keys this node knows confirm it");
    else if (assay_json_bool(status, "stale", false))
        cli_doctor_report(
            d, "finality", ASSAY_HEALTH_FAIL, "a block in three epochs",
            all_there ? "read the logs of all members: one with new keys (assay keys rotate, "
                        "assay store restore) does not vote until a block lists them; if "
                        "more than a third of the weight waits for that, no block comes: "
                        "RECOVER (runbook quorum-loss)"
                      : "assay status, assay timeline: nothing is permitted until one is "
                        "final",
            "no block has become final for a while");
}

/* What its operators decided or announced is no fault of the node, and its score then says nothing
 * about it. */
static void look_at_condition(struct assay_doctor *d, const struct assay_json *status)
{
    static const struct {
        const char *condition, *advice;
        enum assay_health health;
    } decided[] = {
        { "DRAINED", "assay change draft --undrain NODE, when it may serve again",
          ASSAY_HEALTH_WARN },
        { "LEFT", "assay change list has the change that removed it", ASSAY_HEALTH_WARN },
        { "MAINTENANCE", "", ASSAY_HEALTH_OK },
    };
    const char *const condition = cli_condition_of(status);
    for (size_t i = 0; i < sizeof decided / sizeof decided[0]; i++)
        if (strcmp(condition, decided[i].condition) == 0) {
            cli_doctor_report(d, "standing", decided[i].health, "a member in service",
                              decided[i].advice, "%s, by the operators", condition);
            return;
        }
    cli_doctor_report(d, "standing",
                      strcmp(condition, "FULL") == 0 ? ASSAY_HEALTH_OK : ASSAY_HEALTH_WARN, "FULL",
                      "assay explain NODE has the reason and the remedy", "%s, score %s", condition,
                      cli_percent_of(status, "score_bp"));
}

static void look_at_self(struct assay_doctor *d, const struct assay_json *status)
{
    const struct assay_json *const enforcement = assay_json_get(status, "enforcement");
    const bool held = assay_json_bool(assay_json_get(enforcement, "hold"), "held", false);
    look_at_condition(d, status);
    /* Of many members only some have a seat (docs/protocol.md 5.22). */
    const bool seatless = assay_json_uint(status, "weight", 0) > 0 &&
                          assay_json_uint(status, "seat_weight", 1) == 0 &&
                          !assay_json_bool(status, "behind", false);
    if (assay_json_bool(status, "identity_in_use", false))
        cli_doctor_report(
            d, "identity", ASSAY_HEALTH_FAIL, "one process of this node's identity",
            "stop one of the two (a copied folder, a second start on another machine) "
            "and make new keys for it: the log has the address of the other "
            "(identity_in_use)",
            "two processes use the identity of this node");
    const char *const missing = cli_text_of(status, "cannot_catch_up", "");
    if (missing[0] != '\0')
        cli_doctor_report(d, "sync", ASSAY_HEALTH_FAIL, "history that a peer still has",
                          "assay checkpoint --out FILE at a node that you trust, then name it as "
                          "node.checkpoint and restart: runbook restore",
                          "cannot catch up: %s", missing);
    if (!assay_json_bool(status, "voting", false) && !seatless)
        cli_doctor_report(d, "voting", ASSAY_HEALTH_WARN, "this node votes",
                          "assay status has the reason, in its line voting", "%s",
                          assay_json_bool(status, "fenced", false)   ? "the era is fenced"
                          : assay_json_bool(status, "behind", false) ? "behind the others"
                          : assay_json_bool(status, "incarnation_waiting", false)
                              ? "its new keys wait until a block lists them"
                              : "it does not vote");
    if (assay_json_bool(status, "no_votes", false))
        cli_doctor_report(d, "votes", ASSAY_HEALTH_FAIL, "its evidence passes",
                          "repair its quotes; the log has the cause (no_quote, no_evidence)",
                          "it ballots and shows no evidence, so its votes do not count");
    const size_t spared = assay_json_count(assay_json_get(status, "votes_retained"));
    if (spared > 0)
        cli_doctor_report(d, "quiet-floor", ASSAY_HEALTH_WARN, "every member that votes attests",
                          "repair the quotes of those in assay status, or drain them",
                          "%zu members vote without attesting and retain their votes", spared);
    if (held)
        cli_doctor_report(d, "enforcement", ASSAY_HEALTH_WARN, "no manual hold",
                          "assay enforce release --reason TEXT", "held manually");
}

/* docs/protocol.md 7.2, 10.6: without a certified PASS, which takes votes of others, nothing is
 * permitted. */
static void check_attested(struct assay_doctor *d, const struct assay_json *document)
{
    static const char expected[] = "a certified PASS by other members";
    const struct assay_json *const status = assay_json_get(document, "data");
    struct assay_json *answer = NULL;
    char request[96];
    (void)snprintf(request, sizeof request, "node %s", assay_json_text(status, "node_id", ""));
    if (assay_client_request(d->socket, request, d->timeout_ms, &answer) != ASSAY_OK) return;
    const struct assay_json *const own = assay_json_get(answer, "data");
    const bool known = assay_json_get(own, "last_success_epoch") != NULL;
    const unsigned long long epoch = cli_number_of(own, "last_success_epoch");
    const bool alone = cli_number_of(status, "member_count") == 1;
    if (known && epoch > 0)
        cli_doctor_report(d, "attested", ASSAY_HEALTH_OK, "", "", "last in epoch %llu", epoch);
    else if (known && alone)
        cli_doctor_report(d, "attested", ASSAY_HEALTH_FAIL, expected,
                          "add members: a network of one node is never attested, and assay permit "
                          "denies everything",
                          "never: no other member verifies this node");
    else if (known)
        cli_doctor_report(d, "attested", ASSAY_HEALTH_WARN, expected,
                          "usual in the first epochs of a network or a member; longer: assay "
                          "explain NODE has the reason",
                          "never: no certified PASS of this node yet");
    assay_json_free(&answer);
}

static void look_at_roots(struct assay_doctor *d, const struct assay_json *collateral)
{
    const struct assay_json *const roots = assay_json_get(collateral, "in_force");
    for (size_t i = 0; i < assay_json_count(roots); i++) {
        const struct assay_json *const root = assay_json_at(roots, i);
        const char *const age = cli_text_of(root, "age", "fresh");
        const bool bad = strcmp(age, "ended") == 0 || strcmp(age, "early") == 0;
        const bool half = strcmp(age, "half") == 0;
        if (assay_json_text(root, "until", "")[0] == '\0') continue;
        cli_doctor_report(d, "collateral",
                          bad    ? ASSAY_HEALTH_FAIL
                          : half ? ASSAY_HEALTH_WARN
                                 : ASSAY_HEALTH_OK,
                          "less than half of its life gone",
                          "turn collateral.fetch on, or assay collateral fetch, pack and submit",
                          "in force: %s of root %.64s expires first, at %s",
                          cli_text_of(root, "expires_first", "?"), cli_text_of(root, "root", "?"),
                          cli_text_of(root, "until", "?"));
    }
}

/* docs/identity.md 12.4: the ledger does not show that the process is gone, so the others count on
 * its indices. */
static void look_at_signer(struct assay_doctor *d, const struct assay_json *authority)
{
    static const char advice[] =
        "start it: systemctl start assay-signer@0; if it runs, its log has the reason: it connects "
        "to listen.services of this daemon (runbook group-key)";
    const unsigned long long own = cli_number_of(authority, "own_indices");
    if (assay_json_bool(authority, "signer_connected", false))
        cli_doctor_report(d, "signer", ASSAY_HEALTH_OK, "", "",
                          "assay-signer is connected; its member has %llu ind%s of the group key",
                          own, own == 1 ? "ex" : "ices");
    else if (own > 0)
        cli_doctor_report(d, "signer", ASSAY_HEALTH_WARN, "an assay-signer that is connected",
                          advice,
                          "no assay-signer is connected: %llu ind%s of the group key %s "
                          "nothing",
                          own, own == 1 ? "ex" : "ices", own == 1 ? "signs" : "sign");
    else if (assay_json_bool(authority, "own_may_hold", false))
        cli_doctor_report(d, "signer", ASSAY_HEALTH_WARN, "an assay-signer that is connected",
                          advice,
                          "no assay-signer is connected: the member may hold shares of the group "
                          "key, and has none");
}

void cli_doctor_daemon(struct assay_doctor *d)
{
    struct assay_json *status = NULL, *nodes = NULL, *collateral = NULL, *authority = NULL;
    const enum assay_status asked =
        assay_client_request(d->socket, "status", d->timeout_ms, &status);
    d->runs = asked == ASSAY_OK;
    if (!d->runs) {
        char fault[ASSAY_CLIENT_FAULT_LEN];
        assay_client_fault(d->socket, asked, fault);
        char holder[48] = "";
        d->is_denied = asked != ASSAY_OK && access(d->socket, W_OK) != 0 && errno == EACCES;
        if (d->holder > 0) (void)snprintf(holder, sizeof holder, "; process %d runs", d->holder);
        cli_doctor_report(
            d, "daemon", ASSAY_HEALTH_WARN, "a daemon that answers",
            d->is_denied ? "run assay doctor as the daemon's user, or in its group"
            : d->is_held
                ? "it runs and does not answer: its log has the reason; if it hangs, restart it"
                : "start it: assayd --config FILE; without it the network cannot be checked",
            "%s: %s%s", d->socket, fault, holder);
        return;
    }
    const struct assay_json *const data = assay_json_get(status, "data");
    const bool stale = assay_json_bool(data, "stale", false);
    cli_doctor_report(d, "daemon", stale ? ASSAY_HEALTH_WARN : ASSAY_HEALTH_OK,
                      stale ? "a daemon whose blocks become final" : "",
                      stale ? "it answers; see the rows quorum, finality and era" : "", "%s: %s",
                      cli_text_of(status, "node", "?"), cli_text_of(data, "sentence", "?"));
    look_at_clock(d, data);
    if (assay_client_request(d->socket, "nodes", d->timeout_ms, &nodes) != ASSAY_OK) nodes = NULL;
    look_at_quorum(d, data, assay_json_get(assay_json_get(nodes, "data"), "nodes"));
    look_at_self(d, data);
    check_attested(d, status);
    if (assay_client_request(d->socket, "collateral", d->timeout_ms, &collateral) == ASSAY_OK)
        look_at_roots(d, assay_json_get(collateral, "data"));
    /* Without a certificate authority it is a refusal, which has none of these fields. */
    if (assay_client_request(d->socket, "authority", d->timeout_ms, &authority) == ASSAY_OK)
        look_at_signer(d, assay_json_get(authority, "data"));
    assay_json_free(&authority);
    assay_json_free(&status);
    assay_json_free(&nodes);
    assay_json_free(&collateral);
}
