/*
 * tests/unit/host/light_world.c - closed epochs of a network with keys of the test.
 */
#include "tests/unit/host/light_world.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/ledger/proofs/boundary.h"
#include "engine/ledger/proofs/proof.h"

#include <stdlib.h>

enum { MEMBERS = LIGHT_WORLD_MEMBERS_MAX, EPOCHS = LIGHT_WORLD_EPOCHS_MAX, MINUTE_MS = 60000 };

const char light_world_document[LIGHT_WORLD_DOCUMENT_LEN] = "document";

struct bytes {
    uint8_t *bytes;
    size_t len;
};

struct closed {
    struct assay_checkpoint checkpoint;
    struct bytes boundary, finality, rows;
};

struct light_world {
    uint8_t seed;
    struct assay_state before, state, older; /* older: as the close before the newest left it */
    void *memory[3], *scratch;
    uint8_t head[2][ASSAY_BLOCK_HEADER_LEN_MAX]; /* of the newest close, of the one before */
    size_t head_len[2];
    struct assay_p256_signer *signer[MEMBERS]; /* of the keys in `before` */
    uint8_t key[2][MEMBERS];                   /* seeds of the keys, before and after */
    struct closed closed[EPOCHS];
};

static struct bytes copy_of(const uint8_t *bytes, size_t len)
{
    struct bytes b = { .bytes = malloc(len + (len == 0)), .len = len };
    ASSAY_ASSERT(b.bytes != NULL);
    assay_bytes_copy(b.bytes, len, bytes, len);
    return b;
}

static struct assay_secret32 secret_of(const struct light_world *w, uint32_t slot, uint8_t key)
{
    return (struct assay_secret32){ { (uint8_t)(slot + 1), w->seed, key } };
}

static void set_key(struct light_world *w, uint32_t slot, uint8_t key)
{
    const struct assay_secret32 secret = secret_of(w, slot, key);
    const enum assay_status status =
        assay_p256_public(&secret, w->state.members[slot].lives[0].voting_public);
    ASSAY_ASSERT(status == ASSAY_OK);
    w->key[1][slot] = key;
}

void light_world_set(struct light_world *world, uint32_t slot, uint32_t weight, uint8_t key,
                     bool keyless)
{
    struct assay_member *m = &world->state.members[slot];
    m->weight = weight;
    m->seat_weight = keyless ? 0 : weight;
    m->keyless = keyless;
    if (key != 0) set_key(world, slot, key);
}

void light_world_add(struct light_world *world, uint8_t seed)
{
    const uint32_t slot = world->state.member_count++;
    struct assay_member *m = &world->state.members[slot];
    ASSAY_ASSERT(slot < MEMBERS);
    m->node_id[0] = (uint8_t)(slot + 1);
    m->node_id[1] = seed;
    m->life_count = 1;
    m->lives[0].incarnation = 1;
    set_key(world, slot, seed);
    light_world_set(world, slot, LIGHT_WORLD_WEIGHT, 0, false);
}

static struct bytes encode_rows(const struct assay_state *state)
{
    uint8_t bytes[MEMBERS * ASSAY_ROSTER_ROW_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    for (uint32_t i = 0; i < state->member_count; i++) {
        struct assay_roster_row row;
        assay_roster_row_of(&state->members[i], &row);
        assay_roster_row_encode(&row, &w);
    }
    ASSAY_ASSERT(!w.full);
    return copy_of(bytes, w.len);
}

static void load_signers(struct light_world *w)
{
    for (uint32_t i = 0; i < w->state.member_count; i++) {
        const struct assay_secret32 secret = secret_of(w, i, w->key[1][i]);
        if (w->signer[i] != NULL && w->key[0][i] == w->key[1][i]) continue;
        assay_p256_signer_free(&w->signer[i]);
        const enum assay_status status = assay_p256_signer_load(&secret, &w->signer[i]);
        ASSAY_ASSERT(status == ASSAY_OK);
        w->key[0][i] = w->key[1][i];
    }
}

struct light_world *light_world_new(const uint8_t chain_id[static 32], uint32_t members,
                                    uint8_t seed)
{
    struct light_world *w = calloc(1, sizeof *w);
    ASSAY_ASSERT(w != NULL);
    w->seed = seed;
    for (int i = 0; i < 3; i++)
        w->memory[i] = calloc(1, assay_state_memory_len(MEMBERS));
    w->scratch = malloc(assay_state_scratch_len(MEMBERS));
    assay_state_init(&w->state, w->memory[0], MEMBERS);
    assay_state_init(&w->before, w->memory[1], MEMBERS);
    assay_state_init(&w->older, w->memory[2], MEMBERS);
    w->state.member_count = 0;
    assay_bytes_copy(w->state.chain_id, 32, chain_id, 32);
    w->state.rules.parameters = (struct assay_genesis_parameters){ .epoch_ms = MINUTE_MS,
                                                                   .operator_cap_num = 20,
                                                                   .operator_cap_den = 100,
                                                                   .vendor_cap_num = 33,
                                                                   .vendor_cap_den = 100,
                                                                   .block_len_max = 192 * 1024 };
    for (uint32_t i = 0; i < members; i++)
        light_world_add(w, seed);
    assay_roster_digest(&w->state, w->state.roster_digest);
    light_world_set_document(
        w, assay_slice_over((const uint8_t *)light_world_document, sizeof light_world_document));
    struct closed *genesis = &w->closed[0];
    assay_checkpoint_of(&w->state, &genesis->checkpoint);
    assay_bytes_copy(genesis->checkpoint.id, 32, chain_id, 32);
    genesis->checkpoint.time_ms = LIGHT_WORLD_TIME_MS;
    genesis->rows = encode_rows(&w->state);
    assay_state_copy(&w->before, &w->state);
    load_signers(w);
    return w;
}

void light_world_free(struct light_world *world)
{
    for (uint32_t i = 0; i < MEMBERS; i++)
        assay_p256_signer_free(&world->signer[i]);
    for (uint32_t i = 0; i < EPOCHS; i++) {
        free(world->closed[i].boundary.bytes);
        free(world->closed[i].finality.bytes);
        free(world->closed[i].rows.bytes);
    }
    free(world->memory[0]);
    free(world->memory[1]);
    free(world->memory[2]);
    free(world->scratch);
    free(world);
}

void light_world_set_document(struct light_world *world, struct assay_slice document)
{
    world->state.services.count = 1;
    assay_sha256(document.bytes, document.len, world->state.services.documents[0]);
}

uint64_t light_world_at(const struct light_world *world)
{
    return world->state.epoch;
}

/* Headers between the certified block and E, in the order of the proof. Out: id: of the certified
 * block. */
static void encode_tails(struct assay_writer *out, const struct assay_block_header *e,
                         const struct light_close *how, uint8_t id[static 32])
{
    uint8_t bytes[64][ASSAY_BLOCK_HEADER_LEN_MAX];
    size_t len[64];
    ASSAY_ASSERT(how->tails <= 64);
    for (uint32_t i = 0; i < how->tails; i++) {
        struct assay_block_header tail = *e;
        struct assay_writer w = assay_writer_over(bytes[i], sizeof bytes[i]);
        tail.kind = ASSAY_BLOCK_TAIL;
        tail.view = e->view + 1 + i;
        tail.parent_view = tail.view - 1;
        assay_bytes_copy(tail.parent_id, 32, id, 32);
        if (i == 0 && how->other_tail) tail.parent_id[0] ^= 1;
        assay_block_header_encode(&tail, &w);
        len[i] = w.len;
        assay_block_id(assay_slice_over(bytes[i], len[i]), id);
    }
    assay_cbor_put_array(out, how->tails);
    for (uint32_t i = how->tails; i > 0; i--)
        assay_cbor_put_bytes(out, bytes[i - 1], len[i - 1]);
}

static bool signs(const struct light_world *w, uint32_t slot, const struct light_close *how,
                  uint32_t signed_so_far)
{
    const struct assay_member *m = &w->before.members[slot];
    if (m->seat_weight == 0 || m->keyless || slot < how->silent) return false;
    return how->signers == 0 || signed_so_far < how->signers;
}

static void encode_certificate(const struct light_world *w, const struct assay_block_header *e,
                               const struct light_close *how, const uint8_t id[static 32],
                               struct assay_writer *out)
{
    struct assay_vote_statement s = {
        .era = e->era,
        .epoch = how->signed_epoch != 0 ? how->signed_epoch : e->epoch,
        .view = e->view + how->tails,
        .type = how->notarise ? ASSAY_VOTE_NOTARISE : ASSAY_VOTE_FINALISE
    };
    const struct light_world *by = how->by != NULL ? how->by : w;
    uint8_t digest[32], bitmap[MEMBERS / 8 + 1] = { 0 };
    uint8_t signatures[ASSAY_VOTERS_MAX][ASSAY_P256_SIGNATURE_LEN];
    uint32_t count = 0;
    assay_bytes_copy(s.chain_id, 32, e->chain_id, 32);
    assay_bytes_copy(s.block_id, 32, id, 32);
    assay_vote_statement_digest(&s, digest);
    for (uint32_t i = 0; i < w->before.member_count; i++) {
        if (!signs(w, i, how, count)) continue;
        assay_bit_add(bitmap, i);
        ASSAY_ASSERT(count < ASSAY_VOTERS_MAX);
        const enum assay_status status =
            assay_p256_sign(by->signer[i], digest, signatures[count++]);
        ASSAY_ASSERT(status == ASSAY_OK);
    }
    assay_certificate_encode(
        &s, assay_slice_over(bitmap, (w->before.member_count + 7) / 8),
        assay_slice_over(signatures[0], (size_t)count * ASSAY_P256_SIGNATURE_LEN), out);
}

static struct bytes encode_finality(const struct light_world *w, const struct assay_block_header *e,
                                    const struct light_close *how, const uint8_t e_id[static 32])
{
    static uint8_t certificate[ASSAY_CERTIFICATE_LEN_MAX];
    static uint8_t tails[64 * (ASSAY_BLOCK_HEADER_LEN_MAX + 4)];
    static uint8_t all[sizeof certificate + sizeof tails];
    struct assay_writer c = assay_writer_over(certificate, sizeof certificate);
    struct assay_writer t = assay_writer_over(tails, sizeof tails);
    struct assay_writer out = assay_writer_over(all, sizeof all);
    uint8_t id[32];
    assay_bytes_copy(id, 32, e_id, 32);
    if (how->other_block) id[0] ^= 1;
    encode_tails(&t, e, how, id);
    encode_certificate(w, e, how, id, &c);
    assay_cbor_put_array(&out, 2);
    assay_cbor_put_bytes(&out, certificate, c.len);
    ASSAY_ASSERT(!c.full && !t.full && out.len + t.len <= sizeof all);
    assay_bytes_copy(all + out.len, sizeof all - out.len, tails, t.len);
    return copy_of(all, out.len + t.len);
}

static struct bytes encode_boundary(const struct light_world *w, struct assay_slice header)
{
    static uint8_t hashes[MEMBERS + 1][32];
    const size_t len = assay_boundary_len_max(MEMBERS);
    uint8_t *bytes = malloc(len);
    struct assay_writer out = assay_writer_over(bytes, len);
    const enum assay_status status = assay_boundary_encode(
        &w->before, &w->state, header, w->scratch, assay_state_scratch_len(MEMBERS), hashes, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    const struct bytes made = copy_of(bytes, out.len);
    free(bytes);
    return made;
}

static void advance_state(struct light_world *w, const struct light_close *how)
{
    struct assay_state *s = &w->state;
    s->epoch = how->epoch != 0 ? how->epoch : s->epoch + 1;
    if (how->era != 0) s->era = how->era;
    s->certified = true;
    s->certified_epoch = s->epoch;
    assay_roster_digest(s, s->roster_digest);
}

void light_world_close(struct light_world *world, const struct light_close *how)
{
    struct light_world *w = world;
    static const struct light_close usual;
    const uint64_t time_ms = w->closed[w->state.epoch].checkpoint.time_ms;
    uint8_t head[ASSAY_BLOCK_HEADER_LEN_MAX], id[32];
    struct assay_block_header e = { .view = 1, .kind = ASSAY_BLOCK_EPOCH };
    struct assay_writer writer = assay_writer_over(head, sizeof head);
    if (how == NULL) how = &usual;
    advance_state(w, how);
    ASSAY_ASSERT(w->state.epoch < EPOCHS);
    assay_state_root(&w->state, w->scratch, assay_state_scratch_len(MEMBERS), e.state_root);
    if (how->other_state) e.state_root[0] ^= 1;
    assay_bytes_copy(e.chain_id, 32, w->state.chain_id, 32);
    if (how->other_chain) e.chain_id[0] ^= 1;
    e.era = w->state.era;
    e.epoch = e.height = w->state.epoch;
    e.time_ms = how->time_ms != 0 ? how->time_ms : time_ms + MINUTE_MS;
    assay_block_header_encode(&e, &writer);
    const struct assay_slice header = assay_slice_over(head, writer.len);
    assay_block_id(header, id);
    struct closed *c = &w->closed[w->state.epoch];
    c->boundary = encode_boundary(w, header);
    c->finality = encode_finality(w, &e, how, id);
    c->rows = encode_rows(&w->state);
    assay_bytes_copy(w->state.head_id, 32, id, 32);
    w->state.head_time_ms = e.time_ms;
    assay_checkpoint_of(&w->state, &c->checkpoint);
    assay_state_copy(&w->older, &w->before);
    assay_state_copy(&w->before, &w->state);
    assay_bytes_copy(w->head[1], sizeof w->head[1], w->head[0], w->head_len[0]);
    w->head_len[1] = w->head_len[0];
    assay_bytes_copy(w->head[0], sizeof w->head[0], header.bytes, header.len);
    w->head_len[0] = header.len;
    load_signers(w);
}

static struct bytes encode_snapshot(const struct light_world *w, const struct assay_state *state,
                                    int which)
{
    const size_t len = assay_state_len_max(MEMBERS);
    uint8_t *bytes = malloc(len);
    struct assay_writer out = assay_writer_over(bytes, len);
    const enum assay_status status =
        assay_state_encode(state, assay_slice_over(w->head[which], w->head_len[which]), w->scratch,
                           assay_state_scratch_len(MEMBERS), &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    return (struct bytes){ .bytes = bytes, .len = out.len };
}

struct assay_slice light_world_prove(const struct light_world *world, uint32_t slot, uint8_t *bytes)
{
    static uint8_t hashes[MEMBERS + 1][32];
    const struct bytes now = encode_snapshot(world, &world->before, 0);
    const struct bytes before = encode_snapshot(world, &world->older, 1);
    const struct bytes *const finality = &world->closed[world->state.epoch].finality;
    struct assay_writer w = assay_writer_over(bytes, LIGHT_WORLD_PROOF_LEN);
    const enum assay_status status = assay_proof_make(
        assay_slice_over(now.bytes, now.len), assay_slice_over(before.bytes, before.len),
        assay_slice_over(finality->bytes, finality->len), slot, hashes, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    free(now.bytes);
    free(before.bytes);
    return assay_slice_over(bytes, w.len);
}

void light_world_checkpoint(const struct light_world *world, uint64_t epoch,
                            struct assay_checkpoint *checkpoint)
{
    *checkpoint = world->closed[epoch].checkpoint;
}

struct assay_light_epoch light_world_epoch(const struct light_world *world, uint64_t epoch)
{
    const struct closed *c = &world->closed[epoch];
    return (struct assay_light_epoch){ assay_slice_over(c->boundary.bytes, c->boundary.len),
                                       assay_slice_over(c->finality.bytes, c->finality.len),
                                       assay_slice_over(c->rows.bytes, c->rows.len) };
}
