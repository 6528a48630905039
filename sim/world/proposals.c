/*
 * sim/world/proposals.c - operators of a scenario that decide on the ledger: they propose a draft,
 * approve what an honest member shows, change their minds, and never meet (docs/protocol.md 9.19).
 *
 * An operator uses one honest member for each statement, as with `assay change`: what it numbers
 * follows from what that member has read. A member may be behind; a Byzantine one may hold a
 * statement back, which its operator then repeats or withdraws elsewhere.
 */
#include "sim/world/proposals_internal.h"

#include "engine/parts/engine_internal.h"

#include <stdlib.h>

enum {
    LIFETIME = 4000,         /* epochs; a proposal ends with the activation of its change */
    APPROVES_PERMILLE = 600, /* of operators and turns in which a proposal is shown */
    AGAIN_EPOCHS = 4,        /* until an operator misses its statement */
    HELD_EPOCHS_MAX = 8,     /* a Byzantine member has it alone */
    STREAM_PROPOSALS = 1919, /* of operators' draws */
};

void world_proposals_open(struct world_run *r)
{
    if (!assay_scenario_proposes(r->scenario)) return;
    struct world_proposals *p = r->proposals = calloc(1, sizeof *p);
    ASSAY_ASSERT(p != NULL);
    p->statements = calloc(STATEMENTS_MAX, sizeof *p->statements);
    p->signed_ = calloc(SIGNED_MAX, sizeof *p->signed_);
    ASSAY_ASSERT(p->statements != NULL && p->signed_ != NULL);
    p->random =
        assay_sim_random_of(r->w->options.seed, ASSAY_SIM_STREAM_CHANGE, STREAM_PROPOSALS, 0);
    world_reviews_open(r);
}

void world_proposals_free(struct world_run *r)
{
    struct world_proposals *p = r->proposals;
    if (p == NULL) return;
    for (uint32_t i = 0; i < p->count; i++)
        world_payload_drop(r->w, p->statements[i].record);
    world_reviews_free(r);
    free(p->statements);
    free(p->signed_);
    free(p);
    r->proposals = NULL;
}

static void count_figure(struct world_run *r, enum assay_sim_figure figure)
{
    r->outcome->figures[figure][0]++;
}

static bool draw_chance(struct world_run *r, uint32_t permille)
{
    return assay_sim_random_below(&r->proposals->random, 1000) < permille;
}

bool world_proposals_possible(const struct world_run *r)
{
    return r->before.rules.parameters.level >= ASSAY_LEVEL_REVIEWS;
}

bool world_is_lying_operator(const struct world_run *r, uint32_t set)
{
    const uint32_t all = r->w->genesis->operator_count;
    return set < all && set + r->scenario->proposals.liars >= all;
}

/* --- statements */

static void sign_digest(const struct world_run *r, uint32_t set, const uint8_t digest[static 32],
                        uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    struct assay_secret32 key;
    struct assay_p256_signer *signer = NULL;
    world_set_key(r->w, set, KEY_OPERATOR, &key);
    enum assay_status status = assay_p256_signer_load(&key, &signer);
    ASSAY_ASSERT(status == ASSAY_OK);
    status = assay_p256_sign(signer, digest, signature);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_p256_signer_free(&signer);
}

size_t world_sign_review(const struct world_run *r, uint32_t set, struct assay_review *review,
                         uint8_t *bytes, size_t capacity)
{
    uint8_t body[ASSAY_REVIEW_BODY_LEN_MAX], digest[32], signature[ASSAY_P256_SIGNATURE_LEN];
    struct assay_writer b = assay_writer_over(body, sizeof body);
    struct assay_writer w = assay_writer_over(bytes, capacity);
    review->has_signature = review->act != ASSAY_REVIEW_WITHDRAW;
    if (review->has_signature) sign_digest(r, set, review->digest, review->change_signature);
    enum assay_status status = assay_review_encode(review, &b);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_sha256(body, b.len, digest);
    sign_digest(r, set, digest, signature);
    status = assay_record_put_review(&w, assay_slice_over(body, b.len), signature, review->change);
    ASSAY_ASSERT(status == ASSAY_OK);
    return w.len;
}

static void enter_lists(struct world_proposals *p, struct world_statement *s)
{
    uint32_t *of_key = &p->of_key[world_statement_list(s->key)];
    uint32_t *of_digest = &p->of_digest[world_statement_list(s->digest)];
    s->next_of_key = *of_key;
    s->next_of_digest = *of_digest;
    *of_key = *of_digest = (uint32_t)(s - p->statements) + 1;
}

static struct world_statement *about_or_older(const struct world_run *r, uint32_t at,
                                              const uint8_t digest[static 32])
{
    const struct world_proposals *p = r->proposals;
    while (at > 0 && !assay_bytes_equal(p->statements[at - 1].digest, digest, 32))
        at = p->statements[at - 1].next_of_digest;
    return at > 0 ? &p->statements[at - 1] : NULL;
}

struct world_statement *world_newest_about(const struct world_run *r,
                                           const uint8_t digest[static 32])
{
    return about_or_older(r, r->proposals->of_digest[world_statement_list(digest)], digest);
}

struct world_statement *world_older_about(const struct world_run *r,
                                          const struct world_statement *s)
{
    return about_or_older(r, s->next_of_digest, s->digest);
}

struct world_statement *world_state(struct world_run *r, const struct world_statement *what,
                                    struct assay_slice change)
{
    struct world_proposals *p = r->proposals;
    struct assay_review review = { .era = r->before.era,
                                   .act = what->act,
                                   .place = what->place,
                                   .issued = what->issued,
                                   .number = what->number,
                                   .sequence = what->sequence,
                                   .comment = assay_slice_over("as agreed", 9),
                                   .change = change };
    if (p->count == STATEMENTS_MAX) return NULL;
    struct world_statement *s = &p->statements[p->count++];
    *s = *what;
    s->era = review.era;
    s->expires = review.expires = what->issued + LIFETIME;
    s->honest = !world_is_lying_operator(r, s->set);
    s->made_at = ++p->acts;
    assay_bytes_copy(review.chain_id, 32, r->before.chain_id, 32);
    assay_bytes_copy(review.operator_id, 32, s->operator_id, 32);
    assay_bytes_copy(review.digest, 32, s->digest, 32);
    const size_t len = world_sign_review(r, s->set, &review, p->row, ASSAY_REVIEWS_RECORD_LEN_MAX);
    s->record = world_payload(r->w, p->row, len);
    const enum assay_status status =
        assay_record_decode(assay_slice_over(s->record->bytes, len), p->record);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_bytes_copy(s->key, 32, p->record->key, 32);
    enter_lists(p, s);
    count_figure(r, ASSAY_SIM_FIGURE_STATEMENTS);
    return s;
}

uint32_t world_draw_member(struct world_run *r)
{
    const uint32_t n = r->scenario->nodes;
    const uint32_t first = (uint32_t)assay_sim_random_below(&r->proposals->random, n);
    for (uint32_t k = 0; k < n; k++)
        if (world_is_reachable_member(r, (first + k) % n)) return (first + k) % n;
    return UINT32_MAX;
}

void world_hand_in(struct world_run *r, struct world_statement *s, uint32_t node)
{
    struct world_proposals *p = r->proposals;
    struct world_review_node *n = &p->nodes[node];
    const struct assay_slice bytes = assay_slice_over(s->record->bytes, s->record->len);
    const uint32_t place = assay_reviews_find_waiting_place(n->waiting, s->operator_id);
    const enum assay_status status = assay_record_decode(bytes, p->record);
    ASSAY_ASSERT(status == ASSAY_OK);
    if (place == ASSAY_REVIEWS_WAITING_MAX) return; /* its operator is told so */
    assay_reviews_set_waiting(&n->waiting[place], p->record);
    s->handed = true;
    s->handed_epoch = r->before.epoch;
    world_offer_record(r, node, bytes);
}

/* What an operator states next in a place, by what a member shows. */
static struct world_statement next_in(const struct world_run *r, uint32_t set, uint32_t node,
                                      enum assay_review_act act, uint32_t place,
                                      const struct draft *draft)
{
    uint8_t public[ASSAY_P256_PUBLIC_LEN];
    struct world_statement s = {
        .set = set, .act = act, .place = place, .sequence = draft->sequence
    };
    const struct world_review_node *n = &r->proposals->nodes[node];
    const struct assay_review_entry *e = NULL;
    world_operator_of_set(r->w, set, public, s.operator_id);
    assay_bytes_copy(s.digest, 32, draft->body_digest, 32);
    s.issued = r->w->nodes[node].engine->head->state.epoch + 1;
    if (n->memory != NULL) e = assay_reviews_in_place(&n->set, s.operator_id, place, s.digest);
    if (e != NULL && e->review.issued == s.issued) s.number = e->review.number + 1;
    return s;
}

/* To an honest member, or first to a Byzantine one that holds it back. */
static void deliver_statement(struct world_run *r, struct world_statement *s, uint32_t node)
{
    struct world_proposals *p = r->proposals;
    bool any = false;
    for (uint32_t i = 0; i < r->scenario->nodes; i++)
        any |= r->byzantine[i];
    if (!any || !draw_chance(r, r->scenario->proposals.held_permille)) {
        world_hand_in(r, s, node);
        return;
    }
    s->release_epoch = r->epoch + 1 + assay_sim_random_below(&p->random, HELD_EPOCHS_MAX);
    count_figure(r, ASSAY_SIM_FIGURE_STATEMENTS_HELD);
}

/* --- one proposal */

static const struct world_statement *last_about(const struct world_run *r, uint32_t set,
                                                const uint8_t digest[static 32])
{
    const struct world_statement *s = world_newest_about(r, digest);
    while (s != NULL && (s->set != set || s->era != r->before.era))
        s = world_older_about(r, s);
    return s;
}

static void propose_draft(struct world_run *r, uint32_t index, const struct draft *draft,
                          uint32_t set)
{
    struct world_proposing *about = &r->proposals->proposing[index];
    const uint32_t node = world_draw_member(r);
    if (node == UINT32_MAX) return;
    const struct world_statement what =
        next_in(r, set, node, ASSAY_REVIEW_PROPOSE, index % ASSAY_REVIEW_PLACES, draft);
    struct world_statement *s =
        world_state(r, &what, assay_slice_over(draft->body->bytes, draft->body->len));
    if (s == NULL) return;
    deliver_statement(r, s, node);
    if (about->open) return; /* once more */
    *about = (struct world_proposing){
        .open = true, .author = set, .since = r->before.epoch, .chances = UINT32_MAX
    };
    about->is_healed = r->healed;
    assay_bytes_copy(about->digest, 32, draft->body_digest, 32);
    if (!draw_chance(r, r->scenario->proposals.lapsed_permille)) return;
    about->chances = 0;
    about->is_disturbed = true;
}

static bool is_shown(const struct world_run *r, uint32_t node, const uint8_t digest[static 32])
{
    const struct world_review_node *n = &r->proposals->nodes[node];
    const struct assay_reviews_facts facts = world_reviews_facts(r, node);
    const struct assay_review_entry *e = NULL;
    if (n->memory == NULL || n->life != r->w->nodes[node].life) return false;
    for (uint32_t at = 0; (e = assay_reviews_next(&n->set, &facts, &at)) != NULL;)
        if (assay_bytes_equal(e->review.digest, digest, 32)) return true;
    return false;
}

/* An operator finds the proposal at a member, and has not stated this there, or misses it. */
static void approve_draft(struct world_run *r, uint32_t set, uint32_t node,
                          const struct draft *draft)
{
    const struct world_statement *last = last_about(r, set, draft->body_digest);
    if (last != NULL && last->act == ASSAY_REVIEW_WITHDRAW) return; /* it has decided */
    if (last != NULL && r->before.epoch < last->issued + AGAIN_EPOCHS) return;
    if (last != NULL && last->final_epoch > 0) return;
    const struct world_statement what =
        next_in(r, set, node, ASSAY_REVIEW_APPROVE, ASSAY_REVIEW_PLACE_APPROVAL, draft);
    struct world_statement *s = world_state(r, &what, (struct assay_slice){ 0 });
    if (s != NULL) deliver_statement(r, s, node);
}

static void withdraw_statement(struct world_run *r, uint32_t index, uint32_t set, uint32_t node,
                               const struct draft *draft)
{
    struct world_statement what =
        next_in(r, set, node, ASSAY_REVIEW_WITHDRAW, ASSAY_REVIEW_PLACE_APPROVAL, draft);
    struct world_statement *s = world_state(r, &what, (struct assay_slice){ 0 });
    if (s == NULL) return;
    r->proposals->proposing[index].is_disturbed = true;
    count_figure(r, ASSAY_SIM_FIGURE_PROPOSALS_WITHDRAWN);
    world_hand_in(r, s, node);
}

/* Since when enough honest approvals are with honest members. */
static void follow_approvals(struct world_run *r, uint32_t index, const struct draft *draft)
{
    struct world_proposing *about = &r->proposals->proposing[index];
    const struct assay_genesis *g = r->changes->operators;
    uint32_t count = 0;
    for (uint32_t i = 0; i < g->operator_count; i++) {
        const uint32_t set = world_set_of_operator(r->w, g->operators[i].operator_id);
        const struct world_statement *s = last_about(r, set, draft->body_digest);
        count += s != NULL && s->honest && s->handed && s->act != ASSAY_REVIEW_WITHDRAW;
    }
    const struct world_statement *author = last_about(r, about->author, draft->body_digest);
    /* A key that was replaced orphans the proposal (docs/protocol.md 9.6.7). */
    const bool is_ready = count >= g->threshold && author != NULL && author->handed &&
                          assay_operator_find(g, author->operator_id) != NULL;
    if (!is_ready) about->ready = 0;
    else if (about->ready == 0) about->ready = r->before.epoch;
}

/* An author that misses its proposal makes it once more. */
static void miss_proposal(struct world_run *r, uint32_t index, const struct draft *draft)
{
    struct world_proposing *about = &r->proposals->proposing[index];
    const struct world_statement *s = last_about(r, about->author, draft->body_digest);
    if (s == NULL || s->act == ASSAY_REVIEW_WITHDRAW || s->final_epoch > 0) return;
    if (assay_operator_find(r->changes->operators, s->operator_id) == NULL) return;
    if (r->before.epoch < s->issued + AGAIN_EPOCHS) return;
    propose_draft(r, index, draft, about->author);
}

void world_proposals_submit(struct world_run *r, uint32_t index, const struct draft *draft)
{
    struct world_proposals *p = r->proposals;
    struct world_proposing *about = &p->proposing[index];
    const struct assay_genesis *g = r->changes->operators;
    if (about->open && !assay_bytes_equal(about->digest, draft->body_digest, 32))
        about->open = false;
    if (!about->open) {
        const uint32_t i = (uint32_t)assay_sim_random_below(&p->random, g->operator_count);
        const uint32_t set = world_set_of_operator(r->w, g->operators[i].operator_id);
        if (!world_is_lying_operator(r, set)) propose_draft(r, index, draft, set);
        return;
    }
    for (uint32_t i = 0; i < g->operator_count; i++) {
        const uint32_t set = world_set_of_operator(r->w, g->operators[i].operator_id);
        const struct world_statement *last = last_about(r, set, draft->body_digest);
        const uint32_t node = world_draw_member(r);
        const bool acts = draw_chance(r, APPROVES_PERMILLE) && about->chances > 0;
        const bool regrets = draw_chance(r, r->scenario->proposals.withdrawn_permille);
        if (node == UINT32_MAX || world_is_lying_operator(r, set)) continue;
        if (last != NULL && regrets && last->act != ASSAY_REVIEW_WITHDRAW)
            withdraw_statement(r, index, set, node, draft);
        else if (set != about->author && acts && is_shown(r, node, draft->body_digest))
            approve_draft(r, set, node, draft);
    }
    miss_proposal(r, index, draft);
    follow_approvals(r, index, draft);
}

bool world_proposals_replaced(struct world_run *r)
{
    return draw_chance(r, r->scenario->proposals.replaced_permille);
}

void world_proposals_over(struct world_run *r, uint32_t index, const struct draft *draft)
{
    struct world_proposing *about = &r->proposals->proposing[index];
    if (!about->open) return;
    world_consent_late(r, about, draft);
    about->open = false;
    count_figure(r, ASSAY_SIM_FIGURE_PROPOSALS_LATE);
}

void world_proposals_turn(struct world_run *r)
{
    struct world_proposals *p = r->proposals;
    if (p == NULL) return;
    if (r->w->genesis->operator_count > 0)
        p->victim =
            (uint32_t)assay_sim_random_below(&p->random, r->changes->operators->operator_count);
    world_consent_inclusion(r);
    if (world_proposals_possible(r)) world_liars_turn(r);
}
