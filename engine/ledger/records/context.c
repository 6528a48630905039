/*
 * engine/ledger/records/context.c - appraisal times, signatures and envelopes, checked against the
 * final state.
 *
 * docs/protocol.md 2.11 to 2.14 (binding), 4.6 (appraisal time), 4.10 (proofs live 8 epochs).
 */
#include "engine/ledger/records/context.h"

#include "base/assert.h"
#include "engine/ledger/state/workload_keys.h"

bool assay_context_holds(const struct assay_context *context)
{
    return assay_state_holds(context->state) && context->epoch == context->state->epoch + 1;
}

enum assay_status assay_context_moment(const struct assay_context *context, uint64_t epoch,
                                       struct assay_moment *moment)
{
    const struct assay_state *state = context->state;
    ASSAY_ASSERT(assay_context_holds(context));
    if (epoch > context->epoch) return ASSAY_E_EARLY;
    if (epoch == context->epoch) {
        moment->t0_ms = state->head_time_ms;
        assay_state_beacon(state, epoch, state->head_id, moment->beacon);
    } else {
        const struct assay_past_epoch *past = assay_state_past(state, epoch);
        if (past == NULL) return ASSAY_E_STALE;
        moment->t0_ms = past->t0_ms;
        assay_state_beacon(state, epoch, past->base_id, moment->beacon);
    }
    moment->at_unix_s = (int64_t)(moment->t0_ms / 1000);
    return ASSAY_OK;
}

uint32_t assay_context_members(const struct assay_context *context, uint64_t epoch)
{
    if (epoch == context->epoch) return context->state->member_count;
    const struct assay_past_epoch *past = assay_state_past(context->state, epoch);
    return past != NULL ? past->members : 0;
}

enum assay_status assay_context_verify(const struct assay_context *context, uint32_t slot,
                                       const struct assay_life *life,
                                       const uint8_t digest[static 32],
                                       const uint8_t signature[static 64])
{
    ASSAY_ASSERT(slot < context->state->member_count);
    if (context->unsigned_) return ASSAY_OK;
    if (life == &context->state->members[slot].lives[0]) {
        ASSAY_ASSERT(context->voting[slot] != NULL);
        const bool good = assay_p256_verify(context->voting[slot], digest, signature, ASSAY_S_LOW);
        return good ? ASSAY_OK : ASSAY_E_SIGNATURE;
    }
    return assay_context_possessed(context, life->voting_public, digest, signature);
}

enum assay_status assay_context_identified(const struct assay_context *context, uint32_t slot,
                                           const uint8_t digest[static 32],
                                           const uint8_t signature[static 64])
{
    ASSAY_ASSERT(slot < context->state->member_count);
    if (context->unsigned_) return ASSAY_OK;
    ASSAY_ASSERT(context->identity[slot] != NULL);
    const bool good = assay_p256_verify(context->identity[slot], digest, signature, ASSAY_S_LOW);
    return good ? ASSAY_OK : ASSAY_E_SIGNATURE;
}

enum assay_status assay_context_possessed(const struct assay_context *context,
                                          const uint8_t public_key[static 64],
                                          const uint8_t digest[static 32],
                                          const uint8_t signature[static 64])
{
    struct assay_p256 *key = NULL;
    ASSAY_TRY(assay_p256_load(public_key, &key)); /* it must be one, signatures or not */
    const bool good = context->unsigned_ || assay_p256_verify(key, digest, signature, ASSAY_S_LOW);
    assay_p256_free(&key);
    return good ? ASSAY_OK : ASSAY_E_SIGNATURE;
}

enum assay_status assay_context_author(const struct assay_context *context,
                                       const struct assay_author *author, uint32_t *slot,
                                       const struct assay_life **life)
{
    ASSAY_ASSERT(assay_context_holds(context));

    const struct assay_state *state = context->state;
    if (!assay_bytes_equal(author->chain_id, state->chain_id, 32)) return ASSAY_E_CHAIN;
    if (author->era != state->era) return ASSAY_E_CHAIN;
    if (author->epoch > context->epoch) return ASSAY_E_EARLY;
    const uint32_t found = assay_state_slot_of(state, author->node_id);
    if (found == state->member_count) return ASSAY_E_STRANGER;
    const struct assay_life *listed = assay_member_life_at(&state->members[found], author->epoch);
    if (listed == NULL) return ASSAY_E_STALE;
    if (listed->incarnation != author->incarnation) return ASSAY_E_INVALID;
    ASSAY_ASSERT(found < state->member_count && listed->since_epoch <= author->epoch);
    *slot = found;
    *life = listed;
    return ASSAY_OK;
}

enum assay_status assay_context_envelope(const struct assay_context *context,
                                         const struct assay_envelope *envelope, uint32_t *slot)
{
    const struct assay_author author = { envelope->chain_id, envelope->node_id, envelope->era,
                                         envelope->incarnation, envelope->epoch };
    const struct assay_life *life = NULL;
    uint32_t found = 0;
    ASSAY_TRY(assay_context_author(context, &author, &found, &life));
    ASSAY_TRY(assay_context_verify(context, found, life, envelope->digest, envelope->signature));
    ASSAY_ASSERT(life->incarnation == envelope->incarnation);
    *slot = found;
    return ASSAY_OK;
}

void assay_context_expected(const struct assay_context *context, uint32_t slot,
                            const struct assay_life *life, uint64_t epoch,
                            const struct assay_moment *moment, const uint8_t *keys_root,
                            uint8_t expected[static 64])
{
    ASSAY_ASSERT(slot < context->state->member_count);
    ASSAY_ASSERT(epoch <= context->epoch);

    const struct assay_binding binding = {
        .chain_id = context->state->chain_id,
        .era = context->state->era,
        .epoch = epoch,
        .beacon = moment->beacon,
        .node_id = context->state->members[slot].node_id,
        .incarnation = life->incarnation,
        .voting_public = life->voting_public,
        .transport_public = life->transport_public,
        .keys_root = keys_root,
    };
    assay_binding_report_data(&binding, expected);
}

bool assay_context_binds_keys(const struct assay_context *context, uint32_t slot, uint64_t epoch)
{
    ASSAY_ASSERT(slot < context->state->member_count);
    return assay_declaration_root_at(&context->state->members[slot].declaration, epoch) != NULL;
}

const struct assay_grants *assay_context_grants(const struct assay_context *context)
{
    const struct assay_services *services = context->services;
    if (services == NULL || services->grants == NULL || services->grants->count == 0) return NULL;
    return context->state->rules.parameters.level >= ASSAY_LEVEL_GROUP_KEY ? services->grants
                                                                           : NULL;
}

bool assay_context_judge(const struct assay_context *context,
                         const struct assay_finding_record *finding, uint32_t slot,
                         const struct assay_life *life, enum assay_evidence_kind kind,
                         uint64_t epoch, const struct assay_moment *moment,
                         enum assay_outcome *outcome, bool *without_keys)
{
    ASSAY_ASSERT(slot < context->state->member_count);
    const struct assay_member *member = &context->state->members[slot];
    const uint8_t *root = assay_declaration_root_at(&member->declaration, epoch);
    uint8_t expected[64], none[32];
    *without_keys = false;
    assay_context_expected(context, slot, life, epoch, moment, root, expected);
    if (assay_finding_judge(finding, member, kind, expected, outcome)) return true;
    assay_declared_keys_no_root(none);
    if (root == NULL || assay_bytes_equal(root, none, 32)) return false;
    /* Who restarted and lost its keys stays attested (docs/protocol.md 2.16.3). */
    assay_context_expected(context, slot, life, epoch, moment, none, expected);
    if (!assay_finding_judge(finding, member, kind, expected, outcome)) return false;
    *without_keys = assay_outcome_is_pass(*outcome);
    return true;
}
