/*
 * engine/consensus/simplex_view.c - the running view: entering, N, F, X, time-outs.
 *
 * docs/protocol.md 5.4 to 5.11. assay_sx_advance is level-triggered: it does what the rules allow
 * in the present state, however often it is called.
 */
#include "engine/consensus/simplex_internal.h"

static const uint8_t no_block[32] = { 0 };

/* --- time */

uint64_t assay_sx_backed_off(const struct assay_simplex *s, uint64_t ms)
{
    ASSAY_ASSERT(ms > 0 && ms <= 4 * SX_DELTA_MS_MAX);
    for (uint64_t i = 0; i < s->nullified_since_final && ms < SX_TIMEOUT_MS_MAX; i++)
        ms += ms / 2;
    return ms < SX_TIMEOUT_MS_MAX ? ms : SX_TIMEOUT_MS_MAX;
}

static uint64_t min_time(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t max_time(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* A base that is not final yet is waited for one delta, whatever the demand: its F votes are in
 * flight, and demand is set again when it is final; an immediate proposal would add an empty block
 * after every block. */
uint64_t assay_sx_demand_since(const struct assay_simplex *s)
{
    if (s->notarised_view > s->final_view) return s->entered_ms + s->delta_ms;
    if (s->demand_at_ms == UINT64_MAX) return UINT64_MAX;
    return max_time(s->entered_ms, s->demand_at_ms);
}

/* From when on a proposal is due. */
static uint64_t wanted_since(const struct assay_simplex *s)
{
    const uint64_t from = assay_sx_demand_since(s);
    if (from == UINT64_MAX) return from;
    /* docs/protocol.md 5.9: whatever makes all views fail, they do not burn at the speed of links.
     * */
    if (s->nullified_in_a_row < SX_BACK_OFF_VIEWS) return from;
    return max_time(from, s->entered_ms + assay_sx_backed_off(s, s->delta_ms));
}

uint64_t assay_sx_active_since(const struct assay_simplex *s)
{
    uint64_t at = wanted_since(s);
    const struct sx_view *v = assay_sx_find_view(s, s->view);
    if (v != NULL && v->has_proposal) at = min_time(at, max_time(s->entered_ms, v->proposal_ms));
    return at;
}

/* Returns: whether a leader was inactive in the last r views. Only while leaders of more than 2W/3
 * are active, and never for the own slot (docs/protocol.md 5.10). */
static bool is_silent(const struct assay_simplex *s, uint16_t slot)
{
    ASSAY_ASSERT(slot < s->config.voters_max);
    const uint64_t now = s->ordinal_base + s->view;
    return slot != s->config.self && s->active_at[slot] + SX_SILENT_VIEWS < now;
}

static bool has_no_time(const struct assay_simplex *s, const struct sx_view *v)
{
    ASSAY_ASSERT(v->leader < s->voters->count);

    uint64_t awake = 0;
    if (!v->has_leader || !is_silent(s, v->leader)) return false;
    for (uint32_t seat = 0; seat < s->seat_count; seat++)
        if (!is_silent(s, s->slot_of[seat])) awake += s->voters->weight[s->slot_of[seat]];
    return assay_quorum(awake, s->voters->total_weight);
}

/* When X(view) is due if nothing else happens; UINT64_MAX: never. */
static uint64_t timeout_at(const struct assay_simplex *s, const struct sx_view *v)
{
    ASSAY_ASSERT(assay_sx_view_is_valid(s, v));

    const uint64_t since = assay_sx_active_since(s);
    if (since == UINT64_MAX || v->cast[ASSAY_VOTE_NULLIFY] || v->cast[ASSAY_VOTE_FINALISE])
        return UINT64_MAX;
    if (v->view <= s->resume.forgotten) return UINT64_MAX; /* docs/protocol.md 5.29 */
    if (v->has_proposal) return since + assay_sx_backed_off(s, 3 * s->delta_ms);
    return has_no_time(s, v) ? since : since + assay_sx_backed_off(s, 2 * s->delta_ms);
}

uint64_t assay_sx_timeout_at(const struct assay_simplex *s)
{
    const struct sx_view *v = assay_sx_find_view(s, s->view);
    return v != NULL && !s->done ? timeout_at(s, v) : UINT64_MAX;
}

uint64_t assay_sx_view_wake(const struct assay_simplex *s)
{
    const struct sx_view *v = assay_sx_find_view(s, s->view);
    const uint64_t since = assay_sx_active_since(s);
    uint64_t at = UINT64_MAX;
    if (v == NULL || s->done) return at;
    if (assay_sx_can_vote(s)) {
        at = min_time(timeout_at(s, v), assay_sx_leader_due(s));
        const uint64_t propose_at = wanted_since(s);
        /* In the past it waits for something else: a body, a certificate. */
        if (v->leader == s->config.self && !v->asked && propose_at > s->now_ms)
            at = min_time(at, propose_at);
    }
    if (since != UINT64_MAX) {
        const uint64_t from = max_time(max_time(s->progress_ms, s->standstill_ms), since);
        at = min_time(at, from + assay_sx_backed_off(s, 4 * s->delta_ms));
    }
    return at;
}

/* --- entering */

void assay_sx_enter_view(struct assay_simplex *s, uint64_t view)
{
    ASSAY_ASSERT(view > s->final_view);

    s->view = view;
    assay_sx_turn_page(s);
    s->entered_ms = s->now_ms;
    s->progress_ms = s->now_ms;
    /* Computed in advance, so that a proposal of a later view is placed without a change. */
    uint64_t ahead = view + SX_VIEWS_AHEAD;
    while (!assay_sx_in_window(s, ahead))
        ahead--;
    assay_sx_compute_leaders(s, ahead);
    const struct sx_view *const entered = assay_sx_open_view(s, view);
    ASSAY_ASSERT(entered->has_leader);
    ASSAY_ASSERT(assay_sx_is_valid(s));
}

/* docs/protocol.md 5.27: one certificate nullifies the running view and all that follow in its
 * range. */
static void leave_range(struct assay_simplex *s, uint32_t covering,
                        struct assay_simplex_actions *out)
{
    const uint64_t next = assay_sx_view_after(s, covering);
    ASSAY_ASSERT(next > s->view);
    const uint64_t skipped = next - s->view;
    s->nullified_since_final += skipped;
    s->nullified_in_a_row += skipped;
    assay_sx_note(s, ASSAY_NOTE_VIEW_NULLIFIED, ASSAY_SLOT_ALL, next - 1, 0, out);
    assay_sx_enter_view(s, next);
}

bool assay_sx_leave_view(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(s->begun && !s->done);

    if (s->range_added) assay_sx_close_pages(s); /* room for the next view */
    s->range_added = false;
    if (s->view <= s->final_view) {
        assay_sx_enter_view(s, s->final_view + 1);
        return true;
    }
    const uint32_t covering = assay_sx_find_range_certificate(s, s->view);
    if (covering != SX_NONE) {
        leave_range(s, covering, out);
        return true;
    }
    struct sx_view *v = assay_sx_open_view(s, s->view);
    ASSAY_ASSERT(assay_sx_view_is_valid(s, v));
    const bool notarised = v->certificate[ASSAY_VOTE_NOTARISE] != SX_NONE;
    const bool nullified = v->certificate[ASSAY_VOTE_NULLIFY] != SX_NONE;
    if (!notarised && !nullified) return false;
    if (!assay_sx_can_enter(s, s->view + 1)) return false; /* waits for finality, or a range */
    /* A view that was notarised after we gave it up counts too: with time-outs a little too short
     * every view would be notarised and none ever final. */
    if (!notarised || v->cast[ASSAY_VOTE_NULLIFY]) s->nullified_since_final++;
    if (notarised) {
        assay_sx_try_finalise(s, v, out);
        s->nullified_in_a_row = 0;
    } else {
        s->nullified_in_a_row++;
        assay_sx_note(s, ASSAY_NOTE_VIEW_NULLIFIED, ASSAY_SLOT_ALL, s->view, 0, out);
    }
    assay_sx_enter_view(s, s->view + 1);
    ASSAY_ASSERT(s->view > s->final_view);
    return true;
}

/* --- votes */

void assay_sx_try_finalise(struct assay_simplex *s, struct sx_view *v,
                           struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(assay_sx_view_is_valid(s, v));

    if (!assay_sx_can_vote(s) || v->view <= s->final_view || v->view <= s->resume.floor) return;
    if (v->view <= s->x_through) return; /* docs/protocol.md 5.27 */
    if (v->certificate[ASSAY_VOTE_NOTARISE] == SX_NONE) return;
    if (!v->cast[ASSAY_VOTE_NOTARISE] || v->cast[ASSAY_VOTE_NULLIFY]) return;
    if (v->cast[ASSAY_VOTE_FINALISE]) return;
    const struct sx_certificate *held = &s->certificates[v->certificate[ASSAY_VOTE_NOTARISE]];
    ASSAY_ASSERT(held->used && held->statement.view == v->view);
    if (!assay_bytes_equal(held->statement.block_id, v->cast_id[ASSAY_VOTE_NOTARISE], 32)) return;
    /* A false return is tried again (catch_up_votes). */
    if (!assay_sx_cast_vote(s, v, ASSAY_VOTE_FINALISE, held->statement.block_id, out))
        ASSAY_ASSERT(s->starved);
}

/* N, X for an invalid one, or CHECK. */
static void consider_proposal(struct assay_simplex *s, struct sx_view *v,
                              struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(v->view <= s->view && assay_sx_view_is_valid(s, v));

    if (!v->has_proposal || v->proposal_bad) return;
    if (v->cast[ASSAY_VOTE_NOTARISE] || v->cast[ASSAY_VOTE_NULLIFY]) return;
    struct assay_block *block = assay_blocks_find(s->config.blocks, v->proposal_id);
    if (block == NULL) return; /* pulled */
    ASSAY_ASSERT(block->header.view == v->view);
    ASSAY_ASSERT(!block->checked_valid || !block->checked_invalid);
    const enum sx_validity judgement = assay_sx_check_proposal(s, block);
    if (judgement == SX_BAD || block->checked_invalid) v->proposal_bad = true;
    if (judgement != SX_READY || v->proposal_bad) return;
    if (!assay_sx_can_vote(s) || v->view <= s->resume.floor || v->view <= s->x_through) return;
    if (block->header.kind == ASSAY_BLOCK_TAIL)
        block->checked_valid = true; /* checked completely */
    if (block->checked_valid) {
        /* Without room the next step tries again: nothing was marked. */
        if (!assay_sx_cast_vote(s, v, ASSAY_VOTE_NOTARISE, block->id, out))
            ASSAY_ASSERT(s->starved);
        return;
    }
    if (block->check_asked) return;
    if (!assay_sx_has_room(s, out, 1, 0)) {
        s->starved = true;
        return;
    }
    block->check_asked = true;
    struct assay_simplex_action *action = assay_sx_add_action(out, ASSAY_SIMPLEX_CHECK);
    action->view = v->view;
    assay_bytes_copy(action->id, 32, block->id, 32);
}

/* Views left through a notarisation that others made first: our N and F may still be needed for
 * finality, and a voter without messages counts as silent. Also F after a step that had no room. */
static void catch_up_votes(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(s->view > s->final_view);

    uint64_t view = s->view > SX_VIEWS_AHEAD ? s->view - SX_VIEWS_AHEAD : 1;
    if (view <= s->final_view) view = s->final_view + 1;
    for (; view < s->view; view++) {
        struct sx_view *v = assay_sx_find_view(s, view);
        if (v == NULL || v->certificate[ASSAY_VOTE_NOTARISE] == SX_NONE) continue;
        const struct sx_certificate *held = &s->certificates[v->certificate[ASSAY_VOTE_NOTARISE]];
        ASSAY_ASSERT(held->used && held->statement.type == ASSAY_VOTE_NOTARISE);
        if (v->has_proposal && assay_bytes_equal(held->statement.block_id, v->proposal_id, 32))
            consider_proposal(s, v, out);
        assay_sx_try_finalise(s, v, out);
    }
}

static bool has_leader_nullified(const struct assay_simplex *s, const struct sx_view *v)
{
    ASSAY_ASSERT(v->has_leader && v->leader < s->config.voters_max);
    const uint16_t seat = s->seat_of[v->leader];
    return seat != UINT16_MAX && v->received[seat].verified[ASSAY_VOTE_NULLIFY];
}

/* X: time-out, invalid proposal, G of X, the leader's own X; never after F. */
static void consider_nullifying(struct assay_simplex *s, struct sx_view *v,
                                struct assay_simplex_actions *out)
{
    if (!assay_sx_can_vote(s) || v->view <= s->resume.forgotten) return;
    if (v->cast[ASSAY_VOTE_NULLIFY] || v->cast[ASSAY_VOTE_FINALISE]) return;
    const uint64_t weight = assay_sx_weight(s, v, ASSAY_VOTE_NULLIFY, no_block);
    ASSAY_ASSERT(weight <= s->voters->total_weight);
    const bool due = s->now_ms >= timeout_at(s, v);
    if (!due && !v->proposal_bad && !assay_third(weight, s->voters->total_weight) &&
        !has_leader_nullified(s, v))
        return;
    if (!assay_sx_cast_vote(s, v, ASSAY_VOTE_NULLIFY, no_block, out)) ASSAY_ASSERT(s->starved);
}

void assay_sx_advance(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(assay_sx_is_valid(s));
    ASSAY_ASSERT(s->begun);

    s->starved = false;
    do {
        assay_sx_report_final(s, out);
        if (s->done) break;
    } while (assay_sx_leave_view(s, out));
    if (!s->done) {
        struct sx_view *v = assay_sx_open_view(s, s->view);
        ASSAY_ASSERT(v->view > s->final_view);
        catch_up_votes(s, out);
        consider_proposal(s, v, out);
        consider_nullifying(s, v, out);
        assay_sx_consider_ranges(s, out);
        if (assay_sx_can_vote(s) && s->now_ms >= wanted_since(s) && v->view > s->resume.floor)
            assay_sx_consider_proposing(s, v, out);
    }
    /* Also those that no vote relies on yet: a restart then knows its progress. */
    if (s->running && !assay_sx_persist_certificates(s, out)) ASSAY_ASSERT(s->starved);
    if (s->running) assay_sx_request_missing(s, out);
    ASSAY_ASSERT(assay_sx_is_valid(s));
}
