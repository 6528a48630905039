/*
 * engine/node/finalize.c - final blocks: apply, persist, close the epoch, start the next.
 *
 * docs/protocol.md 4.4 to 4.6, 5.18. The ledger here is the final chain; branch.c checks branches
 * on top of it.
 */
#include "engine/parts/engine_internal.h"

#include "engine/evidence/pool.h"
#include "engine/ledger/proofs/proof.h"

enum {
    HISTORY_EPOCHS_DEFAULT = 20000, /* two weeks of one-minute epochs */
    BOUNDARIES_PER_HISTORY =
        10,               /* retention relative to blocks; boundaries take a sixth of the bytes */
    STATES_KEPT = 64,     /* for nodes that fast-sync and holders of checkpoints */
    ANCHOR_EPOCHS = 1024, /* a state followed by its blocks, for audits */
    AT_ONCE = 64,         /* final blocks applied in one step */
    CLOSE_EFFECTS = 64,   /* state, proof, prunings, orders, quote */
};

static bool chain_is_valid(const struct assay_engine *e)
{
    const struct assay_chain_state *c = e->chain;
    return c->ledger.members == e->members && c->path_max > 0 &&
           c->ledger.height >= e->head->state.head_height;
}

bool assay_finalize_persist_block(struct assay_engine *e, const struct assay_block_header *header,
                                  const uint8_t id[static 32], struct assay_slice payload,
                                  struct assay_slice body)
{
    ASSAY_ASSERT(header->height > e->head->state.head_height);
    ASSAY_ASSERT(header->epoch == e->head->context.epoch && payload.len > 0);
    ASSAY_ASSERT(body.bytes >= payload.bytes &&
                 (size_t)(body.bytes - payload.bytes) + body.len <= payload.len);
    struct assay_store_key key = { .era = header->era,
                                   .epoch = header->epoch,
                                   .number = header->height };
    assay_bytes_copy(key.id, 32, id, 32);
    const struct assay_slice kept = assay_eng_copy(e, payload);
    if (kept.len == 0) return false;
    assay_eng_persist(e, ASSAY_STORE_BLOCK, &key, kept);
    assay_declared_lists_on_final_block(
        e, assay_slice_over(kept.bytes + (body.bytes - payload.bytes), body.len));
    assay_eng_note(e, ASSAY_NOTE_FINALISED, ASSAY_SLOT_ALL, header->height, header->view);
    return true;
}

/* A FAIL of this node is final: logs the reason that the prover found. */
static void log_own_fail(struct assay_engine *e, const struct assay_record *r)
{
    const struct assay_member *m = &e->head->state.members[e->self];
    char reason[ASSAY_FINDING_REASON_LEN] = "";
    struct assay_moment moment;
    const struct assay_finding_record *finding = NULL;
    if (assay_context_moment(&e->head->context, r->epoch, &moment) == ASSAY_OK)
        finding = assay_verdicts_find(e, r->evidence_digest, moment.at_unix_s,
                                      (enum assay_evidence_kind)m->evidence_kind, false);
    if (finding != NULL) assay_finding_reason(finding, m, r->envelope.kind, reason);
    assay_seat_set_own_failure(e, r->epoch, r->outcome, reason);
}

/* Logs what operators want to know of a final record. r: judged */
static void log_record(struct assay_engine *e, const struct assay_record *r)
{
    ASSAY_ASSERT(r->slot < e->members || assay_record_row(r->kind)->report == NULL);
    struct assay_record_report report = { .failed = ASSAY_OUTCOME_NONE };
    const uint16_t slot = (uint16_t)r->slot; /* < members <= 1024 */
    const struct assay_record_row *row = assay_record_row(r->kind);
    if (row->report == NULL) return;
    row->report(r, &report);
    if (report.reason != NULL) assay_seat_set_reason(e, slot, report.reason);
    if (report.failed != ASSAY_OUTCOME_NONE && slot == e->self) log_own_fail(e, r);
    if (report.failed != ASSAY_OUTCOME_NONE)
        assay_eng_note(e, ASSAY_NOTE_FAIL_PROVEN, slot, (uint64_t)report.failed, r->epoch);
    if (report.offence != 0)
        assay_eng_note(e, ASSAY_NOTE_OFFENCE_PROVEN, slot, report.offence, r->epoch);
    /* Every proof except that of a false ballot consists of two signatures, of which this process
     * made one. */
    if (report.offence == 0 || report.offence == 5 || slot != e->self || !e->key_state->listed)
        return;
    const struct assay_life *life = assay_member_life_at(&e->head->state.members[slot], r->epoch);
    const bool of_these_keys = life != NULL && life->incarnation == e->key_state->keys.incarnation;
    if (of_these_keys && e->key_state->live_epochs == 2)
        assay_keys_note_shared(e, e->key_state->keys.incarnation);
}

/* Removes the records of a final block from the pool. */
static void remove_final_records(struct assay_engine *e, struct assay_slice body)
{
    struct assay_cursor c;
    uint64_t count = 0;
    if (assay_body_open(body, &c, &count) != ASSAY_OK) return;
    for (uint64_t i = 0; i < count; i++) {
        struct assay_slice bytes;
        struct assay_record r;
        if (assay_body_next(&c, &bytes) != ASSAY_OK) return;
        if (assay_record_decode(bytes, &r) != ASSAY_OK) return;
        const struct assay_pool_item *item = assay_pool_find(e->pool, r.key);
        if (item == NULL && r.kind == ASSAY_RECORD_BALLOT)
            assay_message_intake_on_counted_ballot(e, &r);
        if (item == NULL || item->phase == ASSAY_POOL_DONE) continue;
        ASSAY_ASSERT(item->kind == r.kind && item->slot < e->members);
        r.slot = item->slot;
        r.epoch = item->epoch;
        r.outcome = item->outcome;
        r.falsehood = item->falsehood;
        log_record(e, &r);
        if (assay_record_row(r.kind)->passes) assay_pool_remove(e->pool, item);
        else assay_pool_set_final(e->pool, item);
    }
}

/* --- the next epoch */

void assay_finalize_start_epoch(struct assay_engine *e)
{
    struct assay_simplex_base base = {
        .era = e->head->state.era,
        .epoch = e->head->context.epoch,
        .height = e->head->state.head_height,
        .epoch_ms = assay_eng_epoch_ms(e),
        .counters = e->head->state.counters,
    };
    assay_bytes_copy(base.id, 32, e->head->state.head_id, 32);
    assay_bytes_copy(base.proof, 32, e->head->proof, 32);
    struct assay_chain_state *chain = &e->parts->chain;
    assay_ledger_reset(&chain->ledger, &e->head->state);
    chain->wanted = false;
    chain->begun = true;
    assay_finalize_note_progress(e);
    assay_branch_on_epoch(e);
    assay_proposal_on_epoch(e);
    const bool was_listed = e->key_state->listed && e->key_state->live_epochs > 0;
    assay_keys_update_listed(e);
    /* Another key set was listed by this node's identity: a listing by operators would have made
     * another engine (docs/protocol.md 2.15). In an epoch that opened while this process took part:
     * with older keys restored, a node that catches up meets the listing of its own later set. */
    if (was_listed && !e->key_state->listed)
        assay_keys_note_shared(e, e->key_state->keys.incarnation - 1);
    assay_era_on_epoch(e);
    /* Before it starts: messages that arrived early may allow a vote at once. */
    base.silent = !assay_eng_may_sign(e);
    assay_simplex_begin(e->simplex, e->now_ms, &base, &e->head->voters, e->actions);
    ASSAY_ASSERT(e->chain->ledger.height == e->head->state.head_height && !e->chain->ledger.closed);
    ASSAY_ASSERT(chain_is_valid(e) && e->chain->begun);
}

void assay_finalize_init(struct assay_engine *e)
{
    assay_ledger_reset(&e->parts->chain.ledger, &e->head->state);
    ASSAY_ASSERT(chain_is_valid(e));
}

void assay_finalize_set_tip_time(struct assay_engine *e)
{
    e->parts->chain.tip_ms = e->now_ms;
}

void assay_finalize_set_synced_time(struct assay_engine *e)
{
    assay_finalize_set_tip_time(e);
    e->parts->chain.synced_ms = e->now_ms;
}

void assay_finalize_count_synced(struct assay_engine *e)
{
    struct assay_chain_state *c = &e->parts->chain;
    c->final_ms = assay_max_u64(c->final_ms, c->synced_ms);
}

void assay_finalize_note_progress(struct assay_engine *e)
{
    e->parts->chain.progress_ms = e->now_ms;
}

void assay_finalize_set_target(struct assay_engine *e, const uint8_t id[static 32],
                               const uint8_t proof[static 32])
{
    ASSAY_ASSERT(e->chain->begun);

    struct assay_chain_state *chain = &e->parts->chain;
    chain->wanted = true;
    assay_bytes_copy(chain->wanted_id, 32, id, 32);
    assay_bytes_copy(chain->wanted_proof, 32, proof, 32);
}

/* A member that votes without attesting loses its votes, or keeps them to preserve the floor
 * (docs/protocol.md 6.7). */
static void log_vote_changes(struct assay_engine *e, uint16_t slot)
{
    const struct assay_member *old = &e->head->state.members[slot];
    const struct assay_member *new = &e->head->next.members[slot];
    const bool same = assay_bytes_equal(old->node_id, new->node_id, 32);
    const bool lost = same && old->keyless, spared = same && assay_member_is_spared(old);
    if (new->keyless && !lost)
        assay_eng_note(e, ASSAY_NOTE_VOTES_LOST, slot, e->head->next.epoch, new->weight);
    if (assay_member_is_spared(new) && !spared)
        assay_eng_note(e, ASSAY_NOTE_VOTES_RETAINED, slot, e->head->next.epoch,
                       assay_parameters_quiet_floor(&e->head->next.rules.parameters));
    if ((lost || spared) && new->weight > 0 && !assay_trust_is_quiet(&new->trust))
        assay_eng_note(e, ASSAY_NOTE_VOTES_RETURNED, slot, e->head->next.epoch, new->weight);
}

/* docs/protocol.md 2.16.6: workload keys become active, others do, or they end. */
static void log_key_changes(struct assay_engine *e, uint16_t slot)
{
    const struct assay_state *const before = &e->head->state, *const after = &e->head->next;
    const struct assay_member *old = &before->members[slot], *new = &after->members[slot];
    if (!assay_bytes_equal(old->node_id, new->node_id, 32)) return;
    const enum assay_keys_state was =
        assay_member_keys_state(old, before->epoch, ASSAY_STANDING_WARNING);
    const enum assay_keys_state is =
        assay_member_keys_state(new, after->epoch, ASSAY_STANDING_WARNING);
    const bool others =
        !assay_bytes_equal(old->declaration.keys_root, new->declaration.keys_root, 32);
    if (is == ASSAY_KEYS_ACTIVE && (was != ASSAY_KEYS_ACTIVE || others))
        assay_eng_note(e, ASSAY_NOTE_KEYS_ACTIVE, slot, new->declaration.keys_epoch, 0);
    if (is != ASSAY_KEYS_ACTIVE && was == ASSAY_KEYS_ACTIVE)
        assay_eng_note(e, ASSAY_NOTE_KEYS_ENDED, slot, after->epoch, (uint64_t)is);
}

static void log_member_changes(struct assay_engine *e)
{
    ASSAY_ASSERT(e->head->next.epoch == e->head->state.epoch + 1);

    for (uint32_t i = 0; i < e->members; i++) {
        const struct assay_member *old = &e->head->state.members[i];
        const struct assay_member *new = &e->head->next.members[i];
        const uint16_t slot = (uint16_t)i;
        const bool changed = old->trust.score.standing != new->trust.score.standing;
        if (changed && assay_member_serves(new)) /* else operators took it out of service */
            assay_eng_note(e, ASSAY_NOTE_STANDING, slot, (uint64_t)old->trust.score.standing,
                           (uint64_t) new->trust.score.standing);
        if (old->lives[0].incarnation != new->lives[0].incarnation)
            assay_eng_note(e, ASSAY_NOTE_INCARNATION_LISTED, slot, new->lives[0].incarnation, 0);
        log_vote_changes(e, slot);
        log_key_changes(e, slot);
    }
}

/* The close first, then what it changed: the host dates changes by the close before them, since it
 * may handle the notes of several steps at once. */
static void log_close(struct assay_engine *e)
{
    assay_eng_note(e, ASSAY_NOTE_EPOCH_CLOSED, ASSAY_SLOT_ALL, e->head->next.epoch,
                   e->head->next.certified);
    log_member_changes(e);
}

/* For peers that sync after the blocks were pruned. */
static void persist_boundary(struct assay_engine *e, const struct assay_store_key *key,
                             struct assay_slice header_bytes)
{
    const struct assay_chain_head *h = e->head;
    const size_t len_max = assay_boundary_len_max(h->capacity);
    uint8_t *bytes = assay_eng_alloc(e, len_max);
    ASSAY_ASSERT(bytes != NULL); /* as in persist_head */
    struct assay_writer w = assay_writer_over(bytes, len_max);
    const enum assay_status status = assay_boundary_encode(
        &h->state, &h->next, header_bytes, h->scratch, h->scratch_len, e->chain->leaf_hashes, &w);
    ASSAY_ASSERT(status == ASSAY_OK && w.len > 0);
    assay_eng_persist(e, ASSAY_STORE_BOUNDARY, key, assay_slice_over(bytes, w.len));
}

/* An anchor is retained as long as blocks, for audits and for fast sync. */
static void persist_state(struct assay_engine *e, const struct assay_store_key *key,
                          struct assay_slice header_bytes, bool anchor)
{
    ASSAY_ASSERT(header_bytes.len > 0 && header_bytes.len <= ASSAY_BLOCK_HEADER_LEN_MAX);
    const size_t len_max = assay_state_len_max(e->head->capacity);
    uint8_t *bytes = assay_eng_alloc(e, len_max);
    ASSAY_ASSERT(bytes != NULL); /* the step's memory is laid out for one close */
    struct assay_writer w = assay_writer_over(bytes, len_max);
    const enum assay_status status = assay_state_encode(&e->head->next, header_bytes,
                                                        e->head->scratch, e->head->scratch_len, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    ASSAY_ASSERT(w.len > 0 && w.len <= len_max);
    assay_eng_persist(e, ASSAY_STORE_STATE, key, assay_slice_over(bytes, w.len));
    if (anchor) assay_eng_persist(e, ASSAY_STORE_ANCHOR, key, assay_slice_over(bytes, w.len));
}

static void persist_head(struct assay_engine *e, struct assay_slice header_bytes,
                         struct assay_slice proof)
{
    ASSAY_ASSERT(proof.len <= ASSAY_FINALITY_LEN_MAX);
    const struct assay_store_key key = { .era = e->head->next.era, .epoch = e->head->next.epoch };
    persist_state(e, &key, header_bytes, key.epoch % ANCHOR_EPOCHS == 0);
    assay_services_persist(e, &key, key.epoch % ANCHOR_EPOCHS == 0);
    assay_eng_persist(e, ASSAY_STORE_FINALITY, &key, proof);
    persist_boundary(e, &key, header_bytes);
}

/* Persists a decision of the operators, for the next engine and for operators: never pruned. */
static void persist_change(struct assay_engine *e, const struct assay_ledger *ledger)
{
    const struct assay_state *next = &e->head->next;
    if (ledger->change_len == 0) return;
    struct assay_store_key key = { .era = next->era,
                                   .epoch = next->epoch,
                                   .number = next->change_sequence };
    const struct assay_slice kept =
        assay_eng_copy(e, assay_slice_over(ledger->change, ledger->change_len));
    ASSAY_ASSERT(kept.len > 0); /* as in persist_head */
    assay_sha256(kept.bytes, kept.len, key.id);
    assay_eng_persist(e, ASSAY_STORE_CHANGE, &key, kept);
}

static void persist_collateral(struct assay_engine *e, struct assay_slice value)
{
    struct assay_store_key key = { .era = e->head->next.era, .epoch = e->head->next.epoch };
    assay_sha256(value.bytes, value.len, key.id);
    assay_eng_persist(e, ASSAY_STORE_COLLATERAL, &key, value);
}

/* Persists everything that the state names again: items older than the block horizon are pruned
 * (prune_all), and a reader that starts at an anchor finds them after it. */
static void persist_named(struct assay_engine *e)
{
    const struct assay_chain_head *h = e->head;
    for (uint32_t i = 0; i < h->next.update_count; i++) {
        const struct assay_slice record =
            assay_update_cache_find(&h->update_cache, h->next.updates[i].digest);
        if (record.len > 0) persist_collateral(e, record);
    }
    if (!assay_bytes_equal(e->genesis->endorsements_digest, e->genesis->first[1], 32))
        persist_collateral(e, e->genesis->endorsements);
}

/* Persists the collateral of the epoch, and the set that its end brings into force. */
static void persist_updates(struct assay_engine *e, const struct assay_ledger *ledger)
{
    const struct assay_chain_head *h = e->head;
    uint8_t digest[32];
    for (uint32_t i = 0; i < ledger->update_count; i++) {
        const struct assay_slice kept =
            assay_eng_copy(e, assay_slice_over(ledger->updates[i], ledger->update_len[i]));
        ASSAY_ASSERT(kept.len > 0); /* as in persist_head */
        persist_collateral(e, kept);
    }
    assay_sha256(h->set.bytes, h->set.len, digest);
    if (h->set.len > 0 && assay_bytes_equal(digest, h->next.rules.endorsements_digest, 32))
        persist_collateral(e, assay_slice_over(h->set.bytes, h->set.len));
    if (h->next.epoch % ANCHOR_EPOCHS == 0) persist_named(e);
}

static const struct assay_update *find_update(const struct assay_state *state,
                                              const uint8_t digest[static 32])
{
    for (uint32_t i = 0; i < state->update_count; i++)
        if (assay_bytes_equal(state->updates[i].digest, digest, 32)) return &state->updates[i];
    return NULL;
}

/* Logs the fate of an update that was pending or on trial: active, reverted or void. */
static void log_update(struct assay_engine *e, const struct assay_update *before)
{
    const struct assay_update *after = find_update(&e->head->next, before->digest);
    const bool served = !assay_bytes_equal(e->head->next.rules.endorsements_digest,
                                           e->head->state.rules.endorsements_digest, 32);
    if (after != NULL && after->phase == before->phase) return;
    enum assay_note note = ASSAY_NOTE_COLLATERAL_VOID;
    if (before->phase == ASSAY_UPDATE_TRIED) {
        if (after == NULL) return; /* it stays in force */
        note = ASSAY_NOTE_COLLATERAL_REVERTED;
    } else if (after != NULL || (before->forced && served)) {
        note = ASSAY_NOTE_COLLATERAL_ACTIVE;
    }
    assay_eng_note(e, note, ASSAY_SLOT_ALL, before->facts.number, before->facts.recovery);
}

static void log_updates(struct assay_engine *e, const struct assay_ledger *ledger)
{
    const struct assay_state *now = &e->head->state;
    for (uint32_t i = 0; i < ledger->update_count; i++) {
        uint8_t digest[32];
        struct assay_update taken = { .phase = ASSAY_UPDATE_WAITING,
                                      .facts = ledger->update_facts[i] };
        assay_sha256(ledger->updates[i], ledger->update_len[i], digest);
        assay_bytes_copy(taken.digest, 32, digest, 32);
        const struct assay_update *after = find_update(&e->head->next, digest);
        assay_eng_note(e, ASSAY_NOTE_COLLATERAL_INCLUDED, ASSAY_SLOT_ALL, taken.facts.number,
                       after != NULL ? after->due_ms : 0);
        log_update(e, &taken);
    }
    for (uint32_t i = 0; i < now->update_count; i++)
        if (now->updates[i].phase != ASSAY_UPDATE_REVERTED) log_update(e, &now->updates[i]);
}

static void log_decisions(struct assay_engine *e, const struct assay_ledger *ledger)
{
    const struct assay_state *now = &e->head->state;
    const struct assay_state *next = &e->head->next;
    const bool ended = next->ended.end != ASSAY_CHANGE_NONE && next->ended.epoch == next->epoch;
    if (ledger->change_len > 0) {
        struct assay_change change;
        assay_change_of_record(assay_slice_over(ledger->change, ledger->change_len), &change);
        assay_eng_note(e, ASSAY_NOTE_CHANGE_INCLUDED, ASSAY_SLOT_ALL, change.sequence,
                       change.activation);
    }
    if (ended)
        assay_eng_note(e, ASSAY_NOTE_CHANGE_ENDED, ASSAY_SLOT_ALL, next->ended.sequence,
                       (uint64_t)next->ended.end);
    const bool begun =
        now->pending_count > 0 && now->era == next->era &&
        (next->pending_count == 0 || next->pending[0].sequence != now->pending[0].sequence);
    if (begun && !ended)
        assay_eng_note(e, ASSAY_NOTE_CHANGE_ACTIVE, ASSAY_SLOT_ALL, now->pending[0].sequence, 0);
    log_updates(e, ledger);
}

static void prune_class(struct assay_engine *e, enum assay_store_class class_, uint64_t keep)
{
    ASSAY_ASSERT(keep > 0);

    const uint64_t running = e->head->context.epoch;
    const uint32_t era = e->head->state.era;
    if (running <= keep) return;
    /* Epochs keep counting from era to era (docs/protocol.md 9.11), so the same limit applies to an
     * earlier era. One of them is pruned in turn at each close. */
    const uint32_t eras[] = { era, era > 0 ? (uint32_t)(running % era) : 0 };
    for (size_t i = 0; i < (era > 0 ? 2 : 1); i++) {
        struct assay_effect *effect = assay_eng_add_effect(e, ASSAY_EFFECT_PRUNE);
        if (effect == NULL) return; /* the next close prunes it too */
        effect->as.prune.class_ = class_;
        effect->as.prune.era = eras[i];
        effect->as.prune.epoch = running - keep;
    }
}

static void prune_all(struct assay_engine *e)
{
    const uint64_t history = e->history_epochs != 0 ? e->history_epochs : HISTORY_EPOCHS_DEFAULT;
    prune_class(e, ASSAY_STORE_STATE, STATES_KEPT);
    prune_class(e, ASSAY_STORE_BLOCK, history);
    prune_class(e, ASSAY_STORE_ANCHOR, history + 1);
    if (e->services != NULL) {
        prune_class(e, ASSAY_STORE_SERVICE, STATES_KEPT + ASSAY_SERVICE_KEPT_EPOCHS);
        prune_class(e, ASSAY_STORE_SERVICE_ANCHOR, history + 1);
    }
    prune_class(e, ASSAY_STORE_COLLATERAL, history + 1 + ANCHOR_EPOCHS);
    prune_class(e, ASSAY_STORE_FINALITY, BOUNDARIES_PER_HISTORY * history);
    prune_class(e, ASSAY_STORE_BOUNDARY, BOUNDARIES_PER_HISTORY * history);
    prune_class(e, ASSAY_STORE_PROPOSAL, ASSAY_RETAINED_EPOCHS);
    prune_class(e, ASSAY_STORE_CERTIFICATE, ASSAY_RETAINED_EPOCHS);
    prune_class(e, ASSAY_STORE_VOTE, ASSAY_RETAINED_EPOCHS);
    prune_class(e, ASSAY_STORE_ENVELOPE, ASSAY_RETAINED_EPOCHS);
    prune_class(e, ASSAY_STORE_BALLOT, ASSAY_RETAINED_EPOCHS);
    prune_class(e, ASSAY_STORE_RECORD, ASSAY_RETAINED_EPOCHS);
    prune_class(e, ASSAY_STORE_EVIDENCE, ASSAY_RETAINED_EPOCHS);
}

/* Without room, at the next close. */
static void request_keys(struct assay_engine *e)
{
    if (!assay_keys_is_taken(e) || !assay_eng_has_room(e, 1)) return;
    const struct assay_effect *effect = assay_eng_add_effect(e, ASSAY_EFFECT_KEYS);
    ASSAY_ASSERT(effect != NULL);
}

/* The next epoch has another roster, other rules or operators: this engine has the wrong sizes, so
 * the next one takes over (docs/protocol.md 9.6). */
static void request_new_engine(struct assay_engine *e)
{
    const struct assay_effect *effect = assay_eng_add_effect(e, ASSAY_EFFECT_RENEW);
    ASSAY_ASSERT(effect != NULL); /* CLOSE_EFFECTS were kept free */
    e->parts->chain.turned = true;
    assay_simplex_halt(e->simplex);
}

static void close_and_renew(struct assay_engine *e)
{
    prune_all(e); /* one renewal may follow the other for many epochs */
    request_new_engine(e);
}

void assay_finalize_restore_final_time(struct assay_engine *e, uint64_t final_ms)
{
    e->parts->chain.final_ms = final_ms;
}

/* The head has changed: restarts every part that depends on it. */
static void open_next_epoch(struct assay_engine *e)
{
    struct assay_effect *effect = assay_eng_add_effect(e, ASSAY_EFFECT_CLOSED);
    if (effect != NULL) effect->as.closed.epoch = e->head->state.epoch;
    prune_all(e);
    assay_message_intake_on_epoch(e);
    assay_services_on_epoch(e);
    assay_sync_on_epoch(e);
    assay_finalize_start_epoch(e);
    request_keys(e);
    assay_epoch_open(e);
    assay_order_derive(e);
}

static void persist_fast_synced(struct assay_engine *e, const struct assay_checkpoint *c,
                                struct assay_slice snapshot, uint64_t from)
{
    const struct assay_store_key key = { .era = c->era, .epoch = c->epoch };
    assay_eng_persist(e, ASSAY_STORE_STATE, &key, snapshot);
    assay_eng_persist(e, ASSAY_STORE_ANCHOR, &key, snapshot);
    assay_eng_note(e, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL, c->epoch, from);
    assay_finalize_clear_halt(e);
    /* As in sync: these keys may have signed in the skipped history (2.7, 2.7.3). */
    struct assay_member own;
    const uint8_t *node_id = e->head->state.members[e->self].node_id;
    const bool found = assay_proof_member_of(snapshot, node_id, &own) == ASSAY_OK;
    assay_keys_compare(e, found ? &own : NULL, (struct assay_slice){ 0 }, 0);
}

enum assay_status assay_finalize_fast_sync(struct assay_engine *e, struct assay_slice snapshot,
                                           const uint8_t id[static 32],
                                           const uint8_t votes[static 32])
{
    struct assay_checkpoint c;
    const uint64_t from = e->head->state.epoch;
    ASSAY_TRY(assay_proof_checkpoint_of(snapshot, &c));
    if (!assay_bytes_equal(c.id, id, 32) || c.epoch <= from) return ASSAY_E_INVALID;
    if (!assay_eng_has_room(e, CLOSE_EFFECTS + assay_services_effects(e))) return ASSAY_E_AGAIN;
    /* Documents of services belong to the next engine, too, which starts by fetching those that are
     * missing. */
    const enum assay_status status =
        e->services != NULL ? ASSAY_E_CHAIN : assay_head_restore(e, snapshot);
    if (status == ASSAY_E_CHAIN) { /* of another roster or other rules: left to the next engine */
        persist_fast_synced(e, &c, snapshot, from);
        if (c.era > e->head->state.era) assay_acceptance_end(e);
        request_new_engine(e);
        return ASSAY_OK;
    }
    ASSAY_TRY(status);
    ASSAY_ASSERT(e->head->state.epoch == c.epoch);
    assay_head_set_proof(e, votes);
    persist_fast_synced(e, &c, snapshot, from);
    assay_finalize_set_synced_time(e);
    open_next_epoch(e);
    return ASSAY_OK;
}

void assay_finalize_close(struct assay_engine *e, const struct assay_block_header *header,
                          const uint8_t id[static 32], struct assay_slice header_bytes,
                          const struct assay_ledger *ledger, const uint8_t commitment[static 32],
                          struct assay_slice proof)
{
    ASSAY_ASSERT(proof.len > 0);
    assay_head_seal_next(e, header, id);
    log_close(e);
    log_decisions(e, ledger);
    persist_head(e, header_bytes, proof);
    persist_change(e, ledger);
    persist_updates(e, ledger);
    assay_pending_proofs_scan(
        e); /* what was voted last is compared too, before the seats are cleared */
    if (assay_head_needs_new_engine(e)) {
        close_and_renew(e);
        return;
    }
    assay_head_advance(e, ledger, commitment);
    open_next_epoch(e);
}

/* What it decides, where it decides anything: kept like a CHANGE of a block. */
static void persist_decision(struct assay_engine *e, const struct assay_recover *recover)
{
    struct assay_change change;
    if (recover->change.len == 0) return;
    assay_change_of_record(recover->change, &change);
    struct assay_store_key key = { .era = e->head->next.era,
                                   .epoch = e->head->next.epoch,
                                   .number = change.sequence };
    const struct assay_slice kept = assay_eng_copy(e, recover->change);
    ASSAY_ASSERT(kept.len > 0);
    assay_sha256(kept.bytes, kept.len, key.id);
    assay_eng_persist(e, ASSAY_STORE_CHANGE, &key, kept);
}

static bool has_room_to_recover(struct assay_engine *e, const struct assay_recover *recover,
                                const struct assay_ledger *ledger)
{
    size_t len = assay_state_len_max(e->head->capacity) +
                 assay_boundary_len_max(e->head->capacity) + 2 * recover->bytes.len +
                 recover->change.len + assay_services_len_max(e) + 1024;
    for (uint32_t i = 0; i < ledger->update_count; i++)
        len += ledger->update_len[i] + 16;
    return len <= e->output->arena_len - e->output->arena_used &&
           assay_eng_has_room(e, CLOSE_EFFECTS + assay_services_effects(e));
}

enum assay_status assay_finalize_recover(struct assay_engine *e,
                                         const struct assay_recover *recover,
                                         const struct assay_ledger *ledger)
{
    const struct assay_block_header *h = &recover->header;
    const struct assay_chain_head *head = e->head;
    ASSAY_ASSERT(assay_bytes_equal(head->next.root, h->state_root, 32));
    if (!has_room_to_recover(e, recover, ledger)) return ASSAY_E_AGAIN;
    /* Where the era before looks for the end of its epoch (docs/protocol.md 9.17). */
    const struct assay_store_key ends = { .era = head->state.era, .epoch = h->epoch };
    const struct assay_store_key begins = { .era = h->era, .epoch = h->epoch };
    assay_head_seal_recover(e, recover);
    log_close(e);
    log_updates(e, ledger);
    const struct assay_slice kept = assay_eng_copy(e, recover->bytes);
    ASSAY_ASSERT(kept.len > 0); /* has_room_to_recover */
    assay_eng_persist(e, ASSAY_STORE_FINALITY, &ends, kept);
    persist_boundary(e, &ends, recover->header_bytes);
    persist_state(e, &begins, recover->header_bytes, true);
    assay_services_persist(e, &begins, true);
    persist_decision(e, recover);
    persist_updates(e, ledger);
    if (head->next.epoch % ANCHOR_EPOCHS != 0) persist_named(e); /* the state is an anchor */
    assay_pending_proofs_scan(e);
    assay_eng_note(e, ASSAY_NOTE_RECOVERED, ASSAY_SLOT_ALL, h->era, h->epoch);
    assay_era_finish(e, recover);
    close_and_renew(e);
    return ASSAY_OK;
}

void assay_finalize_halt(struct assay_engine *e, bool catching_up)
{
    if (!e->chain->halted)
        assay_eng_note(e, ASSAY_NOTE_ROOT_MISMATCH, ASSAY_SLOT_ALL, e->head->context.epoch,
                       catching_up);
    e->parts->chain.halted = true;
    e->parts->chain.waits = false;
    assay_simplex_halt(e->simplex);
    ASSAY_ASSERT(!assay_eng_may_sign(e));
}

void assay_finalize_wait(struct assay_engine *e)
{
    if (e->chain->halted) return;
    e->parts->chain.halted = true;
    e->parts->chain.waits = true;
    assay_simplex_set_waiting(e->simplex, true);
    ASSAY_ASSERT(!assay_eng_may_sign(e));
}

void assay_finalize_resume(struct assay_engine *e)
{
    if (!e->chain->waits || !assay_head_can_close(e)) return;
    e->parts->chain.halted = false;
    e->parts->chain.waits = false;
    assay_simplex_set_waiting(e->simplex, false);
    assay_branch_recheck(e);
    if (e->sync->active) return; /* its end does the rest */
    assay_epoch_tick(e);
    assay_order_derive(e);
}

void assay_finalize_clear_halt(struct assay_engine *e)
{
    e->parts->chain.halted = false;
    e->parts->chain.waits = false;
}

/* Stops voting, logs it, and fetches the epoch again. */
static void stop_voting(struct assay_engine *e)
{
    struct assay_chain_state *chain = &e->parts->chain;
    if (chain->halted) return;
    assay_finalize_halt(e, false);
    assay_ledger_reset(&chain->ledger, &e->head->state);
    assay_branch_open_block(e); /* its base is gone */
    chain->wanted = false;
    assay_sync_start(e, e->head->context.epoch + 1);
}

static void close_epoch(struct assay_engine *e, const struct assay_block *block)
{
    ASSAY_ASSERT(block->header.kind == ASSAY_BLOCK_EPOCH && e->chain->ledger.closed);
    uint8_t *bytes = assay_eng_alloc(e, ASSAY_FINALITY_LEN_MAX);
    ASSAY_ASSERT(bytes != NULL); /* as in persist_head */
    struct assay_writer w = assay_writer_over(bytes, ASSAY_FINALITY_LEN_MAX);
    const enum assay_status status = assay_simplex_finality(e->simplex, &w);
    ASSAY_ASSERT(status == ASSAY_OK); /* FINAL of E was handed out */
    ASSAY_ASSERT(w.len > 0);
    assay_head_compute_next(e, &e->branch->ledger, block->header.view);
    if (!assay_bytes_equal(e->head->next.root, block->header.state_root, 32)) {
        stop_voting(e);
        return;
    }
    assay_finalize_close(e, &block->header, block->id, block->header_bytes, &e->branch->ledger,
                         e->chain->wanted_proof, assay_slice_over(bytes, w.len));
    assay_sync_closed_by_votes(e);
}

/* Collects the ids from the wanted block down to, not including, the final ledger's tip into
 * chain->path.
 * Returns: whether all of these blocks are stored. */
static bool collect_path(struct assay_engine *e, uint32_t *count)
{
    uint8_t at[32];
    *count = 0;
    assay_bytes_copy(at, 32, e->chain->wanted_id, 32);
    while (!assay_bytes_equal(at, e->chain->ledger.tip_id, 32)) {
        const struct assay_block *block = assay_blocks_find_const(e->blocks, at);
        if (block == NULL || *count == e->chain->path_max) return false;
        assay_bytes_copy(e->parts->chain.path[(*count)++], 32, at, 32);
        assay_bytes_copy(at, 32, block->header.parent_id, 32);
    }
    ASSAY_ASSERT(*count <= e->chain->path_max);
    return true;
}

/* The `take` lowest blocks of chain->path, in chain order. */
static void persist_path(struct assay_engine *e, uint32_t count, uint32_t take)
{
    ASSAY_ASSERT(take <= count && count <= e->chain->path_max);
    for (uint32_t i = 0; i < take; i++) {
        const struct assay_block *block =
            assay_blocks_find_const(e->blocks, e->chain->path[count - 1 - i]);
        ASSAY_ASSERT(block != NULL);
        const struct assay_slice payload = assay_slice_over(block->payload, block->payload_len);
        const bool kept = assay_finalize_persist_block(e, &block->header, block->id, payload,
                                                       block->body);
        ASSAY_ASSERT(kept); /* count_that_fit */
        remove_final_records(e, block->body);
    }
}

/* Returns: how many of the lowest blocks fit into this step's memory and effects. */
static uint32_t count_that_fit(struct assay_engine *e, uint32_t count)
{
    ASSAY_ASSERT(count <= e->chain->path_max && e->output->arena_used <= e->output->arena_len);
    size_t left = e->output->arena_len - e->output->arena_used;
    const size_t spare = assay_state_len_max(e->head->capacity) +
                         assay_boundary_len_max(e->head->capacity) + ASSAY_DECISIONS_LEN_MAX +
                         ASSAY_FINALITY_LEN_MAX + assay_services_len_max(e) + 1024;
    const size_t closing = CLOSE_EFFECTS + assay_services_effects(e);
    uint32_t take = 0, lists = 0;
    if (left < spare) return 0;
    left -= spare;
    while (take < count && take < AT_ONCE) {
        const struct assay_block *block =
            assay_blocks_find_const(e->blocks, e->chain->path[count - 1 - take]);
        if (block->payload_len + 16 > left) break;
        lists += assay_declared_lists_count(e, block->body);
        if (e->output->effects->count + take + 1 + lists + closing > ASSAY_EFFECTS_MAX) break;
        left -= block->payload_len + 16;
        take++;
    }
    ASSAY_ASSERT(take <= count && take <= AT_ONCE);
    return take;
}

void assay_finalize(struct assay_engine *e)
{
    ASSAY_ASSERT(chain_is_valid(e));

    uint32_t count = 0;
    uint8_t target[32];
    struct assay_chain_state *chain = &e->parts->chain;
    if (!chain->wanted || chain->halted || !chain->begun) return;
    if (!collect_path(e, &count)) { /* discarded while a verdict was pending */
        chain->wanted = false;
        assay_sync_start(e, e->head->context.epoch + 1);
        return;
    }
    if (assay_acceptance_rejects(e, chain->ledger.height + count)) { /* below it: with RECOVER */
        chain->wanted = false;
        return;
    }
    const uint32_t take = count_that_fit(e, count);
    if (take < count) assay_output_set_crowded(e); /* the rest in the next step */
    if (take == 0) {
        chain->wanted = count > 0;
        return;
    }
    assay_bytes_copy(target, 32, e->chain->path[count - take], 32);
    const enum assay_answer answer = assay_branch_select(e, target);
    if (answer == ASSAY_ANSWER_PENDING) return; /* retried when the verdict is available */
    if (answer != ASSAY_ANSWER_VALID) {
        stop_voting(e); /* a quorum agreed on a block that our rules reject */
        return;
    }
    ASSAY_ASSERT(assay_bytes_equal(e->branch->ledger.tip_id, target, 32));
    persist_path(e, count, take);
    chain->wanted = take < count;
    const struct assay_block *block = assay_blocks_find_const(e->blocks, target);
    ASSAY_ASSERT(block != NULL && block->held_ms <= e->now_ms);
    assay_ledger_copy(&chain->ledger, &e->branch->ledger);
    chain->tip_ms = block->held_ms;
    if (block->held_ms > e->start_state->ran_ms) chain->final_ms = e->now_ms;
    ASSAY_ASSERT(chain_is_valid(e));
    assay_finalize_note_progress(e);
    if (chain->ledger.closed) close_epoch(e, block);
    else assay_message_intake_on_final_block(e);
}
