/*
 * engine/consensus/vote.c - encoding, decoding and verification of votes and certificates
 * (engine/consensus/vote.h).
 *
 * docs/protocol.md 5.1, 2.13. A certificate is verified with the table of its epoch alone.
 */
#include "engine/consensus/vote.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/messages/message.h"

enum { SIGNATURE_LEN = ASSAY_P256_SIGNATURE_LEN };

_Static_assert((size_t)ASSAY_VOTERS_MAX *SIGNATURE_LEN + ASSAY_MEMBERS_MAX / 8 +
                       ASSAY_VOTE_STATEMENT_LEN_MAX + 16 <=
                   ASSAY_CERTIFICATE_LEN_MAX,
               "a certificate of every seat over every slot must fit");

/* The tables come from the ledger, never from a peer. */
static bool voters_are_valid(const struct assay_voter_table *voters)
{
    return voters->count > 0 && voters->count <= ASSAY_MEMBERS_MAX && voters->total_weight > 0 &&
           voters->total_weight <= UINT64_MAX / 3;
}

void assay_vote_statement_encode(const struct assay_vote_statement *statement,
                                 struct assay_writer *w)
{
    ASSAY_ASSERT((unsigned)statement->type <= ASSAY_VOTE_NULLIFY_4096);
    const size_t start = w->len;

    assay_cbor_put_array(w, 7);
    assay_cbor_put_text(w, "assay/vote/v1");
    assay_cbor_put_bytes(w, statement->chain_id, 32);
    assay_cbor_put_uint(w, statement->era);
    assay_cbor_put_uint(w, statement->epoch);
    assay_cbor_put_uint(w, statement->view);
    assay_cbor_put_uint(w, (uint64_t)statement->type);
    assay_cbor_put_bytes(w, statement->block_id, 32);
    ASSAY_ASSERT(w->full || w->len - start <= ASSAY_VOTE_STATEMENT_LEN_MAX);
}

void assay_vote_statement_digest(const struct assay_vote_statement *statement,
                                 uint8_t digest[static 32])
{
    uint8_t bytes[ASSAY_VOTE_STATEMENT_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_vote_statement_encode(statement, &w);
    ASSAY_ASSERT(!w.full);
    assay_sha256(bytes, w.len, digest);
}

/* Reads a statement and hashes its bytes, which are canonical, hence the only ones. */
static enum assay_status decode_statement(struct assay_cursor *c,
                                          struct assay_vote_statement *statement,
                                          uint8_t digest[static 32])
{
    struct assay_cursor start = *c;
    struct assay_slice bytes = { 0 };
    struct assay_vote_statement s = { 0 };
    uint64_t era = 0;
    uint64_t type = 0;
    ASSAY_TRY(assay_cbor_array_exact(c, 7));
    ASSAY_TRY(assay_cbor_text_expect(c, "assay/vote/v1"));
    ASSAY_TRY(assay_cbor_bytes_exact(c, s.chain_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(c, UINT32_MAX, &era));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_COUNT_MAX, &s.epoch));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_COUNT_MAX, &s.view));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_VOTE_NULLIFY_4096, &type));
    ASSAY_TRY(assay_cbor_bytes_exact(c, s.block_id, 32));
    s.type = (enum assay_vote_type)type;
    if (s.view == 0) return ASSAY_E_RANGE;
    /* docs/protocol.md 5.27: ranges are aligned, so that no two of a size overlap. */
    if (assay_vote_first(s.type, s.view) != s.view) return ASSAY_E_RANGE;
    if (assay_vote_last(&s) > ASSAY_COUNT_MAX) return ASSAY_E_RANGE;
    /* X names no block and the others name one: one meaning, one statement. */
    const bool names_none = assay_bytes_all_zero(s.block_id, 32);
    if (names_none != (assay_vote_kind(s.type) == ASSAY_VOTE_NULLIFY)) return ASSAY_E_INVALID;

    ASSAY_TRY(assay_cursor_slice(&start, c->pos - start.pos, &bytes));
    ASSAY_ASSERT(bytes.len <= ASSAY_VOTE_STATEMENT_LEN_MAX);
    s.era = (uint32_t)era;
    assay_sha256(bytes.bytes, bytes.len, digest);
    *statement = s;
    return ASSAY_OK;
}

void assay_vote_encode(const struct assay_vote_statement *statement, uint16_t slot,
                       const uint8_t *signature, struct assay_writer *w)
{
    ASSAY_ASSERT(slot < ASSAY_SLOT_SELF);
    const size_t start = w->len;

    static const uint8_t hole[SIGNATURE_LEN] = { 0 };
    assay_cbor_put_array(w, 3);
    assay_vote_statement_encode(statement, w);
    assay_cbor_put_uint(w, slot);
    assay_cbor_put_bytes(w, signature != NULL ? signature : hole, SIGNATURE_LEN);
    ASSAY_ASSERT(w->full || w->len - start <= ASSAY_VOTE_LEN_MAX);
}

enum assay_status assay_vote_decode(struct assay_slice payload, struct assay_vote *vote)
{
    ASSAY_ASSERT(vote != NULL);

    if (payload.len > ASSAY_VOTE_LEN_MAX) return ASSAY_E_RANGE;

    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    struct assay_vote v = { 0 };
    uint64_t slot = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, 3));
    ASSAY_TRY(decode_statement(&c, &v.statement, v.digest));
    ASSAY_TRY(assay_cbor_uint_max(&c, ASSAY_SLOT_SELF - 1, &slot));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, v.signature, SIGNATURE_LEN));
    ASSAY_TRY(assay_cursor_end(&c));
    v.slot = (uint16_t)slot;
    *vote = v;
    ASSAY_ASSERT(v.slot < ASSAY_SLOT_SELF && v.statement.view > 0);
    return ASSAY_OK;
}

static bool can_vote(const struct assay_voter_table *voters, uint32_t slot)
{
    return slot < voters->count && voters->weight[slot] > 0 && voters->voting_key[slot] != NULL;
}

enum assay_status assay_vote_verify(const struct assay_vote *vote,
                                    const struct assay_voter_table *voters)
{
    ASSAY_ASSERT(voters_are_valid(voters));

    if (!can_vote(voters, vote->slot)) return ASSAY_E_STRANGER;
    if (!assay_p256_verify(voters->voting_key[vote->slot], vote->digest, vote->signature,
                           ASSAY_S_LOW))
        return ASSAY_E_SIGNATURE;
    return ASSAY_OK;
}

void assay_certificate_encode(const struct assay_vote_statement *statement,
                              struct assay_slice bitmap, struct assay_slice signatures,
                              struct assay_writer *w)
{
    ASSAY_ASSERT(signatures.len % SIGNATURE_LEN == 0);
    ASSAY_ASSERT(bitmap.len <= ASSAY_MEMBERS_MAX / 8);

    assay_cbor_put_array(w, 3);
    assay_vote_statement_encode(statement, w);
    assay_cbor_put_bytes(w, bitmap.bytes, bitmap.len);
    assay_cbor_put_bytes(w, signatures.bytes, signatures.len);
}

void assay_certificate_commitment(const struct assay_vote_statement *statement,
                                  struct assay_slice bitmap, uint8_t commitment[static 32])
{
    ASSAY_ASSERT(bitmap.len <= ASSAY_MEMBERS_MAX / 8);

    uint8_t bytes[ASSAY_VOTE_STATEMENT_LEN_MAX + 64 + ASSAY_MEMBERS_MAX / 8];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 3);
    assay_cbor_put_text(&w, "assay/certificate/v1");
    assay_vote_statement_encode(statement, &w);
    assay_cbor_put_bytes(&w, bitmap.bytes, bitmap.len);
    ASSAY_ASSERT(!w.full);
    assay_sha256(bytes, w.len, commitment);
}

static uint32_t bitmap_count(struct assay_slice bitmap)
{
    uint32_t count = 0;
    for (uint32_t slot = 0; slot < 8 * bitmap.len; slot++)
        count += assay_bitmap_has(bitmap, slot);
    return count;
}

enum assay_status assay_certificate_verify_payload(struct assay_slice payload,
                                                   struct assay_vote_certificate *certificate)
{
    ASSAY_ASSERT(certificate != NULL);

    if (payload.len > ASSAY_CERTIFICATE_LEN_MAX) return ASSAY_E_RANGE;

    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    struct assay_vote_certificate cert = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&c, 3));
    ASSAY_TRY(decode_statement(&c, &cert.statement, cert.digest));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_MEMBERS_MAX / 8, &cert.bitmap));
    ASSAY_TRY(assay_cbor_bytes(&c, (size_t)ASSAY_VOTERS_MAX * SIGNATURE_LEN, &cert.signatures));
    ASSAY_TRY(assay_cursor_end(&c));
    if (cert.signatures.len != (size_t)bitmap_count(cert.bitmap) * SIGNATURE_LEN)
        return ASSAY_E_INVALID;
    assay_certificate_commitment(&cert.statement, cert.bitmap, cert.commitment);
    *certificate = cert;
    return ASSAY_OK;
}

enum assay_status assay_certificate_fits(const struct assay_vote_certificate *certificate,
                                         uint32_t slot_count)
{
    ASSAY_ASSERT(slot_count <= ASSAY_MEMBERS_MAX);

    const struct assay_slice bitmap = certificate->bitmap;
    if (bitmap.len != (slot_count + 7) / 8) return ASSAY_E_RANGE;
    for (uint32_t slot = slot_count; slot < 8 * bitmap.len; slot++)
        if (assay_bitmap_has(bitmap, slot)) return ASSAY_E_RANGE;
    return ASSAY_OK;
}

enum assay_status assay_certificate_decode(struct assay_slice payload, uint32_t slot_count,
                                           struct assay_vote_certificate *certificate)
{
    struct assay_vote_certificate read;
    ASSAY_TRY(assay_certificate_verify_payload(payload, &read));
    ASSAY_TRY(assay_certificate_fits(&read, slot_count));
    *certificate = read;
    return ASSAY_OK;
}

enum assay_status assay_certificate_weight(const struct assay_vote_certificate *certificate,
                                           const struct assay_voter_table *voters)
{
    ASSAY_ASSERT(voters_are_valid(voters));
    ASSAY_ASSERT(certificate->bitmap.len == (voters->count + 7) / 8);

    uint64_t weight = 0;
    for (uint32_t slot = 0; slot < 8 * certificate->bitmap.len; slot++) {
        if (!assay_bitmap_has(certificate->bitmap, slot)) continue;
        if (!can_vote(voters, slot)) return ASSAY_E_STRANGER;
        weight += voters->weight[slot];
    }
    ASSAY_ASSERT(weight <= voters->total_weight);
    return assay_quorum(weight, voters->total_weight) ? ASSAY_OK : ASSAY_E_INVALID;
}

enum assay_status assay_certificate_verify(const struct assay_vote_certificate *certificate,
                                           const struct assay_voter_table *voters)
{
    ASSAY_ASSERT(certificate->signatures.len % SIGNATURE_LEN == 0);

    ASSAY_TRY(assay_certificate_weight(certificate, voters));
    struct assay_cursor c =
        assay_cursor_over(certificate->signatures.bytes, certificate->signatures.len);
    for (uint32_t slot = 0; slot < 8 * certificate->bitmap.len; slot++) {
        const uint8_t *signature = NULL;
        if (!assay_bitmap_has(certificate->bitmap, slot)) continue;
        ASSAY_TRY(assay_cursor_take(&c, SIGNATURE_LEN, &signature));
        if (!assay_p256_verify(voters->voting_key[slot], certificate->digest, signature,
                               ASSAY_S_LOW))
            return ASSAY_E_SIGNATURE;
    }
    return assay_cursor_end(&c);
}

void assay_certificate_pull_encode(uint32_t era, uint64_t epoch, struct assay_slice commitments,
                                   struct assay_writer *w)
{
    ASSAY_ASSERT(commitments.len > 0 && commitments.len <= 32 * ASSAY_PULL_MAX);
    ASSAY_ASSERT(commitments.len % 32 == 0);
    ASSAY_ASSERT(epoch <= ASSAY_COUNT_MAX);
    assay_cbor_put_array(w, 3);
    assay_cbor_put_uint(w, era);
    assay_cbor_put_uint(w, epoch);
    assay_cbor_put_bytes(w, commitments.bytes, commitments.len);
}

enum assay_status assay_certificate_pull_decode(struct assay_slice payload, uint32_t *era,
                                                uint64_t *epoch, struct assay_slice *commitments)
{
    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    uint64_t era_ = 0;
    uint64_t epoch_ = 0;
    struct assay_slice list = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&c, 3));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX, &era_));
    ASSAY_TRY(assay_cbor_uint_max(&c, ASSAY_COUNT_MAX, &epoch_));
    ASSAY_TRY(assay_cbor_bytes(&c, (size_t)32 * ASSAY_PULL_MAX, &list));
    ASSAY_TRY(assay_cursor_end(&c));
    if (list.len == 0 || list.len % 32 != 0) return ASSAY_E_RANGE;
    *era = (uint32_t)era_;
    *epoch = epoch_;
    *commitments = list;
    ASSAY_ASSERT(list.len <= (size_t)32 * ASSAY_PULL_MAX);
    return ASSAY_OK;
}

void assay_block_pull_encode(uint32_t era, uint64_t epoch, const uint8_t id[static 32],
                             struct assay_writer *w)
{
    ASSAY_ASSERT(epoch <= ASSAY_COUNT_MAX);

    assay_cbor_put_array(w, 3);
    assay_cbor_put_uint(w, era);
    assay_cbor_put_uint(w, epoch);
    assay_cbor_put_bytes(w, id, 32);
}

enum assay_status assay_block_pull_decode(struct assay_slice payload, uint32_t *era,
                                          uint64_t *epoch, uint8_t id[static 32])
{
    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    uint64_t era_ = 0;
    uint64_t epoch_ = 0;
    uint8_t wanted[32] = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&c, 3));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX, &era_));
    ASSAY_TRY(assay_cbor_uint_max(&c, ASSAY_COUNT_MAX, &epoch_));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, wanted, 32));
    ASSAY_TRY(assay_cursor_end(&c));
    *era = (uint32_t)era_;
    *epoch = epoch_;
    assay_bytes_copy(id, 32, wanted, 32);
    return ASSAY_OK;
}

/* One header of the path from a final tail up to its E; *id is the block it must have. */
static enum assay_status decode_tail(struct assay_cursor *c,
                                     const struct assay_vote_statement *final_, uint8_t id[32])
{
    struct assay_slice bytes = { 0 };
    struct assay_block_header header = { 0 };
    uint8_t found[32];
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_BLOCK_HEADER_LEN_MAX, &bytes));
    ASSAY_TRY(assay_block_header_decode(bytes, &header));
    assay_block_id(bytes, found);
    if (!assay_bytes_equal(found, id, 32)) return ASSAY_E_INVALID;
    if (header.kind != ASSAY_BLOCK_TAIL || header.epoch != final_->epoch) return ASSAY_E_INVALID;
    assay_bytes_copy(id, 32, header.parent_id, 32);
    return ASSAY_OK;
}

enum assay_status assay_finality_open(struct assay_slice proof,
                                      struct assay_vote_certificate *certificate,
                                      struct assay_cursor *tails)
{
    struct assay_cursor c = assay_cursor_over(proof.bytes, proof.len);
    struct assay_slice payload = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&c, 2));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_CERTIFICATE_LEN_MAX, &payload));
    ASSAY_TRY(assay_certificate_verify_payload(payload, certificate));
    *tails = c;
    return ASSAY_OK;
}

enum assay_status assay_finality_link(struct assay_cursor tails, uint32_t tails_max,
                                      const struct assay_vote_statement *statement,
                                      uint8_t final_id[static 32])
{
    uint64_t count = 0;
    uint8_t id[32];
    ASSAY_ASSERT(tails_max <= ASSAY_BLOCK_NULLS_MAX);
    assay_bytes_copy(id, sizeof id, statement->block_id, 32);
    ASSAY_TRY(assay_cbor_array(&tails, ASSAY_BLOCK_NULLS_MAX, &count));
    if (count > tails_max) return ASSAY_E_FULL;
    for (uint64_t i = 0; i < count; i++)
        ASSAY_TRY(decode_tail(&tails, statement, id));
    ASSAY_TRY(assay_cursor_end(&tails));
    assay_bytes_copy(final_id, 32, id, 32);
    return ASSAY_OK;
}

enum assay_status assay_finality_verify_payload(struct assay_slice proof,
                                                const uint8_t chain_id[static 32], uint32_t era,
                                                uint64_t epoch,
                                                const struct assay_voter_table *voters,
                                                bool signatures, uint8_t final_id[static 32],
                                                uint8_t commitment[static 32])
{
    ASSAY_ASSERT(voters_are_valid(voters));

    struct assay_cursor tails;
    struct assay_vote_certificate cert = { 0 };
    uint8_t id[32];
    ASSAY_TRY(assay_finality_open(proof, &cert, &tails));
    if (!assay_bytes_equal(cert.statement.chain_id, chain_id, 32)) return ASSAY_E_CHAIN;
    if (cert.statement.era != era || cert.statement.epoch != epoch) return ASSAY_E_CHAIN;
    ASSAY_TRY(assay_certificate_fits(&cert, voters->count));
    if (cert.statement.type != ASSAY_VOTE_FINALISE) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_finality_link(tails, ASSAY_BLOCK_NULLS_MAX, &cert.statement, id));
    ASSAY_TRY(signatures ? assay_certificate_verify(&cert, voters)
                         : assay_certificate_weight(&cert, voters));

    assay_bytes_copy(final_id, 32, id, 32);
    assay_bytes_copy(commitment, 32, cert.commitment, 32);
    return ASSAY_OK;
}

enum assay_status assay_finality_verify(struct assay_slice proof, const uint8_t chain_id[static 32],
                                        uint32_t era, uint64_t epoch,
                                        const struct assay_voter_table *voters,
                                        uint8_t final_id[static 32], uint8_t commitment[static 32])
{
    return assay_finality_verify_payload(proof, chain_id, era, epoch, voters, true, final_id,
                                         commitment);
}
