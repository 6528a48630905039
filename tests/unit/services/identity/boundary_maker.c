/*
 * tests/unit/services/identity/boundary_maker.c - boundaries of epochs with finality proofs.
 */
#include "tests/unit/services/identity/boundary_maker.h"

#include "base/cbor.h"
#include "base/crypto.h"
#include "engine/consensus/vote.h"
#include "engine/ledger/proofs/boundary.h"
#include "engine/ledger/proofs/proof.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { EPOCHS = 256 };

struct bytes {
    uint8_t *bytes;
    size_t len;
};

struct boundary_maker {
    struct assay_p256_signer *signer[MAKER_VOTERS];
    struct assay_state before, state;
    void *memory[2], *scratch;
    uint8_t voters[MAKER_VOTERS * ASSAY_ROSTER_ROW_LEN_MAX];
    size_t voters_len;
    struct assay_checkpoint genesis;
    struct bytes boundary[EPOCHS], finality[EPOCHS];
    uint8_t head[2][ASSAY_BLOCK_HEADER_LEN_MAX]; /* of the newest close, of the one before */
    size_t head_len[2];
    uint64_t passed_ms;
};

static struct bytes bytes_of(const struct assay_writer *w, const uint8_t *bytes)
{
    struct bytes b = { .bytes = malloc(w->len), .len = w->len };
    cr_assert(!w->full && b.bytes != NULL);
    assay_bytes_copy(b.bytes, b.len, bytes, b.len);
    return b;
}

struct boundary_maker *boundary_maker_new(const uint8_t chain_id[static 32], uint8_t seed)
{
    struct boundary_maker *m = calloc(1, sizeof *m);
    struct assay_writer w = assay_writer_over(m->voters, sizeof m->voters);
    for (int i = 0; i < 2; i++)
        m->memory[i] = calloc(1, assay_state_memory_len(MAKER_VOTERS));
    m->scratch = malloc(assay_state_scratch_len(MAKER_VOTERS));
    assay_state_init(&m->state, m->memory[0], MAKER_VOTERS);
    assay_state_init(&m->before, m->memory[1], MAKER_VOTERS);
    assay_bytes_copy(m->state.chain_id, 32, chain_id, 32);
    m->state.era = 1;
    m->state.rules.parameters = (struct assay_genesis_parameters){ .epoch_ms = 60000,
                                                                   .operator_cap_num = 20,
                                                                   .operator_cap_den = 100,
                                                                   .vendor_cap_num = 33,
                                                                   .vendor_cap_den = 100,
                                                                   .block_len_max = 192 * 1024 };
    for (uint32_t i = 0; i < MAKER_VOTERS; i++) {
        struct assay_member *member = &m->state.members[i];
        struct assay_secret32 secret = { { (uint8_t)(i + 1), seed } };
        struct assay_roster_row row;
        member->node_id[0] = (uint8_t)(i + 1);
        member->weight = member->seat_weight = 10;
        member->life_count = 1;
        member->lives[0].incarnation = 1;
        cr_assert_eq(assay_p256_public(&secret, member->lives[0].voting_public), ASSAY_OK);
        cr_assert_eq(assay_p256_signer_load(&secret, &m->signer[i]), ASSAY_OK);
        assay_roster_row_of(member, &row);
        assay_roster_row_encode(&row, &w);
    }
    m->voters_len = w.len;
    assay_roster_digest(&m->state, m->state.roster_digest);
    assay_checkpoint_of(&m->state, &m->genesis);
    assay_bytes_copy(m->genesis.id, 32, chain_id, 32);
    m->genesis.time_ms = MAKER_TIME_MS;
    return m;
}

void boundary_maker_free(struct boundary_maker *maker)
{
    for (uint32_t i = 0; i < MAKER_VOTERS; i++)
        assay_p256_signer_free(&maker->signer[i]);
    for (uint32_t i = 0; i < EPOCHS; i++) {
        free(maker->boundary[i].bytes);
        free(maker->finality[i].bytes);
    }
    free(maker->memory[0]);
    free(maker->memory[1]);
    free(maker->scratch);
    free(maker);
}

void boundary_maker_checkpoint(const struct boundary_maker *maker,
                               struct assay_checkpoint *checkpoint)
{
    *checkpoint = maker->genesis;
}

static struct bytes sign_block(const struct boundary_maker *m, const uint8_t id[static 32],
                               uint32_t voters)
{
    struct assay_vote_statement s = {
        .era = m->state.era, .epoch = m->state.epoch, .view = 1, .type = ASSAY_VOTE_FINALISE
    };
    uint8_t digest[32], bitmap = 0, bytes[ASSAY_CERTIFICATE_LEN_MAX];
    uint8_t signatures[MAKER_VOTERS * ASSAY_P256_SIGNATURE_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_bytes_copy(s.chain_id, 32, m->state.chain_id, 32);
    assay_bytes_copy(s.block_id, 32, id, 32);
    assay_vote_statement_digest(&s, digest);
    for (uint32_t i = 0; i < voters; i++) {
        bitmap |= (uint8_t)(1U << i);
        cr_assert_eq(assay_p256_sign(m->signer[i], digest,
                                     signatures + (size_t)i * ASSAY_P256_SIGNATURE_LEN),
                     ASSAY_OK);
    }
    assay_certificate_encode(
        &s, assay_slice_over(&bitmap, 1),
        assay_slice_over(signatures, (size_t)voters * ASSAY_P256_SIGNATURE_LEN), &w);
    const size_t len = w.len;
    uint8_t all[ASSAY_FINALITY_LEN_MAX];
    w = assay_writer_over(all, sizeof all);
    assay_cbor_put_array(&w, 2);
    assay_cbor_put_bytes(&w, bytes, len);
    assay_cbor_put_array(&w, 0);
    return bytes_of(&w, all);
}

static void put_documents(struct assay_state *state, const struct assay_registry *registry)
{
    uint8_t *bytes = malloc(ASSAY_REGISTRY_DOCUMENT_LEN_MAX);
    state->services.count = assay_registry_documents(assay_registry_get_plan(registry));
    for (uint32_t i = 0; i < state->services.count; i++) {
        struct assay_writer w = assay_writer_over(bytes, ASSAY_REGISTRY_DOCUMENT_LEN_MAX);
        cr_assert_eq(assay_registry_encode(registry, i, &w), ASSAY_OK);
        assay_sha256(bytes, w.len, state->services.documents[i]);
    }
    free(bytes);
}

void boundary_maker_close(struct boundary_maker *maker, const struct assay_registry *registry,
                          bool certified, uint32_t voters)
{
    struct boundary_maker *m = maker;
    struct assay_block_header header = { .era = 1, .view = 1, .kind = ASSAY_BLOCK_EPOCH };
    uint8_t head[ASSAY_BLOCK_HEADER_LEN_MAX], id[32], hashes[MAKER_VOTERS + 1][32];
    struct assay_writer w = assay_writer_over(head, sizeof head);
    assay_state_copy(&m->before, &m->state);
    m->state.epoch++;
    cr_assert_lt(m->state.epoch, EPOCHS);
    m->state.certified = certified;
    if (certified) m->state.certified_epoch = m->state.epoch;
    put_documents(&m->state, registry);
    assay_state_root(&m->state, m->scratch, assay_state_scratch_len(MAKER_VOTERS),
                     header.state_root);
    assay_bytes_copy(header.chain_id, 32, m->state.chain_id, 32);
    header.epoch = m->state.epoch;
    header.height = m->state.epoch;
    header.time_ms = MAKER_TIME_MS + 1000 * m->state.epoch + m->passed_ms;
    assay_block_header_encode(&header, &w);
    const struct assay_slice bytes = assay_slice_over(head, w.len);
    assay_block_id(bytes, id);
    assay_bytes_copy(m->head[1], sizeof m->head[1], m->head[0], m->head_len[0]);
    m->head_len[1] = m->head_len[0];
    assay_bytes_copy(m->head[0], sizeof m->head[0], head, w.len);
    m->head_len[0] = w.len;
    const size_t len = assay_boundary_len_max(MAKER_VOTERS);
    uint8_t *boundary = malloc(len);
    w = assay_writer_over(boundary, len);
    cr_assert_eq(assay_boundary_encode(&m->before, &m->state, bytes, m->scratch,
                                       assay_state_scratch_len(MAKER_VOTERS), hashes, &w),
                 ASSAY_OK);
    m->boundary[m->state.epoch] = bytes_of(&w, boundary);
    m->finality[m->state.epoch] = sign_block(m, id, voters);
    free(boundary);
}

void boundary_maker_pass(struct boundary_maker *maker, uint64_t ms)
{
    maker->passed_ms += ms;
}

struct assay_member *boundary_maker_member(struct boundary_maker *maker, uint32_t slot)
{
    return &maker->state.members[slot];
}

const struct assay_state *boundary_maker_state(struct boundary_maker *maker,
                                               struct assay_slice *header)
{
    struct assay_block_header read;
    *header = assay_slice_over(maker->head[0], maker->head_len[0]);
    cr_assert_eq(assay_block_header_decode(*header, &read), ASSAY_OK);
    assay_block_id(*header, maker->state.head_id);
    maker->state.head_time_ms = read.time_ms;
    return &maker->state;
}

static struct bytes snapshot_of(const struct boundary_maker *m, const struct assay_state *state,
                                size_t which)
{
    const size_t len = assay_state_len_max(MAKER_VOTERS);
    uint8_t *bytes = malloc(len);
    struct assay_writer w = assay_writer_over(bytes, len);
    cr_assert_eq(assay_state_encode(state, assay_slice_over(m->head[which], m->head_len[which]),
                                    m->scratch, assay_state_scratch_len(MAKER_VOTERS), &w),
                 ASSAY_OK);
    return (struct bytes){ .bytes = bytes, .len = w.len };
}

struct assay_slice boundary_maker_proof(const struct boundary_maker *maker, uint32_t slot,
                                        bool bare, uint8_t *bytes)
{
    const struct bytes now = snapshot_of(maker, &maker->state, 0);
    const struct bytes before = snapshot_of(maker, &maker->before, 1);
    const struct bytes *finality = &maker->finality[maker->state.epoch];
    uint8_t hashes[MAKER_VOTERS + 1][32];
    struct assay_writer w = assay_writer_over(bytes, MAKER_PROOF_LEN);
    cr_assert_eq(assay_proof_make(assay_slice_over(now.bytes, now.len),
                                  assay_slice_over(before.bytes, bare ? 0 : before.len),
                                  assay_slice_over(finality->bytes, bare ? 0 : finality->len), slot,
                                  hashes, &w),
                 ASSAY_OK);
    free(now.bytes);
    free(before.bytes);
    return assay_slice_over(bytes, w.len);
}

void boundary_maker_answer(const struct boundary_maker *maker,
                           const struct assay_service_message *m,
                           struct assay_service_message *answer)
{
    answer->epoch = m->epoch;
    if (m->with_voters) answer->voters = assay_slice_over(maker->voters, maker->voters_len);
    if (m->epoch >= EPOCHS || maker->boundary[m->epoch].len == 0) return;
    answer->boundary =
        assay_slice_over(maker->boundary[m->epoch].bytes, maker->boundary[m->epoch].len);
    if (m->with_voters) return;
    answer->finality =
        assay_slice_over(maker->finality[m->epoch].bytes, maker->finality[m->epoch].len);
}
