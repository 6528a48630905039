/*
 * tests/mutants/disrupter.c - a voter that makes things up (docs/protocol.md 5.2: what must be
 * refused). It listens, signs with its own key alone, and sends its forgeries when machines have
 * just entered a view.
 */
#include "base/assert.h"
#include "base/bytes.h"
#include "engine/consensus/block.h"
#include "engine/consensus/vote.h"
#include "sim/scenario/random.h"
#include "tests/mutants/trial.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_LEN = 1024 };

struct kept {
    uint8_t bytes[KEPT_LEN];
    size_t len;
};

struct trial_disrupter {
    struct assay_sim_simplex *world;
    uint16_t slot;
    uint32_t machines, slots;
    bool mute; /* it votes by what it makes up alone */
    struct assay_sim_random random;
    struct kept proposal;    /* the newest that was heard */
    struct kept certificate; /* of its notarisation */
};

static void keep(struct kept *kept, struct assay_slice payload)
{
    if (payload.len > sizeof kept->bytes) return;
    assay_bytes_copy(kept->bytes, sizeof kept->bytes, payload.bytes, payload.len);
    kept->len = payload.len;
}

static void listen(void *context, uint32_t machine, enum assay_message_kind kind,
                   struct assay_slice payload)
{
    struct trial_disrupter *d = context;
    struct assay_proposal p;
    struct assay_vote_certificate c;
    (void)machine;
    if (kind == ASSAY_MESSAGE_PROPOSAL && assay_proposal_decode(payload, &p) == ASSAY_OK)
        keep(&d->proposal, payload);
    if (kind == ASSAY_MESSAGE_CERTIFICATE &&
        assay_certificate_decode(payload, d->slots, &c) == ASSAY_OK &&
        c.statement.type == ASSAY_VOTE_NOTARISE)
        keep(&d->certificate, payload);
}

/* Votes of its own machine go nowhere, so that others may come to keep junk in its name. */
static bool passes(void *context, uint32_t from, uint32_t to, enum assay_message_kind kind,
                   struct assay_slice payload)
{
    const struct trial_disrupter *d = context;
    (void)to;
    (void)payload;
    return !d->mute || from != d->slot || kind != ASSAY_MESSAGE_VOTE;
}

struct trial_disrupter *trial_disrupter_create(struct assay_sim_simplex *world, uint16_t slot,
                                               uint32_t machines, uint32_t slots, uint64_t seed)
{
    struct trial_disrupter *d = calloc(1, sizeof *d);
    ASSAY_ASSERT(d != NULL);
    d->world = world;
    d->slot = slot;
    d->machines = machines;
    d->slots = slots;
    d->random = assay_sim_random_of(seed, ASSAY_SIM_STREAM_ATTACK, slot, 0);
    d->mute = assay_sim_random_permille(&d->random, 500);
    assay_sim_simplex_set_observer(world, listen, d);
    assay_sim_simplex_set_filter(world, passes, d);
    return d;
}

void trial_disrupter_destroy(struct trial_disrupter **disrupter)
{
    assay_sim_simplex_set_observer((*disrupter)->world, NULL, NULL);
    assay_sim_simplex_set_filter((*disrupter)->world, NULL, NULL);
    free(*disrupter);
    *disrupter = NULL;
}

/* To every machine but its own and `spared`, as if it had sent it. */
static void send_but(struct trial_disrupter *d, uint32_t spared, enum assay_message_kind kind,
                     const struct assay_writer *w)
{
    ASSAY_ASSERT(!w->full);
    for (uint32_t i = 0; i < d->machines; i++) {
        if (i == d->slot || i == spared || !assay_sim_simplex_alive(d->world, i)) continue;
        assay_status_ignore(assay_sim_simplex_inject(d->world, i, d->slot, kind,
                                                     assay_slice_over(w->bytes, w->len)),
                            "to be refused is what it is made for");
    }
}

static void send_all(struct trial_disrupter *d, enum assay_message_kind kind,
                     const struct assay_writer *w)
{
    send_but(d, d->slot, kind, w);
}

/* --- a block out of turn, on the newest notarised one, with the certificate it needs */

static void propose_out_of_turn(struct trial_disrupter *d)
{
    struct assay_proposal p;
    struct assay_vote_certificate c;
    uint8_t header_bytes[ASSAY_BLOCK_HEADER_LEN_MAX];
    uint8_t bytes[2048];
    uint8_t id[32];
    size_t signature_at = 0;
    if (assay_proposal_decode(assay_slice_over(d->proposal.bytes, d->proposal.len), &p) != ASSAY_OK)
        return;
    if (assay_certificate_decode(assay_slice_over(d->certificate.bytes, d->certificate.len),
                                 d->slots, &c) != ASSAY_OK)
        return;
    if (!assay_bytes_equal(c.statement.block_id, p.id, 32)) return;
    struct assay_block_header h = p.header;
    assay_bytes_copy(h.parent_id, 32, p.id, 32);
    assay_bytes_copy(h.parent_proof, 32, c.commitment, 32);
    h.parent_view = p.header.view;
    h.view = p.header.view + 1;
    h.height = p.header.height + 1;
    h.null_count = 0;
    assay_bytes_copy(h.null_root, 32, p.header.null_root, 32);
    h.time_ms++;
    h.leader = d->slot;
    if (p.header.null_count > 0) return; /* whose root of nothing is not known */
    struct assay_writer header = assay_writer_over(header_bytes, sizeof header_bytes);
    assay_block_header_encode(&h, &header);
    const struct assay_slice encoded = assay_slice_over(header_bytes, header.len);
    assay_block_id(encoded, id);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const struct assay_slice none = { NULL, 0 };
    if (assay_proposal_encode(encoded, NULL, p.body, none, &w, &signature_at) != ASSAY_OK) return;
    assay_sim_simplex_sign(d->world, d->slot, id, bytes + signature_at);
    struct assay_writer proof = assay_writer_over(bytes + w.len, sizeof bytes - w.len);
    assay_writer_put(&proof, d->certificate.bytes, d->certificate.len);
    send_all(d, ASSAY_MESSAGE_CERTIFICATE, &proof);
    send_all(d, ASSAY_MESSAGE_PROPOSAL, &w);
}

/* --- statements about the running view */

static struct assay_vote_statement statement(struct trial_disrupter *d)
{
    struct assay_simplex_snapshot look;
    const uint32_t other = (d->slot + 1u) % d->machines;
    struct assay_proposal p;
    assay_sim_simplex_look(d->world, other, &look);
    struct assay_vote_statement st = { .epoch = look.epoch,
                                       .view = look.view,
                                       .type = (enum assay_vote_type)assay_sim_random_below(
                                           &d->random, ASSAY_VOTE_TYPES) };
    assay_bytes_copy(st.chain_id, 32, assay_sim_simplex_chain_id(d->world), 32);
    if (st.type == ASSAY_VOTE_NULLIFY) return st;
    if (assay_sim_random_permille(&d->random, 500) &&
        assay_proposal_decode(assay_slice_over(d->proposal.bytes, d->proposal.len), &p) == ASSAY_OK)
        assay_bytes_copy(st.block_id, 32, p.id, 32);
    else memset(st.block_id, (int)assay_sim_random_between(&d->random, 1, 250), 32);
    return st;
}

/* A certificate in which `others` are named beside itself, whose signatures nobody made. */
static void forge_certificate(struct trial_disrupter *d, bool others)
{
    const struct assay_vote_statement st = statement(d);
    uint8_t bitmap[2] = { 0 };
    uint8_t signatures[ASSAY_SIM_SIMPLEX_MACHINES_MAX * ASSAY_P256_SIGNATURE_LEN] = { 0 };
    uint8_t digest[32];
    uint8_t bytes[2048];
    struct assay_writer s = assay_writer_over(signatures, sizeof signatures);
    assay_vote_statement_digest(&st, digest);
    for (uint32_t slot = 0; slot < d->slots; slot++) {
        uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
        memset(signature, 0x11, sizeof signature);
        if (slot != d->slot && !others) continue;
        if (slot == d->slot) assay_sim_simplex_sign(d->world, d->slot, digest, signature);
        bitmap[slot / 8] = (uint8_t)(bitmap[slot / 8] | 1u << slot % 8);
        assay_writer_put(&s, signature, sizeof signature);
    }
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_certificate_encode(&st, assay_slice_over(bitmap, (d->slots + 7) / 8),
                             assay_slice_over(signatures, s.len), &w);
    send_all(d, ASSAY_MESSAGE_CERTIFICATE, &w);
}

/* The same made-up vote in the name of every slot. */
static void forge_votes(struct trial_disrupter *d)
{
    const struct assay_vote_statement st = statement(d);
    for (uint32_t slot = 0; slot < d->slots; slot++) {
        uint8_t bytes[ASSAY_VOTE_LEN_MAX];
        uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        memset(signature, 0x22, sizeof signature);
        if (slot == d->slot) continue;
        assay_vote_encode(&st, (uint16_t)slot, signature, &w);
        send_but(d, slot, ASSAY_MESSAGE_VOTE, &w);
    }
}

/* Two statements of its own that contradict each other, or not. */
static void vote(struct trial_disrupter *d)
{
    for (int i = 0; i < 2; i++) {
        const struct assay_vote_statement st = statement(d);
        uint8_t bytes[ASSAY_VOTE_LEN_MAX];
        uint8_t digest[32];
        uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        assay_vote_statement_digest(&st, digest);
        assay_sim_simplex_sign(d->world, d->slot, digest, signature);
        assay_vote_encode(&st, d->slot, signature, &w);
        send_all(d, ASSAY_MESSAGE_VOTE, &w);
    }
}

/* Returns: what the machine said to a vote of ours. */
static enum assay_status tell(struct trial_disrupter *d, uint32_t machine,
                              const struct assay_vote_statement *st, bool junk)
{
    uint8_t bytes[ASSAY_VOTE_LEN_MAX];
    uint8_t digest[32];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_vote_statement_digest(st, digest);
    assay_sim_simplex_sign(d->world, d->slot, digest, signature);
    if (junk) signature[0] ^= 1;
    assay_vote_encode(st, d->slot, signature, &w);
    return assay_sim_simplex_inject(d->world, machine, d->slot, ASSAY_MESSAGE_VOTE,
                                    assay_slice_over(bytes, w.len));
}

/* The vote that a certificate repeats, late, and one against it: who took both must accuse, once an
 * epoch (docs/protocol.md 5.23.1).
 * Every other machine gets the first one with a signature of nobody's, which convicts nobody. */
static void contradict_late(struct trial_disrupter *d, enum assay_vote_type type)
{
    struct assay_vote_certificate c;
    const unsigned number = type == ASSAY_VOTE_FINALISE ? 2 : 1;
    if (assay_certificate_decode(assay_slice_over(d->certificate.bytes, d->certificate.len),
                                 d->slots, &c) != ASSAY_OK)
        return;
    struct assay_vote_statement against = c.statement;
    against.type = type;
    memset(against.block_id, 0x33, sizeof against.block_id);
    for (uint32_t i = 0; i < d->machines; i++) {
        if (i == d->slot || !assay_sim_simplex_alive(d->world, i)) continue;
        const enum assay_status first = tell(d, i, &c.statement, i % 2 == 0);
        if (first != ASSAY_OK && first != ASSAY_E_DUPLICATE) continue;
        if (tell(d, i, &against, false) != ASSAY_OK) continue;
        if (i % 2 == 1 &&
            !assay_sim_simplex_has_accused(d->world, i, against.epoch, d->slot, number))
            assay_sim_simplex_violate(d->world, ASSAY_SIM_CHECKER_JUSTICE,
                                      "machine %u took two votes that convict and accused nobody",
                                      (unsigned)i);
    }
}

/* docs/protocol.md 5.27: X over a range that is still to come and F in it, in either order: whoever
 * took both must accuse. */
static void contradict_range(struct trial_disrupter *d)
{
    const bool f_first = assay_sim_random_permille(&d->random, 500);
    for (uint32_t i = 0; i < d->machines; i++) {
        struct assay_simplex_snapshot look;
        if (i == d->slot || !assay_sim_simplex_alive(d->world, i)) continue;
        assay_sim_simplex_look(d->world, i, &look);
        struct assay_vote_statement x = { .epoch = look.epoch, .type = ASSAY_VOTE_NULLIFY_64 };
        assay_bytes_copy(x.chain_id, 32, assay_sim_simplex_chain_id(d->world), 32);
        x.view = assay_vote_first(x.type, look.view) + ASSAY_RANGE_VIEWS;
        struct assay_vote_statement f = x;
        f.type = ASSAY_VOTE_FINALISE;
        f.view = x.view + assay_sim_random_below(&d->random, ASSAY_RANGE_VIEWS);
        memset(f.block_id, 0x44, sizeof f.block_id);
        if (tell(d, i, f_first ? &f : &x, false) != ASSAY_OK) continue;
        if (tell(d, i, f_first ? &x : &f, false) != ASSAY_OK) continue;
        if (!assay_sim_simplex_has_accused(d->world, i, x.epoch, d->slot, 3))
            assay_sim_simplex_violate(d->world, ASSAY_SIM_CHECKER_JUSTICE,
                                      "machine %u took X over a range and F in it in silence",
                                      (unsigned)i);
    }
}

void trial_disrupter_act(struct trial_disrupter *d)
{
    switch (assay_sim_random_below(&d->random, 6)) {
    case 0: forge_certificate(d, false); return;
    case 1: forge_certificate(d, true); return;
    case 2: forge_votes(d); return;
    case 3:
        vote(d);
        contradict_late(d, ASSAY_VOTE_NOTARISE);
        contradict_late(d, ASSAY_VOTE_FINALISE);
        return;
    case 4: propose_out_of_turn(d); return;
    case 5: contradict_range(d); return;
    }
}
