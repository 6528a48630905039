/*
 * engine/node/epoch.c - this node's duties in an epoch: attest, ballot, reincarnate.
 *
 * docs/protocol.md 4.7. Nodes act on final blocks, never on the local clock alone: they attest when
 * E(e-1) is final and ballot when the ROLL is; the clock only limits the waiting time (5T/8).
 */
#include "engine/parts/engine_internal.h"

#include "base/cbor.h"
#include "engine/evidence/pool.h"

/* What the enclave makes the statement of; report_data is that of one without keys
 * (docs/protocol.md 2.16.3). */
static void fill_statement(const struct assay_engine *e, const struct assay_life *life,
                           struct assay_effect *effect)
{
    const struct assay_context *context = &e->head->context;
    const struct assay_moment *moment = &e->epoch_state->moment;
    const struct assay_member *self = &e->head->state.members[e->self];
    const uint8_t *root = assay_declaration_root_at(&self->declaration, context->epoch);
    const bool listed = life->incarnation == self->lives[0].incarnation;
    uint8_t none[32];
    assay_declared_keys_no_root(none);
    assay_context_expected(context, e->self, life, context->epoch, moment,
                           root != NULL ? none : NULL, effect->as.quote.report_data);
    effect->as.quote.binds_keys = root != NULL;
    if (root == NULL) return;
    effect->as.quote.era = e->head->state.era;
    assay_bytes_copy(effect->as.quote.chain_id, 32, e->head->state.chain_id, 32);
    assay_bytes_copy(effect->as.quote.beacon, 32, moment->beacon, 32);
    assay_bytes_copy(effect->as.quote.node_id, 32, self->node_id, 32);
    assay_bytes_copy(effect->as.quote.voting_public, 64, life->voting_public, 64);
    assay_bytes_copy(effect->as.quote.transport_public, 32, life->transport_public, 32);
    assay_bytes_copy(effect->as.quote.keys_root, 32, listed ? root : none, 32);
}

static void request_quote(struct assay_engine *e)
{
    ASSAY_ASSERT(!e->sync->active);
    ASSAY_ASSERT(e->epoch_state->opened && e->start_state->started);
    const struct assay_node_keys *keys = &e->key_state->keys;
    struct assay_life life = { .incarnation = keys->incarnation };
    struct assay_effect *effect = assay_eng_add_effect(e, ASSAY_EFFECT_QUOTE);
    if (effect == NULL) {
        e->parts->epoch_state.quote_again_ms = e->now_ms;
        return;
    }
    assay_bytes_copy(life.voting_public, 64, keys->voting_public, 64);
    assay_bytes_copy(life.transport_public, 32, keys->transport_public, 32);
    effect->as.quote.epoch = e->head->context.epoch;
    effect->as.quote.incarnation = keys->incarnation;
    fill_statement(e, &life, effect);
    /* A source that never answers is queried again: half an epoch is longer than any quote
     * takes. */
    e->parts->epoch_state.quote_again_ms = e->now_ms + assay_eng_epoch_ms(e) / 2;
}

/* A second one would convict: E8. */
static bool may_attest(const struct assay_engine *e)
{
    return assay_eng_may_sign(e) && !e->epoch_state->envelope_made && !e->epoch_state->log_missing;
}

static bool may_ballot(const struct assay_engine *e)
{
    return assay_eng_may_sign(e) && !e->epoch_state->ballot_made && !e->epoch_state->log_missing;
}

/* After a start with a log, peers are queried for an envelope of ours of this epoch and have two
 * delta to answer: with an older log this node would sign another one, which is E8. Votes do not
 * reveal it, for the first of an epoch may be a quarter of it later (docs/protocol.md 2.9). An
 * epoch that opened after the start needs no query; clocks may be wrong by an epoch.
 * Returns: whether to wait. */
static bool must_query_peers_first(struct assay_engine *e)
{
    const uint64_t epoch_ms = assay_eng_epoch_ms(e);
    const uint64_t delta_ms = assay_min_u64(assay_max_u64(epoch_ms / 16, 25), 2000);
    if (!e->key_state->from_log || !may_attest(e)) return false;
    if (e->head->state.head_time_ms > e->key_state->began_unix_ms + epoch_ms) {
        assay_keys_trust_log(e); /* later epochs need no query either */
        return false;
    }
    if (e->epoch_state->own_asked_ms == 0) {
        assay_message_intake_request_own(e);
        e->parts->epoch_state.own_asked_ms = assay_max_u64(e->now_ms, 1);
    }
    const uint64_t until_ms = e->epoch_state->own_asked_ms + 2 * delta_ms;
    if (e->now_ms >= until_ms) return false;
    e->parts->epoch_state.quote_again_ms = until_ms;
    return true;
}

static void request_own_evidence(struct assay_engine *e)
{
    ASSAY_ASSERT(e->chain->begun);

    e->parts->epoch_state.quote_again_ms = UINT64_MAX;
    if (!e->start_state->started || e->sync->active) return;
    e->parts->epoch_state.opened = true;
    if (must_query_peers_first(e)) return;
    if (may_attest(e)) request_quote(e);
    else if (assay_keys_wants_listing(e) && !e->epoch_state->incarnate_made) request_quote(e);
}

/* Envelopes of the new epoch that arrived while ours was still open. */
static void replay_early(struct assay_engine *e)
{
    for (uint32_t i = 0; i < e->members; i++) {
        uint8_t payload[ASSAY_ENVELOPE_LEN_MAX];
        const size_t len = assay_seat_take_early(e, i, payload);
        if (len == 0) continue;
        assay_status_ignore(
            assay_message_intake_on_envelope(e, ASSAY_SLOT_ALL, assay_slice_over(payload, len)),
            "what does not fit this epoch after all is dropped");
    }
}

void assay_epoch_open(struct assay_engine *e)
{
    ASSAY_ASSERT(e->chain->begun);
    assay_seat_on_epoch(e);
    assay_inventory_on_epoch(e);
    assay_finalize_note_progress(e);
    assay_keys_on_epoch(e);
    e->parts->epoch_state =
        (struct assay_epoch_state){ .opened_ms = e->now_ms, .quote_again_ms = UINT64_MAX };
    const enum assay_status status = assay_context_moment(&e->head->context, e->head->context.epoch,
                                                          &e->parts->epoch_state.moment);
    ASSAY_ASSERT(status == ASSAY_OK); /* the running epoch is always known */
    replay_early(e);
    request_own_evidence(e);
    ASSAY_ASSERT(e->epoch_state->opened_ms == e->now_ms && !e->epoch_state->ballot_made &&
                 e->epoch_state->pulls == 0);
}

/* Signed messages are stored under their own digest. */
static void sign_and_store(struct assay_effect *effect, struct assay_signing *signing)
{
    ASSAY_ASSERT(signing->payload.len > 0);
    assay_bytes_copy(signing->store_key.id, 32, signing->digest, 32);
    assay_effect_sign(effect, signing);
}

void assay_epoch_set_envelope_made(struct assay_engine *e)
{
    e->parts->epoch_state.envelope_made = true; /* a second one convicts: E8 */
}

void assay_epoch_set_ballot_made(struct assay_engine *e)
{
    e->parts->epoch_state.ballot_made = true;
}

void assay_epoch_set_incarnate_made(struct assay_engine *e)
{
    e->parts->epoch_state.incarnate_made = true;
}

void assay_epoch_set_keys_made(struct assay_engine *e)
{
    e->parts->epoch_state.keys_made = true; /* one declaration an epoch (docs/protocol.md 2.16) */
}

void assay_epoch_set_log_missing(struct assay_engine *e)
{
    e->parts->epoch_state.log_missing = true;
}

static void make_envelope(struct assay_engine *e, struct assay_slice evidence)
{
    ASSAY_ASSERT(evidence.len > 0 && evidence.len <= ASSAY_EVIDENCE_LEN_MAX);
    ASSAY_ASSERT(may_attest(e));
    struct assay_envelope envelope = {
        .era = e->head->state.era,
        .epoch = e->head->context.epoch,
        .incarnation = e->key_state->keys.incarnation,
        .kind = (enum assay_evidence_kind)e->head->state.members[e->self].evidence_kind,
        .evidence_len = (uint32_t)evidence.len,
    };
    assay_bytes_copy(envelope.chain_id, 32, e->head->state.chain_id, 32);
    assay_bytes_copy(envelope.node_id, 32, e->head->state.members[e->self].node_id, 32);
    assay_sha256(evidence.bytes, evidence.len, envelope.evidence_digest);
    uint8_t *bytes = assay_eng_alloc(e, ASSAY_ENVELOPE_LEN_MAX);
    struct assay_effect *effect = bytes != NULL ? assay_eng_add_effect(e, ASSAY_EFFECT_SIGN) : NULL;
    if (effect == NULL) return; /* repeated: quote_again_ms */
    struct assay_writer w = assay_writer_over(bytes, ASSAY_ENVELOPE_LEN_MAX);
    struct assay_signing signing = { .key = ASSAY_KEY_VOTING,
                                     .digest = envelope.digest,
                                     .message = ASSAY_MESSAGE_ENVELOPE,
                                     .class_ = ASSAY_STORE_ENVELOPE,
                                     .store_key = { .era = e->head->state.era,
                                                    .epoch = envelope.epoch,
                                                    .number = envelope.incarnation } };
    const enum assay_status status = assay_envelope_encode(&envelope, &w, &signing.signature_at);
    ASSAY_ASSERT(status == ASSAY_OK);
    ASSAY_ASSERT(w.len <= ASSAY_ENVELOPE_LEN_MAX && signing.signature_at < w.len);
    signing.payload = assay_slice_over(bytes, w.len);
    sign_and_store(effect, &signing);
    assay_epoch_set_envelope_made(e);
    e->parts->epoch_state.quote_again_ms = UINT64_MAX;
}

static void make_incarnate(struct assay_engine *e, struct assay_slice evidence)
{
    ASSAY_ASSERT(evidence.len > 0 && evidence.len <= ASSAY_EVIDENCE_LEN_MAX);
    ASSAY_ASSERT(assay_keys_wants_listing(e) && !e->epoch_state->incarnate_made);
    const struct assay_node_keys *keys = &e->key_state->keys;
    struct assay_incarnate i = { .era = e->head->state.era,
                                 .epoch = e->head->context.epoch,
                                 .incarnation = keys->incarnation,
                                 .evidence_len = (uint32_t)evidence.len };
    assay_bytes_copy(i.chain_id, 32, e->head->state.chain_id, 32);
    assay_bytes_copy(i.node_id, 32, e->head->state.members[e->self].node_id, 32);
    assay_bytes_copy(i.voting_public, 64, keys->voting_public, 64);
    assay_bytes_copy(i.transport_public, 32, keys->transport_public, 32);
    assay_sha256(evidence.bytes, evidence.len, i.evidence_digest);
    const size_t len_max = evidence.len + 720;
    uint8_t *bytes = assay_eng_alloc(e, len_max);
    struct assay_effect *effect = bytes != NULL ? assay_eng_add_effect(e, ASSAY_EFFECT_SIGN) : NULL;
    if (effect == NULL) return; /* repeated: quote_again_ms */
    struct assay_writer w = assay_writer_over(bytes, len_max);
    uint8_t digest[32];
    struct assay_signing signing = { .key = ASSAY_KEY_IDENTITY,
                                     .digest = digest,
                                     .message = ASSAY_MESSAGE_RECORD,
                                     .class_ = ASSAY_STORE_RECORD,
                                     .store_key = { .era = e->head->state.era, .epoch = i.epoch } };
    const enum assay_status status = assay_record_put_incarnate(
        &w, &i, evidence, digest, &signing.signature_at, &signing.possession_at);
    ASSAY_ASSERT(status == ASSAY_OK);
    signing.payload = assay_slice_over(bytes, w.len);
    sign_and_store(effect, &signing);
    assay_epoch_set_incarnate_made(e);
    e->parts->epoch_state.quote_again_ms = UINT64_MAX;
}

void assay_epoch_receive_quote(struct assay_engine *e, uint64_t epoch, uint32_t incarnation,
                               struct assay_slice evidence)
{
    if (epoch != e->head->context.epoch || incarnation != e->key_state->keys.incarnation) return;
    if (evidence.len == 0 || evidence.len > ASSAY_EVIDENCE_LEN_MAX) {
        e->parts->epoch_state.quote_again_ms = e->now_ms + assay_eng_epoch_ms(e) / 16;
        return;
    }
    if (assay_eng_may_sign(e)) {
        if (may_attest(e)) make_envelope(e, evidence);
    } else if (assay_keys_wants_listing(e) && !e->epoch_state->incarnate_made) {
        make_incarnate(e, evidence);
    }
}

void assay_epoch_receive_keys(struct assay_engine *e, const uint8_t voting_public[static 64],
                              const uint8_t transport_public[static 32])
{
    assay_keys_set_keys(e, voting_public, transport_public);
    if (!e->chain->begun) return;
    /* The key set that voted in this epoch is gone: the new one is not listed yet. */
    if (!e->key_state->listed) assay_simplex_halt(e->simplex);
    e->parts->epoch_state.incarnate_made = false;
    request_own_evidence(e);
}

/* --- workload keys */

static enum assay_status check_declaration(const struct assay_engine *e, struct assay_slice list,
                                           struct assay_keys_body *body)
{
    const struct assay_member *self = &e->head->state.members[e->self];
    struct assay_declared_keys keys;
    uint32_t at = 0;
    if (e->head->state.rules.parameters.level < ASSAY_LEVEL_DECLARED_KEYS) return ASSAY_E_EARLY;
    if (!e->start_state->started || e->newcomer || !assay_eng_may_sign(e)) return ASSAY_E_AGAIN;
    if (!assay_member_serves(self)) return ASSAY_E_AGAIN;
    ASSAY_TRY(assay_declared_keys_decode(list, &keys));
    assay_declared_keys_root(&keys, body->root);
    const uint8_t *now = assay_declaration_root_at(&self->declaration, e->head->context.epoch);
    if (now != NULL && assay_bytes_equal(now, body->root, 32)) return ASSAY_E_DUPLICATE;
    if (e->epoch_state->keys_made || e->epoch_state->log_missing) return ASSAY_E_DUPLICATE;
    if (assay_pool_is_full_of(e->pool, ASSAY_RECORD_KEYS, ASSAY_BUDGET_COMMON, e->self,
                              e->head->context.epoch))
        return ASSAY_E_FULL;
    /* A bad proof would be charged to this node by its peers (docs/protocol.md 5.12.1). */
    return assay_declared_keys_verify(e->head->state.chain_id, self->node_id, &keys, &at);
}

enum assay_status assay_epoch_declare(struct assay_engine *e, struct assay_slice list)
{
    struct assay_keys_body body = { .era = e->head->state.era,
                                    .epoch = e->head->context.epoch,
                                    .incarnation = e->key_state->keys.incarnation,
                                    .list = list };
    ASSAY_TRY(check_declaration(e, list, &body));
    assay_bytes_copy(body.chain_id, 32, e->head->state.chain_id, 32);
    assay_bytes_copy(body.node_id, 32, e->head->state.members[e->self].node_id, 32);
    uint8_t *bytes = assay_eng_alloc(e, ASSAY_KEYS_RECORD_LEN_MAX);
    struct assay_effect *effect = bytes != NULL ? assay_eng_add_effect(e, ASSAY_EFFECT_SIGN) : NULL;
    if (effect == NULL) return ASSAY_E_AGAIN;
    struct assay_writer w = assay_writer_over(bytes, ASSAY_KEYS_RECORD_LEN_MAX);
    uint8_t digest[32];
    struct assay_signing signing = { .key = ASSAY_KEY_VOTING,
                                     .digest = digest,
                                     .message = ASSAY_MESSAGE_RECORD,
                                     .class_ = ASSAY_STORE_RECORD,
                                     .store_key = { .era = body.era, .epoch = body.epoch } };
    const enum assay_status status =
        assay_record_put_keys(&w, &body, digest, &signing.signature_at);
    ASSAY_ASSERT(status == ASSAY_OK); /* ASSAY_KEYS_RECORD_LEN_MAX holds every list */
    signing.payload = assay_slice_over(bytes, w.len);
    sign_and_store(effect, &signing);
    assay_epoch_set_keys_made(e);
    return ASSAY_OK;
}

/* --- balloting */

/* Returns: whether valid envelopes of more than 2/3 of W are here: only a node that reaches the
 * network may report others as absent. */
static bool has_quorum_of_envelopes(const struct assay_engine *e)
{
    ASSAY_ASSERT(e->head->state.member_count == e->members);

    uint64_t held = 0, total = 0;
    for (uint32_t i = 0; i < e->members; i++) { /* of all members: every member ballots (5.22) */
        const uint32_t weight = e->head->state.members[i].weight;
        if (e->seats[i].payload_len > 0) held += weight;
        total += weight;
    }
    ASSAY_ASSERT(held <= total);
    return assay_quorum(held, total);
}

static enum assay_outcome ballot_outcome(const struct assay_engine *e, uint32_t slot,
                                         bool has_quorum)
{
    ASSAY_ASSERT(slot < e->members && slot != e->self);
    const struct assay_seat *seat = &e->seats[slot];
    const uint32_t peers = assay_eng_count_peers(e);
    const uint32_t enough = peers < ASSAY_PEERS_ASKED_MIN ? peers : ASSAY_PEERS_ASKED_MIN;
    switch (seat->phase) {
    case ASSAY_SEAT_JUDGED: return seat->outcome;
    case ASSAY_SEAT_FETCHING: return ASSAY_OUTCOME_NONE; /* it may still arrive */
    case ASSAY_SEAT_FOREIGN: return has_quorum ? ASSAY_OUTCOME_ABSENT : ASSAY_OUTCOME_NONE;
    case ASSAY_SEAT_EMPTY:
    case ASSAY_SEAT_MISSING:
        return has_quorum && seat->asked >= enough ? ASSAY_OUTCOME_ABSENT : ASSAY_OUTCOME_NONE;
    }
    ASSAY_UNREACHABLE("a seat has a phase");
}

/* Nothing is expected of members that operators took out of service (docs/protocol.md 9.6). */
static bool is_expected(const struct assay_engine *e, uint32_t slot)
{
    return assay_member_serves(&e->head->state.members[slot]);
}

/* Returns: whether the final roll names the envelope that this node appraised. */
static bool is_in_roll(const struct assay_engine *e, uint32_t slot)
{
    const struct assay_ledger *l = &e->chain->ledger;
    return l->roll_present[slot] &&
           assay_bytes_equal(l->roll[slot], e->seats[slot].envelope.digest, 32);
}

/* Returns: whether the roll omitted a slot for which the ballot has an outcome. */
static bool is_omitted(const struct assay_engine *e, uint32_t slot, bool has_quorum)
{
    if (slot == e->self || !is_expected(e, slot) || is_in_roll(e, slot)) return false;
    const enum assay_outcome outcome = ballot_outcome(e, slot, has_quorum);
    return assay_outcome_is_pass(outcome) || assay_outcome_is_fail(outcome);
}

/* Fills rows and exceptions. names_row: NULL: of no granted names. */
static void fill_ballot(struct assay_engine *e, struct assay_ballot *b, uint8_t *row,
                        uint8_t *names_row)
{
    ASSAY_ASSERT(b->exception_count == 0);
    const bool has_quorum = has_quorum_of_envelopes(e);
    uint32_t omitted = 0;
    uint32_t k = 0;
    for (uint32_t i = 0; i < e->members; i++)
        omitted += is_omitted(e, i, has_quorum);
    for (uint32_t i = 0; i < e->members; i++) {
        if (i == e->self) continue; /* the own slot is always NONE */
        if (!is_expected(e, i)) continue;
        const struct assay_seat *seat = &e->seats[i];
        const enum assay_outcome outcome = ballot_outcome(e, i, has_quorum);
        if (is_omitted(e, i, has_quorum)) {
            if (!assay_ballot_names(b->epoch, k++, omitted)) continue;
            struct assay_exception *x = &b->exceptions[b->exception_count++];
            x->slot = i;
            assay_bytes_copy(x->digest, 32, seat->envelope.digest, 32);
        }
        if (outcome == ASSAY_OUTCOME_ABSENT) {
            assay_eng_note(e, ASSAY_NOTE_EVIDENCE_MISSING, (uint16_t)i, e->head->context.epoch, 0);
            /* The reason of a failure stays visible until the next appraisal. */
            if (seat->phase != ASSAY_SEAT_FOREIGN && !assay_outcome_is_fail(seat->last_outcome))
                assay_seat_set_reason(e, i, "absent: no evidence for this epoch could be had");
        }
        assay_votes_row_set(row, i, outcome);
        if (seat->phase != ASSAY_SEAT_JUDGED) continue;
        if (seat->without_keys) assay_votes_row_set_without_keys(row, i);
        else if (names_row != NULL && seat->grants != 0)
            assay_grants_row_add(names_row, b->grants.names, i, seat->grants);
    }
    ASSAY_ASSERT(b->exception_count <= ASSAY_EXCEPTIONS_MAX);
}

static void cast_ballot(struct assay_engine *e)
{
    ASSAY_ASSERT(may_ballot(e));
    ASSAY_ASSERT(e->chain->ledger.has_roll && !e->chain->ledger.closed);
    struct assay_ballot b = { .era = e->head->state.era,
                              .epoch = e->head->context.epoch,
                              .incarnation = e->key_state->keys.incarnation };
    const struct assay_grants *grants = assay_context_grants(&e->head->context);
    const uint32_t names = grants != NULL ? grants->count : 0;
    const size_t row_len = assay_votes_row_len(e->members);
    const size_t names_len = assay_grants_row_len(e->members, names);
    const size_t len_max = assay_ballot_len_max(e->members, names);
    uint8_t *row = assay_eng_alloc(e, row_len + names_len);
    uint8_t *body = assay_eng_alloc(e, len_max);
    uint8_t *bytes = assay_eng_alloc(e, len_max + 128);
    if (row == NULL || body == NULL || bytes == NULL) return; /* next tick */
    struct assay_effect *effect = assay_eng_add_effect(e, ASSAY_EFFECT_SIGN);
    if (effect == NULL) return;
    assay_bytes_zero(row, row_len + names_len);
    assay_bytes_copy(b.chain_id, 32, e->head->state.chain_id, 32);
    assay_bytes_copy(b.node_id, 32, e->head->state.members[e->self].node_id, 32);
    assay_bytes_copy(b.roll_root, 32, e->chain->ledger.roll_root, 32);
    assay_bytes_copy(b.endorsements_digest, 32, e->head->state.rules.endorsements_digest, 32);
    assay_bytes_copy(b.policy_digest, 32, e->head->state.rules.policy_digest, 32);
    assay_bytes_copy(b.verifier_digest, 32, e->verifier_digest, 32);
    b.level = e->level;
    b.row = assay_slice_over(row, row_len);
    if (names > 0) {
        b.grants.names = names;
        b.grants.row = assay_slice_over(row + row_len, names_len);
        assay_bytes_copy(b.grants.digest, 32, grants->digest, 32);
    }
    fill_ballot(e, &b, row, names > 0 ? row + row_len : NULL);
    ASSAY_ASSERT(assay_context_binds_keys(&e->head->context, e->self, b.epoch)
                     ? assay_votes_row_valid_keyed(row, row_len, e->members, e->self)
                     : assay_votes_row_valid(row, row_len, e->members, e->self));
    struct assay_writer w = assay_writer_over(body, len_max);
    struct assay_slice signed_body;
    assay_ballot_encode(&b, &w);
    enum assay_status status = assay_writer_finish(&w, &signed_body);
    ASSAY_ASSERT(status == ASSAY_OK);
    struct assay_writer out = assay_writer_over(bytes, len_max + 128);
    uint8_t digest[32];
    struct assay_signing signing = {
        .key = ASSAY_KEY_VOTING,
        .digest = digest,
        .message = ASSAY_MESSAGE_RECORD,
        .class_ = ASSAY_STORE_BALLOT,
        .store_key = { .era = e->head->state.era, .epoch = b.epoch, .number = b.incarnation }
    };
    status = assay_record_put_ballot(&out, signed_body, &signing.signature_at);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_sha256(signed_body.bytes, signed_body.len, digest);
    ASSAY_ASSERT(out.len <= ASSAY_RECORD_LEN_MAX);
    signing.payload = assay_slice_over(bytes, out.len);
    sign_and_store(effect, &signing);
    assay_epoch_set_ballot_made(e);
    assay_eng_note(e, ASSAY_NOTE_BALLOT_CAST, e->self, b.epoch, 0);
}

static uint64_t ballot_deadline(const struct assay_engine *e)
{
    return e->epoch_state->opened_ms + assay_eng_epoch_ms(e) * 5 / 8;
}

static bool all_appraised(const struct assay_engine *e)
{
    ASSAY_ASSERT(e->epoch_state->opened);

    for (uint32_t i = 0; i < e->members; i++) {
        const enum assay_seat_phase phase = e->seats[i].phase;
        if (i == e->self || !is_expected(e, i)) continue;
        if (phase != ASSAY_SEAT_JUDGED && phase != ASSAY_SEAT_FOREIGN) return false;
    }
    return true;
}

/* Signs the ballot when every slot is appraised, at the latest 5T/8 after E(e-1) became final. */
static void cast_ballot_if_due(struct assay_engine *e)
{
    if (!e->epoch_state->opened || !may_ballot(e) || e->sync->active) return;
    if (!e->chain->ledger.has_roll || e->chain->ledger.closed) return;
    /* Requests of this step cannot be answered yet: after a pause of the machine the ballot would
     * otherwise report every member as unresponsive. */
    const bool due = e->now_ms >= ballot_deadline(e) && e->now_ms > e->epoch_state->asked_ms;
    if (all_appraised(e) || due) cast_ballot(e);
}

void assay_epoch_on_pause(struct assay_engine *e, uint64_t paused_ms)
{
    ASSAY_ASSERT(paused_ms > 0 && paused_ms <= e->now_ms);
    struct assay_epoch_state *run = &e->parts->epoch_state;
    run->paused = true;
    run->opened_ms += assay_min_u64(paused_ms, e->now_ms - run->opened_ms);
    if (run->own_asked_ms != 0)
        run->own_asked_ms += assay_min_u64(paused_ms, e->now_ms - run->own_asked_ms);
    assay_inventory_on_pause(e);
    assay_sync_on_pause(e, paused_ms);
    ASSAY_ASSERT(run->opened_ms <= e->now_ms && run->own_asked_ms <= e->now_ms);
}

/* Logs once an epoch. */
static void log_clock_lead(struct assay_engine *e)
{
    const uint64_t lead_ms = assay_clock_lead(e);
    if (lead_ms == 0 || e->epoch_state->clock_logged) return;
    assay_eng_note(e, ASSAY_NOTE_CLOCK, ASSAY_SLOT_ALL, lead_ms, 0);
    e->parts->epoch_state.clock_logged = true;
}

enum { PULLS_EARLY = 2 }; /* rounds before T/4 */

/* When the next round of ENVELOPE_PULL is due (docs/protocol.md 4.1.4). T/8 and 3T/16 are before
 * the roll, T/2 while an answer still finds its evidence pulled before 5T/8. */
static uint64_t pull_due(const struct assay_engine *e)
{
    static const uint32_t sixteenths[] = { 2, 3, 4, 6, 8 };
    if (e->epoch_state->pulls >= sizeof sixteenths / sizeof sixteenths[0]) return UINT64_MAX;
    return e->epoch_state->opened_ms +
           assay_eng_epoch_ms(e) * sixteenths[e->epoch_state->pulls] / 16;
}

/* If most are missing they are in flight: a busy network is not queried for them. */
static void pull_envelopes(struct assay_engine *e)
{
    e->parts->epoch_state.pulls++;
    if (e->epoch_state->pulls <= PULLS_EARLY && !has_quorum_of_envelopes(e)) return;
    e->parts->epoch_state.asked_ms = e->now_ms;
    assay_message_intake_request_missing(e);
}

void assay_epoch_tick(struct assay_engine *e)
{
    if (!e->start_state->started || !e->chain->begun) return;
    if (!e->epoch_state->opened) request_own_evidence(e);
    if (e->now_ms >= e->epoch_state->quote_again_ms) request_own_evidence(e);
    if (e->now_ms >= pull_due(e)) pull_envelopes(e);
    cast_ballot_if_due(e);
    log_clock_lead(e);
}

uint64_t assay_epoch_wake(const struct assay_engine *e)
{
    if (!e->start_state->started || !e->chain->begun) return UINT64_MAX;
    uint64_t wake = assay_min_u64(e->epoch_state->quote_again_ms, pull_due(e));
    if (may_ballot(e) && e->chain->ledger.has_roll && e->epoch_state->opened)
        wake = assay_min_u64(wake, assay_max_u64(ballot_deadline(e), e->now_ms + 1));
    return wake;
}
