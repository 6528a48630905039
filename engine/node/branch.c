/*
 * engine/node/branch.c - validity of blocks above the final head (docs/protocol.md 4.3, 4.9, 5.23).
 *
 * A block is checked on the ledger of its own branch: the final ledger, then every block between.
 * Every voter verifies the evidence in a block before it votes: until the verdict is available the
 * answer is PENDING, and the check is repeated then.
 */
#include "engine/parts/engine_internal.h"

#include "engine/evidence/pool.h"

static bool branch_is_valid(const struct assay_engine *e)
{
    const struct assay_branch *b = e->branch;
    if (b->ledger.members != e->members || b->check_count > ASSAY_CHECKS_MAX) return false;
    return b->path_max > 0 && b->ledger.contradiction_count <= ASSAY_CONTRADICTIONS_MAX;
}

bool assay_branch_fill_known(const struct assay_engine *e, struct assay_record *r)
{
    const struct assay_pool_item *item = assay_pool_find(e->pool, r->key);
    if (item == NULL || item->phase == ASSAY_POOL_FREE || item->phase == ASSAY_POOL_ASKED)
        return false;
    if (item->len != r->bytes.len || !assay_bytes_equal(item->bytes, r->bytes.bytes, item->len))
        return false;
    ASSAY_ASSERT(item->slot < e->members && item->kind == r->kind);
    r->epoch = item->epoch;
    r->slot = item->slot;
    r->subject = item->subject;
    r->incarnation = item->incarnation;
    r->outcome = item->outcome;
    r->falsehood = item->falsehood;
    r->felled = item->felled;
    r->update = item->update;
    return true;
}

/* The proposal that contains a record. */
struct source {
    uint32_t leader; /* e->members: of no proposal */
    bool trusted;    /* verdicts that are missing may be requested */
};

/* A leader some of whose records verification rejected gets no further verification requests
 * (docs/protocol.md 5.12.1): its blocks wait, as if the verdicts had not arrived, until others have
 * notarised them. They are not rejected, so this node's memory decides nothing. */
static struct source source_of(const struct assay_engine *e, const struct assay_block *block)
{
    const uint32_t leader = block->header.leader;
    const bool misleads = leader < e->members && e->seats[leader].misled == ASSAY_REFUSED_MAX;
    return (struct source){ .leader = leader,
                            .trusted = !misleads || block->notarised || block->final };
}

enum assay_answer assay_branch_check_record(struct assay_engine *e, struct assay_record *r)
{
    if (assay_branch_fill_known(e, r)) return ASSAY_ANSWER_VALID;
    if (assay_record_check(&e->head->context, r) != ASSAY_OK) return ASSAY_ANSWER_INVALID;
    ASSAY_ASSERT(r->slot < e->members);
    const enum assay_status judged =
        assay_record_judge(&e->head->context, assay_verdicts_request, e, r);
    if (judged == ASSAY_E_AGAIN) return ASSAY_ANSWER_PENDING;
    return judged == ASSAY_OK ? ASSAY_ANSWER_VALID : ASSAY_ANSWER_INVALID;
}

/* Context of the callbacks of the fold. */
struct vetting {
    struct assay_engine *engine;
    const struct source *source;
};

static bool vet_known(void *context, struct assay_record *record)
{
    const struct vetting *v = context;
    return assay_branch_fill_known(v->engine, record);
}

static const struct assay_finding_record *vet_finding(void *context, const struct assay_ask *ask)
{
    const struct vetting *v = context;
    return v->source->trusted ? assay_verdicts_request(v->engine, ask)
                              : assay_verdicts_find(v->engine, ask->digest, ask->at_unix_s,
                                                    ask->kind, ask->before);
}

static bool trusted(void *context)
{
    const struct vetting *v = context;
    return v->source->trusted;
}

static void refused(void *context)
{
    const struct vetting *v = context;
    if (v->source->leader < v->engine->members) assay_seat_add_misled(v->engine, v->source->leader);
}

static void seen(void *context, const struct assay_record *record, uint64_t view)
{
    const struct vetting *v = context;
    assay_message_intake_add_from_block(v->engine, record, view);
}

static enum assay_answer apply_block(struct assay_engine *e, const struct source *source,
                                     const struct assay_block_header *header,
                                     const uint8_t id[static 32], struct assay_slice body)
{
    ASSAY_ASSERT(branch_is_valid(e));
    struct vetting vetting = { .engine = e, .source = source };
    const struct assay_fold_vet vet = { .context = &vetting,
                                        .known = vet_known,
                                        .trusted = trusted,
                                        .finding = vet_finding,
                                        .refused = refused,
                                        .placed = seen };
    struct assay_fault fault;
    e->parts->branch.good = false; /* a failure leaves what it touched broken */
    const enum assay_status status = assay_fold_body(&e->head->context, &e->parts->branch.ledger,
                                                     header, id, body, &vet, &fault);
    if (status == ASSAY_E_AGAIN) return ASSAY_ANSWER_PENDING;
    if (status != ASSAY_OK) return ASSAY_ANSWER_INVALID;
    e->parts->branch.good = true;
    ASSAY_ASSERT(branch_is_valid(e));
    return ASSAY_ANSWER_VALID;
}

enum assay_answer assay_branch_apply(struct assay_engine *e,
                                     const struct assay_block_header *header,
                                     const uint8_t id[static 32], struct assay_slice body)
{
    const struct source nobody = { .leader = e->members, .trusted = true };
    return apply_block(e, &nobody, header, id, body);
}

void assay_branch_set_ledger(struct assay_engine *e, const struct assay_ledger *ledger)
{
    ASSAY_ASSERT(ledger != &e->branch->ledger);
    assay_ledger_copy(&e->parts->branch.ledger, ledger);
    e->parts->branch.good = false;
    ASSAY_ASSERT(e->branch->ledger.height == ledger->height && branch_is_valid(e));
}

enum assay_status assay_branch_recover(struct assay_engine *e, const struct assay_ledger *ledger,
                                       const struct assay_recover *recover,
                                       struct assay_fault *fault)
{
    assay_branch_set_ledger(e, ledger);
    return assay_recover_apply(&e->head->context, &e->parts->branch.ledger, recover, fault);
}

void assay_branch_add(struct assay_engine *e, const struct assay_record *record)
{
    ASSAY_ASSERT(!e->branch->ledger.closed);
    assay_ledger_apply(&e->head->context, &e->parts->branch.ledger, record);
}

void assay_branch_open_block(struct assay_engine *e)
{
    e->parts->branch.good = false;
}

void assay_branch_on_block_made(struct assay_engine *e)
{
    ASSAY_ASSERT(!e->branch->good);
    e->parts->branch.block_ms = e->now_ms;
}

enum assay_answer assay_branch_select(struct assay_engine *e, const uint8_t id[static 32])
{
    ASSAY_ASSERT(branch_is_valid(e));

    uint8_t at[32];
    uint32_t count = 0;
    struct assay_branch *b = &e->parts->branch;
    if (b->good && assay_bytes_equal(e->branch->ledger.tip_id, id, 32)) return ASSAY_ANSWER_VALID;
    assay_bytes_copy(at, 32, id, 32);
    while (!assay_bytes_equal(at, e->chain->ledger.tip_id, 32)) {
        const struct assay_block *block = assay_blocks_find_const(e->blocks, at);
        if (block == NULL) return ASSAY_ANSWER_MISSING;
        if (block->header.epoch != e->head->context.epoch) return ASSAY_ANSWER_INVALID;
        if (block->header.kind == ASSAY_BLOCK_TAIL || count == e->branch->path_max)
            return ASSAY_ANSWER_INVALID;
        assay_bytes_copy(b->path[count++], 32, at, 32);
        assay_bytes_copy(at, 32, block->header.parent_id, 32);
    }
    assay_branch_set_ledger(e, &e->chain->ledger);
    while (count > 0) {
        const struct assay_block *block =
            assay_blocks_find_const(e->blocks, e->branch->path[--count]);
        ASSAY_ASSERT(block != NULL); /* found on the way down */
        const enum assay_answer answer =
            assay_branch_apply(e, &block->header, block->id, block->body);
        if (answer != ASSAY_ANSWER_VALID) return answer;
    }
    ASSAY_ASSERT(assay_bytes_equal(e->branch->ledger.tip_id, id, 32));
    b->good = true; /* also with no block between */
    return ASSAY_ANSWER_VALID;
}

/* A block whose time arrives before its view times out is pending (docs/protocol.md 4.5). If it
 * were rejected at once, clocks that differ slightly too much would cost every view of half the
 * leaders. */
static enum assay_answer check_time(struct assay_engine *e, const struct assay_block_header *h)
{
    ASSAY_ASSERT(e->branch->good);
    struct assay_simplex_snapshot look;
    const uint64_t allowed_ms = assay_clock_valid_from(e, h->time_ms);
    if (allowed_ms <= e->now_ms) return ASSAY_ANSWER_VALID;
    assay_simplex_snapshot(e->simplex, &look);
    const bool runs = h->view == look.view && look.gives_up_ms != UINT64_MAX;
    if (!runs || allowed_ms >= look.gives_up_ms) return ASSAY_ANSWER_INVALID;
    e->parts->branch.early_ms = assay_min_u64(e->branch->early_ms, allowed_ms);
    return ASSAY_ANSWER_EARLY;
}

static enum assay_answer check_block(struct assay_engine *e, const struct assay_block *block)
{
    ASSAY_ASSERT(block->header.kind != ASSAY_BLOCK_TAIL || block->header.epoch != 0);
    const struct assay_block_header *h = &block->header;
    if (h->epoch != e->head->context.epoch || h->era != e->head->state.era)
        return ASSAY_ANSWER_INVALID;
    const enum assay_answer parent = assay_branch_select(e, h->parent_id);
    if (parent != ASSAY_ANSWER_VALID) return parent;
    if (e->branch->ledger.closed) return ASSAY_ANSWER_INVALID;
    const enum assay_answer time = check_time(e, h);
    if (time != ASSAY_ANSWER_VALID) return time;
    if (h->kind != assay_ledger_kind(&e->branch->ledger, e->head->state.head_time_ms,
                                     assay_eng_epoch_ms(e), h->time_ms))
        return ASSAY_ANSWER_INVALID;
    const struct source source = source_of(e, block);
    const enum assay_answer answer = apply_block(e, &source, h, block->id, block->body);
    if (answer != ASSAY_ANSWER_VALID) return answer;
    const uint8_t *root = e->head->state.root;
    if (h->kind == ASSAY_BLOCK_EPOCH) {
        if (!assay_head_can_close(e)) return ASSAY_ANSWER_PENDING;
        assay_head_compute_next(e, &e->branch->ledger, h->view);
        root = e->head->next.root;
    }
    return assay_bytes_equal(h->state_root, root, 32) ? ASSAY_ANSWER_VALID : ASSAY_ANSWER_INVALID;
}

void assay_branch_check_block(struct assay_engine *e, const uint8_t id[static 32])
{
    ASSAY_ASSERT(e->branch->check_count <= ASSAY_CHECKS_MAX);
    const struct assay_block *block = assay_blocks_find_const(e->blocks, id);
    if (block == NULL) return; /* discarded meanwhile */
    struct assay_branch *b = &e->parts->branch;
    const enum assay_answer answer = check_block(e, block);
    if (answer == ASSAY_ANSWER_VALID || answer == ASSAY_ANSWER_INVALID) {
        if (answer == ASSAY_ANSWER_VALID) b->block_ms = e->now_ms;
        assay_simplex_on_checked(e->simplex, e->now_ms, id, answer == ASSAY_ANSWER_VALID,
                                 e->actions);
        return;
    }
    for (size_t i = 0; i < b->check_count; i++) {
        if (assay_bytes_equal(b->checks[i], id, 32)) return;
    }
    if (b->check_count == ASSAY_CHECKS_MAX) { /* the oldest view is over by now */
        for (size_t i = 1; i < b->check_count; i++)
            assay_bytes_copy(b->checks[i - 1], 32, b->checks[i], 32);
        b->check_count--;
    }
    assay_bytes_copy(b->checks[b->check_count++], 32, id, 32);
    ASSAY_ASSERT(b->check_count > 0 && branch_is_valid(e));
}

/* Returns: whether a block could still be voted for. Blocks of views that were nullified would
 * request verdicts for ever: a few such blocks need more findings than are cached. */
static bool is_votable(const struct assay_engine *e, const uint8_t id[static 32])
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
    for (size_t i = 0; i < e->branch->check_count; i++)
        if (is_votable(e, e->branch->checks[i]))
            assay_bytes_copy(ids[count++], 32, e->branch->checks[i], 32);
    ASSAY_ASSERT(count <= e->branch->check_count);
    e->parts->branch.check_count = 0;
    e->parts->branch.early_ms = UINT64_MAX;
    for (size_t i = 0; i < count; i++)
        assay_branch_check_block(e, ids[i]);
    assay_proposal_retry(e);
    ASSAY_ASSERT(e->branch->check_count <= ASSAY_CHECKS_MAX);
}

void assay_branch_on_epoch(struct assay_engine *e)
{
    ASSAY_ASSERT(branch_is_valid(e));
    e->parts->branch.good = false;
    e->parts->branch.block_ms = 0;
    e->parts->branch.check_count = 0;
    e->parts->branch.early_ms = UINT64_MAX;
}
