/*
 * sim/twins/proofs.c - conviction by the sent messages.
 *
 * docs/protocol.md 5.23: E1 two N in a view, E2 two F in a view or F together with N of another
 * block, E3 X and F in a view, or X over a range around it, E4 two proposals of a view's leader.
 * Only signatures that verify count; votes inside certificates count like others. It has no
 * information about honesty.
 */
#include "sim/twins/twins_internal.h"

#include "engine/consensus/vote.h"

#include <stdlib.h>

/* One signed statement: a vote, or a proposal. */
struct said {
    uint64_t epoch, view;
    uint16_t slot;
    uint8_t what; /* enum assay_vote_type, or PROPOSED */
    uint8_t id[32];
};

enum { PROPOSED = 255 };

struct assay_twins_proofs {
    const struct assay_sim_simplex *world;
    uint32_t slots;
    struct said *said;
    size_t count, capacity;
};

struct assay_twins_proofs *assay_twins_proofs_create(const struct assay_sim_simplex *world,
                                                     uint32_t slots)
{
    struct assay_twins_proofs *proofs = calloc(1, sizeof *proofs);
    ASSAY_ASSERT(proofs != NULL);
    proofs->world = world;
    proofs->slots = slots;
    return proofs;
}

void assay_twins_proofs_destroy(struct assay_twins_proofs **proofs)
{
    if (*proofs == NULL) return;
    free((*proofs)->said);
    free(*proofs);
    *proofs = NULL;
}

static bool is_same_statement(const struct said *a, const struct said *b)
{
    return a->epoch == b->epoch && a->view == b->view && a->slot == b->slot && a->what == b->what &&
           assay_bytes_equal(a->id, b->id, 32);
}

static void add_statement(struct assay_twins_proofs *p, const struct said *said,
                          const uint8_t digest[32], const uint8_t *signature)
{
    if (said->slot >= p->slots) return;
    for (size_t i = p->count; i-- > 0;)
        if (is_same_statement(&p->said[i], said)) return;
    if (!assay_p256_verify(assay_sim_simplex_key(p->world, said->slot), digest, signature,
                           ASSAY_S_LOW))
        return; /* proves nothing */
    if (p->count == p->capacity) {
        p->capacity = p->capacity == 0 ? 256 : 2 * p->capacity;
        p->said = realloc(p->said, p->capacity * sizeof *p->said);
        ASSAY_ASSERT(p->said != NULL);
    }
    p->said[p->count++] = *said;
}

static struct said statement_of_vote(const struct assay_vote_statement *st, uint16_t slot)
{
    struct said said = {
        .epoch = st->epoch, .view = st->view, .slot = slot, .what = (uint8_t)st->type
    };
    assay_bytes_copy(said.id, 32, st->block_id, 32);
    return said;
}

static void note_certificate(struct assay_twins_proofs *p, struct assay_slice payload)
{
    struct assay_vote_certificate c;
    if (assay_certificate_decode(payload, p->slots, &c) != ASSAY_OK) return;
    struct assay_cursor at = assay_cursor_over(c.signatures.bytes, c.signatures.len);
    for (uint32_t slot = 0; slot < p->slots; slot++) {
        const uint8_t *signature = NULL;
        if (!assay_bitmap_has(c.bitmap, slot)) continue;
        if (assay_cursor_take(&at, ASSAY_P256_SIGNATURE_LEN, &signature) != ASSAY_OK) return;
        const struct said said = statement_of_vote(&c.statement, (uint16_t)slot);
        add_statement(p, &said, c.digest, signature);
    }
}

void assay_twins_proofs_note(void *context, uint32_t machine, enum assay_message_kind kind,
                             struct assay_slice payload)
{
    struct assay_twins_proofs *p = context;
    struct assay_vote vote;
    struct assay_proposal proposal;
    (void)machine; /* the signature identifies the signer */
    if (kind == ASSAY_MESSAGE_CERTIFICATE) note_certificate(p, payload);
    if (kind == ASSAY_MESSAGE_VOTE && assay_vote_decode(payload, &vote) == ASSAY_OK) {
        const struct said said = statement_of_vote(&vote.statement, vote.slot);
        add_statement(p, &said, vote.digest, vote.signature);
    }
    if (kind == ASSAY_MESSAGE_PROPOSAL && assay_proposal_decode(payload, &proposal) == ASSAY_OK) {
        struct said said = { .epoch = proposal.header.epoch,
                             .view = proposal.header.view,
                             .slot = proposal.header.leader,
                             .what = PROPOSED };
        assay_bytes_copy(said.id, 32, proposal.id, 32);
        add_statement(p, &said, proposal.id, proposal.signature);
    }
}

/* Returns: the number of the proof that two statements of one slot about one view make; 0: none. */
static unsigned proof_of(const struct said *a, const struct said *b)
{
    const bool other = !assay_bytes_equal(a->id, b->id, 32);
    if (a->what == PROPOSED || b->what == PROPOSED) return a->what == b->what && other ? 4 : 0;
    if (a->what > ASSAY_VOTE_FINALISE || b->what > ASSAY_VOTE_FINALISE) return 0; /* below */
    if (a->what == b->what) {
        if (a->what == ASSAY_VOTE_NULLIFY || !other) return 0;
        return a->what == ASSAY_VOTE_NOTARISE ? 1 : 2;
    }
    if (a->what != ASSAY_VOTE_FINALISE && b->what != ASSAY_VOTE_FINALISE) return 0; /* N and X */
    if (a->what == ASSAY_VOTE_NULLIFY || b->what == ASSAY_VOTE_NULLIFY) return 3;
    return other ? 2 : 0;
}

/* docs/protocol.md 5.27. Returns: 3 when one is X over a range and the other F in it; 0: not. */
static unsigned proof_over_range(const struct said *a, const struct said *b)
{
    if (a->what == PROPOSED || b->what != ASSAY_VOTE_FINALISE) return 0;
    const struct assay_vote_statement x = { .view = a->view,
                                            .type = (enum assay_vote_type)a->what };
    return assay_vote_span(x.type) > 1 && assay_vote_covers(&x, b->view) ? 3 : 0;
}

uint32_t assay_twins_proofs_convict(const struct assay_twins_proofs *p, unsigned lost,
                                    unsigned *numbers)
{
    uint32_t convicted = 0;
    *numbers = 0;
    for (size_t i = 0; i < p->count; i++) {
        for (size_t j = 0; j < i; j++) {
            const struct said *a = &p->said[i];
            const struct said *b = &p->said[j];
            if (a->slot != b->slot || a->epoch != b->epoch) continue;
            unsigned number = a->view == b->view ? proof_of(a, b) : 0;
            if (number == 0) number = proof_over_range(a, b) | proof_over_range(b, a);
            if (number == 0 || (lost >> number & 1) != 0) continue;
            convicted |= 1u << a->slot;
            *numbers |= 1u << number;
        }
    }
    return convicted;
}
