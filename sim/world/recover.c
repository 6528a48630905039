/*
 * sim/world/recover.c - operators end an era, as with `assay recover`: a fence to one node, answers
 * of the reachable nodes, a draft by the node with the highest head, signatures, and the RECOVER to
 * that node (docs/protocol.md 9.11 to 9.16).
 */
#include "engine/ledger/records/recover.h"
#include "engine/parts/acceptance.h"
#include "engine/parts/engine_internal.h"
#include "engine/parts/era.h"
#include "host/recovery.h"
#include "sim/world/proposals_internal.h"
#include "sim/world/run_internal.h"

#include <stdlib.h>
#include <string.h>

enum {
    BODY_MAX = ASSAY_RECOVER_BODY_LEN_MAX,
    FENCE_LASTS = 64, /* epochs, by default */
};

/* --- signatures of operators */

struct approving {
    uint32_t count;
    uint8_t ids[ASSAY_OPERATORS_MAX][32];
    uint8_t signatures[ASSAY_OPERATORS_MAX][64];
};

static void sign_with(const struct assay_secret32 *key, const uint8_t digest[static 32],
                      uint8_t signature[static 64])
{
    struct assay_p256_signer *signer = NULL;
    enum assay_status status = assay_p256_signer_load(key, &signer);
    ASSAY_ASSERT(status == ASSAY_OK);
    status = assay_p256_sign(signer, digest, signature);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_p256_signer_free(&signer);
}

/* The first operators in force, as many as must sign. */
static void sign_by_operators(const struct assay_sim_world *w, const struct assay_genesis *rules,
                              uint32_t signers, const uint8_t digest[static 32],
                              struct approving *a)
{
    const uint32_t drawn = world_set_of_new_key(w, ASSAY_SIM_CHANGES_MAX - 1);
    const uint32_t last = drawn < ASSAY_OPERATORS_MAX ? ASSAY_OPERATORS_MAX : drawn; /* of tests */
    a->count = 0;
    for (uint32_t set = 0; a->count < signers; set++) {
        struct assay_secret32 key;
        uint8_t public[ASSAY_P256_PUBLIC_LEN], id[32];
        ASSAY_ASSERT(set <= last);
        world_operator_of_set(w, set, public, id);
        if (assay_operator_find(rules, id) == NULL) continue;
        world_set_key(w, set, KEY_OPERATOR, &key);
        uint32_t at = a->count++;
        for (; at > 0 && assay_bytes_compare(a->ids[at - 1], id, 32) > 0; at--) {
            assay_bytes_copy(a->ids[at], 32, a->ids[at - 1], 32);
            assay_bytes_copy(a->signatures[at], 64, a->signatures[at - 1], 64);
        }
        assay_bytes_copy(a->ids[at], 32, id, 32);
        sign_with(&key, digest, a->signatures[at]);
    }
}

static enum assay_status submit_document(struct assay_sim_world *w, uint32_t node,
                                         enum assay_message_kind kind, struct assay_slice bytes)
{
    struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE };
    event.as.message.from = ASSAY_SLOT_SELF;
    event.as.message.kind = kind;
    event.as.message.payload = bytes;
    return world_step(w, node, &event);
}

/* --- FENCE */

/* One document for every node of an era: answers name it. */
static void make_fence(struct assay_sim_world *w, const struct assay_engine *e)
{
    static const char reason[] = "more than a third is gone";
    const struct assay_state *state = &e->head->state;
    struct assay_fence terms = { .era = state->era,
                                 .last_epoch = e->head->context.epoch + w->fence_lasts,
                                 .reason = assay_slice_over(reason, sizeof reason - 1) };
    struct approving *a = calloc(1, sizeof *a);
    uint8_t body[512], digest[32];
    if (w->fence == NULL) w->fence = malloc(ASSAY_FENCE_LEN_MAX);
    ASSAY_ASSERT(a != NULL && w->fence != NULL);
    assay_bytes_copy(terms.chain_id, 32, state->chain_id, 32);
    assay_bytes_copy(terms.operators_digest, 32, state->operators_digest, 32);
    assay_bytes_copy(terms.head_id, 32, e->chain->ledger.tip_id, 32);
    assay_sha256(terms.head_id, 32, terms.nonce);
    struct assay_writer b = assay_writer_over(body, sizeof body);
    struct assay_writer f = assay_writer_over(w->fence, ASSAY_FENCE_LEN_MAX);
    enum assay_status status = assay_fence_body_encode(&terms, &b);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_sha256(body, b.len, digest);
    sign_by_operators(w, e->genesis, e->genesis->threshold, digest, a);
    status = assay_fence_encode(assay_slice_over(body, b.len), (const uint8_t(*)[32])a->ids,
                                (const uint8_t(*)[64])a->signatures, a->count, &f);
    ASSAY_ASSERT(status == ASSAY_OK);
    w->fence_len = f.len;
    free(a);
}

enum assay_status assay_sim_world_fence(struct assay_sim_world *w, uint32_t node)
{
    const struct assay_engine *e = w->nodes[node].engine;
    const struct assay_state *state = &e->head->state;
    struct assay_fence last;
    ASSAY_ASSERT(w->nodes[node].alive);
    const bool same =
        w->fence_len > 0 &&
        assay_fence_decode(assay_slice_over(w->fence, w->fence_len), &last) == ASSAY_OK &&
        last.era == state->era &&
        assay_bytes_equal(last.operators_digest, state->operators_digest, 32);
    if (w->fence_lasts == 0) w->fence_lasts = FENCE_LASTS;
    if (!same || e->head->context.epoch > last.last_epoch) make_fence(w, e);
    return submit_document(w, node, ASSAY_MESSAGE_FENCE, assay_slice_over(w->fence, w->fence_len));
}

/* --- ANSWER */

static enum assay_status sign_answer(const struct world_node *n, struct assay_answer_body *body,
                                     const uint8_t *identity, uint8_t *bytes, size_t *len)
{
    uint8_t core[ASSAY_ANSWER_CORE_LEN_MAX], digest[32], identified[64], voted[64];
    uint8_t *rest = malloc(ASSAY_ANSWER_LEN_MAX);
    struct assay_writer c = assay_writer_over(core, sizeof core);
    struct assay_writer r = assay_writer_over(rest, ASSAY_ANSWER_LEN_MAX);
    struct assay_writer o = assay_writer_over(bytes, ASSAY_ANSWER_LEN_MAX);
    ASSAY_ASSERT(rest != NULL);
    enum assay_status status = assay_answer_body_encode(body, &r, &c);
    assay_sha256(core, c.len, digest);
    if (status == ASSAY_OK) status = assay_p256_sign(n->identity, digest, identified);
    if (status == ASSAY_OK) status = assay_p256_sign(n->voting, digest, voted);
    if (status == ASSAY_OK)
        status = assay_answer_encode(assay_slice_over(core, c.len), assay_slice_over(rest, r.len),
                                     identity, identified, voted, &o);
    *len = o.len;
    free(rest);
    return status;
}

/* Returns: ASSAY_OK | as assay_engine_answer */
static enum assay_status make_answer(struct assay_sim_world *w, uint32_t node,
                                     struct assay_answer_file *file, uint8_t *bytes)
{
    const struct world_node *n = &w->nodes[node];
    struct assay_answer_body *body = calloc(1, sizeof *body);
    uint8_t digest[32], asking[32];
    size_t len = 0;
    struct assay_writer a = assay_writer_over(asking, sizeof asking);
    ASSAY_ASSERT(body != NULL);
    assay_era_encode_answering(&a);
    enum assay_status status =
        submit_document(w, node, ASSAY_MESSAGE_FENCE, assay_slice_over(asking, a.len));
    if (status == ASSAY_OK && n->alive) status = assay_engine_answer(n->engine, body);
    if (status == ASSAY_OK && !n->alive) status = ASSAY_E_AGAIN; /* the node crashed in this step */
    if (status == ASSAY_OK && body->has_keys) {
        assay_recover_keys_digest(body->chain_id, body->era, &body->keys, digest);
        status = assay_p256_sign(n->identity, digest, body->keys.identified);
        if (status == ASSAY_OK) status = assay_p256_sign(n->voting, digest, body->keys.possessed);
    }
    if (status == ASSAY_OK)
        status = sign_answer(n, body, n->identity_public, bytes, &len);
    if (status == ASSAY_OK) status = assay_answer_decode(assay_slice_over(bytes, len), file);
    free(body);
    return status;
}

/* --- RECOVER */

struct recovering {
    struct assay_recovery judged;
    struct assay_answer_file files[WORLD_NODES];
    struct approving approving;
    uint8_t bytes[WORLD_NODES][ASSAY_ANSWER_LEN_MAX];
    uint8_t change[ASSAY_CHANGE_RECORD_LEN_MAX], body[BODY_MAX], whole[ASSAY_RECOVER_LEN_MAX];
    uint8_t grounds[ASSAY_RECOVER_LEN_MAX];
    struct assay_action actions[ASSAY_ACTIONS_MAX];
};

/* A member that left is not asked, though its machine may run on; no member accepts its
 * messages. */
static bool has_left(const struct assay_state *state, uint32_t slot)
{
    return slot >= state->member_count || state->members[slot].stage == ASSAY_STAGE_LEFT;
}

/* By era, then by height: a node that stays in an ended era may be higher. */
static bool is_higher(const struct assay_engine *a, const struct assay_engine *b)
{
    const uint32_t era = a->head->state.era, other = b->head->state.era;
    return era != other ? era > other : a->chain->ledger.height > b->chain->ledger.height;
}

/* The living node with the highest final head; the others are compared with its state. */
static uint32_t find_highest_node(const struct assay_sim_world *w)
{
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < w->options.nodes; i++) {
        if (!w->nodes[i].alive || has_left(&w->nodes[i].engine->head->state, i)) continue;
        if (best == UINT32_MAX || is_higher(w->nodes[i].engine, w->nodes[best].engine)) best = i;
    }
    return best;
}

static enum assay_status collect_answers(struct assay_sim_world *w, struct recovering *r,
                                         const struct assay_sim_world_recovery *options)
{
    const char *why = "";
    for (uint32_t i = 0; i < w->options.nodes; i++) {
        if (!w->nodes[i].alive || (options->mute != NULL && options->mute[i])) continue;
        if (has_left(r->judged.state, i)) continue;
        if (make_answer(w, i, &r->files[i], r->bytes[i]) != ASSAY_OK) continue;
        /* A scenario knows, and operators do not, which node or disk is unreliable. */
        if (w->run != NULL && !world_is_trusted(w, i)) r->files[i].about.whole = false;
        const enum assay_status status = assay_recovery_add(&r->judged, &r->files[i], &why);
        /* Of another fence, or of an era before: it is left out, and the others' are read. */
        if (status == ASSAY_E_INVALID || status == ASSAY_E_CHAIN) continue;
        if (status != ASSAY_OK) return status;
    }
    return assay_recovery_evaluate(&r->judged);
}

static size_t make_change(const struct assay_state *state, struct recovering *r,
                          const struct assay_sim_world_recovery *options,
                          const struct assay_ledger *ledger)
{
    struct assay_change change = { .era = state->era + 1,
                                   .sequence = state->change_sequence + 1 +
                                               (ledger->change_len > 0),
                                   .activation = state->epoch + 2 };
    uint8_t *body = malloc(ASSAY_CHANGE_LEN_MAX);
    struct assay_writer b = assay_writer_over(body, ASSAY_CHANGE_LEN_MAX);
    struct assay_writer w = assay_writer_over(r->change, sizeof r->change);
    uint32_t count = 0;
    ASSAY_ASSERT(body != NULL);
    assay_bytes_copy(change.chain_id, 32, state->chain_id, 32);
    for (uint32_t i = 0; i < state->member_count && options->rest != NULL; i++) {
        if (!options->rest[i] || count == ASSAY_ACTIONS_MAX) continue;
        if (state->members[i].stage != ASSAY_STAGE_MEMBER) continue;
        r->actions[count] = (struct assay_action){ .kind = ASSAY_ACTION_REST };
        assay_bytes_copy(r->actions[count++].node_id, 32, state->members[i].node_id, 32);
    }
    if (options->policy.len > 0 && count < ASSAY_ACTIONS_MAX)
        r->actions[count++] = (struct assay_action){ .kind = ASSAY_ACTION_POLICY,
                                                     .document = options->policy };
    if (options->plan.len > 0 && count < ASSAY_ACTIONS_MAX)
        r->actions[count++] = (struct assay_action){ .kind = ASSAY_ACTION_SERVICES,
                                                     .document = options->plan };
    enum assay_status status = ASSAY_OK;
    if (count > 0) status = assay_change_encode(&change, r->actions, count, &b);
    ASSAY_ASSERT(status == ASSAY_OK);
    if (count > 0)
        status = assay_record_put_change(&w, assay_slice_over(body, b.len), NULL, NULL, 0);
    ASSAY_ASSERT(status == ASSAY_OK);
    free(body);
    return count > 0 ? w.len : 0;
}

static enum assay_status draft_recover(struct assay_sim_world *w, uint32_t node,
                                       struct recovering *r,
                                       const struct assay_sim_world_recovery *options, size_t *len)
{
    struct assay_engine *e = w->nodes[node].engine;
    struct assay_recover_drafted drafted;
    struct assay_fault fault;
    uint8_t header[ASSAY_BLOCK_HEADER_LEN_MAX], id[32];
    const size_t change_len =
        make_change(&e->head->state, r, options, &e->chain->ledger);
    struct assay_writer b = assay_writer_over(r->body, sizeof r->body);
    ASSAY_TRY(assay_recover_body_encode(assay_slice_over(r->change, change_len), r->judged.listed,
                                        r->judged.key_count, &b));
    const struct assay_slice body = assay_slice_over(r->body, b.len);
    struct assay_writer g = assay_writer_over(r->grounds, sizeof r->grounds);
    ASSAY_TRY(assay_recovery_encode_grounds(
        &r->judged, assay_slice_over(e->era->fence, e->era->fence_len), &g));
    const struct assay_slice grounds = assay_slice_over(r->grounds, g.len);
    const uint64_t date = world_unix_ms(w, node);
    const uint64_t least = e->chain->ledger.time_ms + 1;
    ASSAY_TRY(assay_engine_recover_draft(e, body, grounds, date > least ? date : least, &drafted,
                                         &fault));
    /* Each operator reads its own clock, and the time of the head. */
    const uint64_t true_ms = w->genesis->time_ms + w->now_us / 1000;
    if (assay_recovery_is_too_early(drafted.header.time_ms, true_ms > least ? true_ms : least))
        return ASSAY_E_AGAIN;
    struct assay_writer h = assay_writer_over(header, sizeof header);
    assay_block_header_encode(&drafted.header, &h);
    assay_block_id(assay_slice_over(header, h.len), id);
    sign_by_operators(w, e->genesis,
                      assay_recover_signers(e->genesis->threshold, e->genesis->operator_count), id,
                      &r->approving);
    struct assay_writer o = assay_writer_over(r->whole, sizeof r->whole);
    ASSAY_TRY(assay_recover_encode(assay_slice_over(header, h.len), body, grounds,
                                   drafted.operators,
                                   (const uint8_t(*)[32])r->approving.ids,
                                   (const uint8_t(*)[64])r->approving.signatures,
                                   r->approving.count, &o));
    *len = o.len;
    return ASSAY_OK;
}

/* protocol.md 9.16.3: no node takes it by itself. */
static bool is_head_expired(const struct assay_sim_world *w, uint32_t node)
{
    return world_unix_ms(w, node) >
           w->nodes[node].engine->head->state.head_time_ms + ASSAY_TRUSTING_MS;
}

static enum assay_status prepare_recover(struct assay_sim_world *w, uint32_t node,
                                         struct recovering *r,
                                         struct assay_sim_world_recovery *options)
{
    size_t len = 0;
    const enum assay_status gathered = collect_answers(w, r, options);
    if (w->nodes[node].engine == NULL) return ASSAY_E_EARLY; /* it crashed when it was asked */
    options->manual = gathered == ASSAY_E_SIGNATURE || is_head_expired(w, node);
    if (gathered != ASSAY_E_SIGNATURE || !options->accepts) ASSAY_TRY(gathered);
    options->certain = assay_recovery_is_certain(&r->judged);
    options->in_doubt = assay_recovery_in_doubt(&r->judged);
    options->unknown_weight = r->judged.unknown_weight;
    options->key_count = r->judged.key_count;
    if (!assay_bytes_equal(r->judged.answers[r->judged.head].id,
                           w->nodes[node].engine->chain->ledger.tip_id, 32))
        return ASSAY_E_EARLY; /* the node with the highest head has not answered */
    ASSAY_TRY(draft_recover(w, node, r, options, &len));
    options->document_len = len < options->capacity ? len : 0;
    if (options->document != NULL && options->document_len > 0)
        assay_bytes_copy(options->document, options->capacity, r->whole, len);
    /* Operators are notified before they sign; its first block is final while it is submitted. */
    const bool before = w->split_reported;
    w->split_reported = before || options->in_doubt || options->manual;
    const enum assay_status status =
        options->accepts && options->manual ? assay_sim_world_accept(w, node, r->whole, len)
                                            : assay_sim_world_submit(w, node, r->whole, len);
    if (status != ASSAY_OK) w->split_reported = before;
    return status;
}

enum assay_status assay_sim_world_recover(struct assay_sim_world *w,
                                          struct assay_sim_world_recovery *options)
{
    struct recovering *r = calloc(1, sizeof *r);
    const uint32_t node = find_highest_node(w);
    ASSAY_ASSERT(r != NULL && node != UINT32_MAX);
    /* The engine that drafts may be gone when the draft has been taken. */
    struct assay_state *state = calloc(1, sizeof *state);
    void *memory = malloc(assay_state_memory_len(w->nodes[node].engine->head->capacity));
    ASSAY_ASSERT(state != NULL && memory != NULL);
    assay_state_init(state, memory, w->nodes[node].engine->head->capacity);
    assay_state_copy(state, &w->nodes[node].engine->head->state);
    enum assay_status status =
        assay_recovery_init(&r->judged, state, w->nodes[node].engine->era->fence_digest);
    const struct assay_ledger *own = &w->nodes[node].engine->chain->ledger;
    if (status == ASSAY_OK)
        assay_recovery_set_own_head(&r->judged, own->height, own->view, own->tip_id);
    if (status == ASSAY_OK) status = prepare_recover(w, node, r, options);
    assay_recovery_free(&r->judged);
    free(memory);
    free(state);
    free(r);
    return status;
}

enum assay_status assay_sim_world_submit(struct assay_sim_world *w, uint32_t node,
                                         const uint8_t *bytes, size_t len)
{
    return submit_document(w, node, ASSAY_MESSAGE_RECOVER, assay_slice_over(bytes, len));
}

enum assay_status assay_sim_world_accept(struct assay_sim_world *w, uint32_t node,
                                         const uint8_t *bytes, size_t len)
{
    uint8_t *accepting = malloc(len + ASSAY_ACCEPTANCE_OVERHEAD);
    ASSAY_ASSERT(accepting != NULL);
    struct assay_writer o = assay_writer_over(accepting, len + ASSAY_ACCEPTANCE_OVERHEAD);
    assay_acceptance_encode(assay_slice_over(bytes, len), &o);
    const enum assay_status status =
        submit_document(w, node, ASSAY_MESSAGE_RECOVER, assay_slice_over(accepting, o.len));
    free(accepting);
    return status;
}

/* --- a scenario */

enum { US = 1000, MOVED_AWAY = 1 << 16, ACCEPTS = 1 << 18 }; /* flags of an ITEM_RECOVER */

static const struct assay_sim_recover *current_row(const struct world_run *r)
{
    if (r->relists) return &r->relisting;
    return r->rows_done < r->scenario->recover_count ? &r->scenario->recovers[r->rows_done] : NULL;
}

/* By the state of the highest node: running members with unlisted keys have a third of the weight
 * or more, so the network cannot list them either. */
static bool third_is_unlisted(const struct world_run *r)
{
    uint64_t unlisted = 0, total = 0;
    const uint32_t node = find_highest_node(r->w);
    if (node == UINT32_MAX) return false;
    const struct assay_state *state = &r->w->nodes[node].engine->head->state;
    for (uint32_t i = 0; i < state->member_count; i++) {
        const struct world_node *n = &r->w->nodes[i];
        const struct assay_member *m = &state->members[i];
        total += m->weight;
        if (n->alive && !assay_bytes_equal(n->keys.voting_public, m->lives[0].voting_public, 64))
            unlisted += m->weight;
    }
    return total > 0 && 3 * unlisted >= total;
}

/* A node that was silent when an era ended in doubt has lost its store since. Where such nodes are
 * a third, the new era stalls until operators end it too, with answers that contain the new key
 * sets (docs/operations.md 8, docs/runbooks/quorum-loss.md). */
static void plan_relisting(struct world_run *r)
{
    enum { PAUSED_EPOCHS = 2 };
    if (r->relists || r->recovered == 0 || r->recovered == WORLD_ERAS_MAX) return;
    if (!r->w->split_reported) return; /* of this era or an earlier one */
    if (r->ending == ERA_FENCED || r->era_works) return;
    if (r->epoch < r->era_epoch + PAUSED_EPOCHS || !third_is_unlisted(r)) return;
    r->relists = true;
    r->relisting = (struct assay_sim_recover){ .at_epoch = r->epoch, .after_epochs = 1 };
}

/* The node that took the RECOVER may be lost with its disk before any other node received it: then
 * no node is in the new era (docs/operations.md 8). */
static bool is_lost(const struct world_run *r)
{
    if (r->recovered == 0) return false;
    for (uint32_t i = 0; i < r->scenario->nodes; i++) {
        const struct world_node *n = &r->w->nodes[i];
        if (n->alive && n->engine->head->state.era >= r->recovered) return false;
    }
    return true;
}

/* protocol.md 9.16.5: too few of the nodes that took it are left, and it has notified its
 * operator. */
static bool is_unconfirmed(const struct world_run *r, uint32_t node)
{
    const struct world_node *n = &r->w->nodes[node];
    return n->alive && n->engine->head->state.era < r->recovered &&
           n->engine->era->unconfirmed_logged;
}

static bool has_unconfirmed(const struct world_run *r)
{
    for (uint32_t i = 0; i < r->scenario->nodes; i++)
        if (is_unconfirmed(r, i)) return true;
    return false;
}

/* The new era has closed no epoch after its RECOVER: the nodes that took it may reach no other. */
static bool is_stuck(const struct world_run *r)
{
    enum { PATIENCE_EPOCHS = 10 };
    return r->recovered > 0 && r->ending != ERA_FENCED && !r->era_works &&
           r->epoch >= r->era_epoch + PATIENCE_EPOCHS;
}

/* Deferred: the step that closed the last epoch may be of an addressed node. */
void world_recovers_turn(struct world_run *r)
{
    plan_relisting(r);
    const struct assay_sim_recover *row = current_row(r);
    if (!is_lost(r) && !is_stuck(r) && !r->manual && !has_unconfirmed(r) &&
        (row == NULL || r->epoch < row->at_epoch))
        return;
    world_push(r->w, world_item(r->w, 0, ITEM_RECOVER), r->w->now_us + US);
}

/* Whether it obeys the fence whose answers operators count. A fence of since replaced operators
 * binds a node that answered it, and no answer to it counts (docs/operations.md 8). */
static bool obeys_newest(const struct assay_sim_world *w, const struct assay_engine *e)
{
    struct assay_fence last;
    if (!e->era->fenced || w->fence_len == 0) return false;
    const enum assay_status read =
        assay_fence_decode(assay_slice_over(w->fence, w->fence_len), &last);
    ASSAY_ASSERT(read == ASSAY_OK);
    return assay_bytes_equal(e->era->fence_digest, last.digest, 32) &&
           assay_bytes_equal(last.operators_digest, e->head->state.operators_digest, 32);
}

/* Operators reach every running machine, whatever links do. */
static void fence_all(struct world_run *r, const struct assay_sim_recover *row)
{
    const uint32_t era = r->recovered;
    const bool some = row->by_cohort && r->epoch < row->at_epoch + row->after_epochs;
    for (uint32_t i = 0; i < r->scenario->nodes; i++) {
        const struct world_node *n = &r->w->nodes[i];
        if (!n->alive || n->engine->head->state.era != era || obeys_newest(r->w, n->engine))
            continue;
        if (some && r->cohort_of[i] != row->cohort) continue;
        if (assay_sim_world_fence(r->w, i) == ASSAY_OK) r->ending = ERA_FENCED;
    }
}

/* A node that is silent while a final block may be undone is lost for good: it may return with its
 * identity and an empty store (docs/operations.md 8). */
static void give_up_silent(struct world_run *r)
{
    for (uint32_t i = 0; i < r->scenario->nodes; i++)
        if (!r->w->nodes[i].alive) r->w->nodes[i].wipes = true;
}

/* protocol.md 9.18: later epochs are lost or to be undone; they recur in another era. */
static void rewind_to(struct world_run *r, uint64_t epoch)
{
    world_voters_rewind(r->w, epoch);
    if (r->proposals != NULL) r->proposals->counted_epoch = 0;
    if (r->closed < epoch) return;
    r->closed = epoch - 1;
    for (uint32_t i = 0; i < r->scenario->nodes; i++)
        world_evidence_forget(r->w, i, 0);
}

/* Unreliable nodes or disks have less than a third of the weight. */
static bool is_bounded(const struct world_run *r, const struct assay_state *state)
{
    uint64_t wrong = 0, total = 0;
    for (uint32_t i = 0; i < state->member_count; i++) {
        total += state->members[i].weight;
        if (!world_is_trusted(r->w, i)) wrong += state->members[i].weight;
    }
    return 3 * wrong < total;
}

/* It began the era that was counted last. */
static void store_recover(struct world_run *r, uint8_t *document, size_t len)
{
    ASSAY_ASSERT(r->recovered > 0 && r->recovered <= WORLD_ERAS_MAX && len > 0);
    free(r->recovers[r->recovered].bytes);
    r->recovers[r->recovered].bytes = document;
    r->recovers[r->recovered].len = len;
}

static void begin_era(struct world_run *r, const struct assay_sim_recover *row)
{
    static const uint8_t nobody_fails[NODE_BITS];
    bool rest[WORLD_NODES] = { false };
    uint8_t policy[WORLD_POLICY_LEN];
    const uint32_t node = find_highest_node(r->w);
    if (node == UINT32_MAX) return;
    uint8_t *document = malloc(ASSAY_RECOVER_LEN_MAX);
    ASSAY_ASSERT(document != NULL);
    struct assay_sim_world_recovery options = { .rest = row->drains_stopped ? rest : NULL,
                                                .document = document,
                                                .capacity = ASSAY_RECOVER_LEN_MAX,
                                                .accepts = true };
    if (row->replaces_policy)
        options.policy = assay_slice_over(policy, world_policy_make(UINT32_MAX - r->recovered,
                                                                    nobody_fails, policy));
    const struct assay_engine *e = r->w->nodes[node].engine;
    const uint64_t height = e->chain->ledger.height, epoch = e->head->context.epoch;
    const bool bounded = is_bounded(r, &e->head->state); /* the engine may be gone afterwards */
    for (uint32_t i = 0; i < r->scenario->nodes; i++)
        rest[i] = !r->w->nodes[i].alive;
    r->chosen_height = height;
    r->chosen_epoch = epoch;
    r->undone = world_check_undone(r->w, height, epoch) || r->undone;
    world_services_era(r);
    rewind_to(r, epoch);
    assay_status_ignore(assay_sim_world_recover(r->w, &options), "the next epoch tries again");
    if (r->ending == ERA_FENCED) { /* retried in the next epoch */
        free(document);
        return;
    }
    store_recover(r, document, options.document_len);
    r->in_doubt = options.in_doubt;
    r->manual = options.manual;
    if (r->in_doubt) give_up_silent(r);
    world_count_check(r->w, ASSAY_SIM_CHECKER_ERAS);
    const bool undone = r->undone;
    r->undone = false;
    /* protocol.md 9.15: with less than a third dishonest no certain RECOVER undoes a final block,
     * whatever its numbers are. */
    if (undone && options.certain && bounded)
        world_report_violation(r->w, ASSAY_SIM_CHECKER_ERAS,
                               "what was final above height %llu is undone by a certain RECOVER",
                               (unsigned long long)height);
    if (undone && !r->in_doubt)
        world_report_violation(r->w, ASSAY_SIM_CHECKER_ERAS,
                               "what was final above height %llu is undone, and no draft said so",
                               (unsigned long long)height);
}

/* Accepts the document that ended the era of the node. */
static void accept_at(const struct world_run *r, uint32_t node)
{
    const struct world_node *n = &r->w->nodes[node];
    if (!n->alive || n->engine->head->state.era >= r->recovered) return;
    const uint32_t next = n->engine->head->state.era + 1;
    if (r->recovers[next].bytes == NULL) return;
    assay_status_ignore(assay_sim_world_accept(r->w, node, r->recovers[next].bytes,
                                               r->recovers[next].len),
                        "the next epoch tries again");
}

/* protocol.md 9.16.2: each operator at its own machines, also those that restart later, one era
 * after the other. */
static void accept_manually(const struct world_run *r)
{
    for (uint32_t i = 0; i < r->scenario->nodes; i++)
        if (r->manual || is_unconfirmed(r, i)) accept_at(r, i);
}

/* docs/operations.md 8: the peers of a node whose refused store was moved away may still serve
 * blocks that it had, so the configuration of the empty one names the RECOVERs. */
void world_run_started(struct assay_sim_world *w, uint32_t node)
{
    if (w->run == NULL || !w->nodes[node].accepts) return;
    struct item *item = world_item(w, node, ITEM_RECOVER);
    item->number = ACCEPTS;
    world_push(w, item, w->now_us);
}

/* docs/operations.md 8: to another node, where the first did not relay it. */
static void resubmit_recover(const struct world_run *r)
{
    for (uint32_t i = 0; i < r->scenario->nodes; i++) {
        const struct world_node *n = &r->w->nodes[i];
        if (!n->alive || n->engine->head->state.era >= r->recovered) continue;
        const uint32_t next = n->engine->head->state.era + 1;
        if (r->recovers[next].bytes == NULL) continue;
        assay_status_ignore(assay_sim_world_submit(r->w, i, r->recovers[next].bytes,
                                                   r->recovers[next].len),
                            "the next epoch tries again");
    }
}

void world_run_recover(struct assay_sim_world *w, const struct item *item)
{
    struct world_run *r = w->run;
    const struct assay_sim_recover *row = current_row(r);
    if ((item->number & MOVED_AWAY) != 0) { /* docs/operations.md 8: with an empty store */
        struct world_node *n = &w->nodes[item->node];
        if (!n->alive) return;
        n->wipes = true;
        n->accepts = true;
        world_node_die(w, item->node, w->options.epoch_ms);
        return;
    }
    if ((item->number & ACCEPTS) != 0) {
        accept_at(r, item->node);
        return;
    }
    if ((item->number & WORLD_OLD_KEYS) != 0) {
        world_old_keys_act(r);
        return;
    }
    if (is_lost(r) || is_stuck(r)) resubmit_recover(r);
    accept_manually(r);
    if (row == NULL || r->epoch < row->at_epoch) return;
    if (is_lost(r)) return; /* the document exists; that era gets no second one */
    fence_all(r, row);
    if (r->ending == ERA_FENCED && r->epoch >= row->at_epoch + row->after_epochs) begin_era(r, row);
}

void world_run_refused(struct assay_sim_world *w, uint32_t node)
{
    struct world_run *r = w->run;
    if (r == NULL || !world_is_trusted(w, node)) return;
    world_count_check(w, ASSAY_SIM_CHECKER_ERAS);
    if (!r->in_doubt && r->recovered > 0) {
        world_report_violation(
            w, ASSAY_SIM_CHECKER_ERAS,
            "node %u has more final blocks than operators chose, and no draft said so", node);
        return;
    }
    struct item *item = world_item(w, node, ITEM_RECOVER);
    item->number = MOVED_AWAY;
    world_push(w, item, w->now_us + (uint64_t)w->options.epoch_ms * US);
}

/* The first node of an era has taken the RECOVER; others follow it. */
void world_run_era(struct assay_sim_world *w, uint32_t node, uint32_t era)
{
    struct world_run *r = w->run;
    const struct assay_state *state = &w->nodes[node].engine->head->state;
    if (r == NULL) return;
    world_count_check(w, ASSAY_SIM_CHECKER_ERAS);
    if (era > r->recovered) {
        r->recovered++;
        if (!r->relists) r->rows_done++;
        r->relists = false;
        r->era_epoch = r->epoch;
        r->era_works = false;
        r->ending = ERA_GOES_ON;
        r->outcome->figures[ASSAY_SIM_FIGURE_ERAS][0]++;
        if (state->epoch != r->chosen_epoch || state->head_height != r->chosen_height + 1)
            world_report_violation(w, ASSAY_SIM_CHECKER_ERAS,
                                   "era %u begins on height %llu, operators chose %llu", era,
                                   (unsigned long long)state->head_height - 1,
                                   (unsigned long long)r->chosen_height);
    }
    if (era > r->recovered)
        world_report_violation(w, ASSAY_SIM_CHECKER_ERAS,
                               "node %u is in era %u, operators ended %u", node, era, r->recovered);
}

/* protocol.md 9.12: an honest node with a disk that keeps the fence. The fence ends where its
 * operators are replaced, or after its last epoch (9.12.4), without an answer of this node. */
void world_check_fence(struct assay_sim_world *w, uint32_t node, uint32_t era)
{
    const struct world_node *n = &w->nodes[node];
    if (n->fenced_eras == 0) return;
    world_count_check(w, ASSAY_SIM_CHECKER_ERAS);
    const uint8_t *in_force = n->engine->head->state.operators_digest;
    const bool answered = n->answered_eras == n->fenced_eras;
    const bool over = n->engine->head->context.epoch > n->fenced_until;
    if (!answered && (over || !assay_bytes_equal(n->fenced_by, in_force, 32))) {
        if (w->run != NULL && era < n->fenced_eras)
            w->run->outcome->figures[ASSAY_SIM_FIGURE_FENCES_OVER][0]++;
        return;
    }
    if (era >= w->nodes[node].fenced_eras || !world_is_trusted(w, node)) return;
    world_report_violation(w, ASSAY_SIM_CHECKER_ERAS, "node %u signs in era %u behind its fence",
                           node, era);
}
