/*
 * sim/checkers/watch_figures.c - rows and figures of a run, by cohort and epoch.
 *
 * Nothing here checks. Under a naive rule a member has one score, which is used for integrity and
 * availability too, and its band as its standing.
 */
#include "sim/checkers/watch_internal.h"

#include "base/assert.h"
#include "scoring/standing.h"
#include "scoring/tally.h"

/* One member after one epoch, under any rule. */
struct look {
    uint16_t score_bp, integrity_bp, availability_bp;
    enum assay_standing standing;
    uint32_t weight, votes;
};

struct cohort_sums {
    uint64_t score, integrity, availability, weight, votes;
};

static int64_t *get_figure(struct assay_sim_watch *w, enum assay_sim_figure which, uint32_t cohort)
{
    return &w->outcome->figures[which][cohort];
}

static void raise_to(int64_t *figure_, int64_t value)
{
    if (value > *figure_) *figure_ = value;
}

static void lower_to(int64_t *figure_, int64_t value)
{
    if (value < *figure_) *figure_ = value;
}

static struct look read_member(const struct assay_sim_closed *closed, uint32_t slot)
{
    if (closed->state == NULL) {
        const uint16_t score_bp = closed->score_bp[slot];
        return (struct look){ score_bp, score_bp, score_bp, assay_standing_band(score_bp),
                              closed->weight[slot], closed->weight[slot] };
    }
    const struct assay_member *m = &closed->state->members[slot];
    const uint16_t i = m->trust.integrity_bp;
    const uint16_t a = m->trust.availability_bp;
    return (struct look){ i < a ? i : a, i, a, m->trust.score.standing, m->weight,
                          m->seat_weight };
}

static void count_standing(struct assay_sim_cohort_row *row, enum assay_standing standing)
{
    switch (standing) {
    case ASSAY_STANDING_FULL: row->full++; return;
    case ASSAY_STANDING_WARNING: row->warning++; return;
    case ASSAY_STANDING_RESTRICTED: row->restricted++; return;
    case ASSAY_STANDING_SUSPENDED: row->suspended++; return;
    }
    ASSAY_UNREACHABLE("a standing is one of four");
}

/* Detection: from the first bad epoch to the first close that suspends, both counted. Recovery:
 * from a suspension to the next close with FULL. */
static void track_detection(struct assay_sim_watch *w, const struct assay_sim_closed *closed,
                            uint32_t slot, const struct look *now)
{
    struct assay_watch_track *t = &w->tracks[slot];
    const uint32_t c = w->cohort_of[slot];
    const bool suspended = now->standing == ASSAY_STANDING_SUSPENDED;
    const bool bad =
        assay_attack_bad(closed->truth[slot].evidence) || assay_watch_acts(w, closed->epoch, slot);
    w->member_epochs[c]++;
    w->bad_epochs[c] += bad ? 1 : 0;
    if (bad && t->first_bad_epoch == 0) t->first_bad_epoch = closed->epoch;
    if (suspended && t->suspended_epoch == 0) {
        t->suspended_epoch = closed->epoch;
        if (t->detected_epoch == 0) (*get_figure(w, ASSAY_SIM_FIGURE_DETECTED, c))++;
        if (t->detected_epoch == 0 && t->first_bad_epoch != 0)
            raise_to(get_figure(w, ASSAY_SIM_FIGURE_DETECTION_EPOCHS, c),
                     (int64_t)(closed->epoch - t->first_bad_epoch + 1));
        t->detected_epoch = closed->epoch;
    }
    if (suspended && (!t->seen || t->standing != ASSAY_STANDING_SUSPENDED))
        (*get_figure(w, ASSAY_SIM_FIGURE_SUSPENSIONS, c))++;
    if (now->standing == ASSAY_STANDING_FULL && t->suspended_epoch != 0) {
        raise_to(get_figure(w, ASSAY_SIM_FIGURE_RECOVERY_EPOCHS, c),
                 (int64_t)(closed->epoch - t->suspended_epoch));
        t->suspended_epoch = 0;
    }
}

/* Honest members with evidence for all whose score falls nevertheless: never under the rules (P1,
 * up to a third); under naive rules it is the effect of the attack. */
static void count_unjust(struct assay_sim_watch *w, const struct assay_sim_closed *closed,
                         uint32_t slot, const struct look *now)
{
    const struct assay_sim_truth *truth = &closed->truth[slot];
    const struct assay_watch_track *t = &w->tracks[slot];
    const uint16_t before_bp = t->seen ? t->score_bp : (uint16_t)ASSAY_SCORE_BP_MAX;
    const bool held = truth->evidence == ASSAY_SIM_EVIDENCE_HELD;
    if (truth->honest && truth->alive && truth->reachable && truth->unreachable_weight == 0 &&
        (truth->evidence == ASSAY_SIM_EVIDENCE_GOOD || held) && now->score_bp < before_bp)
        (*get_figure(w, ASSAY_SIM_FIGURE_UNJUST_DROPS, 0))++;
    if (held) (*get_figure(w, ASSAY_SIM_FIGURE_HELD_EPOCHS, 0))++;
    if (closed->state == NULL) return;
    const struct assay_member *m = &closed->state->members[slot];
    if (m->failure_epoch == closed->epoch)
        (*get_figure(w, ASSAY_SIM_FIGURE_OFFENCES, w->cohort_of[slot]))++;
    const bool by_policy =
        truth->by_policy && m->found.integrity_reason == ASSAY_INTEGRITY_FAIL_HARD;
    if (truth->honest && !by_policy && m->found.integrity_reason >= ASSAY_INTEGRITY_FALSE_FAIL)
        (*get_figure(w, ASSAY_SIM_FIGURE_UNJUST_OFFENCES, 0))++;
}

static void count_member(struct assay_sim_watch *w, const struct assay_sim_closed *closed,
                         uint32_t slot, struct assay_sim_row *row, struct cohort_sums *sums)
{
    const uint32_t c = w->cohort_of[slot];
    /* A member that is drained, left or has not joined has no score. */
    if (closed->state != NULL && (slot >= closed->state->member_count ||
                                  closed->state->members[slot].stage != ASSAY_STAGE_MEMBER)) {
        w->tracks[slot].seen = true; /* and starts with none */
        w->tracks[slot].score_bp = 0;
        w->tracks[slot].standing = ASSAY_STANDING_SUSPENDED;
        return;
    }
    *get_figure(w, ASSAY_SIM_FIGURE_MEMBERS_FINAL, 0) += 1;
    const struct look now = read_member(closed, slot);
    struct assay_sim_cohort_row *of = &row->cohorts[c];
    if (of->members == 0 || now.score_bp < of->score_min_bp) of->score_min_bp = now.score_bp;
    if (now.score_bp > of->score_max_bp) of->score_max_bp = now.score_bp;
    of->members++;
    count_standing(of, now.standing);
    sums[c].score += now.score_bp;
    sums[c].integrity += now.integrity_bp;
    sums[c].availability += now.availability_bp;
    sums[c].weight += now.weight;
    sums[c].votes += now.votes;
    lower_to(get_figure(w, ASSAY_SIM_FIGURE_INTEGRITY_MIN_BP, c), now.integrity_bp);
    int64_t *final_min = get_figure(w, ASSAY_SIM_FIGURE_INTEGRITY_FINAL_MIN_BP, c);
    if (of->members == 1 || now.integrity_bp < *final_min) *final_min = now.integrity_bp;
    if (closed->truth[slot].honest && now.standing == ASSAY_STANDING_SUSPENDED)
        row->false_suspensions++;
    track_detection(w, closed, slot, &now);
    count_unjust(w, closed, slot, &now);
    struct assay_watch_track *t = &w->tracks[slot];
    t->seen = true;
    t->score_bp = now.score_bp;
    t->standing = now.standing;
}

static void count_cohort(struct assay_sim_watch *w, uint32_t c, struct assay_sim_cohort_row *of,
                         const struct cohort_sums *sums, uint64_t total_weight)
{
    if (of->members == 0) return;
    of->score_mean_bp = (uint16_t)(sums->score / of->members);
    of->integrity_mean_bp = (uint16_t)(sums->integrity / of->members);
    of->availability_mean_bp = (uint16_t)(sums->availability / of->members);
    if (total_weight > 0)
        of->weight_share_bp = (uint16_t)(sums->weight * ASSAY_SCORE_BP_MAX / total_weight);
    if (total_weight > 0)
        *get_figure(w, ASSAY_SIM_FIGURE_VOTE_SHARE_BP, c) =
            (int64_t)(sums->votes * ASSAY_SCORE_BP_MAX / total_weight);
    *get_figure(w, ASSAY_SIM_FIGURE_SCORE_MEAN_BP, c) = of->score_mean_bp;
    *get_figure(w, ASSAY_SIM_FIGURE_SCORE_FINAL_MIN_BP, c) = of->score_min_bp;
    *get_figure(w, ASSAY_SIM_FIGURE_SCORE_FINAL_MAX_BP, c) = of->score_max_bp;
    *get_figure(w, ASSAY_SIM_FIGURE_WEIGHT_SHARE_BP, c) = of->weight_share_bp;
    *get_figure(w, ASSAY_SIM_FIGURE_SUSPENDED_FINAL, c) = of->suspended;
    lower_to(get_figure(w, ASSAY_SIM_FIGURE_SCORE_MIN_BP, c), of->score_min_bp);
    raise_to(get_figure(w, ASSAY_SIM_FIGURE_WEIGHT_SHARE_MAX_BP, c), of->weight_share_bp);
}

static void count_network(struct assay_sim_watch *w, const struct assay_sim_closed *closed,
                          struct assay_sim_row *row)
{
    (*get_figure(w, ASSAY_SIM_FIGURE_EPOCHS, 0))++;
    (*get_figure(
        w, closed->certified ? ASSAY_SIM_FIGURE_EPOCHS_CERTIFIED : ASSAY_SIM_FIGURE_EPOCHS_HELD,
        0))++;
    *get_figure(w, ASSAY_SIM_FIGURE_MESSAGES, 0) += (int64_t)closed->messages;
    *get_figure(w, ASSAY_SIM_FIGURE_BYTES, 0) += (int64_t)closed->bytes;
    *get_figure(w, ASSAY_SIM_FIGURE_VERIFICATIONS, 0) += (int64_t)closed->verifications;
    *get_figure(w, ASSAY_SIM_FIGURE_VIEWS_NULLIFIED, 0) += closed->views_nullified;
    *get_figure(w, ASSAY_SIM_FIGURE_BLOCKS, 0) += closed->blocks;
    *get_figure(w, ASSAY_SIM_FIGURE_PROOFS, 0) += closed->proofs;
    *get_figure(w, ASSAY_SIM_FIGURE_CRASHES, 0) += closed->crashes;
    raise_to(get_figure(w, ASSAY_SIM_FIGURE_CERTIFICATES_HELD_MAX, 0), closed->certificates_held);
    row->epoch = closed->epoch;
    row->at_ms = closed->at_ms;
    row->certified = closed->certified;
    row->messages = closed->messages;
    row->bytes = closed->bytes;
    row->verifications = closed->verifications;
    row->views_nullified = closed->views_nullified;
    row->blocks = closed->blocks;
    row->proofs = closed->proofs;
    row->crashes = closed->crashes;
    row->certificates_held = closed->certificates_held;
    if (closed->root != NULL) assay_bytes_copy(row->root, sizeof row->root, closed->root, 32);
}

void assay_watch_count(struct assay_sim_watch *watch, const struct assay_sim_closed *closed)
{
    struct assay_sim_row *row = assay_sim_outcome_row(watch->outcome);
    struct cohort_sums sums[ASSAY_SIM_COHORTS_MAX] = { { 0 } };
    uint64_t total = 0;
    count_network(watch, closed, row);
    *get_figure(watch, ASSAY_SIM_FIGURE_MEMBERS_FINAL, 0) = 0;
    for (uint32_t slot = 0; slot < watch->nodes; slot++)
        count_member(watch, closed, slot, row, sums);
    for (uint32_t c = 0; c < ASSAY_SIM_COHORTS_MAX; c++)
        total += sums[c].weight;
    for (uint32_t c = 0; c < ASSAY_SIM_COHORTS_MAX; c++)
        count_cohort(watch, c, &row->cohorts[c], &sums[c], total);
    watch->epochs_closed = closed->epoch;
    if (total == 0) return;
    uint64_t largest = assay_watch_sums(watch, watch->operator_, watch->operator_count,
                                        closed->weight, closed->state);
    row->largest_operator_bp = (uint16_t)(largest * ASSAY_SCORE_BP_MAX / total);
    largest = assay_watch_sums(watch, watch->vendor, watch->vendor_count, closed->weight,
                               closed->state);
    row->largest_vendor_bp = (uint16_t)(largest * ASSAY_SCORE_BP_MAX / total);
}

void assay_watch_count_end(struct assay_sim_watch *watch, uint64_t now_ms)
{
    *get_figure(watch, ASSAY_SIM_FIGURE_SIMULATED_MS, 0) = (int64_t)now_ms;
    for (uint32_t c = 0; c < ASSAY_SIM_COHORTS_MAX; c++)
        if (watch->member_epochs[c] > 0)
            *get_figure(watch, ASSAY_SIM_FIGURE_BAD_EPOCHS_BP, c) =
                (int64_t)(watch->bad_epochs[c] * ASSAY_SCORE_BP_MAX / watch->member_epochs[c]);
}
