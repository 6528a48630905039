/*
 * net/http/documents.c - JSON documents of an HTTP snapshot.
 */
#include "net/http/answer_internal.h"

#include "net/documents/document_services.h"
#include "scoring/tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { EPOCHS_DEFAULT = 16, EVENTS_MAX = 9216 };

/* ------------------------------------------------------------ the node and its members */

void http_status(struct http_asking *asking)
{
    if (http_same_view(asking)) return;
    http_document(asking, "assay.status", assay_document_status(&asking->view->snapshot));
}

void http_nodes(struct http_asking *asking)
{
    const struct assay_snapshot *s = &asking->view->snapshot;
    ASSAY_ASSERT(s->member_count == 0 || s->members != NULL);
    uint64_t since = 0, limit = ASSAY_MEMBERS_MAX;
    bool given = false;
    if (!http_number(asking, "since", 0, UINT32_MAX, &given, &since)) return;
    if (!http_number(asking, "limit", 1, ASSAY_MEMBERS_MAX, &given, &limit)) return;
    if (http_same_view(asking)) return;
    struct assay_json *data = assay_json_object(), *list = assay_json_array();
    uint64_t slot = since;
    for (; slot < s->member_count && slot - since < limit; slot++)
        assay_json_append(list, assay_document_member(s, (uint32_t)slot, false));
    assay_document_set_epoch(data, s);
    assay_json_set(data, "nodes", list);
    if (slot < s->member_count) assay_json_set_uint(data, "next_since", slot);
    else assay_json_set_null(data, "next_since");
    http_document(asking, "assay.nodes", data);
}

void http_node(struct http_asking *asking)
{
    ASSAY_ASSERT(asking->word != NULL);
    const struct assay_snapshot *s = &asking->view->snapshot;
    uint16_t slot = 0;
    if (!assay_document_slot(s, asking->word, &slot)) {
        http_problem(asking, HTTP_NOT_FOUND, "no member has that name, slot or node_id", NULL);
        return;
    }
    if (http_same_view(asking)) return;
    http_document(asking, "assay.node", assay_document_member(s, slot, true));
}

void http_counters(struct http_asking *asking)
{
    if (http_same_view(asking)) return;
    http_document(asking, "assay.counters", assay_document_counters(&asking->view->snapshot));
}

/* ------------------------------------------------------------ closed epochs */

const struct assay_http_epoch *http_newest(const struct assay_http_snapshot *view)
{
    ASSAY_ASSERT(view->epoch_count <= ASSAY_HTTP_EPOCHS);
    return view->epoch_count > 0 ? view->epochs[view->epoch_count - 1] : NULL;
}

void http_put_tally(struct assay_json *object, const struct assay_history_row *row)
{
    assay_json_set_uint(object, "positive_bp", row->positive_bp);
    assay_json_set_uint(object, "negative_bp", row->negative_bp);
    assay_json_set_uint(object, "unjudged_bp", row->unjudged_bp);
    assay_json_set_uint(object, "electorate_bp", row->electorate_bp);
    assay_json_set_uint(object, "lo_bp", row->lo_bp);
    assay_json_set_uint(object, "hi_bp", row->hi_bp);
}

static struct assay_json *epoch_member(const struct assay_http_row *row, uint32_t slot)
{
    ASSAY_ASSERT(row != NULL);
    const struct assay_history_row *r = &row->row;
    struct assay_json *object = assay_json_object();
    assay_json_set_uint(object, "slot", slot);
    assay_json_set_text(object, "name", row->name);
    assay_json_set_uint(object, "incarnation", r->incarnation);
    assay_json_set_uint(object, "score_bp", r->score_bp);
    assay_json_set_uint(object, "integrity_bp", r->integrity_bp);
    assay_json_set_uint(object, "availability_bp", r->availability_bp);
    assay_json_set_text(object, "standing", assay_document_standing(r->standing));
    assay_json_set_uint(object, "weight", r->weight);
    http_put_tally(object, r);
    assay_json_set_text(object, "reason", assay_document_integrity_text(r->reason));
    assay_json_set_text(object, "integrity_rule", assay_document_integrity_code(r->reason));
    assay_json_set_text(object, "availability_rule",
                        assay_document_availability_code(r->availability_rule));
    return object;
}

static struct assay_json *epoch_of(const struct assay_http_epoch *epoch)
{
    ASSAY_ASSERT(epoch->count == 0 || epoch->rows != NULL);
    struct assay_json *object = assay_json_object(), *list = assay_json_array();
    assay_json_set_uint(object, "epoch", epoch->epoch);
    assay_json_set_uint(object, "era", epoch->era);
    assay_json_set_bool(object, "certified", epoch->certified);
    for (uint32_t slot = 0; slot < epoch->count; slot++)
        assay_json_append(list, epoch_member(&epoch->rows[slot], slot));
    assay_json_set(object, "members", list);
    return object;
}

/* Where to begin: at `since`, or so that the newest ones come. */
static uint32_t first_index(const struct assay_http_snapshot *view, bool given, uint64_t since,
                            uint64_t limit)
{
    ASSAY_ASSERT(limit > 0);
    uint32_t at = 0;
    if (!given) return view->epoch_count > limit ? view->epoch_count - (uint32_t)limit : 0;
    while (at < view->epoch_count && view->epochs[at]->epoch < since)
        at++;
    return at;
}

void http_epochs(struct http_asking *asking)
{
    const struct assay_http_snapshot *view = asking->view;
    ASSAY_ASSERT(view->epoch_count <= ASSAY_HTTP_EPOCHS);
    uint64_t since = 0, limit = EPOCHS_DEFAULT, rows = 0, taken = 0;
    bool given = false, limited = false;
    if (!http_number(asking, "since", 0, UINT64_MAX, &given, &since)) return;
    if (!http_number(asking, "limit", 1, ASSAY_HTTP_EPOCHS, &limited, &limit)) return;
    if (http_same_epochs(asking)) return;
    /* The newest of a large network: as many as fit, too. */
    const uint32_t members = view->snapshot.member_count;
    const uint64_t fit = members > 0 ? ASSAY_HTTP_ROWS_MAX / members : limit;
    if (!given && limit > fit) limit = fit > 0 ? fit : 1;
    uint32_t at = first_index(view, given, since, limit);
    struct assay_json *data = assay_json_object(), *list = assay_json_array();
    for (; at < view->epoch_count && taken < limit; at++, taken++) {
        rows += view->epochs[at]->count;
        if (taken > 0 && rows > ASSAY_HTTP_ROWS_MAX) break;
        assay_json_append(list, epoch_of(view->epochs[at]));
    }
    if (view->epoch_count > 0) {
        assay_json_set_uint(data, "first", view->epochs[0]->epoch);
        assay_json_set_uint(data, "last", http_newest(view)->epoch);
    } else {
        assay_json_set_null(data, "first");
        assay_json_set_null(data, "last");
    }
    assay_json_set(data, "epochs", list);
    if (at < view->epoch_count) assay_json_set_uint(data, "next_since", view->epochs[at]->epoch);
    else assay_json_set_null(data, "next_since");
    http_document(asking, "assay.epochs", data);
}

static const struct assay_http_epoch *find_epoch(const struct assay_http_snapshot *view,
                                                 uint64_t number)
{
    ASSAY_ASSERT(view->epoch_count <= ASSAY_HTTP_EPOCHS);
    for (uint32_t i = 0; i < view->epoch_count; i++)
        if (view->epochs[i]->epoch == number) return view->epochs[i];
    return NULL;
}

void http_epoch(struct http_asking *asking)
{
    ASSAY_ASSERT(asking->word != NULL);
    uint64_t number = 0;
    if (!assay_document_number(asking->word, &number)) {
        http_problem(asking, HTTP_BAD_REQUEST, "an epoch is named by its number", NULL);
        return;
    }
    const struct assay_http_epoch *epoch = find_epoch(asking->view, number);
    if (epoch == NULL) {
        http_problem(asking, HTTP_NOT_FOUND, "not closed, or no longer in memory", NULL);
        return;
    }
    if (http_same_epochs(asking)) return;
    http_document(asking, "assay.epoch", epoch_of(epoch));
}

/* ------------------------------------------------------------ votes */

bool http_is_lie(const struct assay_http_snapshot *view, uint64_t epoch, uint32_t verifier,
                 uint32_t subject)
{
    ASSAY_ASSERT(view->lie_count <= ASSAY_HTTP_FALSE_VOTES);
    for (uint32_t i = 0; i < view->lie_count; i++) {
        const struct assay_http_false_vote *lie = &view->false_votes[i];
        if (lie->epoch == epoch && lie->verifier == verifier && lie->subject == subject)
            return true;
    }
    return false;
}

static struct assay_json *false_votes_document(const struct assay_http_snapshot *view,
                                               uint64_t epoch)
{
    ASSAY_ASSERT(view->lie_count <= ASSAY_HTTP_FALSE_VOTES);
    struct assay_json *list = assay_json_array();
    for (uint32_t i = 0; i < view->lie_count; i++) {
        const struct assay_http_false_vote *lie = &view->false_votes[i];
        if (lie->epoch != epoch) continue;
        struct assay_json *object = assay_json_object();
        assay_json_set_uint(object, "verifier", lie->verifier);
        assay_json_set_uint(object, "subject", lie->subject);
        assay_json_set_text_n(object, "outcome", &lie->outcome, 1);
        assay_json_set_uint(object, "found_epoch", lie->found_epoch);
        assay_json_append(list, object);
    }
    return list;
}

static struct assay_json *matrix_member(const struct assay_http_epoch *epoch, uint32_t slot)
{
    ASSAY_ASSERT(slot < epoch->count);
    const struct assay_http_row *row = &epoch->rows[slot];
    struct assay_json *object = assay_json_object();
    assay_json_set_uint(object, "slot", slot);
    assay_json_set_text(object, "name", row->name);
    assay_json_set_hex(object, "node_id", row->node_id, sizeof row->node_id);
    if (row->has_voter_weight) assay_json_set_uint(object, "weight", row->voter_weight);
    else assay_json_set_null(object, "weight");
    assay_json_set_bool(object, "has_ballot", row->balloted);
    assay_json_set_text_n(object, "outcomes", epoch->outcomes + (size_t)slot * epoch->count,
                          epoch->count);
    http_put_tally(object, &row->row);
    assay_json_set_uint(object, "integrity_bp", row->row.integrity_bp);
    assay_json_set_uint(object, "availability_bp", row->row.availability_bp);
    assay_json_set_bool(object, "proven_fail", row->proven_fail);
    return object;
}

void http_matrix(struct http_asking *asking)
{
    ASSAY_ASSERT(asking->view != NULL);
    uint64_t number = 0;
    bool given = false;
    if (!http_number(asking, "epoch", 0, UINT64_MAX, &given, &number)) return;
    const struct assay_http_epoch *epoch =
        given ? find_epoch(asking->view, number) : http_newest(asking->view);
    if (epoch == NULL) {
        http_problem(asking, HTTP_NOT_FOUND,
                     given ? "not closed, or no longer in memory" : "none is closed yet", NULL);
        return;
    }
    if (http_same_epochs(asking)) return;
    struct assay_json *data = assay_json_object(), *list = assay_json_array();
    assay_json_set_uint(data, "epoch", epoch->epoch);
    assay_json_set_uint(data, "era", epoch->era);
    assay_json_set_bool(data, "certified", epoch->certified);
    for (uint32_t slot = 0; slot < epoch->count; slot++)
        assay_json_append(list, matrix_member(epoch, slot));
    assay_json_set(data, "members", list);
    assay_json_set(data, "false_votes", false_votes_document(asking->view, epoch->epoch));
    http_document(asking, "assay.matrix", data);
}

/* ------------------------------------------------------------ what evidence is appraised by */

static void answer_text(struct http_asking *asking, const char *schema, const char *text)
{
    ASSAY_ASSERT(schema != NULL);
    struct assay_json *data = NULL;
    if (http_same_view(asking)) return;
    if (text == NULL || assay_json_parse(text, strlen(text), &data) != ASSAY_OK)
        http_problem(asking, HTTP_INTERNAL, "the rules in force cannot be read here", NULL);
    else http_document(asking, schema, data);
}

void http_policy(struct http_asking *asking)
{
    const struct assay_http_rules *rules = asking->view->rules;
    answer_text(asking, "assay.policy", rules != NULL ? rules->policy : NULL);
}

void http_collateral(struct http_asking *asking)
{
    const struct assay_http_rules *rules = asking->view->rules;
    answer_text(asking, "assay.collateral", rules != NULL ? rules->collateral : NULL);
}

void http_services(struct http_asking *asking)
{
    if (http_same_view(asking)) return;
    http_document(asking, "assay.services", assay_document_services(&asking->view->snapshot));
}

/* ------------------------------------------------------------ what happened */

void http_timeline(struct http_asking *asking)
{
    char boot[20];
    uint64_t since = 0, limit = ASSAY_HTTP_EVENTS, taken = 0;
    bool given = false, gap = false, gone = false;
    struct assay_timeline_event event;
    struct assay_timeline_log *timeline = asking->book->timeline;
    ASSAY_ASSERT(timeline != NULL);
    if (!http_number(asking, "since", 0, UINT64_MAX, &given, &since)) return;
    if (!http_number(asking, "limit", 1, EVENTS_MAX, &given, &limit)) return;
    struct assay_json *data = assay_json_object(), *list = assay_json_array();
    const char *node = http_parameter(asking, "node");
    while (taken < limit && assay_timeline_log_find_after(timeline, since, &event, &gone)) {
        gap = gap || gone;
        since = event.seq;
        if (node != NULL && strcmp(node, event.name) != 0) continue;
        assay_json_append(list, assay_document_event(&event));
        taken++;
    }
    const uint64_t last = assay_timeline_log_last(timeline);
    (void)snprintf(boot, sizeof boot, "%" PRIx64, asking->view->boot);
    assay_json_set_text(data, "boot", boot);
    assay_json_set_uint(data, "last_seq", last);
    assay_json_set_uint(data, "gone_seq", assay_timeline_log_gone(timeline));
    assay_json_set_bool(data, "gap", gap);
    assay_json_set(data, "events", list);
    if (since < last) assay_json_set_uint(data, "next_since", since);
    else assay_json_set_null(data, "next_since");
    http_document(asking, "assay.timeline", data);
}

/* ------------------------------------------------------------ Grafana's node graph */

/* One arc is a complete circle: the colour of the condition. A member that is away or out of
 * service is not shown as one that failed. */
static void append_arcs(struct assay_json *object, enum assay_condition condition)
{
    assay_json_set_uint(object, "arc__full", condition == ASSAY_CONDITION_FULL);
    assay_json_set_uint(object, "arc__warning", condition == ASSAY_CONDITION_WARNING);
    assay_json_set_uint(object, "arc__restricted", condition == ASSAY_CONDITION_RESTRICTED);
    assay_json_set_uint(object, "arc__suspended", condition == ASSAY_CONDITION_SUSPENDED);
    assay_json_set_uint(object, "arc__away", condition > ASSAY_CONDITION_SUSPENDED);
}

void http_graph_nodes(struct http_asking *asking)
{
    const struct assay_snapshot *s = &asking->view->snapshot;
    ASSAY_ASSERT(s->member_count == 0 || s->members != NULL);
    char name[ASSAY_NAME_MAX + 1], text[32];
    if (http_same_view(asking)) return;
    struct assay_json *list = assay_json_array();
    for (uint32_t slot = 0; slot < s->member_count; slot++) {
        const struct assay_snapshot_member *member = &s->members[slot];
        const struct assay_member_snapshot *m = &member->ledger;
        const uint32_t score = assay_trust_score_bp(&m->trust);
        const enum assay_condition condition = assay_document_condition(s, slot);
        struct assay_json *object = assay_json_object();
        (void)snprintf(text, sizeof text, "%" PRIu32, slot);
        assay_json_set_text(object, "id", text);
        assay_json_set_text(object, "title",
                            assay_document_name(s, (uint16_t)slot, name, sizeof name));
        assay_json_set_text(object, "subtitle", assay_document_condition_word(condition));
        (void)snprintf(text, sizeof text, "%" PRIu32 ".%02" PRIu32 " %%", score / 100, score % 100);
        assay_json_set_text(object, "mainstat", text);
        (void)snprintf(text, sizeof text, "weight %" PRIu32, m->weight);
        assay_json_set_text(object, "secondarystat", text);
        append_arcs(object, condition);
        assay_json_set_text(object, "detail__reason", assay_document_score_reason(member).text);
        assay_json_append(list, object);
    }
    http_bare(asking, list);
}

static const char *letter_words(char letter)
{
    switch (letter) {
    case 'P': return "passes";
    case 'H': return "passes, needs hardening";
    case 'O': return "passes, out of date";
    case 'S': return "fails soft";
    case 'F': return "fails hard";
    case 'A': return "absent";
    case 'U': return "not to be judged";
    default: return "";
    }
}

void http_graph_edges(struct http_asking *asking)
{
    const struct assay_http_epoch *epoch = http_newest(asking->view);
    char text[32];
    if (http_same_epochs(asking)) return;
    struct assay_json *list = assay_json_array();
    const uint32_t count = epoch != NULL ? epoch->count : 0;
    ASSAY_ASSERT(count == 0 || epoch->outcomes != NULL);
    for (uint32_t i = 0; i < count * count; i++) {
        const char letter = epoch->outcomes[i];
        if (letter == '-') continue;
        struct assay_json *object = assay_json_object();
        (void)snprintf(text, sizeof text, "%" PRIu32 "-%" PRIu32, i / count, i % count);
        assay_json_set_text(object, "id", text);
        (void)snprintf(text, sizeof text, "%" PRIu32, i / count);
        assay_json_set_text(object, "source", text);
        (void)snprintf(text, sizeof text, "%" PRIu32, i % count);
        assay_json_set_text(object, "target", text);
        assay_json_set_text(object, "mainstat", letter_words(letter));
        assay_json_append(list, object);
    }
    http_bare(asking, list);
}
