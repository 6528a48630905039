/*
 * sim/world/keys/old_keys.c - an attacker with replaced keys: those of operators sign FENCE,
 * RECOVER and CHANGE (docs/protocol.md 9.5, 9.6.4, 9.6.7, 9.12.1, 9.15.1), identity keys INCARNATE
 * (9.6.8).
 *
 * The goal: no node that has the replacement of an operator is bound by it, also where the same
 * operators are in force again; no era begins by them; no block contains their decisions. No node
 * that has a newer identity key accepts a key set of an older one.
 */
#include "sim/world/changes_internal.h"

#include "engine/ledger/records/record.h"
#include "engine/ledger/records/recover.h"
#include "engine/parts/engine_internal.h"

#include <stdlib.h>

enum { FOR_LONG = 1 << 20, BODY_LEN = 4096, US = 1000, STOLEN_TURN = 1 << 20, KEY_SET_LEN = 1024 };

/* Operators before their replacement. */
struct old_table {
    uint8_t digest[32]; /* of their document */
    struct assay_genesis *list;
    uint32_t sets[ASSAY_OPERATORS_MAX]; /* whose keys they have: world_set_key */
};

struct old_operators {
    uint32_t count;
    struct old_table tables[ASSAY_SIM_CHANGES_MAX];
};

void world_old_keys_keep(struct world_run *r, const struct assay_genesis *list)
{
    if (r->scenario->old_operators_epoch == 0) return;
    if (r->old == NULL) r->old = calloc(1, sizeof *r->old);
    ASSAY_ASSERT(r->old != NULL);
    if (r->old->count == ASSAY_SIM_CHANGES_MAX) return;
    struct old_table *t = &r->old->tables[r->old->count++];
    t->list = calloc(1, sizeof *t->list);
    ASSAY_ASSERT(t->list != NULL);
    t->list->threshold = list->threshold;
    t->list->operator_count = list->operator_count;
    for (uint32_t i = 0; i < list->operator_count; i++) {
        t->list->operators[i] = list->operators[i];
        t->sets[i] = world_set_of_operator(r->w, list->operators[i].operator_id);
    }
    assay_bytes_copy(t->digest, 32, list->operators_digest, 32);
}

void world_old_keys_free(struct world_run *r)
{
    for (uint32_t i = 0; r->old != NULL && i < r->old->count; i++)
        free(r->old->tables[i].list);
    free(r->old);
}

/* --- signatures */

struct signing {
    uint32_t count;
    uint8_t ids[ASSAY_OPERATORS_MAX][32];
    uint8_t signatures[ASSAY_OPERATORS_MAX][ASSAY_P256_SIGNATURE_LEN];
};

static void sign_by(const struct assay_secret32 *key, const uint8_t digest[static 32],
                    uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    struct assay_p256_signer *signer = NULL;
    enum assay_status status = assay_p256_signer_load(key, &signer);
    ASSAY_ASSERT(status == ASSAY_OK);
    status = assay_p256_sign(signer, digest, signature);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_p256_signer_free(&signer);
}

/* Ids ascend. */
static void sign_as(const struct assay_sim_world *w, const struct old_table *t, uint32_t operator_,
                    const uint8_t digest[static 32], struct signing *s)
{
    struct assay_secret32 key;
    const uint8_t *id = t->list->operators[operator_].operator_id;
    world_set_key(w, t->sets[operator_], KEY_OPERATOR, &key);
    uint32_t at = s->count++;
    for (; at > 0 && assay_bytes_compare(s->ids[at - 1], id, 32) > 0; at--) {
        assay_bytes_copy(s->ids[at], 32, s->ids[at - 1], 32);
        assay_bytes_copy(s->signatures[at], 64, s->signatures[at - 1], 64);
    }
    assay_bytes_copy(s->ids[at], 32, id, 32);
    sign_by(&key, digest, s->signatures[at]);
}

static void sign_all(const struct assay_sim_world *w, const struct old_table *t, uint32_t count,
                     const uint8_t digest[static 32], struct signing *s)
{
    s->count = 0;
    for (uint32_t i = 0; i < count; i++)
        sign_as(w, t, i, digest, s);
}

static enum assay_status submit_document(struct world_run *r, uint32_t node,
                                         enum assay_message_kind kind, struct assay_slice bytes)
{
    struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE };
    r->outcome->figures[ASSAY_SIM_FIGURE_OLD_DOCUMENTS][0]++;
    event.as.message.from = (uint16_t)(node == 0);
    event.as.message.kind = kind;
    event.as.message.payload = bytes;
    return world_step(r->w, node, &event);
}

/* --- FENCE */

static size_t make_fence(const struct world_run *r, const struct old_table *t, uint8_t *bytes,
                         uint8_t digest[static 32])
{
    static const char reason[] = "by operators of before";
    struct signing *s = calloc(1, sizeof *s);
    uint8_t body[512];
    struct assay_fence terms = { .era = r->now.era,
                                 .last_epoch = FOR_LONG,
                                 .reason = assay_slice_over(reason, sizeof reason - 1) };
    struct assay_writer b = assay_writer_over(body, sizeof body);
    struct assay_writer out = assay_writer_over(bytes, ASSAY_FENCE_LEN_MAX);
    ASSAY_ASSERT(s != NULL);
    assay_bytes_copy(terms.chain_id, 32, r->now.chain_id, 32);
    assay_bytes_copy(terms.operators_digest, 32, t->digest, 32);
    enum assay_status status = assay_fence_body_encode(&terms, &b);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_sha256(body, b.len, digest);
    sign_all(r->w, t, t->list->operator_count, digest, s);
    status = assay_fence_encode(assay_slice_over(body, b.len), (const uint8_t(*)[32])s->ids,
                                (const uint8_t(*)[64])s->signatures, s->count, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    free(s);
    return out.len;
}

/* A node that is behind may take it until it has caught up; one that has the newest operators never
 * does. */
static void submit_fence(struct world_run *r, const struct old_table *t, uint32_t node)
{
    uint8_t *bytes = malloc(ASSAY_FENCE_LEN_MAX), digest[32];
    const struct world_node *n = &r->w->nodes[node];
    ASSAY_ASSERT(bytes != NULL);
    const size_t len = make_fence(r, t, bytes, digest);
    const bool recognizes = assay_bytes_equal(n->engine->head->state.operators_digest,
                                              r->changes->operators->operators_digest, 32);
    assay_status_ignore(submit_document(r, node, ASSAY_MESSAGE_FENCE, assay_slice_over(bytes, len)),
                        "what it does is looked at");
    free(bytes);
    world_count_check(r->w, ASSAY_SIM_CHECKER_ERAS);
    if (!recognizes || !n->alive || !n->engine->era->fenced) return;
    if (assay_bytes_equal(n->engine->era->fence_digest, digest, 32))
        world_report_violation(r->w, ASSAY_SIM_CHECKER_ERAS,
                               "node %u is fenced by operators that it knows to be replaced", node);
}

/* --- RECOVER, on the head of the node, without answers: only the operators' keys */

static void submit_recover(struct world_run *r, const struct old_table *t, uint32_t node)
{
    struct assay_engine *e = r->w->nodes[node].engine;
    struct assay_recover_drafted drafted;
    struct assay_fault fault;
    struct signing *s = calloc(1, sizeof *s);
    uint8_t body[256], grounds[64], header[ASSAY_BLOCK_HEADER_LEN_MAX], id[32];
    uint8_t *whole = malloc(ASSAY_RECOVER_LEN_MAX);
    struct assay_writer b = assay_writer_over(body, sizeof body);
    struct assay_writer g = assay_writer_over(grounds, sizeof grounds);
    struct assay_writer h = assay_writer_over(header, sizeof header);
    struct assay_writer out = assay_writer_over(whole, ASSAY_RECOVER_LEN_MAX);
    ASSAY_ASSERT(s != NULL && whole != NULL);
    enum assay_status status = assay_recover_body_encode((struct assay_slice){ 0 }, NULL, 0, &b);
    if (status == ASSAY_OK)
        status = assay_recover_grounds_encode((struct assay_slice){ 0 }, NULL, 0, &g);
    ASSAY_ASSERT(status == ASSAY_OK);
    const struct assay_slice about = assay_slice_over(body, b.len);
    const struct assay_slice on = assay_slice_over(grounds, g.len);
    status =
        assay_engine_recover_draft(e, about, on, e->chain->ledger.time_ms + 1, &drafted, &fault);
    if (status == ASSAY_OK) {
        assay_block_header_encode(&drafted.header, &h);
        assay_block_id(assay_slice_over(header, h.len), id);
        sign_all(r->w, t, t->list->operator_count, id, s);
        status = assay_recover_encode(assay_slice_over(header, h.len), about, on, drafted.operators,
                                      (const uint8_t(*)[32])s->ids,
                                      (const uint8_t(*)[64])s->signatures, s->count, &out);
        ASSAY_ASSERT(status == ASSAY_OK);
        status = submit_document(r, node, ASSAY_MESSAGE_RECOVER, assay_slice_over(whole, out.len));
        world_count_check(r->w, ASSAY_SIM_CHECKER_ERAS);
        if (status == ASSAY_OK)
            world_report_violation(r->w, ASSAY_SIM_CHECKER_ERAS,
                                   "node %u takes a RECOVER by operators of before alone", node);
    }
    free(whole);
    free(s);
}

/* --- CHANGE: by all keys that are not in force, and one of the others less than required */

static void submit_change(struct world_run *r, const struct old_table *t, uint32_t node)
{
    const struct assay_genesis *in_force = r->changes->operators;
    struct signing *s = calloc(1, sizeof *s);
    uint8_t body[BODY_LEN], digest[32];
    uint8_t *record = malloc(ASSAY_CHANGE_RECORD_LEN_MAX);
    struct assay_change change = { .era = r->now.era,
                                   .sequence = r->now.change_sequence + 1,
                                   .activation = r->now.epoch + 6 };
    struct assay_action leave = { .kind = ASSAY_ACTION_LEAVE };
    struct assay_writer b = assay_writer_over(body, sizeof body);
    struct assay_writer out = assay_writer_over(record, ASSAY_CHANGE_RECORD_LEN_MAX);
    uint32_t others = 0;
    ASSAY_ASSERT(s != NULL && record != NULL);
    assay_bytes_copy(change.chain_id, 32, r->now.chain_id, 32);
    assay_bytes_copy(leave.node_id, 32, r->now.members[node].node_id, 32);
    enum assay_status status = assay_change_encode(&change, &leave, 1, &b);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_sha256(body, b.len, digest);
    for (uint32_t i = 0; i < t->list->operator_count; i++) {
        const bool sits = assay_operator_find(in_force, t->list->operators[i].operator_id) != NULL;
        if (sits && ++others >= in_force->threshold) continue;
        sign_as(r->w, t, i, digest, s);
    }
    status =
        assay_record_put_change(&out, assay_slice_over(body, b.len), (const uint8_t(*)[32])s->ids,
                                (const uint8_t(*)[64])s->signatures, s->count);
    ASSAY_ASSERT(status == ASSAY_OK);
    if (s->count > 0)
        assay_status_ignore(
            submit_document(r, node, ASSAY_MESSAGE_RECORD, assay_slice_over(record, out.len)),
            "checker changes reads every signature of what blocks hold");
    free(record);
    free(s);
}

/* --- INCARNATE: a voting key of the attacker in the name of a member */

static size_t make_key_set(const struct world_run *r, uint32_t slot,
                           const struct assay_secret32 *identity, uint8_t bytes[static KEY_SET_LEN])
{
    static const uint8_t evidence[EVIDENCE_LEN] = { 1 };
    const struct assay_member *m = &r->now.members[slot];
    struct assay_incarnate i = { .era = r->now.era,
                                 .epoch = r->now.epoch + 1,
                                 .incarnation = m->lives[0].incarnation + 1,
                                 .evidence_len = sizeof evidence };
    struct assay_secret32 voting, transport;
    struct assay_writer w = assay_writer_over(bytes, KEY_SET_LEN);
    uint8_t digest[32];
    size_t signature_at = 0, possession_at = 0;
    assay_bytes_copy(i.chain_id, 32, r->now.chain_id, 32);
    assay_bytes_copy(i.node_id, 32, m->node_id, 32);
    world_key(r->w, slot, KEY_VOTING, STOLEN_TURN, &voting);
    world_key(r->w, slot, KEY_TRANSPORT, STOLEN_TURN, &transport);
    enum assay_status status = assay_p256_public(&voting, i.voting_public);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_bytes_copy(i.transport_public, 32, transport.bytes, 32);
    assay_sha256(evidence, sizeof evidence, i.evidence_digest);
    status = assay_record_put_incarnate(&w, &i, assay_slice_over(evidence, sizeof evidence), digest,
                                        &signature_at, &possession_at);
    ASSAY_ASSERT(status == ASSAY_OK);
    sign_by(identity, digest, bytes + signature_at);
    sign_by(&voting, digest, bytes + possession_at);
    return w.len;
}

/* A node in the running epoch refuses it for its signature: nothing else is wrong with it. */
static void submit_key_set(struct world_run *r, uint32_t slot,
                           const struct assay_secret32 *identity, uint32_t node)
{
    uint8_t bytes[KEY_SET_LEN];
    const struct assay_state *head = &r->w->nodes[node].engine->head->state;
    if (head->era != r->now.era || head->epoch != r->now.epoch) return;
    const size_t len = make_key_set(r, slot, identity, bytes);
    const enum assay_status status =
        submit_document(r, node, ASSAY_MESSAGE_RECORD, assay_slice_over(bytes, len));
    world_count_check(r->w, ASSAY_SIM_CHECKER_CONSENT);
    if (status == ASSAY_E_SIGNATURE) r->outcome->figures[ASSAY_SIM_FIGURE_OLD_IDENTITIES][0]++;
    if (status == ASSAY_OK)
        world_report_violation(r->w, ASSAY_SIM_CHECKER_CONSENT,
                               "node %u accepts a key set that a replaced identity key of node %u "
                               "signed",
                               node, slot);
}

/* Of a member with another identity key than its first one, by each of its keys that is not in
 * force. */
static void submit_key_sets(struct world_run *r, uint32_t slot, uint32_t node)
{
    const struct assay_member *m = &r->now.members[slot];
    for (uint32_t turn = 0; turn <= r->scenario->change_count; turn++) {
        struct assay_secret32 key;
        uint8_t public[ASSAY_P256_PUBLIC_LEN], id[32];
        if (turn > 0 && r->scenario->changes[turn - 1].action != ASSAY_SIM_ACTION_IDENTITY)
            continue;
        world_key(r->w, slot, KEY_IDENTITY, turn, &key);
        const enum assay_status status = assay_p256_public(&key, public);
        ASSAY_ASSERT(status == ASSAY_OK);
        assay_sha256(public, sizeof public, id);
        const bool in_force = assay_bytes_equal(public, m->identity_public, sizeof public);
        if (turn == 0 && (in_force || !assay_bytes_equal(id, m->node_id, 32))) return;
        if (!in_force && r->w->nodes[node].alive) submit_key_set(r, slot, &key, node);
    }
}

/* Not while operators in force end the era themselves: a node that is behind would answer this
 * fence instead of theirs, which protocol.md 9.16.5 permits. */
static bool is_attacking(const struct world_run *r)
{
    const struct assay_scenario *s = r->scenario;
    return s->old_operators_epoch > 0 && r->epoch >= s->old_operators_epoch && r->now.epoch > 0 &&
           r->ending != ERA_FENCED && r->rows_done == s->recover_count && !r->relists;
}

/* Deferred: a step may be running. */
void world_old_keys_turn(struct world_run *r)
{
    if (!is_attacking(r)) return;
    struct item *item = world_item(r->w, 0, ITEM_RECOVER);
    item->number = WORLD_OLD_KEYS;
    world_push(r->w, item, r->w->now_us + US);
}

void world_old_keys_act(struct world_run *r)
{
    const struct assay_scenario *s = r->scenario;
    if (!is_attacking(r)) return;
    for (uint32_t i = 0; i < s->nodes; i++) {
        const struct world_node *n = &r->w->nodes[i];
        for (uint32_t k = 0; k < r->now.member_count; k++)
            if (k != i && n->alive && world_is_trusted(r->w, i)) submit_key_sets(r, k, i);
        if (r->old == NULL) continue;
        const struct old_table *t = &r->old->tables[r->epoch % r->old->count];
        if (i >= r->now.member_count || world_has_left(&r->now.members[i])) continue;
        if (n->alive && world_is_trusted(r->w, i) && i < world_members(r->w, i))
            submit_fence(r, t, i);
        if (n->alive && world_is_trusted(r->w, i) && i < world_members(r->w, i))
            submit_recover(r, t, i);
        if (n->alive && world_is_trusted(r->w, i) && i < world_members(r->w, i))
            submit_change(r, t, i);
    }
}
