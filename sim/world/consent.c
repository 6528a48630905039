/*
 * sim/world/consent.c - checkers of proposals, on what the simulated operators did: nothing here
 * reads what a ledger says of them.
 *
 * consent: a CHANGE in a final block has signatures that enough operators in force gave it, and an
 * honest node offers none with the signature of an operator that withdrew before. statements: a
 * set has what operators stated and did not withdraw, the same on all nodes. inbox: no operator,
 * hostile or not, has more than its part of an epoch and of a set. included: once no fault is left,
 * statements of honest operators are final after a few epochs, and what enough of them approve
 * takes effect, whatever liars and leaders do.
 */
#include "engine/parts/engine_internal.h"
#include "sim/world/proposals_internal.h"

#include "base/cbor.h"

static struct world_statement *find_statement(const struct world_proposals *p,
                                              const uint8_t key[static 32])
{
    uint32_t at = p->of_key[world_statement_list(key)];
    while (at > 0 && !assay_bytes_equal(p->statements[at - 1].key, key, 32))
        at = p->statements[at - 1].next_of_key;
    return at > 0 ? &p->statements[at - 1] : NULL;
}

void world_proposals_signed(struct world_run *r, const uint8_t operator_id[static 32],
                            const uint8_t digest[static 32])
{
    struct world_proposals *p = r->proposals;
    if (p == NULL || p->signed_count == SIGNED_MAX) return;
    assay_bytes_copy(p->signed_[p->signed_count].operator_id, 32, operator_id, 32);
    assay_bytes_copy(p->signed_[p->signed_count++].digest, 32, digest, 32);
}

/* --- consent */

static bool did_sign(const struct world_run *r, const uint8_t operator_id[static 32],
                     const uint8_t digest[static 32])
{
    const struct world_proposals *p = r->proposals;
    for (const struct world_statement *s = world_newest_about(r, digest); s != NULL;
         s = world_older_about(r, s))
        if (s->act != ASSAY_REVIEW_WITHDRAW && assay_bytes_equal(s->operator_id, operator_id, 32))
            return true;
    for (uint32_t i = 0; i < p->signed_count; i++)
        if (assay_bytes_equal(p->signed_[i].digest, digest, 32) &&
            assay_bytes_equal(p->signed_[i].operator_id, operator_id, 32))
            return true;
    return false;
}

struct looking {
    struct assay_slice record;
    bool found;
};

static bool find_in_block(void *context, const struct assay_store_key *key,
                          struct assay_slice value)
{
    struct looking *looking = context;
    const size_t len = looking->record.len;
    (void)key;
    for (size_t at = 0; at + len <= value.len && !looking->found; at++)
        looking->found = assay_bytes_equal(value.bytes + at, looking->record.bytes, len);
    return !looking->found;
}

/* Has this node read the statement, or a block on its disk has it, or does it say that nothing is
 * missing there? Else it passed over the block (docs/protocol.md 9.19.5). */
static bool is_known_to(const struct world_run *r, const struct world_statement *s, uint32_t node)
{
    const struct world_review_node *n = &r->proposals->nodes[node];
    const uint32_t i = (uint32_t)(s - r->proposals->statements);
    const struct assay_store_key from = { .era = s->era, .epoch = s->final_epoch };
    const struct assay_store_key to = { .era = s->era, .epoch = s->final_epoch + 1, .number = 0 };
    struct looking looking = { .record = assay_slice_over(s->record->bytes, s->record->len) };
    if ((n->known[i / 8] >> i % 8 & 1) != 0) return true;
    if (n->position.complete_from <= n->position.read_epoch + 1) return true;
    const enum assay_status status = assay_store_scan(r->w->nodes[node].store, ASSAY_STORE_BLOCK,
                                                      &from, &to, false, find_in_block, &looking);
    ASSAY_ASSERT(status == ASSAY_OK);
    return looking.found;
}

void world_consent_read(struct world_run *r, uint32_t node, const struct assay_record *record)
{
    const struct world_statement *s = find_statement(r->proposals, record->key);
    if (s == NULL) return; /* reported where it is final */
    const uint32_t i = (uint32_t)(s - r->proposals->statements);
    r->proposals->nodes[node].known[i / 8] |= (uint8_t)(1u << i % 8);
}

/* The last act of an honest operator about a change, when it is a withdrawal in a block up to the
 * last one that this node may have read. */
static const struct world_statement *find_withdrawal(const struct world_run *r,
                                                     const uint8_t operator_id[static 32],
                                                     const uint8_t digest[static 32], uint32_t node)
{
    const uint64_t read = r->proposals->nodes[node].position.read_epoch;
    for (const struct world_statement *s = world_newest_about(r, digest); s != NULL;
         s = world_older_about(r, s)) {
        if (!s->honest || s->era != r->before.era ||
            !assay_bytes_equal(s->operator_id, operator_id, 32))
            continue;
        if (s->act != ASSAY_REVIEW_WITHDRAW) return NULL;
        if (s->final_epoch > 0 && s->final_epoch <= read) return s;
    }
    return NULL;
}

/* Where the node passed over the block, too: it knows that, and offers nothing that may be
 * withdrawn there. */
static bool has_withdrawn(const struct world_run *r, const uint8_t operator_id[static 32],
                          const uint8_t digest[static 32], uint32_t node)
{
    return find_withdrawal(r, operator_id, digest, node) != NULL;
}

typedef bool signer_fn(const struct world_run *r, const uint8_t operator_id[static 32],
                       const uint8_t digest[static 32], uint32_t node);

static bool is_good(const struct world_run *r, const uint8_t operator_id[static 32],
                    const uint8_t digest[static 32], uint32_t node)
{
    (void)node;
    return assay_operator_find(r->changes->operators, operator_id) != NULL &&
           did_sign(r, operator_id, digest);
}

/* Of the signatures of a CHANGE. */
static uint32_t count_signers(const struct world_run *r, const struct assay_record *record,
                              signer_fn *is_one, uint32_t node)
{
    struct assay_cursor c = assay_cursor_over(record->entries.bytes, record->entries.len);
    uint32_t count = 0;
    for (uint32_t i = 0; i < record->entry_count; i++) {
        uint8_t id[32], signature[ASSAY_P256_SIGNATURE_LEN];
        if (assay_cbor_array_exact(&c, 2) != ASSAY_OK ||
            assay_cbor_bytes_exact(&c, id, sizeof id) != ASSAY_OK ||
            assay_cbor_bytes_exact(&c, signature, sizeof signature) != ASSAY_OK)
            break;
        count += is_one(r, id, record->body_digest, node);
    }
    return count;
}

void world_proposals_change(struct world_run *r, const struct assay_record *record)
{
    if (r->proposals == NULL || record->change.sequence == 0) return;
    const bool proposed = world_newest_about(r, record->body_digest) != NULL;
    if (proposed) r->outcome->figures[ASSAY_SIM_FIGURE_PROPOSALS_TAKEN][0]++;
    /* An attacker has keys of replaced operators, and signs by them (old_keys.c). */
    if (!proposed && r->scenario->old_operators_epoch > 0) return;
    world_count_check(r->w, ASSAY_SIM_CHECKER_CONSENT);
    const uint32_t good = count_signers(r, record, is_good, 0);
    if (good >= r->changes->operators->threshold) return;
    world_report_violation(r->w, ASSAY_SIM_CHECKER_CONSENT,
                           "change %llu is final, signed by %u operators in force of %u",
                           (unsigned long long)record->change.sequence, good,
                           r->changes->operators->threshold);
}

void world_consent_offer(struct world_run *r, uint32_t node, const struct assay_record *record)
{
    if (!world_is_trusted(r->w, node)) return;
    world_count_check(r->w, ASSAY_SIM_CHECKER_CONSENT);
    if (count_signers(r, record, has_withdrawn, node) == 0) return;
    world_report_violation(r->w, ASSAY_SIM_CHECKER_CONSENT,
                           "node %u offers change %llu with a signature that was withdrawn", node,
                           (unsigned long long)record->change.sequence);
}

/* --- inbox: blocks */

void world_proposals_taken(struct world_run *r, const struct assay_record *record)
{
    struct world_proposals *p = r->proposals;
    const struct assay_genesis *g = r->changes->operators;
    if (p == NULL) return;
    struct world_statement *s = find_statement(p, record->key);
    world_count_check(r->w, ASSAY_SIM_CHECKER_STATEMENTS);
    if (s == NULL) {
        world_report_violation(r->w, ASSAY_SIM_CHECKER_STATEMENTS,
                               "a final block has a statement that its operator did not make");
        return;
    }
    if (s->final_epoch == 0) {
        s->final_epoch = r->closed + 1;
        r->outcome->figures[ASSAY_SIM_FIGURE_STATEMENTS_FINAL][0]++;
    }
    if (p->counted_epoch != r->closed + 1)
        for (uint32_t i = 0; i < ASSAY_OPERATORS_MAX; i++)
            p->in_epoch[i] = p->bodies[i] = 0;
    p->counted_epoch = r->closed + 1;
    const struct assay_genesis_operator *o = assay_operator_find(g, record->review.operator_id);
    world_count_check(r->w, ASSAY_SIM_CHECKER_INBOX);
    if (o == NULL) {
        world_report_violation(r->w, ASSAY_SIM_CHECKER_INBOX,
                               "a final block has a statement of an operator that was removed");
        return;
    }
    const size_t i = (size_t)(o - g->operators);
    p->in_epoch[i]++;
    p->bodies[i] += record->review.act == ASSAY_REVIEW_PROPOSE;
    if (p->in_epoch[i] > 16 || p->bodies[i] > 4) /* docs/protocol.md 9.19.1 */
        world_report_violation(r->w, ASSAY_SIM_CHECKER_INBOX,
                               "an operator has %u statements and %u bodies in one epoch",
                               p->in_epoch[i], p->bodies[i]);
}

/* --- sets */

/* Is what the set counts what its operator states, as far as it can be known from the blocks? */
static const char *find_entry_error(const struct world_run *r, uint32_t node,
                                    const struct assay_review_entry *e)
{
    const struct assay_review *v = &e->review;
    struct world_statement *s = find_statement(r->proposals, e->key);
    if (s == NULL) return "that its operator did not make";
    if (s->final_epoch == 0)
        s->final_epoch = e->since_epoch; /* in an epoch that was not observed */
    if (assay_operator_find(r->w->nodes[node].engine->genesis, v->operator_id) == NULL)
        return "of an operator that was removed";
    const struct world_statement *withdrawal = find_withdrawal(r, v->operator_id, v->digest, node);
    if (withdrawal != NULL && is_known_to(r, withdrawal, node)) return "that its operator withdrew";
    return NULL;
}

static void check_entries(struct world_run *r, uint32_t node,
                          const struct assay_reviews_facts *facts)
{
    const struct assay_reviews *set = &r->proposals->nodes[node].set;
    world_count_check(r->w, ASSAY_SIM_CHECKER_STATEMENTS);
    for (uint32_t i = 0; i < set->count; i++) {
        const struct assay_review_entry *e = &set->entries[i];
        if (!e->used || assay_reviews_state(e, facts) != ASSAY_REVIEW_OPEN) continue;
        const char *wrong = find_entry_error(r, node, e);
        if (wrong == NULL) continue;
        world_report_violation(r->w, ASSAY_SIM_CHECKER_STATEMENTS, "node %u counts a statement %s",
                               node, wrong);
        return;
    }
}

static void check_inbox(struct world_run *r, uint32_t node, const struct assay_reviews_facts *facts)
{
    const struct assay_reviews *set = &r->proposals->nodes[node].set;
    world_count_check(r->w, ASSAY_SIM_CHECKER_INBOX);
    for (uint32_t k = 0; k < facts->effective->operator_count; k++) {
        const uint8_t *id = facts->effective->operators[k].operator_id;
        uint32_t all = 0, proposals = 0;
        for (uint32_t i = 0; i < set->count; i++) {
            const struct assay_review_entry *e = &set->entries[i];
            if (!e->used || !assay_bytes_equal(e->review.operator_id, id, 32)) continue;
            all++;
            proposals += e->review.act == ASSAY_REVIEW_PROPOSE;
        }
        if (all > 34 || proposals > 2) /* docs/protocol.md 9.19.2 */
            world_report_violation(r->w, ASSAY_SIM_CHECKER_INBOX,
                                   "node %u has %u statements and %u proposals of one operator",
                                   node, all, proposals);
    }
}

/* Nodes that read all blocks of the same chain have the same. */
static void compare_sets(struct world_run *r, uint32_t node,
                         const struct assay_reviews_facts *facts)
{
    struct world_proposals *p = r->proposals;
    const struct world_review_node *n = &p->nodes[node];
    const struct assay_state *state = &r->w->nodes[node].engine->head->state;
    uint8_t digest[32];
    if (n->position.complete_from > facts->epoch) return;
    assay_reviews_digest(&n->set, facts, digest);
    const uint32_t at = facts->epoch % SETS_KEPT;
    const bool is_first = p->sets[at].epoch != facts->epoch || p->sets[at].era != facts->era ||
                          !assay_bytes_equal(p->sets[at].head_id, state->head_id, 32);
    if (is_first) {
        p->sets[at].epoch = facts->epoch;
        p->sets[at].era = facts->era;
        p->sets[at].node = node;
        assay_bytes_copy(p->sets[at].head_id, 32, state->head_id, 32);
        assay_bytes_copy(p->sets[at].digest, 32, digest, 32);
        return;
    }
    world_count_check(r->w, ASSAY_SIM_CHECKER_STATEMENTS);
    if (assay_bytes_equal(p->sets[at].digest, digest, 32)) return;
    world_report_violation(r->w, ASSAY_SIM_CHECKER_STATEMENTS,
                           "nodes %u and %u have different proposals after epoch %llu",
                           p->sets[at].node, node, (unsigned long long)facts->epoch - 1);
}

void world_consent_set(struct world_run *r, uint32_t node)
{
    const struct assay_reviews_facts facts = world_reviews_facts(r, node);
    if (!world_is_trusted(r->w, node)) return;
    check_entries(r, node, &facts);
    check_inbox(r, node, &facts);
    compare_sets(r, node, &facts);
}

/* --- included */

static bool is_superseded(const struct world_run *r, const struct world_statement *s)
{
    const struct world_proposals *p = r->proposals;
    if (s->era != r->before.era || s->sequence <= r->before.change_sequence) return true;
    if (assay_operator_find(r->changes->operators, s->operator_id) == NULL) return true;
    for (uint32_t i = (uint32_t)(s - p->statements) + 1; i < p->count; i++) {
        const struct world_statement *later = &p->statements[i];
        if (!assay_bytes_equal(later->operator_id, s->operator_id, 32)) continue;
        if (later->place == s->place || assay_bytes_equal(later->digest, s->digest, 32))
            return true;
    }
    return false;
}

/* Handed to an honest member when no fault was left: no leader bars it for long. */
void world_consent_inclusion(struct world_run *r)
{
    struct world_proposals *p = r->proposals;
    for (uint32_t i = 0; i < p->count; i++) {
        struct world_statement *s = &p->statements[i];
        if (s->is_judged || !s->honest || !s->handed || s->final_epoch > 0) continue;
        if (!r->healed) s->is_judged = true; /* it may be on a disk that was lost */
        if (s->is_judged || r->before.epoch < s->handed_epoch + INCLUSION_EPOCHS) continue;
        s->is_judged = true;
        if (is_superseded(r, s)) continue;
        world_count_check(r->w, ASSAY_SIM_CHECKER_INCLUDED);
        world_report_violation(r->w, ASSAY_SIM_CHECKER_INCLUDED,
                               "a statement of an honest operator of epoch %llu is in no block",
                               (unsigned long long)s->issued);
    }
}

/* A node that passed over blocks offers a change only where all that counts for it was issued later
 * (docs/protocol.md 9.19.5): does any honest node offer this one? */
static bool is_offered(const struct world_run *r, const uint8_t digest[static 32])
{
    uint64_t oldest = UINT64_MAX;
    for (const struct world_statement *s = world_newest_about(r, digest); s != NULL;
         s = world_older_about(r, s))
        if (s->act != ASSAY_REVIEW_WITHDRAW && s->issued < oldest) oldest = s->issued;
    for (uint32_t i = 0; i < r->scenario->nodes; i++) {
        const struct world_review_node *n = &r->proposals->nodes[i];
        if (n->memory == NULL || !world_is_reachable_member(r, i)) continue;
        if (assay_reviews_certain_after(&n->position, r->before.epoch + 1) < oldest) return true;
    }
    return false;
}

void world_consent_late(struct world_run *r, const struct world_proposing *p,
                        const struct draft *draft)
{
    const uint64_t last = draft->activation - ASSAY_ACTIVATION_AHEAD_MIN;
    if (!r->healed || !p->is_healed || p->is_disturbed || p->ready == 0) return;
    if (draft->sequence <= r->before.change_sequence) return; /* another one took its number */
    if (r->before.epoch < last) return;                       /* its author replaces it */
    if (p->ready + INCLUSION_EPOCHS + 1 > last || !is_offered(r, p->digest)) return;
    world_count_check(r->w, ASSAY_SIM_CHECKER_INCLUDED);
    world_report_violation(r->w, ASSAY_SIM_CHECKER_INCLUDED,
                           "change %llu, that enough honest operators approve, is in no block",
                           (unsigned long long)draft->sequence);
}

void world_proposals_end(struct world_run *r)
{
    struct world_proposals *p = r->proposals;
    if (p == NULL) return;
    for (uint32_t i = 0; i < p->count; i++) /* what was in time counts as a check */
        if (p->statements[i].final_epoch > 0 && p->statements[i].honest && r->healed)
            world_count_check(r->w, ASSAY_SIM_CHECKER_INCLUDED);
}
