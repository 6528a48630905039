/*
 * apps/assay/operate/explain_node.c - `assay explain NODE`: history, votes, endorsements and
 * remedies of a member, in the format of `assay evidence explain`.
 *
 * The page is made of the document that HTTP serves of a member (docs/http.md), which has the
 * history; a node without HTTP reports only the current state.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/view.h"

#include <stdio.h>
#include <string.h>

enum { MOVES_SHOWN = 12 /* as in the view */, NEAR_EPOCHS = 1 };

/* ------------------------------------------------------------ the failed rule */

/* The reason of the node's integrity, where its own evidence is it. Returns: NULL: it is not. */
static const struct assay_json *evidence_fall(const struct assay_json *node)
{
    const struct assay_json *const reasons = assay_json_get(node, "reasons");
    for (size_t i = 0; i < assay_json_count(reasons); i++) {
        const struct assay_json *const r = assay_json_at(reasons, i);
        const char *const code = assay_json_text(r, "code", "");
        if (strcmp(code, "fail_hard") == 0 || strcmp(code, "fail_soft") == 0) return r;
    }
    return NULL;
}

/* The newest proof of a failure in the timeline that is about this node and belongs to that fall.
 * Returns: the event | NULL */
static const struct assay_json *find_proof(const struct assay_json *timeline, const char *name,
                                           uint64_t fall_epoch)
{
    const struct assay_json *const events = assay_json_get(timeline, "events");
    const struct assay_json *found = NULL;
    for (size_t i = 0; i < assay_json_count(events); i++) {
        const struct assay_json *const e = assay_json_at(events, i);
        const uint64_t epoch = assay_json_uint(e, "epoch", 0),
                       first = assay_json_uint(e, "first_epoch", epoch);
        if (strcmp(assay_json_text(e, "event", ""), "fail_proven") != 0 ||
            strcmp(assay_json_text(e, "name", ""), name) != 0)
            continue;
        if (epoch + NEAR_EPOCHS >= fall_epoch && first <= fall_epoch + NEAR_EPOCHS) found = e;
    }
    return found;
}

/* The text of an event after "NAME proven to fail: ". Returns: "" without one. */
static const char *proven_reason(const struct assay_json *event)
{
    static const char before[] = " proven to fail: ";
    const char *const text = strstr(assay_json_text(event, "text", ""), before);
    return text != NULL ? text + sizeof before - 1 : "";
}

/* The rule that failed, as long as the score is low by it: the outcome of today is another one. */
static void put_last_failure(const struct assay_json *node, const struct assay_json *timeline)
{
    const struct assay_json *const fall = evidence_fall(node);
    const char *const last = assay_json_text(node, "last_reason", "");
    const char *const outcome = assay_json_text(node, "own_outcome", "");
    if (fall == NULL) return;
    const struct assay_json *const proof =
        find_proof(timeline, assay_json_text(node, "name", "?"), assay_json_uint(fall, "epoch", 0));
    const char *reason = proven_reason(proof);
    /* That of the newest finding: of this fall as long as the evidence fails by it. */
    if (reason[0] == '\0' && strncmp(outcome, "fail", 4) == 0) reason = last;
    if (reason[0] == '\0') return;
    (void)printf("failed rule    %s", cli_reason_of(reason));
    if (proof != NULL)
        (void)printf(", epoch %llu%s", cli_number_of(proof, "epoch"),
                     cli_when_of(proof, "at_unix_ms"));
    (void)putchar('\n');
}

/* ------------------------------------------------------------ the last fall */

/* A close of the run of falls, with the standing that it led to ("": not known). */
static struct assay_json *append_step(struct assay_json *steps, uint64_t epoch,
                                      const struct assay_json *time, const char *standing,
                                      const struct assay_json *cause)
{
    struct assay_json *const step = assay_json_append_object(steps);
    assay_json_set_uint(step, "epoch", epoch);
    if (time != NULL) assay_json_set(step, "at_unix_ms", assay_json_copy(time));
    assay_json_set_text(step, "standing", standing);
    assay_json_set_text(step, "about", assay_json_text(cause, "about", "?"));
    assay_json_set_text(step, "text", assay_json_text(cause, "text", ""));
    return step;
}

/* What a move fell by: a proven failure lowers availability as well (scoring/fall.c). */
static struct assay_json *cause_of_move(const struct assay_json *move)
{
    struct assay_json *const cause = assay_json_object();
    const bool is_integrity =
        assay_json_uint(move, "integrity_to_bp", 0) < assay_json_uint(move, "integrity_from_bp", 0);
    assay_json_set_text(cause, "about", is_integrity ? "integrity" : "availability");
    assay_json_set_text(
        cause, "text",
        assay_json_text(move, is_integrity ? "integrity_text" : "availability_text", ""));
    return cause;
}

/* The moves of the run that changed the standing, oldest first. The causes of its ends are those of
 * the ledger, which every node has. */
static void append_moves(struct assay_json *steps, const struct assay_json *fall,
                         const struct assay_json *moves)
{
    const uint64_t first = assay_json_uint(fall, "since_epoch", 0),
                   last = assay_json_uint(fall, "epoch", 0);
    for (size_t i = assay_json_count(moves); i > 0; i--) {
        const struct assay_json *const move = assay_json_at(moves, i - 1);
        const char *const to = assay_json_text(move, "standing_to", "");
        const uint64_t epoch = assay_json_uint(move, "epoch", 0);
        if (epoch < first || epoch > last ||
            strcmp(assay_json_text(move, "standing_from", ""), to) == 0)
            continue;
        struct assay_json *cause = cause_of_move(move);
        const struct assay_json *const known = assay_json_get(fall, epoch == first  ? "since_cause"
                                                                    : epoch == last ? "cause"
                                                                                    : "");
        (void)append_step(steps, epoch, assay_json_get(move, "at_unix_ms"), to,
                          known != NULL ? known : cause);
        assay_json_free(&cause);
    }
}

static uint64_t epoch_at(const struct assay_json *steps, size_t i)
{
    return assay_json_uint(assay_json_at(steps, i), "epoch", 0);
}

/* A run of falls step by step: the ledger has its two ends, the history of this node what was
 * between them. moves: NULL: without it. */
static struct assay_json *fall_document(const struct assay_json *fall,
                                        const struct assay_json *moves)
{
    const uint64_t first = assay_json_uint(fall, "since_epoch", 0),
                   last = assay_json_uint(fall, "epoch", 0);
    const char *const to = assay_json_text(fall, "to", "?");
    struct assay_json *const data = assay_json_object(), *const steps = assay_json_array();
    struct assay_json *later = assay_json_array();
    append_moves(later, fall, moves);
    if (assay_json_count(later) == 0 || epoch_at(later, 0) != first)
        (void)append_step(steps, first, assay_json_get(fall, "since_unix_ms"), "",
                          assay_json_get(fall, "since_cause"));
    for (size_t i = 0; i < assay_json_count(later); i++)
        assay_json_append(steps, assay_json_copy(assay_json_at(later, i)));
    const size_t count = assay_json_count(steps);
    if (epoch_at(steps, count - 1) != last) {
        const bool is_known =
            strcmp(assay_json_text(assay_json_at(steps, count - 1), "standing", ""), to) == 0;
        struct assay_json *const step = append_step(
            steps, last, assay_json_get(fall, "epoch_unix_ms"), to, assay_json_get(fall, "cause"));
        assay_json_set_bool(step, is_known ? "again" : "by", true);
    }
    assay_json_set_text(data, "from", assay_json_text(fall, "from", "?"));
    assay_json_set_text(data, "to", to);
    assay_json_set_uint(data, "until", first - 1);
    assay_json_set_bool(data, "one", first == last);
    assay_json_set(data, "steps", steps);
    assay_json_free(&later);
    return data;
}

/* ------------------------------------------------------------ the page */

/* Of the node. */
static const char standing_view[] =
    "\nStanding\n"
    "condition      {.:condition}[?stage=newcomer , newcomer]\n"
    "standing       {standing}[?probation , on probation][?in_maintenance , in maintenance]\n"
    "score          {score_bp:pct}: the smaller of integrity {integrity_bp:pct} and availability "
    "{availability_bp:pct}\n"
    "weight         {weight}\n";

/* The last fall in the ledger, as long as the standing is low by it. */
static const char fall_view[] =
    "[?one fell           from {from} to {to} in epoch {steps.0.epoch}{steps.0.at_unix_ms:at}\n"
    "|fell           {from} until epoch {until}\n"
    "[*steps                [?again {standing} again in|[?standing {standing} [?by by|since]"
    "|worse since]] epoch {epoch}{at_unix_ms:at}[?text : {about}: {text:reason}]\n]]";

static const char reasons_view[] =
    "[*reasons [?# and           |because       ] {about}: {text:reason}"
    "[?epoch , [?code=drained since|in] epoch {epoch}{at_unix_ms:at}]\n]";

/* The way back, and what it assumes. */
static const char recovery_view[] = "[?recovery recovers       {recovery.text}\n"
                                    "[?!recovery.blocked                if {recovery.assumes}\n]]";

static const char moves_view[] =
    "\nWhat happened\n"
    "[*moves:12   epoch {epoch,-7}{at_unix_ms:at,-13} {score_from_bp:pct,9} -> {score_to_bp:pct,9}"
    "[?standing_from!=@standing_to   {standing_from} -> {standing_to}]"
    "[?integrity_from_bp!=@integrity_to_bp   integrity {integrity_text}]"
    "[?availability_from_bp!=@availability_to_bp [?integrity_from_bp!=@integrity_to_bp ;]"
    "  availability {availability_text}]\n"
    "|  nothing moved its score in the stored epochs\n]";

/* Letters: docs/openapi.json, schema outcome_letter. No member votes on itself. */
static const char votes_view[] =
    "[?votes \nVotes, epoch {tally.epoch:epoch}\n"
    "[*votes?slot!=@^node.slot   {name,-16} weight {weight,-6} "
    "[?outcome=P PASS|[?outcome=H PASS, needs hardening|[?outcome=O PASS, out of date"
    "|[?outcome=S FAIL, soft|[?outcome=F FAIL, hard|[?outcome=A absent|[?outcome=U not to be judged"
    "|no vote]]]]]]][?proven_false , PROVEN FALSE]\n]"
    "[*tally.steps   {.}\n]]";

/* The last reason is that of the last failure: it does not explain a pass. */
static const char evidence_view[] =
    "\nIts evidence, as this node finds it\n"
    "outcome        {node.own_outcome}[?node.own_outcome!=pass*&node.last_reason "
    ": {node.last_reason:reason}]\n"
    "requested      in [?node.last_attempt_epoch epoch {node.last_attempt_epoch:epoch}"
    "|no closed epoch yet], [?node.last_success_epoch last passed in epoch "
    "{node.last_success_epoch:epoch}|it has not passed yet]\n"
    "\nIdentity\n"
    "node_id        {node.node_id}\n"
    "[?node.node_id_base32 in base32      {node.node_id_base32}\n]"
    "incarnation    {node.incarnation}\n"
    "operator       {node.operator}, {node.operator_id}\n"
    "vendor root    {node.vendor_root}\n"
    "platform       {node.platform_id}\n"
    "workload keys  [?node.workload_keys.count {node.workload_keys.active_count} of "
    "{node.workload_keys.count} active[?!node.workload_keys.active : {node.workload_keys.state}]"
    "|{node.workload_keys.state}]\n"
    "[?advice \nWhat to do\n[*advice   - {.}\n]]";

/* Of the verdict of this node, while it stores that evidence. */
static const char devices_view[] =
    "\nIts devices\n"
    "[*devices {name,-32} [?driver driver {driver}, ]firmware {firmware}: "
    "[?rule {tier}, {rule}|{tier}]\n]"
    "[*reasons   {text}[?observed : {observed}][?expected , expected {expected}]\n]";

/* Reasons of a verdict that are about its devices: they begin with the name of one. */
static struct assay_json *device_reasons(const struct assay_json *verdict)
{
    const struct assay_json *const devices = assay_json_get(verdict, "devices");
    const struct assay_json *const all = assay_json_get(verdict, "reasons");
    struct assay_json *const list = assay_json_array();
    for (size_t i = 0; i < assay_json_count(all); i++) {
        const char *const observed = assay_json_text(assay_json_at(all, i), "observed", "");
        bool is_about = false;
        for (size_t d = 0; !is_about && d < assay_json_count(devices); d++) {
            const char *const name = assay_json_text(assay_json_at(devices, d), "name", "");
            is_about = name[0] != '\0' && strncmp(observed, name, strlen(name)) == 0;
        }
        if (is_about) assay_json_append(list, assay_json_copy(assay_json_at(all, i)));
    }
    return list;
}

/* Nothing of a member without devices, of this node's own evidence, and where it is not stored. */
static void print_devices(const struct assay_daemon_request *q, const char *word)
{
    struct assay_json *document = NULL;
    char line[192];
    (void)snprintf(line, sizeof line, "evidence %s", word);
    if (assay_client_request(q->socket, line, q->timeout_ms, &document) != ASSAY_OK) return;
    const struct assay_json *const verdict =
        assay_json_get(assay_json_get(document, "data"), "verdict");
    const struct assay_json *const devices = assay_json_get(verdict, "devices");
    if (assay_json_count(devices) > 0) {
        struct assay_json *const page = assay_json_object();
        struct assay_json *owned = page;
        assay_json_set(page, "devices", assay_json_copy(devices));
        assay_json_set(page, "reasons", device_reasons(verdict));
        cli_view_print(devices_view, page, stdout);
        assay_json_free(&owned);
    }
    assay_json_free(&document);
}

static void print_standing(const struct assay_json *node, const struct assay_json *moves,
                           const struct assay_json *timeline)
{
    const struct assay_json *const fall = assay_json_get(node, "last_fall");
    cli_view_print(standing_view, node, stdout);
    if (assay_json_uint(fall, "since_epoch", 0) > 0 &&
        strcmp(assay_json_text(node, "standing", ""), "FULL") != 0 &&
        strcmp(assay_json_text(node, "stage", "member"), "member") == 0) {
        struct assay_json *steps = fall_document(fall, moves);
        cli_view_print(fall_view, steps, stdout);
        assay_json_free(&steps);
    }
    cli_view_print(reasons_view, node, stdout);
    put_last_failure(node, timeline);
    cli_view_print(recovery_view, node, stdout);
}

static void print_page(const struct assay_json *data, const struct assay_json *timeline)
{
    const size_t moves = assay_json_count(assay_json_get(data, "moves"));
    cli_view_print("{sentence}\n", data, stdout);
    cli_view_print(CLI_VIEW_INSECURE("the configuration of the node that answers"),
                   assay_json_get(data, "node"), stdout);
    print_standing(assay_json_get(data, "node"), assay_json_get(data, "moves"), timeline);
    cli_view_print(moves_view, data, stdout);
    if (moves > MOVES_SHOWN)
        (void)printf("  and %zu moves before: assay export\n", moves - MOVES_SHOWN);
    cli_view_print(votes_view, data, stdout);
    cli_view_print(evidence_view, data, stdout);
}

static void print_without_history(const struct assay_json *node, const char *http, bool is_tls,
                                  const struct assay_json *timeline)
{
    struct assay_json *page = assay_json_object();
    assay_json_set(page, "node", assay_json_copy(node));
    cli_view_print(
        "{name} {.:condition}\n" CLI_VIEW_INSECURE("the configuration of the node that answers"),
        node, stdout);
    print_standing(node, NULL, timeline);
    cli_view_print(evidence_view, page, stdout);
    assay_json_free(&page);
    if (is_tls)
        (void)printf(
            "\nWhat happened before is served over HTTP: %s (listen.http) " CLI_DAEMON_HTTP_TLS
            ".\n",
            http);
    else
        (void)printf("\nWhat happened before is served over HTTP: %s%s (listen.http).\n",
                     http[0] != '\0' ? "no answer at " : "it is off", http);
}

/* A word as part of an HTTP path: names have letters, digits, dot, dash and underscore; other input
 * is no name. */
static bool is_plain(const char *word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    return word[0] != '\0' && strlen(word) < 128 && word[strspn(word, plain)] == '\0';
}

static int print_explanation(const struct assay_daemon_request *q, const char *word,
                             const struct assay_json *answer)
{
    char http[128] = "", target[192];
    const struct assay_json *const node = assay_json_get(answer, "data");
    struct assay_json *document = NULL, *timeline = NULL;
    if (q->json) return cli_print_document(answer);
    (void)snprintf(target, sizeof target, "/v1/nodes/%s/explain",
                   is_plain(word) ? word : cli_text_of(node, "node_id", "?"));
    const bool is_tls = cli_daemon_get_http(q->socket, q->timeout_ms, http, sizeof http);
    const enum assay_status status = http[0] != '\0' && !is_tls
                                         ? assay_client_get(http, target, q->timeout_ms, &document)
                                         : ASSAY_E_NOT_FOUND;
    struct assay_daemon_request about = *q;
    about.node = assay_json_text(node, "name", "?");
    if (evidence_fall(node) != NULL && cli_daemon_get_timeline(&about, &timeline) != ASSAY_EXIT_OK)
        timeline = NULL; /* the last reason of the node has to do */
    if (status == ASSAY_OK) print_page(assay_json_get(document, "data"), timeline);
    else print_without_history(node, http, is_tls, timeline);
    print_devices(q, cli_text_of(node, "node_id", "?"));
    assay_json_free(&document);
    assay_json_free(&timeline);
    return ASSAY_EXIT_OK;
}

int cli_command_explain(int argc, char **argv)
{
    struct assay_daemon_request q = cli_daemon_request("explain");
    struct assay_json *answer = NULL;
    const int early = cli_daemon_read_options(&q, argc, argv);
    if (early >= 0) return early;
    int result = cli_daemon_get_document(&q, &answer, "node %s", argv[1]);
    if (result == ASSAY_EXIT_OK) result = print_explanation(&q, argv[1], answer);
    assay_json_free(&answer);
    return result;
}
