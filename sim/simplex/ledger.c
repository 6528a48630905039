/*
 * sim/simplex/ledger.c - minimal ledger of the Simplex world: every k-th block closes the epoch,
 * blocks carry one small record, a machine that is epochs behind takes the base of a peer.
 */
#include "sim/simplex/world_internal.h"

#include "base/cbor.h"

#include <stdlib.h>
#include <string.h>

enum { UNIX_MS = 1000000 };

void assay_sxw_ledger_genesis(struct assay_sim_simplex *w, struct sxw_machine *m)
{
    struct sxw_ledger *l = &m->ledger;
    l->epoch = 1;
    memset(l->base_id, 0x61, 32);
    assay_bytes_copy(l->head_id, 32, l->base_id, 32);
    l->head_ms = w->now;
}

uint32_t assay_sxw_weight_of(const struct assay_sim_simplex *w, uint64_t epoch, uint32_t slot)
{
    const uint32_t shift = w->options.rotate ? (uint32_t)(epoch % w->options.slot_count) : 0;
    return w->options.weights[(slot + shift) % w->options.slot_count];
}

/* From the base in the ledger; the other epoch's table stays where it is. */
void assay_sxw_ledger_begin(struct assay_sim_simplex *w, struct sxw_machine *m)
{
    struct sxw_ledger *l = &m->ledger;
    struct assay_voter_table *voters = &m->voters[l->epoch % 2];
    uint32_t *weights = l->weights[l->epoch % 2];
    *voters = (struct assay_voter_table){ .count = w->options.slot_count,
                                          .weight = weights,
                                          .node_id = (const uint8_t(*)[32])w->node_ids,
                                          .voting_key = w->keys };
    for (uint32_t slot = 0; slot < w->options.slot_count; slot++) {
        weights[slot] = assay_sxw_weight_of(w, l->epoch, slot);
        voters->total_weight += weights[slot];
    }
    struct assay_simplex_base base = { .epoch = l->epoch,
                                       .height = l->base_height,
                                       .epoch_ms = w->options.epoch_ms,
                                       .counters = l->counters };
    assay_bytes_copy(base.id, 32, l->base_id, 32);
    assay_bytes_copy(base.proof, 32, l->base_proof, 32);
    l->height = l->base_height;
    assay_bytes_copy(l->head_id, 32, l->base_id, 32);
    assay_simplex_begin(m->simplex, w->now, &base, voters, &m->actions);
    assay_simplex_demand(m->simplex, w->now, l->head_ms + w->options.cadence_ms, &m->actions);
}

static enum assay_block_kind kind_at_height(const struct assay_sim_simplex *w,
                                            const struct sxw_machine *m, uint64_t parent_height)
{
    const uint64_t blocks = parent_height - m->ledger.base_height;
    return blocks + 1 >= w->options.epoch_blocks ? ASSAY_BLOCK_EPOCH : ASSAY_BLOCK_NORMAL;
}

static void propose_block(struct assay_sim_simplex *w, struct sxw_machine *m, uint64_t view,
                          const uint8_t parent_id[32])
{
    const struct assay_block *parent = assay_blocks_find(m->blocks, parent_id);
    const uint64_t parent_height = parent == NULL ? m->ledger.base_height : parent->header.height;
    const uint64_t parent_ms = parent == NULL ? 0 : parent->header.time_ms;
    uint8_t record[16] = { (uint8_t)m->slot, (uint8_t)view, (uint8_t)(m - w->machines) };
    uint8_t body[32];
    struct assay_writer b = assay_writer_over(body, sizeof body);
    assay_cbor_put_array(&b, 1);
    assay_cbor_put_bytes(&b, record, sizeof record);
    struct assay_simplex_content content = { .kind = kind_at_height(w, m, parent_height),
                                             .time_ms = UNIX_MS + w->now,
                                             .body = { body, b.len } };
    if (content.time_ms <= parent_ms) content.time_ms = parent_ms + 1;
    memset(content.state_root, (int)(m->ledger.epoch & 0xff), 32);
    assay_simplex_propose(m->simplex, w->now, view, &content, &m->actions);
}

static void check_block_of(struct assay_sim_simplex *w, struct sxw_machine *m, const uint8_t id[32])
{
    const struct assay_block *block = assay_blocks_find(m->blocks, id);
    if (block == NULL) {
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_INVARIANTS,
                                  "CHECK of a block that is not held");
        return;
    }
    const struct assay_block_header *h = &block->header;
    struct sxw_event answer = { .kind = SXW_CHECKED,
                                .machine = (uint32_t)(m - w->machines),
                                .life = m->life,
                                .at_ms = w->now };
    if (h->kind == ASSAY_BLOCK_TAIL)
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_INVARIANTS, "CHECK of a tail");
    answer.valid = h->kind == kind_at_height(w, m, h->height - 1);
    if (w->judge != NULL)
        answer.valid = answer.valid && w->judge(w->judge_context, answer.machine, h);
    if (w->options.check_ms_max > 0) {
        assay_bytes_copy(answer.id, 32, id, 32);
        answer.at_ms += assay_sxw_random(w) % (w->options.check_ms_max + 1);
        assay_sxw_schedule(w, &answer);
        return;
    }
    assay_simplex_on_checked(m->simplex, w->now, id, answer.valid, &m->actions);
}

static void check_finality_proof(struct assay_sim_simplex *w, struct sxw_machine *m,
                                 const struct assay_simplex_action *action)
{
    static uint8_t bytes[ASSAY_FINALITY_LEN_MAX];
    struct assay_writer proof = assay_writer_over(bytes, sizeof bytes);
    uint8_t id[32];
    uint8_t commitment[32];
    if (assay_simplex_finality(m->simplex, &proof) != ASSAY_OK) {
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_FINALITY,
                                  "E is final and there is no proof of it");
        return;
    }
    const enum assay_status status =
        assay_finality_verify(assay_slice_over(bytes, proof.len), w->chain_id, 0, m->ledger.epoch,
                              &m->voters[m->ledger.epoch % 2], id, commitment);
    if (status != ASSAY_OK || !assay_bytes_equal(id, action->id, 32) ||
        !assay_bytes_equal(commitment, action->proof, 32))
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_FINALITY,
                                  "the finality proof does not hold: %s",
                                  assay_status_symbol(status));
}

static void close_epoch(struct assay_sim_simplex *w, struct sxw_machine *m,
                        const struct assay_simplex_action *action, uint64_t view)
{
    struct sxw_ledger *l = &m->ledger;
    check_finality_proof(w, m, action);
    for (uint64_t v = 0; v < view; v++) /* as after the view of E itself */
        assay_leader_next(&m->voters[l->epoch % 2], l->counters);
    assay_bytes_copy(l->base_id, 32, action->id, 32);
    assay_bytes_copy(l->base_proof, 32, action->proof, 32);
    l->base_height = l->height;
    l->epoch++;
    assay_sxw_ledger_begin(w, m);
}

static void on_final(struct assay_sim_simplex *w, struct sxw_machine *m, size_t index)
{
    const struct assay_simplex_action action = m->actions.items[index];
    const struct assay_block *path[SXW_BLOCKS_MAX];
    struct sxw_ledger *l = &m->ledger;
    size_t count = 0;
    assay_sxw_check_finality(w, m, &action);
    const struct assay_block *at = assay_blocks_find(m->blocks, action.id);
    while (at != NULL && !assay_bytes_equal(at->id, l->head_id, 32) && count < SXW_BLOCKS_MAX) {
        path[count++] = at;
        at = assay_blocks_find(m->blocks, at->header.parent_id);
    }
    if (count == 0) {
        if (at == NULL)
            assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_INVARIANTS,
                                      "FINAL of a block that is not held");
        return; /* a tail of a block that was returned before */
    }
    if (!assay_bytes_equal(path[count - 1]->header.parent_id, l->head_id, 32))
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_AGREEMENT,
                                  "FINAL of a block that does not follow the last one");
    while (count-- > 0) {
        assay_sxw_check_final(w, m, path[count]->header.height, path[count]->id);
        l->height = path[count]->header.height;
        assay_bytes_copy(l->head_id, 32, path[count]->id, 32);
    }
    l->head_ms = w->now;
    if (path[0]->header.kind == ASSAY_BLOCK_EPOCH) close_epoch(w, m, &action, path[0]->header.view);
    else assay_simplex_demand(m->simplex, w->now, w->now + w->options.cadence_ms, &m->actions);
}

/* As the real ledger over SYNC_ASK: the base of an epoch that a peer has closed. */
static void catch_up(struct assay_sim_simplex *w, struct sxw_machine *m)
{
    const uint32_t self = (uint32_t)(m - w->machines);
    w->counts.behind++;
    for (uint32_t i = 0; i < w->machine_count; i++) {
        const struct sxw_machine *peer = &w->machines[i];
        if (peer == m || !peer->alive || peer->byzantine) continue;
        if (w->partitioned && w->group_of[i] != w->group_of[self]) continue;
        if (peer->ledger.epoch <= m->ledger.epoch) continue;
        m->ledger = peer->ledger;
        m->ledger.head_ms = w->now;
        assay_sxw_ledger_begin(w, m);
        return;
    }
}

/* Both payloads convict by themselves, and never an honest machine. */
static void on_accusation(struct assay_sim_simplex *w, struct sxw_machine *m,
                          const struct assay_simplex_action *action)
{
    w->counts.accusations++;
    w->counts.last_proof = action->proof_number;
    w->counts.last_accused = action->slot;
    uint64_t epoch = m->proofs_epoch;
    bool byzantine = false;
    for (uint32_t i = 0; i < w->machine_count; i++)
        if (w->machines[i].slot == action->slot && w->machines[i].byzantine) byzantine = true;
    if (!byzantine && w->options.plant == ASSAY_SIM_SIMPLEX_SOUND &&
        !w->options.byzantine[action->slot])
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_JUSTICE,
                                  "slot %u is honest and was accused of E%u", action->slot,
                                  action->proof_number);
    for (int i = 0; i < 2; i++) {
        const struct assay_slice payload = i == 0 ? action->first : action->second;
        struct assay_vote vote;
        struct assay_proposal proposal;
        const struct assay_p256 *key = w->keys[action->slot];
        bool proven = false;
        if (action->proof_number == 4)
            proven = assay_proposal_head_decode(payload, &proposal) == ASSAY_OK &&
                     assay_p256_verify(key, proposal.id, proposal.signature, ASSAY_S_LOW);
        else
            proven = assay_vote_decode(payload, &vote) == ASSAY_OK && vote.slot == action->slot &&
                     assay_p256_verify(key, vote.digest, vote.signature, ASSAY_S_LOW);
        if (!proven)
            assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_JUSTICE,
                                      "payload %d of an accusation proves nothing", i);
        else epoch = action->proof_number == 4 ? proposal.header.epoch : vote.statement.epoch;
    }
    if (epoch != m->proofs_epoch) memset(m->proofs, 0, sizeof m->proofs);
    m->proofs_epoch = epoch;
    m->proofs[action->slot] = (uint8_t)(m->proofs[action->slot] | 1u << action->proof_number);
}

void assay_sxw_ledger_act(struct assay_sim_simplex *w, struct sxw_machine *m, size_t index)
{
    const struct assay_simplex_action *action = &m->actions.items[index];
    switch (action->kind) {
    case ASSAY_SIMPLEX_SIGN:
    case ASSAY_SIMPLEX_PERSIST:
    case ASSAY_SIMPLEX_SEND: return; /* obey() */
    case ASSAY_SIMPLEX_PROPOSE: propose_block(w, m, action->view, action->id); return;
    case ASSAY_SIMPLEX_CHECK: check_block_of(w, m, action->id); return;
    case ASSAY_SIMPLEX_FINAL: on_final(w, m, index); return;
    case ASSAY_SIMPLEX_ACCUSE: on_accusation(w, m, action); return;
    case ASSAY_SIMPLEX_BEHIND: catch_up(w, m); return;
    case ASSAY_SIMPLEX_ROLLED_BACK: w->counts.rolled_back++; return;
    case ASSAY_SIMPLEX_NOTE:
        if (action->effect.as.note.note == ASSAY_NOTE_VIEW_NULLIFIED) w->counts.empty_views++;
        return;
    }
}
