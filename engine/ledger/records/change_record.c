/*
 * engine/ledger/records/change_record.c - CHANGE in blocks: authorised operators and timing
 * (docs/protocol.md 9.5 to 9.7).
 */
#include "engine/ledger/records/row.h"

#include "base/assert.h"
#include "base/cbor.h"

/* Signatures, their signers ascending; verified in check, where the operators are known. */
static enum assay_status decode_signatures(struct assay_cursor *c, struct assay_record *r)
{
    uint64_t count = 0;
    uint8_t before[32] = { 0 };
    ASSAY_TRY(assay_cbor_array(c, ASSAY_OPERATORS_MAX, &count));
    if (count == 0) return ASSAY_E_RANGE;
    const size_t start = c->pos;
    for (uint64_t i = 0; i < count; i++) {
        uint8_t id[32];
        uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
        ASSAY_TRY(assay_cbor_array_exact(c, 2));
        ASSAY_TRY(assay_cbor_bytes_exact(c, id, sizeof id));
        ASSAY_TRY(assay_cbor_bytes_exact(c, signature, sizeof signature));
        if (i > 0 && assay_bytes_compare(before, id, 32) >= 0) return ASSAY_E_ENCODING;
        assay_bytes_copy(before, sizeof before, id, sizeof id);
    }
    r->entry_count = (uint32_t)count;
    r->entries = assay_slice_over(r->bytes.bytes + start, c->pos - start);
    return ASSAY_OK;
}

static enum assay_status decode_change(struct assay_cursor *c, struct assay_record *r)
{
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_CHANGE_LEN_MAX, &r->body));
    ASSAY_TRY(decode_signatures(c, r));
    ASSAY_TRY(assay_change_decode(r->body, &r->change));
    r->may_wait = r->change.sequence != 0; /* until its number is the next one */
    assay_sha256(r->body.bytes, r->body.len, r->body_digest);
    assay_record_key(ASSAY_RECORD_CHANGE, r->body, r->key);
    return ASSAY_OK;
}

/* The id of the first operator that signed. */
static void find_first_signer(const struct assay_record *r, uint8_t id[static 32])
{
    struct assay_cursor c = assay_cursor_over(r->entries.bytes, r->entries.len);
    enum assay_status status = assay_cbor_array_exact(&c, 2);
    ASSAY_ASSERT(status == ASSAY_OK);
    status = assay_cbor_bytes_exact(&c, id, 32);
    ASSAY_ASSERT(status == ASSAY_OK); /* decode_signatures */
}

/* Every signature is good and by an operator. */
static enum assay_status check_signatures(const struct assay_context *context,
                                          const struct assay_record *r)
{
    struct assay_cursor c = assay_cursor_over(r->entries.bytes, r->entries.len);
    for (uint32_t i = 0; i < r->entry_count; i++) {
        uint8_t id[32];
        uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
        struct assay_p256 *key = NULL;
        ASSAY_TRY(assay_cbor_array_exact(&c, 2));
        ASSAY_TRY(assay_cbor_bytes_exact(&c, id, sizeof id));
        ASSAY_TRY(assay_cbor_bytes_exact(&c, signature, sizeof signature));
        const struct assay_genesis_operator *o = assay_operator_find(context->effective, id);
        if (o == NULL) return ASSAY_E_STRANGER;
        ASSAY_TRY(assay_p256_load(o->public_key, &key));
        const bool good = assay_p256_verify(key, r->body_digest, signature, ASSAY_S_LOW);
        assay_p256_free(&key);
        if (!good) return ASSAY_E_SIGNATURE;
    }
    return ASSAY_OK;
}

enum assay_status assay_change_documents_check(const struct assay_context *context,
                                               const struct assay_change *change)
{
    struct assay_cursor c = assay_cursor_over(change->actions.bytes, change->actions.len);
    for (uint32_t i = 0; i < change->action_count; i++) {
        struct assay_action action;
        ASSAY_TRY(assay_action_next(&c, &action));
        if (action.kind == ASSAY_ACTION_OPERATORS || action.kind == ASSAY_ACTION_OPERATOR_KEY)
            ASSAY_TRY(assay_operators_check(action.document));
        if (action.kind != ASSAY_ACTION_POLICY && action.kind != ASSAY_ACTION_ENDORSEMENTS)
            continue;
        if (action.document.len == 0) return ASSAY_E_INVALID;
        if (context->document_check != NULL)
            ASSAY_TRY(context->document_check(action.kind == ASSAY_ACTION_POLICY,
                                              context->state->rules.parameters.level,
                                              action.document));
    }
    return ASSAY_OK;
}

/* The pool counts records by author; for operators that is their first member. */
static uint32_t slot_of_operator(const struct assay_state *state, const uint8_t id[static 32])
{
    for (uint32_t i = 0; i < state->member_count; i++)
        if (assay_bytes_equal(state->members[i].operator_id, id, 32)) return i;
    return 0;
}

static enum assay_status check_change_record(const struct assay_context *context,
                                             struct assay_record *record)
{
    const struct assay_change *change = &record->change;
    const struct assay_state *state = context->state;
    uint8_t first[32];
    if (context->effective == NULL) return ASSAY_E_UNSUPPORTED;
    if (!assay_bytes_equal(change->chain_id, state->chain_id, 32)) return ASSAY_E_CHAIN;
    if (change->era != state->era) return ASSAY_E_CHAIN;
    /* No build that cannot read it is asked to, in a block or by a relay (docs/protocol.md 9.6.9,
     * 12.7.1). */
    if (state->rules.parameters.level < assay_change_level(change)) return ASSAY_E_EARLY;
    ASSAY_TRY(check_signatures(context, record));
    /* The state has the threshold: a relay of a change that had enough signatures a moment ago,
     * before another change of the operators, has sent no bad signature and is not punished for
     * one. */
    if (change->sequence == 0 && record->entry_count != 1) return ASSAY_E_INVALID;
    if (change->sequence != 0 && record->entry_count < context->effective->threshold)
        return ASSAY_E_INVALID;
    ASSAY_TRY(assay_change_documents_check(context, change));
    find_first_signer(record, first);
    record->slot = slot_of_operator(context->state, first);
    record->subject = record->slot;
    record->epoch = context->epoch;
    record->incarnation = context->state->members[record->slot].lives[0].incarnation;
    return ASSAY_OK;
}

/* docs/protocol.md 9.7: of its own members, and of nothing but their absence. */
static enum assay_status check_maintenance_fits(const struct assay_context *context,
                                                const struct assay_ledger *l,
                                                const struct assay_record *r)
{
    const struct assay_change *change = &r->change;
    struct assay_cursor c = assay_cursor_over(change->actions.bytes, change->actions.len);
    uint8_t signer[32];
    find_first_signer(r, signer);
    for (uint32_t i = 0; i < change->action_count; i++) {
        struct assay_action action;
        ASSAY_TRY(assay_action_next(&c, &action));
        const uint32_t slot = assay_state_slot_of(context->state, action.node_id);
        if (slot == context->state->member_count) return ASSAY_E_INVALID;
        const struct assay_member *m = &context->state->members[slot];
        if (!assay_bytes_equal(m->operator_id, signer, 32)) return ASSAY_E_INVALID;
        if (l->maintenance[slot].until != 0) return ASSAY_E_DUPLICATE; /* one in an epoch */
        if (!assay_maintenance_fits(m, change->activation, action.epochs)) return ASSAY_E_INVALID;
    }
    return ASSAY_OK;
}

struct assay_staging assay_staging_of(const struct assay_context *context)
{
    struct assay_staging staging = { .state = context->stage,
                                     .operators = context->operators,
                                     .follow = context->plan_follow };
    if (context->effective != NULL) staging.plan = context->effective->services;
    return staging;
}

/* The roster and rules as all changes before this one will leave them. */
static enum assay_status stage_pending(const struct assay_context *context,
                                       const struct assay_ledger *l, struct assay_staging *staging)
{
    const struct assay_state *state = context->state;
    assay_state_copy(staging->state, state);
    for (uint32_t k = 0; k < l->members; k++)
        if (l->incarnated[k])
            assay_member_list(&staging->state->members[k], context->epoch + 1, l->voting[k],
                              l->transport[k]);
    for (uint32_t i = 0; i < state->pending_count; i++) {
        struct assay_change pending;
        struct assay_unfit unfit;
        assay_change_of_record(context->pending[i], &pending);
        ASSAY_TRY(assay_change_apply(staging, &pending, &unfit));
    }
    return ASSAY_OK;
}

static enum assay_status check_change_fits(const struct assay_context *context,
                                           const struct assay_ledger *l,
                                           const struct assay_record *r)
{
    const struct assay_state *state = context->state;
    const struct assay_change *change = &r->change;
    /* Here and not in check: a pool retains records that wait over a boundary. */
    if (change->activation < context->epoch + ASSAY_ACTIVATION_AHEAD_MIN ||
        change->activation > context->epoch + ASSAY_ACTIVATION_AHEAD_MAX)
        return ASSAY_E_STALE;
    if (change->sequence == 0) return check_maintenance_fits(context, l, r);
    if (l->change_len > 0 || change->sequence <= state->change_sequence) return ASSAY_E_DUPLICATE;
    if (change->sequence != state->change_sequence + 1) return ASSAY_E_EARLY;
    if (state->pending_count == ASSAY_PENDING_MAX) return ASSAY_E_FULL;
    uint64_t last = assay_trial_runs(&state->trial) ? state->trial.epoch : 0;
    if (state->pending_count > 0) last = state->pending[state->pending_count - 1].activation;
    if (last != 0 && change->activation < last + ASSAY_ACTIVATION_APART) return ASSAY_E_INVALID;
    if (change->forces != 0 && change->forces != state->reverted_sequence) return ASSAY_E_INVALID;
    struct assay_unfit unfit;
    struct assay_staging staging = assay_staging_of(context);
    ASSAY_TRY(stage_pending(context, l, &staging));
    return assay_change_apply(&staging, change, &unfit);
}

static void apply_change(const struct assay_context *context, struct assay_ledger *l,
                         const struct assay_record *r)
{
    struct assay_cursor c = assay_cursor_over(r->change.actions.bytes, r->change.actions.len);
    if (r->change.sequence != 0) {
        ASSAY_ASSERT(l->change_len == 0 && r->bytes.len <= ASSAY_CHANGE_RECORD_LEN_MAX);
        l->change_len = r->bytes.len;
        assay_bytes_copy(l->change, ASSAY_CHANGE_RECORD_LEN_MAX, r->bytes.bytes, r->bytes.len);
        return;
    }
    for (uint32_t i = 0; i < r->change.action_count; i++) {
        struct assay_action action;
        const enum assay_status status = assay_action_next(&c, &action);
        ASSAY_ASSERT(status == ASSAY_OK);
        const uint32_t slot = assay_state_slot_of(context->state, action.node_id);
        ASSAY_ASSERT(slot < l->members && l->maintenance[slot].until == 0);
        l->maintenance[slot] = (struct assay_maintenance){
            .from = r->change.activation, .until = r->change.activation + action.epochs - 1
        };
    }
}

const struct assay_record_row assay_row_change = {
    .name = "change",
    .items = 3,
    .limits = { .of_author = 4 }, /* without a number: one operator alone signs these */
    .waits_freely = true,
    .outlives = true, /* one change in an epoch: the next waits */
    .decode = decode_change,
    .check = check_change_record,
    .fits = check_change_fits,
    .apply = apply_change,
};
