/*
 * sim/epochs/uptime.c - crashes, restarts, catching up, new keys, silence of adversaries.
 *
 * docs/protocol.md 2.4 to 2.10, 5.19 (BEHIND), 10.1 to 10.3 (orders). For every node and tick: from
 * when on it is in the running epoch, and when it signs its ballot.
 */
#include "sim/epochs/epochs_internal.h"

/* --- crashes */

static bool is_healed(const struct assay_sim_epochs *w)
{
    return w->scenario.heal_epoch != 0 && w->tick >= w->scenario.heal_epoch;
}

static uint64_t epoch_us(const struct assay_sim_epochs *w)
{
    return (uint64_t)w->scenario.epoch_ms * 1000;
}

static void crash_node(struct assay_sim_epochs *w, const struct assay_sim_crash *crash,
                       uint32_t node, uint64_t at_ms)
{
    struct epochs_node *me = &w->nodes[node];
    const struct assay_sim_store_faults *store = &w->scenario.store;
    struct assay_sim_random random =
        assay_sim_random_of(w->seed, ASSAY_SIM_STREAM_STORE, w->tick, node);
    if (at_ms < me->up_at_ms) return; /* still down from the previous crash */
    me->down_from_ms = at_ms;
    me->up_at_ms = at_ms + crash->down_ms;
    me->crash_loses = crash->loses_store || crash->loses_log;
    /* A torn batch was never acknowledged, so nothing of it was sent: no guarantee is broken. */
    me->crash_rolls = crash->rolls_back_epochs > 0 ||
                      assay_sim_random_permille(&random, store->lost_permille) ||
                      assay_sim_random_permille(&random, store->rolled_back_permille);
    me->suspended = true;
    w->crashes++;
}

/* Crashes of one instant happen together; others each at its own: the numbers of the message world
 * (sim/world/schedule.c). */
static void crash_all(struct assay_sim_epochs *w)
{
    for (uint32_t i = 0; i < w->scenario.crash_count && !is_healed(w); i++) {
        const struct assay_sim_crash *c = &w->scenario.crashes[i];
        struct assay_sim_random random =
            assay_sim_random_of(w->seed, ASSAY_SIM_STREAM_CRASH, i + 1, w->tick);
        const uint64_t together_us = assay_sim_random_below(&random, epoch_us(w));
        for (uint32_t node = 0; node < w->n; node++) {
            if (!c->all_members && w->cohort_of[node] != c->cohort) continue;
            const uint64_t alone_us = assay_sim_random_below(&random, epoch_us(w));
            if (c->at_epoch == w->tick) crash_node(w, c, node, w->now_ms + together_us / 1000);
            else if (c->at_epoch == 0 && assay_sim_random_permille(&random, c->rate_permille))
                crash_node(w, c, node, w->now_ms + alone_us / 1000);
        }
    }
}

bool epochs_up(const struct assay_sim_epochs *w, uint32_t node, uint32_t rel_ms)
{
    const struct epochs_node *me = &w->nodes[node];
    const uint64_t at_ms = w->now_ms + rel_ms;
    return at_ms < me->down_from_ms || at_ms >= me->up_at_ms;
}

/* --- catching up */

/* After a restart it requests its own votes; behind, it fetches epoch by epoch. */
static uint32_t catch_up_ms(const struct assay_sim_epochs *w, const struct epochs_node *me)
{
    const uint64_t behind = w->epoch - 1 - me->closed;
    const struct epochs_chances *c = &w->chances;
    if (behind == 0) return 0;
    return (uint32_t)assay_min_u64(NEVER_MS, 2 * c->delta_ms + behind * 4 * c->hop_ms);
}

static uint32_t resume_ms(const struct assay_sim_epochs *w)
{
    return 2 * w->chances.hop_ms;
}

/*
 * Damage to the disk is visible when the node restarts (docs/protocol.md 2.6, 2.8). Without a log
 * it needs new keys; also when peers have messages that its log lacks, which they have in the epoch
 * of the crash. Messages of closed epochs have no consequence.
 */
static void restart_node(struct assay_sim_epochs *w, uint32_t node, bool same_epoch)
{
    struct epochs_node *me = &w->nodes[node];
    const bool caught = me->crash_rolls && !me->crash_loses && same_epoch;
    if (me->crash_loses || caught) me->waits = true;
    if (caught) assay_sim_watch_on_restart(w->watch, node);
    me->faulty_disk = me->faulty_disk || me->crash_rolls;
    me->crash_loses = me->crash_rolls = false;
}

/*
 * protocol.md 5.19: a node that receives votes of a later epoch from more than a third is BEHIND,
 * and has peers to ask.
 */
static bool can_catch_up(const struct assay_sim_epochs *w, const uint64_t *fresh, uint32_t side)
{
    return 3 * epochs_received_weight(w, fresh, NULL, side) > w->seats_weight;
}

static uint32_t ready_rel(const struct assay_sim_epochs *w, uint32_t node, const uint64_t *fresh)
{
    const struct epochs_node *me = &w->nodes[node];
    const uint64_t behind_ms = catch_up_ms(w, me);
    if (behind_ms > 0 && !can_catch_up(w, fresh, w->at[node].side)) return NEVER_MS;
    if (me->down_from_ms > w->now_ms || me->up_at_ms <= w->now_ms)
        return (uint32_t)behind_ms; /* up at the start */
    const uint64_t ready =
        me->up_at_ms - w->now_ms + resume_ms(w) + assay_max_u64(behind_ms, w->chances.hop_ms);
    return ready < NEVER_MS ? (uint32_t)ready : NEVER_MS;
}

uint32_t epochs_done_rel(const struct assay_sim_epochs *w, uint32_t node, uint64_t from_rel,
                         uint64_t takes_ms, uint64_t until_rel)
{
    const struct epochs_node *me = &w->nodes[node];
    uint64_t done = from_rel + takes_ms;
    const bool is_interrupted = me->down_from_ms >= w->now_ms && me->up_at_ms > me->down_from_ms;
    if (is_interrupted && w->now_ms + done > me->down_from_ms &&
        w->now_ms + from_rel < me->up_at_ms) {
        if (me->crash_loses || me->crash_rolls) return NEVER_MS;
        done = me->up_at_ms - w->now_ms + resume_ms(w) + takes_ms;
    }
    return done <= until_rel ? (uint32_t)done : NEVER_MS;
}

/* An adversary's acts on its own messages. */
static void apply_attacks(struct assay_sim_epochs *w, uint32_t node)
{
    struct assay_attack_acts acts;
    struct epochs_node *me = &w->nodes[node];
    struct epochs_now *at = &w->at[node];
    const struct assay_slice nothing = { 0 };
    at->evidence = ASSAY_SIM_EVIDENCE_GOOD;
    if (!epochs_acts(w, node, &acts)) return;
    at->evidence = assay_attack_acts_evidence(&acts);
    at->silent = !assay_attack_acts_passes(&acts, 0, ASSAY_MESSAGE_VOTE, nothing);
    at->late_ms = assay_attack_acts_delay_ms(&acts, ASSAY_MESSAGE_ENVELOPE);
    const uint32_t back = assay_attack_acts_rolls_back(&acts);
    if (back == 0 || !epochs_up(w, node, 0)) return;
    /* Before its first vote in this epoch: what the disk lacks is closed and without consequence;
     * the node only has to catch up. */
    me->down_from_ms = w->now_ms;
    me->up_at_ms = w->now_ms + w->scenario.epoch_ms / 8 + 1;
    me->closed = me->closed < back ? 0 : me->closed - back;
    me->suspended = true;
    w->crashes++;
}

/* From now on there is no fault except the adversary's: stopped nodes start, links lose nothing. */
static void heal_faults(struct assay_sim_epochs *w)
{
    w->chances.absent = w->chances.ballot_lost = CHANCE_NEVER;
    for (uint32_t i = 0; i < w->n; i++) {
        struct epochs_node *me = &w->nodes[i];
        if (me->up_at_ms > w->now_ms) me->up_at_ms = w->now_ms;
        me->crash_loses = me->crash_rolls = false;
    }
    assay_bytes_zero(w->missed, workers_count(w->workers) * w->n * sizeof *w->missed);
    assay_sim_watch_on_healed(w->watch, w->now_ms, true);
}

uint32_t epochs_new_keys_rel(const struct assay_sim_epochs *w, uint32_t node)
{
    const struct epochs_node *me = &w->nodes[node];
    if (me->waits) return w->at[node].ready_rel;
    if (!(me->crash_loses || me->crash_rolls) || me->down_from_ms < w->now_ms) return NEVER_MS;
    return (uint32_t)assay_min_u64(NEVER_MS, me->up_at_ms - w->now_ms + resume_ms(w));
}

void epochs_crash(struct assay_sim_epochs *w)
{
    if (w->tick == w->scenario.heal_epoch) heal_faults(w);
    crash_all(w);
    for (uint32_t i = 0; i < w->n; i++)
        if (w->nodes[i].down_from_ms < w->now_ms) restart_node(w, i, false);
}

void epochs_uptime(struct assay_sim_epochs *w)
{
    const uint64_t end_ms = w->now_ms + w->scenario.epoch_ms;
    uint64_t fresh[SIDES_MAX] = { 0 }; /* weight that is in the running epoch, by side */
    for (uint32_t i = 0; i < w->n; i++) {
        w->at[i] = (struct epochs_now){ .side = w->side[i] };
        if (w->nodes[i].closed + 1 == w->epoch) fresh[w->side[i]] += w->seats[i];
    }
    for (uint32_t i = 0; i < w->n; i++) {
        apply_attacks(w, i);
        const struct epochs_node *me = &w->nodes[i];
        struct epochs_now *at = &w->at[i];
        at->ready_rel = ready_rel(w, i, fresh);
        at->alive = me->up_at_ms <= w->now_ms || me->down_from_ms >= end_ms;
    }
}

void epochs_restart_crashed(struct assay_sim_epochs *w, uint32_t end_rel)
{
    for (uint32_t i = 0; i < w->n; i++)
        if (w->nodes[i].up_at_ms <= w->now_ms + end_rel) restart_node(w, i, true);
}

/* --- after a close */

void epochs_closed_known(struct assay_sim_epochs *w, uint32_t end_rel)
{
    for (uint32_t i = 0; i < w->n; i++) {
        if (!epochs_up(w, i, end_rel)) continue;
        if (epochs_follows(w, &w->quorum, w->at[i].side)) w->nodes[i].closed = w->epoch - 1;
    }
}

/* protocol.md 10.2: the agent executes a RESTART, once an incarnation. */
void epochs_execute_orders(struct assay_sim_epochs *w)
{
    const struct assay_state *state = &w->states[w->current];
    for (uint32_t i = 0; i < w->n; i++) {
        struct epochs_node *me = &w->nodes[i];
        const struct assay_member *m = &state->members[i];
        if (me->closed != state->epoch) continue; /* past states lead to no order */
        me->restarts = false;
        if (m->lives[0].since_epoch == state->epoch + 1) me->waits = false; /* listed now */
        const bool failed = !m->trust.listed_after_failure && m->failure_epoch > 0;
        if (!failed || me->obeyed >= m->lives[0].incarnation) continue;
        me->obeyed = m->lives[0].incarnation;
        me->waits = me->restarts = true;
        assay_sim_watch_on_restart(w->watch, i);
    }
}
