/*
 * sim/world/acts.c - Byzantine acts that a test switches on, node by node.
 *
 * sim/adversary/ implements the attacks of scenarios. Some of the acts here happen once.
 */
#include "sim/world/world_internal.h"

#include "engine/consensus/block.h"
#include "engine/consensus/vote.h"
#include "engine/ledger/records/record.h"

/* Signs another ballot row. Rows have one length, so the changed row fits in place. */
static void twist_ballot(struct assay_sim_world *w, uint32_t node, struct assay_effect *effect,
                         uint8_t *payload, size_t len)
{
    struct assay_sim_world_acts *acts = &w->nodes[node].acts;
    struct assay_record record;
    enum assay_status status = assay_record_decode(assay_slice_over(payload, len), &record);
    ASSAY_ASSERT(status == ASSAY_OK);
    const size_t at = (size_t)(record.ballot.row.bytes - payload);
    assay_votes_row_set(payload + at, acts->victim,
                        acts->slanders ? ASSAY_OUTCOME_FAIL_HARD : ASSAY_OUTCOME_PASS_UP_TO_DATE);
    assay_sha256(record.body.bytes, record.body.len, effect->as.sign.digest);
    acts->slanders = false; /* once */
}

/* Signs other granted names: of all that pass with their keys, or another list's. */
static void twist_names(struct assay_sim_world *w, uint32_t node, struct assay_effect *effect,
                        uint8_t *payload, size_t len)
{
    const struct assay_sim_world_acts *acts = &w->nodes[node].acts;
    struct assay_record record;
    const enum assay_status status = assay_record_decode(assay_slice_over(payload, len), &record);
    const struct assay_ballot_grants *said = &record.ballot.grants;
    ASSAY_ASSERT(status == ASSAY_OK);
    if (said->names == 0) return;
    uint8_t *row = payload + (said->row.bytes - payload);
    if (acts->claims_names || acts->denies_names) assay_bytes_zero(row, said->row.len);
    for (uint32_t i = 0; acts->claims_names && i < w->options.nodes; i++) {
        const uint8_t code = assay_votes_row_get(record.ballot.row.bytes, i);
        if (assay_outcome_is_pass(assay_votes_outcome(code)) && !assay_votes_without_keys(code))
            assay_grants_row_add(row, said->names, i, (uint8_t)((1u << said->names) - 1));
    }
    for (size_t i = 0; acts->other_names && i + 32 <= len; i++) {
        if (!assay_bytes_equal(payload + i, said->digest, 32)) continue;
        payload[i] ^= 0x55;
        break;
    }
    assay_sha256(record.body.bytes, record.body.len, effect->as.sign.digest);
}

/* Signs a proposal with another state root. */
static void twist_proposal(struct assay_effect *effect, uint8_t *payload, size_t len)
{
    struct assay_proposal p;
    const enum assay_status status = assay_proposal_decode(assay_slice_over(payload, len), &p);
    ASSAY_ASSERT(status == ASSAY_OK);
    uint8_t *header = payload + (p.header_bytes.bytes - payload);
    for (size_t i = 0; i + 32 <= p.header_bytes.len; i++) {
        if (!assay_bytes_equal(header + i, p.header.state_root, 32)) continue;
        header[i] ^= 0x55;
        break;
    }
    assay_block_id(p.header_bytes, effect->as.sign.digest);
}

/* Signs an envelope with another evidence length or kind. */
static void twist_envelope(const struct assay_sim_world_acts *acts, struct assay_effect *effect,
                           uint8_t *payload, size_t len)
{
    struct assay_envelope envelope;
    size_t signature_at = 0;
    if (!acts->claims_false_len && !acts->claims_false_kind) return;
    enum assay_status status = assay_envelope_decode(assay_slice_over(payload, len), &envelope);
    ASSAY_ASSERT(status == ASSAY_OK);
    if (acts->claims_false_len) envelope.evidence_len--;
    if (acts->claims_false_kind) envelope.kind = ASSAY_KIND_TDX4;
    struct assay_writer out = assay_writer_over(payload, len);
    status = assay_envelope_encode(&envelope, &out, &signature_at);
    ASSAY_ASSERT(status == ASSAY_OK && out.len == len);
    assay_bytes_copy(effect->as.sign.digest, 32, envelope.digest, 32);
}

void world_acts_sign(struct assay_sim_world *w, uint32_t node, struct assay_effect *effect,
                     struct world_payload *payload)
{
    const struct assay_sim_world_acts *acts = &w->nodes[node].acts;
    if (acts->false_in_blocks && effect->as.sign.message == ASSAY_MESSAGE_PROPOSAL)
        twist_proposal(effect, payload->bytes, payload->len);
    if (effect->as.sign.class_ == ASSAY_STORE_ENVELOPE)
        twist_envelope(acts, effect, payload->bytes, payload->len);
    if (effect->as.sign.class_ != ASSAY_STORE_BALLOT) return;
    if (acts->slanders || acts->whitewashes)
        twist_ballot(w, node, effect, payload->bytes, payload->len);
    if (acts->claims_names || acts->denies_names || acts->other_names)
        twist_names(w, node, effect, payload->bytes, payload->len);
}

static void send_also(struct assay_sim_world *w, uint32_t node, enum assay_message_kind kind,
                      const uint8_t *bytes, size_t len)
{
    struct world_payload *payload = world_payload(w, bytes, len);
    world_send(w, node, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, kind, payload);
    world_payload_drop(w, payload);
}

static void send_second_vote(struct assay_sim_world *w, uint32_t node, struct assay_slice payload)
{
    struct assay_vote vote;
    uint8_t bytes[ASSAY_VOTE_LEN_MAX];
    uint8_t digest[32];
    uint8_t signature[64];
    if (assay_vote_decode(payload, &vote) != ASSAY_OK) return;
    if (vote.statement.type != ASSAY_VOTE_NOTARISE) return;
    vote.statement.block_id[0] ^= 0x55;
    assay_vote_statement_digest(&vote.statement, digest);
    const enum assay_status status = assay_p256_sign(w->nodes[node].voting, digest, signature);
    ASSAY_ASSERT(status == ASSAY_OK);
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    assay_vote_encode(&vote.statement, vote.slot, signature, &out);
    send_also(w, node, ASSAY_MESSAGE_VOTE, out.bytes, out.len);
    w->nodes[node].acts.equivocates = false;
}

static void send_second_envelope(struct assay_sim_world *w, uint32_t node,
                                 struct assay_slice payload)
{
    struct assay_envelope envelope;
    uint8_t bytes[ASSAY_ENVELOPE_LEN_MAX];
    size_t signature_at = 0;
    if (assay_envelope_decode(payload, &envelope) != ASSAY_OK) return;
    envelope.evidence_digest[0] ^= 0x55;
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    enum assay_status status = assay_envelope_encode(&envelope, &out, &signature_at);
    ASSAY_ASSERT(status == ASSAY_OK);
    status = assay_p256_sign(w->nodes[node].voting, envelope.digest, bytes + signature_at);
    ASSAY_ASSERT(status == ASSAY_OK);
    send_also(w, node, ASSAY_MESSAGE_ENVELOPE, out.bytes, out.len);
    w->nodes[node].acts.two_envelopes = false;
}

void world_acts_sent(struct assay_sim_world *w, uint32_t node, const struct assay_effect *effect,
                     struct assay_slice payload)
{
    const struct assay_sim_world_acts *acts = &w->nodes[node].acts;
    if (acts->equivocates && effect->as.sign.message == ASSAY_MESSAGE_VOTE)
        send_second_vote(w, node, payload);
    if (acts->two_envelopes && effect->as.sign.message == ASSAY_MESSAGE_ENVELOPE)
        send_second_envelope(w, node, payload);
}
