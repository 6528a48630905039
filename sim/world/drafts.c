/*
 * sim/world/drafts.c - drafts of the operators of a scenario, and their signatures.
 *
 * Slots for newcomers are chosen by the rule of the ledger: their cards name the platforms of the
 * machines in those slots.
 */
#include "sim/world/changes_internal.h"
#include "sim/world/proposals_internal.h"

#include "base/bitmap.h"
#include "engine/ledger/records/key_change.h"

#include <stdlib.h>

enum { RECORD_MAX = 32 * 1024, STRANGER_SET = 90000 /* an unknown operator */ };

/* --- subjects of a change */

static bool has_stage_for(const struct assay_member *m, enum assay_sim_action action)
{
    switch (action) {
    case ASSAY_SIM_ACTION_REST:
    case ASSAY_SIM_ACTION_MAINTENANCE: return m->stage == ASSAY_STAGE_MEMBER;
    case ASSAY_SIM_ACTION_WAKE: return m->stage == ASSAY_STAGE_RESTING;
    case ASSAY_SIM_ACTION_LEAVE:
    case ASSAY_SIM_ACTION_IDENTITY:
    case ASSAY_SIM_ACTION_POLICY: return !world_has_left(m);
    case ASSAY_SIM_ACTION_JOIN:
    case ASSAY_SIM_ACTION_PARAMETERS:
    case ASSAY_SIM_ACTION_OPERATORS:
    case ASSAY_SIM_ACTION_OPERATORS_BACK:
    case ASSAY_SIM_ACTION_OPERATOR_KEY:
    case ASSAY_SIM_ACTION_SERVICES: return false;
    }
    ASSAY_UNREACHABLE("an action is of the list");
}

/* The next member of the row's cohort after a slot. Returns: the member count after the last. */
static uint32_t next_member(const struct world_run *r, const struct assay_sim_change *row,
                            uint32_t from)
{
    const struct assay_state *s = &r->before;
    for (uint32_t i = from; i < s->member_count; i++)
        if ((!row->by_cohort || r->cohort_of[i] == row->cohort) &&
            has_stage_for(&s->members[i], row->action))
            return i;
    return s->member_count;
}

/* protocol.md 9.6: a slot whose member left so long ago that nothing of it is needed: proofs live
 * for 8 epochs, an offence for 512. */
static bool is_free(const struct assay_member *m, uint64_t activation)
{
    return world_has_left(m) &&
           m->stage_epoch + 8 + 512 * (uint64_t)m->trust.offences.count < activation;
}

static bool is_reserved(const struct world_changes *c, uint32_t slot)
{
    for (uint32_t i = 0; i < c->newcomer_count; i++)
        if (!c->newcomers[i].over && c->newcomers[i].slot == slot) return true;
    return false;
}

/* The slot that the ledger will give a newcomer. Returns: UINT32_MAX when there is no machine for
 * it. */
static uint32_t find_slot_for_newcomer(const struct world_run *r, uint64_t activation)
{
    const struct assay_state *s = &r->before;
    for (uint32_t i = 0; i < s->member_count; i++)
        if (is_free(&s->members[i], activation) && !is_reserved(r->changes, i)) return i;
    for (uint32_t i = s->member_count; i < r->scenario->nodes; i++)
        if (!is_reserved(r->changes, i)) return i;
    return UINT32_MAX;
}

/* --- drafting */

struct drafting {
    struct world_run *r;
    uint32_t index; /* of the draft */
    uint64_t activation;
    struct assay_action actions[ASSAY_ACTIONS_MAX];
    char names[NEWCOMERS_MAX][WORLD_NAME_LEN];
    uint8_t policy[WORLD_POLICY_LEN];
    uint8_t operators[ASSAY_OPERATORS_LEN_MAX];
    uint32_t count;
};

static struct assay_action *add_action(struct drafting *d, enum assay_action_kind kind)
{
    ASSAY_ASSERT(d->count < ASSAY_ACTIONS_MAX);
    struct assay_action *a = &d->actions[d->count++];
    *a = (struct assay_action){ .kind = kind };
    return a;
}

static void add_members(struct drafting *d, const struct assay_sim_change *row,
                        enum assay_action_kind kind)
{
    const struct assay_state *s = &d->r->before;
    uint32_t left = row->count == 0 ? UINT32_MAX : row->count;
    if (kind == ASSAY_ACTION_MAINTENANCE)
        left = 1; /* each operator puts one machine into maintenance */
    for (uint32_t i = next_member(d->r, row, 0); i < s->member_count && left > 0;
         i = next_member(d->r, row, i + 1), left--) {
        if (d->count == ASSAY_ACTIONS_MAX) return;
        struct assay_action *a = add_action(d, kind);
        assay_bytes_copy(a->node_id, 32, s->members[i].node_id, 32);
        if (kind == ASSAY_ACTION_MAINTENANCE) a->epochs = row->epochs;
    }
}

/* protocol.md 9.6.6: half of the newcomers take a slot that they left, if there is one; half of
 * these on another machine. Returns: UINT32_MAX for a new member. */
static uint32_t find_slot_to_rejoin(struct world_run *r, uint64_t activation)
{
    struct world_changes *c = r->changes;
    const struct assay_state *s = &r->before;
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->member_count; i++)
        count += is_free(&s->members[i], activation) && !is_reserved(c, i);
    if (count == 0 || assay_sim_random_below(&c->random, 2) == 0) return UINT32_MAX;
    uint64_t left = assay_sim_random_below(&c->random, count);
    for (uint32_t i = 0; i < s->member_count; i++)
        if (is_free(&s->members[i], activation) && !is_reserved(c, i) && left-- == 0) return i;
    ASSAY_UNREACHABLE("as many as were counted");
}

/* Another machine only where evidence is modelled and no adversary runs on it. */
static uint32_t draw_machine_to_rejoin(struct world_run *r, uint32_t slot)
{
    struct world_changes *c = r->changes;
    const uint32_t other = (uint32_t)assay_sim_random_below(&c->random, r->scenario->nodes);
    const bool moves = assay_sim_random_below(&c->random, 2) == 0;
    return moves && r->w->soft == NULL && world_is_trusted(r->w, other) ? r->w->machines[other]
                                                                        : r->w->machines[slot];
}

static void make_card(struct world_run *r, const struct newcomer *n, struct assay_action *a,
                      char name[static WORLD_NAME_LEN])
{
    const uint32_t machine = r->w->machines[n->slot];
    r->w->machines[n->slot] =
        n->machine; /* for this card: the machine is in the slot when the change takes effect */
    world_card(r->w, n->slot, n->set, &a->card, name);
    for (uint32_t i = 0; i < r->changes->renamed_count; i++)
        if (assay_bytes_equal(a->card.operator_id, r->changes->renamed[i].before, 32))
            assay_bytes_copy(a->card.operator_id, 32, r->changes->renamed[i].after, 32);
    r->w->machines[n->slot] = machine;
}

static void add_newcomers(struct drafting *d, const struct assay_sim_change *row)
{
    struct world_changes *c = d->r->changes;
    const uint32_t count = row->count == 0 ? 1 : row->count;
    for (uint32_t k = 0; k < count && c->newcomer_count < NEWCOMERS_MAX; k++) {
        const uint32_t back = find_slot_to_rejoin(d->r, d->activation);
        const bool is_new = back == UINT32_MAX;
        const uint32_t slot = is_new ? find_slot_for_newcomer(d->r, d->activation) : back;
        if (slot == UINT32_MAX || d->count == ASSAY_ACTIONS_MAX) return;
        struct newcomer *n = &c->newcomers[c->newcomer_count];
        *n = (struct newcomer){
            .set = is_new ? d->r->scenario->nodes + c->newcomer_count : d->r->w->deal[slot],
            .slot = slot,
            .machine = is_new ? d->r->w->machines[slot] : draw_machine_to_rejoin(d->r, slot),
            .draft = d->index
        };
        struct assay_action *a = add_action(d, ASSAY_ACTION_JOIN);
        make_card(d->r, n, a, d->names[c->newcomer_count]);
        assay_sha256(a->card.identity_public, sizeof a->card.identity_public, n->node_id);
        c->newcomer_count++;
    }
}

static void add_policy(struct drafting *d, const struct assay_sim_change *row)
{
    uint8_t fails[NODE_BITS] = { 0 };
    const struct assay_state *s = &d->r->before;
    uint32_t left = row->count == 0 ? UINT32_MAX : row->count;
    for (uint32_t i = row->by_cohort ? next_member(d->r, row, 0) : s->member_count;
         i < s->member_count && left > 0; i = next_member(d->r, row, i + 1), left--)
        assay_bit_add(fails, i);
    const size_t len = world_policy_make(++d->r->changes->policies, fails, d->policy);
    add_action(d, ASSAY_ACTION_POLICY)->document = assay_slice_over(d->policy, len);
}

static void put_operators(struct drafting *d, struct assay_genesis *next)
{
    next->operators_number = d->r->before.change_sequence + 1;
    assay_genesis_sort(next);
    struct assay_writer w = assay_writer_over(d->operators, sizeof d->operators);
    const enum assay_status status = assay_operators_encode(next, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    add_action(d, ASSAY_ACTION_OPERATORS)->document = assay_slice_over(d->operators, w.len);
}

/* An operator of the genesis by the key that it has now: one that was replaced is of no operator
 * any more, and members are of the new id (docs/protocol.md 9.6.7). */
static void find_newest_key(const struct world_changes *c, struct assay_genesis_operator *o)
{
    for (uint32_t i = 0; i < c->renamed_count; i++) /* in the order of the changes */
        if (assay_bytes_equal(o->operator_id, c->renamed[i].before, 32))
            assay_bytes_copy(o->operator_id, 32, c->renamed[i].after, 32);
    const struct assay_genesis_operator *now = assay_operator_find(c->operators, o->operator_id);
    if (now != NULL)
        assay_bytes_copy(o->public_key, sizeof o->public_key, now->public_key,
                         sizeof now->public_key);
}

/* The operators of the genesis again, if others are in force. */
static void restore_operators(struct drafting *d)
{
    const struct world_changes *c = d->r->changes;
    struct assay_genesis *next = calloc(1, sizeof *next);
    ASSAY_ASSERT(next != NULL);
    *next = *d->r->w->genesis;
    next->member_count = 0;
    for (uint32_t i = 0; i < next->operator_count; i++) {
        next->operators[i].name = assay_slice_over("operator", 8);
        find_newest_key(c, &next->operators[i]);
    }
    if (c->operators->operator_count != next->operator_count) put_operators(d, next);
    free(next);
}

/* Adds an operator with a new key; the threshold grows with the list. */
static void add_operators(struct drafting *d)
{
    struct world_changes *c = d->r->changes;
    struct assay_genesis *next = calloc(1, sizeof *next);
    ASSAY_ASSERT(next != NULL);
    *next = *c->operators;
    next->member_count = 0;
    uint32_t set = c->operators->operator_count;
    struct assay_genesis_operator *o = &next->operators[next->operator_count++];
    world_operator_of_set(d->r->w, set, o->public_key, o->operator_id);
    while (assay_operator_find(c->operators, o->operator_id) != NULL)
        world_operator_of_set(d->r->w, ++set, o->public_key, o->operator_id);
    o->name = assay_slice_over("operator", 8);
    next->threshold++;
    put_operators(d, next);
    free(next);
}

/* --- new keys: each signs that it takes its place by this change (protocol.md 9.6.7, 9.6.8) */

static void sign_statement(const struct assay_secret32 *key, struct assay_slice statement,
                           struct assay_action *a)
{
    struct assay_p256_signer *signer = NULL;
    uint8_t digest[32];
    assay_sha256(statement.bytes, statement.len, digest);
    enum assay_status status = assay_p256_signer_load(key, &signer);
    ASSAY_ASSERT(status == ASSAY_OK);
    status = assay_p256_sign(signer, digest, a->signature);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_p256_signer_free(&signer);
}

/* One flawed statement is of the next change, the other one of the next era. */
static void number_statement(const struct drafting *d, const struct assay_sim_change *row,
                             uint32_t *era, uint64_t *sequence)
{
    const bool is_flawed = row->flaw == ASSAY_SIM_FLAW_CONSENT;
    *era = d->r->before.era + (is_flawed && d->index % 2 == 0);
    *sequence = d->r->before.change_sequence + 1 + (is_flawed && d->index % 2 == 1);
}

static void add_identity(struct drafting *d, const struct assay_sim_change *row, uint32_t slot)
{
    const struct assay_state *s = &d->r->before;
    const struct assay_member *m = &s->members[slot];
    const bool is_taken = row->flaw == ASSAY_SIM_FLAW_KEY_TAKEN;
    const uint32_t owner = is_taken ? (slot + 1) % s->member_count : slot;
    const uint64_t turn = is_taken ? 0 : (uint64_t)(row - d->r->scenario->changes) + 1;
    uint8_t bytes[ASSAY_KEY_STATEMENT_LEN_MAX];
    struct assay_secret32 key;
    uint64_t sequence = 0;
    uint32_t era = 0;
    struct assay_action *a = add_action(d, ASSAY_ACTION_IDENTITY);
    assay_bytes_copy(a->node_id, 32, m->node_id, 32);
    world_key(d->r->w, owner, KEY_IDENTITY, turn, &key);
    const enum assay_status status = assay_p256_public(&key, a->public_key);
    ASSAY_ASSERT(status == ASSAY_OK);
    number_statement(d, row, &era, &sequence);
    sign_statement(&key,
                   assay_identity_statement(s->chain_id, era, sequence, m->node_id,
                                            m->identity_public, a->public_key, bytes),
                   a);
}

static void add_identities(struct drafting *d, const struct assay_sim_change *row)
{
    uint32_t left = row->count == 0 ? UINT32_MAX : row->count;
    for (uint32_t i = next_member(d->r, row, 0); i < d->r->before.member_count && left > 0;
         i = next_member(d->r, row, i + 1), left--)
        if (d->count < ASSAY_ACTIONS_MAX) add_identity(d, row, i);
}

/* One operator, drawn, gets the key of the row, or that of the next operator. */
static void add_operator_key(struct drafting *d, const struct assay_sim_change *row)
{
    const struct world_run *r = d->r;
    struct world_changes *c = r->changes;
    struct assay_genesis *next = calloc(1, sizeof *next);
    const uint32_t count = c->operators->operator_count;
    const uint32_t at = (uint32_t)assay_sim_random_below(&c->random, count);
    const uint32_t row_set = world_set_of_new_key(r->w, (uint32_t)(row - r->scenario->changes));
    const uint8_t *const other = c->operators->operators[(at + 1) % count].operator_id;
    const uint32_t set =
        row->flaw == ASSAY_SIM_FLAW_KEY_TAKEN ? world_set_of_operator(r->w, other) : row_set;
    uint8_t bytes[ASSAY_KEY_STATEMENT_LEN_MAX], id[32];
    struct assay_secret32 key;
    uint64_t sequence = 0;
    uint32_t era = 0;
    ASSAY_ASSERT(next != NULL);
    *next = *c->operators;
    next->member_count = 0;
    world_operator_of_set(r->w, set, next->operators[at].public_key, id);
    put_operators(d, next);
    free(next);
    struct assay_action *a = &d->actions[d->count - 1];
    a->kind = ASSAY_ACTION_OPERATOR_KEY;
    assay_bytes_copy(a->node_id, 32, c->operators->operators[at].operator_id, 32);
    world_set_key(r->w, set, KEY_OPERATOR, &key);
    const enum assay_status status = assay_p256_public(&key, a->public_key);
    ASSAY_ASSERT(status == ASSAY_OK);
    number_statement(d, row, &era, &sequence);
    sign_statement(&key,
                   assay_operator_key_statement(r->before.chain_id, era, sequence, a->node_id,
                                                a->public_key, bytes),
                   a);
}

static void add_parameters(struct drafting *d, const struct assay_sim_change *row)
{
    struct assay_action *a = add_action(d, ASSAY_ACTION_PARAMETERS);
    a->parameters = d->r->before.rules.parameters;
    a->parameters.vendor_cap_num = row->vendor_cap_num;
    a->parameters.vendor_cap_den = row->vendor_cap_den;
    if (row->level > a->parameters.level) a->parameters.level = row->level;
    if (row->epoch_ms != 0) a->parameters.epoch_ms = row->epoch_ms;
    if (row->block_len_max != 0) a->parameters.block_len_max = row->block_len_max;
    if (row->operator_cap_bp != 0) {
        a->parameters.operator_cap_num = row->operator_cap_bp;
        a->parameters.operator_cap_den = 10000;
    }
}

static void add_row(struct drafting *d, const struct assay_sim_change *row)
{
    switch (row->action) {
    case ASSAY_SIM_ACTION_REST: add_members(d, row, ASSAY_ACTION_REST); return;
    case ASSAY_SIM_ACTION_WAKE: add_members(d, row, ASSAY_ACTION_WAKE); return;
    case ASSAY_SIM_ACTION_LEAVE: add_members(d, row, ASSAY_ACTION_LEAVE); return;
    case ASSAY_SIM_ACTION_JOIN: add_newcomers(d, row); return;
    case ASSAY_SIM_ACTION_MAINTENANCE: add_members(d, row, ASSAY_ACTION_MAINTENANCE); return;
    case ASSAY_SIM_ACTION_POLICY: add_policy(d, row); return;
    case ASSAY_SIM_ACTION_PARAMETERS: add_parameters(d, row); return;
    case ASSAY_SIM_ACTION_OPERATORS: add_operators(d); return;
    case ASSAY_SIM_ACTION_OPERATORS_BACK: restore_operators(d); return;
    case ASSAY_SIM_ACTION_IDENTITY: add_identities(d, row); return;
    case ASSAY_SIM_ACTION_OPERATOR_KEY: add_operator_key(d, row); return;
    case ASSAY_SIM_ACTION_SERVICES:
        add_action(d, ASSAY_ACTION_SERVICES)->document = world_services_plan(d->r);
        return;
    }
    ASSAY_UNREACHABLE("an action is of the list");
}

/* --- signing */

struct signing {
    uint8_t ids[ASSAY_OPERATORS_MAX][32];
    uint8_t signatures[ASSAY_OPERATORS_MAX][ASSAY_P256_SIGNATURE_LEN];
    uint32_t count;
};

/* Ids ascend. */
static void sign_by(struct world_run *r, const struct assay_sim_change *row, uint32_t set,
                    const uint8_t digest[static 32], struct signing *s)
{
    const struct assay_sim_world *w = r->w;
    struct assay_secret32 key;
    struct assay_p256_signer *signer = NULL;
    uint8_t public[ASSAY_P256_PUBLIC_LEN];
    uint8_t id[32];
    world_operator_of_set(w, set, public, id);
    world_set_key(w, set, KEY_OPERATOR, &key);
    uint32_t at = s->count++;
    for (; at > 0 && assay_bytes_compare(s->ids[at - 1], id, 32) > 0; at--) {
        assay_bytes_copy(s->ids[at], 32, s->ids[at - 1], 32);
        assay_bytes_copy(s->signatures[at], 64, s->signatures[at - 1], 64);
    }
    assay_bytes_copy(s->ids[at], 32, id, 32);
    if (!row->proposed) world_proposals_signed(r, id, digest);
    enum assay_status status = assay_p256_signer_load(&key, &signer);
    ASSAY_ASSERT(status == ASSAY_OK);
    status = assay_p256_sign(signer, digest, s->signatures[at]);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_p256_signer_free(&signer);
}

static void sign_all(const struct drafting *d, const struct assay_sim_change *row,
                     const uint8_t digest[static 32], struct signing *s)
{
    const struct world_run *r = d->r;
    const struct assay_genesis *g = r->changes->operators;
    uint32_t wanted = g->threshold;
    s->count = 0;
    if (row->action == ASSAY_SIM_ACTION_MAINTENANCE) {
        const uint32_t slot = assay_state_slot_of(&r->before, d->actions[0].node_id);
        uint32_t set = world_set_of_operator(r->w, r->before.members[slot].operator_id);
        const bool wrong = row->flaw == ASSAY_SIM_FLAW_STRANGER;
        if (wrong) set = g->operator_count > 1 ? (set + 1) % g->operator_count : STRANGER_SET;
        sign_by(d->r, row, set, digest, s);
        return;
    }
    if (row->flaw == ASSAY_SIM_FLAW_FEW_SIGNATURES || row->flaw == ASSAY_SIM_FLAW_STRANGER)
        wanted--;
    for (uint32_t i = 0; i < wanted; i++)
        sign_by(d->r, row, world_set_of_operator(r->w, g->operators[i].operator_id), digest, s);
    if (row->flaw == ASSAY_SIM_FLAW_STRANGER) sign_by(d->r, row, STRANGER_SET, digest, s);
}

/* --- complete changes */

/* The earliest epoch that its rows and the preceding changes allow. */
static uint64_t activation_of(const struct world_run *r, const struct assay_sim_change *row)
{
    const struct assay_state *s = &r->before;
    uint64_t at = s->epoch + 1 + row->ahead_epochs;
    uint64_t last = assay_trial_runs(&s->trial) ? s->trial.epoch : 0;
    if (row->flaw == ASSAY_SIM_FLAW_NEAR) return s->epoch + 2;
    if (row->action == ASSAY_SIM_ACTION_MAINTENANCE) return at;
    if (s->pending_count > 0) last = s->pending[s->pending_count - 1].activation;
    return last != 0 && at < last + ASSAY_ACTIVATION_APART ? last + ASSAY_ACTIVATION_APART : at;
}

static void apply_flaw(struct drafting *d, const struct assay_sim_change *row,
                       struct assay_change *change)
{
    switch (row->flaw) {
    case ASSAY_SIM_FLAW_NONE:
    case ASSAY_SIM_FLAW_FEW_SIGNATURES:
    case ASSAY_SIM_FLAW_STRANGER:
    case ASSAY_SIM_FLAW_NEAR:
    case ASSAY_SIM_FLAW_FORGED:
    case ASSAY_SIM_FLAW_CONSENT:
    case ASSAY_SIM_FLAW_KEY_TAKEN:
    case ASSAY_SIM_FLAW_REPLAY: return;
    case ASSAY_SIM_FLAW_SEQUENCE:
        change->sequence = change->sequence > 1 ? change->sequence - 1 : change->sequence + 100;
        return;
    case ASSAY_SIM_FLAW_UNFIT:
        world_fill_id(add_action(d, ASSAY_ACTION_LEAVE)->node_id, 'n', 1); /* no key has this id */
        return;
    case ASSAY_SIM_FLAW_ERA: change->era++; return;
    case ASSAY_SIM_FLAW_FORCE: change->forces = change->sequence + 7; return;
    case ASSAY_SIM_FLAW_DOCUMENT: {
        static const uint8_t nonsense[] = "a policy of another world";
        add_action(d, ASSAY_ACTION_POLICY)->document = assay_slice_over(nonsense, sizeof nonsense);
        return;
    }
    }
    ASSAY_UNREACHABLE("a flaw is of the list");
}

static void encode_draft(struct drafting *d, const struct assay_sim_change *row,
                         struct draft *draft)
{
    struct world_run *r = d->r;
    uint8_t body[RECORD_MAX];
    uint8_t record[RECORD_MAX];
    uint8_t digest[32];
    struct signing *s = calloc(1, sizeof *s);
    struct assay_change change = { .era = r->before.era,
                                   .sequence = r->before.change_sequence + 1,
                                   .activation = d->activation };
    ASSAY_ASSERT(s != NULL);
    if (row->action == ASSAY_SIM_ACTION_MAINTENANCE) change.sequence = 0;
    if (row->forces) change.forces = r->before.reverted_sequence;
    assay_bytes_copy(change.chain_id, 32, r->before.chain_id, 32);
    apply_flaw(d, row, &change);
    struct assay_writer w = assay_writer_over(body, sizeof body);
    enum assay_status status = assay_change_encode(&change, d->actions, d->count, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    const struct assay_slice whole = assay_slice_over(body, w.len);
    assay_sha256(whole.bytes, whole.len, digest);
    sign_all(d, row, digest, s);
    if (row->flaw == ASSAY_SIM_FLAW_FORGED) s->signatures[s->count - 1][40] ^= 1;
    w = assay_writer_over(record, sizeof record);
    status = assay_record_put_change(&w, whole, (const uint8_t(*)[32])s->ids,
                                     (const uint8_t(*)[64])s->signatures, s->count);
    ASSAY_ASSERT(status == ASSAY_OK);
    free(s);
    if (draft->record != NULL) world_payload_drop(r->w, draft->record);
    draft->record = world_payload(r->w, record, w.len);
    if (draft->body != NULL) world_payload_drop(r->w, draft->body);
    draft->body = row->proposed ? world_payload(r->w, body, whole.len) : NULL;
    draft->era = change.era;
    assay_bytes_copy(draft->body_digest, 32, digest, 32);
    draft->sequence = change.sequence;
    draft->activation = change.activation;
    assay_sha256(record, w.len, draft->digest);
}

void world_draft_forget(struct world_run *r, uint32_t index)
{
    struct world_changes *c = r->changes;
    for (uint32_t i = 0; i < c->newcomer_count; i++)
        if (c->newcomers[i].draft == index) c->newcomers[i].over = true;
}

bool world_draft_make(struct world_run *r, uint32_t index)
{
    const struct assay_scenario *s = r->scenario;
    const struct assay_sim_change *row = &s->changes[index];
    struct draft *draft = &r->changes->drafts[index];
    struct drafting *d = calloc(1, sizeof *d);
    ASSAY_ASSERT(d != NULL);
    d->r = r;
    d->index = index;
    d->activation = activation_of(r, row);
    for (uint32_t i = index; i < s->change_count && (i == index || s->changes[i].with_before); i++)
        add_row(d, &s->changes[i]);
    const bool any = d->count > 0;
    if (any) encode_draft(d, row, draft);
    if (row->flaw != ASSAY_SIM_FLAW_NONE) world_draft_forget(r, index);
    free(d);
    return any;
}
