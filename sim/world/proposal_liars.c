/*
 * sim/world/proposal_liars.c - operators that lie about proposals, and members that misuse what
 * operators stated (docs/protocol.md 9.19).
 *
 * A liar may state anything under its own key, as often as it can, and anything in another's name.
 * A Byzantine member has all statements that were ever made, sends them again, holds back those
 * that only it has, and as leader takes old ones of one operator into its blocks, or none of it.
 */
#include "sim/world/proposals_internal.h"

enum {
    US = 1000,
    BARRING = 12, /* old statements that a Byzantine leader puts into its pool, in each epoch */
};

static void count_figure(struct world_run *r, enum assay_sim_figure figure)
{
    r->outcome->figures[figure][0]++;
}

static uint64_t draw_below(struct world_run *r, uint64_t below)
{
    return assay_sim_random_below(&r->proposals->random, below);
}

static void send_at(struct world_run *r, uint32_t node, struct world_payload *payload,
                    uint16_t from, uint64_t delay_us)
{
    struct item *item = world_item(r->w, node, ITEM_MESSAGE);
    item->from = from;
    item->message = ASSAY_MESSAGE_RECORD;
    item->payload = payload;
    payload->refs++;
    world_push(r->w, item, r->w->now_us + 1 + delay_us);
}

static void send_to(struct world_run *r, uint32_t node, struct world_payload *payload,
                    uint16_t from)
{
    send_at(r, node, payload, from, draw_below(r, (uint64_t)r->scenario->epoch_ms * US / 2));
}

/* --- lying operators */

static size_t make_change(struct world_run *r, uint8_t *bytes, size_t capacity,
                          uint8_t digest[static 32])
{
    const struct assay_state *s = &r->before;
    struct assay_change change = { .era = s->era };
    /* One draw for each statement: the order within an initialiser is the compiler's choice. */
    change.sequence = s->change_sequence + 1 + draw_below(r, 2);
    change.activation = s->epoch + 8 + draw_below(r, 4000);
    struct assay_action rest = { .kind = ASSAY_ACTION_REST };
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_bytes_copy(change.chain_id, 32, s->chain_id, 32);
    assay_bytes_copy(rest.node_id, 32, s->members[draw_below(r, s->member_count)].node_id, 32);
    const enum assay_status status = assay_change_encode(&change, &rest, 1, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_sha256(bytes, w.len, digest);
    return w.len;
}

/* Anything under its own key; half of the time about what others proposed. */
static void flood(struct world_run *r, uint32_t set, const uint8_t id[static 32])
{
    struct world_proposals *p = r->proposals;
    uint8_t change[512];
    struct world_statement what = { .set = set };
    what.act = (enum assay_review_act)(1 + draw_below(r, 3));
    what.issued = r->before.epoch + 1 - draw_below(r, 2);
    what.number = draw_below(r, 1000);
    const size_t len = make_change(r, change, sizeof change, what.digest);
    what.sequence = r->before.change_sequence + 1;
    what.place = what.act == ASSAY_REVIEW_APPROVE ? ASSAY_REVIEW_PLACE_APPROVAL
                                                  : (uint32_t)draw_below(r, ASSAY_REVIEW_PLACES);
    if (what.act != ASSAY_REVIEW_PROPOSE && p->count > 0 && draw_below(r, 2) == 0)
        assay_bytes_copy(what.digest, 32, p->statements[draw_below(r, p->count)].digest, 32);
    struct assay_change made;
    if (what.act == ASSAY_REVIEW_PROPOSE &&
        assay_change_decode(assay_slice_over(change, len), &made) == ASSAY_OK)
        what.sequence = made.sequence;
    assay_bytes_copy(what.operator_id, 32, id, 32);
    struct world_statement *s =
        world_state(r, &what, assay_slice_over(change, what.act == ASSAY_REVIEW_PROPOSE ? len : 0));
    const uint32_t node = world_draw_member(r);
    if (s == NULL || node == UINT32_MAX) return;
    if (draw_below(r, 2) == 0) world_hand_in(r, s, node);
    else send_to(r, node, s->record, ASSAY_SLOT_SELF);
}

/* In the name of another operator, or with the signature of another change. */
static void forge(struct world_run *r, uint32_t set)
{
    struct world_proposals *p = r->proposals;
    const struct assay_genesis *g = r->changes->operators;
    if (p->count == 0) return;
    const struct world_statement *about = &p->statements[draw_below(r, p->count)];
    const uint8_t *other = g->operators[draw_below(r, g->operator_count)].operator_id;
    if (world_set_of_operator(r->w, other) == set) return; /* its own name */
    struct assay_review review = { .era = r->before.era,
                                   .act = ASSAY_REVIEW_APPROVE,
                                   .place = ASSAY_REVIEW_PLACE_APPROVAL,
                                   .issued = r->before.epoch + 1,
                                   .number = draw_below(r, 1000),
                                   .sequence = about->sequence,
                                   .comment = assay_slice_over("as agreed", 9) };
    if (draw_below(r, 3) == 0) review.act = ASSAY_REVIEW_WITHDRAW;
    review.expires = review.issued + 1000;
    assay_bytes_copy(review.chain_id, 32, r->before.chain_id, 32);
    assay_bytes_copy(review.digest, 32, about->digest, 32);
    assay_bytes_copy(review.operator_id, 32, other, 32);
    if (draw_below(r, 4) == 0) review.issued += 50; /* of an epoch to come */
    const size_t len = world_sign_review(r, set, &review, p->row, ASSAY_REVIEWS_RECORD_LEN_MAX);
    struct world_payload *payload = world_payload(r->w, p->row, len);
    if (draw_below(r, 4) == 0) { /* another comment under the signature of its operator */
        struct world_payload *copy = world_payload(r->w, about->record->bytes, about->record->len);
        for (uint32_t i = 0; i + 9 < copy->len; i++)
            if (copy->bytes[i] == 'a' && copy->bytes[i + 1] == 's' && copy->bytes[i + 2] == ' ')
                copy->bytes[i] = 'A';
        world_payload_drop(r->w, payload);
        payload = copy;
    }
    const uint32_t node = world_draw_member(r);
    if (node != UINT32_MAX) send_to(r, node, payload, ASSAY_SLOT_SELF);
    count_figure(r, ASSAY_SIM_FIGURE_STATEMENTS_FORGED);
    world_payload_drop(r->w, payload);
}

static void act_liars(struct world_run *r)
{
    const struct assay_sim_proposals *o = &r->scenario->proposals;
    const struct assay_genesis *g = r->changes->operators;
    for (uint32_t i = 0; i < g->operator_count; i++) {
        const uint32_t set = world_set_of_operator(r->w, g->operators[i].operator_id);
        if (!world_is_lying_operator(r, set)) continue;
        for (uint32_t k = 0; k < o->floods; k++)
            flood(r, set, g->operators[i].operator_id);
        if (draw_below(r, 1000) < o->forged_permille) forge(r, set);
    }
}

/* --- Byzantine members */

/* Those that only it has, when their time is over. */
static void release_held(struct world_run *r)
{
    struct world_proposals *p = r->proposals;
    for (uint32_t i = 0; i < p->count; i++) {
        struct world_statement *s = &p->statements[i];
        if (s->release_epoch == 0 || s->release_epoch > r->epoch) continue;
        const uint32_t node = world_draw_member(r);
        if (node == UINT32_MAX) return;
        s->release_epoch = 0;
        send_to(r, node, s->record, ASSAY_SLOT_SELF);
    }
}

static void replay(struct world_run *r, uint32_t member)
{
    struct world_proposals *p = r->proposals;
    if (p->count == 0) return;
    const struct world_statement *s = &p->statements[draw_below(r, p->count)];
    const uint32_t node = world_draw_member(r);
    if (node == UINT32_MAX || node == member) return;
    send_to(r, node, s->record, (uint16_t)member);
    count_figure(r, ASSAY_SIM_FIGURE_STATEMENTS_AGAIN);
}

/* Into its own pool: oldest first, so that each later one finds room. */
static void bar(struct world_run *r, uint32_t member)
{
    struct world_proposals *p = r->proposals;
    const uint8_t *id = r->changes->operators->operators[p->victim].operator_id;
    uint32_t left = BARRING;
    for (uint32_t i = 0; i < p->count && left > 0; i++) {
        const struct world_statement *s = &p->statements[i];
        if (s->release_epoch != 0 || s->sequence <= r->before.change_sequence) continue;
        if (!assay_bytes_equal(s->operator_id, id, 32)) continue;
        send_at(r, member, s->record, ASSAY_SLOT_SELF,
                (BARRING - left) * (uint64_t)r->scenario->epoch_ms * US / (2 * BARRING));
        left--;
    }
}

bool world_liars_take(struct world_run *r, uint32_t node, const struct assay_record *record)
{
    const struct assay_sim_proposals *o = &r->scenario->proposals;
    const struct world_proposals *p = r->proposals;
    const struct assay_genesis *g = r->changes->operators;
    (void)node;
    if (p->victim >= g->operator_count) return true;
    const bool is_victim =
        assay_bytes_equal(record->review.operator_id, g->operators[p->victim].operator_id, 32);
    if (o->omits && is_victim) return false;
    /* Its own pool has old ones of the victim instead. */
    return !o->bars || !is_victim ||
           record->review.issued + ASSAY_REVIEW_FRESH_EPOCHS / 2 < r->before.epoch;
}

void world_liars_turn(struct world_run *r)
{
    const struct assay_sim_proposals *o = &r->scenario->proposals;
    act_liars(r);
    release_held(r);
    for (uint32_t i = 0; i < r->scenario->nodes; i++) {
        if (!r->byzantine[i] || !r->w->nodes[i].alive) continue;
        for (uint32_t k = 0; k < o->replayed; k++)
            replay(r, i);
        if (o->bars) bar(r, i);
    }
}
