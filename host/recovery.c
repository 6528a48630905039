/*
 * host/recovery.c - answers to a fence, held together (docs/protocol.md 9.14).
 */
#include "host/recovery.h"

#include "base/assert.h"

enum assay_status assay_recovery_begin(struct assay_recovery *r, const struct assay_state *state)
{
    uint64_t total = 0;
    assay_bytes_zero(r, sizeof *r);
    r->state = state;
    if (state->member_count > ASSAY_MEMBERS_MAX) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < state->member_count; i++) {
        const struct assay_member *m = &state->members[i];
        ASSAY_TRY(assay_p256_load(m->lives[0].voting_public, &r->keys[i]));
        r->weights[i] = m->seat_weight;
        assay_bytes_copy(r->node_ids[i], 32, m->node_id, 32);
        total += m->seat_weight;
    }
    r->voters = (struct assay_voter_table){ .count = state->member_count,
                                            .weight = r->weights,
                                            .node_id = (const uint8_t(*)[32])r->node_ids,
                                            .voting_key = r->keys,
                                            .total_weight = total };
    return total > 0 ? ASSAY_OK : ASSAY_E_RANGE;
}

void assay_recovery_end(struct assay_recovery *r)
{
    for (uint32_t i = 0; i < ASSAY_MEMBERS_MAX; i++)
        assay_p256_free(&r->keys[i]);
}

/* A head above the last EPOCH block needs the final certificate of the running epoch. */
static bool is_proven(const struct assay_recovery *r, const struct assay_answer_body *a)
{
    struct assay_certificate c;
    if (a->epoch != r->state->epoch + 1) return true; /* below: it can only be too low */
    if (a->view == 0)
        return a->height == r->state->head_height &&
               assay_bytes_equal(a->id, r->state->head_id, 32);
    if (assay_certificate_decode(a->certificate, r->voters.count, &c) != ASSAY_OK) return false;
    return c.statement.type == ASSAY_VOTE_FINALISE && c.statement.era == r->state->era &&
           c.statement.epoch == a->epoch && c.statement.view >= a->view &&
           assay_bytes_equal(c.statement.chain_id, r->state->chain_id, 32) &&
           (c.statement.view > a->view || assay_bytes_equal(c.statement.block_id, a->id, 32)) &&
           assay_certificate_verify(&c, &r->voters) == ASSAY_OK;
}

static void show(struct assay_recovery *r, uint32_t weight, const struct assay_answer_vote *v)
{
    uint32_t at = 0;
    while (at < r->shown_count && (r->shown[at].view != v->view ||
                                   !assay_bytes_equal(r->shown[at].id, v->id, 32)))
        at++;
    if (at == ASSAY_RECOVERY_DOUBTS_MAX) {
        r->overflowed = true;
        return;
    }
    struct assay_recovery_doubt *d = &r->shown[at];
    if (at == r->shown_count) {
        r->shown_count++;
        *d = (struct assay_recovery_doubt){ .view = v->view };
        assay_bytes_copy(d->id, 32, v->id, 32);
    }
    if (v->height != 0) d->height = v->height;
    d->weight += weight;
}

/* A certificate of a block whose body its holder lacks: as if two thirds had shown F. */
static void show_certificate(struct assay_recovery *r, const struct assay_answer_body *a)
{
    struct assay_certificate c;
    if (assay_certificate_decode(a->certificate, r->voters.count, &c) != ASSAY_OK) return;
    if (c.statement.view <= a->view || c.statement.type != ASSAY_VOTE_FINALISE) return;
    struct assay_answer_vote v = { .view = c.statement.view };
    assay_bytes_copy(v.id, 32, c.statement.block_id, 32);
    show(r, (uint32_t)r->voters.total_weight, &v);
}

enum assay_status assay_recovery_add(struct assay_recovery *r,
                                     const struct assay_answer_file *answer, const char **why)
{
    const struct assay_answer_body *a = &answer->about;
    const struct assay_state *state = r->state;
    *why = "";
    if (!assay_bytes_equal(a->chain_id, state->chain_id, 32) || a->era != state->era) {
        *why = "it is of another network or era";
        return ASSAY_E_CHAIN;
    }
    const uint32_t slot = assay_state_slot_of(state, answer->node_id);
    if (slot == state->member_count) {
        *why = "it is by nobody of the roster";
        return ASSAY_E_STRANGER;
    }
    if (a->epoch > state->epoch + 1) {
        *why = "its head is of a later epoch than is known here: draft by a node that has it";
        return ASSAY_E_EARLY;
    }
    if (!is_proven(r, a)) {
        *why = "the head that it names is not proven";
        return ASSAY_E_INVALID;
    }
    struct assay_recovery_answer *own = &r->answers[slot];
    if (own->given) {
        *why = "this member has answered already: give its newest answer alone";
        return ASSAY_E_DUPLICATE;
    }
    *own = (struct assay_recovery_answer){ .given = true,
                                           .whole = a->whole,
                                           .has_keys = a->has_keys,
                                           .epoch = a->epoch,
                                           .height = a->height,
                                           .view = a->view,
                                           .time_ms = a->time_ms,
                                           .keys = a->keys };
    assay_bytes_copy(own->id, 32, a->id, 32);
    if (a->epoch != state->epoch + 1) return ASSAY_OK; /* its F are below the table's epoch */
    for (uint32_t i = 0; i < a->vote_count; i++)
        show(r, r->weights[slot], &a->votes[i]);
    show_certificate(r, a);
    return ASSAY_OK;
}

static void list_keys(struct assay_recovery *r)
{
    r->key_count = 0;
    for (uint32_t i = 0; i < r->voters.count; i++) {
        if (!r->answers[i].given || !r->answers[i].has_keys) continue;
        uint32_t at = r->key_count++;
        for (; at > 0 && assay_bytes_compare(r->listed[at - 1].node_id, r->node_ids[i], 32) > 0;
             at--)
            r->listed[at] = r->listed[at - 1];
        r->listed[at] = r->answers[i].keys;
    }
}

enum assay_status assay_recovery_judge(struct assay_recovery *r)
{
    const struct assay_recovery_answer *best = NULL;
    r->answered_weight = r->unknown_weight = 0;
    for (uint32_t i = 0; i < r->voters.count; i++) {
        const struct assay_recovery_answer *a = &r->answers[i];
        if (a->given) r->answered_weight += r->weights[i];
        if (!a->given || !a->whole) r->unknown_weight += r->weights[i];
        if (!a->given) continue;
        if (best != NULL && a->epoch == best->epoch && a->height == best->height &&
            !assay_bytes_equal(a->id, best->id, 32))
            return ASSAY_E_INVALID;
        if (best != NULL && a->height <= best->height) continue;
        best = a;
        r->head = i;
    }
    list_keys(r);
    /* docs/protocol.md 9.14: one of them is honest. */
    if (best == NULL || !assay_third(r->answered_weight, r->voters.total_weight))
        return ASSAY_E_SIGNATURE;
    return ASSAY_OK;
}

static bool is_above(const struct assay_recovery *r, const struct assay_recovery_doubt *d)
{
    const struct assay_recovery_answer *head = &r->answers[r->head];
    return head->epoch != r->state->epoch + 1 || d->view > head->view;
}

bool assay_recovery_may_be_final(const struct assay_recovery *r,
                                 const struct assay_recovery_doubt *d)
{
    return is_above(r, d) &&
           assay_quorum(d->weight + r->unknown_weight, r->voters.total_weight);
}

uint64_t assay_recovery_margin(const struct assay_recovery *r)
{
    const uint64_t quorum = 2 * r->voters.total_weight / 3 + 1;
    uint64_t most = 0; /* of one block above the head */
    if (r->overflowed) return 0;
    for (uint32_t i = 0; i < r->shown_count; i++)
        if (is_above(r, &r->shown[i]) && r->shown[i].weight > most) most = r->shown[i].weight;
    const uint64_t reached = most + r->unknown_weight;
    return reached >= quorum ? 0 : quorum - reached;
}

bool assay_recovery_in_doubt(const struct assay_recovery *r)
{
    return assay_recovery_margin(r) == 0;
}
