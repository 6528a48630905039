/*
 * engine/ledger/state/leaf.c - encoding and decoding of the leaves of the state root
 * (docs/protocol.md 11.1).
 *
 * Every field of a state is encoded and decoded in exactly one place here.
 */
#include "engine/ledger/state/leaf.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "base/merkle.h"
#include "engine/ledger/state/leaf_items.h"

/* --- leaf 0 */

/* Newer fields are at the end, so that a reader of the first version can read a proof. */
enum {
    HEAD_ITEMS_FIRST = 16,
    HEAD_ITEMS = 19,
    HEAD_ITEMS_SERVICES = 21, /* of a network that has services */
    HEAD_ITEMS_PLAN = 22,     /* of one whose operators added some */
    HEAD_ITEMS_MAX = 64
};

/* Counters of leaders are of the size of weights: with room for those of all views of an epoch. */
static const int64_t counter_max = INT64_MAX / 2;

static void encode_past(struct assay_writer *w, const struct assay_past_epoch *p)
{
    ASSAY_ASSERT(p->t0_ms <= INT64_MAX && p->epoch <= INT64_MAX);
    assay_cbor_put_array(w, 8);
    assay_cbor_put_uint(w, p->epoch);
    assay_cbor_put_uint(w, p->t0_ms);
    assay_cbor_put_bytes(w, p->base_id, 32);
    if (p->has_roll) assay_cbor_put_bytes(w, p->roll_root, 32);
    else assay_cbor_put_null(w);
    assay_cbor_put_uint(w, p->members);
    assay_cbor_put_bytes(w, p->policy_digest, 32);
    assay_cbor_put_bytes(w, p->endorsements_digest, 32);
    assay_cbor_put_bytes(w, p->verifier_digest, 32);
}

static void encode_rules(struct assay_writer *w, const struct assay_rules_in_force *rules)
{
    assay_cbor_put_array(w, 3);
    assay_cbor_put_bytes(w, rules->policy_digest, 32);
    assay_cbor_put_bytes(w, rules->endorsements_digest, 32);
    assay_parameters_put(w, &rules->parameters);
}

/* What changes did, and what is still to come of them. */
static void encode_changes(struct assay_writer *w, const struct assay_state *state)
{
    ASSAY_ASSERT(state->pending_count <= ASSAY_PENDING_MAX);
    const struct assay_trial *trial = &state->trial;
    const struct assay_ended *ended = &state->ended;
    assay_cbor_put_uint(w, state->change_sequence);
    assay_cbor_put_array(w, state->pending_count);
    for (uint32_t i = 0; i < state->pending_count; i++) {
        assay_cbor_put_array(w, 3);
        assay_cbor_put_uint(w, state->pending[i].sequence);
        assay_cbor_put_uint(w, state->pending[i].activation);
        assay_cbor_put_bytes(w, state->pending[i].digest, 32);
    }
    if (trial->sequence == 0) {
        assay_cbor_put_null(w);
    } else {
        ASSAY_ASSERT(trial->until_ms == INT64_MAX);
        assay_cbor_put_array(w, 4);
        assay_cbor_put_uint(w, trial->sequence);
        assay_cbor_put_uint(w, trial->epoch);
        assay_cbor_put_uint(w, trial->total_weight);
        encode_rules(w, &trial->before);
    }
    assay_cbor_put_array(w, 5);
    assay_cbor_put_uint(w, (uint64_t)ended->end);
    assay_cbor_put_uint(w, ended->sequence);
    assay_cbor_put_uint(w, ended->epoch);
    assay_cbor_put_uint(w, ended->suspended_weight);
    assay_cbor_put_uint(w, ended->total_weight);
}

/* A trial of collateral has no number, and an end of what it would go back to. */
static void encode_trial(struct assay_writer *w, const struct assay_trial *trial)
{
    if (!assay_trial_runs(trial) || trial->sequence != 0) {
        assay_cbor_put_null(w);
        return;
    }
    assay_cbor_put_array(w, 4);
    assay_cbor_put_uint(w, trial->epoch);
    assay_cbor_put_uint(w, trial->total_weight);
    encode_rules(w, &trial->before);
    assay_cbor_put_uint(w, trial->until_ms);
}

static void encode_updates(struct assay_writer *w, const struct assay_state *state)
{
    ASSAY_ASSERT(state->update_count <= ASSAY_UPDATES_MAX);
    assay_cbor_put_array(w, state->update_count);
    for (uint32_t i = 0; i < state->update_count; i++) {
        const struct assay_update *u = &state->updates[i];
        assay_cbor_put_array(w, 9);
        assay_cbor_put_uint(w, (uint64_t)u->phase);
        assay_cbor_put_bool(w, u->forced);
        assay_cbor_put_bytes(w, u->facts.root, 32);
        assay_cbor_put_bytes(w, u->facts.part, 32);
        assay_cbor_put_uint(w, u->facts.number);
        assay_cbor_put_bool(w, u->facts.recovery);
        assay_cbor_put_bytes(w, u->digest, 32);
        assay_cbor_put_uint(w, u->epoch);
        assay_cbor_put_uint(w, u->due_ms);
    }
}

static uint64_t head_items(const struct assay_service_state *services)
{
    if (services->count == 0) return HEAD_ITEMS;
    return assay_bytes_all_zero(services->plan, 32) ? HEAD_ITEMS_SERVICES : HEAD_ITEMS_PLAN;
}

/* The anchor last: a contract looks for it there. */
static void encode_services(struct assay_writer *w, const struct assay_service_state *services)
{
    ASSAY_ASSERT(services->count <= ASSAY_SERVICE_DOCUMENTS_MAX);
    if (services->count == 0) return;
    assay_cbor_put_array(w, services->count);
    for (uint32_t i = 0; i < services->count; i++)
        assay_cbor_put_bytes(w, services->documents[i], 32);
    if (head_items(services) == HEAD_ITEMS_PLAN) assay_cbor_put_bytes(w, services->plan, 32);
    assay_cbor_put_bytes(w, services->anchor, 32);
}

enum assay_status assay_state_header_encode(const struct assay_state *state, struct assay_writer *w)
{
    ASSAY_ASSERT(assay_state_holds(state));
    const size_t start = w->len;
    struct assay_slice all;
    assay_cbor_put_array(w, head_items(&state->services));
    assay_cbor_put_text(w, "assay/state/v2");
    assay_cbor_put_bytes(w, state->chain_id, 32);
    assay_cbor_put_uint(w, state->era);
    assay_cbor_put_uint(w, state->epoch);
    assay_cbor_put_bool(w, state->certified);
    assay_cbor_put_uint(w, state->certified_epoch);
    encode_rules(w, &state->rules);
    assay_cbor_put_bytes(w, state->operators_digest, 32);
    assay_cbor_put_bytes(w, state->roster_digest, 32);
    encode_changes(w, state);
    assay_cbor_put_uint(w, state->member_count);
    assay_cbor_put_array(w, state->member_count);
    for (uint32_t i = 0; i < state->member_count; i++)
        assay_cbor_put_int(w, state->counters[i]);
    assay_cbor_put_array(w, state->past_count);
    for (uint32_t i = 0; i < state->past_count; i++)
        encode_past(w, &state->past[i]);
    assay_cbor_put_uint(w, state->reverted_sequence);
    encode_trial(w, &state->trial);
    encode_updates(w, state);
    encode_services(w, &state->services);
    ASSAY_ASSERT(w->full || w->len - start <= assay_state_scratch_len(state->member_count));
    return assay_writer_finish(w, &all);
}

void assay_leaf_head_hash(struct assay_slice leaf, uint8_t hash[static 32])
{
    struct assay_cursor c = assay_cursor_over(leaf.bytes, leaf.len);
    struct assay_merkle tree;
    uint64_t items = 0;
    assay_merkle_leaf_hash(leaf.bytes, leaf.len, hash);
    if (assay_cbor_array(&c, HEAD_ITEMS_MAX, &items) != ASSAY_OK || items < HEAD_ITEMS_SERVICES ||
        leaf.len < 32)
        return;
    assay_merkle_init(&tree);
    assay_merkle_add_hash(&tree, hash);
    assay_merkle_add(&tree, leaf.bytes + leaf.len - 32, 32);
    assay_merkle_root(&tree, hash);
}

/* A roster loses no slot: that of a past epoch was no longer. */
static enum assay_status decode_past(struct assay_cursor *c, uint32_t member_count,
                                     struct assay_past_epoch *p)
{
    uint64_t members = 0;
    ASSAY_TRY(assay_cbor_array_exact(c, 8));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &p->epoch));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &p->t0_ms));
    ASSAY_TRY(assay_cbor_bytes_exact(c, p->base_id, 32));
    ASSAY_TRY(assay_leaf_read_hash(c, &p->has_roll, p->roll_root));
    ASSAY_TRY(assay_cbor_uint_max(c, member_count, &members));
    if (members == 0) return ASSAY_E_RANGE;
    p->members = (uint32_t)members;
    ASSAY_TRY(assay_cbor_bytes_exact(c, p->policy_digest, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(c, p->endorsements_digest, 32));
    return assay_cbor_bytes_exact(c, p->verifier_digest, 32);
}

static enum assay_status decode_pasts(struct assay_cursor *c, struct assay_state *s)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_RETAINED_EPOCHS, &count));
    s->past_count = (uint32_t)count;
    for (uint32_t i = 0; i < s->past_count; i++)
        ASSAY_TRY(decode_past(c, s->member_count, &s->past[i]));
    return ASSAY_OK;
}

static enum assay_status decode_rules(struct assay_cursor *c, struct assay_rules_in_force *rules)
{
    ASSAY_TRY(assay_cbor_array_exact(c, 3));
    ASSAY_TRY(assay_cbor_bytes_exact(c, rules->policy_digest, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(c, rules->endorsements_digest, 32));
    return assay_parameters_read(c, &rules->parameters);
}

static enum assay_status decode_trial(struct assay_cursor *c, struct assay_trial *trial)
{
    enum assay_cbor_type type;
    *trial = (struct assay_trial){ 0 };
    ASSAY_TRY(assay_cbor_peek(c, &type));
    if (type == ASSAY_CBOR_NULL) return assay_cbor_null(c);
    ASSAY_TRY(assay_cbor_array_exact(c, 4));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &trial->sequence));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &trial->epoch));
    if (trial->sequence == 0 || trial->epoch == 0) return ASSAY_E_ENCODING;
    trial->until_ms = INT64_MAX;
    ASSAY_TRY(assay_cbor_uint(c, &trial->total_weight));
    return decode_rules(c, &trial->before);
}

/* Of collateral, after the other: one of both at most. */
static enum assay_status decode_trial_of_updates(struct assay_cursor *c, struct assay_trial *trial)
{
    enum assay_cbor_type type;
    ASSAY_TRY(assay_cbor_peek(c, &type));
    if (type == ASSAY_CBOR_NULL) return assay_cbor_null(c);
    ASSAY_TRY(assay_cbor_array_exact(c, 4));
    if (trial->sequence != 0) return ASSAY_E_ENCODING;
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &trial->epoch));
    if (trial->epoch == 0) return ASSAY_E_ENCODING;
    ASSAY_TRY(assay_cbor_uint(c, &trial->total_weight));
    ASSAY_TRY(decode_rules(c, &trial->before));
    return assay_cbor_uint_max(c, INT64_MAX, &trial->until_ms);
}

static enum assay_status decode_ended(struct assay_cursor *c, struct assay_ended *ended)
{
    uint64_t end = 0;
    ASSAY_TRY(assay_cbor_array_exact(c, 5));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_CHANGE_DROPPED, &end));
    ended->end = (enum assay_change_end)end;
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &ended->sequence));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &ended->epoch));
    ASSAY_TRY(assay_cbor_uint(c, &ended->suspended_weight));
    return assay_cbor_uint(c, &ended->total_weight);
}

static enum assay_status decode_update(struct assay_cursor *c, struct assay_update *u)
{
    uint64_t phase = 0, number = 0;
    ASSAY_TRY(assay_cbor_array_exact(c, 9));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_UPDATE_REVERTED, &phase));
    if (phase == 0) return ASSAY_E_RANGE;
    u->phase = (enum assay_update_phase)phase;
    ASSAY_TRY(assay_cbor_bool(c, &u->forced));
    ASSAY_TRY(assay_cbor_bytes_exact(c, u->facts.root, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(c, u->facts.part, 32));
    ASSAY_TRY(assay_cbor_uint_max(c, UINT32_MAX, &number));
    u->facts.number = (uint32_t)number;
    ASSAY_TRY(assay_cbor_bool(c, &u->facts.recovery));
    ASSAY_TRY(assay_cbor_bytes_exact(c, u->digest, 32));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &u->epoch));
    return assay_cbor_uint_max(c, INT64_MAX, &u->due_ms);
}

static enum assay_status decode_updates(struct assay_cursor *c, struct assay_state *s)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_UPDATES_MAX, &count));
    s->update_count = (uint32_t)count;
    for (uint32_t i = 0; i < s->update_count; i++)
        ASSAY_TRY(decode_update(c, &s->updates[i]));
    for (uint32_t i = s->update_count; i < ASSAY_UPDATES_MAX; i++)
        s->updates[i] = (struct assay_update){ 0 };
    return ASSAY_OK;
}

static enum assay_status decode_changes(struct assay_cursor *c, struct assay_state *s)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &s->change_sequence));
    ASSAY_TRY(assay_cbor_array(c, ASSAY_PENDING_MAX, &count));
    s->pending_count = (uint32_t)count;
    for (uint32_t i = 0; i < s->pending_count; i++) {
        struct assay_pending *p = &s->pending[i];
        ASSAY_TRY(assay_cbor_array_exact(c, 3));
        ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &p->sequence));
        ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &p->activation));
        ASSAY_TRY(assay_cbor_bytes_exact(c, p->digest, 32));
    }
    ASSAY_TRY(decode_trial(c, &s->trial));
    return decode_ended(c, &s->ended);
}

static enum assay_status decode_services(struct assay_cursor *c, uint64_t items,
                                         struct assay_service_state *s)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_SERVICE_DOCUMENTS_MAX, &count));
    if (count == 0) return ASSAY_E_ENCODING; /* left out then */
    s->count = (uint32_t)count;
    for (uint32_t i = 0; i < s->count; i++)
        ASSAY_TRY(assay_cbor_bytes_exact(c, s->documents[i], 32));
    if (items >= HEAD_ITEMS_PLAN) {
        ASSAY_TRY(assay_cbor_bytes_exact(c, s->plan, 32));
        if (assay_bytes_all_zero(s->plan, 32)) return ASSAY_E_ENCODING; /* left out then */
    }
    return assay_cbor_bytes_exact(c, s->anchor, 32);
}

/* What came later; a state of before has none of it. */
static enum assay_status decode_later(struct assay_cursor *c, uint64_t items, struct assay_state *s)
{
    s->reverted_sequence = 0;
    s->update_count = 0;
    s->services = (struct assay_service_state){ 0 };
    if (items < HEAD_ITEMS) return ASSAY_OK;
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &s->reverted_sequence));
    ASSAY_TRY(decode_trial_of_updates(c, &s->trial));
    ASSAY_TRY(decode_updates(c, s));
    return items < HEAD_ITEMS_SERVICES ? ASSAY_OK : decode_services(c, items, &s->services);
}

enum assay_status assay_leaf_header_decode(struct assay_slice leaf, struct assay_state *s)
{
    struct assay_cursor c = assay_cursor_over(leaf.bytes, leaf.len);
    uint64_t era = 0;
    uint64_t count = 0, items = 0;
    ASSAY_TRY(assay_cbor_array(&c, HEAD_ITEMS_PLAN, &items));
    if (items < HEAD_ITEMS_SERVICES && items != HEAD_ITEMS && items != HEAD_ITEMS_FIRST)
        return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_text_expect(&c, "assay/state/v2"));
    uint8_t chain_id[32];
    ASSAY_TRY(assay_cbor_bytes_exact(&c, chain_id, 32));
    if (!assay_bytes_equal(chain_id, s->chain_id, 32)) return ASSAY_E_CHAIN;
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX, &era));
    s->era = (uint32_t)era;
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &s->epoch));
    ASSAY_TRY(assay_cbor_bool(&c, &s->certified));
    ASSAY_TRY(assay_cbor_uint_max(&c, s->epoch, &s->certified_epoch));
    ASSAY_TRY(decode_rules(&c, &s->rules));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, s->operators_digest, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, s->roster_digest, 32));
    ASSAY_TRY(decode_changes(&c, s));
    ASSAY_TRY(assay_cbor_uint(&c, &count));
    if (count == 0) return ASSAY_E_RANGE;
    if (count > s->capacity) return ASSAY_E_FULL;
    s->member_count = (uint32_t)count;
    ASSAY_TRY(assay_cbor_array_exact(&c, s->member_count));
    for (uint32_t i = 0; i < s->member_count; i++) {
        ASSAY_TRY(assay_cbor_int(&c, &s->counters[i]));
        if (s->counters[i] > counter_max || s->counters[i] < -counter_max) return ASSAY_E_RANGE;
    }
    ASSAY_TRY(decode_pasts(&c, s));
    ASSAY_TRY(decode_later(&c, items, s));
    ASSAY_ASSERT(s->past_count <= ASSAY_RETAINED_EPOCHS && s->certified_epoch <= s->epoch);
    return assay_cursor_end(&c);
}

static enum assay_status decode_pending_digests(struct assay_cursor *c,
                                                struct assay_leaf_head *head)
{
    uint64_t count = 0, number = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_PENDING_MAX, &count));
    head->pending_count = (uint32_t)count;
    for (uint64_t i = 0; i < count; i++) {
        ASSAY_TRY(assay_cbor_array_exact(c, 3));
        ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &number));
        ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &number));
        ASSAY_TRY(assay_cbor_bytes_exact(c, head->pending[i], 32));
    }
    return ASSAY_OK;
}

static uint32_t encode_documents(const struct assay_rules_in_force *rules, uint32_t count,
                                 uint8_t documents[static ASSAY_LEAF_DOCUMENTS_MAX][32])
{
    ASSAY_ASSERT(count + 2 <= ASSAY_LEAF_DOCUMENTS_MAX);
    assay_bytes_copy(documents[count], 32, rules->policy_digest, 32);
    assay_bytes_copy(documents[count + 1], 32, rules->endorsements_digest, 32);
    return count + 2;
}

uint32_t assay_leaf_documents(const struct assay_state *state,
                              uint8_t documents[static ASSAY_LEAF_DOCUMENTS_MAX][32])
{
    uint32_t count = encode_documents(&state->rules, 0, documents);
    assay_bytes_copy(documents[count++], 32, state->operators_digest, 32);
    if (!assay_bytes_all_zero(state->services.plan, 32))
        assay_bytes_copy(documents[count++], 32, state->services.plan, 32);
    if (assay_trial_runs(&state->trial))
        count = encode_documents(&state->trial.before, count, documents);
    for (uint32_t i = 0; i < state->past_count; i++) {
        const struct assay_past_epoch *p = &state->past[i];
        struct assay_rules_in_force rules;
        assay_bytes_copy(rules.policy_digest, 32, p->policy_digest, 32);
        assay_bytes_copy(rules.endorsements_digest, 32, p->endorsements_digest, 32);
        count = encode_documents(&rules, count, documents);
    }
    ASSAY_ASSERT(count >= 3 && count <= ASSAY_LEAF_DOCUMENTS_MAX);
    return count;
}

enum assay_status assay_leaf_head(struct assay_slice leaf, struct assay_leaf_head *head)
{
    struct assay_cursor c = assay_cursor_over(leaf.bytes, leaf.len);
    struct assay_state s = { 0 }; /* what names documents */
    struct assay_slice skipped;
    uint64_t items = 0, era = 0, count = 0;
    ASSAY_TRY(assay_cbor_array(&c, HEAD_ITEMS_MAX, &items));
    if (items < HEAD_ITEMS_FIRST || (items > HEAD_ITEMS_FIRST && items < HEAD_ITEMS) ||
        (items > HEAD_ITEMS && items < HEAD_ITEMS_SERVICES))
        return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_text_expect(&c, "assay/state/v2"));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, head->chain_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX, &era));
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &head->epoch));
    ASSAY_TRY(assay_cbor_bool(&c, &head->certified));
    ASSAY_TRY(assay_cbor_uint_max(&c, head->epoch, &head->certified_epoch));
    ASSAY_TRY(decode_rules(&c, &s.rules));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, s.operators_digest, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, head->roster_digest, 32));
    ASSAY_TRY(assay_cbor_skip(&c, &skipped)); /* sequence */
    ASSAY_TRY(decode_pending_digests(&c, head));
    ASSAY_TRY(decode_trial(&c, &s.trial));
    ASSAY_TRY(assay_cbor_skip(&c, &skipped)); /* ended */
    ASSAY_TRY(assay_cbor_uint_max(&c, ASSAY_MEMBERS_MAX, &count));
    s.member_count = (uint32_t)count;
    ASSAY_TRY(assay_cbor_skip(&c, &skipped)); /* counters */
    ASSAY_TRY(decode_pasts(&c, &s));
    ASSAY_TRY(decode_later(&c, items, &s));
    for (uint32_t i = 0; i < s.update_count; i++)
        assay_bytes_copy(head->pending[head->pending_count++], 32, s.updates[i].digest, 32);
    for (uint64_t i = head_items(&s.services); i < items; i++)
        ASSAY_TRY(assay_cbor_skip(&c, &skipped));
    assay_bytes_copy(head->policy_digest, 32, s.rules.policy_digest, 32);
    assay_bytes_copy(head->endorsements_digest, 32, s.rules.endorsements_digest, 32);
    assay_bytes_copy(head->verifier_digest, 32, s.rules.parameters.verifier_digest, 32);
    assay_bytes_copy(head->operators_digest, 32, s.operators_digest, 32);
    head->document_count = assay_leaf_documents(&s, head->documents);
    head->service_count = s.services.count;
    assay_bytes_copy(head->services, sizeof head->services, s.services.documents,
                     sizeof s.services.documents);
    head->epoch_ms = s.rules.parameters.epoch_ms;
    head->era = (uint32_t)era;
    head->member_count = (uint32_t)count;
    return assay_cursor_end(&c);
}

/* --- leaf i + 1 */

static void encode_life(struct assay_writer *w, const struct assay_life *life)
{
    assay_cbor_put_array(w, 5);
    assay_cbor_put_uint(w, life->incarnation);
    assay_cbor_put_uint(w, life->since_epoch);
    assay_cbor_put_uint(w, life->until_epoch);
    assay_cbor_put_bytes(w, life->voting_public, 64);
    assay_cbor_put_bytes(w, life->transport_public, 32);
}

static void encode_trust(struct assay_writer *w, const struct assay_trust_state *t)
{
    assay_cbor_put_array(w, 17);
    assay_cbor_put_uint(w, t->integrity_bp);
    assay_cbor_put_uint(w, t->peak_bp);
    assay_cbor_put_uint(w, t->availability_bp);
    assay_cbor_put_uint(w, (uint64_t)t->score.standing);
    assay_cbor_put_uint(w, t->score.held_epochs);
    assay_cbor_put_uint(w, (uint64_t)t->integrity.standing);
    assay_cbor_put_uint(w, t->integrity.held_epochs);
    assay_cbor_put_bool(w, t->listed_after_failure);
    assay_cbor_put_uint(w, t->offences.count);
    assay_cbor_put_uint(w, t->offences.last_epoch);
    assay_cbor_put_uint(w, t->offences.clean_epochs);
    assay_cbor_put_uint(w, t->last_false_fail_epoch);
    assay_cbor_put_uint(w, t->out_of_date_since_epoch);
    assay_cbor_put_uint(w, t->mute_epochs);
    assay_cbor_put_uint(w, t->unjudged_epochs);
    assay_cbor_put_uint(w, t->quiet_epochs);
    assay_cbor_put_uint(w, t->quiet_since_epoch);
}

static void encode_found(struct assay_writer *w, const struct assay_found *f)
{
    ASSAY_ASSERT(f->lo_bp <= ASSAY_SCORE_BP_MAX && f->hi_bp <= ASSAY_SCORE_BP_MAX);
    ASSAY_ASSERT((unsigned)f->level < ASSAY_OUTCOME_COUNT);
    assay_cbor_put_array(w, 12);
    assay_cbor_put_uint(w, f->pass_weight);
    assay_cbor_put_uint(w, f->negative_weight);
    assay_cbor_put_uint(w, f->unjudged_weight);
    assay_cbor_put_uint(w, f->electorate_weight);
    assay_cbor_put_uint(w, f->lo_bp);
    assay_cbor_put_uint(w, f->hi_bp);
    assay_cbor_put_uint(w, f->ceiling_bp);
    assay_cbor_put_uint(w, (uint64_t)f->level);
    assay_cbor_put_bool(w, f->certified_pass);
    assay_cbor_put_bool(w, f->balloted);
    assay_cbor_put_uint(w, (uint64_t)f->availability_rule);
    assay_cbor_put_uint(w, (uint64_t)f->integrity_reason);
}

/* What operators decided of it. */
static void encode_stage(struct assay_writer *w, const struct assay_member *m)
{
    ASSAY_ASSERT(m->maintenance_count <= ASSAY_MAINTENANCES_MAX);
    assay_cbor_put_text(w, m->name);
    assay_cbor_put_uint(w, (uint64_t)m->stage);
    assay_cbor_put_uint(w, m->stage_epoch);
    assay_cbor_put_array(w, 2 * (uint64_t)m->maintenance_count);
    for (uint32_t i = 0; i < m->maintenance_count; i++) {
        assay_cbor_put_uint(w, m->maintenances[i].from);
        assay_cbor_put_uint(w, m->maintenances[i].until);
    }
    assay_cbor_put_uint(w, m->watched_weight);
    if (m->felled) encode_trust(w, &m->spared);
    else assay_cbor_put_null(w);
    assay_cbor_put_bool(w, m->keyless);
}

/* Without what came later: the level, the weight of a seat, the last fall, declared keys. */
enum { MEMBER_ITEMS = 25, WITH_LEVEL, WITH_SEAT, WITH_FALL, WITH_KEYS };

/* Where everybody votes a seat is worth its member's weight, which stands there already. */
static uint64_t member_items(const struct assay_member *m)
{
    if (m->declaration.count > 0) return WITH_KEYS;
    if (assay_fall_is_set(&m->fall)) return WITH_FALL;
    if (m->seat_weight != m->weight) return WITH_SEAT;
    return m->level > 0 ? WITH_LEVEL : MEMBER_ITEMS;
}

enum assay_status assay_state_leaf_encode(const struct assay_state *state, uint32_t slot,
                                          struct assay_writer *w)
{
    ASSAY_ASSERT(slot < state->member_count);
    const struct assay_member *m = &state->members[slot];
    ASSAY_ASSERT(m->life_count >= 1 && m->life_count <= ASSAY_LIVES_MAX);
    ASSAY_ASSERT(m->weight <= ASSAY_WEIGHT_UNIT);
    const size_t start = w->len;
    struct assay_slice all;
    assay_cbor_put_array(w, member_items(m));
    assay_cbor_put_text(w, "assay/member/v2");
    assay_cbor_put_bytes(w, m->node_id, 32);
    assay_cbor_put_bytes(w, m->identity_public, 64);
    assay_cbor_put_bytes(w, m->bootstrap_public, 32);
    assay_cbor_put_bytes(w, m->operator_id, 32);
    assay_cbor_put_bytes(w, m->vendor_root, 32);
    assay_cbor_put_bytes(w, m->platform_id, 32);
    assay_cbor_put_uint(w, m->evidence_kind);
    assay_cbor_put_array(w, m->life_count);
    for (uint32_t i = 0; i < m->life_count; i++)
        encode_life(w, &m->lives[i]);
    encode_trust(w, &m->trust);
    assay_cbor_put_uint(w, m->weight);
    encode_found(w, &m->found);
    assay_cbor_put_uint(w, m->change_epoch);
    assay_cbor_put_uint(w, m->order_epoch);
    assay_cbor_put_uint(w, m->failure_epoch);
    assay_cbor_put_uint(w, m->equivocation_struck);
    assay_cbor_put_uint(w, m->ballots_struck);
    assay_cbor_put_uint(w, m->pass_epoch);
    encode_stage(w, m);
    if (member_items(m) >= WITH_LEVEL) assay_cbor_put_uint(w, m->level);
    if (member_items(m) >= WITH_SEAT) assay_cbor_put_uint(w, m->seat_weight);
    if (member_items(m) >= WITH_FALL) assay_leaf_put_fall(w, &m->fall);
    if (member_items(m) >= WITH_KEYS) assay_declaration_put(w, &m->declaration);
    ASSAY_ASSERT(w->full || w->len - start <= ASSAY_LEAF_LEN_MAX);
    return assay_writer_finish(w, &all);
}

static enum assay_status decode_u32(struct assay_cursor *c, uint32_t max, uint32_t *out)
{
    uint64_t value = 0;
    ASSAY_TRY(assay_cbor_uint_max(c, max, &value));
    *out = (uint32_t)value;
    return ASSAY_OK;
}

static enum assay_status decode_u16(struct assay_cursor *c, uint16_t max, uint16_t *out)
{
    uint64_t value = 0;
    ASSAY_TRY(assay_cbor_uint_max(c, max, &value));
    *out = (uint16_t)value;
    return ASSAY_OK;
}

static enum assay_status decode_life(struct assay_cursor *c, struct assay_life *life)
{
    ASSAY_TRY(assay_cbor_array_exact(c, 5));
    ASSAY_TRY(decode_u32(c, UINT32_MAX - 1, &life->incarnation));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &life->since_epoch));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &life->until_epoch));
    ASSAY_TRY(assay_cbor_bytes_exact(c, life->voting_public, 64));
    return assay_cbor_bytes_exact(c, life->transport_public, 32);
}

static enum assay_status decode_hysteresis(struct assay_cursor *c, struct assay_hysteresis *h)
{
    uint32_t standing = 0;
    uint32_t held = 0;
    ASSAY_TRY(decode_u32(c, ASSAY_STANDING_SUSPENDED, &standing));
    ASSAY_TRY(decode_u32(c, ASSAY_HYSTERESIS_EPOCHS - 1, &held));
    h->standing = (enum assay_standing)standing;
    h->held_epochs = (uint8_t)held;
    ASSAY_ASSERT(held < ASSAY_HYSTERESIS_EPOCHS);
    return ASSAY_OK;
}

static enum assay_status decode_trust(struct assay_cursor *c, struct assay_trust_state *t)
{
    uint32_t mute = 0;
    uint32_t unjudged = 0;
    uint32_t quiet = 0;
    ASSAY_TRY(assay_cbor_array_exact(c, 17));
    ASSAY_TRY(decode_u16(c, ASSAY_SCORE_BP_MAX, &t->integrity_bp));
    ASSAY_TRY(decode_u16(c, ASSAY_SCORE_BP_MAX, &t->peak_bp));
    ASSAY_TRY(decode_u16(c, ASSAY_SCORE_BP_MAX, &t->availability_bp));
    ASSAY_TRY(decode_hysteresis(c, &t->score));
    ASSAY_TRY(decode_hysteresis(c, &t->integrity));
    ASSAY_TRY(assay_cbor_bool(c, &t->listed_after_failure));
    ASSAY_TRY(decode_u32(c, UINT32_MAX, &t->offences.count));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &t->offences.last_epoch));
    ASSAY_TRY(decode_u32(c, UINT32_MAX, &t->offences.clean_epochs));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &t->last_false_fail_epoch));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &t->out_of_date_since_epoch));
    ASSAY_TRY(decode_u32(c, ASSAY_PATIENCE_EPOCHS, &mute));
    ASSAY_TRY(decode_u32(c, ASSAY_PATIENCE_EPOCHS, &unjudged));
    ASSAY_TRY(decode_u32(c, ASSAY_PATIENCE_EPOCHS, &quiet));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &t->quiet_since_epoch));
    t->mute_epochs = (uint8_t)mute;
    t->unjudged_epochs = (uint8_t)unjudged;
    t->quiet_epochs = (uint8_t)quiet;
    return assay_trust_is_quiet(t) == (t->quiet_since_epoch > 0) ? ASSAY_OK : ASSAY_E_ENCODING;
}

static enum assay_status decode_found(struct assay_cursor *c, struct assay_found *f)
{
    uint32_t level = 0;
    uint32_t availability = 0;
    uint32_t integrity = 0;
    ASSAY_TRY(assay_cbor_array_exact(c, 12));
    ASSAY_TRY(assay_cbor_uint(c, &f->pass_weight));
    ASSAY_TRY(assay_cbor_uint(c, &f->negative_weight));
    ASSAY_TRY(assay_cbor_uint(c, &f->unjudged_weight));
    ASSAY_TRY(assay_cbor_uint(c, &f->electorate_weight));
    ASSAY_TRY(decode_u16(c, ASSAY_SCORE_BP_MAX, &f->lo_bp));
    ASSAY_TRY(decode_u16(c, ASSAY_SCORE_BP_MAX, &f->hi_bp));
    ASSAY_TRY(decode_u16(c, ASSAY_SCORE_BP_MAX, &f->ceiling_bp));
    ASSAY_TRY(decode_u32(c, ASSAY_OUTCOME_COUNT - 1, &level));
    ASSAY_TRY(assay_cbor_bool(c, &f->certified_pass));
    ASSAY_TRY(assay_cbor_bool(c, &f->balloted));
    ASSAY_TRY(decode_u32(c, ASSAY_AVAILABILITY_UNJUDGED, &availability));
    ASSAY_TRY(decode_u32(c, ASSAY_INTEGRITY_FAIL_HARD, &integrity));
    f->level = (enum assay_outcome)level;
    f->availability_rule = (enum assay_availability_rule)availability;
    f->integrity_reason = (enum assay_integrity_reason)integrity;
    return ASSAY_OK;
}

static enum assay_status decode_lives(struct assay_cursor *c, struct assay_member *m)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_LIVES_MAX, &count));
    if (count == 0) return ASSAY_E_RANGE;
    m->life_count = (uint32_t)count;
    for (uint32_t i = 0; i < ASSAY_LIVES_MAX; i++) {
        m->lives[i] = (struct assay_life){ 0 };
        if (i < m->life_count) ASSAY_TRY(decode_life(c, &m->lives[i]));
    }
    ASSAY_ASSERT(m->life_count <= ASSAY_LIVES_MAX);
    return ASSAY_OK;
}

static enum assay_status decode_stage(struct assay_cursor *c, struct assay_member *m)
{
    enum assay_cbor_type type;
    struct assay_slice name;
    uint32_t stage = 0;
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_text(c, ASSAY_NAME_MAX, &name));
    assay_bytes_zero(m->name, sizeof m->name);
    if (name.len > 0) assay_bytes_copy(m->name, ASSAY_NAME_MAX, name.bytes, name.len);
    ASSAY_TRY(decode_u32(c, ASSAY_STAGE_LEFT, &stage));
    m->stage = (enum assay_stage)stage;
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &m->stage_epoch));
    ASSAY_TRY(assay_cbor_array(c, 2 * ASSAY_MAINTENANCES_MAX, &count));
    if (count % 2 != 0) return ASSAY_E_ENCODING;
    m->maintenance_count = (uint32_t)(count / 2);
    for (uint32_t i = 0; i < ASSAY_MAINTENANCES_MAX; i++) {
        m->maintenances[i] = (struct assay_maintenance){ 0 };
        if (i >= m->maintenance_count) continue;
        ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &m->maintenances[i].from));
        ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &m->maintenances[i].until));
    }
    ASSAY_TRY(decode_u32(c, ASSAY_WEIGHT_UNIT, &m->watched_weight));
    ASSAY_TRY(assay_cbor_peek(c, &type));
    m->felled = type != ASSAY_CBOR_NULL;
    m->spared = (struct assay_trust_state){ 0 };
    ASSAY_TRY(m->felled ? decode_trust(c, &m->spared) : assay_cbor_null(c));
    return assay_cbor_bool(c, &m->keyless);
}

/* What is left out has one meaning, and each meaning one encoding. */
static enum assay_status decode_member_later(struct assay_cursor *c, uint64_t items,
                                             struct assay_member *m)
{
    m->level = 0;
    m->seat_weight = m->weight;
    m->fall = (struct assay_fall){ 0 };
    if (items >= WITH_LEVEL) ASSAY_TRY(decode_u32(c, ASSAY_LEVEL_MAX, &m->level));
    if (items >= WITH_SEAT) ASSAY_TRY(decode_u32(c, ASSAY_SEAT_WEIGHT_MAX, &m->seat_weight));
    if (items >= WITH_FALL) ASSAY_TRY(assay_leaf_read_fall(c, &m->fall));
    m->declaration = (struct assay_declaration){ 0 };
    if (items >= WITH_KEYS) ASSAY_TRY(assay_declaration_read(c, &m->declaration));
    if (items != member_items(m)) return ASSAY_E_ENCODING;
    /* A member without weight has no seat. */
    return m->weight == 0 && m->seat_weight > 0 ? ASSAY_E_INVALID : ASSAY_OK;
}

enum assay_status assay_leaf_member(struct assay_slice leaf, struct assay_member *m)
{
    struct assay_cursor c = assay_cursor_over(leaf.bytes, leaf.len);
    uint64_t items = 0;
    ASSAY_TRY(assay_cbor_array(&c, WITH_KEYS, &items));
    if (items < MEMBER_ITEMS) return ASSAY_E_TYPE;
    ASSAY_TRY(assay_cbor_text_expect(&c, "assay/member/v2"));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, m->node_id, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, m->identity_public, 64));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, m->bootstrap_public, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, m->operator_id, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, m->vendor_root, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, m->platform_id, 32));
    ASSAY_TRY(decode_u32(&c, UINT16_MAX, &m->evidence_kind));
    ASSAY_TRY(decode_lives(&c, m));
    ASSAY_TRY(decode_trust(&c, &m->trust));
    ASSAY_TRY(decode_u32(&c, ASSAY_WEIGHT_UNIT, &m->weight));
    ASSAY_TRY(decode_found(&c, &m->found));
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &m->change_epoch));
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &m->order_epoch));
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &m->failure_epoch));
    ASSAY_TRY(decode_u32(&c, UINT32_MAX, &m->equivocation_struck));
    ASSAY_TRY(decode_u32(&c, UINT32_MAX, &m->ballots_struck));
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &m->pass_epoch));
    ASSAY_TRY(decode_stage(&c, m));
    ASSAY_TRY(decode_member_later(&c, items, m));
    if (m->keyless && (m->weight == 0 || m->seat_weight > 0)) return ASSAY_E_INVALID;
    return assay_cursor_end(&c);
}
