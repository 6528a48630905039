/*
 * engine/ledger/records/incarnate.c - INCARNATE: a member's next key set (docs/protocol.md 9.4).
 */
#include "engine/ledger/records/row.h"

#include "base/assert.h"
#include "base/cbor.h"

static void encode_incarnate_body(struct assay_writer *w, const struct assay_incarnate *i)
{
    ASSAY_ASSERT(i->incarnation > 0 && i->evidence_len <= ASSAY_EVIDENCE_LEN_MAX);

    assay_cbor_put_array(w, 10);
    assay_cbor_put_text(w, "assay/incarnate/v2");
    assay_cbor_put_bytes(w, i->chain_id, 32);
    assay_cbor_put_uint(w, i->era);
    assay_cbor_put_uint(w, i->epoch);
    assay_cbor_put_bytes(w, i->node_id, 32);
    assay_cbor_put_uint(w, i->incarnation);
    assay_cbor_put_bytes(w, i->voting_public, sizeof i->voting_public);
    assay_cbor_put_bytes(w, i->transport_public, 32);
    assay_cbor_put_bytes(w, i->evidence_digest, 32);
    assay_cbor_put_uint(w, i->evidence_len);
}

static enum assay_status decode_incarnate_body(struct assay_slice body, struct assay_incarnate *i)
{
    struct assay_cursor c = assay_cursor_over(body.bytes, body.len);
    uint64_t era = 0;
    uint64_t incarnation = 0;
    uint64_t len = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, 10));
    ASSAY_TRY(assay_cbor_text_expect(&c, "assay/incarnate/v2"));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, i->chain_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX, &era));
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &i->epoch));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, i->node_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX, &incarnation));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, i->voting_public, sizeof i->voting_public));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, i->transport_public, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, i->evidence_digest, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, ASSAY_EVIDENCE_LEN_MAX, &len));
    ASSAY_TRY(assay_cursor_end(&c));
    i->era = (uint32_t)era;
    i->incarnation = (uint32_t)incarnation;
    i->evidence_len = (uint32_t)len;
    return ASSAY_OK;
}

static enum assay_status decode_incarnate(struct assay_cursor *c, struct assay_record *r)
{
    ASSAY_TRY(assay_cbor_bytes(c, 512, &r->body));
    ASSAY_TRY(assay_cbor_bytes_exact(c, r->signature, sizeof r->signature));
    ASSAY_TRY(assay_cbor_bytes_exact(c, r->possession, sizeof r->possession));
    ASSAY_TRY(decode_incarnate_body(r->body, &r->incarnate));
    ASSAY_TRY(assay_record_read_evidence(c, r));
    assay_sha256(r->body.bytes, r->body.len, r->body_digest);
    assay_record_key(ASSAY_RECORD_INCARNATE, r->body, r->key);
    return ASSAY_OK;
}

enum assay_status assay_record_put_incarnate(struct assay_writer *w,
                                             const struct assay_incarnate *incarnate,
                                             struct assay_slice evidence, uint8_t digest[static 32],
                                             size_t *signature_at, size_t *possession_at)
{
    ASSAY_ASSERT(evidence.len == incarnate->evidence_len);

    static const uint8_t hole[ASSAY_P256_SIGNATURE_LEN] = { 0 };
    uint8_t bytes[512];
    struct assay_slice body;
    struct assay_slice all;
    struct assay_writer inner = assay_writer_over(bytes, sizeof bytes);
    encode_incarnate_body(&inner, incarnate);
    ASSAY_TRY(assay_writer_finish(&inner, &body));
    assay_sha256(body.bytes, body.len, digest);
    assay_cbor_put_array(w, 5);
    assay_cbor_put_uint(w, ASSAY_RECORD_INCARNATE);
    assay_cbor_put_bytes(w, body.bytes, body.len);
    assay_cbor_put_bytes(w, hole, sizeof hole);
    ASSAY_TRY(assay_writer_finish(w, &all));
    *signature_at = all.len - sizeof hole;
    assay_cbor_put_bytes(w, hole, sizeof hole);
    ASSAY_TRY(assay_writer_finish(w, &all));
    *possession_at = all.len - sizeof hole;
    assay_cbor_put_bytes(w, evidence.bytes, evidence.len);
    return assay_writer_finish(w, &all);
}

static enum assay_status check_incarnate(const struct assay_context *context,
                                         struct assay_record *record)
{
    const struct assay_state *state = context->state;
    const struct assay_incarnate *i = &record->incarnate;
    if (!assay_bytes_equal(i->chain_id, state->chain_id, 32)) return ASSAY_E_CHAIN;
    if (i->era != state->era) return ASSAY_E_CHAIN;
    if (i->epoch > context->epoch) return ASSAY_E_EARLY;
    if (i->epoch < context->epoch) return ASSAY_E_STALE; /* made for another beacon */
    const uint32_t slot = assay_state_slot_of(state, i->node_id);
    if (slot == state->member_count) return ASSAY_E_STRANGER;
    if (i->incarnation != state->members[slot].lives[0].incarnation + 1) return ASSAY_E_INVALID;
    if (i->evidence_len != record->evidence.len) return ASSAY_E_INVALID;
    if (!assay_bytes_equal(i->evidence_digest, record->evidence_digest, 32)) return ASSAY_E_INVALID;
    for (uint32_t k = 0; k < state->member_count; k++)
        if (assay_member_has_key(&state->members[k], i->voting_public, i->transport_public))
            return ASSAY_E_DUPLICATE;
    ASSAY_TRY(assay_context_identified(context, slot, record->body_digest, record->signature));
    /* Who names a key shows that it holds it, or it could list what another waits to be listed
     * with. */
    ASSAY_TRY(assay_context_possessed(context, i->voting_public, record->body_digest,
                                      record->possession));
    record->slot = slot;
    record->subject = slot; /* the evidence is its own */
    record->incarnation = i->incarnation;
    record->epoch = i->epoch;
    ASSAY_ASSERT(record->slot < state->member_count && record->epoch == context->epoch);
    return ASSAY_OK;
}

enum assay_status assay_incarnate_judge(const struct assay_context *context,
                                        const struct assay_finding_record *finding,
                                        struct assay_record *record)
{
    ASSAY_ASSERT(record->slot < context->state->member_count);
    const struct assay_member *member = &context->state->members[record->slot];
    const struct assay_incarnate *i = &record->incarnate;
    struct assay_life life = { .incarnation = i->incarnation };
    struct assay_moment moment;
    uint8_t expected[64], none[32];
    assay_bytes_copy(life.voting_public, 64, i->voting_public, 64);
    assay_bytes_copy(life.transport_public, 32, i->transport_public, 32);
    ASSAY_TRY(assay_context_moment(context, record->epoch, &moment));
    /* It declares nothing, so it binds the root of no keys (docs/protocol.md 2.16.3). */
    const bool keyed = assay_context_binds_keys(context, record->slot, record->epoch);
    if (keyed) assay_declared_keys_no_root(none);
    assay_context_expected(context, record->slot, &life, record->epoch, &moment,
                           keyed ? none : NULL, expected);
    const enum assay_evidence_kind kind = (enum assay_evidence_kind)member->evidence_kind;
    const bool own = assay_finding_judge(finding, member, kind, expected, &record->outcome);
    if (!own || !assay_outcome_is_pass(record->outcome)) return ASSAY_E_INVALID;
    return ASSAY_OK;
}

/* Nor may it take the keys of one that is about to join: the change would fit no more. */
static bool is_key_of_newcomer(const struct assay_context *context, const struct assay_ledger *l,
                               const struct assay_incarnate *i)
{
    struct assay_change change;
    for (uint32_t p = 0; p < context->state->pending_count; p++) {
        assay_change_of_record(context->pending[p], &change);
        if (assay_change_names_key(&change, i->voting_public, i->transport_public)) return true;
    }
    if (l->change_len == 0) return false;
    assay_change_of_record(assay_slice_over(l->change, l->change_len), &change);
    return assay_change_names_key(&change, i->voting_public, i->transport_public);
}

/* Its own signature covers the evidence. Before the signature is checked: what a stranger says in
 * its name is refused one way or the other. */
static uint32_t accountable_slot(const struct assay_context *context, const struct assay_record *r)
{
    ASSAY_ASSERT(r->kind == ASSAY_RECORD_INCARNATE);
    return assay_state_slot_of(context->state, r->incarnate.node_id);
}

/* Of two, the first in chain order (docs/protocol.md 9.4). */
static enum assay_status check_incarnate_fits(const struct assay_context *context,
                                              const struct assay_ledger *l,
                                              const struct assay_record *r)
{
    ASSAY_ASSERT(r->kind == ASSAY_RECORD_INCARNATE);
    if (l->incarnated[r->slot]) return ASSAY_E_DUPLICATE;
    /* Nor may two that wait for the same close share a key. */
    for (uint32_t k = 0; k < l->members; k++)
        if (l->incarnated[k] &&
            (assay_bytes_equal(l->voting[k], r->incarnate.voting_public, ASSAY_P256_PUBLIC_LEN) ||
             assay_bytes_equal(l->transport[k], r->incarnate.transport_public, 32)))
            return ASSAY_E_DUPLICATE;
    return is_key_of_newcomer(context, l, &r->incarnate) ? ASSAY_E_DUPLICATE : ASSAY_OK;
}

static void apply_incarnate(const struct assay_context *context, struct assay_ledger *l,
                            const struct assay_record *r)
{
    ASSAY_ASSERT(!l->incarnated[r->slot]);
    (void)context;
    l->incarnated[r->slot] = true;
    assay_bytes_copy(l->voting[r->slot], ASSAY_P256_PUBLIC_LEN, r->incarnate.voting_public,
                     ASSAY_P256_PUBLIC_LEN);
    assay_bytes_copy(l->transport[r->slot], 32, r->incarnate.transport_public, 32);
}

const struct assay_record_row assay_row_incarnate = {
    .name = "incarnate",
    .items = 5,
    .limits = { .of_epoch = 2 }, /* the agent may restart twice in an epoch */
    .decode = decode_incarnate,
    .check = check_incarnate,
    .judge = assay_incarnate_judge,
    .answers = accountable_slot,
    .fits = check_incarnate_fits,
    .apply = apply_incarnate,
};
