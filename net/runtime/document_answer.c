/*
 * net/runtime/document_answer.c - request routing of the admin socket: versioned JSON documents.
 *
 *   status | nodes | node NAME|SLOT|ID | evidence NAME|SLOT|ID | counters | keys [NAME|SLOT|ID]
 *   timeline [since=SEQ] [node=NAME]
 *   permit critical|normal | export [since=EPOCH] [until=EPOCH] [votes] | changes | submit HEX
 *   proposal ID | review HEX    (document_reviews.c)
 *   items CLASS [EPOCH [SKIP]]
 *   enforcement | hold REASON | let-go REASON (document_hold.c)
 *   recover status|answer|fence HEX|draft HEX|try HEX|submit HEX    (document_recover.c)
 *   checkpoint | proof NAME|SLOT|ID [bare] | key-proof NAME|SLOT|ID | ear NAME|SLOT|ID
 *     (document_proof.c)
 *   certificate NAME|SLOT|ID KEY | token NAME|SLOT|ID KEY AUDIENCE    (services/document_issue.c)
 *   authority | jwks | bundle | openid | ca-proof               (services/document_authority.c)
 *   evidence-bytes NAME|SLOT|ID    (runtime_appraisals.c)
 *   challenge VERB | verifier    (runtime_challenge.c)
 *   services | account HEX | tasks | task HEX | share HEX | drain GROUP    (document_registry.c)
 *   row GROUP HEX    (document_row.c)
 *
 * Everything but timeline and export is rendered from one snapshot of the node (host/snapshot.h).
 * Every document: { schema, schema_version, node, generated_at, data }. Within a version fields are
 * only added. What is not known is a document too: schema assay.error.
 */
#include "net/runtime/runtime_internal.h"

#include "base/system_clock.h"
#include "base/words.h"
#include "net/documents/document.h"
#include "net/documents/document_rules.h"
#include "net/json/json.h"
#include "scoring/tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TIMELINE_ROWS_MAX = 1024,
};

char *document_finish(struct assay_runtime *runtime, const char *schema, struct assay_json *data)
{
    ASSAY_ASSERT(strncmp(schema, "assay.", 6) == 0);
    char name[ASSAY_NAME_MAX + 1];
    return assay_document_finish(runtime_slot_name(runtime, runtime->self, name, sizeof name),
                                 runtime->at_unix_ms, schema, data);
}

char *document_error(struct assay_runtime *runtime, const char *code, const char *detail)
{
    ASSAY_ASSERT(code[0] != '\0');
    struct assay_json *data = assay_json_object();
    assay_json_set_text(data, "code", code);
    assay_json_set_text(data, "detail", detail);
    return document_finish(runtime, "assay.error", data);
}

char *document_busy(struct assay_runtime *runtime, uint64_t wait_ms, const char *detail)
{
    struct assay_json *data = assay_json_object();
    assay_json_set_text(data, "code", "too_busy");
    assay_json_set_text(data, "detail", detail);
    assay_json_set_uint(data, "retry_after_s", wait_ms > 1000 ? (wait_ms + 999) / 1000 : 1);
    return document_finish(runtime, "assay.error", data);
}

char *document_from_hex(struct assay_runtime *runtime, const char *hex, const char *usage,
                        char *(*take)(struct assay_runtime *runtime, struct assay_slice bytes))
{
    const size_t len = strlen(hex);
    uint8_t *bytes = malloc(len / 2 + 1);
    if (bytes == NULL) return NULL;
    char *answer = NULL;
    if (len == 0 || len % 2 != 0 || assay_hex_decode(hex, len, bytes, len / 2) != ASSAY_OK)
        answer = document_error(runtime, "usage", usage);
    else answer = take(runtime, assay_slice_over(bytes, len / 2));
    free(bytes);
    return answer;
}

/* ------------------------------------------------------------ permit */

static char *document_permit(struct assay_runtime *runtime, const char *class_)
{
    const bool critical = strcmp(class_, "critical") == 0;
    if (!critical && strcmp(class_, "normal") != 0)
        return document_error(runtime, "usage", "permit critical|normal");
    struct assay_permission p;
    /* Not the time at which this turn of the loop began. */
    struct assay_json *data =
        assay_document_permit(runtime_snapshot(runtime), assay_monotonic_ms(), critical, &p);
    assay_count(&runtime->counters,
                p.permitted ? ASSAY_COUNT_PERMIT_GRANTED : ASSAY_COUNT_PERMIT_DENIED);
    return document_finish(runtime, "assay.permit", data);
}

/* ------------------------------------------------------------ members */

static char *document_nodes(struct assay_runtime *runtime)
{
    const struct assay_snapshot *s = runtime_snapshot(runtime);
    ASSAY_ASSERT(s->member_count == runtime->members);
    struct assay_json *data = assay_json_object(), *list = assay_json_array();
    assay_document_set_epoch(data, s); /* running: scores are of the close before */
    for (uint32_t slot = 0; slot < s->member_count; slot++)
        assay_json_append(list, assay_document_member(s, slot, false));
    assay_json_set(data, "nodes", list);
    assay_json_set_null(data, "next_since"); /* all of them: the document of /v1/nodes */
    return document_finish(runtime, "assay.nodes", data);
}

static bool find_slot(struct assay_runtime *runtime, const char *text, uint16_t *slot)
{
    return assay_document_slot(runtime_snapshot(runtime), text, slot);
}

/* The refusal names the argument, and the closest member name. */
static char *refuse_unknown_slot(struct assay_runtime *runtime, const char *which)
{
    const struct assay_snapshot *s = runtime_snapshot(runtime);
    unsigned apart = ASSAY_WORDS_APART_MAX;
    char near[ASSAY_NAME_MAX + 1] = "", name[ASSAY_NAME_MAX + 1], detail[256];
    for (uint32_t slot = 0; slot < s->member_count; slot++) {
        const char *hint = NULL;
        assay_words_nearest(which, runtime_slot_name(runtime, (uint16_t)slot, name, sizeof name),
                            &apart, &hint);
        if (hint != NULL) (void)snprintf(near, sizeof near, "%s", hint);
    }
    (void)snprintf(detail, sizeof detail, "no member has that name, slot or id: \"%.64s\"%s%s%s",
                   which, near[0] != '\0' ? "; is \"" : "", near,
                   near[0] != '\0' ? "\" meant?" : "");
    return document_error(runtime, "not_found", detail);
}

static char *document_node(struct assay_runtime *runtime, const char *which)
{
    uint16_t slot = 0;
    if (!find_slot(runtime, which, &slot)) return refuse_unknown_slot(runtime, which);
    return document_finish(runtime, "assay.node",
                           assay_document_member(runtime_snapshot(runtime), slot, true));
}

static char *document_keys(struct assay_runtime *runtime, const char *which)
{
    const struct assay_snapshot *s = runtime_snapshot(runtime);
    uint16_t slot = 0;
    if (which[0] == '\0')
        return document_finish(runtime, "assay.all_keys",
                               assay_document_all_keys(s, runtime->now_ms, 0, s->member_count));
    if (!find_slot(runtime, which, &slot)) return refuse_unknown_slot(runtime, which);
    return document_finish(runtime, "assay.keys", assay_document_keys(s, runtime->now_ms, slot));
}

static char *answer_slot(struct assay_runtime *runtime, const char *which,
                         char *(*answer)(struct assay_runtime *runtime, uint16_t slot))
{
    uint16_t slot = 0;
    if (!find_slot(runtime, which, &slot)) return refuse_unknown_slot(runtime, which);
    return answer(runtime, slot);
}

/* ------------------------------------------------------------ counters, timeline */

static char *document_counters(struct assay_runtime *runtime)
{
    const struct assay_snapshot *s = runtime_snapshot(runtime);
    return document_finish(runtime, "assay.counters", assay_document_counters(s));
}

struct timeline_request {
    uint64_t since;
    char node[ASSAY_NAME_MAX + 1]; /* "": of all */
};

/* Words "since=NUMBER" and "node=NAME", each at most once. */
static bool parse_timeline(const char *text, struct timeline_request *request)
{
    static const char since[] = "since=", node[] = "node=";
    *request = (struct timeline_request){ 0 };
    for (int i = 0; *text != '\0'; i++) {
        char word[ASSAY_NAME_MAX + sizeof since];
        const size_t len = strcspn(text, " ");
        if (i == 2 || len >= sizeof word) return false;
        assay_bytes_copy(word, sizeof word, text, len);
        word[len] = '\0';
        if (strncmp(word, since, sizeof since - 1) == 0) {
            if (!assay_document_number(word + sizeof since - 1, &request->since)) return false;
        } else if (strncmp(word, node, sizeof node - 1) == 0) {
            if (len - (sizeof node - 1) >= sizeof request->node) return false;
            assay_bytes_copy(request->node, sizeof request->node, word + sizeof node - 1,
                             len - (sizeof node - 1) + 1);
        } else {
            return false;
        }
        text += len + strspn(text + len, " ");
    }
    return true;
}

static char *document_timeline(struct assay_runtime *runtime, const char *argument)
{
    struct timeline_request request;
    if (!parse_timeline(argument, &request))
        return document_error(runtime, "usage", "timeline [since=SEQ] [node=NAME]");
    struct assay_json *data = assay_json_object(), *list = assay_json_array();
    struct assay_timeline_event event;
    uint64_t since = request.since;
    bool gap = false;
    for (int rows = 0; rows < TIMELINE_ROWS_MAX &&
                       assay_timeline_log_find_after(runtime->timeline, since, &event,
                                                     since == request.since ? &gap : NULL);) {
        ASSAY_ASSERT(event.seq > since); /* else the walk would not end */
        since = event.seq;
        if (request.node[0] != '\0' && strcmp(request.node, event.name) != 0) continue;
        assay_json_append(list, assay_document_event(&event));
        rows++;
    }
    const uint64_t last = assay_timeline_log_last(runtime->timeline);
    char boot[20];
    (void)snprintf(boot, sizeof boot, "%" PRIx64, runtime->boot);
    assay_json_set_text(data, "boot", boot);
    assay_json_set_uint(data, "last_seq", last);
    assay_json_set_uint(data, "gone_seq", assay_timeline_log_gone(runtime->timeline));
    assay_json_set_bool(data, "gap", gap);
    assay_json_set(data, "events", list);
    if (since < last) assay_json_set_uint(data, "next_since", since);
    else assay_json_set_null(data, "next_since");
    return document_finish(runtime, "assay.timeline", data);
}

/* ------------------------------------------------------------ requests */

static char *document_slot_proof(struct assay_runtime *runtime, const char *argument)
{
    char which[ASSAY_ADMIN_LINE_MAX + 1] = "";
    const char *space = strchr(argument, ' ');
    const bool bare = space != NULL && strcmp(space + 1, "bare") == 0;
    const size_t len = space != NULL ? (size_t)(space - argument) : strlen(argument);
    uint16_t slot = 0;
    if ((space != NULL && !bare) || len >= sizeof which)
        return document_error(runtime, "usage", "proof NAME|SLOT|ID [bare]");
    assay_bytes_copy(which, sizeof which, argument, len);
    if (!find_slot(runtime, which, &slot)) return refuse_unknown_slot(runtime, which);
    return document_proof(runtime, slot, bare);
}

char *document_answer(void *context, const char *line)
{
    struct assay_runtime *runtime = context;
    char command[16] = "";
    const char *space = strchr(line, ' ');
    const size_t len = space != NULL ? (size_t)(space - line) : strlen(line);
    const char *argument = space != NULL ? space + 1 : "";
    if (len < sizeof command) assay_bytes_copy(command, sizeof command, line, len);
    if (strcmp(command, "status") == 0)
        return document_finish(runtime, "assay.status",
                               assay_document_status(runtime_snapshot(runtime)));
    if (strcmp(command, "nodes") == 0) return document_nodes(runtime);
    if (strcmp(command, "node") == 0) return document_node(runtime, argument);
    if (strcmp(command, "evidence") == 0) return answer_slot(runtime, argument, document_evidence);
    if (strcmp(command, "evidence-bytes") == 0)
        return answer_slot(runtime, argument, document_evidence_bytes);
    if (strcmp(command, "keys") == 0) return document_keys(runtime, argument);
    if (strcmp(command, "key-proof") == 0)
        return answer_slot(runtime, argument, document_key_proof);
    if (strcmp(command, "ear") == 0) return answer_slot(runtime, argument, document_ear);
    if (strcmp(command, "certificate") == 0 || strcmp(command, "token") == 0)
        return document_issue(runtime, argument, command[0] == 't');
    char *const authority = document_authority(runtime, command);
    if (authority != NULL) return authority;
    if (strcmp(command, "challenge") == 0) return document_challenge(runtime, argument);
    if (strcmp(command, "verifier") == 0) return document_verifier(runtime);
    if (strcmp(command, "counters") == 0) return document_counters(runtime);
    if (strcmp(command, "timeline") == 0) return document_timeline(runtime, argument);
    if (strcmp(command, "permit") == 0) return document_permit(runtime, argument);
    if (strcmp(command, "enforcement") == 0) {
        return document_finish(runtime, "assay.enforcement",
                               assay_document_enforcement(runtime_snapshot(runtime)));
    }
    if (strcmp(command, "hold") == 0) return document_set_hold(runtime, true, argument);
    if (strcmp(command, "let-go") == 0) return document_set_hold(runtime, false, argument);
    if (strcmp(command, "export") == 0) return document_export(runtime, argument);
    if (strcmp(command, "changes") == 0) return document_changes(runtime);
    if (strcmp(command, "submit") == 0) return document_submit_change(runtime, argument);
    if (strcmp(command, "review") == 0) return document_submit_review(runtime, argument);
    if (strcmp(command, "proposal") == 0) return document_proposal(runtime, argument);
    if (strcmp(command, "recover") == 0) return document_recover(runtime, argument);
    if (strcmp(command, "collateral") == 0) return document_collateral(runtime);
    if (strcmp(command, "policy") == 0)
        return document_finish(runtime, "assay.policy",
                               assay_document_policy(runtime->config.policy));
    if (strcmp(command, "offer") == 0) return document_offer_collateral(runtime, argument);
    if (strcmp(command, "items") == 0) return document_items(runtime, argument);
    if (strcmp(command, "proof") == 0) return document_slot_proof(runtime, argument);
    if (strcmp(command, "anchor") == 0) return document_anchor(runtime, argument);
    if (strcmp(command, "row") == 0) return document_row(runtime, argument);
    if (strcmp(command, "boundaries") == 0) return document_boundaries(runtime, argument);
    if (strcmp(command, "checkpoint") == 0) return document_proof(runtime, ASSAY_SLOT_ALL, true);
    char *const service = document_services(runtime, command, argument);
    if (service != NULL) return service;
    assay_count(&runtime->counters, ASSAY_COUNT_ADMIN_SYNTAX);
    return document_error(
        runtime, "unknown_request",
        "status | nodes | node NAME|SLOT|ID | evidence NAME|SLOT|ID | evidence-bytes NAME|SLOT|ID "
        "| counters | keys [NAME|SLOT|ID] | timeline [since=SEQ] | "
        "permit critical|normal | export [since=EPOCH] [until=EPOCH] [votes] | "
        "changes | submit HEX | proposal ID | review HEX | recover VERB | policy | "
        "collateral | offer HEX | "
        "enforcement | hold REASON | let-go REASON | "
        "items CLASS [EPOCH [SKIP [ERA]]] | checkpoint | boundaries ERA EPOCH [voters] | "
        "anchor [EPOCH] | "
        "proof NAME|SLOT|ID [bare] | key-proof NAME|SLOT|ID | ear NAME|SLOT|ID | "
        "certificate NAME|SLOT|ID KEY | token NAME|SLOT|ID KEY AUDIENCE | challenge VERB | "
        "verifier | services | account HEX | tasks | task HEX | share HEX | row GROUP HEX | "
        "drain GROUP");
}
