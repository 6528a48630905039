/*
 * engine/audit/audit.c - audit: verification of a store from its first block on (docs/protocol.md
 * 4.4, 5.7, 5.20, 11.1).
 *
 * One epoch after the other: what is signed in it is looked at with the table that the fold has
 * reached, then its blocks are folded, then its proof must name the last one. A visitor of a scan
 * may not scan the same class, so each class of an epoch is one scan.
 */
#include "engine/audit/audit_internal.h"

#include "base/assert.h"
#include "engine/ledger/proofs/boundary.h"
#include "engine/ledger/records/recover.h"

static size_t value_len_max(uint32_t members)
{
    const size_t state = assay_state_len_max(members);
    return state > ASSAY_FINALITY_LEN_MAX ? state : ASSAY_FINALITY_LEN_MAX;
}

/* Rosters grow by operators' decisions, whatever the genesis had. */
enum { CAPACITY = ASSAY_MEMBERS_MAX };

static size_t round_up(size_t len)
{
    return (len + 63) & ~(size_t)63;
}

size_t assay_audit_memory_len(void)
{
    const uint32_t n = CAPACITY;
    return assay_fold_memory_len(n) + round_up(value_len_max(n)) +
           round_up((size_t)n * sizeof(struct assay_roster_row)) +
           round_up(sizeof(struct assay_boundary_chain)) +
           (size_t)ASSAY_AUDIT_DOCUMENTS * round_up(ASSAY_SET_LEN_MAX);
}

/* --- the chain */

static bool visit_block(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct audit *a = context;
    struct assay_fault *fault = &a->at->fault;
    a->status = assay_fold_block(&a->fold, value, &a->config->vet, fault);
    if (a->status == ASSAY_OK && key->number != a->fold.ledger.height)
        a->status = assay_fault_numbers(fault, "height that the block is kept under",
                                        a->fold.ledger.height, key->number);
    if (a->status == ASSAY_OK && !assay_bytes_equal(key->id, a->fold.ledger.tip_id, 32))
        a->status = assay_fault_ids(fault, "id of the block", key->id, a->fold.ledger.tip_id);
    if (a->status == ASSAY_OK && a->config->visited != NULL)
        a->config->visited(a->config->context, value);
    if (a->status == ASSAY_OK) return true;
    if (fault->what == NULL)
        assay_status_ignore(
            assay_fault_plain(fault, "evidence could not be verified again", a->status), "said");
    a->status = assay_audit_blame(a, ASSAY_STORE_BLOCK, key);
    return false;
}

static enum assay_status read_value(struct audit *a, enum assay_store_class class_,
                                    const struct assay_store_key *key, struct assay_slice *value)
{
    size_t len = 0;
    ASSAY_TRY(assay_store_get(a->config->store, class_, key, a->value, a->value_len_max, &len));
    *value = assay_slice_over(a->value, len);
    return ASSAY_OK;
}

/* A kept snapshot of the epoch that was just taken. */
static enum assay_status check_snapshot(struct audit *a, enum assay_store_class class_)
{
    const struct assay_state *state = &a->fold.state;
    const struct assay_store_key key = assay_audit_first(state->era, state->epoch);
    struct assay_slice value;
    const enum assay_status got = read_value(a, class_, &key, &value);
    if (got == ASSAY_E_NOT_FOUND) return ASSAY_OK;
    if (got == ASSAY_E_FULL)
        return assay_audit_blame_plain(a, class_, &key, "snapshot longer than any", ASSAY_E_RANGE);
    ASSAY_TRY(got);
    struct assay_state *read = &a->fold.next; /* of no use between two epochs */
    assay_state_copy(read, state);
    const enum assay_status decoded = assay_state_decode(value, read);
    if (decoded != ASSAY_OK)
        return assay_audit_blame_plain(
            a, class_, &key, "snapshot cannot be read, or is not its own root's", decoded);
    a->class_ = class_;
    a->figures->snapshots++;
    ASSAY_TRY(assay_audit_blame_ids(a, &key, "root of the snapshot", state->root, read->root));
    return assay_audit_blame_ids(a, &key, "block of the snapshot", state->head_id, read->head_id);
}

/* The boundary of the epoch that was just taken: the same bytes as ours. The state before it is in
 * fold.next, where taking has put it. */
static enum assay_status check_boundary(struct audit *a)
{
    const struct assay_state *state = &a->fold.state;
    /* One of a RECOVER stands in the era that it ends. */
    const struct assay_store_key key = assay_audit_first(a->fold.next.era, state->epoch);
    const enum assay_store_class class_ = ASSAY_STORE_BOUNDARY;
    struct assay_slice value;
    struct assay_boundary b;
    const enum assay_status got = read_value(a, class_, &key, &value);
    if (got == ASSAY_E_NOT_FOUND) return ASSAY_OK;
    if (got == ASSAY_E_FULL)
        return assay_audit_blame_plain(a, class_, &key, "boundary longer than any", ASSAY_E_RANGE);
    ASSAY_TRY(got);
    const enum assay_status read = assay_boundary_decode(value, a->fold.capacity, &b);
    if (read != ASSAY_OK)
        return assay_audit_blame_plain(a, class_, &key,
                                       "boundary cannot be read, or is not its own root's", read);
    a->class_ = class_;
    a->figures->boundaries++;
    ASSAY_TRY(assay_audit_blame_ids(a, &key, "block of the boundary", state->head_id, b.id));
    const struct assay_state *before = &a->fold.next;
    for (uint32_t i = 0; i < before->member_count; i++)
        assay_roster_row_of(&before->members[i], &a->rows[i]);
    const enum assay_status applied = assay_boundary_apply(&b, a->rows, before->member_count);
    if (applied == ASSAY_OK) return ASSAY_OK;
    return assay_audit_blame_plain(a, class_, &key, "changes of voters in a boundary", applied);
}

/* protocol.md 11.4: without a chain from genesis or the checkpoint an epoch is not audited. */
static void mark_unproven(struct audit *a, uint64_t from, uint64_t to)
{
    struct assay_audit_figures *f = a->figures;
    f->proven = false;
    if (f->unproven_to == 0) f->unproven_from = from;
    f->unproven_to = to;
}

/* Where blocks lead to the checkpoint from the last gap on, their links prove all of them. */
static void mark_proven(struct audit *a, bool by_blocks)
{
    struct assay_audit_figures *f = a->figures;
    if (!f->proven && by_blocks) {
        f->unproven_from = a->unproven_from;
        f->unproven_to = a->unproven_to;
    }
    a->met = true;
    f->proven = true;
    f->crossed = 0;
}

/* From here on the chain leads from genesis or the checkpoint no more: unless a later one is met,
 * all of it is not audited. */
static void store_unproven(struct audit *a)
{
    a->unproven_from = a->figures->unproven_from;
    a->unproven_to = a->figures->unproven_to;
}

static enum assay_status compare_checkpoint(struct audit *a, const struct assay_store_key *key,
                                            const struct assay_checkpoint *found, bool by_blocks)
{
    const struct assay_checkpoint *c = a->config->checkpoint;
    if (c == NULL || c->epoch != found->epoch) return ASSAY_OK;
    a->class_ = ASSAY_STORE_BLOCK;
    ASSAY_TRY(assay_audit_blame_ids(a, key, "block of the checkpoint", c->id, found->id));
    ASSAY_TRY(assay_audit_blame_ids(a, key, "roster of the checkpoint", c->roster_digest,
                                    found->roster_digest));
    mark_proven(a, by_blocks);
    return ASSAY_OK;
}

static enum assay_status check_checkpoint(struct audit *a, const struct assay_store_key *key)
{
    struct assay_checkpoint found;
    assay_checkpoint_of(&a->fold.state, &found);
    return compare_checkpoint(a, key, &found, true);
}

/* Were these rules given to `ruled` last? */
static bool is_followed(const struct audit *a, const struct assay_rules_in_force *r,
                        const uint8_t before[static 2 * 32])
{
    return assay_bytes_equal(a->policy_digest, r->policy_digest, 32) &&
           assay_bytes_equal(a->endorsements_digest, r->endorsements_digest, 32) &&
           assay_bytes_equal(a->before_digest[0], before, 32) &&
           assay_bytes_equal(a->before_digest[1], before + 32, 32);
}

static bool find_before(struct audit *a, const uint8_t digest[static 32],
                        const uint8_t founding_digest[static 32], struct assay_slice founding,
                        struct assay_slice *document)
{
    *document = founding;
    if (assay_bytes_equal(digest, founding_digest, 32)) return true;
    const struct assay_fold_books *books = &a->fold.books;
    return books->document != NULL && books->document(books->context, digest, document);
}

/* The rules that verdicts are made by from here on. */
static enum assay_status load_rules(struct audit *a, const struct assay_store_key *key)
{
    const struct assay_rules_in_force *r = &a->fold.state.rules;
    const struct assay_rules_in_force *old = &a->fold.state.trial.before;
    const struct assay_genesis *g = a->config->genesis;
    const bool tried = assay_trial_runs(&a->fold.state.trial);
    struct assay_audit_rules before;
    uint8_t digests[2 * 32] = { 0 };
    if (tried) {
        assay_bytes_copy(digests, 32, old->policy_digest, 32);
        assay_bytes_copy(digests + 32, 32, old->endorsements_digest, 32);
    }
    if (is_followed(a, r, digests)) return ASSAY_OK;
    assay_bytes_copy(a->policy_digest, 32, r->policy_digest, 32);
    assay_bytes_copy(a->endorsements_digest, 32, r->endorsements_digest, 32);
    assay_bytes_copy(a->before_digest[0], 32, digests, 32);
    assay_bytes_copy(a->before_digest[1], 32, digests + 32, 32);
    if (a->config->ruled == NULL) return ASSAY_OK;
    const bool found =
        !tried || (find_before(a, digests, g->policy_digest, g->policy, &before.policy) &&
                   find_before(a, digests + 32, g->endorsements_digest, g->endorsements,
                               &before.endorsements));
    if (found && a->config->ruled(a->config->context, a->fold.effective, tried ? &before : NULL))
        return ASSAY_OK;
    return assay_audit_blame_plain(a, ASSAY_STORE_CHANGE, key,
                                   "nothing can be judged by these rules here",
                                   ASSAY_E_UNSUPPORTED);
}

/* The fold cannot begin the epoch after a state of this class. */
static enum assay_status blame_state(struct audit *a, enum assay_store_class class_,
                                     const struct assay_store_key *key, const char *what,
                                     enum assay_status status)
{
    if (status == ASSAY_OK) return ASSAY_OK;
    if (status == ASSAY_E_NOT_FOUND)
        return assay_audit_blame_plain(
            a, ASSAY_STORE_CHANGE, key,
            "a change or a document that the state names is not here: if this "
            "store was restored, its daemon fetches documents of "
            "services when it runs",
            status);
    if (a->fold.unfit != NULL) what = a->fold.unfit;
    return assay_audit_blame_plain(a, class_, key, what, status);
}

static enum assay_status apply_block(struct audit *a, const struct assay_store_key *key)
{
    const enum assay_status status = assay_fold_take(&a->fold);
    if (status != ASSAY_OK && assay_status_class(status) != ASSAY_CLASS_INPUT &&
        status != ASSAY_E_NOT_FOUND)
        return status;
    ASSAY_TRY(blame_state(a, ASSAY_STORE_BLOCK, key, "keys or services of the state cannot be read",
                          status));
    return load_rules(a, key);
}

static enum assay_status on_closed(struct audit *a, const struct assay_store_key *key)
{
    ASSAY_TRY(apply_block(a, key));
    a->figures->epochs++;
    if (!a->figures->proven) mark_unproven(a, a->fold.state.epoch, a->fold.state.epoch);
    a->figures->blocks = a->fold.blocks;
    a->figures->records = a->fold.records;
    ASSAY_TRY(check_checkpoint(a, key));
    ASSAY_TRY(check_boundary(a));
    ASSAY_TRY(check_snapshot(a, ASSAY_STORE_STATE));
    ASSAY_TRY(check_snapshot(a, ASSAY_STORE_ANCHOR));
    if (a->config->served != NULL && a->fold.services != NULL &&
        !a->config->served(a->config->context, &a->fold.state, a->fold.registry))
        a->stop = true;
    if (a->config->closed != NULL && !a->config->closed(a->config->context, &a->fold.state))
        a->stop = true;
    return ASSAY_OK;
}

static enum assay_status close_epoch(struct audit *a)
{
    const struct assay_store_key key = assay_audit_first(a->fold.state.era, a->fold.context.epoch);
    struct assay_slice proof = { 0 };
    const enum assay_status got = read_value(a, ASSAY_STORE_FINALITY, &key, &proof);
    if (got == ASSAY_E_NOT_FOUND || got == ASSAY_E_FULL)
        return assay_audit_blame_plain(a, ASSAY_STORE_FINALITY, &key, "finality proof is missing",
                                       got);
    ASSAY_TRY(got);
    if (assay_fold_proven(&a->fold, proof, &a->at->fault) != ASSAY_OK)
        return assay_audit_blame(a, ASSAY_STORE_FINALITY, &key);
    return on_closed(a, &key);
}

/* docs/protocol.md 11.4.3: operators alone prove no era. Without answers of more than a third of
 * the weight a checkpoint of the new era has to say that this is the one. */
static void count_crossing(struct audit *a)
{
    struct assay_audit_figures *f = a->figures;
    f->recovered++;
    f->crossed++;
    if (a->fold.unsigned_) return; /* no signature is verified, so nothing is weighed */
    f->recover_total = a->fold.recover_total;
    f->recover_answered = a->fold.recover_answered;
    if (a->fold.recover_grounded) return;
    store_unproven(a);
    mark_unproven(a, a->fold.context.epoch, a->fold.context.epoch);
}

/* docs/protocol.md 9.17: does the epoch end by a RECOVER, on top of the last block? */
static enum assay_status close_by_recover(struct audit *a, bool *recovered)
{
    const struct assay_store_key key = assay_audit_first(a->fold.state.era, a->fold.context.epoch);
    struct assay_slice proof = { 0 };
    const enum assay_status got = read_value(a, ASSAY_STORE_FINALITY, &key, &proof);
    *recovered = false;
    if (got == ASSAY_E_NOT_FOUND || got == ASSAY_E_FULL) return ASSAY_OK; /* reported later */
    ASSAY_TRY(got);
    if (!assay_recover_is(proof)) return ASSAY_OK;
    if (assay_fold_recover(&a->fold, proof, &a->at->fault) != ASSAY_OK)
        return assay_audit_blame(a, ASSAY_STORE_FINALITY, &key);
    count_crossing(a);
    *recovered = true;
    return on_closed(a, &key);
}

struct seen_key {
    bool any;
    struct assay_store_key key;
};

static bool visit_first(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct seen_key *seen = context;
    (void)value;
    *seen = (struct seen_key){ .any = true, .key = *key };
    return false;
}

static enum assay_status first_in(struct audit *a, enum assay_store_class class_,
                                  uint64_t from_epoch, bool backwards, struct seen_key *seen)
{
    const struct assay_store_key from = assay_audit_first(a->fold.state.era, from_epoch);
    const struct assay_store_key to = assay_audit_last(UINT32_MAX, UINT64_MAX);
    *seen = (struct seen_key){ .any = false };
    return assay_store_scan(a->config->store, class_, &from, &to, backwards, visit_first, seen);
}

/* --- over a gap, boundary after boundary */

static enum assay_status on_boundary(void *context, const struct assay_checkpoint *at)
{
    struct audit *a = context;
    const struct assay_store_key key = assay_audit_first(at->era, at->epoch);
    a->figures->boundaries++;
    return compare_checkpoint(a, &key, at, false);
}

/* Verify the boundaries after a state. Out: *whole: they lead to the epoch without a hole. */
static enum assay_status cross_gap(struct audit *a, const struct assay_state *from,
                                   uint64_t to_epoch, bool *whole)
{
    const struct assay_boundary_walk walk_blocks = { .store = a->config->store,
                                                     .to_epoch = to_epoch,
                                                     .scratch = a->value,
                                                     .scratch_len = a->value_len_max,
                                                     .proven = on_boundary,
                                                     .context = a };
    struct assay_fault *fault = &a->at->fault;
    enum assay_status status = assay_boundary_chain_init(a->chain, from);
    const struct assay_store_key first = assay_audit_first(from->era, from->epoch);
    if (assay_status_class(status) == ASSAY_CLASS_INPUT)
        return assay_audit_blame_plain(a, ASSAY_STORE_STATE, &first, "voters of the state", status);
    ASSAY_TRY(status);
    status = assay_boundary_chain_walk(a->chain, &walk_blocks, fault);
    *whole = status == ASSAY_OK;
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_OK;
    /* A fault of the checkpoint has its place already. */
    if (status != ASSAY_E_INVALID || a->at->class_ != 0) return status;
    const struct assay_store_key key = assay_audit_first(a->chain->at.era, a->chain->at.epoch + 1);
    return assay_audit_blame(a, ASSAY_STORE_BOUNDARY, &key);
}

/* --- the end */
static void count_running(struct audit *a, uint64_t before)
{
    a->figures->running_blocks = a->fold.blocks - before;
    a->figures->blocks = before;
}

struct proofs_ahead {
    uint64_t rows, last_epoch;
};

static bool visit_ahead(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct proofs_ahead *ahead = context;
    (void)value;
    ahead->rows++;
    if (key->epoch > ahead->last_epoch) ahead->last_epoch = key->epoch;
    return true;
}

/*
 * docs/protocol.md 5.30: fast sync stores every boundary that it has verified, and the state at its
 * end: a node that was stopped in between has boundaries ahead of its state. So has a store whose
 * last blocks were deleted: the epochs are proven and not audited.
 * Out:     *whole: each proof behind the head is that of a boundary, one an epoch
 */
static enum assay_status cross_epochs_ahead(struct audit *a, bool *whole)
{
    struct proofs_ahead ahead = { 0 };
    const uint64_t head = a->fold.state.epoch;
    const struct assay_store_key from = assay_audit_first(a->fold.state.era, head + 1);
    const struct assay_store_key to = assay_audit_last(UINT32_MAX, UINT64_MAX);
    *whole = false;
    ASSAY_TRY(assay_store_scan(a->config->store, ASSAY_STORE_FINALITY, &from, &to, false,
                               visit_ahead, &ahead));
    if (ahead.last_epoch <= head || ahead.last_epoch - head != ahead.rows) return ASSAY_OK;
    ASSAY_TRY(cross_gap(a, &a->fold.state, ahead.last_epoch, whole));
    if (*whole) a->figures->epochs_ahead = ahead.rows;
    return ASSAY_OK;
}

/* Blocks of the epoch that runs, without a proof; anything behind them is a gap. */
static enum assay_status check_end_of_chain(struct audit *a, uint64_t before)
{
    struct seen_key later;
    bool whole = false;
    const uint64_t running = a->fold.context.epoch;
    count_running(a, before);
    for (unsigned i = 0; i < 2; i++) {
        const enum assay_store_class class_ = i == 0 ? ASSAY_STORE_FINALITY : ASSAY_STORE_BLOCK;
        ASSAY_TRY(first_in(a, class_, running + i, false, &later));
        if (!later.any) continue;
        if (class_ == ASSAY_STORE_FINALITY) ASSAY_TRY(cross_epochs_ahead(a, &whole));
        if (class_ == ASSAY_STORE_FINALITY && whole) continue;
        if (class_ == ASSAY_STORE_FINALITY)
            return assay_audit_blame_plain(a, class_, &later.key,
                                           "the EPOCH block of this proof is missing",
                                           ASSAY_E_NOT_FOUND);
        if (later.key.number == a->fold.ledger.height + 1) /* as it is named, which says nothing */
            return assay_audit_blame_plain(
                a, class_, &later.key, "a block of an epoch that has not begun", ASSAY_E_INVALID);
        assay_status_ignore(assay_fault_numbers(&a->at->fault,
                                                "blocks are missing: height of the next block",
                                                a->fold.ledger.height + 1, later.key.number),
                            "said by blame");
        return assay_audit_blame(a, class_, &later.key);
    }
    return ASSAY_OK;
}

/* --- where to begin, and to go on */

struct start_audit {
    struct audit *audit;
    uint64_t from;
    bool found;
    enum assay_status status;
    struct assay_store_key key;
};

static bool visit_oldest(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct start_audit *b = context;
    (void)value;
    if (key->epoch < b->from) return true; /* of a later era, and older all the same */
    if (!b->found || key->epoch < b->key.epoch) b->key = *key;
    b->found = true;
    return false;
}

/* The oldest snapshot of an epoch or later; from_class says where it is kept. */
static enum assay_status find_snapshot(struct audit *a, uint64_t from_epoch, struct start_audit *b,
                                       enum assay_store_class *from_class)
{
    static const enum assay_store_class classes[] = { ASSAY_STORE_STATE, ASSAY_STORE_ANCHOR };
    const struct assay_store_key from = assay_audit_first(a->fold.state.era, from_epoch);
    const struct assay_store_key to = assay_audit_last(UINT32_MAX, UINT64_MAX);
    *b = (struct start_audit){ .audit = a, .from = from_epoch, .status = ASSAY_OK };
    for (size_t i = 0; i < 2; i++) {
        const struct assay_store_key before = b->key;
        const bool had = b->found;
        ASSAY_TRY(
            assay_store_scan(a->config->store, classes[i], &from, &to, false, visit_oldest, b));
        if (!had || before.epoch != b->key.epoch) *from_class = classes[i];
    }
    return ASSAY_OK;
}

/* The snapshot must be the state that the boundaries lead to. */
static enum assay_status read_snapshot(struct audit *a, const struct start_audit *b,
                                       enum assay_store_class class_, bool whole)
{
    struct assay_slice value;
    ASSAY_TRY(read_value(a, class_, &b->key, &value));
    a->fold.unfit = NULL;
    ASSAY_TRY(blame_state(a, class_, &b->key, "snapshot cannot be read, or is not its own root's",
                          assay_fold_from(&a->fold, value)));
    if (whole) {
        a->class_ = class_;
        ASSAY_TRY(assay_audit_blame_ids(a, &b->key, "block of the snapshot", a->chain->at.id,
                                        a->fold.state.head_id));
        ASSAY_TRY(assay_audit_blame_ids(a, &b->key, "roster of the snapshot",
                                        a->chain->at.roster_digest, a->fold.state.roster_digest));
    }
    return load_rules(a, &b->key);
}

/* Continue with a snapshot behind a gap: proven by boundaries, by the checkpoint, or not at all. */
static enum assay_status continue_from(struct audit *a, const struct start_audit *b,
                                       enum assay_store_class class_)
{
    const uint64_t from = a->fold.state.epoch;
    bool whole = false;
    ASSAY_TRY(cross_gap(a, &a->fold.state, b->key.epoch, &whole));
    ASSAY_TRY(read_snapshot(a, b, class_, whole));
    store_unproven(a);
    if (!whole) {
        a->figures->gaps++;
        mark_unproven(a, from + 1, a->fold.state.epoch);
    }
    return check_checkpoint(a, &b->key);
}

/* Did the node leap from here? A snapshot is behind this epoch, whose end is not here. */
static enum assay_status cross_history_gap(struct audit *a, bool *leapt)
{
    struct start_audit b;
    enum assay_store_class class_ = ASSAY_STORE_STATE;
    const uint64_t from = a->fold.state.epoch;
    *leapt = false;
    ASSAY_TRY(find_snapshot(a, from + 1, &b, &class_));
    if (!b.found) return ASSAY_OK;
    ASSAY_TRY(continue_from(a, &b, class_));
    *leapt = true;
    a->figures->leaps++;
    a->figures->leapt_epochs += a->fold.state.epoch - from;
    return ASSAY_OK;
}

static enum assay_status walk_blocks(struct audit *a)
{
    while (!a->stop) {
        const uint64_t before = a->fold.blocks;
        bool leapt = false, recovered = false;
        a->figures->head_era = a->fold.state.era;
        a->figures->head_epoch = a->fold.state.epoch;
        a->figures->head_height = a->fold.state.head_height;
        assay_bytes_copy(a->figures->head_id, 32, a->fold.state.head_id, 32);
        ASSAY_TRY(assay_audit_signed(a));
        ASSAY_TRY(assay_audit_scan_epoch(a, ASSAY_STORE_BLOCK, visit_block));
        if (a->fold.ledger.closed) {
            ASSAY_TRY(close_epoch(a));
            continue;
        }
        ASSAY_TRY(close_by_recover(a, &recovered));
        if (recovered) continue;
        ASSAY_TRY(cross_history_gap(a, &leapt));
        if (!leapt) return check_end_of_chain(a, before);
    }
    return ASSAY_OK;
}

/* The boundaries behind the checkpoint lead to the state that the walk starts with. */
static enum assay_status is_based_on(struct audit *a, const struct assay_store_key *key)
{
    a->class_ = ASSAY_STORE_STATE;
    ASSAY_TRY(assay_audit_blame_ids(a, key, "block of the snapshot", a->chain->at.id,
                                    a->fold.state.head_id));
    ASSAY_TRY(assay_audit_blame_ids(a, key, "roster of the snapshot", a->chain->at.roster_digest,
                                    a->fold.state.roster_digest));
    a->figures->proven = false; /* so far for the older snapshot */
    mark_proven(a, true);
    return ASSAY_OK;
}

struct older {
    const struct assay_checkpoint *checkpoint;
    struct assay_store_key key;
    bool found;
};

static bool visit_older(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct older *o = context;
    (void)value;
    if (key->era != o->checkpoint->era || key->epoch > o->checkpoint->epoch) return true;
    o->key = *key;
    o->found = true;
    return false;
}

/* No boundaries lead from genesis to the start: those from the checkpoint on may. They begin at an
 * older snapshot, which nothing but the checkpoint proves. */
static enum assay_status start_at_checkpoint(struct audit *a)
{
    static const enum assay_store_class classes[] = { ASSAY_STORE_STATE, ASSAY_STORE_ANCHOR };
    const struct assay_checkpoint *c = a->config->checkpoint;
    const struct assay_store_key from = assay_audit_first(0, 0),
                                 to = assay_audit_last(UINT32_MAX, UINT64_MAX);
    struct older older = { .checkpoint = c };
    if (c == NULL || c->epoch >= a->fold.state.epoch) return ASSAY_OK; /* met later, or never */
    for (size_t i = 0; i < 2 && !older.found; i++) {
        struct assay_slice value;
        bool whole = false;
        ASSAY_TRY(
            assay_store_scan(a->config->store, classes[i], &from, &to, true, visit_older, &older));
        if (!older.found) continue;
        ASSAY_TRY(read_value(a, classes[i], &older.key, &value));
        assay_state_copy(&a->fold.next, &a->fold.state); /* of no use between two epochs */
        const enum assay_status read = assay_state_decode(value, &a->fold.next);
        if (read != ASSAY_OK)
            return assay_audit_blame_plain(a, classes[i], &older.key,
                                           "snapshot cannot be read, or is not its own root's",
                                           read);
        struct assay_checkpoint found;
        assay_checkpoint_of(&a->fold.next, &found);
        ASSAY_TRY(compare_checkpoint(a, &older.key, &found, false));
        ASSAY_TRY(cross_gap(a, &a->fold.next, a->fold.state.epoch, &whole));
        if (a->met && whole) return is_based_on(a, &older.key);
        a->figures->proven = older.found = false;
    }
    return ASSAY_OK;
}

/* From genesis where its blocks are kept, else from the oldest snapshot that they follow. */
static enum assay_status start_audit(struct audit *a)
{
    struct seen_key oldest;
    struct start_audit b;
    enum assay_store_class class_ = ASSAY_STORE_STATE;
    ASSAY_TRY(first_in(a, ASSAY_STORE_BLOCK, 0, false, &oldest));
    uint64_t from = oldest.any && oldest.key.epoch > 0 ? oldest.key.epoch - 1 : 0;
    if (a->config->from_epoch > from) from = a->config->from_epoch;
    if (from == 0) return ASSAY_OK;
    ASSAY_TRY(find_snapshot(a, from, &b, &class_));
    if (!b.found) {
        const struct assay_store_key key = assay_audit_first(0, from);
        return assay_audit_blame_plain(
            a, ASSAY_STORE_STATE, &key,
            "the blocks before are pruned, and no snapshot is kept to begin with",
            ASSAY_E_NOT_FOUND);
    }
    ASSAY_TRY(continue_from(a, &b, class_));
    a->figures->started_epoch = a->fold.state.epoch;
    return a->figures->proven ? ASSAY_OK : start_at_checkpoint(a);
}

static enum assay_status check_checkpoint_met(struct audit *a)
{
    const struct assay_checkpoint *c = a->config->checkpoint;
    if (c == NULL || a->stop) return ASSAY_OK;
    const struct assay_store_key key = assay_audit_first(c->era, c->epoch);
    if (!assay_bytes_equal(c->chain_id, a->fold.state.chain_id, 32)) {
        a->class_ = ASSAY_STORE_BLOCK;
        return assay_audit_blame_ids(a, &key, "chain of the checkpoint", a->fold.state.chain_id,
                                     c->chain_id);
    }
    if (a->met) return ASSAY_OK;
    return assay_audit_blame_plain(a, ASSAY_STORE_BLOCK, &key,
                                   "the epoch of the checkpoint is not here", ASSAY_E_NOT_FOUND);
}

static enum assay_status run_audit(struct audit *a)
{
    ASSAY_TRY(start_audit(a));
    if (a->figures->started_epoch == 0) {
        const struct assay_store_key key = assay_audit_first(0, 0);
        ASSAY_TRY(check_checkpoint(a, &key));
    }
    ASSAY_TRY(walk_blocks(a));
    ASSAY_TRY(check_checkpoint_met(a));
    return a->stop ? ASSAY_OK : assay_audit_named(a);
}

size_t assay_audit_services_len(const struct assay_service_plans *services)
{
    return assay_fold_services_len(services, CAPACITY);
}

enum assay_status assay_audit(const struct assay_audit_config *config,
                              struct assay_audit_figures *figures, struct assay_audit_fault *fault)
{
    const uint32_t n = CAPACITY;
    struct audit a = { .config = config, .figures = figures, .at = fault };
    ASSAY_ASSERT(config->store != NULL && config->memory != NULL && config->vet.finding != NULL);
    *figures = (struct assay_audit_figures){ .proven = true };
    *fault = (struct assay_audit_fault){ .fault = { .status = ASSAY_OK } };
    const struct assay_fold_books books = { .context = &a.books,
                                            .document = assay_audit_find_document,
                                            .change = assay_audit_find_change,
                                            .check = config->document_check,
                                            .updates = config->updates,
                                            .plan_follow = config->plan_follow,
                                            .services = config->services };
    a.value = (uint8_t *)config->memory + assay_fold_memory_len(n);
    a.value_len_max = value_len_max(n);
    a.rows = (struct assay_roster_row *)(void *)(a.value + round_up(a.value_len_max));
    uint8_t *chain = (uint8_t *)a.rows + round_up((size_t)n * sizeof *a.rows);
    a.chain = (struct assay_boundary_chain *)(void *)chain;
    assay_bytes_zero(a.chain, sizeof *a.chain);
    uint8_t *documents = chain + round_up(sizeof *a.chain);
    a.books = (struct assay_audit_books){ .store = config->store,
                                          .has_services = config->services != NULL };
    for (size_t i = 0; i < ASSAY_AUDIT_DOCUMENTS; i++)
        a.books.documents[i] = documents + i * round_up(ASSAY_SET_LEN_MAX);
    enum assay_status status = assay_fold_init(&a.fold, config->memory, n, config->genesis, &books);
    assay_bytes_copy(a.policy_digest, 32, config->genesis->policy_digest, 32);
    assay_bytes_copy(a.endorsements_digest, 32, config->genesis->endorsements_digest, 32);
    a.fold.unsigned_ = a.fold.context.unsigned_ = !config->signatures;
    if (status == ASSAY_OK) status = run_audit(&a);
    /* docs/protocol.md 11.4.4: the author of the file can write chains without signatures. */
    if (!config->signatures) figures->proven = false;
    ASSAY_ASSERT(status != ASSAY_E_INVALID || fault->fault.what != NULL);
    assay_boundary_chain_free(a.chain);
    assay_fold_deinit(&a.fold);
    return status;
}
