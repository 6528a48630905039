/*
 * net/runtime/document_reviews.c - proposals of changes as documents: what is open, approvals and
 * missing operators, expiry with time, this node's own result of the change, and what ended.
 */
#include "net/runtime/runtime_internal.h"

#include "net/documents/change_review.h"
#include "net/documents/document.h"
#include "net/http/http.h"
#include "net/json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct proposal_view {
    struct assay_runtime *runtime;
    struct assay_change_basis *basis;
    const struct assay_snapshot *snapshot;
    const struct assay_reviews *set;
    struct assay_reviews_facts facts;
    uint8_t *file; /* [ASSAY_CHANGE_RECORD_LEN_MAX] */
};

static void set_operator(const struct proposal_view *v, struct assay_json *object,
                         const uint8_t id[static 32])
{
    char name[65];
    assay_json_set_text(object, "operator", runtime_operator_name(v->runtime, id, name));
    assay_json_set_hex(object, "operator_id", id, 32);
}

/* --- approvals */

static struct assay_json *approval_document(const struct proposal_view *v,
                                            const struct assay_review_entry *e)
{
    struct assay_json *object = assay_json_object();
    set_operator(v, object, e->review.operator_id);
    assay_json_set_text(object, "act", assay_review_act_name(e->review.act));
    assay_json_set_text_n(object, "comment", e->review.comment.bytes, e->review.comment.len);
    assay_json_set_uint(object, "epoch", e->since_epoch);
    assay_document_set_time(object, "at_ms",
                            assay_document_epoch_time(v->snapshot, e->since_epoch));
    return object;
}

/* Operators in force that state it, and the others. One that withdrew has published a signature
 * before: anybody may still have it (docs/protocol.md 9.19.4). */
static void set_approvals(const struct proposal_view *v, const uint8_t digest[static 32],
                          struct assay_json *object)
{
    struct assay_json *approvals = assay_json_array(), *missing = assay_json_array(),
                      *withdrawn = assay_json_array();
    const struct assay_genesis *rules = v->facts.effective;
    char name[65];
    for (uint32_t i = 0; i < rules->operator_count; i++) {
        const uint8_t *id = rules->operators[i].operator_id;
        const struct assay_review_entry *e = assay_reviews_find(v->set, &v->facts, id, digest);
        if (e != NULL) {
            assay_json_append(approvals, approval_document(v, e));
            continue;
        }
        assay_json_append_text(missing, runtime_operator_name(v->runtime, id, name));
        e = assay_reviews_in_place(v->set, id, ASSAY_REVIEW_PLACE_APPROVAL, digest);
        if (e != NULL && e->review.act == ASSAY_REVIEW_WITHDRAW)
            assay_json_append_text(withdrawn, name);
    }
    const uint32_t count = assay_reviews_count(v->set, &v->facts, digest);
    assay_json_set(object, "approvals", approvals);
    assay_json_set(object, "missing", missing);
    assay_json_set(object, "withdrawn", withdrawn);
    assay_json_set_uint(object, "needed", count < rules->threshold ? rules->threshold - count : 0);
}

/* --- this node's own result */

static void set_quorum(const struct proposal_view *v, struct assay_json *object)
{
    struct assay_tolerance tolerance;
    struct assay_change_quorum q;
    struct assay_json *quorum = assay_json_object();
    assay_draft_compute_weights(v->basis, &v->basis->stage, &tolerance);
    assay_draft_count_quorum(v->basis, NULL, &q);
    assay_json_set_uint(quorum, "voters", q.voters);
    assay_json_set_uint(quorum, "weight", q.total);
    assay_json_set_uint(quorum, "silent_weight", q.silent);
    assay_json_set_text(quorum, "silent", q.names);
    assay_json_set_bool(quorum, "lost", assay_draft_quorum_is_lost(&q));
    assay_json_set(object, "quorum", quorum);
}

static struct assay_json *what_if(const struct proposal_view *v,
                                  const struct assay_change_draft *draft)
{
    char message[ASSAY_CHANGE_MESSAGE];
    struct assay_json *object = assay_json_object();
    const enum assay_status status = assay_draft_review(v->basis, draft, false, message);
    assay_json_set_bool(object, "fits", status == ASSAY_OK || status == ASSAY_E_EARLY);
    assay_json_set_text(object, "note", message);
    if (assay_draft_stage(v->basis, &draft->change, message) == ASSAY_OK) set_quorum(v, object);
    return object;
}

static struct assay_json *action_words(const struct proposal_view *v,
                                       const struct assay_change *change)
{
    struct assay_json *list = assay_json_array();
    struct assay_cursor c = assay_cursor_over(change->actions.bytes, change->actions.len);
    for (uint32_t i = 0; i < change->action_count; i++) {
        struct assay_action action;
        char words[ASSAY_CHANGE_WORDS];
        if (assay_action_next(&c, &action) != ASSAY_OK) break;
        assay_draft_format_action(&v->basis->state, &action, words);
        assay_json_append_text(list, words);
    }
    return list;
}

static struct assay_json *proposal_document(const struct proposal_view *v,
                                            const struct assay_review_entry *e)
{
    const struct assay_review *r = &e->review;
    struct assay_json *object = assay_json_object();
    struct assay_change_draft draft;
    assay_json_set_hex(object, "id", r->digest, 32);
    set_operator(v, object, r->operator_id);
    assay_json_set_uint(object, "place", r->place);
    assay_json_set_uint(object, "sequence", r->sequence);
    assay_json_set_uint(object, "activation", e->activation);
    assay_document_set_time(object, "activation_at_ms",
                            assay_document_epoch_time(v->snapshot, e->activation));
    assay_json_set_uint(object, "since_epoch", e->since_epoch);
    assay_json_set_uint(object, "expires", r->expires);
    assay_document_set_time(object, "expires_at_ms",
                            assay_document_epoch_time(v->snapshot, r->expires + 1));
    assay_json_set_text_n(object, "comment", r->comment.bytes, r->comment.len);
    set_approvals(v, r->digest, object);
    struct assay_writer w = assay_writer_over(v->file, ASSAY_CHANGE_RECORD_LEN_MAX);
    enum assay_status status = assay_record_put_change(&w, r->change, NULL, NULL, 0);
    if (status == ASSAY_OK) status = assay_draft_decode(assay_slice_over(v->file, w.len), &draft);
    ASSAY_ASSERT(status == ASSAY_OK); /* the record that brought it was decoded */
    assay_json_set(object, "actions", action_words(v, &draft.change));
    assay_json_set(object, "what_if", what_if(v, &draft));
    return object;
}

/* --- what ended */

static const char *end_of(const struct runtime_ended_proposal *e)
{
    return e->is_recorded ? "recorded" : assay_reviews_end_name(e->end);
}

static struct assay_json *ended_proposals(const struct proposal_view *v)
{
    const struct runtime_reviews *reviews = v->runtime->reviews;
    struct assay_json *list = assay_json_array();
    const uint64_t all = reviews->ended_count;
    for (uint64_t i = all > RUNTIME_PROPOSALS_ENDED ? all - RUNTIME_PROPOSALS_ENDED : 0; i < all;
         i++) {
        const struct runtime_ended_proposal *e = &reviews->ended[i % RUNTIME_PROPOSALS_ENDED];
        struct assay_json *object = assay_json_object();
        assay_json_set_hex(object, "id", e->digest, 32);
        set_operator(v, object, e->operator_id);
        assay_json_set_uint(object, "sequence", e->sequence);
        assay_json_set_uint(object, "epoch", e->epoch);
        assay_json_set_text(object, "end", end_of(e));
        assay_json_append(list, object);
    }
    return list;
}

/* --- submitted to this node, in no block yet */

static struct assay_json *offered_statements(const struct proposal_view *v)
{
    struct runtime_reviews *const reviews = v->runtime->reviews;
    struct assay_json *list = assay_json_array();
    for (uint32_t i = 0; i < ASSAY_REVIEWS_WAITING_MAX; i++) {
        const struct assay_review_waiting *const item = &reviews->waiting[i];
        const struct assay_review *const r = &reviews->record->review;
        if (item->len == 0 ||
            assay_record_decode(assay_slice_over(item->bytes, item->len), reviews->record) !=
                ASSAY_OK ||
            !assay_reviews_is_awaited(&reviews->set, &v->facts, reviews->record))
            continue;
        struct assay_json *const object = assay_json_append_object(list);
        assay_json_set_hex(object, "id", r->digest, 32);
        set_operator(v, object, r->operator_id);
        assay_json_set_text(object, "act", assay_review_act_name(r->act));
        assay_json_set_uint(object, "sequence", r->sequence);
    }
    return list;
}

void runtime_reviews_document(struct assay_runtime *runtime, struct assay_change_basis *basis,
                              struct assay_json *data)
{
    struct assay_json *list = assay_json_array();
    assay_json_set(data, "proposals", list);
    assay_json_set_uint(data, "level", basis->state.rules.parameters.level);
    struct proposal_view v = { .runtime = runtime,
                               .basis = basis,
                               .snapshot = runtime_snapshot(runtime),
                               .set = &runtime->reviews->set,
                               .file = malloc(ASSAY_CHANGE_RECORD_LEN_MAX) };
    const struct assay_review_entry *e = NULL;
    uint8_t digest[32];
    if (v.file == NULL) return;
    runtime_reviews_facts(runtime, &v.facts);
    for (uint32_t at = 0; (e = assay_reviews_next(v.set, &v.facts, &at)) != NULL;)
        assay_json_append(list, proposal_document(&v, e));
    assay_reviews_digest(v.set, &v.facts, digest);
    assay_json_set_hex(data, "proposals_digest", digest, sizeof digest);
    assay_json_set_bool(data, "proposals_complete",
                        runtime->reviews->position.complete_from <= v.facts.epoch);
    assay_json_set_uint(data, "proposals_complete_from", runtime->reviews->position.complete_from);
    assay_json_set_uint(data, "approvals_needed", v.facts.effective->threshold);
    assay_json_set(data, "proposals_offered", offered_statements(&v));
    assay_json_set(data, "proposals_ended", ended_proposals(&v));
    free(v.file);
}

/* ------------------------------------------------------------ requests */

/* The signed record, for tools that verify it themselves. */
static void set_record(const struct proposal_view *v, struct assay_json *object,
                       const struct assay_review_entry *e)
{
    struct assay_writer w = assay_writer_over(v->file, ASSAY_RECORD_LEN_MAX);
    const enum assay_status status = assay_reviews_record(v->set, e, &w);
    ASSAY_ASSERT(status == ASSAY_OK); /* a record brought it */
    assay_json_set_hex(object, "review", v->file, w.len);
}

/* The signed content itself, and the newest statement of each operator: what tools need to make the
 * next one. */
static struct assay_json *place_documents(const struct proposal_view *v)
{
    struct assay_json *list = assay_json_array();
    for (uint32_t i = 0; i < v->set->count; i++) {
        const struct assay_review_entry *e = &v->set->entries[i];
        if (!e->used) continue;
        struct assay_json *object = assay_json_object();
        assay_json_set_hex(object, "operator_id", e->review.operator_id, 32);
        assay_json_set_text(object, "act", assay_review_act_name(e->review.act));
        assay_json_set_uint(object, "place", e->review.place);
        assay_json_set_hex(object, "id", e->review.digest, 32);
        assay_json_set_uint(object, "issued", e->review.issued);
        assay_json_set_uint(object, "number", e->review.number);
        assay_json_set_uint(object, "expires", e->review.expires);
        assay_json_set_bool(object, "open", assay_reviews_state(e, &v->facts) == ASSAY_REVIEW_OPEN);
        if (e->review.act != ASSAY_REVIEW_PROPOSE) set_record(v, object, e);
        assay_json_append(list, object);
    }
    return list;
}

static bool matches(const uint8_t digest[static 32], const char *id)
{
    char hex[65];
    const size_t len = strlen(id);
    assay_hex_encode(digest, 32, hex, sizeof hex);
    return len > 0 && len <= 64 && strncmp(hex, id, len) == 0;
}

/* Out: *found: of this id, or of an unambiguous beginning. Returns: how many others match. */
static uint32_t find_proposal(const struct proposal_view *v, const char *id,
                              const struct assay_review_entry **found)
{
    const struct assay_review_entry *e = NULL;
    uint32_t others = 0;
    *found = NULL;
    for (uint32_t at = 0; (e = assay_reviews_next(v->set, &v->facts, &at)) != NULL;) {
        if (!matches(e->review.digest, id)) continue;
        if (*found == NULL) *found = e;
        else others += !assay_bytes_equal((*found)->review.digest, e->review.digest, 32);
    }
    return others;
}

char *document_proposal(struct assay_runtime *runtime, const char *id)
{
    struct proposal_view v = { .runtime = runtime, .file = runtime->reviews->row };
    const struct assay_review_entry *e = NULL;
    v.set = &runtime->reviews->set;
    runtime_reviews_facts(runtime, &v.facts);
    struct assay_json *data = assay_json_object();
    assay_json_set_uint(data, "epoch", v.facts.epoch);
    assay_json_set_uint(data, "era", v.facts.era);
    assay_json_set_hex(data, "chain_id", v.facts.effective->chain_id, 32);
    assay_json_set_uint(data, "threshold", v.facts.effective->threshold);
    assay_json_set(data, "places", place_documents(&v));
    if (strcmp(id, "-") == 0) return document_finish(runtime, "assay.proposal", data);
    const uint32_t others = find_proposal(&v, id, &e);
    if (e == NULL || others > 0) {
        assay_json_free(&data);
        return document_error(runtime, "not_found",
                              e == NULL
                                  ? "no open proposal has this id: assay change inbox lists them"
                                  : "the id begins several proposals: give more of it");
    }
    assay_json_set_hex(data, "id", e->review.digest, 32);
    assay_json_set_uint(data, "sequence", e->review.sequence);
    assay_json_set_uint(data, "expires", e->review.expires);
    assay_json_set_uint(data, "activation", e->activation);
    assay_json_set_hex(data, "author_id", e->review.operator_id, 32);
    assay_json_set_text_n(data, "comment", e->review.comment.bytes, e->review.comment.len);
    assay_json_set_hex(data, "change", e->review.change.bytes, e->review.change.len);
    set_record(&v, data, e);
    return document_finish(runtime, "assay.proposal", data);
}

static const char *error_code(enum assay_status status)
{
    if (status == ASSAY_E_SIGNATURE || status == ASSAY_E_STRANGER) return "denied";
    if (status == ASSAY_E_NOT_FOUND) return "not_found";
    if (status == ASSAY_E_DUPLICATE || status == ASSAY_E_STALE || status == ASSAY_E_FULL ||
        status == ASSAY_E_EARLY)
        return "conflict";
    return assay_status_class(status) == ASSAY_CLASS_HOST ? "store" : "refused";
}

static char *submit_bytes(struct assay_runtime *runtime, struct assay_slice bytes)
{
    char message[ASSAY_CHANGE_MESSAGE];
    const enum assay_status status = runtime_review_submit(runtime, bytes, message);
    if (status != ASSAY_OK) return document_error(runtime, error_code(status), message);
    struct assay_json *data = assay_json_object();
    assay_json_set_text(data, "act", assay_review_act_name(runtime->reviews->record->review.act));
    assay_json_set_hex(data, "id", runtime->reviews->record->review.digest, 32);
    return document_finish(runtime, "assay.change.review", data);
}

char *document_submit_review(struct assay_runtime *runtime, const char *hex)
{
    return document_from_hex(runtime, hex, "review HEX: a signed statement about a change",
                             submit_bytes);
}
