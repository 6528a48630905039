/*
 * sim/epochs/subjects.c - evidence of an epoch, and the ballot of a voter that received all of it.
 *
 * docs/protocol.md 3.6 (not evidence for this epoch), 4.1 and 4.3.
 */
#include "sim/epochs/epochs_internal.h"

#include "engine/consensus/simplex.h"

/* --- leaders */

static bool has_leader(const struct assay_sim_epochs *w, uint32_t node, uint32_t view)
{
    const uint32_t phase = view < VIEWS ? view : VIEWS;
    const uint32_t rel_ms = (uint32_t)((uint64_t)w->scenario.epoch_ms * phase / VIEWS);
    const struct epochs_now *at = &w->at[node];
    if (at->silent || w->nodes[node].waits) return false;
    if (!w->quorum.in[at->side]) return false;
    return at->ready_rel <= rel_ms && epochs_up(w, node, rel_ms);
}

static bool has_attack(const struct assay_sim_epochs *w, uint32_t node,
                       enum assay_sim_attack attack)
{
    struct assay_attack_acts acts;
    if (!epochs_acts(w, node, &acts)) return false;
    for (uint32_t i = 0; i < acts.count; i++)
        if (acts.rows[i]->attack == attack) return true;
    return false;
}

/* The product's own sequence, on a copy of the counters; E waits for a leader that can propose
 * it. */
void epochs_leaders(struct assay_sim_epochs *w)
{
    const struct assay_state *state = &w->states[w->current];
    w->nullified = 0;
    w->views = 0;
    if (w->other != NULL || !w->quorum.any) return;
    assay_bytes_copy(w->counters, w->n * sizeof *w->counters, state->counters,
                     w->n * sizeof *state->counters);
    const struct assay_voter_table table = { .count = w->n,
                                             .weight = w->seats,
                                             .node_id = (const uint8_t(*)[32])w->node_ids,
                                             .total_weight = w->seats_weight };
    bool good = false;
    while (w->views < VIEWS_MAX && (w->views < VIEWS || !good)) {
        const uint16_t leader = assay_leader_next(&table, w->counters);
        const uint32_t view = ++w->views;
        good =
            has_leader(w, leader, view) && !has_attack(w, leader, ASSAY_SIM_ATTACK_LIE_IN_BLOCKS);
        w->leaders[view] = good ? leader : UINT16_MAX;
        if (!good) w->nullified++;
    }
}

/* --- subjects */

static void set_evidence(struct epochs_subject *subject, enum assay_sim_evidence evidence)
{
    subject->announced = evidence != ASSAY_SIM_EVIDENCE_NONE;
    subject->foreign = evidence == ASSAY_SIM_EVIDENCE_FIRST;
    if (subject->announced && !subject->foreign)
        subject->outcome = assay_attack_honest_outcome(evidence);
}

static bool is_censored(const struct assay_sim_epochs *w, uint32_t leader, uint32_t voter)
{
    struct assay_attack_acts acts;
    return epochs_acts(w, leader, &acts) && assay_attack_acts_censors(&acts, voter);
}

bool epochs_included(const struct assay_sim_epochs *w, uint32_t voter, uint32_t from_view)
{
    const uint32_t side = w->at[voter].side;
    if (w->other != NULL) return epochs_reaches_quorum(w, side); /* no leaders there */
    for (uint32_t view = from_view; view <= w->views; view++) {
        const uint16_t leader = w->leaders[view];
        if (leader == UINT16_MAX || !epochs_reaches(w, side, w->at[leader].side)) continue;
        if (!is_censored(w, leader, voter)) return true;
    }
    return false;
}

/* The roll of the first leader after T/4 lists what it has. */
static uint16_t find_roll_leader(const struct assay_sim_epochs *w)
{
    for (uint32_t view = VIEW_ROLL; view <= w->views; view++)
        if (w->leaders[view] != UINT16_MAX) return w->leaders[view];
    return UINT16_MAX;
}

static void fill_subject(struct assay_sim_epochs *w, uint32_t slot, uint16_t leader)
{
    const struct epochs_now *at = &w->at[slot];
    const struct epochs_node *me = &w->nodes[slot];
    struct epochs_subject *subject = &w->subjects[slot];
    *subject = (struct epochs_subject){ 0 };
    /* A quote takes less time than a restart: the old keys have attested before new ones exist. */
    const bool spoke = me->restarts && w->scenario.quote_ms < AGENT_MS;
    if (me->waits && !spoke) return;
    if (at->ready_rel == NEVER_MS) return;
    const uint64_t epoch_ms = w->scenario.epoch_ms;
    const uint64_t announce_ms = (uint64_t)w->chances.announce_ms + 2 * (uint64_t)at->late_ms;
    const uint64_t due_ms = epoch_ms * 5 / 8;
    if (due_ms < w->chances.judge_ms) return;
    const uint32_t done =
        epochs_done_rel(w, slot, at->ready_rel, announce_ms, due_ms - w->chances.judge_ms);
    if (done == NEVER_MS) return;
    set_evidence(subject, at->evidence);
    if (!subject->announced) return;
    subject->doubled = has_attack(w, slot, ASSAY_SIM_ATTACK_TWO_ENVELOPES);
    if (subject->doubled) w->doubled[w->doubled_count++] = slot;
    const uint64_t announced_ms =
        at->ready_rel + w->scenario.quote_ms + w->chances.hop_ms + at->late_ms;
    subject->in_roll = announced_ms <= epoch_ms / 4;
    if (leader == UINT16_MAX) return;
    subject->in_roll = subject->in_roll && epochs_reaches(w, at->side, w->at[leader].side) &&
                       !is_censored(w, leader, slot);
}

void epochs_subjects(struct assay_sim_epochs *w)
{
    const uint16_t leader = find_roll_leader(w);
    w->doubled_count = 0;
    for (uint32_t i = 0; i < w->n; i++)
        fill_subject(w, i, leader);
}

/* --- ballot of a side */

static enum assay_outcome vote_on(const struct epochs_subject *subject, bool arrives,
                                  bool has_quorum)
{
    if (arrives && !subject->foreign) return subject->outcome;
    return has_quorum ? ASSAY_OUTCOME_ABSENT : ASSAY_OUTCOME_NONE;
}

/* A ballot names what the ROLL omitted. */
static bool is_omitted(const struct assay_sim_epochs *w, uint32_t i, uint32_t side)
{
    const struct epochs_subject *subject = &w->subjects[i];
    const bool arrives = subject->announced && epochs_pulls(w, w->at[i].side, side);
    return arrives && !subject->foreign && !subject->in_roll;
}

static void fill_template(struct assay_sim_epochs *w, uint32_t side, struct epochs_template *t)
{
    uint64_t held = 0;
    uint32_t omitted = 0;
    uint32_t exceptions = 0;
    for (uint32_t i = 0; i < w->n; i++)
        if (w->subjects[i].announced && epochs_reaches(w, w->at[i].side, side))
            held += w->weights[i];
    t->has_quorum = 3 * held > 2 * w->total_weight;
    t->complete = true;
    assay_bytes_zero(t->row, w->row_len);
    for (uint32_t i = 0; i < w->n; i++)
        omitted += is_omitted(w, i, side);
    for (uint32_t i = 0; i < w->n; i++) {
        const struct epochs_subject *subject = &w->subjects[i];
        const bool arrives = subject->announced && epochs_pulls(w, w->at[i].side, side);
        const enum assay_outcome said = vote_on(subject, arrives, t->has_quorum);
        if (!arrives) t->complete = false;
        if (is_omitted(w, i, side) && !assay_ballot_names(w->epoch, exceptions++, omitted))
            continue;
        assay_votes_row_set(t->row, i, said);
    }
}

void epochs_templates(struct assay_sim_epochs *w)
{
    if (w->template_room < w->side_count) {
        w->template_rows = epochs_allocate(w, w->side_count, w->row_len);
        w->template_room = w->side_count;
    }
    for (uint32_t side = 0; side < w->side_count; side++) {
        w->templates[side].row = w->template_rows + side * w->row_len;
        fill_template(w, side, &w->templates[side]);
    }
}

/* --- ground truth, for the watch */

/* Weight of honest voters that could not receive the evidence of a subject. */
static uint64_t unreachable_weight(const struct assay_sim_epochs *w, uint32_t slot,
                                   const uint64_t *honest)
{
    uint64_t unreachable = 0;
    for (uint32_t side = 0; side < w->side_count; side++)
        if (!epochs_pulls(w, w->at[slot].side, side)) unreachable += honest[side];
    for (uint32_t k = 0; k < workers_count(w->workers); k++)
        unreachable += w->missed[(size_t)k * w->n + slot];
    return unreachable;
}

void epochs_truth(struct assay_sim_epochs *w)
{
    uint64_t honest[SIDES_MAX] = { 0 };
    for (uint32_t i = 0; i < w->n; i++)
        if (!w->byzantine[i]) honest[w->at[i].side] += w->weights[i];
    for (uint32_t i = 0; i < w->n; i++)
        w->truth[i] =
            (struct assay_sim_truth){ .honest = !w->byzantine[i] && !w->nodes[i].faulty_disk,
                                      .alive = w->at[i].alive,
                                      .reachable = w->subjects[i].announced,
                                      .evidence = w->at[i].evidence,
                                      .unreachable_weight = unreachable_weight(w, i, honest) };
}
