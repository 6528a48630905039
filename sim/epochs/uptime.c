/*
 * sim/epochs/uptime.c - crashes, coming back, catching up, new keys, adversaries' silence.
 *
 * docs/protocol.md 2 ("Resume or reincarnate"), 5 (BEHIND), 10 (orders). For every node and tick:
 * from when on it is in the running epoch, and when it casts its ballot.
 */
#include "sim/epochs/epochs_internal.h"

/* --- crashes */

static bool healed(const struct assay_sim_epochs *w)
{
    return w->scenario.heal_epoch != 0 && w->tick >= w->scenario.heal_epoch;
}

static void fall_down(struct assay_sim_epochs *w, const struct assay_sim_crash *crash,
                      uint32_t node, uint64_t instant_rel, struct assay_sim_random *random)
{
    struct epochs_node *me = &w->nodes[node];
    const uint64_t at_ms = w->now_ms + instant_rel;
    const struct assay_sim_store_faults *store = &w->scenario.store;
    if (at_ms < me->up_at_ms) return; /* still down from the last time */
    me->down_from_ms = at_ms;
    me->up_at_ms = at_ms + crash->down_ms;
    me->crash_loses = crash->loses_store;
    /* An acknowledged batch that is gone holds a vote that peers have; a torn one was never
     * acknowledged, so nothing of it was sent. */
    me->crash_rolls_back = crash->rolls_back_epochs > 0 ||
                           assay_sim_random_permille(random, store->lost_permille) ||
                           assay_sim_random_permille(random, store->rolled_back_permille);
    w->crashes++;
}

static void crash_one(struct assay_sim_epochs *w, const struct assay_sim_crash *crash,
                      uint32_t index, uint32_t node, uint64_t common_rel)
{
    struct assay_sim_random random =
        assay_sim_random_of(w->seed, ASSAY_SIM_STREAM_CRASH, w->tick, (uint64_t)index << 32 | node);
    if (!crash->everybody && w->cohort_of[node] != crash->cohort) return;
    if (crash->at_epoch != 0 && crash->at_epoch != w->tick) return;
    if (crash->at_epoch == 0 && !assay_sim_random_permille(&random, crash->rate_permille)) return;
    const uint64_t own_rel = assay_sim_random_below(&random, w->scenario.epoch_ms);
    fall_down(w, crash, node, crash->everybody && crash->at_epoch != 0 ? common_rel : own_rel,
              &random);
}

static void crash_all(struct assay_sim_epochs *w)
{
    for (uint32_t c = 0; c < w->scenario.crash_count && !healed(w); c++) {
        const struct assay_sim_crash *crash = &w->scenario.crashes[c];
        if (crash->at_epoch != 0 && crash->at_epoch != w->tick) continue;
        struct assay_sim_random random = assay_sim_random_of(
            w->seed, ASSAY_SIM_STREAM_CRASH, w->tick, (uint64_t)c << 32 | UINT32_MAX);
        const uint64_t common_rel = assay_sim_random_below(&random, w->scenario.epoch_ms);
        for (uint32_t i = 0; i < w->n; i++)
            crash_one(w, crash, c, i, common_rel);
    }
}

bool epochs_up(const struct assay_sim_epochs *w, uint32_t node, uint32_t rel_ms)
{
    const struct epochs_node *me = &w->nodes[node];
    const uint64_t at_ms = w->now_ms + rel_ms;
    return at_ms < me->down_from_ms || at_ms >= me->up_at_ms;
}

/* --- being in the epoch */

/* Coming back it asks for its own votes; behind, it fetches epoch by epoch. */
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

/* What the crash did to the log shows when the node starts again. */
static void come_back(struct assay_sim_epochs *w, struct epochs_node *me)
{
    if (me->crash_loses) me->waits = true;
    else if (me->crash_rolls_back) me->silent_epoch = w->epoch;
    me->faulty_disk = me->faulty_disk || me->crash_rolls_back;
    me->crash_loses = me->crash_rolls_back = false;
}

/* Only who hears somebody that is up to date can come to be so. */
static bool can_catch_up(const struct assay_sim_epochs *w, const bool *fresh, uint32_t side)
{
    for (uint32_t from = 0; from < w->side_count; from++)
        if (fresh[from] && epochs_reaches(w, from, side)) return true;
    return false;
}

static uint32_t ready_rel(const struct assay_sim_epochs *w, uint32_t node, const bool *fresh)
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
    const bool falls = me->down_from_ms >= w->now_ms && me->up_at_ms > me->down_from_ms;
    if (falls && w->now_ms + done > me->down_from_ms && w->now_ms + from_rel < me->up_at_ms) {
        if (me->crash_loses || me->crash_rolls_back) return NEVER_MS;
        done = me->up_at_ms - w->now_ms + resume_ms(w) + takes_ms;
    }
    return done <= until_rel ? (uint32_t)done : NEVER_MS;
}

/* What an adversary does to its own way of speaking. */
static void act(struct assay_sim_epochs *w, uint32_t node)
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
    if (assay_attack_acts_rolls_back(&acts) == 0 || me->waits) return;
    me->silent_epoch = w->epoch; /* peers hold newer votes of it */
    w->crashes++;
}

/* From now on there is no fault but the adversary's: who is down starts, links lose nothing. */
static void heal(struct assay_sim_epochs *w)
{
    w->chances.absent = w->chances.ballot_lost = CHANCE_NEVER;
    for (uint32_t i = 0; i < w->n; i++) {
        struct epochs_node *me = &w->nodes[i];
        if (me->up_at_ms > w->now_ms) me->up_at_ms = w->now_ms;
        me->crash_loses = me->crash_rolls_back = false;
    }
    assay_bytes_zero(w->missed, workers_count(w->workers) * w->n * sizeof *w->missed);
    assay_sim_watch_healed(w->watch, w->now_ms);
}

void epochs_crash(struct assay_sim_epochs *w)
{
    if (w->tick == w->scenario.heal_epoch) heal(w);
    crash_all(w);
    for (uint32_t i = 0; i < w->n; i++)
        if (w->nodes[i].down_from_ms < w->now_ms) come_back(w, &w->nodes[i]);
}

void epochs_uptime(struct assay_sim_epochs *w)
{
    const uint64_t end_ms = w->now_ms + w->scenario.epoch_ms;
    bool fresh[SIDES_MAX] = { false };
    for (uint32_t i = 0; i < w->n; i++) {
        w->at[i] = (struct epochs_now){ .side = w->side[i] };
        if (w->nodes[i].closed + 1 == w->epoch) fresh[w->side[i]] = true;
    }
    for (uint32_t i = 0; i < w->n; i++) {
        act(w, i);
        const struct epochs_node *me = &w->nodes[i];
        struct epochs_now *at = &w->at[i];
        at->ready_rel = ready_rel(w, i, fresh);
        at->alive = me->up_at_ms <= w->now_ms || me->down_from_ms >= end_ms;
    }
}

void epochs_crashed_back(struct assay_sim_epochs *w, uint32_t end_rel)
{
    for (uint32_t i = 0; i < w->n; i++)
        if (w->nodes[i].up_at_ms <= w->now_ms + end_rel) come_back(w, &w->nodes[i]);
}

/* --- after a close */

void epochs_closed_known(struct assay_sim_epochs *w, uint32_t end_rel)
{
    for (uint32_t i = 0; i < w->n; i++) {
        if (!epochs_up(w, i, end_rel)) continue;
        if (epochs_follows(w, &w->quorum, w->at[i].side)) w->nodes[i].closed = w->epoch - 1;
    }
}

/* The agent carries out a RESTART once an incarnation; caught with an old log, too. */
void epochs_obey(struct assay_sim_epochs *w)
{
    const struct assay_state *state = &w->states[w->current];
    for (uint32_t i = 0; i < w->n; i++) {
        struct epochs_node *me = &w->nodes[i];
        const struct assay_member *m = &state->members[i];
        if (me->closed != state->epoch) continue; /* history is nothing to act on */
        if (m->lives[0].since_epoch == state->epoch + 1) me->waits = false; /* listed now */
        const bool failed = !m->trust.listed_after_failure && m->failure_epoch > 0;
        const bool caught = me->silent_epoch != 0 && me->silent_epoch <= state->epoch;
        if (caught) me->silent_epoch = 0;
        if ((!failed && !caught) || me->obeyed >= m->lives[0].incarnation) continue;
        me->obeyed = m->lives[0].incarnation;
        me->waits = true;
        assay_sim_watch_restart(w->watch, i);
    }
}
