/*
 * sim/world/recover.c - operators end an era, as people would with `assay recover`: a fence to one
 * node, answers of those that live, a draft by the one with the highest head, signatures, and back
 * (docs/protocol.md 9.11 to 9.16).
 */
#include "engine/engine_internal.h"
#include "engine/ledger/recover.h"
#include "host/recovery.h"
#include "sim/world/run_internal.h"

#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = ASSAY_RECOVER_BODY_LEN_MAX };

/* --- what operators sign */

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
static void approve(const struct assay_sim_world *w, const struct assay_genesis *charter,
                    const uint8_t digest[static 32], struct approving *a)
{
    a->count = 0;
    for (uint32_t set = 0; a->count < charter->threshold; set++) {
        struct assay_secret32 key;
        uint8_t public[64], id[32];
        ASSAY_ASSERT(set < ASSAY_OPERATORS_MAX);
        world_set_key(w, set, KEY_OPERATOR, &key);
        const enum assay_status status = assay_p256_public(&key, public);
        ASSAY_ASSERT(status == ASSAY_OK);
        assay_sha256(public, sizeof public, id);
        if (assay_operator_find(charter, id) == NULL) continue;
        uint32_t at = a->count++;
        for (; at > 0 && assay_bytes_compare(a->ids[at - 1], id, 32) > 0; at--) {
            assay_bytes_copy(a->ids[at], 32, a->ids[at - 1], 32);
            assay_bytes_copy(a->signatures[at], 64, a->signatures[at - 1], 64);
        }
        assay_bytes_copy(a->ids[at], 32, id, 32);
        sign_with(&key, digest, a->signatures[at]);
    }
}

static enum assay_status hand_in(struct assay_sim_world *w, uint32_t node,
                                 enum assay_message_kind kind, struct assay_slice bytes)
{
    struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE };
    event.as.message.from = ASSAY_SLOT_SELF;
    event.as.message.kind = kind;
    event.as.message.payload = bytes;
    return world_step(w, node, &event);
}

/* --- FENCE */

enum assay_status assay_sim_world_fence(struct assay_sim_world *w, uint32_t node)
{
    static const char reason[] = "more than a third is gone";
    const struct assay_engine *e = w->nodes[node].engine;
    struct approving *a = calloc(1, sizeof *a);
    uint8_t body[512], digest[32];
    uint8_t *bytes = malloc(ASSAY_FENCE_LEN_MAX);
    ASSAY_ASSERT(a != NULL && bytes != NULL && w->nodes[node].alive);
    struct assay_writer b = assay_writer_over(body, sizeof body);
    struct assay_writer f = assay_writer_over(bytes, ASSAY_FENCE_LEN_MAX);
    enum assay_status status =
        assay_fence_body_encode(w->genesis->chain_id, e->head->state.era,
                                assay_slice_over(reason, sizeof reason - 1), &b);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_sha256(body, b.len, digest);
    approve(w, e->genesis, digest, a);
    status = assay_fence_encode(assay_slice_over(body, b.len), (const uint8_t(*)[32])a->ids,
                                (const uint8_t(*)[64])a->signatures, a->count, &f);
    ASSAY_ASSERT(status == ASSAY_OK);
    status = hand_in(w, node, ASSAY_MESSAGE_FENCE, assay_slice_over(bytes, f.len));
    free(bytes);
    free(a);
    return status;
}

/* --- ANSWER */

/* Returns: ASSAY_OK | as assay_engine_answer */
static enum assay_status answer(struct assay_sim_world *w, uint32_t node,
                                struct assay_answer_file *file, uint8_t *bytes)
{
    const struct world_node *n = &w->nodes[node];
    struct assay_answer_body *body = calloc(1, sizeof *body);
    uint8_t *inner = malloc(ASSAY_ANSWER_LEN_MAX);
    uint8_t digest[32], signature[64];
    struct assay_writer i = assay_writer_over(inner, ASSAY_ANSWER_LEN_MAX);
    struct assay_writer o = assay_writer_over(bytes, ASSAY_ANSWER_LEN_MAX);
    ASSAY_ASSERT(body != NULL && inner != NULL);
    enum assay_status status = assay_engine_answer(n->engine, body);
    if (status == ASSAY_OK && body->has_keys) {
        assay_recover_keys_digest(body->chain_id, body->era, &body->keys, digest);
        status = assay_p256_sign(n->identity, digest, body->keys.identified);
        if (status == ASSAY_OK) status = assay_p256_sign(n->voting, digest, body->keys.possessed);
    }
    if (status == ASSAY_OK) status = assay_answer_body_encode(body, &i);
    if (status == ASSAY_OK) {
        const uint8_t *identity = n->engine->head->state.members[node].identity_public;
        assay_sha256(inner, i.len, digest);
        status = assay_p256_sign(n->identity, digest, signature);
        ASSAY_ASSERT(status == ASSAY_OK);
        status = assay_answer_encode(assay_slice_over(inner, i.len), identity, signature, &o);
    }
    if (status == ASSAY_OK) status = assay_answer_decode(assay_slice_over(bytes, o.len), file);
    free(inner);
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
    struct assay_action actions[ASSAY_ACTIONS_MAX];
};

/* Nobody asks who has left, though its machine may run on, and nobody would hear it. */
static bool has_left(const struct assay_state *state, uint32_t slot)
{
    return slot >= state->member_count || state->members[slot].stage == ASSAY_STAGE_LEFT;
}

/* The living one whose final head is highest: whose state the others are held against. */
static uint32_t highest(const struct assay_sim_world *w)
{
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < w->options.nodes; i++) {
        if (!w->nodes[i].alive || has_left(&w->nodes[i].engine->head->state, i)) continue;
        if (best == UINT32_MAX || w->nodes[i].engine->chain->ledger.height >
                                      w->nodes[best].engine->chain->ledger.height)
            best = i;
    }
    return best;
}

static enum assay_status gather(struct assay_sim_world *w, struct recovering *r,
                                const struct assay_sim_world_recovery *options)
{
    const char *why = "";
    for (uint32_t i = 0; i < w->options.nodes; i++) {
        if (!w->nodes[i].alive || (options->mute != NULL && options->mute[i])) continue;
        if (has_left(r->judged.state, i)) continue;
        if (answer(w, i, &r->files[i], r->bytes[i]) != ASSAY_OK) continue;
        /* What a scenario knows and operators do not: whose word or disk is not to be relied on. */
        if (w->run != NULL && !world_trusted(w, i)) r->files[i].about.whole = false;
        const enum assay_status status = assay_recovery_add(&r->judged, &r->files[i], &why);
        if (status != ASSAY_OK) return status;
    }
    return assay_recovery_judge(&r->judged);
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

static enum assay_status draft(struct assay_sim_world *w, uint32_t node, struct recovering *r,
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
    const uint64_t date = world_unix_ms(w, node);
    const uint64_t least = e->chain->ledger.time_ms + 1;
    ASSAY_TRY(assay_engine_recover_draft(e, body, date > least ? date : least, &drafted, &fault));
    struct assay_writer h = assay_writer_over(header, sizeof header);
    assay_block_header_encode(&drafted.header, &h);
    assay_block_id(assay_slice_over(header, h.len), id);
    approve(w, e->genesis, id, &r->approving);
    struct assay_writer o = assay_writer_over(r->whole, sizeof r->whole);
    ASSAY_TRY(assay_recover_encode(assay_slice_over(header, h.len), body, drafted.operators,
                                   (const uint8_t(*)[32])r->approving.ids,
                                   (const uint8_t(*)[64])r->approving.signatures,
                                   r->approving.count, &o));
    *len = o.len;
    return ASSAY_OK;
}

static enum assay_status decide(struct assay_sim_world *w, uint32_t node, struct recovering *r,
                                struct assay_sim_world_recovery *options)
{
    size_t len = 0;
    ASSAY_TRY(gather(w, r, options));
    options->in_doubt = assay_recovery_in_doubt(&r->judged);
    options->unknown_weight = r->judged.unknown_weight;
    options->key_count = r->judged.key_count;
    if (!assay_bytes_equal(r->judged.answers[r->judged.head].id,
                           w->nodes[node].engine->chain->ledger.tip_id, 32))
        return ASSAY_E_EARLY; /* who has the highest head has not answered */
    ASSAY_TRY(draft(w, node, r, options, &len));
    options->document_len = len < options->capacity ? len : 0;
    if (options->document != NULL && options->document_len > 0)
        assay_bytes_copy(options->document, options->capacity, r->whole, len);
    return hand_in(w, node, ASSAY_MESSAGE_RECOVER, assay_slice_over(r->whole, len));
}

enum assay_status assay_sim_world_recover(struct assay_sim_world *w,
                                          struct assay_sim_world_recovery *options)
{
    struct recovering *r = calloc(1, sizeof *r);
    const uint32_t node = highest(w);
    ASSAY_ASSERT(r != NULL && node != UINT32_MAX);
    /* The engine that is asked for a draft may be gone when it has been taken. */
    struct assay_state *state = calloc(1, sizeof *state);
    void *memory = malloc(assay_state_memory_len(w->nodes[node].engine->head->capacity));
    ASSAY_ASSERT(state != NULL && memory != NULL);
    assay_state_place(state, memory, w->nodes[node].engine->head->capacity);
    assay_state_copy(state, &w->nodes[node].engine->head->state);
    enum assay_status status = assay_recovery_begin(&r->judged, state);
    if (status == ASSAY_OK) status = decide(w, node, r, options);
    assay_recovery_end(&r->judged);
    free(memory);
    free(state);
    free(r);
    return status;
}

enum assay_status assay_sim_world_submit(struct assay_sim_world *w, uint32_t node,
                                         const uint8_t *bytes, size_t len)
{
    return hand_in(w, node, ASSAY_MESSAGE_RECOVER, assay_slice_over(bytes, len));
}

/* --- a scenario */

enum { US = 1000, MOVED_AWAY = 1 << 16 };

static const struct assay_sim_recover *row_of(const struct world_run *r)
{
    return r->recovered < r->scenario->recover_count ? &r->scenario->recovers[r->recovered] : NULL;
}

/* Whoever had taken the RECOVER may have gone with its disk before anybody else heard of it: then
 * the era that operators began is nowhere (docs/operations.md 18). */
static bool is_lost(const struct world_run *r)
{
    if (r->recovered == 0) return false;
    for (uint32_t i = 0; i < r->scenario->nodes; i++) {
        const struct world_node *n = &r->w->nodes[i];
        if (n->alive && n->engine->head->state.era >= r->recovered) return false;
    }
    return true;
}

/* Not now: the step that closed the last epoch may be one of those who are told. */
void world_recovers_turn(struct world_run *r)
{
    const struct assay_sim_recover *row = row_of(r);
    if (!is_lost(r) && (row == NULL || r->epoch < row->at_epoch)) return;
    world_push(r->w, world_item(r->w, 0, ITEM_RECOVER), r->w->now_us + US);
}

/* Operators reach every machine that runs, whatever links do. */
static void fence_all(struct world_run *r)
{
    const uint32_t era = r->recovered;
    for (uint32_t i = 0; i < r->scenario->nodes; i++) {
        const struct world_node *n = &r->w->nodes[i];
        if (!n->alive || n->engine->head->state.era != era || n->engine->ending->fenced) continue;
        if (assay_sim_world_fence(r->w, i) == ASSAY_OK) r->ending = ERA_FENCED;
    }
}

/* Who is silent while something may be undone is gone for good: it may come back with its identity
 * and an empty store (docs/operations.md 18). */
static void give_up_silent(struct world_run *r)
{
    for (uint32_t i = 0; i < r->scenario->nodes; i++)
        if (!r->w->nodes[i].alive) r->w->nodes[i].wipes = true;
}

/* All that anybody knew of later epochs is lost, or is to be undone: they come again, in another
 * era (docs/protocol.md 9.18). */
static void rewind_to(struct world_run *r, uint64_t epoch)
{
    world_voters_rewind(r->w, epoch);
    if (r->closed < epoch) return;
    r->closed = epoch - 1;
    for (uint32_t i = 0; i < r->scenario->nodes; i++)
        world_evidence_forget(r->w, i, 0);
}

static void begin_era(struct world_run *r, const struct assay_sim_recover *row)
{
    bool rest[WORLD_NODES] = { false };
    const uint32_t node = highest(r->w);
    if (node == UINT32_MAX) return;
    if (r->recover == NULL) r->recover = malloc(ASSAY_RECOVER_LEN_MAX);
    ASSAY_ASSERT(r->recover != NULL);
    struct assay_sim_world_recovery options = { .rest = row->rests_dead ? rest : NULL,
                                                .document = r->recover,
                                                .capacity = ASSAY_RECOVER_LEN_MAX };
    const struct assay_engine *e = r->w->nodes[node].engine;
    const uint64_t height = e->chain->ledger.height, epoch = e->head->context.epoch;
    for (uint32_t i = 0; i < r->scenario->nodes; i++)
        rest[i] = !r->w->nodes[i].alive;
    r->chosen_height = height;
    r->chosen_epoch = epoch;
    r->undone = world_check_undone(r->w, height, epoch) || r->undone;
    world_services_era(r);
    rewind_to(r, epoch);
    assay_status_ignore(assay_sim_world_recover(r->w, &options), "the next epoch tries again");
    if (r->ending == ERA_FENCED) return;           /* tried again in the next epoch */
    r->recover_len = options.document_len;
    r->in_doubt = options.in_doubt;
    if (r->in_doubt) give_up_silent(r);
    world_looked(r->w, ASSAY_SIM_CHECKER_ERAS);
    const bool undone = r->undone;
    r->undone = false;
    if (undone && !r->in_doubt)
        world_broken(r->w, ASSAY_SIM_CHECKER_ERAS,
                     "what was final above height %llu is undone, and no draft said so",
                     (unsigned long long)height);
}

static void hand_in_again(const struct world_run *r)
{
    const uint32_t node = highest(r->w);
    if (node == UINT32_MAX) return;
    assay_status_ignore(assay_sim_world_submit(r->w, node, r->recover, r->recover_len),
                        "the next epoch tries again");
}

void world_run_recover(struct assay_sim_world *w, const struct item *item)
{
    struct world_run *r = w->run;
    const struct assay_sim_recover *row = row_of(r);
    if ((item->number & MOVED_AWAY) != 0) { /* docs/operations.md 18: with an empty store */
        struct world_node *n = &w->nodes[item->node];
        if (!n->alive) return;
        n->wipes = true;
        world_node_die(w, item->node, w->options.epoch_ms);
        return;
    }
    if (is_lost(r)) hand_in_again(r);
    if (row == NULL || r->epoch < row->at_epoch) return;
    fence_all(r);
    if (r->ending == ERA_FENCED && r->epoch >= row->at_epoch + row->after_epochs) begin_era(r, row);
}

void world_run_refused(struct assay_sim_world *w, uint32_t node)
{
    struct world_run *r = w->run;
    if (r == NULL || !world_trusted(w, node)) return;
    world_looked(w, ASSAY_SIM_CHECKER_ERAS);
    if (!r->in_doubt && r->recovered > 0) {
        world_broken(w, ASSAY_SIM_CHECKER_ERAS,
                     "node %u has more final blocks than operators chose, and no draft said so",
                     node);
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
    world_looked(w, ASSAY_SIM_CHECKER_ERAS);
    if (era > r->recovered) {
        r->recovered++;
        r->ending = ERA_GOES_ON;
        r->outcome->figures[ASSAY_SIM_FIGURE_ERAS][0]++;
        if (state->epoch != r->chosen_epoch || state->head_height != r->chosen_height + 1)
            world_broken(w, ASSAY_SIM_CHECKER_ERAS,
                         "era %u begins on height %llu, operators chose %llu", era,
                         (unsigned long long)state->head_height - 1,
                         (unsigned long long)r->chosen_height);
    }
    if (era > r->recovered)
        world_broken(w, ASSAY_SIM_CHECKER_ERAS, "node %u is in era %u, operators ended %u", node,
                     era, r->recovered);
}

/* docs/protocol.md 9.12: honest, with a disk that keeps the fence. */
void world_check_fence(struct assay_sim_world *w, uint32_t node, uint32_t era)
{
    if (w->nodes[node].fenced_eras == 0) return;
    world_looked(w, ASSAY_SIM_CHECKER_ERAS);
    if (era >= w->nodes[node].fenced_eras || !world_trusted(w, node)) return;
    world_broken(w, ASSAY_SIM_CHECKER_ERAS, "node %u signs in era %u behind its fence", node, era);
}
