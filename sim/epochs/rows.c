/*
 * sim/epochs/rows.c - ballots of voters: the row of the side, what was missed, and false outcomes.
 *
 * docs/protocol.md 4.3, 4.3.1. Voters are independent of each other, so threads share them; draws
 * are keyed by (seed, epoch, voter).
 */
#include "engine/ledger/records/row.h"
#include "sim/epochs/epochs_internal.h"

enum { PIECE = 64 };

/* When the ballot is signed: with everything appraised soon after the ROLL, else at 5T/8 of its own
 * epoch. Returns: NEVER_MS when it is too late for E. */
static uint32_t cast_rel(const struct assay_sim_epochs *w, uint32_t voter, bool complete)
{
    const struct epochs_now *at = &w->at[voter];
    const uint64_t epoch_ms = w->scenario.epoch_ms;
    const uint64_t hop = w->chances.hop_ms;
    const uint64_t opened = at->ready_rel; /* 0 for a node that was up */
    const uint64_t asked = opened > 0 ? opened + epoch_ms / 4 : epoch_ms / 4; /* first pull, ROLL */
    const uint64_t when = complete ? asked + 4 * hop : opened + epoch_ms * 5 / 8;
    const uint64_t travel = 2 * hop + at->late_ms;
    if (epoch_ms < travel) return NEVER_MS;
    return epochs_done_rel(w, voter, when, 0, epoch_ms - travel);
}

static bool may_ballot(const struct assay_sim_epochs *w, uint32_t voter)
{
    const struct epochs_now *at = &w->at[voter];
    if (!w->roll_quorum || at->ready_rel == NEVER_MS) return false;
    if (w->nodes[voter].waits) return false;
    return epochs_follows(w, &w->quorum, at->side);
}

/* --- missed evidence */

static uint64_t mix_word(uint64_t seen, uint64_t word)
{
    seen = (seen ^ word) * 0x9e3779b97f4a7c15ULL;
    return seen ^ seen >> 29;
}

static void record_miss(struct assay_sim_epochs *w, uint32_t worker, uint32_t voter,
                        uint32_t subject, bool has_quorum, uint8_t *row)
{
    const enum assay_outcome said = (enum assay_outcome)assay_votes_row_get(row, subject);
    if (said == ASSAY_OUTCOME_ABSENT || said == ASSAY_OUTCOME_NONE) return;
    assay_votes_row_set(row, subject, has_quorum ? ASSAY_OUTCOME_ABSENT : ASSAY_OUTCOME_NONE);
    if (!w->byzantine[voter]) w->missed[(size_t)worker * w->n + subject] += w->weights[voter];
}

/* Returns: whether anything was missed. */
static bool draw_losses(struct assay_sim_epochs *w, uint32_t worker, uint32_t voter,
                        bool has_quorum, uint8_t *row)
{
    bool any = false;
    struct assay_sim_random random =
        assay_sim_random_of(w->seed, ASSAY_SIM_STREAM_DELIVERY, w->epoch, voter);
    if (w->chances.absent == CHANCE_NEVER) return false;
    for (uint32_t subject = 0; subject < w->n; subject++) {
        subject += chance_gap(&random, w->survives, w->n - subject);
        if (subject >= w->n || subject == voter) continue;
        w->drawn[voter] = mix_word(w->drawn[voter], subject);
        record_miss(w, worker, voter, subject, has_quorum, row);
        any = true;
    }
    return any;
}

/* Of two envelopes it keeps the one that arrived first, and only one has evidence. */
static bool draw_first_envelopes(struct assay_sim_epochs *w, uint32_t worker, uint32_t voter,
                                 bool has_quorum, uint8_t *row)
{
    bool any = false;
    for (uint32_t i = 0; i < w->doubled_count; i++) {
        const uint32_t subject = w->doubled[i];
        struct assay_sim_random random = assay_sim_random_of(
            w->seed, ASSAY_SIM_STREAM_DELIVERY, w->epoch, (uint64_t)(subject + 1) << 32 | voter);
        if (subject == voter || !assay_sim_random_permille(&random, 500)) continue;
        record_miss(w, worker, voter, subject, has_quorum, row);
        any = true;
    }
    return any;
}

/* A verifier that is too slow for that many: evidence not appraised by 5T/8 is missing. */
static bool limit_appraisals(const struct assay_sim_epochs *w, uint32_t voter, uint8_t *row)
{
    const struct assay_scenario *s = &w->scenario;
    const uint64_t end_us = (uint64_t)s->epoch_ms * 5 / 8 * 1000;
    const uint64_t begin_us = ((uint64_t)s->quote_ms + 3 * (uint64_t)w->chances.hop_ms) * 1000;
    if (s->verify_us == 0 || begin_us >= end_us) return false;
    const uint64_t able = (end_us - begin_us) / s->verify_us;
    if (able >= w->n - 1) return false;
    struct assay_sim_random random =
        assay_sim_random_of(w->seed, ASSAY_SIM_STREAM_EVIDENCE, w->epoch, voter);
    const uint32_t first = (uint32_t)assay_sim_random_below(&random, w->n);
    for (uint32_t k = (uint32_t)able; k < w->n; k++) {
        const uint32_t subject = (first + k) % w->n;
        const enum assay_outcome said = (enum assay_outcome)assay_votes_row_get(row, subject);
        if (said != ASSAY_OUTCOME_ABSENT) assay_votes_row_set(row, subject, ASSAY_OUTCOME_NONE);
    }
    return true;
}

/* --- false outcomes */

static void record_lie(struct assay_sim_epochs *w, uint32_t voter, uint32_t subject,
                       enum assay_outcome said)
{
    const struct epochs_subject *s = &w->subjects[subject];
    struct epochs_false_votes *false_votes = &w->false_votes[voter];
    if (!s->announced || !s->in_roll || false_votes->count == FALSE_VOTES_OF_ONE) return;
    const enum assay_falsehood falsehood =
        assay_record_falsehood((uint8_t)said, !s->foreign, s->outcome, false);
    if (falsehood == ASSAY_FALSE_NONE) return;
    false_votes->false_votes[false_votes->count++] =
        (struct epochs_lie){ w->epoch, voter, subject, falsehood };
}

/* Returns: false when the adversary casts no ballot. */
static bool apply_attacks(struct assay_sim_epochs *w, uint32_t voter, uint8_t *row)
{
    struct assay_attack_acts acts;
    if (!epochs_acts(w, voter, &acts)) return true;
    if (!assay_attack_acts_ballots(&acts)) return false;
    if (!assay_attack_acts_votes(&acts)) return true;
    for (uint32_t i = 0; i < acts.count; i++) /* a copied vote is that of its side */
        acts.views[i].first_row = w->templates[w->at[voter].side].row;
    for (uint32_t s = 0; s < w->n; s++) {
        if (s == voter) continue;
        const enum assay_outcome honest = (enum assay_outcome)assay_votes_row_get(row, s);
        const enum assay_outcome said = assay_attack_acts_vote(&acts, s, honest);
        if (said == honest) continue;
        assay_votes_row_set(row, s, said);
        record_lie(w, voter, s, said);
    }
    return true;
}

/* --- one voter */

static void ballot_of(struct assay_sim_epochs *w, uint32_t worker, uint32_t voter)
{
    const uint32_t side = w->at[voter].side;
    uint8_t *row = w->rows + voter * w->row_len;
    w->false_votes[voter].count = 0;
    w->drawn[voter] = 0;
    w->in_chain[voter] = w->cast[voter] = false;
    if (!may_ballot(w, voter)) return;
    const struct epochs_template *t = &w->templates[side];
    assay_bytes_copy(row, w->row_len, t->row, w->row_len);
    assay_votes_row_set(row, voter, ASSAY_OUTCOME_NONE);
    const bool lost = draw_losses(w, worker, voter, t->has_quorum, row);
    const bool missed = draw_first_envelopes(w, worker, voter, t->has_quorum, row) || lost;
    const bool slow = limit_appraisals(w, voter, row);
    const uint32_t cast = cast_rel(w, voter, t->complete && !missed && !slow);
    if (cast == NEVER_MS || !apply_attacks(w, voter, row)) return;
    w->cast[voter] = true;
    struct assay_sim_random random =
        assay_sim_random_of(w->seed, ASSAY_SIM_STREAM_LINK, w->epoch, voter);
    if (chance_draw(&random, w->chances.ballot_lost)) return;
    const bool early = cast < w->scenario.epoch_ms / 2;
    w->in_chain[voter] = epochs_included(w, voter, early ? VIEW_EARLY : VIEW_LATE);
}

static void ballots_of(void *context, uint32_t worker, uint32_t from, uint32_t to)
{
    struct assay_sim_epochs *w = context;
    for (uint32_t voter = from; voter < to; voter++)
        ballot_of(w, worker, voter);
}

void epochs_rows(struct assay_sim_epochs *w)
{
    const size_t workers = workers_count(w->workers);
    if (w->chances.absent != CHANCE_NEVER || w->scenario.adversary_count > 0)
        assay_bytes_zero(w->missed, workers * w->n * sizeof *w->missed);
    workers_run(w->workers, w->n, PIECE, ballots_of, w);
}
