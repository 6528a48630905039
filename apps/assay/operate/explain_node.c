/*
 * apps/assay/operate/explain_node.c - `assay explain NODE`: history, votes, endorsements and
 * remedies of a member, in the format of `assay evidence explain`.
 *
 * The page is made of the document that HTTP serves of a member (docs/http.md), which has the
 * history; a node without HTTP reports only the current state.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/condition.h"
#include "apps/assay/core/daemon_request.h"
#include "engine/ledger/records/finding.h"

#include <stdio.h>
#include <string.h>

enum { MOVES_SHOWN = 12, NEAR_EPOCHS = 1 };

/* A reason of a finding has a fixed length. Returns: as cli_text_sanitized, "..." where it was cut.
 */
static const char *reason_of(const char *text)
{
    char marked[ASSAY_FINDING_REASON_LEN + sizeof "..."];
    const bool is_cut = strlen(text) == ASSAY_FINDING_REASON_LEN - 1;
    if (!is_cut) return cli_text_sanitized(text);
    (void)snprintf(marked, sizeof marked, "%s...", text);
    return cli_text_sanitized(marked);
}

/* ------------------------------------------------------------ the last failure */

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
    (void)printf("failed rule    %s", reason_of(reason));
    if (proof != NULL)
        (void)printf(", epoch %llu%s", cli_number_of(proof, "epoch"),
                     cli_when_of(proof, "at_unix_ms"));
    (void)putchar('\n');
}

/* ------------------------------------------------------------ what happened */

/* The last fall in the ledger, as long as the standing is low by it: the same in every surface. */
static void put_fall(const struct assay_json *node)
{
    const struct assay_json *const fall = assay_json_get(node, "last_fall");
    const char *const standing = assay_json_text(node, "standing", "");
    const unsigned long long first = cli_number_of(fall, "since_epoch");
    const unsigned long long last = cli_number_of(fall, "epoch");
    if (first == 0 || strcmp(standing, "FULL") == 0 || strcmp(cli_stage_of(node), "member") != 0)
        return;
    (void)printf("fell           from %s to %s in epoch %llu%s", cli_text_of(fall, "from", "?"),
                 cli_text_of(fall, "to", "?"), first, cli_when_of(fall, "since_unix_ms"));
    if (last != first)
        (void)printf(", and last in epoch %llu%s", last, cli_when_of(fall, "epoch_unix_ms"));
    (void)putchar('\n');
}

static void put_reasons(const struct assay_json *node)
{
    const struct assay_json *const reasons = assay_json_get(node, "reasons");
    for (size_t i = 0; i < assay_json_count(reasons); i++) {
        const struct assay_json *const r = assay_json_at(reasons, i);
        const unsigned long long epoch = cli_number_of(r, "epoch");
        const bool is_drain = strcmp(assay_json_text(r, "code", ""), "drained") == 0;
        (void)printf("%-14s %s: %s", i == 0 ? "because" : "and", cli_text_of(r, "about", "?"),
                     reason_of(assay_json_text(r, "text", "")));
        if (epoch > 0)
            (void)printf(", %s epoch %llu%s", is_drain ? "since" : "in", epoch,
                         cli_when_of(r, "at_unix_ms"));
        (void)putchar('\n');
    }
}

/* The way back, and what it assumes. */
static void put_recovery(const struct assay_json *node)
{
    const struct assay_json *const recovery = assay_json_get(node, "recovery");
    const bool is_blocked = assay_json_text(recovery, "blocked", "")[0] != '\0';
    if (assay_json_kind_of(recovery) != ASSAY_JSON_OBJECT) return;
    (void)printf("recovers       %s\n", cli_text_of(recovery, "text", "?"));
    if (!is_blocked) (void)printf("               if %s\n", cli_text_of(recovery, "assumes", "?"));
}

static void put_standing(const struct assay_json *node, const struct assay_json *timeline)
{
    (void)puts("\nStanding");
    (void)printf("condition      %s%s\n", cli_condition_of(node),
                 strcmp(cli_stage_of(node), "newcomer") == 0 ? ", newcomer" : "");
    (void)printf("standing       %s%s%s\n", cli_text_of(node, "standing", "?"),
                 assay_json_bool(node, "probation", false) ? ", on probation" : "",
                 assay_json_bool(node, "in_maintenance", false) ? ", in maintenance" : "");
    (void)printf("score          %s: the smaller of integrity %s and availability %s\n",
                 cli_percent_of(node, "score_bp"), cli_percent_of(node, "integrity_bp"),
                 cli_percent_of(node, "availability_bp"));
    (void)printf("weight         %llu\n", cli_number_of(node, "weight"));
    put_fall(node);
    put_reasons(node);
    put_last_failure(node, timeline);
    put_recovery(node);
}

static void put_move(const struct assay_json *m)
{
    const bool integrity =
        cli_number_of(m, "integrity_from_bp") != cli_number_of(m, "integrity_to_bp");
    const bool availability =
        cli_number_of(m, "availability_from_bp") != cli_number_of(m, "availability_to_bp");
    const char *const from = cli_text_of(m, "standing_from", "?");
    const char *const to = cli_text_of(m, "standing_to", "?");
    (void)printf("  epoch %-7llu%-13s %9s -> %9s", cli_number_of(m, "epoch"),
                 cli_when_of(m, "at_unix_ms"), cli_percent_of(m, "score_from_bp"),
                 cli_percent_of(m, "score_to_bp"));
    if (strcmp(from, to) != 0) (void)printf("  %s -> %s", from, to);
    if (integrity) (void)printf("  integrity %s", cli_text_of(m, "integrity_text", "?"));
    if (availability)
        (void)printf("%s  availability %s", integrity ? ";" : "",
                     cli_text_of(m, "availability_text", "?"));
    (void)putchar('\n');
}

static void put_moves(const struct assay_json *data)
{
    const struct assay_json *const moves = assay_json_get(data, "moves");
    const size_t count = assay_json_count(moves);
    (void)puts("\nWhat happened");
    if (count == 0) (void)puts("  nothing moved its score in the stored epochs");
    for (size_t i = 0; i < count && i < MOVES_SHOWN; i++)
        put_move(assay_json_at(moves, i));
    if (count > MOVES_SHOWN)
        (void)printf("  and %zu moves before: assay export\n", count - MOVES_SHOWN);
}

/* ------------------------------------------------------------ votes */

/* docs/openapi.json, schema outcome_letter. */
static const char *get_outcome_text(const char *letter)
{
    switch (letter[0]) {
    case 'P': return "PASS";
    case 'H': return "PASS, needs hardening";
    case 'O': return "PASS, out of date";
    case 'S': return "FAIL, soft";
    case 'F': return "FAIL, hard";
    case 'A': return "absent";
    case 'U': return "not to be judged";
    default: return "no vote";
    }
}

static void put_votes(const struct assay_json *data)
{
    const struct assay_json *const votes = assay_json_get(data, "votes");
    const struct assay_json *const tally = assay_json_get(data, "tally");
    const struct assay_json *const steps = assay_json_get(tally, "steps");
    const unsigned long long own = cli_number_of(assay_json_get(data, "node"), "slot");
    if (assay_json_count(votes) == 0) return;
    (void)printf("\nVotes, epoch %llu%s\n", cli_number_of(tally, "epoch"),
                 cli_when_of_epoch(data, cli_number_of(tally, "epoch")));
    for (size_t i = 0; i < assay_json_count(votes); i++) {
        const struct assay_json *const v = assay_json_at(votes, i);
        if (cli_number_of(v, "slot") == own) continue; /* no member votes on itself */
        (void)printf("  %-16s weight %-6llu %s%s\n", cli_text_of(v, "name", "?"),
                     cli_number_of(v, "weight"), get_outcome_text(cli_text_of(v, "outcome", "?")),
                     assay_json_bool(v, "proven_false", false) ? ", PROVEN FALSE" : "");
    }
    for (size_t i = 0; i < assay_json_count(steps); i++)
        (void)printf("  %s\n", cli_text_sanitized(assay_json_as_text(assay_json_at(steps, i))));
}

/* ------------------------------------------------------------ endorsements, remedy */

/* data: with the times of epochs; NULL: there are none. */
static void put_evidence(const struct assay_json *node, const struct assay_json *data)
{
    const char *const outcome = cli_text_of(node, "own_outcome", "?");
    /* last_reason is that of the last failure: it does not explain a pass. */
    const bool passes = strncmp(outcome, "pass", 4) == 0;
    const char *const reason = passes ? "" : reason_of(assay_json_text(node, "last_reason", ""));
    (void)puts("\nIts evidence, as this node finds it");
    (void)printf("outcome        %s%s%s\n", outcome, reason[0] != '\0' ? ": " : "", reason);
    const unsigned long long attempt = cli_number_of(node, "last_attempt_epoch");
    const unsigned long long success = cli_number_of(node, "last_success_epoch");
    if (attempt > 0)
        (void)printf("requested      in epoch %llu%s, ", attempt, cli_when_of_epoch(data, attempt));
    else (void)printf("requested      in no closed epoch yet, ");
    if (success > 0)
        (void)printf("last passed in epoch %llu%s\n", success, cli_when_of_epoch(data, success));
    else (void)puts("it has not passed yet");
    (void)puts("\nIdentity");
    (void)printf("node_id        %s\n", cli_text_of(node, "node_id", "?"));
    (void)printf("incarnation    %llu\n", cli_number_of(node, "incarnation"));
    (void)printf("operator       %s, %s\n", cli_text_of(node, "operator", "?"),
                 cli_text_of(node, "operator_id", "?"));
    (void)printf("vendor root    %s\n", cli_text_of(node, "vendor_root", "?"));
    (void)printf("platform       %s\n", cli_text_of(node, "platform_id", "?"));
}

static void put_advice(const struct assay_json *data)
{
    const struct assay_json *const advice = assay_json_get(data, "advice");
    if (assay_json_count(advice) == 0) return;
    (void)puts("\nWhat to do");
    for (size_t i = 0; i < assay_json_count(advice); i++)
        (void)printf("  - %s\n", cli_text_sanitized(assay_json_as_text(assay_json_at(advice, i))));
}

static void print_page(const struct assay_json *data, const struct assay_json *timeline)
{
    const struct assay_json *const node = assay_json_get(data, "node");
    (void)puts(cli_text_of(data, "sentence", "?"));
    put_standing(node, timeline);
    put_moves(data);
    put_votes(data);
    put_evidence(node, data);
    put_advice(data);
}

static void print_without_history(const struct assay_json *node, const char *http,
                                  const struct assay_json *timeline)
{
    (void)printf("%s %s\n", cli_text_of(node, "name", "?"), cli_condition_of(node));
    put_standing(node, timeline);
    put_evidence(node, NULL);
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
    if (q->json) {
        cli_print_document(answer);
        return ASSAY_EXIT_OK;
    }
    (void)snprintf(target, sizeof target, "/v1/nodes/%s/explain",
                   is_plain(word) ? word : cli_text_of(node, "node_id", "?"));
    cli_daemon_get_http(q->socket, q->timeout_ms, http, sizeof http);
    const enum assay_status status = http[0] != '\0'
                                         ? assay_client_get(http, target, q->timeout_ms, &document)
                                         : ASSAY_E_NOT_FOUND;
    struct assay_daemon_request about = *q;
    about.node = assay_json_text(node, "name", "?");
    if (evidence_fall(node) != NULL && cli_daemon_get_timeline(&about, &timeline) != ASSAY_EXIT_OK)
        timeline = NULL; /* the last reason of the node has to do */
    if (status == ASSAY_OK) print_page(assay_json_get(document, "data"), timeline);
    else print_without_history(node, http, timeline);
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
