/*
 * engine/node/proposal.c - own proposals as leader, and the time from which a block is wanted.
 *
 * docs/protocol.md 5.10 to 5.12: records share blocks, a block has content, and a record that cost
 * a view its block waits.
 */
#include "engine/parts/engine_internal.h"

#include "base/cbor.h"
#include "engine/evidence/pool.h"

enum {
    POISON_OPTIONAL_VIEWS = 8, /* no optional record at all */
    CADENCE_PARTS = 8, /* views for records that are deferred to later ones */
    PACE_PARTS = 32,   /* maximum of blocks for waiting records in an epoch */
};

static bool is_offered(const struct assay_pool_item *item, uint64_t view, uint64_t nullified)
{
    ASSAY_ASSERT(view > 0);

    if (item->phase != ASSAY_POOL_READY || view < item->not_before) return false;
    if (nullified >= POISON_OPTIONAL_VIEWS) return false;
    if (nullified < ASSAY_POISON_VERIFIED_VIEWS) return true;
    return !assay_record_costs(item->kind); /* nothing to verify again */
}

/* Returns: whether the record fits the branch; it is then applied. */
static bool include_record(struct assay_engine *e, const struct assay_pool_item *item,
                           unsigned *reverified)
{
    ASSAY_ASSERT(*reverified <= ASSAY_REVERIFIED_MAX && item->phase == ASSAY_POOL_READY);
    struct assay_record r;
    const struct assay_slice bytes = assay_slice_over(item->bytes, item->len);
    if (assay_record_decode(bytes, &r) != ASSAY_OK) return false;
    if (assay_branch_check_record(e, &r) != ASSAY_ANSWER_VALID) return false;
    const unsigned cost = assay_record_cost(&e->head->context, r.kind);
    if (*reverified + cost > ASSAY_REVERIFIED_MAX) return false;
    if (assay_ledger_fits(&e->head->context, &e->branch->ledger, &r) != ASSAY_OK) return false;
    assay_branch_add(e, &r);
    *reverified += cost;
    ASSAY_ASSERT(*reverified <= ASSAY_REVERIFIED_MAX);
    return true;
}

/* The leader's own ROLL: the envelopes that it has. Applied to the branch. */
static bool make_roll(struct assay_engine *e, struct assay_slice *roll)
{
    ASSAY_ASSERT(!e->branch->ledger.has_roll);
    struct assay_record r;
    const size_t len = (size_t)e->members * 34 + 32;
    uint8_t *bytes = assay_eng_alloc(e, len);
    uint8_t *digests = assay_eng_alloc(e, (size_t)e->members * 32);
    uint8_t *flags = assay_eng_alloc(e, (size_t)e->members * sizeof(bool));
    if (bytes == NULL || digests == NULL || flags == NULL) return false;
    uint8_t(*digest)[32] = (uint8_t(*)[32])digests;
    bool *present = (bool *)flags;
    for (uint32_t i = 0; i < e->members; i++) {
        present[i] = e->seats[i].payload_len > 0;
        assay_bytes_copy(digest[i], 32, e->seats[i].envelope.digest, 32);
    }
    struct assay_writer w = assay_writer_over(bytes, len);
    if (assay_record_put_roll(&w, (const uint8_t(*)[32])digest, present, e->members) != ASSAY_OK)
        return false;
    *roll = assay_slice_over(bytes, w.len);
    if (assay_record_decode(*roll, &r) != ASSAY_OK) return false;
    if (assay_branch_check_record(e, &r) != ASSAY_ANSWER_VALID) return false;
    if (assay_ledger_fits(&e->head->context, &e->branch->ledger, &r) != ASSAY_OK) return false;
    ASSAY_ASSERT(r.entry_count == e->members);
    assay_branch_add(e, &r);
    return true;
}

/* Room that the CBOR heads of a body and its records take at most. */
enum { BODY_HEAD = 9, ITEM_HEAD = 9 };

/* Count of consecutive views nullified before this one: as counted by this node, and at least those
 * between the block and its parent, which a restarted node did not see. */
static uint64_t count_nullified_before(const struct assay_engine *e, uint64_t view)
{
    struct assay_simplex_snapshot look;
    assay_simplex_snapshot(e->simplex, &look);
    ASSAY_ASSERT(view > e->branch->ledger.view);
    return assay_max_u64(look.nullified_in_a_row, view - e->branch->ledger.view - 1);
}

/* Chooses records that fit the branch, writes the body. Returns: false when it cannot be made. */
static bool make_body(struct assay_engine *e, enum assay_block_kind kind, uint64_t view,
                      struct assay_slice *body)
{
    ASSAY_ASSERT(kind != ASSAY_BLOCK_TAIL && view > e->branch->ledger.view);
    const uint64_t nullified = count_nullified_before(e, view);
    struct assay_slice roll = { 0 };
    size_t len = BODY_HEAD;
    uint64_t count = 0;
    unsigned reverified = 0;
    if (kind == ASSAY_BLOCK_ROLL) {
        if (!make_roll(e, &roll)) return false;
        len += roll.len + ITEM_HEAD;
        count++;
    }
    assay_pool_clear_choice(e->pool);
    for (uint32_t i = 0; i < e->pool->count && count < ASSAY_BLOCK_RECORDS_MAX; i++) {
        const struct assay_pool_item *item = &e->pool->items[i];
        if (!is_offered(item, view, nullified)) continue;
        if (item->len + ITEM_HEAD > e->proposal->body_len_max - len) continue;
        if (!include_record(e, item, &reverified)) continue;
        assay_pool_choose(e->pool, i, view);
        len += item->len + ITEM_HEAD;
        count++;
    }
    ASSAY_ASSERT(len <= e->proposal->body_len_max && count <= ASSAY_BLOCK_RECORDS_MAX);
    struct assay_writer w = assay_writer_over(e->proposal->body, e->proposal->body_len_max);
    assay_cbor_put_array(&w, count);
    if (roll.len > 0) assay_cbor_put_bytes(&w, roll.bytes, roll.len);
    for (uint32_t i = 0; i < e->pool->count; i++) {
        const struct assay_pool_item *item = &e->pool->items[i];
        if (item->chosen) assay_cbor_put_bytes(&w, item->bytes, item->len);
    }
    return assay_writer_finish(&w, body) == ASSAY_OK;
}

void assay_proposal_make(struct assay_engine *e, uint64_t view, const uint8_t parent[static 32])
{
    ASSAY_ASSERT(view > 0);
    struct assay_simplex_content content = { 0 };
    uint8_t id[32];
    assay_bytes_copy(id, 32, parent, 32);
    struct assay_proposal_state *o = &e->parts->proposal;
    o->wanted = false;
    if (e->chain->halted) return;
    const enum assay_answer answer = assay_branch_select(e, id);
    if (answer == ASSAY_ANSWER_PENDING) { /* retried when the verdict is available */
        o->wanted = true;
        o->view = view;
        assay_bytes_copy(o->parent, 32, id, 32);
    }
    if (answer != ASSAY_ANSWER_VALID || e->branch->ledger.closed) return;
    content.time_ms = assay_clock_proposal_time(e);
    content.kind = assay_ledger_kind(&e->branch->ledger, e->head->state.head_time_ms,
                                     assay_eng_epoch_ms(e), content.time_ms);
    ASSAY_ASSERT(content.time_ms > e->branch->ledger.time_ms);
    assay_branch_open_block(e);
    if (!make_body(e, content.kind, view, &content.body)) return;
    assay_bytes_copy(content.state_root, 32, e->head->state.root, 32);
    if (content.kind == ASSAY_BLOCK_EPOCH) {
        assay_head_compute_next(e, &e->branch->ledger, view);
        assay_bytes_copy(content.state_root, 32, e->head->next.root, 32);
    }
    assay_branch_on_block_made(e);
    ASSAY_ASSERT(content.body.len > 0 && content.body.len <= e->proposal->body_len_max);
    o->made_view = view;
    assay_simplex_propose(e->simplex, e->now_ms, view, &content, e->actions);
}

void assay_proposal_retry(struct assay_engine *e)
{
    if (e->proposal->wanted) assay_proposal_make(e, e->proposal->view, e->proposal->parent);
}

/* --- when a block is wanted */

/* Determines whether a record fits the next block (e->proposal->waits), and if not, whether one
 * fits a block of a later view (e->proposal->held_back). */
static void find_waiting_records(struct assay_engine *e, const struct assay_simplex_snapshot *look)
{
    ASSAY_ASSERT(e->branch->ledger.members == e->members);

    struct assay_record r; /* large: made once */
    struct assay_proposal_state *o = &e->parts->proposal;
    o->waits = false;
    o->held_back = false;
    for (uint32_t i = 0; i < e->pool->count && !o->waits; i++) {
        const struct assay_pool_item *item = &e->pool->items[i];
        if (item->phase != ASSAY_POOL_READY) continue;
        const bool now = is_offered(item, look->view, look->nullified_in_a_row);
        if (!now && o->held_back) continue;
        /* No ballot fits yet, or this one never will: decided without decoding. */
        const bool ballot = item->kind == ASSAY_RECORD_BALLOT;
        if (ballot && (!e->branch->ledger.has_roll || e->branch->ledger.balloted[item->slot]))
            continue;
        if (assay_record_decode(assay_slice_over(item->bytes, item->len), &r) != ASSAY_OK) continue;
        if (!assay_branch_fill_known(e, &r)) continue;
        if (assay_ledger_fits(&e->head->context, &e->branch->ledger, &r) != ASSAY_OK) continue;
        o->waits = now;
        o->held_back = o->held_back || !now;
    }
}

/* Returns: whether a waiting record fits the next block. Called after every event, so it is
 * recomputed only when pool, branch or view have changed. */
static bool has_waiting_record(struct assay_engine *e, const struct assay_simplex_snapshot *look)
{
    struct assay_proposal_state *o = &e->parts->proposal;
    const bool same = o->waits_version == e->pool->version && o->waits_view == look->view &&
                      o->waits_nullified == look->nullified_in_a_row &&
                      assay_bytes_equal(o->waits_tip, e->branch->ledger.tip_id, 32);
    if (same) return o->waits;
    o->waits_version = e->pool->version;
    o->waits_view = look->view;
    o->waits_nullified = look->nullified_in_a_row;
    assay_bytes_copy(o->waits_tip, 32, e->branch->ledger.tip_id, 32);
    const bool waited = o->waits;
    find_waiting_records(e, look);
    if (o->waits && !waited) o->waits_ms = e->now_ms;
    ASSAY_ASSERT(!o->waits || o->waits_ms <= e->now_ms);
    return o->waits;
}

/* When the next phase of the epoch is due here. After a pause of the machine the date alone would
 * close an epoch whose envelopes and ballots have still to be read or made. */
static uint64_t next_phase_due(const struct assay_engine *e)
{
    const uint64_t epoch_ms = assay_eng_epoch_ms(e);
    const uint64_t t0_ms = e->head->state.head_time_ms;
    const uint64_t phase_ms = assay_ledger_phase(&e->branch->ledger, t0_ms, epoch_ms);
    const uint64_t due = assay_clock_proposal_due(e, phase_ms);
    if (!e->epoch_state->paused) return due;
    return assay_max_u64(due, e->epoch_state->opened_ms + (phase_ms - t0_ms) - epoch_ms / 16);
}

/* Returns: the time from which a block is wanted in the present state. */
static uint64_t block_wanted_from(struct assay_engine *e)
{
    struct assay_simplex_snapshot look;
    assay_simplex_snapshot(e->simplex, &look);
    /* The newest block that counts: records on a dead branch are still waiting. */
    const struct assay_block *tip =
        e->branch->good ? assay_blocks_find_const(e->blocks, e->branch->ledger.tip_id) : NULL;
    const bool counts = tip != NULL && (tip->notarised || tip->header.view >= look.view);
    if (!counts && assay_branch_select(e, e->chain->ledger.tip_id) != ASSAY_ANSWER_VALID)
        return e->now_ms;
    if (e->branch->ledger.closed) return e->now_ms; /* E is waiting for its finality */
    const uint64_t epoch_ms = assay_eng_epoch_ms(e);
    /* Records that arrive slowly share a block: after a power failure every node must have the
     * chain of an epoch in its table (blocks_max), since no peer can serve what the table has
     * discarded. */
    if (has_waiting_record(e, &look))
        return assay_max_u64(e->now_ms, assay_max_u64(e->branch->block_ms, e->proposal->waits_ms) +
                                            epoch_ms / PACE_PARTS);
    const uint64_t due = next_phase_due(e);
    if (!e->proposal->held_back) return due; /* no block without content (docs/protocol.md 5.11) */
    const uint64_t newest_ms = assay_max_u64(e->chain->progress_ms, e->branch->block_ms);
    return assay_min_u64(due, newest_ms + epoch_ms / CADENCE_PARTS);
}

/* A demand that has begun is fixed for its view: time-outs are measured from it. It ends with
 * finality: its record may have become final. */
uint64_t assay_proposal_demand(struct assay_engine *e)
{
    struct assay_proposal_state *o = &e->parts->proposal;
    struct assay_simplex_snapshot look;
    const uint64_t wanted = block_wanted_from(e);
    assay_simplex_snapshot(e->simplex, &look);
    const bool same = o->demand_view == look.view && o->demand_final == look.final_view;
    if (same && o->demand_ms <= e->now_ms) return o->demand_ms;
    o->demand_view = look.view;
    o->demand_final = look.final_view;
    o->demand_ms = wanted;
    return wanted;
}

void assay_proposal_on_epoch(struct assay_engine *e)
{
    struct assay_proposal_state *o = &e->parts->proposal;
    o->wanted = false;
    o->waits_ms = 0;
    o->demand_ms = o->demand_view = o->demand_final = 0;
    o->humble = false;
    o->made_view = 0;
}

void assay_proposal_on_nullified(struct assay_engine *e, uint64_t view)
{
    struct assay_proposal_state *o = &e->parts->proposal;
    if (view > 0 && view == o->made_view) o->humble = true;
}
