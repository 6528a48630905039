/*
 * engine/branch.c - which blocks are valid, and what to propose (docs/protocol.md 4, 5).
 *
 * A block is judged on the ledger of its own branch: the final ledger, then every block between.
 * Evidence in a block is verified by every voter before it votes: until the verdict is there the
 * answer is pending, and the same question is asked again when it comes.
 */
#include "engine/engine_internal.h"

#include "base/cbor.h"

enum {
    POISON_VERIFIED_VIEWS = 4, /* nullified in a row: no record that must be re-verified */
    POISON_OPTIONAL_VIEWS = 8, /* no optional record at all */
    WAIT_VIEWS = 16,
    CADENCE_PARTS = 8, /* views for records that wait for later ones */
    PACE_PARTS = 32, /* blocks for waiting records: at most so many an epoch */
    WAIT_VIEWS_MAX = 1 << 20,
};

/* All are taken: one whose answer a host has lost gives way. Returns: NULL when none is so old. */
static struct assay_verifying *overdue(struct assay_engine *e)
{
    struct assay_verifying *oldest = &e->verifying[0];
    for (uint32_t i = 1; i < ASSAY_VERIFYING_MAX; i++)
        if (e->verifying[i].asked_ms < oldest->asked_ms) oldest = &e->verifying[i];
    return e->now_ms < oldest->asked_ms + assay_eng_epoch_ms(e) ? NULL : oldest;
}

const struct assay_finding *assay_branch_finding(struct assay_engine *e,
                                                 const struct assay_ask *ask)
{
    const struct assay_finding *finding =
        assay_findings_get(&e->findings, ask->digest, ask->at_unix_s, ask->kind);
    if (finding != NULL) return finding;
    struct assay_verifying *slot = NULL;
    for (uint32_t i = 0; i < ASSAY_VERIFYING_MAX; i++) {
        struct assay_verifying *v = &e->verifying[i];
        if (!v->used) {
            if (slot == NULL) slot = v;
            continue;
        }
        if (v->at_unix_s != ask->at_unix_s || v->kind != ask->kind) continue;
        if (!assay_bytes_equal(v->digest, ask->digest, 32)) continue;
        /* A host may lose a request; it is asked again, but not in a hurry. */
        if (e->now_ms < v->asked_ms + assay_eng_epoch_ms(e)) return NULL;
        slot = v;
        break;
    }
    if (slot == NULL) slot = overdue(e);
    if (slot == NULL) return NULL; /* asked when one is free */
    struct assay_effect *effect = assay_eng_effect(e, ASSAY_EFFECT_VERIFY);
    const struct assay_slice bytes = assay_eng_keep(e, ask->bytes);
    if (effect == NULL || bytes.len == 0) {
        if (effect != NULL) e->effects->count--;
        return NULL;
    }
    *slot = (struct assay_verifying){
        .used = true, .at_unix_s = ask->at_unix_s, .kind = ask->kind, .asked_ms = e->now_ms
    };
    assay_bytes_copy(slot->digest, 32, ask->digest, 32);
    assay_bytes_copy(effect->as.verify.digest, 32, ask->digest, 32);
    effect->as.verify.bytes = bytes;
    effect->as.verify.epoch = ask->epoch;
    effect->as.verify.at_unix_s = ask->at_unix_s;
    effect->as.verify.evidence_kind = ask->kind;
    return NULL;
}

/* What the pool has checked byte for byte need not be checked again. Returns: whether it did. */
static bool known_good(struct assay_engine *e, struct assay_record *r)
{
    const struct assay_pool_item *item = assay_pool_find(&e->pool, r->key);
    if (item == NULL || item->phase == ASSAY_POOL_FREE || item->phase == ASSAY_POOL_ASKED)
        return false;
    if (item->len != r->bytes.len || !assay_bytes_equal(item->bytes, r->bytes.bytes, item->len))
        return false;
    r->epoch = item->epoch;
    r->slot = item->slot;
    r->subject = item->subject;
    r->incarnation = item->incarnation;
    r->outcome = item->outcome;
    r->falsehood = item->falsehood;
    return true;
}

/* With the verdict on the evidence in it, if it has any. */
static enum assay_answer judge(struct assay_engine *e, struct assay_record *r)
{
    struct assay_ask ask;
    if (!assay_record_ask(&e->context, r, &ask)) return ASSAY_ANSWER_VALID;
    const struct assay_finding *finding = assay_branch_finding(e, &ask);
    if (finding == NULL) return ASSAY_ANSWER_PENDING;
    return assay_record_judge(&e->context, finding, r) == ASSAY_OK ? ASSAY_ANSWER_VALID
                                                                   : ASSAY_ANSWER_INVALID;
}

/* Check and judge one record, whatever the branch. */
static enum assay_answer vet(struct assay_engine *e, struct assay_record *r)
{
    if (known_good(e, r)) return ASSAY_ANSWER_VALID;
    if (assay_record_check(&e->context, r) != ASSAY_OK) return ASSAY_ANSWER_INVALID;
    return judge(e, r);
}

/* What the block has no place for is not verified: its leader could ask for 64 verifications of one
 * member's evidence otherwise. A record whose verdict is awaited takes its place as if it were
 * good; the ledger is of no use afterwards anyway (PENDING). */
static enum assay_answer place(struct assay_engine *e, struct assay_ledger *ledger,
                               struct assay_record *r)
{
    enum assay_answer answer = ASSAY_ANSWER_VALID;
    const bool known = known_good(e, r);
    if (!known && assay_record_check(&e->context, r) != ASSAY_OK) return ASSAY_ANSWER_INVALID;
    if (assay_ledger_fits(&e->context, ledger, r) != ASSAY_OK) return ASSAY_ANSWER_INVALID;
    if (!known) answer = judge(e, r);
    if (answer == ASSAY_ANSWER_INVALID) return answer;
    if (answer == ASSAY_ANSWER_PENDING) {
        r->outcome = ASSAY_OUTCOME_FAIL_HARD;
        r->falsehood = ASSAY_FALSE_FAIL;
    }
    assay_ledger_apply(&e->context, ledger, r);
    return answer;
}

/* A ROLL stands first in ROLL blocks and nowhere else. */
static bool roll_in_place(enum assay_block_kind block, uint64_t index, enum assay_record_kind kind)
{
    return (kind == ASSAY_RECORD_ROLL) == (block == ASSAY_BLOCK_ROLL && index == 0);
}

enum assay_answer assay_branch_absorb(struct assay_engine *e, struct assay_ledger *ledger,
                                      const struct assay_block_header *header,
                                      const uint8_t id[static 32], struct assay_slice body)
{
    struct assay_cursor c;
    uint64_t count = 0;
    unsigned reverified = 0;
    bool pending = false;
    if (ledger->closed || header->height != ledger->height + 1) return ASSAY_ANSWER_INVALID;
    if (assay_body_open(body, &c, &count) != ASSAY_OK) return ASSAY_ANSWER_INVALID;
    if (header->kind == ASSAY_BLOCK_ROLL && count == 0) return ASSAY_ANSWER_INVALID;
    for (uint64_t i = 0; i < count; i++) {
        struct assay_slice bytes;
        struct assay_record r;
        struct assay_ask ask;
        if (assay_body_next(&c, &bytes) != ASSAY_OK) return ASSAY_ANSWER_INVALID;
        if (assay_record_decode(bytes, &r) != ASSAY_OK) return ASSAY_ANSWER_INVALID;
        if (!roll_in_place(header->kind, i, r.kind)) return ASSAY_ANSWER_INVALID;
        const enum assay_answer answer = place(e, ledger, &r);
        if (answer == ASSAY_ANSWER_INVALID) return ASSAY_ANSWER_INVALID;
        if (assay_record_ask(&e->context, &r, &ask) && ++reverified > ASSAY_REVERIFIED_MAX)
            return ASSAY_ANSWER_INVALID;
        if (answer == ASSAY_ANSWER_PENDING) pending = true; /* go on: ask for the others too */
        if (!pending && r.kind != ASSAY_RECORD_ROLL) assay_gather_seen(e, &r, header->view);
    }
    if (assay_cursor_end(&c) != ASSAY_OK) return ASSAY_ANSWER_INVALID;
    if (pending) return ASSAY_ANSWER_PENDING;
    assay_ledger_advance(ledger, header, id);
    return ASSAY_ANSWER_VALID;
}

enum assay_answer assay_branch_to(struct assay_engine *e, const uint8_t id[static 32])
{
    uint8_t at[32];
    uint32_t count = 0;
    if (e->branch_good && assay_bytes_equal(e->branch.tip_id, id, 32)) return ASSAY_ANSWER_VALID;
    assay_bytes_copy(at, 32, id, 32);
    while (!assay_bytes_equal(at, e->final.tip_id, 32)) {
        const struct assay_block *block = assay_blocks_find_const(e->blocks, at);
        if (block == NULL) return ASSAY_ANSWER_MISSING;
        if (block->header.epoch != e->context.epoch) return ASSAY_ANSWER_INVALID;
        if (block->header.kind == ASSAY_BLOCK_TAIL || count == e->path_max)
            return ASSAY_ANSWER_INVALID;
        assay_bytes_copy(e->path[count++], 32, at, 32);
        assay_bytes_copy(at, 32, block->header.parent_id, 32);
    }
    e->branch_good = false;
    assay_ledger_copy(&e->branch, &e->final);
    while (count > 0) {
        const struct assay_block *block = assay_blocks_find_const(e->blocks, e->path[--count]);
        ASSAY_ASSERT(block != NULL); /* found on the way down */
        const enum assay_answer answer =
            assay_branch_absorb(e, &e->branch, &block->header, block->id, block->body);
        if (answer != ASSAY_ANSWER_VALID) return answer;
    }
    e->branch_good = true;
    return ASSAY_ANSWER_VALID;
}

void assay_branch_close(struct assay_engine *e, uint64_t view)
{
    assay_close(&e->context, &e->branch, &e->rules, view, &e->close, &e->next, &e->next_tolerance);
    assay_state_root(&e->next, e->scratch, e->scratch_len, e->next.root);
}

/* The parent's time is a floor, our clock a ceiling with slack (docs/protocol.md 4). */
static bool time_allowed(const struct assay_engine *e, uint64_t time_ms)
{
    if (time_ms <= e->branch.time_ms) return false;
    return time_ms <= e->at_unix_ms || time_ms - e->at_unix_ms <= e->run.clock_bound_ms;
}

static enum assay_answer judge_block(struct assay_engine *e, const struct assay_block *block)
{
    const struct assay_block_header *h = &block->header;
    if (h->epoch != e->context.epoch || h->era != e->state.era) return ASSAY_ANSWER_INVALID;
    const enum assay_answer parent = assay_branch_to(e, h->parent_id);
    if (parent != ASSAY_ANSWER_VALID) return parent;
    if (e->branch.closed || !time_allowed(e, h->time_ms)) return ASSAY_ANSWER_INVALID;
    if (h->kind !=
        assay_ledger_kind(&e->branch, e->state.head_time_ms, assay_eng_epoch_ms(e), h->time_ms))
        return ASSAY_ANSWER_INVALID;
    e->branch_good = false;
    const enum assay_answer answer = assay_branch_absorb(e, &e->branch, h, block->id, block->body);
    if (answer != ASSAY_ANSWER_VALID) return answer;
    e->branch_good = true;
    const uint8_t *root = e->state.root;
    if (h->kind == ASSAY_BLOCK_EPOCH) {
        assay_branch_close(e, h->view);
        root = e->next.root;
    }
    return assay_bytes_equal(h->state_root, root, 32) ? ASSAY_ANSWER_VALID : ASSAY_ANSWER_INVALID;
}

void assay_branch_check(struct assay_engine *e, const uint8_t id[static 32])
{
    const struct assay_block *block = assay_blocks_find_const(e->blocks, id);
    if (block == NULL) return; /* forgotten meanwhile */
    const enum assay_answer answer = judge_block(e, block);
    if (answer == ASSAY_ANSWER_VALID || answer == ASSAY_ANSWER_INVALID) {
        if (answer == ASSAY_ANSWER_VALID) e->run.block_ms = e->now_ms;
        assay_simplex_checked(e->simplex, e->now_ms, id, answer == ASSAY_ANSWER_VALID, &e->actions);
        return;
    }
    for (size_t i = 0; i < e->check_count; i++) {
        if (assay_bytes_equal(e->checks[i], id, 32)) return;
    }
    if (e->check_count == ASSAY_CHECKS_MAX) { /* the oldest view is over by now */
        for (size_t i = 1; i < e->check_count; i++)
            assay_bytes_copy(e->checks[i - 1], 32, e->checks[i], 32);
        e->check_count--;
    }
    assay_bytes_copy(e->checks[e->check_count++], 32, id, 32);
}

/* Blocks that could still be voted for. One whose view is over in vain would go on asking for the
 * verdicts in it: a few such blocks are more than the findings that are kept, and for ever. */
static bool lives(const struct assay_engine *e, const uint8_t id[static 32])
{
    struct assay_simplex_snapshot look;
    const struct assay_block *block = assay_blocks_find_const(e->blocks, id);
    assay_simplex_snapshot(e->simplex, &look);
    return block != NULL && (block->notarised || block->header.view >= look.view);
}

void assay_branch_recheck(struct assay_engine *e)
{
    uint8_t ids[ASSAY_CHECKS_MAX][32];
    size_t count = 0;
    for (size_t i = 0; i < e->check_count; i++)
        if (lives(e, e->checks[i])) assay_bytes_copy(ids[count++], 32, e->checks[i], 32);
    e->check_count = 0;
    for (size_t i = 0; i < count; i++)
        assay_branch_check(e, ids[i]);
    if (e->propose_wanted) assay_branch_propose(e, e->propose_view, e->propose_parent);
}

/* --- proposing */

static bool offered(const struct assay_pool_item *item, uint64_t view, uint64_t nullified)
{
    if (item->phase != ASSAY_POOL_READY || view < item->not_before) return false;
    if (nullified >= POISON_OPTIONAL_VIEWS) return false;
    if (nullified < POISON_VERIFIED_VIEWS) return true;
    return item->kind == ASSAY_RECORD_BALLOT || item->kind == ASSAY_RECORD_OFFENCE;
}

/* Returns: whether the item was good for the branch; then it is applied. */
static bool include(struct assay_engine *e, struct assay_pool_item *item, unsigned *reverified)
{
    struct assay_record r;
    struct assay_ask ask;
    const struct assay_slice bytes = assay_slice_over(item->bytes, item->len);
    if (assay_record_decode(bytes, &r) != ASSAY_OK) return false;
    if (vet(e, &r) != ASSAY_ANSWER_VALID) return false;
    const bool asks = assay_record_ask(&e->context, &r, &ask);
    if (asks && *reverified == ASSAY_REVERIFIED_MAX) return false;
    if (assay_ledger_fits(&e->context, &e->branch, &r) != ASSAY_OK) return false;
    assay_ledger_apply(&e->context, &e->branch, &r);
    if (asks) (*reverified)++;
    return true;
}

/* The leader's own hint of what it holds. Applied to the branch. */
static bool make_roll(struct assay_engine *e, struct assay_slice *roll)
{
    struct assay_record r;
    const size_t len = (size_t)e->members * 34 + 32;
    uint8_t *bytes = assay_eng_take(e, len);
    uint8_t *digests = assay_eng_take(e, (size_t)e->members * 32);
    uint8_t *flags = assay_eng_take(e, (size_t)e->members * sizeof(bool));
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
    if (vet(e, &r) != ASSAY_ANSWER_VALID) return false;
    if (assay_ledger_fits(&e->context, &e->branch, &r) != ASSAY_OK) return false;
    assay_ledger_apply(&e->context, &e->branch, &r);
    return true;
}

/* Room that the CBOR heads of a body and its records take at most. */
enum { BODY_HEAD = 9, ITEM_HEAD = 9 };

/* How many views in a row were nullified before this one: as the node counted, and at least those
 * between the block and its parent, which a node that started again did not see go. */
static uint64_t nullified_before(const struct assay_engine *e, uint64_t view)
{
    struct assay_simplex_snapshot look;
    assay_simplex_snapshot(e->simplex, &look);
    ASSAY_ASSERT(view > e->branch.view);
    return assay_max_u64(look.nullified_in_a_row, view - e->branch.view - 1);
}

/* Chooses records that fit the branch, writes the body. Returns: false when it cannot be made. */
static bool make_body(struct assay_engine *e, enum assay_block_kind kind, uint64_t view,
                      struct assay_slice *body)
{
    const uint64_t nullified = nullified_before(e, view);
    struct assay_slice roll = { 0 };
    size_t len = BODY_HEAD;
    uint64_t count = 0;
    unsigned reverified = 0;
    if (kind == ASSAY_BLOCK_ROLL) {
        if (!make_roll(e, &roll)) return false;
        len += roll.len + ITEM_HEAD;
        count++;
    }
    for (uint32_t i = 0; i < e->pool.count && count < ASSAY_BLOCK_RECORDS_MAX; i++) {
        struct assay_pool_item *item = &e->pool.items[i];
        item->chosen = false;
        if (!offered(item, view, nullified)) continue;
        if (item->len + ITEM_HEAD > e->body_len_max - len) continue;
        if (!include(e, item, &reverified)) continue;
        item->chosen = true;
        item->placed_view = view;
        len += item->len + ITEM_HEAD;
        count++;
    }
    struct assay_writer w = assay_writer_over(e->body, e->body_len_max);
    assay_cbor_put_array(&w, count);
    if (roll.len > 0) assay_cbor_put_bytes(&w, roll.bytes, roll.len);
    for (uint32_t i = 0; i < e->pool.count; i++) {
        struct assay_pool_item *item = &e->pool.items[i];
        if (item->chosen) assay_cbor_put_bytes(&w, item->bytes, item->len);
        item->chosen = false;
    }
    return assay_writer_finish(&w, body) == ASSAY_OK;
}

void assay_branch_propose(struct assay_engine *e, uint64_t view, const uint8_t parent[static 32])
{
    struct assay_simplex_content content = { 0 };
    uint8_t id[32];
    assay_bytes_copy(id, 32, parent, 32);
    e->propose_wanted = false;
    if (e->halted) return;
    const enum assay_answer answer = assay_branch_to(e, id);
    if (answer == ASSAY_ANSWER_PENDING) { /* again when the verdict is there */
        e->propose_wanted = true;
        e->propose_view = view;
        assay_bytes_copy(e->propose_parent, 32, id, 32);
    }
    if (answer != ASSAY_ANSWER_VALID || e->branch.closed) return;
    content.time_ms = assay_max_u64(e->at_unix_ms, e->branch.time_ms + 1);
    content.kind = assay_ledger_kind(&e->branch, e->state.head_time_ms, assay_eng_epoch_ms(e),
                                     content.time_ms);
    e->branch_good = false; /* the records of a block that has no id yet */
    if (!make_body(e, content.kind, view, &content.body)) return;
    assay_bytes_copy(content.state_root, 32, e->state.root, 32);
    if (content.kind == ASSAY_BLOCK_EPOCH) {
        assay_branch_close(e, view);
        assay_bytes_copy(content.state_root, 32, e->next.root, 32);
    }
    e->run.block_ms = e->now_ms;
    assay_simplex_propose(e->simplex, e->now_ms, view, &content, &e->actions);
}

/*
 * The first nullification is most often a lost message, so the record is tried once more soon; from
 * then on it waits 16 views, doubling. Ballots and static proofs need no verification and do not
 * wait: a leader's silence must not cost an epoch its ballots.
 */
void assay_branch_nullified(struct assay_engine *e, uint64_t view)
{
    for (uint32_t i = 0; i < e->pool.count; i++) {
        struct assay_pool_item *item = &e->pool.items[i];
        if (item->phase != ASSAY_POOL_READY || item->placed_view != view) continue;
        item->placed_view = 0;
        if (item->kind == ASSAY_RECORD_BALLOT || item->kind == ASSAY_RECORD_OFFENCE) continue;
        e->pool.version++;
        item->not_before = view + item->wait_views;
        item->wait_views = item->wait_views < WAIT_VIEWS ? WAIT_VIEWS : item->wait_views * 2;
        if (item->wait_views > WAIT_VIEWS_MAX) item->wait_views = WAIT_VIEWS_MAX;
    }
}

/* Works out whether a record could stand in the next block (e->waits), and if not, whether one
 * could in a block of a later view (e->held_back). */
static void look_for_records(struct assay_engine *e, const struct assay_simplex_snapshot *look)
{
    struct assay_record r; /* large: made once */
    e->waits = false;
    e->held_back = false;
    for (uint32_t i = 0; i < e->pool.count && !e->waits; i++) {
        const struct assay_pool_item *item = &e->pool.items[i];
        if (item->phase != ASSAY_POOL_READY) continue;
        const bool now = offered(item, look->view, look->nullified_in_a_row);
        if (!now && e->held_back) continue;
        /* None fits yet, or this one never will: found out without decoding it. */
        const bool ballot = item->kind == ASSAY_RECORD_BALLOT;
        if (ballot && (!e->branch.has_roll || e->branch.balloted[item->slot])) continue;
        if (assay_record_decode(assay_slice_over(item->bytes, item->len), &r) != ASSAY_OK) continue;
        if (!known_good(e, &r)) continue;
        if (assay_ledger_fits(&e->context, &e->branch, &r) != ASSAY_OK) continue;
        e->waits = now;
        e->held_back = e->held_back || !now;
    }
}

/* Returns: whether a waiting record could stand in the next block. Asked after every event, so it
 * is only worked out when pool, branch or view have changed. */
static bool record_waits(struct assay_engine *e, const struct assay_simplex_snapshot *look)
{
    const bool same = e->waits_version == e->pool.version && e->waits_view == look->view &&
                      e->waits_nullified == look->nullified_in_a_row &&
                      assay_bytes_equal(e->waits_tip, e->branch.tip_id, 32);
    if (same) return e->waits;
    e->waits_version = e->pool.version;
    e->waits_view = look->view;
    e->waits_nullified = look->nullified_in_a_row;
    assay_bytes_copy(e->waits_tip, 32, e->branch.tip_id, 32);
    const bool waited = e->waits;
    look_for_records(e, look);
    if (e->waits && !waited) e->run.waits_ms = e->now_ms;
    return e->waits;
}

uint64_t assay_branch_demand(struct assay_engine *e)
{
    struct assay_simplex_snapshot look;
    assay_simplex_snapshot(e->simplex, &look);
    /* The newest block that stands: what is on a dead branch still waits. */
    const struct assay_block *tip =
        e->branch_good ? assay_blocks_find_const(e->blocks, e->branch.tip_id) : NULL;
    const bool stands = tip != NULL && (tip->notarised || tip->header.view >= look.view);
    if (!stands && assay_branch_to(e, e->final.tip_id) != ASSAY_ANSWER_VALID) return e->now_ms;
    if (e->branch.closed) return e->now_ms; /* E waits for its finality */
    const uint64_t epoch_ms = assay_eng_epoch_ms(e);
    /* What trickles in shares a block: after a power cut the chain of an epoch must be held at once
     * by every node (blocks_max), since nobody is left to give out what the table has dropped. */
    if (record_waits(e, &look))
        return assay_max_u64(e->now_ms, assay_max_u64(e->run.block_ms, e->run.waits_ms) +
                                            epoch_ms / PACE_PARTS);
    const uint64_t phase = e->state.head_time_ms + (e->branch.has_roll ? epoch_ms : epoch_ms / 4);
    const uint64_t due = e->now_ms + (phase > e->at_unix_ms ? phase - e->at_unix_ms : 0);
    if (!e->held_back) return due; /* no block without content (docs/protocol.md 5.11) */
    const uint64_t newest_ms = assay_max_u64(e->run.progress_ms, e->run.block_ms);
    return assay_min_u64(due, newest_ms + epoch_ms / CADENCE_PARTS);
}
