/*
 * net/http/explain.c - document `explain`: applied rules, votes and score arithmetic of a member.
 */
#include "net/http/answer_internal.h"

#include "engine/ledger/records/finding.h"
#include "scoring/tally.h"

#include <inttypes.h>
#include <stdio.h>

enum { MOVES_MAX = 64 };

/* ------------------------------------------------------------ the last tally */

static void append_step(struct assay_json *list, const char *text)
{
    assay_json_append_text(list, text);
}

/* docs/protocol.md 7.2 to 7.4, with this epoch's numbers. */
static struct assay_json *steps_document(const struct assay_http_epoch *epoch,
                                         const struct assay_http_row *row)
{
    ASSAY_ASSERT(epoch != NULL && row != NULL);
    const struct assay_history_row *r = &row->row;
    char text[200];
    struct assay_json *list = assay_json_array();
    (void)snprintf(text, sizeof text,
                   "W = %" PRIu64 ": weight of all members except the node and its platform",
                   r->electorate_bp);
    append_step(list, text);
    (void)snprintf(text, sizeof text,
                   "P = %" PRIu64 " voted PASS; N = %" PRIu64
                   " voted absent, or FAIL that is proven; U = %" PRIu64 " could not appraise",
                   r->positive_bp, r->negative_bp, r->unjudged_bp);
    append_step(list, text);
    (void)snprintf(text, sizeof text,
                   "missing votes may be either: between %" PRIu32 ".%02" PRIu32 " %% and %" PRIu32
                   ".%02" PRIu32 " %%",
                   r->lo_bp / 100, r->lo_bp % 100, r->hi_bp / 100, r->hi_bp % 100);
    append_step(list, text);
    (void)snprintf(text, sizeof text, "availability: %s: %" PRIu32 ".%02" PRIu32 " %%",
                   assay_document_availability_text(r->availability_rule), r->availability_bp / 100,
                   r->availability_bp % 100);
    append_step(list, text);
    (void)snprintf(text, sizeof text, "integrity: %s: %" PRIu32 ".%02" PRIu32 " %%",
                   assay_document_integrity_text(r->reason), r->integrity_bp / 100,
                   r->integrity_bp % 100);
    append_step(list, text);
    (void)snprintf(text, sizeof text,
                   "score = the smaller one = %" PRIu32 ".%02" PRIu32 " %%: %s%s",
                   r->score_bp / 100, r->score_bp % 100, assay_document_standing(r->standing),
                   epoch->certified ? "" : "; the epoch was not certified: nothing moved");
    append_step(list, text);
    return list;
}

static struct assay_json *tally_votes(const struct assay_http_epoch *epoch, uint32_t slot)
{
    ASSAY_ASSERT(slot < epoch->count);
    const struct assay_http_row *row = &epoch->rows[slot];
    struct assay_json *object = assay_json_object();
    assay_json_set_uint(object, "epoch", epoch->epoch);
    assay_json_set_bool(object, "certified", epoch->certified);
    http_put_tally(object, &row->row);
    assay_json_set(object, "steps", steps_document(epoch, row));
    return object;
}

static struct assay_json *votes_document(const struct assay_http_snapshot *view,
                                         const struct assay_http_epoch *epoch, uint32_t slot)
{
    ASSAY_ASSERT(epoch == NULL || slot < epoch->count);
    struct assay_json *list = assay_json_array();
    const uint32_t count = epoch != NULL ? epoch->count : 0;
    for (uint32_t v = 0; v < count; v++) {
        const struct assay_http_row *row = &epoch->rows[v];
        struct assay_json *object = assay_json_object();
        assay_json_set_uint(object, "slot", v);
        assay_json_set_text(object, "name", row->name);
        if (row->has_voter_weight) assay_json_set_uint(object, "weight", row->voter_weight);
        else assay_json_set_null(object, "weight");
        assay_json_set_text_n(object, "outcome", epoch->outcomes + (size_t)v * count + slot, 1);
        assay_json_set_bool(object, "proven_false", http_is_lie(view, epoch->epoch, v, slot));
        assay_json_append(list, object);
    }
    return list;
}

/* ------------------------------------------------------------ what moved it */

/* A roster may have changed: a member is looked up by its id. */
static const struct assay_http_row *find_row(const struct assay_http_epoch *epoch, uint32_t slot,
                                             const uint8_t node_id[static 32])
{
    ASSAY_ASSERT(epoch->count == 0 || epoch->rows != NULL);
    if (slot < epoch->count && assay_bytes_equal(epoch->rows[slot].node_id, node_id, 32))
        return &epoch->rows[slot];
    for (uint32_t i = 0; i < epoch->count; i++)
        if (assay_bytes_equal(epoch->rows[i].node_id, node_id, 32)) return &epoch->rows[i];
    return NULL;
}

/* docs/protocol.md 9.6.2: no rule of the tally lowers availability without being a fall. */
static bool is_drain(const struct assay_history_row *from, const struct assay_history_row *to)
{
    ASSAY_ASSERT(from != to);
    return to->availability_bp == 0 && from->availability_bp > 0 &&
           !assay_document_availability_drop(to->availability_rule);
}

static struct assay_json *move_document(const struct assay_snapshot *s, uint64_t epoch,
                                        const struct assay_history_row *from,
                                        const struct assay_history_row *to)
{
    ASSAY_ASSERT(from != to);
    struct assay_json *object = assay_json_object();
    assay_json_set_uint(object, "epoch", epoch);
    assay_document_set_time(object, "at_unix_ms", assay_document_epoch_time(s, epoch));
    assay_json_set_uint(object, "score_from_bp", from->score_bp);
    assay_json_set_uint(object, "score_to_bp", to->score_bp);
    assay_json_set_uint(object, "integrity_from_bp", from->integrity_bp);
    assay_json_set_uint(object, "integrity_to_bp", to->integrity_bp);
    assay_json_set_uint(object, "availability_from_bp", from->availability_bp);
    assay_json_set_uint(object, "availability_to_bp", to->availability_bp);
    assay_json_set_text(object, "standing_from", assay_document_standing(from->standing));
    assay_json_set_text(object, "standing_to", assay_document_standing(to->standing));
    assay_json_set_text(object, "integrity_rule", assay_document_integrity_code(to->reason));
    assay_json_set_text(object, "integrity_text", assay_document_integrity_text(to->reason));
    assay_json_set_text(object, "availability_rule",
                        assay_document_availability_code(to->availability_rule));
    assay_json_set_text(object, "availability_text",
                        is_drain(from, to)
                            ? "zero: drained by the operators"
                            : assay_document_availability_text(to->availability_rule));
    return object;
}

static bool has_moved(const struct assay_history_row *from, const struct assay_history_row *to)
{
    ASSAY_ASSERT(from != to);
    return from->score_bp != to->score_bp || from->integrity_bp != to->integrity_bp ||
           from->availability_bp != to->availability_bp || from->standing != to->standing;
}

static struct assay_json *moves_document(const struct assay_http_snapshot *view, uint32_t slot)
{
    ASSAY_ASSERT(slot < view->snapshot.member_count && view->epoch_count <= ASSAY_HTTP_EPOCHS);
    struct assay_json *list = assay_json_array();
    const uint8_t *node_id = view->snapshot.members[slot].ledger.node_id;
    uint32_t shown = 0;
    for (uint32_t i = view->epoch_count; i > 1 && shown < MOVES_MAX; i--) {
        const struct assay_http_row *to = find_row(view->epochs[i - 1], slot, node_id);
        const struct assay_http_row *from = find_row(view->epochs[i - 2], slot, node_id);
        if (to == NULL || from == NULL || !has_moved(&from->row, &to->row)) continue;
        assay_json_append(
            list, move_document(&view->snapshot, view->epochs[i - 1]->epoch, &from->row, &to->row));
        shown++;
    }
    return list;
}

/* ------------------------------------------------------------ what to do */

static const char *integrity_advice(uint64_t rule)
{
    switch (rule) {
    case ASSAY_INTEGRITY_CEILING:
        return "update the platform: its TCB level is what holds integrity down";
    case ASSAY_INTEGRITY_FALSE_FAIL:
    case ASSAY_INTEGRITY_FALSE_FAIL_AGAIN:
    case ASSAY_INTEGRITY_FALSE_PASS:
        return "compare its policy, collateral and verifier with the others': its votes do not "
               "hold when the evidence is verified again";
    case ASSAY_INTEGRITY_FAIL_SOFT:
    case ASSAY_INTEGRITY_FAIL_HARD:
        return "check the program and the platform that it runs: its evidence fails; an accepted "
               "build under a new incarnation restores it";
    case ASSAY_INTEGRITY_EQUIVOCATION:
        return "find out who else has its keys, or which old store it was started with";
    case ASSAY_INTEGRITY_HELD_UNLISTED:
        return "wait until its new incarnation is listed; if it never is, read its log";
    default: return NULL;
    }
}

/* Of evidence that is not the member's own, whatever runs there. Returns: NULL: it is none. */
static const char *roster_advice(const struct assay_member_snapshot *m)
{
    static const char *const rules[] = { ASSAY_FINDING_PLATFORM ":", ASSAY_FINDING_ROOT ":",
                                         ASSAY_FINDING_KIND ":" };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (assay_outcome_is_fail(m->own_outcome) &&
            strncmp(m->last_reason, rules[i], strlen(rules[i])) == 0)
            return "restore the platform that it has in the network: its machine, and in "
                   "its section evidence its own credential (assayd --check-config there names "
                   "both); a node that moves to another platform leaves and joins again";
    return NULL;
}

static bool is_evidence_rule(uint64_t rule)
{
    return rule == ASSAY_INTEGRITY_CEILING || rule == ASSAY_INTEGRITY_FAIL_SOFT ||
           rule == ASSAY_INTEGRITY_FAIL_HARD;
}

/* Of evidence that failed, or whose level was too low, and passes now: the fall is history.
 * Returns: NULL: it still fails, or has not been appraised since. */
static const char *recovery_advice(const struct assay_snapshot_member *m)
{
    const struct assay_member_snapshot *l = &m->ledger;
    if (!is_evidence_rule(l->fall.integrity.rule) || assay_outcome_is_fail(l->own_outcome))
        return NULL;
    /* docs/protocol.md 7.6: no rise before a new incarnation is listed. */
    if (l->change_reason == ASSAY_INTEGRITY_HELD_UNLISTED)
        return integrity_advice(ASSAY_INTEGRITY_HELD_UNLISTED);
    if (l->own_outcome == ASSAY_OUTCOME_PASS_OUT_OF_DATE) /* 7.7: the level has a ceiling */
        return integrity_advice(ASSAY_INTEGRITY_CEILING);
    if (assay_outcome_is_pass(l->own_outcome) || l->last_success_epoch > l->fall.integrity.epoch)
        return "its evidence has passed since: integrity rises by itself in every epoch in which "
               "it attests and ballots";
    return NULL;
}

static const char *fall_advice(const struct assay_snapshot_member *m)
{
    const char *text = roster_advice(&m->ledger);
    const struct assay_fall_step *const fall = &m->ledger.fall.integrity;
    if (text == NULL && fall->epoch != 0) text = recovery_advice(m);
    if (text != NULL) return text;
    return integrity_advice(fall->epoch != 0 ? fall->rule : m->ledger.change_reason);
}

/* Of members that the operators took out of service: nothing that runs there changes that. */
static const char *stage_advice(const struct assay_snapshot_member *m)
{
    switch (m->ledger.stage) {
    case ASSAY_STAGE_MEMBER: return NULL;
    case ASSAY_STAGE_RESTING:
        return m->present ? "the operators drained it: they undrain it when it may serve again "
                            "(assay change draft --undrain NODE)"
                          : "the operators drained it: start it, then undrain it (assay change "
                            "draft --undrain NODE)";
    case ASSAY_STAGE_LEFT:
        return "it left the network: it can only join again (assay change draft --join)";
    }
    return NULL;
}

static void append_shared_device(const struct assay_snapshot *s,
                                 const struct assay_snapshot_member *m, struct assay_json *list)
{
    char text[ASSAY_DOCUMENT_SHARED_DEVICE];
    if (m->shared_device.last_epoch == 0) return;
    assay_json_append_text(list, assay_document_shared_device(s, &m->shared_device, text));
}

static struct assay_json *choose_advice(const struct assay_snapshot *s, uint32_t slot)
{
    ASSAY_ASSERT(slot < s->member_count);
    const struct assay_snapshot_member *const m = &s->members[slot];
    struct assay_json *list = assay_json_array();
    append_shared_device(s, m, list);
    const struct assay_trust_state *trust = &m->ledger.trust;
    const char *const stage = stage_advice(m);
    const char *const fall =
        trust->integrity_bp < ASSAY_SCORE_BP_MAX && m->ledger.stage != ASSAY_STAGE_LEFT
            ? fall_advice(m)
            : NULL;
    if (stage != NULL) assay_json_append_text(list, stage);
    if (fall != NULL) assay_json_append_text(list, fall);
    if (stage != NULL) return list;
    if (!m->present)
        assay_json_append_text(list, "it is not reachable: start it, or check its network");
    else if (trust->availability_bp < trust->integrity_bp)
        assay_json_append_text(list,
                               "availability rises by itself while its evidence arrives in time");
    return list;
}

/* ------------------------------------------------------------ the document */

void http_explain(struct http_asking *asking)
{
    ASSAY_ASSERT(asking->word != NULL);
    const struct assay_http_snapshot *view = asking->view;
    const struct assay_snapshot *s = &view->snapshot;
    char sentence[ASSAY_DOCUMENT_SENTENCE];
    uint16_t slot = 0;
    if (!assay_document_slot(s, asking->word, &slot)) {
        http_problem(asking, HTTP_NOT_FOUND, "no member has that name, slot or node_id", NULL);
        return;
    }
    if (http_same_view(asking)) return;
    const struct assay_snapshot_member *m = &s->members[slot];
    ASSAY_ASSERT(slot < s->member_count);
    const struct assay_http_epoch *epoch = http_newest(view);
    const uint16_t integrity = m->ledger.trust.integrity_bp;
    const uint16_t availability = m->ledger.trust.availability_bp;
    /* A member that joined at the last boundary was not in that epoch. */
    if (epoch != NULL && (slot >= epoch->count ||
                          !assay_bytes_equal(epoch->rows[slot].node_id, m->ledger.node_id, 32)))
        epoch = NULL;
    struct assay_json *data = assay_json_object();
    assay_document_set_epoch(data, s);
    assay_json_set_text(data, "sentence", assay_document_member_sentence(s, slot, sentence));
    assay_json_set(data, "node", assay_document_member(s, slot, true));
    assay_json_set_text(data, "decides",
                        integrity == availability  ? "both"
                        : integrity < availability ? "integrity"
                                                   : "availability");
    if (epoch != NULL) assay_json_set(data, "tally", tally_votes(epoch, slot));
    else assay_json_set_null(data, "tally");
    assay_json_set(data, "votes", votes_document(view, epoch, slot));
    assay_json_set(data, "moves", moves_document(view, slot));
    assay_json_set(data, "advice", choose_advice(s, slot));
    http_document(asking, "assay.explain", data);
}
