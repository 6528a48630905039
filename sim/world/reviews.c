/*
 * sim/world/reviews.c - proposals at the nodes of a scenario, as net/runtime has them: the set that
 * follows from final blocks, statements that wait, and what a node offers in each epoch.
 *
 * The set is on the disk of its node, so a process that starts has it again, entry by entry; where
 * the disk is older, or another one, it begins anew.
 */
#include "engine/parts/engine_internal.h"
#include "sim/world/proposals_internal.h"

#include <stdlib.h>
#include <string.h>

enum { US = 1000 };

void world_reviews_open(struct world_run *r)
{
    struct world_proposals *p = r->proposals;
    p->nodes = calloc(r->scenario->nodes, sizeof *p->nodes);
    p->record = malloc(sizeof *p->record);
    p->row = malloc(ASSAY_REVIEWS_RECORD_LEN_MAX);
    ASSAY_ASSERT(p->nodes != NULL && p->record != NULL && p->row != NULL);
}

void world_reviews_free(struct world_run *r)
{
    struct world_proposals *p = r->proposals;
    for (uint32_t i = 0; i < r->scenario->nodes; i++)
        free(p->nodes[i].memory);
    free(p->nodes);
    free(p->record);
    free(p->row);
}

struct assay_reviews_facts world_reviews_facts(const struct world_run *r, uint32_t node)
{
    const struct assay_engine *engine = r->w->nodes[node].engine;
    const struct assay_state *s = &engine->head->state;
    return (struct assay_reviews_facts){ .era = s->era,
                                         .epoch = s->epoch + 1,
                                         .change_sequence = s->change_sequence,
                                         .effective = engine->genesis };
}

/* --- the set of a process */

static void make_set(struct assay_reviews *set, void **memory, uint32_t operators)
{
    *memory = aligned_alloc(64, assay_reviews_memory_len(operators));
    ASSAY_ASSERT(*memory != NULL);
    assay_reviews_init(set, *memory, operators);
}

static void restore_entry(struct world_run *r, struct assay_reviews *set,
                          const struct assay_reviews *before, uint32_t i,
                          const struct assay_reviews_facts *facts)
{
    struct world_proposals *p = r->proposals;
    const struct assay_review_entry *e = &before->entries[i];
    struct assay_writer w = assay_writer_over(p->row, ASSAY_REVIEWS_RECORD_LEN_MAX);
    if (!e->used) return;
    enum assay_status status = assay_reviews_record(before, e, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    status = assay_record_decode(assay_slice_over(p->row, w.len), p->record);
    ASSAY_ASSERT(status == ASSAY_OK);
    const bool restored =
        assay_reviews_restore(set, i, p->record, e->since_epoch, e->last_epoch, facts);
    if (!restored)
        world_report_violation(r->w, ASSAY_SIM_CHECKER_INBOX,
                               "a stored statement does not fit into its place");
}

/* A process starts: from what its disk has. */
static void start_set(struct world_run *r, uint32_t node, const struct assay_reviews_facts *facts)
{
    struct world_review_node *n = &r->proposals->nodes[node];
    const uint32_t life = r->w->nodes[node].life;
    const bool is_older = n->position.read_epoch >= facts->epoch || n->position.era != facts->era;
    uint32_t operators = facts->effective->operator_count;
    struct assay_reviews set;
    void *memory = NULL;
    if (n->memory != NULL && n->life == life) return;
    if (n->memory != NULL && n->set.operators > operators) operators = n->set.operators;
    make_set(&set, &memory, operators);
    if (n->memory != NULL && !is_older)
        for (uint32_t i = 0; i < n->set.count; i++)
            restore_entry(r, &set, &n->set, i, facts);
    if (is_older) {
        n->position = (struct assay_reviews_position){ 0 };
        memset(n->known, 0, sizeof n->known);
    }
    free(n->memory);
    n->memory = memory;
    n->set = set;
    n->life = life;
}

/* --- each epoch */

struct reading {
    struct world_run *run;
    uint32_t node;
    const struct assay_reviews_facts *facts;
    uint32_t counted;
};

static void read_record(void *context, const struct assay_record *record, uint64_t epoch)
{
    struct reading *reading = context;
    struct assay_reviews *set = &reading->run->proposals->nodes[reading->node].set;
    reading->counted += assay_reviews_apply(set, record, epoch, reading->facts, NULL, NULL);
    world_consent_read(reading->run, reading->node, record);
}

void world_offer_record(struct world_run *r, uint32_t node, struct assay_slice bytes)
{
    struct world_payload *payload = world_payload(r->w, bytes.bytes, bytes.len);
    struct item *item = world_item(r->w, node, ITEM_MESSAGE);
    item->from = ASSAY_SLOT_SELF;
    item->message = ASSAY_MESSAGE_RECORD;
    item->payload = payload;
    payload->refs++;
    world_push(r->w, item, r->w->now_us + 1);
    world_send(r->w, node, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, ASSAY_MESSAGE_RECORD, payload);
    world_payload_drop(r->w, payload);
}

struct offering {
    struct world_run *run;
    uint32_t node;
};

static void offer_repeat(void *context, struct assay_slice record)
{
    const struct offering *o = context;
    world_offer_record(o->run, o->node, record);
}

static void offer_change(void *context, struct assay_slice bytes)
{
    const struct offering *o = context;
    struct world_run *r = o->run;
    const enum assay_status status = assay_record_decode(bytes, r->proposals->record);
    ASSAY_ASSERT(status == ASSAY_OK);
    world_consent_offer(r, o->node, r->proposals->record);
    world_offer_record(r, o->node, bytes);
}

static void offer_waiting(struct world_run *r, uint32_t node,
                          const struct assay_reviews_facts *facts)
{
    struct world_proposals *p = r->proposals;
    struct world_review_node *n = &p->nodes[node];
    for (uint32_t i = 0; i < ASSAY_REVIEWS_WAITING_MAX; i++) {
        struct assay_review_waiting *item = &n->waiting[i];
        const struct assay_slice bytes = assay_slice_over(item->bytes, item->len);
        if (item->len == 0) continue;
        if (assay_record_decode(bytes, p->record) == ASSAY_OK &&
            assay_reviews_is_awaited(&n->set, facts, p->record))
            world_offer_record(r, node, bytes);
        else item->len = 0;
    }
}

void world_run_reviews(struct assay_sim_world *w, uint32_t node)
{
    struct world_run *r = w->run;
    struct world_proposals *p = r->proposals;
    struct world_review_node *n = &p->nodes[node];
    const struct assay_reviews_facts facts = world_reviews_facts(r, node);
    const struct assay_state *state = &w->nodes[node].engine->head->state;
    struct reading reading = { .run = r, .node = node, .facts = &facts };
    struct offering offering = { .run = r, .node = node };
    if (facts.epoch < 2 || state->rules.parameters.level < ASSAY_LEVEL_REVIEWS) return;
    start_set(r, node, &facts);
    const enum assay_status status = assay_reviews_read(w->nodes[node].store, &facts, &n->position,
                                                        p->record, read_record, &reading);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_reviews_close(&n->set, &facts, NULL, NULL);
    world_consent_set(r, node);
    offer_waiting(r, node, &facts);
    assay_reviews_offer_repeats(&n->set, &facts, node, p->row, offer_repeat, &offering);
    assay_reviews_offer_changes(&n->set, &facts, &n->position, p->row, offer_change, &offering);
}

void world_run_review_epoch(struct assay_sim_world *w, uint32_t node)
{
    if (w->run == NULL || w->run->proposals == NULL) return;
    world_push(w, world_item(w, node, ITEM_REVIEWS), w->now_us + US);
}

bool world_run_takes_record(struct assay_sim_world *w, const struct item *item,
                            struct assay_slice bytes)
{
    struct world_run *r = w->run;
    if (r == NULL || r->proposals == NULL) return true;
    struct world_proposals *p = r->proposals;
    const struct world_review_node *n = &p->nodes[item->node];
    if (assay_record_decode(bytes, p->record) != ASSAY_OK) return true; /* refused there */
    if (p->record->kind != ASSAY_RECORD_REVIEW) return true;
    if (r->byzantine[item->node]) return world_liars_take(r, item->node, p->record);
    if (item->from == ASSAY_SLOT_SELF || n->memory == NULL || n->life != w->nodes[item->node].life)
        return true;
    return assay_reviews_wants(&n->set, p->record, world_reviews_facts(r, item->node).epoch);
}
