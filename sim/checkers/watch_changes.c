/*
 * sim/checkers/watch_changes.c - checker of changes by operators (docs/protocol.md 9.5 to 9.9).
 *
 * It evaluates the CHANGE records of final blocks independently: their signers, their activation,
 * the resulting roster, rules and operators at each boundary, the members that new rules would
 * suspend, and whether these must revert. It reads none of the ledger's own bookkeeping (pending,
 * trial, ended). After a gap in the observed epochs it stops.
 */
#include "sim/checkers/watch_rules.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/ledger/records/record.h"
#include "scoring/tally.h"

#include <stdlib.h>

enum {
    PROOFS_LIVE =
        8, /* epochs, docs/protocol.md 4.10: the slot of a member that left is kept that long */
    FORGET_EPOCHS = 512, /* 7.6: one offence expires in as many epochs */
    TRIAL_LEAST = 2,     /* epochs, 9.9 */
    TRIAL_MOST = 64,     /* ... while more than a fifth is not evaluated by the new rules */
};

void assay_watch_add(const struct assay_watch_epoch *e, enum assay_sim_figure figure)
{
    e->watch->outcome->figures[figure][0]++;
}

/* --- memory */

static void *allocate_zeroed(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    ASSAY_ASSERT(memory != NULL);
    return memory;
}

static void drop_all_waiting(struct assay_watch_rules *c)
{
    for (uint32_t i = 0; i < c->waiting_count; i++)
        free(c->waiting[i].body);
    c->waiting_count = 0;
}

void assay_watch_changes_free(struct assay_sim_watch *watch)
{
    struct assay_watch_rules *c = watch->rules;
    if (c == NULL) return;
    drop_all_waiting(c);
    free(c->operators);
    free(c->operators_bytes);
    free(c->felled);
    free(c->places);
    free(c->absences);
    free(c->absence_count);
    free(c);
    watch->rules = NULL;
}

static void record_places(struct assay_watch_rules *c, uint32_t nodes,
                          const struct assay_state *state)
{
    for (uint32_t i = 0; i < nodes; i++) {
        c->places[i] = (struct place){ .taken = i < state->member_count };
        if (!c->places[i].taken) continue;
        assay_bytes_copy(c->places[i].node_id, 32, state->members[i].node_id, 32);
        assay_bytes_copy(c->places[i].operator_id, 32, state->members[i].operator_id, 32);
        assay_bytes_copy(c->places[i].identity, ASSAY_P256_PUBLIC_LEN,
                         state->members[i].identity_public, ASSAY_P256_PUBLIC_LEN);
        c->places[i].stage = state->members[i].stage;
        c->places[i].stage_epoch = state->members[i].stage_epoch;
    }
}

static void open_rules(struct assay_sim_watch *w, const struct assay_watch_epoch *e)
{
    struct assay_watch_rules *c = allocate_zeroed(1, sizeof *c);
    const struct assay_genesis *g = e->closed->genesis;
    c->operators = allocate_zeroed(1, sizeof *c->operators);
    *c->operators = *g;
    assay_bytes_copy(c->operators_digest, 32, g->operators_digest, 32);
    c->rules.parameters = g->parameters;
    assay_bytes_copy(c->rules.policy_digest, 32, g->policy_digest, 32);
    assay_bytes_copy(c->rules.endorsements_digest, 32, g->endorsements_digest, 32);
    c->felled = allocate_zeroed(w->nodes, sizeof *c->felled);
    c->places = allocate_zeroed(w->nodes, sizeof *c->places);
    c->absences = allocate_zeroed(w->nodes, sizeof *c->absences);
    c->absence_count = allocate_zeroed(w->nodes, sizeof *c->absence_count);
    record_places(c, w->nodes, e->before);
    c->epoch = e->before->epoch;
    c->era = e->before->era;
    c->blind = e->before->era > 0; /* what came before is unknown */
    assay_watch_updates_open(c, g);
    w->rules = c;
}

/* --- new rules on trial (protocol.md 9.9) */

static void count_felled(const struct assay_watch_epoch *e)
{
    struct assay_watch_rules *c = e->watch->rules;
    for (uint32_t i = 0; i < e->before->member_count; i++) {
        struct felled *f = &c->felled[i];
        const struct assay_found *found = &e->after->members[i].found;
        f->struck |= f->now && found->integrity_reason >= ASSAY_INTEGRITY_FALSE_FAIL;
        if (f->weight == 0 || f->now || e->closed->fails[i] == ASSAY_OUTCOME_NONE) continue;
        if (!e->closed->truth[i].felled) { /* it fails by the previous rules as well */
            f->weight = 0;
            continue;
        }
        /* After its first two epochs a trial waits only for members that were not evaluated yet. */
        if (f->passed && e->closed->epoch > c->trial.epoch + 1) continue;
        f->now = true;
        f->integrity_bp = e->before->members[i].trust.integrity_bp;
        f->offences = e->before->members[i].trust.offences.count;
        c->trial.felled += f->weight;
    }
}

/* Whether no verdict on it is expected while the trial runs. */
static bool is_exempt(const struct assay_watch_epoch *e, uint32_t slot)
{
    const struct assay_member *m = &e->after->members[slot];
    bool away = m->stage != ASSAY_STAGE_MEMBER;
    uint64_t table = 0;
    for (uint32_t i = 0; i < e->before->member_count; i++)
        table += e->before->members[i].weight;
    for (uint32_t i = 0; i < m->maintenance_count; i++)
        away |= m->maintenances[i].from <= e->closed->epoch &&
                e->closed->epoch <= m->maintenances[i].until;
    return away || (e->after->certified && 3 * m->found.unjudged_weight > table);
}

/* Weight of members with neither a certified PASS nor a proven FAIL under the new rules. */
static uint64_t unjudged_weight(const struct assay_watch_epoch *e)
{
    uint64_t weight = 0;
    struct assay_watch_rules *c = e->watch->rules;
    for (uint32_t i = 0; i < e->before->member_count; i++) {
        struct felled *f = &c->felled[i];
        f->passed |= e->after->members[i].found.certified_pass;
        if (!f->now && !f->passed && !is_exempt(e, i)) weight += f->weight;
    }
    return weight;
}

static void clear_trial(struct assay_watch_rules *c, uint32_t nodes)
{
    c->trial = (struct trial){ 0 };
    for (uint32_t i = 0; i < nodes; i++)
        c->felled[i] = (struct felled){ 0 };
}

/* No adversary is on it or another member of its platform, so that it has no reason to be
 * struck. */
static bool is_innocent(const struct assay_watch_epoch *e, uint32_t slot)
{
    const struct assay_sim_watch *w = e->watch;
    for (uint32_t i = 0; i < e->before->member_count; i++)
        if (w->platform[i] == w->platform[slot] && !e->closed->truth[i].honest) return false;
    return true;
}

/* A change that was reverted harmed no member. */
static void check_spared(const struct assay_watch_epoch *e)
{
    const struct assay_watch_rules *c = e->watch->rules;
    for (uint32_t i = 0; i < e->before->member_count; i++) {
        const struct felled *f = &c->felled[i];
        const struct assay_trust_state *now = &e->after->members[i].trust;
        const bool struck =
            f->struck || e->after->members[i].found.integrity_reason >= ASSAY_INTEGRITY_FALSE_FAIL;
        /* protocol.md 9.9: other offences strike as always. */
        if (!f->now || struck || !is_innocent(e, i)) continue;
        if (now->integrity_bp < f->integrity_bp)
            BROKEN(e, "node %u: felled by a change that was reverted: integrity %u, it had %u", i,
                   now->integrity_bp, f->integrity_bp);
        else if (now->offences.count > f->offences)
            BROKEN(e, "node %u: an offence of a change that was reverted stays", i);
        else FINE(e);
    }
}

/* Drops drafts that were based on reverted rules. */
static void drop_waiting(const struct assay_watch_epoch *e)
{
    struct assay_watch_rules *c = e->watch->rules;
    for (uint32_t i = 0; i < c->waiting_count; i++)
        assay_watch_add(e, ASSAY_SIM_FIGURE_CHANGES_UNFIT);
    drop_all_waiting(c);
}

static void evaluate_trial(const struct assay_watch_epoch *e)
{
    struct assay_watch_rules *c = e->watch->rules;
    const struct trial *t = &c->trial;
    if (t->epoch == 0) return;
    count_felled(e);
    const bool ended = t->until_ms <= e->before->head_time_ms;
    if (5 * t->felled > t->total && !ended) {
        if (t->sequence != 0) assay_watch_add(e, ASSAY_SIM_FIGURE_CHANGES_REVERTED);
        c->rules = t->before;
        if (t->sequence != 0) c->reverted = t->sequence;
        c->turned = c->spared_now = true;
        if (e->after->ended.end != ASSAY_CHANGE_REVERTED || e->after->ended.sequence != t->sequence)
            BROKEN(e, "change %llu felled %llu of %llu and stays", (unsigned long long)t->sequence,
                   (unsigned long long)t->felled, (unsigned long long)t->total);
        check_spared(e);
        /* Operators do not decide on collateral: their changes stay pending. */
        if (t->sequence != 0) drop_waiting(e);
        else assay_watch_updates_end_trial(e, true);
        c->dropped_now = t->sequence != 0;
        clear_trial(c, e->watch->nodes);
        return;
    }
    if (e->after->ended.end == ASSAY_CHANGE_REVERTED && e->after->ended.epoch == e->closed->epoch)
        BROKEN(e, "change %llu felled %llu of %llu and is reverted",
               (unsigned long long)t->sequence, (unsigned long long)t->felled,
               (unsigned long long)t->total);
    else FINE(e);
    const uint64_t unjudged = unjudged_weight(e);
    const uint64_t epochs = e->closed->epoch - t->epoch + 1;
    if (epochs < TRIAL_LEAST) return;
    if (5 * (t->felled + unjudged) > t->total && epochs < TRIAL_MOST && !ended) return;
    if (t->sequence == 0) assay_watch_updates_end_trial(e, false);
    clear_trial(c, e->watch->nodes);
}

/* --- effect of a change on roster and rules */

struct making {
    const struct assay_watch_epoch *e;
    struct place *places;
    struct assay_rules_in_force rules;
    uint8_t operators_digest[32];
    struct assay_slice operators;
    uint64_t activation;
    uint32_t keys; /* new ones of operators and nodes */
};

static uint32_t find_place(const struct making *m, const uint8_t id[static 32])
{
    for (uint32_t i = 0; i < m->e->watch->nodes; i++)
        if (m->places[i].taken && m->places[i].stage != ASSAY_STAGE_LEFT &&
            assay_bytes_equal(m->places[i].node_id, id, 32))
            return i;
    return UINT32_MAX;
}

/* Epochs for which the slot of a departed member is kept. A row that was reused at this boundary
 * shows the offences of the new platform; the departed member's are those of before. */
static uint64_t kept_epochs(const struct making *m, uint32_t slot)
{
    const bool retaken = m->e->after->members[slot].stage != ASSAY_STAGE_LEFT;
    const struct assay_state *s = retaken ? m->e->before : m->e->after;
    return PROOFS_LIVE + FORGET_EPOCHS * (uint64_t)s->members[slot].trust.offences.count;
}

/* protocol.md 9.6.6: the slot of a returning member; or the lowest one that is no longer needed; or
 * the next one. */
static uint32_t find_free_place(const struct making *m, const uint8_t id[static 32])
{
    uint32_t lowest = UINT32_MAX;
    uint32_t i = 0;
    for (; i < m->e->watch->nodes && m->places[i].taken; i++) {
        const struct place *p = &m->places[i];
        if (p->stage != ASSAY_STAGE_LEFT || p->stage_epoch + kept_epochs(m, i) >= m->activation)
            continue;
        if (assay_bytes_equal(p->node_id, id, 32)) return i;
        if (lowest == UINT32_MAX) lowest = i;
    }
    return lowest != UINT32_MAX ? lowest : i;
}

/* protocol.md 9.6.7: members of the operator are those of its new id, in every slot. */
static void apply_operator_key(struct making *m, const struct assay_action *a)
{
    uint8_t id[32];
    assay_sha256(a->public_key, sizeof a->public_key, id);
    for (uint32_t i = 0; i < m->e->watch->nodes; i++)
        if (m->places[i].taken && assay_bytes_equal(m->places[i].operator_id, a->node_id, 32))
            assay_bytes_copy(m->places[i].operator_id, 32, id, 32);
    m->operators = a->document;
    assay_sha256(a->document.bytes, a->document.len, m->operators_digest);
    m->keys++;
}

static void apply_action(struct making *m, const struct assay_action *a)
{
    uint32_t slot = 0;
    switch (a->kind) {
    case ASSAY_ACTION_JOIN:
        slot = find_free_place(m, a->card.node_id);
        if (slot == m->e->watch->nodes) return; /* the scenario has no machine for it */
        m->places[slot] = (struct place){ .taken = true, .stage_epoch = m->activation };
        assay_bytes_copy(m->places[slot].node_id, 32, a->card.node_id, 32);
        assay_bytes_copy(m->places[slot].operator_id, 32, a->card.operator_id, 32);
        assay_bytes_copy(m->places[slot].identity, ASSAY_P256_PUBLIC_LEN, a->card.identity_public,
                         ASSAY_P256_PUBLIC_LEN);
        return;
    case ASSAY_ACTION_LEAVE:
    case ASSAY_ACTION_REST:
    case ASSAY_ACTION_WAKE:
        slot = find_place(m, a->node_id);
        if (slot == UINT32_MAX) return;
        m->places[slot].stage = a->kind == ASSAY_ACTION_LEAVE  ? ASSAY_STAGE_LEFT
                                : a->kind == ASSAY_ACTION_REST ? ASSAY_STAGE_RESTING
                                                               : ASSAY_STAGE_MEMBER;
        m->places[slot].stage_epoch = m->activation;
        return;
    case ASSAY_ACTION_POLICY:
        assay_sha256(a->document.bytes, a->document.len, m->rules.policy_digest);
        return;
    case ASSAY_ACTION_ENDORSEMENTS:
        assay_sha256(a->document.bytes, a->document.len, m->rules.endorsements_digest);
        return;
    case ASSAY_ACTION_PARAMETERS: m->rules.parameters = a->parameters; return;
    case ASSAY_ACTION_OPERATOR_KEY: apply_operator_key(m, a); return;
    case ASSAY_ACTION_IDENTITY:
        slot = find_place(m, a->node_id);
        if (slot == UINT32_MAX) return;
        assay_bytes_copy(m->places[slot].identity, ASSAY_P256_PUBLIC_LEN, a->public_key,
                         ASSAY_P256_PUBLIC_LEN);
        m->keys++;
        return;
    case ASSAY_ACTION_OPERATORS:
        m->operators = a->document;
        assay_sha256(a->document.bytes, a->document.len, m->operators_digest);
        return;
    case ASSAY_ACTION_COLLATERAL: return;  /* watch_updates.c */
    case ASSAY_ACTION_SERVICES: return;    /* sim/services/recount.c */
    case ASSAY_ACTION_MAINTENANCE: return; /* a change of its own: take_absences */
    }
}

/* Returns: the difference from the state after the epoch, NULL: none. */
static const char *find_difference(const struct making *m)
{
    const struct assay_state *s = m->e->after;
    if (!assay_state_rules_equal(&m->rules, &s->rules)) return "rules";
    if (!assay_bytes_equal(m->operators_digest, s->operators_digest, 32)) return "operators";
    for (uint32_t i = 0; i < m->e->watch->nodes; i++) {
        const struct place *p = &m->places[i];
        if (p->taken != (i < s->member_count)) return "size of the roster";
        if (!p->taken) continue;
        if (!assay_bytes_equal(p->node_id, s->members[i].node_id, 32)) return "members";
        if (!assay_bytes_equal(p->operator_id, s->members[i].operator_id, 32))
            return "operators of members";
        if (!assay_bytes_equal(p->identity, s->members[i].identity_public, ASSAY_P256_PUBLIC_LEN))
            return "identity keys";
        if (p->stage != s->members[i].stage) return "who serves";
    }
    return NULL;
}

/* Newcomers start like a restarted member: no score, no weight, the offences of its platform. */
static void check_newcomer(const struct assay_watch_epoch *e, uint32_t slot)
{
    const struct assay_sim_watch *w = e->watch;
    const struct assay_member *m = &e->after->members[slot];
    const uint32_t platform = assay_watch_platform(w, e->closed->machines, slot);
    uint32_t least = 0;
    for (uint32_t i = 0; i < e->before->member_count; i++) {
        if (w->platform[i] != platform) continue;
        const uint32_t before = e->before->members[i].trust.offences.count;
        const uint32_t after = e->after->members[i].trust.offences.count;
        /* One may expire in this epoch; the row of the slot shows what it was given. */
        const uint32_t known = i == slot || before > after ? (before > 0 ? before - 1 : 0) : before;
        if (known > least) least = known;
    }
    if (m->trust.integrity_bp != 0 || m->trust.availability_bp != 0)
        BROKEN(e, "newcomer %u begins with integrity %u and availability %u", slot,
               m->trust.integrity_bp, m->trust.availability_bp);
    else if (m->weight != 0) BROKEN(e, "newcomer %u begins with weight %u", slot, m->weight);
    else if (m->trust.offences.count < least)
        BROKEN(e, "newcomer %u begins with %u offences, its platform has %u", slot,
               m->trust.offences.count, least);
    else FINE(e);
}

/* protocol.md 9.6.7, 9.6.8: standing, weight and history are those of the member, whatever its keys
 * are. Whether it fell in this epoch for a reason is examined as of any member (P1, justice). */
static void check_followed(const struct assay_watch_epoch *e, uint32_t slot)
{
    const struct assay_member *old = &e->before->members[slot], *now = &e->after->members[slot];
    if (now->lives[0].incarnation < old->lives[0].incarnation)
        BROKEN(e, "node %u gets a new key and an older incarnation", slot);
    else if (now->trust.offences.count + 1 < old->trust.offences.count)
        BROKEN(e, "node %u gets a new key, and its offences are forgotten", slot);
    else if (now->stage_epoch != old->stage_epoch && now->stage == old->stage)
        BROKEN(e, "node %u gets a new key, and joins again", slot);
    else if (now->pass_epoch < old->pass_epoch || now->failure_epoch < old->failure_epoch)
        BROKEN(e, "node %u gets a new key, and its history is forgotten", slot);
    else FINE(e);
}

static void set_operators(struct assay_watch_rules *c, struct assay_slice document)
{
    struct assay_genesis *next = allocate_zeroed(1, sizeof *next);
    uint8_t *bytes = malloc(document.len);
    ASSAY_ASSERT(bytes != NULL);
    assay_bytes_copy(bytes, document.len, document.bytes, document.len);
    const enum assay_status status =
        assay_operators_decode(assay_slice_over(bytes, document.len), next);
    ASSAY_ASSERT(status == ASSAY_OK); /* it is in force */
    free(c->operators);
    free(c->operators_bytes);
    c->operators = next;
    c->operators_bytes = bytes;
}

/* protocol.md 9.6.4: no operators document is in force twice, or signatures from before the
 * replacement would count again. */
static void check_operators(const struct assay_watch_epoch *e)
{
    struct assay_watch_rules *c = e->watch->rules;
    if (assay_bytes_equal(e->before->operators_digest, e->after->operators_digest, 32)) return;
    if (c->seen_count == 0) /* those of the genesis, or of where the checker started */
        assay_bytes_copy(c->seen[c->seen_count++], 32, e->before->operators_digest, 32);
    bool again = false;
    for (uint32_t i = 0; i < c->seen_count; i++)
        if (assay_bytes_equal(c->seen[i], e->after->operators_digest, 32)) again = true;
    if (again) BROKEN(e, "operators come back with the document that they had before");
    else FINE(e);
    if (c->seen_count == OPERATORS_SEEN) return;
    assay_bytes_copy(c->seen[c->seen_count++], 32, e->after->operators_digest, 32);
}

static void start_trial(const struct assay_watch_epoch *e, uint64_t sequence,
                        const struct assay_rules_in_force *before)
{
    struct assay_watch_rules *c = e->watch->rules;
    if (c->trial.epoch != 0) BROKEN(e, "rules on trial give way to others");
    clear_trial(c, e->watch->nodes);
    c->trial = (struct trial){ .sequence = sequence,
                               .epoch = e->closed->epoch + 1,
                               .before = *before,
                               .until_ms = sequence == 0 ? c->set_before_until_ms : INT64_MAX };
    for (uint32_t i = 0; i < e->after->member_count; i++) {
        const struct assay_member *m = &e->after->members[i];
        c->trial.total += m->weight;
        const bool failed_now = m->found.integrity_reason == ASSAY_INTEGRITY_FAIL_SOFT;
        if (m->found.certified_pass || (m->pass_epoch > m->failure_epoch && !failed_now))
            c->felled[i].weight = m->weight;
    }
}

/* The operators' rules do not come into force at this boundary. */
static void keep_rules_on_trial(const struct assay_watch_epoch *e, struct making *m)
{
    struct assay_watch_rules *c = e->watch->rules;
    const struct assay_rules_in_force before = c->rules;
    bool tried = false;
    const bool serves = assay_watch_activate_updates(e, &m->rules, &tried);
    const char *what = find_difference(m);
    if (what == NULL) FINE(e);
    else
        BROKEN(e,
               serves ? "%s: not as collateral has it that was due"
                      : "%s changed, and nothing was due",
               what);
    if (!serves) return;
    c->rules = m->rules;
    c->turned = true;
    if (tried) start_trial(e, 0, &before);
}

static void apply_change(struct making *m, const struct assay_change *change)
{
    struct assay_cursor at = assay_cursor_over(change->actions.bytes, change->actions.len);
    for (uint32_t i = 0; i < change->action_count; i++) {
        struct assay_action a;
        const enum assay_status shape = assay_action_next(&at, &a);
        ASSAY_ASSERT(shape == ASSAY_OK);
        apply_action(m, &a);
    }
}

/* Forced rules hold whichever rules stay; where both are equal, nothing is on trial any more. */
static void apply_forced(const struct assay_watch_epoch *e, const struct assay_change *change)
{
    struct assay_watch_rules *c = e->watch->rules;
    struct making m = { .e = e, .places = c->places, .rules = c->trial.before };
    struct assay_cursor at = assay_cursor_over(change->actions.bytes, change->actions.len);
    if (c->trial.epoch == 0) return;
    for (uint32_t i = 0; i < change->action_count; i++) {
        struct assay_action a;
        const enum assay_status shape = assay_action_next(&at, &a);
        ASSAY_ASSERT(shape == ASSAY_OK);
        if (a.kind == ASSAY_ACTION_ENDORSEMENTS) c->trial.until_ms = INT64_MAX;
        if (a.kind == ASSAY_ACTION_POLICY || a.kind == ASSAY_ACTION_ENDORSEMENTS ||
            a.kind == ASSAY_ACTION_PARAMETERS)
            apply_action(&m, &a);
    }
    c->trial.before = m.rules;
    if (!assay_state_rules_equal(&m.rules, &c->rules)) return;
    assay_watch_updates_end_trial(e, false);
    clear_trial(c, e->watch->nodes);
}

static void set_places(const struct assay_watch_epoch *e, struct place *places)
{
    struct assay_watch_rules *c = e->watch->rules;
    for (uint32_t i = 0; i < e->watch->nodes; i++) {
        const struct place *old = &c->places[i];
        const bool stays = assay_bytes_equal(places[i].node_id, old->node_id, 32);
        if (old->taken && stays && old->stage != ASSAY_STAGE_LEFT && i < e->before->member_count &&
            (!assay_bytes_equal(places[i].operator_id, old->operator_id, 32) ||
             !assay_bytes_equal(places[i].identity, old->identity, ASSAY_P256_PUBLIC_LEN)))
            check_followed(e, i);
        if (!places[i].taken || stays) continue;
        check_newcomer(e, i);
        c->felled[i] =
            (struct felled){ 0 }; /* the previous member was on trial, not the newcomer */
    }
    free(c->places);
    c->places = places;
}

/* Completely, or not at all; while rules are on trial other changes wait, and all after them. */
static void activate(const struct assay_watch_epoch *e)
{
    struct assay_watch_rules *c = e->watch->rules;
    const uint32_t nodes = e->watch->nodes;
    struct making m = { .e = e, .places = c->places, .rules = c->rules };
    assay_bytes_copy(m.operators_digest, 32, c->operators_digest, 32);
    if (c->waiting_count == 0 || c->waiting[0].activation > e->closed->epoch + 1) {
        keep_rules_on_trial(e, &m);
        return;
    }
    const struct waiting w = c->waiting[0];
    const bool unfit = e->after->ended.end == ASSAY_CHANGE_UNFIT &&
                       e->after->ended.sequence == w.sequence &&
                       e->after->ended.epoch == e->closed->epoch;
    struct assay_change change;
    const enum assay_status status = assay_change_decode(assay_slice_over(w.body, w.len), &change);
    ASSAY_ASSERT(status == ASSAY_OK);
    struct place *places = allocate_zeroed(nodes, sizeof *places);
    for (uint32_t i = 0; i < nodes; i++)
        places[i] = c->places[i];
    m.places = places;
    m.activation = e->closed->epoch + 1;
    if (!unfit) apply_change(&m, &change);
    const bool others = !assay_state_rules_equal(&c->rules, &m.rules);
    if (others && c->trial.epoch != 0 && w.forces == 0) {
        m = (struct making){ .e = e, .places = c->places, .rules = c->rules };
        assay_bytes_copy(m.operators_digest, 32, c->operators_digest, 32);
        free(places);
        keep_rules_on_trial(e, &m); /* none does: they are on trial */
        return;
    }
    for (uint32_t i = 1; i < c->waiting_count; i++)
        c->waiting[i - 1] = c->waiting[i];
    c->waiting_count--;
    const bool tries = others && w.forces == 0;
    const char *const what = find_difference(&m);
    if (what != NULL)
        BROKEN(e, "change %llu%s: %s not as it says", (unsigned long long)w.sequence,
               unfit ? ", which did not fit" : "", what);
    else FINE(e);
    assay_watch_add(e, unfit ? ASSAY_SIM_FIGURE_CHANGES_UNFIT : ASSAY_SIM_FIGURE_CHANGES_ACTIVE);
    for (uint32_t i = 0; i < m.keys; i++)
        assay_watch_add(e, ASSAY_SIM_FIGURE_KEYS_CHANGED);
    const struct assay_rules_in_force before = c->rules;
    c->rules = m.rules;
    assay_bytes_copy(c->operators_digest, 32, m.operators_digest, 32);
    if (m.operators.len > 0) set_operators(c, m.operators);
    set_places(e, places);
    c->turned = true;
    if (w.forces != 0) apply_forced(e, &change);
    if (tries) start_trial(e, w.sequence, &before);
    free(w.body);
}

/* --- members out of service */

static bool is_absent(const struct assay_watch_rules *c, uint32_t slot, uint64_t epoch)
{
    for (uint32_t i = 0; i < c->absence_count[slot]; i++)
        if (c->absences[slot][i].from <= epoch && epoch <= c->absences[slot][i].until) return true;
    return false;
}

/* No weight, no vote, no evaluation; announced absence holds A. */
static void check_aside(const struct assay_watch_epoch *e)
{
    const struct assay_watch_rules *c = e->watch->rules;
    for (uint32_t i = 0; i < e->before->member_count; i++) {
        const struct assay_member *old = &e->before->members[i];
        const struct assay_member *now = &e->after->members[i];
        if (!assay_watch_same_member(e, i)) continue;
        const bool served = old->stage == ASSAY_STAGE_MEMBER;
        const bool held = !served || is_absent(c, i, e->closed->epoch);
        if (now->stage != ASSAY_STAGE_MEMBER && now->weight > 0)
            BROKEN(e, "node %u does not serve and has weight %u", i, now->weight);
        if (!held) continue;
        if (now->found.certified_pass) BROKEN(e, "node %u is out of service and was judged", i);
        else if (!c->spared_now && now->stage == old->stage &&
                 now->trust.availability_bp != old->trust.availability_bp)
            BROKEN(e, "node %u is out of service: availability %u, it was %u", i,
                   now->trust.availability_bp, old->trust.availability_bp);
        else if (!c->spared_now && !served && now->trust.integrity_bp > old->trust.integrity_bp)
            BROKEN(e, "node %u is out of service, and its integrity rose", i);
        else FINE(e);
    }
}

/* --- progress after a boundary */

static bool is_faultless(const struct assay_scenario *s)
{
    const struct assay_sim_store_faults *f = &s->store;
    return s->crash_count + s->partition_count + s->clock_count + s->adversary_count == 0 &&
           s->link.loss_permille + f->lost_permille + f->torn_permille == 0;
}

/* The engines that take over close the next epoch in time. Precondition: a scenario without any
 * fault; with faults progress is required from heal_epoch on, of every epoch (watch.c). */
static void check_progress(struct assay_sim_watch *w, uint64_t now_ms)
{
    struct assay_watch_rules *c = w->rules;
    const uint64_t bound_ms = (uint64_t)w->scenario->progress_epochs * w->scenario->epoch_ms;
    if (c->turned_ms == 0 || !is_faultless(w->scenario)) return;
    const uint64_t late_ms = now_ms - c->turned_ms;
    c->turned_ms = 0;
    if (late_ms > bound_ms)
        assay_sim_report_check(w->outcome, ASSAY_SIM_CHECKER_LIVENESS, c->epoch,
                               "nothing closed for %llu ms behind a change",
                               (unsigned long long)late_ms);
    else assay_sim_report_check(w->outcome, ASSAY_SIM_CHECKER_LIVENESS, c->epoch, NULL);
}

void assay_watch_changes_end(struct assay_sim_watch *watch, uint64_t now_ms)
{
    if (watch->rules != NULL) check_progress(watch, now_ms);
}

/* --- the epoch */

/* An epoch was not observed, or was observed in an era that operators ended before it: the close
 * that began the new era, and what it dropped, were not. */
static void follow_epoch(struct assay_watch_rules *c, const struct assay_watch_epoch *e)
{
    c->blind = c->blind || c->epoch + 1 != e->closed->epoch || c->era != e->before->era;
    c->epoch = e->closed->epoch;
    c->era = e->after->era;
}

void assay_watch_changes(const struct assay_watch_epoch *e)
{
    struct assay_sim_watch *w = e->watch;
    if (e->closed->genesis == NULL || e->closed->fails == NULL) return;
    if (w->rules == NULL) open_rules(w, e);
    struct assay_watch_rules *c = w->rules;
    follow_epoch(c, e);
    c->turned = c->spared_now = c->dropped_now = false;
    check_progress(w, e->closed->at_ms);
    if (c->blind) return;
    c->forceable = c->reverted;
    evaluate_trial(e);
    for (uint32_t i = 0; i < e->closed->change_count; i++)
        assay_watch_on_change(e, e->closed->changes[i]);
    for (uint32_t i = 0; i < e->closed->update_count; i++)
        assay_watch_on_update(e, e->closed->updates[i]);
    if (c->dropped_now) drop_waiting(e); /* taken in the epoch that is reverted */
    activate(e);
    check_operators(e);
    check_aside(e);
    if (c->turned) c->turned_ms = e->closed->at_ms;
}

void assay_watch_changes_era(const struct assay_watch_epoch *e)
{
    struct assay_sim_watch *w = e->watch;
    if (e->closed->genesis == NULL || e->closed->fails == NULL) return;
    if (w->rules == NULL) open_rules(w, e);
    struct assay_watch_rules *c = w->rules;
    follow_epoch(c, e);
    c->turned_ms = 0;
    /* protocol.md 9.15: rules on trial stay; renewals of vendors stay pending. */
    assay_watch_updates_end_trial(e, false);
    for (uint32_t i = 0; !c->blind && i < e->closed->update_count; i++)
        assay_watch_on_update(e, e->closed->updates[i]);
    c->sequence = e->after->change_sequence; /* RECOVER has one too */
    c->seen_count = 0;                       /* signed documents name their era */
    c->rules = e->after->rules;
    clear_trial(c, w->nodes);
    drop_all_waiting(c);
    record_places(c, w->nodes, e->after);
}

bool assay_watch_same_member(const struct assay_watch_epoch *e, uint32_t slot)
{
    if (slot >= e->before->member_count || slot >= e->after->member_count)
        return slot >= e->after->member_count;
    return assay_bytes_equal(e->before->members[slot].node_id, e->after->members[slot].node_id, 32);
}

bool assay_watch_set_aside(const struct assay_watch_epoch *e, uint32_t slot)
{
    const struct assay_watch_rules *c = e->watch->rules;
    if (slot >= e->before->member_count || !assay_watch_same_member(e, slot)) return true;
    if (e->before->members[slot].stage != ASSAY_STAGE_MEMBER) return true;
    if (e->after->members[slot].stage != ASSAY_STAGE_MEMBER) return true;
    if (c == NULL || c->blind) return c != NULL;
    return is_absent(c, slot, e->closed->epoch) || c->spared_now;
}

bool assay_watch_roster_changed(const struct assay_watch_epoch *e)
{
    if (e->before->member_count != e->after->member_count) return true;
    for (uint32_t i = 0; i < e->after->member_count; i++)
        if (!assay_watch_same_member(e, i) ||
            e->before->members[i].stage != e->after->members[i].stage)
            return true;
    return false;
}
