/*
 * sim/world/changes.c - operators of a scenario: submit changes, start newcomers, switch off
 * members that left (docs/protocol.md 9.5 to 9.9).
 *
 * Operators read one member's state, as with `assay change draft`. A change that no block took in
 * time is drafted again. A change with a flaw is submitted once, and no final block may contain it.
 * sim/checkers/watch_changes.c checks what the ledger does with the others.
 */
#include "engine/parts/engine_internal.h"
#include "sim/world/changes_internal.h"
#include "sim/world/proposals_internal.h"

#include <stdlib.h>

enum { US = 1000, GONE_EPOCHS = 2 /* from leaving to being switched off */ };

void world_changes_open(struct world_run *r)
{
    struct world_changes *c = calloc(1, sizeof *c);
    ASSAY_ASSERT(c != NULL);
    c->operators = calloc(1, sizeof *c->operators);
    ASSAY_ASSERT(c->operators != NULL);
    *c->operators = *r->w->genesis;
    c->random = assay_sim_random_of(r->w->options.seed, ASSAY_SIM_STREAM_CHANGE, 0, 0);
    r->changes = c;
}

static void drop_taken_records(struct world_run *r)
{
    struct world_changes *c = r->changes;
    for (uint32_t i = 0; i < c->taken_count; i++)
        world_payload_drop(r->w, c->taken[i]);
    c->taken_count = 0;
}

void world_changes_free(struct world_run *r)
{
    struct world_changes *c = r->changes;
    drop_taken_records(r);
    for (uint32_t i = 0; i < ASSAY_SIM_CHANGES_MAX; i++) {
        if (c->drafts[i].record != NULL) world_payload_drop(r->w, c->drafts[i].record);
        if (c->drafts[i].body != NULL) world_payload_drop(r->w, c->drafts[i].body);
    }
    if (c->last != NULL) world_payload_drop(r->w, c->last);
    free(c->operators);
    free(c);
}

/* --- submission */

bool world_is_reachable_member(const struct world_run *r, uint32_t node)
{
    const struct world_node *n = &r->w->nodes[node];
    return n->alive && world_is_trusted(r->w, node) && n->closed == r->before.epoch &&
           !world_has_left(world_member(&r->before, node));
}

static void submit_draft(struct world_run *r, uint32_t index)
{
    struct world_changes *c = r->changes;
    struct draft *draft = &c->drafts[index];
    if (r->scenario->changes[index].proposed) {
        world_proposals_submit(r, index, draft);
        return;
    }
    const uint32_t n = r->scenario->nodes;
    const uint32_t first = (uint32_t)assay_sim_random_below(&c->random, n);
    uint32_t left = r->scenario->changes[index].given_to;
    for (uint32_t k = 0; k < n && left > 0; k++) {
        const uint32_t node = (first + k) % n;
        if (!world_is_reachable_member(r, node)) continue;
        struct item *item = world_item(r->w, node, ITEM_MESSAGE);
        item->from = ASSAY_SLOT_SELF;
        item->message = ASSAY_MESSAGE_RECORD;
        item->payload = draft->record;
        draft->record->refs++;
        world_push(r->w, item, r->w->now_us + US);
        left--;
    }
}

/* No block can take this version any more. */
static bool is_late(const struct world_run *r, const struct draft *draft)
{
    return draft->activation < r->before.epoch + 1 + ASSAY_ACTIVATION_AHEAD_MIN;
}

static void step_flawed_draft(struct world_run *r, uint32_t index)
{
    struct world_changes *c = r->changes;
    struct draft *draft = &c->drafts[index];
    if (r->scenario->changes[index].flaw == ASSAY_SIM_FLAW_REPLAY) {
        if (c->last == NULL) return; /* no record yet */
        if (draft->record == NULL) draft->record = c->last;
        if (draft->record == c->last) c->last->refs++;
        submit_draft(r, index);
        draft->phase = DRAFT_OVER;
        return;
    }
    if (world_draft_make(r, index)) submit_draft(r, index);
    draft->phase = DRAFT_OVER;
}

static bool is_numbered(const struct assay_sim_change *row)
{
    return row->action != ASSAY_SIM_ACTION_MAINTENANCE;
}

static bool is_about_operators(const struct assay_sim_change *row)
{
    return row->action == ASSAY_SIM_ACTION_OPERATORS ||
           row->action == ASSAY_SIM_ACTION_OPERATORS_BACK ||
           row->action == ASSAY_SIM_ACTION_OPERATOR_KEY;
}

/* A list of operators is drafted from the one in force. While a change that a block has will leave
 * another one, such a draft fits nowhere, and `assay change` shows its author so. */
static bool awaits_operators(const struct world_run *r, uint32_t index)
{
    const struct assay_sim_change *rows = r->scenario->changes;
    if (!is_about_operators(&rows[index])) return false;
    for (uint32_t i = 0; i < r->scenario->change_count; i++)
        if (is_about_operators(&rows[i]) && r->changes->drafts[i].taken_epoch > 0 &&
            r->changes->drafts[i].activation > r->before.epoch)
            return true;
    return false;
}

/* Returns: false while it has to wait; later drafts wait with it. */
static bool step_draft(struct world_run *r, uint32_t index)
{
    const struct assay_sim_change *row = &r->scenario->changes[index];
    struct draft *draft = &r->changes->drafts[index];
    const bool numbered = is_numbered(row);
    if (row->forces && r->before.reverted_sequence == 0) return true;
    if (row->proposed && draft->phase == DRAFT_WAITS && !world_proposals_possible(r)) return true;
    const bool stale =
        draft->phase == DRAFT_OUT &&
        (is_late(r, draft) || (numbered && draft->sequence <= r->before.change_sequence) ||
         (row->proposed && draft->era != r->before.era) ||
         (row->proposed && world_proposals_replaced(r)));
    if (stale && row->proposed) world_proposals_over(r, index, draft);
    if (stale) world_draft_forget(r, index);
    if (stale) draft->phase = DRAFT_WAITS;
    if (draft->phase == DRAFT_WAITS) {
        if (awaits_operators(r, index)) return true;
        draft->phase = world_draft_make(r, index) ? DRAFT_OUT : DRAFT_OVER;
        if (draft->phase == DRAFT_OVER) return true;
    }
    submit_draft(r, index);
    return !numbered;
}

static void retire_left_members(struct world_run *r)
{
    for (uint32_t i = 0; i < r->before.member_count; i++) {
        const struct assay_member *m = &r->before.members[i];
        if (!world_has_left(m) || !r->w->nodes[i].born) continue;
        if (!assay_bytes_equal(m->node_id, r->w->nodes[i].node_id, 32)) continue;
        if (r->before.epoch < m->stage_epoch + GONE_EPOCHS) continue;
        world_push(r->w, world_item(r->w, i, ITEM_RETIRE), r->w->now_us + 1);
    }
}

/* Returns: the numbered draft that is pending, or the count of rows. The next numbered draft waits
 * for it, since its number and slots follow from it. */
static uint32_t find_pending_draft(const struct world_run *r)
{
    const struct assay_scenario *s = r->scenario;
    for (uint32_t i = 0; i < s->change_count; i++)
        if (is_numbered(&s->changes[i]) && r->changes->drafts[i].phase == DRAFT_OUT) return i;
    return s->change_count;
}

void world_changes_turn(struct world_run *r)
{
    world_proposals_turn(r);
    const uint32_t out = find_pending_draft(r);
    bool waits = out < r->scenario->change_count && !step_draft(r, out);
    retire_left_members(r);
    for (uint32_t i = 0; i < r->scenario->change_count; i++) {
        const struct assay_sim_change *row = &r->scenario->changes[i];
        if (i == out || row->with_before || row->at_epoch > r->epoch) continue;
        if (r->changes->drafts[i].phase == DRAFT_OVER) continue;
        if (row->flaw != ASSAY_SIM_FLAW_NONE) step_flawed_draft(r, i);
        else if (!waits || !is_numbered(row)) waits = !step_draft(r, i) || waits;
    }
}

/* --- records of blocks */

/* A change of the next era is valid once that era has begun, and one that was drafted then may have
 * the same bytes: a block may take the bytes of any draft without a flaw. */
static void find_flaw(struct world_run *r, const struct assay_record *record,
                      const uint8_t digest[static 32])
{
    const struct assay_scenario *s = r->scenario;
    uint32_t flawed = s->change_count;
    for (uint32_t i = 0; i < s->change_count; i++) {
        struct draft *draft = &r->changes->drafts[i];
        const bool is_it = s->changes[i].proposed
                               ? assay_bytes_equal(draft->body_digest, record->body_digest, 32)
                               : assay_bytes_equal(draft->digest, digest, 32);
        if (draft->record == NULL || !is_it) continue;
        if (s->changes[i].flaw == ASSAY_SIM_FLAW_NONE) {
            draft->phase = DRAFT_OVER;
            draft->taken_epoch = r->closed + 1;
            return;
        }
        if (flawed == s->change_count) flawed = i;
    }
    /* An older version that arrives late is as good as the newest. */
    if (flawed < s->change_count)
        world_report_violation(r->w, ASSAY_SIM_CHECKER_CHANGES,
                               "a final block holds change %llu, flaw %s",
                               (unsigned long long)record->change.sequence,
                               assay_sim_flaw_name(s->changes[flawed].flaw));
}

void world_changes_taken(struct world_run *r, const struct assay_record *record)
{
    struct world_changes *c = r->changes;
    uint8_t digest[32];
    assay_sha256(record->bytes.bytes, record->bytes.len, digest);
    world_count_check(r->w, ASSAY_SIM_CHECKER_CHANGES);
    world_proposals_change(r, record);
    find_flaw(r, record, digest);
    r->outcome->figures[ASSAY_SIM_FIGURE_CHANGES_TAKEN][0]++;
    if (c->taken_count == ASSAY_SIM_CHANGES_MAX) return;
    struct world_payload *p = world_payload(r->w, record->bytes.bytes, record->bytes.len);
    c->taken_bytes[c->taken_count] = assay_slice_over(p->bytes, p->len);
    c->taken[c->taken_count++] = p;
    if (c->last != NULL) world_payload_drop(r->w, c->last);
    c->last = p;
    p->refs++;
}

/* --- machines that start and stop */

static void schedule_newcomers(struct world_run *r)
{
    struct world_changes *c = r->changes;
    const uint64_t epoch_us = (uint64_t)r->scenario->epoch_ms * US;
    for (uint32_t i = 0; i < c->newcomer_count; i++) {
        struct newcomer *n = &c->newcomers[i];
        const uint32_t slot = assay_state_slot_of(&r->now, n->node_id);
        if (n->over || slot == r->now.member_count) continue;
        n->over = true;
        world_count_check(r->w, ASSAY_SIM_CHECKER_CHANGES);
        if (slot != n->slot) { /* its card names the platform of the machine in that slot */
            world_report_violation(r->w, ASSAY_SIM_CHECKER_CHANGES,
                                   "a newcomer has slot %u, %u is due", slot, n->slot);
            continue;
        }
        assay_bytes_copy(r->node_ids[slot], 32, n->node_id, 32);
        r->w->machines[slot] = n->machine;
        struct item *item = world_item(r->w, slot, ITEM_JOIN);
        item->number = i;
        world_push(r->w, item, r->w->now_us + 1 + assay_sim_random_below(&c->random, epoch_us));
    }
}

/* A change that ended without effect, or changes that a revert dropped, including those that the
 * reverted epoch took (protocol.md 9.9); a vendor's day drops none (8.12). Also all that were
 * pending when an era ended (9.15). */
static void drop_newcomers(struct world_run *r)
{
    const struct assay_ended *ended = &r->now.ended;
    const bool ends_era = r->now.era != r->before.era;
    const bool ends = ended->end != ASSAY_CHANGE_NONE && ended->epoch == r->now.epoch;
    if (!ends && !ends_era) return;
    const bool drops_all =
        ends_era || (ended->end == ASSAY_CHANGE_REVERTED && ended->sequence != 0);
    for (uint32_t i = 0; i < r->scenario->change_count; i++) {
        const struct draft *draft = &r->changes->drafts[i];
        if (draft->taken_epoch == 0 || draft->taken_epoch > r->now.epoch) continue;
        if (drops_all || draft->sequence == ended->sequence) world_draft_forget(r, i);
    }
}

/* Of the same length, with one id in place of another: an operator has another key. */
static void record_renamed(struct world_changes *c, const struct assay_genesis *rules)
{
    const struct assay_genesis *own = c->operators;
    const uint8_t *gone = NULL, *is_new = NULL;
    uint32_t differ = 0;
    for (uint32_t i = 0; i < own->operator_count; i++)
        if (assay_operator_find(rules, own->operators[i].operator_id) == NULL) {
            gone = own->operators[i].operator_id;
            differ++;
        }
    for (uint32_t i = 0; i < rules->operator_count; i++)
        if (assay_operator_find(own, rules->operators[i].operator_id) == NULL)
            is_new = rules->operators[i].operator_id;
    if (own->operator_count != rules->operator_count || differ != 1 || is_new == NULL) return;
    ASSAY_ASSERT(c->renamed_count < ASSAY_SIM_CHANGES_MAX);
    assay_bytes_copy(c->renamed[c->renamed_count].before, 32, gone, 32);
    assay_bytes_copy(c->renamed[c->renamed_count++].after, 32, is_new, 32);
}

/* Operators in force, by the documents of the members. */
static void follow_operators(struct world_run *r, uint32_t node)
{
    const struct assay_genesis *rules = r->w->nodes[node].engine->genesis;
    struct assay_genesis *own = r->changes->operators;
    if (assay_bytes_equal(own->operators_digest, rules->operators_digest, 32)) return;
    world_old_keys_keep(r, own);
    record_renamed(r->changes, rules);
    own->threshold = rules->threshold;
    own->operator_count = rules->operator_count;
    for (uint32_t i = 0; i < rules->operator_count; i++) {
        own->operators[i] = rules->operators[i];
        own->operators[i].name = assay_slice_over("operator", 8);
    }
    assay_bytes_copy(own->operators_digest, 32, rules->operators_digest, 32);
}

void world_changes_closed(struct world_run *r, struct assay_sim_closed *closed)
{
    struct world_changes *c = r->changes;
    closed->changes = c->taken_bytes;
    closed->change_count = c->taken_count;
    schedule_newcomers(r);
    closed->machines = r->w->machines;
    drop_newcomers(r);
    follow_operators(r, r->w->stepping.node);
    world_new_keys_closed(r, r->w->stepping.node);
}

void world_changes_turned(struct world_run *r)
{
    drop_taken_records(r);
}

void world_run_retire(struct assay_sim_world *w, const struct item *item)
{
    struct world_node *n = &w->nodes[item->node];
    if (n->alive) assay_sim_world_kill(w, item->node);
    n->born = false;
}

/* Its operator copies an honest member's state once a member has the newcomer in its state. */
void world_run_join(struct assay_sim_world *w, const struct item *item)
{
    struct world_run *r = w->run;
    const struct newcomer *n = &r->changes->newcomers[item->number];
    const uint32_t slot = item->node;
    if (w->nodes[slot].alive) assay_sim_world_kill(w, slot);
    for (uint32_t i = 0; i < w->options.nodes; i++) {
        const struct world_node *donor = &w->nodes[i];
        if (i == slot || !donor->alive || !world_is_trusted(w, i)) continue;
        const struct assay_member *m = world_member(&donor->engine->head->state, slot);
        if (!assay_bytes_equal(m->node_id, n->node_id, 32)) continue; /* not yet */
        world_node_join(w, slot, n->set, i);
        return;
    }
    struct item *again = world_item(w, slot, ITEM_JOIN);
    again->number = item->number;
    world_push(w, again, w->now_us + (uint64_t)w->options.epoch_ms * US / 4);
}
