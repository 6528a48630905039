/*
 * sim/adversary/twist.c - payloads modified in place, and second messages (docs/protocol.md 4.3,
 * 5.23).
 */
#include "sim/adversary/twist.h"

#include "base/assert.h"
#include "engine/consensus/block.h"
#include "engine/consensus/vote.h"
#include "engine/ledger/records/record.h"
#include "sim/adversary/rows.h"

#include <stdlib.h>

/* Writable bytes of a slice inside the payload. */
static uint8_t *writable_bytes(const struct assay_attack_signing *signing, struct assay_slice slice)
{
    const size_t at = (size_t)(slice.bytes - signing->payload);
    ASSAY_ASSERT(at <= signing->payload_len && slice.len <= signing->payload_len - at);
    return signing->payload + at;
}

static struct assay_slice payload_slice(const struct assay_attack_signing *signing)
{
    return assay_slice_over(signing->payload, signing->payload_len);
}

/* --- ballots */

static bool may_have_names(const struct assay_record *record, uint32_t slot)
{
    const uint8_t code = assay_votes_row_get(record->ballot.row.bytes, slot);
    return assay_outcome_is_pass(assay_votes_outcome(code)) && !assay_votes_without_keys(code);
}

/* Names of slots that pass no more with their keys: the ballot would be malformed. */
static void clear_names(const struct assay_attack_signing *signing,
                        const struct assay_record *record, uint32_t members)
{
    const struct assay_ballot_grants *said = &record->ballot.grants;
    if (said->names == 0) return;
    uint8_t *row = writable_bytes(signing, said->row);
    for (uint32_t slot = 0; slot < members; slot++) {
        if (may_have_names(record, slot)) continue;
        for (size_t at = (size_t)slot * said->names; at < (size_t)(slot + 1) * said->names; at++)
            row[at / 8] &= (uint8_t) ~(1u << at % 8);
    }
}

void assay_twist_ballot(const struct assay_attack_scene *scene,
                        struct assay_attack_signing *signing)
{
    if (signing->class_ != ASSAY_STORE_BALLOT) return;
    const struct assay_attack *row = assay_attack_of(scene->adversary->attack);
    struct assay_record record;
    const enum assay_status status = assay_record_decode(payload_slice(signing), &record);
    ASSAY_ASSERT(status == ASSAY_OK && record.kind == ASSAY_RECORD_BALLOT);
    uint8_t *nibbles = writable_bytes(signing, record.ballot.row);
    const uint32_t members = scene->members != 0 ? scene->members : scene->scenario->nodes;
    for (uint32_t slot = 0; slot < members; slot++) {
        if (slot == scene->node) continue; /* a node's own slot is always empty */
        const enum assay_outcome honest = assay_votes_outcome(assay_votes_row_get(nibbles, slot));
        assay_votes_row_set(nibbles, slot, row->vote(scene, slot, honest));
    }
    clear_names(signing, &record, members);
    assay_sha256(record.body.bytes, record.body.len, signing->digest);
}

void assay_twist_ballot_names(const struct assay_attack_scene *scene,
                              bool (*has)(const struct assay_attack_scene *scene, uint32_t slot),
                              struct assay_attack_signing *signing)
{
    struct assay_record record;
    if (signing->class_ != ASSAY_STORE_BALLOT) return;
    const enum assay_status status = assay_record_decode(payload_slice(signing), &record);
    ASSAY_ASSERT(status == ASSAY_OK && record.kind == ASSAY_RECORD_BALLOT);
    const struct assay_ballot_grants *said = &record.ballot.grants;
    const uint32_t members = scene->members != 0 ? scene->members : scene->scenario->nodes;
    if (said->names == 0) return;
    uint8_t *row = writable_bytes(signing, said->row);
    assay_bytes_zero(row, said->row.len);
    for (uint32_t slot = 0; slot < members; slot++)
        if (has(scene, slot) && may_have_names(&record, slot))
            assay_grants_row_add(row, said->names, slot, (uint8_t)((1u << said->names) - 1));
    assay_sha256(record.body.bytes, record.body.len, signing->digest);
}

void assay_twist_ballot_roll(struct assay_attack_signing *signing)
{
    if (signing->class_ != ASSAY_STORE_BALLOT) return;
    struct assay_record record;
    const enum assay_status status = assay_record_decode(payload_slice(signing), &record);
    ASSAY_ASSERT(status == ASSAY_OK && record.kind == ASSAY_RECORD_BALLOT);
    uint8_t row[ASSAY_BALLOT_ROW_LEN_MAX];
    uint8_t names[ASSAY_BALLOT_GRANTS_LEN_MAX];
    struct assay_ballot_grants *said = &record.ballot.grants;
    assay_bytes_copy(row, sizeof row, record.ballot.row.bytes, record.ballot.row.len);
    record.ballot.row.bytes = row; /* writable in place */
    if (said->names > 0) {
        assay_bytes_copy(names, sizeof names, said->row.bytes, said->row.len);
        said->row.bytes = names;
    }
    record.ballot.roll_root[0] ^= 0x55;
    struct assay_writer w =
        assay_writer_over(writable_bytes(signing, record.body), record.body.len);
    assay_ballot_encode(&record.ballot, &w);
    ASSAY_ASSERT(!w.full && w.len == record.body.len);
    assay_sha256(record.body.bytes, record.body.len, signing->digest);
}

bool assay_twist_ballot_row(struct assay_slice payload, struct assay_slice *row, uint64_t *epoch,
                            uint8_t node_id[static 32])
{
    struct assay_record record;
    if (assay_record_decode(payload, &record) != ASSAY_OK) return false;
    if (record.kind != ASSAY_RECORD_BALLOT) return false;
    *row = record.ballot.row;
    *epoch = record.ballot.epoch;
    assay_bytes_copy(node_id, 32, record.ballot.node_id, 32);
    return true;
}

bool assay_twist_own_ballot(const struct assay_attack_scene *scene, struct assay_slice payload)
{
    struct assay_slice row;
    uint64_t epoch = 0;
    uint8_t voter[32];
    if (!assay_twist_ballot_row(payload, &row, &epoch, voter)) return false;
    return scene->node_ids == NULL || assay_bytes_equal(voter, scene->node_ids[scene->node], 32);
}

/* --- proposals */

static void decode_proposal(const struct assay_attack_signing *signing, struct assay_proposal *p)
{
    const enum assay_status status = assay_proposal_decode(payload_slice(signing), p);
    ASSAY_ASSERT(status == ASSAY_OK);
}

/* Writes the header over the old one; its fields have the same widths. */
static void put_header(const struct assay_attack_signing *signing, const struct assay_proposal *p)
{
    uint8_t *header = writable_bytes(signing, p->header_bytes);
    struct assay_writer w = assay_writer_over(header, p->header_bytes.len);
    assay_block_header_encode(&p->header, &w);
    ASSAY_ASSERT(!w.full && w.len == p->header_bytes.len);
    assay_block_id(p->header_bytes, signing->digest);
}

void assay_twist_state_root(struct assay_attack_signing *signing)
{
    struct assay_proposal p;
    if (signing->message != ASSAY_MESSAGE_PROPOSAL) return;
    decode_proposal(signing, &p);
    p.header.state_root[0] ^= 0x55;
    put_header(signing, &p);
}

/* Returns: whether an entry was modified. */
static bool modify_roll(const struct assay_attack_scene *scene,
                        bool (*leave_out)(const struct assay_attack_scene *scene, uint32_t slot),
                        const struct assay_attack_signing *signing, const struct assay_record *roll)
{
    struct assay_cursor c = assay_cursor_over(roll->entries.bytes, roll->entries.len);
    uint8_t *entries = writable_bytes(signing, roll->entries);
    bool bent = false;
    for (uint32_t slot = 0; slot < roll->entry_count; slot++) {
        uint8_t digest[32];
        bool present = false;
        const enum assay_status status = assay_roll_next(&c, &present, digest);
        ASSAY_ASSERT(status == ASSAY_OK);
        if (!present || !leave_out(scene, slot)) continue;
        entries[c.pos - 1] ^= 0x55; /* the last byte of the digest */
        bent = true;
    }
    return bent;
}

void assay_twist_roll(const struct assay_attack_scene *scene,
                      bool (*leave_out)(const struct assay_attack_scene *scene, uint32_t slot),
                      struct assay_attack_signing *signing)
{
    struct assay_proposal p;
    struct assay_cursor c;
    struct assay_slice first;
    struct assay_record roll;
    uint64_t count = 0;
    if (signing->message != ASSAY_MESSAGE_PROPOSAL) return;
    decode_proposal(signing, &p);
    if (p.header.kind != ASSAY_BLOCK_ROLL || p.header.record_count == 0) return;
    enum assay_status status = assay_body_open(p.body, &c, &count);
    ASSAY_ASSERT(status == ASSAY_OK);
    status = assay_body_next(&c, &first);
    ASSAY_ASSERT(status == ASSAY_OK);
    status = assay_record_decode(first, &roll);
    ASSAY_ASSERT(status == ASSAY_OK);
    if (roll.kind != ASSAY_RECORD_ROLL) return;
    if (!modify_roll(scene, leave_out, signing, &roll)) return;
    uint32_t records = 0;
    status = assay_body_root(p.body, &records, p.header.body_root);
    ASSAY_ASSERT(status == ASSAY_OK);
    put_header(signing, &p);
}

/* --- envelopes */

static void put_envelope(struct assay_attack_signing *signing, struct assay_envelope *envelope)
{
    size_t signature_at = 0;
    struct assay_writer w = assay_writer_over(signing->payload, signing->payload_len);
    const enum assay_status status = assay_envelope_encode(envelope, &w, &signature_at);
    ASSAY_ASSERT(status == ASSAY_OK && w.len == signing->payload_len);
    assay_bytes_copy(signing->digest, 32, envelope->digest, 32);
}

void assay_twist_envelope_len(struct assay_attack_signing *signing)
{
    struct assay_envelope envelope;
    if (signing->class_ != ASSAY_STORE_ENVELOPE) return;
    const enum assay_status status = assay_envelope_decode(payload_slice(signing), &envelope);
    ASSAY_ASSERT(status == ASSAY_OK);
    envelope.evidence_len--;
    put_envelope(signing, &envelope);
}

void assay_twist_envelope_kind(struct assay_attack_signing *signing)
{
    struct assay_envelope envelope;
    if (signing->class_ != ASSAY_STORE_ENVELOPE) return;
    const enum assay_status status = assay_envelope_decode(payload_slice(signing), &envelope);
    ASSAY_ASSERT(status == ASSAY_OK);
    envelope.kind = ASSAY_KIND_TDX4;
    put_envelope(signing, &envelope);
}

/* --- second messages */

struct to_all {
    const struct assay_attack_scene *scene;
    assay_attack_send *send;
    void *context;
};

static void send_all(const struct to_all *all, enum assay_message_kind kind, uint8_t *payload,
                     size_t len, const uint8_t *digest, size_t sign_at)
{
    for (uint32_t to = 0; to < all->scene->scenario->nodes; to++)
        if (to != all->scene->node)
            all->send(all->context, to, kind, payload, len, digest, sign_at);
}

void assay_twist_second_vote(const struct assay_attack_scene *scene,
                             const struct assay_attack_signing *sent, assay_attack_send *send,
                             void *context)
{
    struct assay_vote vote;
    uint8_t bytes[ASSAY_VOTE_LEN_MAX];
    uint8_t digest[32];
    if (sent->message != ASSAY_MESSAGE_VOTE) return;
    const enum assay_status status = assay_vote_decode(payload_slice(sent), &vote);
    ASSAY_ASSERT(status == ASSAY_OK);
    if (vote.statement.type != ASSAY_VOTE_NOTARISE) return;
    vote.statement.block_id[0] ^= 0x55;
    assay_vote_statement_digest(&vote.statement, digest);
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    assay_vote_encode(&vote.statement, vote.slot, NULL, &out);
    ASSAY_ASSERT(!out.full);
    const struct to_all all = { scene, send, context };
    send_all(&all, ASSAY_MESSAGE_VOTE, bytes, out.len, digest, out.len - ASSAY_P256_SIGNATURE_LEN);
}

void assay_twist_second_proposal(const struct assay_attack_scene *scene,
                                 const struct assay_attack_signing *sent, assay_attack_send *send,
                                 void *context)
{
    if (sent->message != ASSAY_MESSAGE_PROPOSAL) return;
    uint8_t digest[32];
    uint8_t *bytes = malloc(sent->payload_len);
    ASSAY_ASSERT(bytes != NULL);
    assay_bytes_copy(bytes, sent->payload_len, sent->payload, sent->payload_len);
    const struct assay_attack_signing second = { .payload = bytes,
                                                 .payload_len = sent->payload_len,
                                                 .digest = digest };
    struct assay_proposal p;
    decode_proposal(&second, &p);
    p.header.time_ms++; /* nine bytes, like every Unix time in milliseconds */
    put_header(&second, &p);
    /* [header, signature, body, nullifications]: the signature is a byte string of 64 with a head
     * of two bytes, directly after the header. */
    const size_t sign_at = (size_t)(p.header_bytes.bytes - bytes) + p.header_bytes.len + 2;
    ASSAY_ASSERT(assay_bytes_equal(bytes + sign_at, p.signature, sizeof p.signature));
    const struct to_all all = { scene, send, context };
    send_all(&all, ASSAY_MESSAGE_PROPOSAL, bytes, sent->payload_len, digest, sign_at);
    free(bytes);
}

void assay_twist_second_envelope(const struct assay_attack_scene *scene,
                                 const struct assay_attack_signing *sent, assay_attack_send *send,
                                 void *context)
{
    struct assay_envelope envelope;
    uint8_t bytes[ASSAY_ENVELOPE_LEN_MAX];
    size_t signature_at = 0;
    if (sent->message != ASSAY_MESSAGE_ENVELOPE) return;
    enum assay_status status = assay_envelope_decode(payload_slice(sent), &envelope);
    ASSAY_ASSERT(status == ASSAY_OK);
    envelope.evidence_digest[0] ^= 0x55;
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    status = assay_envelope_encode(&envelope, &out, &signature_at);
    ASSAY_ASSERT(status == ASSAY_OK);
    const struct to_all all = { scene, send, context };
    send_all(&all, ASSAY_MESSAGE_ENVELOPE, bytes, out.len, envelope.digest, signature_at);
}
