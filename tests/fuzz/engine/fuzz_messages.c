/*
 * tests/fuzz/engine/fuzz_messages.c - every message that Simplex takes, as codec and as input of a
 * machine: nothing crashes, what decodes encodes to the same bytes, every invariant holds after.
 *
 * First byte: the message kind (1 to 7, 17, 18), or 8 for a finality proof, 9 for the head of a
 * proposal; second byte: the sender; the rest is the payload.
 */
#include "base/assert.h"
#include "engine/consensus/simplex.h"
#include "engine/consensus/vote_inventory.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 4, BODY_MAX = 256, BLOCKS = 4, VIEWS = 128, CHAIN_BYTE = 0xc4 };

static uint8_t scratch[ASSAY_BLOCK_LEN_MAX + ASSAY_PROPOSAL_OVERHEAD_MAX];

static void require_same(const struct assay_writer *w, struct assay_slice payload)
{
    ASSAY_ASSERT(!w->full);
    ASSAY_ASSERT(assay_slice_equal(assay_slice_over(w->bytes, w->len), payload));
}

static void try_proposal(struct assay_slice payload, bool head)
{
    struct assay_proposal p;
    struct assay_writer w = assay_writer_over(scratch, sizeof scratch);
    if (head) {
        if (assay_proposal_head_decode(payload, &p) != ASSAY_OK) return;
        assay_proposal_head_encode(p.header_bytes, p.signature, &w);
    } else {
        if (assay_proposal_decode(payload, &p) != ASSAY_OK) return;
        ASSAY_ASSERT(assay_proposal_encode(p.header_bytes, p.signature, p.body, p.nulls, &w,
                                           NULL) == ASSAY_OK);
    }
    require_same(&w, payload);
    uint8_t header[ASSAY_BLOCK_HEADER_LEN_MAX];
    struct assay_writer h = assay_writer_over(header, sizeof header);
    assay_block_header_encode(&p.header, &h);
    require_same(&h, p.header_bytes);
}

static void try_vote(struct assay_slice payload)
{
    struct assay_vote vote;
    struct assay_writer w = assay_writer_over(scratch, sizeof scratch);
    if (assay_vote_decode(payload, &vote) != ASSAY_OK) return;
    assay_vote_encode(&vote.statement, vote.slot, vote.signature, &w);
    require_same(&w, payload);
}

static void try_certificate(struct assay_slice payload)
{
    struct assay_vote_certificate c;
    struct assay_writer w = assay_writer_over(scratch, sizeof scratch);
    if (assay_certificate_decode(payload, SLOTS, &c) != ASSAY_OK) return;
    assay_certificate_encode(&c.statement, c.bitmap, c.signatures, &w);
    require_same(&w, payload);
}

static void try_pull(struct assay_slice payload)
{
    uint32_t era = 0;
    uint64_t epoch = 0;
    struct assay_slice list = { 0 };
    struct assay_writer w = assay_writer_over(scratch, sizeof scratch);
    if (assay_certificate_pull_decode(payload, &era, &epoch, &list) != ASSAY_OK) return;
    assay_certificate_pull_encode(era, epoch, list, &w);
    require_same(&w, payload);
}

static void try_vote_have(struct assay_slice payload)
{
    struct assay_vote_inventory have;
    struct assay_writer w = assay_writer_over(scratch, sizeof scratch);
    if (assay_vote_inventory_decode(payload, &have) != ASSAY_OK) return;
    assay_vote_inventory_encode(&have, &w);
    require_same(&w, payload);
}

static bool is_notified(uint8_t kind)
{
    return kind == ASSAY_MESSAGE_VOTE_INVENTORY || kind == ASSAY_MESSAGE_VOTE_REQUEST_MISSING;
}

/* --- a machine in view 1 of epoch 1 */

struct machine {
    void *simplex_memory, *blocks_memory;
    size_t simplex_len, blocks_len;
    struct assay_p256 *keys[SLOTS];
    uint32_t weights[SLOTS];
    uint8_t ids[SLOTS][32];
    struct assay_voter_table voters;
};

static struct assay_simplex *start(struct machine *m, struct assay_simplex_actions *out)
{
    static const int64_t counters[SLOTS] = { 0 };
    struct assay_simplex_config config = {
        .self = 1, .voters_max = SLOTS, .views_max = VIEWS, .neighbours = true,
        .early_len = 16 * 1024
    };
    struct assay_simplex_base base = { .epoch = 1, .epoch_ms = 1000, .counters = counters };
    struct assay_simplex *s = NULL;
    memset(config.chain_id, CHAIN_BYTE, 32);
    memset(base.id, 0x61, 32);
    config.blocks = assay_blocks_init(m->blocks_memory, m->blocks_len, BLOCKS, BODY_MAX);
    ASSAY_ASSERT(assay_simplex_init(m->simplex_memory, m->simplex_len, &config, &s) == ASSAY_OK);
    assay_simplex_begin(s, 1, &base, &m->voters, out);
    assay_simplex_run(s, 1, false, out); /* asking, so that answers are read */
    return s;
}

static void make(struct machine *m)
{
    m->blocks_len = assay_blocks_size(BLOCKS, BODY_MAX);
    m->blocks_memory = aligned_alloc(64, m->blocks_len);
    ASSAY_ASSERT(m->blocks_memory != NULL);
    const struct assay_simplex_config config = { .voters_max = SLOTS,
                                                 .views_max = VIEWS,
                                                 .early_len = 16 * 1024,
                                                 .block_len_max = BODY_MAX };
    m->simplex_len = assay_simplex_size(&config);
    m->simplex_memory = aligned_alloc(64, m->simplex_len);
    ASSAY_ASSERT(m->simplex_memory != NULL);
    for (uint32_t i = 0; i < SLOTS; i++) {
        const struct assay_secret32 private_key = { { (uint8_t)(i + 1) } };
        uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
        ASSAY_ASSERT(assay_p256_public(&private_key, public_key) == ASSAY_OK);
        ASSAY_ASSERT(assay_p256_load(public_key, &m->keys[i]) == ASSAY_OK);
        m->weights[i] = 1;
        memset(m->ids[i], (int)i, 32);
    }
    m->voters = (struct assay_voter_table){ .count = SLOTS,
                                            .weight = m->weights,
                                            .node_id = (const uint8_t(*)[32])m->ids,
                                            .voting_key = m->keys,
                                            .total_weight = SLOTS };
}

static void try_machine(uint8_t kind, uint16_t from, struct assay_slice payload)
{
    static struct machine m;
    static struct assay_simplex_actions out;
    if (m.simplex_memory == NULL) make(&m);
    out.count = 0;
    struct assay_simplex *s = start(&m, &out);
    for (uint64_t i = 0; i < 2; i++) { /* and the same again */
        assay_simplex_release(s);
        out.count = 0;
        assay_status_ignore(assay_simplex_message(s, 2 + i, from, (enum assay_message_kind)kind,
                                                  payload, &out),
                            "any answer is one");
        assay_simplex_check(s);
    }
    assay_simplex_release(s);
    out.count = 0;
    assay_simplex_tick(s, 100000, &out);
    assay_simplex_check(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t proof_id[32];
    static uint8_t commitment[32];
    if (size < 2) return 0;
    const struct assay_slice payload = assay_slice_over(data + 2, size - 2);
    const uint16_t from = data[1] < SLOTS ? data[1] : ASSAY_SLOT_SELF;
    uint32_t weights[SLOTS] = { 1, 1, 1, 1 };
    struct assay_p256 *nobody[SLOTS] = { NULL };
    uint8_t ids[SLOTS][32] = { { 0 } };
    const struct assay_voter_table voters = { .count = SLOTS,
                                              .weight = weights,
                                              .node_id = (const uint8_t(*)[32])ids,
                                              .voting_key = nobody,
                                              .total_weight = SLOTS };
    uint8_t chain_id[32];
    memset(chain_id, CHAIN_BYTE, sizeof chain_id);
    if (data[0] == ASSAY_MESSAGE_PROPOSAL) try_proposal(payload, false);
    if (data[0] == ASSAY_MESSAGE_VOTE) try_vote(payload);
    if (data[0] == ASSAY_MESSAGE_CERTIFICATE) try_certificate(payload);
    if (data[0] == ASSAY_MESSAGE_CERTIFICATE_PULL) try_pull(payload);
    if (data[0] == 9) try_proposal(payload, true);
    if (data[0] == 8)
        ASSAY_ASSERT(assay_finality_verify(payload, chain_id, 0, 1, &voters, proof_id,
                                           commitment) != ASSAY_OK); /* nobody could sign */
    if (is_notified(data[0])) try_vote_have(payload);
    if ((data[0] >= 1 && data[0] <= 7) || is_notified(data[0])) try_machine(data[0], from, payload);
    return 0;
}
