/*
 * engine/settle.c - final blocks: apply, persist, close the epoch, begin the next.
 *
 * docs/protocol.md 4.4 to 4.6, 5.18.
 */
#include "engine/engine_internal.h"

enum {
    HISTORY_EPOCHS_DEFAULT = 100000,
    STATES_KEPT = 2,
    AT_ONCE = 64,       /* final blocks taken in one step */
    CLOSE_EFFECTS = 64, /* state, proof, prunings, orders, quote */
};

bool assay_settle_block(struct assay_engine *e, const struct assay_block_header *header,
                        const uint8_t id[static 32], struct assay_slice payload)
{
    struct assay_store_key key = { .era = header->era,
                                   .epoch = header->epoch,
                                   .number = header->height };
    assay_bytes_copy(key.id, 32, id, 32);
    const struct assay_slice kept = assay_eng_keep(e, payload);
    if (kept.len == 0) return false;
    assay_eng_persist(e, ASSAY_STORE_BLOCK, &key, kept);
    assay_eng_note(e, ASSAY_NOTE_FINALISED, ASSAY_SLOT_ALL, header->height, header->view);
    return true;
}

/* The sentence behind a proof, for whoever asks why a score fell. */
static const char *offence_text(unsigned number)
{
    switch (number) {
    case 1: return "E1: signed two notarisations in one view";
    case 2: return "E2: signed two finalisations, or one beside another notarisation";
    case 3: return "E3: signed nullification and finalisation of one view";
    case 4: return "E4: signed two proposals of one view";
    case 8: return "E8: signed two envelopes of one epoch";
    }
    return "convicted by a proof";
}

static const char *falsehood_text(enum assay_falsehood falsehood)
{
    return falsehood == ASSAY_FALSE_PASS ? "E5: voted PASS on evidence that fails"
                                         : "E5: voted FAIL on evidence that passes";
}

/* What a final block says that people want to know. */
static void note_record(struct assay_engine *e, const struct assay_record *r,
                        const struct assay_pool_item *item)
{
    const uint16_t slot = (uint16_t)item->slot; /* < members <= 1024 */
    switch (r->kind) {
    case ASSAY_RECORD_ROLL:
    case ASSAY_RECORD_BALLOT:
    case ASSAY_RECORD_INCARNATE: return; /* noted when listed */
    case ASSAY_RECORD_FAIL:
        assay_eng_note(e, ASSAY_NOTE_FAIL_PROVEN, slot, (uint64_t)item->outcome, item->epoch);
        return;
    case ASSAY_RECORD_OFFENCE:
        assay_eng_reason(e, slot, offence_text(r->offence));
        assay_eng_note(e, ASSAY_NOTE_OFFENCE_PROVEN, slot, r->offence, item->epoch);
        return;
    case ASSAY_RECORD_CONTRADICTION:
        assay_eng_reason(e, slot, falsehood_text(item->falsehood));
        assay_eng_note(e, ASSAY_NOTE_OFFENCE_PROVEN, slot, 5, item->epoch);
        return;
    }
    ASSAY_UNREACHABLE("a decoded record has a kind of the table");
}

/* The records of a final block wait no more. */
static void finish_records(struct assay_engine *e, struct assay_slice body)
{
    struct assay_cursor c;
    uint64_t count = 0;
    if (assay_body_open(body, &c, &count) != ASSAY_OK) return;
    for (uint64_t i = 0; i < count; i++) {
        struct assay_slice bytes;
        struct assay_record r;
        if (assay_body_next(&c, &bytes) != ASSAY_OK) return;
        if (assay_record_decode(bytes, &r) != ASSAY_OK) return;
        struct assay_pool_item *item = assay_pool_find(&e->pool, r.key);
        if (item == NULL && r.kind == ASSAY_RECORD_BALLOT) assay_gather_counted(e, &r);
        if (item == NULL || item->phase == ASSAY_POOL_DONE) continue;
        note_record(e, &r, item);
        assay_pool_set(&e->pool, item, ASSAY_POOL_DONE);
    }
}

/* --- the next epoch */

static enum assay_status load_key(struct assay_p256 **key, const uint8_t public_key[static 64])
{
    assay_p256_free(key);
    return assay_p256_load(public_key, key);
}

enum assay_status assay_settle_table(struct assay_engine *e)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < e->members; i++) {
        const struct assay_member *m = &e->state.members[i];
        if (!assay_bytes_equal(e->loaded[i], m->lives[0].voting_public, 64)) {
            ASSAY_TRY(load_key(&e->voting[i], m->lives[0].voting_public));
            assay_bytes_copy(e->loaded[i], 64, m->lives[0].voting_public, 64);
        }
        e->weights[i] = m->weight_bp;
        total += m->weight_bp;
    }
    e->voters = (struct assay_voter_table){ .count = e->members,
                                            .weight_bp = e->weights,
                                            .node_id = (const uint8_t(*)[32])e->node_ids,
                                            .voting_key = e->voting,
                                            .total_bp = total };
    e->context.epoch = e->state.epoch + 1;
    return ASSAY_OK;
}

void assay_settle_begin(struct assay_engine *e)
{
    struct assay_simplex_base base = {
        .era = e->state.era,
        .epoch = e->context.epoch,
        .height = e->state.head_height,
        .epoch_ms = assay_eng_epoch_ms(e),
        .counters = e->state.counters,
    };
    assay_bytes_copy(base.id, 32, e->state.head_id, 32);
    assay_bytes_copy(base.proof, 32, e->head_proof, 32);
    assay_ledger_reset(&e->final, &e->state);
    e->branch_good = false;
    e->check_count = 0;
    e->propose_wanted = false;
    e->final_wanted = false;
    e->begun = true;
    assay_epoch_own(e);
    /* Before it begins: what came early may be reason enough to vote at once. */
    base.silent = !assay_eng_may_sign(e);
    assay_simplex_begin(e->simplex, e->now_ms, &base, &e->voters, &e->actions);
}

static void note_changes(struct assay_engine *e)
{
    for (uint32_t i = 0; i < e->members; i++) {
        const struct assay_member *old = &e->state.members[i];
        const struct assay_member *new = &e->next.members[i];
        const uint16_t slot = (uint16_t)i;
        if (old->trust.score.standing != new->trust.score.standing)
            assay_eng_note(e, ASSAY_NOTE_STANDING, slot, (uint64_t)old->trust.score.standing,
                           (uint64_t) new->trust.score.standing);
        if (old->lives[0].incarnation != new->lives[0].incarnation)
            assay_eng_note(e, ASSAY_NOTE_INCARNATION_LISTED, slot, new->lives[0].incarnation, 0);
    }
}

static void persist_head(struct assay_engine *e, struct assay_slice header_bytes,
                         struct assay_slice proof)
{
    const struct assay_store_key key = { .era = e->next.era, .epoch = e->next.epoch };
    const size_t len_max = assay_state_len_max(e->members);
    uint8_t *bytes = assay_eng_take(e, len_max);
    ASSAY_ASSERT(bytes != NULL); /* the step's memory is laid out for one close */
    struct assay_writer w = assay_writer_over(bytes, len_max);
    const enum assay_status status =
        assay_state_encode(&e->next, header_bytes, e->scratch, e->scratch_len, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_eng_persist(e, ASSAY_STORE_STATE, &key, assay_slice_over(bytes, w.len));
    assay_eng_persist(e, ASSAY_STORE_FINALITY, &key, proof);
}

static void prune(struct assay_engine *e, enum assay_store_class class_, uint64_t keep)
{
    const uint64_t running = e->context.epoch;
    if (running <= keep) return;
    struct assay_effect *effect = assay_eng_effect(e, ASSAY_EFFECT_PRUNE);
    if (effect == NULL) return; /* the next close prunes it too */
    effect->as.prune.class_ = class_;
    effect->as.prune.era = e->state.era;
    effect->as.prune.epoch = running - keep;
}

static void prune_all(struct assay_engine *e)
{
    const uint64_t history =
        e->config.history_epochs != 0 ? e->config.history_epochs : HISTORY_EPOCHS_DEFAULT;
    prune(e, ASSAY_STORE_STATE, STATES_KEPT);
    prune(e, ASSAY_STORE_BLOCK, history);
    prune(e, ASSAY_STORE_FINALITY, history);
    prune(e, ASSAY_STORE_PROPOSAL, ASSAY_PAST_EPOCHS);
    prune(e, ASSAY_STORE_CERTIFICATE, ASSAY_PAST_EPOCHS);
    prune(e, ASSAY_STORE_VOTE, ASSAY_PAST_EPOCHS);
    prune(e, ASSAY_STORE_ENVELOPE, ASSAY_PAST_EPOCHS);
    prune(e, ASSAY_STORE_BALLOT, ASSAY_PAST_EPOCHS);
    prune(e, ASSAY_STORE_RECORD, ASSAY_PAST_EPOCHS);
    prune(e, ASSAY_STORE_EVIDENCE, ASSAY_PAST_EPOCHS);
}

void assay_settle_close(struct assay_engine *e, const struct assay_block_header *header,
                        const uint8_t id[static 32], struct assay_slice header_bytes,
                        const uint8_t commitment[static 32], struct assay_slice proof)
{
    ASSAY_ASSERT(header->kind == ASSAY_BLOCK_EPOCH);
    ASSAY_ASSERT(proof.len > 0);
    ASSAY_ASSERT(e->next.epoch == e->context.epoch);
    assay_bytes_copy(e->next.head_id, 32, id, 32);
    e->next.head_height = header->height;
    e->next.head_view = header->view;
    e->next.head_time_ms = header->time_ms;
    note_changes(e);
    persist_head(e, header_bytes, proof);
    assay_evidence_scan(e); /* what was voted last is compared too, before the seats are cleared */
    assay_state_copy(&e->state, &e->next);
    e->tolerance = e->next_tolerance;
    assay_bytes_copy(e->head_proof, 32, commitment, 32);
    const enum assay_status status = assay_settle_table(e);
    ASSAY_ASSERT(status == ASSAY_OK); /* INCARNATE was checked to carry a key on the curve */
    assay_eng_note(e, ASSAY_NOTE_EPOCH_CLOSED, ASSAY_SLOT_ALL, e->state.epoch, e->state.certified);
    struct assay_effect *effect = assay_eng_effect(e, ASSAY_EFFECT_CLOSED);
    if (effect != NULL) effect->as.closed.epoch = e->state.epoch;
    prune_all(e);
    assay_gather_turn(e);
    assay_sync_turn(e);
    assay_settle_begin(e);
    assay_epoch_open(e);
    assay_order_derive(e);
}

/* Our state is not the network's: never vote on it again, say so, fetch the epoch anew. */
static void stop_voting(struct assay_engine *e)
{
    if (e->halted) return;
    e->halted = true;
    assay_simplex_halt(e->simplex);
    assay_eng_note(e, ASSAY_NOTE_ROOT_MISMATCH, ASSAY_SLOT_ALL, e->context.epoch, 0);
    assay_ledger_reset(&e->final, &e->state);
    e->branch_good = false;
    e->final_wanted = false;
    assay_sync_start(e, e->context.epoch + 1);
}

static void close_running(struct assay_engine *e, const struct assay_block *block)
{
    uint8_t *bytes = assay_eng_take(e, ASSAY_FINALITY_LEN_MAX);
    ASSAY_ASSERT(bytes != NULL); /* as in persist_head */
    struct assay_writer w = assay_writer_over(bytes, ASSAY_FINALITY_LEN_MAX);
    const enum assay_status status = assay_simplex_finality(e->simplex, &w);
    ASSAY_ASSERT(status == ASSAY_OK); /* FINAL of E was handed out */
    assay_branch_close(e, block->header.view);
    if (!assay_bytes_equal(e->next.root, block->header.state_root, 32)) {
        stop_voting(e);
        return;
    }
    assay_settle_close(e, &block->header, block->id, block->header_bytes, e->final_proof,
                       assay_slice_over(bytes, w.len));
}

/* Ids from the wanted block down to, not including, the final ledger's tip into e->path.
 * Returns: whether all are held. */
static bool walk_down(struct assay_engine *e, uint32_t *count)
{
    uint8_t at[32];
    *count = 0;
    assay_bytes_copy(at, 32, e->final_id, 32);
    while (!assay_bytes_equal(at, e->final.tip_id, 32)) {
        const struct assay_block *block = assay_blocks_find_const(e->blocks, at);
        if (block == NULL || *count == e->path_max) return false;
        assay_bytes_copy(e->path[(*count)++], 32, at, 32);
        assay_bytes_copy(at, 32, block->header.parent_id, 32);
    }
    return true;
}

/* The `take` lowest blocks of e->path, in chain order. */
static void persist_path(struct assay_engine *e, uint32_t count, uint32_t take)
{
    for (uint32_t i = 0; i < take; i++) {
        const struct assay_block *block =
            assay_blocks_find_const(e->blocks, e->path[count - 1 - i]);
        ASSAY_ASSERT(block != NULL);
        const struct assay_slice payload = assay_slice_over(block->payload, block->payload_len);
        const bool kept = assay_settle_block(e, &block->header, block->id, payload);
        ASSAY_ASSERT(kept); /* there_is_room */
        finish_records(e, block->body);
    }
}

/* How many of the lowest blocks this step has memory and effects for. */
static uint32_t there_is_room(struct assay_engine *e, uint32_t count)
{
    size_t left = e->arena_len - e->arena_used;
    const size_t spare = assay_state_len_max(e->members) + ASSAY_FINALITY_LEN_MAX + 1024;
    uint32_t take = 0;
    if (left < spare) return 0;
    left -= spare;
    while (take < count && take < AT_ONCE) {
        const struct assay_block *block =
            assay_blocks_find_const(e->blocks, e->path[count - 1 - take]);
        if (block->payload_len + 16 > left) break;
        if (e->effects->count + take + 1 + CLOSE_EFFECTS > ASSAY_EFFECTS_MAX) break;
        left -= block->payload_len + 16;
        take++;
    }
    return take;
}

void assay_settle(struct assay_engine *e)
{
    uint32_t count = 0;
    uint8_t target[32];
    if (!e->final_wanted || e->halted || !e->begun) return;
    if (!walk_down(e, &count)) { /* forgotten while a verdict was awaited */
        e->final_wanted = false;
        assay_sync_start(e, e->context.epoch + 1);
        return;
    }
    const uint32_t take = there_is_room(e, count);
    if (take < count) e->crowded = true; /* the rest in the next step */
    if (take == 0) {
        e->final_wanted = count > 0;
        return;
    }
    assay_bytes_copy(target, 32, e->path[count - take], 32);
    const enum assay_answer answer = assay_branch_to(e, target);
    if (answer == ASSAY_ANSWER_PENDING) return; /* again when the verdict is there */
    if (answer != ASSAY_ANSWER_VALID) {
        stop_voting(e); /* a quorum agreed on what our rules refuse */
        return;
    }
    const bool again = walk_down(e, &count); /* branch_to used the path */
    ASSAY_ASSERT(again && count >= take);
    persist_path(e, count, take);
    e->final_wanted = take < count;
    assay_ledger_copy(&e->final, &e->branch);
    e->run.progress_ms = e->now_ms;
    if (!e->final.closed) return;
    const struct assay_block *block = assay_blocks_find_const(e->blocks, target);
    ASSAY_ASSERT(block != NULL);
    close_running(e, block);
}
